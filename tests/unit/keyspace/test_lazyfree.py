"""Background freeing: all of it is freed, counted, and never in the main thread's way."""

import gc
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from pyrite.core.hashtable import Table
from pyrite.core.memory import Block, used_memory
from pyrite.keyspace.lazyfree import LazyFreer, free_in_background, free_one_in_background

NOW_MS = 1_700_000_000_000


def keys_of(count: int) -> list[bytes]:
    return [b"key:%d" % n for n in range(count)]


def wait_until_idle(freer: LazyFreer) -> None:
    deadline = time.monotonic() + 30
    while freer.pending_objects:
        assert time.monotonic() < deadline, "nothing frees what is pending"
        time.sleep(0.001)


def test_everything_is_freed_and_counted() -> None:
    gc.collect()
    freer, start = LazyFreer(), used_memory()
    free_in_background(freer, keys_of(50_000), NOW_MS)
    free_one_in_background(freer, b"one more")
    wait_until_idle(freer)
    assert freer.freed_objects == 50_001
    freer.stop()
    assert used_memory() == start


def test_stop_waits_for_what_is_pending() -> None:
    gc.collect()
    freer, start = LazyFreer(), used_memory()
    for _ in range(20):
        free_in_background(freer, keys_of(3000), NOW_MS)
    freer.stop()
    assert freer.pending_objects == 0
    assert freer.freed_objects == 60_000
    assert used_memory() == start


def test_stopping_what_never_started_or_has_stopped_does_nothing() -> None:
    freer = LazyFreer()
    freer.stop()
    free_one_in_background(freer, b"key")
    freer.stop()
    freer.stop()
    assert freer.freed_objects == 1


def test_freeing_starts_again_after_a_stop() -> None:
    gc.collect()
    freer, start = LazyFreer(), used_memory()
    for _ in range(3):
        free_in_background(freer, keys_of(100), NOW_MS)
        freer.stop()
    assert freer.freed_objects == 300
    assert used_memory() == start


def test_statistics_start_again_from_zero() -> None:
    freer = LazyFreer()
    free_one_in_background(freer, b"key")
    freer.stop()
    freer.reset_statistics()
    assert freer.freed_objects == 0


def test_main_thread_goes_on_allocating_meanwhile() -> None:
    gc.collect()
    freer, start = LazyFreer(), used_memory()
    for _ in range(5):
        free_in_background(freer, keys_of(40_000), NOW_MS)
    table, held = Table(), []
    for n in range(20_000):
        table.add(b"mine:%d" % n)
        held.append(Block(n % 5000))
        held[-1].fill(n % 256)
    freer.stop()
    assert all(block.holds(n % 256) for n, block in enumerate(held))
    assert len(table) == len(set(table.keys())) == 20_000
    table.clear()
    held.clear()
    assert used_memory() == start


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 400)), max_size=25))
@settings(max_examples=40, deadline=None)
def test_several_in_one_process_free_at_the_same_time(jobs: list[tuple[int, int]]) -> None:
    """Whichever is done first must not end the others' care for the main thread; nor does a job without objects."""
    freers, start = [LazyFreer() for _ in range(3)], used_memory()
    handed = [0, 0, 0]
    for which, count in jobs:
        free_in_background(freers[which], keys_of(count), NOW_MS)
        handed[which] += count
        block = Block(count)
        block.fill(1)
        assert block.holds(1)
        del block
    for freer in freers:
        freer.stop()
    assert [freer.freed_objects for freer in freers] == handed
    assert used_memory() == start
