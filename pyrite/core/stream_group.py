"""Consumer groups of a stream: how far each has read, its consumers, and what they were given and did not acknowledge.

The groups of a stream, and the consumers of a group, stand in an ordered index by name, which is the order in which
XINFO lists them. A name is an Entry whose value is the address of the group or consumer.

A pending entry is a record in the group's index of IDs, which says whose it is, when it was delivered last, and how
often; and a bare ID in its consumer's. So all that is pending can be walked by ID, for the group and for a consumer,
and each can be found, given to another or acknowledged in O(log n). A pending entry takes about 60 bytes.

Every record of a group names a consumer of the same group that has the ID as well; only while a group is being loaded
from outside may it name none, until `pending_load_owner` finds it.
"""

import cython
from cython.cimports.libc.stdint import int64_t, uint64_t
from cython.cimports.libc.string import memcmp, memcpy
from cython.cimports.pyrite.core.entry import (
    PART_WORD,
    Entry,
    entry_free,
    entry_key,
    entry_key_length,
    entry_memory,
    entry_new,
    entry_value,
)
from cython.cimports.pyrite.core.memory import mem_alloc, mem_block_size, mem_free
from cython.cimports.pyrite.core.ordered_index import (
    OrderedCursor,
    oi_clear,
    oi_init,
    oi_insert,
    oi_memory,
    oi_next,
    oi_remove,
    oi_seek_member,
    oi_seek_rank,
)
from cython.cimports.pyrite.core.ordered_tree import OrderedIndex, entry_set_score
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.core.stream_id import StreamID, stream_id
from cython.cimports.pyrite.core.stream_index import (
    IdCursor,
    id_cursor_id,
    id_cursor_next,
    id_cursor_value,
    id_tree_clear,
    id_tree_copy,
    id_tree_find,
    id_tree_first,
    id_tree_init,
    id_tree_insert,
    id_tree_remove,
)
from cython.cimports.pyrite.core.stream_store import (
    Stream,
    stream_block_memory,
    stream_copy_blocks,
    stream_free_blocks,
    stream_new,
)

# Names


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _new_name(name: Slice, named: cython.p_void) -> cython.pointer[Entry]:
    """An entry for an index by name: the score is 0 for all, so their names order them."""
    e: cython.pointer[Entry] = entry_new(name.p, name.n, PART_WORD, cython.sizeof(cython.p_void))
    entry_set_score(e, 0)
    memcpy(entry_value(e), cython.address(named), cython.sizeof(cython.p_void))
    return e


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _named(e: cython.pointer[Entry]) -> cython.p_void:
    """The group or consumer that a name belongs to."""
    named: cython.p_void = cython.NULL
    memcpy(cython.address(named), entry_value(e), cython.sizeof(cython.p_void))
    return named


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _find_name(index: cython.pointer[cython.const[OrderedIndex]], name: Slice) -> cython.p_void:
    """The group or consumer of this name; NULL where there is none."""
    c: OrderedCursor
    oi_seek_member(index, name.p, name.n, False, cython.address(c))
    e: cython.pointer[Entry] = oi_next(cython.address(c))
    if e == cython.NULL or entry_key_length(e) != cython.cast(cython.size_t, name.n):
        return cython.NULL
    return _named(e) if memcmp(entry_key(e), name.p, name.n) == 0 else cython.NULL


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _forget_name(index: cython.pointer[OrderedIndex], e: cython.pointer[Entry]) -> cython.void:
    oi_remove(index, 0, entry_key(e), entry_key_length(e))
    entry_free(e)


# Consumers


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def consumer_find(g: cython.pointer[cython.const[StreamGroup]], name: Slice) -> cython.pointer[StreamConsumer]:
    """The consumer of this name; NULL where there is none."""
    return cython.cast(cython.pointer[StreamConsumer], _find_name(cython.address(g.consumers), name))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def consumer_create(g: cython.pointer[StreamGroup], name: Slice, now_ms: int64_t) -> cython.pointer[StreamConsumer]:
    """A new consumer, seen just now; NULL where there is one of this name."""
    if consumer_find(g, name) != cython.NULL:
        return cython.NULL
    consumer: cython.pointer[StreamConsumer] = cython.cast(
        cython.pointer[StreamConsumer], mem_alloc(cython.sizeof(StreamConsumer))
    )
    id_tree_init(cython.address(consumer.pending), 0)
    consumer.seen_ms = now_ms
    consumer.active_ms = NEVER_ACTIVE
    consumer.entry = _new_name(name, consumer)
    oi_insert(cython.address(g.consumers), consumer.entry)
    return consumer


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _free_consumer(consumer: cython.pointer[StreamConsumer]) -> cython.void:
    id_tree_clear(cython.address(consumer.pending))
    mem_free(consumer, cython.sizeof(StreamConsumer))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def consumer_destroy(g: cython.pointer[StreamGroup], consumer: cython.pointer[StreamConsumer]) -> cython.void:
    """Delete a consumer, and with it what is pending with it."""
    c: IdCursor
    found: cython.bint = id_tree_first(cython.address(consumer.pending), cython.address(c))
    while found:
        id_tree_remove(cython.address(g.pending), id_cursor_id(cython.address(consumer.pending), cython.address(c)))
        found = id_cursor_next(cython.address(c))
    _forget_name(cython.address(g.consumers), consumer.entry)
    _free_consumer(consumer)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def consumer_next(c: cython.pointer[OrderedCursor]) -> cython.pointer[StreamConsumer]:
    """The next consumer of a walk that `oi_seek_rank(&group.consumers, 0, c)` began; NULL behind the last one."""
    e: cython.pointer[Entry] = oi_next(c)
    return cython.NULL if e == cython.NULL else cython.cast(cython.pointer[StreamConsumer], _named(e))


# Groups


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def group_find(s: cython.pointer[cython.const[Stream]], name: Slice) -> cython.pointer[StreamGroup]:
    """The group of this name; NULL where there is none."""
    return cython.cast(cython.pointer[StreamGroup], _find_name(cython.address(s.groups), name))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def group_create(
    s: cython.pointer[Stream], name: Slice, last_id: StreamID, entries_read: int64_t
) -> cython.pointer[StreamGroup]:
    """A new group without consumers; NULL where there is one of this name."""
    if group_find(s, name) != cython.NULL:
        return cython.NULL
    g: cython.pointer[StreamGroup] = cython.cast(cython.pointer[StreamGroup], mem_alloc(cython.sizeof(StreamGroup)))
    id_tree_init(cython.address(g.pending), cython.sizeof(StreamNack))
    oi_init(cython.address(g.consumers))
    g.last_id = last_id
    g.entries_read = entries_read
    g.entry = _new_name(name, g)
    oi_insert(cython.address(s.groups), g.entry)
    return g


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _free_group(g: cython.pointer[StreamGroup]) -> cython.void:
    c: OrderedCursor
    e: cython.pointer[Entry]
    oi_seek_rank(cython.address(g.consumers), 0, cython.address(c))
    e = oi_next(cython.address(c))
    while e != cython.NULL:
        _free_consumer(cython.cast(cython.pointer[StreamConsumer], _named(e)))
        entry_free(e)
        e = oi_next(cython.address(c))
    oi_clear(cython.address(g.consumers))
    id_tree_clear(cython.address(g.pending))
    mem_free(g, cython.sizeof(StreamGroup))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def group_destroy(s: cython.pointer[Stream], g: cython.pointer[StreamGroup]) -> cython.void:
    """Delete a group with all its consumers and all that is pending."""
    _forget_name(cython.address(s.groups), g.entry)
    _free_group(g)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def group_next(c: cython.pointer[OrderedCursor]) -> cython.pointer[StreamGroup]:
    """The next group of a walk that `oi_seek_rank(&stream.groups, 0, c)` began; NULL behind the last one."""
    e: cython.pointer[Entry] = oi_next(c)
    return cython.NULL if e == cython.NULL else cython.cast(cython.pointer[StreamGroup], _named(e))


# Pending entries


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def pending_find(g: cython.pointer[cython.const[StreamGroup]], id: StreamID) -> cython.pointer[StreamNack]:
    """What is to say of a pending entry; NULL where this ID is not pending. Stays good until another one is added."""
    return cython.cast(cython.pointer[StreamNack], id_tree_find(cython.address(g.pending), id))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def pending_assign(
    g: cython.pointer[StreamGroup],
    id: StreamID,
    consumer: cython.pointer[StreamConsumer],
    created: cython.pointer[cython.bint],
) -> cython.pointer[StreamNack]:
    """Let an entry be pending with a consumer, whoever had it before; `created` tells that nobody had.

    The time of delivery and the count stay, 0 both where it is new. The same holds for what this returns as for
    `pending_find`.
    """
    nack: cython.pointer[StreamNack] = cython.cast(
        cython.pointer[StreamNack], id_tree_insert(cython.address(g.pending), id, created)
    )
    is_new: cython.bint = False
    if created[0]:
        nack.delivery_ms = 0
        nack.delivery_count = 0
    elif nack.consumer == consumer:
        return nack
    else:
        id_tree_remove(cython.address(nack.consumer.pending), id)
    nack.consumer = consumer
    id_tree_insert(cython.address(consumer.pending), id, cython.address(is_new))
    return nack


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def pending_remove(g: cython.pointer[StreamGroup], id: StreamID) -> cython.bint:
    """Let an entry be pending no more; False where it was not."""
    nack: cython.pointer[StreamNack] = pending_find(g, id)
    if nack == cython.NULL:
        return False
    id_tree_remove(cython.address(nack.consumer.pending), id)
    id_tree_remove(cython.address(g.pending), id)
    return True


# The whole stream


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stream_free(s: cython.pointer[Stream]) -> cython.void:
    """Free a stream with all that belongs to it."""
    c: OrderedCursor
    e: cython.pointer[Entry]
    oi_seek_rank(cython.address(s.groups), 0, cython.address(c))
    e = oi_next(cython.address(c))
    while e != cython.NULL:
        _free_group(cython.cast(cython.pointer[StreamGroup], _named(e)))
        entry_free(e)
        e = oi_next(cython.address(c))
    oi_clear(cython.address(s.groups))
    stream_free_blocks(s)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _copy_consumer(consumer: cython.pointer[StreamConsumer], g: cython.pointer[StreamGroup]) -> cython.void:
    """Make a copy of a consumer in a copy of its group, whose pending entries still name the old one."""
    c: IdCursor
    nack: cython.pointer[StreamNack]
    fresh: cython.pointer[StreamConsumer] = consumer_create(g, stream_name(consumer.entry), consumer.seen_ms)
    fresh.active_ms = consumer.active_ms
    id_tree_copy(cython.address(consumer.pending), cython.address(fresh.pending))
    found: cython.bint = id_tree_first(cython.address(fresh.pending), cython.address(c))
    while found:
        nack = pending_find(g, id_cursor_id(cython.address(fresh.pending), cython.address(c)))
        nack.consumer = fresh
        found = id_cursor_next(cython.address(c))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stream_copy(s: cython.pointer[cython.const[Stream]]) -> cython.pointer[Stream]:
    """A stream of the same content; NULL without memory."""
    groups: OrderedCursor
    consumers: OrderedCursor
    g: cython.pointer[StreamGroup]
    fresh: cython.pointer[StreamGroup]
    consumer: cython.pointer[StreamConsumer]
    out: cython.pointer[Stream] = stream_new()
    if not stream_copy_blocks(s, out):
        stream_free(out)
        return cython.NULL
    oi_seek_rank(cython.address(s.groups), 0, cython.address(groups))
    g = group_next(cython.address(groups))
    while g != cython.NULL:
        fresh = group_create(out, stream_name(g.entry), g.last_id, g.entries_read)
        id_tree_copy(cython.address(g.pending), cython.address(fresh.pending))
        oi_seek_rank(cython.address(g.consumers), 0, cython.address(consumers))
        consumer = consumer_next(cython.address(consumers))
        while consumer != cython.NULL:
            _copy_consumer(consumer, fresh)
            consumer = consumer_next(cython.address(consumers))
        g = group_next(cython.address(groups))
    return out


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _group_memory(g: cython.pointer[StreamGroup]) -> cython.size_t:
    c: OrderedCursor
    total: cython.size_t = mem_block_size(cython.sizeof(StreamGroup)) + entry_memory(g.entry)
    total += g.pending.size_bytes + oi_memory(cython.address(g.consumers))
    oi_seek_rank(cython.address(g.consumers), 0, cython.address(c))
    consumer: cython.pointer[StreamConsumer] = consumer_next(cython.address(c))
    while consumer != cython.NULL:
        total += mem_block_size(cython.sizeof(StreamConsumer)) + entry_memory(consumer.entry)
        total += consumer.pending.size_bytes
        consumer = consumer_next(cython.address(c))
    return total


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stream_memory(s: cython.pointer[cython.const[Stream]]) -> cython.size_t:
    """Bytes that a stream takes from the allocator. O(1) for its entries, and for each consumer."""
    c: OrderedCursor
    total: cython.size_t = stream_block_memory(s) + oi_memory(cython.address(s.groups))
    oi_seek_rank(cython.address(s.groups), 0, cython.address(c))
    g: cython.pointer[StreamGroup] = group_next(cython.address(c))
    while g != cython.NULL:
        total += _group_memory(g)
        g = group_next(cython.address(c))
    return total


# Loading


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def pending_load(
    g: cython.pointer[StreamGroup], id: StreamID, delivery_ms: int64_t, delivery_count: uint64_t
) -> cython.bint:
    """Add a pending entry to a group that is being loaded, before any of its consumers; False for a second of an ID."""
    created: cython.bint = False
    nack: cython.pointer[StreamNack] = cython.cast(
        cython.pointer[StreamNack], id_tree_insert(cython.address(g.pending), id, cython.address(created))
    )
    if not created:
        return False
    nack.consumer = cython.NULL
    nack.delivery_ms = delivery_ms
    nack.delivery_count = delivery_count
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def pending_load_owner(
    g: cython.pointer[StreamGroup], consumer: cython.pointer[StreamConsumer], id: StreamID
) -> cython.bint:
    """Say whose a loaded pending entry is; False where there is none of this ID, or it is somebody's already."""
    created: cython.bint = False
    nack: cython.pointer[StreamNack] = pending_find(g, id)
    if nack == cython.NULL or nack.consumer != cython.NULL:
        return False
    nack.consumer = consumer
    id_tree_insert(cython.address(consumer.pending), id, cython.address(created))
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def group_load_end(g: cython.pointer[cython.const[StreamGroup]]) -> cython.bint:
    """Tell whether every loaded pending entry is some consumer's; a group of which that is not so can only be freed."""
    c: IdCursor
    found: cython.bint = id_tree_first(cython.address(g.pending), cython.address(c))
    while found:
        value: cython.p_void = id_cursor_value(cython.address(g.pending), cython.address(c))
        if cython.cast(cython.pointer[StreamNack], value).consumer == cython.NULL:
            return False
        found = id_cursor_next(cython.address(c))
    return True


# Python handles, for tests and cold callers


@cython.cfunc
def _slice(data: bytes) -> Slice:
    text: Slice
    text.p = cython.cast(cython.p_char, data)
    text.n = len(data)
    return text


@cython.cfunc
def _bytes_of(e: cython.pointer[Entry]) -> bytes:
    return entry_key(e)[: entry_key_length(e)]


@cython.cclass
class StreamGroups:
    """The groups of a stream without entries, for tests. IDs are pairs (ms, seq); what does not exist is KeyError."""

    s: cython.pointer[Stream]

    def __cinit__(self) -> None:
        self.s = stream_new()

    def __dealloc__(self) -> None:
        if self.s != cython.NULL:
            stream_free(self.s)

    @cython.cfunc
    def group(self, name: bytes) -> cython.pointer[StreamGroup]:
        g: cython.pointer[StreamGroup] = group_find(self.s, _slice(name))
        if g == cython.NULL:
            raise KeyError(name)
        return g

    @cython.cfunc
    def consumer(self, group: bytes, name: bytes) -> cython.pointer[StreamConsumer]:
        found: cython.pointer[StreamConsumer] = consumer_find(self.group(group), _slice(name))
        if found == cython.NULL:
            raise KeyError(name)
        return found

    def create_group(self, name: bytes) -> bool:
        """Add a group; False where it is there."""
        return group_create(self.s, _slice(name), stream_id(0, 0), ENTRIES_READ_UNKNOWN) != cython.NULL

    def destroy_group(self, name: bytes) -> None:
        """Delete a group."""
        group_destroy(self.s, self.group(name))

    def create_consumer(self, group: bytes, name: bytes, now_ms: int64_t) -> bool:
        """Add a consumer; False where it is there."""
        return consumer_create(self.group(group), _slice(name), now_ms) != cython.NULL

    def destroy_consumer(self, group: bytes, name: bytes) -> None:
        """Delete a consumer."""
        consumer_destroy(self.group(group), self.consumer(group, name))

    def assign(self, group: bytes, name: bytes, id: tuple, now_ms: int64_t) -> bool:
        """Deliver an entry to a consumer; True where nobody had it."""
        created: cython.bint = False
        nack: cython.pointer[StreamNack] = pending_assign(
            self.group(group), stream_id(id[0], id[1]), self.consumer(group, name), cython.address(created)
        )
        nack.delivery_ms = now_ms
        nack.delivery_count += 1
        return created

    def remove(self, group: bytes, id: tuple) -> bool:
        """Acknowledge an entry; False where it is not pending."""
        return pending_remove(self.group(group), stream_id(id[0], id[1]))

    def load(self, group: bytes, id: tuple, delivery_ms: int64_t, delivery_count: uint64_t) -> bool:
        """Add a pending entry as it would come from outside."""
        return pending_load(self.group(group), stream_id(id[0], id[1]), delivery_ms, delivery_count)

    def load_owner(self, group: bytes, name: bytes, id: tuple) -> bool:
        """Say whose a loaded pending entry is."""
        return pending_load_owner(self.group(group), self.consumer(group, name), stream_id(id[0], id[1]))

    def load_end(self, group: bytes) -> bool:
        """Tell whether all loaded pending entries are somebody's."""
        return group_load_end(self.group(group))

    def content(self) -> list[tuple[bytes, list[tuple[bytes, list[tuple[tuple[int, int], int, int]]]]]]:
        """All groups, in each all consumers, in each what is pending: ID, time of delivery, count."""
        groups: OrderedCursor
        consumers: OrderedCursor
        out: list = []
        inner: list
        oi_seek_rank(cython.address(self.s.groups), 0, cython.address(groups))
        g: cython.pointer[StreamGroup] = group_next(cython.address(groups))
        while g != cython.NULL:
            inner = []
            oi_seek_rank(cython.address(g.consumers), 0, cython.address(consumers))
            consumer: cython.pointer[StreamConsumer] = consumer_next(cython.address(consumers))
            while consumer != cython.NULL:
                inner.append((_bytes_of(consumer.entry), self.pending_of(g, consumer)))
                consumer = consumer_next(cython.address(consumers))
            out.append((_bytes_of(g.entry), inner))
            g = group_next(cython.address(groups))
        return out

    @cython.cfunc
    def pending_of(self, g: cython.pointer[StreamGroup], consumer: cython.pointer[StreamConsumer]) -> list:
        c: IdCursor
        id: StreamID
        nack: cython.pointer[StreamNack]
        out: list = []
        found: cython.bint = id_tree_first(cython.address(consumer.pending), cython.address(c))
        while found:
            id = id_cursor_id(cython.address(consumer.pending), cython.address(c))
            nack = pending_find(g, id)
            if nack == cython.NULL or nack.consumer != consumer:
                raise AssertionError((id.ms, id.seq))
            out.append(((id.ms, id.seq), nack.delivery_ms, nack.delivery_count))
            found = id_cursor_next(cython.address(c))
        return out

    def pending(self, group: bytes) -> list[tuple[tuple[int, int], bytes]]:
        """All that is pending in a group, each ID with the consumer's name."""
        c: IdCursor
        g: cython.pointer[StreamGroup] = self.group(group)
        out: list = []
        found: cython.bint = id_tree_first(cython.address(g.pending), cython.address(c))
        while found:
            id: StreamID = id_cursor_id(cython.address(g.pending), cython.address(c))
            nack: cython.pointer[StreamNack] = pending_find(g, id)
            out.append(((id.ms, id.seq), _bytes_of(nack.consumer.entry)))
            found = id_cursor_next(cython.address(c))
        return out

    def copy(self) -> object:
        """A stream with the same groups."""
        fresh: StreamGroups = StreamGroups()
        stream_free(fresh.s)
        fresh.s = stream_copy(self.s)
        if fresh.s == cython.NULL:
            raise MemoryError
        return fresh

    def memory_bytes(self) -> int:
        """Bytes that all of it takes from the allocator."""
        return stream_memory(self.s)
