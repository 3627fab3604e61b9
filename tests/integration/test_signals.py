"""Ending: by signal or by command, in all cases with status 0 and nothing left behind."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.processes import wait_for
from tests.support import RespClient, Server, pyrite_program


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_the_server(number: signal.Signals, start_pyrite: Callable[..., Server], tmp_path: Path) -> None:
    path, pid_file = tmp_path / "s.sock", tmp_path / "p.pid"
    server = start_pyrite("--unixsocket", str(path), "--pidfile", str(pid_file))
    assert path.is_socket()
    assert pid_file.read_text() == f"{server.pid}\n"
    clients = [server.connect() for _ in range(20)]
    clients[0].send_bytes(b"*2\r\n$4\r\nECHO\r\n$100\r\nhalf")
    server.process.send_signal(number)
    assert server.process.wait(5) == 0
    assert all(client.is_closed_by_server() for client in clients)
    for client in clients:
        client.close()
    assert not path.exists()
    assert not pid_file.exists()
    lines = server.output().splitlines()
    assert [line.split(" ", 5)[-1] for line in lines[-5:]] == [
        f"# Received {number.name} scheduling shutdown...",
        "# User requested shutdown...",
        "* Removing the unix socket file.",
        "* Removing the pid file.",
        "# Pyrite is now ready to exit, bye bye...",
    ]


def test_interrupt_during_the_start(tmp_path: Path) -> None:
    """While modules are loaded: the process ends, without a traceback."""
    process = subprocess.Popen(
        [*pyrite_program(), "--port", "0", "--unixsocket", str(tmp_path / "s.sock")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=tmp_path,
        text=True,
    )
    wait_for(lambda: "/pyrite/core/" in Path(f"/proc/{process.pid}/maps").read_text(), "modules are loaded")
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=10)
    assert "Traceback" not in output
    assert process.returncode in (0, -signal.SIGINT)


def test_signal_while_the_server_works(start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite()
    client = server.client
    client.send_bytes(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n" * 200_000)
    server.process.terminate()
    started = time.monotonic()
    assert server.process.wait(5) == 0
    assert time.monotonic() - started < 3


def test_shutdown_command(start_pyrite: Callable[..., Server], tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    server = start_pyrite("--unixsocket", str(path))
    with server.connect() as other:
        server.client.send("SHUTDOWN", "NOSAVE")
        assert server.client.is_closed_by_server()
        assert other.is_closed_by_server()
    assert server.process.wait(5) == 0
    assert not path.exists()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGPIPE])
def test_signals_that_end_nothing(number: signal.Signals, start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite()
    server.process.send_signal(number)
    time.sleep(0.1)
    assert server.call("PING") == b"PONG"


def test_stopped_and_continued(start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite()
    client = server.client
    client.call("SET", "k", "v", "PX", 100)
    server.process.send_signal(signal.SIGSTOP)
    client.send("GET", "k")
    time.sleep(0.3)
    server.process.send_signal(signal.SIGCONT)
    assert client.read() is None
    assert client.call("PING") == b"PONG"


def test_a_pid_file_of_another_process_stays(start_pyrite: Callable[..., Server], tmp_path: Path) -> None:
    pid_file = tmp_path / "p.pid"
    server = start_pyrite("--pidfile", str(pid_file))
    pid_file.write_text(f"{os.getpid()}\n")
    assert server.stop() == 0
    assert pid_file.read_text() == f"{os.getpid()}\n"


def test_the_pid_file_is_found_again_from_another_directory(
    start_pyrite: Callable[..., Server], tmp_path: Path
) -> None:
    server = start_pyrite("--pidfile", "p.pid", "--unixsocket", "s.sock", "--enable-protected-configs", "yes")
    assert server.call("CONFIG", "SET", "dir", str(tmp_path)) == b"OK"
    assert server.stop() == 0
    assert not (server.directory / "p.pid").exists()
    assert not (server.directory / "s.sock").exists()


def test_an_unix_socket_that_a_crash_left_is_replaced(start_pyrite: Callable[..., Server], tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    first = start_pyrite("--unixsocket", str(path))
    first.process.kill()
    first.process.wait()
    first.process.returncode = 0  # this end is meant
    assert path.is_socket()
    second = start_pyrite("--unixsocket", str(path))
    with RespClient(path=str(path)) as client:
        assert client.call("PING") == b"PONG"
    wait_for(second.is_running, "the second server")
