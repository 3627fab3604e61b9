from libc.stddef cimport size_t

from pyrite.core.entry cimport Entry
from pyrite.core.hashtable cimport HashTable
from pyrite.core.listpack cimport LpValue
from pyrite.core.ordered_index cimport OrderedCursor
from pyrite.core.ordered_tree cimport OrderedIndex
from pyrite.core.parser cimport Slice
from pyrite.keyspace.database cimport Database

cdef enum:
    # How `zset_add` treats a member
    ZADD_INCR = 1           # the score is added to the present one
    ZADD_NX = 2             # only a member that is not there
    ZADD_XX = 4             # only a member that is there
    ZADD_GT = 8             # a member that is there only gets a greater score
    ZADD_LT = 16            # a member that is there only gets a smaller score

cdef enum:
    # What came of it
    ZSET_SKIPPED = 0        # a condition kept it from being done
    ZSET_KEPT = 1           # the member has that score already
    ZSET_ADDED = 2
    ZSET_UPDATED = 3
    ZSET_NAN = 4            # the score is, or would become, no number; nothing done

cdef struct SortedSet:
    # A large one: the value of a key with the encoding skiplist
    HashTable table         # the members; each entry's word is its score
    OrderedIndex index      # the same entries in order

cdef struct ZsetIterator:
    unsigned char* lp       # the listpack; NULL where it is a SortedSet
    Py_ssize_t at           # where in the listpack it stands
    OrderedCursor place     # where in the index
    bint reverse

cdef Entry* zset_lookup_read(Database db, Slice key) except? NULL
cdef Entry* zset_lookup_write(Database db, Slice key) except? NULL
cdef size_t zset_length(Entry* e) noexcept nogil
cdef bint zset_score(Entry* e, const char* p, size_t n, double* score) noexcept nogil
cdef Py_ssize_t zset_rank(Entry* e, const char* p, size_t n, bint reverse, double* score) noexcept nogil
cdef int zset_reserve(Database db, Slice key, Entry** e, size_t members, size_t longest) except -1
cdef int zset_add(Database db, Slice key, Entry** e, Slice member, double score, int flags, double* out) except -1
cdef bint zset_remove(Entry* e, const char* p, size_t n) noexcept nogil
cdef int zset_delete_if_empty(Database db, Slice key, Entry* e) except -1
cdef void zset_random(Entry* e, LpValue* member, double* score) noexcept nogil
cdef SortedSet* zset_table(Entry* e) noexcept nogil
cdef void zset_iterate(Entry* e, ZsetIterator* it) noexcept nogil
cdef void zset_iterate_from(Entry* e, ZsetIterator* it, size_t rank, bint reverse) noexcept nogil
cdef bint zset_next(ZsetIterator* it, LpValue* member, double* score) noexcept nogil
cdef size_t zset_remove_ranks(Entry* e, size_t rank, size_t count) noexcept nogil
cdef SortedSet* zset_new_table() noexcept nogil
cdef void zset_free_table(SortedSet* z) noexcept nogil
