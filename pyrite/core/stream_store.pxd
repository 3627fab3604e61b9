from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint64_t

from pyrite.core.listpack cimport LpValue
from pyrite.core.ordered_tree cimport OrderedIndex
from pyrite.core.parser cimport Slice
from pyrite.core.stream_block cimport StreamBlock, StreamEntry
from pyrite.core.stream_id cimport StreamID
from pyrite.core.stream_index cimport IdCursor, IdTree

cdef enum:
    STREAM_OK = 0
    STREAM_TOO_LARGE = -1   # the entry is larger than a block may be
    STREAM_NO_MEMORY = -2
    STREAM_CORRUPT = -3     # bytes from outside that are no block, or none that may stand here

cdef enum:
    TRIM_NONE = 0
    TRIM_MAXLEN = 1
    TRIM_MINID = 2

cdef enum:
    STREAM_PREALLOCATED = 4096      # up to so many bytes a new block is given what the one before it took

cdef struct Stream:
    IdTree blocks           # master IDs, and beside each the address of its block
    OrderedIndex groups     # consumer groups by name; stream_group knows what they are
    uint64_t length         # live entries
    uint64_t entries_added  # ever
    StreamID first_id       # of the first live entry, 0-0 where there is none
    StreamID last_id
    StreamID max_deleted_id
    size_t block_bytes      # of all blocks, as the allocator counts them
    size_t room             # bytes that the last block has been given; 0 where they follow from its length

cdef struct StreamTrim:
    int strategy
    bint approximate        # only whole blocks go
    uint64_t maxlen
    StreamID minid
    int64_t limit           # no block goes with which more entries than this would have gone; 0 is no limit

cdef struct StreamIterator:
    const Stream* stream
    StreamID start          # both ends are part of the range
    StreamID end
    bint reverse
    bint with_deleted       # entries that are marked as deleted too
    StreamEntry entry       # the one that stream_next found
    StreamBlock block
    IdCursor cursor         # the block's
    Py_ssize_t next         # where the next entry is looked for; LP_NONE: in the next block
    int64_t fields_left     # of the entry
    Py_ssize_t field_at
    Py_ssize_t value_at

cdef Stream* stream_new() noexcept nogil
cdef void stream_free_blocks(Stream* s) noexcept nogil
cdef bint stream_copy_blocks(const Stream* s, Stream* out) noexcept nogil
cdef size_t stream_block_memory(const Stream* s) noexcept nogil

cdef int stream_append(
    Stream* s, StreamID id, const Slice* pairs, Py_ssize_t count, long long max_bytes, long long max_entries
) noexcept nogil
cdef void stream_renew_first(Stream* s) noexcept nogil
cdef bint stream_delete(Stream* s, StreamID id) noexcept nogil
cdef uint64_t stream_trim(Stream* s, const StreamTrim* trim) noexcept nogil

cdef void stream_iterate(
    const Stream* s, StreamIterator* it, StreamID start, StreamID end, bint reverse
) noexcept nogil
cdef bint stream_next(StreamIterator* it) noexcept nogil
cdef bint stream_next_field(StreamIterator* it, LpValue* field, LpValue* value) noexcept nogil
cdef bint stream_has(const Stream* s, StreamID id) noexcept nogil
cdef bint stream_edge(const Stream* s, bint last, bint with_deleted, StreamID* id) noexcept nogil

cdef void stream_first_block(const Stream* s, IdCursor* c) noexcept nogil
cdef bint stream_next_block(
    const Stream* s, IdCursor* c, StreamID* master, const unsigned char** lp, size_t* n
) noexcept nogil
cdef int stream_load_block(Stream* s, StreamID master, const unsigned char* p, size_t n) noexcept nogil
cdef bint stream_load_end(
    Stream* s, uint64_t length, StreamID last_id, StreamID max_deleted_id, uint64_t entries_added
) noexcept nogil
