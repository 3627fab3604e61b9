from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint64_t
from posix.types cimport pid_t

cdef extern from "Python.h" nogil:
    void PyOS_BeforeFork()
    void PyOS_AfterFork_Parent()
    void PyOS_AfterFork_Child()

cdef extern from "<sys/mman.h>" nogil:
    void* mmap(void* where, size_t size, int protection, int flags, int fd, long offset)
    int munmap(void* where, size_t size)
    int PROT_READ
    int PROT_WRITE
    int MAP_SHARED
    int MAP_ANONYMOUS
    void* MAP_FAILED

cdef enum:
    TICK_KEYS = 1024            # so many keys are written between two looks at the clock
    TICK_US = 1000000
    COW_DUTY = 100              # measuring copied memory takes at most so small a part of the child's time
    ROLLUP_BYTES = 4096         # more than the kernel's summary of a process's memory takes
    PAGE_BYTES = 4096
    DISMISS_MIN = 16384         # a smaller block is not worth a call of the kernel

cdef struct ChildFigures:
    uint64_t keys               # written so far
    uint64_t total              # that there are to write
    uint64_t cow_bytes          # memory copied because parent or child wrote to it; when it was measured last
    uint64_t cow_peak
    uint64_t cow_sum
    uint64_t cow_count          # measurements
    int64_t cow_at_us           # time of the last one, monotonic
    int64_t cow_cost_us         # how long it took
    int64_t ticked_us           # the last look at the clock
    pid_t parent                # 0 while nobody has forked

cdef class Progress:
    cdef ChildFigures* figures

cdef bint child_tick(ChildFigures* figures) noexcept nogil
cdef void child_dismiss(ChildFigures* figures, void* p, size_t n) noexcept nogil
