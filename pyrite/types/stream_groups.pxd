from libc.stdint cimport int64_t

from pyrite.core.parser cimport Slice
from pyrite.core.stream_group cimport StreamConsumer, StreamGroup
from pyrite.core.stream_id cimport StreamID
from pyrite.core.stream_store cimport Stream
from pyrite.keyspace.database cimport Database

cdef StreamGroup* group_at(Stream* s, Slice key, Slice name) except? NULL
cdef bint group_lag(const Stream* s, const StreamGroup* g, int64_t* lag) noexcept
cdef void group_advance(const Stream* s, StreamGroup* g, StreamID id) noexcept
cdef void group_deliver(StreamGroup* g, StreamConsumer* consumer, StreamID id, int64_t now_ms) noexcept
cdef StreamConsumer* consumer_join(Database db, Slice key, StreamGroup* g, Slice name, bint* created) except? NULL
