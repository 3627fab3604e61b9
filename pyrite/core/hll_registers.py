"""HyperLogLog registers: 16,384 small numbers, packed as the dense encoding has them or as an array of bytes.

Dense, behind the 16 bytes of a value's header: 6 bits per register, 12,288 bytes in all.

    byte            0          1          2
    register     1 1 0 0 0 0 0 0    2 2 2 2 1 1 1 1    3 3 3 3 3 3 2 2      most significant bit first

Four registers fill three bytes and eight of them six, which is how they are read and written, and so that no access
leaves the value. Words are loaded as little-endian.

The estimate is Ertl's improved raw estimator (Otmar Ertl, New cardinality estimation algorithms for HyperLogLog
sketches, arXiv:1702.01284), computed in Redis's order of operations, so that it rounds to the same number.
"""

import cython
from cython.cimports.libc.math import llround, sqrt
from cython.cimports.libc.string import memcpy, memset

# 1 / (2 ln 2): the constant of the estimator for infinitely many registers.
_ALPHA = cython.declare(cython.double, 0.7213475204444817)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _load(p: cython.p_const_void) -> cython.ulonglong:
    word: cython.ulonglong = 0
    memcpy(cython.address(word), p, 8)
    return word


# Single dense registers


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hll_dense_get(p: cython.p_const_char, index: cython.int) -> cython.int:
    """A register of a dense value; `index` is 0 to 16,383."""
    at: cython.p_const_uchar = cython.cast(cython.p_const_uchar, p) + HLL_HEADER_SIZE + (index >> 2) * 3
    four: cython.uint = at[0] | (at[1] << 8) | (at[2] << 16)
    return (four >> (index & 3) * 6) & 63


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hll_dense_set(p: cython.p_char, index: cython.int, rank: cython.int) -> cython.void:
    """Set a register, 0 to 16,383, of a dense value to a rank of 0 to 63. The cached count stays."""
    at: cython.p_uchar = cython.cast(cython.p_uchar, p) + HLL_HEADER_SIZE + (index >> 2) * 3
    shift: cython.int = (index & 3) * 6
    four: cython.uint = at[0] | (at[1] << 8) | (at[2] << 16)
    four = (four & ~(cython.cast(cython.uint, 63) << shift)) | (cython.cast(cython.uint, rank) << shift)
    at[0] = four & 0xFF
    at[1] = (four >> 8) & 0xFF
    at[2] = (four >> 16) & 0xFF


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hll_dense_raise(p: cython.p_char, index: cython.int, rank: cython.int) -> cython.bint:
    """Raise a register to a rank; False where it is as high already. The cached count stays."""
    if hll_dense_get(p, index) >= rank:
        return False
    hll_dense_set(p, index, rank)
    return True


# Arrays of bytes


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _eight(p: cython.p_const_char, group: cython.int) -> cython.ulonglong:
    """Eight registers of a dense value, 6 bits each from the low end up; what is above them is noise."""
    at: cython.p_const_char = p + HLL_HEADER_SIZE + group * 6
    # The last group is loaded from two bytes before it, so as not to read past the value.
    return _load(at) if group < HLL_REGISTERS // 8 - 1 else _load(at - 2) >> 16


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _spread(word: cython.ulonglong) -> cython.ulonglong:
    """Spread eight registers of 6 bits to a byte each, by halving the distance three times."""
    word = (word & 0xFFFFFF) | ((word & cython.cast(cython.ulonglong, 0xFFFFFF000000)) << 8)
    word = (word & cython.cast(cython.ulonglong, 0x00000FFF00000FFF)) | (
        (word & cython.cast(cython.ulonglong, 0x00FFF00000FFF000)) << 4
    )
    return (word & cython.cast(cython.ulonglong, 0x003F003F003F003F)) | (
        (word & cython.cast(cython.ulonglong, 0x0FC00FC00FC00FC0)) << 2
    )


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _gather(word: cython.ulonglong) -> cython.ulonglong:
    """Gather eight registers of a byte each, at most 63, to 6 bits each: the inverse of `_spread`."""
    word = (word & cython.cast(cython.ulonglong, 0x003F003F003F003F)) | (
        (word >> 2) & cython.cast(cython.ulonglong, 0x0FC00FC00FC00FC0)
    )
    word = (word & cython.cast(cython.ulonglong, 0x00000FFF00000FFF)) | (
        (word >> 4) & cython.cast(cython.ulonglong, 0x00FFF00000FFF000)
    )
    return (word & 0xFFFFFF) | ((word >> 8) & cython.cast(cython.ulonglong, 0xFFFFFF000000))


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _max8(a: cython.ulonglong, b: cython.ulonglong) -> cython.ulonglong:
    """The greater of each pair of bytes; none is over 127, so no difference borrows from the next byte."""
    tops: cython.ulonglong = 0x8080808080808080
    not_less: cython.ulonglong = ((a | tops) - b) & tops
    take_a: cython.ulonglong = (not_less - (not_less >> 7)) | not_less
    return (a & take_a) | (b & ~take_a)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hll_dense_merge(p: cython.p_const_char, registers: cython.p_uchar) -> cython.void:
    """Raise an array of bytes, 63 at most, to the registers of a dense value."""
    group: cython.int
    word: cython.ulonglong
    for group in range(HLL_REGISTERS // 8):
        word = _max8(_load(registers + 8 * group), _spread(_eight(p, group)))
        memcpy(registers + 8 * group, cython.address(word), 8)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hll_dense_write(p: cython.p_char, registers: cython.p_const_uchar) -> cython.void:
    """Write all registers of a dense value from an array of bytes, 63 at most. The header stays."""
    group: cython.int
    word: cython.ulonglong
    p += HLL_HEADER_SIZE
    for group in range(HLL_REGISTERS // 8):
        word = _gather(_load(registers + 8 * group))
        memcpy(p + 6 * group, cython.address(word), 6)


# Estimating


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _tally(tables: cython.p_uint, word: cython.ulonglong) -> cython.void:
    """Count eight registers of 6 bits by their values, in four tables of 64 that take turns.

    Most registers hold one of few values, and an increment has to wait for the last one of the same counter.
    """
    tables[word & 63] += 1
    tables[64 + ((word >> 6) & 63)] += 1
    tables[128 + ((word >> 12) & 63)] += 1
    tables[192 + ((word >> 18) & 63)] += 1
    tables[(word >> 24) & 63] += 1
    tables[64 + ((word >> 30) & 63)] += 1
    tables[128 + ((word >> 36) & 63)] += 1
    tables[192 + ((word >> 42) & 63)] += 1


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _sum_tables(tables: cython.p_uint, histogram: cython.p_uint) -> cython.void:
    i: cython.int
    for i in range(64):
        histogram[i] = tables[i] + tables[64 + i] + tables[128 + i] + tables[192 + i]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hll_dense_histogram(p: cython.p_const_char, histogram: cython.p_uint) -> cython.void:
    """Count how many registers of a dense value hold each of the values 0 to 63."""
    group: cython.int
    tables: cython.uint[256]
    memset(tables, 0, cython.sizeof(tables))
    for group in range(HLL_REGISTERS // 8):
        _tally(tables, _eight(p, group))
    _sum_tables(tables, histogram)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hll_histogram(registers: cython.p_const_uchar, histogram: cython.p_uint) -> cython.void:
    """Count how many of 16,384 bytes hold each of the values 0 to 63."""
    group: cython.int
    tables: cython.uint[256]
    memset(tables, 0, cython.sizeof(tables))
    for group in range(HLL_REGISTERS // 8):
        _tally(tables, _gather(_load(registers + 8 * group)))
    _sum_tables(tables, histogram)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _sigma(x: cython.double) -> cython.double:
    """What the registers still at 0 add to the estimate, for a share of them of 0 <= x < 1.

    The sum x + x^2 + 2 x^4 + 4 x^8 + …
    """
    total: cython.double = x
    last: cython.double = -1
    weight: cython.double = 1
    while total != last:
        last = total
        x *= x
        total += x * weight
        weight += weight
    return total


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _tau(x: cython.double) -> cython.double:
    """What the registers at their highest, 51, add to the estimate, for a share of the others of 0 <= x <= 1.

    A third of 1 - x - (1 - x^(1/2))^2 / 2 - (1 - x^(1/4))^2 / 4 - …
    """
    if x == 0 or x == 1:
        return 0
    total: cython.double = 1 - x
    last: cython.double = -1
    weight: cython.double = 1
    while total != last:
        last = total
        x = sqrt(x)
        weight *= 0.5
        total -= (1 - x) * (1 - x) * weight
    return total / 3


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hll_estimate(histogram: cython.pointer[cython.const[cython.uint]]) -> cython.ulonglong:
    """The number of distinct elements for a histogram of 16,384 registers; HLL_TOO_MANY if it does not fit int64."""
    m: cython.double = HLL_REGISTERS
    if histogram[0] == HLL_REGISTERS:
        return 0
    total: cython.double = m * _tau((m - histogram[51]) / m)
    value: cython.int
    for value in range(50, 0, -1):
        total = (total + histogram[value]) * 0.5
    total += m * _sigma(histogram[0] / m)
    # Registers above 51, which only a made-up value has, count nowhere and can leave a total of 0.
    if total <= 0:
        return HLL_TOO_MANY
    estimate: cython.double = _ALPHA * m * m / total
    if estimate >= 9223372036854775808.0:
        return HLL_TOO_MANY
    return llround(estimate)
