"""Small hashes as listpacks: pairs of field and value, or, once a field may expire, triplets with an expiry.

    pairs       field, value, field, value, …               in the order in which the fields were added
    triplets    field, value, expiry, field, value, expiry, …   earliest expiry first

An expiry is a Unix time in ms, an integer element; 0 means none, and such fields stand last, the newest behind them.
Fields of the same time stand in the order in which they got it. So what is due is a stretch at the front, and the next
time is that of the first triplet. Both layouts are Redis's, so a dump is a copy.

A field is known by the position of its first element. What may move the listpack returns where it stands then, or
NULL, and the old one intact, where memory does not suffice. Bytes passed in must not lie in the listpack itself.
"""

import cython
from cython.cimports.libc.stdint import int64_t
from cython.cimports.libc.string import memcpy
from cython.cimports.pyrite.core.listpack import (
    LP_END_MARK,
    LP_HEADER,
    LP_NONE,
    LpValue,
    lp_after,
    lp_bytes,
    lp_count,
    lp_end,
    lp_find,
    lp_first,
    lp_free,
    lp_get,
    lp_is_text,
    lp_new,
    lp_pass,
    lp_set_bytes,
    lp_set_count,
    lp_validate,
    packed_capacity,
)
from cython.cimports.pyrite.core.listpack_edit import (
    LpItem,
    lp_delete,
    lp_insert,
    lp_item_integer,
    lp_item_text,
    lp_replace,
    lp_replace_integer,
)
from cython.cimports.pyrite.core.memory import mem_try_alloc

_BYTES_MAX = cython.declare(cython.size_t, 0xFFFFFFFF)


# Reading


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hlp_find(
    lp: cython.p_const_uchar, width: cython.int, p: cython.p_const_char, n: cython.Py_ssize_t
) -> cython.Py_ssize_t:
    """The position of a field; LP_NONE where it is not there."""
    return lp_find(lp, lp_first(lp), p, n, width - 1)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hlp_expire(lp: cython.p_const_uchar, at: cython.Py_ssize_t) -> int64_t:
    """When the field at `at` of a listpack of triplets expires; -1 where it does not."""
    expiry: LpValue
    lp_get(lp, lp_pass(lp, at, 2), cython.address(expiry))
    return expiry.number if expiry.number else -1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hlp_first_expire(lp: cython.p_const_uchar) -> int64_t:
    """The earliest expiry in a listpack of triplets; -1 where no field expires."""
    at: cython.Py_ssize_t = lp_first(lp)
    return -1 if at == LP_NONE else hlp_expire(lp, at)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hlp_count_due(lp: cython.p_const_uchar, now_ms: int64_t, limit: cython.Py_ssize_t) -> cython.Py_ssize_t:
    """How many fields, up to `limit`, expire before or at `now_ms`; they are the first ones."""
    count: cython.Py_ssize_t = 0
    at: cython.Py_ssize_t = LP_HEADER
    at_ms: int64_t
    while count < limit and lp[at] != LP_END_MARK:
        at_ms = hlp_expire(lp, at)
        if at_ms < 0 or at_ms > now_ms:
            break
        count += 1
        at = lp_pass(lp, at, TRIPLET)
    return count


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hlp_in_order(lp: cython.p_const_uchar) -> cython.bint:
    """Tell whether a valid listpack is one of whole triplets, each with an expiry, in order; for what others made."""
    at: cython.Py_ssize_t = LP_HEADER
    last_ms: int64_t = 1
    expiry: LpValue
    while lp[at] != LP_END_MARK:
        at = lp_pass(lp, at, 2)
        if lp[at] == LP_END_MARK or lp_is_text(lp, at):
            return False
        lp_get(lp, at, cython.address(expiry))
        if expiry.number and (last_ms == 0 or expiry.number < last_ms):
            return False
        last_ms = expiry.number
        at = lp_after(lp, at)
    return True


# Changing


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _place_for(lp: cython.p_const_uchar, at_ms: int64_t) -> cython.Py_ssize_t:
    """The position at which a triplet of this time, -1 for none, goes in: behind those that are not after it."""
    at: cython.Py_ssize_t = LP_HEADER
    each_ms: int64_t
    if at_ms < 0:
        return lp_end(lp)
    while lp[at] != LP_END_MARK:
        each_ms = hlp_expire(lp, at)
        if each_ms < 0 or each_ms > at_ms:
            break
        at = lp_pass(lp, at, TRIPLET)
    return at


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hlp_add(
    lp: cython.p_uchar,
    width: cython.int,
    p: cython.p_const_char,
    n: cython.Py_ssize_t,
    value: cython.p_const_char,
    length: cython.Py_ssize_t,
    at_ms: int64_t,
) -> cython.p_uchar:
    """Add a field that is not there; its expiry, -1 for none, counts only among triplets."""
    items: LpItem[3]
    lp_item_text(cython.address(items[0]), p, n)
    lp_item_text(cython.address(items[1]), value, length)
    if width == PAIR:
        return lp_insert(lp, lp_end(lp), items, PAIR)
    lp_item_integer(cython.address(items[2]), at_ms if at_ms > 0 else 0)
    return lp_insert(lp, _place_for(lp, at_ms), items, TRIPLET)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hlp_set_value(
    lp: cython.p_uchar, at: cython.Py_ssize_t, value: cython.p_const_char, length: cython.Py_ssize_t
) -> cython.p_uchar:
    """Give the field at `at` another value; it stays at this position."""
    return lp_replace(lp, lp_after(lp, at), value, length)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _reverse(p: cython.p_uchar, n: cython.Py_ssize_t) -> cython.void:
    i: cython.Py_ssize_t
    byte: cython.uchar
    for i in range(n // 2):
        byte = p[i]
        p[i] = p[n - 1 - i]
        p[n - 1 - i] = byte


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _swap_stretches(p: cython.p_uchar, first: cython.Py_ssize_t, second: cython.Py_ssize_t) -> cython.void:
    """Exchange two stretches of so many bytes, one behind the other, in place: both reversed, then all of it."""
    _reverse(p, first)
    _reverse(p + first, second)
    _reverse(p, first + second)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hlp_set_expire(lp: cython.p_uchar, at: cython.Py_ssize_t, at_ms: int64_t) -> cython.p_uchar:
    """Let the field at `at` of a listpack of triplets expire at another time, -1 for never; it moves to its place."""
    end: cython.Py_ssize_t
    target: cython.Py_ssize_t
    old_ms: int64_t = hlp_expire(lp, at)
    if old_ms == at_ms:
        return lp
    lp = lp_replace_integer(lp, lp_pass(lp, at, 2), at_ms if at_ms > 0 else 0)
    if lp == cython.NULL:
        return lp
    end = lp_pass(lp, at, TRIPLET)
    if at_ms >= 0 and (old_ms < 0 or at_ms < old_ms):
        # It can only move forward: no triplet before it is without an expiry, or is after its old one.
        target = _place_for(lp, at_ms)
        if target < at:
            _swap_stretches(lp + target, at - target, end - at)
        return lp
    target = end
    while lp[target] != LP_END_MARK:
        old_ms = hlp_expire(lp, target)
        if at_ms >= 0 and (old_ms < 0 or old_ms > at_ms):
            break
        target = lp_pass(lp, target, TRIPLET)
    _swap_stretches(lp + at, end - at, target - end)
    return lp


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hlp_drop_first(lp: cython.p_uchar, width: cython.int, count: cython.Py_ssize_t) -> cython.p_uchar:
    """Delete the first so many fields. Never NULL."""
    return lp_delete(lp, LP_HEADER, count * width) if count else lp


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hlp_to_triplets(lp: cython.p_uchar) -> cython.p_uchar:
    """The fields of a listpack of pairs as triplets without an expiry; takes the old listpack unless it returns NULL.

    The expiry of none is two bytes: the integer 0, and its backlen.
    """
    fields: cython.Py_ssize_t = lp_count(lp) // PAIR
    size: cython.size_t = lp_bytes(lp) + cython.cast(cython.size_t, fields) * 2
    at: cython.Py_ssize_t = LP_HEADER
    end: cython.Py_ssize_t
    to: cython.Py_ssize_t = LP_HEADER
    if size > _BYTES_MAX:
        return cython.NULL
    fresh: cython.p_uchar = cython.cast(cython.p_uchar, mem_try_alloc(packed_capacity(size)))
    if fresh == cython.NULL:
        return cython.NULL
    while lp[at] != LP_END_MARK:
        end = lp_pass(lp, at, PAIR)
        memcpy(fresh + to, lp + at, end - at)
        to += end - at
        fresh[to] = 0
        fresh[to + 1] = 1
        to += 2
        at = end
    fresh[to] = LP_END_MARK
    lp_set_bytes(fresh, size)
    lp_set_count(fresh, fields * TRIPLET)
    lp_free(lp)
    return fresh


# Python handles, for tests and cold callers


@cython.cclass
class SmallHash:
    """A hash in a listpack, for tests. Fields that are not there raise KeyError."""

    lp: cython.p_uchar
    width: cython.int

    def __cinit__(self) -> None:
        self.width = PAIR
        self.lp = lp_new()

    def __dealloc__(self) -> None:
        if self.lp != cython.NULL:
            lp_free(self.lp)

    @cython.cfunc
    def take(self, lp: cython.p_uchar) -> cython.int:
        if lp == cython.NULL:
            raise MemoryError
        self.lp = lp
        return 0

    @cython.cfunc
    def at(self, field: bytes) -> cython.Py_ssize_t:
        found: cython.Py_ssize_t = hlp_find(self.lp, self.width, field, len(field))
        if found == LP_NONE:
            raise KeyError(field)
        return found

    def to_triplets(self) -> None:
        """Turn pairs into triplets."""
        self.take(hlp_to_triplets(self.lp))
        self.width = TRIPLET

    def __contains__(self, field: bytes) -> bool:
        return hlp_find(self.lp, self.width, field, len(field)) != LP_NONE

    def __len__(self) -> int:
        return lp_count(self.lp) // self.width

    def add(self, field: bytes, value: bytes, at_ms: int64_t = -1) -> None:
        """Add a field that is not there."""
        self.take(hlp_add(self.lp, self.width, field, len(field), value, len(value), at_ms))

    def set_value(self, field: bytes, value: bytes) -> None:
        """Give a field another value."""
        self.take(hlp_set_value(self.lp, self.at(field), value, len(value)))

    def set_expire(self, field: bytes, at_ms: int64_t) -> None:
        """Let a field expire at another time, -1 for never."""
        self.take(hlp_set_expire(self.lp, self.at(field), at_ms))

    def delete(self, field: bytes) -> None:
        """Delete a field."""
        self.take(lp_delete(self.lp, self.at(field), self.width))

    def drop_first(self, count: cython.Py_ssize_t) -> None:
        """Delete the first so many fields."""
        self.take(hlp_drop_first(self.lp, self.width, count))

    def count_due(self, now_ms: int64_t, limit: cython.Py_ssize_t) -> int:
        """How many fields are due, up to `limit`."""
        return hlp_count_due(self.lp, now_ms, limit)

    @property
    def first_expire(self) -> int:
        """The earliest expiry, -1 without one."""
        return hlp_first_expire(self.lp)

    @property
    def data(self) -> bytes:
        """All bytes of the listpack."""
        return self.lp[: lp_bytes(self.lp)]


def in_order(data: bytes) -> bool:
    """Tell whether these bytes are a listpack of triplets in order."""
    return lp_validate(data, len(data), True) and hlp_in_order(data)
