"""Loading of streams: their blocks, then their consumer groups, each with what is pending in it and its consumers.

    blocks      number; of each its master ID and its listpack, as texts
    counters    length, last ID; from type 19 on also first ID, largest deleted ID, entries ever added
    groups      number; of each its name, its last ID, from type 19 on the entries it has read, what is pending in it:
                number; of each its ID, time and count of delivery
                consumers: number; of each its name, when it was seen, from type 21 on when it was active, and IDs of
                what is pending with it: number, IDs

An ID among the counters and in a group is two lengths, the others are 16 bytes. Numbers and last IDs have to agree with
the blocks, and each pending entry has to be with one consumer.
"""

import cython
from cython.cimports.libc.stdint import int64_t, uint64_t
from cython.cimports.pyrite.core.entry import ENCODING_STREAM, KEY_MAX, TYPE_STREAM, Entry
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.core.rdb_format import (
    RDB_BAD,
    RDB_GOOD,
    RDB_NO_MEMORY,
    RDB_STREAM_LISTPACKS,
    RDB_STREAM_LISTPACKS_3,
    RdbReader,
    RdbText,
    rdb_fail,
    rdb_free_text,
    rdb_get_count,
    rdb_get_id,
    rdb_get_length,
    rdb_get_ms,
    rdb_get_text,
    rdb_hold,
    rdb_release,
    rdb_start_reading,
)
from cython.cimports.pyrite.core.stream_group import (
    ENTRIES_READ_UNKNOWN,
    StreamConsumer,
    StreamGroup,
    consumer_create,
    group_create,
    group_load_end,
    pending_load,
    pending_load_owner,
    stream_free,
)
from cython.cimports.pyrite.core.stream_id import StreamID, stream_id, stream_id_compare
from cython.cimports.pyrite.core.stream_store import (
    STREAM_NO_MEMORY,
    STREAM_OK,
    Stream,
    stream_load_block,
    stream_load_end,
    stream_new,
)
from cython.cimports.pyrite.types.rdb_parts import rdb_entry


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_load_stream(r: cython.pointer[RdbReader], type: cython.int, key: Slice) -> cython.pointer[Entry]:
    """A stream, in no table yet; NULL where the reader says what is wrong."""
    _: cython.size_t
    s: cython.pointer[Stream] = stream_new()
    for _ in range(rdb_get_count(r, BLOCK_BYTES)):
        _load_block(r, s)
        if r.problem != RDB_GOOD:
            break
    _load_counters(r, s, type)
    for _ in range(rdb_get_count(r, GROUP_BYTES)):
        _load_group(r, s, type)
        if r.problem != RDB_GOOD:
            break
    if r.problem == RDB_GOOD:
        return rdb_entry(key, TYPE_STREAM, ENCODING_STREAM, s)
    stream_free(s)
    return cython.NULL


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _raw_id(r: cython.pointer[RdbReader]) -> StreamID:
    """An ID of 16 bytes."""
    ms: uint64_t = 0
    sequence: uint64_t = 0
    rdb_get_id(r, cython.address(ms), cython.address(sequence))
    return stream_id(ms, sequence)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _id(r: cython.pointer[RdbReader]) -> StreamID:
    """An ID of two lengths."""
    ms: uint64_t = rdb_get_length(r)
    return stream_id(ms, rdb_get_length(r))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _load_master(r: cython.pointer[RdbReader], master: cython.pointer[StreamID]) -> cython.bint:
    """A text that is an ID."""
    text: RdbText
    inner: RdbReader
    if not rdb_get_text(r, cython.address(text)):
        return False
    if text.n == ID_BYTES:
        rdb_start_reading(cython.address(inner), text.p, text.n)
        master[0] = _raw_id(cython.address(inner))
    else:
        rdb_fail(r, RDB_BAD)
    rdb_free_text(cython.address(text))
    return r.problem == RDB_GOOD


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _load_block(r: cython.pointer[RdbReader], s: cython.pointer[Stream]) -> cython.void:
    master: StreamID
    text: RdbText
    if not _load_master(r, cython.address(master)) or not rdb_get_text(r, cython.address(text)):
        return
    status: cython.int = stream_load_block(s, master, cython.cast(cython.p_const_uchar, text.p), text.n)
    rdb_free_text(cython.address(text))
    if status != STREAM_OK:
        rdb_fail(r, RDB_NO_MEMORY if status == STREAM_NO_MEMORY else RDB_BAD)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _load_counters(r: cython.pointer[RdbReader], s: cython.pointer[Stream], type: cython.int) -> cython.void:
    length: uint64_t = rdb_get_length(r)
    last_id: StreamID = _id(r)
    max_deleted_id: StreamID = stream_id(0, 0)
    added: uint64_t = length
    if type != RDB_STREAM_LISTPACKS:
        # The first ID, which the blocks tell.
        _id(r)
        max_deleted_id = _id(r)
        added = rdb_get_length(r)
    if r.problem == RDB_GOOD and not stream_load_end(s, length, last_id, max_deleted_id, added):
        rdb_fail(r, RDB_BAD)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _entries_before(s: cython.pointer[Stream], last_id: StreamID) -> int64_t:
    """How many entries a group had read, in a stream of before Redis 7, which did not count them.

    Entries that were deleted were not counted either; so it can be told at the stream's ends alone.
    """
    order: cython.int = stream_id_compare(last_id, s.first_id)
    if s.length == 0 or order < 0:
        return 0
    if order == 0:
        return 1
    return s.length if stream_id_compare(last_id, s.last_id) == 0 else ENTRIES_READ_UNKNOWN


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _name(r: cython.pointer[RdbReader], text: cython.pointer[RdbText]) -> Slice:
    """A text that is a group's or a consumer's name, held until `_free_name`."""
    name: Slice
    rdb_hold(r)
    if rdb_get_text(r, text) and text.n > KEY_MAX:
        rdb_fail(r, RDB_BAD)
    name.p = cython.cast(cython.p_char, text.p)
    name.n = text.n
    return name


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _free_name(r: cython.pointer[RdbReader], text: cython.pointer[RdbText]) -> cython.void:
    rdb_free_text(text)
    rdb_release(r)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _load_group(r: cython.pointer[RdbReader], s: cython.pointer[Stream], type: cython.int) -> cython.void:
    text: RdbText
    _: cython.size_t
    entries_read: int64_t
    g: cython.pointer[StreamGroup] = cython.NULL
    name: Slice = _name(r, cython.address(text))
    last_id: StreamID = _id(r)
    if type == RDB_STREAM_LISTPACKS:
        entries_read = _entries_before(s, last_id)
    else:
        entries_read = cython.cast(int64_t, rdb_get_length(r))
    if r.problem == RDB_GOOD:
        g = group_create(s, name, last_id, entries_read)
    _free_name(r, cython.address(text))
    if g == cython.NULL:
        rdb_fail(r, RDB_BAD)
        return
    _load_pending(r, g)
    for _ in range(rdb_get_count(r, CONSUMER_BYTES)):
        _load_consumer(r, g, type)
        if r.problem != RDB_GOOD:
            return
    if not group_load_end(g):
        rdb_fail(r, RDB_BAD)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _load_pending(r: cython.pointer[RdbReader], g: cython.pointer[StreamGroup]) -> cython.void:
    """What is pending in a group; whose it is comes with the consumers."""
    _: cython.size_t
    id: StreamID
    delivery_ms: int64_t
    delivery_count: uint64_t
    for _ in range(rdb_get_count(r, PENDING_BYTES)):
        id = _raw_id(r)
        delivery_ms = rdb_get_ms(r)
        delivery_count = rdb_get_length(r)
        if r.problem != RDB_GOOD:
            return
        if not pending_load(g, id, delivery_ms, delivery_count):
            rdb_fail(r, RDB_BAD)
            return


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _load_consumer(r: cython.pointer[RdbReader], g: cython.pointer[StreamGroup], type: cython.int) -> cython.void:
    text: RdbText
    _: cython.size_t
    id: StreamID
    consumer: cython.pointer[StreamConsumer] = cython.NULL
    name: Slice = _name(r, cython.address(text))
    seen_ms: int64_t = rdb_get_ms(r)
    active_ms: int64_t = rdb_get_ms(r) if type == RDB_STREAM_LISTPACKS_3 else seen_ms
    if r.problem == RDB_GOOD:
        consumer = consumer_create(g, name, seen_ms)
    _free_name(r, cython.address(text))
    if consumer == cython.NULL:
        rdb_fail(r, RDB_BAD)
        return
    consumer.active_ms = active_ms
    for _ in range(rdb_get_count(r, ID_BYTES)):
        id = _raw_id(r)
        if r.problem != RDB_GOOD or not pending_load_owner(g, consumer, id):
            rdb_fail(r, RDB_BAD)
            return
