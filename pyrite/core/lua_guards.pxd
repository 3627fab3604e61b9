from libc.stdint cimport uint64_t

from pyrite.core.lua cimport LuaFunction, LuaState

cdef extern from "<time.h>" nogil:
    long clock()
    long CLOCKS_PER_SEC

cdef extern from "<math.h>" nogil:
    double floor(double v)

cdef enum:
    PATTERN_MAX = 10000     # bytes of a pattern: Lua 5.1 goes one level deeper into the C stack for each of its items

cdef enum:
    # The generator of POSIX's lrand48, with the state that redis-server begins with
    RANDOM_FACTOR = 0x5DEECE66DULL
    RANDOM_STEP = 0xB
    RANDOM_MASK = 0xFFFFFFFFFFFFULL
    RANDOM_START = 0x1234ABCD330EULL
    RANDOM_SEED_LOW = 0x330E
    RANDOM_MAX = 2147483647

cdef enum:
    SWITCHES = 100          # to coroutines, after which a script is looked at

ctypedef void (*LuaSwitchHook)(LuaState* L) noexcept

cdef void lua_on_switch(LuaSwitchHook hook) noexcept nogil
cdef void lua_count_each_switch(bint on) noexcept nogil
cdef int lua_protected_call(LuaState* L) noexcept
cdef const char* LUA_READ_ONLY

cdef LuaFunction lua_original(LuaState* L, const char* name) noexcept
cdef void lua_guard_base(LuaState* L) noexcept
cdef void lua_guard_strings(LuaState* L) noexcept
cdef void lua_guard_math(LuaState* L) noexcept
cdef void lua_guard_coroutines(LuaState* L) noexcept
cdef void lua_push_os(LuaState* L) noexcept nogil
