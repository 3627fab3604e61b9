"""Ordered index: the entries of a large sorted set in order of (score, member), with ranks.

Scores compare as doubles (so -0 equals 0), members of one score as bytes by memcmp, then length. An order-statistic
B+tree (`ordered_tree`) holds each score beside its entry's address. Costs: insertion, removal, change of score, rank,
the item at a rank and the search for a bound O(log n); a step of a cursor O(1); building from what is in order, and
clearing, O(n). Memory: about 19 bytes an item that came at random, 17 where they came in order.

A member stands in it once, to which the table beside it sees. A score is never NaN (insertion, building and update
refuse it), and it changes through `oi_update` alone. The entries are not the index's own. A cursor stands between two
items, and is void after any change to the index.
"""

import cython
from cython.cimports.libc.stdint import uint32_t, uintptr_t
from cython.cimports.libc.string import memset
from cython.cimports.pyrite.core.entry import PART_WORD, Entry, entry_free, entry_key, entry_key_length, entry_new
from cython.cimports.pyrite.core.hashtable import Draw, ScanVisit, __builtin_prefetch, random_draw
from cython.cimports.pyrite.core.ordered_tree import (
    KEY_EXACT,
    KEY_MEMBER_AFTER,
    KEY_MEMBER_FROM,
    KEY_SCORE_AFTER,
    KEY_SCORE_FROM,
    LEAF_MAX,
    Item,
    Node,
    OrderedIndex,
    OrderedKey,
    Path,
    entry_score,
    entry_set_score,
    item_compare,
    node_branch,
    node_item,
    node_slot,
    node_weight,
    tree_clear,
    tree_count_above,
    tree_descend,
    tree_descend_to_rank,
    tree_new_node,
    tree_owner,
    tree_place,
    tree_rank,
    tree_renew_firsts,
    tree_resize,
    tree_split_full,
    tree_take,
)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def oi_init(x: cython.pointer[OrderedIndex]) -> cython.void:
    """An empty index, which owns no memory."""
    memset(x, 0, cython.sizeof(OrderedIndex))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def oi_clear(x: cython.pointer[OrderedIndex]) -> cython.void:
    """Empty the index; the entries are not its own and stay. One walk along each level."""
    tree_clear(x)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _key(
    mode: cython.int,
    score: cython.double,
    member: cython.p_const_char,
    n: cython.size_t,
    e: cython.pointer[cython.const[Entry]],
) -> OrderedKey:
    key: OrderedKey
    key.mode = mode
    key.score = score
    key.member = member
    key.length = n
    key.entry = e
    return key


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _key_of(e: cython.pointer[Entry]) -> OrderedKey:
    return _key(KEY_EXACT, entry_score(e), entry_key(e), entry_key_length(e), e)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def oi_insert(x: cython.pointer[OrderedIndex], e: cython.pointer[Entry]) -> cython.bint:
    """Add an entry by its score and member. False, nothing done, where these are there already or the score is NaN."""
    path: Path
    key: OrderedKey = _key_of(e)
    if key.score != key.score:
        return False
    if x.root == cython.NULL:
        x.root = tree_new_node(x, 0, 1)
    if tree_descend(x, cython.address(key), cython.address(path)):
        return False
    tree_place(x, cython.address(path), e)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def oi_remove(
    x: cython.pointer[OrderedIndex], score: cython.double, member: cython.p_const_char, n: cython.size_t
) -> cython.pointer[Entry]:
    """Take out the entry with this score and member, and return it; NULL where there is none."""
    path: Path
    key: OrderedKey = _key(KEY_EXACT, score, member, n, cython.NULL)
    if x.root == cython.NULL or not tree_descend(x, cython.address(key), cython.address(path)):
        return cython.NULL
    e: cython.pointer[Entry] = node_item(path.steps[0].node, path.steps[0].index).entry
    tree_take(x, cython.address(path), 1)
    return e


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _fits(path: cython.pointer[Path], key: cython.pointer[OrderedKey]) -> cython.bint:
    """Whether the key lies between the neighbours of the item that the way leads to."""
    leaf: cython.pointer[Node] = path.steps[0].node
    i: uint32_t = path.steps[0].index
    before: cython.pointer[Item] = cython.NULL
    behind: cython.pointer[Item] = cython.NULL
    if i:
        before = node_item(leaf, i - 1)
    elif leaf.prev != cython.NULL:
        before = node_item(leaf.prev, leaf.prev.count - 1)
    if i + 1 < leaf.count:
        behind = node_item(leaf, i + 1)
    elif leaf.next != cython.NULL:
        behind = node_item(leaf.next, 0)
    return (before == cython.NULL or item_compare(before, key) < 0) and (
        behind == cython.NULL or item_compare(behind, key) > 0
    )


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def oi_update(x: cython.pointer[OrderedIndex], e: cython.pointer[Entry], score: cython.double) -> cython.bint:
    """Give an entry of the index another score, in the entry as well. False, nothing done, for a stranger or NaN."""
    path: Path
    key: OrderedKey = _key_of(e)
    if score != score or x.root == cython.NULL or not tree_descend(x, cython.address(key), cython.address(path)):
        return False
    item: cython.pointer[Item] = node_item(path.steps[0].node, path.steps[0].index)
    if item.entry != e:
        return False
    key.score = score
    if _fits(cython.address(path), cython.address(key)):
        entry_set_score(e, score)
        item.score = score
        if path.steps[0].index == 0:
            tree_renew_firsts(x, cython.address(path))
        return True
    tree_take(x, cython.address(path), 1)
    entry_set_score(e, score)
    return oi_insert(x, e)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def oi_replace(
    x: cython.pointer[OrderedIndex], old: cython.pointer[cython.const[Entry]], new: cython.pointer[Entry]
) -> cython.bint:
    """Say that an entry now stands elsewhere, its score and member unchanged. The old block may be gone already.

    False, nothing done, where the index does not hold the old one.
    """
    path: Path
    key: OrderedKey = _key_of(new)
    key.entry = old
    if x.root == cython.NULL or not tree_descend(x, cython.address(key), cython.address(path)):
        return False
    item: cython.pointer[Item] = node_item(path.steps[0].node, path.steps[0].index)
    if item.entry != old:
        return False
    item.entry = new
    if path.steps[0].index == 0:
        tree_renew_firsts(x, cython.address(path))
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def oi_rank(
    x: cython.pointer[cython.const[OrderedIndex]], score: cython.double, member: cython.p_const_char, n: cython.size_t
) -> cython.Py_ssize_t:
    """How many items come before the one with this score and member; -1 where there is none."""
    path: Path
    key: OrderedKey = _key(KEY_EXACT, score, member, n, cython.NULL)
    if x.root == cython.NULL or not tree_descend(x, cython.address(key), cython.address(path)):
        return -1
    return tree_rank(x, cython.address(path))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def oi_at(x: cython.pointer[cython.const[OrderedIndex]], rank: cython.size_t) -> cython.pointer[Entry]:
    """The entry at a rank; NULL behind the last one."""
    path: Path
    if rank >= x.count:
        return cython.NULL
    tree_descend_to_rank(x, rank, cython.address(path))
    return node_item(path.steps[0].node, path.steps[0].index).entry


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def oi_random(x: cython.pointer[cython.const[OrderedIndex]], draw: Draw) -> cython.pointer[Entry]:
    """An entry drawn uniformly; NULL from an empty index."""
    return oi_at(x, draw() % x.count) if x.count else cython.NULL


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def oi_seek_rank(
    x: cython.pointer[cython.const[OrderedIndex]], rank: cython.size_t, c: cython.pointer[OrderedCursor]
) -> cython.void:
    """Stand the cursor before the item at a rank, or behind the last item."""
    path: Path
    path.steps[0].node = cython.NULL
    path.steps[0].index = 0
    if x.root != cython.NULL:
        tree_descend_to_rank(x, rank, cython.address(path))
    c.leaf = path.steps[0].node
    c.position = path.steps[0].index


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _seek(
    x: cython.pointer[cython.const[OrderedIndex]], key: cython.pointer[OrderedKey], c: cython.pointer[OrderedCursor]
) -> cython.size_t:
    path: Path
    c.leaf = cython.NULL
    c.position = 0
    if x.root == cython.NULL:
        return 0
    tree_descend(x, key, cython.address(path))
    c.leaf = path.steps[0].node
    c.position = path.steps[0].index
    return tree_rank(x, cython.address(path))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def oi_seek_score(
    x: cython.pointer[cython.const[OrderedIndex]],
    score: cython.double,
    after: cython.bint,
    c: cython.pointer[OrderedCursor],
) -> cython.size_t:
    """Stand the cursor before the first item of at least this score, with `after` of more; returns that item's rank."""
    key: OrderedKey = _key(KEY_SCORE_AFTER if after else KEY_SCORE_FROM, score, cython.NULL, 0, cython.NULL)
    return _seek(x, cython.address(key), c)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def oi_seek_member(
    x: cython.pointer[cython.const[OrderedIndex]],
    member: cython.p_const_char,
    n: cython.size_t,
    after: cython.bint,
    c: cython.pointer[OrderedCursor],
) -> cython.size_t:
    """Stand the cursor before the first member at or behind this one, with `after` behind it; returns that one's rank.

    Scores are not looked at: where they differ, the place is any that a binary search may end at.
    """
    key: OrderedKey = _key(KEY_MEMBER_AFTER if after else KEY_MEMBER_FROM, 0, member, n, cython.NULL)
    return _seek(x, cython.address(key), c)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def oi_next(c: cython.pointer[OrderedCursor]) -> cython.pointer[Entry]:
    """The entry behind the cursor, which steps over it; NULL at the end."""
    leaf: cython.pointer[Node] = c.leaf
    if leaf == cython.NULL:
        return cython.NULL
    if c.position == leaf.count:
        if leaf.next == cython.NULL:
            return cython.NULL
        leaf = leaf.next
        c.leaf = leaf
        c.position = 0
    item: cython.pointer[Item] = node_item(leaf, c.position)
    c.position += 1
    if c.position + AHEAD <= leaf.count:
        __builtin_prefetch(item[AHEAD].entry)
    return item.entry


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def oi_prev(c: cython.pointer[OrderedCursor]) -> cython.pointer[Entry]:
    """The entry before the cursor, which steps back over it; NULL at the start."""
    leaf: cython.pointer[Node] = c.leaf
    if leaf == cython.NULL:
        return cython.NULL
    if c.position == 0:
        if leaf.prev == cython.NULL:
            return cython.NULL
        leaf = leaf.prev
        c.leaf = leaf
        c.position = leaf.count
    c.position -= 1
    if c.position >= AHEAD:
        __builtin_prefetch(node_item(leaf, c.position - AHEAD).entry)
    return node_item(leaf, c.position).entry


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def oi_delete_ranks(
    x: cython.pointer[OrderedIndex], rank: cython.size_t, n: cython.size_t, visit: ScanVisit, context: cython.p_void
) -> cython.size_t:
    """Take out up to `n` items from a rank on, a leaf's worth at a time; returns how many they were.

    `visit`, unless NULL, gets each of the entries once in order, and may free it; it must leave the index alone.
    """
    path: Path
    leaf: cython.pointer[Node]
    i: uint32_t
    part: uint32_t
    if rank >= x.count:
        return 0
    if n > x.count - rank:
        n = x.count - rank
    left: cython.size_t = n
    while left:
        tree_descend_to_rank(x, rank, cython.address(path))
        leaf = path.steps[0].node
        part = leaf.count - path.steps[0].index
        if left < part:
            part = cython.cast(uint32_t, left)
        if visit != cython.NULL:
            for i in range(path.steps[0].index, path.steps[0].index + part):
                visit(context, node_item(leaf, i).entry)
        tree_take(x, cython.address(path), part)
        left -= part
    return n


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _in_order(entries: cython.pointer[cython.pointer[Entry]], n: cython.size_t) -> cython.bint:
    """Whether each entry comes before the next one, and no score is NaN."""
    i: cython.size_t
    item: Item
    key: OrderedKey
    for i in range(n):
        key = _key_of(entries[i])
        if key.score != key.score or (i and item_compare(cython.address(item), cython.address(key)) >= 0):
            return False
        item.score = key.score
        item.entry = entries[i]
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _append_leaf(
    x: cython.pointer[OrderedIndex], entries: cython.pointer[cython.pointer[Entry]], n: uint32_t
) -> cython.void:
    """Put a leaf of these behind the last one, which is full."""
    path: Path
    i: uint32_t
    item: cython.pointer[Item]
    if x.root == cython.NULL:
        x.root = tree_new_node(x, 0, n)
        path.steps[0].node = x.root
    else:
        tree_descend_to_rank(x, x.count, cython.address(path))
        tree_split_full(x, cython.address(path))
        path.steps[0].node = tree_resize(x, 0, tree_owner(x, cython.address(path), 0), n)
    for i in range(n):
        item = node_item(path.steps[0].node, i)
        item.score = entry_score(entries[i])
        item.entry = entries[i]
    path.steps[0].node.count = n
    tree_count_above(x, cython.address(path), n)
    tree_renew_firsts(x, cython.address(path))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def oi_build(
    x: cython.pointer[OrderedIndex], entries: cython.pointer[cython.pointer[Entry]], n: cython.size_t
) -> cython.bint:
    """Make the index hold just these, which stand in order. False, nothing done, where they do not, or one is NaN."""
    done: cython.size_t = 0
    part: cython.size_t
    if not _in_order(entries, n):
        return False
    oi_clear(x)
    while done < n:
        part = n - done if n - done < LEAF_MAX else LEAF_MAX
        _append_leaf(x, entries + done, cython.cast(uint32_t, part))
        done += part
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def oi_memory(x: cython.pointer[cython.const[OrderedIndex]]) -> cython.size_t:
    """Bytes of the index, entries not counted."""
    return x.size_bytes


# Python handles, for tests and cold callers


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _release(context: cython.p_void, e: cython.pointer[Entry]) -> cython.void:
    """Free an entry that is taken out, and count it."""
    cython.cast(cython.pointer[cython.size_t], context)[0] += 1
    entry_free(e)


@cython.no_gc  # or the entries' addresses might be gone before the entries
@cython.cclass
class Ordered:
    """An ordered index over entries of its own, one for each member, for tests."""

    x: OrderedIndex
    entries: dict

    def __cinit__(self) -> None:
        oi_init(cython.address(self.x))
        self.entries = {}

    def __dealloc__(self) -> None:
        self.clear()

    @cython.cfunc
    def _entry(self, member: object) -> cython.pointer[Entry]:
        return cython.cast(cython.pointer[Entry], cython.cast(uintptr_t, self.entries[member]))

    @cython.cfunc
    def _new_entry(self, member: bytes, score: cython.double) -> cython.pointer[Entry]:
        e: cython.pointer[Entry] = entry_new(member, len(member), PART_WORD, 0)
        entry_set_score(e, score)
        return e

    @cython.cfunc
    def _pair(self, e: cython.pointer[Entry]) -> object:
        return None if e == cython.NULL else (entry_score(e), entry_key(e)[: entry_key_length(e)])

    @cython.cfunc
    def _walk(self, c: OrderedCursor, back: cython.bint, most: cython.size_t) -> list:
        found: list = []
        e: cython.pointer[Entry]
        while most:
            e = oi_prev(cython.address(c)) if back else oi_next(cython.address(c))
            if e == cython.NULL:
                break
            found.append(self._pair(e))
            most -= 1
        return found

    def add(self, score: float, member: bytes) -> bool:
        """Add a member; False where it is there with this score, or the score is NaN."""
        e: cython.pointer[Entry] = self._new_entry(member, score)
        if not oi_insert(cython.address(self.x), e):
            entry_free(e)
            return False
        self.entries[member] = cython.cast(uintptr_t, e)
        return True

    def build(self, items: list[tuple[float, bytes]]) -> bool:
        """Replace all content by these; False, nothing done, where they are not in order."""
        fresh: dict = {}
        room: bytearray = bytearray((len(items) + 1) * cython.sizeof(cython.p_void))
        pointers: cython.pointer[cython.pointer[Entry]] = cython.cast(
            cython.pointer[cython.pointer[Entry]], cython.cast(cython.p_char, room)
        )
        n: cython.size_t = 0
        for score, member in items:
            pointers[n] = self._new_entry(member, score)
            n += 1
        if not oi_build(cython.address(self.x), pointers, n):
            while n:
                n -= 1
                entry_free(pointers[n])
            return False
        for n, (_, member) in enumerate(items):
            fresh[member] = cython.cast(uintptr_t, pointers[n])
        self._free_entries()
        self.entries = fresh
        return True

    def remove(self, score: float, member: bytes) -> bool:
        """Take a member out; False where it is not there with this score."""
        e: cython.pointer[Entry] = oi_remove(cython.address(self.x), score, member, len(member))
        if e == cython.NULL:
            return False
        if e != self._entry(member):
            raise AssertionError(member)
        del self.entries[member]
        entry_free(e)
        return True

    def update(self, member: bytes, score: float) -> bool:
        """Give a member another score; False for NaN."""
        return oi_update(cython.address(self.x), self._entry(member), score)

    def replace(self, member: bytes) -> bool:
        """Move a member's entry elsewhere in memory; the old block is gone by the time that the index is told."""
        old: cython.pointer[Entry] = self._entry(member)
        new: cython.pointer[Entry] = self._new_entry(member, entry_score(old))
        entry_free(old)
        self.entries[member] = cython.cast(uintptr_t, new)
        return oi_replace(cython.address(self.x), old, new)

    def strangers_refused(self, score: float, member: bytes) -> bool:
        """Whether update and replacement refuse an entry that was never put in."""
        e: cython.pointer[Entry] = self._new_entry(member, score)
        updated: cython.bint = oi_update(cython.address(self.x), e, 1.5)
        replaced: cython.bint = oi_replace(cython.address(self.x), e, e)
        kept: cython.bint = entry_score(e) == score
        entry_free(e)
        return kept and not updated and not replaced

    def delete_ranks(self, rank: cython.size_t, count: cython.size_t) -> int:
        """Take out up to so many members from a rank on; returns how many, as counted by the visitor too."""
        c: OrderedCursor
        visited: cython.size_t = 0
        oi_seek_rank(cython.address(self.x), rank, cython.address(c))
        for _, member in self._walk(c, False, count):
            del self.entries[member]
        deleted: cython.size_t = oi_delete_ranks(cython.address(self.x), rank, count, _release, cython.address(visited))
        if visited != deleted:
            raise AssertionError(visited)
        return deleted

    def forget_ranks(self, rank: cython.size_t, count: cython.size_t) -> int:
        """As `delete_ranks`, without a visitor."""
        c: OrderedCursor
        oi_seek_rank(cython.address(self.x), rank, cython.address(c))
        gone: list = self._walk(c, False, count)
        deleted: cython.size_t = oi_delete_ranks(cython.address(self.x), rank, count, cython.NULL, cython.NULL)
        for _, member in gone:
            entry_free(self._entry(member))
            del self.entries[member]
        return deleted

    @cython.cfunc
    def _free_entries(self) -> object:
        for member in self.entries:
            entry_free(self._entry(member))
        self.entries = {}

    def clear(self) -> None:
        """Empty the index, and free the entries."""
        oi_clear(cython.address(self.x))
        self._free_entries()

    def rank(self, score: float, member: bytes) -> int:
        """The member's rank; -1 where it is not there with this score."""
        return oi_rank(cython.address(self.x), score, member, len(member))

    def at(self, rank: cython.size_t) -> tuple[float, bytes] | None:
        """Score and member at a rank."""
        return self._pair(oi_at(cython.address(self.x), rank))

    def random(self) -> tuple[float, bytes] | None:
        """Score and member drawn uniformly."""
        return self._pair(oi_random(cython.address(self.x), random_draw))

    def from_rank(self, rank: cython.size_t, back: bool, most: cython.size_t) -> list[tuple[float, bytes]]:
        """Up to `most` items from before this rank on, forward or back."""
        c: OrderedCursor
        oi_seek_rank(cython.address(self.x), rank, cython.address(c))
        return self._walk(c, back, most)

    def from_score(
        self, score: float, after: bool, back: bool, most: cython.size_t
    ) -> tuple[int, list[tuple[float, bytes]]]:
        """The rank that a score's bound has, and up to `most` items from there, forward or back."""
        c: OrderedCursor
        rank: cython.size_t = oi_seek_score(cython.address(self.x), score, after, cython.address(c))
        return rank, self._walk(c, back, most)

    def from_member(
        self, member: bytes, after: bool, back: bool, most: cython.size_t
    ) -> tuple[int, list[tuple[float, bytes]]]:
        """The rank that a member's bound has, and up to `most` items from there, forward or back."""
        c: OrderedCursor
        rank: cython.size_t = oi_seek_member(cython.address(self.x), member, len(member), after, cython.address(c))
        return rank, self._walk(c, back, most)

    def levels(self) -> list[list[tuple[int, list[tuple[tuple[float, bytes], int]]]]]:
        """Each level from the leaves up: its nodes' capacities, and their items (first item, items below)."""
        level: cython.int
        i: uint32_t
        first: cython.pointer[Node] = self.x.root
        out: list = []
        for level in range(self.x.height if first != cython.NULL else -1, -1, -1):
            nodes: list = []
            node: cython.pointer[Node] = first
            before: cython.pointer[Node] = cython.NULL
            while node != cython.NULL:
                if node.prev != before:
                    raise AssertionError(level)
                held: list = []
                for i in range(node.count):
                    item: cython.pointer[Item] = cython.cast(cython.pointer[Item], node_slot(node, level, i))
                    if item.score != entry_score(item.entry):
                        raise AssertionError(level)
                    held.append((self._pair(item.entry), node_weight(node, level, i, 1)))
                nodes.append((node.capacity, held))
                before = node
                node = node.next
            out.insert(0, nodes)
            first = node_branch(first, 0).child if level else cython.NULL
        return out

    @property
    def size_bytes(self) -> int:
        """Bytes of the index."""
        return oi_memory(cython.address(self.x))

    def __len__(self) -> int:
        return oi_count(cython.address(self.x))
