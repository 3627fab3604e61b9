"""Equal fields and members of a listpack are found, however many there are."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite.core.distinct import distinct
from pyrite.core.memory import used_memory
from tests.models import listpack

values = st.binary(max_size=2) | st.integers(-20, 20)


def differ(elements: list[listpack.Value]) -> bool:
    """Tell whether no two elements have the same text."""
    return len({listpack.text(element) for element in elements}) == len(elements)


@given(st.lists(values, max_size=60), st.integers(1, 3))
def test_as_a_set_of_texts_says(elements, step):
    assert distinct(listpack.encode(elements), step) is differ(elements[::step])


@pytest.mark.parametrize("count", [2, 16, 17, 33, 500, 5000])
def test_one_pair_among_many(count):
    elements: list[listpack.Value] = [f"member:{n}".encode() for n in range(count)]
    before = used_memory()
    assert distinct(listpack.encode(elements), 1)
    for _ in range(20):
        twice = list(elements)
        i, j = random.sample(range(count), 2)
        twice[i] = twice[j]
        assert not distinct(listpack.encode(twice), 1)
    assert used_memory() == before


@pytest.mark.parametrize("others", [0, 30])
def test_an_integer_equals_its_digits(others):
    filler: list[listpack.Value] = [b"x%d" % n for n in range(others)]
    assert not distinct(listpack.encode([*filler, 5, b"5"]), 1)
    assert distinct(listpack.encode([*filler, 5, b"05"]), 1)


def test_values_are_not_looked_at():
    assert distinct(listpack.encode([b"a", b"v", b"b", b"v", b"v", b"a"]), 2)
