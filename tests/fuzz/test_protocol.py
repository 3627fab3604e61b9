"""Requests that are cut anywhere, cut short, too long, or no requests at all.

Most of it drives a connection by hand, so that a cut is where the test puts it; the texts of protocol errors are held
against a real server over the network.
"""

import gc
import socket
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyrite.core.memory import used_memory
from tests.loopless import LooplessClient, LooplessServer
from tests.support import RespClient, Server, encode_command

BIG = 40_000  # more than what an argument may have to be read into the shared buffer
NETWORK_TIMEOUT_S = 5.0
# How many bytes the server may keep for one client that has sent but little.
SMALL_COST = 200_000


@pytest.fixture(scope="module")
def engine() -> LooplessServer:
    """Return a server without a network."""
    return LooplessServer()


def answers(engine: LooplessServer, pieces: list[bytes]) -> tuple[bytes, bool]:
    """Return what a fresh client gets for these reads on an empty keyspace, and whether it is still connected."""
    with LooplessClient(engine) as client:
        client.exchange([encode_command("DEL", "a", "b", "big")])
        return client.exchange(pieces), client.is_open


def answers_of(engine: LooplessServer, *argv: str) -> bytes:
    """Return what a client gets for one command."""
    with LooplessClient(engine) as client:
        return client.exchange([encode_command(*argv)])


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """Return the data in pieces, cut at these places (modulo its length)."""
    at = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in pairwise(at)]


# What is sent

keys = st.sampled_from([b"a", b"b", b"big"])
short_values = st.binary(max_size=40)
big_values = st.integers(BIG - 8000, BIG * 3).map(lambda n: b"v" * n)
commands = st.one_of(
    st.tuples(st.just(b"SET"), keys, short_values),
    st.tuples(st.just(b"SET"), keys, big_values),
    st.tuples(st.just(b"APPEND"), keys, short_values),
    st.tuples(st.sampled_from([b"GET", b"STRLEN", b"DEL"]), keys),
    st.tuples(st.just(b"MSET"), st.just(b"a"), big_values, st.just(b"b"), short_values),
    st.tuples(st.just(b"ECHO"), st.one_of(short_values, big_values)),
    st.tuples(st.sampled_from([b"PING", b"ping", b"CLIENT", b"NOSUCH", b"SELECT"])),
    st.tuples(st.just(b"CLIENT"), st.just(b"REPLY"), st.sampled_from([b"SKIP", b"OFF", b"ON"])),
    st.tuples(st.just(b"CLIENT"), st.just(b"SETNAME"), short_values),
)
inline = st.sampled_from(
    [
        b"PING\r\n",
        b"\r\n",
        b"\n",
        b"  SET  a   'x\\'y' \r\n",
        b'SET b "\\x41\\n\\"z"\n',
        b'ECHO ""\r\n',
        b"GET a\n",
        b"*0\r\n",
        b"*-1\r\n",
    ]
)
requests = st.one_of(commands.map(lambda argv: encode_command(*argv)), inline)
endings = st.sampled_from(
    [b"", b"*2\r\n$4\r\nECHO\r\n$3\r\nab", b"*1\r\n+PING\r\n", b"QUIT\r\nPING\r\n", b"*x\r\n", b"'\n"]
)
cuts = st.lists(st.integers(0, 1 << 20), max_size=30)


@given(st.lists(requests, max_size=12), endings, cuts)
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_cut_anywhere_the_replies_are_the_same(
    engine: LooplessServer, sent: list[bytes], ending: bytes, places: list[int]
) -> None:
    data = b"".join(sent) + ending
    assert answers(engine, cut(data, places)) == answers(engine, [data])


@given(st.lists(requests, min_size=1, max_size=3), endings)
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_byte_by_byte_the_replies_are_the_same(engine: LooplessServer, sent: list[bytes], ending: bytes) -> None:
    data = b"".join(each for each in sent if len(each) < 1000) + ending
    assert answers(engine, [bytes([byte]) for byte in data]) == answers(engine, [data])


@pytest.mark.parametrize("size", [32766, 32767, 32768, 65535, 65536, 65537, 200_000])
@pytest.mark.parametrize("first", [30, 34, 35, 36, 32_800, 65_536])
def test_big_argument_arrives_whole(engine: LooplessServer, size: int, first: int) -> None:
    value = bytes(range(256)) * (size // 256 + 1)
    value = value[:size]
    data = encode_command("SET", "big", value) + encode_command("GET", "big") + b"PING\r\n"
    reply, is_open = answers(engine, [data[:first], data[first:]])
    assert reply == b"+OK\r\n$%d\r\n%b\r\n+PONG\r\n" % (size, value)
    assert is_open


def test_deep_pipeline(engine: LooplessServer) -> None:
    reply, _ = answers(engine, [b"PING\r\n" * 50_000])
    assert reply == b"+PONG\r\n" * 50_000


def test_many_arguments_in_one_request(engine: LooplessServer) -> None:
    argv = [b"DEL", *(b"%d" % i for i in range(100_000))]
    reply, _ = answers(engine, [encode_command(*argv), b"PING\r\n"])
    assert reply == b":0\r\n+PONG\r\n"


# Hostile input

fragments = st.one_of(
    st.sampled_from(
        [
            b"*", b"$", b"\r\n", b"\n", b"\r", b"*1\r\n", b"*3\r\n", b"$4\r\n", b"PING", b"-1", b"0", b"99999999999",
            b"9223372036854775808", b"2147483648", b"$-1\r\n", b"$536870913\r\n", b"'", b'"', b"\\x4", b" ",
            b"GET a\r\n",
            b"*1048577\r\n", b"$04\r\n", b"*+1\r\n", b"* 1\r\n", b"*1 \r\n", b"\x80", b"\xff", b"*1\n$4\nPING\n",
        ]
    ),
    st.binary(max_size=6),
)  # fmt: skip
hostile = st.lists(fragments, max_size=14).map(b"".join)


@given(hostile, cuts)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_hostile_input_gets_the_same_answer_however_it_is_cut(
    engine: LooplessServer, data: bytes, places: list[int]
) -> None:
    assert answers(engine, cut(data, places)) == answers(engine, [data])
    assert engine.internal_errors == 0


@given(hostile)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_hostile_input_gets_the_answer_of_a_real_server(server: Server, peer: Server, data: bytes) -> None:
    # An upper-case X before a NUL, as the real server's texts end there.
    data = data.replace(b"\0", b"X")
    assert conversation(server, data) == conversation(peer, data)


@given(st.lists(requests, max_size=6), st.integers(0, 2000), st.binary(min_size=1, max_size=2))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_requests_get_the_answer_of_a_real_server(
    server: Server, peer: Server, sent: list[bytes], place: int, damage: bytes
) -> None:
    whole = b"".join(each for each in sent if len(each) < 1000)
    place %= len(whole) + 1
    data = (whole[:place] + damage + whole[place + len(damage) :]).replace(b"\0", b"X")
    assert conversation(server, data) == conversation(peer, data)


def conversation(server: Server, data: bytes) -> bytes:
    """Return all that a server answers to this until it, told that nothing more will come, closes."""
    server.call("FLUSHALL")
    with socket.create_connection(("127.0.0.1", server.port), NETWORK_TIMEOUT_S) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: sock.recv(65536), b""))


PROTOCOL_ERRORS = [
    (b"*2147483648\r\n", b"invalid multibulk length"),
    (b"*x\r\n", b"invalid multibulk length"),
    (b"*\r\n", b"invalid multibulk length"),
    (b"*01\r\n", b"invalid multibulk length"),
    (b"*1\r\n+4\r\n", b"expected '$', got '+'"),
    (b"*1\r\n\r\n", b"expected '$', got ' '"),
    (b"*1\r\n$-1\r\n", b"invalid bulk length"),
    (b"*1\r\n$x\r\n", b"invalid bulk length"),
    (b"*1\r\n$536870913\r\n", b"invalid bulk length"),
    (b"*1\r\n$99999999999999999999\r\n", b"invalid bulk length"),
    (b"*" + b"1" * 70_000, b"too big mbulk count string"),
    (b"*1\r\n$" + b"1" * 70_000, b"too big bulk count string"),
    (b"P" * 70_000, b"too big inline request"),
    (b"SET a 'b\r\n", b"unbalanced quotes in request"),
    (b'SET a "b"c\r\n', b"unbalanced quotes in request"),
]


@pytest.mark.parametrize(("data", "text"), PROTOCOL_ERRORS, ids=lambda value: value[:24])
def test_protocol_error(engine: LooplessServer, data: bytes, text: bytes) -> None:
    assert answers(engine, [b"PING\r\n" + data]) == (b"+PONG\r\n-ERR Protocol error: " + text + b"\r\n", False)


UNTRUSTED_ERRORS = [
    (b"*11\r\n", b"unauthenticated multibulk length"),
    (b"*2\r\n$16385\r\n", b"unauthenticated bulk length"),
]


@pytest.mark.parametrize(("data", "text"), UNTRUSTED_ERRORS)
def test_protocol_error_before_authentication(data: bytes, text: bytes) -> None:
    with LooplessClient(LooplessServer(b"secret")) as client:
        assert client.exchange([data]) == b"-ERR Protocol error: " + text + b"\r\n"
        assert not client.is_open


def test_after_authentication_the_limits_are_gone() -> None:
    with LooplessClient(LooplessServer(b"secret")) as client:
        assert client.exchange([encode_command("AUTH", "secret")]) == b"+OK\r\n"
        assert client.exchange([encode_command("ECHO", b"x" * 16385)]).startswith(b"$16385\r\n")
        assert client.exchange([encode_command("DEL", *range(11))]) == b":0\r\n"


def test_without_a_password_any_more_the_limits_are_gone() -> None:
    engine = LooplessServer(b"secret")
    with LooplessClient(engine) as client:
        engine.password = None
        assert client.exchange([encode_command("ECHO", b"x" * 16385)]).startswith(b"$16385\r\n")


@pytest.mark.parametrize("switch", [b"OFF", b"SKIP"])
def test_protocol_error_is_silent_while_replies_are_off(engine: LooplessServer, switch: bytes) -> None:
    assert answers(engine, [b"CLIENT REPLY " + switch + b"\r\n*x\r\n"]) == (b"", False)


# What a client can make the server hold


@pytest.fixture
def idle_cost(engine: LooplessServer) -> Iterator[int]:
    """Return what is in use before the test, and see that all is given back after it."""
    answers(engine, [b"PING\r\n", b"PI"])
    # What earlier tests left may still be about to be freed.
    gc.collect()
    while engine.keyspace.lazyfree.pending_objects:
        time.sleep(0.001)
    before = used_memory()
    yield before
    assert used_memory() <= before


@pytest.mark.parametrize(
    "data",
    [
        b"*2147483647\r\n",
        b"*2\r\n$4\r\nECHO\r\n$536870912\r\n",
        b"*2\r\n$4\r\nECHO\r\n$536870912\r\nabc",
        b"x" * 60_000,
    ],
)
def test_a_promise_costs_nothing(engine: LooplessServer, idle_cost: int, data: bytes) -> None:
    with LooplessClient(engine) as client:
        client.send(data)
        assert used_memory() - idle_cost < SMALL_COST


def test_a_client_that_vanishes_in_a_request_leaves_nothing(engine: LooplessServer, idle_cost: int) -> None:
    data = encode_command("MSET", "a", b"v" * BIG, "b", b"w" * BIG)
    for end in (1, 10, 100, BIG, BIG + 100, len(data) - 1):
        with LooplessClient(engine) as client:
            client.send(data[:end])
            assert used_memory() > idle_cost


def test_a_client_that_never_reads_is_closed_at_the_hard_limit(engine: LooplessServer, idle_cost: int) -> None:
    engine.output_limits = ((1_000_000, 0, 0),) * 3
    try:
        with LooplessClient(engine) as client:
            for _ in range(400):
                client.send(encode_command("ECHO", b"v" * 10_000))
            assert not client.is_open
            assert used_memory() - idle_cost < 2_500_000
        assert engine.output_buffer_disconnections == 1
    finally:
        engine.output_limits = ((0, 0, 0),) * 3


def test_a_pipeline_whose_replies_pass_the_hard_limit_gets_none(engine: LooplessServer) -> None:
    engine.output_limits = ((100_000, 0, 0),) * 3
    try:
        with LooplessClient(engine) as client:
            client.send(encode_command("SET", "big", b"v" * 10_000))
            assert client.receive() == b"+OK\r\n"
            client.send(encode_command("GET", "big") * 9)
            assert len(client.receive()) == 9 * 10_010
            client.send(encode_command("GET", "big") * 11 + encode_command("SET", "a", "last"))
            assert client.receive() == b""
            assert not client.is_open
        assert answers_of(engine, "GET", "a") == b"$-1\r\n"
    finally:
        engine.output_limits = ((0, 0, 0),) * 3


def test_before_authentication_nothing_piles_up() -> None:
    with LooplessClient(LooplessServer(b"secret")) as client:
        for _ in range(100):
            client.send(b"GET a\r\n" * 1000)
        assert not client.is_open


def test_request_past_the_query_buffer_limit(engine: LooplessServer, idle_cost: int) -> None:
    engine.client_query_buffer_limit = 1_000_000
    try:
        with LooplessClient(engine) as client:
            client.send(b"*2\r\n$4\r\nECHO\r\n$5000000\r\n")
            for _ in range(200):
                client.send(b"v" * 10_000)
            assert not client.is_open
            assert used_memory() - idle_cost < 3_000_000
        assert engine.query_buffer_disconnections == 1
    finally:
        engine.client_query_buffer_limit = 1 << 30


# The socket is full


@given(st.lists(st.integers(1, 300_000), min_size=1, max_size=12), cuts)
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_replies_that_the_socket_does_not_take_arrive_later(
    engine: LooplessServer, sizes: list[int], places: list[int]
) -> None:
    data = b"".join(encode_command("ECHO", b"v" * size) for size in sizes)
    with LooplessClient(engine) as client:
        for piece in cut(data, places):
            client.send(piece)
        received = client.receive()
    assert received == b"".join(b"$%d\r\n%b\r\n" % (size, b"v" * size) for size in sizes)


def test_quit_waits_until_all_is_sent(engine: LooplessServer) -> None:
    with LooplessClient(engine) as client:
        client.send(encode_command("ECHO", b"v" * 5_000_000) + b"QUIT\r\nPING\r\n")
        assert client.is_open
        assert client.receive().endswith(b"v\r\n+OK\r\n")
        assert not client.is_open


def test_over_the_network_too(client: RespClient) -> None:
    client.send_bytes(b"*1\r\n!")
    client.send_bytes(b"\r\n")
    assert client.read_raw() == b"-ERR Protocol error: expected '$', got '!'\r\n"
    assert client.is_closed_by_server()
