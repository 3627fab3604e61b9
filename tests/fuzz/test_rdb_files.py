"""RDB files that are cut, changed or lie about what follows: refused, or read where nothing tells, but never a crash.

They are read in processes of their own, whose memory and time are limited.
"""

import ast
import subprocess
import sys

import pytest

from tests.support import ROOT, server_environment

TIMEOUT_S = 90


def outcomes(what: str, seed: int) -> dict[str, int]:
    """What became of all files of a kind."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.rdb_files_child", what, str(seed)],
        cwd=ROOT,
        env=server_environment(),
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, int] = ast.literal_eval(done.stdout)
    return found


def test_files_cut_at_every_byte() -> None:
    found = outcomes("cut", 0)
    assert found.keys() == {"refused", "lost bytes"}
    assert found["refused"] > 5000
    assert found["lost bytes"] == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_files_with_bytes_changed(seed: int) -> None:
    found = outcomes("flip", seed)
    # None that is changed passes where the checksum is looked at.
    assert found.keys() == {"refused", "read", "lost bytes"}
    assert found["refused"] > found["read"] > 100
    assert found["lost bytes"] == 0


def test_files_that_promise_too_much() -> None:
    found = outcomes("lie", 3)
    assert found["refused"] > 1000
    assert found["lost bytes"] == 0
