"""Eviction: which keys each policy takes, when it ends, and what it says."""

import itertools

import pytest

from pyrite.core.memory import used_memory
from pyrite.keyspace.database import Database, Keyspace
from pyrite.keyspace.eviction import Evictor, tenacity_limit_us

NOW_MS = 1_700_000_000_000
SECOND_CLASS = 512  # of the event `evicted`
EVICTING = [
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
]


@pytest.fixture
def keyspace() -> Keyspace:
    """Return two databases, with a clock that stands still."""
    made = Keyspace(2)
    made.now_ms = NOW_MS
    made.update_clock()
    return made


def evictor(keyspace: Keyspace, policy: str, samples: int = 5, tenacity: int = 100) -> Evictor:
    """Return an evictor with these settings."""
    made = Evictor(keyspace)
    made.configure(policy, samples, tenacity)
    return made


def make_room_for(work: Evictor, count: int) -> bool:
    """Evict until at least so many keys are gone; each key of these tests takes at least 16 bytes."""
    gone = work.keyspace.evicted_keys + count
    while work.keyspace.evicted_keys < gone:
        if not work.make_room(used_memory() - 1):
            return False
    return True


def survivors(db: Database, count: int) -> list[int]:
    """Return which of the keys 0 to count - 1 are there."""
    return [n for n in range(count) if db.holds(b"%d" % n)]


def test_does_nothing_while_memory_suffices(keyspace: Keyspace) -> None:
    db = keyspace.databases[0]
    db.add_key(b"0", NOW_MS + 1000)
    for policy in ["noeviction", *EVICTING]:
        work = evictor(keyspace, policy)
        assert work.make_room(used_memory() + 1_000_000)
        assert not work.behind
    assert db.keys_count() == 1


def test_noeviction_refuses(keyspace: Keyspace) -> None:
    keyspace.databases[0].add_key(b"0", NOW_MS + 1000)
    assert not evictor(keyspace, "noeviction").make_room(1)
    assert keyspace.databases[0].keys_count() == 1


@pytest.mark.parametrize("policy", EVICTING)
def test_takes_no_more_than_needed(keyspace: Keyspace, policy: str) -> None:
    db = keyspace.databases[0]
    for n in range(100):
        db.add_key(b"%d" % n, NOW_MS + 1000)
    assert evictor(keyspace, policy).make_room(used_memory() - 1)
    assert db.keys_count() == 99
    assert keyspace.evicted_keys == 1


@pytest.mark.parametrize("policy", EVICTING)
def test_runs_out_of_keys(keyspace: Keyspace, policy: str) -> None:
    for db in keyspace.databases:
        for n in range(50):
            db.add_key(b"volatile:%d" % n, NOW_MS + 1000)
            db.add_key(b"for ever:%d" % n)
    assert not evictor(keyspace, policy).make_room(1)
    kept = 0 if policy.startswith("allkeys") else 50
    for db in keyspace.databases:
        assert (db.keys_count(), db.expires_count()) == (kept, 0)
        assert not any(db.holds(b"volatile:%d" % n) for n in range(50))


def test_volatile_ttl_is_exact_over_all_databases(keyspace: Keyspace) -> None:
    first, second = keyspace.databases
    for n in range(1000):
        (first, second)[n % 2].add_key(b"%d" % n, NOW_MS + (n * 7919) % 1000)
    assert make_room_for(evictor(keyspace, "volatile-ttl"), 300)
    kept = sorted([*survivors(first, 1000), *survivors(second, 1000)])
    assert kept == [n for n in range(1000) if (n * 7919) % 1000 >= 300]


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-lru"])
def test_lru_takes_the_longest_unused(keyspace: Keyspace, policy: str) -> None:
    db = keyspace.databases[0]
    work = evictor(keyspace, policy, samples=10)
    for n in range(2000):
        db.add_key(b"%d" % n, NOW_MS + 1000)
        db.set_access(b"%d" % n, (keyspace.lru_clock - 5000 + n) & 0xFFFFFF)
    assert make_room_for(work, 1000)
    kept = survivors(db, 2000)
    # Exact LRU keeps 1,000 to 1,999, mean 1,500; chance would keep a mean of 1,000.
    assert sum(kept) / len(kept) > 1400
    assert sum(n >= 1500 for n in kept) > 450


@pytest.mark.parametrize("policy", ["allkeys-lfu", "volatile-lfu"])
def test_lfu_takes_the_least_used(keyspace: Keyspace, policy: str) -> None:
    db = keyspace.databases[0]
    work = evictor(keyspace, policy, samples=10)
    assert keyspace.lfu
    minute = (NOW_MS // 60000) & 0xFFFF
    for n in range(2000):
        db.add_key(b"%d" % n, NOW_MS + 1000)
        db.set_access(b"%d" % n, minute << 8 | n // 10)
    assert make_room_for(work, 1000)
    kept = survivors(db, 2000)
    assert sum(kept) / len(kept) > 1400


def test_idle_time_wraps_with_the_clock(keyspace: Keyspace) -> None:
    db = keyspace.databases[0]
    work = evictor(keyspace, "allkeys-lru", samples=200)
    keyspace.lru_clock = 5
    db.add_key(b"young")
    db.add_key(b"old")
    db.set_access(b"young", 3)
    db.set_access(b"old", 0xFFFFF0)
    assert make_room_for(work, 1)
    assert db.holds(b"young")
    assert not db.holds(b"old")


def test_a_candidate_used_since_it_was_drawn_lives(keyspace: Keyspace) -> None:
    db = keyspace.databases[0]
    work = evictor(keyspace, "allkeys-lru", samples=500)
    for n in range(10):
        db.add_key(b"%d" % n)
        db.set_access(b"%d" % n, keyspace.lru_clock - 1000 + n)
    assert make_room_for(work, 1)
    assert survivors(db, 10) == list(range(1, 10))
    for n in (1, 2, 3, 4, 6, 7, 8, 9):
        db.set_access(b"%d" % n, keyspace.lru_clock)
    assert make_room_for(work, 1)
    assert survivors(db, 10) == [1, 2, 3, 4, 6, 7, 8, 9]


def test_candidates_that_are_gone_are_passed_over(keyspace: Keyspace) -> None:
    db = keyspace.databases[0]
    work = evictor(keyspace, "volatile-lru", samples=100)
    for n in range(20):
        db.add_key(b"%d" % n, NOW_MS + 1000)
        db.set_access(b"%d" % n, keyspace.lru_clock - 100 + n)
    assert make_room_for(work, 1)
    for n in range(1, 18):
        assert db.remove_key(b"%d" % n)
    db.add_key(b"17")
    assert make_room_for(work, 2)
    assert survivors(db, 20) == [17]
    assert not make_room_for(work, 1)
    assert survivors(db, 20) == [17]


@pytest.mark.parametrize("policy", ["allkeys-random", "volatile-random"])
def test_random_spares_no_part_of_the_keys(keyspace: Keyspace, policy: str) -> None:
    for db, n in itertools.product(keyspace.databases, range(500)):
        db.add_key(b"%d" % n, NOW_MS + 1000)
    assert make_room_for(evictor(keyspace, policy), 500)
    first, second = (survivors(db, 500) for db in keyspace.databases)
    assert len(first) == len(second) == 250
    # 250 of 500 fall on each half by chance: 125 on average, with a standard deviation of 5.6.
    assert 85 < sum(n < 250 for n in first) < 165


def test_time_limit_leaves_the_rest_for_later(keyspace: Keyspace) -> None:
    db = keyspace.databases[0]
    for n in range(5000):
        db.add_key(b"%d" % n)
    work = evictor(keyspace, "allkeys-random", tenacity=0)
    before = used_memory()
    assert work.make_room(before - 4000 * 16)
    assert work.behind
    assert 0 < keyspace.evicted_keys <= 100
    assert work.current_excess_us > 0
    calls = 1
    while work.behind:
        assert work.make_room(before - 4000 * 16)
        calls += 1
    assert calls > 10
    assert used_memory() <= before - 4000 * 16
    assert work.current_excess_us == 0
    assert work.total_excess_us > 0
    work.reset_statistics()
    assert work.total_excess_us == 0


def test_without_limit_one_call_does_it(keyspace: Keyspace) -> None:
    db = keyspace.databases[0]
    for n in range(5000):
        db.add_key(b"%d" % n)
    work = evictor(keyspace, "allkeys-lru", tenacity=100)
    target = used_memory() - 4000 * 16
    assert work.make_room(target)
    assert not work.behind
    assert used_memory() <= target


def test_tells_hooks(keyspace: Keyspace) -> None:
    keyspace.databases[1].add_key(b"key")
    told: list[tuple[object, ...]] = []
    keyspace.on_expire = lambda db, key, _lazily: told.append((db.id, key, db.holds(key)))
    keyspace.on_change = lambda db, key, event_class, event: told.append(
        (db.id, key, db.holds(key), event_class, event)
    )
    keyspace.effects = 1
    assert make_room_for(evictor(keyspace, "allkeys-random"), 1)
    assert told == [(1, b"key", True), (1, b"key", False, SECOND_CLASS, b"evicted")]


@pytest.mark.parametrize(
    ("policy", "lfu", "by_access"),
    [
        ("noeviction", False, False),
        ("allkeys-lru", False, True),
        ("volatile-lfu", True, True),
        ("volatile-ttl", False, False),
    ],
)
def test_policy_says_what_access_bits_mean(keyspace: Keyspace, policy: str, lfu: bool, by_access: bool) -> None:
    evictor(keyspace, policy)
    assert (keyspace.lfu, keyspace.evicts_by_access) == (lfu, by_access)


def test_tenacity() -> None:
    limits = [tenacity_limit_us(tenacity) for tenacity in range(100)]
    assert limits == sorted(set(limits))
    assert limits[:11] == list(range(0, 501, 50))
    # Two minutes, about.
    assert 110_000_000 < limits[99] < 160_000_000
    assert tenacity_limit_us(100) == -1
