from libc.stddef cimport size_t

cdef struct PopMany:
    # What LMPOP is told.
    Py_ssize_t first        # argument that is the first key
    Py_ssize_t keys
    size_t count
    bint front
