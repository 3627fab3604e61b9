from pyrite.core.entry cimport Entry
from pyrite.core.rdb_format cimport RdbWriter

cdef void rewrite_stream(RdbWriter* w, Entry* e) noexcept nogil
