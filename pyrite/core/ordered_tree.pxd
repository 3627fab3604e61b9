from libc.stddef cimport size_t
from libc.stdint cimport uint32_t
from libc.string cimport memcpy

from pyrite.core.entry cimport Entry, entry_word

cdef enum:
    LEAF_MAX = 62           # items of a leaf
    FAN_MAX = 63            # branches of an inner node
    LEAF_MIN = 25           # a node with fewer, the first and the last of its level excepted, joins or shares with
    FAN_MIN = 26            # its neighbour
    CAPACITY_STEP = 8       # a node's room grows by so many
    SPARE_MAX = 16          # so much unused room is given back
    MAX_LEVELS = 16         # a tree of so many would hold more than 2 ** 64 items

cdef enum:
    KEY_EXACT = 0           # this score and this member
    KEY_SCORE_FROM = 1      # before all items of this score
    KEY_SCORE_AFTER = 2     # behind all items of this score
    KEY_MEMBER_FROM = 3     # before this member, scores not looked at
    KEY_MEMBER_AFTER = 4    # behind this member, scores not looked at

cdef struct Item:
    double score
    Entry* entry

cdef struct Node:
    Node* prev              # the neighbours within the level, whoever their parents are
    Node* next
    uint32_t count
    uint32_t capacity       # the block ends behind so many items or branches

cdef struct Branch:
    Item first              # the first item below
    Node* child
    size_t count            # items below

cdef struct OrderedIndex:
    Node* root              # NULL while empty
    size_t count            # items
    size_t size_bytes       # of all nodes, as the allocator counts them
    int height              # levels of inner nodes above the leaves

cdef struct OrderedKey:
    double score
    const char* member
    size_t length
    const Entry* entry      # equal without comparing its bytes, for a block that may be gone; or NULL
    int mode

cdef struct Step:
    Node* node
    uint32_t index

cdef struct Path:
    Step steps[MAX_LEVELS]  # 0 is the leaf

cdef inline double entry_score(const Entry* e) noexcept nogil:
    """The score of an entry that has a word."""
    cdef double score
    memcpy(&score, entry_word(<Entry*>e), sizeof(double))
    return score

cdef inline void entry_set_score(Entry* e, double score) noexcept nogil:
    """Write the score of an entry that has a word; one that stands in an index gets it from `oi_update` alone."""
    memcpy(entry_word(e), &score, sizeof(double))

cdef inline size_t node_width(int level) noexcept nogil:
    return sizeof(Branch) if level else sizeof(Item)

cdef inline char* node_slot(Node* node, int level, size_t i) noexcept nogil:
    """Where item or branch `i` stands, an Item first in either case."""
    return <char*>(node + 1) + i * node_width(level)

cdef inline Item* node_item(Node* node, size_t i) noexcept nogil:
    return <Item*>(node + 1) + i

cdef inline Branch* node_branch(Node* node, size_t i) noexcept nogil:
    return <Branch*>(node + 1) + i

cdef size_t node_weight(Node* node, int level, uint32_t start, uint32_t n) noexcept nogil
cdef int item_compare(Item* item, OrderedKey* key) noexcept nogil
cdef bint tree_descend(const OrderedIndex* x, OrderedKey* key, Path* path) noexcept nogil
cdef void tree_descend_to_rank(const OrderedIndex* x, size_t rank, Path* path) noexcept nogil
cdef size_t tree_rank(const OrderedIndex* x, Path* path) noexcept nogil
cdef Node* tree_new_node(OrderedIndex* x, int level, size_t count) noexcept nogil
cdef Node** tree_owner(OrderedIndex* x, Path* path, int level) noexcept nogil
cdef Node* tree_resize(OrderedIndex* x, int level, Node** owner, size_t count) noexcept nogil
cdef void tree_renew_firsts(OrderedIndex* x, Path* path) noexcept nogil
cdef void tree_count_above(OrderedIndex* x, Path* path, Py_ssize_t more) noexcept nogil
cdef void tree_split_full(OrderedIndex* x, Path* path) noexcept nogil
cdef void tree_place(OrderedIndex* x, Path* path, Entry* e) noexcept nogil
cdef void tree_take(OrderedIndex* x, Path* path, uint32_t n) noexcept nogil
cdef void tree_clear(OrderedIndex* x) noexcept nogil
