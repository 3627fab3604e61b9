"""The end of the append-only log: what waits is appended to the last increment, and flushed to disk.

At the end of each turn, before any reply is sent, `flush` appends the buffer of `engine.propagation`; appendfsync says
when that is flushed to disk. `always`: before the replies are sent, once for all of them. `everysec`: in a thread, once
a second; where the disk is so slow that a flush is still under way, writing waits for it up to two seconds, as it would
block.
"""

from __future__ import annotations

import errno
import os
import time
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from pyrite.persistence.syncer import Syncer
    from pyrite.server.server import Server

POSTPONE_S = 2.0
ERROR_LOG_S = 30.0


class AofWriter:
    """The increment that is open, if one is. Sizes are bytes, times seconds of the monotonic clock."""

    def __init__(self, server: Server, syncer: Syncer) -> None:
        self._server = server
        self.syncer = syncer
        self._fd = -1
        self._file_bytes = 0
        self._postponed_at: float | None = None
        self._synced_at = 0.0
        self._logged_error_at = float("-inf")
        self._error: OSError | None = None
        self._refuses = False  # writes, because of an error
        self.flush_delay_us = 0  # DEBUG AOF-FLUSH-SLEEP
        self.delayed_syncs = 0
        self.write_ns = 0  # spent in writing, since the start

    # The file

    @property
    def is_open(self) -> bool:
        """There is a file to append to."""
        return self._fd >= 0

    def use(self, fd: int) -> None:
        """Append to this file from now on; the one before is flushed to disk and closed in the background."""
        old, self._fd = self._fd, fd
        self._file_bytes = os.fstat(fd).st_size
        self._server.propagation.begin_file()
        if old >= 0:
            self.syncer.sync_and_close(old)
        self._postponed_at = None

    def sync_and_close(self) -> None:
        """Close the file once all that was written is on disk. Raises OSError where it may not be, after closing."""
        if not self.is_open:
            return
        self.syncer.wait()
        try:
            os.fdatasync(self._fd)
        finally:
            self.drop()

    def drop(self) -> None:
        """Close the file as it is."""
        if self.is_open:
            os.close(self._fd)
            self._fd = -1

    def forget(self) -> None:
        """What was wrong with the disk is nothing to a log that is off, or that begins."""
        self._error = self.syncer.error = None
        self._synced_at = 0.0
        self._check_disk()

    # Writing

    def flush(self, *, force: bool = False) -> int:
        """Append what waits, and flush it to disk as appendfsync says; returns by how much the file has grown."""
        server = self._server
        propagation = server.propagation
        waiting = propagation.waiting_bytes
        if not waiting or not self.is_open:
            return 0
        policy = server.config.appendfsync
        if policy == "everysec" and not force and self._waits_for_disk():
            return 0
        self._postponed_at = None
        if self.flush_delay_us:
            time.sleep(self.flush_delay_us / 1e6)
        written, error = 0, None
        started_ns = time.monotonic_ns()
        try:
            written = propagation.append(self._fd)
        except OSError as problem:
            error = problem
        self._note_write(time.monotonic_ns() - started_ns)
        if written < waiting:
            written = self._fail(written, waiting, error, policy)
        elif self._error is not None:
            server.log_warning("AOF write error looks solved, the server can write again.")
            self._error = None
            self._check_disk()
        propagation.written(written)
        self._file_bytes += written
        self._sync(policy)
        return written

    def _note_write(self, ns: int) -> None:
        """Note how long writing took, and beside what."""
        self.write_ns += ns
        latency_ms = ns // 1_000_000
        if not latency_ms:
            return
        server = self._server
        beside = b"alone"
        if self.syncer.pending:
            beside = b"pending-fsync"
        elif server.children.running is not None:
            beside = b"active-child"
        server.latency.add(b"aof-write-" + beside, latency_ms)
        server.latency.add(b"aof-write", latency_ms)

    def _waits_for_disk(self) -> bool:
        """Tell whether writing has to wait for a flush that is under way."""
        if not self.syncer.pending:
            return False
        now = time.monotonic()
        if self._postponed_at is None:
            self._postponed_at = now
            return True
        if now - self._postponed_at < POSTPONE_S:
            return True
        self.delayed_syncs += 1
        self._server.log_notice(
            "Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer without waiting for "
            "fsync to complete, this may slow down the server."
        )
        return False

    def _fail(self, written: int, waiting: int, error: OSError | None, policy: str) -> int:
        """Not all could be written: take back what was, or keep it; returns the bytes that stay in the file."""
        server = self._server
        error = error or OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        now = time.monotonic()
        if now - self._logged_error_at >= ERROR_LOG_S:
            self._logged_error_at = now
            server.log_warning(
                f"Error writing to the AOF file: {error.strerror} ({written} of {waiting} bytes written)"
            )
        if written:
            try:
                os.ftruncate(self._fd, self._file_bytes)
                written = 0
            except OSError as problem:
                server.log_warning(
                    f"Could not remove short write from the append-only file: {problem.strerror}. The server may "
                    f"refuse to load the AOF the next time it starts."
                )
        if policy == "always":
            self._die("Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...")
        self._error = error
        self._check_disk()
        return written

    def _die(self, text: str) -> NoReturn:
        """Nobody may be told that something is on disk which is not."""
        self._server.log_warning(text)
        os._exit(1)

    def _check_disk(self) -> None:
        """Refuse writes while the log can't be written, and only then."""
        problem = self.problem
        reason = None if problem is None else os.fsencode(problem.strerror or str(problem))
        text = None if reason is None else b"MISCONF Errors writing to the AOF file: " + reason
        self._refuses = text is not None
        self._server.note_disk_error("aof", None if text is None else (text, text))

    @property
    def problem(self) -> OSError | None:
        """Why the log can't be written; None where it can."""
        return self._error or self.syncer.error

    def _sync(self, policy: str) -> None:
        """Flush what was written to disk, if the policy says now."""
        server = self._server
        if server.config.no_appendfsync_on_rewrite and server.children.running is not None:
            return
        now = time.monotonic()
        if policy == "always":
            started_ns = time.monotonic_ns()
            try:
                os.fdatasync(self._fd)
            except OSError as error:
                self._die(
                    f"Can't persist AOF for fsync error when the AOF fsync policy is 'always': {error.strerror}. "
                    f"Exiting..."
                )
            server.latency.add(b"aof-fsync-always", (time.monotonic_ns() - started_ns) // 1_000_000)
            self.syncer.synced_bytes = self._file_bytes
            self._synced_at = now
        elif policy == "everysec" and now - self._synced_at >= 1.0 and not self.syncer.pending:
            self._synced_at = now
            self.syncer.sync(self._fd, self._file_bytes)

    @property
    def buffered_bytes(self) -> int:
        """Bytes that wait to be written."""
        return self._server.propagation.waiting_bytes

    def cron(self) -> None:
        """Flush to disk what is due, and see whether the disk takes it."""
        if self._file_bytes != self.syncer.synced_bytes and self._server.config.appendfsync != "no":
            # With `always` too: no-appendfsync-on-rewrite, or another policy until now, may have left something.
            self._sync("everysec")
        if (self.problem is not None) != self._refuses:
            self._check_disk()
