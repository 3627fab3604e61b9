"""The set commands: replies in both protocols, encodings and their limits, chance, errors in their order, events."""

import math
from collections import Counter
from collections.abc import Callable, Iterable

import pytest

from tests.loopless import LooplessClient, LooplessServer
from tests.support import Argument, ErrorReply, Server, encode_command

MAX = 2**63 - 1
MIN = -(2**63)
SYNTAX = ErrorReply(b"ERR syntax error")
NOT_INTEGER = ErrorReply(b"ERR value is not an integer or out of range")
NOT_POSITIVE = ErrorReply(b"ERR value is out of range, must be positive")
WRONG_TYPE = ErrorReply(b"WRONGTYPE Operation against a key holding the wrong kind of value")
INTSET, LISTPACK, HASHTABLE = b"intset", b"listpack", b"hashtable"

Members = list[bytes]


def encoding(server: Server, key: Argument = "k") -> object:
    return server.call("OBJECT", "ENCODING", key)


def members(server: Server, key: Argument = "k") -> Members:
    reply = server.call("SMEMBERS", key)
    assert isinstance(reply, list)
    assert len(set(reply)) == len(reply)
    assert server.call("SCARD", key) == len(reply)
    return sorted(reply)


def add(server: Server, key: str, values: Iterable[Argument]) -> int:
    """Add values, some at a time, and return how many were new."""
    rest = list(values)
    total = 0
    while rest:
        reply = server.call("SADD", key, *rest[:100])
        assert isinstance(reply, int)
        total += reply
        rest = rest[100:]
    return total


def numbers(count: int) -> list[int]:
    return list(range(count))


def texts(count: int) -> list[str]:
    return [f"member-{i}" for i in range(count)]


def as_bytes(values: Iterable[object]) -> Members:
    return sorted(str(value).encode() for value in values)


# Each encoding, by members that call for it.
SHAPES: list[tuple[bytes, list[Argument]]] = [
    (INTSET, list(numbers(100))),
    (LISTPACK, [*texts(60), *numbers(40)]),
    (HASHTABLE, [*texts(300), *numbers(200)]),
]
each_shape = pytest.mark.parametrize(("shape", "values"), SHAPES, ids=[name.decode() for name, _ in SHAPES])


# Members come and go


@each_shape
def test_members_come_and_go(server: Server, shape: bytes, values: list[Argument]) -> None:
    assert add(server, "k", values) == len(values)
    assert encoding(server) == shape
    assert members(server) == as_bytes(values)
    assert add(server, "k", values) == 0
    assert server.call("SISMEMBER", "k", values[3]) == 1
    assert server.call("SISMEMBER", "k", "none") == 0
    assert server.call("SMISMEMBER", "k", values[0], "none", values[-1], "007") == [1, 0, 1, 0]
    assert server.call("SREM", "k", values[0], "none", values[0], values[1]) == 2
    assert members(server) == as_bytes(values[2:])
    assert encoding(server) == shape
    assert server.call("SREM", "k", *values) == len(values) - 2
    assert server.call("EXISTS", "k") == 0


@each_shape
def test_a_copy_is_a_set_of_its_own(server: Server, shape: bytes, values: list[Argument]) -> None:
    add(server, "k", values)
    assert server.call("COPY", "k", "c") == 1
    server.call("SREM", "k", values[0])
    assert (members(server, "c"), encoding(server, "c")) == (as_bytes(values), shape)
    assert server.call("RENAME", "c", "k") == b"OK"
    assert members(server) == as_bytes(values)
    usage = server.call("MEMORY", "USAGE", "k")
    assert isinstance(usage, int)
    assert len(values) * 2 < usage < len(values) * 80
    assert server.call("UNLINK", "k") == 1


def test_a_member_may_be_any_bytes(server: Server) -> None:
    odd = [b"", b"\0", b"\r\n", b"x" * 64, bytes(range(256)), b"long" * 5000, b"y" * 100_000]
    assert server.call("SADD", "k", *odd) == len(odd)
    assert members(server) == sorted(odd)
    assert all(server.call("SISMEMBER", "k", each) for each in odd)


@pytest.mark.parametrize("number", [0, -1, 2**15, -(2**31) - 1, MAX, MIN])
def test_an_integer_is_kept_as_one(server: Server, number: int) -> None:
    assert server.call("SADD", "k", number) == 1
    assert server.call("SADD", "k", 1, str(number)) == 1
    assert encoding(server) == INTSET
    assert members(server) == as_bytes({1, number})


@pytest.mark.parametrize("text", ["007", "-0", "+1", " 1", "1 ", "1.0", "1e3", str(MAX + 1), str(MIN - 1), ""])
def test_what_only_resembles_an_integer_is_another_member(server: Server, text: str) -> None:
    server.call("SADD", "k", 0, 1, 7, 1000)
    assert server.call("SISMEMBER", "k", text) == 0
    assert server.call("SREM", "k", text) == 0
    assert server.call("SADD", "k", text) == 1
    assert encoding(server) == LISTPACK


def test_an_expiry_stays_until_the_set_is_empty(server: Server) -> None:
    server.call("SADD", "k", 1, "a")
    server.call("EXPIRE", "k", 100)
    server.call("SADD", "k", *texts(300))
    assert server.call("TTL", "k") == 100
    server.call("SPOP", "k", 302)
    server.call("SADD", "k", 1)
    assert server.call("TTL", "k") == -1


# Encodings


def test_limits_of_an_intset(server: Server) -> None:
    add(server, "k", numbers(512))
    assert encoding(server) == INTSET
    add(server, "k", [512])
    assert encoding(server) == HASHTABLE
    assert members(server) == as_bytes(range(513))
    server.call("SREM", "k", *numbers(500))
    assert encoding(server) == HASHTABLE


def test_limits_of_a_listpack(server: Server) -> None:
    add(server, "k", texts(128))
    add(server, "l", ["a", "v" * 64])
    assert encoding(server) == encoding(server, "l") == LISTPACK
    add(server, "k", ["more"])
    add(server, "l", ["v" * 65])
    assert encoding(server) == encoding(server, "l") == HASHTABLE
    assert members(server) == as_bytes([*texts(128), "more"])
    assert members(server, "l") == as_bytes(["a", "v" * 64, "v" * 65])


@pytest.mark.parametrize(("count", "text", "after"), [
    (127, "a", LISTPACK), (128, "a", HASHTABLE), (5, "v" * 64, LISTPACK), (5, "v" * 65, HASHTABLE),
])  # fmt: skip
def test_an_intset_that_is_given_a_text(server: Server, count: int, text: str, after: bytes) -> None:
    add(server, "k", numbers(count))
    server.call("SADD", "k", text)
    assert encoding(server) == after
    assert members(server) == as_bytes([*numbers(count), text])


def test_an_intset_of_long_integers_does_not_fit_a_listpack_of_short_ones(server: Server) -> None:
    with server.config(set_max_listpack_value=5):
        for key, number in (("k", 12345), ("l", -12345), ("m", 123456)):
            server.call("SADD", key, number, 1)
            server.call("SADD", key, "a")
        assert [encoding(server, key) for key in "klm"] == [LISTPACK, HASHTABLE, HASHTABLE]


def test_many_arguments_choose_the_encoding_at_once(server: Server) -> None:
    server.call("SADD", "k", *[1] * 513)
    server.call("SADD", "l", *["a"] * 129)
    assert (encoding(server), encoding(server, "l")) == (HASHTABLE, HASHTABLE)
    for key, first in (("m", 1), ("n", "a")):
        server.call("SADD", key, first)
        server.call("SADD", key, *[first] * 513)
    assert (encoding(server, "m"), encoding(server, "n")) == (HASHTABLE, HASHTABLE)
    server.call("SADD", "o", 1, "a", *[1] * 200)
    assert encoding(server, "o") == LISTPACK


def test_limits_can_be_set(server: Server) -> None:
    with server.config(set_max_intset_entries=0, set_max_listpack_entries=2):
        server.call("SADD", "k", 1, 2)
        assert encoding(server) == LISTPACK
        server.call("SADD", "k", 3)
        assert encoding(server) == HASHTABLE
    with server.config(set_max_intset_entries=1, set_max_listpack_entries=0):
        server.call("SADD", "l", 1)
        assert encoding(server, "l") == INTSET
        server.call("SADD", "l", 2)
        assert encoding(server, "l") == HASHTABLE


# SMOVE


@pytest.mark.parametrize(("member", "source", "target"), [
    ("1", [1, 2], [3]), ("1", [1, "a"], [3]), ("a", [1, "a"], [3]), ("a", ["a", "b"], texts(128)), ("1", [1], ["x"]),
])  # fmt: skip
def test_smove(server: Server, member: str, source: list[Argument], target: list[Argument]) -> None:
    add(server, "s", source)
    add(server, "t", target)
    assert server.call("SMOVE", "s", "t", member) == 1
    assert members(server, "s") == as_bytes(each for each in source if str(each) != member)
    assert members(server, "t") == as_bytes([*target, member])
    assert server.call("SMOVE", "s", "t", member) == 0
    assert server.call("EXISTS", "s") == (len(source) > 1)


def test_smove_into_nothing_onto_itself_and_onto_a_member(server: Server) -> None:
    server.call("SADD", "s", 1, 2, "a")
    assert server.call("SMOVE", "s", "new", 2) == 1
    assert (members(server, "new"), encoding(server, "new")) == ([b"2"], INTSET)
    assert server.call("SMOVE", "s", "s", 1) == 1
    assert server.call("SMOVE", "s", "s", "none") == 0
    server.call("SADD", "s", 2)
    assert server.call("SMOVE", "s", "new", 2) == 1
    assert (members(server, "s"), members(server, "new")) == ([b"1", b"a"], [b"2"])


def test_smove_looks_at_the_types_only_when_there_is_a_source(server: Server) -> None:
    server.call("SET", "text", "v")
    assert server.call("SMOVE", "none", "text", "a") == 0
    server.call("SADD", "s", "a")
    assert server.call("SMOVE", "s", "text", "none") == WRONG_TYPE
    assert server.call("SMOVE", "text", "s", "a") == WRONG_TYPE
    assert members(server, "s") == [b"a"]


# SPOP and SRANDMEMBER


@each_shape
@pytest.mark.parametrize("percent", [0, 1, 20, 50, 84, 99, 100, 150])
def test_spop_takes_so_many_and_keeps_the_rest(
    server: Server, shape: bytes, values: list[Argument], percent: int
) -> None:
    add(server, "k", values)
    count = len(values) * percent // 100
    taken = server.call("SPOP", "k", count)
    assert isinstance(taken, list)
    assert len(taken) == min(count, len(values))
    assert sorted([*taken, *members(server)]) == as_bytes(values)
    assert server.call("EXISTS", "k") == (percent < 100)


def test_spop_of_nearly_all_brings_a_table_back_to_a_listpack(server: Server) -> None:
    add(server, "k", numbers(1000))
    assert encoding(server) == HASHTABLE
    server.call("SPOP", "k", 500)
    assert encoding(server) == HASHTABLE
    server.call("SPOP", "k", 450)
    assert encoding(server) == LISTPACK
    add(server, "l", texts(1000))
    server.call("SPOP", "l", 870)
    assert (encoding(server, "l"), len(members(server, "l"))) == (HASHTABLE, 130)


@each_shape
def test_spop_of_one(server: Server, shape: bytes, values: list[Argument]) -> None:
    add(server, "k", values)
    taken = [server.call("SPOP", "k") for _ in values]
    assert sorted(taken) == as_bytes(values)  # type: ignore[type-var]
    assert server.call("SPOP", "k") is None
    assert server.call("EXISTS", "k") == 0


@each_shape
@pytest.mark.parametrize("percent", [0, 1, 20, 50, 99, 100, 150])
def test_srandmember_of_different_ones(server: Server, shape: bytes, values: list[Argument], percent: int) -> None:
    add(server, "k", values)
    count = len(values) * percent // 100
    drawn = server.call("SRANDMEMBER", "k", count)
    assert isinstance(drawn, list)
    assert len(drawn) == len(set(drawn)) == min(count, len(values))
    assert set(drawn) <= set(as_bytes(values))
    assert members(server) == as_bytes(values)


@each_shape
def test_srandmember_with_repetitions(server: Server, shape: bytes, values: list[Argument]) -> None:
    add(server, "k", values)
    drawn = server.call("SRANDMEMBER", "k", -5000)
    assert isinstance(drawn, list)
    assert len(drawn) == 5000
    assert set(drawn) <= set(as_bytes(values))
    assert len(set(drawn)) > len(values) // 2
    assert server.call("SRANDMEMBER", "k") in as_bytes(values)


def is_even(counts: Counter[bytes], values: int) -> bool:
    """Tell whether all were drawn about as often, by chi-square far beyond what chance does."""
    expected = counts.total() / values
    square = sum((counts[each] - expected) ** 2 / expected for each in counts) + (values - len(counts)) * expected
    return square < values + 8 * math.sqrt(2 * values)


DRAWS: dict[str, Callable[[Server], object]] = {
    "SRANDMEMBER": lambda server: [server.call("SRANDMEMBER", "k")],
    "SRANDMEMBER 5": lambda server: server.call("SRANDMEMBER", "k", 5),
    "SRANDMEMBER 18": lambda server: server.call("SRANDMEMBER", "k", 18),
    "SRANDMEMBER -20": lambda server: server.call("SRANDMEMBER", "k", -20),
}


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
@pytest.mark.parametrize("shape", [INTSET, LISTPACK, HASHTABLE])
def test_chance_is_fair(server: Server, shape: bytes, draw: Callable[[Server], object]) -> None:
    values: list[Argument] = [*numbers(24)] if shape == INTSET else [*texts(24)]
    with server.config(set_max_listpack_entries=0 if shape == HASHTABLE else 128):
        add(server, "k", values)
        assert encoding(server) == shape
    counts: Counter[bytes] = Counter()
    while counts.total() < 4000:
        drawn = draw(server)
        assert isinstance(drawn, list)
        counts.update(drawn)
    assert is_even(counts, 24), counts


@pytest.mark.parametrize("count", [4, 20])
@pytest.mark.parametrize("shape", [INTSET, LISTPACK, HASHTABLE])
def test_spop_is_fair(server: Server, shape: bytes, count: int) -> None:
    values: list[Argument] = [*numbers(24)] if shape == INTSET else [*texts(24)]
    counts: Counter[bytes] = Counter()
    for _ in range(4000 // count):
        with server.config(set_max_listpack_entries=0 if shape == HASHTABLE else 128):
            add(server, "k", values)
        taken = server.call("SPOP", "k", count)
        assert isinstance(taken, list)
        counts.update(taken)
        server.call("DEL", "k")
    assert is_even(counts, 24), counts


def test_counts_that_are_refused(server: Server) -> None:
    server.call("SADD", "k", 1)
    server.call("SET", "text", "v")
    for bad in ("-1", "x", "", "1.5", MAX + 1, MIN):
        assert server.call("SPOP", "k", bad) == NOT_POSITIVE
        assert server.call("SPOP", "text", bad) == NOT_POSITIVE
    for bad in ("x", "", "1.5", MAX + 1, MIN - 1):
        assert server.call("SRANDMEMBER", "k", bad) == NOT_INTEGER
    assert server.call("SRANDMEMBER", "text", MIN) == ErrorReply(
        b"ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"
    )
    for command in ("SPOP", "SRANDMEMBER"):
        assert server.call(command, "k", 1, 1) == SYNTAX
        assert server.call(command, "text") == server.call(command, "text", 0) == WRONG_TYPE
    assert server.call("SRANDMEMBER", "k", MAX) == [b"1"]
    assert server.call("SRANDMEMBER", "none", -MAX) == []
    assert server.call("SPOP", "k", MAX) == [b"1"]


def test_a_huge_negative_count_ends_with_the_clients_limit(server: Server) -> None:
    for values in ([1, 2], texts(200)):
        server.call("SADD", "k", *values)
        with server.config(client_output_buffer_limit="normal 1000000 0 0"), server.connect() as greedy:
            greedy.send("SRANDMEMBER", "k", -MAX)
            with pytest.raises(ConnectionError):
                greedy.read_bytes(1_000_000)
        assert server.call("PING") == b"PONG"


# Unions, intersections, differences

CASES: list[list[list[Argument]]] = [
    [[1, 2, 3], [2, 3, 4], [3, 4, 5]],
    [[1, 2, "a"], ["a", "b", 2], [2, "a", 7]],
    [[*numbers(300)], [*range(200, 500)], [250, "a"]],
    [[*texts(300)], [*texts(200)], [*texts(100), *numbers(50)]],
    [[*texts(300), *numbers(300)], [*range(100, 900)], ["member-7", 150, 151]],
    [[1, 2, 3], [], [2]],
    [[], [1], ["a"]],
    [[*numbers(600)], [*numbers(600)], [*numbers(600)]],
]


def expected(operation: str, sets: list[set[bytes]]) -> Members:
    if operation == "SUNION":
        return sorted(set().union(*sets))
    if operation == "SINTER":
        return sorted(sets[0].intersection(*sets[1:]))
    return sorted(sets[0].difference(*sets[1:]))


@pytest.mark.parametrize("operation", ["SUNION", "SINTER", "SDIFF"])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("order", ["a", "ab", "ba", "abc", "cab", "aab", "abba", "bbbbbbbbbba", "baaaaaaaacccc"])
def test_algebra(server: Server, operation: str, case: list[list[Argument]], order: str) -> None:
    sets = {key: set(as_bytes(values)) for key, values in zip("abc", case, strict=True)}
    for key, values in zip("abc", case, strict=True):
        add(server, key, values)
    wanted = expected(operation, [sets[key] for key in order])
    reply = server.call(operation, *order)
    assert isinstance(reply, list)
    assert sorted(reply) == wanted
    server.call("SET", "target", "text", "EX", 100)
    assert server.call(f"{operation}STORE", "target", *order) == len(wanted)
    assert members(server, "target") == wanted
    assert server.call("TTL", "target") == (-1 if wanted else -2)
    # The target may be one of the sources.
    assert server.call(f"{operation}STORE", order[0], *order) == len(wanted)
    assert members(server, order[0]) == wanted
    for key in set(order[1:]) - {order[0]}:
        assert members(server, key) == sorted(sets[key])


def test_encodings_of_results(server: Server) -> None:
    add(server, "ints", numbers(400))
    add(server, "many", range(200, 1000))
    add(server, "few", ["a", "b", 300])
    add(server, "large", [*texts(200), *numbers(700)])
    results = {
        ("SINTERSTORE", "ints", "many"): INTSET,
        ("SINTERSTORE", "many", "large"): INTSET,
        ("SINTERSTORE", "few", "large"): INTSET,
        ("SINTERSTORE", "many"): HASHTABLE,
        ("SINTERSTORE", "few"): LISTPACK,
        ("SINTERSTORE", "large"): HASHTABLE,
        ("SUNIONSTORE", "ints"): INTSET,
        ("SUNIONSTORE", "ints", "many"): HASHTABLE,
        ("SUNIONSTORE", "few", "few"): LISTPACK,
        ("SUNIONSTORE", "few", "ints"): HASHTABLE,
        ("SDIFFSTORE", "many", "ints"): HASHTABLE,
        ("SDIFFSTORE", "ints", "many"): INTSET,
        ("SDIFFSTORE", "few", "ints"): LISTPACK,
        ("SDIFFSTORE", "large", "ints", "many"): HASHTABLE,
    }
    for (command, *keys), wanted in results.items():
        assert server.call(command, "d", *keys) > 0  # type: ignore[operator]
        assert encoding(server, "d") == wanted, (command, keys)


def test_an_empty_result_deletes_the_target(server: Server) -> None:
    server.call("SADD", "a", 1)
    server.call("SADD", "b", 2)
    for argv in (
        ["SINTERSTORE", "d", "a", "b"],
        ["SINTERSTORE", "d", "a", "none"],
        ["SDIFFSTORE", "d", "a", "a"],
        ["SDIFFSTORE", "d", "none", "a"],
        ["SUNIONSTORE", "d", "none", "none"],
    ):
        server.call("SET", "d", "v")
        assert server.call(*argv) == 0
        assert server.call("EXISTS", "d") == 0


@pytest.mark.parametrize("command", ["SINTER", "SUNION", "SDIFF"])
def test_every_source_has_to_be_a_set(server: Server, command: str) -> None:
    server.call("SET", "text", "v")
    server.call("SADD", "s", 1)
    for keys in (["text"], ["none", "text"], ["s", "none", "text"]):
        assert server.call(command, *keys) == WRONG_TYPE
        assert server.call(f"{command}STORE", "s", *keys) == WRONG_TYPE
        assert members(server, "s") == [b"1"]
    assert server.call("SINTERCARD", 2, "none", "text") == WRONG_TYPE


def test_sintercard(server: Server) -> None:
    add(server, "a", numbers(100))
    add(server, "b", [*texts(200), *range(50, 200)])
    assert server.call("SINTERCARD", 2, "a", "b") == 50
    assert server.call("SINTERCARD", 1, "b") == 350
    assert server.call("SINTERCARD", 3, "a", "b", "none") == 0
    for limit, count in ((0, 50), (1, 1), (49, 49), (50, 50), (51, 50), (MAX, 50)):
        assert server.call("SINTERCARD", 2, "a", "b", "LIMIT", limit) == count
    assert server.call("SINTERCARD", 2, "a", "b", "LIMIT", 1, "limit", 3) == 3


@pytest.mark.parametrize(("argv", "error"), [
    (["0", "a"], b"ERR numkeys should be greater than 0"),
    (["-1", "a"], b"ERR numkeys should be greater than 0"),
    (["x", "a"], b"ERR numkeys should be greater than 0"),
    (["2", "a"], b"ERR Number of keys can't be greater than number of args"),
    ([str(MAX), "a"], b"ERR Number of keys can't be greater than number of args"),
    (["1", "a", "b"], b"ERR syntax error"),
    (["1", "a", "LIMIT"], b"ERR syntax error"),
    (["1", "a", "LIMIT", "-1"], b"ERR LIMIT can't be negative"),
    (["1", "a", "LIMIT", "x"], b"ERR LIMIT can't be negative"),
    (["1", "a", "LIMIT", "1", "x"], b"ERR syntax error"),
])  # fmt: skip
def test_sintercard_errors(server: Server, argv: list[str], error: bytes) -> None:
    assert server.call("SINTERCARD", *argv) == ErrorReply(error)


# SSCAN


@each_shape
def test_sscan_finds_all(server: Server, shape: bytes, values: list[Argument]) -> None:
    add(server, "k", values)
    found: set[bytes] = set()
    cursor: object = b"0"
    steps = 0
    while cursor != b"0" or not steps:
        reply = server.call("SSCAN", "k", cursor, "COUNT", 20)
        assert isinstance(reply, list)
        cursor, step = reply
        found.update(step)
        steps += 1
    assert sorted(found) == as_bytes(values)
    assert (steps > 1) == (shape == HASHTABLE)
    whole = server.call("SSCAN", "k", 0, "COUNT", 1_000_000, "MATCH", "*1")
    assert isinstance(whole, list)
    assert (whole[0], sorted(whole[1])) == (b"0", [each for each in as_bytes(values) if each.endswith(b"1")])


def test_sscan_checks_the_cursor_then_the_key_then_the_options(server: Server) -> None:
    server.call("SADD", "k", 1)
    server.call("SET", "text", "v")
    assert server.call("SSCAN", "text", "x") == ErrorReply(b"ERR invalid cursor")
    assert server.call("SSCAN", "text", 0, "NONE") == WRONG_TYPE
    assert server.call("SSCAN", "none", 0, "NONE") == [b"0", []]
    for options in (["NONE"], ["COUNT", "0"], ["MATCH"], ["NOVALUES"], ["TYPE", "set"]):
        assert server.call("SSCAN", "k", 0, *options) == SYNTAX
    assert server.call("SSCAN", "k", 0, "COUNT", "x") == NOT_INTEGER


# Protocols, types, events


def test_replies_in_both_protocols(server: Server) -> None:
    server.call("SADD", "k", 1)
    server.call("SADD", "l", 1)
    for argv in (["SMEMBERS", "k"], ["SINTER", "k", "l"], ["SUNION", "k", "l"], ["SDIFF", "k"]):
        with server.connect() as two, server.connect(resp=3) as three:
            assert two.call_raw(*argv) == b"*1\r\n$1\r\n1\r\n"
            assert three.call_raw(*argv) == b"~1\r\n$1\r\n1\r\n"
    empty = (["SMEMBERS", "none"], ["SINTER", "none"], ["SUNION", "none"], ["SDIFF", "none"], ["SPOP", "none", "1"])
    with server.connect() as two, server.connect(resp=3) as three:
        for argv in (*empty, ["SPOP", "k", "0"]):
            assert (two.call_raw(*argv), three.call_raw(*argv)) == (b"*0\r\n", b"~0\r\n")
        assert (two.call_raw("SPOP", "none"), three.call_raw("SPOP", "none")) == (b"$-1\r\n", b"_\r\n")
        assert (two.call_raw("SRANDMEMBER", "none"), three.call_raw("SRANDMEMBER", "none")) == (b"$-1\r\n", b"_\r\n")
        assert three.call_raw("SRANDMEMBER", "none", 3) == b"*0\r\n"
        assert three.call_raw("SRANDMEMBER", "k", 3) == b"*1\r\n$1\r\n1\r\n"
        assert three.call_raw("SSCAN", "k", 0) == b"*2\r\n$1\r\n0\r\n*1\r\n$1\r\n1\r\n"
        assert three.call_raw("SMISMEMBER", "k", 1, 2) == b"*2\r\n:1\r\n:0\r\n"
        assert three.call_raw("SPOP", "k", 1) == b"~1\r\n$1\r\n1\r\n"


@pytest.mark.parametrize("argv", [
    ["SADD", "text", "a"], ["SREM", "text", "a"], ["SCARD", "text"], ["SISMEMBER", "text", "a"],
    ["SMISMEMBER", "text", "a"], ["SMEMBERS", "text"],
])  # fmt: skip
def test_other_types_are_refused(server: Server, argv: list[str]) -> None:
    server.call("SET", "text", "v")
    assert server.call(*argv) == WRONG_TYPE
    server.call("SADD", "s", 1)
    assert server.call("GET", "s") == WRONG_TYPE
    assert server.call("TYPE", "s") == b"set"


def test_missing_keys_are_empty_sets(server: Server) -> None:
    assert server.call("SCARD", "none") == server.call("SISMEMBER", "none", "a") == server.call("SREM", "none", 1) == 0
    assert server.call("SMISMEMBER", "none", "a", "b") == [0, 0]
    assert server.call("SMEMBERS", "none") == []
    assert server.call("EXISTS", "none") == 0


EVENTS: list[tuple[list[Argument], list[str], int]] = [
    (["SADD", "s", 1, 2, 3], ["s new", "s sadd"], 3),
    (["SADD", "s", 1], [], 0),
    (["SREM", "s", 9], [], 0),
    (["SREM", "s", 1, 2], ["s srem"], 2),
    (["SMOVE", "s", "t", 3], ["s srem", "s del", "t new", "t sadd"], 2),
    (["SMOVE", "t", "t", 3], [], 0),
    (["SADD", "t", 4], ["t sadd"], 1),
    (["SADD", "u", 3], ["u new", "u sadd"], 1),
    (["SMOVE", "t", "u", 3], ["t srem"], 1),
    (["SINTERSTORE", "d", "t", "t"], ["d new", "d sinterstore"], 1),
    (["SUNIONSTORE", "d", "t", "u"], ["d sunionstore"], 1),
    (["SDIFFSTORE", "d", "t", "none"], ["none keymiss", "d sdiffstore"], 1),
    (["SDIFFSTORE", "d", "t", "t"], ["d del"], 1),
    (["SDIFFSTORE", "d", "t", "t"], [], 0),
    (["SPOP", "u"], ["u spop", "u del"], 1),
    (["SADD", "s", *range(10)], ["s new", "s sadd"], 10),
    (["SPOP", "s", 0], [], 0),
    (["SPOP", "s", 3], ["s spop"], 3),
    (["SPOP", "s", 3], ["s spop"], 3),
    (["SPOP", "s", 30], ["s spop", "s del"], 4),
]


def test_events_and_changes() -> None:
    server = LooplessServer()
    seen: list[str] = []
    server.keyspace.on_change = lambda _db, key, _class, event: seen.append(f"{key.decode()} {event.decode()}")
    server.keyspace.effects = 1
    with LooplessClient(server) as client:
        for argv, events, changes in EVENTS:
            seen.clear()
            before = server.keyspace.dirty
            client.send(encode_command(*argv))
            assert seen == events, argv
            assert server.keyspace.dirty - before == changes, argv
