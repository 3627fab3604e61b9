from pyrite.core.lua cimport LuaState

cdef void lua_open_json(LuaState* L) noexcept
