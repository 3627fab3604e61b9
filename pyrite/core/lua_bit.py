"""Lua library `bit`: operations on the 32 bits of integers. Results are signed.

A number is taken modulo 2**32, and rounded if it has a fraction; shifts take the lowest five bits of their count.

Interface: Lua BitOp, bitop.luajit.org.
"""

import cython
from cython.cimports.libc.stdint import int32_t, uint32_t, uint64_t
from cython.cimports.libc.string import memcpy
from cython.cimports.pyrite.core.lua import LUA_NONE, LuaState, lua, lua_set_function


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _bits(L: cython.pointer[LuaState], at: cython.int) -> uint32_t:
    """The argument's bits; raises for what is no number."""
    v: cython.double = lua.tonumber(L, at) + INTEGER_SHIFT
    word: uint64_t = 0
    memcpy(cython.address(word), cython.address(v), 8)
    bits: uint32_t = cython.cast(uint32_t, word)
    if bits == 0 and not lua.isnumber(L, at):
        lua.L_typerror(L, at, b"number")
    return bits


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _result(L: cython.pointer[LuaState], bits: uint32_t) -> cython.int:
    lua.pushnumber(L, cython.cast(int32_t, bits))
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _tobit(L: cython.pointer[LuaState]) -> cython.int:
    return _result(L, _bits(L, 1))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _bnot(L: cython.pointer[LuaState]) -> cython.int:
    return _result(L, ~_bits(L, 1))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _band(L: cython.pointer[LuaState]) -> cython.int:
    bits: uint32_t = _bits(L, 1)
    i: cython.int
    for i in range(2, lua.gettop(L) + 1):
        bits &= _bits(L, i)
    return _result(L, bits)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _bor(L: cython.pointer[LuaState]) -> cython.int:
    bits: uint32_t = _bits(L, 1)
    i: cython.int
    for i in range(2, lua.gettop(L) + 1):
        bits |= _bits(L, i)
    return _result(L, bits)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _bxor(L: cython.pointer[LuaState]) -> cython.int:
    bits: uint32_t = _bits(L, 1)
    i: cython.int
    for i in range(2, lua.gettop(L) + 1):
        bits ^= _bits(L, i)
    return _result(L, bits)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _lshift(L: cython.pointer[LuaState]) -> cython.int:
    return _result(L, _bits(L, 1) << (_bits(L, 2) & 31))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _rshift(L: cython.pointer[LuaState]) -> cython.int:
    return _result(L, _bits(L, 1) >> (_bits(L, 2) & 31))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _arshift(L: cython.pointer[LuaState]) -> cython.int:
    return _result(L, cython.cast(uint32_t, cython.cast(int32_t, _bits(L, 1)) >> (_bits(L, 2) & 31)))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _rotated(bits: uint32_t, by: uint32_t) -> uint32_t:
    by &= 31
    return (bits << by) | (bits >> (32 - by)) if by else bits


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _rol(L: cython.pointer[LuaState]) -> cython.int:
    return _result(L, _rotated(_bits(L, 1), _bits(L, 2)))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _ror(L: cython.pointer[LuaState]) -> cython.int:
    return _result(L, _rotated(_bits(L, 1), 32 - (_bits(L, 2) & 31)))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _bswap(L: cython.pointer[LuaState]) -> cython.int:
    bits: uint32_t = _bits(L, 1)
    return _result(L, (bits >> 24) | ((bits >> 8) & 0xFF00) | ((bits & 0xFF00) << 8) | (bits << 24))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _tohex(L: cython.pointer[LuaState]) -> cython.int:
    """The last digits, eight or as many as argument 2 says; capitals if that is negative."""
    text: cython.char[8]
    bits: uint32_t = _bits(L, 1)
    wanted: cython.longlong = 8
    if lua.type(L, 2) != LUA_NONE:
        wanted = cython.cast(int32_t, _bits(L, 2))
    letters: cython.char = 97 if wanted >= 0 else 65
    wanted = wanted if wanted >= 0 else -wanted
    n: cython.int = cython.cast(cython.int, wanted) if wanted < 8 else 8
    i: cython.int = n
    while i > 0:
        i -= 1
        digit: cython.char = bits & 15
        text[i] = 48 + digit if digit < 10 else letters + digit - 10
        bits >>= 4
    lua.pushlstring(L, text, n)
    return 1


@cython.cfunc
@cython.exceptval(check=False)
def lua_open_bit(L: cython.pointer[LuaState]) -> cython.void:
    """Push the library's table."""
    lua.createtable(L, 0, 12)
    lua_set_function(L, b"tobit", _tobit)
    lua_set_function(L, b"bnot", _bnot)
    lua_set_function(L, b"band", _band)
    lua_set_function(L, b"bor", _bor)
    lua_set_function(L, b"bxor", _bxor)
    lua_set_function(L, b"lshift", _lshift)
    lua_set_function(L, b"rshift", _rshift)
    lua_set_function(L, b"arshift", _arshift)
    lua_set_function(L, b"rol", _rol)
    lua_set_function(L, b"ror", _ror)
    lua_set_function(L, b"bswap", _bswap)
    lua_set_function(L, b"tohex", _tohex)
