from libc.stddef cimport size_t
from libc.stdint cimport uint64_t

from pyrite.core.entry cimport Entry
from pyrite.core.hashtable cimport EntryList, HashTable
from pyrite.core.listpack cimport LpValue
from pyrite.core.parser cimport Slice
from pyrite.keyspace.database cimport Database

cdef struct ZsetBuilder:
    EntryList members       # as they came, or sorted; each one's word is its score
    HashTable table         # the same by name, where `zb_merge` put them there

cdef void zb_init(ZsetBuilder* b) noexcept nogil
cdef void zb_free(ZsetBuilder* b) noexcept nogil
cdef Entry* zb_find(ZsetBuilder* b, const char* p, size_t n, uint64_t h) noexcept nogil
cdef Entry* zb_add(ZsetBuilder* b, const LpValue* member, double score) noexcept nogil
cdef Entry* zb_merge(ZsetBuilder* b, const LpValue* member, double score, bint* found) noexcept nogil
cdef bint zb_discard(ZsetBuilder* b, const LpValue* member) noexcept nogil
cdef void zb_sort(ZsetBuilder* b) noexcept nogil
cdef size_t zb_count(const ZsetBuilder* b) noexcept nogil
cdef size_t zb_store(Database db, Slice key, ZsetBuilder* b, bytes event) except? 0
