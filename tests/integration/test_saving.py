"""Snapshots when things go wrong, and at the end of the server: the old file stays whole, nothing is left behind."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from tests.conftest import ServerFactory
from tests.integration.processes import wait_for
from tests.keyspaces import fill
from tests.support import ErrorReply, Server, pyrite_program, start_server

FAILED = ErrorReply(b"ERR Errors trying to SHUTDOWN. Check logs.")
OLD = "the old value"


def wait_for_child(server: Server) -> None:
    wait_for(lambda: server.info("persistence")["rdb_bgsave_in_progress"] == "0", "the end of the child")


def child_of(server: Server) -> int:
    """Return the process id of the child that saves."""
    line = next(line for line in reversed(server.output().splitlines()) if "Background saving started by pid" in line)
    return int(line.rsplit(" ", 1)[1])


def save_old(server: Server) -> bytes:
    """Save a first snapshot; returns it."""
    server.call("SET", "k", OLD)
    assert server.call("SAVE") == b"OK"
    return (server.directory / "dump.rdb").read_bytes()


def start_slow_child(server: Server) -> int:
    server.client.pipeline([["SET", f"k{number}", "v" * 10000] for number in range(100)])
    server.call("CONFIG", "SET", "rdb-key-save-delay", 200_000)
    assert server.call("BGSAVE") == b"Background saving started"
    wait_for(lambda: list(server.directory.glob("temp-*.rdb")), "the child's file")
    return child_of(server)


def leftovers(server: Server) -> list[str]:
    return sorted(path.name for path in server.directory.glob("temp-*"))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_child_that_is_killed(start_pyrite: ServerFactory, number: signal.Signals) -> None:
    server = start_pyrite()
    old = save_old(server)
    os.kill(start_slow_child(server), number)
    wait_for_child(server)
    assert server.info("persistence")["rdb_last_bgsave_status"] == "err"
    assert f"Background saving terminated by signal {int(number)}" in server.output()
    assert (server.directory / "dump.rdb").read_bytes() == old
    wait_for(lambda: not leftovers(server), "the temporary file gone")


def test_a_child_that_is_ended_on_purpose(start_pyrite: ServerFactory) -> None:
    server = start_pyrite()
    old = save_old(server)
    os.kill(start_slow_child(server), signal.SIGUSR1)
    wait_for_child(server)
    assert server.info("persistence")["rdb_last_bgsave_status"] == "ok"
    assert (server.directory / "dump.rdb").read_bytes() == old
    wait_for(lambda: not leftovers(server), "the temporary file gone")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_child_leaves_its_end_to_its_parent(start_pyrite: ServerFactory, number: signal.Signals) -> None:
    server = start_pyrite()
    pid = start_slow_child(server)
    os.kill(pid, number)
    server.call("CONFIG", "SET", "rdb-key-save-delay", 0)
    assert server.info("persistence")["rdb_bgsave_in_progress"] == "1"
    assert Path(f"/proc/{pid}").exists()
    server.call("FLUSHALL")


def test_a_child_whose_parent_is_killed(start_pyrite: ServerFactory) -> None:
    """It must not put its file in place: another server may be there by then."""
    server = start_pyrite()
    old = save_old(server)
    pid = start_slow_child(server)
    server.process.kill()
    server.process.wait()
    server.process.returncode = 0  # this end is meant
    wait_for(lambda: not Path(f"/proc/{pid}/exe").exists(), "the end of the child")
    assert (server.directory / "dump.rdb").read_bytes() == old
    assert leftovers(server) == []


def test_a_child_that_is_stopped_does_not_keep_the_server(start_pyrite: ServerFactory) -> None:
    server = start_pyrite()
    pid = start_slow_child(server)
    os.kill(pid, signal.SIGSTOP)
    assert server.stop() == 0
    assert not Path(f"/proc/{pid}/exe").exists()


def start_limited(directory: Path, limit_bytes: int) -> Server:
    """Start a server whose files can't grow beyond this size, as on a disk that is full."""
    program = ["sh", "-c", f'ulimit -f {limit_bytes // 512} && exec "$@"', "sh", *pyrite_program()]
    return start_server(program, directory)


@pytest.mark.parametrize("incremental", ["yes", "no"])
def test_a_full_disk(tmp_path: Path, incremental: str) -> None:
    server = start_limited(tmp_path, 1024 * 1024)
    try:
        server.call("CONFIG", "SET", "rdb-save-incremental-fsync", incremental, "rdbcompression", "no")
        old = save_old(server)
        server.client.pipeline([["SET", f"k{number}", os.urandom(10000)] for number in range(200)])
        assert server.call("SAVE") == ErrorReply(b"ERR")
        server.call("BGSAVE")
        wait_for_child(server)
        assert server.info("persistence")["rdb_last_bgsave_status"] == "err"
        assert server.output().count("Write error while saving DB to the disk(write): File too large") == 2
        assert (server.directory / "dump.rdb").read_bytes() == old
        assert leftovers(server) == []
        assert server.call("SHUTDOWN", "SAVE") == FAILED
        server.call("FLUSHALL")
        assert server.call("SAVE") == b"OK"
        server.check_health()
    finally:
        assert server.stop() == 0


def test_a_directory_that_vanishes(start_pyrite: ServerFactory, tmp_path: Path) -> None:
    server = start_pyrite("--enable-protected-configs", "yes")
    place = tmp_path / "place"
    place.mkdir()
    server.call("CONFIG", "SET", "dir", str(place))
    server.call("SET", "k", "v")
    shutil.rmtree(place)
    assert server.call("SAVE") == ErrorReply(b"ERR")
    assert "(in server root dir unknown) for saving: No such file or directory" in server.output()
    assert server.call("BGSAVE") == b"Background saving started"
    wait_for_child(server)
    assert server.info("persistence")["rdb_last_bgsave_status"] == "err"
    assert server.call("SHUTDOWN", "SAVE") == FAILED
    assert server.call("GET", "k") == b"v"
    server.call("CONFIG", "SET", "dir", str(tmp_path))
    assert server.call("SAVE") == b"OK"
    assert (tmp_path / "dump.rdb").is_file()


def test_a_name_that_is_taken(start_pyrite: ServerFactory) -> None:
    server = start_pyrite()
    (server.directory / "dump.rdb").mkdir()
    server.call("SET", "k", "v")
    assert server.call("SAVE") == ErrorReply(b"ERR")
    assert leftovers(server) == []
    assert server.call("GET", "k") == b"v"


# At the end


def test_shutdown_saves_where_there_are_save_points(start_pyrite: ServerFactory, start_peer: ServerFactory) -> None:
    server = start_pyrite("--save", "3600 1000000", "--rdb-compatibility", "7.0")
    fill(server.client, "end", [1, 200], (0, 3))
    digest = server.call("DEBUG", "DIGEST")
    server.client.send("SHUTDOWN")
    assert server.process.wait(10) == 0
    assert "* Saving the final RDB snapshot before exiting." in server.output()
    assert start_peer("--dir", str(server.directory)).call("DEBUG", "DIGEST") == digest


@pytest.mark.parametrize(
    ("save_points", "arguments", "saves"),
    [
        ("", (), False),
        ("", ("SAVE",), True),
        ("3600 1", (), True),
        ("3600 1", ("NOW",), True),
        ("3600 1", ("NOSAVE",), False),
        ("", ("SAVE", "FORCE"), True),
    ],
)
def test_what_shutdown_saves(
    start_pyrite: ServerFactory, save_points: str, arguments: tuple[str, ...], saves: bool
) -> None:
    server = start_pyrite("--save", save_points)
    server.call("SET", "k", "v")
    server.client.send("SHUTDOWN", *arguments)
    assert server.process.wait(10) == 0
    assert (server.directory / "dump.rdb").exists() == saves


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    ("save_points", "words", "saves"),
    [("", "default", False), ("", "save", True), ("3600 1", "default", True), ("3600 1", "nosave", False)],
)
def test_what_a_signal_saves(
    start_pyrite: ServerFactory, number: signal.Signals, save_points: str, words: str, saves: bool
) -> None:
    name = "shutdown-on-sigterm" if number == signal.SIGTERM else "shutdown-on-sigint"
    server = start_pyrite("--save", save_points, f"--{name}", words)
    server.call("SET", "k", "v")
    server.process.send_signal(number)
    assert server.process.wait(10) == 0
    assert (server.directory / "dump.rdb").exists() == saves


def test_a_signal_that_can_not_save_ends_nothing(start_pyrite: ServerFactory) -> None:
    server = start_pyrite("--save", "3600 1")
    (server.directory / "dump.rdb").mkdir()
    server.call("SET", "k", "v")
    for count in (1, 2):
        server.process.terminate()
        text = "Error trying to save the DB, can't exit."
        wait_for(lambda: server.output().count(text) == count, "the failure")  # noqa: B023
        assert server.call("GET", "k") == b"v"
    assert "Errors trying to shut down the server. Check the logs for more information." in server.output()
    (server.directory / "dump.rdb").rmdir()
    server.process.terminate()
    assert server.process.wait(10) == 0
    assert (server.directory / "dump.rdb").is_file()


def test_who_insists_ends_the_server_while_it_saves(start_pyrite: ServerFactory) -> None:
    server = start_pyrite("--save", "3600 1")
    old = save_old(server)
    server.client.pipeline([["SET", f"k{number}", "v"] for number in range(100)])
    server.call("CONFIG", "SET", "rdb-key-save-delay", 100_000)
    server.process.send_signal(signal.SIGINT)
    wait_for(lambda: leftovers(server), "the temporary file")
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(3) == 1
    server.process.returncode = 0  # this end is meant
    assert "You insist... exiting now." in server.output()
    assert leftovers(server) == []
    assert (server.directory / "dump.rdb").read_bytes() == old


def test_sigterm_while_the_server_saves_changes_nothing(start_pyrite: ServerFactory) -> None:
    server = start_pyrite("--save", "3600 1")
    server.client.pipeline([["SET", f"k{number}", "v"] for number in range(20)])
    server.call("CONFIG", "SET", "rdb-key-save-delay", 20_000)
    server.process.terminate()
    wait_for(lambda: leftovers(server), "the temporary file")
    server.process.terminate()
    assert server.process.wait(10) == 0
    assert (server.directory / "dump.rdb").is_file()


def test_a_signal_that_is_taken_back(start_pyrite: ServerFactory) -> None:
    server = start_pyrite()
    server.call("DEBUG", "PAUSE-CRON", 1)
    server.process.terminate()
    wait_for(lambda: "scheduling shutdown" in server.output(), "the signal")
    assert server.call("SHUTDOWN", "ABORT") == b"OK"
    assert server.call("SHUTDOWN", "ABORT") == ErrorReply(b"ERR No shutdown in progress.")
    assert "Shutdown manually aborted." in server.output()
    server.call("DEBUG", "PAUSE-CRON", 0)
    assert server.call("PING") == b"PONG"
    server.call("DEBUG", "PAUSE-CRON", 1)
    server.process.terminate()
    wait_for(lambda: server.output().count("scheduling shutdown") == 2, "the signal")
    server.call("DEBUG", "PAUSE-CRON", 0)
    assert server.process.wait(10) == 0


def test_force_ends_without_saving(start_pyrite: ServerFactory) -> None:
    server = start_pyrite("--save", "3600 1", "--shutdown-on-sigterm", "force")
    (server.directory / "dump.rdb").mkdir()
    assert server.call("SHUTDOWN") == FAILED
    server.process.terminate()
    assert server.process.wait(10) == 0
    assert "Error trying to save the DB. Exit anyway." in server.output()


def test_the_end_ends_the_child(start_pyrite: ServerFactory) -> None:
    server = start_pyrite()
    pid = start_slow_child(server)
    server.process.terminate()
    assert server.process.wait(10) == 0
    assert "There is a child saving an .rdb. Killing it!" in server.output()
    assert not Path(f"/proc/{pid}/exe").exists()
    assert leftovers(server) == []
    assert not (server.directory / "dump.rdb").exists()


def test_children_when_the_starter_ignores_their_ends(tmp_path: Path) -> None:
    """A server that inherits an ignored SIGCHLD still learns how its child ended."""
    program = [
        "python3",
        "-c",
        "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execvp(sys.argv[1], sys.argv[1:])",
        *pyrite_program(),
    ]
    server = start_server(program, tmp_path)
    try:
        (tmp_path / "dump.rdb").mkdir()
        server.call("BGSAVE")
        wait_for_child(server)
        assert server.info("persistence")["rdb_last_bgsave_status"] == "err"
        (tmp_path / "dump.rdb").rmdir()
        server.call("BGSAVE")
        wait_for_child(server)
        assert server.info("persistence")["rdb_last_bgsave_status"] == "ok"
    finally:
        assert server.stop() == 0
