from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint32_t

from pyrite.core.entry cimport Entry
from pyrite.core.hashtable cimport EntryList, HashTable
from pyrite.core.listpack cimport LpValue

cdef struct FieldSampler:
    unsigned char* lp           # NULL for a hashtable
    HashTable* table
    uint32_t* positions         # of the fields in the listpack
    EntryList live              # of a hashtable with expired fields: those that have not
    size_t room                 # of `positions`
    size_t first                # fields of the listpack that have expired, the first ones
    size_t count                # fields to draw from

cdef int sampler_open(FieldSampler* s, Entry* e, int64_t now_ms) except -1
cdef void sampler_close(FieldSampler* s) noexcept
cdef void sampler_draw(FieldSampler* s, LpValue* field, LpValue* value) noexcept
cdef void sampler_choose(FieldSampler* s, size_t wanted) noexcept
cdef void sampler_chosen(FieldSampler* s, size_t i, LpValue* field, LpValue* value) noexcept
