"""The latency monitor's samples and what it draws of them."""

from collections.abc import Iterator

import pytest

from pyrite.server import latency
from pyrite.server.latency import SAMPLES_MAX, LatencyMonitor


class Clock:
    """Stands in for the time module."""

    def __init__(self) -> None:
        self.now_s = 1000

    def time(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    made = Clock()
    monkeypatch.setattr(latency, "time", made)
    return made


def test_only_what_reaches_the_threshold_counts(clock: Clock) -> None:
    monitor = LatencyMonitor(100)
    monitor.add(b"command", 99)
    assert monitor.latest() == []
    monitor.add(b"command", 100)
    assert monitor.latest() == [(b"command", 1000, 100, 100)]
    monitor.threshold_ms = 0
    monitor.add(b"command", 1000)
    assert monitor.history(b"command") == [(1000, 100)]


def test_of_one_second_the_worst_stays(clock: Clock) -> None:
    monitor = LatencyMonitor(1)
    for latency_ms in (5, 9, 7):
        monitor.add(b"command", latency_ms)
    assert monitor.history(b"command") == [(1000, 9)]
    clock.now_s += 1
    monitor.add(b"command", 3)
    assert monitor.history(b"command") == [(1000, 9), (1001, 3)]
    assert monitor.latest() == [(b"command", 1001, 3, 9)]


def test_the_oldest_samples_go_but_the_worst_is_remembered(clock: Clock) -> None:
    monitor = LatencyMonitor(1)
    for number in range(SAMPLES_MAX + 10):
        clock.now_s = 1000 + number
        monitor.add(b"command", 500 if number == 0 else 10)
    history = monitor.history(b"command")
    assert len(history) == SAMPLES_MAX
    assert history[0] == (1010, 10)
    assert monitor.latest()[0][3] == 500


def test_reset_of_some_or_all(clock: Clock) -> None:
    monitor = LatencyMonitor(1)
    for event in (b"a", b"b", b"c"):
        monitor.add(event, 5)
    assert monitor.reset([b"b", b"b", b"x"]) == 1
    assert [event for event, *_ in monitor.latest()] == [b"a", b"c"]
    assert monitor.reset([]) == 2
    assert monitor.reset([]) == 0


def test_the_graph_has_a_column_for_each_sample(clock: Clock) -> None:
    monitor = LatencyMonitor(1)
    assert monitor.graph(b"command") is None
    for age_s, latency_ms in ((200_000, 10), (7200, 80), (61, 40), (5, 10)):
        clock.now_s = 1_000_000 - age_s
        monitor.add(b"command", latency_ms)
    clock.now_s = 1_000_000
    assert monitor.graph(b"command") == (
        b"command - high 80 ms, low 10 ms (all time high 80 ms)\n"
        b"--------------------------------------------------------------------------------\n"
        b" #\n"
        b" #\n"
        b" ##\n"
        b"_##_\n"
        b"\n"
        b"2215\n"
        b"dhms\n"
    )


def test_equal_samples_make_a_flat_graph(clock: Clock) -> None:
    monitor = LatencyMonitor(1)
    monitor.add(b"command", 10)
    graph = monitor.graph(b"command")
    assert graph is not None
    assert graph.splitlines()[2:] == [b"_", b"", b"0", b"s"]


def test_the_doctor_speaks_of_each_event(clock: Clock) -> None:
    monitor = LatencyMonitor(1)
    for event in (b"command", b"expire-cycle", b"eviction-cycle", b"fast-command"):
        monitor.add(event, 20)
        clock.now_s += 4
        monitor.add(event, 40)
    report = monitor.doctor().decode()
    for number, event in enumerate(("command", "eviction-cycle", "expire-cycle", "fast-command"), 1):
        assert f"{number}. {event}: 2 times, one every 4.0 seconds; on average 30 ms" in report
    assert report.count("   - ") == 9
