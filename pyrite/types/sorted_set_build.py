"""Sorted sets built whole: what ZUNION, ZRANGESTORE, GEOSEARCHSTORE and the like make, to be replied or stored.

Members come in any order, each once (`zb_add`), or several times, to be merged (`zb_merge`). `zb_sort` puts them in
order. `zb_store` makes them the value of a key, encoded by what they are, and costs no second hashtable where there
is one already. Whatever is not stored is freed by `zb_free`.
"""

import cython
from cython.cimports.libc.math import NAN
from cython.cimports.libc.stdint import uint64_t
from cython.cimports.libc.stdlib import qsort
from cython.cimports.pyrite.core.entry import (
    ENCODING_LISTPACK,
    ENCODING_SKIPLIST,
    PART_OWNER,
    PART_WORD,
    TYPE_ZSET,
    Entry,
    entry_free,
    entry_key,
    entry_key_length,
    entry_new,
    entry_word,
)
from cython.cimports.pyrite.core.hashtable import (
    free_list,
    ht_clear,
    ht_count,
    ht_find,
    ht_init,
    ht_insert,
    ht_pop,
    ht_reserve,
    list_entry,
)
from cython.cimports.pyrite.core.listpack import LP_SAFE_MAX, LpValue, lp_free, lp_new
from cython.cimports.pyrite.core.memory import mem_alloc, mem_free
from cython.cimports.pyrite.core.numbers import LONGLONG_ROOM, format_longlong
from cython.cimports.pyrite.core.ordered_index import oi_build
from cython.cimports.pyrite.core.ordered_tree import Item, entry_score, entry_set_score
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.core.siphash import siphash
from cython.cimports.pyrite.keyspace.database import NO_EXPIRE, NOTIFY_GENERIC, NOTIFY_ZSET, Database, Keyspace
from cython.cimports.pyrite.types.sorted_set import SortedSet, zset_new_table
from cython.cimports.pyrite.types.sorted_set_listpack import compare_text, zl_append


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zb_init(b: cython.pointer[ZsetBuilder]) -> cython.void:
    """No members yet, and no memory."""
    b.members.items = cython.NULL
    b.members.count = 0
    b.members.capacity = 0
    ht_init(cython.address(b.table))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zb_free(b: cython.pointer[ZsetBuilder]) -> cython.void:
    """Free the members and all else; nothing after `zb_store`."""
    i: cython.size_t
    for i in range(b.members.count):
        entry_free(b.members.items[i])
    free_list(cython.address(b.members))
    ht_clear(cython.address(b.table), False)
    zb_init(b)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zb_count(b: cython.pointer[cython.const[ZsetBuilder]]) -> cython.size_t:
    """How many members there are; exact once they are sorted."""
    return b.members.count


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _text_of(member: cython.pointer[cython.const[LpValue]], room: cython.p_char) -> Slice:
    """A member's bytes; an integer is printed into `room`."""
    text: Slice
    if member.text != cython.NULL:
        text.p = cython.cast(cython.p_char, member.text)
        text.n = member.length
    else:
        text.p = room
        text.n = format_longlong(room, member.number)
    return text


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _append(b: cython.pointer[ZsetBuilder], text: Slice, score: cython.double) -> cython.pointer[Entry]:
    e: cython.pointer[Entry] = entry_new(text.p, text.n, PART_WORD, 0)
    entry_set_score(e, score)
    list_entry(cython.address(b.members), e)
    return e


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zb_find(
    b: cython.pointer[ZsetBuilder], p: cython.p_const_char, n: cython.size_t, h: uint64_t
) -> cython.pointer[Entry]:
    """The member of this name among those that were merged, NULL where it is not there."""
    slot: cython.pointer[cython.pointer[Entry]] = ht_find(cython.address(b.table), p, n, h)
    return cython.NULL if slot == cython.NULL else slot[0]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zb_add(
    b: cython.pointer[ZsetBuilder], member: cython.pointer[cython.const[LpValue]], score: cython.double
) -> cython.pointer[Entry]:
    """Add a member that has not come before."""
    room: cython.char[LONGLONG_ROOM]
    return _append(b, _text_of(member, room), score)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zb_merge(
    b: cython.pointer[ZsetBuilder],
    member: cython.pointer[cython.const[LpValue]],
    score: cython.double,
    found: cython.pointer[cython.bint],
) -> cython.pointer[Entry]:
    """The member of this name, which is added where it has not come before; `found` tells whether it has."""
    room: cython.char[LONGLONG_ROOM]
    text: Slice = _text_of(member, room)
    h: uint64_t = siphash(text.p, text.n)
    e: cython.pointer[Entry] = zb_find(b, text.p, text.n, h)
    found[0] = e != cython.NULL
    if e == cython.NULL:
        e = _append(b, text, score)
        ht_insert(cython.address(b.table), e, h)
    return e


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zb_discard(b: cython.pointer[ZsetBuilder], member: cython.pointer[cython.const[LpValue]]) -> cython.bint:
    """Remove a member that was merged; False where it is not there. `zb_sort` then frees it."""
    room: cython.char[LONGLONG_ROOM]
    text: Slice = _text_of(member, room)
    e: cython.pointer[Entry] = ht_pop(cython.address(b.table), text.p, text.n, siphash(text.p, text.n))
    if e == cython.NULL:
        return False
    # A score that no member can have marks it.
    entry_set_score(e, NAN)
    return True


# Order


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _compare(a: cython.p_const_void, b: cython.p_const_void) -> cython.int:
    x: cython.pointer[Item] = cython.cast(cython.pointer[Item], a)
    y: cython.pointer[Item] = cython.cast(cython.pointer[Item], b)
    if x.score != y.score:
        return -1 if x.score < y.score else 1
    return compare_text(entry_key(x.entry), entry_key_length(x.entry), entry_key(y.entry), entry_key_length(y.entry))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _drop_discarded(b: cython.pointer[ZsetBuilder]) -> cython.void:
    i: cython.size_t
    kept: cython.size_t = 0
    e: cython.pointer[Entry]
    for i in range(b.members.count):
        e = b.members.items[i]
        if entry_score(e) != entry_score(e):
            entry_free(e)
        else:
            b.members.items[kept] = e
            kept += 1
    b.members.count = kept


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zb_sort(b: cython.pointer[ZsetBuilder]) -> cython.void:
    """Put the members in order. Scores are sorted beside the entries' addresses, so that few entries are read."""
    i: cython.size_t
    in_order: cython.bint = True
    _drop_discarded(b)
    size: cython.size_t = (b.members.count + 1) * cython.sizeof(Item)
    items: cython.pointer[Item] = cython.cast(cython.pointer[Item], mem_alloc(size))
    for i in range(b.members.count):
        items[i].entry = b.members.items[i]
        items[i].score = entry_score(b.members.items[i])
        if i and in_order:
            in_order = _compare(cython.address(items[i - 1]), cython.address(items[i])) < 0
    if not in_order:
        qsort(items, b.members.count, cython.sizeof(Item), _compare)
        for i in range(b.members.count):
            b.members.items[i] = items[i].entry
    mem_free(items, size)


# Storing


@cython.cfunc
@cython.exceptval(check=False)
def _fits_listpack(limits: Keyspace, b: cython.pointer[ZsetBuilder]) -> cython.bint:
    i: cython.size_t
    total: cython.size_t = 0
    length: cython.size_t
    if b.members.count > cython.cast(cython.size_t, limits.zset_max_listpack_entries):
        return False
    for i in range(b.members.count):
        length = entry_key_length(b.members.items[i])
        total += length
        if length > cython.cast(cython.size_t, limits.zset_max_listpack_value):
            return False
    return total <= LP_SAFE_MAX


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _make_listpack(b: cython.pointer[ZsetBuilder]) -> cython.p_uchar:
    """A listpack of the sorted members; NULL without memory."""
    i: cython.size_t
    e: cython.pointer[Entry]
    grown: cython.p_uchar
    lp: cython.p_uchar = lp_new()
    for i in range(b.members.count):
        e = b.members.items[i]
        grown = zl_append(lp, entry_key(e), entry_key_length(e), entry_score(e))
        if grown == cython.NULL:
            lp_free(lp)
            return cython.NULL
        lp = grown
    return lp


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _make_table(b: cython.pointer[ZsetBuilder]) -> cython.pointer[SortedSet]:
    """A SortedSet of the sorted members, which are its own then."""
    i: cython.size_t
    e: cython.pointer[Entry]
    z: cython.pointer[SortedSet] = zset_new_table()
    if ht_count(cython.address(b.table)):
        z.table = b.table
        ht_init(cython.address(b.table))
    else:
        ht_reserve(cython.address(z.table), b.members.count)
        for i in range(b.members.count):
            e = b.members.items[i]
            ht_insert(cython.address(z.table), e, siphash(entry_key(e), entry_key_length(e)))
    oi_build(cython.address(z.index), b.members.items, b.members.count)
    b.members.count = 0
    return z


@cython.cfunc
@cython.exceptval(0, check=True)
def zb_store(db: Database, key: Slice, b: cython.pointer[ZsetBuilder], event: bytes) -> cython.size_t:
    """Make the members the value of a key, whatever it held, and tell of it; returns how many they are.

    Without members the key is deleted. The builder is empty afterwards. Raises CommandError for a key that is too long.
    """
    lp: cython.p_uchar = cython.NULL
    value: uint64_t
    zb_sort(b)
    count: cython.size_t = b.members.count
    if count == 0:
        zb_free(b)
        if db.delete(key, db.keyspace.lazy_server_delete):
            db.changed(key, NOTIFY_GENERIC, b"del")
        return 0
    db.check_key(key)
    if _fits_listpack(db.keyspace, b):
        lp = _make_listpack(b)
    value = cython.cast(uint64_t, lp) if lp != cython.NULL else cython.cast(uint64_t, _make_table(b))
    e: cython.pointer[Entry] = db.put(
        key,
        TYPE_ZSET,
        ENCODING_LISTPACK if lp != cython.NULL else ENCODING_SKIPLIST,
        PART_WORD | PART_OWNER,
        0,
        NO_EXPIRE,
    )
    entry_word(e)[0] = value
    zb_free(b)
    db.changed(key, NOTIFY_ZSET, event)
    return count
