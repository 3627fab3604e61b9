"""Scripts that take too long: what others are told meanwhile, and how a script is ended."""

import hashlib
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.integration.processes import wait_for
from tests.support import ErrorReply, RespClient, Server, pyrite_program, start_server

StartServer = Callable[..., Server]

BUSY = ErrorReply(b"BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.")
BUSY_FUNCTION = ErrorReply(b"BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.")
UNKILLABLE = b"UNKILLABLE Sorry the script already executed write commands against the dataset."
KILLED = b"ERR Script killed by user with SCRIPT KILL... script: "
NOT_BUSY = ErrorReply(b"NOTBUSY No scripts in execution right now.")

ENDLESS = "while true do end"


@pytest.fixture
def server(start_pyrite: StartServer) -> Iterator[Server]:
    running = start_pyrite("--busy-reply-threshold", 10)
    yield running
    with running.connect() as client:
        client.call("SCRIPT", "KILL")
        client.call("FUNCTION", "KILL")


@contextmanager
def busy(server: Server, *argv: object) -> Iterator[RespClient]:
    """A client whose script runs for so long that others are told so."""
    with server.connect() as client, server.connect() as other:
        client.send(*argv)
        wait_for(lambda: isinstance(other.call("PING"), ErrorReply), "others are told BUSY")
        yield client


def function(body: str, flags: str = "") -> str:
    return (
        f"#!lua name=lib\nredis.register_function{{function_name='f', callback=function(keys, args) {body} end{flags}}}"
    )


def test_a_script_may_wait_for_a_time_to_come(server: Server) -> None:
    body = "local t = redis.call('TIME')[1] + 1 while redis.call('TIME')[1] + 0 < t do end return 'there'"
    assert server.call("EVAL", body, 0) == b"there"


def test_others_are_told_busy_until_the_script_is_killed(server: Server) -> None:
    with busy(server, "EVAL", ENDLESS, 0) as client, server.connect() as other:
        for argv in (
            ("PING",),
            ("GET", "k"),
            ("SET", "k", "v"),
            ("EVAL", "return 1", 0),
            ("SCRIPT", "FLUSH"),
            ("INFO",),
        ):
            assert other.call(*argv) == BUSY
        assert other.call("FUNCTION", "KILL") == BUSY
        assert other.call("FUNCTION", "STATS") == BUSY
        assert other.call("HELLO", 2)[0] == b"server"
        assert other.call("SCRIPT", "KILL") == b"OK"
        assert (
            client.read().text == KILLED + hashlib.sha1(ENDLESS.encode()).hexdigest().encode() + b", on @user_script:1."
        )
        assert other.call("PING") == b"PONG"
        assert other.call("SCRIPT", "KILL") == NOT_BUSY
        assert client.call("EVAL", "return 1", 0) == 1
    assert "Slow script detected" in server.output()


@pytest.mark.parametrize(
    "body",
    [
        "while true do pcall(function() while true do end end) end",
        "local function f() pcall(f) f() end f()",
        "local function h() while true do end end while true do xpcall(function() while true do end end, h) end",
        "while true do redis.pcall('get', 'k') end",
        "while true do redis.pcall('nosuch') end",
        "coroutine.wrap(function() while true do end end)()",
        "while true do pcall(coroutine.wrap(function() while true do end end)) end",
        "while true do coroutine.wrap(function() for i = 1, 9000 do end end)() end",
        "local function f(n) while true do coroutine.resume(coroutine.create(f), n) end end f(1)",
        "local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end",
        (
            "local t = setmetatable({}, {__index = function() while true do end end}) "
            "local function f() return t.x end while true do pcall(f) end"
        ),
        "while true do ('x'):rep(100):gsub('x', function() end) end",
        "while true do table.sort({3, 1, 2}, function(a, b) return a < b end) end",
        "while true do local s = string.rep('x', 1e5) end",
        "while true do loadstring('while false do end')() end",
        "load(collectgarbage)",
        "load(function() return ' ' end)",
        "repeat local x = cjson.encode({1}) until false",
    ],
)
def test_nothing_saves_a_script_from_being_killed(server: Server, body: str) -> None:
    with busy(server, "EVAL", body, 0) as client, server.connect() as other:
        assert other.call("SCRIPT", "KILL") == b"OK"
        assert isinstance(client.read(), ErrorReply)
        assert other.call("PING") == b"PONG"
        # The next script is whole.
        assert client.call("EVAL", "local n = 0 for i = 1, 100000 do n = n + 1 end return n", 0) == 100_000
        coroutines = "return coroutine.wrap(function() for i = 1, 100000 do end return 5 end)()"
        assert client.call("EVAL", coroutines, 0) == 5


def test_a_script_that_has_written_is_not_killed(server: Server) -> None:
    body = "redis.call('set', 'k', 'v') local t = os.clock() while os.clock() - t < 1 do end return 'done'"
    with busy(server, "EVAL", body, 0) as client, server.connect() as other:
        refused = other.call("SCRIPT", "KILL")
        assert refused.text.startswith(UNKILLABLE)
        assert other.call("PING") == BUSY
        assert client.read() == b"done"
        assert other.call("GET", "k") == b"v"


def test_shutdown_nosave_ends_a_script_that_has_written(start_pyrite: StartServer) -> None:
    server = start_pyrite("--busy-reply-threshold", 10)
    with busy(server, "EVAL", "redis.call('set', 'k', 'v') " + ENDLESS, 0), server.connect() as other:
        assert other.call("SHUTDOWN") == BUSY
        assert other.call("SHUTDOWN", "SAVE") == BUSY
        other.send("SHUTDOWN", "NOSAVE")
        with pytest.raises(ConnectionError):
            other.read()
        with pytest.raises(ConnectionRefusedError):
            server.connect()
        assert server.process.wait(10) == 0


def test_a_signal_ends_the_server_while_a_script_runs(start_pyrite: StartServer) -> None:
    server = start_pyrite("--busy-reply-threshold", 10)
    with busy(server, "EVAL", ENDLESS, 0):
        server.process.terminate()
        assert server.process.wait(10) == 0


def test_functions(server: Server) -> None:
    server.call("FUNCTION", "LOAD", function(ENDLESS, ", flags={'no-writes'}"))
    for command in ("FCALL", "FCALL_RO"):
        with busy(server, command, "f", 1, "key", "argument") as client, server.connect() as other:
            assert other.call("PING") == BUSY_FUNCTION
            assert other.call("SCRIPT", "KILL") == BUSY_FUNCTION
            stats = other.call("FUNCTION", "STATS")
            assert stats[0] == b"running_script"
            assert stats[1][:4] == [b"name", b"f", b"command", [command.encode(), b"f", b"1", b"key", b"argument"]]
            assert stats[1][4] == b"duration_ms"
            assert stats[1][5] >= 10
            assert other.call("FUNCTION", "KILL") == b"OK"
            assert client.read().text == KILLED + b"f, on @user_function:2."
    assert server.call("FUNCTION", "KILL") == NOT_BUSY


def test_a_script_in_a_transaction(server: Server) -> None:
    with server.connect() as client, server.connect() as other:
        client.call("MULTI")
        client.call("SET", "k", "v")
        client.call("EVAL", ENDLESS, 0)
        client.call("INCR", "n")
        client.send("EXEC")
        wait_for(lambda: other.call("PING") == BUSY, "others are told BUSY")
        assert other.call("SCRIPT", "KILL") == b"OK"
        first, second, third = client.read()
        assert (first, third) == (b"OK", 1)
        assert isinstance(second, ErrorReply)


def test_transactions_of_others_meanwhile(server: Server) -> None:
    with server.connect() as other:
        other.call("MULTI")
        with busy(server, "EVAL", ENDLESS, 0):
            assert other.call("SET", "k", "v") == BUSY
            assert other.call("EXEC").text.startswith(b"EXECABORT")
            assert other.call("MULTI") == b"OK"
            assert other.call("DISCARD") == b"OK"
            assert other.call("SCRIPT", "KILL") == b"OK"
        assert other.call("EXISTS", "k") == 0


def test_what_clients_do_meanwhile(server: Server) -> None:
    """Requests that come whole, in pieces, in pipelines, that are wrong, and clients that come and go."""
    with busy(server, "EVAL", ENDLESS, 0) as client:
        for _ in range(20):
            with server.connect() as visitor:
                assert visitor.call("PING") == BUSY
        with server.connect() as other, server.connect() as broken, server.connect() as slow:
            assert other.pipeline([("PING",)] * 500) == [BUSY] * 500
            broken.send_bytes(b"*x\r\n")
            assert isinstance(broken.read(), ErrorReply)
            slow.send_bytes(b"*2\r\n$4\r\nEC")
            assert other.call("PING") == BUSY
            slow.send_bytes(b"HO\r\n$100000\r\n" + b"x" * 50_000)
            assert other.call("PING") == BUSY
            # More requests of the client whose script runs wait for it.
            client.send("PING")
            assert client.is_silent()
            assert other.call("SCRIPT", "KILL") == b"OK"
            slow.send_bytes(b"x" * 50_000 + b"\r\n")
            assert slow.read() == b"x" * 100_000
            assert isinstance(client.read(), ErrorReply)
            assert client.read() == b"PONG"


def test_replies_that_wait_when_a_script_begins(server: Server) -> None:
    """Its client reads them meanwhile; what the socket then takes again goes out with the script's reply."""
    server.call("SET", "big", b"v" * 30_000_000)
    body = "local t = os.clock() while os.clock() - t < 0.3 do end return 1"
    with server.connect() as client, server.connect() as other:
        client.send("GET", "big")
        client.send("EVAL", body, 0)
        start = client.read_bytes(1_000_000)
        wait_for(lambda: isinstance(other.call("PING"), ErrorReply), "others are told BUSY")
        client.send("PING")
        rest = client.read_bytes(len(b"$30000000\r\n") + 30_000_000 + 2 - len(start))
        assert start + rest == b"$30000000\r\n" + b"v" * 30_000_000 + b"\r\n"
        assert [client.read(), client.read()] == [1, b"PONG"]


def test_the_client_of_a_script_may_leave(server: Server) -> None:
    with busy(server, "EVAL", ENDLESS, 0) as client:
        client.close()
        with server.connect() as other:
            assert other.call("PING") == BUSY
            assert other.call("SCRIPT", "KILL") == b"OK"
            wait_for(lambda: other.call("PING") == b"PONG", "the server serves again")


def test_clients_that_wait_are_not_served_within_a_script(server: Server) -> None:
    with server.connect() as waiting:
        waiting.send("BLPOP", "l", 0)
        wait_for(lambda: server.info("clients")["blocked_clients"] == "1", "the client waits")
        body = """
            redis.call('rpush', 'l', 'a')
            local t = os.clock()
            while os.clock() - t < 0.3 do end
            return redis.call('llen', 'l')
        """
        with busy(server, "EVAL", body, 0) as client:
            assert client.read() == 1
            assert waiting.read() == [b"l", b"a"]


def test_subscribers_get_their_messages_afterwards(server: Server) -> None:
    with server.connect() as listener:
        listener.call("SUBSCRIBE", "c")
        body = "redis.call('publish', 'c', 'm') local t = os.clock() while os.clock() - t < 0.2 do end return 1"
        with busy(server, "EVAL", body, 0) as client:
            assert client.read() == 1
        assert listener.read() == [b"message", b"c", b"m"]


def test_a_threshold_of_none(server: Server) -> None:
    with server.config(busy_reply_threshold=0), server.connect() as client, server.connect() as other:
        client.send("EVAL", "local t = os.clock() while os.clock() - t < 0.2 do end return 1", 0)
        time.sleep(0.05)
        assert other.call("PING") == b"PONG"
        assert client.read() == 1


def test_the_old_name_of_the_threshold(server: Server) -> None:
    assert server.call("CONFIG", "SET", "lua-time-limit", 77) == b"OK"
    assert server.call("CONFIG", "GET", "busy-reply-threshold") == [b"busy-reply-threshold", b"77"]


def test_expired_and_evicted_keys_stay_while_a_script_runs(server: Server) -> None:
    server.call("SET", "k", "v", "PX", 50)
    body = """
        local t = os.clock()
        local first = redis.call('exists', 'k')
        while os.clock() - t < 0.2 do end
        return {first, redis.call('exists', 'k')}
    """
    with busy(server, "EVAL", body, 0) as client:
        assert client.read() == [1, 1]
    assert server.call("EXISTS", "k") == 0


# The end of the server: nothing is half done on disk

HALF = "redis.call('DECRBY', 'from', 50) for i = 1, {loops} do local x = i * i end redis.call('INCRBY', 'to', 50)"


def amounts(server: Server) -> object:
    return server.call("MGET", "from", "to")


def test_shutdown_nosave_leaves_nothing_of_a_script_in_the_log(start_pyrite: StartServer) -> None:
    server = start_pyrite("--busy-reply-threshold", 10, "--appendonly", "yes")
    server.call("MSET", "from", "100", "to", "0")
    with busy(server, "EVAL", HALF.format(loops="1e12"), 0), server.connect() as other:
        other.send("SHUTDOWN", "NOSAVE")
        assert server.process.wait(10) == 0
    again = start_server(pyrite_program(), server.directory, "--appendonly", "yes")
    try:
        assert amounts(again) == [b"100", b"0"]
    finally:
        again.stop()


def test_a_signal_lets_a_transaction_end_that_has_written(start_pyrite: StartServer) -> None:
    server = start_pyrite("--busy-reply-threshold", 10, "--save", "100 100000")
    server.call("MSET", "from", "100", "to", "0")
    with server.connect() as client, server.connect() as other:
        client.call("MULTI")
        client.call("DECRBY", "from", "50")
        client.call("EVAL", "for i = 1, 1e8 do local x = i * i end redis.call('INCRBY', 'to', 50)", 0)
        client.send("EXEC")
        wait_for(lambda: isinstance(other.call("PING"), ErrorReply), "others are told BUSY")
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(30) == 0
    again = start_server(pyrite_program(), server.directory)
    try:
        assert amounts(again) == [b"50", b"50"]
    finally:
        again.stop()
