"""Publish and subscribe: channels, patterns and shard channels, and the keyspace notifications that are sent on them.

A message is built once, and copied into the buffers of those who get it. They are sent at the end of the turn, all
messages of a turn together; a subscriber who does not read is closed by its output limit alone, and the others notice
nothing.
"""

import cython
from cython.cimports.pyrite.core.glob import glob_match
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.client import CLASS_NORMAL, CLASS_PUBSUB, PUSHES_WAITING, Client
from cython.cimports.pyrite.engine.state import GUARD_PUBSUB, ServerState
from cython.cimports.pyrite.keyspace.database import NOTIFY_KEYEVENT, NOTIFY_KEYSPACE, Database


@cython.final
@cython.cclass
class Subscriptions:
    """What one client has subscribed to."""

    def __cinit__(self) -> None:
        self.channels = {}
        self.patterns = {}
        self.shards = {}

    @cython.cfunc
    def of_kind(self, kind: cython.int) -> dict:
        if kind == SUBSCRIBE_CHANNEL:
            return self.channels
        return self.patterns if kind == SUBSCRIBE_PATTERN else self.shards

    def count(self, kind: cython.int) -> int:
        """The number that a reply to (un)subscribing tells: channels and patterns together, shard channels apart."""
        return len(self.shards) if kind == SUBSCRIBE_SHARD else len(self.channels) + len(self.patterns)

    def names(self, kind: cython.int) -> list[bytes]:
        """All names of one kind."""
        return list(self.of_kind(kind))


@cython.final
@cython.cclass
class PubSub:
    """Who has subscribed to what."""

    def __init__(self, server: ServerState) -> None:
        self.server = server
        self.channels = {}
        self.patterns = {}
        self.shards = {}
        server.pubsub = self

    @cython.cfunc
    def of_kind(self, kind: cython.int) -> dict:
        if kind == SUBSCRIBE_CHANNEL:
            return self.channels
        return self.patterns if kind == SUBSCRIBE_PATTERN else self.shards

    @cython.ccall
    @cython.exceptval(-1, check=False)
    def subscribe(self, client: Client, kind: cython.int, name: bytes) -> cython.bint:
        """Send the client what is published there; False where it was subscribed already."""
        if client.subscriptions is None:
            client.subscriptions = Subscriptions()
            client.output_class = CLASS_PUBSUB
            client.guards |= GUARD_PUBSUB
        names: dict = cython.cast(Subscriptions, client.subscriptions).of_kind(kind)
        if name in names:
            return False
        names[name] = None
        self.of_kind(kind).setdefault(name, {})[client.id] = client
        return True

    @cython.ccall
    @cython.exceptval(-1, check=False)
    def unsubscribe(self, client: Client, kind: cython.int, name: bytes) -> cython.bint:
        """The opposite; False where it was not subscribed. Its last subscription makes it a normal client again."""
        own: Subscriptions = client.subscriptions
        if own is None or name not in own.of_kind(kind):
            return False
        del own.of_kind(kind)[name]
        table: dict = self.of_kind(kind)
        subscribers: dict = table[name]
        del subscribers[client.id]
        if not subscribers:
            del table[name]
        if not (own.channels or own.patterns or own.shards):
            client.subscriptions = None
            client.output_class = CLASS_NORMAL
            client.guards &= ~GUARD_PUBSUB
        return True

    def forget(self, client: Client) -> None:
        """Unsubscribe a client from everything."""
        own: Subscriptions = client.subscriptions
        for kind in (SUBSCRIBE_CHANNEL, SUBSCRIBE_PATTERN, SUBSCRIBE_SHARD):
            for name in own.names(kind):
                self.unsubscribe(client, kind, name)

    @cython.ccall
    @cython.exceptval(-1, check=False)
    def publish(self, channel: bytes, message: bytes) -> cython.longlong:
        """Send a message to the subscribers of the channel and of patterns that it matches; returns how many."""
        count: cython.longlong = 0
        pattern: bytes
        subscribers: dict = self.channels.get(channel)
        if subscribers is not None:
            count = _deliver(subscribers, b"message", None, channel, message)
        if self.patterns:
            for pattern, subscribers in list(self.patterns.items()):
                if glob_match(pattern, len(pattern), channel, len(channel), False):
                    count += _deliver(subscribers, b"pmessage", pattern, channel, message)
        return count

    @cython.ccall
    @cython.exceptval(-1, check=False)
    def publish_shard(self, channel: bytes, message: bytes) -> cython.longlong:
        """Send a message to the subscribers of a shard channel; returns how many."""
        subscribers: dict = self.shards.get(channel)
        return 0 if subscribers is None else _deliver(subscribers, b"smessage", None, channel, message)

    def notify(self, db: Database, key: bytes, event_class: cython.int, event: bytes) -> None:
        """Publish what happened to a key, where notify-keyspace-events has this class of events."""
        if not event or not self.notify_flags & event_class or not (self.channels or self.patterns):
            return
        if self.notify_flags & NOTIFY_KEYSPACE:
            self.publish(b"__keyspace@%d__:%b" % (db.id, key), event)
        if self.notify_flags & NOTIFY_KEYEVENT:
            self.publish(b"__keyevent@%d__:%b" % (db.id, event), key)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _deliver(subscribers: dict, kind: bytes, pattern: bytes | None, channel: bytes, message: bytes) -> cython.longlong:
    """Give a message to all of these clients; returns how many they are."""
    whole: Reply = Reply()
    client: Client
    everybody: list = list(subscribers.values())
    whole.header(42, 3 if pattern is None else 4)
    whole.put_bulk(kind, len(kind))
    if pattern is not None:
        whole.put_bulk(pattern, len(pattern))
    whole.put_bulk(channel, len(channel))
    whole.put_bulk(message, len(message))
    for client in everybody:
        # The protocols differ in the type alone.
        whole.buf[0] = 62 if client.reply.resp == 3 else 42
        if client.args is not None:
            client.push(whole.buf[: whole.n])
            continue
        client.reply.put(whole.buf, whole.n)
        if client.reply.n - client.reply.sent > PUSHES_WAITING:
            client.flush()
        else:
            client.send_later()
    return len(everybody)
