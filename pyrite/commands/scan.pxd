from libc.stdint cimport uint64_t

from pyrite.core.hashtable cimport EntryList, HashTable
from pyrite.core.parser cimport Args, Slice

cdef enum:
    # What `scan_options` may allow besides MATCH and COUNT.
    SCAN_TYPE = 1
    SCAN_NOVALUES = 2

cdef enum:
    # SCAN's filter on the type: any, or the name of no type that is known, which no key has.
    ANY_TYPE = -1
    NO_TYPE = -2

cdef struct ScanOptions:
    Slice pattern
    long long count
    int type
    bint novalues

cdef uint64_t scan_cursor(Args args, Py_ssize_t i) except? -1
cdef ScanOptions scan_options(Args args, Py_ssize_t i, int allowed) except *
cdef bint scan_matches(Slice pattern, Slice text) noexcept
cdef uint64_t scan_table(HashTable* table, uint64_t cursor, long long count, EntryList* met) noexcept
