"""HyperLogLog values, byte for byte as a real server makes them, and counted alike."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyrite.core.hll import Sketch, element_rank
from tests.models import hll as model
from tests.support import Server

SPARSE_HEADER = b"HYLL\x01" + bytes(11)
STALE_DENSE_HEADER = b"HYLL" + bytes(11) + b"\x80"
EMPTY = SPARSE_HEADER + b"\x7f\xff"
LIMITS = [0, 18, 30, 100, 1000, 3000, 15000, 20000]

many = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=50, deadline=None
)


def assert_same(peer: Server, sketch: Sketch) -> None:
    """Compare the peer's value at `key` with ours, then the counts."""
    assert peer.call("GET", "key") == sketch.value
    count = sketch.count()
    assert peer.call("PFCOUNT", "key") == count - (1 << 64 if count >= 1 << 63 else 0)
    sketch.cached_count = count
    assert peer.call("GET", "key") == sketch.value


@pytest.mark.parametrize("max_bytes", LIMITS)
def test_many_elements(peer: Server, max_bytes: int) -> None:
    """Thousands of elements: each stage of a sparse value, its promotion, and the dense value after it."""
    source = random.Random(max_bytes)
    sketch = Sketch()
    with peer.config(hll_sparse_max_bytes=max_bytes):
        peer.call("PFADD", "key")
        for _ in range(120):
            elements = [source.randbytes(source.randrange(24)) for _ in range(source.randrange(1, 60))]
            risen = [sketch.add(element, max_bytes) for element in elements]
            assert peer.call("PFADD", "key", *elements) == any(risen)
            assert_same(peer, sketch)


@given(st.lists(st.binary(max_size=3), max_size=80), st.sampled_from(LIMITS))
@many
def test_one_by_one(peer: Server, elements: list[bytes], max_bytes: int) -> None:
    """Each single step of the first ones."""
    sketch = Sketch()
    with peer.config(hll_sparse_max_bytes=max_bytes):
        peer.call("SET", "key", EMPTY)
        for element in elements:
            assert peer.call("PFADD", "key", element) == sketch.add(element, max_bytes)
            assert_same(peer, sketch)


def element_for(at: int, least_rank: int, source: random.Random) -> bytes:
    """Return some element that raises a register from below a rank."""
    while True:
        element = source.randbytes(8)
        index, rank = element_rank(element)
        if index == at and rank >= least_rank:
            return element


@given(st.integers(0, 2**32), st.lists(st.integers(0, 255), max_size=30))
@many
def test_odd_values(peer: Server, seed: int, opcodes: list[int]) -> None:
    """Correct values that no server would write: short XZERO, VALs that are not joined."""
    source = random.Random(seed)
    runs: list[model.Run] = []
    left = 16384
    for byte in opcodes:
        run = model.Run(byte >> 3, byte % 4 + 1, 1) if byte & 0xF8 else model.Run(0, byte * 9 + 1, 2)
        runs.append(run)
        left -= run.length
    start = SPARSE_HEADER[:15] + b"\x80" + model.SparseModel(3000, [*runs, model.Run(0, left, 2)]).encode()
    sketch = Sketch(start)
    peer.call("SET", "key", start)
    assert_same(peer, sketch)
    for _ in range(5):
        element = element_for(source.randrange(16384 - left + 2), 1, source)
        assert peer.call("PFADD", "key", element) == sketch.add(element)
        assert_same(peer, sketch)


def test_join_reaches_the_fifth_opcode(peer: Server) -> None:
    """VALs that had not been joined, behind one that is split into three: one look past it, not two."""
    sketch = Sketch(SPARSE_HEADER[:15] + b"\x80\x09\x82\x98\x98\x9c\x9c\x7f\xee")
    peer.call("SET", "key", sketch.value)
    element = element_for(11, 2, random.Random(1))
    assert peer.call("PFADD", "key", element) == sketch.add(element)
    assert_same(peer, sketch)


@given(st.lists(st.integers(0, 63), min_size=1, max_size=6), st.integers(0, 2**32))
@many
def test_dense_values(peer: Server, values: list[int], seed: int) -> None:
    """Dense values of any registers, those that no hash can give included."""
    source = random.Random(seed)
    registers = [source.choice(values) for _ in range(16384)]
    sketch = Sketch(STALE_DENSE_HEADER + model.pack(registers))
    peer.call("SET", "key", sketch.value)
    assert_same(peer, sketch)
    assert peer.call("PFDEBUG", "GETREG", "key") == registers


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=4), st.integers(0, 2**32), st.sampled_from(LIMITS))
@many
def test_merge(peer: Server, sizes: list[int], seed: int, max_bytes: int) -> None:
    """PFMERGE of sparse and dense values into the first of them, and PFCOUNT of all."""
    source = random.Random(seed)
    sketches = []
    with peer.config(hll_sparse_max_bytes=max_bytes):
        for place, size in enumerate(sizes):
            sketch = Sketch()
            for _ in range(size):
                sketch.add(source.randbytes(6), source.choice(LIMITS))
            sketches.append(sketch)
            peer.call("SET", f"key{place or ''}", sketch.value)
        keys = [f"key{place or ''}" for place in range(len(sizes))]
        registers = bytes(16384)
        for sketch in sketches:
            registers = sketch.registers(registers)
        target = sketches[0]
        if any(sketch.encoding == "dense" for sketch in sketches):
            target.to_dense()
        target.raise_all(registers, max_bytes)
        peer.call("PFMERGE", *keys)
        assert peer.call("GET", "key") == target.value
        assert peer.call("PFCOUNT", *keys, "missing") == target.count()
        assert_same(peer, target)


def test_decode_and_convert(peer: Server) -> None:
    """PFDEBUG DECODE and TODENSE."""
    sketch = Sketch()
    for number in range(500):
        sketch.add(b"%d" % number)
    peer.call("SET", "key", sketch.value)
    words = [f"v:{value},{run}" if value else f"{'z' if run <= 64 else 'Z'}:{run}" for value, run in sketch.opcodes()]
    assert peer.call("PFDEBUG", "DECODE", "key") == " ".join(words).encode()
    sketch.to_dense()
    assert peer.call("PFDEBUG", "TODENSE", "key") == 1
    assert_same(peer, sketch)
