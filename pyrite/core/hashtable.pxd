from libc.stddef cimport size_t
from libc.stdint cimport uint8_t, uint64_t

from pyrite.core.entry cimport Entry

cdef extern from * nogil:
    int __builtin_ctzll(unsigned long long x)
    int __builtin_popcount(unsigned int x)
    unsigned long long __builtin_bswap64(unsigned long long x)
    void __builtin_prefetch(const void* p)

cdef enum:
    BUCKET_SLOTS = 7
    LAST = 6                # the slot that a full bucket gives to its child
    CHAINED = 128           # the bit of `used` that says so
    DISCARD_STEP = 1048576  # bytes of the old table that go back to the system at a time
    LONG_CHAIN = 24         # ht_random always accepts a chain this long, shorter ones in proportion
    EMPTY_AS_ONE = 8        # so many empty buckets of a resize count as one that is moved
    SPARING_LOAD = 4        # times as full a table gets before it grows while memory is shared with a child process

cdef struct Bucket:
    uint8_t used        # bits 0-6: the slots that hold an entry; bit 7: the last slot holds the chain's next bucket
    uint8_t prints[7]   # the top byte of each entry's hash
    Entry* slots[7]

cdef struct HashTable:
    Bucket* buckets[2]
    size_t masks[2]     # number of buckets less one
    size_t used[2]      # entries
    size_t children     # chained buckets, both tables together
    size_t moved        # while rehashing: buckets of table 0 that have moved to table 1
    int rehashing

cdef struct HashIterator:
    HashTable* table
    Bucket* bucket
    size_t index        # of the next chain
    int which
    int position

cdef struct EntryList:
    Entry** items
    size_t count
    size_t capacity

ctypedef void (*ScanVisit)(void* context, Entry* e) noexcept nogil
ctypedef uint64_t (*Draw)() noexcept nogil

cdef inline size_t ht_count(const HashTable* t) noexcept nogil:
    return t.used[0] + t.used[1]

cdef void ht_init(HashTable* t) noexcept nogil
cdef void ht_clear(HashTable* t, bint free_entries) noexcept nogil
cdef Entry** ht_find(HashTable* t, const char* key, size_t n, uint64_t h) noexcept nogil
cdef void ht_prefetch(HashTable* t, uint64_t h) noexcept nogil
cdef void ht_insert(HashTable* t, Entry* e, uint64_t h) noexcept nogil
cdef Entry* ht_pop(HashTable* t, const char* key, size_t n, uint64_t h) noexcept nogil
cdef void ht_reserve(HashTable* t, size_t entries) noexcept nogil
cdef int ht_rehash(HashTable* t, size_t buckets) noexcept nogil
cdef uint64_t ht_scan(HashTable* t, uint64_t cursor, ScanVisit visit, void* context) noexcept nogil
cdef void list_entry(void* entry_list, Entry* e) noexcept nogil
cdef void free_list(EntryList* entry_list) noexcept nogil
cdef Entry* ht_random(HashTable* t, Draw draw) noexcept nogil
cdef void ht_iterate(HashTable* t, HashIterator* it) noexcept nogil
cdef Entry* ht_next(HashIterator* it) noexcept nogil
cdef size_t ht_memory(const HashTable* t) noexcept nogil
cdef void ht_spare(bint on) noexcept nogil
cdef uint64_t random_draw() noexcept nogil
cdef void random_seed(uint64_t a, uint64_t b) noexcept nogil
