from libc.stddef cimport size_t
from libc.stdint cimport uint64_t

cdef enum:
    STREAM_ID_ROOM = 42     # bytes that stream_id_format may write
    STREAM_ID_MAX_TEXT = 127    # a longer text is no ID, whatever it says

cdef enum:
    STREAM_PART_MAX = 0xFFFFFFFFFFFFFFFFULL

cdef struct StreamID:
    uint64_t ms
    uint64_t seq

cdef struct StreamIDList:
    StreamID* items
    size_t count
    size_t capacity

cdef inline StreamID stream_id(uint64_t ms, uint64_t seq) noexcept nogil:
    cdef StreamID id
    id.ms = ms
    id.seq = seq
    return id

cdef inline StreamID stream_id_max() noexcept nogil:
    """The largest ID that there is."""
    return stream_id(STREAM_PART_MAX, STREAM_PART_MAX)

cdef inline int stream_id_compare(StreamID a, StreamID b) noexcept nogil:
    """-1, 0 or 1 where `a` is before, equal to or behind `b`."""
    if a.ms != b.ms:
        return -1 if a.ms < b.ms else 1
    if a.seq != b.seq:
        return -1 if a.seq < b.seq else 1
    return 0

cdef inline bint stream_id_less(StreamID a, StreamID b) noexcept nogil:
    return a.ms < b.ms or (a.ms == b.ms and a.seq < b.seq)

cdef inline bint stream_id_is_zero(StreamID id) noexcept nogil:
    return id.ms == 0 and id.seq == 0

cdef inline bint stream_id_is_max(StreamID id) noexcept nogil:
    return id.ms == STREAM_PART_MAX and id.seq == STREAM_PART_MAX

cdef inline StreamID stream_id_next(StreamID id) noexcept nogil:
    """The ID behind this one; behind the largest comes 0-0."""
    return stream_id(id.ms + (id.seq == STREAM_PART_MAX), id.seq + 1)

cdef inline StreamID stream_id_previous(StreamID id) noexcept nogil:
    """The ID before this one; before 0-0 comes the largest."""
    return stream_id(id.ms - (id.seq == 0), id.seq - 1)

cdef bint stream_id_parse(
    const char* p, Py_ssize_t n, uint64_t missing_seq, bint* has_seq, StreamID* out
) noexcept nogil
cdef bint stream_id_parse_any(const char* p, Py_ssize_t n, uint64_t missing_seq, StreamID* out) noexcept nogil
cdef bint stream_id_parse_bound(
    const char* p, Py_ssize_t n, uint64_t missing_seq, bint* open, StreamID* out
) noexcept nogil
cdef Py_ssize_t stream_id_format(char* out, StreamID id) noexcept nogil
cdef void stream_ids_add(StreamIDList* ids, StreamID id) noexcept nogil
cdef void stream_ids_clear(StreamIDList* ids) noexcept nogil
