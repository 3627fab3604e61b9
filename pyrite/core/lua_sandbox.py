"""The sandbox: what of Lua's own libraries scripts see, and how it is kept from them to change it.

Scripts share one Lua state, so nothing that one of them can reach may be changed by it. Lua 5.1 has no read-only
tables. A protected table is a pair: the script holds an empty table, whose metatable leads reads to the real one and
refuses writes. Functions of Lua that go past metatables are replaced by ones that know such pairs: rawset, rawget,
next, pairs, table.insert, table.foreach, setmetatable, getmetatable. The real table, and the metatable, cannot be
reached.

    script ──> {}  ──metatable──> {__index = real table, __newindex = refuse, <mark> = what getmetatable shows}

Also replaced, because Lua 5.1's own lead out of the sandbox or bring down the process:

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
from cython.cimports.libc.stdint import int64_t, uint64_t
from cython.cimports.libc.string import memcpy, strcmp
from cython.cimports.pyrite.core.lua import (
    LUA_ALL_RESULTS,
    LUA_BOOLEAN,
    LUA_FUNCTION,
    LUA_GC_COLLECT,
    LUA_GC_COUNT,
    LUA_GC_COUNT_REST,
    LUA_GC_STEP,
    LUA_GLOBALS,
    LUA_NIL,
    LUA_NUMBER,
    LUA_STRING,
    LUA_TABLE,
    LUA_UPVALUES,
    LuaDebug,
    LuaFunction,
    LuaState,
    lua,
    lua_compile,
    lua_fail,
    lua_fail_here,
    lua_pop,
    lua_push,
    lua_set_function,
)

READ_ONLY = cython.declare(cython.p_const_char, b"Attempt to modify a readonly table")

# Lua's own functions that have a guard before them. They use no upvalues, so the guard can go on as the function.
_find = cython.declare(LuaFunction)
_match = cython.declare(LuaFunction)
_gmatch = cython.declare(LuaFunction)
_gsub = cython.declare(LuaFunction)
_foreach = cython.declare(LuaFunction)
_create = cython.declare(LuaFunction)
_resume = cython.declare(LuaFunction)
_go_on = cython.declare(LuaFunction)  # what coroutine.wrap returns

_switches = cython.declare(cython.int, 0)
_switch_limit = cython.declare(cython.int, SWITCHES)
_switch_hook = cython.declare(LuaSwitchHook, cython.NULL)

_random = cython.declare(uint64_t, RANDOM_START)

# What a protected table's metatable is known by: a key that scripts cannot make.
_mark = cython.declare(cython.int, 0)


# Protected tables


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _refuse(L: cython.pointer[LuaState]) -> cython.int:
    """__newindex of protected tables."""
    return lua_fail_here(L, READ_ONLY)


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
        return lua_fail(L, READ_ONLY)
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
        return lua_fail(L, READ_ONLY)
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
        return lua_fail(L, READ_ONLY)
    end: int64_t = cython.cast(int64_t, lua.objlen(L, 1)) + 1
    at: int64_t = end
    arguments: cython.int = lua.gettop(L)
    if arguments == 3:
        at = cython.cast(cython.int, lua.L_checkinteger(L, 2))
        if at > end:
            end = at
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


# Code and environments


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _loaded(L: cython.pointer[LuaState], status: cython.int) -> cython.int:
    """Return the function, or nil and what is wrong."""
    if status == 0:
        return 1
    lua.pushnil(L)
    lua.insert(L, -2)
    return 2


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _loadstring(L: cython.pointer[LuaState]) -> cython.int:
    n: cython.size_t = 0
    p: cython.p_const_char = lua.L_checklstring(L, 1, cython.address(n))
    name: cython.p_const_char = lua.L_optlstring(L, 2, p, cython.NULL)
    return _loaded(L, lua_compile(L, p, n, name))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _load(L: cython.pointer[LuaState]) -> cython.int:
    """load: all pieces are fetched before the first is compiled."""
    n: cython.size_t = 0
    total: cython.size_t = 0
    pieces: cython.int = 0
    lua.L_checktype(L, 1, LUA_FUNCTION)
    name: cython.p_const_char = lua.L_optlstring(L, 2, b"=(load)", cython.NULL)
    lua.settop(L, 2)
    lua.createtable(L, 0, 0)
    while True:
        lua.pushvalue(L, 1)
        lua.call(L, 0, 1)
        if lua.type(L, -1) == LUA_NIL:
            break
        if not lua.isstring(L, -1):
            lua.pushstring(L, b"reader function must return a string")
            return _loaded(L, 1)
        lua.tolstring(L, -1, cython.address(n))
        if n == 0:
            break
        total += n
        pieces += 1
        lua.rawseti(L, 3, pieces)
    whole: cython.p_char = cython.cast(cython.p_char, lua.newuserdata(L, total + 1))
    total = 0
    i: cython.int
    for i in range(1, pieces + 1):
        lua.rawgeti(L, 3, i)
        p: cython.p_const_char = lua.tolstring(L, -1, cython.address(n))
        memcpy(whole + total, p, n)
        total += n
        lua_pop(L, 1)
    return _loaded(L, lua_compile(L, whole, total, name))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _push_function(L: cython.pointer[LuaState], optional: cython.bint) -> cython.void:
    """Push the function that argument 1 is, or that runs so many levels up. Raises when there is none."""
    at: LuaDebug
    if lua.type(L, 1) == LUA_FUNCTION:
        lua.pushvalue(L, 1)
        return
    level: cython.int
    if optional and lua.type(L, 1) <= LUA_NIL:
        level = 1
    else:
        level = cython.cast(cython.int, lua.L_checkinteger(L, 1))
    if level < 0:
        lua.L_argerror(L, 1, b"level must be non-negative")
    if not lua.getstack(L, level, cython.address(at)):
        lua.L_argerror(L, 1, b"invalid level")
    lua.getinfo(L, b"f", cython.address(at))
    if lua.type(L, -1) == LUA_NIL:
        lua_fail_here(L, b"no function environment for tail call at this level")


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _getfenv(L: cython.pointer[LuaState]) -> cython.int:
    _push_function(L, True)
    if lua.iscfunction(L, -1):
        lua.pushvalue(L, LUA_GLOBALS)
    else:
        lua.getfenv(L, -1)
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _setfenv(L: cython.pointer[LuaState]) -> cython.int:
    lua.L_checktype(L, 2, LUA_TABLE)
    if lua.type(L, 1) == LUA_NUMBER and lua.tonumber(L, 1) == 0:
        return lua_fail(L, READ_ONLY)
    _push_function(L, False)
    lua.pushvalue(L, 2)
    if lua.iscfunction(L, -2) or not lua.setfenv(L, -2):
        return lua_fail_here(L, b"'setfenv' cannot change environment of given object")
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _collectgarbage(L: cython.pointer[LuaState]) -> cython.int:
    """collectgarbage: counts and collects; what would change the collector for later scripts does nothing."""
    option: cython.p_const_char = lua.L_optlstring(L, 1, b"collect", cython.NULL)
    if strcmp(option, b"count") == 0:
        lua.pushnumber(L, lua.gc(L, LUA_GC_COUNT, 0) + lua.gc(L, LUA_GC_COUNT_REST, 0) / 1024.0)
    elif strcmp(option, b"collect") == 0:
        lua.pushnumber(L, lua.gc(L, LUA_GC_COLLECT, 0))
    elif strcmp(option, b"step") == 0:
        data: cython.int = cython.cast(cython.int, lua.L_optinteger(L, 2, 0))
        lua.pushboolean(L, lua.gc(L, LUA_GC_STEP, data))
    elif (
        strcmp(option, b"stop")
        and strcmp(option, b"restart")
        and strcmp(option, b"setpause")
        and strcmp(option, b"setstepmul")
    ):
        lua.pushstring(L, b"invalid option '")
        lua.pushstring(L, option)
        lua.pushstring(L, b"'")
        lua.concat(L, 3)
        return lua.L_argerror(L, 1, lua.tolstring(L, -1, cython.NULL))
    else:
        lua.pushnumber(L, 0)
    return 1


@cython.cfunc
@cython.exceptval(check=False)
def lua_protected_call(L: cython.pointer[LuaState]) -> cython.int:
    """pcall; of an error that is a table with the text `err`, only the text."""
    lua.L_checkany(L, 1)
    status: cython.int = lua.pcall(L, lua.gettop(L) - 1, LUA_ALL_RESULTS, 0)
    if status and lua.type(L, -1) == LUA_TABLE:
        lua.pushstring(L, b"err")
        lua.rawget(L, -2)
        if lua.isstring(L, -1):
            lua.replace(L, -2)
        else:
            lua_pop(L, 1)
    lua.L_checkstack(L, 1, b"too many results")
    lua.pushboolean(L, status == 0)
    lua.insert(L, 1)
    return lua.gettop(L)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _unpack(L: cython.pointer[LuaState]) -> cython.int:
    lua.L_checktype(L, 1, LUA_TABLE)
    first: int64_t = cython.cast(cython.int, lua.L_optinteger(L, 2, 1))
    last: int64_t
    if lua.type(L, 3) <= LUA_NIL:
        last = cython.cast(int64_t, lua.objlen(L, 1))
    else:
        last = cython.cast(cython.int, lua.L_checkinteger(L, 3))
    if first > last:
        return 0
    count: int64_t = last - first + 1
    if count >= 2147483647 or not lua.checkstack(L, cython.cast(cython.int, count)):
        return lua_fail_here(L, b"too many results to unpack")
    at: int64_t
    for at in range(first, last + 1):
        lua.rawgeti(L, 1, cython.cast(cython.int, at))
    return cython.cast(cython.int, count)


# Coroutines


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lua_on_switch(hook: LuaSwitchHook) -> cython.void:
    """Have this called, now and then, before a coroutine goes on; it may raise."""
    global _switch_hook
    _switch_hook = hook


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lua_count_each_switch(on: cython.bint) -> cython.void:
    """Call the hook at each switch, or again only now and then."""
    global _switch_limit
    _switch_limit = 1 if on else SWITCHES


@cython.cfunc
@cython.exceptval(check=False)
def _count_switch(L: cython.pointer[LuaState]) -> cython.void:
    global _switches
    _switches += 1
    if _switches >= _switch_limit:
        _switches = 0
        if _switch_hook != cython.NULL:
            _switch_hook(L)


@cython.cfunc
@cython.exceptval(check=False)
def _coroutine_resume(L: cython.pointer[LuaState]) -> cython.int:
    _count_switch(L)
    return _resume(L)


@cython.cfunc
@cython.exceptval(check=False)
def _coroutine_go_on(L: cython.pointer[LuaState]) -> cython.int:
    """What `coroutine.wrap` returns. Its upvalue is the coroutine, as with Lua's own, which takes it from there."""
    _count_switch(L)
    return _go_on(L)


@cython.cfunc
@cython.exceptval(check=False)
def _coroutine_wrap(L: cython.pointer[LuaState]) -> cython.int:
    _create(L)
    lua.pushcclosure(L, _coroutine_go_on, 1)
    return 1


# Strings


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _check_pattern(L: cython.pointer[LuaState]) -> cython.void:
    if lua.type(L, 2) == LUA_STRING and lua.objlen(L, 2) > PATTERN_MAX:
        lua_fail_here(L, b"pattern too complex")


@cython.cfunc
@cython.exceptval(check=False)
def _string_find(L: cython.pointer[LuaState]) -> cython.int:
    """string.find; a plain search takes no pattern."""
    if not lua.toboolean(L, 4):
        _check_pattern(L)
    return _find(L)


@cython.cfunc
@cython.exceptval(check=False)
def _string_match(L: cython.pointer[LuaState]) -> cython.int:
    _check_pattern(L)
    return _match(L)


@cython.cfunc
@cython.exceptval(check=False)
def _string_gmatch(L: cython.pointer[LuaState]) -> cython.int:
    _check_pattern(L)
    return _gmatch(L)


@cython.cfunc
@cython.exceptval(check=False)
def _string_gsub(L: cython.pointer[LuaState]) -> cython.int:
    _check_pattern(L)
    return _gsub(L)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _string_rep(L: cython.pointer[LuaState]) -> cython.int:
    n: cython.size_t = 0
    p: cython.p_const_char = lua.L_checklstring(L, 1, cython.address(n))
    times: int64_t = cython.cast(cython.int, lua.L_checkinteger(L, 2))
    if n == 0 or times <= 0:
        lua.pushlstring(L, b"", 0)
        return 1
    if n > cython.cast(cython.size_t, 0x7FFFFFFF):
        return lua_fail_here(L, b"resulting string too large")
    total: cython.size_t = n * cython.cast(cython.size_t, times)
    out: cython.p_char = cython.cast(cython.p_char, lua.newuserdata(L, total))
    memcpy(out, p, n)
    done: cython.size_t = n
    part: cython.size_t
    while done < total:
        part = done if done < total - done else total - done
        memcpy(out + done, out, part)
        done += part
    lua.pushlstring(L, out, total)
    return 1


# Numbers and time


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _math_random(L: cython.pointer[LuaState]) -> cython.int:
    global _random
    _random = (_random * RANDOM_FACTOR + RANDOM_STEP) & RANDOM_MASK
    r: cython.double = cython.cast(cython.double, (_random >> 17) % RANDOM_MAX) / RANDOM_MAX
    low: cython.int = 1
    high: cython.int
    arguments: cython.int = lua.gettop(L)
    if arguments == 0:
        lua.pushnumber(L, r)
        return 1
    if arguments == 1:
        high = cython.cast(cython.int, lua.L_checkinteger(L, 1))
    elif arguments == 2:
        low = cython.cast(cython.int, lua.L_checkinteger(L, 1))
        high = cython.cast(cython.int, lua.L_checkinteger(L, 2))
    else:
        return lua_fail_here(L, b"wrong number of arguments")
    if low > high:
        return lua.L_argerror(L, arguments, b"interval is empty")
    lua.pushnumber(L, floor(r * (cython.cast(cython.double, high) - low + 1)) + low)
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _math_randomseed(L: cython.pointer[LuaState]) -> cython.int:
    global _random
    seed: cython.uint = cython.cast(cython.uint, cython.cast(cython.int, lua.L_checkinteger(L, 1)))
    _random = (cython.cast(uint64_t, seed) << 16) + RANDOM_SEED_LOW
    return 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _os_clock(L: cython.pointer[LuaState]) -> cython.int:
    lua.pushnumber(L, cython.cast(cython.double, clock()) / CLOCKS_PER_SEC)
    return 1


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
def _original(L: cython.pointer[LuaState], name: cython.p_const_char) -> LuaFunction:
    """The C function of this name in the table on top of the stack."""
    lua.getfield(L, -1, name)
    found: LuaFunction = lua.tocfunction(L, -1)
    lua_pop(L, 1)
    return found


@cython.cfunc
@cython.exceptval(check=False)
def _guard_coroutines(L: cython.pointer[LuaState]) -> cython.void:
    """Count switches to coroutines, in the library on top of the stack."""
    global _create, _go_on, _resume
    _create = _original(L, b"create")
    _resume = _original(L, b"resume")
    # What Lua's own wrap returns, found by wrapping something.
    lua.getfield(L, -1, b"wrap")
    lua_compile(L, b"", 0, b"=nothing")
    lua.call(L, 1, 1)
    _go_on = lua.tocfunction(L, -1)
    lua_pop(L, 1)
    lua_set_function(L, b"resume", _coroutine_resume)
    lua_set_function(L, b"wrap", _coroutine_wrap)


@cython.cfunc
@cython.nogil
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
    lua_set_function(L, b"loadstring", _loadstring)
    lua_set_function(L, b"load", _load)
    lua_set_function(L, b"getfenv", _getfenv)
    lua_set_function(L, b"setfenv", _setfenv)
    lua_set_function(L, b"collectgarbage", _collectgarbage)
    lua_set_function(L, b"pcall", lua_protected_call)
    lua_set_function(L, b"unpack", _unpack)


@cython.cfunc
@cython.exceptval(check=False)
def _set_libraries(L: cython.pointer[LuaState]) -> cython.void:
    """Add Lua's own libraries to the table on top of the stack."""
    global _find, _foreach, _gmatch, _gsub, _match
    lua.getfield(L, LUA_GLOBALS, b"string")
    _find = _original(L, b"find")
    _match = _original(L, b"match")
    _gmatch = _original(L, b"gmatch")
    _gsub = _original(L, b"gsub")
    lua_set_function(L, b"find", _string_find)
    lua_set_function(L, b"match", _string_match)
    lua_set_function(L, b"gmatch", _string_gmatch)
    lua_set_function(L, b"gfind", _string_gmatch)
    lua_set_function(L, b"gsub", _string_gsub)
    lua_set_function(L, b"rep", _string_rep)
    lua_protect(L)
    lua.setfield(L, -2, b"string")
    lua.getfield(L, LUA_GLOBALS, b"table")
    _foreach = _original(L, b"foreach")
    lua_set_function(L, b"foreach", _table_foreach)
    lua_set_function(L, b"insert", _table_insert)
    lua_protect(L)
    lua.setfield(L, -2, b"table")
    lua.getfield(L, LUA_GLOBALS, b"math")
    lua_set_function(L, b"random", _math_random)
    lua_set_function(L, b"randomseed", _math_randomseed)
    lua_protect(L)
    lua.setfield(L, -2, b"math")
    lua.getfield(L, LUA_GLOBALS, b"coroutine")
    _guard_coroutines(L)
    lua_protect(L)
    lua.setfield(L, -2, b"coroutine")
    lua.createtable(L, 0, 1)
    lua_set_function(L, b"clock", _os_clock)
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
