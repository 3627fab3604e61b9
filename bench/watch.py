"""A second client, in a process of its own, that asks all the time and notes how long it waits.

On a machine that does other things as well, most long waits are for a processor. So two more figures stand beside the
waits: how much processor time the server took while the client waited, which is an upper bound of what
the server did before it answered, and how late the kernel woke the watcher itself from its sleeps.
"""

import multiprocessing
import time
from multiprocessing.connection import Connection

from bench.servers import Client

PAUSE_S = 0.0005
WORST_SHOWN = 5


class Watch:
    """Waits of another client between `start` and `stop`, in milliseconds."""

    def __init__(self, port: int, pid: int) -> None:
        context = multiprocessing.get_context("fork")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_ask, args=(port, process_clock(pid), theirs), daemon=True)
        self._process.start()
        self._ours.recv()

    def stop(self) -> "Waits":
        """End it and return what it saw."""
        self._ours.send(None)
        waits: Waits = self._ours.recv()
        self._process.join()
        return waits


class Waits:
    """How long a client waited, what the server worked meanwhile, and how long the kernel kept who only slept."""

    def __init__(self, replies_ms: list[float], work_ms: list[float], sleeps_ms: list[float]) -> None:
        self.replies_ms = sorted(replies_ms)
        self.work_ms = sorted(work_ms)
        self.sleeps_ms = sorted(sleeps_ms)

    def __str__(self) -> str:
        return (
            f"{len(self.replies_ms)} replies: median {percentile(self.replies_ms, 50):.2f} ms, "
            f"99.9 % {percentile(self.replies_ms, 99.9):.2f} ms, longest {longest(self.replies_ms)} ms\n"
            f"the server's work meanwhile: 99.9 % {percentile(self.work_ms, 99.9):.2f} ms, "
            f"longest {longest(self.work_ms)} ms\n"
            f"the machine's own delays beside it: longest {longest(self.sleeps_ms)} ms"
        )


def percentile(ordered: list[float], percent: float) -> float:
    """The value below which so many percent lie."""
    return ordered[min(int(len(ordered) * percent / 100), len(ordered) - 1)] if ordered else 0.0


def longest(ordered: list[float]) -> str:
    """The largest values."""
    return " ".join(f"{each:.2f}" for each in reversed(ordered[-WORST_SHOWN:]))


def process_clock(pid: int) -> int:
    """The kernel's clock of the processor time of another process, for time.clock_gettime (clock_getcpuclockid(3))."""
    return (~pid << 3) | 2


def _ask(port: int, clock: int, pipe: Connection) -> None:
    replies: list[float] = []
    work: list[float] = []
    sleeps: list[float] = []
    with Client(port) as client:
        client.call("SET", "watched", "x")
        pipe.send(None)
        while not pipe.poll():
            worked = time.clock_gettime(clock)
            before = time.perf_counter()
            client.call("GET", "watched")
            between = time.perf_counter()
            work.append((time.clock_gettime(clock) - worked) * 1000)
            time.sleep(PAUSE_S)
            replies.append((between - before) * 1000)
            sleeps.append((time.perf_counter() - between - PAUSE_S) * 1000)
    pipe.send(Waits(replies, work, sleeps))
