"""ZRANDMEMBER: members of a sorted set drawn at random."""

import cython
from cython.cimports.libc.stdint import uint64_t
from cython.cimports.pyrite.commands.big_reply import LOOK_EACH, reply_goes_on
from cython.cimports.pyrite.commands.sorted_set import put_member, put_members, put_pair
from cython.cimports.pyrite.core.entry import Entry
from cython.cimports.pyrite.core.listpack import LpValue
from cython.cimports.pyrite.core.memory import mem_alloc, mem_free
from cython.cimports.pyrite.core.numbers import LONGLONG_MAX
from cython.cimports.pyrite.core.parser import Args
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.types.sorted_set import (
    ZsetIterator,
    zset_iterate,
    zset_iterate_from,
    zset_length,
    zset_lookup_read,
    zset_next,
    zset_random,
)
from cython.cimports.pyrite.types.sorted_set_sample import (
    ZsetSampler,
    sample_ranks,
    sampler_close,
    sampler_next,
    sampler_open,
)

from pyrite.core.errors import OUT_OF_RANGE, SYNTAX, CommandError, out_of_int_range
from pyrite.engine.command import command
from pyrite.engine.declare import (
    ACCESS,
    NONDETERMINISTIC_OUTPUT,
    READONLY,
    RO,
    SORTED_SET,
    block,
    integer,
    key,
    key_at,
    optional,
    token,
)

# To the next rank, or as far as this, a step each is cheaper than a search.
STEPS_MAX = cython.declare(uint64_t, 16)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _reply_repeating(
    client: Client, e: cython.pointer[Entry], count: cython.longlong, scores: cython.bint
) -> cython.int:
    sampler: ZsetSampler
    member: LpValue
    score: cython.double = 0
    reply: Reply = client.reply
    left: cython.longlong = count
    reply.array(count * 2 if scores and reply.resp == 2 else count)
    sampler_open(cython.address(sampler), e)
    try:
        while left:
            sampler_next(cython.address(sampler), cython.address(member), cython.address(score))
            if scores:
                put_pair(reply, cython.address(member), score, reply.resp > 2)
            else:
                put_member(reply, cython.address(member))
            left -= 1
            if left % LOOK_EACH == 0 and not reply_goes_on(client):
                break
    finally:
        sampler_close(cython.address(sampler))
    return 0


@cython.cfunc
@cython.exceptval(check=False)
def _reply_different(reply: Reply, e: cython.pointer[Entry], count: cython.size_t, scores: cython.bint) -> cython.void:
    """Different members, fewer than there are."""
    it: ZsetIterator
    member: LpValue
    score: cython.double = 0
    i: cython.size_t
    at: uint64_t = 0
    ranks: cython.pointer[uint64_t] = cython.cast(cython.pointer[uint64_t], mem_alloc(count * cython.sizeof(uint64_t)))
    sample_ranks(ranks, count, zset_length(e))
    reply.array(count * 2 if scores and reply.resp == 2 else count)
    zset_iterate(e, cython.address(it))
    for i in range(count):
        if ranks[i] - at > STEPS_MAX:
            zset_iterate_from(e, cython.address(it), ranks[i], False)
            at = ranks[i]
        while at <= ranks[i]:
            zset_next(cython.address(it), cython.address(member), cython.address(score))
            at += 1
        if scores:
            put_pair(reply, cython.address(member), score, reply.resp > 2)
        else:
            put_member(reply, cython.address(member))
    mem_free(ranks, count * cython.sizeof(uint64_t))


@cython.cfunc
@cython.exceptval(-1, check=False)
def _reply_count(client: Client, args: Args, count: cython.longlong, scores: cython.bint) -> cython.int:
    it: ZsetIterator
    e: cython.pointer[Entry] = zset_lookup_read(client.db, args.v[1])
    if e == cython.NULL or count == 0:
        client.reply.array(0)
    elif count < 0:
        _reply_repeating(client, e, -count, scores)
    elif cython.cast(cython.size_t, count) >= zset_length(e):
        zset_iterate(e, cython.address(it))
        put_members(client.reply, cython.address(it), zset_length(e), scores)
    else:
        _reply_different(client.reply, e, count, scores)
    return 0


@command(
    "ZRANDMEMBER",
    arity=-2,
    flags=READONLY,
    group=SORTED_SET,
    since="6.2.0",
    complexity="O(N), where N is the number of members returned.",
    keys=(key_at(1, RO | ACCESS),),
    tips=(NONDETERMINISTIC_OUTPUT,),
    args=(key(), optional(block("options", integer("count"), optional(token("WITHSCORES"))))),
)
def zrandmember(client: Client, args: Args) -> None:
    """Return members drawn at random from a sorted set; with a negative count some may come more than once."""
    member: LpValue
    score: cython.double = 0
    highest: cython.longlong = LONGLONG_MAX
    if args.argc == 2:
        e: cython.pointer[Entry] = zset_lookup_read(client.db, args.v[1])
        if e == cython.NULL:
            client.reply.null()
            return
        zset_random(e, cython.address(member), cython.address(score))
        put_member(client.reply, cython.address(member))
        return
    count: cython.longlong = args.integer(2)
    if count < -highest:
        raise CommandError(out_of_int_range(-highest, highest))
    if args.argc > 4 or (args.argc == 4 and not args.equals(3, b"withscores")):
        raise CommandError(SYNTAX)
    if args.argc == 4 and (count < -(highest // 2) or count > highest // 2):
        raise CommandError(OUT_OF_RANGE)
    _reply_count(client, args, count, args.argc == 4)
