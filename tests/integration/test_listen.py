"""Listening: addresses, the unix socket, options of sockets, limits, and what changes at run time."""

import os
import re
import resource
import socket
import stat
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pyrite.engine.connection import Connection
from pyrite.server import listen
from pyrite.server.accept import PROTECTED_MODE, is_loopback
from pyrite.server.config import Config
from pyrite.server.log import Log
from pyrite.server.server import Server as ServerObject
from tests.integration.processes import run, wait_for
from tests.support import ErrorReply, RespClient, Server, free_port, launch, pyrite_program

# Where the length of the backlog stands in what TCP_INFO says of a listening socket: `sacked`, the sixth number.
TCP_INFO_BACKLOG_AT = 8 + 5 * 4
TCP_TIMER_KEEPALIVE = "02"
KERNEL_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def config_with(**values: str) -> Config:
    config = Config()
    for name, value in values.items():
        config.assign(name.replace("_", "-"), *value.split())
    return config


# Addresses


def test_several_addresses(start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite("--bind", "127.0.0.1", "127.0.0.2", "-::1", "-203.0.113.9")
    for host in ("127.0.0.1", "127.0.0.2", "::1"):
        with RespClient(server.port, host=host) as client:
            shown = f"[{host}]" if ":" in host else host
            assert f" laddr={shown}:{server.port} ".encode() in client.call_raw("CLIENT", "INFO")
    with pytest.raises(ConnectionRefusedError):
        RespClient(server.port, host="127.0.0.3")
    assert f" * Not listening on 203.0.113.9:{server.port}, which this machine does not have: " in server.output()


def test_a_hyphen_excuses_only_an_address_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = config_with(port=str(taken.getsockname()[1]), bind="-127.0.0.1")
        with pytest.raises(listen.ListenError, match="Address already in use"):
            listen.tcp_sockets(config, [])


@pytest.mark.parametrize("addresses", ["", "-203.0.113.9"])
def test_no_address_at_all(start_pyrite: Callable[..., Server], tmp_path: Path, addresses: str) -> None:
    path = str(tmp_path / "socket")
    server = start_pyrite("--unixsocket", path)
    with RespClient(path=path) as client:
        for _ in range(2):
            assert client.call("CONFIG", "SET", "bind", addresses) == b"OK"
            assert client.call("CONFIG", "GET", "bind") == [b"bind", addresses.encode()]
            assert not is_served("127.0.0.1", server.port)
            assert client.call("CONFIG", "SET", "bind", "127.0.0.1") == b"OK"
            assert is_served("127.0.0.1", server.port)


@pytest.mark.parametrize("addresses", ["", "-203.0.113.9"])
def test_a_start_with_no_address_at_all(tmp_path: Path, addresses: str) -> None:
    path = str(tmp_path / "socket")
    arguments = ["--port", str(free_port()), "--bind", addresses, "--save", ""]
    refused = run(tmp_path, *arguments)
    assert refused.status == 1
    assert "Configured to not listen anywhere, exiting." in refused.err
    running = launch(pyrite_program(), tmp_path, *arguments, "--unixsocket", path)
    try:
        wait_for(lambda: is_answered(path), "the unix socket is served")
    finally:
        running.terminate()
        assert running.wait(20) == 0


def is_answered(path: str) -> bool:
    try:
        with RespClient(path=path) as client:
            return client.call("PING") == b"PONG"
    except OSError:
        return False


def test_sockets_are_closed_when_one_of_them_fails() -> None:
    port = free_port()
    with pytest.raises(listen.ListenError):
        listen.tcp_sockets(config_with(bind="127.0.0.1 203.0.113.9", port=str(port)), [])
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_what_an_asterisk_stands_for(monkeypatch: pytest.MonkeyPatch) -> None:
    bound = []

    class Recorded(socket.socket):
        """Listens on loopback whatever it is told."""

        def bind(self, address: tuple[str, int]) -> None:
            bound.append(address[:2])
            super().bind(("::1" if ":" in address[0] else "127.0.0.1", 0))

    monkeypatch.setattr(socket, "socket", Recorded)
    for each in listen.tcp_sockets(config_with(bind="* -::*", port="1234"), []):
        each.close()
    assert bound == [("0.0.0.0", 1234), ("::", 1234)]


def test_backlog() -> None:
    sockets = listen.tcp_sockets(config_with(bind="127.0.0.1", port=str(free_port()), tcp_backlog="77"), [])
    with sockets[0] as made:
        state = made.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    assert struct.unpack_from("=I", state, TCP_INFO_BACKLOG_AT) == (77,)


# The unix socket


def test_unix_socket(start_pyrite: Callable[..., Server], tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    server = start_pyrite("--unixsocket", str(path), "--unixsocketperm", "700")
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    with RespClient(path=str(path)) as client:
        client.call("SET", "k", b"x" * 1_000_000)
        assert client.call("GET", "k") == b"x" * 1_000_000
        shown = client.call_raw("CLIENT", "INFO").decode()
    assert f" addr={path}:0 laddr={path}:0 " in shown
    assert " flags=U " in shown
    assert server.call("GET", "k") == b"x" * 1_000_000


def test_unix_socket_alone(start_pyrite: Callable[..., Server], tmp_path: Path) -> None:
    server = start_pyrite("--unixsocket", str(tmp_path / "s.sock"))
    assert server.call("CONFIG", "SET", "port", 0) == b"OK"
    with pytest.raises(ConnectionRefusedError):
        RespClient(server.port)
    with RespClient(path=str(tmp_path / "s.sock")) as client:
        assert client.call("CONFIG", "SET", "port", server.port) == b"OK"


def test_nobody_connects_before_the_permissions_are_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "s.sock")
    tried = []
    real_chmod = os.chmod

    def chmod(where: str, mode: int) -> None:
        with socket.socket(socket.AF_UNIX) as early, pytest.raises(ConnectionRefusedError):
            early.connect(path)
        tried.append((where, mode))
        real_chmod(where, mode)

    monkeypatch.setattr(os, "chmod", chmod)
    made = listen.unix_socket(config_with(unixsocket=path, unixsocketperm="700"))
    assert made is not None
    with made, socket.socket(socket.AF_UNIX) as late:
        late.connect(path)
    assert tried == [(path, 0o700)]


def test_a_file_in_the_place_of_the_unix_socket_stays(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("data")
    with pytest.raises(listen.ListenError, match="Address already in use"):
        listen.unix_socket(config_with(unixsocket=str(path)))
    assert path.read_text() == "data"


# Connections


def keepalive_timer_s(server: Server) -> float | None:
    """Seconds until the kernel probes the server's one connection; None where it will not."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(f":{server.port:04X}") and fields[3] == "01":
            kind, ticks = fields[5].split(":")
            return int(ticks, 16) / KERNEL_TICKS_PER_S if kind == TCP_TIMER_KEEPALIVE else None
    raise AssertionError("no connection is established")


@pytest.mark.parametrize(("seconds", "expected_s"), [(None, 300), ("50", 50), ("0", None)])
def test_keepalive(seconds: str | None, expected_s: int | None, start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite(*([] if seconds is None else ["--tcp-keepalive", seconds]))
    server.call("PING")
    time.sleep(0.3)  # until then another timer of the kernel, that of the reply's acknowledgement, may stand there
    left_s = keepalive_timer_s(server)
    if expected_s is None:
        assert left_s is None
    else:
        assert left_s is not None
        assert expected_s - 5 < left_s <= expected_s


def test_timeout(start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite("--timeout", "1")
    with server.connect() as idle, server.connect() as busy:
        started = time.monotonic()
        while not idle.is_closed_by_server(0.2):
            assert busy.call("PING") == b"PONG"
            assert time.monotonic() - started < 5
        assert time.monotonic() - started > 0.9
        assert busy.call("CONFIG", "SET", "timeout", 0) == b"OK"
        assert not busy.is_closed_by_server(2.5)


def test_maxclients(start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite("--maxclients", "3")
    first = server.client
    first.call("PING")
    with server.connect() as second, server.connect() as third:
        assert [second.call("PING"), third.call("PING")] == [b"PONG", b"PONG"]
        with server.connect() as refused:
            assert refused.read() == ErrorReply(b"ERR max number of clients reached")
            assert refused.is_closed_by_server()
        assert b"\r\nrejected_connections:1\r\n" in first.call_raw("INFO", "stats")
        assert first.call("CONFIG", "SET", "maxclients", 4) == b"OK"
        with server.connect() as fourth:
            assert fourth.call("PING") == b"PONG"
    wait_for(lambda: first.call("CLIENT", "LIST").count(b"\n") == 1, "the others are gone")  # type: ignore[attr-defined]
    with server.connect() as again:
        assert again.call("PING") == b"PONG"


def open_files(server: Server) -> int:
    return len(os.listdir(f"/proc/{server.pid}/fd"))


def test_accepting_survives_a_lack_of_descriptors(start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite()
    client = server.client
    client.call("PING")
    soft, hard = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
    # One descriptor is left, because the lowest that is free is the one after the last.
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (open_files(server) + 1, hard))
    waiting = [RespClient(server.port) for _ in range(5)]
    wait_for(lambda: "Accepting client connection: Too many open files" in server.output(), "the lack is logged")
    assert client.call("PING") == b"PONG"
    time.sleep(0.5)
    # It rests in between, and so neither fills the log nor the processor.
    assert server.output().count("Too many open files") < 10
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (soft, hard))
    assert [each.call("PING") for each in waiting] == [b"PONG"] * 5
    for each in waiting:
        each.close()


# At run time


def test_another_port_at_run_time(start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite()
    before, after = server.port, free_port()
    client = server.client
    assert client.call("CONFIG", "SET", "port", after) == b"OK"
    assert client.call("PING") == b"PONG"
    with RespClient(after) as new:
        assert new.call("CONFIG", "GET", "port") == [b"port", str(after).encode()]
    with pytest.raises(ConnectionRefusedError):
        RespClient(before)
    server.port = after


def test_a_port_in_use_at_run_time(start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert server.call("CONFIG", "SET", "port", port) == ErrorReply(
            b"ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port. "
            b"Check server logs."
        )
    assert f"Could not create server TCP listening socket 127.0.0.1:{port}: bind: Address already" in server.output()
    assert server.call("CONFIG", "GET", "port") == [b"port", str(server.port).encode()]
    with server.connect() as client:
        assert client.call("PING") == b"PONG"


def test_other_addresses_at_run_time(start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite()
    client = server.client
    for addresses, hosts in (("127.0.0.1 127.0.0.2", {1, 2}), ("127.0.0.2 127.0.0.3", {2, 3}), ("127.0.0.1", {1})):
        assert client.call("CONFIG", "SET", "bind", addresses) == b"OK"
        for number in (1, 2, 3):
            assert is_served(f"127.0.0.{number}", server.port) == (number in hosts)
    refused = client.call("CONFIG", "SET", "bind", "127.0.0.1 203.0.113.9")
    assert isinstance(refused, ErrorReply)
    assert client.call("CONFIG", "GET", "bind") == [b"bind", b"127.0.0.1"]
    assert is_served("127.0.0.1", server.port)


def is_served(host: str, port: int) -> bool:
    try:
        with RespClient(port, host=host) as client:
            return client.call("PING") == b"PONG"
    except ConnectionRefusedError:
        return False


# Protected mode


@pytest.fixture
def plain_server() -> Iterator[ServerObject]:
    """A server without a process and without sockets."""
    server = ServerObject(Config(), Log(level="nothing"))
    yield server
    server.close()


def refusal(server: ServerObject, peer: str, is_unix: bool = False) -> bytes | None:
    ours, theirs = socket.socketpair()
    with closing(theirs):
        return server.acceptor.refusal(Connection(server, ours.detach(), peer, is_unix))


def test_protected_mode(plain_server: ServerObject) -> None:
    stranger = "10.1.2.3:5000"
    assert refusal(plain_server, stranger) == PROTECTED_MODE
    assert refusal(plain_server, "[fd00::1]:5000") == PROTECTED_MODE
    for neighbour in ("127.0.0.1:5000", "127.8.8.8:1", "[::1]:5000"):
        assert refusal(plain_server, neighbour) is None
    assert refusal(plain_server, "/run/s.sock:0", is_unix=True) is None
    plain_server.config.set_many([("requirepass", "secret")])
    assert refusal(plain_server, stranger) is None
    plain_server.config.set_many([("requirepass", "")])
    assert refusal(plain_server, stranger) == PROTECTED_MODE
    plain_server.config.set_many([("protected-mode", "no")])
    assert refusal(plain_server, stranger) is None


def test_text_of_protected_mode() -> None:
    # One line, as an error reply has to be, that clients know by its first word and its subject.
    assert re.match(rb"DENIED Redis is running in protected mode", PROTECTED_MODE)
    assert not set(b"\r\n") & set(PROTECTED_MODE)


@pytest.mark.parametrize("peer", ["128.0.0.1:1", "1.127.0.0:1", "[::]:1", "[::2]:1", "[::ffff:10.0.0.1]:1", ""])
def test_not_loopback(peer: str) -> None:
    assert not is_loopback(peer)


def test_loopback_of_ipv4_in_ipv6() -> None:
    assert is_loopback("[::ffff:127.0.0.1]:1")
