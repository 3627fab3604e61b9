"""ZPOPMIN, ZPOPMAX, ZMPOP and their blocking forms: the lowest or highest members are returned and removed."""

import cython
from cython.cimports.libc.stdint import int64_t
from cython.cimports.pyrite.commands.blocking import parse_timeout_ms
from cython.cimports.pyrite.commands.sorted_set import put_pair
from cython.cimports.pyrite.core.entry import TYPE_ZSET, Entry
from cython.cimports.pyrite.core.listpack import LpValue
from cython.cimports.pyrite.core.numbers import parse_longlong
from cython.cimports.pyrite.core.parser import Args, Slice
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.blocking import BLOCK_REPLY_NULL_ARRAY, block_on_keys
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.keyspace.database import NOTIFY_ZSET, Database
from cython.cimports.pyrite.types.sorted_set import (
    ZsetIterator,
    zset_delete_if_empty,
    zset_iterate_from,
    zset_length,
    zset_lookup_write,
    zset_next,
    zset_remove_ranks,
)

from pyrite.core.errors import OUT_OF_RANGE_POSITIVE, SYNTAX, CommandError
from pyrite.engine.command import command
from pyrite.engine.declare import (
    ACCESS,
    BLOCKING,
    DELETE,
    FAST,
    RW,
    SORTED_SET,
    WRITE,
    double,
    integer,
    key,
    key_at,
    key_range,
    keys_by_count,
    multiple,
    one_of,
    optional,
    token,
)

NUMKEYS_NOT_POSITIVE = b"ERR numkeys should be greater than 0"
COUNT_NOT_POSITIVE = b"ERR count should be greater than 0"


@cython.cfunc
@cython.exceptval(-1, check=False)
def _pop(
    client: Client,
    key: Slice,
    e: cython.pointer[Entry],
    count: cython.size_t,
    highest: cython.bint,
    nested: cython.bint,
) -> cython.int:
    """Reply with the pairs of `count` members from an end, one after the other, and remove these members.

    There are at least as many, and `count` is not 0.
    """
    it: ZsetIterator
    member: LpValue
    score: cython.double = 0
    left: cython.size_t = count
    db: Database = client.db
    length: cython.size_t = zset_length(e)
    zset_iterate_from(e, cython.address(it), length - 1 if highest else 0, highest)
    while left:
        left -= 1
        zset_next(cython.address(it), cython.address(member), cython.address(score))
        put_pair(client.reply, cython.address(member), score, nested)
    zset_remove_ranks(e, length - count if highest else 0, count)
    db.keyspace.dirty += count - 1
    db.changed(key, NOTIFY_ZSET, b"zpopmax" if highest else b"zpopmin")
    zset_delete_if_empty(db, key, e)
    return 0


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _at_most(count: cython.longlong, e: cython.pointer[Entry]) -> cython.longlong:
    """The count, or the set's length where that is less."""
    length: cython.longlong = zset_length(e)
    return count if count < length else length


# One key


@cython.cfunc
@cython.exceptval(-1, check=False)
def _positive_count(args: Args, i: cython.Py_ssize_t) -> cython.longlong:
    """A count from 0 on; raises CommandError."""
    count: cython.longlong = 0
    if not parse_longlong(args.v[i].p, args.v[i].n, cython.address(count)) or count < 0:
        raise CommandError(OUT_OF_RANGE_POSITIVE)
    return count


@cython.cfunc
@cython.exceptval(-1, check=False)
def _pop_from_one(client: Client, args: Args, highest: cython.bint) -> cython.int:
    """ZPOPMIN and ZPOPMAX."""
    if args.argc > 3:
        raise CommandError(SYNTAX)
    count: cython.longlong = _positive_count(args, 2) if args.argc == 3 else 1
    e: cython.pointer[Entry] = zset_lookup_write(client.db, args.v[1])
    nested: cython.bint = args.argc == 3 and client.reply.resp > 2
    if e == cython.NULL or count == 0:
        client.reply.array(0)
        return 0
    count = _at_most(count, e)
    client.reply.array(count if nested else count * 2)
    return _pop(client, args.v[1], e, count, highest, nested)


@command(
    "ZPOPMIN",
    arity=-2,
    flags=WRITE | FAST,
    group=SORTED_SET,
    since="5.0.0",
    complexity="O(log(N)*M), where N is the number of members of the sorted set and M of those removed.",
    keys=(key_at(1, RW | ACCESS | DELETE),),
    args=(key(), optional(integer("count"))),
)
def zpopmin(client: Client, args: Args) -> None:
    """Return the members with the lowest scores and remove them."""
    _pop_from_one(client, args, False)


@command(
    "ZPOPMAX",
    arity=-2,
    flags=WRITE | FAST,
    group=SORTED_SET,
    since="5.0.0",
    complexity="O(log(N)*M), where N is the number of members of the sorted set and M of those removed.",
    keys=(key_at(1, RW | ACCESS | DELETE),),
    args=(key(), optional(integer("count"))),
)
def zpopmax(client: Client, args: Args) -> None:
    """Return the members with the highest scores and remove them."""
    _pop_from_one(client, args, True)


# The first of several keys that exists


@cython.cfunc
@cython.exceptval(-1, check=True)
def _find_filled(
    client: Client,
    args: Args,
    start: cython.Py_ssize_t,
    end: cython.Py_ssize_t,
    e: cython.pointer[cython.pointer[Entry]],
) -> cython.Py_ssize_t:
    """The index, from `start` up to `end`, of the first key that exists, -1 where none does; in `e` its entry."""
    i: cython.Py_ssize_t
    for i in range(start, end):
        e[0] = zset_lookup_write(client.db, args.v[i])
        if e[0] != cython.NULL:
            return i
    return -1


@cython.cfunc
@cython.exceptval(-1, check=False)
def _number_from_one(args: Args, i: cython.Py_ssize_t, error: bytes) -> cython.longlong:
    """A number from 1 on; raises CommandError with this text."""
    value: cython.longlong = 0
    if not parse_longlong(args.v[i].p, args.v[i].n, cython.address(value)) or value < 1:
        raise CommandError(error)
    return value


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_many(args: Args, at: cython.Py_ssize_t, request: cython.pointer[PopRequest]) -> cython.int:
    """What ZMPOP is to do, from its number of keys on; raises CommandError."""
    keys: cython.longlong = _number_from_one(args, at, NUMKEYS_NOT_POSITIVE)
    if keys >= args.argc - at - 1:
        raise CommandError(SYNTAX)
    i: cython.Py_ssize_t = at + 1 + keys
    counted: cython.bint = False
    request.first = at + 1
    request.end = i
    request.count = 1
    request.highest = args.equals(i, b"max")
    if not request.highest and not args.equals(i, b"min"):
        raise CommandError(SYNTAX)
    i += 1
    while i < args.argc:
        if counted or i + 1 == args.argc or not args.equals(i, b"count"):
            raise CommandError(SYNTAX)
        request.count = _number_from_one(args, i + 1, COUNT_NOT_POSITIVE)
        counted = True
        i += 2
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _pop_from_many(client: Client, args: Args, request: cython.pointer[PopRequest]) -> cython.bint:
    """Serve ZMPOP or BZMPOP; False, nothing replied, where all keys are missing."""
    e: cython.pointer[Entry] = cython.NULL
    reply: Reply = client.reply
    i: cython.Py_ssize_t = _find_filled(client, args, request.first, request.end, cython.address(e))
    if i < 0:
        return False
    count: cython.longlong = _at_most(request.count, e)
    reply.array(2)
    reply.put_bulk(args.v[i].p, args.v[i].n)
    reply.array(count)
    if client.server.propagation.on:
        name: bytes = b"ZPOPMAX" if request.highest else b"ZPOPMIN"
        client.server.propagation.instead(client.db, [name, args[i], b"%d" % count])
    _pop(client, args.v[i], e, count, request.highest, True)
    return True


@command(
    "ZMPOP",
    arity=-4,
    flags=WRITE,
    group=SORTED_SET,
    since="7.0.0",
    complexity="O(K) + O(M*log(N)), where K is the number of keys, N of the sorted set's members, M of those removed.",
    keys=(keys_by_count(1, RW | ACCESS | DELETE),),
    args=(
        integer("numkeys"),
        multiple(key()),
        one_of("where", token("MIN"), token("MAX")),
        optional(integer("count", token="COUNT")),
    ),
)
def zmpop(client: Client, args: Args) -> None:
    """Return the members with the lowest or highest scores of the first sorted set that exists, and remove them."""
    request: PopRequest
    _parse_many(args, 1, cython.address(request))
    if not _pop_from_many(client, args, cython.address(request)):
        client.reply.null_array()


# The forms that wait


@cython.cfunc
@cython.exceptval(-1, check=False)
def _wait(
    client: Client, args: Args, start: cython.Py_ssize_t, end: cython.Py_ssize_t, timeout_ms: int64_t
) -> cython.int:
    """Have the request run again when one of these keys holds a sorted set."""
    block_on_keys(client, [args[i] for i in range(start, end)], TYPE_ZSET, timeout_ms, BLOCK_REPLY_NULL_ARRAY, False)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _pop_or_wait(client: Client, args: Args, highest: cython.bint) -> cython.int:
    """BZPOPMIN and BZPOPMAX."""
    e: cython.pointer[Entry] = cython.NULL
    last: cython.Py_ssize_t = args.argc - 1
    timeout_ms: int64_t = parse_timeout_ms(args, last)
    i: cython.Py_ssize_t = _find_filled(client, args, 1, last, cython.address(e))
    if i < 0:
        return _wait(client, args, 1, last, timeout_ms)
    if client.server.propagation.on:
        client.server.propagation.instead(client.db, [b"ZPOPMAX" if highest else b"ZPOPMIN", args[i]])
    client.reply.array(3)
    client.reply.put_bulk(args.v[i].p, args.v[i].n)
    return _pop(client, args.v[i], e, 1, highest, False)


@command(
    "BZPOPMIN",
    arity=-3,
    flags=WRITE | FAST | BLOCKING,
    group=SORTED_SET,
    since="5.0.0",
    complexity="O(log(N)), where N is the number of members of the sorted set.",
    keys=(key_range(1, -2, RW | ACCESS | DELETE),),
    history=(("6.0.0", "Fractions of a second."),),
    args=(multiple(key()), double("timeout")),
)
def bzpopmin(client: Client, args: Args) -> None:
    """Return the member with the lowest score of the first sorted set that exists and remove it; wait for one."""
    _pop_or_wait(client, args, False)


@command(
    "BZPOPMAX",
    arity=-3,
    flags=WRITE | FAST | BLOCKING,
    group=SORTED_SET,
    since="5.0.0",
    complexity="O(log(N)), where N is the number of members of the sorted set.",
    keys=(key_range(1, -2, RW | ACCESS | DELETE),),
    history=(("6.0.0", "Fractions of a second."),),
    args=(multiple(key()), double("timeout")),
)
def bzpopmax(client: Client, args: Args) -> None:
    """Return the member with the highest score of the first sorted set that exists and remove it; wait for one."""
    _pop_or_wait(client, args, True)


@command(
    "BZMPOP",
    arity=-5,
    flags=WRITE | BLOCKING,
    group=SORTED_SET,
    since="7.0.0",
    complexity="O(K) + O(M*log(N)), where K is the number of keys, N of the sorted set's members, M of those removed.",
    keys=(keys_by_count(2, RW | ACCESS | DELETE),),
    args=(
        double("timeout"),
        integer("numkeys"),
        multiple(key()),
        one_of("where", token("MIN"), token("MAX")),
        optional(integer("count", token="COUNT")),
    ),
)
def bzmpop(client: Client, args: Args) -> None:
    """Return the members with the lowest or highest scores of the first sorted set there is, and remove them; wait."""
    request: PopRequest
    _parse_many(args, 2, cython.address(request))
    timeout_ms: int64_t = parse_timeout_ms(args, 1)
    if not _pop_from_many(client, args, cython.address(request)):
        _wait(client, args, request.first, request.end, timeout_ms)
