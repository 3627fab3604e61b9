"""The latency histogram against the list of what was recorded, and against what Redis shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite.core.histogram import LatencyHistogram
from tests.models.histogram import Histogram

near_powers = st.builds(lambda power, distance: (1 << power) + distance, st.integers(0, 31), st.integers(-2, 2))
times_ns = st.one_of(st.integers(-5, 2000), st.integers(0, 2 * 10**9), near_powers, st.just(2**62))
percentiles = st.one_of(st.sampled_from([0.0, 50.0, 99.0, 99.9, 100.0, 100.5]), st.floats(0, 100))

# The microseconds that LATENCY HISTOGRAM of Redis 7.2.6 shows, level by level.
SEEN_LEVELS = [
    1,
    2,
    4,
    8,
    16,
    33,
    66,
    132,
    264,
    528,
    1056,
    2113,
    4227,
    8454,
    16908,
    33816,
    67633,
    135266,
    270532,
    541065,
]
SEEN_LEVELS += [1073741]


def filled(times: list[int]) -> tuple[LatencyHistogram, Histogram]:
    histogram, model = LatencyHistogram(), Histogram()
    for ns in times:
        histogram.record(ns)
        model.record(ns)
    return histogram, model


@given(st.lists(times_ns, max_size=60), percentiles)
def test_percentile(times: list[int], percentile: float) -> None:
    histogram, model = filled(times)
    assert histogram.total == len(times)
    assert histogram.percentile(percentile) == model.percentile(percentile)


@given(st.lists(times_ns, max_size=60))
def test_levels(times: list[int]) -> None:
    histogram, model = filled(times)
    assert histogram.levels() == model.levels()


@given(times_ns.filter(lambda ns: 1 <= ns <= 10**9))
def test_a_time_is_rounded_up_by_less_than_one_part_in_128(ns: int) -> None:
    histogram, _ = filled([ns])
    assert ns <= histogram.percentile(50) < ns * (1 + 1 / 128)


def test_levels_are_those_that_redis_shows() -> None:
    times = [1000, *(1024 << level for level in range(1, 20)), 10**9]
    histogram, _ = filled(times)
    assert histogram.levels() == list(zip(SEEN_LEVELS, range(1, 22), strict=True))


@pytest.mark.parametrize(
    ("ns", "seen_usec"),
    [(500, "0.501"), (1000, "1.003"), (5000, "5.023"), (123_456, "123.903"), (10**9, "1002438.655")],
)
def test_percentiles_in_microseconds_are_those_that_redis_shows(ns: int, seen_usec: str) -> None:
    histogram, _ = filled([ns])
    assert f"{histogram.percentile(99) / 1000:.3f}" == seen_usec


def test_record_many_calls_at_once() -> None:
    histogram = LatencyHistogram()
    histogram.record(100, 5000)
    histogram.record(300, 2)
    histogram.record(300, 0)
    assert histogram.total == 5002
    assert (histogram.percentile(50), histogram.percentile(100)) == (100, 301)
