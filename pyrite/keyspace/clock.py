"""The clock by which work in slices knows when its time is up."""

import cython
from cython.cimports.libc.stdint import int64_t
from cython.cimports.posix.time import CLOCK_MONOTONIC, clock_gettime, timespec


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def monotonic_us() -> int64_t:
    """Monotonic microseconds."""
    t: timespec
    clock_gettime(CLOCK_MONOTONIC, cython.address(t))
    return cython.cast(int64_t, t.tv_sec) * 1000000 + t.tv_nsec // 1000
