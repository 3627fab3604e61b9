from libc.stddef cimport size_t
from libc.stdint cimport int64_t

from pyrite.core.entry cimport Entry
from pyrite.core.hash_value cimport (
    FIELD_ABSENT,
    FIELD_CREATED,
    FIELD_EXPIRED,
    FIELD_FOUND,
    FIELD_NO_MEMORY,
    FIELD_UPDATED,
    hash_expires,
    hash_has_due,
    hash_next_expire,
)
from pyrite.core.hashtable cimport HashIterator
from pyrite.core.listpack cimport LpValue
from pyrite.core.parser cimport Slice
from pyrite.keyspace.database cimport Database, Keyspace

cdef enum:
    FIELD_TOO_LONG = -2     # what `_store` says besides FIELD_NO_MEMORY

cdef struct HashFieldIterator:
    unsigned char* lp       # NULL over a hashtable
    Py_ssize_t at           # where the next field stands in it
    int width
    int64_t now_ms
    HashIterator fields

# Look-up. A value's bytes stay where they are until the hash changes.
cdef Entry* hash_lookup_read(Database db, Slice key) except? NULL
cdef Entry* hash_lookup_write(Database db, Slice key) except? NULL
cdef size_t hash_length(Entry* e) noexcept nogil
cdef int hash_field(Entry* e, const char* p, size_t n, int64_t now_ms, LpValue* value) noexcept nogil
cdef bint hash_get(Database db, Entry* e, const char* p, size_t n, LpValue* value) noexcept
cdef Slice value_text(LpValue* value, char* room) noexcept nogil

# All fields, in order. Fields that expired before `now_ms` are left out; 0 leaves out none.
cdef void hash_iterate(Entry* e, HashFieldIterator* it, int64_t now_ms) noexcept nogil
cdef bint hash_next(HashFieldIterator* it, LpValue* field, LpValue* value, int64_t* expire_ms) noexcept nogil

# Change. `e` is NULL for a key that does not exist, and is told where a new one stands.
cdef int hash_set(Database db, Slice key, Entry** e, Slice field, Slice value, bint keep_expire) except -1
cdef Py_ssize_t hash_set_pairs(Database db, Slice key, Entry** e, Slice* pairs, Py_ssize_t count) except -1
cdef bint hash_delete(Database db, Entry* e, Slice field) noexcept
cdef bint hash_drop_expired(Database db, Slice key, Slice field) except? True
cdef long long hash_increment(Database db, Slice key, Entry* e, Slice field, long long increment) except? -1
cdef Py_ssize_t hash_increment_float(
    Database db, Slice key, Entry* e, Slice field, long double increment, char* text
) except -1

# Building a hash outside of any database, to be handed to `Database.give` or freed with `entry_free`.
cdef Entry* hash_build(Slice key) noexcept
cdef int hash_build_field(Keyspace keyspace, Entry* e, Slice field, Slice value, int64_t expire_ms) except -1
cdef Entry* hash_build_listpack(Keyspace keyspace, Slice key, unsigned char* lp, bint triplets) except? NULL
