"""The report of a crash: which fault ended the process, and where it was, as lines of the log.

The handler runs in whatever state the fault has left. So it allocates nothing, takes no lock and touches no object:
what it says of the server stands ready in static memory, and it writes with write(2). It is done once; then the signal
goes to whoever handled it before. That is Python's `faulthandler`, which adds the Python side of the stack, to the
same file, and lets the process end as it would have: with its exit status and a core dump.

`addr2line -e MODULE.so OFFSET` names the line of a frame of ours.
"""

import cython
from cython.cimports.libc.signal import SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, raise_
from cython.cimports.libc.stdint import uint64_t, uintptr_t
from cython.cimports.libc.string import memcpy, memset, strlen
from cython.cimports.posix.fcntl import O_APPEND, O_CLOEXEC, O_CREAT, O_WRONLY, open
from cython.cimports.posix.mman import MAP_ANONYMOUS, MAP_PRIVATE, PROT_NONE, mmap
from cython.cimports.posix.signal import (
    SA_ONSTACK,
    SA_SIGINFO,
    sigaction,
    sigaction_t,
    sigaltstack,
    sigemptyset,
    siginfo_t,
    stack_t,
)
from cython.cimports.posix.time import CLOCK_REALTIME, clock_gettime, timespec
from cython.cimports.posix.unistd import dup2, getpid, write
from cython.cimports.pyrite.core.numbers import LONGLONG_ROOM, format_longlong

SIGNALS = cython.declare(cython.int[5])
SIGNALS[0] = SIGSEGV
SIGNALS[1] = SIGBUS
SIGNALS[2] = SIGFPE
SIGNALS[3] = SIGILL
SIGNALS[4] = SIGABRT

_report = cython.declare(CrashReport)
_earlier = cython.declare(sigaction_t[5])
_is_on = cython.declare(cython.bint, False)
# The handler's stack: what has overflowed its own is a fault, too.
_stack = cython.declare(cython.char[STACK_BYTES])

MONTHS = cython.declare(cython.p_char, b"JanFebMarAprMayJunJulAugSepOctNovDec")


# A line -----------------------------------------------------------------------------------------------------------


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put(line: cython.pointer[Line], text: cython.p_char, n: cython.size_t) -> cython.void:
    n = min(n, LINE_ROOM - line.n)
    memcpy(line.text + line.n, text, n)
    line.n += n


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_text(line: cython.pointer[Line], text: cython.p_char) -> cython.void:
    _put(line, text, strlen(text))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_number(line: cython.pointer[Line], number: cython.longlong, width: cython.size_t = 0) -> cython.void:
    digits: cython.char[LONGLONG_ROOM]
    n: cython.size_t = format_longlong(digits, number)
    while width > n:
        _put(line, b"0", 1)
        width -= 1
    _put(line, digits, n)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_address(line: cython.pointer[Line], address: uint64_t) -> cython.void:
    digit: cython.char
    shift: cython.int = 60
    _put(line, b"0x", 2)
    while shift >= 0:
        digit = b"0123456789abcdef"[(address >> shift) & 15]
        if digit != ord("0") or shift == 0 or line.text[line.n - 1] != ord("x"):
            _put(line, cython.address(digit), 1)
        shift -= 4


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_time(line: cython.pointer[Line]) -> cython.void:
    """Local time, worked out here: the C library's function takes a lock.

    The year begins in March, so that the leap day is its last, and an era are the 146,097 days of 400 years.
    """
    t: timespec
    clock_gettime(CLOCK_REALTIME, cython.address(t))
    now_s: cython.longlong = t.tv_sec + _report.utc_offset_s
    second: cython.longlong = now_s % 86400
    day: cython.longlong = now_s // 86400 + 719468
    era: cython.longlong = day // 146097
    day -= era * 146097
    year: cython.longlong = (day - day // 1460 + day // 36524 - day // 146096) // 365
    day -= 365 * year + year // 4 - year // 100
    month: cython.longlong = (5 * day + 2) // 153
    day -= (153 * month + 2) // 5
    month = (month + 2) % 12
    year += era * 400 + (month < 2)
    _put_number(line, day + 1, 2)
    _put(line, b" ", 1)
    _put(line, MONTHS + 3 * month, 3)
    _put(line, b" ", 1)
    _put_number(line, year)
    _put(line, b" ", 1)
    _put_number(line, second // 3600, 2)
    _put(line, b":", 1)
    _put_number(line, second // 60 % 60, 2)
    _put(line, b":", 1)
    _put_number(line, second % 60, 2)
    _put(line, b".", 1)
    _put_number(line, t.tv_nsec // 1000000, 3)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _begin(line: cython.pointer[Line]) -> cython.void:
    """Begin a line as the log does."""
    pid: pid_t = getpid()
    line.n = 0
    _put_number(line, pid)
    _put_text(line, b":M " if pid == _report.pid else b":C ")
    _put_time(line)
    _put(line, b" # ", 3)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _end(line: cython.pointer[Line], fd: cython.int) -> cython.void:
    if line.n == LINE_ROOM:
        line.n -= 1
    _put(line, b"\n", 1)
    # A log that can't be written is no reason to do anything else here.
    line.n = cython.cast(cython.size_t, write(fd, line.text, line.n))


# The handler ------------------------------------------------------------------------------------------------------


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _hand_back() -> cython.void:
    """Let those who handled the signals before handle them again."""
    i: cython.int
    for i in range(5):
        sigaction(SIGNALS[i], cython.address(_earlier[i]), cython.NULL)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _on_fault(number: cython.int, info: cython.pointer[siginfo_t], context: cython.p_void) -> cython.void:
    line: Line
    frames: cython.p_void[FRAMES_MAX]
    fd: cython.int = 1
    # First of all, so that a fault in here can't come here.
    _hand_back()
    if _report.path[0]:
        fd = open(_report.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
    if fd < 0:
        fd = 2
    _begin(cython.address(line))
    _put_text(cython.address(line), b"=== BUG REPORT of ")
    _put_text(cython.address(line), _report.about)
    _put_text(cython.address(line), b": please report all that follows ===")
    _end(cython.address(line), fd)
    _begin(cython.address(line))
    _put_text(cython.address(line), _report.about)
    _put_text(cython.address(line), b" crashed by signal: ")
    _put_number(cython.address(line), number)
    _put_text(cython.address(line), b", si_code: ")
    _put_number(cython.address(line), info.si_code)
    _end(cython.address(line), fd)
    _begin(cython.address(line))
    # What the kernel found out itself has a code above 0.
    if info.si_code <= 0:
        _put_text(cython.address(line), b"Sent by process ")
        _put_number(cython.address(line), info.si_pid)
        _put_text(cython.address(line), b" of user ")
        _put_number(cython.address(line), info.si_uid)
    else:
        _put_text(cython.address(line), b"Accessing address: ")
        _put_address(cython.address(line), cython.cast(uintptr_t, info.si_addr))
    _end(cython.address(line), fd)
    _begin(cython.address(line))
    _put_text(cython.address(line), b"Stack, compiled code and then Python:")
    _end(cython.address(line), fd)
    backtrace_symbols_fd(frames, backtrace(frames, FRAMES_MAX), fd)
    dup2(fd, _report.spare_fd)
    raise_(number)


# Switching it on and off ------------------------------------------------------------------------------------------


def report_crashes(path: bytes, about: bytes, utc_offset_s: int, spare_fd: int) -> None:
    """From now on, when a fault ends the process, write a report to the log at `path`; standard output if it is empty.

    `about` names the program and its version. `utc_offset_s` is that of local time, which the lines show. `spare_fd`
    is a file descriptor that `faulthandler` writes to: it is made to be the log. Paths of 4 KB and more are refused
    with ValueError.
    """
    global _is_on
    handler: sigaction_t
    alternative: stack_t
    frames: cython.p_void[1]
    i: cython.int
    if len(path) >= PATH_ROOM or len(about) >= ABOUT_ROOM:
        raise ValueError("the path of the log is too long")
    ignore_crashes()
    memcpy(_report.path, cython.cast(cython.p_char, path), len(path) + 1)
    memcpy(_report.about, cython.cast(cython.p_char, about), len(about) + 1)
    _report.utc_offset_s = utc_offset_s
    _report.pid = getpid()
    _report.spare_fd = spare_fd
    # The first call loads a library, which a handler must not.
    backtrace(frames, 1)
    memset(cython.address(alternative), 0, cython.sizeof(stack_t))
    alternative.ss_sp = _stack
    alternative.ss_size = STACK_BYTES
    sigaltstack(cython.address(alternative), cython.NULL)
    memset(cython.address(handler), 0, cython.sizeof(sigaction_t))
    handler.sa_sigaction = _on_fault
    handler.sa_flags = SA_SIGINFO | SA_ONSTACK
    sigemptyset(cython.address(handler.sa_mask))
    for i in range(5):
        sigaction(SIGNALS[i], cython.address(handler), cython.address(_earlier[i]))
    _is_on = True


def ignore_crashes() -> None:
    """Write no report any more."""
    global _is_on
    if _is_on:
        _hand_back()
        _is_on = False


def fault() -> None:
    """Crash, as a bug would: write to memory that is not there."""
    page: cython.p_char = cython.cast(
        cython.p_char, mmap(cython.NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    )
    page[0] = ord("x")
