from libc.stdint cimport int64_t, uint64_t

from pyrite.core.parser cimport Args
from pyrite.core.reply cimport Reply
from pyrite.core.stream_id cimport StreamID
from pyrite.core.stream_store cimport Stream, StreamIterator, StreamTrim
from pyrite.types.stream cimport NewID

cdef enum:
    # The limit of an approximate trim that names none: what 100 blocks hold, within these.
    TRIM_BLOCKS = 100
    TRIM_LIMIT_UNKNOWN = 10000
    TRIM_LIMIT_MAX = 1000000

cdef struct AddOptions:
    StreamTrim trim
    bint limited        # LIMIT was given
    bint no_create
    NewID id
    Py_ssize_t end      # the first argument behind the options

cdef bytes id_bytes(StreamID id)
cdef void reply_id(Reply reply, StreamID id) noexcept nogil
cdef void reply_entry(Reply reply, StreamIterator* it) noexcept nogil
cdef uint64_t reply_range(
    Reply reply, const Stream* s, StreamID start, StreamID end, bint reverse, uint64_t count
) noexcept nogil
cdef bint reply_one(Reply reply, const Stream* s, StreamID id) noexcept nogil
