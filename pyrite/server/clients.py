"""Clients as CLIENT LIST, CLIENT INFO and the log show them."""

from __future__ import annotations

from pyrite.engine.connection import Connection

# A reply buffer of this size is the fixed one that every busy client has; what is larger counts as output memory.
REPLY_CHUNK = 16384  # as in core/reply.pxd


def describe(client: Connection) -> str:
    """One client in one line of `name=value` fields, those of Redis 7.4 in its order.

    `rbs` and `rbp` are the size and the fill of the reply buffer. A client has one buffer, not a fixed one and a list:
    where it outgrows its first size, all of it stands in `oll` and `omem`, else in `obl`.
    """
    now_ms = client.server.keyspace.now_ms
    reply = client.reply
    is_long = reply.capacity > REPLY_CHUNK
    command = client.last_command
    subscriptions = client.subscriptions
    transaction = client.transaction
    fields = {
        "id": client.id,
        "addr": client.address(),
        "laddr": client.local_address(),
        "fd": client.fd,
        "name": _text(client.name),
        "age": now_ms // 1000 - client.created_ms // 1000,
        "idle": now_ms // 1000 - client.last_interaction_ms // 1000,
        "flags": client.flag_letters(),
        "db": client.db.id,
        "sub": len(subscriptions.channels) if subscriptions else 0,
        "psub": len(subscriptions.patterns) if subscriptions else 0,
        "ssub": len(subscriptions.shards) if subscriptions else 0,
        "multi": len(transaction.commands) if transaction else -1,
        "watch": len(client.watches.keys) if client.watches else 0,
        "qbuf": client.query_bytes,
        "qbuf-free": client.query_free,
        "argv-mem": client.argument_bytes,
        "multi-mem": transaction.bytes_total if transaction else 0,
        "rbs": reply.capacity,
        "rbp": reply.n,
        "obl": 0 if is_long else client.output_bytes,
        "oll": int(is_long),
        "omem": reply.capacity if is_long else 0,
        "tot-mem": client.memory_bytes,
        "events": "rw" if client.writing else "r",
        "cmd": "NULL" if command is None else command.name,
        "user": _text(client.user),
        "redir": client.tracking.redirect if client.tracking else -1,
        "resp": reply.resp,
        "lib-name": _text(client.lib_name),
        "lib-ver": _text(client.lib_version),
    }
    return " ".join(f"{name}={value}" for name, value in fields.items())


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
