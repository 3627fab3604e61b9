"""The ordered index against a sorted list: order, ranks, bounds, cursors, the shape of the tree, and few bytes."""

import gc
import math
import random
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pyrite.core.hashtable import set_random_seed
from pyrite.core.memory import used_memory
from pyrite.core.ordered_index import Ordered
from tests.models import ordered_index as model
from tests.models.memory import block_size

LEAF_MAX, LEAF_MIN = 62, 25
FAN_MAX, FAN_MIN = 63, 26

few = st.integers(1, 30)
many = st.integers(100, 1000)
seeds = st.integers(0, 2**32)
edges = [0.0, -0.0, 1.0, -1.0, 5e-324, 1.7976931348623157e308, math.inf, -math.inf]
scores = st.one_of(st.sampled_from(edges), st.integers(-50, 50).map(float), st.floats(allow_nan=False))
members = st.one_of(st.sampled_from([b"", b"\0", b"\0\0", b"a", b"aa", b"b", b"\xff"]), st.binary(max_size=12))
ranks = st.one_of(st.integers(0, 5), st.integers(0, 3000), st.just(2**63))


def setup_module() -> None:
    """What earlier tests left to the garbage collector must not be freed within one of ours."""
    gc.collect()


def assert_sound(index: Ordered, items: list[tuple[float, bytes]]) -> None:
    """The tree holds these items, each inner node says what is below it, and nodes are full enough."""
    levels = index.levels()
    assert len(index) == len(items)
    if not items:
        assert levels == []
        assert index.size_bytes == 0
        return
    assert [item for _, held in levels[0] for item, _ in held] == items
    assert len(levels[-1]) == 1
    for below, above in pairwise(levels):
        branches = [branch for _, held in above for branch in held]
        assert branches == [(held[0][0], sum(count for _, count in held)) for _, held in below]
        assert len(above[0][1]) + len(above[-1][1]) >= 2
    for level, nodes in enumerate(levels):
        most, least = (FAN_MAX, FAN_MIN) if level else (LEAF_MAX, LEAF_MIN)
        assert all(1 <= len(held) <= capacity <= most for capacity, held in nodes)
        assert all(len(held) >= least for _, held in nodes[1:-1])
        assert all(capacity - len(held) < 16 for capacity, held in nodes)
    if len(levels) > 1:
        assert len(levels[-1][0][1]) >= 2


class Machine(RuleBasedStateMachine):
    """Members with equal, growing, falling and random scores come, change and go, one by one and by hundreds."""

    def __init__(self) -> None:
        super().__init__()
        self.start = used_memory()
        self.index = Ordered()
        self.model = model.Ordered()
        self.next_member = 0
        self.long = b""

    @initialize(long=st.sampled_from([b"", b"m" * 300]))
    def choose_members(self, long: bytes) -> None:
        self.long = long

    def fresh(self, rng: random.Random) -> bytes:
        self.next_member += 1
        return self.long + b"%x-%d" % (rng.randrange(4096), self.next_member)

    def add(self, score: float, member: bytes) -> None:
        assert self.index.add(score, member)
        self.model.add(score, member)

    def remove(self, member: bytes) -> None:
        assert self.index.remove(self.model.scores[member], member)
        self.model.remove(member)

    def some(self, rng: random.Random, count: int) -> list[bytes]:
        return rng.sample([member for _, member in self.model.items], min(count, len(self.model.items)))

    @rule(score=scores, member=members)
    def add_or_update_one(self, score: float, member: bytes) -> None:
        if member in self.model.scores:
            assert not self.index.add(self.model.scores[member], member)
            assert self.index.update(member, score)
            self.model.update(member, score)
        else:
            self.add(score, member)

    @rule(count=st.one_of(few, many), score=st.one_of(st.just(0.0), scores), seed=seeds)
    def add_equal_scores(self, count: int, score: float, seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(count):
            self.add(score, self.fresh(rng))

    @rule(count=st.one_of(few, many), seed=seeds, step=st.sampled_from([1.0, 0.5, -1.0, -0.5]))
    def add_at_an_end(self, count: int, seed: int, step: float) -> None:
        rng = random.Random(seed)
        end = self.model.items[-1 if step > 0 else 0][0] if self.model.items else 0.0
        for n in range(count):
            self.add(end + n * step, self.fresh(rng))

    @rule(count=st.one_of(few, many), seed=seeds, spread=st.sampled_from([3, 100, 10**9]))
    def add_random_scores(self, count: int, seed: int, spread: int) -> None:
        rng = random.Random(seed)
        for _ in range(count):
            self.add(float(rng.randrange(-spread, spread)), self.fresh(rng))

    @rule(count=st.one_of(st.just(0), few, many), seed=seeds, spread=st.sampled_from([1, 10**6]))
    def build(self, count: int, seed: int, spread: int) -> None:
        rng = random.Random(seed)
        items = sorted((float(rng.randrange(spread)), self.fresh(rng)) for _ in range(count))
        assert self.index.build(items)
        self.model.build(items)

    @precondition(lambda self: self.model.items)
    @rule(seed=seeds, flaw=st.sampled_from(["swapped", "twice", "nan"]))
    def refuse_to_build(self, seed: int, flaw: str) -> None:
        items = [(float(n), b"%d" % n) for n in range(3 + seed % 200)]
        at = seed % (len(items) - 1)
        if flaw == "swapped":
            items[at], items[at + 1] = items[at + 1], items[at]
        elif flaw == "twice":
            items[at] = items[at + 1]
        else:
            items[at] = (math.nan, b"nan")
        assert not model.Ordered().build(items)
        assert not self.index.build(items)

    @precondition(lambda self: self.model.items)
    @rule(count=st.one_of(few, many), seed=seeds)
    def remove_random(self, count: int, seed: int) -> None:
        for member in self.some(random.Random(seed), count):
            self.remove(member)

    @precondition(lambda self: self.model.items)
    @rule(count=st.one_of(few, many), last=st.booleans(), one_by_one=st.booleans())
    def pop(self, count: int, last: bool, one_by_one: bool) -> None:
        for _ in range(min(count, len(self.model.items)) if one_by_one else 1):
            n = 1 if one_by_one else count
            rank = max(len(self.model.items) - n, 0) if last else 0
            assert self.index.delete_ranks(rank, n) == self.model.delete_ranks(rank, n)

    @rule(rank=ranks, count=ranks, visited=st.booleans())
    def delete_ranks(self, rank: int, count: int, visited: bool) -> None:
        delete = self.index.delete_ranks if visited else self.index.forget_ranks
        assert delete(rank, count) == self.model.delete_ranks(rank, count)

    @precondition(lambda self: self.model.items)
    @rule(kept=st.integers(0, 3), seed=seeds)
    def remove_nearly_all(self, kept: int, seed: int) -> None:
        for member in self.some(random.Random(seed), max(len(self.model.items) - kept, 0)):
            self.remove(member)

    @precondition(lambda self: self.model.items)
    @rule(count=st.one_of(few, many), seed=seeds, by=st.sampled_from([0.0, 0.25, -1.0, 1000.0, math.inf]))
    def change_scores(self, count: int, seed: int, by: float) -> None:
        for member in self.some(random.Random(seed), count):
            score = self.model.scores[member] + by
            assert self.index.update(member, score) == self.model.update(member, score)

    @precondition(lambda self: self.model.items)
    @rule(count=few, seed=seeds, first=st.booleans())
    def move_entries(self, count: int, seed: int, first: bool) -> None:
        some = [self.model.items[0][1]] if first else self.some(random.Random(seed), count)
        for member in some:
            assert self.index.replace(member)

    @rule(score=scores, member=members)
    def refuse_what_it_does_not_hold(self, score: float, member: bytes) -> None:
        assert self.index.strangers_refused(score, member)
        if self.model.rank(score, member) < 0:
            assert not self.index.remove(score, member)
        assert not self.index.remove(math.nan, member)
        assert not self.index.add(math.nan, member)
        assert not self.index.build([(math.nan, member)])
        if self.model.items:
            assert not self.index.update(self.model.items[0][1], math.nan)

    @rule()
    def clear(self) -> None:
        self.index.clear()
        self.model = model.Ordered()

    @rule(score=scores, member=members, seed=seeds)
    def ask_ranks(self, score: float, member: bytes, seed: int) -> None:
        assert self.index.rank(score, member) == self.model.rank(score, member)
        assert self.index.rank(math.nan, member) == -1
        for one in self.some(random.Random(seed), 20):
            own = self.model.scores[one]
            rank = self.model.rank(own, one)
            assert self.index.rank(own, one) == rank
            assert self.index.at(rank) == (own, one)
            assert self.index.rank(own, one + b"\0") == self.model.rank(own, one + b"\0")
        assert self.index.at(len(self.model.items)) is None

    @rule(rank=ranks, back=st.booleans(), most=st.sampled_from([0, 1, 70, 5000]))
    def walk_from_a_rank(self, rank: int, back: bool, most: int) -> None:
        assert self.index.from_rank(rank, back, most) == self.model.walk(rank, back, most)

    @rule(score=scores, seed=seeds, after=st.booleans(), back=st.booleans(), most=st.sampled_from([0, 1, 70, 5000]))
    def walk_from_a_score(self, score: float, seed: int, after: bool, back: bool, most: int) -> None:
        some = [self.model.scores[member] for member in self.some(random.Random(seed), 3)]
        for bound in [score, *some]:
            rank = self.model.score_bound(bound, after)
            assert self.index.from_score(bound, after, back, most) == (rank, self.model.walk(rank, back, most))

    @rule(member=members, seed=seeds, after=st.booleans(), back=st.booleans(), most=st.sampled_from([0, 1, 70, 5000]))
    def walk_from_a_member(self, member: bytes, seed: int, after: bool, back: bool, most: int) -> None:
        some = self.some(random.Random(seed), 3)
        for bound in [member, *some, *(one + b"\0" for one in some)]:
            rank, found = self.index.from_member(bound, after, back, most)
            assert found == self.model.walk(rank, back, most)
            if len(set(self.model.scores.values())) <= 1:
                assert rank == self.model.member_bound(bound, after)

    @rule()
    def draw(self) -> None:
        drawn = self.index.random()
        if drawn is None:
            assert not self.model.items
        else:
            assert self.model.rank(*drawn) >= 0

    @invariant()
    def tree_is_sound(self) -> None:
        assert_sound(self.index, self.model.items)

    @invariant()
    def bytes_are_counted(self) -> None:
        # A member of more than 255 bytes has its length in a part of its own.
        entries = sum(block_size((16 if len(one) < 256 else 24) + len(one)) for one in self.model.scores)
        assert self.index.size_bytes == used_memory() - self.start - entries

    def teardown(self) -> None:
        self.index.clear()
        assert self.index.size_bytes == 0
        assert used_memory() == self.start


class OrderedIndexTest(Machine.TestCase):
    settings = settings(max_examples=50, stateful_step_count=25, deadline=None)


def filled(shape: str, count: int) -> Ordered:
    index = Ordered()
    for n, score in enumerate(scores_of(shape, count)):
        index.add(score, b"%d" % n)
    return index


def scores_of(shape: str, count: int) -> Iterator[float]:
    rng = random.Random(shape)
    for n in range(count):
        if shape == "growing":
            yield float(n)
        elif shape == "falling":
            yield float(-n)
        elif shape == "equal":
            yield 0.0
        elif shape == "nearly growing":
            yield n + rng.randrange(1000)
        else:
            yield rng.random()


def expected_items(shape: str, count: int) -> list[tuple[float, bytes]]:
    return sorted((score, b"%d" % n) for n, score in enumerate(scores_of(shape, count)))


SHAPES = ["growing", "falling", "equal", "nearly growing", "random"]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("count", [1, 61, 62, 63, 64, 3906, 3907, 30_000])
def test_trees_of_all_heights_are_sound(shape: str, count: int) -> None:
    index = filled(shape, count)
    items = expected_items(shape, count)
    assert_sound(index, items)
    for rank in {0, count // 3, count // 2, count - 1}:
        assert index.at(rank) == items[rank]
        assert index.rank(*items[rank]) == rank


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("order", ["first", "last", "random"])
def test_a_tree_of_four_levels_is_emptied(shape: str, order: str) -> None:
    count = 12_000
    index = filled(shape, count)
    items = expected_items(shape, count)
    rng = random.Random(order)
    while items:
        for _ in range(min(len(items), 1500)):
            at = {"first": 0, "last": len(items) - 1, "random": rng.randrange(len(items))}[order]
            assert index.remove(*items.pop(at))
        assert_sound(index, items)


@pytest.mark.parametrize("count", [0, 1, 62, 63, 3906, 3907, 3968, 250_000])
def test_building_fills_leaves_whole(count: int) -> None:
    index = Ordered()
    items = [(float(n // 3), b"%07d" % n) for n in range(count)]
    assert index.build(items)
    assert_sound(index, items)
    assert {len(held) for _, held in index.levels()[0][:-1]} <= {LEAF_MAX} if count else index.levels() == []


@pytest.mark.parametrize("shape", ["growing", "falling"])
def test_scores_in_order_fill_leaves_whole(shape: str) -> None:
    leaves = [len(held) for _, held in filled(shape, 20_000).levels()[0]]
    assert leaves.count(LEAF_MAX) >= len(leaves) - 1


@pytest.mark.parametrize(
    ("shape", "most"), [("growing", 18), ("falling", 18), ("equal", 22), ("nearly growing", 22), ("random", 22)]
)
@pytest.mark.parametrize("count", [1000, 100_000])
def test_bytes_of_a_member_are_few(shape: str, most: int, count: int) -> None:
    assert filled(shape, count).size_bytes <= most * count


@pytest.mark.parametrize("gone", [0.25, 0.5, 0.75, 0.95])
def test_bytes_of_a_member_stay_few_when_a_part_of_them_is_gone(gone: float) -> None:
    count = 50_000
    index = filled("random", count)
    items = expected_items("random", count)
    for score, member in random.Random(7).sample(items, int(count * gone)):
        index.remove(score, member)
    assert index.size_bytes <= 26 * len(index)


def test_deleting_a_long_range_takes_no_long_time() -> None:
    index = Ordered()
    items = [(float(n), b"%d" % n) for n in range(200_000)]
    index.build(items)
    assert index.delete_ranks(1000, 198_000) == 198_000
    assert_sound(index, items[:1000] + items[199_000:])


def test_a_small_change_of_score_moves_nothing() -> None:
    index = filled("growing", 10_000)
    before = index.levels()
    for n in range(10_000):
        assert index.update(b"%d" % n, n + 0.5)
    after = index.levels()
    assert [len(held) for _, held in after[0]] == [len(held) for _, held in before[0]]
    assert_sound(index, [(n + 0.5, b"%d" % n) for n in range(10_000)])


def test_negative_zero_is_zero() -> None:
    index = Ordered()
    index.add(0.0, b"b")
    assert not index.add(-0.0, b"b")
    index.add(-0.0, b"c")
    index.add(-0.0, b"a")
    assert [member for _, member in index.from_rank(0, False, 9)] == [b"a", b"b", b"c"]
    assert math.copysign(1, index.at(0)[0]) == -1
    assert index.from_score(-0.0, False, False, 0) == (0, [])
    assert index.from_score(0.0, True, False, 0) == (3, [])
    assert index.remove(-0.0, b"b")


def test_an_empty_index_answers() -> None:
    index = Ordered()
    assert index.at(0) is None
    assert index.random() is None
    assert index.rank(0.0, b"") == -1
    assert not index.remove(0.0, b"")
    assert index.from_rank(0, True, 1) == index.from_rank(7, False, 1) == []
    assert index.from_score(0.0, False, True, 1) == index.from_member(b"", True, False, 1) == (0, [])
    assert index.delete_ranks(0, 5) == 0
    assert index.size_bytes == 0


def test_sampling_is_fair() -> None:
    set_random_seed(b"0123456789abcdef")
    count = 700
    index = filled("random", count)
    counts = Counter(index.random()[1] for _ in range(60 * count))
    chi_square = sum((counts[b"%d" % n] - 60) ** 2 / 60 for n in range(count))
    freedom = count - 1
    assert chi_square < freedom + 12 * (2 * freedom) ** 0.5
