"""Ziplist and zipmap: what small collections were before Redis 7.0 and before 2.6, turned into listpacks.

They come from old snapshots and old DUMP payloads alone, and nobody vouches for them. All numbers are little-endian
where nothing else is said.

    ziplist     size    offset of the last element      number of elements      elements            end
                4       4                               2; 65,535: unknown                          0xFF

    element     size of the element before              head and rest
                1; or 0xFE and 4                        00nnnnnn, n bytes           string
                                                        01nnnnnn nnnnnnnn, n bytes  string, high bits first
                                                        0x80, 4 bytes, n bytes      string, length big-endian
                                                        0xC0, 0xD0, 0xE0            integer of 16, 32, 64 bits
                                                        0xF0, 0xFE                  integer of 24, 8 bits
                                                        0xF1 to 0xFD                integer 0 to 12

    zipmap      number of fields                        fields with their values    end
                1; 254 and more: unknown                                            0xFF

    field       length, bytes; length, unused, bytes, as many bytes as are unused
                1 or 0xFE and 4                 1

Specification: the comments at the head of ziplist.c and zipmap.c of Redis 6 (BSD).
"""

import cython
from cython.cimports.libc.stdint import int64_t, uint16_t, uint32_t
from cython.cimports.libc.string import memcpy
from cython.cimports.pyrite.core.listpack import lp_bytes, lp_count, lp_free, lp_new
from cython.cimports.pyrite.core.listpack_edit import lp_append, lp_append_integer
from cython.cimports.pyrite.core.rdb_format import RDB_BAD, RDB_GOOD, RDB_NO_MEMORY


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _take(r: cython.pointer[Packed], n: cython.size_t) -> cython.p_const_uchar:
    """The next bytes; NULL where there are not so many."""
    if r.problem != RDB_GOOD or n > r.left:
        r.problem = RDB_BAD
        r.left = 0
        return cython.NULL
    p: cython.p_const_uchar = r.p
    r.p += n
    r.left -= n
    return p


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _byte(r: cython.pointer[Packed]) -> cython.uint:
    p: cython.p_const_uchar = _take(r, 1)
    return p[0] if p != cython.NULL else 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _word(r: cython.pointer[Packed]) -> uint32_t:
    word: uint32_t = 0
    p: cython.p_const_uchar = _take(r, 4)
    if p != cython.NULL:
        memcpy(cython.address(word), p, 4)
    return word


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _integer(r: cython.pointer[Packed], size: cython.int) -> int64_t:
    """An integer of so many bytes."""
    v: cython.ulonglong = 0
    shift: cython.int = 64 - 8 * size
    p: cython.p_const_uchar = _take(r, size)
    if p != cython.NULL:
        memcpy(cython.address(v), p, size)
    # To the top and back, which brings the sign.
    return cython.cast(int64_t, v << shift) >> shift


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _element_integer(r: cython.pointer[Packed], head: cython.uint) -> int64_t:
    """The integer that this head starts."""
    if head == 0xC0:
        return _integer(r, 2)
    if head == 0xD0:
        return _integer(r, 4)
    if head == 0xE0:
        return _integer(r, 8)
    if head == 0xF0:
        return _integer(r, 3)
    if head == 0xFE:
        return _integer(r, 1)
    if head < 0xF1 or head > 0xFD:
        r.problem = RDB_BAD
        return 0
    return cython.cast(int64_t, head) - 0xF1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _element(r: cython.pointer[Packed], element: cython.pointer[PackedElement]) -> cython.void:
    """The element of a ziplist that comes next, behind the size of the one before."""
    head: cython.uint = _byte(r)
    element.text = cython.NULL
    element.length = 0
    element.number = 0
    if head >= 0xC0:
        element.number = _element_integer(r, head)
        return
    if head < 0x40:
        element.length = head
    elif head < 0x80:
        element.length = (head & 63) << 8 | _byte(r)
    elif head == 0x80:
        element.length = __builtin_bswap32(_word(r))
    else:
        r.problem = RDB_BAD
    element.text = _take(r, element.length)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _append(lp: cython.p_uchar, element: cython.pointer[PackedElement]) -> cython.p_uchar:
    if element.text == cython.NULL:
        return lp_append_integer(lp, element.number)
    return lp_append(lp, cython.cast(cython.p_const_char, element.text), cython.cast(cython.Py_ssize_t, element.length))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _start(r: cython.pointer[Packed], p: cython.p_const_uchar, n: cython.size_t) -> cython.void:
    """Read all but the end mark, which has to be there."""
    r.problem = RDB_GOOD
    r.p = p
    r.left = n - 1 if n else 0
    if n == 0 or p[n - 1] != PACKED_END:
        r.problem = RDB_BAD


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _finish(lp: cython.p_uchar, problem: cython.int, out: cython.pointer[cython.int]) -> cython.p_uchar:
    """The listpack, or the problem."""
    out[0] = problem
    if problem == RDB_GOOD:
        return lp
    lp_free(lp)
    return cython.NULL


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ziplist_to_listpack(
    p: cython.p_const_uchar, n: cython.size_t, problem: cython.pointer[cython.int]
) -> cython.p_uchar:
    """The elements of a ziplist; NULL where it is none, or without memory, as `problem` then says (see RDB_BAD)."""
    r: Packed
    element: PackedElement
    count: uint16_t = 0
    start: cython.p_const_uchar = p
    last: cython.p_const_uchar = p + ZIPLIST_HEADER
    before: cython.size_t = 0
    size: cython.size_t
    longer: cython.p_uchar
    lp: cython.p_uchar = lp_new()
    _start(cython.address(r), p, n)
    if _word(cython.address(r)) != n:
        r.problem = RDB_BAD
    tail: cython.size_t = _word(cython.address(r))
    p = _take(cython.address(r), 2)
    if p != cython.NULL:
        memcpy(cython.address(count), p, 2)
    while r.problem == RDB_GOOD and r.left:
        last = r.p
        size = _byte(cython.address(r))
        if size == PACKED_LONG:
            size = _word(cython.address(r))
        if size != before:
            r.problem = RDB_BAD
        _element(cython.address(r), cython.address(element))
        if r.problem != RDB_GOOD:
            break
        before = r.p - last
        longer = _append(lp, cython.address(element))
        if longer == cython.NULL:
            r.problem = RDB_NO_MEMORY
        else:
            lp = longer
    if r.problem == RDB_GOOD and (
        tail != cython.cast(cython.size_t, last - start) or (count != ZIPLIST_UNCOUNTED and count != lp_count(lp))
    ):
        r.problem = RDB_BAD
    return _finish(lp, r.problem, problem)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _zipmap_length(r: cython.pointer[Packed]) -> cython.size_t:
    """The length of a field or value."""
    n: cython.size_t = _byte(r)
    if n == PACKED_LONG:
        return _word(r)
    if n == PACKED_END:
        r.problem = RDB_BAD
    return n


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def zipmap_to_listpack(
    p: cython.p_const_uchar, n: cython.size_t, problem: cython.pointer[cython.int]
) -> cython.p_uchar:
    """The fields and values of a zipmap, in turn; NULL where it is none, or without memory, as `problem` then says."""
    r: Packed
    element: PackedElement
    unused: cython.size_t = 0
    is_value: cython.bint = False
    longer: cython.p_uchar
    lp: cython.p_uchar = lp_new()
    _start(cython.address(r), p, n)
    count: cython.Py_ssize_t = _byte(cython.address(r))
    while r.problem == RDB_GOOD and (r.left or is_value):
        element.length = _zipmap_length(cython.address(r))
        if is_value:
            unused = _byte(cython.address(r))
        element.text = _take(cython.address(r), element.length)
        if is_value:
            _take(cython.address(r), unused)
        if r.problem != RDB_GOOD:
            break
        is_value = not is_value
        longer = _append(lp, cython.address(element))
        if longer == cython.NULL:
            r.problem = RDB_NO_MEMORY
        else:
            lp = longer
    if r.problem == RDB_GOOD and count < ZIPMAP_UNCOUNTED and 2 * count != lp_count(lp):
        r.problem = RDB_BAD
    return _finish(lp, r.problem, problem)


# Python handles, for tests and cold callers


@cython.cfunc
def _bytes_of(lp: cython.p_uchar) -> object:
    if lp == cython.NULL:
        return None
    out: bytes = lp[: lp_bytes(lp)]
    lp_free(lp)
    return out


def from_ziplist(data: bytes) -> bytes | None:
    """The listpack of a ziplist; None where it is none."""
    problem: cython.int = RDB_GOOD
    return _bytes_of(ziplist_to_listpack(data, len(data), cython.address(problem)))


def from_zipmap(data: bytes) -> bytes | None:
    """The listpack of a zipmap; None where it is none."""
    problem: cython.int = RDB_GOOD
    return _bytes_of(zipmap_to_listpack(data, len(data), cython.address(problem)))
