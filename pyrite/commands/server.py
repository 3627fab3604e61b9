"""The server commands: databases as a whole, configuration, figures, slow log, latency, shutdown."""

from time import time_ns

import cython
from cython.cimports.pyrite.core.parser import Args
from cython.cimports.pyrite.engine.client import CLIENT_SCRIPT, Client
from cython.cimports.pyrite.engine.command import Command
from cython.cimports.pyrite.engine.script import script_time_us
from cython.cimports.pyrite.keyspace.database import Database, Keyspace

from pyrite.core.errors import DB_OUT_OF_RANGE, SYNTAX, CommandError, quoted
from pyrite.engine.command import all_commands, command, container, find_command, help_of
from pyrite.engine.declare import (
    ACL,
    ADMIN,
    ALLOW_BUSY,
    FAST,
    LOADING,
    NO_MULTI,
    NONDETERMINISTIC_OUTPUT,
    NOSCRIPT,
    READONLY,
    REQUEST_ALL_NODES,
    REQUEST_ALL_SHARDS,
    RESPONSE_AGG_SUM,
    RESPONSE_ALL_SUCCEEDED,
    RESPONSE_SPECIAL,
    SENTINEL,
    SERVER,
    STALE,
    WRITE,
    block,
    integer,
    multiple,
    one_of,
    optional,
    string,
    token,
)

INVALID_FIRST_DB = b"ERR invalid first DB index"
INVALID_SECOND_DB = b"ERR invalid second DB index"
NO_SHUTDOWN = b"ERR No shutdown in progress."
SHUTDOWN_FAILED = b"ERR Errors trying to SHUTDOWN. Check logs."
BAD_SLOWLOG_GET = b"ERR unknown subcommand or wrong number of arguments for '%b'. Try SLOWLOG HELP."
BAD_COUNT = b"ERR count should be greater than or equal to -1"


# The parts that several handlers share


@cython.cfunc
@cython.exceptval(-1, check=False)
def _flush_is_lazy(client: Client, args: Args) -> cython.int:
    """Tell whether FLUSHDB or FLUSHALL is to free in the background."""
    if args.argc == 1:
        return 1 if client.server.config.lazyfree_lazy_user_flush else 0
    if args.argc == 2 and args.equals(1, b"async"):
        return 1
    if args.argc == 2 and args.equals(1, b"sync"):
        return 0
    raise CommandError(SYNTAX)


@cython.cfunc
@cython.exceptval(-1, check=True)
def _db_index(args: Args, i: cython.Py_ssize_t, problem: bytes) -> cython.longlong:
    """The number of a database, not yet held against how many there are."""
    try:
        index: cython.longlong = args.integer(i)
    except CommandError:
        raise CommandError(problem) from None
    if not -2147483648 <= index <= 2147483647:
        raise CommandError(problem)
    return index


@cython.cfunc
def _commands_named(names: list) -> list:
    """The commands with these names, those with subcommands together with them; unknown names are left out."""
    found: list = []
    each: Command
    for name in names:
        each = find_command(name)
        if each is not None:
            found.append(each)
            found.extend(each.subcommands.values())
    return found


@cython.cfunc
def _reply_histogram(client: Client, subject: Command) -> cython.void:
    """One command of LATENCY HISTOGRAM: its calls, and how many of them took no longer than each power of two."""
    levels: list = subject.latency_levels()
    client.reply.bulk(subject.wire_name)
    client.reply.map(2)
    client.reply.bulk(b"calls")
    client.reply.integer(subject.latency_calls)
    client.reply.bulk(b"histogram_usec")
    client.reply.map(len(levels))
    for usec, calls in levels:
        client.reply.integer(usec)
        client.reply.integer(calls)


# The commands


@command(
    "INFO",
    arity=-1,
    flags=LOADING | STALE | SENTINEL,
    group=SERVER,
    acl=ACL.DANGEROUS,
    since="1.0.0",
    complexity="O(1)",
    tips=(NONDETERMINISTIC_OUTPUT, REQUEST_ALL_SHARDS, RESPONSE_SPECIAL),
    history=(("7.0.0", "Several sections."),),
    args=(optional(multiple(string("section"))),),
)
def info(client: Client, args: Args) -> None:
    """Describe the server: figures and statistics, in sections."""
    client.reply.verbatim(b"txt", client.server.info(args.tail(1)))


@command(
    "TIME",
    arity=1,
    flags=LOADING | STALE | FAST,
    group=SERVER,
    since="2.6.0",
    complexity="O(1)",
    tips=(NONDETERMINISTIC_OUTPUT,),
)
def time(client: Client, args: Args) -> None:
    """Return the server's clock: Unix seconds, and microseconds in the second."""
    now_us: cython.longlong = script_time_us() if client.flags & CLIENT_SCRIPT else time_ns() // 1000
    client.reply.array(2)
    client.reply.put_bulk_integer(now_us // 1000000)
    client.reply.put_bulk_integer(now_us % 1000000)


@command(
    "DBSIZE",
    arity=1,
    flags=READONLY | FAST,
    group=SERVER,
    acl=ACL.KEYSPACE,
    since="1.0.0",
    complexity="O(1)",
    tips=(REQUEST_ALL_SHARDS, RESPONSE_AGG_SUM),
)
def dbsize(client: Client, args: Args) -> None:
    """Return how many keys the database holds."""
    client.reply.integer(client.db.keys_count())


@cython.cfunc
@cython.exceptval(-1, check=False)
def _propagate_flush(client: Client, args: Args) -> cython.int:
    """Propagate it even where there was nothing to delete, as a follower may not be of that opinion."""
    if client.server.propagation.on:
        client.server.propagation.instead(client.db, args.tail(0))
    return 0


@command(
    "FLUSHDB",
    arity=-1,
    flags=WRITE,
    group=SERVER,
    acl=ACL.KEYSPACE | ACL.DANGEROUS,
    since="1.0.0",
    complexity="O(N), where N is the number of keys in the database.",
    tips=(REQUEST_ALL_SHARDS, RESPONSE_ALL_SUCCEEDED),
    history=(("4.0.0", "`ASYNC`."), ("6.2.0", "`SYNC`.")),
    args=(optional(one_of("flush-type", token("ASYNC", since="4.0.0"), token("SYNC", since="6.2.0"))),),
)
def flushdb(client: Client, args: Args) -> None:
    """Delete all keys of the database."""
    lazy: cython.bint = _flush_is_lazy(client, args)
    client.server.keyspace.dirty += client.db.flush(lazy)
    _propagate_flush(client, args)
    client.reply.ok()


@command(
    "FLUSHALL",
    arity=-1,
    flags=WRITE,
    group=SERVER,
    acl=ACL.KEYSPACE | ACL.DANGEROUS,
    since="1.0.0",
    complexity="O(N), where N is the number of keys in all databases.",
    tips=(REQUEST_ALL_SHARDS, RESPONSE_ALL_SUCCEEDED),
    history=(("4.0.0", "`ASYNC`."), ("6.2.0", "`SYNC`.")),
    args=(optional(one_of("flush-type", token("ASYNC", since="4.0.0"), token("SYNC", since="6.2.0"))),),
)
def flushall(client: Client, args: Args) -> None:
    """Delete all keys of all databases."""
    lazy: cython.bint = _flush_is_lazy(client, args)
    keyspace: Keyspace = client.server.keyspace
    db: Database
    for db in keyspace.databases:
        keyspace.dirty += db.flush(lazy)
    _propagate_flush(client, args)
    client.server.on_all_deleted()
    client.reply.ok()


@command(
    "SWAPDB",
    arity=3,
    flags=WRITE | FAST,
    group=SERVER,
    acl=ACL.KEYSPACE | ACL.DANGEROUS,
    since="4.0.0",
    complexity="O(N), where N is the number of clients that watch or wait for keys of the two databases.",
    args=(integer("index1"), integer("index2")),
)
def swapdb(client: Client, args: Args) -> None:
    """Exchange two databases; their clients see each other's keys at once."""
    first: cython.longlong = _db_index(args, 1, INVALID_FIRST_DB)
    second: cython.longlong = _db_index(args, 2, INVALID_SECOND_DB)
    keyspace: Keyspace = client.server.keyspace
    count: cython.Py_ssize_t = len(keyspace.databases)
    if not 0 <= first < count or not 0 <= second < count:
        raise CommandError(DB_OUT_OF_RANGE)
    keyspace.swap(first, second)
    keyspace.dirty += 1
    client.reply.ok()


@command(
    "LOLWUT",
    arity=-1,
    flags=READONLY | FAST,
    group=SERVER,
    since="5.0.0",
    args=(optional(integer("version", token="VERSION")),),
)
def lolwut(client: Client, args: Args) -> None:
    """Draw something, and tell the version."""
    start: cython.Py_ssize_t = 1
    i: cython.Py_ssize_t
    if args.argc >= 3 and args.equals(1, b"version"):
        # One picture serves every version that may be asked for; those two draw in Redis too, and look at sizes.
        start = 3
        if args.integer(2) in (5, 6):
            for i in range(start, args.argc):
                args.integer(i)
    client.reply.verbatim(b"txt", client.server.lolwut(args.tail(start)))


@command(
    "SHUTDOWN",
    arity=-1,
    flags=ADMIN | NOSCRIPT | LOADING | STALE | NO_MULTI | ALLOW_BUSY | SENTINEL,
    group=SERVER,
    since="1.0.0",
    complexity="O(N) when it saves, where N is the number of keys; O(1) otherwise.",
    history=(("7.0.0", "`NOW`, `FORCE` and `ABORT`."),),
    args=(
        optional(one_of("save-selector", token("NOSAVE"), token("SAVE"))),
        optional(token("NOW", since="7.0.0")),
        optional(token("FORCE", since="7.0.0")),
        optional(token("ABORT", since="7.0.0")),
    ),
)
def shutdown(client: Client, args: Args) -> None:
    """Save what is to be saved and stop the server."""
    save: cython.bint = False
    no_save: cython.bint = False
    force: cython.bint = False
    abort: cython.bint = False
    now: cython.bint = False
    i: cython.Py_ssize_t
    for i in range(1, args.argc):
        if args.equals(i, b"save"):
            save = True
        elif args.equals(i, b"nosave"):
            no_save = True
        elif args.equals(i, b"force"):
            force = True
        elif args.equals(i, b"abort"):
            abort = True
        elif args.equals(i, b"now"):
            now = True
        else:
            raise CommandError(SYNTAX)
    if (abort and (save or no_save or force or now)) or (save and no_save):
        raise CommandError(SYNTAX)
    if abort:
        # A shutdown waits for nobody: there is only a signal that comes while the cron is paused.
        if not client.server.abort_shutdown():
            raise CommandError(NO_SHUTDOWN)
        client.reply.ok()
        return
    if not client.server.request_shutdown(save, force, no_save):
        raise CommandError(SHUTDOWN_FAILED)
    client.close_after_reply()


container(
    "CONFIG",
    arity=-2,
    group=SERVER,
    since="2.0.0",
    complexity="Depends on the subcommand.",
    summary="Commands about the server's configuration.",
)


@command(
    "CONFIG|GET",
    arity=-3,
    flags=ADMIN | NOSCRIPT | LOADING | STALE,
    group=SERVER,
    since="2.0.0",
    complexity="O(N*M), where N is the number of options and M the number of patterns.",
    history=(("7.0.0", "Several patterns."),),
    args=(multiple(string("parameter")),),
)
def config_get(client: Client, args: Args) -> None:
    """Return options and their values, for all options that match the patterns."""
    found: list = client.server.config_get(args.tail(2))
    client.reply.map(len(found))
    for name, value in found:
        client.reply.bulk(name)
        client.reply.bulk(value)


@command(
    "CONFIG|SET",
    arity=-4,
    flags=ADMIN | NOSCRIPT | LOADING | STALE,
    group=SERVER,
    since="2.0.0",
    complexity="O(N), where N is the number of options given.",
    tips=(REQUEST_ALL_NODES, RESPONSE_ALL_SUCCEEDED),
    history=(("7.0.0", "Several options."),),
    args=(multiple(block("data", string("parameter"), string("value"))),),
)
def config_set(client: Client, args: Args) -> None:
    """Change options at run time, all of them or none."""
    if args.argc % 2:
        raise CommandError(SYNTAX)
    client.server.config_set(client, args.tail(2))
    client.reply.ok()


@command(
    "CONFIG|RESETSTAT",
    arity=2,
    flags=ADMIN | NOSCRIPT | LOADING | STALE,
    group=SERVER,
    since="2.0.0",
    complexity="O(1)",
    tips=(REQUEST_ALL_NODES, RESPONSE_ALL_SUCCEEDED),
)
def config_resetstat(client: Client, args: Args) -> None:
    """Set the statistics back to zero."""
    client.server.reset_statistics()
    each: Command
    for each in all_commands():
        each.reset_statistics()
    client.reply.ok()


@command(
    "CONFIG|REWRITE",
    arity=2,
    flags=ADMIN | NOSCRIPT | LOADING | STALE,
    group=SERVER,
    since="2.8.0",
    complexity="O(N), where N is the length of the file.",
    tips=(REQUEST_ALL_NODES, RESPONSE_ALL_SUCCEEDED),
)
def config_rewrite(client: Client, args: Args) -> None:
    """Write the options in use back to the configuration file."""
    client.server.config_rewrite()
    client.reply.ok()


help_of("CONFIG", since="5.0.0")


container(
    "SLOWLOG",
    arity=-2,
    group=SERVER,
    since="2.2.12",
    complexity="Depends on the subcommand.",
    summary="Commands about the log of slow commands.",
)


@command(
    "SLOWLOG|GET",
    arity=-2,
    flags=ADMIN | LOADING | STALE,
    group=SERVER,
    since="2.2.12",
    complexity="O(N), where N is the number of entries returned.",
    tips=(REQUEST_ALL_NODES, NONDETERMINISTIC_OUTPUT),
    history=(("4.0.0", "Address and name of the client."),),
    args=(optional(integer("count")),),
)
def slowlog_get(client: Client, args: Args) -> None:
    """Return the latest entries of the slow log."""
    count: cython.longlong = 10
    if args.argc > 3:
        raise CommandError(BAD_SLOWLOG_GET % quoted(args[1][:128]))
    if args.argc == 3:
        try:
            count = args.integer(2)
        except CommandError:
            raise CommandError(BAD_COUNT) from None
        if count < -1:
            raise CommandError(BAD_COUNT)
    entries: list = client.server.slowlog.latest(count)
    client.reply.array(len(entries))
    for entry in entries:
        client.reply.array(6)
        client.reply.integer(entry.id)
        client.reply.integer(entry.at_s)
        client.reply.integer(entry.duration_us)
        client.reply.array(len(entry.argv))
        for argument in entry.argv:
            client.reply.bulk(argument)
        client.reply.bulk(entry.address)
        client.reply.bulk(entry.client_name)


@command(
    "SLOWLOG|LEN",
    arity=2,
    flags=ADMIN | LOADING | STALE,
    group=SERVER,
    since="2.2.12",
    complexity="O(1)",
    tips=(REQUEST_ALL_NODES, RESPONSE_AGG_SUM, NONDETERMINISTIC_OUTPUT),
)
def slowlog_len(client: Client, args: Args) -> None:
    """Return how many entries the slow log holds."""
    client.reply.integer(len(client.server.slowlog))


@command(
    "SLOWLOG|RESET",
    arity=2,
    flags=ADMIN | LOADING | STALE,
    group=SERVER,
    since="2.2.12",
    complexity="O(N), where N is the number of entries.",
    tips=(REQUEST_ALL_NODES, RESPONSE_ALL_SUCCEEDED),
)
def slowlog_reset(client: Client, args: Args) -> None:
    """Forget all entries of the slow log."""
    client.server.slowlog.reset()
    client.reply.ok()


help_of("SLOWLOG", since="6.2.0")


container(
    "LATENCY",
    arity=-2,
    group=SERVER,
    since="2.8.13",
    complexity="Depends on the subcommand.",
    summary="Commands about latency: samples of slow events, and histograms.",
)


@command(
    "LATENCY|DOCTOR",
    arity=2,
    flags=ADMIN | NOSCRIPT | LOADING | STALE,
    group=SERVER,
    since="2.8.13",
    complexity="O(1)",
    tips=(NONDETERMINISTIC_OUTPUT, REQUEST_ALL_NODES, RESPONSE_SPECIAL),
)
def latency_doctor(client: Client, args: Args) -> None:
    """Explain in plain words what the latency samples tell."""
    client.reply.verbatim(b"txt", client.server.latency.doctor())


@command(
    "LATENCY|GRAPH",
    arity=3,
    flags=ADMIN | NOSCRIPT | LOADING | STALE,
    group=SERVER,
    since="2.8.13",
    complexity="O(1)",
    tips=(NONDETERMINISTIC_OUTPUT, REQUEST_ALL_NODES, RESPONSE_SPECIAL),
    args=(string("event"),),
)
def latency_graph(client: Client, args: Args) -> None:
    """Draw the latency samples of an event."""
    graph = client.server.latency.graph(args[2])
    if graph is None:
        raise CommandError(b"ERR No samples available for event '%b'" % quoted(args[2]))
    client.reply.verbatim(b"txt", graph)


@command(
    "LATENCY|HISTOGRAM",
    arity=-2,
    flags=ADMIN | NOSCRIPT | LOADING | STALE,
    group=SERVER,
    since="7.0.0",
    complexity="O(N), where N is the number of commands reported.",
    tips=(NONDETERMINISTIC_OUTPUT, REQUEST_ALL_NODES, RESPONSE_SPECIAL),
    args=(optional(multiple(string("command"))),),
)
def latency_histogram(client: Client, args: Args) -> None:
    """Return how many calls of each command stayed under which time."""
    chosen: list = _commands_named(args.tail(2)) if args.argc > 2 else all_commands()
    mark: cython.Py_ssize_t = client.reply.open()
    n: cython.Py_ssize_t = 0
    each: Command
    for each in chosen:
        if each.latency_calls:
            n += 1
            _reply_histogram(client, each)
    client.reply.close_map(mark, n)


@command(
    "LATENCY|HISTORY",
    arity=3,
    flags=ADMIN | NOSCRIPT | LOADING | STALE,
    group=SERVER,
    since="2.8.13",
    complexity="O(1)",
    tips=(NONDETERMINISTIC_OUTPUT, REQUEST_ALL_NODES, RESPONSE_SPECIAL),
    args=(string("event"),),
)
def latency_history(client: Client, args: Args) -> None:
    """Return the latency samples of an event, with their times."""
    samples: list = client.server.latency.history(args[2])
    client.reply.array(len(samples))
    for at_s, latency_ms in samples:
        client.reply.array(2)
        client.reply.integer(at_s)
        client.reply.integer(latency_ms)


@command(
    "LATENCY|LATEST",
    arity=2,
    flags=ADMIN | NOSCRIPT | LOADING | STALE,
    group=SERVER,
    since="2.8.13",
    complexity="O(1)",
    tips=(NONDETERMINISTIC_OUTPUT, REQUEST_ALL_NODES, RESPONSE_SPECIAL),
)
def latency_latest(client: Client, args: Args) -> None:
    """Return the latest and the worst sample of each event."""
    events: list = client.server.latency.latest()
    client.reply.array(len(events))
    for event, at_s, latency_ms, worst_ms in events:
        client.reply.array(4)
        client.reply.bulk(event)
        client.reply.integer(at_s)
        client.reply.integer(latency_ms)
        client.reply.integer(worst_ms)


@command(
    "LATENCY|RESET",
    arity=-2,
    flags=ADMIN | NOSCRIPT | LOADING | STALE,
    group=SERVER,
    since="2.8.13",
    complexity="O(1)",
    tips=(REQUEST_ALL_NODES, RESPONSE_AGG_SUM),
    args=(optional(multiple(string("event"))),),
)
def latency_reset(client: Client, args: Args) -> None:
    """Forget the latency samples of some events, or of all."""
    client.reply.integer(client.server.latency.reset(args.tail(2)))


help_of("LATENCY", since="2.8.13")
