"""Quicklists against their model: the elements, which of them share a node, both ways of walking, and memory."""

import gc
import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pyrite.core.memory import used_memory
from pyrite.core.quicklist_edit import Quicklist, set_plain_min
from tests.models import listpack, lzf
from tests.models import quicklist as model

LIMITS = [-9, -5, -2, -1, 0, 1, 2, 3, 5, 16, 128, 100_000]
PLAIN_MINS = [0, 0, 50, 300, 5000]
LIMIT_MAX = 32767
CHUNK_NODES = 64
SCRATCH_KEPT_BYTES = 1_000_000
EDGES = [4000, 4080, 4081, 4082, 4090, 8170, 8175, 8176, 8177, 8178, 8192, 9000, 70_000]

integers = st.integers(-(2**63), 2**63 - 1).map(lambda v: b"%d" % v)
runs = st.builds(lambda byte, n: bytes([byte]) * n, st.integers(97, 122), st.integers(0, 400))
large = st.builds(lambda byte, n: bytes([byte]) * n, st.integers(97, 122), st.sampled_from(EDGES))
texts = st.one_of(st.binary(max_size=5), integers, runs, runs, st.binary(min_size=100, max_size=200), large)
places = st.integers(0, 2**16)


def setup_module() -> None:
    """What earlier tests left to the garbage collector must not be freed within one of ours."""
    gc.collect()


@pytest.fixture(autouse=True)
def default_plain_min() -> Iterator[None]:
    """Leave the default behind."""
    yield
    set_plain_min(0)


class Machine(RuleBasedStateMachine):
    """Elements come, change and go, at every place; the nodes are the model's after each step."""

    def __init__(self) -> None:
        super().__init__()
        self.quicklist: Quicklist | None = None

    @initialize(limit=st.sampled_from(LIMITS), depth=st.integers(0, 3), plain_min=st.sampled_from(PLAIN_MINS))
    def begin(self, limit: int, depth: int, plain_min: int) -> None:
        set_plain_min(plain_min)
        gc.collect()
        # The buffers for replies and for reading compressed nodes stay once they are there.
        warm = Quicklist(1, 1)
        for _ in range(3):
            warm.push(b"x" * SCRATCH_KEPT_BYTES)
        warm.push(b"short")
        warm.reply(3, 1)
        warm.walk(0)
        del warm
        self.start = used_memory()
        self.depth = depth
        self.quicklist = Quicklist(limit, depth)
        self.model = model.Quicklist(min(limit, LIMIT_MAX), plain_min or 1 << 30)

    @rule(texts=st.lists(texts, min_size=1, max_size=12), front=st.booleans())
    def push(self, texts: list[bytes], front: bool) -> None:
        for text in texts:
            self.quicklist.push(text, front)
            self.model.push(text, front)

    @rule(text=texts, count=st.integers(1, 90), front=st.booleans())
    def push_many(self, text: bytes, count: int, front: bool) -> None:
        for _ in range(count if len(text) < 1000 else 3):
            self.quicklist.push(text, front)
            self.model.push(text, front)

    @precondition(lambda self: self.model.nodes)
    @rule(count=st.integers(1, 20), front=st.booleans())
    def pop(self, count: int, front: bool) -> None:
        for _ in range(min(count, len(self.quicklist))):
            assert self.quicklist.pop(front) == self.model.pop(front)

    @precondition(lambda self: self.model.nodes)
    @rule(place=places, text=texts, after=st.booleans())
    def insert(self, place: int, text: bytes, after: bool) -> None:
        items = [listpack.text(item) for item in self.model.items]
        pivot = items[place % len(items)]
        assert self.quicklist.insert(pivot, text, after)
        self.model.insert(items.index(pivot), text, after)

    @rule(text=texts)
    def insert_at_what_is_not_there(self, text: bytes) -> None:
        assert not self.quicklist.insert(b"no such element", text)

    @precondition(lambda self: self.model.nodes)
    @rule(place=places, text=texts)
    def replace(self, place: int, text: bytes) -> None:
        index = place % len(self.quicklist)
        self.quicklist[index] = text
        self.model.replace(index, text)

    @precondition(lambda self: self.model.nodes)
    @rule(place=places, count=st.integers(0, 200))
    def delete(self, place: int, count: int) -> None:
        index = place % len(self.quicklist)
        self.quicklist.delete(index, count)
        self.model.delete(index, count)

    @precondition(lambda self: self.model.nodes)
    @rule(place=places, most=st.sampled_from([1, 2, 7, 2**40]), reverse=st.booleans())
    def remove(self, place: int, most: int, reverse: bool) -> None:
        text = listpack.text(self.model.items[place % len(self.quicklist)])
        assert self.quicklist.remove(text, most, reverse) == self.model.remove(text, most, reverse)

    @rule(some=st.lists(texts, min_size=1, max_size=5))
    def append_listpack(self, some: list[bytes]) -> None:
        items = [listpack.stored(text) for text in some]
        self.quicklist.append_listpack(listpack.encode(items))
        self.model.nodes.append(model.Node(items))

    @rule()
    def copy(self) -> None:
        self.quicklist = self.quicklist.copy()

    @invariant()
    def nodes_are_the_models(self) -> None:
        if self.quicklist is None:
            return
        nodes = self.quicklist.nodes()
        assert [node[:3] for node in nodes] == self.model.shape()
        assert self.quicklist.bytes_total == sum(size for _, _, size in self.model.shape())
        chunks = self.quicklist.chunks()
        assert sum(count for count, _ in chunks) == len(nodes)
        assert sum(items for _, items in chunks) == len(self.quicklist) == len(self.model.items)
        assert all(0 < count <= CHUNK_NODES for count, _ in chunks)

    @invariant()
    def all_is_found(self) -> None:
        if self.quicklist is None:
            return
        items = self.model.items
        assert self.quicklist.walk(0) == items
        assert self.quicklist.walk(len(items)) == []
        for index in {0, len(items) // 3, len(items) - 1} if items else ():
            assert self.quicklist[index] == items[index]
            assert self.quicklist.walk(index, True) == items[index::-1]
            wire = [b"$%d\r\n%b\r\n" % (len(text), text) for text in map(listpack.text, items[index:])]
            assert self.quicklist.reply(index, len(items)) == b"".join(wire)

    @invariant()
    def inner_nodes_are_compressed(self) -> None:
        if self.quicklist is None:
            return
        nodes = self.quicklist.nodes()
        for i, (kind, count, size, is_lzf) in enumerate(nodes):
            is_inner = self.depth and self.depth <= i < len(nodes) - self.depth
            text = listpack.text(self.model.nodes[i].items[0])
            if not is_inner:
                assert not is_lzf
            elif count == 1 and size > 100 and len(set(text)) == 1:
                assert is_lzf, (i, kind, size)

    @invariant()
    def data_is_the_models(self) -> None:
        if self.quicklist is None:
            return
        for node, stored, data in zip(self.model.nodes, self.quicklist.nodes(), self.quicklist.data(), strict=True):
            whole = lzf.decompress(data) if stored[3] else data
            assert whole == (listpack.text(node.items[0]) if node.is_plain else listpack.encode(node.items))

    def teardown(self) -> None:
        if self.quicklist is not None:
            # Less where a very large node was read, and the buffer freed.
            assert used_memory() - self.start <= self.quicklist.memory_bytes
            self.quicklist = None
            assert used_memory() <= self.start


class QuicklistTest(Machine.TestCase):
    settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


# Nodes


@pytest.mark.parametrize(
    ("limit", "size"), [(-1, 4096), (-2, 8192), (-3, 16384), (-4, 32768), (-5, 65536), (-9, 65536)]
)
def test_limits_by_size(limit: int, size: int) -> None:
    quicklist = Quicklist(limit)
    for _ in range(10_000):
        quicklist.push(b"x" * 20)
    # An element takes 22 bytes and is reckoned to take 28.
    assert {count for _, count, _, _ in quicklist.nodes()[:-1]} == {(size - 28 - 7) // 22 + 1}


@pytest.mark.parametrize(("limit", "count"), [(0, 1), (1, 1), (2, 2), (100, 100), (10_000, 371)])
def test_limits_by_number(limit: int, count: int) -> None:
    quicklist = Quicklist(limit)
    for _ in range(1000):
        quicklist.push(b"x" * 20, True)
    assert {each for _, each, _, _ in quicklist.nodes()[1:]} == {count}


def test_an_element_past_the_limit_is_alone() -> None:
    quicklist = Quicklist(-2)
    for text in (b"a", b"x" * 9000, b"b", b"c"):
        quicklist.push(text)
    assert [count for _, count, _, _ in quicklist.nodes()] == [1, 1, 2]


def test_plain_nodes_keep_bytes_as_they_are() -> None:
    assert set_plain_min(2)
    quicklist = Quicklist()
    quicklist.push(b"12")
    quicklist.push(b"1")
    assert quicklist.walk(0) == [b"12", 1]
    assert [kind for kind, _, _, _ in quicklist.nodes()] == [model.PLAIN, model.PACKED]
    assert quicklist.remove(b"12", 1) == 1


def test_how_large_plain_elements_may_have_to_be() -> None:
    assert set_plain_min(2**32 - 2**20)
    assert not set_plain_min(2**32 - 2**20 + 1)
    assert not set_plain_min(2**63)


@pytest.mark.parametrize("front", [False, True])
def test_a_push_that_memory_does_not_suffice_for_changes_nothing(front: bool) -> None:
    quicklist = Quicklist()
    quicklist.push(b"kept")
    with pytest.raises(MemoryError):
        quicklist.push_huge(2**62, front)
    assert quicklist.walk(0) == [b"kept"]


# What one listpack holds


@pytest.mark.parametrize(
    ("limit", "texts", "fits", "half"),
    [
        (-2, [b"x" * 4000], True, True),
        (-2, [b"x" * 5000], True, False),
        (-2, [b"x" * 9000], False, False),
        (4, [b"x"] * 2, True, True),
        (4, [b"x"] * 3, True, False),
        (1, [b"x"], True, False),
        (0, [b"x"], True, False),
        (2, [b"x"] * 3, False, False),
    ],
)
def test_when_a_list_fits_into_one_listpack(limit: int, texts: list[bytes], fits: bool, half: bool) -> None:
    quicklist = Quicklist(limit)
    for text in texts:
        quicklist.push(text)
    assert quicklist.fits_listpack(limit, False) == fits
    assert quicklist.fits_listpack(limit, True) == half


@pytest.mark.parametrize("front", [False, True])
def test_the_listpack_is_taken_out(front: bool) -> None:
    quicklist = Quicklist()
    assert quicklist.take_listpack() == listpack.encode([])
    for text in (b"a", b"1", b"c"):
        quicklist.push(text, front)
    assert quicklist.take_listpack() == listpack.encode([b"c", 1, b"a"] if front else [b"a", 1, b"c"])
    assert len(quicklist) == 0


# Size and time


def test_bytes_per_element() -> None:
    start = used_memory()
    quicklist = Quicklist()
    for number in range(100_000):
        quicklist.push(b"item:%08d:" % number + b"y" * 18)
    assert (used_memory() - start) / 100_000 < 34.6


@pytest.mark.parametrize("front", [False, True])
def test_a_queue_stays_small(front: bool) -> None:
    quicklist = Quicklist()
    for number in range(100):
        quicklist.push(b"%d" % number, front)
    for number in range(100, 100_000):
        quicklist.push(b"%d" % number, front)
        assert quicklist.pop(not front) == number - 100
    assert quicklist.memory_bytes < 2500
    assert len(quicklist) == 100


def test_what_is_left_of_a_long_list_is_small() -> None:
    quicklist = Quicklist(1)
    for number in range(20_000):
        quicklist.push(b"%d" % number)
    quicklist.delete(5, 19_990)
    assert quicklist.walk(0) == [*range(5), *range(19_995, 20_000)]
    for _ in range(9):
        quicklist.pop(True)
    assert len(quicklist.chunks()) == 1


def test_chunks_split_and_join() -> None:
    chance = random.Random(1)
    quicklist, expected = Quicklist(1), [b"0"]
    quicklist.push(b"0")
    for number in range(1, 3000):
        pivot = chance.choice(expected)
        after = chance.random() < 0.5
        quicklist.insert(pivot, b"%d" % number, after)
        expected.insert(expected.index(pivot) + after, b"%d" % number)
    assert len(quicklist.nodes()) == 3000
    assert len(quicklist.chunks()) < 3000 / 20
    while expected:
        index = chance.randrange(len(expected))
        quicklist.delete(index, 1)
        del expected[index]
        if len(expected) % 100 == 0:
            assert [b"%d" % item for item in quicklist.walk(0)] == expected
            assert len(quicklist.chunks()) <= max(1, len(expected) // 8)


# Reading what is compressed


def test_two_readers_of_compressed_nodes() -> None:
    mine, theirs = Quicklist(1, 1), Quicklist(1, 1)
    for letter in b"abcdefgh":
        mine.push(bytes([letter]) * 200)
        theirs.push(bytes([letter + 1]) * 300)
    pairs = mine.walk_with(theirs)
    assert pairs == [(bytes([letter]) * 200, bytes([letter + 1]) * 300) for letter in b"abcdefgh"]


def test_reading_a_large_compressed_element_keeps_no_memory() -> None:
    quicklist = Quicklist(1, 1)
    for letter in b"abc":
        quicklist.push(bytes([letter]) * (3 << 20))
    quicklist.walk(2)
    start = used_memory()
    assert quicklist.walk(0)[1] == b"b" * (3 << 20)
    assert used_memory() <= start


@given(st.lists(texts, max_size=30), st.integers(0, 2))
def test_a_copy_is_independent(some: list[bytes], depth: int) -> None:
    quicklist = Quicklist(2, depth)
    for text in some:
        quicklist.push(text)
    copy = quicklist.copy()
    quicklist.delete(0, len(some))
    assert copy.walk(0) == [listpack.stored(text) for text in some]
    assert len(quicklist) == 0
