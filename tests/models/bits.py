"""Bit operations in plain Python: a string of bytes is a string of the characters 0 and 1."""

from functools import reduce
from operator import and_, or_, xor

OPERATIONS = {"AND": and_, "OR": or_, "XOR": xor}


def text(data: bytes) -> str:
    """Return the bits of some bytes, from left to right."""
    return "".join(f"{byte:08b}" for byte in data)


def untext(bits: str) -> bytes:
    """Return the bytes that have these bits; their number is a multiple of eight."""
    return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))


def count(data: bytes, start: int, end: int) -> int:
    """Count the ones in a half-open range of bits; a range that starts before bit 0 is cut."""
    return text(data)[max(start, 0) : max(end, 0)].count("1")


def find(data: bytes, bit: int, start: int, end: int) -> int:
    """Return the first position of a bit value in a half-open range of bits, or -1."""
    return text(data).find(str(bit), max(start, 0), max(end, 0))


def set_bit(data: bytes, offset: int, bit: int) -> tuple[int, bytes]:
    """Return what a bit was, and the bytes with it set; -1 and the same bytes outside."""
    bits = text(data)
    if not 0 <= offset < len(bits):
        return -1, data
    return int(bits[offset]), untext(bits[:offset] + str(bit) + bits[offset + 1 :])


def combine(operation: str, sources: list[bytes]) -> bytes:
    """Return the result of BITOP, shorter sources filled with zeros."""
    if operation == "NOT":
        return bytes(255 - byte for byte in sources[0])
    size = max(map(len, sources))
    padded = [source.ljust(size, b"\0") for source in sources]
    return bytes(reduce(OPERATIONS[operation], column) for column in zip(*padded, strict=True))


def get_field(data: bytes, offset: int, width: int, *, signed: bool) -> int:
    """Return the number at a bit offset; zeros follow the bytes."""
    bits = text(data)[offset : offset + width].ljust(width, "0")
    return int(bits, 2) - (1 << width if signed and bits[0] == "1" else 0)


def set_field(data: bytes, offset: int, width: int, value: int) -> bytes | None:
    """Return the bytes with the low bits of a value at a bit offset; None where they end past the bytes."""
    bits = text(data)
    if offset < 0 or offset + width > len(bits):
        return None
    return untext(bits[:offset] + f"{value % (1 << width):0{width}b}" + bits[offset + width :])


def add_field(value: int, increment: int, width: int, overflow: str, *, signed: bool) -> tuple[int, int | None]:
    """Return how value + increment fits the field (0, 1 above, -1 below) and what it becomes."""
    low, high = (-(1 << (width - 1)), (1 << (width - 1)) - 1) if signed else (0, (1 << width) - 1)
    total = value + increment
    outcome = (total > high) - (total < low)
    if not signed and value < 0:
        # An unsigned field sees the value as a 64-bit pattern, which is too large.
        outcome = 1
    if signed and width < 64 and high - value >= 1 << 63:
        # The distance from the highest wraps round and looks like no room at all.
        outcome = 1
    if outcome == 0:
        return 0, total
    if overflow == "FAIL":
        return outcome, None
    if overflow == "SAT":
        return outcome, high if outcome > 0 else low
    wrapped = total % (1 << width)
    return outcome, wrapped - (1 << width) if wrapped > high else wrapped
