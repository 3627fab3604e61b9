"""Listpack as a Python list, and its format from the table of heads: for the core's to be held against."""

import re
import struct

Value = bytes | int

HEADER = struct.Struct("<IH")
CANONICAL = re.compile(rb"(0|-?[1-9][0-9]{0,18})\Z")
# The bytes of the part before the backlen at which the backlen takes one more byte.
BACKLEN_STEPS = (128, 16383, 2097151, 268435455)
WIDTHS = {0xF1: 2, 0xF2: 3, 0xF3: 4, 0xF4: 8}


def stored(value: Value) -> Value:
    """Return what a value is stored as: an integer where it is the canonical text of one of 64 bits."""
    if isinstance(value, bytes) and CANONICAL.match(value) and -(2**63) <= int(value) < 2**63:
        return int(value)
    return value


def text(value: Value) -> bytes:
    """Return the text of what is stored."""
    return value if isinstance(value, bytes) else b"%d" % value


def body(value: Value) -> bytes:
    """Return head and rest of an element."""
    if isinstance(value, bytes):
        n = len(value)
        if n < 64:
            return bytes([0x80 | n]) + value
        if n < 4096:
            return (0xE000 | n).to_bytes(2, "big") + value
        return b"\xf0" + n.to_bytes(4, "little") + value
    if 0 <= value < 128:
        return bytes([value])
    if -(2**12) <= value < 2**12:
        return (0xC000 | (value & 0x1FFF)).to_bytes(2, "big")
    head, width = next(
        (head, width) for head, width in WIDTHS.items() if -(2 ** (8 * width - 1)) <= value < 2 ** (8 * width - 1)
    )
    return bytes([head]) + value.to_bytes(width, "little", signed=True)


def backlen(n: int) -> bytes:
    """Return the backlen of an element whose body has `n` bytes."""
    size = 1 + sum(n >= step for step in BACKLEN_STEPS)
    groups = [n >> 7 * i & 127 for i in reversed(range(size))]
    return bytes([groups[0], *(group | 128 for group in groups[1:])])


def element(value: Value) -> bytes:
    """Return the bytes of an element."""
    encoded = body(value)
    return encoded + backlen(len(encoded))


def encode(values: list[Value], count: int | None = None) -> bytes:
    """Return the bytes of a listpack of what is stored; `count` is that of the header, if another."""
    data = b"".join(element(value) for value in values)
    return HEADER.pack(len(data) + 7, min(len(values) if count is None else count, 65535)) + data + b"\xff"


def take(data: bytes) -> tuple[Value, bytes]:
    """Return the first of elements, and the bytes after it; whatever is no element raises ValueError or IndexError."""
    head = data[0]
    value: Value
    if head < 0x80:
        value, n = head, 1
    elif 0xC0 <= head < 0xE0:
        value, n = ((head & 31) << 8 | data[1]) - (8192 if head & 16 else 0), 2
    elif head in WIDTHS:
        n = 1 + WIDTHS[head]
        value = int.from_bytes(data[1:n], "little", signed=True)
    elif head <= 0xF0:
        start = 1 if head < 0xC0 else 2 if head < 0xF0 else 5
        length = (
            head & 63
            if start == 1
            else (head & 15) << 8 | data[1]
            if start == 2
            else int.from_bytes(data[1:5], "little")
        )
        n = start + length
        value = data[start:n]
    else:
        raise ValueError(head)
    end = n + len(backlen(n))
    if len(data) < end or data[n:end] != backlen(n):
        raise ValueError("backlen")
    return value, data[end:]


def decode(data: bytes) -> list[Value]:
    """Return the elements of a listpack; whatever is none raises ValueError."""
    if len(data) < 7:
        raise ValueError("short")
    total, count = HEADER.unpack(data[:6])
    if total != len(data) or data[-1] != 0xFF:
        raise ValueError("header or end")
    rest, values = data[6:-1], []
    try:
        while rest:
            value, rest = take(rest)
            values.append(value)
    except IndexError:
        raise ValueError("cut short") from None
    if count not in (len(values), 65535):
        raise ValueError("count")
    return values


def is_valid(data: bytes) -> bool:
    """Tell whether the bytes are a listpack."""
    try:
        decode(data)
    except ValueError:
        return False
    return True


def find(values: list[Value], needle: bytes, start: int, skip: int) -> int:
    """Return the index of the first of every `skip` + 1 elements from `start` on that is this string, or -1."""
    return next((i for i in range(start, len(values), skip + 1) if text(values[i]) == needle), -1)
