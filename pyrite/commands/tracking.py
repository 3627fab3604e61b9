"""The commands of client-side caching: CLIENT TRACKING, CACHING, TRACKINGINFO, GETREDIR."""

import cython
from cython.cimports.libc.stdint import int64_t
from cython.cimports.pyrite.core.parser import Args
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.engine.tracking import CACHING_NO, CACHING_YES, TrackedClient, Tracking

from pyrite.core.errors import SYNTAX, CommandError, quoted
from pyrite.engine.command import command
from pyrite.engine.declare import (
    CONNECTION,
    LOADING,
    NOSCRIPT,
    SENTINEL,
    STALE,
    integer,
    multiple,
    one_of,
    optional,
    string,
    token,
)

ONE_REDIRECT = b"ERR A client can only redirect to a single other client"
NO_SUCH_CLIENT = b"ERR The client ID you want redirect to does not exist"
PREFIX_WITHOUT_BROADCAST = b"ERR PREFIX option requires BCAST mode to be enabled"
BROADCAST_WITH_OPT = b"ERR OPTIN and OPTOUT are not compatible with BCAST"
BOTH_OPTS = b"ERR You can't specify both OPTIN mode and OPTOUT mode"
SWITCHED = (
    b"ERR You can't switch %b mode%b before disabling tracking for this client, and then re-enabling it with a "
    b"different mode."
)
NOT_TRACKING = (
    b"ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled"
)
CACHING_MODE = b"ERR CLIENT CACHING %b is only valid when tracking is enabled in %b mode."
OVERLAP = b"ERR Prefix '%b' overlaps with %b prefix '%b'. Prefixes for a single client must not overlap."

_BROADCAST = cython.declare(cython.int, 1)
_OPT_IN = cython.declare(cython.int, 2)
_OPT_OUT = cython.declare(cython.int, 4)
_NO_LOOP = cython.declare(cython.int, 8)

_WORDS = ((b"bcast", 1), (b"optin", 2), (b"optout", 4), (b"noloop", 8))


def _parse(client: Client, args: Args) -> tuple[int, int, list[bytes]]:
    """The options: their bits, the client to redirect to or 0, and the prefixes. Raises CommandError."""
    options: cython.int = 0
    redirect: int64_t = 0
    prefixes: list = []
    i: cython.Py_ssize_t = 3
    while i < args.argc:
        has_more: cython.bint = i + 1 < args.argc
        bit: cython.int = next((bit for word, bit in _WORDS if args.is_token(i, word)), 0)
        if bit:
            options |= bit
        elif has_more and args.equals(i, b"redirect"):
            if redirect:
                raise CommandError(ONE_REDIRECT)
            i += 1
            redirect = args.integer(i)
            if redirect not in client.server.clients:
                raise CommandError(NO_SUCH_CLIENT)
        elif has_more and args.equals(i, b"prefix"):
            i += 1
            prefixes.append(args[i])
        else:
            raise CommandError(SYNTAX)
        i += 1
    return options, redirect, prefixes


@cython.cfunc
@cython.exceptval(-1, check=False)
def _check_mode(client: Client, options: cython.int, prefixes: list) -> cython.int:
    """Refuse options that contradict each other, or what the client tracks already. Raises CommandError."""
    old: TrackedClient = client.tracking
    if prefixes and not options & _BROADCAST:
        raise CommandError(PREFIX_WITHOUT_BROADCAST)
    if old is not None and old.broadcast != (options & _BROADCAST != 0):
        raise CommandError(SWITCHED % (b"BCAST", b" on/off"))
    if options & _BROADCAST and options & (_OPT_IN | _OPT_OUT):
        raise CommandError(BROADCAST_WITH_OPT)
    if options & _OPT_IN and options & _OPT_OUT:
        raise CommandError(BOTH_OPTS)
    if old is not None and ((options & _OPT_IN and old.opt_out) or (options & _OPT_OUT and old.opt_in)):
        raise CommandError(SWITCHED % (b"OPTIN/OPTOUT", b""))
    return 0


def _overlap(one: bytes, other: bytes) -> bool:
    return one.startswith(other) or other.startswith(one)


def _check_prefixes(client: Client, prefixes: list[bytes]) -> None:
    """Refuse prefixes of which one begins with another: each key is told of once. Raises CommandError."""
    held: list = [] if client.tracking is None else client.tracking.prefixes
    for at, prefix in enumerate(prefixes):
        for other in held:
            if _overlap(prefix, other):
                raise CommandError(OVERLAP % (quoted(prefix), b"an existing", quoted(other)))
        for other in prefixes[at + 1 :]:
            if _overlap(prefix, other):
                raise CommandError(OVERLAP % (quoted(prefix), b"another provided", quoted(other)))


@command(
    "CLIENT|TRACKING",
    arity=-3,
    flags=NOSCRIPT | LOADING | STALE,
    group=CONNECTION,
    since="6.0.0",
    complexity="O(1), and O(N) for N prefixes.",
    args=(
        one_of("status", token("ON"), token("OFF")),
        optional(integer("client-id", token="REDIRECT")),
        optional(multiple(string("prefix", token="PREFIX"), repeat_token=True)),
        optional(token("BCAST")),
        optional(token("OPTIN")),
        optional(token("OPTOUT")),
        optional(token("NOLOOP")),
    ),
)
def client_tracking(client: Client, args: Args) -> None:
    """Be told when keys change that this connection has read, or that begin with some prefixes."""
    hub: Tracking = client.server.tracking
    options: cython.int
    options, redirect, prefixes = _parse(client, args)
    if args.equals(2, b"off"):
        hub.disable(client)
    elif args.equals(2, b"on"):
        _check_mode(client, options, prefixes)
        if options & _BROADCAST:
            _check_prefixes(client, prefixes)
        hub.enable(
            client,
            TrackedClient(
                options & _BROADCAST != 0,
                options & _OPT_IN != 0,
                options & _OPT_OUT != 0,
                options & _NO_LOOP != 0,
                redirect,
                prefixes,
            ),
        )
    else:
        raise CommandError(SYNTAX)
    client.reply.ok()


@command(
    "CLIENT|CACHING",
    arity=3,
    flags=NOSCRIPT | LOADING | STALE,
    group=CONNECTION,
    since="6.0.0",
    complexity="O(1)",
    args=(one_of("mode", token("YES"), token("NO")),),
)
def client_caching(client: Client, args: Args) -> None:
    """Say whether the keys of the next command are tracked, in the modes that ask."""
    state: TrackedClient = client.tracking
    if state is None:
        raise CommandError(NOT_TRACKING)
    if args.equals(2, b"yes"):
        if not state.opt_in:
            raise CommandError(CACHING_MODE % (b"YES", b"OPTIN"))
        state.caching = CACHING_YES
    elif args.equals(2, b"no"):
        if not state.opt_out:
            raise CommandError(CACHING_MODE % (b"NO", b"OPTOUT"))
        state.caching = CACHING_NO
    else:
        raise CommandError(SYNTAX)
    client.reply.ok()


@command(
    "CLIENT|GETREDIR",
    arity=2,
    flags=NOSCRIPT | LOADING | STALE | SENTINEL,
    group=CONNECTION,
    since="6.0.0",
    complexity="O(1)",
)
def client_getredir(client: Client, args: Args) -> None:
    """Return the connection that gets this one's invalidation messages: its number, 0 or -1."""
    client.reply.integer(-1 if client.tracking is None else client.tracking.redirect)


def _flags(state: TrackedClient | None) -> list[bytes]:
    """The words for how a client tracks."""
    if state is None:
        return [b"off"]
    shown: tuple = (
        (True, b"on"),
        (state.broadcast, b"bcast"),
        (state.opt_in, b"optin"),
        (state.opt_in and state.caching == CACHING_YES, b"caching-yes"),
        (state.opt_out, b"optout"),
        (state.opt_out and state.caching == CACHING_NO, b"caching-no"),
        (state.no_loop, b"noloop"),
        (state.broken_redirect, b"broken_redirect"),
    )
    return [word for holds, word in shown if holds]


@command(
    "CLIENT|TRACKINGINFO",
    arity=2,
    flags=NOSCRIPT | LOADING | STALE | SENTINEL,
    group=CONNECTION,
    since="6.2.0",
    complexity="O(1)",
)
def client_trackinginfo(client: Client, args: Args) -> None:
    """Describe how keys that this connection reads are tracked."""
    reply: Reply = client.reply
    state: TrackedClient = client.tracking
    flags: list = _flags(state)
    reply.map(3)
    reply.bulk(b"flags")
    reply.set_(len(flags))
    for flag in flags:
        reply.bulk(flag)
    reply.bulk(b"redirect")
    reply.integer(-1 if state is None else state.redirect)
    reply.bulk(b"prefixes")
    prefixes: list = [] if state is None else state.prefixes
    reply.array(len(prefixes))
    for prefix in prefixes:
        reply.bulk(prefix)
