"""Hashes: fields with values, in one of three encodings; a field may have an expiry of its own.

    listpack     few short fields, none with an expiry: pairs in a listpack
    listpackex   the same once an expiry was set on one: triplets, the earliest expiry first
    hashtable    more or longer fields than hash-max-listpack-entries and hash-max-listpack-value allow

Only this module and `hash_expiry` know the encodings of the hashes; how they look in memory is told in
`core.hash_value`. A field whose time has come is absent, though it stays in memory and counts in the length until
someone deletes it. Setting a field takes its expiry off, incrementing it does not.
"""

import cython
from cython.cimports.libc.stdint import int64_t, uint64_t
from cython.cimports.pyrite.core.entry import (
    ENCODING_HASHTABLE,
    ENCODING_LISTPACK,
    ENCODING_LISTPACKEX,
    KEY_MAX,
    PART_OWNER,
    PART_WORD,
    TYPE_HASH,
    Entry,
    entry_encoding,
    entry_expire,
    entry_free,
    entry_key,
    entry_key_length,
    entry_new,
    entry_set_kind,
    entry_type,
    entry_word,
)
from cython.cimports.pyrite.core.hash_listpack import (
    PAIR,
    TRIPLET,
    hlp_add,
    hlp_expire,
    hlp_find,
    hlp_set_expire,
    hlp_set_value,
    hlp_value,
)
from cython.cimports.pyrite.core.hash_value import (
    field_value,
    hash_is_empty,
    hash_listpack,
    hash_proxy,
    hash_put_listpack,
    hash_table,
    hash_to_listpack_ex,
    hash_to_table,
    hv_delete,
    hv_find,
    hv_set,
    hv_set_expire,
)
from cython.cimports.pyrite.core.hashtable import ht_count, ht_iterate
from cython.cimports.pyrite.core.hashtable import ht_next as next_entry
from cython.cimports.pyrite.core.listpack import (
    LP_END_MARK,
    LP_HEADER,
    LP_NONE,
    LpValue,
    lp_count,
    lp_fits,
    lp_free,
    lp_get,
    lp_new,
    lp_pass,
)
from cython.cimports.pyrite.core.listpack_edit import lp_delete
from cython.cimports.pyrite.core.numbers import (
    LONGDOUBLE_ROOM,
    LONGLONG_MAX,
    LONGLONG_ROOM,
    format_longdouble_human,
    format_longlong,
    parse_longdouble,
    parse_longlong,
)
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.keyspace.database import NO_EXPIRE, Database, Keyspace, slice_of
from cython.cimports.pyrite.keyspace.field_expiry import fields_expired

from pyrite.core.errors import NAN_OR_INFINITY, NO_MEMORY_FOR_VALUE, OVERFLOW, WRONG_TYPE, CommandError

FIELD_NAME_TOO_LONG = b"ERR field name exceeds the maximum size of 4 GiB"
VALUE_NOT_INTEGER = b"ERR hash value is not an integer"
VALUE_NOT_FLOAT = b"ERR hash value is not a float"


# Look-up


@cython.cfunc
def hash_lookup_read(db: Database, key: Slice) -> cython.pointer[Entry]:
    """The entry of a hash that a command reads; NULL for a missing key. Raises CommandError WRONG_TYPE."""
    e: cython.pointer[Entry] = db.lookup_read(key)
    if e != cython.NULL and entry_type(e) != TYPE_HASH:
        raise CommandError(WRONG_TYPE)
    return e


@cython.cfunc
def hash_lookup_write(db: Database, key: Slice) -> cython.pointer[Entry]:
    """The entry of a hash that a command changes; NULL for a missing key. Raises CommandError WRONG_TYPE."""
    e: cython.pointer[Entry] = db.lookup_write(key)
    if e != cython.NULL and entry_type(e) != TYPE_HASH:
        raise CommandError(WRONG_TYPE)
    return e


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _width(e: cython.pointer[Entry]) -> cython.int:
    """Elements of one field in the hash's listpack."""
    return PAIR if entry_encoding(e) == ENCODING_LISTPACK else TRIPLET


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hash_length(e: cython.pointer[Entry]) -> cython.size_t:
    """Number of fields in memory, those that have expired included."""
    if entry_encoding(e) == ENCODING_HASHTABLE:
        return ht_count(cython.address(hash_table(e).table))
    return lp_count(hash_listpack(e)) // _width(e)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hash_field(
    e: cython.pointer[Entry],
    p: cython.p_const_char,
    n: cython.size_t,
    now_ms: int64_t,
    value: cython.pointer[LpValue],
) -> cython.int:
    """Read a field: FIELD_FOUND, FIELD_EXPIRED for one that is in memory but absent as of `now_ms`, or FIELD_ABSENT."""
    slot: cython.pointer[cython.pointer[Entry]]
    at_ms: int64_t = -1
    if entry_encoding(e) == ENCODING_HASHTABLE:
        slot = hv_find(hash_table(e), p, n)
        if slot == cython.NULL:
            return FIELD_ABSENT
        field_value(slot[0], value)
        at_ms = entry_expire(slot[0])
    else:
        lp: cython.p_uchar = hash_listpack(e)
        at: cython.Py_ssize_t = hlp_find(lp, _width(e), p, n)
        if at == LP_NONE:
            return FIELD_ABSENT
        lp_get(lp, hlp_value(lp, at), value)
        if entry_encoding(e) == ENCODING_LISTPACKEX:
            at_ms = hlp_expire(lp, at)
    return FIELD_EXPIRED if 0 <= at_ms < now_ms else FIELD_FOUND


@cython.cfunc
@cython.exceptval(check=False)
def hash_get(
    db: Database, e: cython.pointer[Entry], p: cython.p_const_char, n: cython.size_t, value: cython.pointer[LpValue]
) -> cython.bint:
    """Read a field; False where it is absent. Deletes nothing."""
    return hash_field(e, p, n, db.keyspace.now_ms, value) == FIELD_FOUND


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def value_text(value: cython.pointer[LpValue], room: cython.p_char) -> Slice:
    """The bytes of a field or value; an integer's are printed into `room`, of LONGLONG_ROOM bytes."""
    text: Slice
    if value.text == cython.NULL:
        text.p = room
        text.n = format_longlong(room, value.number)
    else:
        text.p = cython.cast(cython.p_char, value.text)
        text.n = value.length
    return text


# All fields


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hash_iterate(e: cython.pointer[Entry], it: cython.pointer[HashFieldIterator], now_ms: int64_t) -> cython.void:
    """Start at the first field; the hash must not change until the iteration ends.

    Fields that expired before `now_ms` are left out, with 0 none.
    """
    it.now_ms = now_ms
    it.at = LP_HEADER
    if entry_encoding(e) == ENCODING_HASHTABLE:
        it.lp = cython.NULL
        it.width = 0
        ht_iterate(cython.address(hash_table(e).table), cython.address(it.fields))
    else:
        it.lp = hash_listpack(e)
        it.width = _width(e)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hash_next(
    it: cython.pointer[HashFieldIterator],
    field: cython.pointer[LpValue],
    value: cython.pointer[LpValue],
    expire_ms: cython.pointer[int64_t],
) -> cython.bint:
    """Read the next field, its value, and when it expires (-1: never); False at the end."""
    e: cython.pointer[Entry]
    if it.lp == cython.NULL:
        while True:
            e = next_entry(cython.address(it.fields))
            if e == cython.NULL:
                return False
            expire_ms[0] = entry_expire(e)
            if expire_ms[0] < 0 or expire_ms[0] >= it.now_ms:
                break
        field.text = entry_key(e)
        field.length = entry_key_length(e)
        field_value(e, value)
        return True
    while it.lp[it.at] != LP_END_MARK:
        lp_get(it.lp, it.at, field)
        lp_get(it.lp, hlp_value(it.lp, it.at), value)
        expire_ms[0] = hlp_expire(it.lp, it.at) if it.width == TRIPLET else -1
        it.at = lp_pass(it.lp, it.at, it.width)
        if expire_ms[0] < 0 or expire_ms[0] >= it.now_ms:
            return True
    return False


# Setting fields


@cython.cfunc
def _create(db: Database, key: Slice) -> cython.pointer[Entry]:
    """A new key with a hash that has no fields yet."""
    e: cython.pointer[Entry] = db.put(key, TYPE_HASH, ENCODING_LISTPACK, PART_WORD | PART_OWNER, 0, NO_EXPIRE)
    entry_word(e)[0] = cython.cast(uint64_t, lp_new())
    return e


@cython.cfunc
@cython.exceptval(check=False)
def _store_in_listpack(
    e: cython.pointer[Entry], field: Slice, value: Slice, keep_expire: cython.bint, expire_ms: int64_t
) -> cython.int:
    """Set a field of a hash in a listpack; see `_store`."""
    lp: cython.p_uchar = hash_listpack(e)
    width: cython.int = _width(e)
    at: cython.Py_ssize_t = hlp_find(lp, width, field.p, field.n)
    if at == LP_NONE:
        lp = hlp_add(lp, width, field.p, field.n, value.p, value.n, expire_ms)
    else:
        lp = hlp_set_value(lp, at, value.p, value.n)
    if lp == cython.NULL:
        return FIELD_NO_MEMORY
    if at != LP_NONE and width == TRIPLET and not keep_expire:
        # Taking it off only shortens the listpack, which needs no memory.
        lp = hlp_set_expire(lp, at, -1)
    hash_put_listpack(e, lp)
    return FIELD_CREATED if at == LP_NONE else FIELD_UPDATED


@cython.cfunc
@cython.exceptval(check=False)
def _fits_listpack(keyspace: Keyspace, e: cython.pointer[Entry], field: Slice, value: Slice) -> cython.bint:
    """Tell whether a field may be set in the hash's listpack."""
    longest: cython.longlong = keyspace.hash_max_listpack_value
    if field.n > longest or value.n > longest:
        return False
    return lp_fits(hash_listpack(e), field.n + value.n)


@cython.cfunc
@cython.exceptval(check=False)
def _store(
    keyspace: Keyspace, e: cython.pointer[Entry], field: Slice, value: Slice, keep_expire: cython.bint
) -> cython.int:
    """Set a field: FIELD_CREATED, FIELD_UPDATED, or FIELD_NO_MEMORY or FIELD_TOO_LONG, and all as it was."""
    status: cython.int
    if field.n > KEY_MAX:
        return FIELD_TOO_LONG
    if entry_encoding(e) != ENCODING_HASHTABLE:
        if _fits_listpack(keyspace, e, field, value):
            status = _store_in_listpack(e, field, value, keep_expire, -1)
            # Without memory for the hashtable the listpack stays, longer than it should be.
            if status == FIELD_CREATED and _has_too_many(keyspace, e):
                hash_to_table(e, 0)
            return status
        if not hash_to_table(e, 0):
            return FIELD_NO_MEMORY
    return hv_set(hash_table(e), field.p, field.n, value.p, value.n, keep_expire)


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _has_too_many(keyspace: Keyspace, e: cython.pointer[Entry]) -> cython.bint:
    return cython.cast(cython.longlong, hash_length(e)) > keyspace.hash_max_listpack_entries


@cython.cfunc
@cython.exceptval(check=False)
def _make_ready(
    keyspace: Keyspace, e: cython.pointer[Entry], pairs: cython.pointer[Slice], count: cython.Py_ssize_t
) -> cython.void:
    """Turn a listpack into a hashtable ahead of pairs that it can't take, with room for them if they are many."""
    i: cython.Py_ssize_t
    total: cython.size_t = 0
    if entry_encoding(e) == ENCODING_HASHTABLE:
        return
    if count // 2 > keyspace.hash_max_listpack_entries:
        hash_to_table(e, hash_length(e) + count // 2)
        return
    for i in range(count):
        total += pairs[i].n
        if pairs[i].n > keyspace.hash_max_listpack_value:
            hash_to_table(e, 0)
            return
    if not lp_fits(hash_listpack(e), total):
        hash_to_table(e, 0)


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _settle(db: Database, e: cython.pointer[Entry]) -> cython.void:
    """After an expiry may have gone: if it was the hash's last one, the hash need not be looked after any more."""
    proxy: cython.pointer[cython.pointer[Entry]] = hash_proxy(e)
    if proxy != cython.NULL and proxy[0] != cython.NULL and not hash_expires(e):
        db.track_fields(e, NO_EXPIRE)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _refuse(db: Database, key: Slice, e: cython.pointer[Entry], status: cython.int) -> cython.int:
    """Raise the CommandError of a status below 0; a hash that is without fields goes."""
    _settle(db, e)
    if hash_is_empty(e):
        db.delete(key, False)
    raise CommandError(FIELD_NAME_TOO_LONG if status == FIELD_TOO_LONG else NO_MEMORY_FOR_VALUE)


@cython.cfunc
@cython.exceptval(-1, check=False)
def hash_set(
    db: Database,
    key: Slice,
    e: cython.pointer[cython.pointer[Entry]],
    field: Slice,
    value: Slice,
    keep_expire: cython.bint,
) -> cython.int:
    """Set a field, and take its expiry off unless that is to be kept: FIELD_CREATED or FIELD_UPDATED.

    `e[0]` is the key's entry, or NULL for a key that does not exist, which is created; it says where the entry is
    afterwards. A field that has expired but is in memory counts as updated. Raises CommandError without memory.
    """
    if e[0] == cython.NULL:
        e[0] = _create(db, key)
    status: cython.int = _store(db.keyspace, e[0], field, value, keep_expire)
    if status < 0:
        _refuse(db, key, e[0], status)
    _settle(db, e[0])
    return status


@cython.cfunc
@cython.exceptval(-1, check=False)
def hash_set_pairs(
    db: Database,
    key: Slice,
    e: cython.pointer[cython.pointer[Entry]],
    pairs: cython.pointer[Slice],
    count: cython.Py_ssize_t,
) -> cython.Py_ssize_t:
    """Set fields, given as `count` slices, a field and its value by turns; returns how many were created.

    As `hash_set` in all else. Without memory for one of them those before it stay set.
    """
    i: cython.Py_ssize_t
    status: cython.int
    created: cython.Py_ssize_t = 0
    if e[0] == cython.NULL:
        e[0] = _create(db, key)
    if count > 2:
        _make_ready(db.keyspace, e[0], pairs, count)
    for i in range(0, count, 2):
        status = _store(db.keyspace, e[0], pairs[i], pairs[i + 1], False)
        if status < 0:
            _refuse(db, key, e[0], status)
        created += status
    _settle(db, e[0])
    return created


# Deleting fields


@cython.cfunc
@cython.exceptval(check=False)
def _remove(e: cython.pointer[Entry], field: Slice) -> cython.bint:
    lp: cython.p_uchar
    at: cython.Py_ssize_t
    if entry_encoding(e) == ENCODING_HASHTABLE:
        return hv_delete(hash_table(e), field.p, field.n)
    lp = hash_listpack(e)
    at = hlp_find(lp, _width(e), field.p, field.n)
    if at == LP_NONE:
        return False
    hash_put_listpack(e, lp_delete(lp, at, _width(e)))
    return True


@cython.cfunc
@cython.exceptval(check=False)
def hash_delete(db: Database, e: cython.pointer[Entry], field: Slice) -> cython.bint:
    """Delete a field, expired or not; False where it is not there. The caller deletes a hash that has none left."""
    if not _remove(e, field):
        return False
    _settle(db, e)
    return True


@cython.cfunc
@cython.exceptval(True, check=True)
def hash_drop_expired(db: Database, key: Slice, field: Slice) -> cython.bint:
    """Delete a field that was FIELD_EXPIRED, after announcing that; False where nothing may be deleted now.

    What it was in the hash's index and to whoever waits for events is left to `fields_expired`, which the caller calls
    once for all such fields. The hook may do anything, so the key is looked up again.
    """
    keyspace: Keyspace = db.keyspace
    if keyspace.expire_paused:
        return False
    if keyspace.on_expire_field is not None:
        keyspace.on_expire_field(db, key.p[: key.n], field.p[: field.n])
    e: cython.pointer[Entry] = db.peek(key)
    return e != cython.NULL and entry_type(e) == TYPE_HASH and _remove(e, field)


# Numbers


@cython.cfunc
def _make_absent(db: Database, key: Slice, field: Slice) -> cython.pointer[Entry]:
    """Delete a field that has expired and is to be set anew.

    Returns the key's entry, NULL where that was the last field, so that the hash is gone, or a hook has deleted it.
    """
    if hash_drop_expired(db, key, field):
        fields_expired(db, key, 1)
        return hash_lookup_write(db, key)
    e: cython.pointer[Entry] = hash_lookup_write(db, key)
    if e != cython.NULL:
        hash_delete(db, e, field)
    return e


@cython.cfunc
@cython.exceptval(-1, check=True)
def hash_increment(
    db: Database, key: Slice, e: cython.pointer[Entry], field: Slice, increment: cython.longlong
) -> cython.longlong:
    """Add to a field that is an integer, absent ones count as 0, and return the sum; its expiry stays.

    `e` is NULL for a missing key. Raises CommandError VALUE_NOT_INTEGER or OVERFLOW.
    """
    text: cython.char[LONGLONG_ROOM]
    value: LpValue
    number: cython.longlong = 0
    sum: Slice
    highest: cython.longlong = LONGLONG_MAX
    state: cython.int = FIELD_ABSENT
    if e != cython.NULL:
        state = hash_field(e, field.p, field.n, db.keyspace.now_ms, cython.address(value))
    if state == FIELD_FOUND:
        if value.text == cython.NULL:
            number = value.number
        elif not parse_longlong(value.text, value.length, cython.address(number)):
            raise CommandError(VALUE_NOT_INTEGER)
    elif state == FIELD_EXPIRED:
        e = _make_absent(db, key, field)
    if number > highest - increment if increment > 0 else number < -highest - 1 - increment:
        raise CommandError(OVERFLOW)
    number += increment
    sum.p = text
    sum.n = format_longlong(text, number)
    hash_set(db, key, cython.address(e), field, sum, True)
    return number


@cython.cfunc
@cython.exceptval(-1, check=False)
def hash_increment_float(
    db: Database,
    key: Slice,
    e: cython.pointer[Entry],
    field: Slice,
    increment: cython.longdouble,
    text: cython.p_char,
) -> cython.Py_ssize_t:
    """Add to a field that is a number, absent ones count as 0; its expiry stays.

    Writes the sum, as it is stored, to `text`, of LONGDOUBLE_ROOM bytes, and returns its length. `e` is NULL for a
    missing key. Raises CommandError VALUE_NOT_FLOAT or NAN_OR_INFINITY.
    """
    value: LpValue
    number: cython.longdouble = 0
    sum: Slice
    state: cython.int = FIELD_ABSENT
    if e != cython.NULL:
        state = hash_field(e, field.p, field.n, db.keyspace.now_ms, cython.address(value))
    if state == FIELD_FOUND:
        if value.text == cython.NULL:
            number = value.number
        elif not parse_longdouble(value.text, value.length, cython.address(number)):
            raise CommandError(VALUE_NOT_FLOAT)
    elif state == FIELD_EXPIRED:
        e = _make_absent(db, key, field)
    number += increment
    if number - number != 0:
        raise CommandError(NAN_OR_INFINITY)
    sum.p = text
    sum.n = format_longdouble_human(text, LONGDOUBLE_ROOM, number)
    hash_set(db, key, cython.address(e), field, sum, True)
    return sum.n


# Building


@cython.cfunc
@cython.exceptval(check=False)
def hash_build(key: Slice) -> cython.pointer[Entry]:
    """An entry with a hash without fields, in no database; the key's length has been checked."""
    e: cython.pointer[Entry] = entry_new(key.p, key.n, PART_WORD | PART_OWNER, 0)
    entry_set_kind(e, TYPE_HASH, ENCODING_LISTPACK)
    entry_word(e)[0] = cython.cast(uint64_t, lp_new())
    return e


@cython.cfunc
@cython.exceptval(-1, check=False)
def hash_build_field(
    keyspace: Keyspace, e: cython.pointer[Entry], field: Slice, value: Slice, expire_ms: int64_t
) -> cython.int:
    """Add a field to a hash in no database, `expire_ms` -1 for one that does not expire; 0 where it is there already.

    The encoding follows from what is added, and from the limits. Raises CommandError without memory.
    """
    value_there: LpValue
    slot: cython.pointer[cython.pointer[Entry]]
    status: cython.int
    if hash_field(e, field.p, field.n, 0, cython.address(value_there)) != FIELD_ABSENT:
        return 0
    if expire_ms >= 0 and entry_encoding(e) == ENCODING_LISTPACK and not hash_to_listpack_ex(e):
        raise CommandError(NO_MEMORY_FOR_VALUE)
    if entry_encoding(e) == ENCODING_LISTPACKEX and field.n <= KEY_MAX and _fits_listpack(keyspace, e, field, value):
        status = _store_in_listpack(e, field, value, False, expire_ms)
        if status >= 0 and _has_too_many(keyspace, e):
            hash_to_table(e, 0)
    else:
        status = _store(keyspace, e, field, value, False)
        if status >= 0 and expire_ms >= 0:
            slot = hv_find(hash_table(e), field.p, field.n)
            hv_set_expire(hash_table(e), slot, expire_ms)
    if status < 0:
        raise CommandError(FIELD_NAME_TOO_LONG if status == FIELD_TOO_LONG else NO_MEMORY_FOR_VALUE)
    return 1


@cython.cfunc
def hash_build_listpack(
    keyspace: Keyspace, key: Slice, lp: cython.p_uchar, triplets: cython.bint
) -> cython.pointer[Entry]:
    """An entry, in no database, with the hash that this listpack is, which it takes.

    The listpack is valid, has whole pairs or triplets, at least one, no field twice, and triplets are in order
    (`hlp_in_order`). One beyond the limits becomes a hashtable. Raises CommandError without memory.
    """
    value: LpValue
    longest: cython.Py_ssize_t = 0
    at: cython.Py_ssize_t = LP_HEADER
    e: cython.pointer[Entry] = hash_build(key)
    if triplets:
        hash_to_listpack_ex(e)
    lp_free(hash_listpack(e))
    hash_put_listpack(e, lp)
    while lp[at] != LP_END_MARK:
        lp_get(lp, at, cython.address(value))
        if value.text != cython.NULL and value.length > longest:
            longest = value.length
        at = lp_pass(lp, at, 1)
    if (longest > keyspace.hash_max_listpack_value or _has_too_many(keyspace, e)) and not hash_to_table(e, 0):
        entry_free(e)
        raise CommandError(NO_MEMORY_FOR_VALUE)
    return e


# Python handles, for tests and cold callers


def set_field(db: Database, key: bytes, field: bytes, value: bytes) -> bool:
    """Set a field of the hash at a key; True where the field is new."""
    e: cython.pointer[Entry] = hash_lookup_write(db, slice_of(key))
    return hash_set(db, slice_of(key), cython.address(e), slice_of(field), slice_of(value), False) == FIELD_CREATED


def all_fields(db: Database, key: bytes) -> dict[bytes, tuple[bytes, int]]:
    """The fields of the hash at a key that are in memory, each with its value and its expiry (-1: never)."""
    it: HashFieldIterator
    name: LpValue
    value: LpValue
    expire_ms: int64_t = 0
    room: cython.char[LONGLONG_ROOM]
    out: dict = {}
    e: cython.pointer[Entry] = hash_lookup_read(db, slice_of(key))
    if e == cython.NULL:
        return out
    hash_iterate(e, cython.address(it), 0)
    while hash_next(cython.address(it), cython.address(name), cython.address(value), cython.address(expire_ms)):
        text: Slice = value_text(cython.address(name), room)
        field: bytes = text.p[: text.n]
        text = value_text(cython.address(value), room)
        out[field] = (text.p[: text.n], expire_ms)
    return out
