"""The child process: a fork that writes the data set of one moment to disk while its parent goes on serving.

There is at most one at a time, of whatever kind. Whoever wants one brings a job, which runs in the child and raises
OSError where it fails, and a function that the parent calls with the Outcome once the child has ended:

    server.children.start("rdb", job, on_done)

In the child nothing is left of the server but its memory: sockets and files are closed, so that a client's connection
ends when the parent closes it; the collector of garbage is off, as it would write to every object; signals that end
the parent are ignored, as it decides about its child. The end of a child is seen by a pipe that only it holds open.
"""

from __future__ import annotations

import gc
import os
import resource
import select
import signal
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from pyrite.core.child import Progress, fork_process

if TYPE_CHECKING:
    from pyrite.server.server import Server

# What ends a child on purpose; Redis's, so that whoever watches the processes knows it.
STOP_SIGNAL = signal.SIGUSR1
# A child that does not end by then, such as a stopped one, is ended without being asked.
STOP_WAIT_S = 0.5
_DESCRIPTORS_MAX = 1 << 20  # the kernel's own limit unless somebody raises it
_NAMES = {"rdb": "RDB", "aof": "AOF rewrite"}

Job = Callable[[Progress], object]


class Outcome(NamedTuple):
    """How a child ended."""

    kind: str
    pid: int
    status: int  # its exit status, 0 where the job is done; -1 where a signal ended it
    signal: int  # that signal; 0 where none did
    cow_bytes: int  # memory that was copied for it: the most that was measured
    elapsed_s: float

    @property
    def is_good(self) -> bool:
        """The job is done."""
        return self.status == 0

    @property
    def was_stopped(self) -> bool:
        """It was ended on purpose, which says nothing about the disk."""
        return self.signal == STOP_SIGNAL


class Children:
    """The child process of one server, and what INFO tells of it and of those before."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._on_done: Callable[[Outcome], object] | None = None
        self._pipe = -1
        self._stopping = False  # it has been told to end
        self.running: str | None = None  # the kind of the child that runs
        self.pid = -1
        self.progress: Progress | None = None
        self.started_ns = 0
        self.forks = 0
        self.fork_us = 0  # how long the last fork took

    # The parent

    def start(
        self, kind: str, job: Job, on_done: Callable[[Outcome], object], keep: tuple[int, ...] = (), total: int = 0
    ) -> int:
        """Fork, have the child run the job, and call `on_done` when it has ended; returns the child's process id.

        `keep` are descriptors that the job needs, besides standard input, output and error. `total` is how many keys
        it will write, for INFO. Raises OSError where no process can be made, RuntimeError while there is a child.
        """
        if self.running is not None:
            raise RuntimeError(f"a child of kind {self.running} is running")
        if signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN:
            # Whoever started the server left it so, and the kernel would throw the exit status away.
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        progress = Progress(total)
        ours, theirs = os.pipe()
        started_ns = time.monotonic_ns()
        try:
            pid = fork_process(progress)
        except OSError:
            os.close(ours)
            os.close(theirs)
            raise
        if pid == 0:
            self._run(kind, job, progress, (theirs, *keep))
        os.close(theirs)
        self.forks += 1
        self.fork_us = (time.monotonic_ns() - started_ns) // 1000
        self._server.latency.add(b"fork", self.fork_us // 1000)
        self.running, self.pid, self.progress = kind, pid, progress
        self.started_ns, self._on_done, self._pipe = started_ns, on_done, ours
        self._server.watcher.add(ours, self._end)
        self._server.keyspace.spare_copies(True)
        return pid

    def kill(self) -> None:
        """End the child, if there is one; its `on_done` is called before this returns.

        But for a child that is stuck in the kernel, on a disk that does not answer: that one ends when it can.
        """
        if self.running is None:
            return
        self._stopping = True
        for number in (STOP_SIGNAL, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)
            if _ends_within(self._pipe, STOP_WAIT_S):
                self._end()
                return

    def _end(self) -> None:
        """The child has closed its end of the pipe: it has ended, or is about to."""
        kind, progress, on_done = self.running, self.progress, self._on_done
        if kind is None or progress is None or on_done is None:
            return
        status, number = _wait_for(self.pid)
        if self._stopping and number == signal.SIGKILL:
            number = STOP_SIGNAL
        self._server.watcher.remove(self._pipe)
        os.close(self._pipe)
        elapsed_s = (time.monotonic_ns() - self.started_ns) / 1e9
        outcome = Outcome(kind, self.pid, status, number, progress.cow_peak_bytes, elapsed_s)
        self._stopping = False
        self.running = self.progress = self._on_done = None
        self.pid = self._pipe = -1
        self._server.keyspace.spare_copies(False)
        on_done(outcome)

    def reset_statistics(self) -> None:
        """Forget the forks counted so far."""
        self.forks = self.fork_us = 0

    @property
    def elapsed_s(self) -> int:
        """Whole seconds since the child was made; -1 while there is none."""
        return -1 if self.running is None else (time.monotonic_ns() - self.started_ns) // 1_000_000_000

    # The child

    def _run(self, kind: str, job: Job, progress: Progress, keep: tuple[int, ...]) -> NoReturn:
        """Run the job and end the process: 0 where it is done, else 1."""
        status = 1
        try:
            gc.disable()
            _leave_signals()
            _close_all_but(keep)
            self._server.become_child(kind)
            job(progress)
            progress.measure()
            self._log_copied(kind, progress)
            status = 0
        except OSError:
            pass  # the job has said in the log what is wrong
        except BaseException:  # noqa: BLE001 - a bug; whatever happens, the process may not go on as a second server
            self._server.log_warning(f"Internal error in a child process:\n{traceback.format_exc()}")
        finally:
            os._exit(status)

    def _log_copied(self, kind: str, progress: Progress) -> None:
        now, peak = progress.cow_bytes >> 20, progress.cow_peak_bytes >> 20
        average = progress.cow_average_bytes >> 20
        name = _NAMES.get(kind, kind)
        self._server.log_notice(f"Fork CoW for {name}: current {now} MB, peak {peak} MB, average {average} MB")


def _wait_for(pid: int) -> tuple[int, int]:
    """Exit status and signal of a child that has ended or is about to; status -1 where a signal ended it."""
    try:
        _, status = os.waitpid(pid, 0)
    except ChildProcessError:
        return 1, 0  # somebody else has taken its exit status: nobody knows that the job is done
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    return (-1 if number else os.WEXITSTATUS(status)), number


def _ends_within(pipe: int, seconds: float) -> bool:
    """Wait for the other end of a pipe to be closed."""
    watch = select.poll()
    watch.register(pipe, select.POLLIN)
    return bool(watch.poll(seconds * 1000))


def _leave_signals() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(STOP_SIGNAL, signal.SIG_DFL)


def _close_all_but(keep: tuple[int, ...]) -> None:
    """Close all descriptors but these and the standard ones."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    end = _DESCRIPTORS_MAX if soft == resource.RLIM_INFINITY else soft
    start = 3
    for descriptor in sorted(each for each in keep if each >= start):
        os.closerange(start, descriptor)
        start = descriptor + 1
    os.closerange(start, end)
