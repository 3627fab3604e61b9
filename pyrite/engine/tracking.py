"""Client-side caching: telling clients that what they have read has changed.

In default mode the server remembers which client has read which key, and tells it once when the key changes, expires or
is evicted. In broadcast mode nothing is remembered but prefixes: a client is told of every change of a key that begins
with one of its own. The messages are pushes (RESP3), or go to another connection of the client's, which has subscribed
to `__redis__:invalidate` where it speaks RESP2.

The table of keys is bounded by `tracking-table-max-keys`. The cron drops keys beyond it and tells their readers so; who
reads more than that in between drops some at once.
"""

from itertools import islice

import cython
from cython.cimports.libc.stdint import int64_t
from cython.cimports.pyrite.core.parser import Args
from cython.cimports.pyrite.engine.client import CLIENT_TRACKING, Client
from cython.cimports.pyrite.engine.command import Command
from cython.cimports.pyrite.engine.state import ServerState
from cython.cimports.pyrite.keyspace.database import EFFECT_TRACK, Database, Keyspace

from pyrite.engine.keys import extract_keys

CHANNEL = b"__redis__:invalidate"

# Keys of the table that are dropped at a time, and by how many it may be too large between two turns of the cron.
DROP_MAX = cython.declare(cython.int, 1000)


@cython.final
@cython.cclass
class TrackedClient:
    """How one client wants to be told."""

    def __cinit__(
        self,
        broadcast: cython.bint,
        opt_in: cython.bint,
        opt_out: cython.bint,
        no_loop: cython.bint,
        redirect: int64_t,
        prefixes: list,
    ) -> None:
        self.broadcast = broadcast
        self.opt_in = opt_in
        self.opt_out = opt_out
        self.no_loop = no_loop
        self.redirect = redirect
        self.prefixes = prefixes


@cython.final
@cython.cclass
class Prefix:
    """A prefix in broadcast mode: who wants to know, and what has changed in this turn."""

    def __cinit__(self) -> None:
        self.clients = {}
        self.changed = {}


@cython.cfunc
def _message(keys: list | None, resp: cython.int) -> bytes:
    """The keys of a message, as an array; None, which is all keys, as a null."""
    if keys is None:
        return b"_\r\n" if resp == 3 else b"$-1\r\n"
    return b"*%d\r\n%b" % (len(keys), b"".join([b"$%d\r\n%b\r\n" % (len(key), key) for key in keys]))


@cython.final
@cython.cclass
class Tracking:
    """Who has to be told of what."""

    def __init__(self, server: ServerState) -> None:
        self.server = server
        self.keys = {}
        self.prefixes = {}
        self.clients = {}
        self.max_keys = 1000000
        server.tracking = self

    # Clients

    def enable(self, client: Client, wanted: TrackedClient) -> None:
        """Track for this client, or add prefixes to those that it has."""
        keyspace: Keyspace = self.server.keyspace
        prefix: Prefix
        before: TrackedClient = client.tracking
        if wanted.broadcast and not wanted.prefixes:
            wanted.prefixes = [b""]
        if before is not None:
            wanted.prefixes = sorted({*wanted.prefixes, *before.prefixes})
            wanted.caching = before.caching
            self.disable(client)
        client.tracking = wanted
        client.flags |= CLIENT_TRACKING
        self.clients[client.id] = client
        if wanted.broadcast:
            for name in wanted.prefixes:
                prefix = self.prefixes.setdefault(name, Prefix())
                prefix.clients[client.id] = client
        keyspace.effects |= EFFECT_TRACK
        keyspace.on_modified = self.on_modified
        keyspace.on_flush = self.on_flush

    def disable(self, client: Client) -> None:
        """Tell this client nothing any more. What it has read is forgotten as the keys change."""
        state: TrackedClient = client.tracking
        prefix: Prefix
        if state is None:
            return
        for name in state.prefixes:
            prefix = self.prefixes.get(name)
            if prefix is not None and prefix.clients.pop(client.id, None) is not None and not prefix.clients:
                del self.prefixes[name]
        client.tracking = None
        client.flags &= ~CLIENT_TRACKING
        self.clients.pop(client.id, None)
        if not self.clients:
            self.server.keyspace.effects &= ~EFFECT_TRACK
            self.server.keyspace.on_modified = None
            self.server.keyspace.on_flush = None
            self.keys.clear()
            self.items = 0

    # What is read

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def remember(self, client: Client, command: Command) -> cython.int:
        """The client has run a command that only reads: note its keys, if it wants that."""
        state: TrackedClient = client.tracking
        args: Args = client.args
        readers: dict
        if state.broadcast or (state.opt_in and state.caching != CACHING_YES):
            return 0
        if state.opt_out and state.caching == CACHING_NO:
            return 0
        for position, _ in extract_keys(command.keys, args) or ():
            key: bytes = args[position]
            readers = self.keys.setdefault(key, {})
            if client.id not in readers:
                readers[client.id] = None
                self.items += 1
        if self.max_keys and len(self.keys) > self.max_keys + DROP_MAX:
            self.limit()
        return 0

    # What changes

    def on_modified(self, db: Database, key: bytes) -> None:
        """A key has changed, in whichever database: keys are tracked by name alone."""
        origin: Client = self.server.running
        by: int64_t = origin.id if origin is not None else 0
        prefix: Prefix
        for name in self.prefixes:
            if key.startswith(name):
                prefix = self.prefixes[name]
                prefix.changed[key] = by
                self.server.at_end_of_turn = self.broadcast
        self._invalidate(key, by)

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _invalidate(self, key: bytes, by: int64_t) -> cython.int:
        """Tell those who have read this key, and forget that they have."""
        readers: dict = self.keys.pop(key, None)
        client: Client
        state: TrackedClient
        if readers is None:
            return 0
        self.items -= len(readers)
        for id in readers:
            client = self.clients.get(id)
            if client is None:
                continue
            state = client.tracking
            if not state.broadcast and not (state.no_loop and id == by):
                self._send(client, [key])
        return 0

    def broadcast(self) -> None:
        """Tell the clients in broadcast mode what has changed in this turn."""
        prefix: Prefix
        client: Client
        state: TrackedClient
        changed: dict
        for prefix in list(self.prefixes.values()):
            if not prefix.changed:
                continue
            changed = dict(sorted(prefix.changed.items()))
            prefix.changed = {}
            for client in list(prefix.clients.values()):
                state = client.tracking
                keys: list = [key for key, by in changed.items() if not (state.no_loop and by == client.id)]
                if keys:
                    self._send(client, keys)

    def on_flush(self, db: Database) -> None:
        """A database is emptied: every client has to forget everything, and is told so once for each command."""
        now: int64_t = self.server.commands_processed + 1
        client: Client
        if self.flushed_at == now:
            return
        self.flushed_at = now
        for client in list(self.clients.values()):
            self._send(client, None)
        self.keys.clear()
        self.items = 0

    def limit(self) -> None:
        """Drop the oldest keys if the table has more than it may, DROP_MAX of them at most."""
        over: cython.longlong = len(self.keys) - self.max_keys
        if self.max_keys == 0 or over <= 0:
            return
        # All at once, since at the front of a dict there is a gap after each.
        for key in list(islice(self.keys, min(over, DROP_MAX))):
            self._invalidate(key, 0)

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _send(self, client: Client, keys: list | None) -> cython.int:
        """Send a message to the client, or to the one that it named."""
        state: TrackedClient = client.tracking
        target: Client = client
        if state.redirect:
            target = self.server.clients.get(state.redirect)
            if target is None:
                state.broken_redirect = True
                if client.reply.resp == 3:
                    client.push(b">2\r\n$21\r\ntracking-redir-broken\r\n:%d\r\n" % state.redirect)
                return 0
        if target.reply.resp == 3:
            target.push(b">2\r\n$10\r\ninvalidate\r\n" + _message(keys, 3))
        elif state.redirect and target.subscriptions is not None:
            target.push(b"*3\r\n$7\r\nmessage\r\n$%d\r\n%b\r\n%b" % (len(CHANNEL), CHANNEL, _message(keys, 2)))
        return 0
