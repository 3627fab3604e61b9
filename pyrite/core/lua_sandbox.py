"""The sandbox: what of Lua's own libraries scripts see, and how it is kept from them to change it.

Scripts share one Lua state, so nothing that one of them can reach may be changed by it. Lua 5.1 has no read-only
tables. A protected table is a pair: the script holds an empty table, whose metatable leads reads to the real one and
refuses writes. Functions of Lua that go past metatables are replaced by ones that know such pairs: rawset, rawget,
next, pairs, table.insert, table.foreach, setmetatable, getmetatable. The real table, and the metatable, cannot be
reached.

    script ──> {}  ──metatable──> {__index = real table, __newindex = refuse, <mark> = what getmetatable shows}

Also replaced, in `lua_guards`, because Lua 5.1's own lead out of the sandbox or bring down the process:

- load and loadstring take no precompiled chunks, which the virtual machine would trust; dofile, loadfile, print and
  newproxy are left out. newproxy would give scripts finalizers, which run when no script does and can't be
  interrupted.
- setfenv cannot change the global table of all scripts; collectgarbage cannot stop the collector.
- unpack counts in 64 bits; string.rep knows the length of its result before it begins; patterns have a limit, as
  matching one takes C stack for each item.
- pcall gives the text of an error that is a table with one, as scripts written before Redis 7 expect it.
- Lua's hook counts instructions by coroutine, so a script of many short-lived ones would never be looked at; switches
  to coroutines are counted here.
- math.random gives the same numbers everywhere, those of redis-server.

Missing globals are errors, so that a misspelt name is found, and so is setting one.
"""

import cython
from cython.cimports.libc.stdint import int64_t
from cython.cimports.pyrite.core.lua import (
    LUA_BOOLEAN,
    LUA_GLOBALS,
    LUA_NIL,
    LUA_TABLE,
    LUA_UPVALUES,
    LuaFunction,
    LuaState,
    lua,
    lua_fail,
    lua_fail_here,
    lua_pop,
    lua_push,
    lua_set_function,
)
from cython.cimports.pyrite.core.lua_guards import (
    LUA_READ_ONLY,
    lua_guard_base,
    lua_guard_coroutines,
    lua_guard_math,
    lua_guard_strings,
    lua_original,
    lua_push_os,
)

# Lua's own function, which has a guard before it. It uses no upvalues, so the guard can go on as the function.
_foreach = cython.declare(LuaFunction)

# What a protected table's metatable is known by: a key that scripts cannot make.
_mark = cython.declare(cython.int, 0)


# Protected tables


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _refuse(L: cython.pointer[LuaState]) -> cython.int:
    """__newindex of protected tables."""
    return lua_fail_here(L, LUA_READ_ONLY)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lua_protect(L: cython.pointer[LuaState]) -> cython.void:
    """Replace the table on top of the stack with one that scripts can read it through, and not change it."""
    lua.createtable(L, 0, 0)
    lua.createtable(L, 0, 4)
    lua.pushvalue(L, -3)
    lua.setfield(L, -2, b"__index")
    lua_set_function(L, b"__newindex", _refuse)
    _set_mark(L)
    lua.setmetatable(L, -2)
    lua.remove(L, -2)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _set_mark(L: cython.pointer[LuaState]) -> cython.void:
    """Mark the metatable on top of the stack as a protected table's, of which getmetatable shows nothing."""
    lua.pushlightuserdata(L, cython.address(_mark))
    lua.pushboolean(L, 0)
    lua.rawset(L, -3)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _show_as_metatable(L: cython.pointer[LuaState]) -> cython.void:
    """Have getmetatable show the value on top of the stack for what the metatable below it belongs to; pop it."""
    lua.pushlightuserdata(L, cython.address(_mark))
    lua.insert(L, -2)
    lua.rawset(L, -3)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _push_mark(L: cython.pointer[LuaState], at: cython.int) -> cython.bint:
    """For a protected value, push its metatable and what getmetatable shows of it; else push nothing."""
    if not lua.getmetatable(L, at):
        return False
    lua.pushlightuserdata(L, cython.address(_mark))
    lua.rawget(L, -2)
    if lua.type(L, -1) != LUA_NIL:
        return True
    lua_pop(L, 2)
    return False


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lua_is_protected(L: cython.pointer[LuaState], at: cython.int) -> cython.bint:
    """Tell whether a value is a protected table."""
    if not _push_mark(L, at):
        return False
    lua_pop(L, 2)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _unveil(L: cython.pointer[LuaState], at: cython.int) -> cython.void:
    """Replace a protected table among the arguments with the real one."""
    if _push_mark(L, at):
        lua_pop(L, 1)
        lua.getfield(L, -1, b"__index")
        lua.remove(L, -2)
        lua.replace(L, at)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _missing_global(L: cython.pointer[LuaState]) -> cython.int:
    """__index of the global table."""
    if not lua.isstring(L, 2):
        return lua_fail_here(L, b"Second argument to luaProtectedTableError must be a string or number")
    lua.L_where(L, 1)
    lua.pushstring(L, b"Script attempted to access nonexistent global variable '")
    lua.pushstring(L, lua.tolstring(L, 2, cython.NULL))
    lua.pushstring(L, b"'")
    lua.concat(L, 4)
    return lua.error(L)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lua_missing_global(L: cython.pointer[LuaState]) -> cython.void:
    """Have reading what the table on top of the stack does not have be an error."""
    lua.createtable(L, 0, 1)
    lua_set_function(L, b"__index", _missing_global)
    lua.setmetatable(L, -2)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _getmetatable(L: cython.pointer[LuaState]) -> cython.int:
    lua.L_checkany(L, 1)
    if _push_mark(L, 1):
        if lua.type(L, -1) == LUA_BOOLEAN:
            lua.pushnil(L)
        return 1
    if not lua.getmetatable(L, 1):
        lua.pushnil(L)
        return 1
    lua.L_getmetafield(L, 1, b"__metatable")
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _setmetatable(L: cython.pointer[LuaState]) -> cython.int:
    kind: cython.int = lua.type(L, 2)
    lua.L_checktype(L, 1, LUA_TABLE)
    if kind != LUA_NIL and kind != LUA_TABLE:
        return lua.L_argerror(L, 2, b"nil or table expected")
    if lua_is_protected(L, 1):
        return lua_fail(L, LUA_READ_ONLY)
    if lua.L_getmetafield(L, 1, b"__metatable"):
        return lua_fail_here(L, b"cannot change a protected metatable")
    lua.settop(L, 2)
    lua.setmetatable(L, 1)
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _rawset(L: cython.pointer[LuaState]) -> cython.int:
    lua.L_checktype(L, 1, LUA_TABLE)
    lua.L_checkany(L, 2)
    lua.L_checkany(L, 3)
    if lua_is_protected(L, 1):
        return lua_fail(L, LUA_READ_ONLY)
    lua.settop(L, 3)
    lua.rawset(L, 1)
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _rawget(L: cython.pointer[LuaState]) -> cython.int:
    lua.L_checktype(L, 1, LUA_TABLE)
    lua.L_checkany(L, 2)
    lua.settop(L, 2)
    _unveil(L, 1)
    lua.rawget(L, 1)
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _next(L: cython.pointer[LuaState]) -> cython.int:
    lua.L_checktype(L, 1, LUA_TABLE)
    lua.settop(L, 2)
    _unveil(L, 1)
    if lua.next(L, 1):
        return 2
    lua.pushnil(L)
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _pairs(L: cython.pointer[LuaState]) -> cython.int:
    """pairs; its upvalue is `next`."""
    lua.L_checktype(L, 1, LUA_TABLE)
    lua.pushvalue(L, LUA_UPVALUES - 1)
    lua.pushvalue(L, 1)
    lua.pushnil(L)
    return 3


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _table_insert(L: cython.pointer[LuaState]) -> cython.int:
    lua.L_checktype(L, 1, LUA_TABLE)
    if lua_is_protected(L, 1):
        return lua_fail(L, LUA_READ_ONLY)
    end: int64_t = cython.cast(int64_t, lua.objlen(L, 1)) + 1
    at: int64_t = end
    arguments: cython.int = lua.gettop(L)
    if arguments == 3:
        at = cython.cast(cython.int, lua.L_checkinteger(L, 2))
        if at > end:
            end = at
        if at < LOWEST_POSITION:
            return lua.L_argerror(L, 2, b"position out of bounds")
        while end > at:
            lua.rawgeti(L, 1, cython.cast(cython.int, end - 1))
            lua.rawseti(L, 1, cython.cast(cython.int, end))
            end -= 1
    elif arguments != 2:
        return lua_fail_here(L, b"wrong number of arguments to 'insert'")
    lua.rawseti(L, 1, cython.cast(cython.int, at))
    return 0


@cython.cfunc
@cython.exceptval(check=False)
def _table_foreach(L: cython.pointer[LuaState]) -> cython.int:
    if lua.type(L, 1) == LUA_TABLE:
        _unveil(L, 1)
    return _foreach(L)


# Putting it together


@cython.cfunc
@cython.exceptval(check=False)
def _open(L: cython.pointer[LuaState], function: LuaFunction, name: cython.p_const_char) -> cython.void:
    """Open one of Lua's own libraries into the global table."""
    lua_push(L, function)
    lua.pushstring(L, name)
    lua.call(L, 1, 0)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _copy(L: cython.pointer[LuaState], name: cython.p_const_char) -> cython.void:
    """Copy a global into the table on top of the stack."""
    lua.getfield(L, LUA_GLOBALS, name)
    lua.setfield(L, -2, name)


@cython.cfunc
@cython.exceptval(check=False)
def _set_base(L: cython.pointer[LuaState]) -> cython.void:
    """Fill the table on top of the stack with the base functions."""
    _copy(L, b"assert")
    _copy(L, b"error")
    _copy(L, b"gcinfo")
    _copy(L, b"ipairs")
    _copy(L, b"rawequal")
    _copy(L, b"select")
    _copy(L, b"tonumber")
    _copy(L, b"tostring")
    _copy(L, b"type")
    _copy(L, b"xpcall")
    _copy(L, b"_VERSION")
    lua_set_function(L, b"getmetatable", _getmetatable)
    lua_set_function(L, b"setmetatable", _setmetatable)
    lua_set_function(L, b"rawset", _rawset)
    lua_set_function(L, b"rawget", _rawget)
    lua_set_function(L, b"next", _next)
    lua.getfield(L, -1, b"next")
    lua.pushcclosure(L, _pairs, 1)
    lua.setfield(L, -2, b"pairs")
    lua_guard_base(L)


@cython.cfunc
@cython.exceptval(check=False)
def _set_libraries(L: cython.pointer[LuaState]) -> cython.void:
    """Add Lua's own libraries to the table on top of the stack."""
    global _foreach
    lua.getfield(L, LUA_GLOBALS, b"string")
    lua_guard_strings(L)
    lua_protect(L)
    lua.setfield(L, -2, b"string")
    lua.getfield(L, LUA_GLOBALS, b"table")
    _foreach = lua_original(L, b"foreach")
    lua_set_function(L, b"foreach", _table_foreach)
    lua_set_function(L, b"insert", _table_insert)
    lua_protect(L)
    lua.setfield(L, -2, b"table")
    lua.getfield(L, LUA_GLOBALS, b"math")
    lua_guard_math(L)
    lua_protect(L)
    lua.setfield(L, -2, b"math")
    lua.getfield(L, LUA_GLOBALS, b"coroutine")
    lua_guard_coroutines(L)
    lua_protect(L)
    lua.setfield(L, -2, b"coroutine")
    lua_push_os(L)
    lua_protect(L)
    lua.setfield(L, -2, b"os")


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _protect_strings(L: cython.pointer[LuaState]) -> cython.void:
    """Have methods of strings come from the protected library, in the table on top of the stack; hide its metatable."""
    lua.pushlstring(L, b"", 0)
    lua.getmetatable(L, -1)
    lua.getfield(L, -3, b"string")
    lua.setfield(L, -2, b"__index")
    lua.createtable(L, 0, 1)
    lua.getfield(L, -4, b"string")
    lua.setfield(L, -2, b"__index")
    lua_protect(L)
    _show_as_metatable(L)
    lua_pop(L, 2)


@cython.cfunc
@cython.exceptval(check=False)
def lua_sandbox(L: cython.pointer[LuaState]) -> cython.int:
    """Give a new state, in a protected call, its libraries and its protected global table.

    Returns the real global table, for more to be put into it; scripts see it as their globals and cannot change it.
    """
    _open(L, lua.open_base, b"")
    _open(L, lua.open_table, b"table")
    _open(L, lua.open_string, b"string")
    _open(L, lua.open_math, b"math")
    lua.createtable(L, 0, 48)
    _set_base(L)
    _set_libraries(L)
    _protect_strings(L)
    # A missing name is an error, which the metatable that scripts are shown tells too.
    lua_missing_global(L)
    lua.pushvalue(L, -1)
    lua_protect(L)
    lua.getmetatable(L, -1)
    lua.createtable(L, 0, 1)
    lua_set_function(L, b"__index", _missing_global)
    lua_protect(L)
    _show_as_metatable(L)
    lua_pop(L, 1)
    lua.pushvalue(L, -1)
    lua.setfield(L, -3, b"_G")
    lua.replace(L, LUA_GLOBALS)
    return 1
