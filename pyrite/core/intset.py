"""Intset: a set of integers as a sorted array in one block, in Redis's own format, so that a dump is a copy.

    offset  size
         0     4  width of each integer in bytes: 2, 4 or 8, little-endian, as all numbers here
         4     4  number of integers
         8     …  the integers, two's complement, ascending, none twice

An integer that needs more room than the others widens them all; removing it does not narrow them again. A set is its
bare bytes, as a listpack is: the header tells the length, and `packed_capacity` the size of the block from that.

Costs: find O(log n); minimum, maximum, random and by index O(1); adding and removing move what is behind.

What comes from outside goes through `intset_validate` in full first; every other function trusts its set.
"""

import cython
from cython.cimports.libc.stdint import int16_t, int32_t, int64_t, uint32_t
from cython.cimports.libc.string import memcpy, memmove
from cython.cimports.pyrite.core.hashtable import random_draw
from cython.cimports.pyrite.core.listpack import packed_capacity
from cython.cimports.pyrite.core.memory import mem_alloc, mem_free, mem_realloc, mem_try_alloc, mem_try_realloc

_COUNT_MAX = cython.declare(uint32_t, 0xFFFFFFFF)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _set_header(s: cython.p_uchar, width: uint32_t, count: uint32_t) -> cython.void:
    memcpy(s, cython.address(width), 4)
    memcpy(s + 4, cython.address(count), 4)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _write(s: cython.p_uchar, index: cython.size_t, width: uint32_t, v: int64_t) -> cython.void:
    """Write the low bytes of an integer, which are the integer where it fits the width."""
    memcpy(s + INTSET_HEADER + index * width, cython.address(v), width)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _width_of(v: int64_t) -> uint32_t:
    if v == cython.cast(int16_t, v):
        return 2
    return 4 if v == cython.cast(int32_t, v) else 8


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def intset_new() -> cython.p_uchar:
    """An empty set."""
    s: cython.p_uchar = cython.cast(cython.p_uchar, mem_alloc(packed_capacity(INTSET_HEADER)))
    _set_header(s, 2, 0)
    return s


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def intset_copy(p: cython.p_const_uchar, n: cython.size_t) -> cython.p_uchar:
    """A set of these bytes, which are valid; NULL without memory."""
    s: cython.p_uchar = cython.cast(cython.p_uchar, mem_try_alloc(packed_capacity(n)))
    if s != cython.NULL:
        memcpy(s, p, n)
    return s


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def intset_free(s: cython.p_uchar) -> cython.void:
    """Free the set."""
    mem_free(s, packed_capacity(intset_bytes(s)))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def intset_validate(p: cython.p_const_uchar, n: cython.size_t, deep: cython.bint) -> cython.bint:
    """Tell whether bytes that nobody vouches for are a set with at least one integer; reads none but these.

    Without `deep` their order is not looked at, and searches may then miss what is there.
    """
    i: uint32_t
    previous: int64_t
    current: int64_t
    if n <= INTSET_HEADER:
        return False
    width: uint32_t = intset_width(p)
    if (width != 2 and width != 4 and width != 8) or intset_bytes(p) != n:
        return False
    if not deep:
        return True
    previous = intset_read(p, 0, width)
    for i in range(1, intset_count(p)):
        current = intset_read(p, i, width)
        if current <= previous:
            return False
        previous = current
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def intset_find(s: cython.p_const_uchar, v: int64_t, index: cython.pointer[uint32_t]) -> cython.bint:
    """Tell whether the integer is in the set; `index` becomes where it stands, or where it would."""
    width: uint32_t = intset_width(s)
    low: uint32_t = 0
    high: uint32_t = intset_count(s)
    middle: uint32_t
    # Integers mostly come in ascending order, so the end is looked at first.
    if high and v > intset_read(s, high - 1, width):
        low = high
    while low < high:
        middle = low + ((high - low) >> 1)
        if intset_read(s, middle, width) < v:
            low = middle + 1
        else:
            high = middle
    index[0] = low
    return low < intset_count(s) and intset_read(s, low, width) == v


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _grow(s: cython.p_uchar, bytes_after: cython.size_t) -> cython.p_uchar:
    """Make room for so many bytes, at least as many as it has; NULL, and the set intact, without memory."""
    before: cython.size_t = packed_capacity(intset_bytes(s))
    capacity: cython.size_t = packed_capacity(bytes_after)
    if capacity == before:
        return s
    return cython.cast(cython.p_uchar, mem_try_realloc(s, before, capacity))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _widen(s: cython.p_uchar, v: int64_t, width: uint32_t) -> cython.p_uchar:
    """Add an integer that is too wide for the set, and so comes before or after all others."""
    count: uint32_t = intset_count(s)
    old_width: uint32_t = intset_width(s)
    shift: cython.size_t = 1 if v < 0 else 0
    i: cython.size_t = count
    s = _grow(s, INTSET_HEADER + (cython.cast(cython.size_t, count) + 1) * width)
    if s == cython.NULL:
        return s
    # From the end backward, as each one's new place reaches past its old one.
    while i > 0:
        i -= 1
        _write(s, i + shift, width, intset_read(s, i, old_width))
    _write(s, 0 if shift else count, width, v)
    _set_header(s, width, count + 1)
    return s


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def intset_add(s: cython.p_uchar, v: int64_t, added: cython.pointer[cython.bint]) -> cython.p_uchar:
    """Add an integer; returns where the set stands now, and tells whether it was new.

    NULL, and the set intact, where memory does not suffice or no more integers can be counted.
    """
    index: uint32_t = 0
    width: uint32_t = intset_width(s)
    count: uint32_t = intset_count(s)
    wanted: uint32_t = _width_of(v)
    added[0] = False
    if wanted <= width and intset_find(s, v, cython.address(index)):
        return s
    if count == _COUNT_MAX:
        return cython.NULL
    if wanted > width:
        s = _widen(s, v, wanted)
        added[0] = s != cython.NULL
        return s
    s = _grow(s, intset_bytes(s) + width)
    if s == cython.NULL:
        return s
    at: cython.p_uchar = s + INTSET_HEADER + cython.cast(cython.size_t, index) * width
    memmove(at + width, at, cython.cast(cython.size_t, count - index) * width)
    _write(s, index, width, v)
    _set_header(s, width, count + 1)
    added[0] = True
    return s


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def intset_remove(s: cython.p_uchar, v: int64_t, removed: cython.pointer[cython.bint]) -> cython.p_uchar:
    """Remove an integer; returns where the set stands now, never NULL, and tells whether it was there."""
    index: uint32_t = 0
    width: uint32_t = intset_width(s)
    count: uint32_t = intset_count(s)
    removed[0] = intset_find(s, v, cython.address(index))
    if not removed[0]:
        return s
    before: cython.size_t = packed_capacity(intset_bytes(s))
    at: cython.p_uchar = s + INTSET_HEADER + cython.cast(cython.size_t, index) * width
    memmove(at, at + width, cython.cast(cython.size_t, count - index - 1) * width)
    _set_header(s, width, count - 1)
    capacity: cython.size_t = packed_capacity(intset_bytes(s))
    if capacity != before:
        s = cython.cast(cython.p_uchar, mem_realloc(s, before, capacity))
    return s


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def intset_delete_each(
    s: cython.p_uchar, indexes: cython.pointer[cython.const[uint32_t]], count: uint32_t
) -> cython.p_uchar:
    """Remove the integers of these indexes, which ascend, in one pass; returns where the set stands now, never NULL."""
    width: uint32_t = intset_width(s)
    total: uint32_t = intset_count(s)
    before: cython.size_t = packed_capacity(intset_bytes(s))
    kept: cython.size_t  # where a stretch that stays begins, and where it ends
    until: cython.size_t
    i: uint32_t
    if count == 0:
        return s
    target: cython.size_t = indexes[0]
    for i in range(count):
        kept = indexes[i] + 1
        until = indexes[i + 1] if i + 1 < count else total
        memmove(s + INTSET_HEADER + target * width, s + INTSET_HEADER + kept * width, (until - kept) * width)
        target += until - kept
    _set_header(s, width, total - count)
    capacity: cython.size_t = packed_capacity(intset_bytes(s))
    if capacity != before:
        s = cython.cast(cython.p_uchar, mem_realloc(s, before, capacity))
    return s


# Python handles, for tests and cold callers


def validate(data: bytes, deep: bool = True) -> bool:
    """Tell whether the bytes are a set."""
    return intset_validate(data, len(data), deep)


@cython.cclass
class IntSet:
    """A set of integers of 64 bits, for tests and cold callers."""

    s: cython.p_uchar

    def __cinit__(self, data: bytes | None = None) -> None:
        if data is None:
            self.s = intset_new()
            return
        if not intset_validate(data, len(data), True):
            raise ValueError("not an intset")
        self.s = intset_copy(data, len(data))
        if self.s == cython.NULL:
            raise MemoryError

    def __dealloc__(self) -> None:
        if self.s != cython.NULL:
            intset_free(self.s)

    def __len__(self) -> int:
        return intset_count(self.s)

    def __contains__(self, v: int64_t) -> bool:
        index: uint32_t = 0
        return intset_find(self.s, v, cython.address(index))

    def add(self, v: int64_t) -> bool:
        """Add an integer; True where it was new."""
        added: cython.bint = False
        s: cython.p_uchar = intset_add(self.s, v, cython.address(added))
        if s == cython.NULL:
            raise MemoryError
        self.s = s
        return added

    def remove(self, v: int64_t) -> bool:
        """Remove an integer; True where it was there."""
        removed: cython.bint = False
        self.s = intset_remove(self.s, v, cython.address(removed))
        return removed

    def delete_each(self, indexes: list) -> None:
        """Remove the integers of these indexes, which ascend; at most 64."""
        places: uint32_t[64]
        i: cython.Py_ssize_t
        for i in range(min(len(indexes), 64)):
            if not 0 <= indexes[i] < intset_count(self.s):
                raise IndexError(indexes[i])
            places[i] = indexes[i]
        self.s = intset_delete_each(self.s, places, min(len(indexes), 64))

    def index(self, v: int64_t) -> int:
        """Where the integer stands, or where it would."""
        index: uint32_t = 0
        intset_find(self.s, v, cython.address(index))
        return index

    def items(self) -> list[int]:
        """All integers, ascending."""
        return [intset_get(self.s, i) for i in range(intset_count(self.s))]

    def ends(self) -> tuple[int, int]:
        """The smallest and the largest integer; the set is not empty."""
        if intset_count(self.s) == 0:
            raise IndexError("empty")
        return intset_min(self.s), intset_max(self.s)

    def random(self) -> int:
        """An integer drawn uniformly; the set is not empty."""
        if intset_count(self.s) == 0:
            raise IndexError("empty")
        return intset_random(self.s, random_draw)

    @property
    def data(self) -> bytes:
        """All its bytes."""
        return self.s[: intset_bytes(self.s)]

    @property
    def memory_bytes(self) -> int:
        """Bytes that it takes from the allocator."""
        return intset_memory(self.s)
