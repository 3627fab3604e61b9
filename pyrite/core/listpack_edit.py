"""Editing of listpacks: encode, insert, replace, delete, merge. The format is told in `listpack`.

Every edit is one splice: some bytes at a position give way to others, what is behind them moves, and the block is
resized where `packed_capacity` says so. An item is an element's encoding, made once, so that the sizes of several add
up before the listpack is touched.

Functions return where the listpack stands now, or NULL, and the old one intact, where memory does not suffice or the
result would not fit into 4 GiB. Bytes to be stored must not lie in the listpack itself.
"""

import cython
from cython.cimports.libc.stdint import int64_t, uint32_t
from cython.cimports.libc.string import memcpy, memmove
from cython.cimports.pyrite.core.hashtable import random_draw
from cython.cimports.pyrite.core.listpack import (
    LP_EMPTY,
    LP_END_MARK,
    LP_HEADER,
    LP_NONE,
    LP_UNCOUNTED,
    LpValue,
    lp_after,
    lp_backlen_size,
    lp_bytes,
    lp_copy,
    lp_count,
    lp_end,
    lp_equals,
    lp_find,
    lp_first,
    lp_fits,
    lp_free,
    lp_get,
    lp_get_text,
    lp_header_count,
    lp_last,
    lp_memory,
    lp_new,
    lp_next,
    lp_positions,
    lp_previous,
    lp_random,
    lp_sample,
    lp_seek,
    lp_set_bytes,
    lp_set_count,
    lp_validate,
    lp_write_backlen,
    packed_capacity,
)
from cython.cimports.pyrite.core.memory import mem_alloc, mem_free, mem_realloc, mem_try_realloc
from cython.cimports.pyrite.core.numbers import LONGLONG_ROOM, parse_longlong

_BYTES_MAX = cython.declare(cython.size_t, 0xFFFFFFFF)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_item_integer(item: cython.pointer[LpItem], v: int64_t) -> cython.void:
    """Encode an integer, in as few bytes as it fits."""
    size: cython.int
    item.text = cython.NULL
    item.text_length = 0
    if 0 <= v <= 127:
        item.head[0] = cython.cast(cython.uchar, v)
        item.head_length = 1
    elif -4096 <= v <= 4095:
        item.head[0] = cython.cast(cython.uchar, 0xC0 | ((v >> 8) & 31))
        item.head[1] = cython.cast(cython.uchar, v & 255)
        item.head_length = 2
    else:
        if v == cython.cast(cython.short, v):
            size = 2
        elif -(1 << 23) <= v < 1 << 23:
            size = 3
        else:
            size = 4 if v == cython.cast(cython.int, v) else 8
        item.head[0] = cython.cast(cython.uchar, 0xF4 if size == 8 else 0xEF + size)
        memcpy(item.head + 1, cython.address(v), size)
        item.head_length = cython.cast(cython.uchar, 1 + size)
    item.size = cython.cast(cython.size_t, item.head_length) + 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_item_text(item: cython.pointer[LpItem], p: cython.p_const_char, n: cython.Py_ssize_t) -> cython.void:
    """Encode a string, as an integer where it is one. The item refers to the bytes until it is inserted.

    One of 4 GiB or more can be encoded, but inserting it is refused.
    """
    number: cython.longlong = 0
    length: uint32_t = cython.cast(uint32_t, n)
    if n < LONGLONG_ROOM and parse_longlong(p, n, cython.address(number)):
        lp_item_integer(item, number)
        return
    item.text = p
    item.text_length = cython.cast(cython.size_t, n)
    if n < 64:
        item.head[0] = cython.cast(cython.uchar, 0x80 | length)
        item.head_length = 1
    elif n < 4096:
        item.head[0] = cython.cast(cython.uchar, 0xE0 | (length >> 8))
        item.head[1] = cython.cast(cython.uchar, length & 255)
        item.head_length = 2
    else:
        item.head[0] = 0xF0
        memcpy(item.head + 1, cython.address(length), 4)
        item.head_length = 5
    item.size = item.head_length + item.text_length
    item.size += lp_backlen_size(item.size)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_write_item(p: cython.p_uchar, item: cython.pointer[cython.const[LpItem]]) -> cython.p_uchar:
    """Write an element where there is room for it; returns where the next one starts."""
    memcpy(p, item.head, item.head_length)
    p += item.head_length
    if item.text_length:
        memcpy(p, item.text, item.text_length)
        p += item.text_length
    return p + lp_write_backlen(p, item.head_length + item.text_length)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _splice(lp: cython.p_uchar, at: cython.size_t, removed: cython.size_t, added: cython.size_t) -> cython.p_uchar:
    """Put room for `added` bytes, at most 4 GiB, in the place of `removed` ones; the header's count stays."""
    total: cython.size_t = lp_bytes(lp)
    wanted: cython.size_t = total - removed + added
    if wanted > _BYTES_MAX:
        return cython.NULL
    before: cython.size_t = packed_capacity(total)
    capacity: cython.size_t = packed_capacity(wanted)
    if capacity > before:
        lp = cython.cast(cython.p_uchar, mem_try_realloc(lp, before, capacity))
        if lp == cython.NULL:
            return cython.NULL
    if added != removed:
        memmove(lp + at + added, lp + at + removed, total - at - removed)
        lp_set_bytes(lp, wanted)
    if capacity < before:
        lp = cython.cast(cython.p_uchar, mem_realloc(lp, before, capacity))
    return lp


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _add_count(lp: cython.p_uchar, more: cython.Py_ssize_t) -> cython.void:
    """Add to the header's count, which stays unknown where it is."""
    count: cython.Py_ssize_t = lp_header_count(lp)
    if count != LP_UNCOUNTED:
        lp_set_count(lp, count + more)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_insert(
    lp: cython.p_uchar,
    at: cython.Py_ssize_t,
    items: cython.pointer[cython.const[LpItem]],
    count: cython.Py_ssize_t,
) -> cython.p_uchar:
    """Insert encoded elements, in this order, before an element or at lp_end. They then start at `at`."""
    size: cython.size_t = 0
    i: cython.Py_ssize_t
    for i in range(count):
        size += items[i].size
        if size > _BYTES_MAX:
            return cython.NULL
    lp = _splice(lp, at, 0, size)
    if lp == cython.NULL:
        return cython.NULL
    p: cython.p_uchar = lp + at
    for i in range(count):
        p = lp_write_item(p, cython.address(items[i]))
    _add_count(lp, count)
    return lp


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_append(lp: cython.p_uchar, p: cython.p_const_char, n: cython.Py_ssize_t) -> cython.p_uchar:
    """Add a string behind the last element."""
    item: LpItem
    lp_item_text(cython.address(item), p, n)
    return lp_insert(lp, lp_end(lp), cython.address(item), 1)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_append_integer(lp: cython.p_uchar, v: int64_t) -> cython.p_uchar:
    """Add an integer behind the last element."""
    item: LpItem
    lp_item_integer(cython.address(item), v)
    return lp_insert(lp, lp_end(lp), cython.address(item), 1)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_prepend(lp: cython.p_uchar, p: cython.p_const_char, n: cython.Py_ssize_t) -> cython.p_uchar:
    """Add a string before the first element."""
    item: LpItem
    lp_item_text(cython.address(item), p, n)
    return lp_insert(lp, LP_HEADER, cython.address(item), 1)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_prepend_integer(lp: cython.p_uchar, v: int64_t) -> cython.p_uchar:
    """Add an integer before the first element."""
    item: LpItem
    lp_item_integer(cython.address(item), v)
    return lp_insert(lp, LP_HEADER, cython.address(item), 1)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _replace(lp: cython.p_uchar, at: cython.Py_ssize_t, item: cython.pointer[cython.const[LpItem]]) -> cython.p_uchar:
    if item.size > _BYTES_MAX:
        return cython.NULL
    lp = _splice(lp, at, lp_after(lp, at) - at, item.size)
    if lp != cython.NULL:
        lp_write_item(lp + at, item)
    return lp


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_replace(
    lp: cython.p_uchar, at: cython.Py_ssize_t, p: cython.p_const_char, n: cython.Py_ssize_t
) -> cython.p_uchar:
    """Put a string in an element's place; it stands at the same position."""
    item: LpItem
    lp_item_text(cython.address(item), p, n)
    return _replace(lp, at, cython.address(item))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_replace_integer(lp: cython.p_uchar, at: cython.Py_ssize_t, v: int64_t) -> cython.p_uchar:
    """Put an integer in an element's place; it stands at the same position."""
    item: LpItem
    lp_item_integer(cython.address(item), v)
    return _replace(lp, at, cython.address(item))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_delete(lp: cython.p_uchar, at: cython.Py_ssize_t, count: cython.Py_ssize_t) -> cython.p_uchar:
    """Delete up to `count` elements from this one on; what followed them then stands at `at`. Never NULL."""
    end: cython.Py_ssize_t = at
    deleted: cython.Py_ssize_t = 0
    while deleted < count and lp[end] != LP_END_MARK:
        end = lp_after(lp, end)
        deleted += 1
    lp = _splice(lp, at, end - at, 0)
    _add_count(lp, -deleted)
    return lp


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_delete_each(
    lp: cython.p_uchar, positions: cython.pointer[cython.const[uint32_t]], count: cython.Py_ssize_t
) -> cython.p_uchar:
    """Delete the elements at these positions, which ascend, in one pass. Never NULL."""
    i: cython.Py_ssize_t
    kept: cython.Py_ssize_t  # where a stretch that stays begins
    until: cython.Py_ssize_t
    end: cython.Py_ssize_t = lp_end(lp)
    if count == 0:
        return lp
    target: cython.Py_ssize_t = positions[0]
    for i in range(count):
        kept = lp_after(lp, positions[i])
        until = positions[i + 1] if i + 1 < count else end
        memmove(lp + target, lp + kept, until - kept)
        target += until - kept
    lp = _splice(lp, target, end - target, 0)
    _add_count(lp, -count)
    return lp


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_merge(first: cython.p_uchar, second: cython.p_uchar) -> cython.p_uchar:
    """The elements of both in one; it takes the two. NULL, and both intact, where that cannot be."""
    count: cython.Py_ssize_t = lp_count(first) + lp_count(second)
    size: cython.size_t = lp_bytes(second) - LP_EMPTY
    end: cython.size_t = lp_end(first)
    first = _splice(first, end, 0, size)
    if first == cython.NULL:
        return cython.NULL
    memcpy(first + end, second + LP_HEADER, size)
    lp_set_count(first, count)
    lp_free(second)
    return first


# Python handles, for tests and cold callers


@cython.cfunc
def _value_of(lp: cython.p_const_uchar, at: cython.Py_ssize_t) -> object:
    value: LpValue
    lp_get(lp, at, cython.address(value))
    return value.number if value.text == cython.NULL else value.text[: value.length]


@cython.cclass
class Listpack:
    """A listpack, for tests and cold callers. Elements go in as bytes or int, and come out as what they are stored as.

    An index that there is no element for raises IndexError.
    """

    lp: cython.p_uchar

    def __cinit__(self, data: bytes | None = None) -> None:
        if data is None:
            self.lp = lp_new()
            return
        if not lp_validate(data, len(data), True):
            raise ValueError("not a listpack")
        self.take(lp_copy(data, len(data)))

    def __dealloc__(self) -> None:
        if self.lp != cython.NULL:
            lp_free(self.lp)

    def __len__(self) -> int:
        return lp_count(self.lp)

    @cython.cfunc
    def take(self, lp: cython.p_uchar) -> cython.int:
        if lp == cython.NULL:
            raise MemoryError
        self.lp = lp
        return 0

    @cython.cfunc
    def at(self, index: cython.Py_ssize_t) -> cython.Py_ssize_t:
        found: cython.Py_ssize_t = lp_seek(self.lp, index)
        if found == LP_NONE:
            raise IndexError(index)
        return found

    def __getitem__(self, index: cython.Py_ssize_t) -> object:
        return _value_of(self.lp, self.at(index))

    def text(self, index: cython.Py_ssize_t) -> bytes:
        """The element as bytes."""
        value: LpValue
        room: cython.char[LONGLONG_ROOM]
        lp_get_text(self.lp, self.at(index), cython.address(value), room)
        return value.text[: value.length]

    def forward(self) -> list[object]:
        """All elements, first to last."""
        out: list = []
        at: cython.Py_ssize_t = lp_first(self.lp)
        while at != LP_NONE:
            out.append(_value_of(self.lp, at))
            at = lp_next(self.lp, at)
        return out

    def backward(self) -> list[object]:
        """All elements, last to first."""
        out: list = []
        at: cython.Py_ssize_t = lp_last(self.lp)
        while at != LP_NONE:
            out.append(_value_of(self.lp, at))
            at = lp_previous(self.lp, at)
        return out

    def append(self, value: object) -> None:
        """Add behind the last element."""
        if isinstance(value, int):
            self.take(lp_append_integer(self.lp, value))
        else:
            text: bytes = value
            self.take(lp_append(self.lp, text, len(text)))

    def prepend(self, value: object) -> None:
        """Add before the first element."""
        if isinstance(value, int):
            self.take(lp_prepend_integer(self.lp, value))
        else:
            text: bytes = value
            self.take(lp_prepend(self.lp, text, len(text)))

    def insert(self, index: cython.Py_ssize_t, values: list, after: cython.bint = False) -> None:
        """Insert up to 16 elements before, or behind, the one of this index."""
        items: LpItem[16]
        text: bytes
        at: cython.Py_ssize_t = self.at(index)
        i: cython.Py_ssize_t
        for i in range(min(len(values), 16)):
            if isinstance(values[i], int):
                lp_item_integer(cython.address(items[i]), values[i])
            else:
                text = values[i]
                lp_item_text(cython.address(items[i]), text, len(text))
        self.take(lp_insert(self.lp, lp_after(self.lp, at) if after else at, items, min(len(values), 16)))

    def insert_huge(self, length: cython.Py_ssize_t, count: cython.Py_ssize_t = 1) -> None:
        """Insert up to 16 strings of this length that are not there; what is refused never reads them."""
        items: LpItem[16]
        i: cython.Py_ssize_t
        for i in range(count):
            lp_item_text(cython.address(items[i]), cython.NULL, length)
        self.take(lp_insert(self.lp, LP_HEADER, items, count))

    def __setitem__(self, index: cython.Py_ssize_t, value: object) -> None:
        if isinstance(value, int):
            self.take(lp_replace_integer(self.lp, self.at(index), value))
        else:
            text: bytes = value
            self.take(lp_replace(self.lp, self.at(index), text, len(text)))

    def replace_huge(self, index: cython.Py_ssize_t, length: cython.Py_ssize_t) -> None:
        """Replace with a string of this length that is not there; what is refused never reads it."""
        self.take(lp_replace(self.lp, self.at(index), cython.NULL, length))

    def delete(self, index: cython.Py_ssize_t, count: cython.Py_ssize_t = 1) -> None:
        """Delete up to `count` elements, from this one on."""
        self.take(lp_delete(self.lp, self.at(index), count))

    def delete_each(self, indexes: list) -> None:
        """Delete the elements of these indexes, which ascend; at most 64."""
        positions: uint32_t[64]
        i: cython.Py_ssize_t
        for i in range(min(len(indexes), 64)):
            positions[i] = cython.cast(uint32_t, self.at(indexes[i]))
        self.take(lp_delete_each(self.lp, positions, min(len(indexes), 64)))

    def merge(self, other: Listpack) -> None:
        """Take the elements of the other one, which is empty then."""
        self.take(lp_merge(self.lp, other.lp))
        other.lp = lp_new()

    def equals(self, index: cython.Py_ssize_t, text: bytes) -> bool:
        """Tell whether the element is this string."""
        return lp_equals(self.lp, self.at(index), text, len(text))

    def find(self, text: bytes, start: cython.Py_ssize_t = 0, skip: cython.Py_ssize_t = 0) -> int:
        """Index of the first element from `start` on that is this string; -1 where none is."""
        at: cython.Py_ssize_t = lp_find(self.lp, lp_seek(self.lp, start), text, len(text), skip)
        return -1 if at == LP_NONE else self.index_of(at)

    @cython.cfunc
    def index_of(self, position: cython.Py_ssize_t) -> cython.Py_ssize_t:
        index: cython.Py_ssize_t = 0
        at: cython.Py_ssize_t = LP_HEADER
        while at < position:
            at = lp_after(self.lp, at)
            index += 1
        return index

    def random(self, step: cython.Py_ssize_t = 1) -> int:
        """Index of the first element of a group drawn uniformly; -1 where there is no group."""
        at: cython.Py_ssize_t = lp_random(self.lp, step, random_draw)
        return -1 if at == LP_NONE else self.index_of(at)

    def sample(self, wanted: cython.Py_ssize_t, step: cython.Py_ssize_t = 1) -> list[int]:
        """Indexes of the first elements of up to `wanted` different groups, at most 64."""
        positions: uint32_t[64]
        taken: cython.Py_ssize_t = lp_sample(self.lp, step, min(wanted, 64), random_draw, positions)
        return [self.index_of(positions[i]) for i in range(taken)]

    def positions(self, step: cython.Py_ssize_t = 1) -> list[int]:
        """Offsets of the first elements of all groups."""
        room: cython.size_t = lp_bytes(self.lp) * 4
        positions: cython.pointer[uint32_t] = cython.cast(cython.pointer[uint32_t], mem_alloc(room))
        out: list = [positions[i] for i in range(lp_positions(self.lp, step, positions))]
        mem_free(positions, room)
        return out

    def fits(self, more: cython.size_t) -> bool:
        """Tell whether it may grow by so many bytes."""
        return lp_fits(self.lp, more)

    @property
    def data(self) -> bytes:
        """All its bytes."""
        return self.lp[: lp_bytes(self.lp)]

    @property
    def memory_bytes(self) -> int:
        """Bytes that it takes from the allocator."""
        return lp_memory(self.lp)
