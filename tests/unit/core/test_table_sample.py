"""Samples of a hashtable: so many, all different, each with the same chance."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite.core.hashtable import set_random_seed
from pyrite.core.table_sample import sample

KEYS = [b"key:%d" % n for n in range(1000)]


@given(count=st.integers(0, 300), wanted=st.integers(0, 400))
def test_gives_different_keys_of_the_table(count: int, wanted: int) -> None:
    found = sample(KEYS[:count], wanted)
    assert len(found) == len(set(found)) == min(count, wanted)
    assert set(found) <= set(KEYS[:count])


@pytest.mark.parametrize("wanted", [3, 5, 15, 29])
def test_every_key_has_the_same_chance(wanted: int) -> None:
    set_random_seed(b"sixteen bytes..." + bytes([wanted]))
    keys, rounds = KEYS[:30], 4000
    seen = Counter(key for _ in range(rounds) for key in sample(keys, wanted))
    mean = rounds * wanted / len(keys)
    # Chi-squared of 29 degrees of freedom, which is above 66 once in 10,000 times.
    spread = rounds * wanted / len(keys) * (1 - wanted / len(keys))
    assert sum((seen[key] - mean) ** 2 / spread for key in keys) < 66
