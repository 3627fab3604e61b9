"""ZUNION, ZINTER, ZDIFF, their forms that store, and ZINTERCARD. Sets are taken as well as sorted sets."""

import cython
from cython.cimports.pyrite.commands.sorted_set import put_member, put_pair
from cython.cimports.pyrite.core.entry import Entry, entry_key, entry_key_length
from cython.cimports.pyrite.core.listpack import LpValue
from cython.cimports.pyrite.core.memory import mem_alloc, mem_free
from cython.cimports.pyrite.core.numbers import parse_double, parse_longlong
from cython.cimports.pyrite.core.ordered_tree import entry_score
from cython.cimports.pyrite.core.parser import Args
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.types.sorted_set_algebra import (
    AGGREGATE_MAX,
    AGGREGATE_MIN,
    AGGREGATE_SUM,
    ZsetSource,
    source_open,
    zset_intersect,
    zset_subtract,
    zset_union,
)
from cython.cimports.pyrite.types.sorted_set_build import ZsetBuilder, zb_count, zb_free, zb_init, zb_sort, zb_store

from pyrite.core.errors import SYNTAX, CommandError
from pyrite.engine.command import command
from pyrite.engine.declare import (
    ACCESS,
    DENYOOM,
    OW,
    READONLY,
    RO,
    SORTED_SET,
    UPDATE,
    WRITE,
    integer,
    key,
    key_at,
    keys_by_count,
    multiple,
    one_of,
    optional,
    token,
)

WEIGHT_NOT_FLOAT = b"ERR weight value is not a float"
LIMIT_NEGATIVE = b"ERR LIMIT can't be negative"

# Indexed by the operation.
EVENTS = (b"zunionstore", b"zinterstore", b"zdiffstore")

# Arguments


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_count(client: Client, args: Args, at: cython.Py_ssize_t) -> cython.longlong:
    """How many sources there are; raises CommandError."""
    count: cython.longlong = args.integer(at)
    if count < 1:
        raise CommandError(b"ERR at least 1 input key is needed for '" + client.last_command.wire_name + b"' command")
    if count > args.argc - at - 1:
        raise CommandError(SYNTAX)
    return count


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_weights(args: Args, i: cython.Py_ssize_t, q: cython.pointer[AlgebraRequest]) -> cython.int:
    j: cython.size_t
    for j in range(q.count):
        if not parse_double(args.v[i + j].p, args.v[i + j].n, cython.address(q.sources[j].weight)):
            raise CommandError(WEIGHT_NOT_FLOAT)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_aggregate(args: Args, i: cython.Py_ssize_t) -> cython.int:
    if args.equals(i, b"sum"):
        return AGGREGATE_SUM
    if args.equals(i, b"min"):
        return AGGREGATE_MIN
    if args.equals(i, b"max"):
        return AGGREGATE_MAX
    raise CommandError(SYNTAX)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_options(args: Args, i: cython.Py_ssize_t, q: cython.pointer[AlgebraRequest]) -> cython.int:
    """What follows the sources; raises CommandError."""
    limit: cython.longlong = 0
    weighs: cython.bint = q.operation != OPERATION_DIFFERENCE and not q.counts
    while i < args.argc:
        if weighs and cython.cast(cython.size_t, args.argc - i) > q.count and args.equals(i, b"weights"):
            _parse_weights(args, i + 1, q)
            i += 1 + q.count
        elif weighs and i + 1 < args.argc and args.equals(i, b"aggregate"):
            q.aggregate = _parse_aggregate(args, i + 1)
            i += 2
        elif not q.stores and not q.counts and args.equals(i, b"withscores"):
            q.scores = True
            i += 1
        elif q.counts and i + 1 < args.argc and args.equals(i, b"limit"):
            if not parse_longlong(args.v[i + 1].p, args.v[i + 1].n, cython.address(limit)) or limit < 0:
                raise CommandError(LIMIT_NEGATIVE)
            q.limit = limit
            i += 2
        else:
            raise CommandError(SYNTAX)
    return 0


# What is done with them


@cython.cfunc
@cython.exceptval(check=False)
def _reply_sorted(reply: Reply, b: cython.pointer[ZsetBuilder], scores: cython.bint) -> cython.void:
    i: cython.size_t
    e: cython.pointer[Entry]
    member: LpValue
    zb_sort(b)
    reply.array(zb_count(b) * 2 if scores and reply.resp == 2 else zb_count(b))
    for i in range(zb_count(b)):
        e = b.members.items[i]
        member.text = entry_key(e)
        member.length = entry_key_length(e)
        if scores:
            put_pair(reply, cython.address(member), entry_score(e), reply.resp > 2)
        else:
            put_member(reply, cython.address(member))


@cython.cfunc
@cython.exceptval(-1, check=False)
def _carry_out(client: Client, args: Args, q: cython.pointer[AlgebraRequest]) -> cython.int:
    b: ZsetBuilder
    if q.counts:
        client.reply.integer(zset_intersect(cython.NULL, q.sources, q.count, AGGREGATE_SUM, q.limit))
        return 0
    zb_init(cython.address(b))
    try:
        if q.operation == OPERATION_UNION:
            zset_union(cython.address(b), q.sources, q.count, q.aggregate)
        elif q.operation == OPERATION_INTERSECTION:
            zset_intersect(cython.address(b), q.sources, q.count, q.aggregate, 0)
        else:
            zset_subtract(cython.address(b), q.sources, q.count)
        if q.stores:
            client.reply.integer(zb_store(client.db, args.v[1], cython.address(b), EVENTS[q.operation]))
        else:
            _reply_sorted(client.reply, cython.address(b), q.scores)
    finally:
        zb_free(cython.address(b))
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _combine(client: Client, args: Args, operation: cython.int, stores: cython.bint, counts: cython.bint) -> cython.int:
    """All commands of this module."""
    q: AlgebraRequest
    i: cython.size_t
    first: cython.Py_ssize_t = 3 if stores else 2
    q.operation = operation
    q.stores = stores
    q.counts = counts
    q.aggregate = AGGREGATE_SUM
    q.scores = False
    q.limit = 0
    q.count = _parse_count(client, args, first - 1)
    q.sources = cython.cast(cython.pointer[ZsetSource], mem_alloc(q.count * cython.sizeof(ZsetSource)))
    try:
        for i in range(q.count):
            q.sources[i].position = i
            source_open(client.db, args.v[first + i], cython.address(q.sources[i]))
        _parse_options(args, first + q.count, cython.address(q))
        _carry_out(client, args, cython.address(q))
    finally:
        mem_free(q.sources, q.count * cython.sizeof(ZsetSource))
    return 0


# The commands

_AGGREGATE = one_of("aggregate", token("SUM"), token("MIN"), token("MAX"), token="AGGREGATE")
_WEIGHTS = multiple(integer("weight", token="WEIGHTS"))


@command(
    "ZUNION",
    arity=-3,
    flags=READONLY,
    group=SORTED_SET,
    since="6.2.0",
    complexity="O(N)+O(M*log(M)), where N is the number of members of all sources and M of those of the result.",
    keys=(keys_by_count(1, RO | ACCESS),),
    args=(
        integer("numkeys"),
        multiple(key()),
        optional(_WEIGHTS),
        optional(_AGGREGATE),
        optional(token("WITHSCORES")),
    ),
)
def zunion(client: Client, args: Args) -> None:
    """Return the members of several sorted sets together."""
    _combine(client, args, OPERATION_UNION, False, False)


@command(
    "ZUNIONSTORE",
    arity=-4,
    flags=WRITE | DENYOOM,
    group=SORTED_SET,
    since="2.0.0",
    complexity="O(N)+O(M*log(M)), where N is the number of members of all sources and M of those of the result.",
    keys=(key_at(1, OW | UPDATE), keys_by_count(2, RO | ACCESS)),
    args=(
        key("destination", 0),
        integer("numkeys"),
        multiple(key("key", 1)),
        optional(_WEIGHTS),
        optional(_AGGREGATE),
    ),
)
def zunionstore(client: Client, args: Args) -> None:
    """Store the members of several sorted sets together in a key."""
    _combine(client, args, OPERATION_UNION, True, False)


@command(
    "ZINTER",
    arity=-3,
    flags=READONLY,
    group=SORTED_SET,
    since="6.2.0",
    complexity="O(N*K)+O(M*log(M)), where N is the number of members of the smallest source, K the number of sources "
    "and M the number of members of the result.",
    keys=(keys_by_count(1, RO | ACCESS),),
    args=(
        integer("numkeys"),
        multiple(key()),
        optional(_WEIGHTS),
        optional(_AGGREGATE),
        optional(token("WITHSCORES")),
    ),
)
def zinter(client: Client, args: Args) -> None:
    """Return the members that several sorted sets have in common."""
    _combine(client, args, OPERATION_INTERSECTION, False, False)


@command(
    "ZINTERSTORE",
    arity=-4,
    flags=WRITE | DENYOOM,
    group=SORTED_SET,
    since="2.0.0",
    complexity="O(N*K)+O(M*log(M)), where N is the number of members of the smallest source, K the number of sources "
    "and M the number of members of the result.",
    keys=(key_at(1, OW | UPDATE), keys_by_count(2, RO | ACCESS)),
    args=(
        key("destination", 0),
        integer("numkeys"),
        multiple(key("key", 1)),
        optional(_WEIGHTS),
        optional(_AGGREGATE),
    ),
)
def zinterstore(client: Client, args: Args) -> None:
    """Store the members that several sorted sets have in common in a key."""
    _combine(client, args, OPERATION_INTERSECTION, True, False)


@command(
    "ZINTERCARD",
    arity=-3,
    flags=READONLY,
    group=SORTED_SET,
    since="7.0.0",
    complexity="O(N*K), where N is the number of members of the smallest source and K the number of sources.",
    keys=(keys_by_count(1, RO | ACCESS),),
    args=(integer("numkeys"), multiple(key()), optional(integer("limit", token="LIMIT"))),
)
def zintercard(client: Client, args: Args) -> None:
    """Return how many members several sorted sets have in common."""
    _combine(client, args, OPERATION_INTERSECTION, False, True)


@command(
    "ZDIFF",
    arity=-3,
    flags=READONLY,
    group=SORTED_SET,
    since="6.2.0",
    complexity="O(L + (N-K)log(N)), where L is the number of members of all sources, N of those of the first and K of "
    "those of the result.",
    keys=(keys_by_count(1, RO | ACCESS),),
    args=(integer("numkeys"), multiple(key()), optional(token("WITHSCORES"))),
)
def zdiff(client: Client, args: Args) -> None:
    """Return the members of a sorted set that are in none of the others."""
    _combine(client, args, OPERATION_DIFFERENCE, False, False)


@command(
    "ZDIFFSTORE",
    arity=-4,
    flags=WRITE | DENYOOM,
    group=SORTED_SET,
    since="6.2.0",
    complexity="O(L + (N-K)log(N)), where L is the number of members of all sources, N of those of the first and K of "
    "those of the result.",
    keys=(key_at(1, OW | UPDATE), keys_by_count(2, RO | ACCESS)),
    args=(key("destination", 0), integer("numkeys"), multiple(key("key", 1))),
)
def zdiffstore(client: Client, args: Args) -> None:
    """Store the members of a sorted set that are in none of the others in a key."""
    _combine(client, args, OPERATION_DIFFERENCE, True, False)
