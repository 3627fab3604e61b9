"""The commands about libraries of functions: FUNCTION, FCALL, FCALL_RO."""

import cython
from cython.cimports.pyrite.core.glob import glob_match
from cython.cimports.pyrite.core.numbers import parse_longlong
from cython.cimports.pyrite.core.parser import Args
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.engine.script import Interpreter

from pyrite.commands.scripting import (
    ANY_KEYS_NOTED,
    ANY_KEYS_RO_NOTED,
    KEYS_AND_ARGUMENTS,
    NEGATIVE_KEYS,
    RUN_FLAGS,
    TOO_MANY_KEYS,
)
from pyrite.core.errors import NO_LINE_BREAKS, CommandError, quoted
from pyrite.engine.command import command, container, help_of
from pyrite.engine.declare import (
    ALLOW_BUSY,
    DENYOOM,
    MAY_REPLICATE,
    NONDETERMINISTIC_OUTPUT,
    NONDETERMINISTIC_OUTPUT_ORDER,
    NOSCRIPT,
    READONLY,
    REQUEST_ALL_SHARDS,
    RESPONSE_ALL_SUCCEEDED,
    RESPONSE_ONE_SUCCEEDED,
    RESPONSE_SPECIAL,
    SCRIPTING,
    WRITE,
    one_of,
    optional,
    string,
    token,
)
from pyrite.engine.monitor import feed_monitors
from pyrite.engine.script import BUSY, FLAG_BITS, kill_running, running

NO_FUNCTION = b"ERR Function not found"
BAD_KEYS = b"ERR Bad number of keys provided"
NO_CODE = b"ERR Function code is missing"
NO_PATTERN = b"ERR library name argument was not given"
FLUSH_MODES = b"ERR FUNCTION FLUSH only supports SYNC|ASYNC option"
POLICIES = b"ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE."
WRONG_SYNTAX = b"ERR unknown subcommand or wrong number of arguments for '%b'. Try FUNCTION HELP."


@cython.cfunc
@cython.exceptval(-1, check=False)
def _fcall(client: Client, args: Args, read_only: cython.bint) -> cython.int:
    functions = client.server.functions
    interpreter: Interpreter = functions.interpreter
    keys: cython.longlong = 0
    if client.server.monitors:
        # Before the commands that it runs.
        feed_monitors(client, client.last_command)
    function = functions.find(args[1])
    if function is None:
        raise CommandError(NO_FUNCTION)
    if not parse_longlong(args.v[2].p, args.v[2].n, cython.address(keys)):
        raise CommandError(BAD_KEYS)
    if keys > args.argc - 3:
        raise CommandError(TOO_MANY_KEYS)
    if keys < 0:
        raise CommandError(NEGATIVE_KEYS)
    return interpreter.run(
        client, function.ref, function.name, function.flags, read_only, args.v + 3, args.argc - 3, keys
    )


@command(
    "FCALL",
    arity=-3,
    flags=RUN_FLAGS | MAY_REPLICATE,
    group=SCRIPTING,
    since="7.0.0",
    complexity="That of the function.",
    keys=(ANY_KEYS_NOTED,),
    args=(string("function"), *KEYS_AND_ARGUMENTS),
)
def fcall(client: Client, args: Args) -> None:
    """Call a function of a library."""
    _fcall(client, args, False)


@command(
    "FCALL_RO",
    arity=-3,
    flags=RUN_FLAGS | READONLY,
    group=SCRIPTING,
    since="7.0.0",
    complexity="That of the function.",
    keys=(ANY_KEYS_RO_NOTED,),
    args=(string("function"), *KEYS_AND_ARGUMENTS),
)
def fcall_ro(client: Client, args: Args) -> None:
    """Call a function that only reads."""
    _fcall(client, args, True)


container(
    "FUNCTION",
    summary="Keep libraries of functions.",
    group=SCRIPTING,
    acl=0,
    since="7.0.0",
    complexity="That of the subcommand.",
)


@command(
    "FUNCTION|LOAD",
    arity=-3,
    flags=NOSCRIPT | WRITE | DENYOOM,
    group=SCRIPTING,
    since="7.0.0",
    complexity="O(1), but for the time that the code takes to compile and run.",
    tips=(REQUEST_ALL_SHARDS, RESPONSE_ALL_SUCCEEDED),
    args=(optional(token("REPLACE")), string("function-code")),
)
def function_load(client: Client, args: Args) -> None:
    """Load a library from its code; reply with its name."""
    i: cython.Py_ssize_t
    for i in range(2, args.argc - 1):
        if not args.equals(i, b"replace"):
            raise CommandError(b"ERR Unknown option given: " + quoted(args[i]))
    client.reply.bulk(client.server.functions.load(args[args.argc - 1], replace=args.argc > 3))


@command(
    "FUNCTION|DELETE",
    arity=3,
    flags=NOSCRIPT | WRITE,
    group=SCRIPTING,
    since="7.0.0",
    complexity="O(1)",
    tips=(REQUEST_ALL_SHARDS, RESPONSE_ALL_SUCCEEDED),
    args=(string("library-name"),),
)
def function_delete(client: Client, args: Args) -> None:
    """Delete a library and its functions."""
    client.server.functions.delete(args[2])
    client.reply.ok()


@cython.cfunc
@cython.exceptval(-1, check=False)
def _list_library(reply: Reply, library, with_code: cython.bint) -> cython.int:
    reply.map(4 if with_code else 3)
    reply.bulk(b"library_name")
    reply.bulk(library.name)
    reply.bulk(b"engine")
    reply.bulk(b"LUA")
    reply.bulk(b"functions")
    reply.array(len(library.functions))
    for function in library.functions.values():
        reply.map(3)
        reply.bulk(b"name")
        reply.bulk(function.name)
        reply.bulk(b"description")
        if function.description is None:
            reply.null()
        else:
            reply.bulk(function.description)
        reply.bulk(b"flags")
        flags: list = [name for name, bit in FLAG_BITS.items() if function.flags & bit]
        reply.set_(len(flags))
        for name in flags:
            reply.simple(name)
    if with_code:
        reply.bulk(b"library_code")
        reply.bulk(library.code)
    return 0


@command(
    "FUNCTION|LIST",
    arity=-2,
    flags=NOSCRIPT,
    group=SCRIPTING,
    since="7.0.0",
    complexity="O(N), where N is the number of functions.",
    tips=(NONDETERMINISTIC_OUTPUT_ORDER,),
    args=(
        optional(string("library-name-pattern", token="LIBRARYNAME")),
        optional(token("WITHCODE")),
    ),
)
def function_list(client: Client, args: Args) -> None:
    """List the libraries and their functions."""
    with_code: cython.bint = False
    wanted: bytes | None = None
    i: cython.Py_ssize_t = 2
    while i < args.argc:
        if not with_code and args.equals(i, b"withcode"):
            with_code = True
        elif wanted is None and args.equals(i, b"libraryname"):
            i += 1
            if i >= args.argc:
                raise CommandError(NO_PATTERN)
            wanted = args[i]
        else:
            # Blanks for line breaks, those at its end included, which other errors drop.
            raise CommandError(b"ERR Unknown argument " + quoted(args[i]).translate(NO_LINE_BREAKS))
        i += 1
    found: list = []
    name: bytes
    for name, library in client.server.functions.libraries.items():
        if wanted is None or glob_match(wanted, len(wanted), name, len(name), True):
            found.append(library)
    client.reply.array(len(found))
    for library in found:
        _list_library(client.reply, library, with_code)


@command(
    "FUNCTION|DUMP",
    arity=2,
    flags=NOSCRIPT,
    group=SCRIPTING,
    since="7.0.0",
    complexity="O(N), where N is the number of functions.",
)
def function_dump(client: Client, args: Args) -> None:
    """Reply with all libraries, as bytes that FUNCTION RESTORE takes."""
    client.reply.bulk(client.server.functions.dump())


@command(
    "FUNCTION|RESTORE",
    arity=-3,
    flags=NOSCRIPT | WRITE | DENYOOM,
    group=SCRIPTING,
    since="7.0.0",
    complexity="O(N), where N is the number of functions.",
    tips=(REQUEST_ALL_SHARDS, RESPONSE_ALL_SUCCEEDED),
    args=(
        string("serialized-value"),
        optional(one_of("policy", token("FLUSH"), token("APPEND"), token("REPLACE"))),
    ),
)
def function_restore(client: Client, args: Args) -> None:
    """Take the libraries that FUNCTION DUMP has given."""
    policy: bytes = b"append"
    if args.argc > 4:
        raise CommandError(WRONG_SYNTAX % quoted(args[1]))
    if args.argc == 4:
        policy = args[3].lower()
        if policy not in (b"flush", b"append", b"replace"):
            raise CommandError(POLICIES)
    client.server.functions.restore(args[2], policy)
    client.reply.ok()


@command(
    "FUNCTION|FLUSH",
    arity=-2,
    flags=NOSCRIPT | WRITE,
    group=SCRIPTING,
    since="7.0.0",
    complexity="O(N), where N is the number of functions.",
    tips=(REQUEST_ALL_SHARDS, RESPONSE_ALL_SUCCEEDED),
    args=(optional(one_of("flush-type", token("ASYNC"), token("SYNC"))),),
)
def function_flush(client: Client, args: Args) -> None:
    """Delete all libraries."""
    if args.argc > 3:
        raise CommandError(WRONG_SYNTAX % quoted(args[1]))
    if args.argc == 3 and not (args.equals(2, b"sync") or args.equals(2, b"async")):
        raise CommandError(FLUSH_MODES)
    client.server.functions.flush()
    client.reply.ok()


@command(
    "FUNCTION|STATS",
    arity=2,
    flags=NOSCRIPT | ALLOW_BUSY,
    group=SCRIPTING,
    since="7.0.0",
    complexity="O(1)",
    tips=(NONDETERMINISTIC_OUTPUT, REQUEST_ALL_SHARDS, RESPONSE_SPECIAL),
)
def function_stats(client: Client, args: Args) -> None:
    """Tell which function runs, and how many there are."""
    reply: Reply = client.reply
    interpreter: Interpreter = running()
    if interpreter is not None and interpreter.is_eval:
        raise CommandError(BUSY % b"SCRIPT")
    reply.map(2)
    reply.bulk(b"running_script")
    if interpreter is None:
        reply.null()
    else:
        reply.map(3)
        reply.bulk(b"name")
        reply.bulk(interpreter.name)
        reply.bulk(b"command")
        words: list = interpreter.caller.args.tail(0)
        reply.array(len(words))
        for word in words:
            reply.bulk(word)
        reply.bulk(b"duration_ms")
        reply.integer(interpreter.duration_ms())
    reply.bulk(b"engines")
    reply.map(1)
    reply.bulk(b"LUA")
    reply.map(2)
    reply.bulk(b"libraries_count")
    reply.integer(len(client.server.functions.libraries))
    reply.bulk(b"functions_count")
    reply.integer(client.server.functions.count)


@command(
    "FUNCTION|KILL",
    arity=2,
    flags=NOSCRIPT | ALLOW_BUSY,
    group=SCRIPTING,
    since="7.0.0",
    complexity="O(1)",
    tips=(REQUEST_ALL_SHARDS, RESPONSE_ONE_SUCCEEDED),
)
def function_kill(client: Client, args: Args) -> None:
    """End the function that runs, if it has not written yet."""
    kill_running(False)
    client.reply.ok()


help_of("FUNCTION", since="7.0.0")
