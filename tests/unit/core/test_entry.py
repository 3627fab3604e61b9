"""Entries against a model: whatever is done to the shape, no part is lost and every byte is accounted for."""

import gc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pyrite.core.entry import Element
from pyrite.core.memory import used_memory
from tests.models import entry as model
from tests.models.entry import EXPIRE, LONG, OWNER, WORD
from tests.models.memory import block_size

BLOB_HEADER = 16

keys = st.one_of(
    st.binary(max_size=20),
    st.integers(250, 260).map(lambda n: b"k" * n),
    st.integers(0, 70_000).map(lambda n: b"\x00\xff" * (n // 2)),
)
values = st.one_of(st.binary(max_size=40), st.integers(0, 2048).map(lambda n: b"v" * n), st.just(b"\x01" * 65535))
outsides = st.one_of(st.binary(max_size=40), st.integers(0, 9000).map(lambda n: b"o" * n))
times = st.integers(-(2**63), 2**63 - 1)
words = st.integers(0, 2**64 - 1)
shapes = st.sampled_from([0, EXPIRE, WORD, EXPIRE | WORD])


def setup_module() -> None:
    """What earlier tests left to the garbage collector must not be freed within one of ours."""
    gc.collect()


class Machine(RuleBasedStateMachine):
    """One entry goes through everything that an entry may go through."""

    @initialize(key=keys, parts=shapes, long=st.booleans(), value=values, at_ms=times, word=words)
    def create(self, key: bytes, parts: int, long: bool, value: bytes, at_ms: int, word: int) -> None:
        self.start = used_memory()
        parts |= LONG if long else 0
        self.entry = Element(key, parts, value)
        self.model = model.Entry(key, parts, value)
        self.fill_new(at_ms, word)

    def fill_new(self, at_ms: int, word: int) -> None:
        """Write those parts that the shape has and that nobody wrote yet."""
        if self.model.parts & EXPIRE and self.model.expire is None:
            self.entry.set_expire(at_ms)
            self.model.expire = at_ms
        if self.model.parts & WORD and not self.model.parts & OWNER and self.model.word is None:
            self.entry.set_word(word)
            self.model.word = word

    @precondition(lambda self: self.model.parts & EXPIRE)
    @rule(at_ms=times)
    def set_expire(self, at_ms: int) -> None:
        self.entry.set_expire(at_ms)
        self.model.expire = at_ms

    @precondition(lambda self: self.model.parts & (WORD | OWNER) == WORD)
    @rule(word=words)
    def set_word(self, word: int) -> None:
        self.entry.set_word(word)
        self.model.word = word

    @precondition(lambda self: not self.model.parts & OWNER)
    @rule(type_=st.integers(0, 15), encoding=st.integers(0, 15))
    def set_kind(self, type_: int, encoding: int) -> None:
        self.entry.set_kind(type_, encoding)
        self.model.kind = (type_, encoding)

    @rule(bits=st.integers(0, 2**32 - 1))
    def set_access(self, bits: int) -> None:
        self.entry.set_access(bits)
        self.model.access = bits & 0xFFFFFF

    @rule(parts=shapes, value=values, at_ms=times, word=words)
    def reshape(self, parts: int, value: bytes, at_ms: int, word: int) -> None:
        if self.model.parts & OWNER:
            parts |= WORD | OWNER
        kept = min(len(value), len(self.model.value))
        self.entry.reshape(parts, len(value))
        assert self.entry.content()["value"][:kept] == self.model.value[:kept]
        self.entry.set_value(value)
        self.model.reshape(parts, value)
        self.fill_new(at_ms, word)

    @rule(key=keys)
    def rename(self, key: bytes) -> None:
        self.entry.rename(key)
        self.model = self.model.copy(key)

    @rule(key=keys, keep_copy=st.booleans())
    def copy(self, key: bytes, keep_copy: bool) -> None:
        original, copied = self.model, self.model.copy(key)
        fresh = self.entry.copy(key)
        assert fresh.content() == copied.content()
        assert self.entry.content() == original.content()
        if keep_copy:
            self.entry, self.model = fresh, copied

    @precondition(lambda self: self.model.parts & (WORD | OWNER) == WORD)
    @rule(value=outsides)
    def put_value_outside(self, value: bytes) -> None:
        # Type 0, a string: the one whose values outside this package knows how to free.
        self.entry.set_kind(0, 0)
        self.entry.own(value)
        self.model.kind, self.model.word, self.model.outside = (0, 0), None, value
        self.model.parts |= OWNER

    @precondition(lambda self: self.model.parts & OWNER)
    @rule(more=st.integers(0, 100_000))
    def reserve(self, more: int) -> None:
        assert self.entry.reserve(len(self.model.outside) + more)

    @precondition(lambda self: self.model.parts & OWNER)
    @rule(word=words)
    def free_value(self, word: int) -> None:
        self.entry.free_value()
        self.model.outside = None
        self.model.parts &= ~OWNER
        self.fill_new(0, word)

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        assert self.entry.content() == self.model.content()
        assert self.entry.size_bytes == self.model.size_bytes

    @invariant()
    def every_byte_is_counted(self) -> None:
        taken = used_memory() - self.start
        assert taken == self.entry.memory_bytes
        least = block_size(self.model.size_bytes)
        if self.model.outside is None:
            assert taken == least
        else:
            assert taken >= least + block_size(BLOB_HEADER + len(self.model.outside))

    def teardown(self) -> None:
        self.entry = None
        assert used_memory() == self.start


class EntryTest(Machine.TestCase):
    settings = settings(max_examples=150, stateful_step_count=25, deadline=None)


@pytest.mark.parametrize("parts", range(8))
@pytest.mark.parametrize("new_parts", range(8))
@pytest.mark.parametrize("length", [0, 1, 7, 8, 255, 256])
def test_every_shape_becomes_every_other(parts: int, new_parts: int, length: int) -> None:
    key, value = b"k" * length, b"value"
    entry, expected = Element(key, parts, value), model.Entry(key, parts, value)
    if parts & EXPIRE:
        entry.set_expire(-5)
        expected.expire = -5
    if parts & WORD:
        entry.set_word(2**64 - 2)
        expected.word = 2**64 - 2
    entry.set_kind(3, 15)
    entry.set_access(0xABCDEF)
    expected.kind, expected.access = (3, 15), 0xABCDEF
    entry.reshape(new_parts, 5)
    expected.reshape(new_parts, value)
    for part, name, put in ((EXPIRE, "expire", entry.set_expire), (WORD, "word", entry.set_word)):
        if new_parts & ~parts & part:
            put(77)
            setattr(expected, name, 77)
    assert entry.content() == expected.content()
    assert entry.size_bytes == expected.size_bytes


@given(keys, values)
def test_bytes_of_a_plain_entry(key: bytes, value: bytes) -> None:
    entry = Element(key, 0, value)
    assert entry.size_bytes == 8 + (8 if len(key) > 255 else 0) + len(key) + len(value)


def test_renaming_to_a_shorter_key_gives_the_lengths_back() -> None:
    entry = Element(b"k" * 256, 0, b"v")
    entry.rename(b"k" * 255)
    assert entry.size_bytes == 8 + 255 + 1


def test_impossible_capacity_is_refused_and_the_value_stays() -> None:
    entry = Element(b"k", WORD, b"")
    entry.own(b"value")
    assert not entry.reserve(1 << 62)
    assert entry.content()["outside"] == b"value"
