"""The reply buffer against a string: both protocols, lengths that come last, growth, and sending in pieces."""

import gc
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pyrite.core.memory import used_memory
from pyrite.core.reply import Reply, pooled_bytes
from tests.models import reply as model

CHUNK = 16384

integers = st.one_of(st.integers(-12, 120), st.integers(-(2**63), 2**63 - 1), st.sampled_from([-(2**63), 2**63 - 1]))
texts = st.one_of(
    st.binary(max_size=20),
    st.integers(0, 3000).map(lambda n: b"t" * n),
    st.integers(CHUNK - 50, CHUNK + 50).map(lambda n: b"c" * n),
    st.integers(0, 100_000).map(lambda n: b"l" * n),
)
lines = st.binary(max_size=40) | st.sampled_from([b"a\r\nb", b"ERR wrong\n", b"\r", b"x" * 20_000])
doubles = st.floats(allow_nan=False) | st.integers(-(2**60), 2**60).map(float)
counts = st.integers(0, 12) | st.integers(0, 2**40)
lasting = st.sampled_from(["array", "map", "set"])
KINDS = ["array", "map", "set", "push"]


def setup_module() -> None:
    """What earlier tests left to the garbage collector must not be freed within one of ours."""
    gc.collect()


def in_use() -> int:
    """Bytes in use, less those of buffers that wait for the next reply."""
    return used_memory() - block_of_chunk() * (pooled_bytes() // CHUNK)


def block_of_chunk() -> int:
    return CHUNK + 16


class Machine(RuleBasedStateMachine):
    """One client's replies are written, cut off, and sent."""

    @initialize(resp=st.sampled_from([2, 3]))
    def connect(self, resp: int) -> None:
        self.start = in_use()
        self.reply = Reply()
        self.reply.resp = resp
        self.model = model.Reply(resp)
        self.marks: list[int] = []
        self.errors = 0

    @rule(data=texts)
    def bulk(self, data: bytes) -> None:
        self.reply.bulk(data)
        self.model.write(model.bulk(data))

    @rule(data=texts)
    def raw(self, data: bytes) -> None:
        self.reply.raw(data)
        self.model.write(data)

    @rule(text=lines)
    def simple(self, text: bytes) -> None:
        self.reply.simple(text)
        self.model.write(model.line(b"+", model.one_line(text)))

    @rule(text=lines)
    def error(self, text: bytes) -> None:
        self.reply.error(text)
        self.model.write(model.line(b"-", model.one_line(text)))
        self.errors += 1
        assert self.reply.last_error == model.one_line(text)

    @rule(value=integers, as_bulk=st.booleans())
    def integer(self, value: int, as_bulk: bool) -> None:
        if as_bulk:
            self.reply.bulk_integer(value)
            self.model.write(model.bulk(b"%d" % value))
        else:
            self.reply.integer(value)
            self.model.write(model.line(b":", value))

    @rule(array=st.booleans())
    def null(self, array: bool) -> None:
        if array:
            self.reply.null_array()
            self.model.write(self.model.null_array())
        else:
            self.reply.null()
            self.model.write(self.model.null())

    @rule(value=st.booleans())
    def boolean(self, value: bool) -> None:
        self.reply.boolean(value)
        self.model.write(self.model.boolean(value))

    @rule(value=doubles)
    def double(self, value: float) -> None:
        self.reply.double(value)
        self.model.write(self.model.double(value))

    @rule(digits=st.integers(-(10**40), 10**40).map(lambda n: b"%d" % n))
    def big_number(self, digits: bytes) -> None:
        self.reply.big_number(digits)
        self.model.write(self.model.big_number(digits))

    @rule(kind=st.sampled_from([b"txt", b"mkd"]), text=texts)
    def verbatim(self, kind: bytes, text: bytes) -> None:
        self.reply.verbatim(kind, text)
        self.model.write(self.model.verbatim(kind, text))

    @rule(kind=st.sampled_from(KINDS), n=counts)
    def head(self, kind: str, n: int) -> None:
        getattr(self.reply, {"set": "set_"}.get(kind, kind))(n)
        self.model.write(self.model.head(kind, n))

    @rule()
    def open(self) -> None:
        self.marks.append(self.reply.open())
        self.model.open()

    @precondition(lambda self: self.marks)
    @rule(kind=lasting, n=counts)
    def close(self, kind: str, n: int) -> None:
        getattr(self.reply, f"close_{kind}")(self.marks.pop(), n)
        self.model.close(kind, n)

    @precondition(lambda self: not self.marks)
    @rule(n=st.integers(1, 200) | st.integers(1, 50_000))
    def send_some(self, n: int) -> None:
        if self.model.content:
            self.reply.sent_more(n)
            self.model.sent(n)

    @precondition(lambda self: not self.marks)
    @rule()
    def send_all(self) -> None:
        if self.model.content:
            self.reply.sent_more(len(self.model.content))
            self.model.sent(len(self.model.content))
        assert self.reply.capacity == 0

    @precondition(lambda self: not self.marks)
    @rule(n=st.integers(0, 50_000))
    def take_back(self, n: int) -> None:
        self.reply.take_back(n)
        self.model.truncate(n)

    @precondition(lambda self: not self.marks)
    @rule()
    def drop(self) -> None:
        assert self.reply.drop() == self.model.content
        self.model.truncate(0)

    @invariant()
    def waits_with_what_the_model_holds(self) -> None:
        assert self.reply.content() == self.model.content
        assert self.reply.n - self.reply.sent == len(self.model.content)
        assert self.reply.errors == self.errors

    @invariant()
    def owns_no_buffer_while_nothing_waits(self) -> None:
        assert self.reply.n <= self.reply.capacity
        if not self.model.content:
            assert self.reply.capacity == 0
            assert in_use() == self.start

    def teardown(self) -> None:
        self.reply = None
        assert in_use() == self.start


class ReplyTest(Machine.TestCase):
    settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


def written(resp: int, method: str, *arguments: object) -> bytes:
    reply = Reply()
    reply.resp = resp
    getattr(reply, method)(*arguments)
    return reply.content()


@pytest.mark.parametrize(
    ("method", "arguments", "resp2", "resp3"),
    [
        ("simple", (b"OK",), b"+OK\r\n", b"+OK\r\n"),
        ("error", (b"ERR no\r\n+OK",), b"-ERR no  +OK\r\n", b"-ERR no  +OK\r\n"),
        ("integer", (-(2**63),), b":-9223372036854775808\r\n", b":-9223372036854775808\r\n"),
        ("bulk", (b"",), b"$0\r\n\r\n", b"$0\r\n\r\n"),
        ("null", (), b"$-1\r\n", b"_\r\n"),
        ("null_array", (), b"*-1\r\n", b"_\r\n"),
        ("array", (0,), b"*0\r\n", b"*0\r\n"),
        ("map", (12,), b"*24\r\n", b"%12\r\n"),
        ("set_", (3,), b"*3\r\n", b"~3\r\n"),
        ("push", (3,), b"*3\r\n", b">3\r\n"),
        ("boolean", (True,), b":1\r\n", b"#t\r\n"),
        ("boolean", (False,), b":0\r\n", b"#f\r\n"),
        ("double", (3.0,), b"$1\r\n3\r\n", b",3\r\n"),
        ("double", (0.1,), b"$3\r\n0.1\r\n", b",0.1\r\n"),
        ("double", (math.inf,), b"$3\r\ninf\r\n", b",inf\r\n"),
        ("double", (-math.inf,), b"$4\r\n-inf\r\n", b",-inf\r\n"),
        ("double", (math.nan,), b"$3\r\nnan\r\n", b",nan\r\n"),
        ("big_number", (b"12345678901234567890",), b"$20\r\n12345678901234567890\r\n", b"(12345678901234567890\r\n"),
        ("verbatim", (b"txt", b"hi"), b"$2\r\nhi\r\n", b"=6\r\ntxt:hi\r\n"),
        ("raw", (b"",), b"", b""),
    ],
)
def test_bytes_of_each_kind(method: str, arguments: tuple[object, ...], resp2: bytes, resp3: bytes) -> None:
    assert written(2, method, *arguments) == resp2
    assert written(3, method, *arguments) == resp3


def test_attribute_of_resp3() -> None:
    assert written(3, "attribute", 1) == b"|1\r\n"


@given(st.integers(0, 60))
def test_deeply_nested_lengths_that_come_last(depth: int) -> None:
    reply = Reply()
    marks = []
    for _ in range(depth):
        marks.append(reply.open())
        reply.integer(1)
    while marks:
        reply.close_array(marks.pop(), 2)
        reply.null()
    assert reply.content() == b"*2\r\n:1\r\n" * depth + b"$-1\r\n" * depth


@pytest.mark.parametrize("free", range(40))
def test_each_kind_fits_exactly_at_the_end_of_the_buffer(free: int) -> None:
    for method, arguments in (
        ("integer", (-(2**63),)),
        ("bulk", (b"12345",)),
        ("simple", (b"12345",)),
        ("error", (b"ERR",)),
        ("array", (2**40,)),
        ("double", (-1.2345678901234567e-300,)),
        ("null", ()),
    ):
        reply = Reply()
        reply.raw(b"x" * (CHUNK - free))
        getattr(reply, method)(*arguments)
        assert reply.content() == b"x" * (CHUNK - free) + written(2, method, *arguments)


def test_what_a_slow_client_has_read_gives_its_room_back() -> None:
    reply = Reply()
    sent = 0
    for n in range(2000):
        reply.bulk(b"%04d" % n * 100)
        reply.sent_more(405)
        sent += 405
    whole = b"".join(model.bulk(b"%04d" % n * 100) for n in range(2000))
    assert reply.content() == whole[sent:]
    assert reply.capacity < 64 * 1024


def test_buffers_are_shared_by_all_clients() -> None:
    replies = [Reply() for _ in range(200)]
    for n, reply in enumerate(replies):
        reply.integer(n)
    assert [reply.drop() for reply in replies] == [b":%d\r\n" % n for n in range(200)]
    assert pooled_bytes() <= 64 * CHUNK
    for n, reply in enumerate(replies):
        reply.integer(-n)
    assert [reply.content() for reply in replies] == [b":%d\r\n" % -n for n in range(200)]
