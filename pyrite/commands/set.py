"""The commands on one set, and SMOVE. Unions, intersections and differences stand in `set_algebra`."""

import cython
from cython.cimports.libc.stdint import uint32_t, uint64_t
from cython.cimports.pyrite.commands.big_reply import LOOK_EACH, reply_goes_on
from cython.cimports.pyrite.commands.scan import ScanOptions, scan_cursor, scan_matches, scan_options, scan_table
from cython.cimports.pyrite.core.entry import ENCODING_HASHTABLE, TYPE_SET, Entry, entry_free, entry_type
from cython.cimports.pyrite.core.hashtable import EntryList, HashTable, free_list, random_draw
from cython.cimports.pyrite.core.listpack import LpValue
from cython.cimports.pyrite.core.memory import mem_free, mem_try_alloc
from cython.cimports.pyrite.core.numbers import LONGLONG_MAX
from cython.cimports.pyrite.core.parser import Args, Slice
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.engine.propagation import Propagation
from cython.cimports.pyrite.keyspace.database import NOTIFY_GENERIC, NOTIFY_SET, Database, key_of, slice_of
from cython.cimports.pyrite.types.set import (
    Member,
    SetIterator,
    member_of_value,
    member_text,
    set_add,
    set_add_member,
    set_contains,
    set_create,
    set_expect,
    set_iterate,
    set_length,
    set_lookup_read,
    set_lookup_write,
    set_new,
    set_next,
    set_remove,
    set_table,
)
from cython.cimports.pyrite.types.set_chance import (
    SetPlace,
    set_draw_places,
    set_is_compact,
    set_keep_random,
    set_places,
    set_random,
    set_read_at,
    set_remove_at,
    set_remove_each,
)

from pyrite.core.errors import (
    NO_MEMORY_FOR_VALUE,
    OUT_OF_RANGE_POSITIVE,
    SYNTAX,
    WRONG_TYPE,
    CommandError,
    out_of_int_range,
)
from pyrite.engine.command import command
from pyrite.engine.declare import (
    ACCESS,
    DELETE,
    DENYOOM,
    FAST,
    INSERT,
    NONDETERMINISTIC_OUTPUT,
    NONDETERMINISTIC_OUTPUT_ORDER,
    READONLY,
    RO,
    RW,
    SET,
    WRITE,
    integer,
    key,
    key_at,
    multiple,
    optional,
    pattern,
    string,
)

# SPOP keeps the rest of a table and gives the table away where it takes more than so many times what stays.
KEEP_RATIO = cython.declare(cython.size_t, 5)
# SRANDMEMBER goes through a whole table where it takes more than one in so many.
PASS_RATIO = cython.declare(cython.size_t, 3)

# Members that SPOP removed stand in commands of so many.
PROPAGATED_EACH = cython.declare(cython.Py_ssize_t, 1024)


# What the commands below share


@cython.cfunc
@cython.exceptval(check=False)
def put_members(reply: Reply, e: cython.pointer[Entry]) -> cython.void:
    """Write all members; the head of the reply is there already."""
    it: SetIterator
    value: LpValue
    set_iterate(e, cython.address(it))
    while set_next(cython.address(it), cython.address(value)):
        put_value(reply, cython.address(value))


@cython.cfunc
@cython.inline
def _changed(db: Database, key: Slice, event: bytes, changes: cython.longlong) -> cython.void:
    """Say that a set changed, and by how many members."""
    db.keyspace.dirty += changes - 1
    db.changed(key, NOTIFY_SET, event)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _removed(db: Database, key: Slice, e: cython.pointer[Entry], event: bytes, removed: cython.longlong) -> cython.int:
    """Say that members were removed from a set, and delete it if it is empty."""
    _changed(db, key, event, removed)
    if set_length(e) == 0:
        db.delete(key, False)
        db.changed(key, NOTIFY_GENERIC, b"del")
        # Another event, but no other change.
        db.keyspace.dirty -= 1
    return 0


@cython.cfunc
def _places_room(count: cython.size_t) -> cython.pointer[uint32_t]:
    room: cython.pointer[uint32_t] = cython.cast(
        cython.pointer[uint32_t], mem_try_alloc(count * cython.sizeof(uint32_t))
    )
    if room == cython.NULL:
        raise CommandError(NO_MEMORY_FOR_VALUE)
    return room


@cython.cfunc
@cython.exceptval(check=False)
def _free_places(places: cython.pointer[uint32_t], count: cython.size_t) -> cython.void:
    mem_free(places, count * cython.sizeof(uint32_t))


# Members come and go


@cython.cfunc
@cython.exceptval(-1, check=False)
def _add_members(db: Database, args: Args, e: cython.pointer[Entry]) -> cython.longlong:
    """Add the arguments from the second on, and say so; returns how many were new."""
    i: cython.Py_ssize_t
    added: cython.longlong = 0
    try:
        for i in range(2, args.argc):
            added += set_add(db.keyspace, e, args.v[i].p, args.v[i].n)
    except CommandError:
        if set_length(e) == 0:
            db.delete(args.v[1], False)
        elif added:
            _changed(db, args.v[1], b"sadd", added)
        raise
    if added:
        _changed(db, args.v[1], b"sadd", added)
    return added


@command(
    "SADD",
    arity=-3,
    flags=WRITE | DENYOOM | FAST,
    group=SET,
    since="1.0.0",
    complexity="O(1) for each member.",
    keys=(key_at(1, RW | INSERT),),
    history=(("2.4.0", "Several members."),),
    args=(key(), multiple(string("member"))),
)
def sadd(client: Client, args: Args) -> None:
    """Add members to a set, which is created when missing, and say how many were new."""
    db: Database = client.db
    e: cython.pointer[Entry] = set_lookup_write(db, args.v[1])
    if e == cython.NULL:
        e = set_create(db, args.v[1], args.v[2], args.argc - 2)
    else:
        set_expect(db.keyspace, e, args.argc - 2)
    client.reply.integer(_add_members(db, args, e))


@command(
    "SREM",
    arity=-3,
    flags=WRITE | FAST,
    group=SET,
    since="1.0.0",
    complexity="O(N), where N is the number of members to remove.",
    keys=(key_at(1, RW | DELETE),),
    history=(("2.4.0", "Several members."),),
    args=(key(), multiple(string("member"))),
)
def srem(client: Client, args: Args) -> None:
    """Remove members from a set, which is deleted when none is left, and say how many were there."""
    i: cython.Py_ssize_t
    removed: cython.longlong = 0
    db: Database = client.db
    e: cython.pointer[Entry] = set_lookup_write(db, args.v[1])
    if e != cython.NULL:
        for i in range(2, args.argc):
            removed += set_remove(e, args.v[i].p, args.v[i].n)
        if removed:
            _removed(db, args.v[1], e, b"srem", removed)
    client.reply.integer(removed)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _add_moved(db: Database, key: Slice, member: Slice) -> cython.int:
    """Add what was moved to a set that may be missing."""
    target: cython.pointer[Entry] = db.peek(key)
    if target == cython.NULL:
        target = set_create(db, key, member, 1)
    if set_add(db.keyspace, target, member.p, member.n):
        db.changed(key, NOTIFY_SET, b"sadd")
    return 0


@command(
    "SMOVE",
    arity=4,
    flags=WRITE | FAST,
    group=SET,
    since="1.0.0",
    complexity="O(1)",
    keys=(key_at(1, RW | ACCESS | DELETE), key_at(2, RW | INSERT)),
    args=(key("source"), key("destination", 1), string("member")),
)
def smove(client: Client, args: Args) -> None:
    """Move a member from one set to another."""
    db: Database = client.db
    member: Slice = args.v[3]
    moved: cython.bint = False
    source: cython.pointer[Entry] = db.lookup_write(args.v[1])
    target: cython.pointer[Entry] = db.lookup_write(args.v[2])
    # The look-up of the target may have told hooks of an expired key, so the source is looked up again.
    if source != cython.NULL:
        source = db.peek(args.v[1])
    if source != cython.NULL:
        if entry_type(source) != TYPE_SET or (target != cython.NULL and entry_type(target) != TYPE_SET):
            raise CommandError(WRONG_TYPE)
        if source == target:
            moved = set_contains(source, member.p, member.n)
        else:
            db.check_key(args.v[2])
            moved = set_remove(source, member.p, member.n)
            if moved:
                _removed(db, args.v[1], source, b"srem", 1)
                _add_moved(db, args.v[2], member)
    client.reply.integer(moved)


# Questions


@command(
    "SCARD",
    arity=2,
    flags=READONLY | FAST,
    group=SET,
    since="1.0.0",
    complexity="O(1)",
    keys=(key_at(1, RO),),
    args=(key(),),
)
def scard(client: Client, args: Args) -> None:
    """Return the number of members of a set."""
    e: cython.pointer[Entry] = set_lookup_read(client.db, args.v[1])
    client.reply.integer(0 if e == cython.NULL else set_length(e))


@command(
    "SISMEMBER",
    arity=3,
    flags=READONLY | FAST,
    group=SET,
    since="1.0.0",
    complexity="O(1)",
    keys=(key_at(1, RO),),
    args=(key(), string("member")),
)
def sismember(client: Client, args: Args) -> None:
    """Tell whether something is a member of a set."""
    e: cython.pointer[Entry] = set_lookup_read(client.db, args.v[1])
    client.reply.integer(e != cython.NULL and set_contains(e, args.v[2].p, args.v[2].n))


@command(
    "SMISMEMBER",
    arity=-3,
    flags=READONLY | FAST,
    group=SET,
    since="6.2.0",
    complexity="O(N), where N is the number of members asked for.",
    keys=(key_at(1, RO | ACCESS),),
    args=(key(), multiple(string("member"))),
)
def smismember(client: Client, args: Args) -> None:
    """Tell of several things whether they are members of a set."""
    i: cython.Py_ssize_t
    e: cython.pointer[Entry] = set_lookup_read(client.db, args.v[1])
    client.reply.array(args.argc - 2)
    for i in range(2, args.argc):
        client.reply.integer(e != cython.NULL and set_contains(e, args.v[i].p, args.v[i].n))


@command(
    "SMEMBERS",
    arity=2,
    flags=READONLY,
    group=SET,
    since="1.0.0",
    complexity="O(N), where N is the number of members.",
    keys=(key_at(1, RO | ACCESS),),
    tips=(NONDETERMINISTIC_OUTPUT_ORDER,),
    args=(key(),),
)
def smembers(client: Client, args: Args) -> None:
    """Return all members of a set."""
    e: cython.pointer[Entry] = set_lookup_read(client.db, args.v[1])
    if e == cython.NULL:
        client.reply.set_(0)
        return
    client.reply.set_(set_length(e))
    put_members(client.reply, e)


# SPOP


@cython.cfunc
def _bytes_of(value: cython.pointer[LpValue]) -> bytes:
    return b"%d" % value.number if value.text == cython.NULL else value.text[: value.length]


@cython.cfunc
@cython.exceptval(-1, check=False)
def _propagate_removal(client: Client, key: Slice, gone: list) -> cython.int:
    """Propagate what chance has chosen."""
    name: bytes = key.p[: key.n]
    i: cython.Py_ssize_t
    for i in range(0, len(gone), PROPAGATED_EACH):
        client.server.propagation.instead(client.db, [b"SREM", name, *gone[i : i + PROPAGATED_EACH]])
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _pop_places(reply: Reply, e: cython.pointer[Entry], count: cython.size_t, gone: list | None) -> cython.int:
    """Take members from a compact set, in one pass; where there is a list, note them in it."""
    i: cython.size_t
    value: LpValue
    places: cython.pointer[uint32_t] = _places_room(count)
    set_draw_places(e, count, places)
    for i in range(count):
        set_read_at(e, places[i], cython.address(value))
        put_value(reply, cython.address(value))
        if gone is not None:
            gone.append(_bytes_of(cython.address(value)))
    set_remove_each(e, places, count)
    _free_places(places, count)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _pop_one(reply: Reply, e: cython.pointer[Entry], gone: list | None) -> cython.int:
    """Take one member; where there is a list, note it in that."""
    value: LpValue
    place: SetPlace
    set_random(e, cython.address(value), cython.address(place))
    put_value(reply, cython.address(value))
    if gone is not None:
        gone.append(_bytes_of(cython.address(value)))
    set_remove_at(e, cython.address(place))
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _pop_most(
    db: Database, reply: Reply, e: cython.pointer[Entry], kept: cython.size_t, gone: list | None
) -> cython.int:
    """Take all members from a table but so many; where there is a list, note them in it."""
    it: SetIterator
    value: LpValue
    rest: cython.pointer[Entry] = set_keep_random(db, e, kept)
    put_members(reply, rest)
    if gone is not None:
        set_iterate(rest, cython.address(it))
        while set_next(cython.address(it), cython.address(value)):
            gone.append(_bytes_of(cython.address(value)))
    db.free_entry(rest, db.keyspace.lazy_server_delete)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _pop_several(client: Client, key: Slice, e: cython.pointer[Entry], count: cython.size_t) -> cython.int:
    """Take so many members, at least one; the work is in proportion to their number, or the compact set's."""
    left: cython.size_t
    db: Database = client.db
    propagation: Propagation = client.server.propagation
    gone: list = [] if propagation.on else None
    length: cython.size_t = set_length(e)
    if count > length:
        count = length
    client.reply.set_(count)
    if count == length:
        if gone is not None:
            propagation.instead(db, [b"UNLINK" if db.keyspace.lazy_server_delete else b"DEL", key.p[: key.n]])
        put_members(client.reply, e)
        _changed(db, key, b"spop", count)
        db.delete(key, db.keyspace.lazy_server_delete)
        db.changed(key, NOTIFY_GENERIC, b"del")
        db.keyspace.dirty -= 1
        return 0
    if set_is_compact(e):
        _pop_places(client.reply, e, count, gone)
    elif count < (length - count) * KEEP_RATIO:
        left = count
        while left:
            _pop_one(client.reply, e, gone)
            left -= 1
    else:
        _pop_most(db, client.reply, e, length - count, gone)
    if gone is not None:
        _propagate_removal(client, key, gone)
    _changed(db, key, b"spop", count)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=True)
def _positive(args: Args, i: cython.Py_ssize_t) -> cython.longlong:
    """A count that is not negative; Redis tells of all else in the same words."""
    count: cython.longlong
    try:
        count = args.integer(i)
    except CommandError:
        count = -1
    if count < 0:
        raise CommandError(OUT_OF_RANGE_POSITIVE)
    return count


@command(
    "SPOP",
    arity=-2,
    flags=WRITE | FAST,
    group=SET,
    since="1.0.0",
    complexity="O(1) without a count, otherwise O(N), where N is the count.",
    keys=(key_at(1, RW | ACCESS | DELETE),),
    tips=(NONDETERMINISTIC_OUTPUT,),
    history=(("3.2.0", "`count`."),),
    args=(key(), optional(integer("count", since="3.2.0"))),
)
def spop(client: Client, args: Args) -> None:
    """Remove random members from a set and return them."""
    count: cython.longlong = 1
    if args.argc > 3:
        raise CommandError(SYNTAX)
    if args.argc == 3:
        count = _positive(args, 2)
    e: cython.pointer[Entry] = set_lookup_write(client.db, args.v[1])
    if args.argc == 3:
        if e == cython.NULL or count == 0:
            client.reply.set_(0)
        else:
            _pop_several(client, args.v[1], e, count)
    elif e == cython.NULL:
        client.reply.null()
    else:
        gone: list = [] if client.server.propagation.on else None
        _pop_one(client.reply, e, gone)
        if gone is not None:
            _propagate_removal(client, args.v[1], gone)
        _removed(client.db, args.v[1], e, b"spop", 1)


# SRANDMEMBER


@cython.cfunc
@cython.exceptval(-1, check=False)
def _draw_places_again(client: Client, e: cython.pointer[Entry], count: uint64_t) -> cython.int:
    """Draw members of a compact set, the same one any number of times."""
    value: LpValue
    length: cython.size_t = set_length(e)
    places: cython.pointer[uint32_t] = _places_room(length)
    try:
        set_places(e, places)
        while count:
            set_read_at(e, places[random_draw() % length], cython.address(value))
            put_value(client.reply, cython.address(value))
            count -= 1
            if count % LOOK_EACH == 0 and not reply_goes_on(client):
                break
    finally:
        _free_places(places, length)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _draw_again(client: Client, e: cython.pointer[Entry], count: uint64_t) -> cython.int:
    """Draw members, the same one any number of times."""
    value: LpValue
    place: SetPlace
    client.reply.array(count)
    if count > 1 and set_is_compact(e):
        return _draw_places_again(client, e, count)
    while count:
        set_random(e, cython.address(value), cython.address(place))
        put_value(client.reply, cython.address(value))
        count -= 1
        if count % LOOK_EACH == 0 and not reply_goes_on(client):
            break
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _draw_places(reply: Reply, e: cython.pointer[Entry], count: cython.size_t) -> cython.int:
    """Draw different members of a compact set."""
    i: cython.size_t
    value: LpValue
    places: cython.pointer[uint32_t] = _places_room(count)
    set_draw_places(e, count, places)
    for i in range(count):
        set_read_at(e, places[i], cython.address(value))
        put_value(reply, cython.address(value))
    _free_places(places, count)
    return 0


@cython.cfunc
@cython.exceptval(check=False)
def _draw_in_pass(reply: Reply, e: cython.pointer[Entry], wanted: cython.size_t) -> cython.void:
    """Draw different members, many of all, in one pass: selection sampling, as `set_draw_places` does it."""
    it: SetIterator
    value: LpValue
    left: uint64_t = set_length(e)
    set_iterate(e, cython.address(it))
    while wanted and set_next(cython.address(it), cython.address(value)):
        if random_draw() % left < wanted:
            put_value(reply, cython.address(value))
            wanted -= 1
        left -= 1


@cython.cfunc
@cython.exceptval(-1, check=False)
def _draw_different(client: Client, e: cython.pointer[Entry], wanted: cython.size_t) -> cython.int:
    """Draw different members, few of all: those drawn again are drawn anew."""
    value: LpValue
    place: SetPlace
    m: Member
    db: Database = client.db
    seen: cython.pointer[Entry] = set_new(db, slice_of(b""), ENCODING_HASHTABLE, wanted)
    try:
        while wanted:
            set_random(e, cython.address(value), cython.address(place))
            member_of_value(cython.address(m), cython.address(value))
            if set_add_member(db.keyspace, seen, cython.address(m)):
                put_value(client.reply, cython.address(value))
                wanted -= 1
    finally:
        entry_free(seen)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _random_members(client: Client, e: cython.pointer[Entry], wanted: cython.size_t) -> cython.int:
    """Draw different members, all of them where there are no more than are wanted."""
    length: cython.size_t = set_length(e)
    if wanted > length:
        wanted = length
    client.reply.array(wanted)
    if wanted == length:
        put_members(client.reply, e)
    elif set_is_compact(e):
        _draw_places(client.reply, e, wanted)
    elif wanted * PASS_RATIO > length:
        _draw_in_pass(client.reply, e, wanted)
    else:
        _draw_different(client, e, wanted)
    return 0


@command(
    "SRANDMEMBER",
    arity=-2,
    flags=READONLY,
    group=SET,
    since="1.0.0",
    complexity="O(1) without a count, otherwise O(N), where N is the absolute value of the count.",
    keys=(key_at(1, RO | ACCESS),),
    tips=(NONDETERMINISTIC_OUTPUT,),
    history=(("2.6.0", "`count`."),),
    args=(key(), optional(integer("count", since="2.6.0"))),
)
def srandmember(client: Client, args: Args) -> None:
    """Return random members of a set: different ones, or, where the count is negative, with repetitions."""
    value: LpValue
    place: SetPlace
    count: cython.longlong = 1
    highest: cython.longlong = LONGLONG_MAX
    if args.argc > 3:
        raise CommandError(SYNTAX)
    if args.argc == 3:
        count = args.integer(2)
        if count < -highest:
            raise CommandError(out_of_int_range(-highest, highest))
    e: cython.pointer[Entry] = set_lookup_read(client.db, args.v[1])
    if args.argc == 2:
        if e == cython.NULL:
            client.reply.null()
            return
        set_random(e, cython.address(value), cython.address(place))
        put_value(client.reply, cython.address(value))
    elif e == cython.NULL or count == 0:
        client.reply.array(0)
    elif count < 0:
        _draw_again(client, e, -count)
    else:
        _random_members(client, e, count)


# SSCAN


@cython.cfunc
@cython.exceptval(check=False)
def _scan_compact(reply: Reply, e: cython.pointer[Entry], options: ScanOptions) -> cython.void:
    """All members that match; a compact set is scanned whole."""
    it: SetIterator
    value: LpValue
    m: Member
    text: Slice
    found: cython.Py_ssize_t = 0
    mark: cython.Py_ssize_t = reply.open()
    set_iterate(e, cython.address(it))
    while set_next(cython.address(it), cython.address(value)):
        member_of_value(cython.address(m), cython.address(value))
        text = member_text(cython.address(m))
        if scan_matches(options.pattern, text):
            reply.put_bulk(text.p, text.n)
            found += 1
    reply.close_array(mark, found)


@cython.cfunc
@cython.exceptval(check=False)
def _put_matching(reply: Reply, met: cython.pointer[EntryList], options: ScanOptions) -> cython.void:
    i: cython.size_t
    text: Slice
    found: cython.Py_ssize_t = 0
    mark: cython.Py_ssize_t = reply.open()
    for i in range(met.count):
        text = key_of(met.items[i])
        if scan_matches(options.pattern, text):
            reply.put_bulk(text.p, text.n)
            found += 1
    reply.close_array(mark, found)


@command(
    "SSCAN",
    arity=-3,
    flags=READONLY,
    group=SET,
    since="2.8.0",
    complexity="O(1) for a call; O(N) for the whole way, where N is the number of members.",
    keys=(key_at(1, RO | ACCESS),),
    tips=(NONDETERMINISTIC_OUTPUT,),
    args=(
        key(),
        integer("cursor"),
        optional(pattern(token="MATCH")),
        optional(integer("count", token="COUNT")),
    ),
)
def sscan(client: Client, args: Args) -> None:
    """Go through the members of a set in small steps, with a cursor."""
    met: EntryList
    cursor: uint64_t = scan_cursor(args, 2)
    e: cython.pointer[Entry] = set_lookup_read(client.db, args.v[1])
    client.reply.array(2)
    if e == cython.NULL:
        client.reply.put_bulk_integer(0)
        client.reply.array(0)
        return
    options: ScanOptions = scan_options(args, 3, 0)
    table: cython.pointer[HashTable] = set_table(e)
    if table == cython.NULL:
        client.reply.put_bulk_integer(0)
        _scan_compact(client.reply, e, options)
        return
    met.items = cython.NULL
    met.count = 0
    met.capacity = 0
    cursor = scan_table(table, cursor, options.count, cython.address(met))
    client.reply.put_bulk_integer(cursor)
    _put_matching(client.reply, cython.address(met), options)
    free_list(cython.address(met))
