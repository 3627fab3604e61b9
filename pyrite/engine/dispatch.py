"""Dispatch: the two functions that every command goes through.

`process_command` finds the command of a request and asks the guards whether it may run now. `call` runs its handler and
does what follows from it: statistics, latency, slow log. Nothing goes round them, neither sockets nor transactions,
scripts, the replay of a log or the in-process client.

A guard costs nothing while it is not needed: the server and each client hold a bit for each guard that has to be asked,
and where no bit is set the command runs at once.
"""

import traceback

import cython
from cython.cimports.cpython.ref import Py_DECREF
from cython.cimports.libc.stdint import int64_t
from cython.cimports.pyrite.core.clock import clock_ns
from cython.cimports.pyrite.core.memory import mem_used
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.blocking import ran_before_ns, request_blocked, serve_ready
from cython.cimports.pyrite.engine.client import (
    CLIENT_BLOCKED,
    CLIENT_DENY_BLOCKING,
    CLIENT_NO_TOUCH,
    CLIENT_POSTPONED,
    CLIENT_REPLY_OFF,
    CLIENT_REPLY_SKIP,
    CLIENT_REPLY_SKIP_NEXT,
    CLIENT_SPECIAL,
    CLIENT_TRACKING,
    Client,
)
from cython.cimports.pyrite.engine.command import Command, lookup_command, lookup_container
from cython.cimports.pyrite.engine.propagation import Propagation
from cython.cimports.pyrite.engine.state import (
    GUARD_AUTH,
    GUARD_BUSY,
    GUARD_DISK,
    GUARD_LOADING,
    GUARD_MEMORY,
    GUARD_MONITOR,
    GUARD_MULTI,
    GUARD_PAUSE,
    GUARD_PUBSUB,
    PAUSE_ALL,
    PAUSE_NONE,
    ServerState,
)
from cython.cimports.pyrite.engine.tracking import Tracking

from pyrite.core.errors import INTERNAL, NO_AUTH, OUT_OF_MEMORY, CommandError, wrong_arity
from pyrite.core.errors import LOADING as IS_LOADING
from pyrite.engine.declare import ADMIN as _ADMIN
from pyrite.engine.declare import ALLOW_BUSY as _ALLOW_BUSY
from pyrite.engine.declare import DENYOOM as _DENYOOM
from pyrite.engine.declare import LOADING as _LOADING
from pyrite.engine.declare import MAY_REPLICATE as _MAY_REPLICATE
from pyrite.engine.declare import NO_AUTH as _NO_AUTH_FLAG
from pyrite.engine.declare import NO_MULTI as _NO_MULTI
from pyrite.engine.declare import READONLY as _READONLY
from pyrite.engine.declare import SCRIPTING
from pyrite.engine.declare import SKIP_MONITOR as _SKIP_MONITOR
from pyrite.engine.declare import TOUCHES_ARBITRARY_KEYS as _TOUCHES_ARBITRARY_KEYS
from pyrite.engine.declare import WRITE as _WRITE
from pyrite.engine.monitor import feed_monitors

READONLY = cython.declare(cython.longlong, _READONLY)
DENYOOM = cython.declare(cython.longlong, _DENYOOM)
NO_MULTI = cython.declare(cython.longlong, _NO_MULTI)
ALLOW_BUSY = cython.declare(cython.longlong, _ALLOW_BUSY)
SKIP_MONITOR = cython.declare(cython.longlong, _SKIP_MONITOR | _ADMIN)
WRITE = cython.declare(cython.longlong, _WRITE)
TOUCHES_ARBITRARY_KEYS = cython.declare(cython.longlong, _TOUCHES_ARBITRARY_KEYS)
MAY_REPLICATE = cython.declare(cython.longlong, _MAY_REPLICATE)
ON_KEYS = cython.declare(cython.longlong, _READONLY | _WRITE | _MAY_REPLICATE)
PAUSED_BY_WRITE = cython.declare(cython.longlong, _WRITE | _MAY_REPLICATE)
ALLOWED_WHILE_LOADING = cython.declare(cython.longlong, _LOADING)
ALLOWED_WITHOUT_AUTH = cython.declare(cython.longlong, _NO_AUTH_FLAG)

NOT_IN_TRANSACTION = b"ERR Command not allowed inside a transaction"

_NOT_QUEUED = frozenset({"exec", "discard", "multi", "watch", "quit", "reset"})
_ALLOWED_WHILE_SUBSCRIBED = frozenset(
    {
        "subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe", "ping", "quit", "reset",
    }
)  # fmt: skip
_SUBSCRIBED = (
    b"ERR Can't execute '%b': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
)

_MONITORS = b"ERR Replica can't interact with the keyspace"  # Redis counts monitors as replicas
# Lines of HTTP that nothing else begins with.
_HTTP_WORDS = frozenset({b"post", b"host:"})
HTTP_WORD_MAX = cython.declare(cython.Py_ssize_t, 5)
HTTP_LOG_NS = cython.declare(int64_t, 60 * 1000000000)
_http_logged_ns = cython.declare(int64_t, -60 * 1000000000)

# How much of an unknown command's name and arguments its error repeats.
QUOTED_BYTES = cython.declare(cython.Py_ssize_t, 128)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _queued_flags(client: Client, command: Command) -> cython.longlong:
    """The flags of all commands that EXEC would run."""
    return client.transaction.flags if client.transaction is not None and command.name == "exec" else 0


# Guards, in the order in which they are asked


@cython.cfunc
@cython.exceptval(-1, check=False)
def _guard_auth(client: Client, command: Command) -> cython.int:
    if client.is_trusted() or command.flags & ALLOWED_WITHOUT_AUTH:
        return EXECUTED
    return _reject(client, command, NO_AUTH)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _guard_memory(client: Client, command: Command) -> cython.int:
    """Make room when memory is short; refuse what needs more of it where no room can be made.

    Not while a script runs: its keys must not vanish under it. Nor while the data set is being loaded: it is not whole.
    """
    server: ServerState = client.server
    if mem_used() <= server.maxmemory or server.busy_reply is not None or server.guards & GUARD_LOADING:
        return EXECUTED
    has_room: cython.bint = server.make_room()
    if client.pushes is not None:
        # What tells of evicted keys comes before the reply, so that no client keeps them for longer than the server.
        client.flush_pushes()
    if has_room:
        return EXECUTED
    if (command.flags | _queued_flags(client, command)) & DENYOOM:
        return _reject(client, command, OUT_OF_MEMORY)
    return EXECUTED


@cython.cfunc
@cython.exceptval(-1, check=False)
def _guard_disk(client: Client, command: Command) -> cython.int:
    """While the disk does not take what is to outlive the process, refuse writes, and PING, which monitors send."""
    if (command.flags | _queued_flags(client, command)) & WRITE or command.name == "ping":
        return _reject(client, command, client.server.disk_refusal)
    return EXECUTED


@cython.cfunc
@cython.exceptval(-1, check=False)
def _guard_pause(client: Client, command: Command) -> cython.int:
    """CLIENT PAUSE: hold back all commands, or those that write."""
    server: ServerState = client.server
    if server.pause_mode == PAUSE_NONE:
        return EXECUTED
    flags: cython.longlong = command.flags | _queued_flags(client, command)
    if flags & MAY_REPLICATE and not flags & WRITE and command.group == SCRIPTING and server.script_only_reads(client):
        flags &= ~MAY_REPLICATE
    if server.pause_mode == PAUSE_ALL or flags & PAUSED_BY_WRITE:
        client.flags |= CLIENT_POSTPONED
        server.postponed.append(client)
        return POSTPONED
    return EXECUTED


@cython.cfunc
@cython.exceptval(-1, check=False)
def _guard_pubsub(client: Client, command: Command) -> cython.int:
    """A RESP2 client that has subscribed can do little but subscribe: it could not tell replies from messages."""
    if client.reply.resp == 3 or command.name in _ALLOWED_WHILE_SUBSCRIBED:
        return EXECUTED
    return _reject(client, command, _SUBSCRIBED % command.wire_name)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _guard_monitor(client: Client, command: Command) -> cython.int:
    """A client that gets every command must not have its own replies to commands on keys among them."""
    if (command.flags | _queued_flags(client, command)) & ON_KEYS:
        return _reject(client, command, _MONITORS)
    return EXECUTED


@cython.cfunc
@cython.exceptval(-1, check=False)
def _guard_loading(client: Client, command: Command) -> cython.int:
    """While the data set is being loaded, only commands that don't look at it run, and transactions of such."""
    queued: Command
    if not command.flags & ALLOWED_WHILE_LOADING:
        return _reject(client, command, IS_LOADING)
    if client.transaction is not None and command.name == "exec":
        for queued in client.transaction.commands:
            if not queued.flags & ALLOWED_WHILE_LOADING:
                return _reject(client, command, IS_LOADING)
    return EXECUTED


@cython.cfunc
@cython.exceptval(-1, check=False)
def _guard_busy(client: Client, command: Command) -> cython.int:
    """While a script runs for too long, others can do little but end it."""
    if command.flags & ALLOW_BUSY:
        return EXECUTED
    return _reject(client, command, client.server.busy_reply)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _guard_multi(client: Client, command: Command) -> cython.int:
    """After MULTI commands are queued, but for those that end it."""
    if command.name in _NOT_QUEUED:
        return EXECUTED
    if command.flags & NO_MULTI:
        return _reject(client, command, NOT_IN_TRANSACTION)
    client.queue(command)
    if not (client.flags & CLIENT_SPECIAL and _drops_reply(client)):
        client.reply.put_simple(b"QUEUED", 6)
    return QUEUED


_guards = cython.declare(GuardRow[GUARD_COUNT])
_guards[0].bit = GUARD_AUTH
_guards[0].check = _guard_auth
_guards[1].bit = GUARD_MEMORY
_guards[1].check = _guard_memory
_guards[2].bit = GUARD_DISK
_guards[2].check = _guard_disk
_guards[3].bit = GUARD_PUBSUB
_guards[3].check = _guard_pubsub
_guards[4].bit = GUARD_LOADING
_guards[4].check = _guard_loading
_guards[5].bit = GUARD_BUSY
_guards[5].check = _guard_busy
_guards[6].bit = GUARD_PAUSE
_guards[6].check = _guard_pause
_guards[7].bit = GUARD_MONITOR
_guards[7].check = _guard_monitor
_guards[8].bit = GUARD_MULTI
_guards[8].check = _guard_multi


@cython.cfunc
@cython.exceptval(-1, check=False)
def _ask_guards(client: Client, command: Command, bits: cython.int) -> cython.int:
    i: cython.int
    status: cython.int
    for i in range(GUARD_COUNT):
        if bits & _guards[i].bit:
            status = _guards[i].check(client, command)
            if status != EXECUTED:
                client.last_command = command
                return status
    return EXECUTED


# Rejection


@cython.cfunc
@cython.exceptval(-1, check=False)
def _reject(client: Client, command: Command | None, text: bytes) -> cython.int:
    """Answer with an error without running the command."""
    client.last_command = command
    if command is not None:
        command.rejected_calls += 1
    if client.transaction is not None or (command is not None and command.name == "exec"):
        text = _break_transaction(client, command, text)
    client.server.count_error(text)
    if client.flags & CLIENT_TRACKING:
        _forget_caching(client, command)
    if client.flags & CLIENT_SPECIAL and _drops_reply(client):
        return REJECTED
    client.reply.error(text)
    return REJECTED


@cython.cfunc
def _break_transaction(client: Client, command: Command | None, text: bytes) -> bytes:
    """A command that can't be queued breaks the transaction; EXEC itself, when it can't run, ends it."""
    if client.transaction is not None:
        client.transaction.broken = True
    if command is None or command.name != "exec":
        return text
    client.discard()
    return b"EXECABORT Transaction discarded because of: " + text.removeprefix(b"ERR ")


def _printable(data: bytes) -> bytes:
    """What an error repeats of a client's words: cut, at a NUL at the latest. `Reply.error` sees to line breaks."""
    return data[:QUOTED_BYTES].partition(b"\0")[0]


@cython.cfunc
def _unknown(client: Client) -> bytes:
    words: list = client.args.tail(0)
    container: Command = lookup_container(client.args)
    if container is not None:
        return b"ERR unknown subcommand '%b'. Try %b HELP." % (_printable(words[1]), container.name.upper().encode())
    quoted: bytes = b""
    for word in words[1:]:
        if len(quoted) >= QUOTED_BYTES:
            break
        quoted += b"'%b' " % _printable(word)[: QUOTED_BYTES - len(quoted)]
    return b"ERR unknown command '%b', with args beginning with: %b" % (_printable(words[0]), quoted)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _reject_unknown(client: Client) -> cython.int:
    """An unknown command is an error. One that stands in an HTTP request ends the connection, before its body is run.

    Else a web page could have the browser of whoever looks at it send commands to a server on that machine.
    """
    global _http_logged_ns
    server: ServerState = client.server
    if client.args.v[0].n > HTTP_WORD_MAX or client.args[0].lower() not in _HTTP_WORDS:
        return _reject(client, None, _unknown(client))
    if server.now_ns - _http_logged_ns >= HTTP_LOG_NS:
        _http_logged_ns = server.now_ns
        server.log_warning(
            f"Possible attack: an HTTP request came, as a web page can have a browser send it to another server. The "
            f"connection is closed: {server.describe_client(client)}"
        )
    client.close()
    return REJECTED


# The two choke-points


@cython.cfunc
@cython.exceptval(-1, check=False)
def process_command(client: Client) -> cython.int:
    """Find, guard and run the command of the request in `client.args`; returns EXECUTED, REJECTED or POSTPONED."""
    command: Command = lookup_command(client.args)
    argc: cython.Py_ssize_t = client.args.argc
    if command is None:
        return _reject_unknown(client)
    if (command.arity > 0 and command.arity != argc) or argc < -command.arity:
        return _reject(client, command, wrong_arity(command.wire_name))
    bits: cython.int = client.guards | client.server.guards
    status: cython.int
    if bits:
        status = _ask_guards(client, command, bits)
        if status != EXECUTED:
            return status
    status = call(client, command)
    if client.server.keyspace.ready:
        serve_ready(client.server)
    return status


@cython.cfunc
@cython.inline
@cython.exceptval(-1, check=False)
def _count(client: Client, command: Command, elapsed_ns: int64_t) -> cython.int:
    """Statistics, latency, slow log."""
    server: ServerState = client.server
    reply: Reply = client.reply
    server.commands_processed += 1
    command.calls += 1
    command.total_ns += elapsed_ns
    if server.latency_tracking:
        command.record(elapsed_ns)
    if elapsed_ns >= server.slowlog_threshold_us * 1000 and server.slowlog_threshold_us >= 0:
        server.on_slow_command(client, command, elapsed_ns)
    if reply.errors != client.errors_counted:
        client.errors_counted = reply.errors
        command.failed_calls += 1
        server.count_error(reply.last_error)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def call(client: Client, command: Command) -> cython.int:
    """Run a command's handler and do what follows from it."""
    server: ServerState = client.server
    reply: Reply = client.reply
    started_ns: int64_t = server.now_ns
    client.errors_counted = reply.errors
    mark: cython.Py_ssize_t = reply.n - reply.sent
    client.last_command = command
    if client.flags & CLIENT_SPECIAL:
        _before_special(client, command)
    if server.keyspace.effects:
        server.running = client
    propagation: Propagation = server.propagation
    propagates: cython.bint = propagation.on
    dirty: int64_t = server.keyspace.dirty
    propagation.depth += 1
    propagation.replaced = False
    handed: HandlerArguments
    handed.client = cython.cast(cython.pointer[cython.PyObject], client)
    handed.args = cython.cast(cython.pointer[cython.PyObject], client.args)
    returned: cython.pointer[cython.PyObject] = command.run(
        cython.cast(cython.pointer[cython.PyObject], command.handler), cython.address(handed.client), 2, cython.NULL
    )
    if returned == cython.NULL:
        _failed(client, command, mark)
    else:
        Py_DECREF(cython.cast(object, returned))
    propagation.depth -= 1
    if propagates:
        propagation.end(client.db, client.args, dirty, command.flags & TOUCHES_ARBITRARY_KEYS != 0)
    now: int64_t = clock_ns()
    elapsed: int64_t = now - started_ns
    server.now_ns = now
    server.keyspace.no_touch = False
    if server.monitors and not command.flags & SKIP_MONITOR and not client.is_retry:
        feed_monitors(client, command)
    if client.is_retry:
        elapsed += ran_before_ns(client)
    if client.flags & CLIENT_BLOCKED:
        request_blocked(client, elapsed)
        return BLOCKED
    _count(client, command, elapsed)
    if client.flags & CLIENT_SPECIAL:
        _after_special(client, command, mark)
    return EXECUTED


@cython.cfunc
@cython.exceptval(-1, check=False)
def _raise() -> cython.int:
    """Go on raising what a handler raised, of which a call without Python's help only says that there is something."""
    return -1


@cython.cfunc
@cython.exceptval(-1, check=False)
def _failed(client: Client, command: Command, mark: cython.Py_ssize_t) -> cython.int:
    """A handler raised an exception: answer with it, in place of what stands behind `mark` of the reply."""
    reply: Reply = client.reply
    try:
        _raise()
    except CommandError as error:
        reply.truncate(mark + reply.sent)
        # Line breaks at the end of what an error repeats go; `Reply.error` makes blanks of others.
        reply.error(error.wire.rstrip(b"\r\n"))
    except Exception:  # noqa: BLE001 - a bug in one handler is logged and counted, and ends no other client
        reply.truncate(mark + reply.sent)
        _internal_error(client, command)
    return 0


@cython.cfunc
def _before_special(client: Client, command: Command) -> cython.void:
    """What rare states of a client change about a command."""
    if client.flags & CLIENT_NO_TOUCH and command.name != "touch":
        client.server.keyspace.no_touch = True


@cython.cfunc
@cython.exceptval(-1, check=False)
def _after_special(client: Client, command: Command, mark: cython.Py_ssize_t) -> cython.int:
    """What rare states of a client make follow from a command, whose reply begins at `mark`."""
    if client.flags & CLIENT_TRACKING:
        _track(client, command)
    # Within a transaction the reply is a part of EXEC's, which is dropped or sent as a whole.
    if not client.flags & CLIENT_DENY_BLOCKING and _drops_reply(client):
        client.reply.truncate(mark + client.reply.sent)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _track(client: Client, command: Command) -> cython.int:
    """Remember what a tracking client has read."""
    tracking: Tracking = client.server.tracking
    # Of a script that only reads, what its commands read counts, not what it was given.
    if command.flags & READONLY and command.group != SCRIPTING:
        tracking.remember(client, command)
    return _forget_caching(client, command)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _forget_caching(client: Client, command: Command | None) -> cython.int:
    """What CLIENT CACHING said holds for one command, even for one that is refused, or for one transaction."""
    if (
        client.transaction is None
        and not client.flags & CLIENT_DENY_BLOCKING
        and (command is None or not command.name.startswith("client|"))
    ):
        client.tracking.caching = 0
    return 0


@cython.cfunc
def _drops_reply(client: Client) -> cython.bint:
    """CLIENT REPLY: tell whether the reply just written is to be dropped, and step from SKIP-next to SKIP to normal."""
    if client.flags & CLIENT_REPLY_SKIP_NEXT:
        client.flags = (client.flags & ~CLIENT_REPLY_SKIP_NEXT) | CLIENT_REPLY_SKIP
        return False
    if client.flags & CLIENT_REPLY_SKIP:
        client.flags &= ~CLIENT_REPLY_SKIP
        return True
    return client.flags & CLIENT_REPLY_OFF != 0


@cython.cfunc
def _internal_error(client: Client, command: Command) -> cython.void:
    """An exception in a handler is our bug: log it whole, count it, tell the client."""
    server: ServerState = client.server
    server.internal_errors += 1
    server.log_warning(f"Internal error in '{command.name}' of client {client.id}:\n{traceback.format_exc()}")
    client.reply.error(INTERNAL)
