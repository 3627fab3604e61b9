from libc.stddef cimport size_t
from libc.stdint cimport uint32_t

from pyrite.core.stream_id cimport StreamID

cdef enum:
    ID_LEAF_MAX = 32        # records of a leaf
    ID_FAN_MAX = 64         # branches of an inner node
    ID_ROOM_MIN = 4         # records or branches that a new node has room for, unless it is bound to fill
    ID_LEVELS_MAX = 24      # a tree of so many would hold more than 2 ** 64 records

cdef struct IdNode:
    IdNode* prev            # the neighbours within the level
    IdNode* next
    uint32_t count
    uint32_t capacity       # the block ends behind so many records or branches

cdef struct IdBranch:
    StreamID bound          # at most the first ID below, and above all IDs before; of branch 0 it says nothing
    IdNode* child

cdef struct IdTree:
    IdNode* root            # NULL while empty
    IdNode* first           # the outermost leaves
    IdNode* last
    size_t count            # records
    size_t size_bytes       # of all nodes, as the allocator counts them
    uint32_t width          # bytes of a record: its ID and what goes with it
    int height              # levels of inner nodes above the leaves

cdef struct IdCursor:
    IdNode* leaf            # NULL: at no record
    uint32_t index

cdef struct IdStep:
    IdNode* node
    uint32_t index

cdef struct IdPath:
    IdStep steps[ID_LEVELS_MAX]     # 0 is the leaf

cdef inline char* id_record(const IdTree* t, IdNode* leaf, size_t i) noexcept nogil:
    return <char*>(leaf + 1) + i * t.width

cdef inline StreamID id_of(const IdTree* t, IdNode* leaf, size_t i) noexcept nogil:
    return (<StreamID*>id_record(t, leaf, i))[0]

cdef inline StreamID id_cursor_id(const IdTree* t, const IdCursor* c) noexcept nogil:
    """The ID of the record that the cursor is at."""
    return id_of(t, c.leaf, c.index)

cdef inline void* id_cursor_value(const IdTree* t, const IdCursor* c) noexcept nogil:
    """What goes with the ID that the cursor is at; stays good until the tree changes."""
    return id_record(t, c.leaf, c.index) + sizeof(StreamID)

cdef inline bint id_cursor_next(IdCursor* c) noexcept nogil:
    """Go on to the next record; False, and at none, behind the last."""
    c.index += 1
    if c.index == c.leaf.count:
        c.leaf = c.leaf.next
        c.index = 0
    return c.leaf != NULL

cdef inline bint id_cursor_previous(IdCursor* c) noexcept nogil:
    """Go back to the record before; False, and at none, before the first."""
    if c.index == 0:
        c.leaf = c.leaf.prev
        c.index = c.leaf.count if c.leaf != NULL else 1
    c.index -= 1
    return c.leaf != NULL

cdef inline bint id_tree_first(const IdTree* t, IdCursor* c) noexcept nogil:
    """Go to the first record; False where there is none."""
    c.leaf = t.first
    c.index = 0
    return c.leaf != NULL

cdef inline bint id_tree_last(const IdTree* t, IdCursor* c) noexcept nogil:
    """Go to the last record; False where there is none."""
    c.leaf = t.last
    c.index = c.leaf.count - 1 if c.leaf != NULL else 0
    return c.leaf != NULL

cdef void id_tree_init(IdTree* t, size_t value_size) noexcept nogil
cdef void id_tree_clear(IdTree* t) noexcept nogil
cdef void* id_tree_find(const IdTree* t, StreamID id) noexcept nogil
cdef void* id_tree_insert(IdTree* t, StreamID id, bint* created) noexcept nogil
cdef bint id_tree_remove(IdTree* t, StreamID id) noexcept nogil
cdef bint id_tree_seek(const IdTree* t, StreamID id, IdCursor* c) noexcept nogil
cdef bint id_tree_seek_back(const IdTree* t, StreamID id, IdCursor* c) noexcept nogil
cdef void id_tree_copy(const IdTree* t, IdTree* out) noexcept nogil
