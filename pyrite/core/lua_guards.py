"""Functions of Lua's own libraries that scripts get in another form; why each is, is said in `lua_sandbox`."""

import cython
from cython.cimports.libc.stdint import int64_t, uint64_t
from cython.cimports.libc.string import memcpy, strcmp
from cython.cimports.pyrite.core.lua import (
    LUA_ALL_RESULTS,
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
    LuaDebug,
    LuaFunction,
    LuaState,
    lua,
    lua_compile,
    lua_fail,
    lua_fail_here,
    lua_pop,
    lua_set_function,
)

LUA_READ_ONLY = b"Attempt to modify a readonly table"

# Lua's own functions that have a guard before them. They use no upvalues, so the guard can go on as the function.
_find = cython.declare(LuaFunction)
_match = cython.declare(LuaFunction)
_gmatch = cython.declare(LuaFunction)
_gsub = cython.declare(LuaFunction)
_create = cython.declare(LuaFunction)
_resume = cython.declare(LuaFunction)
_go_on = cython.declare(LuaFunction)  # what coroutine.wrap returns

_switches = cython.declare(cython.int, 0)
_switch_limit = cython.declare(cython.int, SWITCHES)
_switch_hook = cython.declare(LuaSwitchHook, cython.NULL)

_random = cython.declare(uint64_t, RANDOM_START)


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
@cython.exceptval(check=False)
def _load(L: cython.pointer[LuaState]) -> cython.int:
    """load: all pieces are fetched before the first is compiled; each counts as a switch to a coroutine."""
    n: cython.size_t = 0
    total: cython.size_t = 0
    pieces: cython.int = 0
    lua.L_checktype(L, 1, LUA_FUNCTION)
    name: cython.p_const_char = lua.L_optlstring(L, 2, b"=(load)", cython.NULL)
    lua.settop(L, 2)
    lua.createtable(L, 0, 0)
    while True:
        # A function of Lua's own that never has enough would otherwise be called for ever, without a hook.
        _count_switch(L)
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
        return lua_fail(L, LUA_READ_ONLY)
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


# Putting them in


@cython.cfunc
@cython.exceptval(check=False)
def lua_original(L: cython.pointer[LuaState], name: cython.p_const_char) -> LuaFunction:
    """The C function of this name in the table on top of the stack."""
    lua.getfield(L, -1, name)
    found: LuaFunction = lua.tocfunction(L, -1)
    lua_pop(L, 1)
    return found


@cython.cfunc
@cython.exceptval(check=False)
def lua_guard_coroutines(L: cython.pointer[LuaState]) -> cython.void:
    """Count switches to coroutines, in the library on top of the stack."""
    global _create, _go_on, _resume
    _create = lua_original(L, b"create")
    _resume = lua_original(L, b"resume")
    # What Lua's own wrap returns, found by wrapping something.
    lua.getfield(L, -1, b"wrap")
    lua_compile(L, b"", 0, b"=nothing")
    lua.call(L, 1, 1)
    _go_on = lua.tocfunction(L, -1)
    lua_pop(L, 1)
    lua_set_function(L, b"resume", _coroutine_resume)
    lua_set_function(L, b"wrap", _coroutine_wrap)


@cython.cfunc
@cython.exceptval(check=False)
def lua_guard_strings(L: cython.pointer[LuaState]) -> cython.void:
    """Put guards before functions of the library of strings, which is on top of the stack."""
    global _find, _gmatch, _gsub, _match
    _find = lua_original(L, b"find")
    _match = lua_original(L, b"match")
    _gmatch = lua_original(L, b"gmatch")
    _gsub = lua_original(L, b"gsub")
    lua_set_function(L, b"find", _string_find)
    lua_set_function(L, b"match", _string_match)
    lua_set_function(L, b"gmatch", _string_gmatch)
    lua_set_function(L, b"gfind", _string_gmatch)
    lua_set_function(L, b"gsub", _string_gsub)
    lua_set_function(L, b"rep", _string_rep)


@cython.cfunc
@cython.exceptval(check=False)
def lua_guard_math(L: cython.pointer[LuaState]) -> cython.void:
    """Replace the generator of random numbers in the library of mathematics, which is on top of the stack."""
    lua_set_function(L, b"random", _math_random)
    lua_set_function(L, b"randomseed", _math_randomseed)


@cython.cfunc
@cython.exceptval(check=False)
def lua_guard_base(L: cython.pointer[LuaState]) -> cython.void:
    """Add what replaces base functions to the table on top of the stack."""
    lua_set_function(L, b"loadstring", _loadstring)
    lua_set_function(L, b"load", _load)
    lua_set_function(L, b"getfenv", _getfenv)
    lua_set_function(L, b"setfenv", _setfenv)
    lua_set_function(L, b"collectgarbage", _collectgarbage)
    lua_set_function(L, b"pcall", lua_protected_call)
    lua_set_function(L, b"unpack", _unpack)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lua_push_os(L: cython.pointer[LuaState]) -> cython.void:
    """Push what scripts see as `os`."""
    lua.createtable(L, 0, 1)
    lua_set_function(L, b"clock", _os_clock)
