"""A stream as a Python object, for tests and cold callers."""

import cython
from cython.cimports.libc.stdint import int64_t, uint64_t
from cython.cimports.pyrite.core.listpack import LpValue
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.core.stream_block import block_validate
from cython.cimports.pyrite.core.stream_id import StreamID, stream_id
from cython.cimports.pyrite.core.stream_index import IdCursor
from cython.cimports.pyrite.core.stream_radix import stream_radix_nodes
from cython.cimports.pyrite.core.stream_store import (
    TRIM_MAXLEN,
    TRIM_MINID,
    Stream,
    StreamIterator,
    StreamTrim,
    stream_append,
    stream_block_memory,
    stream_copy_blocks,
    stream_delete,
    stream_first_block,
    stream_free_blocks,
    stream_has,
    stream_iterate,
    stream_load_block,
    stream_load_end,
    stream_new,
    stream_next,
    stream_next_block,
    stream_next_field,
    stream_renew_first,
    stream_trim,
)


@cython.cfunc
def _plain(value: cython.pointer[LpValue]) -> object:
    return value.number if value.text == cython.NULL else value.text[: value.length]


@cython.cfunc
def _id_pair(id: StreamID) -> tuple:
    return id.ms, id.seq


@cython.cclass
class StreamLog:
    """A stream without groups, for tests. IDs are pairs (ms, seq)."""

    s: cython.pointer[Stream]

    def __cinit__(self) -> None:
        self.s = stream_new()

    def __dealloc__(self) -> None:
        if self.s != cython.NULL:
            stream_free_blocks(self.s)

    def __len__(self) -> int:
        return self.s.length

    def append(self, id: tuple, words: list, max_bytes: cython.longlong, max_entries: cython.longlong) -> int:
        """Add an entry of up to 32 pairs, field and value in turn; returns the status."""
        pairs: Slice[64]
        i: cython.Py_ssize_t
        word: bytes
        for i in range(min(len(words), 64)):
            word = words[i]
            pairs[i].p = cython.cast(cython.p_char, word)
            pairs[i].n = len(word)
        return stream_append(self.s, stream_id(id[0], id[1]), pairs, len(words) // 2, max_bytes, max_entries)

    def append_huge(self, id: tuple, length: cython.Py_ssize_t) -> int:
        """Add an entry whose value would have this length, but is not there; what is refused never reads it."""
        pairs: Slice[2]
        pairs[0].p = pairs[1].p = b"f"
        pairs[0].n = 1
        pairs[1].n = length
        return stream_append(self.s, stream_id(id[0], id[1]), pairs, 1, 0, 0)

    def entries(
        self, start: tuple, end: tuple, reverse: cython.bint = False, with_deleted: cython.bint = False
    ) -> list[tuple[tuple[int, int], list[object]]]:
        """The entries of a range, each its ID and its fields and values in turn, as they are stored."""
        it: StreamIterator
        field: LpValue
        value: LpValue
        out: list = []
        words: list
        stream_iterate(self.s, cython.address(it), stream_id(start[0], start[1]), stream_id(end[0], end[1]), reverse)
        it.with_deleted = with_deleted
        while stream_next(cython.address(it)):
            words = []
            while stream_next_field(cython.address(it), cython.address(field), cython.address(value)):
                words += [_plain(cython.address(field)), _plain(cython.address(value))]
            out.append((_id_pair(it.entry.id), words))
        return out

    def ids(self, start: tuple, end: tuple, reverse: cython.bint = False) -> list[tuple[int, int]]:
        """The IDs of a range; the fields are not looked at."""
        it: StreamIterator
        out: list = []
        stream_iterate(self.s, cython.address(it), stream_id(start[0], start[1]), stream_id(end[0], end[1]), reverse)
        while stream_next(cython.address(it)):
            out.append(_id_pair(it.entry.id))
        return out

    def has(self, id: tuple) -> bool:
        """Tell whether there is an entry with this ID."""
        return stream_has(self.s, stream_id(id[0], id[1]))

    def delete(self, id: tuple) -> bool:
        """Delete an entry; False where it is not there."""
        deleted: cython.bint = stream_delete(self.s, stream_id(id[0], id[1]))
        if deleted:
            stream_renew_first(self.s)
        return deleted

    def trim_length(self, maxlen: uint64_t, approximate: cython.bint = False, limit: int64_t = 0) -> int:
        """Trim to a length; returns how many entries went."""
        trim: StreamTrim
        trim.strategy = TRIM_MAXLEN
        trim.approximate = approximate
        trim.maxlen = maxlen
        trim.limit = limit
        return stream_trim(self.s, cython.address(trim))

    def trim_before(self, id: tuple, approximate: cython.bint = False, limit: int64_t = 0) -> int:
        """Trim entries before an ID; returns how many went."""
        trim: StreamTrim
        trim.strategy = TRIM_MINID
        trim.approximate = approximate
        trim.minid = stream_id(id[0], id[1])
        trim.limit = limit
        return stream_trim(self.s, cython.address(trim))

    def blocks(self) -> list[tuple[tuple[int, int], bytes]]:
        """Each block's master ID and its bytes."""
        c: IdCursor
        master: StreamID
        lp: cython.p_const_uchar = cython.NULL
        n: cython.size_t = 0
        out: list = []
        stream_first_block(self.s, cython.address(c))
        while stream_next_block(
            self.s, cython.address(c), cython.address(master), cython.address(lp), cython.address(n)
        ):
            out.append((_id_pair(master), lp[:n]))
        return out

    def load(self, master: tuple, data: bytes) -> int:
        """Add a block as it would come from outside; returns the status."""
        return stream_load_block(self.s, stream_id(master[0], master[1]), data, len(data))

    def load_end(self, length: uint64_t, last_id: tuple, max_deleted_id: tuple, entries_added: uint64_t) -> bool:
        """What goes with loaded blocks; False where it contradicts them."""
        return stream_load_end(
            self.s,
            length,
            stream_id(last_id[0], last_id[1]),
            stream_id(max_deleted_id[0], max_deleted_id[1]),
            entries_added,
        )

    def copy(self) -> object:
        """A stream of the same entries."""
        fresh: StreamLog = StreamLog()
        if not stream_copy_blocks(self.s, fresh.s):
            raise MemoryError
        return fresh

    def counts(self) -> dict[str, object]:
        """All that is known of the stream as a whole."""
        return {
            "length": self.s.length,
            "entries_added": self.s.entries_added,
            "first": _id_pair(self.s.first_id),
            "last": _id_pair(self.s.last_id),
            "max_deleted": _id_pair(self.s.max_deleted_id),
        }

    def memory_bytes(self) -> int:
        """Bytes that it takes from the allocator."""
        return stream_block_memory(self.s)

    def radix_nodes(self) -> int:
        """Nodes of a radix tree of the master IDs."""
        return stream_radix_nodes(self.s)


def validate_block(data: bytes, master: tuple) -> tuple[tuple[int, int], int] | None:
    """The ID of a block's last entry and how many are live; None where these bytes are no block."""
    last: StreamID
    live: uint64_t = 0
    id: StreamID = stream_id(master[0], master[1])
    if not block_validate(data, len(data), id, cython.address(last), cython.address(live)):
        return None
    return _id_pair(last), live
