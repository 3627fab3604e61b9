"""Expiry of the fields of hashes: of the due ones of one hash, and slice by slice of all that are due in a database.

A field whose time has come is absent to whoever asks for it; it leaves memory when a command asks for it, or when
active expiry comes by. A hash of which the last field expires is deleted with it. `hexpired` is sent once for all
fields of a hash that go together, and `del` after it where the hash went too. Either way the key has changed, for
transactions that watch it and clients that track it.
"""

import cython
from cython.cimports.libc.stdint import int64_t
from cython.cimports.pyrite.core.clock import monotonic_us
from cython.cimports.pyrite.core.entry import (
    TYPE_HASH,
    Entry,
    entry_expire,
    entry_key,
    entry_key_length,
    entry_type,
)
from cython.cimports.pyrite.core.expiry_index import ExpiryIndex, ei_due
from cython.cimports.pyrite.core.hash_value import (
    hash_drop_due,
    hash_first_due,
    hash_is_empty,
    hash_next_expire,
)
from cython.cimports.pyrite.core.listpack import LpValue
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.keyspace.database import (
    NOTIFY_GENERIC,
    NOTIFY_HASH,
    Database,
    Keyspace,
    key_of,
    slice_of,
)


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _hash_at(db: Database, key: Slice) -> cython.pointer[Entry]:
    """The entry of a key that holds a hash, expired or not; NULL where it does not."""
    slot: cython.pointer[cython.pointer[Entry]] = db.find(key)
    return cython.NULL if slot == cython.NULL or entry_type(slot[0]) != TYPE_HASH else slot[0]


@cython.cfunc
@cython.exceptval(-1, check=False)
def fields_expired(db: Database, key: Slice, count: cython.size_t) -> cython.int:
    """Say that so many fields of this hash have expired and are gone; deletes the hash if it has no other.

    Without anyone to tell, the key's bytes may be those of the hash's proxy or entry.
    """
    e: cython.pointer[Entry] = _hash_at(db, key)
    name: bytes | None = key.p[: key.n] if db.keyspace.effects or db.watched or db.waiting else None
    empty: cython.bint
    db.keyspace.expired_fields += count
    if e == cython.NULL:
        return 0
    empty = hash_is_empty(e)
    if empty:
        db.delete(key, False)
    else:
        db.track_fields(e, hash_next_expire(e))
    if name is not None and count:
        db.changed_by_time(slice_of(name), NOTIFY_HASH, b"hexpired")
        if empty:
            db.notify(slice_of(name), NOTIFY_GENERIC, b"del")
    return 0


@cython.cfunc
@cython.exceptval(0, check=True)
def _drop_announced(db: Database, key: Slice, now_ms: int64_t, limit: cython.size_t) -> cython.size_t:
    """Delete due fields one by one, each announced before; returns how many. The hook may do anything to the key."""
    name: bytes = key.p[: key.n]
    field: LpValue
    text: bytes
    dropped: cython.size_t = 0
    e: cython.pointer[Entry] = _hash_at(db, slice_of(name))
    while e != cython.NULL and dropped < limit and hash_first_due(e, now_ms, cython.address(field)):
        text = b"%d" % field.number if field.text == cython.NULL else field.text[: field.length]
        db.keyspace.on_expire_field(db, name, text)
        e = _hash_at(db, slice_of(name))
        if e != cython.NULL:
            dropped += hash_drop_due(e, now_ms, 1)
    return dropped


@cython.cfunc
@cython.exceptval(0, check=True)
def expire_due_fields(db: Database, key: Slice, limit: cython.size_t) -> cython.size_t:
    """Delete up to `limit` due fields of the hash at a key, and the hash when none is left; returns how many.

    The key's bytes may be those of the hash's proxy or entry, which may be freed.
    """
    keyspace: Keyspace = db.keyspace
    # A field still lives in the millisecond that it expires at.
    now_ms: int64_t = keyspace.now_ms - 1
    dropped: cython.size_t
    name: bytes
    e: cython.pointer[Entry]
    if keyspace.on_expire_field is not None:
        name = key.p[: key.n]
        dropped = _drop_announced(db, slice_of(name), now_ms, limit)
        fields_expired(db, slice_of(name), dropped)
        return dropped
    e = _hash_at(db, key)
    dropped = 0 if e == cython.NULL else hash_drop_due(e, now_ms, limit)
    fields_expired(db, key, dropped)
    return dropped


@cython.cfunc
@cython.exceptval(True, check=True)
def expire_field_slice(db: Database, deadline_us: int64_t) -> cython.bint:
    """Delete due fields of one database until none is left or the time is up; True where some may be left."""
    proxy: cython.pointer[Entry]
    while ei_due(cython.address(db.field_expires), db.keyspace.now_ms - 1, cython.address(proxy), 1):
        # Where nothing is due though the proxy is, that gets the right time.
        expire_due_fields(db, key_of(proxy), FIELD_BATCH)
        if monotonic_us() >= deadline_us:
            return True
    return False


# Python handles, for tests and cold callers


def expire_fields(db: Database, key: bytes, limit: cython.size_t) -> int:
    """Delete up to `limit` due fields of the hash at a key; returns how many."""
    return expire_due_fields(db, slice_of(key), limit)


def proxies(db: Database) -> dict[bytes, int]:
    """The keys that the index of field expiries has, each with the time that it stands there with."""
    found: dict = {}
    c: cython.size_t
    i: cython.uint
    n: cython.uint
    proxy: cython.pointer[Entry]
    x: cython.pointer[ExpiryIndex] = cython.address(db.field_expires)
    for c in range(x.chunk_count):
        for i in range(x.chunks[c].count):
            for n in range(x.chunks[c].leaves[i].count):
                proxy = x.chunks[c].leaves[i].items[n]
                found[entry_key(proxy)[: entry_key_length(proxy)]] = entry_expire(proxy)
    return found
