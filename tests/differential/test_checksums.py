"""Checksums and cluster slots against a real server's."""

import pytest

from pyrite.core.crc import checksum, slot_of
from tests.conftest import ServerFactory
from tests.support import Server

KEYS = [
    b"foo",
    b"{user1000}.following",
    b"foo{}{bar}",
    b"foo{{bar}}zap",
    b"foo{bar}{zap}",
    b"foo{bar",
    b"",
    b"\0\xff{",
    b"}{a}",
]


@pytest.mark.parametrize("value", [b"", b"1", b"value", b"x" * 20, bytes(range(256)) * 40])
def test_a_dump_ends_with_the_checksum_of_what_stands_before(peer: Server, value: bytes) -> None:
    peer.call("SET", "key", value)
    dump = peer.call("DUMP", "key")
    assert isinstance(dump, bytes)
    assert checksum(dump[:-8]) == int.from_bytes(dump[-8:], "little")


def test_slots_are_those_of_cluster_keyslot(start_peer: ServerFactory) -> None:
    cluster = start_peer("--cluster-enabled", "yes")
    for key in KEYS:
        assert cluster.call("CLUSTER", "KEYSLOT", key) == slot_of(key)
