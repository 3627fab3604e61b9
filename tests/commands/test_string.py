"""The string commands: replies, errors in the order in which they are found, expiry, and encodings."""

import time

import pytest

from tests.loopless import LooplessClient, LooplessServer
from tests.support import Argument, ErrorReply, Server, encode_command

MAX = 2**63 - 1
MIN = -(2**63)
SYNTAX = ErrorReply(b"ERR syntax error")
NOT_INTEGER = ErrorReply(b"ERR value is not an integer or out of range")
NOT_FLOAT = ErrorReply(b"ERR value is not a valid float")
OVERFLOW = ErrorReply(b"ERR increment or decrement would overflow")
TOO_LONG = ErrorReply(b"ERR string exceeds maximum allowed size (proto-max-bulk-len)")


def invalid_expire(command: str) -> ErrorReply:
    return ErrorReply(f"ERR invalid expire time in '{command}' command".encode())


def wrong_arity(command: str) -> ErrorReply:
    return ErrorReply(f"ERR wrong number of arguments for '{command}' command".encode())


def encoding(server: Server, key: Argument = "k") -> bytes:
    reply = server.call("OBJECT", "ENCODING", key)
    assert isinstance(reply, bytes)
    return reply


def ttl_ms(server: Server, key: Argument = "k") -> int:
    reply = server.call("PTTL", key)
    assert isinstance(reply, int)
    return reply


# SET and GET


@pytest.mark.parametrize("length", [0, 1, 44, 45, 255, 256, 2048, 2049, 16384, 32767, 32768, 40000, 1 << 20])
def test_a_value_of_any_length_comes_back(server: Server, length: int) -> None:
    value = bytes(i * 31 % 256 for i in range(length))
    assert server.call("SET", "k", value) == b"OK"
    assert server.call("GET", "k") == value
    assert server.call("STRLEN", "k") == length
    assert encoding(server) == (b"embstr" if length <= 44 else b"raw")


@pytest.mark.parametrize("number", [0, 7, -1, 10000, 2**31, MAX, MIN])
def test_an_integer_is_kept_as_one(server: Server, number: int) -> None:
    server.call("SET", "k", number)
    assert encoding(server) == b"int"
    assert server.call("GET", "k") == str(number).encode()
    assert server.call("STRLEN", "k") == len(str(number))


@pytest.mark.parametrize("text", ["007", "-0", "+1", " 1", "1 ", "1.0", "1e3", str(MAX + 1), str(MIN - 1)])
def test_what_only_resembles_an_integer_stays_text(server: Server, text: str) -> None:
    server.call("SET", "k", text)
    assert encoding(server) == b"embstr"
    assert server.call("GET", "k") == text.encode()


def test_a_missing_key_is_null_in_both_protocols(server: Server) -> None:
    with server.connect() as client:
        assert client.call_raw("GET", "none") == b"$-1\r\n"
        assert client.call_raw("MGET", "none") == b"*1\r\n$-1\r\n"
        client.call("HELLO", 3)
        assert client.call_raw("GET", "none") == b"_\r\n"
        assert client.call_raw("SET", "none", "v", "XX") == b"_\r\n"
        assert client.call_raw("MGET", "none") == b"*1\r\n_\r\n"


def test_set_replaces_value_encoding_and_ttl(server: Server) -> None:
    server.call("SET", "k", "x" * 5000, "EX", 100)
    assert server.call("SET", "k", 12) == b"OK"
    assert (server.call("GET", "k"), encoding(server), ttl_ms(server)) == (b"12", b"int", -1)


def test_nx_and_xx(server: Server) -> None:
    assert server.call("SET", "k", 1, "XX") is None
    assert server.call("SET", "k", 1, "NX") == b"OK"
    assert server.call("SET", "k", 2, "nx") is None
    assert server.call("SET", "k", 3, "xX") == b"OK"
    assert server.call("GET", "k") == b"3"


def test_get_option_returns_the_old_string_whether_set_or_not(server: Server) -> None:
    assert server.call("SET", "k", 1, "GET") is None
    assert server.call("SET", "k", 2, "GET") == b"1"
    assert server.call("SET", "k", 3, "NX", "GET") == b"2"
    assert server.call("GET", "k") == b"2"
    assert server.call("SET", "none", 1, "XX", "GET") is None
    assert server.call("EXISTS", "none") == 0
    assert server.call("SET", "k", 4, "get", "GET", "xx") == b"2"
    assert server.call("GET", "k") == b"4"


@pytest.mark.parametrize(
    ("option", "low_ms", "high_ms"), [(("EX", "100"), 90_000, 100_000), (("px", "100000"), 90_000, 100_000)]
)
def test_relative_expiry(server: Server, option: tuple[str, str], low_ms: int, high_ms: int) -> None:
    server.call("SET", "k", "v", *option)
    assert low_ms < ttl_ms(server) <= high_ms


def test_absolute_expiry(server: Server) -> None:
    at_s = int(time.time()) + 1000
    server.call("SET", "k", "v", "EXAT", at_s)
    assert server.call("PEXPIRETIME", "k") == at_s * 1000
    server.call("SET", "k", "v", "PXAT", at_s * 1000 + 7)
    assert server.call("PEXPIRETIME", "k") == at_s * 1000 + 7
    server.call("SET", "k", "v", "KEEPTTL")
    assert server.call("PEXPIRETIME", "k") == at_s * 1000 + 7
    assert server.call("SET", "k", "v", "EXAT", 1) == b"OK"
    assert server.call("GET", "k") is None


def test_the_last_of_several_equal_options_counts(server: Server) -> None:
    assert server.call("SET", "k", "v", "EX", "not looked at", "EX", 100) == b"OK"
    assert 90_000 < ttl_ms(server) <= 100_000


@pytest.mark.parametrize(
    "options",
    [
        ("NX", "XX"),
        ("XX", "NX"),
        ("EX",),
        ("PXAT",),
        ("EX", 1, "PX", 1),
        ("EX", 1, "KEEPTTL"),
        ("KEEPTTL", "PXAT", 1),
        ("PERSIST",),
        ("EX", "nonsense", "NONSENSE"),
        ("",),
        ("NXX",),
        ("N",),
    ],
)
def test_set_refuses_options_that_contradict_or_are_unknown(server: Server, options: tuple[Argument, ...]) -> None:
    assert server.call("SET", "k", "v", *options) == SYNTAX
    assert server.call("EXISTS", "k") == 0


@pytest.mark.parametrize("unit", ["EX", "PX", "EXAT", "PXAT"])
def test_expiry_has_to_be_a_positive_number_that_fits(server: Server, unit: str) -> None:
    server.call("SET", "k", "before")
    for text in ("", "1.5", "abc", str(MAX + 1)):
        assert server.call("SET", "k", "v", unit, text) == NOT_INTEGER
        assert server.call("GETEX", "k", unit, text) == NOT_INTEGER
    for number in [0, -1, MIN, *([MAX] if unit != "PXAT" else []), *([MAX // 1000 + 1] if unit[0] == "E" else [])]:
        assert server.call("SET", "k", "v", unit, number) == invalid_expire("set")
        assert server.call("GETEX", "k", unit, number) == invalid_expire("getex")
    assert (server.call("GET", "k"), ttl_ms(server)) == (b"before", -1)


def test_the_latest_time_there_is(server: Server) -> None:
    assert server.call("SET", "k", "v", "PXAT", MAX) == b"OK"
    assert server.call("PEXPIRETIME", "k") == MAX
    assert server.call("SET", "k", "v", "EXAT", MAX // 1000) == b"OK"
    assert server.call("PEXPIRETIME", "k") == MAX // 1000 * 1000


def test_a_wrong_expiry_is_found_before_get_replies(server: Server) -> None:
    server.call("SET", "k", "before")
    assert server.call("SET", "k", "v", "GET", "EX", 0) == invalid_expire("set")
    assert server.call("PING") == b"PONG"


def test_setnx_setex_psetex_getset(server: Server) -> None:
    assert server.call("SETNX", "k", 1) == 1
    assert server.call("SETNX", "k", 2) == 0
    assert server.call("SETEX", "k", 100, 3) == b"OK"
    assert 90_000 < ttl_ms(server) <= 100_000
    assert server.call("GETSET", "k", 4) == b"3"
    assert ttl_ms(server) == -1
    assert server.call("PSETEX", "k", 100_000, 5) == b"OK"
    assert 90_000 < ttl_ms(server) <= 100_000
    assert server.call("GET", "k") == b"5"
    assert server.call("GETSET", "none", 1) is None
    assert server.call("SETEX", "k", 0, 1) == invalid_expire("setex")
    assert server.call("PSETEX", "k", -1, 1) == invalid_expire("psetex")
    assert server.call("SETEX", "k", "x", 1) == NOT_INTEGER


def test_a_value_that_has_expired_counts_as_missing_for_every_writer(server: Server) -> None:
    server.call("DEBUG", "SET-ACTIVE-EXPIRE", 0)
    try:
        for command, expected in [
            (("SET", "k", "new", "NX"), b"new"),
            (("SET", "k", "new", "KEEPTTL"), b"new"),
            (("SETNX", "k", "new"), b"new"),
            (("APPEND", "k", "new"), b"new"),
            (("INCR", "k"), b"1"),
            (("INCRBYFLOAT", "k", "1.5"), b"1.5"),
            (("SETRANGE", "k", 1, "x"), b"\0x"),
            (("MSETNX", "k", "new"), b"new"),
        ]:
            server.call("SET", "k", 123, "PX", 1)
            time.sleep(0.003)
            server.call(*command)
            assert (server.call("GET", "k"), ttl_ms(server)) == (expected, -1), command
    finally:
        server.call("DEBUG", "SET-ACTIVE-EXPIRE", 1)


def test_overwriting_an_expired_key_counts_it_as_expired(server: Server) -> None:
    server.call("DEBUG", "SET-ACTIVE-EXPIRE", 0)
    try:
        server.call("CONFIG", "RESETSTAT")
        for command in (("SET", "k", 1), ("MSET", "k", 1), ("SET", "k", 1, "EX", 100)):
            server.call("SET", "k", "v", "PX", 1)
            time.sleep(0.003)
            server.call(*command)
        assert server.info("stats")["expired_keys"] == "3"
    finally:
        server.call("DEBUG", "SET-ACTIVE-EXPIRE", 1)


# GETDEL, GETEX


def test_getdel(server: Server) -> None:
    server.call("SET", "k", "v")
    assert server.call("GETDEL", "k") == b"v"
    assert server.call("GETDEL", "k") is None
    assert server.call("EXISTS", "k") == 0


def test_getex(server: Server) -> None:
    server.call("SET", "k", "v")
    assert server.call("GETEX", "k", "EX", 100) == b"v"
    assert 90_000 < ttl_ms(server) <= 100_000
    assert server.call("GETEX", "k") == b"v"
    assert ttl_ms(server) > 90_000
    assert server.call("GETEX", "k", "persist", "PERSIST") == b"v"
    assert ttl_ms(server) == -1
    at_ms = time.time_ns() // 1_000_000 + 50_000
    assert server.call("GETEX", "k", "PXAT", at_ms) == b"v"
    assert server.call("PEXPIRETIME", "k") == at_ms
    assert server.call("GETEX", "k", "EXAT", 1) == b"v"
    assert server.call("EXISTS", "k") == 0


def test_getex_looks_for_the_key_between_syntax_and_time(server: Server) -> None:
    assert server.call("GETEX", "none", "EX") == SYNTAX
    assert server.call("GETEX", "none", "EX", "abc") is None
    assert server.call("GETEX", "none", "EX", 0) is None


@pytest.mark.parametrize("options", [("PERSIST", "EX", 1), ("EX", 1, "PERSIST"), ("KEEPTTL",), ("NX",), ("GET",)])
def test_getex_refuses_options(server: Server, options: tuple[Argument, ...]) -> None:
    assert server.call("GETEX", "k", *options) == SYNTAX


# Several keys


def test_mset_and_mget(server: Server) -> None:
    assert server.call("MSET", "a", 1, "b", "two", "a", "last") == b"OK"
    assert server.call("MGET", "a", "b", "none", "a") == [b"last", b"two", None, b"last"]
    assert server.call("MSET", "a") == wrong_arity("mset")
    assert server.call("MSET", "a", 1, "b") == wrong_arity("mset")
    assert server.call("MSETNX", "x", 1, "y") == wrong_arity("msetnx")


def test_mset_ends_the_ttl(server: Server) -> None:
    server.call("SET", "k", "v", "EX", 100)
    server.call("MSET", "k", "w")
    assert ttl_ms(server) == -1


def test_msetnx_sets_all_or_nothing(server: Server) -> None:
    server.call("SET", "b", "old")
    assert server.call("MSETNX", "a", 1, "b", 2) == 0
    assert server.call("MGET", "a", "b") == [None, b"old"]
    assert server.call("MSETNX", "a", 1, "c", 2, "a", 3) == 1
    assert server.call("MGET", "a", "c") == [b"3", b"2"]


def test_mset_takes_big_values_next_to_small_ones(server: Server) -> None:
    big = b"y" * 100_000
    server.call("MSET", "a", big, "b", 1, "c", big + b"z")
    assert server.call("MGET", "a", "b", "c") == [big, b"1", big + b"z"]


# Parts


def test_append_and_its_encodings(server: Server) -> None:
    assert server.call("APPEND", "k", "12") == 2
    assert encoding(server) == b"int"
    assert server.call("APPEND", "k", "3") == 3
    assert (server.call("GET", "k"), encoding(server)) == (b"123", b"raw")
    assert server.call("APPEND", "e", "") == 0
    assert (server.call("EXISTS", "e"), encoding(server, "e")) == (1, b"embstr")
    server.call("SET", "i", 5)
    assert server.call("APPEND", "i", "") == 1
    assert encoding(server, "i") == b"raw"


def test_append_keeps_the_ttl_and_every_byte_while_the_value_grows(server: Server) -> None:
    server.call("SET", "k", "", "EX", 100)
    expected = b""
    for n in [1, 44, 1, 1000, 1002, 1, 1, 5000, 40_000, 1, 300_000]:
        expected += bytes([n % 251]) * n
        assert server.call("APPEND", "k", expected[-n:]) == len(expected)
        assert server.call("GET", "k") == expected
    assert ttl_ms(server) > 90_000


def test_setrange(server: Server) -> None:
    assert server.call("SETRANGE", "none", 10, "") == 0
    assert server.call("EXISTS", "none") == 0
    assert server.call("SETRANGE", "k", 3, "abc") == 6
    assert (server.call("GET", "k"), encoding(server)) == (b"\0\0\0abc", b"raw")
    assert server.call("SETRANGE", "k", 0, "xy") == 6
    assert server.call("GET", "k") == b"xy\0abc"
    assert server.call("SETRANGE", "k", 100, "") == 6
    server.call("SET", "i", 1234)
    assert server.call("SETRANGE", "i", 1, "00") == 4
    assert (server.call("GET", "i"), encoding(server, "i")) == (b"1004", b"raw")
    server.call("SET", "i", 1234)
    assert server.call("SETRANGE", "i", 0, "") == 4
    assert encoding(server, "i") == b"int"
    assert server.call("SETRANGE", "far", 100_000, "x") == 100_001
    assert server.call("GET", "far") == bytes(100_000) + b"x"


def test_setrange_finds_wrong_offsets(server: Server) -> None:
    assert server.call("SETRANGE", "k", "x", "v") == NOT_INTEGER
    assert server.call("SETRANGE", "k", -1, "v") == ErrorReply(b"ERR offset is out of range")
    for offset in (MAX, MAX - 1, 512 * 1024 * 1024):
        assert server.call("SETRANGE", "k", offset, "v") == TOO_LONG
    assert server.call("EXISTS", "k") == 0


def test_no_string_grows_past_the_limit(server: Server) -> None:
    limit = 1024 * 1024
    with server.config(proto_max_bulk_len=limit):
        assert server.call("SETRANGE", "k", limit - 3, "abc") == limit
        assert server.call("SETRANGE", "k", limit - 2, "abc") == TOO_LONG
        assert server.call("APPEND", "k", "") == limit
        assert server.call("APPEND", "k", "x") == TOO_LONG
        assert server.call("STRLEN", "k") == limit


@pytest.mark.parametrize("command", ["GETRANGE", "SUBSTR"])
@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, 3, b"This"),
        (0, -1, b"This is"),
        (-2, -1, b"is"),
        (5, 100, b"is"),
        (7, 7, b""),
        (4, 2, b""),
        (-1, -2, b""),
        (-100, -100, b"T"),
        (0, -100, b"T"),
        (1, -100, b""),
        (MIN, MAX, b"This is"),
        (MAX, MIN, b""),
    ],
)
def test_getrange(server: Server, command: str, start: int, end: int, expected: bytes) -> None:
    server.call("SET", "k", "This is")
    assert server.call(command, "k", start, end) == expected


def test_getrange_of_integers_and_of_nothing(server: Server) -> None:
    server.call("SET", "i", -1234)
    assert server.call("GETRANGE", "i", 0, 2) == b"-12"
    assert encoding(server, "i") == b"int"
    assert server.call("GETRANGE", "none", 0, -1) == b""
    server.call("SET", "e", "")
    assert server.call("GETRANGE", "e", 0, -1) == b""
    assert server.call("GETRANGE", "none", "x", 0) == NOT_INTEGER
    assert server.call("GETRANGE", "none", 0, "-0") == NOT_INTEGER


# Numbers


def test_counters(server: Server) -> None:
    assert server.call("INCR", "k") == 1
    assert server.call("DECR", "k") == 0
    assert server.call("INCRBY", "k", 41) == 41
    assert server.call("DECRBY", "k", -1) == 42
    assert server.call("DECRBY", "k", 50) == -8
    assert (server.call("GET", "k"), encoding(server)) == (b"-8", b"int")


def test_counting_keeps_the_ttl_and_makes_text_an_integer(server: Server) -> None:
    server.call("SET", "k", "1", "EX", 100)
    server.call("APPEND", "k", "7")
    assert encoding(server) == b"raw"
    assert server.call("INCR", "k") == 18
    assert encoding(server) == b"int"
    assert ttl_ms(server) > 90_000


@pytest.mark.parametrize("text", ["", "abc", " 1", "1 ", "01", "+1", "1.0", str(MAX + 1), "9" * 5000])
def test_what_is_no_integer_cannot_be_counted(server: Server, text: str) -> None:
    server.call("SET", "k", text)
    for command in (("INCR", "k"), ("DECR", "k"), ("INCRBY", "k", 1), ("INCRBY", "none", text), ("DECRBY", "n", text)):
        assert server.call(*command) == NOT_INTEGER
    assert server.call("GET", "k") == text.encode()


def test_counters_do_not_overflow(server: Server) -> None:
    server.call("MSET", "max", MAX, "min", MIN, "neg", -1)
    assert server.call("INCR", "max") == OVERFLOW
    assert server.call("INCRBY", "max", MAX) == OVERFLOW
    assert server.call("DECR", "min") == OVERFLOW
    assert server.call("INCRBY", "neg", MIN) == OVERFLOW
    assert server.call("DECRBY", "none", MIN) == ErrorReply(b"ERR decrement would overflow")
    assert server.call("MGET", "max", "min", "neg", "none") == [str(MAX).encode(), str(MIN).encode(), b"-1", None]
    assert server.call("INCRBY", "max", MIN) == -1
    assert server.call("INCRBY", "min", MAX) == -1
    assert server.call("INCRBY", "none", MIN) == MIN
    assert server.call("DECRBY", "other", MAX) == -MAX


@pytest.mark.parametrize(
    ("before", "increment", "after"),
    [
        (None, "1", b"1"),
        ("10.50", "0.1", b"10.6"),
        ("5.0e3", "2.0e2", b"5200"),
        ("3", "1.1", b"4.1"),
        ("-0.0", "0", b"0"),
        ("1.5", "-1.5", b"0"),
        ("0x10", "0.5", b"16.5"),
        (str(MAX), "1", str(MAX + 1).encode()),
        ("0", "1e-18", b"0"),
        ("1", "3e40", b"29999999999999999999941354087169474428928"),
    ],
)
def test_incrbyfloat(server: Server, before: str | None, increment: str, after: bytes) -> None:
    if before is not None:
        server.call("SET", "k", before)
    assert server.call("INCRBYFLOAT", "k", increment) == after
    assert server.call("GET", "k") == after
    assert encoding(server) == b"embstr"


def test_incrbyfloat_keeps_the_ttl_and_stores_long_texts_raw(server: Server) -> None:
    server.call("SET", "k", "1e4000", "EX", 100)
    reply = server.call("INCRBYFLOAT", "k", "0")
    assert isinstance(reply, bytes)
    # The nearest long double lies a little below.
    assert (len(reply), reply[:20]) == (4000, b"9" * 20)
    assert (server.call("GET", "k"), encoding(server)) == (reply, b"raw")
    assert ttl_ms(server) > 90_000


@pytest.mark.parametrize("text", ["", "abc", " 1", "1 ", "1.5x", "nan", "1e5000", "1" * 5120])
def test_what_is_no_float_cannot_be_added(server: Server, text: str) -> None:
    server.call("MSET", "k", text, "one", 1)
    assert server.call("INCRBYFLOAT", "k", 1) == NOT_FLOAT
    assert server.call("INCRBYFLOAT", "one", text) == NOT_FLOAT
    assert server.call("MGET", "k", "one") == [text.encode(), b"1"]


@pytest.mark.parametrize("increment", ["inf", "-inf", "1e4932"])
def test_no_sum_is_infinite_or_nan(server: Server, increment: str) -> None:
    server.call("SET", "k", "1.1e4932")
    assert server.call("INCRBYFLOAT", "k", increment) == ErrorReply(b"ERR increment would produce NaN or Infinity")
    assert server.call("GET", "k") == b"1.1e4932"


# Events


EVENTS = [
    ("SET k v", "new set"),
    ("SET k v EX 100", "set expire"),
    ("SET k v NX", ""),
    ("SET k v GET KEEPTTL", "set"),
    ("GETSET k w", "set"),
    ("GETEX k", ""),
    ("GETEX k PERSIST", ""),
    ("GETEX k EX 100", "expire"),
    ("GETEX k PERSIST", "persist"),
    ("GETEX k PXAT 1", "del"),
    ("GETDEL k", "keymiss"),
    ("GET k", "keymiss"),
    ("SET k v XX GET", "keymiss"),
    ("SETEX k 100 v", "new set expire"),
    ("GETDEL k", "del"),
    ("PSETEX k 100000 v", "new set expire"),
    ("MSET k 1 k 2", "set set"),
    ("MSETNX a 1 k 2", ""),
    ("INCR k", "incrby"),
    ("DECRBY k 5", "incrby"),
    ("INCRBYFLOAT k 1.5", "incrbyfloat"),
    ("INCR k", ""),
    ("APPEND k x", "append"),
    ("SETRANGE k 1 x", "setrange"),
    ("APPEND other x", "new append"),
    ("SETRANGE third 1 x", "new setrange"),
    ("INCR fourth", "new incrby"),
    ("MGET k none other", "keymiss"),
    ("STRLEN k", ""),
]


def test_every_change_is_told_once() -> None:
    server = LooplessServer()
    seen: list[str] = []
    server.keyspace.on_change = lambda _db, _key, _class, event: seen.append(event.decode())
    server.keyspace.effects = 1
    with LooplessClient(server) as client:
        for command, events in EVENTS:
            seen.clear()
            dirty = server.keyspace.dirty
            client.send(encode_command(*command.split()))
            assert seen == events.split(), command
            # An expiry that comes with a value is part of the same change.
            told = {"set expire": "set", "new set expire": "set"}.get(events, events).split()
            assert server.keyspace.dirty - dirty == len([event for event in told if event not in ("new", "keymiss")])


def test_an_expired_key_is_told_before_what_replaces_it() -> None:
    server = LooplessServer()
    seen: list[str] = []
    server.keyspace.on_change = lambda _db, _key, _class, event: seen.append(event.decode())
    server.keyspace.on_expire = lambda _db, key, _lazily: seen.append(f"expiring {key.decode()}")
    server.keyspace.effects = 1
    with LooplessClient(server) as client:
        client.send(encode_command("SET", "k", "v", "PX", 1))
        time.sleep(0.003)
        seen.clear()
        client.send(encode_command("SET", "k", "w", "KEEPTTL"))
        assert seen == ["expiring k", "expired", "new", "set"]
