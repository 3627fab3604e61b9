"""Union, intersection and difference of sorted sets, and of sets, whose members count as having the score 1.

Costs, with N members in all sources: union O(N) and sorting what comes of it; intersection: the smallest source is gone
through and its members looked up in the others; difference: either that, with the first source, or all members of the
others are looked up in what is left of the first, whichever is less work.

Sums are made in the order of the sources' sizes, smallest first, as rounding depends on the order. What would be no
number (infinity times 0, infinity less infinity) counts as 0.
"""

import cython
from cython.cimports.libc.stdlib import qsort
from cython.cimports.pyrite.core.entry import TYPE_SET, TYPE_ZSET, Entry, entry_type
from cython.cimports.pyrite.core.hashtable import ht_reserve
from cython.cimports.pyrite.core.listpack import LpValue
from cython.cimports.pyrite.core.numbers import LONGLONG_ROOM, format_longlong
from cython.cimports.pyrite.core.ordered_tree import entry_score, entry_set_score
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.keyspace.database import Database
from cython.cimports.pyrite.types.set import Member, member_of_value, set_has, set_iterate, set_length, set_next
from cython.cimports.pyrite.types.sorted_set import zset_iterate, zset_length, zset_next, zset_score
from cython.cimports.pyrite.types.sorted_set_build import zb_add, zb_discard, zb_merge

from pyrite.core.errors import WRONG_TYPE, CommandError

# Sources


@cython.cfunc
@cython.exceptval(-1, check=False)
def source_open(db: Database, key: Slice, source: cython.pointer[ZsetSource]) -> cython.int:
    """Look a source up; its position stays as it is, its weight is 1. Raises CommandError WRONG_TYPE."""
    e: cython.pointer[Entry] = db.lookup_read(key)
    source.e = e
    source.weight = 1
    source.length = 0
    source.is_set = False
    if e == cython.NULL:
        return 0
    source.is_set = entry_type(e) == TYPE_SET
    if not source.is_set and entry_type(e) != TYPE_ZSET:
        raise CommandError(WRONG_TYPE)
    source.length = set_length(e) if source.is_set else zset_length(e)
    return 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _by_length(a: cython.p_const_void, b: cython.p_const_void) -> cython.int:
    x: cython.pointer[ZsetSource] = cython.cast(cython.pointer[ZsetSource], a)
    y: cython.pointer[ZsetSource] = cython.cast(cython.pointer[ZsetSource], b)
    if x.length != y.length:
        return -1 if x.length < y.length else 1
    return -1 if x.position < y.position else 1


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _iterate(source: cython.pointer[ZsetSource], it: cython.pointer[SourceIterator]) -> cython.void:
    """Start before the first member of a source that has some."""
    it.is_set = source.is_set
    if source.is_set:
        set_iterate(source.e, cython.address(it.members))
    else:
        zset_iterate(source.e, cython.address(it.scored))


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _next(it: cython.pointer[SourceIterator], member: cython.pointer[LpValue], score: cython.p_double) -> cython.bint:
    if it.is_set:
        score[0] = 1
        return set_next(cython.address(it.members), member)
    return zset_next(cython.address(it.scored), member, score)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _find(source: cython.pointer[ZsetSource], member: cython.pointer[LpValue], score: cython.p_double) -> cython.bint:
    """Tell whether a source has a member, and give its score there."""
    m: Member
    room: cython.char[LONGLONG_ROOM]
    if source.length == 0:
        return False
    if source.is_set:
        score[0] = 1
        member_of_value(cython.address(m), member)
        return set_has(source.e, cython.address(m))
    if member.text != cython.NULL:
        return zset_score(source.e, member.text, member.length, score)
    return zset_score(source.e, room, format_longlong(room, member.number), score)


# Scores


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _number(score: cython.double) -> cython.double:
    """The score, 0 for what is no number."""
    return score if score == score else 0


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _aggregate(a: cython.double, b: cython.double, how: cython.int) -> cython.double:
    if how == AGGREGATE_SUM:
        return _number(a + b)
    if how == AGGREGATE_MIN:
        return b if b < a else a
    return b if b > a else a


# The operations


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zset_union(
    b: cython.pointer[ZsetBuilder],
    sources: cython.pointer[ZsetSource],
    count: cython.size_t,
    aggregate: cython.int,
) -> cython.void:
    """Merge the members of all sources into a builder. The sources' order changes."""
    i: cython.size_t
    it: SourceIterator
    member: LpValue
    score: cython.double = 0
    found: cython.bint = False
    e: cython.pointer[Entry]
    qsort(sources, count, cython.sizeof(ZsetSource), _by_length)
    if sources[count - 1].length:
        ht_reserve(cython.address(b.table), sources[count - 1].length)
    for i in range(count):
        if sources[i].length == 0:
            continue
        _iterate(cython.address(sources[i]), cython.address(it))
        while _next(cython.address(it), cython.address(member), cython.address(score)):
            score = _number(score * sources[i].weight)
            e = zb_merge(b, cython.address(member), score, cython.address(found))
            if found:
                entry_set_score(e, _aggregate(entry_score(e), score, aggregate))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _score_in_all(
    sources: cython.pointer[ZsetSource],
    count: cython.size_t,
    member: cython.pointer[LpValue],
    aggregate: cython.int,
    score: cython.p_double,
) -> cython.bint:
    """Tell whether a member of the first source is in the others as well; its score there becomes that of all."""
    i: cython.size_t
    there: cython.double = 0
    total: cython.double = _number(score[0] * sources[0].weight)
    for i in range(1, count):
        if sources[i].e == sources[0].e:
            there = score[0]
        elif not _find(cython.address(sources[i]), member, cython.address(there)):
            return False
        total = _aggregate(total, there * sources[i].weight, aggregate)
    score[0] = total
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zset_intersect(
    b: cython.pointer[ZsetBuilder],
    sources: cython.pointer[ZsetSource],
    count: cython.size_t,
    aggregate: cython.int,
    limit: cython.size_t,
) -> cython.size_t:
    """Add what all sources have to a builder, and count it; with a builder of NULL only count.

    Ends at `limit` members, unless that is 0. The sources' order changes.
    """
    it: SourceIterator
    member: LpValue
    score: cython.double = 0
    found: cython.size_t = 0
    qsort(sources, count, cython.sizeof(ZsetSource), _by_length)
    if sources[0].length == 0:
        return 0
    _iterate(cython.address(sources[0]), cython.address(it))
    while _next(cython.address(it), cython.address(member), cython.address(score)):
        if _score_in_all(sources, count, cython.address(member), aggregate, cython.address(score)):
            found += 1
            if b != cython.NULL:
                zb_add(b, cython.address(member), score)
            if found == limit:
                break
    return found


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _subtract_by_looking_up(
    b: cython.pointer[ZsetBuilder], sources: cython.pointer[ZsetSource], count: cython.size_t
) -> cython.void:
    """Look each member of the first source up in the others."""
    i: cython.size_t
    it: SourceIterator
    member: LpValue
    score: cython.double = 0
    there: cython.double = 0
    _iterate(cython.address(sources[0]), cython.address(it))
    while _next(cython.address(it), cython.address(member), cython.address(score)):
        for i in range(1, count):
            if _find(cython.address(sources[i]), cython.address(member), cython.address(there)):
                break
        else:
            zb_add(b, cython.address(member), score)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _subtract_by_discarding(
    b: cython.pointer[ZsetBuilder], sources: cython.pointer[ZsetSource], count: cython.size_t
) -> cython.void:
    """Take all members of the first source, then discard those of the others until none are left."""
    i: cython.size_t
    it: SourceIterator
    member: LpValue
    score: cython.double = 0
    found: cython.bint = False
    left: cython.size_t = sources[0].length
    ht_reserve(cython.address(b.table), left)
    for i in range(count):
        if sources[i].length == 0:
            continue
        _iterate(cython.address(sources[i]), cython.address(it))
        while left and _next(cython.address(it), cython.address(member), cython.address(score)):
            if i == 0:
                zb_merge(b, cython.address(member), score, cython.address(found))
            elif zb_discard(b, cython.address(member)):
                left -= 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zset_subtract(
    b: cython.pointer[ZsetBuilder], sources: cython.pointer[ZsetSource], count: cython.size_t
) -> cython.void:
    """Put what only the first source has into a builder, with its score there. Weights are not looked at."""
    i: cython.size_t
    looking_up: cython.double = 0
    discarding: cython.double = 0
    if sources[0].length == 0:
        return
    for i in range(count):
        if i and sources[i].e == sources[0].e:
            return
        looking_up += sources[0].length
        discarding += sources[i].length
    # A member that is looked up is often found soon, and needs no entry of its own then.
    if looking_up / 2 <= discarding:
        _subtract_by_looking_up(b, sources, count)
    else:
        _subtract_by_discarding(b, sources, count)
