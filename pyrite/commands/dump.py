"""DUMP and RESTORE: a value as bytes that another server, or this one later, makes the same value of."""

import cython
from cython.cimports.libc.limits import LLONG_MAX
from cython.cimports.libc.stdint import int64_t, uint32_t
from cython.cimports.pyrite.core.entry import Entry, entry_free, entry_set_access
from cython.cimports.pyrite.core.parser import Args, Slice
from cython.cimports.pyrite.core.rdb_format import (
    RDB_FOOTER,
    RDB_NO_MEMORY,
    RdbReader,
    RdbWriter,
    rdb_check_footer,
    rdb_get_byte,
    rdb_put_byte,
    rdb_put_footer,
    rdb_start_reading,
    rdb_start_writing,
    rdb_stop_writing,
)
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.keyspace.database import NOTIFY_GENERIC, NOTIFY_NEW, Database, Keyspace, key_of
from cython.cimports.pyrite.types.rdb_load import rdb_load_entry
from cython.cimports.pyrite.types.rdb_save import rdb_save_value, rdb_type_of, rdb_version_for

from pyrite.core.errors import NO_MEMORY_FOR_VALUE, SYNTAX, CommandError, invalid_expire
from pyrite.engine.command import command
from pyrite.engine.declare import (
    ACCESS,
    ACL,
    ASKING,
    DENYOOM,
    GENERIC,
    NONDETERMINISTIC_OUTPUT,
    OW,
    READONLY,
    RO,
    SERVER,
    SYSCMD,
    UPDATE,
    WRITE,
    integer,
    key,
    key_at,
    optional,
    string,
    token,
)
from pyrite.types.rdb_load import broken_value

BUSY_KEY = b"BUSYKEY Target key name already exists."
INVALID_IDLETIME = b"ERR Invalid IDLETIME value, must be >= 0"
INVALID_FREQ = b"ERR Invalid FREQ value, must be >= 0 and <= 255"
INVALID_TTL = b"ERR Invalid TTL value, must be >= 0"
WRONG_FOOTER = b"ERR DUMP payload version or checksum are wrong"
BAD_DATA = b"ERR Bad data format"

# What RESTORE and RESTORE-ASKING are declared with.
_HISTORY = (("3.0.0", "`REPLACE`."), ("5.0.0", "`ABSTTL`."), ("5.0.0", "`IDLETIME` and `FREQ`."))
_ARGUMENTS = (
    key(),
    integer("ttl"),
    string("serialized-value"),
    optional(token("REPLACE", since="3.0.0")),
    optional(token("ABSTTL", since="5.0.0")),
    optional(integer("seconds", token="IDLETIME", since="5.0.0")),
    optional(integer("frequency", token="FREQ", since="5.0.0")),
)
_COMPLEXITY = (
    "O(N) to rebuild the value, where N is the number of its bytes; O(N*log(M)) for a sorted set, where M is the "
    "number of its members."
)


@command(
    "DUMP",
    arity=2,
    flags=READONLY,
    group=GENERIC,
    since="2.6.0",
    complexity="O(N), where N is the number of bytes that the value takes.",
    keys=(key_at(1, RO | ACCESS),),
    tips=(NONDETERMINISTIC_OUTPUT,),
    args=(key(),),
)
def dump(client: Client, args: Args) -> None:
    """Return the value of a key in the form that RESTORE takes, its expiry not included."""
    w: RdbWriter
    e: cython.pointer[Entry] = client.db.lookup_read(args.v[1])
    if e == cython.NULL:
        client.reply.null()
        return
    version: cython.int = client.server.rdb_version
    rdb_start_writing(cython.address(w), client.server.rdb_compression)
    type: cython.int = rdb_type_of(e, version)
    rdb_put_byte(cython.address(w), type)
    rdb_save_value(cython.address(w), e, type)
    rdb_put_footer(cython.address(w), rdb_version_for(type, version))
    whole: cython.bint = not w.failed
    if whole:
        client.reply.put_bulk(cython.cast(cython.p_const_char, w.data), w.length)
    rdb_stop_writing(cython.address(w))
    if not whole:
        raise CommandError(NO_MEMORY_FOR_VALUE)


@cython.cfunc
@cython.exceptval(check=True)
def _restore_options(args: Args) -> RestoreOptions:
    """The options of RESTORE. Raises CommandError."""
    options: RestoreOptions
    options.replace = options.absolute = False
    options.idle_s = options.frequency = -1
    i: cython.Py_ssize_t = 4
    while i < args.argc:
        if args.equals(i, b"replace"):
            options.replace = True
        elif args.equals(i, b"absttl"):
            options.absolute = True
        elif args.equals(i, b"idletime") and i + 1 < args.argc and options.frequency < 0:
            i += 1
            options.idle_s = args.integer(i)
            if options.idle_s < 0:
                raise CommandError(INVALID_IDLETIME)
        elif args.equals(i, b"freq") and i + 1 < args.argc and options.idle_s < 0:
            i += 1
            options.frequency = args.integer(i)
            if options.frequency < 0 or options.frequency > 255:
                raise CommandError(INVALID_FREQ)
        else:
            raise CommandError(SYNTAX)
        i += 1
    return options


@cython.cfunc
@cython.exceptval(-1, check=False)
def _restored_expire_ms(args: Args, now_ms: int64_t, absolute: cython.bint) -> int64_t:
    """The Unix time in ms at which the key expires, 0 for never. Raises CommandError."""
    ttl_ms: cython.longlong = args.integer(2)
    if ttl_ms < 0:
        raise CommandError(INVALID_TTL)
    if absolute or ttl_ms == 0:
        return ttl_ms
    if ttl_ms > LLONG_MAX - now_ms:
        raise CommandError(invalid_expire(b"restore"))
    return ttl_ms + now_ms


@cython.cfunc
def _read_payload(client: Client, key: Slice, payload: Slice) -> cython.pointer[Entry]:
    """An entry with this key and the payload's value, which is all that the payload holds. Raises CommandError."""
    r: RdbReader
    if rdb_check_footer(payload.p, payload.n, not client.server.skips_checksums) < 0:
        raise CommandError(WRONG_FOOTER)
    rdb_start_reading(cython.address(r), payload.p, payload.n - RDB_FOOTER)
    type: cython.int = rdb_get_byte(cython.address(r))
    e: cython.pointer[Entry] = rdb_load_entry(cython.address(r), type, key, client.db)
    if e != cython.NULL and r.left:
        entry_free(e)
        e = cython.NULL
    if e == cython.NULL:
        client.server.log_verbose(f"Refusing the payload of RESTORE: {broken_value(type)}")
        raise CommandError(NO_MEMORY_FOR_VALUE if r.problem == RDB_NO_MEMORY else BAD_DATA)
    return e


@cython.cfunc
@cython.exceptval(check=False)
def _restored_access(keyspace: Keyspace, options: RestoreOptions) -> uint32_t:
    """The LRU clock or LFU counter that the options ask for, where the eviction policy goes by it; else a new key's."""
    idle_s: uint32_t
    if keyspace.lfu:
        fresh: uint32_t = keyspace.fresh_access()
        if options.frequency < 0:
            return fresh
        return (fresh & ~cython.cast(uint32_t, 255)) | cython.cast(uint32_t, options.frequency)
    if options.idle_s < 0:
        return keyspace.lru_clock
    idle_s = cython.cast(uint32_t, options.idle_s) if options.idle_s < 0xFFFFFF else 0xFFFFFF
    return (keyspace.lru_clock - idle_s) & 0xFFFFFF


@cython.cfunc
@cython.exceptval(-1, check=False)
def _restore(client: Client, args: Args) -> cython.int:
    db: Database = client.db
    key: Slice = args.v[1]
    options: RestoreOptions = _restore_options(args)
    taken: cython.bint = db.lookup_write(key) != cython.NULL
    if taken and not options.replace:
        raise CommandError(BUSY_KEY)
    now_ms: int64_t = db.keyspace.now_ms
    expire_ms: int64_t = _restored_expire_ms(args, now_ms, options.absolute)
    db.check_key(key)
    e: cython.pointer[Entry] = _read_payload(client, key, args.v[3])
    # Nothing has changed so far: a payload that is refused leaves the old value alone.
    if taken:
        db.delete(key, db.keyspace.lazy_server_delete)
    if expire_ms and expire_ms <= now_ms:
        entry_free(e)
        if taken and client.server.propagation.on:
            client.server.propagation.instead(
                db, [b"UNLINK" if db.keyspace.lazy_server_delete else b"DEL", key.p[: key.n]]
            )
        if taken:
            db.changed(key, NOTIFY_GENERIC, b"del")
    else:
        entry_set_access(e, _restored_access(db.keyspace, options))
        db.give(key_of(e), e)
        if expire_ms:
            db.set_expire(e, expire_ms)
        if expire_ms and not options.absolute and client.server.propagation.on:
            client.server.propagation.instead(
                db, [b"RESTORE", args[1], b"%d" % expire_ms, args[3], *args.tail(4), b"ABSTTL"]
            )
        db.notify(key, NOTIFY_NEW, b"new")
        db.changed(key, NOTIFY_GENERIC, b"restore")
    client.reply.ok()
    return 0


@command(
    "RESTORE",
    arity=-4,
    flags=WRITE | DENYOOM,
    group=GENERIC,
    acl=ACL.KEYSPACE | ACL.DANGEROUS,
    since="2.6.0",
    complexity=_COMPLEXITY,
    keys=(key_at(1, OW | UPDATE),),
    history=_HISTORY,
    args=_ARGUMENTS,
)
def restore(client: Client, args: Args) -> None:
    """Create a key from what DUMP returned."""
    _restore(client, args)


@command(
    "RESTORE-ASKING",
    arity=-4,
    flags=WRITE | DENYOOM | ASKING,
    group=SERVER,
    acl=ACL.KEYSPACE | ACL.DANGEROUS,
    since="3.0.0",
    complexity=_COMPLEXITY,
    doc_flags=SYSCMD,
    keys=(key_at(1, OW | UPDATE),),
    history=_HISTORY,
    args=_ARGUMENTS,
)
def restore_asking(client: Client, args: Args) -> None:
    """Create a key in a slot that is being imported; for servers that move a slot between them."""
    _restore(client, args)
