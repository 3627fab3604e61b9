"""Keys of any type: existence, names, copies, moves, iteration, and OBJECT."""

import random
import time

import pytest

from tests.support import ErrorReply, RespClient, Server

SYNTAX = ErrorReply(b"ERR syntax error")
NOT_INTEGER = ErrorReply(b"ERR value is not an integer or out of range")
OUT_OF_INT = ErrorReply(b"ERR value is out of range, value must between -2147483648 and 2147483647")
NO_SUCH_KEY = ErrorReply(b"ERR no such key")
SAME_OBJECT = ErrorReply(b"ERR source and destination objects are the same")
DB_OUT_OF_RANGE = ErrorReply(b"ERR DB index is out of range")
INVALID_CURSOR = ErrorReply(b"ERR invalid cursor")

# One string of each encoding, inside the entry and outside of it, under short and long keys.
VALUES = [b"", b"12345", b"-1", b"short", b"r" * 45, b"long" * 5000]
KEYS = [b"", b"k", b"with\0zero\r\n", b"k" * 255, b"k" * 256, b"k" * 70_000]


def full_scan(server: Server, *options: str | int) -> list[bytes]:
    """Return what a whole scan meets, in order, repetitions included."""
    met: list[bytes] = []
    cursor: object = 0
    while True:
        reply = server.call("SCAN", cursor, *options)  # type: ignore[arg-type]
        assert isinstance(reply, list), reply
        cursor = reply[0]
        met += reply[1]
        if cursor == b"0":
            return met


def fill(server: Server, count: int, prefix: str = "key") -> set[bytes]:
    """Set so many keys and return them."""
    server.client.pipeline([("SET", f"{prefix}:{n}", n) for n in range(count)])
    return {b"%b:%d" % (prefix.encode(), n) for n in range(count)}


class TestDelete:
    """DEL, UNLINK, EXISTS, TOUCH, TYPE."""

    @pytest.mark.parametrize("command", ["DEL", "UNLINK"])
    def test_counts_what_was_there(self, server: Server, command: str) -> None:
        fill(server, 3)
        assert server.call(command, "key:0", "none", "key:1", "key:0") == 2
        assert server.call("DBSIZE") == 1
        assert server.call(command, "key:0") == 0

    @pytest.mark.parametrize("command", ["DEL", "UNLINK"])
    def test_frees_long_values_and_expiries(self, server: Server, command: str) -> None:
        server.call("SET", "a", b"x" * 1_000_000, "EX", 100)
        assert server.call(command, "a") == 1
        assert server.call("EXISTS", "a") == 0
        server.call("SET", "a", 1)
        assert server.call("TTL", "a") == -1

    @pytest.mark.parametrize("command", ["EXISTS", "TOUCH"])
    def test_repeated_keys_count_again(self, server: Server, command: str) -> None:
        fill(server, 2)
        assert server.call(command, "key:0", "key:0", "none", "key:1") == 3

    @pytest.mark.parametrize("command", ["DEL", "UNLINK", "EXISTS", "TOUCH", "TYPE"])
    def test_needs_a_key(self, server: Server, command: str) -> None:
        expected = f"ERR wrong number of arguments for '{command.lower()}' command"
        assert server.call(command) == ErrorReply(expected.encode())

    def test_expired_keys_are_not_there(self, server: Server) -> None:
        server.call("DEBUG", "SET-ACTIVE-EXPIRE", 0)
        try:
            for key in "abcdef":
                server.call("SET", key, 1, "PX", 1)
            time.sleep(0.01)
            assert server.call("DBSIZE") == 6
            assert server.call("DEL", "a", "b") == 0
            assert server.call("UNLINK", "c") == 0
            assert server.call("EXISTS", "d") == 0
            assert server.call("TYPE", "e") == b"none"
            assert server.call("DBSIZE") == 1
        finally:
            server.call("DEBUG", "SET-ACTIVE-EXPIRE", 1)

    def test_type_is_a_simple_string(self, server: Server) -> None:
        server.call("SET", "a", "x")
        assert server.call_raw("TYPE", "a") == b"+string\r\n"
        assert server.call_raw("TYPE", "b") == b"+none\r\n"

    def test_counts_hits_and_misses(self, server: Server) -> None:
        server.call("SET", "a", "x")
        server.call("CONFIG", "RESETSTAT")
        server.call("EXISTS", "a", "b", "b")
        server.call("TYPE", "a")
        server.call("TTL", "b")
        server.call("OBJECT", "ENCODING", "a")
        stats = server.info("stats")
        assert (stats["keyspace_hits"], stats["keyspace_misses"]) == ("3", "3")


class TestRename:
    """RENAME and RENAMENX."""

    def test_moves_value_and_expiry(self, server: Server) -> None:
        server.call("SET", "a", "new", "EX", 100)
        server.call("SET", "b", "old", "EX", 5000)
        assert server.call("RENAME", "a", "b") == b"OK"
        assert server.call("GET", "b") == b"new"
        assert server.call("EXISTS", "a") == 0
        assert 90 < server.call("TTL", "b") <= 100  # type: ignore[operator]

    def test_a_key_without_expiry_takes_it_off(self, server: Server) -> None:
        server.call("SET", "a", "new")
        server.call("SET", "b", "old", "EX", 100)
        server.call("RENAME", "a", "b")
        assert server.call("TTL", "b") == -1

    @pytest.mark.parametrize("value", VALUES, ids=len)
    def test_any_value_to_any_name(self, server: Server, value: bytes) -> None:
        for old, new in zip(KEYS, [*KEYS[1:], KEYS[0]], strict=True):
            for expiry in ((), ("EX", 100)):
                server.call("SET", old, value, *expiry)
                assert server.call("RENAME", old, new) == b"OK"
                assert server.call("GET", new) == value
                assert (server.call("TTL", new) == -1) == (not expiry)
                assert server.call("KEYS", "*") == [new]
                server.call("DEL", new)

    def test_missing_source(self, server: Server) -> None:
        assert server.call("RENAME", "a", "b") == NO_SUCH_KEY
        assert server.call("RENAME", "a", "a") == NO_SUCH_KEY
        assert server.call("RENAMENX", "a", "b") == NO_SUCH_KEY

    def test_own_name(self, server: Server) -> None:
        server.call("SET", "a", 1)
        assert server.call("RENAME", "a", "a") == b"OK"
        assert server.call("RENAMENX", "a", "a") == 0
        assert server.call("GET", "a") == b"1"

    def test_only_to_a_free_name(self, server: Server) -> None:
        server.call("MSET", "a", 1, "b", 2)
        assert server.call("RENAMENX", "a", "b") == 0
        assert server.call("MGET", "a", "b") == [b"1", b"2"]
        assert server.call("RENAMENX", "a", "c") == 1
        assert server.call("MGET", "a", "c") == [None, b"1"]

    def test_an_expired_target_is_free(self, server: Server) -> None:
        server.call("SET", "a", 1)
        server.call("SET", "b", 2, "PX", 1)
        time.sleep(0.01)
        assert server.call("RENAMENX", "a", "b") == 1
        assert server.call("TTL", "b") == -1

    def test_is_one_change(self, server: Server) -> None:
        server.call("MSET", "a", 1, "b", 2)
        before = int(server.info("persistence")["rdb_changes_since_last_save"])
        server.call("RENAME", "a", "b")
        server.call("MOVE", "b", 1)
        assert int(server.info("persistence")["rdb_changes_since_last_save"]) == before + 2


class TestCopy:
    """COPY."""

    @pytest.mark.parametrize("value", VALUES, ids=len)
    def test_copies_are_independent(self, server: Server, value: bytes) -> None:
        server.call("SET", "a", value, "EX", 100)
        encoding = server.call("OBJECT", "ENCODING", "a")
        for key in KEYS:
            assert server.call("COPY", "a", key) == 1
            assert server.call("OBJECT", "ENCODING", key) == encoding
            server.call("APPEND", key, "more")
            assert server.call("GET", "a") == value
            assert server.call("GET", key) == value + b"more"
            assert 90 < server.call("TTL", key) <= 100  # type: ignore[operator]

    def test_a_raw_short_string_stays_raw(self, server: Server) -> None:
        server.call("APPEND", "a", "x")
        server.call("APPEND", "a", "y")
        server.call("COPY", "a", "b")
        assert server.call("OBJECT", "ENCODING", "b") == b"raw"

    def test_replaces_only_when_told(self, server: Server) -> None:
        server.call("SET", "a", 1)
        server.call("SET", "b", b"x" * 5000, "EX", 100)
        assert server.call("COPY", "a", "b") == 0
        assert server.call("STRLEN", "b") == 5000
        assert server.call("COPY", "a", "b", "Replace") == 1
        assert (server.call("GET", "b"), server.call("TTL", "b")) == (b"1", -1)

    def test_to_another_database(self, server: Server) -> None:
        server.call("SET", "a", 1)
        assert server.call("COPY", "a", "a", "DB", 3) == 1
        assert server.call("COPY", "a", "a", "DB", 3) == 0
        server.call("SET", "a", 2)
        assert server.call("COPY", "a", "a", "REPLACE", "db", 3) == 1
        server.call("SELECT", 3)
        assert server.call("GET", "a") == b"2"

    def test_missing_source_leaves_the_target(self, server: Server) -> None:
        server.call("SET", "b", 1)
        assert server.call("COPY", "a", "b", "REPLACE") == 0
        assert server.call("GET", "b") == b"1"

    def test_errors(self, server: Server) -> None:
        assert server.call("COPY", "a", "a") == SAME_OBJECT
        assert server.call("COPY", "a", "a", "DB", 0) == SAME_OBJECT
        assert server.call("COPY", "a", "b", "DB") == SYNTAX
        assert server.call("COPY", "a", "b", "NX") == SYNTAX
        assert server.call("COPY", "a", "b", "DB", "x") == NOT_INTEGER
        assert server.call("COPY", "a", "b", "DB", 1 << 40) == OUT_OF_INT
        assert server.call("COPY", "a", "b", "DB", 16) == DB_OUT_OF_RANGE
        assert server.call("COPY", "a", "b", "DB", -1) == DB_OUT_OF_RANGE
        # The options are read before the keys are compared.
        assert server.call("COPY", "a", "a", "DB", "16") == DB_OUT_OF_RANGE


class TestMove:
    """MOVE."""

    @pytest.mark.parametrize("key", KEYS, ids=len)
    def test_takes_value_and_expiry_along(self, server: Server, key: bytes) -> None:
        server.call("SET", key, b"x" * 3000, "EX", 100)
        assert server.call("MOVE", key, 1) == 1
        assert server.call("DBSIZE") == 0
        server.call("SELECT", 1)
        assert server.call("STRLEN", key) == 3000
        assert 90 < server.call("TTL", key) <= 100  # type: ignore[operator]

    def test_not_over_an_existing_key(self, server: Server) -> None:
        server.call("SET", "a", 1)
        server.call("COPY", "a", "a", "DB", 1)
        server.call("SET", "a", 2)
        assert server.call("MOVE", "a", 1) == 0
        assert server.call("GET", "a") == b"2"

    def test_missing_source(self, server: Server) -> None:
        assert server.call("MOVE", "a", 1) == 0

    def test_errors(self, server: Server) -> None:
        server.call("SET", "a", 1)
        assert server.call("MOVE", "a", 0) == SAME_OBJECT
        assert server.call("MOVE", "a", "x") == NOT_INTEGER
        assert server.call("MOVE", "a", 99) == DB_OUT_OF_RANGE
        assert server.call("MOVE", "a", -1) == DB_OUT_OF_RANGE
        assert server.call("MOVE", "a", 1 << 33) == OUT_OF_INT


class TestKeys:
    """KEYS and RANDOMKEY."""

    def test_patterns(self, server: Server) -> None:
        server.call("MSET", "foo_a", 1, "foo_b", 1, "key_x", 1, "h[i]", 1, "", 1)
        assert set(server.call("KEYS", "foo*")) == {b"foo_a", b"foo_b"}  # type: ignore[call-overload]
        assert server.call("KEYS", "?ey_[x-z]") == [b"key_x"]
        assert server.call("KEYS", r"h\[i\]") == [b"h[i]"]
        assert server.call("KEYS", "") == [b""]
        # A lone star is the only other pattern that matches the empty key.
        assert len(server.call("KEYS", "*")) == 5  # type: ignore[arg-type]
        assert len(server.call("KEYS", "**")) == 4  # type: ignore[arg-type]

    def test_only_of_this_database(self, server: Server) -> None:
        fill(server, 5)
        server.call("SELECT", 1)
        assert server.call("KEYS", "*") == []

    def test_leaves_expired_keys_out(self, server: Server) -> None:
        fill(server, 3)
        server.call("PEXPIRE", "key:1", 1)
        time.sleep(0.01)
        assert set(server.call("KEYS", "*")) == {b"key:0", b"key:2"}  # type: ignore[call-overload]

    def test_many(self, server: Server) -> None:
        keys = fill(server, 5000)
        met = server.call("KEYS", "*")
        assert isinstance(met, list)
        assert len(met) == 5000
        assert set(met) == keys
        assert len(set(server.call("KEYS", "key:*7"))) == 500  # type: ignore[call-overload]

    def test_random_key_of_nothing(self, server: Server) -> None:
        assert server.call_raw("RANDOMKEY") == b"$-1\r\n"
        with server.connect(resp=3) as client:
            assert client.call_raw("RANDOMKEY") == b"_\r\n"

    def test_random_key_reaches_all(self, server: Server) -> None:
        keys = fill(server, 20)
        drawn = server.client.pipeline([("RANDOMKEY",)] * 600)
        assert set(drawn) == keys

    def test_random_key_is_alive(self, server: Server) -> None:
        server.client.pipeline([("SET", n, n, "PX", 1) for n in range(100)])
        server.call("SET", "alive", 1)
        time.sleep(0.01)
        assert server.call("RANDOMKEY") == b"alive"


class TestScan:
    """SCAN."""

    def test_meets_every_key_once_while_nothing_changes(self, server: Server) -> None:
        keys = fill(server, 3000)
        for options in ((), ("COUNT", 1), ("COUNT", 500), ("COUNT", 1 << 62)):
            met = full_scan(server, *options)
            assert sorted(met) == sorted(keys)

    def test_of_nothing(self, server: Server) -> None:
        assert server.call("SCAN", 0) == [b"0", []]
        assert server.call("SCAN", (1 << 64) - 1) == [b"0", []]

    def test_count_is_about_what_a_call_returns(self, server: Server) -> None:
        fill(server, 1000)
        for count in (1, 10, 100):
            reply = server.call("SCAN", 0, "COUNT", count)
            assert isinstance(reply, list)
            assert count <= len(reply[1]) <= count + 50

    def test_meets_what_stays_while_the_table_grows_and_shrinks(self, server: Server) -> None:
        stay = fill(server, 500, "stay")
        chance = random.Random(4)
        met: set[bytes] = set()
        cursor: object = b"0"
        for turn in range(10_000):
            reply = server.call("SCAN", cursor, "COUNT", 5)  # type: ignore[arg-type]
            assert isinstance(reply, list)
            cursor = reply[0]
            met.update(reply[1])
            if cursor == b"0":
                break
            if turn < 30:
                fill(server, 400 * turn, "other")
            else:
                batch = [b"other:%d" % chance.randrange(12_000) for _ in range(1500)]
                server.client.pipeline([("DEL", *batch)])
        assert cursor == b"0"
        assert stay <= met

    def test_match(self, server: Server) -> None:
        fill(server, 1000)
        assert sorted(full_scan(server, "MATCH", "key:1??")) == [b"key:%d" % n for n in range(100, 200)]
        assert full_scan(server, "MATCH", "nothing*") == []

    def test_type(self, server: Server) -> None:
        fill(server, 100)
        assert len(full_scan(server, "TYPE", "String")) == 100
        assert full_scan(server, "TYPE", "list") == []
        assert full_scan(server, "TYPE", "nonsense") == []
        assert full_scan(server, "TYPE", "string", "MATCH", "key:42", "COUNT", 1000) == [b"key:42"]

    def test_leaves_expired_keys_out_and_deletes_them(self, server: Server) -> None:
        server.call("DEBUG", "SET-ACTIVE-EXPIRE", 0)
        try:
            fill(server, 100)
            server.client.pipeline([("PEXPIRE", f"key:{n}", 1) for n in range(0, 100, 2)])
            time.sleep(0.01)
            assert len(full_scan(server)) == 50
            assert server.call("DBSIZE") == 50
        finally:
            server.call("DEBUG", "SET-ACTIVE-EXPIRE", 1)

    @pytest.mark.parametrize(
        "cursor", [b"0", b"00", b"+0", b"-0", b" 0", b"\t\n 0", b"0\0x", b"18446744073709551615", b"000" * 3000 + b"1"]
    )
    def test_cursors_that_are_taken(self, server: Server, cursor: bytes) -> None:
        assert server.call("SCAN", cursor) == [b"0", []]

    @pytest.mark.parametrize(
        "cursor",
        [b"", b"x", b"1x", b"0 ", b"-1", b"-9223372036854775808", b"18446744073709551616", b"9" * 5000, b"1.0"],
    )
    def test_cursors_that_are_refused(self, server: Server, cursor: bytes) -> None:
        assert server.call("SCAN", cursor) == INVALID_CURSOR

    def test_errors(self, server: Server) -> None:
        assert server.call("SCAN", 0, "COUNT") == SYNTAX
        assert server.call("SCAN", 0, "FOO", 1) == SYNTAX
        assert server.call("SCAN", 0, "COUNT", "x") == NOT_INTEGER
        assert server.call("SCAN", 0, "COUNT", 0) == SYNTAX
        assert server.call("SCAN", 0, "COUNT", -5) == SYNTAX
        assert server.call("SCAN", 0, "COUNT", 5, "MATCH") == SYNTAX
        # The cursor is read first.
        assert server.call("SCAN", "x", "FOO") == INVALID_CURSOR


class TestObject:
    """OBJECT."""

    def test_encodings(self, server: Server) -> None:
        for value, encoding in [
            (b"123", b"int"),
            (b"-9223372036854775808", b"int"),
            (b"9223372036854775808", b"embstr"),
            (b"0123", b"embstr"),
            (b"x" * 44, b"embstr"),
            (b"x" * 45, b"raw"),
            (b"x" * 100_000, b"raw"),
        ]:
            server.call("SET", "a", value)
            assert server.call("OBJECT", "ENCODING", "a") == encoding

    @pytest.mark.parametrize("subcommand", ["ENCODING", "REFCOUNT", "IDLETIME", "FREQ"])
    def test_missing_key(self, server: Server, subcommand: str) -> None:
        assert server.call_raw("OBJECT", subcommand, "none") == b"$-1\r\n"
        with server.connect(resp=3) as client:
            assert client.call_raw("OBJECT", subcommand, "none") == b"_\r\n"

    def test_small_integers_show_as_shared(self, server: Server) -> None:
        for value, count in [(0, 2147483647), (9999, 2147483647), (10_000, 1), (-1, 1), ("x", 1)]:
            server.call("SET", "a", value)
            assert server.call("OBJECT", "REFCOUNT", "a") == count

    @pytest.mark.parametrize(
        ("policy", "count"), [("allkeys-lru", 1), ("volatile-lfu", 1), ("allkeys-random", 2147483647)]
    )
    def test_sharing_depends_on_eviction(self, server: Server, policy: str, count: int) -> None:
        server.call("SET", "a", 1)
        with server.config(maxmemory_policy=policy, maxmemory="1gb"):
            assert server.call("OBJECT", "REFCOUNT", "a") == count
        with server.config(maxmemory_policy=policy):
            assert server.call("OBJECT", "REFCOUNT", "a") == 2147483647

    def test_idle_time_is_in_seconds_and_looking_is_no_use(self, server: Server) -> None:
        server.call("MSET", "a", "x", "b", "x")
        assert server.call("OBJECT", "IDLETIME", "a") in (0, 1)
        time.sleep(2.1)
        server.call("TOUCH", "b")
        for command in ("TYPE", "TTL", "EXISTS"):
            server.call(command, "a")
        assert server.call("OBJECT", "IDLETIME", "a") in (2, 3)
        assert server.call("OBJECT", "IDLETIME", "b") in (0, 1)
        server.call("GET", "a")
        assert server.call("OBJECT", "IDLETIME", "a") in (0, 1)

    def test_frequency_needs_lfu_and_idle_time_no_lfu(self, server: Server) -> None:
        server.call("SET", "a", 1)
        unselected = server.call("OBJECT", "FREQ", "a")
        assert isinstance(unselected, ErrorReply)
        assert unselected.text.startswith(b"ERR An LFU maxmemory policy is not selected, access frequency not tracked.")
        with server.config(maxmemory_policy="allkeys-lfu"):
            server.call("SET", "b", "x")
            assert server.call("OBJECT", "FREQ", "b") == 5
            server.client.pipeline([("GET", "b")] * 300)
            assert 6 < server.call("OBJECT", "FREQ", "b") < 40  # type: ignore[operator]
            selected = server.call("OBJECT", "IDLETIME", "b")
            assert isinstance(selected, ErrorReply)
            assert selected.text.startswith(b"ERR An LFU maxmemory policy is selected, idle time not tracked.")

    def test_no_touch_clients_leave_idle_time(self, server: Server) -> None:
        server.call("SET", "a", "x")
        time.sleep(2.1)
        with RespClient(server.port) as client:
            client.call("CLIENT", "NO-TOUCH", "ON")
            client.call("GET", "a")
            assert client.call("OBJECT", "IDLETIME", "a") in (2, 3)
            client.call("TOUCH", "a")
            assert client.call("OBJECT", "IDLETIME", "a") in (0, 1)

    def test_unknown_subcommand(self, server: Server) -> None:
        assert server.call("OBJECT", "FOO", "a") == ErrorReply(b"ERR unknown subcommand 'FOO'. Try OBJECT HELP.")
        assert server.call("OBJECT", "ENCODING") == ErrorReply(
            b"ERR wrong number of arguments for 'object|encoding' command"
        )
