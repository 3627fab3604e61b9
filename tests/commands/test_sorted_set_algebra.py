"""Union, intersection and difference of sorted sets and sets: against a model, weights, encodings, errors."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.models import sorted_set as model
from tests.support import ErrorReply, Server

SYNTAX = b"ERR syntax error"
WRONG_TYPE = b"WRONGTYPE Operation against a key holding the wrong kind of value"
shared_server = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
member_names = st.sampled_from([b"%d" % i for i in range(20)] + [b"a", b"b", b"", b"x" * 70])
scores = st.one_of(st.integers(-3, 3).map(float), st.floats(), st.sampled_from([math.inf, -math.inf])).filter(
    lambda score: not math.isnan(score)
)
scored = st.tuples(st.just("zset"), st.dictionaries(member_names, scores, max_size=12))
plain = st.tuples(st.just("set"), st.sets(member_names, max_size=12).map(lambda names: dict.fromkeys(names, 1.0)))
sources = st.lists(scored | scored | plain, min_size=1, max_size=4)


def fill(server: Server, kinds: list[tuple[str, dict[bytes, float]]]) -> list[str]:
    """Store sources under names, and return these; an empty one is a missing key."""
    server.call("FLUSHALL")
    for i, (kind, content) in enumerate(kinds):
        if content and kind == "set":
            server.call("SADD", f"k{i}", *content)
        elif content:
            server.call("ZADD", f"k{i}", *(part for name, score in content.items() for part in (repr(score), name)))
    return [f"k{i}" for i in range(len(kinds))]


def in_order(scores_by_member: dict[bytes, float]) -> list[tuple[bytes, float]]:
    return sorted(scores_by_member.items(), key=lambda item: (item[1], item[0]))


def pairs(flat: object) -> list[tuple[bytes, float]]:
    assert isinstance(flat, list)
    return [(member, float(score)) for member, score in zip(flat[::2], flat[1::2], strict=True)]


@shared_server
@given(
    sources,
    st.lists(scores, min_size=4, max_size=4),
    st.sampled_from(["SUM", "MIN", "MAX"]),
    st.sampled_from([0, 4, 128]),
)
def test_as_the_model(
    server: Server, kinds: list[tuple[str, dict[bytes, float]]], weights: list[float], aggregate: str, most: int
) -> None:
    contents = [content for _, content in kinds]
    weights = weights[: len(kinds)]
    with server.config(zset_max_listpack_entries=most):
        names = fill(server, kinds)
        options = [len(names), *names, "WEIGHTS", *map(repr, weights), "AGGREGATE", aggregate]
        union = in_order(model.union(contents, weights, aggregate))
        common = in_order(model.intersection(contents, weights, aggregate))
        rest = in_order({m: s for m, s in contents[0].items() if not any(m in other for other in contents[1:])})
        assert pairs(server.call("ZUNION", *options, "WITHSCORES")) == union
        assert pairs(server.call("ZINTER", *options, "WITHSCORES")) == common
        assert pairs(server.call("ZDIFF", len(names), *names, "WITHSCORES")) == rest
        assert server.call("ZINTERCARD", len(names), *names) == len(common)
        assert server.call("ZINTERCARD", len(names), *names, "LIMIT", 2) == min(len(common), 2)
        for command, expected in (("ZUNIONSTORE", union), ("ZINTERSTORE", common)):
            assert server.call(command, "d", *options) == len(expected)
            assert pairs(server.call("ZRANGE", "d", 0, -1, "WITHSCORES")) == expected
        assert server.call("ZDIFFSTORE", "k0", len(names), *names) == len(rest)
        assert pairs(server.call("ZRANGE", "k0", 0, -1, "WITHSCORES")) == rest
        fits = len(rest) <= most and all(len(name) <= 64 for name, _ in rest)
        assert server.call("OBJECT", "ENCODING", "k0") == ((b"listpack" if fits else b"skiplist") if rest else None)


def test_both_ways_of_subtracting(server: Server) -> None:
    """Few of many are looked up, many with few are discarded from; the outcome is the same."""
    server.call("ZADD", "large", *(part for i in range(1000) for part in (i, i)))
    server.call("SADD", "ints", *range(0, 1000, 3))
    server.call("ZADD", "small", *(part for i in range(0, 2000, 7) for part in (i, i)))
    server.call("SADD", "one", 1)
    left = [b"%d" % i for i in range(1000) if i % 3 and i % 7]
    assert server.call("ZDIFF", 3, "large", "ints", "small") == left
    assert server.call("ZDIFF", 2, "small", "large") == [b"%d" % i for i in range(1001, 2000, 7)]
    many = ["one", "ints", "one", "small", "one", "one", "one", "one"]
    assert server.call("ZDIFF", 9, "large", *many) == [member for member in left if member != b"1"]
    assert server.call("ZDIFF", 2, "one", "none") == [b"1"]
    assert server.call("ZDIFF", 3, "large", "one", "large") == []
    assert server.call("ZDIFF", 2, "none", "large") == []


def test_what_would_be_no_number_is_zero(server: Server) -> None:
    server.call("ZADD", "a", "inf", "x", "-inf", "y", 1, "z")
    server.call("ZADD", "b", "-inf", "x", "inf", "y")
    assert pairs(server.call("ZUNION", 2, "a", "b", "WITHSCORES")) == [(b"x", 0), (b"y", 0), (b"z", 1)]
    assert pairs(server.call("ZINTER", 2, "a", "b", "WITHSCORES")) == [(b"x", 0), (b"y", 0)]
    assert pairs(server.call("ZUNION", 1, "a", "WEIGHTS", 0, "WITHSCORES")) == [(b"x", 0), (b"y", 0), (b"z", 0)]


def test_scores_in_both_protocols(server: Server) -> None:
    server.call("ZADD", "z", 1.5, "a")
    with server.connect(resp=3) as client:
        assert server.call_raw("ZUNION", 1, "z", "WITHSCORES") == b"*2\r\n$1\r\na\r\n$3\r\n1.5\r\n"
        assert client.call_raw("ZUNION", 1, "z", "WITHSCORES") == b"*1\r\n*2\r\n$1\r\na\r\n,1.5\r\n"
        assert client.call_raw("ZINTER", 1, "z") == b"*1\r\n$1\r\na\r\n"
        assert client.call_raw("ZDIFF", 2, "z", "z", "WITHSCORES") == b"*0\r\n"


def test_a_result_replaces_what_was_there(server: Server) -> None:
    server.call("ZADD", "z", 1, "a")
    server.call("SET", "d", "text", "EX", 100)
    assert server.call("ZUNIONSTORE", "d", 1, "z") == 1
    assert server.call("TTL", "d") == -1
    assert server.call("ZINTERSTORE", "d", 2, "z", "none") == 0
    assert server.call("EXISTS", "d") == 0
    assert server.call("ZUNIONSTORE", "z", 2, "z", "z", "WEIGHTS", 2, 3) == 1
    assert server.call("ZSCORE", "z", "a") == b"5"


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ("ZUNION x z", b"ERR value is not an integer or out of range"),
        ("ZUNION 0 z", b"ERR at least 1 input key is needed for 'zunion' command"),
        ("ZDIFFSTORE d -1 z", b"ERR at least 1 input key is needed for 'zdiffstore' command"),
        ("ZUNION 2 z", SYNTAX),
        ("ZINTER 9223372036854775807 z", SYNTAX),
        ("ZUNION 1 s foo", WRONG_TYPE),
        ("ZUNION 1 z foo", SYNTAX),
        ("ZUNION 1 z WEIGHTS", SYNTAX),
        ("ZUNION 2 z y WEIGHTS 1", SYNTAX),
        ("ZUNION 1 z WEIGHTS x", b"ERR weight value is not a float"),
        ("ZUNION 1 z WEIGHTS nan", b"ERR weight value is not a float"),
        ("ZUNION 1 z AGGREGATE", SYNTAX),
        ("ZUNION 1 z AGGREGATE avg", SYNTAX),
        ("ZUNIONSTORE d 1 z WITHSCORES", SYNTAX),
        ("ZDIFF 1 z WEIGHTS 1", SYNTAX),
        ("ZDIFF 1 z AGGREGATE SUM", SYNTAX),
        ("ZINTERCARD 1 z WITHSCORES", SYNTAX),
        ("ZINTERCARD 1 z LIMIT", SYNTAX),
        ("ZINTERCARD 1 z LIMIT -1", b"ERR LIMIT can't be negative"),
        ("ZINTERCARD 1 z LIMIT x", b"ERR LIMIT can't be negative"),
        ("ZINTER 1 z LIMIT 1", SYNTAX),
    ],
)
def test_errors_in_the_order_in_which_they_are_found(server: Server, request_: str, error: bytes) -> None:
    server.call("SET", "s", "text")
    server.call("ZADD", "z", 1, "a")
    assert server.call(*request_.split()) == ErrorReply(error)
