"""The commands that work on keys of any type, those about expiry excepted."""

import cython
from cython.cimports.libc.limits import INT_MAX, INT_MIN
from cython.cimports.libc.string import memcmp
from cython.cimports.pyrite.commands.scan import scan_matches
from cython.cimports.pyrite.core.entry import Entry, entry_copy, entry_set_access, entry_type
from cython.cimports.pyrite.core.hashtable import HashIterator, ht_iterate, ht_next
from cython.cimports.pyrite.core.parser import Args, Slice
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.keyspace.database import NOTIFY_GENERIC, NOTIFY_NEW, Database, Keyspace, key_of

from pyrite.commands.scan import TYPE_NAMES
from pyrite.core.errors import (
    DB_OUT_OF_RANGE,
    NO_MEMORY_FOR_VALUE,
    NO_SUCH_KEY,
    SAME_OBJECT,
    SYNTAX,
    CommandError,
    out_of_int_range,
)
from pyrite.engine.command import command
from pyrite.engine.declare import (
    ACCESS,
    ACL,
    DELETE,
    DENYOOM,
    FAST,
    GENERIC,
    INSERT,
    NONDETERMINISTIC_OUTPUT,
    NONDETERMINISTIC_OUTPUT_ORDER,
    OW,
    READONLY,
    REQUEST_ALL_SHARDS,
    REQUEST_MULTI_SHARD,
    RESPONSE_AGG_SUM,
    RESPONSE_SPECIAL,
    RM,
    RO,
    RW,
    TOUCHES_ARBITRARY_KEYS,
    UPDATE,
    WRITE,
    integer,
    key,
    key_at,
    key_range,
    multiple,
    optional,
    pattern,
    token,
)


@cython.cfunc
@cython.exceptval(True, check=True)
def _delete_key(db: Database, key: Slice, lazy: cython.bint) -> cython.bint:
    """Delete a key; False where it is not there, or only as an expired one."""
    slot: cython.pointer[cython.pointer[Entry]] = db.find(key)
    if slot == cython.NULL:
        return False
    if db.expired(slot[0]):
        db.lookup_write(key)
        return False
    db.delete(key, lazy)
    db.changed(key, NOTIFY_GENERIC, b"del")
    return True


@cython.cfunc
@cython.exceptval(-1, check=False)
def _delete_keys(client: Client, args: Args, lazy: cython.bint) -> cython.int:
    i: cython.Py_ssize_t
    deleted: cython.longlong = 0
    for i in range(1, args.argc):
        deleted += _delete_key(client.db, args.v[i], lazy)
    client.reply.integer(deleted)
    return 0


@command(
    "DEL",
    arity=-2,
    flags=WRITE,
    group=GENERIC,
    since="1.0.0",
    complexity="O(N), where N is the number of keys plus the number of elements in deleted collections.",
    keys=(key_range(1, -1, RM | DELETE),),
    tips=(REQUEST_MULTI_SHARD, RESPONSE_AGG_SUM),
    args=(multiple(key()),),
)
def del_(client: Client, args: Args) -> None:
    """Delete keys, and say how many there were."""
    _delete_keys(client, args, client.server.keyspace.lazy_delete)


@command(
    "UNLINK",
    arity=-2,
    flags=WRITE | FAST,
    group=GENERIC,
    since="4.0.0",
    complexity="O(1) for each key; the elements are freed in another thread.",
    keys=(key_range(1, -1, RM | DELETE),),
    tips=(REQUEST_MULTI_SHARD, RESPONSE_AGG_SUM),
    args=(multiple(key()),),
)
def unlink(client: Client, args: Args) -> None:
    """Delete keys, and give big values back to the system in the background."""
    _delete_keys(client, args, True)


@command(
    "EXISTS",
    arity=-2,
    flags=READONLY | FAST,
    group=GENERIC,
    since="1.0.0",
    complexity="O(N), where N is the number of keys.",
    keys=(key_range(1, -1, RO),),
    tips=(REQUEST_MULTI_SHARD, RESPONSE_AGG_SUM),
    history=(("3.0.3", "Several keys."),),
    args=(multiple(key()),),
)
def exists(client: Client, args: Args) -> None:
    """Count which of the given keys exist; a key named twice counts twice."""
    i: cython.Py_ssize_t
    found: cython.longlong = 0
    for i in range(1, args.argc):
        found += client.db.lookup_untouched(args.v[i], True) != cython.NULL
    client.reply.integer(found)


@command(
    "TYPE",
    arity=2,
    flags=READONLY | FAST,
    group=GENERIC,
    since="1.0.0",
    complexity="O(1)",
    keys=(key_at(1, RO),),
    args=(key(),),
)
def type_(client: Client, args: Args) -> None:
    """Return the name of the type of the value at a key."""
    e: cython.pointer[Entry] = client.db.lookup_untouched(args.v[1], True)
    client.reply.simple(b"none" if e == cython.NULL else TYPE_NAMES[entry_type(e)])


@command(
    "TOUCH",
    arity=-2,
    flags=READONLY | FAST,
    group=GENERIC,
    since="3.2.1",
    complexity="O(N), where N is the number of keys.",
    keys=(key_range(1, -1, RO),),
    tips=(REQUEST_MULTI_SHARD, RESPONSE_AGG_SUM),
    args=(multiple(key()),),
)
def touch(client: Client, args: Args) -> None:
    """Mark keys as just used, and say how many of them exist."""
    i: cython.Py_ssize_t
    found: cython.longlong = 0
    for i in range(1, args.argc):
        found += client.db.lookup_read(args.v[i]) != cython.NULL
    client.reply.integer(found)


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _same_key(a: Slice, b: Slice) -> cython.bint:
    return a.n == b.n and memcmp(a.p, b.p, a.n) == 0


@cython.cfunc
@cython.exceptval(True, check=True)
def _rename(client: Client, args: Args, only_new: cython.bint) -> cython.bint:
    """Give the key of argument 1 the name of argument 2; False where that is taken and `only_new`, or is its own."""
    db: Database = client.db
    keyspace: Keyspace = db.keyspace
    if db.lookup_write(args.v[1]) == cython.NULL:
        raise CommandError(NO_SUCH_KEY)
    if _same_key(args.v[1], args.v[2]):
        return False
    db.check_key(args.v[2])
    if db.lookup_write(args.v[2]) != cython.NULL:
        if only_new:
            return False
        db.delete(args.v[2], keyspace.lazy_server_delete)
    e: cython.pointer[Entry] = db.take(args.v[1])
    # The look-up of the target may have told hooks of an expired key, so the source need not be there any more.
    if e == cython.NULL:
        raise CommandError(NO_SUCH_KEY)
    db.give(args.v[2], e)
    db.notify(args.v[2], NOTIFY_NEW, b"new")
    db.changed(args.v[1], NOTIFY_GENERIC, b"rename_from")
    db.changed(args.v[2], NOTIFY_GENERIC, b"rename_to")
    # Two keys, but one change.
    keyspace.dirty -= 1
    return True


@command(
    "RENAME",
    arity=3,
    flags=WRITE,
    group=GENERIC,
    since="1.0.0",
    complexity="O(1)",
    keys=(key_at(1, RW | ACCESS | DELETE), key_at(2, OW | UPDATE)),
    args=(key(), key("newkey", 1)),
)
def rename(client: Client, args: Args) -> None:
    """Give a key another name, replacing what has that name already."""
    _rename(client, args, False)
    client.reply.ok()


@command(
    "RENAMENX",
    arity=3,
    flags=WRITE | FAST,
    group=GENERIC,
    since="1.0.0",
    complexity="O(1)",
    keys=(key_at(1, RW | ACCESS | DELETE), key_at(2, OW | INSERT)),
    history=(("3.2.0", "Source and destination may be the same key."),),
    args=(key(), key("newkey", 1)),
)
def renamenx(client: Client, args: Args) -> None:
    """Give a key another name, unless that name is taken."""
    client.reply.integer(_rename(client, args, True))


@cython.cfunc
def _database(client: Client, args: Args, i: cython.Py_ssize_t) -> Database:
    """The database that argument `i` is the number of."""
    index: cython.longlong = args.integer(i)
    if index < INT_MIN or index > INT_MAX:
        raise CommandError(out_of_int_range())
    if index < 0 or index >= len(client.server.keyspace.databases):
        raise CommandError(DB_OUT_OF_RANGE)
    return client.server.keyspace.databases[index]


@cython.cfunc
@cython.exceptval(True, check=True)
def _copy(db: Database, key: Slice, target: Database, new_key: Slice, replace: cython.bint) -> cython.bint:
    """Copy a key; False where it is not there, or the other one is and is not to be replaced."""
    if db.lookup_read(key) == cython.NULL:
        return False
    target.check_key(new_key)
    taken: cython.bint = target.lookup_write(new_key) != cython.NULL
    if taken and not replace:
        return False
    # The look-up of the target may have told hooks of an expired key, so the source is looked up again.
    e: cython.pointer[Entry] = db.peek(key)
    if e == cython.NULL:
        return False
    fresh: cython.pointer[Entry] = entry_copy(e, new_key.p, new_key.n)
    if fresh == cython.NULL:
        raise CommandError(NO_MEMORY_FOR_VALUE)
    entry_set_access(fresh, db.keyspace.fresh_access())
    if taken:
        target.delete(new_key, db.keyspace.lazy_server_delete)
    target.give(key_of(fresh), fresh)
    target.notify(new_key, NOTIFY_NEW, b"new")
    target.changed(new_key, NOTIFY_GENERIC, b"copy_to")
    return True


@command(
    "COPY",
    arity=-3,
    flags=WRITE | DENYOOM,
    group=GENERIC,
    since="6.2.0",
    complexity="O(1) for strings; O(N) for collections, where N is the number of elements.",
    keys=(key_at(1, RO | ACCESS), key_at(2, OW | UPDATE)),
    args=(
        key("source"),
        key("destination", 1),
        optional(integer("destination-db", token="DB")),
        optional(token("REPLACE")),
    ),
)
def copy(client: Client, args: Args) -> None:
    """Copy the value of a key, with its expiry, to another key."""
    replace: cython.bint = False
    target: Database = client.db
    i: cython.Py_ssize_t = 3
    while i < args.argc:
        if args.equals(i, b"replace"):
            replace = True
            i += 1
        elif args.equals(i, b"db") and i + 1 < args.argc:
            target = _database(client, args, i + 1)
            i += 2
        else:
            raise CommandError(SYNTAX)
    if target is client.db and _same_key(args.v[1], args.v[2]):
        raise CommandError(SAME_OBJECT)
    client.reply.integer(_copy(client.db, args.v[1], target, args.v[2], replace))


@cython.cfunc
@cython.exceptval(True, check=True)
def _move(db: Database, key: Slice, target: Database) -> cython.bint:
    """Move a key; False where it is not there, or the other database has it already."""
    if db.lookup_write(key) == cython.NULL or target.lookup_write(key) != cython.NULL:
        return False
    e: cython.pointer[Entry] = db.take(key)
    if e == cython.NULL:
        return False
    target.give(key_of(e), e)
    target.notify(key, NOTIFY_NEW, b"new")
    db.changed(key, NOTIFY_GENERIC, b"move_from")
    target.changed(key, NOTIFY_GENERIC, b"move_to")
    # Two databases, but one change.
    db.keyspace.dirty -= 1
    return True


@command(
    "MOVE",
    arity=3,
    flags=WRITE | FAST,
    group=GENERIC,
    since="1.0.0",
    complexity="O(1)",
    keys=(key_at(1, RW | ACCESS | UPDATE),),
    args=(key(), integer("db")),
)
def move(client: Client, args: Args) -> None:
    """Move a key to another database, unless it exists there."""
    target: Database = _database(client, args, 2)
    if target is client.db:
        raise CommandError(SAME_OBJECT)
    client.reply.integer(_move(client.db, args.v[1], target))


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _put_key(reply: Reply, e: cython.pointer[Entry]) -> cython.void:
    key: Slice = key_of(e)
    reply.put_bulk(key.p, key.n)


@command(
    "KEYS",
    arity=2,
    flags=READONLY,
    group=GENERIC,
    acl=ACL.KEYSPACE | ACL.DANGEROUS,
    since="1.0.0",
    complexity="O(N), where N is the number of keys in the database.",
    tips=(REQUEST_ALL_SHARDS, NONDETERMINISTIC_OUTPUT_ORDER),
    args=(pattern(),),
)
def keys(client: Client, args: Args) -> None:
    """Return all keys that match a pattern, in one go."""
    it: HashIterator
    e: cython.pointer[Entry]
    found: cython.Py_ssize_t = 0
    mark: cython.Py_ssize_t = client.reply.open()
    ht_iterate(cython.address(client.db.table), cython.address(it))
    e = ht_next(cython.address(it))
    while e != cython.NULL:
        if scan_matches(args.v[1], key_of(e)) and not client.db.expired(e):
            _put_key(client.reply, e)
            found += 1
        e = ht_next(cython.address(it))
    client.reply.close_array(mark, found)


@command(
    "RANDOMKEY",
    arity=1,
    flags=READONLY | TOUCHES_ARBITRARY_KEYS,
    group=GENERIC,
    since="1.0.0",
    complexity="O(1)",
    tips=(REQUEST_ALL_SHARDS, RESPONSE_SPECIAL, NONDETERMINISTIC_OUTPUT),
)
def randomkey(client: Client, args: Args) -> None:
    """Return some key of the database, each with the same chance."""
    e: cython.pointer[Entry] = client.db.random_entry()
    if e == cython.NULL:
        client.reply.null()
    else:
        _put_key(client.reply, e)
