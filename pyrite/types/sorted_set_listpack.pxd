from libc.stddef cimport size_t
from libc.string cimport memcmp

cdef inline int compare_text(const char* p, size_t n, const char* q, size_t m) noexcept nogil:
    """Less than, equal to or more than 0, as one text comes before, is, or comes behind another."""
    cdef int order = memcmp(p, q, n if n < m else m)
    if order or n == m:
        return order
    return -1 if n < m else 1

cdef double zl_score(const unsigned char* lp, Py_ssize_t at) noexcept nogil
cdef Py_ssize_t zl_find(const unsigned char* lp, const char* p, size_t n, double* score) noexcept nogil
cdef unsigned char* zl_append(unsigned char* lp, const char* p, size_t n, double score) noexcept nogil
cdef unsigned char* zl_insert(unsigned char* lp, const char* p, size_t n, double score) noexcept nogil
