"""A turn of the poller: all that is ready is served, then all replies are sent, each client's and all of it."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.loopless import LooplessClient, LooplessServer
from tests.support import encode_command

# More than what may wait to be sent while requests are still being run.
LONG = b"x" * 3000
MANY = 40
INVALIDATED = b">2\r\n$10\r\ninvalidate\r\n*1\r\n$7\r\ntracked\r\n"


@pytest.fixture
def server() -> LooplessServer:
    return LooplessServer()


@pytest.fixture
def clients(server: LooplessServer) -> Iterator[list[LooplessClient]]:
    with ExitStack() as stack:
        yield [stack.enter_context(LooplessClient(server)) for _ in range(4)]


def bulk(data: bytes) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(data), data)


def message(channel: bytes, data: bytes) -> bytes:
    return b"*3\r\n" + bulk(b"message") + bulk(channel) + bulk(data)


def put(client: LooplessClient, data: bytes) -> None:
    """Have the socket hold these bytes, unread."""
    assert client.far.send(data) == len(data)


def got(client: LooplessClient) -> bytes:
    """What has been sent, without another turn."""
    try:
        return client.far.recv(1 << 20)
    except BlockingIOError:
        return b""


def test_replies_that_are_sent_early_cost_nobody_else_theirs(
    server: LooplessServer, clients: list[LooplessClient]
) -> None:
    """A client that waits to be sent to, and has so much written that it is sent at once, keeps its place."""
    reader, writer, before, after = clients
    writer.exchange([encode_command("SET", "long", LONG), encode_command("SET", "tracked", "0")])
    reader.exchange([encode_command("HELLO", "3"), encode_command("CLIENT", "TRACKING", "ON")])
    reader.exchange([encode_command("GET", "tracked")])
    # The reader is told that its key has changed; only then its own requests are run.
    put(writer, encode_command("SET", "tracked", "1"))
    put(before, encode_command("PING"))
    put(reader, encode_command("GET", "long") * MANY)
    put(after, encode_command("PING"))
    server.poller.serve()
    assert [got(writer), got(before), got(after)] == [b"+OK\r\n", b"+PONG\r\n", b"+PONG\r\n"]
    assert got(reader) + reader.receive() == INVALIDATED + bulk(LONG) * MANY


def test_messages_that_are_sent_early_cost_nobody_else_theirs(
    server: LooplessServer, clients: list[LooplessClient]
) -> None:
    """The same for somebody who is sent so many messages in one turn that it is sent to in the midst of it."""
    flooded, quiet, publisher, _ = clients
    # All that is published comes with one read, and goes to this client four times.
    flooded.exchange([encode_command("SUBSCRIBE", "one"), encode_command("PSUBSCRIBE", "o*", "on*", "one*")])
    quiet.exchange([encode_command("SUBSCRIBE", "two")])
    put(
        publisher,
        encode_command("PUBLISH", "one", "m")
        + encode_command("PUBLISH", "two", "m")
        + encode_command("PUBLISH", "one", LONG) * (MANY // 4)
        + encode_command("PUBLISH", "two", "n"),
    )
    server.poller.serve()
    assert got(publisher) == b":4\r\n:1\r\n" + b":4\r\n" * (MANY // 4) + b":1\r\n"
    assert got(quiet) == message(b"two", b"m") + message(b"two", b"n")
    received = got(flooded) + flooded.receive()
    assert received.startswith(message(b"one", b"m"))
    assert received.count(LONG) == MANY
    publisher.send(encode_command("PUBLISH", "two", "later"))
    assert got(quiet) == message(b"two", b"later")


def test_what_a_client_does_after_waiting_is_broadcast_in_the_same_turn(
    server: LooplessServer, clients: list[LooplessClient]
) -> None:
    reader, waiter, pusher, _ = clients
    reader.exchange([encode_command("HELLO", "3"), encode_command("CLIENT", "TRACKING", "ON", "BCAST")])
    waiter.exchange([encode_command("BLPOP", "queue", "0") + encode_command("SET", "tracked", "1")])
    pusher.send(encode_command("RPUSH", "queue", "v"))
    assert got(waiter).endswith(b"+OK\r\n")
    assert b"tracked" in got(reader)


def test_what_stands_behind_an_urgent_byte(server: LooplessServer, clients: list[LooplessClient]) -> None:
    """A read ends before the urgent byte, which is nobody's; what came behind it is there all the same."""
    client = clients[0]
    put(client, encode_command("PING"))
    client.far.send(b"!", socket.MSG_OOB)
    put(client, encode_command("ECHO", "behind"))
    assert client.receive() == b"+PONG\r\n" + bulk(b"behind")
    client.far.send(b"!", socket.MSG_OOB)
    assert client.exchange([encode_command("PING")]) == b"+PONG\r\n"
