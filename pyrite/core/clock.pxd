from libc.stdint cimport int64_t, uint64_t

cdef extern from *:
    # Given by setup.py: reads the processor's counter; 0 on processors where there is none that could be used.
    uint64_t processor_ticks "PYRITE_TICKS"() nogil

cdef enum:
    TIE_NS = 1000000            # so long the counter is gone by before it is tied to the kernel's clocks again
    CLOSE_NS = 10000            # readings of several clocks that took longer are not of one moment
    TRIES = 3
    MEASURE_NS = 50000000       # the counter's rate is measured over so long, or up to twice as long
    RATE_BITS = 32
    DRIFT_PARTS = 100           # two rates that differ by more than one part in so many: the counter is none to go by

cdef int64_t clock_ns() noexcept
cdef int64_t clock_wall_us(int64_t now_ns) noexcept
cdef int64_t monotonic_us() noexcept nogil
