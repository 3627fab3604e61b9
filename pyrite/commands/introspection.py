"""OBJECT and MEMORY: what stands behind a key's value, and where memory goes."""

import cython
from cython.cimports.libc.stdint import uint64_t
from cython.cimports.pyrite.core.entry import (
    ENCODING_INT,
    TYPE_STRING,
    Entry,
    entry_access,
    entry_encoding,
    entry_has_expire,
    entry_memory,
    entry_type,
    entry_word,
)
from cython.cimports.pyrite.core.parser import Args
from cython.cimports.pyrite.engine.client import Client

from pyrite.core.errors import LFU_NOT_SELECTED, LFU_SELECTED, SYNTAX, CommandError
from pyrite.core.memory import trim
from pyrite.engine.command import command, container, help_of
from pyrite.engine.declare import (
    GENERIC,
    NONDETERMINISTIC_OUTPUT,
    READONLY,
    REQUEST_ALL_SHARDS,
    RESPONSE_ALL_SUCCEEDED,
    RESPONSE_SPECIAL,
    RO,
    SERVER,
    integer,
    key,
    key_at,
    optional,
)

# Indexed by an entry's encoding.
ENCODING_NAMES = (
    b"raw",
    b"int",
    b"embstr",
    b"listpack",
    b"listpackex",
    b"intset",
    b"quicklist",
    b"hashtable",
    b"skiplist",
    b"stream",
)

# Redis keeps one object for each integer below this, with a reference count that stands still.
SHARED_INTEGERS = cython.declare(uint64_t, 10000)
SHARED_REFERENCES = cython.declare(cython.int, 2147483647)

# A key's share of its table: a slot and a fingerprint in a bucket that is seven eighths full; and of the expiry index.
TABLE_SHARE_BYTES = cython.declare(cython.size_t, 10)
EXPIRY_SHARE_BYTES = cython.declare(cython.size_t, 12)


@cython.cfunc
def _lookup(client: Client, args: Args) -> cython.pointer[Entry]:
    """The entry that OBJECT asks about, which does not count as used; replies null and returns NULL without one."""
    e: cython.pointer[Entry] = client.db.lookup_untouched(args.v[2], False)
    if e == cython.NULL:
        client.reply.null()
    return e


container(
    "OBJECT",
    arity=-2,
    group=GENERIC,
    acl=0,
    since="2.2.3",
    complexity="Depends on the subcommand.",
    summary="Commands that look behind a key's value.",
)


@command(
    "OBJECT|ENCODING",
    arity=3,
    flags=READONLY,
    group=GENERIC,
    since="2.2.3",
    complexity="O(1)",
    keys=(key_at(2, RO),),
    tips=(NONDETERMINISTIC_OUTPUT,),
    args=(key(),),
)
def object_encoding(client: Client, args: Args) -> None:
    """Return the name of the encoding of a value."""
    e: cython.pointer[Entry] = _lookup(client, args)
    if e != cython.NULL:
        client.reply.bulk(ENCODING_NAMES[entry_encoding(e)])


@command(
    "OBJECT|FREQ",
    arity=3,
    flags=READONLY,
    group=GENERIC,
    since="4.0.0",
    complexity="O(1)",
    keys=(key_at(2, RO),),
    tips=(NONDETERMINISTIC_OUTPUT,),
    args=(key(),),
)
def object_freq(client: Client, args: Args) -> None:
    """Return the access frequency counter of a key, which grows logarithmically."""
    e: cython.pointer[Entry] = _lookup(client, args)
    if e == cython.NULL:
        return
    if not client.server.keyspace.lfu:
        raise CommandError(LFU_NOT_SELECTED)
    client.reply.integer(client.server.keyspace.lfu_counter(e))


@command(
    "OBJECT|IDLETIME",
    arity=3,
    flags=READONLY,
    group=GENERIC,
    since="2.2.3",
    complexity="O(1)",
    keys=(key_at(2, RO),),
    tips=(NONDETERMINISTIC_OUTPUT,),
    args=(key(),),
)
def object_idletime(client: Client, args: Args) -> None:
    """Return how many seconds ago a key was last used."""
    e: cython.pointer[Entry] = _lookup(client, args)
    if e == cython.NULL:
        return
    if client.server.keyspace.lfu:
        raise CommandError(LFU_SELECTED)
    client.reply.integer((client.server.keyspace.lru_clock - entry_access(e)) & 0xFFFFFF)


@cython.cfunc
@cython.exceptval(check=False)
def _is_shared(client: Client, e: cython.pointer[Entry]) -> cython.bint:
    """Tell whether Redis would show a shared object: a small integer, unless eviction needs each key's own access."""
    if entry_type(e) != TYPE_STRING or entry_encoding(e) != ENCODING_INT or entry_word(e)[0] >= SHARED_INTEGERS:
        return False
    return client.server.maxmemory == 0 or not client.server.keyspace.evicts_by_access


@command(
    "OBJECT|REFCOUNT",
    arity=3,
    flags=READONLY,
    group=GENERIC,
    since="2.2.3",
    complexity="O(1)",
    keys=(key_at(2, RO),),
    tips=(NONDETERMINISTIC_OUTPUT,),
    args=(key(),),
)
def object_refcount(client: Client, args: Args) -> None:
    """Return how many references a value has."""
    e: cython.pointer[Entry] = _lookup(client, args)
    if e != cython.NULL:
        client.reply.integer(SHARED_REFERENCES if _is_shared(client, e) else 1)


help_of("OBJECT", since="6.2.0")


container(
    "MEMORY",
    arity=-2,
    group=SERVER,
    since="4.0.0",
    complexity="Depends on the subcommand.",
    summary="Commands about the use of memory.",
)


@cython.cfunc
def _reply_fields(client: Client, fields: list) -> cython.void:
    """A map of names to integers, floats, or further such maps."""
    client.reply.map(len(fields))
    for name, value in fields:
        client.reply.bulk(name.encode())
        if isinstance(value, list):
            _reply_fields(client, value)
        elif isinstance(value, float):
            client.reply.double(value)
        else:
            client.reply.integer(value)


@command(
    "MEMORY|USAGE",
    arity=-3,
    flags=READONLY,
    group=SERVER,
    since="4.0.0",
    complexity="O(N), where N is the number of samples taken of a collection.",
    keys=(key_at(2, RO),),
    args=(key(), optional(integer("count", token="SAMPLES"))),
)
def memory_usage(client: Client, args: Args) -> None:
    """Return how many bytes a key and its value take."""
    i: cython.Py_ssize_t
    for i in range(3, args.argc, 2):
        if not args.equals(i, b"samples") or i + 1 == args.argc:
            raise CommandError(SYNTAX)
        # A string has nothing to sample.
        if args.integer(i + 1) < 0:
            raise CommandError(SYNTAX)
    slot: cython.pointer[cython.pointer[Entry]] = client.db.find(args.v[2])
    if slot == cython.NULL:
        client.reply.null()
        return
    bytes_used: cython.size_t = entry_memory(slot[0]) + TABLE_SHARE_BYTES
    if entry_has_expire(slot[0]):
        bytes_used += EXPIRY_SHARE_BYTES
    client.reply.integer(bytes_used)


@command(
    "MEMORY|STATS",
    arity=2,
    group=SERVER,
    since="4.0.0",
    complexity="O(1)",
    tips=(NONDETERMINISTIC_OUTPUT, REQUEST_ALL_SHARDS, RESPONSE_SPECIAL),
)
def memory_stats(client: Client, args: Args) -> None:
    """Return figures about where the memory goes."""
    _reply_fields(client, client.server.memory_stats())


@command(
    "MEMORY|DOCTOR",
    arity=2,
    group=SERVER,
    since="4.0.0",
    complexity="O(1)",
    tips=(NONDETERMINISTIC_OUTPUT, REQUEST_ALL_SHARDS, RESPONSE_SPECIAL),
)
def memory_doctor(client: Client, args: Args) -> None:
    """Explain in plain words what the memory figures tell."""
    client.reply.verbatim(b"txt", client.server.memory_doctor())


@command(
    "MEMORY|MALLOC-STATS",
    arity=2,
    group=SERVER,
    since="4.0.0",
    complexity="Depends on the allocator.",
    tips=(NONDETERMINISTIC_OUTPUT, REQUEST_ALL_SHARDS, RESPONSE_SPECIAL),
)
def memory_malloc_stats(client: Client, args: Args) -> None:
    """Return the allocator's own statistics."""
    client.reply.verbatim(b"txt", client.server.malloc_stats())


@command(
    "MEMORY|PURGE",
    arity=2,
    group=SERVER,
    since="4.0.0",
    complexity="Depends on how much memory is free.",
    tips=(REQUEST_ALL_SHARDS, RESPONSE_ALL_SUCCEEDED),
)
def memory_purge(client: Client, args: Args) -> None:
    """Give free memory back to the system."""
    trim()
    client.reply.ok()


help_of("MEMORY", since="4.0.0")
