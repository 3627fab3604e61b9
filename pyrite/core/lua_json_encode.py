"""Lua values as JSON: `cjson.encode`. What is written how is said in `lua_json`."""

import cython
from cython.cimports.pyrite.core.lua import (
    LUA_BOOLEAN,
    LUA_LIGHT_USERDATA,
    LUA_NIL,
    LUA_NUMBER,
    LUA_STRING,
    LUA_TABLE,
    LuaBuffer,
    LuaState,
    lua,
    lua_buffer_byte,
    lua_buffer_put,
    lua_buffer_start,
    lua_pop,
)
from cython.cimports.pyrite.core.lua_json_settings import (
    INVALID_NULL,
    INVALID_REFUSED,
    Settings,
    json_one_argument,
    json_settings,
    snprintf,
)

_written = cython.declare(LuaBuffer)


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
def json_encode(L: cython.pointer[LuaState]) -> cython.int:
    """cjson.encode."""
    json_one_argument(L)
    lua_buffer_start(cython.address(_written))
    _write_value(L, json_settings(L), 0)
    lua.pushlstring(L, _written.p, _written.n)
    return 1
