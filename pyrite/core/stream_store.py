"""Stream: entries in order of their IDs, in blocks (`stream_block`) that an index (`stream_index`) finds by ID.

New entries go into the last block until it is as long, or holds as many, as the options stream-node-max-bytes and
stream-node-max-entries allow. Entries are never moved. One that is deleted is marked, and its block is freed with its
last live entry; so what approximate trimming removes are the same entries as in Redis.

The last block has room to grow into: it starts with what its predecessor took, or small, doubles up to 4 KiB, grows by
an eighth from there, and gives back what is left once it is full. Every other block is as large as `packed_capacity`
says.

Costs: to append is O(1) but for the copies of a growing block; to find an entry is O(log n) and a walk through one
block, from its nearer end where the ID tells which; to trim is O(1) for each block that goes.
"""

import cython
from cython.cimports.libc.stdint import int64_t, uint64_t
from cython.cimports.libc.string import memcpy, memset
from cython.cimports.pyrite.core.listpack import (
    LP_HEADER,
    LP_NONE,
    LP_SAFE_MAX,
    LpValue,
    lp_after,
    lp_bytes,
    lp_copy,
    lp_end,
    lp_get,
    packed_capacity,
)
from cython.cimports.pyrite.core.listpack_edit import LpItem, lp_item_integer, lp_replace_integer
from cython.cimports.pyrite.core.memory import (
    mem_alloc,
    mem_block_size,
    mem_free,
    mem_realloc,
    mem_try_alloc,
    mem_try_realloc,
)
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.core.stream_block import (
    ENTRY_DELETED,
    ENTRY_SAME_FIELDS,
    StreamBlock,
    StreamEntry,
    block_add,
    block_after,
    block_before,
    block_deleted,
    block_entry,
    block_has_fields,
    block_live,
    block_mark_deleted,
    block_open,
    block_room,
    block_start,
    block_validate,
)
from cython.cimports.pyrite.core.stream_id import (
    StreamID,
    stream_id,
    stream_id_less,
    stream_id_max,
)
from cython.cimports.pyrite.core.stream_index import (
    IdCursor,
    id_cursor_id,
    id_cursor_next,
    id_cursor_previous,
    id_cursor_value,
    id_tree_clear,
    id_tree_first,
    id_tree_init,
    id_tree_insert,
    id_tree_last,
    id_tree_remove,
    id_tree_seek_back,
)

_BYTES_MAX = cython.declare(cython.size_t, 0xFFFFFFFF)


# The whole


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stream_new() -> cython.pointer[Stream]:
    """An empty stream, which never had an entry."""
    s: cython.pointer[Stream] = cython.cast(cython.pointer[Stream], mem_alloc(cython.sizeof(Stream)))
    memset(s, 0, cython.sizeof(Stream))
    id_tree_init(cython.address(s.blocks), cython.sizeof(cython.p_void))
    return s


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _block_at(
    s: cython.pointer[cython.const[Stream]], c: cython.pointer[cython.const[IdCursor]]
) -> cython.pointer[cython.p_uchar]:
    """Where the index keeps the address of the block that the cursor is at."""
    return cython.cast(cython.pointer[cython.p_uchar], id_cursor_value(cython.address(s.blocks), c))


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _is_last(c: cython.pointer[cython.const[IdCursor]]) -> cython.bint:
    return c.leaf.next == cython.NULL and c.index + 1 == c.leaf.count


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _capacity(
    s: cython.pointer[cython.const[Stream]], c: cython.pointer[cython.const[IdCursor]], lp: cython.p_const_uchar
) -> cython.size_t:
    """Bytes that the block at the cursor has been given."""
    return s.room if s.room and _is_last(c) else packed_capacity(lp_bytes(lp))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stream_free_blocks(s: cython.pointer[Stream]) -> cython.void:
    """Free the blocks and the stream itself; its groups have gone before."""
    c: IdCursor
    lp: cython.p_uchar
    found: cython.bint = id_tree_first(cython.address(s.blocks), cython.address(c))
    while found:
        lp = _block_at(s, cython.address(c))[0]
        mem_free(lp, _capacity(s, cython.address(c), lp))
        found = id_cursor_next(cython.address(c))
    id_tree_clear(cython.address(s.blocks))
    mem_free(s, cython.sizeof(Stream))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stream_copy_blocks(s: cython.pointer[cython.const[Stream]], out: cython.pointer[Stream]) -> cython.bint:
    """Make a new stream one of the same entries and counts; False, and a part of it, without memory."""
    c: IdCursor
    lp: cython.p_uchar
    out.entries_added = s.entries_added
    out.first_id = s.first_id
    out.last_id = s.last_id
    out.max_deleted_id = s.max_deleted_id
    found: cython.bint = id_tree_first(cython.address(s.blocks), cython.address(c))
    while found:
        lp = _block_at(s, cython.address(c))[0]
        lp = lp_copy(lp, lp_bytes(lp))
        if lp == cython.NULL:
            return False
        _enter_block(out, id_cursor_id(cython.address(s.blocks), cython.address(c)), lp, packed_capacity(lp_bytes(lp)))
        found = id_cursor_next(cython.address(c))
    out.length = s.length
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stream_block_memory(s: cython.pointer[cython.const[Stream]]) -> cython.size_t:
    """Bytes that the stream takes from the allocator, its groups not counted."""
    return mem_block_size(cython.sizeof(Stream)) + s.block_bytes + s.blocks.size_bytes


# Blocks


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _enter_block(
    s: cython.pointer[Stream], master: StreamID, lp: cython.p_uchar, capacity: cython.size_t
) -> cython.void:
    """Let the index know of a new block, which has been given so many bytes."""
    created: cython.bint = False
    place: cython.p_void = id_tree_insert(cython.address(s.blocks), master, cython.address(created))
    cython.cast(cython.pointer[cython.p_uchar], place)[0] = lp
    s.block_bytes += mem_block_size(capacity)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _free_block(s: cython.pointer[Stream], c: cython.pointer[IdCursor]) -> cython.void:
    """Free the block at the cursor, which is void then."""
    lp: cython.p_uchar = _block_at(s, c)[0]
    capacity: cython.size_t = _capacity(s, c, lp)
    if _is_last(c):
        s.room = 0
    s.block_bytes -= mem_block_size(capacity)
    mem_free(lp, capacity)
    id_tree_remove(cython.address(s.blocks), id_cursor_id(cython.address(s.blocks), c))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _close_last(s: cython.pointer[Stream], c: cython.pointer[cython.const[IdCursor]]) -> cython.void:
    """Give back what the last block, at the cursor, does not need."""
    slot: cython.pointer[cython.p_uchar] = _block_at(s, c)
    packed: cython.size_t = packed_capacity(lp_bytes(slot[0]))
    if s.room == 0:
        return
    if s.room != packed:
        s.block_bytes += mem_block_size(packed) - mem_block_size(s.room)
        slot[0] = cython.cast(cython.p_uchar, mem_realloc(slot[0], s.room, packed))
    s.room = 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _set_number(
    s: cython.pointer[Stream], c: cython.pointer[cython.const[IdCursor]], at: cython.Py_ssize_t, v: int64_t
) -> cython.void:
    """Write an integer over one in the block at the cursor. What stands behind it may move."""
    item: LpItem
    slot: cython.pointer[cython.p_uchar] = _block_at(s, c)
    lp: cython.p_uchar = slot[0]
    lp_item_integer(cython.address(item), v)
    if item.size == cython.cast(cython.size_t, lp_after(lp, at) - at):
        memcpy(lp + at, item.head, item.head_length)
        return
    if _is_last(c):
        _close_last(s, c)
    before: cython.size_t = packed_capacity(lp_bytes(slot[0]))
    lp = lp_replace_integer(slot[0], at, v)
    if lp != cython.NULL:
        slot[0] = lp
        s.block_bytes += mem_block_size(packed_capacity(lp_bytes(lp))) - mem_block_size(before)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _count_deleted(s: cython.pointer[Stream], c: cython.pointer[cython.const[IdCursor]], n: int64_t) -> cython.void:
    """Say in the head of the block at the cursor that `n` entries have been marked as deleted."""
    lp: cython.p_uchar = _block_at(s, c)[0]
    _set_number(s, c, lp_after(lp, LP_HEADER), block_deleted(lp) + n)
    lp = _block_at(s, c)[0]
    _set_number(s, c, LP_HEADER, block_live(lp) - n)


# Appending


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _is_full(
    lp: cython.p_const_uchar, more: cython.size_t, max_bytes: cython.longlong, max_entries: cython.longlong
) -> cython.bint:
    """Tell whether a block takes no entry of so many bytes any more."""
    limit: cython.size_t = max_bytes if 0 < max_bytes < LP_SAFE_MAX else LP_SAFE_MAX
    if lp_bytes(lp) + more >= limit:
        return True
    return max_entries > 0 and block_live(lp) + block_deleted(lp) >= max_entries


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _start_block(
    s: cython.pointer[Stream], id: StreamID, pairs: cython.pointer[cython.const[Slice]], count: cython.Py_ssize_t
) -> cython.int:
    """Put an entry into a block of its own."""
    c: IdCursor
    lp: cython.p_uchar
    need: cython.size_t = block_room(pairs, count, True)
    expected: cython.size_t = 0
    if need > _BYTES_MAX:
        return STREAM_TOO_LARGE
    has_last: cython.bint = id_tree_last(cython.address(s.blocks), cython.address(c))
    if has_last:
        expected = lp_bytes(_block_at(s, cython.address(c))[0]) + need
        if expected > STREAM_PREALLOCATED:
            expected = STREAM_PREALLOCATED
    capacity: cython.size_t = packed_capacity(need if need > expected else expected)
    lp = cython.cast(cython.p_uchar, mem_try_alloc(capacity))
    if lp == cython.NULL:
        return STREAM_NO_MEMORY
    if has_last:
        _close_last(s, cython.address(c))
    block_start(lp, pairs, count)
    block_add(lp, stream_id(0, 0), pairs, count, True)
    _enter_block(s, id, lp, capacity)
    s.room = capacity
    return STREAM_OK


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _continue_block(
    s: cython.pointer[Stream],
    c: cython.pointer[cython.const[IdCursor]],
    id: StreamID,
    pairs: cython.pointer[cython.const[Slice]],
    count: cython.Py_ssize_t,
) -> cython.int:
    """Put an entry into the last block, which the cursor is at."""
    block: StreamBlock
    delta: StreamID
    slot: cython.pointer[cython.p_uchar] = _block_at(s, c)
    lp: cython.p_uchar = slot[0]
    need: cython.size_t = lp_bytes(lp) + block_room(pairs, count, False)
    capacity: cython.size_t = _capacity(s, c, lp)
    wanted: cython.size_t = need + need // 8
    if need > _BYTES_MAX:
        return STREAM_TOO_LARGE
    if need > capacity:
        if need <= STREAM_PREALLOCATED:
            wanted = capacity * 2 if capacity * 2 < STREAM_PREALLOCATED else STREAM_PREALLOCATED
        wanted = packed_capacity(wanted if wanted > need else need)
        lp = cython.cast(cython.p_uchar, mem_try_realloc(lp, capacity, wanted))
        if lp == cython.NULL:
            return STREAM_NO_MEMORY
        slot[0] = lp
        s.block_bytes += mem_block_size(wanted) - mem_block_size(capacity)
        capacity = wanted
    s.room = capacity
    block_open(cython.address(block), lp, id_cursor_id(cython.address(s.blocks), c))
    delta = stream_id(id.ms - block.master.ms, id.seq - block.master.seq)
    block_add(lp, delta, pairs, count, block_has_fields(cython.address(block), pairs, count))
    return STREAM_OK


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stream_append(
    s: cython.pointer[Stream],
    id: StreamID,
    pairs: cython.pointer[cython.const[Slice]],
    count: cython.Py_ssize_t,
    max_bytes: cython.longlong,
    max_entries: cython.longlong,
) -> cython.int:
    """Add an entry whose ID is above the last one, of `count` pairs of field and value, which stand in turn.

    `max_bytes` and `max_entries` are a block's limits, 0 for none. Returns STREAM_OK, or with nothing done
    STREAM_TOO_LARGE or STREAM_NO_MEMORY.
    """
    c: IdCursor
    i: cython.Py_ssize_t
    status: cython.int
    total: cython.size_t = 0
    for i in range(2 * count):
        total += pairs[i].n
    if total > LP_SAFE_MAX:
        return STREAM_TOO_LARGE
    if id_tree_last(cython.address(s.blocks), cython.address(c)) and not _is_full(
        _block_at(s, cython.address(c))[0], total, max_bytes, max_entries
    ):
        status = _continue_block(s, cython.address(c), id, pairs, count)
    else:
        status = _start_block(s, id, pairs, count)
    if status != STREAM_OK:
        return status
    s.length += 1
    s.entries_added += 1
    s.last_id = id
    if s.length == 1:
        s.first_id = id
    return STREAM_OK


# Reading


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stream_iterate(
    s: cython.pointer[cython.const[Stream]],
    it: cython.pointer[StreamIterator],
    start: StreamID,
    end: StreamID,
    reverse: cython.bint,
) -> cython.void:
    """Begin to walk from the one of these IDs to the other, both included; in reverse from `end` to `start`.

    The stream must not change meanwhile.
    """
    it.stream = s
    it.start = start
    it.end = end
    it.reverse = reverse
    it.with_deleted = False
    it.next = LP_NONE
    it.fields_left = -1
    found: cython.bint = id_tree_seek_back(
        cython.address(s.blocks), end if reverse else start, cython.address(it.cursor)
    )
    if not found and not reverse:
        id_tree_first(cython.address(s.blocks), cython.address(it.cursor))


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _is_in_second_half(start: StreamID, first: StreamID, last: StreamID) -> cython.bint:
    """Guess whether an ID between these two is nearer to the second."""
    if first.ms != last.ms:
        return start.ms - first.ms > (last.ms - first.ms) // 2
    return start.seq - first.seq > (last.seq - first.seq) // 2


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _seek_start(it: cython.pointer[StreamIterator]) -> cython.Py_ssize_t:
    """Where to begin in the first block of a forward walk: not behind the first entry from the start on."""
    entry: StreamEntry
    block: cython.pointer[StreamBlock] = cython.address(it.block)
    at: cython.Py_ssize_t
    before: cython.Py_ssize_t
    if not stream_id_less(block.master, it.start):
        return block.start
    at = block_before(block, lp_end(block.lp))
    block_entry(block, at, cython.address(entry))
    if stream_id_less(entry.id, it.start):
        return lp_end(block.lp)
    if not _is_in_second_half(it.start, block.master, entry.id):
        return block.start
    while at > block.start:
        before = block_before(block, at)
        block_entry(block, before, cython.address(entry))
        if stream_id_less(entry.id, it.start):
            return at
        at = before
    return at


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _open_block(it: cython.pointer[StreamIterator]) -> cython.bint:
    """Go to the block at the cursor; False where there is none any more."""
    if it.cursor.leaf == cython.NULL:
        return False
    s: cython.pointer[cython.const[Stream]] = it.stream
    c: cython.pointer[IdCursor] = cython.address(it.cursor)
    block_open(cython.address(it.block), _block_at(s, c)[0], id_cursor_id(cython.address(s.blocks), c))
    it.next = lp_end(it.block.lp) if it.reverse else _seek_start(it)
    return True


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _found(it: cython.pointer[StreamIterator]) -> cython.bint:
    it.fields_left = it.entry.fields
    it.field_at = it.block.fields_at
    it.value_at = it.entry.body
    return True


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _ended(it: cython.pointer[StreamIterator]) -> cython.bint:
    it.cursor.leaf = cython.NULL
    it.next = LP_NONE
    it.fields_left = -1
    return False


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _is_wanted(it: cython.pointer[StreamIterator]) -> cython.bint:
    return it.with_deleted or not it.entry.flags & ENTRY_DELETED


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _next_forward(it: cython.pointer[StreamIterator]) -> cython.bint:
    block: cython.pointer[StreamBlock] = cython.address(it.block)
    entry: cython.pointer[StreamEntry] = cython.address(it.entry)
    end: cython.Py_ssize_t
    if it.fields_left >= 0:
        it.next = block_after(block, entry)
        it.fields_left = -1
    while it.next != LP_NONE or _open_block(it):
        end = lp_end(block.lp)
        while it.next < end:
            block_entry(block, it.next, entry)
            if not stream_id_less(entry.id, it.start) and _is_wanted(it):
                return _ended(it) if stream_id_less(it.end, entry.id) else _found(it)
            it.next = block_after(block, entry)
        id_cursor_next(cython.address(it.cursor))
        it.next = LP_NONE
    return _ended(it)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _next_reverse(it: cython.pointer[StreamIterator]) -> cython.bint:
    block: cython.pointer[StreamBlock] = cython.address(it.block)
    entry: cython.pointer[StreamEntry] = cython.address(it.entry)
    while it.next != LP_NONE or _open_block(it):
        while it.next > block.start:
            it.next = block_before(block, it.next)
            block_entry(block, it.next, entry)
            if not stream_id_less(it.end, entry.id) and _is_wanted(it):
                return _ended(it) if stream_id_less(entry.id, it.start) else _found(it)
        id_cursor_previous(cython.address(it.cursor))
        it.next = LP_NONE
    return _ended(it)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stream_next(it: cython.pointer[StreamIterator]) -> cython.bint:
    """Go to the next entry, which is in `entry` then; False at the end."""
    return _next_reverse(it) if it.reverse else _next_forward(it)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stream_next_field(
    it: cython.pointer[StreamIterator], field: cython.pointer[LpValue], value: cython.pointer[LpValue]
) -> cython.bint:
    """The entry's next field and its value; False behind the last one."""
    lp: cython.p_const_uchar = it.block.lp
    if it.fields_left <= 0:
        return False
    it.fields_left -= 1
    if it.entry.flags & ENTRY_SAME_FIELDS:
        lp_get(lp, it.field_at, field)
        it.field_at = lp_after(lp, it.field_at)
    else:
        lp_get(lp, it.value_at, field)
        it.value_at = lp_after(lp, it.value_at)
    lp_get(lp, it.value_at, value)
    it.value_at = lp_after(lp, it.value_at)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stream_has(s: cython.pointer[cython.const[Stream]], id: StreamID) -> cython.bint:
    """Tell whether there is an entry with this ID."""
    it: StreamIterator
    stream_iterate(s, cython.address(it), id, id, False)
    return stream_next(cython.address(it))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stream_edge(
    s: cython.pointer[cython.const[Stream]],
    last: cython.bint,
    with_deleted: cython.bint,
    id: cython.pointer[StreamID],
) -> cython.bint:
    """The ID of the first entry, or of the last one; False where there is none."""
    it: StreamIterator
    stream_iterate(s, cython.address(it), stream_id(0, 0), stream_id_max(), last)
    it.with_deleted = with_deleted
    if not stream_next(cython.address(it)):
        return False
    id[0] = it.entry.id
    return True


# Deleting


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stream_renew_first(s: cython.pointer[Stream]) -> cython.void:
    """Find the first entry anew, after entries were deleted."""
    if s.length == 0 or not stream_edge(s, False, False, cython.address(s.first_id)):
        s.first_id = stream_id(0, 0)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stream_delete(s: cython.pointer[Stream], id: StreamID) -> cython.bint:
    """Delete an entry; False where it is not there. `stream_renew_first` has to follow where it was the first."""
    it: StreamIterator
    c: cython.pointer[IdCursor] = cython.address(it.cursor)
    stream_iterate(s, cython.address(it), id, id, False)
    if not stream_next(cython.address(it)):
        return False
    lp: cython.p_uchar = _block_at(s, c)[0]
    if block_live(lp) == 1:
        _free_block(s, c)
    else:
        block_mark_deleted(lp, it.entry.at)
        _count_deleted(s, c, 1)
    s.length -= 1
    if stream_id_less(s.max_deleted_id, id):
        s.max_deleted_id = id
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _goes_whole(
    s: cython.pointer[Stream],
    c: cython.pointer[IdCursor],
    trim: cython.pointer[cython.const[StreamTrim]],
    live: uint64_t,
) -> cython.bint:
    """Tell whether the first block, which the cursor is at, goes with all its entries."""
    block: StreamBlock
    entry: StreamEntry
    if trim.strategy == TRIM_MAXLEN:
        return s.length - live >= trim.maxlen
    block_open(cython.address(block), _block_at(s, c)[0], id_cursor_id(cython.address(s.blocks), c))
    block_entry(cython.address(block), block_before(cython.address(block), lp_end(block.lp)), cython.address(entry))
    return stream_id_less(entry.id, trim.minid)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _trim_block(
    s: cython.pointer[Stream], c: cython.pointer[IdCursor], trim: cython.pointer[cython.const[StreamTrim]]
) -> uint64_t:
    """Delete entries from the first block on its own; returns how many."""
    block: StreamBlock
    entry: StreamEntry
    n: uint64_t = 0
    lp: cython.p_uchar = _block_at(s, c)[0]
    block_open(cython.address(block), lp, id_cursor_id(cython.address(s.blocks), c))
    at: cython.Py_ssize_t = block.start
    while at < lp_end(lp):
        block_entry(cython.address(block), at, cython.address(entry))
        if s.length - n <= trim.maxlen if trim.strategy == TRIM_MAXLEN else not stream_id_less(entry.id, trim.minid):
            break
        if not entry.flags & ENTRY_DELETED:
            block_mark_deleted(lp, at)
            n += 1
        at = block_after(cython.address(block), cython.address(entry))
    s.length -= n
    _count_deleted(s, c, n)
    return n


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stream_trim(s: cython.pointer[Stream], trim: cython.pointer[cython.const[StreamTrim]]) -> uint64_t:
    """Delete entries from the beginning as `trim` says; returns how many."""
    c: IdCursor
    live: uint64_t
    n: uint64_t = 0
    if trim.strategy == TRIM_NONE:
        return 0
    while id_tree_first(cython.address(s.blocks), cython.address(c)):
        if trim.strategy == TRIM_MAXLEN and s.length <= trim.maxlen:
            break
        live = block_live(_block_at(s, cython.address(c))[0])
        if trim.limit and n + live > cython.cast(uint64_t, trim.limit):
            break
        if not _goes_whole(s, cython.address(c), trim, live):
            if not trim.approximate:
                n += _trim_block(s, cython.address(c), trim)
            break
        _free_block(s, cython.address(c))
        s.length -= live
        n += live
    if n:
        stream_renew_first(s)
    return n


# Saving and loading


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stream_first_block(s: cython.pointer[cython.const[Stream]], c: cython.pointer[IdCursor]) -> cython.void:
    """Stand before the first block."""
    id_tree_first(cython.address(s.blocks), c)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stream_next_block(
    s: cython.pointer[cython.const[Stream]],
    c: cython.pointer[IdCursor],
    master: cython.pointer[StreamID],
    lp: cython.pointer[cython.p_const_uchar],
    n: cython.pointer[cython.size_t],
) -> cython.bint:
    """The next block: its master ID, its bytes, and how many; False behind the last one."""
    if c.leaf == cython.NULL:
        return False
    master[0] = id_cursor_id(cython.address(s.blocks), c)
    lp[0] = _block_at(s, c)[0]
    n[0] = lp_bytes(lp[0])
    id_cursor_next(c)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stream_load_block(
    s: cython.pointer[Stream], master: StreamID, p: cython.p_const_uchar, n: cython.size_t
) -> cython.int:
    """Add a block of bytes that nobody vouches for, behind all others, to a stream that is being loaded.

    Returns STREAM_OK, STREAM_CORRUPT or STREAM_NO_MEMORY. `stream_load_end` has to follow.
    """
    last: StreamID
    live: uint64_t = 0
    if not block_validate(p, n, master, cython.address(last), cython.address(live)):
        return STREAM_CORRUPT
    if s.blocks.count and not stream_id_less(s.last_id, master):
        return STREAM_CORRUPT
    lp: cython.p_uchar = lp_copy(p, n)
    if lp == cython.NULL:
        return STREAM_NO_MEMORY
    _enter_block(s, master, lp, packed_capacity(n))
    s.last_id = last
    s.length += live
    return STREAM_OK


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stream_load_end(
    s: cython.pointer[Stream], length: uint64_t, last_id: StreamID, max_deleted_id: StreamID, entries_added: uint64_t
) -> cython.bint:
    """What goes with the blocks of a stream that is being loaded; False where it contradicts them.

    A stream of before Redis 7 comes with its length for `entries_added`, and with 0-0 for `max_deleted_id`.
    """
    if s.length != length or stream_id_less(last_id, s.last_id):
        return False
    s.last_id = last_id
    s.max_deleted_id = max_deleted_id
    s.entries_added = entries_added
    stream_renew_first(s)
    return True
