"""PING, ECHO, SELECT, AUTH, HELLO, RESET, QUIT."""

from collections.abc import Callable

import pytest

from pyrite import REDIS_VERSION
from tests.support import ErrorReply, RespClient, Server

WRONG_PASSWORD = ErrorReply(b"WRONGPASS invalid username-password pair or user is disabled.")
NO_AUTH = ErrorReply(b"NOAUTH Authentication required.")


@pytest.fixture
def guarded(start_pyrite: Callable[..., Server]) -> Server:
    """Return a server that asks for a password."""
    return start_pyrite("--requirepass", "secret", password="secret")


def stranger(server: Server) -> RespClient:
    return RespClient(server.port)


def test_ping(client: RespClient) -> None:
    assert client.call_raw("PING") == b"+PONG\r\n"
    assert client.call_raw("ping", "a\r\nb") == b"$4\r\na\r\nb\r\n"
    assert client.call("PING", "a", "b") == ErrorReply(b"ERR wrong number of arguments for 'ping' command")


def test_echo(client: RespClient) -> None:
    assert client.call("ECHO", b"\0\xff") == b"\0\xff"
    assert client.call("ECHO", b"x" * 100_000) == b"x" * 100_000
    assert client.call("ECHO") == ErrorReply(b"ERR wrong number of arguments for 'echo' command")


def test_select(client: RespClient) -> None:
    client.call("SET", "k", "in 0")
    assert client.call("SELECT", 15) == b"OK"
    assert client.call("GET", "k") is None
    assert client.call("SELECT", 0) == b"OK"
    assert client.call("GET", "k") == b"in 0"


@pytest.mark.parametrize(
    ("index", "text"),
    [
        (16, b"ERR DB index is out of range"),
        (-1, b"ERR DB index is out of range"),
        ("x", b"ERR value is not an integer or out of range"),
        ("1.0", b"ERR value is not an integer or out of range"),
        (2**63, b"ERR value is not an integer or out of range"),
        (2**31, b"ERR value is out of range, value must between -2147483648 and 2147483647"),
    ],
)
def test_select_refuses(client: RespClient, index: int | str, text: bytes) -> None:
    client.call("SELECT", 3)
    assert client.call("SELECT", index) == ErrorReply(text)
    assert b" db=3 " in client.call_raw("CLIENT", "INFO")


# AUTH


def test_auth_without_a_password_configured(client: RespClient) -> None:
    assert client.call("AUTH", "x") == ErrorReply(
        b"ERR AUTH <password> called without any password configured for the default user. "
        b"Are you sure your configuration is correct?"
    )
    assert client.call("AUTH", "default", "anything") == b"OK"
    assert client.call("AUTH", "nobody", "x") == WRONG_PASSWORD
    assert client.call("AUTH", "a", "b", "c") == ErrorReply(b"ERR syntax error")


def test_auth(guarded: Server) -> None:
    with stranger(guarded) as client:
        assert client.call("GET", "k") == NO_AUTH
        assert client.call("PING") == NO_AUTH
        for argv in (["bad"], ["default", "bad"], ["nobody", "secret"], ["secret1"], [""]):
            assert client.call("AUTH", *argv) == WRONG_PASSWORD
        assert client.call("GET", "k") == NO_AUTH
        assert client.call("AUTH", "secret") == b"OK"
        assert client.call("GET", "k") is None
        # A failed attempt later on takes nothing away.
        assert client.call("AUTH", "bad") == WRONG_PASSWORD
        assert client.call("GET", "k") is None


def test_before_auth_only_a_few_commands_run(guarded: Server) -> None:
    with stranger(guarded) as client:
        assert client.call("NOSUCH").text.startswith(b"ERR unknown command 'NOSUCH'")
        assert client.call("GET") == ErrorReply(b"ERR wrong number of arguments for 'get' command")
        assert client.call("CLIENT", "ID") == NO_AUTH
        assert client.call("RESET") == b"RESET"
        assert client.call("QUIT") == b"OK"
        assert client.is_closed_by_server()


def test_password_that_changes(client: RespClient, server: Server) -> None:
    with server.config(requirepass="first"):
        # Who was there before stays.
        assert client.call("PING") == b"PONG"
        with stranger(server) as other:
            assert other.call("PING") == NO_AUTH
            client.call("CONFIG", "SET", "requirepass", "second")
            assert other.call("AUTH", "first") == WRONG_PASSWORD
            # Nobody has to authenticate any more.
            client.call("CONFIG", "SET", "requirepass", "")
            assert other.call("PING") == b"PONG"
            client.call("CONFIG", "SET", "requirepass", "third")
            assert other.call("PING") == NO_AUTH


# HELLO


def described(version: int, client_id: object) -> dict[bytes, object]:
    return {
        b"server": b"redis",
        b"version": REDIS_VERSION.encode(),
        b"proto": version,
        b"id": client_id,
        b"mode": b"standalone",
        b"role": b"master",
        b"modules": [],
    }


def test_hello(client: RespClient) -> None:
    client_id = client.call("CLIENT", "ID")
    as_pairs = [part for pair in described(2, client_id).items() for part in pair]
    assert client.call("HELLO") == as_pairs
    assert client.call("HELLO", 3) == described(3, client_id)
    assert client.call("HELLO") == described(3, client_id)
    assert client.call_raw("GET", "nothing") == b"_\r\n"
    assert client.call("HELLO", 2) == as_pairs
    assert client.call_raw("GET", "nothing") == b"$-1\r\n"


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        ([1], b"NOPROTO unsupported protocol version"),
        ([4], b"NOPROTO unsupported protocol version"),
        (["x"], b"ERR Protocol version is not an integer or out of range"),
        ([3, "SETNAME"], b"ERR Syntax error in HELLO option 'SETNAME'"),
        ([3, "AUTH", "default"], b"ERR Syntax error in HELLO option 'AUTH'"),
        ([3, "x\r\ny"], b"ERR Syntax error in HELLO option 'x  y'"),
        ([3, "SETNAME", "a b"], b"ERR Client names cannot contain spaces, newlines or special characters."),
        ([3, "AUTH", "nobody", "x", "SETNAME", "n"], WRONG_PASSWORD.text),
    ],
)
def test_hello_refuses_and_changes_nothing(client: RespClient, argv: list[int | str], text: bytes) -> None:
    assert client.call("HELLO", *argv) == ErrorReply(text)
    assert b" resp=2 " in client.call_raw("CLIENT", "INFO")
    assert client.call("CLIENT", "GETNAME") is None


def test_hello_logs_in_and_names(guarded: Server) -> None:
    with stranger(guarded) as client:
        refused = client.call("HELLO", 3, "SETNAME", "n")
        assert isinstance(refused, ErrorReply)
        assert refused.text.startswith(b"NOAUTH HELLO must be called with the client already authenticated")
        assert client.call("HELLO", 3, "AUTH", "default", "bad") == WRONG_PASSWORD
        reply = client.call("HELLO", 3, "SETNAME", "n", "AUTH", "default", "secret")
        assert isinstance(reply, dict)
        assert reply[b"proto"] == 3
        assert client.call("CLIENT", "GETNAME") == b"n"


# RESET and QUIT


def test_reset(client: RespClient) -> None:
    client.call("SELECT", 2)
    client.call("HELLO", 3, "SETNAME", "n")
    client.call("CLIENT", "SETINFO", "LIB-NAME", "lib")
    client.call("CLIENT", "NO-EVICT", "ON")
    client.call("CLIENT", "NO-TOUCH", "ON")
    assert b" flags=eT db=2 " in client.call_raw("CLIENT", "INFO")
    client.send("CLIENT", "REPLY", "OFF")
    assert client.call_raw("RESET") == b"+RESET\r\n"
    line = client.call("CLIENT", "INFO")
    assert isinstance(line, bytes)
    for field in (b" name= ", b" flags=N ", b" db=0 ", b" resp=2 ", b" lib-name=lib "):
        assert field in line


def test_reset_logs_out(guarded: Server) -> None:
    with guarded.connect() as client:
        assert client.call("PING") == b"PONG"
        client.call("RESET")
        assert client.call("PING") == NO_AUTH


def test_quit(client: RespClient, server: Server) -> None:
    client.send_bytes(b"SET k 1\r\nQUIT now\r\nSET k 2\r\n")
    assert client.read() == b"OK"
    assert client.read() == b"OK"
    assert client.is_closed_by_server()
    assert server.call("GET", "k") == b"1"


def test_quit_while_replies_are_off(client: RespClient) -> None:
    client.send("CLIENT", "REPLY", "OFF")
    client.send("QUIT")
    assert client.is_closed_by_server()


def test_unknown_commands_are_quoted_up_to_a_nul(client: RespClient) -> None:
    assert client.call(b"a\0b", b"c\0d", "e") == ErrorReply(
        b"ERR unknown command 'a', with args beginning with: 'c' 'e' "
    )
    assert client.call("x" * 200, "y" * 100, "z" * 100) == ErrorReply(
        b"ERR unknown command '%b', with args beginning with: '%b' '%b' " % (b"x" * 128, b"y" * 100, b"z" * 25)
    )
