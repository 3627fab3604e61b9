"""Expiry of the fields of hashes: what is deleted, who is told, and that the index of hashes keeps up with them."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pyrite.core.memory import used_memory
from pyrite.keyspace.database import Database, Keyspace
from pyrite.keyspace.expiry import expire_cycle
from pyrite.keyspace.field_expiry import expire_fields, proxies
from pyrite.types.hash import all_fields, set_field
from pyrite.types.hash_expiry import set_field_expire

NOW_MS = 1_700_000_000_000
LONG_US = 10_000_000
COMPACT, TABLE = 512, 0


@pytest.fixture(params=[COMPACT, TABLE], ids=["listpackex", "hashtable"])
def keyspace(request: pytest.FixtureRequest) -> Keyspace:
    """Return two databases with hashes of one encoding, with a clock that stands still."""
    made = Keyspace(2)
    made.now_ms = NOW_MS
    made.hash_max_listpack_entries = request.param
    return made


def fill(db: Database, key: bytes, times_ms: list[int]) -> None:
    """Make a hash of fields 0, 1, 2 …, the first of which expire at these times."""
    for n, at_ms in enumerate(times_ms):
        set_field(db, key, b"%d" % n, b"value")
        if at_ms >= 0:
            assert set_field_expire(db, key, b"%d" % n, at_ms) == 1


class Events:
    """What the hooks were called with."""

    def __init__(self, keyspace: Keyspace) -> None:
        """Listen."""
        self.seen: list[tuple[object, ...]] = []
        keyspace.effects = 1
        keyspace.on_change = lambda db, key, _, event: self.seen.append((db.id, key, event))
        keyspace.on_expire = lambda db, key, _lazily: self.seen.append((db.id, key))
        keyspace.on_expire_field = lambda db, key, field: self.seen.append((db.id, key, field, "expires"))

    def take(self) -> list[tuple[object, ...]]:
        """Return and forget them."""
        taken, self.seen = self.seen, []
        return taken


def test_deletes_just_what_is_due(keyspace: Keyspace) -> None:
    db = keyspace.databases[0]
    fill(db, b"h", [NOW_MS + 5, NOW_MS + 6, NOW_MS + 7, -1])
    keyspace.now_ms = NOW_MS + 6
    assert not expire_cycle(keyspace, LONG_US)
    # A field still lives in the millisecond that it expires at.
    assert set(all_fields(db, b"h")) == {b"1", b"2", b"3"}
    assert keyspace.expired_fields == 1
    assert proxies(db) == {b"h": NOW_MS + 6}
    keyspace.now_ms = NOW_MS + 100
    expire_cycle(keyspace, LONG_US)
    assert set(all_fields(db, b"h")) == {b"3"}
    assert (keyspace.expired_fields, db.field_expires_count()) == (3, 0)


def test_hash_without_fields_goes(keyspace: Keyspace) -> None:
    db = keyspace.databases[0]
    fill(db, b"h", [NOW_MS + 5, NOW_MS + 6])
    keyspace.now_ms = NOW_MS + 100
    expire_cycle(keyspace, LONG_US)
    assert (db.keys_count(), db.field_expires_count()) == (0, 0)
    assert keyspace.expired_keys == 0


def test_events(keyspace: Keyspace) -> None:
    db = keyspace.databases[1]
    fill(db, b"h", [NOW_MS + 5, NOW_MS + 6, NOW_MS + 500])
    events = Events(keyspace)
    keyspace.now_ms = NOW_MS + 100
    expire_cycle(keyspace, LONG_US)
    assert events.take() == [(1, b"h", b"0", "expires"), (1, b"h", b"1", "expires"), (1, b"h", b"hexpired")]
    keyspace.now_ms = NOW_MS + 1000
    expire_cycle(keyspace, LONG_US)
    assert events.take() == [(1, b"h", b"2", "expires"), (1, b"h", b"hexpired"), (1, b"h", b"del")]
    assert keyspace.dirty == 0


def test_hook_may_delete_the_hash(keyspace: Keyspace) -> None:
    db = keyspace.databases[0]
    fill(db, b"h", [NOW_MS + 5, NOW_MS + 6])
    Events(keyspace)
    keyspace.on_expire_field = lambda db, key, _: db.remove_key(key)
    keyspace.now_ms = NOW_MS + 100
    assert not expire_cycle(keyspace, LONG_US)
    assert (db.keys_count(), db.field_expires_count()) == (0, 0)


def test_hook_may_put_something_else_there(keyspace: Keyspace) -> None:
    db = keyspace.databases[0]
    fill(db, b"h", [NOW_MS + 5, NOW_MS + 6])
    Events(keyspace)
    keyspace.on_expire_field = lambda db, key, _: db.add_key(key)
    keyspace.now_ms = NOW_MS + 100
    assert not expire_cycle(keyspace, LONG_US)
    assert (db.keys_count(), db.field_expires_count()) == (1, 0)


def test_slice_without_time_does_a_little_and_says_so(keyspace: Keyspace) -> None:
    db = keyspace.databases[0]
    for n in range(50):
        fill(db, b"h%d" % n, [NOW_MS + 5] * 10)
    keyspace.now_ms = NOW_MS + 100
    assert expire_cycle(keyspace, 0)
    assert 0 < keyspace.expired_fields <= 128
    assert keyspace.expired_time_cap_reached == 1
    while expire_cycle(keyspace, 0):
        pass
    assert (keyspace.expired_fields, db.keys_count()) == (500, 0)


def test_one_large_hash_goes_piece_by_piece(keyspace: Keyspace) -> None:
    db = keyspace.databases[0]
    fill(db, b"h", [NOW_MS + 5] * 400)
    keyspace.now_ms = NOW_MS + 100
    assert expire_cycle(keyspace, 0)
    assert keyspace.expired_fields == 128
    while expire_cycle(keyspace, 0):
        pass
    assert db.keys_count() == 0


@pytest.mark.parametrize("setting", ["paused", "off"])
def test_nothing_goes_while_it_may_not(keyspace: Keyspace, setting: str) -> None:
    db = keyspace.databases[0]
    fill(db, b"h", [NOW_MS + 5])
    keyspace.now_ms = NOW_MS + 100
    keyspace.expire_paused = setting == "paused"
    keyspace.active_expire = setting != "off"
    assert not expire_cycle(keyspace, LONG_US)
    assert all_fields(db, b"h")


def test_limit(keyspace: Keyspace) -> None:
    db = keyspace.databases[0]
    fill(db, b"h", [NOW_MS + n for n in range(1, 20)])
    keyspace.now_ms = NOW_MS + 100
    assert expire_fields(db, b"h", 7) == 7
    assert len(all_fields(db, b"h")) == 12
    assert proxies(db) == {b"h": NOW_MS + 8}
    assert expire_fields(db, b"nosuch", 7) == 0
    db.add_key(b"string")
    assert expire_fields(db, b"string", 7) == 0


def test_proxy_may_be_early_and_is_set_right_then(keyspace: Keyspace) -> None:
    db = keyspace.databases[0]
    fill(db, b"h", [NOW_MS + 5, NOW_MS + 5000])
    set_field(db, b"h", b"0", b"again, for ever")
    keyspace.now_ms = NOW_MS + 100
    assert not expire_cycle(keyspace, LONG_US)
    assert proxies(db) == {b"h": NOW_MS + 5000}
    assert keyspace.expired_fields == 0


@pytest.mark.parametrize("lazy", [False, True])
def test_flush_and_what_is_overwritten(keyspace: Keyspace, lazy: bool) -> None:
    start = used_memory()
    db = keyspace.databases[0]
    for n in range(100):
        fill(db, b"h%d" % n, [NOW_MS + 5, -1])
    db.add_key(b"h7")
    db.remove_key(b"h8")
    assert db.field_expires_count() == 98
    db.flush(lazy)
    keyspace.lazyfree.stop()
    assert db.field_expires_count() == 0
    assert used_memory() == start


def test_swapped_databases(keyspace: Keyspace) -> None:
    fill(keyspace.databases[0], b"h", [NOW_MS + 5])
    keyspace.swap(0, 1)
    assert [db.field_expires_count() for db in keyspace.databases] == [0, 1]
    keyspace.now_ms = NOW_MS + 100
    expire_cycle(keyspace, LONG_US)
    assert keyspace.databases[1].keys_count() == 0


class Machine(RuleBasedStateMachine):
    """Hashes with expiring fields are made, changed and deleted; the index always has just those with such fields."""

    def __init__(self) -> None:
        super().__init__()
        self.keyspace = Keyspace(1)
        self.keyspace.now_ms = NOW_MS
        self.keyspace.hash_max_listpack_entries = 3
        self.db = self.keyspace.databases[0]
        self.model: dict[bytes, dict[bytes, int]] = {}

    keys = st.sampled_from([b"a", b"b", b"k" * 300])
    fields = st.sampled_from([b"1", b"f", b"g", b"h", b"i"])

    @rule(key=keys, field=fields, value=st.sampled_from([b"", b"v", b"v" * 100, b"v" * 3000]))
    def set(self, key: bytes, field: bytes, value: bytes) -> None:
        new = field not in self.model.get(key, {})
        assert set_field(self.db, key, field, value) == new
        self.model.setdefault(key, {})[field] = -1

    @rule(key=keys, field=fields, after_ms=st.integers(-2, 30))
    def set_expire(self, key: bytes, field: bytes, after_ms: int) -> None:
        at_ms = self.keyspace.now_ms + after_ms
        there = self.model.get(key, {})
        status = set_field_expire(self.db, key, field, at_ms)
        if field not in there or 0 <= there[field] < self.keyspace.now_ms:
            assert status == -2
        elif after_ms <= 0:
            assert status == 2
            del there[field]
            if not there:
                # The command would delete it.
                self.db.remove_key(key)
                del self.model[key]
        else:
            assert status == 1
            there[field] = at_ms

    @rule(key=keys)
    def delete(self, key: bytes) -> None:
        assert self.db.remove_key(key) == (self.model.pop(key, None) is not None)

    @rule(key=keys)
    def overwrite(self, key: bytes) -> None:
        self.db.add_key(key)
        self.db.remove_key(key)
        self.model.pop(key, None)

    @rule(later_ms=st.integers(1, 10))
    def expire(self, later_ms: int) -> None:
        self.keyspace.now_ms += later_ms
        assert not expire_cycle(self.keyspace, LONG_US)
        for key, there in list(self.model.items()):
            left = {field: at_ms for field, at_ms in there.items() if not 0 <= at_ms < self.keyspace.now_ms}
            self.model[key] = left
            if not left:
                del self.model[key]

    @invariant()
    def the_same(self) -> None:
        for key, there in self.model.items():
            assert {field: at_ms for field, (_, at_ms) in all_fields(self.db, key).items()} == there
        times = {key: [at_ms for at_ms in there.values() if at_ms >= 0] for key, there in self.model.items()}
        found = proxies(self.db)
        assert found.keys() == {key for key, expiring in times.items() if expiring}
        assert all(found[key] <= min(times[key]) for key in found)


TestMachine = Machine.TestCase
