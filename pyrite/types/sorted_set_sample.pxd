from libc.stddef cimport size_t
from libc.stdint cimport uint32_t, uint64_t

from pyrite.core.entry cimport Entry
from pyrite.core.listpack cimport LpValue

cdef enum:
    SPARSE = 4              # ranks are drawn one by one where they are to be at most one in so many

cdef struct ZsetSampler:
    # Draws members with repetition
    Entry* e
    uint32_t* places        # of the members of a listpack; NULL where it is a SortedSet
    size_t count
    size_t size_bytes

cdef void sampler_open(ZsetSampler* s, Entry* e) noexcept nogil
cdef void sampler_next(ZsetSampler* s, LpValue* member, double* score) noexcept nogil
cdef void sampler_close(ZsetSampler* s) noexcept nogil
cdef void sample_ranks(uint64_t* ranks, size_t wanted, size_t total) noexcept nogil
