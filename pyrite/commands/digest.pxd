from pyrite.core.entry cimport Entry
from pyrite.keyspace.database cimport Database

cdef object value_digest(object digest, Entry* e)
cdef object database_digest(object digest, Database db)
