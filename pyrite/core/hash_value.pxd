from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint64_t

from pyrite.core.entry cimport (
    ENCODING_HASHTABLE,
    ENCODING_LISTPACK,
    ENCODING_LISTPACKEX,
    PART_EXPIRE,
    PART_OWNER,
    Blob,
    Entry,
    blob_data,
    entry_encoding,
    entry_pointer,
    entry_value,
    entry_value_length,
    entry_word,
)
from pyrite.core.expiry_index cimport ExpiryIndex
from pyrite.core.hashtable cimport HashTable, ht_count
from pyrite.core.listpack cimport LpValue

cdef enum:
    # What a field is that was asked for.
    FIELD_ABSENT = 0
    FIELD_FOUND = 1
    FIELD_EXPIRED = 2   # still in memory, but its time has come

cdef enum:
    # What setting a field did.
    FIELD_NO_MEMORY = -1
    FIELD_UPDATED = 0
    FIELD_CREATED = 1

cdef struct FieldExpiry:
    Entry* proxy            # see HashListpackEx
    ExpiryIndex index       # the fields that have an expiry

cdef struct HashValue:
    HashTable table         # of fields
    FieldExpiry* expiry     # NULL until a field gets an expiry

cdef struct HashListpackEx:
    unsigned char* lp
    Entry* proxy            # stands for the hash in its database's index of field expiries; NULL while it is not there

cdef inline HashValue* hash_table(Entry* e) noexcept nogil:
    """The value of a hash whose encoding is hashtable."""
    return <HashValue*>entry_pointer(e)

cdef inline HashListpackEx* hash_listpack_ex(Entry* e) noexcept nogil:
    """The value of a hash whose encoding is listpackex."""
    return <HashListpackEx*>entry_pointer(e)

cdef inline unsigned char* hash_listpack(Entry* e) noexcept nogil:
    """The listpack of a hash that has one."""
    if entry_encoding(e) == ENCODING_LISTPACK:
        return <unsigned char*>entry_pointer(e)
    return (<HashListpackEx*>entry_pointer(e)).lp

cdef inline Entry** hash_proxy(Entry* e) noexcept nogil:
    """Where a hash keeps its proxy; NULL where it has no room for one, as no field of it ever had an expiry."""
    cdef HashValue* x
    if entry_encoding(e) == ENCODING_LISTPACK:
        return NULL
    if entry_encoding(e) == ENCODING_LISTPACKEX:
        return &(<HashListpackEx*>entry_pointer(e)).proxy
    x = <HashValue*>entry_pointer(e)
    return NULL if x.expiry == NULL else &x.expiry.proxy

cdef inline void hash_put_listpack(Entry* e, unsigned char* lp) noexcept nogil:
    """Say where the listpack of a hash stands now."""
    if entry_encoding(e) == ENCODING_LISTPACK:
        entry_word(e)[0] = <uint64_t>lp
    else:
        (<HashListpackEx*>entry_pointer(e)).lp = lp

cdef inline void field_value(Entry* field, LpValue* value) noexcept nogil:
    """The value of a field of a hashtable: bytes that stay where they are until it changes."""
    cdef Blob* blob
    if field.parts & PART_OWNER:
        blob = <Blob*>entry_pointer(field)
        value.text = blob_data(blob)
        value.length = <Py_ssize_t>blob.length
    else:
        value.text = entry_value(field)
        value.length = <Py_ssize_t>entry_value_length(field)

cdef HashValue* hv_new(size_t fields) noexcept nogil
cdef void hv_free(HashValue* x) noexcept nogil
cdef Entry** hv_find(HashValue* x, const char* p, size_t n) noexcept nogil
cdef int hv_set(
    HashValue* x, const char* p, size_t n, const char* value, size_t length, bint keep_expire
) noexcept nogil
cdef bint hv_set_value(HashValue* x, Entry** slot, const char* value, size_t length, bint keep_expire) noexcept nogil
cdef bint hv_delete(HashValue* x, const char* p, size_t n) noexcept nogil
cdef void hv_set_expire(HashValue* x, Entry** slot, int64_t at_ms) noexcept nogil
cdef HashValue* hv_from_listpack(unsigned char* lp, int width, size_t fields) noexcept nogil

cdef bint hash_to_listpack_ex(Entry* e) noexcept nogil
cdef bint hash_to_table(Entry* e, size_t fields) noexcept nogil
cdef bint hash_expires(Entry* e) noexcept nogil
cdef int64_t hash_next_expire(Entry* e) noexcept nogil
cdef bint hash_has_due(Entry* e, int64_t now_ms) noexcept nogil
cdef bint hash_first_due(Entry* e, int64_t now_ms, LpValue* field) noexcept nogil
cdef size_t hash_drop_due(Entry* e, int64_t now_ms, size_t limit) noexcept nogil
cdef bint hash_is_empty(Entry* e) noexcept nogil
cdef Entry* proxy_new(const char* key, size_t n, int64_t at_ms) noexcept nogil
cdef void proxy_set_time(Entry* proxy, int64_t at_ms) noexcept nogil
