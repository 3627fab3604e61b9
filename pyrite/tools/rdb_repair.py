"""Repair of RDB files: everything that can be read, byte for byte, with a right end.

What stands before the damage can always be kept. What follows a damaged value can be kept too if the damage spared the
lengths, so that the value's end is known: that is believed only where all the rest can then be read up to the file's
very end.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from pyrite.core.crc import checksum
from pyrite.keyspace.database import Keyspace
from pyrite.types.rdb_file import Listener, RdbError, RdbFile

END = b"\xff"
CHECKSUM_VERSION = 5  # the first that ends with a checksum
CHUNK_BYTES = 1 << 20
HEADER_BYTES = 9
# Damage in more values than these is no damage to values.
LOST_MAX = 1000


class RepairError(Exception):
    """A file that can't be mended; the text says why."""


@dataclass
class _Parts:
    """Which ranges of a file are kept, and what is not."""

    ranges: list[tuple[int, int]] = field(default_factory=list)
    lost_keys: list[bytes] = field(default_factory=list)


class Mended:
    """A mended file beside the broken one, which `put_in_place` makes take its place."""

    def __init__(self, path: str, temporary: str, keys: int, lost: str) -> None:
        self._path = path
        self._temporary = temporary
        self.keys = keys
        self.lost = lost

    def put_in_place(self) -> str:
        """Give the mended file the broken one's name; returns the name that the broken one has now. Raises OSError."""
        backup = _backup_name(self._path)
        try:
            os.link(self._path, backup)
        except OSError:
            # Not every file system has links.
            os.rename(self._path, backup)
        os.replace(self._temporary, self._path)
        descriptor = os.open(os.path.dirname(self._path) or ".", os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return backup

    def discard(self) -> None:
        """Remove the mended file, if it has not taken the other's place."""
        with suppress(OSError):
            os.unlink(self._temporary)


def _backup_name(path: str) -> str:
    """A name that no file has yet."""
    number = 1
    while True:
        name = f"{path}.broken" if number == 1 else f"{path}.broken-{number}"
        if not os.path.lexists(name):
            return name
        number += 1


def repair(path: str, error: RdbError) -> Mended:
    """Write what can be read of a file in which this error was found. Raises RepairError, OSError."""
    if error.record_at < HEADER_BYTES:
        raise RepairError("nothing of this file can be kept: it does not even begin as an RDB file")
    if not error.is_corrupt:
        raise RepairError("the file could not be read, which is no fault of its bytes")
    with open(path, "rb", buffering=0) as source:
        found = os.fstat(source.fileno())
        version = int(source.read(HEADER_BYTES)[5:])
        parts = _find_parts(source.fileno(), found.st_size, version, error)
        temporary = f"{path}.mended-{os.getpid()}"
        try:
            with open(temporary, "xb") as target:
                os.fchmod(target.fileno(), found.st_mode & 0o777)
                crc = 0
                for data in _pieces(source.fileno(), [*parts.ranges]):
                    crc = checksum(data, crc)
                    target.write(data)
                target.write(END)
                if version >= CHECKSUM_VERSION:
                    target.write(checksum(END, crc).to_bytes(8, "little"))
                target.flush()
                os.fsync(target.fileno())
            keys = _count(temporary)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
    return Mended(path, temporary, keys, _loss(parts, found.st_size, error))


def _loss(parts: _Parts, size: int, error: RdbError) -> str:
    if parts.lost_keys:
        named = ", ".join(repr(key)[1:] for key in parts.lost_keys[:10])
        more = f" and {len(parts.lost_keys) - 10} more" if len(parts.lost_keys) > 10 else ""
        return f"lost are the keys {named}{more}"
    if error.doing == "check-sum":
        return "the end is written anew, and nobody can tell whether a value is other than it was"
    return f"lost is what follows offset {parts.ranges[-1][1]}, {size - parts.ranges[-1][1]} bytes"


def _pieces(descriptor: int, ranges: list[tuple[int, int]]) -> Iterator[bytes]:
    """The bytes of these ranges of a file. Raises OSError."""
    for start, end in ranges:
        at = start
        while at < end:
            data = os.pread(descriptor, min(end - at, CHUNK_BYTES), at)
            if not data:
                raise RepairError("the file has become shorter meanwhile")
            yield data
            at += len(data)


def _find_parts(descriptor: int, size: int, version: int, error: RdbError) -> _Parts:
    """What to keep of a file in which this error was found."""
    parts = _Parts([(0, error.record_at)])
    at = error
    base = 0
    while at.doing == "read-object-value" and at.key is not None and len(parts.lost_keys) < LOST_MAX:
        parts.lost_keys.append(at.key)
        damaged = base + at.record_at
        behind = _end_of_record(descriptor, size, damaged)
        if behind is None:
            break
        base = behind
        file = _open(descriptor, size, base)
        try:
            file.read()
        except RdbError as another:
            at = another
            parts.ranges.append((base, base + another.record_at))
            continue
        parts.ranges.append((base, base + file.record_at))
        if base + file.offset + (8 if version >= CHECKSUM_VERSION else 0) == size:
            return parts
        break
    return _Parts([(0, error.record_at)])


def _open(descriptor: int, size: int, start: int) -> RdbFile:
    """A file to be read from here on, its values looked at, without a checksum at the end."""
    os.lseek(descriptor, start, os.SEEK_SET)
    file = RdbFile(descriptor, size - start, Keyspace(1), Listener(), checks_sum=False)
    file.keeps = False
    return file


def _end_of_record(descriptor: int, size: int, start: int) -> int | None:
    """Where the record ends that begins here, by its lengths alone; None where they can't be right."""
    file = _open(descriptor, size, start)
    file.passes_over = True
    try:
        file.read(1)
    except RdbError:
        return None
    return start + file.offset


def _count(path: str) -> int:
    """How many keys a mended file has. Raises RepairError where it is not in order."""
    with open(path, "rb", buffering=0) as file:
        rdb = RdbFile(file.fileno(), os.fstat(file.fileno()).st_size, Keyspace(1), Listener())
        rdb.keeps = False
        try:
            rdb.read_header()
            rdb.read()
        except RdbError as error:
            raise RepairError(f"what can be read of the file does not make one: {error}") from None
        return rdb.keys
