"""pyrite-check-rdb: what it says of files in order and broken ones, and what it makes of the latter."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ServerFactory
from tests.fuzz.test_dump_payloads import VALUES
from tests.models import rdb
from tests.support import ROOT, server_environment

STRING = rdb.string(b"value")
KEYS = [rdb.entry(b"key:%d" % n, value) for n, value in enumerate(VALUES)]


def check(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
    """Run the program; returns its status and what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "pyrite.tools.check_rdb", *arguments],
        cwd=ROOT,
        env=server_environment(),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def keys_of(path: Path, start_pyrite: ServerFactory) -> list[bytes]:
    """The keys that a server finds in a file, in order."""
    server = start_pyrite("--dir", str(path.parent), "--dbfilename", path.name)
    found = server.call("KEYS", "*")
    assert isinstance(found, list)
    return sorted(found)  # type: ignore[type-var]


def test_a_file_in_order(tmp_path: Path) -> None:
    path = tmp_path / "dump.rdb"
    records = [
        rdb.aux(b"redis-ver", b"7.2.6"),
        rdb.function(b"#!lua name=lib\nwhatever"),
        rdb.select(0),
        rdb.resize(3, 2),
        rdb.entry(b"a", STRING),
        rdb.expire_ms(10**13) + rdb.entry(b"b", STRING),
        rdb.expire_ms(1000) + rdb.entry(b"c", rdb.listpack_hash([(b"f", b"v")])),
        rdb.select(7),
        rdb.entry(b"d", rdb.plain_list([b"x"])),
        b"\xf7" + rdb.length(2**63) + b"\x02\x02" + b"\x05" + rdb.text(b"data") + b"\x04" + bytes(8) + b"\x00",
        b"\x07" + rdb.text(b"m") + rdb.length(2**63) + b"\x02\x05\x03" + bytes(4) + b"\x01\x07\x00",
    ]
    path.write_bytes(rdb.file(*records))
    status, out, err = check(str(path))
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == f"[offset 0] Checking RDB file {path}"
    assert lines[1] == "[offset 9] RDB version 11"
    assert lines[2] == f"[offset {9 + len(records[0])}] AUX FIELD redis-ver = '7.2.6'"
    assert lines[3].endswith("FUNCTIONS: #!lua name=lib")
    assert lines[4].endswith("Selecting DB ID 0")
    assert lines[5].endswith("Selecting DB ID 7")
    assert "MODULE AUX for: g" in lines[6]
    assert lines[7] == f"[offset {path.stat().st_size}] \\o/ RDB looks OK! \\o/"
    assert lines[8:] == [
        "[info] 5 keys read",
        "[info] 2 expires",
        "[info] 1 already expired",
        "[info] DB 0: 3 keys, 2 expires: 2 string, 1 hash-listpack",
        "[info] DB 7: 2 keys, 0 expires: 1 list-linked, 1 module-value",
    ]


def test_all_types_are_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "dump.rdb"
    path.write_bytes(rdb.file(*KEYS) + b"*1\r\n$4\r\nPING\r\n")
    status, out, _ = check(str(path))
    assert status == 0
    assert f"[info] {len(KEYS)} keys read" in out
    assert "[info] 14 bytes follow" in out


@pytest.mark.parametrize("end", ["in the value", "before the end", "in the checksum"])
def test_a_file_cut_short(end: str, tmp_path: Path, start_pyrite: ServerFactory) -> None:
    path = tmp_path / "dump.rdb"
    whole = rdb.file(rdb.select(0), rdb.entry(b"a", STRING), rdb.expire_ms(10**13) + rdb.entry(b"b", STRING))
    data = whole[: {"in the value": -11, "before the end": -9, "in the checksum": -3}[end]]
    path.write_bytes(data)
    status, out, _ = check(str(path))
    assert status == 1
    assert f"--- RDB ERROR DETECTED ---\n[offset {len(data) if end == 'before the end' else ''}" in out
    assert "Unexpected EOF reading RDB file" in out
    if end == "in the value":
        assert "[additional info] While doing: read-object-value" in out
        assert "[additional info] Reading key 'b'" in out
        assert "[additional info] Reading type 0 (string)" in out
    # Nothing happens without consent.
    assert check("--fix", str(path))[0] == 1
    assert check("--fix", str(path), stdin="n\n")[0] == 1
    assert os.listdir(tmp_path) == ["dump.rdb"]
    assert path.read_bytes() == data
    status, out, _ = check("--fix", str(path), stdin="y\n")
    assert status == 0, out
    backup = tmp_path / "dump.rdb.broken"
    assert backup.read_bytes() == data
    assert sorted(os.listdir(tmp_path)) == ["dump.rdb", "dump.rdb.broken"]
    assert check(str(path))[0] == 0
    kept = [b"a"] if end == "in the value" else [b"a", b"b"]
    assert keys_of(path, start_pyrite) == kept
    if end != "in the value":
        assert path.read_bytes() == whole


def test_damaged_values_are_left_out(tmp_path: Path, start_pyrite: ServerFactory) -> None:
    path = tmp_path / "dump.rdb"
    twice = rdb.entry(b"bad:1", rdb.plain_set([b"x", b"x"]))
    odd = rdb.expire_ms(10**13) + rdb.entry(b"bad:2", rdb.listpack_hash([(b"f", b"v"), (b"f", b"w")]))
    path.write_bytes(rdb.file(rdb.select(0), *KEYS[:10], twice, *KEYS[10:20], odd, rdb.select(1), *KEYS[20:]))
    backup = tmp_path / "dump.rdb.broken"
    backup.write_bytes(b"an older one")
    status, out, _ = check("--fix", "--yes", str(path))
    assert status == 0, out
    assert f"{len(KEYS)} keys can be kept; lost are the keys 'bad:1', 'bad:2'." in out
    assert "The original is " in out
    assert backup.read_bytes() == b"an older one"
    assert (tmp_path / "dump.rdb.broken-2").exists()
    assert path.read_bytes() == rdb.file(rdb.select(0), *KEYS[:20], rdb.select(1), *KEYS[20:])


def test_a_damaged_length_ends_what_can_be_kept(tmp_path: Path) -> None:
    path = tmp_path / "dump.rdb"
    broken = b"\x00\x03bad\x30short"
    path.write_bytes(rdb.file(KEYS[0], rdb.entry(b"bad", rdb.plain_set([b"x", b"x"])), KEYS[1], broken))
    status, out, _ = check("--fix", "--yes", str(path))
    assert status == 0
    assert "lost is what follows offset" in out
    assert path.read_bytes() == rdb.file(KEYS[0])


def test_a_wrong_checksum(tmp_path: Path) -> None:
    path = tmp_path / "dump.rdb"
    whole = rdb.file(*KEYS)
    path.write_bytes(whole[:-8] + b"foobar00")
    status, out, _ = check(str(path))
    assert status == 1
    assert "RDB CRC error" in out
    assert "While doing: check-sum" in out
    status, out, _ = check("--fix", "--yes", str(path))
    assert status == 0
    assert "nobody can tell whether a value is other than it was" in out
    assert path.read_bytes() == whole


@pytest.mark.parametrize("version", [1, 4, 5, 12])
def test_a_mended_file_keeps_its_version(version: int, tmp_path: Path) -> None:
    path = tmp_path / "dump.rdb"
    path.write_bytes(rdb.file(KEYS[0], version=version)[: -9 if version >= 5 else -1])
    assert check("--fix", "--yes", str(path))[0] == 0
    assert path.read_bytes() == rdb.file(KEYS[0], version=version)


def test_what_is_no_file_to_mend(tmp_path: Path) -> None:
    path = tmp_path / "dump.rdb"
    path.write_bytes(b"RADIS0011\xff")
    status, out, err = check("--fix", "--yes", str(path))
    assert status == 1
    assert "Wrong signature" in out
    assert "nothing of this file can be kept" in err
    assert path.read_bytes() == b"RADIS0011\xff"
    assert check(str(tmp_path / "none"))[::2] == (
        1,
        f"pyrite-check-rdb: {tmp_path / 'none'}: No such file or directory\n",
    )
    assert check(str(tmp_path))[::2] == (1, f"pyrite-check-rdb: {tmp_path}: Is a directory\n")
    assert "compatible with Redis 7.4" in check("--version")[1]
