"""The RESP client of the tests itself, against a socket that plays the server."""

import socket
import threading

import pytest

from tests.support import Attributed, ErrorReply, Push, RespClient, Verbatim, encode_command


@pytest.fixture
def wire():
    """Return a client and the socket at the server's end of it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = RespClient(listener.getsockname()[1], timeout_s=5)
        far, _ = listener.accept()
        with client, far:
            yield client, far


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"+OK\r\n", b"OK"),
        (b"-ERR no such key\r\n", ErrorReply(b"ERR no such key")),
        (b":-12\r\n", -12),
        (b"$3\r\na\r\n\r\n", b"a\r\n"),
        (b"$0\r\n\r\n", b""),
        (b"$-1\r\n", None),
        (b"*-1\r\n", None),
        (b"*0\r\n", []),
        (b"*2\r\n*1\r\n:1\r\n$-1\r\n", [[1], None]),
        (b"_\r\n", None),
        (b"#t\r\n", True),
        (b",1.5\r\n", 1.5),
        (b",-inf\r\n", float("-inf")),
        (b"(123456789012345678901234567890\r\n", 123456789012345678901234567890),
        (b"!8\r\nERR a\r\nb\r\n", ErrorReply(b"ERR a\r\nb")),
        (b"=8\r\ntxt:abcd\r\n", Verbatim(b"txt", b"abcd")),
        (b"%2\r\n+a\r\n:1\r\n*1\r\n+b\r\n:2\r\n", {b"a": 1, (b"b",): 2}),
        (b"~2\r\n:1\r\n*1\r\n:2\r\n", {1, (2,)}),
        (b">2\r\n+invalidate\r\n_\r\n", Push([b"invalidate", None])),
    ],
)
def test_reads_each_type_both_ways(wire, raw, value):
    """A reply is parsed and its bytes are kept, and what follows it stays unread."""
    client, far = wire
    far.sendall(raw + b":7\r\n")
    parsed, seen = client.read_both()
    assert (parsed, type(parsed), seen) == (value, type(value), raw)
    assert client.read() == 7


def test_reads_attributes(wire):
    """Attributes stand before the value they belong to."""
    client, far = wire
    far.sendall(b"|1\r\n+ttl\r\n:3\r\n+x\r\n")
    reply = client.read()
    assert isinstance(reply, Attributed)
    assert (reply.attributes, reply.value) == ({b"ttl": 3}, b"x")


def test_reads_a_reply_that_comes_byte_by_byte(wire):
    """A reply may be split anywhere."""
    client, far = wire
    raw = b"*2\r\n$5\r\nhello\r\n%1\r\n+k\r\n#f\r\n"

    def trickle():
        for byte in raw:
            far.sendall(bytes([byte]))

    sender = threading.Thread(target=trickle)
    sender.start()
    assert client.read_both() == ([b"hello", {b"k": False}], raw)
    sender.join()


@pytest.mark.parametrize("raw", [b"?\r\n", b"$3\r\nabcde\r\n", b"#x\r\n", b":1x\r\n"])
def test_refuses_what_is_not_resp(wire, raw):
    """Bytes outside the protocol are an error of the test, never a value."""
    client, far = wire
    far.sendall(raw)
    with pytest.raises((ValueError, KeyError)):
        client.read()


def test_says_when_the_server_closes(wire):
    """The end of the connection is an error while a reply is due."""
    client, far = wire
    far.sendall(b"$5\r\nhel")
    far.close()
    with pytest.raises(ConnectionError, match="hel"):
        client.read()


def test_tells_silence_from_an_answer_and_from_the_end(wire):
    """Nothing to read, something to read, and nothing ever again are three different things."""
    client, far = wire
    assert client.is_silent(0.01)
    assert not client.is_closed_by_server(0.01)
    far.sendall(b"+OK\r\n")
    assert not client.is_silent(1)
    far.close()
    assert client.is_closed_by_server(1)


def test_encodes_a_command():
    """Every kind of argument goes out as one bulk string."""
    assert encode_command("SET", b"\x00k", 12) == b"*3\r\n$3\r\nSET\r\n$2\r\n\x00k\r\n$2\r\n12\r\n"
    assert encode_command("é") == b"*1\r\n$2\r\n\xc3\xa9\r\n"
