"""Drawing several different entries of a hashtable, every choice of them alike.

Where the sample is a good part of the table, all entries are listed and some of them chosen; else entries are drawn one
by one, and those that come again are drawn anew. In both cases the time is about that of the sample, not of the table.
"""

import cython
from cython.cimports.libc.stdint import uint64_t, uintptr_t
from cython.cimports.libc.stdlib import qsort
from cython.cimports.pyrite.core.entry import Entry, entry_key, entry_key_length, entry_new
from cython.cimports.pyrite.core.hashtable import (
    Draw,
    EntryList,
    HashIterator,
    HashTable,
    free_list,
    ht_clear,
    ht_count,
    ht_init,
    ht_insert,
    ht_iterate,
    ht_next,
    ht_random,
    list_entry,
    random_draw,
)
from cython.cimports.pyrite.core.siphash import siphash

# With less than so many entries in the table for each one wanted, all are listed.
LIST_BELOW = cython.declare(cython.size_t, 3)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _compare(a: cython.p_const_void, b: cython.p_const_void) -> cython.int:
    x: uintptr_t = cython.cast(cython.pointer[uintptr_t], a)[0]
    y: uintptr_t = cython.cast(cython.pointer[uintptr_t], b)[0]
    return (x > y) - (x < y)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _drop_repeated(found: cython.pointer[EntryList]) -> cython.void:
    kept: cython.size_t = 0
    i: cython.size_t
    qsort(found.items, found.count, cython.sizeof(cython.p_void), _compare)
    for i in range(found.count):
        if i == 0 or found.items[i] != found.items[kept - 1]:
            found.items[kept] = found.items[i]
            kept += 1
    found.count = kept


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ht_list(t: cython.pointer[HashTable], out: cython.pointer[EntryList]) -> cython.void:
    """Append all entries to a list."""
    it: HashIterator
    e: cython.pointer[Entry]
    ht_iterate(t, cython.address(it))
    e = ht_next(cython.address(it))
    while e != cython.NULL:
        list_entry(out, e)
        e = ht_next(cython.address(it))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def list_choose(from_all: cython.pointer[EntryList], wanted: cython.size_t, draw: Draw) -> cython.void:
    """Keep `wanted` entries of a list, or all if it has no more, and forget the others (Fisher and Yates)."""
    i: cython.size_t
    j: cython.size_t
    e: cython.pointer[Entry]
    for i in range(wanted):
        if i >= from_all.count:
            return
        j = i + draw() % cython.cast(uint64_t, from_all.count - i)
        e = from_all.items[i]
        from_all.items[i] = from_all.items[j]
        from_all.items[j] = e
    from_all.count = wanted


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ht_sample(
    t: cython.pointer[HashTable], wanted: cython.size_t, draw: Draw, out: cython.pointer[EntryList]
) -> cython.void:
    """Draw `wanted` different entries, or all if there are no more, into a list that begins as all zeros.

    Rounds draw what still lacks, so the sample is the first so many different ones of a sequence of fair draws.
    """
    lacking: cython.size_t
    count: cython.size_t = ht_count(t)
    if wanted > count // LIST_BELOW:
        ht_list(t, out)
        if wanted < count:
            list_choose(out, wanted, draw)
        return
    while out.count < wanted:
        lacking = wanted - out.count
        while lacking:
            list_entry(out, ht_random(t, draw))
            lacking -= 1
        _drop_repeated(out)


# Python handles, for tests and cold callers


def sample(keys: list[bytes], wanted: cython.size_t) -> list[bytes]:
    """Draw so many different keys from a table of these, which differ."""
    t: HashTable
    found: EntryList = EntryList(cython.NULL, 0, 0)
    key: bytes
    i: cython.size_t
    e: cython.pointer[Entry]
    ht_init(cython.address(t))
    for key in keys:
        ht_insert(cython.address(t), entry_new(key, len(key), 0, 0), siphash(key, len(key)))
    ht_sample(cython.address(t), wanted, random_draw, cython.address(found))
    out: list = []
    for i in range(found.count):
        e = found.items[i]
        out.append(entry_key(e)[: entry_key_length(e)])
    free_list(cython.address(found))
    ht_clear(cython.address(t), True)
    return out
