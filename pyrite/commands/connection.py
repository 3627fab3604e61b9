"""The commands that set up, check and end a connection."""

import hmac

import cython
from cython.cimports.pyrite.core.parser import Args
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.engine.state import ServerState

from pyrite import REDIS_VERSION
from pyrite.core.errors import NO_PROTO, SYNTAX, WRONG_PASSWORD, CommandError, quoted, wrong_arity
from pyrite.engine.client import valid_name
from pyrite.engine.command import command
from pyrite.engine.declare import (
    ALLOW_BUSY,
    CONNECTION,
    DEPRECATED,
    FAST,
    LOADING,
    NO_AUTH,
    NOSCRIPT,
    REQUEST_ALL_SHARDS,
    RESPONSE_ALL_SUCCEEDED,
    SENTINEL,
    STALE,
    block,
    integer,
    optional,
    string,
)

INDEX_NOT_INT = b"ERR value is out of range, value must between -2147483648 and 2147483647"
NO_PASSWORD_SET = (
    b"ERR AUTH <password> called without any password configured for the default user. "
    b"Are you sure your configuration is correct?"
)
PROTOCOL_NOT_INTEGER = b"ERR Protocol version is not an integer or out of range"
HELLO_WITHOUT_AUTH = (
    b"NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> "
    b"<pass> option can be used to authenticate the client and select the RESP protocol version at the same time"
)


def _authenticate(client: Client, user: bytes, password: bytes) -> None:
    """Log the client in; raises CommandError WRONG_PASSWORD. The default user without a password takes any."""
    server: ServerState = client.server
    expected: bytes | None = server.password
    if user != b"default" or (expected is not None and not hmac.compare_digest(password, expected)):
        server.auth_failures += 1
        raise CommandError(WRONG_PASSWORD)
    client.user = user
    client.trust()


def _protocol_version(args: Args) -> int:
    try:
        version = args.integer(1)
    except CommandError:
        raise CommandError(PROTOCOL_NOT_INTEGER) from None
    if version not in (2, 3):
        raise CommandError(NO_PROTO)
    return version


def _describe_server(client: Client) -> None:
    """What HELLO answers, in the protocol that it has just chosen."""
    reply: Reply = client.reply
    reply.map(7)
    reply.bulk(b"server")
    reply.bulk(b"redis")
    reply.bulk(b"version")
    reply.bulk(REDIS_VERSION.encode())
    reply.bulk(b"proto")
    reply.integer(reply.resp)
    reply.bulk(b"id")
    reply.integer(client.id)
    reply.bulk(b"mode")
    reply.bulk(b"standalone")
    reply.bulk(b"role")
    reply.bulk(b"master")
    reply.bulk(b"modules")
    reply.array(0)


@command(
    "PING",
    arity=-1,
    flags=FAST | SENTINEL,
    group=CONNECTION,
    since="1.0.0",
    complexity="O(1)",
    tips=(REQUEST_ALL_SHARDS, RESPONSE_ALL_SUCCEEDED),
    args=(optional(string("message")),),
)
def ping(client: Client, args: Args) -> None:
    """Answer PONG, or the given message."""
    if args.argc > 2:
        raise CommandError(wrong_arity(b"ping"))
    if client.subscriptions is not None and client.reply.resp == 2:
        client.reply.array(2)
        client.reply.bulk(b"pong")
        client.reply.bulk(args[1] if args.argc == 2 else b"")
    elif args.argc == 1:
        client.reply.put_simple(b"PONG", 4)
    else:
        client.reply.put_bulk(args.v[1].p, args.v[1].n)


@command(
    "ECHO",
    arity=2,
    flags=LOADING | STALE | FAST,
    group=CONNECTION,
    since="1.0.0",
    complexity="O(1)",
    args=(string("message"),),
)
def echo(client: Client, args: Args) -> None:
    """Answer the given message."""
    client.reply.put_bulk(args.v[1].p, args.v[1].n)


@command(
    "SELECT",
    arity=2,
    flags=LOADING | STALE | FAST,
    group=CONNECTION,
    since="1.0.0",
    complexity="O(1)",
    args=(integer("index"),),
)
def select(client: Client, args: Args) -> None:
    """Choose the database for this connection."""
    index: cython.longlong = args.integer(1)
    if not -0x80000000 <= index <= 0x7FFFFFFF:
        raise CommandError(INDEX_NOT_INT)
    client.select(index)
    client.reply.ok()


@command(
    "AUTH",
    arity=-2,
    flags=NOSCRIPT | LOADING | STALE | FAST | NO_AUTH | ALLOW_BUSY | SENTINEL,
    group=CONNECTION,
    since="1.0.0",
    complexity="O(N), where N is the number of passwords of the user.",
    history=(("6.0.0", "A username may come before the password."),),
    args=(optional(string("username", since="6.0.0")), string("password")),
)
def auth(client: Client, args: Args) -> None:
    """Log this connection in."""
    if args.argc > 3:
        raise CommandError(SYNTAX)
    if args.argc == 2 and client.server.password is None:
        raise CommandError(NO_PASSWORD_SET)
    _authenticate(client, b"default" if args.argc == 2 else args[1], args[args.argc - 1])
    client.reply.ok()


@command(
    "HELLO",
    arity=-1,
    flags=NOSCRIPT | LOADING | STALE | FAST | NO_AUTH | ALLOW_BUSY | SENTINEL,
    group=CONNECTION,
    since="6.0.0",
    complexity="O(1)",
    history=(("6.2.0", "The protocol version may be left out."),),
    args=(
        optional(
            block(
                "arguments",
                integer("protover"),
                optional(block("auth", string("username"), string("password"), token="AUTH")),
                optional(string("clientname", token="SETNAME")),
            )
        ),
    ),
)
def hello(client: Client, args: Args) -> None:
    """Choose the protocol version, log in and name the connection in one step, and describe the server."""
    version: cython.int = _protocol_version(args) if args.argc > 1 else 0
    credentials: tuple | None = None
    name: bytes | None = None
    i: cython.Py_ssize_t = 2
    while i < args.argc:
        if args.equals(i, b"auth") and i + 2 < args.argc:
            credentials = (args[i + 1], args[i + 2])
            i += 3
        elif args.equals(i, b"setname") and i + 1 < args.argc:
            name = valid_name(args[i + 1])
            i += 2
        else:
            raise CommandError(b"ERR Syntax error in HELLO option '%b'" % quoted(args[i]))
    if credentials is not None:
        _authenticate(client, credentials[0], credentials[1])
    if not client.authenticated:
        raise CommandError(HELLO_WITHOUT_AUTH)
    if name is not None:
        client.name = name
    if version:
        client.reply.resp = version
    _describe_server(client)


@command(
    "RESET",
    arity=1,
    flags=NOSCRIPT | LOADING | STALE | FAST | NO_AUTH | ALLOW_BUSY,
    group=CONNECTION,
    since="6.2.0",
    complexity="O(1)",
)
def reset(client: Client, args: Args) -> None:
    """Put the connection back to how it was when it was opened."""
    client.reset()
    client.reply.put_simple(b"RESET", 5)


@command(
    "QUIT",
    arity=-1,
    flags=NOSCRIPT | LOADING | STALE | FAST | NO_AUTH | ALLOW_BUSY,
    group=CONNECTION,
    since="1.0.0",
    complexity="O(1)",
    deprecated_since="7.2.0",
    replaced_by="closing the connection on the client's side",
    doc_flags=DEPRECATED,
)
def quit_(client: Client, args: Args) -> None:
    """Close the connection after the replies that are due."""
    client.reply.ok()
    client.close_after_reply()
