"""Streams beside a real server: long runs of requests to the same few keys, and their blocks, byte for byte."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyrite.core.stream_log import StreamLog
from tests.conftest import ServerFactory
from tests.differential.arguments import STREAM_KEYS, Argv
from tests.differential.pair import Pair
from tests.differential.requests import requests
from tests.differential.test_listpack_bytes import dump, read_length, read_string
from tests.support import Server

STREAM_TYPES = {15, 19, 21}
TOP = 2**64 - 1

runs = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    max_examples=40,
    deadline=None,
)


@pytest.fixture
def pair(start_pyrite: ServerFactory, start_peer: ServerFactory) -> Iterator[Pair]:
    """Return two servers."""
    servers = Pair(start_pyrite, start_peer)
    yield servers
    servers.close()


@given(
    argvs=st.lists(requests("stream"), min_size=40, max_size=120),
    resp=st.sampled_from([2, 3]),
    entries=st.sampled_from([b"100", b"3", b"1"]),
)
@runs
def test_runs_of_requests(pair: Pair, argvs: list[Argv], resp: int, entries: bytes) -> None:
    pair.reset()
    pair.compare([b"HELLO", b"%d" % resp])
    pair.compare([b"CONFIG", b"SET", b"stream-node-max-entries", entries])
    for key in STREAM_KEYS:
        for n in range(1, 12):
            pair.compare([b"XADD", key, b"%d-1" % n, b"f", b"%d" % n])
        pair.compare([b"XGROUP", b"CREATE", key, b"g", b"0"])
        pair.compare([b"XREADGROUP", b"GROUP", b"g", b"a", b"COUNT", b"7", b"STREAMS", key, b">"])
    for argv in argvs:
        if argv[0].upper() != b"XADD" or b"*" not in argv:
            pair.compare(argv)
    for key in STREAM_KEYS:
        for argv in ([b"XRANGE", key, b"-", b"+"], [b"XREVRANGE", key, b"+", b"-"], [b"XINFO", b"STREAM", key]):
            pair.compare(argv)


# Blocks


def text(entry_id: tuple[int, int]) -> bytes:
    """Return an ID as clients write it."""
    return b"%d-%d" % entry_id


def read_blocks(payload: bytes) -> list[tuple[tuple[int, int], bytes]]:
    """Return the blocks in the payload of a stream: master IDs and listpacks."""
    assert payload[0] in STREAM_TYPES
    count, data = read_length(payload[1:])
    blocks = []
    for _ in range(count):
        master, data = read_string(data)
        listpack, data = read_string(data)
        blocks.append(((int.from_bytes(master[:8], "big"), int.from_bytes(master[8:], "big")), listpack))
    return blocks


words = st.sampled_from([b"", b"a", b"7", b"-1", b"128", b"007", b"-70000", b"x" * 63, b"x" * 64, b"x" * 700])
pairs = st.lists(st.tuples(st.sampled_from([b"f", b"g", b"1", b"x" * 70]), words), min_size=1, max_size=4)
steps = st.tuples(st.sampled_from([0, 1, 3, 200, 2**40]), st.sampled_from([0, 1, 1, 40, 2**33]))
changes = st.one_of(
    st.tuples(st.just("add"), steps, pairs),
    st.tuples(st.just("add"), steps, pairs),
    st.tuples(st.just("add"), steps, pairs),
    st.tuples(st.just("delete"), st.integers(0, 300), st.none()),
    st.tuples(st.sampled_from(["length", "minid", "about"]), st.integers(0, 60), st.none()),
)


@given(
    plan=st.lists(changes, min_size=5, max_size=120),
    max_entries=st.sampled_from([0, 1, 5, 100, 130]),
    max_bytes=st.sampled_from([0, 300, 4096]),
)
@runs
def test_blocks_are_the_peers(peer: Server, plan: list[tuple], max_entries: int, max_bytes: int) -> None:
    log = StreamLog()
    peer.call("DEL", "key")
    with peer.config(stream_node_max_entries=max_entries, stream_node_max_bytes=max_bytes):
        for kind, argument, added in plan:
            there = log.ids((0, 0), (TOP, TOP))
            if kind == "add":
                ms, seq = log.counts()["last"]
                new_id = (ms + argument[0], argument[1] if argument[0] else seq + argument[1] + 1)
                entry = [part for each in added for part in each]
                assert log.append(new_id, entry, max_bytes, max_entries) == 0
                assert peer.call("XADD", "key", text(new_id), *entry) == text(new_id)
            elif kind == "delete" and there:
                chosen = there[argument % len(there)]
                assert log.delete(chosen)
                assert peer.call("XDEL", "key", text(chosen)) == 1
            elif kind == "minid" and there:
                least = there[argument % len(there)]
                assert log.trim_before(least) == peer.call("XTRIM", "key", "MINID", text(least))
            elif kind in ("length", "about"):
                about = kind == "about"
                mark = ["~"] if about else []
                limit = 100 * max_entries or 10_000
                gone = log.trim_length(argument, about, limit if about else 0)
                assert gone == peer.call("XTRIM", "key", "MAXLEN", *mark, argument)
    if peer.call("EXISTS", "key"):
        assert read_blocks(dump(peer)) == log.blocks()
        assert peer.call("XINFO", "STREAM", "key")[5] == log.radix_nodes()
