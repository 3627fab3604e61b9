"""Quicklist, changes between its ends: find, insert, replace, delete. The layout is told in `quicklist`.

Where an insertion goes follows Redis: into the element's node while that is not full; next to the node's end into the
neighbour while that is not; else into a node of its own there, and between two elements of a full node, the node is
split. After a split each two neighbours near it that fit into one node are merged. Replacing an element does not look
at the limit, deleting merges nothing.
"""

import cython
from cython.cimports.libc.stdint import uint32_t, uint64_t
from cython.cimports.libc.string import memcmp, memcpy
from cython.cimports.pyrite.core.listpack import (
    LP_EMPTY,
    LP_HEADER,
    LP_NONE,
    LP_SAFE_MAX,
    LpValue,
    lp_after,
    lp_bytes,
    lp_copy,
    lp_count,
    lp_end,
    lp_find,
    lp_free,
    lp_last,
    lp_new,
    lp_next,
    lp_seek,
    lp_set_bytes,
    lp_set_count,
    lp_validate,
    packed_capacity,
)
from cython.cimports.pyrite.core.listpack_edit import (
    LpItem,
    lp_append,
    lp_delete,
    lp_delete_each,
    lp_insert,
    lp_item_text,
    lp_merge,
    lp_replace,
)
from cython.cimports.pyrite.core.memory import mem_alloc, mem_free, mem_try_alloc
from cython.cimports.pyrite.core.quicklist import (
    QL_PACKED,
    QL_PLAIN,
    QlAt,
    QlNode,
    QuickList,
    ql_add_node,
    ql_allows,
    ql_append_node,
    ql_back,
    ql_bytes,
    ql_compress,
    ql_compress_ends,
    ql_copy,
    ql_edge_at,
    ql_exceeds,
    ql_fits_listpack,
    ql_forward,
    ql_free,
    ql_is_end,
    ql_is_large,
    ql_lzf,
    ql_memory,
    ql_new,
    ql_node,
    ql_open,
    ql_remove_node,
    ql_resize,
    ql_set_plain_min,
    ql_settle,
    ql_take_listpack,
    ql_unlink_node,
)
from cython.cimports.pyrite.core.quicklist_items import (
    QlIterator,
    ql_drop,
    ql_iterate,
    ql_next,
    ql_peek,
    ql_push,
    ql_read,
    ql_read_done,
    ql_reply,
    ql_seek,
)
from cython.cimports.pyrite.core.reply import Reply

# Nodes


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _element_data(p: cython.p_const_char, n: cython.Py_ssize_t, size: cython.pointer[cython.size_t]) -> cython.p_uchar:
    """The data of a node of one element, and its size; NULL without memory."""
    data: cython.p_uchar
    if ql_is_large(n):
        size[0] = n
        data = cython.cast(cython.p_uchar, mem_try_alloc(n))
        if data != cython.NULL:
            memcpy(data, p, n)
        return data
    empty: cython.p_uchar = lp_new()
    data = lp_append(empty, p, n)
    if data == cython.NULL:
        lp_free(empty)
        return data
    size[0] = lp_bytes(data)
    return data


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _add_element_node(
    ql: cython.pointer[QuickList], at: cython.pointer[QlAt], p: cython.p_const_char, n: cython.Py_ssize_t
) -> cython.bint:
    """Add a node of one element at this place; False without memory."""
    size: cython.size_t = 0
    data: cython.p_uchar = _element_data(p, n, cython.address(size))
    if data == cython.NULL:
        return False
    ql_add_node(ql, at, data, size, 1, QL_PLAIN if ql_is_large(n) else QL_PACKED)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _insert_into(
    ql: cython.pointer[QuickList], at: QlAt, position: cython.Py_ssize_t, p: cython.p_const_char, n: cython.Py_ssize_t
) -> cython.bint:
    """Insert into the listpack of a node that is not compressed; False without memory."""
    item: LpItem
    node: cython.pointer[QlNode] = ql_node(ql, at)
    ql_settle(node)
    lp_item_text(cython.address(item), p, n)
    lp: cython.p_uchar = lp_insert(node.data, position, cython.address(item), 1)
    if lp == cython.NULL:
        return False
    ql_resize(ql, at, lp, 1)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _delete_from(
    ql: cython.pointer[QuickList], at: QlAt, position: cython.Py_ssize_t, count: cython.Py_ssize_t
) -> cython.void:
    """Delete so many elements, but not all, of a node that is not compressed."""
    node: cython.pointer[QlNode] = ql_node(ql, at)
    ql_settle(node)
    ql_resize(ql, at, lp_delete(node.data, position, count), -count)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _split(ql: cython.pointer[QuickList], at: cython.pointer[QlAt], cut: cython.Py_ssize_t) -> cython.bint:
    """Put the elements from a position on, some but not all, into a node behind; `at` is then where that one stands.

    The node is not compressed. False without memory.
    """
    node: cython.pointer[QlNode] = ql_node(ql, at[0])
    ql_settle(node)
    kept: cython.Py_ssize_t = 0
    i: cython.Py_ssize_t = LP_HEADER
    while i < cut:
        i = lp_after(node.data, i)
        kept += 1
    moved: cython.Py_ssize_t = node.count - kept
    size: cython.size_t = LP_EMPTY + (lp_end(node.data) - cut)
    right: cython.p_uchar = cython.cast(cython.p_uchar, mem_try_alloc(packed_capacity(size)))
    if right == cython.NULL:
        return False
    lp_set_bytes(right, size)
    lp_set_count(right, moved)
    memcpy(right + LP_HEADER, node.data + cut, size - LP_HEADER)
    ql_resize(ql, at[0], lp_delete(node.data, cut, moved), -moved)
    at.node += 1
    ql_add_node(ql, at, right, size, moved, QL_PACKED)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _merge(ql: cython.pointer[QuickList], at: QlAt) -> cython.bint:
    """Merge a node with the one behind it, if there is one and the limit allows that."""
    behind: QlAt = at
    if not ql_forward(ql, cython.address(behind)):
        return False
    left: cython.pointer[QlNode] = ql_node(ql, at)
    right: cython.pointer[QlNode] = ql_node(ql, behind)
    if left.kind == QL_PLAIN or right.kind == QL_PLAIN:
        return False
    if ql_exceeds(ql.limit, left.size + right.size - LP_EMPTY, left.count + right.count):
        return False
    ql_open(left)
    ql_open(right)
    ql_settle(left)
    ql_settle(right)
    count: cython.Py_ssize_t = right.count
    lp: cython.p_uchar = lp_merge(left.data, right.data)
    if lp == cython.NULL:
        return False
    ql_unlink_node(ql, cython.address(behind))
    ql_resize(ql, at, lp, count)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _merge_around(ql: cython.pointer[QuickList], center: QlAt) -> QlAt:
    """Merge the two nodes before this one, the two behind it, and then it with its neighbours; returns where it is."""
    other: QlAt = center
    if ql_back(ql, cython.address(other)) and ql_back(ql, cython.address(other)) and _merge(ql, other):
        center = other
        ql_forward(ql, cython.address(center))
    other = center
    if ql_forward(ql, cython.address(other)):
        _merge(ql, other)
    other = center
    if ql_back(ql, cython.address(other)) and _merge(ql, other):
        center = other
    _merge(ql, center)
    return center


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _compress_around(ql: cython.pointer[QuickList], at: QlAt) -> cython.void:
    """Compress again what was opened: this node, up to two before it and up to two behind it; and see to the ends."""
    if ql.depth == 0 or ql.nodes == 0:
        return
    if ql_is_end(ql, at):
        at = ql_edge_at(ql, False)
    for _ in range(2):
        ql_back(ql, cython.address(at))
    for _ in range(5):
        ql_compress(ql, at)
        if not ql_forward(ql, cython.address(at)):
            break
    ql_compress_ends(ql)


# By place


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _find_in(node: cython.pointer[QlNode], p: cython.p_const_char, n: cython.Py_ssize_t) -> cython.Py_ssize_t:
    """The position of the first element of a node that is this string; LP_NONE where none is."""
    stamp: uint64_t = 0
    if node.kind == QL_PLAIN and node.size != cython.cast(cython.size_t, n):
        return LP_NONE
    data: cython.p_const_uchar = ql_read(node, cython.address(stamp))
    position: cython.Py_ssize_t
    if node.kind == QL_PLAIN:
        position = LP_HEADER if memcmp(data, p, n) == 0 else LP_NONE
    else:
        position = lp_find(data, LP_HEADER, p, n, 0)
    ql_read_done(stamp)
    return position


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_find(
    ql: cython.pointer[QuickList], p: cython.p_const_char, n: cython.Py_ssize_t, place: cython.pointer[QlPlace]
) -> cython.bint:
    """Find the first element that is this string; False where none is."""
    if ql.nodes == 0:
        return False
    place.at = ql_edge_at(ql, True)
    while True:
        place.position = _find_in(ql_node(ql, place.at), p, n)
        if place.position != LP_NONE:
            return True
        if not ql_forward(ql, cython.address(place.at)):
            return False


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _insert_between(
    ql: cython.pointer[QuickList],
    place: cython.pointer[cython.const[QlPlace]],
    p: cython.p_const_char,
    n: cython.Py_ssize_t,
    after: cython.bint,
) -> cython.bint:
    """Split a node before or behind an element, and insert there; False without memory."""
    right: QlAt = place.at
    left: QlAt
    done: cython.bint
    lp: cython.p_uchar = ql_node(ql, right).data
    if not _split(ql, cython.address(right), lp_after(lp, place.position) if after else place.position):
        return False
    if ql_is_large(n):
        done = _add_element_node(ql, cython.address(right), p, n)
        _compress_around(ql, right)
        return done
    left = right
    ql_back(ql, cython.address(left))
    if after:
        done = _insert_into(ql, right, LP_HEADER, p, n)
    else:
        done = _insert_into(ql, left, lp_end(ql_node(ql, left).data), p, n)
    _compress_around(ql, _merge_around(ql, left if after else right))
    return done


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_insert(
    ql: cython.pointer[QuickList],
    place: cython.pointer[cython.const[QlPlace]],
    p: cython.p_const_char,
    n: cython.Py_ssize_t,
    after: cython.bint,
) -> cython.bint:
    """Insert an element before or behind another; False without memory."""
    at: QlAt = place.at
    beside: QlAt = at
    done: cython.bint
    position: cython.Py_ssize_t = LP_HEADER
    node: cython.pointer[QlNode] = ql_node(ql, at)
    is_outmost: cython.bint = True
    ql_open(node)
    if node.kind == QL_PACKED:
        position = lp_after(node.data, place.position) if after else place.position
        is_outmost = position == (lp_end(node.data) if after else LP_HEADER)
    if ql_allows(ql, node, n):
        done = _insert_into(ql, at, position, p, n)
    elif not is_outmost:
        return _insert_between(ql, place, p, n, after)
    elif (ql_forward(ql, cython.address(beside)) if after else ql_back(ql, cython.address(beside))) and ql_allows(
        ql, ql_node(ql, beside), n
    ):
        ql_open(ql_node(ql, beside))
        done = _insert_into(ql, beside, LP_HEADER if after else lp_end(ql_node(ql, beside).data), p, n)
    else:
        at.node += after
        done = _add_element_node(ql, cython.address(at), p, n)
    _compress_around(ql, at)
    return done


# By index


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _replace_plain(
    ql: cython.pointer[QuickList], index: cython.size_t, at: QlAt, p: cython.p_const_char, n: cython.Py_ssize_t
) -> cython.bint:
    """Replace the element of a plain node by another one, which may be small."""
    place: QlPlace
    place.at = at
    place.position = LP_HEADER
    if not ql_insert(ql, cython.address(place), p, n, True):
        return False
    ql_seek(ql, index, cython.address(at))
    ql_remove_node(ql, cython.address(at))
    _compress_around(ql, at)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _replace_apart(
    ql: cython.pointer[QuickList],
    at: QlAt,
    position: cython.Py_ssize_t,
    p: cython.p_const_char,
    n: cython.Py_ssize_t,
) -> cython.bint:
    """Replace an element of a listpack by one in a node of its own: split behind the old one, and delete it."""
    node: cython.pointer[QlNode] = ql_node(ql, at)
    cut: cython.Py_ssize_t = lp_after(node.data, position)
    if cut == lp_end(node.data):
        at.node += 1
    elif not _split(ql, cython.address(at), cut):
        return False
    if not _add_element_node(ql, cython.address(at), p, n):
        return False
    left: QlAt = at
    ql_back(ql, cython.address(left))
    if ql_node(ql, left).count == 1:
        ql_remove_node(ql, cython.address(left))
        _compress_around(ql, left)
        return True
    _delete_from(ql, left, lp_last(ql_node(ql, left).data), 1)
    _compress_around(ql, _merge_around(ql, at))
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_replace(
    ql: cython.pointer[QuickList], index: cython.size_t, p: cython.p_const_char, n: cython.Py_ssize_t
) -> cython.bint:
    """Put another element in the place of that of an index, which is less than the count; False without memory."""
    at: QlAt
    offset: cython.Py_ssize_t = ql_seek(ql, index, cython.address(at))
    node: cython.pointer[QlNode] = ql_node(ql, at)
    if node.kind == QL_PLAIN:
        return _replace_plain(ql, index, at, p, n)
    ql_open(node)
    ql_settle(node)
    position: cython.Py_ssize_t = lp_seek(node.data, offset)
    if ql_is_large(n) or node.size + cython.cast(cython.size_t, n) > LP_SAFE_MAX:
        return _replace_apart(ql, at, position, p, n)
    lp: cython.p_uchar = lp_replace(node.data, position, p, n)
    if lp != cython.NULL:
        ql_resize(ql, at, lp, 0)
    ql_compress(ql, at)
    return lp != cython.NULL


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_delete(ql: cython.pointer[QuickList], index: cython.size_t, count: cython.size_t) -> cython.void:
    """Delete so many elements from this index on, as far as there are."""
    at: QlAt
    taken: cython.size_t
    node: cython.pointer[QlNode]
    if index >= ql.count or count == 0:
        return
    if count > ql.count - index:
        count = ql.count - index
    offset: cython.size_t = ql_seek(ql, index, cython.address(at))
    while True:
        node = ql_node(ql, at)
        taken = node.count - offset
        if taken > count:
            taken = count
        count -= taken
        if taken == node.count:
            ql_remove_node(ql, cython.address(at))
            if count == 0:
                break
        else:
            ql_open(node)
            _delete_from(ql, at, lp_seek(node.data, offset), taken)
            if count == 0:
                break
            ql_forward(ql, cython.address(at))
        offset = 0
    _compress_around(ql, at)


# By value


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lp_remove(
    lp: cython.p_uchar,
    p: cython.p_const_char,
    n: cython.Py_ssize_t,
    most: cython.size_t,
    reverse: cython.bint,
    removed: cython.pointer[cython.size_t],
) -> cython.p_uchar:
    """Delete the elements of a listpack that are this string, the first or the last `most` of them.

    Returns where the listpack is then; never NULL.
    """
    at: cython.Py_ssize_t = lp_find(lp, LP_HEADER, p, n, 0)
    removed[0] = 0
    if at == LP_NONE:
        return lp
    room: cython.size_t = lp_count(lp) * cython.sizeof(uint32_t)
    positions: cython.pointer[uint32_t] = cython.cast(cython.pointer[uint32_t], mem_alloc(room))
    found: cython.size_t = 0
    while at != LP_NONE and (reverse or found < most):
        positions[found] = cython.cast(uint32_t, at)
        found += 1
        at = lp_find(lp, lp_next(lp, at), p, n, 0)
    taken: cython.size_t = found if found < most else most
    lp = lp_delete_each(lp, positions + (found - taken), taken)
    mem_free(positions, room)
    removed[0] = taken
    return lp


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _remove_from(
    ql: cython.pointer[QuickList],
    at: QlAt,
    p: cython.p_const_char,
    n: cython.Py_ssize_t,
    most: cython.size_t,
    reverse: cython.bint,
) -> cython.size_t:
    """Remove from one node what is this string, at most so many; returns how many: its count where it is to go."""
    node: cython.pointer[QlNode] = ql_node(ql, at)
    removed: cython.size_t = 0
    if _find_in(node, p, n) == LP_NONE:
        return 0
    if node.count == 1:
        return 1
    ql_open(node)
    ql_settle(node)
    lp: cython.p_uchar = lp_remove(node.data, p, n, most, reverse, cython.address(removed))
    # A node that is to go whole keeps its count until then.
    ql_resize(ql, at, lp, 0 if removed == node.count else -cython.cast(cython.Py_ssize_t, removed))
    return removed


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def ql_remove(
    ql: cython.pointer[QuickList],
    p: cython.p_const_char,
    n: cython.Py_ssize_t,
    most: cython.size_t,
    reverse: cython.bint,
) -> cython.size_t:
    """Remove the first, or the last, `most` elements that are this string; returns how many there were."""
    at: QlAt
    taken: cython.size_t
    count: cython.size_t
    removed: cython.size_t = 0
    if ql.nodes == 0:
        return 0
    at = ql_edge_at(ql, not reverse)
    while removed < most:
        count = ql_node(ql, at).count
        taken = _remove_from(ql, at, p, n, most - removed, reverse)
        removed += taken
        if taken == count:
            ql_remove_node(ql, cython.address(at))
            ql_compress_ends(ql)
            if ql.nodes == 0 or not (ql_back(ql, cython.address(at)) if reverse else not ql_is_end(ql, at)):
                break
            continue
        if taken:
            ql_compress(ql, at)
        if not (ql_back(ql, cython.address(at)) if reverse else ql_forward(ql, cython.address(at))):
            break
    return removed


# Python handles, for tests and cold callers


def set_plain_min(size: cython.size_t) -> bool:
    """Set from how many bytes on elements of all lists get plain nodes; 0 is the default. False if too large."""
    return ql_set_plain_min(size)


@cython.cfunc
def _value(value: cython.pointer[LpValue]) -> object:
    return value.number if value.text == cython.NULL else value.text[: value.length]


@cython.cclass
class Quicklist:
    """A quicklist, for tests. Elements go in as bytes, and come out as what they are stored as: bytes or int.

    An index that there is no element for raises IndexError, what memory does not suffice for raises MemoryError.
    """

    ql: cython.pointer[QuickList]

    def __cinit__(self, limit: cython.longlong = -2, depth: cython.longlong = 0) -> None:
        self.ql = ql_new(limit, depth)

    def __dealloc__(self) -> None:
        if self.ql != cython.NULL:
            ql_free(self.ql)

    def __len__(self) -> int:
        return self.ql.count

    @cython.cfunc
    def check(self, index: cython.size_t) -> cython.int:
        if index >= self.ql.count:
            raise IndexError(index)
        return 0

    def __getitem__(self, index: cython.size_t) -> object:
        it: QlIterator
        value: LpValue
        self.check(index)
        ql_iterate(self.ql, cython.address(it), index, False)
        ql_next(cython.address(it), cython.address(value))
        return _value(cython.address(value))

    def walk(self, index: cython.size_t, reverse: cython.bint = False) -> list[object]:
        """The elements from an index on, one way or the other; none for an index past the end."""
        it: QlIterator
        value: LpValue
        out: list = []
        ql_iterate(self.ql, cython.address(it), index, reverse)
        while ql_next(cython.address(it), cython.address(value)):
            out.append(_value(cython.address(value)))
        return out

    def walk_with(self, other: Quicklist) -> list[tuple[object, object]]:
        """The elements of both in pairs, read in turn, up to the end of the shorter one."""
        mine: QlIterator
        theirs: QlIterator
        value: LpValue
        out: list = []
        ql_iterate(self.ql, cython.address(mine), 0, False)
        ql_iterate(other.ql, cython.address(theirs), 0, False)
        while ql_next(cython.address(mine), cython.address(value)):
            first = _value(cython.address(value))
            if not ql_next(cython.address(theirs), cython.address(value)):
                break
            out.append((first, _value(cython.address(value))))
        return out

    def reply(self, index: cython.size_t, count: cython.size_t) -> bytes:
        """So many elements from an index on, as they go over the wire."""
        reply: Reply = Reply()
        self.check(index)
        ql_reply(self.ql, reply, index, min(count, self.ql.count - index))
        return reply.buf[: reply.n]

    def push(self, text: bytes, front: cython.bint = False) -> None:
        """Add at an end."""
        if not ql_push(self.ql, text, len(text), front):
            raise MemoryError

    def pop(self, front: cython.bint = False) -> object:
        """Take the element at an end."""
        value: LpValue
        self.check(0)
        ql_peek(self.ql, front, cython.address(value))
        taken = _value(cython.address(value))
        ql_drop(self.ql, front)
        return taken

    def push_huge(self, length: cython.Py_ssize_t, front: cython.bint = False) -> None:
        """Add a string of this length that is not there; what is refused never reads it."""
        if not ql_push(self.ql, cython.NULL, length, front):
            raise MemoryError

    def insert(self, pivot: bytes, text: bytes, after: cython.bint = False) -> bool:
        """Insert before or behind the first element that is `pivot`; False where none is."""
        place: QlPlace
        if not ql_find(self.ql, pivot, len(pivot), cython.address(place)):
            return False
        if not ql_insert(self.ql, cython.address(place), text, len(text), after):
            raise MemoryError
        return True

    def __setitem__(self, index: cython.size_t, text: bytes) -> None:
        self.check(index)
        if not ql_replace(self.ql, index, text, len(text)):
            raise MemoryError

    def delete(self, index: cython.size_t, count: cython.size_t) -> None:
        """Delete so many elements from an index on."""
        ql_delete(self.ql, index, count)

    def remove(self, text: bytes, most: cython.size_t, reverse: cython.bint = False) -> int:
        """Remove the first or the last so many elements that are this string; returns how many there were."""
        return ql_remove(self.ql, text, len(text), most, reverse)

    def append_listpack(self, data: bytes) -> None:
        """Add a node that is this listpack."""
        lp: cython.p_uchar
        if not lp_validate(data, len(data), True) or len(data) == LP_EMPTY:
            raise ValueError("not a listpack with elements")
        lp = lp_copy(data, len(data))
        ql_append_node(self.ql, lp, len(data), lp_count(lp), QL_PACKED)

    def copy(self) -> Quicklist:
        """A copy."""
        fresh: Quicklist = Quicklist()
        ql_free(fresh.ql)
        fresh.ql = ql_copy(self.ql)
        return fresh

    def fits_listpack(self, limit: cython.longlong, shrinking: cython.bint) -> bool:
        """Tell whether all is one listpack within the limit, or half of it."""
        return ql_fits_listpack(self.ql, limit, shrinking)

    def take_listpack(self) -> bytes:
        """The listpack that a list of at most one node is; it is empty afterwards."""
        lp: cython.p_uchar = ql_take_listpack(self.ql)
        data: bytes = lp[: lp_bytes(lp)]
        lp_free(lp)
        self.ql = ql_new(-2, 0)
        return data

    def nodes(self) -> list[tuple[int, int, int, bool]]:
        """Of each node: kind, elements, bytes without compression, and whether it is compressed."""
        node: cython.pointer[QlNode]
        at: QlAt
        out: list = []
        if self.ql.nodes == 0:
            return out
        at = ql_edge_at(self.ql, True)
        while True:
            node = ql_node(self.ql, at)
            out.append((node.kind, node.count, node.size, bool(node.is_lzf)))
            if not ql_forward(self.ql, cython.address(at)):
                return out

    def data(self) -> list[bytes]:
        """The bytes of each node as they stand in memory, compressed or not."""
        node: cython.pointer[QlNode]
        p: cython.p_const_char = cython.NULL
        n: cython.size_t = 0
        at: QlAt
        out: list = []
        if self.ql.nodes == 0:
            return out
        at = ql_edge_at(self.ql, True)
        while True:
            node = ql_node(self.ql, at)
            if ql_lzf(node, cython.address(p), cython.address(n)):
                out.append(p[:n])
            else:
                out.append(node.data[: node.size])
            if not ql_forward(self.ql, cython.address(at)):
                return out

    def chunks(self) -> list[tuple[int, int]]:
        """Of each chunk: nodes and elements."""
        return [(self.ql.chunks[i].count, self.ql.chunks[i].items) for i in range(self.ql.used)]

    @property
    def bytes_total(self) -> int:
        """Bytes of all nodes without compression."""
        return ql_bytes(self.ql)

    @property
    def memory_bytes(self) -> int:
        """Bytes that it takes from the allocator."""
        return ql_memory(self.ql)
