"""What a snapshot is made of, byte by byte, and what happens when it can't be written."""

import os
import threading
from pathlib import Path

import pytest

from pyrite.core.child import Progress
from pyrite.core.crc import checksum
from pyrite.keyspace.database import Keyspace
from pyrite.types.snapshot import write_snapshot

HEAD = b"REDIS0011"
EXPIRE_MS = 4_102_444_800_000


def written(keyspace: Keyspace, path: Path, **options: object) -> bytes:
    with path.open("wb") as file:
        length = write_snapshot(keyspace, file.fileno(), 11, [(b"n", b"v")], [b"code"], **options)
    content = path.read_bytes()
    assert len(content) == length
    return content


def with_checksum(content: bytes) -> bytes:
    return content + checksum(content).to_bytes(8, "little")


def test_an_empty_keyspace(tmp_path: Path) -> None:
    expected = with_checksum(HEAD + b"\xfa\x01n\x01v" + b"\xf5\x04code" + b"\xff")
    assert written(Keyspace(4), tmp_path / "f") == expected


def test_keys(tmp_path: Path) -> None:
    keyspace = Keyspace(4)
    keyspace.databases[0].add_key(b"a")
    keyspace.databases[3].add_key(b"b", EXPIRE_MS)
    head = HEAD + b"\xfa\x01n\x01v" + b"\xf5\x04code"
    first = b"\xfe\x00\xfb\x01\x00" + b"\x00\x01a\x00"
    second = b"\xfe\x03\xfb\x01\x01" + b"\xfc" + EXPIRE_MS.to_bytes(8, "little") + b"\x00\x01b\x00"
    assert written(keyspace, tmp_path / "f") == with_checksum(head + first + second + b"\xff")
    assert written(keyspace, tmp_path / "f", checksum=False) == head + first + second + b"\xff" + bytes(8)


def test_times_of_access(tmp_path: Path) -> None:
    keyspace = Keyspace(1)
    keyspace.databases[0].add_key(b"a")
    keyspace.evicts_by_access = True
    keyspace.databases[0].set_access(b"a", (keyspace.lru_clock - 5) & 0xFFFFFF)
    assert b"\xfb\x01\x00" + b"\xf8\x05" + b"\x00\x01a\x00" in written(keyspace, tmp_path / "f")
    keyspace.lfu = True
    keyspace.lfu_decay_minutes = 0
    keyspace.databases[0].set_access(b"a", 200)
    assert b"\xfb\x01\x00" + b"\xf9\xc8" + b"\x00\x01a\x00" in written(keyspace, tmp_path / "f")


def test_it_goes_on_where_the_file_stands(tmp_path: Path) -> None:
    """What stands before is neither overwritten nor in the checksum."""
    alone = written(Keyspace(1), tmp_path / "alone")
    path = tmp_path / "f"
    with path.open("wb", buffering=0) as file:
        file.write(b"before")
        write_snapshot(Keyspace(1), file.fileno(), 11, [(b"n", b"v")], [b"code"], syncs=True)
        file.write(b"behind")
    assert path.read_bytes() == b"before" + alone + b"behind"


def test_progress_is_told(tmp_path: Path) -> None:
    keyspace = Keyspace(2)
    for number in range(3000):
        keyspace.databases[number % 2].add_key(b"key %d" % number)
    progress = Progress(3000)
    written(keyspace, tmp_path / "f", progress=progress)
    assert progress.keys == 3000


@pytest.mark.parametrize("keys", [0, 50_000])
def test_a_full_disk(keys: int) -> None:
    keyspace = Keyspace(1)
    for number in range(keys):
        keyspace.databases[0].add_key(b"key %d" % number)
    with open("/dev/full", "wb") as full, pytest.raises(OSError, match="No space left on device"):
        write_snapshot(keyspace, full.fileno(), 11, [], [], syncs=True)


def test_a_pipe_takes_little_at_a_time() -> None:
    """Each write is cut short, and all arrives."""
    keyspace = Keyspace(1)
    for number in range(100_000):
        keyspace.databases[0].add_key(b"key %d" % number)
    ours, theirs = os.pipe()
    received = bytearray()

    def read() -> None:
        while data := os.read(ours, 5000):
            received.extend(data)

    reader = threading.Thread(target=read)
    reader.start()
    length = write_snapshot(keyspace, theirs, 11, [], [], syncs=True)
    os.close(theirs)
    reader.join()
    os.close(ours)
    assert len(received) == length > 1 << 20
    assert checksum(bytes(received[:-8])) == int.from_bytes(received[-8:], "little")


def test_a_pipe_whose_reader_left() -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    with pytest.raises(BrokenPipeError):
        write_snapshot(Keyspace(1), theirs, 11, [], [])
    os.close(theirs)
