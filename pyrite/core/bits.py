"""Bit operations on the bytes of a string: what SETBIT, BITCOUNT, BITPOS, BITOP and BITFIELD compute.

Bit 0 is the most significant bit of the first byte, so bits read from left to right:

    byte        0                1
    bit      0 1 2 3 4 5 6 7  8 9 10 …
    value  128 64 …        1

A bit field is a number of 1 to 64 bits at any bit offset, its most significant bit first. Unsigned fields have at most
63 bits, so that every value fits a reply's signed integer.

A function that is given a length never touches a byte past it: reading there gives zeros, writing there is refused.
Ranges are half-open, in bits; the commands' own rules (negative indexes, BYTE and BIT, the endless zeros that BITPOS
sees to the right of a string) are the business of the commands.
"""

import cython
from cython.cimports.libc.stdlib import free, malloc
from cython.cimports.libc.string import memcpy, memset

_ALL_ONES = cython.declare(cython.ulonglong, 0xFFFFFFFFFFFFFFFF)
_HIGHEST = cython.declare(cython.longlong, 0x7FFFFFFFFFFFFFFF)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _load(p: cython.p_const_uchar) -> cython.ulonglong:
    word: cython.ulonglong = 0
    memcpy(cython.address(word), p, 8)
    return word


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _store(p: cython.p_uchar, word: cython.ulonglong) -> cython.void:
    memcpy(p, cython.address(word), 8)


# Counting


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _popcount(word: cython.ulonglong) -> cython.int:
    """Ones in a word, summed in ever wider groups of bits (the processor's own instruction is not on every x86-64)."""
    word = word - ((word >> 1) & cython.cast(cython.ulonglong, 0x5555555555555555))
    word = (word & cython.cast(cython.ulonglong, 0x3333333333333333)) + (
        (word >> 2) & cython.cast(cython.ulonglong, 0x3333333333333333)
    )
    word = (word + (word >> 4)) & cython.cast(cython.ulonglong, 0x0F0F0F0F0F0F0F0F)
    return cython.cast(cython.int, (word * cython.cast(cython.ulonglong, 0x0101010101010101)) >> 56)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _add(sums: cython.pointer[cython.ulonglong], a: cython.ulonglong, b: cython.ulonglong) -> cython.ulonglong:
    """Add two words to a column of 64 one-bit sums; returns the carries, each worth two of the column."""
    half: cython.ulonglong = sums[0] ^ a
    carries: cython.ulonglong = (sums[0] & a) | (half & b)
    sums[0] = half ^ b
    return carries


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _add4(
    ones: cython.pointer[cython.ulonglong], twos: cython.pointer[cython.ulonglong], p: cython.p_const_uchar
) -> cython.ulonglong:
    """Add four words to the columns of ones and twos; returns the carries, each worth four."""
    first: cython.ulonglong = _add(ones, _load(p), _load(p + 8))
    second: cython.ulonglong = _add(ones, _load(p + 16), _load(p + 24))
    return _add(twos, first, second)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _count_blocks(p: cython.p_const_uchar, blocks: cython.Py_ssize_t) -> cython.longlong:
    """Ones in blocks of 128 bytes, by carry-save addition (Harley and Seal): one popcount for every 16 words."""
    ones: cython.ulonglong = 0
    twos: cython.ulonglong = 0
    fours: cython.ulonglong = 0
    eights: cython.ulonglong = 0
    total: cython.longlong = 0
    low: cython.ulonglong
    high: cython.ulonglong
    first: cython.ulonglong
    second: cython.ulonglong
    for _ in range(blocks):
        first = _add4(cython.address(ones), cython.address(twos), p)
        second = _add4(cython.address(ones), cython.address(twos), p + 32)
        low = _add(cython.address(fours), first, second)
        first = _add4(cython.address(ones), cython.address(twos), p + 64)
        second = _add4(cython.address(ones), cython.address(twos), p + 96)
        high = _add(cython.address(fours), first, second)
        total += _popcount(_add(cython.address(eights), low, high))
        p += 128
    return 16 * total + 8 * _popcount(eights) + 4 * _popcount(fours) + 2 * _popcount(twos) + _popcount(ones)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def bits_count(p: cython.p_const_char, n: cython.Py_ssize_t) -> cython.longlong:
    """Bits set to one in `n` bytes."""
    at: cython.p_const_uchar = cython.cast(cython.p_const_uchar, p)
    total: cython.longlong = 0
    word: cython.ulonglong = 0
    if n >= 128:
        total = _count_blocks(at, n >> 7)
        at += n & ~cython.cast(cython.Py_ssize_t, 127)
        n &= 127
    while n >= 8:
        total += _popcount(_load(at))
        at += 8
        n -= 8
    if n > 0:
        memcpy(cython.address(word), at, n)
        total += _popcount(word)
    return total


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def bits_count_range(
    p: cython.p_const_char, n: cython.Py_ssize_t, start: cython.longlong, end: cython.longlong
) -> cython.longlong:
    """Bits set to one from bit `start` up to, not including, bit `end`; both are first cut to the string."""
    start = max(start, 0)
    end = min(end, 8 * cython.cast(cython.longlong, n))
    if start >= end:
        return 0
    first: cython.Py_ssize_t = start >> 3
    last: cython.Py_ssize_t = (end - 1) >> 3
    before: cython.int = 0xFF00 >> (start & 7) & 0xFF
    after: cython.int = 0xFF >> (((end - 1) & 7) + 1)
    at: cython.p_const_uchar = cython.cast(cython.p_const_uchar, p)
    total: cython.longlong = bits_count(p + first, last - first + 1)
    return total - _popcount(at[first] & before) - _popcount(at[last] & after)


# Searching


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _window(p: cython.p_const_char, n: cython.Py_ssize_t, at: cython.Py_ssize_t) -> cython.ulonglong:
    """The 64 bits from byte `at` on, the first of them the most significant; zeros stand for what is past the end."""
    word: cython.ulonglong = 0
    left: cython.Py_ssize_t = n - at
    if left >= 8:
        memcpy(cython.address(word), p + at, 8)
    elif left > 0:
        memcpy(cython.address(word), p + at, left)
    return __builtin_bswap64(word)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _skip_equal(
    p: cython.p_const_uchar, at: cython.Py_ssize_t, n: cython.Py_ssize_t, uniform: cython.ulonglong
) -> cython.Py_ssize_t:
    """The first byte, counted in steps of 32 from `at`, where not all the next 32 are uniformly zeros or ones."""
    while n - at >= 32:
        if (
            (_load(p + at) ^ uniform)
            | (_load(p + at + 8) ^ uniform)
            | (_load(p + at + 16) ^ uniform)
            | (_load(p + at + 24) ^ uniform)
        ):
            break
        at += 32
    return at


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def bits_find(
    p: cython.p_const_char, n: cython.Py_ssize_t, start: cython.longlong, end: cython.longlong, bit: cython.bint
) -> cython.longlong:
    """The first bit with this value from bit `start` up to, not including, bit `end`; -1 where there is none.

    Both ends are first cut to the string.
    """
    start = max(start, 0)
    end = min(end, 8 * cython.cast(cython.longlong, n))
    if start >= end:
        return -1
    uniform: cython.ulonglong = 0 if bit else _ALL_ONES
    stop: cython.Py_ssize_t = (end + 7) >> 3
    at: cython.Py_ssize_t = start >> 3
    word: cython.ulonglong = (_window(p, stop, at) ^ uniform) & (_ALL_ONES >> (start & 7))
    found: cython.longlong
    if word == 0:
        at = _skip_equal(cython.cast(cython.p_const_uchar, p), at + 8, stop, uniform)
        while at < stop:
            word = _window(p, stop, at) ^ uniform
            if word:
                break
            at += 8
        if word == 0:
            return -1
    found = 8 * cython.cast(cython.longlong, at) + __builtin_clzll(word)
    return found if found < end else -1


# Single bits


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def bits_get(p: cython.p_const_char, n: cython.Py_ssize_t, offset: cython.longlong) -> cython.int:
    """The bit at this offset; 0 outside the string."""
    if offset < 0 or (offset >> 3) >= n:
        return 0
    return (cython.cast(cython.p_const_uchar, p)[offset >> 3] >> (7 - (offset & 7))) & 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def bits_set(p: cython.p_char, n: cython.Py_ssize_t, offset: cython.longlong, bit: cython.bint) -> cython.int:
    """Set the bit at this offset; returns what it was, or -1 and changes nothing outside the string."""
    if offset < 0 or (offset >> 3) >= n:
        return -1
    at: cython.p_uchar = cython.cast(cython.p_uchar, p) + (offset >> 3)
    mask: cython.uchar = 0x80 >> (offset & 7)
    old: cython.int = 1 if at[0] & mask else 0
    at[0] = (at[0] | mask) if bit else (at[0] & ~mask)
    return old


# BITOP


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _mix(operation: cython.int, a: cython.ulonglong, b: cython.ulonglong) -> cython.ulonglong:
    if operation == BITOP_AND:
        return a & b
    if operation == BITOP_OR:
        return a | b
    return a ^ b


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _fold(
    operation: cython.int, out: cython.p_uchar, source: cython.p_const_uchar, n: cython.Py_ssize_t
) -> cython.void:
    """Combine `n` bytes of `source` into `out`. The operation is a constant where this is called, so it is inlined."""
    a: cython.ulonglong
    b: cython.ulonglong
    c: cython.ulonglong
    d: cython.ulonglong
    while n >= 32:
        a = _mix(operation, _load(out), _load(source))
        b = _mix(operation, _load(out + 8), _load(source + 8))
        c = _mix(operation, _load(out + 16), _load(source + 16))
        d = _mix(operation, _load(out + 24), _load(source + 24))
        _store(out, a)
        _store(out + 8, b)
        _store(out + 16, c)
        _store(out + 24, d)
        out += 32
        source += 32
        n -= 32
    while n >= 8:
        _store(out, _mix(operation, _load(out), _load(source)))
        out += 8
        source += 8
        n -= 8
    while n > 0:
        out[0] = cython.cast(cython.uchar, _mix(operation, out[0], source[0]))
        out += 1
        source += 1
        n -= 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _invert(p: cython.p_uchar, n: cython.Py_ssize_t) -> cython.void:
    a: cython.ulonglong
    b: cython.ulonglong
    while n >= 16:
        a = ~_load(p)
        b = ~_load(p + 8)
        _store(p, a)
        _store(p + 8, b)
        p += 16
        n -= 16
    while n > 0:
        p[0] = ~p[0]
        p += 1
        n -= 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _combine_piece(
    operation: cython.int,
    out: cython.p_uchar,
    size: cython.Py_ssize_t,
    source: cython.p_const_uchar,
    n: cython.Py_ssize_t,
) -> cython.void:
    """Combine the `n` bytes of one source into a piece of the result of `size` bytes, zeros following the source."""
    if operation == BITOP_AND:
        _fold(BITOP_AND, out, source, n)
        memset(out + n, 0, size - n)
    elif operation == BITOP_OR:
        _fold(BITOP_OR, out, source, n)
    else:
        _fold(BITOP_XOR, out, source, n)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def bits_combine(
    operation: cython.int,
    out: cython.p_char,
    n: cython.Py_ssize_t,
    sources: cython.pointer[cython.p_const_char],
    lengths: cython.pointer[cython.const[cython.Py_ssize_t]],
    count: cython.Py_ssize_t,
) -> cython.void:
    """Write the AND, OR, XOR or NOT of the sources to `out`, `n` bytes long; a shorter source is filled with zeros.

    `count` is at least 1, and NOT reads only the first source. `out` overlaps none of them.
    """
    start: cython.Py_ssize_t = 0
    i: cython.Py_ssize_t
    while start < n:
        size: cython.Py_ssize_t = min(BITOP_PIECE, n - start)
        piece: cython.p_uchar = cython.cast(cython.p_uchar, out) + start
        have: cython.Py_ssize_t = max(0, min(size, lengths[0] - start))
        if have > 0:
            memcpy(piece, sources[0] + start, have)
        memset(piece + have, 0, size - have)
        if operation == BITOP_NOT:
            _invert(piece, size)
        else:
            for i in range(1, count):
                have = max(0, min(size, lengths[i] - start))
                source: cython.p_const_uchar = cython.cast(cython.p_const_uchar, sources[i])
                _combine_piece(operation, piece, size, source + start if have else piece, have)
        start += size


# Bit fields


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def bits_field_get(
    p: cython.p_const_char, n: cython.Py_ssize_t, offset: cython.longlong, width: cython.int, signed_: cython.bint
) -> cython.longlong:
    """The number of `width` bits (1 to 64; unsigned 1 to 63) at a bit offset of at least 0; zeros follow the string."""
    at: cython.longlong = offset >> 3
    skip: cython.int = offset & 7
    if at >= n:
        return 0
    word: cython.ulonglong = _window(p, n, at) << skip
    if skip + width > 64 and at + 8 < n:
        word |= cython.cast(cython.p_const_uchar, p)[at + 8] >> (8 - skip)
    if signed_:
        return cython.cast(cython.longlong, word) >> (64 - width)
    return cython.cast(cython.longlong, word >> (64 - width))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def bits_field_set(
    p: cython.p_char, n: cython.Py_ssize_t, offset: cython.longlong, width: cython.int, value: cython.longlong
) -> cython.bint:
    """Write the low `width` bits, 1 to 64, of `value` at a bit offset; False, and no change, if they end outside."""
    if offset < 0 or (offset >> 3) >= n or 8 * cython.cast(cython.longlong, n) - offset < width:
        return False
    skip: cython.int = offset & 7
    size: cython.int = (skip + width + 7) >> 3
    bytes_: cython.uchar[9]
    word: cython.ulonglong = 0
    bits: cython.ulonglong = cython.cast(cython.ulonglong, value) << (64 - width)
    mask: cython.ulonglong = _ALL_ONES << (64 - width)
    memset(bytes_, 0, 9)
    memcpy(bytes_, p + (offset >> 3), size)
    memcpy(cython.address(word), bytes_, 8)
    word = __builtin_bswap64((__builtin_bswap64(word) & ~(mask >> skip)) | (bits >> skip))
    memcpy(bytes_, cython.address(word), 8)
    if size == 9:
        bytes_[8] = (bytes_[8] & ~((mask << (8 - skip)) & 0xFF)) | ((bits << (8 - skip)) & 0xFF)
    memcpy(p + (offset >> 3), bytes_, size)
    return True


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _fits(
    value: cython.longlong, increment: cython.longlong, low: cython.longlong, high: cython.longlong
) -> cython.int:
    """0 where low <= value + increment <= high, 1 above, -1 below; by the room that is left, so nothing overflows."""
    if value > high:
        return 1
    if value < low:
        return -1
    start: cython.ulonglong = cython.cast(cython.ulonglong, value)
    step: cython.ulonglong = cython.cast(cython.ulonglong, increment)
    if increment > 0 and step > cython.cast(cython.ulonglong, high) - start:
        return 1
    if increment < 0 and 0 - step > start - cython.cast(cython.ulonglong, low):
        return -1
    return 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def bits_field_add(
    value: cython.longlong,
    increment: cython.longlong,
    width: cython.int,
    signed_: cython.bint,
    overflow: cython.int,
    result: cython.pointer[cython.longlong],
) -> cython.int:
    """Add, in a field of `width` bits: 0 where the sum fits, 1 where it is too large, -1 where it is too small.

    The sum, or what WRAP or SAT make of it, goes to `result`; with FAIL a sum that does not fit leaves `result` alone.
    An increment of 0 checks a value that is to be written. As in Redis, whose replicas have to come to the same bytes,
    a value so far below the field that the distance from the field's highest overflows counts as too large, and so
    does any negative one for an unsigned field: SAT makes them the highest.
    """
    low: cython.longlong
    high: cython.longlong
    outcome: cython.int
    spare: cython.int = 64 - width
    sum_: cython.ulonglong = cython.cast(cython.ulonglong, value) + cython.cast(cython.ulonglong, increment)
    if signed_:
        high = cython.cast(cython.longlong, (_ALL_ONES >> 1) >> spare)
        low = -high - 1
    else:
        high = cython.cast(cython.longlong, _ALL_ONES >> spare)
        low = 0
    if (not signed_ and value < 0) or (signed_ and spare and value < high - _HIGHEST):
        outcome = 1
    else:
        outcome = _fits(value, increment, low, high)
    if outcome == 0:
        result[0] = cython.cast(cython.longlong, sum_)
    elif overflow == OVERFLOW_SAT:
        result[0] = high if outcome > 0 else low
    elif overflow == OVERFLOW_WRAP and signed_:
        result[0] = cython.cast(cython.longlong, sum_ << spare) >> spare
    elif overflow == OVERFLOW_WRAP:
        result[0] = cython.cast(cython.longlong, sum_ & cython.cast(cython.ulonglong, high))
    return outcome


# Python handles, for tests and cold callers. Each works on a heap copy of exactly the given length, so that a
# sanitizer sees any access past it.


@cython.cfunc
def _copy(data: bytes) -> cython.p_char:
    p: cython.p_char = cython.cast(cython.p_char, malloc(len(data) or 1))
    if p == cython.NULL:
        raise MemoryError
    memcpy(p, cython.cast(cython.p_const_char, data), len(data))
    return p


def count(data: bytes, start: cython.longlong = 0, end: cython.longlong = 0x7FFFFFFFFFFFFFFF) -> int:
    """Bits set to one in a half-open range of bits."""
    p: cython.p_char = _copy(data)
    if start == 0 and end == 0x7FFFFFFFFFFFFFFF:
        total: cython.longlong = bits_count(p, len(data))
    else:
        total = bits_count_range(p, len(data), start, end)
    free(p)
    return total


def find(data: bytes, bit: cython.bint, start: cython.longlong = 0, end: cython.longlong = 0x7FFFFFFFFFFFFFFF) -> int:
    """The first bit with this value in a half-open range of bits, or -1."""
    p: cython.p_char = _copy(data)
    found: cython.longlong = bits_find(p, len(data), start, end, bit)
    free(p)
    return found


def get_bit(data: bytes, offset: cython.longlong) -> int:
    """The bit at this offset; 0 outside."""
    p: cython.p_char = _copy(data)
    bit: cython.int = bits_get(p, len(data), offset)
    free(p)
    return bit


def set_bit(data: bytes, offset: cython.longlong, bit: cython.bint) -> tuple[int, bytes]:
    """What the bit was (-1 outside), and the bytes with it set."""
    p: cython.p_char = _copy(data)
    old: cython.int = bits_set(p, len(data), offset, bit)
    after: bytes = p[: len(data)]
    free(p)
    return old, after


def combine(operation: str, sources: list[bytes]) -> bytes:
    """AND, OR, XOR or NOT of one or more strings, as long as the longest."""
    count: cython.Py_ssize_t = len(sources)
    size: cython.Py_ssize_t = len(max(sources, key=len))
    pointers: cython.pointer[cython.p_const_char] = cython.cast(
        cython.pointer[cython.p_const_char], malloc(count * cython.sizeof(cython.p_char))
    )
    lengths: cython.pointer[cython.Py_ssize_t] = cython.cast(
        cython.pointer[cython.Py_ssize_t], malloc(count * cython.sizeof(cython.Py_ssize_t))
    )
    out: cython.p_char = _copy(b"\xa5" * size)
    i: cython.Py_ssize_t
    for i in range(count):
        pointers[i] = _copy(sources[i])
        lengths[i] = len(sources[i])
    bits_combine(("AND", "OR", "XOR", "NOT").index(operation), out, size, pointers, lengths, count)
    result: bytes = out[:size]
    for i in range(count):
        free(cython.cast(cython.p_void, pointers[i]))
    free(pointers)
    free(lengths)
    free(out)
    return result


def get_field(data: bytes, offset: cython.longlong, width: cython.int, signed: cython.bint) -> int:
    """The number of `width` bits at a bit offset."""
    p: cython.p_char = _copy(data)
    value: cython.longlong = bits_field_get(p, len(data), offset, width, signed)
    free(p)
    return value


def set_field(data: bytes, offset: cython.longlong, width: cython.int, value: cython.longlong) -> bytes | None:
    """The bytes with the low `width` bits of `value` at a bit offset, or None where it ends past them."""
    p: cython.p_char = _copy(data)
    done: cython.bint = bits_field_set(p, len(data), offset, width, value)
    after: bytes = p[: len(data)]
    free(p)
    return after if done else None


def add_field(
    value: cython.longlong, increment: cython.longlong, width: cython.int, signed: cython.bint, overflow: str
) -> tuple[int, int | None]:
    """How the sum fits (0, 1 above, -1 below), and the result, which is None where FAIL refuses it."""
    result: cython.longlong = 0
    mode: cython.int = ("WRAP", "SAT", "FAIL").index(overflow)
    outcome: cython.int = bits_field_add(value, increment, width, signed, mode, cython.address(result))
    return outcome, None if outcome and mode == OVERFLOW_FAIL else result
