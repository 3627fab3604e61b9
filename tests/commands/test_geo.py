"""The geo commands: positions, distances, searches against a search of every member, storing, errors."""

import math
import random
from typing import Any

import pytest

from pyrite.core.geohash import decode, distance_m
from tests.support import ErrorReply, Server

SYNTAX = b"ERR syntax error"
NOT_FLOAT = b"ERR value is not a valid float"
WRONG_TYPE = b"WRONGTYPE Operation against a key holding the wrong kind of value"
UNIT = b"ERR unsupported unit provided. please use M, KM, FT, MI"
SICILY = [13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania"]
METERS = {"m": 1.0, "km": 1000.0, "ft": 0.3048, "mi": 1609.34}


@pytest.fixture(params=[1000, 0])
def any_server(request: pytest.FixtureRequest, server: Server) -> Any:
    """Return our server, with all sorted sets in one encoding, the second of them skiplist."""
    with server.config(zset_max_listpack_entries=request.param):
        yield server


def test_positions(any_server: Server) -> None:
    assert any_server.call("GEOADD", "g", *SICILY) == 2
    assert any_server.call("TYPE", "g") == b"zset"
    assert any_server.call("ZRANGE", "g", 0, -1, "WITHSCORES") == [
        b"Palermo",
        b"3479099956230698",
        b"Catania",
        b"3479447370796909",
    ]
    assert any_server.call("GEOPOS", "g", "Palermo", "x", "Catania") == [
        [b"13.36138933897018433", b"38.11555639549629859"],
        None,
        [b"15.08726745843887329", b"37.50266842333162032"],
    ]
    assert any_server.call("GEOHASH", "g", "Palermo", "x", "Catania") == [b"sqc8b49rny0", None, b"sqdtr74hyu0"]
    assert any_server.call("GEOPOS", "none", "a") == [None]
    assert any_server.call("GEOPOS", "none") == any_server.call("GEOHASH", "g") == []
    assert any_server.call_raw("GEOPOS", "g", "x") == b"*1\r\n*-1\r\n"
    with any_server.connect(resp=3) as client:
        assert (
            client.call_raw("GEOPOS", "g", "Palermo", "x")
            == b"*2\r\n*2\r\n,13.36138933897018433\r\n,38.11555639549629859\r\n_\r\n"
        )
        assert client.call_raw("GEODIST", "g", "Palermo", "Catania") == b"$11\r\n166274.1516\r\n"


def test_flags_of_geoadd(any_server: Server) -> None:
    any_server.call("GEOADD", "g", *SICILY)
    assert any_server.call("GEOADD", "g", "NX", 1, 1, "Palermo", 2, 2, "new") == 1
    assert any_server.call("GEOADD", "g", "XX", "CH", 1, 1, "Palermo", 2, 2, "other") == 1
    assert any_server.call("GEOADD", "g", "CH", 1, 1, "Palermo", 3, 3, "new") == 1
    assert any_server.call("ZCARD", "g") == 3
    assert any_server.call("GEOADD", "none", "XX", 1, 1, "a") == 0
    assert any_server.call("EXISTS", "none") == 0


@pytest.mark.parametrize(
    ("unit", "distance"),
    [("", b"166274.1516"), ("m", b"166274.1516"), ("KM", b"166.2742"), ("mi", b"103.3182"), ("Ft", b"545518.8700")],
)
def test_distances(any_server: Server, unit: str, distance: bytes) -> None:
    any_server.call("GEOADD", "g", *SICILY, 0, 0, "zero")
    assert any_server.call("GEODIST", "g", "Palermo", "Catania", *unit.split()) == distance
    assert any_server.call("GEODIST", "g", "zero", "zero", *unit.split()) == b"0.0000"
    assert any_server.call("GEODIST", "g", "Palermo", "x", *unit.split()) is None
    assert any_server.call("GEODIST", "none", "Palermo", "Catania", *unit.split()) is None


def test_the_ends_of_the_world(any_server: Server) -> None:
    assert (
        any_server.call("GEOADD", "g", 180, 85.05112878, "a", -180, -85.05112878, "b", 180, 0, "c", -180, 0, "d") == 4
    )
    assert any_server.call("GEODIST", "g", "c", "d") == b"0.2983"
    assert any_server.call("GEOSEARCH", "g", "FROMMEMBER", "a", "BYRADIUS", 1, "m") == [b"a"]


# Searches


@pytest.fixture(scope="module")
def cities() -> dict[bytes, tuple[float, float]]:
    """Return places all over the world, away from the date line, and more of them in one corner of it."""
    rnd = random.Random(11)
    found = {b"w%d" % i: (rnd.uniform(-170, 170), rnd.uniform(-80, 80)) for i in range(600)}
    return found | {b"c%d" % i: (rnd.uniform(10, 14), rnd.uniform(48, 52)) for i in range(600)}


def members_within(places: dict[bytes, float], center: tuple[float, float], width: float, height: float) -> set[bytes]:
    """Return the members in a circle, with a height of 0, or a box, by looking at each."""
    found = set()
    for member, score in places.items():
        longitude, latitude = decode(score)
        if height == 0:
            inside = distance_m(*center, longitude, latitude) <= width
        else:
            inside = (
                distance_m(0, latitude, 0, center[1]) <= height / 2
                and distance_m(longitude, latitude, center[0], latitude) <= width / 2
            )
        if inside:
            found.add(member)
    return found


def test_searches_find_what_looking_at_every_member_finds(
    any_server: Server, cities: dict[bytes, tuple[float, float]]
) -> None:
    rnd = random.Random(12)
    any_server.call("GEOADD", "g", *(part for name, place in cities.items() for part in (*place, name)))
    flat = any_server.call("ZRANGE", "g", 0, -1, "WITHSCORES")
    assert isinstance(flat, list)
    places = {name: float(score) for name, score in zip(flat[::2], flat[1::2], strict=True)}
    for _ in range(150):
        unit = rnd.choice([*METERS])
        center = rnd.choice([(rnd.uniform(-90, 90), rnd.uniform(-55, 55)), (rnd.uniform(10, 14), rnd.uniform(48, 52))])
        width, height = (10 ** rnd.uniform(3, 6.3) / METERS[unit] for _ in range(2))
        member = rnd.choice(sorted(cities))
        circle = any_server.call("GEOSEARCH", "g", "FROMLONLAT", *center, "BYRADIUS", width, unit)
        box = any_server.call("GEOSEARCH", "g", "BYBOX", width, height, unit, "FROMLONLAT", *center)
        near = any_server.call("GEORADIUSBYMEMBER", "g", member, 300, "km")
        assert isinstance(circle, list)
        assert isinstance(box, list)
        assert isinstance(near, list)
        assert set(circle) == members_within(places, center, width * METERS[unit], 0)
        assert set(box) == members_within(places, center, width * METERS[unit], height * METERS[unit])
        assert set(near) == members_within(places, decode(places[member]), 300_000, 0)
        assert len(set(circle)) == len(circle)
        assert any_server.call("GEORADIUS", "g", *center, width, unit) == circle


def test_orders_and_counts(any_server: Server, cities: dict[bytes, tuple[float, float]]) -> None:
    any_server.call("GEOADD", "g", *(part for name, place in cities.items() for part in (*place, name)))
    area = ["GEOSEARCH", "g", "FROMLONLAT", 12, 50, "BYRADIUS", 300, "km"]
    near = any_server.call(*area, "ASC", "WITHDIST")
    assert isinstance(near, list)
    distances = [float(distance) for _, distance in near]
    names = [name for name, _ in near]
    assert distances == sorted(distances)
    assert len(names) > 300
    assert any_server.call(*area, "DESC") == names[::-1]
    for count in (1, 7, 100, len(names), 5000):
        assert any_server.call(*area, "COUNT", count) == names[:count]
        assert any_server.call(*area, "COUNT", count, "DESC") == names[::-1][:count]
        anywhere = any_server.call(*area, "COUNT", count, "ANY")
        assert isinstance(anywhere, list)
        assert len(anywhere) == min(count, len(names))
        assert set(anywhere) <= set(names)
        ordered = any_server.call(*area, "COUNT", count, "ANY", "ASC")
        assert ordered == sorted(anywhere, key=names.index)


def test_what_is_told_beside_members(any_server: Server) -> None:
    any_server.call("GEOADD", "g", *SICILY)
    area = ["GEOSEARCH", "g", "FROMLONLAT", 15, 37, "BYRADIUS", 200, "km", "ASC"]
    catania = [b"15.08726745843887329", b"37.50266842333162032"]
    assert any_server.call(*area, "WITHDIST", "WITHCOORD", "WITHHASH", "COUNT", 1) == [
        [b"Catania", b"56.4413", 3479447370796909, catania]
    ]
    assert any_server.call(*area, "WITHCOORD", "COUNT", 1) == [[b"Catania", catania]]
    assert any_server.call(*area) == [b"Catania", b"Palermo"]
    with any_server.connect(resp=3) as client:
        assert client.call_raw(*area, "WITHDIST", "COUNT", 1) == b"*1\r\n*2\r\n$7\r\nCatania\r\n$7\r\n56.4413\r\n"


def test_storing(any_server: Server) -> None:
    any_server.call("GEOADD", "g", *SICILY)
    area = ["FROMLONLAT", 15, 37, "BYBOX", 400, 400, "km"]
    any_server.call("SET", "d", "text", "EX", 100)
    assert any_server.call("GEOSEARCHSTORE", "d", "g", *area) == 2
    assert any_server.call("ZRANGE", "d", 0, -1, "WITHSCORES") == any_server.call("ZRANGE", "g", 0, -1, "WITHSCORES")
    assert any_server.call("TTL", "d") == -1
    assert any_server.call("GEOSEARCHSTORE", "d", "g", *area, "STOREDIST", "COUNT", 1) == 1
    assert any_server.call("ZRANGE", "d", 0, -1) == [b"Catania"]
    assert math.isclose(float(any_server.call("ZSCORE", "d", "Catania")), 56.4412578701582)  # type: ignore[arg-type]
    assert any_server.call("GEORADIUS", "g", 15, 37, 200, "km", "STORE", "x", "STOREDIST", "d") == 2
    assert any_server.call("EXISTS", "x") == 0
    assert any_server.call("GEORADIUSBYMEMBER", "g", "Catania", 1, "km", "STORE", "g") == 1
    assert any_server.call("ZRANGE", "g", 0, -1) == [b"Catania"]
    assert any_server.call("GEOSEARCHSTORE", "d", "g", "FROMLONLAT", 0, 0, "BYRADIUS", 1, "m") == 0
    assert any_server.call("GEOSEARCHSTORE", "d", "none", *area) == 0
    assert any_server.call("EXISTS", "d") == 0


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ("GEOADD g 1 1 a 1", SYNTAX),
        ("GEOADD g NX XX 1 1 a", SYNTAX),
        ("GEOADD g NX CH XX", SYNTAX),
        ("GEOADD g x 1 a", NOT_FLOAT),
        ("GEOADD g 181 1 a", b"ERR invalid longitude,latitude pair 181.000000,1.000000"),
        ("GEOADD g 1 1 a 1 -85.06 b", b"ERR invalid longitude,latitude pair 1.000000,-85.060000"),
        ("GEOADD s 1 1 a", WRONG_TYPE),
        ("GEOPOS s a", WRONG_TYPE),
        ("GEOHASH s a", WRONG_TYPE),
        ("GEODIST s a b", WRONG_TYPE),
        ("GEODIST s a b x", UNIT),
        ("GEODIST g a b m x", SYNTAX),
        ("GEORADIUS s x y z u", WRONG_TYPE),
        ("GEORADIUS g x 1 1 m", NOT_FLOAT),
        ("GEORADIUS g 1 1 x m", b"ERR need numeric radius"),
        ("GEORADIUS g 1 1 -1 m", b"ERR radius cannot be negative"),
        ("GEORADIUS g 1 1 1 x", UNIT),
        ("GEORADIUS g 1 1 1 m foo", SYNTAX),
        ("GEORADIUS g 1 1 1 m COUNT", SYNTAX),
        ("GEORADIUS g 1 1 1 m COUNT 0", b"ERR COUNT must be > 0"),
        ("GEORADIUS g 1 1 1 m COUNT x", b"ERR value is not an integer or out of range"),
        ("GEORADIUS g 1 1 1 m ANY", b"ERR the ANY argument requires COUNT argument"),
        (
            "GEORADIUS g 1 1 1 m STORE d WITHDIST",
            b"ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
        ),
        ("GEORADIUS g 1 1 1 m STORE", SYNTAX),
        ("GEORADIUS_RO g 1 1 1 m STORE d", SYNTAX),
        ("GEORADIUSBYMEMBER_RO g a 1 m STOREDIST d", SYNTAX),
        ("GEORADIUSBYMEMBER g x 1 m", b"ERR could not decode requested zset member"),
        ("GEOSEARCH g FROMMEMBER x BYRADIUS 1 m", b"ERR could not decode requested zset member"),
        ("GEOSEARCH g FROMMEMBER a FROMLONLAT 1 1 BYRADIUS 1 m", SYNTAX),
        ("GEOSEARCH g FROMMEMBER a BYRADIUS 1 m BYBOX 1 1 m", SYNTAX),
        ("GEOSEARCH g FROMMEMBER a BYBOX x 1 m", b"ERR need numeric width"),
        ("GEOSEARCH g FROMMEMBER a BYBOX 1 x m", b"ERR need numeric height"),
        ("GEOSEARCH g FROMMEMBER a BYBOX 1 -1 m", b"ERR height or width cannot be negative"),
        ("GEOSEARCH g FROMMEMBER a BYBOX 1 1 x", UNIT),
        ("GEOSEARCH g FROMMEMBER a STORE d BYRADIUS", SYNTAX),
        (
            "geoSearch g BYRADIUS 1 m ASC WITHDIST",
            b"ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for geoSearch",
        ),
        (
            "GEOSEARCH g FROMMEMBER a ASC WITHDIST WITHHASH",
            b"ERR exactly one of BYRADIUS and BYBOX can be specified for GEOSEARCH",
        ),
        (
            "GEOSEARCHSTORE d g FROMMEMBER a BYRADIUS 1 m WITHDIST",
            b"ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
        ),
    ],
)
def test_errors_in_the_order_in_which_they_are_found(server: Server, request_: str, error: bytes) -> None:
    server.call("SET", "s", "text")
    server.call("GEOADD", "g", 1, 1, "a")
    assert server.call(*request_.split()) == ErrorReply(error)
    assert server.call("ZCARD", "g") == 1


def test_scores_that_are_no_positions(any_server: Server) -> None:
    scores = [-1, "inf", "-inf", 1e300, -1e300, 2**53, 1.8e19, 0.5]
    any_server.call("ZADD", "g", *(part for score in scores for part in (score, f"m{score}")))
    positions = any_server.call("GEOPOS", "g", *(f"m{score}" for score in scores))
    assert isinstance(positions, list)
    assert all(abs(float(lon)) <= 180 and abs(float(lat)) <= 85.06 for lon, lat in positions)
    assert any_server.call("GEODIST", "g", "minf", "m-inf") is not None
    assert any_server.call("GEOSEARCH", "g", "FROMMEMBER", "m1e+300", "BYRADIUS", 1, "m") is not None
