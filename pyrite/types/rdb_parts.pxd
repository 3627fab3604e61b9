from libc.stddef cimport size_t

from pyrite.core.entry cimport Entry
from pyrite.core.parser cimport Slice
from pyrite.core.rdb_format cimport RdbReader

cdef enum:
    # What a blob in a file is
    BLOB_LISTPACK = 0
    BLOB_ZIPLIST = 1
    BLOB_ZIPMAP = 2

cdef enum:
    RESERVE_MAX = 1 << 20   # entries for which a table is made ready before they are seen

cdef inline size_t rdb_reserve(size_t count) noexcept nogil:
    """For how many entries to make a table ready, when a file says that so many follow."""
    return count if count < RESERVE_MAX else RESERVE_MAX

cdef Entry* rdb_entry(Slice key, int type, int encoding, void* value) noexcept nogil
cdef unsigned char* rdb_get_listpack(RdbReader* r, int blob) noexcept nogil
cdef unsigned char* rdb_get_groups(RdbReader* r, int blob, Py_ssize_t width) noexcept nogil
