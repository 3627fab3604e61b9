"""The hashtable against a set: membership, growing and shrinking, scans that miss nothing, and fair sampling."""

import gc
import random
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pyrite.core.hashtable import Table, set_random_seed, spare_copies
from pyrite.core.memory import used_memory
from tests.models import hashtable as model

BUCKET_SLOTS = 7
LINE = 64

few = st.integers(0, 40)
many = st.integers(100, 700)
seeds = st.integers(0, 2**32)


def setup_module() -> None:
    """What earlier tests left to the garbage collector must not be freed within one of ours."""
    gc.collect()


def key_of(number: int) -> bytes:
    return b"key:%d" % number


class Machine(RuleBasedStateMachine):
    """Keys come and go one by one and by hundreds, while resizes and scans are under way."""

    def __init__(self) -> None:
        super().__init__()
        self.start = used_memory()
        self.table = Table()
        self.model = model.Table()
        self.next_key = 0

    def new_key(self) -> bytes:
        self.next_key += 1
        return key_of(self.next_key)

    @rule(count=st.one_of(few, many))
    def add_new(self, count: int) -> None:
        for _ in range(count):
            key = self.new_key()
            assert self.table.add(key)
            self.model.add(key)

    @rule(key=st.binary(max_size=300))
    def add_any(self, key: bytes) -> None:
        assert self.table.add(key) == (key not in self.model.keys)
        self.model.add(key)

    @rule(count=st.one_of(few, many), seed=seeds)
    def discard_some(self, count: int, seed: int) -> None:
        present = sorted(self.model.keys)
        for key in random.Random(seed).sample(present, min(count, len(present))):
            assert self.table.discard(key)
            self.model.discard(key)

    @rule(kept=st.integers(0, 5))
    def discard_nearly_all(self, kept: int) -> None:
        for key in sorted(self.model.keys)[kept:]:
            assert self.table.discard(key)
            self.model.discard(key)

    @rule(number=st.integers(0, 5000))
    def discard_any(self, number: int) -> None:
        key = key_of(number)
        assert self.table.discard(key) == (key in self.model.keys)
        self.model.discard(key)

    @rule(seed=seeds)
    def replace_some(self, seed: int) -> None:
        """As many go as come, so the size stays while everything moves."""
        rng = random.Random(seed)
        for key in rng.sample(sorted(self.model.keys), len(self.model.keys) // 3):
            self.table.discard(key)
            self.model.discard(key)
            fresh = self.new_key()
            self.table.add(fresh)
            self.model.add(fresh)

    @rule(buckets=st.integers(0, 60))
    def rehash(self, buckets: int) -> None:
        assert self.table.rehash(buckets) == bool(self.table.shape["rehashing"])

    @rule()
    def clear(self) -> None:
        self.table.clear()
        self.model.clear()
        assert self.table.shape["bytes"] == 0

    @precondition(lambda self: len(self.model.scans) < 3)
    @rule()
    def start_scan(self) -> None:
        self.step(self.model.start_scan())

    def step(self, scan: model.Scan) -> None:
        cursor, met = self.table.scan(scan.cursor)
        self.model.step(scan, cursor, met)

    @precondition(lambda self: self.model.scans)
    @rule(steps=st.integers(1, 30), which=st.integers(0, 2))
    def go_on_scanning(self, steps: int, which: int) -> None:
        scan = self.model.scans[which % len(self.model.scans)]
        for _ in range(steps):
            self.step(scan)
            if scan.cursor == 0:
                break

    @rule(cursor=st.integers(0, 2**64 - 1))
    def scan_from_anywhere(self, cursor: int) -> None:
        _, met = self.table.scan(cursor)
        assert self.model.keys.issuperset(met)

    @rule()
    def draw(self) -> None:
        drawn = self.table.random()
        assert drawn in self.model.keys if self.model.keys else drawn is None

    @invariant()
    def holds_the_models_keys(self) -> None:
        assert len(self.table) == len(self.model.keys)
        held = self.table.keys()
        assert len(held) == len(self.model.keys)
        assert set(held) == self.model.keys

    @invariant()
    def looks_up_what_it_holds(self) -> None:
        assert all(key in self.table for key in self.model.keys)
        assert b"absent" not in self.table
        assert key_of(self.next_key + 1) not in self.table

    @invariant()
    def shape_is_sound(self) -> None:
        shape = self.table.shape
        assert shape["old_used"] + shape["new_used"] == len(self.model.keys)
        assert shape["bytes"] == LINE * (shape["buckets"] + shape["new_buckets"] + shape["children"])
        for name in ("buckets", "new_buckets"):
            assert shape[name] & (shape[name] - 1) == 0
        if shape["rehashing"]:
            assert shape["moved"] < shape["buckets"]
            assert shape["new_buckets"] in (shape["buckets"] * 2, shape["buckets"] // 4, shape["buckets"] // 2)
        else:
            assert shape["new_buckets"] == shape["new_used"] == shape["moved"] == 0

    def teardown(self) -> None:
        for scan in list(self.model.scans):
            while scan in self.model.scans:
                self.step(scan)
                assert scan.steps < 100_000
        self.table.clear()
        assert used_memory() == self.start


class HashtableTest(Machine.TestCase):
    settings = settings(max_examples=200, stateful_step_count=30, deadline=None)


def filled(count: int) -> Table:
    table = Table()
    for number in range(count):
        table.add(key_of(number))
    return table


def settled(count: int) -> Table:
    table = filled(count)
    while table.rehash(100):
        pass
    return table


def full_scan(table: Table) -> Iterator[list[bytes]]:
    cursor = 0
    while True:
        cursor, met = table.scan(cursor)
        yield met
        if cursor == 0:
            return


@pytest.mark.parametrize("count", [0, 1, 7, 8, 100, 5000])
def test_scan_of_a_table_at_rest_meets_each_key_once(count: int) -> None:
    met = [key for step in full_scan(settled(count)) for key in step]
    assert sorted(met) == sorted(key_of(number) for number in range(count))


@pytest.mark.parametrize(("before", "more"), [(8, 3000), (1000, 20_000)])
def test_scan_misses_nothing_while_the_table_grows(before: int, more: int) -> None:
    table, met = filled(before), set()
    for step in full_scan(table):
        met.update(step)
        for number in range(len(table), min(len(table) + 50, before + more)):
            table.add(key_of(number))
    assert met >= {key_of(number) for number in range(before)}


@pytest.mark.parametrize("rehash", [0, 1, 1000])
def test_scan_misses_nothing_while_the_table_shrinks(rehash: int) -> None:
    table, met = filled(20_000), set()
    doomed = [key_of(number) for number in range(100, 20_000)]
    for step in full_scan(table):
        met.update(step)
        table.rehash(rehash)
        for key in doomed[-60:]:
            table.discard(key)
        del doomed[-60:]
    assert len(table) < 1000, "the scan ended before the table shrank"
    assert met >= {key_of(number) for number in range(100)}


def test_table_shrinks_again() -> None:
    table = settled(50_000)
    largest = table.shape["bytes"]
    for number in range(49_990):
        table.discard(key_of(number))
    while table.rehash(100):
        pass
    assert len(table) == 10
    assert table.shape["bytes"] < largest / 500


@pytest.mark.parametrize("count", [7, 100, 3000, 28_672, 28_673, 100_000])
def test_bytes_of_an_entry_of_a_table_that_grows(count: int) -> None:
    shape = filled(count).shape
    # Just after growing began there are the old buckets, twice as many new ones, and chains.
    assert shape["bytes"] <= count * LINE / BUCKET_SLOTS * 3.6 + LINE
    if not shape["rehashing"]:
        assert shape["bytes"] <= count * 20 + 2 * LINE


def test_each_insertion_moves_little() -> None:
    table = settled(40_000)
    while not table.shape["rehashing"]:
        table.add(key_of(len(table)))
    moved = 0
    while table.shape["rehashing"]:
        table.add(key_of(len(table)))
        shape = table.shape
        assert not shape["rehashing"] or shape["moved"] - moved <= 8
        moved = shape["moved"]


def test_insertions_right_after_a_table_was_emptied_build_no_long_chains() -> None:
    table = filled(120_000)
    for number in range(120_000):
        table.discard(key_of(number))
    table.add(b"one")
    table.discard(b"one")
    for number in range(30_000):
        table.add(key_of(number))
    # Chains hold what does not fit into buckets: never a large part of the entries.
    assert table.shape["children"] * BUCKET_SLOTS < len(table)


def draw_counts(table: Table, draws: int) -> Counter[bytes]:
    return Counter(table.random() for _ in range(draws))


def is_fair(counts: Counter[bytes], keys: list[bytes]) -> bool:
    """Tell whether the sum of squares lies within what is expected, by twelve standard deviations."""
    expected = counts.total() / len(keys)
    chi_square = sum((counts[key] - expected) ** 2 / expected for key in keys)
    freedom = len(keys) - 1
    return set(counts) <= set(keys) and chi_square < freedom + 12 * (2 * freedom) ** 0.5


@pytest.mark.parametrize("count", [2, 7, 8, 60, 400, 900])
def test_sampling_is_fair(count: int) -> None:
    set_random_seed(b"0123456789abcdef")
    table = settled(count)
    assert is_fair(draw_counts(table, 200 * count), table.keys())


def test_sampling_is_fair_in_the_midst_of_growing() -> None:
    set_random_seed(b"fedcba9876543210")
    table = settled(1)
    number = 1
    while table.shape["buckets"] < 64 or not 20 < table.shape["moved"] < 40:
        table.add(key_of(number))
        number += 1
    assert table.shape["children"] > 0
    assert is_fair(draw_counts(table, 200 * len(table)), table.keys())


def test_sampling_is_fair_in_the_midst_of_shrinking() -> None:
    set_random_seed(b"shrinkshrinkshri")
    table = settled(7 * 512)
    number = 0
    while not (table.shape["rehashing"] and table.shape["moved"] > 100):
        assert table.discard(key_of(number))
        number += 1
    assert table.shape["new_buckets"] < table.shape["buckets"]
    assert is_fair(draw_counts(table, 200 * len(table)), table.keys())


def nearly_empty(count: int, kept: int) -> Table:
    """Return a table whose shrink could not keep up, so that almost all buckets are empty."""
    table = settled(count)
    for number in range(count - kept):
        table.discard(key_of(number))
    return table


def test_sampling_is_fair_where_nearly_all_buckets_are_empty() -> None:
    set_random_seed(b"empty buckets !!")
    table = nearly_empty(100_000, 5)
    assert is_fair(draw_counts(table, 3000), table.keys())


def test_sampling_from_a_nearly_empty_table_takes_no_long_time() -> None:
    table = nearly_empty(400_000, 1)
    started = time.process_time()
    for _ in range(20):
        assert table.random() == key_of(399_999)
    assert time.process_time() - started < 2


def test_same_seed_draws_the_same_keys() -> None:
    table = settled(100)
    set_random_seed(b"0123456789abcdef")
    first = [table.random() for _ in range(50)]
    set_random_seed(b"0123456789abcdef")
    assert [table.random() for _ in range(50)] == first
    assert len(set(first)) > 20


@pytest.fixture
def sparing() -> Iterator[None]:
    """Have tables spare memory that a child process shares."""
    spare_copies(True)
    yield
    spare_copies(False)


def test_while_memory_is_shared_a_table_grows_late(sparing: None) -> None:
    table = Table()
    keys = [b"%d" % number for number in range(7 * 64)]
    for key in keys[: 7 * 4]:
        table.add(key)
    assert table.shape["buckets"] == 1
    assert table.shape["new_buckets"] == 0
    table.add(keys[7 * 4])
    assert table.shape["new_buckets"] == 2
    for key in keys[7 * 4 + 1 :]:
        table.add(key)
    shape = table.shape
    assert (shape["buckets"] + shape["new_buckets"]) * 7 * 2 < len(keys)
    assert all(key in table for key in keys)
    assert sorted(table.keys()) == sorted(keys)
    spare_copies(False)
    table.add(b"last")
    while table.rehash(100):
        table.add(b"more %d" % table.shape["moved"])
    assert all(key in table for key in keys)


def test_while_memory_is_shared_a_resize_rests() -> None:
    table = Table()
    for number in range(7 * 64 + 1):
        table.add(b"%d" % number)
    assert table.shape["rehashing"] == 1
    spare_copies(True)
    before = table.shape
    assert table.rehash(1000)
    for number in range(20):
        table.add(b"more %d" % number)
        table.discard(b"%d" % number)
    assert table.shape["moved"] == before["moved"]
    spare_copies(False)
    assert not table.rehash(1000)
    assert table.shape["rehashing"] == 0
    assert len(table.keys()) == 7 * 64 + 1


def test_while_memory_is_shared_a_table_does_not_shrink(sparing: None) -> None:
    table = Table()
    spare_copies(False)
    for number in range(7 * 64):
        table.add(b"%d" % number)
    while table.rehash(100):
        pass
    spare_copies(True)
    buckets = table.shape["buckets"]
    for number in range(7 * 64 - 1):
        table.discard(b"%d" % number)
    assert table.shape["buckets"] == buckets
    assert table.shape["rehashing"] == 0
