"""The append-only log: every change of the dataset, on disk before its client is told, and rewritten when it grows.

`engine.propagation` writes the commands into a buffer, which `aof_writer` appends to the last increment.

A rewrite begins a new increment and has a child write a new base. When that is done, one replaced manifest makes them
the log, and what was there before is history.
"""

from __future__ import annotations

import errno
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from pyrite.core.errors import CommandError
from pyrite.persistence import aof_files
from pyrite.persistence.aof_base import temporary_base, write_base
from pyrite.persistence.aof_load import LoadedLog, load_log
from pyrite.persistence.aof_writer import AofWriter
from pyrite.persistence.loading import LoadError, LoadingStopped
from pyrite.persistence.manifest import Manifest, NotFlushedError
from pyrite.persistence.syncer import Syncer

if TYPE_CHECKING:
    from pyrite.core.child import Progress
    from pyrite.persistence.child import Outcome
    from pyrite.server.server import Server

CHILD = "aof"
OFF, ON, STARTING = "off", "on", "starting"  # starting: the first base is being written
FAILURES_UNLIMITED = 3  # rewrites that may fail in a row before the next one has to wait
DELAY_S = 60
DELAY_MAX_S = 3600


class Aof:
    """The log of one server. Sizes are bytes, times seconds of the monotonic clock."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.state = OFF
        self.manifest = Manifest()
        self.syncer = Syncer()
        self.writer = AofWriter(server, self.syncer)
        self.size_bytes = 0  # of all files together
        self.base_bytes = 0  # the size after the last rewrite
        self._is_open = False  # the start is over, so that a change of the configuration acts at once
        # Rewrites
        self.rewrite_scheduled = False
        self.rewrites = 0
        self.failures = 0  # in a row
        self.last_rewrite_good = True
        self.last_rewrite_s = -1
        self.last_cow_bytes = 0
        self._next_try_at = 0.0
        self._turns = 0  # how often it was turned on or off, or loaded again

    # Names

    @property
    def directory(self) -> str:
        """Where the files are."""
        return os.path.abspath(self._server.config.appenddirname)

    @property
    def name(self) -> str:
        """What the files' names begin with."""
        return self._server.config.appendfilename

    # At the start

    def start(self) -> bool:
        """Load the log and go on with it; False where the server has to end, and has logged why."""
        server = self._server
        try:
            self.load()
            self.open()
        except LoadingStopped:
            return False
        except LoadError as error:
            server.log_warning(str(error))
        except OSError as error:
            server.log_warning(f"Can't open the append-only file in {self.directory}: {error.strerror}")
        else:
            return True
        server.fail()
        return False

    def load(self) -> LoadedLog | None:
        """Load the log into the empty keyspace; None where there is none. Raises LoadError, LoadingStopped."""
        self.manifest = aof_files.find(self._server, self.directory, self.name)
        if self.manifest.is_empty:
            return None
        started = time.monotonic()
        found = load_log(self._server, self.directory, self.manifest)
        self.size_bytes, self.base_bytes = found.bytes, found.base_bytes
        self._server.log_notice(f"DB loaded from append only file: {time.monotonic() - started:.3f} seconds")
        return found

    def reload(self) -> bool:
        """Drop the dataset and load the log again; False where that failed, and the server ends, or there is none."""
        server = self._server
        if self.state == ON:
            self.flush(force=True)
        if self.manifest.is_empty:
            server.log_warning("There is no append-only file to load")
            return False
        if self.state == STARTING:
            # What a child writes of it now is not what there will be.
            self._turns += 1
            if self.is_rewriting:
                server.children.kill()
            self._start_over()
        server.propagation.stop_log()
        for db in server.keyspace.databases:
            db.flush(lazy=False)
        server.functions.flush()
        try:
            load_log(server, self.directory, self.manifest)
        except LoadingStopped:
            return False
        except LoadError as error:
            # What is there now is no dataset.
            server.log_warning(str(error))
            server.fail()
            return False
        if self.state == ON:
            server.propagation.start_log()
        server.snapshots.forget_changes()
        return True

    def look(self) -> None:
        """Learn which files there are, where the log is off. Raises LoadError."""
        self.manifest = aof_files.find(self._server, self.directory, self.name, migrate=False)
        self._is_open = True

    def open(self) -> None:
        """Go on with the log, or begin it. Raises OSError."""
        server = self._server
        manifest = self.manifest
        os.makedirs(self.directory, exist_ok=True)
        if manifest.is_empty:
            manifest = manifest.with_base(self.name, is_rdb=server.config.aof_use_rdb_preamble)
            base = manifest.files[0].name
            server.log_notice(f"Creating AOF base file {base} on server start")
            self._write_base_now(os.path.join(self.directory, base))
        if manifest.increments:
            server.log_notice(f"Opening AOF incr file {manifest.increments[-1].name} on server start")
        else:
            manifest = manifest.with_increment(self.name)
            server.log_notice(f"Creating AOF incr file {manifest.increments[-1].name} on server start")
        fd = aof_files.open_increment(os.path.join(self.directory, manifest.increments[-1].name))
        try:
            if manifest != self.manifest:
                aof_files.save(self.directory, self.name, manifest)
        except OSError:
            os.close(fd)
            raise
        self.manifest = manifest
        self.writer.use(fd)
        self._measure()
        self.state = ON
        self._is_open = True
        server.propagation.start_log()
        self._remove_history()

    def _write_base_now(self, path: str) -> None:
        temporary = f"temp-rewriteaof-{os.getpid()}.aof"
        try:
            write_base(self._server, temporary, None, is_rdb=self._server.config.aof_use_rdb_preamble)
            os.rename(temporary, path)
        except OSError:
            with suppress(OSError):
                os.unlink(temporary)
            raise

    def _measure(self) -> None:
        """Learn how large the log is, as after a rewrite."""
        sizes = [aof_files.size_of(os.path.join(self.directory, file.name)) for file in self.manifest.files]
        self.size_bytes = sum(sizes)
        if self.manifest.base is not None:
            self.base_bytes = sizes[0]

    # Writing

    def flush(self, *, force: bool = False) -> None:
        """Append what waits, and flush it to disk as appendfsync says."""
        self.size_bytes += self.writer.flush(force=force)

    # What time brings

    def cron(self) -> None:
        """Do what is due."""
        server = self._server
        if self.writer.is_open:
            self.flush()
            self.writer.cron()
        if server.children.running is not None:
            return
        if self.rewrite_scheduled and not self._must_wait():
            self.rewrite()
        elif self.state == ON:
            self._rewrite_if_grown()

    def _rewrite_if_grown(self) -> None:
        config = self._server.config
        percentage = config.auto_aof_rewrite_percentage
        if not percentage or self.size_bytes <= config.auto_aof_rewrite_min_size or self._must_wait():
            return
        growth = self.size_bytes * 100 // (self.base_bytes or 1) - 100
        if growth >= percentage:
            self._server.log_notice(f"Starting automatic rewriting of AOF on {growth}% growth")
            self.rewrite()

    def _must_wait(self) -> bool:
        """Tell whether too many rewrites have failed lately: each leaves one more increment behind."""
        if self.failures < FAILURES_UNLIMITED:
            self._next_try_at = 0.0
            return False
        now = time.monotonic()
        if not self._next_try_at:
            delay = min(DELAY_S * 2 ** (self.failures - FAILURES_UNLIMITED), DELAY_MAX_S)
            self._next_try_at = now + delay
            self._server.log_warning(
                f"Background AOF rewrite has repeatedly failed and triggered the limit, will retry in {delay // 60} "
                f"minutes"
            )
        if now < self._next_try_at:
            return True
        self._next_try_at = 0.0
        return False

    # Turning it on and off

    @property
    def is_on(self) -> bool:
        """There is a log, or there will be one when its first base is written."""
        return self.state != OFF

    @property
    def is_starting(self) -> bool:
        """The first base is being written."""
        return self.state == STARTING

    @property
    def is_rewriting(self) -> bool:
        """A child writes the log anew."""
        return self._server.children.running == CHILD

    def configure(self, *, on: bool) -> None:
        """Turn it on or off, once the server has started, or remove history by what is configured. Raises OSError."""
        if not self._is_open:
            return
        if on == self.is_on:
            self._remove_history()
            return
        if on:
            self.turn_on()
        else:
            self.turn_off()

    def turn_on(self) -> None:
        """Begin a log, whose first base a child writes. Raises OSError where that can't even begin."""
        server = self._server
        self._turns += 1
        if self.is_rewriting:
            server.log_notice(
                "AOF was enabled but there is already an AOF rewriting in background. Stopping background AOF and "
                "starting a rewrite now."
            )
            server.children.kill()
        self.state = STARTING
        self.writer.forget()
        if server.children.running is not None or server.propagation.in_transaction:
            self.rewrite_scheduled = True
            server.log_notice(
                "AOF was enabled but there is already another background operation. An AOF background was scheduled to "
                "start when possible."
            )
        elif not self.rewrite():
            self.state = OFF
            self.rewrite_scheduled = False
            server.log_warning(
                "The AOF can't be enabled, because its first file can't be written in the background. Check the above "
                "logs for more info about the error."
            )
            raise OSError("Unable to turn on AOF. Check server logs.")

    def turn_off(self) -> None:
        """End the log: what was written stays on disk."""
        server = self._server
        starting = self.state == STARTING
        self._turns += 1
        self.flush(force=True)
        with suppress(OSError):
            self.writer.sync_and_close()
        self.writer.forget()
        server.propagation.stop_log()
        self.state = OFF
        self.rewrite_scheduled = False
        if self.is_rewriting:
            server.log_notice(f"Killing running AOF rewrite child: {server.children.pid}")
            server.children.kill()
        if starting:
            self._remove_temporary_increment()

    def close(self) -> None:
        """The server ends: all that was written down is on disk when this returns."""
        if self.writer.is_open:
            self._server.log_notice("Calling fsync() on the AOF file.")
            self.flush(force=True)
            try:
                self.writer.sync_and_close()
            except OSError as error:
                self._server.log_warning(f"Fail to fsync the AOF file: {error.strerror}. Try to shut down anyway.")
        self.syncer.stop()

    # Rewriting

    def request_rewrite(self) -> bytes:
        """What BGREWRITEAOF asks for: rewrite now, or when that can be done; returns the reply. Raises CommandError."""
        server = self._server
        if self.is_rewriting:
            raise CommandError(b"ERR Background append only file rewriting already in progress")
        if server.children.running is not None or server.propagation.in_transaction:
            self.rewrite_scheduled = True
            # Who asks need not wait as long as the server itself would.
            self.failures = 0
            return b"Background append only file rewriting scheduled"
        if self.rewrite():
            return b"Background append only file rewriting started"
        raise CommandError(
            b"ERR Can't execute an AOF background rewriting. Please check the server logs for more information."
        )

    def rewrite(self) -> bool:
        """Have a child write the log anew; False where that can't begin, which is logged."""
        server = self._server
        self.rewrite_scheduled = False
        is_rdb = server.config.aof_use_rdb_preamble
        try:
            os.makedirs(self.directory, exist_ok=True)
            if self.state != OFF:
                self._begin_increment()

            def job(progress: Progress) -> None:
                write_base(server, temporary_base(os.getpid()), progress, is_rdb=is_rdb)

            total = sum(db.keys_count() for db in server.keyspace.databases)
            turns = self._turns
            pid = server.children.start(
                CHILD, job, lambda outcome: self._done(outcome, is_rdb=is_rdb, turns=turns), total=total
            )
        except OSError as error:
            self._note_failure()
            server.log_warning(f"Can't rewrite append only file in background: {error.strerror}")
            if self.state == STARTING:
                self._start_over()
            return False
        server.log_notice(f"Background append only file rewriting started by pid {pid}")
        return True

    @property
    def _temporary_increment(self) -> str:
        return os.path.join(self.directory, f"temp_{self.name}.incr")

    def _begin_increment(self) -> None:
        """What happens from now on goes to a new file. Raises OSError."""
        server = self._server
        self.flush(force=True)
        if self.state == ON and self.writer.buffered_bytes:
            # The new base will hold what they did; behind it they would do it once more.
            raise self.writer.problem or OSError(errno.EIO, os.strerror(errno.EIO))
        if self.state == STARTING:
            self.syncer.wait()
            self.writer.use(aof_files.open_increment(self._temporary_increment, anew=True))
            name = os.path.basename(self._temporary_increment)
            server.log_notice(f"Creating AOF incr file {name} on background rewrite")
            if not server.propagation.on:
                server.propagation.start_log()
            return
        manifest = self.manifest.with_increment(self.name)
        path = os.path.join(self.directory, manifest.increments[-1].name)
        fd = aof_files.open_increment(path, anew=True)
        try:
            aof_files.save(self.directory, self.name, manifest)
        except OSError:
            os.close(fd)
            raise
        server.log_notice(f"Creating AOF incr file {manifest.increments[-1].name} on background rewrite")
        self.manifest = manifest
        self.writer.use(fd)

    def _done(self, outcome: Outcome, *, is_rdb: bool, turns: int) -> None:
        """The child has ended. What it wrote counts if the log was not turned on or off since, as `turns` says."""
        server = self._server
        temporary = temporary_base(outcome.pid)
        self.last_rewrite_s = int(outcome.elapsed_s)
        is_stale = turns != self._turns
        if outcome.is_good and not is_stale:
            server.log_notice("Background AOF rewrite terminated with success")
            self.last_cow_bytes = outcome.cow_bytes
            self._install(temporary, is_rdb=is_rdb)
        elif outcome.is_good:
            self.last_rewrite_good = True
            server.log_notice("Background AOF rewrite terminated with success, but is not of use any more")
        elif outcome.was_stopped:
            # Somebody wanted it so.
            self.last_rewrite_good = True
            server.log_notice("Background AOF rewrite terminated by signal 10")
        else:
            self._note_failure()
            how = f"by signal {outcome.signal}" if outcome.signal else "with error"
            server.log_warning(f"Background AOF rewrite terminated {how}")
        with suppress(OSError):
            os.unlink(temporary)
        if self.state == STARTING:
            self._start_over()

    def _note_failure(self) -> None:
        self.last_rewrite_good = False
        self.failures += 1

    def _install(self, temporary: str, *, is_rdb: bool) -> None:
        """The new base is written: make it and what has happened since then the log."""
        server = self._server
        started_ns = time.monotonic_ns()
        manifest = self.manifest.with_base(self.name, is_rdb=is_rdb)
        base = os.path.join(self.directory, manifest.files[0].name)
        increment: str | None = None
        is_moved = is_flushed = False
        try:
            os.rename(temporary, base)
            is_moved = True
            if self.state == STARTING:
                # A name that is used again must not be waiting to be removed.
                self.syncer.wait()
                manifest = manifest.rewritten(0).with_increment(self.name)
                increment = os.path.join(self.directory, manifest.increments[-1].name)
                os.rename(self._temporary_increment, increment)
            else:
                manifest = manifest.rewritten(1 if self.state == ON else 0)
            aof_files.save(self.directory, self.name, manifest)
            is_flushed = True
        except NotFlushedError as error:
            # It names the new files, so these are the log; the old ones stay, as the old manifest may come back.
            server.log_warning(f"Can't flush the directory of the append only file to disk: {error.strerror}")
        except OSError as error:
            server.log_warning(f"Error putting the rewritten append only file into place: {error.strerror}")
            self._note_failure()
            if is_moved:
                with suppress(OSError):
                    os.unlink(base)
            if increment is not None:
                with suppress(OSError):
                    os.rename(increment, self._temporary_increment)
            return
        self.manifest = manifest
        self._measure()
        self.rewrites += 1
        self.failures = 0
        self.last_rewrite_good = True
        if not self.writer.buffered_bytes:
            # Else the next write tells whether the disk takes more; here there may be none, while writes are refused.
            self.writer.forget()
        server.latency.add(b"aof-rename", (time.monotonic_ns() - started_ns) // 1_000_000)
        server.log_notice("Background AOF rewrite finished successfully")
        if self.state == STARTING:
            server.log_notice("The append only file is complete: it is on from now on")
            self.state = ON
        if is_flushed:
            self._remove_history()

    def _remove_history(self) -> None:
        """Remove files that are no longer needed, and forget them."""
        server = self._server
        if not self.manifest.history or server.config.aof_disable_auto_gc:
            return
        manifest = self.manifest.without_history()
        for file in self.manifest.history:
            server.log_notice(f"Removing the history file {file.name} in the background")
            self.syncer.remove(os.path.join(self.directory, file.name))
        try:
            aof_files.save(self.directory, self.name, manifest)
            self.manifest = manifest
        except OSError as error:
            server.log_warning(f"Can't write the AOF manifest: {error.strerror}")

    def _start_over(self) -> None:
        """The first base has failed: log nothing until the next try, which begins with an increment of its own."""
        self.rewrite_scheduled = True
        self._server.propagation.stop_log()
        if self.writer.is_open:
            self.writer.drop()
            self._remove_temporary_increment()

    def _remove_temporary_increment(self) -> None:
        name = os.path.basename(self._temporary_increment)
        self._server.log_notice(f"Removing the temp incr aof file {name} in the background")
        self.syncer.remove(self._temporary_increment)
