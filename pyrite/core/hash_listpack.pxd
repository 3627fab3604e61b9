from libc.stddef cimport size_t
from libc.stdint cimport int64_t

from pyrite.core.listpack cimport lp_after

cdef enum:
    PAIR = 2        # elements of one field in a listpack: field, value
    TRIPLET = 3     # field, value, expiry

cdef inline Py_ssize_t hlp_value(const unsigned char* lp, Py_ssize_t at) noexcept nogil:
    """The value of the field at `at`."""
    return lp_after(lp, at)

cdef Py_ssize_t hlp_find(const unsigned char* lp, int width, const char* p, Py_ssize_t n) noexcept nogil
cdef int64_t hlp_expire(const unsigned char* lp, Py_ssize_t at) noexcept nogil
cdef int64_t hlp_first_expire(const unsigned char* lp) noexcept nogil
cdef unsigned char* hlp_add(
    unsigned char* lp, int width, const char* p, Py_ssize_t n, const char* value, Py_ssize_t length, int64_t at_ms
) noexcept nogil
cdef unsigned char* hlp_set_value(
    unsigned char* lp, Py_ssize_t at, const char* value, Py_ssize_t length
) noexcept nogil
cdef unsigned char* hlp_set_expire(unsigned char* lp, Py_ssize_t at, int64_t at_ms) noexcept nogil
cdef unsigned char* hlp_drop_first(unsigned char* lp, int width, Py_ssize_t count) noexcept nogil
cdef Py_ssize_t hlp_count_due(const unsigned char* lp, int64_t now_ms, Py_ssize_t limit) noexcept nogil
cdef unsigned char* hlp_to_triplets(unsigned char* lp) noexcept nogil
cdef bint hlp_in_order(const unsigned char* lp) noexcept nogil
