from libc.stdint cimport int64_t, uint64_t

from pyrite.core.entry cimport Entry, entry_pointer
from pyrite.core.parser cimport Args, Slice
from pyrite.core.stream_id cimport StreamID
from pyrite.core.stream_store cimport Stream
from pyrite.keyspace.database cimport Database

cdef struct NewID:
    # The ID that an entry is to have, as far as a client says.
    bint given          # False: all of it follows from the time
    bint has_seq        # False: the sequence number follows from the last ID
    StreamID id

cdef inline Stream* stream_of(Entry* e) noexcept:
    """The stream of an entry that holds one."""
    return <Stream*>entry_pointer(e)

cdef Stream* stream_read(Database db, Slice key) except? NULL
cdef Stream* stream_write(Database db, Slice key) except? NULL
cdef Stream* stream_create(Database db, Slice key) except? NULL
cdef Entry* stream_adopt(Database db, Slice key, Stream* s, int64_t expire_ms) except? NULL
cdef uint64_t stream_length(Entry* e) noexcept
cdef bint stream_make_id(const Stream* s, int64_t now_ms, NewID wanted, StreamID* id) noexcept
cdef int stream_add(
    Database db, Slice key, Stream** s, NewID wanted, const Slice* pairs, Py_ssize_t count, StreamID* id
) except -1
cdef int stream_set_last(
    Stream* s, StreamID last_id, long long entries_added, StreamID max_deleted_id
) except -1
cdef int stream_id_argument(Args args, Py_ssize_t i, StreamID* id) except -1
cdef int stream_range_start(Args args, Py_ssize_t i, StreamID* id) except -1
cdef int stream_range_end(Args args, Py_ssize_t i, StreamID* id) except -1
