"""Transactions: MULTI queues commands and EXEC runs them as one, unless a key that WATCH named has changed before."""

import cython
from cython.cimports.pyrite.core.parser import Args
from cython.cimports.pyrite.engine.client import CLIENT_DENY_BLOCKING, Client, Transaction
from cython.cimports.pyrite.engine.command import Command
from cython.cimports.pyrite.engine.dispatch import call

from pyrite.core.errors import CommandError
from pyrite.engine.command import command
from pyrite.engine.declare import (
    ALLOW_BUSY,
    FAST,
    LOADING,
    NOSCRIPT,
    RO,
    SKIP_SLOWLOG,
    STALE,
    TRANSACTIONS,
    key,
    key_range,
    multiple,
)

NESTED = b"ERR MULTI calls can not be nested"
EXEC_WITHOUT_MULTI = b"ERR EXEC without MULTI"
DISCARD_WITHOUT_MULTI = b"ERR DISCARD without MULTI"
WATCH_INSIDE = b"ERR WATCH inside MULTI is not allowed"
BROKEN = b"EXECABORT Transaction discarded because of previous errors."


@command(
    "MULTI",
    arity=1,
    flags=NOSCRIPT | LOADING | STALE | FAST | ALLOW_BUSY,
    group=TRANSACTIONS,
    since="1.2.0",
    complexity="O(1)",
)
def multi(client: Client, args: Args) -> None:
    """Begin a transaction: commands are queued until EXEC."""
    if client.transaction is not None:
        raise CommandError(NESTED)
    client.begin()
    client.reply.ok()


@cython.cfunc
@cython.exceptval(-1, check=False)
def _run(client: Client, transaction: Transaction) -> cython.int:
    """Run the queued commands, each with its own reply. None of them waits for anything."""
    own: Args = client.args
    itself: Command = client.last_command
    denied: cython.int = client.flags & CLIENT_DENY_BLOCKING
    i: cython.Py_ssize_t
    client.flags |= CLIENT_DENY_BLOCKING
    client.reply.array(len(transaction.commands))
    for i in range(len(transaction.commands)):
        client.args = transaction.requests[i]
        call(client, transaction.commands[i])
    client.args = own
    client.last_command = itself
    client.flags = (client.flags & ~CLIENT_DENY_BLOCKING) | denied
    return 0


@command(
    "EXEC",
    arity=1,
    flags=NOSCRIPT | LOADING | STALE | SKIP_SLOWLOG,
    group=TRANSACTIONS,
    since="1.2.0",
    complexity="That of the commands in the transaction.",
)
def exec_(client: Client, args: Args) -> None:
    """Run all queued commands as one, or none if a watched key has changed."""
    transaction: Transaction = client.transaction
    if transaction is None:
        raise CommandError(EXEC_WITHOUT_MULTI)
    changed: cython.bint = client.watches is not None and (client.watches.touched or client.watches.any_expired())
    client.discard()
    if transaction.broken:
        raise CommandError(BROKEN)
    if changed:
        client.reply.null_array()
    else:
        _run(client, transaction)


@command(
    "DISCARD",
    arity=1,
    flags=NOSCRIPT | LOADING | STALE | FAST | ALLOW_BUSY,
    group=TRANSACTIONS,
    since="2.0.0",
    complexity="O(N), where N is the number of queued commands.",
)
def discard(client: Client, args: Args) -> None:
    """Give up the transaction."""
    if client.transaction is None:
        raise CommandError(DISCARD_WITHOUT_MULTI)
    client.discard()
    client.reply.ok()


@command(
    "WATCH",
    arity=-2,
    flags=NOSCRIPT | LOADING | STALE | FAST | ALLOW_BUSY,
    group=TRANSACTIONS,
    since="2.2.0",
    complexity="O(1) for each key.",
    keys=(key_range(1, -1, RO),),
    args=(multiple(key()),),
)
def watch(client: Client, args: Args) -> None:
    """Let the next transaction fail if one of these keys changes before it."""
    i: cython.Py_ssize_t
    if client.transaction is not None:
        raise CommandError(WATCH_INSIDE)
    if client.watches is None or not client.watches.touched:
        for i in range(1, args.argc):
            client.watch(args[i])
    client.reply.ok()


@command(
    "UNWATCH",
    arity=1,
    flags=NOSCRIPT | LOADING | STALE | FAST | ALLOW_BUSY,
    group=TRANSACTIONS,
    since="2.2.0",
    complexity="O(N), where N is the number of watched keys.",
)
def unwatch(client: Client, args: Args) -> None:
    """Watch no keys any more."""
    if client.watches is not None:
        client.watches.clear()
    client.reply.ok()
