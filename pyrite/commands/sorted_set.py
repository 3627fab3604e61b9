"""The sorted-set commands for single members: adding, removing, scores, ranks, scanning, chance.

Ranges, set algebra and popping stand in modules of their own.
"""

import cython
from cython.cimports.libc.stdint import uint64_t
from cython.cimports.pyrite.commands.scan import ScanOptions, scan_cursor, scan_matches, scan_options, scan_table
from cython.cimports.pyrite.core.entry import Entry
from cython.cimports.pyrite.core.hashtable import EntryList, free_list
from cython.cimports.pyrite.core.listpack import LpValue
from cython.cimports.pyrite.core.memory import mem_alloc, mem_free
from cython.cimports.pyrite.core.numbers import DOUBLE_ROOM, LONGLONG_ROOM, format_double, format_longlong, parse_double
from cython.cimports.pyrite.core.ordered_tree import entry_score
from cython.cimports.pyrite.core.parser import Args, Slice
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.keyspace.database import NOTIFY_ZSET, Database, key_of
from cython.cimports.pyrite.types.sorted_set import (
    ZADD_GT,
    ZADD_INCR,
    ZADD_LT,
    ZADD_NX,
    ZADD_XX,
    ZSET_ADDED,
    ZSET_NAN,
    ZSET_SKIPPED,
    ZSET_UPDATED,
    SortedSet,
    ZsetIterator,
    zset_add,
    zset_delete_if_empty,
    zset_iterate,
    zset_length,
    zset_lookup_read,
    zset_lookup_write,
    zset_next,
    zset_rank,
    zset_remove,
    zset_reserve,
    zset_score,
    zset_table,
)

from pyrite.core.errors import NOT_FLOAT, SYNTAX, CommandError, wrong_arity
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
    SORTED_SET,
    UPDATE,
    WRITE,
    block,
    double,
    integer,
    key,
    key_at,
    multiple,
    one_of,
    optional,
    pattern,
    string,
    token,
)

SCORE_NAN = b"ERR resulting score is not a number (NaN)"
XX_AND_NX = b"ERR XX and NX options at the same time are not compatible"
GT_LT_AND_NX = b"ERR GT, LT, and/or NX options at the same time are not compatible"
ONE_INCREMENT = b"ERR INCR option supports a single increment-element pair"

# Adding


@cython.cfunc
@cython.exceptval(check=False)
def _condition(args: Args, i: cython.Py_ssize_t) -> cython.int:
    """The bit of one of ZADD's options, 0 for what is none."""
    n: cython.Py_ssize_t = args.v[i].n
    if n == 2:
        if args.equals(i, b"nx"):
            return ZADD_NX
        if args.equals(i, b"xx"):
            return ZADD_XX
        if args.equals(i, b"gt"):
            return ZADD_GT
        if args.equals(i, b"lt"):
            return ZADD_LT
        if args.equals(i, b"ch"):
            return ZADD_CH
    elif n == 4 and args.equals(i, b"incr"):
        return ZADD_INCR
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _check_conditions(flags: cython.int, pairs: cython.Py_ssize_t) -> cython.int:
    """Refuse options at odds with each other; raises CommandError."""
    if flags & ZADD_NX and flags & ZADD_XX:
        raise CommandError(XX_AND_NX)
    if (flags & ZADD_NX and flags & (ZADD_GT | ZADD_LT)) or (flags & ZADD_GT and flags & ZADD_LT):
        raise CommandError(GT_LT_AND_NX)
    if flags & ZADD_INCR and pairs > 1:
        raise CommandError(ONE_INCREMENT)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_scores(
    args: Args, start: cython.Py_ssize_t, pairs: cython.Py_ssize_t, scores: cython.p_double
) -> cython.int:
    i: cython.Py_ssize_t
    for i in range(pairs):
        if not parse_double(args.v[start + 2 * i].p, args.v[start + 2 * i].n, cython.address(scores[i])):
            raise CommandError(NOT_FLOAT)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def add_pairs(
    client: Client,
    members: cython.pointer[Slice],
    step: cython.Py_ssize_t,
    scores: cython.p_double,
    pairs: cython.Py_ssize_t,
    flags: cython.int,
) -> cython.int:
    """ZADD, once its arguments are understood: members `step` arguments apart, and their scores. Replies as ZADD does.

    Raises CommandError where a score would be no number; what was added before stays.
    """
    db: Database = client.db
    key: Slice = client.args.v[1]
    i: cython.Py_ssize_t
    status: cython.int = ZSET_SKIPPED
    score: cython.double = 0
    added: cython.Py_ssize_t = 0
    updated: cython.Py_ssize_t = 0
    for i in range(pairs):
        db.check_key(members[i * step])
    e: cython.pointer[Entry] = zset_lookup_write(db, key)
    if e != cython.NULL or not flags & ZADD_XX:
        zset_reserve(db, key, cython.address(e), pairs, members[0].n)
        for i in range(pairs):
            status = zset_add(db, key, cython.address(e), members[i * step], scores[i], flags, cython.address(score))
            added += status == ZSET_ADDED
            updated += status == ZSET_UPDATED
    if added + updated:
        db.keyspace.dirty += added + updated - 1
        db.changed(key, NOTIFY_ZSET, b"zincr" if flags & ZADD_INCR else b"zadd")
    if status == ZSET_NAN:
        raise CommandError(SCORE_NAN)
    if not flags & ZADD_INCR:
        client.reply.integer(added + updated if flags & ZADD_CH else added)
    elif status == ZSET_SKIPPED:
        client.reply.null()
    else:
        client.reply.double(score)
    return 0


@command(
    "ZADD",
    arity=-4,
    flags=WRITE | DENYOOM | FAST,
    group=SORTED_SET,
    since="1.2.0",
    complexity="O(log(N)) for each member, where N is the number of members of the sorted set.",
    keys=(key_at(1, RW | UPDATE),),
    history=(
        ("2.4.0", "Several members."),
        ("3.0.2", "`XX`, `NX`, `CH` and `INCR`."),
        ("6.2.0", "`GT` and `LT`."),
    ),
    args=(
        key(),
        optional(one_of("condition", token("NX"), token("XX"), since="3.0.2")),
        optional(one_of("comparison", token("GT"), token("LT"), since="6.2.0")),
        optional(token("CH", "change", since="3.0.2")),
        optional(token("INCR", "increment", since="3.0.2")),
        multiple(block("data", double("score"), string("member"))),
    ),
)
def zadd(client: Client, args: Args) -> None:
    """Add members to a sorted set, which is created when missing, or change their scores."""
    held: cython.double[SCORES_HELD]
    scores: cython.p_double = held
    flags: cython.int = 0
    bit: cython.int
    i: cython.Py_ssize_t = 2
    while i < args.argc:
        bit = _condition(args, i)
        if bit == 0:
            break
        flags |= bit
        i += 1
    pairs: cython.Py_ssize_t = (args.argc - i) // 2
    if pairs == 0 or (args.argc - i) % 2:
        raise CommandError(SYNTAX)
    _check_conditions(flags, pairs)
    if pairs <= SCORES_HELD:
        _parse_scores(args, i, pairs, scores)
        add_pairs(client, cython.address(args.v[i + 1]), 2, scores, pairs, flags)
        return
    scores = cython.cast(cython.p_double, mem_alloc(pairs * cython.sizeof(cython.double)))
    try:
        _parse_scores(args, i, pairs, scores)
        add_pairs(client, cython.address(args.v[i + 1]), 2, scores, pairs, flags)
    finally:
        mem_free(scores, pairs * cython.sizeof(cython.double))


@command(
    "ZINCRBY",
    arity=4,
    flags=WRITE | DENYOOM | FAST,
    group=SORTED_SET,
    since="1.2.0",
    complexity="O(log(N)), where N is the number of members of the sorted set.",
    keys=(key_at(1, RW | ACCESS | UPDATE),),
    args=(key(), integer("increment"), string("member")),
)
def zincrby(client: Client, args: Args) -> None:
    """Add a number to the score of a member, which is added with it when missing."""
    # As in ZADD, the name of an option is none but an option.
    score: cython.double[1]
    if _condition(args, 2):
        raise CommandError(SYNTAX)
    _parse_scores(args, 2, 1, score)
    add_pairs(client, cython.address(args.v[3]), 1, score, 1, ZADD_INCR)


@command(
    "ZREM",
    arity=-3,
    flags=WRITE | FAST,
    group=SORTED_SET,
    since="1.2.0",
    complexity="O(log(N)) for each member, where N is the number of members of the sorted set.",
    keys=(key_at(1, RW | DELETE),),
    history=(("2.4.0", "Several members."),),
    args=(key(), multiple(string("member"))),
)
def zrem(client: Client, args: Args) -> None:
    """Remove members from a sorted set, which is deleted with its last one."""
    db: Database = client.db
    i: cython.Py_ssize_t
    removed: cython.Py_ssize_t = 0
    e: cython.pointer[Entry] = zset_lookup_write(db, args.v[1])
    if e != cython.NULL:
        for i in range(2, args.argc):
            removed += zset_remove(e, args.v[i].p, args.v[i].n)
        if removed:
            db.keyspace.dirty += removed - 1
            db.changed(args.v[1], NOTIFY_ZSET, b"zrem")
            zset_delete_if_empty(db, args.v[1], e)
    client.reply.integer(removed)


# Asking


@command(
    "ZCARD",
    arity=2,
    flags=READONLY | FAST,
    group=SORTED_SET,
    since="1.2.0",
    complexity="O(1)",
    keys=(key_at(1, RO),),
    args=(key(),),
)
def zcard(client: Client, args: Args) -> None:
    """Return how many members a sorted set has."""
    e: cython.pointer[Entry] = zset_lookup_read(client.db, args.v[1])
    client.reply.integer(zset_length(e) if e != cython.NULL else 0)


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _reply_score(reply: Reply, e: cython.pointer[Entry], member: Slice) -> cython.void:
    score: cython.double = 0
    if e != cython.NULL and zset_score(e, member.p, member.n, cython.address(score)):
        reply.double(score)
    else:
        reply.null()


@command(
    "ZSCORE",
    arity=3,
    flags=READONLY | FAST,
    group=SORTED_SET,
    since="1.2.0",
    complexity="O(1)",
    keys=(key_at(1, RO | ACCESS),),
    args=(key(), string("member")),
)
def zscore(client: Client, args: Args) -> None:
    """Return the score of a member of a sorted set."""
    _reply_score(client.reply, zset_lookup_read(client.db, args.v[1]), args.v[2])


@command(
    "ZMSCORE",
    arity=-3,
    flags=READONLY | FAST,
    group=SORTED_SET,
    since="6.2.0",
    complexity="O(N), where N is the number of members asked for.",
    keys=(key_at(1, RO | ACCESS),),
    args=(key(), multiple(string("member"))),
)
def zmscore(client: Client, args: Args) -> None:
    """Return the scores of several members of a sorted set."""
    i: cython.Py_ssize_t
    e: cython.pointer[Entry] = zset_lookup_read(client.db, args.v[1])
    client.reply.array(args.argc - 2)
    for i in range(2, args.argc):
        _reply_score(client.reply, e, args.v[i])


@cython.cfunc
@cython.exceptval(-1, check=False)
def _reply_rank(client: Client, args: Args, reverse: cython.bint) -> cython.int:
    """ZRANK and ZREVRANK."""
    rank: cython.Py_ssize_t = -1
    score: cython.double = 0
    reply: Reply = client.reply
    with_score: cython.bint = args.argc == 4
    if args.argc > 4:
        raise CommandError(wrong_arity(client.last_command.wire_name))
    if with_score and not args.equals(3, b"withscore"):
        raise CommandError(SYNTAX)
    e: cython.pointer[Entry] = zset_lookup_read(client.db, args.v[1])
    if e != cython.NULL:
        rank = zset_rank(e, args.v[2].p, args.v[2].n, reverse, cython.address(score))
    if rank < 0:
        if with_score:
            reply.null_array()
        else:
            reply.null()
        return 0
    if with_score:
        reply.array(2)
    reply.integer(rank)
    if with_score:
        reply.double(score)
    return 0


@command(
    "ZRANK",
    arity=-3,
    flags=READONLY | FAST,
    group=SORTED_SET,
    since="2.0.0",
    complexity="O(log(N)), where N is the number of members of the sorted set.",
    keys=(key_at(1, RO | ACCESS),),
    history=(("7.2.0", "`WITHSCORE`."),),
    args=(key(), string("member"), optional(token("WITHSCORE"))),
)
def zrank(client: Client, args: Args) -> None:
    """Return how many members of a sorted set come before one."""
    _reply_rank(client, args, False)


@command(
    "ZREVRANK",
    arity=-3,
    flags=READONLY | FAST,
    group=SORTED_SET,
    since="2.0.0",
    complexity="O(log(N)), where N is the number of members of the sorted set.",
    keys=(key_at(1, RO | ACCESS),),
    history=(("7.2.0", "`WITHSCORE`."),),
    args=(key(), string("member"), optional(token("WITHSCORE"))),
)
def zrevrank(client: Client, args: Args) -> None:
    """Return how many members of a sorted set come behind one."""
    _reply_rank(client, args, True)


# Scanning


@cython.cfunc
@cython.exceptval(-1, check=False)
def _scan_table(client: Client, z: cython.pointer[SortedSet], cursor: uint64_t, options: ScanOptions) -> cython.int:
    met: EntryList
    i: cython.size_t
    found: cython.Py_ssize_t = 0
    met.items = cython.NULL
    met.count = 0
    met.capacity = 0
    cursor = scan_table(cython.address(z.table), cursor, options.count, cython.address(met))
    client.reply.array(2)
    client.reply.put_bulk_integer(cursor)
    mark: cython.Py_ssize_t = client.reply.open()
    for i in range(met.count):
        member: Slice = key_of(met.items[i])
        if scan_matches(options.pattern, member):
            client.reply.put_bulk(member.p, member.n)
            # Not the fewest digits that read back as the score, but 17: so Redis shows it here.
            client.reply.bulk(b"%.17g" % entry_score(met.items[i]))
            found += 2
    client.reply.close_array(mark, found)
    free_list(cython.address(met))
    return 0


@cython.cfunc
@cython.exceptval(check=False)
def _put_bulk_score(reply: Reply, score: cython.double) -> cython.void:
    """A score as a bulk string, whatever the protocol."""
    text: cython.char[DOUBLE_ROOM]
    reply.put_bulk(text, format_double(text, DOUBLE_ROOM, score))


@cython.cfunc
@cython.exceptval(-1, check=False)
def _scan_listpack(client: Client, e: cython.pointer[Entry], options: ScanOptions) -> cython.int:
    """All of a small set at once."""
    it: ZsetIterator
    value: LpValue
    member: Slice
    room: cython.char[LONGLONG_ROOM]
    score: cython.double = 0
    found: cython.Py_ssize_t = 0
    client.reply.array(2)
    client.reply.put_bulk_integer(0)
    mark: cython.Py_ssize_t = client.reply.open()
    zset_iterate(e, cython.address(it))
    while zset_next(cython.address(it), cython.address(value), cython.address(score)):
        member.p = cython.cast(cython.p_char, value.text)
        member.n = value.length
        if value.text == cython.NULL:
            member.p = room
            member.n = format_longlong(room, value.number)
        if scan_matches(options.pattern, member):
            client.reply.put_bulk(member.p, member.n)
            _put_bulk_score(client.reply, score)
            found += 2
    client.reply.close_array(mark, found)
    return 0


@command(
    "ZSCAN",
    arity=-3,
    flags=READONLY,
    group=SORTED_SET,
    since="2.8.0",
    complexity="O(1) for a call; O(N) for the whole way, where N is the number of members of the sorted set.",
    keys=(key_at(1, RO | ACCESS),),
    tips=(NONDETERMINISTIC_OUTPUT,),
    args=(
        key(),
        integer("cursor"),
        optional(pattern(token="MATCH")),
        optional(integer("count", token="COUNT")),
    ),
)
def zscan(client: Client, args: Args) -> None:
    """Go through the members of a sorted set and their scores in small steps, with a cursor."""
    cursor: uint64_t = scan_cursor(args, 2)
    e: cython.pointer[Entry] = zset_lookup_read(client.db, args.v[1])
    if e == cython.NULL:
        client.reply.array(2)
        client.reply.put_bulk_integer(0)
        client.reply.array(0)
        return
    options: ScanOptions = scan_options(args, 3, 0)
    z: cython.pointer[SortedSet] = zset_table(e)
    if z != cython.NULL:
        _scan_table(client, z, cursor, options)
    else:
        _scan_listpack(client, e, options)
