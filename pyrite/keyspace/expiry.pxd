from libc.stdint cimport int64_t

from pyrite.keyspace.database cimport Database, Keyspace

cdef enum:
    EXPIRE_BATCH = 32       # keys deleted between two looks at the clock

cdef enum:
    TTL_SAMPLES = 4         # volatile keys drawn per database and slice for the average time to live
    TTL_WEIGHT = 50         # slices that the average reaches back, about

cdef bint expire_database(Database db, int64_t deadline_us) except? True
cpdef bint expire_cycle(Keyspace keyspace, int64_t budget_us) except? True
