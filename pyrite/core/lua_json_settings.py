"""Settings of the Lua library `cjson`: what they are, and the functions that change them."""

import cython
from cython.cimports.libc.string import strncmp
from cython.cimports.pyrite.core.lua import (
    LUA_BOOLEAN,
    LUA_NIL,
    LUA_UPVALUES,
    LuaFunction,
    LuaState,
    lua,
)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def json_settings(L: cython.pointer[LuaState]) -> cython.pointer[Settings]:
    """The settings that the running function has as its upvalue."""
    return cython.cast(cython.pointer[Settings], lua.touserdata(L, LUA_UPVALUES - 1))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def json_one_argument(L: cython.pointer[LuaState]) -> cython.void:
    """Raise unless there is one argument."""
    if lua.gettop(L) != 1:
        lua.L_argerror(L, 1, b"expected 1 argument")


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _arguments(L: cython.pointer[LuaState], n: cython.int) -> cython.pointer[Settings]:
    """The settings, with `n` arguments on the stack."""
    if lua.gettop(L) > n:
        lua.L_argerror(L, n + 1, b"found too many arguments")
    lua.settop(L, n)
    return json_settings(L)


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
@cython.nogil
@cython.exceptval(check=False)
def json_add(L: cython.pointer[LuaState], name: cython.p_const_char, function: LuaFunction) -> cython.void:
    """Add a function with the settings, which are on top of the stack, to the table below them."""
    lua.pushvalue(L, -1)
    lua.pushcclosure(L, function, 1)
    lua.setfield(L, -3, name)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def json_new_settings(L: cython.pointer[LuaState]) -> cython.void:
    """Push settings as they are at first, and add the functions that change them to the table below."""
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
    json_add(L, b"encode_sparse_array", _encode_sparse_array)
    json_add(L, b"encode_max_depth", _encode_max_depth)
    json_add(L, b"decode_max_depth", _decode_max_depth)
    json_add(L, b"encode_number_precision", _encode_number_precision)
    json_add(L, b"encode_keep_buffer", _encode_keep_buffer)
    json_add(L, b"encode_invalid_numbers", _encode_invalid_numbers)
    json_add(L, b"decode_invalid_numbers", _decode_invalid_numbers)
