"""Streams: entries in the order of their IDs, with consumer groups. What they are made of stands in core/stream_*.

A stream has one encoding. Unlike other collections it may be empty: its last ID and its groups outlive its entries.
"""

import cython
from cython.cimports.libc.stdint import int64_t, uint64_t
from cython.cimports.pyrite.core.entry import (
    ENCODING_STREAM,
    PART_OWNER,
    PART_WORD,
    TYPE_STREAM,
    Entry,
    entry_register_type,
    entry_type,
    entry_word,
)
from cython.cimports.pyrite.core.parser import Args, Slice
from cython.cimports.pyrite.core.stream_group import stream_copy, stream_free, stream_memory
from cython.cimports.pyrite.core.stream_id import (
    STREAM_PART_MAX,
    StreamID,
    stream_id,
    stream_id_is_max,
    stream_id_is_zero,
    stream_id_less,
    stream_id_next,
    stream_id_parse,
    stream_id_parse_bound,
    stream_id_previous,
)
from cython.cimports.pyrite.core.stream_store import (
    STREAM_NO_MEMORY,
    STREAM_OK,
    Stream,
    stream_append,
    stream_edge,
    stream_new,
)
from cython.cimports.pyrite.keyspace.database import NO_EXPIRE, Database

from pyrite.core.errors import NO_MEMORY_FOR_VALUE, WRONG_TYPE, CommandError

INVALID_ID = b"ERR Invalid stream ID specified as stream command argument"
INVALID_START = b"ERR invalid start ID for the interval"
INVALID_END = b"ERR invalid end ID for the interval"
ID_ZERO = b"ERR The ID specified in XADD must be greater than 0-0"
ID_NOT_ABOVE = b"ERR The ID specified in XADD is equal or smaller than the target stream top item"
ID_EXHAUSTED = b"ERR The stream has exhausted the last possible ID, unable to add more items"
TOO_LARGE = b"ERR Elements are too large to be stored"
LAST_BELOW_DELETED = b"ERR The ID specified in XSETID is smaller than current max_deleted_entry_id"
LAST_BELOW_TOP = b"ERR The ID specified in XSETID is smaller than the target stream top item"
ADDED_BELOW_LENGTH = b"ERR The entries_added specified in XSETID is smaller than the target stream length"


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _release(value: cython.p_void, encoding: cython.int) -> cython.void:
    stream_free(cython.cast(cython.pointer[Stream], value))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _measure(value: cython.p_void, encoding: cython.int) -> cython.size_t:
    return stream_memory(cython.cast(cython.pointer[Stream], value))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _copy(value: cython.p_void, encoding: cython.int) -> cython.p_void:
    return stream_copy(cython.cast(cython.pointer[Stream], value))


entry_register_type(TYPE_STREAM, _release, _measure, _copy)


# Look-up


@cython.cfunc
def stream_read(db: Database, key: Slice) -> cython.pointer[Stream]:
    """The stream that a command reads; NULL for a missing key. Raises CommandError WRONG_TYPE."""
    e: cython.pointer[Entry] = db.lookup_read(key)
    if e == cython.NULL:
        return cython.NULL
    if entry_type(e) != TYPE_STREAM:
        raise CommandError(WRONG_TYPE)
    return stream_of(e)


@cython.cfunc
def stream_write(db: Database, key: Slice) -> cython.pointer[Stream]:
    """The stream that a command changes; NULL for a missing key. Raises CommandError WRONG_TYPE."""
    e: cython.pointer[Entry] = db.lookup_write(key)
    if e == cython.NULL:
        return cython.NULL
    if entry_type(e) != TYPE_STREAM:
        raise CommandError(WRONG_TYPE)
    return stream_of(e)


@cython.cfunc
def stream_adopt(db: Database, key: Slice, s: cython.pointer[Stream], expire_ms: int64_t) -> cython.pointer[Entry]:
    """Put a stream that nobody else holds under a key, whatever that held before."""
    e: cython.pointer[Entry] = db.put(key, TYPE_STREAM, ENCODING_STREAM, PART_WORD | PART_OWNER, 0, expire_ms)
    entry_word(e)[0] = cython.cast(uint64_t, s)
    return e


@cython.cfunc
def stream_create(db: Database, key: Slice) -> cython.pointer[Stream]:
    """A new, empty stream under a key that does not exist."""
    db.check_key(key)
    s: cython.pointer[Stream] = stream_new()
    stream_adopt(db, key, s, NO_EXPIRE)
    return s


@cython.cfunc
@cython.exceptval(check=False)
def stream_length(e: cython.pointer[Entry]) -> uint64_t:
    """Number of entries."""
    return stream_of(e).length


# Arguments


@cython.cfunc
@cython.exceptval(-1, check=False)
def stream_id_argument(args: Args, i: cython.Py_ssize_t, id: cython.pointer[StreamID]) -> cython.int:
    """Read argument `i` as the ID of one entry, without its sequence number <ms>-0; raises CommandError INVALID_ID."""
    if not stream_id_parse(args.v[i].p, args.v[i].n, 0, cython.NULL, id):
        raise CommandError(INVALID_ID)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def stream_range_start(args: Args, i: cython.Py_ssize_t, id: cython.pointer[StreamID]) -> cython.int:
    """Read argument `i` as the first ID of a range; raises CommandError INVALID_ID or INVALID_START."""
    is_open: cython.bint = False
    if not stream_id_parse_bound(args.v[i].p, args.v[i].n, 0, cython.address(is_open), id):
        raise CommandError(INVALID_ID)
    if is_open:
        if stream_id_is_max(id[0]):
            raise CommandError(INVALID_START)
        id[0] = stream_id_next(id[0])
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def stream_range_end(args: Args, i: cython.Py_ssize_t, id: cython.pointer[StreamID]) -> cython.int:
    """Read argument `i` as the last ID of a range; raises CommandError INVALID_ID or INVALID_END."""
    is_open: cython.bint = False
    if not stream_id_parse_bound(args.v[i].p, args.v[i].n, STREAM_PART_MAX, cython.address(is_open), id):
        raise CommandError(INVALID_ID)
    if is_open:
        if stream_id_is_zero(id[0]):
            raise CommandError(INVALID_END)
        id[0] = stream_id_previous(id[0])
    return 0


# Entries


@cython.cfunc
@cython.exceptval(check=False)
def stream_make_id(
    s: cython.pointer[cython.const[Stream]], now_ms: int64_t, wanted: NewID, id: cython.pointer[StreamID]
) -> cython.bint:
    """The ID of the next entry; False where it would not be above the last one. `s` is NULL for a new stream."""
    last: StreamID = stream_id(0, 0) if s == cython.NULL else s.last_id
    if not wanted.given:
        is_later: cython.bint = cython.cast(uint64_t, now_ms) > last.ms
        id[0] = stream_id(now_ms, 0) if is_later else stream_id_next(last)
    elif not wanted.has_seq and last.ms == wanted.id.ms:
        id[0] = stream_id(last.ms, last.seq + 1)
    else:
        id[0] = wanted.id
    return stream_id_less(last, id[0])


@cython.cfunc
@cython.exceptval(-1, check=False)
def stream_add(
    db: Database,
    key: Slice,
    s: cython.pointer[cython.pointer[Stream]],
    wanted: NewID,
    pairs: cython.pointer[cython.const[Slice]],
    count: cython.Py_ssize_t,
    id: cython.pointer[StreamID],
) -> cython.int:
    """Add an entry of `count` pairs, fields and values in turn; sets `id` to its ID.

    `s[0]` is NULL for a missing key, which is created; it is the new stream then. Raises CommandError, with nothing
    done, where the ID is not above all others, the entry is too large, or memory does not suffice.
    """
    created: cython.bint = s[0] == cython.NULL
    if not created and stream_id_is_max(s[0].last_id):
        raise CommandError(ID_EXHAUSTED)
    if not stream_make_id(s[0], db.keyspace.now_ms, wanted, id):
        raise CommandError(ID_NOT_ABOVE)
    if created:
        s[0] = stream_create(db, key)
    status: cython.int = stream_append(
        s[0], id[0], pairs, count, db.keyspace.stream_node_max_bytes, db.keyspace.stream_node_max_entries
    )
    if status != STREAM_OK:
        if created:
            db.delete(key, False)
        raise CommandError(NO_MEMORY_FOR_VALUE if status == STREAM_NO_MEMORY else TOO_LARGE)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def stream_set_last(
    s: cython.pointer[Stream], last_id: StreamID, entries_added: cython.longlong, max_deleted_id: StreamID
) -> cython.int:
    """XSETID: set the last ID; the count of all entries unless -1; the highest deleted ID unless 0-0.

    Raises CommandError where the entries that are there contradict it.
    """
    top: StreamID
    if stream_id_less(last_id, s.max_deleted_id):
        raise CommandError(LAST_BELOW_DELETED)
    if s.length and stream_edge(s, True, False, cython.address(top)):
        if stream_id_less(last_id, top):
            raise CommandError(LAST_BELOW_TOP)
        if entries_added != -1 and s.length > cython.cast(uint64_t, entries_added):
            raise CommandError(ADDED_BELOW_LENGTH)
    s.last_id = last_id
    if entries_added != -1:
        s.entries_added = entries_added
    if not stream_id_is_zero(max_deleted_id):
        s.max_deleted_id = max_deleted_id
    return 0
