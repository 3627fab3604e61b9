"""Clients that wait for keys: order, wake-ups, time-outs, and what they leave behind."""

import time
from collections.abc import Iterator

import pytest

from tests.support import ErrorReply, RespClient, Server

UNBLOCKED = ErrorReply(b"UNBLOCKED client unblocked via CLIENT UNBLOCK")


@pytest.fixture
def others(server: Server) -> Iterator[list[RespClient]]:
    """Return five more connections."""
    clients = [server.connect() for _ in range(5)]
    yield clients
    for client in clients:
        client.close()


def wait_for_blocked(server: Server, count: int) -> None:
    deadline = time.monotonic() + 5
    while server.info("clients")["blocked_clients"] != str(count):
        assert time.monotonic() < deadline


def test_clients_are_served_in_the_order_in_which_they_came(server: Server, others: list[RespClient]) -> None:
    for number, client in enumerate(others):
        client.send("BLPOP", "k", 0)
        wait_for_blocked(server, number + 1)
    server.call("RPUSH", "k", "a", "b", "c")
    assert [client.read() for client in others[:3]] == [[b"k", b"a"], [b"k", b"b"], [b"k", b"c"]]
    wait_for_blocked(server, 2)
    server.call("MULTI")
    server.call("RPUSH", "k", "d")
    server.call("RPUSH", "k", "e", "f")
    server.call("EXEC")
    assert [client.read() for client in others[3:]] == [[b"k", b"d"], [b"k", b"e"]]
    assert server.call("LRANGE", "k", 0, -1) == [b"f"]


def test_a_pipeline_goes_on_behind_what_waited(server: Server, client: RespClient) -> None:
    client.send("BLPOP", "k", 0)
    client.send("PING")
    client.send("BLPOP", "k", 0)
    client.send("ECHO", "last")
    wait_for_blocked(server, 1)
    server.call("RPUSH", "k", "a")
    assert client.read() == [b"k", b"a"]
    assert client.read() == b"PONG"
    wait_for_blocked(server, 1)
    server.call("RPUSH", "k", "b")
    assert client.read() == [b"k", b"b"]
    assert client.read() == b"last"


def test_waiting_in_vain(server: Server, client: RespClient) -> None:
    assert client.call("BLPOP", "k", "0.05") is None
    assert client.call("BLMOVE", "k", "l", "LEFT", "LEFT", "0.01") is None
    assert client.call_raw("BZPOPMIN", "z", "0.01") == b"*-1\r\n"
    assert server.info("clients")["blocked_clients"] == "0"
    assert server.info("clients")["total_blocking_keys"] == "0"


def test_unblock(server: Server, client: RespClient) -> None:
    identity = client.call("CLIENT", "ID")
    client.send("BLPOP", "k", "l", 0)
    wait_for_blocked(server, 1)
    assert server.info("clients")["total_blocking_keys"] == "2"
    assert server.call("CLIENT", "UNBLOCK", identity) == 1
    assert client.read() is None
    client.send("BLPOP", "k", 0)
    wait_for_blocked(server, 1)
    assert server.call("CLIENT", "UNBLOCK", identity, "ERROR") == 1
    assert client.read() == UNBLOCKED
    assert server.call("CLIENT", "UNBLOCK", identity) == 0


def test_one_that_leaves_takes_nothing_and_leaves_nothing(server: Server, client: RespClient) -> None:
    client.send("BLPOP", "k", "l", 0)
    wait_for_blocked(server, 1)
    client.close()
    wait_for_blocked(server, 0)
    assert server.info("clients")["total_blocking_keys"] == "0"
    server.call("RPUSH", "k", "a")
    assert server.call("LLEN", "k") == 1


def test_one_served_client_serves_the_next(server: Server, others: list[RespClient]) -> None:
    others[0].send("BLMOVE", "a", "b", "LEFT", "LEFT", 0)
    others[1].send("BLMOVE", "b", "c", "LEFT", "LEFT", 0)
    others[2].send("BLPOP", "c", 0)
    wait_for_blocked(server, 3)
    server.call("RPUSH", "a", "x")
    assert [client.read() for client in others[:3]] == [b"x", b"x", [b"c", b"x"]]


def test_a_key_of_another_type_wakes_nobody(server: Server, client: RespClient) -> None:
    client.send("BLPOP", "k", 0)
    wait_for_blocked(server, 1)
    server.call("SADD", "k", "x")
    server.call("SET", "k", "x")
    server.call("DEL", "k")
    server.call("RPUSH", "k", "a")
    assert client.read() == [b"k", b"a"]


def test_a_key_that_has_expired_before_anybody_is_served_wakes_nobody(server: Server, client: RespClient) -> None:
    client.send("BLPOP", "k", 0)
    wait_for_blocked(server, 1)
    for argv in (("MULTI",), ("RPUSH", "k", "a"), ("PEXPIRE", "k", 5), ("DEBUG", "SLEEP", "0.03"), ("EXEC",)):
        server.call(*argv)
    assert server.info("clients")["blocked_clients"] == "1"
    server.call("RPUSH", "k", "b")
    assert client.read() == [b"k", b"b"]


@pytest.mark.parametrize(
    "change", [("RENAME", "source", "k"), ("COPY", "source", "k"), ("SORT", "source", "ALPHA", "STORE", "k")]
)
def test_any_way_to_make_the_key_wakes(server: Server, client: RespClient, change: tuple[str, ...]) -> None:
    server.call("RPUSH", "source", "a")
    client.send("BLPOP", "k", 0)
    wait_for_blocked(server, 1)
    server.call(*change)
    assert client.read() == [b"k", b"a"]


def test_a_swap_of_databases_wakes(server: Server, client: RespClient) -> None:
    server.call("SELECT", 1)
    server.call("RPUSH", "k", "a")
    client.send("BLPOP", "k", 0)
    wait_for_blocked(server, 1)
    server.call("SWAPDB", 0, 1)
    assert client.read() == [b"k", b"a"]


def test_in_a_transaction_nobody_waits(client: RespClient) -> None:
    client.call("MULTI")
    client.call("BLPOP", "k", 0)
    client.call("BLMOVE", "k", "l", "LEFT", "LEFT", 0)
    assert client.call("EXEC") == [None, None]


@pytest.mark.parametrize(
    ("timeout", "error"),
    [
        ("x", b"ERR timeout is not a float or out of range"),
        ("-1", b"ERR timeout is negative"),
        ("1e300", b"ERR timeout is out of range"),
    ],
)
def test_timeouts_that_are_refused(client: RespClient, timeout: str, error: bytes) -> None:
    assert client.call("BLPOP", "k", timeout) == ErrorReply(error)


@pytest.mark.parametrize("end", ["error", "unblocked", "time-out", "served", "served late"])
def test_one_that_waited_is_counted_once(server: Server, client: RespClient, end: str) -> None:
    """With the time that it ran, in the statistics of its command, the latency histogram and the slow log."""
    identity = client.call("CLIENT", "ID")
    with server.config(slowlog_log_slower_than=0):
        server.call("CONFIG", "RESETSTAT")
        server.call("SLOWLOG", "RESET")
        client.send("BLPOP", "k", "l", "0.05" if end == "time-out" else 0)
        if end == "time-out":
            assert client.read() is None
        else:
            wait_for_blocked(server, 1)
            assert "cmdstat_blpop" not in server.info("commandstats")
        if end in {"error", "unblocked"}:
            server.call("CLIENT", "UNBLOCK", identity, "ERROR" if end == "error" else "TIMEOUT")
            assert client.read() == (UNBLOCKED if end == "error" else None)
        elif end != "time-out":
            if end == "served late":
                # What wakes it is gone again before it is served.
                server.client.pipeline([("MULTI",), ("RPUSH", "k", "x"), ("DEL", "k"), ("EXEC",)])
            server.call("RPUSH", "l", "x")
            assert client.read() == [b"l", b"x"]
        stats = dict(part.split("=") for part in server.info("commandstats")["cmdstat_blpop"].split(","))
        assert (stats["calls"], stats["rejected_calls"]) == ("1", "0")
        assert stats["failed_calls"] == ("1" if end == "error" else "0")
        assert 0 < float(stats["usec_per_call"]) < 40_000
        assert server.call("LATENCY", "HISTOGRAM", "blpop")[1][1] == 1  # type: ignore[index]
        slow = [entry[3] for entry in server.call("SLOWLOG", "GET", -1) if entry[3][0] == b"BLPOP"]  # type: ignore[attr-defined]
        assert slow == [[b"BLPOP", b"k", b"l", b"0.05" if end == "time-out" else b"0"]]
