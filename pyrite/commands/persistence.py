"""SAVE, BGSAVE, LASTSAVE: snapshots on demand."""

import cython
from cython.cimports.pyrite.core.parser import Args
from cython.cimports.pyrite.engine.client import CLIENT_DENY_BLOCKING, Client

from pyrite.core.errors import SYNTAX, CommandError
from pyrite.engine.command import command
from pyrite.engine.declare import (
    ACL,
    ADMIN,
    FAST,
    LOADING,
    NO_ASYNC_LOADING,
    NO_MULTI,
    NONDETERMINISTIC_OUTPUT,
    NOSCRIPT,
    SERVER,
    STALE,
    optional,
    token,
)

IN_PROGRESS = b"ERR Background save already in progress"
OTHER_CHILD = (
    b"ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a "
    b"BGSAVE whenever possible."
)
FAILED = b"ERR"


@command(
    "SAVE",
    arity=1,
    flags=NO_ASYNC_LOADING | ADMIN | NOSCRIPT | NO_MULTI,
    group=SERVER,
    since="1.0.0",
    complexity="O(N), where N is the number of keys in all databases.",
)
def save(client: Client, args: Args) -> None:
    """Write a snapshot to disk while everybody waits."""
    snapshots = client.server.snapshots
    if snapshots.is_running:
        raise CommandError(IN_PROGRESS)
    snapshots.saves += 1
    if not snapshots.save():
        raise CommandError(FAILED)
    client.reply.ok()


@command(
    "BGSAVE",
    arity=-1,
    flags=NO_ASYNC_LOADING | ADMIN | NOSCRIPT,
    group=SERVER,
    since="1.0.0",
    complexity="O(1)",
    history=(("3.2.2", "`SCHEDULE`."),),
    args=(optional(token("SCHEDULE", since="3.2.2")),),
)
def bgsave(client: Client, args: Args) -> None:
    """Write a snapshot to disk in the background."""
    snapshots = client.server.snapshots
    schedule: cython.bint = args.argc == 2 and args.equals(1, b"schedule")
    if args.argc > 1 and not schedule:
        raise CommandError(SYNTAX)
    in_transaction: cython.bint = client.flags & CLIENT_DENY_BLOCKING
    if snapshots.is_running:
        raise CommandError(IN_PROGRESS)
    if client.server.children.running is not None or in_transaction:
        if not schedule and not in_transaction:
            raise CommandError(OTHER_CHILD)
        # A fork in the middle of a transaction would save a half of it.
        snapshots.is_scheduled = True
        client.reply.simple(b"Background saving scheduled")
    elif snapshots.start():
        client.reply.simple(b"Background saving started")
    else:
        raise CommandError(FAILED)


@command(
    "LASTSAVE",
    arity=1,
    flags=LOADING | STALE | FAST,
    group=SERVER,
    acl=ACL.ADMIN | ACL.DANGEROUS,
    since="1.0.0",
    complexity="O(1)",
    tips=(NONDETERMINISTIC_OUTPUT,),
)
def lastsave(client: Client, args: Args) -> None:
    """Return the Unix time of the last snapshot that succeeded."""
    client.reply.integer(client.server.snapshots.saved_at_s)
