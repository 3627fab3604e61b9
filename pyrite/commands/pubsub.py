"""The commands of publish and subscribe, and MONITOR."""

import cython
from cython.cimports.pyrite.core.glob import glob_match
from cython.cimports.pyrite.core.parser import Args
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.client import (
    CLIENT_DENY_BLOCKING,
    CLIENT_MONITOR,
    CLIENT_REPLY_OFF,
    CLIENT_REPLY_SKIP,
    Client,
)
from cython.cimports.pyrite.engine.pubsub import (
    SUBSCRIBE_CHANNEL,
    SUBSCRIBE_PATTERN,
    SUBSCRIBE_SHARD,
    PubSub,
    Subscriptions,
)

from pyrite.core.errors import CommandError
from pyrite.engine.command import command, container, help_of
from pyrite.engine.declare import (
    ADMIN,
    FAST,
    LOADING,
    MAY_REPLICATE,
    NOSCRIPT,
    NOT_KEY,
    PUBSUB,
    PUBSUB_GROUP,
    SENTINEL,
    SERVER,
    STALE,
    block,
    key_at,
    key_range,
    multiple,
    optional,
    pattern,
    string,
)
from pyrite.engine.monitor import start_monitoring

MONITOR_NOT_HERE = b"ERR MONITOR isn't allowed for DENY BLOCKING client"
_SUBSCRIBED = (b"subscribe", b"psubscribe", b"ssubscribe")
_UNSUBSCRIBED = (b"unsubscribe", b"punsubscribe", b"sunsubscribe")


@cython.cfunc
@cython.exceptval(-1, check=False)
def _confirm(client: Client, kind: cython.int, what: bytes, name: bytes | None) -> cython.int:
    """One message for each channel: what was done, to which, and how many subscriptions there are now.

    It is a message, so CLIENT REPLY OFF does not silence it.
    """
    reply: Reply = Reply() if client.flags & (CLIENT_REPLY_OFF | CLIENT_REPLY_SKIP) else client.reply
    own: Subscriptions = client.subscriptions
    reply.resp = client.reply.resp
    reply.push(3)
    reply.bulk(what)
    if name is None:
        reply.null()
    else:
        reply.bulk(name)
    reply.integer(own.count(kind) if own is not None else 0)
    return 0 if reply is client.reply else client.push(reply.drop())


@cython.cfunc
@cython.exceptval(-1, check=False)
def _subscribe(client: Client, args: Args, kind: cython.int) -> cython.int:
    hub: PubSub = client.server.pubsub
    i: cython.Py_ssize_t
    for i in range(1, args.argc):
        hub.subscribe(client, kind, args[i])
        _confirm(client, kind, _SUBSCRIBED[kind], args[i])
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _unsubscribe(client: Client, args: Args, kind: cython.int) -> cython.int:
    """Without names, unsubscribe from all of the kind."""
    hub: PubSub = client.server.pubsub
    own: Subscriptions = client.subscriptions
    names: list = args.tail(1)
    if not names and own is not None:
        names = own.names(kind)
    for name in names:
        hub.unsubscribe(client, kind, name)
        _confirm(client, kind, _UNSUBSCRIBED[kind], name)
    if not names:
        _confirm(client, kind, _UNSUBSCRIBED[kind], None)
    return 0


@command(
    "SUBSCRIBE",
    arity=-2,
    flags=PUBSUB | NOSCRIPT | LOADING | STALE | SENTINEL,
    group=PUBSUB_GROUP,
    since="2.0.0",
    complexity="O(N), where N is the number of channels.",
    args=(multiple(string("channel")),),
)
def subscribe(client: Client, args: Args) -> None:
    """Get the messages that are published on channels."""
    _subscribe(client, args, SUBSCRIBE_CHANNEL)


@command(
    "UNSUBSCRIBE",
    arity=-1,
    flags=PUBSUB | NOSCRIPT | LOADING | STALE | SENTINEL,
    group=PUBSUB_GROUP,
    since="2.0.0",
    complexity="O(N), where N is the number of channels.",
    args=(optional(multiple(string("channel"))),),
)
def unsubscribe(client: Client, args: Args) -> None:
    """Get the messages of these channels, or of any, no more."""
    _unsubscribe(client, args, SUBSCRIBE_CHANNEL)


@command(
    "PSUBSCRIBE",
    arity=-2,
    flags=PUBSUB | NOSCRIPT | LOADING | STALE | SENTINEL,
    group=PUBSUB_GROUP,
    since="2.0.0",
    complexity="O(N), where N is the number of patterns.",
    args=(multiple(block("pattern", pattern())),),
)
def psubscribe(client: Client, args: Args) -> None:
    """Get the messages of all channels that match patterns."""
    _subscribe(client, args, SUBSCRIBE_PATTERN)


@command(
    "PUNSUBSCRIBE",
    arity=-1,
    flags=PUBSUB | NOSCRIPT | LOADING | STALE | SENTINEL,
    group=PUBSUB_GROUP,
    since="2.0.0",
    complexity="O(N), where N is the number of patterns.",
    args=(optional(multiple(pattern())),),
)
def punsubscribe(client: Client, args: Args) -> None:
    """Get the messages of these patterns, or of any, no more."""
    _unsubscribe(client, args, SUBSCRIBE_PATTERN)


@command(
    "SSUBSCRIBE",
    arity=-2,
    flags=PUBSUB | NOSCRIPT | LOADING | STALE,
    group=PUBSUB_GROUP,
    since="7.0.0",
    complexity="O(N), where N is the number of shard channels.",
    keys=(key_range(1, -1, NOT_KEY),),
    args=(multiple(string("shardchannel")),),
)
def ssubscribe(client: Client, args: Args) -> None:
    """Get the messages that are published on shard channels."""
    _subscribe(client, args, SUBSCRIBE_SHARD)


@command(
    "SUNSUBSCRIBE",
    arity=-1,
    flags=PUBSUB | NOSCRIPT | LOADING | STALE,
    group=PUBSUB_GROUP,
    since="7.0.0",
    complexity="O(N), where N is the number of shard channels.",
    keys=(key_range(1, -1, NOT_KEY),),
    args=(optional(multiple(string("shardchannel"))),),
)
def sunsubscribe(client: Client, args: Args) -> None:
    """Get the messages of these shard channels, or of any, no more."""
    _unsubscribe(client, args, SUBSCRIBE_SHARD)


@command(
    "PUBLISH",
    arity=3,
    flags=PUBSUB | LOADING | STALE | FAST | MAY_REPLICATE | SENTINEL,
    group=PUBSUB_GROUP,
    since="2.0.0",
    complexity="O(N+M), where N is the number of subscribers of the channel and M that of all patterns.",
    args=(string("channel"), string("message")),
)
def publish(client: Client, args: Args) -> None:
    """Send a message to the subscribers of a channel."""
    hub: PubSub = client.server.pubsub
    client.reply.integer(hub.publish(args[1], args[2]))


@command(
    "SPUBLISH",
    arity=3,
    flags=PUBSUB | LOADING | STALE | FAST | MAY_REPLICATE,
    group=PUBSUB_GROUP,
    since="7.0.0",
    complexity="O(N), where N is the number of subscribers of the shard channel.",
    keys=(key_at(1, NOT_KEY),),
    args=(string("shardchannel"), string("message")),
)
def spublish(client: Client, args: Args) -> None:
    """Send a message to the subscribers of a shard channel."""
    hub: PubSub = client.server.pubsub
    client.reply.integer(hub.publish_shard(args[1], args[2]))


# PUBSUB


container(
    "PUBSUB",
    summary="Tell of channels, patterns and their subscribers.",
    group=PUBSUB_GROUP,
    since="2.8.0",
    complexity="That of the subcommand.",
)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _reply_channels(client: Client, args: Args, table: dict) -> cython.int:
    """The names of a table, those alone that match the pattern where one is given."""
    names: list = list(table)
    name: bytes
    if args.argc > 3:
        raise CommandError(b"ERR unknown subcommand or wrong number of arguments for '%b'. Try PUBSUB HELP." % args[1])
    if args.argc == 3:
        names = [name for name in names if glob_match(args.v[2].p, args.v[2].n, name, len(name), False)]
    client.reply.array(len(names))
    for name in names:
        client.reply.bulk(name)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _reply_numbers(client: Client, args: Args, table: dict) -> cython.int:
    """Each name that is asked for, and the number of its subscribers."""
    i: cython.Py_ssize_t
    client.reply.array((args.argc - 2) * 2)
    for i in range(2, args.argc):
        client.reply.bulk(args[i])
        client.reply.integer(len(table.get(args[i], ())))
    return 0


@command(
    "PUBSUB|CHANNELS",
    arity=-2,
    flags=PUBSUB | LOADING | STALE,
    group=PUBSUB_GROUP,
    since="2.8.0",
    complexity="O(N), where N is the number of channels.",
    args=(optional(pattern()),),
)
def pubsub_channels(client: Client, args: Args) -> None:
    """List the channels that have subscribers."""
    _reply_channels(client, args, client.server.pubsub.channels)


@command(
    "PUBSUB|NUMSUB",
    arity=-2,
    flags=PUBSUB | LOADING | STALE,
    group=PUBSUB_GROUP,
    since="2.8.0",
    complexity="O(N), where N is the number of channels asked for.",
    args=(optional(multiple(string("channel"))),),
)
def pubsub_numsub(client: Client, args: Args) -> None:
    """Count the subscribers of channels, those of patterns left out."""
    _reply_numbers(client, args, client.server.pubsub.channels)


@command(
    "PUBSUB|NUMPAT",
    arity=2,
    flags=PUBSUB | LOADING | STALE,
    group=PUBSUB_GROUP,
    since="2.8.0",
    complexity="O(1)",
)
def pubsub_numpat(client: Client, args: Args) -> None:
    """Count the patterns that have subscribers."""
    client.reply.integer(len(client.server.pubsub.patterns))


@command(
    "PUBSUB|SHARDCHANNELS",
    arity=-2,
    flags=PUBSUB | LOADING | STALE,
    group=PUBSUB_GROUP,
    since="7.0.0",
    complexity="O(N), where N is the number of shard channels.",
    args=(optional(pattern()),),
)
def pubsub_shardchannels(client: Client, args: Args) -> None:
    """List the shard channels that have subscribers."""
    _reply_channels(client, args, client.server.pubsub.shards)


@command(
    "PUBSUB|SHARDNUMSUB",
    arity=-2,
    flags=PUBSUB | LOADING | STALE,
    group=PUBSUB_GROUP,
    since="7.0.0",
    complexity="O(N), where N is the number of shard channels asked for.",
    args=(optional(multiple(string("shardchannel"))),),
)
def pubsub_shardnumsub(client: Client, args: Args) -> None:
    """Count the subscribers of shard channels."""
    _reply_numbers(client, args, client.server.pubsub.shards)


help_of("PUBSUB", since="6.2.0")


@command(
    "MONITOR",
    arity=1,
    flags=ADMIN | NOSCRIPT | LOADING | STALE,
    group=SERVER,
    since="1.0.0",
    complexity="O(N) for each command that runs, where N is the number of its bytes.",
)
def monitor(client: Client, args: Args) -> None:
    """Get every command that the server runs from now on."""
    if client.flags & CLIENT_DENY_BLOCKING:
        raise CommandError(MONITOR_NOT_HERE)
    if not client.flags & CLIENT_MONITOR:
        start_monitoring(client)
        client.reply.ok()
