"""The RDB format's parts: lengths, texts, doubles and times, written to a buffer that grows, read from a slice.

RDB is what Redis writes its snapshots in, and the values of DUMP. Numbers are little-endian where nothing else is said.

    length      00nnnnnn                            6 bits
                01nnnnnn nnnnnnnn                   14 bits, high bits first
                0x80, 4 bytes                       32 bits, big-endian
                0x81, 8 bytes                       64 bits, big-endian
    text        length, bytes
                0xC0, 0xC1, 0xC2; 1, 2, 4 bytes     the decimal form of an integer
                0xC3, length, length, bytes         LZF: its compressed and its own length
    double      8 bytes                             IEEE 754
    old double  1 byte, text                        the text's length; 253: NaN, 254: infinity, 255: minus infinity
    time        8 bytes                             Unix time in ms
    stream ID   8 + 8 bytes                         ms and sequence, big-endian
    footer      2 + 8 bytes                         behind DUMP's value: version, CRC-64 of all before it

A writer keeps a mark when memory does not suffice, and a reader when the bytes end or make no sense; from then on they
do nothing and read zeros, so that callers look once, at the end. A reader trusts nothing: a length is held against what
is left before it is used, and a text's own length against the most that LZF makes of its bytes. The bytes may also be a
window of a longer stream, see `rdb_stream`: that is moved when they do not suffice, and what was read moves with it.

Neither holds Python objects or needs the GIL. The format is told in the source of Redis 7.2 (BSD), and at
https://github.com/sripathikrishnan/redis-rdb-tools/wiki/Redis-RDB-Dump-File-Format.
"""

import cython
from cython.cimports.libc.math import INFINITY, NAN
from cython.cimports.libc.stdint import int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from cython.cimports.libc.string import memcpy, memmove
from cython.cimports.pyrite.core.crc import crc64
from cython.cimports.pyrite.core.listpack import LpValue
from cython.cimports.pyrite.core.lzf import lzf_compress, lzf_decompress
from cython.cimports.pyrite.core.memory import mem_free, mem_try_alloc, mem_try_realloc
from cython.cimports.pyrite.core.numbers import format_longlong, parse_double, parse_longlong

# Writing


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_start_writing(w: cython.pointer[RdbWriter], compress: cython.bint) -> cython.void:
    """An empty writer, which owns no memory yet. Texts are compressed where asked for and worth it."""
    w.data = cython.NULL
    w.length = w.capacity = 0
    w.compress = compress
    w.failed = False
    w.sink = cython.NULL
    w.context = cython.NULL
    w.chunk = 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_stop_writing(w: cython.pointer[RdbWriter]) -> cython.void:
    """Free what was written."""
    if w.data != cython.NULL:
        mem_free(w.data, w.capacity)
    w.data = cython.NULL
    w.length = w.capacity = 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_flush(w: cython.pointer[RdbWriter]) -> cython.bint:
    """Hand what was written to the sink; False where it or the writer failed."""
    if not w.failed and w.length:
        w.failed = not w.sink(w.context, w.data, w.length)
    w.length = 0
    return not w.failed


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _grow(w: cython.pointer[RdbWriter], more: cython.size_t) -> cython.bint:
    """Make room for so many bytes more, at least twice what it had; the cold part of `_room`."""
    wanted: cython.size_t = w.length + more
    capacity: cython.size_t = w.capacity * 2 if w.capacity else RDB_WRITER_MIN
    if capacity < wanted:
        capacity = wanted
    fresh: cython.p_void
    if w.data == cython.NULL:
        fresh = mem_try_alloc(capacity)
    else:
        fresh = mem_try_realloc(w.data, w.capacity, capacity)
    if fresh == cython.NULL:
        w.failed = True
        return False
    w.data = cython.cast(cython.p_uchar, fresh)
    w.capacity = capacity
    return True


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _room(w: cython.pointer[RdbWriter], more: cython.size_t) -> cython.p_uchar:
    """Where the next bytes go, so many of them; NULL from the first failure on. The caller adds to the length."""
    if w.sink != cython.NULL and w.length >= w.chunk:
        rdb_flush(w)
    if w.failed or (w.capacity - w.length < more and not _grow(w, more)):
        return cython.NULL
    return w.data + w.length


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_put_bytes(w: cython.pointer[RdbWriter], p: cython.p_const_void, n: cython.size_t) -> cython.void:
    """Write bytes as they are; many of them go to a sink without being copied."""
    if w.sink != cython.NULL and n >= w.chunk:
        if rdb_flush(w):
            w.failed = not w.sink(w.context, cython.cast(cython.p_const_uchar, p), n)
        return
    target: cython.p_uchar = _room(w, n)
    if target != cython.NULL and n:
        memcpy(target, p, n)
        w.length += n


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_put_byte(w: cython.pointer[RdbWriter], byte: uint8_t) -> cython.void:
    """Write one byte, such as a type."""
    target: cython.p_uchar = _room(w, 1)
    if target != cython.NULL:
        target[0] = byte
        w.length += 1


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _write_length(target: cython.p_uchar, n: uint64_t) -> cython.size_t:
    """Write a length to a place with RDB_LENGTH_ROOM bytes; returns how many it took."""
    half: uint32_t
    if n < 1 << 6:
        target[0] = cython.cast(cython.uchar, n)
        return 1
    if n < 1 << 14:
        target[0] = cython.cast(cython.uchar, RDB_LENGTH_14 | (n >> 8))
        target[1] = cython.cast(cython.uchar, n & 255)
        return 2
    if n >> 32 == 0:
        target[0] = RDB_LENGTH_32
        half = __builtin_bswap32(cython.cast(uint32_t, n))
        memcpy(target + 1, cython.address(half), 4)
        return 5
    target[0] = RDB_LENGTH_64
    n = __builtin_bswap64(n)
    memcpy(target + 1, cython.address(n), 8)
    return 9


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_put_length(w: cython.pointer[RdbWriter], n: uint64_t) -> cython.void:
    """Write a length, or another number, in as few bytes as it fits."""
    target: cython.p_uchar = _room(w, RDB_LENGTH_ROOM)
    if target != cython.NULL:
        w.length += _write_length(target, n)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _write_integer(target: cython.p_uchar, v: int64_t) -> cython.size_t:
    """Write an integer of at most 32 bits as a text, in five bytes at most; 0, nothing written, for a larger one."""
    size: cython.size_t
    if v == cython.cast(int8_t, v):
        target[0] = RDB_INT8
        size = 1
    elif v == cython.cast(int16_t, v):
        target[0] = RDB_INT16
        size = 2
    elif v == cython.cast(int32_t, v):
        target[0] = RDB_INT32
        size = 4
    else:
        return 0
    memcpy(target + 1, cython.address(v), size)
    return 1 + size


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_smaller(w: cython.pointer[RdbWriter], p: cython.p_const_char, n: cython.size_t) -> cython.bint:
    """Write a text compressed; False, nothing written, where that does not save enough."""
    before: cython.size_t = 1 + 2 * cython.cast(cython.size_t, RDB_LENGTH_ROOM)
    most: cython.size_t = n - RDB_COMPRESS_GAIN
    target: cython.p_uchar = _room(w, before + most)
    if target == cython.NULL:
        return False
    size: cython.size_t = cython.cast(cython.size_t, lzf_compress(p, n, target + before, most))
    if size == 0:
        return False
    target[0] = RDB_LZF
    at: cython.size_t = 1 + _write_length(target + 1, size)
    at += _write_length(target + at, n)
    memmove(target + at, target + before, size)
    w.length += at + size
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_put_text(w: cython.pointer[RdbWriter], p: cython.p_const_char, n: cython.size_t) -> cython.void:
    """Write a text: as an integer where it is one of 32 bits, compressed where that saves enough, else as it is."""
    number: cython.longlong = 0
    target: cython.p_uchar
    size: cython.size_t = 0
    if n <= RDB_INTEGER_MAX and parse_longlong(p, n, cython.address(number)):
        target = _room(w, 5)
        if target != cython.NULL:
            size = _write_integer(target, number)
            w.length += size
        if size:
            return
    if w.compress and n >= RDB_COMPRESS_MIN and _put_smaller(w, p, n):
        return
    rdb_put_length(w, n)
    rdb_put_bytes(w, p, n)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_put_integer(w: cython.pointer[RdbWriter], v: int64_t) -> cython.void:
    """Write the text that is an integer's decimal form."""
    digits: cython.char[24]
    n: cython.size_t
    target: cython.p_uchar = _room(w, 32)
    if target == cython.NULL:
        return
    size: cython.size_t = _write_integer(target, v)
    if size == 0:
        n = cython.cast(cython.size_t, format_longlong(digits, v))
        target[0] = cython.cast(cython.uchar, n)
        memcpy(target + 1, digits, n)
        size = 1 + n
    w.length += size


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_put_value(w: cython.pointer[RdbWriter], value: cython.pointer[cython.const[LpValue]]) -> cython.void:
    """Write the text of an element."""
    if value.text == cython.NULL:
        rdb_put_integer(w, value.number)
    else:
        rdb_put_text(w, value.text, cython.cast(cython.size_t, value.length))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_put_compressed(
    w: cython.pointer[RdbWriter], p: cython.p_const_void, n: cython.size_t, length: cython.size_t
) -> cython.void:
    """Write a text of this length that is compressed already, in `n` bytes."""
    rdb_put_byte(w, RDB_LZF)
    rdb_put_length(w, n)
    rdb_put_length(w, length)
    rdb_put_bytes(w, p, n)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_put_double(w: cython.pointer[RdbWriter], v: cython.double) -> cython.void:
    """Write a double in eight bytes."""
    rdb_put_bytes(w, cython.address(v), 8)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_put_ms(w: cython.pointer[RdbWriter], ms: int64_t) -> cython.void:
    """Write a Unix time in ms."""
    rdb_put_bytes(w, cython.address(ms), 8)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_put_id(w: cython.pointer[RdbWriter], ms: uint64_t, sequence: uint64_t) -> cython.void:
    """Write a stream ID in 16 bytes, which sort as the IDs do."""
    ms = __builtin_bswap64(ms)
    sequence = __builtin_bswap64(sequence)
    rdb_put_bytes(w, cython.address(ms), 8)
    rdb_put_bytes(w, cython.address(sequence), 8)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_put_footer(w: cython.pointer[RdbWriter], version: cython.int) -> cython.void:
    """Make what was written, all of which is still there, a DUMP payload."""
    half: uint16_t = cython.cast(uint16_t, version)
    rdb_put_bytes(w, cython.address(half), 2)
    if w.failed:
        return
    checksum: uint64_t = crc64(0, cython.cast(cython.p_const_char, w.data), w.length)
    rdb_put_bytes(w, cython.address(checksum), 8)


# Reading


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_start_reading(r: cython.pointer[RdbReader], p: cython.p_const_void, n: cython.size_t) -> cython.void:
    """Read these bytes, which stay where they are meanwhile."""
    r.p = cython.cast(cython.p_const_uchar, p)
    r.left = n
    r.problem = RDB_GOOD
    r.refill = cython.NULL
    r.source = cython.NULL
    r.beyond = 0
    r.holds = r.has_held = False


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_fail(r: cython.pointer[RdbReader], problem: cython.int) -> cython.void:
    """Note what is wrong, unless something was before, and read nothing more.

    After RDB_EMPTY alone reading can go on, behind the value: the problem is set back to RDB_GOOD for it.
    """
    if r.problem == RDB_GOOD:
        r.problem = problem
    if problem != RDB_EMPTY:
        r.left = 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_more(r: cython.pointer[RdbReader], n: cython.size_t) -> cython.bint:
    """Have more bytes follow than are left, so many in all; False, the problem noted, where that can't be."""
    if r.problem == RDB_GOOD and r.refill != cython.NULL:
        return r.refill(r, n)
    rdb_fail(r, RDB_BAD)
    return False


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_get_bytes(r: cython.pointer[RdbReader], n: cython.size_t) -> cython.p_const_uchar:
    """The next bytes, where they stand, valid until more is read; NULL where there are not so many."""
    if r.problem != RDB_GOOD or (n > r.left and not rdb_more(r, n)):
        rdb_fail(r, RDB_BAD)
        return cython.NULL
    p: cython.p_const_uchar = r.p
    r.p += n
    r.left -= n
    return p


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_get_into(r: cython.pointer[RdbReader], target: cython.p_void, n: cython.size_t) -> cython.bint:
    """Copy the next bytes to where the caller has room for them, as they come; False where there are not so many."""
    some: cython.size_t
    to: cython.p_char = cython.cast(cython.p_char, target)
    while n:
        if r.left == 0 and not rdb_more(r, 1):
            return False
        some = n if n < r.left else r.left
        memcpy(to, rdb_get_bytes(r, some), some)
        to += some
        n -= some
    return r.problem == RDB_GOOD


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_get_byte(r: cython.pointer[RdbReader]) -> uint8_t:
    """The next byte."""
    p: cython.p_const_uchar = rdb_get_bytes(r, 1)
    return p[0] if p != cython.NULL else 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_get_length(r: cython.pointer[RdbReader]) -> uint64_t:
    """A length, or another number; what is no length, such as an integer's mark, is bad."""
    half: uint32_t = 0
    whole: uint64_t = 0
    head: uint8_t = rdb_get_byte(r)
    if head < RDB_LENGTH_14:
        return head
    if head < RDB_LENGTH_32:
        return cython.cast(uint64_t, head & 63) << 8 | rdb_get_byte(r)
    p: cython.p_const_uchar = cython.NULL
    if head == RDB_LENGTH_32:
        p = rdb_get_bytes(r, 4)
        if p != cython.NULL:
            memcpy(cython.address(half), p, 4)
        return __builtin_bswap32(half)
    if head == RDB_LENGTH_64:
        p = rdb_get_bytes(r, 8)
        if p != cython.NULL:
            memcpy(cython.address(whole), p, 8)
        return __builtin_bswap64(whole)
    rdb_fail(r, RDB_BAD)
    return 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_get_count(r: cython.pointer[RdbReader], each: cython.size_t) -> cython.size_t:
    """A number of things that take at least `each` bytes; bad where so many can't follow."""
    n: uint64_t = rdb_get_length(r)
    if n > (r.left + r.beyond) // each:
        rdb_fail(r, RDB_BAD)
        return 0
    return n


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _get_integer(r: cython.pointer[RdbReader], text: cython.pointer[RdbText], head: uint8_t) -> cython.void:
    """The rest of a text that is an integer."""
    v: int64_t = 0
    size: cython.int = 1 << (head & 3)
    p: cython.p_const_uchar = rdb_get_bytes(r, size)
    if p == cython.NULL:
        return
    memcpy(cython.address(v), p, size)
    # To the top and back, which brings the sign.
    v = cython.cast(int64_t, cython.cast(uint64_t, v) << (64 - 8 * size)) >> (64 - 8 * size)
    text.n = cython.cast(cython.size_t, format_longlong(text.digits, v))
    text.p = text.digits


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _get_compressed(r: cython.pointer[RdbReader], text: cython.pointer[RdbText]) -> cython.void:
    """The rest of a compressed text."""
    size: uint64_t = rdb_get_length(r)
    length: uint64_t = rdb_get_length(r)
    p: cython.p_const_uchar = rdb_get_bytes(r, size)
    if p == cython.NULL:
        return
    # Before memory is asked for: so few bytes can't be so many.
    if length == 0 or length // RDB_LZF_RATIO > size:
        rdb_fail(r, RDB_BAD)
        return
    text.owned = cython.cast(cython.p_char, mem_try_alloc(length))
    if text.owned == cython.NULL:
        rdb_fail(r, RDB_NO_MEMORY)
        return
    text.owned_size = length
    if cython.cast(uint64_t, lzf_decompress(p, size, text.owned, length)) != length:
        rdb_free_text(text)
        rdb_fail(r, RDB_BAD)
        return
    text.p = text.owned
    text.n = length


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_get_text(r: cython.pointer[RdbReader], text: cython.pointer[RdbText]) -> cython.bint:
    """A text, valid until more is read; False, and nothing to free, from the first problem on. The caller frees it."""
    text.p = cython.NULL
    text.n = 0
    text.owned = cython.NULL
    text.owned_size = 0
    head: uint8_t = rdb_peek(r)
    if RDB_INT8 <= head <= RDB_INT32:
        rdb_get_byte(r)
        _get_integer(r, text, head)
    elif head == RDB_LZF:
        rdb_get_byte(r)
        _get_compressed(r, text)
    else:
        length: uint64_t = rdb_get_length(r)
        text.p = cython.cast(cython.p_const_char, rdb_get_bytes(r, length))
        text.n = length
    return r.problem == RDB_GOOD


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_free_text(text: cython.pointer[RdbText]) -> cython.void:
    """Free what the text owns; it is empty then."""
    if text.owned != cython.NULL:
        mem_free(text.owned, text.owned_size)
    text.owned = cython.NULL
    text.p = cython.NULL
    text.n = 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_get_double(r: cython.pointer[RdbReader]) -> cython.double:
    """A double of eight bytes; it may be NaN."""
    v: cython.double = 0
    p: cython.p_const_uchar = rdb_get_bytes(r, 8)
    if p != cython.NULL:
        memcpy(cython.address(v), p, 8)
    return v


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_get_text_double(r: cython.pointer[RdbReader]) -> cython.double:
    """A double as old versions wrote it; it may be NaN."""
    v: cython.double = 0
    n: uint8_t = rdb_get_byte(r)
    if n == RDB_NAN:
        return NAN
    if n == RDB_INFINITY:
        return INFINITY
    if n == RDB_MINUS_INFINITY:
        return -INFINITY
    p: cython.p_const_uchar = rdb_get_bytes(r, n)
    if p != cython.NULL and not parse_double(cython.cast(cython.p_const_char, p), n, cython.address(v)):
        rdb_fail(r, RDB_BAD)
    return v


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_get_ms(r: cython.pointer[RdbReader]) -> int64_t:
    """A Unix time in ms; it may be negative."""
    v: int64_t = 0
    p: cython.p_const_uchar = rdb_get_bytes(r, 8)
    if p != cython.NULL:
        memcpy(cython.address(v), p, 8)
    return v


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_get_id(
    r: cython.pointer[RdbReader], ms: cython.pointer[uint64_t], sequence: cython.pointer[uint64_t]
) -> cython.void:
    """A stream ID of 16 bytes."""
    halves: uint64_t[2]
    halves[0] = halves[1] = 0
    p: cython.p_const_uchar = rdb_get_bytes(r, 16)
    if p != cython.NULL:
        memcpy(halves, p, 16)
    ms[0] = __builtin_bswap64(halves[0])
    sequence[0] = __builtin_bswap64(halves[1])


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_check_footer(p: cython.p_const_void, n: cython.size_t, sums: cython.bint) -> cython.int:
    """A DUMP payload's version; -1 where it is cut off, its version unknown, or its checksum wrong, if that counts."""
    version: uint16_t = 0
    checksum: uint64_t = 0
    data: cython.p_const_char = cython.cast(cython.p_const_char, p)
    if n < RDB_FOOTER:
        return -1
    memcpy(cython.address(version), data + n - 10, 2)
    memcpy(cython.address(checksum), data + n - 8, 8)
    if version > RDB_VERSION_MAX or (sums and crc64(0, data, n - 8) != checksum):
        return -1
    return version


# Python handles, for tests and cold callers


def with_footer(value: bytes, version: int = RDB_VERSION_72) -> bytes:
    """A DUMP payload of a value that is encoded already."""
    w: RdbWriter
    rdb_start_writing(cython.address(w), False)
    rdb_put_bytes(cython.address(w), cython.cast(cython.p_const_char, value), len(value))
    rdb_put_footer(cython.address(w), version)
    out: bytes = w.data[: w.length]
    rdb_stop_writing(cython.address(w))
    return out


def footer_version(payload: bytes) -> int:
    """The version of a DUMP payload; -1 where its footer is wrong."""
    return rdb_check_footer(cython.cast(cython.p_const_char, payload), len(payload), True)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _collect(context: cython.p_void, p: cython.p_const_uchar, n: cython.size_t) -> cython.bint:
    with cython.gil:
        chunks: list = cython.cast(list, context)
        if len(chunks) == 3:
            return False
        chunks.append(p[:n])
        return True


@cython.cclass
class Writer:
    """Writes parts of the format, for tests. With a chunk size it hands chunks to `chunks`, which takes three."""

    w: RdbWriter
    chunks: list

    def __cinit__(self, compress: cython.bint = True, chunk: cython.size_t = 0) -> None:
        rdb_start_writing(cython.address(self.w), compress)
        self.chunks = []
        if chunk:
            self.w.sink = _collect
            self.w.context = cython.cast(cython.p_void, self.chunks)
            self.w.chunk = chunk

    def __dealloc__(self) -> None:
        rdb_stop_writing(cython.address(self.w))

    def length(self, n: uint64_t) -> None:
        """Write a length."""
        rdb_put_length(cython.address(self.w), n)

    def text(self, data: bytes) -> None:
        """Write a text."""
        rdb_put_text(cython.address(self.w), data, len(data))

    def element(self, value: object) -> None:
        """Write an element, an int or bytes."""
        element: LpValue
        element.text = cython.NULL
        element.number = element.length = 0
        if isinstance(value, int):
            element.number = value
        else:
            data: bytes = value
            element.text = data
            element.length = len(data)
        rdb_put_value(cython.address(self.w), cython.address(element))

    def compressed(self, stream: bytes, length: cython.size_t) -> None:
        """Write a text by its LZF stream."""
        rdb_put_compressed(cython.address(self.w), cython.cast(cython.p_const_char, stream), len(stream), length)

    def double(self, v: cython.double) -> None:
        """Write a double."""
        rdb_put_double(cython.address(self.w), v)

    def ms(self, ms: int64_t) -> None:
        """Write a time."""
        rdb_put_ms(cython.address(self.w), ms)

    def id(self, ms: uint64_t, sequence: uint64_t) -> None:
        """Write a stream ID."""
        rdb_put_id(cython.address(self.w), ms, sequence)

    def flush(self) -> bool:
        """Hand what is left to the chunks; False where they did not take all."""
        return rdb_flush(cython.address(self.w))

    def collected(self) -> list[bytes]:
        """The chunks that were handed over."""
        return self.chunks

    @property
    def data(self) -> bytes:
        """What is in the buffer."""
        return self.w.data[: self.w.length]


@cython.cclass
class Reader:
    """Reads parts of the format, for tests. `problem` is 0 while all is well, 1 for bad bytes, 2 for want of memory."""

    r: RdbReader
    held: bytes

    def __cinit__(self, data: bytes) -> None:
        self.held = data
        rdb_start_reading(cython.address(self.r), cython.cast(cython.p_const_char, self.held), len(data))

    def length(self) -> int:
        """Read a length."""
        return rdb_get_length(cython.address(self.r))

    def count(self, each: cython.size_t) -> int:
        """Read a number of things."""
        return rdb_get_count(cython.address(self.r), each)

    def text(self) -> bytes | None:
        """Read a text; None where there is none."""
        text: RdbText
        if not rdb_get_text(cython.address(self.r), cython.address(text)):
            return None
        out: bytes = text.p[: text.n]
        rdb_free_text(cython.address(text))
        return out

    def double(self) -> float:
        """Read a double."""
        return rdb_get_double(cython.address(self.r))

    def text_double(self) -> float:
        """Read a double as old versions wrote it."""
        return rdb_get_text_double(cython.address(self.r))

    def ms(self) -> int:
        """Read a time."""
        return rdb_get_ms(cython.address(self.r))

    def id(self) -> tuple[int, int]:
        """Read a stream ID."""
        ms: uint64_t = 0
        sequence: uint64_t = 0
        rdb_get_id(cython.address(self.r), cython.address(ms), cython.address(sequence))
        return ms, sequence

    @property
    def problem(self) -> int:
        """What went wrong."""
        return self.r.problem

    @property
    def left(self) -> int:
        """Bytes not yet read."""
        return self.r.left
