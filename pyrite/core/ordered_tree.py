"""The tree of an ordered index: its nodes, the way down, and how they grow and shrink. `ordered_index` is what is used.

A B+tree whose inner nodes count what is below them. A node is one block:

    offset  size
         0     8  prev  the neighbours within the level
         8     8  next
        16     4  count
        20     4  capacity
        24  16 x  leaf: score, entry                                                 up to 62: 1,016 bytes
            32 x  inner node: first score, first entry below; child; items below     up to 63: 2,040 bytes

The score stands beside the entry's address, so a search touches an entry only where scores are equal. Inner nodes hold
the exact first item below each child, an entry's address as well, so it is renewed when that item goes or moves.

Room: a node's block grows and shrinks by eight items, so a leaf that has split does not pay for the half that it lost;
see docs/decisions/ordered-index.md for what was measured. Items that come in growing order, or in falling order, leave
full leaves behind them. A node that falls below 40 percent takes from its neighbour or joins it; the first and the last
of each level may be smaller, and only join, as they are where queues are emptied.

Invariants: no node is empty; the root has two branches at least, unless it is a leaf; a branch's first item and count
are exact; all nodes but the first and last of a level have LEAF_MIN items or FAN_MIN branches.

A Path is the way from the root to a place in a leaf. What changes the tree takes the path there and goes up along it,
so nothing recurses and nodes need no pointer to their parents.
"""

import cython
from cython.cimports.libc.stdint import uint32_t
from cython.cimports.libc.string import memcmp, memcpy, memmove, memset
from cython.cimports.pyrite.core.entry import Entry, entry_key, entry_key_length
from cython.cimports.pyrite.core.hashtable import __builtin_prefetch
from cython.cimports.pyrite.core.memory import mem_alloc, mem_block_size, mem_free, mem_realloc

# Nodes: their blocks and what stands in them


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _least(level: cython.int) -> uint32_t:
    return FAN_MIN if level else LEAF_MIN


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _node_size(level: cython.int, capacity: cython.size_t) -> cython.size_t:
    return cython.sizeof(Node) + capacity * node_width(level)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _capacity_for(level: cython.int, count: cython.size_t) -> uint32_t:
    """Room for at least so many, as much as a block of whole steps has behind the header."""
    step: cython.size_t = CAPACITY_STEP * node_width(level)
    size: cython.size_t = (_node_size(level, count) + step - 1) // step * step
    return cython.cast(uint32_t, (size - cython.sizeof(Node)) // node_width(level))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def tree_new_node(x: cython.pointer[OrderedIndex], level: cython.int, count: cython.size_t) -> cython.pointer[Node]:
    """An empty node, linked to nothing, with room for so many."""
    capacity: uint32_t = _capacity_for(level, count)
    size: cython.size_t = _node_size(level, capacity)
    node: cython.pointer[Node] = cython.cast(cython.pointer[Node], mem_alloc(size))
    memset(node, 0, cython.sizeof(Node))
    node.capacity = capacity
    x.size_bytes += mem_block_size(size)
    return node


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _free_node(x: cython.pointer[OrderedIndex], level: cython.int, node: cython.pointer[Node]) -> cython.void:
    size: cython.size_t = _node_size(level, node.capacity)
    x.size_bytes -= mem_block_size(size)
    mem_free(node, size)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def tree_resize(
    x: cython.pointer[OrderedIndex],
    level: cython.int,
    owner: cython.pointer[cython.pointer[Node]],
    count: cython.size_t,
) -> cython.pointer[Node]:
    """Give the node that `owner` points to room for so many; returns where it stands now, and tells all who know it."""
    node: cython.pointer[Node] = owner[0]
    old: cython.size_t = _node_size(level, node.capacity)
    capacity: uint32_t = _capacity_for(level, count)
    size: cython.size_t = _node_size(level, capacity)
    node = cython.cast(cython.pointer[Node], mem_realloc(node, old, size))
    node.capacity = capacity
    x.size_bytes += mem_block_size(size) - mem_block_size(old)
    owner[0] = node
    if node.prev != cython.NULL:
        node.prev.next = node
    if node.next != cython.NULL:
        node.next.prev = node
    return node


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _trim(
    x: cython.pointer[OrderedIndex], level: cython.int, owner: cython.pointer[cython.pointer[Node]]
) -> cython.pointer[Node]:
    """Give back unused room where there is much of it."""
    if owner[0].capacity - owner[0].count >= SPARE_MAX:
        return tree_resize(x, level, owner, owner[0].count)
    return owner[0]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def node_weight(node: cython.pointer[Node], level: cython.int, start: uint32_t, n: uint32_t) -> cython.size_t:
    """Items in or below `n` items or branches of a node."""
    i: uint32_t
    total: cython.size_t = 0
    if level == 0:
        return n
    for i in range(start, start + n):
        total += node_branch(node, i).count
    return total


# Comparing and searching


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _compare_members(e: cython.pointer[Entry], member: cython.p_const_char, length: cython.size_t) -> cython.int:
    """Less than, equal to or more than 0, as the entry's member comes before, is, or comes behind this one."""
    own: cython.size_t = entry_key_length(e)
    order: cython.int = memcmp(entry_key(e), member, own if own < length else length)
    if order or own == length:
        return order
    return -1 if own < length else 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def item_compare(item: cython.pointer[Item], key: cython.pointer[OrderedKey]) -> cython.int:
    """As `_compare_members`, of an item with an exact key."""
    if item.score != key.score:
        return -1 if item.score < key.score else 1
    if item.entry == key.entry:
        return 0
    return _compare_members(item.entry, key.member, key.length)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _find_score(
    items: cython.p_char, width: cython.size_t, count: cython.size_t, score: cython.double
) -> cython.size_t:
    """How many of the items come before all of this score. The steps are computed, as branches on them mispredict."""
    low: cython.p_char = items
    half: cython.size_t
    if count == 0:
        return 0
    while count > 1:
        half = count >> 1
        low += half * width * (cython.cast(cython.pointer[Item], low + (half - 1) * width).score < score)
        count -= half
    return cython.cast(cython.size_t, low - items) // width + (cython.cast(cython.pointer[Item], low).score < score)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _find_behind(
    items: cython.p_char, width: cython.size_t, count: cython.size_t, score: cython.double
) -> cython.size_t:
    """How many of the items have at most this score."""
    low: cython.size_t = 0
    while low < count:
        middle: cython.size_t = (low + count) >> 1
        if cython.cast(cython.pointer[Item], items + middle * width).score <= score:
            low = middle + 1
        else:
            count = middle
    return low


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _find_member(
    items: cython.p_char, width: cython.size_t, count: cython.size_t, key: cython.pointer[OrderedKey]
) -> cython.size_t:
    """How many of the items come before a key that is a member without a score."""
    low: cython.size_t = 0
    order: cython.int
    while low < count:
        middle: cython.size_t = (low + count) >> 1
        order = _compare_members(
            cython.cast(cython.pointer[Item], items + middle * width).entry, key.member, key.length
        )
        if order < 0 or (order == 0 and key.mode == KEY_MEMBER_AFTER):
            low = middle + 1
        else:
            count = middle
    return low


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _find_exact(
    items: cython.p_char,
    width: cython.size_t,
    count: cython.size_t,
    key: cython.pointer[OrderedKey],
    found: cython.pointer[cython.bint],
) -> cython.size_t:
    """How many of the items come before an exact key, and whether the next one is equal to it."""
    low: cython.size_t = _find_score(items, width, count, key.score)
    order: cython.int
    found[0] = False
    if low == count or cython.cast(cython.pointer[Item], items + low * width).score != key.score:
        return low
    # The first of this score is mostly the only one, so look at it before halving what is behind it.
    middle: cython.size_t = low
    while low < count:
        order = item_compare(cython.cast(cython.pointer[Item], items + middle * width), key)
        if order == 0:
            found[0] = True
            return middle
        if order < 0:
            low = middle + 1
        else:
            count = middle
        middle = (low + count) >> 1
    return low


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _find(
    items: cython.p_char,
    width: cython.size_t,
    count: cython.size_t,
    key: cython.pointer[OrderedKey],
    found: cython.pointer[cython.bint],
) -> cython.size_t:
    if key.mode == KEY_EXACT:
        return _find_exact(items, width, count, key, found)
    found[0] = False
    if key.mode == KEY_SCORE_FROM:
        return _find_score(items, width, count, key.score)
    if key.mode == KEY_SCORE_AFTER:
        return _find_behind(items, width, count, key.score)
    return _find_member(items, width, count, key)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _fetch(node: cython.pointer[Node], level: cython.int) -> cython.void:
    """Ask the cache for lines all over a node at once, as the steps of a search would wait for one after another."""
    i: cython.size_t
    stride: cython.size_t = 64 << (level > 0)
    for i in range(16):
        __builtin_prefetch(cython.cast(cython.p_char, node) + i * stride)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def tree_descend(
    x: cython.pointer[cython.const[OrderedIndex]], key: cython.pointer[OrderedKey], path: cython.pointer[Path]
) -> cython.bint:
    """The way to where the key stands or would stand; whether it stands there. The index is not empty."""
    node: cython.pointer[Node] = x.root
    level: cython.int = x.height
    found: cython.bint = False
    at: cython.size_t
    while level:
        at = _find(node_slot(node, 1, 0), cython.sizeof(Branch), node.count, key, cython.address(found))
        if not found and at:
            at -= 1
        path.steps[level].node = node
        path.steps[level].index = cython.cast(uint32_t, at)
        node = node_branch(node, at).child
        level -= 1
        _fetch(node, level)
    path.steps[0].node = node
    path.steps[0].index = cython.cast(
        uint32_t, _find(node_slot(node, 0, 0), cython.sizeof(Item), node.count, key, cython.address(found))
    )
    return found


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def tree_descend_to_rank(
    x: cython.pointer[cython.const[OrderedIndex]], rank: cython.size_t, path: cython.pointer[Path]
) -> cython.void:
    """The way to the item at a rank, or behind the last one. The index is not empty."""
    node: cython.pointer[Node] = x.root
    level: cython.int = x.height
    i: uint32_t
    while level:
        i = 0
        while rank >= node_branch(node, i).count and i + 1 < node.count:
            rank -= node_branch(node, i).count
            i += 1
        path.steps[level].node = node
        path.steps[level].index = i
        node = node_branch(node, i).child
        level -= 1
    path.steps[0].node = node
    path.steps[0].index = cython.cast(uint32_t, rank if rank < node.count else node.count)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def tree_rank(x: cython.pointer[cython.const[OrderedIndex]], path: cython.pointer[Path]) -> cython.size_t:
    """How many items come before where the way leads."""
    rank: cython.size_t = path.steps[0].index
    level: cython.int
    for level in range(1, x.height + 1):
        rank += node_weight(path.steps[level].node, level, 0, path.steps[level].index)
    return rank


# Keeping inner nodes exact


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def tree_owner(
    x: cython.pointer[OrderedIndex], path: cython.pointer[Path], level: cython.int
) -> cython.pointer[cython.pointer[Node]]:
    """What points down to the node that the way takes at a level."""
    if level == x.height:
        return cython.address(x.root)
    return cython.address(node_branch(path.steps[level + 1].node, path.steps[level + 1].index).child)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _renew_first(path: cython.pointer[Path], level: cython.int) -> cython.void:
    """Copy the first item of the node at a level into the branch above it."""
    up: cython.pointer[Step] = cython.address(path.steps[level + 1])
    node_branch(up.node, up.index).first = cython.cast(
        cython.pointer[Item], node_slot(path.steps[level].node, level, 0)
    )[0]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def tree_renew_firsts(x: cython.pointer[OrderedIndex], path: cython.pointer[Path]) -> cython.void:
    """Tell the branches above that the first item of the way's leaf is another one."""
    level: cython.int
    for level in range(x.height):
        _renew_first(path, level)
        if path.steps[level + 1].index:
            return


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def tree_count_above(
    x: cython.pointer[OrderedIndex], path: cython.pointer[Path], more: cython.Py_ssize_t
) -> cython.void:
    """Count items that came (or, negative, went) at the way's leaf."""
    level: cython.int
    x.count += more
    for level in range(1, x.height + 1):
        node_branch(path.steps[level].node, path.steps[level].index).count += more


# Growing


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _raise_root(x: cython.pointer[OrderedIndex], path: cython.pointer[Path]) -> cython.void:
    """Put a root with one branch above the present one."""
    root: cython.pointer[Node] = tree_new_node(x, 1, 2)
    branch: cython.pointer[Branch] = node_branch(root, 0)
    branch.first = cython.cast(cython.pointer[Item], node_slot(x.root, x.height, 0))[0]
    branch.child = x.root
    branch.count = x.count
    root.count = 1
    x.root = root
    x.height += 1
    path.steps[x.height].node = root
    path.steps[x.height].index = 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _open_branch(
    x: cython.pointer[OrderedIndex],
    path: cython.pointer[Path],
    level: cython.int,
    child: cython.pointer[Node],
    moved: cython.size_t,
) -> cython.void:
    """Put a child behind the one that the way takes, from which it took over so many items. The node is not full."""
    step: cython.pointer[Step] = cython.address(path.steps[level])
    if step.node.count == step.node.capacity:
        step.node = tree_resize(x, level, tree_owner(x, path, level), step.node.count + 1)
    branch: cython.pointer[Branch] = node_branch(step.node, step.index)
    memmove(branch + 2, branch + 1, (step.node.count - step.index - 1) * cython.sizeof(Branch))
    branch.count -= moved
    branch[1].first = cython.cast(cython.pointer[Item], node_slot(child, level - 1, 0))[0]
    branch[1].child = child
    branch[1].count = moved
    step.node.count += 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _split(
    x: cython.pointer[OrderedIndex], path: cython.pointer[Path], level: cython.int, at: uint32_t, end: cython.bint
) -> cython.void:
    """Move a node's items from `at` on into a new one behind it; the way then leads to whichever takes its index.

    The node above has room. `end` says that the way leads behind everything.
    """
    step: cython.pointer[Step] = cython.address(path.steps[level])
    node: cython.pointer[Node] = step.node
    # With nothing left in the old one, the newcomer goes there.
    right: cython.pointer[Node] = tree_new_node(x, level, node.count - at + 1 if at else node.count)
    right.count = node.count - at
    memcpy(node_slot(right, level, 0), node_slot(node, level, at), right.count * node_width(level))
    node.count = at
    right.next = node.next
    right.prev = node
    node.next = right
    if right.next != cython.NULL:
        right.next.prev = right
    _open_branch(x, path, level + 1, right, node_weight(right, level, 0, right.count))
    if _capacity_for(level, at + 1) < node.capacity:
        step.node = tree_resize(x, level, tree_owner(x, path, level), at + 1)
    if step.index > at or (step.index == at and (level or end)):
        step.node = right
        step.index -= at
        path.steps[level + 1].index += 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def tree_split_full(x: cython.pointer[OrderedIndex], path: cython.pointer[Path]) -> cython.void:
    """Split the way's leaf, which is full, and first the full nodes above it, from the topmost down.

    They split in the middle; at either end of the tree they split there, and so stay full when more comes in order.
    """
    leaf: cython.pointer[Node] = path.steps[0].node
    end: cython.bint = leaf.next == cython.NULL and path.steps[0].index == leaf.count
    start: cython.bint = leaf.prev == cython.NULL and path.steps[0].index == 0
    level: cython.int = 1
    count: uint32_t
    at: uint32_t
    while level <= x.height and path.steps[level].node.count == FAN_MAX:
        level += 1
    if level > x.height:
        _raise_root(x, path)
    while level:
        level -= 1
        count = path.steps[level].node.count
        at = count >> 1
        if end:
            at = count - 1 if level else count
        elif start:
            at = 1 if level else 0
        _split(x, path, level, at, end)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def tree_place(x: cython.pointer[OrderedIndex], path: cython.pointer[Path], e: cython.pointer[Entry]) -> cython.void:
    """Put an entry where the way leads."""
    if path.steps[0].node.count == LEAF_MAX:
        tree_split_full(x, path)
    step: cython.pointer[Step] = cython.address(path.steps[0])
    if step.node.count == step.node.capacity:
        step.node = tree_resize(x, 0, tree_owner(x, path, 0), step.node.count + 1)
    item: cython.pointer[Item] = node_item(step.node, step.index)
    memmove(item + 1, item, (step.node.count - step.index) * cython.sizeof(Item))
    item.score = entry_score(e)
    item.entry = e
    step.node.count += 1
    tree_count_above(x, path, 1)
    if step.index == 0:
        tree_renew_firsts(x, path)


# Shrinking


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _drop(x: cython.pointer[OrderedIndex], level: cython.int, parent: cython.pointer[Node], i: uint32_t) -> cython.void:
    """Free a child, at this level, whose items are gone or have moved."""
    branch: cython.pointer[Branch] = node_branch(parent, i)
    node: cython.pointer[Node] = branch.child
    if node.prev != cython.NULL:
        node.prev.next = node.next
    if node.next != cython.NULL:
        node.next.prev = node.prev
    _free_node(x, level, node)
    parent.count -= 1
    memmove(branch, branch + 1, (parent.count - i) * cython.sizeof(Branch))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _join(x: cython.pointer[OrderedIndex], level: cython.int, parent: cython.pointer[Node], i: uint32_t) -> cython.void:
    """Move all of the child behind child `i` into it."""
    pair: cython.pointer[Branch] = node_branch(parent, i)
    right: cython.pointer[Node] = pair[1].child
    left: cython.pointer[Node] = pair.child
    if left.capacity < left.count + right.count:
        left = tree_resize(x, level, cython.address(pair.child), left.count + right.count)
    memcpy(node_slot(left, level, left.count), node_slot(right, level, 0), right.count * node_width(level))
    left.count += right.count
    pair.count += pair[1].count
    _drop(x, level, parent, i + 1)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _even_out(
    x: cython.pointer[OrderedIndex], level: cython.int, parent: cython.pointer[Node], i: uint32_t
) -> cython.void:
    """Give child `i` and the one behind it equally many."""
    pair: cython.pointer[Branch] = node_branch(parent, i)
    left: cython.pointer[Node] = pair.child
    right: cython.pointer[Node] = pair[1].child
    width: cython.size_t = node_width(level)
    half: uint32_t = (left.count + right.count) >> 1
    n: uint32_t
    moved: cython.size_t
    if left.count < half:
        n = half - left.count
        if left.capacity < half:
            left = tree_resize(x, level, cython.address(pair.child), half)
        moved = node_weight(right, level, 0, n)
        memcpy(node_slot(left, level, left.count), node_slot(right, level, 0), n * width)
        memmove(node_slot(right, level, 0), node_slot(right, level, n), (right.count - n) * width)
        left.count += n
        right.count -= n
        pair.count += moved
        pair[1].count -= moved
    else:
        n = left.count - half
        if right.capacity < right.count + n:
            right = tree_resize(x, level, cython.address(pair[1].child), right.count + n)
        moved = node_weight(left, level, half, n)
        memmove(node_slot(right, level, n), node_slot(right, level, 0), right.count * width)
        memcpy(node_slot(right, level, 0), node_slot(left, level, half), n * width)
        left.count -= n
        right.count += n
        pair.count -= moved
        pair[1].count += moved
    pair[1].first = cython.cast(
        cython.pointer[Item], node_slot(_trim(x, level, cython.address(pair[1].child)), level, 0)
    )[0]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _mend(x: cython.pointer[OrderedIndex], path: cython.pointer[Path], level: cython.int) -> cython.void:
    """Join a node that has too few with a neighbour, or take from that; the way then leads to the left one of both."""
    up: cython.pointer[Step] = cython.address(path.steps[level + 1])
    node: cython.pointer[Node] = path.steps[level].node
    # One without a sibling is the first or last of its level: a parent with one branch is one itself.
    if up.node.count == 1:
        return
    i: uint32_t = up.index - 1 if up.index else 0
    if node_branch(up.node, i).child.count + node_branch(up.node, i + 1).child.count < 2 * _least(level):
        _join(x, level, up.node, i)
    elif node.prev != cython.NULL and node.next != cython.NULL:
        _even_out(x, level, up.node, i)
    else:
        return
    up.index = i


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _settle(x: cython.pointer[OrderedIndex], path: cython.pointer[Path]) -> cython.void:
    """Mend the way from its leaf up, out of which items were taken. The index is not empty."""
    level: cython.int
    node: cython.pointer[Node]
    for level in range(x.height):
        node = path.steps[level].node
        if node.count == 0:
            _drop(x, level, path.steps[level + 1].node, path.steps[level + 1].index)
            continue
        if node.count < _least(level):
            _mend(x, path, level)
        path.steps[level].node = _trim(x, level, tree_owner(x, path, level))
        _renew_first(path, level)
    while x.height and x.root.count == 1:
        node = x.root
        x.root = node_branch(node, 0).child
        _free_node(x, x.height, node)
        x.height -= 1
    _trim(x, x.height, cython.address(x.root))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def tree_clear(x: cython.pointer[OrderedIndex]) -> cython.void:
    """Free all nodes, in one walk along each level."""
    first: cython.pointer[Node] = x.root
    node: cython.pointer[Node]
    following: cython.pointer[Node]
    level: cython.int = x.height
    while first != cython.NULL:
        node = first
        first = node_branch(node, 0).child if level else cython.NULL
        while node != cython.NULL:
            following = node.next
            _free_node(x, level, node)
            node = following
        level -= 1
    memset(x, 0, cython.sizeof(OrderedIndex))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def tree_take(x: cython.pointer[OrderedIndex], path: cython.pointer[Path], n: uint32_t) -> cython.void:
    """Take out `n` items, all of one leaf, from where the way leads. No entry is looked at."""
    leaf: cython.pointer[Node] = path.steps[0].node
    item: cython.pointer[Item] = node_item(leaf, path.steps[0].index)
    if n == x.count:
        tree_clear(x)
        return
    leaf.count -= n
    memmove(item, item + n, (leaf.count - path.steps[0].index) * cython.sizeof(Item))
    tree_count_above(x, path, -cython.cast(cython.Py_ssize_t, n))
    _settle(x, path)
