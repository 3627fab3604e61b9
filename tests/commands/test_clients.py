"""The CLIENT commands: this connection, and those of others."""

import re
import time
from collections.abc import Iterator

import pytest

from tests.integration.processes import wait_for
from tests.support import ErrorReply, RespClient, Server

SYNTAX = ErrorReply(b"ERR syntax error")
NOT_INTEGER = ErrorReply(b"ERR value is not an integer or out of range")
INVALID_NAME = ErrorReply(b"ERR Client names cannot contain spaces, newlines or special characters.")
FIELDS = (
    "id addr laddr fd name age idle flags db sub psub ssub multi watch qbuf qbuf-free argv-mem multi-mem rbs rbp obl "
    "oll omem tot-mem events cmd user redir resp lib-name lib-ver"
)


def fields(line: object) -> dict[str, str]:
    assert isinstance(line, bytes)
    return dict(part.split("=", 1) for part in line.decode().rstrip("\n").split(" "))


def info(client: RespClient) -> dict[str, str]:
    return fields(client.call("CLIENT", "INFO"))


def listed(client: RespClient, *filters: str | int) -> list[dict[str, str]]:
    reply = client.call("CLIENT", "LIST", *filters)
    assert isinstance(reply, bytes)
    return [fields(line) for line in reply.splitlines()]


def client_id(client: RespClient) -> int:
    reply = client.call("CLIENT", "ID")
    assert isinstance(reply, int)
    return reply


def local_address(client: RespClient) -> str:
    host, port = client.sock.getsockname()
    return f"{host}:{port}"


def wait_for_flags(observer: RespClient, target: int, flags: str) -> None:
    deadline = time.monotonic() + 5
    while [each["flags"] for each in listed(observer, "ID", target)] != [flags]:
        assert time.monotonic() < deadline, f"client {target} does not get the flags {flags}"
        time.sleep(0.005)


@pytest.fixture(autouse=True)
def end_pause(server: Server) -> Iterator[None]:
    """Let a test that fails in a pause not hold up those that follow."""
    yield
    with server.connect() as connection:
        connection.call("CLIENT", "UNPAUSE")


# INFO and LIST


def test_ids_grow(server: Server) -> None:
    with server.connect() as one, server.connect() as other:
        assert 0 < client_id(one) < client_id(other)
        assert client_id(one) == client_id(one)


def test_info(client: RespClient, server: Server) -> None:
    line = info(client)
    assert " ".join(line) == FIELDS
    expected = {
        "id": str(client_id(client)),
        "addr": local_address(client),
        "laddr": f"127.0.0.1:{server.port}",
        "name": "",
        "flags": "N",
        "db": "0",
        "sub": "0",
        "psub": "0",
        "ssub": "0",
        "multi": "-1",
        "watch": "0",
        "qbuf": "26",
        "argv-mem": "10",
        "multi-mem": "0",
        "obl": "0",
        "oll": "0",
        "omem": "0",
        "events": "r",
        "cmd": "client|info",
        "user": "default",
        "redir": "-1",
        "resp": "2",
        "lib-name": "",
        "lib-ver": "",
    }
    assert {name: line[name] for name in expected} == expected
    assert int(line["tot-mem"]) > 0


def test_info_is_a_verbatim_text(client: RespClient) -> None:
    client.call("HELLO", 3)
    assert re.fullmatch(rb"=\d+\r\ntxt:id=.* resp=3 .*\n\r\n", client.call_raw("CLIENT", "INFO"))
    assert re.fullmatch(rb"=\d+\r\ntxt:id=(.*\n)+\r\n", client.call_raw("CLIENT", "LIST"))


def test_list(server: Server, client: RespClient) -> None:
    with server.connect() as other:
        other.call("SELECT", 3)
        other.call("SET", "k", "v")
        both = {int(each["id"]): each for each in listed(client)}
        assert list(both) == sorted(both)
        assert both[client_id(other)]["db"] == "3"
        assert both[client_id(other)]["cmd"] == "set"
        assert both[client_id(client)]["cmd"] == "client|list"


def test_list_of_ids(server: Server, client: RespClient) -> None:
    with server.connect() as other:
        mine, its = client_id(client), client_id(other)
        assert [int(each["id"]) for each in listed(client, "ID", its, 10**9, mine, -1)] == [its, mine]


def test_list_by_type(server: Server, client: RespClient) -> None:
    assert client_id(client) in [int(each["id"]) for each in listed(client, "TYPE", "Normal")]
    for kind in ("pubsub", "replica", "slave", "master"):
        assert listed(client, "type", kind) == []


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (["TYPE", "x"], b"ERR Unknown client type 'x'"),
        (["TYPE"], SYNTAX.text),
        (["ID"], SYNTAX.text),
        (["ID", "1", "x"], b"ERR Invalid client ID"),
        (["TYPE", "normal", "ID", "1"], SYNTAX.text),
        (["x"], SYNTAX.text),
    ],
)
def test_list_refuses(client: RespClient, argv: list[str], text: bytes) -> None:
    assert client.call("CLIENT", "LIST", *argv) == ErrorReply(text)


def test_a_request_half_sent_shows_its_size(server: Server, client: RespClient) -> None:
    with server.connect() as other:
        its = client_id(other)
        other.send_bytes(b"*2\r\n$4\r\nECHO\r\n$100000\r\n" + b"v" * 50_000)
        deadline = time.monotonic() + 5
        while (line := listed(client, "ID", its)[0])["qbuf"] == "0" or int(line["qbuf"]) < 50_000:
            assert time.monotonic() < deadline, f"the request is not shown: {line}"
        assert int(line["tot-mem"]) > 50_000
        assert line["argv-mem"] == "4"
        other.send_bytes(b"v" * 50_000 + b"\r\n")
        assert other.read() == b"v" * 100_000
        assert listed(client, "ID", its)[0]["qbuf"] == "0"


def test_replies_not_read_show_their_size(server: Server, client: RespClient) -> None:
    client.call("SET", "k", b"v" * 20_000_000)
    with server.connect() as other:
        its = client_id(other)
        other.send("GET", "k")
        other.send("PING")
        deadline = time.monotonic() + 5
        while (line := listed(client, "ID", its)[0])["events"] != "rw":
            assert time.monotonic() < deadline, f"nothing waits: {line}"
        assert line["oll"] == "1"
        assert line["obl"] == "0"
        assert 0 < int(line["omem"]) < int(line["tot-mem"])
        assert other.read() == b"v" * 20_000_000
        assert other.read() == b"PONG"
        assert listed(client, "ID", its)[0]["omem"] == "0"


# Names


def test_setname(client: RespClient) -> None:
    assert client.call("CLIENT", "GETNAME") is None
    assert client.call("CLIENT", "SETNAME", "someone!~") == b"OK"
    assert client.call("CLIENT", "GETNAME") == b"someone!~"
    assert info(client)["name"] == "someone!~"
    for bad in (b"a b", b"a\n", b"\x7f", b"\xc3\xa4", b"a\0b"):
        assert client.call("CLIENT", "SETNAME", bad) == INVALID_NAME
    assert client.call("CLIENT", "GETNAME") == b"someone!~"
    assert client.call("CLIENT", "SETNAME", "") == b"OK"
    assert client.call("CLIENT", "GETNAME") is None


def test_setinfo(client: RespClient) -> None:
    assert client.call("CLIENT", "SETINFO", "LIB-NAME", "redis-py") == b"OK"
    assert client.call("CLIENT", "SETINFO", "lib-ver", "1.2.3") == b"OK"
    assert client.call("CLIENT", "SETINFO", "Lib-Ver", "a b") == ErrorReply(
        b"ERR Lib-Ver cannot contain spaces, newlines or special characters."
    )
    assert client.call("CLIENT", "SETINFO", "x", "y") == ErrorReply(b"ERR Unrecognized option 'x'")
    assert (info(client)["lib-name"], info(client)["lib-ver"]) == ("redis-py", "1.2.3")
    assert client.call("CLIENT", "SETINFO", "lib-name", "") == b"OK"
    assert info(client)["lib-name"] == ""


# Switches


@pytest.mark.parametrize(("name", "letter"), [("NO-EVICT", "e"), ("NO-TOUCH", "T")])
def test_switch(client: RespClient, name: str, letter: str) -> None:
    assert client.call("CLIENT", name, "on") == b"OK"
    assert info(client)["flags"] == letter
    assert client.call("CLIENT", name, "OFF") == b"OK"
    assert info(client)["flags"] == "N"
    assert client.call("CLIENT", name, "x") == SYNTAX


def test_no_touch_leaves_the_idle_time_alone(server: Server, client: RespClient) -> None:
    client.call("SET", "k", "v")
    with server.config(maxmemory_policy="allkeys-lfu"):
        client.call("SET", "f", "v")
        before = client.call("OBJECT", "FREQ", "f")
        client.call("CLIENT", "NO-TOUCH", "ON")
        client.pipeline([("GET", "f")] * 100)
        assert client.call("OBJECT", "FREQ", "f") == before
        client.call("CLIENT", "NO-TOUCH", "OFF")
        client.pipeline([("GET", "f")] * 100)
        assert client.call("OBJECT", "FREQ", "f") > before  # type: ignore[operator]


def test_reply_off_and_on(client: RespClient) -> None:
    client.send("CLIENT", "REPLY", "OFF")
    client.send("SET", "k", "v")
    client.send("NOSUCH")
    client.send("GET")
    client.send("CLIENT", "REPLY", "x")
    client.send("CLIENT", "REPLY", "SKIP")
    assert client.is_silent()
    assert client.call("CLIENT", "REPLY", "ON") == b"OK"
    assert client.call("GET", "k") == b"v"


def test_reply_skip(client: RespClient) -> None:
    client.send("CLIENT", "REPLY", "SKIP")
    client.send("ECHO", "skipped")
    assert client.call("ECHO", "heard") == b"heard"
    client.send("CLIENT", "REPLY", "SKIP")
    client.send("NOSUCH")
    assert client.call("ECHO", "heard") == b"heard"
    client.send("CLIENT", "REPLY", "SKIP")
    client.send("CLIENT", "REPLY", "SKIP")
    client.send("ECHO", "skipped")
    assert client.call("ECHO", "heard") == b"heard"
    assert client.call("CLIENT", "REPLY", "x") == SYNTAX


def test_reply_off_and_a_transaction(client: RespClient) -> None:
    client.send("CLIENT", "REPLY", "OFF")
    for argv in (("MULTI",), ("SET", "k", "v"), ("CLIENT", "REPLY", "ON"), ("GET", "k")):
        client.send(*argv)
    assert client.is_silent()
    assert client.call("EXEC") == [b"OK", b"OK", b"v"]
    assert client.call("PING") == b"PONG"


def test_reply_skip_in_a_transaction_is_for_what_follows_it(client: RespClient) -> None:
    client.pipeline([("MULTI",), ("SET", "k", "v"), ("CLIENT", "REPLY", "SKIP"), ("GET", "k")])
    for argv in (("EXEC",), ("ECHO", "skipped"), ("ECHO", "heard")):
        client.send(*argv)
    # SKIP has no reply of its own, in an array either: what comes next takes its place.
    assert client.read() == [b"OK", b"v", b"heard"]


def test_reply_skip_is_over_when_a_client_that_waits_gets_nothing(server: Server, client: RespClient) -> None:
    client.send("CLIENT", "REPLY", "SKIP")
    client.send("BLPOP", "none", 0.01)
    assert client.call("ECHO", "heard") == b"heard"
    its = client_id(client)
    client.send("CLIENT", "REPLY", "SKIP")
    client.send("BLPOP", "none", 0)
    with server.connect() as other:
        wait_for_flags(other, its, "b")
        assert other.call("CLIENT", "UNBLOCK", its, "ERROR") == 1
    assert client.call("ECHO", "heard") == b"heard"


def test_the_last_command_is_told_though_it_did_not_run(server: Server, client: RespClient) -> None:
    with server.connect() as other:
        its = client_id(other)

        def last() -> str:
            return listed(client, "ID", its)[0]["cmd"]

        other.call("MULTI")
        other.call("GET", "a")
        assert last() == "get"
        other.call("DISCARD")
        other.call("STRLEN")
        assert last() == "strlen"
        other.call("NOSUCH")
        assert last() == "NULL"
        client.call("CLIENT", "PAUSE", 10_000, "WRITE")
        other.send("SET", "a", "1")
        wait_for(lambda: last() == "set", "the command is held back")
        client.call("CLIENT", "UNPAUSE")
        assert other.read() == b"OK"


# KILL


def test_kill_by_address(server: Server, client: RespClient) -> None:
    with server.connect() as other:
        other.call("PING")
        assert client.call("CLIENT", "KILL", local_address(other)) == b"OK"
        assert other.is_closed_by_server()
    assert client.call("CLIENT", "KILL", "127.0.0.1:1") == ErrorReply(b"ERR No such client")
    # One may end oneself this way, and is told so.
    assert client.call("CLIENT", "KILL", local_address(client)) == b"OK"
    assert client.is_closed_by_server()


def test_killed_clients_are_gone_at_once(server: Server, client: RespClient) -> None:
    with server.connect() as other:
        its = client_id(other)
        replies = client.pipeline(
            [("CLIENT", "KILL", "ID", its), ("CLIENT", "KILL", "ID", its), ("CLIENT", "LIST", "ID", its)]
        )
        assert replies == [1, 0, b""]
        assert other.is_closed_by_server()


def test_kill_with_filters(server: Server, client: RespClient) -> None:
    mine = client_id(client)
    with server.connect() as one, server.connect() as other:
        its = client_id(one)
        assert client.call("CLIENT", "KILL", "ID", its, "ADDR", local_address(other)) == 0
        assert client.call("CLIENT", "KILL", "ID", its, "TYPE", "pubsub") == 0
        assert client.call("CLIENT", "KILL", "ID", its, "LADDR", "1.2.3.4:5") == 0
        assert client.call("CLIENT", "KILL", "ID", its, "MAXAGE", 1000) == 0
        assert client.call("CLIENT", "KILL", "ID", mine) == 0
        # The last of two filters of one kind counts.
        reply = client.call(
            "CLIENT", "KILL", "ID", mine, "id", its, "Type", "normal", "USER", "default",
            "laddr", f"127.0.0.1:{server.port}", "addr", local_address(one), "skipme", "YES",
        )  # fmt: skip
        assert reply == 1
        assert one.is_closed_by_server()
        assert other.call("PING") == b"PONG"
    assert client.call("CLIENT", "KILL", "ID", mine, "SKIPME", "no") == 1
    assert client.is_closed_by_server()


def test_kill_all_but_oneself(server: Server, client: RespClient) -> None:
    with server.connect() as one, server.connect() as other:
        # So that they are not still waiting to be accepted.
        assert [one.call("PING"), other.call("PING")] == [b"PONG", b"PONG"]
        reply = client.call("CLIENT", "KILL", "SKIPME", "yes")
        assert isinstance(reply, int)
        assert reply >= 2
        assert one.is_closed_by_server()
        assert other.is_closed_by_server()
        assert client.call("PING") == b"PONG"


def test_kill_by_age(server: Server, client: RespClient) -> None:
    with server.connect() as old:
        old.call("PING")
        time.sleep(2.1)
        with server.connect() as young:
            young.call("PING")
            addresses = [local_address(each) for each in (old, young)]
            replies = [client.call("CLIENT", "KILL", "MAXAGE", 2, "ADDR", address) for address in addresses]
            assert replies == [1, 0]
            assert old.is_closed_by_server()
            assert young.call("PING") == b"PONG"


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (["ID", "x"], b"ERR client-id should be greater than 0"),
        (["ID", "0"], b"ERR client-id should be greater than 0"),
        (["MAXAGE", "x"], b"ERR maxage is not an integer or out of range"),
        (["MAXAGE", "0"], b"ERR maxage should be greater than 0"),
        (["TYPE", "x"], b"ERR Unknown client type 'x'"),
        (["USER", "nobody"], b"ERR No such user 'nobody'"),
        (["SKIPME", "x"], SYNTAX.text),
        (["ID", "1", "SKIPME"], SYNTAX.text),
        (["x", "y"], SYNTAX.text),
        ([], b"ERR wrong number of arguments for 'client|kill' command"),
    ],
)
def test_kill_refuses(client: RespClient, argv: list[str], text: bytes) -> None:
    assert client.call("CLIENT", "KILL", *argv) == ErrorReply(text)


# PAUSE


def test_pause_of_writes(server: Server, client: RespClient) -> None:
    with server.connect() as writer:
        its = client_id(writer)
        assert client.call("CLIENT", "PAUSE", 60_000, "WRITE") == b"OK"
        # What comes behind the write waits with it.
        writer.send_bytes(b"GET k\r\nSET k v\r\nGET k\r\n")
        assert writer.read() is None
        wait_for_flags(client, its, "b")
        assert server.info("clients")["blocked_clients"] == "1"
        writer.send_bytes(b"STRLEN")
        writer.send_bytes(b" k\r\n")
        assert writer.is_silent()
        assert client.call("GET", "k") is None
        assert client.call("CLIENT", "UNPAUSE") == b"OK"
        assert [writer.read() for _ in range(3)] == [b"OK", b"v", 1]
        assert server.info("clients")["blocked_clients"] == "0"


def test_pause_of_all_ends_by_itself(server: Server, client: RespClient) -> None:
    with server.connect() as other:
        started = time.monotonic()
        assert client.call("CLIENT", "PAUSE", 200) == b"OK"
        assert other.call("PING") == b"PONG"
        assert 0.19 < time.monotonic() - started < 5


def test_paused_clients_go_on_in_order(server: Server, client: RespClient) -> None:
    client.call("CLIENT", "PAUSE", 60_000, "WRITE")
    writers = [server.connect() for _ in range(5)]
    ids = [client_id(writer) for writer in writers]
    for writer, its in zip(writers, ids, strict=True):
        writer.send("APPEND", "k", str(its % 10))
        wait_for_flags(client, its, "b")
    client.call("CLIENT", "UNPAUSE")
    for writer in writers:
        assert isinstance(writer.read(), int)
        writer.close()
    assert client.call("GET", "k") == "".join(str(its % 10) for its in ids).encode()


def test_pause_becomes_neither_weaker_nor_shorter(server: Server, client: RespClient) -> None:
    started = time.monotonic()
    with server.connect() as other:
        replies = client.pipeline([("CLIENT", "PAUSE", 300, "WRITE"), ("CLIENT", "PAUSE", 1, "WRITE")])
        assert replies == [b"OK", b"OK"]
        assert other.call("SET", "k", "v") == b"OK"
        assert time.monotonic() - started > 0.29


def test_paused_client_that_leaves_or_is_killed(server: Server, client: RespClient) -> None:
    client.call("CLIENT", "PAUSE", 60_000, "WRITE")
    with server.connect() as leaves, server.connect() as killed:
        ids = [client_id(leaves), client_id(killed)]
        for each in (leaves, killed):
            each.send("SET", "k", "v")
        for its in ids:
            wait_for_flags(client, its, "b")
        assert client.call("CLIENT", "KILL", "ID", ids[1]) == 1
        assert killed.is_closed_by_server()
        leaves.close()
        deadline = time.monotonic() + 5
        while listed(client, "ID", ids[0]):
            assert time.monotonic() < deadline, "the client that left is still listed"
    client.call("CLIENT", "UNPAUSE")
    assert client.call("GET", "k") is None


def test_keys_do_not_go_while_paused(client: RespClient) -> None:
    client.call("SET", "k", "v", "PX", 50)
    client.call("CLIENT", "PAUSE", 60_000, "WRITE")
    time.sleep(0.2)
    # Hidden, but still there.
    assert client.call("GET", "k") is None
    assert client.call("DBSIZE") == 1
    client.call("CLIENT", "UNPAUSE")
    assert client.call("GET", "k") is None
    assert client.call("DBSIZE") == 0


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (["x"], b"ERR timeout is not an integer or out of range"),
        (["1.5"], b"ERR timeout is not an integer or out of range"),
        (["-1"], b"ERR timeout is negative"),
        ([str(2**63 - 1)], b"ERR timeout is out of range"),
        (["1", "x"], b"ERR CLIENT PAUSE mode must be WRITE or ALL"),
        (["x", "y"], b"ERR CLIENT PAUSE mode must be WRITE or ALL"),
        (["1", "ALL", "x"], b"ERR unknown subcommand or wrong number of arguments for 'PAUSE'. Try CLIENT HELP."),
    ],
)
def test_pause_refuses(client: RespClient, argv: list[str], text: bytes) -> None:
    assert client.call("CLIENT", "PAUSE", *argv) == ErrorReply(text)


def test_pause_of_no_time_is_none(client: RespClient) -> None:
    assert client.pipeline([("CLIENT", "PAUSE", 0), ("PING",)]) == [b"OK", b"PONG"]


# The rest


def test_unblock_of_clients_that_wait_for_nothing(client: RespClient) -> None:
    assert client.call("CLIENT", "UNBLOCK", client_id(client)) == 0
    assert client.call("CLIENT", "UNBLOCK", 10**9, "ERROR") == 0
    assert client.call("CLIENT", "UNBLOCK", 1, "TIMEOUT") == 0
    assert client.call("CLIENT", "UNBLOCK", "x") == NOT_INTEGER
    assert client.call("CLIENT", "UNBLOCK", "x", "y") == ErrorReply(
        b"ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"
    )


def test_tracking_is_off(client: RespClient) -> None:
    assert client.call("CLIENT", "GETREDIR") == -1
    assert client.call("CLIENT", "TRACKINGINFO") == [b"flags", [b"off"], b"redirect", -1, b"prefixes", []]
    client.call("HELLO", 3)
    assert client.call("CLIENT", "TRACKINGINFO") == {b"flags": {b"off"}, b"redirect": -1, b"prefixes": []}


def test_help(client: RespClient) -> None:
    lines = client.call("CLIENT", "HELP")
    assert isinstance(lines, list)
    assert lines[0] == b"CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"
    words = {line.split(b" ")[0].decode() for line in lines if isinstance(line, bytes) and not line.startswith(b" ")}
    assert {"ID", "INFO", "LIST", "KILL", "PAUSE", "UNPAUSE", "REPLY", "UNBLOCK", "SETINFO", "HELP"} <= words


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (["x"], b"ERR unknown subcommand 'x'. Try CLIENT HELP."),
        (["ID", "x"], b"ERR wrong number of arguments for 'client|id' command"),
        ([], b"ERR wrong number of arguments for 'client' command"),
    ],
)
def test_subcommands(client: RespClient, argv: list[str], text: bytes) -> None:
    assert client.call("CLIENT", *argv) == ErrorReply(text)
