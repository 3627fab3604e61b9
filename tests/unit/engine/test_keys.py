"""Key extraction: each way of beginning and of going on, and arguments that lie."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite.engine.declare import (
    ACCESS,
    INCOMPLETE,
    NOT_KEY,
    OW,
    RO,
    RW,
    UPDATE,
    VARIABLE_FLAGS,
    key_after,
    key_at,
    key_range,
    keys_after,
    keys_by_count,
    keys_unknown,
)
from pyrite.engine.keys import extract_keys_of

# Specs of commands with every shape that Redis has.
GET = (key_at(1, RO | ACCESS),)
MSET = (key_range(1, -1, OW | UPDATE, step=2),)
BLPOP = (key_range(1, -2, RW),)
ZUNIONSTORE = (key_at(1, OW | UPDATE), keys_by_count(2, RO | ACCESS))
GEORADIUS = (key_at(1, RO | ACCESS), key_after("STORE", 6, OW | UPDATE), key_after("STOREDIST", 6, OW | UPDATE))
XREAD = (keys_after("STREAMS", 1, RO | ACCESS, limit=2),)
MIGRATE = (key_at(3, RW, finder=lambda _args, _start: []), keys_after("KEYS", -2, RW | INCOMPLETE))


def keys(specs: tuple, request: str) -> list[str] | None:
    argv = request.split()
    found = extract_keys_of(specs, [argument.encode() for argument in argv])
    return None if found is None else [argv[index] for index, _ in found]


@pytest.mark.parametrize(
    ("specs", "request_", "expected"),
    [
        (GET, "get a", ["a"]),
        (GET, "get", None),
        (MSET, "mset a 1 b 2", ["a", "b"]),
        (MSET, "mset a 1 b", ["a", "b"]),
        (MSET, "mset", None),
        (BLPOP, "blpop a b 0", ["a", "b"]),
        (BLPOP, "blpop 0", None),
        (ZUNIONSTORE, "zunionstore d 2 a b weights 1 2", ["d", "a", "b"]),
        (GEORADIUS, "georadius k 1 2 3 m", ["k"]),
        (GEORADIUS, "georadius k 1 2 3 m Store d", ["k", "d"]),
        (GEORADIUS, "georadius k 1 2 3 m storedist d", ["k", "d"]),
        (GEORADIUS, "georadius k 1 2 3 m asc store", ["k"]),
        (XREAD, "xread count 2 streams a b 1 2", ["a", "b"]),
        (XREAD, "xread streams a b 1", ["a"]),
        (XREAD, "xread streams a", None),
        (XREAD, "xread streams", []),
        (MIGRATE, "migrate h 1 '' 0 5 keys a b", ["a", "b"]),
        (MIGRATE, "migrate h 1 k 0 5 keys", []),
        ((keys_unknown(RO),), "what a b", []),
    ],
)
def test_shapes(specs: tuple, request_: str, expected: list[str] | None) -> None:
    assert keys(specs, request_) == expected


@pytest.mark.parametrize(
    "count",
    [
        "0",
        "-1",
        "3",
        "x",
        "",
        "02",
        "2147483648",
        "4294967298",
        "9223372036854775807",
        "9223372036854775808",
        "-9" * 30,
    ],
)
def test_counts_that_lie(count: str) -> None:
    argv = [b"zunionstore", b"d", count.encode(), b"a", b"b"]
    assert extract_keys_of(ZUNIONSTORE, argv) is None


def test_flags_about_the_spec_are_not_the_keys() -> None:
    assert extract_keys_of((key_at(1, RO | VARIABLE_FLAGS | INCOMPLETE),), [b"x", b"k"]) == [(1, RO)]


def test_arguments_that_are_only_routed_like_keys_are_left_out() -> None:
    assert extract_keys_of((key_at(1, NOT_KEY),), [b"spublish", b"channel", b"message"]) == []


def test_a_finder_replaces_its_spec() -> None:
    found = extract_keys_of(
        (key_at(1, RO), key_at(2, RO, finder=lambda _args, _start: [(3, OW)])), [b"x", b"a", b"b", b"c"]
    )
    assert found == [(1, RO), (3, OW)]


WORDS = st.sampled_from([b"a", b"1", b"2", b"-1", b"99999999999", b"STREAMS", b"store", b"KEYS", b"", b"\xff"])
SPECS = st.sampled_from([GET, MSET, BLPOP, ZUNIONSTORE, GEORADIUS, XREAD, MIGRATE])


@given(SPECS, st.lists(WORDS, min_size=1, max_size=12))
def test_keys_always_stand_among_the_arguments(specs: tuple, argv: list[bytes]) -> None:
    found = extract_keys_of(specs, argv)
    assert found is None or all(0 < index < len(argv) for index, _ in found)
