"""The append-only log over restarts: what was acknowledged comes back, and damage is met with one clear line."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.append_only import (
    NAME,
    commands_in,
    encode,
    kill_when_written,
    last_increment,
    log_directory,
    logged,
    manifest_of,
    restarted,
    wait_for_rewrite,
    write_log,
)
from tests.conftest import ServerFactory
from tests.integration.processes import child_of, wait_for
from tests.support import ErrorReply, Server, launch, pyrite_program, start_server

BASE, INCREMENT = f"{NAME}.1.base.aof", f"{NAME}.1.incr.aof"
SET_A = encode(("SET", "a", "1"))
SET_B = encode(("SET", "b", "2"))


def refusal(directory: Path, *arguments: str) -> str:
    """Start a server that can't, and return what it said."""
    process = launch(
        pyrite_program(), directory, "--port", "0", "--unixsocket", str(directory / "s"), "--save", "", "--appendonly",
        "yes", *arguments,
    )  # fmt: skip
    assert process.wait(20) == 1
    return (directory / "output.txt").read_text()


FILL = [
    ("SET", "string", "x" * 100),
    ("SET", "volatile", "v", "EX", "1000"),
    ("RPUSH", "list", *map(str, range(300))),
    ("SADD", "set", *map(str, range(20)), "word"),
    ("HSET", "hash", "f", "v", "g", "w"),
    ("HEXPIRE", "hash", "1000", "FIELDS", "1", "f"),
    ("ZADD", "zset", "1.5", "a", "-inf", "b"),
    ("XADD", "stream", "*", "f", "v"),
    ("XADD", "stream", "*", "f", "w"),
    ("XGROUP", "CREATE", "stream", "group", "0"),
    ("XREADGROUP", "GROUP", "group", "me", "COUNT", "1", "STREAMS", "stream", ">"),
    ("PFADD", "hll", "a", "b"),
    ("SELECT", "3"),
    ("SET", "there", "too"),
    ("SELECT", "0"),
    ("FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('f', function() return 7 end)"),
]


def fill(server: Server) -> object:
    """Write something of every type; returns the digest."""
    for command in FILL:
        assert not isinstance(server.call(*command), ErrorReply), command
    return server.call("DEBUG", "DIGEST")


@pytest.mark.parametrize("preamble", ["yes", "no"])
@pytest.mark.parametrize("rewritten", [False, True])
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_everything_comes_back(
    start_pyrite: ServerFactory, preamble: str, rewritten: bool, how: signal.Signals
) -> None:
    server = start_pyrite("--appendonly", "yes", "--aof-use-rdb-preamble", preamble)
    digest = fill(server)
    pending = server.call("XPENDING", "stream", "group", "-", "+", "10")
    if rewritten:
        assert server.call("BGREWRITEAOF") == b"Background append only file rewriting started"
        wait_for_rewrite(server)
        server.call("SET", "later", "1")
        digest = server.call("DEBUG", "DIGEST")
    if how == signal.SIGKILL:
        kill_when_written(server)
    else:
        server.stop()
    with restarted(server.directory) as again:
        assert again.call("DEBUG", "DIGEST") == digest
        assert again.call("FCALL", "f", "0") == 7
        assert 0 < again.call("TTL", "volatile") <= 1000  # type: ignore[operator]
        assert again.call("HTTL", "hash", "FIELDS", "1", "f")[0] > 0  # type: ignore[index,operator]
        assert again.call("XPENDING", "stream", "group", "-", "+", "10")[0][:2] == pending[0][:2]  # type: ignore[index]
        assert again.call("SET", "new", "1") == b"OK"
        again.check_health()


def test_keys_that_expired_while_the_server_was_down(start_pyrite: ServerFactory) -> None:
    server = start_pyrite("--appendonly", "yes")
    server.call("SET", "k", "10", "PX", "300")
    server.call("INCR", "k")
    kill_when_written(server)
    time.sleep(0.4)
    with restarted(server.directory) as again:
        # The increment was of the key as it was, so it has not come back without its expiry.
        assert again.call("GET", "k") is None
        assert again.call("DBSIZE") == 0


def test_it_is_turned_on_and_off_at_run_time(start_pyrite: ServerFactory) -> None:
    server = start_pyrite()
    server.call("SET", "before", "1")
    assert server.call("CONFIG", "SET", "appendonly", "yes") == b"OK"
    server.call("SET", "during", "1")
    wait_for_rewrite(server)
    assert server.info("persistence")["aof_enabled"] == "1"
    server.call("SET", "after", "1")
    assert [b"SET", b"after", b"1"] in logged(server)
    assert [b"SET", b"during", b"1"] in logged(server)
    assert server.call("CONFIG", "SET", "appendonly", "no") == b"OK"
    server.call("SET", "lost", "1")
    kill_when_written(server)
    with restarted(server.directory) as again:
        assert again.call("EXISTS", "before", "during", "after", "lost") == 3


def test_turning_it_on_in_a_transaction_waits_for_its_end(start_pyrite: ServerFactory) -> None:
    server = start_pyrite()
    server.call("MULTI")
    server.call("SET", "a", "1")
    server.call("CONFIG", "SET", "appendonly", "yes")
    server.call("SET", "b", "1")
    server.call("EXEC")
    wait_for_rewrite(server)
    kill_when_written(server)
    with restarted(server.directory) as again:
        assert again.call("EXISTS", "a", "b") == 2


def test_files_and_history_of_rewrites(start_pyrite: ServerFactory) -> None:
    server = start_pyrite("--appendonly", "yes")
    server.call("SET", "a", "1")
    directory = log_directory(server.directory)
    for n in range(1, 4):
        server.call("BGREWRITEAOF")
        wait_for_rewrite(server, n)
    manifest = manifest_of(server.directory)
    assert manifest.base is not None
    assert (manifest.base.sequence, [file.sequence for file in manifest.increments]) == (4, [4])
    deadline = time.monotonic() + 5
    wanted = {f"{NAME}.manifest", f"{NAME}.4.base.rdb", f"{NAME}.4.incr.aof"}
    while {path.name for path in directory.iterdir()} != wanted and time.monotonic() < deadline:
        time.sleep(0.02)
    assert {path.name for path in directory.iterdir()} == wanted
    assert server.info("persistence")["aof_rewrites"] == "3"


def test_a_growing_log_is_rewritten_by_itself(start_pyrite: ServerFactory) -> None:
    server = start_pyrite(
        "--appendonly", "yes", "--auto-aof-rewrite-percentage", "100", "--auto-aof-rewrite-min-size", "100kb"
    )
    for _ in range(30):
        server.call("SET", "k", "x" * 10_000)
    wait_for_rewrite(server)
    assert "Starting automatic rewriting of AOF on" in server.output()
    assert int(server.info("persistence")["aof_current_size"]) < 200_000


def test_writes_go_on_during_a_rewrite(start_pyrite: ServerFactory) -> None:
    server = start_pyrite("--appendonly", "yes", "--rdb-key-save-delay", "500")
    for i in range(500):
        server.call("SET", f"k{i}", i)
    server.call("BGREWRITEAOF")
    n = 0
    while server.info("persistence")["aof_rewrite_in_progress"] == "1":
        server.call("INCR", "counter")
        n += 1
    server.call("INCR", "counter")
    digest = server.call("DEBUG", "DIGEST")
    kill_when_written(server)
    with restarted(server.directory) as again:
        assert again.call("GET", "counter") == b"%d" % (n + 1)
        assert again.call("DEBUG", "DIGEST") == digest


def test_a_killed_rewrite_leaves_the_old_log(start_pyrite: ServerFactory) -> None:
    server = start_pyrite("--appendonly", "yes", "--rdb-key-save-delay", "10000")
    for i in range(200):
        server.call("SET", f"k{i}", i)
    server.call("BGREWRITEAOF")
    child = child_of(server)
    os.kill(child, signal.SIGKILL)
    wait_for(lambda: server.info("persistence")["aof_last_bgrewrite_status"] == "err", "the rewrite has failed")
    assert server.info("persistence")["aof_rewrites_consecutive_failures"] == "1"
    assert not list(server.directory.glob("temp-*"))
    server.call("SET", "later", "1")
    digest = server.call("DEBUG", "DIGEST")
    assert len(manifest_of(server.directory).increments) == 2
    kill_when_written(server)
    with restarted(server.directory) as again:
        assert again.call("DEBUG", "DIGEST") == digest


def is_on(server: Server) -> bool:
    """The log has its first base."""
    return (log_directory(server.directory) / f"{NAME}.manifest").exists() and not server.info("persistence")[
        "aof_rewrite_in_progress"
    ].startswith("1")


def check_all_is_logged(server: Server) -> None:
    """What is written from now on is there after a kill."""
    server.call("SET", "last", "1")
    digest = server.call("DEBUG", "DIGEST")
    kill_when_written(server)
    with restarted(server.directory) as again:
        assert again.call("GET", "last") == b"1"
        assert again.call("DEBUG", "DIGEST") == digest


@pytest.mark.parametrize("at_start", [True, False])
def test_history_that_is_kept_is_not_written_to(start_pyrite: ServerFactory, at_start: bool) -> None:
    server = start_pyrite("--appendonly", "yes", "--aof-disable-auto-gc", "yes")
    server.call("SET", "a", "1")
    server.call("CONFIG", "SET", "appendonly", "no")
    server.call("BGREWRITEAOF")
    wait_for_rewrite(server)
    kept = [file.name for file in manifest_of(server.directory).history]
    assert f"{NAME}.1.incr.aof" in kept
    server.kill()
    with restarted(server.directory, "--appendonly", "yes" if at_start else "no") as again:
        again.call("SET", "a", "1")
        again.call("CONFIG", "SET", "appendonly", "yes")
        wait_for(lambda: manifest_of(server.directory).increments, "a log")
        assert manifest_of(server.directory).increments[-1].name not in kept
        again.call("CONFIG", "SET", "aof-disable-auto-gc", "no")
        check_all_is_logged(again)


def test_turning_it_on_is_tried_again_when_it_was_put_off_and_failed(start_pyrite: ServerFactory) -> None:
    server = start_pyrite("--rdb-key-save-delay", "2000")
    for i in range(200):
        server.call("SET", f"k{i}", i)
    obstacle = log_directory(server.directory)
    obstacle.write_bytes(b"")
    server.call("BGSAVE")
    assert server.call("CONFIG", "SET", "appendonly", "yes") == b"OK"
    server.call("CONFIG", "SET", "rdb-key-save-delay", "0")
    wait_for(lambda: server.info("persistence")["aof_last_bgrewrite_status"] == "err", "the first try has failed")
    obstacle.unlink()
    wait_for(lambda: is_on(server), "the log is on", timeout_s=20)
    check_all_is_logged(server)


def test_turning_it_on_does_not_take_what_an_earlier_child_wrote(start_pyrite: ServerFactory) -> None:
    """The child has ended well, but nobody has noticed, and a crash has left a file of the name that is used."""
    server = start_pyrite()
    server.call("SET", "a", "1")
    log_directory(server.directory).mkdir()
    (log_directory(server.directory) / f"temp_{NAME}.incr").write_bytes(b"")
    replies = server.client.pipeline(
        [("BGREWRITEAOF",), ("DEBUG", "SLEEP", "0.5"), ("CONFIG", "SET", "appendonly", "yes"), ("SET", "b", "2")]
    )
    assert replies[2:] == [b"OK", b"OK"]
    wait_for(lambda: is_on(server), "the log is on")
    check_all_is_logged(server)


def test_the_log_is_loaded_again_while_its_first_base_is_written(start_pyrite: ServerFactory) -> None:
    server = start_pyrite("--appendonly", "yes")
    server.call("SET", "a", "1")
    server.call("CONFIG", "SET", "appendonly", "no")
    for i in range(200):
        server.call("SET", f"k{i}", i)
    server.call("CONFIG", "SET", "rdb-key-save-delay", "10000")
    server.call("CONFIG", "SET", "appendonly", "yes")
    assert server.call("DEBUG", "LOADAOF") == b"OK"
    assert server.call("KEYS", "*") == [b"a"]
    server.call("CONFIG", "SET", "rdb-key-save-delay", "0")
    wait_for(lambda: server.info("persistence")["aof_rewrite_scheduled"] == "0" and is_on(server), "the log is on")
    check_all_is_logged(server)


# Damage


def test_the_last_command_cut_at_every_byte(tmp_path: Path) -> None:
    whole = encode(("SET", "k", "v"), ("SET", "n", "0"))
    last = encode(("INCR", "n"))
    for end in range(1, len(last)):
        directory = tmp_path / str(end)
        write_log(directory, {INCREMENT: whole + last[:end]})
        if end % 6 == 0:
            # Starting a server for each would take long; reading is the same code.
            server = start_server(pyrite_program(), directory, "--appendonly", "yes")
            try:
                assert server.call("GET", "n") == b"0"
                assert "is enabled: cutting" in server.output()
                server.call("INCR", "n")
            finally:
                server.stop()
            assert commands_in(directory / "appendonlydir" / INCREMENT)[-1] == [b"INCR", b"n"]
            assert (directory / "appendonlydir" / INCREMENT).read_bytes().startswith(whole)


def test_a_cut_file_is_refused_where_that_is_configured(tmp_path: Path) -> None:
    write_log(tmp_path, {INCREMENT: SET_A + SET_B[:-1]})
    said = refusal(tmp_path, "--aof-load-truncated", "no")
    assert "Unexpected end of file reading the append only file" in said
    assert "pyrite-check-aof --fix" in said
    assert (tmp_path / "appendonlydir" / INCREMENT).read_bytes() == SET_A + SET_B[:-1]


def test_only_the_last_file_may_be_cut(tmp_path: Path) -> None:
    write_log(tmp_path, {BASE: SET_A[:-1], INCREMENT: SET_B})
    assert "the truncated file is not the last file" in refusal(tmp_path)


def test_half_a_transaction_is_taken_back(tmp_path: Path) -> None:
    half = encode(("MULTI",), ("SET", "a", "2"), ("SET", "c", "3"))
    write_log(tmp_path, {INCREMENT: SET_A + half})
    server = start_server(pyrite_program(), tmp_path, "--appendonly", "yes")
    try:
        assert server.call("MGET", "a", "c") == [b"1", None]
        assert "Revert incomplete MULTI/EXEC transaction" in server.output()
    finally:
        server.stop()
    assert (tmp_path / "appendonlydir" / INCREMENT).read_bytes() == SET_A


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (SET_A + b"garbage" + SET_B, "Bad file format reading the append only file"),
        (SET_A.replace(b"$1", b"$x", 1), "Bad file format reading the append only file"),
        (encode(("NOSUCHCOMMAND", "x")) + SET_A, "Unknown command 'NOSUCHCOMMAND' reading the append only file"),
        (encode(("GET",)) + SET_A, "Bad file format reading the append only file"),
    ],
)
def test_what_is_no_log(tmp_path: Path, content: bytes, said: str) -> None:
    write_log(tmp_path, {INCREMENT: content})
    assert said in refusal(tmp_path)


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (b"", "Found an empty AOF manifest"),
        (b"nonsense\n", "Invalid AOF manifest file format"),
        (b"file a.1.incr.aof seq 1 type i\nfile a.1.incr.aof seq 1 type i\n", "Found a non-monotonic sequence number"),
        (b"file a.1.base.aof seq 1 type b\nfile a.2.base.aof seq 2 type b\n", "Found duplicate base file information"),
        (b"file a.1.incr.aof seq 1 type z\n", "Unknown AOF file type"),
        (b"file a.1.incr.aof seq 1 type i", "The AOF manifest file contains too long line"),
        (b"file missing.1.incr.aof seq 1 type i\n", "missing.1.incr.aof for reading: No such file or directory"),
    ],
)
def test_a_damaged_manifest(tmp_path: Path, manifest: bytes, said: str) -> None:
    write_log(tmp_path, {INCREMENT: SET_A}, manifest)
    assert said in refusal(tmp_path)


def test_random_damage_never_crashes_it(tmp_path: Path) -> None:
    draw = random.Random(7)
    whole = encode(*FILL[:4], ("MULTI",), *FILL[4:8], ("EXEC",))
    for n in range(6):
        damaged = bytearray(whole)
        for _ in range(draw.randrange(1, 4)):
            damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        directory = tmp_path / str(n)
        write_log(directory, {INCREMENT: bytes(damaged)})
        process = launch(
            pyrite_program(), directory, "--port", "0", "--unixsocket", str(directory / "s"), "--save", "",
            "--appendonly", "yes",
        )  # fmt: skip
        try:
            deadline = time.monotonic() + 20
            while process.poll() is None and "Ready to accept" not in (directory / "output.txt").read_text():
                assert time.monotonic() < deadline
                time.sleep(0.05)
            assert process.poll() in (None, 1), (directory / "output.txt").read_text()
            assert "Traceback" not in (directory / "output.txt").read_text()
        finally:
            process.kill()
            process.wait()


# From and to Redis


def test_an_old_log_of_one_file_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(SET_A + SET_B)
    server = start_server(pyrite_program(), tmp_path, "--appendonly", "yes")
    try:
        assert server.call("MGET", "a", "b") == [b"1", b"2"]
        assert not (tmp_path / NAME).exists()
        assert manifest_of(tmp_path).base.name == NAME  # type: ignore[union-attr]
        server.call("SET", "c", "3")
        server.call("BGREWRITEAOF")
        wait_for_rewrite(server)
    finally:
        server.stop()
    again = start_server(pyrite_program(), tmp_path, "--appendonly", "yes")
    try:
        assert again.call("MGET", "a", "b", "c") == [b"1", b"2", b"3"]
    finally:
        again.stop()


@pytest.mark.parametrize("preamble", ["yes", "no"])
@pytest.mark.parametrize("rewritten", [False, True])
def test_redis_loads_our_log(
    start_pyrite: ServerFactory, start_peer: ServerFactory, preamble: str, rewritten: bool
) -> None:
    server = start_pyrite(
        "--appendonly", "yes", "--rdb-compatibility", "7.0", "--aof-use-rdb-preamble", preamble
    )  # fmt: skip
    for command in FILL:
        if command[0] != "HEXPIRE":
            server.call(*command)
    if rewritten:
        server.call("BGREWRITEAOF")
        wait_for_rewrite(server)
        server.call("RPUSH", "list", "more")
    digest = server.call("DEBUG", "DIGEST")
    server.stop()
    peer = start_peer()
    directory = peer.directory
    peer.stop()
    shutil.copytree(log_directory(server.directory), log_directory(directory))
    again = start_server(["redis-server"], directory, "--appendonly", "yes")
    try:
        assert again.call("DEBUG", "DIGEST") == digest
        assert again.call("FCALL", "f", "0") == 7
    finally:
        again.stop()


@pytest.mark.parametrize("rewritten", [False, True])
def test_we_load_a_log_of_redis(tmp_path: Path, start_peer: ServerFactory, rewritten: bool) -> None:
    peer = start_peer("--appendonly", "yes")
    for command in FILL:
        if command[0] != "HEXPIRE":
            peer.call(*command)
    if rewritten:
        peer.call("BGREWRITEAOF")
        wait_for(lambda: peer.info("persistence")["aof_rewrite_in_progress"] != "1", "the peer has rewritten its log")
        peer.call("RPUSH", "list", "more")
    digest = peer.call("DEBUG", "DIGEST")
    peer.stop()
    shutil.copytree(log_directory(peer.directory), log_directory(tmp_path))
    server = start_server(pyrite_program(), tmp_path, "--appendonly", "yes")
    try:
        assert server.call("DEBUG", "DIGEST") == digest
        assert server.call("FCALL", "f", "0") == 7
    finally:
        server.stop()


# The tool


def check(*arguments: str, answer: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pyrite.tools.check_aof", *arguments],
        input=answer, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_tool_finds_and_mends_a_cut(tmp_path: Path) -> None:
    write_log(tmp_path, {BASE: SET_A, INCREMENT: SET_B + SET_A[:-3]})
    manifest = str(log_directory(tmp_path) / f"{NAME}.manifest")
    found = check(manifest)
    assert found.returncode == 1
    assert "BASE AOF" in found.stdout
    assert "is not valid" in found.stdout
    assert check("--fix", manifest, answer="n\n").returncode == 1
    mended = check("--fix", manifest, answer="y\n")
    assert mended.returncode == 0, mended.stdout
    assert "Successfully truncated AOF" in mended.stdout
    assert (log_directory(tmp_path) / INCREMENT).read_bytes() == SET_B
    assert "All AOF files and manifest are valid" in check(manifest).stdout


def test_the_tool_cuts_off_what_happened_later(tmp_path: Path) -> None:
    content = b"#TS:1000\r\n" + SET_A + b"#TS:1001\r\n" + SET_B + b"#TS:1003\r\n" + SET_A
    write_log(tmp_path, {INCREMENT: content})
    path = str(log_directory(tmp_path) / INCREMENT)
    assert "Truncate nothing" in check("--truncate-to-timestamp", "2000", path).stdout
    assert check("--truncate-to-timestamp", "1002", path).returncode == 0
    assert Path(path).read_bytes() == b"#TS:1000\r\n" + SET_A + b"#TS:1001\r\n" + SET_B


def test_the_tool_reads_what_a_server_wrote(start_pyrite: ServerFactory) -> None:
    server = start_pyrite("--appendonly", "yes")
    fill(server)
    server.call("BGREWRITEAOF")
    wait_for_rewrite(server)
    server.call("SET", "later", "1")
    found = check(str(log_directory(server.directory) / f"{NAME}.manifest"))
    assert found.returncode == 0, found.stdout
    assert "RDB preamble is OK" in found.stdout
    assert last_increment(server.directory).name in found.stdout
