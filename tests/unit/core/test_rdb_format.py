"""The parts of the RDB format: what is written is read back, and bytes that lie are found out."""

import math
import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pyrite.core.lzf import compress
from pyrite.core.memory import used_memory
from pyrite.core.rdb_format import Reader, Writer, footer_version, with_footer
from tests.models import rdb as model

GOOD, BAD = 0, 1
EDGES = [0, 63, 64, 16383, 16384, 2**32 - 1, 2**32, 2**64 - 1]
numbers = st.sampled_from(EDGES) | st.integers(0, 2**64 - 1)
integers = st.integers(-(2**63), 2**63 - 1) | st.sampled_from(
    [edge + step for power in (7, 15, 31) for edge in (2**power, -(2**power)) for step in (-1, 0, 1)]
)
texts = (
    st.binary(max_size=80)
    | integers.map(lambda v: b"%d" % v)
    | st.builds(lambda data, times: data * times, st.binary(min_size=1, max_size=9), st.integers(1, 400))
    | st.sampled_from([b"", b"-0", b"007", b"+1", b"a" * 20, b"a" * 21, b"12345678901", b"-2147483649"])
)


@given(numbers)
def test_length_round_trip(n):
    writer = Writer()
    writer.length(n)
    assert writer.data == model.length(n)
    reader = Reader(writer.data)
    assert (reader.length(), reader.problem, reader.left) == (n, GOOD, 0)


@given(texts, st.booleans())
def test_text_round_trip(data, compressing):
    writer = Writer(compressing)
    writer.text(data)
    assert model.read_text(writer.data) == (data, b"")
    reader = Reader(writer.data)
    assert (reader.text(), reader.problem, reader.left) == (data, GOOD, 0)
    if not compressing and writer.data[0] < 0xC0:
        assert writer.data == model.text(data)


@pytest.mark.parametrize(
    ("data", "head"),
    [
        (b"127", 0xC0),
        (b"-128", 0xC0),
        (b"128", 0xC1),
        (b"-32768", 0xC1),
        (b"32768", 0xC2),
        (b"-2147483648", 0xC2),
        (b"2147483648", 10),
        (b"007", 3),
        (b"a" * 20, 20),
        (b"a" * 21, 0xC3),
        (bytes(range(40)), 40),
    ],
)
def test_a_text_takes_the_smallest_form(data, head):
    writer = Writer()
    writer.text(data)
    assert writer.data[0] == head
    if head in (0xC0, 0xC1, 0xC2):
        assert writer.data == model.integer(int(data))


@given(integers | texts)
def test_an_element_is_written_as_its_text(value):
    writer, other = Writer(), Writer()
    writer.element(value)
    other.text(b"%d" % value if isinstance(value, int) else value)
    assert writer.data == other.data


def test_a_compressed_text_is_written_as_it_is():
    data = b"pyrite " * 300
    stream = compress(data)
    writer = Writer()
    writer.compressed(stream, len(data))
    assert writer.data == model.compressed(stream, len(data))
    assert Reader(writer.data).text() == data


@given(
    st.floats(allow_nan=False),
    st.integers(-(2**63), 2**63 - 1),
    st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1)),
)
def test_fixed_parts_round_trip(v, ms, identity):
    writer = Writer()
    writer.double(v)
    writer.ms(ms)
    writer.id(*identity)
    assert writer.data == model.double(v) + model.ms(ms) + model.stream_id(*identity)
    reader = Reader(writer.data)
    assert (reader.double(), reader.ms(), reader.id(), reader.left) == (v, ms, identity, 0)


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3.0), ("-1.5", -1.5), ("17.000000000000004", 17.000000000000004), ("4.9406564584124654e-324", 5e-324)],
)
def test_old_doubles(text, value):
    assert Reader(model.old_double(text)).text_double() == value


def test_old_doubles_without_a_text():
    assert Reader(model.old_double("inf")).text_double() == math.inf
    assert Reader(model.old_double("-inf")).text_double() == -math.inf
    assert math.isnan(Reader(model.old_double("nan")).text_double())


@pytest.mark.parametrize("data", [b"", b"\x03", b"\x031.", b"\x00", b"\x03abc", b"\x04 1.5", b"\x02\x00\x00"])
def test_old_doubles_that_are_none(data):
    reader = Reader(data)
    reader.text_double()
    assert reader.problem == BAD


# What lies


@given(st.binary(max_size=60))
@example(b"\x81" + b"\xff" * 8)
@example(b"\xc3\x80\xff\xff\xff\xff\x80\xff\xff\xff\xff")
@example(b"\xc3\x03\x81\x7f\xff\xff\xff\xff\xff\xff\xff\x00ab")
@example(b"\xc3\x00\x00")
@example(b"\xc4\x00")
def test_any_bytes_are_a_text_or_are_not(data):
    before = used_memory()
    reader = Reader(data)
    found = reader.text()
    try:
        expected, rest = model.read_text(data)
    except ValueError:
        assert (found, reader.problem) == (None, BAD)
    else:
        assert (found, reader.problem, reader.left) == (expected, GOOD, len(rest))
    assert used_memory() == before


@pytest.mark.parametrize("data", [b"", b"\x40", b"\x80\0\0\0", b"\x81" + b"\0" * 7, b"\x82" * 9, b"\xc0\x01"])
def test_lengths_that_are_none(data):
    reader = Reader(data)
    assert (reader.length(), reader.problem) == (0, BAD)


def test_a_compressed_text_may_not_promise_more_than_its_bytes_can_hold():
    stream = compress(b"x" * 100_000)
    assert Reader(model.compressed(stream, 100_000)).text() == b"x" * 100_000
    for lie in (0, 1, 99_999, 100_001, 89 * len(stream), 2**40, 2**63, 2**64 - 1):
        reader = Reader(model.compressed(stream, lie))
        assert (reader.text(), reader.problem) == (None, BAD)


def test_a_count_is_held_against_what_is_left():
    assert Reader(model.length(5) + b"x" * 10).count(2) == 5
    for n in (6, 2**32, 2**64 - 1):
        reader = Reader(model.length(n) + b"x" * 10)
        assert (reader.count(2), reader.problem) == (0, BAD)


def test_after_a_problem_nothing_more_is_read():
    reader = Reader(b"\x3fabc" + b"\x01" * 20)
    assert reader.text() is None
    assert (reader.length(), reader.double(), reader.ms(), reader.id(), reader.text()) == (0, 0, 0, (0, 0), None)
    assert (reader.problem, reader.left) == (BAD, 0)


# Footers, and sinks


@given(st.binary(max_size=100), st.integers(0, 12))
def test_footer(value, version):
    data = with_footer(value, version)
    assert data == model.payload(value, version)
    assert footer_version(data) == version


@pytest.mark.parametrize("version", [13, 256 + 11, 65535])
def test_a_version_of_the_future_is_refused(version):
    assert footer_version(model.payload(b"\x00\x01a", version)) == -1


def test_a_footer_holds_for_its_bytes_alone():
    data = model.payload(b"\x00\x05hello")
    for i in range(len(data)):
        assert footer_version(data[:i] + bytes([data[i] ^ 1]) + data[i + 1 :]) == -1
        assert footer_version(data[:i]) == -1


def test_a_sink_gets_all_in_order():
    writer, whole = Writer(False, 100), Writer(False)
    for w in (writer, whole):
        for n in range(60):
            w.text(b"%03d!" % n)
    assert writer.flush()
    assert b"".join(writer.collected()) == whole.data
    assert len(writer.collected()) > 1
    assert writer.data == b""


def test_a_sink_that_fails_ends_the_writing():
    writer = Writer(False, 10)
    for _ in range(100):
        writer.text(b"x" * 30)
    assert not writer.flush()
    assert len(writer.collected()) == 3


def test_a_writer_grows_to_any_size():
    writer = Writer(False)
    for n in (1, 1000, 1_000_000):
        writer.text(b"y" * n)
    assert len(writer.data) == 2 + 1002 + 1_000_005
    assert struct.unpack(">I", writer.data[1005:1009]) == (1_000_000,)
