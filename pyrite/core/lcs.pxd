from libc.stddef cimport size_t
from libc.stdint cimport int16_t, uint64_t

cdef extern from *:
    int count_ones "__builtin_popcountll"(unsigned long long word) nogil

cdef struct Lcs:
    const char* a
    const char* b
    Py_ssize_t a_length
    Py_ssize_t b_length
    Py_ssize_t words        # of one row: a bit for each byte of b
    Py_ssize_t rows_kept    # one for each byte of a, or only the last
    uint64_t* rows          # a bit is 0 where one more byte of b makes the common subsequence longer
    uint64_t* masks         # for each different byte of a, where it stands in b
    Py_ssize_t masks_count
    int16_t mask_of[256]    # number of a byte's mask; -1 where a has no such byte
    Py_ssize_t length       # of the longest common subsequence
    Py_ssize_t i            # the walk back: what is left of a and of b
    Py_ssize_t j

cdef struct Run:
    Py_ssize_t a_start      # first and last offset of a stretch that both have
    Py_ssize_t a_end
    Py_ssize_t b_start
    Py_ssize_t b_end

cdef bint lcs_begin(Lcs* lcs, const char* a, Py_ssize_t n, const char* b, Py_ssize_t m, bint keep_rows) noexcept nogil
cdef void lcs_end(Lcs* lcs) noexcept nogil
cdef bint lcs_previous_run(Lcs* lcs, Run* run) noexcept nogil
cdef void lcs_text(Lcs* lcs, char* out) noexcept nogil
