"""ZPOPMIN and its kin, and the forms that wait: who is served, with what, in which order, and when nobody is."""

from typing import Any

import pytest

from tests.support import ErrorReply, Server

SYNTAX = b"ERR syntax error"
WRONG_TYPE = b"WRONGTYPE Operation against a key holding the wrong kind of value"
NOT_POSITIVE = b"ERR value is out of range, must be positive"
SHORT_S = "0.02"


@pytest.fixture(params=[1000, 0])
def any_server(request: pytest.FixtureRequest, server: Server) -> Any:
    """Return our server, with all sorted sets in one encoding, the second of them skiplist."""
    with server.config(zset_max_listpack_entries=request.param):
        yield server


def fill(server: Server, key: str = "z", count: int = 5) -> None:
    server.call("ZADD", key, *(part for i in range(count) for part in (i, f"m{i}")))


def test_the_ends_are_popped(any_server: Server) -> None:
    fill(any_server)
    assert any_server.call("ZPOPMIN", "z") == [b"m0", b"0"]
    assert any_server.call("ZPOPMAX", "z") == [b"m4", b"4"]
    assert any_server.call("ZPOPMAX", "z", 2) == [b"m3", b"3", b"m2", b"2"]
    assert any_server.call("ZPOPMIN", "z", 0) == []
    assert any_server.call("ZPOPMIN", "z", 2**63 - 1) == [b"m1", b"1"]
    assert any_server.call("EXISTS", "z") == 0
    assert any_server.call("ZPOPMIN", "z") == any_server.call("ZPOPMAX", "z", 3) == []


def test_all_of_a_large_set_is_popped_in_order(server: Server) -> None:
    fill(server, count=2000)
    popped = []
    for _ in range(20):
        flat = server.call("ZPOPMIN", "z", 50)
        assert isinstance(flat, list)
        popped += flat[1::2]
        flat = server.call("ZPOPMAX", "z", 50)
        assert isinstance(flat, list)
        popped += flat[1::2]
    assert sorted(map(int, popped)) == list(range(2000))
    assert popped[:50] == [b"%d" % i for i in range(50)]
    assert popped[50:100] == [b"%d" % i for i in range(1999, 1949, -1)]
    assert server.call("EXISTS", "z") == 0


def test_shapes_in_resp3(any_server: Server) -> None:
    fill(any_server)
    with any_server.connect(resp=3) as client:
        assert client.call_raw("ZPOPMIN", "z") == b"*2\r\n$2\r\nm0\r\n,0\r\n"
        assert client.call_raw("ZPOPMIN", "z", 1) == b"*1\r\n*2\r\n$2\r\nm1\r\n,1\r\n"
        assert client.call_raw("ZPOPMIN", "none", 1) == b"*0\r\n"
        assert client.call_raw("BZPOPMIN", "z", 0) == b"*3\r\n$1\r\nz\r\n$2\r\nm2\r\n,2\r\n"
        assert client.call_raw("ZMPOP", 1, "z", "MAX") == b"*2\r\n$1\r\nz\r\n*1\r\n*2\r\n$2\r\nm4\r\n,4\r\n"
        assert client.call_raw("ZMPOP", 1, "none", "MAX") == b"_\r\n"
        assert client.call_raw("BZPOPMAX", "none", SHORT_S) == b"_\r\n"


def test_zmpop_takes_the_first_key_that_exists(any_server: Server) -> None:
    fill(any_server, "b")
    fill(any_server, "c")
    assert any_server.call("ZMPOP", 3, "a", "b", "c", "MIN", "COUNT", 2) == [b"b", [[b"m0", b"0"], [b"m1", b"1"]]]
    assert any_server.call("ZMPOP", 3, "a", "b", "c", "max", "count", 9) == [
        b"b",
        [[b"m4", b"4"], [b"m3", b"3"], [b"m2", b"2"]],
    ]
    assert any_server.call("ZMPOP", 2, "a", "c", "MIN") == [b"c", [[b"m0", b"0"]]]
    assert any_server.call_raw("ZMPOP", 2, "a", "b", "MIN") == b"*-1\r\n"


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ("ZPOPMIN z x", NOT_POSITIVE),
        ("ZPOPMIN z -1", NOT_POSITIVE),
        ("ZPOPMIN z 9223372036854775808", NOT_POSITIVE),
        ("ZPOPMAX z 1 2", SYNTAX),
        ("ZPOPMAX s", WRONG_TYPE),
        ("ZPOPMAX s 0", WRONG_TYPE),
        ("ZPOPMAX s x", NOT_POSITIVE),
        ("ZMPOP 0 z MIN", b"ERR numkeys should be greater than 0"),
        ("ZMPOP x z MIN", b"ERR numkeys should be greater than 0"),
        ("ZMPOP 2 z MIN", SYNTAX),
        ("ZMPOP 9223372036854775807 z MIN", SYNTAX),
        ("ZMPOP 1 z MID", SYNTAX),
        ("ZMPOP 1 z MIN COUNT", SYNTAX),
        ("ZMPOP 1 z MIN COUNT 0", b"ERR count should be greater than 0"),
        ("ZMPOP 1 z MIN COUNT 1 COUNT 1", SYNTAX),
        ("ZMPOP 1 s MIN", WRONG_TYPE),
        ("ZMPOP 2 none s MIN", WRONG_TYPE),
        ("BZPOPMIN z x", b"ERR timeout is not a float or out of range"),
        ("BZPOPMIN z -1", b"ERR timeout is negative"),
        ("BZPOPMIN z 1e300", b"ERR timeout is out of range"),
        ("BZPOPMIN z inf", b"ERR timeout is out of range"),
        ("BZPOPMIN z nan", b"ERR timeout is not a float or out of range"),
        ("BZPOPMIN s 0", WRONG_TYPE),
        ("BZMPOP x 0 z MIN", b"ERR numkeys should be greater than 0"),
        ("BZMPOP x 1 z MIN", b"ERR timeout is not a float or out of range"),
        ("BZMPOP -1 1 z MIN COUNT 0", b"ERR count should be greater than 0"),
    ],
)
def test_errors_in_the_order_in_which_they_are_found(server: Server, request_: str, error: bytes) -> None:
    server.call("SET", "s", "text")
    assert server.call(*request_.split()) == ErrorReply(error)


# Waiting


def test_what_is_there_is_taken_without_waiting(any_server: Server) -> None:
    fill(any_server, count=6)
    assert any_server.call("BZPOPMIN", "none", "z", 0) == [b"z", b"m0", b"0"]
    assert any_server.call("BZPOPMAX", "none", "z", 0) == [b"z", b"m5", b"5"]
    assert any_server.call("BZMPOP", 0, 2, "none", "z", "MIN", "COUNT", 2) == [b"z", [[b"m1", b"1"], [b"m2", b"2"]]]


def test_the_time_is_over(server: Server) -> None:
    for argv in (("BZPOPMIN", "z", SHORT_S), ("BZPOPMAX", "z", "y", SHORT_S), ("BZMPOP", SHORT_S, 1, "z", "MIN")):
        assert server.call_raw(*argv) == b"*-1\r\n"


@pytest.mark.parametrize(
    ("waiting", "reply"),
    [
        (("BZPOPMIN", "y", "z", 0), [b"z", b"a", b"1"]),
        (("BZPOPMAX", "z", 0), [b"z", b"c", b"3"]),
        (("BZMPOP", 0, 1, "z", "MAX", "COUNT", 2), [b"z", [[b"c", b"3"], [b"b", b"2"]]]),
    ],
)
def test_one_who_waits_is_served(any_server: Server, waiting: tuple[Any, ...], reply: object) -> None:
    with any_server.connect() as client:
        client.send(*waiting)
        assert client.is_silent()
        assert any_server.call("ZADD", "z", 1, "a", 2, "b", 3, "c") == 3
        assert client.read() == reply
        assert client.call("PING") == b"PONG"


def test_those_who_wait_are_served_in_order(server: Server) -> None:
    clients = [server.connect() for _ in range(3)]
    for client in clients:
        client.send("BZPOPMIN", "z", 0)
        assert client.is_silent(0.05)
    server.call("ZADD", "z", 2, "b", 1, "a")
    assert clients[0].read() == [b"z", b"a", b"1"]
    assert clients[1].read() == [b"z", b"b", b"2"]
    assert clients[2].is_silent()
    assert server.call("EXISTS", "z") == 0
    server.call("ZINCRBY", "z", 7, "c")
    assert clients[2].read() == [b"z", b"c", b"7"]
    for client in clients:
        client.close()


@pytest.mark.parametrize(
    "request_",
    [
        ("ZUNIONSTORE", "z", 1, "other"),
        ("ZRANGESTORE", "z", "other", 0, -1),
        ("ZDIFFSTORE", "z", 2, "other", "none"),
        ("RENAME", "other", "z"),
        ("COPY", "other", "z"),
        ("GEOSEARCHSTORE", "z", "other", "FROMMEMBER", "m", "BYRADIUS", 1, "m"),
    ],
)
def test_whatever_makes_a_sorted_set_serves(server: Server, request_: tuple[Any, ...]) -> None:
    server.call("ZADD", "other", 5, "m")
    with server.connect() as client:
        client.send("BZPOPMIN", "z", 0)
        assert client.is_silent(0.05)
        server.call(*request_)
        assert client.read() == [b"z", b"m", b"5"]


def test_a_value_of_another_type_serves_nobody(server: Server) -> None:
    with server.connect() as client:
        client.send("BZPOPMIN", "z", 0)
        assert client.is_silent(0.05)
        server.call("SET", "z", "text")
        assert client.is_silent()
        server.call("DEL", "z")
        server.call("ZADD", "z", 1, "a")
        assert client.read() == [b"z", b"a", b"1"]


def test_one_who_leaves_takes_nothing(server: Server) -> None:
    client = server.connect()
    client.send("BZPOPMIN", "z", 0)
    assert client.is_silent()
    client.close()
    server.call("PING")
    server.call("ZADD", "z", 1, "a")
    assert server.call("ZCARD", "z") == 1
