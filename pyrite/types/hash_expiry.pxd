from libc.stdint cimport int64_t

from pyrite.core.entry cimport Entry
from pyrite.core.parser cimport Slice
from pyrite.keyspace.database cimport Database

cdef enum:
    # Under which condition a field gets an expiry.
    ALWAYS = 0
    IF_NONE = 1         # NX
    IF_ANY = 2          # XX
    IF_LATER = 3        # GT
    IF_EARLIER = 4      # LT

cdef enum:
    # What became of a field, as the replies have it.
    NO_FIELD = -2
    NO_TTL = -1
    CONDITION_NOT_MET = 0
    EXPIRY_SET = 1
    FIELD_DELETED = 2   # as the time has passed already

cdef int hash_make_expirable(Entry* e) except -1
cdef int hash_set_expire(Database db, Entry* e, Slice field, int64_t at_ms, int condition) except? -1
cdef int64_t hash_expire_time(Database db, Entry* e, Slice field) noexcept
cdef int hash_persist(Database db, Entry* e, Slice field) noexcept
