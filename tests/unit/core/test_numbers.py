"""Numbers from text and to text: against models in plain Python, and against what Redis was seen to print."""

import math
import string
import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pyrite.core import numbers
from tests.models import numbers as model

integers = st.integers(-(2**65), 2**65)
near_limits = st.builds(
    lambda limit, distance, sign: sign * (limit + distance),
    st.sampled_from([0, 10, 10**18, 10**19, 2**31, 2**53, 2**63, 2**64]),
    st.integers(-12, 12),
    st.sampled_from([1, -1]),
)
prefixes = st.sampled_from(["", "+", "-", "0", "00", " ", "\t", "\n", "\v", "\f", "\r", " -", " +0", "--", "0x", "\0"])
suffixes = st.sampled_from(["", "", " ", "\n", "\0", ".", "a", "e", ".0"])
integer_texts = st.one_of(
    st.builds(lambda p, v, s: f"{p}{v}{s}".encode(), prefixes, integers | near_limits, suffixes),
    st.text("0123456789+- ", max_size=24).map(str.encode),
    st.binary(max_size=8),
)

bit_patterns = st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("d", struct.pack("Q", bits))[0])
doubles = st.one_of(
    st.floats(),
    bit_patterns,
    st.integers(-(2**64), 2**64).map(float),
    st.builds(lambda n, places: n / 10**places, st.integers(-(10**17), 10**17), st.integers(0, 22)),
    st.builds(lambda e, n: math.ldexp(n, e), st.integers(-1080, 1000), st.integers(-9, 9)),
)
decimal_texts = st.builds(
    lambda *parts: "".join(parts).encode(),
    st.sampled_from(["", "-", "+"]),
    st.text(string.digits, max_size=22),
    st.sampled_from(["", ".", ".0", "0."]),
    st.text(string.digits, max_size=22),
    st.sampled_from(
        ["", "e", "E-", "e+", "e1", "e5", "e-3", "E22", "e23", "e-22", "e-40", "e308", "e309", "e-330", "e00001"]
    ),
)
hexadecimal_texts = st.builds(
    lambda *parts: "".join(parts).encode(),
    st.sampled_from(["0x", "-0X", "+0x"]),
    st.text(string.hexdigits, max_size=18),
    st.sampled_from(["", "."]),
    st.text(string.hexdigits, max_size=4),
    st.sampled_from(["", "p3", "p-20", "P+1000", "p1024", "p-1100", "p"]),
)
words = [
    "inf",
    "-inf",
    "+Infinity",
    "INFINITY",
    "infinit",
    "nan",
    "-NaN",
    "nan(1)",
    ".",
    "e5",
    "",
    "-",
    "1e",
    "1.5.2",
    "0x",
]
float_texts = st.one_of(
    decimal_texts,
    hexadecimal_texts,
    doubles.map(lambda v: repr(v).encode()),
    st.sampled_from(words).map(str.encode),
    st.builds(lambda p, v, s: f"{p}{v}{s}".encode(), prefixes, st.floats(), suffixes),
    st.text("0123456789.eE+-xp infa", max_size=12).map(str.encode),
)

# As seen from Redis 7.2.6: ZADD of the number, then ZSCORE.
SEEN_SCORES = [
    (0.0, b"0"),
    (-0.0, b"-0"),
    (3.0, b"3"),
    (0.1, b"0.1"),
    (0.1 + 0.2, b"0.30000000000000004"),
    (1e-5, b"0.00001"),
    (1e-6, b"0.000001"),
    (1e-7, b"1e-7"),
    (1.5e-7, b"1.5e-7"),
    (1.234e-3, b"0.001234"),
    (1.2345678e-4, b"1.2345678e-4"),
    (1.2345678e-3, b"0.0012345678"),
    (1e17, b"100000000000000000"),
    (2.0**62, b"4611686018427387904"),
    (2.0**63, b"9223372036854776000"),
    (5e18, b"5e+18"),
    (1e21, b"1e+21"),
    (1e22, b"1e+22"),
    (1e23, b"99999999999999990000000"),
    (-1.7976931348623157e308, b"-1.7976931348623157e+308"),
    (2.2250738585072014e-308, b"2.2250738585072014e-308"),
    (5e-324, b"5e-324"),
    # Not the shortest texts, as Grisu2 gives now and then.
    (0.0506423798522035, b"0.050642379852203503"),
    (7.15046989035628, b"7.1504698903562796"),
    (707.194862426876, b"707.1948624268761"),
    (math.inf, b"inf"),
    (-math.inf, b"-inf"),
]


def same_float(a: float | None, b: float | None) -> bool:
    """Compare with sign of zero; None is only None."""
    return a is b or (a is not None and b is not None and struct.pack("d", a) == struct.pack("d", b))


@given(integer_texts)
def test_parse_integer(text: bytes) -> None:
    assert numbers.parse_integer(text) == model.parse_integer(text)


@given(integer_texts)
def test_parse_unsigned(text: bytes) -> None:
    assert numbers.parse_unsigned(text) == model.parse_unsigned(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"0", 0),
        (b"00", 0),
        (b"-0", 0),
        (b" +7", 7),
        (b"-1", None),
        (b"-01", 2**64 - 1),
        (b"18446744073709551615", 2**64 - 1),
        (b"18446744073709551616", None),
        (b"-9223372036854775808", None),
        (b"-9223372036854775809", 2**63 - 1),
        (b"", None),
        (b"+", None),
        (b"7 ", None),
    ],
)
def test_parse_unsigned_takes_what_strtoull_takes(text: bytes, value: int | None) -> None:
    assert numbers.parse_unsigned(text) == value


@given(st.integers(-(2**63), 2**64 - 1) | near_limits.filter(lambda v: -(2**63) <= v < 2**64))
def test_format_integer(value: int) -> None:
    assert numbers.format_integer(value) == b"%d" % value


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_survive_text(value: int) -> None:
    assert numbers.parse_integer(numbers.format_integer(value)) == value


def test_count_digits_at_each_power_of_ten() -> None:
    assert numbers.count_digits(0) == 1
    assert numbers.count_digits(2**64 - 1) == 20
    for power in range(1, 20):
        assert numbers.count_digits(10**power) == power + 1
        assert numbers.count_digits(10**power - 1) == power


@given(float_texts)
@example(b"9007199254740993")
@example(b"123456789012345678901234567890e-10")
@example(b"0x1.fffffffffffff8p1023")
@example(b"2.4703282292062327e-324")
@example(b"2.4703282292062328e-324")
@example(b"0e99999")
def test_parse_float(text: bytes) -> None:
    assert same_float(numbers.parse_float(text), model.parse_float(text))


@pytest.mark.parametrize("length", [500, 511, 512, 513, 5000, 100_000])
def test_parse_float_of_long_texts(length: int) -> None:
    assert numbers.parse_float(b"0" * (length - 3) + b"2.5") == 2.5
    assert numbers.parse_float(b"0." + b"0" * (length - 3) + b"1") == model.parse_float(
        b"0." + b"0" * (length - 3) + b"1"
    )
    assert numbers.parse_float(b"1" * (length - 1) + b"x") is None


@pytest.mark.parametrize("text", [b"1\0", b"1\x002", b"\0", b"0.30000000000000004\0", b"9" * 30 + b"\0", b"1.5 "])
def test_parse_float_reads_past_no_nul(text: bytes) -> None:
    assert numbers.parse_float(text) is None


@given(doubles)
def test_format_float(value: float) -> None:
    assert numbers.format_float(value) == model.format_float(value)
    assert numbers.format_float(value, whole=False) == model.format_float(value, whole=False)


@given(doubles)
def test_floats_survive_text(value: float) -> None:
    text = numbers.format_float(value)
    assert len(text) <= 25
    assert math.isnan(value) or same_float(numbers.parse_float(text), value)


@pytest.mark.parametrize(("value", "text"), SEEN_SCORES)
def test_format_float_prints_what_redis_prints(value: float, text: bytes) -> None:
    assert numbers.format_float(value) == text


long_double_texts = st.builds(
    lambda sign, whole, places: f"{sign}{whole}{places}".encode(),
    st.sampled_from(["", "-"]),
    st.integers(0, 10**18),
    st.text(string.digits, min_size=1, max_size=20).map(lambda digits: "." + digits) | st.just(""),
)


@given(long_double_texts, long_double_texts)
@example(b"0.1", b"-0.1")
@example(b"-0", b"-0")
@example(b"3.0", b"1.000000000000000005")
@example(b"0.000000000000000001", b"-0.000000000000000002")
def test_add_long_doubles(a: bytes, b: bytes) -> None:
    assert numbers.add_long_doubles(a, b) == model.add_long_doubles(a, b)


@pytest.mark.parametrize(
    ("a", "b", "total"),
    [
        (b"5.0e3", b"200", b"5200"),
        (b"10.50", b"0.1", b"10.6"),
        (b"1", b"1.1", b"2.1"),
        (b"17179869184", b"1.5", b"17179869185.5"),
        (b"-1.1", b"1.1", b"0"),
        (b"inf", b"1", b"inf"),
        (b"-inf", b"1", b"-inf"),
        (b"inf", b"-inf", b"nan"),
        (b"0x10", b"0", b"16"),
        (b"nan", b"1", None),
        (b" 1", b"1", None),
        (b"1", b"1 ", None),
        (b"1e5000", b"1", None),
        (b"1e-5000", b"1", None),
        (b"", b"1", None),
        (b"1\0", b"1", None),
        (b"0" * 5118 + b"1", b"1", b"2"),
        (b"0" * 5119 + b"1", b"1", None),
    ],
)
def test_add_long_doubles_at_the_edges(a: bytes, b: bytes, total: bytes | None) -> None:
    assert numbers.add_long_doubles(a, b) == total


def test_the_largest_long_double_has_room() -> None:
    assert len(numbers.add_long_doubles(b"1.18973149535723176e4932", b"0") or b"") == 4933


@given(st.text(string.ascii_letters + string.digits + "-", max_size=12), st.text(string.ascii_lowercase, max_size=6))
def test_equal_nocase(text: str, other: str) -> None:
    assert numbers.equal_nocase(text.encode(), text.lower().encode())
    assert numbers.equal_nocase(text.encode(), other.encode()) == (text.lower() == other)


def test_equal_nocase_folds_letters_only() -> None:
    for byte in range(256):
        for small in range(256):
            if not 65 <= small <= 90:
                data = bytes([byte])
                assert numbers.equal_nocase(data, bytes([small])) == (data.lower() == bytes([small]))
