from libc.stddef cimport size_t

from pyrite.types.sorted_set_algebra cimport ZsetSource

cdef enum:
    OPERATION_UNION = 0
    OPERATION_INTERSECTION = 1
    OPERATION_DIFFERENCE = 2

cdef struct AlgebraRequest:
    int operation
    bint stores
    bint counts             # only how many there are is asked for
    int aggregate
    bint scores
    size_t limit            # 0: none
    size_t count            # of the sources
    ZsetSource* sources
