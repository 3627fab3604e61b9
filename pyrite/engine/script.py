"""Scripts: a Lua state, and how code runs in it.

An `Interpreter` is a state with its sandbox. There are two for a server, one for EVAL and one for libraries of
functions, each made when it is first needed. Code is compiled once and stays in the registry under a number. What
scripts see as `redis` is in `script_api`.

A script's command goes through `call` like any other, run by a client of the interpreter's own that takes over what
counts of the script's caller: database, user, tracking. Its reply is written into that client's buffer as RESP, and
made Lua values from there. Arguments are not copied: they stand in Lua's strings.

Lua calls a hook every 10,000 instructions, and a script is looked at between its commands too. Once a script has run
for longer than busy-reply-threshold, the hook has the server serve others for a turn, in the script's midst; a guard
tells them BUSY, but for the commands that can end it. A killed script gets an error at each instruction from then on,
so that no pcall saves it. Each coroutine counts its instructions by itself, so switches between them are counted too.

Lua 5.1 collects no garbage when memory runs out, and a state that is full of it would refuse the scripts to come. So
all of it is collected after a script that found no memory, or that left more than half of what Lua may have.

See `core.lua` for why functions that Lua calls fall into halves, one that calls Lua and one that holds objects.
"""

import importlib.util
import traceback
from time import time_ns

import cython
from cython.cimports.libc.math import signbit
from cython.cimports.libc.stdint import int64_t
from cython.cimports.libc.stdlib import free, malloc
from cython.cimports.libc.string import memcpy, strlen
from cython.cimports.pyrite.core.clock import clock_ns
from cython.cimports.pyrite.core.lua import (
    LUA_HOOK_COUNT,
    LUA_NUMBER,
    LUA_REGISTRY,
    LUA_STRING,
    LuaDebug,
    LuaState,
    lua,
    lua_buffers_release,
    lua_new,
    lua_pop,
    lua_push,
)
from cython.cimports.pyrite.core.lua_guards import lua_count_each_switch, lua_on_switch
from cython.cimports.pyrite.core.lua_reply import lua_conclude, lua_push_conclude, lua_push_error
from cython.cimports.pyrite.core.lua_run import (
    lua_chunk,
    lua_collect,
    lua_compile_chunk,
    lua_describe_error,
    lua_end_chunk,
    lua_handle_error,
    lua_invocation,
    lua_invoke,
    lua_release,
    lua_run_chunk,
)
from cython.cimports.pyrite.core.lua_sandbox import lua_sandbox
from cython.cimports.pyrite.core.memory import mem_used
from cython.cimports.pyrite.core.numbers import format_double, format_longlong
from cython.cimports.pyrite.core.parser import Args, Slice
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.client import (
    CLIENT_DENY_BLOCKING,
    CLIENT_NO_TOUCH,
    CLIENT_SCRIPT,
    CLIENT_TRACKING,
    Client,
)
from cython.cimports.pyrite.engine.command import Command, lookup_command
from cython.cimports.pyrite.engine.dispatch import call
from cython.cimports.pyrite.engine.state import GUARD_BUSY, ServerState

from pyrite.core.errors import OUT_OF_MEMORY, CommandError
from pyrite.core.lua import open_library
from pyrite.core.memory import trim
from pyrite.engine.declare import DENYOOM as _DENYOOM
from pyrite.engine.declare import MAY_REPLICATE as _MAY_REPLICATE
from pyrite.engine.declare import NOSCRIPT as _NOSCRIPT
from pyrite.engine.declare import WRITE as _WRITE

DENYOOM = cython.declare(cython.longlong, _DENYOOM)
NOSCRIPT = cython.declare(cython.longlong, _NOSCRIPT)
WRITE = cython.declare(cython.longlong, _WRITE)
WRITES = cython.declare(cython.longlong, _WRITE | _MAY_REPLICATE)

UNKNOWN_COMMAND = b"ERR Unknown Redis command called from script"
WRONG_ARITY = b"ERR Wrong number of args calling Redis command from script"
NOT_ALLOWED = b"ERR This Redis command is not allowed from script"
READ_ONLY_SCRIPT = b"ERR Write commands are not allowed from read-only scripts."
WRITES_IN_RO_COMMAND = b"ERR Can not execute a script with write flag using *_ro command."
NO_ROOM_FOR_SCRIPT = b"OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'"
NO_LUA_MEMORY = b"ERR not enough memory for the script"
KILLED = b"ERR Script killed by user with SCRIPT KILL... script: %b, on @user_%b:%d."
LOAD_TIMEOUT = cython.declare(cython.p_const_char, b"ERR FUNCTION LOAD timeout")
BUSY = b"BUSY Redis is busy running a script. You can only call %b KILL or SHUTDOWN NOSAVE."
NOT_BUSY = b"NOTBUSY No scripts in execution right now."
UNKILLABLE = (
    b"UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script "
    b"termination or kill the server in a hard way using the SHUTDOWN NOSAVE command."
)

# What scripts and functions may say of themselves, in the order in which it is listed.
FLAG_BITS = {
    b"no-writes": SCRIPT_NO_WRITES,
    b"allow-oom": SCRIPT_ALLOW_OOM,
    b"allow-stale": SCRIPT_ALLOW_STALE,
    b"no-cluster": SCRIPT_NO_CLUSTER,
    b"allow-cross-slot-keys": SCRIPT_ALLOW_CROSS_SLOT,
}
NO_WRITES = SCRIPT_NO_WRITES
SAYS_NOTHING = SCRIPT_SAYS_NOTHING

# The interpreter whose code runs, None between scripts: scripts do not nest.
_current = cython.declare(Interpreter, None)

# The line of code that ran when the script was ended.
_ended_line = cython.declare(cython.int, 0)

# For tests: scripts may run commands that are not for scripts.
_allows_all = cython.declare(cython.bint, False)

# Fills the globals of a new state, which are on top of the stack; set by `script_api`.
_add_api = cython.declare(ApiOpener, cython.NULL)
_opens_for_eval = cython.declare(cython.bint, False)


class ScriptError(Exception):
    """Code that Lua does not take, or that failed where no reply tells of it; the text is bytes, as Lua says it."""

    text = b""

    def __init__(self, text: bytes) -> None:
        super().__init__(text)
        self.text = text


@cython.final
@cython.cclass
class ScriptClient(Client):
    """The client that runs commands for scripts."""


@cython.final
@cython.cclass
class Script:
    """A script of EVAL, compiled. `body` is its source as it was sent."""

    def __init__(self, sha: bytes, body: bytes, flags: cython.int, ref: cython.int) -> None:
        self.sha = sha
        self.body = body
        self.flags = flags
        self.ref = ref


@cython.cfunc
def script_current() -> Interpreter:
    """The interpreter whose code runs; None for none."""
    return _current


@cython.cfunc
@cython.exceptval(check=False)
def script_set_api(opener: ApiOpener) -> cython.void:
    """Have new states filled by this function."""
    global _add_api
    _add_api = opener


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def script_fail(L: cython.pointer[LuaState], text: cython.p_const_char) -> cython.int:
    """Raise an error table in Lua; never returns."""
    lua_push_error(L, text, strlen(text), False)
    return lua.error(L)


def log_failure(me: Interpreter) -> None:
    """An exception on the way of a script is our bug: log and count it."""
    me.server.internal_errors += 1
    me.server.log_warning(f"Internal error in a script:\n{traceback.format_exc()}")


# What Lua calls while code runs


@cython.cfunc
@cython.exceptval(check=False)
def _interrupts() -> cython.bint:
    """Ask the interpreter whether the script has to end."""
    me: Interpreter = _current
    try:
        return me is not None and me.interrupt() != 0
    except BaseException:  # noqa: BLE001 - no exception may pass through Lua
        log_failure(me)
        me.killed = True
        return True


@cython.cfunc
@cython.exceptval(check=False)
def _is_loading() -> cython.bint:
    return _current.library is not None


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _note_place(L: cython.pointer[LuaState]) -> cython.void:
    """Note where the script is, for the error that ends it."""
    global _ended_line
    at: LuaDebug
    level: cython.int = 0
    while lua.getstack(L, level, cython.address(at)):
        lua.getinfo(L, b"l", cython.address(at))
        if at.currentline >= 0:
            _ended_line = at.currentline
            return
        level += 1


@cython.cfunc
@cython.exceptval(check=False)
def _hook(L: cython.pointer[LuaState], at: cython.pointer[LuaDebug]) -> cython.void:
    """What Lua calls every so many instructions; once the script has to end, at each of them.

    The error that ends a script is one of memory, made by asking for more than there is: it is the only one for which
    Lua calls no error handler. A handler would run with hooks off, for as long as it likes.
    """
    if not _interrupts():
        return
    if _is_loading():
        script_fail(L, LOAD_TIMEOUT)
    _note_place(L)
    lua.sethook(L, _hook, LUA_HOOK_COUNT, 1)
    lua_count_each_switch(True)
    lua.newuserdata(L, TOO_MUCH)


@cython.cfunc
@cython.exceptval(-1, check=False)
def script_time_us() -> int64_t:
    """Microseconds since 1970, the same each time for the script that runs, until others are served meanwhile."""
    if _current is None:
        return time_ns() // 1000
    if _current.time_us == 0:
        _current.time_us = time_ns() // 1000
    return _current.time_us


@cython.cfunc
@cython.exceptval(check=False)
def _is_due() -> cython.bint:
    me: Interpreter = _current
    return me is not None and me.server.now_ns - me.looked_ns >= LOOK_NS


@cython.cfunc
@cython.exceptval(check=False)
def script_look(L: cython.pointer[LuaState]) -> cython.void:
    """Look at the script that runs, if it has run for some time since it was looked at; raises if it has to end."""
    if _is_due():
        _hook(L, cython.NULL)


@cython.cfunc
@cython.exceptval(check=False)
def _on_switch(L: cython.pointer[LuaState]) -> cython.void:
    """What is called every so many switches to a coroutine."""
    _hook(L, cython.NULL)


@cython.cfunc
@cython.exceptval(check=False)
def _open(L: cython.pointer[LuaState]) -> cython.int:
    """Make the sandbox of a new state, and put what its runs need to fixed numbers of the registry."""
    lua_sandbox(L)
    _add_api(L, _opens_for_eval)
    lua.pushvalue(L, -1)
    lua.setfield(L, LUA_REGISTRY, b"pyrite.globals")
    lua.pushvalue(L, -1)
    lua.pushcclosure(L, lua_invoke, 1)
    lua.rawseti(L, LUA_REGISTRY, INVOKE)
    lua.getfield(L, -1, b"tostring")
    lua.pushcclosure(L, lua_handle_error, 1)
    lua.rawseti(L, LUA_REGISTRY, HANDLE)
    lua_push_conclude(L)
    lua.rawseti(L, LUA_REGISTRY, CONCLUDE)
    lua_push(L, lua_describe_error)
    lua.rawseti(L, LUA_REGISTRY, DESCRIBE)
    lua.sethook(L, _hook, LUA_HOOK_COUNT, HOOK_EVERY)
    return 0


@cython.cfunc
@cython.exceptval(check=False)
def _give_back(freed: cython.size_t) -> cython.void:
    """Lua has freed so many bytes: give them back to the system if they are many, as its malloc would keep them."""
    if freed >= TRIM_FROM:
        trim()


@cython.final
@cython.cclass
class Interpreter:
    """A Lua state and what runs in it; `is_eval` for scripts of EVAL, else for functions. `limit_bytes` of memory."""

    def __cinit__(self, server: ServerState, is_eval: cython.bint, limit_bytes: cython.size_t) -> None:
        self.server = server
        self.is_eval = is_eval
        self.memory.limit = limit_bytes
        self.collect_at = limit_bytes // 2
        self.args = Args()

    def __dealloc__(self) -> None:
        if self.L != cython.NULL:
            lua.close(self.L)
        free(self.numbers)
        free(self.outcome.text.p)

    @property
    def memory_bytes(self) -> int:
        """Bytes that Lua has allocated."""
        return self.memory.used

    def open(self) -> None:
        """Make the state, if there is none yet. Raises ScriptError without a Lua library, and without memory."""
        global _opens_for_eval
        if self.L != cython.NULL:
            return
        # Fills `_add_api`; not before a script needs it.
        importlib.import_module("pyrite.engine.script_api")
        try:
            found = importlib.util.find_spec("lupa.lua51")
            if found is None or found.origin is None:
                raise ImportError("lupa has no Lua 5.1")
            open_library(found.origin.encode("utf-8", "surrogateescape"))
        except ImportError as error:
            self.server.log_warning(f"Scripts can't run: {error}")
            raise ScriptError(f"scripts can't run here: {error}".encode("utf-8", "surrogateescape")) from None
        if self.client is None:
            self.client = ScriptClient(self.server)
            self.client.args = self.args
        self.L = lua_new(cython.address(self.memory))
        if self.L == cython.NULL:
            raise ScriptError(b"not enough memory")
        _opens_for_eval = self.is_eval
        lua_on_switch(_on_switch)
        if lua.cpcall(self.L, _open, cython.NULL):
            text = self._pop_text()
            self.close()
            raise ScriptError(text)

    def close(self) -> None:
        """Forget all code, and what it has changed in the state. Raises CommandError while it runs."""
        if _current is self:
            raise CommandError(NOT_ALLOWED)
        used: cython.size_t = self.memory.used
        if self.L != cython.NULL:
            lua.close(self.L)
            self.L = cython.NULL
            _give_back(used)

    @cython.cfunc
    def _pop_text(self) -> bytes:
        """Pop an error's text."""
        n: cython.size_t = 0
        text: bytes = b"unknown error"
        if lua.type(self.L, -1) == LUA_STRING:
            p: cython.p_const_char = lua.tolstring(self.L, -1, cython.address(n))
            text = p[:n]
        lua_pop(self.L, 1)
        return text

    # Code

    def compile(self, code: bytes, name: bytes) -> int:
        """Compile code, which errors call `name`; returns its number. Raises ScriptError."""
        self.open()
        lua_chunk.p = code
        lua_chunk.n = len(code)
        lua_chunk.name = name
        status: cython.int = lua.cpcall(self.L, lua_compile_chunk, cython.NULL)
        if status == OUT_OF_LUA_MEMORY and self._collect_garbage():
            lua_pop(self.L, 1)
            status = lua.cpcall(self.L, lua_compile_chunk, cython.NULL)
        if status:
            raise ScriptError(self._pop_text())
        return lua_chunk.ref

    @cython.cfunc
    @cython.exceptval(check=False)
    def _collect_garbage(self) -> cython.int:
        """Free all that nothing in Lua's state leads to; True. Costs time that grows with what stays."""
        before: cython.size_t = self.memory.used
        self.memory.limit += COLLECT_ROOM
        if lua.cpcall(self.L, lua_collect, cython.NULL):
            lua_pop(self.L, 1)
        self.memory.limit -= COLLECT_ROOM
        _give_back(before - self.memory.used)
        # Where much stays, the next time is when much more has come to it.
        self.collect_at = max(self.memory.limit // 2, self.memory.used + (self.memory.limit - self.memory.used) // 2)
        return True

    def release(self, ref: cython.int) -> None:
        """Forget the code with this number."""
        if self.L == cython.NULL:
            return
        lua_chunk.ref = ref
        if lua.cpcall(self.L, lua_release, cython.NULL):
            lua_pop(self.L, 1)

    def load_library(self, code: bytes, name: bytes, register, has_limit: cython.bint) -> None:
        """Compile and run a library's code, `register(name, description, flags, number)` for each of its functions.

        `register` returns why a function is refused, an error's text, or None. Raises CommandError.
        """
        global _current
        if _current is not None:
            raise CommandError(NOT_ALLOWED)
        try:
            ref: cython.int = self.compile(code, name)
        except ScriptError as error:
            raise CommandError(b"ERR Error compiling function: " + error.text) from None
        self.library = register
        self.started_ns = clock_ns() if has_limit else 0
        self.killed = False
        _current = self
        lua_chunk.ref = ref
        try:
            self._run_library()
        finally:
            _current = None
            self.library = None
            lua_chunk.ref = ref
            if lua.cpcall(self.L, lua_end_chunk, cython.NULL):
                lua_pop(self.L, 1)
            lua.sethook(self.L, _hook, LUA_HOOK_COUNT, HOOK_EVERY)

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _run_library(self) -> cython.int:
        if lua.cpcall(self.L, lua_run_chunk, cython.NULL) == 0:
            return 0
        lua.rawgeti(self.L, LUA_REGISTRY, DESCRIBE)
        lua.insert(self.L, -2)
        lua.pcall(self.L, 1, 1, 0)
        raise CommandError(b"ERR Error registering functions: " + self._pop_text())

    # Running

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _prepare(self, caller: Client, flags: cython.int, read_only: cython.bint) -> cython.int:
        """Refuse a script that must not run now, by what it says of itself; raises CommandError."""
        server: ServerState = self.server
        says: cython.bint = not flags & SCRIPT_SAYS_NOTHING
        self.out_of_memory = server.maxmemory != 0 and mem_used() > server.maxmemory
        self.read_only = read_only or (says and flags & SCRIPT_NO_WRITES)
        self.allow_oom = says and flags & (SCRIPT_ALLOW_OOM | SCRIPT_NO_WRITES)
        if says and server.script_disk_refusal is not None and not flags & SCRIPT_NO_WRITES:
            raise CommandError(server.script_disk_refusal)
        if says and read_only and not flags & SCRIPT_NO_WRITES:
            raise CommandError(WRITES_IN_RO_COMMAND)
        if says and self.out_of_memory and not self.allow_oom:
            # In a transaction nobody looked before at what the script says.
            raise CommandError(NO_ROOM_FOR_SCRIPT if caller.flags & CLIENT_DENY_BLOCKING else OUT_OF_MEMORY)
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _lend_state(self, caller: Client) -> cython.int:
        """Have the script's commands run as the caller's."""
        client: ScriptClient = self.client
        client.db = caller.db
        client.id = caller.id
        client.user = caller.user
        client.reply.resp = 2
        client.tracking = caller.tracking
        client.flags = CLIENT_SCRIPT | CLIENT_DENY_BLOCKING | (caller.flags & (CLIENT_TRACKING | CLIENT_NO_TOUCH))
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def run(
        self,
        caller: Client,
        ref: cython.int,
        name: bytes,
        flags: cython.int,
        read_only: cython.bint,
        v: cython.pointer[Slice],
        n: cython.Py_ssize_t,
        keys: cython.Py_ssize_t,
    ) -> cython.int:
        """Run compiled code with `n` arguments, the first of them keys, and write the reply to the caller.

        `name` is the script's digest or the function's name. Raises CommandError.
        """
        global _current
        L: cython.pointer[LuaState] = self.L
        if _current is not None:
            raise CommandError(NOT_ALLOWED)
        self._prepare(caller, flags, read_only)
        self._lend_state(caller)
        self.caller = caller
        self.name = name
        self.started_ns = self.looked_ns = self.server.now_ns
        self.wrote = self.busy = self.killed = False
        self.time_us = 0
        self.server.script_propagation = 3
        lua_invocation.v = v
        lua_invocation.keys = keys
        lua_invocation.arguments = n - keys
        lua_invocation.as_globals = self.is_eval
        _current = self
        # None of these allocates.
        lua.rawgeti(L, LUA_REGISTRY, CONCLUDE)
        lua.rawgeti(L, LUA_REGISTRY, HANDLE)
        lua.rawgeti(L, LUA_REGISTRY, INVOKE)
        lua.rawgeti(L, LUA_REGISTRY, ref)
        self.outcome.status = lua.pcall(L, 1, 1, -3)
        lua.remove(L, -2)
        _current = None
        return self._finish()

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _finish(self) -> cython.int:
        """The script has run: write its reply."""
        caller: Client = self.caller
        server: ServerState = self.server
        if self.busy:
            server.guards &= ~GUARD_BUSY
            server.busy_reply = None
            self.busy = False
        if self.killed:
            lua.sethook(self.L, _hook, LUA_HOOK_COUNT, HOOK_EVERY)
            lua_count_each_switch(False)
        self.outcome.resp = self.client.reply.resp
        self.outcome.name = self.name
        self.caller = None
        self.client.tracking = None
        self.client.reply.release()
        concluded: cython.bint = lua_conclude(self.L, caller.reply, cython.address(self.outcome))
        lua_buffers_release()
        if self.outcome.status == OUT_OF_LUA_MEMORY or self.memory.used > self.collect_at or not concluded:
            self._collect_garbage()
        if self.killed and self.outcome.status:
            raise CommandError(KILLED % (self.name, b"script" if self.is_eval else b"function", _ended_line))
        if not concluded:
            raise CommandError(NO_LUA_MEMORY)
        if self.outcome.failed:
            caller.reply.error(self.outcome.text.p[: self.outcome.text.n].strip(b"\r\n"))
            if self.outcome.counted:
                # It counts as a failure of the script, but not as one more error.
                caller.errors_counted = caller.reply.errors
                caller.last_command.failed_calls += 1
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def collect(self, L: cython.pointer[LuaState], n: cython.int) -> cython.bint:
        """Make the values on the stack the arguments of a command; False where one is no string or number."""
        args: Args = self.args
        i: cython.int
        size: cython.size_t = 0
        room: cython.p_char
        args.reset()
        for i in range(1, n + 1):
            kind: cython.int = lua.type(L, i)
            if kind == LUA_STRING:
                p: cython.p_const_char = lua.tolstring(L, i, cython.address(size))
                args.push(cython.cast(cython.p_char, p), size)
            elif kind == LUA_NUMBER:
                if n > self.numbers_room:
                    # The first number of all: no argument stands in the old room yet.
                    room = cython.cast(cython.p_char, malloc(cython.cast(cython.size_t, n) * NUMBER_ROOM))
                    if room == cython.NULL:
                        return False
                    free(self.numbers)
                    self.numbers = room
                    self.numbers_room = n
                room = self.numbers + (i - 1) * NUMBER_ROOM
                args.push(room, _format_number(room, lua.tonumber(L, i)))
            else:
                return False
        return True

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _refuse(self, command: Command | None, text: bytes) -> cython.int:
        if command is not None:
            command.rejected_calls += 1
        self.server.count_error(text)
        self.refusal = text
        return CALL_COUNTED

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def execute(self) -> cython.int:
        """Run the command in `args`, one of CALL_*: its reply is in the client's buffer, or `refusal` says why not."""
        client: ScriptClient = self.client
        server: ServerState = self.server
        argc: cython.Py_ssize_t = self.args.argc
        command: Command = lookup_command(self.args)
        if command is None:
            return self._refuse(None, UNKNOWN_COMMAND)
        if (command.arity > 0 and command.arity != argc) or argc < -command.arity:
            return self._refuse(command, WRONG_ARITY)
        if command.flags & NOSCRIPT and not _allows_all:
            return self._refuse(command, NOT_ALLOWED)
        if self.read_only and command.flags & WRITES:
            return self._refuse(command, READ_ONLY_SCRIPT)
        if command.flags & WRITE and server.disk_refusal is not None and not self.wrote:
            return self._refuse(command, server.disk_refusal)
        if self.out_of_memory and command.flags & DENYOOM and not self.wrote and not self.allow_oom:
            return self._refuse(command, OUT_OF_MEMORY)
        if command.flags & WRITE:
            self.wrote = True
        reply: Reply = client.reply
        reply.truncate(reply.sent)
        server.now_ns = clock_ns()
        server.propagation.muted = not server.script_propagation & PROPAGATE_LOG
        call(client, command)
        server.propagation.muted = False
        return CALL_DONE

    # Taking too long

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def interrupt(self) -> cython.int:
        """Look at the script that runs: serve others if it takes too long, and tell whether it has to end."""
        server: ServerState = self.server
        now_ns: int64_t = clock_ns()
        elapsed_ms: int64_t = (now_ns - self.started_ns) // 1000000
        if self.library is not None:
            return self.started_ns != 0 and elapsed_ms > LOAD_TIMEOUT_MS
        if self.killed or now_ns - self.looked_ns < LOOK_NS:
            return self.killed
        self.looked_ns = now_ns
        if not self.busy:
            if server.busy_threshold_ms == 0 or elapsed_ms < server.busy_threshold_ms:
                return False
            self._become_busy(elapsed_ms)
        server.serve_meanwhile()
        self.time_us = 0  # a script may wait for a time to come
        return self.killed

    def _become_busy(self, elapsed_ms: int64_t) -> None:
        word: str = "SCRIPT" if self.is_eval else "FUNCTION"
        self.server.log_warning(
            f"Slow script detected: still in execution after {elapsed_ms} milliseconds. You can try killing the script "
            f"using the {word} KILL command. Script name is: {self.name.decode('latin-1')}."
        )
        self.busy = True
        self.server.busy_reply = self.busy_text()
        self.server.guards |= GUARD_BUSY

    def busy_text(self) -> bytes:
        """What others are told while the script runs."""
        return BUSY % (b"SCRIPT" if self.is_eval else b"FUNCTION")

    def duration_ms(self) -> int:
        """For how long the script that runs has done so."""
        return (clock_ns() - self.started_ns) // 1000000

    def end(self) -> None:
        """End the script that runs, whatever it has done: the server ends."""
        self.killed = True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _format_number(out: cython.p_char, v: cython.double) -> cython.Py_ssize_t:
    """A number as a command's argument: its digits where it is an integer, else the fewest that read back as it."""
    if v != v and signbit(v):
        memcpy(out, cython.cast(cython.p_const_char, b"-nan"), 4)
        return 4
    if -9007199254740992.0 <= v <= 9007199254740992.0 and cython.cast(cython.longlong, v) == v:
        return format_longlong(out, cython.cast(cython.longlong, v))
    return format_double(out, NUMBER_ROOM, v)


def allow_all_commands(on: cython.bint) -> None:
    """Let scripts run commands that are not for scripts, or no longer: for tests."""
    global _allows_all
    _allows_all = on


def running() -> Interpreter | None:
    """The interpreter whose script runs, None for none."""
    return _current


def kill_running(of_eval: cython.bint) -> None:
    """SCRIPT KILL and FUNCTION KILL: have the script that runs end. Raises CommandError."""
    me: Interpreter = _current
    if me is None or me.library is not None:
        raise CommandError(NOT_BUSY)
    if me.wrote:
        raise CommandError(UNKILLABLE)
    if me.is_eval != of_eval:
        raise CommandError(me.busy_text())
    me.server.log_notice("Lua script killed by user with SCRIPT KILL.")
    me.killed = True
