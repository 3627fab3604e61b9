"""HyperLogLog in plain Python: registers as a list of numbers, the sparse encoding as a list of runs."""

from dataclasses import dataclass, field
from decimal import Decimal, localcontext

REGISTERS = 16384
HEADER_BYTES = 16
DENSE_BYTES = 12304
MASK = (1 << 64) - 1


def element_hash(element: bytes) -> int:
    """Return MurmurHash64A with the seed 0xADC83B19."""
    factor, shift = 0xC6A4A7935BD1E995, 47
    state = 0xADC83B19 ^ (len(element) * factor & MASK)
    whole = len(element) // 8 * 8
    for at in range(0, whole, 8):
        word = int.from_bytes(element[at : at + 8], "little") * factor & MASK
        word = (word ^ (word >> shift)) * factor & MASK
        state = (state ^ word) * factor & MASK
    if element[whole:]:
        state = (state ^ int.from_bytes(element[whole:], "little")) * factor & MASK
    state = (state ^ (state >> shift)) * factor & MASK
    return state ^ (state >> shift)


def element_rank(element: bytes) -> tuple[int, int]:
    """Return the register of an element and its rank: the place of the lowest one among the upper 50 bits, or 51."""
    number = element_hash(element)
    upper = f"{number >> 14:050b}"
    return number % REGISTERS, len(upper) - upper.rfind("1") if "1" in upper else 51


def pack(registers: list[int]) -> bytes:
    """Return the dense form of the registers, without the header: four of them in three bytes."""
    fours = zip(*(registers[offset::4] for offset in range(4)), strict=True)
    return b"".join((a | b << 6 | c << 12 | d << 18).to_bytes(3, "little") for a, b, c, d in fours)


def estimate(registers: list[int]) -> Decimal:
    """Return Ertl's improved estimate to fifty digits, by the series of his paper; Infinity where there is none."""
    histogram = [registers.count(value) for value in range(64)]
    if histogram[0] == REGISTERS:
        return Decimal(0)
    with localcontext(prec=50):
        total = REGISTERS * _tau(1 - Decimal(histogram[51]) / REGISTERS) / (1 << 50)
        total += sum(Decimal(histogram[value]) / (1 << value) for value in range(1, 51))
        total += REGISTERS * _sigma(Decimal(histogram[0]) / REGISTERS)
        return REGISTERS * REGISTERS / (2 * Decimal(2).ln()) / total if total else Decimal("Infinity")


def _sigma(x: Decimal) -> Decimal:
    return x + sum(x ** (1 << k) * (1 << (k - 1)) for k in range(1, 25))


def _tau(x: Decimal) -> Decimal:
    if x in (0, 1):
        return Decimal(0)
    total = 1 - x
    for k in range(1, 60):
        x = x.sqrt()
        total -= (1 - x) ** 2 / (1 << k)
    return total / 3


@dataclass
class Run:
    """One opcode: a run of registers of one value, and the bytes that it takes."""

    value: int
    length: int
    size: int


def _run(value: int, length: int) -> list[Run]:
    return [Run(value, length, 2 if value == 0 and length > 64 else 1)] if length else []


@dataclass
class SparseModel:
    """The sparse encoding: which opcodes there are after each change, and when there are too many."""

    max_bytes: int
    runs: list[Run] = field(default_factory=lambda: [Run(0, REGISTERS, 2)])

    def size(self) -> int:
        """Return the bytes of the whole value."""
        return HEADER_BYTES + sum(run.size for run in self.runs)

    def registers(self) -> list[int]:
        """Return all registers."""
        return [run.value for run in self.runs for _ in range(run.length)]

    def encode(self) -> bytes:
        """Return the opcodes."""
        out = bytearray()
        for run in self.runs:
            if run.value:
                out.append(0x80 | (run.value - 1) << 2 | (run.length - 1))
            elif run.size == 1:
                out.append(run.length - 1)
            else:
                out += (0x4000 | (run.length - 1)).to_bytes(2, "big")
        return bytes(out)

    def put(self, index: int, rank: int) -> str:
        """Raise a register; return `changed`, `unchanged` or `promote`, which changes nothing."""
        if rank > 32:
            return "promote"
        place, first = 0, 0
        while first + self.runs[place].length <= index:
            first += self.runs[place].length
            place += 1
        old = self.runs[place]
        if old.value >= rank:
            return "unchanged"
        left, right = index - first, first + old.length - 1 - index
        new = _run(old.value, left) + _run(rank, 1) + _run(old.value, right)
        growth = sum(run.size for run in new) - old.size
        if growth > 0 and self.size() + growth > self.max_bytes:
            return "promote"
        self.runs[place : place + 1] = new
        self._join(max(place - 1, 0))
        return "changed"

    def _join(self, place: int) -> None:
        for _ in range(5):
            pair = self.runs[place : place + 2]
            if len(pair) == 2 and pair[0].value == pair[1].value != 0 and pair[0].length + pair[1].length <= 4:
                self.runs[place : place + 2] = _run(pair[0].value, pair[0].length + pair[1].length)
            else:
                place += 1
