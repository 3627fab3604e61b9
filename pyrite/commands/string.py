"""The string commands: SET and GET with their kin, parts of values, and counters. LCS stands in a module of its own."""

import cython
from cython.cimports.libc.stdint import int64_t
from cython.cimports.pyrite.core.entry import TYPE_STRING, Blob, Entry, entry_has_expire, entry_type
from cython.cimports.pyrite.core.numbers import LONGDOUBLE_ROOM, LONGLONG_MAX, parse_longdouble
from cython.cimports.pyrite.core.parser import BIG_ARGUMENT, Args, Slice
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.engine.propagation import Propagation
from cython.cimports.pyrite.keyspace.database import (
    KEEP_TTL,
    NO_EXPIRE,
    NOTIFY_GENERIC,
    NOTIFY_STRING,
    Database,
)
from cython.cimports.pyrite.types.string import (
    string_increment,
    string_increment_float,
    string_length,
    string_lookup_read,
    string_lookup_write,
    string_set,
    string_view,
    string_write,
)

from pyrite.core.errors import (
    NOT_FLOAT,
    OFFSET_OUT_OF_RANGE,
    STRING_TOO_LONG,
    SYNTAX,
    CommandError,
    invalid_expire,
    wrong_arity,
)
from pyrite.engine.command import command
from pyrite.engine.declare import (
    ACCESS,
    DELETE,
    DENYOOM,
    DEPRECATED,
    FAST,
    INSERT,
    OW,
    READONLY,
    REQUEST_MULTI_SHARD,
    RESPONSE_ALL_SUCCEEDED,
    RO,
    RW,
    STRING,
    UPDATE,
    VARIABLE_FLAGS,
    WRITE,
    block,
    double,
    integer,
    key,
    key_at,
    key_range,
    multiple,
    one_of,
    optional,
    string,
    token,
    unix_time,
)

DECREMENT_OVERFLOW = b"ERR decrement would overflow"

# Whole values


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _reply_string(reply: Reply, e: cython.pointer[Entry]) -> cython.void:
    """A bulk string of the entry's bytes, a null without an entry."""
    scratch: cython.char[32]
    if e == cython.NULL:
        reply.null()
        return
    view: Slice = string_view(e, scratch)
    reply.put_bulk(view.p, view.n)


@cython.cfunc
@cython.inline
@cython.exceptval(-1, check=False)
def _store(
    client: Client, args: Args, name_at: cython.Py_ssize_t, value_at: cython.Py_ssize_t, expire_ms: int64_t
) -> cython.int:
    """Store one argument under another, taking over the block of a big one, and say so."""
    blob: cython.pointer[Blob] = cython.NULL
    if args.v[value_at].n >= BIG_ARGUMENT:
        blob = args.take_blob(value_at)
    db: Database = client.db
    string_set(db, args.v[name_at], args.v[value_at], blob, expire_ms)
    db.changed(args.v[name_at], NOTIFY_STRING, b"set")
    return 0


@command(
    "GET",
    arity=2,
    flags=READONLY | FAST,
    group=STRING,
    since="1.0.0",
    complexity="O(1)",
    keys=(key_at(1, RO | ACCESS),),
    args=(key(),),
)
def get(client: Client, args: Args) -> None:
    """Return the string at a key."""
    _reply_string(client.reply, string_lookup_read(client.db, args.v[1]))


# SET and what it can be told


_options = cython.declare(OptionRow[9])
_options[0] = OptionRow(b"ex", OPTION_EX, GROUP_LIFETIME)
_options[1] = OptionRow(b"px", OPTION_PX, GROUP_LIFETIME)
_options[2] = OptionRow(b"nx", OPTION_NX, GROUP_CONDITION)
_options[3] = OptionRow(b"xx", OPTION_XX, GROUP_CONDITION)
_options[4] = OptionRow(b"get", OPTION_GET, 0)
_options[5] = OptionRow(b"keepttl", OPTION_KEEPTTL, GROUP_LIFETIME)
_options[6] = OptionRow(b"exat", OPTION_EXAT, GROUP_LIFETIME)
_options[7] = OptionRow(b"pxat", OPTION_PXAT, GROUP_LIFETIME)
_options[8] = OptionRow(b"persist", OPTION_PERSIST, GROUP_LIFETIME)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_options(
    args: Args, start: cython.Py_ssize_t, allowed: cython.int, expire_at: cython.pointer[cython.Py_ssize_t]
) -> cython.int:
    """The options from an argument on, as bits; in `expire_at` where the expiry stands. Raises CommandError SYNTAX."""
    found: cython.int = 0
    row: cython.int
    bit: cython.int
    i: cython.Py_ssize_t = start
    while i < args.argc:
        bit = 0
        for row in range(OPTION_COUNT):
            if args.equals(i, _options[row].word):
                bit = _options[row].bit & allowed
                break
        if not bit or found & _options[row].group & ~bit:
            raise CommandError(SYNTAX)
        if bit & OPTIONS_TIMED:
            i += 1
            if i == args.argc:
                raise CommandError(SYNTAX)
            expire_at[0] = i
        found |= bit
        i += 1
    return found


@cython.cfunc
@cython.exceptval(-1, check=False)
def _expire_time(client: Client, args: Args, i: cython.Py_ssize_t, options: cython.int) -> int64_t:
    """The Unix time in ms that an argument means under EX, PX, EXAT or PXAT; it must be positive."""
    highest: int64_t = LONGLONG_MAX
    value: int64_t = args.integer(i)
    unit_ms: int64_t = 1000 if options & (OPTION_EX | OPTION_EXAT) else 1
    now_ms: int64_t = client.server.keyspace.now_ms if options & (OPTION_EX | OPTION_PX) else 0
    if value <= 0 or value > highest // unit_ms or value * unit_ms > highest - now_ms:
        raise CommandError(invalid_expire(client.last_command.wire_name))
    return value * unit_ms + now_ms


@cython.cfunc
@cython.exceptval(-1, check=False)
def _set_generic(
    client: Client, args: Args, value_at: cython.Py_ssize_t, options: cython.int, expire_at: cython.Py_ssize_t
) -> cython.int:
    """SET, SETNX, SETEX, PSETEX, GETSET: returns whether the key was set; with GET the old string is replied."""
    db: Database = client.db
    exists: cython.bint
    expire_ms: int64_t = KEEP_TTL if options & OPTION_KEEPTTL else NO_EXPIRE
    if options & OPTIONS_TIMED:
        expire_ms = _expire_time(client, args, expire_at, options)
    if options & OPTION_GET:
        _reply_string(client.reply, string_lookup_read(db, args.v[1]))
    if options & GROUP_CONDITION:
        exists = db.lookup_write(args.v[1]) != cython.NULL
        if exists != (options & OPTION_XX != 0):
            return False
    propagation: Propagation = client.server.propagation
    if propagation.on and options & (OPTIONS_TIMED | OPTION_GET):
        _propagate_set(client, args, value_at, expire_ms)
    _store(client, args, 1, value_at, expire_ms)
    if options & OPTIONS_TIMED:
        db.notify(args.v[1], NOTIFY_GENERIC, b"expire")
    return True


@cython.cfunc
def _propagate_set(client: Client, args: Args, value_at: cython.Py_ssize_t, expire_ms: int64_t) -> cython.void:
    """Propagate a SET that sets: with its expiry as a time of the day, and without reading what was there before.

    Before the value is stored, as that may take it out of the arguments.
    """
    words: list = [b"SET", args[1], args[value_at]]
    if expire_ms == KEEP_TTL:
        words.append(b"KEEPTTL")
    elif expire_ms != NO_EXPIRE:
        words += (b"PXAT", b"%d" % expire_ms)
    client.server.propagation.instead(client.db, words)


def _set_keys(args: Args, start: cython.Py_ssize_t) -> list:
    """Find SET's key: with GET the old value is read, otherwise only written over."""
    index: cython.Py_ssize_t
    for index in range(start + 3, args.argc):
        if args.is_token(index, b"get"):
            return [(1, RW | ACCESS | UPDATE)]
    return [(1, OW | UPDATE)]


@command(
    "SET",
    arity=-3,
    flags=WRITE | DENYOOM,
    group=STRING,
    since="1.0.0",
    complexity="O(1)",
    keys=(
        key_at(
            1,
            RW | ACCESS | UPDATE | VARIABLE_FLAGS,
            notes="Reads the old value only with `GET`",
            finder=_set_keys,
        ),
    ),
    history=(
        ("2.6.12", "`EX`, `PX`, `NX` and `XX`."),
        ("6.0.0", "`KEEPTTL`."),
        ("6.2.0", "`GET`, `EXAT` and `PXAT`."),
        ("7.0.0", "`NX` and `GET` may go together."),
    ),
    args=(
        key(),
        string("value"),
        optional(one_of("condition", token("NX"), token("XX"), since="2.6.12")),
        optional(token("GET", since="6.2.0")),
        optional(
            one_of(
                "expiration",
                integer("seconds", token="EX", since="2.6.12"),
                integer("milliseconds", token="PX", since="2.6.12"),
                unix_time("unix-time-seconds", token="EXAT", since="6.2.0"),
                unix_time("unix-time-milliseconds", token="PXAT", since="6.2.0"),
                token("KEEPTTL", since="6.0.0"),
            )
        ),
    ),
)
def set_(client: Client, args: Args) -> None:
    """Set a key to a string, whatever it held before."""
    if args.argc == 3:
        _store(client, args, 1, 2, NO_EXPIRE)
        client.reply.ok()
        return
    expire_at: cython.Py_ssize_t = 0
    options: cython.int = _parse_options(args, 3, OPTIONS_OF_SET, cython.address(expire_at))
    if _set_generic(client, args, 2, options, expire_at) and not options & OPTION_GET:
        client.reply.ok()
    elif not options & OPTION_GET:
        client.reply.null()


@command(
    "SETNX",
    arity=3,
    flags=WRITE | DENYOOM | FAST,
    group=STRING,
    since="1.0.0",
    complexity="O(1)",
    deprecated_since="2.6.12",
    replaced_by="`SET` with `NX`",
    doc_flags=DEPRECATED,
    keys=(key_at(1, OW | INSERT),),
    args=(key(), string("value")),
)
def setnx(client: Client, args: Args) -> None:
    """Set a key to a string unless the key exists."""
    client.reply.integer(_set_generic(client, args, 2, OPTION_NX, 0))


@command(
    "SETEX",
    arity=4,
    flags=WRITE | DENYOOM,
    group=STRING,
    since="2.0.0",
    complexity="O(1)",
    deprecated_since="2.6.12",
    replaced_by="`SET` with `EX`",
    doc_flags=DEPRECATED,
    keys=(key_at(1, OW | UPDATE),),
    args=(key(), integer("seconds"), string("value")),
)
def setex(client: Client, args: Args) -> None:
    """Set a key to a string that expires after some seconds."""
    _set_generic(client, args, 3, OPTION_EX, 2)
    client.reply.ok()


@command(
    "PSETEX",
    arity=4,
    flags=WRITE | DENYOOM,
    group=STRING,
    since="2.6.0",
    complexity="O(1)",
    deprecated_since="2.6.12",
    replaced_by="`SET` with `PX`",
    doc_flags=DEPRECATED,
    keys=(key_at(1, OW | UPDATE),),
    args=(key(), integer("milliseconds"), string("value")),
)
def psetex(client: Client, args: Args) -> None:
    """Set a key to a string that expires after some milliseconds."""
    _set_generic(client, args, 3, OPTION_PX, 2)
    client.reply.ok()


@command(
    "GETSET",
    arity=3,
    flags=WRITE | DENYOOM | FAST,
    group=STRING,
    since="1.0.0",
    complexity="O(1)",
    deprecated_since="6.2.0",
    replaced_by="`SET` with `GET`",
    doc_flags=DEPRECATED,
    keys=(key_at(1, RW | ACCESS | UPDATE),),
    args=(key(), string("value")),
)
def getset(client: Client, args: Args) -> None:
    """Set a key to a string and return the one it held before."""
    _set_generic(client, args, 2, OPTION_GET, 0)


@command(
    "GETDEL",
    arity=2,
    flags=WRITE | FAST,
    group=STRING,
    since="6.2.0",
    complexity="O(1)",
    keys=(key_at(1, RW | ACCESS | DELETE),),
    args=(key(),),
)
def getdel(client: Client, args: Args) -> None:
    """Return the string at a key and delete the key."""
    db: Database = client.db
    e: cython.pointer[Entry] = string_lookup_read(db, args.v[1])
    _reply_string(client.reply, e)
    if e != cython.NULL:
        if client.server.propagation.on:
            client.server.propagation.instead(db, [b"DEL", args[1]])
        db.delete(args.v[1], False)
        db.changed(args.v[1], NOTIFY_GENERIC, b"del")


@cython.cfunc
@cython.exceptval(-1, check=False)
def _change_lifetime(
    client: Client, key: Slice, e: cython.pointer[Entry], options: cython.int, at_ms: int64_t
) -> cython.int:
    """GETEX's second half: persist, expire at a time, or, where that has passed, delete at once."""
    db: Database = client.db
    propagation: Propagation = client.server.propagation
    if options & OPTION_PERSIST:
        if entry_has_expire(e):
            if propagation.on:
                propagation.instead(db, [b"PERSIST", key.p[: key.n]])
            db.clear_expire(e)
            db.changed(key, NOTIFY_GENERIC, b"persist")
    elif options & (OPTION_EXAT | OPTION_PXAT) and at_ms <= client.server.keyspace.now_ms:
        if propagation.on:
            propagation.instead(db, [b"DEL", key.p[: key.n]])
        db.delete(key, False)
        db.changed(key, NOTIFY_GENERIC, b"del")
    else:
        if propagation.on:
            propagation.instead(db, [b"PEXPIREAT", key.p[: key.n], b"%d" % at_ms])
        db.set_expire(e, at_ms)
        db.changed(key, NOTIFY_GENERIC, b"expire")
    return 0


@command(
    "GETEX",
    arity=-2,
    flags=WRITE | FAST,
    group=STRING,
    since="6.2.0",
    complexity="O(1)",
    keys=(key_at(1, RW | ACCESS | UPDATE, notes="Updates the expiry, not the value"),),
    args=(
        key(),
        optional(
            one_of(
                "expiration",
                integer("seconds", token="EX"),
                integer("milliseconds", token="PX"),
                unix_time("unix-time-seconds", token="EXAT"),
                unix_time("unix-time-milliseconds", token="PXAT"),
                token("PERSIST"),
            )
        ),
    ),
)
def getex(client: Client, args: Args) -> None:
    """Return the string at a key and set, move or remove its expiry."""
    at: cython.Py_ssize_t = 0
    at_ms: int64_t = NO_EXPIRE
    options: cython.int = _parse_options(args, 2, OPTIONS_OF_GETEX, cython.address(at))
    e: cython.pointer[Entry] = string_lookup_read(client.db, args.v[1])
    if e != cython.NULL and options & OPTIONS_TIMED:
        at_ms = _expire_time(client, args, at, options)
    _reply_string(client.reply, e)
    if e != cython.NULL and options:
        _change_lifetime(client, args.v[1], e, options, at_ms)


@command(
    "MGET",
    arity=-2,
    flags=READONLY | FAST,
    group=STRING,
    since="1.0.0",
    complexity="O(N), where N is the number of keys.",
    keys=(key_range(1, -1, RO | ACCESS),),
    tips=(REQUEST_MULTI_SHARD,),
    args=(multiple(key()),),
)
def mget(client: Client, args: Args) -> None:
    """Return the strings at several keys, as of one moment."""
    i: cython.Py_ssize_t
    e: cython.pointer[Entry]
    db: Database = client.db
    reply: Reply = client.reply
    reply.array(args.argc - 1)
    for i in range(1, args.argc):
        e = db.lookup_read(args.v[i])
        _reply_string(reply, e if e != cython.NULL and entry_type(e) == TYPE_STRING else cython.NULL)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _check_pairs(client: Client, args: Args) -> cython.int:
    if args.argc % 2 == 0:
        raise CommandError(wrong_arity(client.last_command.wire_name))
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _store_pairs(client: Client, args: Args) -> cython.int:
    i: cython.Py_ssize_t
    db: Database = client.db
    _check_pairs(client, args)
    if args.argc == 3:
        return _store(client, args, 1, 2, NO_EXPIRE)
    # No blocks are taken over: a key named twice would free one, and the slow log has yet to read the argument.
    for i in range(1, args.argc, 2):
        string_set(db, args.v[i], args.v[i + 1], cython.NULL, NO_EXPIRE)
        db.changed(args.v[i], NOTIFY_STRING, b"set")
    return 0


@command(
    "MSET",
    arity=-3,
    flags=WRITE | DENYOOM,
    group=STRING,
    since="1.0.1",
    complexity="O(N), where N is the number of keys.",
    keys=(key_range(1, -1, OW | UPDATE, step=2),),
    tips=(REQUEST_MULTI_SHARD, RESPONSE_ALL_SUCCEEDED),
    args=(multiple(block("data", key(), string("value"))),),
)
def mset(client: Client, args: Args) -> None:
    """Set several keys to strings, all at one moment."""
    _store_pairs(client, args)
    client.reply.ok()


@command(
    "MSETNX",
    arity=-3,
    flags=WRITE | DENYOOM,
    group=STRING,
    since="1.0.1",
    complexity="O(N), where N is the number of keys.",
    keys=(key_range(1, -1, OW | INSERT, step=2),),
    args=(multiple(block("data", key(), string("value"))),),
)
def msetnx(client: Client, args: Args) -> None:
    """Set several keys to strings, unless any of them exists."""
    i: cython.Py_ssize_t
    _check_pairs(client, args)
    for i in range(1, args.argc, 2):
        if client.db.lookup_write(args.v[i]) != cython.NULL:
            client.reply.integer(0)
            return
    _store_pairs(client, args)
    client.reply.integer(1)


# Parts of a value


@cython.cfunc
@cython.exceptval(-1, check=False)
def _check_length(client: Client, start: cython.longlong, more: cython.Py_ssize_t) -> cython.int:
    """Refuse a string whose end would lie past proto-max-bulk-len; both numbers are 0 or more."""
    if more > client.server.proto_max_bulk_len or start > client.server.proto_max_bulk_len - more:
        raise CommandError(STRING_TOO_LONG)
    return 0


@command(
    "APPEND",
    arity=3,
    flags=WRITE | DENYOOM | FAST,
    group=STRING,
    since="2.0.0",
    complexity="O(1) on average: the value's room grows in proportion to its size.",
    keys=(key_at(1, RW | INSERT),),
    args=(key(), string("value")),
)
def append(client: Client, args: Args) -> None:
    """Add to the end of the string at a key, which is created when missing."""
    db: Database = client.db
    data: Slice = args.v[2]
    e: cython.pointer[Entry] = string_lookup_write(db, args.v[1])
    length: cython.Py_ssize_t = 0
    if e == cython.NULL:
        string_set(db, args.v[1], data, args.take_blob(2) if data.n >= BIG_ARGUMENT else cython.NULL, NO_EXPIRE)
        length = data.n
    else:
        length = string_length(e)
        _check_length(client, length, data.n)
        length = string_write(db, args.v[1], e, length, data)
    db.changed(args.v[1], NOTIFY_STRING, b"append")
    client.reply.integer(length)


@command(
    "STRLEN",
    arity=2,
    flags=READONLY | FAST,
    group=STRING,
    since="2.2.0",
    complexity="O(1)",
    keys=(key_at(1, RO),),
    args=(key(),),
)
def strlen(client: Client, args: Args) -> None:
    """Return the length of the string at a key."""
    e: cython.pointer[Entry] = string_lookup_read(client.db, args.v[1])
    client.reply.integer(string_length(e) if e != cython.NULL else 0)


@command(
    "SETRANGE",
    arity=4,
    flags=WRITE | DENYOOM,
    group=STRING,
    since="2.2.0",
    complexity="O(M), where M is the length of the written value; O(1) for a short one.",
    keys=(key_at(1, RW | UPDATE),),
    args=(key(), integer("offset"), string("value")),
)
def setrange(client: Client, args: Args) -> None:
    """Write over a part of the string at a key, from a byte offset on; zero bytes fill a gap."""
    db: Database = client.db
    offset: cython.longlong = args.integer(2)
    if offset < 0:
        raise CommandError(OFFSET_OUT_OF_RANGE)
    e: cython.pointer[Entry] = string_lookup_write(db, args.v[1])
    if args.v[3].n == 0:
        client.reply.integer(string_length(e) if e != cython.NULL else 0)
        return
    _check_length(client, offset, args.v[3].n)
    length: cython.Py_ssize_t = string_write(db, args.v[1], e, offset, args.v[3])
    db.changed(args.v[1], NOTIFY_STRING, b"setrange")
    client.reply.integer(length)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _reply_range(client: Client, args: Args) -> cython.int:
    """GETRANGE and SUBSTR. Offsets before the first byte mean the first, even the end's."""
    scratch: cython.char[32]
    view: Slice
    start: cython.longlong = args.integer(2)
    end: cython.longlong = args.integer(3)
    e: cython.pointer[Entry] = string_lookup_read(client.db, args.v[1])
    view.p = scratch
    view.n = 0
    if e != cython.NULL and not (start < 0 and end < 0 and start > end):
        view = string_view(e, scratch)
    start = _offset(start, view.n)
    end = _offset(end, view.n)
    if end >= view.n:
        end = view.n - 1
    if start > end:
        client.reply.put_bulk(scratch, 0)
    else:
        client.reply.put_bulk(cython.address(view.p[start]), end - start + 1)
    return 0


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _offset(i: cython.longlong, n: cython.Py_ssize_t) -> cython.longlong:
    """An offset from the start, where negative ones count from the end and none lies before the first byte."""
    if i < 0:
        i += n
    return i if i > 0 else 0


@command(
    "GETRANGE",
    arity=4,
    flags=READONLY,
    group=STRING,
    since="2.4.0",
    complexity="O(N), where N is the length of the reply.",
    keys=(key_at(1, RO | ACCESS),),
    args=(key(), integer("start"), integer("end")),
)
def getrange(client: Client, args: Args) -> None:
    """Return the part of a string between two byte offsets, both inclusive."""
    _reply_range(client, args)


@command(
    "SUBSTR",
    arity=4,
    flags=READONLY,
    group=STRING,
    since="1.0.0",
    complexity="O(N), where N is the length of the reply.",
    deprecated_since="2.0.0",
    replaced_by="`GETRANGE`",
    doc_flags=DEPRECATED,
    keys=(key_at(1, RO | ACCESS),),
    args=(key(), integer("start"), integer("end")),
)
def substr(client: Client, args: Args) -> None:
    """Return the part of a string between two byte offsets, both inclusive."""
    _reply_range(client, args)


# Numbers


@cython.cfunc
@cython.inline
@cython.exceptval(-1, check=False)
def _increment(client: Client, args: Args, increment: cython.longlong) -> cython.int:
    """INCR and its siblings."""
    db: Database = client.db
    e: cython.pointer[Entry] = string_lookup_write(db, args.v[1])
    value: cython.longlong = string_increment(db, args.v[1], e, increment)
    db.changed(args.v[1], NOTIFY_STRING, b"incrby")
    client.reply.integer(value)
    return 0


@command(
    "INCR",
    arity=2,
    flags=WRITE | DENYOOM | FAST,
    group=STRING,
    since="1.0.0",
    complexity="O(1)",
    keys=(key_at(1, RW | ACCESS | UPDATE),),
    args=(key(),),
)
def incr(client: Client, args: Args) -> None:
    """Add one to the integer at a key; a missing key counts as 0."""
    _increment(client, args, 1)


@command(
    "DECR",
    arity=2,
    flags=WRITE | DENYOOM | FAST,
    group=STRING,
    since="1.0.0",
    complexity="O(1)",
    keys=(key_at(1, RW | ACCESS | UPDATE),),
    args=(key(),),
)
def decr(client: Client, args: Args) -> None:
    """Take one from the integer at a key; a missing key counts as 0."""
    _increment(client, args, -1)


@command(
    "INCRBY",
    arity=3,
    flags=WRITE | DENYOOM | FAST,
    group=STRING,
    since="1.0.0",
    complexity="O(1)",
    keys=(key_at(1, RW | ACCESS | UPDATE),),
    args=(key(), integer("increment")),
)
def incrby(client: Client, args: Args) -> None:
    """Add a number to the integer at a key; a missing key counts as 0."""
    _increment(client, args, args.integer(2))


@command(
    "DECRBY",
    arity=3,
    flags=WRITE | DENYOOM | FAST,
    group=STRING,
    since="1.0.0",
    complexity="O(1)",
    keys=(key_at(1, RW | ACCESS | UPDATE),),
    args=(key(), integer("decrement")),
)
def decrby(client: Client, args: Args) -> None:
    """Take a number from the integer at a key; a missing key counts as 0."""
    decrement: cython.longlong = args.integer(2)
    highest: cython.longlong = LONGLONG_MAX
    # The lowest integer has no negative.
    if decrement < -highest:
        raise CommandError(DECREMENT_OVERFLOW)
    _increment(client, args, -decrement)


@command(
    "INCRBYFLOAT",
    arity=3,
    flags=WRITE | DENYOOM | FAST,
    group=STRING,
    since="2.6.0",
    complexity="O(1)",
    keys=(key_at(1, RW | ACCESS | UPDATE),),
    args=(key(), double("increment")),
)
def incrbyfloat(client: Client, args: Args) -> None:
    """Add a number to the floating-point number at a key; a missing key counts as 0."""
    text: cython.char[LONGDOUBLE_ROOM]
    increment: cython.longdouble = 0
    db: Database = client.db
    e: cython.pointer[Entry] = string_lookup_write(db, args.v[1])
    if not parse_longdouble(args.v[2].p, args.v[2].n, cython.address(increment)):
        raise CommandError(NOT_FLOAT)
    length: cython.Py_ssize_t = string_increment_float(db, args.v[1], e, increment, text)
    if client.server.propagation.on:
        # Not all processors add floating-point numbers alike.
        client.server.propagation.instead(db, [b"SET", args[1], text[:length], b"KEEPTTL"])
    db.changed(args.v[1], NOTIFY_STRING, b"incrbyfloat")
    client.reply.put_bulk(text, length)
