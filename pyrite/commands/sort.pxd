from libc.stddef cimport size_t

from pyrite.core.sorter cimport Sorter, SortPattern

cdef struct SortRequest:
    bint descending
    bint by_text
    bint unsorted           # BY a pattern that names nothing: leave the order as it is
    bint has_by
    SortPattern by
    long long offset
    long long count         # negative: all
    Py_ssize_t store_at     # the argument that names the destination; 0: reply
    SortPattern* gets
    size_t get_count

cdef struct SortRange:
    # The part of all elements that is wanted.
    size_t first
    size_t count
