from libc.stdint cimport uint16_t, uint32_t, uint64_t

cdef extern from * nogil:
    int __builtin_ctzll(unsigned long long word)

cdef enum:
    LZF_LITERALS_MAX = 32   # bytes of one run of literals
    LZF_MATCH_MIN = 3
    LZF_MATCH_MAX = 264
    LZF_WINDOW = 8192       # how far back a match may start
    LZF_INPUT_MIN = 4       # a shorter input is never compressed
    LZF_TABLE_BITS = 14
    LZF_STEP_MAX = 15       # bytes passed over at most where nothing matched for long

cdef Py_ssize_t lzf_compress(const void* data, Py_ssize_t n, void* out, Py_ssize_t capacity) noexcept nogil
cdef Py_ssize_t lzf_decompress(const void* data, Py_ssize_t n, void* out, Py_ssize_t capacity) noexcept nogil
