"""Reply buffer: writes RESP2 and RESP3 for one client, into one stretch of memory that is sent as it stands.

A handler calls the method that names what it means (`map`, `double`, `null`); the buffer writes it in the protocol that
the client speaks. In RESP2 a map is an array of twice its length, a set an array, a double or a verbatim string a bulk
string, a boolean an integer.

Between requests a client has no buffer at all: the first byte written takes one of 16 KiB from a pool, and the last
byte sent returns it. What a slow client does not read stays here and grows; `sent` counts what is gone of it.

A reply whose length is known only afterwards is opened with `open`, and closed with its count, which moves the elements
by the few bytes of the header.
"""

import cython
from cython.cimports.libc.string import memcpy, memmove
from cython.cimports.pyrite.core.memory import mem_alloc, mem_free, mem_realloc
from cython.cimports.pyrite.core.numbers import DOUBLE_ROOM, format_double, format_longlong

from pyrite.core.errors import NO_LINE_BREAKS

_pool = cython.declare(cython.p_char[64])
_pooled = cython.declare(cython.int, 0)
# Replies that have a buffer now.
_in_use = cython.declare(cython.int, 0)


@cython.final
@cython.cclass
class Reply:
    """What is still to be sent to one client."""

    def __cinit__(self) -> None:
        self.resp = 2
        self.last_error = b""

    def __dealloc__(self) -> None:
        self.release()

    # The buffer

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def grow(self, more: cython.Py_ssize_t) -> cython.void:
        """Make room for so many bytes more."""
        global _in_use, _pooled
        if self.buf == cython.NULL:
            _in_use += 1
        if self.buf == cython.NULL and more <= REPLY_CHUNK:
            self.capacity = REPLY_CHUNK
            if _pooled:
                _pooled -= 1
                self.buf = _pool[_pooled]
                return
            if _in_use > POOL_MAX and more <= REPLY_SMALL:
                # A message to 10,000 subscribers would fault 160 MB in otherwise, and free them, each time.
                self.capacity = REPLY_SMALL
            self.buf = cython.cast(cython.p_char, mem_alloc(self.capacity))
            return
        if self.sent > self.capacity // 2:
            memmove(self.buf, self.buf + self.sent, self.n - self.sent)
            self.n -= self.sent
            self.sent = 0
            if self.n + more <= self.capacity:
                return
        capacity: cython.Py_ssize_t = self.capacity * 2
        if capacity < self.n + more:
            capacity = (self.n + more + 4095) & ~4095
        self.buf = cython.cast(cython.p_char, mem_realloc(self.buf, self.capacity, capacity))
        self.capacity = capacity

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def release(self) -> cython.void:
        """Drop what is in the buffer, and the buffer."""
        global _in_use, _pooled
        if self.buf != cython.NULL:
            _in_use -= 1
            if self.capacity == REPLY_CHUNK and _pooled < POOL_MAX:
                _pool[_pooled] = self.buf
                _pooled += 1
            else:
                mem_free(self.buf, self.capacity)
        self.buf = cython.NULL
        self.capacity = 0
        self.n = 0
        self.sent = 0

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def truncate(self, n: cython.Py_ssize_t) -> cython.void:
        """Take back all behind the first `n` bytes, those that have gone out among them."""
        if n < self.n:
            self.n = n
            if n == self.sent:
                self.release()

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def consumed(self, n: cython.Py_ssize_t) -> cython.void:
        """Say that so many more bytes have gone out."""
        self.sent += n
        if self.sent == self.n:
            self.release()

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def put(self, p: cython.p_const_char, n: cython.Py_ssize_t) -> cython.void:
        """Write bytes as they are; at least one."""
        if self.n + n > self.capacity:
            self.grow(n)
        memcpy(self.buf + self.n, p, n)
        self.n += n

    # The types, for compiled handlers

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def header(self, type: cython.char, n: cython.longlong) -> cython.void:
        """A type byte, a number, and the end of the line."""
        if self.n + HEADER_MAX > self.capacity:
            self.grow(HEADER_MAX)
        p: cython.p_char = self.buf + self.n
        p[0] = type
        used: cython.Py_ssize_t
        if 0 <= n <= 9:
            p[1] = cython.cast(cython.char, 48 + n)
            used = 2
        else:
            used = 1 + format_longlong(p + 1, n)
        p[used] = 13
        p[used + 1] = 10
        self.n += used + 2

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def put_bulk(self, p: cython.p_const_char, n: cython.Py_ssize_t) -> cython.void:
        """A bulk string."""
        if self.n + n + HEADER_MAX + 2 > self.capacity:
            self.grow(n + HEADER_MAX + 2)
        self.header(36, n)
        to: cython.p_char = self.buf + self.n
        self.n += n + 2
        memcpy(to, p, n)
        to[n] = 13
        to[n + 1] = 10

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def put_bulk_integer(self, v: cython.longlong) -> cython.void:
        """A bulk string of an integer's digits."""
        text: cython.char[32]
        self.put_bulk(text, format_longlong(text, v))

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def put_simple(self, p: cython.p_const_char, n: cython.Py_ssize_t) -> cython.void:
        """A simple string, which holds no line break."""
        if self.n + n + 3 > self.capacity:
            self.grow(n + 3)
        to: cython.p_char = self.buf + self.n
        self.n += n + 3
        to[0] = 43
        memcpy(to + 1, p, n)
        to[n + 1] = 13
        to[n + 2] = 10

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def ok(self) -> cython.void:
        """+OK."""
        self.put(b"+OK\r\n", 5)

    # The types, for all handlers

    @cython.ccall
    @cython.exceptval(check=False)
    def raw(self, data: bytes) -> cython.void:
        """Bytes that are a reply already."""
        if data:
            self.put(data, len(data))

    @cython.ccall
    @cython.exceptval(check=False)
    def simple(self, text: bytes) -> cython.void:
        """A simple string; line breaks become spaces."""
        if b"\r" in text or b"\n" in text:
            text = text.translate(NO_LINE_BREAKS)
        self.put_simple(text, len(text))

    @cython.ccall
    @cython.exceptval(check=False)
    def error(self, text: bytes) -> cython.void:
        """An error, its code first. Line breaks become spaces, so no argument quoted in it can begin another reply."""
        if b"\r" in text or b"\n" in text:
            text = text.translate(NO_LINE_BREAKS)
        self.put(b"-", 1)
        self.put(text, len(text))
        self.put(b"\r\n", 2)
        self.errors += 1
        self.last_error = text

    @cython.ccall
    @cython.exceptval(check=False)
    def integer(self, v: cython.longlong) -> cython.void:
        """An integer."""
        self.header(58, v)

    @cython.ccall
    @cython.exceptval(check=False)
    def bulk(self, data: bytes) -> cython.void:
        """A bulk string."""
        self.put_bulk(data, len(data))

    @cython.ccall
    @cython.exceptval(check=False)
    def null(self) -> cython.void:
        """Nothing: a null, in RESP2 a null bulk string."""
        if self.resp == 2:
            self.put(b"$-1\r\n", 5)
        else:
            self.put(b"_\r\n", 3)

    @cython.ccall
    @cython.exceptval(check=False)
    def null_array(self) -> cython.void:
        """No array: a null, in RESP2 a null array."""
        if self.resp == 2:
            self.put(b"*-1\r\n", 5)
        else:
            self.put(b"_\r\n", 3)

    @cython.ccall
    @cython.exceptval(check=False)
    def array(self, n: cython.Py_ssize_t) -> cython.void:
        """The head of an array of `n` replies, which follow."""
        self.header(42, n)

    @cython.ccall
    @cython.exceptval(check=False)
    def map(self, n: cython.Py_ssize_t) -> cython.void:
        """The head of a map of `n` pairs."""
        if self.resp == 2:
            self.header(42, n * 2)
        else:
            self.header(37, n)

    @cython.ccall
    @cython.exceptval(check=False)
    def set_(self, n: cython.Py_ssize_t) -> cython.void:
        """The head of a set of `n` replies."""
        self.header(42 if self.resp == 2 else 126, n)

    @cython.ccall
    @cython.exceptval(check=False)
    def push(self, n: cython.Py_ssize_t) -> cython.void:
        """The head of a message that no request asked for, of `n` replies."""
        self.header(42 if self.resp == 2 else 62, n)

    @cython.ccall
    @cython.exceptval(check=False)
    def attribute(self, n: cython.Py_ssize_t) -> cython.void:
        """The head of `n` pairs about the reply that follows; only for RESP3."""
        self.header(124, n)

    @cython.ccall
    @cython.exceptval(check=False)
    def boolean(self, v: cython.bint) -> cython.void:
        """True or false, in RESP2 1 or 0."""
        if self.resp == 2:
            self.header(58, v)
        else:
            self.put(b"#t\r\n" if v else b"#f\r\n", 4)

    @cython.ccall
    @cython.exceptval(check=False)
    def double(self, v: cython.double) -> cython.void:
        """A double with the fewest digits that read back as it, in RESP2 as a bulk string."""
        text: cython.char[64]
        n: cython.Py_ssize_t = format_double(text, DOUBLE_ROOM, v)
        if self.resp == 2:
            self.put_bulk(text, n)
            return
        self.put(b",", 1)
        self.put(text, n)
        self.put(b"\r\n", 2)

    @cython.ccall
    @cython.exceptval(check=False)
    def big_number(self, digits: bytes) -> cython.void:
        """An integer of any size, in RESP2 as a bulk string."""
        if self.resp == 2:
            self.put_bulk(digits, len(digits))
            return
        self.put(b"(", 1)
        self.put(digits, len(digits))
        self.put(b"\r\n", 2)

    @cython.ccall
    @cython.exceptval(check=False)
    def verbatim(self, format: bytes, text: bytes) -> cython.void:
        """A text for people, with a format of three letters such as txt or mkd; in RESP2 as a bulk string."""
        if self.resp == 2:
            self.put_bulk(text, len(text))
            return
        self.header(61, len(text) + 4)
        self.put(format, 3)
        self.put(b":", 1)
        self.put(text, len(text))
        self.put(b"\r\n", 2)

    # Replies whose length is known only at their end

    @cython.ccall
    @cython.exceptval(check=False)
    def open(self) -> cython.Py_ssize_t:
        """Begin an aggregate of a length not known yet; the mark goes to one of the `close_…` methods."""
        return self.n - self.sent

    @cython.ccall
    @cython.exceptval(check=False)
    def close_array(self, mark: cython.Py_ssize_t, n: cython.Py_ssize_t) -> cython.void:
        """Make what was written since the mark an array of `n` replies."""
        self._close(mark, 42, n)

    @cython.ccall
    @cython.exceptval(check=False)
    def close_map(self, mark: cython.Py_ssize_t, n: cython.Py_ssize_t) -> cython.void:
        """Make what was written since the mark a map of `n` pairs."""
        self._close(mark, 42 if self.resp == 2 else 37, n * 2 if self.resp == 2 else n)

    @cython.ccall
    @cython.exceptval(check=False)
    def close_set(self, mark: cython.Py_ssize_t, n: cython.Py_ssize_t) -> cython.void:
        """Make what was written since the mark a set of `n` replies."""
        self._close(mark, 42 if self.resp == 2 else 126, n)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _close(self, mark: cython.Py_ssize_t, type: cython.char, n: cython.Py_ssize_t) -> cython.void:
        end: cython.Py_ssize_t = self.n
        body: cython.Py_ssize_t = end - self.sent - mark
        self.header(type, n)
        width: cython.Py_ssize_t = self.n - (mark + body + self.sent)
        head: cython.char[32]
        start: cython.p_char = self.buf + self.sent + mark
        memcpy(head, start + body, width)
        memmove(start + width, start, body)
        memcpy(start, head, width)

    # Python handles, for tests and cold callers

    def content(self) -> bytes:
        """What is still to be sent."""
        return self.buf[self.sent : self.n] if self.n else b""

    def sent_more(self, n: cython.Py_ssize_t) -> None:
        """Say that so many more of these bytes have gone out."""
        self.consumed(min(n, self.n - self.sent))

    def take_back(self, n: cython.Py_ssize_t) -> None:
        """Take back all behind the first `n` bytes that are still to be sent."""
        self.truncate(self.sent + n)

    def bulk_integer(self, v: cython.longlong) -> None:
        """A bulk string of an integer's digits."""
        self.put_bulk_integer(v)

    def drop(self) -> bytes:
        """Take all that is still to be sent out of the buffer."""
        data: bytes = self.content()
        self.release()
        return data


def pooled_bytes() -> int:
    """Bytes of the buffers that wait in the pool for the next reply."""
    return _pooled * REPLY_CHUNK
