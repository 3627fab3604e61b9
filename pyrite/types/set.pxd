from libc.stddef cimport size_t
from libc.stdint cimport uint64_t

from pyrite.core.entry cimport Entry, entry_pointer, entry_word
from pyrite.core.hashtable cimport HashIterator, HashTable
from pyrite.core.listpack cimport LpValue
from pyrite.core.parser cimport Slice
from pyrite.keyspace.database cimport Database, Keyspace

cdef enum:
    INTSET_MAX = 1 << 30    # integers that an intset may hold whatever the options say
    MEASURED_MAX = 64       # members whose mean size stands for all of a table's
    LP_INTEGER_MAX = 10     # bytes that an integer takes in a listpack at most

cdef enum:
    NOT_PARSED = -1         # whether the member is an integer has not been looked at

cdef struct Member:
    # One member, in the forms in which sets ask for it; each is made once, when first asked for.
    const char* text        # NULL while it is only known as an integer
    Py_ssize_t length
    long long number
    int is_number           # 1, 0 or NOT_PARSED
    bint hashed
    uint64_t hash
    char digits[24]

cdef struct SetIterator:
    int encoding
    unsigned char* packed   # of an intset or a listpack
    Py_ssize_t at           # where the next member stands: an index, or a listpack's position
    HashIterator table

cdef inline void member_of(Member* m, const char* p, Py_ssize_t n) noexcept nogil:
    """Make a member of a text, which stays the caller's."""
    m.text = p
    m.length = n
    m.is_number = NOT_PARSED
    m.hashed = False

cdef inline void member_of_value(Member* m, const LpValue* value) noexcept nogil:
    """Make a member of what an iterator handed out."""
    m.text = value.text
    m.length = value.length
    m.number = value.number
    m.is_number = 1 if value.text == NULL else NOT_PARSED
    m.hashed = False

cdef inline unsigned char* set_bytes(Entry* e) noexcept nogil:
    """The intset or listpack of a set that is one."""
    return <unsigned char*>entry_pointer(e)

cdef inline HashTable* set_members(Entry* e) noexcept nogil:
    """The table of a set that is one."""
    return <HashTable*>entry_pointer(e)

cdef inline void set_point_to(Entry* e, void* value) noexcept nogil:
    """Say where a set's value stands now."""
    entry_word(e)[0] = <uint64_t>value

# Look-up
cdef Entry* set_lookup_read(Database db, Slice key) except? NULL
cdef Entry* set_lookup_write(Database db, Slice key) except? NULL
cdef size_t set_length(Entry* e) noexcept nogil
cdef bint set_contains(Entry* e, const char* p, Py_ssize_t n) noexcept nogil
cdef bint set_has(Entry* e, Member* m) noexcept nogil
cdef void set_prefetch(Entry* e, Member* m) noexcept nogil
cdef bint member_is_number(Member* m) noexcept nogil
cdef Slice member_text(Member* m) noexcept nogil
cdef HashTable* set_table(Entry* e) noexcept nogil

# All members
cdef void set_iterate(Entry* e, SetIterator* it) noexcept nogil
cdef bint set_next(SetIterator* it, LpValue* value) noexcept nogil

# Change
cdef Entry* set_new(Database db, Slice key, int encoding, size_t room) except? NULL
cdef int set_encoding_for(Keyspace limits, Slice first, size_t count) noexcept
cdef Entry* set_create(Database db, Slice key, Slice first, size_t count) except? NULL
cdef Entry* set_store(Database db, Entry* e) except? NULL
cdef int set_expect(Keyspace limits, Entry* e, size_t count) except -1
cdef int set_add(Keyspace limits, Entry* e, const char* p, Py_ssize_t n) except -1
cdef int set_add_member(Keyspace limits, Entry* e, Member* m) except -1
cdef bint set_remove(Entry* e, const char* p, Py_ssize_t n) noexcept nogil
cdef bint set_remove_member(Entry* e, Member* m) noexcept nogil
cdef int set_make_intset(Keyspace limits, Entry* e) except -1
