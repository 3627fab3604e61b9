"""Numbers from text and to text in plain Python, by rules written down, not by speed.

Doubles to text follow Loitsch's Grisu2 with Python's unbounded integers; long doubles are fractions rounded to as many
bits as the machine's long double has.
"""

import math
import platform
import re
from fractions import Fraction

STRICT_INTEGER = re.compile(rb"-?[1-9][0-9]*|0")
LOOSE_INTEGER = re.compile(rb"[ \t-\r]*([-+]?)([0-9]+)")
DECIMAL = re.compile(rb"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
HEXADECIMAL = re.compile(rb"[-+]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)(?:[pP][-+]?[0-9]+)?")
INFINITE = re.compile(rb"[-+]?inf(?:inity)?", re.IGNORECASE)

# Bits of precision of a long double: the x87's, or IEEE's quadruple.
LONG_DOUBLE_BITS = 64 if platform.machine() in {"x86_64", "i686"} else 113


def parse_integer(text: bytes) -> int | None:
    """A signed 64-bit integer written as it is printed."""
    if not STRICT_INTEGER.fullmatch(text):
        return None
    value = int(text)
    return value if -(2**63) <= value < 2**63 else None


def parse_unsigned(text: bytes) -> int | None:
    """What is strictly a signed integer must not be negative; anything else is C's strtoull of the whole text."""
    strict = parse_integer(text)
    if strict is not None:
        return strict if strict >= 0 else None
    match = LOOSE_INTEGER.fullmatch(text)
    if match is None or int(match[2]) >= 2**64:
        return None
    return int(match[1] + match[2]) % 2**64


def parse_float(text: bytes) -> float | None:
    """C's strtod of the whole text; neither overflow nor underflow to zero is a number."""
    if INFINITE.fullmatch(text):
        return float(text)
    try:
        if DECIMAL.fullmatch(text):
            value = float(text)
        elif HEXADECIMAL.fullmatch(text):
            value = float.fromhex(text.decode())
        else:
            return None
    except OverflowError:
        return None
    mantissa = re.split(rb"[pP]" if b"x" in text.lower() else rb"[eE]", text.lower().replace(b"0x", b""))[0]
    is_zero = not mantissa.strip(b"+-0.")
    return None if value in (float("inf"), float("-inf")) or (value == 0 and not is_zero) else value


def _nearest(value: Fraction) -> int:
    """Round half up."""
    return (value + Fraction(1, 2)).__floor__()


def _cached_power(binary_exponent: int) -> tuple[int, int, int]:
    """The fraction, binary exponent and decimal exponent of the cached power for a number of this binary exponent."""
    for decimal_exponent in range(-348, 341, 8):
        power = Fraction(10) ** decimal_exponent
        exponent = (power.numerator.bit_length() - power.denominator.bit_length()) - 64
        if power / Fraction(2) ** exponent >= 2**64:
            exponent += 1
        fraction = _nearest(power / Fraction(2) ** exponent)
        if binary_exponent + exponent + 64 >= -60:
            return fraction, exponent, decimal_exponent
    raise AssertionError("no double needs a larger power")


def grisu2(value: float) -> tuple[int, int]:
    """Digits, as an integer, and the power of ten that they are multiplied with, of a positive double."""
    mantissa, denominator = value.as_integer_ratio()
    exponent = 1 - denominator.bit_length()
    while mantissa >= 2**53:
        mantissa, exponent = mantissa // 2, exponent + 1
    while mantissa < 2**52 and exponent > -1074:
        mantissa, exponent = mantissa * 2, exponent - 1
    shift = 64 - mantissa.bit_length()
    near = mantissa == 2**52
    quarters = (4 * mantissa - (1 if near else 2), 4 * mantissa, 4 * mantissa + 2)
    power, power_exponent, decimal_exponent = _cached_power(exponent - shift)
    low, exact, high = (_nearest(Fraction(q * 2**shift * power, 4 * 2**64)) for q in quarters)
    low, high = low + 1, high - 1
    one = 2 ** -(exponent - shift + power_exponent + 64)
    # The longest step of ten, from 10**9 down, that lets the upper end be cut off inside the interval.
    for places in range(9, -30, -1):
        unit = Fraction(10) ** places * one
        rest = high % unit
        inside = rest <= high - low if places >= 0 else rest < high - low
        if inside and high >= unit:
            break
    digits = int((high - rest) / unit)
    while rest < high - exact and high - low - rest >= unit:
        if rest + unit >= high - exact and high - exact - rest <= rest + unit - (high - exact):
            break
        digits, rest = digits - 1, rest + unit
    return digits, places - decimal_exponent


def format_float(value: float, whole: bool = True) -> bytes:
    """A double as Redis 7.2 and later print it."""
    if math.isnan(value):
        return b"nan"
    text = f"{value!r}".encode()
    sign, size = (b"-" if text.startswith(b"-") else b""), abs(value)
    if size in (0, float("inf")):
        return sign + (b"0" if size == 0 else b"inf")
    if whole and size <= 2**62 and size == int(size):
        return sign + b"%d" % int(size)
    number, exponent = grisu2(size)
    digits = b"%d" % number
    before = len(digits) + exponent
    if 0 <= exponent < 8:
        return sign + digits + b"0" * exponent
    if -7 < exponent < 0 or (exponent < 0 and -3 < before < 5):
        padded = digits.rjust(1 - exponent, b"0")
        return sign + padded[:exponent] + b"." + padded[exponent:]
    return sign + digits[:1] + (b"." + digits[1:] if digits[1:] else b"") + b"e%+d" % (before - 1)


def long_double(value: Fraction) -> Fraction:
    """The nearest long double, ties to even; only for values in the range of normal ones."""
    if value == 0:
        return value
    exponent = value.numerator.bit_length() - value.denominator.bit_length() - LONG_DOUBLE_BITS
    while abs(value) / Fraction(2) ** exponent >= 2**LONG_DOUBLE_BITS:
        exponent += 1
    return round(value / Fraction(2) ** exponent) * Fraction(2) ** exponent


def add_long_doubles(a: bytes, b: bytes) -> bytes:
    """The sum of two decimal texts as INCRBYFLOAT shows it: at most 17 places behind the point."""
    total = long_double(long_double(Fraction(a.decode())) + long_double(Fraction(b.decode())))
    places = round(abs(total) * 10**17)
    text = f"{places // 10**17}.{places % 10**17:017}".rstrip("0").rstrip(".")
    return b"%b%b" % (b"-" if total < 0 and text != "0" else b"", text.encode())
