"""JSON as Lua values: `cjson.decode`. What is read as what is said in `lua_json`."""

import cython
from cython.cimports.libc.string import strncmp
from cython.cimports.posix.strings import strncasecmp
from cython.cimports.pyrite.core.lua import (
    LuaBuffer,
    LuaState,
    lua,
    lua_buffer_grow,
    lua_buffer_start,
)
from cython.cimports.pyrite.core.lua_json_settings import json_one_argument, json_settings

_text = cython.declare(LuaBuffer)


# Tokens


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


# Values


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
def json_decode(L: cython.pointer[LuaState]) -> cython.int:
    """cjson.decode."""
    j: Parser
    n: cython.size_t = 0
    json_one_argument(L)
    j.data = j.p = lua.L_checklstring(L, 1, cython.address(n))
    j.settings = json_settings(L)
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
