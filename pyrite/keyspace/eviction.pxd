from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint64_t

from pyrite.core.entry cimport Entry
from pyrite.keyspace.database cimport Database, Keyspace

cdef enum:
    POOL_SIZE = 16      # candidates remembered from one eviction to the next
    CLOCK_EACH = 16     # evictions between two looks at the clock

cdef enum:
    # What a policy compares keys by.
    BY_NOTHING = 0      # noeviction
    BY_IDLE = 1
    BY_FREQUENCY = 2
    BY_CHANCE = 3
    BY_TTL = 4

cdef class Evictor:
    cdef readonly Keyspace keyspace
    cdef int criterion
    cdef bint volatile_only
    cdef public int samples
    cdef int64_t limit_us               # how long one call may take; -1: without limit
    cdef readonly bint behind           # the last call's time was up before the memory was down
    cdef int next_database
    # The pool, the worst candidate first
    cdef int pooled
    cdef uint64_t scores[POOL_SIZE]
    cdef int ids[POOL_SIZE]             # of their databases
    cdef list keys
    cdef int64_t over_since_us          # when memory went over the limit; 0 while it is not
    cdef int64_t over_total_us

    cdef uint64_t _score(self, Entry* e) noexcept
    cdef Entry* _draw(self, Database db) noexcept
    cdef size_t _population(self, Database db) noexcept
    cdef bint _fill_pool(self) except? True
    cdef int _offer(self, Database db, Entry* e) except -1
    cdef bint _evict_best(self) except? True
    cdef bint _evict_any(self) except? True
    cdef bint _evict_first_due(self) except? True
    cdef bint _evict_one(self) except? True
    cdef bint _evict_down_to(self, size_t maxmemory) except? True
    cpdef bint make_room(self, size_t maxmemory) except? True
