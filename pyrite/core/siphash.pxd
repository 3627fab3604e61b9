cdef enum:
    # The four constants of the paper: the ASCII of "somepseudorandomlygeneratedbytes".
    SIP_V0 = 0x736F6D6570736575ULL
    SIP_V1 = 0x646F72616E646F6DULL
    SIP_V2 = 0x6C7967656E657261ULL
    SIP_V3 = 0x7465646279746573ULL

cdef enum:
    EACH_BYTE = 0x0101010101010101ULL
    TOP_BITS = 0x8080808080808080ULL

cdef struct SipState:
    unsigned long long v0
    unsigned long long v1
    unsigned long long v2
    unsigned long long v3

cdef void siphash_seed(unsigned long long k0, unsigned long long k1) noexcept nogil
cdef unsigned long long siphash(const char* p, Py_ssize_t n) noexcept nogil
cdef unsigned long long siphash_nocase(const char* p, Py_ssize_t n) noexcept nogil
