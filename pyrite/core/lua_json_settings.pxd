from pyrite.core.lua cimport LuaFunction, LuaState

cdef extern from "<stdio.h>" nogil:
    int snprintf(char* out, size_t room, const char* format, ...)

cdef enum:
    INVALID_REFUSED = 0
    INVALID_WRITTEN = 1     # as nan, inf, -inf
    INVALID_NULL = 2

cdef struct Settings:
    int sparse_convert      # write a sparse array as an object; else refuse it
    int sparse_ratio
    int sparse_safe
    int encode_depth
    int decode_depth
    int precision
    int keep_buffer
    int encode_invalid      # INVALID_…
    int decode_invalid

cdef Settings* json_settings(LuaState* L) noexcept nogil
cdef void json_one_argument(LuaState* L) noexcept nogil
cdef void json_add(LuaState* L, const char* name, LuaFunction function) noexcept nogil
cdef void json_new_settings(LuaState* L) noexcept nogil
