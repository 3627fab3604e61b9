"""RDB files, loaded by Pyrite and by a real server: the same keyspace, by DEBUG DIGEST."""

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ServerFactory
from tests.differential.test_dump_payloads import BUILDS, SIZES
from tests.fuzz.test_dump_payloads import VALUES
from tests.models import rdb
from tests.support import Server

DATABASES = (0, 3, 15)
NEW_TYPES = range(rdb.STREAM_3 - 1, 256)  # that Redis 7.0 does not know
STREAMS = (rdb.STREAM, rdb.STREAM_2)


def digest(server: Server) -> object:
    """The digest of all data."""
    return server.call("DEBUG", "DIGEST")


def fill(server: Server, seed: int) -> None:
    """Make keys of all types and many sizes, some of which expire, in several databases."""
    draw = random.Random(seed)
    for number in DATABASES:
        server.call("SELECT", number)
        for build in BUILDS:
            for size in draw.sample(SIZES, 3):
                server.client.pipeline(build(draw, size))
                name = f"{build.__name__}:{size}"
                assert server.call("RENAME", "k", name) == b"OK"
                if draw.random() < 0.3:
                    server.call("PEXPIREAT", name, int(time.time() * 1000) + draw.randint(10**6, 10**12))
    server.call("SELECT", 0)


@pytest.mark.parametrize(
    "options", [(), ("--rdbcompression", "no", "--rdbchecksum", "no", "--maxmemory-policy", "allkeys-lfu")]
)
def test_what_a_real_server_saved(
    options: tuple[str, ...], start_peer: ServerFactory, start_pyrite: ServerFactory
) -> None:
    peer = start_peer(*options)
    fill(peer, len(options))
    peer.call("FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('one', function() return 1 end)")
    assert peer.call("SAVE") == b"OK"
    server = start_pyrite("--dir", str(peer.directory), *options)
    assert digest(server) == digest(peer)
    assert server.call("FCALL", "one", 0) == 1
    for number in DATABASES:
        for each in (server, peer):
            each.call("SELECT", number)
        assert server.call("DBSIZE") == peer.call("DBSIZE")
        names = sorted(peer.call("KEYS", "*"))  # type: ignore[arg-type,type-var]
        asked = [["PEXPIRETIME", name] for name in names]
        assert server.client.pipeline(asked) == peer.client.pipeline(asked)


@pytest.mark.parametrize("version", range(1, 11))
def test_files_of_every_version(
    version: int, tmp_path: Path, start_peer: ServerFactory, start_pyrite: ServerFactory
) -> None:
    """Every value that the other one can read; those of later types than the version are read all the same."""
    values = [value for value in VALUES if value[0] not in NEW_TYPES]
    records = [rdb.select(9)]
    for n, value in enumerate(values):
        lasts = [b"", rdb.expire_s(2**31 - 1 - n), rdb.expire_ms(10**13 + n)][n % (3 if version >= 3 else 2)]
        records.append(lasts + rdb.entry(b"key:%d" % n, value))
    (tmp_path / "old.rdb").write_bytes(rdb.file(*records, version=version))
    where = ("--dir", str(tmp_path), "--dbfilename", "old.rdb")
    server, peer = start_pyrite(*where), start_peer(*where)
    for each in (server, peer):
        each.call("SELECT", 9)
        assert each.call("DBSIZE") == len(values)
    assert digest(server) == digest(peer)
    asked = [["PEXPIRETIME", f"key:{n}"] for n in range(len(values))]
    assert server.client.pipeline(asked) == peer.client.pipeline(asked)


def test_idle_times_and_frequencies(tmp_path: Path, start_pyrite: ServerFactory, start_peer: ServerFactory) -> None:
    value = rdb.string(b"v")
    records = [
        rdb.idle(1000) + rdb.entry(b"a", value),
        rdb.frequency(77) + rdb.entry(b"b", value),
        rdb.entry(b"c", value),
    ]
    (tmp_path / "dump.rdb").write_bytes(rdb.file(rdb.select(0), *records, version=9))

    def asked(start: Callable[..., Server], policy: str, *command: str) -> list[object]:
        server = start("--dir", str(tmp_path), "--maxmemory-policy", policy)
        return [server.call(*command, name) for name in "abc"]

    for policy, word in (("allkeys-lru", "IDLETIME"), ("allkeys-lfu", "FREQ")):
        ours, theirs = (asked(start, policy, "OBJECT", word) for start in (start_pyrite, start_peer))
        assert all(abs(a - b) <= 2 for a, b in zip(ours, theirs, strict=True)), (ours, theirs)  # type: ignore[operator]
    assert 77 in asked(start_pyrite, "allkeys-lfu", "OBJECT", "FREQ")
