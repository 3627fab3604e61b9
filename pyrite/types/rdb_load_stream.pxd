from pyrite.core.entry cimport Entry
from pyrite.core.parser cimport Slice
from pyrite.core.rdb_format cimport RdbReader

cdef enum:
    # The fewest bytes that each takes, which bounds how many can follow.
    BLOCK_BYTES = 24
    GROUP_BYTES = 5
    PENDING_BYTES = 25
    CONSUMER_BYTES = 10
    ID_BYTES = 16

cdef Entry* rdb_load_stream(RdbReader* r, int type, Slice key) noexcept nogil
