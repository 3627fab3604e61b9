"""The sorted-set commands for ranges: by rank, score or member they reply, count, store and remove.

Arguments become one ZsetRange, whatever the command; what it comes to is a span of neighbours, and each command is one
thing that is done with a span.
"""

import cython
from cython.cimports.pyrite.commands.sorted_set import put_members
from cython.cimports.pyrite.core.entry import Entry
from cython.cimports.pyrite.core.listpack import LpValue
from cython.cimports.pyrite.core.parser import Args
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.keyspace.database import NOTIFY_ZSET, Database
from cython.cimports.pyrite.types.sorted_set import (
    ZsetIterator,
    zset_delete_if_empty,
    zset_iterate_from,
    zset_lookup_read,
    zset_lookup_write,
    zset_next,
    zset_remove_ranks,
)
from cython.cimports.pyrite.types.sorted_set_build import ZsetBuilder, zb_add, zb_free, zb_init, zb_store
from cython.cimports.pyrite.types.sorted_set_range import (
    RANGE_LEX,
    RANGE_RANK,
    RANGE_SCORE,
    ZsetRange,
    ZsetSpan,
    parse_lex_bound,
    parse_score_bound,
    zset_span,
)

from pyrite.core.errors import SYNTAX, CommandError
from pyrite.engine.command import command
from pyrite.engine.declare import (
    ACCESS,
    DELETE,
    DENYOOM,
    DEPRECATED,
    FAST,
    OW,
    READONLY,
    RO,
    RW,
    SORTED_SET,
    UPDATE,
    WRITE,
    block,
    double,
    integer,
    key,
    key_at,
    one_of,
    optional,
    string,
    token,
)

NOT_A_SCORE = b"ERR min or max is not a float"
NOT_A_MEMBER = b"ERR min or max not valid string range item"
LIMIT_BY_RANK = b"ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"
SCORES_BY_MEMBER = b"ERR syntax error, WITHSCORES not supported in combination with BYLEX"

# Arguments


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_bounds(
    args: Args, low_at: cython.Py_ssize_t, high_at: cython.Py_ssize_t, r: cython.pointer[ZsetRange]
) -> cython.int:
    """The two ends of a range of a kind; raises CommandError."""
    if r.kind == RANGE_RANK:
        r.first = args.integer(low_at)
        r.last = args.integer(high_at)
    elif r.kind == RANGE_SCORE:
        if not (
            parse_score_bound(args.v[low_at], cython.address(r.low), cython.address(r.low_open))
            and parse_score_bound(args.v[high_at], cython.address(r.high), cython.address(r.high_open))
        ):
            raise CommandError(NOT_A_SCORE)
    elif not (
        parse_lex_bound(args.v[low_at], cython.address(r.low_member))
        and parse_lex_bound(args.v[high_at], cython.address(r.high_member))
    ):
        raise CommandError(NOT_A_MEMBER)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_options(
    args: Args, i: cython.Py_ssize_t, r: cython.pointer[ZsetRange], may_score: cython.bint
) -> cython.bint:
    """What follows the bounds, kind and direction where they are free; returns whether scores are asked for."""
    scores: cython.bint = False
    while i < args.argc:
        if may_score and args.equals(i, b"withscores"):
            scores = True
        elif i + 2 < args.argc and args.equals(i, b"limit"):
            r.offset = args.integer(i + 1)
            r.limit = args.integer(i + 2)
            i += 2
        elif r.reverse == DIRECTION_FREE and args.equals(i, b"rev"):
            r.reverse = DIRECTION_DOWN
        elif r.kind == KIND_FREE and args.equals(i, b"bylex"):
            r.kind = RANGE_LEX
        elif r.kind == KIND_FREE and args.equals(i, b"byscore"):
            r.kind = RANGE_SCORE
        else:
            raise CommandError(SYNTAX)
        i += 1
    return scores


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_range(
    args: Args,
    at: cython.Py_ssize_t,
    kind: cython.int,
    direction: cython.int,
    may_score: cython.bint,
    r: cython.pointer[ZsetRange],
) -> cython.bint:
    """The range whose first bound stands at an argument; returns whether scores are asked for. Raises CommandError."""
    r.kind = kind
    r.reverse = direction
    r.offset = 0
    r.limit = -1
    scores: cython.bint = _parse_options(args, at + 2, r, may_score)
    if r.kind == KIND_FREE:
        r.kind = RANGE_RANK
    if r.reverse == DIRECTION_FREE:
        r.reverse = DIRECTION_UP
    if r.kind == RANGE_RANK and r.limit != -1:
        raise CommandError(LIMIT_BY_RANK)
    if r.kind == RANGE_LEX and scores:
        raise CommandError(SCORES_BY_MEMBER)
    if r.reverse and r.kind != RANGE_RANK:
        _parse_bounds(args, at + 1, at, r)
    else:
        _parse_bounds(args, at, at + 1, r)
    return scores


# What is done with a range


@cython.cfunc
@cython.exceptval(-1, check=False)
def _reply_range(client: Client, args: Args, kind: cython.int, direction: cython.int) -> cython.int:
    """ZRANGE and its older forms."""
    r: ZsetRange
    it: ZsetIterator
    span: ZsetSpan
    scores: cython.bint = _parse_range(args, 2, kind, direction, True, cython.address(r))
    e: cython.pointer[Entry] = zset_lookup_read(client.db, args.v[1])
    if e == cython.NULL:
        client.reply.array(0)
        return 0
    span = zset_span(e, cython.address(r))
    if span.count == 0:
        client.reply.array(0)
        return 0
    zset_iterate_from(e, cython.address(it), span.rank + span.count - 1 if r.reverse else span.rank, r.reverse)
    put_members(client.reply, cython.address(it), span.count, scores)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _count_range(client: Client, args: Args, kind: cython.int) -> cython.int:
    """ZCOUNT and ZLEXCOUNT."""
    r: ZsetRange
    r.kind = kind
    r.reverse = False
    r.offset = 0
    r.limit = -1
    _parse_bounds(args, 2, 3, cython.address(r))
    e: cython.pointer[Entry] = zset_lookup_read(client.db, args.v[1])
    client.reply.integer(zset_span(e, cython.address(r)).count if e != cython.NULL else 0)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _remove_range(client: Client, args: Args, kind: cython.int, event: bytes) -> cython.int:
    """ZREMRANGEBYRANK, ZREMRANGEBYSCORE and ZREMRANGEBYLEX."""
    r: ZsetRange
    span: ZsetSpan
    db: Database = client.db
    removed: cython.Py_ssize_t = 0
    r.kind = kind
    r.reverse = False
    r.offset = 0
    r.limit = -1
    _parse_bounds(args, 2, 3, cython.address(r))
    e: cython.pointer[Entry] = zset_lookup_write(db, args.v[1])
    if e != cython.NULL:
        span = zset_span(e, cython.address(r))
        removed = zset_remove_ranks(e, span.rank, span.count)
    if removed:
        db.keyspace.dirty += removed - 1
        db.changed(args.v[1], NOTIFY_ZSET, event)
        zset_delete_if_empty(db, args.v[1], e)
    client.reply.integer(removed)
    return 0


@cython.cfunc
@cython.exceptval(check=False)
def _collect(b: cython.pointer[ZsetBuilder], e: cython.pointer[Entry], span: ZsetSpan) -> cython.void:
    it: ZsetIterator
    member: LpValue
    score: cython.double = 0
    if span.count:
        zset_iterate_from(e, cython.address(it), span.rank, False)
    while span.count:
        span.count -= 1
        zset_next(cython.address(it), cython.address(member), cython.address(score))
        zb_add(b, cython.address(member), score)


# The commands


@command(
    "ZRANGE",
    arity=-4,
    flags=READONLY,
    group=SORTED_SET,
    since="1.2.0",
    complexity="O(log(N)+M), where N is the number of members of the sorted set and M of those returned.",
    keys=(key_at(1, RO | ACCESS),),
    history=(("6.2.0", "`REV`, `BYSCORE`, `BYLEX` and `LIMIT`."),),
    args=(
        key(),
        string("start"),
        string("stop"),
        optional(one_of("sortby", token("BYSCORE"), token("BYLEX"), since="6.2.0")),
        optional(token("REV", since="6.2.0")),
        optional(block("limit", integer("offset"), integer("count"), token="LIMIT", since="6.2.0")),
        optional(token("WITHSCORES")),
    ),
)
def zrange(client: Client, args: Args) -> None:
    """Return the members of a sorted set in a range of ranks, scores or members."""
    _reply_range(client, args, KIND_FREE, DIRECTION_FREE)


@command(
    "ZREVRANGE",
    arity=-4,
    flags=READONLY,
    group=SORTED_SET,
    since="1.2.0",
    complexity="O(log(N)+M), where N is the number of members of the sorted set and M of those returned.",
    deprecated_since="6.2.0",
    replaced_by="`ZRANGE` with `REV`",
    doc_flags=DEPRECATED,
    keys=(key_at(1, RO | ACCESS),),
    args=(key(), integer("start"), integer("stop"), optional(token("WITHSCORES"))),
)
def zrevrange(client: Client, args: Args) -> None:
    """Return the members of a sorted set in a range of ranks, counted from the highest score down."""
    _reply_range(client, args, RANGE_RANK, DIRECTION_DOWN)


@command(
    "ZRANGEBYSCORE",
    arity=-4,
    flags=READONLY,
    group=SORTED_SET,
    since="1.0.5",
    complexity="O(log(N)+M), where N is the number of members of the sorted set and M of those returned.",
    deprecated_since="6.2.0",
    replaced_by="`ZRANGE` with `BYSCORE`",
    doc_flags=DEPRECATED,
    keys=(key_at(1, RO | ACCESS),),
    history=(("2.0.0", "`WITHSCORES`."),),
    args=(
        key(),
        double("min"),
        double("max"),
        optional(token("WITHSCORES", since="2.0.0")),
        optional(block("limit", integer("offset"), integer("count"), token="LIMIT")),
    ),
)
def zrangebyscore(client: Client, args: Args) -> None:
    """Return the members of a sorted set in a range of scores."""
    _reply_range(client, args, RANGE_SCORE, DIRECTION_UP)


@command(
    "ZREVRANGEBYSCORE",
    arity=-4,
    flags=READONLY,
    group=SORTED_SET,
    since="2.2.0",
    complexity="O(log(N)+M), where N is the number of members of the sorted set and M of those returned.",
    deprecated_since="6.2.0",
    replaced_by="`ZRANGE` with `REV` and `BYSCORE`",
    doc_flags=DEPRECATED,
    keys=(key_at(1, RO | ACCESS),),
    history=(("2.1.6", "Either end may be left out of the range."),),
    args=(
        key(),
        double("max"),
        double("min"),
        optional(token("WITHSCORES")),
        optional(block("limit", integer("offset"), integer("count"), token="LIMIT")),
    ),
)
def zrevrangebyscore(client: Client, args: Args) -> None:
    """Return the members of a sorted set in a range of scores, the highest first."""
    _reply_range(client, args, RANGE_SCORE, DIRECTION_DOWN)


@command(
    "ZRANGEBYLEX",
    arity=-4,
    flags=READONLY,
    group=SORTED_SET,
    since="2.8.9",
    complexity="O(log(N)+M), where N is the number of members of the sorted set and M of those returned.",
    deprecated_since="6.2.0",
    replaced_by="`ZRANGE` with `BYLEX`",
    doc_flags=DEPRECATED,
    keys=(key_at(1, RO | ACCESS),),
    args=(
        key(),
        string("min"),
        string("max"),
        optional(block("limit", integer("offset"), integer("count"), token="LIMIT")),
    ),
)
def zrangebylex(client: Client, args: Args) -> None:
    """Return the members between two others, of a sorted set whose scores are all equal."""
    _reply_range(client, args, RANGE_LEX, DIRECTION_UP)


@command(
    "ZREVRANGEBYLEX",
    arity=-4,
    flags=READONLY,
    group=SORTED_SET,
    since="2.8.9",
    complexity="O(log(N)+M), where N is the number of members of the sorted set and M of those returned.",
    deprecated_since="6.2.0",
    replaced_by="`ZRANGE` with `REV` and `BYLEX`",
    doc_flags=DEPRECATED,
    keys=(key_at(1, RO | ACCESS),),
    args=(
        key(),
        string("max"),
        string("min"),
        optional(block("limit", integer("offset"), integer("count"), token="LIMIT")),
    ),
)
def zrevrangebylex(client: Client, args: Args) -> None:
    """Return the members between two others, the last first, of a sorted set whose scores are all equal."""
    _reply_range(client, args, RANGE_LEX, DIRECTION_DOWN)


@command(
    "ZRANGESTORE",
    arity=-5,
    flags=WRITE | DENYOOM,
    group=SORTED_SET,
    since="6.2.0",
    complexity="O(log(N)+M), where N is the number of members of the sorted set and M of those stored.",
    keys=(key_at(1, OW | UPDATE), key_at(2, RO | ACCESS)),
    args=(
        key("dst", 0),
        key("src", 1),
        string("min"),
        string("max"),
        optional(one_of("sortby", token("BYSCORE"), token("BYLEX"))),
        optional(token("REV")),
        optional(block("limit", integer("offset"), integer("count"), token="LIMIT")),
    ),
)
def zrangestore(client: Client, args: Args) -> None:
    """Store the members of a sorted set in a range of ranks, scores or members in another key."""
    r: ZsetRange
    b: ZsetBuilder
    _parse_range(args, 3, KIND_FREE, DIRECTION_FREE, False, cython.address(r))
    e: cython.pointer[Entry] = zset_lookup_read(client.db, args.v[2])
    zb_init(cython.address(b))
    try:
        if e != cython.NULL:
            _collect(cython.address(b), e, zset_span(e, cython.address(r)))
        client.reply.integer(zb_store(client.db, args.v[1], cython.address(b), b"zrangestore"))
    finally:
        zb_free(cython.address(b))


@command(
    "ZCOUNT",
    arity=4,
    flags=READONLY | FAST,
    group=SORTED_SET,
    since="2.0.0",
    complexity="O(log(N)), where N is the number of members of the sorted set.",
    keys=(key_at(1, RO | ACCESS),),
    args=(key(), double("min"), double("max")),
)
def zcount(client: Client, args: Args) -> None:
    """Return how many members of a sorted set have a score in a range."""
    _count_range(client, args, RANGE_SCORE)


@command(
    "ZLEXCOUNT",
    arity=4,
    flags=READONLY | FAST,
    group=SORTED_SET,
    since="2.8.9",
    complexity="O(log(N)), where N is the number of members of the sorted set.",
    keys=(key_at(1, RO | ACCESS),),
    args=(key(), string("min"), string("max")),
)
def zlexcount(client: Client, args: Args) -> None:
    """Return how many members lie between two others, in a sorted set whose scores are all equal."""
    _count_range(client, args, RANGE_LEX)


@command(
    "ZREMRANGEBYRANK",
    arity=4,
    flags=WRITE,
    group=SORTED_SET,
    since="2.0.0",
    complexity="O(log(N)+M), where N is the number of members of the sorted set and M of those removed.",
    keys=(key_at(1, RW | DELETE),),
    args=(key(), integer("start"), integer("stop")),
)
def zremrangebyrank(client: Client, args: Args) -> None:
    """Remove the members of a sorted set in a range of ranks."""
    _remove_range(client, args, RANGE_RANK, b"zremrangebyrank")


@command(
    "ZREMRANGEBYSCORE",
    arity=4,
    flags=WRITE,
    group=SORTED_SET,
    since="1.2.0",
    complexity="O(log(N)+M), where N is the number of members of the sorted set and M of those removed.",
    keys=(key_at(1, RW | DELETE),),
    args=(key(), double("min"), double("max")),
)
def zremrangebyscore(client: Client, args: Args) -> None:
    """Remove the members of a sorted set in a range of scores."""
    _remove_range(client, args, RANGE_SCORE, b"zremrangebyscore")


@command(
    "ZREMRANGEBYLEX",
    arity=4,
    flags=WRITE,
    group=SORTED_SET,
    since="2.8.9",
    complexity="O(log(N)+M), where N is the number of members of the sorted set and M of those removed.",
    keys=(key_at(1, RW | DELETE),),
    args=(key(), string("min"), string("max")),
)
def zremrangebylex(client: Client, args: Args) -> None:
    """Remove the members between two others from a sorted set whose scores are all equal."""
    _remove_range(client, args, RANGE_LEX, b"zremrangebylex")
