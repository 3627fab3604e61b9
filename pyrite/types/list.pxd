from libc.stddef cimport size_t
from libc.stdint cimport int64_t
from libc.string cimport memcmp

from pyrite.core.entry cimport Entry
from pyrite.core.listpack cimport LpValue
from pyrite.core.parser cimport Slice
from pyrite.core.quicklist cimport QuickList
from pyrite.core.quicklist_items cimport QlIterator
from pyrite.core.reply cimport Reply
from pyrite.keyspace.database cimport Database

cdef enum:
    ROTATE_ROOM = 512           # a longer element is moved within its list through memory of its own

cdef struct ListIterator:
    QlIterator nodes            # of a quicklist
    const unsigned char* lp     # of a listpack; NULL for a quicklist
    Py_ssize_t position         # of the listpack's next element
    bint reverse

cdef struct ListNeedle:
    # A string that elements are compared with, and the number that it is, if it is one.
    const char* p
    Py_ssize_t n
    long long number
    bint is_number

cdef struct ListBuilder:
    # A list that has no key yet.
    void* value
    int encoding
    long long limit
    long long depth

cdef inline bint list_is(const LpValue* value, const ListNeedle* needle) noexcept:
    """Tell whether an element is this string."""
    if value.text == NULL:
        return needle.is_number and value.number == needle.number
    return value.length == needle.n and memcmp(value.text, needle.p, needle.n) == 0

# Look-up and reading. An index counts from the first element; what it may be is said where it matters.
cdef Entry* list_lookup_read(Database db, Slice key) except? NULL
cdef Entry* list_lookup_write(Database db, Slice key) except? NULL
cdef size_t list_length(Entry* e) noexcept
cdef QuickList* list_quicklist(Entry* e) noexcept
cdef void list_iterate(Entry* e, ListIterator* it, size_t index, bint reverse) noexcept
cdef bint list_next(ListIterator* it, LpValue* value) noexcept
cdef void list_needle(Slice text, ListNeedle* needle) noexcept
cdef void list_reply(Entry* e, Reply reply, size_t index, size_t count, bint reverse) noexcept
cdef void list_peek(Entry* e, bint front, LpValue* value) noexcept

# Changes. After elements went, `list_shrunk` is called, which deletes the key of an empty list.
cdef Entry* list_create(Database db, Slice key) except? NULL
cdef int list_push(Database db, Slice key, Entry** e, Slice value, bint front) except -1
cdef int list_push_all(Database db, Slice key, Entry** e, Slice* values, Py_ssize_t count, bint front) except -1
cdef int list_push_value(
    Database db, Slice key, Entry** e, const LpValue* value, bint is_counted, bint front
) except -1
cdef void list_drop(Entry* e, bint front) noexcept
cdef int list_rotate(Database db, Slice key, Entry* e, bint from_front, bint to_front) except -1
cdef bint list_insert(Database db, Entry* e, Slice pivot, Slice value, bint after) except -1
cdef bint list_set(Database db, Entry* e, size_t index, Slice value) except -1
cdef void list_delete(Entry* e, size_t index, size_t count) noexcept
cdef size_t list_remove(Entry* e, Slice value, size_t most, bint reverse) noexcept
cdef int list_shrunk(Database db, Slice key, Entry* e) except -1

# Whole lists
cdef Entry* list_put(Database db, Slice key, void* value, int encoding, int64_t expire_ms) except? NULL
cdef void* list_compact(Database db, QuickList* ql, int* encoding) noexcept
cdef void list_build(Database db, ListBuilder* builder) noexcept
cdef bint list_build_add(ListBuilder* builder, const char* p, Py_ssize_t n) noexcept
cdef Entry* list_build_store(Database db, Slice key, ListBuilder* builder, int64_t expire_ms) except? NULL
cdef void list_build_discard(ListBuilder* builder) noexcept
