"""The geo commands for single members: positions in sorted sets, and distances between them."""

import cython
from cython.cimports.libc.math import llrint
from cython.cimports.libc.stdint import uint64_t
from cython.cimports.pyrite.commands.sorted_set import ZADD_CH, add_pairs
from cython.cimports.pyrite.core.entry import Entry
from cython.cimports.pyrite.core.geohash import (
    GEOHASH_LENGTH,
    GeoPosition,
    geo_decode,
    geo_distance_m,
    geo_encode,
    geo_is_valid,
    geo_text,
)
from cython.cimports.pyrite.core.memory import mem_alloc, mem_free
from cython.cimports.pyrite.core.numbers import (
    LONGDOUBLE_ROOM,
    format_longdouble_human,
    format_ulonglong,
    parse_double,
)
from cython.cimports.pyrite.core.parser import Args, Slice
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.types.sorted_set import ZADD_NX, ZADD_XX, zset_lookup_read, zset_score

from pyrite.core.errors import NOT_FLOAT, SYNTAX, CommandError
from pyrite.engine.command import command
from pyrite.engine.declare import (
    ACCESS,
    DENYOOM,
    GEO,
    READONLY,
    RO,
    RW,
    UPDATE,
    WRITE,
    block,
    double,
    key,
    key_at,
    multiple,
    one_of,
    optional,
    string,
    token,
)

UNKNOWN_UNIT = b"ERR unsupported unit provided. please use M, KM, FT, MI"

# What an argument may be that names a unit, for the declarations.
UNIT = one_of("unit", token("M"), token("KM"), token("FT"), token("MI"))


# Arguments


@cython.cfunc
@cython.exceptval(-1, check=False)
def parse_position(args: Args, i: cython.Py_ssize_t, p: cython.pointer[GeoPosition]) -> cython.int:
    """Longitude and latitude in two arguments; raises CommandError."""
    if not (
        parse_double(args.v[i].p, args.v[i].n, cython.address(p.longitude))
        and parse_double(args.v[i + 1].p, args.v[i + 1].n, cython.address(p.latitude))
    ):
        raise CommandError(NOT_FLOAT)
    if not geo_is_valid(p[0]):
        raise CommandError(b"ERR invalid longitude,latitude pair %f,%f" % (p.longitude, p.latitude))
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def parse_unit(args: Args, i: cython.Py_ssize_t) -> cython.double:
    """The meters of a unit; raises CommandError."""
    if args.equals(i, b"m"):
        return 1
    if args.equals(i, b"km"):
        return 1000
    if args.equals(i, b"ft"):
        return 0.3048
    if args.equals(i, b"mi"):
        return 1609.34
    raise CommandError(UNKNOWN_UNIT)


# Replies


@cython.cfunc
@cython.exceptval(check=False)
def put_distance(reply: Reply, distance: cython.double) -> cython.void:
    """A bulk string with four places behind the point, whatever the protocol."""
    text: cython.char[32]
    scaled: cython.longlong = llrint(distance * 10000.0)
    negative: cython.bint = scaled < 0
    value: uint64_t = 0 - cython.cast(uint64_t, scaled) if negative else cython.cast(uint64_t, scaled)
    n: cython.Py_ssize_t = negative
    i: cython.int
    text[0] = b"-"
    n += format_ulonglong(cython.address(text[n]), value // 10000)
    text[n] = b"."
    value %= 10000
    for i in range(4):
        text[n + 4 - i] = cython.cast(cython.char, 48 + value % 10)
        value //= 10
    reply.put_bulk(text, n + 5)


@cython.cfunc
@cython.exceptval(check=False)
def _put_coordinate(reply: Reply, v: cython.double) -> cython.void:
    """A double with up to 17 places behind the point, in RESP2 as a bulk string."""
    text: cython.char[LONGDOUBLE_ROOM]
    n: cython.Py_ssize_t = format_longdouble_human(text, LONGDOUBLE_ROOM, v)
    if reply.resp == 2:
        reply.put_bulk(text, n)
        return
    reply.put(b",", 1)
    reply.put(text, n)
    reply.put(b"\r\n", 2)


@cython.cfunc
@cython.exceptval(check=False)
def put_position(reply: Reply, p: GeoPosition) -> cython.void:
    """Longitude and latitude."""
    reply.array(2)
    _put_coordinate(reply, p.longitude)
    _put_coordinate(reply, p.latitude)


# The commands


@cython.cfunc
@cython.exceptval(-1, check=False)
def _add_positions(
    client: Client,
    args: Args,
    start: cython.Py_ssize_t,
    count: cython.Py_ssize_t,
    flags: cython.int,
    scores: cython.p_double,
) -> cython.int:
    i: cython.Py_ssize_t
    p: GeoPosition
    for i in range(count):
        parse_position(args, start + 3 * i, cython.address(p))
        scores[i] = cython.cast(cython.double, geo_encode(p))
    return add_pairs(client, cython.address(args.v[start + 2]), 3, scores, count, flags)


@command(
    "GEOADD",
    arity=-5,
    flags=WRITE | DENYOOM,
    group=GEO,
    since="3.2.0",
    complexity="O(log(N)) for each member, where N is the number of members of the sorted set.",
    keys=(key_at(1, RW | UPDATE),),
    history=(("6.2.0", "`CH`, `NX` and `XX`."),),
    args=(
        key(),
        optional(one_of("condition", token("NX"), token("XX"), since="6.2.0")),
        optional(token("CH", "change", since="6.2.0")),
        multiple(block("data", double("longitude"), double("latitude"), string("member"))),
    ),
)
def geoadd(client: Client, args: Args) -> None:
    """Add members with their positions to a sorted set, which is created when missing."""
    flags: cython.int = 0
    i: cython.Py_ssize_t = 2
    while i < args.argc:
        if args.equals(i, b"nx"):
            flags |= ZADD_NX
        elif args.equals(i, b"xx"):
            flags |= ZADD_XX
        elif args.equals(i, b"ch"):
            flags |= ZADD_CH
        else:
            break
        i += 1
    count: cython.Py_ssize_t = (args.argc - i) // 3
    if count == 0 or (args.argc - i) % 3 or (flags & ZADD_NX and flags & ZADD_XX):
        raise CommandError(SYNTAX)
    scores: cython.p_double = cython.cast(cython.p_double, mem_alloc(count * cython.sizeof(cython.double)))
    try:
        _add_positions(client, args, i, count, flags, scores)
    finally:
        mem_free(scores, count * cython.sizeof(cython.double))


@cython.cfunc
@cython.exceptval(check=False)
def _position_of(e: cython.pointer[Entry], member: Slice, p: cython.pointer[GeoPosition]) -> cython.bint:
    """Tell whether there is such a member, and give its position."""
    score: cython.double = 0
    if e == cython.NULL or not zset_score(e, member.p, member.n, cython.address(score)):
        return False
    p[0] = geo_decode(score)
    return True


@command(
    "GEOPOS",
    arity=-2,
    flags=READONLY,
    group=GEO,
    since="3.2.0",
    complexity="O(1) for each member.",
    keys=(key_at(1, RO | ACCESS),),
    args=(key(), optional(multiple(string("member")))),
)
def geopos(client: Client, args: Args) -> None:
    """Return the positions of members: longitude and latitude."""
    i: cython.Py_ssize_t
    p: GeoPosition
    e: cython.pointer[Entry] = zset_lookup_read(client.db, args.v[1])
    client.reply.array(args.argc - 2)
    for i in range(2, args.argc):
        if _position_of(e, args.v[i], cython.address(p)):
            put_position(client.reply, p)
        else:
            client.reply.null_array()


@command(
    "GEOHASH",
    arity=-2,
    flags=READONLY,
    group=GEO,
    since="3.2.0",
    complexity="O(1) for each member.",
    keys=(key_at(1, RO | ACCESS),),
    args=(key(), optional(multiple(string("member")))),
)
def geohash(client: Client, args: Args) -> None:
    """Return the positions of members as geohash strings."""
    text: cython.char[GEOHASH_LENGTH]
    i: cython.Py_ssize_t
    p: GeoPosition
    e: cython.pointer[Entry] = zset_lookup_read(client.db, args.v[1])
    client.reply.array(args.argc - 2)
    for i in range(2, args.argc):
        if _position_of(e, args.v[i], cython.address(p)):
            geo_text(p, text)
            client.reply.put_bulk(text, GEOHASH_LENGTH)
        else:
            client.reply.null()


@command(
    "GEODIST",
    arity=-4,
    flags=READONLY,
    group=GEO,
    since="3.2.0",
    complexity="O(1)",
    keys=(key_at(1, RO | ACCESS),),
    args=(key(), string("member1"), string("member2"), optional(UNIT)),
)
def geodist(client: Client, args: Args) -> None:
    """Return the distance between two members."""
    unit_m: cython.double = 1
    a: GeoPosition
    b: GeoPosition
    if args.argc == 5:
        unit_m = parse_unit(args, 4)
    elif args.argc > 5:
        raise CommandError(SYNTAX)
    e: cython.pointer[Entry] = zset_lookup_read(client.db, args.v[1])
    if _position_of(e, args.v[2], cython.address(a)) and _position_of(e, args.v[3], cython.address(b)):
        put_distance(client.reply, geo_distance_m(a, b) / unit_m)
    else:
        client.reply.null()
