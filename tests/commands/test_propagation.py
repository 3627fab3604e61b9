"""What each command leaves in the log, as the effect that it had and not as what it was asked to do."""

import time
from collections.abc import Iterator

import pytest

from tests.append_only import last_increment, logged
from tests.conftest import ServerFactory
from tests.support import ErrorReply, Server, pyrite_program, start_server

ANY = object()
FUTURE_S = 4_000_000_000
FUTURE_MS = FUTURE_S * 1000


@pytest.fixture(scope="module")
def log_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("propagation")
    server = start_server(pyrite_program(), directory, "--appendonly", "yes", "--appendfsync", "no")
    yield server
    server.check_health()
    server.stop()


@pytest.fixture
def log(log_server: Server) -> Server:
    log_server.reconnect()
    log_server.call("SELECT", 0)
    log_server.call("FLUSHALL")
    return log_server


def since(server: Server, before: int) -> list[list[bytes]]:
    """What was logged after so many commands, selections left out."""
    return [words for words in logged(server)[before:] if words[0] != b"SELECT"]


def effect(server: Server, *command: object) -> list[list[bytes]]:
    before = len(logged(server))
    server.call(*command)
    return since(server, before)


def matches(words: list[bytes], pattern: tuple[object, ...]) -> bool:
    return len(words) == len(pattern) and all(
        want is ANY or (want(word) if callable(want) else str(want).encode() == word)
        for word, want in zip(words, pattern, strict=True)
    )


def soon(seconds: float):
    """A Unix time in ms so many seconds from now."""

    def check(word: bytes) -> bool:
        return abs(int(word) - (time.time() + seconds) * 1000) < 60_000

    return check


SETUP = (
    ("SET", "text", "value"),
    ("SET", "number", "10"),
    ("SET", "passing", "value", "PX", FUTURE_MS // 1000),
    ("RPUSH", "list", "a", "b", "c"),
    ("SADD", "set", "one"),
    ("SADD", "numbers", "1", "2", "3"),
    ("HSET", "hash", "field", "1", "other", "2"),
    ("ZADD", "zset", "1", "a", "2", "b", "3", "c"),
    ("XADD", "stream", "1-1", "k", "v"),
    ("XADD", "stream", "2-1", "k", "v"),
    ("XGROUP", "CREATE", "stream", "group", "0"),
)

CASES = [
    # What is logged as it came
    (("SET", "k", "v"), [("SET", "k", "v")]),
    (("APPEND", "text", "x"), [("APPEND", "text", "x")]),
    (("INCR", "number"), [("INCR", "number")]),
    (("DEL", "text", "missing"), [("DEL", "text", "missing")]),
    (("MSET", "a", "1", "b", "2"), [("MSET", "a", "1", "b", "2")]),
    (("RPOPLPUSH", "list", "other"), [("RPOPLPUSH", "list", "other")]),
    (("SORT", "numbers", "STORE", "sorted"), [("SORT", "numbers", "STORE", "sorted")]),
    (("XACK", "stream", "group", "9-9"), []),
    (("FLUSHALL",), [("FLUSHALL",)]),
    (("FLUSHDB", "ASYNC"), [("FLUSHDB", "ASYNC")]),
    (("SWAPDB", "0", "0"), [("SWAPDB", "0", "0")]),
    (("PERSIST", "passing"), [("PERSIST", "passing")]),
    # What changes nothing
    (("GET", "text"), []),
    (("DEL", "missing"), []),
    (("SETNX", "text", "x"), []),
    (("SET", "text", "x", "NX"), []),
    (("EXPIRE", "missing", "10"), []),
    (("PERSIST", "text"), []),
    (("LTRIM", "list", "0", "-1"), []),
    (("SREM", "set", "nobody"), []),
    (("INCR", "text"), []),
    (("LPUSH", "text", "x"), []),
    (("SPOP", "missing"), []),
    # Times
    (("SET", "k", "v", "EX", "100"), [("SET", "k", "v", "PXAT", soon(100))]),
    (("SET", "k", "v", "PX", "100000"), [("SET", "k", "v", "PXAT", soon(100))]),
    (("SET", "k", "v", "EXAT", FUTURE_S), [("SET", "k", "v", "PXAT", FUTURE_MS)]),
    (("SET", "text", "v", "GET"), [("SET", "text", "v")]),
    (("SET", "text", "v", "GET", "KEEPTTL"), [("SET", "text", "v", "KEEPTTL")]),
    (("SET", "text", "v", "XX", "EX", "100"), [("SET", "text", "v", "PXAT", soon(100))]),
    (("SETEX", "k", "100", "v"), [("SET", "k", "v", "PXAT", soon(100))]),
    (("PSETEX", "k", "100000", "v"), [("SET", "k", "v", "PXAT", soon(100))]),
    (("EXPIRE", "text", "100"), [("PEXPIREAT", "text", soon(100))]),
    (("PEXPIRE", "text", "100000", "NX"), [("PEXPIREAT", "text", soon(100))]),
    (("EXPIREAT", "text", FUTURE_S), [("PEXPIREAT", "text", FUTURE_MS)]),
    (("EXPIRE", "text", "-1"), [("DEL", "text")]),
    (("GETEX", "text", "EX", "100"), [("PEXPIREAT", "text", soon(100))]),
    (("GETEX", "passing", "PERSIST"), [("PERSIST", "passing")]),
    (("GETEX", "text", "PXAT", "1"), [("DEL", "text")]),
    (("GETEX", "text"), []),
    (("GETDEL", "text"), [("DEL", "text")]),
    (("HEXPIRE", "hash", "100", "FIELDS", "2", "field", "none"),
     [("HPEXPIREAT", "hash", soon(100), "FIELDS", 1, "field")]),
    (("HPEXPIREAT", "hash", "1", "FIELDS", "1", "field"), [("HDEL", "hash", "field")]),
    # Chance
    (("SPOP", "set"), [("SREM", "set", "one")]),
    (("SPOP", "numbers", "2"), [("SREM", "numbers", ANY, ANY)]),
    (("SPOP", "numbers", "9"), [("DEL", "numbers")]),
    # Arithmetic that differs between machines
    (("INCRBYFLOAT", "number", "0.5"), [("SET", "number", "10.5", "KEEPTTL")]),
    (("HINCRBYFLOAT", "hash", "field", "0.5"), [("HSET", "hash", "field", "1.5")]),
    # What depends on what there is
    (("LMPOP", "2", "none", "list", "LEFT", "COUNT", "5"), [("LPOP", "list", 3)]),
    (("BLPOP", "none", "list", "0"), [("LPOP", "list")]),
    (("BRPOP", "list", "0"), [("RPOP", "list")]),
    (("BLMOVE", "list", "to", "LEFT", "RIGHT", "0"), [("LMOVE", "list", "to", "LEFT", "RIGHT")]),
    (("BRPOPLPUSH", "list", "to", "0"), [("LMOVE", "list", "to", "RIGHT", "LEFT")]),
    (("BLMPOP", "0", "1", "list", "RIGHT"), [("RPOP", "list", 1)]),
    (("ZMPOP", "1", "zset", "MAX", "COUNT", "2"), [("ZPOPMAX", "zset", 2)]),
    (("BZMPOP", "0", "1", "zset", "MIN"), [("ZPOPMIN", "zset", 1)]),
    (("BZPOPMIN", "zset", "0"), [("ZPOPMIN", "zset")]),
    # Streams
    (("XADD", "stream", "5-*", "f", "v"), [("XADD", "stream", "5-0", "f", "v")]),
    (("XADD", "stream", "MAXLEN", "1", "5-1", "f", "v"), [("XADD", "stream", "MAXLEN", "=", 1, "5-1", "f", "v")]),
    (("XADD", "stream", "MAXLEN", "~", "100", "5-1", "f", "v"), [("XADD", "stream", "5-1", "f", "v")]),
    (("XADD", "none", "NOMKSTREAM", "*", "f", "v"), []),
    (("XTRIM", "stream", "MINID", "2"), [("XTRIM", "stream", "MAXLEN", "=", 1)]),
    (("XTRIM", "stream", "MAXLEN", "100"), []),
    (("XREADGROUP", "GROUP", "group", "me", "COUNT", "1", "STREAMS", "stream", ">"),
     [("MULTI",), ("XGROUP", "CREATECONSUMER", "stream", "group", "me"),
      ("XCLAIM", "stream", "group", "me", 0, "1-1", "TIME", soon(0), "RETRYCOUNT", 1, "FORCE", "JUSTID",
       "LASTID", "1-1"),
      ("XGROUP", "SETID", "stream", "group", "1-1", "ENTRIESREAD", 1), ("EXEC",)]),
    (("XREADGROUP", "GROUP", "group", "me", "NOACK", "STREAMS", "stream", ">"),
     [("MULTI",), ("XGROUP", "CREATECONSUMER", "stream", "group", "me"),
      ("XGROUP", "SETID", "stream", "group", "2-1", "ENTRIESREAD", 2), ("EXEC",)]),
    (("XCLAIM", "stream", "group", "me", "0", "1-1", "FORCE", "JUSTID"),
     [("MULTI",), ("XGROUP", "CREATECONSUMER", "stream", "group", "me"),
      ("XCLAIM", "stream", "group", "me", 0, "1-1", "TIME", soon(0), "RETRYCOUNT", 1, "FORCE", "JUSTID",
       "LASTID", "0-0"), ("EXEC",)]),
    # Scripts, by what they do
    (("EVAL", "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])", "1", "k", "v"),
     [("SET", "k", "v")]),
    (("EVAL", "redis.call('INCR', 'a') redis.call('EXPIRE', 'a', 100)", "0"),
     [("MULTI",), ("INCR", "a"), ("PEXPIREAT", "a", soon(100)), ("EXEC",)]),
    (("EVAL", "return redis.call('GET', 'text')", "0"), []),
    (("SCRIPT", "LOAD", "return 1"), []),
]  # fmt: skip


@pytest.mark.parametrize(("command", "wanted"), CASES, ids=lambda value: " ".join(map(str, value))[:60])
def test_effect(log: Server, command: tuple[object, ...], wanted: list[tuple[object, ...]]) -> None:
    for words in SETUP:
        assert not isinstance(log.call(*words), ErrorReply)
    found = effect(log, *command)
    assert len(found) == len(wanted), found
    for words, pattern in zip(found, wanted, strict=True):
        assert matches(words, pattern), found


def test_a_dump_is_restored_until_a_time_of_the_day(log: Server) -> None:
    log.call("SET", "k", "v")
    dump = log.call("DUMP", "k")
    found = effect(log, "RESTORE", "copy", "100000", dump)
    assert matches(found[0], ("RESTORE", "copy", soon(100), ANY, "ABSTTL")), found
    assert matches(effect(log, "RESTORE", "other", "0", dump)[0], ("RESTORE", "other", 0, ANY))


def test_a_transaction_stands_between_multi_and_exec(log: Server) -> None:
    before = len(logged(log))
    log.call("MULTI")
    log.call("SET", "a", "1")
    log.call("GET", "a")
    log.call("INCR", "a")
    log.call("EXEC")
    assert since(log, before) == [[b"MULTI"], [b"SET", b"a", b"1"], [b"INCR", b"a"], [b"EXEC"]]


def test_a_transaction_selects_its_databases_within(log: Server) -> None:
    before = len(logged(log))
    log.call("SELECT", 3)
    log.call("MULTI")
    log.call("SET", "a", "1")
    log.call("SELECT", 4)
    log.call("SET", "b", "2")
    log.call("EXEC")
    log.call("SELECT", 0)
    assert logged(log)[before:] == [
        [b"MULTI"],
        [b"SELECT", b"3"],
        [b"SET", b"a", b"1"],
        [b"SELECT", b"4"],
        [b"SET", b"b", b"2"],
        [b"EXEC"],
    ]


def test_one_write_needs_no_transaction(log: Server) -> None:
    before = len(logged(log))
    log.call("MULTI")
    log.call("GET", "a")
    log.call("SET", "a", "1")
    log.call("EXEC")
    assert since(log, before) == [[b"SET", b"a", b"1"]]


def test_each_command_knows_its_database(log: Server) -> None:
    before = len(logged(log))
    log.call("MULTI")
    log.call("SELECT", "2")
    log.call("SET", "a", "1")
    log.call("SELECT", "0")
    log.call("SET", "b", "1")
    log.call("EXEC")
    log.call("SET", "c", "1")
    assert [words for words in logged(log)[before:] if words[0] not in (b"MULTI", b"EXEC")] == [
        [b"SELECT", b"2"], [b"SET", b"a", b"1"], [b"SELECT", b"0"], [b"SET", b"b", b"1"], [b"SET", b"c", b"1"],
    ]  # fmt: skip


def test_a_key_that_expires_is_deleted_in_the_log(log: Server) -> None:
    log.call("DEBUG", "SET-ACTIVE-EXPIRE", "0")
    try:
        log.call("SET", "k", "v", "PX", "1")
        before = len(logged(log))
        time.sleep(0.02)
        assert log.call("GET", "k") is None
        assert since(log, before) == [[b"DEL", b"k"]]
        log.call("SET", "k", "v", "PX", "1")
        before = len(logged(log))
        time.sleep(0.02)
        log.call("SET", "k", "new")
        assert since(log, before) == [[b"MULTI"], [b"DEL", b"k"], [b"SET", b"k", b"new"], [b"EXEC"]]
    finally:
        log.call("DEBUG", "SET-ACTIVE-EXPIRE", "1")


@pytest.fixture
def lazy(log: Server) -> Iterator[Server]:
    """Keys that have expired stay until somebody meets them."""
    log.call("DEBUG", "SET-ACTIVE-EXPIRE", "0")
    yield log
    log.call("DEBUG", "SET-ACTIVE-EXPIRE", "1")


@pytest.mark.parametrize(
    ("command", "logged_as"),
    [
        (("SETEX", "k", "1000", "new"), ("SET", "k", "new", "PXAT", ANY)),
        (("PSETEX", "k", "100000", "new"), ("SET", "k", "new", "PXAT", ANY)),
        (("SET", "k", "new", "EX", "100"), ("SET", "k", "new", "PXAT", ANY)),
        (("BLMOVE", "list", "k", "LEFT", "LEFT", "0"), ("LMOVE", "list", "k", "LEFT", "LEFT")),
    ],
)
def test_what_has_expired_is_deleted_before_something_else_takes_its_place(
    lazy: Server, command: tuple[object, ...], logged_as: tuple[object, ...]
) -> None:
    lazy.call("RPUSH", "list", "a", "b")
    lazy.call("SET", "k", "old", "PX", "1")
    time.sleep(0.02)
    found = effect(lazy, *command)
    assert found[:2] == [[b"MULTI"], [b"DEL", b"k"]]
    assert matches(found[2], logged_as)
    assert found[3:] == [[b"EXEC"]]
    # Within a transaction it stays behind what came before it.
    lazy.call("SET", "k", "old", "PX", "1")
    time.sleep(0.02)
    before = len(logged(lazy))
    lazy.call("MULTI")
    lazy.call("SET", "first", "1")
    lazy.call(*command)
    lazy.call("SETEX", "last", "100", "1")
    lazy.call("EXEC")
    found = since(lazy, before)
    assert [words[0] for words in found] == [b"MULTI", b"SET", b"DEL", str(logged_as[0]).encode(), b"SET", b"EXEC"]
    digest = lazy.call("DEBUG", "DIGEST")
    assert lazy.call("DEBUG", "LOADAOF") == b"OK"
    assert lazy.call("DEBUG", "DIGEST") == digest


def test_a_sum_in_a_field_that_expires(lazy: Server) -> None:
    lazy.call("HSET", "h", "f", "1", "g", "1")
    lazy.call("HPEXPIRE", "h", "100000", "FIELDS", "1", "f")
    found = effect(lazy, "HINCRBYFLOAT", "h", "f", "0.5")
    assert found[1] == [b"HSET", b"h", b"f", b"1.5"]
    assert matches(found[2], ("HPEXPIREAT", "h", soon(100), "FIELDS", "1", "f"))
    assert effect(lazy, "HINCRBYFLOAT", "h", "g", "0.5") == [[b"HSET", b"h", b"g", b"1.5"]]
    # A hash goes with its last field, and what is added to is another one.
    for command in ("HINCRBY", "HINCRBYFLOAT"):
        lazy.call("DEL", "h")
        lazy.call("HSET", "h", "f", "1")
        lazy.call("HPEXPIRE", "h", "1", "FIELDS", "1", "f")
        lazy.call("EXPIRE", "h", "1000")
        time.sleep(0.02)
        assert lazy.call(command, "h", "f", "5") in {5, b"5"}
        assert lazy.call("TTL", "h") == -1
        digest = lazy.call("DEBUG", "DIGEST")
        assert lazy.call("DEBUG", "LOADAOF") == b"OK"
        assert lazy.call("TTL", "h") == -1
        assert lazy.call("DEBUG", "DIGEST") == digest


def test_a_scan_meets_keys_that_have_nothing_to_do_with_each_other(log: Server) -> None:
    log.call("DEBUG", "SET-ACTIVE-EXPIRE", "0")
    try:
        for i in range(3):
            log.call("SET", f"k{i}", "v", "PX", "1")
        before = len(logged(log))
        time.sleep(0.02)
        log.call("SCAN", "0", "COUNT", "100")
        found = since(log, before)
        assert sorted(words[1] for words in found if words[0] == b"DEL") == [b"k0", b"k1", b"k2"]
        assert [b"MULTI"] not in found
    finally:
        log.call("DEBUG", "SET-ACTIVE-EXPIRE", "1")


def test_the_cron_s_deletions_are_logged_one_by_one(log: Server) -> None:
    before = len(logged(log))
    log.call("SET", "a", "v", "PX", "1")
    log.call("SET", "b", "v", "PX", "1")
    log.call("HSET", "h", "f", "v", "g", "w")
    log.call("HPEXPIRE", "h", "1", "FIELDS", "1", "f")
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and sum(words[0] == b"DEL" for words in since(log, before)) < 2:
        time.sleep(0.02)
    while time.monotonic() < deadline and [b"HDEL", b"h", b"f"] not in since(log, before):
        time.sleep(0.02)
    found = since(log, before)
    assert [b"DEL", b"a"] in found
    assert [b"DEL", b"b"] in found
    assert [b"HDEL", b"h", b"f"] in found
    assert [b"MULTI"] not in found


def test_evicted_keys_are_deleted_in_the_log(log: Server) -> None:
    for i in range(50):
        log.call("SET", f"k{i}", "v" * 1000)
    before = len(logged(log))
    with log.config(maxmemory_policy="allkeys-random", maxmemory="1"):
        log.call("GET", "k0")
    deletions = since(log, before)
    assert deletions
    assert all(words[0] == b"DEL" and len(words) == 2 for words in deletions)


def test_who_was_waiting_is_logged_behind_who_woke_him(log: Server) -> None:
    with log.connect() as waiting:
        waiting.send("BLPOP", "queue", "0")
        while log.info("clients")["blocked_clients"] == "0":
            time.sleep(0.01)
        before = len(logged(log))
        log.call("RPUSH", "queue", "x")
        assert waiting.read() == [b"queue", b"x"]
        assert since(log, before) == [[b"RPUSH", b"queue", b"x"], [b"LPOP", b"queue"]]


def test_a_script_says_what_is_not_logged(log: Server) -> None:
    script = """redis.call('SET', 'a', 1) redis.set_repl(redis.REPL_NONE) redis.call('SET', 'b', 1)
        redis.call('SETEX', 'c', 100, 1) redis.set_repl(redis.REPL_AOF) redis.call('SET', 'd', 1)
        redis.set_repl(redis.REPL_REPLICA) redis.call('SET', 'e', 1)"""
    found = effect(log, "EVAL", script, 0)
    assert found == [[b"MULTI"], [b"SET", b"a", b"1"], [b"SET", b"d", b"1"], [b"EXEC"]]
    assert effect(log, "EVAL", "redis.call('SET', 'f', 1)", 0) == [[b"SET", b"f", b"1"]]
    assert log.call("DBSIZE") == 6


def test_functions_are_logged_as_they_came(log: Server) -> None:
    code = "#!lua name=lib\nredis.register_function('f', function(keys) return redis.call('INCR', keys[1]) end)"
    assert effect(log, "FUNCTION", "LOAD", code) == [[b"FUNCTION", b"LOAD", code.encode()]]
    assert effect(log, "FCALL", "f", "1", "n") == [[b"INCR", b"n"]]
    assert effect(log, "FUNCTION", "DELETE", "lib") == [[b"FUNCTION", b"DELETE", b"lib"]]


def test_timestamps(start_pyrite: ServerFactory) -> None:
    server = start_pyrite("--appendonly", "yes", "--aof-timestamp-enabled", "yes")
    server.call("SET", "a", "1")
    first = last_increment(server.directory).read_bytes().split(b"\r\n", 1)[0]
    assert first.startswith(b"#TS:")
    assert abs(int(first[4:]) - time.time()) < 60
