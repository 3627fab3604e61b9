"""Expiry: setting, reading and removing it, and what happens when the time comes."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support import ErrorReply, Server

NOT_INTEGER = ErrorReply(b"ERR value is not an integer or out of range")
INT64_MAX = (1 << 63) - 1
INT64_MIN = -(1 << 63)
SETTERS = ["EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT"]


def invalid(command: str) -> ErrorReply:
    """Return the error of a time that does not fit."""
    return ErrorReply(f"ERR invalid expire time in '{command.lower()}' command".encode())


def after(command: str, seconds: int) -> int:
    """Return the argument that lets a key expire so many seconds from now."""
    base = time.time() if command.endswith("AT") else 0
    return int((base + seconds) * (1000 if command.startswith("P") else 1))


def seconds_left(server: Server, key: str) -> float:
    """Return what PTTL says, in seconds."""
    left = server.call("PTTL", key)
    assert isinstance(left, int)
    return left / 1000


@pytest.mark.parametrize("command", SETTERS)
class TestSet:
    """EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT."""

    def test_sets_and_moves_an_expiry(self, server: Server, command: str) -> None:
        server.call("SET", "a", "x" * 3000)
        for seconds in (100, 5000, 50):
            assert server.call(command, "a", after(command, seconds)) == 1
            assert seconds - 3 < seconds_left(server, "a") <= seconds
        assert server.call("GET", "a") == b"x" * 3000

    def test_missing_key(self, server: Server, command: str) -> None:
        assert server.call(command, "a", after(command, 100)) == 0
        assert server.call("EXISTS", "a") == 0

    @pytest.mark.parametrize("seconds", [0, -1, -100_000])
    def test_a_time_in_the_past_deletes(self, server: Server, command: str, seconds: int) -> None:
        server.call("SET", "a", 1)
        expired = server.info("stats")["expired_keys"]
        assert server.call(command, "a", after(command, seconds)) == 1
        assert server.call("DBSIZE") == 0
        # The command deleted it, it did not expire.
        assert server.info("stats")["expired_keys"] == expired

    def test_the_far_past_deletes(self, server: Server, command: str) -> None:
        server.call("SET", "a", 1)
        assert server.call(command, "a", INT64_MIN if command.startswith("P") else INT64_MIN // 1000 + 1) == 1
        assert server.call("DBSIZE") == 0

    def test_times_that_do_not_fit(self, server: Server, command: str) -> None:
        server.call("SET", "a", 1)
        too_late = [INT64_MAX] if command != "PEXPIREAT" else []
        too_early = [INT64_MIN] if not command.startswith("P") else []
        for value in too_late + too_early:
            assert server.call(command, "a", value) == invalid(command)
        for value in (INT64_MAX + 1, INT64_MIN - 1, "", "x", "1.5", " 1", "01"):
            assert server.call(command, "a", value) == NOT_INTEGER
        assert server.call("TTL", "a") == -1

    def test_order_of_complaints(self, server: Server, command: str) -> None:
        # Options before the number, and both before the key.
        assert server.call(command, "none", "x", "foo") == ErrorReply(b"ERR Unsupported option foo")
        assert server.call(command, "none", "x", "nx") == NOT_INTEGER

    def test_options_that_exclude_each_other(self, server: Server, command: str) -> None:
        for options in (("NX", "XX"), ("nx", "gt"), ("LT", "NX"), ("NX", "GT", "LT")):
            assert server.call(command, "a", 1, *options) == ErrorReply(
                b"ERR NX and XX, GT or LT options at the same time are not compatible"
            )
        assert server.call(command, "a", 1, "GT", "lt") == ErrorReply(
            b"ERR GT and LT options at the same time are not compatible"
        )

    def test_unknown_option_is_quoted_safely(self, server: Server, command: str) -> None:
        assert server.call(command, "a", 1, b"x\r\n+OK\0tail") == ErrorReply(b"ERR Unsupported option x  +OK")

    def test_nx_and_xx(self, server: Server, command: str) -> None:
        server.call("SET", "a", 1)
        assert server.call(command, "a", after(command, 100), "XX") == 0
        assert server.call(command, "a", after(command, 100), "NX") == 1
        assert server.call(command, "a", after(command, 500), "NX") == 0
        assert seconds_left(server, "a") <= 100
        assert server.call(command, "a", after(command, 500), "xx") == 1
        assert seconds_left(server, "a") > 100

    def test_gt_and_lt(self, server: Server, command: str) -> None:
        server.call("SET", "a", 1)
        # A key that never expires is later than any time.
        assert server.call(command, "a", after(command, 100), "GT") == 0
        assert server.call(command, "a", after(command, 100), "LT") == 1
        assert server.call(command, "a", after(command, 200), "LT") == 0
        assert server.call(command, "a", after(command, 50), "GT") == 0
        assert server.call(command, "a", after(command, 200), "GT", "XX") == 1
        assert 190 < seconds_left(server, "a") <= 200
        assert server.call(command, "a", after(command, -5), "LT") == 1
        assert server.call("EXISTS", "a") == 0

    def test_lt_with_xx_leaves_a_key_without_expiry(self, server: Server, command: str) -> None:
        server.call("SET", "a", 1)
        assert server.call(command, "a", after(command, 100), "LT", "XX") == 0
        assert server.call("TTL", "a") == -1

    def test_a_condition_that_fails_saves_from_the_past(self, server: Server, command: str) -> None:
        server.call("SET", "a", 1)
        assert server.call(command, "a", after(command, -100), "XX") == 0
        assert server.call("EXISTS", "a") == 1


class TestGet:
    """TTL, PTTL, EXPIRETIME, PEXPIRETIME, PERSIST."""

    @pytest.mark.parametrize("command", ["TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"])
    def test_no_key_and_no_expiry(self, server: Server, command: str) -> None:
        server.call("SET", "a", 1)
        assert server.call(command, "none") == -2
        assert server.call(command, "a") == -1

    def test_rounds_to_the_nearest_second(self, server: Server) -> None:
        server.call("SET", "a", 1)
        for milliseconds, seconds in [(33177117420_000, 33177117420), (33177117420_499, 33177117420)]:
            server.call("PEXPIREAT", "a", milliseconds)
            assert server.call("PEXPIRETIME", "a") == milliseconds
            assert server.call("EXPIRETIME", "a") == seconds
        server.call("PEXPIREAT", "a", 33177117420_500)
        assert server.call("EXPIRETIME", "a") == 33177117421
        server.call("PEXPIRE", "a", 100_900)
        assert server.call("TTL", "a") == 101

    def test_the_last_millisecond_there_is(self, server: Server) -> None:
        server.call("SET", "a", 1)
        assert server.call("PEXPIREAT", "a", INT64_MAX) == 1
        assert server.call("PEXPIRETIME", "a") == INT64_MAX
        assert server.call("EXPIRETIME", "a") == (INT64_MAX + 500) // 1000

    def test_persist(self, server: Server) -> None:
        for value in (b"x" * 10, b"x" * 5000, b"77"):
            server.call("SET", "a", value, "EX", 100)
            assert server.call("PERSIST", "a") == 1
            assert server.call("TTL", "a") == -1
            assert server.call("PERSIST", "a") == 0
            assert server.call("GET", "a") == value
        assert server.call("PERSIST", "none") == 0

    def test_writing_in_place_keeps_the_expiry_and_set_drops_it(self, server: Server) -> None:
        server.call("SET", "a", 1, "EX", 100)
        server.call("INCR", "a")
        server.call("APPEND", "a", "x" * 5000)
        server.call("SETRANGE", "a", 0, "y")
        assert server.call("TTL", "a") == 100
        server.call("SET", "a", 1)
        assert server.call("TTL", "a") == -1


class TestTimeComes:
    """What becomes of a key whose time has come."""

    def test_it_is_gone_for_readers_and_writers(self, server: Server) -> None:
        server.client.pipeline([("SET", key, 5, "PX", 1) for key in "abcdef"])
        time.sleep(0.01)
        assert server.call("GET", "a") is None
        assert server.call("INCR", "b") == 1
        assert server.call("APPEND", "c", "x") == 1
        assert server.call("EXPIRE", "d", 100) == 0
        assert server.call("PERSIST", "e") == 0
        assert server.call("SET", "f", 1, "KEEPTTL") == b"OK"
        assert [server.call("TTL", key) for key in "bcf"] == [-1, -1, -1]

    def test_nobody_needs_to_ask(self, server: Server) -> None:
        before = int(server.info("stats")["expired_keys"])
        server.client.pipeline([("SET", n, n, "PX", 1 + n % 50) for n in range(5000)])
        deadline = time.monotonic() + 5
        while server.call("DBSIZE") and time.monotonic() < deadline:
            time.sleep(0.01)
        assert server.call("DBSIZE") == 0
        assert int(server.info("stats")["expired_keys"]) == before + 5000

    def test_in_all_databases(self, server: Server) -> None:
        for db in range(16):
            server.call("SELECT", db)
            server.call("SET", "a", 1, "PX", 1)
        deadline = time.monotonic() + 5
        while server.info("keyspace") and time.monotonic() < deadline:
            time.sleep(0.01)
        assert server.info("keyspace") == {}

    def test_waits_while_active_expiry_is_off(self, server: Server) -> None:
        server.call("DEBUG", "SET-ACTIVE-EXPIRE", 0)
        try:
            server.client.pipeline([("SET", n, n, "PX", 1) for n in range(100)])
            time.sleep(0.3)
            assert server.call("DBSIZE") == 100
        finally:
            server.call("DEBUG", "SET-ACTIVE-EXPIRE", 1)
        deadline = time.monotonic() + 5
        while server.call("DBSIZE") and time.monotonic() < deadline:
            time.sleep(0.01)
        assert server.call("DBSIZE") == 0

    def test_statistics(self, server: Server) -> None:
        server.client.pipeline([("SET", n, n, "EX", 1000) for n in range(100)])
        time.sleep(0.3)
        fields = dict(field.split("=") for field in server.info("keyspace")["db0"].split(","))
        assert (fields["keys"], fields["expires"]) == ("100", "100")
        assert 990_000 < int(fields["avg_ttl"]) <= 1_000_000
        stats = server.info("stats")
        assert float(stats["expired_stale_perc"]) == 0
        assert int(stats["expired_time_cap_reached_count"]) >= 0

    def test_a_hundred_thousand_at_once_hold_nobody_up(self, server: Server) -> None:
        count = 100_000
        due_ms = int(time.time() * 1000) + 8000
        with server.connect() as loader:
            for start in range(0, count, 1000):
                loader.pipeline([("SET", n, n, "PXAT", due_ms) for n in range(start, start + 1000)])
        assert time.time() * 1000 < due_ms, "loading took too long for this test to mean anything"
        with ThreadPoolExecutor(1) as pool:
            waits = pool.submit(_longest_wait_s, server, due_ms / 1000 - 0.2, due_ms / 1000 + 2)
            assert waits.result() < 0.25
        assert server.call("DBSIZE") == 0


def _longest_wait_s(server: Server, start_s: float, end_s: float) -> float:
    """Return the longest that a PING took between two Unix times."""
    longest = 0.0
    with server.connect() as client:
        time.sleep(max(0.0, start_s - time.time()))
        while time.time() < end_s:
            before = time.perf_counter()
            client.call("PING")
            longest = max(longest, time.perf_counter() - before)
    return longest
