"""The commands that set, read and remove the expiry of a key."""

import cython
from cython.cimports.libc.limits import LLONG_MAX, LLONG_MIN
from cython.cimports.libc.stdint import int64_t, uint64_t
from cython.cimports.pyrite.core.entry import Entry, entry_expire, entry_has_expire
from cython.cimports.pyrite.core.parser import Args
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.engine.propagation import Propagation
from cython.cimports.pyrite.keyspace.database import NOTIFY_GENERIC, Database

from pyrite.core.errors import (
    EXPIRE_CONDITIONS,
    EXPIRE_GT_AND_LT,
    CommandError,
    invalid_expire,
    unsupported_option,
)
from pyrite.engine.command import command
from pyrite.engine.declare import (
    ACCESS,
    FAST,
    GENERIC,
    NONDETERMINISTIC_OUTPUT,
    READONLY,
    RO,
    RW,
    UPDATE,
    WRITE,
    integer,
    key,
    key_at,
    one_of,
    optional,
    token,
    unix_time,
)

# The options of the four commands that set an expiry.
_CONDITION = optional(one_of("condition", token("NX"), token("XX"), token("GT"), token("LT"), since="7.0.0"))
_HISTORY = (("7.0.0", "`NX`, `XX`, `GT` and `LT`."),)

# Bits of those options.
NX = cython.declare(cython.int, 1)
XX = cython.declare(cython.int, 2)
GT = cython.declare(cython.int, 4)
LT = cython.declare(cython.int, 8)

NO_KEY = cython.declare(cython.longlong, -2)
NO_TTL = cython.declare(cython.longlong, -1)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _conditions(args: Args) -> cython.int:
    """The options behind the time, as bits."""
    bits: cython.int = 0
    i: cython.Py_ssize_t
    for i in range(3, args.argc):
        if args.equals(i, b"nx"):
            bits |= NX
        elif args.equals(i, b"xx"):
            bits |= XX
        elif args.equals(i, b"gt"):
            bits |= GT
        elif args.equals(i, b"lt"):
            bits |= LT
        else:
            raise CommandError(unsupported_option(args[i]))
    if bits & NX and bits != NX:
        raise CommandError(EXPIRE_CONDITIONS)
    if bits & GT and bits & LT:
        raise CommandError(EXPIRE_GT_AND_LT)
    return bits


@cython.cfunc
@cython.exceptval(-1, check=True)
def _absolute_ms(args: Args, base_ms: int64_t, unit_ms: int64_t, name: bytes) -> int64_t:
    """The Unix time in ms that argument 2 means, which counts units from a base; it can lie in the past."""
    value: cython.longlong = args.integer(2)
    if value > LLONG_MAX // unit_ms or value < LLONG_MIN // unit_ms:
        raise CommandError(invalid_expire(name))
    value *= unit_ms
    if value > LLONG_MAX - base_ms:
        raise CommandError(invalid_expire(name))
    return value + base_ms


@cython.cfunc
@cython.exceptval(check=False)
def _allows(conditions: cython.int, old_ms: int64_t, at_ms: int64_t) -> cython.bint:
    """Tell whether the options let a key that expires at `old_ms` (-1: never) expire at `at_ms` instead."""
    if conditions & NX and old_ms >= 0:
        return False
    if conditions & XX and old_ms < 0:
        return False
    if conditions & GT and (old_ms < 0 or at_ms <= old_ms):
        return False
    return not (conditions & LT and old_ms >= 0 and at_ms >= old_ms)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _expire(client: Client, args: Args, base_ms: int64_t, unit_ms: int64_t, name: bytes) -> cython.int:
    """Set a key's expiry, or delete the key where the time has passed already; replies 1, or 0 where it did neither."""
    db: Database = client.db
    conditions: cython.int = _conditions(args) if args.argc > 3 else 0
    at_ms: int64_t = _absolute_ms(args, base_ms, unit_ms, name)
    e: cython.pointer[Entry] = db.lookup_write(args.v[1])
    if e == cython.NULL or (conditions and not _allows(conditions, entry_expire(e), at_ms)):
        client.reply.integer(0)
        return 0
    propagation: Propagation = client.server.propagation
    if at_ms <= db.keyspace.now_ms:
        if propagation.on:
            propagation.instead(db, [b"UNLINK" if db.keyspace.lazy_expire else b"DEL", args[1]])
        db.delete(args.v[1], db.keyspace.lazy_expire)
        db.changed(args.v[1], NOTIFY_GENERIC, b"del")
    else:
        if propagation.on:
            propagation.instead(db, [b"PEXPIREAT", args[1], b"%d" % at_ms])
        db.set_expire(e, at_ms)
        db.changed(args.v[1], NOTIFY_GENERIC, b"expire")
    client.reply.integer(1)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _reply_expire(client: Client, args: Args, base_ms: int64_t, unit_ms: uint64_t) -> cython.int:
    """Reply with when the key expires, counted from a base in rounded units; NO_KEY or NO_TTL where it does not."""
    e: cython.pointer[Entry] = client.db.lookup_untouched(args.v[1], True)
    if e == cython.NULL:
        client.reply.integer(NO_KEY)
        return 0
    if not entry_has_expire(e):
        client.reply.integer(NO_TTL)
        return 0
    left_ms: int64_t = entry_expire(e) - base_ms
    if left_ms < 0:
        left_ms = 0
    client.reply.integer((cython.cast(uint64_t, left_ms) + unit_ms // 2) // unit_ms)
    return 0


@command(
    "EXPIRE",
    arity=-3,
    flags=WRITE | FAST,
    group=GENERIC,
    since="1.0.0",
    complexity="O(1)",
    keys=(key_at(1, RW | UPDATE),),
    history=_HISTORY,
    args=(key(), integer("seconds"), _CONDITION),
)
def expire(client: Client, args: Args) -> None:
    """Let a key expire after some seconds."""
    _expire(client, args, client.db.keyspace.now_ms, 1000, b"expire")


@command(
    "PEXPIRE",
    arity=-3,
    flags=WRITE | FAST,
    group=GENERIC,
    since="2.6.0",
    complexity="O(1)",
    keys=(key_at(1, RW | UPDATE),),
    history=_HISTORY,
    args=(key(), integer("milliseconds"), _CONDITION),
)
def pexpire(client: Client, args: Args) -> None:
    """Let a key expire after some milliseconds."""
    _expire(client, args, client.db.keyspace.now_ms, 1, b"pexpire")


@command(
    "EXPIREAT",
    arity=-3,
    flags=WRITE | FAST,
    group=GENERIC,
    since="1.2.0",
    complexity="O(1)",
    keys=(key_at(1, RW | UPDATE),),
    history=_HISTORY,
    args=(key(), unix_time("unix-time-seconds"), _CONDITION),
)
def expireat(client: Client, args: Args) -> None:
    """Let a key expire at a Unix time in seconds."""
    _expire(client, args, 0, 1000, b"expireat")


@command(
    "PEXPIREAT",
    arity=-3,
    flags=WRITE | FAST,
    group=GENERIC,
    since="2.6.0",
    complexity="O(1)",
    keys=(key_at(1, RW | UPDATE),),
    history=_HISTORY,
    args=(key(), unix_time("unix-time-milliseconds"), _CONDITION),
)
def pexpireat(client: Client, args: Args) -> None:
    """Let a key expire at a Unix time in milliseconds."""
    _expire(client, args, 0, 1, b"pexpireat")


@command(
    "TTL",
    arity=2,
    flags=READONLY | FAST,
    group=GENERIC,
    since="1.0.0",
    complexity="O(1)",
    keys=(key_at(1, RO | ACCESS),),
    tips=(NONDETERMINISTIC_OUTPUT,),
    history=(("2.8.0", "-2 for a missing key."),),
    args=(key(),),
)
def ttl(client: Client, args: Args) -> None:
    """Return how many seconds a key has left."""
    _reply_expire(client, args, client.db.keyspace.now_ms, 1000)


@command(
    "PTTL",
    arity=2,
    flags=READONLY | FAST,
    group=GENERIC,
    since="2.6.0",
    complexity="O(1)",
    keys=(key_at(1, RO | ACCESS),),
    tips=(NONDETERMINISTIC_OUTPUT,),
    history=(("2.8.0", "-2 for a missing key."),),
    args=(key(),),
)
def pttl(client: Client, args: Args) -> None:
    """Return how many milliseconds a key has left."""
    _reply_expire(client, args, client.db.keyspace.now_ms, 1)


@command(
    "EXPIRETIME",
    arity=2,
    flags=READONLY | FAST,
    group=GENERIC,
    since="7.0.0",
    complexity="O(1)",
    keys=(key_at(1, RO | ACCESS),),
    args=(key(),),
)
def expiretime(client: Client, args: Args) -> None:
    """Return the Unix time in seconds at which a key expires."""
    _reply_expire(client, args, 0, 1000)


@command(
    "PEXPIRETIME",
    arity=2,
    flags=READONLY | FAST,
    group=GENERIC,
    since="7.0.0",
    complexity="O(1)",
    keys=(key_at(1, RO | ACCESS),),
    args=(key(),),
)
def pexpiretime(client: Client, args: Args) -> None:
    """Return the Unix time in milliseconds at which a key expires."""
    _reply_expire(client, args, 0, 1)


@command(
    "PERSIST",
    arity=2,
    flags=WRITE | FAST,
    group=GENERIC,
    since="2.2.0",
    complexity="O(1)",
    keys=(key_at(1, RW | UPDATE),),
    args=(key(),),
)
def persist(client: Client, args: Args) -> None:
    """Take the expiry off a key."""
    e: cython.pointer[Entry] = client.db.lookup_write(args.v[1])
    if e == cython.NULL or not entry_has_expire(e):
        client.reply.integer(0)
        return
    client.db.clear_expire(e)
    client.db.changed(args.v[1], NOTIFY_GENERIC, b"persist")
    client.reply.integer(1)
