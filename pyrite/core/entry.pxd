from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

cdef enum:
    TYPE_STRING = 0
    TYPE_LIST = 1
    TYPE_SET = 2
    TYPE_ZSET = 3
    TYPE_HASH = 4
    TYPE_STREAM = 5
    TYPES = 16

cdef enum:
    ENCODING_RAW = 0
    ENCODING_INT = 1
    ENCODING_EMBSTR = 2
    ENCODING_LISTPACK = 3
    ENCODING_LISTPACKEX = 4
    ENCODING_INTSET = 5
    ENCODING_QUICKLIST = 6
    ENCODING_HASHTABLE = 7
    ENCODING_SKIPLIST = 8
    ENCODING_STREAM = 9

cdef enum:
    PART_EXPIRE = 1     # an int64: Unix time in milliseconds
    PART_WORD = 2       # eight bytes: an integer, a score, or a pointer
    PART_LONG = 4       # key and value lengths as two uint32, for a key of more than 255 bytes
    PART_OWNER = 8      # the word is a pointer to a value outside, which the entry owns

cdef enum:
    INLINE_MAX = 2048       # a longer string stands in a Blob of its own
    SHORT_KEY_MAX = 255
    KEY_MAX = 0xFFFFFFFF    # what PART_LONG has room for; reached only where proto-max-bulk-len is raised to 4 GiB
    ACCESS_MASK = 0xFFFFFF  # the bits of `access` that hold the LRU clock or LFU counter

cdef struct Entry:
    uint32_t access     # bits 0-23 LRU clock or LFU time and counter, 24-27 type, 28-31 encoding
    uint8_t parts
    uint8_t key_length
    uint16_t value_length

cdef struct Blob:
    size_t length
    size_t capacity     # bytes of room behind this header

ctypedef void (*ValueFree)(void* value, int encoding) noexcept nogil
ctypedef size_t (*ValueSize)(void* value, int encoding) noexcept nogil
ctypedef void* (*ValueCopy)(void* value, int encoding) noexcept nogil

cdef inline size_t parts_size(int parts) noexcept nogil:
    return 8 + 8 * ((parts & 1) + ((parts >> 1) & 1) + ((parts >> 2) & 1))

cdef inline int entry_type(const Entry* e) noexcept nogil:
    return (e.access >> 24) & 15

cdef inline int entry_encoding(const Entry* e) noexcept nogil:
    return e.access >> 28

cdef inline void entry_set_kind(Entry* e, int type, int encoding) noexcept nogil:
    e.access = (e.access & ACCESS_MASK) | (<uint32_t>type << 24) | (<uint32_t>encoding << 28)

cdef inline uint32_t entry_access(const Entry* e) noexcept nogil:
    return e.access & ACCESS_MASK

cdef inline void entry_set_access(Entry* e, uint32_t bits) noexcept nogil:
    e.access = (e.access & ~<uint32_t>ACCESS_MASK) | (bits & ACCESS_MASK)

cdef inline bint entry_has_expire(const Entry* e) noexcept nogil:
    return e.parts & PART_EXPIRE

cdef inline int64_t entry_expire(const Entry* e) noexcept nogil:
    """Unix time in ms at which it expires; -1 where it does not."""
    return (<const int64_t*>(<const char*>e + 8))[0] if e.parts & PART_EXPIRE else -1

cdef inline uint64_t* entry_word(Entry* e) noexcept nogil:
    """Where the word stands; only for an entry that has one."""
    return <uint64_t*>(<char*>e + 8 + 8 * (e.parts & 1))

cdef inline void* entry_pointer(Entry* e) noexcept nogil:
    """The value outside that the entry owns."""
    return <void*>entry_word(e)[0]

cdef inline const uint32_t* entry_lengths(const Entry* e) noexcept nogil:
    return <const uint32_t*>(<const char*>e + parts_size(e.parts) - 8)

cdef inline size_t entry_key_length(const Entry* e) noexcept nogil:
    return entry_lengths(e)[0] if e.parts & PART_LONG else e.key_length

cdef inline size_t entry_value_length(const Entry* e) noexcept nogil:
    """Bytes of the inline value."""
    return entry_lengths(e)[1] if e.parts & PART_LONG else e.value_length

cdef inline char* entry_key(Entry* e) noexcept nogil:
    return <char*>e + parts_size(e.parts)

cdef inline char* entry_value(Entry* e) noexcept nogil:
    return <char*>e + parts_size(e.parts) + entry_key_length(e)

cdef inline size_t entry_size(const Entry* e) noexcept nogil:
    """Bytes that the block was asked for with."""
    return parts_size(e.parts) + entry_key_length(e) + entry_value_length(e)

cdef inline char* blob_data(Blob* blob) noexcept nogil:
    return <char*>blob + sizeof(Blob)

cdef Entry* entry_new(const char* key, size_t key_length, int parts, size_t value_length) noexcept nogil
cdef Entry* entry_reshape(Entry* e, int parts, size_t value_length) noexcept nogil
cdef Entry* entry_rename(Entry* e, const char* key, size_t key_length) noexcept nogil
cdef Entry* entry_copy(Entry* e, const char* key, size_t key_length) noexcept nogil
cdef void entry_free(Entry* e) noexcept nogil
cdef void entry_free_value(Entry* e) noexcept nogil
cdef size_t entry_memory(Entry* e) noexcept nogil
cdef void entry_register_type(int type, ValueFree release, ValueSize measure, ValueCopy copy) noexcept nogil
cdef Blob* blob_new(size_t capacity) noexcept nogil
cdef Blob* blob_reserve(Blob* blob, size_t capacity) noexcept nogil
cdef void blob_free(Blob* blob) noexcept nogil
