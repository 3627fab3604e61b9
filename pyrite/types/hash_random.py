"""Random fields of a hash, every one with the same chance: one by one with repetition, or several different ones.

Of a listpack the positions of all fields are listed once, so that each draw is O(1). Fields that have expired and may
not be deleted now are not drawn; in a listpack they are the first ones, of a hashtable the others are listed.
"""

import cython
from cython.cimports.libc.stdint import int64_t, uint32_t
from cython.cimports.pyrite.core.entry import (
    ENCODING_HASHTABLE,
    ENCODING_LISTPACK,
    Entry,
    entry_encoding,
    entry_expire,
    entry_key,
    entry_key_length,
)
from cython.cimports.pyrite.core.hash_listpack import PAIR, TRIPLET, hlp_count_due, hlp_value
from cython.cimports.pyrite.core.hash_value import field_value, hash_has_due, hash_listpack, hash_table
from cython.cimports.pyrite.core.hashtable import (
    EntryList,
    HashIterator,
    free_list,
    ht_count,
    ht_iterate,
    ht_next,
    ht_random,
    list_entry,
    random_draw,
)
from cython.cimports.pyrite.core.listpack import LpValue, lp_get, lp_positions
from cython.cimports.pyrite.core.memory import mem_free, mem_try_alloc
from cython.cimports.pyrite.core.table_sample import ht_sample, list_choose
from cython.cimports.pyrite.types.hash import hash_length

from pyrite.core.errors import NO_MEMORY_FOR_VALUE, CommandError


@cython.cfunc
@cython.exceptval(check=False)
def _list_live(s: cython.pointer[FieldSampler], now_ms: int64_t) -> cython.void:
    it: HashIterator
    e: cython.pointer[Entry]
    ht_iterate(s.table, cython.address(it))
    e = ht_next(cython.address(it))
    while e != cython.NULL:
        if entry_expire(e) < 0 or entry_expire(e) >= now_ms:
            list_entry(cython.address(s.live), e)
        e = ht_next(cython.address(it))


@cython.cfunc
@cython.exceptval(-1, check=False)
def sampler_open(s: cython.pointer[FieldSampler], e: cython.pointer[Entry], now_ms: int64_t) -> cython.int:
    """Start to draw from a hash, which must not change until the sampler is closed. Raises CommandError without memory.

    Only fields that have not expired before `now_ms` are drawn; `count` says how many there are.
    """
    width: cython.int
    s.lp = cython.NULL
    s.table = cython.NULL
    s.positions = cython.NULL
    s.live = EntryList(cython.NULL, 0, 0)
    s.room = s.first = 0
    if entry_encoding(e) == ENCODING_HASHTABLE:
        s.table = cython.address(hash_table(e).table)
        s.count = ht_count(s.table)
        if hash_has_due(e, now_ms - 1):
            _list_live(s, now_ms)
            s.count = s.live.count
        return 0
    width = PAIR if entry_encoding(e) == ENCODING_LISTPACK else TRIPLET
    s.lp = hash_listpack(e)
    s.room = hash_length(e) * cython.sizeof(uint32_t)
    s.positions = cython.cast(cython.pointer[uint32_t], mem_try_alloc(s.room))
    if s.positions == cython.NULL:
        raise CommandError(NO_MEMORY_FOR_VALUE)
    s.count = lp_positions(s.lp, width, s.positions)
    if width == TRIPLET:
        s.first = hlp_count_due(s.lp, now_ms - 1, s.count)
        s.count -= s.first
    return 0


@cython.cfunc
@cython.exceptval(check=False)
def sampler_close(s: cython.pointer[FieldSampler]) -> cython.void:
    """Give back what the sampler took."""
    if s.positions != cython.NULL:
        mem_free(s.positions, s.room)
    free_list(cython.address(s.live))


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _read_entry(
    e: cython.pointer[Entry], field: cython.pointer[LpValue], value: cython.pointer[LpValue]
) -> cython.void:
    field.text = entry_key(e)
    field.length = entry_key_length(e)
    field_value(e, value)


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _read_position(
    s: cython.pointer[FieldSampler], i: cython.size_t, field: cython.pointer[LpValue], value: cython.pointer[LpValue]
) -> cython.void:
    at: cython.Py_ssize_t = s.positions[i]
    lp_get(s.lp, at, field)
    lp_get(s.lp, hlp_value(s.lp, at), value)


@cython.cfunc
@cython.exceptval(check=False)
def sampler_draw(
    s: cython.pointer[FieldSampler], field: cython.pointer[LpValue], value: cython.pointer[LpValue]
) -> cython.void:
    """Read a field drawn uniformly; there is at least one."""
    if s.lp != cython.NULL:
        _read_position(s, s.first + random_draw() % s.count, field, value)
    elif s.live.count:
        _read_entry(s.live.items[random_draw() % s.count], field, value)
    else:
        _read_entry(ht_random(s.table, random_draw), field, value)


@cython.cfunc
@cython.exceptval(check=False)
def sampler_choose(s: cython.pointer[FieldSampler], wanted: cython.size_t) -> cython.void:
    """Choose `wanted` different fields, at most `count` of them, for `sampler_chosen`; nothing is drawn after that."""
    i: cython.size_t
    j: cython.size_t
    kept: uint32_t
    if s.lp == cython.NULL:
        if s.live.count:
            list_choose(cython.address(s.live), wanted, random_draw)
        else:
            ht_sample(s.table, wanted, random_draw, cython.address(s.live))
        return
    for i in range(wanted):
        j = s.first + i + random_draw() % (s.count - i)
        kept = s.positions[j]
        s.positions[j] = s.positions[s.first + i]
        s.positions[s.first + i] = kept


@cython.cfunc
@cython.exceptval(check=False)
def sampler_chosen(
    s: cython.pointer[FieldSampler], i: cython.size_t, field: cython.pointer[LpValue], value: cython.pointer[LpValue]
) -> cython.void:
    """Read one of the fields that were chosen."""
    if s.lp != cython.NULL:
        _read_position(s, s.first + i, field, value)
    else:
        _read_entry(s.live.items[i], field, value)
