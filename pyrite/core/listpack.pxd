from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint16_t, uint32_t
from libc.string cimport memcpy

from pyrite.core.hashtable cimport Draw
from pyrite.core.memory cimport PYRITE_PLAIN_MALLOC, SMALL_MAX, mem_block_size

cdef extern from * nogil:
    int __builtin_clzll(unsigned long long word)

cdef enum:
    LP_HEADER = 6           # bytes before the first element
    LP_EMPTY = 7            # bytes of a listpack without elements
    LP_UNCOUNTED = 65535    # in the header's count: walk to know
    LP_END_MARK = 255
    LP_NONE = -1            # no such element
    LP_SAFE_MAX = 1 << 30   # bytes to which commands let a listpack grow; the format itself ends at 4 GiB
    LP_BACKLEN_ROOM = 5

cdef struct LpValue:
    const char* text        # into the listpack; NULL where the element is an integer
    Py_ssize_t length
    int64_t number

cdef inline size_t packed_capacity(size_t n) noexcept nogil:
    """Bytes of the block that holds `n` bytes of a listpack or intset: a function of `n` alone, so none keeps it.

    Up to SMALL_MAX that is what the allocator rounds to; above, steps of 1/32, so that a value which grows a little at
    a time moves rarely and never takes 3 percent more than it holds. Exact in the sanitizer build.
    """
    if PYRITE_PLAIN_MALLOC:
        return n
    if n <= SMALL_MAX:
        return mem_block_size(n)
    cdef size_t step = <size_t>1 << (58 - __builtin_clzll(n))
    return (n + step - 1) & ~(step - 1)

cdef inline uint32_t lp_bytes(const unsigned char* lp) noexcept nogil:
    """Bytes of the listpack, header and end included."""
    cdef uint32_t total = 0
    memcpy(&total, lp, 4)
    return total

cdef inline void lp_set_bytes(unsigned char* lp, size_t total) noexcept nogil:
    cdef uint32_t word = <uint32_t>total
    memcpy(lp, &word, 4)

cdef inline Py_ssize_t lp_header_count(const unsigned char* lp) noexcept nogil:
    """The count as the header has it; LP_UNCOUNTED where it does not tell."""
    cdef uint16_t count = 0
    memcpy(&count, lp + 4, 2)
    return count

cdef inline void lp_set_count(unsigned char* lp, Py_ssize_t count) noexcept nogil:
    """Write the header's count; LP_UNCOUNTED for one that does not fit."""
    cdef uint16_t half = <uint16_t>(count if count < LP_UNCOUNTED else LP_UNCOUNTED)
    memcpy(lp + 4, &half, 2)

cdef inline Py_ssize_t lp_end(const unsigned char* lp) noexcept nogil:
    """Where the end mark stands: the position behind the last element."""
    return <Py_ssize_t>lp_bytes(lp) - 1

cdef inline bint lp_is_empty(const unsigned char* lp) noexcept nogil:
    return lp[LP_HEADER] == LP_END_MARK

cdef inline size_t lp_memory(const unsigned char* lp) noexcept nogil:
    """Bytes that it takes from the allocator."""
    return mem_block_size(packed_capacity(lp_bytes(lp)))

cdef inline bint lp_fits(const unsigned char* lp, size_t more) noexcept nogil:
    """Tell whether so many bytes more leave it within the size to which commands let one grow."""
    return more <= LP_SAFE_MAX and lp_bytes(lp) + more <= LP_SAFE_MAX

cdef inline size_t lp_backlen_size(size_t n) noexcept nogil:
    """Bytes that the backlen of an element of `n` bytes takes. The limits are Redis's, each one less than would fit."""
    if n <= 127:
        return 1
    if n < 16383:
        return 2
    if n < 2097151:
        return 3
    return 4 if n < 268435455 else 5

cdef inline size_t lp_head_size(unsigned char head) noexcept nogil:
    """Bytes, at the start of an element, that tell how long it is; 0 for a byte that starts none."""
    if head < 0xE0:
        return 1
    if head < 0xF0:
        return 2
    if head == 0xF0:
        return 5
    return 1 if head <= 0xF4 else 0

cdef inline size_t lp_body_size(const unsigned char* p) noexcept nogil:
    """Bytes of the element at `p`, its backlen left out; at least lp_head_size of them can be read."""
    cdef unsigned char head = p[0]
    cdef uint32_t length = 0
    if head < 0x80:
        return 1
    if head < 0xC0:
        return 1 + (head & 63)
    if head < 0xE0:
        return 2
    if head < 0xF0:
        return 2 + (<size_t>(head & 15) << 8 | p[1])
    if head == 0xF0:
        memcpy(&length, p + 1, 4)
        return 5 + <size_t>length
    return 9 if head == 0xF4 else <size_t>head - 0xEE

cdef inline bint lp_is_text(const unsigned char* lp, Py_ssize_t at) noexcept nogil:
    """Tell whether the element is a string, not an integer."""
    cdef unsigned char head = lp[at]
    return head >= 0x80 and (head < 0xC0 or (0xE0 <= head <= 0xF0))

cdef inline Py_ssize_t lp_after(const unsigned char* lp, Py_ssize_t at) noexcept nogil:
    """The position behind the element: that of the next one, or lp_end."""
    cdef size_t n = lp_body_size(lp + at)
    return at + <Py_ssize_t>(n + lp_backlen_size(n))

cdef inline Py_ssize_t lp_pass(const unsigned char* lp, Py_ssize_t at, Py_ssize_t count) noexcept nogil:
    """The position behind up to `count` elements from `at` on, which may be lp_end."""
    while count > 0 and lp[at] != LP_END_MARK:
        at = lp_after(lp, at)
        count -= 1
    return at

cdef inline Py_ssize_t lp_first(const unsigned char* lp) noexcept nogil:
    """The first element, LP_NONE where there is none."""
    return LP_NONE if lp_is_empty(lp) else LP_HEADER

cdef inline Py_ssize_t lp_next(const unsigned char* lp, Py_ssize_t at) noexcept nogil:
    """The element after this one, LP_NONE after the last."""
    at = lp_after(lp, at)
    return LP_NONE if lp[at] == LP_END_MARK else at

cdef inline Py_ssize_t lp_previous(const unsigned char* lp, Py_ssize_t at) noexcept nogil:
    """The element before this one or before lp_end, LP_NONE before the first."""
    cdef size_t n = 0
    cdef Py_ssize_t i = at - 1
    cdef int shift = 0
    if at <= LP_HEADER:
        return LP_NONE
    while lp[i] & 128 and shift < 28:
        n |= <size_t>(lp[i] & 127) << shift
        shift += 7
        i -= 1
    n |= <size_t>(lp[i] & 127) << shift
    return at - <Py_ssize_t>(n + lp_backlen_size(n))

cdef inline Py_ssize_t lp_last(const unsigned char* lp) noexcept nogil:
    """The last element, LP_NONE where there is none."""
    return lp_previous(lp, lp_end(lp))

cdef unsigned char* lp_new() noexcept nogil
cdef unsigned char* lp_copy(const unsigned char* p, size_t n) noexcept nogil
cdef size_t lp_write_backlen(unsigned char* p, size_t n) noexcept nogil
cdef void lp_free(unsigned char* lp) noexcept nogil
cdef bint lp_validate(const unsigned char* p, size_t n, bint deep) noexcept nogil

cdef Py_ssize_t lp_count(unsigned char* lp) noexcept nogil
cdef Py_ssize_t lp_seek(const unsigned char* lp, Py_ssize_t index) noexcept nogil
cdef void lp_get(const unsigned char* lp, Py_ssize_t at, LpValue* value) noexcept nogil
cdef void lp_get_text(const unsigned char* lp, Py_ssize_t at, LpValue* value, char* room) noexcept nogil
cdef bint lp_equals(const unsigned char* lp, Py_ssize_t at, const char* p, Py_ssize_t n) noexcept nogil
cdef Py_ssize_t lp_find(
    const unsigned char* lp, Py_ssize_t at, const char* p, Py_ssize_t n, Py_ssize_t skip
) noexcept nogil

cdef Py_ssize_t lp_random(unsigned char* lp, Py_ssize_t step, Draw draw) noexcept nogil
cdef Py_ssize_t lp_sample(
    unsigned char* lp, Py_ssize_t step, Py_ssize_t wanted, Draw draw, uint32_t* positions
) noexcept nogil
cdef Py_ssize_t lp_positions(const unsigned char* lp, Py_ssize_t step, uint32_t* positions) noexcept nogil
