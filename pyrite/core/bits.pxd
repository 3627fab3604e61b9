cdef extern from * nogil:
    int __builtin_clzll(unsigned long long word)
    unsigned long long __builtin_bswap64(unsigned long long word)

cdef enum:
    BITOP_AND = 0
    BITOP_OR = 1
    BITOP_XOR = 2
    BITOP_NOT = 3

cdef enum:
    # BITOP works through all sources a piece at a time, so that the piece of the result stays in the first-level cache.
    BITOP_PIECE = 8192

cdef enum:
    OVERFLOW_WRAP = 0
    OVERFLOW_SAT = 1
    OVERFLOW_FAIL = 2

cdef long long bits_count(const char* p, Py_ssize_t n) noexcept nogil
cdef long long bits_count_range(const char* p, Py_ssize_t n, long long start, long long end) noexcept nogil
cdef long long bits_find(const char* p, Py_ssize_t n, long long start, long long end, bint bit) noexcept nogil
cdef int bits_get(const char* p, Py_ssize_t n, long long offset) noexcept nogil
cdef int bits_set(char* p, Py_ssize_t n, long long offset, bint bit) noexcept nogil
cdef void bits_combine(
    int operation, char* out, Py_ssize_t n, const char** sources, const Py_ssize_t* lengths, Py_ssize_t count
) noexcept nogil
cdef long long bits_field_get(const char* p, Py_ssize_t n, long long offset, int width, bint signed_) noexcept nogil
cdef bint bits_field_set(char* p, Py_ssize_t n, long long offset, int width, long long value) noexcept nogil
cdef int bits_field_add(
    long long value, long long increment, int width, bint signed_, int overflow, long long* result
) noexcept nogil
