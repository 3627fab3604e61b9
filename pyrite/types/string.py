"""Strings: a value that is an integer, a short string inside the entry, or a long one in a Blob.

    int      the decimal form of a 64-bit integer: the entry's word is the number
    embstr   any other string of up to 44 bytes, as it was set: inline
    raw      a longer one, or one that was changed in place: inline up to INLINE_MAX bytes, else in a Blob

What is called embstr or raw is only what OBJECT ENCODING shows; where the bytes stand depends on their number alone.
"""

import cython
from cython.cimports.libc.stdint import int64_t, uint64_t
from cython.cimports.libc.string import memcpy, memset
from cython.cimports.pyrite.core.entry import (
    ENCODING_EMBSTR,
    ENCODING_INT,
    ENCODING_RAW,
    INLINE_MAX,
    PART_OWNER,
    PART_WORD,
    TYPE_STRING,
    Blob,
    Entry,
    blob_data,
    blob_new,
    blob_reserve,
    entry_encoding,
    entry_pointer,
    entry_set_kind,
    entry_type,
    entry_value,
    entry_value_length,
    entry_word,
)
from cython.cimports.pyrite.core.numbers import (
    LONGDOUBLE_ROOM,
    LONGLONG_MAX,
    digits10,
    format_longdouble_human,
    format_longlong,
    parse_longdouble,
    parse_longlong,
)
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.keyspace.database import KEEP_TTL, NO_EXPIRE, Database

from pyrite.core.errors import (
    NAN_OR_INFINITY,
    NO_MEMORY_FOR_VALUE,
    NOT_FLOAT,
    NOT_INTEGER,
    OVERFLOW,
    WRONG_TYPE,
    CommandError,
)

# Room that a growing Blob gets ahead of its need: as much again, but not more than this.
AHEAD_MAX = cython.declare(cython.Py_ssize_t, 1024 * 1024)


# Look-up


@cython.cfunc
def string_lookup_read(db: Database, key: Slice) -> cython.pointer[Entry]:
    """The entry of a string that a command reads; NULL for a missing key. Raises CommandError WRONG_TYPE."""
    e: cython.pointer[Entry] = db.lookup_read(key)
    if e != cython.NULL and entry_type(e) != TYPE_STRING:
        raise CommandError(WRONG_TYPE)
    return e


@cython.cfunc
def string_lookup_write(db: Database, key: Slice) -> cython.pointer[Entry]:
    """The entry of a string that a command changes; NULL for a missing key. Raises CommandError WRONG_TYPE."""
    e: cython.pointer[Entry] = db.lookup_write(key)
    if e != cython.NULL and entry_type(e) != TYPE_STRING:
        raise CommandError(WRONG_TYPE)
    return e


# Whole values


@cython.cfunc
@cython.exceptval(-1, check=False)
def string_set(db: Database, key: Slice, value: Slice, blob: cython.pointer[Blob], expire_ms: int64_t) -> cython.int:
    """Store a string under a key, overwriting whatever it held, in the encoding that its bytes call for.

    `blob`, if not NULL, holds just these bytes; it becomes the database's. Raises CommandError without memory.
    """
    number: cython.longlong = 0
    if value.n <= 20 and parse_longlong(value.p, value.n, cython.address(number)):
        string_set_integer(db, key, number, expire_ms)
        return 0
    return string_set_text(db, key, value, blob, expire_ms)


@cython.cfunc
@cython.exceptval(-1, check=False)
def string_set_text(
    db: Database, key: Slice, value: Slice, blob: cython.pointer[Blob], expire_ms: int64_t
) -> cython.int:
    """As `string_set`, but never as an integer."""
    e: cython.pointer[Entry]
    if value.n <= INLINE_MAX:
        e = db.put(key, TYPE_STRING, ENCODING_EMBSTR if value.n <= EMBSTR_MAX else ENCODING_RAW, 0, value.n, expire_ms)
        memcpy(entry_value(e), value.p, value.n)
        return 0
    if blob == cython.NULL:
        blob = blob_new(value.n)
        if blob == cython.NULL:
            raise CommandError(NO_MEMORY_FOR_VALUE)
        memcpy(blob_data(blob), value.p, value.n)
        blob.length = value.n
    e = db.put(key, TYPE_STRING, ENCODING_RAW, PART_WORD | PART_OWNER, 0, expire_ms)
    entry_word(e)[0] = cython.cast(uint64_t, blob)
    return 0


@cython.cfunc
def string_set_integer(db: Database, key: Slice, value: cython.longlong, expire_ms: int64_t) -> cython.pointer[Entry]:
    """Store an integer under a key, overwriting whatever it held."""
    e: cython.pointer[Entry] = db.put(key, TYPE_STRING, ENCODING_INT, PART_WORD, 0, expire_ms)
    entry_word(e)[0] = cython.cast(uint64_t, value)
    return e


@cython.cfunc
@cython.exceptval(check=False)
def string_view(e: cython.pointer[Entry], scratch: cython.p_char) -> Slice:
    """The string's bytes, valid until it changes; an integer's digits are written to `scratch`, of SCRATCH bytes."""
    view: Slice
    blob: cython.pointer[Blob]
    if e.parts & PART_OWNER:
        blob = cython.cast(cython.pointer[Blob], entry_pointer(e))
        view.p = blob_data(blob)
        view.n = blob.length
    elif entry_encoding(e) == ENCODING_INT:
        view.p = scratch
        view.n = format_longlong(scratch, cython.cast(cython.longlong, entry_word(e)[0]))
    else:
        view.p = entry_value(e)
        view.n = entry_value_length(e)
    return view


@cython.cfunc
@cython.exceptval(check=False)
def string_length(e: cython.pointer[Entry]) -> cython.Py_ssize_t:
    """Bytes of the string."""
    value: cython.longlong
    if e.parts & PART_OWNER:
        return cython.cast(cython.pointer[Blob], entry_pointer(e)).length
    if entry_encoding(e) != ENCODING_INT:
        return entry_value_length(e)
    value = cython.cast(cython.longlong, entry_word(e)[0])
    if value < 0:
        return 1 + digits10(0 - cython.cast(uint64_t, value))
    return digits10(value)


@cython.cfunc
@cython.exceptval(check=False)
def string_integer(e: cython.pointer[Entry], out: cython.pointer[cython.longlong]) -> cython.bint:
    """The string as an integer; False where it is none."""
    if entry_encoding(e) == ENCODING_INT:
        out[0] = cython.cast(cython.longlong, entry_word(e)[0])
        return True
    if e.parts & PART_OWNER:
        return False
    return parse_longlong(entry_value(e), entry_value_length(e), out) != 0


# Changes in place


@cython.cfunc
@cython.exceptval(check=False)
def _to_inline(db: Database, e: cython.pointer[Entry], length: cython.Py_ssize_t) -> cython.pointer[Entry]:
    """Make an inline or integer string an inline raw one of this length, its new bytes zero."""
    digits: cython.char[32]
    old: cython.Py_ssize_t
    if entry_encoding(e) == ENCODING_INT:
        old = format_longlong(digits, cython.cast(cython.longlong, entry_word(e)[0]))
        e = db.reshape(e, 0, length)
        memcpy(entry_value(e), digits, old)
    else:
        old = entry_value_length(e)
        e = db.reshape(e, 0, length)
    if length > old:
        memset(entry_value(e) + old, 0, length - old)
    entry_set_kind(e, TYPE_STRING, ENCODING_RAW)
    return e


@cython.cfunc
@cython.exceptval(check=False)
def _grow_blob(e: cython.pointer[Entry], length: cython.Py_ssize_t) -> cython.pointer[Blob]:
    """The entry's Blob at this length, its new bytes zero; NULL, and all as before, without memory."""
    blob: cython.pointer[Blob] = cython.cast(cython.pointer[Blob], entry_pointer(e))
    if cython.cast(cython.size_t, length) > blob.capacity:
        blob = blob_reserve(blob, length + (length if length < AHEAD_MAX else AHEAD_MAX))
        if blob == cython.NULL:
            return blob
        entry_word(e)[0] = cython.cast(uint64_t, blob)
    memset(blob_data(blob) + blob.length, 0, length - blob.length)
    blob.length = length
    return blob


@cython.cfunc
@cython.exceptval(check=False)
def _to_blob(db: Database, e: cython.pointer[Entry], length: cython.Py_ssize_t) -> cython.pointer[Entry]:
    """Move an inline or integer string into a Blob of this length; NULL, and all as before, without memory."""
    scratch: cython.char[32]
    blob: cython.pointer[Blob] = blob_new(length + (length if length < AHEAD_MAX else AHEAD_MAX))
    if blob == cython.NULL:
        return cython.NULL
    view: Slice = string_view(e, scratch)
    memcpy(blob_data(blob), view.p, view.n)
    memset(blob_data(blob) + view.n, 0, length - view.n)
    blob.length = length
    e = db.reshape(e, PART_WORD | PART_OWNER, 0)
    entry_word(e)[0] = cython.cast(uint64_t, blob)
    entry_set_kind(e, TYPE_STRING, ENCODING_RAW)
    return e


@cython.cfunc
def string_make_room(
    db: Database, key: Slice, e: cython.pointer[cython.pointer[Entry]], length: cython.Py_ssize_t
) -> cython.p_char:
    """Make a string at least this long, to be changed in place: it becomes raw, and new bytes are zero.

    `e[0]` is the key's entry, or NULL for a key that does not exist, which is created; it says where the entry is
    afterwards. Returns the first of the bytes. Raises CommandError without memory, and changes nothing then.
    """
    created: cython.bint = e[0] == cython.NULL
    if created:
        e[0] = db.put(key, TYPE_STRING, ENCODING_RAW, 0, 0, NO_EXPIRE)
    if e[0].parts & PART_OWNER:
        blob: cython.pointer[Blob] = cython.cast(cython.pointer[Blob], entry_pointer(e[0]))
        if length > cython.cast(cython.Py_ssize_t, blob.length):
            blob = _grow_blob(e[0], length)
            if blob == cython.NULL:
                raise CommandError(NO_MEMORY_FOR_VALUE)
        return blob_data(blob)
    if length <= string_length(e[0]):
        if entry_encoding(e[0]) == ENCODING_RAW and not created:
            return entry_value(e[0])
        length = string_length(e[0])
    if length <= INLINE_MAX:
        e[0] = _to_inline(db, e[0], length)
        return entry_value(e[0])
    moved: cython.pointer[Entry] = _to_blob(db, e[0], length)
    if moved == cython.NULL:
        if created:
            db.delete(key, False)
        raise CommandError(NO_MEMORY_FOR_VALUE)
    e[0] = moved
    return blob_data(cython.cast(cython.pointer[Blob], entry_pointer(moved)))


@cython.cfunc
@cython.exceptval(check=False)
def string_truncate(db: Database, e: cython.pointer[Entry], length: cython.Py_ssize_t) -> cython.pointer[Entry]:
    """Cut a string that string_make_room made ready to this length, not above its own; returns where its entry is."""
    if e.parts & PART_OWNER:
        cython.cast(cython.pointer[Blob], entry_pointer(e)).length = length
        return e
    return db.reshape(e, 0, length)


@cython.cfunc
@cython.exceptval(-1, check=False)
def string_write(
    db: Database, key: Slice, e: cython.pointer[Entry], offset: cython.Py_ssize_t, data: Slice
) -> cython.Py_ssize_t:
    """Write bytes over a string from an offset on, zeros filling a gap; returns the string's length afterwards.

    `e` is the key's entry, or NULL for a missing key, which is created. The end of the bytes written must not overflow.
    Raises CommandError without memory, and changes nothing then.
    """
    p: cython.p_char = string_make_room(db, key, cython.address(e), offset + data.n)
    memcpy(p + offset, data.p, data.n)
    return string_length(e)


# Numbers


@cython.cfunc
@cython.exceptval(-1, check=True)
def string_increment(db: Database, key: Slice, e: cython.pointer[Entry], increment: cython.longlong) -> cython.longlong:
    """Add to a string that is an integer, and return the sum; `e` is NULL for a missing key, which counts as 0.

    Raises CommandError NOT_INTEGER or OVERFLOW.
    """
    value: cython.longlong = 0
    if e != cython.NULL and not string_integer(e, cython.address(value)):
        raise CommandError(NOT_INTEGER)
    highest: cython.longlong = LONGLONG_MAX
    if value > highest - increment if increment > 0 else value < -highest - 1 - increment:
        raise CommandError(OVERFLOW)
    value += increment
    if e != cython.NULL and entry_encoding(e) == ENCODING_INT:
        entry_word(e)[0] = cython.cast(uint64_t, value)
    else:
        string_set_integer(db, key, value, KEEP_TTL)
    return value


@cython.cfunc
@cython.exceptval(check=False)
def _string_longdouble(e: cython.pointer[Entry], out: cython.p_longdouble) -> cython.bint:
    scratch: cython.char[32]
    if entry_encoding(e) == ENCODING_INT:
        out[0] = cython.cast(cython.longlong, entry_word(e)[0])
        return True
    view: Slice = string_view(e, scratch)
    return parse_longdouble(view.p, view.n, out) != 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def string_increment_float(
    db: Database, key: Slice, e: cython.pointer[Entry], increment: cython.longdouble, text: cython.p_char
) -> cython.Py_ssize_t:
    """Add to a string that is a number, and write the sum, as it is stored, to `text`, of LONGDOUBLE_ROOM bytes.

    Returns the text's length; `e` is NULL for a missing key, which counts as 0. Raises CommandError NAN_OR_INFINITY.
    """
    value: cython.longdouble = 0
    if e != cython.NULL and not _string_longdouble(e, cython.address(value)):
        raise CommandError(NOT_FLOAT)
    value += increment
    if value - value != 0:
        raise CommandError(NAN_OR_INFINITY)
    sum: Slice
    sum.p = text
    sum.n = format_longdouble_human(text, LONGDOUBLE_ROOM, value)
    string_set_text(db, key, sum, cython.NULL, KEEP_TTL)
    return sum.n
