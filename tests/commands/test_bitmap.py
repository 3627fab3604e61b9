"""The bitmap commands: replies, errors in the order in which they are found, growth, encodings, events."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.loopless import LooplessClient, LooplessServer
from tests.models import bits as model
from tests.support import Argument, ErrorReply, Server, encode_command

MAX = 2**63 - 1
MIN = -(2**63)
SYNTAX = ErrorReply(b"ERR syntax error")
NOT_INTEGER = ErrorReply(b"ERR value is not an integer or out of range")
BIT_OFFSET = ErrorReply(b"ERR bit offset is not an integer or out of range")
BIT_VALUE = ErrorReply(b"ERR bit is not an integer or out of range")
BIT_ARGUMENT = ErrorReply(b"ERR The bit argument must be 1 or 0.")
FIELD_TYPE = ErrorReply(
    b"ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."
)
FIELD_OVERFLOW = ErrorReply(b"ERR Invalid OVERFLOW type specified")
# One server for all examples of a test: each writes its keys anew.
shared_server = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
data = st.binary(max_size=40) | st.integers(MIN, MAX).map(lambda number: b"%d" % number)


def encoding(server: Server, key: Argument = "k") -> object:
    return server.call("OBJECT", "ENCODING", key)


# SETBIT and GETBIT


def test_a_bit_is_set_and_cleared(server: Server) -> None:
    assert server.call("SETBIT", "k", 1, 1) == 0
    assert server.call("GET", "k") == b"\x40"
    assert server.call("SETBIT", "k", 1, 0) == 1
    assert server.call("SETBIT", "k", 1, 0) == 0
    assert server.call("GET", "k") == b"\0"
    assert encoding(server) == b"raw"


@pytest.mark.parametrize("offset", [0, 7, 8, 16383, 16384, 8 * 2048 - 1, 8 * 2048, 8 * 2049, 8 * 100_000 + 3])
def test_a_string_grows_with_zeros_up_to_the_bit(server: Server, offset: int) -> None:
    server.call("SET", "k", "ab")
    before = server.call("GETBIT", "k", offset)
    assert server.call("SETBIT", "k", offset, 1) == before
    grown = max(offset // 8 + 1, 2)
    expected = model.set_bit(b"ab".ljust(grown, b"\0"), offset, 1)[1] if grown < 5000 else None
    value = server.call("GET", "k")
    assert isinstance(value, bytes)
    assert len(value) == grown
    assert expected is None or value == expected
    assert server.call("GETBIT", "k", offset) == 1


@pytest.mark.parametrize("value", [b"1234", b"-9223372036854775808", b"text", b"x" * 44, b"x" * 45, b"x" * 5000])
def test_a_bit_of_any_encoding(server: Server, value: bytes) -> None:
    server.call("SET", "k", value, "PX", 100_000)
    assert server.call("GETBIT", "k", 9) == value[1] >> 6 & 1
    assert server.call("SETBIT", "k", 7, 0) == value[0] & 1
    assert server.call("GET", "k") == bytes([value[0] & 0xFE]) + value[1:]
    assert encoding(server) == b"raw"
    assert 99_000 < server.call("PTTL", "k") <= 100_000  # type: ignore[operator]


def test_setbit_makes_a_string_raw_even_where_no_bit_changes(server: Server) -> None:
    server.call("SET", "k", "ab")
    assert server.call("SETBIT", "k", 1, 1) == 1
    assert encoding(server) == b"raw"


def test_bits_outside_are_zero(server: Server) -> None:
    server.call("SET", "k", b"\xff")
    assert [server.call("GETBIT", "k", offset) for offset in (7, 8, 100_000)] == [1, 0, 0]
    assert server.call("GETBIT", "none", 5) == 0
    assert server.call("EXISTS", "none") == 0


@pytest.mark.parametrize("offset", [-1, "x", "", " 1", "01", "+1", "#1", "1.0", 2**32, 2**63, MIN])
def test_offsets_that_no_bit_can_have(server: Server, offset: Argument) -> None:
    assert server.call("SETBIT", "k", offset, 1) == BIT_OFFSET
    assert server.call("GETBIT", "k", offset) == BIT_OFFSET
    # The offset is looked at before the bit.
    assert server.call("SETBIT", "k", offset, "x") == BIT_OFFSET


@pytest.mark.parametrize("bit", [2, -1, "x", "", 2**64, "00"])
def test_bits_that_are_none(server: Server, bit: Argument) -> None:
    assert server.call("SETBIT", "k", 0, bit) == BIT_VALUE
    assert server.call("EXISTS", "k") == 0


def test_the_largest_string_bounds_all_offsets(server: Server) -> None:
    with server.config(proto_max_bulk_len=1024 * 1024):
        last = 8 * 1024 * 1024 - 1
        assert server.call("SETBIT", "k", last + 1, 1) == BIT_OFFSET
        assert server.call("GETBIT", "k", last + 1) == BIT_OFFSET
        assert server.call("BITFIELD", "k", "SET", "u8", last + 1, 1) == BIT_OFFSET
        assert server.call("BITFIELD", "k", "GET", "u8", f"#{(last + 1) // 8}") == BIT_OFFSET
        assert server.call("SETBIT", "k", last, 1) == 0
        assert server.call("STRLEN", "k") == 1024 * 1024
        # A field may begin at the last bit and end past it, as in Redis.
        assert server.call("BITFIELD", "k", "SET", "u8", last, 1) == [128]
        assert server.call("STRLEN", "k") == 1024 * 1024 + 1


@shared_server
@given(data, st.lists(st.tuples(st.integers(0, 400), st.integers(0, 1)), max_size=10))
def test_setbit_as_the_model(server: Server, value: bytes, changes: list[tuple[int, int]]) -> None:
    """Any series of bits set in any string."""
    server.call("SET", "k", value)
    for offset, bit in changes:
        value = value.ljust(offset // 8 + 1, b"\0")
        old, value = model.set_bit(value, offset, bit)
        assert server.call("SETBIT", "k", offset, bit) == old
    assert server.call("GET", "k") == value


# BITCOUNT and BITPOS


def clamp(total: int, start: int, end: int) -> tuple[int, int]:
    """Return a range with both ends inclusive, negative ones counted from the end, as a half-open one."""
    start, end = (max(index + total, 0) if index < 0 else index for index in (start, end))
    return start, min(end, total - 1) + 1


@shared_server
@given(data, st.integers(-400, 400), st.integers(-400, 400), st.sampled_from(["BIT", "BYTE", "bit", "byte", ""]))
def test_bitcount_as_the_model(server: Server, value: bytes, start: int, end: int, unit: str) -> None:
    """Any range of any string."""
    server.call("SET", "k", value)
    size = 1 if unit.lower() == "bit" else 8
    first, stop = clamp(8 * len(value) // size, start, end)
    # Of two negative ends in the wrong order not even a string shorter than both has anything.
    expected = 0 if 0 > start > end else model.count(value, first * size, stop * size)
    assert server.call("BITCOUNT", "k", start, end, *[unit] * bool(unit)) == expected
    assert server.call("BITCOUNT", "k") == model.count(value, 0, 8 * len(value))


@shared_server
@given(
    data.filter(len) | st.sampled_from([b"\xff", b"\0"]).map(lambda byte: byte * 70),
    st.integers(0, 1),
    st.integers(-600, 600),
    st.integers(-600, 600),
    st.sampled_from(["BIT", "BYTE", ""]),
)
def test_bitpos_as_the_model(server: Server, value: bytes, bit: int, start: int, end: int, unit: str) -> None:
    """Any range of any string."""
    server.call("SET", "k", value)
    size = 1 if unit == "BIT" else 8
    first, stop = clamp(8 * len(value) // size, start, end)
    expected = model.find(value, bit, first * size, stop * size) if first < stop else -1
    assert server.call("BITPOS", "k", bit, start, end, *[unit] * bool(unit)) == expected
    # Without an end, zeros follow the string, unless the range is empty.
    first, stop = clamp(len(value), start, -1)
    expected = model.find(value, bit, 8 * first, 8 * stop)
    if expected < 0 and not bit and first < stop:
        expected = 8 * len(value)
    assert server.call("BITPOS", "k", bit, start) == expected


def test_a_missing_key_is_an_endless_row_of_zeros(server: Server) -> None:
    assert server.call("BITCOUNT", "none") == 0
    assert server.call("BITCOUNT", "none", 0, -1, "BIT") == 0
    assert server.call("BITPOS", "none", 1) == -1
    assert server.call("BITPOS", "none", 0) == 0
    assert server.call("BITPOS", "none", 0, 5, 7, "BIT") == 0


def test_an_empty_string_has_neither_bit(server: Server) -> None:
    server.call("SET", "k", "")
    assert [server.call("BITPOS", "k", bit) for bit in (0, 1)] == [-1, -1]
    assert server.call("BITCOUNT", "k", 0, -1) == 0


def test_ranges_at_the_ends_of_the_integers(server: Server) -> None:
    server.call("SET", "k", b"\x0f" * 100)
    for unit in ("BIT", "BYTE"):
        assert server.call("BITCOUNT", "k", MIN, MAX, unit) == 400
        assert server.call("BITCOUNT", "k", MAX, MAX, unit) == 0
        assert server.call("BITCOUNT", "k", MAX, MIN, unit) == 0
        assert server.call("BITPOS", "k", 1, MIN, MAX, unit) == 4
        assert server.call("BITPOS", "k", 0, MAX, MAX, unit) == -1
        assert server.call("BITPOS", "k", 0, MIN, MIN, unit) == 0


@pytest.mark.parametrize("exists", [False, True])
def test_arguments_are_looked_at_before_the_key(server: Server, exists: bool) -> None:
    if exists:
        server.call("SET", "k", "abc")
    assert server.call("BITCOUNT", "k", 0) == SYNTAX
    assert server.call("BITCOUNT", "k", "x") == SYNTAX
    assert server.call("BITCOUNT", "k", 0, 1, "BITS") == SYNTAX
    assert server.call("BITCOUNT", "k", 0, 1, "BIT", 1) == SYNTAX
    assert server.call("BITCOUNT", "k", "x", 1, "BITS") == NOT_INTEGER
    assert server.call("BITCOUNT", "k", 0, 2**63) == NOT_INTEGER
    assert server.call("BITPOS", "k", "x", "y") == NOT_INTEGER
    assert server.call("BITPOS", "k", 2, "x") == BIT_ARGUMENT
    assert server.call("BITPOS", "k", -1) == BIT_ARGUMENT
    assert server.call("BITPOS", "k", 0, "x") == NOT_INTEGER
    assert server.call("BITPOS", "k", 0, "x", 1, "BITS") == NOT_INTEGER
    # The unit is looked at between the start and the end.
    assert server.call("BITPOS", "k", 0, 0, "x", "BITS") == SYNTAX
    assert server.call("BITPOS", "k", 0, 0, "x", "BIT") == NOT_INTEGER
    assert server.call("BITPOS", "k", 0, "x", 1, "BIT", 1) == SYNTAX


# BITOP


@shared_server
@given(st.sampled_from(["AND", "or", "Xor"]), st.lists(data | st.none(), min_size=1, max_size=6), st.integers(0, 5))
def test_bitop_as_the_model(server: Server, operation: str, values: list[bytes | None], target: int) -> None:
    """Strings of different lengths, some missing, stored in a key that may be one of them."""
    names = [f"s{i}" for i in range(len(values))]
    server.call("DEL", "target", *names)
    for name, value in zip(names, values, strict=True):
        if value is not None:
            server.call("SET", name, value)
    destination = names[target] if target < len(names) else "target"
    expected = model.combine(operation.upper(), [value or b"" for value in values])
    assert server.call("BITOP", operation, destination, *names) == len(expected)
    assert server.call("GET", destination) == (expected or None)


@pytest.mark.parametrize("size", [1, 44, 45, 2048, 2049, 100_000])
def test_bitop_of_any_size(server: Server, size: int) -> None:
    values = [random.Random(size + i).randbytes(size - i * size // 3) for i in range(3)]
    for i, value in enumerate(values):
        server.call("SET", i, value)
    numbers = [int.from_bytes(value.ljust(size, b"\0"), "big") for value in values]
    assert server.call("BITOP", "XOR", "k", 0, 1, 2) == size
    assert server.call("GET", "k") == (numbers[0] ^ numbers[1] ^ numbers[2]).to_bytes(size, "big")
    assert server.call("BITOP", "NOT", "0", "0") == size
    assert server.call("GET", "0") == bytes(255 - byte for byte in values[0])
    assert [encoding(server, key) for key in ("k", "0")] == [b"raw", b"raw"]


def test_bitop_of_integers(server: Server) -> None:
    server.call("MSET", "a", 123, "b", 21)
    assert server.call("BITOP", "AND", "k", "a", "b") == 3
    assert server.call("GET", "k") == b"00\0"


def test_bitop_of_many_keys(server: Server) -> None:
    for i in range(300):
        server.call("SETBIT", f"s{i}", i, 1)
    assert server.call("BITOP", "OR", "k", *(f"s{i}" for i in range(300))) == 38
    assert server.call("BITCOUNT", "k") == 300


def test_bitop_writes_over_what_was_there(server: Server) -> None:
    server.call("SET", "k", "old", "EX", 100)
    server.call("SET", "s", "x")
    assert server.call("BITOP", "AND", "k", "s") == 1
    assert server.call("TTL", "k") == -1
    assert server.call("BITOP", "AND", "k", "none", "nothing") == 0
    assert server.call("EXISTS", "k") == 0
    assert server.call("BITOP", "NOT", "k", "none") == 0


def test_what_bitop_refuses(server: Server) -> None:
    one_source = ErrorReply(b"ERR BITOP NOT must be called with a single source key.")
    assert server.call("BITOP", "NAND", "k", "s") == SYNTAX
    assert server.call("BITOP", "", "k", "s") == SYNTAX
    assert server.call("BITOP", "NOT", "k", "s", "t") == one_source


# BITFIELD


def test_fields_are_set_read_and_incremented_in_turn(server: Server) -> None:
    assert server.call(
        "BITFIELD", "k", "SET", "u8", 0, 255, "GET", "i8", 0, "INCRBY", "u4", 4, 1, "get", "u8", "#0"
    ) == [
        0,
        -1,
        0,
        240,
    ]
    assert encoding(server) == b"raw"


def test_a_field_by_its_number(server: Server) -> None:
    assert server.call("BITFIELD", "k", "SET", "u12", "#2", 0xABC) == [0]
    assert server.call("GET", "k") == b"\0\0\0\xab\xc0"


def test_a_string_grows_for_the_last_field_once(server: Server) -> None:
    server.call("BITFIELD", "k", "SET", "u8", 0, 1, "SET", "u3", 77, 1, "GET", "u8", 10_000)
    assert server.call("STRLEN", "k") == 10


def test_overflow_applies_to_what_follows(server: Server) -> None:
    server.call("SET", "k", b"\xff\xff")
    reply = server.call(
        "BITFIELD", "k", "INCRBY", "u8", 0, 2, "OVERFLOW", "SAT", "INCRBY", "u8", 8, 2, "INCRBY", "u8", 0, -9,
        "OVERFLOW", "FAIL", "INCRBY", "u8", 0, -1, "INCRBY", "u8", 8, -1, "OVERFLOW", "wrap", "SET", "i4", 0, 9,
    )  # fmt: skip
    assert reply == [1, 255, 0, None, 254, 0]
    assert server.call("GET", "k") == b"\x90\xfe"


@pytest.mark.parametrize("resp", [2, 3])
def test_a_refused_overflow_is_a_null(server: Server, resp: int) -> None:
    with server.connect(resp=resp) as client:
        raw = client.call_raw("BITFIELD", "k", "OVERFLOW", "FAIL", "SET", "u1", 0, 2, "GET", "u1", 0)
    assert raw == b"*2\r\n" + {2: b"$-1", 3: b"_"}[resp] + b"\r\n:0\r\n"
    # The string has grown all the same.
    assert server.call("STRLEN", "k") == 1


def test_values_far_outside_of_a_field(server: Server) -> None:
    """Redis takes a value so low that its distance overflows for one that is too high."""
    assert server.call("BITFIELD", "k", "OVERFLOW", "SAT", "SET", "u8", 0, -1, "GET", "u8", 0) == [0, 255]
    assert server.call("BITFIELD", "k", "OVERFLOW", "SAT", "SET", "i8", 0, -1000, "GET", "i8", 0) == [-1, -128]
    assert server.call("BITFIELD", "k", "OVERFLOW", "SAT", "SET", "i8", 0, MIN, "GET", "i8", 0) == [-128, 127]
    assert server.call("BITFIELD", "k", "OVERFLOW", "SAT", "SET", "i64", 0, MIN, "GET", "i64", 0)[1] == MIN  # type: ignore[index]
    assert server.call("BITFIELD", "k", "SET", "u63", 1, MAX, "GET", "u63", 1)[1] == MAX  # type: ignore[index]


@pytest.mark.parametrize(
    "field", ["u64", "i65", "u0", "i0", "u", "i", "", "8", "I8", "u08", "i-1", "u8 ", "x8", "u99999999999"]
)
def test_types_that_are_none(server: Server, field: str) -> None:
    assert server.call("BITFIELD", "k", "GET", field, 0) == FIELD_TYPE
    # The type is looked at before the offset, and that before the value.
    assert server.call("BITFIELD", "k", "SET", field, "x", "y") == FIELD_TYPE


@pytest.mark.parametrize(
    "offset", ["", "#", "x", "#x", "##1", "-1", "#-1", 2**32, MAX, f"#{MAX}", f"#{2**60}", f"#{2**61}"]
)
def test_offsets_that_no_field_can_have(server: Server, offset: Argument) -> None:
    assert server.call("BITFIELD", "k", "GET", "u8", offset) == BIT_OFFSET
    assert server.call("BITFIELD", "k", "SET", "u8", offset, "y") == BIT_OFFSET


@pytest.mark.parametrize("command", ["BITFIELD", "BITFIELD_RO"])
def test_what_a_list_of_operations_refuses(server: Server, command: str) -> None:
    assert server.call(command, "k", "GET", "u8") == SYNTAX
    assert server.call(command, "k", "SET", "u8", 0) == SYNTAX
    assert server.call(command, "k", "INCRBY", "u8", 0) == SYNTAX
    assert server.call(command, "k", "OVERFLOW") == SYNTAX
    assert server.call(command, "k", "OVERFLOW", "NONE") == FIELD_OVERFLOW
    assert server.call(command, "k", "FROB", "u8", 0) == SYNTAX
    assert server.call(command, "k", "INCRBY", "u8", 0, "x") == NOT_INTEGER
    assert server.call(command, "k", "SET", "u8", 0, 2**63) == NOT_INTEGER
    # One that makes no sense stops all of them.
    assert server.call(command, "k", "SET", "u8", 0, 1, "GET", "u8") == SYNTAX
    assert server.call("EXISTS", "k") == 0


def test_the_read_only_form(server: Server) -> None:
    only_get = ErrorReply(b"ERR BITFIELD_RO only supports the GET subcommand")
    server.call("SET", "k", 1234)
    assert server.call("BITFIELD_RO", "k", "GET", "u8", 8, "GET", "i64", 100) == [50, 0]
    assert server.call("BITFIELD_RO", "k", "GET", "u8", 8, "SET", "u8", 0, 1) == only_get
    assert server.call("BITFIELD_RO", "k", "OVERFLOW", "SAT") == []
    assert server.call("BITFIELD", "k") == server.call("BITFIELD_RO", "none") == []
    assert encoding(server) == b"int"


def test_reading_creates_no_key(server: Server) -> None:
    assert server.call("BITFIELD", "k", "GET", "u8", 0, "OVERFLOW", "FAIL") == [0]
    assert server.call("EXISTS", "k") == 0


def fields(draw: st.DrawFn) -> tuple[str, int, bool, int, int]:
    """Draw an operation, a field, and a value for it."""
    signed = draw(st.booleans())
    width = draw(st.integers(1, 64 if signed else 63))
    value = draw(st.integers(MIN, MAX) | st.integers(-(1 << width - 1), (1 << width - 1) - 1))
    return draw(st.sampled_from(["GET", "SET", "INCRBY"])), width, signed, draw(st.integers(0, 300)), value


@shared_server
@given(data, st.lists(st.composite(fields)(), max_size=6), st.sampled_from(["WRAP", "SAT", "FAIL"]))
def test_bitfield_as_the_model(
    server: Server, value: bytes, operations: list[tuple[str, int, bool, int, int]], overflow: str
) -> None:
    """Any series of operations on any string."""
    server.call("SET", "k", value)
    ends = [offset + width for kind, width, _, offset, _ in operations if kind != "GET"]
    value = value.ljust((max(ends, default=0) + 7) // 8, b"\0")
    argv: list[Argument] = ["OVERFLOW", overflow]
    expected: list[int | None] = []
    for kind, width, signed, offset, operand in operations:
        argv += [kind, f"{'i' if signed else 'u'}{width}", offset, *([operand] if kind != "GET" else [])]
        old = model.get_field(value, offset, width, signed=signed)
        if kind == "GET":
            expected.append(old)
            continue
        base, step = (old, operand) if kind == "INCRBY" else (operand, 0)
        result = model.add_field(base, step, width, overflow, signed=signed)[1]
        expected.append(result if kind == "INCRBY" or result is None else old)
        if result is not None:
            value = model.set_field(value, offset, width, result) or b""
    assert server.call("BITFIELD", "k", *argv) == expected
    assert server.call("GET", "k") == value


# What others are told

# Command, events, changes counted.
EVENTS = (
    ("SETBIT k 7 0", "new setbit", 1),
    ("SETBIT k 7 0", "", 0),
    ("SETBIT k 7 1", "setbit", 1),
    ("SETBIT k 8 0", "setbit", 1),
    ("BITFIELD k GET u8 0", "", 0),
    ("BITFIELD k SET u8 0 1", "", 0),
    ("BITFIELD k SET u8 0 2 SET u8 8 1", "setbit", 2),
    ("BITFIELD k SET u8 16 0 SET u8 8 1", "setbit", 2),
    ("BITFIELD k OVERFLOW FAIL SET u8 0 256", "", 0),
    ("BITFIELD f OVERFLOW FAIL SET u8 0 256", "new", 1),
    ("BITOP OR d k", "new set", 1),
    ("BITOP OR d k", "set", 1),
    ("BITOP OR d none", "keymiss del", 1),
    ("BITOP OR d none", "keymiss", 0),
    ("GETBIT none 0", "keymiss", 0),
    ("BITCOUNT none", "keymiss", 0),
    ("BITPOS none 1", "keymiss", 0),
)


def test_what_a_change_is_called() -> None:
    server = LooplessServer()
    seen: list[str] = []
    server.keyspace.on_change = lambda _db, _key, kind, event: seen.append(event.decode() if kind else "silent")
    server.keyspace.effects = 1
    with LooplessClient(server) as client:
        for command, events, changes in EVENTS:
            seen.clear()
            dirty = server.keyspace.dirty
            client.send(encode_command(*command.split()))
            assert [event for event in seen if event != "silent"] == events.split(), command
            assert server.keyspace.dirty - dirty == changes, command
