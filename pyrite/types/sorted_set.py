"""Sorted sets: different members, each with a score, in order of (score, member).

    listpack   a few short members: see `sorted_set_listpack`
    skiplist   a SortedSet: a hashtable of entries that hold member and score, and an ordered index over them

The second encoding keeps Redis's name, whatever orders it inside. A set starts as a listpack, unless what is to come
into it is known not to fit, and never turns back into one; a result that is stored whole (`sorted_set_build`) is
encoded by what it holds. Scores are doubles, never NaN.

Costs with the second encoding: a member's score O(1); adding, removing, rank, and the member at a rank O(log n).
"""

import cython
from cython.cimports.libc.stdint import uint64_t
from cython.cimports.pyrite.core.entry import (
    ENCODING_LISTPACK,
    ENCODING_SKIPLIST,
    KEY_MAX,
    PART_OWNER,
    PART_WORD,
    TYPE_ZSET,
    Entry,
    entry_copy,
    entry_encoding,
    entry_free,
    entry_key,
    entry_key_length,
    entry_memory,
    entry_new,
    entry_pointer,
    entry_register_type,
    entry_set_kind,
    entry_type,
    entry_word,
)
from cython.cimports.pyrite.core.hashtable import (
    HashIterator,
    HashTable,
    ht_clear,
    ht_count,
    ht_find,
    ht_init,
    ht_insert,
    ht_iterate,
    ht_memory,
    ht_next,
    ht_pop,
    ht_random,
    ht_reserve,
    random_draw,
)
from cython.cimports.pyrite.core.listpack import (
    LP_END_MARK,
    LP_HEADER,
    LP_NONE,
    LpValue,
    lp_after,
    lp_bytes,
    lp_copy,
    lp_count,
    lp_fits,
    lp_free,
    lp_get,
    lp_get_text,
    lp_memory,
    lp_new,
    lp_previous,
    lp_random,
    lp_seek,
)
from cython.cimports.pyrite.core.listpack_edit import lp_delete
from cython.cimports.pyrite.core.memory import mem_alloc, mem_block_size, mem_free, mem_try_alloc
from cython.cimports.pyrite.core.numbers import LONGLONG_ROOM
from cython.cimports.pyrite.core.ordered_index import (
    oi_build,
    oi_clear,
    oi_count,
    oi_delete_ranks,
    oi_init,
    oi_insert,
    oi_memory,
    oi_next,
    oi_prev,
    oi_rank,
    oi_remove,
    oi_seek_rank,
    oi_update,
)
from cython.cimports.pyrite.core.ordered_tree import entry_score, entry_set_score
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.core.siphash import siphash
from cython.cimports.pyrite.keyspace.database import NO_EXPIRE, NOTIFY_GENERIC, Database
from cython.cimports.pyrite.types.sorted_set_listpack import zl_find, zl_insert, zl_score

from pyrite.core.errors import WRONG_TYPE, CommandError

# How many entries are measured before the rest is taken to be like them.
MEASURED = cython.declare(cython.size_t, 64)


# Look-up


@cython.cfunc
def zset_lookup_read(db: Database, key: Slice) -> cython.pointer[Entry]:
    """The entry of a sorted set that a command reads; NULL for a missing key. Raises CommandError WRONG_TYPE."""
    e: cython.pointer[Entry] = db.lookup_read(key)
    if e != cython.NULL and entry_type(e) != TYPE_ZSET:
        raise CommandError(WRONG_TYPE)
    return e


@cython.cfunc
def zset_lookup_write(db: Database, key: Slice) -> cython.pointer[Entry]:
    """The entry of a sorted set that a command changes; NULL for a missing key. Raises CommandError WRONG_TYPE."""
    e: cython.pointer[Entry] = db.lookup_write(key)
    if e != cython.NULL and entry_type(e) != TYPE_ZSET:
        raise CommandError(WRONG_TYPE)
    return e


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _listpack(e: cython.pointer[Entry]) -> cython.p_uchar:
    """The listpack of a small set; NULL where it is a SortedSet."""
    return cython.cast(cython.p_uchar, entry_pointer(e)) if entry_encoding(e) == ENCODING_LISTPACK else cython.NULL


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zset_table(e: cython.pointer[Entry]) -> cython.pointer[SortedSet]:
    """The SortedSet of a large set; NULL where it is a listpack."""
    if entry_encoding(e) == ENCODING_LISTPACK:
        return cython.NULL
    return cython.cast(cython.pointer[SortedSet], entry_pointer(e))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zset_length(e: cython.pointer[Entry]) -> cython.size_t:
    """How many members it has."""
    lp: cython.p_uchar = _listpack(e)
    if lp != cython.NULL:
        return lp_count(lp) // 2
    return oi_count(cython.address(zset_table(e).index))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zset_score(
    e: cython.pointer[Entry], p: cython.p_const_char, n: cython.size_t, score: cython.p_double
) -> cython.bint:
    """Tell whether it has a member, and give that one's score."""
    slot: cython.pointer[cython.pointer[Entry]]
    lp: cython.p_uchar = _listpack(e)
    if lp != cython.NULL:
        return zl_find(lp, p, n, score) != LP_NONE
    slot = ht_find(cython.address(zset_table(e).table), p, n, siphash(p, n))
    if slot == cython.NULL:
        return False
    score[0] = entry_score(slot[0])
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zset_rank(
    e: cython.pointer[Entry], p: cython.p_const_char, n: cython.size_t, reverse: cython.bint, score: cython.p_double
) -> cython.Py_ssize_t:
    """How many members come before one, with `reverse` behind it, and its score; -1 where it is not there."""
    rank: cython.Py_ssize_t = 0
    at: cython.Py_ssize_t
    found: cython.Py_ssize_t
    lp: cython.p_uchar = _listpack(e)
    if lp != cython.NULL:
        found = zl_find(lp, p, n, score)
        if found == LP_NONE:
            return -1
        at = LP_HEADER
        while at != found:
            at = lp_after(lp, lp_after(lp, at))
            rank += 1
    elif not zset_score(e, p, n, score):
        return -1
    else:
        rank = oi_rank(cython.address(zset_table(e).index), score[0], p, n)
    return cython.cast(cython.Py_ssize_t, zset_length(e)) - 1 - rank if reverse else rank


# The encoding


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zset_new_table() -> cython.pointer[SortedSet]:
    """An empty SortedSet, of nobody yet."""
    z: cython.pointer[SortedSet] = cython.cast(cython.pointer[SortedSet], mem_alloc(cython.sizeof(SortedSet)))
    ht_init(cython.address(z.table))
    oi_init(cython.address(z.index))
    return z


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zset_free_table(z: cython.pointer[SortedSet]) -> cython.void:
    """Free a SortedSet with all its members."""
    oi_clear(cython.address(z.index))
    ht_clear(cython.address(z.table), True)
    mem_free(z, cython.sizeof(SortedSet))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _table_of_listpack(lp: cython.p_uchar, expected: cython.size_t) -> cython.pointer[SortedSet]:
    """A SortedSet of a listpack's members, with room for as many as are expected."""
    z: cython.pointer[SortedSet] = zset_new_table()
    count: cython.size_t = lp_count(lp) // 2
    room: cython.char[LONGLONG_ROOM]
    value: LpValue
    member: cython.pointer[Entry]
    at: cython.Py_ssize_t = LP_HEADER
    i: cython.size_t
    size: cython.size_t = (count + 1) * cython.sizeof(cython.p_void)
    members: cython.pointer[cython.pointer[Entry]] = cython.cast(cython.pointer[cython.pointer[Entry]], mem_alloc(size))
    ht_reserve(cython.address(z.table), expected if expected > count else count)
    for i in range(count):
        lp_get_text(lp, at, cython.address(value), room)
        member = entry_new(value.text, value.length, PART_WORD, 0)
        at = lp_after(lp, at)
        entry_set_score(member, zl_score(lp, at))
        at = lp_after(lp, at)
        ht_insert(cython.address(z.table), member, siphash(value.text, value.length))
        members[i] = member
    oi_build(cython.address(z.index), members, count)
    mem_free(members, size)
    return z


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _convert(e: cython.pointer[Entry], expected: cython.size_t) -> cython.void:
    """Turn a listpack into a SortedSet."""
    lp: cython.p_uchar = cython.cast(cython.p_uchar, entry_pointer(e))
    entry_word(e)[0] = cython.cast(uint64_t, _table_of_listpack(lp, expected))
    entry_set_kind(e, TYPE_ZSET, ENCODING_SKIPLIST)
    lp_free(lp)


@cython.cfunc
@cython.exceptval(-1, check=False)
def zset_reserve(
    db: Database,
    key: Slice,
    e: cython.pointer[cython.pointer[Entry]],
    members: cython.size_t,
    longest: cython.size_t,
) -> cython.int:
    """Get ready for members to come: so many, the first of them of this length.

    Creates the key where `e[0]` is NULL, and says where its entry is; a set that is created empty has to get a member
    at once. Raises CommandError for a key that is too long.
    """
    small: cython.bint = members <= cython.cast(cython.size_t, db.keyspace.zset_max_listpack_entries)
    if e[0] != cython.NULL:
        if not small and entry_encoding(e[0]) == ENCODING_LISTPACK:
            _convert(e[0], members)
        return 0
    db.check_key(key)
    small = small and longest <= cython.cast(cython.size_t, db.keyspace.zset_max_listpack_value)
    e[0] = db.put(
        key, TYPE_ZSET, ENCODING_LISTPACK if small else ENCODING_SKIPLIST, PART_WORD | PART_OWNER, 0, NO_EXPIRE
    )
    if small:
        entry_word(e[0])[0] = cython.cast(uint64_t, lp_new())
    else:
        z: cython.pointer[SortedSet] = zset_new_table()
        ht_reserve(cython.address(z.table), members)
        entry_word(e[0])[0] = cython.cast(uint64_t, z)
    return 0


# Adding and removing


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _decide(flags: cython.int, present: cython.double, score: cython.p_double) -> cython.int:
    """What is to be done with a member that is there; `score` becomes the one that it is to have."""
    if flags & ZADD_NX:
        return ZSET_SKIPPED
    if flags & ZADD_INCR:
        score[0] += present
        if score[0] != score[0]:
            return ZSET_NAN
    if (flags & ZADD_LT and score[0] >= present) or (flags & ZADD_GT and score[0] <= present):
        return ZSET_SKIPPED
    return ZSET_KEPT if score[0] == present else ZSET_UPDATED


@cython.cfunc
@cython.exceptval(check=False)
def _fits(db: Database, lp: cython.p_uchar, member: Slice) -> cython.bint:
    """Tell whether a listpack may take one more member, this one."""
    return (
        lp_count(lp) // 2 < db.keyspace.zset_max_listpack_entries
        and member.n <= db.keyspace.zset_max_listpack_value
        and lp_fits(lp, member.n)
    )


@cython.cfunc
@cython.exceptval(check=False)
def _add_to_listpack(
    db: Database, e: cython.pointer[Entry], member: Slice, score: cython.p_double, flags: cython.int
) -> cython.int:
    """As `zset_add`, in a listpack; when that has no room for it, it is turned into a SortedSet, and -1 returned."""
    lp: cython.p_uchar = cython.cast(cython.p_uchar, entry_pointer(e))
    present: cython.double = 0
    status: cython.int = ZSET_ADDED
    at: cython.Py_ssize_t = zl_find(lp, member.p, member.n, cython.address(present))
    if at != LP_NONE:
        status = _decide(flags, present, score)
        if status != ZSET_UPDATED:
            return status
        lp = lp_delete(lp, at, 2)
        entry_word(e)[0] = cython.cast(uint64_t, lp)
    elif flags & ZADD_XX:
        return ZSET_SKIPPED
    if status == ZSET_UPDATED or _fits(db, lp, member):
        lp = zl_insert(lp, member.p, member.n, score[0])
        if lp != cython.NULL:
            entry_word(e)[0] = cython.cast(uint64_t, lp)
            return status
    _convert(e, zset_length(e) + 1)
    return -1


@cython.cfunc
@cython.exceptval(check=False)
def _add_to_table(z: cython.pointer[SortedSet], member: Slice, score: cython.p_double, flags: cython.int) -> cython.int:
    h: uint64_t = siphash(member.p, member.n)
    status: cython.int
    e: cython.pointer[Entry]
    slot: cython.pointer[cython.pointer[Entry]] = ht_find(cython.address(z.table), member.p, member.n, h)
    if slot != cython.NULL:
        status = _decide(flags, entry_score(slot[0]), score)
        if status == ZSET_UPDATED:
            oi_update(cython.address(z.index), slot[0], score[0])
        return status
    if flags & ZADD_XX:
        return ZSET_SKIPPED
    e = entry_new(member.p, member.n, PART_WORD, 0)
    entry_set_score(e, score[0])
    ht_insert(cython.address(z.table), e, h)
    oi_insert(cython.address(z.index), e)
    return ZSET_ADDED


@cython.cfunc
@cython.exceptval(-1, check=False)
def zset_add(
    db: Database,
    key: Slice,
    e: cython.pointer[cython.pointer[Entry]],
    member: Slice,
    score: cython.double,
    flags: cython.int,
    out: cython.p_double,
) -> cython.int:
    """Add a member, or change its score; returns what came of it (ZSET_ADDED and the like), in `out` its score then.

    `e[0]` is NULL for a missing key, which is created unless the flags ask for a member that is there. Raises
    CommandError for a name that is too long, and changes nothing then.
    """
    status: cython.int = -1
    if score != score:
        return ZSET_NAN
    if member.n > KEY_MAX:
        db.check_key(member)
    if e[0] == cython.NULL:
        if flags & ZADD_XX:
            return ZSET_SKIPPED
        zset_reserve(db, key, e, 1, member.n)
    if entry_encoding(e[0]) == ENCODING_LISTPACK:
        status = _add_to_listpack(db, e[0], member, cython.address(score), flags)
    if status == -1:
        status = _add_to_table(zset_table(e[0]), member, cython.address(score), flags)
    out[0] = score
    return status


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zset_remove(e: cython.pointer[Entry], p: cython.p_const_char, n: cython.size_t) -> cython.bint:
    """Remove a member; False where it is not there. The set may be empty then: see `zset_delete_if_empty`."""
    lp: cython.p_uchar = _listpack(e)
    at: cython.Py_ssize_t
    z: cython.pointer[SortedSet]
    member: cython.pointer[Entry]
    if lp != cython.NULL:
        at = zl_find(lp, p, n, cython.NULL)
        if at == LP_NONE:
            return False
        entry_word(e)[0] = cython.cast(uint64_t, lp_delete(lp, at, 2))
        return True
    z = zset_table(e)
    member = ht_pop(cython.address(z.table), p, n, siphash(p, n))
    if member == cython.NULL:
        return False
    oi_remove(cython.address(z.index), entry_score(member), p, n)
    entry_free(member)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _drop_member(table: cython.p_void, e: cython.pointer[Entry]) -> cython.void:
    """Take a member that has left the index out of the table as well, and free it."""
    ht_pop(
        cython.cast(cython.pointer[HashTable], table),
        entry_key(e),
        entry_key_length(e),
        siphash(entry_key(e), entry_key_length(e)),
    )
    entry_free(e)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zset_remove_ranks(e: cython.pointer[Entry], rank: cython.size_t, count: cython.size_t) -> cython.size_t:
    """Remove up to `count` members from a rank on; returns how many. The set may be empty then."""
    lp: cython.p_uchar = _listpack(e)
    at: cython.Py_ssize_t
    z: cython.pointer[SortedSet]
    length: cython.size_t = zset_length(e)
    if rank >= length or count == 0:
        return 0
    if count > length - rank:
        count = length - rank
    if lp != cython.NULL:
        at = lp_seek(lp, rank * 2)
        entry_word(e)[0] = cython.cast(uint64_t, lp_delete(lp, at, count * 2))
        return count
    z = zset_table(e)
    return oi_delete_ranks(cython.address(z.index), rank, count, _drop_member, cython.address(z.table))


@cython.cfunc
@cython.exceptval(-1, check=False)
def zset_delete_if_empty(db: Database, key: Slice, e: cython.pointer[Entry]) -> cython.int:
    """Delete the key of a set that has lost its last member, which is told already; returns whether it has."""
    if zset_length(e):
        return 0
    db.delete(key, False)
    db.notify(key, NOTIFY_GENERIC, b"del")
    return 1


# Going through it


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zset_iterate(e: cython.pointer[Entry], it: cython.pointer[ZsetIterator]) -> cython.void:
    """Start before the first member. The set must not change until the iteration ends."""
    zset_iterate_from(e, it, 0, False)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zset_iterate_from(
    e: cython.pointer[Entry], it: cython.pointer[ZsetIterator], rank: cython.size_t, reverse: cython.bint
) -> cython.void:
    """Let the member of a rank, which is below the length, come next; with `reverse` it then goes down."""
    it.lp = _listpack(e)
    it.reverse = reverse
    if it.lp == cython.NULL:
        oi_seek_rank(cython.address(zset_table(e).index), rank + reverse, cython.address(it.place))
        return
    it.at = lp_seek(it.lp, rank * 2) if rank else LP_HEADER
    if reverse:
        it.at = lp_after(it.lp, lp_after(it.lp, it.at))


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _next_in_listpack(
    it: cython.pointer[ZsetIterator], member: cython.pointer[LpValue], score: cython.p_double
) -> cython.bint:
    score_at: cython.Py_ssize_t
    if it.reverse:
        score_at = lp_previous(it.lp, it.at)
        if score_at == LP_NONE:
            return False
        it.at = lp_previous(it.lp, score_at)
        lp_get(it.lp, it.at, member)
    else:
        if it.lp[it.at] == LP_END_MARK:
            return False
        lp_get(it.lp, it.at, member)
        score_at = lp_after(it.lp, it.at)
        it.at = lp_after(it.lp, score_at)
    if score != cython.NULL:
        score[0] = zl_score(it.lp, score_at)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zset_next(it: cython.pointer[ZsetIterator], member: cython.pointer[LpValue], score: cython.p_double) -> cython.bint:
    """The next member, False at the end. `score` may be NULL; the bytes stay where they are until the set changes."""
    if it.lp != cython.NULL:
        return _next_in_listpack(it, member, score)
    e: cython.pointer[Entry] = oi_prev(cython.address(it.place)) if it.reverse else oi_next(cython.address(it.place))
    if e == cython.NULL:
        return False
    member.text = entry_key(e)
    member.length = entry_key_length(e)
    if score != cython.NULL:
        score[0] = entry_score(e)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zset_random(e: cython.pointer[Entry], member: cython.pointer[LpValue], score: cython.p_double) -> cython.void:
    """A member drawn uniformly, with its score."""
    lp: cython.p_uchar = _listpack(e)
    at: cython.Py_ssize_t
    drawn: cython.pointer[Entry]
    if lp != cython.NULL:
        at = lp_random(lp, 2, random_draw)
        lp_get(lp, at, member)
        score[0] = zl_score(lp, lp_after(lp, at))
        return
    drawn = ht_random(cython.address(zset_table(e).table), random_draw)
    member.text = entry_key(drawn)
    member.length = entry_key_length(drawn)
    score[0] = entry_score(drawn)


# What the keyspace does with values of this type, in the background thread too


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _release(value: cython.p_void, encoding: cython.int) -> cython.void:
    if encoding == ENCODING_LISTPACK:
        lp_free(cython.cast(cython.p_uchar, value))
    else:
        zset_free_table(cython.cast(cython.pointer[SortedSet], value))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _measure(value: cython.p_void, encoding: cython.int) -> cython.size_t:
    """Bytes that it takes; of many members some are measured, and the rest taken to be like them."""
    z: cython.pointer[SortedSet]
    it: HashIterator
    measured: cython.size_t = 0
    total: cython.size_t = 0
    if encoding == ENCODING_LISTPACK:
        return lp_memory(cython.cast(cython.p_uchar, value))
    z = cython.cast(cython.pointer[SortedSet], value)
    ht_iterate(cython.address(z.table), cython.address(it))
    while measured < MEASURED and measured < ht_count(cython.address(z.table)):
        total += entry_memory(ht_next(cython.address(it)))
        measured += 1
    if measured:
        total = cython.cast(
            cython.size_t, cython.cast(cython.double, total) / measured * ht_count(cython.address(z.table))
        )
    total += ht_memory(cython.address(z.table)) + oi_memory(cython.address(z.index))
    return total + mem_block_size(cython.sizeof(SortedSet))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _copy_table(z: cython.pointer[SortedSet]) -> cython.pointer[SortedSet]:
    """A copy of a SortedSet; NULL without memory."""
    fresh: cython.pointer[SortedSet]
    it: ZsetIterator
    e: cython.pointer[Entry]
    i: cython.size_t = 0
    count: cython.size_t = oi_count(cython.address(z.index))
    size: cython.size_t = (count + 1) * cython.sizeof(cython.p_void)
    members: cython.pointer[cython.pointer[Entry]] = cython.cast(
        cython.pointer[cython.pointer[Entry]], mem_try_alloc(size)
    )
    if members == cython.NULL:
        return cython.NULL
    fresh = zset_new_table()
    ht_reserve(cython.address(fresh.table), count)
    oi_seek_rank(cython.address(z.index), 0, cython.address(it.place))
    while i < count:
        e = oi_next(cython.address(it.place))
        members[i] = entry_copy(e, entry_key(e), entry_key_length(e))
        ht_insert(cython.address(fresh.table), members[i], siphash(entry_key(e), entry_key_length(e)))
        i += 1
    oi_build(cython.address(fresh.index), members, count)
    mem_free(members, size)
    return fresh


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _copy(value: cython.p_void, encoding: cython.int) -> cython.p_void:
    lp: cython.p_uchar
    if encoding == ENCODING_LISTPACK:
        lp = cython.cast(cython.p_uchar, value)
        return lp_copy(lp, lp_bytes(lp))
    return _copy_table(cython.cast(cython.pointer[SortedSet], value))


entry_register_type(TYPE_ZSET, _release, _measure, _copy)
