from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint64_t

from pyrite.core.entry cimport Entry, entry_key, entry_key_length
from pyrite.core.ordered_index cimport OrderedCursor
from pyrite.core.ordered_tree cimport OrderedIndex
from pyrite.core.parser cimport Slice
from pyrite.core.stream_id cimport StreamID
from pyrite.core.stream_index cimport IdTree
from pyrite.core.stream_store cimport Stream

cdef enum:
    ENTRIES_READ_UNKNOWN = -1
    NEVER_ACTIVE = -1

cdef struct StreamConsumer:
    Entry* entry            # its name, in the group's index
    IdTree pending          # IDs; what else is to say of them stands in the group's
    int64_t seen_ms         # Unix time of its last attempt to read or claim
    int64_t active_ms       # Unix time of its last success; NEVER_ACTIVE

cdef struct StreamNack:
    # A pending entry: delivered, and not acknowledged.
    StreamConsumer* consumer
    int64_t delivery_ms     # Unix time
    uint64_t delivery_count

cdef struct StreamGroup:
    Entry* entry            # its name, in the stream's index
    IdTree pending          # a StreamNack for each ID
    OrderedIndex consumers  # by name
    StreamID last_id        # delivered last
    int64_t entries_read    # how many entries the stream had had up to it, or ENTRIES_READ_UNKNOWN

cdef inline Slice stream_name(Entry* entry) noexcept nogil:
    """The name of a group or of a consumer."""
    cdef Slice name
    name.p = entry_key(entry)
    name.n = entry_key_length(entry)
    return name

cdef StreamGroup* group_find(const Stream* s, Slice name) noexcept nogil
cdef StreamGroup* group_create(Stream* s, Slice name, StreamID last_id, int64_t entries_read) noexcept nogil
cdef void group_destroy(Stream* s, StreamGroup* g) noexcept nogil
cdef StreamGroup* group_next(OrderedCursor* c) noexcept nogil

cdef StreamConsumer* consumer_find(const StreamGroup* g, Slice name) noexcept nogil
cdef StreamConsumer* consumer_create(StreamGroup* g, Slice name, int64_t now_ms) noexcept nogil
cdef void consumer_destroy(StreamGroup* g, StreamConsumer* consumer) noexcept nogil
cdef StreamConsumer* consumer_next(OrderedCursor* c) noexcept nogil

cdef StreamNack* pending_find(const StreamGroup* g, StreamID id) noexcept nogil
cdef StreamNack* pending_assign(StreamGroup* g, StreamID id, StreamConsumer* consumer, bint* created) noexcept nogil
cdef bint pending_remove(StreamGroup* g, StreamID id) noexcept nogil

cdef void stream_free(Stream* s) noexcept nogil
cdef Stream* stream_copy(const Stream* s) noexcept nogil
cdef size_t stream_memory(const Stream* s) noexcept nogil

cdef bint pending_load(StreamGroup* g, StreamID id, int64_t delivery_ms, uint64_t delivery_count) noexcept nogil
cdef bint pending_load_owner(StreamGroup* g, StreamConsumer* consumer, StreamID id) noexcept nogil
cdef bint group_load_end(const StreamGroup* g) noexcept nogil
