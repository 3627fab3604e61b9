"""Hashtable of entries: the keyspace itself, and every large hash, set and sorted set.

A bucket is one cache line of 64 bytes:

    offset  size
         0     1  used: bits 0-6 say which slots hold an entry; bit 7 says that slot 6 points to a further bucket
         1     7  the top byte of the hash of each slot's entry
         8  7 x 8  the entries

A look-up loads the first eight bytes, compares all seven fingerprints at once, and touches an entry only where one
matches: usually one cache line for the bucket and one for the entry. The low bits of the hash choose the bucket. A full
bucket gives its last slot to a child bucket; chains stay short because the table grows at seven entries a bucket.

Resizing is incremental. Two tables exist meanwhile; each insertion or removal moves one bucket (with its chain) of the
old one, or a few empty ones, the cron moves more, and pages of the old table go back to the system as soon as they are
done with. So no operation at any size does more than a bucket's worth of it. New entries always go to the new table.

Costs: find, insert, remove O(1); at seven entries a bucket 9 to 18 bytes an entry.

Scan guarantees, as Redis gives them: the cursor counts the bucket's index with its bits reversed, so every element that
stays in the table from the start of a full scan to its end is returned at least once, whatever growing and shrinking
happens in between; a bucket's chain is returned whole. Random sampling is fair: a bucket is drawn uniformly and
accepted in proportion to how many entries its chain holds.

While memory is shared with a child process, each page that is written to is copied. A resize writes to all of a table,
so none begins or goes on meanwhile, but where a table has become four times too full.

Callers keep no slot address over an insertion, a removal or `ht_rehash`.
"""

import cython
from cython.cimports.libc.stdint import uint64_t
from cython.cimports.libc.string import memcmp, memset
from cython.cimports.pyrite.core.entry import Entry, entry_free, entry_key, entry_key_length, entry_new
from cython.cimports.pyrite.core.memory import (
    mem_alloc_lines,
    mem_discard_lines,
    mem_free,
    mem_free_lines,
    mem_realloc,
    mem_used,
)
from cython.cimports.pyrite.core.siphash import siphash

# Masks of 64 bits, which Cython takes as C constants only when they are declared.
ONES = cython.declare(uint64_t, 0x0101010101010101)
TOPS = cython.declare(uint64_t, 0x8080808080808080)
ODD_BITS = cython.declare(uint64_t, 0x5555555555555555)
ODD_PAIRS = cython.declare(uint64_t, 0x3333333333333333)
ODD_NIBBLES = cython.declare(uint64_t, 0x0F0F0F0F0F0F0F0F)

_sparing = cython.declare(cython.bint, False)
_random_a = cython.declare(uint64_t, 0x9E3779B97F4A7C15)
_random_b = cython.declare(uint64_t, 0xD1B54A32D192ED03)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def random_draw() -> uint64_t:
    """64 random bits (xorshift128+, Vigna 2014): for sampling, never for secrets."""
    global _random_a, _random_b
    x: uint64_t = _random_a
    y: uint64_t = _random_b
    _random_a = y
    x ^= x << 23
    _random_b = x ^ y ^ (x >> 18) ^ (y >> 5)
    return _random_b + y


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def random_seed(a: uint64_t, b: uint64_t) -> cython.void:
    """Start the generator of `random_draw` from these 128 bits."""
    global _random_a, _random_b
    _random_a = a | 1
    _random_b = b


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _hash_of(e: cython.pointer[Entry]) -> uint64_t:
    return siphash(entry_key(e), entry_key_length(e))


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _child(b: cython.pointer[Bucket]) -> cython.pointer[Bucket]:
    return cython.cast(cython.pointer[Bucket], b.slots[LAST])


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ht_init(t: cython.pointer[HashTable]) -> cython.void:
    """An empty table, which owns no memory until the first insertion."""
    memset(t, 0, cython.sizeof(HashTable))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _free_chain(t: cython.pointer[HashTable], b: cython.pointer[Bucket], free_entries: cython.bint) -> cython.void:
    """Free the children of a bucket, and all the chain's entries if asked to."""
    head: cython.pointer[Bucket] = b
    following: cython.pointer[Bucket]
    slots: cython.uint
    while True:
        slots = b.used & 127
        following = cython.NULL
        if b.used & CHAINED:
            slots &= 63
            following = _child(b)
        while free_entries and slots:
            entry_free(b.slots[__builtin_ctzll(slots)])
            slots &= slots - 1
        if b != head:
            mem_free_lines(b, 64)
            t.children -= 1
        if following == cython.NULL:
            return
        b = following


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _free_table(t: cython.pointer[HashTable], which: cython.int, free_entries: cython.bint) -> cython.void:
    i: cython.size_t
    if t.buckets[which] == cython.NULL:
        return
    for i in range(t.masks[which] + 1):
        _free_chain(t, cython.address(t.buckets[which][i]), free_entries)
    mem_free_lines(t.buckets[which], (t.masks[which] + 1) * 64)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ht_clear(t: cython.pointer[HashTable], free_entries: cython.bint) -> cython.void:
    """Empty the table, freeing its memory, and its entries with it where the caller does not keep them elsewhere."""
    _free_table(t, 0, free_entries)
    _free_table(t, 1, free_entries)
    ht_init(t)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _matches(b: cython.pointer[Bucket], pattern: uint64_t) -> uint64_t:
    """The slots whose fingerprint equals the pattern's, and perhaps one more, as set top bits of the bytes 1 to 7."""
    head: uint64_t = cython.cast(cython.pointer[uint64_t], b)[0]
    x: uint64_t = head ^ pattern
    return (x - ONES) & ~x & TOPS & ~cython.cast(uint64_t, 255)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _find_in_chain(
    b: cython.pointer[Bucket], key: cython.p_const_char, n: cython.size_t, h: uint64_t, found: cython.p_int
) -> cython.pointer[Bucket]:
    """The bucket of the chain that holds the key, and its slot in `found`; NULL where none does."""
    pattern: uint64_t = (h >> 56) * ONES
    hits: uint64_t
    slots: cython.int
    i: cython.int
    while True:
        hits = _matches(b, pattern)
        slots = b.used & (63 if b.used & CHAINED else 127)
        while hits:
            i = (__builtin_ctzll(hits) >> 3) - 1
            hits &= hits - 1
            if (slots >> i) & 1:
                e: cython.pointer[Entry] = b.slots[i]
                if entry_key_length(e) == n and memcmp(entry_key(e), key, n) == 0:
                    found[0] = i
                    return b
        if not b.used & CHAINED:
            return cython.NULL
        b = _child(b)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _chain(t: cython.pointer[HashTable], which: cython.int, h: uint64_t) -> cython.pointer[Bucket]:
    """The chain in which this hash stands in one of the two tables; NULL where it can't."""
    if t.buckets[which] == cython.NULL:
        return cython.NULL
    i: cython.size_t = h & t.masks[which]
    if which == 0 and t.rehashing and i < t.moved:
        return cython.NULL
    return cython.address(t.buckets[which][i])


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ht_find(
    t: cython.pointer[HashTable], key: cython.p_const_char, n: cython.size_t, h: uint64_t
) -> cython.pointer[cython.pointer[Entry]]:
    """The slot that holds the entry with this key, NULL where none does; `h` is the key's siphash."""
    i: cython.int = 0
    which: cython.int
    b: cython.pointer[Bucket]
    for which in range(2):
        b = _chain(t, which, h)
        if b != cython.NULL:
            b = _find_in_chain(b, key, n, h, cython.address(i))
            if b != cython.NULL:
                return cython.address(b.slots[i])
        if not t.rehashing:
            break
    return cython.NULL


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ht_prefetch(t: cython.pointer[HashTable], h: uint64_t) -> cython.void:
    """Have the bucket of a key with this hash fetched: for look-ups of several keys, all of them before the first."""
    if t.buckets[0] != cython.NULL:
        __builtin_prefetch(cython.address(t.buckets[0][h & t.masks[0]]))
    if t.rehashing:
        __builtin_prefetch(cython.address(t.buckets[1][h & t.masks[1]]))


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _put(t: cython.pointer[HashTable], which: cython.int, e: cython.pointer[Entry], h: uint64_t) -> cython.void:
    """Place an entry into its chain, in the first free slot."""
    b: cython.pointer[Bucket] = cython.address(t.buckets[which][h & t.masks[which]])
    while b.used & CHAINED:
        if b.used & 63 != 63:
            break
        b = _child(b)
    room: cython.uint = ~b.used & (63 if b.used & CHAINED else 127)
    if room == 0:
        child: cython.pointer[Bucket] = cython.cast(cython.pointer[Bucket], mem_alloc_lines(64))
        child.used = 1
        child.prints[0] = b.prints[LAST]
        child.slots[0] = b.slots[LAST]
        b.slots[LAST] = cython.cast(cython.pointer[Entry], child)
        b.used = 63 | CHAINED
        t.children += 1
        b = child
        room = 126
    i: cython.int = __builtin_ctzll(room)
    b.used |= cython.cast(cython.uchar, 1 << i)
    b.prints[i] = cython.cast(cython.uchar, h >> 56)
    b.slots[i] = e
    t.used[which] += 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _start_resize(t: cython.pointer[HashTable], buckets: cython.size_t) -> cython.void:
    t.buckets[1] = cython.cast(cython.pointer[Bucket], mem_alloc_lines(buckets * 64))
    t.masks[1] = buckets - 1
    t.used[1] = 0
    t.moved = 0
    t.rehashing = 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _finish_resize(t: cython.pointer[HashTable]) -> cython.void:
    mem_free_lines(t.buckets[0], (t.masks[0] + 1) * 64)
    t.buckets[0] = t.buckets[1]
    t.masks[0] = t.masks[1]
    t.used[0] = t.used[1]
    t.buckets[1] = cython.NULL
    t.masks[1] = 0
    t.used[1] = 0
    t.rehashing = 0
    t.moved = 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _move_chain(t: cython.pointer[HashTable], b: cython.pointer[Bucket]) -> cython.void:
    """Put all entries of a chain of table 0 into table 1, and empty it."""
    head: cython.pointer[Bucket] = b
    slots: cython.uint
    e: cython.pointer[Entry]
    while True:
        slots = b.used & (63 if b.used & CHAINED else 127)
        while slots:
            e = b.slots[__builtin_ctzll(slots)]
            slots &= slots - 1
            _put(t, 1, e, _hash_of(e))
            t.used[0] -= 1
        if not b.used & CHAINED:
            break
        b = _child(b)
    _free_chain(t, head, False)
    head.used = 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ht_spare(on: cython.bint) -> cython.void:
    """Say that a child process shares the memory of all tables from now on, or that it is gone."""
    global _sparing
    _sparing = on


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _is_overfull(t: cython.pointer[HashTable], which: cython.int) -> cython.bint:
    """Tell whether all entries would be far too many for this one of the two tables."""
    return t.used[0] + t.used[1] >= (t.masks[which] + 1) * (BUCKET_SLOTS * SPARING_LOAD)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ht_rehash(t: cython.pointer[HashTable], buckets: cython.size_t) -> cython.int:
    """Move up to so many buckets of a resize under way; returns 1 while there is more to move.

    Empty buckets count less than full ones. The end of a shrink that has left the table sparse begins the next one.
    """
    step: cython.size_t = DISCARD_STEP // 64
    budget: cython.Py_ssize_t = buckets * EMPTY_AS_ONE
    if _sparing and t.rehashing and not _is_overfull(t, 1):
        return 1
    while t.rehashing and budget > 0:
        if t.buckets[0][t.moved].used:
            _move_chain(t, cython.address(t.buckets[0][t.moved]))
            budget -= EMPTY_AS_ONE
        else:
            budget -= 1
        t.moved += 1
        if t.moved > t.masks[0]:
            _finish_resize(t)
            _shrink_if_sparse(t)
        elif t.moved % step == 0:
            mem_discard_lines(cython.address(t.buckets[0][t.moved - step]), DISCARD_STEP)
    return t.rehashing


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ht_reserve(t: cython.pointer[HashTable], entries: cython.size_t) -> cython.void:
    """Make room for so many entries in one step, in an empty table. The caller knows that they are to come."""
    buckets: cython.size_t = 1
    while buckets * BUCKET_SLOTS < entries:
        buckets *= 2
    if t.buckets[0] == cython.NULL:
        t.buckets[0] = cython.cast(cython.pointer[Bucket], mem_alloc_lines(buckets * 64))
        t.masks[0] = buckets - 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ht_insert(t: cython.pointer[HashTable], e: cython.pointer[Entry], h: uint64_t) -> cython.void:
    """Add an entry whose key is not in the table; `h` is the key's siphash."""
    if t.rehashing:
        ht_rehash(t, 1)
    elif t.buckets[0] == cython.NULL:
        ht_reserve(t, 1)
    elif t.used[0] >= (t.masks[0] + 1) * BUCKET_SLOTS and (not _sparing or _is_overfull(t, 0)):
        _start_resize(t, (t.masks[0] + 1) * 2)
    _put(t, 1 if t.rehashing else 0, e, h)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _drop(
    t: cython.pointer[HashTable], head: cython.pointer[Bucket], b: cython.pointer[Bucket], i: cython.int
) -> cython.void:
    """Clear a slot, filling it from the end of its chain, and free the chain's last bucket when that is empty."""
    last: cython.pointer[Bucket] = head
    before: cython.pointer[Bucket] = cython.NULL
    j: cython.int
    while last.used & CHAINED:
        before = last
        last = _child(last)
    if before == cython.NULL:
        b.used &= ~cython.cast(cython.uchar, 1 << i)
        return
    j = __builtin_ctzll(last.used)
    b.slots[i] = last.slots[j]
    b.prints[i] = last.prints[j]
    last.used &= ~cython.cast(cython.uchar, 1 << j)
    if last.used == 0:
        mem_free_lines(last, 64)
        t.children -= 1
        before.used &= ~cython.cast(cython.uchar, CHAINED | (1 << LAST))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _shrink_if_sparse(t: cython.pointer[HashTable]) -> cython.void:
    """Start a shrink to a quarter when less than an eighth is used; the new table is then at most half full.

    Never to less, even where nothing is left: as many insertions as the old table has buckets may come before all of it
    has moved, and the new one has to take them without long chains.
    """
    buckets: cython.size_t = t.masks[0] + 1
    if t.rehashing or _sparing or buckets == 1 or t.used[0] * 8 >= buckets * BUCKET_SLOTS:
        return
    _start_resize(t, buckets // 4 if buckets >= 4 else 1)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ht_pop(
    t: cython.pointer[HashTable], key: cython.p_const_char, n: cython.size_t, h: uint64_t
) -> cython.pointer[Entry]:
    """Take the entry with this key out of the table, without freeing it; NULL where there is none."""
    i: cython.int = 0
    which: cython.int
    head: cython.pointer[Bucket]
    b: cython.pointer[Bucket]
    e: cython.pointer[Entry]
    if t.rehashing:
        ht_rehash(t, 1)
    for which in range(2):
        head = _chain(t, which, h)
        if head != cython.NULL:
            b = _find_in_chain(head, key, n, h, cython.address(i))
            if b != cython.NULL:
                e = b.slots[i]
                _drop(t, head, b, i)
                t.used[which] -= 1
                _shrink_if_sparse(t)
                return e
        if not t.rehashing:
            break
    return cython.NULL


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _reverse(v: uint64_t) -> uint64_t:
    """The 64 bits in the opposite order."""
    v = ((v >> 1) & ODD_BITS) | ((v & ODD_BITS) << 1)
    v = ((v >> 2) & ODD_PAIRS) | ((v & ODD_PAIRS) << 2)
    v = ((v >> 4) & ODD_NIBBLES) | ((v & ODD_NIBBLES) << 4)
    return __builtin_bswap64(v)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _next_cursor(v: uint64_t, mask: uint64_t) -> uint64_t:
    """Count up by one in the bits under the mask, from the highest of them down."""
    return _reverse(_reverse(v | ~mask) + 1)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _visit_chain(b: cython.pointer[Bucket], visit: ScanVisit, context: cython.p_void) -> cython.void:
    slots: cython.uint
    while True:
        slots = b.used & (63 if b.used & CHAINED else 127)
        while slots:
            visit(context, b.slots[__builtin_ctzll(slots)])
            slots &= slots - 1
        if not b.used & CHAINED:
            return
        b = _child(b)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ht_scan(t: cython.pointer[HashTable], cursor: uint64_t, visit: ScanVisit, context: cython.p_void) -> uint64_t:
    """Visit the entries of one bucket; returns the next cursor, 0 at the end.

    During a resize they are those of the matching buckets of both tables. `visit` must not change the table.
    """
    if ht_count(t) == 0:
        return 0
    if not t.rehashing:
        _visit_chain(cython.address(t.buckets[0][cursor & t.masks[0]]), visit, context)
        return _next_cursor(cursor, t.masks[0])
    small: cython.int = 0 if t.masks[0] <= t.masks[1] else 1
    low: uint64_t = t.masks[small]
    high: uint64_t = t.masks[1 - small]
    _visit_chain(cython.address(t.buckets[small][cursor & low]), visit, context)
    while True:
        _visit_chain(cython.address(t.buckets[1 - small][cursor & high]), visit, context)
        cursor = _next_cursor(cursor, high)
        if not cursor & (low ^ high):
            return cursor


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def list_entry(entry_list: cython.p_void, e: cython.pointer[Entry]) -> cython.void:
    """Append an entry to an EntryList, which begins as all zeros: the visitor for scans whose work needs the table."""
    out: cython.pointer[EntryList] = cython.cast(cython.pointer[EntryList], entry_list)
    width: cython.size_t = cython.sizeof(cython.p_void)
    if out.count == out.capacity:
        capacity: cython.size_t = out.capacity * 2 if out.capacity else 32
        out.items = cython.cast(
            cython.pointer[cython.pointer[Entry]], mem_realloc(out.items, out.capacity * width, capacity * width)
        )
        out.capacity = capacity
    out.items[out.count] = e
    out.count += 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def free_list(entry_list: cython.pointer[EntryList]) -> cython.void:
    """Free the list's memory; the entries are not its own."""
    if entry_list.items != cython.NULL:
        mem_free(entry_list.items, entry_list.capacity * cython.sizeof(cython.p_void))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _chain_length(b: cython.pointer[Bucket]) -> cython.size_t:
    n: cython.size_t = 0
    while b.used & CHAINED:
        n += __builtin_popcount(b.used & 63)
        b = _child(b)
    return n + __builtin_popcount(b.used)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _chain_entry(b: cython.pointer[Bucket], position: cython.size_t) -> cython.pointer[Entry]:
    """The entry at this position of a chain that has more than so many."""
    slots: cython.uint
    n: cython.size_t
    while True:
        slots = b.used & (63 if b.used & CHAINED else 127)
        n = __builtin_popcount(slots)
        if position < n:
            while position:
                slots &= slots - 1
                position -= 1
            return b.slots[__builtin_ctzll(slots)]
        position -= n
        b = _child(b)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _entry_at(t: cython.pointer[HashTable], position: cython.size_t) -> cython.pointer[Entry]:
    """The entry at this position of an iteration over a table that has more than so many."""
    it: HashIterator
    ht_iterate(t, cython.address(it))
    e: cython.pointer[Entry] = ht_next(cython.address(it))
    while position:
        e = ht_next(cython.address(it))
        position -= 1
    return e


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ht_random(t: cython.pointer[HashTable], draw: Draw) -> cython.pointer[Entry]:
    """An entry drawn uniformly with `draw`; NULL from an empty table.

    Where nearly all buckets are empty, walking through them all costs less than drawing until one is not.
    """
    if ht_count(t) == 0:
        return cython.NULL
    start: uint64_t = t.moved if t.rehashing else 0
    old: uint64_t = t.masks[0] + 1 - start
    total: uint64_t = old + (t.masks[1] + 1 if t.rehashing else 0)
    b: cython.pointer[Bucket]
    i: uint64_t
    n: cython.size_t
    tries: uint64_t = 64 + total // 16
    while tries:
        tries -= 1
        i = draw() % total
        b = cython.address(t.buckets[0][start + i]) if i < old else cython.address(t.buckets[1][i - old])
        n = _chain_length(b)
        if n and draw() % LONG_CHAIN < n:
            return _chain_entry(b, draw() % n)
    return _entry_at(t, draw() % ht_count(t))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ht_iterate(t: cython.pointer[HashTable], it: cython.pointer[HashIterator]) -> cython.void:
    """Start at the first entry. The table must not change until the iteration ends; entries' values may."""
    it.table = t
    it.bucket = cython.NULL
    it.index = 0
    it.which = 0
    it.position = 0


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _prefetch_entries(b: cython.pointer[Bucket]) -> cython.void:
    """Have the entries fetched of the bucket that comes next; what an unused slot holds does no harm."""
    i: cython.int
    for i in range(BUCKET_SLOTS):
        __builtin_prefetch(b.slots[i])


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ht_next(it: cython.pointer[HashIterator]) -> cython.pointer[Entry]:
    """The next entry, NULL at the end."""
    t: cython.pointer[HashTable] = it.table
    b: cython.pointer[Bucket]
    slots: cython.uint
    while True:
        b = it.bucket
        if b == cython.NULL:
            if t.buckets[it.which] == cython.NULL or it.index > t.masks[it.which]:
                if it.which == 1:
                    return cython.NULL
                it.which = 1
                it.index = 0
                continue
            b = it.bucket = cython.address(t.buckets[it.which][it.index])
            it.index += 1
            it.position = 0
            if it.index <= t.masks[it.which]:
                _prefetch_entries(cython.address(t.buckets[it.which][it.index]))
        slots = (b.used & (63 if b.used & CHAINED else 127)) >> it.position
        if slots:
            it.position += __builtin_ctzll(slots) + 1
            return b.slots[it.position - 1]
        it.bucket = _child(b) if b.used & CHAINED else cython.NULL
        it.position = 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ht_memory(t: cython.pointer[cython.const[HashTable]]) -> cython.size_t:
    """Bytes of the buckets, entries not counted."""
    total: cython.size_t = t.children * 64
    if t.buckets[0] != cython.NULL:
        total += (t.masks[0] + 1) * 64
    if t.buckets[1] != cython.NULL:
        total += (t.masks[1] + 1) * 64
    return total


# Python handles, for tests and cold callers


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _collect(context: cython.p_void, e: cython.pointer[Entry]) -> cython.void:
    with cython.gil:
        cython.cast(list, context).append(entry_key(e)[: entry_key_length(e)])


@cython.cclass
class Table:
    """A hashtable of keys without values, for tests."""

    t: HashTable

    def __cinit__(self) -> None:
        ht_init(cython.address(self.t))

    def __dealloc__(self) -> None:
        ht_clear(cython.address(self.t), True)

    def __len__(self) -> int:
        return ht_count(cython.address(self.t))

    def __contains__(self, key: bytes) -> bool:
        return ht_find(cython.address(self.t), key, len(key), siphash(key, len(key))) != cython.NULL

    def add(self, key: bytes) -> bool:
        """Add a key; False where it was there."""
        if key in self:
            return False
        ht_insert(cython.address(self.t), entry_new(key, len(key), 0, 0), siphash(key, len(key)))
        return True

    def discard(self, key: bytes) -> bool:
        """Remove a key; False where it was not there."""
        e: cython.pointer[Entry] = ht_pop(cython.address(self.t), key, len(key), siphash(key, len(key)))
        if e == cython.NULL:
            return False
        entry_free(e)
        return True

    def scan(self, cursor: uint64_t) -> tuple[int, list[bytes]]:
        """One step of a scan: the next cursor and the keys met."""
        met: list = []
        cursor = ht_scan(cython.address(self.t), cursor, _collect, cython.cast(cython.p_void, met))
        return cursor, met

    def random(self) -> bytes | None:
        """A key drawn uniformly."""
        e: cython.pointer[Entry] = ht_random(cython.address(self.t), random_draw)
        return None if e == cython.NULL else entry_key(e)[: entry_key_length(e)]

    def keys(self) -> list[bytes]:
        """All keys, in table order."""
        it: HashIterator
        out: list = []
        ht_iterate(cython.address(self.t), cython.address(it))
        while True:
            e: cython.pointer[Entry] = ht_next(cython.address(it))
            if e == cython.NULL:
                return out
            out.append(entry_key(e)[: entry_key_length(e)])

    def rehash(self, buckets: cython.size_t) -> bool:
        """Move so many buckets of a resize; True while there is more."""
        return ht_rehash(cython.address(self.t), buckets) != 0

    def clear(self) -> None:
        """Empty the table."""
        ht_clear(cython.address(self.t), True)

    @property
    def shape(self) -> dict[str, int]:
        """Numbers of buckets of both tables, chained ones, entries of both, and bytes."""
        return {
            "buckets": self.t.masks[0] + 1 if self.t.buckets[0] != cython.NULL else 0,
            "new_buckets": self.t.masks[1] + 1 if self.t.buckets[1] != cython.NULL else 0,
            "children": self.t.children,
            "old_used": self.t.used[0],
            "new_used": self.t.used[1],
            "moved": self.t.moved,
            "rehashing": self.t.rehashing,
            "bytes": ht_memory(cython.address(self.t)),
            "allocated": mem_used(),
        }


def spare_copies(on: bool) -> None:
    """As `ht_spare`."""
    ht_spare(on)


def set_random_seed(seed: bytes) -> None:
    """Start the generator that sampling draws from with these 16 bytes."""
    random_seed(int.from_bytes(seed[:8], "little"), int.from_bytes(seed[8:16], "little"))
