cdef enum:
    CRC64_POLYNOMIAL = 0x95AC9329AC4BC9B5ULL    # Jones's 0xad93d23594c935a9 with its bits reversed
    CRC16_POLYNOMIAL = 0x1021                   # CCITT's
    CLUSTER_SLOTS = 16384

cdef unsigned long long crc64(unsigned long long crc, const char* p, Py_ssize_t n) noexcept nogil
cdef unsigned int crc16(const char* p, Py_ssize_t n) noexcept nogil
cdef unsigned int key_slot(const char* key, Py_ssize_t n) noexcept nogil
