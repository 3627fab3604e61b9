from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint32_t, uint64_t, uintptr_t

from pyrite.core.entry cimport Entry
from pyrite.core.hashtable cimport Draw

cdef enum:
    LEAF_MAX = 256      # entries of a leaf
    CHUNK_MAX = 256     # leaves of a chunk
    CHUNK_LEAST = 4     # leaves that the smallest chunk has room for; the room doubles and halves
    CAPACITY_STEP = 32  # a leaf's room grows by so many
    SPARE_MAX = 48      # entries' room that a leaf may have unused while it loses entries
    MERGE_BELOW = 64    # a leaf with fewer entries joins its neighbour, so does a chunk with fewer leaves,
    MERGED_MAX = 192    # if both together leave room to grow

cdef struct Leaf:
    int64_t low_ms      # nothing in this leaf is before (low_ms, low_address)
    uintptr_t low_address
    Entry** items       # in no order
    uint32_t count
    uint32_t capacity

cdef struct Chunk:
    uint32_t count
    uint32_t capacity       # the block ends behind so many leaves
    Leaf leaves[CHUNK_MAX]

cdef struct ExpiryIndex:
    Chunk** chunks
    size_t chunk_count
    size_t chunk_capacity
    size_t count        # entries
    int64_t high_ms     # the latest time ever put in since the index was last empty

cdef struct Due:
    int64_t at_ms
    Entry* entry

cdef void ei_init(ExpiryIndex* x) noexcept nogil
cdef void ei_clear(ExpiryIndex* x) noexcept nogil
cdef void ei_insert(ExpiryIndex* x, int64_t at_ms, Entry* e) noexcept nogil
cdef bint ei_remove(ExpiryIndex* x, int64_t at_ms, Entry* e) noexcept nogil
cdef void ei_replace(ExpiryIndex* x, int64_t at_ms, Entry* old, Entry* new) noexcept nogil
cdef size_t ei_due(ExpiryIndex* x, int64_t now_ms, Entry** out, size_t room) noexcept nogil
cdef size_t ei_count_due(ExpiryIndex* x, int64_t now_ms) noexcept nogil
cdef Entry* ei_first(ExpiryIndex* x) noexcept nogil
cdef int64_t ei_first_ms(ExpiryIndex* x) noexcept nogil
cdef Entry* ei_random(ExpiryIndex* x, Draw draw) noexcept nogil
cdef size_t ei_memory(const ExpiryIndex* x) noexcept nogil
