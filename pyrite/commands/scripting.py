"""The commands that run scripts and keep them: EVAL, EVALSHA and their read-only kinds, SCRIPT."""

import cython
from cython.cimports.pyrite.core.parser import Args
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.engine.script import Interpreter, Script

from pyrite.core.errors import CommandError
from pyrite.engine.command import command, container, help_of
from pyrite.engine.declare import (
    ACCESS,
    ALLOW_BUSY,
    MAY_REPLICATE,
    NO_MANDATORY_KEYS,
    NOSCRIPT,
    READONLY,
    REQUEST_ALL_NODES,
    REQUEST_ALL_SHARDS,
    RESPONSE_AGG_LOGICAL_AND,
    RESPONSE_ALL_SUCCEEDED,
    RESPONSE_ONE_SUCCEEDED,
    RO,
    RW,
    SCRIPTING,
    SKIP_MONITOR,
    STALE,
    UPDATE,
    integer,
    key,
    keys_by_count,
    multiple,
    one_of,
    optional,
    string,
    token,
)
from pyrite.engine.monitor import feed_monitors
from pyrite.engine.script import kill_running

TOO_MANY_KEYS = b"ERR Number of keys can't be greater than number of args"
NEGATIVE_KEYS = b"ERR Number of keys can't be negative"
NO_SCRIPT = b"NOSCRIPT No matching script. Please use EVAL."
FLUSH_MODES = b"ERR SCRIPT FLUSH only support SYNC|ASYNC option"
NO_DEBUGGER = b"ERR The script debugger is not part of this server"
DEBUG_MODES = b"ERR Use SCRIPT DEBUG YES/SYNC/NO"

RUN_FLAGS = NOSCRIPT | SKIP_MONITOR | NO_MANDATORY_KEYS | STALE
ANY_KEYS = keys_by_count(2, RW | ACCESS | UPDATE)
ANY_KEYS_RO = keys_by_count(2, RO | ACCESS)
ANY_KEYS_NOTED = keys_by_count(
    2, RW | ACCESS | UPDATE, notes="What the script does with them is unknown: at worst this"
)
ANY_KEYS_RO_NOTED = keys_by_count(2, RO | ACCESS, notes="What the script does with them is unknown: at worst this")
KEYS_AND_ARGUMENTS = (integer("numkeys"), optional(multiple(key())), optional(multiple(string("arg"))))


@cython.cfunc
@cython.exceptval(-1, check=False)
def _check_keys(args: Args) -> cython.Py_ssize_t:
    """How many of the arguments from the fourth on are keys. Raises CommandError."""
    keys: cython.longlong = args.integer(2)
    if keys > args.argc - 3:
        raise CommandError(TOO_MANY_KEYS)
    if keys < 0:
        raise CommandError(NEGATIVE_KEYS)
    return keys


@cython.cfunc
@cython.exceptval(-1, check=False)
def _run(client: Client, args: Args, script: Script, keys: cython.Py_ssize_t, read_only: cython.bint) -> cython.int:
    scripts = client.server.scripts
    interpreter: Interpreter = scripts.interpreter
    interpreter.run(client, script.ref, script.sha, script.flags, read_only, args.v + 3, args.argc - 3, keys)
    if script.evictable:
        scripts.used(script)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _eval(client: Client, args: Args, read_only: cython.bint) -> cython.int:
    if client.server.monitors:
        # Before the commands that it runs.
        feed_monitors(client, client.last_command)
    keys: cython.Py_ssize_t = _check_keys(args)
    return _run(client, args, client.server.scripts.evaluate(args[1]), keys, read_only)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _evalsha(client: Client, args: Args, read_only: cython.bint) -> cython.int:
    if client.server.monitors:
        feed_monitors(client, client.last_command)
    if args.v[1].n != 40:
        raise CommandError(NO_SCRIPT)
    keys: cython.Py_ssize_t = _check_keys(args)
    script: Script = client.server.scripts.find(args[1])
    if script is None:
        raise CommandError(NO_SCRIPT)
    return _run(client, args, script, keys, read_only)


@command(
    "EVAL",
    arity=-3,
    flags=RUN_FLAGS | MAY_REPLICATE,
    group=SCRIPTING,
    since="2.6.0",
    complexity="That of the script.",
    keys=(ANY_KEYS_NOTED,),
    args=(string("script"), *KEYS_AND_ARGUMENTS),
)
def eval_(client: Client, args: Args) -> None:
    """Run a Lua script."""
    _eval(client, args, False)


@command(
    "EVALSHA",
    arity=-3,
    flags=RUN_FLAGS | MAY_REPLICATE,
    group=SCRIPTING,
    since="2.6.0",
    complexity="That of the script.",
    keys=(ANY_KEYS,),
    args=(string("sha1"), *KEYS_AND_ARGUMENTS),
)
def evalsha(client: Client, args: Args) -> None:
    """Run a Lua script that the server knows already, by its SHA-1."""
    _evalsha(client, args, False)


@command(
    "EVAL_RO",
    arity=-3,
    flags=RUN_FLAGS | READONLY,
    group=SCRIPTING,
    since="7.0.0",
    complexity="That of the script.",
    keys=(ANY_KEYS_RO_NOTED,),
    args=(string("script"), *KEYS_AND_ARGUMENTS),
)
def eval_ro(client: Client, args: Args) -> None:
    """Run a Lua script that only reads."""
    _eval(client, args, True)


@command(
    "EVALSHA_RO",
    arity=-3,
    flags=RUN_FLAGS | READONLY,
    group=SCRIPTING,
    since="7.0.0",
    complexity="That of the script.",
    keys=(ANY_KEYS_RO,),
    args=(string("sha1"), *KEYS_AND_ARGUMENTS),
)
def evalsha_ro(client: Client, args: Args) -> None:
    """Run a Lua script that only reads and that the server knows already, by its SHA-1."""
    _evalsha(client, args, True)


container(
    "SCRIPT",
    summary="Keep scripts, and end them.",
    group=SCRIPTING,
    acl=0,
    since="2.6.0",
    complexity="That of the subcommand.",
)


@command(
    "SCRIPT|LOAD",
    arity=3,
    flags=NOSCRIPT | STALE,
    group=SCRIPTING,
    since="2.6.0",
    complexity="O(N), where N is the length of the script.",
    tips=(REQUEST_ALL_NODES, RESPONSE_ALL_SUCCEEDED),
    args=(string("script"),),
)
def script_load(client: Client, args: Args) -> None:
    """Keep a script without running it; reply with its SHA-1."""
    script: Script = client.server.scripts.load(args[2])
    client.reply.bulk(script.sha)


@command(
    "SCRIPT|EXISTS",
    arity=-3,
    flags=NOSCRIPT,
    group=SCRIPTING,
    since="2.6.0",
    complexity="O(N), where N is the number of scripts asked for.",
    tips=(REQUEST_ALL_SHARDS, RESPONSE_AGG_LOGICAL_AND),
    args=(multiple(string("sha1")),),
)
def script_exists(client: Client, args: Args) -> None:
    """Tell which of these scripts the server knows."""
    reply: Reply = client.reply
    i: cython.Py_ssize_t
    reply.array(args.argc - 2)
    for i in range(2, args.argc):
        reply.integer(client.server.scripts.find(args[i]) is not None)


@command(
    "SCRIPT|FLUSH",
    arity=-2,
    flags=NOSCRIPT,
    group=SCRIPTING,
    since="2.6.0",
    complexity="O(N), where N is the number of scripts.",
    tips=(REQUEST_ALL_NODES, RESPONSE_ALL_SUCCEEDED),
    history=(("6.2.0", "`ASYNC` and `SYNC`."),),
    args=(optional(one_of("flush-type", token("ASYNC"), token("SYNC"), since="6.2.0")),),
)
def script_flush(client: Client, args: Args) -> None:
    """Forget all scripts."""
    if args.argc > 3 or (args.argc == 3 and not (args.equals(2, b"sync") or args.equals(2, b"async"))):
        raise CommandError(FLUSH_MODES)
    client.server.scripts.flush()
    client.reply.ok()


@command(
    "SCRIPT|KILL",
    arity=2,
    flags=NOSCRIPT | ALLOW_BUSY,
    group=SCRIPTING,
    since="2.6.0",
    complexity="O(1)",
    tips=(REQUEST_ALL_SHARDS, RESPONSE_ONE_SUCCEEDED),
)
def script_kill(client: Client, args: Args) -> None:
    """End the script that runs, if it has not written yet."""
    kill_running(True)
    client.reply.ok()


@command(
    "SCRIPT|DEBUG",
    arity=3,
    flags=NOSCRIPT,
    group=SCRIPTING,
    since="3.2.0",
    complexity="O(1)",
    args=(one_of("mode", token("YES"), token("SYNC"), token("NO")),),
)
def script_debug(client: Client, args: Args) -> None:
    """Switch the debugger on or off for this connection: there is none, so it can only be off."""
    if args.equals(2, b"no"):
        client.reply.ok()
    elif args.equals(2, b"yes") or args.equals(2, b"sync"):
        raise CommandError(NO_DEBUGGER)
    else:
        raise CommandError(DEBUG_MODES)


help_of("SCRIPT", since="5.0.0")
