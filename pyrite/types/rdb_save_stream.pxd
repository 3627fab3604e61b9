from pyrite.core.rdb_format cimport RdbWriter
from pyrite.core.stream_store cimport Stream

cdef void rdb_save_stream(RdbWriter* w, const Stream* s, int type) noexcept nogil
