"""Splitting, quoting, numbers: the text of configuration."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite.server.config import text


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        (b"", []),
        (b" \t ", []),
        (b"maxmemory 100mb", [b"maxmemory", b"100mb"]),
        (b"  save\t3600   1 \r\n", [b"save", b"3600", b"1"]),
        (b'a ""', [b"a", b""]),
        (b"a ''", [b"a", b""]),
        (b'a "b c" d', [b"a", b"b c", b"d"]),
        (b"a 'b c' d", [b"a", b"b c", b"d"]),
        (rb'"\n\r\t\b\a\\\"\q"', [b'\n\r\t\b\a\\"q']),
        (rb'"\x41\xff\xF0\x4"', [b"A\xff\xf0x4"]),
        (rb"'\n \x41 \'q\' \\ '", [rb"\n \x41 'q' \\ "]),
        (b'a"b c"', [b"ab c"]),
        (b"a'b c' d", [b"ab c", b"d"]),
        (rb"C:\dir\file", [rb"C:\dir\file"]),
        (b"# no comment here", [b"#", b"no", b"comment", b"here"]),
        (b"a\x0bb \x0cc", [b"a\x0bb", b"c"]),
    ],
)  # fmt: skip
def test_split(line, arguments):
    assert text.split_arguments(line) == arguments


@pytest.mark.parametrize(
    "line",
    [b'"', b"'", b'a "b', b"a 'b", b'"a"b', b"'a'b", b'"a""b"', rb"'a\'", rb'"a\"', b'"a\\', b'a"b"c', b"\"a' b"],
)
def test_split_refuses_unbalanced_quotes(line):
    with pytest.raises(ValueError, match="unbalanced"):
        text.split_arguments(line)


def test_split_takes_time_in_proportion():
    began = time.process_time()
    for line in (b'"' + b'\\"' * 500_000, b"'" + b"\\'" * 500_000, b"a" * 1_000_000 + b'"'):
        with pytest.raises(ValueError, match="unbalanced"):
            text.split_arguments(line)
    assert time.process_time() - began < 5


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_quoting_is_undone_by_splitting(arguments):
    assert text.split_arguments(b" ".join(map(text.quote, arguments))) == arguments
    assert text.split_arguments(b" ".join(map(text.quote_if_needed, arguments))) == arguments


@given(st.binary(max_size=60))
def test_quoted_text_is_one_line_of_printable_ascii(data):
    for quoted in (text.quote(data), text.quote_if_needed(data)):
        assert quoted
        assert all(0x20 <= byte < 0x7F for byte in quoted)
        assert not quoted.startswith(b"#")


@given(st.binary(max_size=60))
def test_values_hold_any_byte(data):
    assert text.encode(text.decode(data)) == data
    assert text.split_arguments(text.join_arguments([text.decode(data)])) == [data]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("0", 0),
        ("", 0),
        ("17", 17),
        ("17b", 17),
        ("1k", 1000),
        ("1K", 1000),
        ("1kb", 1024),
        ("3m", 3_000_000),
        ("3Mb", 3 * 1024**2),
        ("2g", 2_000_000_000),
        ("2GB", 2 * 1024**3),
        ("18446744073709551615", 2**64 - 1),
        ("18446744073709551616", 2**64),
        ("99999999999999gb", 99_999_999_999_999 * 1024**3),
    ],
)
def test_memory(written, value):
    assert text.parse_memory(written) == value


@pytest.mark.parametrize(
    "written",
    [
        "-1",
        "+1",
        "1q",
        "1 mb",
        " 1",
        "1mbb",
        "1.5gb",
        "1tb",
        "٣",
        "b1",
        "1_0",
    ],
)
def test_memory_refuses(written):
    with pytest.raises(ValueError, match="memory"):
        text.parse_memory(written)


@given(st.integers(0, 2**64 - 1))
def test_memory_is_written_so_that_it_reads_the_same(size_bytes):
    assert text.parse_memory(text.format_memory(size_bytes)) == size_bytes


def test_memory_is_written_in_the_largest_unit_that_divides():
    sizes = (0, 1, 1023, 1024, 1536, 3 * 1024**2, 1024**3, 1025 * 1024**2)
    assert [text.format_memory(size) for size in sizes] == ["0", "1", "1023", "1kb", "1536", "3mb", "1gb", "1025mb"]


@given(st.integers(-(2**63), 2**63 - 1))
def test_integer_reads_what_python_writes(value):
    assert text.parse_integer(str(value)) == value
    assert text.parse_c_integer(str(value)) == value


@pytest.mark.parametrize(
    "written", ["", "-", "+1", "01", "-0", " 1", "1 ", "1_0", "٣", "²", "0x10", str(2**63), "9" * 5000]
)
def test_integer_refuses(written):
    with pytest.raises(ValueError, match="integer"):
        text.parse_integer(written)


@pytest.mark.parametrize(("written", "value"), [("+5", 5), ("-007", -7), ("0", 0), ("-0", 0)])
def test_c_integer(written, value):
    assert text.parse_c_integer(written) == value


@pytest.mark.parametrize(
    "written", ["", "-", "+", "--1", " 1", "1 ", "1_0", "٣", str(2**63), "-" + str(2**63 + 1), "9" * 5000]
)
def test_c_integer_refuses(written):
    with pytest.raises(ValueError, match="integer"):
        text.parse_c_integer(written)
