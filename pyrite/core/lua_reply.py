"""Replies between commands and Lua: a command's reply becomes Lua values, and what a script returns a reply.

    RESP                                Lua
    integer                             number
    bulk string                         string
    array                               table from 1 on
    status                              table with the field ok
    error                               table with the field err
    null bulk string, null array        false
    null (RESP3)                        nil
    boolean (RESP3)                     boolean
    double, big number (RESP3)          table with the field double, big_number
    verbatim string (RESP3)             table with verbatim_string = {format, string}
    map (RESP3)                         table with map = {key = value ...}
    set (RESP3)                         table with set = {element = true ...}

and the other way round, but for these: a number loses its fraction; an array ends before its first nil; true is 1 and
false a null while the script speaks RESP2; what has no form is a null.

Specification: the documentation of Lua scripts at redis.io, "Data type conversion".
"""

import cython
from cython.cimports.libc.string import memchr, strlen
from cython.cimports.pyrite.core.lua import (
    LUA_BOOLEAN,
    LUA_NIL,
    LUA_NUMBER,
    LUA_STRING,
    LUA_TABLE,
    LUA_UPVALUES,
    LuaBuffer,
    LuaState,
    lua,
    lua_buffer_put,
    lua_buffer_start,
    lua_pop,
)
from cython.cimports.pyrite.core.numbers import parse_double, parse_longlong
from cython.cimports.pyrite.core.reply import Reply

from pyrite.core.errors import NO_LINE_BREAKS

_LINE_ENDS = b"\r\n"

# Of the script that has just run: set for the time of its conclusion. The functions that write the reply take it from
# here, each for one call: whoever held it while Lua jumps past would hold it for ever.
_reply = cython.declare(Reply, None)
_outcome = cython.declare(cython.pointer[LuaOutcome], cython.NULL)


# From a reply to Lua


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _line(w: cython.pointer[Wire], n: cython.pointer[cython.size_t]) -> cython.p_const_char:
    """Take the rest of a line."""
    start: cython.p_const_char = w.p
    end: cython.p_const_char = cython.cast(cython.p_const_char, memchr(start, 13, w.end - start))
    n[0] = end - start
    w.p = end + 2
    return start


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _number(w: cython.pointer[Wire]) -> cython.longlong:
    v: cython.longlong = 0
    n: cython.size_t = 0
    p: cython.p_const_char = _line(w, cython.address(n))
    parse_longlong(p, n, cython.address(v))
    return v


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _text(w: cython.pointer[Wire], n: cython.size_t) -> cython.p_const_char:
    """Take a string and its line end."""
    start: cython.p_const_char = w.p
    w.p += n + 2
    return start


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _push_field(L: cython.pointer[LuaState], name: cython.p_const_char) -> cython.void:
    """Replace the value on top of the stack with a table that has it as its only field."""
    lua.createtable(L, 0, 1)
    lua.insert(L, -2)
    lua.setfield(L, -2, name)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lua_push_error(
    L: cython.pointer[LuaState], p: cython.p_const_char, n: cython.size_t, counted: cython.bint
) -> cython.void:
    """Push an error as scripts see it, from its text, code first; one without a code gets the code ERR."""
    lua.createtable(L, 0, 4)
    if memchr(p, 32, n) == cython.NULL:
        lua.pushlstring(L, b"ERR ", 4)
        lua.pushlstring(L, p, n)
        lua.concat(L, 2)
    else:
        lua.pushlstring(L, p, n)
    lua.setfield(L, -2, b"err")
    if counted:
        lua.pushboolean(L, 1)
        lua.setfield(L, -2, b"ignore_error_stats_update")


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _push_array(L: cython.pointer[LuaState], w: cython.pointer[Wire], n: cython.longlong) -> cython.void:
    i: cython.longlong
    if n < 0:
        lua.pushboolean(L, 0)
        return
    lua.createtable(L, cython.cast(cython.int, n), 0)
    for i in range(1, n + 1):
        _push_value(L, w)
        lua.rawseti(L, -2, cython.cast(cython.int, i))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _push_pairs(
    L: cython.pointer[LuaState], w: cython.pointer[Wire], n: cython.longlong, has_values: cython.bint
) -> cython.void:
    """A map or a set, whose elements are the keys of what is true."""
    lua.createtable(L, 0, cython.cast(cython.int, n))
    for _ in range(n):
        _push_value(L, w)
        if has_values:
            _push_value(L, w)
        else:
            lua.pushboolean(L, 1)
        if lua.type(L, -2) == LUA_NIL:
            lua_pop(L, 2)
        else:
            lua.rawset(L, -3)
    _push_field(L, b"map" if has_values else b"set")


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _push_scalar(L: cython.pointer[LuaState], w: cython.pointer[Wire], kind: cython.char) -> cython.void:
    """What RESP3 adds, but for maps and sets."""
    n: cython.size_t = 0
    v: cython.double = 0
    p: cython.p_const_char
    if kind == ord("="):
        n = _number(w)
        p = _text(w, n)
        lua.createtable(L, 0, 2)
        lua.pushlstring(L, p, 3)
        lua.setfield(L, -2, b"format")
        lua.pushlstring(L, p + 4, n - 4)
        lua.setfield(L, -2, b"string")
        _push_field(L, b"verbatim_string")
        return
    p = _line(w, cython.address(n))
    if kind == ord("#"):
        lua.pushboolean(L, p[0] == ord("t"))
    elif kind == ord(","):
        parse_double(p, n, cython.address(v))
        lua.pushnumber(L, v)
        _push_field(L, b"double")
    elif kind == ord("("):
        lua.pushlstring(L, p, n)
        _push_field(L, b"big_number")
    else:
        lua.pushnil(L)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _push_value(L: cython.pointer[LuaState], w: cython.pointer[Wire]) -> cython.void:
    """Push the next value of a reply."""
    n: cython.size_t = 0
    length: cython.longlong
    p: cython.p_const_char
    kind: cython.char = w.p[0]
    w.p += 1
    lua.L_checkstack(L, 6, b"reply too deep")
    if kind == ord("$"):
        length = _number(w)
        if length < 0:
            lua.pushboolean(L, 0)
        else:
            p = _text(w, length)
            lua.pushlstring(L, p, length)
    elif kind == ord(":"):
        lua.pushnumber(L, cython.cast(cython.double, _number(w)))
    elif kind == ord("+"):
        p = _line(w, cython.address(n))
        lua.pushlstring(L, p, n)
        _push_field(L, b"ok")
    elif kind == ord("*"):
        _push_array(L, w, _number(w))
    elif kind == ord("-"):
        p = _line(w, cython.address(n))
        lua_push_error(L, p, n, True)
    elif kind == ord("%"):
        _push_pairs(L, w, _number(w), True)
    elif kind == ord("~"):
        _push_pairs(L, w, _number(w), False)
    elif kind == ord(">"):
        _push_array(L, w, _number(w))
    elif kind == ord("|"):
        _push_pairs(L, w, _number(w), True)
        lua_pop(L, 1)
        _push_value(L, w)
    else:
        _push_scalar(L, w, kind)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lua_push_reply(L: cython.pointer[LuaState], p: cython.p_const_char, n: cython.Py_ssize_t) -> cython.bint:
    """Push a whole reply, one of ours, or nil for none; tell whether it is an error."""
    w: Wire
    if n == 0:
        lua.pushnil(L)
        return False
    w.p = p
    w.end = p + n
    _push_value(L, cython.address(w))
    return p[0] == ord("-")


# From Lua to a reply


@cython.cfunc
@cython.exceptval(check=False)
def _write_error(p: cython.p_const_char, n: cython.size_t) -> cython.void:
    text: bytes = p[:n]
    _reply.error(text.strip(_LINE_ENDS))


@cython.cfunc
@cython.exceptval(check=False)
def _write_text(kind: cython.int, p: cython.p_const_char, n: cython.size_t) -> cython.void:
    """The text of an error, a status or a big number, by the number of the field that it was in."""
    if kind == 1:
        _write_error(p, strlen(p))
    elif kind == 2:
        _reply.simple(p[: strlen(p)])
    else:
        _reply.big_number(p[:n].translate(NO_LINE_BREAKS))


@cython.cfunc
@cython.exceptval(check=False)
def _write_verbatim(format: cython.p_const_char, p: cython.p_const_char, n: cython.size_t) -> cython.void:
    """A verbatim string; its format has three letters, whatever the script says."""
    letters: bytes = format[: strlen(format)]
    _reply.verbatim((letters + b"   ")[:3].translate(NO_LINE_BREAKS), p[:n])


@cython.cfunc
@cython.exceptval(check=False)
def _integer_of(v: cython.double) -> cython.longlong:
    """A number without its fraction; one that 64 bits don't hold is the lowest of them, as on x86-64."""
    if -9223372036854775808.0 <= v < 9223372036854775808.0:
        return cython.cast(cython.longlong, v)
    return LOWEST


@cython.cfunc
@cython.exceptval(check=False)
def _write_scalar(L: cython.pointer[LuaState], kind: cython.int, resp: cython.int) -> cython.void:
    """Write the value on top of the stack, which is no table."""
    n: cython.size_t = 0
    if kind == LUA_STRING:
        p: cython.p_const_char = lua.tolstring(L, -1, cython.address(n))
        _reply.put_bulk(p, n)
    elif kind == LUA_NUMBER:
        _reply.integer(_integer_of(lua.tonumber(L, -1)))
    elif kind == LUA_BOOLEAN and resp == 3:
        _reply.boolean(lua.toboolean(L, -1))
    elif kind == LUA_BOOLEAN and lua.toboolean(L, -1):
        _reply.integer(1)
    else:
        _reply.null()


@cython.cfunc
@cython.exceptval(check=False)
def _field(L: cython.pointer[LuaState], number: cython.int) -> cython.int:
    """Push the field of the table on top of the stack with the name in this upvalue; returns its type."""
    lua.pushvalue(L, LUA_UPVALUES - number)
    lua.rawget(L, -2)
    return lua.type(L, -1)


@cython.cfunc
@cython.exceptval(check=False)
def _write_special(L: cython.pointer[LuaState], resp: cython.int) -> cython.bint:
    """Write the table on top of the stack if a field says that it is no array; else False. The stack stays."""
    n: cython.size_t = 0
    number: cython.int
    top: cython.int = lua.gettop(L)
    for number in range(FIELD_ERR, FIELD_SET + 1):
        kind: cython.int = _field(L, number)
        wanted: cython.int = LUA_STRING
        if number == FIELD_DOUBLE:
            wanted = LUA_NUMBER
        elif number >= FIELD_VERBATIM:
            wanted = LUA_TABLE
        if kind == wanted:
            if number == FIELD_DOUBLE:
                _reply.double(lua.tonumber(L, -1))
            elif number == FIELD_MAP:
                _write_pairs(L, resp, True)
            elif number == FIELD_SET:
                _write_pairs(L, resp, False)
            elif number == FIELD_VERBATIM:
                if _field(L, FIELD_FORMAT) != LUA_STRING:
                    lua.settop(L, top)
                    continue
                lua.insert(L, -2)
                if _field(L, FIELD_STRING) != LUA_STRING:
                    lua.settop(L, top)
                    continue
                p: cython.p_const_char = lua.tolstring(L, -1, cython.address(n))
                _write_verbatim(lua.tolstring(L, -3, cython.NULL), p, n)
            else:
                p = lua.tolstring(L, -1, cython.address(n))
                _write_text(number, p, n)
            lua.settop(L, top)
            return True
        lua_pop(L, 1)
    return False


@cython.cfunc
@cython.exceptval(check=False)
def _write_pairs(L: cython.pointer[LuaState], resp: cython.int, has_values: cython.bint) -> cython.void:
    """Write the table on top of the stack as a map, or its keys as a set."""
    n: cython.Py_ssize_t = 0
    lua.pushnil(L)
    while lua.next(L, -2):
        lua_pop(L, 1)
        n += 1
    if has_values:
        _reply.map(n)
    else:
        _reply.set_(n)
    lua.pushnil(L)
    while lua.next(L, -2):
        lua.pushvalue(L, -2)
        _write_value(L, resp)
        if has_values:
            _write_value(L, resp)
        else:
            lua_pop(L, 1)


@cython.cfunc
@cython.exceptval(check=False)
def _write_array(L: cython.pointer[LuaState], resp: cython.int) -> cython.void:
    n: cython.int = 0
    i: cython.int
    while True:
        lua.rawgeti(L, -1, n + 1)
        if lua.type(L, -1) == LUA_NIL:
            break
        lua_pop(L, 1)
        n += 1
    lua_pop(L, 1)
    _reply.array(n)
    for i in range(1, n + 1):
        lua.rawgeti(L, -1, i)
        _write_value(L, resp)


@cython.cfunc
@cython.exceptval(check=False)
def _write_value(L: cython.pointer[LuaState], resp: cython.int) -> cython.void:
    """Write the value on top of the stack, and pop it."""
    kind: cython.int = lua.type(L, -1)
    if not lua.checkstack(L, 4):
        _reply.error(STACK_LIMIT)
    elif kind != LUA_TABLE:
        _write_scalar(L, kind, resp)
    elif not _write_special(L, resp):
        _write_array(L, resp)
    lua_pop(L, 1)


STACK_LIMIT = b"ERR reached lua stack limit"


# The end of a script


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _add(L: cython.pointer[LuaState], b: cython.pointer[LuaBuffer], text: cython.p_const_char) -> cython.void:
    lua_buffer_put(L, b, text, strlen(text))


@cython.cfunc
@cython.exceptval(check=False)
def _describe(L: cython.pointer[LuaState], outcome: cython.pointer[LuaOutcome]) -> cython.void:
    """Write the error on top of the stack, that has ended a script or that it returned, into the outcome's text."""
    b: cython.pointer[LuaBuffer] = cython.address(outcome.text)
    outcome.failed = True
    if lua.type(L, -1) != LUA_TABLE:
        _add(L, b, b"ERR Error running script ")
        _add(L, b, outcome.name)
        _add(L, b, b", ")
        text: cython.p_const_char = lua.tolstring(L, -1, cython.NULL)
        if text == cython.NULL:
            text = b"execution failure"
        n: cython.size_t = strlen(text)
        lua_buffer_put(L, b, text, n if n < 100 else 100)
        return
    _field(L, FIELD_COUNTED)
    outcome.counted = lua.type(L, -1) == LUA_BOOLEAN and lua.toboolean(L, -1)
    lua_pop(L, 1)
    if _field(L, FIELD_ERR) == LUA_STRING:
        _add(L, b, lua.tolstring(L, -1, cython.NULL))
    else:
        _add(L, b, b"ERR unknown error")
    lua_pop(L, 1)
    if outcome.status == 0:
        return
    _field(L, FIELD_SOURCE)
    lua.insert(L, -2)
    _field(L, FIELD_LINE)
    if lua.isstring(L, -1) and lua.isstring(L, -3):
        _add(L, b, b" script: ")
        _add(L, b, outcome.name)
        _add(L, b, b", on ")
        _add(L, b, lua.tolstring(L, -3, cython.NULL))
        _add(L, b, b":")
        _add(L, b, lua.tolstring(L, -1, cython.NULL))
        _add(L, b, b".")


@cython.cfunc
@cython.exceptval(check=False)
def _conclude(L: cython.pointer[LuaState]) -> cython.int:
    """Write the reply of a script from its result or error, the argument."""
    if _outcome.status == 0:
        if lua.type(L, 1) != LUA_TABLE or _field(L, FIELD_ERR) != LUA_STRING:
            lua.settop(L, 1)
            _write_value(L, _outcome.resp)
            return 0
        lua.settop(L, 1)
    _describe(L, _outcome)
    return 0


@cython.cfunc
@cython.exceptval(check=False)
def lua_push_conclude(L: cython.pointer[LuaState]) -> cython.void:
    """Push the function that `lua_conclude` calls."""
    lua.pushstring(L, b"err")
    lua.pushstring(L, b"ok")
    lua.pushstring(L, b"double")
    lua.pushstring(L, b"big_number")
    lua.pushstring(L, b"verbatim_string")
    lua.pushstring(L, b"map")
    lua.pushstring(L, b"set")
    lua.pushstring(L, b"format")
    lua.pushstring(L, b"string")
    lua.pushstring(L, b"source")
    lua.pushstring(L, b"line")
    lua.pushstring(L, b"ignore_error_stats_update")
    lua.pushcclosure(L, _conclude, FIELDS)


@cython.cfunc
@cython.exceptval(check=False)
def lua_conclude(L: cython.pointer[LuaState], reply: Reply, outcome: cython.pointer[LuaOutcome]) -> cython.bint:
    """Write a script's result, on top of the stack, as a reply, or say what its error is; pop it.

    Below it stands what `lua_push_conclude` has pushed, which is popped too. False, part of a reply perhaps written,
    without memory.
    """
    global _outcome, _reply
    kind: cython.int = lua.type(L, -1)
    outcome.failed = outcome.counted = False
    status: cython.int = 0
    _reply = reply
    _outcome = outcome
    if outcome.status == 0 and kind != LUA_TABLE:
        _write_scalar(L, kind, outcome.resp)
        lua_pop(L, 2)
    else:
        lua_buffer_start(cython.address(outcome.text))
        status = lua.pcall(L, 1, 0, 0)
    _reply = None
    if status:
        lua_pop(L, 1)
    return status == 0
