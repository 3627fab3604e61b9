"""Lua library `cmsgpack`: MessagePack.

Packing: a number without a fraction is an integer of the shortest form, another one a float where that keeps it, else a
double. A table with the keys 1 to n is an array, any other a map; one that is nested sixteen deep, and what has no form
in MessagePack, is nil. Unpacking: integers of 64 bits are taken as signed; extension types are refused.

Specification: github.com/msgpack/msgpack/blob/master/spec.md. Interface: lua-cmsgpack, as Redis has it.
"""

import cython
from cython.cimports.libc.stdint import int8_t, int16_t, int32_t, int64_t, uint32_t, uint64_t
from cython.cimports.libc.string import memcpy
from cython.cimports.pyrite.core.lua import (
    LUA_BOOLEAN,
    LUA_NUMBER,
    LUA_STRING,
    LUA_TABLE,
    LuaBuffer,
    LuaState,
    lua,
    lua_buffer_byte,
    lua_buffer_put,
    lua_buffer_start,
    lua_fail_here,
    lua_pop,
    lua_set_function,
    lua_set_string,
)

_packed = cython.declare(LuaBuffer)


# Packing


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_number(L: cython.pointer[LuaState], type: cython.int, v: uint64_t, width: cython.int) -> cython.void:
    """A type byte and the lowest `width` bytes of a number, the highest first."""
    out: cython.char[9]
    i: cython.int
    out[0] = cython.cast(cython.char, type)
    for i in range(width):
        out[width - i] = cython.cast(cython.char, v & 255)
        v >>= 8
    lua_buffer_put(L, cython.address(_packed), out, width + 1)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _pack_integer(L: cython.pointer[LuaState], v: int64_t) -> cython.void:
    bits: uint64_t = cython.cast(uint64_t, v)
    if -32 <= v <= 127:
        lua_buffer_byte(L, cython.address(_packed), cython.cast(cython.char, v))
    elif v >= 0:
        if v <= 0xFF:
            _put_number(L, 0xCC, bits, 1)
        elif v <= 0xFFFF:
            _put_number(L, 0xCD, bits, 2)
        elif v <= cython.cast(int64_t, 0xFFFFFFFF):
            _put_number(L, 0xCE, bits, 4)
        else:
            _put_number(L, 0xCF, bits, 8)
    elif v >= -128:
        _put_number(L, 0xD0, bits, 1)
    elif v >= -32768:
        _put_number(L, 0xD1, bits, 2)
    elif v >= -2147483647 - 1:
        _put_number(L, 0xD2, bits, 4)
    else:
        _put_number(L, 0xD3, bits, 8)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _pack_double(L: cython.pointer[LuaState], v: cython.double) -> cython.void:
    single: cython.float = cython.cast(cython.float, v)
    bits: uint64_t = 0
    short_bits: uint32_t = 0
    if cython.cast(cython.double, single) == v:
        memcpy(cython.address(short_bits), cython.address(single), 4)
        _put_number(L, 0xCA, short_bits, 4)
    else:
        memcpy(cython.address(bits), cython.address(v), 8)
        _put_number(L, 0xCB, bits, 8)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _pack_number(L: cython.pointer[LuaState], v: cython.double) -> cython.void:
    if -9223372036854775808.0 <= v < 9223372036854775808.0 and cython.cast(int64_t, v) == v:
        _pack_integer(L, cython.cast(int64_t, v))
    else:
        _pack_double(L, v)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _pack_string(L: cython.pointer[LuaState]) -> cython.void:
    n: cython.size_t = 0
    p: cython.p_const_char = lua.tolstring(L, -1, cython.address(n))
    if n < 32:
        lua_buffer_byte(L, cython.address(_packed), cython.cast(cython.char, 0xA0 | n))
    elif n <= 0xFF:
        _put_number(L, 0xD9, n, 1)
    elif n <= 0xFFFF:
        _put_number(L, 0xDA, n, 2)
    else:
        _put_number(L, 0xDB, n, 4)
    lua_buffer_put(L, cython.address(_packed), p, n)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _pack_head(L: cython.pointer[LuaState], fixed: cython.int, long_type: cython.int, n: cython.size_t) -> cython.void:
    """The head of an array or map of `n` elements."""
    if n < 16:
        lua_buffer_byte(L, cython.address(_packed), cython.cast(cython.char, fixed | n))
    elif n <= 0xFFFF:
        _put_number(L, long_type, n, 2)
    else:
        _put_number(L, long_type + 1, n, 4)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _count(L: cython.pointer[LuaState], is_array: cython.pointer[cython.bint]) -> cython.size_t:
    """How many pairs the table on top of the stack has, and whether their keys are the numbers 1 to that."""
    n: cython.size_t = 0
    highest: cython.double = 0
    v: cython.double
    is_array[0] = True
    lua.pushnil(L)
    while lua.next(L, -2):
        lua_pop(L, 1)
        n += 1
        if is_array[0]:
            v = lua.tonumber(L, -1) if lua.type(L, -1) == LUA_NUMBER else 0
            if v < 1 or v > 2147483647 or cython.cast(int64_t, v) != v:
                is_array[0] = False
            elif v > highest:
                highest = v
    if highest != n:
        is_array[0] = False
    return n


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _pack_table(L: cython.pointer[LuaState], level: cython.int) -> cython.void:
    is_array: cython.bint = False
    lua.L_checkstack(L, 4, b"in cmsgpack.pack")
    n: cython.size_t = _count(L, cython.address(is_array))
    i: cython.size_t
    if is_array:
        _pack_head(L, 0x90, 0xDC, n)
        for i in range(1, n + 1):
            lua.rawgeti(L, -1, cython.cast(cython.int, i))
            _pack_value(L, level + 1)
        return
    _pack_head(L, 0x80, 0xDE, n)
    lua.pushnil(L)
    while lua.next(L, -2):
        lua.pushvalue(L, -2)
        _pack_value(L, level + 1)
        _pack_value(L, level + 1)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _pack_value(L: cython.pointer[LuaState], level: cython.int) -> cython.void:
    """Pack the value on top of the stack, and pop it."""
    kind: cython.int = lua.type(L, -1)
    if kind == LUA_STRING:
        _pack_string(L)
    elif kind == LUA_NUMBER:
        _pack_number(L, lua.tonumber(L, -1))
    elif kind == LUA_BOOLEAN:
        lua_buffer_byte(L, cython.address(_packed), cython.cast(cython.char, 0xC3 if lua.toboolean(L, -1) else 0xC2))
    elif kind == LUA_TABLE and level < NESTING_MAX:
        _pack_table(L, level)
    else:
        lua_buffer_byte(L, cython.address(_packed), cython.cast(cython.char, 0xC0))
    lua_pop(L, 1)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _pack(L: cython.pointer[LuaState]) -> cython.int:
    arguments: cython.int = lua.gettop(L)
    i: cython.int
    if arguments == 0:
        return lua.L_argerror(L, 0, b"MessagePack pack needs input.")
    lua.L_checkstack(L, 1, b"in cmsgpack.pack")
    lua_buffer_start(cython.address(_packed))
    for i in range(1, arguments + 1):
        lua.pushvalue(L, i)
        _pack_value(L, 0)
    lua.pushlstring(L, _packed.p, _packed.n)
    return 1


# Unpacking


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _take(c: cython.pointer[Cursor], width: cython.int) -> uint64_t:
    """Take a number of so many bytes behind the type byte, and that byte; 0 and a problem where they are not there."""
    v: uint64_t = 0
    i: cython.int
    if c.left < cython.cast(cython.size_t, width) + 1:
        c.problem = INPUT_ENDS
        return 0
    for i in range(1, width + 1):
        v = (v << 8) | c.p[i]
    c.p += width + 1
    c.left -= width + 1
    return v


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _unpack_string(L: cython.pointer[LuaState], c: cython.pointer[Cursor], n: cython.size_t) -> cython.void:
    if c.problem:
        return
    if n > c.left:
        c.problem = INPUT_ENDS
        return
    lua.pushlstring(L, cython.cast(cython.p_const_char, c.p), n)
    c.p += n
    c.left -= n


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _unpack_array(L: cython.pointer[LuaState], c: cython.pointer[Cursor], n: cython.size_t) -> cython.void:
    i: cython.size_t
    if c.problem:
        return
    lua.createtable(L, 0, 0)
    for i in range(1, n + 1):
        lua.pushnumber(L, cython.cast(cython.double, i))
        _unpack_value(L, c)
        if c.problem:
            return
        lua.rawset(L, -3)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _unpack_map(L: cython.pointer[LuaState], c: cython.pointer[Cursor], n: cython.size_t) -> cython.void:
    if c.problem:
        return
    lua.createtable(L, 0, 0)
    for _ in range(n):
        _unpack_value(L, c)
        if c.problem:
            return
        _unpack_value(L, c)
        if c.problem:
            return
        lua.rawset(L, -3)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _unpack_number(L: cython.pointer[LuaState], c: cython.pointer[Cursor], type: cython.int) -> cython.void:
    """A number that a type byte of 0xca to 0xd3 begins."""
    single: cython.float = 0
    double: cython.double = 0
    width: cython.int = 4 if type == 0xCA else 8 if type == 0xCB else 1 << (type - (0xCC if type < 0xD0 else 0xD0))
    bits: uint64_t = _take(c, width)
    short_bits: uint32_t = cython.cast(uint32_t, bits)
    if c.problem:
        return
    if type == 0xCA:
        memcpy(cython.address(single), cython.address(short_bits), 4)
        double = single
    elif type == 0xCB:
        memcpy(cython.address(double), cython.address(bits), 8)
    elif type == 0xD0:
        double = cython.cast(int8_t, bits)
    elif type == 0xD1:
        double = cython.cast(int16_t, bits)
    elif type == 0xD2:
        double = cython.cast(int32_t, bits)
    else:
        double = cython.cast(cython.double, cython.cast(int64_t, bits))
    lua.pushnumber(L, double)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _unpack_fixed(L: cython.pointer[LuaState], c: cython.pointer[Cursor], type: cython.int) -> cython.void:
    """A value whose type byte holds its number or length."""
    _take(c, 0)
    if type < 0x80:
        lua.pushnumber(L, type)
    elif type >= 0xE0:
        lua.pushnumber(L, type - 256)
    elif type < 0x90:
        _unpack_map(L, c, type & 15)
    elif type < 0xA0:
        _unpack_array(L, c, type & 15)
    else:
        _unpack_string(L, c, type & 31)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _unpack_value(L: cython.pointer[LuaState], c: cython.pointer[Cursor]) -> cython.void:
    """Push the next value; or say in the cursor why there is none, having pushed something or nothing."""
    if c.left == 0:
        c.problem = INPUT_ENDS
        return
    lua.L_checkstack(L, 3, b"too many return values at once; use unpack_one or unpack_limit instead.")
    type: cython.int = c.p[0]
    if type < 0xC0 or type >= 0xE0:
        _unpack_fixed(L, c, type)
    elif 0xCA <= type <= 0xD3:
        _unpack_number(L, c, type)
    elif type == 0xC0:
        _take(c, 0)
        lua.pushnil(L)
    elif type == 0xC2 or type == 0xC3:
        _take(c, 0)
        lua.pushboolean(L, type & 1)
    elif 0xD9 <= type <= 0xDB:
        _unpack_string(L, c, _take(c, 1 << (type - 0xD9)))
    elif type == 0xDC or type == 0xDD:
        _unpack_array(L, c, _take(c, 2 << (type - 0xDC)))
    elif type == 0xDE or type == 0xDF:
        _unpack_map(L, c, _take(c, 2 << (type - 0xDE)))
    else:
        c.problem = INPUT_WRONG


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _wrong_offset(
    L: cython.pointer[LuaState],
    before: cython.p_const_char,
    offset: cython.Py_ssize_t,
    between: cython.p_const_char,
    n: cython.size_t,
) -> cython.int:
    lua.L_where(L, 1)
    lua.pushstring(L, before)
    lua.pushnumber(L, cython.cast(cython.double, offset))
    lua.pushstring(L, between)
    lua.pushnumber(L, cython.cast(cython.double, n))
    lua.pushstring(L, b".")
    lua.concat(L, 6)
    return lua.error(L)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _unpack_some(L: cython.pointer[LuaState], limit: cython.Py_ssize_t, offset: cython.Py_ssize_t) -> cython.int:
    """Push what argument 1 holds from `offset` on, `limit` values at most, below them where to go on; -1 at the end.

    With 0 for both, all values and no offset.
    """
    c: Cursor
    n: cython.size_t = 0
    found: cython.int = 0
    everything: cython.bint = limit == 0 and offset == 0
    c.problem = 0
    lua.settop(L, 1)
    p: cython.p_const_char = lua.L_checklstring(L, 1, cython.address(n))
    if offset < 0 or limit < 0:
        return _wrong_offset(L, b"Invalid request to unpack with offset of ", offset, b" and limit of ", n)
    if cython.cast(cython.size_t, offset) > n:
        return _wrong_offset(L, b"Start offset ", offset, b" greater than input length ", n)
    c.p = cython.cast(cython.pointer[cython.const[cython.uchar]], p + offset)
    c.left = n - offset
    while c.left and (everything or found < limit):
        _unpack_value(L, cython.address(c))
        if c.problem == INPUT_ENDS:
            return lua_fail_here(L, b"Missing bytes in input.")
        if c.problem:
            return lua_fail_here(L, b"Bad data format in input.")
        found += 1
    if everything:
        return found
    lua.L_checkstack(L, 1, b"in cmsgpack.unpack")
    lua.pushnumber(L, cython.cast(cython.double, n - c.left) if c.left else -1)
    lua.insert(L, 2)
    return found + 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _unpack(L: cython.pointer[LuaState]) -> cython.int:
    return _unpack_some(L, 0, 0)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _unpack_one(L: cython.pointer[LuaState]) -> cython.int:
    return _unpack_some(L, 1, lua.L_optinteger(L, 2, 0))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _unpack_limit(L: cython.pointer[LuaState]) -> cython.int:
    limit: cython.Py_ssize_t = lua.L_checkinteger(L, 2)
    return _unpack_some(L, limit, lua.L_optinteger(L, 3, 0))


@cython.cfunc
@cython.exceptval(check=False)
def lua_open_msgpack(L: cython.pointer[LuaState]) -> cython.void:
    """Push the library's table."""
    lua.createtable(L, 0, 6)
    lua_set_function(L, b"pack", _pack)
    lua_set_function(L, b"unpack", _unpack)
    lua_set_function(L, b"unpack_one", _unpack_one)
    lua_set_function(L, b"unpack_limit", _unpack_limit)
    lua_set_string(L, b"_NAME", b"cmsgpack")
    lua_set_string(L, b"_VERSION", b"lua-cmsgpack 0.4.0")
