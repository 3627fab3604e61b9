"""Saving of streams; `rdb_load_stream` tells the layout."""

import cython
from cython.cimports.libc.stdint import uint64_t
from cython.cimports.pyrite.core.ordered_index import OrderedCursor, oi_count, oi_seek_rank
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.core.rdb_format import (
    RDB_STREAM_LISTPACKS_3,
    RdbWriter,
    rdb_put_id,
    rdb_put_length,
    rdb_put_ms,
    rdb_put_text,
)
from cython.cimports.pyrite.core.stream_group import (
    StreamConsumer,
    StreamGroup,
    StreamNack,
    consumer_next,
    group_next,
    stream_name,
)
from cython.cimports.pyrite.core.stream_id import StreamID
from cython.cimports.pyrite.core.stream_index import (
    IdCursor,
    IdTree,
    id_cursor_id,
    id_cursor_next,
    id_cursor_value,
    id_tree_first,
)
from cython.cimports.pyrite.core.stream_store import Stream, stream_first_block, stream_next_block


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_save_stream(
    w: cython.pointer[RdbWriter], s: cython.pointer[cython.const[Stream]], type: cython.int
) -> cython.void:
    """Write a stream as type 21, or as type 19, which does not know when consumers were active."""
    c: OrderedCursor
    _save_blocks(w, s)
    rdb_put_length(w, s.length)
    _put_id(w, s.last_id)
    _put_id(w, s.first_id)
    _put_id(w, s.max_deleted_id)
    rdb_put_length(w, s.entries_added)
    rdb_put_length(w, oi_count(cython.address(s.groups)))
    oi_seek_rank(cython.address(s.groups), 0, cython.address(c))
    g: cython.pointer[StreamGroup] = group_next(cython.address(c))
    while g != cython.NULL:
        _save_group(w, g, type)
        g = group_next(cython.address(c))


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _put_id(w: cython.pointer[RdbWriter], id: StreamID) -> cython.void:
    """An ID as two lengths."""
    rdb_put_length(w, id.ms)
    rdb_put_length(w, id.seq)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _save_blocks(w: cython.pointer[RdbWriter], s: cython.pointer[cython.const[Stream]]) -> cython.void:
    c: IdCursor
    master: StreamID
    lp: cython.p_const_uchar = cython.NULL
    n: cython.size_t = 0
    rdb_put_length(w, s.blocks.count)
    stream_first_block(s, cython.address(c))
    while stream_next_block(s, cython.address(c), cython.address(master), cython.address(lp), cython.address(n)):
        # The master ID as a text: its length, then its bytes.
        rdb_put_length(w, 16)
        rdb_put_id(w, master.ms, master.seq)
        rdb_put_text(w, cython.cast(cython.p_const_char, lp), n)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _save_group(w: cython.pointer[RdbWriter], g: cython.pointer[StreamGroup], type: cython.int) -> cython.void:
    c: OrderedCursor
    name: Slice = stream_name(g.entry)
    rdb_put_text(w, name.p, name.n)
    _put_id(w, g.last_id)
    # -1, unknown, as a number of 64 bits.
    rdb_put_length(w, cython.cast(uint64_t, g.entries_read))
    _save_pending(w, cython.address(g.pending), True)
    rdb_put_length(w, oi_count(cython.address(g.consumers)))
    oi_seek_rank(cython.address(g.consumers), 0, cython.address(c))
    consumer: cython.pointer[StreamConsumer] = consumer_next(cython.address(c))
    while consumer != cython.NULL:
        name = stream_name(consumer.entry)
        rdb_put_text(w, name.p, name.n)
        rdb_put_ms(w, consumer.seen_ms)
        if type == RDB_STREAM_LISTPACKS_3:
            rdb_put_ms(w, consumer.active_ms)
        _save_pending(w, cython.address(consumer.pending), False)
        consumer = consumer_next(cython.address(c))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _save_pending(
    w: cython.pointer[RdbWriter], pending: cython.pointer[IdTree], with_deliveries: cython.bint
) -> cython.void:
    """IDs; of a group's, with time and count of their delivery."""
    c: IdCursor
    id: StreamID
    nack: cython.pointer[StreamNack]
    rdb_put_length(w, pending.count)
    found: cython.bint = id_tree_first(pending, cython.address(c))
    while found:
        id = id_cursor_id(pending, cython.address(c))
        rdb_put_id(w, id.ms, id.seq)
        if with_deliveries:
            nack = cython.cast(cython.pointer[StreamNack], id_cursor_value(pending, cython.address(c)))
            rdb_put_ms(w, nack.delivery_ms)
            rdb_put_length(w, nack.delivery_count)
        found = id_cursor_next(cython.address(c))
