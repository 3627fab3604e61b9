"""The allocator against a model that knows where each block lies, and what it promises about returning memory."""

import gc
import os
import random
import threading
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from pyrite.core.memory import Block, Blocks, Lines, active_memory, block_size, can_alloc, churn, trim, used_memory
from tests.models import memory as model

SLAB_SIZE = 65536
PAGE = os.sysconf("SC_PAGE_SIZE")
# The sanitizer build takes each block from the system's malloc.
IN_SLABS = os.environ.get("PYRITE_BUILD") != "asan"

near_steps = st.builds(
    lambda edge, distance: max(edge + distance, 0), st.sampled_from([0, 512, 1024, 2048, 4096]), st.integers(-9, 9)
)
sizes = st.one_of(st.integers(0, 600), near_steps, st.integers(0, 5000), st.integers(4097, 300_000))
fill_bytes = st.integers(0, 255)
line_sizes = st.sampled_from([64 << n for n in range(13)])


def setup_module() -> None:
    """What earlier tests left to the garbage collector must not be freed within one of ours."""
    gc.collect()


@given(sizes)
def test_block_size_is_the_models(size: int) -> None:
    assert block_size(size) == model.block_size(size)
    assert block_size(size) >= size


@given(st.integers(513, 4096))
def test_rounding_loses_at_most_six_percent_above_512_bytes(size: int) -> None:
    assert block_size(size) <= size * 1.0625


class Allocator(RuleBasedStateMachine):
    """Blocks come, grow, shrink and go in any order. A name may outlive its block, which `free_all` takes."""

    names = Bundle("names")

    def __init__(self) -> None:
        super().__init__()
        self.start = used_memory()
        self.model = model.Memory()
        self.blocks: dict[int, Block] = {}
        self.next_name = 0

    @rule(target=names, size=sizes, byte=fill_bytes, count=st.integers(1, 20))
    def allocate(self, size: int, byte: int, count: int) -> object:
        made = range(self.next_name, self.next_name + count)
        self.next_name += count
        for name in made:
            self.blocks[name] = Block(size)
            self.blocks[name].fill(byte)
            self.model.place(name, self.blocks[name].address, size, byte)
        return multiple(*made)

    @rule(name=names, size=sizes, byte=fill_bytes)
    def resize(self, name: int, size: int, byte: int) -> None:
        if name not in self.blocks:
            return
        _, old_size, old_byte = self.model.blocks[name]
        block = self.blocks[name]
        block.resize(size)
        self.model.place(name, block.address, size, old_byte)
        assert block.starts_with(old_byte, min(size, old_size))
        block.fill(byte)
        self.model.place(name, block.address, size, byte)

    @rule(name=consumes(names))
    def free(self, name: int) -> None:
        if name in self.blocks:
            del self.blocks[name]
            self.model.remove(name)

    @rule()
    def free_all(self) -> None:
        for name in list(self.blocks):
            del self.blocks[name]
            self.model.remove(name)

    @invariant()
    def counts_what_is_in_use(self) -> None:
        assert used_memory() - self.start == self.model.used

    @invariant()
    def contents_stay(self) -> None:
        for name, (address, _, byte) in self.model.blocks.items():
            assert self.blocks[name].holds(byte)
            assert self.blocks[name].address == address
            assert address % 8 == 0

    def teardown(self) -> None:
        self.blocks.clear()
        assert used_memory() == self.start


class AllocatorTest(Allocator.TestCase):
    settings = settings(max_examples=50, stateful_step_count=20, deadline=None)


@given(st.lists(line_sizes, min_size=1, max_size=12))
def test_lines_are_zeroed_aligned_and_counted(wanted: list[int]) -> None:
    start = used_memory()
    held = [Lines(size) for size in wanted]
    for lines, size in zip(held, wanted, strict=True):
        assert lines.address % 64 == 0
        assert lines.holds(0, 0, size)
        lines.fill(255)
    assert used_memory() - start == sum(wanted)
    places = sorted((lines.address, size) for lines, size in zip(held, wanted, strict=True))
    assert all(a + size <= b for (a, size), (b, _) in pairwise(places))
    lines = None
    held.clear()
    assert used_memory() == start


def test_lines_are_zeroed_though_the_memory_was_used_before() -> None:
    for size in (64, 256, 4096, 8192, 32768, 65536):
        for _ in range(3):
            lines = Lines(size)
            assert lines.holds(0, 0, size)
            lines.fill(170)
            del lines


def test_discarded_part_reads_as_zeros_and_the_rest_stays() -> None:
    size = 1 << 20
    lines = Lines(size)
    lines.fill(7)
    lines.discard(4 * PAGE, 8 * PAGE)
    assert lines.holds(7, 0, 4 * PAGE)
    assert lines.holds(0, 4 * PAGE, 8 * PAGE)
    assert lines.holds(7, 8 * PAGE, size)


def resident_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * PAGE


@pytest.mark.parametrize("size", [16, 100, 1000, 4096, 40_000])
def test_memory_goes_back_when_blocks_are_freed(size: int) -> None:
    total = 32 * 1024 * 1024
    trim()
    start, resident = active_memory(), resident_bytes()
    blocks = Blocks(total // size, size)
    whole = total // size * size
    assert active_memory() - start >= whole
    in_slabs = IN_SLABS and size <= 4096
    assert not in_slabs or resident_bytes() - resident >= whole / 4
    blocks.free()
    # A few empty slabs are kept, and one of each size.
    assert active_memory() - start <= 17 * SLAB_SIZE
    trim()
    if in_slabs:
        # One page in sixteen of an empty slab stays. Larger blocks are the system malloc's, among those of others.
        assert resident_bytes() - resident < total / 8


def test_emptied_slabs_serve_any_size() -> None:
    small = [Block(24) for _ in range(200_000)]
    start = active_memory()
    small.clear()
    large = [Block(3000) for _ in range(1000)]
    assert active_memory() <= start
    del large


def test_freeing_every_second_block_makes_room_for_as_many() -> None:
    held = [Block(64) for _ in range(100_000)]
    start = active_memory()
    held = held[::2]
    more = [Block(64) for _ in range(50_000)]
    assert active_memory() <= start + SLAB_SIZE
    del held, more


def test_impossible_sizes_are_refused() -> None:
    start = used_memory()
    assert not can_alloc(1 << 62)
    assert can_alloc(1 << 20)
    assert used_memory() == start


def test_other_threads_may_use_the_allocator_while_it_is_told_so() -> None:
    start = used_memory()
    damaged: list[int] = []
    threads = [threading.Thread(target=lambda mark: damaged.append(churn(200_000, mark)), args=(n,)) for n in (1, 2)]
    for thread in threads:
        thread.start()
    rng = random.Random(1)
    held: list[Block] = []
    while any(thread.is_alive() for thread in threads):
        held.append(Block(rng.randrange(6000)))
        held[-1].fill(9)
        if len(held) > 200:
            block = held.pop(rng.randrange(len(held)))
            assert block.holds(9)
            block.resize(rng.randrange(1, 9000))
    for thread in threads:
        thread.join()
    block = None
    held.clear()
    assert damaged == [0, 0]
    assert used_memory() == start
