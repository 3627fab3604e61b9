"""Publish and subscribe, keyspace notifications, MONITOR."""

import re
import time
from collections.abc import Callable

import pytest

from tests.support import ErrorReply, Push, RespClient, Server


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline


def test_subscribing_publishing_unsubscribing(server: Server, client: RespClient) -> None:
    client.send("SUBSCRIBE", "a", "b", "a")
    assert [client.read() for _ in range(3)] == [
        [b"subscribe", b"a", 1],
        [b"subscribe", b"b", 2],
        [b"subscribe", b"a", 2],
    ]
    assert client.call("PSUBSCRIBE", "n*") == [b"psubscribe", b"n*", 3]
    assert server.call("PUBLISH", "a", b"x\r\ny") == 1
    assert server.call("PUBLISH", "news", "") == 1
    assert server.call("PUBLISH", "c", "nobody") == 0
    assert client.read() == [b"message", b"a", b"x\r\ny"]
    assert client.read() == [b"pmessage", b"n*", b"news", b""]
    assert client.call("UNSUBSCRIBE", "b", "never") == [b"unsubscribe", b"b", 2]
    assert client.read() == [b"unsubscribe", b"never", 2]
    assert client.call("UNSUBSCRIBE") == [b"unsubscribe", b"a", 1]
    assert client.call("PUNSUBSCRIBE") == [b"punsubscribe", b"n*", 0]
    assert client.call("PUNSUBSCRIBE") == [b"punsubscribe", None, 0]
    assert client.call("GET", "k") is None


def test_shard_channels_are_apart(server: Server, client: RespClient) -> None:
    assert client.call("SSUBSCRIBE", "s") == [b"ssubscribe", b"s", 1]
    assert client.call("SUBSCRIBE", "s") == [b"subscribe", b"s", 1]
    assert server.call("SPUBLISH", "s", "shard") == 1
    assert server.call("PUBLISH", "s", "all") == 1
    assert client.read() == [b"smessage", b"s", b"shard"]
    assert client.read() == [b"message", b"s", b"all"]
    assert client.call("SUNSUBSCRIBE") == [b"sunsubscribe", b"s", 0]
    assert client.call("SUNSUBSCRIBE") == [b"sunsubscribe", None, 0]


def test_a_message_comes_once_for_each_subscription(server: Server, client: RespClient) -> None:
    client.call("SUBSCRIBE", "channel")
    client.call("PSUBSCRIBE", "ch*")
    client.call("PSUBSCRIBE", "*el")
    assert server.call("PUBLISH", "channel", "x") == 3
    assert sorted(client.read()[0] for _ in range(3)) == [b"message", b"pmessage", b"pmessage"]


def test_resp2_allows_little_else_while_subscribed(client: RespClient) -> None:
    client.call("SUBSCRIBE", "a")
    assert client.call("GET", "k") == ErrorReply(
        b"ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET "
        b"are allowed in this context"
    )
    assert client.call("PING") == [b"pong", b""]
    assert client.call("PING", "x") == [b"pong", b"x"]
    assert client.call("RESET") == b"RESET"
    assert client.call("PING") == b"PONG"


def test_resp3_allows_everything(server: Server) -> None:
    with server.connect(resp=3) as client:
        assert client.call("SUBSCRIBE", "a") == Push([b"subscribe", b"a", 1])
        assert client.call("SET", "k", "1") == b"OK"
        assert client.call("PUBLISH", "a", "own") == 1
        assert client.read() == Push([b"message", b"a", b"own"])
        client.call("MULTI")
        client.call("PUBLISH", "a", "1")
        client.call("PUBLISH", "a", "2")
        # Messages come between replies, never inside of one.
        assert client.call("EXEC") == [1, 1]
        assert client.read() == Push([b"message", b"a", b"1"])
        assert client.read() == Push([b"message", b"a", b"2"])
        assert client.call("PING") == b"PONG"


def test_messages_come_while_replies_are_off(server: Server) -> None:
    with server.connect(resp=3) as client:
        client.send("CLIENT", "REPLY", "OFF")
        assert client.call("SUBSCRIBE", "a") == Push([b"subscribe", b"a", 1])
        client.send("PING")
        server.call("PUBLISH", "a", "x")
        assert client.read() == Push([b"message", b"a", b"x"])
        assert client.call("UNSUBSCRIBE") == Push([b"unsubscribe", b"a", 0])
        assert client.call("CLIENT", "REPLY", "ON") == b"OK"


def test_pubsub_tells_of_it(server: Server, client: RespClient) -> None:
    client.call("SUBSCRIBE", "a")
    client.call("SUBSCRIBE", "b")
    client.call("PSUBSCRIBE", "p*")
    client.call("SSUBSCRIBE", "s")
    assert sorted(server.call("PUBSUB", "CHANNELS")) == [b"a", b"b"]
    assert server.call("PUBSUB", "CHANNELS", "[b-z]") == [b"b"]
    assert server.call("PUBSUB", "NUMSUB", "a", "c") == [b"a", 1, b"c", 0]
    assert server.call("PUBSUB", "NUMSUB") == []
    assert server.call("PUBSUB", "NUMPAT") == 1
    assert server.call("PUBSUB", "SHARDCHANNELS", "*") == [b"s"]
    assert server.call("PUBSUB", "SHARDNUMSUB", "s", "a") == [b"s", 1, b"a", 0]
    assert server.call("PUBSUB", "CHANNELS", "a", "b") == ErrorReply(
        b"ERR unknown subcommand or wrong number of arguments for 'CHANNELS'. Try PUBSUB HELP."
    )
    stats = server.info("stats")
    assert (stats["pubsub_channels"], stats["pubsub_patterns"], stats["pubsubshard_channels"]) == ("2", "1", "1")
    assert server.info("clients")["pubsub_clients"] == "1"
    line = server.call("CLIENT", "LIST", "TYPE", "PUBSUB")
    assert b" flags=P " in line
    assert b" sub=2 psub=1 ssub=1 " in line
    client.close()
    until(lambda: server.call("PUBSUB", "NUMPAT") == 0)
    assert server.call("PUBSUB", "CHANNELS") == []


def test_a_subscriber_that_does_not_read_is_dropped_and_the_others_get_all(server: Server, client: RespClient) -> None:
    with (
        server.config(client_output_buffer_limit="pubsub 1000000 0 0"),
        server.connect() as slow,
    ):
        slow.call("SUBSCRIBE", "a")
        client.call("SUBSCRIBE", "a")
        message = b"x" * 100_000
        for _ in range(200):
            server.call("PUBLISH", "a", message)
            assert client.read() == [b"message", b"a", message]
        assert server.call("PUBLISH", "a", "last") == 1


def test_many_subscribers_get_each_message(server: Server) -> None:
    others = [server.connect() for _ in range(50)]
    for other in others:
        other.call("SUBSCRIBE", "a")
    for number in range(20):
        assert server.call("PUBLISH", "a", number) == 50
    for other in others:
        assert [other.read()[2] for _ in range(20)] == [b"%d" % number for number in range(20)]
        other.close()


# Keyspace notifications


def events(client: RespClient, count: int) -> list[tuple[bytes, bytes]]:
    found = [client.read() for _ in range(count)]
    return [(each[2].partition(b"__:")[2], each[3]) for each in found]


def test_notifications(server: Server, client: RespClient) -> None:
    with server.config(notify_keyspace_events="KEA"):
        client.call("PSUBSCRIBE", "__key*@0__:*")
        server.call("SET", "k", "1", "EX", 100)
        server.call("DEL", "k")
        assert events(client, 6) == [
            (b"k", b"set"),
            (b"set", b"k"),
            (b"k", b"expire"),
            (b"expire", b"k"),
            (b"k", b"del"),
            (b"del", b"k"),
        ]


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        ("K$", [(b"k", b"incrby"), (b"k", b"set"), (b"gone", b"set")]),
        ("Eg", [(b"expire", b"gone"), (b"rename_from", b"k"), (b"rename_to", b"moved")]),
        ("Ex", [(b"expired", b"gone")]),
        ("Em", [(b"keymiss", b"missing")]),
        ("En", [(b"new", b"k"), (b"new", b"gone"), (b"new", b"moved")]),
    ],
)
def test_each_class(server: Server, client: RespClient, classes: str, expected: list[tuple[bytes, bytes]]) -> None:
    with server.config(notify_keyspace_events=classes):
        client.call("PSUBSCRIBE", "__key*__:*")
        server.call("INCR", "k")
        server.call("SET", "k", "1")
        server.call("GET", "missing")
        server.call("SET", "gone", "1", "PX", 5)
        until(lambda: server.call("DBSIZE") == 1)
        server.call("RENAME", "k", "moved")
        assert events(client, len(expected)) == expected
        client.sock.settimeout(0.05)
        with pytest.raises(TimeoutError):
            client.read()


def test_a_stream_that_is_waited_for_is_missed_once_for_each_look(server: Server, client: RespClient) -> None:
    with server.config(notify_keyspace_events="Em"), server.connect() as waiter:
        client.call("PSUBSCRIBE", "__key*__:*")
        waiter.call("XREAD", "BLOCK", 1, "STREAMS", "missing", "$")
        assert events(client, 2) == [(b"keymiss", b"missing")] * 2
        client.sock.settimeout(0.05)
        with pytest.raises(TimeoutError):
            client.read()


def test_without_a_channel_kind_nothing_is_published(server: Server, client: RespClient) -> None:
    client.call("PSUBSCRIBE", "*")
    for classes in ("", "A", "g$"):
        with server.config(notify_keyspace_events=classes):
            server.call("SET", "k", "1")
    client.sock.settimeout(0.05)
    with pytest.raises(TimeoutError):
        client.read()


# MONITOR


def test_a_monitor_has_no_business_with_keys(server: Server, client: RespClient) -> None:
    client.call("MULTI")
    assert client.call("MONITOR") == b"QUEUED"
    assert client.call("EXEC") == [ErrorReply(b"ERR MONITOR isn't allowed for DENY BLOCKING client")]
    assert client.call("SET", "a", "1") == b"OK"
    assert client.call("MONITOR") == b"OK"
    for command in (("GET", "a"), ("SET", "a", "2"), ("PUBLISH", "c", "m"), ("PFCOUNT", "h")):
        assert client.call(*command) == ErrorReply(b"ERR Replica can't interact with the keyspace")
    # Said again, it is answered by nothing.
    client.send("MONITOR")
    assert client.call("RESET") == b"RESET"
    assert client.call("GET", "a") == b"1"
    assert client.call("MULTI") == b"OK"


def test_monitor(server: Server, client: RespClient) -> None:
    assert client.call("MONITOR") == b"OK"
    server.call("SET", "k", b'a"\\\r\n\t\x07\x08\x00\xff')
    server.call("CONFIG", "GET", "port")
    server.call("AUTH", "name", "secret")
    server.call("HELLO", "2", "AUTH", "name", "secret")
    server.call("SELECT", 3)
    server.call("MULTI")
    server.call("GET", "k")
    server.call("EXEC")
    lines = [client.read() for _ in range(7)]
    shown = []
    for line in lines:
        found = re.fullmatch(rb"\d+\.\d{6} \[(\d+) 127\.0\.0\.1:\d+\] (.*)", line)
        assert found is not None
        shown.append((found[1], found[2]))
    assert shown == [
        (b"0", b'"SET" "k" "a\\"\\\\\\r\\n\\t\\a\\b\\x00\\xff"'),
        (b"0", b'"AUTH" "(redacted)" "(redacted)"'),
        (b"0", b'"HELLO" "2" "AUTH" "(redacted)" "(redacted)"'),
        (b"3", b'"SELECT" "3"'),
        (b"3", b'"MULTI"'),
        (b"3", b'"GET" "k"'),
        (b"3", b'"EXEC"'),
    ]
    assert b" flags=O " in server.call("CLIENT", "LIST")
    assert client.call("RESET") == b"RESET"
    server.call("PING")
    assert client.call("PING") == b"PONG"
