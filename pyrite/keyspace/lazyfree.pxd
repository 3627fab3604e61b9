from pyrite.core.entry cimport Entry
from pyrite.core.expiry_index cimport ExpiryIndex
from pyrite.core.hashtable cimport HashTable

cdef struct Garbage:
    Entry* entry            # an entry to free, or NULL
    HashTable table         # a table to free with its entries, or an empty one
    ExpiryIndex expires
    size_t objects
    Garbage* next

cdef class LazyFreer:
    cdef object wake            # a semaphore: one release a job
    cdef object thread
    cdef Garbage* first         # jobs not yet taken; under the interpreter's lock
    cdef Garbage* last
    cdef readonly size_t pending_objects
    cdef readonly size_t freed_objects
    cdef bint stopping

    cdef void _queue(self, Garbage* job)
    cdef void free_entry(self, Entry* e)
    cdef void free_table(self, HashTable* table, ExpiryIndex* expires)
