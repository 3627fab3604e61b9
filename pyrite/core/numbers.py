"""Numbers from text and to text, by Redis's rules to the byte.

A text is a pointer and a length, never NUL-terminated. Parsers return 1 and set `out`, or return 0 and leave it;
formatters return the number of bytes written, without a NUL behind them, or 0 where the room is too small. All of it
means the same in every locale.

Which numbers are the same text as Redis's:

- An integer is strict: what `format_longlong` would print, nothing else.
- A double is read as C's strtod does. Texts of up to 19 digits with a small exponent, which is most of them, are read
  exactly without it: mantissa and power of ten are both doubles, so one rounding is all that happens (Clinger, "How to
  Read Floating Point Numbers Accurately", 1990).
- A double is printed by Grisu2 (Loitsch, "Printing Floating-Point Numbers Quickly and Accurately with Integers", 2010):
  digits that read back as the same double, in 99.9 percent of cases as few as possible. A perfect algorithm would
  differ from Redis in the rest, so the choices that the paper leaves open (which cached power, how a product rounds,
  where the digits stop) are those that Redis 7.2 and later show.
- A long double, only for INCRBYFLOAT and HINCRBYFLOAT, goes through the C library.

Speed (AMD EPYC at 2.4 GHz, called from another module): parse_longlong 4 ns for one digit, 9 for 13, 12 for 19;
format_longlong 3 to 17 ns; parse_double 6 to 15 ns without strtod, 150 with it; format_double 4 ns for a small whole
number, 33 to 60 ns by Grisu2; format_longdouble_human 260 to 420 ns, nearly all of it snprintf.
"""

import cython
from cython.cimports.libc import errno
from cython.cimports.libc.math import HUGE_VAL, ceil
from cython.cimports.libc.stdio import snprintf
from cython.cimports.libc.stdlib import free, malloc
from cython.cimports.libc.string import memcpy, memset

_c_locale = cython.declare(locale_t, newlocale(LC_ALL_MASK, b"C", cython.NULL))
_tens = cython.declare(cython.double[23])
_whole_tens = cython.declare(cython.ulonglong[11])
_cached_fractions = cython.declare(cython.ulonglong[87])
_cached_exponents = cython.declare(cython.int[87])


# Integers


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _is_space(c: cython.char) -> cython.bint:
    return c == b" " or b"\t" <= c <= b"\r"


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _read_eight(p: cython.p_const_char, value: cython.p_ulonglong) -> cython.bint:
    """Append eight digits to a value at once: neighbours become pairs, pairs fours, fours eight.

    After D. Lemire, "Quickly parsing eight digits" (2018).
    """
    word: cython.ulonglong = 0
    memcpy(cython.address(word), p, 8)
    # A digit's upper half is 3, and stays 3 when 6 is added.
    if ((word & UPPER_HALVES) | (((word + EACH_SIX) & UPPER_HALVES) >> 4)) != EACH_THREES:
        return False
    word &= LOWER_HALVES
    word = (word * 10 + (word >> 8)) & EACH_PAIR
    word = (word * 100 + (word >> 16)) & EACH_FOUR
    word = cython.cast(cython.uint, word * 10000 + (word >> 32))
    value[0] = value[0] * 100000000 + word
    return True


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _read_digits(p: cython.p_const_char, n: cython.Py_ssize_t, out: cython.p_ulonglong) -> cython.bint:
    """Read 1 to 19 digits and nothing else; that many cannot overflow."""
    value: cython.ulonglong = 0
    digit: cython.uint
    end: cython.p_const_char = p + n
    while end - p >= 8:
        if not _read_eight(p, cython.address(value)):
            return False
        p += 8
    while p != end:
        digit = cython.cast(cython.uint, p[0]) - 48
        if digit > 9:
            return False
        value = value * 10 + digit
        p += 1
    out[0] = value
    return n > 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def parse_longlong(p: cython.p_const_char, n: cython.Py_ssize_t, out: cython.p_longlong) -> cython.int:
    """Read a signed 64-bit integer as it would be printed: no spaces, no plus, no leading zeros, no "-0"."""
    value: cython.ulonglong = 0
    negative: cython.bint = n > 1 and p[0] == b"-"
    start: cython.p_const_char = p + negative
    digits: cython.Py_ssize_t = n - negative
    if digits < 1 or digits > 19 or not _read_digits(start, digits, cython.address(value)):
        return 0
    if start[0] == b"0" and n != 1:
        return 0
    if value > cython.cast(cython.ulonglong, LONGLONG_MAX) + negative:
        return 0
    out[0] = cython.cast(cython.longlong, 0 - value if negative else value)
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _read_unsigned(p: cython.p_const_char, n: cython.Py_ssize_t, out: cython.p_ulonglong) -> cython.bint:
    """Read digits of a number below 2**64, leading zeros allowed, and nothing else."""
    head: cython.ulonglong = 0
    last: cython.ulonglong = 0
    while n > 1 and p[0] == b"0":
        p += 1
        n -= 1
    if n < 20:
        return _read_digits(p, n, out)
    if n > 20 or not _read_digits(p, 19, cython.address(head)) or not _read_digits(p + 19, 1, cython.address(last)):
        return False
    if head > ULONGLONG_TENTH or (head == ULONGLONG_TENTH and last > 5):
        return False
    out[0] = head * 10 + last
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def parse_ulonglong(p: cython.p_const_char, n: cython.Py_ssize_t, out: cython.p_ulonglong) -> cython.int:
    """Read an unsigned 64-bit integer as Redis does where it reads one: SCAN cursors, stream IDs.

    It first tries the strict signed form, where a negative number is refused, then C's strtoull, which also takes
    leading spaces, a sign and leading zeros, and wraps what stands behind a minus round 2**64.
    """
    value: cython.ulonglong = 0
    strict: cython.longlong = 0
    i: cython.Py_ssize_t = 0
    if parse_longlong(p, n, cython.address(strict)):
        out[0] = cython.cast(cython.ulonglong, strict)
        return strict >= 0
    while i < n and _is_space(p[i]):
        i += 1
    negative: cython.bint = i < n and p[i] == b"-"
    if i < n and (negative or p[i] == b"+"):
        i += 1
    if not _read_unsigned(p + i, n - i, cython.address(value)):
        return 0
    out[0] = 0 - value if negative else value
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def digits10(v: cython.ulonglong) -> cython.int:
    """Decimal digits of a number; 1 for zero."""
    count: cython.int = 1
    while v >= 10000:
        v //= 10000
        count += 4
    return count + (v >= 10) + (v >= 100) + (v >= 1000)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def format_ulonglong(out: cython.p_char, v: cython.ulonglong) -> cython.Py_ssize_t:
    """Print an unsigned integer; at most 20 bytes."""
    pairs: cython.p_const_char = (
        b"00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748"
        b"495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"
    )
    count: cython.Py_ssize_t = digits10(v)
    end: cython.p_char = out + count
    while v >= 100:
        end -= 2
        memcpy(end, pairs + 2 * (v % 100), 2)
        v //= 100
    if v >= 10:
        memcpy(out, pairs + 2 * v, 2)
    else:
        out[0] = cython.cast(cython.char, 48 + v)
    return count


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def format_longlong(out: cython.p_char, v: cython.longlong) -> cython.Py_ssize_t:
    """Print a signed integer; at most 20 bytes."""
    if v >= 0:
        return format_ulonglong(out, cython.cast(cython.ulonglong, v))
    out[0] = b"-"
    return 1 + format_ulonglong(out + 1, 0 - cython.cast(cython.ulonglong, v))


# Floating point from text


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _read_exponent(p: cython.p_const_char, n: cython.Py_ssize_t, out: cython.p_int) -> cython.bint:
    """Read "e", a sign if there is one, and one to three digits."""
    value: cython.ulonglong = 0
    i: cython.Py_ssize_t = 1
    if n < 2 or (p[0] != b"e" and p[0] != b"E"):
        return False
    negative: cython.bint = p[1] == b"-"
    if negative or p[1] == b"+":
        i = 2
    if n - i > 3 or not _read_digits(p + i, n - i, cython.address(value)):
        return False
    out[0] = -cython.cast(cython.int, value) if negative else cython.cast(cython.int, value)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _read_exact(p: cython.p_const_char, n: cython.Py_ssize_t, out: cython.p_double) -> cython.bint:
    """Read a decimal whose value is one exact double times or over another; false means: ask the C library."""
    mantissa: cython.ulonglong = 0
    digits: cython.int = 0
    fraction_digits: cython.int = 0
    exponent: cython.int = 0
    point: cython.bint = False
    i: cython.Py_ssize_t = 1 if p[0] == b"-" or p[0] == b"+" else 0
    while i < n and digits < 20:
        if b"0" <= p[i] <= b"9":
            mantissa = mantissa * 10 + (cython.cast(cython.uint, p[i]) - 48)
            digits += 1
            fraction_digits += point
        elif p[i] == b"." and not point:
            point = True
        else:
            break
        i += 1
    if digits == 0 or digits == 20 or mantissa > EXACT_MAX:
        return False
    if i < n and not _read_exponent(p + i, n - i, cython.address(exponent)):
        return False
    exponent -= fraction_digits
    if exponent < -EXACT_TENS or exponent > EXACT_TENS:
        return False
    value: cython.double = cython.cast(cython.double, mantissa)
    value = value * _tens[exponent] if exponent >= 0 else value / _tens[-exponent]
    out[0] = -value if p[0] == b"-" else value
    return True


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _is_usable(value: cython.longdouble) -> cython.bint:
    """Tell whether what strtod or strtold gave is taken: not NaN, and out of range only if merely less precise."""
    if value != value:
        return False
    return errno.errno != errno.ERANGE or (value != 0 and value != HUGE_VAL and value != -HUGE_VAL)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _strtod_whole(text: cython.p_char, n: cython.Py_ssize_t, out: cython.p_double) -> cython.int:
    """Run strtod over a text that may be written to at [n]; it must use all of it."""
    end: cython.p_char = cython.NULL
    text[n] = 0
    before: locale_t = uselocale(_c_locale)
    errno.errno = 0
    value: cython.double = strtod(text, cython.address(end))
    usable: cython.bint = _is_usable(value)
    uselocale(before)
    if end != text + n or not usable:
        return 0
    out[0] = value
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def parse_double(p: cython.p_const_char, n: cython.Py_ssize_t, out: cython.p_double) -> cython.int:
    """Read a double as strtod does, the whole text, without leading space; no NaN, no overflow, no underflow to zero.

    Hexadecimal, "inf" and "infinity" are read. A text of 512 bytes or more is copied to a block that lives as long as
    the call; where there is no memory for one the text is refused.
    """
    short: cython.char[512]
    if n <= 0 or _is_space(p[0]):
        return 0
    if _read_exact(p, n, out):
        return 1
    if n < 512:
        memcpy(short, p, n)
        return _strtod_whole(short, n, out)
    long_: cython.p_char = cython.cast(cython.p_char, malloc(n + 1))
    if long_ == cython.NULL:
        return 0
    memcpy(long_, p, n)
    status: cython.int = _strtod_whole(long_, n, out)
    free(long_)
    return status


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def parse_longdouble(p: cython.p_const_char, n: cython.Py_ssize_t, out: cython.p_longdouble) -> cython.int:
    """As `parse_double` with long double's precision and range; a text has less than 5,120 bytes."""
    text: cython.char[5120]
    end: cython.p_char = cython.NULL
    if n <= 0 or n >= LONGDOUBLE_ROOM or _is_space(p[0]):
        return 0
    memcpy(text, p, n)
    text[n] = 0
    before: locale_t = uselocale(_c_locale)
    errno.errno = 0
    value: cython.longdouble = strtold(text, cython.address(end))
    usable: cython.bint = _is_usable(value)
    uselocale(before)
    if end != cython.cast(cython.p_char, text) + n or not usable:
        return 0
    out[0] = value
    return 1


# Floating point to text


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _multiply(a: cython.ulonglong, b: cython.ulonglong) -> cython.ulonglong:
    """The upper half of the product, rounded."""
    product: uint128 = cython.cast(uint128, a) * b
    return cython.cast(cython.ulonglong, (product + (cython.cast(uint128, 1) << 63)) >> 64)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _scale(bits: cython.ulonglong, out: cython.pointer[Interval]) -> cython.void:
    """The interval of a positive double, given as its bits, times a cached power of ten.

    The power is the smallest that leaves 32 to 60 bits of fraction.
    """
    fraction: cython.ulonglong = bits & FRACTION_BITS
    biased: cython.int = cython.cast(cython.int, bits >> 52)
    if biased:
        fraction |= HIDDEN_BIT
    shift: cython.int = count_leading_zeros(fraction)
    exponent: cython.int = (biased if biased else 1) - 1075 - shift
    # Half-way to both neighbours; below a power of two the neighbour is twice as near.
    out.high = ((fraction << 1) + 1) << (shift - 1)
    if fraction == HIDDEN_BIT:
        out.low = ((fraction << 2) - 1) << (shift - 2)
    else:
        out.low = ((fraction << 1) - 1) << (shift - 1)
    out.value = fraction << shift
    # The paper's k: 10**k must be at least 2**(-61 - exponent). 0.301… is the logarithm of 2.
    k: cython.int = cython.cast(cython.int, ceil((-61 - exponent) * 0.30102999566398120))
    cached: cython.int = (k - CACHED_FIRST + CACHED_STEP - 1) // CACHED_STEP
    power: cython.ulonglong = _cached_fractions[cached]
    # One unit inwards at each end, for the error of the cached power and of the product.
    out.high = _multiply(out.high, power) - 1
    out.low = _multiply(out.low, power) + 1
    out.value = _multiply(out.value, power)
    out.point = -(exponent + _cached_exponents[cached] + 64)
    out.exponent = CACHED_FIRST + cached * CACHED_STEP


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _approach(
    last: cython.p_char,
    distance: cython.ulonglong,
    width: cython.ulonglong,
    rest: cython.ulonglong,
    unit: cython.ulonglong,
) -> cython.void:
    """Lower the last digit while that brings the number nearer to the value and keeps it inside the interval.

    `rest` is how far the digits lie below the upper end, `distance` how far the value does, `width` the interval's
    width and `unit` one step of the last digit.
    """
    while rest < distance and width - rest >= unit:
        if rest + unit >= distance and distance - rest <= rest + unit - distance:
            return
        last[0] -= 1
        rest += unit


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _whole_digits(i: cython.pointer[Interval], out: cython.pointer[Decimal]) -> cython.bint:
    """Take digits of the upper end's whole part until what is left lies inside the interval; false where none does."""
    whole: cython.ulonglong = i.high >> i.point
    rest: cython.ulonglong = i.high
    unit: cython.ulonglong
    left: cython.int = cython.cast(cython.int, format_ulonglong(out.digits, whole))
    out.count = 0
    while left > 0:
        left -= 1
        unit = _whole_tens[left] << i.point
        rest -= cython.cast(cython.ulonglong, out.digits[out.count] - 48) * unit
        out.count += 1
        if rest <= i.high - i.low:
            out.exponent = left - i.exponent
            _approach(cython.address(out.digits[out.count - 1]), i.high - i.value, i.high - i.low, rest, unit)
            return True
    return False


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _fraction_digits(i: cython.pointer[Interval], out: cython.pointer[Decimal]) -> cython.void:
    """Go on with digits of the upper end's fraction. At most 18 in all: by then the width has outgrown the rest."""
    mask: cython.ulonglong = (cython.cast(cython.ulonglong, 1) << i.point) - 1
    rest: cython.ulonglong = i.high & mask
    width: cython.ulonglong = i.high - i.low
    scale: cython.ulonglong = 1
    out.exponent = -i.exponent
    while True:
        rest *= 10
        width *= 10
        scale *= 10
        out.digits[out.count] = cython.cast(cython.char, 48 + (rest >> i.point))
        out.count += 1
        out.exponent -= 1
        rest &= mask
        if rest < width:
            _approach(cython.address(out.digits[out.count - 1]), (i.high - i.value) * scale, width, rest, mask + 1)
            return


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _shortest(bits: cython.ulonglong, out: cython.pointer[Decimal]) -> cython.void:
    """The digits of a positive, finite double, given as its bits."""
    i: Interval
    _scale(bits, cython.address(i))
    if not _whole_digits(cython.address(i), out):
        _fraction_digits(cython.address(i), out)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _put_positional(out: cython.p_char, d: cython.pointer[Decimal]) -> cython.Py_ssize_t:
    """Digits with zeros or a point among them, no exponent."""
    before: cython.int = d.count + d.exponent
    if d.exponent >= 0:
        memcpy(out, d.digits, d.count)
        memset(out + d.count, 48, d.exponent)
        return before
    if before > 0:
        memcpy(out, d.digits, before)
        out[before] = b"."
        memcpy(out + before + 1, cython.cast(cython.p_char, d.digits) + before, d.count - before)
        return d.count + 1
    memcpy(out, b"0.", 2)
    memset(out + 2, 48, -before)
    memcpy(out + 2 - before, d.digits, d.count)
    return 2 - before + d.count


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _put_scientific(out: cython.p_char, d: cython.pointer[Decimal]) -> cython.Py_ssize_t:
    """One digit, the others behind a point, and an exponent that always has its sign."""
    exponent: cython.int = d.count + d.exponent - 1
    length: cython.Py_ssize_t = 1
    out[0] = d.digits[0]
    if d.count > 1:
        out[1] = b"."
        memcpy(out + 2, cython.cast(cython.p_char, d.digits) + 1, d.count - 1)
        length = d.count + 1
    out[length] = b"e"
    out[length + 1] = b"-" if exponent < 0 else b"+"
    return length + 2 + format_ulonglong(out + length + 2, -exponent if exponent < 0 else exponent)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _bits_of(v: cython.double) -> cython.ulonglong:
    bits: cython.ulonglong = 0
    memcpy(cython.address(bits), cython.address(v), 8)
    return bits


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _put_special(out: cython.p_char, bits: cython.ulonglong) -> cython.Py_ssize_t:
    """Print zero, infinity or NaN, given as its bits; 0 for any other number. NaN has no sign."""
    negative: cython.bint = (bits >> 63) != 0
    magnitude: cython.ulonglong = bits & LONGLONG_MAX
    if magnitude > INFINITY_BITS:
        memcpy(out, b"nan", 3)
        return 3
    if negative:
        out[0] = b"-"
    if magnitude == INFINITY_BITS:
        memcpy(out + negative, b"inf", 3)
        return 3 + negative
    if magnitude == 0:
        out[negative] = b"0"
        return 1 + negative
    return 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def format_double_shortest(out: cython.p_char, capacity: cython.Py_ssize_t, v: cython.double) -> cython.Py_ssize_t:
    """Print a double as Redis does where it takes no short cut for integers: arguments from Lua, a rewritten AOF.

    Positional with up to seven zeros behind the digits, or six places behind the point, or down to 0.000…; else
    scientific. 0 when the capacity is below DOUBLE_ROOM.
    """
    d: Decimal
    bits: cython.ulonglong = _bits_of(v)
    if capacity < DOUBLE_ROOM:
        return 0
    length: cython.Py_ssize_t = _put_special(out, bits)
    if length:
        return length
    out[0] = b"-"
    length = bits >> 63
    _shortest(bits & LONGLONG_MAX, cython.address(d))
    if d.exponent > 7 or (d.exponent < -6 and (d.count + d.exponent > 4 or d.count + d.exponent < -2)):
        return length + _put_scientific(out + length, cython.address(d))
    return length + _put_positional(out + length, cython.address(d))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def format_double(out: cython.p_char, capacity: cython.Py_ssize_t, v: cython.double) -> cython.Py_ssize_t:
    """Print a double as Redis replies with one: a score, a RESP3 double.

    A whole number up to 2**62 is printed as an integer, any other one by `format_double_shortest`; infinities are "inf"
    and "-inf", NaN is "nan", negative zero is "-0". 0 when the capacity is below DOUBLE_ROOM.
    """
    whole: cython.longlong
    if capacity < DOUBLE_ROOM:
        return 0
    # 2**62 both ways.
    if -4611686018427387904.0 <= v <= 4611686018427387904.0 and v != 0:
        whole = cython.cast(cython.longlong, v)
        if whole == v:
            return format_longlong(out, whole)
    return format_double_shortest(out, capacity, v)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def format_longdouble_human(out: cython.p_char, capacity: cython.Py_ssize_t, v: cython.longdouble) -> cython.Py_ssize_t:
    """Print as INCRBYFLOAT does: 17 places behind the point, less the zeros at their end; "-0" is "0".

    LONGDOUBLE_ROOM is always enough capacity; 0 where the text and a NUL do not fit.
    """
    length: cython.Py_ssize_t
    if capacity < 5:
        return 0
    if v != v or v == HUGE_VAL or v == -HUGE_VAL:
        return _put_special(out, _bits_of(cython.cast(cython.double, v)))
    before: locale_t = uselocale(_c_locale)
    length = snprintf(out, capacity, b"%.17Lf", v)
    uselocale(before)
    if length < 0 or length >= capacity:
        return 0
    while out[length - 1] == b"0":
        length -= 1
    if out[length - 1] == b".":
        length -= 1
    if length == 2 and out[0] == b"-" and out[1] == b"0":
        out[0] = b"0"
        return 1
    return length


# Text


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def case_equal(
    p: cython.p_const_char, n: cython.Py_ssize_t, lower: cython.p_const_char, m: cython.Py_ssize_t
) -> cython.bint:
    """Compare with a text that has no capitals, blind to the case of ASCII letters."""
    i: cython.Py_ssize_t
    c: cython.char
    if n != m:
        return False
    for i in range(n):
        c = p[i]
        if b"A" <= c <= b"Z":
            c |= 32
        if c != lower[i]:
            return False
    return True


def _cached_power(k: int) -> tuple[int, int]:
    """Ten to the k as a rounded 64-bit fraction with its top bit set, and the power of two to multiply it with."""
    numerator: int = 10**k if k > 0 else 1
    denominator: int = 10**-k if k < 0 else 1
    exponent: int = numerator.bit_length() - denominator.bit_length() - 64
    while True:
        top: int = numerator << max(0, -exponent)
        bottom: int = denominator << max(0, exponent)
        fraction: int = (2 * top + bottom) // (2 * bottom)
        if fraction < 1 << 64:
            return fraction, exponent
        exponent += 1


def _fill_tables() -> None:
    for i in range(23):
        _tens[i] = 10.0**i
    for i in range(11):
        _whole_tens[i] = 10**i
    for i in range(CACHED_POWERS):
        _cached_fractions[i], _cached_exponents[i] = _cached_power(CACHED_FIRST + CACHED_STEP * i)


_fill_tables()


# Python handles, for tests and cold callers


def parse_integer(data: bytes) -> int | None:
    """The signed 64-bit integer that the text strictly is, or None."""
    value: cython.longlong = 0
    return value if parse_longlong(data, len(data), cython.address(value)) else None


def parse_unsigned(data: bytes) -> int | None:
    """The unsigned 64-bit integer that `parse_ulonglong` reads, or None."""
    value: cython.ulonglong = 0
    return value if parse_ulonglong(data, len(data), cython.address(value)) else None


def parse_float(data: bytes) -> float | None:
    """The double that the text is, or None."""
    value: cython.double = 0
    return value if parse_double(data, len(data), cython.address(value)) else None


def add_long_doubles(a: bytes, b: bytes) -> bytes | None:
    """The sum of two texts in long double, printed as INCRBYFLOAT prints it; None where either is not a number."""
    x: cython.longdouble = 0
    y: cython.longdouble = 0
    out: cython.char[5120]
    if not parse_longdouble(a, len(a), cython.address(x)) or not parse_longdouble(b, len(b), cython.address(y)):
        return None
    length: cython.Py_ssize_t = format_longdouble_human(out, LONGDOUBLE_ROOM, x + y)
    return cython.cast(cython.p_char, out)[:length]


def format_integer(value: int) -> bytes:
    """A number of -2**63 to 2**64 - 1 in decimal."""
    out: cython.char[21]
    length: cython.Py_ssize_t
    if value < 0:
        length = format_longlong(out, value)
    else:
        length = format_ulonglong(out, value)
    return cython.cast(cython.p_char, out)[:length]


def format_float(value: float, whole: bool = True) -> bytes:
    """A double as Redis replies with it; without `whole`, as where it does not print whole numbers as integers."""
    out: cython.char[32]
    length: cython.Py_ssize_t
    if whole:
        length = format_double(out, DOUBLE_ROOM, value)
    else:
        length = format_double_shortest(out, DOUBLE_ROOM, value)
    return cython.cast(cython.p_char, out)[:length]


def count_digits(value: int) -> int:
    """Decimal digits of an unsigned 64-bit number."""
    return digits10(value)


def equal_nocase(data: bytes, lower: bytes) -> bool:
    """Tell whether the data is this text without capitals, blind to case."""
    return case_equal(data, len(data), lower, len(lower))
