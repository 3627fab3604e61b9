"""Lua library `cjson`: JSON.

Encoding: a table whose keys are all positive integers is an array, holes in it null, any other table an object; an
empty table is an object. An array more than `sparse_ratio` times as long as it has elements, and longer than
`sparse_safe`, is refused or becomes an object. Numbers have 14 significant digits. Decoding: null is the light
userdata `cjson.null`.

Settings are those of the Lua state: one script's change is the next one's setting, as in Redis.

Interface: lua-cjson 2.1 of Mark Pulford, kyne.au/~mark/software/lua-cjson-manual.html. Specification: RFC 8259.
"""

import cython
from cython.cimports.libc.string import strncmp
from cython.cimports.posix.strings import strncasecmp
from cython.cimports.pyrite.core.lua import (
    LUA_BOOLEAN,
    LUA_LIGHT_USERDATA,
    LUA_NIL,
    LUA_NUMBER,
    LUA_STRING,
    LUA_TABLE,
    LUA_UPVALUES,
    LuaBuffer,
    LuaFunction,
    LuaState,
    lua,
    lua_buffer_byte,
    lua_buffer_grow,
    lua_buffer_put,
    lua_buffer_start,
    lua_pop,
    lua_set_string,
)

_written = cython.declare(LuaBuffer)
_text = cython.declare(LuaBuffer)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _settings(L: cython.pointer[LuaState]) -> cython.pointer[Settings]:
    return cython.cast(cython.pointer[Settings], lua.touserdata(L, LUA_UPVALUES - 1))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _one_argument(L: cython.pointer[LuaState]) -> cython.void:
    if lua.gettop(L) != 1:
        lua.L_argerror(L, 1, b"expected 1 argument")


# Encoding


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _refuse(L: cython.pointer[LuaState], kind: cython.int, why: cython.p_const_char) -> cython.void:
    """Raise: a value of this type cannot be written."""
    lua.L_where(L, 1)
    lua.pushstring(L, b"Cannot serialise ")
    if kind == LUA_NUMBER:
        lua.pushstring(L, b"number")
    elif kind == LUA_TABLE:
        lua.pushstring(L, b"table")
    elif kind == LUA_BOOLEAN:
        lua.pushstring(L, b"boolean")
    elif kind == LUA_LIGHT_USERDATA or kind == 7:
        lua.pushstring(L, b"userdata")
    elif kind == 6:
        lua.pushstring(L, b"function")
    else:
        lua.pushstring(L, b"thread")
    lua.pushstring(L, b": ")
    lua.pushstring(L, why)
    lua.concat(L, 5)
    lua.error(L)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put(L: cython.pointer[LuaState], text: cython.p_const_char, n: cython.size_t) -> cython.void:
    lua_buffer_put(L, cython.address(_written), text, n)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_byte(L: cython.pointer[LuaState], c: cython.char) -> cython.void:
    lua_buffer_byte(L, cython.address(_written), c)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _short_escape(c: cython.uchar) -> cython.char:
    """The letter that stands for this character behind a backslash; 0 for none, 1 where it takes a code."""
    if c == 34 or c == 92 or c == 47:
        return c
    if c == 8:
        return 98
    if c == 9:
        return 116
    if c == 10:
        return 110
    if c == 12:
        return 102
    if c == 13:
        return 114
    return 1 if c < 32 or c == 127 else 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _write_string(L: cython.pointer[LuaState], at: cython.int) -> cython.void:
    n: cython.size_t = 0
    i: cython.size_t
    start: cython.size_t = 0
    escape: cython.char
    code: cython.char[8]
    p: cython.p_const_char = lua.tolstring(L, at, cython.address(n))
    _put_byte(L, 34)
    for i in range(n):
        escape = _short_escape(p[i])
        if escape == 0:
            continue
        _put(L, p + start, i - start)
        start = i + 1
        if escape == 1:
            snprintf(code, 8, b"\\u%04x", cython.cast(cython.int, p[i]))
            _put(L, code, 6)
        else:
            _put_byte(L, 92)
            _put_byte(L, escape)
    _put(L, p + start, n - start)
    _put_byte(L, 34)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _write_number(L: cython.pointer[LuaState], s: cython.pointer[Settings], v: cython.double) -> cython.void:
    text: cython.char[64]
    if isnan(v) or isinf(v):
        if s.encode_invalid == INVALID_REFUSED:
            _refuse(L, LUA_NUMBER, b"must not be NaN or Inf")
        if s.encode_invalid == INVALID_NULL:
            _put(L, b"null", 4)
            return
        if isnan(v):
            _put(L, b"nan", 3)
            return
    n: cython.int = snprintf(text, 64, b"%.*g", s.precision, v)
    _put(L, text, n)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _array_length(L: cython.pointer[LuaState], s: cython.pointer[Settings]) -> cython.longlong:
    """The length of the table on top of the stack as an array; -1 where it is an object."""
    highest: cython.double = 0
    v: cython.double
    items: cython.longlong = 0
    lua.pushnil(L)
    while lua.next(L, -2):
        v = lua.tonumber(L, -2) if lua.type(L, -2) == LUA_NUMBER else 0
        if not (v >= 1 and v <= 2147483647 and floor(v) == v):
            lua_pop(L, 2)
            return -1
        if v > highest:
            highest = v
        items += 1
        lua_pop(L, 1)
    if s.sparse_ratio > 0 and highest > items * s.sparse_ratio and highest > s.sparse_safe:
        if not s.sparse_convert:
            _refuse(L, LUA_TABLE, b"excessively sparse array")
        return -1
    return cython.cast(cython.longlong, highest)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _write_table(L: cython.pointer[LuaState], s: cython.pointer[Settings], depth: cython.int) -> cython.void:
    i: cython.longlong
    if depth > s.encode_depth or not lua.checkstack(L, 4):
        lua.L_where(L, 1)
        lua.pushstring(L, b"Cannot serialise, excessive nesting (")
        lua.pushnumber(L, depth)
        lua.pushstring(L, b")")
        lua.concat(L, 4)
        lua.error(L)
    length: cython.longlong = _array_length(L, s)
    if length <= 0:
        _write_object(L, s, depth)
        return
    _put_byte(L, 91)
    for i in range(1, length + 1):
        if i > 1:
            _put_byte(L, 44)
        lua.rawgeti(L, -1, cython.cast(cython.int, i))
        _write_value(L, s, depth)
        lua_pop(L, 1)
    _put_byte(L, 93)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _write_object(L: cython.pointer[LuaState], s: cython.pointer[Settings], depth: cython.int) -> cython.void:
    first: cython.bint = True
    kind: cython.int
    _put_byte(L, 123)
    lua.pushnil(L)
    while lua.next(L, -2):
        if not first:
            _put_byte(L, 44)
        first = False
        kind = lua.type(L, -2)
        if kind == LUA_NUMBER:
            _put_byte(L, 34)
            _write_number(L, s, lua.tonumber(L, -2))
            _put_byte(L, 34)
        elif kind == LUA_STRING:
            _write_string(L, -2)
        else:
            _refuse(L, kind, b"table key must be a number or string")
        _put_byte(L, 58)
        _write_value(L, s, depth)
        lua_pop(L, 1)
    _put_byte(L, 125)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _write_value(L: cython.pointer[LuaState], s: cython.pointer[Settings], depth: cython.int) -> cython.void:
    """Write the value on top of the stack, and leave it there."""
    kind: cython.int = lua.type(L, -1)
    if kind == LUA_STRING:
        _write_string(L, -1)
    elif kind == LUA_NUMBER:
        _write_number(L, s, lua.tonumber(L, -1))
    elif kind == LUA_BOOLEAN:
        if lua.toboolean(L, -1):
            _put(L, b"true", 4)
        else:
            _put(L, b"false", 5)
    elif kind == LUA_TABLE:
        _write_table(L, s, depth + 1)
    elif kind == LUA_NIL or (kind == LUA_LIGHT_USERDATA and lua.touserdata(L, -1) == cython.NULL):
        _put(L, b"null", 4)
    else:
        _refuse(L, kind, b"type not supported")


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _encode(L: cython.pointer[LuaState]) -> cython.int:
    _one_argument(L)
    lua_buffer_start(cython.address(_written))
    _write_value(L, _settings(L), 0)
    lua.pushlstring(L, _written.p, _written.n)
    return 1


# Tokens of what is decoded


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _wrong(j: cython.pointer[Parser], problem: cython.p_const_char) -> cython.void:
    j.token = TOKEN_ERROR
    j.problem = problem
    j.at = j.p - j.data


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _hex4(p: cython.p_const_char) -> cython.int:
    """The number of four hexadecimal digits; -1 where they are none."""
    v: cython.int = 0
    i: cython.int
    c: cython.char
    for i in range(4):
        c = p[i]
        if 48 <= c <= 57:
            v = v * 16 + c - 48
        elif 97 <= (c | 32) <= 102:
            v = v * 16 + (c | 32) - 87
        else:
            return -1
    return v


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_utf8(code: cython.int) -> cython.void:
    """Add a character to the text, which has room for it: what stands for it is longer."""
    out: cython.p_char = _text.p + _text.n
    if code < 0x80:
        out[0] = code
        _text.n += 1
    elif code < 0x800:
        out[0] = cython.cast(cython.char, 0xC0 | code >> 6)
        out[1] = cython.cast(cython.char, 0x80 | code & 63)
        _text.n += 2
    elif code < 0x10000:
        out[0] = cython.cast(cython.char, 0xE0 | code >> 12)
        out[1] = cython.cast(cython.char, 0x80 | code >> 6 & 63)
        out[2] = cython.cast(cython.char, 0x80 | code & 63)
        _text.n += 3
    else:
        out[0] = cython.cast(cython.char, 0xF0 | code >> 18)
        out[1] = cython.cast(cython.char, 0x80 | code >> 12 & 63)
        out[2] = cython.cast(cython.char, 0x80 | code >> 6 & 63)
        out[3] = cython.cast(cython.char, 0x80 | code & 63)
        _text.n += 4


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _unicode_escape(j: cython.pointer[Parser]) -> cython.bint:
    """Take a backslash, u and four digits, two such for a character outside of the basic plane."""
    low: cython.int
    code: cython.int = _hex4(j.p + 2)
    if code < 0:
        return False
    if code & 0xF800 != 0xD800:
        j.p += 6
        _put_utf8(code)
        return True
    if code & 0x400 or j.p[6] != 92 or j.p[7] != 117:
        return False
    low = _hex4(j.p + 8)
    if low < 0 or low & 0xFC00 != 0xDC00:
        return False
    j.p += 12
    _put_utf8(((code & 0x3FF) << 10 | low & 0x3FF) + 0x10000)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _unescaped(c: cython.char) -> cython.char:
    """What a letter behind a backslash stands for; 0 for nothing."""
    if c == 34 or c == 92 or c == 47:
        return c
    if c == 98:
        return 8
    if c == 102:
        return 12
    if c == 110:
        return 10
    if c == 114:
        return 13
    return 9 if c == 116 else 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _string_token(j: cython.pointer[Parser]) -> cython.void:
    """Take a string into the text buffer, which is as large as all of the input."""
    c: cython.char
    j.p += 1
    _text.n = 0
    while j.p[0] != 34:
        c = j.p[0]
        if c == 0:
            _wrong(j, b"unexpected end of string")
            return
        if c == 92:
            if j.p[1] == 117:
                if not _unicode_escape(j):
                    _wrong(j, b"invalid unicode escape code")
                    return
                continue
            c = _unescaped(j.p[1])
            if c == 0:
                _wrong(j, b"invalid escape code")
                return
            j.p += 1
        _text.p[_text.n] = c
        _text.n += 1
        j.p += 1
    j.p += 1
    j.token = TOKEN_STRING


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _number_token(j: cython.pointer[Parser]) -> cython.void:
    end: cython.p_char = cython.NULL
    j.number = strtod(j.p, cython.address(end))
    if cython.cast(cython.p_const_char, end) == j.p:
        _wrong(j, b"invalid number")
        return
    j.p = end
    j.token = TOKEN_NUMBER


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _is_invalid_number(p: cython.p_const_char) -> cython.bint:
    """Tell whether what begins here is a number to strtod, but none to JSON."""
    if p[0] == 43:
        return True
    if p[0] == 45:
        p += 1
    if p[0] == 48:
        return p[1] | 32 == 120 or 48 <= p[1] <= 57
    if p[0] <= 57:
        return False
    return strncasecmp(p, b"inf", 3) == 0 or strncasecmp(p, b"nan", 3) == 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _word_token(j: cython.pointer[Parser]) -> cython.void:
    """A number, true, false or null."""
    c: cython.char = j.p[0]
    if c == 45 or 48 <= c <= 57:
        if not j.settings.decode_invalid and _is_invalid_number(j.p):
            _wrong(j, b"invalid number")
        else:
            _number_token(j)
    elif strncmp(j.p, b"true", 4) == 0:
        j.token = TOKEN_BOOLEAN
        j.number = 1
        j.p += 4
    elif strncmp(j.p, b"false", 5) == 0:
        j.token = TOKEN_BOOLEAN
        j.number = 0
        j.p += 5
    elif strncmp(j.p, b"null", 4) == 0:
        j.token = TOKEN_NULL
        j.p += 4
    elif j.settings.decode_invalid and _is_invalid_number(j.p):
        _number_token(j)
    else:
        _wrong(j, b"invalid token")


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _next_token(j: cython.pointer[Parser]) -> cython.void:
    while j.p[0] == 32 or 9 <= j.p[0] <= 10 or j.p[0] == 13:
        j.p += 1
    c: cython.char = j.p[0]
    j.at = j.p - j.data
    if c == 0:
        j.token = TOKEN_END
    elif c == 34:
        _string_token(j)
    elif c == 123 or c == 125 or c == 91 or c == 93 or c == 58 or c == 44:
        j.token = c
        j.p += 1
    else:
        _word_token(j)


# Values of what is decoded


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _found(j: cython.pointer[Parser]) -> cython.p_const_char:
    """What an error calls the last token."""
    if j.token == TOKEN_ERROR:
        return j.problem
    if j.token == TOKEN_END:
        return b"T_END"
    if j.token == TOKEN_STRING:
        return b"T_STRING"
    if j.token == TOKEN_NUMBER:
        return b"T_NUMBER"
    if j.token == TOKEN_BOOLEAN:
        return b"T_BOOLEAN"
    if j.token == TOKEN_NULL:
        return b"T_NULL"
    if j.token == 123:
        return b"T_OBJ_BEGIN"
    if j.token == 125:
        return b"T_OBJ_END"
    if j.token == 91:
        return b"T_ARR_BEGIN"
    if j.token == 93:
        return b"T_ARR_END"
    return b"T_COLON" if j.token == 58 else b"T_COMMA"


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _unexpected(L: cython.pointer[LuaState], j: cython.pointer[Parser], wanted: cython.p_const_char) -> cython.void:
    """Raise: the last token is not what must stand here."""
    lua.L_where(L, 1)
    lua.pushstring(L, b"Expected ")
    lua.pushstring(L, wanted)
    lua.pushstring(L, b" but found ")
    lua.pushstring(L, _found(j))
    lua.pushstring(L, b" at character ")
    lua.pushnumber(L, cython.cast(cython.double, j.at + 1))
    lua.concat(L, 7)
    lua.error(L)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _descend(L: cython.pointer[LuaState], j: cython.pointer[Parser]) -> cython.void:
    j.depth += 1
    if j.depth <= j.settings.decode_depth and lua.checkstack(L, 8):
        return
    lua.L_where(L, 1)
    lua.pushstring(L, b"Found too many nested data structures (")
    lua.pushnumber(L, j.depth)
    lua.pushstring(L, b") at character ")
    lua.pushnumber(L, cython.cast(cython.double, j.p - j.data))
    lua.concat(L, 5)
    lua.error(L)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _read_object(L: cython.pointer[LuaState], j: cython.pointer[Parser]) -> cython.void:
    _descend(L, j)
    lua.createtable(L, 0, 0)
    _next_token(j)
    while j.token != 125:
        if j.token != TOKEN_STRING:
            _unexpected(L, j, b"object key string")
        lua.pushlstring(L, _text.p, _text.n)
        _next_token(j)
        if j.token != 58:
            _unexpected(L, j, b"colon")
        _next_token(j)
        _read_value(L, j)
        lua.rawset(L, -3)
        _next_token(j)
        if j.token == 44:
            _next_token(j)
            if j.token == 125:
                _unexpected(L, j, b"object key string")
        elif j.token != 125:
            _unexpected(L, j, b"comma or object end")
    j.depth -= 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _read_array(L: cython.pointer[LuaState], j: cython.pointer[Parser]) -> cython.void:
    i: cython.int = 1
    _descend(L, j)
    lua.createtable(L, 0, 0)
    _next_token(j)
    if j.token == 93:
        j.depth -= 1
        return
    while True:
        _read_value(L, j)
        lua.rawseti(L, -2, i)
        i += 1
        _next_token(j)
        if j.token == 93:
            j.depth -= 1
            return
        if j.token != 44:
            _unexpected(L, j, b"comma or array end")
        _next_token(j)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _read_value(L: cython.pointer[LuaState], j: cython.pointer[Parser]) -> cython.void:
    """Push the value that the last token begins."""
    if j.token == TOKEN_STRING:
        lua.pushlstring(L, _text.p, _text.n)
    elif j.token == TOKEN_NUMBER:
        lua.pushnumber(L, j.number)
    elif j.token == TOKEN_BOOLEAN:
        lua.pushboolean(L, j.number != 0)
    elif j.token == 123:
        _read_object(L, j)
    elif j.token == 91:
        _read_array(L, j)
    elif j.token == TOKEN_NULL:
        lua.pushlightuserdata(L, cython.NULL)
    else:
        _unexpected(L, j, b"value")


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _decode(L: cython.pointer[LuaState]) -> cython.int:
    j: Parser
    n: cython.size_t = 0
    _one_argument(L)
    j.data = j.p = lua.L_checklstring(L, 1, cython.address(n))
    j.settings = _settings(L)
    j.depth = 0
    if n >= 2 and (j.data[0] == 0 or j.data[1] == 0):
        lua.L_where(L, 1)
        lua.pushstring(L, b"JSON parser does not support UTF-16 or UTF-32")
        lua.concat(L, 2)
        return lua.error(L)
    lua_buffer_start(cython.address(_text))
    lua_buffer_grow(L, cython.address(_text), n + 1)
    _next_token(cython.address(j))
    _read_value(L, cython.address(j))
    _next_token(cython.address(j))
    if j.token != TOKEN_END:
        _unexpected(L, cython.address(j), b"the end")
    return 1


# Settings


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _arguments(L: cython.pointer[LuaState], n: cython.int) -> cython.pointer[Settings]:
    """The settings, with `n` arguments on the stack."""
    if lua.gettop(L) > n:
        lua.L_argerror(L, n + 1, b"found too many arguments")
    lua.settop(L, n)
    return _settings(L)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _set_integer(
    L: cython.pointer[LuaState],
    at: cython.int,
    setting: cython.pointer[cython.int],
    lowest: cython.int,
    highest: cython.int,
) -> cython.int:
    """Take a number from the arguments, if it is there, and push what holds now."""
    text: cython.char[64]
    if lua.type(L, at) != LUA_NIL:
        v: cython.Py_ssize_t = lua.L_checkinteger(L, at)
        if not lowest <= v <= highest:
            snprintf(text, 64, b"expected integer between %d and %d", lowest, highest)
            lua.L_argerror(L, 1, text)
        setting[0] = cython.cast(cython.int, v)
    lua.pushnumber(L, setting[0])
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _set_choice(
    L: cython.pointer[LuaState], at: cython.int, setting: cython.pointer[cython.int], with_null: cython.bint
) -> cython.int:
    """Take a boolean, or one of "off", "on" and perhaps "null", from the arguments; push what holds now."""
    n: cython.size_t = 0
    if lua.type(L, at) == LUA_BOOLEAN:
        setting[0] = lua.toboolean(L, at)
    elif lua.type(L, at) != LUA_NIL:
        word: cython.p_const_char = lua.L_checklstring(L, at, cython.address(n))
        if n == 3 and strncmp(word, b"off", 3) == 0:
            setting[0] = 0
        elif n == 2 and strncmp(word, b"on", 2) == 0:
            setting[0] = 1
        elif with_null and n == 4 and strncmp(word, b"null", 4) == 0:
            setting[0] = 2
        else:
            lua.pushstring(L, b"invalid option '")
            lua.pushvalue(L, at)
            lua.pushstring(L, b"'")
            lua.concat(L, 3)
            lua.L_argerror(L, at, lua.tolstring(L, -1, cython.NULL))
    if setting[0] == 2:
        lua.pushstring(L, b"null")
    else:
        lua.pushboolean(L, setting[0])
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _encode_sparse_array(L: cython.pointer[LuaState]) -> cython.int:
    s: cython.pointer[Settings] = _arguments(L, 3)
    _set_choice(L, 1, cython.address(s.sparse_convert), False)
    _set_integer(L, 2, cython.address(s.sparse_ratio), 0, 2147483647)
    _set_integer(L, 3, cython.address(s.sparse_safe), 0, 2147483647)
    return 3


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _encode_max_depth(L: cython.pointer[LuaState]) -> cython.int:
    s: cython.pointer[Settings] = _arguments(L, 1)
    return _set_integer(L, 1, cython.address(s.encode_depth), 1, 2147483647)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _decode_max_depth(L: cython.pointer[LuaState]) -> cython.int:
    s: cython.pointer[Settings] = _arguments(L, 1)
    return _set_integer(L, 1, cython.address(s.decode_depth), 1, 2147483647)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _encode_number_precision(L: cython.pointer[LuaState]) -> cython.int:
    s: cython.pointer[Settings] = _arguments(L, 1)
    return _set_integer(L, 1, cython.address(s.precision), 1, 14)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _encode_keep_buffer(L: cython.pointer[LuaState]) -> cython.int:
    """Only the answer depends on it: the buffer is shared, and kept while it is small."""
    s: cython.pointer[Settings] = _arguments(L, 1)
    return _set_choice(L, 1, cython.address(s.keep_buffer), False)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _encode_invalid_numbers(L: cython.pointer[LuaState]) -> cython.int:
    s: cython.pointer[Settings] = _arguments(L, 1)
    return _set_choice(L, 1, cython.address(s.encode_invalid), True)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _decode_invalid_numbers(L: cython.pointer[LuaState]) -> cython.int:
    s: cython.pointer[Settings] = _arguments(L, 1)
    return _set_choice(L, 1, cython.address(s.decode_invalid), False)


@cython.cfunc
@cython.exceptval(check=False)
def _new(L: cython.pointer[LuaState]) -> cython.int:
    """cjson.new: a table of the same functions with settings of its own."""
    lua_open_json(L)
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _add(L: cython.pointer[LuaState], name: cython.p_const_char, function: LuaFunction) -> cython.void:
    """Add a function with the settings, which are on top of the stack, to the table below them."""
    lua.pushvalue(L, -1)
    lua.pushcclosure(L, function, 1)
    lua.setfield(L, -3, name)


@cython.cfunc
@cython.exceptval(check=False)
def lua_open_json(L: cython.pointer[LuaState]) -> cython.void:
    """Push the library's table."""
    lua.createtable(L, 0, 13)
    s: cython.pointer[Settings] = cython.cast(cython.pointer[Settings], lua.newuserdata(L, cython.sizeof(Settings)))
    s.sparse_convert = 0
    s.sparse_ratio = 2
    s.sparse_safe = 10
    s.encode_depth = 1000
    s.decode_depth = 1000
    s.precision = 14
    s.keep_buffer = 1
    s.encode_invalid = INVALID_REFUSED
    s.decode_invalid = 1
    _add(L, b"encode", _encode)
    _add(L, b"decode", _decode)
    _add(L, b"encode_sparse_array", _encode_sparse_array)
    _add(L, b"encode_max_depth", _encode_max_depth)
    _add(L, b"decode_max_depth", _decode_max_depth)
    _add(L, b"encode_number_precision", _encode_number_precision)
    _add(L, b"encode_keep_buffer", _encode_keep_buffer)
    _add(L, b"encode_invalid_numbers", _encode_invalid_numbers)
    _add(L, b"decode_invalid_numbers", _decode_invalid_numbers)
    _add(L, b"new", _new)
    lua_pop(L, 1)
    lua.pushlightuserdata(L, cython.NULL)
    lua.setfield(L, -2, b"null")
    lua_set_string(L, b"_NAME", b"cjson")
    lua_set_string(L, b"_VERSION", b"2.1.0")
