"""How many nodes a radix tree of a stream's blocks would have: what XINFO tells, as Redis keeps such a tree.

It has a node for each key's end, for each place where keys part, and for each run of bytes between those; the keys are
the blocks' master IDs, 16 bytes each, the highest byte first. As the keys are at hand in order, one walk with a stack
of the places that are still open counts the nodes.
"""

import cython
from cython.cimports.pyrite.core.numbers import count_leading_zeros
from cython.cimports.pyrite.core.stream_id import StreamID
from cython.cimports.pyrite.core.stream_index import IdCursor, id_cursor_id, id_cursor_next, id_tree_first
from cython.cimports.pyrite.core.stream_store import Stream


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _common_bytes(a: StreamID, b: StreamID) -> cython.int:
    """How many bytes two different IDs have in common at their beginning, the highest byte first."""
    if a.ms != b.ms:
        return count_leading_zeros(a.ms ^ b.ms) // 8
    return 8 + count_leading_zeros(a.seq ^ b.seq) // 8


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _run_before(depth: cython.int, parent: cython.int) -> cython.size_t:
    """1 where bytes that do not branch lie between a node at this depth and its parent, at -1 where it has none."""
    return depth > parent + 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def stream_radix_nodes(s: cython.pointer[cython.const[Stream]]) -> cython.size_t:
    """How many nodes the tree would have; with more than STREAM_NODES_SAMPLE blocks worked out from the first ones."""
    c: IdCursor
    depths: cython.int[ID_BYTES]  # of the places where the keys before part from the current one, descending
    top: cython.int = -1
    shared: cython.int = -1
    shared_before: cython.int
    n: cython.size_t = 0
    nodes: cython.size_t = 0
    id: StreamID
    next_id: StreamID
    found: cython.bint = id_tree_first(cython.address(s.blocks), cython.address(c))
    if not found:
        return 1
    next_id = id_cursor_id(cython.address(s.blocks), cython.address(c))
    while found and n < STREAM_NODES_SAMPLE:
        id = next_id
        n += 1
        shared_before = shared
        shared = -1
        found = id_cursor_next(cython.address(c))
        if found:
            next_id = id_cursor_id(cython.address(s.blocks), cython.address(c))
            shared = _common_bytes(id, next_id)
        nodes += 1 + _run_before(ID_BYTES, shared if shared > shared_before else shared_before)
        while top >= 0 and depths[top] > shared:
            top -= 1
            nodes += 1 + _run_before(depths[top + 1], depths[top] if top >= 0 and depths[top] > shared else shared)
        if shared >= 0 and (top < 0 or depths[top] < shared):
            top += 1
            depths[top] = shared
    return nodes * s.blocks.count // n
