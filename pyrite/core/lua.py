"""Lua 5.1, the one that lupa brings along, through its C API.

lupa's own objects are not used: they turn each argument and result into a Python object, and a Lua error that leaves
one of their calls is a Python exception. Here Lua calls compiled functions, which read its stack in place, and its
memory is counted and limited by an allocator of ours. The library is opened when the first script needs it.

Errors of Lua are long jumps to the nearest protected call, over whatever C functions stand between. So a function that
calls anything here that may raise holds no Python object while it does so; which means every function that allocates in
Lua: pushing a string, making a table, setting a field. What runs commands is a function of its own that calls none of
them. No call may raise outside of a protected one, as that ends the process.

Specification: the reference manual of Lua 5.1, chapters 3 and 4.
"""

import cython
from cython.cimports.libc.stdlib import free, realloc
from cython.cimports.libc.string import memcpy

API_NAMES = (
    b"lua_newstate", b"lua_close", b"lua_gettop", b"lua_settop", b"lua_pushvalue", b"lua_remove", b"lua_insert",
    b"lua_replace", b"lua_checkstack", b"lua_type", b"lua_isnumber", b"lua_isstring", b"lua_iscfunction",
    b"lua_tonumber", b"lua_toboolean", b"lua_tolstring", b"lua_objlen", b"lua_touserdata", b"lua_tocfunction",
    b"lua_pushnil", b"lua_pushnumber", b"lua_pushlstring", b"lua_pushstring", b"lua_pushcclosure", b"lua_pushboolean",
    b"lua_pushlightuserdata", b"lua_gettable", b"lua_getfield", b"lua_rawget", b"lua_rawgeti", b"lua_createtable",
    b"lua_newuserdata", b"lua_getmetatable", b"lua_getfenv", b"lua_setfield", b"lua_settable", b"lua_rawset",
    b"lua_rawseti", b"lua_setmetatable", b"lua_setfenv", b"lua_call", b"lua_pcall", b"lua_cpcall", b"lua_load",
    b"lua_next",
    b"lua_concat", b"lua_error", b"lua_gc", b"lua_sethook", b"lua_getstack", b"lua_getinfo", b"luaL_checknumber",
    b"luaL_checkinteger", b"luaL_optinteger", b"luaL_checklstring", b"luaL_optlstring", b"luaL_checktype",
    b"luaL_checkany", b"luaL_checkstack", b"luaL_getmetafield", b"luaL_argerror", b"luaL_typerror", b"luaL_where",
    b"luaL_ref", b"luaL_unref", b"luaopen_base", b"luaopen_table", b"luaopen_string", b"luaopen_math",
)  # fmt: skip

_opened = cython.declare(cython.bint, False)


def open_library(path: bytes) -> None:
    """Take Lua's functions from the shared library at `path`, lupa's. Raises ImportError; once done, does nothing."""
    global _opened
    slots: cython.pp_void = cython.cast(cython.pp_void, cython.address(lua))
    if _opened:
        return
    library: cython.p_void = dlopen(path, RTLD_NOW | RTLD_LOCAL)
    if library == cython.NULL or len(API_NAMES) * cython.sizeof(cython.p_void) != cython.sizeof(LuaApi):
        raise ImportError(f"Lua can't be loaded from {path!r}")
    for i, name in enumerate(API_NAMES):
        slots[i] = dlsym(library, name)
        if slots[i] == cython.NULL:
            raise ImportError(f"{path!r} does not have {name.decode()}, so it is no Lua 5.1 that can be used")
    _opened = True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _allocate(context: cython.p_void, p: cython.p_void, old_size: cython.size_t, size: cython.size_t) -> cython.p_void:
    """Lua's allocator: counts, and refuses what goes past the limit. Shrinking never fails."""
    memory: cython.pointer[LuaMemory] = cython.cast(cython.pointer[LuaMemory], context)
    if size == 0:
        free(p)
        memory.used -= old_size
        return cython.NULL
    if size > old_size and size - old_size > memory.limit - memory.used:
        return cython.NULL
    moved: cython.p_void = realloc(p, size)
    if moved == cython.NULL:
        return p if size < old_size else cython.NULL
    memory.used += size - old_size
    return moved


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lua_new(memory: cython.pointer[LuaMemory]) -> cython.pointer[LuaState]:
    """A state of its own without any libraries; NULL without memory. `memory` has its limit set, and outlives it."""
    return lua.newstate(_allocate, memory)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lua_pop(L: cython.pointer[LuaState], n: cython.int) -> cython.void:
    """Drop the topmost values."""
    lua.settop(L, -n - 1)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lua_push(L: cython.pointer[LuaState], function: LuaFunction) -> cython.void:
    """Push a C function."""
    lua.pushcclosure(L, function, 0)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lua_fail(L: cython.pointer[LuaState], text: cython.p_const_char) -> cython.int:
    """Raise an error that does not say where; never returns."""
    lua.pushstring(L, text)
    return lua.error(L)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lua_fail_here(L: cython.pointer[LuaState], text: cython.p_const_char) -> cython.int:
    """Raise an error with the place in the script that called the running C function before it; never returns."""
    lua.L_where(L, 1)
    lua.pushstring(L, text)
    lua.concat(L, 2)
    return lua.error(L)


@cython.cfunc
@cython.exceptval(check=False)
def _read(L: cython.pointer[LuaState], context: cython.p_void, n: cython.pointer[cython.size_t]) -> cython.p_const_char:
    """Hand the compiler all of the source at once."""
    source: cython.pointer[Source] = cython.cast(cython.pointer[Source], context)
    n[0] = source.n
    source.n = 0
    return source.p if n[0] else cython.NULL


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lua_compile(
    L: cython.pointer[LuaState], p: cython.p_const_char, n: cython.size_t, name: cython.p_const_char
) -> cython.int:
    """Compile a chunk and push it as a function, or push what is wrong with it and return another status than 0.

    A precompiled chunk is refused: Lua 5.1 believes it, whatever it does. The name stays on the stack while Lua
    compiles, as its parser keeps no hold of it and a collection could take it away. May raise for lack of memory.
    """
    source: Source
    source.p = p
    source.n = n
    lua.pushstring(L, name)
    if (n and p[0] == 27) or n > SOURCE_MAX:
        lua.pushstring(L, b"attempt to load a precompiled chunk" if n <= SOURCE_MAX else b"code too long")
        lua.remove(L, -2)
        return 3
    status: cython.int = lua.load(L, _read, cython.address(source), name)
    lua.remove(L, -2)
    return status


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lua_set_function(L: cython.pointer[LuaState], name: cython.p_const_char, function: LuaFunction) -> cython.void:
    """Give the table on top of the stack a function."""
    lua.pushcclosure(L, function, 0)
    lua.setfield(L, -2, name)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lua_set_number(L: cython.pointer[LuaState], name: cython.p_const_char, v: cython.double) -> cython.void:
    """Give the table on top of the stack a number."""
    lua.pushnumber(L, v)
    lua.setfield(L, -2, name)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lua_set_string(L: cython.pointer[LuaState], name: cython.p_const_char, text: cython.p_const_char) -> cython.void:
    """Give the table on top of the stack a string."""
    lua.pushstring(L, text)
    lua.setfield(L, -2, name)


# What libraries put together

# Buffers that are larger than what is kept.
_large = cython.declare(cython.pointer[LuaBuffer][BUFFERS_MAX])
_large_count = cython.declare(cython.int, 0)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lua_buffer_start(b: cython.pointer[LuaBuffer]) -> cython.void:
    """Make the buffer empty."""
    b.n = 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lua_buffers_release() -> cython.void:
    """Free the buffers that have become large; no script uses any."""
    global _large_count
    while _large_count:
        _large_count -= 1
        free(_large[_large_count].p)
        _large[_large_count].p = cython.NULL
        _large[_large_count].n = _large[_large_count].capacity = 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _note_large(b: cython.pointer[LuaBuffer]) -> cython.void:
    global _large_count
    i: cython.int
    for i in range(_large_count):
        if _large[i] == b:
            return
    if _large_count < BUFFERS_MAX:
        _large[_large_count] = b
        _large_count += 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lua_buffer_grow(L: cython.pointer[LuaState], b: cython.pointer[LuaBuffer], more: cython.size_t) -> cython.void:
    """Make room for so many bytes more; raises without memory, and past a gigabyte."""
    if more > BUFFER_MAX - b.n:
        lua_fail(L, b"not enough memory")
    if b.capacity - b.n >= more:
        return
    capacity: cython.size_t = b.capacity * 2
    if capacity < b.n + more:
        capacity = b.n + more + 512
    moved: cython.p_char = cython.cast(cython.p_char, realloc(b.p, capacity))
    if moved == cython.NULL:
        lua_fail(L, b"not enough memory")
    b.p = moved
    b.capacity = capacity
    if capacity > BUFFER_KEPT:
        _note_large(b)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lua_buffer_put(
    L: cython.pointer[LuaState], b: cython.pointer[LuaBuffer], p: cython.p_const_char, n: cython.size_t
) -> cython.void:
    """Add bytes; raises as `lua_buffer_grow`."""
    if b.capacity - b.n < n or b.n > BUFFER_MAX:
        lua_buffer_grow(L, b, n)
    memcpy(b.p + b.n, p, n)
    b.n += n


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lua_buffer_byte(L: cython.pointer[LuaState], b: cython.pointer[LuaBuffer], c: cython.char) -> cython.void:
    """Add one byte; raises as `lua_buffer_grow`."""
    if b.capacity == b.n:
        lua_buffer_grow(L, b, 1)
    b.p[b.n] = c
    b.n += 1
