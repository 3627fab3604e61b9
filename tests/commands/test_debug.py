"""DEBUG: who may use it, and what its subcommands tell and do."""

import random
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.keyspaces import fill
from tests.support import Attributed, ErrorReply, Push, RespClient, Server, Verbatim

NOT_ALLOWED = (
    b'ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", you can run it from a local '
    b"connection, otherwise you need to set this option in the configuration file, and then restart the server."
)
NO_SUCH_KEY = ErrorReply(b"ERR no such key")
NOTHING = b"0" * 40


def unknown(word: bytes) -> ErrorReply:
    return ErrorReply(b"ERR unknown subcommand or wrong number of arguments for '%b'. Try DEBUG HELP." % word)


# Permission, and what there is


def test_debug_is_off_unless_it_is_switched_on(start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite("--enable-debug-command", "no")
    for arguments in (("SLEEP", 0), ("HELP",), ("nonsense",)):
        assert server.call("DEBUG", *arguments) == ErrorReply(NOT_ALLOWED)
    assert server.call("CONFIG", "SET", "enable-debug-command", "yes") == ErrorReply(
        b"ERR CONFIG SET failed (possibly related to argument 'enable-debug-command') - can't set immutable config"
    )


def test_debug_for_local_connections(start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite("--enable-debug-command", "local", "--unixsocket", "here.sock")
    assert server.call("DEBUG", "SLEEP", 0) == b"OK"
    with RespClient(path=str(server.directory / "here.sock")) as client:
        assert client.call("DEBUG", "SLEEP", 0) == b"OK"


@pytest.mark.parametrize(
    "arguments", [("nonsense",), ("SLEEP",), ("SLEEP", 0, 0), ("DIGEST", 1), ("POPULATE",), ("POPULATE", 1, 2, 3, 4)]
)
def test_unknown_subcommands(server: Server, arguments: tuple[object, ...]) -> None:
    assert server.call("DEBUG", *arguments) == unknown(str(arguments[0]).encode())


def test_help_names_what_there_is(server: Server) -> None:
    lines: Any = server.call("DEBUG", "HELP")
    assert lines[0] == b"DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"
    named = [line for line in lines[1:] if not line.startswith(b" ")]
    assert b"SLEEP <seconds>" in named
    assert all(lines[lines.index(line) + 1].startswith(b"    ") for line in named)


def test_a_log_that_is_not_there_is_not_loaded(server: Server) -> None:
    server.call("SET", "k", "v")
    reply = server.call("DEBUG", "LOADAOF")
    assert reply == ErrorReply(b"ERR Error trying to load the AOF files, check server logs.")
    assert server.call("GET", "k") == b"v"


# Time


def test_sleep_blocks_the_server(server: Server, client: RespClient) -> None:
    started = time.monotonic()
    server.client.send("DEBUG", "SLEEP", "0.1")
    time.sleep(0.02)
    assert client.call("PING") == b"PONG"
    assert time.monotonic() - started >= 0.1
    assert server.client.read() == b"OK"


def test_sleep_takes_a_reasonable_number(server: Server) -> None:
    assert server.call("DEBUG", "SLEEP", "-5") == b"OK"
    assert server.call("DEBUG", "SLEEP", "1e-3") == b"OK"
    assert server.call("DEBUG", "SLEEP", "soon") == ErrorReply(b"ERR value is not a valid float")
    for wrong in ("inf", "nan", "1e9"):
        assert server.call("DEBUG", "SLEEP", wrong) == ErrorReply(b"ERR value is out of range")


def test_active_expiry_can_be_stopped(server: Server) -> None:
    assert server.call("DEBUG", "SET-ACTIVE-EXPIRE", 0) == b"OK"
    try:
        server.call("SET", "key", "x", "PX", 1)
        time.sleep(0.3)
        assert server.call("DBSIZE") == 1
    finally:
        assert server.call("DEBUG", "SET-ACTIVE-EXPIRE", "1x") == b"OK"
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and server.call("DBSIZE"):
        time.sleep(0.01)
    assert server.call("DBSIZE") == 0


def test_the_cron_can_be_paused(server: Server) -> None:
    assert server.call("DEBUG", "PAUSE-CRON", 1) == b"OK"
    try:
        before = server.info("server")["lru_clock"]
        time.sleep(1.2)
        assert server.info("server")["lru_clock"] == before
    finally:
        assert server.call("DEBUG", "PAUSE-CRON", 0) == b"OK"


# Log and errors


def test_log_writes_to_the_log(server: Server) -> None:
    assert server.call("DEBUG", "LOG", "needle in the log") == b"OK"
    assert "# DEBUG LOG: needle in the log" in server.output()


def test_error_returns_the_text_without_its_line_breaks(server: Server) -> None:
    assert server.call("DEBUG", "ERROR", "MY code") == ErrorReply(b"MY code")
    assert server.call_raw("DEBUG", "ERROR", "a\r\n+OK\r\n") == b"-a  +OK  \r\n"


# PROTOCOL

IN_RESP3: dict[str, object] = {
    "string": b"Hello World",
    "integer": 12345,
    "double": 3.141,
    "bignum": 1234567999999999999999999999999999999,
    "null": None,
    "array": [0, 1, 2],
    "set": {0, 1, 2},
    "map": {0: False, 1: True, 2: False},
    "verbatim": Verbatim(b"txt", b"This is a verbatim\nstring"),
    "true": True,
    "false": False,
}


@pytest.mark.parametrize("name", IN_RESP3)
def test_protocol_in_resp3(server: Server, name: str) -> None:
    with server.connect(resp=3) as client:
        assert client.call("DEBUG", "PROTOCOL", name) == IN_RESP3[name]


def test_protocol_attribute_and_push(server: Server) -> None:
    with server.connect(resp=3) as client:
        reply = client.call("DEBUG", "PROTOCOL", "attrib")
        assert isinstance(reply, Attributed)
        assert reply.attributes == {b"key-popularity": [b"key:123", 90]}
        assert reply.value == b"Some real reply following the attribute"
        assert client.call("DEBUG", "PROTOCOL", "push") == b"Some real reply following the push reply"
        assert client.read() == Push([b"server-cpu-usage", 42])


def test_protocol_is_the_peers(server: Server, start_peer: Callable[..., Server]) -> None:
    peer = start_peer("--enable-debug-command", "yes")
    for resp in (2, 3):
        with server.connect(resp=resp) as ours, peer.connect(resp=resp) as theirs:
            for name in (*IN_RESP3, "attrib", "nonsense"):
                assert ours.call_raw("DEBUG", "PROTOCOL", name) == theirs.call_raw("DEBUG", "PROTOCOL", name)


def test_protocol_push_needs_resp3(server: Server) -> None:
    assert server.call("DEBUG", "PROTOCOL", "push") == ErrorReply(b"ERR RESP2 is not supported by this command")


# Keys


def test_populate(server: Server) -> None:
    server.call("SET", "key:1", "mine")
    assert server.call("DEBUG", "POPULATE", 3) == b"OK"
    assert server.call("MGET", "key:0", "key:1", "key:2") == [b"value:0", b"mine", b"value:2"]
    assert server.call("DEBUG", "POPULATE", 2, "a b") == b"OK"
    assert server.call("GET", "a b:1") == b"value:1"
    assert server.call("DEBUG", "POPULATE", 1, "long", 10) == b"OK"
    assert server.call("GET", "long:0") == b"value:0\0\0\0"
    assert server.call("DEBUG", "POPULATE", 1, "short", 3) == b"OK"
    assert server.call("GET", "short:0") == b"val"
    assert server.call("DEBUG", "POPULATE", 0) == b"OK"
    assert server.call("DBSIZE") == 7


def test_populate_refuses_what_cannot_be(server: Server) -> None:
    positive = ErrorReply(b"ERR value is out of range, must be positive")
    for wrong in (-1, "x", 1 << 63):
        assert server.call("DEBUG", "POPULATE", wrong) == positive
        assert server.call("DEBUG", "POPULATE", 1, "key", wrong) == positive
    assert server.call("DEBUG", "POPULATE", (1 << 63) - 1) == ErrorReply(b"ERR OOM in dictTryExpand")
    assert server.call("DEBUG", "POPULATE", 1, "key", 1 << 40) == ErrorReply(
        b"ERR string exceeds maximum allowed size (proto-max-bulk-len)"
    )
    assert server.call("DBSIZE") == 0


@pytest.mark.parametrize(
    ("value", "encoding", "serialized"),
    [
        (b"1", b"int", 2),
        (b"-129", b"int", 3),
        (b"40000", b"int", 5),
        (b"5000000000", b"int", 11),
        (b"abc", b"embstr", 4),
        (b"x" * 64, b"raw", 9),
        (b"x" * 20000, b"raw", 238),
    ],
)
def test_object(server: Server, value: bytes, encoding: bytes, serialized: int) -> None:
    server.call("SET", "key", value)
    reply: Any = server.call("DEBUG", "OBJECT", "key")
    assert reply.startswith(b"Value at:0x")
    fields = dict(part.split(b":", 1) for part in reply.split()[1:])
    assert fields[b"encoding"] == encoding
    assert int(fields[b"serializedlength"]) == serialized
    assert fields[b"lru_seconds_idle"] in (b"0", b"1")
    assert server.call("DEBUG", "OBJECT", "missing") == NO_SUCH_KEY


def test_sdslen(server: Server) -> None:
    server.call("SET", "key", "value")
    reply: Any = server.call("DEBUG", "SDSLEN", "key")
    assert reply.startswith(b"key_sds_len:3, key_sds_avail:0, key_zmalloc: ")
    assert b"val_sds_len:5, val_sds_avail:0, " in reply
    server.call("SET", "long", "x" * 5000)
    server.call("APPEND", "long", "y")
    appended: Any = server.call("DEBUG", "SDSLEN", "long")
    spare = int(appended.split(b"val_sds_avail:")[1].split(b",")[0])
    assert b"val_sds_len:5001, " in appended
    assert spare > 0
    server.call("SET", "number", 1)
    assert server.call("DEBUG", "SDSLEN", "number") == ErrorReply(b"ERR Not an sds encoded string.")
    assert server.call("DEBUG", "SDSLEN", "missing") == NO_SUCH_KEY


# Tables and sizes


def test_htstats(server: Server) -> None:
    empty: Any = server.call("DEBUG", "HTSTATS", 0)
    assert empty.count(b"No stats available for empty dictionaries") == 2
    server.call("DEBUG", "POPULATE", 1000)
    server.call("EXPIRE", "key:1", 1000)
    full: Any = server.call("DEBUG", "HTSTATS", 0, "full")
    assert b" number of elements: 1000\n" in full
    assert b"[Expires HT]\n number of elements: 1\n" in full
    for wrong in (-1, 16):
        assert server.call("DEBUG", "HTSTATS", wrong) == ErrorReply(b"ERR Out of range database")
    assert server.call("DEBUG", "HTSTATS", "x") == ErrorReply(b"ERR value is not an integer or out of range")
    assert server.call("DEBUG", "HTSTATS-KEY", "missing") == NO_SUCH_KEY
    assert server.call("DEBUG", "HTSTATS-KEY", "key:1") == ErrorReply(
        b"ERR The value stored at the specified key is not represented using an hash table"
    )


def test_structsize(server: Server) -> None:
    reply: Any = server.call("DEBUG", "STRUCTSIZE")
    sizes = dict(part.split(b":") for part in reply.split())
    assert sizes[b"bits"] == b"64"
    assert (sizes[b"entry"], sizes[b"bucket"]) == (b"8", b"64")


# Digests


def test_digest_of_nothing(server: Server) -> None:
    assert server.call("DEBUG", "DIGEST") == NOTHING
    assert server.call("DEBUG", "DIGEST-VALUE", "missing") == [NOTHING]


def test_digests_are_the_peers(server: Server, start_peer: Callable[..., Server]) -> None:
    peer = start_peer("--enable-debug-command", "yes")
    pick = random.Random(7)
    keys = [f"key{number}" for number in range(200)]
    for database in (0, 9):
        for each in (server, peer):
            each.call("SELECT", database)
        for key in keys:
            value = pick.choice([str(pick.randint(-(10**12), 10**12)), pick.randbytes(pick.randint(0, 3000))])
            expiry = pick.choice([(), ("PXAT", 99999999999999)])
            for each in (server, peer):
                assert each.call("SET", key, value, *expiry) == b"OK"
        assert server.call("DEBUG", "DIGEST") == peer.call("DEBUG", "DIGEST")
        assert server.call("DEBUG", "DIGEST-VALUE", *keys) == peer.call("DEBUG", "DIGEST-VALUE", *keys)
    server.call("APPEND", "key0", "x")
    assert server.call("DEBUG", "DIGEST") != peer.call("DEBUG", "DIGEST")


def test_digests_of_all_types_are_the_peers(server: Server, peer: Server) -> None:
    for each in (server, peer):
        fill(each.client, "digest", [1, 5, 129, 600], (0, 3))
    assert server.call("DEBUG", "DIGEST") == peer.call("DEBUG", "DIGEST")
