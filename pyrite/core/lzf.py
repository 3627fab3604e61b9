"""LZF: the fast compression of strings in RDB files, DUMP payloads and the middle nodes of lists.

The stream is LibLZF's, as Redis uses it, and each can read what the other wrote. It consists of

    000nnnnn                                n + 1 literals follow, 1 to 32
    lllddddd            dddddddd            a match of l + 2 bytes, l from 1 to 6
    111ddddd llllllll   dddddddd            a match of l + 9 bytes, up to 264

where a match repeats what stands d + 1 bytes before, 1 to 8,192 bytes, high bits first. A match may reach into itself,
and so repeat a pattern. The stream does not tell how long its content is; whoever stores it does.

The compressor keeps the last place of every hash of three bytes in a table on the stack, sized by the input, and takes
the first match that it meets. Where matches are rare its steps grow, so that what cannot be compressed costs little.
Words are read little-endian.

Speed (AMD EPYC at 2.4 GHz, busy; LibLZF in the same run in brackets): text of common words compresses at 320 MB/s
(280) and decompresses at 750 to 900 (450 to 490), C source at 330 (300) and 880 (520), JSON at 550 (590) and 1,330
(800), to within 2 percent of LibLZF's size; random bytes are given up at 2 GB/s.
"""

import cython
from cython.cimports.libc.stdint import uint16_t, uint32_t, uint64_t
from cython.cimports.libc.string import memcpy, memset


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _load32(p: cython.p_const_uchar) -> uint32_t:
    word: uint32_t = 0
    memcpy(cython.address(word), p, 4)
    return word


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _load64(p: cython.p_const_uchar) -> uint64_t:
    word: uint64_t = 0
    memcpy(cython.address(word), p, 8)
    return word


# Compression


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _hash(three: uint32_t, shift: cython.int) -> uint32_t:
    """Hash of the low three bytes, multiplied by 2**32 over the golden ratio."""
    return cython.cast(uint32_t, cython.cast(uint32_t, three << 8) * cython.cast(uint32_t, 2654435761)) >> shift


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _match_length(p: cython.p_const_uchar, back: cython.Py_ssize_t, limit: cython.Py_ssize_t) -> cython.Py_ssize_t:
    """How many bytes at `p`, three or more and at most `limit`, repeat those `back` bytes before."""
    n: cython.Py_ssize_t = LZF_MATCH_MIN
    difference: uint64_t
    while n + 8 <= limit:
        difference = _load64(p + n) ^ _load64(p + n - back)
        if difference:
            return n + (__builtin_ctzll(difference) >> 3)
        n += 8
    while n < limit and p[n] == p[n - back]:
        n += 1
    return n


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _put_literals(
    out: cython.p_uchar, room: cython.Py_ssize_t, p: cython.p_const_uchar, n: cython.Py_ssize_t, left: cython.Py_ssize_t
) -> cython.p_uchar:
    """Write `n` bytes as runs of literals; returns where they end, or NULL where they take more than `room` bytes.

    `left` bytes can be read at `p`, and up to `room` may be written, so a short run is a copy of fixed size.
    """
    run: cython.Py_ssize_t
    if room < n + ((n + LZF_LITERALS_MAX - 1) >> 5):
        return cython.NULL
    if 0 < n <= LZF_LITERALS_MAX and room > LZF_LITERALS_MAX and left >= LZF_LITERALS_MAX:
        out[0] = cython.cast(cython.uchar, n - 1)
        memcpy(out + 1, p, LZF_LITERALS_MAX)
        return out + 1 + n
    while n:
        run = n if n < LZF_LITERALS_MAX else LZF_LITERALS_MAX
        out[0] = cython.cast(cython.uchar, run - 1)
        memcpy(out + 1, p, run)
        out += run + 1
        p += run
        n -= run
    return out


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _put_match(out: cython.p_uchar, back: cython.Py_ssize_t, n: cython.Py_ssize_t) -> cython.p_uchar:
    """Write a match, of at most three bytes; returns where it ends."""
    back -= 1
    n -= 2
    if n < 7:
        out[0] = cython.cast(cython.uchar, (n << 5) | (back >> 8))
    else:
        out[0] = cython.cast(cython.uchar, (7 << 5) | (back >> 8))
        out[1] = cython.cast(cython.uchar, n - 7)
        out += 1
    out[1] = cython.cast(cython.uchar, back & 255)
    return out + 2


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _table_bits(n: cython.Py_ssize_t) -> cython.int:
    """Bits of the hash: twice as many places as bytes, within 256 and what the first cache level holds."""
    bits: cython.int = 8
    while bits < LZF_TABLE_BITS and cython.cast(cython.Py_ssize_t, 1) << (bits - 1) < n:
        bits += 1
    return bits


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lzf_compress(
    data: cython.p_const_void, n: cython.Py_ssize_t, out: cython.p_void, capacity: cython.Py_ssize_t
) -> cython.Py_ssize_t:
    """Compress into at most `capacity` bytes, as a rule fewer than `n`; returns how many, 0 where it needs more."""
    # The low 16 bits of offsets: the window is shorter, so they tell an offset apart from all others that count.
    table: uint16_t[16384]
    start: cython.p_const_uchar = cython.cast(cython.p_const_uchar, data)
    target: cython.p_uchar = cython.cast(cython.p_uchar, out)
    end: cython.p_uchar = target + capacity
    at: cython.Py_ssize_t = 1
    literals: cython.Py_ssize_t = 0  # where the bytes begin that no match has covered
    back: cython.Py_ssize_t
    length: cython.Py_ssize_t
    word: uint32_t
    place: uint32_t
    if n < LZF_INPUT_MIN or capacity <= 0:
        return 0
    shift: cython.int = 32 - _table_bits(n)
    memset(table, 0, cython.cast(cython.size_t, 2) << (32 - shift))
    while at + 4 <= n:
        word = _load32(start + at)
        place = _hash(word, shift)
        back = cython.cast(uint16_t, at - table[place])
        table[place] = cython.cast(uint16_t, at)
        # An empty place reads as offset 0, or one in step with it: no special case, as the bytes are compared.
        if back == 0 or back > LZF_WINDOW or back > at or (_load32(start + at - back) ^ word) & 0xFFFFFF:
            length = (at - literals) >> 6
            at += 1 + (length if length < LZF_STEP_MAX else LZF_STEP_MAX)
            continue
        length = _match_length(start + at, back, n - at if n - at < LZF_MATCH_MAX else LZF_MATCH_MAX)
        target = _put_literals(target, end - target, start + literals, at - literals, n - literals)
        if target == cython.NULL or end - target < 2 + (length > 8):
            return 0
        target = _put_match(target, back, length)
        at += length
        literals = at
        if at + 2 <= n:
            # Two places inside the match are remembered as well: text compresses better for it.
            word = _load32(start + at - 2)
            table[_hash(word, shift)] = cython.cast(uint16_t, at - 2)
            table[_hash(word >> 8, shift)] = cython.cast(uint16_t, at - 1)
    target = _put_literals(target, end - target, start + literals, n - literals, n - literals)
    return 0 if target == cython.NULL else target - cython.cast(cython.p_uchar, out)


# Decompression


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _repeat(out: cython.p_uchar, back: cython.Py_ssize_t, n: cython.Py_ssize_t, room: cython.Py_ssize_t) -> cython.void:
    """Write `n` bytes that repeat what stands `back` bytes before; may write more, within `room` bytes."""
    i: cython.Py_ssize_t = 0
    if back == 1:
        memset(out, (out - 1)[0], n)
    elif back >= 16 and room - n >= 32:
        # Most matches are short, and two copies without a branch cost less than to ask how many it takes.
        memcpy(out, out - back, 16)
        memcpy(out + 16, out + 16 - back, 16)
        i = 32
        while i < n:
            memcpy(out + i, out + i - back, 16)
            i += 16
    elif back >= 8 and room - n >= 8:
        while i < n:
            memcpy(out + i, out + i - back, 8)
            i += 8
    else:
        while i < n:
            out[i] = (out + i - back)[0]
            i += 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lzf_decompress(
    data: cython.p_const_void, n: cython.Py_ssize_t, out: cython.p_void, capacity: cython.Py_ssize_t
) -> cython.Py_ssize_t:
    """Decompress into at most `capacity` bytes; returns how many it were, or -1 where the stream is wrong or longer.

    The stream may hold anything: no byte outside of it and of the room is read or written.
    """
    p: cython.p_const_uchar = cython.cast(cython.p_const_uchar, data)
    end: cython.p_const_uchar = p + n
    target: cython.p_uchar = cython.cast(cython.p_uchar, out)
    room: cython.Py_ssize_t = capacity
    head: cython.Py_ssize_t
    length: cython.Py_ssize_t
    back: cython.Py_ssize_t
    while p < end:
        head = p[0]
        p += 1
        if head < 32:
            length = head + 1
            if end - p < length or room < length:
                return -1
            if end - p >= LZF_LITERALS_MAX and room >= LZF_LITERALS_MAX:
                # A copy of fixed size is a few instructions; what it writes too much is written over.
                memcpy(target, p, LZF_LITERALS_MAX)
            else:
                memcpy(target, p, length)
            p += length
        else:
            length = (head >> 5) + 2
            if length == 9:
                if p == end:
                    return -1
                length += p[0]
                p += 1
            if p == end:
                return -1
            back = ((head & 31) << 8) + p[0] + 1
            p += 1
            if back > capacity - room or room < length:
                return -1
            _repeat(target, back, length, room)
        target += length
        room -= length
    return capacity - room


# Python handles, for tests and cold callers


def compress(data: bytes, capacity: int | None = None) -> bytes | None:
    """The compressed data; None where it takes more than `capacity` bytes, as a rule one less than the data."""
    room: cython.Py_ssize_t = max(len(data) - 1, 0) if capacity is None else capacity
    out: bytearray = bytearray(room)
    size: cython.Py_ssize_t = lzf_compress(
        cython.cast(cython.p_const_char, data), len(data), cython.cast(cython.p_char, out), room
    )
    return bytes(out[:size]) if size else None


def decompress(data: bytes, capacity: cython.Py_ssize_t) -> bytes | None:
    """The content of a stream; None where it is wrong, or longer than `capacity` bytes."""
    out: bytearray = bytearray(capacity)
    size: cython.Py_ssize_t = lzf_decompress(
        cython.cast(cython.p_const_char, data), len(data), cython.cast(cython.p_char, out), capacity
    )
    return None if size < 0 else bytes(out[:size])
