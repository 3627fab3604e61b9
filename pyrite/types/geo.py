"""Positions in a sorted set: the members that lie in an area, and the nearest or farthest of them."""

import cython
from cython.cimports.libc.stdlib import qsort
from cython.cimports.pyrite.core.entry import Entry
from cython.cimports.pyrite.core.geohash import (
    CELL_LEFT_OUT,
    COVER_MAX,
    GeoCell,
    GeoShape,
    cell_end,
    cell_start,
    geo_cover,
    geo_decode,
    geo_within,
)
from cython.cimports.pyrite.core.memory import mem_alloc, mem_free, mem_realloc
from cython.cimports.pyrite.types.sorted_set import ZsetIterator, zset_iterate_from, zset_next
from cython.cimports.pyrite.types.sorted_set_range import RANGE_SCORE, ZsetRange, ZsetSpan, zset_span

FIRST_CAPACITY = cython.declare(cython.size_t, 16)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def finds_init(finds: cython.pointer[GeoFinds]) -> cython.void:
    """Nothing found yet, and no memory."""
    finds.items = cython.NULL
    finds.count = 0
    finds.capacity = 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def finds_free(finds: cython.pointer[GeoFinds]) -> cython.void:
    """Free what was found."""
    if finds.items != cython.NULL:
        mem_free(finds.items, finds.capacity * cython.sizeof(GeoFound))
    finds_init(finds)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _append(finds: cython.pointer[GeoFinds]) -> cython.pointer[GeoFound]:
    """Room for one more."""
    width: cython.size_t = cython.sizeof(GeoFound)
    capacity: cython.size_t = finds.capacity * 2 if finds.capacity else FIRST_CAPACITY
    if finds.count == finds.capacity:
        if finds.items == cython.NULL:
            finds.items = cython.cast(cython.pointer[GeoFound], mem_alloc(capacity * width))
        else:
            finds.items = cython.cast(
                cython.pointer[GeoFound], mem_realloc(finds.items, finds.capacity * width, capacity * width)
            )
        finds.capacity = capacity
    found: cython.pointer[GeoFound] = cython.address(finds.items[finds.count])
    found.met = finds.count
    finds.count += 1
    return found


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _members_of(e: cython.pointer[Entry], cell: GeoCell, it: cython.pointer[ZsetIterator]) -> cython.size_t:
    """Stand before the first member in a cell; returns how many there are."""
    r: ZsetRange
    r.kind = RANGE_SCORE
    r.reverse = 0
    r.low = cython.cast(cython.double, cell_start(cell))
    r.low_open = False
    r.high = cython.cast(cython.double, cell_end(cell))
    r.high_open = True
    r.offset = 0
    r.limit = -1
    span: ZsetSpan = zset_span(e, cython.address(r))
    if span.count:
        zset_iterate_from(e, it, span.rank, False)
    return span.count


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def geo_search(
    e: cython.pointer[Entry],
    shape: cython.pointer[cython.const[GeoShape]],
    limit: cython.size_t,
    finds: cython.pointer[GeoFinds],
) -> cython.void:
    """Find the members that lie in an area; no more than `limit`, whichever are met first, unless that is 0."""
    cells: GeoCell[COVER_MAX]
    it: ZsetIterator
    i: cython.int
    left: cython.size_t
    one: GeoFound
    geo_cover(shape, cells)
    for i in range(COVER_MAX):
        left = _members_of(e, cells[i], cython.address(it)) if cells[i].steps != CELL_LEFT_OUT else 0
        while left and not (limit and finds.count >= limit):
            left -= 1
            zset_next(cython.address(it), cython.address(one.member), cython.address(one.score))
            one.position = geo_decode(one.score)
            if geo_within(shape, one.position, cython.address(one.distance_m)):
                one.met = finds.count
                _append(finds)[0] = one


# Order


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _by_distance(a: cython.p_const_void, b: cython.p_const_void) -> cython.int:
    x: cython.pointer[GeoFound] = cython.cast(cython.pointer[GeoFound], a)
    y: cython.pointer[GeoFound] = cython.cast(cython.pointer[GeoFound], b)
    if x.distance_m < y.distance_m:
        return -1
    if x.distance_m > y.distance_m:
        return 1
    return -1 if x.met < y.met else 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _by_distance_down(a: cython.p_const_void, b: cython.p_const_void) -> cython.int:
    x: cython.pointer[GeoFound] = cython.cast(cython.pointer[GeoFound], a)
    y: cython.pointer[GeoFound] = cython.cast(cython.pointer[GeoFound], b)
    if x.distance_m > y.distance_m:
        return -1
    if x.distance_m < y.distance_m:
        return 1
    return -1 if x.met < y.met else 1


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _comes_before(a: cython.pointer[GeoFound], b: cython.pointer[GeoFound], order: cython.int) -> cython.bint:
    return (_by_distance(a, b) if order == ORDER_NEAREST else _by_distance_down(a, b)) < 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _sink(items: cython.pointer[GeoFound], at: cython.size_t, n: cython.size_t, order: cython.int) -> cython.void:
    """Put an item of a heap, whose top comes last in order, where it belongs."""
    item: GeoFound = items[at]
    child: cython.size_t
    while 2 * at + 1 < n:
        child = 2 * at + 1
        if child + 1 < n and _comes_before(cython.address(items[child]), cython.address(items[child + 1]), order):
            child += 1
        if not _comes_before(cython.address(item), cython.address(items[child]), order):
            break
        items[at] = items[child]
        at = child
    items[at] = item


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _keep_first(finds: cython.pointer[GeoFinds], order: cython.int, wanted: cython.size_t) -> cython.void:
    """Drop all but the first `wanted` in order: a heap of these, which each of the others is compared with."""
    i: cython.size_t = wanted // 2
    while i:
        i -= 1
        _sink(finds.items, i, wanted, order)
    for i in range(wanted, finds.count):
        if _comes_before(cython.address(finds.items[i]), cython.address(finds.items[0]), order):
            finds.items[0] = finds.items[i]
            _sink(finds.items, 0, wanted, order)
    finds.count = wanted


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def finds_sort(finds: cython.pointer[GeoFinds], order: cython.int, wanted: cython.size_t) -> cython.void:
    """Put what was found in order, and keep the first `wanted`, unless that is 0. Equally far ones keep their order."""
    if order == ORDER_NONE:
        if wanted and wanted < finds.count:
            finds.count = wanted
        return
    if wanted and wanted < finds.count:
        _keep_first(finds, order, wanted)
    if finds.count:
        qsort(
            finds.items,
            finds.count,
            cython.sizeof(GeoFound),
            _by_distance if order == ORDER_NEAREST else _by_distance_down,
        )
