"""A file or pipe in the RDB format, read through a window that moves along.

The window holds what is read next: a chunk, or as much as the longest single text needs, and never more than is left of
the file, so that a length that lies gets no memory for it. The reader of `rdb_format` reads in the window and asks for
more when that ends; what is unread then moves to the window's start, or into another window while texts are held
(`rdb_hold`): the earlier ones stay until `rdb_release`.

The checksum follows the bytes that have been read, not those that the window is ahead. Whoever loads is told every
`interval` bytes how far it is, in the midst of long values too, and can end the reading.

A mapped file would need none of this, but one that is cut while it is read, or a disk that fails, would end the process
with SIGBUS where `read` returns an error.
"""

import os

import cython
from cython.cimports.libc.errno import EINTR, errno
from cython.cimports.libc.stdint import uint64_t
from cython.cimports.libc.string import memcpy, memmove, memset
from cython.cimports.pyrite.core.crc import crc64
from cython.cimports.pyrite.core.entry import KEY_MAX
from cython.cimports.pyrite.core.memory import mem_free, mem_try_alloc
from cython.cimports.pyrite.core.rdb_format import (
    RDB_BAD,
    RDB_CUT,
    RDB_FAILED,
    RDB_GOOD,
    RDB_NO_MEMORY,
    RdbReader,
    RdbText,
    rdb_fail,
    rdb_free_text,
    rdb_get_double,
    rdb_get_length,
    rdb_get_text,
    rdb_hold,
    rdb_release,
    rdb_start_reading,
)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_stream_open(
    s: cython.pointer[RdbStream], fd: cython.int, size: uint64_t, chunk: cython.size_t, sums: cython.bint
) -> cython.bint:
    """Read from where this descriptor stands; `size` bytes follow. False where memory does not suffice."""
    memset(s, 0, cython.sizeof(RdbStream))
    rdb_start_reading(cython.address(s.r), cython.NULL, 0)
    s.r.refill = _refill
    s.r.source = s
    s.r.beyond = s.size = size
    s.fd = fd
    s.chunk = chunk
    s.sums = sums
    return _take_window(s, chunk)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_stream_close(s: cython.pointer[RdbStream]) -> cython.void:
    """Free all memory; the descriptor stays open."""
    _free_windows(s.held)
    _free_windows(s.window)
    if s.key != cython.NULL:
        mem_free(s.key, s.key_capacity)
    s.window = s.held = cython.NULL
    s.key = cython.NULL
    s.key_length = s.key_capacity = 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_stream_offset(s: cython.pointer[cython.const[RdbStream]]) -> uint64_t:
    """How many bytes have been read, those not counted that the window is ahead."""
    return s.fetched - cython.cast(uint64_t, s.end - s.r.p)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_stream_checksum(s: cython.pointer[RdbStream]) -> uint64_t:
    """The CRC-64 of the bytes that have been read."""
    if s.sums:
        s.checksum = crc64(s.checksum, cython.cast(cython.p_const_char, s.summed), s.r.p - s.summed)
    s.summed = s.r.p
    return s.checksum


# Windows


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _free_windows(w: cython.pointer[RdbWindow]) -> cython.void:
    next: cython.pointer[RdbWindow]
    while w != cython.NULL:
        next = w.next
        mem_free(w, cython.sizeof(RdbWindow) + w.capacity)
        w = next


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _start_of(w: cython.pointer[RdbWindow]) -> cython.p_uchar:
    return cython.cast(cython.p_uchar, w) + cython.sizeof(RdbWindow)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _take_window(s: cython.pointer[RdbStream], capacity: cython.size_t) -> cython.bint:
    """Go on in another window, with what is unread at its start; False where memory does not suffice."""
    old: cython.pointer[RdbWindow] = s.window
    w: cython.pointer[RdbWindow] = cython.cast(
        cython.pointer[RdbWindow], mem_try_alloc(cython.sizeof(RdbWindow) + capacity)
    )
    if w == cython.NULL:
        return False
    w.next = cython.NULL
    w.capacity = capacity
    if s.r.left:
        memcpy(_start_of(w), s.r.p, s.r.left)
    _move_to(s, w)
    if old != cython.NULL and s.r.holds:
        old.next = s.held
        s.held = old
        s.r.has_held = True
    else:
        _free_windows(old)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _move_to(s: cython.pointer[RdbStream], w: cython.pointer[RdbWindow]) -> cython.void:
    """What is unread stands at the start of this window now. All before it is in the checksum already."""
    s.window = w
    s.r.p = s.summed = _start_of(w)
    s.end = _start_of(w) + s.r.left


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _make_room(s: cython.pointer[RdbStream], n: cython.size_t) -> cython.bint:
    """Have room for `n` bytes from the next one on, at least a chunk; False where memory does not suffice."""
    room: cython.size_t = n if n > s.chunk else s.chunk
    if s.end + (n - s.r.left) <= _start_of(s.window) + s.window.capacity:
        return True
    # A window that a long text has made large is given up after it.
    if s.r.holds or room > s.window.capacity or s.window.capacity > 4 * room:
        return _take_window(s, room)
    memmove(_start_of(s.window), s.r.p, s.r.left)
    _move_to(s, s.window)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _fetch(s: cython.pointer[RdbStream]) -> cython.bint:
    """Read what fits into the window, at most a chunk; False, the problem noted, where nothing comes."""
    room: cython.size_t = _start_of(s.window) + s.window.capacity - s.end
    n: cython.Py_ssize_t = -1
    while n < 0:
        n = read(s.fd, s.end, room if room < s.chunk else s.chunk)
        if n < 0 and errno != EINTR:
            s.error = errno
            rdb_fail(cython.address(s.r), RDB_FAILED)
            return False
    if n == 0:
        rdb_fail(cython.address(s.r), RDB_CUT)
        return False
    s.end += n
    s.fetched += n
    s.r.left += n
    s.r.beyond = s.size - s.fetched if s.fetched < s.size else 0
    return _report(s)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _report(s: cython.pointer[RdbStream]) -> cython.bint:
    """Tell how far it is if it is time; False, noted as a problem, where that is the end of it."""
    if s.report == cython.NULL or s.fetched < s.next_report:
        return True
    s.next_report = (s.fetched // s.interval + 1) * s.interval
    if s.report(s.context, s.fetched):
        return True
    rdb_fail(cython.address(s.r), RDB_FAILED)
    return False


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _refill(r: cython.pointer[RdbReader], n: cython.size_t) -> cython.bint:
    """See RdbRefill. With 0, let go of the texts that were held."""
    s: cython.pointer[RdbStream] = cython.cast(cython.pointer[RdbStream], r.source)
    known: cython.size_t
    if n == 0:
        _free_windows(s.held)
        s.held = cython.NULL
        r.has_held = False
        return True
    if n > r.left + r.beyond:
        rdb_fail(r, RDB_CUT)
        return False
    rdb_stream_checksum(s)
    while r.left < n:
        # What does not tell its size gets memory as its bytes come.
        known = n if s.size != STREAM_UNKNOWN or n <= s.chunk else min(n, 2 * r.left + s.chunk)
        if not _make_room(s, known):
            rdb_fail(r, RDB_NO_MEMORY)
            return False
        if not _fetch(s):
            return False
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_stream_key(s: cython.pointer[RdbStream]) -> cython.bint:
    """Read a text into `key`, where it stays until the next one; False, the problem noted, where there is none."""
    text: RdbText
    s.key_length = 0
    if not rdb_get_text(cython.address(s.r), cython.address(text)):
        return False
    if text.n > KEY_MAX:
        rdb_fail(cython.address(s.r), RDB_BAD)
    elif (s.key == cython.NULL or text.n > s.key_capacity) and not _key_room(s, text.n):
        rdb_fail(cython.address(s.r), RDB_NO_MEMORY)
    elif text.n:
        memcpy(s.key, text.p, text.n)
        s.key_length = text.n
    rdb_free_text(cython.address(text))
    return s.r.problem == RDB_GOOD


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _key_room(s: cython.pointer[RdbStream], n: cython.size_t) -> cython.bint:
    """Make room for a key of so many bytes; the old one is forgotten. False where memory does not suffice."""
    if s.key != cython.NULL:
        mem_free(s.key, s.key_capacity)
    s.key_capacity = max(n, cython.cast(cython.size_t, STREAM_KEY_MIN))
    s.key = cython.cast(cython.p_char, mem_try_alloc(s.key_capacity))
    if s.key == cython.NULL:
        s.key_capacity = 0
    return s.key != cython.NULL


# Python handles, for tests and cold callers


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _note_report(context: cython.p_void, done: uint64_t) -> cython.bint:
    with cython.gil:
        reports: list = cython.cast(list, context)
        reports.append(done)
        return len(reports) < 100


@cython.cclass
class StreamReader:
    """Reads parts of the format from a descriptor, for tests. The hundredth report ends the reading."""

    s: RdbStream
    reports: list

    def __cinit__(
        self,
        fd: cython.int,
        size: cython.longlong = -1,
        chunk: cython.size_t = STREAM_CHUNK,
        interval: cython.size_t = 0,
    ) -> None:
        self.reports = []
        if not rdb_stream_open(
            cython.address(self.s), fd, STREAM_UNKNOWN if size < 0 else cython.cast(uint64_t, size), chunk, True
        ):
            raise MemoryError
        if interval:
            self.s.interval = self.s.next_report = interval
            self.s.report = _note_report
            self.s.context = cython.cast(cython.p_void, self.reports)

    def __dealloc__(self) -> None:
        rdb_stream_close(cython.address(self.s))

    def length(self) -> int:
        """Read a length."""
        return rdb_get_length(cython.address(self.s.r))

    def double(self) -> float:
        """Read a double."""
        return rdb_get_double(cython.address(self.s.r))

    def texts(self, count: cython.int) -> list[bytes] | None:
        """Read so many texts, at most 8, and only then look at them; None where they are not there."""
        read: RdbText[8]
        n: cython.int = 0
        i: cython.int
        out: list = []
        rdb_hold(cython.address(self.s.r))
        while n < count and rdb_get_text(cython.address(self.s.r), cython.address(read[n])):
            n += 1
        for i in range(n):
            out.append(read[i].p[: read[i].n])
            rdb_free_text(cython.address(read[i]))
        rdb_release(cython.address(self.s.r))
        return out if n == count else None

    def key(self) -> bytes | None:
        """Read a text as a key; None where there is none."""
        return self.s.key[: self.s.key_length] if rdb_stream_key(cython.address(self.s)) else None

    @property
    def told(self) -> list[int]:
        """What was reported."""
        return self.reports

    @property
    def problem(self) -> int:
        """What went wrong, as in `rdb_format`."""
        return self.s.r.problem

    @property
    def reason(self) -> str:
        """What the system says of a read that failed."""
        return os.strerror(self.s.error)

    @property
    def offset(self) -> int:
        """Bytes read."""
        return rdb_stream_offset(cython.address(self.s))

    @property
    def checksum(self) -> int:
        """CRC-64 of them."""
        return rdb_stream_checksum(cython.address(self.s))

    @property
    def window_bytes(self) -> int:
        """The window's size."""
        return self.s.window.capacity
