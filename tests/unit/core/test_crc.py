"""Checksums against division of polynomials, and against the values that catalogues give."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite.core.crc import checksum, checksum16, slot_of
from tests.models import crc as model

keys = st.binary(max_size=40) | st.lists(st.sampled_from(b"{}ab"), max_size=12).map(bytes)


def test_check_values() -> None:
    assert checksum(b"123456789") == model.crc64(b"123456789") == 0xE9C6D914C4B8D9CA
    assert checksum16(b"123456789") == model.crc16(b"123456789") == 0x31C3
    assert checksum(b"") == 0
    assert checksum16(b"") == 0


@given(st.binary(max_size=100), st.integers(0, 2**64 - 1))
def test_checksum(data: bytes, before: int) -> None:
    assert checksum(data, before) == model.crc64(data, before)


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_checksum_carries_on(first: bytes, second: bytes) -> None:
    assert checksum(second, checksum(first)) == checksum(first + second)


@given(st.binary(max_size=60))
def test_checksum16(data: bytes) -> None:
    assert checksum16(data) == model.crc16(data)


@given(keys)
def test_slot_of(key: bytes) -> None:
    assert slot_of(key) == model.slot_of(key)


@pytest.mark.parametrize(
    ("key", "hashed"),
    [
        (b"{user1000}.following", b"user1000"),
        (b"foo{}{bar}", b"foo{}{bar}"),
        (b"foo{{bar}}zap", b"{bar"),
        (b"foo{bar}{zap}", b"bar"),
        (b"foo{bar", b"foo{bar"),
        (b"foo}{bar}", b"bar"),
        (b"{", b"{"),
        (b"", b""),
    ],
)
def test_hash_tags(key: bytes, hashed: bytes) -> None:
    assert slot_of(key) == checksum16(hashed) % 16384
