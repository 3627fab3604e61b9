"""XINFO: what there is to know of a stream, its groups and their consumers."""

import cython
from cython.cimports.libc.stdint import int64_t
from cython.cimports.pyrite.commands.stream import reply_entry, reply_id, reply_range
from cython.cimports.pyrite.core.ordered_index import OrderedCursor, oi_count, oi_seek_rank
from cython.cimports.pyrite.core.parser import Args, Slice
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.core.stream_group import (
    ENTRIES_READ_UNKNOWN,
    NEVER_ACTIVE,
    StreamConsumer,
    StreamGroup,
    StreamNack,
    consumer_next,
    group_find,
    group_next,
    pending_find,
    stream_name,
)
from cython.cimports.pyrite.core.stream_id import StreamID, stream_id, stream_id_max
from cython.cimports.pyrite.core.stream_index import IdCursor, IdTree, id_cursor_id, id_cursor_next, id_tree_first
from cython.cimports.pyrite.core.stream_radix import stream_radix_nodes
from cython.cimports.pyrite.core.stream_store import (
    Stream,
    StreamIterator,
    stream_iterate,
    stream_next,
)
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.types.stream import stream_read
from cython.cimports.pyrite.types.stream_groups import group_lag

from pyrite.commands.stream_group import no_group_for_key, wrong_subcommand
from pyrite.core.errors import NO_SUCH_KEY, CommandError
from pyrite.engine.command import command, container, help_of
from pyrite.engine.declare import (
    ACCESS,
    NONDETERMINISTIC_OUTPUT,
    READONLY,
    RO,
    STREAM,
    block,
    integer,
    key,
    key_at,
    optional,
    string,
    token,
)

# How many entries XINFO STREAM FULL shows, of the stream and of each list of pending ones, unless COUNT says so.
FULL_COUNT = cython.declare(cython.longlong, 10)

container(
    "XINFO",
    arity=-2,
    group=STREAM,
    acl=0,
    since="5.0.0",
    complexity="Depends on the subcommand.",
    summary="Commands that tell about streams and their consumer groups.",
)


@cython.cfunc
def _find(client: Client, args: Args) -> cython.pointer[Stream]:
    """The stream that is asked for; raises CommandError without it."""
    s: cython.pointer[Stream] = stream_read(client.db, args.v[2])
    if s == cython.NULL:
        raise CommandError(NO_SUCH_KEY)
    return s


@cython.cfunc
@cython.exceptval(check=False)
def _reply_name(reply: Reply, name: Slice) -> cython.void:
    reply.bulk(b"name")
    reply.put_bulk(name.p, name.n)


@cython.cfunc
@cython.exceptval(check=False)
def _reply_number(reply: Reply, label: bytes, value: int64_t) -> cython.void:
    reply.bulk(label)
    reply.integer(value)


@cython.cfunc
@cython.exceptval(check=False)
def _reply_labelled_id(reply: Reply, label: bytes, id: StreamID) -> cython.void:
    reply.bulk(label)
    reply_id(reply, id)


@cython.cfunc
@cython.exceptval(check=False)
def _reply_progress(reply: Reply, s: cython.pointer[Stream], g: cython.pointer[StreamGroup]) -> cython.void:
    """What a group has read, and what it has yet to read; null where that is not known."""
    lag: int64_t = 0
    reply.bulk(b"entries-read")
    if g.entries_read == ENTRIES_READ_UNKNOWN:
        reply.null()
    else:
        reply.integer(g.entries_read)
    reply.bulk(b"lag")
    if group_lag(s, g, cython.address(lag)):
        reply.integer(lag)
    else:
        reply.null()


@command(
    "XINFO|CONSUMERS",
    arity=4,
    flags=READONLY,
    group=STREAM,
    since="5.0.0",
    complexity="O(1)",
    keys=(key_at(2, RO | ACCESS),),
    tips=(NONDETERMINISTIC_OUTPUT,),
    history=(("7.2.0", "The `inactive` field."),),
    args=(key(), string("group")),
)
def xinfo_consumers(client: Client, args: Args) -> None:
    """List the consumers of a group."""
    c: OrderedCursor
    reply: Reply = client.reply
    now_ms: int64_t = client.db.keyspace.now_ms
    g: cython.pointer[StreamGroup] = group_find(_find(client, args), args.v[3])
    if g == cython.NULL:
        raise CommandError(no_group_for_key(args[2], args[3]))
    reply.array(oi_count(cython.address(g.consumers)))
    oi_seek_rank(cython.address(g.consumers), 0, cython.address(c))
    consumer: cython.pointer[StreamConsumer] = consumer_next(cython.address(c))
    while consumer != cython.NULL:
        reply.map(4)
        _reply_name(reply, stream_name(consumer.entry))
        _reply_number(reply, b"pending", consumer.pending.count)
        _reply_number(reply, b"idle", now_ms - consumer.seen_ms if now_ms > consumer.seen_ms else 0)
        _reply_number(
            reply, b"inactive", NEVER_ACTIVE if consumer.active_ms == NEVER_ACTIVE else now_ms - consumer.active_ms
        )
        consumer = consumer_next(cython.address(c))


@command(
    "XINFO|GROUPS",
    arity=3,
    flags=READONLY,
    group=STREAM,
    since="5.0.0",
    complexity="O(1)",
    keys=(key_at(2, RO | ACCESS),),
    history=(("7.0.0", "The `entries-read` and `lag` fields."),),
    args=(key(),),
)
def xinfo_groups(client: Client, args: Args) -> None:
    """List the consumer groups of a stream."""
    c: OrderedCursor
    reply: Reply = client.reply
    s: cython.pointer[Stream] = _find(client, args)
    reply.array(oi_count(cython.address(s.groups)))
    oi_seek_rank(cython.address(s.groups), 0, cython.address(c))
    g: cython.pointer[StreamGroup] = group_next(cython.address(c))
    while g != cython.NULL:
        reply.map(6)
        _reply_name(reply, stream_name(g.entry))
        _reply_number(reply, b"consumers", oi_count(cython.address(g.consumers)))
        _reply_number(reply, b"pending", g.pending.count)
        _reply_labelled_id(reply, b"last-delivered-id", g.last_id)
        _reply_progress(reply, s, g)
        g = group_next(cython.address(c))


# XINFO STREAM


@cython.cfunc
@cython.exceptval(check=False)
def _reply_stream(reply: Reply, s: cython.pointer[Stream]) -> cython.void:
    """What both forms begin with, seven fields."""
    _reply_number(reply, b"length", s.length)
    _reply_number(reply, b"radix-tree-keys", s.blocks.count)
    _reply_number(reply, b"radix-tree-nodes", stream_radix_nodes(s))
    _reply_labelled_id(reply, b"last-generated-id", s.last_id)
    _reply_labelled_id(reply, b"max-deleted-entry-id", s.max_deleted_id)
    _reply_number(reply, b"entries-added", s.entries_added)
    _reply_labelled_id(reply, b"recorded-first-entry-id", s.first_id)


@cython.cfunc
@cython.exceptval(check=False)
def _reply_edge(reply: Reply, label: bytes, s: cython.pointer[Stream], last: cython.bint) -> cython.void:
    it: StreamIterator
    reply.bulk(label)
    stream_iterate(s, cython.address(it), stream_id(0, 0), stream_id_max(), last)
    if stream_next(cython.address(it)):
        reply_entry(reply, cython.address(it))
    else:
        reply.null()


@cython.cfunc
@cython.exceptval(check=False)
def _reply_pending(
    reply: Reply,
    g: cython.pointer[StreamGroup],
    ids: cython.pointer[IdTree],
    count: cython.longlong,
    with_consumer: cython.bint,
) -> cython.void:
    """The number of these pending entries, and an array of the first of them."""
    c: IdCursor
    id: StreamID
    nack: cython.pointer[StreamNack]
    n: cython.Py_ssize_t = 0
    name: Slice
    _reply_number(reply, b"pel-count", ids.count)
    reply.bulk(b"pending")
    mark: cython.Py_ssize_t = reply.open()
    found: cython.bint = id_tree_first(ids, cython.address(c))
    while found and (count == 0 or n < count):
        id = id_cursor_id(ids, cython.address(c))
        nack = pending_find(g, id)
        reply.array(4 if with_consumer else 3)
        reply_id(reply, id)
        if with_consumer:
            name = stream_name(nack.consumer.entry)
            reply.put_bulk(name.p, name.n)
        reply.integer(nack.delivery_ms)
        reply.integer(nack.delivery_count)
        n += 1
        found = id_cursor_next(cython.address(c))
    reply.close_array(mark, n)


@cython.cfunc
@cython.exceptval(check=False)
def _reply_group(
    reply: Reply, s: cython.pointer[Stream], g: cython.pointer[StreamGroup], count: cython.longlong
) -> cython.void:
    """A group with its consumers, and the first of what is pending."""
    c: OrderedCursor
    reply.map(7)
    _reply_name(reply, stream_name(g.entry))
    _reply_labelled_id(reply, b"last-delivered-id", g.last_id)
    _reply_progress(reply, s, g)
    _reply_pending(reply, g, cython.address(g.pending), count, True)
    reply.bulk(b"consumers")
    reply.array(oi_count(cython.address(g.consumers)))
    oi_seek_rank(cython.address(g.consumers), 0, cython.address(c))
    consumer: cython.pointer[StreamConsumer] = consumer_next(cython.address(c))
    while consumer != cython.NULL:
        reply.map(5)
        _reply_name(reply, stream_name(consumer.entry))
        _reply_number(reply, b"seen-time", consumer.seen_ms)
        _reply_number(reply, b"active-time", consumer.active_ms)
        _reply_pending(reply, g, cython.address(consumer.pending), count, False)
        consumer = consumer_next(cython.address(c))


@cython.cfunc
@cython.exceptval(check=False)
def _reply_full(reply: Reply, s: cython.pointer[Stream], count: cython.longlong) -> cython.void:
    c: OrderedCursor
    reply.map(9)
    _reply_stream(reply, s)
    reply.bulk(b"entries")
    reply_range(reply, s, stream_id(0, 0), stream_id_max(), False, count)
    reply.bulk(b"groups")
    reply.array(oi_count(cython.address(s.groups)))
    oi_seek_rank(cython.address(s.groups), 0, cython.address(c))
    g: cython.pointer[StreamGroup] = group_next(cython.address(c))
    while g != cython.NULL:
        _reply_group(reply, s, g, count)
        g = group_next(cython.address(c))


@command(
    "XINFO|STREAM",
    arity=-3,
    flags=READONLY,
    group=STREAM,
    since="5.0.0",
    complexity="O(1); with `FULL` O(N), where N is the number of entries, groups and consumers shown.",
    keys=(key_at(2, RO | ACCESS),),
    history=(
        ("6.0.0", "`FULL`."),
        (
            "7.0.0",
            "The fields `max-deleted-entry-id`, `entries-added`, `recorded-first-entry-id`, `entries-read`, `lag`.",
        ),
        ("7.2.0", "The field `active-time`; `seen-time` means any attempt."),
    ),
    args=(key(), optional(block("full-block", token("FULL"), optional(integer("count", token="COUNT"))))),
)
def xinfo_stream(client: Client, args: Args) -> None:
    """Tell about a stream, in full with entries, groups and consumers."""
    reply: Reply = client.reply
    count: cython.longlong = FULL_COUNT
    s: cython.pointer[Stream] = _find(client, args)
    if args.argc == 3:
        reply.map(10)
        _reply_stream(reply, s)
        _reply_number(reply, b"groups", oi_count(cython.address(s.groups)))
        _reply_edge(reply, b"first-entry", s, False)
        _reply_edge(reply, b"last-entry", s, True)
        return
    if args.argc not in (4, 6) or not args.equals(3, b"full") or (args.argc == 6 and not args.equals(4, b"count")):
        raise CommandError(wrong_subcommand(b"XINFO", args[1]))
    if args.argc == 6:
        count = args.integer(5)
        count = FULL_COUNT if count < 0 else count
    _reply_full(reply, s, count)


help_of("XINFO", since="5.0.0")
