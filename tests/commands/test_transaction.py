"""MULTI, EXEC, DISCARD, WATCH, UNWATCH."""

import time
from collections.abc import Callable

import pytest

from tests.support import ErrorReply, RespClient, Server

BROKEN = ErrorReply(b"EXECABORT Transaction discarded because of previous errors.")
NOT_INTEGER = ErrorReply(b"ERR value is not an integer or out of range")


def fields(server: Server, line: bytes) -> dict[str, str]:
    return dict(part.split("=", 1) for part in line.decode().split())


def test_queued_commands_run_at_exec(client: RespClient) -> None:
    assert client.call("MULTI") == b"OK"
    assert client.call("SET", "k", "1") == b"QUEUED"
    assert client.call("INCR", "k") == b"QUEUED"
    with RespClient(client.sock.getpeername()[1]) as other:
        assert other.call("EXISTS", "k") == 0
    assert client.call("EXEC") == [b"OK", 2]
    assert client.call("GET", "k") == b"2"


def test_an_empty_transaction(client: RespClient) -> None:
    client.call("MULTI")
    assert client.call("EXEC") == []


def test_commands_after_an_error_at_run_time_still_run(client: RespClient) -> None:
    client.call("SET", "k", "text")
    client.call("MULTI")
    client.call("INCR", "k")
    client.call("SET", "other", "1")
    assert client.call("EXEC") == [NOT_INTEGER, b"OK"]
    assert client.call("GET", "other") == b"1"


@pytest.mark.parametrize("refused", [("NOSUCH",), ("GET",), ("CONFIG", "NOSUCH"), ("EXEC", "x")])
def test_an_error_while_queueing_discards_all(client: RespClient, refused: tuple[str, ...]) -> None:
    client.call("MULTI")
    client.call("SET", "k", "1")
    assert isinstance(client.call(*refused), ErrorReply)
    reply = client.call("EXEC")
    assert reply == (BROKEN if refused[0] != "EXEC" else ErrorReply(b"ERR EXEC without MULTI"))
    assert client.call("EXISTS", "k") == 0


def test_what_must_not_be_nested_leaves_the_transaction_whole(client: RespClient) -> None:
    client.call("MULTI")
    assert client.call("MULTI") == ErrorReply(b"ERR MULTI calls can not be nested")
    assert client.call("WATCH", "k") == ErrorReply(b"ERR WATCH inside MULTI is not allowed")
    client.call("SET", "k", "1")
    assert client.call("EXEC") == [b"OK"]


def test_discard(client: RespClient) -> None:
    assert client.call("DISCARD") == ErrorReply(b"ERR DISCARD without MULTI")
    assert client.call("EXEC") == ErrorReply(b"ERR EXEC without MULTI")
    client.call("MULTI")
    client.call("SET", "k", "1")
    assert client.call("DISCARD") == b"OK"
    assert client.call("EXISTS", "k") == 0


def test_arguments_stay_as_they_were_sent(client: RespClient) -> None:
    big = b"x" * 200_000
    client.call("MULTI")
    client.call("SET", "big", big)
    client.call("SET", "empty", "")
    client.call("MSET", *(part for number in range(500) for part in (f"k{number}", f"v{number}")))
    client.call("PING")
    assert client.call("EXEC") == [b"OK", b"OK", b"OK", b"PONG"]
    assert client.call("GET", "big") == big
    assert client.call("GET", "empty") == b""
    assert client.call("GET", "k499") == b"v499"


# WATCH


@pytest.mark.parametrize(
    "change",
    [
        ("SET", "k", "2"),
        ("APPEND", "k", "x"),
        ("DEL", "k"),
        ("EXPIRE", "k", "100"),
        ("RENAME", "k", "other"),
        ("RENAME", "source", "k"),
        ("COPY", "source", "k", "REPLACE"),
        ("MOVE", "k", "1"),
        ("FLUSHALL",),
        ("FLUSHDB", "ASYNC"),
        ("SWAPDB", "0", "1"),
    ],
)
def test_a_change_of_a_watched_key_fails_the_transaction(server: Server, change: tuple[str, ...]) -> None:
    server.call("MSET", "k", "1", "source", "s")
    with server.connect() as client:
        client.call("WATCH", "unchanged", "k")
        server.call(*change)
        client.call("MULTI")
        client.call("SET", "mark", "1")
        assert client.call("EXEC") is None
        # The watch is over.
        server.call("SET", "k", "3")
        client.call("MULTI")
        assert client.call("EXEC") == []


@pytest.mark.parametrize(
    "change",
    [("GET", "k"), ("SET", "other", "2"), ("FLUSHDB",), ("SWAPDB", "2", "3"), ("SETNX", "there", "x"), ("DEL", "k")],
)
def test_what_leaves_a_watched_key_alone_does_not(server: Server, change: tuple[str, ...]) -> None:
    server.call("SET", "there", "1")
    with server.connect() as client:
        client.call("SELECT", "1" if change[0] == "FLUSHDB" else "0")
        client.call("WATCH", "k")
        server.call(*change)
        client.call("MULTI")
        assert client.call("EXEC") == []


def test_own_changes_count_and_unwatch_ends_it(client: RespClient) -> None:
    client.call("WATCH", "k")
    client.call("SET", "k", "1")
    client.call("MULTI")
    assert client.call("EXEC") is None
    client.call("WATCH", "k")
    client.call("SET", "k", "2")
    assert client.call("UNWATCH") == b"OK"
    client.call("MULTI")
    assert client.call("EXEC") == []
    client.call("WATCH", "k")
    client.call("MULTI")
    client.call("DISCARD")
    client.call("SET", "k", "3")
    client.call("MULTI")
    assert client.call("EXEC") == []


def test_a_watched_key_that_expires_fails_the_transaction(server: Server, client: RespClient) -> None:
    server.call("SET", "k", "1", "PX", 20)
    client.call("WATCH", "k")
    time.sleep(0.05)
    client.call("MULTI")
    assert client.call("EXEC") is None


def test_a_key_that_had_expired_before_may_be_deleted(server: Server, client: RespClient) -> None:
    server.call("DEBUG", "SET-ACTIVE-EXPIRE", 0)
    try:
        server.call("SET", "k", "1", "PX", 1)
        time.sleep(0.02)
        client.call("WATCH", "k")
        assert server.call("GET", "k") is None
        client.call("MULTI")
        assert client.call("EXEC") == []
    finally:
        server.call("DEBUG", "SET-ACTIVE-EXPIRE", 1)


def test_the_database_counts(server: Server, client: RespClient) -> None:
    client.call("WATCH", "k")
    server.call("SELECT", 1)
    server.call("SET", "k", "1")
    client.call("MULTI")
    assert client.call("EXEC") == []


# What shows of it


def test_client_list_and_info_show_it(server: Server, client: RespClient) -> None:
    client.call("WATCH", "a", "b", "a")
    client.call("MULTI")
    client.call("SET", "a", "1")
    line = next(line for line in server.call("CLIENT", "LIST").splitlines() if b" multi=1 " in line)
    shown = fields(server, line)
    assert shown["flags"] == "x"
    assert shown["watch"] == "2"
    assert int(shown["multi-mem"]) == len("SETa1")
    client.call("SET", "a", "x" * 100_000)
    line = next(line for line in server.call("CLIENT", "LIST").splitlines() if b" multi=2 " in line)
    assert int(fields(server, line)["tot-mem"]) > 100_000
    assert server.info("clients")["watching_clients"] == "1"
    assert server.info("clients")["total_watched_keys"] == "2"
    server.call("SET", "a", "2")
    line = next(line for line in server.call("CLIENT", "LIST").splitlines() if b" multi=2 " in line)
    assert fields(server, line)["flags"] == "xd"


def test_a_client_that_leaves_watches_nothing(server: Server, client: RespClient) -> None:
    client.call("WATCH", "a", "b")
    client.close()
    deadline = time.monotonic() + 5
    while server.info("clients")["total_watched_keys"] != "0":
        assert time.monotonic() < deadline


def test_reset_ends_the_transaction(client: RespClient) -> None:
    client.call("WATCH", "k")
    client.call("MULTI")
    client.call("SET", "k", "1")
    assert client.call("RESET") == b"RESET"
    assert client.call("EXEC") == ErrorReply(b"ERR EXEC without MULTI")
    assert client.call("EXISTS", "k") == 0


def test_statistics_count_each_command_that_ran(client: RespClient) -> None:
    client.call("CONFIG", "RESETSTAT")
    client.call("MULTI")
    client.call("INCR", "k")
    client.call("INCR", "k", "k")
    client.call("EXEC")
    client.call("SET", "text", "x")
    client.call("MULTI")
    client.call("INCR", "text")
    client.call("EXEC")
    stats = dict(
        line.split(b":", 1) for line in client.call("INFO", "commandstats").splitlines() if line.startswith(b"cmdstat")
    )
    assert stats[b"cmdstat_incr"].startswith(b"calls=1,")
    assert stats[b"cmdstat_incr"].endswith(b",rejected_calls=1,failed_calls=1")
    assert stats[b"cmdstat_exec"].endswith(b",rejected_calls=0,failed_calls=1")


def test_memory_is_asked_for_before_anything_runs(start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite("--maxmemory-policy", "noeviction")
    server.call("MULTI")
    server.call("SET", "k", "1")
    with server.connect() as other:
        other.call("CONFIG", "SET", "maxmemory", "1")
    assert server.call("EXEC") == ErrorReply(
        b"EXECABORT Transaction discarded because of: OOM command not allowed when used memory > 'maxmemory'."
    )
    server.call("MULTI")
    assert server.call("SET", "k", "1") == ErrorReply(b"OOM command not allowed when used memory > 'maxmemory'.")
    assert server.call("EXEC") == BROKEN
    server.call("MULTI")
    server.call("GET", "k")
    assert server.call("EXEC") == [None]


def test_a_pause_of_writes_holds_back_a_transaction_that_writes(server: Server) -> None:
    with server.connect() as client:
        client.call("MULTI")
        client.call("SET", "k", "1")
        server.call("CLIENT", "PAUSE", 100_000, "WRITE")
        client.send("EXEC")
        assert server.info("clients")["blocked_clients"] == "1"
        server.call("CLIENT", "UNPAUSE")
        assert client.read() == [b"OK"]
