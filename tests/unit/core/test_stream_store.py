"""A stream against lists: entries in every direction, deleting, trimming, and the bytes of its blocks."""

import gc
import os
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pyrite.core.memory import used_memory
from pyrite.core.stream_log import StreamLog, validate_block
from tests.models import stream as model
from tests.models.listpack import encode, stored

ID = tuple[int, int]
TOP = 2**64 - 1
OK, TOO_LARGE, CORRUPT = 0, -1, -3
IN_SLABS = os.environ.get("PYRITE_BUILD") != "asan"

words = st.sampled_from([b"", b"a", b"7", b"-1", b"127", b"128", b"4096", b"07", b"x" * 63, b"x" * 64, b"x" * 300])
field_lists = st.sampled_from([[b"f"], [b"f", b"g"], [b"1", b"2"], [b"f", b"f"]]) | st.lists(
    words, min_size=1, max_size=5
)
steps = st.sampled_from([(0, 1), (0, 1), (0, 3), (1, 0), (1, 5), (700, 0), (0, 2**40), (2**40, 0)])
near = st.integers(0, 50)
few = st.integers(1, 5) | st.integers(1, 5) | st.integers(90, 150)


def setup_module() -> None:
    """What earlier tests left to the garbage collector must not be freed within one of ours."""
    gc.collect()


def with_values(fields: list[bytes], values: list[bytes]) -> list[bytes]:
    return [part for n, field in enumerate(fields) for part in (field, values[n % len(values)])]


def as_stored(entries: list[tuple[ID, list[bytes]]]) -> list[tuple[ID, list[object]]]:
    return [(entry_id, [stored(word) for word in entry]) for entry_id, entry in entries]


class Machine(RuleBasedStateMachine):
    """Entries are added, deleted and trimmed, with limits of blocks that change in between."""

    def __init__(self) -> None:
        super().__init__()
        self.start = used_memory()
        self.log = StreamLog()
        self.model = model.Stream()
        self.max_bytes, self.max_entries = 4096, 100

    @initialize(max_bytes=st.sampled_from([0, 1, 200, 4096]), max_entries=st.sampled_from([0, 1, 3, 100, 140]))
    def choose_limits(self, max_bytes: int, max_entries: int) -> None:
        self.max_bytes, self.max_entries = max_bytes, max_entries

    @rule(max_bytes=st.sampled_from([0, 200, 4096]), max_entries=st.sampled_from([0, 3, 100]))
    def change_limits(self, max_bytes: int, max_entries: int) -> None:
        self.max_bytes, self.max_entries = max_bytes, max_entries

    @rule(count=few, step=steps, fields=field_lists, values=st.lists(words, min_size=1, max_size=4))
    def add(self, count: int, step: ID, fields: list[bytes], values: list[bytes]) -> None:
        for n in range(count):
            ms, seq = self.model.last
            entry_id = (ms + step[0], seq + step[1] if step[0] == 0 else step[1])
            entry = with_values(fields, values[n % len(values) :] + values)
            assert self.log.append(entry_id, entry, self.max_bytes, self.max_entries) == OK
            self.model.append(entry_id, entry, self.max_bytes, self.max_entries)

    def nth(self, place: int) -> ID:
        """The ID of some entry, or one beside it."""
        there = self.model.entries()
        if not there:
            return (place, 0)
        ms, seq = there[place * 7919 % len(there)][0]
        return (ms, max(seq - place % 3 // 2, 0))

    @rule(place=near)
    def delete(self, place: int) -> None:
        entry_id = self.nth(place)
        assert self.log.has(entry_id) == (self.model.entries(entry_id, entry_id) != [])
        assert self.log.delete(entry_id) == self.model.delete(entry_id)
        assert not self.log.has(entry_id)

    @precondition(lambda self: self.model.blocks)
    @rule(count=st.integers(1, 200), seed=st.integers(0, 99))
    def delete_many(self, count: int, seed: int) -> None:
        there = [entry_id for entry_id, _ in self.model.entries()]
        for entry_id in random.Random(seed).sample(there, min(count, len(there))):
            assert self.log.delete(entry_id)
            assert self.model.delete(entry_id)

    @rule(less=near, approximate=st.booleans(), limit=st.sampled_from([0, 0, 1, 50]))
    def trim_length(self, less: int, approximate: bool, limit: int) -> None:
        maxlen = max(len(self.log) - 3 * less, 0)
        assert self.log.trim_length(maxlen, approximate, limit) == self.model.trim_length(maxlen, approximate, limit)

    @rule(place=near, approximate=st.booleans(), limit=st.sampled_from([0, 0, 1, 50]))
    def trim_before(self, place: int, approximate: bool, limit: int) -> None:
        least = self.nth(place)
        assert self.log.trim_before(least, approximate, limit) == self.model.trim_before(least, approximate, limit)

    @rule(first=near, last=near, back=st.booleans())
    def walk(self, first: int, last: int, back: bool) -> None:
        start, end = self.nth(first), self.nth(last)
        found = as_stored(self.model.entries(start, end))
        assert self.log.entries(start, end, back) == (found[::-1] if back else found)
        assert self.log.ids(start, end, back) == [entry_id for entry_id, _ in (found[::-1] if back else found)]

    @rule()
    def copy(self) -> None:
        copied = self.log.copy()
        assert copied.blocks() == self.log.blocks()
        assert copied.counts() == self.log.counts()

    @rule()
    def load(self) -> None:
        loaded = StreamLog()
        for master, data in self.log.blocks():
            assert loaded.load(master, data) == OK
        counts = self.log.counts()
        assert loaded.load_end(counts["length"], counts["last"], counts["max_deleted"], counts["entries_added"])
        assert loaded.blocks() == self.log.blocks()
        assert loaded.counts() == counts

    @invariant()
    def the_same(self) -> None:
        assert self.log.blocks() == [(block.master, block.data) for block in self.model.blocks]
        assert self.log.counts() == self.model.counts()
        everything = as_stored(self.model.entries())
        assert self.log.entries((0, 0), (TOP, TOP)) == everything
        assert self.log.entries((0, 0), (TOP, TOP), True) == everything[::-1]
        assert self.log.radix_nodes() == model.radix_nodes([block.master for block in self.model.blocks])

    @invariant()
    def memory_is_counted(self) -> None:
        assert self.log.memory_bytes() == used_memory() - self.start

    def teardown(self) -> None:
        del self.log
        assert used_memory() == self.start


TestStream = Machine.TestCase
TestStream.settings = settings(max_examples=100, stateful_step_count=25)


def log_of(count: int, max_entries: int = 100, step: int = 1) -> StreamLog:
    log = StreamLog()
    for n in range(1, count + 1):
        assert log.append((n * step, 0), [b"f", b"%d" % n], 4096, max_entries) == OK
    return log


def test_deleted_entries_can_be_walked_too() -> None:
    log = log_of(10)
    for ms in (1, 5, 10):
        assert log.delete((ms, 0))
    assert [entry_id[0] for entry_id, _ in log.entries((0, 0), (TOP, TOP), False, True)] == list(range(1, 11))
    assert [entry_id[0] for entry_id, _ in log.entries((0, 0), (TOP, TOP), True, True)] == list(range(10, 0, -1))


@pytest.mark.parametrize("start", [*range(12), 49, 50, 51, 98, 99, 100, 101, 102, 149, 150, 151, 300, 301])
def test_every_place_of_a_block_is_found_from_its_nearer_end(start: int) -> None:
    """By milliseconds, and where these are the same by sequence number."""
    log = log_of(300)
    assert log.ids((start, 1), (TOP, TOP)) == [(ms, 0) for ms in range(start + 1, 301)]
    log = StreamLog()
    for seq in range(1, 301):
        log.append((9, seq), [b"f", b"v"], 4096, 100)
    assert log.ids((9, start), (9, start + 2)) == [(9, seq) for seq in range(max(start, 1), min(start + 3, 301))]


def test_an_entry_may_fill_a_block_and_no_more() -> None:
    log = StreamLog()
    assert log.append_huge((1, 0), (1 << 30) + 1) == TOO_LARGE
    assert log.blocks() == []
    assert log.counts() == model.Stream().counts()


def test_a_sequence_number_may_be_below_that_of_the_first_entry() -> None:
    log = StreamLog()
    for entry_id in [(1, TOP), (2, 0), (2, 1), (TOP, 5)]:
        log.append(entry_id, [b"f", b"v"], 4096, 100)
    assert log.ids((0, 0), (TOP, TOP)) == [(1, TOP), (2, 0), (2, 1), (TOP, 5)]
    assert log.ids((0, 0), (TOP, TOP), True) == [(TOP, 5), (2, 1), (2, 0), (1, TOP)]
    assert log.has((2, 0))
    assert not log.has((TOP, 4))
    assert len(log.blocks()) == 1


@pytest.mark.parametrize("count", [1, 3, 100, 10_000])
def test_few_bytes_an_entry(count: int) -> None:
    """Three fields with small values, as sensors send them; the stream itself takes some 200 bytes."""
    log = StreamLog()
    for n in range(count):
        log.append((1_700_000_000_000 + 10 * n, 0), [b"sensor", b"17", b"temp", b"21", b"hum", b"55"], 4096, 100)
    # Outside slabs the last block doubles by the byte.
    assert log.memory_bytes() <= 700 + 22 * count + (0 if IN_SLABS else 1024)


def test_a_large_block_grows_by_parts() -> None:
    log = StreamLog()
    for n in range(1, 3000):
        log.append((n, 0), [b"f", b"x" * 100], 0, 0)
    (block,) = log.blocks()
    assert log.memory_bytes() < len(block[1]) * 1.2


def test_a_radix_tree_of_many_blocks_is_worked_out_from_the_first() -> None:
    log = log_of(10_000, 1, 7919)
    exact = model.radix_nodes([(n * 7919, 0) for n in range(1, 10_001)])
    assert exact * 0.9 < log.radix_nodes() < exact * 1.1
    assert StreamLog().radix_nodes() == 1


# Blocks from outside


def sound_block() -> tuple[ID, bytes]:
    """A block with entries of the same and of other fields, one deleted, integers of several sizes."""
    log = StreamLog()
    log.append((500, 3), [b"field", b"1", b"other", b"-70000"], 4096, 100)
    log.append((500, 9), [b"field", b"text", b"other", b"x" * 70], 4096, 100)
    log.append((501, 0), [b"7", b"8"], 4096, 100)
    log.append((90_000, 1), [b"field", b"", b"other", b"z"], 4096, 100)
    log.delete((500, 9))
    ((master, data),) = log.blocks()
    return master, data


def test_a_sound_block_is_accepted() -> None:
    master, data = sound_block()
    assert validate_block(data, master) == ((90_000, 1), 3)


def test_damaged_blocks_are_refused_or_can_be_read() -> None:
    """Every byte changed in several ways, every cut: what is accepted can be walked both ways, and freed."""
    master, data = sound_block()
    source = random.Random(3)
    damaged = [data[:n] for n in range(len(data))]
    for at in range(len(data)):
        changed = {0, 1, 2, 3, 127, 128, 255, data[at] ^ 1, data[at] ^ 128, source.randrange(256)} - {data[at]}
        damaged += [data[:at] + bytes([byte]) + data[at + 1 :] for byte in changed]
    refused = 0
    for each in damaged:
        found = validate_block(each, master)
        refused += found is None
        log = StreamLog()
        assert log.load(master, each) == (CORRUPT if found is None else OK)
        if found is not None:
            assert log.load_end(found[1], found[0], (0, 0), found[1])
            entries = log.entries((0, 0), (TOP, TOP))
            assert log.entries((0, 0), (TOP, TOP), True) == entries[::-1]
            assert len(entries) == found[1]
            assert log.trim_length(0) == len(entries)
    assert refused > len(damaged) // 3


def encoded(*elements: bytes | int) -> bytes:
    return encode(list(elements))


ENTRY = (2, 0, 0, b"v", 4)


@pytest.mark.parametrize(
    "data",
    [
        encoded(),
        encoded(1),
        encoded(1, 0, 1, b"f"),
        encoded(0, 0, 1, b"f", 0),
        encoded(1, 0, 1, b"f", 1, *ENTRY),
        encoded(1, 0, 1, b"f", b"x", *ENTRY),
        encoded(1, 0, 2**62, b"f", 0, *ENTRY),
        encoded(1, 0, -1, 0, *ENTRY),
        encoded(2, 0, 1, b"f", 0, *ENTRY),
        encoded(0, 1, 1, b"f", 0, *ENTRY),
        encoded(2, -1, 1, b"f", 0, *ENTRY),
        encoded(1, 0, 1, b"f", 0, 4, 0, 0, b"v", 4),
        encoded(1, 0, 1, b"f", 0, b"\x02", 0, 0, b"v", 4),
        encoded(1, 0, 1, b"f", 0, 2, b"a", 0, b"v", 4),
        encoded(1, 0, 1, b"f", 0, 2, -1, 0, b"v", 4),
        encoded(1, 0, 1, b"f", 0, 2, 0, -1, b"v", 4),
        encoded(1, 0, 1, b"f", 0, 2, 0, 0, b"v", 5),
        encoded(1, 0, 1, b"f", 0, 2, 0, 0, b"v", b"4x"),
        encoded(1, 0, 1, b"f", 0, 2, 0, 0, b"v"),
        encoded(1, 0, 1, b"f", 0, 0, 0, 0, 1, b"g", b"v", 5),
        encoded(1, 0, 1, b"f", 0, 0, 0, 0, 2**62, b"g", b"v", 6),
        encoded(1, 0, 1, b"f", 0, 0, 0, 0, -1, 3),
        encoded(2, 0, 1, b"f", 0, *ENTRY, *ENTRY),
        encoded(1, 0, 1, b"f", 0, *ENTRY, 2),
    ],
)
def test_what_is_no_block(data: bytes) -> None:
    assert validate_block(data, (5, 5)) is None


def test_smallest_blocks() -> None:
    assert validate_block(encoded(1, 0, 1, b"f", 0, *ENTRY), (5, 5)) == ((5, 5), 1)
    assert validate_block(encoded(0, 1, 1, b"f", 0, 3, 0, 0, b"v", 4), (5, 5)) == ((5, 5), 0)
    assert validate_block(encoded(1, 0, 1, b"f", 0, 0, 1, -5, 1, b"g", b"v", 6), (5, 5)) == ((6, 0), 1)


def test_blocks_come_in_order_and_agree_with_what_goes_with_them() -> None:
    block = encoded(2, 0, 1, b"f", 0, *ENTRY, 2, 7, 0, b"v", 4)
    for second, status in [((12, 6), OK), ((12, 5), CORRUPT), ((5, 5), CORRUPT), ((1, 0), CORRUPT)]:
        log = StreamLog()
        assert log.load((5, 5), block) == OK
        assert log.load(second, encoded(1, 0, 1, b"f", 0, *ENTRY)) == status
    for length, last, accepted in [(2, (12, 5), True), (2, (99, 0), True), (2, (12, 4), False), (3, (12, 5), False)]:
        log = StreamLog()
        assert log.load((5, 5), block) == OK
        assert log.load_end(length, last, (1, 1), 9) == accepted
        if accepted:
            assert log.counts() == {
                "length": 2, "entries_added": 9, "first": (5, 5), "last": last, "max_deleted": (1, 1),
            }  # fmt: skip


@given(st.binary(max_size=60))
def test_any_bytes(data: bytes) -> None:
    assert validate_block(data, (0, 0)) is None or len(data) > 20
