cdef bint glob_match(
    const char* pattern, Py_ssize_t pattern_length, const char* s, Py_ssize_t length, bint nocase
) noexcept nogil
