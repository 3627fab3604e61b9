"""HRANDFIELD: fields of a hash drawn at random."""

import cython
from cython.cimports.libc.limits import LLONG_MAX
from cython.cimports.libc.stdint import int64_t
from cython.cimports.pyrite.commands.big_reply import LOOK_EACH, reply_goes_on
from cython.cimports.pyrite.commands.hash import put_value
from cython.cimports.pyrite.core.entry import Entry
from cython.cimports.pyrite.core.listpack import LpValue
from cython.cimports.pyrite.core.parser import Args, Slice
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.keyspace.database import Database
from cython.cimports.pyrite.keyspace.field_expiry import expire_due_fields
from cython.cimports.pyrite.types.hash import (
    HashFieldIterator,
    hash_has_due,
    hash_iterate,
    hash_length,
    hash_lookup_read,
    hash_lookup_write,
    hash_next,
)
from cython.cimports.pyrite.types.hash_random import (
    FieldSampler,
    sampler_choose,
    sampler_chosen,
    sampler_close,
    sampler_draw,
    sampler_open,
)

from pyrite.core.errors import OUT_OF_RANGE, SYNTAX, CommandError, out_of_int_range
from pyrite.engine.command import command
from pyrite.engine.declare import (
    ACCESS,
    HASH,
    NONDETERMINISTIC_OUTPUT,
    READONLY,
    RO,
    block,
    integer,
    key,
    key_at,
    optional,
    token,
)


@cython.cfunc
def _lookup_to_draw(client: Client, key: Slice) -> cython.pointer[Entry]:
    """The hash to draw from, NULL without one; what has expired in it is deleted, where anything may be."""
    db: Database = client.db
    e: cython.pointer[Entry] = hash_lookup_read(db, key)
    if e != cython.NULL and not db.keyspace.expire_paused and hash_has_due(e, db.keyspace.now_ms - 1):
        expire_due_fields(db, key, hash_length(e))
        e = hash_lookup_write(db, key)
    return e


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _put_drawn(
    reply: Reply, field: cython.pointer[LpValue], value: cython.pointer[LpValue], with_values: cython.bint
) -> cython.void:
    """A field, with its value behind it; in RESP3 the two in an array."""
    if with_values and reply.resp > 2:
        reply.array(2)
    put_value(reply, field)
    if with_values:
        put_value(reply, value)


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _put_head(reply: Reply, count: cython.longlong, with_values: cython.bint) -> cython.void:
    reply.array(count * 2 if with_values and reply.resp == 2 else count)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _draw_repeatedly(
    client: Client, s: cython.pointer[FieldSampler], count: cython.longlong, with_values: cython.bint
) -> cython.int:
    """Reply with so many fields, each drawn anew, as long as the client may have more."""
    field: LpValue
    value: LpValue
    reply: Reply = client.reply
    _put_head(reply, count, with_values)
    while count:
        sampler_draw(s, cython.address(field), cython.address(value))
        _put_drawn(reply, cython.address(field), cython.address(value), with_values)
        count -= 1
        if count % LOOK_EACH == 0 and not reply_goes_on(client):
            break
    return 0


@cython.cfunc
@cython.exceptval(check=False)
def _draw_different(
    client: Client, s: cython.pointer[FieldSampler], count: cython.size_t, with_values: cython.bint
) -> cython.void:
    """Reply with so many different fields, or with all if there are no more."""
    field: LpValue
    value: LpValue
    i: cython.size_t
    if count > s.count:
        count = s.count
    sampler_choose(s, count)
    _put_head(client.reply, count, with_values)
    for i in range(count):
        sampler_chosen(s, i, cython.address(field), cython.address(value))
        _put_drawn(client.reply, cython.address(field), cython.address(value), with_values)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _draw_fields(client: Client, args: Args, count: cython.longlong, with_values: cython.bint) -> cython.int:
    """Reply with `count` different fields, or, below 0, with as many drawn one by one."""
    s: FieldSampler
    e: cython.pointer[Entry] = _lookup_to_draw(client, args.v[1])
    if e == cython.NULL or count == 0:
        client.reply.array(0)
        return 0
    if count >= cython.cast(cython.longlong, hash_length(e)) and not hash_has_due(e, client.db.keyspace.now_ms - 1):
        _put_all(client, e, with_values)
        return 0
    sampler_open(cython.address(s), e, client.db.keyspace.now_ms)
    try:
        if s.count == 0:
            client.reply.array(0)
        elif count < 0:
            _draw_repeatedly(client, cython.address(s), -count, with_values)
        else:
            _draw_different(client, cython.address(s), count, with_values)
    finally:
        sampler_close(cython.address(s))
    return 0


@cython.cfunc
@cython.exceptval(check=False)
def _put_all(client: Client, e: cython.pointer[Entry], with_values: cython.bint) -> cython.void:
    """Reply with all fields of a hash in which none has expired."""
    it: HashFieldIterator
    field: LpValue
    value: LpValue
    expire_ms: int64_t
    _put_head(client.reply, hash_length(e), with_values)
    hash_iterate(e, cython.address(it), 0)
    while hash_next(cython.address(it), cython.address(field), cython.address(value), cython.address(expire_ms)):
        _put_drawn(client.reply, cython.address(field), cython.address(value), with_values)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _draw_one(client: Client, key: Slice) -> cython.int:
    """Reply with one field, or a null."""
    s: FieldSampler
    field: LpValue
    value: LpValue
    e: cython.pointer[Entry] = _lookup_to_draw(client, key)
    if e == cython.NULL:
        client.reply.null()
        return 0
    sampler_open(cython.address(s), e, client.db.keyspace.now_ms)
    if s.count == 0:
        client.reply.null()
    else:
        sampler_draw(cython.address(s), cython.address(field), cython.address(value))
        put_value(client.reply, cython.address(field))
    sampler_close(cython.address(s))
    return 0


@command(
    "HRANDFIELD",
    arity=-2,
    flags=READONLY,
    group=HASH,
    since="6.2.0",
    complexity="O(N), where N is the number of fields returned.",
    keys=(key_at(1, RO | ACCESS),),
    tips=(NONDETERMINISTIC_OUTPUT,),
    args=(key(), optional(block("options", integer("count"), optional(token("WITHVALUES"))))),
)
def hrandfield(client: Client, args: Args) -> None:
    """Return random fields: one, so many different ones, or, with a negative count, so many with repetition."""
    count: cython.longlong
    highest: cython.longlong = LLONG_MAX
    if args.argc == 2:
        _draw_one(client, args.v[1])
        return
    count = args.integer(2)
    if count < -highest:
        raise CommandError(out_of_int_range(-highest, highest))
    if args.argc > 4 or (args.argc == 4 and not args.equals(3, b"withvalues")):
        raise CommandError(SYNTAX)
    if args.argc == 4 and (count < -highest // 2 or count > highest // 2):
        raise CommandError(OUT_OF_RANGE)
    _draw_fields(client, args, count, args.argc == 4)
