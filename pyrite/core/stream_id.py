"""IDs of stream entries: 128 bits, milliseconds before sequence number, as text `<ms>-<seq>`.

Both numbers are read as Redis reads them: by the rules of strtoull, so with spaces before them, a plus sign or leading
zeros. A zero byte ends the text, as it ends a string in C.
"""

import cython
from cython.cimports.libc.stdint import uint64_t
from cython.cimports.libc.string import memchr
from cython.cimports.pyrite.core.memory import mem_free, mem_realloc
from cython.cimports.pyrite.core.numbers import format_ulonglong, parse_ulonglong


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _text_length(p: cython.p_const_char, n: cython.Py_ssize_t) -> cython.Py_ssize_t:
    """Bytes before the first zero byte."""
    end: cython.p_const_char = cython.cast(cython.p_const_char, memchr(p, 0, n)) if n > 0 else cython.NULL
    return n if end == cython.NULL else end - p


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _parse(
    p: cython.p_const_char,
    n: cython.Py_ssize_t,
    missing_seq: uint64_t,
    has_seq: cython.pointer[cython.bint],
    out: cython.pointer[StreamID],
) -> cython.bint:
    """Read `<ms>`, `<ms>-<seq>` and, where `has_seq` is not NULL, `<ms>-*`."""
    ms: cython.ulonglong = 0
    seq: cython.ulonglong = missing_seq
    dash: cython.p_const_char = cython.cast(cython.p_const_char, memchr(p, 45, n)) if n > 0 else cython.NULL
    ms_length: cython.Py_ssize_t = n if dash == cython.NULL else dash - p
    seq_length: cython.Py_ssize_t = n - ms_length - 1
    if has_seq != cython.NULL:
        has_seq[0] = True
    if not parse_ulonglong(p, ms_length, cython.address(ms)):
        return False
    if dash != cython.NULL:
        if has_seq != cython.NULL and seq_length == 1 and dash[1] == b"*":
            has_seq[0] = False
            seq = 0
        elif not parse_ulonglong(dash + 1, seq_length, cython.address(seq)):
            return False
    out[0] = stream_id(ms, seq)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stream_id_parse(
    p: cython.p_const_char,
    n: cython.Py_ssize_t,
    missing_seq: uint64_t,
    has_seq: cython.pointer[cython.bint],
    out: cython.pointer[StreamID],
) -> cython.bint:
    """Read the ID of one entry; False where it is none. An ID without its sequence number gets `missing_seq`.

    Where `has_seq` is not NULL, `<ms>-*` is an ID too, and `has_seq` tells whether the sequence number was left open.
    """
    if n > STREAM_ID_MAX_TEXT:
        return False
    return _parse(p, _text_length(p, n), missing_seq, has_seq, out)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stream_id_parse_any(
    p: cython.p_const_char, n: cython.Py_ssize_t, missing_seq: uint64_t, out: cython.pointer[StreamID]
) -> cython.bint:
    """As `stream_id_parse`, but `-` is the smallest ID that there is, and `+` the largest."""
    if n > STREAM_ID_MAX_TEXT:
        return False
    n = _text_length(p, n)
    if n == 1 and p[0] == b"-":
        out[0] = stream_id(0, 0)
        return True
    if n == 1 and p[0] == b"+":
        out[0] = stream_id_max()
        return True
    return _parse(p, n, missing_seq, cython.NULL, out)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stream_id_parse_bound(
    p: cython.p_const_char,
    n: cython.Py_ssize_t,
    missing_seq: uint64_t,
    open: cython.pointer[cython.bint],
    out: cython.pointer[StreamID],
) -> cython.bint:
    """Read an end of a range: any ID, or one behind `(`, which then is not part of the range."""
    open[0] = n > 1 and p[0] == b"("
    if open[0]:
        return stream_id_parse(p + 1, n - 1, missing_seq, cython.NULL, out)
    return stream_id_parse_any(p, n, missing_seq, out)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stream_id_format(out: cython.p_char, id: StreamID) -> cython.Py_ssize_t:
    """Write the text of an ID, at most STREAM_ID_ROOM bytes; returns its length."""
    n: cython.Py_ssize_t = format_ulonglong(out, id.ms)
    out[n] = 45
    return n + 1 + format_ulonglong(out + n + 1, id.seq)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stream_ids_add(ids: cython.pointer[StreamIDList], id: StreamID) -> cython.void:
    """Put an ID at the end of a list, which begins as all zeros."""
    size: cython.size_t = cython.sizeof(StreamID)
    capacity: cython.size_t = ids.capacity * 2 if ids.capacity else 16
    if ids.count == ids.capacity:
        ids.items = cython.cast(cython.pointer[StreamID], mem_realloc(ids.items, ids.capacity * size, capacity * size))
        ids.capacity = capacity
    ids.items[ids.count] = id
    ids.count += 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stream_ids_clear(ids: cython.pointer[StreamIDList]) -> cython.void:
    """Free what a list holds; it must not be used again."""
    if ids.items != cython.NULL:
        mem_free(ids.items, ids.capacity * cython.sizeof(StreamID))


# Python handles, for tests and cold callers


def parse_id(text: bytes, missing_seq: uint64_t = 0) -> tuple[int, int] | None:
    """The ID of one entry as (ms, seq); None where it is none."""
    id: StreamID
    if not stream_id_parse(text, len(text), missing_seq, cython.NULL, cython.address(id)):
        return None
    return id.ms, id.seq


def parse_new_id(text: bytes) -> tuple[int, int, bool] | None:
    """The ID that an entry is to have, as (ms, seq, whether the sequence number is given); None where it is none."""
    id: StreamID
    has_seq: cython.bint = False
    if not stream_id_parse(text, len(text), 0, cython.address(has_seq), cython.address(id)):
        return None
    return id.ms, id.seq, has_seq


def parse_bound(text: bytes, missing_seq: uint64_t) -> tuple[int, int, bool] | None:
    """An end of a range as (ms, seq, whether it is left out); None where it is none."""
    id: StreamID
    is_open: cython.bint = False
    if not stream_id_parse_bound(text, len(text), missing_seq, cython.address(is_open), cython.address(id)):
        return None
    return id.ms, id.seq, is_open


def format_id(ms: uint64_t, seq: uint64_t) -> bytes:
    """The text of an ID."""
    text: cython.char[STREAM_ID_ROOM]
    n: cython.Py_ssize_t = stream_id_format(text, stream_id(ms, seq))
    return text[:n]


def neighbours(ms: uint64_t, seq: uint64_t) -> tuple[tuple[int, int], tuple[int, int]]:
    """The IDs before and behind one."""
    before: StreamID = stream_id_previous(stream_id(ms, seq))
    behind: StreamID = stream_id_next(stream_id(ms, seq))
    return (before.ms, before.seq), (behind.ms, behind.seq)
