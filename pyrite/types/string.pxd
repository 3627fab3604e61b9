from libc.stdint cimport int64_t

from pyrite.core.entry cimport Blob, Entry
from pyrite.core.parser cimport Slice
from pyrite.keyspace.database cimport Database

cdef enum:
    EMBSTR_MAX = 44         # up to this length a fresh string is called embstr, past it raw
    SCRATCH = 32            # room for an integer's digits

cdef Entry* string_lookup_read(Database db, Slice key) except? NULL
cdef Entry* string_lookup_write(Database db, Slice key) except? NULL
cdef int string_set(Database db, Slice key, Slice value, Blob* blob, int64_t expire_ms) except -1
cdef Entry* string_set_integer(Database db, Slice key, long long value, int64_t expire_ms) except? NULL
cdef int string_set_text(Database db, Slice key, Slice value, Blob* blob, int64_t expire_ms) except -1
cdef Slice string_view(Entry* e, char* scratch) noexcept
cdef Py_ssize_t string_length(Entry* e) noexcept
cdef bint string_integer(Entry* e, long long* out) noexcept
cdef char* string_make_room(Database db, Slice key, Entry** e, Py_ssize_t length) except? NULL
cdef Entry* string_truncate(Database db, Entry* e, Py_ssize_t length) noexcept
cdef Py_ssize_t string_write(Database db, Slice key, Entry* e, Py_ssize_t offset, Slice data) except -1
cdef long long string_increment(Database db, Slice key, Entry* e, long long increment) except? -1
cdef Py_ssize_t string_increment_float(Database db, Slice key, Entry* e, long double increment, char* text) except -1
