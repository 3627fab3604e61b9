from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint8_t, uint32_t

cdef struct LpItem:
    uint8_t head[9]         # encoding, and length or integer
    uint8_t head_length
    const char* text        # the caller's bytes, which follow the head; NULL for an integer
    size_t text_length
    size_t size             # of the whole element, its backlen included

cdef void lp_item_text(LpItem* item, const char* p, Py_ssize_t n) noexcept nogil
cdef void lp_item_integer(LpItem* item, int64_t v) noexcept nogil
cdef unsigned char* lp_write_item(unsigned char* p, const LpItem* item) noexcept nogil
cdef unsigned char* lp_insert(
    unsigned char* lp, Py_ssize_t at, const LpItem* items, Py_ssize_t count
) noexcept nogil
cdef unsigned char* lp_append(unsigned char* lp, const char* p, Py_ssize_t n) noexcept nogil
cdef unsigned char* lp_append_integer(unsigned char* lp, int64_t v) noexcept nogil
cdef unsigned char* lp_prepend(unsigned char* lp, const char* p, Py_ssize_t n) noexcept nogil
cdef unsigned char* lp_prepend_integer(unsigned char* lp, int64_t v) noexcept nogil
cdef unsigned char* lp_replace(unsigned char* lp, Py_ssize_t at, const char* p, Py_ssize_t n) noexcept nogil
cdef unsigned char* lp_replace_integer(unsigned char* lp, Py_ssize_t at, int64_t v) noexcept nogil
cdef unsigned char* lp_delete(unsigned char* lp, Py_ssize_t at, Py_ssize_t count) noexcept nogil
cdef unsigned char* lp_delete_each(unsigned char* lp, const uint32_t* positions, Py_ssize_t count) noexcept nogil
cdef unsigned char* lp_merge(unsigned char* first, unsigned char* second) noexcept nogil
