from libc.stddef cimport size_t

from pyrite.core.hashtable cimport Draw, EntryList, HashTable

cdef void ht_sample(HashTable* t, size_t wanted, Draw draw, EntryList* out) noexcept nogil
cdef void ht_list(HashTable* t, EntryList* out) noexcept nogil
cdef void list_choose(EntryList* from_all, size_t wanted, Draw draw) noexcept nogil
