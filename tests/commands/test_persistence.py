"""SAVE, BGSAVE, LASTSAVE, the `save` points, refusal of writes, and what INFO tells of all that."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.conftest import ServerFactory
from tests.integration.processes import wait_for
from tests.support import ErrorReply, Server

IN_PROGRESS = ErrorReply(b"ERR Background save already in progress")
REFUSAL = (
    b"MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that "
    b"may modify the data set are disabled, because this instance is configured to report errors during writes if RDB "
    b"snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB "
    b"error."
)
SCRIPT_REFUSAL = (
    b"MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Writable "
    b"scripts are blocked. Use 'no-writes' flag for read only scripts."
)
# Long enough for a child to be still there when a test looks.
SLOW_US = 200_000


def persistence(server: Server) -> dict[str, str]:
    return server.info("persistence")


def wait_for_child(server: Server) -> None:
    wait_for(lambda: persistence(server)["rdb_bgsave_in_progress"] == "0", "the end of the child")


def start_slow_child(server: Server, keys: int = 100) -> int:
    """Begin a BGSAVE that takes seconds; returns the child's process id."""
    for number in range(keys):
        server.call("SET", f"k{number}", "v")
    server.call("CONFIG", "SET", "rdb-key-save-delay", SLOW_US)
    assert server.call("BGSAVE") == b"Background saving started"
    line = next(line for line in reversed(server.output().splitlines()) if "Background saving started by pid" in line)
    return int(line.rsplit(" ", 1)[1])


def fail_to_save(server: Server) -> None:
    """Make saving fail from now on: a directory has the file's name."""
    (server.directory / "dump.rdb").mkdir()


def test_save(start_pyrite: ServerFactory) -> None:
    server = start_pyrite()
    before = int(time.time())
    server.call("SET", "k", "v")
    assert persistence(server)["rdb_changes_since_last_save"] == "1"
    assert server.call("SAVE") == b"OK"
    assert (server.directory / "dump.rdb").read_bytes().startswith(b"REDIS0011")
    assert sorted(os.listdir(server.directory)) == ["dump.rdb", "output.txt"]
    info = persistence(server)
    assert info["rdb_changes_since_last_save"] == "0"
    assert info["rdb_saves"] == "1"
    assert info["rdb_last_bgsave_status"] == "ok"
    assert before <= int(info["rdb_last_save_time"]) <= time.time()
    assert server.call("LASTSAVE") == int(info["rdb_last_save_time"])
    assert "DB saved on disk" in server.output()


def test_bgsave(start_pyrite: ServerFactory) -> None:
    server = start_pyrite()
    server.call("SET", "k", "v")
    assert server.call("BGSAVE") == b"Background saving started"
    wait_for_child(server)
    info = persistence(server)
    assert info["rdb_changes_since_last_save"] == "0"
    assert info["rdb_saves"] == "1"
    assert int(info["rdb_last_bgsave_time_sec"]) >= 0
    assert int(info["rdb_last_cow_size"]) > 0
    stats = server.info("stats")
    assert stats["total_forks"] == "1"
    assert int(stats["latest_fork_usec"]) > 0
    output = server.output()
    for text in ("Background saving started by pid", "DB saved on disk", "Fork CoW for RDB: current"):
        assert text in output
    assert "Background saving terminated with success" in output


def test_changes_during_bgsave_count(start_pyrite: ServerFactory) -> None:
    server = start_pyrite()
    start_slow_child(server, keys=5)
    for number in range(3):
        server.call("SET", f"later{number}", "v")
    wait_for_child(server)
    assert persistence(server)["rdb_changes_since_last_save"] == "3"
    # The snapshot is of the moment at which it was begun.
    assert b"later" not in (server.directory / "dump.rdb").read_bytes()


def test_progress(start_pyrite: ServerFactory) -> None:
    server = start_pyrite()
    assert persistence(server)["rdb_current_bgsave_time_sec"] == "-1"
    start_slow_child(server, keys=20)
    wait_for(lambda: persistence(server)["current_save_keys_processed"] != "0", "a key")
    info = persistence(server)
    assert info["rdb_bgsave_in_progress"] == "1"
    assert info["current_save_keys_total"] == "20"
    assert 0 < float(info["current_fork_perc"]) <= 100
    assert int(info["rdb_current_bgsave_time_sec"]) >= 0
    wait_for(lambda: persistence(server)["current_cow_size"] != "0", "a measurement")
    wait_for_child(server)
    info = persistence(server)
    assert info["current_save_keys_total"] == info["current_save_keys_processed"] == info["current_cow_size"] == "0"
    assert info["rdb_current_bgsave_time_sec"] == "-1"
    assert info["current_fork_perc"] == "0.00"


def test_while_a_child_saves(start_pyrite: ServerFactory) -> None:
    server = start_pyrite()
    pid = start_slow_child(server)
    assert server.call("BGSAVE") == IN_PROGRESS
    assert server.call("BGSAVE", "SCHEDULE") == IN_PROGRESS
    assert server.call("SAVE") == IN_PROGRESS
    os.kill(pid, signal.SIGUSR1)
    wait_for_child(server)


@pytest.mark.parametrize("arguments", [("NOW",), ("SCHEDULE", "x"), ("SCHEDULE", "SCHEDULE")])
def test_bgsave_syntax(server: Server, arguments: tuple[str, ...]) -> None:
    assert server.call("BGSAVE", *arguments) == ErrorReply(b"ERR syntax error")


def test_in_a_transaction(start_pyrite: ServerFactory) -> None:
    server = start_pyrite()
    server.call("MULTI")
    assert server.call("SAVE") == ErrorReply(b"ERR Command not allowed inside a transaction")
    server.call("DISCARD")
    server.call("MULTI")
    server.call("SET", "k", "v")
    server.call("BGSAVE")
    server.call("SET", "l", "v")
    assert server.call("EXEC") == [b"OK", b"Background saving scheduled", b"OK"]
    wait_for(lambda: persistence(server)["rdb_saves"] == "1", "the scheduled save")
    wait_for_child(server)
    assert persistence(server)["rdb_changes_since_last_save"] == "0"


def test_in_a_script(server: Server) -> None:
    for command in ("SAVE", "BGSAVE"):
        reply = server.call("EVAL", f"return redis.call('{command}')", 0)
        assert isinstance(reply, ErrorReply)
        assert reply.text.startswith(b"ERR This Redis command is not allowed from script")


def test_reset_of_statistics(start_pyrite: ServerFactory) -> None:
    server = start_pyrite()
    assert server.call("SAVE") == b"OK"
    assert server.call("CONFIG", "RESETSTAT") == b"OK"
    assert persistence(server)["rdb_saves"] == "0"


# Failures


def test_save_that_fails(start_pyrite: ServerFactory) -> None:
    server = start_pyrite()
    fail_to_save(server)
    server.call("SET", "k", "v")
    assert server.call("SAVE") == ErrorReply(b"ERR")
    info = persistence(server)
    assert info["rdb_changes_since_last_save"] == "1"
    # As in Redis: only BGSAVE sets the status back, so that SAVE does not have writes refused.
    assert info["rdb_last_bgsave_status"] == "ok"
    assert "Error moving temp DB file temp-" in server.output()
    assert list(server.directory.glob("temp-*")) == []


def test_bgsave_that_fails(start_pyrite: ServerFactory) -> None:
    server = start_pyrite()
    fail_to_save(server)
    server.call("SET", "k", "v")
    assert server.call("BGSAVE") == b"Background saving started"
    wait_for_child(server)
    info = persistence(server)
    assert info["rdb_last_bgsave_status"] == "err"
    assert info["rdb_changes_since_last_save"] == "1"
    assert "Background saving error" in server.output()
    assert list(server.directory.glob("temp-*")) == []
    # Nobody asked for snapshots, so nobody is kept from writing.
    assert server.call("SET", "k", "w") == b"OK"
    (server.directory / "dump.rdb").rmdir()
    server.call("BGSAVE")
    wait_for_child(server)
    assert persistence(server)["rdb_last_bgsave_status"] == "ok"


def failed(start_pyrite: ServerFactory) -> Server:
    """Return a server that wants snapshots and has failed to take one."""
    server = start_pyrite("--save", "3600 1000000", "--shutdown-on-sigterm", "nosave")
    fail_to_save(server)
    server.call("SET", "k", "1")
    server.call("BGSAVE")
    wait_for_child(server)
    return server


def test_writes_are_refused_after_a_failure(start_pyrite: ServerFactory) -> None:
    server = failed(start_pyrite)
    for argv in (("SET", "k", "v"), ("DEL", "k"), ("INCR", "k"), ("FLUSHALL",), ("PING",), ("PING", "x")):
        assert server.call(*argv) == ErrorReply(REFUSAL), argv
    assert server.call("GET", "k") == b"1"
    assert server.call("ECHO", "x") == b"x"
    assert server.call("CONFIG", "SET", "stop-writes-on-bgsave-error", "no") == b"OK"
    assert server.call("INCR", "k") == 2
    assert server.call("CONFIG", "SET", "stop-writes-on-bgsave-error", "yes") == b"OK"
    assert server.call("INCR", "k") == ErrorReply(REFUSAL)
    assert server.call("CONFIG", "SET", "save", "") == b"OK"
    assert server.call("INCR", "k") == 3
    assert server.call("CONFIG", "SET", "save", "3600 1000000") == b"OK"
    assert server.call("INCR", "k") == ErrorReply(REFUSAL)
    (server.directory / "dump.rdb").rmdir()
    server.call("BGSAVE")
    wait_for_child(server)
    assert server.call("INCR", "k") == 4
    assert server.call("PING") == b"PONG"


def test_save_ends_the_refusal(start_pyrite: ServerFactory) -> None:
    server = failed(start_pyrite)
    (server.directory / "dump.rdb").rmdir()
    assert server.call("SAVE") == b"OK"
    assert server.call("INCR", "k") == 2


def test_transactions_are_refused_after_a_failure(start_pyrite: ServerFactory) -> None:
    server = failed(start_pyrite)
    server.call("MULTI")
    assert server.call("SET", "k", "v") == ErrorReply(REFUSAL)
    reply = server.call("EXEC")
    assert isinstance(reply, ErrorReply)
    assert reply.code == b"EXECABORT"
    server.call("MULTI")
    server.call("GET", "k")
    assert server.call("EXEC") == [b"1"]


def test_a_transaction_queued_before_the_failure(start_pyrite: ServerFactory) -> None:
    server = start_pyrite("--save", "3600 1000000", "--shutdown-on-sigterm", "nosave")
    fail_to_save(server)
    with server.connect() as client:
        client.call("MULTI")
        client.call("SET", "k", "v")
        server.call("BGSAVE")
        wait_for_child(server)
        assert client.call("EXEC") == ErrorReply(b"EXECABORT Transaction discarded because of: " + REFUSAL)
        assert client.call("GET", "k") is None


def test_scripts_are_refused_after_a_failure(start_pyrite: ServerFactory) -> None:
    server = failed(start_pyrite)
    assert server.call("EVAL", "return redis.call('get', 'k')", 0) == b"1"
    reply = server.call("EVAL", "return redis.pcall('incr', 'k')", 0)
    assert isinstance(reply, ErrorReply)
    assert reply.text == REFUSAL
    assert server.call("EVAL", "#!lua\nreturn 1", 0) == ErrorReply(SCRIPT_REFUSAL)
    assert server.call("EVAL", "#!lua flags=no-writes\nreturn 1", 0) == 1
    assert server.call("GET", "k") == b"1"


# Save points


def test_a_save_point(start_pyrite: ServerFactory) -> None:
    server = start_pyrite("--save", "1 3")
    server.call("SET", "a", "1")
    server.call("SET", "b", "1")
    time.sleep(2.5)
    assert persistence(server)["rdb_saves"] == "0"
    server.call("SET", "c", "1")
    wait_for(lambda: persistence(server)["rdb_changes_since_last_save"] == "0", "the save")
    assert "3 changes in 1 seconds. Saving..." in server.output()


def test_save_points_set_later(start_pyrite: ServerFactory) -> None:
    server = start_pyrite()
    server.call("SET", "a", "1")
    assert server.call("CONFIG", "SET", "save", "1 1") == b"OK"
    wait_for(lambda: persistence(server)["rdb_changes_since_last_save"] == "0", "the save")


def test_after_a_failure_save_points_wait(start_pyrite: ServerFactory) -> None:
    server = start_pyrite("--stop-writes-on-bgsave-error", "no")
    fail_to_save(server)
    server.call("SET", "a", "1")
    server.call("CONFIG", "SET", "save", "1 1")
    wait_for(lambda: persistence(server)["rdb_last_bgsave_status"] == "err", "the failure")
    time.sleep(2)
    assert persistence(server)["rdb_saves"] == "1"
    (server.directory / "dump.rdb").rmdir()
    wait_for(lambda: persistence(server)["rdb_last_bgsave_status"] == "ok", "the next try")


def test_default_save_points(start_pyrite: ServerFactory) -> None:
    server = start_pyrite(conf="port 0\n")
    assert server.call("CONFIG", "GET", "save") == [b"save", b""]  # the tests' own argument
    assert server.call("CONFIG", "SET", "save", "3600 1 300 100 60 10000") == b"OK"
    assert server.call("CONFIG", "GET", "save") == [b"save", b"3600 1 300 100 60 10000"]


# FLUSHALL


def test_flushall_empties_the_file(start_pyrite: ServerFactory) -> None:
    server = start_pyrite("--save", "3600 1000000")
    server.call("SET", "secret", "v")
    assert server.call("SAVE") == b"OK"
    path = server.directory / "dump.rdb"
    assert b"secret" in path.read_bytes()
    assert server.call("FLUSHALL") == b"OK"
    assert b"secret" not in path.read_bytes()


def test_flushall_leaves_a_file_that_nobody_asked_for(start_pyrite: ServerFactory) -> None:
    server = start_pyrite()
    server.call("SET", "k", "v")
    server.call("SAVE")
    before = (server.directory / "dump.rdb").read_bytes()
    server.call("FLUSHALL")
    assert (server.directory / "dump.rdb").read_bytes() == before


def test_flushall_ends_the_child(start_pyrite: ServerFactory) -> None:
    server = start_pyrite()
    pid = start_slow_child(server)
    assert server.call("FLUSHALL") == b"OK"
    info = persistence(server)
    assert info["rdb_bgsave_in_progress"] == "0"
    assert info["rdb_last_bgsave_status"] == "ok"
    assert not Path(f"/proc/{pid}").exists()
    wait_for(lambda: not list(server.directory.glob("temp-*")), "the temporary file gone")
    assert not (server.directory / "dump.rdb").exists()


# Where files lie


def test_another_directory_and_name(start_pyrite: ServerFactory, tmp_path: Path) -> None:
    server = start_pyrite("--enable-protected-configs", "yes")
    assert server.call("CONFIG", "SET", "dir", str(tmp_path), "dbfilename", "other.rdb") == b"OK"
    server.call("SET", "k", "v")
    assert server.call("SAVE") == b"OK"
    assert (tmp_path / "other.rdb").is_file()


@pytest.mark.parametrize("name", ["dir", "dbfilename"])
def test_where_files_lie_is_protected(server: Server, name: str) -> None:
    assert server.call("CONFIG", "SET", name, ".") == ErrorReply(
        f"ERR CONFIG SET failed (possibly related to argument '{name}') - can't set protected config".encode()
    )


def test_a_child_keeps_no_connection_open(start_pyrite: ServerFactory) -> None:
    server = start_pyrite()
    with server.connect() as client:
        number = client.call("CLIENT", "ID")
        start_slow_child(server)
        assert server.call("CLIENT", "KILL", "ID", number) == 1
        assert client.is_closed_by_server()
    server.call("FLUSHALL")


def test_reads_leave_times_of_access_alone_while_a_child_runs(start_pyrite: ServerFactory) -> None:
    """Each page that is written to is copied, so reading must not write."""
    server = start_pyrite()
    server.call("SET", "k0", "v")
    time.sleep(2.1)
    start_slow_child(server, keys=0)
    server.call("GET", "k0")
    assert int(str(server.call("OBJECT", "IDLETIME", "k0"))) >= 2
    wait_for_child(server)
    server.call("GET", "k0")
    assert server.call("OBJECT", "IDLETIME", "k0") == 0
