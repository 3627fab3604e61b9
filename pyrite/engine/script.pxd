from libc.stdint cimport int64_t

from pyrite.core.lua cimport LuaMemory, LuaState
from pyrite.core.lua_reply cimport LuaOutcome
from pyrite.core.parser cimport Args, Slice
from pyrite.engine.client cimport Client
from pyrite.engine.command cimport Command
from pyrite.engine.state cimport ServerState

cdef enum:
    # What scripts say of themselves: bits of the flags of scripts and functions
    SCRIPT_NO_WRITES = 1
    SCRIPT_ALLOW_OOM = 2
    SCRIPT_ALLOW_STALE = 4
    SCRIPT_NO_CLUSTER = 8
    SCRIPT_ALLOW_CROSS_SLOT = 16
    SCRIPT_SAYS_NOTHING = 32    # one of EVAL without a first line of flags: each command is looked at by itself

cdef enum:
    # Where Lua's registry keeps what each run needs; before anything is kept by L_ref, which gives the next numbers
    INVOKE = 1
    HANDLE = 2
    CONCLUDE = 3
    DESCRIBE = 4

cdef enum:
    # What has become of a call of redis.call
    CALL_DONE = 0
    CALL_REFUSED = 1
    CALL_COUNTED = 2    # refused, and counted as an error

cdef enum:
    # What redis.set_repl says
    PROPAGATE_LOG = 1

cdef enum:
    HOOK_EVERY = 10000          # instructions after which a script is looked at
    LOOK_NS = 1000000           # it is not looked at more often than this
    NUMBER_ROOM = 40            # bytes of a number's text
    LOAD_TIMEOUT_MS = 500       # for the code of a library
    COLLECT_ROOM = 1048576      # bytes past its limit that Lua may take while it collects
    OUT_OF_LUA_MEMORY = 4       # Lua's status of that name

cdef enum:
    TRIM_FROM = 0x1000000
    TOO_MUCH = 0x1000000000000ULL   # more bytes than Lua may have

ctypedef void (*ApiOpener)(LuaState* L, bint is_eval) noexcept

cdef class ScriptClient(Client):
    pass

cdef class Script:
    cdef readonly bytes sha
    cdef readonly bytes body
    cdef readonly int flags
    cdef readonly int ref           # in the Interpreter
    cdef public bint evictable      # it came with EVAL: it goes when too many others have

cdef class Interpreter:
    cdef readonly ServerState server
    cdef readonly bint is_eval
    cdef readonly ScriptClient client   # runs the commands of scripts; None before the first one
    cdef LuaState* L
    cdef LuaMemory memory
    cdef size_t collect_at          # bytes of Lua's from which on all that nobody uses is collected after a script
    cdef LuaOutcome outcome
    cdef Args args                  # of the command that a script runs
    cdef char* numbers              # texts of the numbers among them
    cdef int numbers_room
    cdef bytes refusal              # why a command of a script was not run
    # Of the script that runs
    cdef readonly Client caller
    cdef readonly bytes name
    cdef int64_t started_ns
    cdef int64_t looked_ns          # when it was looked at last
    cdef int64_t time_us            # what TIME tells it, the same throughout; 0 before it has asked
    cdef bint read_only
    cdef bint allow_oom
    cdef bint out_of_memory         # when it began
    cdef readonly bint wrote
    cdef readonly bint busy         # it takes too long: others are served
    cdef bint killed
    cdef readonly object library             # where functions are registered; None but while a library's code runs

    cdef int run(
        self, Client caller, int ref, bytes name, int flags, bint read_only, Slice* v, Py_ssize_t n, Py_ssize_t keys
    ) except -1
    cdef int _prepare(self, Client caller, int flags, bint read_only) except -1
    cdef int _lend_state(self, Client caller) except -1
    cdef int _finish(self) except -1
    cdef int _collect_garbage(self) noexcept
    cdef bint collect(self, LuaState* L, int n) noexcept
    cdef int execute(self) except -1
    cdef int _refuse(self, Command command, bytes text) except -1
    cdef int interrupt(self) except -1
    cdef bytes _pop_text(self)
    cdef int _run_library(self) except -1

cdef Interpreter script_current()
cdef void script_set_api(ApiOpener opener) noexcept
cdef int64_t script_time_us() except -1
cdef void script_look(LuaState* L) noexcept
cdef int script_fail(LuaState* L, const char* text) noexcept nogil
