"""HyperLogLog: the number of distinct elements ever added, within about 0.8 percent, in at most 12 KB.

An element's 64-bit hash (MurmurHash64A, seed 0xADC83B19) names one of 16,384 registers by its low 14 bits; the place of
the lowest one among the other 50 bits, 1 to 51, is the element's rank. A register keeps the highest rank it was given.

A value is a string, laid out as Redis does, byte for byte:

    offset  size  part
         0     4  "HYLL"
         4     1  encoding: 0 dense, 1 sparse
         5     3  unused, zeros
         8     8  the last computed count, little-endian; the top bit of the last byte says that it is out of date
        16        registers

Dense: 6 bits per register, 12,288 bytes, from the low end of the first byte up.
Sparse: runs of equal registers, from register 0 on, 16,384 in all:

    00nnnnnn            ZERO    n + 1 registers (1 to 64) at 0
    01nnnnnn nnnnnnnn   XZERO   n + 1 registers (1 to 16,384) at 0, high bits first
    1vvvvvnn            VAL     n + 1 registers (1 to 4) at v + 1 (1 to 32)

A sparse value grows by at most 3 bytes at a time, and turns dense when it would exceed hll-sparse-max-bytes (header
included), or when a rank does not fit a VAL. The steps by which it grows are Redis's, since the bytes show them.

The value comes from the keyspace, and so perhaps from a client who made it up: `hll_is_valid` looks at header and
length, everything else checks each opcode before it believes it, and answers HLL_CORRUPT. Memory is the caller's: a
function that needs more than there is says so and changes nothing.

The registers as such, and the estimate from them, stand in `hll_registers`.
"""

import cython
from cython.cimports.libc.stdlib import free, malloc, realloc
from cython.cimports.libc.string import memcmp, memcpy, memmove, memset
from cython.cimports.pyrite.core.hll_registers import (
    hll_dense_get,
    hll_dense_histogram,
    hll_dense_merge,
    hll_dense_raise,
    hll_dense_write,
    hll_estimate,
    hll_histogram,
)

# The header


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hll_is_valid(p: cython.p_const_char, n: cython.Py_ssize_t) -> cython.bint:
    """Tell whether a string has a HyperLogLog's header, and a dense one's length. Opcodes are not looked at."""
    if n < HLL_HEADER_SIZE or memcmp(p, b"HYLL", 4) != 0:
        return False
    return p[4] == HLL_SPARSE or (p[4] == HLL_DENSE and n == HLL_DENSE_SIZE)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hll_init(out: cython.p_char) -> cython.void:
    """Write an empty sparse value, HLL_EMPTY_SIZE bytes long; its count, 0, is up to date."""
    memset(out, 0, HLL_EMPTY_SIZE)
    memcpy(out, b"HYLL", 4)
    out[4] = HLL_SPARSE
    _put_run(cython.cast(cython.p_uchar, out) + HLL_HEADER_SIZE, 0, HLL_REGISTERS)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hll_cached_count(p: cython.p_const_char, count: cython.pointer[cython.ulonglong]) -> cython.bint:
    """Fetch the count that the header holds; False where it is out of date."""
    memcpy(count, p + 8, 8)
    return count[0] < HLL_TOO_MANY


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hll_cache_count(p: cython.p_char, count: cython.ulonglong) -> cython.void:
    """Write the count to the header."""
    memcpy(p + 8, cython.address(count), 8)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hll_invalidate(p: cython.p_char) -> cython.void:
    """Mark the count in the header as out of date."""
    cython.cast(cython.p_uchar, p)[15] |= 0x80


# Hash and rank


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _load(p: cython.p_const_void) -> cython.ulonglong:
    word: cython.ulonglong = 0
    memcpy(cython.address(word), p, 8)
    return word


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hll_hash(element: cython.p_const_char, n: cython.Py_ssize_t) -> cython.ulonglong:
    """MurmurHash64A (Austin Appleby, public domain) with the seed of Redis's HyperLogLog."""
    factor: cython.ulonglong = 0xC6A4A7935BD1E995
    h: cython.ulonglong = cython.cast(cython.ulonglong, 0xADC83B19) ^ (cython.cast(cython.ulonglong, n) * factor)
    k: cython.ulonglong
    while n >= 8:
        k = _load(element) * factor
        k = (k ^ (k >> 47)) * factor
        h = (h ^ k) * factor
        element += 8
        n -= 8
    if n > 0:
        k = 0
        memcpy(cython.address(k), element, n)
        h = (h ^ k) * factor
    h = (h ^ (h >> 47)) * factor
    return h ^ (h >> 47)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hll_rank(element: cython.p_const_char, n: cython.Py_ssize_t, index: cython.p_int) -> cython.int:
    """The element's rank, 1 to 51, and the register that is to hold it."""
    h: cython.ulonglong = hll_hash(element, n)
    index[0] = h & (HLL_REGISTERS - 1)
    # The added bit stands for the hash without a one in its 50 bits, whose rank is 51.
    return __builtin_ctzll((h >> 14) | (cython.cast(cython.ulonglong, 1) << 50)) + 1


# Sparse opcodes


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def hll_opcode(
    p: cython.p_const_char, n: cython.Py_ssize_t, at: cython.Py_ssize_t, opcode: cython.pointer[HllOpcode]
) -> cython.bint:
    """Read the opcode at an offset. False at the end, and where the value ends inside the opcode."""
    if at >= n:
        return False
    byte: cython.uchar = cython.cast(cython.p_const_uchar, p)[at]
    opcode.size = 1
    opcode.value = 0
    if byte & 0x80:
        opcode.value = ((byte >> 2) & 0x1F) + 1
        opcode.run = (byte & 3) + 1
    elif byte & 0x40:
        if n - at < 2:
            return False
        opcode.size = 2
        opcode.run = (((byte & 0x3F) << 8) | cython.cast(cython.p_const_uchar, p)[at + 1]) + 1
    else:
        opcode.run = byte + 1
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_run(out: cython.p_uchar, value: cython.int, run: cython.int) -> cython.int:
    """Write one opcode for a run that fits one; returns its size, which is 0 for an empty run."""
    if run == 0:
        return 0
    if value:
        out[0] = 0x80 | ((value - 1) << 2) | (run - 1)
        return 1
    if run <= 64:
        out[0] = run - 1
        return 1
    out[0] = 0x40 | ((run - 1) >> 8)
    out[1] = (run - 1) & 0xFF
    return 2


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _short_opcodes(word: cython.ulonglong) -> cython.int:
    """How many of eight bytes, the first of which starts an opcode, are opcodes of one byte before any XZERO."""
    long_: cython.ulonglong = ~word & (word << 1) & cython.cast(cython.ulonglong, 0x8080808080808080)
    return __builtin_ctzll(long_) >> 3 if long_ else 8


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _short_runs(word: cython.ulonglong, count: cython.int) -> cython.int:
    """Registers covered by the first `count` bytes, 1 to 8, each an opcode of one byte: all run lengths at once."""
    vals: cython.ulonglong = (word >> 7) & cython.cast(cython.ulonglong, 0x0101010101010101)
    runs: cython.ulonglong = word & cython.cast(cython.ulonglong, 0x3F3F3F3F3F3F3F3F) & ~(vals * 0x3C)
    runs &= ~cython.cast(cython.ulonglong, 0) >> (64 - 8 * count)
    runs = (runs & cython.cast(cython.ulonglong, 0x00FF00FF00FF00FF)) + (
        (runs >> 8) & cython.cast(cython.ulonglong, 0x00FF00FF00FF00FF)
    )
    return cython.cast(cython.int, (runs * cython.cast(cython.ulonglong, 0x0001000100010001)) >> 48) + count


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _locate(
    p: cython.p_const_char, n: cython.Py_ssize_t, index: cython.int, place: cython.pointer[HllPlace]
) -> cython.bint:
    """Find the opcode that covers a register. False where none does, or it reaches past the last register.

    The walk over the opcodes is what adding to a sparse value costs, so it takes up to eight at a time.
    """
    at: cython.Py_ssize_t = HLL_HEADER_SIZE
    before: cython.Py_ssize_t = at
    first: cython.int = 0
    word: cython.ulonglong
    count: cython.int
    run: cython.int
    while n - at >= 8:
        word = _load(p + at)
        count = _short_opcodes(word)
        if count:
            run = _short_runs(word, count)
        else:
            run = cython.cast(cython.int, ((word & 0x3F) << 8) | ((word >> 8) & 0xFF)) + 1
        if first + run > index:
            break
        first += run
        before = at + count - 1 if count else at
        at += count if count else 2
    while hll_opcode(p, n, at, cython.address(place.opcode)):
        if first + place.opcode.run > index:
            place.at = at
            place.before = before
            place.first = first
            return first + place.opcode.run <= HLL_REGISTERS
        first += place.opcode.run
        before = at
        at += place.opcode.size
    return False


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _join_equal(p: cython.p_char, n: cython.pointer[cython.Py_ssize_t], at: cython.Py_ssize_t) -> cython.void:
    """Join neighbouring VALs of one value into one, from the opcode at `at` on: five looks, as Redis does."""
    opcode: HllOpcode
    after: HllOpcode
    for _ in range(5):
        if not hll_opcode(p, n[0], at, cython.address(opcode)):
            return
        if (
            opcode.value
            and hll_opcode(p, n[0], at + 1, cython.address(after))
            and after.value == opcode.value
            and opcode.run + after.run <= 4
        ):
            memmove(p + at, p + at + 1, n[0] - at - 1)
            n[0] -= 1
            _put_run(cython.cast(cython.p_uchar, p) + at, opcode.value, opcode.run + after.run)
        else:
            at += opcode.size


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hll_sparse_raise(
    p: cython.p_char,
    n: cython.pointer[cython.Py_ssize_t],
    capacity: cython.Py_ssize_t,
    max_bytes: cython.Py_ssize_t,
    index: cython.int,
    rank: cython.int,
) -> cython.int:
    """Raise a register, 0 to 16,383, of a sparse value `n` bytes long to a rank of 1 to 51.

    HLL_CHANGED, HLL_UNCHANGED and HLL_CORRUPT are final. HLL_NEED_ROOM and HLL_PROMOTE ask the caller for a larger
    buffer, or a dense value, and the same call again (for a dense value hll_dense_raise).
    """
    place: HllPlace
    opcodes: cython.uchar[5]
    size: cython.int
    growth: cython.int
    if rank > HLL_SPARSE_MAX_RANK:
        return HLL_PROMOTE
    if not _locate(p, n[0], index, cython.address(place)):
        return HLL_CORRUPT
    if place.opcode.value >= rank:
        return HLL_UNCHANGED
    size = _put_run(opcodes, place.opcode.value, index - place.first)
    size += _put_run(opcodes + size, rank, 1)
    size += _put_run(opcodes + size, place.opcode.value, place.first + place.opcode.run - 1 - index)
    growth = size - place.opcode.size
    if growth > 0 and n[0] + growth > max_bytes:
        return HLL_PROMOTE
    if growth > capacity - n[0]:
        return HLL_NEED_ROOM
    if growth:
        _move_tail(p, n, place.at + place.opcode.size, growth)
    memcpy(p + place.at, opcodes, size)
    _join_equal(p, n, place.before)
    hll_invalidate(p)
    return HLL_CHANGED


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _move_tail(
    p: cython.p_char, n: cython.pointer[cython.Py_ssize_t], at: cython.Py_ssize_t, growth: cython.int
) -> cython.void:
    memmove(p + at + growth, p + at, n[0] - at)
    n[0] += growth


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hll_sparse_raise_all(
    p: cython.p_char,
    n: cython.pointer[cython.Py_ssize_t],
    capacity: cython.Py_ssize_t,
    max_bytes: cython.Py_ssize_t,
    registers: cython.p_const_uchar,
    index: cython.p_int,
) -> cython.int:
    """Raise the registers from `index` on to those of a raw array: HLL_CHANGED when all are done.

    Any other status stands for the register at which `index` then is, and the call goes on from there when repeated.
    """
    status: cython.int
    while index[0] < HLL_REGISTERS:
        if registers[index[0]]:
            status = hll_sparse_raise(p, n, capacity, max_bytes, index[0], registers[index[0]])
            if status != HLL_CHANGED and status != HLL_UNCHANGED:
                return status
        index[0] += 1
    return HLL_CHANGED


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hll_add(
    p: cython.p_char,
    n: cython.pointer[cython.Py_ssize_t],
    capacity: cython.Py_ssize_t,
    max_bytes: cython.Py_ssize_t,
    element: cython.p_const_char,
    element_length: cython.Py_ssize_t,
) -> cython.int:
    """Add an element to a value that passed hll_is_valid; statuses as those of hll_sparse_raise."""
    index: cython.int = 0
    rank: cython.int = hll_rank(element, element_length, cython.address(index))
    if p[4] == HLL_DENSE:
        if not hll_dense_raise(p, index, rank):
            return HLL_UNCHANGED
        hll_invalidate(p)
        return HLL_CHANGED
    return hll_sparse_raise(p, n, capacity, max_bytes, index, rank)


# Raw registers: an array of 16,384 bytes, for merging and converting


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hll_merge(p: cython.p_const_char, n: cython.Py_ssize_t, registers: cython.p_uchar) -> cython.int:
    """Raise an array of bytes, 63 at most, to the registers of a valid value: HLL_CHANGED, or HLL_CORRUPT half-way."""
    at: cython.Py_ssize_t = HLL_HEADER_SIZE
    index: cython.int = 0
    i: cython.int
    opcode: HllOpcode
    if p[4] == HLL_DENSE:
        hll_dense_merge(p, registers)
        return HLL_CHANGED
    while hll_opcode(p, n, at, cython.address(opcode)):
        if index + opcode.run > HLL_REGISTERS:
            return HLL_CORRUPT
        if opcode.value:
            for i in range(index, index + opcode.run):
                if registers[i] < opcode.value:
                    registers[i] = opcode.value
        index += opcode.run
        at += opcode.size
    return HLL_CHANGED if index == HLL_REGISTERS and at == n else HLL_CORRUPT


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hll_to_dense(p: cython.p_const_char, n: cython.Py_ssize_t, out: cython.p_char) -> cython.int:
    """Write a valid value to `out`, of HLL_DENSE_SIZE bytes, as a dense one with the same cached count.

    HLL_CHANGED, or HLL_CORRUPT, and `out` untouched, where the opcodes are wrong.
    """
    registers: cython.uchar[16384]
    memset(registers, 0, HLL_REGISTERS)
    if hll_merge(p, n, registers) == HLL_CORRUPT:
        return HLL_CORRUPT
    memcpy(out, p, HLL_HEADER_SIZE)
    out[4] = HLL_DENSE
    hll_dense_write(out, registers)
    return HLL_CHANGED


# Counting


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _count_sparse(p: cython.p_const_char, n: cython.Py_ssize_t, histogram: cython.p_uint) -> cython.int:
    at: cython.Py_ssize_t = HLL_HEADER_SIZE
    total: cython.int = 0
    opcode: HllOpcode
    memset(histogram, 0, 64 * cython.sizeof(cython.uint))
    while hll_opcode(p, n, at, cython.address(opcode)):
        histogram[opcode.value] += opcode.run
        total += opcode.run
        at += opcode.size
        if total > HLL_REGISTERS:
            return HLL_CORRUPT
    return HLL_CHANGED if total == HLL_REGISTERS and at == n else HLL_CORRUPT


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hll_count(p: cython.p_const_char, n: cython.Py_ssize_t, count: cython.pointer[cython.ulonglong]) -> cython.int:
    """Compute the count of a valid value, whatever the header says: HLL_CHANGED, or HLL_CORRUPT."""
    histogram: cython.uint[64]
    if p[4] == HLL_DENSE:
        hll_dense_histogram(p, histogram)
    elif _count_sparse(p, n, histogram) == HLL_CORRUPT:
        return HLL_CORRUPT
    count[0] = hll_estimate(histogram)
    return HLL_CHANGED


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hll_count_registers(registers: cython.p_const_uchar) -> cython.ulonglong:
    """The count for a raw array of values up to 63."""
    histogram: cython.uint[64]
    hll_histogram(registers, histogram)
    return hll_estimate(histogram)


# Python handles, for tests and cold callers


@cython.cclass
class Sketch:
    """One value in a heap buffer of just the size asked for: grows, turns dense, and fails as a caller's value does.

    A damaged value raises ValueError.
    """

    p: cython.p_char
    n: cython.Py_ssize_t
    capacity: cython.Py_ssize_t

    def __cinit__(self, value: bytes | None = None) -> None:
        self.n = HLL_EMPTY_SIZE if value is None else len(value)
        self.capacity = self.n
        self.p = cython.cast(cython.p_char, malloc(self.n or 1))
        if self.p == cython.NULL:
            raise MemoryError
        if value is None:
            hll_init(self.p)
            return
        memcpy(self.p, cython.cast(cython.p_const_char, value), self.n)
        if not hll_is_valid(self.p, self.n):
            raise ValueError("not a HyperLogLog")

    def __dealloc__(self) -> None:
        free(self.p)

    @property
    def value(self) -> bytes:
        """The string that a key would hold."""
        return self.p[: self.n]

    @property
    def encoding(self) -> str:
        """`dense` or `sparse`."""
        return "sparse" if hll_encoding(self.p) == HLL_SPARSE else "dense"

    @cython.cfunc
    def _make_way(self, status: cython.int) -> cython.bint:
        """Do what a status asks for; True when the call is to be repeated."""
        if status == HLL_CORRUPT:
            raise ValueError("damaged HyperLogLog")
        if status == HLL_NEED_ROOM:
            self.capacity = self.n + 3
            self.p = cython.cast(cython.p_char, realloc(self.p, self.capacity))
            return True
        if status == HLL_PROMOTE:
            self.to_dense()
            return True
        return False

    def add(self, element: bytes, max_bytes: cython.Py_ssize_t = 3000) -> bool:
        """Add an element; True where a register rose."""
        p: cython.p_const_char = element
        while True:
            status: cython.int = hll_add(self.p, cython.address(self.n), self.capacity, max_bytes, p, len(element))
            if not self._make_way(status):
                return status == HLL_CHANGED

    @cython.cfunc
    def _raise_dense(self, index: cython.int, rank: cython.int) -> cython.bint:
        risen: cython.bint = hll_dense_raise(self.p, index, rank)
        if risen:
            hll_invalidate(self.p)
        return risen

    def raise_register(self, index: cython.int, rank: cython.int, max_bytes: cython.Py_ssize_t = 3000) -> bool:
        """Raise one register; True where it was lower."""
        status: cython.int
        if not (0 <= index < HLL_REGISTERS and 1 <= rank <= 63):
            raise ValueError("no such register or rank")
        while True:
            if hll_encoding(self.p) == HLL_DENSE:
                return self._raise_dense(index, rank)
            status = hll_sparse_raise(self.p, cython.address(self.n), self.capacity, max_bytes, index, rank)
            if not self._make_way(status):
                return status == HLL_CHANGED

    def raise_all(self, registers: bytes, max_bytes: cython.Py_ssize_t = 3000) -> None:
        """Raise all registers to those of a raw array, which is at least as high as they are already."""
        index: cython.int = 0
        status: cython.int = HLL_NEED_ROOM
        raw: cython.p_const_uchar = _raw(registers)
        while hll_encoding(self.p) == HLL_SPARSE and status != HLL_CHANGED:
            status = hll_sparse_raise_all(
                self.p, cython.address(self.n), self.capacity, max_bytes, raw, cython.address(index)
            )
            self._make_way(status)
        if hll_encoding(self.p) == HLL_DENSE:
            hll_dense_write(self.p, raw)
        hll_invalidate(self.p)

    def to_dense(self) -> None:
        """Convert to the dense encoding."""
        out: cython.p_char = cython.cast(cython.p_char, malloc(HLL_DENSE_SIZE))
        if out == cython.NULL:
            raise MemoryError
        if hll_to_dense(self.p, self.n, out) == HLL_CORRUPT:
            free(out)
            raise ValueError("damaged HyperLogLog")
        free(self.p)
        self.p = out
        self.n = self.capacity = HLL_DENSE_SIZE

    def count(self) -> int:
        """The count, computed from the registers."""
        count: cython.ulonglong = 0
        self._make_way(hll_count(self.p, self.n, cython.address(count)))
        return count

    @property
    def cached_count(self) -> int | None:
        """The count in the header, or None where it is out of date."""
        count: cython.ulonglong = 0
        return count if hll_cached_count(self.p, cython.address(count)) else None

    @cached_count.setter
    def cached_count(self, count: cython.ulonglong) -> None:
        hll_cache_count(self.p, count)

    def registers(self, onto: bytes = bytes(16384)) -> bytes:
        """The 16,384 registers, or the higher of each pair of them and those of a raw array."""
        merged: bytearray = bytearray(onto)
        if len(merged) != HLL_REGISTERS:
            raise ValueError("not an array of registers")
        self._make_way(hll_merge(self.p, self.n, cython.cast(cython.p_uchar, cython.cast(cython.p_char, merged))))
        return bytes(merged)

    def get_dense(self, index: cython.int) -> int:
        """One register of a dense value."""
        if hll_encoding(self.p) != HLL_DENSE or not 0 <= index < HLL_REGISTERS:
            raise ValueError("not a dense value, or no such register")
        return hll_dense_get(self.p, index)

    def opcodes(self) -> list[tuple[int, int]]:
        """Value and run length of each opcode of a sparse value."""
        opcode: HllOpcode
        at: cython.Py_ssize_t = HLL_HEADER_SIZE
        found: list = []
        while hll_opcode(self.p, self.n, at, cython.address(opcode)):
            found.append((opcode.value, opcode.run))
            at += opcode.size
        if at != self.n:
            raise ValueError("damaged HyperLogLog")
        return found


@cython.cfunc
def _raw(registers: bytes) -> cython.p_const_uchar:
    if len(registers) != HLL_REGISTERS:
        raise ValueError("not an array of registers")
    return cython.cast(cython.p_const_uchar, cython.cast(cython.p_const_char, registers))


def is_valid(value: bytes) -> bool:
    """Tell whether a string has a HyperLogLog's header, and a dense one's length."""
    return hll_is_valid(cython.cast(cython.p_const_char, value), len(value))


def element_hash(element: bytes) -> int:
    """The element's 64-bit hash."""
    return hll_hash(cython.cast(cython.p_const_char, element), len(element))


def element_rank(element: bytes) -> tuple[int, int]:
    """The register that an element belongs to, and its rank."""
    index: cython.int = 0
    rank: cython.int = hll_rank(cython.cast(cython.p_const_char, element), len(element), cython.address(index))
    return index, rank


def count_registers(registers: bytes) -> int:
    """The count for a raw array of 16,384 registers."""
    return hll_count_registers(_raw(registers))
