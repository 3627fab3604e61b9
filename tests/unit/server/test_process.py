"""On which processors a process runs."""

import os

import pytest

from pyrite.server.process import run_on

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
