"""The expiry index against a table of times: what is due, in which order, and how few bytes that takes."""

import gc
import random
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pyrite.core.expiry_index import Index
from pyrite.core.hashtable import set_random_seed
from pyrite.core.memory import used_memory
from tests.models import expiry_index as model
from tests.models.memory import block_size

NOW_MS = 1_700_000_000_000
LEAF_MAX = 256
CHUNK_MAX = 256

few = st.integers(1, 30)
many = st.integers(200, 900)
seeds = st.integers(0, 2**32)
edges = st.sampled_from([0, 1, NOW_MS, 2**63 - 1])


def setup_module() -> None:
    """What earlier tests left to the garbage collector must not be freed within one of ours."""
    gc.collect()


class Machine(RuleBasedStateMachine):
    """Keys with equal, growing, falling and random times come and go, one by one and by hundreds."""

    def __init__(self) -> None:
        super().__init__()
        self.start = used_memory()
        self.index = Index()
        self.model = model.Index()
        self.next_key = 0

    def add(self, at_ms: int) -> None:
        self.next_key += 1
        key = b"%d" % self.next_key
        self.index.add(key, at_ms)
        self.model.add(key, at_ms)

    def remove(self, key: bytes) -> None:
        assert self.index.remove(key)
        self.model.remove(key)

    @rule(count=st.one_of(few, many), at_ms=st.one_of(edges, st.integers(NOW_MS, NOW_MS + 3)))
    def add_equal_times(self, count: int, at_ms: int) -> None:
        for _ in range(count):
            self.add(at_ms)

    @rule(count=st.one_of(few, many), step=st.integers(1, 5))
    def add_growing_times(self, count: int, step: int) -> None:
        latest = max(self.model.times.values(), default=NOW_MS)
        for n in range(count):
            self.add(min(latest + n * step, 2**63 - 1))

    @rule(count=st.one_of(few, many), step=st.integers(1, 5))
    def add_falling_times(self, count: int, step: int) -> None:
        earliest = min(self.model.times.values(), default=NOW_MS)
        for n in range(count):
            self.add(max(earliest - n * step, 0))

    @rule(count=st.one_of(few, many), seed=seeds, spread=st.sampled_from([10, 1000, 10**9]))
    def add_random_times(self, count: int, seed: int, spread: int) -> None:
        rng = random.Random(seed)
        for _ in range(count):
            self.add(NOW_MS + rng.randrange(spread))

    @precondition(lambda self: self.model.times)
    @rule(count=st.one_of(few, many), seed=seeds)
    def remove_random(self, count: int, seed: int) -> None:
        keys = sorted(self.model.times)
        for key in random.Random(seed).sample(keys, min(count, len(keys))):
            self.remove(key)

    @precondition(lambda self: self.model.times)
    @rule(now_ms=st.one_of(edges, st.integers(NOW_MS - 5, NOW_MS + 5000)), most=st.sampled_from([1, 20, 1024]))
    def expire(self, now_ms: int, most: int) -> None:
        for key in self.index.due(now_ms, most):
            self.remove(key)

    @precondition(lambda self: self.model.times)
    @rule(kept=st.integers(0, 3), seed=seeds)
    def remove_nearly_all(self, kept: int, seed: int) -> None:
        keys = sorted(self.model.times)
        random.Random(seed).shuffle(keys)
        for key in keys[kept:]:
            self.remove(key)

    @precondition(lambda self: self.model.times)
    @rule(count=few, seed=seeds)
    def move_entries(self, count: int, seed: int) -> None:
        keys = sorted(self.model.times)
        for key in random.Random(seed).choices(keys, k=count):
            self.index.replace(key)

    @rule(at_ms=st.one_of(edges, st.integers(NOW_MS - 5, NOW_MS + 5000)))
    def remove_what_it_does_not_hold(self, at_ms: int) -> None:
        assert not self.index.remove_stranger(at_ms)

    @rule()
    def clear(self) -> None:
        self.index.clear()
        self.model = model.Index()

    @rule(now_ms=st.one_of(edges, st.integers(NOW_MS - 5, NOW_MS + 5000)), room=st.integers(0, 1024))
    def ask_what_is_due(self, now_ms: int, room: int) -> None:
        due = self.model.due(now_ms)
        found = self.index.due(now_ms, room)
        assert len(found) == len(set(found)) == min(room, len(due))
        assert due.issuperset(found)
        assert self.index.count_due(now_ms) == len(due)

    @rule()
    def draw(self) -> None:
        drawn = self.index.random()
        assert drawn in self.model.times if self.model.times else drawn is None

    @invariant()
    def first_is_first(self) -> None:
        first = self.index.first()
        if not self.model.times:
            assert first is None
            assert self.index.first_ms == -1
            return
        assert self.model.times[first] == self.model.first_ms()
        assert self.index.first_ms <= self.model.first_ms()

    @invariant()
    def leaves_are_in_order(self) -> None:
        leaves = self.index.leaves()
        marks = [mark for _, leaf, _ in leaves for mark in leaf]
        assert sorted(at_ms for at_ms, _ in marks) == sorted(self.model.times.values())
        assert len(set(marks)) == len(marks) == len(self.index)
        lows = [low for low, _, _ in leaves]
        assert lows == sorted(set(lows))
        for (low, leaf, capacity), after in zip(leaves, [*lows[1:], (2**63, 0)], strict=False):
            assert 0 < len(leaf) <= capacity <= LEAF_MAX
            assert all(low <= mark < after for mark in leaf)
            assert capacity - len(leaf) < 80

    @invariant()
    def chunks_are_sound(self) -> None:
        assert all(0 < count <= capacity <= CHUNK_MAX for count, capacity in self.index.chunks())
        assert sum(count for count, _ in self.index.chunks()) == len(self.index.leaves())
        assert self.index.size_bytes == used_memory() - self.start - self.entry_bytes()

    def entry_bytes(self) -> int:
        """Bytes of the entries: header, expiry and key."""
        return sum(block_size(16 + len(key)) for key in self.model.times)

    def teardown(self) -> None:
        self.index.clear()
        assert self.index.size_bytes == 0
        assert used_memory() == self.start


class ExpiryIndexTest(Machine.TestCase):
    settings = settings(max_examples=80, stateful_step_count=30, deadline=None)


def times_of(shape: str, count: int) -> Iterator[int]:
    rng = random.Random(shape)
    for n in range(count):
        if shape == "growing":
            yield NOW_MS + n
        elif shape == "nearly growing":
            yield NOW_MS + n + rng.randrange(1000)
        elif shape == "random":
            yield NOW_MS + rng.randrange(10**8)
        elif shape == "equal":
            yield NOW_MS
        elif shape == "three lifetimes":
            yield NOW_MS + n // 100 + rng.choice([10_000, 60_000, 3_600_000])
        else:
            yield NOW_MS - n


def filled(shape: str, count: int) -> Index:
    index = Index()
    for n, at_ms in enumerate(times_of(shape, count)):
        index.add(b"%d" % n, at_ms)
    return index


SHAPES = ["growing", "nearly growing", "random", "equal", "three lifetimes", "falling"]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("count", [200, 3000, 150_000])
def test_bytes_of_a_key_are_at_most_12(shape: str, count: int) -> None:
    index = filled(shape, count)
    assert index.size_bytes <= 12 * count


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("gone", [0.25, 0.5, 0.75, 0.95])
def test_bytes_of_a_key_stay_at_most_12_when_a_part_of_the_keys_is_gone(shape: str, gone: float) -> None:
    count = 100_000
    index = filled(shape, count)
    for n in random.Random(7).sample(range(count), int(count * gone)):
        index.remove(b"%d" % n)
    assert index.size_bytes <= 12 * len(index)


def test_a_single_volatile_key_costs_little() -> None:
    index = Index()
    index.add(b"key", NOW_MS)
    assert index.size_bytes <= 256


def test_bytes_stay_few_as_keys_expire_and_others_come() -> None:
    index = Index()
    waiting: list[bytes] = []
    for n in range(120_000):
        waiting.append(b"%d" % n)
        index.add(waiting[-1], NOW_MS + n)
        if n >= 5000:
            index.remove(waiting[n - 5000])
    assert len(index) == 5000
    assert index.size_bytes <= 12 * 5000


def test_growing_times_fill_leaves_whole() -> None:
    index = filled("growing", 100_000)
    assert {len(leaf) for _, leaf, _ in index.leaves()[:-1]} == {LEAF_MAX}
    assert {count for count, _ in index.chunks()[:-1]} == {CHUNK_MAX}
    assert len(index.chunks()) == 2


def test_due_keys_come_leaf_by_leaf_the_earliest_first() -> None:
    index = filled("random", 20_000)
    expected = dict(enumerate(times_of("random", 20_000)))
    due = [expected[int(key)] for key in index.due(NOW_MS + 10**8, 1024)]
    assert len(due) == 1024
    # No more than one leaf is out of order.
    earliest = sorted(expected.values())[: 1024 + LEAF_MAX]
    assert max(due) <= earliest[-1]


@pytest.mark.parametrize("count", [2, 150, 200, 255, 256, 257, 700, 3000])
def test_sampling_is_fair(count: int) -> None:
    set_random_seed(b"0123456789abcdef")
    index = filled("random", count)
    draws = 60 * count
    counts = Counter(index.random() for _ in range(draws))
    chi_square = sum((counts[b"%d" % n] - 60) ** 2 / 60 for n in range(count))
    freedom = count - 1
    assert chi_square < freedom + 12 * (2 * freedom) ** 0.5


def test_sampling_is_fair_over_chunks_of_unlike_size() -> None:
    set_random_seed(b"0123456789abcdef")
    index = filled("growing", 80_000)
    assert len(index.chunks()) == 2
    late = sum(int(index.random()) >= 40_000 for _ in range(2000))
    assert 1000 - 12 * 22.4 < late < 1000 + 12 * 22.4


def test_sampling_takes_no_long_time_when_nearly_all_keys_are_gone() -> None:
    index = filled("growing", 200_000)
    for n in range(200_000):
        if n % 50_000:
            index.remove(b"%d" % n)
    started = time.process_time()
    assert {index.random() for _ in range(3000)} == {b"0", b"50000", b"100000", b"150000"}
    assert time.process_time() - started < 2
