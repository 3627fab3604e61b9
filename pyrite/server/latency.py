"""Latency monitor: samples of events that took at least latency-monitor-threshold milliseconds.

Each event keeps its last 160 samples, at most one a second: of those within one second the worst stays. Events are
named as in Redis:

    command, fast-command     a command, one that is declared fast
    expire-cycle              a slice of active expiry
    eviction-cycle            a turn of eviction

LATENCY DOCTOR speaks about what the samples show and what usually helps; the words are our own.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean

SAMPLES_MAX = 160
GRAPH_COLUMNS = 80
GRAPH_LEVELS = "_#"
GRAPH_ROWS = 4

# What usually helps, a line each.
ADVICE = {
    "command": """\
SLOWLOG GET names the commands that take long.
SCAN, UNLINK and FLUSHALL ASYNC do in steps, or aside, what KEYS, DEL and FLUSHALL do at once.
A value of many megabytes takes its time to copy; split it, or read it in parts.""",
    "fast-command": """\
Commands that do little took long, so something else held the process up: look for swapping, and for too few processors.
A hypervisor that takes processor time away shows as steal time in top.""",
    "expire-cycle": """\
Many keys fall due together; add a random share to their time to live.
Large values that expire are freed in the background with lazyfree-lazy-expire yes.""",
    "eviction-cycle": """\
Memory is full and writes wait for room: raise maxmemory.
A lower maxmemory-eviction-tenacity lets each command wait less.""",
}


@dataclass(slots=True)
class EventHistory:
    """The samples of one event, as (Unix time in s, latency in ms), oldest first."""

    samples: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=SAMPLES_MAX))
    worst_ms: int = 0

    def add(self, at_s: int, latency_ms: int) -> None:
        """Enter a sample; of two in the same second the worse stays."""
        self.worst_ms = max(self.worst_ms, latency_ms)
        if self.samples and self.samples[-1][0] == at_s:
            self.samples[-1] = (at_s, max(latency_ms, self.samples[-1][1]))
            return
        self.samples.append((at_s, latency_ms))

    @property
    def high_ms(self) -> int:
        """The worst of the samples still kept."""
        return max(latency_ms for _, latency_ms in self.samples)

    @property
    def low_ms(self) -> int:
        """The best of the samples still kept."""
        return min(latency_ms for _, latency_ms in self.samples)


class LatencyMonitor:
    """All events, and the threshold below which nothing is an event; 0 watches nothing."""

    def __init__(self, threshold_ms: int) -> None:
        self.threshold_ms = threshold_ms
        self._events: dict[bytes, EventHistory] = {}

    def add(self, event: bytes, latency_ms: int) -> None:
        """Enter what an event took, if it is worth it."""
        if self.threshold_ms and latency_ms >= self.threshold_ms:
            self._events.setdefault(event, EventHistory()).add(int(time.time()), latency_ms)

    def latest(self) -> list[tuple[bytes, int, int, int]]:
        """(event, time in s, latency in ms, worst in ms) of each event's latest sample."""
        return [(event, *history.samples[-1], history.worst_ms) for event, history in sorted(self._events.items())]

    def history(self, event: bytes) -> list[tuple[int, int]]:
        """The samples of an event, oldest first; none of an unknown one."""
        found = self._events.get(event)
        return list(found.samples) if found is not None else []

    def reset(self, events: Sequence[bytes]) -> int:
        """Forget these events, or all when none is named; returns how many there were."""
        chosen = list(events) or list(self._events)
        return sum(self._events.pop(event, None) is not None for event in chosen)

    # For people

    def graph(self, event: bytes) -> bytes | None:
        """The samples drawn as columns, the oldest left, each with its age below; None of an unknown event."""
        found = self._events.get(event)
        if found is None:
            return None
        now_s = int(time.time())
        samples = list(found.samples)[-GRAPH_COLUMNS:]
        high_ms, low_ms = found.high_ms, found.low_ms
        lines = [
            f"{event.decode()} - high {high_ms} ms, low {low_ms} ms (all time high {found.worst_ms} ms)",
            "-" * GRAPH_COLUMNS,
            *_bars([latency_ms for _, latency_ms in samples], low_ms, high_ms),
            "",
            *_upright([_age(now_s - at_s) for at_s, _ in samples]),
        ]
        return "".join(line + "\n" for line in lines).encode()

    def doctor(self) -> bytes:
        """What the samples tell, and what to do about it."""
        if not self.threshold_ms and not self._events:
            return (
                b"Nothing to say: the latency monitor is off. Switch it on with CONFIG SET latency-monitor-threshold "
                b"and the milliseconds from which a delay counts, let the server work for a while, and ask again.\n"
            )
        if not self._events:
            return b"All is well: nothing has taken %d ms or longer since the monitor was reset.\n" % self.threshold_ms
        lines = ["Delays were seen. By event:", ""]
        for number, (event, history) in enumerate(sorted(self._events.items()), 1):
            lines += [f"{number}. {event.decode()}: {_summary(history)}"]
            lines += [f"   - {advice}" for advice in ADVICE.get(event.decode(), "").splitlines()]
        return "".join(line + "\n" for line in lines).encode()


def _summary(history: EventHistory) -> str:
    latencies = [latency_ms for _, latency_ms in history.samples]
    mean_ms = fmean(latencies)
    deviation_ms = fmean(abs(latency_ms - mean_ms) for latency_ms in latencies)
    span_s = history.samples[-1][0] - history.samples[0][0]
    every = f", one every {span_s / (len(latencies) - 1):.1f} seconds" if len(latencies) > 1 else ""
    return (
        f"{len(latencies)} times{every}; on average {mean_ms:.0f} ms, mean deviation {deviation_ms:.0f} ms, "
        f"worst ever {history.worst_ms} ms."
    )


def _bars(latencies: list[int], low_ms: int, high_ms: int) -> list[str]:
    """Rows of a bar chart from the top down, `#` for each full row of a column and `_` below its last one."""
    span = max(high_ms - low_ms, 1)
    heights = [1 + (latency_ms - low_ms) * (2 * GRAPH_ROWS - 1) // span for latency_ms in latencies]
    rows = []
    for row in range(GRAPH_ROWS - 1, -1, -1):
        marks = (min(max(height - 2 * row, 0), 2) for height in heights)
        rows.append("".join((" " + GRAPH_LEVELS)[mark] for mark in marks).rstrip())
    return [row for row in rows if row]


def _upright(labels: list[str]) -> list[str]:
    """The labels written from top to bottom, side by side."""
    height = max(len(label) for label in labels)
    columns = [label.ljust(height) for label in labels]
    return ["".join(column[row] for column in columns).rstrip() for row in range(height)]


def _age(seconds: int) -> str:
    for unit, length_s in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length_s:
            return f"{seconds // length_s}{unit}"
    return f"{max(seconds, 0)}s"
