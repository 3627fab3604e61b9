"""Whether the fields or members of a listpack differ, which one from outside does not promise.

A few are compared with each other; where there are more, a table of their positions by hash finds equal ones in one
pass: O(n). Elements are equal if their texts are: an integer equals a string of its digits.
"""

import cython
from cython.cimports.libc.stdint import uint32_t, uint64_t
from cython.cimports.libc.string import memcmp, memset
from cython.cimports.pyrite.core.listpack import (
    LP_END_MARK,
    LP_HEADER,
    LpValue,
    lp_copy,
    lp_count,
    lp_free,
    lp_get_text,
    lp_pass,
    lp_validate,
)
from cython.cimports.pyrite.core.memory import mem_free, mem_try_alloc
from cython.cimports.pyrite.core.numbers import LONGLONG_ROOM
from cython.cimports.pyrite.core.siphash import siphash


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _is_at(
    lp: cython.p_const_uchar, at: cython.Py_ssize_t, wanted: cython.pointer[cython.const[LpValue]]
) -> cython.bint:
    """Tell whether the element there has this text."""
    room: cython.char[LONGLONG_ROOM]
    other: LpValue
    lp_get_text(lp, at, cython.address(other), room)
    return other.length == wanted.length and memcmp(other.text, wanted.text, wanted.length) == 0


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _are_same(a: cython.pointer[cython.const[LpValue]], b: cython.pointer[cython.const[LpValue]]) -> cython.bint:
    """Tell whether two texts are the same. Names of fields often begin alike, so the last byte is looked at first."""
    if a.length != b.length:
        return False
    return a.length == 0 or (a.text[a.length - 1] == b.text[b.length - 1] and memcmp(a.text, b.text, a.length) == 0)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _distinct_by_comparing(lp: cython.p_const_uchar, step: cython.Py_ssize_t) -> cython.bint:
    """Each element is decoded once, and held against those before it."""
    rooms: cython.char[COMPARED_MAX][LONGLONG_ROOM]
    values: LpValue[COMPARED_MAX]
    count: cython.int = 0
    i: cython.int
    at: cython.Py_ssize_t = LP_HEADER
    while lp[at] != LP_END_MARK:
        lp_get_text(lp, at, cython.address(values[count]), rooms[count])
        for i in range(count):
            if _are_same(cython.address(values[i]), cython.address(values[count])):
                return False
        count += 1
        at = lp_pass(lp, at, step)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _distinct_by_hashing(
    lp: cython.p_const_uchar, step: cython.Py_ssize_t, places: cython.pointer[uint32_t], mask: uint64_t
) -> cython.bint:
    """`places` are mask + 1 zeros, more than there are elements: open addressing, position 0 being none."""
    room: cython.char[LONGLONG_ROOM]
    value: LpValue
    place: uint64_t
    at: cython.Py_ssize_t = LP_HEADER
    while lp[at] != LP_END_MARK:
        lp_get_text(lp, at, cython.address(value), room)
        place = siphash(value.text, value.length) & mask
        while places[place]:
            if _is_at(lp, places[place], cython.address(value)):
                return False
            place = (place + 1) & mask
        places[place] = cython.cast(uint32_t, at)
        at = lp_pass(lp, at, step)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_distinct(lp: cython.p_uchar, step: cython.Py_ssize_t) -> cython.int:
    """Tell whether every `step`-th element of a valid listpack, from the first on, differs from the others.

    1 or 0; -1 without memory for the table.
    """
    elements: cython.size_t = lp_count(lp) // step
    slots: cython.size_t = 64
    # One element more where the last group is not whole.
    if elements < COMPARED_MAX:
        return _distinct_by_comparing(lp, step)
    while slots < 2 * elements:
        slots *= 2
    places: cython.pointer[uint32_t] = cython.cast(cython.pointer[uint32_t], mem_try_alloc(4 * slots))
    if places == cython.NULL:
        return -1
    memset(places, 0, 4 * slots)
    distinct: cython.bint = _distinct_by_hashing(lp, step, places, slots - 1)
    mem_free(places, 4 * slots)
    return distinct


# Python handles, for tests and cold callers


def distinct(data: bytes, step: cython.Py_ssize_t) -> bool:
    """Tell whether every `step`-th element of a listpack differs from the others."""
    if not lp_validate(data, len(data), True):
        raise ValueError("not a listpack")
    lp: cython.p_uchar = lp_copy(data, len(data))
    answer: cython.int = lp_distinct(lp, step)
    lp_free(lp)
    return answer == 1
