"""The child process: jobs that succeed, fail and hang, and what their parent learns."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from pyrite.core.child import Progress
from pyrite.keyspace.database import Keyspace
from pyrite.persistence.child import Children, Outcome
from pyrite.server.watcher import Watcher


class Host:
    """What children need of a server."""

    def __init__(self, log: Path) -> None:
        """Have no child."""
        self.keyspace = Keyspace(1)
        self.watcher = Watcher(self._fail)
        self.latency = SimpleNamespace(add=lambda *_: None)
        self.children = Children(self)  # type: ignore[arg-type]
        self.outcomes: list[Outcome] = []
        self._log = log

    def _fail(self) -> None:
        raise AssertionError("a function of the watcher failed")

    def become_child(self, kind: str) -> None:
        """Know that this is a child."""
        self.log_notice(f"child {kind}")

    def log_notice(self, message: str) -> None:
        """Write to a file: a child's memory is its own."""
        with self._log.open("a") as file:
            file.write(message + "\n")

    log_warning = log_notice

    def start(self, job: Callable[[Progress], object], **more: object) -> int:
        """Start a child whose outcome is kept."""
        return self.children.start("rdb", job, self.outcomes.append, **more)  # type: ignore[arg-type]

    def wait(self) -> Outcome:
        """Serve until the child has ended; returns how."""
        deadline = time.monotonic() + 10
        while self.children.running is not None:
            assert time.monotonic() < deadline
            self.watcher.serve()
            time.sleep(0.005)
        return self.outcomes.pop()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """Return a server without anything but children."""
    host = Host(tmp_path / "log")
    yield host
    host.children.kill()
    host.watcher.close()
    host.keyspace.spare_copies(False)


def lines(tmp_path: Path) -> list[str]:
    return (tmp_path / "log").read_text().splitlines()


def test_a_job_that_succeeds(host: Host, tmp_path: Path) -> None:
    pid = host.start(lambda _: (tmp_path / "done").touch(), total=5)
    assert host.children.running == "rdb"
    assert host.children.pid == pid
    assert host.children.progress is not None
    assert host.children.progress.total == 5
    assert host.keyspace.child_runs
    outcome = host.wait()
    assert (outcome.kind, outcome.pid, outcome.status, outcome.signal) == ("rdb", pid, 0, 0)
    assert outcome.is_good
    assert not outcome.was_stopped
    assert outcome.cow_bytes > 0
    assert (tmp_path / "done").exists()
    assert (host.children.pid, host.children.progress, host.children.elapsed_s) == (-1, None, -1)
    assert not host.keyspace.child_runs
    assert host.children.forks == 1
    assert lines(tmp_path)[0] == "child rdb"
    assert lines(tmp_path)[1].startswith("Fork CoW for RDB: current ")


def test_a_job_that_fails(host: Host, tmp_path: Path) -> None:
    def job(_: Progress) -> None:
        raise OSError(28, "No space left on device")

    host.start(job)
    outcome = host.wait()
    assert (outcome.status, outcome.signal, outcome.is_good) == (1, 0, False)
    assert lines(tmp_path) == ["child rdb"]  # what failed is for the job to say


def test_a_job_with_a_bug(host: Host, tmp_path: Path) -> None:
    host.start(lambda _: 1 // 0)
    assert host.wait().status == 1
    assert any("ZeroDivisionError" in line for line in lines(tmp_path))


def test_a_job_that_wants_to_exit(host: Host) -> None:
    """No exception may carry the child back into the code of a server."""

    def job(_: Progress) -> None:
        raise SystemExit(0)

    host.start(job)
    assert host.wait().status == 1


def test_one_at_a_time(host: Host) -> None:
    host.start(lambda _: time.sleep(60))
    with pytest.raises(RuntimeError, match="a child of kind rdb is running"):
        host.start(lambda _: None)
    host.children.kill()
    outcome = host.outcomes.pop()
    assert (outcome.status, outcome.signal) == (-1, signal.SIGUSR1)
    assert outcome.was_stopped
    assert host.children.running is None
    host.children.kill()  # nothing to do
    assert host.outcomes == []


def test_a_job_that_does_not_listen(host: Host) -> None:
    def job(_: Progress) -> None:
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        Path(f"/proc/self/fd/{theirs}").stat()
        os.write(theirs, b"x")
        time.sleep(60)

    ours, theirs = os.pipe()
    host.start(job, keep=(theirs,))
    os.read(ours, 1)
    host.children.kill()
    assert host.outcomes.pop().was_stopped
    os.close(ours)
    os.close(theirs)


def test_others_kill_it(host: Host) -> None:
    pid = host.start(lambda _: time.sleep(60))
    os.kill(pid, signal.SIGKILL)
    outcome = host.wait()
    assert (outcome.status, outcome.signal) == (-1, signal.SIGKILL)
    assert not outcome.was_stopped


def test_only_what_is_kept_stays_open(host: Host, tmp_path: Path) -> None:
    kept, other = os.open(tmp_path, os.O_RDONLY), os.open(tmp_path, os.O_RDONLY)
    ours, theirs = os.pipe()

    def job(_: Progress) -> None:
        found = [int(name) for name in os.listdir("/proc/self/fd")]
        os.write(theirs, repr(found).encode())

    host.start(job, keep=(theirs, kept))
    assert host.wait().is_good
    found = set(map(int, os.read(ours, 1000).decode().strip("[]").split(",")))
    assert {kept, theirs} <= found
    assert other not in found
    assert ours not in found
    # The standard ones, those kept, the pipe that tells of the end, and the directory that was listed.
    assert len(found) <= 3 + 2 + 1 + 1
    for descriptor in (kept, other, ours, theirs):
        os.close(descriptor)


def test_somebody_else_took_the_status(host: Host) -> None:
    """Nobody knows then that the job is done."""
    pid = host.start(lambda _: None)
    os.waitpid(pid, 0)
    outcome = host.wait()
    assert (outcome.status, outcome.signal) == (1, 0)
