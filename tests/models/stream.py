"""A stream as lists: its blocks, what is in each, and the bytes of a block from the description of its elements."""

from tests.models.listpack import HEADER, element, stored

ID = tuple[int, int]
Words = list[bytes]

MAX_ID: ID = (2**64 - 1, 2**64 - 1)
LARGEST_BLOCK = 1 << 30


def signed(n: int) -> int:
    """Return a difference as 64 bits hold it."""
    return (n + 2**63) % 2**64 - 2**63


class Block:
    """The entries of one block: each its ID, its fields and values in turn, and whether it was deleted."""

    def __init__(self, master: ID, fields: Words) -> None:
        self.master = master
        self.fields = fields
        self.entries: list[tuple[ID, Words]] = []
        self.deleted: set[ID] = set()
        self._tails: list[tuple[bool, bytes, int]] = []

    @property
    def live(self) -> int:
        return len(self.entries) - len(self.deleted)

    def add(self, entry_id: ID, words: Words) -> None:
        """Add an entry; all of its elements but the first, the flags, are encoded once."""
        same = words[::2] == self.fields
        distance = [signed(entry_id[part] - self.master[part]) for part in (0, 1)]
        tail = [*distance, *(words[1::2] if same else [len(words) // 2, *words])]
        elements = [*tail, len(tail) + 1]
        self.entries.append((entry_id, words))
        self._tails.append((same, b"".join(element(stored(each)) for each in elements), len(elements) + 1))

    @property
    def data(self) -> bytes:
        """The bytes of the listpack."""
        head = [self.live, len(self.deleted), len(self.fields), *self.fields, 0]
        parts = [element(stored(each)) for each in head]
        count = len(head)
        for (entry_id, _), (same, tail, elements) in zip(self.entries, self._tails, strict=True):
            parts += [element((entry_id in self.deleted) | 2 * same), tail]
            count += elements
        content = b"".join(parts)
        return HEADER.pack(len(content) + 7, min(count, 65535)) + content + b"\xff"

    @property
    def size(self) -> int:
        """The number of those bytes."""
        head = [self.live, len(self.deleted), len(self.fields), *self.fields, 0]
        return 7 + sum(len(element(stored(each))) for each in head) + sum(2 + len(tail) for _, tail, _ in self._tails)


class Stream:
    """All blocks, and what is known of the whole."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.entries_added = 0
        self.last: ID = (0, 0)
        self.max_deleted: ID = (0, 0)

    def append(self, entry_id: ID, words: Words, max_bytes: int, max_entries: int) -> None:
        limit = max_bytes if 0 < max_bytes < LARGEST_BLOCK else LARGEST_BLOCK
        last = self.blocks[-1] if self.blocks else None
        if (
            last is None
            or last.size + sum(map(len, words)) >= limit
            or (max_entries and len(last.entries) >= max_entries)
        ):
            last = Block(entry_id, words[::2])
            self.blocks.append(last)
        last.add(entry_id, words)
        self.entries_added += 1
        self.last = entry_id

    def entries(self, start: ID = (0, 0), end: ID = MAX_ID) -> list[tuple[ID, Words]]:
        return [
            (entry_id, words)
            for block in self.blocks
            for entry_id, words in block.entries
            if start <= entry_id <= end and entry_id not in block.deleted
        ]

    def delete(self, entry_id: ID) -> bool:
        for block in self.blocks:
            if entry_id in block.deleted or all(each != entry_id for each, _ in block.entries):
                continue
            block.deleted.add(entry_id)
            if block.live == 0:
                self.blocks.remove(block)
            self.max_deleted = max(self.max_deleted, entry_id)
            return True
        return False

    def trim_length(self, maxlen: int, approximate: bool = False, limit: int = 0) -> int:
        def excess() -> int:
            return len(self.entries()) - maxlen

        gone = 0
        while self.blocks and excess() > 0:
            first = self.blocks[0]
            if limit and gone + first.live > limit:
                break
            if excess() >= first.live:
                gone += first.live
                del self.blocks[0]
                continue
            if not approximate:
                gone += self._mark(first, excess())
            break
        return gone

    def trim_before(self, least: ID, approximate: bool = False, limit: int = 0) -> int:
        gone = 0
        while self.blocks:
            first = self.blocks[0]
            if limit and gone + first.live > limit:
                break
            if first.entries[-1][0] < least:
                gone += first.live
                del self.blocks[0]
                continue
            if not approximate:
                older = [each for each, _ in first.entries if each < least and each not in first.deleted]
                gone += self._mark(first, len(older))
            break
        return gone

    def _mark(self, block: Block, count: int) -> int:
        live = [entry_id for entry_id, _ in block.entries if entry_id not in block.deleted]
        block.deleted.update(live[:count])
        return count

    def counts(self) -> dict[str, object]:
        entries = self.entries()
        return {
            "length": len(entries),
            "entries_added": self.entries_added,
            "first": entries[0][0] if entries else (0, 0),
            "last": self.last,
            "max_deleted": self.max_deleted,
        }


def radix_nodes(ids: list[ID]) -> int:
    """Return the nodes of a radix tree of these IDs: ends, forks, and the runs of bytes between those."""
    keys = [ms.to_bytes(8, "big") + seq.to_bytes(8, "big") for ms, seq in ids]

    def nodes(group: list[bytes], depth: int) -> int:
        shared = depth
        while shared < 16 and len({key[shared] for key in group}) == 1:
            shared += 1
        run = int(shared > depth)
        if shared == 16:
            return run + 1
        forks = sorted({key[shared] for key in group})
        return run + 1 + sum(nodes([key for key in group if key[shared] == fork], shared + 1) for fork in forks)

    return nodes(keys, 0) if keys else 1


class Groups:
    """Consumer groups as dictionaries: by group, by consumer, what is pending with its time and count."""

    def __init__(self) -> None:
        self.groups: dict[bytes, dict[bytes, dict[ID, tuple[int, int]]]] = {}

    def owner(self, group: bytes, entry_id: ID) -> bytes | None:
        return next((name for name, pending in self.groups[group].items() if entry_id in pending), None)

    def assign(self, group: bytes, name: bytes, entry_id: ID, now_ms: int) -> bool:
        owner = self.owner(group, entry_id)
        count = self.groups[group][owner].pop(entry_id)[1] if owner is not None else 0
        self.groups[group][name][entry_id] = (now_ms, count + 1)
        return owner is None

    def remove(self, group: bytes, entry_id: ID) -> bool:
        owner = self.owner(group, entry_id)
        if owner is None:
            return False
        del self.groups[group][owner][entry_id]
        return True

    def content(self) -> list[tuple[bytes, list[tuple[bytes, list[tuple[ID, int, int]]]]]]:
        return [
            (
                group,
                [
                    (name, [(each, *pending[each]) for each in sorted(pending)])
                    for name, pending in sorted(consumers.items())
                ],
            )
            for group, consumers in sorted(self.groups.items())
        ]

    def pending(self, group: bytes) -> list[tuple[ID, bytes]]:
        return sorted((each, name) for name, pending in self.groups[group].items() for each in pending)
