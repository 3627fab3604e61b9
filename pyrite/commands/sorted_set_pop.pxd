cdef struct PopRequest:
    Py_ssize_t first        # where the keys begin among the arguments
    Py_ssize_t end
    long long count
    bint highest
