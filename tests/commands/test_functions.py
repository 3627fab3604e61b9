"""FUNCTION, FCALL, FCALL_RO, and what libraries see as `redis`."""

from collections.abc import Iterator

import pytest

from pyrite.core.crc import checksum
from tests.support import ErrorReply, RespClient, Server

NOT_FOUND = ErrorReply(b"ERR Function not found")
WRONG_NAME = (
    b"Library names can only contain letters, numbers, or underscores(_) and must be at least one character long"
)
WRONG_PAYLOAD = ErrorReply(b"ERR DUMP payload version or checksum are wrong")


def library(name: str = "lib", function: str = "f", body: str = "return 1", **fields: str) -> str:
    """The text of a library with one function."""
    named = "".join(f", {key} = {value}" for key, value in fields.items())
    return (
        f"#!lua name={name}\n"
        f"redis.register_function{{function_name = '{function}', callback = function(keys, args) {body} end{named}}}"
    )


def code(body: str, name: str = "lib") -> str:
    return f"#!lua name={name}\n{body}"


@pytest.fixture
def client(server: Server) -> Iterator[RespClient]:
    server.call("FUNCTION", "FLUSH")
    with server.connect() as connection:
        yield connection
    server.call("FUNCTION", "FLUSH")


def names(client: RespClient) -> list[object]:
    return [entry[1] for entry in client.call("FUNCTION", "LIST")]


# Loading


def test_a_library_and_its_function(client: RespClient) -> None:
    text = library(body="return {keys[1], args[1], #keys, #args}")
    assert client.call("FUNCTION", "LOAD", text) == b"lib"
    assert client.call("FCALL", "f", 1, "k", "a") == [b"k", b"a", 1, 1]
    assert client.call("FCALL", "F", 0) == []
    assert client.call("FCALL", "g", 0) == NOT_FOUND


def test_the_short_form_of_registration(client: RespClient) -> None:
    client.call("FUNCTION", "LOAD", code("redis.register_function('f', function(keys, args) return 'short' end)"))
    assert client.call("FCALL", "f", 0) == b"short"


def test_functions_share_their_librarys_locals_with_none_other(client: RespClient) -> None:
    text = """
        local count = 0
        local function step() count = count + 1 return count end
        redis.register_function('a', step)
        redis.register_function('b', step)
    """
    client.call("FUNCTION", "LOAD", code(text, "one"))
    client.call("FUNCTION", "LOAD", code(text.replace("'a'", "'c'").replace("'b'", "'d'"), "two"))
    assert [client.call("FCALL", name, 0) for name in "abc"] == [1, 2, 1]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("return 1", b"ERR Missing library metadata"),
        ("#!lua name=lib", b"ERR Invalid library metadata"),
        ("#!lua\nreturn 1", b"ERR Library name was not given"),
        ("#!lua name=a name=b\n", b"ERR Invalid metadata value, name argument was given multiple times"),
        ("#!lua name=a foo=b\n", b"ERR Invalid metadata value given: foo=b"),
        ("#!lua name=\n", b"ERR " + WRONG_NAME),
        ("#!lua name=a-b\n", b"ERR " + WRONG_NAME),
        ("#!lua name='a\0b'\n", b"ERR Invalid library metadata"),
        ("#!other name=a\n", b"ERR Engine 'other' not found"),
        (code("x x"), b"ERR Error compiling function: user_function:2: '=' expected near 'x'"),
        (code("return 1"), b"ERR No functions registered"),
        (
            code("error('x')"),
            (
                b"ERR Error registering functions: ERR user_function:2: Script attempted to access nonexistent global "
                b"variable 'error'"
            ),
        ),
        (
            code("redis.call('ping')"),
            (
                b"ERR Error registering functions: ERR user_function:2: Script attempted to access nonexistent global "
                b"variable 'call'"
            ),
        ),
        (
            code("x = 1"),
            b"ERR Error registering functions: ERR user_function:2: Attempt to modify a readonly table",
        ),
        (
            code("redis.register_function('f', function() end) redis.register_function('f', function() end)"),
            b"ERR Error registering functions: ERR Function already exists in the library",
        ),
        (
            code("redis.register_function('a-b', function() end)"),
            b"ERR Error registering functions: ERR " + WRONG_NAME,
        ),
        (code("redis.register_function()"), b"wrong number of arguments to redis.register_function"),
        (code("redis.register_function('a', 'b')"), b"second argument to redis.register_function must be a function"),
        (
            code("redis.register_function({}, function() end)"),
            b"first argument to redis.register_function must be a string",
        ),
        (
            code("redis.register_function('a')"),
            (
                b"calling redis.register_function with a single argument is only applicable to Lua table "
                b"(representing named arguments)."
            ),
        ),
        (
            code("redis.register_function{callback=function() end}"),
            b"redis.register_function must get a function name argument",
        ),
        (code("redis.register_function{function_name='f'}"), b"redis.register_function must get a callback argument"),
        (library(nosuch="1"), b"unknown argument given to redis.register_function"),
        (library(flags="1"), b"flags argument to redis.register_function must be a table representing function flags"),
        (library(flags="{'nosuch'}"), b"unknown flag given"),
        (library(flags="{1}"), b"unknown flag given"),
        (library(description="{}"), b"description argument given to redis.register_function must be a string"),
        (
            code("redis.register_function{[1]='f'}"),
            b"named argument key given to redis.register_function is not a string",
        ),
    ],
)
def test_libraries_that_are_refused(client: RespClient, text: str, error: bytes) -> None:
    reply = client.call("FUNCTION", "LOAD", text)
    assert isinstance(reply, ErrorReply)
    if error.startswith(b"ERR"):
        assert reply.text == error
    else:
        assert reply.text == b"ERR Error registering functions: ERR " + error
    assert names(client) == []


def test_code_that_does_not_end_is_refused(client: RespClient) -> None:
    client.sock.settimeout(30)
    refused = ErrorReply(b"ERR Error registering functions: ERR FUNCTION LOAD timeout")
    assert client.call("FUNCTION", "LOAD", code("while true do end")) == refused
    assert client.call("PING") == b"PONG"
    assert client.call("FUNCTION", "LOAD", library()) == b"lib"


def test_replace_is_all_or_nothing(client: RespClient) -> None:
    client.call("FUNCTION", "LOAD", library(body="return 'old'"))
    assert client.call("FUNCTION", "LOAD", library()) == ErrorReply(b"ERR Library 'lib' already exists")
    assert isinstance(client.call("FUNCTION", "LOAD", "REPLACE", code("x x")), ErrorReply)
    assert isinstance(client.call("FUNCTION", "LOAD", "REPLACE", code("error('x')")), ErrorReply)
    assert client.call("FCALL", "f", 0) == b"old"
    assert client.call("FUNCTION", "LOAD", "REPLACE", library(body="return 'new'")) == b"lib"
    assert client.call("FCALL", "f", 0) == b"new"
    client.call("FUNCTION", "LOAD", library("other", "g"))
    assert client.call("FUNCTION", "LOAD", "REPLACE", library(function="G")) == ErrorReply(
        b"ERR Function G already exists"
    )
    assert client.call("FCALL", "f", 0) == b"new"
    assert client.call("FUNCTION", "LOAD", "X", library()) == ErrorReply(b"ERR Unknown option given: X")


# Calling


def test_errors_of_calls(client: RespClient) -> None:
    client.call("FUNCTION", "LOAD", library(body="return redis.call('nosuch')"))
    assert client.call("FCALL", "f", 0) == ErrorReply(
        b"ERR Unknown Redis command called from script script: f, on @user_function:2."
    )
    assert client.call("FCALL", "f", "x") == ErrorReply(b"ERR Bad number of keys provided")
    assert client.call("FCALL", "f", 1) == ErrorReply(b"ERR Number of keys can't be greater than number of args")
    assert client.call("FCALL", "f", -1) == ErrorReply(b"ERR Number of keys can't be negative")


def test_functions_do_not_see_what_scripts_see(client: RespClient) -> None:
    client.call("FUNCTION", "LOAD", library(body="return KEYS"))
    assert b"nonexistent global variable 'KEYS'" in client.call("FCALL", "f", 0).text
    client.call("FUNCTION", "LOAD", "REPLACE", library(body="return redis.register_function('x', print)"))
    assert isinstance(client.call("FCALL", "f", 0), ErrorReply)
    client.call("FUNCTION", "LOAD", "REPLACE", library(body="x = 1"))
    assert b"Attempt to modify a readonly table" in client.call("FCALL", "f", 0).text


def test_flags(client: RespClient) -> None:
    client.call("FUNCTION", "LOAD", library(body="return redis.call('set', 'k', 'v')", flags="{'no-writes'}"))
    refused = ErrorReply(b"ERR Write commands are not allowed from read-only scripts. script: f, on @user_function:2.")
    assert client.call("FCALL", "f", 0) == client.call("FCALL_RO", "f", 0) == refused
    client.call("FUNCTION", "LOAD", "REPLACE", library(body="return redis.call('get', 'k')"))
    assert client.call("FCALL_RO", "f", 0) == ErrorReply(
        b"ERR Can not execute a script with write flag using *_ro command."
    )
    assert client.call("FCALL", "f", 0) is None


def test_memory(server: Server, client: RespClient) -> None:
    write = "return redis.call('set', 'k', 'v')"
    client.call("FUNCTION", "LOAD", library("a", "plain", write))
    client.call("FUNCTION", "LOAD", library("b", "allowed", write, flags="{'allow-oom'}"))
    client.call("FUNCTION", "LOAD", library("c", "reads", "return redis.call('get', 'k')", flags="{'no-writes'}"))
    with server.config(maxmemory=1, maxmemory_policy="noeviction"):
        assert client.call("FCALL", "plain", 0).code == b"OOM"
        assert client.call("FCALL", "allowed", 0) == b"OK"
        assert client.call("FCALL", "reads", 0) == b"v"
        assert client.call("FUNCTION", "LOAD", library("d", "g")).code == b"OOM"
        assert client.call("FUNCTION", "DELETE", "a") == b"OK"


# The libraries that there are


def test_list(server: Server, client: RespClient) -> None:
    text = library(description="'what it does'", flags="{'no-writes', 'allow-stale'}")
    client.call("FUNCTION", "LOAD", text)
    client.call("FUNCTION", "LOAD", library("other", "g"))
    [entry] = client.call("FUNCTION", "LIST", "WITHCODE", "LIBRARYNAME", "LI?")
    function = [b"name", b"f", b"description", b"what it does", b"flags", [b"no-writes", b"allow-stale"]]
    assert entry[:6] == [b"library_name", b"lib", b"engine", b"LUA", b"functions", [entry[5][0]]]
    assert [*entry[5][0][:5], sorted(entry[5][0][5])] == [*function[:5], sorted(function[5])]
    assert entry[6:] == [b"library_code", text.encode()]
    assert sorted(names(client)) == [b"lib", b"other"]
    with server.connect(resp=3) as third:
        [shown] = third.call("FUNCTION", "LIST", "LIBRARYNAME", "other")
    assert shown[b"functions"] == [{b"name": b"g", b"description": None, b"flags": shown[b"functions"][0][b"flags"]}]
    assert list(shown[b"functions"][0][b"flags"]) == []
    assert client.call("FUNCTION", "LIST", "LIBRARYNAME") == ErrorReply(b"ERR library name argument was not given")
    assert client.call("FUNCTION", "LIST", "X") == ErrorReply(b"ERR Unknown argument X")
    assert client.call("FUNCTION", "LIST", "\r\n") == ErrorReply(b"ERR Unknown argument   ")


def test_delete_flush_and_stats(client: RespClient) -> None:
    client.call("FUNCTION", "LOAD", library())
    client.call(
        "FUNCTION", "LOAD", code("for i = 1, 3 do redis.register_function('g' .. i, function() end) end", "many")
    )
    stats = client.call("FUNCTION", "STATS")
    assert stats == [b"running_script", None, b"engines", [b"LUA", [b"libraries_count", 2, b"functions_count", 4]]]
    assert client.call("FUNCTION", "DELETE", "many") == b"OK"
    assert client.call("FUNCTION", "DELETE", "many") == ErrorReply(b"ERR Library not found")
    assert client.call("FCALL", "g1", 0) == NOT_FOUND
    assert client.call("FUNCTION", "STATS")[3] == [b"LUA", [b"libraries_count", 1, b"functions_count", 1]]
    for mode in ((), ("SYNC",), ("ASYNC",)):
        client.call("FUNCTION", "LOAD", "REPLACE", library())
        assert client.call("FUNCTION", "FLUSH", *mode) == b"OK"
        assert client.call("FCALL", "f", 0) == NOT_FOUND
    assert client.call("FUNCTION", "FLUSH", "x") == ErrorReply(b"ERR FUNCTION FLUSH only supports SYNC|ASYNC option")


def test_info(server: Server, client: RespClient) -> None:
    client.call("FUNCTION", "LOAD", library())
    info = server.info("memory")
    assert (info["number_of_functions"], info["number_of_libraries"]) == ("1", "1")
    assert int(info["used_memory_functions"]) > len(library())
    assert int(info["used_memory_vm_functions"]) > 10_000


def test_flushall_leaves_functions(client: RespClient) -> None:
    client.call("FUNCTION", "LOAD", library())
    client.call("FLUSHALL")
    assert client.call("FCALL", "f", 0) == 1


# From server to server


def test_dump_and_restore(client: RespClient) -> None:
    client.call("FUNCTION", "LOAD", library(body="return 'first'"))
    client.call("FUNCTION", "LOAD", library("other", "g", "return '" + "x" * 20_000 + "'"))
    dump = client.call("FUNCTION", "DUMP")
    assert client.call("FUNCTION", "RESTORE", dump) == ErrorReply(b"ERR Library lib already exists")
    client.call("FUNCTION", "FLUSH")
    assert client.call("FUNCTION", "RESTORE", dump) == b"OK"
    assert client.call("FCALL", "g", 0) == b"x" * 20_000
    client.call("FUNCTION", "LOAD", "REPLACE", library(body="return 'second'"))
    client.call("FUNCTION", "LOAD", library("third", "h"))
    assert client.call("FUNCTION", "RESTORE", dump, "REPLACE") == b"OK"
    assert client.call("FCALL", "f", 0) == b"first"
    assert sorted(names(client)) == [b"lib", b"other", b"third"]
    assert client.call("FUNCTION", "RESTORE", dump, "FLUSH") == b"OK"
    assert sorted(names(client)) == [b"lib", b"other"]
    assert client.call("FUNCTION", "RESTORE", dump, "X") == ErrorReply(
        b"ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE."
    )


def test_a_restore_that_fails_changes_nothing(client: RespClient) -> None:
    client.call("FUNCTION", "LOAD", library("a", "f", "return 'a'"))
    client.call("FUNCTION", "LOAD", library("b", "g", "return 'b'"))
    dump = client.call("FUNCTION", "DUMP")
    client.call("FUNCTION", "FLUSH")
    client.call("FUNCTION", "LOAD", library("c", "g", "return 'c'"))
    for policy in ("APPEND", "REPLACE"):
        assert client.call("FUNCTION", "RESTORE", dump, policy) == ErrorReply(b"ERR Function g already exists")
        assert names(client) == [b"c"]
        assert client.call("FCALL", "g", 0) == b"c"
        assert client.call("FCALL", "f", 0) == NOT_FOUND


def payload(body: bytes, version: int = 10) -> bytes:
    data = body + version.to_bytes(2, "little")
    return data + checksum(data).to_bytes(8, "little")


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", WRONG_PAYLOAD),
        (b"x" * 9, WRONG_PAYLOAD),
        (payload(b"")[:-1] + b"x", WRONG_PAYLOAD),
        (payload(b"", 200), WRONG_PAYLOAD),
        (payload(b"\xf4\x01x"), ErrorReply(b"ERR given type is not a function")),
        (payload(b"\xf6"), ErrorReply(b"ERR Pre-GA function format not supported")),
        (payload(b"\xf5"), None),
        (payload(b"\xf5\x05ab"), None),
        (payload(b"\xf5\x81\xff\xff\xff\xff\xff\xff\xff\xffab"), None),
        (payload(b"\xf5\xc3\x02\x80\xff\xff\xff\xff\x00a"), None),
        (payload(b"\xf5\xc3\x81\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00a"), None),
        (payload(b"\xf5\xff"), None),
        (payload(b"\xf5\xc0\x05"), None),
        (payload(b"\xf5\x03abc"), None),
    ],
)
def test_payloads_that_are_refused(client: RespClient, data: bytes, error: ErrorReply | None) -> None:
    reply = client.call("FUNCTION", "RESTORE", data)
    assert isinstance(reply, ErrorReply)
    assert error in (None, reply)
    assert names(client) == []


def test_a_library_that_does_not_end_is_not_restored(client: RespClient) -> None:
    text = code("redis.register_function('f', function() end) while true do end").encode()
    reply = client.call("FUNCTION", "RESTORE", payload(b"\xf5\x40" + bytes([len(text)]) + text))
    assert b"timeout" in reply.text
    assert names(client) == []


@pytest.mark.parametrize("size", [10, 60, 300, 20_000])
def test_dumps_go_both_ways(server: Server, peer: Server, client: RespClient, size: int) -> None:
    filler = "-- " + "".join(chr(97 + i * i % 26) for i in range(size)) + "\n"
    text = library(body="return 'there'").replace("\n", "\n" + filler, 1)
    for source, target in ((server, peer), (peer, server)):
        for each in (source, target):
            each.call("FUNCTION", "FLUSH")
        assert source.call("FUNCTION", "LOAD", text) == b"lib"
        assert target.call("FUNCTION", "RESTORE", source.call("FUNCTION", "DUMP")) == b"OK"
        assert target.call("FCALL", "f", 0) == b"there"
        assert target.call("FUNCTION", "LIST", "WITHCODE")[0][7] == text.encode()
    peer.call("FUNCTION", "FLUSH")


def test_debug_reload_beside_what_is_there(client: RespClient) -> None:
    client.call("FUNCTION", "LOAD", library())
    refused = client.call("DEBUG", "RELOAD", "NOFLUSH")
    assert refused == ErrorReply(b"ERR Error trying to load the RDB dump, check server logs.")
    assert client.call("DEBUG", "RELOAD", "NOFLUSH", "MERGE") == b"OK"
    assert names(client) == [b"lib"]
    assert client.call("FCALL", "f", 0) == 1
