"""Latency histogram: how many calls of a command took how long, from 1 ns to 1 s, exact to one part in 128.

Slots are log-linear, as in Gil Tene's HdrHistogram with two significant digits, which Redis uses, so that percentiles
round to the same numbers:

    slot 0 … 255        0 … 255 ns, one each
    slot 256 … 383      256 … 511 ns, two each
    slot 384 … 511      512 … 1,023 ns, four each
    …
    slot 2,944 … 3,071  2**29 … 2**30 - 1 ns, 2**22 each

The 128 slots of one power of two are told apart by the seven bits behind the leading one. A Histogram takes 24 KiB, all
zeros at first: its owner allocates it with calloc and releases it. Recording takes 2 ns.

What a slot is reported as is the highest time in it.
"""

import cython
from cython.cimports.libc.stdlib import calloc, free


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _shift_of(slot: cython.int) -> cython.int:
    """The power of two that is the slot's width in ns."""
    return (slot >> 7) - 1 if slot >= 256 else 0


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _lowest(slot: cython.int) -> cython.longlong:
    shift: cython.int = _shift_of(slot)
    return cython.cast(cython.longlong, slot - (shift << 7)) << shift


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _highest(slot: cython.int) -> cython.longlong:
    return _lowest(slot) + (cython.cast(cython.longlong, 1) << _shift_of(slot)) - 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def histogram_percentile(h: cython.pointer[cython.const[Histogram]], percentile: cython.double) -> cython.longlong:
    """The time in ns that this percentage of calls did not exceed; 0 where none was recorded.

    Percentile 0 is the shortest time, as the lowest in its slot; above 100 is 100.
    """
    share: cython.double = (percentile if percentile < 100 else 100) / 100
    wanted: cython.longlong = cython.cast(cython.longlong, share * h.total + 0.5)
    seen: cython.longlong = 0
    slot: cython.int
    for slot in range(HISTOGRAM_SLOTS):
        seen += h.counts[slot]
        if seen > 0 and seen >= wanted:
            return _lowest(slot) if percentile == 0 else _highest(slot)
    return 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def histogram_levels(h: cython.pointer[cython.const[Histogram]], out: cython.pointer[LatencyLevel]) -> cython.int:
    """The cumulative distribution that LATENCY HISTOGRAM shows; returns how many of the HISTOGRAM_LEVELS were written.

    There is a level for each power of two from 1,024 ns on, with all calls up to and with its first slot, as long as
    that is more calls than the level before had. The last level ends with the last slot.
    """
    seen: cython.longlong = 0
    before: cython.longlong = 0
    slot: cython.int = 0
    last: cython.int
    level: cython.int
    written: cython.int = 0
    for level in range(HISTOGRAM_LEVELS):
        last = HISTOGRAM_SLOTS - 1
        if level < HISTOGRAM_LEVELS - 1:
            last = histogram_slot(cython.cast(cython.longlong, 1024) << level)
        while slot <= last:
            seen += h.counts[slot]
            slot += 1
        if seen > before:
            out[written].usec = _highest(last) // 1000
            out[written].calls = seen
            written += 1
        before = seen
    return written


# Python handles, for tests and cold callers


@cython.final
@cython.cclass
class LatencyHistogram:
    """A histogram of its own, for tests and measurements outside of the command table."""

    h: cython.pointer[Histogram]

    def __cinit__(self) -> None:
        self.h = cython.cast(cython.pointer[Histogram], calloc(1, cython.sizeof(Histogram)))
        if self.h == cython.NULL:
            raise MemoryError

    def __dealloc__(self) -> None:
        free(self.h)

    def record(self, ns: cython.longlong, calls: cython.Py_ssize_t = 1) -> None:
        """Count so many calls that took `ns` each."""
        while calls > 0:
            histogram_record(self.h, ns)
            calls -= 1

    def percentile(self, percentile: cython.double) -> int:
        """The time in ns that this percentage of calls did not exceed."""
        return histogram_percentile(self.h, percentile)

    def levels(self) -> list[tuple[int, int]]:
        """The pairs of LATENCY HISTOGRAM: microseconds, and how many calls took no longer."""
        out: LatencyLevel[21]
        written: cython.int = histogram_levels(self.h, out)
        return [(out[i].usec, out[i].calls) for i in range(written)]

    @property
    def total(self) -> int:
        """Calls recorded."""
        return self.h.total
