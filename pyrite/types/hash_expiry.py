"""Expiry of single fields of a hash: setting it under a condition, reading it, taking it off.

A field that has expired and is still in memory is none for all of these. The hash's place in its database's index of
field expiries follows: an earlier time at once, a later one when active expiry meets it, as the index asks for no more.
"""

import cython
from cython.cimports.libc.stdint import int64_t
from cython.cimports.pyrite.core.entry import ENCODING_HASHTABLE, ENCODING_LISTPACK, Entry, entry_encoding, entry_expire
from cython.cimports.pyrite.core.hash_listpack import TRIPLET, hlp_expire, hlp_find, hlp_set_expire
from cython.cimports.pyrite.core.hash_value import (
    hash_expires,
    hash_listpack,
    hash_proxy,
    hash_put_listpack,
    hash_table,
    hash_to_listpack_ex,
    hv_find,
    hv_set_expire,
)
from cython.cimports.pyrite.core.listpack import LP_NONE, LpValue
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.keyspace.database import NO_EXPIRE, Database, slice_of
from cython.cimports.pyrite.types.hash import FIELD_FOUND, hash_delete, hash_field, hash_lookup_write

from pyrite.core.errors import NO_MEMORY_FOR_VALUE, CommandError


@cython.cfunc
@cython.exceptval(-1, check=False)
def hash_make_expirable(e: cython.pointer[Entry]) -> cython.int:
    """Let fields of a hash have expiries: a listpack becomes a listpackex. Raises CommandError without memory."""
    if entry_encoding(e) == ENCODING_LISTPACK and not hash_to_listpack_ex(e):
        raise CommandError(NO_MEMORY_FOR_VALUE)
    return 0


@cython.cfunc
@cython.exceptval(check=False)
def _stored_expire(e: cython.pointer[Entry], field: Slice) -> int64_t:
    """When a field that is in memory expires; NO_TTL where it does not, NO_FIELD where it is not there."""
    slot: cython.pointer[cython.pointer[Entry]]
    at: cython.Py_ssize_t
    if entry_encoding(e) == ENCODING_HASHTABLE:
        slot = hv_find(hash_table(e), field.p, field.n)
        return NO_FIELD if slot == cython.NULL else entry_expire(slot[0])
    if entry_encoding(e) == ENCODING_LISTPACK:
        value: LpValue
        return NO_TTL if hash_field(e, field.p, field.n, 0, cython.address(value)) == FIELD_FOUND else NO_FIELD
    at = hlp_find(hash_listpack(e), TRIPLET, field.p, field.n)
    return NO_FIELD if at == LP_NONE else hlp_expire(hash_listpack(e), at)


@cython.cfunc
@cython.exceptval(check=False)
def hash_expire_time(db: Database, e: cython.pointer[Entry], field: Slice) -> int64_t:
    """When a field expires, as Unix time in ms; NO_TTL where it does not, NO_FIELD where it is absent."""
    at_ms: int64_t = _stored_expire(e, field)
    return NO_FIELD if 0 <= at_ms < db.keyspace.now_ms else at_ms


@cython.cfunc
@cython.exceptval(check=False)
def _allows(condition: cython.int, old_ms: int64_t, at_ms: int64_t) -> cython.bint:
    """Tell whether a condition lets a field that expires at `old_ms`, below 0 never, expire at `at_ms` instead."""
    if condition == IF_NONE:
        return old_ms < 0
    if condition == IF_ANY:
        return old_ms >= 0
    if condition == IF_LATER:
        return old_ms >= 0 and at_ms > old_ms
    if condition == IF_EARLIER:
        return old_ms < 0 or at_ms < old_ms
    return True


@cython.cfunc
@cython.exceptval(check=False)
def _write(e: cython.pointer[Entry], field: Slice, at_ms: int64_t) -> cython.bint:
    """Write the expiry of a field that is there, -1 for none; False, and all as it was, without memory."""
    lp: cython.p_uchar
    if entry_encoding(e) == ENCODING_HASHTABLE:
        hv_set_expire(hash_table(e), hv_find(hash_table(e), field.p, field.n), at_ms)
        return True
    lp = hash_listpack(e)
    lp = hlp_set_expire(lp, hlp_find(lp, TRIPLET, field.p, field.n), at_ms)
    if lp == cython.NULL:
        return False
    hash_put_listpack(e, lp)
    return True


@cython.cfunc
@cython.exceptval(-1, check=True)
def hash_set_expire(
    db: Database, e: cython.pointer[Entry], field: Slice, at_ms: int64_t, condition: cython.int
) -> cython.int:
    """Let a field expire at a Unix time in ms: NO_FIELD, CONDITION_NOT_MET, EXPIRY_SET or FIELD_DELETED.

    The hash is one made expirable. It may be left without fields, for the caller to delete.
    """
    proxy: cython.pointer[Entry]
    old_ms: int64_t = hash_expire_time(db, e, field)
    if old_ms == NO_FIELD:
        return NO_FIELD
    if not _allows(condition, old_ms, at_ms):
        return CONDITION_NOT_MET
    if at_ms <= db.keyspace.now_ms:
        hash_delete(db, e, field)
        return FIELD_DELETED
    if not _write(e, field, at_ms):
        raise CommandError(NO_MEMORY_FOR_VALUE)
    proxy = hash_proxy(e)[0]
    if proxy == cython.NULL or at_ms < entry_expire(proxy):
        db.track_fields(e, at_ms)
    return EXPIRY_SET


@cython.cfunc
@cython.exceptval(check=False)
def hash_persist(db: Database, e: cython.pointer[Entry], field: Slice) -> cython.int:
    """Take the expiry off a field: NO_FIELD, NO_TTL where it has none, or 1."""
    at_ms: int64_t = hash_expire_time(db, e, field)
    if at_ms < 0:
        return cython.cast(cython.int, at_ms)
    # Needs no memory: an expiry of none is the shortest.
    _write(e, field, -1)
    if not hash_expires(e):
        db.track_fields(e, NO_EXPIRE)
    return 1


# Python handles, for tests and cold callers


def set_field_expire(db: Database, key: bytes, field: bytes, at_ms: int64_t) -> int:
    """Let a field of the hash at a key expire at a Unix time in ms; what `hash_set_expire` says."""
    e: cython.pointer[Entry] = hash_lookup_write(db, slice_of(key))
    if e == cython.NULL:
        return NO_FIELD
    hash_make_expirable(e)
    return hash_set_expire(db, e, slice_of(field), at_ms, ALWAYS)
