"""HyperLogLog, held against the plain-Python model, and values that a client made up."""

import random
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pyrite.core.hll import Sketch, count_registers, element_hash, element_rank, is_valid
from tests.models import hll as model

EMPTY = b"HYLL\x01" + bytes(11) + b"\x7f\xff"
SPARSE_HEADER = b"HYLL\x01" + bytes(11)
STALE_DENSE_HEADER = b"HYLL" + bytes(11) + b"\x80"
TOO_MANY = 1 << 63
# PFADD k a b c foo "hello world, hello", then GET k, from redis-server 7.0.15.
REAL_SERVER_VALUE = b"HYLL\x01" + bytes(10) + b"\x80X\xdf\x80C\xd2\x90D>\x80P\xb1\x84K\xfb\x80BZ"

index = st.integers(0, 16383) | st.integers(0, 90) | st.integers(16300, 16383)
rank = st.integers(1, 3) | st.integers(1, 51)
limit = st.sampled_from([0, 18, 20, 30, 60, 3000, 1 << 40])


def dense(registers: list[int]) -> bytes:
    """Return a dense value whose cached count is out of date."""
    return STALE_DENSE_HEADER + model.pack(registers)


def agrees(count: int, registers: list[int]) -> bool:
    """Tell whether a count is the estimate, rounded, within what floating point may lose."""
    exact = model.estimate(registers)
    if exact >= TOO_MANY:
        return count == TOO_MANY
    return abs(count - exact) <= Decimal("0.5") + exact * Decimal("1e-13")


@given(st.binary(max_size=70))
@example(b"")
def test_hash_and_rank(element: bytes) -> None:
    """Elements of any length hash as MurmurHash64A does, and name a register and a rank."""
    assert element_hash(element) == model.element_hash(element)
    assert element_rank(element) == model.element_rank(element)


def test_hash_values() -> None:
    """Hashes that a real server's registers confirm, so that model and code cannot be wrong alike."""
    sketch = Sketch()
    for element in (b"a", b"b", b"c", b"foo", b"hello world, hello"):
        sketch.add(element)
    assert sketch.value == REAL_SERVER_VALUE


def test_empty() -> None:
    """A new value is a sparse one with a valid count of 0."""
    sketch = Sketch()
    assert sketch.value == EMPTY
    assert sketch.encoding == "sparse"
    assert sketch.cached_count == 0
    assert sketch.count() == 0
    assert sketch.opcodes() == [(0, 16384)]


class SparseSteps(RuleBasedStateMachine):
    """Each change of a sparse value gives the bytes that the model gives, until it turns dense."""

    @initialize(max_bytes=limit)
    def begin(self, max_bytes: int) -> None:
        """Start empty, with one of the limits."""
        self.sketch = Sketch()
        self.model = model.SparseModel(max_bytes)
        self.registers = [0] * 16384
        self.promoted = False

    @rule(at=index, value=rank)
    def put(self, at: int, value: int) -> None:
        """Raise one register."""
        risen = value > self.registers[at]
        self.registers[at] = max(self.registers[at], value)
        if not self.promoted:
            self.promoted = self.model.put(at, value) == "promote"
        assert self.sketch.raise_register(at, value, self.model.max_bytes) == risen
        assert not risen or self.sketch.cached_count is None

    @rule(first=index, values=st.lists(st.integers(1, 2), min_size=1, max_size=12))
    def put_neighbours(self, first: int, values: list[int]) -> None:
        """Raise neighbouring registers, so that runs of equal values grow, join and split."""
        for offset, value in enumerate(values):
            self.put(min(first + offset, 16383), value)

    @rule(at=index)
    def cache(self, at: int) -> None:
        """Store a count; raising a register to what it is leaves it valid."""
        self.sketch.cached_count = 12345
        if self.registers[at]:
            self.put(at, self.registers[at])
        assert self.sketch.cached_count == 12345

    @invariant()
    def same_bytes(self) -> None:
        """The value is what the model encodes."""
        if self.promoted:
            assert list(self.sketch.registers()) == self.registers
        else:
            assert self.sketch.value[16:] == self.model.encode()
            assert self.sketch.opcodes() == [(run.value, run.length) for run in self.model.runs]
        assert self.sketch.encoding == ("dense" if self.promoted else "sparse")


TestSparseSteps = SparseSteps.TestCase
TestSparseSteps.settings = settings(stateful_step_count=30)


@given(st.integers(0, 2**32), st.integers(0, 4000), limit)
@settings(max_examples=30)
def test_adding_elements(seed: int, count: int, max_bytes: int) -> None:
    """Sparse and dense values hold the same registers and give the same count, near to the truth."""
    elements = [b"%d:%d" % (seed, i) for i in range(count)]
    sketch, sparse, registers = Sketch(), model.SparseModel(max_bytes), [0] * 16384
    promoted = False
    for element in elements:
        at, value = model.element_rank(element)
        assert sketch.add(element, max_bytes) == (value > registers[at])
        promoted = promoted or sparse.put(at, value) == "promote"
        registers[at] = max(registers[at], value)
    assert sketch.value[16:] == (model.pack(registers) if promoted else sparse.encode())
    assert list(sketch.registers()) == registers
    assert sketch.count() == Sketch(dense(registers)).count() == count_registers(bytes(registers))
    assert agrees(sketch.count(), registers)
    assert abs(sketch.count() - count) <= max(2, 0.05 * count)


@st.composite
def any_registers(draw: st.DrawFn) -> list[int]:
    """Registers of any values up to 63, few distinct ones or many."""
    values = draw(st.lists(st.integers(0, 63) | st.integers(48, 52), min_size=1, max_size=8))
    source = random.Random(draw(st.integers(0, 2**32)))
    registers = [source.choice(values) for _ in range(16384)]
    for at, value in draw(st.dictionaries(index, st.integers(0, 63), max_size=5)).items():
        registers[at] = value
    return registers


@given(any_registers())
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_dense_registers(registers: list[int]) -> None:
    """Packing, reading, counting and merging of any dense value."""
    sketch = Sketch(dense(registers))
    assert list(sketch.registers()) == registers
    assert [sketch.get_dense(at) for at in range(16384)] == registers
    assert agrees(sketch.count(), registers)
    assert count_registers(bytes(registers)) == sketch.count()
    fresh = Sketch(dense([0] * 16384))
    fresh.raise_all(bytes(registers))
    assert fresh.value == sketch.value


@given(any_registers(), any_registers())
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_merge(first: list[int], second: list[int]) -> None:
    """The merger holds the higher register of each pair."""
    merged = Sketch(dense(first)).registers(bytes(second))
    assert list(merged) == [max(pair) for pair in zip(first, second, strict=True)]


@given(index, st.integers(1, 63), st.integers(0, 63), st.integers(0, 63))
def test_dense_register_alone(at: int, value: int, fill: int, old: int) -> None:
    """Raising a dense register leaves the others and the bytes around them."""
    registers = [fill] * 16384
    registers[at] = old
    sketch = Sketch(dense(registers))
    assert sketch.raise_register(at, value) == (value > old)
    registers[at] = max(value, old)
    assert sketch.value == dense(registers)


@given(st.dictionaries(index, st.integers(1, 32), max_size=60), st.dictionaries(index, rank, max_size=60), limit)
def test_raise_all(before: dict[int, int], after: dict[int, int], max_bytes: int) -> None:
    """Merging into a sparse value takes the same steps as raising one register after the other."""
    sketch, sparse = Sketch(), model.SparseModel(1 << 40)
    for at, value in before.items():
        sketch.raise_register(at, value, 1 << 40)
        sparse.put(at, value)
    sparse.max_bytes = max_bytes
    registers = [max(before.get(at, 0), after.get(at, 0)) for at in range(16384)]
    promoted = any(value and sparse.put(at, value) == "promote" for at, value in enumerate(registers))
    sketch.raise_all(bytes(registers), max_bytes)
    assert sketch.value[16:] == (model.pack(registers) if promoted else sparse.encode())
    assert sketch.cached_count is None


def test_to_dense_keeps_the_header() -> None:
    """Conversion keeps the cached count and the unused bytes, and changes nothing the second time."""
    sketch = Sketch(b"HYLL\x01abc" + (77).to_bytes(8, "little") + b"\x80\x7f\xfe")
    sketch.to_dense()
    assert sketch.value == b"HYLL\x00abc" + (77).to_bytes(8, "little") + b"\x01" + bytes(12287)
    assert sketch.cached_count == 77
    once = sketch.value
    sketch.to_dense()
    assert sketch.value == once


@given(st.integers(0, (1 << 63) - 1))
def test_cached_count(count: int) -> None:
    """A cached count is read back until a change makes it stale."""
    sketch = Sketch()
    sketch.cached_count = count
    assert sketch.cached_count == count
    assert sketch.value[8:16] == count.to_bytes(8, "little")
    sketch.raise_register(5, 1)
    assert sketch.cached_count is None


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"HYLL",
        b"HYLL\x01" + bytes(10),
        b"HYLX" + EMPTY[4:],
        b"HYLL\x02" + EMPTY[5:],
        b"HYLL\xff" + EMPTY[5:],
        bytes(5000),
        b"HYLL\0" + bytes(12298),
        b"HYLL\0" + bytes(12300),
        b"HYLL\0" + EMPTY[5:],
    ],
)
def test_not_a_hyperloglog(value: bytes) -> None:
    """Short strings, another magic or encoding, and dense values of another length are not taken for one."""
    assert not is_valid(value)


@pytest.mark.parametrize(
    "opcodes",
    [
        b"",
        b"\x7f",
        b"\x3f" * 255,
        b"\x3f" * 257,
        b"\x7f\xfe",
        b"\x7f\xff\x00",
        b"\x7f\xff\x7f\xff",
        b"\x7f\xff\x80",
        b"\x7f\xfd\x83",
        b"\x3f" * 256 + b"\x40",
        # Run lengths whose sum passes 2^31, and a VAL after them.
        b"\x7f\xff" * 131073 + b"\x84",
    ],
)
def test_damaged_opcodes(opcodes: bytes) -> None:
    """Too few or too many registers, and a last opcode that is cut, are found by everything that reads them all."""
    value = SPARSE_HEADER + opcodes
    assert is_valid(value)
    for use in (Sketch.count, Sketch.registers, Sketch.to_dense):
        with pytest.raises(ValueError, match="damaged"):
            use(Sketch(value))
    with pytest.raises(ValueError, match="damaged"):
        Sketch(value).raise_register(0, 33)


def test_register_beyond_the_opcodes() -> None:
    """A register that no opcode covers, or only one that reaches too far, cannot be raised."""
    for opcodes in (b"\x00" * 5, b"\x3f" * 200, b"\x3f" * 255 + b"\x7f\xff"):
        with pytest.raises(ValueError, match="damaged"):
            Sketch(SPARSE_HEADER + opcodes).raise_register(16383, 1)


@given(st.binary(max_size=60) | st.lists(st.integers(0, 255), max_size=400).map(bytes), index, rank, limit)
@settings(max_examples=500)
def test_made_up_opcodes(opcodes: bytes, at: int, value: int, max_bytes: int) -> None:
    """Whatever bytes follow the header: an answer or an error, and the same registers as far as there are any."""
    sketch = Sketch(SPARSE_HEADER + opcodes)
    try:
        registers = list(sketch.registers())
    except ValueError:
        registers = None
        with pytest.raises(ValueError, match="damaged"):
            sketch.count()
    try:
        sketch.raise_register(at, value, max_bytes)
    except ValueError:
        assert registers is None
        return
    if registers is not None:
        registers[at] = max(registers[at], value)
        assert list(sketch.registers()) == registers
        assert sketch.count() == count_registers(bytes(registers))


@given(st.lists(st.integers(0, 255), max_size=40), st.lists(st.tuples(index, rank), max_size=20))
def test_odd_but_correct_opcodes(opcodes: list[int], changes: list[tuple[int, int]]) -> None:
    """Opcodes that no writer would choose (short XZERO, VALs not joined) are understood where they are correct."""
    runs: list[model.Run] = []
    left = 16384
    for byte in opcodes:
        run = model.Run(byte >> 3, byte % 4 + 1, 1) if byte & 0xF8 else model.Run(0, byte * 9 + 1, 2)
        if run.value <= 32 and run.length < left:
            runs.append(run)
            left -= run.length
    runs.append(model.Run(0, left, 2))
    sparse = model.SparseModel(1 << 40, runs)
    sketch = Sketch(SPARSE_HEADER + sparse.encode())
    for at, value in changes:
        if value <= 32:
            assert sketch.raise_register(at, value, 1 << 40) == (sparse.put(at, value) == "changed")
    assert sketch.value[16:] == sparse.encode()
    assert list(sketch.registers()) == sparse.registers()


def test_join_reaches_the_fifth_opcode() -> None:
    """A split into three is followed by one look past them, at VALs that had not been joined; not by two."""
    runs = [(0, 10), (1, 3), (7, 1), (7, 1), (8, 1), (8, 1), (0, 16367)]
    sketch = Sketch(SPARSE_HEADER + b"\x09\x82\x98\x98\x9c\x9c\x7f\xee")
    assert sketch.opcodes() == runs
    assert sketch.raise_register(11, 2)
    assert sketch.opcodes() == [(0, 10), (1, 1), (2, 1), (1, 1), (7, 2), (8, 1), (8, 1), (0, 16367)]


@pytest.mark.parametrize("value", [50, 51, 52, 63])
def test_count_beyond_int64(value: int) -> None:
    """Registers of a made-up value can stand for more than fits: the count is 2^63 then, and never a valid cache."""
    sketch = Sketch(dense([value] * 16384))
    assert sketch.count() == TOO_MANY
    sketch.cached_count = sketch.count()
    assert sketch.cached_count is None


def test_count_at_its_largest() -> None:
    """All registers at 49: what redis-server 7.0.15 answers for the same value."""
    assert Sketch(dense([49] * 16384)).count() == 6653256548922161152
