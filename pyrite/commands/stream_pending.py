"""What is pending in consumer groups: XACK, XPENDING, XCLAIM and XAUTOCLAIM."""

import cython
from cython.cimports.libc.stdint import int64_t
from cython.cimports.pyrite.commands.stream import reply_id, reply_one
from cython.cimports.pyrite.commands.stream_propagation import (
    propagate_claim,
    propagate_consumer,
    propagate_gone,
    propagate_position,
)
from cython.cimports.pyrite.core.numbers import parse_longlong
from cython.cimports.pyrite.core.ordered_index import OrderedCursor, oi_seek_rank
from cython.cimports.pyrite.core.parser import Args, Slice
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.core.stream_group import (
    StreamConsumer,
    StreamGroup,
    StreamNack,
    consumer_find,
    consumer_next,
    group_find,
    pending_assign,
    pending_find,
    pending_remove,
    stream_name,
)
from cython.cimports.pyrite.core.stream_id import (
    StreamID,
    StreamIDList,
    stream_id,
    stream_id_less,
    stream_id_parse,
    stream_ids_add,
    stream_ids_clear,
)
from cython.cimports.pyrite.core.stream_index import (
    IdCursor,
    IdTree,
    id_cursor_id,
    id_cursor_next,
    id_tree_first,
    id_tree_last,
    id_tree_seek,
)
from cython.cimports.pyrite.core.stream_store import Stream, stream_has
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.keyspace.database import Database
from cython.cimports.pyrite.types.stream import stream_id_argument, stream_range_end, stream_range_start, stream_read
from cython.cimports.pyrite.types.stream_groups import consumer_join, group_at

from pyrite.core.errors import SYNTAX, CommandError, quoted
from pyrite.engine.command import command
from pyrite.engine.declare import (
    ACCESS,
    DELETE,
    FAST,
    NONDETERMINISTIC_OUTPUT,
    READONLY,
    RO,
    RW,
    STREAM,
    UPDATE,
    WRITE,
    block,
    integer,
    key,
    key_at,
    multiple,
    optional,
    string,
    token,
    unix_time,
)

COUNT_NOT_POSITIVE = b"ERR COUNT must be > 0"


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _reply_name(reply: Reply, name: Slice) -> cython.void:
    reply.put_bulk(name.p, name.n)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _number(args: Args, i: cython.Py_ssize_t, out: cython.p_longlong, error: bytes) -> cython.int:
    """Read argument `i` as an integer; raises CommandError with this text where it is none."""
    if not parse_longlong(args.v[i].p, args.v[i].n, out):
        raise CommandError(error)
    return 0


@command(
    "XACK",
    arity=-4,
    flags=WRITE | FAST,
    group=STREAM,
    since="5.0.0",
    complexity="O(1) for each ID.",
    keys=(key_at(1, RW | UPDATE),),
    args=(key(), string("group"), multiple(string("id"))),
)
def xack(client: Client, args: Args) -> None:
    """Acknowledge entries, which are pending no more, and return how many were."""
    id: StreamID
    i: cython.Py_ssize_t
    n: cython.longlong = 0
    g: cython.pointer[StreamGroup] = cython.NULL
    s: cython.pointer[Stream] = stream_read(client.db, args.v[1])
    if s != cython.NULL:
        g = group_find(s, args.v[2])
    if g == cython.NULL:
        client.reply.integer(0)
        return
    for i in range(3, args.argc):
        stream_id_argument(args, i, cython.address(id))
    for i in range(3, args.argc):
        stream_id_argument(args, i, cython.address(id))
        n += pending_remove(g, id)
    client.db.keyspace.dirty += n
    client.reply.integer(n)


# XPENDING


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_pending(args: Args, range: cython.pointer[PendingRange]) -> cython.int:
    """Read which pending entries are wanted; raises CommandError."""
    i: cython.Py_ssize_t = 3
    range.min_idle_ms = 0
    if args.equals(3, b"idle"):
        range.min_idle_ms = args.integer(4)
        if args.argc < 8:
            raise CommandError(SYNTAX)
        i = 5
    range.count = args.integer(i + 2)
    stream_range_start(args, i, cython.address(range.start))
    stream_range_end(args, i + 1, cython.address(range.end))
    range.consumer_at = i + 3 if i + 3 < args.argc else 0
    return 0


@cython.cfunc
@cython.exceptval(check=False)
def _reply_summary(reply: Reply, g: cython.pointer[StreamGroup]) -> cython.void:
    """How many entries are pending, the first and the last of them, and how many each consumer has."""
    c: IdCursor
    consumers: OrderedCursor
    n: cython.Py_ssize_t = 0
    reply.array(4)
    reply.integer(g.pending.count)
    if not id_tree_first(cython.address(g.pending), cython.address(c)):
        reply.null()
        reply.null()
        reply.null_array()
        return
    reply_id(reply, id_cursor_id(cython.address(g.pending), cython.address(c)))
    id_tree_last(cython.address(g.pending), cython.address(c))
    reply_id(reply, id_cursor_id(cython.address(g.pending), cython.address(c)))
    mark: cython.Py_ssize_t = reply.open()
    oi_seek_rank(cython.address(g.consumers), 0, cython.address(consumers))
    consumer: cython.pointer[StreamConsumer] = consumer_next(cython.address(consumers))
    while consumer != cython.NULL:
        if consumer.pending.count:
            reply.array(2)
            _reply_name(reply, stream_name(consumer.entry))
            reply.put_bulk_integer(consumer.pending.count)
            n += 1
        consumer = consumer_next(cython.address(consumers))
    reply.close_array(mark, n)


@cython.cfunc
@cython.exceptval(check=False)
def _reply_pending(
    reply: Reply,
    g: cython.pointer[StreamGroup],
    ids: cython.pointer[IdTree],
    range: cython.pointer[PendingRange],
    now_ms: int64_t,
) -> cython.void:
    """An array of those of these pending entries that are wanted."""
    c: IdCursor
    id: StreamID
    nack: cython.pointer[StreamNack]
    n: cython.Py_ssize_t = 0
    mark: cython.Py_ssize_t = reply.open()
    found: cython.bint = id_tree_seek(ids, range.start, cython.address(c))
    while found and n < range.count:
        id = id_cursor_id(ids, cython.address(c))
        if stream_id_less(range.end, id):
            break
        nack = pending_find(g, id)
        if range.min_idle_ms == 0 or now_ms - nack.delivery_ms >= range.min_idle_ms:
            reply.array(4)
            reply_id(reply, id)
            _reply_name(reply, stream_name(nack.consumer.entry))
            reply.integer(now_ms - nack.delivery_ms if now_ms > nack.delivery_ms else 0)
            reply.integer(nack.delivery_count)
            n += 1
        found = id_cursor_next(cython.address(c))
    reply.close_array(mark, n)


@command(
    "XPENDING",
    arity=-3,
    flags=READONLY,
    group=STREAM,
    since="5.0.0",
    complexity="O(N), where N is the number of entries returned, or with `IDLE` looked at. The summary: O(N), where N "
    "is the number of consumers.",
    keys=(key_at(1, RO | ACCESS),),
    tips=(NONDETERMINISTIC_OUTPUT,),
    history=(("6.2.0", "`IDLE`, and ranges without their ends."),),
    args=(
        key(),
        string("group"),
        optional(
            block(
                "filters",
                optional(integer("min-idle-time", token="IDLE", since="6.2.0")),
                string("start"),
                string("end"),
                integer("count"),
                optional(string("consumer")),
            )
        ),
    ),
)
def xpending(client: Client, args: Args) -> None:
    """Tell what is pending in a consumer group."""
    range: PendingRange
    consumer: cython.pointer[StreamConsumer]
    ids: cython.pointer[IdTree]
    if args.argc != 3:
        if args.argc < 6 or args.argc > 9:
            raise CommandError(SYNTAX)
        _parse_pending(args, cython.address(range))
    g: cython.pointer[StreamGroup] = group_at(stream_read(client.db, args.v[1]), args.v[1], args.v[2])
    if args.argc == 3:
        _reply_summary(client.reply, g)
        return
    ids = cython.address(g.pending)
    if range.consumer_at:
        consumer = consumer_find(g, args.v[range.consumer_at])
        if consumer == cython.NULL:
            client.reply.array(0)
            return
        ids = cython.address(consumer.pending)
    _reply_pending(client.reply, g, ids, cython.address(range), client.db.keyspace.now_ms)


# XCLAIM


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_claim_option(
    args: Args, i: cython.Py_ssize_t, now_ms: int64_t, options: cython.pointer[ClaimOptions]
) -> cython.Py_ssize_t:
    """Read the option of XCLAIM at `i`; returns where it ends."""
    value: cython.longlong = 0
    has_more: cython.bint = i + 1 < args.argc
    if args.equals(i, b"force"):
        options.force = True
        return i
    if args.equals(i, b"justid"):
        options.just_id = True
        return i
    if has_more and args.equals(i, b"idle"):
        _number(args, i + 1, cython.address(value), b"ERR Invalid IDLE option argument for XCLAIM")
        options.delivery_ms = now_ms - value
    elif has_more and args.equals(i, b"time"):
        _number(args, i + 1, cython.address(value), b"ERR Invalid TIME option argument for XCLAIM")
        options.delivery_ms = value
    elif has_more and args.equals(i, b"retrycount"):
        _number(args, i + 1, cython.address(value), b"ERR Invalid RETRYCOUNT option argument for XCLAIM")
        options.delivery_count = value
    elif has_more and args.equals(i, b"lastid"):
        stream_id_argument(args, i + 1, cython.address(options.last_id))
    else:
        raise CommandError(b"ERR Unrecognized XCLAIM option '%b'" % quoted(args[i]))
    return i + 1


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_claim(args: Args, now_ms: int64_t, options: cython.pointer[ClaimOptions]) -> cython.int:
    """Read the arguments of XCLAIM from the idle time on; raises CommandError."""
    id: StreamID
    i: cython.Py_ssize_t = 5
    _number(args, 4, cython.address(options.min_idle_ms), b"ERR Invalid min-idle-time argument for XCLAIM")
    options.delivery_ms = now_ms
    options.delivery_count = -1
    options.force = options.just_id = False
    options.last_id = stream_id(0, 0)
    while i < args.argc and stream_id_parse(args.v[i].p, args.v[i].n, 0, cython.NULL, cython.address(id)):
        i += 1
    options.ids_end = i
    while i < args.argc:
        i = _parse_claim_option(args, i, now_ms, options) + 1
    # A client may reckon with another clock, so a time that cannot be is no error.
    if options.delivery_ms < 0 or options.delivery_ms > now_ms:
        options.delivery_ms = now_ms
    return 0


@cython.cfunc
@cython.exceptval(check=False)
def _claim(
    s: cython.pointer[Stream],
    g: cython.pointer[StreamGroup],
    consumer: cython.pointer[StreamConsumer],
    id: StreamID,
    options: cython.pointer[ClaimOptions],
    now_ms: int64_t,
) -> cython.int:
    """Give a pending entry to a consumer: CLAIMED, NOT_CLAIMED, or CLAIM_GONE for one that was deleted meanwhile."""
    created: cython.bint = False
    nack: cython.pointer[StreamNack] = pending_find(g, id)
    if not stream_has(s, id):
        return CLAIM_GONE if pending_remove(g, id) else NOT_CLAIMED
    if nack == cython.NULL:
        if not options.force:
            return NOT_CLAIMED
    elif options.min_idle_ms > 0 and now_ms - nack.delivery_ms < options.min_idle_ms:
        return NOT_CLAIMED
    nack = pending_assign(g, id, consumer, cython.address(created))
    nack.delivery_ms = options.delivery_ms
    if options.delivery_count >= 0:
        nack.delivery_count = options.delivery_count
    elif created:
        nack.delivery_count = 1 if options.just_id else 2
    elif not options.just_id:
        nack.delivery_count += 1
    consumer.active_ms = now_ms
    return CLAIMED


@cython.cfunc
@cython.exceptval(check=False)
def _reply_claimed(reply: Reply, s: cython.pointer[Stream], id: StreamID, just_id: cython.bint) -> cython.void:
    if just_id:
        reply_id(reply, id)
    else:
        reply_one(reply, s, id)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _propagate_start(
    client: Client,
    args: Args,
    g: cython.pointer[StreamGroup],
    consumer: cython.pointer[StreamConsumer],
    created: cython.bint,
    moved: cython.bint,
) -> cython.int:
    """Propagate what a claim does, whatever entries it gets."""
    client.server.propagation.nothing()
    if created:
        propagate_consumer(client, args.v[1], g, consumer)
    if moved:
        propagate_position(client, args.v[1], g)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _propagate_claimed(
    client: Client,
    key: Slice,
    g: cython.pointer[StreamGroup],
    consumer: cython.pointer[StreamConsumer],
    id: StreamID,
    status: cython.int,
) -> cython.int:
    """Propagate what became of an entry."""
    if status == CLAIM_GONE:
        return propagate_gone(client, key, g, id)
    return propagate_claim(client, key, g, consumer, id)


@command(
    "XCLAIM",
    arity=-6,
    flags=WRITE | FAST,
    group=STREAM,
    since="5.0.0",
    complexity="O(log N) for each ID, where N is the number of entries that are pending in the group.",
    keys=(key_at(1, RW | UPDATE),),
    tips=(NONDETERMINISTIC_OUTPUT,),
    args=(
        key(),
        string("group"),
        string("consumer"),
        string("min-idle-time"),
        multiple(string("id")),
        optional(integer("ms", token="IDLE")),
        optional(unix_time("unix-time-milliseconds", token="TIME")),
        optional(integer("count", token="RETRYCOUNT")),
        optional(token("FORCE")),
        optional(token("JUSTID")),
        optional(string("lastid", token="LASTID")),
    ),
)
def xclaim(client: Client, args: Args) -> None:
    """Let pending entries be another consumer's, as if they had been delivered to it."""
    options: ClaimOptions
    id: StreamID
    i: cython.Py_ssize_t
    status: cython.int
    created: cython.bint = False
    n: cython.Py_ssize_t = 0
    db: Database = client.db
    reply: Reply = client.reply
    now_ms: int64_t = db.keyspace.wall_ms()
    s: cython.pointer[Stream] = stream_read(db, args.v[1])
    g: cython.pointer[StreamGroup] = group_at(s, args.v[1], args.v[2])
    _parse_claim(args, now_ms, cython.address(options))
    consumer: cython.pointer[StreamConsumer] = consumer_join(db, args.v[1], g, args.v[3], cython.address(created))
    consumer.seen_ms = now_ms
    moved: cython.bint = stream_id_less(g.last_id, options.last_id)
    if moved:
        g.last_id = options.last_id
        db.keyspace.dirty += 1
    propagates: cython.bint = client.server.propagation.on
    if propagates:
        _propagate_start(client, args, g, consumer, created, moved)
    mark: cython.Py_ssize_t = reply.open()
    for i in range(5, options.ids_end):
        stream_id_argument(args, i, cython.address(id))
        status = _claim(s, g, consumer, id, cython.address(options), now_ms)
        db.keyspace.dirty += status != NOT_CLAIMED
        if status == CLAIMED:
            _reply_claimed(reply, s, id, options.just_id)
            n += 1
        if propagates and status != NOT_CLAIMED:
            _propagate_claimed(client, args.v[1], g, consumer, id, status)
    reply.close_array(mark, n)


# XAUTOCLAIM


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_autoclaim(
    args: Args, now_ms: int64_t, options: cython.pointer[ClaimOptions], start: cython.pointer[StreamID]
) -> cython.longlong:
    """Read the arguments of XAUTOCLAIM from the idle time on, and return the count; raises CommandError."""
    count: cython.longlong = CLAIM_COUNT
    highest: cython.longlong = CLAIM_COUNT_MAX
    i: cython.Py_ssize_t = 6
    _number(args, 4, cython.address(options.min_idle_ms), b"ERR Invalid min-idle-time argument for XAUTOCLAIM")
    stream_range_start(args, 5, start)
    options.delivery_ms = now_ms
    options.delivery_count = -1
    options.force = options.just_id = False
    while i < args.argc:
        if i + 1 < args.argc and args.equals(i, b"count"):
            i += 1
            _number(args, i, cython.address(count), COUNT_NOT_POSITIVE)
            if count < 1 or count > highest:
                raise CommandError(COUNT_NOT_POSITIVE)
        elif args.equals(i, b"justid"):
            options.just_id = True
        else:
            raise CommandError(SYNTAX)
        i += 1
    return count


@cython.cfunc
@cython.exceptval(check=False)
def _claim_from(
    s: cython.pointer[Stream],
    g: cython.pointer[StreamGroup],
    consumer: cython.pointer[StreamConsumer],
    start: StreamID,
    count: cython.longlong,
    options: cython.pointer[ClaimOptions],
    claimed: cython.pointer[StreamIDList],
    gone: cython.pointer[StreamIDList],
    now_ms: int64_t,
) -> StreamID:
    """Claim up to `count` entries from an ID on, deleted ones counted; returns where to go on, 0-0 at the end."""
    c: IdCursor
    id: StreamID
    status: cython.int
    attempts: cython.longlong = count * ATTEMPTS_PER_ENTRY
    found: cython.bint = id_tree_seek(cython.address(g.pending), start, cython.address(c))
    while found and attempts and count:
        attempts -= 1
        id = id_cursor_id(cython.address(g.pending), cython.address(c))
        status = _claim(s, g, consumer, id, options, now_ms)
        count -= status != NOT_CLAIMED
        if status == CLAIM_GONE:
            stream_ids_add(gone, id)
            found = id_tree_seek(cython.address(g.pending), id, cython.address(c))
            continue
        if status == CLAIMED:
            stream_ids_add(claimed, id)
        found = id_cursor_next(cython.address(c))
    return id_cursor_id(cython.address(g.pending), cython.address(c)) if found else stream_id(0, 0)


@command(
    "XAUTOCLAIM",
    arity=-6,
    flags=WRITE | FAST,
    group=STREAM,
    since="6.2.0",
    complexity="O(1) with a small `COUNT`.",
    keys=(key_at(1, RW | DELETE),),
    tips=(NONDETERMINISTIC_OUTPUT,),
    history=(("7.0.0", "The reply ends with the IDs of entries that were deleted, and are pending no more."),),
    args=(
        key(),
        string("group"),
        string("consumer"),
        string("min-idle-time"),
        string("start"),
        optional(integer("count", token="COUNT")),
        optional(token("JUSTID")),
    ),
)
def xautoclaim(client: Client, args: Args) -> None:
    """Let entries that have been pending for long be another consumer's, from an ID on."""
    options: ClaimOptions
    start: StreamID
    claimed: StreamIDList
    gone: StreamIDList
    created: cython.bint = False
    i: cython.size_t
    db: Database = client.db
    reply: Reply = client.reply
    now_ms: int64_t = db.keyspace.wall_ms()
    count: cython.longlong = _parse_autoclaim(args, now_ms, cython.address(options), cython.address(start))
    s: cython.pointer[Stream] = stream_read(db, args.v[1])
    g: cython.pointer[StreamGroup] = group_at(s, args.v[1], args.v[2])
    consumer: cython.pointer[StreamConsumer] = consumer_join(db, args.v[1], g, args.v[3], cython.address(created))
    consumer.seen_ms = now_ms
    claimed.items = gone.items = cython.NULL
    claimed.count = claimed.capacity = gone.count = gone.capacity = 0
    start = _claim_from(
        s, g, consumer, start, count, cython.address(options), cython.address(claimed), cython.address(gone), now_ms
    )
    db.keyspace.dirty += claimed.count + gone.count
    if client.server.propagation.on:
        _propagate_start(client, args, g, consumer, created, False)
        for i in range(claimed.count):
            propagate_claim(client, args.v[1], g, consumer, claimed.items[i])
        for i in range(gone.count):
            propagate_gone(client, args.v[1], g, gone.items[i])
    reply.array(3)
    reply_id(reply, start)
    reply.array(claimed.count)
    for i in range(claimed.count):
        _reply_claimed(reply, s, claimed.items[i], options.just_id)
    reply.array(gone.count)
    for i in range(gone.count):
        reply_id(reply, gone.items[i])
    stream_ids_clear(cython.address(claimed))
    stream_ids_clear(cython.address(gone))
