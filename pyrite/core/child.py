"""Child processes: a fork that leaves the allocator whole, and figures that child and parent share.

The child of a snapshot sees the memory of the moment of the fork. Its background threads are gone, so none of them may
have been inside the allocator: the fork holds the allocator's mutex.

The figures stand in a page that both processes see. The child writes them, the parent reads them; each is one aligned
word, so neither waits for the other.

Copied memory is what the kernel calls private and dirty in the child: pages that one of the two has written to since
the fork, of which there are two now. Reading it makes the kernel walk through all pages, so a measurement that took
long is followed by a long rest.
"""

import os

import cython
from cython.cimports.libc.errno import errno
from cython.cimports.libc.stdint import int64_t, uint64_t, uintptr_t
from cython.cimports.libc.stdlib import strtoull
from cython.cimports.libc.string import memset, strstr
from cython.cimports.posix.fcntl import O_CLOEXEC, O_RDONLY, open
from cython.cimports.posix.types import pid_t
from cython.cimports.posix.unistd import close, fork, getpid, getppid, read
from cython.cimports.pyrite.core.clock import monotonic_us
from cython.cimports.pyrite.core.memory import mem_discard_lines, mem_lock, mem_unlock


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _private_dirty() -> uint64_t:
    """Bytes of this process that it shares with no other and that are written; 0 where the kernel does not tell."""
    text: cython.char[ROLLUP_BYTES]
    n: cython.Py_ssize_t
    at: cython.Py_ssize_t = 0
    fd: cython.int = open(b"/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC)
    if fd < 0:
        return 0
    n = read(fd, text, ROLLUP_BYTES - 1)
    while n > 0:
        at += n
        n = read(fd, text + at, ROLLUP_BYTES - 1 - at)
    close(fd)
    text[at] = 0
    found: cython.p_char = strstr(text, b"\nPrivate_Dirty:")
    return strtoull(found + 15, cython.NULL, 10) * 1024 if found != cython.NULL else 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _measure(figures: cython.pointer[ChildFigures]) -> cython.void:
    started_us: int64_t = monotonic_us()
    bytes_now: uint64_t = _private_dirty()
    figures.cow_bytes = bytes_now
    if bytes_now > figures.cow_peak:
        figures.cow_peak = bytes_now
    figures.cow_sum += bytes_now
    figures.cow_count += 1
    figures.cow_at_us = monotonic_us()
    figures.cow_cost_us = figures.cow_at_us - started_us


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def child_tick(figures: cython.pointer[ChildFigures]) -> cython.bint:
    """Called by a child every TICK_KEYS keys: once a second it measures; False once its parent is gone."""
    now_us: int64_t = monotonic_us()
    if now_us - figures.ticked_us < TICK_US:
        return True
    figures.ticked_us = now_us
    if now_us - figures.cow_at_us > figures.cow_cost_us * COW_DUTY:
        _measure(figures)
    return figures.parent == 0 or getppid() == figures.parent


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def child_dismiss(figures: cython.pointer[ChildFigures], p: cython.p_void, n: cython.size_t) -> cython.void:
    """The child needs these bytes no more: give its share of their pages back, so that they are not copied for it.

    Does nothing anywhere but in a forked child: what is given back reads as zeros.
    """
    page: uintptr_t = PAGE_BYTES
    start: uintptr_t = (cython.cast(uintptr_t, p) + page - 1) & ~(page - 1)
    end: uintptr_t = (cython.cast(uintptr_t, p) + n) & ~(page - 1)
    if n < DISMISS_MIN or figures == cython.NULL or figures.parent == 0 or getpid() == figures.parent:
        return
    mem_discard_lines(cython.cast(cython.p_void, start), end - start)


@cython.final
@cython.cclass
class Progress:
    """Figures of one child process: made before the fork, written by the child, read by the parent."""

    def __cinit__(self, total: uint64_t = 0) -> None:
        place: cython.p_void = mmap(
            cython.NULL, cython.sizeof(ChildFigures), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0
        )
        if place == MAP_FAILED:
            raise OSError(errno, os.strerror(errno))
        self.figures = cython.cast(cython.pointer[ChildFigures], place)
        memset(self.figures, 0, cython.sizeof(ChildFigures))
        self.figures.total = total
        self.figures.ticked_us = monotonic_us()

    def __dealloc__(self) -> None:
        if self.figures != cython.NULL:
            munmap(self.figures, cython.sizeof(ChildFigures))

    def measure(self) -> None:
        """Measure the memory that was copied for this process, the child, now."""
        _measure(self.figures)

    def orphaned(self) -> bool:
        """Tell whether the process that forked this one is gone."""
        return self.figures.parent != 0 and getppid() != self.figures.parent

    @property
    def keys(self) -> int:
        """How many keys have been written."""
        return self.figures.keys

    @property
    def total(self) -> int:
        """How many keys there were to write, at the fork."""
        return self.figures.total

    @property
    def cow_bytes(self) -> int:
        """Memory copied, at the last measurement."""
        return self.figures.cow_bytes

    @property
    def cow_peak_bytes(self) -> int:
        """The most that any measurement gave."""
        return self.figures.cow_peak

    @property
    def cow_average_bytes(self) -> int:
        """The average of all measurements."""
        return self.figures.cow_sum // self.figures.cow_count if self.figures.cow_count else 0

    @property
    def cow_age_s(self) -> int:
        """Whole seconds since the last measurement; 0 before the first."""
        return (monotonic_us() - self.figures.cow_at_us) // 1000000 if self.figures.cow_count else 0


def fork_process(progress: Progress) -> int:
    """Fork: 0 in the child, in which only the calling thread goes on, else the child's process id. Raises OSError.

    As os.fork does it, but with no thread inside the allocator.
    """
    figures: cython.pointer[ChildFigures] = progress.figures
    figures.parent = getpid()
    PyOS_BeforeFork()
    mem_lock()
    pid: pid_t = fork()
    problem: cython.int = errno
    mem_unlock()
    if pid == 0:
        PyOS_AfterFork_Child()
        return 0
    PyOS_AfterFork_Parent()
    if pid < 0:
        raise OSError(problem, os.strerror(problem))
    return pid
