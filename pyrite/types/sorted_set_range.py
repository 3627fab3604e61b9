"""Ranges of a sorted set: by rank, by score, by member, in either direction, with a limit.

Whatever a range is of, it comes to neighbours in the set's order: `zset_span` finds the rank of the lowest of them and
how many they are, which is all that counting, replying, storing and removing need. With the encoding skiplist that
takes O(log n), however large offset and limit are.

A range of members means something only where all scores are equal. Where they are not, a listpack is searched in the
order in which Redis searches it, with the same outcome; for larger sets neither says what comes of it.
"""

import re

import cython
from cython.cimports.pyrite.core.entry import Entry
from cython.cimports.pyrite.core.listpack import LP_END_MARK, LP_HEADER, LpValue, lp_after
from cython.cimports.pyrite.core.numbers import LONGLONG_ROOM, format_longlong, parse_double
from cython.cimports.pyrite.core.ordered_index import (
    OrderedCursor,
    OrderedIndex,
    oi_count,
    oi_seek_member,
    oi_seek_score,
)
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.keyspace.database import slice_of
from cython.cimports.pyrite.types.sorted_set import (
    SortedSet,
    ZsetIterator,
    zset_iterate,
    zset_length,
    zset_next,
    zset_table,
)
from cython.cimports.pyrite.types.sorted_set_listpack import compare_text, zl_score

# A number that strtod reads, too large or too small for a double.
_DECIMAL = re.compile(rb"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_HEXADECIMAL = re.compile(rb"[+-]?0[xX]([0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)([pP][+-]?[0-9]+)?")
_BLANKS = b" \t\n\v\f\r"


# Bounds as they are written


@cython.cfunc
@cython.exceptval(-1, check=False)
def parse_score_bound(text: Slice, score: cython.p_double, open: cython.pointer[cython.bint]) -> cython.int:
    """Read a score, with a parenthesis before it where it is left out itself; False for what is none.

    Numbers are read as C's strtod reads them: also with blanks before them, up to a zero byte, too large ones as
    infinity; an empty text is 0.
    """
    open[0] = text.n > 0 and text.p[0] == b"("
    if open[0]:
        text.p = cython.address(text.p[1])
        text.n -= 1
    if parse_double(text.p, text.n, score):
        return True
    return _parse_odd_score(text.p[: text.n], score)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_odd_score(text: bytes, score: cython.p_double) -> cython.int:
    text = text.partition(b"\0")[0]
    if not text:
        score[0] = 0
        return True
    text = text.lstrip(_BLANKS)
    trimmed: Slice = slice_of(text)
    if parse_double(trimmed.p, trimmed.n, score):
        return True
    if _DECIMAL.fullmatch(text):
        score[0] = float(text)
        return True
    if not _HEXADECIMAL.fullmatch(text):
        return False
    try:
        score[0] = float.fromhex(text.decode())
    except OverflowError:
        score[0] = float("-inf" if text.startswith(b"-") else "inf")
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def parse_lex_bound(text: Slice, bound: cython.pointer[LexBound]) -> cython.bint:
    """Read `-`, `+`, or a member behind `[` or `(`; False for what is none of these."""
    if text.n == 0:
        return False
    bound.open = text.p[0] != b"["
    if text.p[0] == b"-" or text.p[0] == b"+":
        bound.place = LEX_LOWEST if text.p[0] == b"-" else LEX_HIGHEST
        return text.n == 1 or text.p[1] == 0
    if text.p[0] != b"[" and text.p[0] != b"(":
        return False
    bound.place = LEX_MEMBER
    bound.member.p = cython.address(text.p[1])
    bound.member.n = text.n - 1
    return True


# Where bounds stand among the scores


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _rank_of_score(e: cython.pointer[Entry], score: cython.double, after: cython.bint) -> cython.size_t:
    """How many members have a lower score, with `after` at most this one."""
    place: OrderedCursor
    it: ZsetIterator
    rank: cython.size_t = 0
    at: cython.Py_ssize_t = LP_HEADER
    present: cython.double
    z: cython.pointer[SortedSet] = zset_table(e)
    if z != cython.NULL:
        return oi_seek_score(cython.address(z.index), score, after, cython.address(place))
    zset_iterate(e, cython.address(it))
    while it.lp[at] != LP_END_MARK:
        at = lp_after(it.lp, at)
        present = zl_score(it.lp, at)
        if present > score or (present == score and not after):
            break
        at = lp_after(it.lp, at)
        rank += 1
    return rank


# Where bounds stand among the members


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _is_below(p: cython.p_const_char, n: cython.size_t, low: cython.pointer[cython.const[LexBound]]) -> cython.bint:
    """Tell whether a member lies below a lower bound."""
    if low.place != LEX_MEMBER:
        return low.place == LEX_HIGHEST
    order: cython.int = compare_text(p, n, low.member.p, low.member.n)
    return order < 0 or (order == 0 and low.open)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _is_above(p: cython.p_const_char, n: cython.size_t, high: cython.pointer[cython.const[LexBound]]) -> cython.bint:
    """Tell whether a member lies above an upper bound."""
    if high.place != LEX_MEMBER:
        return high.place == LEX_LOWEST
    order: cython.int = compare_text(p, n, high.member.p, high.member.n)
    return order > 0 or (order == 0 and high.open)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _rank_of_bound(
    x: cython.pointer[OrderedIndex], bound: cython.pointer[cython.const[LexBound]], after: cython.bint
) -> cython.size_t:
    """How many members come before a bound, with `after` the bound's own member among them."""
    place: OrderedCursor
    if bound.place == LEX_MEMBER:
        return oi_seek_member(x, bound.member.p, bound.member.n, after, cython.address(place))
    return 0 if bound.place == LEX_LOWEST else oi_count(x)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _next_text(it: cython.pointer[ZsetIterator], value: cython.pointer[LpValue], room: cython.p_char) -> cython.bint:
    """The next member as bytes; an integer is printed into `room`."""
    if not zset_next(it, value, cython.NULL):
        return False
    if value.text == cython.NULL:
        value.length = format_longlong(room, value.number)
        value.text = room
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _ends_disagree(e: cython.pointer[Entry], r: cython.pointer[cython.const[ZsetRange]]) -> cython.bint:
    """Tell whether the first member lies above the range, or the last one below it."""
    it: ZsetIterator
    value: LpValue
    room: cython.char[LONGLONG_ROOM]
    zset_iterate(e, cython.address(it))
    _next_text(cython.address(it), cython.address(value), room)
    if _is_above(value.text, value.length, cython.address(r.high_member)):
        return True
    while _next_text(cython.address(it), cython.address(value), room):
        pass
    return _is_below(value.text, value.length, cython.address(r.low_member))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _lex_span_in_listpack(e: cython.pointer[Entry], r: cython.pointer[cython.const[ZsetRange]]) -> ZsetSpan:
    """The first stretch of members in the range, searched from the front; in reverse the last, from the back."""
    it: ZsetIterator
    value: LpValue
    room: cython.char[LONGLONG_ROOM]
    span: ZsetSpan
    rank: cython.size_t = 0
    start: cython.size_t = 0  # where a stretch that ends at the next member begins
    below: cython.bint
    above: cython.bint
    span.rank = span.count = 0
    if _ends_disagree(e, r):
        return span
    zset_iterate(e, cython.address(it))
    while _next_text(cython.address(it), cython.address(value), room):
        below = _is_below(value.text, value.length, cython.address(r.low_member))
        above = _is_above(value.text, value.length, cython.address(r.high_member))
        rank += 1
        if r.reverse:
            if below:
                start = rank
            if not above:
                span.rank = start
                span.count = rank - start
        elif not below or span.count:
            if above:
                break
            if span.count == 0:
                span.rank = rank - 1
            span.count += 1
    return span


# Spans


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _between(low: cython.size_t, high: cython.size_t) -> ZsetSpan:
    span: ZsetSpan
    span.rank = low
    span.count = high - low if high > low else 0
    return span


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _rank_span(length: cython.longlong, r: cython.pointer[cython.const[ZsetRange]]) -> ZsetSpan:
    first: cython.longlong = r.first + length if r.first < 0 else r.first
    last: cython.longlong = r.last + length if r.last < 0 else r.last
    if first < 0:
        first = 0
    if last >= length:
        last = length - 1
    if first > last:
        return _between(0, 0)
    if r.reverse:
        return _between(length - 1 - last, length - first)
    return _between(first, last + 1)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _cut(span: ZsetSpan, r: cython.pointer[cython.const[ZsetRange]]) -> ZsetSpan:
    """What offset and limit leave of a span."""
    kept: cython.size_t
    if r.offset < 0 or cython.cast(cython.size_t, r.offset) >= span.count:
        return _between(0, 0)
    kept = span.count - r.offset
    if r.limit >= 0 and cython.cast(cython.size_t, r.limit) < kept:
        kept = r.limit
    if r.reverse:
        span.rank += span.count - r.offset - kept
    else:
        span.rank += r.offset
    span.count = kept
    return span


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zset_span(e: cython.pointer[Entry], r: cython.pointer[cython.const[ZsetRange]]) -> ZsetSpan:
    """The members of a range; offset and limit are looked at for scores and members only."""
    z: cython.pointer[SortedSet] = zset_table(e)
    if r.kind == RANGE_RANK:
        return _rank_span(zset_length(e), r)
    if r.kind == RANGE_SCORE:
        return _cut(_between(_rank_of_score(e, r.low, r.low_open), _rank_of_score(e, r.high, not r.high_open)), r)
    if z == cython.NULL:
        return _cut(_lex_span_in_listpack(e, r), r)
    return _cut(
        _between(
            _rank_of_bound(cython.address(z.index), cython.address(r.low_member), r.low_member.open),
            _rank_of_bound(cython.address(z.index), cython.address(r.high_member), not r.high_member.open),
        ),
        r,
    )
