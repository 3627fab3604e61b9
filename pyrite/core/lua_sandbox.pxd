from pyrite.core.lua cimport LuaState

cdef enum:
    LOWEST_POSITION = -1000000  # where table.insert inserts: it moves all that is above, one by one, without a hook

cdef int lua_sandbox(LuaState* L) noexcept
cdef void lua_missing_global(LuaState* L) noexcept nogil
cdef void lua_protect(LuaState* L) noexcept nogil
cdef bint lua_is_protected(LuaState* L, int at) noexcept nogil
