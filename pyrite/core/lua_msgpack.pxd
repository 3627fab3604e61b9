from pyrite.core.lua cimport LuaState

cdef enum:
    NESTING_MAX = 16    # a table so deep is packed as nil

cdef enum:
    # What stopped reading
    INPUT_ENDS = 1
    INPUT_WRONG = 2

cdef struct Cursor:
    const unsigned char* p
    size_t left
    int problem         # INPUT_…; 0 while all is well

cdef void lua_open_msgpack(LuaState* L) noexcept
