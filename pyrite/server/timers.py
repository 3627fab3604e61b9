"""Timers: functions to be called later, in order of time.

The server's own, rather than the event loop's, so that the main loop can ask when the next one is due without waking
the event loop.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable

# So many timers that were taken back may stay in the heap, or as many as half of it, until it is cleaned.
STALE_MAX = 64

# Even without timers the main loop comes round so often, for the event loop's own timers.
LONGEST_WAIT_MS = 100


class Timer:
    """One call to come; `cancel` takes it back."""

    __slots__ = ("due_ns", "function", "timers")

    def __init__(self, timers: Timers, due_ns: int, function: Callable[[], object]) -> None:
        self.timers = timers
        self.due_ns = due_ns
        self.function: Callable[[], object] | None = function

    def cancel(self) -> None:
        """Don't call the function any more."""
        if self.function is not None:
            self.function = None
            self.timers.note_stale()

    def __lt__(self, other: Timer) -> bool:
        return self.due_ns < other.due_ns


class Timers:
    """The timers of one server. `on_set` is called whenever one is set."""

    def __init__(self, on_set: Callable[[], object], on_error: Callable[[], object]) -> None:
        self._heap: list[Timer] = []
        self._stale = 0  # at least so many in the heap were taken back
        self._on_set = on_set
        self._on_error = on_error

    def call_later(self, delay_s: float, function: Callable[[], object]) -> Timer:
        """Call a function once, after a delay in seconds; 0 is after clients have been served once more."""
        timer = Timer(self, time.monotonic_ns() + int(delay_s * 1e9), function)
        heapq.heappush(self._heap, timer)
        self._on_set()
        return timer

    def note_stale(self) -> None:
        """One more was taken back: clean the heap when most of it is such, as with clients that never wait in vain."""
        self._stale += 1
        if self._stale > max(STALE_MAX, len(self._heap) // 2):
            self._heap = [timer for timer in self._heap if timer.function is not None]
            heapq.heapify(self._heap)
            self._stale = 0

    def run_due(self) -> int:
        """Call what is due; returns the milliseconds until the next one is, at most LONGEST_WAIT_MS.

        What these calls set with no delay is due in the next round, not in this one.
        """
        now = time.monotonic_ns()
        due: list[Timer] = []
        while self._heap and self._heap[0].due_ns <= now:
            due.append(heapq.heappop(self._heap))
        for timer in due:
            function, timer.function = timer.function, None
            if function is None:
                self._stale -= 1
            else:
                try:
                    function()
                except Exception:  # noqa: BLE001 - a bug in one timer is logged and counted, and stops no other
                    self._on_error()
        if not self._heap:
            return LONGEST_WAIT_MS
        wait_ns = self._heap[0].due_ns - time.monotonic_ns()
        return min(max(-(-wait_ns // 1_000_000), 0), LONGEST_WAIT_MS)
