"""Quicklist: a long list as a row of nodes, each a listpack, or the bytes of one element too large for one.

Which elements share a node follows Redis's rules, so that encodings, DEBUG OBJECT and dumps are alike. How nodes hang
together does not: they are no linked list but stand in chunks of up to 64, and a directory holds the chunks in order,
each with the number of its elements.

    directory   gap │ chunk │ chunk │ …          24 bytes a chunk
    chunk       node │ node │ …                  32 bytes a node
    node        data, size, count, room, before, kind, is_lzf
    block       before │ listpack │ rest         of an end node; of any other the listpack alone

So an element is found by its index with one addition per chunk, not one step in memory per node: among a million
elements of 32 bytes that is 70 additions, where a linked list takes up to 2,200 steps. A push or pop is O(1), and
amortised also where it opens or closes a node, as the directory keeps free places at both of its ends.

The nodes at the two ends have room to grow, on either side of the listpack, so that a push or pop moves no other
element and rarely asks for memory; `ql_settle` gives that room back when a node stops being an end, or before a
function of `listpack_edit`, to which a block is as large as `packed_capacity` says, changes it.

With a depth above 0 all nodes but so many at each end are compressed by LZF where that saves bytes; the data of such a
node is a QlLzf, the length of the stream and the stream. A reader decompresses a node into one scratch buffer that all
readers share (each notices when another took it over), so reading compresses nothing again; a writer decompresses the
node itself and compresses it afterwards.

A limit of 0 or more is a number of elements per node, with at most 8,192 bytes unless it is one element; -1 to -5 are
4, 8, 16, 32 and 64 KiB. An element is reckoned to take 8 bytes besides its own.

This module has the nodes and what holds them together, `quicklist_items` the elements at the ends and reading,
`quicklist_edit` changes in between. Whatever a client sent may be too large for memory: functions that store it return
False then, and leave the list as it was. The bytes must not lie in the list itself.
"""

import cython
from cython.cimports.libc.stdint import uint32_t
from cython.cimports.libc.string import memcpy, memmove, memset
from cython.cimports.pyrite.core.listpack import LP_EMPTY, lp_bytes, lp_new, packed_capacity
from cython.cimports.pyrite.core.lzf import lzf_compress, lzf_decompress
from cython.cimports.pyrite.core.memory import (
    mem_alloc,
    mem_block_size,
    mem_free,
    mem_realloc,
    mem_try_alloc,
    mem_try_realloc,
)

# Elements of at least so many bytes get a plain node. DEBUG QUICKLIST-PACKED-THRESHOLD sets it.
_plain_min = cython.declare(cython.size_t, 1 << 30)
_PLAIN_MIN_MAX = cython.declare(cython.size_t, (1 << 32) - (1 << 20))


# Lists


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_new(limit: cython.longlong, depth: cython.longlong) -> cython.pointer[QuickList]:
    """An empty list with these values of list-max-listpack-size and list-compress-depth."""
    ql: cython.pointer[QuickList] = cython.cast(cython.pointer[QuickList], mem_alloc(cython.sizeof(QuickList)))
    memset(ql, 0, cython.sizeof(QuickList))
    ql.limit = cython.cast(cython.short, -QL_LEVELS if limit < -QL_LEVELS else min(limit, QL_LIMIT_MAX))
    ql.depth = cython.cast(cython.ushort, 0 if depth < 0 else min(depth, QL_DEPTH_MAX))
    return ql


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _free_data(node: cython.pointer[QlNode]) -> cython.void:
    if node.is_lzf:
        mem_free(node.data, cython.sizeof(QlLzf) + cython.cast(cython.pointer[QlLzf], node.data).length)
    elif node.kind == QL_PLAIN:
        mem_free(node.data, node.size)
    else:
        mem_free(node.data - node.before, node.room)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_free(ql: cython.pointer[QuickList]) -> cython.void:
    """Free the list with its elements."""
    width: cython.size_t = cython.sizeof(QlNode)
    c: uint32_t
    i: uint32_t
    for c in range(ql.used):
        for i in range(ql.chunks[c].count):
            _free_data(cython.address(ql.chunks[c].nodes[i]))
        mem_free(ql.chunks[c].nodes, ql.chunks[c].capacity * width)
    if ql.capacity:
        mem_free(ql.chunks - ql.gap, ql.capacity * cython.sizeof(QlChunk))
    mem_free(ql, cython.sizeof(QuickList))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _data_size(node: cython.pointer[cython.const[QlNode]]) -> cython.size_t:
    """Bytes that a copy of the node's data, without room to grow, is allocated with."""
    if node.is_lzf:
        return cython.sizeof(QlLzf) + cython.cast(cython.pointer[QlLzf], node.data).length
    return node.size if node.kind == QL_PLAIN else packed_capacity(node.size)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_copy(ql: cython.pointer[cython.const[QuickList]]) -> cython.pointer[QuickList]:
    """A copy of the list, node by node; NULL without memory."""
    fresh: cython.pointer[QuickList] = ql_new(ql.limit, ql.depth)
    from_: QlAt
    to: QlAt
    source: cython.pointer[QlNode]
    node: cython.pointer[QlNode]
    data: cython.p_uchar
    size: cython.size_t
    if ql.nodes == 0:
        return fresh
    from_ = ql_edge_at(ql, True)
    while True:
        source = ql_node(ql, from_)
        size = _data_size(source)
        data = cython.cast(cython.p_uchar, mem_try_alloc(size))
        if data == cython.NULL:
            ql_free(fresh)
            return cython.NULL
        memcpy(data, source.data, source.size if not source.is_lzf else size)
        to = ql_end(fresh)
        node = ql_insert_node(fresh, cython.address(to))
        node[0] = source[0]
        node.data = data
        node.before = 0
        node.room = cython.cast(uint32_t, size)
        fresh.chunks[to.chunk].items += node.count
        fresh.count += node.count
        if not ql_forward(ql, cython.address(from_)):
            return fresh


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_memory(ql: cython.pointer[cython.const[QuickList]]) -> cython.size_t:
    """Bytes that the list takes from the allocator. O(nodes)."""
    total: cython.size_t = mem_block_size(cython.sizeof(QuickList))
    c: uint32_t
    i: uint32_t
    node: cython.pointer[QlNode]
    if ql.capacity:
        total += mem_block_size(ql.capacity * cython.sizeof(QlChunk))
    for c in range(ql.used):
        total += mem_block_size(ql.chunks[c].capacity * cython.sizeof(QlNode))
        for i in range(ql.chunks[c].count):
            node = cython.address(ql.chunks[c].nodes[i])
            has_room: cython.bint = node.kind == QL_PACKED and not node.is_lzf
            total += mem_block_size(node.room if has_room else _data_size(node))
    return total


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_bytes(ql: cython.pointer[cython.const[QuickList]]) -> cython.size_t:
    """Bytes of all listpacks and plain elements, as they are without compression. O(nodes)."""
    total: cython.size_t = 0
    c: uint32_t
    i: uint32_t
    for c in range(ql.used):
        for i in range(ql.chunks[c].count):
            total += ql.chunks[c].nodes[i].size
    return total


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_set_plain_min(size: cython.size_t) -> cython.bint:
    """Set from how many bytes on elements get a plain node, in all lists; 0 sets the default. False if too large."""
    global _plain_min
    if size > _PLAIN_MIN_MAX:
        return False
    _plain_min = size if size else QL_PLAIN_MIN
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_is_large(n: cython.Py_ssize_t) -> cython.bint:
    """Tell whether an element of so many bytes gets a plain node."""
    return cython.cast(cython.size_t, n) >= _plain_min or n >= QL_PLAIN_MIN


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_allows(
    ql: cython.pointer[cython.const[QuickList]], node: cython.pointer[cython.const[QlNode]], n: cython.Py_ssize_t
) -> cython.bint:
    """Tell whether an element of so many bytes may be added to a node, which may be NULL."""
    if node == cython.NULL or node.kind == QL_PLAIN or ql_is_large(n):
        return False
    return not ql_exceeds(ql.limit, node.size + cython.cast(cython.size_t, n) + QL_OVERHEAD, node.count + 1)


# The directory and its chunks


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _spread_directory(ql: cython.pointer[QuickList]) -> cython.void:
    """Make free places at both ends of the directory; it moves within its block while half of that is free."""
    width: cython.size_t = cython.sizeof(QlChunk)
    used: cython.size_t = ql.used
    capacity: uint32_t = ql.capacity
    block: cython.pointer[QlChunk] = cython.cast(cython.pointer[QlChunk], cython.NULL)
    fresh: cython.pointer[QlChunk]
    if capacity:
        block = ql.chunks - ql.gap
    fresh = block
    if capacity < 2 * used + 2:
        capacity = 2 * ql.used + 2 if used else 2
        fresh = cython.cast(cython.pointer[QlChunk], mem_alloc(capacity * width))
    gap: uint32_t = cython.cast(uint32_t, (capacity - used) // 2)
    if used:
        memmove(fresh + gap, ql.chunks, used * width)
    if fresh != block and block != cython.NULL:
        mem_free(block, ql.capacity * width)
    ql.chunks = fresh + gap
    ql.gap = gap
    ql.capacity = capacity


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _insert_chunk(ql: cython.pointer[QuickList], c: cython.Py_ssize_t) -> cython.pointer[QlChunk]:
    """An empty chunk, put before the one that stands at this place, or behind all."""
    if ql.gap == 0 if c == 0 else ql.gap + ql.used == ql.capacity:
        _spread_directory(ql)
    if c == 0:
        ql.chunks -= 1
        ql.gap -= 1
    else:
        memmove(ql.chunks + c + 1, ql.chunks + c, (ql.used - c) * cython.sizeof(QlChunk))
    ql.used += 1
    memset(ql.chunks + c, 0, cython.sizeof(QlChunk))
    return ql.chunks + c


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _remove_chunk(ql: cython.pointer[QuickList], c: cython.Py_ssize_t) -> cython.void:
    mem_free(ql.chunks[c].nodes, ql.chunks[c].capacity * cython.sizeof(QlNode))
    ql.used -= 1
    if c == 0:
        ql.chunks += 1
        ql.gap += 1
    else:
        memmove(ql.chunks + c, ql.chunks + c + 1, (ql.used - c) * cython.sizeof(QlChunk))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _resize_chunk(chunk: cython.pointer[QlChunk], capacity: uint32_t) -> cython.void:
    width: cython.size_t = cython.sizeof(QlNode)
    chunk.nodes = cython.cast(
        cython.pointer[QlNode],
        mem_realloc(chunk.nodes, chunk.capacity * width, capacity * width),
    )
    chunk.capacity = capacity


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _move_nodes(source: cython.pointer[QlChunk], first: uint32_t, target: cython.pointer[QlChunk]) -> cython.void:
    """Put the nodes from this one on behind those of another chunk, which has room for them."""
    i: uint32_t
    items: cython.size_t = 0
    count: uint32_t = source.count - first
    memcpy(target.nodes + target.count, source.nodes + first, count * cython.sizeof(QlNode))
    for i in range(first, source.count):
        items += source.nodes[i].count
    source.count = first
    source.items -= items
    target.count += count
    target.items += items


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _make_place(ql: cython.pointer[QuickList], at: cython.pointer[QlAt]) -> cython.pointer[QlChunk]:
    """The chunk of a place where a node is to go, with room for it: a full one is split, at an end a new one begun."""
    chunk: cython.pointer[QlChunk]
    if ql.used == 0:
        at.chunk = at.node = 0
        return _insert_chunk(ql, 0)
    chunk = cython.address(ql.chunks[at.chunk])
    if chunk.count < QL_CHUNK_NODES:
        return chunk
    if at.node == 0 and at.chunk == 0:
        return _insert_chunk(ql, 0)
    if at.node == QL_CHUNK_NODES and at.chunk + 1 == cython.cast(cython.Py_ssize_t, ql.used):
        at.chunk += 1
        at.node = 0
        return _insert_chunk(ql, at.chunk)
    chunk = _insert_chunk(ql, at.chunk + 1)
    _resize_chunk(chunk, QL_CHUNK_NODES)
    _move_nodes(cython.address(ql.chunks[at.chunk]), QL_CHUNK_NODES // 2, chunk)
    if at.node > QL_CHUNK_NODES // 2:
        at.chunk += 1
        at.node -= QL_CHUNK_NODES // 2
    return cython.address(ql.chunks[at.chunk])


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_insert_node(ql: cython.pointer[QuickList], at: cython.pointer[QlAt]) -> cython.pointer[QlNode]:
    """A node of zeros before the one at this place, or behind the last; says where it stands. The caller fills it."""
    chunk: cython.pointer[QlChunk] = _make_place(ql, at)
    if chunk.count == chunk.capacity:
        _resize_chunk(chunk, min(chunk.capacity * 2, QL_CHUNK_NODES) if chunk.capacity else 2)
    node: cython.pointer[QlNode] = chunk.nodes + at.node
    memmove(node + 1, node, (chunk.count - at.node) * cython.sizeof(QlNode))
    memset(node, 0, cython.sizeof(QlNode))
    chunk.count += 1
    ql.nodes += 1
    return node


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_remove_node(ql: cython.pointer[QuickList], at: cython.pointer[QlAt]) -> cython.void:
    """Free a node with its elements; `at` is then where the one behind it stands."""
    _free_data(ql_node(ql, at[0]))
    ql_unlink_node(ql, at)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_unlink_node(ql: cython.pointer[QuickList], at: cython.pointer[QlAt]) -> cython.void:
    """Take a node out, its data being somebody else's now; `at` is then where the one behind it stands."""
    chunk: cython.pointer[QlChunk] = cython.address(ql.chunks[at.chunk])
    node: cython.pointer[QlNode] = chunk.nodes + at.node
    chunk.items -= node.count
    ql.count -= node.count
    chunk.count -= 1
    ql.nodes -= 1
    memmove(node, node + 1, (chunk.count - at.node) * cython.sizeof(QlNode))
    if chunk.count == 0:
        _remove_chunk(ql, at.chunk)
        at.node = 0
        if at.chunk and at.chunk == cython.cast(cython.Py_ssize_t, ql.used):
            at.chunk -= 1
            at.node = ql.chunks[at.chunk].count
        return
    if at.chunk + 1 == cython.cast(cython.Py_ssize_t, ql.used):
        return
    if chunk.count + chunk[1].count <= QL_CHUNK_NODES // 2:
        if chunk.capacity < chunk.count + chunk[1].count:
            _resize_chunk(chunk, QL_CHUNK_NODES // 2)
        _move_nodes(chunk + 1, 0, chunk)
        _remove_chunk(ql, at.chunk + 1)
    elif at.node == cython.cast(cython.Py_ssize_t, chunk.count):
        at.chunk += 1
        at.node = 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_end(ql: cython.pointer[cython.const[QuickList]]) -> QlAt:
    """The place behind the last node."""
    at: QlAt
    at.chunk = at.node = 0
    if ql.used:
        at.chunk = ql.used - 1
        at.node = ql.chunks[at.chunk].count
    return at


# The block of a listpack


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _move(node: cython.pointer[QlNode], room: cython.size_t, before: cython.size_t) -> cython.bint:
    """Put the node's listpack into a block of this size, so many bytes behind its start; False without memory."""
    block: cython.p_uchar = node.data - node.before
    fresh: cython.p_uchar = block
    if room == node.room:
        memmove(block + before, node.data, node.size)
    elif before == 0 and node.before == 0:
        fresh = cython.cast(cython.p_uchar, mem_try_realloc(block, node.room, room))
        if fresh == cython.NULL:
            return False
    else:
        fresh = cython.cast(cython.p_uchar, mem_try_alloc(room))
        if fresh == cython.NULL:
            return False
        memcpy(fresh + before, node.data, node.size)
        mem_free(block, node.room)
    node.data = fresh + before
    node.before = cython.cast(uint32_t, before)
    node.room = cython.cast(uint32_t, room)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_settle(node: cython.pointer[QlNode]) -> cython.void:
    """Give back the room of a node that is not compressed; its block is then as `listpack_edit` expects it."""
    if node.kind == QL_PLAIN or node.is_lzf:
        return
    capacity: cython.size_t = packed_capacity(node.size)
    if node.before:
        _move(node, node.room, 0)
    if capacity != node.room:
        node.data = cython.cast(cython.p_uchar, mem_realloc(node.data, node.room, capacity))
        node.room = cython.cast(uint32_t, capacity)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_grown_room(ql: cython.pointer[cython.const[QuickList]], wanted: cython.size_t) -> cython.size_t:
    """Bytes of the block for a listpack that is growing: half as much again, but not past what a node may take."""
    limit: cython.size_t = ql_limit_bytes(ql.limit) if ql.limit < 0 else QL_SAFE_BYTES
    if wanted >= limit:
        return packed_capacity(wanted)
    grown: cython.size_t = wanted + wanted // 2
    if grown < QL_FIRST_ROOM:
        grown = QL_FIRST_ROOM
    return packed_capacity(grown if grown < limit else limit)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_make_room(
    ql: cython.pointer[cython.const[QuickList]], node: cython.pointer[QlNode], more: cython.size_t, front: cython.bint
) -> cython.bint:
    """Make room for so many bytes before or behind the listpack; False without memory."""
    free: cython.size_t = node.room - node.size
    if more <= (node.before if front else free - node.before):
        return True
    if free >= more and free - more >= node.size // 4:
        # Enough is free, on the other side: share it, so that neither a queue nor a list that grows at both ends
        # comes back here soon.
        spare: cython.size_t = (free - more) // 2
        return _move(node, node.room, more + spare if front else spare)
    if more > QL_PACKED_MAX or node.size + more > QL_PACKED_MAX:
        return False
    room: cython.size_t = ql_grown_room(ql, node.size + more)
    return _move(node, room, room - node.size if front else 0)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_resize(ql: cython.pointer[QuickList], at: QlAt, lp: cython.p_uchar, more: cython.Py_ssize_t) -> cython.void:
    """Say that a function of `listpack_edit` left a node's listpack here, with so many elements more or fewer."""
    node: cython.pointer[QlNode] = ql_node(ql, at)
    node.data = lp
    node.size = lp_bytes(lp)
    node.room = cython.cast(uint32_t, packed_capacity(node.size))
    node.count += cython.cast(uint32_t, more)
    ql.chunks[at.chunk].items += more
    ql.count += more


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_add_node(
    ql: cython.pointer[QuickList],
    at: cython.pointer[QlAt],
    data: cython.p_uchar,
    size: cython.size_t,
    count: cython.size_t,
    kind: cython.int,
) -> cython.void:
    """Add a node before the one at this place, or behind the last: a listpack, or one element in a block of its size.

    The list owns `data` from then on: a valid listpack of at most QL_PACKED_MAX bytes that is not empty, in a block as
    `packed_capacity` says. `at` is then where the node stands.
    """
    if ql.nodes:
        # One of them may be an end no more.
        ql_settle(ql_edge(ql, True))
        ql_settle(ql_edge(ql, False))
    node: cython.pointer[QlNode] = ql_insert_node(ql, at)
    node.data = data
    node.size = size
    node.count = cython.cast(uint32_t, count)
    node.kind = cython.cast(cython.uchar, kind)
    node.room = cython.cast(uint32_t, packed_capacity(size) if kind == QL_PACKED else 0)
    ql.chunks[at.chunk].items += count
    ql.count += count


# Compression


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_open(node: cython.pointer[QlNode]) -> cython.void:
    """Decompress a node where it is compressed."""
    if not node.is_lzf:
        return
    lzf: cython.pointer[QlLzf] = cython.cast(cython.pointer[QlLzf], node.data)
    room: cython.size_t = node.size if node.kind == QL_PLAIN else packed_capacity(node.size)
    data: cython.p_uchar = cython.cast(cython.p_uchar, mem_alloc(room))
    lzf_decompress(lzf + 1, lzf.length, data, node.size)
    mem_free(lzf, cython.sizeof(QlLzf) + lzf.length)
    node.data = data
    node.is_lzf = 0
    node.before = 0
    node.room = cython.cast(uint32_t, room)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _close(node: cython.pointer[QlNode]) -> cython.void:
    """Compress a node, if that saves enough."""
    head: cython.size_t = cython.sizeof(QlLzf)
    if node.is_lzf or node.size < QL_LZF_MIN:
        return
    room: cython.size_t = node.size - QL_LZF_GAIN
    lzf: cython.pointer[QlLzf] = cython.cast(cython.pointer[QlLzf], mem_try_alloc(head + room))
    if lzf == cython.NULL:
        return
    length: cython.size_t = lzf_compress(node.data, node.size, lzf + 1, room)
    if length == 0:
        mem_free(lzf, head + room)
        return
    lzf = cython.cast(cython.pointer[QlLzf], mem_realloc(lzf, head + room, head + length))
    lzf.length = length
    _free_data(node)
    node.data = cython.cast(cython.p_uchar, lzf)
    node.is_lzf = 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _is_inner(ql: cython.pointer[cython.const[QuickList]], at: QlAt) -> cython.bint:
    """Tell whether there are as many nodes as the depth on each side of this one."""
    left: QlAt = at
    right: QlAt = at
    for _ in range(ql.depth):
        if not ql_back(ql, cython.address(left)) or not ql_forward(ql, cython.address(right)):
            return False
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_compress(ql: cython.pointer[QuickList], at: QlAt) -> cython.void:
    """Compress a node that has changed, if it is one of those that are to be compressed."""
    if ql.depth and not ql_is_end(ql, at) and _is_inner(ql, at):
        _close(ql_node(ql, at))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_compress_ends(ql: cython.pointer[QuickList]) -> cython.void:
    """After nodes came or went: decompress those that are now near an end, compress the first that is not any more."""
    left: QlAt
    right: QlAt
    if ql.depth == 0 or ql.nodes == 0:
        return
    left = ql_edge_at(ql, True)
    right = ql_edge_at(ql, False)
    for _ in range(ql.depth):
        ql_open(ql_node(ql, left))
        ql_open(ql_node(ql, right))
        if not ql_forward(ql, cython.address(left)) or not ql_back(ql, cython.address(right)):
            return
    if ql.nodes > 2 * cython.cast(cython.size_t, ql.depth):
        _close(ql_node(ql, left))
        _close(ql_node(ql, right))


# Nodes for snapshots, and lists that are one listpack


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_lzf(
    node: cython.pointer[cython.const[QlNode]],
    p: cython.pointer[cython.p_const_char],
    n: cython.pointer[cython.size_t],
) -> cython.bint:
    """The compressed bytes of a node; False where it is not compressed, and `data` and `size` are its bytes."""
    if not node.is_lzf:
        return False
    lzf: cython.pointer[QlLzf] = cython.cast(cython.pointer[QlLzf], node.data)
    p[0] = cython.cast(cython.p_const_char, lzf + 1)
    n[0] = lzf.length
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_append_node(
    ql: cython.pointer[QuickList], data: cython.p_uchar, size: cython.size_t, count: cython.size_t, kind: cython.int
) -> cython.void:
    """Add a node behind the last one, as `ql_add_node` does, and compress what is to be compressed then."""
    at: QlAt = ql_end(ql)
    ql_add_node(ql, cython.address(at), data, size, count, kind)
    ql_compress_ends(ql)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_fits_listpack(
    ql: cython.pointer[cython.const[QuickList]], limit: cython.longlong, shrinking: cython.bint
) -> cython.bint:
    """Tell whether the list is one listpack within the limit, or, where elements went, within half of it."""
    if ql.nodes != 1:
        return False
    node: cython.pointer[QlNode] = ql_edge(ql, True)
    if node.kind != QL_PACKED:
        return False
    if limit < 0:
        return node.size <= ql_limit_bytes(limit) >> shrinking
    return cython.cast(cython.longlong, node.count) <= (limit if limit else 1) >> shrinking


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_take_listpack(ql: cython.pointer[QuickList]) -> cython.p_uchar:
    """The listpack of a list that is one, empty for a list without nodes; frees the rest."""
    lp: cython.p_uchar
    if ql.nodes == 0:
        lp = lp_new()
    else:
        ql_settle(ql_edge(ql, True))
        lp = ql_edge(ql, True).data
        # What is freed below is an empty listpack in its place.
        ql_edge(ql, True).data = lp_new()
        ql_edge(ql, True).room = cython.cast(uint32_t, packed_capacity(LP_EMPTY))
    ql_free(ql)
    return lp
