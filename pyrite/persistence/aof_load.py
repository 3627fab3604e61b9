"""Loading the append-only log: its files in their order, each a snapshot, commands, or one followed by the other.

A file that ends in the midst of a command was cut by a crash. Where it is the last one and aof-load-truncated allows
it, it is cut back to the last whole command, or transaction, and the server starts; all else ends the start with one
line that says what to do.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyrite.engine.replay import Replay, ReplayError, UnknownCommandError
from pyrite.persistence.aof_format import is_cut_off
from pyrite.persistence.loading import LoadError
from pyrite.persistence.manifest import LogFile, Manifest
from pyrite.persistence.rdb_load import load_rdb

if TYPE_CHECKING:
    from pyrite.persistence.loading import Loading
    from pyrite.server.server import Server

SNAPSHOT_MAGIC = b"REDIS"
WINDOW_BYTES = 1 << 20
SLICE_BYTES = 256 * 1024  # of a window, between two looks at the clients


@dataclass
class LoadedLog:
    """What a load found."""

    base_bytes: int = 0
    bytes: int = 0
    truncated: bool = False


def load_log(server: Server, directory: str, manifest: Manifest) -> LoadedLog:
    """Load the files of a log into the empty keyspace. Raises LoadError, LoadingStopped."""
    files = manifest.files
    sizes = [_size_of(os.path.join(directory, file.name), file) for file in files]
    found = LoadedLog(bytes=sum(sizes))
    with server.loading_from(found.bytes) as progress:
        try:
            for file, size in zip(files, sizes, strict=True):
                started = time.monotonic()
                path = os.path.join(directory, file.name)
                is_last = file is files[-1]
                kept = _load_file(server, progress, path, size, is_last=is_last)
                if kept < size:
                    found.truncated = True
                    found.bytes -= size - kept
                if file is manifest.base:
                    found.base_bytes = kept
                kind = "base" if file is manifest.base else "incr"
                server.log_notice(f"DB loaded from {kind} file {file.name}: {time.monotonic() - started:.3f} seconds")
                progress.file_done(size)
        finally:
            server.refresh_clock()
    return found


def _size_of(path: str, file: LogFile) -> int:
    try:
        return os.stat(path).st_size
    except OSError as error:
        raise LoadError(
            f"Fatal error: can't open the append log file {file.name} for reading: {error.strerror}. It is named by "
            f"the manifest in {os.path.dirname(path)}: restore it from a backup"
        ) from None


def _load_file(server: Server, progress: Loading, path: str, size: int, *, is_last: bool) -> int:
    """Load one file; returns how many of its bytes it was cut back to, or has. Raises LoadError, LoadingStopped."""
    name = os.path.basename(path)
    start = 0
    try:
        with open(path, "rb") as file:
            if file.read(len(SNAPSHOT_MAGIC)) == SNAPSHOT_MAGIC:
                server.log_notice("Reading RDB base file on AOF loading...")
                start = load_rdb(server, path, is_aof_base=True).bytes
                if start < size:
                    server.log_notice("Reading the remaining AOF tail...")
            file.seek(start)
            return _Commands(server, progress, name, size, start).load(file.fileno(), is_last=is_last)
    except OSError as error:
        raise LoadError(f"Unrecoverable error reading the append only file {name}: {error.strerror}") from None


class _Commands:
    """The commands of one file, and where they end."""

    def __init__(self, server: Server, progress: Loading, name: str, size: int, start: int) -> None:
        self._server = server
        self._progress = progress
        self._name = name
        self._size = size
        self._start = start
        self._replay = Replay(server, start)

    def load(self, descriptor: int, *, is_last: bool) -> int:
        """Run the commands; returns where the file ends by now. Raises LoadError, OSError."""
        # Nothing expires but by the log's own commands; see `Keyspace.now_ms`.
        self._server.keyspace.now_ms = 0
        base = self._start
        data = os.pread(descriptor, WINDOW_BYTES, base)
        window = WINDOW_BYTES
        while base < self._size:
            used = self._run(data, base)
            base += used
            if used:
                data = data[used:]
                window = WINDOW_BYTES
            elif base + len(data) >= self._size:
                break
            else:
                # One command is longer than what was read.
                window *= 2
            if len(data) < window:
                data += os.pread(descriptor, window - len(data), base + len(data))
            if not data:
                break
            self._progress.at(base)
        if self._replay.in_transaction:
            self._server.log_warning("Revert incomplete MULTI/EXEC transaction from AOF file")
            return self._cut_back(descriptor, self._replay.whole, is_last=is_last)
        if base < self._size:
            if not is_cut_off(data):
                raise LoadError(self._bad_format(base))
            return self._cut_back(descriptor, self._replay.whole, is_last=is_last)
        return self._size

    def _run(self, data: bytes, base: int) -> int:
        try:
            return self._replay.run(data, base, self._size - base, SLICE_BYTES)
        except ReplayError as error:
            if is_cut_off(data[error.at - base :]) and base + len(data) >= self._size:
                return error.at - base
            if isinstance(error, UnknownCommandError):
                raise LoadError(f"{error} reading the append only file {self._name}, at byte {error.at}") from None
            raise LoadError(self._bad_format(error.at)) from None

    def _bad_format(self, at: int) -> str:
        return (
            f"Bad file format reading the append only file {self._name}, at byte {at}: make a backup of your AOF file, "
            f"then use pyrite-check-aof --fix <filename.manifest>"
        )

    def _cut_back(self, descriptor: int, end: int, *, is_last: bool) -> int:
        """The file ends too early: cut off what is not whole, if that is allowed. Raises LoadError."""
        name = self._name
        if not self._server.config.aof_load_truncated:
            raise LoadError(
                f"Unexpected end of file reading the append only file {name}. You can: 1) Make a backup of your AOF "
                f"file, then use pyrite-check-aof --fix <filename.manifest>. 2) Alternatively you can set the "
                f"'aof-load-truncated' configuration option to yes and restart the server"
            )
        if not is_last:
            raise LoadError(f"Fatal error: the truncated file is not the last file: {name} ends at byte {end}")
        self._server.log_warning(f"!!! Warning: short read while loading the AOF file {name}!!!")
        self._server.log_warning(
            f"AOF loaded anyway because aof-load-truncated is enabled: cutting {name} at byte {end}"
        )
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        try:
            os.truncate(path, end)
        except OSError as error:
            raise LoadError(f"Error truncating the AOF file {name}: {error.strerror}") from None
        return end
