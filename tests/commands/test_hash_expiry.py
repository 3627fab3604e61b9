"""Expiry of the fields of hashes: setting, reading and removing it, and what happens when the time comes."""

import time
from collections.abc import Iterator

import pytest

from tests.commands.test_hash import encoding, fields_of, scan_all
from tests.support import ErrorReply, Push, Server

WRONG_TYPE = ErrorReply(b"WRONGTYPE Operation against a key holding the wrong kind of value")
NOT_INTEGER = ErrorReply(b"ERR value is not an integer or out of range")
NEGATIVE = ErrorReply(b"ERR invalid expire time, must be >= 0")
NO_FIELDS_WORD = ErrorReply(b"ERR Mandatory argument FIELDS is missing or not at the right position")
NOT_POSITIVE = ErrorReply(b"ERR Parameter `numFields` should be greater than 0")
COUNT_NOT_POSITIVE = ErrorReply(b"ERR Number of fields must be a positive integer")
NOT_MATCHING = ErrorReply(b"ERR The `numfields` parameter must match the number of arguments")
SETTERS = ["HEXPIRE", "HPEXPIRE", "HEXPIREAT", "HPEXPIREAT"]
READERS = ["HTTL", "HPTTL", "HEXPIRETIME", "HPEXPIRETIME"]
LATEST_MS = (1 << 46) - 1
WAIT_S = 5.0


def after(command: str, seconds: float) -> int:
    """Return the argument that lets a field expire so many seconds from now."""
    base = time.time() if command.endswith("AT") else 0
    return int((base + seconds) * (1000 if command.startswith("HP") else 1))


def expire(server: Server, seconds: float, *fields: str, key: str = "h") -> object:
    """Let fields expire."""
    return server.call("HPEXPIRE", key, int(seconds * 1000), "FIELDS", len(fields), *fields)


def ttls(server: Server, *fields: str, key: str = "h") -> list[int]:
    """Return the milliseconds that fields have left."""
    reply = server.call("HPTTL", key, "FIELDS", len(fields), *fields)
    assert isinstance(reply, list), reply
    return reply


def subexpiry(server: Server) -> int:
    """Return how many hashes of database 0 have fields that expire."""
    return int(server.info("keyspace")["db0"].split("subexpiry=")[1])


def wait_until_gone(server: Server, key: str = "h") -> None:
    """Wait until active expiry has deleted a key."""
    deadline = time.monotonic() + WAIT_S
    while server.call("EXISTS", key):
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture(params=["listpackex", "hashtable"])
def h(request: pytest.FixtureRequest, server: Server) -> Iterator[Server]:
    """Return the server with a hash `h` of fields a to e, which are of this encoding once a field expires."""
    entries = 512 if request.param == "listpackex" else 2
    with server.config(hash_max_listpack_entries=entries):
        server.call("HSET", "h", *(part for name in "abcde" for part in (name, name * 2)))
        yield server


@pytest.fixture
def lazy(h: Server) -> Iterator[Server]:
    """Return the same, while active expiry is off."""
    h.call("DEBUG", "SET-ACTIVE-EXPIRE", 0)
    yield h
    h.call("DEBUG", "SET-ACTIVE-EXPIRE", 1)


class TestSet:
    """HEXPIRE, HPEXPIRE, HEXPIREAT, HPEXPIREAT."""

    @pytest.mark.parametrize("command", SETTERS)
    def test_sets_and_moves_an_expiry(self, h: Server, command: str) -> None:
        for seconds in (100, 5000, 50):
            assert h.call(command, "h", after(command, seconds), "FIELDS", 3, "a", "x", "b") == [1, -2, 1]
            left = ttls(h, "a", "b", "c", "x")
            assert left[2:] == [-1, -2]
            assert all(seconds - 3 < each / 1000 <= seconds for each in left[:2])
        assert fields_of(h.call("HGETALL", "h")) == {name.encode(): name.encode() * 2 for name in "abcde"}

    @pytest.mark.parametrize("command", SETTERS)
    def test_time_that_has_passed_deletes(self, h: Server, command: str) -> None:
        past = 0 if command.endswith("E") else after(command, -10)
        expired = h.info("stats")["expired_subkeys"]
        assert h.call(command, "h", past, "FIELDS", 3, "a", "x", "a") == [2, -2, -2]
        assert h.call("HLEN", "h") == 4
        assert h.call(command, "h", past, "FIELDS", 5, *"bcdef") == [2, 2, 2, 2, -2]
        assert h.call("EXISTS", "h") == 0
        # The command deleted them, they did not expire.
        assert h.info("stats")["expired_subkeys"] == expired

    @pytest.mark.parametrize("command", SETTERS)
    def test_missing_key(self, server: Server, command: str) -> None:
        assert server.call(command, "h", after(command, 10), "FIELDS", 2, "a", "b") == [-2, -2]
        assert server.call("EXISTS", "h") == 0

    @pytest.mark.parametrize("command", SETTERS)
    def test_times_that_do_not_fit(self, h: Server, command: str) -> None:
        invalid = ErrorReply(b"ERR invalid expire time in '%b' command" % command.lower().encode())
        unit = 1 if command.startswith("HP") else 1000
        assert h.call(command, "h", -1, "FIELDS", 1, "a") == NEGATIVE
        assert h.call(command, "h", -(2**63), "FIELDS", 1, "a") == NEGATIVE
        for value in (LATEST_MS // unit + 1, 2**63 - 1):
            assert h.call(command, "h", value, "FIELDS", 1, "a") == invalid
        for text in ("", "x", "1.5", 2**63):
            assert h.call(command, "h", text, "FIELDS", 1, "a") == NOT_INTEGER
        latest = LATEST_MS // unit
        if command.endswith("E"):
            assert h.call(command, "h", latest, "FIELDS", 1, "a") == invalid
            latest -= int(time.time() * 1000 / unit) + 100_000
        assert h.call(command, "h", latest, "FIELDS", 1, "a") == [1]
        assert ttls(h, "b") == [-1]

    def test_latest_time(self, h: Server) -> None:
        assert h.call("HPEXPIREAT", "h", LATEST_MS, "FIELDS", 1, "a") == [1]
        assert h.call("HPEXPIRETIME", "h", "FIELDS", 1, "a") == [LATEST_MS]
        assert h.call("HGET", "h", "a") == b"aa"

    def test_conditions(self, h: Server) -> None:
        def at(ms: int, condition: str, *fields: str) -> object:
            return h.call("HPEXPIREAT", "h", base + ms, condition, "FIELDS", len(fields), *fields)

        base = int(time.time() * 1000) + 1_000_000
        assert at(10, "XX", "a", "x") == [0, -2]
        assert at(10, "GT", "a") == [0]
        assert at(10, "nx", "a") == [1]
        assert at(20, "NX", "a", "b") == [0, 1]
        assert at(10, "gt", "a", "b") == [0, 0]
        assert at(15, "GT", "a", "b") == [1, 0]
        assert at(15, "LT", "a", "b", "c") == [0, 1, 1]
        assert at(11, "lt", "a") == [1]
        assert at(12, "XX", "a", "d") == [1, 0]
        times = h.call("HPEXPIRETIME", "h", "FIELDS", 4, *"abcd")
        assert times == [base + 12, base + 15, base + 15, -1]

    def test_condition_counts_before_a_time_that_has_passed(self, h: Server) -> None:
        expire(h, 100, "a")
        assert h.call("HPEXPIREAT", "h", 1, "NX", "FIELDS", 2, "a", "b") == [0, 2]
        assert h.call("HPEXPIREAT", "h", 1, "LT", "FIELDS", 1, "a") == [2]

    def test_bad_arguments(self, h: Server) -> None:
        for key in ("h", "nosuch"):
            for argv, expected in [
                (("10", "FIELD", "1", "a"), NO_FIELDS_WORD),
                (("10", "YY", "FIELDS", "1", "a"), NO_FIELDS_WORD),
                (("10", "NX", "XX", "FIELDS", "1", "a"), NO_FIELDS_WORD),
                (("10", "NX", "a", "1"), NO_FIELDS_WORD),
                (("10", "fields", "0", "a"), NOT_POSITIVE),
                (("10", "fields", "-1", "a"), NOT_POSITIVE),
                (("10", "fields", "x", "a"), NOT_POSITIVE),
                (("10", "fields", str(2**63), "a"), NOT_POSITIVE),
                (("10", "fields", "2", "a"), NOT_MATCHING),
                (("10", "fields", str(2**63 - 1), "a"), NOT_MATCHING),
                (("10", "nx", "fields", "1"), NOT_MATCHING),
                (("10", "nx", "fields", "1", "a", "b"), NOT_MATCHING),
                (("-1", "nofields", "x", "a"), NEGATIVE),
            ]:
                assert h.call("HEXPIRE", key, *argv) == expected, argv
        assert h.call("HEXPIRE", "h", 10, "FIELDS", 1) == ErrorReply(
            b"ERR wrong number of arguments for 'hexpire' command"
        )

    def test_wrong_type_comes_first(self, server: Server) -> None:
        server.call("SET", "s", 1)
        for command in SETTERS:
            assert server.call(command, "s", "x", "y", "z", "a") == WRONG_TYPE
        for command in [*READERS, "HPERSIST"]:
            assert server.call(command, "s", "y", "z", "a") == WRONG_TYPE


class TestRead:
    """HTTL, HPTTL, HEXPIRETIME, HPEXPIRETIME."""

    @pytest.mark.parametrize("command", [*READERS, "HPERSIST"])
    def test_without_an_expiry(self, server: Server, command: str) -> None:
        assert server.call(command, "h", "FIELDS", 2, "a", "b") == [-2, -2]
        server.call("HSET", "h", "a", 1)
        assert server.call(command, "h", "FIELDS", 2, "a", "b") == [-1, -2]
        assert encoding(server) == "listpack"

    def test_units(self, h: Server) -> None:
        at_ms = int(time.time() * 1000) + 1_000_400
        assert h.call("HPEXPIREAT", "h", at_ms, "FIELDS", 1, "a") == [1]
        assert h.call("HPEXPIRETIME", "h", "FIELDS", 1, "a") == [at_ms]
        assert h.call("HEXPIRETIME", "h", "FIELDS", 1, "a") == [-(-at_ms // 1000)]
        (left_ms,) = ttls(h, "a")
        (left_s,) = h.call("HTTL", "h", "FIELDS", 1, "a")  # type: ignore[misc]
        assert 997_000 < left_ms <= 1_000_400
        assert left_ms / 1000 - 3 < left_s <= 1001

    @pytest.mark.parametrize("command", [*READERS, "HPERSIST"])
    def test_bad_arguments(self, h: Server, command: str) -> None:
        for argv, expected in [
            (("FIELD", "1", "a"), NO_FIELDS_WORD),
            (("FIELDS", "0", "a"), COUNT_NOT_POSITIVE),
            (("FIELDS", "x", "a"), COUNT_NOT_POSITIVE),
            (("FIELDS", "2", "a"), NOT_MATCHING),
            (("FIELDS", "1", "a", "b"), NOT_MATCHING),
        ]:
            assert h.call(command, "h", *argv) == expected
            assert h.call(command, "nosuch", *argv) == expected


class TestPersist:
    """HPERSIST, and what else takes an expiry off or leaves it."""

    def test_takes_it_off(self, h: Server) -> None:
        expire(h, 100, "a", "b")
        assert subexpiry(h) == 1
        assert h.call("HPERSIST", "h", "FIELDS", 3, "a", "c", "x") == [1, -1, -2]
        assert ttls(h, "a") == [-1]
        assert h.call("HPERSIST", "h", "FIELDS", 2, "b", "b") == [1, -1]
        assert subexpiry(h) == 0

    def test_setting_the_field_takes_it_off(self, h: Server) -> None:
        expire(h, 100, *"abcd")
        h.call("HSET", "h", "a", "new", "b", "x" * 3000)
        h.call("HMSET", "h", "c", "new")
        assert ttls(h, *"abc") == [-1, -1, -1]
        h.call("HDEL", "h", "d")
        h.call("HSET", "h", "d", "new")
        assert ttls(h, "d") == [-1]
        assert subexpiry(h) == 0

    def test_incrementing_leaves_it(self, h: Server) -> None:
        h.call("HSET", "h", "a", 1, "b", 1)
        expire(h, 100, "a", "b")
        assert h.call("HINCRBY", "h", "a", 10**12) == 10**12 + 1
        assert h.call("HINCRBYFLOAT", "h", "b", "0.5") == b"1.5"
        assert all(97_000 < left <= 100_000 for left in ttls(h, "a", "b"))


class TestEncoding:
    """How hashes with such fields are stored."""

    def test_listpack_becomes_listpackex(self, server: Server) -> None:
        server.call("HSET", "h", "a", 1, "b", 2)
        expire(server, 100, "nosuch")
        assert encoding(server) == "listpackex"
        expire(server, 100, "a")
        server.call("HPERSIST", "h", "FIELDS", 1, "a")
        assert encoding(server) == "listpackex"

    def test_listpackex_becomes_hashtable(self, server: Server) -> None:
        with server.config(hash_max_listpack_entries=3):
            server.call("HSET", "h", "a", 1, "b", 2)
            expire(server, 100, "b")
            server.call("HSET", "h", "c", 3)
            assert encoding(server) == "listpackex"
            server.call("HSET", "h", "d", 4)
            assert encoding(server) == "hashtable"
            assert [left > 0 for left in ttls(server, *"abcd")] == [False, True, False, False]
            assert subexpiry(server) == 1
        server.call("HSET", "long", "a", 1)
        expire(server, 100, "a", key="long")
        server.call("HSET", "long", "b", "x" * 65)
        assert encoding(server, "long") == "hashtable"
        assert ttls(server, "a", key="long")[0] > 0

    def test_order_of_a_listpackex(self, server: Server) -> None:
        server.call("HSET", "h", *(part for name in "abcd" for part in (name, 1)))
        expire(server, 300, "c")
        expire(server, 200, "b")
        expire(server, 400, "d")
        assert server.call("HKEYS", "h") == [b"b", b"c", b"d", b"a"]
        server.call("HPERSIST", "h", "FIELDS", 1, "c")
        assert server.call("HKEYS", "h") == [b"b", b"d", b"a", b"c"]

    def test_many_expiring_fields(self, h: Server) -> None:
        names = [f"f{n}" for n in range(400)]
        h.call("HSET", "h", *(part for name in names for part in (name, name)))
        for n, name in enumerate(names):
            expire(h, 1000 + n * 7919 % 400, name)
        times = dict(zip(names, ttls(h, *names), strict=True))
        assert sorted(times, key=lambda name: times[name]) == sorted(names, key=lambda name: int(name[1:]) * 7919 % 400)
        assert h.call("HPEXPIRE", "h", 0, "FIELDS", 400, *names) == [2] * 400
        assert h.call("HLEN", "h") == 5


class TestExpired:
    """Fields whose time has come, while active expiry is off."""

    @pytest.fixture(autouse=True)
    def _expire(self, lazy: Server) -> None:
        expire(lazy, 0.001, "a", "b")
        expire(lazy, 1000, "c")
        time.sleep(0.01)
        lazy.call("CONFIG", "RESETSTAT")

    def expired(self, server: Server) -> int:
        """Return how many were deleted for it."""
        return int(server.info("stats")["expired_subkeys"])

    def test_is_absent_and_goes_when_asked_for(self, lazy: Server) -> None:
        assert lazy.call("HLEN", "h") == 5
        assert lazy.call("HGET", "h", "a") is None
        assert (lazy.call("HLEN", "h"), self.expired(lazy)) == (4, 1)
        assert lazy.call("HMGET", "h", "a", "b", "b", "c") == [None, None, None, b"cc"]
        assert (lazy.call("HLEN", "h"), self.expired(lazy)) == (3, 2)

    @pytest.mark.parametrize("command", ["HEXISTS", "HSTRLEN"])
    def test_other_questions(self, lazy: Server, command: str) -> None:
        assert lazy.call(command, "h", "a") == 0
        assert (lazy.call("HLEN", "h"), self.expired(lazy)) == (4, 1)

    def test_left_out_of_whole_replies(self, lazy: Server) -> None:
        kept = {b"c": b"cc", b"d": b"dd", b"e": b"ee"}
        assert fields_of(lazy.call("HGETALL", "h")) == kept
        assert set(lazy.call("HKEYS", "h")) == kept.keys()  # type: ignore[call-overload]
        assert set(lazy.call("HVALS", "h")) == set(kept.values())  # type: ignore[call-overload]
        assert fields_of(scan_all(lazy, "h")) == kept
        with lazy.connect(resp=3) as client:
            assert client.call("HGETALL", "h") == kept
        assert (lazy.call("HLEN", "h"), self.expired(lazy)) == (5, 0)

    def test_has_no_expiry(self, lazy: Server) -> None:
        for command in [*READERS, "HPERSIST"]:
            assert lazy.call(command, "h", "FIELDS", 2, "a", "d") == [-2, -1]
        assert expire(lazy, 100, "a") == [-2]

    def test_random_fields(self, lazy: Server) -> None:
        assert set(lazy.call("HRANDFIELD", "h", 10)) == {b"c", b"d", b"e"}  # type: ignore[call-overload]
        assert (lazy.call("HLEN", "h"), self.expired(lazy)) == (3, 2)

    def test_delete_still_counts_it(self, lazy: Server) -> None:
        assert lazy.call("HDEL", "h", "a") == 1
        assert self.expired(lazy) == 0

    def test_set_again(self, lazy: Server) -> None:
        lazy.call("HSET", "h", "a", "new")
        assert lazy.call("HSETNX", "h", "b", "new") == 1
        assert lazy.call("HMGET", "h", "a", "b") == [b"new", b"new"]
        assert ttls(lazy, "a", "b") == [-1, -1]

    def test_counts_from_zero_again(self, lazy: Server) -> None:
        lazy.call("HSET", "h", "a", 5, "b", 5)
        expire(lazy, 0.001, "a", "b")
        time.sleep(0.01)
        assert lazy.call("HINCRBY", "h", "a", 3) == 3
        assert lazy.call("HINCRBYFLOAT", "h", "b", "1.5") == b"1.5"
        assert ttls(lazy, "a", "b") == [-1, -1]
        assert self.expired(lazy) == 2

    def test_last_one_takes_the_hash_along(self, lazy: Server) -> None:
        expire(lazy, 0.001, *"cde")
        time.sleep(0.01)
        assert lazy.call("EXISTS", "h") == 1
        assert lazy.call("HGETALL", "h") == []
        assert lazy.call("HMGET", "h", *"abcde") == [None] * 5
        assert lazy.call("EXISTS", "h") == 0

    def test_random_field_of_a_hash_that_has_none_left(self, lazy: Server) -> None:
        expire(lazy, 0.001, *"cde")
        time.sleep(0.01)
        assert lazy.call("HRANDFIELD", "h") is None
        assert lazy.call("EXISTS", "h") == 0

    def test_increment_of_the_only_field(self, lazy: Server) -> None:
        lazy.call("HSET", "one", "f", 5)
        expire(lazy, 0.001, "f", key="one")
        time.sleep(0.01)
        assert lazy.call("HINCRBY", "one", "f", 1) == 1
        assert lazy.call("HGETALL", "one") == [b"f", b"1"]
        assert subexpiry(lazy) == 1

    def test_while_nothing_may_be_deleted(self, lazy: Server) -> None:
        with lazy.connect() as client:
            client.call("CLIENT", "PAUSE", 100_000, "WRITE")
            try:
                assert lazy.call("HGET", "h", "a") is None
                assert set(lazy.call("HRANDFIELD", "h", 10)) == {b"c", b"d", b"e"}  # type: ignore[call-overload]
                assert set(lazy.call("HRANDFIELD", "h", -100)) == {b"c", b"d", b"e"}  # type: ignore[call-overload]
                assert len(lazy.call("HRANDFIELD", "h", 2)) == 2  # type: ignore[arg-type]
                assert lazy.call("HLEN", "h") == 5
            finally:
                client.call("CLIENT", "UNPAUSE")
        assert self.expired(lazy) == 0


class TestActive:
    """Fields go though nobody asks for them."""

    def test_fields_and_then_the_hash(self, h: Server) -> None:
        expire(h, 0.05, "a", "b")
        deadline = time.monotonic() + WAIT_S
        while h.call("HLEN", "h") != 3:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert subexpiry(h) == 0
        expire(h, 0.05, *"cde")
        wait_until_gone(h)

    def test_many_hashes(self, h: Server) -> None:
        before = int(h.info("stats")["expired_subkeys"])
        for n in range(300):
            h.call("HSET", f"h{n}", *(part for name in "abcde" for part in (name, n)))
            expire(h, 0.2, *"abcde", key=f"h{n}")
        deadline = time.monotonic() + WAIT_S
        while h.call("DBSIZE") != 1:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert int(h.info("stats")["expired_subkeys"]) == before + 1500

    def test_moved_hashes_are_found(self, h: Server) -> None:
        expire(h, 0.2, *"abcde")
        assert h.call("RENAME", "h", "renamed") == b"OK"
        assert h.call("COPY", "renamed", "copied") == 1
        assert h.call("COPY", "renamed", "h", "DB", 2) == 1
        assert h.call("MOVE", "copied", 3) == 1
        assert h.call("EXPIRE", "renamed", 1000) == 1
        assert h.call("SWAPDB", 3, 4) == b"OK"
        deadline = time.monotonic() + WAIT_S
        while h.info("keyspace"):
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def test_copy_and_rename_keep_times(self, h: Server) -> None:
        expire(h, 1000, "a")
        expire(h, 500, "b")
        h.call("COPY", "h", "copy")
        h.call("RENAME", "h", "k" * 300)
        for key in ("copy", "k" * 300):
            left = ttls(h, *"abc", key=key)
            assert 997_000 < left[0] <= 1_000_000
            assert 497_000 < left[1] <= 500_000
            assert left[2] == -1
        assert subexpiry(h) == 2
        h.call("SET", "copy", "overwritten")
        h.call("UNLINK", "k" * 300)
        assert subexpiry(h) == 0

    def test_flush(self, h: Server) -> None:
        expire(h, 0.05, "a")
        for mode in ("SYNC", "ASYNC"):
            h.call("FLUSHALL", mode)
            h.call("HSET", "h", "a", 1)
            assert subexpiry(h) == 0
            expire(h, 0.05, "a")
        wait_until_gone(h)


def test_digest_sees_expiring_fields(server: Server) -> None:
    server.call("HSET", "h", "a", 1, "b", 2)
    before = server.call("DEBUG", "DIGEST-VALUE", "h")
    expire(server, 100, "a")
    assert server.call("DEBUG", "DIGEST-VALUE", "h") != before
    server.call("HPERSIST", "h", "FIELDS", 1, "a")
    assert server.call("DEBUG", "DIGEST-VALUE", "h") == before


@pytest.mark.parametrize("is_last", [False, True])
@pytest.mark.parametrize("is_lazy", [False, True])
def test_who_watches_or_tracks_a_hash_learns_that_a_field_has_expired(
    server: Server, is_last: bool, is_lazy: bool
) -> None:
    """The time changes the key as a command would, but for the log, which has the deletion of the field."""
    if is_lazy:
        server.call("DEBUG", "SET-ACTIVE-EXPIRE", 0)
    try:
        with server.connect(resp=3) as reader, server.connect() as watcher:
            server.call("HSET", "h", "a", "1")
            if not is_last:
                server.call("HSET", "h", "b", "1")
            expire(server, 0.05, "a")
            reader.call("CLIENT", "TRACKING", "ON")
            assert reader.call("HLEN", "h") == 2 - is_last
            watcher.call("WATCH", "h")
            changes = server.info("persistence")["rdb_changes_since_last_save"]
            time.sleep(0.1)
            if is_lazy:
                assert server.call("HGET", "h", "a") is None
            assert reader.read() == Push([b"invalidate", [b"h"]])
            assert server.call("EXISTS", "h") == 1 - is_last
            watcher.call("MULTI")
            watcher.call("PING")
            assert watcher.call("EXEC") is None
            assert server.info("persistence")["rdb_changes_since_last_save"] == changes
    finally:
        server.call("DEBUG", "SET-ACTIVE-EXPIRE", 1)


def test_adding_to_the_last_field_after_it_has_expired(lazy: Server) -> None:
    with lazy.config(notify_keyspace_events="EAn"), lazy.connect() as listener:
        lazy.call("HSET", "last", "f", "1")
        expire(lazy, 0.001, "f", key="last")
        time.sleep(0.02)
        listener.call("PSUBSCRIBE", "__keyevent@0__:*")
        assert lazy.call("HINCRBY", "last", "f", 5) == 5
        seen = [listener.read()[2].split(b":")[1] for _ in range(4)]  # type: ignore[index]
        assert seen == [b"hexpired", b"del", b"new", b"hincrby"]
