"""Index by ID: a B+tree of stream IDs, each with a value of a few bytes beside it.

It orders the blocks of a stream, and the pending entries of a consumer group and of each consumer. IDs mostly grow, so
a record behind all others opens a new leaf instead of splitting the last one, which leaves all leaves full. Costs:
search, insertion and removal O(log n); the next and the previous record, and both ends, O(1).

    node       neighbours in its level, count, capacity; then, in a leaf, records, and in an inner node, branches
    record     the ID (16 bytes), and the value, of a size that is the same for the whole tree
    branch     a bound (16 bytes), and the child below (8 bytes)

A branch's bound lies above all IDs in the branches before, and is not above any ID of its own; so neither a removal nor
an insertion has to correct bounds. That of the first branch of a node is not looked at.

A node that falls below a quarter joins a neighbour of the same parent where both together are half full at most, so
removals in any order leave nodes a quarter full on average. Nodes are allocated with room for what they hold and some
more: an index of one record takes a hundred bytes.

Pointers to values, and cursors, stay good until the next insertion or removal.
"""

import cython
from cython.cimports.libc.stdint import uint32_t, uint64_t
from cython.cimports.libc.string import memcpy, memmove, memset
from cython.cimports.pyrite.core.memory import mem_alloc, mem_block_size, mem_free, mem_realloc
from cython.cimports.pyrite.core.stream_id import StreamID, stream_id, stream_id_less


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _width(t: cython.pointer[cython.const[IdTree]], level: cython.int) -> cython.size_t:
    """Bytes of what a node of this level consists of."""
    return cython.sizeof(IdBranch) if level else t.width


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _node_size(t: cython.pointer[cython.const[IdTree]], level: cython.int, capacity: cython.size_t) -> cython.size_t:
    return cython.sizeof(IdNode) + capacity * _width(t, level)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _limit(level: cython.int) -> uint32_t:
    """How many records or branches a node of this level may hold."""
    return ID_FAN_MAX if level else ID_LEAF_MAX


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _branch(node: cython.pointer[IdNode], i: cython.size_t) -> cython.pointer[IdBranch]:
    return cython.cast(cython.pointer[IdBranch], node + 1) + i


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _slot(
    t: cython.pointer[cython.const[IdTree]], node: cython.pointer[IdNode], level: cython.int, i: cython.size_t
) -> cython.p_char:
    """Where record or branch `i` stands."""
    return cython.cast(cython.p_char, node + 1) + i * _width(t, level)


# Nodes


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _new_node(t: cython.pointer[IdTree], level: cython.int, capacity: uint32_t) -> cython.pointer[IdNode]:
    size: cython.size_t = _node_size(t, level, capacity)
    node: cython.pointer[IdNode] = cython.cast(cython.pointer[IdNode], mem_alloc(size))
    node.prev = cython.NULL
    node.next = cython.NULL
    node.count = 0
    node.capacity = capacity
    t.size_bytes += mem_block_size(size)
    return node


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _free_node(t: cython.pointer[IdTree], level: cython.int, node: cython.pointer[IdNode]) -> cython.void:
    size: cython.size_t = _node_size(t, level, node.capacity)
    t.size_bytes -= mem_block_size(size)
    mem_free(node, size)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _link(
    t: cython.pointer[IdTree],
    level: cython.int,
    prev: cython.pointer[IdNode],
    node: cython.pointer[IdNode],
    next: cython.pointer[IdNode],
) -> cython.void:
    """Let a node stand between these two of its level, either of which may be NULL."""
    node.prev = prev
    node.next = next
    if prev != cython.NULL:
        prev.next = node
    elif level == 0:
        t.first = node
    if next != cython.NULL:
        next.prev = node
    elif level == 0:
        t.last = node


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _unlink(t: cython.pointer[IdTree], level: cython.int, node: cython.pointer[IdNode]) -> cython.void:
    """Take a node out of its level."""
    if node.prev != cython.NULL:
        node.prev.next = node.next
    elif level == 0:
        t.first = node.next
    if node.next != cython.NULL:
        node.next.prev = node.prev
    elif level == 0:
        t.last = node.prev


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _resize(
    t: cython.pointer[IdTree], path: cython.pointer[IdPath], level: cython.int, capacity: uint32_t
) -> cython.void:
    """Give the node that the way leads through another capacity; it may move, and all that point to it are told."""
    node: cython.pointer[IdNode] = path.steps[level].node
    old: cython.size_t = _node_size(t, level, node.capacity)
    size: cython.size_t = _node_size(t, level, capacity)
    prev: cython.pointer[IdNode] = node.prev
    next: cython.pointer[IdNode] = node.next
    t.size_bytes += mem_block_size(size) - mem_block_size(old)
    node = cython.cast(cython.pointer[IdNode], mem_realloc(node, old, size))
    node.capacity = capacity
    _link(t, level, prev, node, next)
    if level == t.height:
        t.root = node
    else:
        _branch(path.steps[level + 1].node, path.steps[level + 1].index).child = node
    path.steps[level].node = node


# Search


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _leaf_position(t: cython.pointer[cython.const[IdTree]], leaf: cython.pointer[IdNode], id: StreamID) -> uint32_t:
    """How many records of the leaf have a lesser ID."""
    low: uint32_t = 0
    high: uint32_t = leaf.count
    middle: uint32_t
    while low < high:
        middle = (low + high) >> 1
        if stream_id_less(id_of(t, leaf, middle), id):
            low = middle + 1
        else:
            high = middle
    return low


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _branch_position(node: cython.pointer[IdNode], id: StreamID) -> uint32_t:
    """The last branch whose bound is not above the ID."""
    low: uint32_t = 1
    high: uint32_t = node.count
    middle: uint32_t
    while low < high:
        middle = (low + high) >> 1
        if stream_id_less(id, _branch(node, middle).bound):
            high = middle
        else:
            low = middle + 1
    return low - 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _descend(t: cython.pointer[cython.const[IdTree]], id: StreamID, path: cython.pointer[IdPath]) -> cython.bint:
    """The way to where the ID stands or would stand, in a tree that is not empty; True where it is there."""
    node: cython.pointer[IdNode] = t.root
    level: cython.int = t.height
    i: uint32_t
    while level:
        i = _branch_position(node, id)
        path.steps[level].node = node
        path.steps[level].index = i
        node = _branch(node, i).child
        level -= 1
    i = _leaf_position(t, node, id)
    path.steps[0].node = node
    path.steps[0].index = i
    return i < node.count and not stream_id_less(id, id_of(t, node, i))


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _leaf_of(t: cython.pointer[cython.const[IdTree]], id: StreamID) -> cython.pointer[IdNode]:
    """The leaf where the ID stands or would stand; NULL in an empty tree."""
    node: cython.pointer[IdNode] = t.root
    level: cython.int = t.height
    while level:
        node = _branch(node, _branch_position(node, id)).child
        level -= 1
    return node


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def id_tree_find(t: cython.pointer[cython.const[IdTree]], id: StreamID) -> cython.p_void:
    """The value that goes with an ID; NULL where the ID is not there. Of a tree without values: any other address."""
    leaf: cython.pointer[IdNode] = _leaf_of(t, id)
    if leaf == cython.NULL:
        return cython.NULL
    i: uint32_t = _leaf_position(t, leaf, id)
    if i == leaf.count or stream_id_less(id, id_of(t, leaf, i)):
        return cython.NULL
    return id_record(t, leaf, i) + cython.sizeof(StreamID)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def id_tree_seek(t: cython.pointer[cython.const[IdTree]], id: StreamID, c: cython.pointer[IdCursor]) -> cython.bint:
    """Go to the first record from this ID on; False, and at none, where there is none."""
    c.leaf = _leaf_of(t, id)
    c.index = 0
    if c.leaf == cython.NULL:
        return False
    c.index = _leaf_position(t, c.leaf, id)
    if c.index == c.leaf.count:
        c.leaf = c.leaf.next
        c.index = 0
    return c.leaf != cython.NULL


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def id_tree_seek_back(
    t: cython.pointer[cython.const[IdTree]], id: StreamID, c: cython.pointer[IdCursor]
) -> cython.bint:
    """Go to the last record up to and with this ID; False, and at none, where there is none."""
    c.leaf = _leaf_of(t, id)
    c.index = 0
    if c.leaf == cython.NULL:
        return False
    c.index = _leaf_position(t, c.leaf, id)
    if c.index < c.leaf.count and not stream_id_less(id, id_of(t, c.leaf, c.index)):
        return True
    return id_cursor_previous(c)


# Insertion


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _open_gap(t: cython.pointer[IdTree], path: cython.pointer[IdPath], level: cython.int, i: uint32_t) -> cython.p_char:
    """Make room for one more at place `i` of the node that the way leads through, which is not full; returns it."""
    node: cython.pointer[IdNode] = path.steps[level].node
    capacity: uint32_t = node.capacity * 2
    if node.count == node.capacity:
        _resize(t, path, level, capacity if capacity < _limit(level) else _limit(level))
        node = path.steps[level].node
    place: cython.p_char = _slot(t, node, level, i)
    memmove(place + _width(t, level), place, (node.count - i) * _width(t, level))
    node.count += 1
    return place


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _new_root(t: cython.pointer[IdTree], path: cython.pointer[IdPath]) -> cython.void:
    """Put an inner node above the root, with the root as its only branch."""
    root: cython.pointer[IdNode] = _new_node(t, t.height + 1, ID_ROOM_MIN)
    _branch(root, 0).child = t.root
    _branch(root, 0).bound = stream_id(0, 0)
    root.count = 1
    t.root = root
    t.height += 1
    path.steps[t.height].node = root
    path.steps[t.height].index = 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _split(t: cython.pointer[IdTree], path: cython.pointer[IdPath], level: cython.int) -> cython.void:
    """Divide a full node, and lead the way to the part that it leads to. Its parent has room for one more branch.

    At the end of the level only the last one moves, for all that comes there will come behind it.
    """
    node: cython.pointer[IdNode] = path.steps[level].node
    i: uint32_t = path.steps[level].index
    at_end: cython.bint = node.next == cython.NULL and i + (level > 0) == node.count
    kept: uint32_t = node.count - 1 if at_end else node.count // 2
    fresh: cython.pointer[IdNode] = _new_node(t, level, _limit(level))
    fresh.count = node.count - kept
    memcpy(_slot(t, fresh, level, 0), _slot(t, node, level, kept), fresh.count * _width(t, level))
    node.count = kept
    _link(t, level, node, fresh, node.next)
    branch: cython.pointer[IdBranch] = cython.cast(
        cython.pointer[IdBranch], _open_gap(t, path, level + 1, path.steps[level + 1].index + 1)
    )
    branch.child = fresh
    # Both a record and a branch begin with an ID.
    branch.bound = cython.cast(cython.pointer[StreamID], _slot(t, fresh, level, 0))[0]
    # What is to be inserted just before the other part's first record belongs before its bound.
    if i > kept or (level and i == kept):
        path.steps[level + 1].index += 1
        path.steps[level].node = fresh
        path.steps[level].index = i - kept


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _make_room(t: cython.pointer[IdTree], path: cython.pointer[IdPath]) -> cython.void:
    """Divide the full leaf that the way leads to, and those above that have to be divided for it, topmost first."""
    level: cython.int = 0
    while level <= t.height and path.steps[level].node.count == _limit(level):
        level += 1
    if level > t.height:
        _new_root(t, path)
    while level:
        level -= 1
        _split(t, path, level)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _write_id(place: cython.p_char, id: StreamID) -> cython.p_void:
    """Write the ID of a record; returns where its value stands."""
    cython.cast(cython.pointer[StreamID], place)[0] = id
    return place + cython.sizeof(StreamID)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def id_tree_insert(t: cython.pointer[IdTree], id: StreamID, created: cython.pointer[cython.bint]) -> cython.p_void:
    """The value that goes with an ID, which is added where it is not there; its value is unset then. Never NULL."""
    path: IdPath
    leaf: cython.pointer[IdNode] = t.last
    created[0] = True
    if leaf == cython.NULL:
        leaf = _new_node(t, 0, ID_ROOM_MIN)
        _link(t, 0, cython.NULL, leaf, cython.NULL)
        t.root = leaf
    if leaf.count < leaf.capacity and (leaf.count == 0 or stream_id_less(id_of(t, leaf, leaf.count - 1), id)):
        leaf.count += 1
        t.count += 1
        return _write_id(id_record(t, leaf, leaf.count - 1), id)
    if _descend(t, id, cython.address(path)):
        created[0] = False
        return id_record(t, path.steps[0].node, path.steps[0].index) + cython.sizeof(StreamID)
    if path.steps[0].node.count == ID_LEAF_MAX:
        _make_room(t, cython.address(path))
    t.count += 1
    return _write_id(_open_gap(t, cython.address(path), 0, path.steps[0].index), id)


# Removal


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _close_gap(t: cython.pointer[IdTree], node: cython.pointer[IdNode], level: cython.int, i: uint32_t) -> cython.void:
    """Take record or branch `i` out of a node."""
    place: cython.p_char = _slot(t, node, level, i)
    node.count -= 1
    memmove(place, place + _width(t, level), (node.count - i) * _width(t, level))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _join(t: cython.pointer[IdTree], path: cython.pointer[IdPath], level: cython.int, left: uint32_t) -> cython.void:
    """Move all of the child behind branch `left` of the parent into that branch's child, and free it.

    The way leads to one of the two, and to their common node afterwards.
    """
    parent: cython.pointer[IdNode] = path.steps[level + 1].node
    source: cython.pointer[IdNode] = _branch(parent, left + 1).child
    # Of a node's first branch the bound is not kept up; behind others it has to be.
    if level:
        _branch(source, 0).bound = _branch(parent, left + 1).bound
    path.steps[level + 1].index = left
    path.steps[level].node = _branch(parent, left).child
    if path.steps[level].node.capacity < path.steps[level].node.count + source.count:
        _resize(t, path, level, _limit(level))
    target: cython.pointer[IdNode] = path.steps[level].node
    memcpy(_slot(t, target, level, target.count), _slot(t, source, level, 0), source.count * _width(t, level))
    target.count += source.count
    _unlink(t, level, source)
    _free_node(t, level, source)
    _close_gap(t, parent, level + 1, left + 1)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _relieve(t: cython.pointer[IdTree], path: cython.pointer[IdPath], level: cython.int) -> cython.bint:
    """See to a node that has lost something; True where its parent has lost a branch by that."""
    node: cython.pointer[IdNode] = path.steps[level].node
    if node.count == 0:
        _unlink(t, level, node)
        _free_node(t, level, node)
        if level == t.height:
            t.root = cython.NULL
            return False
        _close_gap(t, path.steps[level + 1].node, level + 1, path.steps[level + 1].index)
        return True
    if node.count * 4 > node.capacity:
        return False
    if level < t.height and node.count * 4 <= _limit(level):
        parent: cython.pointer[IdNode] = path.steps[level + 1].node
        i: uint32_t = path.steps[level + 1].index
        if i + 1 < parent.count and (node.count + _branch(parent, i + 1).child.count) * 2 <= _limit(level):
            _join(t, path, level, i)
            return True
        if i and (node.count + _branch(parent, i - 1).child.count) * 2 <= _limit(level):
            _join(t, path, level, i - 1)
            return True
    if node.capacity > ID_ROOM_MIN:
        _resize(t, path, level, node.capacity // 2)
    return False


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def id_tree_remove(t: cython.pointer[IdTree], id: StreamID) -> cython.bint:
    """Take an ID out; False where it is not there."""
    path: IdPath
    level: cython.int = 0
    root: cython.pointer[IdNode]
    if t.root == cython.NULL or not _descend(t, id, cython.address(path)):
        return False
    _close_gap(t, path.steps[0].node, 0, path.steps[0].index)
    t.count -= 1
    while _relieve(t, cython.address(path), level):
        level += 1
    if t.root == cython.NULL:
        t.height = 0
    while t.height and t.root.count == 1:
        root = t.root
        t.root = _branch(root, 0).child
        _free_node(t, t.height, root)
        t.height -= 1
    return True


# The whole


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def id_tree_init(t: cython.pointer[IdTree], value_size: cython.size_t) -> cython.void:
    """An empty tree, which owns no memory, for values of this many bytes, a multiple of eight."""
    memset(t, 0, cython.sizeof(IdTree))
    t.width = cython.cast(uint32_t, cython.sizeof(StreamID) + value_size)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def id_tree_clear(t: cython.pointer[IdTree]) -> cython.void:
    """Empty the tree; what its values point to is the caller's."""
    level: cython.int = t.height
    start: cython.pointer[IdNode] = t.root
    node: cython.pointer[IdNode]
    next: cython.pointer[IdNode]
    below: cython.pointer[IdNode]
    while start != cython.NULL:
        below = _branch(start, 0).child if level else cython.NULL
        node = start
        while node != cython.NULL:
            next = node.next
            _free_node(t, level, node)
            node = next
        start = below
        level -= 1
    id_tree_init(t, t.width - cython.sizeof(StreamID))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def id_tree_copy(t: cython.pointer[cython.const[IdTree]], out: cython.pointer[IdTree]) -> cython.void:
    """Make `out`, which holds nothing, a tree of the same IDs and of the bytes of their values."""
    c: IdCursor
    created: cython.bint = False
    value_size: cython.size_t = t.width - cython.sizeof(StreamID)
    value: cython.p_void
    id_tree_init(out, value_size)
    found: cython.bint = id_tree_first(t, cython.address(c))
    while found:
        value = id_tree_insert(out, id_cursor_id(t, cython.address(c)), cython.address(created))
        memcpy(value, id_cursor_value(t, cython.address(c)), value_size)
        found = id_cursor_next(cython.address(c))


# Python handles, for tests and cold callers


@cython.cclass
class IdIndex:
    """A tree with values of eight bytes, or of none, for tests. IDs are pairs (ms, seq)."""

    tree: IdTree
    valued: cython.bint

    def __cinit__(self, valued: cython.bint = True) -> None:
        self.valued = valued
        id_tree_init(cython.address(self.tree), 8 if valued else 0)

    def __dealloc__(self) -> None:
        id_tree_clear(cython.address(self.tree))

    def __len__(self) -> int:
        return self.tree.count

    def insert(self, ms: uint64_t, seq: uint64_t, value: uint64_t = 0) -> bool:
        """Add an ID or give it another value; True where it was not there."""
        created: cython.bint = False
        place: cython.p_void = id_tree_insert(cython.address(self.tree), stream_id(ms, seq), cython.address(created))
        if self.valued:
            memcpy(place, cython.address(value), 8)
        return created

    def remove(self, ms: uint64_t, seq: uint64_t) -> bool:
        """Take an ID out; False where it is not there."""
        return id_tree_remove(cython.address(self.tree), stream_id(ms, seq))

    def find(self, ms: uint64_t, seq: uint64_t) -> int | None:
        """The value that goes with an ID, 0 in a tree without values; None where the ID is not there."""
        value: uint64_t = 0
        place: cython.p_void = id_tree_find(cython.address(self.tree), stream_id(ms, seq))
        if place == cython.NULL:
            return None
        if self.valued:
            memcpy(cython.address(value), place, 8)
        return value

    def ids_from(self, ms: uint64_t, seq: uint64_t) -> list[tuple[int, int]]:
        """The IDs from one on, ascending."""
        c: IdCursor
        out: list = []
        found: cython.bint = id_tree_seek(cython.address(self.tree), stream_id(ms, seq), cython.address(c))
        while found:
            id: StreamID = id_cursor_id(cython.address(self.tree), cython.address(c))
            out.append((id.ms, id.seq))
            found = id_cursor_next(cython.address(c))
        return out

    def ids_down_from(self, ms: uint64_t, seq: uint64_t) -> list[tuple[int, int]]:
        """The IDs up to and with one, descending."""
        c: IdCursor
        out: list = []
        found: cython.bint = id_tree_seek_back(cython.address(self.tree), stream_id(ms, seq), cython.address(c))
        while found:
            id: StreamID = id_cursor_id(cython.address(self.tree), cython.address(c))
            out.append((id.ms, id.seq))
            found = id_cursor_previous(cython.address(c))
        return out

    def ends(self) -> list[tuple[int, int]]:
        """The first and the last ID; nothing where there is none."""
        c: IdCursor
        out: list = []
        if id_tree_first(cython.address(self.tree), cython.address(c)):
            first: StreamID = id_cursor_id(cython.address(self.tree), cython.address(c))
            out.append((first.ms, first.seq))
        if id_tree_last(cython.address(self.tree), cython.address(c)):
            last: StreamID = id_cursor_id(cython.address(self.tree), cython.address(c))
            out.append((last.ms, last.seq))
        return out

    def copy(self) -> object:
        """A tree of the same content."""
        fresh: IdIndex = IdIndex(self.valued)
        id_tree_copy(cython.address(self.tree), cython.address(fresh.tree))
        return fresh

    def clear(self) -> None:
        """Take all IDs out."""
        id_tree_clear(cython.address(self.tree))

    @property
    def size_bytes(self) -> int:
        """Bytes of all nodes."""
        return self.tree.size_bytes

    @property
    def height(self) -> int:
        """Levels of inner nodes."""
        return self.tree.height
