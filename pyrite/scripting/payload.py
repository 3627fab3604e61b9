"""Libraries as bytes: what FUNCTION DUMP gives and FUNCTION RESTORE takes, in Redis's format, both ways.

    for each library    1 byte    245, the code of a library in RDB
                        string    the library's text, in RDB's form
    at the end          2 bytes   version of RDB, the lowest byte first
                        8 bytes   CRC-64 of all before it, the lowest byte first

A string in RDB's form is its length, then its bytes. The two highest bits of the length's first byte say its form:

    0     6 bits of length            2     0x80: 4 bytes, 0x81: 8 bytes of length, the highest first
    1     14 bits, the highest first  3     0xc0, c1, c2: an integer of 1, 2, 4 bytes, the lowest first, for its digits
                                            0xc3: LZF; two lengths, of the compressed and of the plain bytes, then those

Specification: rdb.c of Redis 7.2, functions about strings and lengths.
"""

from __future__ import annotations

import struct

from pyrite.core.crc import checksum
from pyrite.core.errors import CommandError
from pyrite.core.lzf import compress, decompress

# The version that a payload needs, not the newest one: so that every Redis 7 can restore it.
WRITTEN_VERSION = 10
READ_VERSION_MAX = 12
LIBRARY = 245
LIBRARY_BEFORE_7 = 246
FOOTER_BYTES = 10
# Shorter strings are not worth compressing.
COMPRESS_MIN = 21
# A library's text comes from a client, so it can be no longer than what clients may send.
PLAIN_MAX = 512 * 1024 * 1024

WRONG_FOOTER = b"ERR DUMP payload version or checksum are wrong"
NO_LIBRARY = b"ERR given type is not a function"
BEFORE_7 = b"ERR Pre-GA function format not supported"
UNREADABLE = b"ERR Failed loading library payload"


def dump(texts: list[bytes]) -> bytes:
    """Libraries, each given by its text, as one payload."""
    body = b"".join(bytes([LIBRARY]) + _pack_string(text) for text in texts)
    body += struct.pack("<H", WRITTEN_VERSION)
    return body + struct.pack("<Q", checksum(body))


def restore(payload: bytes) -> list[bytes]:
    """The texts of the libraries in a payload. Raises CommandError."""
    if len(payload) < FOOTER_BYTES:
        raise CommandError(WRONG_FOOTER)
    version, expected = struct.unpack("<HQ", payload[-FOOTER_BYTES:])
    if version > READ_VERSION_MAX or expected != checksum(payload[:-8]):
        raise CommandError(WRONG_FOOTER)
    reader = _Reader(payload[:-FOOTER_BYTES])
    texts = []
    while reader.left:
        kind = reader.take(1)[0]
        if kind == LIBRARY_BEFORE_7:
            raise CommandError(BEFORE_7)
        if kind != LIBRARY:
            raise CommandError(NO_LIBRARY)
        texts.append(reader.string())
    return texts


def _pack_length(length: int) -> bytes:
    if length < 1 << 6:
        return bytes([length])
    if length < 1 << 14:
        return struct.pack(">H", length | 1 << 14)
    if length < 1 << 32:
        return b"\x80" + struct.pack(">I", length)
    return b"\x81" + struct.pack(">Q", length)


def _pack_string(text: bytes) -> bytes:
    if len(text) >= COMPRESS_MIN:
        packed = compress(text)
        if packed is not None:
            return b"\xc3" + _pack_length(len(packed)) + _pack_length(len(text)) + packed
    return _pack_length(len(text)) + text


class _Reader:
    """Reads strings in RDB's form; whatever is not there or makes no sense raises CommandError."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        """Bytes that are still to be read."""
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        """The next bytes."""
        if count > self.left:
            raise CommandError(UNREADABLE)
        self._at += count
        return self._data[self._at - count : self._at]

    def _length(self) -> tuple[int, bool]:
        """The next length, or the form of the string that has none, and which of these it is."""
        first = self.take(1)[0]
        form = first >> 6
        if form == 0:
            return first, False
        if form == 1:
            return (first & 63) << 8 | self.take(1)[0], False
        if form == 3:
            return first & 63, True
        if first == 0x80:
            return int.from_bytes(self.take(4), "big"), False
        if first == 0x81:
            return int.from_bytes(self.take(8), "big"), False
        raise CommandError(UNREADABLE)

    def _plain_length(self) -> int:
        length, is_form = self._length()
        if is_form:
            raise CommandError(UNREADABLE)
        return length

    def string(self) -> bytes:
        """The next string."""
        length, is_form = self._length()
        if not is_form:
            return self.take(length)
        if length < 3:
            return b"%d" % int.from_bytes(self.take(1 << length), "little", signed=True)
        if length != 3:
            raise CommandError(UNREADABLE)
        packed_bytes, plain_bytes = self._plain_length(), self._plain_length()
        packed = self.take(packed_bytes)
        # What LZF can make of a byte is bounded, so no short payload asks for much memory.
        if plain_bytes > min(PLAIN_MAX, packed_bytes * 300):
            raise CommandError(UNREADABLE)
        plain = decompress(packed, plain_bytes)
        if plain is None:
            raise CommandError(UNREADABLE)
        return plain
