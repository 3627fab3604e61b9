"""Syncer: a thread that flushes files to disk, so that nobody who is served waits for it."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from contextlib import suppress


class Syncer:
    """Does one flush after the other. The thread is started with the first one."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self.pending = 0  # flushes of the file that is written to, not done yet
        self.synced_bytes = 0  # of the file that was flushed last
        self.error: OSError | None = None  # of the last flush, None where it went well

    def sync(self, descriptor: int, size_bytes: int) -> None:
        """Flush a file of so many bytes, whose descriptor stays open for as long."""

        def work() -> None:
            self._sync(descriptor, size_bytes)
            with self._lock:
                self.pending -= 1

        with self._lock:
            self.pending += 1
        self._add(work)

    def sync_and_close(self, descriptor: int) -> None:
        """Flush a file and close it."""

        def work() -> None:
            self._sync(descriptor, 0)
            os.close(descriptor)

        self._add(work)

    def remove(self, path: str) -> None:
        """Remove a file; the space of a large one is not free at once."""

        def work() -> None:
            # Where that fails somebody else has removed it, or it is to be removed at the next start.
            with suppress(OSError):
                os.unlink(path)

        self._add(work)

    def wait(self) -> None:
        """Return when all is done."""
        done = threading.Event()
        if self._thread is not None:
            self._add(done.set)
            done.wait()

    def stop(self) -> None:
        """Do what is left, and end the thread."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join()
            self._thread = None

    def _sync(self, descriptor: int, size_bytes: int) -> None:
        try:
            os.fdatasync(descriptor)
        except OSError as error:
            self.error = error
        else:
            self.error = None
            self.synced_bytes = size_bytes

    def _add(self, job: Callable[[], None]) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="sync", daemon=True)
            self._thread.start()
        self._jobs.put(job)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
