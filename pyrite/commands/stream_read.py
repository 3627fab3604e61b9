"""XREAD and XREADGROUP: entries of several streams behind given IDs, and waiting for them."""

import cython
from cython.cimports.libc.stdint import int64_t, uint64_t
from cython.cimports.pyrite.commands.stream import reply_entry, reply_id, reply_one, reply_range
from cython.cimports.pyrite.commands.stream_propagation import propagate_consumer, propagate_reading
from cython.cimports.pyrite.core.entry import TYPE_STREAM, Entry
from cython.cimports.pyrite.core.numbers import LONGLONG_MAX, parse_longlong
from cython.cimports.pyrite.core.parser import Args, Slice
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.core.stream_group import StreamConsumer, StreamGroup, StreamNack, group_find, pending_find
from cython.cimports.pyrite.core.stream_id import (
    StreamID,
    stream_id,
    stream_id_format,
    stream_id_is_max,
    stream_id_less,
    stream_id_max,
    stream_id_next,
    stream_id_parse,
    stream_id_previous,
)
from cython.cimports.pyrite.core.stream_index import IdCursor, id_cursor_id, id_cursor_next, id_tree_seek
from cython.cimports.pyrite.core.stream_store import (
    Stream,
    StreamIterator,
    stream_edge,
    stream_iterate,
    stream_next,
)
from cython.cimports.pyrite.engine.blocking import BLOCK_REPLY_NULL_ARRAY, block_on_keys
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.engine.declare import KeySpec
from cython.cimports.pyrite.keyspace.database import Database
from cython.cimports.pyrite.types.stream import stream_id_argument, stream_of, stream_read
from cython.cimports.pyrite.types.stream_groups import consumer_join, group_advance, group_deliver

from pyrite.core.errors import SYNTAX, CommandError
from pyrite.engine.command import command
from pyrite.engine.declare import (
    ACCESS,
    BLOCKING,
    READONLY,
    RO,
    STREAM,
    WRITE,
    block,
    integer,
    key,
    multiple,
    optional,
    string,
    token,
)
from pyrite.types.stream_groups import no_group

TIMEOUT_NOT_INTEGER = b"ERR timeout is not an integer or out of range"
TIMEOUT_NEGATIVE = b"ERR timeout is negative"
TIMEOUT_OUT_OF_RANGE = b"ERR timeout is out of range"
GROUP_IN_XREAD = b"ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead."
NOACK_IN_XREAD = b"ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead."
GROUP_MISSING = b"ERR Missing GROUP option for XREADGROUP"
NEW_IN_XREAD = b"ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option."
UNBALANCED_READ = b"ERR Unbalanced 'xread' list of streams: for each stream key an ID, '+', or '$' must be specified."
UNBALANCED_READ_GROUP = (
    b"ERR Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' must be specified."
)


def _meaningless(id: bytes) -> bytes:
    """The reply to an ID that XREADGROUP has no use for."""
    return (
        b"ERR The %b ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by "
        b"specifying a proper ID, or use the > ID to get new messages. The %b ID would just return an empty result set."
    ) % (id, id)


# Arguments


@cython.cfunc
@cython.exceptval(-2, check=False)
def _timeout(client: Client, args: Args, i: cython.Py_ssize_t) -> cython.longlong:
    """BLOCK's milliseconds; raises CommandError."""
    value: cython.longlong = 0
    highest: cython.longlong = LONGLONG_MAX
    if not parse_longlong(args.v[i].p, args.v[i].n, cython.address(value)):
        raise CommandError(TIMEOUT_NOT_INTEGER)
    if value < 0:
        raise CommandError(TIMEOUT_NEGATIVE)
    if value > highest - client.db.keyspace.now_ms:
        raise CommandError(TIMEOUT_OUT_OF_RANGE)
    return value


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse(client: Client, args: Args, in_group: cython.bint, options: cython.pointer[ReadOptions]) -> cython.int:
    """Read everything but the keys and IDs; raises CommandError."""
    i: cython.Py_ssize_t = 1
    more: cython.Py_ssize_t
    options.count = 0
    options.timeout_ms = NO_BLOCK
    options.noack = options.has_group = False
    options.keys_at = 0
    while i < args.argc and options.keys_at == 0:
        more = args.argc - 1 - i
        if more and args.equals(i, b"block"):
            i += 1
            options.timeout_ms = _timeout(client, args, i)
        elif more and args.equals(i, b"count"):
            i += 1
            options.count = args.integer(i)
            options.count = 0 if options.count < 0 else options.count
        elif more and args.equals(i, b"streams"):
            options.keys_at = i + 1
            if more % 2:
                raise CommandError(UNBALANCED_READ_GROUP if in_group else UNBALANCED_READ)
            options.streams = more // 2
        elif more >= 2 and args.equals(i, b"group"):
            if not in_group:
                raise CommandError(GROUP_IN_XREAD)
            options.has_group = True
            options.group = args.v[i + 1]
            options.consumer = args.v[i + 2]
            i += 2
        elif args.equals(i, b"noack"):
            if not in_group:
                raise CommandError(NOACK_IN_XREAD)
            options.noack = True
        else:
            raise CommandError(SYNTAX)
        i += 1
    if options.keys_at == 0:
        raise CommandError(SYNTAX)
    if in_group and not options.has_group:
        raise CommandError(GROUP_MISSING)
    return 0


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _is_sign(args: Args, i: cython.Py_ssize_t, sign: cython.char) -> cython.bint:
    """Tell whether argument `i` is just this character."""
    return args.v[i].n == 1 and args.v[i].p[0] == sign


def _find_keys(args: Args, start: cython.Py_ssize_t) -> list:
    """Find the keys as the command itself does: a group or a consumer may be called STREAMS too.

    They are found in a request that would be refused as well.
    """
    i: cython.Py_ssize_t = start + 1
    while i < args.argc and not args.equals(i, b"streams"):
        if args.equals(i, b"block") or args.equals(i, b"count"):
            i += 2
        elif args.equals(i, b"group"):
            i += 3
        else:
            i += 1
    return [(index - start, RO | ACCESS) for index in range(i + 1, i + 1 + (args.argc - i - 1) // 2)]


def _keys_after_streams(search_from: int) -> tuple:
    """The key spec: the first half of what follows STREAMS."""
    spec = KeySpec(
        RO | ACCESS, "keyword", "range", start=search_from, keyword="STREAMS", last=-1, limit=2, finder=_find_keys
    )
    return (spec,)


@cython.cfunc
def _keys(args: Args, options: cython.pointer[ReadOptions]) -> list:
    i: cython.Py_ssize_t
    found: list = []
    for i in range(options.streams):
        found.append(args[options.keys_at + i])
    return found


# XREAD


@cython.cfunc
@cython.exceptval(-1, check=False)
def _read_id(
    client: Client,
    args: Args,
    i: cython.Py_ssize_t,
    s: cython.pointer[Stream],
    after: cython.pointer[StreamID],
) -> cython.int:
    """The ID behind which XREAD reads, by argument `i`; `s` is NULL for a missing key.

    `$` is resolved when the command arrives: a client that waits keeps what it meant then. `+` means the last entry,
    whenever it is asked for.
    """
    kept: object = None
    after[0] = stream_id(0, 0)
    if _is_sign(args, i, b"$"):
        if client.is_retry and client.block_state is not None:
            kept = client.block_state.get(i)
        if kept is not None:
            text: bytes = kept
            stream_id_parse(text, len(text), 0, cython.NULL, after)
        elif s != cython.NULL:
            after[0] = s.last_id
    elif _is_sign(args, i, b"+"):
        if s != cython.NULL and stream_edge(s, True, False, after):
            after[0] = stream_id_previous(after[0])
    elif _is_sign(args, i, b">"):
        raise CommandError(NEW_IN_XREAD)
    else:
        stream_id_argument(args, i, after)
    return 0


@cython.cfunc
@cython.exceptval(check=False)
def _has_behind(s: cython.pointer[cython.const[Stream]], after: StreamID) -> cython.bint:
    """Tell whether there is an entry behind an ID."""
    last: StreamID
    if s.length == 0 or not stream_id_less(after, s.last_id):
        return False
    return stream_edge(s, True, False, cython.address(last)) and stream_id_less(after, last)


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _reply_name(reply: Reply, name: Slice) -> cython.void:
    """Begin what is said of one stream."""
    if reply.resp == 2:
        reply.header(42, 2)
    reply.put_bulk(name.p, name.n)


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _close_streams(reply: Reply, mark: cython.Py_ssize_t, served: cython.Py_ssize_t) -> cython.void:
    """End the reply: an array of streams, or in RESP3 a map."""
    reply._close(mark, 42 if reply.resp == 2 else 37, served)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _keep_dollars(client: Client, args: Args, options: cython.pointer[ReadOptions]) -> cython.int:
    """Keep what each `$` means now, for when the command runs again."""
    text: cython.char[42]
    after: StreamID
    i: cython.Py_ssize_t
    n: cython.Py_ssize_t
    kept: dict = {}
    for i in range(options.keys_at + options.streams, args.argc):
        if _is_sign(args, i, b"$"):
            # It was looked up before, which has counted it, and is a stream or missing.
            e: cython.pointer[Entry] = client.db.peek(args.v[i - options.streams])
            s: cython.pointer[Stream] = cython.NULL if e == cython.NULL else stream_of(e)
            _read_id(client, args, i, s, cython.address(after))
            n = stream_id_format(text, after)
            kept[i] = text[:n]
    client.block_state = kept or None
    return 0


@command(
    "XREAD",
    arity=-4,
    flags=BLOCKING | READONLY,
    group=STREAM,
    since="5.0.0",
    complexity="For each stream O(N), where N is the number of entries returned; so O(1) with the same small `COUNT` "
    "each time. `XADD` pays O(N) for serving N clients that wait for the stream.",
    keys=_keys_after_streams(1),
    args=(
        optional(integer("count", token="COUNT")),
        optional(integer("milliseconds", token="BLOCK")),
        block("streams", multiple(key()), multiple(string("id")), token="STREAMS"),
    ),
)
def xread(client: Client, args: Args) -> None:
    """Return the entries of several streams behind given IDs, and wait for some if need be."""
    options: ReadOptions
    after: StreamID
    i: cython.Py_ssize_t
    s: cython.pointer[Stream]
    served: cython.Py_ssize_t = 0
    reply: Reply = client.reply
    _parse(client, args, False, cython.address(options))
    ids_at: cython.Py_ssize_t = options.keys_at + options.streams
    for i in range(options.streams):
        _read_id(client, args, ids_at + i, stream_read(client.db, args.v[options.keys_at + i]), cython.address(after))
    mark: cython.Py_ssize_t = reply.open()
    for i in range(options.streams):
        s = stream_read(client.db, args.v[options.keys_at + i])
        if s == cython.NULL:
            continue
        _read_id(client, args, ids_at + i, s, cython.address(after))
        if _has_behind(s, after):
            served += 1
            _reply_name(reply, args.v[options.keys_at + i])
            reply_range(reply, s, stream_id_next(after), stream_id_max(), False, options.count)
    if served:
        _close_streams(reply, mark, served)
    elif options.timeout_ms == NO_BLOCK:
        reply.null_array()
    else:
        if not client.is_retry:
            _keep_dollars(client, args, cython.address(options))
        _wait(client, args, cython.address(options), False)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _wait(client: Client, args: Args, options: cython.pointer[ReadOptions], in_group: cython.bint) -> cython.int:
    """Wait for entries; in a group also for the end of the stream or of the group, which is an error then."""
    return block_on_keys(
        client, _keys(args, options), TYPE_STREAM, options.timeout_ms, BLOCK_REPLY_NULL_ARRAY, in_group
    )


# XREADGROUP


@cython.cfunc
@cython.exceptval(-1, check=False)
def _check_group_id(args: Args, i: cython.Py_ssize_t) -> cython.int:
    """Refuse an argument that is no ID for XREADGROUP."""
    id: StreamID
    if _is_sign(args, i, b"$"):
        raise CommandError(_meaningless(b"$"))
    if _is_sign(args, i, b"+"):
        raise CommandError(_meaningless(b"+"))
    if not _is_sign(args, i, b">"):
        stream_id_argument(args, i, cython.address(id))
    return 0


@cython.cfunc
def _group(
    client: Client, key: Slice, s: cython.pointer[Stream], options: cython.pointer[ReadOptions]
) -> cython.pointer[StreamGroup]:
    """The group in a stream, NULL for a missing one; raises CommandError NOGROUP."""
    g: cython.pointer[StreamGroup] = cython.NULL
    if s != cython.NULL:
        g = group_find(s, options.group)
    if g == cython.NULL:
        name: bytes = options.group.p[: options.group.n]
        raise CommandError(no_group(key.p[: key.n], name) + b" in XREADGROUP with GROUP option")
    return g


@cython.cfunc
@cython.exceptval(check=False)
def _reply_history(
    reply: Reply,
    s: cython.pointer[Stream],
    g: cython.pointer[StreamGroup],
    consumer: cython.pointer[StreamConsumer],
    start: StreamID,
    count: uint64_t,
    now_ms: int64_t,
) -> cython.void:
    """An array of what is pending with a consumer from an ID on, which counts as delivered once more.

    Of an entry that is gone there is only the ID.
    """
    c: IdCursor
    id: StreamID
    nack: cython.pointer[StreamNack]
    n: uint64_t = 0
    mark: cython.Py_ssize_t = reply.open()
    found: cython.bint = id_tree_seek(cython.address(consumer.pending), start, cython.address(c))
    while found and (count == 0 or n < count):
        id = id_cursor_id(cython.address(consumer.pending), cython.address(c))
        if reply_one(reply, s, id):
            nack = pending_find(g, id)
            nack.delivery_ms = now_ms
            nack.delivery_count += 1
        else:
            reply.header(42, 2)
            reply_id(reply, id)
            reply.null_array()
        n += 1
        found = id_cursor_next(cython.address(c))
    reply.close_array(mark, n)


@cython.cfunc
@cython.exceptval(check=False)
def _reply_new(
    reply: Reply,
    s: cython.pointer[Stream],
    g: cython.pointer[StreamGroup],
    consumer: cython.pointer[StreamConsumer],
    options: cython.pointer[ReadOptions],
    now_ms: int64_t,
) -> cython.void:
    """An array of what the group has not read yet, which is delivered to a consumer by that."""
    it: StreamIterator
    n: cython.longlong = 0
    mark: cython.Py_ssize_t = reply.open()
    stream_iterate(s, cython.address(it), stream_id_next(g.last_id), stream_id_max(), False)
    while (options.count == 0 or n < options.count) and stream_next(cython.address(it)):
        group_advance(s, g, it.entry.id)
        if not options.noack:
            group_deliver(g, consumer, it.entry.id, now_ms)
        reply_entry(reply, cython.address(it))
        n += 1
    reply.close_array(mark, n)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _serve(client: Client, args: Args, options: cython.pointer[ReadOptions], i: cython.Py_ssize_t) -> cython.bint:
    """Write what a consumer gets of stream `i`; False, and nothing written, where it has to wait."""
    after: StreamID
    name: Slice = args.v[options.keys_at + i]
    id_at: cython.Py_ssize_t = options.keys_at + options.streams + i
    db: Database = client.db
    created: cython.bint = False
    s: cython.pointer[Stream] = stream_read(db, name)
    if s == cython.NULL:
        return False
    g: cython.pointer[StreamGroup] = _group(client, name, s, options)
    consumer: cython.pointer[StreamConsumer] = consumer_join(db, name, g, options.consumer, cython.address(created))
    consumer.seen_ms = db.keyspace.now_ms
    propagates: cython.bint = client.server.propagation.on
    if propagates and created:
        propagate_consumer(client, name, g, consumer)
    before: StreamID = g.last_id
    after = stream_id_max()
    if not _is_sign(args, id_at, b">"):
        stream_id_argument(args, id_at, cython.address(after))
    # As in Redis the largest ID means the same as `>`.
    if not stream_id_is_max(after):
        _reply_name(client.reply, name)
        _reply_history(client.reply, s, g, consumer, stream_id_next(after), options.count, db.keyspace.now_ms)
    elif _has_behind(s, g.last_id):
        _reply_name(client.reply, name)
        _reply_new(client.reply, s, g, consumer, options, db.keyspace.now_ms)
        if propagates:
            propagate_reading(client, name, s, g, consumer, before, options.noack)
    else:
        return False
    db.keyspace.dirty += 1
    return True


@command(
    "XREADGROUP",
    arity=-7,
    flags=BLOCKING | WRITE,
    group=STREAM,
    since="5.0.0",
    complexity="For each stream O(M), where M is the number of entries returned; so O(1) with the same small `COUNT` "
    "each time. `XADD` pays O(N) for serving N clients that wait for the stream.",
    keys=_keys_after_streams(4),
    args=(
        block("group-block", string("group"), string("consumer"), token="GROUP"),
        optional(integer("count", token="COUNT")),
        optional(integer("milliseconds", token="BLOCK")),
        optional(token("NOACK")),
        block("streams", multiple(key()), multiple(string("id")), token="STREAMS"),
    ),
)
def xreadgroup(client: Client, args: Args) -> None:
    """Return entries that a group has not read, or what is pending with a consumer, and wait for some if need be."""
    options: ReadOptions
    i: cython.Py_ssize_t
    name: Slice
    served: cython.Py_ssize_t = 0
    reply: Reply = client.reply
    _parse(client, args, True, cython.address(options))
    for i in range(options.streams):
        name = args.v[options.keys_at + i]
        _group(client, name, stream_read(client.db, name), cython.address(options))
        _check_group_id(args, options.keys_at + options.streams + i)
    # What it does to a follower is told for each entry.
    client.server.propagation.nothing()
    mark: cython.Py_ssize_t = reply.open()
    for i in range(options.streams):
        served += _serve(client, args, cython.address(options), i)
    if served:
        _close_streams(reply, mark, served)
    elif options.timeout_ms == NO_BLOCK:
        reply.null_array()
    else:
        _wait(client, args, cython.address(options), True)
