"""Drawing members of a sorted set at random: with repetition, or different ones."""

import cython
from cython.cimports.libc.stdint import uint32_t, uint64_t
from cython.cimports.libc.stdlib import qsort
from cython.cimports.pyrite.core.entry import ENCODING_LISTPACK, Entry, entry_encoding, entry_pointer
from cython.cimports.pyrite.core.hashtable import random_draw
from cython.cimports.pyrite.core.listpack import LpValue, lp_after, lp_get, lp_positions
from cython.cimports.pyrite.core.memory import mem_alloc, mem_free
from cython.cimports.pyrite.types.sorted_set import zset_length, zset_random
from cython.cimports.pyrite.types.sorted_set_listpack import zl_score

# With repetition


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def sampler_open(s: cython.pointer[ZsetSampler], e: cython.pointer[Entry]) -> cython.void:
    """Get ready to draw from a set, which must not change until the sampler is closed."""
    s.e = e
    s.places = cython.NULL
    s.count = zset_length(e)
    if entry_encoding(e) == ENCODING_LISTPACK:
        s.size_bytes = s.count * cython.sizeof(uint32_t)
        s.places = cython.cast(cython.pointer[uint32_t], mem_alloc(s.size_bytes))
        lp_positions(cython.cast(cython.p_uchar, entry_pointer(e)), 2, s.places)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def sampler_next(
    s: cython.pointer[ZsetSampler], member: cython.pointer[LpValue], score: cython.p_double
) -> cython.void:
    """A member drawn uniformly, with its score."""
    lp: cython.p_uchar
    at: cython.Py_ssize_t
    if s.places == cython.NULL:
        zset_random(s.e, member, score)
        return
    lp = cython.cast(cython.p_uchar, entry_pointer(s.e))
    at = s.places[random_draw() % s.count]
    lp_get(lp, at, member)
    score[0] = zl_score(lp, lp_after(lp, at))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def sampler_close(s: cython.pointer[ZsetSampler]) -> cython.void:
    """Free what the sampler needed."""
    if s.places != cython.NULL:
        mem_free(s.places, s.size_bytes)


# Different ones


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _compare(a: cython.p_const_void, b: cython.p_const_void) -> cython.int:
    x: uint64_t = cython.cast(cython.pointer[uint64_t], a)[0]
    y: uint64_t = cython.cast(cython.pointer[uint64_t], b)[0]
    return (x > y) - (x < y)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _draw_sparse(ranks: cython.pointer[uint64_t], wanted: cython.size_t, total: cython.size_t) -> cython.void:
    """Draw until enough differ. What has come twice is found by sorting; few do, as the ranks are few of many."""
    i: cython.size_t
    drawn: cython.size_t = 0
    kept: cython.size_t
    while drawn < wanted:
        for i in range(drawn, wanted):
            ranks[i] = random_draw() % total
        qsort(ranks, wanted, cython.sizeof(uint64_t), _compare)
        kept = 1
        for i in range(1, wanted):
            if ranks[i] != ranks[kept - 1]:
                ranks[kept] = ranks[i]
                kept += 1
        drawn = kept


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def sample_ranks(ranks: cython.pointer[uint64_t], wanted: cython.size_t, total: cython.size_t) -> cython.void:
    """Draw `wanted` different numbers below `total`, which is at least as many and not 0, every choice alike, in order.

    Selection sampling (Knuth, The Art of Computer Programming, volume 2, 3.4.2, algorithm S), which takes `total`
    steps, where they are not sparse.
    """
    i: cython.size_t
    taken: cython.size_t = 0
    if wanted == 0:
        return
    if wanted <= total // SPARSE:
        _draw_sparse(ranks, wanted, total)
        return
    for i in range(total):
        if random_draw() % (total - i) < wanted - taken:
            ranks[taken] = i
            taken += 1
