"""Small collections, byte for byte as a real server keeps them, read out of DUMP and given back through RESTORE.

A payload is the type's byte, the value as strings with their lengths, two bytes of version, eight of checksum. The
strings of interest here are the bytes of one listpack or intset each, compressed by LZF where that pays.
"""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyrite.core.crc import checksum
from pyrite.core.intset import IntSet
from pyrite.core.listpack import validate
from pyrite.core.listpack_edit import Listpack
from pyrite.core.lzf import compress, decompress
from tests.support import Argument, ErrorReply, Server

SET_INTSET, HASH_LISTPACK, ZSET_LISTPACK, LIST_QUICKLIST = 11, 16, 17, 18
PACKED_NODE = 2
LZF_STRING = 0xC3

many = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60, deadline=None
)
EDGES = [edge + step for power in (7, 12, 15, 23, 31) for edge in (2**power, -(2**power)) for step in (-1, 0, 1)]
integers = st.sampled_from([*EDGES, 2**63 - 1, -(2**63)]) | st.integers(-(2**63), 2**63 - 1)
odd = st.sampled_from([b"", b"-", b"-0", b"007", b"+1", b" 1", b"1.5", b"9223372036854775808", b"-9223372036854775809"])
sized = st.builds(
    lambda n, byte: bytes([byte]) * n, st.sampled_from([63, 64, 127, 128, 4095, 4096]), st.integers(0, 255)
)
elements = st.binary(max_size=20) | integers.map(lambda v: b"%d" % v) | odd | sized
LARGE_LISTPACKS: dict[str, Argument] = {
    "hash_max_listpack_value": 1 << 20,
    "zset_max_listpack_value": 1 << 20,
    "list_max_listpack_size": -5,
}


def read_length(data: bytes) -> tuple[int, bytes]:
    """Return a length and the bytes after it."""
    if data[0] < 0x40:
        return data[0], data[1:]
    if data[0] < 0x80:
        return (data[0] & 63) << 8 | data[1], data[2:]
    assert data[0] == 0x80
    return int.from_bytes(data[1:5], "big"), data[5:]


def length(n: int) -> bytes:
    """Return the bytes of a length."""
    if n < 64:
        return bytes([n])
    return (0x4000 | n).to_bytes(2, "big") if n < 16384 else b"\x80" + n.to_bytes(4, "big")


def read_string(data: bytes) -> tuple[bytes, bytes]:
    """Return a string, decompressed, and the bytes after it."""
    if data[0] != LZF_STRING:
        size, data = read_length(data)
        return data[:size], data[size:]
    compressed, data = read_length(data[1:])
    size, data = read_length(data)
    content = decompress(data[:compressed], size)
    assert content is not None
    assert len(content) == size
    return content, data[compressed:]


def string(data: bytes, pack: bool) -> bytes:
    """Return the bytes of a string, compressed if asked to and if that makes it shorter."""
    stream = compress(data) if pack else None
    if stream is None:
        return length(len(data)) + data
    return bytes([LZF_STRING]) + length(len(stream)) + length(len(data)) + stream


def dump(peer: Server, key: str = "key") -> bytes:
    """Return the payload that the peer makes of a key."""
    payload = peer.call("DUMP", key)
    assert isinstance(payload, bytes)
    return payload


def packed(payload: bytes, kind: int) -> bytes:
    """Return the bytes of the only listpack or intset of a payload."""
    assert payload[0] == kind
    body = payload[1:-10]
    if kind == LIST_QUICKLIST:
        assert body[:2] == bytes([1, PACKED_NODE])
        body = body[2:]
    content, rest = read_string(body)
    assert rest == b""
    return content


def restore(peer: Server, kind: int, content: bytes, pack: bool = True) -> object:
    """Make the key `copy` of these bytes, in a payload of the version that the peer writes; returns its reply."""
    peer.call("SET", "version", "x")
    version = dump(peer, "version")[-10:-8]
    peer.call("DEL", "copy")
    node = bytes([1, PACKED_NODE]) if kind == LIST_QUICKLIST else b""
    payload = bytes([kind]) + node + string(content, pack) + version
    return peer.call("RESTORE", "copy", 0, payload + checksum(payload).to_bytes(8, "little"))


def listpack_of(values: list[bytes]) -> Listpack:
    """Return a listpack of these strings."""
    listpack = Listpack()
    for value in values:
        listpack.append(value)
    return listpack


def assert_same_list(peer: Server, listpack: Listpack) -> None:
    """Compare the list at `key` with a listpack: its bytes, and what the peer reads in ours."""
    assert packed(dump(peer), LIST_QUICKLIST) == listpack.data
    assert restore(peer, LIST_QUICKLIST, listpack.data) == b"OK"
    assert peer.call("LRANGE", "copy", 0, -1) == [listpack.text(i) for i in range(len(listpack))]


@given(st.lists(elements, min_size=1, max_size=30))
@many
def test_lists(peer: Server, values: list[bytes]) -> None:
    with peer.config(**LARGE_LISTPACKS):
        peer.call("DEL", "key")
        peer.call("RPUSH", "key", *values)
        assert_same_list(peer, listpack_of(values))


@pytest.mark.parametrize("seed", range(8))
def test_edits_of_a_list(peer: Server, seed: int) -> None:
    source = random.Random(seed)

    def value() -> bytes:
        number = source.randrange(-(1 << source.randrange(1, 64)), 1 << source.randrange(1, 64))
        return source.choice([b"%d" % number, source.randbytes(source.choice([0, 5, 64, 130, 5000]))])

    with peer.config(**LARGE_LISTPACKS):
        listpack = Listpack()
        for _ in range(60):
            one, index = value(), source.randrange(max(len(listpack), 1))
            step = source.choice(["LPUSH", "RPUSH", "LSET", "LREM", "LTRIM", "LINSERT"]) if len(listpack) else "RPUSH"
            if step in ("LPUSH", "RPUSH"):
                peer.call(step, "key", one)
                (listpack.append if step == "RPUSH" else listpack.prepend)(one)
            elif step == "LSET":
                peer.call("LSET", "key", index, one)
                listpack[index] = one
            elif step == "LREM" and len(listpack) > 1:
                text = listpack.text(index)
                peer.call("LREM", "key", 1, text)
                listpack.delete(listpack.find(text))
            elif step == "LTRIM" and len(listpack) > 4:
                peer.call("LTRIM", "key", 1, -2)
                listpack.delete(-1)
                listpack.delete(0)
            elif step == "LINSERT":
                text = listpack.text(index)
                peer.call("LINSERT", "key", "AFTER", text, one)
                listpack.insert(listpack.find(text), [one], True)
            assert_same_list(peer, listpack)


@given(st.dictionaries(elements, elements, min_size=1, max_size=20))
@many
def test_hashes(peer: Server, fields: dict[bytes, bytes]) -> None:
    pairs = [part for pair in fields.items() for part in pair]
    listpack = listpack_of(pairs)
    with peer.config(**LARGE_LISTPACKS):
        peer.call("DEL", "key")
        peer.call("HSET", "key", *pairs)
        assert packed(dump(peer), HASH_LISTPACK) == listpack.data
        for place, field in enumerate(fields):
            assert listpack.find(field, 0, 1) == 2 * place
        assert restore(peer, HASH_LISTPACK, listpack.data) == b"OK"
        assert peer.call("HGETALL", "copy") == pairs


@given(st.dictionaries(st.binary(min_size=1, max_size=12), st.integers(-(2**53), 2**53), min_size=1, max_size=20))
@many
def test_sorted_sets(peer: Server, scores: dict[bytes, int]) -> None:
    ordered = sorted(scores.items(), key=lambda pair: (pair[1], pair[0]))
    listpack = listpack_of([part for member, score in ordered for part in (member, b"%d" % score)])
    with peer.config(**LARGE_LISTPACKS):
        peer.call("DEL", "key")
        peer.call("ZADD", "key", *[part for member, score in scores.items() for part in (score, member)])
        assert packed(dump(peer), ZSET_LISTPACK) == listpack.data
        assert restore(peer, ZSET_LISTPACK, listpack.data) == b"OK"
        assert peer.call("ZRANGE", "copy", 0, -1) == [member for member, _ in ordered]


@given(st.lists(st.integers(-300, 300) | integers, min_size=1, max_size=40), st.lists(st.integers(0, 39), max_size=10))
@many
def test_intsets(peer: Server, added: list[int], removed: list[int]) -> None:
    ours = IntSet()
    peer.call("DEL", "key")
    for v in added:
        assert peer.call("SADD", "key", v) == ours.add(v)
    for v in (added[place % len(added)] for place in removed):
        if len(ours) > 1:
            assert peer.call("SREM", "key", v) == ours.remove(v)
    assert packed(dump(peer), SET_INTSET) == ours.data
    assert restore(peer, SET_INTSET, ours.data) == b"OK"
    members = peer.call("SMEMBERS", "copy")
    assert isinstance(members, list)
    assert sorted(map(int, members)) == ours.items()


@pytest.mark.parametrize("n", [21, 100, 5000, 70_000, 300_000])
def test_compressed_strings(peer: Server, n: int) -> None:
    """LZF, each way, of content that is easy, mixed and hopeless to compress."""
    source = random.Random(n)
    words = [source.randbytes(source.randrange(1, 12)) for _ in range(60)]
    prose = b"".join(source.choice(words) for _ in range(n))[:n]
    for content in (b"x" * n, prose, (source.randbytes(n) + prose)[n // 2 : n // 2 + n], source.randbytes(n)):
        peer.call("SET", "key", content)
        payload = dump(peer)
        assert read_string(payload[1:-10]) == (content, b"")
        assert restore(peer, 0, content) == b"OK"
        assert peer.call("GET", "copy") == content


def test_damaged_listpacks_are_judged_alike(peer: Server) -> None:
    """What the peer accepts we accept; what it refuses we refuse."""
    source = random.Random(7)
    whole = listpack_of([b"abc", b"5", b"-100", b"70000", b"x" * 70, b"1" * 19]).data
    refused = 0
    with peer.config(sanitize_dump_payload="yes"):
        for at in range(len(whole)):
            for byte in {0x00, 0xFF, whole[at] ^ 1, whole[at] ^ 0x80, source.randrange(256)} - {whole[at]}:
                damaged = whole[:at] + bytes([byte]) + whole[at + 1 :]
                accepted = not isinstance(restore(peer, LIST_QUICKLIST, damaged, pack=False), ErrorReply)
                assert validate(damaged) == accepted
                refused += not accepted
    assert refused > 50
