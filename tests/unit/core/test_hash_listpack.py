"""Small hashes in listpacks against their model: every step to the byte."""

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pyrite.core.hash_listpack import SmallHash, in_order
from pyrite.core.listpack_edit import Listpack
from pyrite.core.memory import used_memory
from tests.models import hash_fields as model

FIELDS = [b"", b"a", b"7", b"-1", b"field", b"f" * 63, b"f" * 64, b"f" * 200, b"9223372036854775807"]
LATEST_MS = (1 << 46) - 1
field = st.sampled_from(FIELDS)
value = st.one_of(
    st.binary(max_size=70), st.integers(-(2**63), 2**63 - 1).map(lambda v: b"%d" % v), st.just(b"v" * 5000)
)
time_ms = st.one_of(st.integers(1, 12), st.sampled_from([127, 128, 1 << 32, LATEST_MS]))
time_or_never = st.one_of(st.just(-1), time_ms)


def setup_module() -> None:
    """What earlier tests left to the garbage collector must not be freed within one of ours."""
    gc.collect()


class Machine(RuleBasedStateMachine):
    """Fields come, go and get expiries; the bytes are the model's after each step."""

    def __init__(self) -> None:
        super().__init__()
        self.start = used_memory()
        self.hash = SmallHash()
        self.model = model.SmallHash()

    @rule(field=field, value=value, at_ms=time_or_never)
    def add_or_set(self, field: bytes, value: bytes, at_ms: int) -> None:
        if field in self.hash:
            self.hash.set_value(field, value)
            self.model.set_value(field, value)
        else:
            self.hash.add(field, value, at_ms)
            self.model.add(field, value, at_ms)

    @precondition(lambda self: self.model.triplets)
    @rule(field=field, at_ms=time_or_never)
    def set_expire(self, field: bytes, at_ms: int) -> None:
        if field in self.hash:
            self.hash.set_expire(field, at_ms)
            self.model.set_expire(field, at_ms)

    @rule(field=field)
    def delete(self, field: bytes) -> None:
        i = self.model.index(field)
        if i < 0:
            with pytest.raises(KeyError):
                self.hash.delete(field)
        else:
            self.hash.delete(field)
            del self.model.rows[i]

    @precondition(lambda self: not self.model.triplets)
    @rule()
    def to_triplets(self) -> None:
        self.hash.to_triplets()
        self.model.triplets = True

    @precondition(lambda self: self.model.triplets)
    @rule(now_ms=st.integers(0, 14), limit=st.integers(0, 5))
    def drop_due(self, now_ms: int, limit: int) -> None:
        due = self.hash.count_due(now_ms, limit)
        assert due == min(self.model.count_due(now_ms), limit)
        self.hash.drop_first(due)
        self.model.drop_first(due)

    @invariant()
    def the_same(self) -> None:
        assert self.hash.data == self.model.encode()
        assert len(self.hash) == len(self.model.rows)
        if self.model.triplets:
            assert self.hash.first_expire == (self.model.rows[0][2] if self.model.rows else -1)
            assert in_order(self.hash.data)

    def teardown(self) -> None:
        del self.hash
        assert used_memory() == self.start


TestMachine = Machine.TestCase


def listpack(elements: list[bytes | int]) -> bytes:
    """Return the bytes of a listpack."""
    made = Listpack()
    for each in elements:
        made.append(each)
    return made.data


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ([], True),
        ([b"a", b"b", 0], True),
        ([b"a", b"b", 5, b"c", b"d", 5, b"e", b"f", 0, b"g", b"h", 0], True),
        ([b"a", b"b", 0, b"c", b"d", 5], False),
        ([b"a", b"b", 6, b"c", b"d", 5], False),
        ([b"a", b"b", -1], False),
        ([b"a", b"b", b"x"], False),
        ([b"a", b"b"], False),
        ([b"a"], False),
        ([b"a", b"b", 0, b"c"], False),
        ([1, 2, LATEST_MS, 3, 4, 0], True),
    ],
)
def test_order_of_what_others_made(elements: list[bytes | int], expected: bool) -> None:
    assert in_order(listpack(elements)) == expected


@given(st.binary(max_size=60))
def test_any_bytes_may_be_asked_about(data: bytes) -> None:
    assert in_order(data) in (True, False)


def test_many_fields_with_one_time_each() -> None:
    made = SmallHash()
    made.to_triplets()
    for n in range(500):
        made.add(b"field:%d" % n, b"%d" % n, 1 + n * 7919 % 500)
    assert made.count_due(250, 1000) == 250
    for n in range(500):
        made.set_expire(b"field:%d" % n, 1 + n)
    made.drop_first(499)
    assert made.data == listpack([b"field:499", 499, 500])
