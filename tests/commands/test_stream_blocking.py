"""XREAD and XREADGROUP that wait: who is served when, by what, and what ends the wait."""

import time

import pytest

from tests.support import ErrorReply, RespClient, Server

FIELDS = ("f", "v")


def entry(entry_id: bytes) -> list[object]:
    return [entry_id, [b"f", b"v"]]


def wait_until_blocked(server: Server, count: int) -> None:
    deadline = time.monotonic() + 5
    while server.info("clients")["blocked_clients"] != str(count):
        assert time.monotonic() < deadline
        time.sleep(0.005)


def block(server: Server, *argv: object) -> RespClient:
    """Send a request that waits, and return its client once it does."""
    before = int(server.info("clients")["blocked_clients"])
    client = server.connect()
    client.send(*argv)
    wait_until_blocked(server, before + 1)
    return client


def test_a_waiting_client_gets_what_comes(server: Server) -> None:
    with block(server, "XREAD", "BLOCK", 0, "STREAMS", "s", "t", "$", "$") as client:
        assert client.is_silent()
        server.call("XADD", "t", "1-1", *FIELDS)
        assert client.read() == [[b"t", [entry(b"1-1")]]]
        assert client.call("PING") == b"PONG"
    assert server.info("clients")["blocked_clients"] == "0"


def test_a_wait_ends_in_time(server: Server) -> None:
    started = time.monotonic()
    assert server.call_raw("XREAD", "BLOCK", 60, "STREAMS", "s", "$") == b"*-1\r\n"
    assert 0.05 <= time.monotonic() - started < 5
    with server.connect(resp=3) as client:
        assert client.call_raw("XREAD", "BLOCK", 10, "STREAMS", "s", "0") == b"_\r\n"


def test_nobody_waits_for_what_is_there(server: Server) -> None:
    server.call("XADD", "s", "1-1", *FIELDS)
    assert server.call("XREAD", "BLOCK", 0, "STREAMS", "s", "0") == [[b"s", [entry(b"1-1")]]]
    assert server.call("XREAD", "BLOCK", 0, "STREAMS", "none", "s", "0", "+") == [[b"s", [entry(b"1-1")]]]


def test_a_dollar_means_the_moment_of_the_request(server: Server) -> None:
    server.call("XADD", "s", "5-0", *FIELDS)
    with block(server, "XREAD", "BLOCK", 0, "STREAMS", "s", "$") as client:
        # Wakes the client, which finds nothing and waits on from where it was.
        server.call("XADD", "s", "MAXLEN", "0", "6-0", *FIELDS)
        server.call("XTRIM", "s", "MAXLEN", "0")
        assert client.is_silent()
        server.call("XADD", "s", "7-0", *FIELDS)
        assert client.read() == [[b"s", [entry(b"7-0")]]]


def test_a_dollar_is_kept_through_other_streams(server: Server) -> None:
    """A stream that was deleted begins anew; the client still waits for what is behind the ID that `$` was."""
    server.call("XADD", "s", "5-0", *FIELDS)
    with block(server, "XREAD", "BLOCK", 0, "STREAMS", "s", "$") as client:
        server.call("DEL", "s")
        server.call("XADD", "s", "3-0", *FIELDS)
        server.call("XADD", "s", "5-0", *FIELDS)
        assert client.is_silent()
        server.call("XADD", "s", "5-1", *FIELDS)
        assert client.read() == [[b"s", [entry(b"5-1")]]]
        server.call("XADD", "s", "6-0", *FIELDS)
        client.send("XREAD", "BLOCK", 0, "STREAMS", "s", "$")
        wait_until_blocked(server, 1)
        server.call("XADD", "s", "7-0", *FIELDS)
        assert client.read() == [[b"s", [entry(b"7-0")]]]


def test_waiting_for_the_last_entry_of_nothing(server: Server) -> None:
    with block(server, "XREAD", "BLOCK", 0, "STREAMS", "s", "+") as client:
        server.call("XADD", "s", "1-1", *FIELDS)
        server.call("XADD", "s", "1-2", *FIELDS)
        assert client.read() == [[b"s", [entry(b"1-1")]]]


def test_all_who_wait_are_served(server: Server) -> None:
    clients = [block(server, "XREAD", "COUNT", 1, "BLOCK", 0, "STREAMS", "s", "$") for _ in range(5)]
    server.call("XADD", "s", "1-1", *FIELDS)
    for client in clients:
        assert client.read() == [[b"s", [entry(b"1-1")]]]
        client.close()


def test_other_types_wake_nobody_who_only_reads(server: Server) -> None:
    with block(server, "XREAD", "BLOCK", 0, "STREAMS", "s", "0") as client:
        server.call("SET", "s", "x")
        server.call("DEL", "s")
        assert client.is_silent()
        server.call("XADD", "s", "1-1", *FIELDS)
        assert client.read() == [[b"s", [entry(b"1-1")]]]


@pytest.mark.parametrize(
    ("argv", "is_served"),
    [
        (["RENAME", "other", "s"], True),
        (["COPY", "other", "s"], True),
        (["XADD", "other", "9-9", "f", "v"], False),
        (["XGROUP", "CREATE", "s", "g", "$", "MKSTREAM"], False),
    ],
)
def test_streams_that_come_otherwise(server: Server, argv: list[str], is_served: bool) -> None:
    server.call("XADD", "other", "1-1", *FIELDS)
    with block(server, "XREAD", "BLOCK", 0, "STREAMS", "s", "0") as client:
        server.call(*argv)
        if is_served:
            assert client.read() == [[b"s", [entry(b"1-1")]]]
        else:
            assert client.is_silent()


# Groups


def grouped(server: Server) -> None:
    server.call("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM")


def test_each_entry_goes_to_one_consumer_in_order_of_arrival(server: Server) -> None:
    grouped(server)
    clients = [block(server, "XREADGROUP", "GROUP", "g", name, "BLOCK", 0, "STREAMS", "s", ">") for name in "abc"]
    for n, client in enumerate(clients, 1):
        server.call("XADD", "s", f"{n}-0", *FIELDS)
        assert client.read() == [[b"s", [entry(b"%d-0" % n)]]]
        client.close()
    assert server.call("XPENDING", "s", "g")[3] == [[b"a", b"1"], [b"b", b"1"], [b"c", b"1"]]
    assert server.info("clients")["blocked_clients"] == "0"


def test_history_never_waits(server: Server) -> None:
    grouped(server)
    assert server.call("XREADGROUP", "GROUP", "g", "a", "BLOCK", 0, "STREAMS", "s", "0") == [[b"s", []]]


def test_a_consumer_that_waits_has_been_made(server: Server) -> None:
    grouped(server)
    with block(server, "XREADGROUP", "GROUP", "g", "a", "BLOCK", 0, "STREAMS", "s", ">"):
        ((_, name, *_),) = server.call("XINFO", "CONSUMERS", "s", "g")
        assert name == b"a"
        assert server.call("XGROUP", "DELCONSUMER", "s", "g", "a") == 0
        server.call("XADD", "s", "1-0", *FIELDS)
    assert server.call("XPENDING", "s", "g")[3] == [[b"a", b"1"]]


@pytest.mark.parametrize(
    ("argv", "error"),
    [
        (["DEL", "s"], b"NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option"),
        (
            ["XGROUP", "DESTROY", "s", "g"],
            b"NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option",
        ),
        (["FLUSHALL"], b"NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option"),
        (["RENAME", "s", "t"], b"NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option"),
        (["SET", "s", "x"], b"WRONGTYPE Operation against a key holding the wrong kind of value"),
    ],
)
def test_the_end_of_a_group_ends_the_wait(server: Server, argv: list[str], error: bytes) -> None:
    grouped(server)
    with block(server, "XREADGROUP", "GROUP", "g", "a", "BLOCK", 0, "STREAMS", "s", ">") as client:
        server.call(*argv)
        assert client.read() == ErrorReply(error)
        assert client.call("PING") == b"PONG"


def test_the_end_of_another_group_does_not(server: Server) -> None:
    grouped(server)
    server.call("XGROUP", "CREATE", "s", "h", "$")
    with block(server, "XREADGROUP", "GROUP", "g", "a", "BLOCK", 0, "STREAMS", "s", ">") as client:
        server.call("XGROUP", "DESTROY", "s", "h")
        assert client.is_silent()
        server.call("XADD", "s", "1-0", *FIELDS)
        assert client.read() == [[b"s", [entry(b"1-0")]]]


def test_a_client_that_leaves_takes_nothing_along(server: Server) -> None:
    grouped(server)
    client = block(server, "XREADGROUP", "GROUP", "g", "a", "BLOCK", 0, "STREAMS", "s", ">")
    client.close()
    wait_until_blocked(server, 0)
    server.call("XADD", "s", "1-0", *FIELDS)
    assert server.call("XPENDING", "s", "g")[0] == 0


def test_entries_added_while_others_are_served(server: Server) -> None:
    """A pipeline of entries: the first consumer gets the first, the second all the rest."""
    grouped(server)
    first, second = (block(server, "XREADGROUP", "GROUP", "g", name, "BLOCK", 0, "STREAMS", "s", ">") for name in "ab")
    server.client.pipeline([["XADD", "s", f"{n}-0", *FIELDS] for n in range(1, 4)])
    assert first.read() == [[b"s", [entry(b"1-0")]]]
    assert second.read() == [[b"s", [entry(b"2-0")]]]
    first.close()
    second.close()
