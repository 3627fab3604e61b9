"""Positions on the earth as numbers that sort by nearness, distances, and the search for what lies in an area.

A position is stored as the score of a sorted set: longitude and latitude are each halved 26 times, and the 52 bits
interleaved, longitude first; so what lies in one cell of a grid of 2**n by 2**n is one range of scores. Longitudes
reach from -180 to 180, latitudes to where the Mercator projection is a square (EPSG:3857), 85.05112878 degrees. What
is read back is the middle of the smallest cell, at most some 60 cm away.

A search covers its area with the cell that the center lies in and that cell's eight neighbours, at the finest grid at
which they suffice, and looks at each member of these cells.

Numbers are to be the very same as Redis's, and so results depend on the order of operations in floating point, on the
constants, and on how a grid is chosen. Distances are those on a sphere, by the haversine formula
(https://en.wikipedia.org/wiki/Haversine_formula); the textual form is https://en.wikipedia.org/wiki/Geohash, whose
latitudes reach to 90 degrees.
"""

import cython
from cython.cimports.libc.math import M_PI, asin, cos, fabs, sin, sqrt
from cython.cimports.libc.stdint import int64_t, uint32_t, uint64_t

EARTH_RADIUS_M = cython.declare(cython.double, 6372797.560856)
# Half of the equator, in the Mercator projection.
MERCATOR_MAX_M = cython.declare(cython.double, 20037726.37)
LONGITUDE_MAX = cython.declare(cython.double, 180.0)
LATITUDE_MAX = cython.declare(cython.double, 85.05112878)
RADIANS = cython.declare(cython.double, M_PI / 180.0)
# Towards the poles a degree of longitude is shorter, and cells have to be larger.
NORTHERN = cython.declare(cython.double, 66.0)
POLAR = cython.declare(cython.double, 80.0)

# Masks for spreading 32 bits over 64, which Cython takes as C constants only when they are declared.
EVERY_SECOND = cython.declare(uint64_t, 0x5555555555555555)
PAIRS = cython.declare(uint64_t, 0x3333333333333333)
NIBBLES = cython.declare(uint64_t, 0x0F0F0F0F0F0F0F0F)
BYTES = cython.declare(uint64_t, 0x00FF00FF00FF00FF)
HALVES = cython.declare(uint64_t, 0x0000FFFF0000FFFF)
TOP_BIT = cython.declare(uint64_t, 0x8000000000000000)

_alphabet = cython.declare(cython.p_const_char, b"0123456789bcdefghjkmnpqrstuvwxyz")


# Bits


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _spread(v: uint64_t) -> uint64_t:
    """The low 32 bits, a zero behind each."""
    v = (v | (v << 16)) & HALVES
    v = (v | (v << 8)) & BYTES
    v = (v | (v << 4)) & NIBBLES
    v = (v | (v << 2)) & PAIRS
    return (v | (v << 1)) & EVERY_SECOND


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _gather(v: uint64_t) -> uint32_t:
    """Every second bit, from the lowest on: the inverse of `_spread`."""
    v &= EVERY_SECOND
    v = (v | (v >> 1)) & PAIRS
    v = (v | (v >> 2)) & NIBBLES
    v = (v | (v >> 4)) & BYTES
    v = (v | (v >> 8)) & HALVES
    return cython.cast(uint32_t, v | (v >> 16))


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _place(v: cython.double, highest: cython.double, steps: cython.int) -> uint32_t:
    """The column or row that a coordinate lies in; its upper end has one of its own, behind the last."""
    part: cython.double = (v + highest) / (highest + highest)
    return cython.cast(uint32_t, part * cython.cast(cython.double, cython.cast(uint64_t, 1) << steps))


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _edge(place: uint32_t, highest: cython.double, steps: cython.int) -> cython.double:
    """The lower edge of a column or row."""
    part: cython.double = place * 1.0 / cython.cast(cython.double, cython.cast(uint64_t, 1) << steps)
    return -highest + part * (highest + highest)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _interleaved(x: uint32_t, y: uint32_t) -> uint64_t:
    return _spread(y) | (_spread(x) << 1)


# Positions


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def geo_is_valid(p: GeoPosition) -> cython.bint:
    """Tell whether it is a place that can be stored."""
    return -LONGITUDE_MAX <= p.longitude <= LONGITUDE_MAX and -LATITUDE_MAX <= p.latitude <= LATITUDE_MAX


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def geo_encode(p: GeoPosition) -> uint64_t:
    """The score of a valid position."""
    return _interleaved(_place(p.longitude, LONGITUDE_MAX, GEO_STEPS), _place(p.latitude, LATITUDE_MAX, GEO_STEPS))


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _bits_of(score: cython.double) -> uint64_t:
    """The integer part of any score, as conversion on x86-64 has it for what no position has."""
    if score < 9223372036854775808.0:
        return cython.cast(uint64_t, cython.cast(int64_t, score)) if score >= -9223372036854775808.0 else TOP_BIT
    return cython.cast(uint64_t, score) if score < 18446744073709551616.0 else 0


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _middle(place: uint32_t, highest: cython.double) -> cython.double:
    """The middle of one of the finest columns or rows, not beyond the last."""
    behind: uint32_t = place + 1
    v: cython.double = (_edge(place, highest, GEO_STEPS) + _edge(behind, highest, GEO_STEPS)) / 2
    if v > highest:
        return highest
    return v if v >= -highest else -highest


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def geo_decode(score: cython.double) -> GeoPosition:
    """The position that a score stands for; any score does for one."""
    p: GeoPosition
    bits: uint64_t = _bits_of(score)
    p.longitude = _middle(_gather(bits >> 1), LONGITUDE_MAX)
    p.latitude = _middle(_gather(bits), LATITUDE_MAX)
    return p


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def geo_text(p: GeoPosition, out: cython.p_char) -> cython.void:
    """Write the textual form, GEOHASH_LENGTH characters, the last of which has no bits left to tell and is `0`."""
    i: cython.int
    bits: uint64_t = _interleaved(_place(p.longitude, LONGITUDE_MAX, GEO_STEPS), _place(p.latitude, 90.0, GEO_STEPS))
    for i in range(GEOHASH_LENGTH - 1):
        out[i] = _alphabet[(bits >> (2 * GEO_STEPS - 5 * (i + 1))) & 31]
    out[GEOHASH_LENGTH - 1] = b"0"


# Distances


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _along_meridian_m(a: cython.double, b: cython.double) -> cython.double:
    """The distance between two latitudes."""
    return EARTH_RADIUS_M * fabs(b * RADIANS - a * RADIANS)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def geo_distance_m(a: GeoPosition, b: GeoPosition) -> cython.double:
    """The distance on a sphere of the earth's mean radius."""
    v: cython.double = sin((b.longitude * RADIANS - a.longitude * RADIANS) / 2)
    if v == 0.0:
        return _along_meridian_m(a.latitude, b.latitude)
    from_: cython.double = a.latitude * RADIANS
    to: cython.double = b.latitude * RADIANS
    u: cython.double = sin((to - from_) / 2)
    return 2.0 * EARTH_RADIUS_M * asin(sqrt(u * u + cos(from_) * cos(to) * v * v))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def geo_within(
    shape: cython.pointer[cython.const[GeoShape]], p: GeoPosition, distance_m: cython.p_double
) -> cython.bint:
    """Tell whether a position lies in an area, and how far from the center."""
    abreast: GeoPosition
    if shape.is_box:
        if _along_meridian_m(p.latitude, shape.center.latitude) > shape.height_m / 2:
            return False
        abreast.longitude = shape.center.longitude
        abreast.latitude = p.latitude
        if geo_distance_m(p, abreast) > shape.width_m / 2:
            return False
    distance_m[0] = geo_distance_m(shape.center, p)
    # Not <=: what is no number, as rounding may leave it for the other side of the earth, counts as within.
    return shape.is_box or not distance_m[0] > shape.radius_m


# Covering an area with cells


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _around(center: GeoPosition, half_width_m: cython.double, half_height_m: cython.double) -> GeoBox:
    """West, south, east and north of an area, its width taken at the edge that lies nearer to the pole."""
    box: GeoBox
    up: cython.double = half_height_m / EARTH_RADIUS_M / RADIANS
    edge: cython.double = center.latitude - up if center.latitude < 0 else center.latitude + up
    aside: cython.double = half_width_m / EARTH_RADIUS_M / cos(edge * RADIANS) / RADIANS
    box.west = center.longitude - aside
    box.east = center.longitude + aside
    box.south = center.latitude - up
    box.north = center.latitude + up
    return box


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _steps_for(radius_m: cython.double, latitude: cython.double) -> cython.int:
    """How fine a grid may be for a cell and its neighbours to reach so far from any place in the cell."""
    steps: cython.int = 1
    if radius_m == 0:
        return GEO_STEPS
    while radius_m < MERCATOR_MAX_M:
        radius_m *= 2
        steps += 1
    steps -= 2
    if fabs(latitude) > NORTHERN:
        steps -= 2 if fabs(latitude) > POLAR else 1
    if steps < 1:
        return 1
    return steps if steps < GEO_STEPS else GEO_STEPS


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _cell_at(p: GeoPosition, steps: cython.int) -> GeoCell:
    cell: GeoCell
    cell.x = _place(p.longitude, LONGITUDE_MAX, steps)
    cell.y = _place(p.latitude, LATITUDE_MAX, steps)
    cell.steps = steps
    return cell


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _step(place: uint32_t, by: cython.int, steps: cython.int) -> uint32_t:
    """The column or row beside one; beside the last comes the first."""
    if by == 0:
        return place
    return (place + cython.cast(uint32_t, by)) & ((cython.cast(uint32_t, 1) << steps) - 1)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _beside(cell: GeoCell, x: cython.int, y: cython.int) -> GeoCell:
    """The cell so many columns to the east and rows to the north, each -1, 0 or 1."""
    cell.x = _step(cell.x, x, cell.steps)
    cell.y = _step(cell.y, y, cell.steps)
    return cell


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _box_of(cell: GeoCell) -> GeoBox:
    box: GeoBox
    box.west = _edge(cell.x, LONGITUDE_MAX, cell.steps)
    box.east = _edge(cell.x + 1, LONGITUDE_MAX, cell.steps)
    box.south = _edge(cell.y, LATITUDE_MAX, cell.steps)
    box.north = _edge(cell.y + 1, LATITUDE_MAX, cell.steps)
    return box


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _reaches(cell: GeoCell, area: GeoBox) -> cython.bint:
    """Tell whether a cell's neighbours reach beyond all edges of an area."""
    return not (
        _box_of(_beside(cell, 0, 1)).north < area.north
        or _box_of(_beside(cell, 0, -1)).south > area.south
        or _box_of(_beside(cell, 1, 0)).east < area.east
        or _box_of(_beside(cell, -1, 0)).west > area.west
    )


# Where the cells of a cover lie, in the order in which they are searched, which unsorted results show: the center, the
# four beside it, the four at its corners; by how many columns to the east and rows to the north.
_east = cython.declare(cython.int[9])
_north = cython.declare(cython.int[9])
_east[:] = [0, 0, 0, 1, -1, 1, -1, 1, -1]
_north[:] = [0, 1, -1, 0, 0, 1, 1, -1, -1]


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _is_needless(i: cython.int, middle: GeoBox, area: GeoBox) -> cython.bint:
    """Tell whether cell `i` of a cover lies beyond an edge of the area that the middle cell reaches over."""
    return (
        (_north[i] < 0 and middle.south < area.south)
        or (_north[i] > 0 and middle.north > area.north)
        or (_east[i] < 0 and middle.west < area.west)
        or (_east[i] > 0 and middle.east > area.east)
    )


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def geo_cover(shape: cython.pointer[cython.const[GeoShape]], cells: cython.pointer[GeoCell]) -> cython.void:
    """The nine cells that an area lies in, in the order in which to search them; some may be CELL_LEFT_OUT."""
    i: cython.int
    last: cython.int = 0
    half_width: cython.double = shape.width_m / 2 if shape.is_box else shape.radius_m
    half_height: cython.double = shape.height_m / 2 if shape.is_box else shape.radius_m
    reach: cython.double = shape.radius_m
    if shape.is_box:
        reach = sqrt(half_width * half_width + half_height * half_height)
    area: GeoBox = _around(shape.center, half_width, half_height)
    cell: GeoCell = _cell_at(shape.center, _steps_for(reach, shape.center.latitude))
    if cell.steps > 1 and not _reaches(cell, area):
        cell = _cell_at(shape.center, cell.steps - 1)
    for i in range(COVER_MAX):
        cells[i] = _beside(cell, _east[i], _north[i])
        if cell.steps >= 2 and _is_needless(i, _box_of(cell), area):
            cells[i].steps = CELL_LEFT_OUT
        elif last and cells[i].x == cells[last].x and cells[i].y == cells[last].y:
            # Of a grid of two columns the one to the east is the one to the west.
            cells[i].steps = CELL_LEFT_OUT
        else:
            last = i


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def cell_start(cell: GeoCell) -> uint64_t:
    """The lowest score in a cell."""
    return _interleaved(cell.x, cell.y) << (2 * (GEO_STEPS - cell.steps))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def cell_end(cell: GeoCell) -> uint64_t:
    """The lowest score behind a cell."""
    return (_interleaved(cell.x, cell.y) + 1) << (2 * (GEO_STEPS - cell.steps))


# Python handles, for tests and cold callers


@cython.cfunc
def _position(longitude: cython.double, latitude: cython.double) -> GeoPosition:
    p: GeoPosition
    p.longitude = longitude
    p.latitude = latitude
    return p


def encode(longitude: float, latitude: float) -> int:
    """The score of a valid position."""
    return geo_encode(_position(longitude, latitude))


def decode(score: float) -> tuple[float, float]:
    """Longitude and latitude that a score stands for."""
    p: GeoPosition = geo_decode(score)
    return p.longitude, p.latitude


def text_of(longitude: float, latitude: float) -> bytes:
    """The textual form of a position."""
    out: cython.char[GEOHASH_LENGTH]
    geo_text(_position(longitude, latitude), out)
    return cython.cast(cython.p_char, out)[:GEOHASH_LENGTH]


def distance_m(longitude: float, latitude: float, other_longitude: float, other_latitude: float) -> float:
    """The distance between two positions."""
    return geo_distance_m(_position(longitude, latitude), _position(other_longitude, other_latitude))


def cover(longitude: float, latitude: float, width_m: float, height_m: float, is_box: bool) -> list[tuple[int, int]]:
    """The ranges of scores, start and end, of the cells of an area: a box, or a circle with the radius `width_m`."""
    shape: GeoShape
    cells: GeoCell[COVER_MAX]
    shape.is_box = is_box
    shape.center = _position(longitude, latitude)
    shape.radius_m = width_m
    shape.width_m = width_m
    shape.height_m = height_m
    geo_cover(cython.address(shape), cells)
    return [(cell_start(cells[i]), cell_end(cells[i])) for i in range(COVER_MAX) if cells[i].steps != CELL_LEFT_OUT]
