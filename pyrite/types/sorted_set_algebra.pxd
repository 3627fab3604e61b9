from libc.stddef cimport size_t

from pyrite.core.entry cimport Entry
from pyrite.core.listpack cimport LpValue
from pyrite.core.parser cimport Slice
from pyrite.keyspace.database cimport Database
from pyrite.types.set cimport SetIterator
from pyrite.types.sorted_set cimport ZsetIterator
from pyrite.types.sorted_set_build cimport ZsetBuilder

cdef enum:
    AGGREGATE_SUM = 0
    AGGREGATE_MIN = 1
    AGGREGATE_MAX = 2

cdef struct ZsetSource:
    # A sorted set, or a set whose members all have the score 1
    Entry* e                # NULL for a missing key
    double weight
    size_t length
    size_t position         # among the keys named
    bint is_set

cdef struct SourceIterator:
    bint is_set
    SetIterator members
    ZsetIterator scored

cdef int source_open(Database db, Slice key, ZsetSource* source) except -1
cdef void zset_union(ZsetBuilder* b, ZsetSource* sources, size_t count, int aggregate) noexcept nogil
cdef size_t zset_intersect(
    ZsetBuilder* b, ZsetSource* sources, size_t count, int aggregate, size_t limit
) noexcept nogil
cdef void zset_subtract(ZsetBuilder* b, ZsetSource* sources, size_t count) noexcept nogil
