from pyrite.core.parser cimport Slice
from pyrite.keyspace.database cimport Database

cdef struct Sources:
    # The strings that BITOP reads, as parallel arrays.
    const char** pointers
    Py_ssize_t* lengths
    char* digits            # room for those of the strings that are integers
    Py_ssize_t count
    Py_ssize_t longest

cdef Py_ssize_t bitmap_combine(
    Database db, int operation, Slice destination, const Slice* keys, Py_ssize_t count
) except -1
