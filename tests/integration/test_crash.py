"""Ends without warning: killed at any moment, between any two steps, on a full disk. What was promised is there."""

import os
import random
import resource
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.append_only import (
    commands_in,
    kill_when_written,
    last_increment,
    log_directory,
    manifest_of,
    restarted,
    wait_for_rewrite,
    wait_until_written,
)
from tests.integration.processes import child_of, wait_for
from tests.support import ErrorReply, RespClient, Server, free_port, launch, pyrite_program, start_server

SEED = int(os.environ.get("PYRITE_CRASH_SEED", "20"))


class Load:
    """Writes to a server until it is gone, and remembers what was acknowledged."""

    def __init__(self, server: Server, writers: int = 3) -> None:
        self._server = server
        self.acknowledged = [0] * writers
        self._threads = [threading.Thread(target=self._write, args=(i,)) for i in range(writers)]
        for thread in self._threads:
            thread.start()

    def _write(self, writer: int) -> None:
        try:
            with self._server.connect() as client:
                while True:
                    reply = client.call("INCR", f"counter:{writer}")
                    assert isinstance(reply, int)
                    self.acknowledged[writer] = reply
                    client.call("RPUSH", f"list:{writer}", reply)
        except (OSError, EOFError, AssertionError):
            return

    def wait(self) -> None:
        """Return when the server is gone."""
        for thread in self._threads:
            thread.join(20)


def check_promises(server: Server, load: Load, *, loses_a_second: bool = False) -> None:
    """Nothing that was acknowledged may be missing, unless a second may be lost, and nothing may be half done."""
    for writer, acknowledged in enumerate(load.acknowledged):
        value = server.call("GET", f"counter:{writer}")
        value = int(value) if isinstance(value, bytes) else 0
        assert value <= acknowledged + 1
        items = server.call("LRANGE", f"list:{writer}", 0, -1)
        assert isinstance(items, list)
        assert items == [b"%d" % i for i in range(1, len(items) + 1)]
        assert loses_a_second or (value >= acknowledged and len(items) >= acknowledged - 1)


@pytest.mark.parametrize("turn", range(4))
def test_killed_under_load_with_always(tmp_path: Path, turn: int) -> None:
    draw = random.Random(SEED + turn)
    server = start_server(pyrite_program(), tmp_path, "--appendonly", "yes", "--appendfsync", "always")
    load = Load(server)
    time.sleep(draw.uniform(0.05, 0.5))
    if turn % 2:
        server.call("BGREWRITEAOF")
        time.sleep(draw.uniform(0, 0.1))
    server.kill()
    load.wait()
    with restarted(tmp_path, "--appendfsync", "always") as again:
        check_promises(again, load)


@pytest.mark.parametrize("policy", ["everysec", "no"])
def test_killed_under_load_with_less(tmp_path: Path, policy: str) -> None:
    """What was written, the kernel has when the process ends; but everysec may let it wait while the disk is busy."""
    server = start_server(pyrite_program(), tmp_path, "--appendonly", "yes", "--appendfsync", policy)
    server.call("SET", "old", "1")
    wait_until_written(server)
    load = Load(server)
    time.sleep(0.4)
    server.kill()
    load.wait()
    with restarted(tmp_path) as again:
        assert again.call("GET", "old") == b"1"
        check_promises(again, load, loses_a_second=policy == "everysec")


def test_a_rewrite_whose_server_is_killed_leaves_no_file(tmp_path: Path) -> None:
    server = start_server(pyrite_program(), tmp_path, "--appendonly", "yes", "--rdb-key-save-delay", "2000")
    for i in range(200):
        server.call("SET", f"k{i}", i)
    server.call("BGREWRITEAOF")
    child = child_of(server)
    wait_for(lambda: list(tmp_path.glob("temp-rewriteaof-bg-*")), "the child writes")
    os.kill(server.pid, signal.SIGKILL)
    server.process.wait()
    wait_for(lambda: not Path(f"/proc/{child}").exists(), "the child ends", timeout_s=20)
    assert not list(tmp_path.glob("temp-*"))
    server.kill()


@pytest.mark.parametrize("whom", ["parent", "child"])
def test_killed_while_a_snapshot_is_written(tmp_path: Path, whom: str) -> None:
    server = start_server(pyrite_program(), tmp_path, "--rdb-key-save-delay", "2000")
    server.call("SET", "k", "old")
    server.call("SAVE")
    old = (tmp_path / "dump.rdb").read_bytes()
    for i in range(200):
        server.call("SET", f"k{i}", i)
    server.call("BGSAVE")
    child = child_of(server)
    time.sleep(0.1)
    os.kill(server.pid if whom == "parent" else child, signal.SIGKILL)
    if whom == "parent":
        server.process.wait()
        wait_for(lambda: not Path(f"/proc/{child}").exists(), "the child ends")
    else:
        wait_for(lambda: server.info("persistence")["rdb_bgsave_in_progress"] != "1", "the child has ended")
        assert server.info("persistence")["rdb_last_bgsave_status"] == "err"
    assert (tmp_path / "dump.rdb").read_bytes() == old
    server.kill()
    again = start_server(pyrite_program(), tmp_path)
    try:
        assert again.call("GET", "k") == b"old"
        assert again.call("DBSIZE") == 1
    finally:
        again.stop()


# Between any two steps

DYING = """
import os, sys
parent, steps = os.getpid(), int(sys.argv[1])
names = ("rename", "unlink", "fsync", "open", "truncate", "ftruncate", "mkdir")
counting = [False]
def counted(function):
    def call(*args, **options):
        global steps
        if counting[0] and os.getpid() == parent:
            if steps == 0:
                os._exit(77)
            steps -= 1
        return function(*args, **options)
    return call
for name in names:
    setattr(os, name, counted(getattr(os, name)))
from pyrite.persistence import aof
rewrite = aof.Aof.rewrite
def begin(self):
    counting[0] = True
    return rewrite(self)
aof.Aof.rewrite = begin
from pyrite.server.main import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize("starting", [False, True])
def test_dead_between_any_two_steps_of_a_rewrite(tmp_path: Path, starting: bool) -> None:
    """The process ends before the Nth call that changes files, for every N there is."""
    for steps in range(60):
        directory = tmp_path / str(steps)
        if not _dies_at(directory, steps, starting=starting):
            assert steps > 5
            return
        with restarted(directory) as again:
            # A log that was only just turned on promises something from the moment on in which it is whole.
            assert again.call("GET", "a") in ((b"1", None) if starting else (b"1",)), steps
            assert again.call("SET", "new", "1") == b"OK"
            again.check_health()
    raise AssertionError("it never comes to an end")


def _dies_at(directory: Path, steps: int, *, starting: bool) -> bool:
    """Run a server that rewrites its log and dies on the way; False where it came through."""
    port = free_port()
    arguments = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendfsync", "always"]
    arguments += ["--appendonly", "no" if starting else "yes"]
    process = launch([sys.executable, "-c", DYING, str(steps)], directory, *arguments)
    server = Server(process, port, directory, None)
    try:
        _wait_for(server)
        server.call("SET", "a", "1")
        try:
            if starting:
                server.call("CONFIG", "SET", "appendonly", "yes")
            else:
                server.call("BGREWRITEAOF")
            wait_for_rewrite(server)
            server.call("SET", "b", "1")
            # What is removed in the background is removed by now, or the process died of it.
            time.sleep(0.2)
            server.call("PING")
        except (OSError, EOFError):
            return process.wait(5) == 77
        return False
    finally:
        process.kill()
        process.wait()
        server.reconnect()


def _wait_for(server: Server) -> None:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        try:
            server.reconnect()
            if server.call("PING") == b"PONG":
                return
        except OSError:
            time.sleep(0.02)
    raise AssertionError(server.output())


# A full disk


def _limited(directory: Path, limit_bytes: int, *arguments: str) -> Server:
    """Start a server whose files may not grow past a limit, which is a full disk as far as it can see."""
    server = start_server(pyrite_program(), directory, *arguments)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (limit_bytes, resource.RLIM_INFINITY))
    return server


def test_a_full_disk_with_everysec_refuses_writes_until_there_is_room(tmp_path: Path) -> None:
    server = _limited(tmp_path, 100_000, "--appendonly", "yes")
    refused = None
    written = 0
    for _ in range(200):
        reply = server.call("RPUSH", "list", "x" * 2000)
        if isinstance(reply, ErrorReply):
            refused = reply
            break
        written += 1
    assert refused is not None
    assert refused.text.startswith(b"MISCONF Errors writing to the AOF file: ")
    assert server.info("persistence")["aof_last_write_status"] == "err"
    assert server.call("LLEN", "list") == written
    # Somebody makes room.
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    wait_for(lambda: server.info("persistence")["aof_last_write_status"] != "err", "the log is written")
    assert server.call("RPUSH", "list", "last") == written + 1
    kill_when_written(server)
    with restarted(tmp_path) as again:
        assert again.call("LLEN", "list") == written + 1


def test_a_full_disk_with_always_ends_the_server_with_all_that_it_promised(tmp_path: Path) -> None:
    server = _limited(tmp_path, 100_000, "--appendonly", "yes", "--appendfsync", "always")
    acknowledged = 0
    try:
        for _ in range(200):
            reply = server.call("RPUSH", "list", "x" * 2000)
            assert isinstance(reply, int)
            acknowledged = reply
    except (OSError, EOFError):
        pass
    server.reconnect()
    assert server.process.wait(10) == 1
    assert 0 < acknowledged < 60
    assert len([words for words in commands_in(last_increment(tmp_path)) if words[0] == b"RPUSH"]) == acknowledged
    with restarted(tmp_path) as again:
        assert again.call("LLEN", "list") == acknowledged


def test_a_rewrite_that_finds_no_room_leaves_the_log(tmp_path: Path) -> None:
    server = _limited(tmp_path, 70_000, "--appendonly", "yes", "--rdbcompression", "no")
    for i in range(20):
        server.call("SET", f"k{i}", os.urandom(1500).hex())
        server.call("DEL", f"k{i - 1}") if i % 2 else None
    digest = server.call("DEBUG", "DIGEST")
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
    server.call("BGREWRITEAOF")
    wait_for(lambda: server.info("persistence")["aof_last_bgrewrite_status"] == "err", "the rewrite has failed")
    assert not list(tmp_path.glob("temp-*"))
    kill_when_written(server)
    with restarted(tmp_path) as again:
        assert again.call("DEBUG", "DIGEST") == digest


def _has_room(server: Server) -> None:
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def test_no_rewrite_begins_while_something_waits_to_be_written(tmp_path: Path) -> None:
    """The new base would hold what the next increment then did a second time, and in another database."""
    server = _limited(tmp_path, 100_000, "--appendonly", "yes")
    server.call("SELECT", 1)
    server.call("SET", "first", "1")
    # In the log it is too long; a base holds it compressed.
    assert server.call("APPEND", "s", "y" * 200_000) == 200_000
    wait_for(lambda: server.info("persistence")["aof_last_write_status"] == "err", "the log can't be written")
    refused = server.call("BGREWRITEAOF")
    assert isinstance(refused, ErrorReply)
    assert refused.text.startswith(b"ERR Can't execute an AOF background rewriting.")
    assert server.info("persistence")["aof_rewrite_in_progress"] == "0"
    _has_room(server)
    wait_for(lambda: server.info("persistence")["aof_last_write_status"] == "ok", "the log is written")
    assert server.call("BGREWRITEAOF") == b"Background append only file rewriting started"
    wait_for(lambda: server.info("persistence")["aof_rewrite_in_progress"] == "0", "the rewrite is done")
    server.stop()
    with restarted(tmp_path) as again:
        assert again.call("DBSIZE") == 0
        again.call("SELECT", 1)
        assert again.call("STRLEN", "s") == 200_000


def test_writes_go_on_when_the_first_rewrite_has_found_room_at_last(tmp_path: Path) -> None:
    """What could not be written is in the base by then, so no write is left that could show that the disk is well."""
    server = _limited(tmp_path, 60_000, "--rdb-key-save-delay", "2000")
    for i in range(100):
        server.call("SET", f"k{i}", os.urandom(500).hex())
    assert server.call("CONFIG", "SET", "appendonly", "yes") == b"OK"
    assert server.call("SET", "big", os.urandom(50_000).hex()) == b"OK"
    wait_for(lambda: isinstance(server.call("SET", "k", "v"), ErrorReply), "the log can't be written")
    wait_for(lambda: server.info("persistence")["aof_last_bgrewrite_status"] == "err", "the rewrite has failed")
    _has_room(server)
    server.call("CONFIG", "SET", "rdb-key-save-delay", "0")
    server.call("BGREWRITEAOF")
    wait_for(lambda: server.call("SET", "k", "v") == b"OK", "writes are taken", timeout_s=20)
    assert server.info("persistence")["aof_last_write_status"] == "ok"
    digest = server.call("DEBUG", "DIGEST")
    server.stop()
    with restarted(tmp_path) as again:
        assert again.call("DEBUG", "DIGEST") == digest


def test_a_directory_that_vanishes(tmp_path: Path) -> None:
    server = start_server(pyrite_program(), tmp_path, "--appendonly", "yes")
    server.call("SET", "a", "1")
    shutil.rmtree(log_directory(tmp_path))
    # The files that are open are still there for the server; a rewrite puts new ones into a new directory.
    assert server.call("SET", "b", "2") == b"OK"
    server.call("BGREWRITEAOF")
    wait_for_rewrite(server)
    assert server.call("SET", "c", "3") == b"OK"
    kill_when_written(server)
    assert manifest_of(tmp_path).base is not None
    with restarted(tmp_path) as again:
        assert again.call("MGET", "a", "b", "c") == [b"1", b"2", b"3"]


def test_clients_are_told_nothing_that_is_not_on_disk(tmp_path: Path) -> None:
    """With `always` the log has a command before its reply is sent, for many clients at once."""
    server = start_server(pyrite_program(), tmp_path, "--appendonly", "yes", "--appendfsync", "always")
    try:
        clients: list[RespClient] = [server.connect() for _ in range(20)]
        for n in range(10):
            for i, client in enumerate(clients):
                client.send("SET", f"k{i}", n)
            for client in clients:
                assert client.read() == b"OK"
            assert len(commands_in(last_increment(tmp_path))) >= (n + 1) * 20
        for client in clients:
            client.close()
    finally:
        server.stop()
