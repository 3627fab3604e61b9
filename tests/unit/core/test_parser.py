"""The request parser against a function of the whole input: however the bytes come in, the requests are the same."""

import gc
import random
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pyrite.core.errors import CommandError
from pyrite.core.memory import used_memory
from pyrite.core.parser import Requests, args_of, takes_over
from tests.models.parser import ProtocolError, requests, split_words

BULK_MAX = 512 * 1024 * 1024
BIG = 32768


def setup_module() -> None:
    """What earlier tests left to the garbage collector must not be freed within one of ours."""
    gc.collect()


def command(*words: bytes) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


# Requests, whole and broken, of all kinds
words = st.one_of(
    st.binary(max_size=12),
    st.binary(max_size=3).map(lambda unit: unit * 500),
    st.integers(BIG - 3, BIG + 3).map(lambda n: b"b" * n),
    st.integers(0, 100_000).map(lambda n: b"\r\n$*" * (n // 4)),
)
commands = st.lists(words, min_size=1, max_size=6).map(lambda items: command(*items))
line_letters = st.sampled_from(list(b"ab'\"\\xn0fF \t\v\f\r$*\x80"))
lines = st.lists(line_letters, max_size=20).map(bytes)
inline_requests = st.builds(lambda line, end: line + end, lines, st.sampled_from([b"\r\n", b"\n"]))
numbers = st.one_of(
    st.sampled_from([b"", b"-", b"+1", b"01", b"-0", b"1 ", b"0x1", b"2147483647", b"2147483648", b"\x00"]),
    st.sampled_from([b"9223372036854775807", b"9223372036854775808", b"-9223372036854775809", b"9" * 30]),
    st.integers(-3, 40).map(lambda n: b"%d" % n),
)
headers = st.builds(lambda kind, n, end: kind + n + end, st.sampled_from([b"*", b"$"]), numbers, st.just(b"\r\n"))
headers |= st.builds(lambda n: b"*2\r\n$" + n + b"\r\n", numbers)
inputs = st.lists(st.one_of(commands, commands, inline_requests, headers, st.binary(max_size=5)), max_size=6)
inputs = inputs.map(b"".join)


def parsed(pieces: list[bytes], bulk_max: int = BULK_MAX, trusted: bool = True) -> list[list[bytes] | bytes]:
    parser = Requests()
    return [found for piece in pieces for found in parser.feed(piece, bulk_max, trusted)]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in pairwise(ends)]


@given(inputs, st.booleans(), st.sampled_from([0, 5, 20_000, BULK_MAX, 2**63 - 1]))
@example(b"*1\r\n$9223372036854775807\r\nabc", True, 2**63 - 1)
@example(b"*1\r\n$9223372036854775806\r\n" + b"a" * 40_000, True, 2**63 - 1)
def test_whole_input_gives_the_models_requests(data: bytes, trusted: bool, bulk_max: int) -> None:
    assert parsed([data], bulk_max, trusted) == requests(data, bulk_max, trusted)


@given(inputs, st.lists(st.integers(0, 10**6), max_size=12), st.booleans())
def test_any_split_gives_the_same_requests(data: bytes, places: list[int], trusted: bool) -> None:
    assert parsed(cut(data, places), trusted=trusted) == requests(data, BULK_MAX, trusted)


@given(st.lists(st.one_of(inline_requests, st.lists(st.binary(max_size=5)).map(lambda w: command(*w))), max_size=5))
def test_byte_by_byte_gives_the_same_requests(parts: list[bytes]) -> None:
    data = b"".join(parts)
    assert parsed([bytes([byte]) for byte in data]) == requests(data, BULK_MAX, True)


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_garbage_gives_what_the_model_says(data: bytes, places: list[int]) -> None:
    assert parsed(cut(data, places)) == requests(data, BULK_MAX, True)


class Machine(RuleBasedStateMachine):
    """Pieces of input arrive, each ending wherever it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.start = used_memory()
        self.parser = Requests()
        self.sent = b""
        self.waiting = b""
        self.found: list[list[bytes] | bytes] = []

    @rule(data=st.one_of(commands, inline_requests))
    def write(self, data: bytes) -> None:
        self.waiting += data

    @rule(data=st.one_of(headers, st.binary(max_size=3)))
    def write_what_may_be_wrong(self, data: bytes) -> None:
        self.waiting += data

    @precondition(lambda self: self.waiting)
    @rule(n=st.one_of(st.integers(1, 20), st.integers(1, 70_000)))
    def arrive(self, n: int) -> None:
        piece, self.waiting = self.waiting[:n], self.waiting[n:]
        self.sent += piece
        self.found += self.parser.feed(piece, BULK_MAX, True)

    @invariant()
    def gives_the_models_requests(self) -> None:
        assert self.found == requests(self.sent, BULK_MAX, True)

    def teardown(self) -> None:
        self.parser = None
        assert used_memory() == self.start


class ParserTest(Machine.TestCase):
    settings = settings(max_examples=60, stateful_step_count=20, deadline=None)


# Words and their quotes


def inline_words(line: bytes) -> list[bytes] | bytes:
    found = parsed([line + b"\r\n"])
    assert len(found) == 1
    return found[0]


def model_words(line: bytes) -> list[bytes] | bytes:
    try:
        return split_words(line)
    except ProtocolError as error:
        return error.args[0]


@given(lines.filter(lambda line: not line.startswith(b"*")))
def test_words_of_a_line_are_the_models(line: bytes) -> None:
    assert inline_words(line) == model_words(line)


# What Redis 7.0.15 answers
SEEN_WORDS = [
    (b"set a b", [b"set", b"a", b"b"]),
    (b"  set\t\v a  ", [b"set", b"a"]),
    (b"a\vb c\fd", [b"a\vb", b"c\fd"]),
    (b'"a"\vb', [b"a", b"b"]),
    (b"a\rb", [b"a", b"b"]),
    (b"\"\" ''", [b"", b""]),
    (b'"\\x41\\x4a\\n\\r\\t\\b\\a\\q\\\\"', [b"AJ\n\r\t\b\aq\\"]),
    (b'"\\x4"', [b"x4"]),
    (b'"\\xzz"', [b"xzz"]),
    (b"'\\n\\''", [b"\\n'"]),
    (b'a"b c"', [b"ab c"]),
    (b"\\n", [b"\\n"]),
    (b'"a"b', b"unbalanced quotes in request"),
    (b'"a', b"unbalanced quotes in request"),
    (b"'a\\'", b"unbalanced quotes in request"),
    (b'a"', b"unbalanced quotes in request"),
    (b'"\\', b"unbalanced quotes in request"),
]


@pytest.mark.parametrize(("line", "expected"), SEEN_WORDS)
def test_words_of_a_line_are_those_that_redis_sees(line: bytes, expected: list[bytes] | bytes) -> None:
    assert inline_words(line) == expected
    assert model_words(line) == expected


def test_empty_lines_and_counts_are_empty_requests() -> None:
    assert parsed([b"\r\n\n*0\r\n*-1\r\nPING\r\n"]) == [[], [], [], [], [b"PING"]]


def test_line_with_a_zero_byte_never_ends() -> None:
    assert parsed([b"PING\x00\r\nPING\r\n"]) == []
    assert parsed([b"PING\x00\r\n", b"PING\r\n" * 20_000]) == [b"too big inline request"]


# Limits


@pytest.mark.parametrize(
    ("start", "problem"),
    [
        (b"", b"too big inline request"),
        (b"*", b"too big mbulk count string"),
        (b"*1\r\n$", b"too big bulk count string"),
    ],
)
def test_line_without_an_end_is_refused_past_64_kib(start: bytes, problem: bytes) -> None:
    room = 65536 - len(start.rpartition(b"\n")[2])
    assert parsed([start + b"1" * room]) == []
    assert parsed([start + b"1" * room, b"1"]) == [problem]
    assert parsed([start, b"1" * 1000, b"1" * 65536]) == [problem]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"*11\r\n", b"unauthenticated multibulk length"),
        (b"*1\r\n$16385\r\n", b"unauthenticated bulk length"),
        (b"*2147483648\r\n", b"invalid multibulk length"),
        (b"*1\r\n:1\r\n", b"expected '$', got '%c'"),
        (b"*1\r\n\r\n", b"expected '$', got '%c'"),
        (b"*1\r\n$-1\r\n", b"invalid bulk length"),
        (b"*1\r\n$21\r\n", b"invalid bulk length"),
        (b"*abc\r\n", b"invalid multibulk length"),
    ],
)
def test_hostile_headers_are_refused(data: bytes, problem: bytes) -> None:
    bulk_max = 20 if b"$21" in data else BULK_MAX
    assert parsed([data], bulk_max, trusted=False) == [problem]
    assert parsed([bytes([byte]) for byte in data], bulk_max, trusted=False) == [problem]


def test_what_an_unauthenticated_client_may_send() -> None:
    data = command(*[b"a" * 16384] * 10)
    assert parsed([data], trusted=False) == [[b"a" * 16384] * 10]


def test_nothing_follows_a_protocol_error() -> None:
    assert parsed([b"*1\r\n$x\r\n", command(b"PING")]) == [b"invalid bulk length"]


@pytest.mark.parametrize("promise", [b"*2147483647\r\n", b"*1\r\n$536870912\r\n", b"*1\r\n$9223372036854775807\r\n"])
def test_promises_take_no_memory(promise: bytes) -> None:
    start = used_memory()
    parser = Requests()
    assert parser.feed(promise + b"$3\r\nabc\r\n", 2**63 - 1, True) == []
    assert used_memory() - start < 100_000


@given(st.integers(BIG, 300_000), st.lists(st.integers(1, 50_000), max_size=8))
def test_room_of_a_big_argument_grows_with_what_has_come(length: int, pieces: list[int]) -> None:
    parser = Requests()
    data = command(b"b" * length)
    come = 0
    for size in pieces:
        if come + size >= len(data):
            break
        assert parser.feed(data[come : come + size], BULK_MAX, True) == []
        come += size
        assert parser.big_bytes <= max(2 * come, 2 * BIG)
    assert parser.feed(data[come:], BULK_MAX, True) == [[b"b" * length]]


def test_very_many_arguments() -> None:
    start = used_memory()
    items = [b"%d" % n for n in range(50_000)]
    data = command(*items)
    parser = Requests()
    for piece in (data[:17], data[17:100_001], data[100_001:]):
        found = parser.feed(piece, BULK_MAX, True)
    assert found == [items]
    assert parser.feed(command(b"PING"), BULK_MAX, True) == [[b"PING"]]
    assert used_memory() - start < 50_000, "room for very many arguments is kept"


def test_big_arguments_stay_where_they_are_while_others_come() -> None:
    big = [random.Random(n).randbytes(BIG + n * 10_000) for n in range(4)]
    data = command(b"MSET", b"a", big[0], b"b", big[1], big[2], big[3])
    for size in (1000, 5001, 33_000, 65_536, 90_001):
        pieces = [data[n : n + size] for n in range(0, len(data), size)]
        assert parsed(pieces) == [[b"MSET", b"a", big[0], b"b", big[1], big[2], big[3]]]


def test_big_argument_can_be_taken_over() -> None:
    start = used_memory()
    assert takes_over([b"SET", b"key", b"v" * 500_000], 2)
    assert not takes_over([b"SET", b"key", b"v" * 500_000], 1)
    assert not takes_over([b"SET", b"key", b"v" * 1000], 2)
    assert used_memory() == start


# Arguments


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=40), st.integers(-45, 45))
def test_arguments_by_index(items: list[bytes], i: int) -> None:
    args = args_of(items)
    assert len(args) == len(items)
    assert args.tail(1) == items[1:]
    assert args.bytes_total == sum(map(len, items))
    if -len(items) <= i < len(items):
        assert args[i] == items[i]
    else:
        with pytest.raises(IndexError):
            args[i]


@given(st.one_of(st.binary(max_size=8), st.sampled_from([b"NX", b"Nx", b"nx", b"n", b"nxx", b"nx\x00", b"\xeeX"])))
def test_tokens_match_in_any_case(word: bytes) -> None:
    assert args_of([word]).is_token(0, b"nx") == (word.lower() == b"nx")


@given(st.one_of(st.integers(-(2**64), 2**64).map(lambda n: b"%d" % n), numbers))
def test_integers_are_strict(text: bytes) -> None:
    items = [text]
    args = args_of(items)
    try:
        expected = int(text) if text == b"%d" % int(text) and -(2**63) <= int(text) < 2**63 else None
    except ValueError:
        expected = None
    if expected is None:
        with pytest.raises(CommandError, match="not an integer"):
            args.integer(0)
    else:
        assert args.integer(0) == expected
