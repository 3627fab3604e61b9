from pyrite.core.lua cimport LuaState
from pyrite.core.lua_json_settings cimport Settings

cdef extern from "<stdlib.h>" nogil:
    double strtod(const char* text, char** end)

cdef enum:
    # Tokens; the first characters of most of them are themselves
    TOKEN_END = 0
    TOKEN_STRING = 1
    TOKEN_NUMBER = 2
    TOKEN_BOOLEAN = 3
    TOKEN_NULL = 4
    TOKEN_ERROR = 5

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

cdef int json_decode(LuaState* L) noexcept nogil
