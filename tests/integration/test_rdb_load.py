"""Loading of a snapshot at the start and by DEBUG RELOAD: what is there then, what is said, and what is refused."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.conftest import ServerFactory
from tests.integration.processes import Outcome, run, wait_for
from tests.models import rdb
from tests.support import ErrorReply, Server, free_port, launch, pyrite_program

LOADING = ErrorReply(b"LOADING Redis is loading the dataset in memory")
STRING = rdb.string(b"value")
FAR_MS = 10**13


def put(directory: Path, *records: bytes, **how: object) -> Path:
    """Write a snapshot where servers look for it; returns its path."""
    path = directory / "dump.rdb"
    path.write_bytes(rdb.file(*records, **how))  # type: ignore[arg-type]
    return path


def start_in(directory: Path, *arguments: str) -> Outcome:
    """Start a server that is to end by itself."""
    return run(directory, "--port", str(free_port()), "--bind", "127.0.0.1", "--save", "", *arguments)


def slow(directory: Path, *arguments: str, keys: int = 2000) -> Server:
    """Start a server that is busy loading for some seconds, and return it at once."""
    records = [rdb.entry(b"key:%d" % n, rdb.string(b"x" * 1000)) for n in range(keys)]
    # Its checksum is left out: making one takes the model seconds.
    put(directory, rdb.aux(b"used-mem", b"4000000"), *records, sums=False)
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "60 1", "--enable-debug-command", "yes"]
    options += ["--key-load-delay", "5000", "--loading-process-events-interval-bytes", "1024"]
    process = launch(pyrite_program(), directory, *options, *arguments)
    server = Server(process, port, directory, None)
    wait_for(lambda: "Loading RDB" in server.output() or "memory usage when created" in server.output(), "loading")
    return server


def test_start_with_a_snapshot(tmp_path: Path, start_pyrite: ServerFactory) -> None:
    put(
        tmp_path,
        rdb.aux(b"redis-ver", b"7.0.15"),
        rdb.aux(b"ctime", b"%d" % (time.time() - 100)),
        rdb.aux(b"used-mem", b"1572864"),
        rdb.aux(b"%hint", b"with\na line"),
        rdb.select(2),
        rdb.resize(3, 2),
        rdb.entry(b"stays", STRING),
        rdb.expire_ms(FAR_MS) + rdb.entry(b"lasts", STRING),
        rdb.expire_ms(1000) + rdb.entry(b"gone", STRING),
    )
    server = start_pyrite("--dir", str(tmp_path))
    output = server.output()
    for line in (
        "Loading RDB produced by version 7.0.15",
        "RDB age 10",
        "RDB memory usage when created 1.50 Mb",
        "RDB '%hint': with\\na line",
        "Done loading RDB, keys loaded: 2, keys expired: 1.",
        "DB loaded from disk: 0.",
    ):
        assert f"* {line}" in output, line
    assert output.index("DB loaded from disk") < output.index("Ready to accept connections tcp")
    server.call("SELECT", 2)
    assert server.call("KEYS", "*") == [b"lasts", b"stays"] or server.call("KEYS", "*") == [b"stays", b"lasts"]
    assert server.call("PEXPIRETIME", "lasts") == FAR_MS
    info = server.info("persistence")
    assert (info["loading"], info["rdb_last_load_keys_loaded"], info["rdb_last_load_keys_expired"]) == ("0", "2", "1")
    assert info["rdb_changes_since_last_save"] == "0"
    assert "loading_total_bytes" not in info


def test_start_without_a_snapshot(tmp_path: Path, start_pyrite: ServerFactory) -> None:
    server = start_pyrite("--dir", str(tmp_path))
    assert "DB loaded from disk" not in server.output()
    assert server.call("DBSIZE") == 0


def test_collections_without_elements_are_dropped(tmp_path: Path, start_pyrite: ServerFactory) -> None:
    empty = [rdb.plain_list([]), rdb.plain_set([]), rdb.plain_zset([]), rdb.plain_hash([]), rdb.ziplist_hash([])] * 3
    put(tmp_path, *(rdb.entry(b"e%d" % n, value) for n, value in enumerate(empty)), rdb.entry(b"full", STRING))
    server = start_pyrite("--dir", str(tmp_path))
    assert server.call("KEYS", "*") == [b"full"]
    assert server.output().count("skipping empty key: e") == 10
    assert "keys loaded: 1, keys expired: 0, empty keys skipped: 15." in server.output()


@pytest.mark.parametrize("checksum", [True, False])
def test_a_wrong_checksum(checksum: bool, tmp_path: Path, start_pyrite: ServerFactory) -> None:
    path = put(tmp_path, rdb.entry(b"k", STRING))
    data = path.read_bytes()
    path.write_bytes(data[:-8] + b"foobar00")
    if checksum:
        ended = start_in(tmp_path)
        assert ended.status == 1
        assert "RDB CRC error" in ended.out
        assert "Terminating server after rdb file reading failure." in ended.out
        assert path.read_bytes() == data[:-8] + b"foobar00"
    else:
        assert start_pyrite("--dir", str(tmp_path), "--rdbchecksum", "no").call("GET", "k") == b"value"


def test_a_file_saved_without_a_checksum(tmp_path: Path, start_pyrite: ServerFactory) -> None:
    put(tmp_path, rdb.entry(b"k", STRING), sums=False)
    server = start_pyrite("--dir", str(tmp_path))
    assert server.call("GET", "k") == b"value"
    assert "RDB file was saved with checksum disabled: no check performed." in server.output()


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        (b"", ["offset 0", "Unexpected EOF", "Fatal error loading the DB, check server logs. Exiting."]),
        (b"RADIS0011\xff", ["Wrong signature trying to load DB from file", "Fatal error loading the DB"]),
        (b"REDIS0013\xff", ["Can't handle RDB format version 13", "Fatal error loading the DB"]),
        (b"REDIS00x1\xff", ["Can't handle RDB format version 0"]),
        (b"REDIS0011" + rdb.entry(b"some\nkey", STRING)[:-1], ["key 'some\\nkey' (string)", "Unexpected EOF", "--fix"]),
        (rdb.file(rdb.entry(b"k", b"\x40x")), ["Invalid object type: 64"]),
        (
            rdb.file(rdb.entry(b"k", rdb.plain_set([b"a", b"a"]))),
            ["offset 17, key 'k' (set-hashtable): Value integrity check failed. pyrite-check-rdb"],
        ),
        (rdb.file(rdb.entry(b"k", STRING), rdb.entry(b"k", STRING)), ["key 'k'", "duplicated key in DB 0"]),
        (rdb.file(rdb.select(16)), ["configured to handle more than 16 databases"]),
        (rdb.file(b"\xf6" + rdb.text(b"x")), ["Pre-release function format not supported"]),
        (rdb.file(rdb.function(b"no library")), ["Failed loading library, Missing library metadata"]),
        (rdb.file(b"\xf7" + rdb.length(2**63) + b"\x02\x02\x00"), ["no matching module 'g"]),
        (rdb.file(b"\x07" + rdb.text(b"k") + rdb.length(2**63) + b"\x00"), ["no matching module type 'g"]),
        (rdb.file(b"\xf0"), ["Invalid object type: 240"]),
    ],
)
def test_a_broken_file_ends_the_start(data: bytes, texts: list[str], tmp_path: Path) -> None:
    path = tmp_path / "dump.rdb"
    path.write_bytes(data)
    ended = start_in(tmp_path, "--save", "1 1")
    assert ended.status == 1, ended.out
    for text in texts:
        assert text in ended.out, ended.out
    [line] = [line for line in ended.out.splitlines() if str(path) in line]
    assert "Can't load the RDB file" in line
    assert "Ready to accept" not in ended.out
    assert "Traceback" not in ended.out + ended.err
    assert path.read_bytes() == data


def test_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "dump.rdb").mkdir()
    ended = start_in(tmp_path)
    assert ended.status == 1
    assert "can't open the RDB file dump.rdb for reading: Is a directory" in ended.out


def test_keys_stay_out_of_the_log_if_so_configured(tmp_path: Path) -> None:
    (tmp_path / "dump.rdb").write_bytes(rdb.file(rdb.entry(b"secret", rdb.plain_set([b"a", b"a"]))))
    ended = start_in(tmp_path, "--hide-user-data-from-log", "yes")
    assert ended.status == 1
    assert "secret" not in ended.out
    assert "*redacted*" in ended.out


def test_slots_and_unknown_fields_are_passed_over(tmp_path: Path, start_pyrite: ServerFactory) -> None:
    slots = b"\xf4" + rdb.length(5) + rdb.length(1) + rdb.length(0)
    put(tmp_path, rdb.aux(b"what", b"is this"), slots, rdb.entry(b"k", STRING), version=12)
    server = start_pyrite("--dir", str(tmp_path), "--loglevel", "debug")
    assert server.call("GET", "k") == b"value"
    assert "Unrecognized RDB AUX field: 'what'" in server.output()


def test_sizes_that_lie_take_no_memory(tmp_path: Path, start_pyrite: ServerFactory) -> None:
    put(tmp_path, rdb.select(0), rdb.resize(2**40, 2**40), rdb.entry(b"k", STRING))
    server = start_pyrite("--dir", str(tmp_path))
    assert server.call("GET", "k") == b"value"
    assert int(server.info("memory")["used_memory"]) < 10_000_000


# While it lasts


def test_clients_are_served_while_it_loads(tmp_path: Path) -> None:
    server = slow(tmp_path, "--enable-protected-configs", "yes")
    try:
        clients = [server.connect() for _ in range(5)]
        for client in clients:
            assert client.call("PING") == LOADING
            assert client.call("GET", "key:1") == LOADING
            assert client.call("CONFIG", "SET", "dir", "/") == LOADING
            assert client.call("ECHO", "x") == b"x"
            assert client.call("SELECT", 1) == b"OK"
            assert client.call("DEBUG", "RELOAD", "NOSAVE") == LOADING
        info = server.info("persistence")
        assert info["loading"] == "1"
        assert int(info["loading_total_bytes"]) == (tmp_path / "dump.rdb").stat().st_size
        assert 0 < int(info["loading_loaded_bytes"]) < int(info["loading_total_bytes"])
        assert info["loading_rdb_used_mem"] == "4000000"
        assert abs(int(info["loading_start_time"]) - time.time()) < 60
        assert 0 < float(info["loading_loaded_perc"]) < 100
        assert int(info["loading_eta_seconds"]) >= 0
        later = server.info("persistence")
        assert int(later["loading_loaded_bytes"]) > int(info["loading_loaded_bytes"])
        for client in clients:
            client.close()
        wait_for(lambda: int(server.info("clients")["connected_clients"]) == 1, "clients are gone")
        server.reconnect()
        assert server.info("persistence")["loading"] == "1"
    finally:
        assert server.stop() == 0


def test_transactions_while_it_loads(tmp_path: Path) -> None:
    server = slow(tmp_path)
    try:
        assert server.call("MULTI") == b"OK"
        assert server.call("GET", "a") == LOADING
        assert server.call("EXEC") == ErrorReply(b"EXECABORT Transaction discarded because of previous errors.")
        server.call("MULTI")
        assert server.call("SELECT", 3) == b"QUEUED"
        assert server.call("EXEC") == [b"OK"]
    finally:
        server.stop()


@pytest.mark.parametrize("how", ["SIGTERM", "SHUTDOWN"])
def test_the_end_while_it_loads_saves_nothing(how: str, tmp_path: Path) -> None:
    server = slow(tmp_path)
    before = (tmp_path / "dump.rdb").read_bytes()
    if how == "SIGTERM":
        server.process.send_signal(signal.SIGTERM)
    else:
        with server.connect() as client:
            client.send("SHUTDOWN")
            assert client.is_closed_by_server()
    assert server.process.wait(5) == 0
    assert (tmp_path / "dump.rdb").read_bytes() == before
    assert "Ready to accept" not in server.output()
    if how == "SIGTERM":
        assert "Received shutdown signal during loading, scheduling shutdown." in server.output()
    assert os.listdir(tmp_path) == ["dump.rdb", "output.txt"] or os.listdir(tmp_path) == ["output.txt", "dump.rdb"]


def test_nothing_is_evicted_while_it_loads(tmp_path: Path) -> None:
    records = [rdb.entry(b"key:%d" % n, rdb.string(b"x" * 1000)) for n in range(600)]
    server = slow(tmp_path, "--maxmemory", "1mb", "--maxmemory-policy", "allkeys-random", keys=600)
    assert records
    try:
        while server.info("persistence")["loading"] == "1":
            time.sleep(0.05)
        assert server.info("persistence")["rdb_last_load_keys_loaded"] == "600"
    finally:
        server.stop()


# DEBUG RELOAD


def test_reload(start_pyrite: ServerFactory) -> None:
    server = start_pyrite()
    server.client.pipeline([["SET", "a", 1], ["RPUSH", "l", *range(300)], ["SET", "t", 1, "PX", 10**9]])
    server.call("FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('one', function() return 1 end)")
    before = server.call("DEBUG", "DIGEST")
    assert server.call("DEBUG", "RELOAD") == b"OK"
    assert server.call("DEBUG", "DIGEST") == before
    assert server.call("FCALL", "one", 0) == 1
    assert server.info("persistence")["rdb_changes_since_last_save"] == "0"
    server.call("SET", "b", 2)
    assert server.call("DEBUG", "RELOAD", "nosave") == b"OK"
    assert server.call("EXISTS", "a", "b") == 1
    server.call("SET", "b", 2)
    server.call("SET", "a", 7)
    assert server.call("DEBUG", "RELOAD", "NOSAVE", "NOFLUSH", "MERGE") == b"OK"
    assert server.call("MGET", "a", "b") == [b"1", b"2"]
    assert server.call("DEBUG", "RELOAD", "WRONG") == ErrorReply(
        b"ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options."
    )
    assert "DB reloaded by DEBUG RELOAD" in server.output()


def test_reload_of_what_is_no_snapshot_changes_nothing(start_pyrite: ServerFactory) -> None:
    server = start_pyrite()
    server.call("SET", "a", 1)
    refusal = ErrorReply(b"ERR Error trying to load the RDB dump, check server logs.")
    assert server.call("DEBUG", "RELOAD", "NOSAVE") == refusal
    (server.directory / "dump.rdb").write_bytes(b"no such thing")
    assert server.call("DEBUG", "RELOAD", "NOSAVE") == refusal
    assert server.call("GET", "a") == b"1"


def test_reload_of_a_broken_snapshot_ends_the_server(tmp_path: Path) -> None:
    directory = tmp_path / "d"
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "1 1", "--enable-debug-command", "yes"]
    server = Server(launch(pyrite_program(), directory, *options), port, directory, None)
    wait_for(lambda: "Ready to accept" in server.output(), "start")
    broken = rdb.file(rdb.entry(b"a", STRING))[:-9]
    (directory / "dump.rdb").write_bytes(broken)
    server.call("SET", "a", 1)
    with server.connect() as client:
        client.send("DEBUG", "RELOAD", "NOSAVE")
        client.send("SET", "b", 1)
        server.process.wait(5)
    server.reconnect()
    assert server.process.returncode == 1
    assert "Terminating server after rdb file reading failure." in server.output()
    # What was loaded of it is nothing to save.
    assert (directory / "dump.rdb").read_bytes() == broken


def test_others_see_that_it_loads(start_pyrite: ServerFactory) -> None:
    server = start_pyrite("--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024")
    server.call("DEBUG", "POPULATE", 1000, "key", 1000)
    server.call("SAVE")
    with server.connect() as other:
        server.client.send("DEBUG", "RELOAD", "NOSAVE")
        wait_for(lambda: other.call("GET", "key:1") == LOADING, "loading")
        assert server.client.read() == b"OK"
        assert other.call("EXISTS", "key:1") == 1
