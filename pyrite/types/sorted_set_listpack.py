"""Sorted sets as listpacks: each member followed by its score, in order of (score, member).

A score that is a whole number up to 2**62 is stored as an integer (and -0 as 0), any other one as the text that it is
replied with. Functions that write return where the listpack stands now, or NULL, and the old one intact, where memory
does not suffice. Searching and inserting are O(n).
"""

import cython
from cython.cimports.pyrite.core.listpack import (
    LP_END_MARK,
    LP_HEADER,
    LP_NONE,
    LpValue,
    lp_after,
    lp_end,
    lp_find,
    lp_first,
    lp_get,
    lp_get_text,
)
from cython.cimports.pyrite.core.listpack_edit import LpItem, lp_insert, lp_item_integer, lp_item_text
from cython.cimports.pyrite.core.numbers import DOUBLE_ROOM, LONGLONG_ROOM, format_double, parse_double


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zl_score(lp: cython.p_const_uchar, at: cython.Py_ssize_t) -> cython.double:
    """The score whose element stands at this position."""
    value: LpValue
    score: cython.double = 0
    lp_get(lp, at, cython.address(value))
    if value.text == cython.NULL:
        return cython.cast(cython.double, value.number)
    parse_double(value.text, value.length, cython.address(score))
    return score


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zl_find(
    lp: cython.p_const_uchar, p: cython.p_const_char, n: cython.size_t, score: cython.p_double
) -> cython.Py_ssize_t:
    """Where a member stands, LP_NONE where it is not there; `score`, unless NULL, gets its score."""
    at: cython.Py_ssize_t = lp_find(lp, lp_first(lp), p, n, 1)
    if at != LP_NONE and score != cython.NULL:
        score[0] = zl_score(lp, lp_after(lp, at))
    return at


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _insert_at(
    lp: cython.p_uchar, at: cython.Py_ssize_t, p: cython.p_const_char, n: cython.size_t, score: cython.double
) -> cython.p_uchar:
    items: LpItem[2]
    text: cython.char[DOUBLE_ROOM]
    lp_item_text(cython.address(items[0]), p, n)
    # 2**62 both ways.
    if -4611686018427387904.0 <= score <= 4611686018427387904.0 and score == cython.cast(cython.longlong, score):
        lp_item_integer(cython.address(items[1]), cython.cast(cython.longlong, score))
    else:
        lp_item_text(cython.address(items[1]), text, format_double(text, DOUBLE_ROOM, score))
    return lp_insert(lp, at, items, 2)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zl_append(lp: cython.p_uchar, p: cython.p_const_char, n: cython.size_t, score: cython.double) -> cython.p_uchar:
    """Add a member that comes behind all others."""
    return _insert_at(lp, lp_end(lp), p, n, score)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zl_insert(lp: cython.p_uchar, p: cython.p_const_char, n: cython.size_t, score: cython.double) -> cython.p_uchar:
    """Add a member that is not there, where it belongs."""
    at: cython.Py_ssize_t = LP_HEADER
    score_at: cython.Py_ssize_t
    present: cython.double
    value: LpValue
    room: cython.char[LONGLONG_ROOM]
    while lp[at] != LP_END_MARK:
        score_at = lp_after(lp, at)
        present = zl_score(lp, score_at)
        if present > score:
            break
        if present == score:
            lp_get_text(lp, at, cython.address(value), room)
            if compare_text(value.text, value.length, p, n) > 0:
                break
        at = lp_after(lp, score_at)
    return _insert_at(lp, at, p, n, score)
