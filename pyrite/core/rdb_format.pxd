from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from pyrite.core.entry cimport TYPE_HASH, TYPE_LIST, TYPE_SET, TYPE_STREAM, TYPE_STRING, TYPE_ZSET
from pyrite.core.listpack cimport LpValue

cdef extern from * nogil:
    unsigned int __builtin_bswap32(unsigned int word)
    unsigned long long __builtin_bswap64(unsigned long long word)

cdef enum:
    # The first byte of a value. Redis's names; those that nobody writes any more are read.
    RDB_STRING = 0
    RDB_LIST = 1
    RDB_SET = 2
    RDB_ZSET = 3
    RDB_HASH = 4
    RDB_ZSET_2 = 5
    RDB_HASH_ZIPMAP = 9
    RDB_LIST_ZIPLIST = 10
    RDB_SET_INTSET = 11
    RDB_ZSET_ZIPLIST = 12
    RDB_HASH_ZIPLIST = 13
    RDB_LIST_QUICKLIST = 14
    RDB_STREAM_LISTPACKS = 15
    RDB_HASH_LISTPACK = 16
    RDB_ZSET_LISTPACK = 17
    RDB_LIST_QUICKLIST_2 = 18
    RDB_STREAM_LISTPACKS_2 = 19
    RDB_SET_LISTPACK = 20
    RDB_STREAM_LISTPACKS_3 = 21
    RDB_HASH_METADATA_EARLY = 22
    RDB_HASH_LISTPACK_EX_EARLY = 23
    RDB_HASH_METADATA = 24
    RDB_HASH_LISTPACK_EX = 25

cdef enum:
    # What a file has besides values, in place of a type.
    RDB_FUNCTION = 0xF5
    RDB_IDLE = 0xF8
    RDB_FREQUENCY = 0xF9
    RDB_AUX = 0xFA
    RDB_RESIZE = 0xFB
    RDB_EXPIRE_MS = 0xFC
    RDB_SELECT = 0xFE
    RDB_END = 0xFF

cdef enum:
    # The nodes of RDB_LIST_QUICKLIST_2.
    RDB_NODE_PLAIN = 1
    RDB_NODE_PACKED = 2

cdef enum:
    RDB_VERSION_70 = 10     # of Redis 7.0
    RDB_VERSION_72 = 11     # of Redis 7.2
    RDB_VERSION_74 = 12     # of Redis 7.4
    RDB_VERSION_MAX = 12    # what can be read

cdef enum:
    RDB_LENGTH_14 = 0x40    # the top bits of a length's first byte
    RDB_LENGTH_32 = 0x80    # the whole first byte
    RDB_LENGTH_64 = 0x81
    RDB_INT8 = 0xC0
    RDB_INT16 = 0xC1
    RDB_INT32 = 0xC2
    RDB_LZF = 0xC3
    RDB_LENGTH_ROOM = 9     # bytes of the longest length

cdef enum:
    # A double as text: these lengths stand for values that have none.
    RDB_NAN = 253
    RDB_INFINITY = 254
    RDB_MINUS_INFINITY = 255

cdef enum:
    RDB_FOOTER = 10         # bytes behind a DUMP payload's value: the version in two, the checksum in eight
    RDB_COMPRESS_MIN = 21   # a shorter text is never compressed
    RDB_COMPRESS_GAIN = 4   # bytes that compression must save
    RDB_INTEGER_MAX = 11    # bytes of the longest text that may be stored as an integer
    RDB_WRITER_MIN = 256    # a writer's first room
    RDB_LZF_RATIO = 88      # LZF's best: 3 bytes stand for 264

cdef enum:
    RDB_GOOD = 0
    RDB_BAD = 1             # the bytes are not what they should be
    RDB_NO_MEMORY = 2
    RDB_EMPTY = 3           # a collection without elements, all of it read
    RDB_CUT = 4             # a stream ends where more has to follow
    RDB_FAILED = 5          # a stream can't be read, or whoever watches it wants no more

ctypedef bint (*RdbSink)(void* context, const unsigned char* p, size_t n) noexcept nogil

cdef struct RdbWriter:
    unsigned char* data
    size_t length
    size_t capacity
    bint compress
    bint failed             # memory did not suffice, or the sink refused; what is there is not whole
    RdbSink sink            # takes what is written, and empties the buffer, whenever `chunk` bytes are there; or NULL
    void* context
    size_t chunk

cdef struct RdbReader

# Has at least `n` bytes follow; False, the problem noted, where that can't be.
ctypedef bint (*RdbRefill)(RdbReader* r, size_t n) noexcept nogil

cdef struct RdbReader:
    const unsigned char* p  # the next byte
    size_t left
    int problem             # RDB_BAD or the like from the first failure on; all that is read then is 0
    RdbRefill refill        # NULL where these bytes are all
    void* source            # what `refill` needs
    uint64_t beyond         # bytes that can follow these
    bint holds              # texts that were read stay where they are
    bint has_held           # and there are some to let go

cdef struct RdbText:
    const char* p           # into the reader's bytes, the digits below, or the block below
    size_t n
    char digits[24]
    char* owned
    size_t owned_size

cdef inline int rdb_kind(int type) noexcept nogil:
    """The type of value that an RDB type stands for, -1 where it stands for none."""
    if type == RDB_STRING:
        return TYPE_STRING
    if type == RDB_LIST or type == RDB_LIST_ZIPLIST or type == RDB_LIST_QUICKLIST or type == RDB_LIST_QUICKLIST_2:
        return TYPE_LIST
    if type == RDB_SET or type == RDB_SET_INTSET or type == RDB_SET_LISTPACK:
        return TYPE_SET
    if type == RDB_ZSET or type == RDB_ZSET_2 or type == RDB_ZSET_ZIPLIST or type == RDB_ZSET_LISTPACK:
        return TYPE_ZSET
    if type == RDB_STREAM_LISTPACKS or type == RDB_STREAM_LISTPACKS_2 or type == RDB_STREAM_LISTPACKS_3:
        return TYPE_STREAM
    if type == RDB_HASH or type == RDB_HASH_ZIPMAP or type == RDB_HASH_ZIPLIST or type == RDB_HASH_LISTPACK:
        return TYPE_HASH
    return TYPE_HASH if RDB_HASH_METADATA_EARLY <= type <= RDB_HASH_LISTPACK_EX else -1

cdef inline uint8_t rdb_peek(RdbReader* r) noexcept nogil:
    return r.p[0] if r.left or rdb_more(r, 1) else 0

cdef inline void rdb_hold(RdbReader* r) noexcept nogil:
    """Let the texts that are read from now on stay valid until `rdb_release`, not only until the next one."""
    r.holds = True

cdef inline void rdb_release(RdbReader* r) noexcept nogil:
    r.holds = False
    if r.has_held:
        r.refill(r, 0)

cdef void rdb_start_writing(RdbWriter* w, bint compress) noexcept nogil
cdef void rdb_stop_writing(RdbWriter* w) noexcept nogil
cdef bint rdb_flush(RdbWriter* w) noexcept nogil
cdef void rdb_put_bytes(RdbWriter* w, const void* p, size_t n) noexcept nogil
cdef void rdb_put_byte(RdbWriter* w, uint8_t byte) noexcept nogil
cdef void rdb_put_length(RdbWriter* w, uint64_t n) noexcept nogil
cdef void rdb_put_text(RdbWriter* w, const char* p, size_t n) noexcept nogil
cdef void rdb_put_integer(RdbWriter* w, int64_t v) noexcept nogil
cdef void rdb_put_value(RdbWriter* w, const LpValue* value) noexcept nogil
cdef void rdb_put_compressed(RdbWriter* w, const void* p, size_t n, size_t length) noexcept nogil
cdef void rdb_put_double(RdbWriter* w, double v) noexcept nogil
cdef void rdb_put_ms(RdbWriter* w, int64_t ms) noexcept nogil
cdef void rdb_put_id(RdbWriter* w, uint64_t ms, uint64_t sequence) noexcept nogil
cdef void rdb_put_footer(RdbWriter* w, int version) noexcept nogil

cdef void rdb_start_reading(RdbReader* r, const void* p, size_t n) noexcept nogil
cdef void rdb_fail(RdbReader* r, int problem) noexcept nogil
cdef bint rdb_more(RdbReader* r, size_t n) noexcept nogil
cdef const unsigned char* rdb_get_bytes(RdbReader* r, size_t n) noexcept nogil
cdef bint rdb_get_into(RdbReader* r, void* target, size_t n) noexcept nogil
cdef uint8_t rdb_get_byte(RdbReader* r) noexcept nogil
cdef uint64_t rdb_get_length(RdbReader* r) noexcept nogil
cdef size_t rdb_get_count(RdbReader* r, size_t each) noexcept nogil
cdef bint rdb_get_text(RdbReader* r, RdbText* text) noexcept nogil
cdef void rdb_free_text(RdbText* text) noexcept nogil
cdef double rdb_get_double(RdbReader* r) noexcept nogil
cdef double rdb_get_text_double(RdbReader* r) noexcept nogil
cdef int64_t rdb_get_ms(RdbReader* r) noexcept nogil
cdef void rdb_get_id(RdbReader* r, uint64_t* ms, uint64_t* sequence) noexcept nogil
cdef int rdb_check_footer(const void* p, size_t n, bint sums) noexcept nogil
