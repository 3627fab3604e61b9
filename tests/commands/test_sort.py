"""SORT and SORT_RO: orders, limits, BY and GET, STORE, errors in the order in which they are found, events."""

import random

import pytest

from tests.loopless import LooplessClient, LooplessServer
from tests.support import Argument, ErrorReply, Reply, Server, encode_command

MAX = 2**63 - 1
MIN = -(2**63)
SYNTAX = ErrorReply(b"ERR syntax error")
NOT_INTEGER = ErrorReply(b"ERR value is not an integer or out of range")
NOT_DOUBLE = ErrorReply(b"ERR One or more scores can't be converted into double")
WRONG_TYPE = ErrorReply(b"WRONGTYPE Operation against a key holding the wrong kind of value")


def fill(server: Server, kind: str, key: str, values: list[Argument]) -> None:
    """Make a collection of this kind; in a sorted set the scores ascend in the order of the values."""
    for start in range(0, len(values), 100):
        part = values[start : start + 100]
        if kind == "list":
            server.call("RPUSH", key, *part)
        elif kind == "set":
            server.call("SADD", key, *part)
        else:
            server.call("ZADD", key, *(each for pair in enumerate(part, start) for each in pair))


def as_bytes(values: list[Argument]) -> list[bytes]:
    return [each if isinstance(each, bytes) else str(each).encode() for each in values]


each_kind = pytest.mark.parametrize("kind", ["list", "set", "zset"])
# On both sides of every limit of an encoding.
each_count = pytest.mark.parametrize("count", [1, 5, 100, 600, 3000])


@each_kind
@each_count
def test_numbers(server: Server, kind: str, count: int) -> None:
    values: list[Argument] = [i - count // 2 if i % 3 else (i - count // 2) / 4 for i in range(count)]
    random.Random(count).shuffle(values)
    fill(server, kind, "k", values)
    expected = as_bytes(sorted(values, key=float))
    assert server.call("SORT", "k") == server.call("SORT_RO", "k", "ASC") == expected
    assert server.call("SORT", "k", "DESC") == expected[::-1]
    assert server.call("SORT", "k", "DESC", "ASC", "LIMIT", 1, 7) == expected[1:8]


@each_kind
@each_count
def test_texts(server: Server, kind: str, count: int) -> None:
    values: list[Argument] = [f"text-{i % 7}-{i}" if i % 2 else i for i in range(count)]
    random.Random(count).shuffle(values)
    fill(server, kind, "k", values)
    expected = sorted(as_bytes(values))
    assert server.call("SORT", "k", "ALPHA") == expected
    assert server.call("SORT", "k", "alpha", "desc") == expected[::-1]
    assert server.call("SORT", "k", "STORE", "d", "ALPHA") == count
    assert server.call("LRANGE", "d", 0, -1) == expected


def test_equal_numbers_are_in_the_order_of_their_texts(server: Server) -> None:
    fill(server, "list", "k", ["1.0", "1", "01", "1e0", "+1", "0", "-0", "0.0", ""])
    assert server.call("SORT", "k") == [b"", b"-0", b"0", b"0.0", b"+1", b"01", b"1", b"1.0", b"1e0"]
    assert server.call("SORT", "k", "DESC") == [b"1e0", b"1.0", b"1", b"01", b"+1", b"0.0", b"0", b"-0", b""]
    server.call("DEL", "k")
    fill(server, "list", "k", [2**53 + 1, 2**53, MAX, MAX - 1, MIN])
    assert server.call("SORT", "k") == as_bytes([MIN, 2**53, 2**53 + 1, MAX - 1, MAX])


@pytest.mark.parametrize("number", ["inf", "-inf", " 7", "0x1F", "1e308", "-1.5e-300"])
def test_what_strtod_takes_is_a_number(server: Server, number: str) -> None:
    fill(server, "list", "k", [number])
    assert server.call("SORT", "k") == [number.encode()]


@pytest.mark.parametrize("text", ["a", "1a", "1 ", "nan", "1e400", "--1", "0x", "1,5"])
def test_what_is_no_number_is_an_error(server: Server, text: str) -> None:
    fill(server, "list", "k", [1, text, 2])
    assert server.call("SORT", "k") == server.call("SORT", "k", "STORE", "d") == NOT_DOUBLE
    assert server.call("SORT", "k", "LIMIT", 0, 0) == NOT_DOUBLE
    assert server.call("EXISTS", "d") == 0
    assert server.call("SORT", "k", "ALPHA") == sorted([b"1", text.encode(), b"2"])
    assert server.call("SORT", "k", "BY", "none") == [b"1", text.encode(), b"2"]


# LIMIT


@pytest.mark.parametrize("kind", ["list", "zset"])
@pytest.mark.parametrize("length", [1, 10, 700])
def test_backwards_without_sorting(server: Server, kind: str, length: int) -> None:
    fill(server, kind, "k", list(range(length)))
    backwards = as_bytes(list(range(length)))[::-1]
    for offset in (0, 1, 9, length - 1, length, length + 1):
        for count in (-1, 0, 1, 7, 1000):
            expected = backwards[offset:] if count < 0 else backwards[offset : offset + count]
            assert server.call("SORT", "k", "BY", "x", "DESC", "LIMIT", offset, count) == expected


@each_kind
@pytest.mark.parametrize("by", [[], ["BY", "nosort"], ["BY", "w_*"]])
@pytest.mark.parametrize("offset", [MIN, -5, 0, 1, 9, 10, 11, MAX])
@pytest.mark.parametrize("count", [MIN, -1, 0, 1, 5, 10, 11, MAX])
def test_limit(server: Server, kind: str, by: list[str], offset: int, count: int) -> None:
    fill(server, kind, "k", list(range(10)))
    start = min(max(offset, 0), 10)
    whole = as_bytes(list(range(10)))
    expected = whole[start:] if count < 0 else whole[start : start + count]
    assert server.call("SORT", "k", *by, "LIMIT", offset, count) == expected


# BY


@each_kind
def test_by_keys(server: Server, kind: str) -> None:
    fill(server, kind, "k", [1, 2, 3, 4, 5])
    server.call("MSET", "w_1", 30, "w_2", "4.5", "w_3", "-1e3", "w_5", 30, "4_w", 9)
    # What has no weight counts as 0, equal ones are in the order of their texts.
    assert server.call("SORT", "k", "BY", "w_*") == as_bytes([3, 4, 2, 1, 5])
    assert server.call("SORT", "k", "BY", "w_*", "DESC") == as_bytes([5, 1, 2, 4, 3])
    assert server.call("SORT", "k", "BY", "*_w") == as_bytes([1, 2, 3, 5, 4])
    assert server.call("SORT", "k", "BY", "w_*", "ALPHA") == as_bytes([4, 3, 1, 5, 2])
    assert server.call("SORT", "k", "BY", "*") == as_bytes([1, 2, 3, 4, 5])
    server.call("RPUSH", "w_4", "a list")
    server.call("SET", "w_5", "no number")
    assert server.call("SORT", "k", "BY", "w_*") == NOT_DOUBLE
    server.call("DEL", "w_5")
    assert server.call("SORT", "k", "BY", "w_*", "LIMIT", 0, 3) == as_bytes([3, 4, 5])


@each_kind
def test_by_fields(server: Server, kind: str) -> None:
    fill(server, kind, "k", [1, 2, 3])
    server.call("HSET", "h_1", "f", 3, "g", "x")
    server.call("HSET", "h_2", "f", 1, "g", "z" * 100)
    server.call("HSET", "h_3", "f", 2, "g", 7)
    server.call("SET", "h_1->", 9)
    assert server.call("SORT", "k", "BY", "h_*->f") == as_bytes([2, 3, 1])
    assert server.call("SORT", "k", "BY", "h_*->g", "ALPHA") == as_bytes([3, 1, 2])
    assert server.call("SORT", "k", "BY", "h_*->none") == as_bytes([1, 2, 3])
    assert server.call("SORT", "k", "BY", "h_*->") == as_bytes([2, 3, 1])
    assert server.call("SORT", "k", "BY", "h_*->f", "GET", "h_*->g", "GET", "#") == [
        b"z" * 100, b"2", b"7", b"3", b"x", b"1",
    ]  # fmt: skip


def test_by_a_constant_leaves_the_order(server: Server) -> None:
    fill(server, "list", "l", [3, 1, 2])
    fill(server, "zset", "z", ["c", "a", "b", "d"])
    assert server.call("SORT", "l", "BY", "x") == as_bytes([3, 1, 2])
    assert server.call("SORT", "l", "BY", "x", "DESC") == as_bytes([2, 1, 3])
    assert server.call("SORT", "z", "BY", "x", "LIMIT", 1, 5) == [b"a", b"b", b"d"]
    assert server.call("SORT", "z", "BY", "x", "DESC", "LIMIT", 1, 1) == [b"b"]
    assert server.call("SORT", "z", "BY", "x", "DESC") == [b"d", b"b", b"a", b"c"]
    assert server.call("SORT", "l", "BY", "x", "BY", "w_*") == as_bytes([3, 1, 2])
    fill(server, "set", "s", [3, "b", 1, "a", 20])
    reply = server.call("SORT", "s", "BY", "x")
    assert isinstance(reply, list)
    assert sorted(reply) == [b"1", b"20", b"3", b"a", b"b"]
    # What is stored of a set has an order.
    assert server.call("SORT", "s", "BY", "x", "STORE", "d") == 5
    assert server.call("LRANGE", "d", 0, -1) == [b"1", b"20", b"3", b"a", b"b"]


# GET


def test_get(server: Server) -> None:
    fill(server, "list", "k", [2, "a", 1])
    server.call("MSET", "v_1", "one", "v_2", 22, "v_a", "x" * 5000)
    server.call("RPUSH", "v_b", 1)
    assert server.call("SORT", "k", "BY", "x", "GET", "v_*") == [b"22", b"x" * 5000, b"one"]
    assert server.call("SORT", "k", "ALPHA", "GET", "#", "GET", "none_*", "GET", "constant") == [
        b"1", None, None, b"2", None, None, b"a", None, None,
    ]  # fmt: skip
    assert server.call("SORT", "k", "ALPHA", "GET", "none_*", "GET", "v_*", "STORE", "d") == 6
    assert server.call("LRANGE", "d", 0, -1) == [b"", b"one", b"", b"22", b"", b"x" * 5000]
    fill(server, "list", "l", ["b"])
    assert server.call("SORT", "l", "ALPHA", "GET", "v_*") == [None]


def test_nulls_in_both_protocols(server: Server) -> None:
    fill(server, "list", "k", [1])
    with server.connect() as two, server.connect(resp=3) as three:
        assert two.call_raw("SORT", "k", "GET", "none_*") == b"*1\r\n$-1\r\n"
        assert three.call_raw("SORT", "k", "GET", "none_*") == b"*1\r\n_\r\n"
        assert two.call_raw("SORT", "none") == three.call_raw("SORT", "none") == b"*0\r\n"


# STORE


def test_store_replaces_the_target(server: Server) -> None:
    fill(server, "list", "k", [3, 1, 2])
    server.call("SET", "d", "v", "EX", 100)
    assert server.call("SORT", "k", "STORE", "d") == 3
    assert (server.call("TYPE", "d"), server.call("TTL", "d")) == (b"list", -1)
    assert server.call("SORT", "k", "DESC", "STORE", "k") == 3
    assert server.call("LRANGE", "k", 0, -1) == [b"3", b"2", b"1"]
    assert server.call("SORT", "none", "STORE", "d") == 0
    assert server.call("EXISTS", "d") == 0
    fill(server, "list", "big", list(range(3000)))
    assert server.call("SORT", "big", "DESC", "STORE", "d", "LIMIT", 0, 100) == 100
    assert server.call("OBJECT", "ENCODING", "d") == b"listpack"
    assert server.call("SORT", "big", "DESC", "STORE", "d") == 3000
    assert server.call("OBJECT", "ENCODING", "d") == b"quicklist"
    # The last one counts.
    assert server.call("SORT", "k", "STORE", "d", "STORE", "e") == 3
    assert (server.call("LLEN", "d"), server.call("LLEN", "e")) == (3000, 3)


# Errors


@pytest.mark.parametrize(("options", "error"), [
    (["LIMIT"], SYNTAX), (["LIMIT", "1"], SYNTAX), (["BY"], SYNTAX), (["GET"], SYNTAX), (["STORE"], SYNTAX),
    (["NONE"], SYNTAX), (["LIMIT", "x", "1"], NOT_INTEGER), (["LIMIT", "1", "x"], NOT_INTEGER),
    (["LIMIT", "x", "1", "NONE"], NOT_INTEGER), (["ALPHA", "ASC", ""], SYNTAX), (["ALPHA"], WRONG_TYPE),
])  # fmt: skip
def test_options_before_types(server: Server, options: list[str], error: ErrorReply) -> None:
    server.call("SET", "text", "v")
    assert server.call("SORT", "text", *options) == server.call("SORT_RO", "text", *options) == error


def test_sort_ro_does_not_store(server: Server) -> None:
    fill(server, "list", "k", [1])
    assert server.call("SORT_RO", "k", "STORE", "d") == SYNTAX
    assert server.call("SORT_RO", "k", "LIMIT", 0, 1, "GET", "#", "DESC") == [b"1"]


@pytest.mark.parametrize(("argv", "keys"), [
    (["SORT", "k"], [b"k"]),
    (["SORT", "k", "BY", "store", "GET", "b", "LIMIT", "0", "1", "STORE", "d"], [b"k", b"d"]),
    (["SORT", "k", "STORE", "d", "STORE", "e"], [b"k", b"e"]),
    (["SORT_RO", "k", "BY", "w_*"], [b"k"]),
])  # fmt: skip
def test_keys(server: Server, argv: list[str], keys: list[bytes]) -> None:
    assert server.call("COMMAND", "GETKEYS", *argv) == keys


MISSES = ["w_3 keymiss", "w_1 keymiss", "w_2 keymiss"]
EVENTS: list[tuple[list[Argument], list[str], int]] = [
    (["RPUSH", "k", 3, 1, 2], ["k new", "k rpush"], 3),
    (["SORT", "k"], [], 0),
    (["SORT", "k", "STORE", "d"], ["d new", "d sortstore"], 3),
    (["SORT", "k", "BY", "w_*", "LIMIT", 0, 1, "STORE", "d"], [*MISSES, "d sortstore"], 1),
    (["SORT", "k", "LIMIT", 0, 0, "STORE", "d"], ["d del"], 1),
    (["SORT", "k", "LIMIT", 0, 0, "STORE", "d"], [], 0),
]  # fmt: skip


def test_events_and_changes() -> None:
    server = LooplessServer()
    seen: list[str] = []
    server.keyspace.on_change = lambda _db, key, _class, event: seen.append(f"{key.decode()} {event.decode()}")
    server.keyspace.effects = 1
    with LooplessClient(server) as client:
        for argv, events, changes in EVENTS:
            seen.clear()
            before = server.keyspace.dirty
            client.send(encode_command(*argv))
            assert seen == events, argv
            assert argv[0] != "SORT" or server.keyspace.dirty - before == changes, argv


def test_a_lot_of_elements(server: Server) -> None:
    values: list[Argument] = [i * 7919 % 100_003 for i in range(20_000)]
    fill(server, "list", "k", values)
    reply: Reply = server.call("SORT", "k")
    assert reply == as_bytes(sorted(values, key=float))
