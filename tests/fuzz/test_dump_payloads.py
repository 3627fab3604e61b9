"""Payloads for RESTORE that are cut, changed or made up, each with a checksum that is right.

Each is refused with Redis's error or makes a value with which every command works; no byte of memory is lost on it.
"""

import random
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyrite.core.lzf import compress
from pyrite.core.memory import used_memory
from pyrite.core.rdb_format import with_footer
from tests.loopless import LooplessClient, LooplessServer
from tests.models import rdb
from tests.support import encode_command

OK, BAD_DATA = b"+OK\r\n", b"-ERR Bad data format\r\n"
FAR_MS = 10**13
# What damage likes to hit: the marks of lengths, integers, LZF and ends.
BYTES = [0, 1, 63, 64, 127, 128, 129, 192, 193, 194, 195, 224, 240, 244, 253, 254, 255]
WIDE = [b"\xff" * 8, bytes(8), b"\x81" + b"\xff" * 8, b"\x81\x7f" + b"\xff" * 7, b"\x80\xff\xff\xff\xff"]

PAIRS = [
    (b"a", b"1"),
    (b"b", b"22"),
    (b"c", b"-300"),
    (b"d", b"70000"),
    (b"e" * 20, b"v" * 70),
    (b"f", b""),
    (b"", b"x"),
]
NAMES = [name for name, _ in PAIRS]
MANY = [b"%d" % n for n in range(40)] + [b"member:%d" % n for n in range(100)]
SCORED = [(b"b", b"-inf"), (b"a", b"1"), (b"aa", b"1"), (b"c", b"1.5"), (b"d", b"inf")]
LASTING = [(name, value, FAR_MS + n) for n, (name, value) in enumerate(PAIRS)]


def stream(kind: int) -> bytes:
    """Return a stream of two blocks and two groups."""
    first = [(1000, n, [(b"a", b"%d" % n), (b"b", b"x" * n)] if n % 4 else []) for n in range(1, 9)]
    second = [(2000 + n, 0, [(b"q", b"w")]) for n in range(3)]
    blocks = [((1000, 1), rdb.stream_block(first, (1000, 1))), ((2000, 0), rdb.stream_block(second, (2000, 0)))]
    owned = {b"alice": [(1000, 1)], b"bob": [(1000, 2), (2000, 0)], b"idle": []}
    groups = [
        rdb.stream_group(kind, b"group", (1000, 5), [(1000, 1), (1000, 2), (2000, 0)], owned, -1),
        rdb.stream_group(kind, b"other", (0, 0), [], {}),
    ]
    return rdb.stream(kind, blocks, count=9, last=(2005, 0), added=20, groups=groups)


VALUES = [
    rdb.string(b"hello"),
    bytes([rdb.STRING]) + rdb.integer(-70000),
    bytes([rdb.STRING]) + rdb.compressed(compress(b"ab" * 500) or b"", 1000),
    rdb.plain_list(NAMES),
    rdb.ziplist_list(NAMES),
    rdb.old_quicklist([NAMES, NAMES[:2], []]),
    rdb.quicklist([NAMES, b"p" * 100, NAMES[1:]]),
    rdb.plain_set(NAMES),
    rdb.plain_set(MANY),
    rdb.plain_set([b"1", b"2", b"70000"]),
    rdb.intset_set([-5, 1, 2, 99999999999]),
    rdb.intset_set([1, 2, 3], 2),
    rdb.listpack_set(NAMES),
    rdb.listpack_set(MANY),
    rdb.plain_zset([(name, float(n)) for n, name in enumerate(NAMES)]),
    rdb.plain_zset([(name, float(-n)) for n, name in enumerate(MANY)]),
    rdb.old_zset([(b"a", "1.5"), (b"b", "inf"), (b"c", "-inf"), (b"d", "3")]),
    rdb.listpack_zset(SCORED),
    rdb.ziplist_zset(SCORED),
    rdb.listpack_zset([(b"%05d" % n, b"%d" % n) for n in range(150)]),
    rdb.plain_hash(PAIRS),
    rdb.plain_hash([(name, name) for name in MANY]),
    rdb.listpack_hash(PAIRS),
    rdb.ziplist_hash(PAIRS),
    rdb.zipmap_hash(dict(PAIRS), 2),
    rdb.expiring_hash([*LASTING, (b"never", b"v", 0)]),
    rdb.expiring_hash([(b"%d" % n, b"v" * 70, FAR_MS + n) for n in range(40)]),
    rdb.expiring_hash(LASTING, early=True),
    rdb.expiring_listpack_hash([*LASTING, (b"never", b"v", 0)]),
    rdb.expiring_listpack_hash(LASTING, early=True),
    stream(rdb.STREAM),
    stream(rdb.STREAM_2),
    stream(rdb.STREAM_3),
]

# Commands that walk through and change a value of each type, in every encoding.
PROBES: dict[bytes, list[tuple[str | int, ...]]] = {
    b"string": [("GET", "k"), ("APPEND", "k", "x"), ("SETRANGE", "k", 3, "y")],
    b"list": [
        ("LRANGE", "k", 0, -1),
        ("LINDEX", "k", -2),
        ("LPOS", "k", "a"),
        ("LINSERT", "k", "BEFORE", "a", "z"),
        ("LPUSH", "k", "front"),
        ("RPUSH", "k", "back"),
        ("LSET", "k", 1, "set"),
        ("LREM", "k", 0, "b"),
        ("LTRIM", "k", 1, -2),
        ("RPOP", "k"),
        ("LPOP", "k", 3),
    ],
    b"set": [
        ("SMEMBERS", "k"),
        ("SISMEMBER", "k", "a"),
        ("SRANDMEMBER", "k", -5),
        ("SADD", "k", "new", "5"),
        ("SREM", "k", "a", "1"),
        ("SPOP", "k", 2),
        ("SSCAN", "k", 0),
    ],
    b"zset": [
        ("ZRANGE", "k", 0, -1, "WITHSCORES"),
        ("ZRANK", "k", "a"),
        ("ZRANGEBYSCORE", "k", "-inf", "+inf"),
        ("ZADD", "k", 1, "new", "2.5", "a"),
        ("ZINCRBY", "k", 1, "b"),
        ("ZREM", "k", "a"),
        ("ZREMRANGEBYRANK", "k", 1, 1),
        ("ZPOPMIN", "k", 2),
        ("ZSCAN", "k", 0),
    ],
    b"hash": [
        ("HGETALL", "k"),
        ("HGET", "k", "a"),
        ("HRANDFIELD", "k", -5, "WITHVALUES"),
        ("HPEXPIRETIME", "k", "FIELDS", 2, "a", "b"),
        ("HSET", "k", "a", "1", "new", "v" * 100),
        ("HPEXPIRE", "k", 1000000, "FIELDS", 1, "b"),
        ("HPERSIST", "k", "FIELDS", 1, "c"),
        ("HDEL", "k", "a", "d"),
        ("HSCAN", "k", 0),
    ],
    b"stream": [
        ("XRANGE", "k", "-", "+"),
        ("XREVRANGE", "k", "+", "-", "COUNT", 3),
        ("XINFO", "STREAM", "k", "FULL"),
        ("XREADGROUP", "GROUP", "group", "carol", "COUNT", 2, "STREAMS", "k", ">"),
        ("XAUTOCLAIM", "k", "group", "dave", 0, 0),
        ("XACK", "k", "group", "1000-1"),
        ("XGROUP", "DELCONSUMER", "k", "group", "bob"),
        ("XDEL", "k", "1000-2", "2000-0"),
        ("XADD", "k", "*", "a", "1"),
        ("XTRIM", "k", "MAXLEN", 3),
    ],
}


class Target:
    """A server without a network that payloads are thrown at."""

    def __init__(self) -> None:
        """Start it."""
        self.server = LooplessServer()
        self.client = LooplessClient(self.server)

    def call(self, *argv: str | int | bytes) -> bytes:
        """Return the reply to one request."""
        return self.client.exchange([encode_command(*argv)])

    def restore(self, value: bytes, key: str = "k") -> bool:
        """Restore a value, encoded already; returns whether it was taken, and fails on any other error."""
        reply = self.call("RESTORE", key, 0, with_footer(value, 12))
        assert reply in (OK, BAD_DATA), (reply, value)
        return reply == OK

    def use(self) -> None:
        """Dump the value, restore that under another key, and let all commands at the first."""
        payload = self.call("DUMP", "k").partition(b"\r\n")[2][:-2]
        assert self.call("RESTORE", "again", 0, payload) == OK, payload
        assert self.call("COPY", "k", "copy") == b":1\r\n"
        self.call("MEMORY", "USAGE", "k")
        for probe in PROBES[self.call("TYPE", "k")[1:-2]]:
            self.call(*probe)

    def attempt(self, value: bytes) -> bool:
        """Restore a value, use it where it was taken, and delete all; returns whether it was taken."""
        taken = self.restore(value)
        if taken:
            self.use()
        self.call("DEL", "k", "again", "copy")
        return taken


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    """Return a server that has seen each of the values, so that what it keeps for good is there."""
    made = Target()
    with made.client:
        assert all(made.attempt(value) for value in VALUES)
        yield made
    assert made.server.internal_errors == 0


def number(value: bytes) -> int:
    """Return the place of a value, for the name of its test."""
    return VALUES.index(value)


def places_in(value: bytes) -> list[int]:
    """Return where to damage a value: everywhere, or in a long one at its ends and at some places between."""
    if len(value) <= 250:
        return list(range(len(value)))
    between = random.Random(number(value)).sample(range(100, len(value) - 50), 80)
    return [*range(100), *between, *range(len(value) - 50, len(value))]


@pytest.mark.parametrize("value", VALUES, ids=number)
def test_cut_anywhere(target: Target, value: bytes) -> None:
    before = used_memory()
    assert not any(target.attempt(value[:n]) for n in places_in(value))
    assert used_memory() == before


@pytest.mark.parametrize("value", VALUES, ids=number)
def test_every_byte_changed(target: Target, value: bytes) -> None:
    before = used_memory()
    draw = random.Random(number(value))
    for n in places_in(value):
        for byte in {value[n] ^ 1 << draw.randrange(8), *draw.sample(BYTES, 3)}:
            target.attempt(value[:n] + bytes([byte]) + value[n + 1 :])
    assert used_memory() == before


@pytest.mark.parametrize("value", VALUES, ids=number)
def test_lengths_lied_about(target: Target, value: bytes) -> None:
    before = used_memory()
    for n in places_in(value)[1:]:
        for lie in WIDE:
            target.attempt(value[:n] + lie + value[n + 1 :])
            target.attempt(value[:n] + lie + value[n + len(lie) :])
    assert used_memory() == before


places = st.integers(0, 1 << 16)
changes = st.lists(
    st.tuples(st.just("put"), places, st.sampled_from(BYTES).map(lambda byte: bytes([byte])))
    | st.tuples(st.just("insert"), places, st.binary(min_size=1, max_size=8) | st.sampled_from(WIDE))
    | st.tuples(st.just("drop"), places, st.integers(1, 8).map(bytes))
    | st.tuples(st.just("graft"), places, st.sampled_from(VALUES)),
    min_size=1,
    max_size=5,
)


def changed(value: bytes, edits: list[tuple[str, int, bytes]]) -> bytes:
    """Return the value after these edits."""
    data = bytearray(value)
    for edit, place, piece in edits:
        n = place % (len(data) + 1)
        if edit == "put":
            data[n : n + 1] = piece
        elif edit == "insert":
            data[n:n] = piece
        elif edit == "drop":
            del data[n : n + len(piece)]
        else:
            start = place % len(piece)
            data[n : n + 10] = piece[start : start + 20]
    return bytes(data)


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(VALUES), changes)
def test_several_changes(target: Target, value: bytes, edits: list[tuple[str, int, bytes]]) -> None:
    before = used_memory()
    target.attempt(changed(value, edits))
    assert used_memory() == before


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 26), st.binary(max_size=80))
def test_any_bytes(target: Target, kind: int, body: bytes) -> None:
    before = used_memory()
    target.attempt(bytes([kind]) + body)
    assert used_memory() == before


def test_counts_ask_for_no_memory_ahead(target: Target) -> None:
    """A million members are promised, and there are bytes for as many; but all are the same."""
    promise = rdb.length(1_000_000)
    for kind, body in ((rdb.SET, b"\x01a"), (rdb.ZSET_2, b"\x01a" + bytes(8)), (rdb.HASH, b"\x01a\x01b")):
        assert not target.attempt(bytes([kind]) + promise + body * 1_000_000)
        assert not target.attempt(bytes([kind]) + rdb.length(2**40) + body)
