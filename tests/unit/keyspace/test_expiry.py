"""Active expiry: what a slice deletes, when it ends, and what it says about what is left."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite.core.expiry_index import Index
from pyrite.keyspace.database import Database, Keyspace
from pyrite.keyspace.expiry import expire_cycle, slice_us

NOW_MS = 1_700_000_000_000
LONG_US = 10_000_000


@pytest.fixture
def keyspace() -> Keyspace:
    """Return two databases, with a clock that stands still."""
    made = Keyspace(2)
    made.now_ms = NOW_MS
    return made


def fill(db: Database, count: int, expire_ms: int, prefix: bytes = b"key") -> list[bytes]:
    """Add keys that all expire at one time and return them."""
    keys = [b"%b:%d" % (prefix, n) for n in range(count)]
    for key in keys:
        db.add_key(key, expire_ms)
    return keys


def test_deletes_just_what_is_due(keyspace: Keyspace) -> None:
    db = keyspace.databases[0]
    db.add_key(b"long ago", 1)
    db.add_key(b"just past", NOW_MS - 1)
    db.add_key(b"in this millisecond", NOW_MS)
    db.add_key(b"later", NOW_MS + 1)
    db.add_key(b"for ever")
    assert not expire_cycle(keyspace, LONG_US)
    assert not db.holds(b"long ago")
    assert not db.holds(b"just past")
    assert db.holds(b"in this millisecond")
    assert db.holds(b"later")
    assert db.holds(b"for ever")
    assert keyspace.expired_keys == 2
    assert (db.keys_count(), db.expires_count()) == (3, 2)


@given(st.lists(st.integers(-500, 500), max_size=600))
def test_leaves_the_same_keys_as_a_plain_filter(offsets: list[int]) -> None:
    keyspace = Keyspace(1)
    keyspace.now_ms = NOW_MS
    db = keyspace.databases[0]
    for n, offset in enumerate(offsets):
        db.add_key(b"%d" % n, NOW_MS + offset)
    assert not expire_cycle(keyspace, LONG_US)
    kept = [n for n in range(len(offsets)) if db.holds(b"%d" % n)]
    assert kept == [n for n, offset in enumerate(offsets) if offset >= 0]


def test_slice_without_time_does_a_little_and_says_so(keyspace: Keyspace) -> None:
    db = keyspace.databases[0]
    fill(db, 1000, NOW_MS - 1)
    fill(db, 1000, NOW_MS + 60_000, b"live")
    assert expire_cycle(keyspace, 0)
    dead = 1000 - keyspace.expired_keys
    assert 0 < keyspace.expired_keys <= 64
    assert keyspace.expired_time_cap_reached == 1
    assert keyspace.expired_stale_percent == pytest.approx(dead * 100 / (dead + 1000))
    slices = 1
    while expire_cycle(keyspace, 0):
        slices += 1
    assert slices > 10
    assert keyspace.expired_keys == 1000
    assert keyspace.expired_stale_percent == 0


def test_databases_take_turns(keyspace: Keyspace) -> None:
    first, second = keyspace.databases
    fill(first, 1000, NOW_MS - 1)
    fill(second, 1000, NOW_MS - 1)
    assert expire_cycle(keyspace, 0)
    assert first.keys_count() < 1000
    assert second.keys_count() == 1000
    assert expire_cycle(keyspace, 0)
    assert second.keys_count() < 1000


@pytest.mark.parametrize(("attribute", "value"), [("expire_paused", True), ("active_expire", False)])
def test_does_nothing_while_it_is_off(keyspace: Keyspace, attribute: str, value: bool) -> None:
    db = keyspace.databases[0]
    fill(db, 10, NOW_MS - 1)
    setattr(keyspace, attribute, value)
    assert not expire_cycle(keyspace, LONG_US)
    assert db.keys_count() == 10
    setattr(keyspace, attribute, not value)
    assert not expire_cycle(keyspace, LONG_US)
    assert db.keys_count() == 0


def test_tells_hooks_before_and_after_each_key(keyspace: Keyspace) -> None:
    db = keyspace.databases[1]
    keys = fill(db, 100, NOW_MS - 1)
    before: list[bytes] = []
    after: list[tuple[int, bytes, int, bytes]] = []

    def on_expire(database: Database, key: bytes, _lazily: bool) -> None:
        assert database.holds(key)
        before.append(key)

    def on_change(database: Database, key: bytes, event_class: int, event: bytes) -> None:
        assert not database.holds(key)
        after.append((database.id, key, event_class, event))

    keyspace.on_expire = on_expire
    keyspace.on_change = on_change
    keyspace.effects = 1
    assert not expire_cycle(keyspace, LONG_US)
    assert sorted(before) == sorted(keys)
    assert after == [(1, key, 256, b"expired") for key in before]


def test_hook_may_delete_other_due_keys(keyspace: Keyspace) -> None:
    db = keyspace.databases[0]
    fill(db, 300, NOW_MS - 1)
    seen: list[bytes] = []

    def on_change(database: Database, key: bytes, _class: int, _event: bytes) -> None:
        seen.append(key)
        database.flush(lazy=False)

    keyspace.on_expire = lambda _database, _key, _lazily: None
    keyspace.on_change = on_change
    keyspace.effects = 1
    assert not expire_cycle(keyspace, LONG_US)
    assert len(seen) == 1
    assert db.keys_count() == 0


def test_an_exception_of_a_hook_reaches_the_caller(keyspace: Keyspace) -> None:
    fill(keyspace.databases[0], 3, NOW_MS - 1)

    def on_expire(_database: Database, _key: bytes, _lazily: bool) -> None:
        raise LookupError

    keyspace.on_expire = on_expire
    keyspace.effects = 1
    with pytest.raises(LookupError):
        expire_cycle(keyspace, LONG_US)


def test_average_ttl_follows_the_keys(keyspace: Keyspace) -> None:
    db = keyspace.databases[0]
    fill(db, 100, NOW_MS + 8000)
    expire_cycle(keyspace, LONG_US)
    assert db.average_ttl_ms == 8000
    fill(db, 100, NOW_MS + 2000)
    for _ in range(500):
        expire_cycle(keyspace, LONG_US)
    assert 2000 <= db.average_ttl_ms < 2010
    keyspace.now_ms += 3000
    expire_cycle(keyspace, LONG_US)
    assert db.keys_count() == 0
    assert db.average_ttl_ms == 0


def test_more_effort_is_a_longer_slice() -> None:
    slices = [slice_us(effort) for effort in range(1, 11)]
    assert slices == sorted(set(slices))
    assert slices[-1] < 2000


@given(st.lists(st.integers(0, 50), max_size=1500), st.integers(-1, 51))
def test_index_counts_and_finds_what_is_due(times: list[int], now_ms: int) -> None:
    index = Index()
    for n, at_ms in enumerate(times):
        index.add(b"%d" % n, at_ms)
    assert index.count_due(now_ms) == sum(at_ms <= now_ms for at_ms in times)
    first = index.first()
    if times:
        assert first is not None
        assert times[int(first)] == min(times)
    else:
        assert first is None
