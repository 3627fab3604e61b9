"""Snapshots: when they are taken, by whom, and what became of them.

A snapshot is written to a temporary file beside the old one, flushed to disk, and takes the old one's name only then;
the directory is flushed after that. So whatever fails, and wherever the power goes, there is a whole file: the old one
or the new one.

SAVE writes in the server itself, BGSAVE and the `save` points in a child process.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from pyrite.core.child import Progress
from pyrite.core.memory import used_memory
from pyrite.persistence.child import Outcome
from pyrite.persistence.disk import sync_directory
from pyrite.types.snapshot import write_snapshot

if TYPE_CHECKING:
    from pyrite.server.server import Server

# After a failure the `save` points wait so long.
RETRY_S = 5
CHILD = "rdb"

_MISCONF = b"MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. "
REFUSAL = _MISCONF + (
    b"Commands that may modify the data set are disabled, because this instance is configured to report errors during "
    b"writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details "
    b"about the RDB error."
)
SCRIPT_REFUSAL = _MISCONF + b"Writable scripts are blocked. Use 'no-writes' flag for read only scripts."


def write(server: Server, descriptor: int, progress: Progress | None = None, *, is_aof_base: bool = False) -> int:
    """Write a snapshot of the server's data to a descriptor; returns its length in bytes.

    It is not flushed to disk. `is_aof_base`: the file is the base of an append-only file, and says so. Raises OSError.
    """
    config = server.config
    syncs = config.aof_rewrite_incremental_fsync if is_aof_base else config.rdb_save_incremental_fsync
    aux = [
        (b"redis-ver", server.redis_version.encode()),
        (b"redis-bits", b"64"),
        (b"ctime", b"%d" % time.time()),
        (b"used-mem", b"%d" % used_memory()),
        (b"aof-base", b"1" if is_aof_base else b"0"),
    ]
    return write_snapshot(
        server.keyspace,
        descriptor,
        server.rdb_version,
        aux,
        [library.code for library in server.functions.libraries.values()],
        progress,
        compress=server.rdb_compression,
        checksum=config.rdbchecksum,
        syncs=syncs,
        key_delay_us=config.rdb_key_save_delay,
    )


def save(server: Server, path: str, progress: Progress | None = None, *, keep_cache: bool = False) -> None:
    """Save the server's data in a file, in place of the one that has this name; says in the log what fails.

    `keep_cache`: the file is about to be read again. In a child `progress` is kept up to date. Raises OSError, and the
    old file is untouched then, but where only the flush of the directory failed.
    """
    temporary = temporary_name(os.getpid())
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    except OSError as error:
        server.log_warning(
            f"Failed opening the temp RDB file {temporary} (in server root dir {_directory()}) for saving: "
            f"{error.strerror}"
        )
        raise
    try:
        _fill(server, descriptor, progress, keep_cache=keep_cache)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    _put_in_place(server, temporary, path)
    server.log_notice("DB saved on disk")


def _fill(server: Server, descriptor: int, progress: Progress | None, *, keep_cache: bool) -> None:
    """Write the snapshot, flush it to disk and close it."""
    step = "write"
    try:
        try:
            write(server, descriptor, progress)
            step = "fsync"
            os.fsync(descriptor)
            if not keep_cache:
                # It will not be read soon, and the cache has better uses.
                with suppress(OSError):
                    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            if progress is not None and progress.orphaned():
                # Another server may have the directory by now, and newer data.
                raise ProcessLookupError(errno.ESRCH, "the server is gone")
            step = "close"
        finally:
            os.close(descriptor)
    except OSError as error:
        server.log_warning(f"Write error while saving DB to the disk({step}): {error.strerror}")
        raise


def _put_in_place(server: Server, temporary: str, path: str) -> None:
    """Give the file its name, and make that last."""
    try:
        os.rename(temporary, path)
    except OSError as error:
        server.log_warning(
            f"Error moving temp DB file {temporary} on the final destination {path} (in server root dir "
            f"{_directory()}): {error.strerror}"
        )
        with suppress(OSError):
            os.unlink(temporary)
        raise
    try:
        sync_directory(os.path.dirname(path) or ".")
    except OSError as error:
        server.log_warning(f"Failed to fsync directory while saving DB: {error.strerror}")
        raise


def temporary_name(pid: int) -> str:
    """What a process with this id writes its snapshot to."""
    return f"temp-{pid}.rdb"


def _absolute(name: str) -> str:
    """A file's path from everywhere, unless the working directory is gone."""
    try:
        return os.path.abspath(name)
    except OSError:
        return name


def _directory() -> str:
    """The working directory, for a log."""
    try:
        return os.getcwd()
    except OSError:
        return "unknown"


class Snapshots:
    """The snapshots of one server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._clean_changes = 0  # of `keyspace.dirty`: those that the last snapshot holds
        self._changes_at_fork = 0
        self._temporary = ""  # the file that the child writes
        self._unlinking: threading.Thread | None = None
        self._last_try_s = 0.0
        self.is_good = True  # the last one succeeded
        self.is_scheduled = False
        self.saves = 0
        self.saved_at_s = int(time.time())
        self.last_s = -1  # how long the last child took
        self.last_cow_bytes = 0

    @property
    def changes(self) -> int:
        """Changes since the last snapshot."""
        return self._server.keyspace.dirty - self._clean_changes

    @property
    def is_running(self) -> bool:
        """A child is writing one."""
        return self._server.children.running == CHILD

    def forget_changes(self) -> None:
        """The data are those of the append-only log, so a snapshot would keep nothing that is not kept already."""
        self._clean_changes = self._server.keyspace.dirty

    def note_saved(self) -> None:
        """The data are those of the snapshot on disk, which has just been written or loaded."""
        self._clean_changes = self._server.keyspace.dirty
        self.saved_at_s = int(time.time())
        self._note_result(good=True)

    def reset_statistics(self) -> None:
        """Start counting from zero."""
        self.saves = 0

    # In the server itself

    def save(self, *, keep_cache: bool = False) -> bool:
        """Save now, and wait for it; False where that failed, and the log says why."""
        try:
            save(self._server, self._server.config.dbfilename, keep_cache=keep_cache)
        except OSError:
            return False
        self.note_saved()
        return True

    # In a child

    def start(self) -> bool:
        """Save in a child process; False where there is one already, or none can be made, as the log says then."""
        server = self._server
        if server.children.running is not None:
            return False
        self.saves += 1
        self._last_try_s = time.time()
        self._changes_at_fork = server.keyspace.dirty
        path = server.config.dbfilename
        total = sum(db.keys_count() for db in server.keyspace.databases)
        try:
            pid = server.children.start(
                CHILD, lambda progress: save(server, path, progress), self._on_done, total=total
            )
        except OSError as error:
            self._note_result(good=False)
            server.log_warning(f"Can't save in background: fork: {error.strerror}")
            return False
        self._temporary = _absolute(temporary_name(pid))
        server.log_notice(f"Background saving started by pid {pid}")
        return True

    def _on_done(self, outcome: Outcome) -> None:
        server = self._server
        self.last_s = int(outcome.elapsed_s)
        if outcome.is_good:
            server.log_notice("Background saving terminated with success")
            self._clean_changes = self._changes_at_fork
            self.saved_at_s = int(time.time())
            self.last_cow_bytes = outcome.cow_bytes
            self._note_result(good=True)
            return
        if outcome.signal == 0:
            server.log_warning("Background saving error")
        else:
            server.log_warning(f"Background saving terminated by signal {outcome.signal}")
            self._remove_temporary()
        if not outcome.was_stopped:
            self._note_result(good=False)

    def _remove_temporary(self) -> None:
        """Remove what a killed child has left, in a thread: it can be large, and then that takes seconds."""
        self._unlinking = threading.Thread(target=_unlink, args=(self._temporary,), daemon=True)
        self._unlinking.start()

    def close(self) -> None:
        """Wait until nothing is left to remove."""
        if self._unlinking is not None:
            self._unlinking.join()

    # When

    def cron(self) -> None:
        """Save if a `save` point is reached, or BGSAVE has asked for it while another child was running."""
        server = self._server
        if server.children.running is not None:
            return
        now = time.time()
        waits = not self.is_good and now - self._last_try_s <= RETRY_S
        if waits:
            return
        for point in server.config.save:
            if self.changes >= point.changes and int(now) - self.saved_at_s > point.seconds:
                server.log_notice(f"{point.changes} changes in {point.seconds} seconds. Saving...")
                self.start()
                return
        if self.is_scheduled and self.start():
            self.is_scheduled = False

    def after_flush(self) -> None:
        """All data were deleted: no child may bring them back, and the file on disk must not either."""
        if self.is_running:
            self._server.children.kill()
        if self._server.config.save:
            self.save()

    # When it fails

    def _note_result(self, *, good: bool) -> None:
        self.is_good = good
        self.refuse_writes()

    def refuse_writes(self) -> None:
        """Refuse writes while the last snapshot failed, if they are wanted and so configured; else accept them."""
        config = self._server.config
        refuses = not self.is_good and config.stop_writes_on_bgsave_error and bool(config.save)
        self._server.note_disk_error("rdb", (REFUSAL, SCRIPT_REFUSAL) if refuses else None)


def _unlink(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)
