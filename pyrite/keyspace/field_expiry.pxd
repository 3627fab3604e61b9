from libc.stddef cimport size_t
from libc.stdint cimport int64_t

from pyrite.core.parser cimport Slice
from pyrite.keyspace.database cimport Database

cdef enum:
    FIELD_BATCH = 128       # fields of one hash deleted between two looks at the clock

cdef int fields_expired(Database db, Slice key, size_t count) except -1
cdef size_t expire_due_fields(Database db, Slice key, size_t limit) except? 0
cdef bint expire_field_slice(Database db, int64_t deadline_us) except? True
