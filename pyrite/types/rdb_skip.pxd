from pyrite.core.rdb_format cimport RdbReader

cdef void rdb_skip_value(RdbReader* r, int type) noexcept nogil
