"""Quicklist, its elements: push and pop at the ends, seek by index, walk, reply. The layout is told in `quicklist`."""

import cython
from cython.cimports.libc.stdint import uint32_t, uint64_t
from cython.cimports.libc.string import memcpy
from cython.cimports.pyrite.core.listpack import (
    LP_EMPTY,
    LP_END_MARK,
    LP_HEADER,
    LP_NONE,
    LpValue,
    lp_after,
    lp_get,
    lp_last,
    lp_next,
    lp_previous,
    lp_seek,
    lp_set_bytes,
    lp_set_count,
    packed_capacity,
)
from cython.cimports.pyrite.core.listpack_edit import LpItem, lp_item_text, lp_write_item
from cython.cimports.pyrite.core.listpack_reply import lp_reply
from cython.cimports.pyrite.core.lzf import lzf_decompress
from cython.cimports.pyrite.core.memory import mem_alloc, mem_free, mem_try_alloc
from cython.cimports.pyrite.core.quicklist import (
    QL_FIRST_ROOM,
    QL_PACKED,
    QL_PACKED_MAX,
    QL_PLAIN,
    QL_SAFE_BYTES,
    QlAt,
    QlLzf,
    QlNode,
    QuickList,
    ql_add_node,
    ql_allows,
    ql_back,
    ql_compress_ends,
    ql_edge,
    ql_edge_at,
    ql_end,
    ql_forward,
    ql_grown_room,
    ql_insert_node,
    ql_is_large,
    ql_make_room,
    ql_node,
    ql_remove_node,
    ql_settle,
)
from cython.cimports.pyrite.core.reply import Reply

# Where compressed nodes are read. The stamp says which reading of which node it holds.
_scratch = cython.declare(cython.p_char, cython.NULL)
_scratch_size = cython.declare(cython.size_t, 0)
_stamp = cython.declare(uint64_t, 0)


# The ends


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _open_end(ql: cython.pointer[QuickList], size: cython.size_t, front: cython.bint) -> cython.pointer[QlNode]:
    """A new node at an end, an empty listpack with room for an element of this size; NULL without memory."""
    at: QlAt
    if size > QL_PACKED_MAX:
        return cython.NULL
    room: cython.size_t = packed_capacity(LP_EMPTY + size) if ql.nodes == 0 else ql_grown_room(ql, LP_EMPTY + size)
    if ql.limit >= 0:
        most: cython.size_t = packed_capacity(LP_EMPTY + size * (ql.limit if ql.limit else 1))
        room = room if room < most else most
    block: cython.p_uchar = cython.cast(cython.p_uchar, mem_try_alloc(room))
    if block == cython.NULL:
        return cython.NULL
    if ql.nodes:
        ql_settle(ql_edge(ql, front))
    at = ql_end(ql)
    if front:
        at.chunk = at.node = 0
    node: cython.pointer[QlNode] = ql_insert_node(ql, cython.address(at))
    node.kind = QL_PACKED
    node.before = cython.cast(uint32_t, room - LP_EMPTY if front else 0)
    node.data = block + node.before
    node.room = cython.cast(uint32_t, room)
    node.size = LP_EMPTY
    lp_set_bytes(node.data, LP_EMPTY)
    node.data[LP_HEADER] = LP_END_MARK
    return node


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _push_plain(
    ql: cython.pointer[QuickList], p: cython.p_const_char, n: cython.Py_ssize_t, front: cython.bint
) -> cython.bint:
    at: QlAt
    data: cython.p_uchar = cython.cast(cython.p_uchar, mem_try_alloc(n))
    if data == cython.NULL:
        return False
    memcpy(data, p, n)
    at = ql_end(ql)
    if front:
        at.chunk = at.node = 0
    ql_add_node(ql, cython.address(at), data, n, 1, QL_PLAIN)
    ql_compress_ends(ql)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_push(
    ql: cython.pointer[QuickList], p: cython.p_const_char, n: cython.Py_ssize_t, front: cython.bint
) -> cython.bint:
    """Add an element before the first or behind the last; False without memory."""
    item: LpItem
    if ql_is_large(n):
        return _push_plain(ql, p, n, front)
    node: cython.pointer[QlNode] = ql_edge(ql, front)
    lp_item_text(cython.address(item), p, n)
    if not ql_allows(ql, node, n):
        node = _open_end(ql, item.size, front)
        if node == cython.NULL:
            return False
        ql_compress_ends(ql)
        node = ql_edge(ql, front)
    elif not ql_make_room(ql, node, item.size, front):
        return False
    if front:
        node.data -= item.size
        node.before -= cython.cast(uint32_t, item.size)
        lp_write_item(node.data + LP_HEADER, cython.address(item))
    else:
        lp_write_item(node.data + node.size - 1, cython.address(item))
        node.data[node.size + item.size - 1] = LP_END_MARK
    node.size += item.size
    node.count += 1
    lp_set_bytes(node.data, node.size)
    lp_set_count(node.data, node.count)
    ql.chunks[0 if front else ql.used - 1].items += 1
    ql.count += 1
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_peek(
    ql: cython.pointer[cython.const[QuickList]], front: cython.bint, value: cython.pointer[LpValue]
) -> cython.void:
    """The first or the last element of a list that is not empty; it stays good until the list changes."""
    node: cython.pointer[QlNode] = ql_edge(ql, front)
    if node.kind == QL_PLAIN:
        value.text = cython.cast(cython.p_const_char, node.data)
        value.length = node.size
        return
    lp_get(node.data, LP_HEADER if front else lp_last(node.data), value)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_drop(ql: cython.pointer[QuickList], front: cython.bint) -> cython.void:
    """Remove the first or the last element of a list that is not empty."""
    at: QlAt
    size: cython.size_t
    start: cython.Py_ssize_t
    node: cython.pointer[QlNode] = ql_edge(ql, front)
    if node.count == 1:
        at = ql_edge_at(ql, front)
        ql_remove_node(ql, cython.address(at))
        ql_compress_ends(ql)
        return
    if front:
        size = lp_after(node.data, LP_HEADER) - LP_HEADER
        node.data += size
        node.before += cython.cast(uint32_t, size)
    else:
        start = lp_last(node.data)
        size = node.size - 1 - start
        node.data[start] = LP_END_MARK
    node.size -= size
    node.count -= 1
    lp_set_bytes(node.data, node.size)
    lp_set_count(node.data, node.count)
    ql.chunks[0 if front else ql.used - 1].items -= 1
    ql.count -= 1
    if node.room > 2 * node.size + QL_FIRST_ROOM:
        ql_settle(node)


# By index


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_seek(
    ql: cython.pointer[cython.const[QuickList]], index: cython.size_t, at: cython.pointer[QlAt]
) -> cython.Py_ssize_t:
    """The node of the element of this index, which is less than the count; returns its index within the node."""
    c: cython.Py_ssize_t = 0
    i: cython.Py_ssize_t = 0
    left: cython.size_t = ql.count - index
    if index < left:
        while index >= ql.chunks[c].items:
            index -= ql.chunks[c].items
            c += 1
    else:
        c = ql.used - 1
        while left > ql.chunks[c].items:
            left -= ql.chunks[c].items
            c -= 1
        index = ql.chunks[c].items - left
    nodes: cython.pointer[QlNode] = ql.chunks[c].nodes
    while index >= nodes[i].count:
        index -= nodes[i].count
        i += 1
    at.chunk = c
    at.node = i
    return index


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_read(node: cython.pointer[cython.const[QlNode]], stamp: cython.pointer[uint64_t]) -> cython.p_const_uchar:
    """The bytes of a node without compression, for reading: where they are, or in the scratch buffer.

    `stamp` is 0 for bytes that stay until the list changes; others are gone once another node is read.
    """
    global _scratch, _scratch_size, _stamp
    stamp[0] = 0
    if not node.is_lzf:
        return node.data
    if _scratch_size < node.size:
        ql_read_done(_stamp)
        if _scratch_size:
            mem_free(_scratch, _scratch_size)
        _scratch_size = node.size if node.size > QL_SAFE_BYTES else QL_SAFE_BYTES
        _scratch = cython.cast(cython.p_char, mem_alloc(_scratch_size))
    lzf: cython.pointer[QlLzf] = cython.cast(cython.pointer[QlLzf], node.data)
    lzf_decompress(lzf + 1, lzf.length, _scratch, node.size)
    _stamp += 1
    stamp[0] = _stamp
    return cython.cast(cython.p_const_uchar, _scratch)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_read_done(stamp: uint64_t) -> cython.void:
    """Say that the bytes are not needed any more; a large scratch buffer goes back to the system."""
    global _scratch, _scratch_size
    if stamp and stamp == _stamp and _scratch_size > QL_SCRATCH_KEPT:
        mem_free(_scratch, _scratch_size)
        _scratch = cython.NULL
        _scratch_size = 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_iterate(
    ql: cython.pointer[QuickList], it: cython.pointer[QlIterator], index: cython.size_t, reverse: cython.bint
) -> cython.void:
    """Begin at the element of this index, going forward or back; there is none past the count."""
    it.list = ql
    it.reverse = reverse
    it.position = LP_NONE
    it.stamp = 0
    it.data = cython.NULL
    if index >= ql.count:
        return
    offset: cython.Py_ssize_t = ql_seek(ql, index, cython.address(it.at))
    node: cython.pointer[QlNode] = ql_node(ql, it.at)
    it.data = ql_read(node, cython.address(it.stamp))
    it.position = LP_HEADER if node.kind == QL_PLAIN else lp_seek(it.data, offset)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _next_node(it: cython.pointer[QlIterator]) -> cython.bint:
    """Enter the next node; False where there is none."""
    ql: cython.pointer[QuickList] = it.list
    ql_read_done(it.stamp)
    it.stamp = 0
    if it.data == cython.NULL:
        return False
    if not (ql_back(ql, cython.address(it.at)) if it.reverse else ql_forward(ql, cython.address(it.at))):
        it.data = cython.NULL
        return False
    node: cython.pointer[QlNode] = ql_node(ql, it.at)
    it.data = ql_read(node, cython.address(it.stamp))
    it.position = LP_HEADER
    if it.reverse and node.kind == QL_PACKED:
        it.position = lp_last(it.data)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_next(it: cython.pointer[QlIterator], value: cython.pointer[LpValue]) -> cython.bint:
    """The next element; False at the end. What it gives stays good until the next call, or until a list changes."""
    node: cython.pointer[QlNode]
    if it.position == LP_NONE and not _next_node(it):
        return False
    node = ql_node(it.list, it.at)
    if it.stamp and it.stamp != _stamp:
        it.data = ql_read(node, cython.address(it.stamp))
    if node.kind == QL_PLAIN:
        value.text = cython.cast(cython.p_const_char, it.data)
        value.length = node.size
        it.position = LP_NONE
        return True
    lp_get(it.data, it.position, value)
    it.position = lp_previous(it.data, it.position) if it.reverse else lp_next(it.data, it.position)
    return True


@cython.cfunc
@cython.exceptval(check=False)
def ql_reply(ql: cython.pointer[QuickList], reply: Reply, index: cython.size_t, count: cython.size_t) -> cython.void:
    """Write so many elements from this one on, all of which there are, as bulk strings."""
    it: QlIterator
    node: cython.pointer[QlNode]
    ql_iterate(ql, cython.address(it), index, False)
    while count:
        node = ql_node(ql, it.at)
        if node.kind == QL_PLAIN:
            reply.put_bulk(cython.cast(cython.p_const_char, it.data), node.size)
            count -= 1
        else:
            count -= lp_reply(it.data, it.position, count, reply)
        if count:
            _next_node(cython.address(it))
    ql_read_done(it.stamp)
