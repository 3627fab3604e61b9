r"""RESP request parser: finds the arguments of a request inside the connection's buffer, without making objects.

Two forms arrive (https://redis.io/docs/latest/develop/reference/protocol-spec/):

    multibulk   *<count>\r\n  then count times  $<length>\r\n<bytes>\r\n
    inline      words on one line, which may be quoted as in redis.conf

An argument is a Slice: an address in the buffer and a length. The parser is resumable at any byte: what it knows of an
incomplete request (how many arguments are still to come, the length of the current one) stays in the Args, and nothing
is read twice but the start of a short one, so a request that arrives in many pieces costs no more than one that arrives
whole. When the buffer moves, `rebase` moves the slices.

An argument of 32 KiB or more that is not in the buffer yet gets a block of its own, into which the socket is then read
directly (`big_room`, `big_filled`). The block grows as bytes arrive, not as the client promises them. A handler may
take the block over (`take_blob`), so storing a large value copies nothing.
"""

import cython
from cython.cimports.libc.stdint import uint32_t, uintptr_t
from cython.cimports.libc.string import memchr, memcpy
from cython.cimports.pyrite.core.entry import Blob, blob_data, blob_free, blob_new, blob_reserve
from cython.cimports.pyrite.core.memory import mem_alloc, mem_free, mem_realloc
from cython.cimports.pyrite.core.numbers import parse_longlong

from pyrite.core.errors import NOT_INTEGER, CommandError


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _lower(c: cython.uchar) -> cython.uchar:
    return c + 32 if 65 <= c <= 90 else c


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _is_space(c: cython.char) -> cython.bint:
    return c == 32 or 9 <= c <= 13


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _ends_word(c: cython.char) -> cython.bint:
    """Vertical tab and form feed are white space before a word, but do not end one: so it is in Redis."""
    return c == 32 or c == 9 or c == 10 or c == 13


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _hex_value(c: cython.char) -> cython.int:
    if 48 <= c <= 57:
        return c - 48
    if 97 <= c <= 102:
        return c - 87
    if 65 <= c <= 70:
        return c - 55
    return -1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _is_hex_escape(p: cython.p_const_char) -> cython.bint:
    """Tell whether these four bytes, the first a backslash, are an x and two hexadecimal digits."""
    return p[1] == 120 and _hex_value(p[2]) >= 0 and _hex_value(p[3]) >= 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _escaped(c: cython.char) -> cython.char:
    """What a backslash and this letter stand for between double quotes."""
    if c == 110:
        return 10
    if c == 114:
        return 13
    if c == 116:
        return 9
    if c == 98:
        return 8
    if c == 97:
        return 7
    return c


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _unquote(
    p: cython.p_char, i: cython.Py_ssize_t, end: cython.Py_ssize_t, out: cython.pointer[cython.Py_ssize_t]
) -> cython.Py_ssize_t:
    """Resolve the quotes of the word that begins at `i`, in place.

    Returns the position behind the word, and in `out` where its bytes now end; -1 for quotes that don't balance.
    """
    w: cython.Py_ssize_t = i
    quote: cython.char = 0
    while i < end:
        c: cython.char = p[i]
        if quote == 34 and c == 92 and i + 3 < end and _is_hex_escape(p + i):
            p[w] = cython.cast(cython.char, _hex_value(p[i + 2]) * 16 + _hex_value(p[i + 3]))
            w += 1
            i += 4
            continue
        if quote == 34 and c == 92 and i + 1 < end:
            p[w] = _escaped(p[i + 1])
            w += 1
            i += 2
            continue
        if quote == 39 and c == 92 and i + 1 < end and p[i + 1] == 39:
            p[w] = 39
            w += 1
            i += 2
            continue
        if quote:
            if c == quote:
                # A closing quote ends the word, so only white space or the end may follow it.
                if i + 1 < end and not _is_space(p[i + 1]):
                    return -1
                out[0] = w
                return i + 1
        elif c == 34 or c == 39:
            quote = c
            i += 1
            continue
        elif _ends_word(c):
            break
        p[w] = c
        w += 1
        i += 1
    out[0] = w
    return -1 if quote else i


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _parse_number(
    buf: cython.p_char, start: cython.Py_ssize_t, end: cython.Py_ssize_t, out: cython.pointer[cython.longlong]
) -> cython.bint:
    """The number between two positions; almost always one to three digits."""
    n: cython.Py_ssize_t = end - start
    i: cython.Py_ssize_t
    value: cython.longlong = 0
    if 0 < n < 10 and 49 <= buf[start] <= 57:
        for i in range(start, end):
            if not 48 <= buf[i] <= 57:
                return False
            value = value * 10 + (buf[i] - 48)
        out[0] = value
        return True
    return parse_longlong(buf + start, n, out) != 0


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _short_line(
    p: cython.p_const_char, left: cython.Py_ssize_t, kind: uint32_t, value: cython.pointer[cython.longlong]
) -> cython.Py_ssize_t:
    """Bytes of a line of this kind whose number, then in `value`, has one or two digits; 0 for any other.

    Nearly all counts and lengths are so short, and need no search for the end of the line.
    """
    head: uint32_t
    if left < 5:
        return 0
    memcpy(cython.address(head), p, 4)
    if head & ONE_DIGIT_MASK == ONE_DIGIT | kind and 48 <= p[1] <= 57:
        value[0] = p[1] - 48
        return 4
    if head & TWO_DIGITS_MASK == TWO_DIGITS | kind and 49 <= p[1] <= 57 and 48 <= p[2] <= 57:
        value[0] = (p[1] - 48) * 10 + p[2] - 48
        return 5
    return 0


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _short_request(
    args: Args,
    buf: cython.p_char,
    length: cython.Py_ssize_t,
    start: cython.Py_ssize_t,
    bulk_max: cython.Py_ssize_t,
) -> cython.bint:
    """Read a new request that is all here, with counts and lengths of one or two digits, as nearly all are.

    Returns False for any other, and where the last one's blocks are still to be freed; nothing is noted then.
    """
    i: cython.Py_ssize_t
    value: cython.longlong = 0
    total: cython.Py_ssize_t = 0
    at: cython.Py_ssize_t = start
    line: cython.Py_ssize_t = _short_line(buf + at, length - at, COUNT, cython.address(value))
    count: cython.Py_ssize_t = value
    if line == 0 or count > UNAUTHENTICATED_ARGUMENTS or args.owned_count:
        return False
    at += line
    for i in range(count):
        line = _short_line(buf + at, length - at, LENGTH, cython.address(value))
        at += line
        if line == 0 or value > bulk_max or value > length - at - 2:
            return False
        args.v[i].p = buf + at
        args.v[i].n = value
        at += value + 2
        total += value
    args.argc = count
    args.bytes_total = total
    args.position = at
    return True


@cython.final
@cython.cclass
class Args:
    """The arguments of one request, and the parser's state while they are incomplete.

    `args[i]` makes bytes, `args.integer(i)` parses in place, and compiled handlers read `args.v[i]`. All of it is valid
    until the handler returns: afterwards the buffer holds the next request.
    """

    def __cinit__(self) -> None:
        self.capacity = 16
        self.v = cython.cast(cython.pointer[Slice], mem_alloc(16 * cython.sizeof(Slice)))
        self.bulk_length = -1

    def __dealloc__(self) -> None:
        self.reset()
        mem_free(self.v, self.capacity * cython.sizeof(Slice))
        if self.owned != cython.NULL:
            mem_free(self.owned, self.owned_capacity * cython.sizeof(cython.p_void))

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def reset(self) -> cython.void:
        """Forget the request, freeing blocks of big arguments that nobody took, and room for very many arguments."""
        i: cython.Py_ssize_t
        self.argc = 0
        self.remaining = 0
        self.bulk_length = -1
        self.bytes_total = 0
        if self.owned_count:
            for i in range(self.owned_count):
                if self.owned[i] != cython.NULL:
                    blob_free(self.owned[i])
            self.owned_count = 0
            self.big = cython.NULL
        if self.capacity > ARGUMENTS_KEPT:
            mem_free(self.v, self.capacity * cython.sizeof(Slice))
            self.capacity = 16
            self.v = cython.cast(cython.pointer[Slice], mem_alloc(16 * cython.sizeof(Slice)))

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def push(self, p: cython.p_char, n: cython.Py_ssize_t) -> cython.void:
        """Add an argument."""
        width: cython.size_t = cython.sizeof(Slice)
        if self.argc == self.capacity:
            self.v = cython.cast(
                cython.pointer[Slice], mem_realloc(self.v, self.capacity * width, self.capacity * 2 * width)
            )
            self.capacity *= 2
        self.v[self.argc].p = p
        self.v[self.argc].n = n
        self.argc += 1
        self.bytes_total += n

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def parse(
        self,
        buf: cython.p_char,
        length: cython.Py_ssize_t,
        start: cython.Py_ssize_t,
        bulk_max: cython.Py_ssize_t,
        trusted: cython.bint,
    ) -> cython.int:
        """Read a request from `buf[start:length]`, or go on with the one begun there.

        `start` counts only for a new request. `bulk_max` is proto-max-bulk-len; an untrusted client, one that has yet
        to authenticate, may send but few and short arguments. Returns one of PARSE_*.
        """
        status: cython.int
        if self.remaining == 0:
            if _short_request(self, buf, length, start, bulk_max):
                return PARSE_DONE
            if self.argc or self.owned_count:
                self.reset()
            self.position = start
            if start >= length:
                return PARSE_MORE
            if buf[start] != COUNT:
                return self._parse_inline(buf, length)
            status = self._parse_count(buf, length, trusted)
            if status != PARSE_DONE or self.remaining == 0:
                return status
        while self.remaining:
            if self.bulk_length < 0:
                status = self._parse_bulk_length(buf, length, bulk_max, trusted)
                if status != PARSE_DONE:
                    return status
            if not self._parse_bulk(buf, length):
                return PARSE_MORE
        return PARSE_DONE

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _parse_inline(self, buf: cython.p_char, length: cython.Py_ssize_t) -> cython.int:
        i: cython.Py_ssize_t = self.position
        word_end: cython.Py_ssize_t = 0
        newline: cython.p_char = cython.cast(cython.p_char, memchr(buf + i, 10, length - i))
        # A line that holds a zero byte never ends, as in Redis.
        if newline == cython.NULL or memchr(buf + i, 0, newline - (buf + i)) != cython.NULL:
            if length - i > INLINE_MAX_BYTES:
                self.problem = b"too big inline request"
                return PARSE_ERROR
            return PARSE_MORE
        end: cython.Py_ssize_t = newline - buf
        self.position = end + 1
        if end > i and buf[end - 1] == 13:
            end -= 1
        while True:
            while i < end and _is_space(buf[i]):
                i += 1
            if i >= end:
                return PARSE_DONE
            begin: cython.Py_ssize_t = i
            i = _unquote(buf, i, end, cython.address(word_end))
            if i < 0:
                self.reset()
                self.problem = b"unbalanced quotes in request"
                return PARSE_ERROR
            self.push(buf + begin, word_end - begin)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _parse_count(self, buf: cython.p_char, length: cython.Py_ssize_t, trusted: cython.bint) -> cython.int:
        """The line `*<count>`."""
        count: cython.longlong = 0
        start: cython.Py_ssize_t = self.position
        short: cython.Py_ssize_t = _short_line(buf + start, length - start, COUNT, cython.address(count))
        if short and count <= UNAUTHENTICATED_ARGUMENTS:
            self.position = start + short
            self.remaining = count
            return PARSE_DONE
        end: cython.p_char = cython.cast(cython.p_char, memchr(buf + start, 13, length - start))
        if end == cython.NULL:
            if length - start > INLINE_MAX_BYTES:
                self.problem = b"too big mbulk count string"
                return PARSE_ERROR
            return PARSE_MORE
        if end - buf + 2 > length:
            return PARSE_MORE
        if not _parse_number(buf, start + 1, end - buf, cython.address(count)) or count > 2147483647:
            self.problem = b"invalid multibulk length"
            return PARSE_ERROR
        if count > UNAUTHENTICATED_ARGUMENTS and not trusted:
            self.problem = b"unauthenticated multibulk length"
            return PARSE_ERROR
        self.position = end - buf + 2
        self.remaining = count if count > 0 else 0
        return PARSE_DONE

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _parse_bulk_length(
        self, buf: cython.p_char, length: cython.Py_ssize_t, bulk_max: cython.Py_ssize_t, trusted: cython.bint
    ) -> cython.int:
        """The line `$<length>`."""
        n: cython.longlong = 0
        start: cython.Py_ssize_t = self.position
        if start >= length:
            return PARSE_MORE
        short: cython.Py_ssize_t = _short_line(buf + start, length - start, LENGTH, cython.address(n))
        if short and n <= bulk_max:
            self.position = start + short
            self.bulk_length = n
            return PARSE_DONE
        end: cython.p_char = cython.cast(cython.p_char, memchr(buf + start, 13, length - start))
        if end == cython.NULL:
            if length - start > INLINE_MAX_BYTES:
                self.problem = b"too big bulk count string"
                return PARSE_ERROR
            return PARSE_MORE
        if end - buf + 2 > length:
            return PARSE_MORE
        if buf[start] != LENGTH:
            self.odd = buf[start]
            self.problem = b"expected '$', got '%c'"
            return PARSE_ERROR
        if not _parse_number(buf, start + 1, end - buf, cython.address(n)) or n < 0 or n > bulk_max:
            self.problem = b"invalid bulk length"
            return PARSE_ERROR
        if n > UNAUTHENTICATED_BYTES and not trusted:
            self.problem = b"unauthenticated bulk length"
            return PARSE_ERROR
        self.position = end - buf + 2
        self.bulk_length = n
        return PARSE_DONE

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _parse_bulk(self, buf: cython.p_char, length: cython.Py_ssize_t) -> cython.int:
        """The argument's bytes, if they are all here."""
        n: cython.Py_ssize_t = self.bulk_length
        if length - self.position - 2 < n:
            if n >= BIG_ARGUMENT and self.big == cython.NULL:
                self._start_big(buf, length)
            return 0
        self.push(buf + self.position, n)
        self.position += n + 2
        self.bulk_length = -1
        self.remaining -= 1
        return 1

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _start_big(self, buf: cython.p_char, length: cython.Py_ssize_t) -> cython.int:
        """Open a block for the current argument and move into it what is already here of it.

        Without memory for the block the argument stays in the buffer, as a short one would.
        """
        here: cython.Py_ssize_t = length - self.position
        blob: cython.pointer[Blob] = blob_new(here * 2 if here > BIG_ARGUMENT else 2 * BIG_ARGUMENT)
        if blob == cython.NULL:
            return 0
        memcpy(blob_data(blob), buf + self.position, here)
        blob.length = here
        self._own(blob)
        self.big = blob
        return 1

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def _own(self, blob: cython.pointer[Blob]) -> cython.void:
        """Free this block with the request."""
        width: cython.size_t = cython.sizeof(cython.p_void)
        if self.owned_count == self.owned_capacity:
            capacity: cython.Py_ssize_t = self.owned_capacity * 2 if self.owned_capacity else 4
            self.owned = cython.cast(
                cython.pointer[cython.pointer[Blob]],
                mem_realloc(self.owned, self.owned_capacity * width, capacity * width),
            )
            self.owned_capacity = capacity
        self.owned[self.owned_count] = blob
        self.owned_count += 1

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def big_room(self, room: cython.pointer[cython.Py_ssize_t]) -> cython.p_char:
        """Where the next bytes of the big argument go, and in `room` how many fit; NULL without memory."""
        blob: cython.pointer[Blob] = self.big
        total: cython.size_t = cython.cast(cython.size_t, self.bulk_length) + 2
        if blob.capacity == blob.length or blob.capacity > total:
            grown: cython.size_t = blob.capacity * 2
            blob = blob_reserve(blob, grown if grown < total else total)
            if blob == cython.NULL:
                return cython.NULL
            self.owned[self.owned_count - 1] = blob
            self.big = blob
        room[0] = blob.capacity - blob.length
        return blob_data(blob) + blob.length

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def big_filled(self, n: cython.Py_ssize_t) -> cython.int:
        """Say that so many bytes were read into the room; returns 1 when the argument is complete.

        Where it was the last one (`remaining` is 0) the request is done, and `parse` would begin the next one.
        """
        blob: cython.pointer[Blob] = self.big
        blob.length += n
        if blob.length < cython.cast(cython.size_t, self.bulk_length) + 2:
            return 0
        blob.length = self.bulk_length
        self.push(blob_data(blob), self.bulk_length)
        self.big = cython.NULL
        self.bulk_length = -1
        self.remaining -= 1
        return 1

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def rebase(
        self, old: cython.p_const_char, old_length: cython.Py_ssize_t, new: cython.p_char, dropped: cython.Py_ssize_t
    ) -> cython.void:
        """Follow the buffer, which held `old_length` bytes at `old`, to `new`, without its first `dropped` bytes."""
        i: cython.Py_ssize_t
        low: uintptr_t = cython.cast(uintptr_t, old)
        at: uintptr_t
        self.position -= dropped
        for i in range(self.argc):
            at = cython.cast(uintptr_t, self.v[i].p)
            if low <= at <= low + old_length:
                self.v[i].p = new + (at - low) - dropped

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def take_blob(self, i: cython.Py_ssize_t) -> cython.pointer[Blob]:
        """The block of argument `i`, which becomes the caller's; NULL where the argument has none of its own.

        The argument goes on standing in it, and is read until the command is done: the caller must not free it before.
        """
        j: cython.Py_ssize_t
        blob: cython.pointer[Blob]
        for j in range(self.owned_count):
            blob = self.owned[j]
            if blob != cython.NULL and blob_data(blob) == self.v[i].p:
                self.owned[j] = cython.NULL
                return blob
        return cython.NULL

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def equals(self, i: cython.Py_ssize_t, lower: cython.p_const_char) -> cython.bint:
        """Tell whether argument `i` is this word (given in lower case), in any case."""
        p: cython.p_char = self.v[i].p
        n: cython.Py_ssize_t = self.v[i].n
        j: cython.Py_ssize_t
        for j in range(n):
            if lower[j] == 0 or _lower(p[j]) != lower[j]:
                return False
        return lower[n] == 0

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def copy_from(self, other: Args, start: cython.Py_ssize_t) -> cython.void:
        """Hold the same arguments as another from `start` on, without their bytes: valid as long as the other's are."""
        i: cython.Py_ssize_t
        self.reset()
        for i in range(start, other.argc):
            self.push(other.v[i].p, other.v[i].n)

    @cython.cfunc
    @cython.nogil
    @cython.exceptval(check=False)
    def hold(self, other: Args) -> cython.bint:
        """Hold the same arguments as another with a copy of their bytes; False, nothing held, without memory."""
        i: cython.Py_ssize_t
        # The name of the command comes first, so no argument that a command may take over begins where the block does.
        blob: cython.pointer[Blob] = blob_new(other.bytes_total)
        self.reset()
        if blob == cython.NULL:
            return False
        self._own(blob)
        for i in range(other.argc):
            memcpy(blob_data(blob) + blob.length, other.v[i].p, other.v[i].n)
            self.push(blob_data(blob) + blob.length, other.v[i].n)
            blob.length += other.v[i].n
        return True

    @cython.ccall
    @cython.exceptval(-1, check=True)
    def integer(self, i: cython.Py_ssize_t) -> cython.longlong:
        """Argument `i` as a signed 64-bit integer; raises CommandError NOT_INTEGER."""
        value: cython.longlong = 0
        if not _parse_number(self.v[i].p, 0, self.v[i].n, cython.address(value)):
            raise CommandError(NOT_INTEGER)
        return value

    @cython.ccall
    def is_token(self, i: cython.Py_ssize_t, lower: bytes) -> cython.bint:
        """Tell whether argument `i` is this word (given in lower case), in any case."""
        return self.equals(i, lower)

    def __getitem__(self, i: cython.Py_ssize_t) -> bytes:
        if i < 0:
            i += self.argc
        if i < 0 or i >= self.argc:
            raise IndexError(i)
        return self.v[i].p[: self.v[i].n]

    def __len__(self) -> int:
        return self.argc

    def heads(self, count: cython.Py_ssize_t, bytes_max: cython.Py_ssize_t) -> list[tuple[bytes, int]]:
        """The first bytes of the first arguments, each with the argument's whole length: what a log keeps of them."""
        i: cython.Py_ssize_t
        found: list = []
        for i in range(count if count < self.argc else self.argc):
            kept: cython.Py_ssize_t = self.v[i].n if self.v[i].n < bytes_max else bytes_max
            found.append((self.v[i].p[:kept], self.v[i].n))
        return found

    def tail(self, start: cython.Py_ssize_t) -> list[bytes]:
        """The arguments from `start` on, as bytes."""
        i: cython.Py_ssize_t
        found: list = []
        for i in range(start, self.argc):
            found.append(self.v[i].p[: self.v[i].n])
        return found


# Python handles, for tests and cold callers


@cython.cclass
class Requests:
    """A connection's input without the connection, for tests: takes bytes as they come and gives requests.

    Each piece lies in a buffer of just its size, which moves every time, so that a sanitizer sees all that goes astray.
    """

    args: Args
    buf: cython.p_char
    length: cython.Py_ssize_t
    broken: cython.bint

    def __cinit__(self) -> None:
        self.args = Args()
        self.buf = cython.cast(cython.p_char, mem_alloc(0))

    def __dealloc__(self) -> None:
        mem_free(self.buf, self.length)

    @cython.cfunc
    def _move(self, dropped: cython.Py_ssize_t, kept: cython.Py_ssize_t, more: bytes) -> cython.void:
        """Keep so many bytes behind the dropped ones, add more, and move all of it elsewhere."""
        moved: cython.p_char = cython.cast(cython.p_char, mem_alloc(kept + len(more)))
        memcpy(moved, self.buf + dropped, kept)
        memcpy(moved + kept, cython.cast(cython.p_const_char, more), len(more))
        self.args.rebase(self.buf, self.length, moved, dropped)
        mem_free(self.buf, self.length)
        self.buf = moved
        self.length = kept + len(more)

    @cython.cfunc
    def _fill_big(self, data: bytes) -> cython.Py_ssize_t:
        """Read into the big argument's own room until it is complete; returns how many bytes went there."""
        used: cython.Py_ssize_t = 0
        room: cython.Py_ssize_t = 0
        while self.args.big != cython.NULL and used < len(data):
            p: cython.p_char = self.args.big_room(cython.address(room))
            if p == cython.NULL:
                raise MemoryError
            if room > len(data) - used:
                room = len(data) - used
            memcpy(p, cython.cast(cython.p_const_char, data) + used, room)
            used += room
            self.args.big_filled(room)
        return used

    def feed(self, data: bytes, bulk_max: cython.Py_ssize_t, trusted: cython.bint) -> list[list[bytes] | bytes]:
        """The requests that these bytes complete; a protocol error, as its text, ends the list and all that follows."""
        found: list = []
        status: cython.int
        start: cython.Py_ssize_t = 0
        if self.broken:
            return found
        filled: cython.Py_ssize_t = self._fill_big(data)
        self._move(0, self.length, data[filled:])
        if filled and self.args.remaining == 0:
            found.append(self.args.tail(0))
            start = self.args.position
        while True:
            status = self.args.parse(self.buf, self.length, start, bulk_max, trusted)
            if status == PARSE_ERROR:
                self.broken = True
                found.append(self.args.problem)
                return found
            if status == PARSE_MORE:
                self._move(start, (self.args.position if self.args.big != cython.NULL else self.length) - start, b"")
                return found
            found.append(self.args.tail(0))
            start = self.args.position

    @property
    def big_bytes(self) -> int:
        """Bytes that the big argument under way takes."""
        return self.args.big.capacity if self.args.big != cython.NULL else 0


def args_of(words: list[bytes]) -> Args:
    """Arguments that are valid as long as the list is."""
    args: Args = Args()
    word: bytes
    for word in words:
        args.push(word, len(word))
    return args


def takes_over(words: list[bytes], i: cython.Py_ssize_t) -> bool:
    """Tell whether argument `i` of this request, sent in two pieces, can be taken over, and is then whole."""
    blob: cython.pointer[Blob]
    requests: Requests = Requests()
    text: bytes = b"*%d\r\n" % len(words) + b"".join([b"$%d\r\n%b\r\n" % (len(word), word) for word in words])
    requests.feed(text[: len(text) // 2], len(text), True)
    requests._fill_big(text[len(text) // 2 :])
    blob = requests.args.take_blob(i)
    if blob == cython.NULL:
        return False
    whole: cython.bint = blob_data(blob)[: blob.length] == words[i]
    blob_free(blob)
    return whole and requests.args.take_blob(i) == cython.NULL
