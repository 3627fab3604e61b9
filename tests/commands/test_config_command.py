"""CONFIG as clients see it; what the options mean stands in the tests of the configuration itself."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from tests.support import ErrorReply, RespClient, Server, free_port


def failed(name: str, reason: str) -> ErrorReply:
    return ErrorReply(f"ERR CONFIG SET failed (possibly related to argument '{name}') - {reason}".encode())


# GET


def test_get_by_name_and_pattern(server: Server) -> None:
    assert server.call("CONFIG", "GET", "hz") == [b"hz", b"10"]
    assert server.call("CONFIG", "GET", "HZ") == [b"HZ", b"10"]
    reply: Any = server.call("CONFIG", "GET", "maxmemory*", "hz", "MAXMEMORY", "nonsense", "s[ae]t-proc-title")
    pairs = dict(zip(reply[::2], reply[1::2], strict=True))
    assert pairs[b"maxmemory"] == b"0"
    assert pairs[b"hz"] == b"10"
    assert pairs[b"set-proc-title"] == b"yes"
    assert len(reply) == 2 * len({name.lower() for name in pairs})
    assert server.call("CONFIG", "GET", "nonsense") == []
    assert server.call("CONFIG", "GET", "x*y?z") == []


def test_get_is_a_map_in_resp3(server: Server) -> None:
    with server.connect(resp=3) as client:
        assert client.call("CONFIG", "GET", "hz", "port") == {b"hz": b"10", b"port": b"%d" % server.port}
        assert client.call("CONFIG", "GET", "nonsense") == {}


def test_get_wants_a_name(server: Server) -> None:
    assert server.call("CONFIG", "GET") == ErrorReply(b"ERR wrong number of arguments for 'config|get' command")


def test_names_of_any_bytes_are_only_unknown(server: Server) -> None:
    assert server.call("CONFIG", "GET", b"\xff\0") == []
    assert server.call("CONFIG", "SET", b"\xff", "x") == ErrorReply(
        b"ERR Unknown option or number of arguments for CONFIG SET - '\xff'"
    )


# SET


def test_set_several(server: Server) -> None:
    with server.config(hz=10, maxmemory_samples=5):
        assert server.call("CONFIG", "SET", "hz", 20, "MAXMEMORY-SAMPLES", 7) == b"OK"
        assert server.call("CONFIG", "GET", "hz", "maxmemory-samples") == [b"hz", b"20", b"maxmemory-samples", b"7"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("maxmemory",), ErrorReply(b"ERR wrong number of arguments for 'config|set' command")),
        (("hz", 20, "maxmemory"), ErrorReply(b"ERR syntax error")),
        (("hz", 20, "HZ", 30), failed("HZ", "duplicate parameter")),
        (("hz", 20, "port", "x"), failed("port", "argument couldn't be parsed into an integer")),
        (("hz", 20, "databases", 3), failed("databases", "can't set immutable config")),
        (("hz", 20, "dbfilename", "x"), failed("dbfilename", "can't set protected config")),
        (
            ("hz", 20, "nonsense", "x"),
            ErrorReply(b"ERR Unknown option or number of arguments for CONFIG SET - 'nonsense'"),
        ),
    ],
)
def test_set_all_or_nothing(server: Server, arguments: tuple[object, ...], error: ErrorReply) -> None:
    assert server.call("CONFIG", "SET", *arguments) == error
    assert server.call("CONFIG", "GET", "hz") == [b"hz", b"10"]


def test_errors_are_the_peers(server: Server, peer: Server) -> None:
    for arguments in (
        ("maxmemory", "x"),
        ("maxmemory-policy", "x"),
        ("timeout", -1),
        ("appendonly", "perhaps"),
        ("client-output-buffer-limit", "x 1 2 3"),
        ("slowlog-max-len", -1),
        ("bind", "999.1.1.1"),
    ):
        ours, theirs = (each.call("CONFIG", "SET", *arguments) for each in (server, peer))
        assert ours == theirs


def test_a_change_that_cannot_be_applied_is_taken_back(server: Server) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        reply = server.call("CONFIG", "SET", "hz", 20, "port", port)
    assert reply == failed("port", "Unable to listen on this port. Check server logs.")
    assert server.call("CONFIG", "GET", "hz", "port") == [b"hz", b"10", b"port", b"%d" % server.port]
    with server.connect() as client:
        assert client.call("PING") == b"PONG"


def test_the_port_can_change(start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite()
    port = free_port()
    assert server.call("CONFIG", "SET", "port", port) == b"OK"
    with RespClient(port) as client:
        assert client.call("PING") == b"PONG"
    assert server.call("PING") == b"PONG"
    with pytest.raises(ConnectionError):
        RespClient(server.port)
    server.port = port


def test_settings_take_effect_at_once(server: Server) -> None:
    server.call("SET", "key", "x")
    with server.config(maxmemory=1):
        assert server.call("SET", "key", "y") == ErrorReply(b"OOM command not allowed when used memory > 'maxmemory'.")
    assert server.call("SET", "key", "y") == b"OK"
    with server.config(proto_max_bulk_len=1 << 20):
        assert server.call("SETRANGE", "key", 1 << 20, "x") == ErrorReply(
            b"ERR string exceeds maximum allowed size (proto-max-bulk-len)"
        )


def test_the_process_title_follows(start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite()
    assert server.call("CONFIG", "SET", "proc-title-template", "TEST {title} {listen-addr}") == b"OK"
    with open(f"/proc/{server.pid}/cmdline", "rb") as file:
        assert file.read().rstrip(b"\0") == b"TEST pyrite-server 127.0.0.1:%d" % server.port


# RESETSTAT


def test_resetstat_forgets_what_was_counted(server: Server) -> None:
    server.call("SET", "key", "x")
    server.call("INCR", "key")
    server.call("GET", "missing")
    assert server.call("CONFIG", "RESETSTAT") == b"OK"
    stats = server.info("stats")
    # The commands since: this one and INFO's own connection.
    assert stats["total_commands_processed"] == "1"
    assert stats["total_error_replies"] == stats["keyspace_misses"] == stats["expired_keys"] == "0"
    assert set(server.info("commandstats")) == {"cmdstat_config|resetstat", "cmdstat_info"}


# REWRITE


def test_rewrite_needs_a_file(server: Server) -> None:
    assert server.call("CONFIG", "REWRITE") == ErrorReply(b"ERR The server is running without a config file")


def test_rewrite_keeps_comments_and_writes_what_changed(start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite(conf="# mine\nmaxmemory-samples 5\n")
    server.call("CONFIG", "SET", "maxmemory-samples", 9, "timeout", 77)
    assert server.call("CONFIG", "REWRITE") == b"OK"
    lines = (server.directory / "test.conf").read_text().splitlines()
    assert lines[:2] == ["# mine", "maxmemory-samples 9"]
    assert "timeout 77" in lines
    assert "CONFIG REWRITE executed with success." in server.output()


def test_rewrite_of_every_option(start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite(conf="hz 10\n")
    assert server.call("DEBUG", "CONFIG-REWRITE-FORCE-ALL") == b"OK"
    names = {line.split()[0] for line in (server.directory / "test.conf").read_text().splitlines() if line}
    assert {"maxmemory", "timeout", "slowlog-max-len", "hz"} <= names


def test_rewrite_says_why_it_failed(start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite(conf="hz 10\n")
    (server.directory / "test.conf").unlink()
    (server.directory / "test.conf").mkdir()
    assert server.call("CONFIG", "REWRITE") == ErrorReply(b"ERR Rewriting config file: Is a directory")
