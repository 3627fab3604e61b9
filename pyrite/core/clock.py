"""Clocks: monotonic time for every command, the time of the day for every event.

A server takes the time with every command. The kernel's clock costs 30 ns and more, most of which it spends on letting
all earlier instructions finish before it reads the processor's counter. Here the counter is read as it is, in 12 ns,
and tied to the kernel's clocks once a millisecond: so it can be off by no more than what its rate, measured over 50 ms
and more, is off within one. The time of the day is the monotonic time and the distance between the two clocks, read at
the same occasions.

The counter is used only where the kernel itself goes by it (`/sys/devices/system/clocksource/`), and no longer should
it ever jump or change its rate. The kernel's clock is read instead then, and the time of the day still once a
millisecond only. A counter that stood still would have the kernel's clock stand still as well.

All but `monotonic_us` must be called with the GIL held, which guards what is remembered here.
"""

import cython
from cython.cimports.libc.stdint import int64_t, uint64_t
from cython.cimports.posix.time import CLOCK_MONOTONIC, CLOCK_REALTIME, clock_gettime, clockid_t, timespec

CLOCK_SOURCE = "/sys/devices/system/clocksource/clocksource0/current_clocksource"

_last_ns = cython.declare(int64_t, 0)  # told last
_is_trusted = cython.declare(cython.bint, False)
_rate = cython.declare(uint64_t, 0)  # nanoseconds of a tick, times 2^RATE_BITS; 0: not known
_ticks_max = cython.declare(uint64_t, 0)  # the counter is gone by for fewer ticks than these
_tied_ticks = cython.declare(uint64_t, 0)
_tied_ns = cython.declare(int64_t, 0)
_wall_offset_ns = cython.declare(int64_t, 0)  # from monotonic time to Unix time
_mark_ticks = cython.declare(uint64_t, 0)  # where the measurement of the rate began
_mark_ns = cython.declare(int64_t, 0)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _kernel_ns(clock: clockid_t) -> int64_t:
    t: timespec
    clock_gettime(clock, cython.address(t))
    return cython.cast(int64_t, t.tv_sec) * 1000000000 + t.tv_nsec


@cython.cfunc
@cython.exceptval(check=False)
def clock_ns() -> int64_t:
    """Monotonic nanoseconds; never less than what was told before."""
    global _last_ns
    now_ns: int64_t
    ticks: uint64_t = processor_ticks() - _tied_ticks
    if ticks < _ticks_max:
        now_ns = _tied_ns + cython.cast(int64_t, (ticks * _rate) >> RATE_BITS)
    else:
        now_ns = _kernel_ns(CLOCK_MONOTONIC)
        if now_ns - _tied_ns >= TIE_NS:
            now_ns = _tie()
    if now_ns > _last_ns:
        _last_ns = now_ns
    return _last_ns


@cython.cfunc
@cython.exceptval(check=False)
def clock_wall_us(now_ns: int64_t) -> int64_t:
    """Unix time in microseconds at a time that `clock_ns` has just told; a change of the system's shows 1 ms late."""
    return (now_ns + _wall_offset_ns) // 1000


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def monotonic_us() -> int64_t:
    """Monotonic microseconds by the kernel's clock."""
    return _kernel_ns(CLOCK_MONOTONIC) // 1000


@cython.cfunc
@cython.exceptval(check=False)
def _tie() -> int64_t:
    """Read all clocks at one moment, go by the counter from there, and return the monotonic time."""
    global _tied_ns, _tied_ticks, _wall_offset_ns
    _attempt: cython.int
    before_ns: int64_t = 0
    now_ns: int64_t = 0
    ticks: uint64_t = 0
    for _attempt in range(TRIES):
        before_ns = _kernel_ns(CLOCK_MONOTONIC)
        ticks = processor_ticks()
        _wall_offset_ns = _kernel_ns(CLOCK_REALTIME) - before_ns
        now_ns = _kernel_ns(CLOCK_MONOTONIC)
        if now_ns - before_ns < CLOSE_NS:
            break
    _tied_ns = before_ns
    if now_ns - before_ns < CLOSE_NS:
        _tied_ticks = ticks
        if _is_trusted:
            _measure()
    return now_ns


@cython.cfunc
@cython.exceptval(check=False)
def _measure() -> cython.void:
    """Learn how fast the counter is, or that it can't be gone by."""
    global _is_trusted, _rate, _ticks_max, _mark_ns, _mark_ticks
    elapsed_ns: int64_t = _tied_ns - _mark_ns
    ticks: uint64_t = _tied_ticks - _mark_ticks
    if elapsed_ns < MEASURE_NS:
        return
    _mark_ns = _tied_ns
    _mark_ticks = _tied_ticks
    if elapsed_ns > 2 * MEASURE_NS:
        return
    # A counter with less than a tick a nanosecond, or with very many, is not what it should be.
    if cython.cast(uint64_t, elapsed_ns) <= ticks <= 16 * cython.cast(uint64_t, elapsed_ns):
        rate: uint64_t = (cython.cast(uint64_t, elapsed_ns) << RATE_BITS) // ticks
        drift: uint64_t = rate - _rate if rate > _rate else _rate - rate
        if _rate == 0 or drift < rate // DRIFT_PARTS:
            _rate = rate
            _ticks_max = (cython.cast(uint64_t, TIE_NS) << RATE_BITS) // rate
            return
    _is_trusted = False
    _rate = _ticks_max = 0


# Python handles, for tests and cold callers


def go_by_counter(counter: bool) -> None:
    """Go by the processor's counter from now on if there is one, or by the kernel's clock alone."""
    global _is_trusted, _rate, _ticks_max, _mark_ns
    _is_trusted = counter and processor_ticks() != 0
    _rate = _ticks_max = 0
    _mark_ns = 0


def is_by_counter() -> bool:
    """Tell whether the counter's rate is known and gone by."""
    return _rate != 0


def now_ns() -> int:
    """Monotonic nanoseconds, as commands are timed."""
    return clock_ns()


def wall_us() -> int:
    """Unix time in microseconds, as keys expire by it."""
    return clock_wall_us(clock_ns())


def _kernel_goes_by_counter() -> bool:
    try:
        with open(CLOCK_SOURCE, encoding="ascii") as source:
            return source.read().strip() == "tsc"
    except OSError:
        return False


go_by_counter(_kernel_goes_by_counter())
