"""On which processors a process runs, and when the kernel ends it."""

import os
from pathlib import Path

import pytest

from pyrite.server import process
from pyrite.server.config import Config
from pyrite.server.log import Log
from pyrite.server.process import OomScore, run_on
from pyrite.server.server import Server

AVAILABLE = sorted(os.sched_getaffinity(0))
FIRST, LAST = AVAILABLE[0], AVAILABLE[-1]


def chosen(text: str) -> set[int]:
    """Return where a child runs after `run_on`."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        run_on(text)
        os.write(theirs, ",".join(map(str, os.sched_getaffinity(0))).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    os.close(theirs)
    with open(ours, "rb") as pipe:
        return {int(number) for number in pipe.read().split(b",")}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{FIRST}", {FIRST}),
        (f"{FIRST}-{LAST}", set(AVAILABLE)),
        (f"{FIRST},{LAST}", {FIRST, LAST}),
        (f"{FIRST}-{LAST}:{LAST - FIRST + 1}", {FIRST}),
        (f" {LAST} ", {LAST}),
        ("", set(AVAILABLE)),
        ("x", set(AVAILABLE)),
        (f"{FIRST},", set(AVAILABLE)),
        ("0-99999999", set(AVAILABLE)),
        ("0-3:0", set(AVAILABLE)),
        ("4000", set(AVAILABLE)),
    ],
)
def test_processors(text: str, expected: set[int]) -> None:
    assert chosen(text) == expected


# The score by which the kernel chooses whom it ends when memory runs out


@pytest.fixture
def score(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file that stands for the kernel's, with a score of 100."""
    path = tmp_path / "oom_score_adj"
    path.write_text("100\n")
    monkeypatch.setattr(process, "OOM_SCORE", str(path))
    return path


def test_oom_score(score: Path) -> None:
    ours = OomScore()
    for mode, value, expected in (
        ("no", 5, 100),
        ("yes", 5, 105),
        ("yes", 7, 107),
        ("absolute", 7, 7),
        ("yes", 2000, 1000),
        ("absolute", -2000, -1000),
        ("no", 5, 100),
        ("yes", -5, 95),
    ):
        ours.set(mode, value)
        assert int(score.read_text()) == expected
    score.write_text("50")
    ours.set("no", 0)
    assert int(score.read_text()) == 100


def test_a_start_goes_on_without_the_score(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "OOM_SCORE", str(tmp_path / "missing"))
    config = Config()
    config.assign("oom-score-adj", "yes")
    log = tmp_path / "log"
    Server(config, Log(str(log))).close()
    assert "Unable to write oom_score_adj: No such file or directory" in log.read_text()
