from pyrite.core.entry cimport Entry
from pyrite.core.rdb_format cimport RdbWriter

cdef int rdb_type_of(Entry* e, int version) noexcept nogil
cdef int rdb_version_for(int type, int version) noexcept nogil
cdef void rdb_save_value(RdbWriter* w, Entry* e, int type) noexcept nogil
