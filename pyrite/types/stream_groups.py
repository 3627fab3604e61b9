"""Consumer groups of streams: how far they have read, what is left to read, and to whom entries are delivered.

A group counts the entries that the stream had had up to the one it read last (`entries_read`), so that what is left,
its lag, is the count of all entries less that. The count is only kept up while no entry between the group and the end
of the stream has been deleted one by one; where some may have been, it is worked out anew where that can be done, and
else is not known. Trimming from the beginning does no harm. As in Redis 7.4.
"""

import cython
from cython.cimports.libc.stdint import int64_t, uint64_t
from cython.cimports.pyrite.core.entry import KEY_MAX
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.core.stream_group import (
    ENTRIES_READ_UNKNOWN,
    StreamConsumer,
    StreamGroup,
    StreamNack,
    consumer_create,
    consumer_find,
    group_find,
    pending_assign,
)
from cython.cimports.pyrite.core.stream_id import StreamID, stream_id_compare, stream_id_is_zero, stream_id_less
from cython.cimports.pyrite.core.stream_store import Stream
from cython.cimports.pyrite.keyspace.database import NOTIFY_STREAM, Database

from pyrite.core.errors import KEY_TOO_LONG, CommandError, quoted


def no_group(key: bytes, group: bytes) -> bytes:
    """The reply to a command that needs a group, where the key or the group does not exist."""
    return b"NOGROUP No such key '%b' or consumer group '%b'" % (quoted(key), quoted(group))


@cython.cfunc
def group_at(s: cython.pointer[Stream], key: Slice, name: Slice) -> cython.pointer[StreamGroup]:
    """The group of this name; `s` is NULL for a missing key. Raises CommandError NOGROUP."""
    g: cython.pointer[StreamGroup] = cython.NULL
    if s != cython.NULL:
        g = group_find(s, name)
    if g == cython.NULL:
        raise CommandError(no_group(key.p[: key.n], name.p[: name.n]))
    return g


@cython.cfunc
@cython.exceptval(check=False)
def _has_deleted_from(s: cython.pointer[cython.const[Stream]], id: StreamID) -> cython.bint:
    """Tell whether an entry from this ID on may have been deleted one by one."""
    if s.length == 0 or stream_id_is_zero(s.max_deleted_id):
        return False
    return not stream_id_less(s.max_deleted_id, id)


@cython.cfunc
@cython.exceptval(check=False)
def _entries_up_to(s: cython.pointer[cython.const[Stream]], id: StreamID) -> int64_t:
    """How many entries the stream had had up to an ID, ENTRIES_READ_UNKNOWN where that cannot be told."""
    if s.entries_added == 0:
        return 0
    order: cython.int = stream_id_compare(id, s.last_id)
    if order == 0 or (order < 0 and s.length == 0):
        return s.entries_added
    if order > 0:
        return ENTRIES_READ_UNKNOWN
    if not stream_id_is_zero(s.max_deleted_id) and not stream_id_less(s.max_deleted_id, s.first_id):
        return ENTRIES_READ_UNKNOWN
    order = stream_id_compare(id, s.first_id)
    if order > 0:
        return ENTRIES_READ_UNKNOWN
    return s.entries_added - s.length + (order == 0)


@cython.cfunc
@cython.exceptval(check=False)
def group_lag(
    s: cython.pointer[cython.const[Stream]],
    g: cython.pointer[cython.const[StreamGroup]],
    lag: cython.pointer[int64_t],
) -> cython.bint:
    """How many entries the group has yet to read; False where that cannot be told."""
    entries_read: int64_t
    lag[0] = 0
    if s.entries_added == 0 or s.length == 0:
        return True
    if stream_id_less(g.last_id, s.first_id) and stream_id_less(s.max_deleted_id, s.first_id):
        lag[0] = s.length
        return True
    entries_read = g.entries_read
    if entries_read == ENTRIES_READ_UNKNOWN or _has_deleted_from(s, g.last_id):
        entries_read = _entries_up_to(s, g.last_id)
    if entries_read == ENTRIES_READ_UNKNOWN:
        return False
    lag[0] = cython.cast(int64_t, s.entries_added - cython.cast(uint64_t, entries_read))
    return True


@cython.cfunc
@cython.exceptval(check=False)
def group_advance(s: cython.pointer[cython.const[Stream]], g: cython.pointer[StreamGroup], id: StreamID) -> cython.void:
    """Note that the group reads an entry of the stream, which is the next one or one it has read before."""
    if not stream_id_less(g.last_id, id):
        return
    is_known: cython.bint = g.entries_read != ENTRIES_READ_UNKNOWN and not stream_id_less(g.last_id, s.first_id)
    if is_known and not _has_deleted_from(s, g.last_id):
        # In unsigned numbers, which may wrap: a file may hold any count.
        g.entries_read = cython.cast(int64_t, cython.cast(uint64_t, g.entries_read) + 1)
    elif s.entries_added:
        g.entries_read = _entries_up_to(s, id)
    g.last_id = id


@cython.cfunc
@cython.exceptval(check=False)
def group_deliver(
    g: cython.pointer[StreamGroup], consumer: cython.pointer[StreamConsumer], id: StreamID, now_ms: int64_t
) -> cython.void:
    """Let an entry be pending with a consumer, as delivered for the first time."""
    created: cython.bint = False
    nack: cython.pointer[StreamNack] = pending_assign(g, id, consumer, cython.address(created))
    nack.delivery_ms = now_ms
    nack.delivery_count = 1
    consumer.active_ms = now_ms


@cython.cfunc
def consumer_join(
    db: Database,
    key: Slice,
    g: cython.pointer[StreamGroup],
    name: Slice,
    created: cython.pointer[cython.bint],
) -> cython.pointer[StreamConsumer]:
    """The consumer of this name, made where it is not there."""
    consumer: cython.pointer[StreamConsumer] = consumer_find(g, name)
    created[0] = consumer == cython.NULL
    if not created[0]:
        return consumer
    if name.n > KEY_MAX:
        raise CommandError(KEY_TOO_LONG)
    consumer = consumer_create(g, name, db.keyspace.wall_ms())
    db.keyspace.dirty += 1
    db.notify(key, NOTIFY_STREAM, b"xgroup-createconsumer")
    return consumer
