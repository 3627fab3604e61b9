"""The geo commands that search: GEOSEARCH, GEORADIUS and their kin find the members in a circle or a box."""

import cython
from cython.cimports.pyrite.commands.geo import parse_position, parse_unit, put_distance, put_position
from cython.cimports.pyrite.commands.sorted_set import put_member
from cython.cimports.pyrite.core.entry import Entry
from cython.cimports.pyrite.core.geohash import geo_decode
from cython.cimports.pyrite.core.numbers import parse_double
from cython.cimports.pyrite.core.parser import Args, Slice
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.types.geo import (
    ORDER_FARTHEST,
    ORDER_NEAREST,
    ORDER_NONE,
    GeoFinds,
    GeoFound,
    finds_free,
    finds_init,
    finds_sort,
    geo_search,
)
from cython.cimports.pyrite.types.sorted_set import zset_lookup_read, zset_score
from cython.cimports.pyrite.types.sorted_set_build import ZsetBuilder, zb_free, zb_init, zb_merge, zb_store

from pyrite.commands.geo import UNIT
from pyrite.core.errors import SYNTAX, CommandError, quoted
from pyrite.engine.command import command
from pyrite.engine.declare import (
    ACCESS,
    DENYOOM,
    DEPRECATED,
    GEO,
    OW,
    READONLY,
    RO,
    UPDATE,
    WRITE,
    block,
    double,
    integer,
    key,
    key_after,
    key_at,
    one_of,
    optional,
    string,
    token,
)

RADIUS_NOT_NUMERIC = b"ERR need numeric radius"
WIDTH_NOT_NUMERIC = b"ERR need numeric width"
HEIGHT_NOT_NUMERIC = b"ERR need numeric height"
RADIUS_NEGATIVE = b"ERR radius cannot be negative"
SIZE_NEGATIVE = b"ERR height or width cannot be negative"
NO_SUCH_MEMBER = b"ERR could not decode requested zset member"
COUNT_NOT_POSITIVE = b"ERR COUNT must be > 0"
ANY_WITHOUT_COUNT = b"ERR the ANY argument requires COUNT argument"
STORE_AND_WITH = b"ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
SEARCHSTORE_AND_WITH = b"ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options"


# Arguments


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_circle(args: Args, i: cython.Py_ssize_t, q: cython.pointer[SearchRequest]) -> cython.int:
    """Radius and unit; raises CommandError."""
    radius: cython.double = 0
    if not parse_double(args.v[i].p, args.v[i].n, cython.address(radius)):
        raise CommandError(RADIUS_NOT_NUMERIC)
    if radius < 0:
        raise CommandError(RADIUS_NEGATIVE)
    q.unit_m = parse_unit(args, i + 1)
    q.shape.is_box = False
    q.shape.radius_m = radius * q.unit_m
    q.area |= AREA_CIRCLE
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_box(args: Args, i: cython.Py_ssize_t, q: cython.pointer[SearchRequest]) -> cython.int:
    """Width, height and unit; raises CommandError."""
    width: cython.double = 0
    height: cython.double = 0
    if not parse_double(args.v[i].p, args.v[i].n, cython.address(width)):
        raise CommandError(WIDTH_NOT_NUMERIC)
    if not parse_double(args.v[i + 1].p, args.v[i + 1].n, cython.address(height)):
        raise CommandError(HEIGHT_NOT_NUMERIC)
    if width < 0 or height < 0:
        raise CommandError(SIZE_NEGATIVE)
    q.unit_m = parse_unit(args, i + 2)
    q.shape.is_box = True
    q.shape.width_m = width * q.unit_m
    q.shape.height_m = height * q.unit_m
    q.area |= AREA_BOX
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _locate(e: cython.pointer[Entry], member: Slice, q: cython.pointer[SearchRequest]) -> cython.int:
    """Take a member's position for the center; of a missing key any will do. Raises CommandError."""
    score: cython.double = 0
    if e != cython.NULL:
        if not zset_score(e, member.p, member.n, cython.address(score)):
            raise CommandError(NO_SUCH_MEMBER)
        q.shape.center = geo_decode(score)
    q.area |= AREA_MEMBER
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_output(args: Args, i: cython.Py_ssize_t, q: cython.pointer[SearchRequest]) -> cython.int:
    """An option about what is replied or stored; returns how many arguments it takes, 0 for none of these."""
    has_more: cython.bint = i + 1 < args.argc
    if args.equals(i, b"withdist"):
        q.with_distance = True
    elif args.equals(i, b"withhash"):
        q.with_hash = True
    elif args.equals(i, b"withcoord"):
        q.with_position = True
    elif args.equals(i, b"any"):
        q.any = True
    elif args.equals(i, b"asc"):
        q.order = ORDER_NEAREST
    elif args.equals(i, b"desc"):
        q.order = ORDER_FARTHEST
    elif has_more and args.equals(i, b"count"):
        q.count = args.integer(i + 1)
        if q.count <= 0:
            raise CommandError(COUNT_NOT_POSITIVE)
        return 2
    elif q.form & SEARCH_STORES and args.equals(i, b"storedist"):
        q.stores_distance = True
    elif has_more and q.form & SEARCH_MAY_STORE and (args.equals(i, b"store") or args.equals(i, b"storedist")):
        q.stores_distance = args.v[i].n > 5
        q.target = i + 1
        return 2
    else:
        return 0
    return 1


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_area(
    args: Args, i: cython.Py_ssize_t, e: cython.pointer[Entry], q: cython.pointer[SearchRequest]
) -> cython.int:
    """An option of GEOSEARCH about the area; returns how many arguments it takes, 0 for none of these."""
    more: cython.Py_ssize_t = args.argc - i - 1
    if more >= 1 and not q.area & AREA_POSITION and args.equals(i, b"frommember"):
        _locate(e, args.v[i + 1], q)
        return 2
    if more >= 2 and not q.area & AREA_MEMBER and args.equals(i, b"fromlonlat"):
        parse_position(args, i + 1, cython.address(q.shape.center))
        q.area |= AREA_POSITION
        return 3
    if more >= 2 and not q.area & AREA_BOX and args.equals(i, b"byradius"):
        _parse_circle(args, i + 1, q)
        return 3
    if more >= 3 and not q.area & AREA_CIRCLE and args.equals(i, b"bybox"):
        _parse_box(args, i + 1, q)
        return 4
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_options(
    args: Args, i: cython.Py_ssize_t, e: cython.pointer[Entry], q: cython.pointer[SearchRequest]
) -> cython.int:
    """All options from an argument on; raises CommandError."""
    taken: cython.int
    while i < args.argc:
        taken = _parse_output(args, i, q)
        if taken == 0 and not q.form & SEARCH_GEORADIUS:
            taken = _parse_area(args, i, e, q)
        if taken == 0:
            raise CommandError(SYNTAX)
        i += taken
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _check_options(args: Args, q: cython.pointer[SearchRequest]) -> cython.int:
    """Refuse options that are at odds or missing; raises CommandError."""
    if q.target and (q.with_distance or q.with_hash or q.with_position):
        raise CommandError(SEARCHSTORE_AND_WITH if q.form & SEARCH_STORES else STORE_AND_WITH)
    if not q.form & SEARCH_GEORADIUS:
        if not q.area & (AREA_MEMBER | AREA_POSITION):
            raise CommandError(b"ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for " + quoted(args[0]))
        if not q.area & (AREA_CIRCLE | AREA_BOX):
            raise CommandError(b"ERR exactly one of BYRADIUS and BYBOX can be specified for " + quoted(args[0]))
    if q.any and not q.count:
        raise CommandError(ANY_WITHOUT_COUNT)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_search(args: Args, e: cython.pointer[Entry], q: cython.pointer[SearchRequest]) -> cython.int:
    """What a search is to do; `e` is the entry of the key that it searches, or NULL. Raises CommandError."""
    q.area = 0
    q.with_distance = q.with_hash = q.with_position = q.any = q.stores_distance = False
    q.order = ORDER_NONE
    q.count = 0
    q.target = 1 if q.form & SEARCH_STORES else 0
    if q.form & SEARCH_BY_MEMBER:
        _locate(e, args.v[2], q)
        if e != cython.NULL:
            _parse_circle(args, 3, q)
        _parse_options(args, 5, e, q)
    elif q.form & SEARCH_GEORADIUS:
        parse_position(args, 2, cython.address(q.shape.center))
        _parse_circle(args, 4, q)
        _parse_options(args, 6, e, q)
    else:
        _parse_options(args, 3 if q.form & SEARCH_STORES else 2, e, q)
    return _check_options(args, q)


# Replies


@cython.cfunc
@cython.exceptval(check=False)
def _reply_finds(reply: Reply, finds: cython.pointer[GeoFinds], q: cython.pointer[SearchRequest]) -> cython.void:
    i: cython.size_t
    found: cython.pointer[GeoFound]
    details: cython.int = q.with_distance + q.with_hash + q.with_position
    reply.array(finds.count)
    for i in range(finds.count):
        found = cython.address(finds.items[i])
        if details:
            reply.array(details + 1)
        put_member(reply, cython.address(found.member))
        if q.with_distance:
            put_distance(reply, found.distance_m / q.unit_m)
        if q.with_hash:
            reply.integer(cython.cast(cython.longlong, found.score))
        if q.with_position:
            put_position(reply, found.position)


# Searching


@cython.cfunc
@cython.exceptval(-1, check=False)
def _store_finds(
    client: Client, args: Args, finds: cython.pointer[GeoFinds], q: cython.pointer[SearchRequest]
) -> cython.int:
    """Store what was found, by its score or its distance, and reply with how many that are."""
    b: ZsetBuilder
    i: cython.size_t
    count: cython.size_t
    found: cython.pointer[GeoFound]
    again: cython.bint = False
    zb_init(cython.address(b))
    try:
        for i in range(finds.count):
            found = cython.address(finds.items[i])
            zb_merge(
                cython.address(b),
                cython.address(found.member),
                found.distance_m / q.unit_m if q.stores_distance else found.score,
                cython.address(again),
            )
        event: bytes = b"geosearchstore" if q.form & SEARCH_STORES else b"georadiusstore"
        count = zb_store(client.db, args.v[q.target], cython.address(b), event)
        client.db.keyspace.dirty += count - 1 if count else 0
        client.reply.integer(count)
    finally:
        zb_free(cython.address(b))
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _search(client: Client, args: Args, form: cython.int) -> cython.int:
    """All commands that search."""
    q: SearchRequest
    finds: GeoFinds
    e: cython.pointer[Entry] = zset_lookup_read(client.db, args.v[2 if form & SEARCH_STORES else 1])
    q.form = form
    _parse_search(args, e, cython.address(q))
    # So many are the nearest so many, unless any will do.
    if q.count and q.order == ORDER_NONE and not q.any:
        q.order = ORDER_NEAREST
    finds_init(cython.address(finds))
    try:
        if e != cython.NULL:
            geo_search(e, cython.address(q.shape), q.count if q.any else 0, cython.address(finds))
            finds_sort(cython.address(finds), q.order, q.count)
        if q.target:
            _store_finds(client, args, cython.address(finds), cython.address(q))
        else:
            _reply_finds(client.reply, cython.address(finds), cython.address(q))
    finally:
        finds_free(cython.address(finds))
    return 0


# The commands


_ORDER = optional(one_of("order", token("ASC"), token("DESC")))
_COUNT = optional(block("count-block", integer("count", token="COUNT"), optional(token("ANY"))))
_COUNT_OF_GEORADIUS = optional(
    block("count-block", integer("count", token="COUNT"), optional(token("ANY", since="6.2.0")))
)
_WITH = (optional(token("WITHCOORD")), optional(token("WITHDIST")), optional(token("WITHHASH")))
_STORE = optional(
    one_of(
        "store",
        key("storekey", 1, token="STORE", display="key"),
        key("storedistkey", 2, token="STOREDIST", display="key"),
    )
)
_AREA = (
    one_of(
        "from",
        string("member", token="FROMMEMBER"),
        block("fromlonlat", double("longitude"), double("latitude"), token="FROMLONLAT"),
    ),
    one_of(
        "by",
        block("circle", double("radius", token="BYRADIUS"), UNIT),
        block("box", double("width", token="BYBOX"), double("height"), UNIT),
    ),
)
_GEORADIUS_COMPLEXITY = (
    "O(N+log(M)), where N is the number of members in the cells around the circle and M of those of the sorted set."
)
_SEARCH_COMPLEXITY = (
    "O(N+log(M)), where N is the number of members in the cells around the area and M of those of the sorted set."
)
_UPPERCASE_UNITS = ("7.0.0", "Units in capitals.")


def _target_finder(keyword: bytes, first: int):
    """Find the keys that GEORADIUS may store in: all behind this keyword among its options, of which the last counts.

    Redis's rule sees only the first of them, and so would let an ACL check another key than the one that is written.
    """

    def find(args: Args, start: cython.Py_ssize_t) -> list:
        found: list = []
        i: cython.Py_ssize_t = start + first
        while i + 1 < args.argc:
            if args.equals(i, b"store") or args.equals(i, b"storedist"):
                if args.equals(i, keyword):
                    found.append((i + 1 - start, OW | UPDATE))
                i += 1
            i += 1
        return found

    return find


@command(
    "GEORADIUS",
    arity=-6,
    flags=WRITE | DENYOOM,
    group=GEO,
    since="3.2.0",
    complexity=_GEORADIUS_COMPLEXITY,
    deprecated_since="6.2.0",
    replaced_by="`GEOSEARCH` and `GEOSEARCHSTORE` with `BYRADIUS`",
    doc_flags=DEPRECATED,
    keys=(
        key_at(1, RO | ACCESS),
        key_after("STORE", 6, OW | UPDATE, finder=_target_finder(b"store", 6)),
        key_after("STOREDIST", 6, OW | UPDATE, finder=_target_finder(b"storedist", 6)),
    ),
    history=(("6.2.0", "`ANY`."), _UPPERCASE_UNITS),
    args=(
        key(),
        double("longitude"),
        double("latitude"),
        double("radius"),
        UNIT,
        *_WITH,
        _COUNT_OF_GEORADIUS,
        _ORDER,
        _STORE,
    ),
)
def georadius(client: Client, args: Args) -> None:
    """Return, or store, the members within a distance of a position."""
    _search(client, args, SEARCH_GEORADIUS | SEARCH_MAY_STORE)


@command(
    "GEORADIUS_RO",
    arity=-6,
    flags=READONLY,
    group=GEO,
    since="3.2.10",
    complexity=_GEORADIUS_COMPLEXITY,
    deprecated_since="6.2.0",
    replaced_by="`GEOSEARCH` with `BYRADIUS`",
    doc_flags=DEPRECATED,
    keys=(key_at(1, RO | ACCESS),),
    history=(("6.2.0", "`ANY`."),),
    args=(
        key(),
        double("longitude"),
        double("latitude"),
        double("radius"),
        UNIT,
        *_WITH,
        _COUNT_OF_GEORADIUS,
        _ORDER,
    ),
)
def georadius_ro(client: Client, args: Args) -> None:
    """Return the members within a distance of a position."""
    _search(client, args, SEARCH_GEORADIUS)


@command(
    "GEORADIUSBYMEMBER",
    arity=-5,
    flags=WRITE | DENYOOM,
    group=GEO,
    since="3.2.0",
    complexity=_GEORADIUS_COMPLEXITY,
    deprecated_since="6.2.0",
    replaced_by="`GEOSEARCH` and `GEOSEARCHSTORE` with `BYRADIUS` and `FROMMEMBER`",
    doc_flags=DEPRECATED,
    keys=(
        key_at(1, RO | ACCESS),
        key_after("STORE", 5, OW | UPDATE, finder=_target_finder(b"store", 5)),
        key_after("STOREDIST", 5, OW | UPDATE, finder=_target_finder(b"storedist", 5)),
    ),
    history=(_UPPERCASE_UNITS,),
    args=(key(), string("member"), double("radius"), UNIT, *_WITH, _COUNT, _ORDER, _STORE),
)
def georadiusbymember(client: Client, args: Args) -> None:
    """Return, or store, the members within a distance of a member."""
    _search(client, args, SEARCH_GEORADIUS | SEARCH_BY_MEMBER | SEARCH_MAY_STORE)


@command(
    "GEORADIUSBYMEMBER_RO",
    arity=-5,
    flags=READONLY,
    group=GEO,
    since="3.2.10",
    complexity=_GEORADIUS_COMPLEXITY,
    deprecated_since="6.2.0",
    replaced_by="`GEOSEARCH` with `BYRADIUS` and `FROMMEMBER`",
    doc_flags=DEPRECATED,
    keys=(key_at(1, RO | ACCESS),),
    args=(key(), string("member"), double("radius"), UNIT, *_WITH, _COUNT, _ORDER),
)
def georadiusbymember_ro(client: Client, args: Args) -> None:
    """Return the members within a distance of a member."""
    _search(client, args, SEARCH_GEORADIUS | SEARCH_BY_MEMBER)


@command(
    "GEOSEARCH",
    arity=-7,
    flags=READONLY,
    group=GEO,
    since="6.2.0",
    complexity=_SEARCH_COMPLEXITY,
    keys=(key_at(1, RO | ACCESS),),
    history=(_UPPERCASE_UNITS,),
    args=(key(), *_AREA, _ORDER, _COUNT, *_WITH),
)
def geosearch(client: Client, args: Args) -> None:
    """Return the members that lie in a circle or a box."""
    _search(client, args, 0)


@command(
    "GEOSEARCHSTORE",
    arity=-8,
    flags=WRITE | DENYOOM,
    group=GEO,
    since="6.2.0",
    complexity=_SEARCH_COMPLEXITY,
    keys=(key_at(1, OW | UPDATE), key_at(2, RO | ACCESS)),
    history=(_UPPERCASE_UNITS,),
    args=(
        key("destination", 0),
        key("source", 1),
        *_AREA,
        _ORDER,
        _COUNT,
        optional(token("STOREDIST")),
    ),
)
def geosearchstore(client: Client, args: Args) -> None:
    """Store the members that lie in a circle or a box in a key."""
    _search(client, args, SEARCH_STORES)
