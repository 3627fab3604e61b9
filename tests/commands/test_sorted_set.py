"""The sorted-set commands for single members: scores, flags, ranks, encodings, scanning, chance, events; a model."""

import math
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.loopless import LooplessClient, LooplessServer
from tests.models.sorted_set import Bound, Item, SortedSet, limited
from tests.support import ErrorReply, RespClient, Server, encode_command

SYNTAX = ErrorReply(b"ERR syntax error")
NOT_FLOAT = ErrorReply(b"ERR value is not a valid float")
NOT_INTEGER = ErrorReply(b"ERR value is not an integer or out of range")
WRONG_TYPE = ErrorReply(b"WRONGTYPE Operation against a key holding the wrong kind of value")
NAN = ErrorReply(b"ERR resulting score is not a number (NaN)")
INF = math.inf
# Options that make a set one encoding or the other from its first member on.
ENCODINGS = {"listpack": 1000, "skiplist": 0}


@pytest.fixture(params=ENCODINGS)
def any_server(request: pytest.FixtureRequest, server: Server) -> Any:
    """Return our server, with all sorted sets in one encoding."""
    with server.config(zset_max_listpack_entries=ENCODINGS[request.param]):
        yield server


def encoding(server: Server, key: str = "z") -> object:
    return server.call("OBJECT", "ENCODING", key)


def content(client: Server | RespClient, key: str = "z") -> list[Item]:
    """Return members and scores in order, in RESP2."""
    flat = client.call("ZRANGE", key, 0, -1, "WITHSCORES")
    assert isinstance(flat, list)
    return [(member, float(score)) for member, score in zip(flat[::2], flat[1::2], strict=True)]


# ZADD


def test_members_stand_in_order_of_score_then_bytes(any_server: Server) -> None:
    assert any_server.call("ZADD", "z", 2, "b", 1, "c", 2, "a", "-inf", "z", "inf", "", 2, b"a\0") == 6
    assert content(any_server) == [(b"z", -INF), (b"c", 1), (b"a", 2), (b"a\0", 2), (b"b", 2), (b"", INF)]


def test_a_member_that_is_an_integer_is_a_text_like_any_other(any_server: Server) -> None:
    any_server.call("ZADD", "z", 0, 10, 0, 9, 0, "09", 0, -1, 0, 2**63 - 1)
    assert [member for member, _ in content(any_server)] == [b"-1", b"09", b"10", b"9", b"%d" % (2**63 - 1)]
    assert any_server.call("ZSCORE", "z", "9") == b"0"
    assert any_server.call("ZSCORE", "z", "09") == b"0"
    assert any_server.call("ZSCORE", "z", "009") is None


@pytest.mark.parametrize(
    ("flags", "reply", "score"),
    [
        ("", 0, b"5"),
        ("CH", 1, b"5"),
        ("NX", 0, b"3"),
        ("NX CH", 0, b"3"),
        ("XX", 0, b"5"),
        ("XX CH", 1, b"5"),
        ("GT CH", 1, b"5"),
        ("LT CH", 0, b"3"),
        ("xx gt ch", 1, b"5"),
        ("ch ch ch", 1, b"5"),
        ("INCR", b"8", b"8"),
        ("INCR NX", None, b"3"),
        ("INCR GT", b"8", b"8"),
        ("INCR LT", None, b"3"),
    ],
)
def test_flags_for_a_member_that_is_there(any_server: Server, flags: str, reply: object, score: bytes) -> None:
    any_server.call("ZADD", "z", 3, "m")
    assert any_server.call("ZADD", "z", *flags.split(), 5, "m") == reply
    assert any_server.call("ZSCORE", "z", "m") == score


@pytest.mark.parametrize(
    ("flags", "reply", "exists"),
    [("", 1, 1), ("NX", 1, 1), ("XX", 0, 0), ("GT", 1, 1), ("LT CH", 1, 1), ("INCR", b"5", 1), ("INCR XX", None, 0)],
)
def test_flags_for_a_member_that_is_not_there(any_server: Server, flags: str, reply: object, exists: int) -> None:
    for existing in (False, True):
        any_server.call("FLUSHALL")
        if existing:
            any_server.call("ZADD", "z", 1, "other")
        assert any_server.call("ZADD", "z", *flags.split(), 5, "m") == reply
        assert any_server.call("EXISTS", "z") == (exists or existing)
        assert any_server.call("ZSCORE", "z", "m") == (b"5" if exists else None)


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ("ZADD z 1", b"ERR wrong number of arguments for 'zadd' command"),
        ("ZADD z 1 a 2", SYNTAX.text),
        ("ZADD z NX XX", SYNTAX.text),
        ("ZADD z NX XX 1 a", b"ERR XX and NX options at the same time are not compatible"),
        ("ZADD z GT NX 1 a", b"ERR GT, LT, and/or NX options at the same time are not compatible"),
        ("ZADD z LT NX 1 a", b"ERR GT, LT, and/or NX options at the same time are not compatible"),
        ("ZADD z GT LT 1 a", b"ERR GT, LT, and/or NX options at the same time are not compatible"),
        ("ZADD z INCR 1 a 2 b", b"ERR INCR option supports a single increment-element pair"),
        ("ZADD z 1 a x b", NOT_FLOAT.text),
        ("ZADD z nan a", NOT_FLOAT.text),
        ("ZADD s 1 a", WRONG_TYPE.text),
        ("ZADD s x a", NOT_FLOAT.text),
        ("ZINCRBY z nx a", SYNTAX.text),
        ("ZINCRBY z x a", NOT_FLOAT.text),
        ("ZREM s a", WRONG_TYPE.text),
        ("ZSCORE s a", WRONG_TYPE.text),
        ("ZMSCORE s a", WRONG_TYPE.text),
        ("ZCARD s", WRONG_TYPE.text),
        ("ZRANK s a", WRONG_TYPE.text),
        ("ZRANK s a foo", SYNTAX.text),
        ("ZRANK z a withscore x", b"ERR wrong number of arguments for 'zrank' command"),
        ("ZSCAN s 0", WRONG_TYPE.text),
        ("ZSCAN s x", b"ERR invalid cursor"),
        ("ZSCAN k 0 COUNT 0", SYNTAX.text),
        ("ZSCAN k 0 NOVALUES", SYNTAX.text),
        ("ZRANDMEMBER s", WRONG_TYPE.text),
        ("ZRANDMEMBER s x", NOT_INTEGER.text),
        ("ZRANDMEMBER s 1 foo", SYNTAX.text),
        ("ZRANDMEMBER s 1 withscores 1", SYNTAX.text),
    ],
)
def test_errors_in_the_order_in_which_they_are_found(server: Server, request_: str, error: bytes) -> None:
    server.call("SET", "s", "text")
    server.call("ZADD", "k", 1, "m")
    assert server.call(*request_.split()) == ErrorReply(error)
    assert server.call("EXISTS", "z") == 0


def test_nothing_is_added_where_one_score_is_none(any_server: Server) -> None:
    many = [part for i in range(100) for part in (i, i)]
    assert any_server.call("ZADD", "z", *many, "x", "m") == NOT_FLOAT
    assert any_server.call("EXISTS", "z") == 0
    assert any_server.call("ZADD", "z", *many) == 100
    assert any_server.call("ZADD", "z", *many) == 0


# Scores


SCORES = [
    ("0", b"0"), ("1", b"1"), ("-1.5", b"-1.5"), ("0.1", b"0.1"), ("1e3", b"1000"), ("inf", b"inf"), ("-inf", b"-inf"),
    ("+inf", b"inf"), ("infinity", b"inf"), ("1e17", b"100000000000000000"), ("1e19", b"1e+19"), ("1e-7", b"1e-7"),
    ("3.3333333333333335", b"3.3333333333333335"), ("5e-324", b"5e-324"),
    ("9007199254740993", b"9007199254740992"), ("4611686018427387904", b"4611686018427387904"),
    ("9223372036854775807", b"9223372036854776000"), ("0x10", b"16"),
    ("1.7976931348623157e308", b"1.7976931348623157e+308"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "shown"), SCORES)
def test_scores_come_back_with_the_fewest_digits(any_server: Server, text: str, shown: bytes) -> None:
    assert any_server.call("ZADD", "z", text, "m") == 1
    assert any_server.call("ZSCORE", "z", "m") == shown
    assert any_server.call("ZINCRBY", "z", 0, "m") == shown
    assert any_server.call("ZMSCORE", "z", "m", "n", "m") == [shown, None, shown]
    with any_server.connect(resp=3) as client:
        assert client.call_raw("ZSCORE", "z", "m") == b",%b\r\n" % shown
        assert client.call_raw("ZRANGE", "z", 0, -1, "WITHSCORES") == b"*1\r\n*2\r\n$1\r\nm\r\n,%b\r\n" % shown


def test_a_negative_zero_is_kept_where_scores_are_doubles(server: Server) -> None:
    server.call("ZADD", "z", "-0", "m")
    assert server.call("ZSCORE", "z", "m") == b"0"
    with server.config(zset_max_listpack_entries=0):
        server.call("ZADD", "y", "-0", "m", 0, "a")
        assert server.call("ZSCORE", "y", "m") == b"-0"
        assert server.call("ZRANGE", "y", 0, -1) == [b"a", b"m"]
        assert server.call("ZADD", "y", "CH", 0, "m") == 0
        assert server.call("ZSCORE", "y", "m") == b"-0"


def test_infinities_do_not_cancel_each_other(any_server: Server) -> None:
    any_server.call("ZADD", "z", "inf", "m")
    assert any_server.call("ZINCRBY", "z", "-inf", "m") == NAN
    assert any_server.call("ZADD", "z", "INCR", "-inf", "m") == NAN
    assert any_server.call("ZSCORE", "z", "m") == b"inf"
    assert any_server.call("ZINCRBY", "z", "inf", "m") == b"inf"


# Removing, ranks


def test_a_set_is_deleted_with_its_last_member(any_server: Server) -> None:
    any_server.call("ZADD", "z", 1, "a", 2, "b", 3, "c")
    assert any_server.call("ZREM", "z", "x", "a", "a") == 1
    assert any_server.call("ZCARD", "z") == 2
    assert any_server.call("ZREM", "z", "b", "c", "d") == 2
    assert any_server.call("EXISTS", "z") == 0
    assert any_server.call("ZREM", "z", "b") == 0
    assert any_server.call("ZCARD", "z") == 0


def test_ranks(any_server: Server) -> None:
    any_server.call("ZADD", "z", *(part for i in range(300) for part in (i % 7, f"m{i:03d}")))
    members = [member for member, _ in content(any_server)]
    assert [any_server.call("ZRANK", "z", member) for member in members] == list(range(300))
    assert [any_server.call("ZREVRANK", "z", member) for member in members] == list(range(300))[::-1]
    assert any_server.call("ZRANK", "z", "x") is None
    assert any_server.call("ZRANK", "none", "x") is None
    assert any_server.call("ZRANK", "z", "m000", "WITHSCORE") == [0, b"0"]
    assert any_server.call("ZREVRANK", "z", "m001", "withscore")[1] == b"1"  # type: ignore[index]
    assert any_server.call_raw("ZRANK", "z", "x", "WITHSCORE") == b"*-1\r\n"
    with any_server.connect(resp=3) as client:
        assert client.call_raw("ZRANK", "z", "m000", "WITHSCORE") == b"*2\r\n:0\r\n,0\r\n"
        assert client.call_raw("ZRANK", "z", "x", "WITHSCORE") == b"_\r\n"


# Encodings


def test_the_encoding_changes_with_one_member_too_many(server: Server) -> None:
    with server.config(zset_max_listpack_entries=10):
        for i in range(10):
            server.call("ZADD", "z", i, i)
        assert encoding(server) == b"listpack"
        server.call("ZADD", "z", 5, 5)
        assert encoding(server) == b"listpack"
        server.call("ZADD", "z", 10, 10)
        assert encoding(server) == b"skiplist"
        server.call("ZREM", "z", *range(9))
        assert encoding(server) == b"skiplist"
        assert content(server) == [(b"9", 9), (b"10", 10)]
        server.call("ZADD", "y", *(part for i in range(11) for part in (i, i % 3)))
        assert encoding(server, "y") == b"skiplist"
        server.call("ZADD", "x", 1, "a")
        server.call("ZADD", "x", *(part for _ in range(11) for part in (1, "a")))
        assert encoding(server, "x") == b"skiplist"


def test_the_encoding_changes_with_a_member_too_long(server: Server) -> None:
    with server.config(zset_max_listpack_value=5):
        server.call("ZADD", "z", 1, "12345")
        assert encoding(server) == b"listpack"
        server.call("ZADD", "z", "XX", 1, "123456")
        assert encoding(server) == b"listpack"
        server.call("ZADD", "z", 1, "123456")
        assert encoding(server) == b"skiplist"
        server.call("ZADD", "y", 1, "123456")
        assert encoding(server, "y") == b"skiplist"


def test_the_keyspace_moves_and_copies_both_encodings(any_server: Server) -> None:
    any_server.call("ZADD", "z", *(part for i in range(200) for part in (i * 0.5, f"member-{i}")))
    expected = content(any_server)
    assert any_server.call("COPY", "z", "copy") == 1
    any_server.call("ZREM", "z", "member-0")
    assert content(any_server, "copy") == expected
    assert encoding(any_server, "copy") == encoding(any_server)
    any_server.call("RENAME", "copy", "moved")
    assert content(any_server, "moved") == expected
    used = any_server.call("MEMORY", "USAGE", "moved")
    assert isinstance(used, int)
    assert 200 * 12 < used < 200 * 100
    any_server.call("UNLINK", "moved")
    any_server.call("SET", "z", "text")
    assert any_server.call("EXISTS", "moved", "copy") == 0


# Scanning


def test_zscan_returns_all_members_with_their_scores(any_server: Server) -> None:
    expected = {b"member-%d" % i: b"%d.5" % i for i in range(900)}
    any_server.call("ZADD", "z", *(part for member, score in expected.items() for part in (score, member)))
    found: dict[bytes, bytes] = {}
    cursor: object = b"0"
    steps = 0
    while steps == 0 or cursor != b"0":
        cursor, flat = any_server.call("ZSCAN", "z", cursor, "COUNT", 20)  # type: ignore[misc]
        found |= dict(zip(flat[::2], flat[1::2], strict=True))
        steps += 1
    assert found == expected
    assert (steps == 1) == (encoding(any_server) == b"listpack")
    any_server.call("ZADD", "y", 1, "a", 2, "b", 0.1, "ab")
    cursor, flat = any_server.call("ZSCAN", "y", 0, "MATCH", "a*")  # type: ignore[misc]
    tenth = b"0.1" if encoding(any_server) == b"listpack" else b"0.10000000000000001"
    assert dict(zip(flat[::2], flat[1::2], strict=True)) == {b"a": b"1", b"ab": tenth}
    assert any_server.call("ZSCAN", "none", 0, "BAD") == [b"0", []]


# Chance


def test_zrandmember_draws_every_member_alike(any_server: Server) -> None:
    any_server.call("ZADD", "z", *(part for i in range(20) for part in (i, i)))
    drawn = Counter(any_server.call("ZRANDMEMBER", "z", -20_000))  # type: ignore[arg-type]
    assert len(drawn) == 20
    assert all(800 < count < 1200 for count in drawn.values())
    for wanted in (1, 4, 5, 6, 19):
        met: Counter[bytes] = Counter()
        for _ in range(400):
            members = any_server.call("ZRANDMEMBER", "z", wanted)
            assert isinstance(members, list)
            assert len(set(members)) == len(members) == wanted
            met.update(members)
        assert len(met) == 20
        assert all(wanted * 4 < count < wanted * 50 for count in met.values())
    assert {any_server.call("ZRANDMEMBER", "z") for _ in range(400)} == set(drawn)


def test_few_of_many_members(server: Server) -> None:
    server.call("ZADD", "z", *(part for i in range(5000) for part in (i, i)))
    members = server.call("ZRANDMEMBER", "z", 100, "WITHSCORES")
    assert isinstance(members, list)
    assert members[::2] == members[1::2]
    assert len(set(members)) == 100


@pytest.mark.parametrize("count", [5, 3, -3, 100])
def test_scores_of_drawn_members(any_server: Server, count: int) -> None:
    any_server.call("ZADD", "z", *(part for i in range(5) for part in (i, f"m{i}")))
    shown = 5 if count == 100 else abs(count)
    flat = any_server.call("ZRANDMEMBER", "z", count, "WITHSCORES")
    assert isinstance(flat, list)
    assert len(flat) == 2 * shown
    assert all(member == b"m" + score for member, score in zip(flat[::2], flat[1::2], strict=True))
    with any_server.connect(resp=3) as client:
        nested = client.call("ZRANDMEMBER", "z", count, "WITHSCORES")
        assert isinstance(nested, list)
        assert len(nested) == shown
        assert all(member == b"m%d" % score for member, score in nested)


def test_counts_of_zrandmember_at_their_limits(server: Server) -> None:
    highest = 2**63 - 1
    server.call("ZADD", "z", 1, "a")
    out_of_range = ErrorReply(b"ERR value is out of range")
    assert server.call("ZRANDMEMBER", "z", 0) == server.call("ZRANDMEMBER", "none", -5) == []
    assert server.call("ZRANDMEMBER", "none") is None
    assert server.call("ZRANDMEMBER", "z", highest) == [b"a"]
    assert server.call("ZRANDMEMBER", "z", highest, "WITHSCORES") == out_of_range
    assert server.call("ZRANDMEMBER", "z", -(highest // 2) - 1, "WITHSCORES") == out_of_range
    refused = server.call("ZRANDMEMBER", "z", -highest - 1)
    assert refused == ErrorReply(
        b"ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"
    )


def test_an_endless_reply_ends_at_the_clients_limit(server: Server) -> None:
    server.call("ZADD", "z", 1, "a")
    with server.config(client_output_buffer_limit="normal 1mb 0 0"), server.connect() as client:
        client.send("ZRANDMEMBER", "z", -(2**63) + 1)
        assert client.is_closed_by_server()
    assert server.call("PING") == b"PONG"


# Events


# Command, events, changes counted.
EVENTS = (
    ("ZADD z 1 a 2 b", "new zadd", 2),
    ("ZADD z 1 a", "", 0),
    ("ZADD z 5 a 3 c", "zadd", 2),
    ("ZADD z INCR 1 a", "zincr", 1),
    ("ZADD z NX 1 a", "", 0),
    ("ZADD none XX 1 a", "", 0),
    ("ZINCRBY z 2 a", "zincr", 1),
    ("ZINCRBY z 0 a", "", 0),
    ("ZREM z x", "", 0),
    ("ZREM z a", "zrem", 1),
    ("ZREM z b c", "zrem del", 2),
    ("ZADD z 1 a 2 b 3 c 4 d", "new zadd", 4),
    ("ZREMRANGEBYRANK z 5 9", "", 0),
    ("ZREMRANGEBYRANK z 0 0", "zremrangebyrank", 1),
    ("ZREMRANGEBYSCORE z 2 2", "zremrangebyscore", 1),
    ("ZRANGESTORE d z 0 -1", "new zrangestore", 1),
    ("ZRANGESTORE d z 5 9", "del", 1),
    ("ZRANGESTORE d z 5 9", "", 0),
    ("ZREMRANGEBYLEX z - [c", "zremrangebylex", 1),
    ("ZREMRANGEBYLEX z - +", "zremrangebylex del", 1),
    ("ZADD z 1 a 2 b 3 c 4 d", "new zadd", 4),
    ("ZUNIONSTORE d 1 z", "new zunionstore", 1),
    ("ZINTERSTORE d 1 z", "zinterstore", 1),
    ("ZDIFFSTORE d 1 z", "zdiffstore", 1),
    ("ZDIFFSTORE d 2 z z", "del", 1),
    ("ZPOPMIN z", "zpopmin", 1),
    ("ZPOPMAX z 2", "zpopmax", 2),
    ("ZMPOP 1 z MAX", "zpopmax del", 1),
    ("ZPOPMIN z", "", 0),
    ("GEOADD g 1 1 a 2 2 b", "new zadd", 2),
    ("GEOSEARCHSTORE d g FROMMEMBER a BYRADIUS 1 m", "new geosearchstore", 1),
    ("GEORADIUS g 1 1 1000 km STORE d", "georadiusstore", 2),
    ("GEORADIUS g 9 9 1 m STORE d", "del", 1),
)


@pytest.mark.parametrize("most", [0, 128])
def test_events_and_changes(most: int) -> None:
    seen: list[str] = []
    server = LooplessServer()
    server.keyspace.zset_max_listpack_entries = most
    server.keyspace.on_change = lambda _db, _key, kind, event: seen.append(event.decode() if kind else "silent")
    server.keyspace.effects = 1
    with LooplessClient(server) as client:
        for command, events, changes in EVENTS:
            seen.clear()
            dirty = server.keyspace.dirty
            client.send(encode_command(*command.split()))
            assert [event for event in seen if event not in ("silent", "keymiss")] == events.split(), command
            assert server.keyspace.dirty - dirty == changes, command


# A state machine


member_names = st.one_of(
    st.sampled_from([b"%d" % i for i in range(12)] + [b"a", b"b", b"", b"\xff", b"a\0"]), st.binary(max_size=3)
)
scores = st.one_of(st.integers(-3, 3).map(float), st.floats(allow_nan=False), st.sampled_from([INF, -INF]))
flag_sets = st.sampled_from(["", "NX", "XX", "GT", "LT", "XX GT", "XX LT"])
ranks = st.integers(-25, 25)


def shown(bound: Bound) -> bytes:
    return (b"(" if bound.open else b"") + repr(bound.score).encode()


def shown_member(bound: Bound, infinite: bytes) -> bytes:
    return infinite if bound.member is None else (b"(" if bound.open else b"[") + bound.member


score_bounds = st.builds(Bound, score=scores, open=st.booleans())
member_bounds = st.builds(Bound, member=st.none() | member_names, open=st.booleans())


class Machine(RuleBasedStateMachine):
    """One sorted set on our server against the model."""

    def __init__(self, server: Server) -> None:
        """Empty the server."""
        super().__init__()
        self.server = server
        self.model = SortedSet()
        server.call("FLUSHALL")

    @initialize(most=st.sampled_from([0, 5, 128]))
    def begin(self, most: int) -> None:
        self.server.call("CONFIG", "SET", "zset-max-listpack-entries", most)

    @rule(pairs=st.lists(st.tuples(scores, member_names), min_size=1, max_size=8), flags=flag_sets)
    def add(self, pairs: list[tuple[float, bytes]], flags: str) -> None:
        flat = [part for score, member in pairs for part in (repr(score), member)]
        outcomes = Counter(self.model.add(member, score, set(flags.split())) for score, member in pairs)
        assert self.server.call("ZADD", "z", *flags.split(), "CH", *flat) == outcomes["added"] + outcomes["updated"]

    @rule(member=member_names, score=scores)
    def increment(self, member: bytes, score: float) -> None:
        reply = self.server.call("ZINCRBY", "z", repr(score), member)
        if self.model.add(member, score, {"INCR"}) == "nan":
            assert reply == NAN
        else:
            assert isinstance(reply, bytes)
            assert float(reply) == self.model.scores[member]

    @rule(members=st.lists(member_names, min_size=1, max_size=4))
    def remove(self, members: list[bytes]) -> None:
        gone = [(member, 0.0) for member in set(members) & self.model.scores.keys()]
        assert self.server.call("ZREM", "z", *members) == self.model.remove(gone)

    @rule(count=st.integers(0, 6), highest=st.booleans())
    def pop(self, count: int, highest: bool) -> None:
        expected = self.model.items()[:: -1 if highest else 1][:count]
        flat = self.server.call("ZPOPMAX" if highest else "ZPOPMIN", "z", count)
        assert isinstance(flat, list)
        assert [(m, float(s)) for m, s in zip(flat[::2], flat[1::2], strict=True)] == expected
        self.model.remove(expected)

    @rule(first=ranks, last=ranks)
    def remove_ranks(self, first: int, last: int) -> None:
        gone = self.model.by_rank(first, last)[:6]
        if len(gone) == len(self.model.by_rank(first, last)):
            assert self.server.call("ZREMRANGEBYRANK", "z", first, last) == self.model.remove(gone)

    @rule(low=score_bounds, high=score_bounds)
    def remove_scores(self, low: Bound, high: Bound) -> None:
        gone = self.model.by_score(low, high)
        if len(gone) < 6:
            assert self.server.call("ZREMRANGEBYSCORE", "z", shown(low), shown(high)) == self.model.remove(gone)

    @rule(first=ranks, last=ranks, down=st.booleans())
    def range_by_rank(self, first: int, last: int, down: bool) -> None:
        expected = [member for member, _ in self.model.by_rank(first, last)]
        if down:
            items = self.model.items()[::-1]
            turned = SortedSet()
            turned.scores = {member: float(i) for i, (member, _) in enumerate(items)}
            expected = [member for member, _ in turned.by_rank(first, last)]
        assert self.server.call("ZRANGE", "z", first, last, *(["REV"] if down else [])) == expected

    @rule(low=score_bounds, high=score_bounds, offset=st.integers(-1, 9), count=st.integers(-1, 9), down=st.booleans())
    def range_by_score(self, low: Bound, high: Bound, offset: int, count: int, down: bool) -> None:
        items = self.model.by_score(low, high)
        ends = [shown(high), shown(low), "REV"] if down else [shown(low), shown(high)]
        assert self.server.call("ZCOUNT", "z", shown(low), shown(high)) == len(items)
        expected = [member for member, _ in limited(items[::-1] if down else items, offset, count)]
        assert self.server.call("ZRANGE", "z", *ends, "BYSCORE", "LIMIT", offset, count) == expected
        assert self.server.call("ZRANGESTORE", "d", "z", *ends, "BYSCORE", "LIMIT", offset, count) == len(expected)
        assert sorted(self.server.call("ZRANGE", "d", 0, -1)) == sorted(expected)  # type: ignore[type-var, arg-type]

    @rule(
        members=st.sets(member_names, max_size=12),
        low=member_bounds,
        high=member_bounds,
        offset=st.integers(-1, 5),
        down=st.booleans(),
    )
    def range_by_member(self, members: set[bytes], low: Bound, high: Bound, offset: int, down: bool) -> None:
        level = SortedSet()
        level.scores = dict.fromkeys(members, 1.0)
        self.server.call("DEL", "y")
        if members:
            self.server.call("ZADD", "y", *(part for member in members for part in (1, member)))
        first, last = shown_member(low, b"-"), shown_member(high, b"+")
        items = level.by_member(low, high)
        assert self.server.call("ZLEXCOUNT", "y", first, last) == len(items)
        ends = [last, first, "REV"] if down else [first, last]
        expected = [member for member, _ in limited(items[::-1] if down else items, offset, 4)]
        assert self.server.call("ZRANGE", "y", *ends, "BYLEX", "LIMIT", offset, 4) == expected
        assert self.server.call("ZREMRANGEBYLEX", "y", first, last) == level.remove(items)
        assert sorted(self.server.call("ZRANGE", "y", 0, -1)) == sorted(level.scores)  # type: ignore[type-var, arg-type]

    @rule(member=member_names)
    def rank(self, member: bytes) -> None:
        order = [each for each, _ in self.model.items()]
        expected = order.index(member) if member in order else None
        assert self.server.call("ZRANK", "z", member) == expected

    @invariant()
    def same_content(self) -> None:
        assert content(self.server) == self.model.items()
        assert self.server.call("ZCARD", "z") == len(self.model.scores)
        assert self.server.call("EXISTS", "z") == bool(self.model.scores)


def test_a_sorted_set_is_as_the_model(server: Server) -> None:
    before = server.call("CONFIG", "GET", "zset-max-listpack-entries")
    assert isinstance(before, list)
    try:
        run_state_machine_as_test(
            lambda: Machine(server),
            settings=settings(stateful_step_count=40, max_examples=40, suppress_health_check=list(HealthCheck)),
        )
    finally:
        server.call("CONFIG", "SET", *before)
