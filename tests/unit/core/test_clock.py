"""The server's clocks, by the processor's counter and without it, beside the system's own."""

import platform
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyrite.core.clock import go_by_counter, is_by_counter, now_ns, wall_us

# What the counter may be off: some millionths of the time since it was tied to the kernel's clock, and more.
OFF_NS = 20_000
# So long it takes to learn the counter's rate, and much more, for machines that are busy.
LEARN_S = 10
# Whether the kernel goes by a counter that programs can read.
HAS_COUNTER = (
    platform.machine() == "x86_64"
    and Path("/sys/devices/system/clocksource/clocksource0/current_clocksource").read_text().strip() == "tsc"
)


@pytest.fixture(params=[True, False], ids=["counter", "kernel"])
def by_counter(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Go by the counter if there is one, or not; in the end as at first."""
    go_by_counter(request.param and HAS_COUNTER)
    yield request.param
    go_by_counter(HAS_COUNTER)


def call_for(seconds: float) -> None:
    """Take the time again and again, as a server does."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        now_ns()


def learn(by_counter: bool) -> None:
    """Take the time until the counter is gone by, where that is to be and can be."""
    until = time.monotonic() + LEARN_S
    while by_counter and HAS_COUNTER and not is_by_counter():
        assert time.monotonic() < until, "the counter is not gone by"
        now_ns()
    assert is_by_counter() == (by_counter and HAS_COUNTER)


def assert_right(read: Callable[[], int], system: Callable[[], int], off: int) -> None:
    """Hold what a clock tells against what the system's says before and after it."""
    for _ in range(2000):
        before = system()
        told = read()
        assert before - off <= told <= system() + off


def test_times_are_the_systems(by_counter: bool) -> None:
    for seconds in (0, 0.01, 0.3):
        learn(by_counter)
        call_for(seconds)
        assert_right(now_ns, time.monotonic_ns, OFF_NS)
        assert_right(wall_us, lambda: time.time_ns() // 1000, OFF_NS // 1000 + 1)


@pytest.mark.parametrize("seconds", [0.0005, 0.002, 0.07, 0.3])
def test_times_are_right_after_a_rest(by_counter: bool, seconds: float) -> None:
    learn(by_counter)
    for _ in range(3):
        time.sleep(seconds)
        before = time.monotonic_ns()
        assert before - OFF_NS <= now_ns() <= time.monotonic_ns() + OFF_NS
        time.sleep(seconds)
        before = time.time_ns()
        assert before - OFF_NS <= wall_us() * 1000 + 999 <= time.time_ns() + OFF_NS + 1000


def test_monotonic_time_never_goes_back(by_counter: bool) -> None:
    learn(by_counter)
    last = 0
    for _ in range(300_000):
        now = now_ns()
        assert now >= last
        last = now


def test_the_counter_goes_on_to_be_trusted(by_counter: bool) -> None:
    """Its rate is measured again and again, also after rests in which nobody looked."""
    learn(by_counter)
    for seconds in (0.12, 0, 0.06, 0.5, 0.2):
        call_for(0.1)
        time.sleep(seconds)
        assert is_by_counter() == (by_counter and HAS_COUNTER)
