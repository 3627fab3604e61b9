r"""Glob patterns as KEYS, SCAN, PSUBSCRIBE, CONFIG GET and ACLs take them.

    *       any run of bytes, also none
    ?       any byte
    [abc]   one of these; [a-c] a range, whichever way round; [^abc] none of these; a backslash takes the next as it is
    \x      x as it is
    other   itself

Matching takes time in proportion to pattern times text at worst, whatever the pattern: as every part but `*` stands for
exactly one byte, only the last `*` that was passed ever has to be tried again one byte further.

Corners, all as in Redis: nothing but the empty pattern matches the empty text; `]` right behind `[` closes the class,
which then is empty; a class that is not closed ends with the pattern; `-` makes a range with whatever stands behind it,
`]` included; a backslash at the pattern's end is itself; bytes in a range compare as signed. Without regard to case, a
byte escaped in a class keeps its case, and a range is put in order (as signed) before its ends are made small and
compared (as unsigned, 255 below all). With more than MAX_STARS runs of `*`, one at its end not counted, a pattern
matches nothing.
"""

import cython
from cython.cimports.libc.string import memchr

MAX_STARS = cython.declare(cython.int, 1000)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _fold(c: cython.char, nocase: cython.bint) -> cython.char:
    return c + 32 if nocase and b"A" <= c <= b"Z" else c


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _small(c: cython.char) -> cython.int:
    """What C's tolower makes of a byte: 0 to 254, and -1 for 255, which it takes for the end of a file."""
    return -1 if c == -1 else cython.cast(cython.uchar, _fold(c, True))


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _in_range(c: cython.char, first: cython.char, last: cython.char, nocase: cython.bint) -> cython.bint:
    if first > last:
        first, last = last, first
    if not nocase:
        return first <= c <= last
    return _small(first) <= _small(c) <= _small(last)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _match_class(
    p: cython.p_const_char, end: cython.p_const_char, c: cython.char, nocase: cython.bint
) -> cython.p_const_char:
    """Match a byte with the class whose `[` stands before p; returns what follows the class, or NULL."""
    found: cython.bint = False
    negated: cython.bint = p != end and p[0] == b"^"
    p += negated
    while p != end and p[0] != b"]":
        if p[0] == b"\\" and end - p >= 2:
            found |= p[1] == c
            p += 2
        elif end - p >= 3 and p[1] == b"-":
            found |= _in_range(c, p[0], p[2], nocase)
            p += 3
        else:
            found |= _fold(p[0], nocase) == _fold(c, nocase)
            p += 1
    if found == negated:
        return cython.NULL
    return p if p == end else p + 1


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _match_one(
    p: cython.p_const_char, end: cython.p_const_char, c: cython.char, nocase: cython.bint
) -> cython.p_const_char:
    """Match a byte with the part of the pattern at p, which is not a `*`; returns what follows that part, or NULL."""
    if p[0] == b"?":
        return p + 1
    if p[0] == b"[":
        return _match_class(p + 1, end, c, nocase)
    if p[0] == b"\\" and end - p >= 2:
        p += 1
    return p + 1 if _fold(p[0], nocase) == _fold(c, nocase) else cython.NULL


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _first_candidate(
    p: cython.p_const_char, s: cython.p_const_char, s_end: cython.p_const_char, nocase: cython.bint
) -> cython.p_const_char:
    """The first place from s on where the part behind a `*` can match; NULL where there is none."""
    if nocase or p[0] == b"?" or p[0] == b"[" or p[0] == b"\\":
        return s
    return cython.cast(cython.p_const_char, memchr(s, p[0], s_end - s))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def glob_match(
    pattern: cython.p_const_char,
    pattern_length: cython.Py_ssize_t,
    s: cython.p_const_char,
    length: cython.Py_ssize_t,
    nocase: cython.bint,
) -> cython.bint:
    """Tell whether the whole text matches the pattern."""
    p: cython.p_const_char = pattern
    end: cython.p_const_char = pattern + pattern_length
    s_end: cython.p_const_char = s + length
    after: cython.p_const_char
    # Behind the last `*` passed, and the place in the text that it was last tried at.
    star: cython.p_const_char = cython.NULL
    tried: cython.p_const_char = cython.NULL
    stars: cython.int = 0
    if length == 0:
        return pattern_length == 0
    while s != s_end:
        if p != end and p[0] == b"*":
            while p != end and p[0] == b"*":
                p += 1
            if p == end:
                return True
            if stars == MAX_STARS:
                return False
            stars += 1
            star = p
            tried = _first_candidate(star, s, s_end, nocase)
        else:
            after = _match_one(p, end, s[0], nocase) if p != end else cython.NULL
            if after != cython.NULL:
                p = after
                s += 1
                continue
            if star == cython.NULL or tried + 1 == s_end:
                return False
            tried = _first_candidate(star, tried + 1, s_end, nocase)
        if tried == cython.NULL:
            return False
        p = star
        s = tried
    while p != end and p[0] == b"*":
        p += 1
    return p == end


# Python handles, for tests and cold callers


def matches(pattern: bytes, text: bytes, nocase: bool = False) -> bool:
    """Tell whether the whole text matches the pattern."""
    return glob_match(pattern, len(pattern), text, len(text), nocase)
