from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint32_t

from pyrite.core.entry cimport Entry
from pyrite.core.listpack cimport LpValue
from pyrite.keyspace.database cimport Database

cdef struct SetPlace:
    # Where a member stands, until the set changes.
    int64_t number          # in an intset
    Py_ssize_t at           # in a listpack
    Entry* entry            # in a table

# Compact sets, by place
cdef bint set_is_compact(Entry* e) noexcept nogil
cdef size_t set_places(Entry* e, uint32_t* places) noexcept nogil
cdef size_t set_draw_places(Entry* e, size_t wanted, uint32_t* places) noexcept nogil
cdef void set_read_at(Entry* e, uint32_t place, LpValue* value) noexcept nogil
cdef void set_remove_each(Entry* e, const uint32_t* places, size_t count) noexcept nogil

# Sets of any encoding
cdef void set_random(Entry* e, LpValue* value, SetPlace* place) noexcept nogil
cdef void set_remove_at(Entry* e, const SetPlace* place) noexcept nogil
cdef Entry* set_keep_random(Database db, Entry* e, size_t kept) except? NULL
