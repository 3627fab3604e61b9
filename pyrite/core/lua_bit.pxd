from pyrite.core.lua cimport LuaState

cdef enum:
    INTEGER_SHIFT = 0x18000000000000    # 2**52 + 2**51: added to a double, its lowest 32 bits are the integer's

cdef void lua_open_bit(LuaState* L) noexcept
