"""Bit operations, held against the plain-Python model and at the edges of words, pieces and types."""

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pyrite.core import bits
from tests.models import bits as model

INT64_MIN = -(1 << 63)
INT64_MAX = (1 << 63) - 1
int64 = st.integers(INT64_MIN, INT64_MAX) | st.sampled_from([INT64_MIN, -1, 0, 1, INT64_MAX])
# Long enough to reach the loops over blocks of 128 bytes and their remainders, with long runs of zeros and ones.
data = st.binary(max_size=40) | st.lists(
    st.tuples(st.sampled_from([b"\0", b"\xff"]) | st.binary(min_size=1, max_size=3), st.integers(1, 140)), max_size=5
).map(lambda parts: b"".join(part * times for part, times in parts))
position = st.integers(-3, 2000) | int64


@given(data)
def test_count_of_all(value: bytes) -> None:
    """Counting everything is counting the ones."""
    assert bits.count(value) == model.text(value).count("1")


@given(data, position, position)
@example(b"\xff", 0, 8)
@example(b"\xff" * 3, 3, 5)
@example(b"\xff", INT64_MIN, INT64_MAX - 1)
def test_count_of_range(value: bytes, start: int, end: int) -> None:
    """Ranges are half-open, cut to the string, and may be upside down."""
    assert bits.count(value, start, end) == model.count(value, start, end)


@given(data, st.integers(0, 1), position, position)
@example(b"\0" * 40 + b"\x01", 1, 0, INT64_MAX)
@example(b"\xff" * 40 + b"\xfe", 0, 1, INT64_MAX)
@example(b"\0" * 9, 1, 3, 72)
@example(b"\x01", 1, 0, 7)
def test_find(value: bytes, bit: int, start: int, end: int) -> None:
    """The first such bit of the range is found, and none outside of it."""
    assert bits.find(value, bit, start, end) == model.find(value, bit, start, end)


@pytest.mark.parametrize("size", range(1, 140, 7))
@pytest.mark.parametrize("bit", [0, 1])
def test_find_every_position(size: int, bit: int) -> None:
    """A lone bit is found wherever it stands, and no longer once the range starts behind it or ends before it."""
    for place in range(size * 8):
        lone = bytearray(size) if bit else bytearray(b"\xff" * size)
        lone[place >> 3] ^= 0x80 >> (place & 7)
        value = bytes(lone)
        assert bits.find(value, bit) == place
        assert bits.find(value, bit, place) == place
        assert bits.find(value, bit, place + 1) == -1
        assert bits.find(value, bit, 0, place) == -1


@given(st.binary(max_size=20), position, st.integers(0, 1))
def test_get_and_set_bit(value: bytes, offset: int, bit: int) -> None:
    """Setting returns the old bit and changes that one alone; outside nothing happens and zeros are read."""
    old, after = model.set_bit(value, offset, bit)
    assert bits.set_bit(value, offset, bit) == (old, after)
    assert bits.get_bit(value, offset) == max(old, 0)


@given(st.sampled_from(["AND", "OR", "XOR", "NOT"]), st.lists(data, min_size=1, max_size=5))
@example("AND", [b"\xff" * 50, b"\xff" * 9])
@example("OR", [b"", b"\x01"])
@example("NOT", [b"", b"\x01"])
def test_combine(operation: str, sources: list[bytes]) -> None:
    """BITOP, over sources of any lengths."""
    sources = sources[:1] if operation == "NOT" else sources
    assert bits.combine(operation, sources) == model.combine(operation, sources)


@pytest.mark.parametrize("operation", ["AND", "OR", "XOR", "NOT"])
def test_combine_across_pieces(operation: str) -> None:
    """Sources that end before, at and after the pieces that the work is cut into."""
    source = random.Random(1)
    sources = [source.randbytes(size) for size in (30011, 8192, 16384, 8191, 16385, 0)]
    sources = sources[:1] if operation == "NOT" else sources
    assert bits.combine(operation, sources) == model.combine(operation, sources)


@given(st.binary(max_size=24), st.integers(0, 200), st.integers(1, 64), st.booleans())
def test_get_field(value: bytes, offset: int, width: int, signed: bool) -> None:
    """A field of any width at any offset, zeros after the end."""
    width = width if signed else min(width, 63)
    assert bits.get_field(value, offset, width, signed) == model.get_field(value, offset, width, signed=signed)


@given(st.binary(max_size=24), st.integers(-2, 200) | int64, st.integers(1, 64), int64)
@example(bytes(9), 7, 64, -1)
@example(b"\xff" * 9, 1, 64, 0)
def test_set_field(value: bytes, offset: int, width: int, number: int) -> None:
    """Only the field's own bits change, and nothing where it does not fit the string."""
    assert bits.set_field(value, offset, width, number) == model.set_field(value, offset, width, number)


@given(int64, int64, st.integers(1, 64), st.sampled_from(["WRAP", "SAT", "FAIL"]))
@example(INT64_MAX, 1, 64, "SAT")
@example(INT64_MIN, INT64_MIN, 64, "WRAP")
@example(-1, INT64_MIN, 64, "SAT")
@example(0, INT64_MIN, 1, "WRAP")
def test_add_signed(value: int, increment: int, width: int, overflow: str) -> None:
    """Sums of a field's own values, checked to the last bit."""
    low = -(1 << (width - 1))
    value = (value - low) % (1 << width) + low
    expected = model.add_field(value, increment, width, overflow, signed=True)
    assert bits.add_field(value, increment, width, True, overflow) == expected


@given(st.integers(0, INT64_MAX), int64, st.integers(1, 63), st.sampled_from(["WRAP", "SAT", "FAIL"]))
@example(INT64_MAX, 1, 63, "WRAP")
@example(INT64_MAX, INT64_MIN, 63, "SAT")
@example(INT64_MAX, -INT64_MAX, 63, "FAIL")
def test_add_unsigned(value: int, increment: int, width: int, overflow: str) -> None:
    """Sums of a field's own values, checked to the last bit."""
    value %= 1 << width
    expected = model.add_field(value, increment, width, overflow, signed=False)
    assert bits.add_field(value, increment, width, False, overflow) == expected


@given(int64, st.integers(1, 64), st.booleans(), st.sampled_from(["WRAP", "SAT", "FAIL"]))
@example(-1, 8, False, "SAT")
@example(-1, 63, False, "WRAP")
@example(INT64_MIN, 50, True, "SAT")
@example(INT64_MIN + (1 << 49) - 1, 50, True, "SAT")
@example(INT64_MIN + (1 << 49), 50, True, "SAT")
@example(INT64_MIN, 64, True, "SAT")
def test_value_to_be_written(value: int, width: int, signed: bool, overflow: str) -> None:
    """Any 64-bit number may be written to any field, and is fitted to it."""
    width = width if signed else min(width, 63)
    expected = model.add_field(value, 0, width, overflow, signed=signed)
    assert bits.add_field(value, 0, width, signed, overflow) == expected
