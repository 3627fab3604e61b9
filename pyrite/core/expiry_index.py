"""Expiry index: the volatile keys of a database in the order in which they fall due.

Active expiry asks it for what is due now and gets just that, in order, instead of sampling; eviction draws random
volatile keys from it. The time itself stands in the entry; the index holds entries' addresses, ordered by (time in ms,
address), in two levels:

    index ── array of chunks, each up to 256 leaves ── leaf: up to 256 entries within a range, in no order

A leaf's entries need no order because a leaf is small: to remove one is to search 2 KiB for an address, and what is due
is picked from the first leaves alone. A full leaf splits at its median. Keys mostly come with growing times, so when
the last leaf overflows with later times a new one starts behind it and the full one stays full.

Memory: 8 bytes an entry, a leaf's unused room, and 32 bytes for each leaf; see docs/decisions/expiry-index.md for what
was measured. Insert and remove cost two binary searches and one leaf.

Invariants: leaves are in order, no leaf is empty, and every entry of a leaf is at or after its low mark and before the
next one's.
"""

import cython
from cython.cimports.libc.stdint import int64_t, uintptr_t
from cython.cimports.libc.stdlib import qsort
from cython.cimports.libc.string import memcpy, memmove, memset
from cython.cimports.pyrite.core.entry import (
    PART_EXPIRE,
    Entry,
    entry_expire,
    entry_free,
    entry_key,
    entry_key_length,
    entry_new,
)
from cython.cimports.pyrite.core.hashtable import Draw, random_draw
from cython.cimports.pyrite.core.memory import mem_alloc, mem_block_size, mem_free, mem_realloc


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _chunk_size(capacity: cython.size_t) -> cython.size_t:
    return cython.sizeof(Chunk) - (CHUNK_MAX - capacity) * cython.sizeof(Leaf)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ei_init(x: cython.pointer[ExpiryIndex]) -> cython.void:
    """An empty index, which owns no memory."""
    memset(x, 0, cython.sizeof(ExpiryIndex))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ei_clear(x: cython.pointer[ExpiryIndex]) -> cython.void:
    """Empty the index; the entries are not its own and stay."""
    i: cython.size_t
    j: cython.size_t
    for i in range(x.chunk_count):
        for j in range(x.chunks[i].count):
            mem_free(x.chunks[i].leaves[j].items, x.chunks[i].leaves[j].capacity * cython.sizeof(cython.p_void))
        mem_free(x.chunks[i], _chunk_size(x.chunks[i].capacity))
    if x.chunks != cython.NULL:
        mem_free(x.chunks, x.chunk_capacity * cython.sizeof(cython.p_void))
    ei_init(x)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _at_or_before(leaf: cython.pointer[Leaf], at_ms: int64_t, address: uintptr_t) -> cython.bint:
    return leaf.low_ms < at_ms or (leaf.low_ms == at_ms and leaf.low_address <= address)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _find_chunk(x: cython.pointer[ExpiryIndex], at_ms: int64_t, address: uintptr_t) -> cython.size_t:
    """The last chunk that begins at or before this mark; the first where none does. The index is not empty."""
    low: cython.size_t = 0
    high: cython.size_t = x.chunk_count
    while high - low > 1:
        middle: cython.size_t = (low + high) >> 1
        if _at_or_before(cython.address(x.chunks[middle].leaves[0]), at_ms, address):
            low = middle
        else:
            high = middle
    return low


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _find_leaf(chunk: cython.pointer[Chunk], at_ms: int64_t, address: uintptr_t) -> cython.uint:
    low: cython.uint = 0
    high: cython.uint = chunk.count
    while high - low > 1:
        middle: cython.uint = (low + high) >> 1
        if _at_or_before(cython.address(chunk.leaves[middle]), at_ms, address):
            low = middle
        else:
            high = middle
    return low


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _open_chunk(x: cython.pointer[ExpiryIndex], at: cython.size_t, leaves: cython.uint) -> cython.pointer[Chunk]:
    """Put an empty chunk with room for so many leaves at this place of the array."""
    width: cython.size_t = cython.sizeof(cython.p_void)
    if x.chunk_count == x.chunk_capacity:
        capacity: cython.size_t = x.chunk_capacity * 2 if x.chunk_capacity else 1
        x.chunks = cython.cast(
            cython.pointer[cython.pointer[Chunk]], mem_realloc(x.chunks, x.chunk_capacity * width, capacity * width)
        )
        x.chunk_capacity = capacity
    memmove(x.chunks + at + 1, x.chunks + at, (x.chunk_count - at) * width)
    chunk: cython.pointer[Chunk] = cython.cast(cython.pointer[Chunk], mem_alloc(_chunk_size(leaves)))
    chunk.count = 0
    chunk.capacity = leaves
    x.chunks[at] = chunk
    x.chunk_count += 1
    return chunk


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _resize_chunk(x: cython.pointer[ExpiryIndex], c: cython.size_t, leaves: cython.uint) -> cython.pointer[Chunk]:
    """Give a chunk room for so many leaves; returns where it stands now."""
    chunk: cython.pointer[Chunk] = x.chunks[c]
    old: cython.size_t = _chunk_size(chunk.capacity)
    chunk = cython.cast(cython.pointer[Chunk], mem_realloc(chunk, old, _chunk_size(leaves)))
    chunk.capacity = leaves
    x.chunks[c] = chunk
    return chunk


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _open_leaf(
    x: cython.pointer[ExpiryIndex], c: cython.size_t, at: cython.uint, at_ms: int64_t, address: uintptr_t
) -> cython.pointer[Leaf]:
    """Put an empty leaf with this low mark at this place of a chunk; a full chunk is split, or followed by another."""
    chunk: cython.pointer[Chunk] = x.chunks[c]
    kept: cython.uint
    following: cython.pointer[Chunk]
    if chunk.count == CHUNK_MAX:
        kept = CHUNK_MAX if at == CHUNK_MAX and c + 1 == x.chunk_count else CHUNK_MAX // 2
        following = _open_chunk(x, c + 1, CHUNK_LEAST if kept == CHUNK_MAX else CHUNK_MAX)
        following.count = CHUNK_MAX - kept
        memcpy(
            cython.address(following.leaves[0]),
            cython.address(chunk.leaves[kept]),
            following.count * cython.sizeof(Leaf),
        )
        chunk.count = kept
        if at > kept or kept == CHUNK_MAX:
            at -= kept
            c += 1
            chunk = following
    if chunk.count == chunk.capacity:
        chunk = _resize_chunk(x, c, chunk.capacity * 2)
    memmove(
        cython.address(chunk.leaves[at + 1]),
        cython.address(chunk.leaves[at]),
        (chunk.count - at) * cython.sizeof(Leaf),
    )
    chunk.count += 1
    leaf: cython.pointer[Leaf] = cython.address(chunk.leaves[at])
    leaf.low_ms = at_ms
    leaf.low_address = address
    leaf.count = 0
    leaf.capacity = 0
    leaf.items = cython.NULL
    return leaf


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _append(leaf: cython.pointer[Leaf], e: cython.pointer[Entry]) -> cython.void:
    width: cython.size_t = cython.sizeof(cython.p_void)
    capacity: cython.uint
    if leaf.count == leaf.capacity:
        capacity = leaf.capacity * 2 if leaf.capacity < CAPACITY_STEP else leaf.capacity + CAPACITY_STEP
        if capacity == 0:
            capacity = 4
        leaf.items = cython.cast(
            cython.pointer[cython.pointer[Entry]],
            mem_realloc(leaf.items, leaf.capacity * width, capacity * width),
        )
        leaf.capacity = capacity
    leaf.items[leaf.count] = e
    leaf.count += 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _shrink_leaf(leaf: cython.pointer[Leaf]) -> cython.void:
    """Give back room that a leaf no longer needs, leaving one step."""
    width: cython.size_t = cython.sizeof(cython.p_void)
    capacity: cython.uint = (leaf.count // CAPACITY_STEP + 1) * CAPACITY_STEP
    if capacity < leaf.capacity:
        leaf.items = cython.cast(
            cython.pointer[cython.pointer[Entry]],
            mem_realloc(leaf.items, leaf.capacity * width, capacity * width),
        )
        leaf.capacity = capacity


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _compare(a: cython.p_const_void, b: cython.p_const_void) -> cython.int:
    p: cython.pointer[Due] = cython.cast(cython.pointer[Due], a)
    q: cython.pointer[Due] = cython.cast(cython.pointer[Due], b)
    if p.at_ms != q.at_ms:
        return -1 if p.at_ms < q.at_ms else 1
    if p.entry == q.entry:
        return 0
    return -1 if cython.cast(uintptr_t, p.entry) < cython.cast(uintptr_t, q.entry) else 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _split(x: cython.pointer[ExpiryIndex], c: cython.size_t, i: cython.uint) -> cython.void:
    """Move the later half of a full leaf into a new one behind it."""
    sorted_items: Due[256]
    n: cython.int
    half: cython.int = LEAF_MAX // 2
    leaf: cython.pointer[Leaf] = cython.address(x.chunks[c].leaves[i])
    for n in range(LEAF_MAX):
        sorted_items[n].entry = leaf.items[n]
        sorted_items[n].at_ms = entry_expire(leaf.items[n])
    qsort(sorted_items, LEAF_MAX, cython.sizeof(Due), _compare)
    for n in range(half):
        leaf.items[n] = sorted_items[n].entry
    leaf.count = half
    _shrink_leaf(leaf)
    leaf = _open_leaf(x, c, i + 1, sorted_items[half].at_ms, cython.cast(uintptr_t, sorted_items[half].entry))
    for n in range(half, LEAF_MAX):
        _append(leaf, sorted_items[n].entry)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ei_insert(x: cython.pointer[ExpiryIndex], at_ms: int64_t, e: cython.pointer[Entry]) -> cython.void:
    """Add an entry that falls due at this time; its own expiry already says so."""
    address: uintptr_t = cython.cast(uintptr_t, e)
    if x.count == 0:
        ei_clear(x)
        _open_chunk(x, 0, CHUNK_LEAST)
        _open_leaf(x, 0, 0, at_ms, address)
        x.high_ms = at_ms
    c: cython.size_t = _find_chunk(x, at_ms, address)
    i: cython.uint = _find_leaf(x.chunks[c], at_ms, address)
    leaf: cython.pointer[Leaf] = cython.address(x.chunks[c].leaves[i])
    if leaf.count == LEAF_MAX:
        if at_ms > x.high_ms:
            leaf = _open_leaf(x, c, i + 1, at_ms, 0)
        else:
            _split(x, c, i)
            c = _find_chunk(x, at_ms, address)
            leaf = cython.address(x.chunks[c].leaves[_find_leaf(x.chunks[c], at_ms, address)])
    if not _at_or_before(leaf, at_ms, address):
        leaf.low_ms = at_ms
        leaf.low_address = address
    _append(leaf, e)
    x.count += 1
    if at_ms > x.high_ms:
        x.high_ms = at_ms


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _drop_chunk(x: cython.pointer[ExpiryIndex], c: cython.size_t) -> cython.void:
    mem_free(x.chunks[c], _chunk_size(x.chunks[c].capacity))
    x.chunk_count -= 1
    memmove(x.chunks + c, x.chunks + c + 1, (x.chunk_count - c) * cython.sizeof(cython.p_void))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _close_leaf(x: cython.pointer[ExpiryIndex], c: cython.size_t, i: cython.uint) -> cython.void:
    """Drop a leaf whose entries are gone or have moved, and its chunk with it when that has no other."""
    chunk: cython.pointer[Chunk] = x.chunks[c]
    leaf: cython.pointer[Leaf] = cython.address(chunk.leaves[i])
    mem_free(leaf.items, leaf.capacity * cython.sizeof(cython.p_void))
    chunk.count -= 1
    memmove(leaf, leaf + 1, (chunk.count - i) * cython.sizeof(Leaf))
    if chunk.count == 0:
        _drop_chunk(x, c)
    elif chunk.capacity > CHUNK_LEAST and chunk.count * 4 <= chunk.capacity:
        _resize_chunk(x, c, chunk.capacity // 2)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _merge_with_next(x: cython.pointer[ExpiryIndex], c: cython.size_t, i: cython.uint) -> cython.void:
    chunk: cython.pointer[Chunk] = x.chunks[c]
    n: cython.uint
    if i + 1 >= chunk.count or chunk.leaves[i].count + chunk.leaves[i + 1].count > MERGED_MAX:
        return
    for n in range(chunk.leaves[i + 1].count):
        _append(cython.address(chunk.leaves[i]), chunk.leaves[i + 1].items[n])
    _close_leaf(x, c, i + 1)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _merge_chunk_with_next(x: cython.pointer[ExpiryIndex], c: cython.size_t) -> cython.void:
    if c + 1 >= x.chunk_count:
        return
    chunk: cython.pointer[Chunk] = x.chunks[c]
    following: cython.pointer[Chunk] = x.chunks[c + 1]
    if (chunk.count >= MERGE_BELOW and following.count >= MERGE_BELOW) or chunk.count + following.count > MERGED_MAX:
        return
    while chunk.capacity < chunk.count + following.count:
        chunk = _resize_chunk(x, c, chunk.capacity * 2)
    memcpy(
        cython.address(chunk.leaves[chunk.count]),
        cython.address(following.leaves[0]),
        following.count * cython.sizeof(Leaf),
    )
    chunk.count += following.count
    _drop_chunk(x, c + 1)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _merge_around(x: cython.pointer[ExpiryIndex], c: cython.size_t, i: cython.uint) -> cython.void:
    """Join a leaf that has few entries, or none left, with its neighbours, and its chunk with its own."""
    if x.chunks[c].leaves[i].count == 0:
        _close_leaf(x, c, i)
    else:
        _merge_with_next(x, c, i)
        if i:
            _merge_with_next(x, c, i - 1)
    _merge_chunk_with_next(x, c)
    if c:
        _merge_chunk_with_next(x, c - 1)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _position(leaf: cython.pointer[Leaf], e: cython.pointer[Entry]) -> cython.int:
    n: cython.uint
    for n in range(leaf.count):
        if leaf.items[n] == e:
            return n
    return -1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ei_remove(x: cython.pointer[ExpiryIndex], at_ms: int64_t, e: cython.pointer[Entry]) -> cython.bint:
    """Take out the entry that was put in with this time and address. The entry itself is not looked at.

    Returns False, having changed nothing, where the index does not hold it.
    """
    address: uintptr_t = cython.cast(uintptr_t, e)
    if x.count == 0:
        return False
    c: cython.size_t = _find_chunk(x, at_ms, address)
    i: cython.uint = _find_leaf(x.chunks[c], at_ms, address)
    leaf: cython.pointer[Leaf] = cython.address(x.chunks[c].leaves[i])
    n: cython.int = _position(leaf, e)
    if n < 0:
        return False
    leaf.count -= 1
    leaf.items[n] = leaf.items[leaf.count]
    x.count -= 1
    if leaf.capacity - leaf.count >= SPARE_MAX:
        _shrink_leaf(leaf)
    if leaf.count < MERGE_BELOW:
        _merge_around(x, c, i)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ei_replace(
    x: cython.pointer[ExpiryIndex], at_ms: int64_t, old: cython.pointer[Entry], new: cython.pointer[Entry]
) -> cython.void:
    """Say that an entry now stands elsewhere in memory, its time unchanged."""
    if old != new and ei_remove(x, at_ms, old):
        ei_insert(x, at_ms, new)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ei_due(
    x: cython.pointer[ExpiryIndex], now_ms: int64_t, out: cython.pointer[cython.pointer[Entry]], room: cython.size_t
) -> cython.size_t:
    """Write entries whose time is before or at `now_ms` into `out`, up to `room` of them; returns how many.

    They come from the earliest leaves; none is taken out.
    """
    found: cython.size_t = 0
    c: cython.size_t
    i: cython.uint
    n: cython.uint
    leaf: cython.pointer[Leaf]
    for c in range(x.chunk_count):
        for i in range(x.chunks[c].count):
            leaf = cython.address(x.chunks[c].leaves[i])
            if leaf.low_ms > now_ms:
                return found
            for n in range(leaf.count):
                if entry_expire(leaf.items[n]) <= now_ms:
                    if found == room:
                        return found
                    out[found] = leaf.items[n]
                    found += 1
    return found


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _count_due(leaf: cython.pointer[Leaf], now_ms: int64_t) -> cython.size_t:
    due: cython.size_t = 0
    n: cython.uint
    for n in range(leaf.count):
        due += entry_expire(leaf.items[n]) <= now_ms
    return due


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ei_count_due(x: cython.pointer[ExpiryIndex], now_ms: int64_t) -> cython.size_t:
    """How many entries have a time before or at `now_ms`; of the due leaves only the last one's entries are read."""
    due: cython.size_t = 0
    last: cython.pointer[Leaf] = cython.NULL
    leaf: cython.pointer[Leaf]
    c: cython.size_t
    i: cython.uint
    for c in range(x.chunk_count):
        for i in range(x.chunks[c].count):
            leaf = cython.address(x.chunks[c].leaves[i])
            if leaf.low_ms > now_ms:
                return due + _count_due(last, now_ms) if last != cython.NULL else due
            if last != cython.NULL:
                due += last.count
            last = leaf
    return due + _count_due(last, now_ms) if last != cython.NULL else due


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ei_first(x: cython.pointer[ExpiryIndex]) -> cython.pointer[Entry]:
    """The entry that falls due first; NULL from an empty index."""
    n: cython.uint
    if x.count == 0:
        return cython.NULL
    leaf: cython.pointer[Leaf] = cython.address(x.chunks[0].leaves[0])
    first: cython.pointer[Entry] = leaf.items[0]
    for n in range(1, leaf.count):
        if entry_expire(leaf.items[n]) < entry_expire(first):
            first = leaf.items[n]
    return first


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ei_first_ms(x: cython.pointer[ExpiryIndex]) -> int64_t:
    """A time before which nothing falls due, near the earliest one; -1 for an empty index."""
    return x.chunks[0].leaves[0].low_ms if x.count else -1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ei_random(x: cython.pointer[ExpiryIndex], draw: Draw) -> cython.pointer[Entry]:
    """An entry drawn uniformly; NULL from an empty index."""
    chunk: cython.pointer[Chunk]
    leaf: cython.pointer[Leaf]
    if x.count == 0:
        return cython.NULL
    while True:
        chunk = x.chunks[draw() % x.chunk_count]
        if x.chunk_count > 1 and draw() % CHUNK_MAX >= chunk.count:
            continue
        leaf = cython.address(chunk.leaves[draw() % chunk.count])
        if x.chunk_count == 1 and chunk.count == 1:
            return leaf.items[draw() % leaf.count]
        position: cython.size_t = draw() % LEAF_MAX
        if position < leaf.count:
            return leaf.items[position]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ei_memory(x: cython.pointer[cython.const[ExpiryIndex]]) -> cython.size_t:
    """Bytes of the index, entries not counted."""
    total: cython.size_t = 0
    c: cython.size_t
    i: cython.uint
    if x.chunks == cython.NULL:
        return 0
    total += mem_block_size(x.chunk_capacity * cython.sizeof(cython.p_void))
    for c in range(x.chunk_count):
        total += mem_block_size(_chunk_size(x.chunks[c].capacity))
        for i in range(x.chunks[c].count):
            total += mem_block_size(x.chunks[c].leaves[i].capacity * cython.sizeof(cython.p_void))
    return total


# Python handles, for tests and cold callers


@cython.no_gc  # or the entries' addresses might be gone before the entries
@cython.cclass
class Index:
    """An expiry index over entries of its own, one for each key, for tests."""

    x: ExpiryIndex
    entries: dict

    def __cinit__(self) -> None:
        ei_init(cython.address(self.x))
        self.entries = {}

    def __dealloc__(self) -> None:
        self.clear()

    @cython.cfunc
    def _entry(self, key: object) -> cython.pointer[Entry]:
        return cython.cast(cython.pointer[Entry], cython.cast(uintptr_t, self.entries[key]))

    def add(self, key: bytes, at_ms: int64_t) -> None:
        """Add a key that falls due at this time."""
        e: cython.pointer[Entry] = entry_new(key, len(key), PART_EXPIRE, 0)
        cython.cast(cython.pointer[int64_t], cython.cast(cython.p_char, e) + 8)[0] = at_ms
        self.entries[key] = cython.cast(uintptr_t, e)
        ei_insert(cython.address(self.x), at_ms, e)

    def remove(self, key: bytes) -> bool:
        """Take a key out."""
        e: cython.pointer[Entry] = self._entry(key)
        removed: cython.bint = ei_remove(cython.address(self.x), entry_expire(e), e)
        del self.entries[key]
        entry_free(e)
        return removed

    def replace(self, key: bytes) -> None:
        """Move a key's entry elsewhere in memory."""
        old: cython.pointer[Entry] = self._entry(key)
        at_ms: int64_t = entry_expire(old)
        new: cython.pointer[Entry] = entry_new(key, len(key), PART_EXPIRE, 0)
        cython.cast(cython.pointer[int64_t], cython.cast(cython.p_char, new) + 8)[0] = at_ms
        entry_free(old)
        ei_replace(cython.address(self.x), at_ms, old, new)
        self.entries[key] = cython.cast(uintptr_t, new)

    def remove_stranger(self, at_ms: int64_t) -> bool:
        """Try to take out an entry that was never put in."""
        e: cython.pointer[Entry] = entry_new(b"stranger", 8, PART_EXPIRE, 0)
        removed: cython.bint = ei_remove(cython.address(self.x), at_ms, e)
        entry_free(e)
        return removed

    def clear(self) -> None:
        """Empty the index, and free the entries."""
        ei_clear(cython.address(self.x))
        for key in self.entries:
            entry_free(self._entry(key))
        self.entries = {}

    def due(self, now_ms: int64_t, room: int = 1024) -> list[bytes]:
        """The keys due at this time, up to `room` of at most 1,024 of them, in the index's order."""
        out: cython.pointer[Entry][1024]
        n: cython.size_t = ei_due(cython.address(self.x), now_ms, out, min(room, 1024))
        i: cython.size_t
        found: list = []
        for i in range(n):
            found.append(entry_key(out[i])[: entry_key_length(out[i])])
        return found

    def count_due(self, now_ms: int64_t) -> int:
        """How many keys are due at this time."""
        return ei_count_due(cython.address(self.x), now_ms)

    def first(self) -> bytes | None:
        """A key that falls due first."""
        e: cython.pointer[Entry] = ei_first(cython.address(self.x))
        return None if e == cython.NULL else entry_key(e)[: entry_key_length(e)]

    def random(self) -> bytes | None:
        """A key drawn uniformly."""
        e: cython.pointer[Entry] = ei_random(cython.address(self.x), random_draw)
        return None if e == cython.NULL else entry_key(e)[: entry_key_length(e)]

    @property
    def first_ms(self) -> int:
        """The earliest leaf's low mark."""
        return ei_first_ms(cython.address(self.x))

    @property
    def size_bytes(self) -> int:
        """Bytes of the index."""
        return ei_memory(cython.address(self.x))

    def chunks(self) -> list[tuple[int, int]]:
        """Each chunk's count and capacity, in order."""
        c: cython.size_t
        out: list = []
        for c in range(self.x.chunk_count):
            out.append((self.x.chunks[c].count, self.x.chunks[c].capacity))
        return out

    def leaves(self) -> list[tuple[tuple[int, int], list[tuple[int, int]], int]]:
        """Each leaf's low mark, its entries' times and addresses, and its capacity, in order."""
        c: cython.size_t
        i: cython.uint
        n: cython.uint
        out: list = []
        for c in range(self.x.chunk_count):
            for i in range(self.x.chunks[c].count):
                leaf: cython.pointer[Leaf] = cython.address(self.x.chunks[c].leaves[i])
                marks: list = []
                for n in range(leaf.count):
                    marks.append((entry_expire(leaf.items[n]), cython.cast(uintptr_t, leaf.items[n])))
                out.append(((leaf.low_ms, leaf.low_address), marks, leaf.capacity))
        return out

    def __len__(self) -> int:
        return self.x.count
