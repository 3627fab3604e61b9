"""Loading of RDB files into a server, what the log says of it, and what happens when one can't be loaded."""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass
from io import FileIO
from typing import TYPE_CHECKING

from pyrite.core.errors import CommandError
from pyrite.core.text import shown
from pyrite.persistence.loading import LoadError, LoadingStopped
from pyrite.types.rdb_file import TYPE_NAMES, Listener, RdbError, RdbFile

if TYPE_CHECKING:
    from pyrite.server.server import Server

FAILED = "Fatal error loading the DB, check server logs. Exiting."
TERMINATING = "Terminating server after rdb file reading failure."


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file brought: bytes read, keys that are there now, keys that had expired and were dropped."""

    bytes: int
    keys: int
    expired: int


def _number(data: bytes) -> int:
    """What a field says where it is a number, else 0."""
    digits = data.strip()
    return int(digits) if digits.removeprefix(b"-").isdigit() and len(digits) < 20 else 0


class _Listener(Listener):
    """What a file tells while it is loaded. `start` is how many bytes of the file were read before."""

    file: RdbFile  # set once it is there
    refused_library = False

    def __init__(self, server: Server, start: int, *, replaces: bool) -> None:
        self._server = server
        self._start = start
        self.replaces = replaces

    def progress(self, done: int) -> None:
        self._server.loader.at(self._start + done)

    def aux(self, name: bytes, value: bytes) -> None:
        say = self._server.log_notice
        known = name.lower()
        if name.startswith(b"%"):
            say(f"RDB '{shown(name)}': {shown(value)}")
        elif known == b"redis-ver":
            say(f"Loading RDB produced by version {shown(value)}")
        elif known == b"ctime":
            say(f"RDB age {max(int(time.time()) - _number(value), 0)} seconds")
        elif known == b"used-mem":
            say(f"RDB memory usage when created {_number(value) / 1024**2:.2f} Mb")
            self._server.loader.rdb_used_mem = max(_number(value), 0)
        elif known == b"aof-preamble" and _number(value):
            say("RDB has an AOF tail")
        elif known == b"aof-base" and _number(value):
            say("RDB is base AOF")
        elif known not in IGNORED_FIELDS:
            self._server.log_debug(f"Unrecognized RDB AUX field: '{shown(name)}'")

    def function(self, code: bytes) -> None:
        try:
            self._server.functions.load_saved(code, replace=self.replaces)
        except CommandError as error:
            self.refused_library = True
            reason = shown(error.wire.removeprefix(b"ERR "))
            raise self.file.error(f"Failed loading library, {reason}") from None

    def module_aux(self, name: str) -> None:
        raise self.file.error(
            f"The RDB file contains AUX module data I can't load: no matching module '{name}'", corrupt=False
        )

    def empty_key(self, key: bytes) -> None:
        self._server.log_notice(f"rdbLoadObject skipping empty key: {_key(self._server, key)}")

    def has_no_checksum(self) -> None:
        self._server.log_notice("RDB file was saved with checksum disabled: no check performed.")


# Fields that need no word: `lua` were scripts of before Redis 7, the others are of the same meaning for every reader
# or wait for replication.
IGNORED_FIELDS = frozenset(
    (b"redis-bits", b"lua", b"aof-preamble", b"aof-base", b"repl-stream-db", b"repl-id", b"repl-offset")
)


def _key(server: Server, key: bytes) -> str:
    return "*redacted*" if server.config.hide_user_data_from_log else shown(key)


class RdbLoad:
    """A file that is about to be loaded: open, and its header found good.

    Raises OSError where it can't be opened, LoadError where it is no RDB file, or one of a newer version.
    """

    def __init__(self, server: Server, path: str, offset: int = 0) -> None:
        self._server = server
        self.path = path
        self._file = FileIO(path)
        try:
            self._start(offset)
        except BaseException:
            self._file.close()
            raise

    def _start(self, offset: int) -> None:
        server = self._server
        found = os.fstat(self._file.fileno())
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(21, os.strerror(21), self.path)
        self.size_bytes = max(found.st_size - offset, 0) if stat.S_ISREG(found.st_mode) else -1
        if self.size_bytes >= 0:
            self._file.seek(offset)
            os.posix_fadvise(self._file.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
        self._listener = _Listener(server, offset, replaces=False)
        self._rdb = RdbFile(
            self._file.fileno(),
            self.size_bytes,
            server.keyspace,
            self._listener,
            interval=server.loader.interval_bytes,
            checks_sum=server.config.rdbchecksum and not server.skips_checksums,
        )
        self._rdb.delay_us = server.config.key_load_delay
        self._listener.file = self._rdb
        try:
            self._rdb.read_header()
        except RdbError as error:
            raise LoadError(self.describe(error)) from None

    def close(self) -> None:
        """Close the file, and let the system forget what it has cached of it: nobody reads it twice."""
        if self.size_bytes >= 0:
            os.posix_fadvise(self._file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        self._file.close()

    def read(self, *, is_aof_base: bool = False, replaces: bool = False) -> Loaded:
        """Load the file into the databases, as part of a load under way. Raises LoadError, LoadingStopped."""
        rdb = self._rdb
        server = self._server
        server.refresh_clock()
        server.keyspace.update_clock()
        # What an append-only file goes on with was written for the keys as they were.
        rdb.drops_expired = not is_aof_base
        rdb.replaces = self._listener.replaces = replaces
        try:
            rdb.read()
        except RdbError as error:
            raise LoadError(self.describe(error)) from None
        finally:
            server.loader.keys_loaded = rdb.loaded
            server.loader.keys_expired = rdb.expired
        skipped = f", empty keys skipped: {rdb.empty}" if rdb.empty else ""
        server.log_notice(f"Done loading RDB, keys loaded: {rdb.loaded}, keys expired: {rdb.expired}{skipped}.")
        return Loaded(rdb.offset, rdb.loaded, rdb.expired)

    @property
    def refused_library(self) -> bool:
        """Whether reading ended because the server did not take a library of functions."""
        return self._listener.refused_library

    def describe(self, error: RdbError) -> str:
        """What is wrong with the file, where, and what to do, in one line."""
        where = f"offset {error.offset}"
        if error.key is not None:
            where += f", key '{_key(self._server, error.key)}'"
        if 0 <= error.type < len(TYPE_NAMES):
            where += f" ({TYPE_NAMES[error.type]})"
        path = os.path.abspath(self.path)
        reason = str(error).rstrip(".")
        if error.is_corrupt:
            advice = "pyrite-check-rdb shows what it holds, and saves with --fix what can be read of it"
        else:
            advice = "The file itself may be in order"
        return f"Can't load the RDB file {path}: {where}: {reason}. {advice}."


def load_rdb(
    server: Server, path: str, offset: int = 0, *, is_aof_base: bool = False, replaces: bool = False
) -> Loaded:
    """Load an RDB file, or the part of a file that begins at this offset and ends where the RDB data says.

    Within `loading_from` it is a part of that load, otherwise one of its own. Expired keys are dropped, but not from
    the base of an append-only file. Keys that are there already are an error, or with `replaces` overwritten. Raises
    OSError where the file can't be opened, LoadError, LoadingStopped.
    """
    file = RdbLoad(server, path, offset)
    try:
        if server.loader.active:
            return file.read(is_aof_base=is_aof_base, replaces=replaces)
        with server.loading_from(max(file.size_bytes, 0)):
            return file.read(is_aof_base=is_aof_base, replaces=replaces)
    finally:
        file.close()


def load_at_start(server: Server) -> bool:
    """Load the snapshot, if there is one; False where the server has to end, as its exit status and log say."""
    started_ns = time.monotonic_ns()
    path = server.config.dbfilename
    try:
        file = RdbLoad(server, path)
    except FileNotFoundError:
        return True
    except OSError as error:
        server.log_warning(f"Fatal error: can't open the RDB file {path} for reading: {error.strerror}")
        return _give_up(server, FAILED)
    except LoadError as error:
        server.log_warning(str(error))
        return _give_up(server, FAILED)
    try:
        with server.loading_from(max(file.size_bytes, 0)):
            file.read()
    except LoadingStopped:
        return False
    except LoadError as error:
        server.log_warning(str(error))
        return _give_up(server, TERMINATING)
    finally:
        file.close()
    server.log_notice(f"DB loaded from disk: {(time.monotonic_ns() - started_ns) / 1e9:.3f} seconds")
    return True


def _give_up(server: Server, message: str) -> bool:
    server.log_warning(message)
    server.fail()
    return False


def reload(server: Server, *, flushes: bool, replaces: bool) -> bool:
    """DEBUG RELOAD: load the snapshot, by default instead of all that there is; False where there is none to load.

    A file that turns out to be broken in its midst ends the server, as a start with it would: what is there then is no
    data set. Not so where nothing was flushed and a library could not be loaded, say because it is there already.
    """
    try:
        file = RdbLoad(server, server.config.dbfilename)
    except (OSError, LoadError) as error:
        server.log_warning(f"DEBUG RELOAD: {error}")
        return False
    try:
        with server.loading_from(max(file.size_bytes, 0)):
            if flushes:
                for db in server.keyspace.databases:
                    db.flush(lazy=False)
                server.functions.flush()
            file.read(replaces=replaces)
    except LoadingStopped:
        return False
    except LoadError as error:
        server.log_warning(str(error))
        if file.refused_library and not flushes:
            server.loader.end()
            return False
        return _give_up(server, TERMINATING)
    finally:
        file.close()
    server.snapshots.note_saved()
    server.log_notice("DB reloaded by DEBUG RELOAD")
    return True
