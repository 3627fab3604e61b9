"""EVAL and its kin, SCRIPT, and what scripts see as `redis`."""

import hashlib
import time
from collections.abc import Iterator

import pytest

from tests.support import ErrorReply, Push, RespClient, Server, Verbatim

RETURN_1 = b"e0e1f9fabfc9d4800c877a703b823ac0578ff8db"
NO_SCRIPT = ErrorReply(b"NOSCRIPT No matching script. Please use EVAL.")
NOT_ALLOWED = ErrorReply(b"ERR This Redis command is not allowed from script")
NOT_BUSY = ErrorReply(b"NOTBUSY No scripts in execution right now.")
OUT_OF_MEMORY = b"OOM command not allowed when used memory > 'maxmemory'."


def sha(body: str | bytes) -> str:
    return hashlib.sha1(body if isinstance(body, bytes) else body.encode()).hexdigest()


def failed(body: str, text: str, line: int = 1) -> ErrorReply:
    """The reply to a script that ends with an error."""
    return ErrorReply(f"{text} script: {sha(body)}, on @user_script:{line}.".encode())


@pytest.fixture
def resp3(server: Server) -> Iterator[RespClient]:
    with server.connect(resp=3) as client:
        yield client


@pytest.fixture
def full(server: Server) -> Iterator[Server]:
    """A server over its memory limit that may evict nothing."""
    server.call("SET", "k", "v")
    with server.config(maxmemory=1, maxmemory_policy="noeviction"):
        yield server


# From Lua to RESP


@pytest.mark.parametrize(
    ("body", "two", "three"),
    [
        ("return 3.99", 3, 3),
        ("return -3.99", -3, -3),
        ("return 2^62", 2**62, 2**62),
        ("return 1e300", -(2**63), -(2**63)),
        ("return 0/0", -(2**63), -(2**63)),
        ("return 'a\\0b'", b"a\0b", b"a\0b"),
        ("return true", 1, 1),
        ("return false", None, None),
        ("return nil", None, None),
        ("return", None, None),
        ("redis.setresp(3) return true", 1, True),
        ("redis.setresp(3) return false", 0, False),
        ("return {1,2,nil,4}", [1, 2], [1, 2]),
        ("return {}", [], []),
        ("return {a=1}", [], []),
        ("return {1,{2,{'x'}},false}", [1, [2, [b"x"]], None], [1, [2, [b"x"]], None]),
        ("return {ok='FINE'}", b"FINE", b"FINE"),
        ("return {ok='a\\r\\nb'}", b"a  b", b"a  b"),
        ("return {err='MY failure'}", ErrorReply(b"MY failure"), ErrorReply(b"MY failure")),
        ("return {err='a\\r\\n+OK'}", ErrorReply(b"a  +OK"), ErrorReply(b"a  +OK")),
        ("return {{err='MY x'},1}", [ErrorReply(b"MY x"), 1], [ErrorReply(b"MY x"), 1]),
        ("return {double=3.5}", b"3.5", 3.5),
        ("return {double=1/0}", b"inf", float("inf")),
        ("return {big_number='123456789012345678901'}", b"123456789012345678901", 123456789012345678901),
        ("return {verbatim_string={format='mkd',string='hi'}}", b"hi", Verbatim(b"mkd", b"hi")),
        ("return {map={a=1}}", [b"a", 1], {b"a": 1}),
        ("return {set={a=true}}", [b"a"], [b"a"]),
        ("return {map={}}", [], {}),
        ("return function() end", None, None),
        ("return coroutine.create(function() end)", None, None),
        ("return setmetatable({}, {__index=function() error('no') end})", [], []),
    ],
)
def test_what_a_script_returns(client: RespClient, resp3: RespClient, body: str, two: object, three: object) -> None:
    assert client.call("EVAL", body, 0) == two
    reply = resp3.call("EVAL", body, 0)
    assert (sorted(reply) if isinstance(reply, set) else reply) == three or reply == set(three)


def test_what_is_returned_of_a_table_within_itself_ends_with_an_error(client: RespClient) -> None:
    client.send("EVAL", "local t = {} t[1] = t return t", 0)
    received = b""
    while not received.endswith(b"-ERR reached lua stack limit\r\n"):
        received += client.sock.recv(65536)
    assert received.startswith(b"*1\r\n*1\r\n*1\r\n")
    assert set(received.removesuffix(b"-ERR reached lua stack limit\r\n").split(b"\r\n")) == {b"*1", b""}


# From RESP to Lua


@pytest.mark.parametrize(
    ("resp", "command", "seen"),
    [
        (2, "'set','k','v'", "table ok=OK"),
        (2, "'get','none'", "boolean false"),
        (2, "'get','s'", "string text"),
        (2, "'incr','n'", "number 1"),
        (2, "'zscore','z','a'", "string 1.5"),
        (2, "'hgetall','h'", "table 1=f 2=v"),
        (2, "'smembers','m'", "table 1=x"),
        (2, "'lpop','none','1'", "boolean false"),
        (3, "'get','none'", "nil nil"),
        (3, "'zscore','z','a'", "table double=1.5"),
        (3, "'hgetall','h'", "table map=table f=v"),
        (3, "'smembers','m'", "table set=table x=true"),
        (3, "'lpop','none','1'", "nil nil"),
    ],
)
def test_what_a_script_sees_of_replies(client: RespClient, resp: int, command: str, seen: str) -> None:
    client.pipeline([("SET", "s", "text"), ("ZADD", "z", 1.5, "a"), ("HSET", "h", "f", "v"), ("SADD", "m", "x")])
    body = """
        redis.setresp(%d)
        local parts = {}
        local function show(v)
            if type(v) ~= 'table' then return tostring(v) end
            for name, value in pairs(v) do
                parts[#parts + 1] = name .. '=' .. (type(value) == 'table' and 'table' or tostring(value))
                if type(value) == 'table' then show(value) end
            end
        end
        local reply = redis.call(%s)
        local text = show(reply)
        return type(reply) .. ' ' .. (text or table.concat(parts, ' '))
    """
    assert client.call("EVAL", body % (resp, command), 0) == seen.encode()


@pytest.mark.parametrize("resp", [2, 3])
@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("kind", ["bignum", "double", "map", "set", "null", "verbatim", "true", "false", "attrib"])
def test_replies_of_each_kind_go_through_a_script(server: Server, resp: int, protocol: int, kind: str) -> None:
    """With the script in RESP3 as well as the client, a reply comes out as the command gave it."""
    server.call("DEBUG", "SET-DISABLE-DENY-SCRIPTS", 1)
    try:
        with server.connect(resp=protocol) as client:
            reply = client.call_raw(
                "EVAL", f"redis.setresp({resp}) return redis.call('debug','protocol',ARGV[1])", 0, kind
            )
            direct = client.call_raw("DEBUG", "PROTOCOL", kind)
    finally:
        server.call("DEBUG", "SET-DISABLE-DENY-SCRIPTS", 0)
    if kind == "attrib":
        # Lua has no attributes: what they belong to is all that is left.
        direct = direct[direct.index(b"$39") :]
    if resp == 2:
        direct = direct.replace(b"#f", b":0").replace(b"#t", b":1")
    if kind in ("map", "set"):
        # Lua's tables have no order.
        assert sorted(reply.split(b"\r\n")[1:]) == sorted(direct.split(b"\r\n")[1:])
        assert (reply[:2] == direct[:2]) is (resp == 3 or protocol == 2)
    elif kind == "null" or resp == 3 or protocol == 2 or kind == "attrib":
        assert reply == direct
    else:
        assert reply[:1] in (b"$", b":")


@pytest.mark.parametrize(
    ("number", "argument"),
    [
        ("3", b"3"),
        ("-0.0", b"0"),
        ("3.14", b"3.14"),
        ("0.1", b"0.1"),
        ("1e15", b"1000000000000000"),
        ("2^53", b"9007199254740992"),
        ("1e100", b"1e+100"),
        ("1/0", b"inf"),
        ("-1/0", b"-inf"),
    ],
)
def test_numbers_as_arguments(client: RespClient, number: str, argument: bytes) -> None:
    assert client.call("EVAL", f"return redis.call('echo', {number})", 0) == argument


# Errors


def test_keys_and_arguments(client: RespClient) -> None:
    assert client.call("EVAL", "return {KEYS[1],KEYS[2],ARGV[1],#KEYS,#ARGV}", 2, "a", "b", "c") == [
        b"a",
        b"b",
        b"c",
        2,
        1,
    ]
    assert client.call("EVAL", "return {#KEYS,#ARGV}", 0) == [0, 0]
    assert client.call("EVAL", "return 1", 1) == ErrorReply(b"ERR Number of keys can't be greater than number of args")
    assert client.call("EVAL", "return 1", -1) == ErrorReply(b"ERR Number of keys can't be negative")
    assert client.call("EVAL", "return 1", "x") == ErrorReply(b"ERR value is not an integer or out of range")


def test_very_many_keys_and_arguments(client: RespClient) -> None:
    words = [b"%d" % i for i in range(100_000)]
    body = "return {#KEYS, #ARGV, KEYS[100000], ARGV[100000]}"
    assert client.call("EVAL", body, len(words), *words, *words) == [100_000, 100_000, b"99999", b"99999"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("error('x')", "ERR user_script:1: x"),
        ("error(5)", "ERR user_script:1: 5"),
        ("error(nil)", "ERR nil"),
        ("error(true)", "ERR true"),
        ("error({err='MY x'})", "MY x"),
        ("error({})", "ERR unknown error"),
        ("error({err={}})", "ERR unknown error"),
        ("error(setmetatable({}, {__index=function() error('again') end}))", "ERR unknown error"),
        ("return 1 + nil", "ERR user_script:1: attempt to perform arithmetic on a nil value"),
        ("redis.call('nosuch')", "ERR Unknown Redis command called from script"),
        ("redis.call('config','nosuch')", "ERR Unknown Redis command called from script"),
        ("redis.call('command','nosuch')", "ERR Unknown Redis command called from script"),
        ("redis.call('get')", "ERR Wrong number of args calling Redis command from script"),
        ("redis.call('config')", "ERR Wrong number of args calling Redis command from script"),
        ("redis.call()", "ERR Please specify at least one argument for this redis lib call"),
        ("redis.call('get',{})", "ERR Lua redis lib command arguments must be strings or integers"),
        ("redis.call('get',nil)", "ERR Lua redis lib command arguments must be strings or integers"),
        ("redis.call('get',true)", "ERR Lua redis lib command arguments must be strings or integers"),
        ("redis.call('incr','text')", "ERR value is not an integer or out of range"),
        ("redis.call('get','list')", "WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("redis.call('multi')", "ERR This Redis command is not allowed from script"),
        ("redis.call('eval','return 1',0)", "ERR This Redis command is not allowed from script"),
        ("redis.call('subscribe','x')", "ERR This Redis command is not allowed from script"),
        ("redis.call('script','flush')", "ERR This Redis command is not allowed from script"),
        ("redis.call('function','flush')", "ERR This Redis command is not allowed from script"),
        ("return nosuch", "ERR user_script:1: Script attempted to access nonexistent global variable 'nosuch'"),
        ("x = 1", "ERR user_script:1: Attempt to modify a readonly table"),
        ("redis.log(9,'x')", "ERR Invalid debug level."),
        ("redis.log('a','x')", "ERR First argument must be a number (log level)."),
        ("redis.log(1)", "ERR redis.log() requires two arguments or more."),
        ("redis.sha1hex()", "ERR wrong number of arguments"),
        ("redis.setresp(4)", "ERR RESP version must be 2 or 3."),
        ("redis.setresp()", "ERR redis.setresp() requires one argument."),
        ("redis.set_repl(9)", "ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE."),
        ("redis.set_repl()", "ERR redis.set_repl() requires one argument."),
        ("redis.acl_check_cmd('nosuch')", "ERR Invalid command passed to redis.acl_check_cmd()"),
        (
            "redis.register_function('f', 1)",
            "ERR user_script:1: attempt to call field 'register_function' (a nil value)",
        ),
    ],
)
def test_errors(client: RespClient, body: str, text: str) -> None:
    client.pipeline([("SET", "text", "x"), ("RPUSH", "list", "x")])
    assert client.call("EVAL", body, 0) == failed(body, text)
    assert client.call("EVALSHA", sha(body), 0) == failed(body, text)


def test_an_error_tells_its_line(client: RespClient) -> None:
    body = "local a = 1\n\nredis.call('nosuch')"
    assert client.call("EVAL", body, 0) == failed(body, "ERR Unknown Redis command called from script", 3)
    body = "#!lua\n\nerror('x')"
    assert client.call("EVAL", body, 0) == failed(body, "ERR user_script:3: x", 3)


def test_code_that_does_not_compile(client: RespClient) -> None:
    start = b"ERR Error compiling script (new function): user_script:1: "
    assert client.call("EVAL", "x x", 0) == ErrorReply(start + b"'=' expected near 'x'")
    assert client.call("SCRIPT", "LOAD", "return return") == ErrorReply(start + b"unexpected symbol near 'return'")
    assert client.call("EVAL", "return " + "(" * 300 + "1" + ")" * 300, 0) == ErrorReply(
        start + b"chunk has too many syntax levels"
    )


@pytest.mark.parametrize(
    ("body", "reply"),
    [
        ("return redis.pcall('nosuch')", ErrorReply(b"ERR Unknown Redis command called from script")),
        ("return redis.pcall('nosuch').err", b"ERR Unknown Redis command called from script"),
        ("return redis.pcall('multi')", NOT_ALLOWED),
        (
            "local _, e = pcall(redis.call, 'nosuch') return {type(e), e}",
            [b"string", b"ERR Unknown Redis command called from script"],
        ),
        ("local _, e = pcall(error, {err='MY x'}) return e", b"MY x"),
        ("local _, e = pcall(error, {a=1}) return type(e)", b"table"),
        (
            "local _, e = xpcall(function() error('x') end, function(e) return 'seen ' .. e end) return e",
            b"seen user_script:1: x",
        ),
        ("return redis.error_reply('x y')", ErrorReply(b"x y")),
        ("return redis.error_reply('-MY x')", ErrorReply(b"MY x")),
        ("return redis.error_reply('x')", ErrorReply(b"ERR x")),
        ("return redis.error_reply('')", ErrorReply(b"ERR ")),
        ("return redis.error_reply(1)", ErrorReply(b"ERR wrong number or type of arguments")),
        ("return redis.error_reply('A x\\r\\n+OK')", ErrorReply(b"A x  +OK")),
        ("return redis.status_reply('FINE')", b"FINE"),
        ("return redis.status_reply()", ErrorReply(b"ERR wrong number or type of arguments")),
    ],
)
def test_errors_that_a_script_handles(client: RespClient, body: str, reply: object) -> None:
    assert client.call("EVAL", body, 0) == reply


def test_errors_are_counted_once(server: Server) -> None:
    server.call("CONFIG", "RESETSTAT")
    server.call("SET", "text", "x")
    server.call("EVAL", "return redis.call('incr','text')", 0)
    stats = server.info("all")
    assert stats["errorstat_ERR"] == "count=1"
    assert stats["total_error_replies"] == "1"
    assert "rejected_calls=0,failed_calls=1" in stats["cmdstat_incr"]
    assert "rejected_calls=0,failed_calls=1" in stats["cmdstat_eval"]
    server.call("EVAL", "return redis.call('incr')", 0)
    server.call("EVAL", "redis.pcall('incr') return 1", 0)
    stats = server.info("all")
    assert stats["errorstat_ERR"] == "count=3"
    assert "rejected_calls=2,failed_calls=1" in stats["cmdstat_incr"]
    assert "calls=3" in stats["cmdstat_eval"]


# The rest of `redis`


def test_constants_and_small_functions(client: RespClient) -> None:
    body = """return {redis.REDIS_VERSION, redis.REDIS_VERSION_NUM,
        redis.LOG_DEBUG, redis.LOG_VERBOSE, redis.LOG_NOTICE, redis.LOG_WARNING,
        redis.REPL_NONE, redis.REPL_AOF, redis.REPL_SLAVE, redis.REPL_REPLICA, redis.REPL_ALL,
        redis.sha1hex(''), redis.sha1hex(12), redis.replicate_commands(), redis.acl_check_cmd('set', 'k', 'v'),
        tostring(redis.breakpoint()), tostring((redis.debug('x'))), tostring((redis.set_repl(redis.REPL_ALL)))}"""
    assert client.call("EVAL", body, 0) == [
        b"7.4.1", 0x070401, 0, 1, 2, 3, 0, 1, 2, 2, 3,
        sha("").encode(), sha("12").encode(), 1, 1, b"false", b"nil", b"nil",
    ]  # fmt: skip


def test_log(server: Server) -> None:
    server.call("EVAL", "redis.log(redis.LOG_WARNING, 'a script', 5, 'says\\nthis')", 0)
    assert "a script 5 says" in server.output()


def test_a_selected_database_is_the_scripts_own(client: RespClient) -> None:
    assert client.call("EVAL", "redis.call('select', 3) return redis.call('set', 'k', 'v')", 0) == b"OK"
    assert client.call("GET", "k") is None
    client.call("SELECT", 3)
    assert client.call("GET", "k") == b"v"
    assert client.call("EVAL", "return redis.call('get', 'k')", 0) == b"v"


def test_time_stands_still(client: RespClient) -> None:
    body = """
        local first = redis.call('time')
        redis.call('set', 'k', 'v', 'px', 1)
        local now = os.clock()
        while os.clock() - now < 0.02 do end
        local last = redis.call('time')
        return {redis.call('exists', 'k'), first[1] == last[1] and first[2] == last[2]}
    """
    assert client.call("EVAL", body, 0) == [1, 1]
    assert client.call("EXISTS", "k") == 0


def test_a_set_is_sorted_for_scripts(client: RespClient) -> None:
    members = [b"m%d" % i for i in range(50)]
    client.call("SADD", "s", *members)
    assert client.call("EVAL", "return redis.call('sort', 's', 'by', '_')", 0) == sorted(members)


def test_scripts_do_not_wait(client: RespClient) -> None:
    assert client.call("EVAL", "return redis.call('blpop', 'none', 0)", 0) is None
    assert client.call("EVAL", "return redis.call('bzpopmin', 'none', 0)", 0) is None
    body = "return redis.pcall('XREAD', 'BLOCK', 0, 'STREAMS', 's', '$')"
    assert client.call("EVAL", body, 0) is None


def test_thousands_of_arguments(client: RespClient) -> None:
    body = "local t = {} for i = 1, 7990 do t[i] = i end return redis.call('rpush', 'k', unpack(t))"
    assert client.call("EVAL", body, 0) == 7990
    assert client.call("EVAL", "return #redis.call('lrange', 'k', 0, -1)", 0) == 7990


# Which scripts there are


def test_evalsha_knows_what_eval_has_run(client: RespClient) -> None:
    assert client.call("EVALSHA", RETURN_1, 0) in (NO_SCRIPT, 1)
    client.call("SCRIPT", "FLUSH")
    assert client.call("EVALSHA", RETURN_1, 0) == NO_SCRIPT
    assert client.call("EVALSHA", "short", 0) == NO_SCRIPT
    assert client.call("EVAL", "return 1", 0) == 1
    assert client.call("EVALSHA", RETURN_1, 0) == client.call("EVALSHA", RETURN_1.upper(), 0) == 1
    assert client.call("SCRIPT", "EXISTS", RETURN_1, RETURN_1.upper(), "x") == [1, 1, 0]


def test_script_load_and_flush(client: RespClient) -> None:
    client.call("SCRIPT", "FLUSH", "SYNC")
    assert client.call("SCRIPT", "LOAD", "return 1") == RETURN_1
    assert client.call("SCRIPT", "LOAD", "return 1") == RETURN_1
    assert client.call("EVALSHA", RETURN_1, 0) == 1
    assert client.call("SCRIPT", "FLUSH", "ASYNC") == b"OK"
    assert client.call("SCRIPT", "EXISTS", RETURN_1) == [0]
    assert client.call("SCRIPT", "FLUSH", "x") == ErrorReply(b"ERR SCRIPT FLUSH only support SYNC|ASYNC option")


def test_what_eval_brought_is_forgotten_after_500_others(server: Server) -> None:
    server.call("SCRIPT", "FLUSH")
    server.call("CONFIG", "RESETSTAT")
    loaded = server.call("SCRIPT", "LOAD", "return 'loaded'")
    evaluated_first = "return 'both'"
    server.call("EVAL", evaluated_first, 0)
    server.call("SCRIPT", "LOAD", evaluated_first)
    server.client.pipeline([("EVAL", f"return {i}", 0) for i in range(500)])
    assert server.info("memory")["number_of_cached_scripts"] == "502"
    assert server.call("EVALSHA", sha("return 0"), 0) == 0
    server.client.pipeline([("EVAL", f"return {i}", 0) for i in range(500, 600)])
    info = server.info("all")
    assert info["number_of_cached_scripts"] == "502"
    assert info["evicted_scripts"] == "100"
    kept = [loaded, sha(evaluated_first), sha("return 0"), sha("return 101"), sha("return 599")]
    assert server.call("SCRIPT", "EXISTS", *kept) == [1] * 5
    # The one used again has stayed in its stead.
    assert server.call("SCRIPT", "EXISTS", sha("return 1"), sha("return 100")) == [0, 0]


def test_script_memory_is_shown(server: Server) -> None:
    server.call("SCRIPT", "FLUSH")
    server.call("SCRIPT", "LOAD", "-- " + "x" * 10_000)
    info = server.info("memory")
    assert int(info["used_memory_scripts_eval"]) > 10_000
    assert int(info["used_memory_vm_eval"]) > 10_000
    server.call("SCRIPT", "FLUSH")
    assert server.info("memory")["used_memory_scripts_eval"] == "0"


def test_kill_and_debug_without_a_script(client: RespClient) -> None:
    assert client.call("SCRIPT", "KILL") == NOT_BUSY
    assert client.call("FUNCTION", "KILL") == NOT_BUSY
    assert client.call("SCRIPT", "DEBUG", "NO") == b"OK"
    assert isinstance(client.call("SCRIPT", "DEBUG", "YES"), ErrorReply)
    assert client.call("SCRIPT", "DEBUG", "x") == ErrorReply(b"ERR Use SCRIPT DEBUG YES/SYNC/NO")


# What scripts say of themselves


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("#!lua", 1),
        ("#!lua flags=", 1),
        ("#!lua flags=no-writes,allow-stale,allow-oom,no-cluster,allow-cross-slot-keys", 1),
        ("#!not-lua", ErrorReply(b"ERR Unexpected engine in script shebang: #!not-lua")),
        ("#!lua name=x", ErrorReply(b"ERR Unknown lua shebang option: name=x")),
        ("#!lua flags=nosuch", ErrorReply(b"ERR Unexpected flag in script shebang: nosuch")),
        ("#!lua badger=data", ErrorReply(b"ERR Unknown lua shebang option: badger=data")),
    ],
)
def test_first_lines(client: RespClient, line: str, reply: object) -> None:
    assert client.call("EVAL", line + "\nreturn 1", 0) == reply


def test_a_first_line_without_an_end(client: RespClient) -> None:
    assert client.call("EVAL", "#!lua return 1", 0) == ErrorReply(b"ERR Invalid script shebang")


@pytest.mark.parametrize("command", ["EVAL_RO", "EVAL"])
def test_scripts_that_only_read(client: RespClient, command: str) -> None:
    line = "#!lua flags=no-writes\n" if command == "EVAL" else ""
    client.call("SET", "k", "v")
    assert client.call(command, line + "return redis.call('get', KEYS[1])", 1, "k") == b"v"
    body = line + "return redis.call('set', KEYS[1], 'x')"
    refused = failed(body, "ERR Write commands are not allowed from read-only scripts.", body.count("\n") + 1)
    assert client.call(command, body, 1, "k") == refused
    body = line + "return redis.pcall('publish', 'c', 'x')"
    assert client.call(command, body, 0) == ErrorReply(b"ERR Write commands are not allowed from read-only scripts.")
    assert client.call("GET", "k") == b"v"


def test_evalsha_ro(client: RespClient) -> None:
    client.call("SET", "k", "v")
    digest = client.call("SCRIPT", "LOAD", "return redis.call('get', KEYS[1])")
    assert client.call("EVALSHA_RO", digest, 1, "k") == b"v"
    digest = client.call("SCRIPT", "LOAD", "#!lua\nreturn 1")
    refused = ErrorReply(b"ERR Can not execute a script with write flag using *_ro command.")
    assert client.call("EVALSHA_RO", digest, 0) == refused


# Memory


def test_out_of_memory_depends_on_the_command(full: Server) -> None:
    assert full.call("EVAL", "return redis.call('get', 'k')", 0) == b"v"
    body = "return redis.call('set', 'k', 'w')"
    assert full.call("EVAL", body, 0) == failed(body, OUT_OF_MEMORY.decode())
    # Once it has written, it goes through.
    assert full.call("EVAL", "redis.call('del', 'k') redis.call('set', 'k', 'w') return 1", 0) == 1


def test_out_of_memory_depends_on_what_the_script_says(full: Server) -> None:
    write = "return redis.call('set', 'k', 'w')"
    assert full.call("EVAL", "#!lua\nreturn 1", 0) == ErrorReply(
        b"OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'"
    ) or full.call("EVAL", "#!lua\nreturn 1", 0) == ErrorReply(OUT_OF_MEMORY)
    assert full.call("EVAL", "#!lua flags=no-writes\nreturn 1", 0) == 1
    assert full.call("EVAL", "#!lua flags=allow-oom\n" + write, 0) == b"OK"


# What follows from what scripts do


def test_monitors_see_scripts_and_their_commands(server: Server) -> None:
    with server.connect() as monitor:
        assert monitor.call("MONITOR") == b"OK"
        server.call("EVAL", "redis.call('select', 2) return redis.call('set', KEYS[1], 'v')", 1, "k")
        lines = [monitor.read() for _ in range(3)]
    assert b'"EVAL" "redis.call(' in lines[0]
    assert lines[1].endswith(b'[0 lua] "select" "2"') or lines[1].endswith(b'[2 lua] "select" "2"')
    assert lines[2].endswith(b'[2 lua] "set" "k" "v"')


def test_keyspace_notifications(server: Server) -> None:
    with server.config(notify_keyspace_events="KEA"), server.connect() as listener:
        listener.call("SUBSCRIBE", "__keyevent@0__:set")
        server.call("EVAL", "redis.call('set', 'a', 1) redis.call('set', 'b', 1)", 0)
        assert [listener.read()[2] for _ in range(2)] == [b"a", b"b"]


def test_tracking_of_what_scripts_read(server: Server, resp3: RespClient) -> None:
    server.call("MSET", "a", 1, "b", 1)
    assert resp3.call("CLIENT", "TRACKING", "ON") == b"OK"
    assert resp3.call("EVAL_RO", "return redis.call('get', 'a')", 1, "b") == b"1"
    server.call("SET", "b", 2)
    server.call("SET", "a", 2)
    pushed = resp3.read()
    assert isinstance(pushed, Push)
    assert pushed == [b"invalidate", [b"a"]]


def test_what_a_script_changes_breaks_a_transaction(server: Server, client: RespClient) -> None:
    client.call("WATCH", "k")
    server.call("EVAL", "redis.call('set', 'k', 1)", 0)
    client.call("MULTI")
    client.call("SET", "k", 2)
    assert client.call("EXEC") is None


def test_a_script_in_a_transaction(client: RespClient) -> None:
    client.call("MULTI")
    client.call("EVAL", "return redis.call('incr', KEYS[1])", 1, "n")
    client.call("EVAL", "return redis.call('nosuch')", 0)
    client.call("INCR", "n")
    first, second, third = client.call("EXEC")
    assert (first, third) == (1, 2)
    assert second.text.startswith(b"ERR Unknown Redis command")


def test_a_blocked_client_is_served_when_the_script_is_done(server: Server, client: RespClient) -> None:
    client.send("BLPOP", "l", 0)
    deadline = time.monotonic() + 5
    while server.info("clients")["blocked_clients"] != "1":
        assert time.monotonic() < deadline
    body = "redis.call('rpush', 'l', 'a') redis.call('lpush', 'l', 'b') return redis.call('llen', 'l')"
    assert server.call("EVAL", body, 0) == 2
    assert client.read() == [b"l", b"b"]


def test_slow_scripts_are_in_the_slow_log(server: Server) -> None:
    with server.config(slowlog_log_slower_than=0):
        server.call("SLOWLOG", "RESET")
        server.call("EVAL", "return redis.call('set', 'k', 'v')", 0)
        words = [entry[3] for entry in server.call("SLOWLOG", "GET")]
    assert [b"EVAL", b"return redis.call('set', 'k', 'v')", b"0"] in words


def test_a_pause_of_writes_lets_scripts_through_that_only_read(server: Server, client: RespClient) -> None:
    client.call("SET", "k", "v")
    assert server.call("CLIENT", "PAUSE", 60_000, "WRITE") == b"OK"
    try:
        assert client.call("EVAL", "#!lua flags=no-writes\nreturn redis.call('get', 'k')", 0) == b"v"
        assert client.call("EVAL_RO", "return redis.call('get', 'k')", 0) == b"v"
        client.send("EVAL", "return redis.call('get', 'k')", 0)
        assert client.is_silent()
    finally:
        server.call("CLIENT", "UNPAUSE")
    assert client.read() == b"v"
