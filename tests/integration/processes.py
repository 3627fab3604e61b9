"""Processes of ours that tests start in unusual ways: with standard input, with limits, or to see them refused."""

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.support import Argument, Server, encode_argument, pyrite_program, server_environment

RUN_TIMEOUT_S = 20.0
CONDITION_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Outcome:
    """How a process ended."""

    status: int
    out: str
    err: str


def run(directory: Path, *arguments: Argument, stdin: bytes = b"") -> Outcome:
    """Run our server in a directory until it ends by itself."""
    command = [*pyrite_program(), *(encode_argument(argument).decode() for argument in arguments)]
    done = subprocess.run(
        command,
        input=stdin,
        cwd=directory,
        env=server_environment(),
        capture_output=True,
        timeout=RUN_TIMEOUT_S,
        check=False,
    )
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())


def with_open_files(limit: int) -> list[str]:
    """How our server is started with at most so many open files."""
    return ["sh", "-c", f'ulimit -n {limit} && exec "$@"', "sh", *pyrite_program()]


def wait_for(condition: Callable[[], object], what: str, timeout_s: float = CONDITION_TIMEOUT_S) -> None:
    """Wait until a condition holds; fail where it does not in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        time.sleep(0.01)


def child_of(server: Server) -> int:
    """The process that a server has forked, or is about to."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children")
    wait_for(children.read_text, "a child")
    return int(children.read_text().split()[0])


def resident_bytes(pid: int) -> int:
    """Memory of a process that is in RAM."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"process {pid} has no memory")
