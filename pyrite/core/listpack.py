"""Listpack: a list of short strings and integers in one block, in Redis's own format, so that a dump is a copy.

    offset  size
         0     4  bytes of the whole, little-endian, as all numbers here
         4     2  number of elements; 65,535: unknown, walk to count them
         6     …  elements
       end     1  0xFF

An element is a head, which holds a small value whole, then the rest of its bytes, then its backlen: the length of head
and rest, by which one walks backward. Integers are two's complement.

    head                            then        element
    0vvvvvvv                                    integer 0 to 127
    10nnnnnn                        n bytes     string of up to 63 bytes
    110vvvvv vvvvvvvv                           integer of 13 bits, high bits first
    1110nnnn nnnnnnnn               n bytes     string of up to 4,095 bytes, high bits of the length first
    0xF0, length in 4 bytes         n bytes     string
    0xF1, 0xF2, 0xF3, 0xF4                      integer of 16, 24, 32, 64 bits in the 2, 3, 4, 8 bytes that follow

The backlen takes 1 to 5 bytes of 7 bits, high bits first; every byte but the first has its top bit set, so that reading
it from its end one knows where it starts. A string that is the canonical text of a 64-bit integer is stored as one.

A listpack is its bare bytes: the header tells the length, and `packed_capacity` the size of the block from that, so
nothing else is kept. A position is the offset of an element, LP_NONE where there is none; it stays good until an
edit at or before it. This module reads; `listpack_edit` writes.

Costs: the first and the last element O(1), by index and by content O(n), an edit moves what is behind it. Whatever
comes from outside goes through `lp_validate` in full first; every other function trusts its listpack.
"""

import cython
from cython.cimports.libc.stdint import int64_t, uint32_t
from cython.cimports.libc.string import memcmp, memcpy
from cython.cimports.pyrite.core.hashtable import Draw
from cython.cimports.pyrite.core.memory import mem_alloc, mem_free, mem_try_alloc
from cython.cimports.pyrite.core.numbers import format_longlong, parse_longlong

_BYTES_MAX = cython.declare(cython.size_t, 0xFFFFFFFF)


# The whole


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_new() -> cython.p_uchar:
    """An empty listpack."""
    lp: cython.p_uchar = cython.cast(cython.p_uchar, mem_alloc(packed_capacity(LP_EMPTY)))
    lp_set_bytes(lp, LP_EMPTY)
    lp_set_count(lp, 0)
    lp[LP_HEADER] = LP_END_MARK
    return lp


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_copy(p: cython.p_const_uchar, n: cython.size_t) -> cython.p_uchar:
    """A listpack of these bytes, which are valid; NULL without memory."""
    lp: cython.p_uchar = cython.cast(cython.p_uchar, mem_try_alloc(packed_capacity(n)))
    if lp != cython.NULL:
        memcpy(lp, p, n)
    return lp


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_free(lp: cython.p_uchar) -> cython.void:
    """Free the listpack."""
    mem_free(lp, packed_capacity(lp_bytes(lp)))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_write_backlen(p: cython.p_uchar, n: cython.size_t) -> cython.size_t:
    """Write the backlen of an element of `n` bytes; returns how many bytes it took."""
    size: cython.size_t = lp_backlen_size(n)
    i: cython.size_t = size
    while i > 1:
        i -= 1
        p[i] = cython.cast(cython.uchar, (n & 127) | 128)
        n >>= 7
    p[0] = cython.cast(cython.uchar, n)
    return size


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _checked_size(p: cython.p_const_uchar, room: cython.size_t) -> cython.size_t:
    """Bytes of the element at `p`, all of it; 0 where it is none, or is not whole within `room` bytes."""
    backlen: cython.uchar[LP_BACKLEN_ROOM]
    head: cython.size_t = lp_head_size(p[0])
    if head == 0 or head > room:
        return 0
    n: cython.size_t = lp_body_size(p)
    if n > room or lp_backlen_size(n) > room - n:
        return 0
    size: cython.size_t = lp_write_backlen(backlen, n)
    return n + size if memcmp(p + n, backlen, size) == 0 else 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_validate(p: cython.p_const_uchar, n: cython.size_t, deep: cython.bint) -> cython.bint:
    """Tell whether bytes that nobody vouches for are a listpack; reads none but these, each a few times at most.

    Without `deep` only header and end are looked at, which is not enough to use it.
    """
    if n < LP_EMPTY or n > _BYTES_MAX or lp_bytes(p) != n or p[n - 1] != LP_END_MARK:
        return False
    if not deep:
        return True
    at: cython.size_t = LP_HEADER
    count: cython.Py_ssize_t = 0
    size: cython.size_t
    while at < n - 1:
        size = _checked_size(p + at, n - 1 - at)
        if size == 0:
            return False
        at += size
        count += 1
    return lp_header_count(p) == LP_UNCOUNTED or lp_header_count(p) == count


# Reading


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_count(lp: cython.p_uchar) -> cython.Py_ssize_t:
    """Number of elements. O(1) below 65,535; a walk that finds fewer than the header could tell writes it there."""
    count: cython.Py_ssize_t = lp_header_count(lp)
    if count != LP_UNCOUNTED:
        return count
    count = 0
    at: cython.Py_ssize_t = LP_HEADER
    while lp[at] != LP_END_MARK:
        at = lp_after(lp, at)
        count += 1
    lp_set_count(lp, count)
    return count


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _walk(lp: cython.p_const_uchar, index: cython.Py_ssize_t) -> cython.Py_ssize_t:
    """Seek from the front for an index of at least 0, from the back for a negative one."""
    at: cython.Py_ssize_t
    if index >= 0:
        at = lp_first(lp)
        while at != LP_NONE and index > 0:
            at = lp_next(lp, at)
            index -= 1
        return at
    at = lp_last(lp)
    while at != LP_NONE and index < -1:
        at = lp_previous(lp, at)
        index += 1
    return at


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_seek(lp: cython.p_const_uchar, index: cython.Py_ssize_t) -> cython.Py_ssize_t:
    """The element of this index, -1 being the last; LP_NONE where there is none. Walks from the nearer end."""
    count: cython.Py_ssize_t = lp_header_count(lp)
    if count == LP_UNCOUNTED:
        return _walk(lp, index)
    if index >= count or index < -count:
        return LP_NONE
    if index > count // 2:
        index -= count
    elif index < -(count // 2) - 1:
        index += count
    return _walk(lp, index)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _text_at(p: cython.p_const_uchar, length: cython.pointer[cython.Py_ssize_t]) -> cython.p_const_char:
    """The bytes of a string element."""
    head: cython.size_t = lp_head_size(p[0])
    length[0] = cython.cast(cython.Py_ssize_t, lp_body_size(p) - head)
    return cython.cast(cython.p_const_char, p + head)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _integer_at(p: cython.p_const_uchar) -> int64_t:
    """The value of an integer element."""
    head: cython.uchar = p[0]
    if head < 0x80:
        return head
    if head < 0xE0:
        # Moved to the top, so that shifting back brings the sign.
        return cython.cast(cython.short, ((head & 31) << 11) | (p[1] << 3)) >> 3
    word: cython.ulonglong = 0
    size: cython.int = 8 if head == 0xF4 else head - 0xEF
    memcpy(cython.address(word), p + 1, size)
    return cython.cast(int64_t, word << (64 - 8 * size)) >> (64 - 8 * size)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_get(lp: cython.p_const_uchar, at: cython.Py_ssize_t, value: cython.pointer[LpValue]) -> cython.void:
    """Read an element: bytes that stay where they are until the next edit, or an integer, with `text` NULL."""
    if lp_is_text(lp, at):
        value.text = _text_at(lp + at, cython.address(value.length))
        return
    value.text = cython.NULL
    value.length = 0
    value.number = _integer_at(lp + at)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_get_text(
    lp: cython.p_const_uchar, at: cython.Py_ssize_t, value: cython.pointer[LpValue], room: cython.p_char
) -> cython.void:
    """Read an element as bytes; an integer is printed into `room`, which has LONGLONG_ROOM bytes."""
    lp_get(lp, at, value)
    if value.text == cython.NULL:
        value.length = format_longlong(room, value.number)
        value.text = room


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_equals(
    lp: cython.p_const_uchar, at: cython.Py_ssize_t, p: cython.p_const_char, n: cython.Py_ssize_t
) -> cython.bint:
    """Tell whether the element is this string."""
    length: cython.Py_ssize_t = 0
    number: cython.longlong = 0
    if lp_is_text(lp, at):
        text: cython.p_const_char = _text_at(lp + at, cython.address(length))
        return length == n and memcmp(text, p, n) == 0
    return parse_longlong(p, n, cython.address(number)) and _integer_at(lp + at) == number


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_find(
    lp: cython.p_const_uchar,
    at: cython.Py_ssize_t,
    p: cython.p_const_char,
    n: cython.Py_ssize_t,
    skip: cython.Py_ssize_t,
) -> cython.Py_ssize_t:
    """The first element, from `at` on, that is this string; LP_NONE where none is.

    After each one compared `skip` are passed over: 1 finds a field among fields and values. `at` may be LP_NONE.
    """
    number: cython.longlong = 0
    is_number: cython.int = -1
    length: cython.Py_ssize_t = 0
    text: cython.p_const_char
    while at != LP_NONE and lp[at] != LP_END_MARK:
        if lp_is_text(lp, at):
            text = _text_at(lp + at, cython.address(length))
            if length == n and memcmp(text, p, n) == 0:
                return at
        else:
            # The needle is parsed when the first integer is met, as a rule never.
            if is_number < 0:
                is_number = parse_longlong(p, n, cython.address(number))
            if is_number and _integer_at(lp + at) == number:
                return at
        at = lp_pass(lp, lp_after(lp, at), skip)
    return LP_NONE


# Groups of `step` elements: 1, or 2 for pairs of field and value


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_random(lp: cython.p_uchar, step: cython.Py_ssize_t, draw: Draw) -> cython.Py_ssize_t:
    """The first element of a group drawn uniformly; LP_NONE where there is no whole group."""
    groups: cython.ulonglong = lp_count(lp) // step
    if groups == 0:
        return LP_NONE
    return lp_seek(lp, cython.cast(cython.Py_ssize_t, draw() % groups) * step)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_sample(
    lp: cython.p_uchar,
    step: cython.Py_ssize_t,
    wanted: cython.Py_ssize_t,
    draw: Draw,
    positions: cython.pointer[uint32_t],
) -> cython.Py_ssize_t:
    """Draw up to `wanted` different groups, every choice of them alike; returns how many.

    Writes the positions of their first elements in the listpack's order. One pass: selection sampling (Knuth, The Art
    of Computer Programming, volume 2, 3.4.2, algorithm S).
    """
    left: cython.ulonglong = lp_count(lp) // step
    taken: cython.Py_ssize_t = 0
    at: cython.Py_ssize_t = LP_HEADER
    while left and taken < wanted:
        if draw() % left < cython.cast(cython.ulonglong, wanted - taken):
            positions[taken] = cython.cast(uint32_t, at)
            taken += 1
        at = lp_pass(lp, at, step)
        left -= 1
    return taken


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_positions(
    lp: cython.p_const_uchar, step: cython.Py_ssize_t, positions: cython.pointer[uint32_t]
) -> cython.Py_ssize_t:
    """Write where each group starts, a last incomplete one included; returns how many there are.

    For drawing with repetition, and for sorting, without a walk each time.
    """
    count: cython.Py_ssize_t = 0
    at: cython.Py_ssize_t = LP_HEADER
    while lp[at] != LP_END_MARK:
        positions[count] = cython.cast(uint32_t, at)
        count += 1
        at = lp_pass(lp, at, step)
    return count


# Python handles, for tests and cold callers


def validate(data: bytes, deep: bool = True) -> bool:
    """Tell whether the bytes are a listpack."""
    return lp_validate(data, len(data), deep)


def capacity_for(n: cython.size_t) -> int:
    """Bytes of the block that holds a listpack or intset of `n` bytes."""
    return packed_capacity(n)


def describe(data: bytes) -> str:
    """A listpack in lines for people: its bytes and count, then of each element index, offset, bytes and value."""
    value: LpValue
    lp: cython.p_const_uchar = data
    at: cython.Py_ssize_t = lp_first(lp)
    lines: list = []
    while at != LP_NONE:
        lp_get(lp, at, cython.address(value))
        shown = value.number if value.text == cython.NULL else value.text[: value.length]
        lines.append(f"{len(lines):6} at {at:6}, {lp_after(lp, at) - at:6} bytes: {shown!r}\n")
        at = lp_next(lp, at)
    return f"listpack of {len(data)} bytes, {len(lines)} elements\n" + "".join(lines)
