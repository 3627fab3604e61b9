"""The sorter against its model, what counts as a number, and patterns."""

import locale
import math
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pyrite.core.memory import used_memory
from pyrite.core.sorter import names_of, number_of, sorted_order
from tests.models import sorter as model

# Few different ones, many with a common beginning, on both sides of the eight bytes that a key holds.
short = st.binary(max_size=3) | st.sampled_from(
    [b"", b"a", b"\0", b"abcdefgh", b"abcdefghi", b"abcdefgh\0", b"abcdefgi"]
)
integers = st.integers(-30, 30) | st.integers(-(2**63), 2**63 - 1)
values = short | integers
doubles = st.floats(allow_nan=False) | st.integers(-3, 3).map(float) | st.sampled_from([0.0, -0.0, math.inf, -math.inf])


@given(st.lists(values, max_size=200), st.booleans())
def test_texts(elements: list[model.Value], descending: bool) -> None:
    start = used_memory()
    order = sorted_order(elements, None, True, descending)
    assert order == model.sorted_order(elements, list(elements), by_text=True, descending=descending)
    assert used_memory() == start


@given(st.lists(st.tuples(values, values | st.none()), max_size=200), st.booleans())
def test_texts_of_others(pairs: list[tuple[model.Value, model.Value | None]], descending: bool) -> None:
    elements, by = [first for first, _ in pairs], [second for _, second in pairs]
    expected = model.sorted_order(elements, by, by_text=True, descending=descending)
    assert sorted_order(elements, by, True, descending) == expected


@given(st.lists(st.tuples(values, doubles), max_size=200), st.booleans())
def test_numbers(pairs: list[tuple[model.Value, float]], descending: bool) -> None:
    elements, by = [first for first, _ in pairs], [second for _, second in pairs]
    expected = model.sorted_order(elements, by, by_text=False, descending=descending)
    assert sorted_order(elements, by, False, descending) == expected


@pytest.mark.parametrize("count", [0, 1, 2, 11, 12, 13, 24, 25, 100, 5000])
@pytest.mark.parametrize("descending", [False, True])
def test_lengths_around_a_run(count: int, descending: bool) -> None:
    elements: list[model.Value] = [i * 7919 % 1009 for i in range(count)]
    expected = model.sorted_order(elements, [float(each) for each in elements], by_text=False, descending=descending)
    assert sorted_order(elements, None, False, descending) == expected


@pytest.mark.parametrize("count", [499, 500, 501, 5000])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("prefix", [b"", b"user:", b"longer than eight bytes:"])
def test_many_with_a_common_beginning(count: int, descending: bool, prefix: bytes) -> None:
    random = Random(count)
    elements: list[model.Value] = [prefix + b"%d" % random.randrange(count) for _ in range(count)]
    by: list[model.Value | None] = [*elements]
    for text in (None, prefix, prefix[:-1], prefix + b"1234567890", prefix + b"12345678\0"):
        by[random.randrange(count)] = text
    expected = model.sorted_order(elements, by, by_text=True, descending=descending)
    assert sorted_order(elements, by, True, descending) == expected
    numbers = [random.choice([0.0, -0.0, -1.5, 1e300, random.gauss(0, 1)]) for _ in range(count)]
    expected = model.sorted_order(elements, numbers, by_text=False, descending=descending)
    assert sorted_order(elements, numbers, False, descending) == expected


@pytest.fixture
def other_locale() -> Iterator[None]:
    """Collate by a locale that is not C's, and yet orders ASCII as its bytes: the one that every system has."""
    before = locale.setlocale(locale.LC_COLLATE)
    locale.setlocale(locale.LC_COLLATE, "C.UTF-8")
    yield
    locale.setlocale(locale.LC_COLLATE, before)


@pytest.mark.usefixtures("other_locale")
def test_collation() -> None:
    elements: list[model.Value] = [b"b", b"a" * 300, b"", 7, b"B", 10, b"a", b"ab"]
    expected = model.sorted_order(elements, list(elements), by_text=True, descending=False)
    start = used_memory()
    assert sorted_order(elements, None, True, False, True) == expected
    assert used_memory() == start
    # What strcoll does not see: the bytes behind a zero.
    assert sorted_order([b"a\0z", b"a\0b"], None, True, False, True) == [0, 1]
    assert sorted_order([b"a\0z", b"a\0b"], None, True, False, False) == [1, 0]


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (7, 7.0), (-(2**63), -(2.0**63)), (b"1.5", 1.5), (b"", 0.0), (b" 1", 1.0), (b"\t-2", -2.0), (b"1 ", None),
        (b"0x10", 16.0), (b"1e3", 1000.0), (b"inf", math.inf), (b"-Infinity", -math.inf), (b"nan", None), (b"x", None),
        (b"1e400", None), (b"1e-400", None), (b"1\0x", 1.0), (b"\0", 0.0), (b"x\0", None), (b" ", None),
        (b"1" * 600, None), (b"0." + b"1" * 600, 0.1111111111111111), (b"1e", None), (b"+5", 5.0),
    ],
)  # fmt: skip
def test_what_counts_as_a_number(value: model.Value, number: float | None) -> None:
    assert number_of(value) == number


parts = st.sampled_from([b"*", b"->", b"-", b">", b"#", b"\0", b"a", b"key:", b""])


@given(st.lists(parts, max_size=7).map(b"".join), st.lists(values, max_size=4))
@example(b"#", [1])
@example(b"#\0*", [1])
@example(b"w_*->", [b"a"])
@example(b"w_*->->f", [b"a"])
@example(b"w->*->f*", [b"a"])
def test_patterns(pattern: bytes, elements: list[model.Value]) -> None:
    start = used_memory()
    for (kind, name, field), element in zip(names_of(pattern, elements), elements, strict=True):
        expected = model.name_of(pattern, element)
        if expected is None:
            assert (kind, name, field) == (1 if pattern.split(b"\0")[0] == b"#" else 0, b"", b"")
        else:
            assert (kind, name, field) == (2 if expected[1] is None else 3, expected[0], expected[1] or b"")
    assert used_memory() == start


def test_names_of_any_length() -> None:
    long = b"x" * 3_000_000
    assert names_of(b"a*b", [b"1", long, b"22"]) == [(2, b"a1b", b""), (2, b"a" + long + b"b", b""), (2, b"a22b", b"")]
