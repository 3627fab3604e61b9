from libc.stdint cimport int64_t

from pyrite.core.entry cimport Entry
from pyrite.core.parser cimport Slice
from pyrite.core.rdb_format cimport RdbReader, RdbText
from pyrite.keyspace.database cimport Database

cdef struct HashLimits:
    # Up to what a hash is a listpack
    long long entries
    long long value         # bytes of a field or value

cdef struct RdbField:
    # A field of a hash as it was read
    RdbText name
    RdbText value
    int64_t at_ms           # when it expires; -1: never

cdef Entry* rdb_load_set(RdbReader* r, int type, Slice key, Database db)
cdef Entry* rdb_load_zset(RdbReader* r, int type, Slice key, Database db)
cdef Entry* rdb_load_hash(RdbReader* r, int type, Slice key, Database db)
