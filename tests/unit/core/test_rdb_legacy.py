"""Ziplists and zipmaps become listpacks, and whatever is none is refused."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite.core.memory import used_memory
from pyrite.core.rdb_legacy import from_ziplist, from_zipmap
from tests.models import listpack
from tests.models.rdb import ziplist, zipmap

EDGES = [edge + step for power in (0, 7, 15, 23, 31, 63) for edge in (2**power, -(2**power)) for step in (-1, 0, 1)]
integers = st.sampled_from([v for v in [*EDGES, 12, 13] if -(2**63) <= v < 2**63])
sized = st.sampled_from([0, 1, 62, 63, 64, 245, 253, 254, 16383, 16384]).map(lambda n: b"s" * n)
values = st.binary(max_size=12).map(listpack.stored) | integers | sized
pairs = st.dictionaries(st.binary(max_size=12) | sized, st.binary(max_size=12) | sized, max_size=5)


@given(st.lists(values, max_size=12))
def test_ziplist(elements):
    assert from_ziplist(ziplist(elements)) == listpack.encode(elements)
    assert from_ziplist(ziplist(elements, 65535)) == listpack.encode(elements)


@given(pairs, st.integers(0, 4))
def test_zipmap(fields, unused):
    flat = [listpack.stored(part) for pair in fields.items() for part in pair]
    assert from_zipmap(zipmap(fields, unused)) == listpack.encode(flat)


def test_zipmap_that_does_not_tell_how_many():
    fields = {b"%d" % n: b"v" for n in range(300)}
    flat = [listpack.stored(part) for pair in fields.items() for part in pair]
    assert from_zipmap(zipmap(fields)) == listpack.encode(flat)


def test_ziplist_with_wide_sizes():
    """A size that would fit into one byte may take five, as deletions left it."""
    first, second = b"\x00\x03abc", b"\xfe" + struct.pack("<I", 5) + b"\xf3"
    data = struct.pack("<IIH", 11 + len(first) + len(second), 10 + len(first), 2) + first + second + b"\xff"
    assert from_ziplist(data) == listpack.encode([b"abc", 2])


@pytest.mark.parametrize("count", [0, 2, 4, 65534])
def test_ziplist_with_another_count(count):
    assert from_ziplist(ziplist([b"a", 1, b"b"], count)) is None


@pytest.mark.parametrize("head", [0x81, 0xBF, 0xC1, 0xCF, 0xD1, 0xE1, 0xEF, 0xFF])
def test_ziplist_with_a_head_that_is_none(head):
    data = bytearray(ziplist([1, 2, 3]))
    data[13] = head
    assert from_ziplist(bytes(data)) is None


BLOBS = [
    (from_ziplist, ziplist([b"a", 5, b"b" * 70, -300, 2**40, b"c" * 300, b"", 7])),
    (from_zipmap, zipmap({b"a": b"1", b"b" * 300: b"", b"": b"xyz"}, 3)),
]


@pytest.mark.parametrize(("convert", "data"), BLOBS, ids=["ziplist", "zipmap"])
def test_cut_anywhere(convert, data):
    before = used_memory()
    assert convert(data) is not None
    assert all(convert(data[:n]) is None for n in range(len(data)))
    assert all(convert(data[:n] + b"\xff") is None for n in range(len(data) - 1))
    assert convert(data + b"\xff") is None
    assert used_memory() == before


@pytest.mark.parametrize(("convert", "data"), BLOBS, ids=["ziplist", "zipmap"])
def test_every_byte_changed(convert, data):
    """What comes of it is a listpack or nothing; bytes of texts and integers are not protected."""
    before = used_memory()
    for n in range(len(data)):
        for byte in {0, 1, 63, 127, 128, 192, 240, 253, 254, 255, data[n] ^ 1}:
            found = convert(data[:n] + bytes([byte]) + data[n + 1 :])
            assert found is None or listpack.is_valid(found)
    assert used_memory() == before


@given(st.binary(max_size=60))
def test_any_bytes(data):
    for convert in (from_ziplist, from_zipmap):
        framed = struct.pack("<IIH", len(data) + 11, 10, 65535) + data + b"\xff"
        for blob in (data, data + b"\xff", framed):
            found = convert(blob)
            assert found is None or listpack.is_valid(found)
