"""What SAVE and BGSAVE write, and what a rewrite would write as commands: a real server makes the same data of it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pyrite.types.aof_rewrite import write_commands
from tests.conftest import ServerFactory
from tests.integration.processes import wait_for
from tests.keyspaces import DATABASES, LATER_MS, commands, fill
from tests.loopless import LooplessClient, LooplessServer
from tests.support import ErrorReply, RespClient, Server, encode_command

LIBRARY = b"#!lua name=lib\nredis.register_function('f', function(keys, args) return args[1] end)"
SIZES = [1, 5, 129, 600]


def shapes(client: RespClient) -> list[tuple[object, ...]]:
    """Return all keys with type, encoding and expiry, which a digest does not tell in full.

    Before 7.2 lists and sets had fewer encodings: theirs are left out.
    """
    found = []
    for database in DATABASES:
        client.call("SELECT", database)
        keys = client.call("KEYS", "*")
        assert isinstance(keys, list)
        for key in sorted(keys):
            kind, encoding, expiry = client.pipeline([["TYPE", key], ["OBJECT", "ENCODING", key], ["PEXPIRETIME", key]])
            found.append((database, key, kind, None if kind in {b"list", b"set"} else encoding, expiry))
    client.call("SELECT", 0)
    return found


def save_in_foreground(server: Server) -> None:
    assert server.call("SAVE") == b"OK"


def save_in_background(server: Server) -> None:
    assert server.call("BGSAVE") == b"Background saving started"
    wait_for(lambda: server.info("persistence")["rdb_bgsave_in_progress"] == "0", "the end of BGSAVE")
    assert server.info("persistence")["rdb_last_bgsave_status"] == "ok"


@pytest.mark.parametrize("save", [save_in_foreground, save_in_background])
@pytest.mark.parametrize("compression", ["yes", "no"])
@pytest.mark.parametrize("checksum", ["yes", "no"])
def test_a_real_server_loads_a_snapshot(
    save: Callable[[Server], None],
    compression: str,
    checksum: str,
    start_pyrite: ServerFactory,
    start_peer: ServerFactory,
) -> None:
    options = ("--rdb-compatibility", "7.0", "--rdbcompression", compression, "--rdbchecksum", checksum)
    ours = start_pyrite(*options, "--list-compress-depth", "1")
    fill(ours.client, f"{compression} {checksum}", SIZES)
    assert ours.call("FUNCTION", "LOAD", LIBRARY) == b"lib"
    save(ours)
    path = ours.directory / "dump.rdb"
    assert path.read_bytes()[:9] == b"REDIS0010"
    theirs = start_peer("--dir", str(ours.directory), "--list-compress-depth", "1")
    assert theirs.call("DEBUG", "DIGEST") == ours.call("DEBUG", "DIGEST")
    assert shapes(theirs.client) == shapes(ours.client)
    assert theirs.call("FCALL", "f", 0, "x") == b"x"


def test_times_of_access_are_kept(start_pyrite: ServerFactory, start_peer: ServerFactory) -> None:
    ours = start_pyrite("--rdb-compatibility", "7.0", "--maxmemory", "1gb", "--maxmemory-policy", "allkeys-lru")
    ours.call("SET", "k", "v")
    payload = ours.call("DUMP", "k")
    assert isinstance(payload, bytes)
    ours.call("RESTORE", "idle", 0, payload, "IDLETIME", 5000)
    save_in_foreground(ours)
    theirs = start_peer("--dir", str(ours.directory), "--maxmemory", "1gb", "--maxmemory-policy", "allkeys-lru")
    idle_s = theirs.call("OBJECT", "IDLETIME", "idle")
    assert isinstance(idle_s, int)
    assert 5000 <= idle_s < 5060
    assert int(str(theirs.call("OBJECT", "IDLETIME", "k"))) < 60


def test_frequencies_of_access_are_kept(start_pyrite: ServerFactory, start_peer: ServerFactory) -> None:
    policy = ("--maxmemory", "1gb", "--maxmemory-policy", "allkeys-lfu", "--lfu-decay-time", "0")
    ours = start_pyrite("--rdb-compatibility", "7.0", *policy)
    ours.call("SET", "k", "v")
    payload = ours.call("DUMP", "k")
    assert isinstance(payload, bytes)
    ours.call("RESTORE", "often", 0, payload, "FREQ", 200)
    save_in_foreground(ours)
    theirs = start_peer("--dir", str(ours.directory), *policy)
    assert theirs.call("OBJECT", "FREQ", "often") == 200


def test_the_version_says_what_is_needed(start_pyrite: ServerFactory) -> None:
    server = start_pyrite()
    path = server.directory / "dump.rdb"
    server.call("HSET", "h", "f", "v", "g", "w")
    save_in_foreground(server)
    assert path.read_bytes()[:9] == b"REDIS0011"
    assert server.call("HPEXPIREAT", "h", LATER_MS, "FIELDS", 1, "f") == [1]
    save_in_foreground(server)
    assert path.read_bytes()[:9] == b"REDIS0012"
    assert server.call("HPERSIST", "h", "FIELDS", 1, "f") == [1]
    server.call("CONFIG", "SET", "rdb-compatibility", "7.0")
    save_in_foreground(server)
    assert path.read_bytes()[:9] == b"REDIS0010"


def test_commands_that_make_the_same_data(peer: Server, tmp_path: Path) -> None:
    """The commands go to a real server, then those that a rewrite makes of what they made here."""
    databases = (0, 1)
    ours = LooplessServer()
    path = tmp_path / "rewritten"
    with LooplessClient(ours) as client:
        for argv in commands("rewrite", SIZES, databases):
            assert not client.exchange([encode_command(*argv)]).startswith(b"-"), argv[:3]
        with path.open("wb") as file:
            length = write_commands(ours.keyspace, file.fileno(), [LIBRARY])
    assert path.stat().st_size == length
    fill(peer.client, "rewrite", SIZES, databases)
    wanted = peer.call("DEBUG", "DIGEST"), shapes(peer.client), groups_of(peer)
    assert peer.call("FLUSHALL") == b"OK"
    with peer.connect() as other:
        other.send_bytes(path.read_bytes() + encode_command("ECHO", "the end"))
        while (reply := other.read()) != b"the end":
            assert not isinstance(reply, ErrorReply), reply
    assert (peer.call("DEBUG", "DIGEST"), shapes(peer.client), groups_of(peer)) == wanted
    assert peer.call("FCALL", "f", 0, "x") == b"x"
    peer.call("FUNCTION", "FLUSH")


def groups_of(peer: Server) -> list[object]:
    """Return what the digest leaves out of streams: counters, groups, consumers, and what is pending.

    Of streams with something left for each consumer: before 7.2 one that found nothing was not made.
    """
    found: list[object] = []
    for size in filter(lambda size: size > 100, SIZES):
        key = f"streams:{size}"
        info = peer.call("XINFO", "STREAM", key)
        assert isinstance(info, list)
        names = (b"length", b"last-generated-id", b"max-deleted-entry-id", b"entries-added", b"recorded-first-entry-id")
        found += [info[info.index(name) + 1] for name in names]
        found.append(peer.call("XINFO", "GROUPS", key))
        for group in ("g", "h"):
            consumers = peer.call("XINFO", "CONSUMERS", key, group)
            assert isinstance(consumers, list)
            found.append(sorted((row[1], row[3]) for row in consumers))
            pending = peer.call("XPENDING", key, group, "-", "+", 10000)
            assert isinstance(pending, list)
            found.append([(row[0], row[1], row[3]) for row in pending])
    return found


def test_a_hash_with_fields_that_expire_as_commands(tmp_path: Path) -> None:
    ours = LooplessServer()
    path = tmp_path / "rewritten"
    with LooplessClient(ours) as client, path.open("wb") as file:
        client.exchange(
            [encode_command("HSET", "h", "f", "v"), encode_command("HPEXPIREAT", "h", LATER_MS, "FIELDS", 1, "f")]
        )
        write_commands(ours.keyspace, file.fileno(), [])
    expected = [["SELECT", 0], ["HMSET", "h", "f", "v"], ["HPEXPIREAT", "h", LATER_MS, "FIELDS", 1, "f"]]
    assert path.read_bytes() == b"".join(encode_command(*argv) for argv in expected)


def test_a_rewrite_that_can_not_be_written(tmp_path: Path) -> None:
    ours = LooplessServer()
    with LooplessClient(ours) as client:
        client.exchange([encode_command("SET", "k", "v")])
        with open("/dev/full", "wb") as full, pytest.raises(OSError, match="No space left"):
            write_commands(ours.keyspace, full.fileno(), [])
        closed = os.open(tmp_path, os.O_RDONLY)
        os.close(closed)
        with pytest.raises(OSError, match="Bad file descriptor"):
            write_commands(ours.keyspace, closed, [])
