"""What scripts have beside `redis`: cjson, cmsgpack, struct, bit, and Lua's own libraries where ours differ."""

import json
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import ErrorReply, RespClient, Server

SHARED_SERVER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)


def run(client: RespClient, body: str, *arguments: object) -> object:
    """Run a script; of an error only what went wrong."""
    reply = client.call("EVAL", body, 0, *arguments)
    if isinstance(reply, ErrorReply):
        return reply.text.split(b" script: ")[0].removeprefix(b"ERR ").removeprefix(b"user_script:1: ")
    return reply


# cjson


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("{}", b"{}"),
        ("{1,2,3}", b"[1,2,3]"),
        ("{1,nil,3}", b"[1,null,3]"),
        ("{a=1}", b'{"a":1}'),
        ("{[1]=1,a=2}", None),
        ("{[1.5]=1}", b'{"1.5":1}'),
        ("{[0]=1}", b'{"0":1}'),
        ("cjson.null", b"null"),
        ("nil", b"null"),
        ("true", b"true"),
        ("3", b"3"),
        ("-0.5", b"-0.5"),
        ("1e100", b"1e+100"),
        ("0.1+0.2", b"0.3"),
        ("2^53", b"9.007199254741e+15"),
        ("12345678901234", b"12345678901234"),
        ("'a\"b\\\\c/\\n\\t\\1\\127'", b'"a\\"b\\\\c\\/\\n\\t\\u0001\\u007f"'),
        ("'\\195\\164\\255'", b'"\xc3\xa4\xff"'),
        ("{[11]=1}", b"Cannot serialise table: excessively sparse array"),
        ("{[10]=1}", b"[null,null,null,null,null,null,null,null,null,1]"),
        ("{[true]=1}", b"Cannot serialise boolean: table key must be a number or string"),
        ("string.rep", b"Cannot serialise function: type not supported"),
        ("0/0", b"Cannot serialise number: must not be NaN or Inf"),
        ("1/0", b"Cannot serialise number: must not be NaN or Inf"),
    ],
)
def test_json_encoding(client: RespClient, value: str, text: bytes | None) -> None:
    if text is not None:
        assert run(client, f"return cjson.encode({value})") == text
    elif value == "{[1]=1,a=2}":
        assert json.loads(run(client, f"return cjson.encode({value})")) == {"1": 1, "a": 2}
    else:
        assert b"nonexistent global variable" in run(client, f"return cjson.encode({value})")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("[1, 2.5, -3e2]", b"[1,2.5,-300]"),
        ('{"a": {"b": [null, true, false]}}', b'{"a":{"b":[null,true,false]}}'),
        ('"\\u00e4\\u20ac\\ud83d\\ude00\\n\\/"', '"ä€😀\\n\\/"'.encode()),
        ('"\\u0000"', b'"\\u0000"'),
        (" \t\r\n1 ", b"1"),
        ("", b"Expected value but found T_END at character 1"),
        ("[1,]", b"Expected value but found T_ARR_END at character 4"),
        ("[1", b"Expected comma or array end but found T_END at character 3"),
        ('{"a" 1}', b"Expected colon but found T_NUMBER at character 6"),
        ('{"a":1,}', b"Expected object key string but found T_OBJ_END at character 8"),
        ("{1:2}", b"Expected object key string but found T_NUMBER at character 2"),
        ("1 2", b"Expected the end but found T_NUMBER at character 3"),
        ('"abc', b"Expected value but found unexpected end of string at character 5"),
        ('"a\\', b"Expected value but found invalid escape code at character 3"),
        ('"\\u12', b"Expected value but found invalid unicode escape code at character 2"),
        ('"\\ud800"', b"Expected value but found invalid unicode escape code at character 2"),
        ('"\\ud800\\u', b"Expected value but found invalid unicode escape code at character 2"),
        ("nul", b"Expected value but found invalid token at character 1"),
        ("[1}", b"Expected comma or array end but found T_OBJ_END at character 3"),
        ("\0\0[", b"JSON parser does not support UTF-16 or UTF-32"),
        ("[" * 1001, b"Found too many nested data structures (1001) at character 1001"),
    ],
)
def test_json_decoding(client: RespClient, text: str, seen: bytes) -> None:
    assert run(client, "return cjson.encode(cjson.decode(ARGV[1]))", text) == seen


@pytest.mark.parametrize("text", ["0x10", "010", "nan", "-inf", "Infinity", "+1", ".5", "-", "--1"])
def test_json_numbers_that_are_none(client: RespClient, text: str) -> None:
    body = "local j = cjson.new() j.decode_invalid_numbers(false) return tostring(pcall(j.decode, ARGV[1]))"
    assert run(client, body, text) == b"false"


def test_json_depth(client: RespClient) -> None:
    nest = "local t = {} for i = 2, %d do t = {t} end "
    assert run(client, nest % 1000 + "return #cjson.encode(t)") == 2000
    assert run(client, nest % 1001 + "return #cjson.encode(t)") == b"Cannot serialise, excessive nesting (1001)"
    assert run(client, "local t = {} t[1] = t return cjson.encode(t)") == b"Cannot serialise, excessive nesting (1001)"
    deep = "local j = cjson.new() j.encode_max_depth(2^31-1) j.decode_max_depth(2^31-1) "
    assert run(client, deep + nest % 100_000 + "return j.encode(t)").startswith(b"Cannot serialise, excessive nesting")
    reply = run(client, deep + "return j.decode(string.rep('[', 1e6))")
    assert reply.startswith(b"Found too many nested data structures")


def test_json_settings(client: RespClient) -> None:
    own = "local j = cjson.new() "
    assert run(client, own + "j.encode_sparse_array(true) return j.encode({[100]=1})") == b'{"100":1}'
    assert run(client, own + "return {j.encode_sparse_array(false, 3, 20)}") == [None, 3, 20]
    assert run(client, own + "j.encode_number_precision(3) return j.encode(3.14159)") == b"3.14"
    assert run(client, own + "j.encode_invalid_numbers('null') return j.encode({1/0})") == b"[null]"
    assert run(client, own + "j.encode_invalid_numbers(true) return j.encode({0/0, 1/0, -1/0})") == b"[nan,inf,-inf]"
    assert run(client, own + "return j.encode_max_depth(5)") == 5
    assert b"expected integer between 1 and 2147483647" in run(client, own + "j.encode_max_depth(0)")
    assert b"expected integer between 1 and 14" in run(client, own + "j.encode_number_precision(15)")
    assert b"invalid option 'x'" in run(client, own + "j.encode_invalid_numbers('x')")
    assert b"expected 1 argument" in run(client, "return cjson.encode(1, 2)")
    assert b"found too many arguments" in run(client, own + "j.encode_max_depth(1, 2)")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**13), 10**13) | st.text(),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=4) | st.dictionaries(st.text(min_size=1), inner, min_size=1, max_size=4)
    ),
    max_leaves=20,
)


@SHARED_SERVER
@given(value=VALUES)
def test_json_there_and_back(server: Server, value: object) -> None:
    text = json.dumps(value)
    reply = server.call("EVAL", "return cjson.encode(cjson.decode(ARGV[1]))", 0, text)
    assert isinstance(reply, bytes)
    assert json.loads(reply) == value


@SHARED_SERVER
@given(text=st.binary(max_size=60) | st.text(alphabet='[]{}:,"\\u0123ade -.\n', max_size=60).map(str.encode))
def test_json_of_anything(server: Server, text: bytes) -> None:
    reply = server.call("EVAL", "local ok, v = pcall(cjson.decode, ARGV[1]) return tostring(ok)", 0, text)
    assert reply in (b"true", b"false")
    try:
        json.loads(text)
    except (ValueError, UnicodeDecodeError):
        return
    assert reply == b"true"


# cmsgpack


@pytest.mark.parametrize(
    ("value", "packed"),
    [
        ("nil", b"\xc0"),
        ("true", b"\xc3"),
        ("false", b"\xc2"),
        ("0", b"\0"),
        ("127", b"\x7f"),
        ("128", b"\xcc\x80"),
        ("-1", b"\xff"),
        ("-32", b"\xe0"),
        ("-33", b"\xd0\xdf"),
        ("-129", b"\xd1\xff\x7f"),
        ("65535", b"\xcd\xff\xff"),
        ("65536", b"\xce\0\1\0\0"),
        ("2^32", b"\xcf\0\0\0\1\0\0\0\0"),
        ("-2^31", b"\xd2\x80\0\0\0"),
        ("-2^31-1", b"\xd3" + struct.pack(">q", -(2**31) - 1)),
        ("-2^63", b"\xd3\x80\0\0\0\0\0\0\0"),
        ("2^63", b"\xca" + struct.pack(">f", 2.0**63)),
        ("0.5", b"\xca" + struct.pack(">f", 0.5)),
        ("0.1", b"\xcb" + struct.pack(">d", 0.1)),
        ("1e300", b"\xcb" + struct.pack(">d", 1e300)),
        ("1/0", b"\xca" + struct.pack(">f", float("inf"))),
        ("''", b"\xa0"),
        ("string.rep('x', 31)", b"\xbf" + b"x" * 31),
        ("string.rep('x', 32)", b"\xd9\x20" + b"x" * 32),
        ("string.rep('x', 256)", b"\xda\1\0" + b"x" * 256),
        ("string.rep('x', 65536)", b"\xdb\0\1\0\0" + b"x" * 65536),
        ("{}", b"\x90"),
        ("{1,2}", b"\x92\1\2"),
        ("{a=1}", b"\x81\xa1a\1"),
        ("{[2]=1}", b"\x81\2\1"),
        ("string.rep", b"\xc0"),
    ],
)
def test_msgpack(client: RespClient, value: str, packed: bytes) -> None:
    assert run(client, f"return cmsgpack.pack({value})") == packed
    if value not in ("string.rep", "nil"):
        same = f"local a = {value} local b = cmsgpack.unpack(cmsgpack.pack(a)) return tostring(a == b or type(b))"
        assert run(client, same) in (b"true", b"table")


def test_msgpack_nesting(client: RespClient) -> None:
    assert run(client, "local t = {} t[1] = t return cmsgpack.pack(t)") == b"\x91" * 16 + b"\xc0"
    many = "return #cmsgpack.pack(unpack({1,2,3}))"
    assert run(client, many) == 3
    assert run(client, "return {cmsgpack.unpack(cmsgpack.pack(1, 'a', {2}))}") == [1, b"a", [2]]
    assert b"MessagePack pack needs input" in run(client, "return cmsgpack.pack()")


@pytest.mark.parametrize(
    ("call", "reply"),
    [
        ("unpack_one('\\1\\2\\3')", [1, 1]),
        ("unpack_one('\\1\\2\\3', 2)", [-1, 3]),
        ("unpack_limit('\\1\\2\\3', 2)", [2, 1, 2]),
        ("unpack_limit('\\1\\2\\3', 2, 1)", [-1, 2, 3]),
        ("unpack_one('\\1', 5)", b"Start offset 5 greater than input length 1."),
        ("unpack_one('\\1', -1)", b"Invalid request to unpack with offset of -1 and limit of 1."),
        ("unpack_limit('\\1', -1)", b"Invalid request to unpack with offset of 0 and limit of 1."),
    ],
)
def test_msgpack_in_parts(client: RespClient, call: str, reply: object) -> None:
    assert run(client, f"return {{cmsgpack.{call}}}") == reply


@pytest.mark.parametrize(
    "data",
    [
        b"\xa5abc", b"\xd9", b"\xd9\xffabc", b"\xdb\xff\xff\xff\xffabc", b"\xcf\0", b"\xca", b"\x92\1",
        b"\xdc\xff\xff\1",
        b"\xdd\xff\xff\xff\xff\1", b"\xdf\xff\xff\xff\xff\1\2", b"\x81\xc0\1", b"\xc1", b"\xc7\1\1x", b"\xd4\1x",
        b"\x91" * 100_000, b"\x81\1" * 100_000, b"\xdd\x7f\xff\xff\xff" * 20_000, b"\x81\xcb\x7f\xf8\0\0\0\0\0\0\1",
    ],
    ids=repr,
)  # fmt: skip
def test_msgpack_that_is_damaged(client: RespClient, data: bytes) -> None:
    reply = client.call("EVAL", "return cmsgpack.unpack(ARGV[1])", 0, data)
    assert isinstance(reply, ErrorReply)
    assert client.call("EVAL", "return cmsgpack.unpack(ARGV[1])", 0, b"\x2a") == 42


@SHARED_SERVER
@given(data=st.binary(max_size=200))
def test_msgpack_of_anything(server: Server, data: bytes) -> None:
    reply = server.call("EVAL", "local ok = pcall(cmsgpack.unpack, ARGV[1]) return tostring(ok)", 0, data)
    assert reply in (b"true", b"false")


# struct


@pytest.mark.parametrize(
    ("format", "arguments", "packed"),
    [
        (">I2", "258", b"\1\2"),
        ("<I2", "258", b"\2\1"),
        ("<i1i2i4i8", "-1,-2,-3,-4", struct.pack("<bhiq", -1, -2, -3, -4)),
        ("bBhHlLT", "-1,255,-2,65535,-3,3,4", struct.pack("<bBhHqQQ", -1, 255, -2, 65535, -3, 3, 4)),
        (">fd", "0.5,0.1", struct.pack(">fd", 0.5, 0.1)),
        ("s", "'abc'", b"abc\0"),
        ("c0", "'abc'", b"abc"),
        ("c2", "'abc'", b"ab"),
        ("x", "", b"\0"),
        ("!4 b i4", "1,2", b"\1\0\0\0\2\0\0\0"),
        ("!8bd", "1,0.5", b"\1" + b"\0" * 7 + struct.pack("<d", 0.5)),
        (">i3", "-2", b"\xff\xff\xfe"),
        ("<i16", "5", b"\5" + b"\0" * 15),
        ("I", "2^32+7", b"\7\0\0\0"),
        ("i4", "1e300", b"\0\0\0\0"),
    ],
)
def test_struct(client: RespClient, format: str, arguments: str, packed: bytes) -> None:
    call = f"struct.pack('{format}'{',' if arguments else ''}{arguments})"
    assert run(client, f"return {call}") == packed
    if "s" not in format and "c0" not in format:
        assert run(client, f"return struct.size('{format}')") == len(packed)
    if arguments and "1e300" not in arguments and "2^32" not in arguments and "c0" not in format:
        body = f"local p = {call} local v = {{struct.unpack('{format}', p)}} return {{#p + 1 == v[#v], #v}}"
        assert run(client, body) == [1, arguments.count(",") + 2]


@pytest.mark.parametrize(
    ("call", "reply"),
    [
        ("pack('i33', 1)", b"integral size 33 is larger than limit of 32"),
        ("pack('i99999999999', 1)", b"integral size overflow"),
        ("pack('c2147483648', 'x')", b"integral size overflow"),
        ("pack('c10', 'x')", b"bad argument #3 to 'pack' (string too short)"),
        ("pack('!3')", b"alignment 3 is not a power of 2"),
        ("pack('!0')", b"alignment 0 is not a power of 2"),
        ("pack('z')", b"bad argument #1 to 'pack' (invalid format option 'z')"),
        ("pack('i4')", b"bad argument #2 to 'pack' (number expected, got nil)"),
        ("pack('s')", b"bad argument #2 to 'pack' (string expected, got nil)"),
        ("unpack('i4', 'abc')", b"bad argument #2 to 'unpack' (data string too short)"),
        ("unpack('i4', 'abcd', 2)", b"bad argument #2 to 'unpack' (data string too short)"),
        ("unpack('i4', 'abcd', 0)", b"bad argument #3 to 'unpack' (offset must be 1 or greater)"),
        ("unpack('i4', 'abcd', -1)", b"bad argument #2 to 'unpack' (data string too short)"),
        ("unpack('i4', 'abcd', 2^62)", b"bad argument #2 to 'unpack' (data string too short)"),
        ("unpack('s', 'abc')", b"unfinished string in data"),
        ("unpack('c0', 'abc')", b"format 'c0' needs a previous size"),
        ("unpack('bc0', '\\9abc')", b"bad argument #2 to 'unpack' (data string too short)"),
        ("unpack('dc0', struct.pack('d', -1))", b"bad argument #2 to 'unpack' (data string too short)"),
        ("unpack('dc0', struct.pack('d', 0/0))", b"bad argument #2 to 'unpack' (data string too short)"),
        ("unpack('c2147483647', 'x')", b"bad argument #2 to 'unpack' (data string too short)"),
        ("size('s')", b"bad argument #1 to 'size' (option 's' has no fixed size)"),
        ("size('c0')", b"bad argument #1 to 'size' (option 'c0' has no fixed size)"),
        ("unpack('bc0', '\\2abc')", b"ab"),
        ("unpack('>i3', '\\255\\255\\254')", -2),
        ("unpack('>I8', string.rep('\\255', 8))", -(2**63)),
        ("size(string.rep('c2147483647', 4))", 4 * (2**31 - 1)),
    ],
)
def test_struct_edges(client: RespClient, call: str, reply: object) -> None:
    assert run(client, f"return (struct.{call})") == reply


@SHARED_SERVER
@given(
    format=st.text(alphabet="<>=!bBhHlLTiIfdscx 01234589", max_size=12),
    data=st.binary(max_size=40),
    start=st.integers(-3, 45),
)
def test_struct_of_anything(server: Server, format: str, data: bytes, start: int) -> None:
    body = """
        local ok = pcall(struct.unpack, ARGV[1], ARGV[2], tonumber(ARGV[3]))
        pcall(struct.size, ARGV[1])
        pcall(struct.pack, ARGV[1], 1, 2, 3, ARGV[2], 4, 5)
        return tostring(ok)
    """
    assert server.call("EVAL", body, 0, format, data, start) in (b"true", b"false")


def test_struct_of_very_much(client: RespClient) -> None:
    assert run(client, "return #struct.pack(string.rep('x', 1e6))") == 1_000_000
    assert run(client, "return struct.pack(string.rep('i', 1e6))").endswith(b"(number expected, got nil)")
    assert run(client, "return {struct.unpack(string.rep('b', 1e5), string.rep('x', 1e5))}").startswith(
        b"stack overflow"
    )


# bit


@pytest.mark.parametrize(
    ("call", "reply"),
    [
        ("tobit(0xffffffff)", -1),
        ("tobit(2^32 + 5)", 5),
        ("tobit(2^53)", 0),
        ("tobit(-1)", -1),
        ("tobit('0x10')", 16),
        ("bnot(0)", -1),
        ("band(0xff, 0x0f, 7)", 7),
        ("bor(1, 2, 4)", 7),
        ("bxor(0xff, 0x0f)", 0xF0),
        ("lshift(1, 31)", -(2**31)),
        ("lshift(1, 32)", 1),
        ("rshift(-1, 28)", 15),
        ("arshift(-256, 4)", -16),
        ("arshift(2^31, 31)", -1),
        ("rol(0x12345678, 12)", 0x45678123),
        ("ror(0x12345678, 12)", 0x67812345),
        ("rol(1, 0)", 1),
        ("ror(1, 32)", 1),
        ("bswap(0x12345678)", 0x78563412),
        ("tohex(1)", b"00000001"),
        ("tohex(-1, 4)", b"ffff"),
        ("tohex(255, -4)", b"00FF"),
        ("tohex(1, 0)", b""),
        ("tohex(65535, 100)", b"0000ffff"),
        ("tohex(65535, -2147483648)", b"0000FFFF"),
        ("tobit({})", b"bad argument #1 to 'tobit' (number expected, got table)"),
        ("band()", b"bad argument #1 to 'band' (number expected, got no value)"),
    ],
)
def test_bit(client: RespClient, call: str, reply: object) -> None:
    assert run(client, f"return bit.{call}") == reply


# Lua's own


@pytest.mark.parametrize(
    ("body", "reply"),
    [
        ("return {unpack({1,2,3}, 2)}", [2, 3]),
        ("return {unpack({1,2,3}, 3, 2)}", []),
        ("return {unpack({}, 1, 1e8)}", b"too many results to unpack"),
        ("return {unpack({}, -2147483648, 2147483647)}", b"too many results to unpack"),
        ("return {unpack({}, 0, 2^31 - 1)}", b"too many results to unpack"),
        ("return select('#', unpack({}, 1, 7900))", 7900),
        ("return string.rep('ab', 3)", b"ababab"),
        ("return string.rep('ab', -1)", b""),
        ("return #string.rep('', 2^31 - 1)", 0),
        ("return string.rep(string.rep('x', 1e6), 1e6)", b"Error running"),
        ("local t = {1,2} table.insert(t, 2, 9) return t", [1, 9, 2]),
        ("local t = {1,2} table.insert(t, 9) return t", [1, 2, 9]),
        ("local t = {1,2} table.insert(t, 0, 9) return {t[0], t[1], t[2], t[3]}", [9]),
        ("local t = {1,2} table.insert(t, -1, 9) return {t[-1], t[0] or 0, t[2], t[3]}", [9, 0, 1, 2]),
        ("table.insert({}, -2^31, 1)", b"bad argument #2 to 'insert' (position out of bounds)"),
        ("table.insert({}, 1, 2, 3)", b"wrong number of arguments to 'insert'"),
        ("return {loadstring('return 5')()}", [5]),
        ("return {loadstring('x x')}", []),
        ("local n = 0 return load(function() n = n + 1 return ({'return ', '7'})[n] end)()", 7),
        ("return {math.random(5, 5), math.random(1)}", [5, 1]),
        ("return math.random(0)", b"bad argument #1 to 'random' (interval is empty)"),
        ("return math.random(2, 1)", b"bad argument #2 to 'random' (interval is empty)"),
        ("return type(os.clock())", b"number"),
        ("return string.find('a.b', '.', 1, true)", 2),
        ("return ('abc'):upper()", b"ABC"),
        ("return collectgarbage('count') > 10", 1),
        ("return {collectgarbage(), collectgarbage('stop'), collectgarbage('setpause', 1)}", [0, 0, 0]),
        ("return collectgarbage('x')", b"bad argument #1 to 'collectgarbage' (invalid option 'x')"),
        ("local n = 0 for _ in pairs(bit) do n = n + 1 end return n", 12),
        ("local n = 0 table.foreach(bit, function() n = n + 1 end) return n", 12),
        (
            "local co = coroutine.wrap(function(a) return coroutine.yield(a + 1) * 2 end) return {co(1), co(5)}",
            [2, 10],
        ),
        ("return coroutine.wrap(function() return redis.call('echo', 'x') end)()", b"x"),
        ("return {coroutine.resume(coroutine.create(function() error('x') end))}", [None, b"user_script:1: x"]),
    ],
)
def test_lua(client: RespClient, body: str, reply: object) -> None:
    seen = run(client, body)
    assert seen == reply or (reply == b"Error running" and b"not enough memory" in seen)


def test_the_same_seed_gives_redis_numbers(server: Server, peer: Server) -> None:
    body = "math.randomseed(tonumber(ARGV[1])) return {math.random(2^30), math.random(1000), math.random(5, 9)}"
    for seed in (0, 1, 42, -7, 2**31 - 1):
        assert server.call("EVAL", body, 0, seed) == peer.call("EVAL", body, 0, seed)


def test_no_library_reads_outside_the_package() -> None:
    """What scripts reach of files is nothing: Lua's own io, os and package are not even opened."""
    source = (Path(__file__).parents[2] / "pyrite" / "core" / "lua.py").read_text()
    assert not {"luaopen_io", "luaopen_os", "luaopen_package", "luaopen_debug"} & set(source.split('"'))
