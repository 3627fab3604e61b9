"""Starting: command line, background, who is told what, and every way in which a start is refused."""

import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pyrite import REDIS_VERSION, __version__
from tests.integration.processes import resident_bytes, run, wait_for, with_open_files
from tests.support import (
    ROOT,
    ErrorReply,
    RespClient,
    Server,
    free_port,
    pyrite_program,
    server_environment,
    start_server,
)

EMPTY_MAX_BYTES = 40 * 1024**2


def config_of(server: Server, name: str) -> bytes:
    return server.call("CONFIG", "GET", name)[1]


# What a command line can ask for


def test_version_and_help(tmp_path: Path) -> None:
    version = f"Pyrite server v={__version__} compatible with Redis v={REDIS_VERSION} bits=64\n"
    for flag in ("-v", "--version"):
        assert (run(tmp_path, flag).status, run(tmp_path, flag).out) == (0, version)
    shown = run(tmp_path, "--help")
    assert (shown.status, shown.err) == (0, "")
    assert shown.out.startswith("Usage: pyrite-server [file] [--option value ...] [-]\n")


def test_options_override_the_file(start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite("--timeout", "7", "--maxmemory", "100mb", conf="timeout 5\ntcp-keepalive 60\nport 1\n")
    assert config_of(server, "timeout") == b"7"
    assert config_of(server, "tcp-keepalive") == b"60"
    assert config_of(server, "maxmemory") == b"104857600"
    assert config_of(server, "port") == str(server.port).encode()


def test_options_of_standard_input(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "file.conf").write_text("timeout 1\nmaxclients 11\nhz 20\n")
    command = [*pyrite_program(), "file.conf", "--hz", "30", "-"]
    stdin = f"port {port}\nbind 127.0.0.1\nmaxclients 22\nhz 25\n".encode()
    with subprocess.Popen(
        command, cwd=tmp_path, env=server_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        process.stdin.write(stdin)
        process.stdin.close()
        process.stdin = None
        wait_for(lambda: accepts(port), "accepting connections")
        with RespClient(port) as client:
            values = [client.call("CONFIG", "GET", name)[1] for name in ("timeout", "maxclients", "hz")]
        process.terminate()
        assert process.wait() == 0
        assert process.stdout is not None
        process.stdout.read()
    assert values == [b"1", b"22", b"30"]


def accepts(port: int) -> bool:
    try:
        RespClient(port).close()
    except ConnectionError:
        return False
    return True


def test_the_sample_configuration(start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite(conf=(ROOT / "pyrite.conf").read_text())
    assert server.call("PING") == b"PONG"


# What a start says


def test_lines_of_a_start(start_pyrite: Callable[..., Server], tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    server = start_pyrite("--bind", "127.0.0.1", "::1", "--unixsocket", str(path), "--maxmemory", "64mb")
    # The line that says where, which and how much; then those that tools wait for.
    ready = (
        rf"Listening on 127\.0\.0\.1:{server.port}, \[::1\]:{server.port}, {path}; process {server.pid}; "
        r"10000 clients, memory: 67108864 bytes, noeviction\n"
        r".* \* Ready to accept connections tcp\n.* \* Ready to accept connections unix\n"
    )
    assert re.search(ready, server.output())
    assert server.output().count("\n") == 6


def test_title_of_the_process(start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite()
    shown = Path(f"/proc/{server.pid}/cmdline").read_bytes().rstrip(b"\0")
    assert shown == f"pyrite-server 127.0.0.1:{server.port}".encode()
    own = start_pyrite("--proc-title-template", "cache {port}")
    assert Path(f"/proc/{own.pid}/cmdline").read_bytes().rstrip(b"\0") == f"cache {own.port}".encode()


def test_oom_score(start_pyrite: Callable[..., Server]) -> None:
    """The kernel's score, by which it ends one process before another: of the server, and of a child of it."""
    base = oom_score(os.getpid())
    server = start_pyrite("--oom-score-adj", "yes", "--oom-score-adj-values", "10", "20", "30")
    assert oom_score(server.pid) == min(base + 10, 1000)
    assert server.call("CONFIG", "SET", "oom-score-adj-values", "15 20 40") == b"OK"
    assert oom_score(server.pid) == min(base + 15, 1000)
    server.client.pipeline([("SET", f"k{number}", "v") for number in range(100)])
    with server.config(rdb_key_save_delay=100_000):
        assert server.call("BGSAVE") == b"Background saving started"
        pid = int(re.findall(r"Background saving started by pid (\d+)", server.output())[0])
        wait_for(lambda: oom_score(pid) == min(base + 40, 1000), "the child's score")
        assert oom_score(server.pid) == min(base + 15, 1000)
    # What fails afterwards takes it back, too.
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = server.call("CONFIG", "SET", "oom-score-adj-values", "25 20 40", "port", port)
    assert isinstance(refused, ErrorReply)
    assert server.call("CONFIG", "GET", "oom-score-adj-values") == [b"oom-score-adj-values", b"15 20 40"]
    assert oom_score(server.pid) == min(base + 15, 1000)
    assert server.call("CONFIG", "SET", "oom-score-adj", "no") == b"OK"
    assert oom_score(server.pid) == base


def oom_score(pid: int) -> int:
    return int(Path(f"/proc/{pid}/oom_score_adj").read_text())


def test_memory_of_the_empty_server(start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite()
    assert resident_bytes(server.pid) < EMPTY_MAX_BYTES
    assert "uvloop" not in Path(f"/proc/{server.pid}/maps").read_text(), (
        "the event loop is imported though none needs it"
    )


# In the background


def background(directory: Path, *arguments: str) -> int:
    """Start a server in the background; returns its process id once its starter has ended."""
    started = run(directory, "--daemonize", "yes", "--pidfile", "server.pid", "--logfile", "server.log", *arguments)
    assert (started.status, started.out, started.err) == (0, "", "")
    wait_for(lambda: (directory / "server.pid").exists() and (directory / "server.pid").read_text(), "the pid file")
    return int((directory / "server.pid").read_text())


def test_background(tmp_path: Path) -> None:
    port = free_port()
    pid = background(tmp_path, "--port", str(port), "--bind", "127.0.0.1")
    try:
        with RespClient(port) as client:
            info = client.call("INFO", "server")
        assert isinstance(info, bytes)
        assert f"process_id:{pid}\r\n".encode() in info
        assert os.getsid(pid) == pid
        assert {os.readlink(f"/proc/{pid}/fd/{each}") for each in (0, 1, 2)} == {os.devnull}
        assert f"{pid}:M " in (tmp_path / "server.log").read_text()
    finally:
        os.kill(pid, signal.SIGTERM)
    wait_for(lambda: not accepts(port) and not (tmp_path / "server.pid").exists(), "the end of the server")
    wait_for(lambda: "bye bye" in (tmp_path / "server.log").read_text(), "the last line of the log")


def test_whoever_starts_it_hears_why_it_cannot_go_into_the_background(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = run(tmp_path, "--daemonize", "yes", "--port", str(port), "--bind", "127.0.0.1", "--pidfile", "p")
    assert refused.status == 1
    assert refused.err.count("\n") == 1
    assert not (tmp_path / "p").exists()


def test_a_pid_file_that_cannot_be_written_is_only_logged(start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite("--pidfile", "/no/such/place.pid")
    assert " # Can't write the pid file /no/such/place.pid: No such file or directory\n" in server.output()


# Refused


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--dir", "/no/such"], "Can't change to the directory /no/such: No such file or directory (the command line)"),
        (["--dir", "/dev/null"], "Can't change to the directory /dev/null: Not a directory (the command line)"),
        (["--logfile", "/no/such/log"], "Can't open the log file /no/such/log: No such file or directory"),
        (["--logfile", "/sys/pyrite.log"], "Can't open the log file /sys/pyrite.log: Permission denied"),
        (["--unixsocket", "/no/such/s"], "Failed opening Unix socket: /no/such/s: No such file or directory"),
        (["--unixsocket", "/dev/null"], "Failed opening Unix socket: /dev/null: Address already in use"),
        (["--unixsocket", "s" * 200], f"Failed opening Unix socket: {'s' * 200}: AF_UNIX path too long"),
        (["--port", "0"], "Configured to not listen anywhere, exiting."),
        (["--test-memory", "1"], "--test-memory is not supported: a program such as memtester tests memory"),
        (["/no/such.conf"], "Fatal error, can't open config file '/no/such.conf': No such file or directory"),
        (["/"], "Fatal error, can't open config file '/': Is a directory"),
    ],
)
def test_refused_in_one_line(arguments: list[str], line: str, tmp_path: Path) -> None:
    # A place on a loopback address, should one of these start after all.
    port = [] if "--port" in arguments else ["--port", str(free_port()), "--bind", "127.0.0.1"]
    refused = run(tmp_path, *arguments, *port)
    assert (refused.status, refused.err, refused.out) == (1, f"pyrite-server: {line}\n", "")


def test_a_place_for_the_unix_socket_without_permission(tmp_path: Path) -> None:
    refused = run(tmp_path, "--unixsocket", "/sys/s", "--port", 0)
    assert (refused.status, refused.out) == (1, "")
    # The kernel words it in one way to root and in another to others.
    text = r"pyrite-server: Failed opening Unix socket: /sys/s: (Operation not permitted|Permission denied)\n"
    assert re.fullmatch(text, refused.err)


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        reason = f"Could not create server TCP listening socket 127.0.0.1:{port}: bind: Address already in use"
        refused = run(tmp_path, "--port", port, "--bind", "127.0.0.1")
        assert (refused.status, refused.err, refused.out) == (1, f"pyrite-server: {reason}\n", "")
        # A log file hears of it too.
        refused = run(tmp_path, "--port", port, "--bind", "127.0.0.1", "--logfile", "log")
        assert (refused.status, refused.err, refused.out) == (1, f"pyrite-server: {reason}\n", "")
    logged = (tmp_path / "log").read_text()
    assert logged.endswith(f" # {reason}\n")
    assert logged.count("\n") == 1


def test_an_address_of_another_machine(tmp_path: Path) -> None:
    port = free_port()
    refused = run(tmp_path, "--port", port, "--bind", "127.0.0.1", "203.0.113.1")
    reason = f"Could not create server TCP listening socket 203.0.113.1:{port}: bind: Cannot assign requested address"
    assert (refused.status, refused.err, refused.out) == (1, f"pyrite-server: {reason}\n", "")


def test_too_few_open_files(tmp_path: Path) -> None:
    command = [*with_open_files(30), "--port", str(free_port()), "--bind", "127.0.0.1"]
    refused = subprocess.run(
        command, cwd=tmp_path, env=server_environment(), capture_output=True, text=True, check=False
    )
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        "pyrite-server: Your current 'ulimit -n' of 30 is not enough for the server to start. Please increase your "
        "open file limit to at least 10032. Exiting.\n"
    )


def test_fewer_clients_where_the_limit_on_open_files_is_low(tmp_path: Path) -> None:
    server = start_server(with_open_files(100), tmp_path)
    try:
        assert config_of(server, "maxclients") == b"68"
        assert server.info("clients")["maxclients"] == "68"
        assert "maxclients has been reduced to 68 to compensate for low ulimit." in server.output()
        assert "; 68 clients, " in server.output()
    finally:
        assert server.stop() == 0


# Supervised


@pytest.mark.parametrize("mode", ["systemd", "auto"])
@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_is_told(
    mode: str, abstract: bool, start_pyrite: Callable[..., Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        name = f"pyrite-test-{os.getpid()}-{mode}"
        manager.bind(f"\0{name}" if abstract else str(tmp_path / "notify"))
        manager.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}" if abstract else str(tmp_path / "notify"))
        # Who is supervised stays in the foreground.
        server = start_pyrite("--supervised", mode, "--daemonize", "yes")
        assert manager.recv(1000).splitlines() == [b"STATUS=Ready to accept connections", b"READY=1"]
        assert server.info("server")["process_supervised"] == "systemd"
        assert server.stop() == 0
        assert manager.recv(1000) == b"STOPPING=1\n"


def test_systemd_hears_of_a_shutdown_by_command(
    start_pyrite: Callable[..., Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        server = start_pyrite("--supervised", "systemd")
        assert manager.recv(1000).endswith(b"READY=1\n")
        server.client.send("SHUTDOWN")
        assert manager.recv(1000) == b"STOPPING=1\n"
        assert server.process.wait(10) == 0


def test_supervision_that_is_not_there(start_pyrite: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    monkeypatch.delenv("UPSTART_JOB", raising=False)
    server = start_pyrite("--supervised", "systemd")
    assert server.info("server")["process_supervised"] == "no"
    assert "NOTIFY_SOCKET is not set" in server.output()
    assert "not set" not in start_pyrite("--supervised", "auto").output()
