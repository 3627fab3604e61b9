"""What scripts see as `redis`: calls of commands, replies, log, propagation, and the registration of functions.

Most functions fall into two halves. One is called by Lua and calls it, which may end in a long jump, so it holds no
Python object. The other one has objects and calls only what cannot raise; between them go C variables of this module.
"""

import hashlib

import cython
from cython.cimports.libc.string import strlen
from cython.cimports.pyrite.core.lua import (
    LUA_FUNCTION,
    LUA_NIL,
    LUA_NUMBER,
    LUA_REGISTRY,
    LUA_STRING,
    LUA_TABLE,
    LuaState,
    lua,
    lua_pop,
    lua_set_function,
    lua_set_number,
    lua_set_string,
)
from cython.cimports.pyrite.core.lua_bit import lua_open_bit
from cython.cimports.pyrite.core.lua_json import lua_open_json
from cython.cimports.pyrite.core.lua_msgpack import lua_open_msgpack
from cython.cimports.pyrite.core.lua_reply import lua_push_error, lua_push_reply
from cython.cimports.pyrite.core.lua_sandbox import lua_is_protected, lua_missing_global, lua_protect
from cython.cimports.pyrite.core.lua_struct import lua_open_struct
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.command import Command, lookup_command
from cython.cimports.pyrite.engine.script import (
    CALL_COUNTED,
    CALL_DONE,
    CALL_REFUSED,
    Interpreter,
    script_current,
    script_fail,
    script_look,
    script_set_api,
)

from pyrite import REDIS_VERSION
from pyrite.engine.script import FLAG_BITS, log_failure

NO_ARGUMENTS = cython.declare(cython.p_const_char, b"ERR Please specify at least one argument for this redis lib call")
WRONG_ARGUMENTS = cython.declare(
    cython.p_const_char, b"ERR Lua redis lib command arguments must be strings or integers"
)
NOT_RUNNING = cython.declare(cython.p_const_char, b"ERR redis.call/pcall can only be called inside a script invocation")
INTERNAL_FAILURE = cython.declare(cython.p_const_char, b"ERR internal error: the server log tells more")
INVALID_ACL_COMMAND = cython.declare(cython.p_const_char, b"ERR Invalid command passed to redis.acl_check_cmd()")
WRONG_FIELD = cython.declare(cython.p_const_char, b"ERR wrong number or type of arguments")

# What one half of a function tells the other one.
_refusal = cython.declare(cython.p_const_char, cython.NULL)
_wire = cython.declare(cython.p_const_char, cython.NULL)
_wire_length = cython.declare(cython.Py_ssize_t, 0)
_hex = cython.declare(cython.char[40])

_version = cython.declare(bytes, REDIS_VERSION.encode())
_version_number = cython.declare(
    cython.int, sum(int(part) << shift for part, shift in zip(REDIS_VERSION.split("."), (16, 8, 0), strict=True))
)


# Commands


@cython.cfunc
@cython.exceptval(check=False)
def _arguments(me: Interpreter | None, L: cython.pointer[LuaState]) -> cython.bint:
    """Take what is on the stack as a command's arguments; False, and why, where that can't be done."""
    global _refusal
    n: cython.int = lua.gettop(L)
    if me is None or me.library is not None:
        _refusal = NOT_RUNNING
    elif n == 0:
        _refusal = NO_ARGUMENTS
    elif not me.collect(L, n):
        _refusal = WRONG_ARGUMENTS
    else:
        return True
    return False


@cython.cfunc
@cython.exceptval(check=False)
def _call_command(L: cython.pointer[LuaState]) -> cython.int:
    """The half of redis.call that has objects: run the command that the arguments on the stack name; one of CALL_*."""
    global _refusal, _wire, _wire_length
    me: Interpreter = script_current()
    reply: Reply
    try:
        if not _arguments(me, L):
            return CALL_REFUSED
        status: cython.int = me.execute()
        # They stand in Lua's strings, and are about to go.
        me.args.reset()
        if status == CALL_DONE:
            reply = me.client.reply
            _wire = reply.buf + reply.sent
            _wire_length = reply.n - reply.sent
        else:
            _refusal = me.refusal
        return status
    except BaseException:  # noqa: BLE001 - no exception may pass through Lua
        log_failure(me)
        _refusal = INTERNAL_FAILURE
        return CALL_REFUSED


@cython.cfunc
@cython.exceptval(check=False)
def _run_command(L: cython.pointer[LuaState], raises: cython.bint) -> cython.int:
    """Run a command, and push its reply; raise it if it is an error and `raises`."""
    script_look(L)
    status: cython.int = _call_command(L)
    failed: cython.bint = True
    # Thousands of arguments would leave no room on the stack.
    lua.settop(L, 0)
    if status == CALL_DONE:
        failed = lua_push_reply(L, _wire, _wire_length)
    else:
        lua_push_error(L, _refusal, strlen(_refusal), status == CALL_COUNTED)
    return lua.error(L) if failed and raises else 1


@cython.cfunc
@cython.exceptval(check=False)
def _redis_call(L: cython.pointer[LuaState]) -> cython.int:
    return _run_command(L, True)


@cython.cfunc
@cython.exceptval(check=False)
def _redis_pcall(L: cython.pointer[LuaState]) -> cython.int:
    return _run_command(L, False)


@cython.cfunc
@cython.exceptval(check=False)
def _check_command(L: cython.pointer[LuaState]) -> cython.int:
    """The half of redis.acl_check_cmd that has objects: CALL_DONE where the command is allowed, CALL_COUNTED if not."""
    global _refusal
    me: Interpreter = script_current()
    command: Command
    try:
        if not _arguments(me, L):
            return CALL_REFUSED
        command = lookup_command(me.args)
        if command is None:
            _refusal = INVALID_ACL_COMMAND
            return CALL_REFUSED
        return CALL_DONE if me.server.may_run(me.caller, command, me.args) else CALL_COUNTED
    except BaseException:  # noqa: BLE001 - no exception may pass through Lua
        log_failure(me)
        _refusal = INTERNAL_FAILURE
        return CALL_REFUSED


@cython.cfunc
@cython.exceptval(check=False)
def _redis_acl_check_cmd(L: cython.pointer[LuaState]) -> cython.int:
    status: cython.int = _check_command(L)
    if status == CALL_REFUSED:
        return script_fail(L, _refusal)
    lua.pushboolean(L, status == CALL_DONE)
    return 1


# The rest of `redis`


@cython.cfunc
@cython.exceptval(check=False)
def _digest(p: cython.p_const_char, n: cython.size_t) -> cython.void:
    text: bytes = hashlib.sha1(p[:n], usedforsecurity=False).hexdigest().encode()
    for i in range(40):
        _hex[i] = text[i]


@cython.cfunc
@cython.exceptval(check=False)
def _redis_sha1hex(L: cython.pointer[LuaState]) -> cython.int:
    n: cython.size_t = 0
    if lua.gettop(L) != 1:
        return script_fail(L, b"ERR wrong number of arguments")
    p: cython.p_const_char = lua.tolstring(L, 1, cython.address(n))
    if p == cython.NULL:
        p = b""
    _digest(p, n)
    lua.pushlstring(L, _hex, 40)
    return 1


@cython.cfunc
@cython.exceptval(check=False)
def _log(level: cython.int, L: cython.pointer[LuaState]) -> cython.void:
    """Log the arguments from the second on, all of which are strings by now or nothing that is logged."""
    me: Interpreter = script_current()
    parts: list = []
    n: cython.size_t = 0
    i: cython.int
    for i in range(2, lua.gettop(L) + 1):
        if lua.type(L, i) == LUA_STRING:
            p: cython.p_const_char = lua.tolstring(L, i, cython.address(n))
            parts.append(p[:n])
    if me is not None:
        me.server.log_from_script(level, b" ".join(parts))


@cython.cfunc
@cython.exceptval(check=False)
def _redis_log(L: cython.pointer[LuaState]) -> cython.int:
    i: cython.int
    if lua.gettop(L) < 2:
        return script_fail(L, b"ERR redis.log() requires two arguments or more.")
    if not lua.isnumber(L, 1):
        return script_fail(L, b"ERR First argument must be a number (log level).")
    level: cython.double = lua.tonumber(L, 1)
    if not -1 < level < 4:
        return script_fail(L, b"ERR Invalid debug level.")
    for i in range(2, lua.gettop(L) + 1):
        if lua.type(L, i) == LUA_NUMBER:
            lua.tolstring(L, i, cython.NULL)
    _log(cython.cast(cython.int, level), L)
    return 0


@cython.cfunc
@cython.exceptval(check=False)
def _set_resp(version: cython.int) -> cython.void:
    me: Interpreter = script_current()
    if me is not None and me.library is None:
        me.client.reply.resp = version


@cython.cfunc
@cython.exceptval(check=False)
def _redis_setresp(L: cython.pointer[LuaState]) -> cython.int:
    if lua.gettop(L) != 1:
        return script_fail(L, b"ERR redis.setresp() requires one argument.")
    version: cython.double = lua.tonumber(L, 1)
    if not 2 <= version < 4:
        return script_fail(L, b"ERR RESP version must be 2 or 3.")
    _set_resp(cython.cast(cython.int, version))
    return 0


@cython.cfunc
@cython.exceptval(check=False)
def _set_propagation(flags: cython.int) -> cython.void:
    me: Interpreter = script_current()
    if me is not None:
        me.server.script_propagation = flags


@cython.cfunc
@cython.exceptval(check=False)
def _redis_set_repl(L: cython.pointer[LuaState]) -> cython.int:
    if lua.gettop(L) != 1:
        return script_fail(L, b"ERR redis.set_repl() requires one argument.")
    flags: cython.double = lua.tonumber(L, 1)
    if not -1 < flags < 4:
        return script_fail(L, b"ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.")
    _set_propagation(cython.cast(cython.int, flags))
    return 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _redis_error_reply(L: cython.pointer[LuaState]) -> cython.int:
    """redis.error_reply: a table; a hyphen before the code is left out."""
    if lua.gettop(L) != 1 or lua.type(L, 1) != LUA_STRING:
        lua_push_error(L, WRONG_FIELD, strlen(WRONG_FIELD), False)
        return 1
    text: cython.p_const_char = lua.tolstring(L, 1, cython.NULL)
    if text[0] == ord("-"):
        text += 1
    n: cython.size_t = strlen(text)
    while n and (text[n - 1] == 13 or text[n - 1] == 10):
        n -= 1
    lua_push_error(L, text, n, False)
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _redis_status_reply(L: cython.pointer[LuaState]) -> cython.int:
    if lua.gettop(L) != 1 or lua.type(L, 1) != LUA_STRING:
        lua_push_error(L, WRONG_FIELD, strlen(WRONG_FIELD), False)
        return 1
    lua.createtable(L, 0, 1)
    lua.pushvalue(L, 1)
    lua.setfield(L, -2, b"ok")
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _redis_breakpoint(L: cython.pointer[LuaState]) -> cython.int:
    """redis.breakpoint: false, as nobody debugs."""
    lua.pushboolean(L, 0)
    return 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _redis_debug(L: cython.pointer[LuaState]) -> cython.int:
    """redis.debug: nothing, as nobody debugs."""
    return 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _redis_replicate_commands(L: cython.pointer[LuaState]) -> cython.int:
    """redis.replicate_commands: true, as effects are always what is replicated."""
    lua.pushboolean(L, 1)
    return 1


# Registration of functions


@cython.cfunc
@cython.exceptval(check=False)
def _register(L: cython.pointer[LuaState], ref: cython.int, described: cython.bint, flags: cython.int) -> cython.int:
    """The half of redis.register_function that has objects; its name and description are on top of the stack."""
    global _refusal
    me: Interpreter = script_current()
    n: cython.size_t = 0
    description = None
    try:
        p: cython.p_const_char = lua.tolstring(L, -2, cython.address(n))
        name: bytes = p[:n]
        if described:
            p = lua.tolstring(L, -1, cython.address(n))
            description = p[:n]
        me.refusal = me.library(name, description, flags, ref)
        if me.refusal is None:
            return CALL_DONE
        _refusal = me.refusal
        return CALL_REFUSED
    except BaseException:  # noqa: BLE001 - no exception may pass through Lua
        log_failure(me)
        _refusal = INTERNAL_FAILURE
        return CALL_REFUSED


@cython.cfunc
@cython.exceptval(check=False)
def _is_loading() -> cython.bint:
    me: Interpreter = script_current()
    return me is not None and me.library is not None


@cython.cfunc
@cython.exceptval(check=False)
def _flag_bit(p: cython.p_const_char) -> cython.int:
    """The bit of a function's flag, given in any case; 0 for none."""
    return FLAG_BITS.get(p[: strlen(p)].lower(), 0)


@cython.cfunc
@cython.exceptval(check=False)
def _flags_argument(L: cython.pointer[LuaState]) -> cython.int:
    """The flags that the table on top of the stack names; -1 where one is unknown."""
    flags: cython.int = 0
    bit: cython.int
    i: cython.int = 1
    if lua_is_protected(L, -1):
        return 0
    while True:
        lua.rawgeti(L, -1, i)
        if lua.type(L, -1) == LUA_NIL:
            lua_pop(L, 1)
            return flags
        bit = _flag_bit(lua.tolstring(L, -1, cython.NULL)) if lua.type(L, -1) == LUA_STRING else 0
        lua_pop(L, 1)
        if bit == 0:
            return -1
        flags |= bit
        i += 1


@cython.cfunc
@cython.exceptval(check=False)
def _word(L: cython.pointer[LuaState], at: cython.int) -> cython.int:
    """Which of the named arguments of redis.register_function the string at this place is; 0 for none."""
    p: cython.p_const_char = lua.tolstring(L, at, cython.NULL)
    word: bytes = p[: strlen(p)].lower()
    if word == b"function_name":
        return 1
    if word == b"callback":
        return 2
    if word == b"description":
        return 3
    return 4 if word == b"flags" else 0


@cython.cfunc
@cython.exceptval(check=False)
def _take_named(L: cython.pointer[LuaState], flags: cython.pointer[cython.int]) -> cython.p_const_char:
    """Put the fields of the table that is argument 1 to places 2 (name), 3 (function) and 4 (description).

    Returns what is wrong with them, NULL for nothing.
    """
    lua.settop(L, 1)
    lua.pushnil(L)
    lua.pushnil(L)
    lua.pushnil(L)
    lua.pushnil(L)
    while lua.next(L, 1):
        if lua.type(L, -2) != LUA_STRING:
            return b"ERR named argument key given to redis.register_function is not a string"
        which: cython.int = _word(L, -2)
        if which == 0:
            return b"ERR unknown argument given to redis.register_function"
        if which == 1 and not lua.isstring(L, -1):
            return b"ERR function_name argument given to redis.register_function must be a string"
        if which == 2 and lua.type(L, -1) != LUA_FUNCTION:
            return b"ERR callback argument given to redis.register_function must be a function"
        if which == 3 and not lua.isstring(L, -1):
            return b"ERR description argument given to redis.register_function must be a string"
        if which == 4:
            if lua.type(L, -1) != LUA_TABLE:
                return b"ERR flags argument to redis.register_function must be a table representing function flags"
            flags[0] = _flags_argument(L)
            if flags[0] < 0:
                return b"ERR unknown flag given"
            lua_pop(L, 1)
        else:
            lua.replace(L, which + 1)
    if lua.type(L, 2) == LUA_NIL:
        return b"ERR redis.register_function must get a function name argument"
    if lua.type(L, 3) == LUA_NIL:
        return b"ERR redis.register_function must get a callback argument"
    return cython.NULL


@cython.cfunc
@cython.exceptval(check=False)
def _take_positional(L: cython.pointer[LuaState]) -> cython.p_const_char:
    """The same for two arguments, the name and the function."""
    if not lua.isstring(L, 1):
        return b"ERR first argument to redis.register_function must be a string"
    if lua.type(L, 2) != LUA_FUNCTION:
        return b"ERR second argument to redis.register_function must be a function"
    lua.pushnil(L)
    lua.insert(L, 1)
    lua.pushnil(L)
    return cython.NULL


@cython.cfunc
@cython.exceptval(check=False)
def _redis_register_function(L: cython.pointer[LuaState]) -> cython.int:
    arguments: cython.int = lua.gettop(L)
    problem: cython.p_const_char
    flags: cython.int = 0
    if not _is_loading():
        return script_fail(L, b"ERR redis.register_function can only be called on FUNCTION LOAD command")
    if arguments < 1 or arguments > 2:
        return script_fail(L, b"ERR wrong number of arguments to redis.register_function")
    if arguments == 2:
        problem = _take_positional(L)
    elif lua.type(L, 1) != LUA_TABLE:
        problem = (
            b"ERR calling redis.register_function with a single argument is only applicable to Lua table "
            b"(representing named arguments)."
        )
    else:
        problem = _take_named(L, cython.address(flags))
    if problem != cython.NULL:
        return script_fail(L, problem)
    lua.tolstring(L, 2, cython.NULL)
    described: cython.bint = lua.type(L, 4) != LUA_NIL
    if described:
        lua.tolstring(L, 4, cython.NULL)
    lua.pushvalue(L, 3)
    ref: cython.int = lua.L_ref(L, LUA_REGISTRY)
    lua.pushvalue(L, 2)
    lua.pushvalue(L, 4)
    if _register(L, ref, described, flags) != CALL_DONE:
        lua.L_unref(L, LUA_REGISTRY, ref)
        return script_fail(L, _refusal)
    return 0


# Putting it together


@cython.cfunc
@cython.exceptval(check=False)
def _set_version(L: cython.pointer[LuaState]) -> cython.void:
    lua_set_string(L, b"REDIS_VERSION", _version)
    lua_set_number(L, b"REDIS_VERSION_NUM", _version_number)


@cython.cfunc
@cython.exceptval(check=False)
def _set_log(L: cython.pointer[LuaState]) -> cython.void:
    lua_set_function(L, b"log", _redis_log)
    lua_set_number(L, b"LOG_DEBUG", 0)
    lua_set_number(L, b"LOG_VERBOSE", 1)
    lua_set_number(L, b"LOG_NOTICE", 2)
    lua_set_number(L, b"LOG_WARNING", 3)


@cython.cfunc
@cython.exceptval(check=False)
def _push_redis(L: cython.pointer[LuaState], is_eval: cython.bint) -> cython.void:
    """Push the table `redis` of scripts."""
    lua.createtable(L, 0, 28)
    lua_set_function(L, b"call", _redis_call)
    lua_set_function(L, b"pcall", _redis_pcall)
    lua_set_function(L, b"setresp", _redis_setresp)
    lua_set_function(L, b"sha1hex", _redis_sha1hex)
    lua_set_function(L, b"error_reply", _redis_error_reply)
    lua_set_function(L, b"status_reply", _redis_status_reply)
    lua_set_function(L, b"set_repl", _redis_set_repl)
    lua_set_function(L, b"acl_check_cmd", _redis_acl_check_cmd)
    lua_set_number(L, b"REPL_NONE", 0)
    lua_set_number(L, b"REPL_AOF", 1)
    lua_set_number(L, b"REPL_SLAVE", 2)
    lua_set_number(L, b"REPL_REPLICA", 2)
    lua_set_number(L, b"REPL_ALL", 3)
    _set_log(L)
    _set_version(L)
    if is_eval:
        lua_set_function(L, b"breakpoint", _redis_breakpoint)
        lua_set_function(L, b"debug", _redis_debug)
        lua_set_function(L, b"replicate_commands", _redis_replicate_commands)


@cython.cfunc
@cython.exceptval(check=False)
def _add_load_globals(L: cython.pointer[LuaState]) -> cython.void:
    """Put the globals that a library's code sees while it is loaded into the registry."""
    lua.createtable(L, 0, 1)
    lua.createtable(L, 0, 8)
    lua_set_function(L, b"register_function", _redis_register_function)
    _set_log(L)
    _set_version(L)
    lua_missing_global(L)
    lua_protect(L)
    lua.setfield(L, -2, b"redis")
    lua_missing_global(L)
    lua.setfield(L, LUA_REGISTRY, b"pyrite.load")


@cython.cfunc
@cython.exceptval(check=False)
def _open(L: cython.pointer[LuaState], is_eval: cython.bint) -> cython.void:
    """Add what is not Lua's own to the globals on top of the stack."""
    lua_open_bit(L)
    lua_protect(L)
    lua.setfield(L, -2, b"bit")
    lua_open_struct(L)
    lua_protect(L)
    lua.setfield(L, -2, b"struct")
    lua_open_msgpack(L)
    lua_protect(L)
    lua.setfield(L, -2, b"cmsgpack")
    lua_open_json(L)
    lua_protect(L)
    lua.setfield(L, -2, b"cjson")
    _push_redis(L, is_eval)
    lua_protect(L)
    lua.setfield(L, -2, b"redis")
    if not is_eval:
        _add_load_globals(L)


script_set_api(_open)
