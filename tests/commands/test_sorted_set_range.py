"""Ranges of sorted sets: bounds as they are written, directions, limits, storing, both protocols, errors."""

from typing import Any

import pytest

from tests.support import ErrorReply, Server

SYNTAX = b"ERR syntax error"
NOT_INTEGER = b"ERR value is not an integer or out of range"
NOT_A_SCORE = b"ERR min or max is not a float"
NOT_A_MEMBER = b"ERR min or max not valid string range item"
WRONG_TYPE = b"WRONGTYPE Operation against a key holding the wrong kind of value"
LIMIT_BY_RANK = b"ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"
SCORES_BY_MEMBER = b"ERR syntax error, WITHSCORES not supported in combination with BYLEX"


@pytest.fixture(params=[1000, 0])
def any_server(request: pytest.FixtureRequest, server: Server) -> Any:
    """Return our server, with all sorted sets in one encoding, the second of them skiplist."""
    with server.config(zset_max_listpack_entries=request.param):
        server.call("ZADD", "z", 1, "a", 2, "b", 3, "c", 4, "d", 5, "e")
        server.call("ZADD", "level", *(part for member in "abcdefg" for part in (0, member)))
        yield server


def joined(reply: object) -> str:
    assert isinstance(reply, list)
    return b"".join(reply).decode()


@pytest.mark.parametrize(
    ("request_", "members"),
    [
        ("ZRANGE z 0 -1", "abcde"),
        ("ZRANGE z 1 2", "bc"),
        ("ZRANGE z -2 -1", "de"),
        ("ZRANGE z -100 100", "abcde"),
        ("ZRANGE z 3 2", ""),
        ("ZRANGE z 5 9", ""),
        ("ZRANGE z -9 -6", ""),
        ("ZRANGE z 0 1 REV", "ed"),
        ("ZRANGE z -2 -1 rev", "ba"),
        ("ZRANGE z 0 -1 LIMIT 7 -1", "abcde"),
        ("ZREVRANGE z 0 -1", "edcba"),
        ("ZREVRANGE z 1 1", "d"),
        ("ZREVRANGE z -1 -1", "a"),
        ("ZRANGE none 0 -1", ""),
        ("ZRANGE z 2 4 BYSCORE", "bcd"),
        ("ZRANGE z (2 (4 BYSCORE", "c"),
        ("ZRANGE z 4 2 BYSCORE", ""),
        ("ZRANGE z 4 2 BYSCORE REV", "dcb"),
        ("ZRANGE z (4 -inf REV byscore", "cba"),
        ("ZRANGEBYSCORE z -inf +inf", "abcde"),
        ("ZRANGEBYSCORE z -inf inf LIMIT 1 2", "bc"),
        ("ZRANGEBYSCORE z -inf inf LIMIT 4 9", "e"),
        ("ZRANGEBYSCORE z -inf inf LIMIT 5 9", ""),
        ("ZRANGEBYSCORE z -inf inf LIMIT -1 9", ""),
        ("ZRANGEBYSCORE z -inf inf LIMIT 1 -5", "bcde"),
        ("ZRANGEBYSCORE z -inf inf LIMIT 1 0", ""),
        ("ZRANGEBYSCORE z -inf inf LIMIT 0 9223372036854775807", "abcde"),
        ("ZREVRANGEBYSCORE z +inf -inf LIMIT 1 2", "dc"),
        ("ZREVRANGEBYSCORE z 1 5", ""),
        ("ZREVRANGEBYSCORE z (5 (1", "dcb"),
        ("ZRANGEBYSCORE z (3 3", ""),
        ("ZRANGEBYSCORE z 3 3", "c"),
        ("ZRANGEBYLEX level - +", "abcdefg"),
        ("ZRANGEBYLEX level [b (e", "bcd"),
        ("ZRANGEBYLEX level (b [e", "cde"),
        ("ZRANGEBYLEX level (b (c", ""),
        ("ZRANGEBYLEX level + -", ""),
        ("ZRANGEBYLEX level - -", ""),
        ("ZRANGEBYLEX level + +", ""),
        ("ZRANGEBYLEX level [bb [cc", "c"),
        ("ZRANGEBYLEX level - + LIMIT 2 3", "cde"),
        ("ZRANGE level [c + BYLEX LIMIT 0 2", "cd"),
        ("ZREVRANGEBYLEX level + [e", "gfe"),
        ("ZREVRANGEBYLEX level [e - LIMIT 1 2", "dc"),
        ("ZRANGE level (e (a BYLEX REV", "dcb"),
    ],
)
def test_ranges(any_server: Server, request_: str, members: str) -> None:
    assert joined(any_server.call(*request_.split())) == members


@pytest.mark.parametrize(
    ("low", "high", "count"),
    [
        ("", "9", 5),
        ("(", "9", 5),
        (" 2", "\t4", 3),
        ("(\n2", "4", 2),
        ("2\0x", "4", 3),
        ("0x2", "0X1p2", 3),
        ("-1e400", "1e400", 5),
        ("1e-400", "5", 5),
        ("-0x1p99999", "0x1p99999", 5),
        ("+2", ".4e1", 3),
        ("2.", "4", 3),
        ("-infinity", "INF", 5),
        ("(inf", "inf", 0),
    ],
)
def test_scores_are_read_as_strtod_reads_them(any_server: Server, low: str, high: str, count: int) -> None:
    assert any_server.call("ZCOUNT", "z", low, high) == count


@pytest.mark.parametrize(
    "bad", ["x", "1 ", "(x", "((1", "nan", "(nan", "[1", "1_0", " ", "- 1", "1e", "0x", "--1", "1,5"]
)
def test_what_is_no_score(any_server: Server, bad: str) -> None:
    for argv in (("ZCOUNT", "z", bad, 1), ("ZRANGEBYSCORE", "z", 1, bad), ("ZREMRANGEBYSCORE", "none", bad, bad)):
        assert any_server.call(*argv) == ErrorReply(NOT_A_SCORE)


@pytest.mark.parametrize("bad", ["", "a", "+x", "-x", "1", "{a", " [a"])
def test_what_is_no_bound_of_members(any_server: Server, bad: str) -> None:
    for argv in (("ZLEXCOUNT", "z", bad, "+"), ("ZRANGEBYLEX", "z", "-", bad), ("ZREMRANGEBYLEX", "none", bad, bad)):
        assert any_server.call(*argv) == ErrorReply(NOT_A_MEMBER)
    assert any_server.call("ZLEXCOUNT", "level", b"-\0x", b"+\0") == 7


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ("ZRANGE z 0", b"ERR wrong number of arguments for 'zrange' command"),
        ("ZRANGE s x y", NOT_INTEGER),
        ("ZRANGE s 0 1", WRONG_TYPE),
        ("ZRANGE z 0 1 foo", SYNTAX),
        ("ZRANGE z 0 1 LIMIT 0", SYNTAX),
        ("ZRANGE z 0 1 LIMIT x 1", NOT_INTEGER),
        ("ZRANGE z 0 1 LIMIT 0 5", LIMIT_BY_RANK),
        ("ZRANGE z 0 1 BYLEX BYSCORE", SYNTAX),
        ("ZRANGE z 0 1 REV REV", SYNTAX),
        ("ZRANGE z - + BYLEX WITHSCORES", SCORES_BY_MEMBER),
        ("ZRANGE z x + BYLEX WITHSCORES", SCORES_BY_MEMBER),
        ("ZREVRANGE z 0 1 REV", SYNTAX),
        ("ZREVRANGE z 0 1 BYSCORE", SYNTAX),
        ("ZREVRANGE z 0 1 LIMIT 0 1", LIMIT_BY_RANK),
        ("ZRANGEBYSCORE z 0 1 BYLEX", SYNTAX),
        ("ZRANGEBYLEX z - + WITHSCORES", SCORES_BY_MEMBER),
        ("ZRANGESTORE d z 0 1 WITHSCORES", SYNTAX),
        ("ZRANGESTORE d z 0 1 LIMIT 0 1", LIMIT_BY_RANK),
        ("ZRANGESTORE d s 0 1", WRONG_TYPE),
        ("ZCOUNT s 0 1", WRONG_TYPE),
        ("ZLEXCOUNT s - +", WRONG_TYPE),
        ("ZREMRANGEBYRANK s 0 1", WRONG_TYPE),
        ("ZREMRANGEBYRANK z 0 x", NOT_INTEGER),
    ],
)
def test_errors_in_the_order_in_which_they_are_found(any_server: Server, request_: str, error: bytes) -> None:
    any_server.call("SET", "s", "text")
    assert any_server.call(*request_.split()) == ErrorReply(error)


def test_scores_beside_members(any_server: Server) -> None:
    flat = b"*4\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$1\r\n2\r\n"
    nested = b"*2\r\n*2\r\n$1\r\na\r\n,1\r\n*2\r\n$1\r\nb\r\n,2\r\n"
    requests = [
        ("ZRANGE", "z", 0, 1, "WITHSCORES"),
        ("ZRANGEBYSCORE", "z", 1, 2, "withscores"),
        ("ZRANGE", "z", 1, 2, "BYSCORE", "WITHSCORES", "LIMIT", 0, 2),
    ]
    with any_server.connect(resp=3) as client:
        for argv in requests:
            assert any_server.call_raw(*argv) == flat
            assert client.call_raw(*argv) == nested
        assert client.call_raw("ZRANGE", "z", 9, 9, "WITHSCORES") == b"*0\r\n"
        assert client.call_raw("ZRANGE", "none", 0, 9) == b"*0\r\n"


def test_a_range_is_stored_in_the_encoding_that_it_calls_for(any_server: Server) -> None:
    any_server.call("CONFIG", "SET", "zset-max-listpack-entries", 3)
    assert any_server.call("ZRANGESTORE", "d", "z", 0, -1) == 5
    assert any_server.call("OBJECT", "ENCODING", "d") == b"skiplist"
    assert any_server.call("ZRANGESTORE", "d", "z", 4, 2, "BYSCORE", "REV", "LIMIT", 1, 2) == 2
    assert any_server.call("OBJECT", "ENCODING", "d") == b"listpack"
    assert any_server.call("ZRANGE", "d", 0, -1, "WITHSCORES") == [b"b", b"2", b"c", b"3"]
    any_server.call("EXPIRE", "d", 100)
    assert any_server.call("ZRANGESTORE", "d", "z", 0, 0) == 1
    assert any_server.call("TTL", "d") == -1
    any_server.call("ZADD", "long", 1, "x" * 65)
    assert any_server.call("ZRANGESTORE", "d", "long", 0, 0) == 1
    assert any_server.call("OBJECT", "ENCODING", "d") == b"skiplist"
    any_server.call("SET", "d", "text")
    assert any_server.call("ZRANGESTORE", "d", "none", 0, 0) == 0
    assert any_server.call("EXISTS", "d") == 0


def test_a_range_is_stored_over_its_own_source(any_server: Server) -> None:
    assert any_server.call("ZRANGESTORE", "z", "z", 1, 3) == 3
    assert joined(any_server.call("ZRANGE", "z", 0, -1)) == "bcd"
    assert any_server.call("ZRANGESTORE", "z", "z", 7, 9) == 0
    assert any_server.call("EXISTS", "z") == 0


def test_removing_ranges(any_server: Server) -> None:
    assert any_server.call("ZREMRANGEBYRANK", "z", 1, -3) == 2
    assert joined(any_server.call("ZRANGE", "z", 0, -1)) == "ade"
    assert any_server.call("ZREMRANGEBYSCORE", "z", "(1", "(5") == 1
    assert any_server.call("ZREMRANGEBYSCORE", "z", 8, 9) == 0
    assert any_server.call("ZREMRANGEBYLEX", "level", "[c", "(f") == 3
    assert joined(any_server.call("ZRANGE", "level", 0, -1)) == "abfg"
    assert any_server.call("ZREMRANGEBYLEX", "level", "-", "+") == 4
    assert any_server.call("ZREMRANGEBYRANK", "z", -100, 100) == 2
    assert any_server.call("EXISTS", "z", "level") == 0


def test_many_members_are_removed_from_all_places(server: Server) -> None:
    pairs = [part for i in range(3000) for part in (i, f"m{i}")]
    for start, stop in ((0, 999), (1000, 1999), (2000, 2999), (5, 2990), (0, 2998)):
        server.call("ZADD", "z", *pairs)
        assert server.call("ZREMRANGEBYRANK", "z", start, stop) == stop - start + 1
        left = [b"m%d" % i for i in range(3000) if not start <= i <= stop]
        assert server.call("ZRANGE", "z", 0, -1) == left
        assert server.call("ZMSCORE", "z", f"m{start}", f"m{stop}") == [None, None]
        assert [server.call("ZSCORE", "z", member) for member in left[:20]] == [member[1:] for member in left[:20]]


def test_members_of_unlike_scores_are_searched_from_one_end(server: Server) -> None:
    """What Redis finds in a listpack whose scores differ, where ranges of members mean nothing."""
    server.call("ZADD", "z", 1, "m", 2, "c", 3, "x", 4, "d", 5, "p")
    assert joined(server.call("ZRANGEBYLEX", "z", "[d", "[n")) == "mc"
    assert joined(server.call("ZREVRANGEBYLEX", "z", "[n", "[d")) == "dx"
    assert joined(server.call("ZRANGEBYLEX", "z", "[n", "[z")) == "xdp"
    assert joined(server.call("ZREVRANGEBYLEX", "z", "[z", "[n")) == "p"
    assert joined(server.call("ZRANGEBYLEX", "z", "[a", "[b")) == ""
    assert server.call("ZLEXCOUNT", "z", "-", "[p") == 2
