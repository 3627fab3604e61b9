from libc.stddef cimport size_t
from libc.stdint cimport int16_t, int32_t, int64_t, uint32_t
from libc.string cimport memcpy

from pyrite.core.hashtable cimport Draw
from pyrite.core.listpack cimport packed_capacity
from pyrite.core.memory cimport mem_block_size

cdef enum:
    INTSET_HEADER = 8

cdef inline uint32_t intset_width(const unsigned char* s) noexcept nogil:
    """Bytes of each integer: 2, 4 or 8."""
    cdef uint32_t width = 0
    memcpy(&width, s, 4)
    return width

cdef inline uint32_t intset_count(const unsigned char* s) noexcept nogil:
    cdef uint32_t count = 0
    memcpy(&count, s + 4, 4)
    return count

cdef inline size_t intset_bytes(const unsigned char* s) noexcept nogil:
    """Bytes of the set, header included."""
    return INTSET_HEADER + <size_t>intset_count(s) * intset_width(s)

cdef inline size_t intset_memory(const unsigned char* s) noexcept nogil:
    """Bytes that it takes from the allocator."""
    return mem_block_size(packed_capacity(intset_bytes(s)))

cdef inline int64_t intset_read(const unsigned char* s, size_t index, uint32_t width) noexcept nogil:
    """The integer of this index, counted in integers of this width."""
    cdef int64_t wide = 0
    cdef int32_t middle = 0
    cdef int16_t narrow = 0
    if width == 2:
        memcpy(&narrow, s + INTSET_HEADER + index * 2, 2)
        return narrow
    if width == 4:
        memcpy(&middle, s + INTSET_HEADER + index * 4, 4)
        return middle
    memcpy(&wide, s + INTSET_HEADER + index * 8, 8)
    return wide

cdef inline int64_t intset_get(const unsigned char* s, uint32_t index) noexcept nogil:
    """The integer of this index, in ascending order; the index is below the count."""
    return intset_read(s, index, intset_width(s))

cdef inline int64_t intset_min(const unsigned char* s) noexcept nogil:
    """The smallest integer of a set that is not empty."""
    return intset_get(s, 0)

cdef inline int64_t intset_max(const unsigned char* s) noexcept nogil:
    """The largest integer of a set that is not empty."""
    return intset_get(s, intset_count(s) - 1)

cdef inline int64_t intset_random(const unsigned char* s, Draw draw) noexcept nogil:
    """An integer, drawn uniformly, of a set that is not empty."""
    return intset_get(s, <uint32_t>(draw() % intset_count(s)))

cdef unsigned char* intset_new() noexcept nogil
cdef unsigned char* intset_copy(const unsigned char* p, size_t n) noexcept nogil
cdef void intset_free(unsigned char* s) noexcept nogil
cdef bint intset_validate(const unsigned char* p, size_t n, bint deep) noexcept nogil
cdef bint intset_find(const unsigned char* s, int64_t v, uint32_t* index) noexcept nogil
cdef unsigned char* intset_add(unsigned char* s, int64_t v, bint* added) noexcept nogil
cdef unsigned char* intset_remove(unsigned char* s, int64_t v, bint* removed) noexcept nogil
cdef unsigned char* intset_delete_each(unsigned char* s, const uint32_t* indexes, uint32_t count) noexcept nogil
