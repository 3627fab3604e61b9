from pyrite.core.entry cimport Entry
from pyrite.core.parser cimport Slice
from pyrite.core.rdb_format cimport RdbReader
from pyrite.keyspace.database cimport Database

cdef Entry* rdb_load_list(RdbReader* r, int type, Slice key, Database db)
