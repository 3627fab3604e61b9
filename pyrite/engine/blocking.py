"""Blocked clients: those that wait for keys, and how they are served.

A blocking command that finds nothing calls `block_on_keys` and returns without a reply. Its request stays with the
client. Whatever changes a key that somebody waits for enters it into `Keyspace.ready`; at the end of the command, or of
the transaction or timer, that did so, `serve_ready` runs the requests of those who wait for it again, in the order in
which they came, each as if it had just arrived. One that finds nothing again calls `block_on_keys` again, which leaves
its place and its deadline as they were.

So a handler is written once, a waiting client costs nothing until one of its keys changes, and one that leaves is taken
out of the queues of its keys and is gone.
"""

import cython
from cython.cimports.libc.stdint import int64_t
from cython.cimports.pyrite.core.entry import Entry, entry_type
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.client import (
    CLIENT_BLOCKED,
    CLIENT_DENY_BLOCKING,
    CLIENT_POSTPONED,
    CLIENT_REPLY_OFF,
    CLIENT_REPLY_SKIP,
    Client,
)
from cython.cimports.pyrite.engine.command import Command
from cython.cimports.pyrite.engine.state import ServerState
from cython.cimports.pyrite.keyspace.database import Database, slice_of

UNBLOCKED = b"UNBLOCKED client unblocked via CLIENT UNBLOCK"


@cython.final
@cython.cclass
class KeyWait:
    """One client that waits for keys of one database to hold a value of some type."""

    def __init__(
        self,
        client: Client,
        keys: list,
        type: cython.int,
        timeout_reply: cython.int,
        on_deletion: cython.bint,
    ) -> None:
        self.client = client
        self.db = client.db
        self.keys = keys
        self.type = type
        self.timeout_reply = timeout_reply
        self.on_deletion = on_deletion
        for key in keys:
            self.db.waiting.setdefault(key, {})[client.id] = self
        client.server.blocked_clients += 1

    def set_timer(self, timeout_ms: int64_t) -> None:
        """Wait no longer than this."""
        self.timer = self.client.server.call_later(timeout_ms / 1000.0, self.time_out)

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def leave(self) -> cython.int:
        """Wait no more: leave the queues of the keys."""
        if self.client.blocked is not self:
            return 0
        waiting: dict = self.db.waiting
        for key in self.keys:
            queue = waiting.get(key)
            if queue is not None and queue.pop(self.client.id, None) is not None and not queue:
                del waiting[key]
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        self.client.blocked = None
        self.client.block_state = None
        self.client.server.blocked_clients -= 1
        return 0

    def cancel(self) -> None:
        """The client is gone."""
        self.leave()

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _end(self, failed: cython.bint) -> cython.int:
        """The reply is written: go on with what the client sent meanwhile."""
        client: Client = self.client
        if client.last_command is not None:
            self._count(client.last_command, failed)
        self.leave()
        client.flags &= ~(CLIENT_BLOCKED | CLIENT_REPLY_SKIP)
        if client.tracking is not None:
            client.tracking.caching = 0
        return client.go_on_later()

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _count(self, command: Command, failed: cython.bint) -> cython.int:
        """Statistics, latency, slow log: as of a command that took as long as it ran, waiting aside."""
        client: Client = self.client
        server: ServerState = client.server
        server.commands_processed += 1
        command.calls += 1
        command.failed_calls += failed
        command.total_ns += self.ran_ns
        if server.latency_tracking:
            command.record(self.ran_ns)
        if self.ran_ns >= server.slowlog_threshold_us * 1000 and server.slowlog_threshold_us >= 0:
            client.args = self.args
            server.on_slow_command(client, command, self.ran_ns)
            client.args = None
        return 0

    def time_out(self) -> None:
        """The time is over."""
        if self.client.blocked is self:
            if not self.client.flags & (CLIENT_REPLY_OFF | CLIENT_REPLY_SKIP):
                _reply_nothing(self.client.reply, self.timeout_reply)
            self._end(False)

    def unblock(self, is_error: bool) -> None:
        """CLIENT UNBLOCK: as by the timeout, or with an error."""
        if not is_error:
            self.time_out()
            return
        self.client.server.count_error(UNBLOCKED)
        if not self.client.flags & (CLIENT_REPLY_OFF | CLIENT_REPLY_SKIP):
            self.client.reply.error(UNBLOCKED)
        self._end(True)


@cython.cfunc
@cython.exceptval(check=False)
def _reply_nothing(reply: Reply, kind: cython.int) -> cython.void:
    if kind == BLOCK_REPLY_NULL_ARRAY:
        reply.null_array()
    else:
        reply.null()


@cython.cfunc
@cython.exceptval(-1, check=False)
def block_on_keys(
    client: Client,
    keys: list,
    type: cython.int,
    timeout_ms: int64_t,
    timeout_reply: cython.int,
    on_deletion: cython.bint,
) -> cython.int:
    """Have the client's request run again once one of the keys holds a value of this type, or with `on_deletion` none.

    `keys` are bytes. `timeout_ms` counts from now, 0 is for ever; `timeout_reply` is what a client gets then, and at
    once where it must not block. The handler returns without a reply.
    """
    wait: KeyWait
    if client.flags & CLIENT_DENY_BLOCKING:
        _reply_nothing(client.reply, timeout_reply)
        return 0
    client.flags |= CLIENT_BLOCKED
    if client.blocked is None:
        wait = KeyWait(client, keys, type, timeout_reply, on_deletion)
        client.blocked = wait
        if timeout_ms:
            wait.set_timer(timeout_ms)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def request_blocked(client: Client, ran_ns: int64_t) -> cython.int:
    """The client's request, which has run for so long, waits."""
    wait: KeyWait
    if client.blocked is not None:
        wait = client.blocked
        wait.args = client.args
        wait.ran_ns = ran_ns
    return 0


@cython.cfunc
@cython.exceptval(check=False)
def ran_before_ns(client: Client) -> int64_t:
    """How long the request that runs again has run before; 0 where its client was closed meanwhile."""
    return cython.cast(KeyWait, client.blocked).ran_ns if client.blocked is not None else 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _serve_key(db: Database, key: bytes) -> cython.int:
    """Serve those who wait for this key, in order of arrival."""
    queue = db.waiting.get(key)
    wait: KeyWait
    e: cython.pointer[Entry]
    if queue is None:
        return 0
    for wait in list(queue.values()):
        if wait.client.blocked is not wait:
            continue
        e = db.peek(slice_of(key))
        if wait.on_deletion or (e != cython.NULL and entry_type(e) == wait.type):
            _retry(wait)
        elif e == cython.NULL and not _awaits_deletion(queue):
            return 0
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _awaits_deletion(queue: dict) -> cython.bint:
    wait: KeyWait
    for wait in queue.values():
        if wait.on_deletion:
            return True
    return False


@cython.cfunc
@cython.exceptval(-1, check=False)
def _retry(wait: KeyWait) -> cython.int:
    """Run the client's request again; one that fails badly ends its own client only."""
    client: Client = wait.client
    client.flags &= ~CLIENT_BLOCKED
    client.is_retry = True
    try:
        client.retry()
    except Exception:  # noqa: BLE001 - one client's failure must not end the others; it is logged and counted
        client.server.on_connection_error(client)
    client.is_retry = False
    if client.blocked is not wait or client.flags & CLIENT_BLOCKED:
        return 0
    wait.leave()
    # One that CLIENT PAUSE holds back has not run, and will when the pause ends.
    return 0 if client.flags & CLIENT_POSTPONED else client.go_on_later()


@cython.cfunc
@cython.exceptval(-1, check=False)
def serve_ready(server: ServerState) -> cython.int:
    """Serve the clients that wait for what has changed. What they change in turn is served in the same go."""
    ready: dict
    if server.serves_blocked:
        return 0
    server.serves_blocked = True
    # What woke them may have taken long: a key that has expired meanwhile is not there for them.
    server.tick()
    while server.keyspace.ready:
        ready = server.keyspace.ready
        server.keyspace.ready = {}
        for db, key in ready:
            _serve_key(db, key)
    server.serves_blocked = False
    return 0
