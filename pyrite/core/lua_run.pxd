from pyrite.core.lua cimport LuaState
from pyrite.core.parser cimport Slice

cdef struct Invocation:
    # What Lua's side is told of the script that is to run
    Slice* v
    Py_ssize_t keys
    Py_ssize_t arguments
    bint as_globals         # KEYS and ARGV are globals, as with EVAL; else arguments

cdef struct Chunk:
    # What Lua's side is told of code that is to be compiled
    const char* p
    size_t n
    const char* name
    int ref                 # of the compiled function

cdef Invocation lua_invocation
cdef Chunk lua_chunk

cdef int lua_handle_error(LuaState* L) noexcept
cdef int lua_invoke(LuaState* L) noexcept
cdef int lua_compile_chunk(LuaState* L) noexcept
cdef int lua_collect(LuaState* L) noexcept
cdef int lua_describe_error(LuaState* L) noexcept
cdef int lua_release(LuaState* L) noexcept
cdef int lua_run_chunk(LuaState* L) noexcept
cdef int lua_end_chunk(LuaState* L) noexcept
