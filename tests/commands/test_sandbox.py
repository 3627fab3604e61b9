"""Scripts that try to break out of the sandbox, bring the server down, or leave something for the next script."""

import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import ErrorReply, RespClient, Server

READ_ONLY = b"Attempt to modify a readonly table"
LIBRARIES = ["string", "table", "math", "coroutine", "os", "redis", "cjson", "cmsgpack", "struct", "bit", "_G"]


def run(client: RespClient, body: str, *arguments: object) -> object:
    """Run a script; of an error only its text."""
    reply = client.call("EVAL", body, 0, *arguments)
    return reply.text if isinstance(reply, ErrorReply) else reply


# What all scripts share


@pytest.mark.parametrize("table", LIBRARIES)
@pytest.mark.parametrize(
    "change",
    [
        "{0}.x = 1",
        "{0}.sub = nil",
        "rawset({0}, 'x', 1)",
        "setmetatable({0}, {{}})",
        "table.insert({0}, 1)",
        "setmetatable({0}, nil)",
        "rawset(getmetatable({0}) or {0}, '__index', {{}})",
    ],
)
def test_shared_tables_do_not_change(client: RespClient, table: str, change: str) -> None:
    listing = f"local n = {{}} for k in pairs({table}) do n[#n + 1] = k end table.sort(n) return n"
    before = run(client, listing)
    assert READ_ONLY in run(client, change.format(table))
    assert run(client, listing) == before


@pytest.mark.parametrize(
    "body",
    [
        "getmetatable('').__index = {}",
        "getmetatable('').__index.upper = nil",
        "getmetatable('').__gc = function() end",
        "setmetatable(getmetatable(''), {})",
        "rawset(getmetatable(''), '__index', nil)",
        "getmetatable(_G).__index = function() return 1 end",
        "getmetatable(_G).__newindex = nil",
        "x = 1",
        "KEYS = 1 redis = nil",
        "setfenv(0, {})",
        "getfenv(0).x = 1",
        "getfenv(redis.call).x = 1",
        "getfenv(1).x = 1",
        "_G.x = 1",
        "_G._G.x = 1",
    ],
)
def test_shared_state_does_not_change(client: RespClient, body: str) -> None:
    assert READ_ONLY in run(client, body)
    assert run(client, "return ('a'):upper()") == b"A"
    assert b"nonexistent global variable 'x'" in run(client, "return x")


@pytest.mark.parametrize("value", ["1", "nil", "true", "redis.call", "coroutine.create(function() end)"])
def test_values_have_no_metatables(client: RespClient, value: str) -> None:
    assert run(client, f"return tostring(getmetatable({value}))") == b"nil"
    assert b"table expected" in run(client, f"setmetatable({value}, {{}})")


def test_an_environment_holds_for_one_run(client: RespClient) -> None:
    assert run(client, "setfenv(1, {redis = 1}) return redis") == 1
    assert run(client, "setfenv(1, {redis = 1}) return redis") == 1
    body = "local seen = tostring(redis) setfenv(1, {}) return seen"
    assert run(client, body) == run(client, body) != b"nil"


def test_functions_of_the_sandbox_have_no_environment_of_their_own(client: RespClient) -> None:
    for function in ("redis.call", "pcall", "string.rep", "pairs"):
        assert b"cannot change environment" in run(client, f"setfenv({function}, {{}})")


def test_what_tables_inherit_can_be_overridden_for_oneself(client: RespClient) -> None:
    assert run(client, "local string = setmetatable({rep = 1}, {__index = string}) return string.rep") == 1
    assert run(client, "return string.rep('x', 2)") == b"xx"


# What is not there


@pytest.mark.parametrize(
    "name", ["io", "debug", "package", "require", "module", "dofile", "loadfile", "print", "newproxy", "python"]
)
def test_names_that_lead_out_are_not_there(client: RespClient, name: str) -> None:
    assert f"nonexistent global variable '{name}'".encode() in run(client, f"return {name}")


def test_os_has_nothing_but_a_clock(client: RespClient) -> None:
    assert run(client, "local n = {} for k in pairs(os) do n[#n + 1] = k end return n") == [b"clock"]


@pytest.mark.parametrize(
    "body",
    [
        "return loadstring(string.dump(function() return 1 end))",
        (
            "local s = string.dump(function() return 1 end) local n = 0 "
            "return load(function() n = n + 1 return s:sub(n, n) ~= '' and s:sub(n, n) or nil end)"
        ),
        "return loadstring('\\27Lua')",
        "return loadstring('\\27' .. string.rep('\\0', 100), '=x')",
    ],
)
def test_bytecode_is_refused(client: RespClient, body: str) -> None:
    assert run(client, body) is None
    assert b"attempt to load a precompiled chunk" in run(
        client, body.replace("return load", "local _, e = load") + " return e"
    )


def test_bytecode_as_the_script_itself_is_refused(client: RespClient) -> None:
    assert client.call("EVAL", b"\x1bLuaQ\0\1\4\4\4\x08\0", 0) == ErrorReply(
        b"ERR Error compiling script (new function): attempt to load a precompiled chunk"
    )
    assert isinstance(client.call("SCRIPT", "LOAD", b"\x1bLuaQ\0\1\4\4\4\x08\0"), ErrorReply)
    assert isinstance(client.call("FUNCTION", "LOAD", b"#!lua name=x\n\x1bLuaQ\0\1\4\4\4\x08\0"), ErrorReply)


# Much of everything


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ("local function f() return 1 + f() end return f()", b"stack overflow"),
        ("local function f() return pcall(f) end return tostring(f())", b"true"),
        ("local t = setmetatable({}, {__index = function(t, k) return t[k] end}) return t.x", b"C stack overflow"),
        ("local function f(s) return (s:gsub('.', f)) end return f('a')", b"C stack overflow"),
        ("local function f() return coroutine.wrap(f)() end return f()", b"C stack overflow"),
        (
            "local t = {} for i = 1, 1000 do t[i] = i end table.sort(t, function() return true end)",
            b"invalid order function",
        ),
        ("return string.rep('x', 1e9) .. string.rep('x', 1e9)", b"not enough memory"),
        ("local s = string.rep('x', 1e6) return (s:gsub('x', s))", b"not enough memory"),
        ("return string.format('%' .. string.rep('9', 100) .. 'd', 1)", b"invalid format"),
        ("return #string.format('%99.99f', 1e308)", None),
        ("return string.find(string.rep('a', 1e5), string.rep('a?', 5e4) .. 'b')", b"pattern too complex"),
        ("return string.find('x', string.rep('(', 100))", b"too many captures"),
        ("return string.find('x', '%')", b"malformed pattern"),
        ("return string.find('x', '[a')", b"malformed pattern"),
        ("return string.find('x', '%f')", b"missing '['"),
        ("return ('x'):rep(100):gsub('', string.rep('y', 100))", None),
        ("return loadstring(string.rep('(', 1e6))", None),
        ("return loadstring('return ' .. string.rep('{', 1e6))", None),
        ("return loadstring('return ' .. string.rep('a.', 1e5) .. 'b') and 1", 1),
        ("return loadstring('x = ' .. string.rep('not ', 1e6) .. '1')", None),
        (
            "local s = 'return 1' for i = 1, 300 do s = 'local a' .. i .. ' ' .. s end return select(2, loadstring(s))",
            b"200 local",
        ),
        ("return {loadstring('--[' .. string.rep('=', 1e6) .. '[ x')}", []),
        ("return select('#', loadstring('return ' .. string.rep('1,', 1e5) .. '1')())", None),
    ],
)
def test_much_of_everything_ends_with_an_error(client: RespClient, body: str, part: object) -> None:
    client.sock.settimeout(60)
    reply = run(client, body)
    if isinstance(part, bytes):
        assert part in reply
    elif part is not None:
        assert reply == part
    assert run(client, "return 'alive'") == b"alive"


def resident_bytes(server: Server) -> int:
    return int(Path(f"/proc/{server.pid}/statm").read_text().split()[1]) * resource.getpagesize()


def test_a_script_that_asks_for_all_memory_gets_an_error(server: Server) -> None:
    server.call("SCRIPT", "FLUSH")
    with server.connect(timeout_s=120) as client:
        client.call("EVAL", "return 1", 0)
        before = resident_bytes(server)
        for body in (
            "local t = {} while true do t[#t + 1] = string.rep('x', 4e6) .. #t end",
            "local s = 'x' while true do s = s .. s end",
            "local t, i = {}, 0 while true do i = i + 1 t[i] = {i} end",
        ):
            assert b"not enough memory" in run(client, body)
        assert b"not enough memory" in run(
            client, "local s = string.rep('x', 4e8) return {s .. 'a', s .. 'b', s .. 'c'}"
        )
        # What they left is gone, and the next script has room.
        assert run(client, "return #string.rep('x', 3e8)") == 300_000_000
        assert run(client, "return 1") == 1
    assert resident_bytes(server) < before + 400_000_000
    assert int(server.info("memory")["used_memory_vm_eval"]) < 400_000_000


def test_buffers_of_libraries_do_not_stay(server: Server) -> None:
    server.call("EVAL", "return 1", 0)
    before = resident_bytes(server)
    body = """
        local s = string.rep('x', 5e7)
        local a, b, c = #cjson.encode(s), #cmsgpack.pack(s), #struct.pack('s', s)
        return a + b + c
    """
    assert run(server.client, body) > 150_000_000
    server.call("SCRIPT", "FLUSH")
    assert resident_bytes(server) < before + 60_000_000


# Errors that are no texts, in all the places


@pytest.mark.parametrize(
    "value", ["nil", "1", "true", "{}", "function() end", "{err = {}}", "{err = 1}", "coroutine.create(function() end)"]
)
def test_errors_of_any_kind(client: RespClient, value: str) -> None:
    for body in (
        f"error({value})",
        f"local ok, e = pcall(error, {value}) error(e)",
        f"local co = coroutine.wrap(function() error({value}) end) co()",
        f"xpcall(function() error({value}) end, function() error({value}) end) error({value})",
    ):
        assert isinstance(client.call("EVAL", body, 0), ErrorReply)
    client.call("EVAL", f"return {{err = {value}}}", 0)
    assert run(client, "return 1") == 1


def test_handlers_that_fail(client: RespClient) -> None:
    body = "return tostring(xpcall(function() error('x') end, function() error('y') end))"
    assert run(client, body) == b"false"
    body = "local function h() return xpcall(error, h) end return tostring(xpcall(error, h))"
    assert run(client, body) == b"false"
    body = "return tostring(pcall(error, setmetatable({}, {__index = function() error('z') end, __tostring = 1})))"
    assert run(client, body) == b"false"


# Memory of the server's own


def test_errors_leave_nothing_behind(server: Server) -> None:
    """An error in Lua is a jump past compiled code: what that held would never be released."""
    bodies = [
        "redis.call('nosuch')",
        "return redis.pcall('get')",
        "error({err = 'MY ' .. string.rep('x', 1000)})",
        "return {1, 2, {err = 'x'}}",
        "cjson.decode('[' .. ARGV[1])",
        "return coroutine.wrap(function() return redis.call('incr', 'k', 1) end)()",
        "return redis.call('echo', string.rep('x', 5000), {})",
    ]
    batch = [("EVAL", body, 0, "x" * 1000) for body in bodies] * 200
    server.client.pipeline(batch)
    before = resident_bytes(server)
    for _ in range(10):
        server.client.pipeline(batch)
    assert resident_bytes(server) < before + 3_000_000


def test_very_many_scripts_take_bounded_memory(start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite()
    first = [("EVAL", f"return {i} -- {'x' * 200}", 0) for i in range(2000)]
    server.client.pipeline(first)
    before = resident_bytes(server)
    for start in range(2000, 42_000, 2000):
        server.client.pipeline([("EVAL", f"return {i} -- {'x' * 200}", 0) for i in range(start, start + 2000)])
    assert resident_bytes(server) < before + 5_000_000
    assert server.info("memory")["number_of_cached_scripts"] == "500"
