"""What consumer groups go through, as commands that do the same to a follower at any time.

What a group reads depends on how far it had read, and whether a claim succeeds on the time; so both are propagated by
what became of each entry, as an XCLAIM that leaves no choice.
"""

import cython
from cython.cimports.pyrite.commands.stream import id_bytes
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.core.stream_group import (
    StreamConsumer,
    StreamGroup,
    StreamNack,
    pending_find,
    stream_name,
)
from cython.cimports.pyrite.core.stream_id import StreamID, stream_id_next
from cython.cimports.pyrite.core.stream_store import Stream, StreamIterator, stream_iterate, stream_next
from cython.cimports.pyrite.engine.client import Client


@cython.cfunc
def _text(s: Slice) -> bytes:
    return s.p[: s.n]


@cython.cfunc
@cython.exceptval(-1, check=False)
def propagate_consumer(
    client: Client, key: Slice, g: cython.pointer[StreamGroup], consumer: cython.pointer[StreamConsumer]
) -> cython.int:
    """A consumer was created by being named."""
    names: list = [_text(key), _text(stream_name(g.entry)), _text(stream_name(consumer.entry))]
    return client.server.propagation.instead(client.db, [b"XGROUP", b"CREATECONSUMER", *names])


@cython.cfunc
@cython.exceptval(-1, check=False)
def propagate_claim(
    client: Client,
    key: Slice,
    g: cython.pointer[StreamGroup],
    consumer: cython.pointer[StreamConsumer],
    id: StreamID,
) -> cython.int:
    """An entry is pending with a consumer now."""
    nack: cython.pointer[StreamNack] = pending_find(g, id)
    words: list = [b"XCLAIM", _text(key), _text(stream_name(g.entry)), _text(stream_name(consumer.entry)), b"0"]
    words += (id_bytes(id), b"TIME", b"%d" % nack.delivery_ms, b"RETRYCOUNT", b"%d" % nack.delivery_count)
    words += (b"FORCE", b"JUSTID", b"LASTID", id_bytes(g.last_id))
    return client.server.propagation.instead(client.db, words)


@cython.cfunc
@cython.exceptval(-1, check=False)
def propagate_gone(client: Client, key: Slice, g: cython.pointer[StreamGroup], id: StreamID) -> cython.int:
    """An entry is pending no more, because it was deleted."""
    words: list = [b"XACK", _text(key), _text(stream_name(g.entry)), id_bytes(id)]
    return client.server.propagation.instead(client.db, words)


@cython.cfunc
@cython.exceptval(-1, check=False)
def propagate_position(client: Client, key: Slice, g: cython.pointer[StreamGroup]) -> cython.int:
    """The group has read on."""
    words: list = [b"XGROUP", b"SETID", _text(key), _text(stream_name(g.entry)), id_bytes(g.last_id)]
    return client.server.propagation.instead(client.db, [*words, b"ENTRIESREAD", b"%d" % g.entries_read])


@cython.cfunc
@cython.exceptval(-1, check=False)
def propagate_reading(
    client: Client,
    key: Slice,
    s: cython.pointer[Stream],
    g: cython.pointer[StreamGroup],
    consumer: cython.pointer[StreamConsumer],
    before: StreamID,
    noack: cython.bint,
) -> cython.int:
    """A consumer has read what the group had not read before, all entries behind `before` up to where it is now."""
    it: StreamIterator
    if not noack:
        stream_iterate(s, cython.address(it), stream_id_next(before), g.last_id, False)
        while stream_next(cython.address(it)):
            propagate_claim(client, key, g, consumer, it.entry.id)
    return propagate_position(client, key, g)
