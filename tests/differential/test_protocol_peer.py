"""What goes over the wire around commands: pipelines, inline requests, protocol switches, replies turned off.

Both servers get the same bytes, cut at the same places; all that they answer, until they close, must be the same.
"""

import socket
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import ServerFactory
from tests.differential.arguments import Argv, value, word, words
from tests.differential.requests import requests
from tests.differential.versions import HELLO_WITHOUT_AUTH, OLD_HELLO_WITHOUT_AUTH
from tests.support import RespClient, Server, encode_command

TIMEOUT_S = 10.0
SHOWN_BYTES = 2000
PASSWORD = b"secret"

many = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
cuts = st.lists(st.integers(0, 100_000), max_size=4)


def conversation(server: Server, pieces: list[bytes]) -> bytes:
    """Return all that a server answers to these bytes until it, told that no more will come, closes."""
    with socket.create_connection(("127.0.0.1", server.port), TIMEOUT_S) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            sock.sendall(piece)
        sock.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: sock.recv(65536), b""))


def assert_same(servers: tuple[Server, Server], data: bytes, places: list[int]) -> None:
    """Send data, cut at these places, to both and compare what they answer."""
    at = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    pieces = [data[start:end] for start, end in pairwise(at)]
    try:
        ours, theirs = (conversation(server, pieces) for server in servers)
    except OSError:
        # A server that closes with a piece unread resets the connection, and what it said before may be lost.
        ours, theirs = (conversation(server, [data]) for server in servers)
    theirs = theirs.replace(OLD_HELLO_WITHOUT_AUTH, HELLO_WITHOUT_AUTH)
    assert ours[-SHOWN_BYTES:] == theirs[-SHOWN_BYTES:], data[:SHOWN_BYTES]
    assert ours == theirs


# Inline requests: words, in quotes or not, with escapes, blanks between them

blanks = st.text(" \t", min_size=1, max_size=3).map(str.encode)
plain = st.sampled_from([b"a", b"key", b"x'y", b'x"y', b"\\n", b"\\x41", b"\xff", b"-1", b"*1", b"$3"])
escape = st.sampled_from(
    [b"\\n", b"\\r", b"\\t", b"\\a", b"\\b", b"\\\\", b'\\"', b"\\'", b"\\x41", b"\\xZZ", b"\\xf", b"\\q"]
)
double_quoted = st.lists(st.one_of(escape, plain, blanks), max_size=4).map(lambda parts: b'"' + b"".join(parts) + b'"')
single_quoted = st.lists(st.one_of(escape, plain, blanks), max_size=4).map(lambda parts: b"'" + b"".join(parts) + b"'")
argument = st.one_of(plain, plain, double_quoted, single_quoted, st.just(b'"'), st.just(b"'a'b"))
names = words("echo", "set", "get", "ping", "mget", "nosuch", "strlen")
inline = st.builds(
    lambda start, name, parts, end: start + name + b"".join(parts) + end,
    st.sampled_from([b"", b"", b"  ", b"\t"]),
    names,
    st.lists(st.tuples(blanks, argument).map(b"".join), max_size=3),
    st.sampled_from([b"\r\n", b"\n", b" \r\n"]),
)
empty = st.sampled_from([b"\r\n", b"\n", b" \r\n", b"*0\r\n", b"*-1\r\n", b"*-10\r\n"])


@given(st.lists(st.one_of(inline, inline, empty), min_size=1, max_size=8), cuts)
@many
def test_inline_requests(server: Server, peer: Server, lines: list[bytes], places: list[int]) -> None:
    # Each line is followed by a request that shows whether the connection still understands.
    assert_same((server, peer), b"".join(line + b"*1\r\n$4\r\nPING\r\n" for line in lines), places)


# Requests that change what comes after them

switches: st.SearchStrategy[Argv] = st.one_of(
    st.tuples(word("client"), word("reply"), words("on", "off", "skip", "skip", "later")).map(list),
    st.tuples(word("client"), word("reply")).map(list),
    st.just([b"RESET"]),
    st.tuples(word("select"), st.sampled_from([b"0", b"1", b"99"])).map(list),
    st.tuples(word("client"), word("setname"), st.sampled_from([b"a", b""])).map(list),
)
asking: st.SearchStrategy[Argv] = st.sampled_from(
    [
        [b"PING"], [b"ECHO", b"x"], [b"GET", b"missing"], [b"SET", b"k", b"v"], [b"NOSUCH", b"a"], [b"GET"],
        [b"CLIENT", b"GETNAME"], [b"CLIENT", b"TRACKINGINFO"], [b"SET", b"k", b"v", b"NX", b"GET"], [b"QUIT"],
        [b"QUIT", b"now"], [b"MEMORY", b"USAGE", b"missing"], [b"DEBUG", b"PROTOCOL", b"map"], [b"PING", b"a", b"b"],
        [b"DEBUG", b"PROTOCOL", b"null"], [b"DEBUG", b"PROTOCOL", b"attrib"], [b"DEBUG", b"PROTOCOL", b"double"],
    ]
)  # fmt: skip
# HELLO's reply tells the version and the id of the connection, so that replies are off while it is sent.
hello = st.sampled_from([b"2", b"3"]).map(
    lambda resp: [[b"CLIENT", b"REPLY", b"OFF"], [b"HELLO", resp], [b"CLIENT", b"REPLY", b"ON"]]
)
steps = st.one_of(
    asking.map(lambda argv: [argv]), asking.map(lambda argv: [argv]), switches.map(lambda argv: [argv]), hello
)


@given(st.lists(steps, min_size=1, max_size=15), cuts)
@many
def test_switches_in_a_pipeline(server: Server, peer: Server, chosen: list[list[Argv]], places: list[int]) -> None:
    for each in (server, peer):
        each.call("DEL", "k")
    requests_ = [argv for step in chosen for argv in step]
    assert_same((server, peer), b"".join(encode_command(*argv) for argv in requests_), places)


@given(st.lists(st.one_of(requests("string"), requests("counter")), min_size=1, max_size=30), cuts)
@many
def test_pipelines_of_any_requests(server: Server, peer: Server, argvs: list[Argv], places: list[int]) -> None:
    for each in (server, peer):
        assert each.call("FLUSHALL") == b"OK"
    sent = [argv for argv in argvs if not {b"EX", b"PX"} & {part.upper() for part in argv[2:]}]
    assert_same((server, peer), b"".join(encode_command(*argv) for argv in sent), places)


# Before and after authentication


@pytest.fixture
def locked(start_pyrite: ServerFactory, start_peer: ServerFactory) -> tuple[Server, Server]:
    """Return two servers that ask for a password."""
    text = PASSWORD.decode()
    return start_pyrite("--requirepass", text, password=text), start_peer("--requirepass", text, password=text)


password = st.sampled_from([PASSWORD, b"wrong", b"", b"secret\0", b"Secret"])
doors: st.SearchStrategy[Argv] = st.one_of(
    st.tuples(word("auth"), password).map(list),
    st.tuples(word("auth"), st.sampled_from([b"default", b"nosuch"]), password).map(list),
    st.tuples(
        word("hello"), st.sampled_from([b"2", b"3", b"9"]), word("auth"), st.just(b"default"), st.just(b"bad")
    ).map(list),
    st.sampled_from([[b"RESET"], [b"AUTH"], [b"AUTH", b"a", b"b", b"c"], [b"HELLO", b"3"], [b"HELLO", b"x"]]),
    st.sampled_from([[b"QUIT"], [b"NOSUCH"], [b"GET"], [b"CONFIG", b"NOSUCH"]]),
    st.tuples(words("get", "echo", "select", "ping"), value.map(lambda text: text[:100])).map(list),
)


def replies_one_by_one(server: Server, argvs: list[Argv]) -> list[bytes]:
    """Return the replies to requests that each wait for the reply before; all but the type of HELLO's description."""
    replies = []
    # Not `server.connect`, which would give the password.
    with RespClient(server.port) as client:
        try:
            for argv in argvs:
                reply = client.call_raw(*argv).replace(OLD_HELLO_WITHOUT_AUTH, HELLO_WITHOUT_AUTH)
                replies.append(reply[:1] if argv[0].upper() == b"HELLO" and not reply.startswith(b"-") else reply)
        except ConnectionError:
            replies.append(b"closed")
    return replies


# No pipelines: Redis 7.2 leaves out the error of a failed AUTH while replies before it have not been sent.
def test_before_and_after_authentication(locked: tuple[Server, Server]) -> None:
    @many
    @given(st.lists(doors, min_size=1, max_size=8))
    def run(argvs: list[Argv]) -> None:
        ours, theirs = (replies_one_by_one(server, argvs) for server in locked)
        assert ours == theirs

    run()


# Other connections


@pytest.mark.parametrize(
    "filters", [["ID", "{id}"], ["ADDR", "{addr}"], ["LADDR", "{laddr}", "ID", "{id}"], ["{addr}"]]
)
@pytest.mark.parametrize("more", [[], ["SKIPME", "no"], ["TYPE", "normal"], ["TYPE", "pubsub"], ["USER", "default"]])
def test_kill_another_connection(server: Server, peer: Server, filters: list[str], more: list[str]) -> None:
    outcomes = []
    for each in (server, peer):
        with each.connect() as victim:
            fields = described(victim)
            reply = each.call_raw("CLIENT", "KILL", *(part.format(**fields) for part in filters), *more)
            outcomes.append((reply, victim.is_closed_by_server(0.5)))
    assert outcomes[0] == outcomes[1]


def described(client: RespClient) -> dict[str, str]:
    """Return the fields of CLIENT INFO."""
    line = client.call("CLIENT", "INFO")
    assert isinstance(line, bytes)
    return dict(field.split("=", 1) for field in line.decode().split())


def test_slow_log_entries(server: Server, peer: Server) -> None:
    """What the slow log keeps of long requests: how many arguments, how much of each."""
    kept = []
    for each in (server, peer):
        with each.config(slowlog_log_slower_than=0, slowlog_max_len=5):
            each.call("SLOWLOG", "RESET")
            each.call("CLIENT", "SETNAME", "slow")
            each.call("SET", "k", b"v" * 127)
            each.call("SET", "k", b"v" * 129)
            each.call("MSET", *range(64))
            each.call("NOSUCH", "a")
            each.call("AUTH", "default", "password")
            entries = each.call("SLOWLOG", "GET", "-1")
        assert isinstance(entries, list)
        kept.append([(entry[0] - entries[-1][0], entry[3], entry[5]) for entry in entries])
    assert kept[0] == kept[1]
