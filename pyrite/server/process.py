"""The process: going into the background, its pid file and title, the limit on open files, who supervises it."""

from __future__ import annotations

import ctypes
import os
import re
import resource
import socket
from collections.abc import Callable
from contextlib import suppress

from pyrite.server.config.checks import expand_template
from pyrite.server.config.config import Config

# Descriptors beyond those of clients: log, listening sockets, files of persistence.
RESERVED_DESCRIPTORS = 32

OOM_SCORE = "/proc/self/oom_score_adj"
OOM_SCORE_MAX = 1000

_PR_SET_THP_DISABLE = 41
_PROCESSORS = re.compile(r"(\d+)(?:-(\d+)(?::(\d+))?)?")
_PROCESSOR_MAX = 4095


class ProcessError(Exception):
    """Something that the start needs of the system was refused; the text is one line."""


# What names the environment's order of text, the first that is set.
COLLATION_VARIABLES = ("LC_ALL", "LC_COLLATE", "LANG")


def collate_as_environment() -> None:
    """Have SORT ALPHA order text as the environment says; a locale that is not there leaves the order of bytes."""
    named = next(filter(None, (os.environ.get(name) for name in COLLATION_VARIABLES)), "C")
    if named in {"C", "POSIX"}:
        return
    import locale  # noqa: PLC0415 - most servers run in the locale C and need not pay for it

    with suppress(locale.Error):
        locale.setlocale(locale.LC_COLLATE, "")


def daemonize() -> None:
    """Go into the background: a child in a session of its own goes on, with no terminal; the caller's process ends.

    Raises ProcessError.
    """
    try:
        if os.fork():
            os._exit(0)
    except OSError as error:
        raise ProcessError(f"Can't go into the background: {error.strerror}") from None
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    if null > 2:
        os.close(null)


def write_pid_file(path: str) -> None:
    """Write the process id; raises ProcessError."""
    try:
        with open(path, "w", encoding="ascii") as file:
            file.write(f"{os.getpid()}\n")
    except OSError as error:
        raise ProcessError(f"Can't write the pid file {path}: {error.strerror}") from None


def remove_pid_file(path: str) -> None:
    """Remove the pid file, if it is still there and ours."""
    try:
        with open(path, encoding="ascii") as file:
            ours = file.read().strip() == str(os.getpid())
        if ours:
            os.unlink(path)
    except OSError:
        pass


def open_file_limit(maxclients: int) -> tuple[int, str | None]:
    """Raise the limit on open files to what `maxclients` needs; returns how many clients fit, and what to log.

    Raises ProcessError where not even one does.
    """
    needed = maxclients + RESERVED_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return maxclients, None
    reachable = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, max(needed, hard)))
        return maxclients, f"Increased maximum number of open files to {needed} (it was originally set to {soft})."
    except (ValueError, OSError):
        pass
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (reachable, hard))
    except (ValueError, OSError):
        reachable = soft
    fitting = reachable - RESERVED_DESCRIPTORS
    if fitting < 1:
        raise ProcessError(
            f"Your current 'ulimit -n' of {soft} is not enough for the server to start. Please increase your open file "
            f"limit to at least {needed}. Exiting."
        )
    return fitting, (
        f"You requested maxclients of {maxclients} requiring at least {needed} max file descriptors. Server can't set "
        f"maximum open files to {needed} because of OS error. Current maximum open files is {reachable}. maxclients "
        f"has been reduced to {fitting} to compensate for low ulimit."
    )


def disable_huge_pages() -> None:
    """Ask the kernel for no transparent huge pages in this process: they make copy-on-write copy far too much."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_THP_DISABLE, 1, 0, 0, 0)


class OomScore:
    """The kernel's oom_score_adj of this process: who is ended first when memory runs out."""

    def __init__(self) -> None:
        self._base: int | None = None  # what it was before; None while it is not ours

    def set(self, mode: str, score: int) -> None:
        """Set the score: as it is where `mode` is "absolute", on top of what was before where it is "yes".

        "no" gives back what was before. Raises OSError.
        """
        if mode == "no":
            if self._base is None:
                return
            score, self._base = self._base, None
        else:
            if self._base is None:
                with open(OOM_SCORE, encoding="ascii") as file:
                    self._base = int(file.read())
            if mode == "yes":
                score += self._base
        with open(OOM_SCORE, "w", encoding="ascii") as file:
            file.write(str(max(-OOM_SCORE_MAX, min(score, OOM_SCORE_MAX))))


def run_on(processors: str) -> None:
    """Have this process run on these processors only: `0,2`, `4-7`, `0-6:2`. What makes no sense changes nothing."""
    chosen: set[int] = set()
    for part in processors.split(","):
        found = _PROCESSORS.fullmatch(part.strip())
        if found is None:
            return
        first, last, step = int(found[1]), int(found[2] or found[1]), int(found[3] or 1)
        if last > _PROCESSOR_MAX or step < 1:
            return
        chosen.update(range(first, last + 1, step))
    with suppress(OSError, ValueError):
        os.sched_setaffinity(0, chosen)


def set_title(title: str) -> None:
    """Set what the list of processes shows."""
    import setproctitle  # noqa: PLC0415 - read only when the title is wanted: it looks over the whole environment

    setproctitle.setproctitle(title)


def title(config: Config, name: str = "pyrite-server") -> str:
    """What proc-title-template makes of the configuration; `name` is the process's own."""
    addresses = [address.removeprefix("-") for address in config.bind]
    listening = f"{addresses[0]}:{config.port}" if config.port and addresses else f"unixsocket:{config.unixsocket}"
    variables = {
        "title": name,
        "listen-addr": listening,
        "server-mode": "",
        "port": str(config.port),
        "tls-port": "0",
        "unixsocket": config.unixsocket,
        "config-file": config.path or "",
    }
    return expand_template(config.proc_title_template, variables).strip()


def supervision(mode: str, log: Callable[[str], None]) -> str:
    """Who supervises the process, `no`, `upstart` or `systemd`: what is configured, or what the environment tells."""
    if mode == "auto":
        if os.environ.get("NOTIFY_SOCKET"):
            mode = "systemd"
        elif os.environ.get("UPSTART_JOB"):
            mode = "upstart"
        else:
            return "no"
    if mode == "systemd" and not os.environ.get("NOTIFY_SOCKET"):
        log("systemd supervision requested or auto-detected, but NOTIFY_SOCKET is not set: nothing to notify")
        return "no"
    if mode == "upstart" and not os.environ.get("UPSTART_JOB"):
        log("upstart supervision requested or auto-detected, but UPSTART_JOB is not set: nothing to notify")
        return "no"
    return mode


def notify_systemd(state: str) -> bool:
    """Send a state such as `READY=1` to systemd, as sd_notify(3) describes; False where nobody listens."""
    where = os.environ.get("NOTIFY_SOCKET")
    if not where:
        return False
    address = "\0" + where[1:] if where.startswith("@") else where
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.connect(address)
            channel.sendall(state.encode())
    except OSError:
        return False
    return True


def stop_for_upstart() -> None:
    """Tell upstart that the server is ready, by stopping; upstart lets it go on."""
    os.environ.pop("UPSTART_JOB", None)
    os.kill(os.getpid(), 19)


def resident_bytes(before: int = 0) -> int:
    """Memory of this process that is in RAM, or `before` while no descriptor is left to find out."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:
        return before
