from libc.stddef cimport size_t
from libc.stdint cimport uint32_t, uint64_t

cdef enum:
    COMPARED_MAX = 16       # of fewer elements each is compared with all others, which costs less than hashing

cdef int lp_distinct(unsigned char* lp, Py_ssize_t step) noexcept nogil
