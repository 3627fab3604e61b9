"""Databases as a whole, the clock, slow log, latency monitor, LOLWUT and SHUTDOWN."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.support import ErrorReply, RespClient, Server, Verbatim

SYNTAX = ErrorReply(b"ERR syntax error")
BAD_COUNT = ErrorReply(b"ERR count should be greater than or equal to -1")
WITH_SUBCOMMANDS = ("CONFIG", "SLOWLOG", "LATENCY", "MEMORY")


# Databases


def test_dbsize_counts_the_keys_of_the_database(server: Server) -> None:
    server.call("MSET", "a", 1, "b", 2)
    assert server.call("DBSIZE") == 2
    server.call("SELECT", 1)
    assert server.call("DBSIZE") == 0
    assert server.call("DBSIZE", "x") == ErrorReply(b"ERR wrong number of arguments for 'dbsize' command")


@pytest.mark.parametrize("mode", [(), ("SYNC",), ("async",), ("ASYNC",)])
def test_flushdb_empties_one_database_and_flushall_all(server: Server, mode: tuple[str, ...]) -> None:
    for number in (0, 3):
        server.call("SELECT", number)
        server.call("SET", "volatile", "x", "EX", 100)
        server.call("SET", "key", "x")
    assert server.call("FLUSHDB", *mode) == b"OK"
    assert server.call("DBSIZE") == 0
    assert server.info("keyspace").keys() == {"db0"}
    assert server.info("keyspace")["db0"].startswith("keys=2,expires=1,")
    server.call("SET", "key", "y")
    assert server.call("FLUSHALL", *mode) == b"OK"
    assert server.info("keyspace") == {}
    assert server.call("SET", "key", "z") == b"OK"
    assert server.call("GET", "key") == b"z"


def test_a_flush_takes_one_mode(server: Server) -> None:
    server.call("SET", "key", "x")
    for arguments in (("NOW",), ("SYNC", "ASYNC"), ("",)):
        assert server.call("FLUSHDB", *arguments) == SYNTAX
        assert server.call("FLUSHALL", *arguments) == SYNTAX
    assert server.call("DBSIZE") == 1


def test_a_flush_counts_as_so_many_changes(server: Server) -> None:
    server.call("MSET", "a", 1, "b", 2, "c", 3)
    before = int(server.info("persistence")["rdb_changes_since_last_save"])
    server.call("FLUSHALL")
    assert int(server.info("persistence")["rdb_changes_since_last_save"]) == before + 3


def test_a_lazy_flush_happens_in_the_background(server: Server) -> None:
    server.call("CONFIG", "RESETSTAT")
    with server.config(lazyfree_lazy_user_flush="yes"):
        for flush, arguments in (("FLUSHDB", ()), ("FLUSHALL", ()), ("FLUSHALL", ("SYNC",))):
            server.call("DEBUG", "POPULATE", 1000)
            assert server.call(flush, *arguments) == b"OK"
            assert server.call("DBSIZE") == 0
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and server.info("memory")["lazyfree_pending_objects"] != "0":
        time.sleep(0.01)
    assert server.info("memory")["lazyfreed_objects"] == "2000"


def test_swapdb_exchanges_databases_under_their_clients(server: Server, client: RespClient) -> None:
    client.call("SELECT", 1)
    server.call("SET", "zero", "0", "EX", 1000)
    client.call("SET", "one", "1")
    assert server.call("SWAPDB", 0, 1) == b"OK"
    assert server.call("GET", "one") == b"1"
    assert client.call("GET", "zero") == b"0"
    assert client.call("TTL", "zero") == 1000
    client.call("WATCH", "zero")
    assert server.call("SWAPDB", 1, 1) == b"OK"
    client.call("MULTI")
    client.call("GET", "zero")
    assert client.call("EXEC") == [b"0"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("a", 1), b"ERR invalid first DB index"),
        ((1, "b"), b"ERR invalid second DB index"),
        ((1 << 31, 1), b"ERR invalid first DB index"),
        ((0, 16), b"ERR DB index is out of range"),
        ((-1, 0), b"ERR DB index is out of range"),
    ],
)
def test_swapdb_refuses_what_is_no_database(server: Server, arguments: tuple[object, ...], text: bytes) -> None:
    server.call("SET", "key", "x")
    assert server.call("SWAPDB", *arguments) == ErrorReply(text)
    assert server.call("DBSIZE") == 1


# The clock, and a picture


def test_time_is_the_clock_in_seconds_and_microseconds(server: Server) -> None:
    reply: Any = server.call("TIME")
    seconds, microseconds = (int(part) for part in reply)
    assert abs(seconds + microseconds / 1e6 - time.time()) < 2
    assert 0 <= microseconds < 1_000_000


def test_lolwut_ends_with_the_version(server: Server) -> None:
    for arguments in ((), ("VERSION", 5), ("version", 6, 40, 10), (40, 10), ("x",), (10**12, -5)):
        reply: Any = server.call("LOLWUT", *arguments)
        assert reply.endswith(b"\n\nRedis ver. 7.4.1\n")
        assert len(reply) > 100
    for arguments in (("x",), (5, "x"), (6, 40, "x")):
        reply = server.call("LOLWUT", "VERSION", *arguments)
        assert reply == ErrorReply(b"ERR value is not an integer or out of range")
    small: Any = server.call("LOLWUT", 20, 5)
    assert small.count(b"\n") == 7
    assert max(len(line) for line in small.split(b"\n")[:5]) <= 20


def test_lolwut_is_verbatim_in_resp3(server: Server) -> None:
    with server.connect(resp=3) as client:
        reply = client.call("LOLWUT")
    assert isinstance(reply, Verbatim)
    assert reply.format == b"txt"


# SHUTDOWN


@pytest.mark.parametrize("arguments", [("NOW", "x"), ("SAVE", "NOSAVE"), ("ABORT", "NOW"), ("FORCE", "ABORT")])
def test_shutdown_refuses_what_makes_no_sense(server: Server, arguments: tuple[str, ...]) -> None:
    assert server.call("SHUTDOWN", *arguments) == SYNTAX
    assert server.is_running()


def test_there_is_no_shutdown_to_abort(server: Server) -> None:
    assert server.call("SHUTDOWN", "ABORT") == ErrorReply(b"ERR No shutdown in progress.")
    assert server.call("SHUTDOWN", "ABORT", "ABORT") == ErrorReply(b"ERR No shutdown in progress.")


@pytest.mark.parametrize("arguments", [(), ("NOSAVE",), ("nosave", "now", "force"), ("SAVE", "FORCE")])
def test_shutdown_ends_the_process_and_the_rest_of_the_pipeline(
    start_pyrite: Callable[..., Server], arguments: tuple[str, ...]
) -> None:
    server = start_pyrite()
    with server.connect() as client:
        client.send_bytes(b"PING\r\nSHUTDOWN " + " ".join(arguments).encode() + b"\r\nPING\r\n")
        assert client.read() == b"PONG"
        assert client.is_closed_by_server()
    assert server.process.wait(5) == 0
    assert "User requested shutdown" in server.output()


# SLOWLOG


def slow_entries(server: Server, *arguments: object) -> list[Any]:
    reply: Any = server.call("SLOWLOG", "GET", *arguments)
    return reply


def test_the_slow_log_keeps_what_was_slow(server: Server) -> None:
    server.call("SLOWLOG", "RESET")
    server.call("CLIENT", "SETNAME", "tester")
    with server.config(slowlog_log_slower_than=20000):
        server.call("PING")
        server.call("DEBUG", "SLEEP", "0.03")
        (entry,) = slow_entries(server)
    assert entry[3] == [b"DEBUG", b"SLEEP", b"0.03"]
    assert abs(entry[1] - time.time()) < 2
    assert 30_000 <= entry[2] < 3_000_000
    assert entry[4].startswith(b"127.0.0.1:")
    assert entry[5] == b"tester"


def test_the_slow_log_counts_and_cuts(server: Server) -> None:
    with server.config(slowlog_log_slower_than=0, slowlog_max_len=3):
        server.call("SLOWLOG", "RESET")
        for number in range(5):
            server.call("ECHO", number)
        assert server.call("SLOWLOG", "LEN") == 3
        newest = slow_entries(server, -1)
        assert [entry[3] for entry in newest] == [[b"SLOWLOG", b"LEN"], [b"ECHO", b"4"], [b"ECHO", b"3"]]
        assert newest[0][0] == newest[1][0] + 1 == newest[2][0] + 2
        assert len(slow_entries(server, 2)) == 2
        assert slow_entries(server, 0) == []
        server.call("CONFIG", "SET", "slowlog-max-len", 1)
        assert server.call("SLOWLOG", "LEN") == 1
        server.call("CONFIG", "SET", "slowlog-max-len", 0)
        assert slow_entries(server) == []


def test_the_slow_log_can_be_off(server: Server) -> None:
    with server.config(slowlog_log_slower_than=-1):
        server.call("SLOWLOG", "RESET")
        server.call("DEBUG", "SLEEP", "0.02")
        assert server.call("SLOWLOG", "LEN") == 0


def test_slow_arguments_are_trimmed(server: Server) -> None:
    with server.config(slowlog_log_slower_than=0):
        server.call("EXISTS", *(b"%d" % number for number in range(32)))
        server.call("ECHO", "x" * 129)
        server.call("EXISTS", *(b"%d" % number for number in range(31)))
        whole, long, many = (entry[3] for entry in slow_entries(server, 3))
    assert len(whole) == 32
    assert whole[31] == b"30"
    assert long == [b"ECHO", b"x" * 128 + b"... (1 more bytes)"]
    assert len(many) == 32
    assert many[30:] == [b"29", b"... (2 more arguments)"]


def test_a_big_argument_is_readable_although_its_value_is_gone(server: Server) -> None:
    with server.config(slowlog_log_slower_than=0):
        for last in (b"small", b"y" * 1_000_000):
            assert server.call("MSET", "key", b"x" * 1_000_000, "key", last) == b"OK"
            assert slow_entries(server, 1)[0][3][2] == b"x" * 128 + b"... (999872 more bytes)"
            assert server.call("GET", "key") == last


def test_secrets_stay_out_of_the_slow_log(start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite("--slowlog-log-slower-than", 0, "--requirepass", "sesame", password="sesame")
    server.call("AUTH", "default", "wrong")
    server.call("HELLO", "3", "AUTH", "default", "sesame", "SETNAME", "x")
    server.call("CONFIG", "SET", "hz", "10", "requirepass", "sesame")
    entries = [entry[3] for entry in slow_entries(server, -1)]
    assert [b"AUTH", b"(redacted)", b"(redacted)"] in entries
    assert [b"HELLO", b"3", b"AUTH", b"(redacted)", b"(redacted)", b"SETNAME", b"x"] in entries
    assert [b"CONFIG", b"SET", b"hz", b"10", b"requirepass", b"(redacted)"] in entries
    assert not any(b"sesame" in argument for argv in entries for argument in argv)


def test_slowlog_get_wants_a_count(server: Server) -> None:
    for wrong in ("x", -2, "", 1 << 63):
        assert server.call("SLOWLOG", "GET", wrong) == BAD_COUNT
    for word in (b"GET", b"gEt"):
        assert server.call("SLOWLOG", word, 1, 2) == ErrorReply(
            b"ERR unknown subcommand or wrong number of arguments for '%b'. Try SLOWLOG HELP." % word
        )


# LATENCY


@pytest.fixture
def watched(server: Server) -> Server:
    """Return the server with a latency monitor that has seen two slow commands, a second apart."""
    server.call("LATENCY", "RESET")
    server.call("CONFIG", "SET", "latency-monitor-threshold", 20)
    server.call("DEBUG", "SLEEP", "0.05")
    time.sleep(1.1)
    server.call("DEBUG", "SLEEP", "0.03")
    server.call("CONFIG", "SET", "latency-monitor-threshold", 0)
    return server


def test_latency_keeps_samples_of_slow_commands(watched: Server) -> None:
    samples: Any = watched.call("LATENCY", "HISTORY", "command")
    assert len(samples) == 2
    assert samples[0][0] < samples[1][0] <= time.time()
    assert samples[0][1] >= 50
    assert samples[1][1] >= 30
    ((event, at_s, latest_ms, worst_ms),) = watched.call("LATENCY", "LATEST")  # type: ignore[misc]
    assert (event, [at_s, latest_ms]) == (b"command", samples[1])
    assert worst_ms == max(latency_ms for _, latency_ms in samples)
    graph: Any = watched.call("LATENCY", "GRAPH", "command")
    first = graph.split(b"\n")[0]
    assert first.startswith(b"command - high %d ms, low " % worst_ms)
    assert first.endswith(b"(all time high %d ms)" % worst_ms)
    assert b"command: 2 times" in watched.call("LATENCY", "DOCTOR")  # type: ignore[operator]
    assert watched.call("LATENCY", "RESET", "x", "command", "command") == 1
    assert watched.call("LATENCY", "LATEST") == []
    assert watched.call("LATENCY", "RESET") == 0


def test_latency_of_unknown_events(server: Server) -> None:
    assert server.call("LATENCY", "HISTORY", "x") == []
    assert server.call("LATENCY", "RESET", "x") == 0
    assert server.call("LATENCY", "GRAPH", "x") == ErrorReply(b"ERR No samples available for event 'x'")


def test_the_doctor_says_when_the_monitor_is_off(server: Server) -> None:
    server.call("LATENCY", "RESET")
    assert b"latency-monitor-threshold" in server.call("LATENCY", "DOCTOR")  # type: ignore[operator]
    with server.config(latency_monitor_threshold=10000):
        assert b"All is well" in server.call("LATENCY", "DOCTOR")  # type: ignore[operator]


def test_latency_histograms_are_cumulative(server: Server) -> None:
    with server.connect(resp=3) as client:
        client.call("CONFIG", "RESETSTAT")
        assert list(client.call("LATENCY", "HISTOGRAM")) == [b"config|resetstat"]  # type: ignore[call-overload]
        for _ in range(20):
            client.call("SET", "a", "b")
        client.call("GET", "a")
        found: Any = client.call("LATENCY", "HISTOGRAM", "set", "GET", "nonsense", "config")
    assert list(found) == [b"set", b"get", b"config|resetstat"]
    assert found[b"set"][b"calls"] == 20
    levels = list(found[b"set"][b"histogram_usec"].items())
    assert levels == sorted(levels)
    assert levels[-1][1] == 20


def test_latency_tracking_can_be_off(server: Server) -> None:
    with server.config(latency_tracking="no"):
        server.call("CONFIG", "RESETSTAT")
        server.call("GET", "a")
        assert server.call("LATENCY", "HISTOGRAM") == []


# HELP, and what is no subcommand


@pytest.mark.parametrize("name", WITH_SUBCOMMANDS)
def test_help_names_every_subcommand(server: Server, name: str) -> None:
    lines: Any = server.call(name, "HELP")
    assert lines[0] == b"%b <subcommand> [<arg> [value] [opt] ...]. Subcommands are:" % name.encode()
    assert lines[-2:] == [b"HELP", b"    Print this help."]
    commands: Any = server.call("COMMAND", "LIST", "FILTERBY", "PATTERN", f"{name.lower()}|*")
    named = {line.split()[0].lower() for line in lines[1:] if not line.startswith(b" ")}
    assert named == {command.split(b"|")[1] for command in commands}


@pytest.mark.parametrize("name", WITH_SUBCOMMANDS)
def test_unknown_subcommands(server: Server, name: str) -> None:
    wrong_arity = b"ERR wrong number of arguments for '%b' command"
    assert server.call(name) == ErrorReply(wrong_arity % name.lower().encode())
    assert server.call(name, "HELP", "x") == ErrorReply(wrong_arity % f"{name.lower()}|help".encode())
    unknown = f"ERR unknown subcommand 'nonsense'. Try {name} HELP.".encode()
    assert server.call(name, "nonsense") == ErrorReply(unknown)


# MEMORY


def test_memory_usage_grows_with_key_value_and_expiry(server: Server) -> None:
    server.call("SET", "k", "v")
    small: Any = server.call("MEMORY", "USAGE", "k")
    assert 16 <= small <= 60
    server.call("PEXPIRE", "k", 100000)
    assert server.call("MEMORY", "USAGE", "k") > small  # type: ignore[operator]
    server.call("SET", "k", "v" * 100_000)
    assert 100_000 < server.call("MEMORY", "USAGE", "k", "SAMPLES", 5) < 110_000  # type: ignore[operator]
    assert server.call("MEMORY", "USAGE", "missing") is None


@pytest.mark.parametrize("options", [("SAMPLES",), ("SAMPLES", -1), ("x", 1), ("SAMPLES", 1, "SAMPLES")])
def test_memory_usage_refuses_wrong_options(server: Server, options: tuple[object, ...]) -> None:
    assert server.call("MEMORY", "USAGE", "missing", *options) == SYNTAX


def test_memory_usage_wants_a_number_of_samples(server: Server) -> None:
    reply = server.call("MEMORY", "USAGE", "missing", "SAMPLES", "x")
    assert reply == ErrorReply(b"ERR value is not an integer or out of range")


def test_memory_stats_add_up(server: Server) -> None:
    server.call("DEBUG", "POPULATE", 10000, "key", 100)
    server.call("SELECT", 2)
    server.call("SET", "a", "b", "EX", 1000)
    with server.connect(resp=3) as client:
        stats: Any = client.call("MEMORY", "STATS")
    assert stats[b"keys.count"] == 10001
    assert set(stats[b"db.0"]) == {b"overhead.hashtable.main", b"overhead.hashtable.expires"}
    assert stats[b"db.2"][b"overhead.hashtable.expires"] > 0
    assert stats[b"total.allocated"] == stats[b"dataset.bytes"] + stats[b"overhead.total"]
    assert stats[b"startup.allocated"] < stats[b"overhead.total"]
    assert 10000 * 100 < stats[b"dataset.bytes"] < 10000 * 180
    assert stats[b"peak.allocated"] >= stats[b"total.allocated"]
    assert 0 < stats[b"dataset.percentage"] <= 100
    assert stats[b"allocator.active"] >= stats[b"allocator.allocated"]
    assert stats[b"fragmentation"] > 1


def test_memory_reports_are_texts(server: Server) -> None:
    with server.connect(resp=3) as client:
        for report in ("DOCTOR", "MALLOC-STATS"):
            reply = client.call("MEMORY", report)
            assert isinstance(reply, Verbatim)
            assert reply.text.endswith(b"\n")
        assert client.call("MEMORY", "PURGE") == b"OK"


def test_the_memory_doctor_notices_a_peak(server: Server) -> None:
    server.call("DEBUG", "POPULATE", 200_000, "peak", 100)
    time.sleep(0.25)  # the peak is noted ten times a second
    server.call("FLUSHALL")
    server.call("SET", "big", "x" * 8_000_000)
    assert b"Peak:" in server.call("MEMORY", "DOCTOR")  # type: ignore[operator]


def test_renamed_and_removed_commands(start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite("--rename-command", "FLUSHALL", "", "--rename-command", "CONFIG", "b840fc02")
    assert server.call("FLUSHALL") == ErrorReply(b"ERR unknown command 'FLUSHALL', with args beginning with: ")
    assert server.call("CONFIG", "GET", "port") == ErrorReply(
        b"ERR unknown command 'CONFIG', with args beginning with: 'GET' 'port' "
    )
    assert server.call("B840FC02", "GET", "databases") == [b"databases", b"16"]
    assert server.call("COMMAND", "INFO", "flushall") == [None]
    assert server.call("COMMAND", "INFO", "b840fc02")[0][0] == b"config"
