"""Listpacks against their model: every edit to the byte, both ways of walking, and bytes that lie."""

import gc
import os
import random
import time
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pyrite.core.hashtable import set_random_seed
from pyrite.core.listpack import capacity_for, validate
from pyrite.core.listpack_edit import Listpack
from pyrite.core.memory import block_size, used_memory
from tests.models import listpack as model

EDGES = [edge + step for power in (7, 12, 15, 23, 31) for edge in (2**power, -(2**power)) for step in (-1, 0, 1)]
integers = st.sampled_from([0, -1, 2**63 - 1, -(2**63), *EDGES]) | st.integers(-(2**63), 2**63 - 1)
numeric = integers.map(lambda v: b"%d" % v) | st.sampled_from([b"", b"-", b"-0", b"007", b"+1", b" 1", b"1.5"])
too_large = st.sampled_from([b"%d" % 2**63, b"%d" % (-(2**63) - 1), b"9" * 20, b"9" * 21, b"9" * 40])
lengths = st.sampled_from([62, 63, 64, 65, 124, 125, 126, 127, 128, 4093, 4095, 4096, 4097, 16380, 16381, 16382, 16383])
sized = st.builds(lambda n, byte: bytes([byte]) * n, lengths, st.integers(0, 255))
values = st.binary(max_size=12) | numeric | too_large | integers | sized
indexes = st.integers(-8, 8)


def setup_module() -> None:
    """What earlier tests left to the garbage collector must not be freed within one of ours."""
    gc.collect()


class Machine(RuleBasedStateMachine):
    """Elements come, change and go, at every place; the bytes are the model's after each step."""

    def __init__(self) -> None:
        super().__init__()
        self.start = used_memory()
        self.listpack = Listpack()
        self.model: list[model.Value] = []

    def index(self, index: int) -> int:
        """Return an index that there is, as often negative as not."""
        return index % len(self.model) - (len(self.model) if index < 0 else 0)

    @rule(value=values)
    def append(self, value: model.Value) -> None:
        self.listpack.append(value)
        self.model.append(model.stored(value))

    @rule(value=values)
    def prepend(self, value: model.Value) -> None:
        self.listpack.prepend(value)
        self.model.insert(0, model.stored(value))

    @precondition(lambda self: self.model)
    @rule(index=indexes, some=st.lists(values, max_size=5), after=st.booleans())
    def insert(self, index: int, some: list[model.Value], after: bool) -> None:
        self.listpack.insert(self.index(index), some, after)
        at = index % len(self.model) + after
        self.model[at:at] = map(model.stored, some)

    @precondition(lambda self: self.model)
    @rule(index=indexes, value=values)
    def replace(self, index: int, value: model.Value) -> None:
        self.listpack[self.index(index)] = value
        self.model[index % len(self.model)] = model.stored(value)

    @precondition(lambda self: self.model)
    @rule(index=indexes, count=st.integers(0, 6))
    def delete(self, index: int, count: int) -> None:
        self.listpack.delete(self.index(index), count)
        at = index % len(self.model)
        del self.model[at : at + count]

    @rule(seed=st.integers(0, 2**32))
    def delete_each(self, seed: int) -> None:
        gone = [i for i in range(len(self.model)) if random.Random(seed + i).random() < 0.4]
        self.listpack.delete_each(gone)
        self.model = [value for i, value in enumerate(self.model) if i not in gone]

    @rule(others=st.lists(values, max_size=6))
    def merge(self, others: list[model.Value]) -> None:
        other = Listpack()
        for value in others:
            other.append(value)
        self.listpack.merge(other)
        assert len(other) == 0
        self.model += map(model.stored, others)

    @precondition(lambda self: self.model)
    @rule(index=indexes, start=st.integers(0, 8), skip=st.integers(0, 2))
    def find_one_that_is_there(self, index: int, start: int, skip: int) -> None:
        needle = model.text(self.model[index % len(self.model)])
        assert self.listpack.find(needle, start, skip) == model.find(self.model, needle, start, skip)

    @rule(value=values, skip=st.integers(0, 2))
    def find_any(self, value: model.Value, skip: int) -> None:
        needle = model.text(value)
        assert self.listpack.find(needle, 0, skip) == model.find(self.model, needle, 0, skip)

    @invariant()
    def bytes_are_the_models(self) -> None:
        assert self.listpack.data == model.encode(self.model)
        assert len(self.listpack) == len(self.model)

    @invariant()
    def both_ways_meet_all(self) -> None:
        assert self.listpack.forward() == self.model
        assert self.listpack.backward() == self.model[::-1]

    @invariant()
    def every_index_is_found(self) -> None:
        for i in range(-len(self.model), len(self.model)):
            assert self.listpack[i] == self.model[i]
            assert self.listpack.text(i) == model.text(self.model[i])
        for i in (len(self.model), -len(self.model) - 1, 2**62, -(2**62)):
            with pytest.raises(IndexError):
                self.listpack[i]

    @invariant()
    def survives_a_round_trip(self) -> None:
        assert Listpack(self.listpack.data).forward() == self.model

    def teardown(self) -> None:
        del self.listpack
        assert used_memory() == self.start


class ListpackTest(Machine.TestCase):
    settings = settings(max_examples=70, stateful_step_count=20, deadline=None)


@given(values, values)
@example(b"12", 12)
@example(b"012", 12)
@example(b"a", b"a")
def test_equals(value: model.Value, needle: model.Value) -> None:
    listpack = Listpack()
    listpack.append(value)
    assert listpack.equals(0, model.text(needle)) == (model.text(value) == model.text(needle))
    assert listpack.equals(0, model.text(value))


@pytest.mark.parametrize("n", [2097140, 2097144, 2097145, 2097146, 2097147, 2097150])
def test_backlen_of_long_strings(n: int) -> None:
    listpack = Listpack()
    listpack.append(b"x" * n)
    listpack.append(b"end")
    assert listpack.data == model.encode([b"x" * n, b"end"])
    assert listpack.backward() == [b"end", b"x" * n]


@pytest.mark.parametrize("n", [268435449, 268435450])
def test_backlen_of_the_longest_strings(n: int) -> None:
    data = b"x" * n
    listpack = Listpack()
    listpack.append(data)
    listpack.append(b"end")
    tail = model.backlen(n + 5) + model.element(b"end") + b"\xff"
    whole = listpack.data
    assert whole[11 + n :] == tail
    assert validate(whole)
    assert listpack.equals(-2, data)


def test_a_string_may_look_like_an_integer_and_be_none_in_the_bytes() -> None:
    listpack = Listpack(model.encode([b"5", b"05", b"-0"]))
    assert listpack.forward() == [b"5", b"05", b"-0"]
    assert listpack.find(b"5") == 0
    assert listpack.find(b"-0") == 2


def test_a_wide_head_may_hold_a_small_integer() -> None:
    element = b"\xf4\x05" + bytes(7)
    listpack = Listpack(b"\x11\0\0\0\x01\0" + element + model.backlen(9) + b"\xff")
    assert listpack.forward() == [5]
    assert listpack.find(b"5") == 0


# Counting


def test_more_elements_than_the_header_counts() -> None:
    listpack = Listpack(model.encode([7] * 65530))
    for _ in range(10):
        listpack.append(8)
    assert listpack.data[4:6] == b"\xff\xff"
    assert len(listpack) == 65540
    assert listpack.data == model.encode([7] * 65530 + [8] * 10)
    assert listpack[65539] == listpack[-1] == 8
    assert listpack[0] == listpack[-65540] == 7
    with pytest.raises(IndexError):
        listpack[65540]
    with pytest.raises(IndexError):
        listpack[-65541]
    listpack.delete(0, 65535)
    assert listpack.data == model.encode([8] * 5, 65535)
    assert len(listpack) == 5
    assert listpack.data == model.encode([8] * 5)


def test_merged_counts() -> None:
    listpack, other = Listpack(model.encode([1] * 40000)), Listpack(model.encode([2] * 40000))
    listpack.merge(other)
    assert listpack.data == model.encode([1] * 40000 + [2] * 40000)
    assert len(listpack) == 80000
    few = Listpack(model.encode([1, 2], 65535))
    few.merge(Listpack(model.encode([3], 65535)))
    assert few.data == model.encode([1, 2, 3])


# Sizes


def test_what_would_not_fit_is_refused() -> None:
    listpack = Listpack()
    listpack.append(b"kept")
    before = listpack.data
    for length, count in ((2**32, 1), (2**32 - 12, 1), (2**31, 2), (2**62, 1), (2**62, 16)):
        with pytest.raises(MemoryError):
            listpack.insert_huge(length, count)
    for length in (2**32, 2**32 - 12, 2**62):
        with pytest.raises(MemoryError):
            listpack.replace_huge(0, length)
    assert listpack.data == before


def test_the_size_that_commands_keep_to() -> None:
    listpack = Listpack()
    assert listpack.fits(2**30 - 7)
    assert not listpack.fits(2**30 - 6)
    assert not listpack.fits(2**64 - 1)


@pytest.mark.parametrize("n", [7, 8, 9, 300, 4000, 4096, 4097, 8192, 10_000, 2**20, 2**20 + 1, 2**32 - 1])
def test_capacity_is_close(n: int) -> None:
    assert n <= capacity_for(n) <= max(block_size(n), n + n // 32 + 1)
    assert capacity_for(capacity_for(n)) == capacity_for(n)


def test_appending_moves_rarely() -> None:
    sizes = range(7, 2**20)
    steps = {capacity_for(n) for n in sizes}
    # The sanitizer build gives each size its own block, so that it sees every byte too far.
    assert len(steps) == len(sizes) if os.environ.get("PYRITE_BUILD") == "asan" else len(steps) < 450


def test_memory_is_counted() -> None:
    start = used_memory()
    listpack = Listpack()
    for number in range(3000):
        listpack.append(number)
        assert used_memory() - start == listpack.memory_bytes
    while len(listpack):
        listpack.delete(-1)
        assert used_memory() - start == listpack.memory_bytes


# Bytes that nobody vouches for


def assert_judged_alike(data: bytes) -> None:
    valid = model.is_valid(data)
    assert validate(data) == valid
    if valid:
        listpack = Listpack(data)
        assert listpack.forward() == model.decode(data)
        assert listpack.backward() == model.decode(data)[::-1]
    else:
        with pytest.raises(ValueError, match="listpack"):
            Listpack(data)


@given(st.lists(values, max_size=6), st.data())
def test_damaged_bytes(some: list[model.Value], data: st.DataObject) -> None:
    whole = bytearray(model.encode([model.stored(value) for value in some]))
    assert_judged_alike(bytes(whole))
    for _ in range(data.draw(st.integers(1, 3))):
        # Few places are heads or lengths, so these come first.
        limit = data.draw(st.sampled_from([8, 16, len(whole)]))
        whole[data.draw(st.integers(0, min(limit, len(whole)) - 1))] = data.draw(st.integers(0, 255))
    assert_judged_alike(bytes(whole))


@given(st.lists(values, min_size=1, max_size=5), st.integers(0, 20), st.integers(0, 20), st.binary(max_size=3))
def test_cut_bytes_with_a_header_that_agrees(some: list[model.Value], start: int, length: int, more: bytes) -> None:
    elements = model.encode([model.stored(value) for value in some])[6:-1]
    elements = elements[:start] + more + elements[start + length :]
    assert_judged_alike(model.HEADER.pack(len(elements) + 7, len(some)) + elements + b"\xff")


@given(st.binary(max_size=24), st.integers(0, 6))
@example(b"\xf0\xff\xff\xff\xff", 1)
@example(b"\xf0\xff\xff\xff\x7f\x8a", 1)
@example(b"\xff", 0)
@example(b"\xef", 1)
@example(b"\xf4", 1)
def test_any_elements(elements: bytes, count: int) -> None:
    assert_judged_alike(model.HEADER.pack(len(elements) + 7, count) + elements + b"\xff")
    assert_judged_alike(elements)


def test_shallow_validation_looks_at_header_and_end() -> None:
    whole = model.encode([b"abc", 5])
    wrong = whole[:6] + b"\xf0" + whole[7:]
    assert validate(wrong, deep=False)
    assert not validate(wrong)
    for data in (b"", whole[:-1], whole + b"\xff", whole[:-1] + b"\0", b"\xff" * 6):
        assert not validate(data, deep=False)


def test_validation_takes_one_walk() -> None:
    data = model.HEADER.pack(8_000_007, 65535) + b"\x01\x01" * 4_000_000 + b"\xff"
    start = time.process_time()
    assert validate(data)
    assert time.process_time() - start < 1


# Random groups


@pytest.mark.parametrize("step", [1, 2])
def test_random_is_fair(step: int) -> None:
    set_random_seed(b"listpacklistpack")
    listpack = Listpack(model.encode(list(range(10 * step))))
    counts = Counter(listpack.random(step) for _ in range(10_000))
    assert set(counts) == set(range(0, 10 * step, step))
    assert all(850 < count < 1150 for count in counts.values())


def test_random_of_less_than_a_group() -> None:
    assert Listpack().random() == -1
    assert Listpack(model.encode([1])).random(2) == -1
    assert Listpack(model.encode([1])).sample(5, 2) == []


@pytest.mark.parametrize(("step", "wanted"), [(1, 0), (1, 3), (2, 1), (2, 4), (2, 10), (1, 60)])
def test_samples_are_fair(step: int, wanted: int) -> None:
    set_random_seed(b"samplesamplesamp")
    listpack = Listpack(model.encode(list(range(10 * step))))
    counts: Counter[int] = Counter()
    for _ in range(4000):
        drawn = listpack.sample(wanted, step)
        assert drawn == sorted(set(drawn))
        assert len(drawn) == min(wanted, 10)
        counts.update(drawn)
    expected = 400 * min(wanted, 10)
    assert set(counts) <= set(range(0, 10 * step, step))
    assert all(abs(count - expected) < 200 for count in counts.values())


@given(st.lists(values, max_size=9), st.integers(1, 3))
def test_positions(some: list[model.Value], step: int) -> None:
    kept = [model.stored(value) for value in some]
    listpack = Listpack(model.encode(kept))
    assert listpack.positions(step) == [
        6 + sum(len(model.element(value)) for value in kept[:i]) for i in range(0, len(kept), step)
    ]
