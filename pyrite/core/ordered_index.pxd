from libc.stddef cimport size_t
from libc.stdint cimport uint32_t

from pyrite.core.entry cimport Entry
from pyrite.core.hashtable cimport Draw, ScanVisit
from pyrite.core.ordered_tree cimport Node, OrderedIndex

cdef enum:
    AHEAD = 6               # a cursor asks the cache for the entry so many steps ahead

cdef struct OrderedCursor:
    Node* leaf
    uint32_t position       # it stands before this item of the leaf

cdef inline size_t oi_count(const OrderedIndex* x) noexcept nogil:
    return x.count

cdef void oi_init(OrderedIndex* x) noexcept nogil
cdef void oi_clear(OrderedIndex* x) noexcept nogil
cdef bint oi_insert(OrderedIndex* x, Entry* e) noexcept nogil
cdef Entry* oi_remove(OrderedIndex* x, double score, const char* member, size_t n) noexcept nogil
cdef bint oi_update(OrderedIndex* x, Entry* e, double score) noexcept nogil
cdef bint oi_replace(OrderedIndex* x, const Entry* old, Entry* new) noexcept nogil
cdef Py_ssize_t oi_rank(const OrderedIndex* x, double score, const char* member, size_t n) noexcept nogil
cdef Entry* oi_at(const OrderedIndex* x, size_t rank) noexcept nogil
cdef Entry* oi_random(const OrderedIndex* x, Draw draw) noexcept nogil
cdef void oi_seek_rank(const OrderedIndex* x, size_t rank, OrderedCursor* c) noexcept nogil
cdef size_t oi_seek_score(const OrderedIndex* x, double score, bint after, OrderedCursor* c) noexcept nogil
cdef size_t oi_seek_member(
    const OrderedIndex* x, const char* member, size_t n, bint after, OrderedCursor* c
) noexcept nogil
cdef Entry* oi_next(OrderedCursor* c) noexcept nogil
cdef Entry* oi_prev(OrderedCursor* c) noexcept nogil
cdef size_t oi_delete_ranks(OrderedIndex* x, size_t rank, size_t n, ScanVisit visit, void* context) noexcept nogil
cdef bint oi_build(OrderedIndex* x, Entry** entries, size_t n) noexcept nogil
cdef size_t oi_memory(const OrderedIndex* x) noexcept nogil
