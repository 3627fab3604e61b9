cdef enum:
    HLL_REGISTERS = 16384
    HLL_HEADER_SIZE = 16
    HLL_DENSE_SIZE = 12304      # the header and 16,384 registers of 6 bits

cdef enum:
    # What Redis answers where an estimate does not fit a signed 64-bit integer; as a cached count it reads as stale.
    HLL_TOO_MANY = 0x8000000000000000ULL

cdef int hll_dense_get(const char* p, int index) noexcept nogil
cdef void hll_dense_set(char* p, int index, int rank) noexcept nogil
cdef bint hll_dense_raise(char* p, int index, int rank) noexcept nogil
cdef void hll_dense_merge(const char* p, unsigned char* registers) noexcept nogil
cdef void hll_dense_write(char* p, const unsigned char* registers) noexcept nogil
cdef void hll_dense_histogram(const char* p, unsigned int* histogram) noexcept nogil
cdef void hll_histogram(const unsigned char* registers, unsigned int* histogram) noexcept nogil
cdef unsigned long long hll_estimate(const unsigned int* histogram) noexcept nogil
