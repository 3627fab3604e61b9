"""A stream as the commands that make it; `aof_rewrite` tells why.

What the commands can't say is lost, as with Redis: entries that are pending though they were deleted, and when
consumers were last seen.
"""

import cython
from cython.cimports.pyrite.core.command_writer import (
    put_argument,
    put_command,
    put_element,
    put_number,
    put_word,
)
from cython.cimports.pyrite.core.entry import Entry, entry_key, entry_key_length, entry_pointer
from cython.cimports.pyrite.core.listpack import LpValue
from cython.cimports.pyrite.core.ordered_index import OrderedCursor, oi_seek_rank
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.core.rdb_format import RdbWriter
from cython.cimports.pyrite.core.stream_group import (
    StreamConsumer,
    StreamGroup,
    StreamNack,
    consumer_next,
    group_next,
    pending_find,
    stream_name,
)
from cython.cimports.pyrite.core.stream_id import (
    STREAM_ID_ROOM,
    StreamID,
    stream_id,
    stream_id_format,
    stream_id_max,
)
from cython.cimports.pyrite.core.stream_index import IdCursor, id_cursor_id, id_cursor_next, id_tree_first
from cython.cimports.pyrite.core.stream_store import (
    Stream,
    StreamIterator,
    stream_iterate,
    stream_next,
    stream_next_field,
)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rewrite_stream(w: cython.pointer[RdbWriter], e: cython.pointer[Entry]) -> cython.void:
    """Write the commands that make this key's stream."""
    c: OrderedCursor
    key: Slice
    key.p = entry_key(e)
    key.n = entry_key_length(e)
    s: cython.pointer[Stream] = cython.cast(cython.pointer[Stream], entry_pointer(e))
    if s.length:
        _put_entries(w, key, s)
    else:
        _put_empty(w, key)
    put_command(w, 7)
    put_word(w, b"XSETID")
    put_argument(w, key.p, key.n)
    _put_id(w, s.last_id)
    put_word(w, b"ENTRIESADDED")
    put_number(w, s.entries_added)
    put_word(w, b"MAXDELETEDID")
    _put_id(w, s.max_deleted_id)
    oi_seek_rank(cython.address(s.groups), 0, cython.address(c))
    g: cython.pointer[StreamGroup] = group_next(cython.address(c))
    while g != cython.NULL:
        _put_group(w, key, g)
        g = group_next(cython.address(c))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_id(w: cython.pointer[RdbWriter], id: StreamID) -> cython.void:
    text: cython.char[STREAM_ID_ROOM]
    put_argument(w, text, stream_id_format(text, id))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_entries(w: cython.pointer[RdbWriter], key: Slice, s: cython.pointer[Stream]) -> cython.void:
    it: StreamIterator
    field: LpValue
    value: LpValue
    stream_iterate(s, cython.address(it), stream_id(0, 0), stream_id_max(), False)
    while stream_next(cython.address(it)):
        put_command(w, 3 + 2 * it.entry.fields)
        put_word(w, b"XADD")
        put_argument(w, key.p, key.n)
        _put_id(w, it.entry.id)
        while stream_next_field(cython.address(it), cython.address(field), cython.address(value)):
            put_element(w, cython.address(field))
            put_element(w, cython.address(value))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_empty(w: cython.pointer[RdbWriter], key: Slice) -> cython.void:
    """A stream without entries: one comes and goes."""
    put_command(w, 7)
    put_word(w, b"XADD")
    put_argument(w, key.p, key.n)
    put_word(w, b"MAXLEN")
    put_word(w, b"0")
    put_word(w, b"0-1")
    put_word(w, b"x")
    put_word(w, b"y")


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_group(w: cython.pointer[RdbWriter], key: Slice, g: cython.pointer[StreamGroup]) -> cython.void:
    c: OrderedCursor
    name: Slice = stream_name(g.entry)
    put_command(w, 7)
    put_word(w, b"XGROUP")
    put_word(w, b"CREATE")
    put_argument(w, key.p, key.n)
    put_argument(w, name.p, name.n)
    _put_id(w, g.last_id)
    put_word(w, b"ENTRIESREAD")
    put_number(w, g.entries_read)
    oi_seek_rank(cython.address(g.consumers), 0, cython.address(c))
    consumer: cython.pointer[StreamConsumer] = consumer_next(cython.address(c))
    while consumer != cython.NULL:
        _put_consumer(w, key, g, consumer)
        consumer = consumer_next(cython.address(c))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_consumer(
    w: cython.pointer[RdbWriter],
    key: Slice,
    g: cython.pointer[StreamGroup],
    consumer: cython.pointer[StreamConsumer],
) -> cython.void:
    """A consumer, then what it has pending: XCLAIM alone makes none where all of that was deleted."""
    c: IdCursor
    id: StreamID
    group: Slice = stream_name(g.entry)
    name: Slice = stream_name(consumer.entry)
    put_command(w, 5)
    put_word(w, b"XGROUP")
    put_word(w, b"CREATECONSUMER")
    put_argument(w, key.p, key.n)
    put_argument(w, group.p, group.n)
    put_argument(w, name.p, name.n)
    found: cython.bint = id_tree_first(cython.address(consumer.pending), cython.address(c))
    while found:
        id = id_cursor_id(cython.address(consumer.pending), cython.address(c))
        _put_claim(w, key, group, name, id, pending_find(g, id))
        found = id_cursor_next(cython.address(c))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_claim(
    w: cython.pointer[RdbWriter],
    key: Slice,
    group: Slice,
    name: Slice,
    id: StreamID,
    nack: cython.pointer[StreamNack],
) -> cython.void:
    if nack == cython.NULL:
        return
    put_command(w, 12)
    put_word(w, b"XCLAIM")
    put_argument(w, key.p, key.n)
    put_argument(w, group.p, group.n)
    put_argument(w, name.p, name.n)
    put_word(w, b"0")
    _put_id(w, id)
    put_word(w, b"TIME")
    put_number(w, nack.delivery_ms)
    put_word(w, b"RETRYCOUNT")
    put_number(w, nack.delivery_count)
    put_word(w, b"JUSTID")
    put_word(w, b"FORCE")
