"""The CLIENT commands: this connection, and those of others."""

import cython
from cython.cimports.libc.stdint import INT64_MAX, int64_t
from cython.cimports.pyrite.core.parser import Args
from cython.cimports.pyrite.engine.client import (
    CLASS_NORMAL,
    CLASS_PUBSUB,
    CLASS_REPLICA,
    CLIENT_NO_EVICT,
    CLIENT_NO_TOUCH,
    CLIENT_REPLY_OFF,
    CLIENT_REPLY_SKIP,
    CLIENT_REPLY_SKIP_NEXT,
    Client,
)
from cython.cimports.pyrite.engine.state import PAUSE_ALL, PAUSE_WRITE

from pyrite.core.errors import SYNTAX, CommandError, quoted
from pyrite.engine.client import is_printable, valid_name
from pyrite.engine.command import command, container, help_of
from pyrite.engine.declare import (
    ADMIN,
    CONNECTION,
    LOADING,
    NONDETERMINISTIC_OUTPUT,
    NOSCRIPT,
    REQUEST_ALL_NODES,
    RESPONSE_ALL_SUCCEEDED,
    SENTINEL,
    STALE,
    integer,
    multiple,
    one_of,
    optional,
    string,
    token,
)
from pyrite.engine.pause import pause_clients, unpause_clients

NO_SUCH_CLIENT = b"ERR No such client"
INVALID_ID = b"ERR Invalid client ID"
ID_NOT_POSITIVE = b"ERR client-id should be greater than 0"
MAXAGE_NOT_INTEGER = b"ERR maxage is not an integer or out of range"
MAXAGE_NOT_POSITIVE = b"ERR maxage should be greater than 0"
TIMEOUT_NOT_INTEGER = b"ERR timeout is not an integer or out of range"
TIMEOUT_NEGATIVE = b"ERR timeout is negative"
TIMEOUT_OUT_OF_RANGE = b"ERR timeout is out of range"
WRONG_PAUSE_MODE = b"ERR CLIENT PAUSE mode must be WRITE or ALL"
WRONG_UNBLOCK_REASON = b"ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"

CLASS_MASTER = -1  # the connection to a master is none of the classes that output limits know
CLASSES: dict = {
    b"normal": CLASS_NORMAL,
    b"slave": CLASS_REPLICA,
    b"replica": CLASS_REPLICA,
    b"pubsub": CLASS_PUBSUB,
    b"master": CLASS_MASTER,
}


def _line(each) -> bytes:
    """A client in one line."""
    return each.server.describe_client(each).encode("utf-8", "surrogateescape") + b"\n"


def _client_class(word: bytes) -> int:
    found = CLASSES.get(word.lower())
    if found is None:
        raise CommandError(b"ERR Unknown client type '%b'" % quoted(word))
    return found


def _integer(args: Args, i: cython.Py_ssize_t, text: bytes) -> int:
    """Argument `i`, with an error text of its own."""
    try:
        return args.integer(i)
    except CommandError:
        raise CommandError(text) from None


def _positive(args: Args, i: cython.Py_ssize_t, not_integer: bytes, not_positive: bytes) -> int:
    value = _integer(args, i, not_integer)
    if value <= 0:
        raise CommandError(not_positive)
    return value


def _yes_or_no(args: Args, i: cython.Py_ssize_t) -> bool:
    if not args.equals(i, b"yes") and not args.equals(i, b"no"):
        raise CommandError(SYNTAX)
    return args.equals(i, b"yes")


def _known_user(name: bytes) -> bytes:
    if name != b"default":
        raise CommandError(b"ERR No such user '%b'" % quoted(name))
    return name


def _at_most_four(args: Args) -> None:
    """Refuse further arguments of a subcommand that takes one and an optional one."""
    if args.argc > 4:
        raise CommandError(b"ERR unknown subcommand or wrong number of arguments for '%b'. Try CLIENT HELP." % args[1])


def _switch(client: Client, args: Args, flag: cython.int) -> None:
    """ON or OFF of a subcommand that sets one flag of the client."""
    if args.equals(2, b"on"):
        client.flags |= flag
    elif args.equals(2, b"off"):
        client.flags &= ~flag
    else:
        raise CommandError(SYNTAX)
    client.reply.ok()


# CLIENT KILL

# What each filter makes of its value; of filters given twice the last one counts.
FILTERS: dict = {
    b"id": lambda args, i: _positive(args, i, ID_NOT_POSITIVE, ID_NOT_POSITIVE),
    b"type": lambda args, i: _client_class(args[i]),
    b"addr": lambda args, i: args[i],
    b"laddr": lambda args, i: args[i],
    b"user": lambda args, i: _known_user(args[i]),
    b"skipme": _yes_or_no,
    b"maxage": lambda args, i: _positive(args, i, MAXAGE_NOT_INTEGER, MAXAGE_NOT_POSITIVE),
}


def _kill_filters(args: Args) -> dict:
    filters: dict = {"skipme": True}
    i: cython.Py_ssize_t
    for i in range(2, args.argc, 2):
        word = args[i].lower()
        if word not in FILTERS or i + 1 == args.argc:
            raise CommandError(SYNTAX)
        filters[word.decode()] = FILTERS[word](args, i + 1)
    return filters


def _matches(each: Client, filters: dict) -> bool:
    """Tell whether a client is what all filters ask for."""
    now_s: int64_t = each.server.keyspace.now_ms // 1000
    if "id" in filters and each.id != filters["id"]:
        return False
    if "type" in filters and each.output_class != filters["type"]:
        return False
    if "user" in filters and each.user != filters["user"]:
        return False
    if "maxage" in filters and now_s - each.created_ms // 1000 < filters["maxage"]:
        return False
    if "addr" in filters and each.address().encode() != filters["addr"]:
        return False
    return "laddr" not in filters or each.local_address().encode() == filters["laddr"]


def _kill(client: Client, filters: dict) -> int:
    """Close the clients that match; the one that asks, after its reply. Returns how many."""
    killed: cython.Py_ssize_t = 0
    for each in list(client.server.clients.values()):
        if (each is client and filters["skipme"]) or not _matches(each, filters):
            continue
        killed += 1
        if each is client:
            client.close_after_reply()
        else:
            each.close()
    return killed


# CLIENT PAUSE


def _pause_end(client: Client, args: Args) -> int:
    """The Unix time in milliseconds at which a pause ends that begins now."""
    timeout_ms: cython.longlong = _integer(args, 2, TIMEOUT_NOT_INTEGER)
    now_ms: int64_t = client.server.keyspace.now_ms
    if timeout_ms < 0:
        raise CommandError(TIMEOUT_NEGATIVE)
    if timeout_ms > INT64_MAX - now_ms:
        raise CommandError(TIMEOUT_OUT_OF_RANGE)
    return now_ms + timeout_ms


container(
    "CLIENT",
    arity=-2,
    flags=SENTINEL,
    group=CONNECTION,
    acl=0,
    since="2.4.0",
    complexity="Depends on the subcommand.",
    summary="Commands about connections.",
)


@command(
    "CLIENT|ID",
    arity=2,
    flags=NOSCRIPT | LOADING | STALE | SENTINEL,
    group=CONNECTION,
    since="5.0.0",
    complexity="O(1)",
)
def client_id(client: Client, args: Args) -> None:
    """Return the number of this connection, which no other ever gets."""
    client.reply.integer(client.id)


@command(
    "CLIENT|INFO",
    arity=2,
    flags=NOSCRIPT | LOADING | STALE | SENTINEL,
    group=CONNECTION,
    since="6.2.0",
    complexity="O(1)",
    tips=(NONDETERMINISTIC_OUTPUT,),
)
def client_info(client: Client, args: Args) -> None:
    """Describe this connection in one line."""
    client.reply.verbatim(b"txt", _line(client))


@command(
    "CLIENT|LIST",
    arity=-2,
    flags=ADMIN | NOSCRIPT | LOADING | STALE | SENTINEL,
    group=CONNECTION,
    since="2.4.0",
    complexity="O(N), where N is the number of connections.",
    tips=(NONDETERMINISTIC_OUTPUT,),
    history=(
        ("2.8.12", "Field `id`."),
        ("5.0.0", "`TYPE` filter."),
        ("6.0.0", "Field `user`."),
        ("6.2.0", "Fields `argv-mem`, `tot-mem`, `laddr` and `redir`; `ID` filter."),
        ("7.0.0", "Fields `resp`, `multi-mem`, `rbs` and `rbp`."),
        ("7.0.3", "Field `ssub`."),
        ("7.2.0", "Fields `lib-name` and `lib-ver`."),
        ("7.4.0", "Field `watch`."),
    ),
    args=(
        optional(
            one_of(
                "client-type",
                token("NORMAL"),
                token("MASTER"),
                token("REPLICA"),
                token("PUBSUB"),
                token="TYPE",
                since="5.0.0",
            )
        ),
        optional(multiple(integer("client-id", token="ID", since="6.2.0"))),
    ),
)
def client_list(client: Client, args: Args) -> None:
    """Describe the open connections, one line each."""
    chosen: list = []
    if args.argc == 2:
        chosen = list(client.server.clients.values())
    elif args.argc == 4 and args.equals(2, b"type"):
        wanted = _client_class(args[3])
        chosen = [each for each in client.server.clients.values() if each.output_class == wanted]
    elif args.argc > 3 and args.equals(2, b"id"):
        found = [client.server.clients.get(_integer(args, i, INVALID_ID)) for i in range(3, args.argc)]
        chosen = [each for each in found if each is not None]
    else:
        raise CommandError(SYNTAX)
    client.reply.verbatim(b"txt", b"".join([_line(each) for each in chosen]))


@command(
    "CLIENT|KILL",
    arity=-3,
    flags=ADMIN | NOSCRIPT | LOADING | STALE | SENTINEL,
    group=CONNECTION,
    since="2.4.0",
    complexity="O(N), where N is the number of connections.",
    history=(
        ("2.8.12", "Filters."),
        ("2.8.12", "`ID` filter."),
        ("3.2.0", "`TYPE master`."),
        ("5.0.0", "`TYPE replica`, with `slave` as its older name."),
        ("6.2.0", "`LADDR` filter."),
        ("7.4.0", "`MAXAGE` filter."),
    ),
    args=(
        one_of(
            "filter",
            string("old-format", display="ip:port", deprecated_since="2.8.12"),
            multiple(
                one_of(
                    "new-format",
                    optional(integer("client-id", token="ID", since="2.8.12")),
                    optional(
                        one_of(
                            "client-type",
                            token("NORMAL"),
                            token("MASTER", since="3.2.0"),
                            token("SLAVE"),
                            token("REPLICA", since="5.0.0"),
                            token("PUBSUB"),
                            token="TYPE",
                            since="2.8.12",
                        )
                    ),
                    optional(string("username", token="USER")),
                    optional(string("addr", token="ADDR", display="ip:port")),
                    optional(string("laddr", token="LADDR", display="ip:port", since="6.2.0")),
                    optional(one_of("skipme", token("YES"), token("NO"), token="SKIPME")),
                    optional(integer("maxage", token="MAXAGE", since="7.4.0")),
                )
            ),
        ),
    ),
)
def client_kill(client: Client, args: Args) -> None:
    """Close the connections that match all filters."""
    if args.argc == 3:
        if not _kill(client, {"addr": args[2], "skipme": False}):
            raise CommandError(NO_SUCH_CLIENT)
        client.reply.ok()
    else:
        client.reply.integer(_kill(client, _kill_filters(args)))


@command(
    "CLIENT|GETNAME",
    arity=2,
    flags=NOSCRIPT | LOADING | STALE | SENTINEL,
    group=CONNECTION,
    since="2.6.9",
    complexity="O(1)",
)
def client_getname(client: Client, args: Args) -> None:
    """Return the name of this connection."""
    if client.name:
        client.reply.bulk(client.name)
    else:
        client.reply.null()


@command(
    "CLIENT|SETNAME",
    arity=3,
    flags=NOSCRIPT | LOADING | STALE | SENTINEL,
    group=CONNECTION,
    since="2.6.9",
    complexity="O(1)",
    tips=(REQUEST_ALL_NODES, RESPONSE_ALL_SUCCEEDED),
    args=(string("connection-name"),),
)
def client_setname(client: Client, args: Args) -> None:
    """Name this connection; an empty name removes it."""
    client.name = valid_name(args[2])
    client.reply.ok()


@command(
    "CLIENT|SETINFO",
    arity=4,
    flags=NOSCRIPT | LOADING | STALE | SENTINEL,
    group=CONNECTION,
    since="7.2.0",
    complexity="O(1)",
    tips=(REQUEST_ALL_NODES, RESPONSE_ALL_SUCCEEDED),
    args=(one_of("attr", string("libname", token="LIB-NAME"), string("libver", token="LIB-VER")),),
)
def client_setinfo(client: Client, args: Args) -> None:
    """Record the name or the version of the client library."""
    is_name: cython.bint = args.equals(2, b"lib-name")
    if not is_name and not args.equals(2, b"lib-ver"):
        raise CommandError(b"ERR Unrecognized option '%b'" % quoted(args[2]))
    value: bytes = args[3]
    if not is_printable(value):
        raise CommandError(b"ERR %b cannot contain spaces, newlines or special characters." % args[2])
    if is_name:
        client.lib_name = value
    else:
        client.lib_version = value
    client.reply.ok()


@command(
    "CLIENT|NO-EVICT",
    arity=3,
    flags=ADMIN | NOSCRIPT | LOADING | STALE | SENTINEL,
    group=CONNECTION,
    since="7.0.0",
    complexity="O(1)",
    args=(one_of("enabled", token("ON"), token("OFF")),),
)
def client_no_evict(client: Client, args: Args) -> None:
    """Keep this connection from being closed to save memory, or stop doing so."""
    _switch(client, args, CLIENT_NO_EVICT)


@command(
    "CLIENT|NO-TOUCH",
    arity=3,
    flags=NOSCRIPT | LOADING | STALE,
    group=CONNECTION,
    since="7.2.0",
    complexity="O(1)",
    args=(one_of("enabled", token("ON"), token("OFF")),),
)
def client_no_touch(client: Client, args: Args) -> None:
    """Let this connection read keys without counting as a use of them, or stop doing so."""
    _switch(client, args, CLIENT_NO_TOUCH)


@command(
    "CLIENT|PAUSE",
    arity=-3,
    flags=ADMIN | NOSCRIPT | LOADING | STALE | SENTINEL,
    group=CONNECTION,
    since="3.0.0",
    complexity="O(1)",
    history=(("6.2.0", "Mode `WRITE`, which holds back only what may write."),),
    args=(integer("timeout"), optional(one_of("mode", token("WRITE"), token("ALL"), since="6.2.0"))),
)
def client_pause(client: Client, args: Args) -> None:
    """Hold back the commands of all clients for a time."""
    mode: cython.int = PAUSE_ALL
    _at_most_four(args)
    if args.argc == 4 and args.equals(3, b"write"):
        mode = PAUSE_WRITE
    elif args.argc == 4 and not args.equals(3, b"all"):
        raise CommandError(WRONG_PAUSE_MODE)
    pause_clients(client.server, mode, _pause_end(client, args))
    client.reply.ok()


@command(
    "CLIENT|UNPAUSE",
    arity=2,
    flags=ADMIN | NOSCRIPT | LOADING | STALE | SENTINEL,
    group=CONNECTION,
    since="6.2.0",
    complexity="O(N), where N is the number of paused clients.",
)
def client_unpause(client: Client, args: Args) -> None:
    """Let paused clients go on."""
    unpause_clients(client.server)
    client.reply.ok()


@command(
    "CLIENT|REPLY",
    arity=3,
    flags=NOSCRIPT | LOADING | STALE | SENTINEL,
    group=CONNECTION,
    since="3.2.0",
    complexity="O(1)",
    args=(one_of("action", token("ON"), token("OFF"), token("SKIP")),),
)
def client_reply(client: Client, args: Args) -> None:
    """Turn replies to this connection on or off, or skip the next one."""
    if args.equals(2, b"on"):
        client.flags &= ~(CLIENT_REPLY_OFF | CLIENT_REPLY_SKIP)
        client.reply.ok()
    elif args.equals(2, b"off"):
        client.flags |= CLIENT_REPLY_OFF
    elif args.equals(2, b"skip"):
        if not client.flags & CLIENT_REPLY_OFF:
            client.flags |= CLIENT_REPLY_SKIP_NEXT
    else:
        raise CommandError(SYNTAX)


@command(
    "CLIENT|UNBLOCK",
    arity=-3,
    flags=ADMIN | NOSCRIPT | LOADING | STALE | SENTINEL,
    group=CONNECTION,
    since="5.0.0",
    complexity="O(log N), where N is the number of connections.",
    args=(integer("client-id"), optional(one_of("unblock-type", token("TIMEOUT"), token("ERROR")))),
)
def client_unblock(client: Client, args: Args) -> None:
    """Wake a client that waits in a blocking command, as by its timeout or with an error."""
    is_error: cython.bint = False
    _at_most_four(args)
    if args.argc == 4:
        is_error = args.equals(3, b"error")
        if not is_error and not args.equals(3, b"timeout"):
            raise CommandError(WRONG_UNBLOCK_REASON)
    target = client.server.clients.get(args.integer(2))
    if target is None or target.blocked is None:
        client.reply.integer(0)
        return
    target.blocked.unblock(is_error)
    client.reply.integer(1)


help_of("CLIENT", since="5.0.0", flags=LOADING | STALE | SENTINEL)
