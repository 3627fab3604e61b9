from pyrite.core.lua cimport LuaBuffer, LuaState
from pyrite.core.reply cimport Reply

cdef enum:
    # Upvalues of the conclusion: names of the fields that say what a table is, in the order of looking for them
    FIELD_ERR = 1
    FIELD_OK = 2
    FIELD_DOUBLE = 3
    FIELD_BIG_NUMBER = 4
    FIELD_VERBATIM = 5
    FIELD_MAP = 6
    FIELD_SET = 7
    FIELD_FORMAT = 8
    FIELD_STRING = 9
    FIELD_SOURCE = 10
    FIELD_LINE = 11
    FIELD_COUNTED = 12
    FIELDS = 12

cdef enum:
    LOWEST = 0x8000000000000000ULL

cdef struct Wire:
    # How far a reply's bytes are read
    const char* p
    const char* end

cdef struct LuaOutcome:
    # What `lua_conclude` is told of a script that has run
    const char* name        # of the script or function, for errors
    int status              # of the protected call
    int resp                # the protocol that the script has chosen
    # and what it tells
    bint failed             # an error: its text is in `text`
    bint counted            # the error has been counted already, where it arose
    LuaBuffer text

cdef bint lua_push_reply(LuaState* L, const char* p, Py_ssize_t n) noexcept nogil
cdef void lua_push_error(LuaState* L, const char* p, size_t n, bint counted) noexcept nogil
cdef void lua_push_conclude(LuaState* L) noexcept
cdef bint lua_conclude(LuaState* L, Reply reply, LuaOutcome* outcome) noexcept
