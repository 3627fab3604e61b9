"""LZF: what is compressed comes back, and streams that lie are found out."""

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pyrite.core.lzf import compress, decompress
from tests.models import lzf as model

WORDS = [
    b"the ",
    b"quick ",
    b"brown ",
    b"fox ",
    b"jumps ",
    b"over ",
    b"a ",
    b"lazy ",
    b"dog. ",
    b"key:",
    b"value",
    b"\r\n",
]
prose = st.lists(st.sampled_from(WORDS), max_size=200).map(b"".join)
patterns = st.builds(lambda data, times: data * times, st.binary(min_size=1, max_size=20), st.integers(1, 60))
mixed = st.lists(st.binary(max_size=40) | patterns | prose, max_size=8).map(b"".join)
literals = st.binary(min_size=1, max_size=32).map(lambda data: bytes([len(data) - 1]) + data)


def match(length: int, back: int) -> bytes:
    """Return the opcode of a match."""
    high, low = divmod(back - 1, 256)
    if length < 9:
        return bytes([(length - 2) << 5 | high, low])
    return bytes([0xE0 | high, length - 9, low])


matches = st.builds(match, st.integers(3, 264), st.integers(1, 60) | st.integers(1, 8192))


def assert_round_trip(data: bytes) -> int:
    """Compress and decompress; returns the compressed size, or that of the data where it gave up."""
    stream = compress(data)
    if stream is None:
        return len(data)
    assert 0 < len(stream) < len(data)
    assert decompress(stream, len(data)) == model.decompress(stream) == data
    assert decompress(stream, len(data) + 100) == data
    assert decompress(stream, len(data) - 1) is None
    # The room it needs is the room it takes.
    assert compress(data, len(stream)) == stream
    assert compress(data, len(stream) - 1) is None
    return len(stream)


@given(mixed)
@example(b"")
@example(b"aaaa")
@example(b"a" * 264)
@example(b"a" * 265)
@example(b"a" * 268)
@example(bytes(range(256)) * 2)
def test_round_trip(data: bytes) -> None:
    assert_round_trip(data)


@pytest.mark.parametrize("back", [1, 2, 7, 8, 9, 15, 16, 17, 255, 256, 257, 8190, 8191, 8192, 8193])
@pytest.mark.parametrize("length", [3, 8, 9, 263, 264, 265, 600])
def test_matches_of_every_kind(back: int, length: int) -> None:
    source = random.Random(back)
    pattern = source.randbytes(back)
    assert_round_trip(pattern + (pattern * (length // back + 1))[:length] + source.randbytes(20))


@pytest.mark.parametrize("n", [65_535, 65_536, 65_537, 131_072, 300_000])
def test_offsets_beyond_those_that_the_table_keeps(n: int) -> None:
    source = random.Random(n)
    text = b"start of some text, " * 10
    # The zeros pay for what the random bytes cost.
    data = source.randbytes(n) + text + source.randbytes(70_000) + text + bytes(20_000)
    assert assert_round_trip(data) < len(data)
    words = b"".join(source.choice(WORDS) for _ in range(n // 4))
    assert assert_round_trip(words) < len(words) * 0.4


def test_random_bytes_are_given_up() -> None:
    source = random.Random(1)
    for n in (0, 1, 2, 3, 4, 20, 1000, 100_000):
        assert compress(source.randbytes(n)) is None


def test_one_byte_repeated_becomes_a_hundredth() -> None:
    assert assert_round_trip(b"x" * 100_000) < 1200


def test_equal_data_compress_alike() -> None:
    data = b"".join(random.Random(5).choice(WORDS) for _ in range(2000))
    first = compress(data)
    compress(data[::-1])
    assert compress(data) == first


@given(st.lists(literals | matches, max_size=12).map(b"".join), st.binary(max_size=2), st.integers(0, 4000))
@example(b"", b"", 0)
@example(b"\x00a\x20\x00", b"", 4)
@example(b"\x00a\x20\x01", b"", 4)
@example(b"\x00a\xe0\xff\x00", b"", 265)
@example(b"\x20\x00", b"", 100)
@example(b"\xe0", b"", 100)
@example(b"\xe0\x00", b"", 100)
@example(b"\x1f" + b"x" * 31, b"", 100)
def test_any_stream_is_read_as_the_model_reads_it(stream: bytes, tail: bytes, capacity: int) -> None:
    stream += tail
    expected = model.decompress(stream)
    if expected is not None and len(expected) > capacity:
        expected = None
    assert decompress(stream, capacity) == expected


@given(st.binary(max_size=60), st.integers(0, 300))
def test_any_bytes(stream: bytes, capacity: int) -> None:
    expected = model.decompress(stream)
    assert decompress(stream, capacity) == (None if expected is None or len(expected) > capacity else expected)


@given(mixed, st.data())
def test_damaged_streams(data: bytes, draw: st.DataObject) -> None:
    stream = bytearray(compress(data) or b"\x00a")
    stream[draw.draw(st.integers(0, len(stream) - 1))] = draw.draw(st.integers(0, 255))
    expected = model.decompress(bytes(stream))
    capacity = len(data) + 10
    assert decompress(bytes(stream), capacity) == (None if expected is None or len(expected) > capacity else expected)
