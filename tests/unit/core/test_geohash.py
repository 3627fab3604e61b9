"""Positions as numbers against a slow model, distances, and that the cells of a search cover its area."""

import math
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pyrite.core.geohash import cover, decode, distance_m, encode, text_of
from tests.models import geohash as model

# The upper ends have a cell of their own, which the model's halving does not know.
longitudes = st.floats(-180, 180, exclude_max=True)
latitudes = st.floats(-model.LATITUDE_MAX, model.LATITUDE_MAX, exclude_max=True)
places = st.tuples(longitudes, latitudes)
CELL_DEGREES = 360 / 2**26


def bits_apart(a: int, b: int) -> int:
    """Return by how many cells two positions differ, along either coordinate."""
    differences = [abs(_every_second(a >> shift) - _every_second(b >> shift)) for shift in (0, 1)]
    return max(differences)


def _every_second(bits: int) -> int:
    return sum((bits >> 2 * i & 1) << i for i in range(27))


@given(places)
def test_a_position_is_where_halving_ends(place: tuple[float, float]) -> None:
    """Rounding may put a place on a border into the cell beside it, and no farther."""
    assert bits_apart(encode(*place), model.encode(*place)) <= 1


@given(st.integers(0, 2**52 - 1))
def test_a_score_is_the_middle_of_its_cell(bits: int) -> None:
    longitude, latitude = decode(float(bits))
    expected = model.decode(bits)
    assert math.isclose(longitude, expected[0], abs_tol=1e-9)
    assert math.isclose(latitude, expected[1], abs_tol=1e-9)
    assert encode(longitude, latitude) == bits


@given(places)
def test_what_is_read_back_is_near(place: tuple[float, float]) -> None:
    longitude, latitude = decode(float(encode(*place)))
    assert abs(longitude - place[0]) <= CELL_DEGREES
    assert abs(latitude - place[1]) <= CELL_DEGREES


@pytest.mark.parametrize(
    ("longitude", "latitude", "bits"),
    [
        (13.361389, 38.115556, 3479099956230698),
        (15.087269, 37.502669, 3479447370796909),
        (0, 0, 3 << 50),
        (-180, -model.LATITUDE_MAX, 0),
        (180, 0, (1 << 53) + (1 << 50)),
        (0, model.LATITUDE_MAX, (1 << 52) + (1 << 51)),
    ],
)
def test_known_positions(longitude: float, latitude: float, bits: int) -> None:
    assert encode(longitude, latitude) == bits


@pytest.mark.parametrize("score", [-1.0, -1e18, 1e300, -1e300, math.inf, -math.inf, 9.3e18, 2.0**53, 1.8e19, 0.5])
def test_any_score_is_some_position(score: float) -> None:
    longitude, latitude = decode(score)
    assert -180 <= longitude <= 180
    assert -model.LATITUDE_MAX <= latitude <= model.LATITUDE_MAX


@given(places)
def test_the_textual_form(place: tuple[float, float]) -> None:
    found = text_of(*place)
    assert len(found) == 11
    assert found.endswith(b"0")
    # Behind the last cell of all there is none, and what lies in it is told with the cell it would have.
    assume(abs(place[0]) < 179.999)
    # A place on a border may lie in the cell beside it, so the coarser cells tell enough.
    near = {
        model.text(place[0] + east, place[1] + north)[:8] for east in (-1e-5, 0, 1e-5) for north in (-1e-5, 0, 1e-5)
    }
    assert found[:8] in near


def test_known_textual_forms() -> None:
    assert text_of(*decode(3479099956230698)) == b"sqc8b49rny0"
    assert text_of(*decode(3479447370796909)) == b"sqdtr74hyu0"


@given(places, places)
def test_distances(a: tuple[float, float], b: tuple[float, float]) -> None:
    found = distance_m(*a, *b)
    assert math.isclose(found, model.distance_m(a, b), rel_tol=1e-6, abs_tol=0.5)
    assert found == distance_m(*b, *a)


def test_distances_along_a_meridian() -> None:
    assert distance_m(5, 10, 5, 10) == 0
    assert math.isclose(distance_m(5, 10, 5, 11), model.EARTH_RADIUS_M * math.pi / 180)
    assert round(distance_m(*decode(3479099956230698), *decode(3479447370796909)), 4) == 166274.1516


@given(
    places,
    st.floats(0.1, 4_000_000),
    st.floats(0.1, 1),
    st.booleans(),
    st.floats(-math.pi, math.pi),
    st.floats(0, 1),
)
def test_what_lies_in_an_area_lies_in_its_cells(
    center: tuple[float, float], size_m: float, flatness: float, is_box: bool, bearing: float, part: float
) -> None:
    """Away from the poles and the date line, behind which no cell reaches, as in Redis."""
    width_m, height_m = (size_m, size_m * flatness) if is_box else (size_m, size_m)
    reach_degrees = math.degrees(size_m / model.EARTH_RADIUS_M)
    assume(abs(center[1]) + reach_degrees < 60)
    assume(abs(center[0]) + reach_degrees * 3 < 180)
    if is_box:
        north_m, east_m = height_m / 2 * part * math.sin(bearing), width_m / 2 * part * math.cos(bearing)
    else:
        north_m, east_m = size_m * part * math.sin(bearing), size_m * part * math.cos(bearing)
    latitude = center[1] + math.degrees(north_m / model.EARTH_RADIUS_M)
    longitude = center[0] + math.degrees(east_m / model.EARTH_RADIUS_M / math.cos(math.radians(latitude)))
    assume(is_box or distance_m(*center, longitude, latitude) <= size_m)
    bits = encode(longitude, latitude)
    ranges = cover(*center, width_m, height_m, is_box)
    assert any(start <= bits < end for start, end in ranges)


@given(places, st.floats(0, 3e7), st.booleans())
def test_cells_do_not_overlap(center: tuple[float, float], size_m: float, is_box: bool) -> None:
    """So no member is found twice."""
    ranges = sorted(cover(*center, size_m, size_m, is_box))
    assert 1 <= len(ranges) <= 9
    assert all(start < end for start, end in ranges)
    assert all(end <= following for (_, end), (following, _) in pairwise(ranges))
