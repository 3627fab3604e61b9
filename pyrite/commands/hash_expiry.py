"""The commands that set, read and remove the expiry of the fields of a hash."""

import cython
from cython.cimports.libc.stdint import int64_t
from cython.cimports.pyrite.core.entry import Entry
from cython.cimports.pyrite.core.hash_value import hash_is_empty
from cython.cimports.pyrite.core.numbers import parse_longlong
from cython.cimports.pyrite.core.parser import Args
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.engine.propagation import Propagation
from cython.cimports.pyrite.keyspace.database import NOTIFY_GENERIC, NOTIFY_HASH, Database
from cython.cimports.pyrite.types.hash import hash_lookup_read, hash_lookup_write
from cython.cimports.pyrite.types.hash_expiry import (
    ALWAYS,
    EXPIRY_SET,
    FIELD_DELETED,
    IF_ANY,
    IF_EARLIER,
    IF_LATER,
    IF_NONE,
    NO_FIELD,
    hash_expire_time,
    hash_make_expirable,
    hash_persist,
    hash_set_expire,
)

from pyrite.core.errors import CommandError, invalid_expire
from pyrite.engine.command import command
from pyrite.engine.declare import (
    ACCESS,
    DENYOOM,
    FAST,
    HASH,
    NONDETERMINISTIC_OUTPUT,
    READONLY,
    RO,
    RW,
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
    unix_time,
)

NEGATIVE_EXPIRE = b"ERR invalid expire time, must be >= 0"
NO_FIELDS_WORD = b"ERR Mandatory argument FIELDS is missing or not at the right position"
FIELDS_NOT_POSITIVE = b"ERR Parameter `numFields` should be greater than 0"
COUNT_NOT_POSITIVE = b"ERR Number of fields must be a positive integer"
FIELDS_NOT_MATCHING = b"ERR The `numfields` parameter must match the number of arguments"

# The latest time that a field may expire at: Redis has 46 bits for it.
LATEST_MS = cython.declare(cython.longlong, (1 << 46) - 1)

_CONDITION = optional(one_of("condition", token("NX"), token("XX"), token("GT"), token("LT")))
_FIELDS = block("fields", integer("numfields"), multiple(string("field")), token="FIELDS")
_COMPLEXITY = "O(N), where N is the number of fields named."


@cython.cfunc
@cython.exceptval(-1, check=False)
def _first_field(args: Args, i: cython.Py_ssize_t, not_positive: bytes) -> cython.Py_ssize_t:
    """Where the fields begin of which the word FIELDS and the number stand from argument `i` on; they are the last.

    Raises CommandError, with the given text for a number below 1, or none.
    """
    count: cython.longlong = 0
    if i + 1 >= args.argc or not args.equals(i, b"fields"):
        raise CommandError(NO_FIELDS_WORD)
    if not parse_longlong(args.v[i + 1].p, args.v[i + 1].n, cython.address(count)) or count < 1:
        raise CommandError(not_positive)
    if count != args.argc - i - 2:
        raise CommandError(FIELDS_NOT_MATCHING)
    return i + 2


@cython.cfunc
@cython.exceptval(-1, check=False)
def _reply_no_fields(client: Client, count: cython.Py_ssize_t) -> cython.int:
    """The reply where the hash does not exist."""
    client.reply.array(count)
    for _ in range(count):
        client.reply.integer(NO_FIELD)
    return 0


# Setting it


@cython.cfunc
@cython.exceptval(-1, check=False)
def _absolute_ms(args: Args, base_ms: int64_t, unit_ms: int64_t, name: bytes) -> int64_t:
    """The Unix time in ms that argument 2 means, which counts units from a base."""
    value: cython.longlong = args.integer(2)
    if value < 0:
        raise CommandError(NEGATIVE_EXPIRE)
    if value > LATEST_MS // unit_ms or value * unit_ms > LATEST_MS - base_ms:
        raise CommandError(invalid_expire(name))
    return value * unit_ms + base_ms


@cython.cfunc
@cython.exceptval(check=False)
def _condition(args: Args) -> cython.int:
    """The condition in argument 3, ALWAYS where that is none."""
    if args.equals(3, b"nx"):
        return IF_NONE
    if args.equals(3, b"xx"):
        return IF_ANY
    if args.equals(3, b"gt"):
        return IF_LATER
    if args.equals(3, b"lt"):
        return IF_EARLIER
    return ALWAYS


@cython.cfunc
@cython.exceptval(-1, check=False)
def _say_changed(
    db: Database, args: Args, e: cython.pointer[Entry], changed: cython.longlong, deleted: cython.longlong
) -> cython.int:
    """Say what became of the hash: `changed` fields have another expiry, `deleted` ones are gone."""
    empty: cython.bint
    if changed + deleted == 0:
        return 0
    empty = hash_is_empty(e)
    if empty:
        db.delete(args.v[1], False)
    db.keyspace.dirty += changed + deleted - 1
    db.changed(args.v[1], NOTIFY_HASH, b"hdel" if deleted else b"hexpire")
    if empty:
        db.notify(args.v[1], NOTIFY_GENERIC, b"del")
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _expire(client: Client, args: Args, base_ms: int64_t, unit_ms: int64_t, name: bytes) -> cython.int:
    """Let fields expire, or delete them where the time has passed already; replies what became of each."""
    db: Database = client.db
    status: cython.int
    changed: cython.longlong = 0
    deleted: cython.longlong = 0
    i: cython.Py_ssize_t
    propagation: Propagation = client.server.propagation
    affected: list = []
    e: cython.pointer[Entry] = hash_lookup_write(db, args.v[1])
    at_ms: int64_t = _absolute_ms(args, base_ms, unit_ms, name)
    condition: cython.int = _condition(args)
    first: cython.Py_ssize_t = _first_field(args, 3 if condition == ALWAYS else 4, FIELDS_NOT_POSITIVE)
    if e == cython.NULL:
        return _reply_no_fields(client, args.argc - first)
    hash_make_expirable(e)
    client.reply.array(args.argc - first)
    for i in range(first, args.argc):
        status = hash_set_expire(db, e, args.v[i], at_ms, condition)
        changed += status == EXPIRY_SET
        deleted += status == FIELD_DELETED
        if propagation.on and status in (EXPIRY_SET, FIELD_DELETED):
            affected.append(args[i])
        client.reply.integer(status)
    if affected:
        # The time is one for all, so either all of these are deleted or none.
        words = [b"HDEL", args[1]] if deleted else [
            b"HPEXPIREAT", args[1], b"%d" % at_ms, b"FIELDS", b"%d" % len(affected),
        ]  # fmt: skip
        propagation.instead(db, words + affected)
    return _say_changed(db, args, e, changed, deleted)


@command(
    "HEXPIRE",
    arity=-6,
    flags=WRITE | DENYOOM | FAST,
    group=HASH,
    since="7.4.0",
    complexity=_COMPLEXITY,
    keys=(key_at(1, RW | UPDATE),),
    args=(key(), integer("seconds"), _CONDITION, _FIELDS),
)
def hexpire(client: Client, args: Args) -> None:
    """Let fields of a hash expire after some seconds."""
    _expire(client, args, client.db.keyspace.now_ms, 1000, b"hexpire")


@command(
    "HPEXPIRE",
    arity=-6,
    flags=WRITE | DENYOOM | FAST,
    group=HASH,
    since="7.4.0",
    complexity=_COMPLEXITY,
    keys=(key_at(1, RW | UPDATE),),
    args=(key(), integer("milliseconds"), _CONDITION, _FIELDS),
)
def hpexpire(client: Client, args: Args) -> None:
    """Let fields of a hash expire after some milliseconds."""
    _expire(client, args, client.db.keyspace.now_ms, 1, b"hpexpire")


@command(
    "HEXPIREAT",
    arity=-6,
    flags=WRITE | DENYOOM | FAST,
    group=HASH,
    since="7.4.0",
    complexity=_COMPLEXITY,
    keys=(key_at(1, RW | UPDATE),),
    args=(key(), unix_time("unix-time-seconds"), _CONDITION, _FIELDS),
)
def hexpireat(client: Client, args: Args) -> None:
    """Let fields of a hash expire at a Unix time in seconds."""
    _expire(client, args, 0, 1000, b"hexpireat")


@command(
    "HPEXPIREAT",
    arity=-6,
    flags=WRITE | DENYOOM | FAST,
    group=HASH,
    since="7.4.0",
    complexity=_COMPLEXITY,
    keys=(key_at(1, RW | UPDATE),),
    args=(key(), unix_time("unix-time-milliseconds"), _CONDITION, _FIELDS),
)
def hpexpireat(client: Client, args: Args) -> None:
    """Let fields of a hash expire at a Unix time in milliseconds."""
    _expire(client, args, 0, 1, b"hpexpireat")


# Reading it


@cython.cfunc
@cython.exceptval(-1, check=False)
def _reply_expire(client: Client, args: Args, base_ms: int64_t, unit_ms: int64_t) -> cython.int:
    """Reply with when each field expires, counted from a base in units, rounded up."""
    i: cython.Py_ssize_t
    at_ms: int64_t
    e: cython.pointer[Entry] = hash_lookup_read(client.db, args.v[1])
    first: cython.Py_ssize_t = _first_field(args, 2, COUNT_NOT_POSITIVE)
    if e == cython.NULL:
        return _reply_no_fields(client, args.argc - first)
    client.reply.array(args.argc - first)
    for i in range(first, args.argc):
        at_ms = hash_expire_time(client.db, e, args.v[i])
        client.reply.integer(at_ms if at_ms < 0 else (at_ms - base_ms + unit_ms - 1) // unit_ms)
    return 0


@command(
    "HTTL",
    arity=-5,
    flags=READONLY | FAST,
    group=HASH,
    since="7.4.0",
    complexity=_COMPLEXITY,
    keys=(key_at(1, RO | ACCESS),),
    tips=(NONDETERMINISTIC_OUTPUT,),
    args=(key(), _FIELDS),
)
def httl(client: Client, args: Args) -> None:
    """Return how many seconds fields of a hash have left."""
    _reply_expire(client, args, client.db.keyspace.now_ms, 1000)


@command(
    "HPTTL",
    arity=-5,
    flags=READONLY | FAST,
    group=HASH,
    since="7.4.0",
    complexity=_COMPLEXITY,
    keys=(key_at(1, RO | ACCESS),),
    tips=(NONDETERMINISTIC_OUTPUT,),
    args=(key(), _FIELDS),
)
def hpttl(client: Client, args: Args) -> None:
    """Return how many milliseconds fields of a hash have left."""
    _reply_expire(client, args, client.db.keyspace.now_ms, 1)


@command(
    "HEXPIRETIME",
    arity=-5,
    flags=READONLY | FAST,
    group=HASH,
    since="7.4.0",
    complexity=_COMPLEXITY,
    keys=(key_at(1, RO | ACCESS),),
    args=(key(), _FIELDS),
)
def hexpiretime(client: Client, args: Args) -> None:
    """Return the Unix time in seconds at which fields of a hash expire."""
    _reply_expire(client, args, 0, 1000)


@command(
    "HPEXPIRETIME",
    arity=-5,
    flags=READONLY | FAST,
    group=HASH,
    since="7.4.0",
    complexity=_COMPLEXITY,
    keys=(key_at(1, RO | ACCESS),),
    args=(key(), _FIELDS),
)
def hpexpiretime(client: Client, args: Args) -> None:
    """Return the Unix time in milliseconds at which fields of a hash expire."""
    _reply_expire(client, args, 0, 1)


@command(
    "HPERSIST",
    arity=-5,
    flags=WRITE | FAST,
    group=HASH,
    since="7.4.0",
    complexity=_COMPLEXITY,
    keys=(key_at(1, RW | UPDATE),),
    args=(key(), _FIELDS),
)
def hpersist(client: Client, args: Args) -> None:
    """Take the expiry off fields of a hash."""
    db: Database = client.db
    changed: cython.longlong = 0
    status: cython.int
    i: cython.Py_ssize_t
    e: cython.pointer[Entry] = hash_lookup_write(db, args.v[1])
    first: cython.Py_ssize_t = _first_field(args, 2, COUNT_NOT_POSITIVE)
    if e == cython.NULL:
        _reply_no_fields(client, args.argc - first)
        return
    client.reply.array(args.argc - first)
    for i in range(first, args.argc):
        status = hash_persist(db, e, args.v[i])
        changed += status == 1
        client.reply.integer(status)
    if changed:
        db.changed(args.v[1], NOTIFY_HASH, b"hpersist")
