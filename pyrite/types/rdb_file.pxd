from libc.stdint cimport int64_t, uint8_t, uint64_t

from pyrite.core.rdb_format cimport RdbText
from pyrite.core.rdb_stream cimport RdbStream
from pyrite.keyspace.database cimport Database, Keyspace

cdef enum:
    # What stands where a value's type could.
    RDB_SLOT_INFO = 244
    RDB_FUNCTION = 245
    RDB_FUNCTION_EARLY = 246
    RDB_MODULE_AUX = 247
    RDB_IDLE = 248
    RDB_FREQUENCY = 249
    RDB_AUX = 250
    RDB_RESIZE = 251
    RDB_EXPIRE_MS = 252
    RDB_EXPIRE_S = 253
    RDB_SELECT = 254
    RDB_END = 255

cdef enum:
    # Values of modules, and what such a value consists of.
    RDB_MODULE_EARLY = 6
    RDB_MODULE = 7
    MODULE_END = 0
    MODULE_INTEGER = 1
    MODULE_UNSIGNED = 2
    MODULE_FLOAT = 3
    MODULE_DOUBLE = 4
    MODULE_TEXT = 5

cdef enum:
    HEADER_BYTES = 9
    CHECKSUM_VERSION = 5        # the first that ends with a checksum
    KEY_BYTES = 8               # what a key takes in a file at least; a few take less
    EMPTY_KEYS_NAMED = 10       # of the collections without elements that a file holds
    RDB_TYPES = 32

cdef enum:
    # What is being read, for whoever asks why that failed
    DOING_START = 0
    DOING_TYPE = 1
    DOING_EXPIRE = 2
    DOING_KEY = 3
    DOING_VALUE = 4
    DOING_CHECKSUM = 5
    DOING_LENGTH = 6
    DOING_AUX = 7
    DOING_MODULE_AUX = 8
    DOING_FUNCTION = 9

cdef class RdbFile:
    cdef RdbStream s
    cdef bint is_open
    cdef Keyspace keyspace
    cdef Database db
    cdef object listener
    cdef BaseException raised           # by the listener, in the midst of a read
    # What to do with what is read
    cdef public bint keeps              # put it into the databases; otherwise it is only looked at
    cdef public bint passes_over        # does not look at values, only for where they end
    cdef public bint replaces           # a key that is there already; otherwise that is an error
    cdef public bint drops_expired
    cdef public bint checks_sum
    cdef public int delay_us            # before each key; of a negative number, one microsecond in so many keys
    # Of the next key
    cdef int64_t expire_ms
    cdef int64_t idle_s
    cdef int frequency
    # Where it is
    cdef readonly int version
    cdef int doing
    cdef int type                       # of the value that is being read, -1 outside of one
    cdef bint has_key
    cdef readonly int64_t record_at     # offset at which the last record began, expiry and the like included
    cdef bint in_record
    # What it found
    cdef readonly int64_t loaded
    cdef readonly int64_t expired       # and dropped
    cdef readonly int64_t empty
    cdef readonly int64_t keys          # read
    cdef readonly int64_t volatile_keys
    cdef readonly int64_t past_keys     # of these
    cdef int64_t types[RDB_TYPES]       # keys by RDB type

    cdef int _fail(self, str reason, bint corrupt=*) except -1
    cdef int _check(self) except -1
    cdef int _opcode(self, int type) except -1
    cdef bint _is_of_next_key(self, int type) noexcept
    cdef bytes _text(self)
    cdef int _read_value(self, int type) except -1
    cdef int _take(self, int type) except -1
    cdef int _wait(self) except -1
    cdef int _end(self) except -1
    cdef int _skip_module_value(self, uint64_t id) except -1
    cdef int _skip_module_parts(self) except -1
    cdef int _aux(self) except -1
    cdef int _select(self) except -1
    cdef int _resize(self) except -1
    cdef int _module_aux(self) except -1
    cdef int _function(self) except -1
