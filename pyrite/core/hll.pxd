from pyrite.core.hll_registers cimport HLL_DENSE_SIZE, HLL_HEADER_SIZE, HLL_REGISTERS, HLL_TOO_MANY

cdef extern from * nogil:
    int __builtin_ctzll(unsigned long long word)

cdef enum:
    HLL_EMPTY_SIZE = 18         # the header and one XZERO opcode
    HLL_SPARSE_MAX_RANK = 32    # what a VAL opcode can hold

cdef enum:
    HLL_DENSE = 0
    HLL_SPARSE = 1

cdef enum:
    HLL_CORRUPT = -1            # the opcodes do not describe 16,384 registers
    HLL_UNCHANGED = 0
    HLL_CHANGED = 1
    HLL_NEED_ROOM = 2           # nothing done: call again with room for 3 bytes more
    HLL_PROMOTE = 3             # nothing done: convert to dense, then call again

cdef struct HllOpcode:
    int size                    # bytes: 1, or 2 for XZERO
    int value                   # of each register of the run: 1 to 32, or 0 for ZERO and XZERO
    int run                     # registers: 1 to 4 for VAL, 64 for ZERO, 16,384 for XZERO

cdef struct HllPlace:
    Py_ssize_t at               # offset of the opcode that covers a register
    Py_ssize_t before           # offset of the opcode before it, or the first one's where there is none
    int first                   # the first register it covers
    HllOpcode opcode

cdef inline int hll_encoding(const char* p) noexcept nogil:
    """HLL_DENSE or HLL_SPARSE, of a value that passed hll_is_valid."""
    return p[4]

cdef bint hll_is_valid(const char* p, Py_ssize_t n) noexcept nogil
cdef void hll_init(char* out) noexcept nogil

cdef bint hll_cached_count(const char* p, unsigned long long* count) noexcept nogil
cdef void hll_cache_count(char* p, unsigned long long count) noexcept nogil
cdef void hll_invalidate(char* p) noexcept nogil

cdef unsigned long long hll_hash(const char* element, Py_ssize_t n) noexcept nogil
cdef int hll_rank(const char* element, Py_ssize_t n, int* index) noexcept nogil

cdef int hll_sparse_raise(
    char* p, Py_ssize_t* n, Py_ssize_t capacity, Py_ssize_t max_bytes, int index, int rank
) noexcept nogil
cdef int hll_sparse_raise_all(
    char* p, Py_ssize_t* n, Py_ssize_t capacity, Py_ssize_t max_bytes, const unsigned char* registers, int* index
) noexcept nogil
cdef int hll_add(
    char* p, Py_ssize_t* n, Py_ssize_t capacity, Py_ssize_t max_bytes, const char* element, Py_ssize_t element_length
) noexcept nogil

cdef bint hll_opcode(const char* p, Py_ssize_t n, Py_ssize_t at, HllOpcode* opcode) noexcept nogil
cdef int hll_merge(const char* p, Py_ssize_t n, unsigned char* registers) noexcept nogil
cdef int hll_to_dense(const char* p, Py_ssize_t n, char* out) noexcept nogil

cdef int hll_count(const char* p, Py_ssize_t n, unsigned long long* count) noexcept nogil
cdef unsigned long long hll_count_registers(const unsigned char* registers) noexcept nogil
