"""Positions by halving intervals, one bit at a time, and distances by the cosine rule."""

import math

EARTH_RADIUS_M = 6372797.560856
LONGITUDE_MAX = 180.0
LATITUDE_MAX = 85.05112878
ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz"
STEPS = 26


def encode(longitude: float, latitude: float, latitude_max: float = LATITUDE_MAX) -> int:
    """Return the 52 bits of a position, longitude first."""
    west, east = -LONGITUDE_MAX, LONGITUDE_MAX
    south, north = -latitude_max, latitude_max
    bits = 0
    for _ in range(STEPS):
        middle = (west + east) / 2
        is_east = longitude >= middle
        west, east = (middle, east) if is_east else (west, middle)
        middle = (south + north) / 2
        is_north = latitude >= middle
        south, north = (middle, north) if is_north else (south, middle)
        bits = bits << 2 | is_east << 1 | is_north
    return bits


def decode(bits: int) -> tuple[float, float]:
    """Return the middle of the cell of 52 bits."""
    west, east = -LONGITUDE_MAX, LONGITUDE_MAX
    south, north = -LATITUDE_MAX, LATITUDE_MAX
    for shift in range(2 * STEPS - 2, -1, -2):
        middle = (west + east) / 2
        west, east = (middle, east) if bits >> shift & 2 else (west, middle)
        middle = (south + north) / 2
        south, north = (middle, north) if bits >> shift & 1 else (south, middle)
    return (west + east) / 2, (south + north) / 2


def text(longitude: float, latitude: float) -> bytes:
    """Return the first ten characters of a position's geohash."""
    bits = encode(longitude, latitude, 90.0)
    return "".join(ALPHABET[bits >> (2 * STEPS - 5 * i) & 31] for i in range(1, 11)).encode()


def distance_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the distance on a sphere: by chords, as accurate as the haversine formula."""
    x, y = (vector(*place) for place in (a, b))
    chord = math.dist(x, y)
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, chord / 2))


def vector(longitude: float, latitude: float) -> tuple[float, float, float]:
    """Return a position as a point of the unit sphere."""
    lon, lat = math.radians(longitude), math.radians(latitude)
    return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)
