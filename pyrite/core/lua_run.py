"""What Lua is asked to do with code: compile it, call it with keys and arguments, make something of its errors.

Each function here runs in a protected call, as most of them may raise. They hold no Python object; what they are to
work on stands in `lua_invocation` and `lua_chunk`.
"""

import cython
from cython.cimports.pyrite.core.lua import (
    LUA_GC_COLLECT,
    LUA_GLOBALS,
    LUA_REGISTRY,
    LUA_STRING,
    LUA_TABLE,
    LUA_UPVALUES,
    LuaDebug,
    LuaState,
    lua,
    lua_compile,
    lua_pop,
)
from cython.cimports.pyrite.core.lua_sandbox import lua_is_protected
from cython.cimports.pyrite.core.parser import Slice


@cython.cfunc
@cython.exceptval(check=False)
def lua_handle_error(L: cython.pointer[LuaState]) -> cython.int:
    """Make a table of an error, if it is none, and note in it where it arose. The upvalue is `tostring`."""
    at: LuaDebug
    if lua.type(L, 1) != LUA_TABLE:
        lua.createtable(L, 0, 3)
        lua.pushstring(L, b"ERR ")
        lua.pushvalue(L, LUA_UPVALUES - 1)
        lua.pushvalue(L, 1)
        lua.call(L, 1, 1)
        lua.concat(L, 2)
        lua.setfield(L, -2, b"err")
        lua.replace(L, 1)
    lua.settop(L, 1)
    if lua_is_protected(L, 1) or not lua.getstack(L, 1, cython.address(at)):
        return 1
    lua.getinfo(L, b"Sl", cython.address(at))
    if at.what[0] == ord("C"):
        if not lua.getstack(L, 2, cython.address(at)):
            return 1
        lua.getinfo(L, b"Sl", cython.address(at))
    lua.pushstring(L, b"source")
    lua.pushstring(L, at.source)
    lua.rawset(L, 1)
    lua.pushstring(L, b"line")
    lua.pushnumber(L, at.currentline)
    lua.rawset(L, 1)
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _push_arguments(L: cython.pointer[LuaState], v: cython.pointer[Slice], n: cython.Py_ssize_t) -> cython.void:
    i: cython.Py_ssize_t
    lua.createtable(L, cython.cast(cython.int, n), 0)
    for i in range(n):
        lua.pushlstring(L, v[i].p, v[i].n)
        lua.rawseti(L, -2, cython.cast(cython.int, i + 1))


@cython.cfunc
@cython.exceptval(check=False)
def lua_invoke(L: cython.pointer[LuaState]) -> cython.int:
    """Call the function that is the argument with the invocation's keys and arguments. Its upvalue: the globals."""
    _push_arguments(L, lua_invocation.v, lua_invocation.keys)
    _push_arguments(L, lua_invocation.v + lua_invocation.keys, lua_invocation.arguments)
    if not lua_invocation.as_globals:
        lua.call(L, 2, 1)
        return 1
    lua.setfield(L, LUA_UPVALUES - 1, b"ARGV")
    lua.setfield(L, LUA_UPVALUES - 1, b"KEYS")
    # A script that gave itself another environment has it for one run.
    lua.pushvalue(L, LUA_GLOBALS)
    lua.setfenv(L, 1)
    lua.call(L, 0, 1)
    return 1


@cython.cfunc
@cython.exceptval(check=False)
def lua_compile_chunk(L: cython.pointer[LuaState]) -> cython.int:
    """Compile the chunk, and keep it; raises what is wrong with it."""
    if lua_compile(L, lua_chunk.p, lua_chunk.n, lua_chunk.name):
        return lua.error(L)
    lua_chunk.ref = lua.L_ref(L, LUA_REGISTRY)
    return 0


@cython.cfunc
@cython.exceptval(check=False)
def lua_collect(L: cython.pointer[LuaState]) -> cython.int:
    """Collect all garbage."""
    lua.gc(L, LUA_GC_COLLECT, 0)
    return 0


@cython.cfunc
@cython.exceptval(check=False)
def lua_describe_error(L: cython.pointer[LuaState]) -> cython.int:
    """The text of a library's error, which is the argument: of whatever kind, it is not asked for more than it has."""
    if lua.type(L, 1) == LUA_TABLE:
        lua.pushstring(L, b"err")
        lua.rawget(L, 1)
    elif lua.isstring(L, 1):
        lua.pushstring(L, b"ERR ")
        lua.pushvalue(L, 1)
        lua.concat(L, 2)
    if lua.type(L, -1) != LUA_STRING:
        lua.pushstring(L, b"ERR unknown error")
    return 1


@cython.cfunc
@cython.exceptval(check=False)
def lua_release(L: cython.pointer[LuaState]) -> cython.int:
    """Forget the chunk that was kept."""
    lua.L_unref(L, LUA_REGISTRY, lua_chunk.ref)
    return 0


@cython.cfunc
@cython.exceptval(check=False)
def _see_globals(L: cython.pointer[LuaState], name: cython.p_const_char) -> cython.void:
    """Have code see the globals that the registry has under this name."""
    lua.getmetatable(L, LUA_GLOBALS)
    lua.getfield(L, LUA_REGISTRY, name)
    lua.setfield(L, -2, b"__index")
    lua_pop(L, 1)


@cython.cfunc
@cython.exceptval(check=False)
def lua_run_chunk(L: cython.pointer[LuaState]) -> cython.int:
    """Run the chunk once, as the code of a library, which sees nothing but `redis`."""
    _see_globals(L, b"pyrite.load")
    lua.rawgeti(L, LUA_REGISTRY, lua_chunk.ref)
    lua.call(L, 0, 0)
    return 0


@cython.cfunc
@cython.exceptval(check=False)
def lua_end_chunk(L: cython.pointer[LuaState]) -> cython.int:
    """Undo what `lua_run_chunk` has done, however it has ended, and forget the chunk."""
    _see_globals(L, b"pyrite.globals")
    lua.L_unref(L, LUA_REGISTRY, lua_chunk.ref)
    return 0
