"""The stream commands that work without consumer groups, but for XREAD: adding, ranges, deleting, trimming."""

import cython
from cython.cimports.libc.stdint import uint64_t
from cython.cimports.pyrite.core.listpack import LpValue
from cython.cimports.pyrite.core.parser import Args, Slice
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.core.stream_id import (
    STREAM_ID_ROOM,
    StreamID,
    stream_id,
    stream_id_compare,
    stream_id_format,
    stream_id_is_zero,
    stream_id_less,
    stream_id_parse,
)
from cython.cimports.pyrite.core.stream_store import (
    TRIM_MAXLEN,
    TRIM_MINID,
    TRIM_NONE,
    Stream,
    StreamIterator,
    stream_delete,
    stream_iterate,
    stream_next,
    stream_next_field,
    stream_renew_first,
    stream_trim,
)
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.keyspace.database import NOTIFY_STREAM, Database
from cython.cimports.pyrite.types.stream import (
    stream_add,
    stream_id_argument,
    stream_range_end,
    stream_range_start,
    stream_read,
    stream_set_last,
    stream_write,
)

from pyrite.core.errors import NO_SUCH_KEY, SYNTAX, CommandError, wrong_arity
from pyrite.engine.command import command
from pyrite.engine.declare import (
    ACCESS,
    DELETE,
    DENYOOM,
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
    one_of,
    optional,
    string,
    token,
)
from pyrite.types.stream import ID_ZERO, INVALID_ID

TWO_STRATEGIES = b"ERR syntax error, MAXLEN and MINID options at the same time are not compatible"
NO_STRATEGY = b"ERR syntax error, XTRIM must be called with a trimming strategy"
LIMIT_WITHOUT_STRATEGY = b"ERR syntax error, LIMIT cannot be used without specifying a trimming strategy"
LIMIT_WITHOUT_TILDE = b"ERR syntax error, LIMIT cannot be used without the special ~ option"
NEGATIVE_MAXLEN = b"ERR The MAXLEN argument must be >= 0."
NEGATIVE_LIMIT = b"ERR The LIMIT argument must be >= 0."
NEGATIVE_ENTRIES_ADDED = b"ERR entries_added must be positive"
LAST_BELOW_GIVEN_DELETED = b"ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id"

# Replies


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def reply_id(reply: Reply, id: StreamID) -> cython.void:
    """A bulk string of an ID."""
    text: cython.char[STREAM_ID_ROOM]
    reply.put_bulk(text, stream_id_format(text, id))


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _reply_value(reply: Reply, value: cython.pointer[LpValue]) -> cython.void:
    if value.text == cython.NULL:
        reply.put_bulk_integer(value.number)
    else:
        reply.put_bulk(value.text, value.length)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def reply_entry(reply: Reply, it: cython.pointer[StreamIterator]) -> cython.void:
    """The entry that an iterator is at: its ID, and an array of its fields and values."""
    field: LpValue
    value: LpValue
    reply.header(42, 2)
    reply_id(reply, it.entry.id)
    reply.header(42, it.entry.fields * 2)
    while stream_next_field(it, cython.address(field), cython.address(value)):
        _reply_value(reply, cython.address(field))
        _reply_value(reply, cython.address(value))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def reply_range(
    reply: Reply,
    s: cython.pointer[cython.const[Stream]],
    start: StreamID,
    end: StreamID,
    reverse: cython.bint,
    count: uint64_t,
) -> uint64_t:
    """An array of the entries of a range, at most `count` unless that is 0; returns how many they are."""
    it: StreamIterator
    n: uint64_t = 0
    # Where the range takes in all entries their number is known, and what follows need not be moved for it.
    is_whole: cython.bint = not stream_id_less(s.first_id, start) and not stream_id_less(end, s.last_id)
    mark: cython.Py_ssize_t = reply.n - reply.sent
    if is_whole:
        reply.header(42, count if 0 < count < s.length else s.length)
    stream_iterate(s, cython.address(it), start, end, reverse)
    while (count == 0 or n < count) and stream_next(cython.address(it)):
        reply_entry(reply, cython.address(it))
        n += 1
    if not is_whole:
        reply._close(mark, 42, n)
    return n


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def reply_one(reply: Reply, s: cython.pointer[cython.const[Stream]], id: StreamID) -> cython.bint:
    """The entry with this ID; False, and nothing written, where there is none."""
    it: StreamIterator
    stream_iterate(s, cython.address(it), id, id, False)
    if not stream_next(cython.address(it)):
        return False
    reply_entry(reply, cython.address(it))
    return True


# XADD and XTRIM


@cython.cfunc
def id_bytes(id: StreamID) -> bytes:
    """An ID as text."""
    text: cython.char[STREAM_ID_ROOM]
    n: cython.Py_ssize_t = stream_id_format(text, id)
    return text[:n]


@cython.cfunc
@cython.exceptval(-1, check=False)
def _propagate_add(
    client: Client, args: Args, id: StreamID, first: cython.Py_ssize_t, s: cython.pointer[Stream], trimmed: cython.bint
) -> cython.int:
    """Propagate an XADD with the ID that the entry got and the length that the stream has by now."""
    words: list = [b"XADD", args[1]]
    if trimmed:
        words += (b"MAXLEN", b"=", b"%d" % s.length)
    words.append(id_bytes(id))
    client.server.propagation.instead(client.db, words + args.tail(first))
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_strategy(
    args: Args, i: cython.Py_ssize_t, strategy: cython.int, options: cython.pointer[AddOptions]
) -> cython.Py_ssize_t:
    """Read MAXLEN or MINID, which stands at `i`, with what belongs to it; returns where its threshold stands."""
    more: cython.Py_ssize_t = args.argc - 1 - i
    if options.trim.strategy != TRIM_NONE:
        raise CommandError(TWO_STRATEGIES)
    options.trim.approximate = more >= 2 and args.equals(i + 1, b"~")
    i += 2 if options.trim.approximate or (more >= 2 and args.equals(i + 1, b"=")) else 1
    if strategy == TRIM_MINID:
        stream_id_argument(args, i, cython.address(options.trim.minid))
    else:
        maxlen: cython.longlong = args.integer(i)
        if maxlen < 0:
            raise CommandError(NEGATIVE_MAXLEN)
        options.trim.maxlen = maxlen
    options.trim.strategy = strategy
    return i


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_new_id(args: Args, i: cython.Py_ssize_t, options: cython.pointer[AddOptions]) -> cython.int:
    """Read the ID of an entry to be added, other than *."""
    options.id.given = True
    if not stream_id_parse(
        args.v[i].p, args.v[i].n, 0, cython.address(options.id.has_seq), cython.address(options.id.id)
    ):
        raise CommandError(INVALID_ID)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_options(args: Args, adds: cython.bint, options: cython.pointer[AddOptions]) -> cython.int:
    """Read the options of XADD, up to and with the ID, or those of XTRIM."""
    i: cython.Py_ssize_t = 2
    options.trim.strategy = TRIM_NONE
    options.trim.approximate = options.limited = options.no_create = options.id.given = False
    options.trim.limit = 0
    while i < args.argc:
        has_more: cython.bint = i + 1 < args.argc
        if adds and args.equals(i, b"*"):
            break
        if has_more and args.equals(i, b"maxlen"):
            i = _parse_strategy(args, i, TRIM_MAXLEN, options)
        elif has_more and args.equals(i, b"minid"):
            i = _parse_strategy(args, i, TRIM_MINID, options)
        elif has_more and args.equals(i, b"limit"):
            i += 1
            options.trim.limit = args.integer(i)
            if options.trim.limit < 0:
                raise CommandError(NEGATIVE_LIMIT)
            options.limited = True
        elif adds and args.equals(i, b"nomkstream"):
            options.no_create = True
        elif adds:
            _parse_new_id(args, i, options)
            break
        else:
            raise CommandError(SYNTAX)
        i += 1
    options.end = i
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _settle_limit(db: Database, adds: cython.bint, options: cython.pointer[AddOptions]) -> cython.int:
    """Find the limit of a trim; raises CommandError where the options do not go together."""
    entries: cython.longlong = db.keyspace.stream_node_max_entries
    if options.trim.strategy == TRIM_NONE:
        if options.trim.limit:
            raise CommandError(LIMIT_WITHOUT_STRATEGY)
        if not adds:
            raise CommandError(NO_STRATEGY)
    if options.limited:
        if not options.trim.approximate:
            raise CommandError(LIMIT_WITHOUT_TILDE)
    elif options.trim.approximate:
        options.trim.limit = TRIM_LIMIT_UNKNOWN
        if entries > TRIM_LIMIT_MAX // TRIM_BLOCKS:
            options.trim.limit = TRIM_LIMIT_MAX
        elif entries > 0:
            options.trim.limit = entries * TRIM_BLOCKS
    return 0


def _trim_arguments() -> tuple:
    return (
        one_of("strategy", token("MAXLEN"), token("MINID", since="6.2.0")),
        optional(one_of("operator", token("=", "equal"), token("~", "approximately"))),
        string("threshold"),
        optional(integer("count", token="LIMIT", since="6.2.0")),
    )


@command(
    "XADD",
    arity=-5,
    flags=WRITE | DENYOOM | FAST,
    group=STREAM,
    since="5.0.0",
    complexity="O(1) to add; with trimming O(N), where N is the number of entries that go.",
    keys=(key_at(1, RW | UPDATE, notes="Counts as an update, not as an insertion, because it may trim"),),
    tips=(NONDETERMINISTIC_OUTPUT,),
    history=(
        ("6.2.0", "`NOMKSTREAM`, `MINID` and `LIMIT`."),
        ("7.0.0", "IDs of the form `<ms>-*`."),
    ),
    args=(
        key(),
        optional(token("NOMKSTREAM", since="6.2.0")),
        optional(block("trim", *_trim_arguments())),
        one_of("id-selector", token("*", "auto-id"), string("id")),
        multiple(block("data", string("field"), string("value"))),
    ),
)
def xadd(client: Client, args: Args) -> None:
    """Add an entry to a stream, which is created where it is missing."""
    options: AddOptions
    id: StreamID
    db: Database = client.db
    _parse_options(args, True, cython.address(options))
    _settle_limit(db, True, cython.address(options))
    first: cython.Py_ssize_t = options.end + 1
    words: cython.Py_ssize_t = args.argc - first
    if words < 2 or words % 2:
        raise CommandError(wrong_arity(client.last_command.wire_name))
    if options.id.given and options.id.has_seq and stream_id_is_zero(options.id.id):
        raise CommandError(ID_ZERO)
    s: cython.pointer[Stream] = stream_write(db, args.v[1])
    if s == cython.NULL and options.no_create:
        client.reply.null()
        return
    pairs: cython.pointer[Slice] = cython.address(args.v[first])
    stream_add(db, args.v[1], cython.address(s), options.id, pairs, words // 2, cython.address(id))
    reply_id(client.reply, id)
    db.changed(args.v[1], NOTIFY_STREAM, b"xadd")
    trimmed: cython.bint = stream_trim(s, cython.address(options.trim)) != 0
    if client.server.propagation.on:
        _propagate_add(client, args, id, first, s, trimmed)
    if trimmed:
        db.notify(args.v[1], NOTIFY_STREAM, b"xtrim")


@command(
    "XTRIM",
    arity=-4,
    flags=WRITE,
    group=STREAM,
    since="5.0.0",
    complexity="O(N), where N is the number of entries that go. Fast, as whole blocks of entries are freed at once.",
    keys=(key_at(1, RW | DELETE),),
    tips=(NONDETERMINISTIC_OUTPUT,),
    history=(("6.2.0", "`MINID` and `LIMIT`."),),
    args=(key(), block("trim", *_trim_arguments())),
)
def xtrim(client: Client, args: Args) -> None:
    """Delete entries from the beginning of a stream."""
    options: AddOptions
    n: uint64_t = 0
    db: Database = client.db
    _parse_options(args, False, cython.address(options))
    _settle_limit(db, False, cython.address(options))
    s: cython.pointer[Stream] = stream_write(db, args.v[1])
    if s != cython.NULL:
        n = stream_trim(s, cython.address(options.trim))
    if n:
        if client.server.propagation.on:
            client.server.propagation.instead(db, [b"XTRIM", args[1], b"MAXLEN", b"=", b"%d" % s.length])
        db.keyspace.dirty += n - 1
        db.changed(args.v[1], NOTIFY_STREAM, b"xtrim")
    client.reply.integer(n)


@command(
    "XDEL",
    arity=-3,
    flags=WRITE | FAST,
    group=STREAM,
    since="5.0.0",
    complexity="O(1) for each entry, however long the stream is.",
    keys=(key_at(1, RW | DELETE),),
    args=(key(), multiple(string("id"))),
)
def xdel(client: Client, args: Args) -> None:
    """Delete entries from a stream, and return how many were there."""
    id: StreamID
    i: cython.Py_ssize_t
    n: cython.longlong = 0
    db: Database = client.db
    first_gone: cython.bint = False
    s: cython.pointer[Stream] = stream_write(db, args.v[1])
    if s == cython.NULL:
        client.reply.integer(0)
        return
    for i in range(2, args.argc):
        stream_id_argument(args, i, cython.address(id))
    for i in range(2, args.argc):
        stream_id_argument(args, i, cython.address(id))
        if stream_delete(s, id):
            first_gone = first_gone or stream_id_compare(id, s.first_id) == 0
            n += 1
    if first_gone:
        stream_renew_first(s)
    if n:
        db.keyspace.dirty += n - 1
        db.changed(args.v[1], NOTIFY_STREAM, b"xdel")
    client.reply.integer(n)


# Looking


@command(
    "XLEN",
    arity=2,
    flags=READONLY | FAST,
    group=STREAM,
    since="5.0.0",
    complexity="O(1)",
    keys=(key_at(1, RO),),
    args=(key(),),
)
def xlen(client: Client, args: Args) -> None:
    """Return the number of entries in a stream."""
    s: cython.pointer[Stream] = stream_read(client.db, args.v[1])
    client.reply.integer(0 if s == cython.NULL else s.length)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _range(client: Client, args: Args, reverse: cython.bint) -> cython.int:
    """XRANGE and XREVRANGE."""
    start: StreamID
    end: StreamID
    count: cython.longlong = -1
    i: cython.Py_ssize_t
    stream_range_start(args, 3 if reverse else 2, cython.address(start))
    stream_range_end(args, 2 if reverse else 3, cython.address(end))
    for i in range(4, args.argc, 2):
        if i + 1 == args.argc or not args.equals(i, b"count"):
            raise CommandError(SYNTAX)
        count = args.integer(i + 1)
        count = 0 if count < 0 else count
    s: cython.pointer[Stream] = stream_read(client.db, args.v[1])
    if s == cython.NULL:
        client.reply.array(0)
    elif count == 0:
        client.reply.null_array()
    else:
        reply_range(client.reply, s, start, end, reverse, 0 if count == -1 else count)
    return 0


@command(
    "XRANGE",
    arity=-4,
    flags=READONLY,
    group=STREAM,
    since="5.0.0",
    complexity="O(N), where N is the number of entries returned; so O(1) with the same small `COUNT` each time.",
    keys=(key_at(1, RO | ACCESS),),
    history=(("6.2.0", "Ranges without their ends."),),
    args=(key(), string("start"), string("end"), optional(integer("count", token="COUNT"))),
)
def xrange(client: Client, args: Args) -> None:
    """Return the entries of a stream between two IDs."""
    _range(client, args, False)


@command(
    "XREVRANGE",
    arity=-4,
    flags=READONLY,
    group=STREAM,
    since="5.0.0",
    complexity="O(N), where N is the number of entries returned; so O(1) with the same small `COUNT` each time.",
    keys=(key_at(1, RO | ACCESS),),
    history=(("6.2.0", "Ranges without their ends."),),
    args=(key(), string("end"), string("start"), optional(integer("count", token="COUNT"))),
)
def xrevrange(client: Client, args: Args) -> None:
    """Return the entries of a stream between two IDs, last first."""
    _range(client, args, True)


# XSETID


@command(
    "XSETID",
    arity=-3,
    flags=WRITE | DENYOOM | FAST,
    group=STREAM,
    since="5.0.0",
    complexity="O(1)",
    keys=(key_at(1, RW | UPDATE),),
    history=(("7.0.0", "`ENTRIESADDED` and `MAXDELETEDID`."),),
    args=(
        key(),
        string("last-id"),
        optional(integer("entries-added", token="ENTRIESADDED", since="7.0.0")),
        optional(string("max-deleted-id", token="MAXDELETEDID", since="7.0.0")),
    ),
)
def xsetid(client: Client, args: Args) -> None:
    """Set what a stream knows of the entries that it has had; for replication."""
    last_id: StreamID
    max_deleted_id: StreamID = stream_id(0, 0)
    entries_added: cython.longlong = -1
    i: cython.Py_ssize_t
    stream_id_argument(args, 2, cython.address(last_id))
    for i in range(3, args.argc, 2):
        if i + 1 < args.argc and args.equals(i, b"entriesadded"):
            entries_added = args.integer(i + 1)
            if entries_added < 0:
                raise CommandError(NEGATIVE_ENTRIES_ADDED)
        elif i + 1 < args.argc and args.equals(i, b"maxdeletedid"):
            stream_id_argument(args, i + 1, cython.address(max_deleted_id))
            if stream_id_less(last_id, max_deleted_id):
                raise CommandError(LAST_BELOW_GIVEN_DELETED)
        else:
            raise CommandError(SYNTAX)
    s: cython.pointer[Stream] = stream_write(client.db, args.v[1])
    if s == cython.NULL:
        raise CommandError(NO_SUCH_KEY)
    stream_set_last(s, last_id, entries_added, max_deleted_id)
    client.db.changed(args.v[1], NOTIFY_STREAM, b"xsetid")
    client.reply.ok()
