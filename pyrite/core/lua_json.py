"""Lua library `cjson`: JSON.

Encoding: a table whose keys are all positive integers is an array, holes in it null, any other table an object; an
empty table is an object. An array more than `sparse_ratio` times as long as it has elements, and longer than
`sparse_safe`, is refused or becomes an object. Numbers have 14 significant digits. Decoding: null is the light
userdata `cjson.null`.

Settings are those of the Lua state: one script's change is the next one's setting, as in Redis.

Interface: lua-cjson 2.1 of Mark Pulford, kyne.au/~mark/software/lua-cjson-manual.html. Specification: RFC 8259.
"""

import cython
from cython.cimports.pyrite.core.lua import LuaState, lua, lua_pop, lua_set_string
from cython.cimports.pyrite.core.lua_json_decode import json_decode
from cython.cimports.pyrite.core.lua_json_encode import json_encode
from cython.cimports.pyrite.core.lua_json_settings import json_add, json_new_settings


@cython.cfunc
@cython.exceptval(check=False)
def _new(L: cython.pointer[LuaState]) -> cython.int:
    """cjson.new: a table of the same functions with settings of its own."""
    lua_open_json(L)
    return 1


@cython.cfunc
@cython.exceptval(check=False)
def lua_open_json(L: cython.pointer[LuaState]) -> cython.void:
    """Push the library's table."""
    lua.createtable(L, 0, 13)
    json_new_settings(L)
    json_add(L, b"encode", json_encode)
    json_add(L, b"decode", json_decode)
    json_add(L, b"new", _new)
    lua_pop(L, 1)
    lua.pushlightuserdata(L, cython.NULL)
    lua.setfield(L, -2, b"null")
    lua_set_string(L, b"_NAME", b"cjson")
    lua_set_string(L, b"_VERSION", b"2.1.0")
