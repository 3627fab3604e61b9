from pyrite.core.lua cimport LuaState

cdef extern from "<math.h>" nogil:
    double floor(double v)
    bint isnan(double v)
    bint isinf(double v)

cdef extern from "<stdio.h>" nogil:
    int snprintf(char* out, size_t room, const char* format, ...)

cdef extern from "<stdlib.h>" nogil:
    double strtod(const char* text, char** end)

cdef enum:
    INVALID_REFUSED = 0
    INVALID_WRITTEN = 1     # as nan, inf, -inf
    INVALID_NULL = 2

cdef enum:
    # Tokens; the first characters of most of them are themselves
    TOKEN_END = 0
    TOKEN_STRING = 1
    TOKEN_NUMBER = 2
    TOKEN_BOOLEAN = 3
    TOKEN_NULL = 4
    TOKEN_ERROR = 5

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

cdef struct Parser:
    const char* data
    const char* p
    int depth
    Settings* settings
    # The last token
    int token               # TOKEN_…, or one of the characters {}[]:,
    size_t at               # where it begins
    const char* problem     # of TOKEN_ERROR
    double number           # of TOKEN_NUMBER; 1 or 0 of TOKEN_BOOLEAN

cdef void lua_open_json(LuaState* L) noexcept
