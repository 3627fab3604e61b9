"""Quicklist as a list of lists, with the rules by which elements share a node, for the core's to be held against."""

from dataclasses import dataclass, field

from tests.models import listpack

Value = listpack.Value

PLAIN, PACKED = 1, 2
SAFE_BYTES = 8192
LEVEL_BYTES = [4096, 8192, 16384, 32768, 65536]
OVERHEAD = 8


def exceeds(limit: int, size: int, count: int) -> bool:
    """Tell whether a listpack of this size and count is past the limit."""
    if limit < 0:
        return size > LEVEL_BYTES[min(-limit, 5) - 1]
    return size > SAFE_BYTES or count > max(limit, 1)


@dataclass
class Node:
    """Some elements: those of a listpack, or the one of a plain node."""

    items: list[Value]
    is_plain: bool = False

    @property
    def size(self) -> int:
        """Bytes."""
        if self.is_plain:
            return len(listpack.text(self.items[0]))
        return 7 + sum(len(listpack.element(item)) for item in self.items)


@dataclass
class Quicklist:
    """Nodes, the limit that they keep to, and from how many bytes on an element is plain."""

    limit: int
    plain_min: int = 1 << 30
    nodes: list[Node] = field(default_factory=list)

    @property
    def items(self) -> list[Value]:
        """All elements."""
        return [item for node in self.nodes for item in node.items]

    def shape(self) -> list[tuple[int, int, int]]:
        """Of each node kind, count and size."""
        return [(PLAIN if node.is_plain else PACKED, len(node.items), node.size) for node in self.nodes]

    def is_large(self, text: bytes) -> bool:
        return len(text) >= self.plain_min

    def allows(self, i: int, text: bytes) -> bool:
        """Tell whether the element may go into the node of this number, if there is one."""
        if not 0 <= i < len(self.nodes) or self.nodes[i].is_plain or self.is_large(text):
            return False
        node = self.nodes[i]
        return not exceeds(self.limit, node.size + len(text) + OVERHEAD, len(node.items) + 1)

    def alone(self, text: bytes) -> Node:
        """Return a node of one element. What a plain one holds stays bytes, whatever it looks like."""
        return Node([text], True) if self.is_large(text) else Node([listpack.stored(text)])

    def find(self, index: int) -> tuple[int, int]:
        """Return the number of an element's node, and its index in it."""
        for i, node in enumerate(self.nodes):
            if index < len(node.items):
                return i, index
            index -= len(node.items)
        raise IndexError(index)

    def push(self, text: bytes, front: bool) -> None:
        end = 0 if front else len(self.nodes) - 1
        if self.allows(end, text):
            items = self.nodes[end].items
            items.insert(0 if front else len(items), listpack.stored(text))
        else:
            self.nodes.insert(0 if front else len(self.nodes), self.alone(text))

    def pop(self, front: bool) -> Value:
        node = self.nodes[0 if front else -1]
        value = node.items.pop(0 if front else -1)
        self.drop_empty()
        return value

    def drop_empty(self) -> None:
        self.nodes = [node for node in self.nodes if node.items]

    def split(self, i: int, at: int) -> None:
        items = self.nodes[i].items
        self.nodes[i : i + 1] = [Node(items[:at]), Node(items[at:])]

    def merge(self, i: int) -> bool:
        """Merge a node with the next one if that may be."""
        if i < 0 or i + 1 >= len(self.nodes):
            return False
        left, right = self.nodes[i : i + 2]
        count = len(left.items) + len(right.items)
        if left.is_plain or right.is_plain or exceeds(self.limit, left.size + right.size - 7, count):
            return False
        self.nodes[i : i + 2] = [Node(left.items + right.items)]
        return True

    def merge_around(self, i: int) -> None:
        i -= self.merge(i - 2)
        self.merge(i + 1)
        i -= self.merge(i - 1)
        self.merge(i)

    def insert(self, index: int, text: bytes, after: bool) -> None:
        """Insert before or behind the element of an index."""
        i, offset = self.find(index)
        node = self.nodes[i]
        cut = offset + after
        beside = i + 1 if after else i - 1
        if self.allows(i, text):
            node.items.insert(cut, listpack.stored(text))
        elif 0 < cut < len(node.items) or cut != (len(node.items) if after else 0):
            self.split(i, cut)
            if self.is_large(text):
                self.nodes.insert(i + 1, self.alone(text))
                return
            if after:
                self.nodes[i + 1].items.insert(0, listpack.stored(text))
            else:
                self.nodes[i].items.append(listpack.stored(text))
            self.merge_around(i if after else i + 1)
        elif self.allows(beside, text):
            items = self.nodes[beside].items
            items.insert(0 if after else len(items), listpack.stored(text))
        else:
            self.nodes.insert(i + after, self.alone(text))

    def replace(self, index: int, text: bytes) -> None:
        i, offset = self.find(index)
        node = self.nodes[i]
        if node.is_plain:
            self.insert(index, text, True)
            del self.nodes[i]
        elif not self.is_large(text):
            node.items[offset] = listpack.stored(text)
        else:
            if offset + 1 < len(node.items):
                self.split(i, offset + 1)
            self.nodes.insert(i + 1, self.alone(text))
            if offset == 0:
                del self.nodes[i]
            else:
                del self.nodes[i].items[offset]
                self.merge_around(i + 1)

    def delete(self, index: int, count: int) -> None:
        for node in self.nodes:
            size = len(node.items)
            first, last = max(index, 0), min(max(index + count, 0), size)
            del node.items[first : max(first, last)]
            index -= size
        self.drop_empty()

    def remove(self, text: bytes, most: int, reverse: bool) -> int:
        """Remove the first or the last so many elements that are this string; returns how many there were."""
        removed = 0
        for node in reversed(self.nodes) if reverse else self.nodes:
            for i in reversed(range(len(node.items))) if reverse else range(len(node.items)):
                if removed < most and listpack.text(node.items[i]) == text:
                    node.items[i] = None  # type: ignore[call-overload]
                    removed += 1
            node.items = [item for item in node.items if item is not None]
        self.drop_empty()
        return removed

    def fits_listpack(self, limit: int, shrinking: bool) -> bool:
        """Tell whether all is one listpack within the limit, or half of it."""
        if len(self.nodes) != 1 or self.nodes[0].is_plain:
            return False
        share = 2 if shrinking else 1
        if limit < 0:
            return self.nodes[0].size <= LEVEL_BYTES[min(-limit, 5) - 1] // share
        return len(self.nodes[0].items) <= max(limit, 1) // share
