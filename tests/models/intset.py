"""Intset as a Python set, and its format: for the core's to be held against."""

import struct


class IntSet:
    """A set of integers that remembers how wide they have had to be."""

    def __init__(self) -> None:
        """Start empty."""
        self.members: set[int] = set()
        self.width = 2

    def add(self, v: int) -> bool:
        """Add an integer; True where it was new."""
        self.width = max(self.width, width_of(v))
        new = v not in self.members
        self.members.add(v)
        return new

    def remove(self, v: int) -> bool:
        """Remove an integer; True where it was there."""
        there = v in self.members
        self.members.discard(v)
        return there

    def encode(self) -> bytes:
        """Return its bytes."""
        return encode(sorted(self.members), self.width)


def width_of(v: int) -> int:
    """Return the bytes that an integer takes."""
    return next(width for width in (2, 4, 8) if -(2 ** (8 * width - 1)) <= v < 2 ** (8 * width - 1))


def encode(members: list[int], width: int) -> bytes:
    """Return the bytes of a set."""
    return struct.pack("<II", width, len(members)) + b"".join(v.to_bytes(width, "little", signed=True) for v in members)


def is_valid(data: bytes) -> bool:
    """Tell whether the bytes are a set that is not empty."""
    if len(data) < 8:
        return False
    width, count = struct.unpack("<II", data[:8])
    if width not in (2, 4, 8) or count == 0 or len(data) != 8 + count * width:
        return False
    members = [int.from_bytes(data[i : i + width], "little", signed=True) for i in range(8, len(data), width)]
    return members == sorted(set(members))
