from pyrite.core.lua cimport LuaState

cdef enum:
    INTEGER_MAX_BYTES = 32
    ALIGN_MAX = 8
    NUMBER_MAX = 2147483647

cdef enum:
    LOWEST = 0x8000000000000000ULL

cdef struct Format:
    # How far a format is read, and what it has said so far
    const char* p
    bint big
    size_t align
    # The item that was read last
    char kind
    size_t size

cdef void lua_open_struct(LuaState* L) noexcept
