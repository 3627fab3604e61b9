from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint64_t

from pyrite.core.listpack cimport LpValue, lp_after, lp_get
from pyrite.core.parser cimport Slice
from pyrite.core.stream_id cimport StreamID

cdef enum:
    ENTRY_DELETED = 1
    ENTRY_SAME_FIELDS = 2   # those of the block's head, so the entry has only values

cdef struct StreamBlock:
    # A block that is being read. Positions are those of listpack elements.
    const unsigned char* lp
    StreamID master         # what the IDs of its entries are told by
    int64_t fields          # in its head
    Py_ssize_t fields_at
    Py_ssize_t start        # the first entry

cdef struct StreamEntry:
    StreamID id
    int flags
    int64_t fields          # pairs of field and value
    Py_ssize_t at           # its flags
    Py_ssize_t body         # its first field, with ENTRY_SAME_FIELDS its first value

cdef inline int64_t block_number(const unsigned char* lp, Py_ssize_t at) noexcept nogil:
    """The value of an integer element."""
    cdef LpValue value
    if lp[at] < 128:
        return lp[at]
    lp_get(lp, at, &value)
    return value.number

cdef inline int64_t block_live(const unsigned char* lp) noexcept nogil:
    """How many entries are there."""
    return block_number(lp, 6)

cdef inline int64_t block_deleted(const unsigned char* lp) noexcept nogil:
    """How many entries are marked as deleted."""
    return block_number(lp, lp_after(lp, 6))

cdef void block_open(StreamBlock* block, const unsigned char* lp, StreamID master) noexcept nogil
cdef void block_entry(const StreamBlock* block, Py_ssize_t at, StreamEntry* entry) noexcept nogil
cdef Py_ssize_t block_after(const StreamBlock* block, const StreamEntry* entry) noexcept nogil
cdef Py_ssize_t block_before(const StreamBlock* block, Py_ssize_t at) noexcept nogil
cdef bint block_has_fields(const StreamBlock* block, const Slice* pairs, Py_ssize_t count) noexcept nogil
cdef size_t block_room(const Slice* pairs, Py_ssize_t count, bint fresh) noexcept nogil
cdef void block_start(unsigned char* lp, const Slice* pairs, Py_ssize_t count) noexcept nogil
cdef void block_add(
    unsigned char* lp, StreamID delta, const Slice* pairs, Py_ssize_t count, bint same_fields
) noexcept nogil
cdef void block_mark_deleted(unsigned char* lp, Py_ssize_t at) noexcept nogil
cdef bint block_validate(
    const unsigned char* p, size_t n, StreamID master, StreamID* last, uint64_t* live
) noexcept nogil
