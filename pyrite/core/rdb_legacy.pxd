from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

cdef extern from * nogil:
    unsigned int __builtin_bswap32(unsigned int word)

cdef enum:
    ZIPLIST_HEADER = 10
    ZIPLIST_UNCOUNTED = 65535
    ZIPMAP_UNCOUNTED = 254
    PACKED_END = 255        # the last byte of either
    PACKED_LONG = 254       # a length of four bytes follows

cdef struct Packed:
    # A place in a ziplist or zipmap that is being read.
    const unsigned char* p
    size_t left             # bytes until the end mark
    int problem             # as of an RdbReader

cdef struct PackedElement:
    const unsigned char* text   # NULL for an integer
    size_t length
    int64_t number

cdef unsigned char* ziplist_to_listpack(const unsigned char* p, size_t n, int* problem) noexcept nogil
cdef unsigned char* zipmap_to_listpack(const unsigned char* p, size_t n, int* problem) noexcept nogil
