"""The commands on hashes; those about the expiry of fields, and HRANDFIELD, stand in modules of their own."""

import cython
from cython.cimports.libc.stdint import int64_t, uint64_t
from cython.cimports.pyrite.commands.scan import (
    SCAN_NOVALUES,
    ScanOptions,
    scan_cursor,
    scan_matches,
    scan_options,
    scan_table,
)
from cython.cimports.pyrite.core.entry import (
    ENCODING_HASHTABLE,
    Entry,
    entry_encoding,
    entry_expire,
    entry_key,
    entry_key_length,
)
from cython.cimports.pyrite.core.hash_value import field_value, hash_is_empty, hash_table
from cython.cimports.pyrite.core.hashtable import EntryList, free_list
from cython.cimports.pyrite.core.listpack import LpValue
from cython.cimports.pyrite.core.numbers import (
    LONGDOUBLE_ROOM,
    LONGLONG_ROOM,
    format_longlong,
    parse_longdouble,
)
from cython.cimports.pyrite.core.parser import Args, Slice
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.keyspace.database import NOTIFY_GENERIC, NOTIFY_HASH, Database
from cython.cimports.pyrite.keyspace.field_expiry import fields_expired
from cython.cimports.pyrite.types.hash import (
    FIELD_ABSENT,
    FIELD_EXPIRED,
    FIELD_FOUND,
    HashFieldIterator,
    hash_delete,
    hash_drop_expired,
    hash_field,
    hash_has_due,
    hash_increment,
    hash_increment_float,
    hash_iterate,
    hash_length,
    hash_lookup_read,
    hash_lookup_write,
    hash_next,
    hash_set,
    hash_set_pairs,
    value_text,
)
from cython.cimports.pyrite.types.hash_expiry import hash_expire_time

from pyrite.core.errors import NOT_FLOAT, CommandError, wrong_arity
from pyrite.engine.command import command
from pyrite.engine.declare import (
    ACCESS,
    DELETE,
    DENYOOM,
    DEPRECATED,
    FAST,
    HASH,
    INSERT,
    NONDETERMINISTIC_OUTPUT,
    NONDETERMINISTIC_OUTPUT_ORDER,
    READONLY,
    RO,
    RW,
    UPDATE,
    WRITE,
    block,
    double,
    integer,
    key,
    key_at,
    multiple,
    optional,
    pattern,
    string,
    token,
)

NOT_FINITE = b"ERR value is NaN or Infinity"

# What of each field a command returns.
NAMES = cython.declare(cython.int, 1)
VALUES = cython.declare(cython.int, 2)

_PAIRS = multiple(block("data", string("field"), string("value")))


@cython.cfunc
@cython.exceptval(check=False)
def put_value(reply: Reply, value: cython.pointer[LpValue]) -> cython.void:
    """A bulk string of a field or value."""
    if value.text == cython.NULL:
        reply.put_bulk_integer(value.number)
    else:
        reply.put_bulk(value.text, value.length)


# One field, or those that are named


@cython.cfunc
@cython.exceptval(-1, check=False)
def _read(client: Client, args: Args, value: cython.pointer[LpValue]) -> cython.int:
    """Read the field of argument 2; False where it is absent. One that has expired is deleted."""
    db: Database = client.db
    e: cython.pointer[Entry] = hash_lookup_read(db, args.v[1])
    if e == cython.NULL:
        return False
    state: cython.int = hash_field(e, args.v[2].p, args.v[2].n, db.keyspace.now_ms, value)
    if state == FIELD_EXPIRED and hash_drop_expired(db, args.v[1], args.v[2]):
        fields_expired(db, args.v[1], 1)
    return state == FIELD_FOUND


@command(
    "HGET",
    arity=3,
    flags=READONLY | FAST,
    group=HASH,
    since="2.0.0",
    complexity="O(1)",
    keys=(key_at(1, RO | ACCESS),),
    args=(key(), string("field")),
)
def hget(client: Client, args: Args) -> None:
    """Return the value of a field."""
    value: LpValue
    if _read(client, args, cython.address(value)):
        put_value(client.reply, cython.address(value))
    else:
        client.reply.null()


@command(
    "HSTRLEN",
    arity=3,
    flags=READONLY | FAST,
    group=HASH,
    since="3.2.0",
    complexity="O(1)",
    keys=(key_at(1, RO),),
    args=(key(), string("field")),
)
def hstrlen(client: Client, args: Args) -> None:
    """Return how many bytes the value of a field has; 0 without the field."""
    value: LpValue
    text: cython.char[LONGLONG_ROOM]
    if not _read(client, args, cython.address(value)):
        client.reply.integer(0)
    elif value.text == cython.NULL:
        client.reply.integer(format_longlong(text, value.number))
    else:
        client.reply.integer(value.length)


@command(
    "HEXISTS",
    arity=3,
    flags=READONLY | FAST,
    group=HASH,
    since="2.0.0",
    complexity="O(1)",
    keys=(key_at(1, RO),),
    args=(key(), string("field")),
)
def hexists(client: Client, args: Args) -> None:
    """Tell whether a hash has a field."""
    value: LpValue
    client.reply.integer(_read(client, args, cython.address(value)))


@command(
    "HMGET",
    arity=-3,
    flags=READONLY | FAST,
    group=HASH,
    since="2.0.0",
    complexity="O(N), where N is the number of fields named.",
    keys=(key_at(1, RO | ACCESS),),
    args=(key(), multiple(string("field"))),
)
def hmget(client: Client, args: Args) -> None:
    """Return the values of fields, a null for each that is absent."""
    db: Database = client.db
    value: LpValue
    state: cython.int
    expired: cython.size_t = 0
    i: cython.Py_ssize_t
    e: cython.pointer[Entry] = hash_lookup_read(db, args.v[1])
    client.reply.array(args.argc - 2)
    for i in range(2, args.argc):
        state = FIELD_ABSENT
        if e != cython.NULL:
            state = hash_field(e, args.v[i].p, args.v[i].n, db.keyspace.now_ms, cython.address(value))
        if state == FIELD_FOUND:
            put_value(client.reply, cython.address(value))
            continue
        client.reply.null()
        if state == FIELD_EXPIRED:
            expired += hash_drop_expired(db, args.v[1], args.v[i])
            e = hash_lookup_write(db, args.v[1])
    if expired:
        fields_expired(db, args.v[1], expired)


@command(
    "HLEN",
    arity=2,
    flags=READONLY | FAST,
    group=HASH,
    since="2.0.0",
    complexity="O(1)",
    keys=(key_at(1, RO),),
    args=(key(),),
)
def hlen(client: Client, args: Args) -> None:
    """Return the number of fields, those that have expired and are still in memory included."""
    e: cython.pointer[Entry] = hash_lookup_read(client.db, args.v[1])
    client.reply.integer(0 if e == cython.NULL else hash_length(e))


# Setting fields


@cython.cfunc
@cython.exceptval(-1, check=False)
def _set_pairs(client: Client, args: Args) -> cython.Py_ssize_t:
    """Set the fields from argument 2 on; returns how many were created."""
    if args.argc & 1:
        raise CommandError(wrong_arity(client.last_command.wire_name))
    db: Database = client.db
    e: cython.pointer[Entry] = hash_lookup_write(db, args.v[1])
    created: cython.Py_ssize_t = hash_set_pairs(
        db, args.v[1], cython.address(e), cython.address(args.v[2]), args.argc - 2
    )
    db.keyspace.dirty += args.argc // 2 - 2
    db.changed(args.v[1], NOTIFY_HASH, b"hset")
    return created


@command(
    "HSET",
    arity=-4,
    flags=WRITE | DENYOOM | FAST,
    group=HASH,
    since="2.0.0",
    complexity="O(N), where N is the number of fields set.",
    keys=(key_at(1, RW | UPDATE),),
    history=(("4.0.0", "Several fields."),),
    args=(key(), _PAIRS),
)
def hset(client: Client, args: Args) -> None:
    """Set fields to values, and say how many of them are new."""
    client.reply.integer(_set_pairs(client, args))


@command(
    "HMSET",
    arity=-4,
    flags=WRITE | DENYOOM | FAST,
    group=HASH,
    since="2.0.0",
    complexity="O(N), where N is the number of fields set.",
    deprecated_since="4.0.0",
    replaced_by="`HSET` with several fields",
    doc_flags=DEPRECATED,
    keys=(key_at(1, RW | UPDATE),),
    args=(key(), _PAIRS),
)
def hmset(client: Client, args: Args) -> None:
    """Set fields to values."""
    _set_pairs(client, args)
    client.reply.ok()


@command(
    "HSETNX",
    arity=4,
    flags=WRITE | DENYOOM | FAST,
    group=HASH,
    since="2.0.0",
    complexity="O(1)",
    keys=(key_at(1, RW | INSERT),),
    args=(key(), string("field"), string("value")),
)
def hsetnx(client: Client, args: Args) -> None:
    """Set a field to a value unless the hash has it."""
    db: Database = client.db
    value: LpValue
    state: cython.int = FIELD_ABSENT
    e: cython.pointer[Entry] = hash_lookup_write(db, args.v[1])
    if e != cython.NULL:
        state = hash_field(e, args.v[2].p, args.v[2].n, db.keyspace.now_ms, cython.address(value))
    if state == FIELD_FOUND:
        client.reply.integer(0)
        return
    if state == FIELD_EXPIRED:
        if hash_drop_expired(db, args.v[1], args.v[2]):
            fields_expired(db, args.v[1], 1)
        e = hash_lookup_write(db, args.v[1])
    hash_set(db, args.v[1], cython.address(e), args.v[2], args.v[3], False)
    db.changed(args.v[1], NOTIFY_HASH, b"hset")
    client.reply.integer(1)


@command(
    "HDEL",
    arity=-3,
    flags=WRITE | FAST,
    group=HASH,
    since="2.0.0",
    complexity="O(N), where N is the number of fields named.",
    keys=(key_at(1, RW | DELETE),),
    history=(("2.4.0", "Several fields."),),
    args=(key(), multiple(string("field"))),
)
def hdel(client: Client, args: Args) -> None:
    """Delete fields, and say how many there were; a hash without fields is deleted."""
    db: Database = client.db
    deleted: cython.longlong = 0
    empty: cython.bint = False
    i: cython.Py_ssize_t
    e: cython.pointer[Entry] = hash_lookup_write(db, args.v[1])
    if e == cython.NULL:
        client.reply.integer(0)
        return
    for i in range(2, args.argc):
        deleted += hash_delete(db, e, args.v[i])
        empty = hash_is_empty(e)
        if empty:
            db.delete(args.v[1], False)
            break
    if deleted:
        db.keyspace.dirty += deleted - 1
        db.changed(args.v[1], NOTIFY_HASH, b"hdel")
        if empty:
            db.notify(args.v[1], NOTIFY_GENERIC, b"del")
    client.reply.integer(deleted)


@command(
    "HINCRBY",
    arity=4,
    flags=WRITE | DENYOOM | FAST,
    group=HASH,
    since="2.0.0",
    complexity="O(1)",
    keys=(key_at(1, RW | ACCESS | UPDATE),),
    args=(key(), string("field"), integer("increment")),
)
def hincrby(client: Client, args: Args) -> None:
    """Add an integer to the integer in a field; an absent field counts as 0."""
    db: Database = client.db
    increment: cython.longlong = args.integer(3)
    e: cython.pointer[Entry] = hash_lookup_write(db, args.v[1])
    sum: cython.longlong = hash_increment(db, args.v[1], e, args.v[2], increment)
    db.changed(args.v[1], NOTIFY_HASH, b"hincrby")
    client.reply.integer(sum)


@command(
    "HINCRBYFLOAT",
    arity=4,
    flags=WRITE | DENYOOM | FAST,
    group=HASH,
    since="2.6.0",
    complexity="O(1)",
    keys=(key_at(1, RW | ACCESS | UPDATE),),
    args=(key(), string("field"), double("increment")),
)
def hincrbyfloat(client: Client, args: Args) -> None:
    """Add a number to the floating-point number in a field; an absent field counts as 0."""
    text: cython.char[LONGDOUBLE_ROOM]
    increment: cython.longdouble = 0
    db: Database = client.db
    if not parse_longdouble(args.v[3].p, args.v[3].n, cython.address(increment)):
        raise CommandError(NOT_FLOAT)
    if increment - increment != 0:
        raise CommandError(NOT_FINITE)
    e: cython.pointer[Entry] = hash_lookup_write(db, args.v[1])
    length: cython.Py_ssize_t = hash_increment_float(db, args.v[1], e, args.v[2], increment, text)
    if client.server.propagation.on:
        # Not all processors add floating-point numbers alike.
        client.server.propagation.instead(db, [b"HSET", args[1], args[2], text[:length]])
        at_ms: int64_t = hash_expire_time(db, db.peek(args.v[1]), args.v[2])
        if at_ms >= 0:
            # HSET takes the expiry off, which stays here.
            client.server.propagation.instead(db, [b"HPEXPIREAT", args[1], b"%d" % at_ms, b"FIELDS", b"1", args[2]])
    db.changed(args.v[1], NOTIFY_HASH, b"hincrbyfloat")
    client.reply.put_bulk(text, length)


# All fields


@cython.cfunc
@cython.exceptval(-1, check=False)
def _write_fields(client: Client, e: cython.pointer[Entry], what: cython.int) -> cython.Py_ssize_t:
    """Write names, values or both of all fields that have not expired, without a head; returns how many fields."""
    it: HashFieldIterator
    field: LpValue
    value: LpValue
    expire_ms: int64_t
    fields: cython.Py_ssize_t = 0
    reply: Reply = client.reply
    hash_iterate(e, cython.address(it), client.db.keyspace.now_ms)
    while hash_next(cython.address(it), cython.address(field), cython.address(value), cython.address(expire_ms)):
        if what & NAMES:
            put_value(reply, cython.address(field))
        if what & VALUES:
            put_value(reply, cython.address(value))
        fields += 1
    return fields


@cython.cfunc
@cython.exceptval(-1, check=False)
def _get_all(client: Client, args: Args, what: cython.int) -> cython.int:
    """Reply with all fields: a map of names and values, or an array of one of them."""
    reply: Reply = client.reply
    mark: cython.Py_ssize_t
    fields: cython.Py_ssize_t
    both: cython.bint = what == NAMES | VALUES
    e: cython.pointer[Entry] = hash_lookup_read(client.db, args.v[1])
    fields = 0 if e == cython.NULL else hash_length(e)
    if e != cython.NULL and hash_has_due(e, client.db.keyspace.now_ms - 1):
        mark = reply.open()
        fields = _write_fields(client, e, what)
        if both:
            reply.close_map(mark, fields)
        else:
            reply.close_array(mark, fields)
        return 0
    if both:
        reply.map(fields)
    else:
        reply.array(fields)
    if fields:
        _write_fields(client, e, what)
    return 0


@command(
    "HGETALL",
    arity=2,
    flags=READONLY,
    group=HASH,
    since="2.0.0",
    complexity="O(N), where N is the number of fields.",
    keys=(key_at(1, RO | ACCESS),),
    tips=(NONDETERMINISTIC_OUTPUT_ORDER,),
    args=(key(),),
)
def hgetall(client: Client, args: Args) -> None:
    """Return all fields with their values."""
    _get_all(client, args, NAMES | VALUES)


@command(
    "HKEYS",
    arity=2,
    flags=READONLY,
    group=HASH,
    since="2.0.0",
    complexity="O(N), where N is the number of fields.",
    keys=(key_at(1, RO | ACCESS),),
    tips=(NONDETERMINISTIC_OUTPUT_ORDER,),
    args=(key(),),
)
def hkeys(client: Client, args: Args) -> None:
    """Return the names of all fields."""
    _get_all(client, args, NAMES)


@command(
    "HVALS",
    arity=2,
    flags=READONLY,
    group=HASH,
    since="2.0.0",
    complexity="O(N), where N is the number of fields.",
    keys=(key_at(1, RO | ACCESS),),
    tips=(NONDETERMINISTIC_OUTPUT_ORDER,),
    args=(key(),),
)
def hvals(client: Client, args: Args) -> None:
    """Return the values of all fields."""
    _get_all(client, args, VALUES)


# Scan


@cython.cfunc
@cython.exceptval(-1, check=False)
def _scan_listpack(client: Client, e: cython.pointer[Entry], options: ScanOptions) -> cython.int:
    """Reply with all that match, and cursor 0."""
    it: HashFieldIterator
    field: LpValue
    value: LpValue
    expire_ms: int64_t
    room: cython.char[LONGLONG_ROOM]
    reply: Reply = client.reply
    written: cython.Py_ssize_t = 0
    reply.array(2)
    reply.put_bulk_integer(0)
    mark: cython.Py_ssize_t = reply.open()
    hash_iterate(e, cython.address(it), client.db.keyspace.now_ms)
    while hash_next(cython.address(it), cython.address(field), cython.address(value), cython.address(expire_ms)):
        if not scan_matches(options.pattern, value_text(cython.address(field), room)):
            continue
        put_value(reply, cython.address(field))
        written += 1
        if not options.novalues:
            put_value(reply, cython.address(value))
            written += 1
    reply.close_array(mark, written)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _scan_table(client: Client, e: cython.pointer[Entry], cursor: uint64_t, options: ScanOptions) -> cython.int:
    """Reply with the next cursor and with what matches of the fields met."""
    met: EntryList = EntryList(cython.NULL, 0, 0)
    value: LpValue
    field: Slice
    each: cython.pointer[Entry]
    i: cython.size_t
    reply: Reply = client.reply
    written: cython.Py_ssize_t = 0
    cursor = scan_table(cython.address(hash_table(e).table), cursor, options.count, cython.address(met))
    reply.array(2)
    reply.put_bulk_integer(cursor)
    mark: cython.Py_ssize_t = reply.open()
    for i in range(met.count):
        each = met.items[i]
        field.p = entry_key(each)
        field.n = entry_key_length(each)
        if 0 <= entry_expire(each) < client.db.keyspace.now_ms or not scan_matches(options.pattern, field):
            continue
        reply.put_bulk(field.p, field.n)
        written += 1
        if not options.novalues:
            field_value(each, cython.address(value))
            put_value(reply, cython.address(value))
            written += 1
    reply.close_array(mark, written)
    free_list(cython.address(met))
    return 0


@command(
    "HSCAN",
    arity=-3,
    flags=READONLY,
    group=HASH,
    since="2.8.0",
    complexity="O(1) for a call; O(N) for the whole way, where N is the number of fields.",
    keys=(key_at(1, RO | ACCESS),),
    tips=(NONDETERMINISTIC_OUTPUT,),
    args=(
        key(),
        integer("cursor"),
        optional(pattern(token="MATCH")),
        optional(integer("count", token="COUNT")),
        optional(token("NOVALUES")),
    ),
)
def hscan(client: Client, args: Args) -> None:
    """Go through the fields of a hash in small steps, with a cursor."""
    cursor: uint64_t = scan_cursor(args, 2)
    e: cython.pointer[Entry] = hash_lookup_read(client.db, args.v[1])
    if e == cython.NULL:
        client.reply.array(2)
        client.reply.put_bulk_integer(0)
        client.reply.array(0)
        return
    options: ScanOptions = scan_options(args, 3, SCAN_NOVALUES)
    if entry_encoding(e) == ENCODING_HASHTABLE:
        _scan_table(client, e, cursor, options)
    else:
        _scan_listpack(client, e, options)
