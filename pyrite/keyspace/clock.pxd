from libc.stdint cimport int64_t

cdef int64_t monotonic_us() noexcept nogil
