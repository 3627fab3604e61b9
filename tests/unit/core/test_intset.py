"""Intsets against their model: every step to the byte, and bytes that lie."""

import gc
import struct
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pyrite.core.hashtable import set_random_seed
from pyrite.core.intset import IntSet, validate
from pyrite.core.memory import used_memory
from tests.models import intset as model

EDGES = [edge + step for power in (15, 31) for edge in (2**power, -(2**power)) for step in (-1, 0, 1)]
narrow = st.integers(-20, 20) | st.integers(-(2**15), 2**15 - 1)
any_width = narrow | st.sampled_from([*EDGES, 2**63 - 1, -(2**63)]) | st.integers(-(2**63), 2**63 - 1)


def setup_module() -> None:
    """What earlier tests left to the garbage collector must not be freed within one of ours."""
    gc.collect()


class Machine(RuleBasedStateMachine):
    """Integers come and go; the bytes are the model's after each step."""

    def __init__(self) -> None:
        super().__init__()
        self.start = used_memory()
        self.set = IntSet()
        self.model = model.IntSet()

    @rule(some=st.lists(narrow, max_size=20))
    def add_narrow(self, some: list[int]) -> None:
        for v in some:
            assert self.set.add(v) == self.model.add(v)

    @rule(v=any_width)
    def add_any(self, v: int) -> None:
        assert self.set.add(v) == self.model.add(v)

    @rule(first=narrow, count=st.integers(1, 300))
    def add_ascending(self, first: int, count: int) -> None:
        for v in range(first, first + count):
            assert self.set.add(v) == self.model.add(v)

    @rule(v=any_width)
    def remove_any(self, v: int) -> None:
        assert self.set.remove(v) == self.model.remove(v)

    @precondition(lambda self: self.model.members)
    @rule(place=st.integers(0, 2**32))
    def remove_one_that_is_there(self, place: int) -> None:
        members = sorted(self.model.members)
        v = members[place % len(members)]
        assert self.set.remove(v)
        assert self.model.remove(v)

    @rule(picks=st.sets(st.integers(0, 2**16), max_size=64))
    def remove_several(self, picks: set[int]) -> None:
        members = sorted(self.model.members)
        indexes = sorted({pick % len(members) for pick in picks}) if members else []
        self.set.delete_each(indexes)
        for index in indexes:
            assert self.model.remove(members[index])

    @rule(v=any_width)
    def find(self, v: int) -> None:
        assert (v in self.set) == (v in self.model.members)
        assert (
            self.set.index(v) == sum(member < v for member in self.model.members)
            or model.width_of(v) > self.model.width
        )

    @invariant()
    def bytes_are_the_models(self) -> None:
        assert self.set.data == self.model.encode()
        assert used_memory() - self.start == self.set.memory_bytes

    @invariant()
    def holds_the_models_members(self) -> None:
        members = sorted(self.model.members)
        assert self.set.items() == members
        assert len(self.set) == len(members)
        assert all(v in self.set for v in members)
        if members:
            assert self.set.ends() == (members[0], members[-1])
            assert self.set.random() in self.model.members
            assert validate(self.set.data)

    def teardown(self) -> None:
        del self.set
        assert used_memory() == self.start


class IntsetTest(Machine.TestCase):
    settings = settings(max_examples=60, stateful_step_count=20, deadline=None)


@pytest.mark.parametrize("wide", [2**15, -(2**15) - 1, 2**31, -(2**31) - 1, 2**63 - 1, -(2**63)])
@pytest.mark.parametrize("count", [0, 1, 5, 1000])
def test_widening(wide: int, count: int) -> None:
    ours, theirs = IntSet(), model.IntSet()
    for v in range(-3, count - 3):
        ours.add(v)
        theirs.add(v)
    assert ours.add(wide)
    theirs.add(wide)
    assert ours.data == theirs.encode()
    assert not ours.add(wide)
    assert ours.remove(wide)
    theirs.remove(wide)
    # It stays as wide as it was.
    assert ours.data == theirs.encode()


def test_an_empty_set_has_no_members() -> None:
    empty = IntSet()
    assert 0 not in empty
    assert not empty.remove(0)
    with pytest.raises(IndexError):
        empty.ends()
    with pytest.raises(IndexError):
        empty.random()


def test_random_is_fair() -> None:
    set_random_seed(b"intsetintsetints")
    members = IntSet(model.encode(list(range(10)), 4))
    counts = Counter(members.random() for _ in range(10_000))
    assert set(counts) == set(range(10))
    assert all(850 < count < 1150 for count in counts.values())


def assert_judged_alike(data: bytes) -> None:
    valid = model.is_valid(data)
    assert validate(data) == valid
    if valid:
        assert IntSet(data).data == data
    else:
        with pytest.raises(ValueError, match="intset"):
            IntSet(data)


@given(st.sets(any_width, min_size=1, max_size=12), st.sampled_from([2, 4, 8]), st.data())
def test_damaged_bytes(members: set[int], width: int, data: st.DataObject) -> None:
    width = max([width, *map(model.width_of, members)])
    whole = bytearray(model.encode(sorted(members), width))
    assert_judged_alike(bytes(whole))
    limit = data.draw(st.sampled_from([8, len(whole)]))
    whole[data.draw(st.integers(0, limit - 1))] = data.draw(st.integers(0, 255))
    assert_judged_alike(bytes(whole))


@given(st.lists(narrow, max_size=6), st.sampled_from([2, 4, 8]))
@example([], 2)
@example([1, 1], 2)
@example([2, 1], 4)
@example([-1, 1], 8)
def test_order(members: list[int], width: int) -> None:
    assert_judged_alike(model.encode(members, width))


@pytest.mark.parametrize(
    ("width", "count"), [(2, 0x80000001), (4, 0x40000001), (8, 0x20000001), (0, 1), (16, 1), (2**31, 2), (3, 1)]
)
def test_a_size_that_wraps_is_refused(width: int, count: int) -> None:
    for tail in range(20):
        assert not validate(struct.pack("<II", width, count) + bytes(tail))
        assert not validate(struct.pack("<II", width, count) + bytes(tail), deep=False)


def test_shallow_validation_leaves_the_order_alone() -> None:
    wrong = model.encode([2, 1], 2)
    assert validate(wrong, deep=False)
    assert not validate(wrong)


@pytest.mark.parametrize("n", range(8))
def test_less_than_a_header_is_refused(n: int) -> None:
    assert not validate(model.encode([1], 2)[:n])
