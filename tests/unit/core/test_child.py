"""A fork that leaves the allocator whole, and figures that child and parent share."""

import os
import resource
import threading
import time

import pytest

from pyrite.core.child import Progress, fork_process
from pyrite.core.memory import Block, churn


def status_of(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_figures_are_shared() -> None:
    progress = Progress(7)
    assert (progress.keys, progress.total, progress.cow_bytes, progress.cow_age_s) == (0, 7, 0, 0)
    assert progress.cow_average_bytes == 0
    pid = fork_process(progress)
    if pid == 0:
        data = bytearray(b"x") * (8 << 20)
        progress.measure()
        os._exit(len(data) == 0)
    assert status_of(pid) == 0
    assert progress.cow_bytes >= 8 << 20
    assert progress.cow_peak_bytes == progress.cow_average_bytes == progress.cow_bytes
    assert progress.cow_age_s == 0


def test_a_child_knows_whether_its_parent_is_there() -> None:
    progress = Progress()
    assert not progress.orphaned()
    ours, theirs = os.pipe()
    middle = fork_process(progress)
    if middle == 0:
        inner = Progress()
        if fork_process(inner) == 0:
            before = inner.orphaned()
            while not inner.orphaned():
                time.sleep(0.001)
            os.write(theirs, b"%d" % before)
            os._exit(0)
        os._exit(0)
    assert status_of(middle) == 0
    os.close(theirs)
    assert os.read(ours, 10) in (b"0", b"1")
    os.close(ours)


def test_forks_while_another_thread_allocates() -> None:
    """A child whose allocator was left in the middle of something would hang or crash."""
    done = threading.Event()
    damaged = []

    def work() -> None:
        while not done.is_set():
            damaged.append(churn(20_000, 7))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for _ in range(30):
            pid = fork_process(Progress())
            if pid == 0:
                blocks = [Block(size) for size in range(1, 4000, 7)]
                for block in blocks:
                    block.fill(3)
                os._exit(0 if all(block.holds(3) for block in blocks) else 1)
            assert status_of(pid) == 0
    finally:
        done.set()
        thread.join()
    assert set(damaged) == {0}


def test_no_process_can_be_made() -> None:
    if os.geteuid() == 0:
        # The superuser knows no limit on processes: in a child that is none.
        pid = os.fork()
        if pid:
            assert status_of(pid) == 0
            return
        os.setresuid(65534, 65534, 65534)
        os._exit(0 if _refused() else 1)
    assert _refused()


def _refused() -> bool:
    _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    resource.setrlimit(resource.RLIMIT_NPROC, (0, hard))
    try:
        with pytest.raises(OSError, match="Resource temporarily unavailable"):
            fork_process(Progress())
    except BaseException:  # noqa: BLE001 - what fails is told by the exit status
        return False
    return True
