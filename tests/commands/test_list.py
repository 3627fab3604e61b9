"""The list commands: replies, errors in the order in which they are found, encodings, and what counts as a change."""

import time

import pytest

from tests.loopless import LooplessClient, LooplessServer
from tests.support import Argument, ErrorReply, Reply, Server, encode_command

MAX = 2**63 - 1
MIN = -(2**63)
SYNTAX = ErrorReply(b"ERR syntax error")
WRONG_TYPE = ErrorReply(b"WRONGTYPE Operation against a key holding the wrong kind of value")
NOT_INTEGER = ErrorReply(b"ERR value is not an integer or out of range")
NOT_POSITIVE = ErrorReply(b"ERR value is out of range, must be positive")
OUT_OF_RANGE = ErrorReply(b"ERR index out of range")
ITEM = b"x" * 100


def wrong_arity(command: str) -> ErrorReply:
    return ErrorReply(f"ERR wrong number of arguments for '{command}' command".encode())


def encoding(server: Server, key: Argument = "l") -> Reply:
    return server.call("OBJECT", "ENCODING", key)


def content(server: Server, key: Argument = "l") -> Reply:
    return server.call("LRANGE", key, 0, -1)


def fill(server: Server, count: int, key: Argument = "l") -> list[bytes]:
    """Push the numbers from 0 on, each in a string of 100 bytes, and return them."""
    items = [b"%d" % number + ITEM[len(b"%d" % number) :] for number in range(count)]
    server.client.pipeline([("RPUSH", key, *items[i : i + 100]) for i in range(0, count, 100)])
    return items


def changes(server: Server) -> int:
    return int(server.info("persistence")["rdb_changes_since_last_save"])


# Push and pop


def test_push_at_both_ends(server: Server) -> None:
    assert server.call("RPUSH", "l", "a", "b") == 2
    assert server.call("LPUSH", "l", "1", "2", "") == 5
    assert content(server) == [b"", b"2", b"1", b"a", b"b"]


def test_push_only_onto_a_list_that_exists(server: Server) -> None:
    assert server.call("LPUSHX", "l", "a") == 0
    assert server.call("RPUSHX", "l", "a", "b") == 0
    assert server.call("EXISTS", "l") == 0
    server.call("RPUSH", "l", "m")
    assert server.call("LPUSHX", "l", "a", "b") == 3
    assert server.call("RPUSHX", "l", "y", "z") == 5
    assert content(server) == [b"b", b"a", b"m", b"y", b"z"]


def test_pop_one(server: Server) -> None:
    server.call("RPUSH", "l", "a", 12, "c")
    assert server.call("LPOP", "l") == b"a"
    assert server.call("RPOP", "l") == b"c"
    assert server.call("RPOP", "l") == b"12"
    assert server.call("EXISTS", "l") == 0


def test_pop_of_nothing_is_null_in_both_protocols(server: Server) -> None:
    with server.connect() as client:
        assert client.call_raw("LPOP", "l") == b"$-1\r\n"
        assert client.call_raw("RPOP", "l", 0) == b"*-1\r\n"
        assert client.call_raw("LMPOP", 1, "l", "LEFT") == b"*-1\r\n"
        client.call("HELLO", 3)
        assert client.call_raw("LPOP", "l") == b"_\r\n"
        assert client.call_raw("RPOP", "l", 0) == b"_\r\n"
        assert client.call_raw("LMPOP", 1, "l", "LEFT") == b"_\r\n"


@pytest.mark.parametrize("count", [5, 500])
def test_pop_several(server: Server, count: int) -> None:
    items = fill(server, count)
    assert server.call("LPOP", "l", 0) == []
    assert server.call("LPOP", "l", 2) == items[:2]
    assert server.call("RPOP", "l", 2) == items[:-3:-1]
    assert server.call("RPOP", "l", MAX) == items[2:-2][::-1]
    assert server.call("EXISTS", "l") == 0


def test_pop_refuses(server: Server) -> None:
    server.call("SET", "s", "x")
    for pop in ("LPOP", "RPOP"):
        assert server.call(pop, "l", 1, 1) == wrong_arity(pop.lower())
        for count in (-1, "x", "", MAX + 1, "1.0"):
            assert server.call(pop, "s", count) == NOT_POSITIVE
        assert server.call(pop, "s", 0) == WRONG_TYPE
        assert server.call(pop, "s") == WRONG_TYPE


@pytest.mark.parametrize("length", [63, 64, 4095, 4096, 8150, 8190, 40_000, 1 << 20])
def test_an_element_of_any_length_comes_back(server: Server, length: int) -> None:
    value = bytes(i * 31 % 256 for i in range(length))
    server.call("RPUSH", "l", "before", value, "after")
    assert content(server) == [b"before", value, b"after"]
    assert server.call("LINDEX", "l", 1) == value
    assert server.call("LPOS", "l", value) == 1
    assert server.call("LREM", "l", 0, value) == 1
    assert content(server) == [b"before", b"after"]


@pytest.mark.parametrize("number", [0, 127, 128, -1, -4096, 2**31, MAX, MIN])
def test_an_integer_comes_back(server: Server, number: int) -> None:
    server.call("RPUSH", "l", number, f"0{number}")
    assert server.call("LINDEX", "l", 0) == b"%d" % number
    assert server.call("LREM", "l", 1, number) == 1
    assert server.call("LPOP", "l") == b"0%d" % number


# Encodings


def test_encoding_by_size(server: Server) -> None:
    with server.config(list_max_listpack_size=-2):
        # A header of 6 bytes, the elements with 3 bytes more each, and an end.
        server.call("RPUSH", "l", *[ITEM] * 79)
        assert encoding(server) == b"listpack"
        # By the bytes of the new element alone it would still fit: they are what counts.
        server.call("RPUSH", "l", "y" * 45)
        assert encoding(server) == b"listpack"
        server.call("RPUSH", "l", "yy")
        assert encoding(server) == b"quicklist"


def test_encoding_by_number(server: Server) -> None:
    with server.config(list_max_listpack_size=4):
        server.call("RPUSH", "l", 1, 2, 3, 4)
        assert encoding(server) == b"listpack"
        server.call("RPUSH", "l", 5)
        assert encoding(server) == b"quicklist"
        server.call("LPOP", "l", 2)
        assert encoding(server) == b"quicklist"
        # Five were not in one node, so it is time when the second node is gone.
        server.call("RPOP", "l")
        assert encoding(server) == b"listpack"
        assert content(server) == [b"3", b"4"]


@pytest.mark.parametrize(
    ("shrink", "expected"),
    [
        (("LTRIM", "l", 0, 38), b"listpack"),
        (("RPOP", "l", 61), b"listpack"),
        (("LREM", "l", -61, ITEM), b"listpack"),
        (("LMPOP", 1, "l", "RIGHT", "COUNT", 61), b"listpack"),
        # A bit more than half of the limit is left, or some of both nodes.
        (("LTRIM", "l", 0, 39), b"quicklist"),
        (("LPOP", "l", 61), b"quicklist"),
        (("LREM", "l", 61, ITEM), b"quicklist"),
    ],
)
def test_a_quicklist_that_shrinks_to_half_becomes_a_listpack(
    server: Server, shrink: tuple[Argument, ...], expected: bytes
) -> None:
    with server.config(list_max_listpack_size=-2):
        # 79 in the first node, 21 in the second.
        server.call("RPUSH", "l", *[ITEM] * 100)
        assert encoding(server) == b"quicklist"
        server.call(*shrink)
        assert encoding(server) == expected
        assert content(server) == [ITEM] * (40 if shrink == ("LTRIM", "l", 0, 39) else 39)


def test_lset_converts_both_ways(server: Server) -> None:
    server.call("RPUSH", "l", "a", "b")
    assert server.call("LSET", "l", 1, "x" * 10_000) == b"OK"
    assert encoding(server) == b"quicklist"
    assert server.call("LSET", "l", 1, "x") == b"OK"
    assert encoding(server) == b"listpack"
    assert content(server) == [b"a", b"x"]


def test_linsert_converts_even_where_there_is_no_pivot(server: Server) -> None:
    server.call("RPUSH", "l", "a")
    assert server.call("LINSERT", "l", "BEFORE", "nosuch", "x" * 10_000) == -1
    assert encoding(server) == b"quicklist"
    assert content(server) == [b"a"]


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_compressed_lists(server: Server, depth: int) -> None:
    with server.config(list_compress_depth=depth, list_max_listpack_size=-1):
        items = fill(server, 1000)
        assert content(server) == items
        assert [server.call("LINDEX", "l", i) for i in (0, 500, -1)] == [items[0], items[500], items[999]]
        assert server.call("LPOS", "l", items[700]) == 700
        server.call("LSET", "l", 300, "new")
        server.call("LINSERT", "l", "AFTER", items[600], "newer")
        items[300] = b"new"
        items.insert(601, b"newer")
        assert server.call("LREM", "l", 0, items[400]) == 1
        del items[400]
        server.call("COPY", "l", "copy")
        assert content(server) == content(server, "copy") == items
        details = server.call("DEBUG", "OBJECT", "copy")
        assert b" ql_compressed:%d " % (depth > 0) in details
        assert (server.call("MEMORY", "USAGE", "copy") < 60_000) == (depth > 0)


# Reading by index


def test_llen_and_wrong_types(server: Server) -> None:
    assert server.call("LLEN", "l") == 0
    server.call("SET", "s", "x")
    for argv in (
        ("LLEN", "s"),
        ("LPUSH", "s", 1),
        ("RPUSHX", "s", 1),
        ("LRANGE", "s", 0, 1),
        ("LINDEX", "s", "x"),
        ("LSET", "s", "x", "v"),
        ("LINSERT", "s", "BEFORE", 1, 2),
        ("LREM", "s", 0, 1),
        ("LTRIM", "s", 0, 1),
        ("LPOS", "s", 1),
        ("LMOVE", "s", "l", "LEFT", "LEFT"),
        ("LMPOP", 1, "s", "LEFT"),
        ("BLPOP", "s", 0),
        ("BLMPOP", 0, 1, "s", "LEFT"),
        ("BRPOPLPUSH", "s", "l", 0),
    ):
        assert server.call(*argv) == WRONG_TYPE, argv


@pytest.mark.parametrize("count", [10, 1000])
def test_lindex_and_lrange_like_a_python_list(server: Server, count: int) -> None:
    items = fill(server, count)
    for i in (0, 1, count // 2, count - 1, count, MAX, -1, -count, -count - 1, MIN):
        expected = items[i] if -count <= i < count else None
        assert server.call("LINDEX", "l", i) == expected
    edges = (MIN, -count - 1, -count, -3, -1, 0, 2, count // 3, count - 1, count, MAX)
    for start in edges:
        for stop in edges:
            first = max(start + count if start < 0 else start, 0)
            last = stop + count if stop < 0 else stop
            assert server.call("LRANGE", "l", start, stop) == items[first : max(last + 1, 0)], (start, stop)


def test_what_is_asked_of_a_missing_list(server: Server) -> None:
    assert server.call("LINDEX", "l", "not looked at") is None
    assert server.call("LRANGE", "l", 0, -1) == []
    assert server.call("LRANGE", "l", "x", 0) == NOT_INTEGER
    assert server.call("LSET", "l", "not looked at", 1) == ErrorReply(b"ERR no such key")
    assert server.call("LINSERT", "l", "BEFORE", 1, 2) == 0
    assert server.call("LINSERT", "l", "BESIDE", 1, 2) == SYNTAX
    assert server.call("LREM", "l", 0, 1) == 0
    assert server.call("LREM", "l", "x", 1) == NOT_INTEGER
    assert server.call("LTRIM", "l", 0, 1) == b"OK"
    assert server.call("LTRIM", "l", 0, "x") == NOT_INTEGER
    assert server.call("LPOS", "l", 1) is None
    assert server.call("LPOS", "l", 1, "COUNT", 1) == []
    assert server.call("EXISTS", "l") == 0


# Changing by index and value


@pytest.mark.parametrize("count", [10, 1000])
def test_lset(server: Server, count: int) -> None:
    items = fill(server, count)
    for i in (0, count // 2, -1, -count):
        assert server.call("LSET", "l", i, f"new {i}") == b"OK"
        items[i] = b"new %d" % i
    assert content(server) == items
    for i in (count, -count - 1, MAX, MIN, 2**32):
        assert server.call("LSET", "l", i, "x") == OUT_OF_RANGE
    assert server.call("LSET", "l", "1.0", "x") == NOT_INTEGER
    assert content(server) == items


@pytest.mark.parametrize("count", [10, 1000])
def test_linsert(server: Server, count: int) -> None:
    items = fill(server, count)
    for pivot, where in ((0, "BEFORE"), (count // 2, "after"), (count - 1, "After"), (count // 2, "before")):
        at = items.index(items[pivot]) + (where.lower() == "after")
        assert server.call("LINSERT", "l", where, items[pivot], f"{where} {pivot}") == len(items) + 1
        items.insert(at, f"{where} {pivot}".encode())
    assert content(server) == items
    assert server.call("LINSERT", "l", "BEFORE", "none", "x") == -1


@pytest.mark.parametrize("times", [1, 100])
def test_lrem(server: Server, times: int) -> None:
    items = [b"a", b"1", b"b", b"a", ITEM, b"a"] * times
    server.call("RPUSH", "l", *items)
    assert server.call("LREM", "l", 2, "a") == 2
    items.remove(b"a")
    items.remove(b"a")
    assert content(server) == items
    assert server.call("LREM", "l", -1, "a") == 1
    del items[len(items) - 1 - items[::-1].index(b"a")]
    assert content(server) == items
    assert server.call("LREM", "l", 0, "none") == 0
    assert server.call("LREM", "l", MIN, 1) == times
    assert server.call("LREM", "l", MAX, ITEM) == times
    assert server.call("LREM", "l", 0, "b") == times
    assert server.call("LREM", "l", 0, "a") == 3 * times - 3
    assert server.call("EXISTS", "l") == 0


@pytest.mark.parametrize("count", [10, 1000])
@pytest.mark.parametrize(
    ("start", "stop"), [(0, -1), (1, -2), (3, 3), (-3, MAX), (MIN, 2), (5, 4), (MAX, MAX), (MIN, MIN), (-1, 0)]
)
def test_ltrim(server: Server, count: int, start: int, stop: int) -> None:
    items = fill(server, count)
    assert server.call("LTRIM", "l", start, stop) == b"OK"
    first = max(start + count if start < 0 else start, 0)
    last = stop + count if stop < 0 else stop
    assert content(server) == items[first : max(last + 1, 0)]
    assert server.call("EXISTS", "l") == (content(server) != [])


# LPOS


@pytest.mark.parametrize("padding", [0, 200])
def test_lpos(server: Server, padding: int) -> None:
    server.call("RPUSH", "l", *[ITEM] * padding, "a", 1, "c", 1, "a", 1)
    at = padding
    assert server.call("LPOS", "l", 1) == at + 1
    assert server.call("LPOS", "l", 1, "RANK", 2) == at + 3
    assert server.call("LPOS", "l", 1, "rank", -1) == at + 5
    assert server.call("LPOS", "l", 1, "RANK", -3) == at + 1
    assert server.call("LPOS", "l", 1, "RANK", 4) is None
    assert server.call("LPOS", "l", 1, "COUNT", 2) == [at + 1, at + 3]
    assert server.call("LPOS", "l", 1, "COUNT", 0, "RANK", -2) == [at + 3, at + 1]
    assert server.call("LPOS", "l", 1, "COUNT", 9, "RANK", 2) == [at + 3, at + 5]
    assert server.call("LPOS", "l", "c", "MAXLEN", at + 2) is None
    assert server.call("LPOS", "l", "c", "MAXLEN", at + 3) == at + 2
    assert server.call("LPOS", "l", "c", "MAXLEN", 0) == at + 2
    assert server.call("LPOS", "l", 1, "COUNT", 0, "MAXLEN", 3, "RANK", -1) == [at + 5, at + 3]
    assert server.call("LPOS", "l", "none", "COUNT", MAX, "MAXLEN", MAX, "RANK", MIN + 1) == []


def test_lpos_refuses(server: Server) -> None:
    zero = ErrorReply(
        b"ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start "
        b"from the end of the list"
    )
    bounds = ErrorReply(b"ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807")
    server.call("SET", "s", "x")
    assert server.call("LPOS", "s", 1, "RANK", 0) == zero
    assert server.call("LPOS", "s", 1, "RANK", MIN) == bounds
    assert server.call("LPOS", "s", 1, "RANK", "x") == NOT_INTEGER
    for value in (-1, "x"):
        assert server.call("LPOS", "s", 1, "COUNT", value) == ErrorReply(b"ERR COUNT can't be negative")
        assert server.call("LPOS", "s", 1, "MAXLEN", value) == ErrorReply(b"ERR MAXLEN can't be negative")
    for options in (("RANK",), ("NOSUCH", 1), ("RANK", 1, "COUNT"), ("NOSUCH",)):
        assert server.call("LPOS", "s", 1, *options) == SYNTAX


# From list to list


@pytest.mark.parametrize("count", [3, 300])
@pytest.mark.parametrize("source_side", ["LEFT", "right"])
@pytest.mark.parametrize("target_side", ["left", "RIGHT"])
@pytest.mark.parametrize("command", ["LMOVE", "BLMOVE"])
def test_move(server: Server, command: str, source_side: str, target_side: str, count: int) -> None:
    timeout = [0] if command == "BLMOVE" else []
    items, moved = fill(server, count), []
    for _ in range(count):
        expected = items.pop(0 if source_side == "LEFT" else -1)
        assert server.call(command, "l", "m", source_side, target_side, *timeout) == expected
        moved.insert(0 if target_side == "left" else len(moved), expected)
        assert content(server, "m") == moved
        assert content(server) == items
    assert server.call("EXISTS", "l") == 0


@pytest.mark.parametrize("count", [1, 3, 300])
@pytest.mark.parametrize("source_side", ["LEFT", "RIGHT"])
@pytest.mark.parametrize("target_side", ["LEFT", "RIGHT"])
def test_rotate(server: Server, source_side: str, target_side: str, count: int) -> None:
    items = fill(server, count)
    server.call("LSET", "l", 0, "x" * 5000)
    items[0] = b"x" * 5000
    for _ in range(3):
        moved = items.pop(0 if source_side == "LEFT" else -1)
        items.insert(0 if target_side == "LEFT" else len(items), moved)
        assert server.call("LMOVE", "l", "l", source_side, target_side) == moved
        assert content(server) == items


@pytest.mark.parametrize("command", [("RPOPLPUSH", "l", "m"), ("BRPOPLPUSH", "l", "m", 0)])
def test_rpoplpush(server: Server, command: tuple[Argument, ...]) -> None:
    server.call("RPUSH", "l", "a", 1)
    assert server.call(*command) == b"1"
    assert server.call(*command) == b"a"
    assert content(server, "m") == [b"a", b"1"]


def test_move_refuses(server: Server) -> None:
    server.call("SET", "s", "x")
    server.call("RPUSH", "l", "a")
    assert server.call("LMOVE", "none", "s", "LEFT", "LEFT") is None
    assert server.call("LMOVE", "l", "s", "LEFT", "LEFT") == WRONG_TYPE
    assert server.call("LMOVE", "none", "l", "UP", "LEFT") == SYNTAX
    assert server.call("LMOVE", "none", "l", "LEFT", "DOWN") == SYNTAX
    assert server.call("BLMOVE", "l", "s", "LEFT", "DOWN", "x") == SYNTAX
    assert server.call("BLMOVE", "l", "s", "LEFT", "LEFT", 0) == WRONG_TYPE
    assert content(server) == [b"a"]


# From the first list that has any


@pytest.mark.parametrize("command", [("LMPOP",), ("BLMPOP", 0)])
def test_mpop(server: Server, command: tuple[Argument, ...]) -> None:
    server.call("RPUSH", "l", "a", "b", "c", "d")
    server.call("RPUSH", "m", 1)
    assert server.call(*command, 2, "none", "l", "LEFT") == [b"l", [b"a"]]
    assert server.call(*command, 2, "l", "m", "right", "count", 2) == [b"l", [b"d", b"c"]]
    assert server.call(*command, 2, "l", "m", "RIGHT", "COUNT", MAX) == [b"l", [b"b"]]
    assert server.call(*command, 2, "l", "m", "LEFT", "COUNT", 5) == [b"m", [b"1"]]
    assert server.call("EXISTS", "l", "m") == 0


@pytest.mark.parametrize("command", [("LMPOP",), ("BLMPOP", "not looked at")])
def test_mpop_refuses(server: Server, command: tuple[Argument, ...]) -> None:
    server.call("RPUSH", "l", "a")
    for count in (0, -1, "x", MAX + 1):
        assert server.call(*command, count, "l", "LEFT") == ErrorReply(b"ERR numkeys should be greater than 0")
        assert server.call(*command, 1, "l", "LEFT", "COUNT", count) == ErrorReply(
            b"ERR count should be greater than 0"
        )
    for arguments in (
        (2, "l", "LEFT"),
        (MAX, "l", "LEFT"),
        (1, "l", "UP"),
        (1, "l", "LEFT", "COUNT"),
        (1, "l", "LEFT", "LIMIT", 1),
        (1, "l", "LEFT", "COUNT", 1, "COUNT", 1),
    ):
        assert server.call(*command, *arguments) == SYNTAX
    assert server.call("LLEN", "l") == 1


def test_a_list_before_a_wrong_type_is_served(server: Server) -> None:
    server.call("RPUSH", "l", "a", "b", "c")
    server.call("SET", "s", "x")
    assert server.call("LMPOP", 2, "l", "s", "LEFT") == [b"l", [b"a"]]
    assert server.call("BLPOP", "l", "s", 0) == [b"l", b"b"]
    assert server.call("BRPOP", "s", "l", 0) == WRONG_TYPE


# Waiting


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (("BLPOP", "none", "l", 0), [b"l", b"a"]),
        (("BRPOP", "l", "none", 0), [b"l", b"b"]),
        (("BLMPOP", 0, 2, "none", "l", "RIGHT", "COUNT", 9), [b"l", [b"b", b"a"]]),
        (("BLMOVE", "l", "m", "LEFT", "RIGHT", 0), b"a"),
        (("BRPOPLPUSH", "l", "m", 0), b"b"),
    ],
)
def test_a_push_wakes_who_waits(server: Server, command: tuple[Argument, ...], expected: Reply) -> None:
    with server.connect() as waiting:
        waiting.send(*command)
        while server.info("clients")["blocked_clients"] != "1":
            time.sleep(0.001)
        assert server.call("RPUSH", "l", "a", "b") == 2
        assert waiting.read() == expected
        assert server.info("clients")["blocked_clients"] == "0"


def test_who_came_first_is_served_first(server: Server) -> None:
    clients = [server.connect() for _ in range(4)]
    for number, client in enumerate(clients):
        client.send("BLPOP", "l", 0)
        while server.info("clients")["blocked_clients"] != str(number + 1):
            time.sleep(0.001)
    server.call("RPUSH", "l", 0, 1, 2)
    assert [client.read() for client in clients[:3]] == [[b"l", b"%d" % number] for number in range(3)]
    server.call("LPUSH", "l", 3)
    assert clients[3].read() == [b"l", b"3"]
    for client in clients:
        client.close()


def test_moves_that_wait_for_each_other(server: Server) -> None:
    with server.connect() as first, server.connect() as second:
        first.send("BLMOVE", "l", "m", "LEFT", "RIGHT", 0)
        second.send("BLMOVE", "m", "n", "LEFT", "RIGHT", 0)
        while server.info("clients")["blocked_clients"] != "2":
            time.sleep(0.001)
        server.call("RPUSH", "l", "a")
        assert first.read() == second.read() == b"a"
        assert [content(server, key) for key in ("l", "m", "n")] == [[], [], [b"a"]]


def test_a_move_to_a_wrong_type_fails_when_it_wakes(server: Server) -> None:
    server.call("SET", "s", "x")
    with server.connect() as waiting:
        waiting.send("BLMOVE", "l", "s", "LEFT", "RIGHT", 0)
        while server.info("clients")["blocked_clients"] != "1":
            time.sleep(0.001)
        server.call("RPUSH", "l", "a")
        assert waiting.read() == WRONG_TYPE
        assert content(server) == [b"a"]


@pytest.mark.parametrize("resp", [2, 3])
@pytest.mark.parametrize(
    "command",
    [
        ("BLPOP", "l", 0.05),
        ("BLMPOP", 0.05, 1, "l", "LEFT"),
        ("BLMOVE", "l", "m", "LEFT", "LEFT", 0.05),
        ("BRPOPLPUSH", "l", "m", "5e-2"),
    ],
)
def test_the_end_of_the_time(server: Server, resp: int, command: tuple[Argument, ...]) -> None:
    with server.connect(resp=resp) as client:
        start = time.monotonic()
        assert client.call_raw(*command) == (b"*-1\r\n" if resp == 2 else b"_\r\n")
        assert time.monotonic() - start >= 0.05


def test_timeouts_that_are_refused(server: Server) -> None:
    server.call("RPUSH", "l", "a")
    errors = {
        b"ERR timeout is not a float or out of range": ("x", "", " 1", "1 ", "nan", "1.5s"),
        b"ERR timeout is negative": ("-1", "-0.002", "-inf", "-1e4000"),
        b"ERR timeout is out of range": ("inf", "1e400", MAX, MAX // 1000),
    }
    for text, values in errors.items():
        for value in values:
            assert server.call("BLPOP", "l", value) == ErrorReply(text), value
    # Rounded up to the next millisecond that is no time at all.
    assert server.call("BLPOP", "l", "-0.0001") == [b"l", b"a"]


# Changes


def test_what_counts_as_a_change(server: Server) -> None:
    steps: list[tuple[tuple[Argument, ...], int]] = [
        (("RPUSH", "l", *range(10)), 10),
        (("LPUSHX", "none", 1), 0),
        (("LPOP", "l"), 1),
        (("LPOP", "l", 3), 3),
        (("LSET", "l", 0, "x"), 1),
        (("LINSERT", "l", "BEFORE", "none", "x"), 0),
        (("LINSERT", "l", "BEFORE", "x", "x"), 1),
        (("LREM", "l", 0, "none"), 0),
        (("LREM", "l", 0, "x"), 2),
        (("LTRIM", "l", 1, -2), 2),
        (("LMOVE", "l", "m", "LEFT", "LEFT"), 1),
        (("LMOVE", "l", "l", "LEFT", "LEFT"), 1),
        (("LMPOP", 1, "l", "LEFT", "COUNT", 9), 2),
        (("BLPOP", "m", 0), 1),
    ]
    for argv, expected in steps:
        before = changes(server)
        assert not isinstance(server.call(*argv), ErrorReply)
        assert changes(server) - before == expected, argv
    assert server.call("DBSIZE") == 0


def test_a_list_keeps_its_time_to_live(server: Server) -> None:
    server.call("RPUSH", "l", *[ITEM] * 50)
    server.call("EXPIRE", "l", 1000)
    server.call("RPUSH", "l", *[ITEM] * 50)
    assert encoding(server) == b"quicklist"
    server.call("LTRIM", "l", 0, 5)
    assert encoding(server) == b"listpack"
    assert 0 < server.call("TTL", "l") <= 1000
    server.call("LPOP", "l", 100)
    server.call("RPUSH", "l", "a")
    assert server.call("TTL", "l") == -1


# DEBUG


def test_debug_object_of_a_quicklist(server: Server) -> None:
    with server.config(list_max_listpack_size=2):
        server.call("RPUSH", "l", "a", "b", "c")
    details = server.call("DEBUG", "OBJECT", "l")
    assert details.endswith(b" ql_nodes:2 ql_avg_node:1.50 ql_listpack_max:2 ql_compressed:0 ql_uncompressed_size:23")
    server.call("RPUSH", "m", "a")
    assert b"encoding:listpack serializedlength:13 " in server.call("DEBUG", "OBJECT", "m")


def test_plain_nodes(server: Server) -> None:
    assert server.call("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "100b") == b"OK"
    try:
        items = [b"%d" % number for number in range(100)]
        server.call("RPUSH", "l", *items, "x" * 9000)
        for i in (0, 50, 99):
            server.call("LSET", "l", i, b"y" * 100)
            items[i] = b"y" * 100
        assert b" ql_nodes:6 " in server.call("DEBUG", "OBJECT", "l")
        assert content(server) == [*items, b"x" * 9000]
        assert server.call("LREM", "l", 0, b"y" * 100) == 3
    finally:
        assert server.call("DEBUG", "QUICKLIST-PACKED-THRESHOLD", 0) == b"OK"


@pytest.mark.parametrize("size", ["-1", "x", "1q", "4gb", "5g", "1" * 30])
def test_thresholds_that_are_refused(server: Server, size: str) -> None:
    assert server.call("DEBUG", "QUICKLIST-PACKED-THRESHOLD", size) == ErrorReply(
        b"ERR argument must be a memory value bigger than 1 and smaller than 4gb"
    )


def test_debug_listpack(server: Server) -> None:
    server.call("RPUSH", "l", "first", 2)
    assert server.call("DEBUG", "LISTPACK", "l") == b"Listpack structure printed on stdout"
    assert "listpack of 16 bytes, 2 elements\n" in server.output()
    assert "at      6,      7 bytes: b'first'\n" in server.output()
    assert server.call("DEBUG", "LISTPACK", "none") == ErrorReply(b"ERR no such key")
    server.call("SET", "s", "x")
    assert server.call("DEBUG", "LISTPACK", "s") == ErrorReply(b"ERR Not a listpack encoded object.")


def test_digests_are_those_of_a_real_server(server: Server, peer: Server) -> None:
    for each in (server, peer):
        each.call("RPUSH", "l", "a", 1, ITEM)
        each.call("RPUSH", "m", *[ITEM] * 200)
        each.call("EXPIRE", "m", 1000)
    assert server.call("DEBUG", "DIGEST") == peer.call("DEBUG", "DIGEST")
    assert server.call("DEBUG", "DIGEST-VALUE", "l", "m") == peer.call("DEBUG", "DIGEST-VALUE", "l", "m")


# Events


def test_events() -> None:
    loopless = LooplessServer()
    seen: list[tuple[bytes, bytes]] = []
    loopless.keyspace.on_change = lambda _, key, __, event: seen.append((key, event))
    loopless.keyspace.effects = 1
    steps: list[tuple[tuple[Argument, ...], list[tuple[bytes, bytes]]]] = [
        (("RPUSH", "l", *range(8)), [(b"l", b"new"), (b"l", b"rpush")]),
        (("LPUSHX", "l", 1), [(b"l", b"lpush")]),
        (("RPUSHX", "none", 1), []),
        (("LSET", "l", 0, "x"), [(b"l", b"lset")]),
        (("LINSERT", "l", "AFTER", "x", "x"), [(b"l", b"linsert")]),
        (("LINSERT", "l", "AFTER", "none", "x"), []),
        (("LREM", "l", 0, "x"), [(b"l", b"lrem")]),
        (("LREM", "l", 0, "x"), []),
        (("LTRIM", "l", 0, -1), [(b"l", b"ltrim")]),
        (("LMOVE", "l", "m", "LEFT", "RIGHT"), [(b"m", b"new"), (b"m", b"rpush"), (b"l", b"lpop")]),
        (("RPOPLPUSH", "m", "l"), [(b"l", b"lpush"), (b"m", b"rpop"), (b"m", b"del")]),
        (("LMOVE", "l", "l", "LEFT", "RIGHT"), [(b"l", b"rpush"), (b"l", b"lpop")]),
        (("LPOP", "l", 2), [(b"l", b"lpop")]),
        (("BRPOP", "l", 0), [(b"l", b"rpop")]),
        (("LMPOP", 1, "l", "RIGHT", "COUNT", 9), [(b"l", b"rpop"), (b"l", b"del")]),
    ]
    with LooplessClient(loopless) as client:
        for argv, expected in steps:
            seen.clear()
            assert not client.exchange([encode_command(*argv)]).startswith(b"-")
            assert [each for each in seen if each[1] != b"keymiss"] == expected, argv
