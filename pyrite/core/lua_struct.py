"""Lua library `struct`: values to and from the bytes of C structures.

    > < = big, little endian        ![n]  alignment, a power of two, by default 8
    x    a zero byte                b B   char        h H  short       l L  long       T  size_t
    i[n] I[n]  integer of n bytes, at most 32, by default 4             f    float      d  double
    s    string that a zero byte ends           c[n]  n bytes; c0: all of it, or as many as the number before says

Small letters are signed. Integers that are longer than eight bytes have zeros, or lose what comes, beyond these.

Interface: the struct library of Roberto Ierusalimschy, inf.puc-rio.br/~roberto/struct.
"""

import cython
from cython.cimports.libc.stdint import int64_t, uint64_t
from cython.cimports.libc.string import memchr, memcpy
from cython.cimports.pyrite.core.lua import (
    LuaBuffer,
    LuaState,
    lua,
    lua_buffer_byte,
    lua_buffer_put,
    lua_buffer_start,
    lua_fail_here,
    lua_pop,
    lua_set_function,
)

_packed = cython.declare(LuaBuffer)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _fail_with_number(
    L: cython.pointer[LuaState], before: cython.p_const_char, v: cython.size_t, after: cython.p_const_char
) -> cython.int:
    lua.L_where(L, 1)
    lua.pushstring(L, before)
    lua.pushnumber(L, cython.cast(cython.double, v))
    lua.pushstring(L, after)
    lua.concat(L, 4)
    return lua.error(L)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _number(L: cython.pointer[LuaState], f: cython.pointer[Format], otherwise: cython.size_t) -> cython.size_t:
    """The number that stands here in the format, if one does."""
    v: cython.size_t = 0
    if not 48 <= f.p[0] <= 57:
        return otherwise
    while 48 <= f.p[0] <= 57:
        v = v * 10 + cython.cast(cython.size_t, f.p[0] - 48)
        if v > NUMBER_MAX:
            lua_fail_here(L, b"integral size overflow")
        f.p += 1
    return v


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _next_item(L: cython.pointer[LuaState], f: cython.pointer[Format]) -> cython.bint:
    """Read the next letter of the format, and what size it says; False at the end."""
    kind: cython.char = f.p[0]
    f.size = 0
    f.kind = kind
    if kind == 0:
        return False
    f.p += 1
    if kind == ord("b") or kind == ord("B") or kind == ord("x"):
        f.size = 1
    elif kind == ord("h") or kind == ord("H"):
        f.size = 2
    elif kind == ord("f"):
        f.size = 4
    elif kind == ord("l") or kind == ord("L") or kind == ord("T") or kind == ord("d"):
        f.size = 8
    elif kind == ord("c"):
        f.size = _number(L, f, 1)
    elif kind == ord("i") or kind == ord("I"):
        f.size = _number(L, f, 4)
        if f.size > INTEGER_MAX_BYTES:
            _fail_with_number(L, b"integral size ", f.size, b" is larger than limit of 32")
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _padding(f: cython.pointer[Format], at: cython.size_t) -> cython.size_t:
    """Bytes to leave out before the item, at this offset."""
    size: cython.size_t = f.size
    if size == 0 or f.kind == ord("c"):
        return 0
    if size > f.align:
        size = f.align
    return (size - (at & (size - 1))) & (size - 1)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _control(L: cython.pointer[LuaState], f: cython.pointer[Format]) -> cython.void:
    """What is no item: byte order, alignment, blanks; raises for anything else."""
    wrong: cython.char[1]
    if f.kind == ord(">"):
        f.big = True
    elif f.kind == ord("<"):
        f.big = False
    elif f.kind == ord("!"):
        f.align = _number(L, f, ALIGN_MAX)
        if f.align == 0 or f.align & (f.align - 1):
            _fail_with_number(L, b"alignment ", f.align, b" is not a power of 2")
    elif f.kind != ord(" "):
        wrong[0] = f.kind
        lua.pushstring(L, b"invalid format option '")
        lua.pushlstring(L, wrong, 1)
        lua.pushstring(L, b"'")
        lua.concat(L, 3)
        lua.L_argerror(L, 1, lua.tolstring(L, -1, cython.NULL))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _is_integer(kind: cython.char) -> cython.bint:
    return memchr(b"bBhHlLTiI", kind, 9) != cython.NULL


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _start(L: cython.pointer[LuaState], f: cython.pointer[Format]) -> cython.void:
    f.p = lua.L_checklstring(L, 1, cython.NULL)
    f.big = False
    f.align = 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_in_order(L: cython.pointer[LuaState], f: cython.pointer[Format], p: cython.p_const_char) -> cython.void:
    """Add the item's bytes, given with the lowest first."""
    i: cython.size_t
    for i in range(f.size):
        lua_buffer_byte(L, cython.address(_packed), p[f.size - 1 - i] if f.big else p[i])


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _pack_integer(L: cython.pointer[LuaState], f: cython.pointer[Format], at: cython.int) -> cython.void:
    v: cython.double = lua.L_checknumber(L, at)
    word: uint64_t = 0
    i: cython.int
    bytes_: cython.char[INTEGER_MAX_BYTES]
    # Outside of these ranges C does not define the conversion; this is what x86-64 makes of it.
    if v < 0:
        word = cython.cast(uint64_t, cython.cast(int64_t, v)) if v >= -9223372036854775808.0 else LOWEST
    elif v < 18446744073709551616.0:
        word = cython.cast(uint64_t, v)
    for i in range(INTEGER_MAX_BYTES):
        bytes_[i] = cython.cast(cython.char, word & 255)
        word >>= 8
    _put_in_order(L, f, bytes_)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _pack_string(L: cython.pointer[LuaState], f: cython.pointer[Format], at: cython.int) -> cython.void:
    n: cython.size_t = 0
    p: cython.p_const_char = lua.L_checklstring(L, at, cython.address(n))
    if f.size == 0:
        f.size = n
    if n < f.size:
        lua.L_argerror(L, at + 1, b"string too short")
    lua_buffer_put(L, cython.address(_packed), p, f.size)
    if f.kind == ord("s"):
        lua_buffer_byte(L, cython.address(_packed), 0)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _pack(L: cython.pointer[LuaState]) -> cython.int:
    f: Format
    at: cython.int = 2
    pad: cython.size_t
    single: cython.float
    double: cython.double
    _start(L, cython.address(f))
    # What comes behind the last argument is nil, and errors call it so.
    lua.pushnil(L)
    lua_buffer_start(cython.address(_packed))
    while _next_item(L, cython.address(f)):
        pad = _padding(cython.address(f), _packed.n)
        while pad:
            lua_buffer_byte(L, cython.address(_packed), 0)
            pad -= 1
        if _is_integer(f.kind):
            _pack_integer(L, cython.address(f), at)
            at += 1
        elif f.kind == ord("x"):
            lua_buffer_byte(L, cython.address(_packed), 0)
        elif f.kind == ord("f"):
            single = cython.cast(cython.float, lua.L_checknumber(L, at))
            _put_in_order(L, cython.address(f), cython.cast(cython.p_char, cython.address(single)))
            at += 1
        elif f.kind == ord("d"):
            double = lua.L_checknumber(L, at)
            _put_in_order(L, cython.address(f), cython.cast(cython.p_char, cython.address(double)))
            at += 1
        elif f.kind == ord("c") or f.kind == ord("s"):
            _pack_string(L, cython.address(f), at)
            at += 1
        else:
            _control(L, cython.address(f))
    lua.pushlstring(L, _packed.p, _packed.n)
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _integer_at(f: cython.pointer[Format], p: cython.p_const_char) -> cython.double:
    word: uint64_t = 0
    i: cython.size_t
    for i in range(f.size):
        word = (word << 8) | cython.cast(cython.uchar, p[i] if f.big else p[f.size - 1 - i])
    if f.kind < 97:
        return cython.cast(cython.double, word)
    bits: cython.int = cython.cast(cython.int, f.size) * 8
    if 0 < bits < 64 and word >> (bits - 1) & 1:
        word |= ~cython.cast(uint64_t, 0) << (bits - 1)
    return cython.cast(cython.double, cython.cast(int64_t, word))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _float_at(f: cython.pointer[Format], p: cython.p_const_char) -> cython.double:
    single: cython.float = 0
    double: cython.double = 0
    ordered: cython.char[8]
    i: cython.size_t
    for i in range(f.size):
        ordered[i] = p[f.size - 1 - i] if f.big else p[i]
    if f.size == 8:
        memcpy(cython.address(double), ordered, 8)
        return double
    memcpy(cython.address(single), ordered, 4)
    return single


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _check_data(L: cython.pointer[LuaState], at: cython.size_t, size: cython.size_t, n: cython.size_t) -> cython.void:
    if size > n or at > n - size:
        lua.L_argerror(L, 2, b"data string too short")


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _unpack_string(
    L: cython.pointer[LuaState],
    f: cython.pointer[Format],
    data: cython.p_const_char,
    at: cython.size_t,
    n: cython.size_t,
    found: cython.int,
) -> cython.int:
    """Push a string, in `size` how far it reaches; returns the number of values on the stack."""
    if f.kind == ord("s"):
        end: cython.p_const_char = cython.cast(cython.p_const_char, memchr(data + at, 0, n - at))
        if end == cython.NULL:
            return lua_fail_here(L, b"unfinished string in data")
        f.size = cython.cast(cython.size_t, end - (data + at)) + 1
        lua.pushlstring(L, data + at, f.size - 1)
        return found + 1
    if f.size == 0:
        if found == 0 or not lua.isnumber(L, -1):
            return lua_fail_here(L, b"format 'c0' needs a previous size")
        v: cython.double = lua.tonumber(L, -1)
        f.size = cython.cast(cython.size_t, v) if 0 <= v <= n else n + 1
        lua_pop(L, 1)
        found -= 1
        _check_data(L, at, f.size, n)
    lua.pushlstring(L, data + at, f.size)
    return found + 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _unpack(L: cython.pointer[LuaState]) -> cython.int:
    f: Format
    n: cython.size_t = 0
    found: cython.int = 0
    _start(L, cython.address(f))
    data: cython.p_const_char = lua.L_checklstring(L, 2, cython.address(n))
    first: cython.Py_ssize_t = lua.L_optinteger(L, 3, 1)
    if first == 0:
        return lua.L_argerror(L, 3, b"offset must be 1 or greater")
    if first < 0:
        return lua.L_argerror(L, 2, b"data string too short")
    at: cython.size_t = cython.cast(cython.size_t, first) - 1
    while _next_item(L, cython.address(f)):
        # Before anything is added to it: so it cannot pass the largest offset.
        _check_data(L, at, 0, n)
        at += _padding(cython.address(f), at)
        _check_data(L, at, f.size, n)
        lua.L_checkstack(L, 2, b"too many results")
        if _is_integer(f.kind):
            lua.pushnumber(L, _integer_at(cython.address(f), data + at))
            found += 1
        elif f.kind == ord("f") or f.kind == ord("d"):
            lua.pushnumber(L, _float_at(cython.address(f), data + at))
            found += 1
        elif f.kind == ord("c") or f.kind == ord("s"):
            found = _unpack_string(L, cython.address(f), data, at, n, found)
        elif f.kind != ord("x"):
            _control(L, cython.address(f))
        at += f.size
    lua.pushnumber(L, cython.cast(cython.double, at + 1))
    return found + 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _size(L: cython.pointer[LuaState]) -> cython.int:
    f: Format
    at: cython.size_t = 0
    _start(L, cython.address(f))
    while _next_item(L, cython.address(f)):
        at += _padding(cython.address(f), at)
        if f.kind == ord("s"):
            return lua.L_argerror(L, 1, b"option 's' has no fixed size")
        if f.kind == ord("c") and f.size == 0:
            return lua.L_argerror(L, 1, b"option 'c0' has no fixed size")
        if not (48 <= f.kind <= 57 or 65 <= f.kind <= 90 or 97 <= f.kind <= 122):
            _control(L, cython.address(f))
        at += f.size
    lua.pushnumber(L, cython.cast(cython.double, at))
    return 1


@cython.cfunc
@cython.exceptval(check=False)
def lua_open_struct(L: cython.pointer[LuaState]) -> cython.void:
    """Push the library's table."""
    lua.createtable(L, 0, 3)
    lua_set_function(L, b"pack", _pack)
    lua_set_function(L, b"unpack", _unpack)
    lua_set_function(L, b"size", _size)
