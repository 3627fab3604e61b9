"""Stream block: some entries of a stream, one behind the other in a listpack, in Redis's own format.

A block begins with a head. All that follows refers to it: IDs are told by their distance from the block's master ID,
the ID of its first entry, and entries with the fields of the head leave these out.

    head     live entries, deleted entries, number of fields, the fields, 0
    entry    flags, ms distance, seq distance, values                              where the flags say "same fields"
             flags, ms distance, seq distance, number of fields, fields and values in turn
             and then how many elements the entry has had, by which one walks backward

The master ID stands outside, in the stream's index. Flags are 1 for an entry that was deleted, which stays until its
block goes, and 2 for the same fields. The sum of master and distance is taken modulo 2**64, so the distance of a
sequence number may be negative.

Writing here needs room behind the listpack, which `block_room` tells; who owns the block sees to it. Whatever comes
from outside goes through `block_validate` first, everything else here trusts its block. The specification is what
Redis writes (RDB types 15, 19 and 21).
"""

import cython
from cython.cimports.libc.stdint import int64_t, uint64_t
from cython.cimports.libc.string import memcpy, memmove
from cython.cimports.pyrite.core.listpack import (
    LP_EMPTY,
    LP_END_MARK,
    LP_HEADER,
    LP_UNCOUNTED,
    lp_after,
    lp_bytes,
    lp_end,
    lp_equals,
    lp_header_count,
    lp_is_text,
    lp_pass,
    lp_previous,
    lp_set_bytes,
    lp_set_count,
    lp_validate,
    lp_write_backlen,
)
from cython.cimports.pyrite.core.listpack_edit import LpItem, lp_item_integer, lp_item_text
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.core.stream_id import StreamID, stream_id, stream_id_less

# What an element takes at most besides its bytes: head and backlen.
ELEMENT_ROOM = cython.declare(cython.size_t, 10)

# The integers of an entry or of a head, and what a count in the head may grow by.
INTEGERS_ROOM = cython.declare(cython.size_t, 64)


# Reading


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def block_open(block: cython.pointer[StreamBlock], lp: cython.p_const_uchar, master: StreamID) -> cython.void:
    """Read the head of a block."""
    at: cython.Py_ssize_t = lp_after(lp, lp_after(lp, LP_HEADER))
    block.lp = lp
    block.master = master
    block.fields = block_number(lp, at)
    block.fields_at = lp_after(lp, at)
    block.start = lp_pass(lp, block.fields_at, block.fields + 1)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def block_entry(
    block: cython.pointer[cython.const[StreamBlock]], at: cython.Py_ssize_t, entry: cython.pointer[StreamEntry]
) -> cython.void:
    """Read the entry whose flags stand at this position."""
    lp: cython.p_const_uchar = block.lp
    entry.at = at
    entry.flags = lp[at]
    at = lp_after(lp, at)
    entry.id.ms = block.master.ms + cython.cast(uint64_t, block_number(lp, at))
    at = lp_after(lp, at)
    entry.id.seq = block.master.seq + cython.cast(uint64_t, block_number(lp, at))
    at = lp_after(lp, at)
    if entry.flags & ENTRY_SAME_FIELDS:
        entry.fields = block.fields
    else:
        entry.fields = block_number(lp, at)
        at = lp_after(lp, at)
    entry.body = at


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def block_after(
    block: cython.pointer[cython.const[StreamBlock]], entry: cython.pointer[cython.const[StreamEntry]]
) -> cython.Py_ssize_t:
    """Where the next entry is, or lp_end."""
    elements: int64_t = entry.fields if entry.flags & ENTRY_SAME_FIELDS else entry.fields * 2
    return lp_pass(block.lp, entry.body, elements + 1)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def block_before(block: cython.pointer[cython.const[StreamBlock]], at: cython.Py_ssize_t) -> cython.Py_ssize_t:
    """Where the entry before this one, or before lp_end, is; not to be asked before the first."""
    at = lp_previous(block.lp, at)
    elements: int64_t = block_number(block.lp, at)
    while elements > 0:
        at = lp_previous(block.lp, at)
        elements -= 1
    return at


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def block_has_fields(
    block: cython.pointer[cython.const[StreamBlock]],
    pairs: cython.pointer[cython.const[Slice]],
    count: cython.Py_ssize_t,
) -> cython.bint:
    """Tell whether the fields of these pairs are those of the head, in the same order."""
    at: cython.Py_ssize_t = block.fields_at
    i: cython.Py_ssize_t
    if block.fields != count:
        return False
    for i in range(count):
        if not lp_equals(block.lp, at, pairs[2 * i].p, pairs[2 * i].n):
            return False
        at = lp_after(block.lp, at)
    return True


# Writing


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def block_room(
    pairs: cython.pointer[cython.const[Slice]], count: cython.Py_ssize_t, fresh: cython.bint
) -> cython.size_t:
    """Bytes that an entry of these pairs needs at most; with `fresh` also the head of its block."""
    fields: cython.size_t = INTEGERS_ROOM
    values: cython.size_t = INTEGERS_ROOM
    i: cython.Py_ssize_t
    for i in range(count):
        fields += pairs[2 * i].n + ELEMENT_ROOM
        values += pairs[2 * i + 1].n + ELEMENT_ROOM
    return fields + values + LP_EMPTY if fresh else fields + values


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _put_item(p: cython.p_uchar, item: cython.pointer[LpItem]) -> cython.p_uchar:
    """Write an element; returns where the next one goes."""
    memcpy(p, item.head, item.head_length)
    p += item.head_length
    if item.text_length:
        memcpy(p, item.text, item.text_length)
        p += item.text_length
    return p + lp_write_backlen(p, item.head_length + item.text_length)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _put_number(p: cython.p_uchar, v: int64_t) -> cython.p_uchar:
    item: LpItem
    if 0 <= v <= 127:
        p[0] = cython.cast(cython.uchar, v)
        p[1] = 1
        return p + 2
    lp_item_integer(cython.address(item), v)
    return _put_item(p, cython.address(item))


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _put_text(p: cython.p_uchar, text: Slice) -> cython.p_uchar:
    item: LpItem
    lp_item_text(cython.address(item), text.p, text.n)
    return _put_item(p, cython.address(item))


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _finish(lp: cython.p_uchar, p: cython.p_uchar, elements: cython.Py_ssize_t) -> cython.void:
    """Put the end mark at `p`, and say how long the listpack is; it has so many elements more."""
    count: cython.Py_ssize_t = lp_header_count(lp)
    p[0] = LP_END_MARK
    lp_set_bytes(lp, p + 1 - lp)
    if count != LP_UNCOUNTED:
        lp_set_count(lp, count + elements)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def block_start(
    lp: cython.p_uchar, pairs: cython.pointer[cython.const[Slice]], count: cython.Py_ssize_t
) -> cython.void:
    """Write the head of a block whose fields are those of these pairs, with no entry yet."""
    i: cython.Py_ssize_t
    p: cython.p_uchar = _put_number(_put_number(_put_number(lp + LP_HEADER, 0), 0), count)
    for i in range(count):
        p = _put_text(p, pairs[2 * i])
    p = _put_number(p, 0)
    lp_set_count(lp, 0)
    _finish(lp, p, count + 4)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _count_up(lp: cython.p_uchar) -> cython.void:
    """Count one live entry more in the head."""
    item: LpItem
    if lp[LP_HEADER] < 127:
        lp[LP_HEADER] += 1
        return
    lp_item_integer(cython.address(item), block_live(lp) + 1)
    old_end: cython.size_t = lp_after(lp, LP_HEADER)
    total: cython.size_t = lp_bytes(lp)
    memmove(lp + LP_HEADER + item.size, lp + old_end, total - old_end)
    lp_set_bytes(lp, total + item.size + LP_HEADER - old_end)
    _put_item(lp + LP_HEADER, cython.address(item))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def block_add(
    lp: cython.p_uchar,
    delta: StreamID,
    pairs: cython.pointer[cython.const[Slice]],
    count: cython.Py_ssize_t,
    same_fields: cython.bint,
) -> cython.void:
    """Add an entry behind all others; `delta` is its ID less the block's master ID, part by part."""
    i: cython.Py_ssize_t
    _count_up(lp)
    p: cython.p_uchar = _put_number(lp + lp_end(lp), ENTRY_SAME_FIELDS if same_fields else 0)
    p = _put_number(p, cython.cast(int64_t, delta.ms))
    p = _put_number(p, cython.cast(int64_t, delta.seq))
    elements: cython.Py_ssize_t = 3 + count
    if same_fields:
        for i in range(count):
            p = _put_text(p, pairs[2 * i + 1])
    else:
        p = _put_number(p, count)
        for i in range(2 * count):
            p = _put_text(p, pairs[i])
        elements += 1 + count
    p = _put_number(p, elements)
    _finish(lp, p, elements + 1)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def block_mark_deleted(lp: cython.p_uchar, at: cython.Py_ssize_t) -> cython.void:
    """Mark the entry whose flags stand at this position; who does so sees to the counts in the head."""
    lp[at] |= ENTRY_DELETED


# Checking


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _take_number(
    lp: cython.p_const_uchar, at: cython.pointer[cython.Py_ssize_t], value: cython.pointer[int64_t]
) -> cython.bint:
    """Read an integer element and go behind it; False where there is none."""
    if lp[at[0]] == LP_END_MARK or lp_is_text(lp, at[0]):
        return False
    value[0] = block_number(lp, at[0])
    at[0] = lp_after(lp, at[0])
    return True


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _take_elements(lp: cython.p_const_uchar, at: cython.pointer[cython.Py_ssize_t], count: int64_t) -> cython.bint:
    """Go behind so many elements of any kind; False where there are not as many."""
    while count > 0:
        if lp[at[0]] == LP_END_MARK:
            return False
        at[0] = lp_after(lp, at[0])
        count -= 1
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _take_entry(
    block: cython.pointer[StreamBlock], at: cython.pointer[cython.Py_ssize_t], entry: cython.pointer[StreamEntry]
) -> cython.bint:
    """Read an entry that nobody vouches for and go behind it; False where it is none."""
    flags: int64_t = 0
    ms: int64_t = 0
    seq: int64_t = 0
    fields: int64_t = block.fields
    told: int64_t = 0
    lp: cython.p_const_uchar = block.lp
    limit: int64_t = lp_bytes(lp)
    # Flags are changed in place, so they have to stand in one byte.
    if lp[at[0]] > (ENTRY_DELETED | ENTRY_SAME_FIELDS) or not _take_number(lp, at, cython.address(flags)):
        return False
    if not _take_number(lp, at, cython.address(ms)) or not _take_number(lp, at, cython.address(seq)):
        return False
    elements: int64_t = fields
    if not flags & ENTRY_SAME_FIELDS:
        if not _take_number(lp, at, cython.address(fields)) or fields < 0 or fields > limit:
            return False
        elements = 2 * fields
    if not _take_elements(lp, at, elements) or not _take_number(lp, at, cython.address(told)):
        return False
    entry.flags = cython.cast(cython.int, flags)
    entry.id = stream_id(block.master.ms + cython.cast(uint64_t, ms), block.master.seq + cython.cast(uint64_t, seq))
    return told == elements + (3 if flags & ENTRY_SAME_FIELDS else 4)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _take_head(
    block: cython.pointer[StreamBlock],
    at: cython.pointer[cython.Py_ssize_t],
    live: cython.pointer[int64_t],
    deleted: cython.pointer[int64_t],
) -> cython.bint:
    """Read a head that nobody vouches for and go behind it; False where it is none."""
    lp: cython.p_const_uchar = block.lp
    end: int64_t = -1
    if not _take_number(lp, at, live) or not _take_number(lp, at, deleted):
        return False
    if not _take_number(lp, at, cython.address(block.fields)):
        return False
    if block.fields < 0 or block.fields > lp_bytes(lp) or live[0] < 0 or deleted[0] < 0:
        return False
    if not _take_elements(lp, at, block.fields) or not _take_number(lp, at, cython.address(end)):
        return False
    return end == 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def block_validate(
    p: cython.p_const_uchar,
    n: cython.size_t,
    master: StreamID,
    last: cython.pointer[StreamID],
    live: cython.pointer[uint64_t],
) -> cython.bint:
    """Tell whether bytes that nobody vouches for are a block: a listpack whose entries are whole, in ascending order.

    Sets the ID of the last entry, a deleted one too, and how many are live.
    """
    block: StreamBlock
    entry: StreamEntry
    at: cython.Py_ssize_t = LP_HEADER
    told_live: int64_t = 0
    told_deleted: int64_t = 0
    deleted: int64_t = 0
    count: int64_t = 0
    if not lp_validate(p, n, True):
        return False
    block.lp = p
    block.master = master
    if not _take_head(
        cython.address(block), cython.address(at), cython.address(told_live), cython.address(told_deleted)
    ):
        return False
    while p[at] != LP_END_MARK:
        if not _take_entry(cython.address(block), cython.address(at), cython.address(entry)):
            return False
        if stream_id_less(entry.id, master) or (count and not stream_id_less(last[0], entry.id)):
            return False
        last[0] = entry.id
        count += 1
        deleted += entry.flags & ENTRY_DELETED
    live[0] = count - deleted
    return count > 0 and told_deleted == deleted and told_live == count - deleted
