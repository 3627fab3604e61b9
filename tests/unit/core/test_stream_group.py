"""Consumer groups against dictionaries: who has which entries pending; copies, loading, and few bytes."""

import gc
import random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pyrite.core.memory import used_memory
from pyrite.core.stream_group import StreamGroups
from tests.models import stream as model

names = st.sampled_from([b"", b"a", b"ab", b"b", b"\0", b"\xff", b"n" * 300])
groups = st.sampled_from([b"g", b"h", b""])
ids = st.tuples(st.integers(0, 20), st.integers(0, 2))
times = st.integers(0, 2**41)


def setup_module() -> None:
    """What earlier tests left to the garbage collector must not be freed within one of ours."""
    gc.collect()


class Machine(RuleBasedStateMachine):
    """Groups and consumers come and go; entries are delivered, given to others, acknowledged."""

    def __init__(self) -> None:
        super().__init__()
        self.start = used_memory()
        self.ours = StreamGroups()
        self.model = model.Groups()

    @rule(group=groups)
    def create_group(self, group: bytes) -> None:
        assert self.ours.create_group(group) == (group not in self.model.groups)
        self.model.groups.setdefault(group, {})

    @rule(group=groups)
    def destroy_group(self, group: bytes) -> None:
        if self.model.groups.pop(group, None) is None:
            with pytest.raises(KeyError):
                self.ours.destroy_group(group)
        else:
            self.ours.destroy_group(group)

    @rule(group=groups, name=names, now_ms=times)
    def create_consumer(self, group: bytes, name: bytes, now_ms: int) -> None:
        if group in self.model.groups:
            assert self.ours.create_consumer(group, name, now_ms) == (name not in self.model.groups[group])
            self.model.groups[group].setdefault(name, {})

    @rule(group=groups, name=names)
    def destroy_consumer(self, group: bytes, name: bytes) -> None:
        if self.model.groups.get(group, {}).pop(name, None) is not None:
            self.ours.destroy_consumer(group, name)

    @rule(group=groups, name=names, entry_id=ids, now_ms=times)
    def assign(self, group: bytes, name: bytes, entry_id: model.ID, now_ms: int) -> None:
        if name in self.model.groups.get(group, {}):
            assert self.ours.assign(group, name, entry_id, now_ms) == self.model.assign(group, name, entry_id, now_ms)

    @rule(group=groups, name=names, count=st.integers(1, 400), step=st.integers(1, 3))
    def assign_many(self, group: bytes, name: bytes, count: int, step: int) -> None:
        if name in self.model.groups.get(group, {}):
            for n in range(0, count * step, step):
                assert self.ours.assign(group, name, (n, 0), n) == self.model.assign(group, name, (n, 0), n)

    @rule(group=groups, entry_id=ids)
    def remove(self, group: bytes, entry_id: model.ID) -> None:
        if group in self.model.groups:
            assert self.ours.remove(group, entry_id) == self.model.remove(group, entry_id)

    @rule(group=groups, seed=st.integers(0, 99))
    def remove_many(self, group: bytes, seed: int) -> None:
        if group in self.model.groups:
            pending = self.model.pending(group)
            for entry_id, _ in random.Random(seed).sample(pending, len(pending) // 2):
                assert self.ours.remove(group, entry_id)
                assert self.model.remove(group, entry_id)

    @rule()
    def copy(self) -> None:
        assert self.ours.copy().content() == self.model.content()

    @rule()
    def load(self) -> None:
        loaded = StreamGroups()
        for group, consumers in self.ours.content():
            loaded.create_group(group)
            for _, pending in consumers:
                for entry_id, delivery_ms, count in pending:
                    assert loaded.load(group, entry_id, delivery_ms, count)
                    assert not loaded.load(group, entry_id, delivery_ms, count)
            for name, pending in consumers:
                loaded.create_consumer(group, name, 0)
                for entry_id, *_ in pending:
                    assert not loaded.load_end(group)
                    assert loaded.load_owner(group, name, entry_id)
                    assert not loaded.load_owner(group, name, entry_id)
            assert loaded.load_end(group)
            assert not loaded.load_owner(group, name, (99, 99)) if consumers else True
        assert loaded.content() == self.model.content()

    @invariant()
    def the_same(self) -> None:
        assert self.ours.content() == self.model.content()
        for group in self.model.groups:
            assert self.ours.pending(group) == self.model.pending(group)

    @invariant()
    def memory_is_counted(self) -> None:
        assert self.ours.memory_bytes() == used_memory() - self.start

    def teardown(self) -> None:
        del self.ours
        assert used_memory() == self.start


TestGroups = Machine.TestCase
TestGroups.settings = settings(max_examples=100, stateful_step_count=30)


def test_a_pending_entry_takes_few_bytes() -> None:
    groups = StreamGroups()
    groups.create_group(b"g")
    for consumer in range(10):
        groups.create_consumer(b"g", b"consumer-%d" % consumer, 0)
    before = groups.memory_bytes()
    for n in range(20_000):
        groups.assign(b"g", b"consumer-%d" % (n % 10), (n, 0), n)
    assert groups.memory_bytes() - before <= 64 * 20_000
    for n in range(20_000):
        groups.remove(b"g", (n, 0))
    assert groups.memory_bytes() == before


def test_what_is_half_loaded_can_be_freed() -> None:
    start = used_memory()
    groups = StreamGroups()
    groups.create_group(b"g")
    assert groups.load(b"g", (1, 0), 5, 1)
    assert not groups.load_end(b"g")
    del groups
    gc.collect()
    assert used_memory() == start
