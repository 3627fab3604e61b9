"""The index by ID against a dictionary: order, seeking both ways, and few bytes."""

import gc
import random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pyrite.core.memory import used_memory
from pyrite.core.stream_index import IdIndex

ID = tuple[int, int]
TOP = 2**64 - 1
parts = st.integers(0, 40) | st.sampled_from([2**63, TOP])
ids = st.tuples(parts, parts)
counts = st.integers(1, 30) | st.integers(100, 1500)
seeds = st.integers(0, 2**32)


def setup_module() -> None:
    """What earlier tests left to the garbage collector must not be freed within one of ours."""
    gc.collect()


class Machine(RuleBasedStateMachine):
    """IDs come at the end, at the start and in between, and go in any order, one by one and by hundreds."""

    def __init__(self) -> None:
        super().__init__()
        self.start = used_memory()
        self.index = IdIndex()
        self.values: dict[ID, int] = {}
        self.valued = True

    @initialize(valued=st.booleans())
    def choose_width(self, valued: bool) -> None:
        self.valued = valued
        self.index = IdIndex(valued)

    def insert(self, each: ID, value: int) -> None:
        assert self.index.insert(*each, value) == (each not in self.values)
        self.values[each] = value if self.valued else 0

    @rule(each=ids, value=st.integers(0, TOP))
    def insert_one(self, each: ID, value: int) -> None:
        self.insert(each, value)

    @rule(count=counts, step=st.sampled_from([1, -1]))
    def insert_at_an_end(self, count: int, step: int) -> None:
        ms = (max(self.values)[0] if step > 0 else min(self.values)[0]) if self.values else 2**32
        for n in range(1, count + 1):
            if 0 <= ms + step * n <= TOP:
                self.insert((ms + step * n, n % 3), n)

    @rule(count=counts, seed=seeds, spread=st.sampled_from([50, 10**6]))
    def insert_at_random(self, count: int, seed: int, spread: int) -> None:
        rng = random.Random(seed)
        for _ in range(count):
            self.insert((rng.randrange(spread), rng.randrange(3)), rng.getrandbits(64))

    @rule(each=ids)
    def remove_one(self, each: ID) -> None:
        assert self.index.remove(*each) == (self.values.pop(each, None) is not None)

    @rule(count=counts, seed=seeds, order=st.sampled_from(["first", "last", "random"]))
    def remove(self, count: int, seed: int, order: str) -> None:
        there = sorted(self.values, reverse=order == "last")
        if order == "random":
            random.Random(seed).shuffle(there)
        for each in there[:count]:
            assert self.index.remove(*each)
            assert not self.index.remove(*each)
            del self.values[each]

    @rule(each=ids)
    def seek(self, each: ID) -> None:
        assert self.index.find(*each) == self.values.get(each)
        assert self.index.ids_from(*each) == sorted(other for other in self.values if other >= each)
        assert self.index.ids_down_from(*each) == sorted(
            (other for other in self.values if other <= each), reverse=True
        )

    @rule()
    def copy(self) -> None:
        copied = self.index.copy()
        assert copied.ids_from(0, 0) == sorted(self.values)
        assert all(copied.find(*each) == value for each, value in self.values.items())

    @rule()
    def clear(self) -> None:
        self.index.clear()
        self.values = {}

    @invariant()
    def the_same(self) -> None:
        there = sorted(self.values)
        assert len(self.index) == len(there)
        assert self.index.ids_from(0, 0) == there
        assert self.index.ids_down_from(TOP, TOP) == there[::-1]
        assert self.index.ends() == ([there[0], there[-1]] if there else [])
        if not there:
            assert self.index.size_bytes == 0
            assert self.index.height == 0

    def teardown(self) -> None:
        assert all(self.index.find(*each) == value for each, value in self.values.items())
        self.index.clear()
        assert used_memory() == self.start


TestIndex = Machine.TestCase
TestIndex.settings = settings(max_examples=60, stateful_step_count=25)


def filled(count: int, order: str) -> IdIndex:
    index = IdIndex()
    numbers = list(range(count))
    if order == "random":
        random.Random(count).shuffle(numbers)
    elif order == "falling":
        numbers.reverse()
    for n in numbers:
        index.insert(n, 0, n)
    return index


@pytest.mark.parametrize(("order", "most"), [("growing", 27), ("falling", 54), ("random", 40)])
def test_bytes_of_a_record_are_few(order: str, most: int) -> None:
    """Of which the record itself takes 24."""
    assert filled(50_000, order).size_bytes <= most * 50_000


@pytest.mark.parametrize("gone", [0.5, 0.9, 0.99])
def test_bytes_stay_few_when_most_records_are_gone(gone: float) -> None:
    index = filled(50_000, "growing")
    for n in random.Random(1).sample(range(50_000), int(50_000 * gone)):
        index.remove(n, 0)
    assert index.size_bytes <= 24 * 5 * len(index)


def test_a_single_record_takes_little() -> None:
    assert filled(1, "growing").size_bytes <= 128
