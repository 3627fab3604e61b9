"""Hashes in hashtables against their model: values of all lengths, expiries, copies, and nothing left behind."""

import gc

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pyrite.core.hash_value import BigHash
from pyrite.core.listpack_edit import Listpack
from pyrite.core.memory import used_memory
from tests.models import hash_fields as model

FIELDS = [b"", b"a", b"7", b"f" * 255, b"f" * 256, *(b"field:%d" % n for n in range(12))]
field = st.sampled_from(FIELDS)
value = st.one_of(st.binary(max_size=20), st.sampled_from([b"v" * n for n in (300, 2047, 2048, 2049, 70_000)]))
time_or_never = st.one_of(st.just(-1), st.integers(1, 20))


def setup_module() -> None:
    """What earlier tests left to the garbage collector must not be freed within one of ours."""
    gc.collect()


class Machine(RuleBasedStateMachine):
    """Fields come, change, get expiries and go."""

    def __init__(self) -> None:
        super().__init__()
        self.start = used_memory()
        self.hash = BigHash()
        self.model = model.BigHash()

    @rule(field=field, value=value, keep=st.booleans())
    def set(self, field: bytes, value: bytes, keep: bool) -> None:
        assert self.hash.set(field, value, keep) == self.model.set(field, value, keep)

    @rule(field=field, at_ms=time_or_never)
    def set_expire(self, field: bytes, at_ms: int) -> None:
        if field in self.model.fields:
            self.hash.set_expire(field, at_ms)
            self.model.fields[field] = self.model.fields[field][0], at_ms
        else:
            with pytest.raises(KeyError):
                self.hash.set_expire(field, at_ms)

    @rule(field=field)
    def delete(self, field: bytes) -> None:
        assert self.hash.delete(field) == (self.model.fields.pop(field, None) is not None)

    @rule(now_ms=st.integers(0, 22), limit=st.integers(0, 8))
    def drop_due(self, now_ms: int, limit: int) -> None:
        due = self.model.due(now_ms)
        first = self.hash.first_due(now_ms)
        assert first in due if due else first is None
        assert self.hash.drop_due(now_ms, limit) == min(limit, len(due))
        # Within the limit which ones go first is the index's to say.
        left = set(self.hash.fields())
        gone = self.model.fields.keys() - left
        assert gone <= set(due)
        for each in gone:
            del self.model.fields[each]

    @rule()
    def copy(self) -> None:
        original = self.hash
        self.hash = original.copy()
        for name in self.model.fields:
            original.set(name, b"no longer")
            original.delete(name)

    @invariant()
    def the_same(self) -> None:
        assert self.hash.fields() == self.model.fields
        assert len(self.hash) == len(self.model.fields)
        assert self.hash.next_expire == self.model.next_expire
        assert self.hash.expiring == sum(at_ms >= 0 for _, at_ms in self.model.fields.values())
        assert self.hash.memory_bytes == used_memory() - self.start

    def teardown(self) -> None:
        del self.hash
        assert used_memory() == self.start


TestMachine = Machine.TestCase


@pytest.mark.parametrize("triplets", [False, True])
def test_taking_a_listpack(triplets: bool) -> None:
    source = Listpack()
    expected = {}
    for n in range(300):
        name = b"%d" % n if n % 2 else b"field:%d" % n
        text = b"%d" % (n * 10**10) if n % 3 else b"value"
        source.append(name)
        source.append(text)
        expires = triplets and n < 100
        if triplets:
            source.append(1000 + n if expires else 0)
        expected[name] = (text, 1000 + n if expires else -1)
    hash = BigHash()
    hash.take(source.data, triplets)
    assert hash.fields() == expected
    assert hash.next_expire == (1000 if triplets else -1)
    assert hash.drop_due(1049, 1000) == (50 if triplets else 0)


def test_measuring_a_large_one_takes_a_sample() -> None:
    start = used_memory()
    hash = BigHash()
    for n in range(20_000):
        hash.set(b"field:%08d" % n, b"value:%08d" % n)
    assert abs(hash.memory_bytes - (used_memory() - start)) < 0.02 * (used_memory() - start)
