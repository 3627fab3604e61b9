"""Loading: an entry from a value in the RDB format, which nobody vouches for.

The entry stands in no table yet; `Database.give` puts it there, `entry_free` frees it.
"""

import cython
from cython.cimports.libc.string import memcpy
from cython.cimports.pyrite.core.entry import (
    ENCODING_EMBSTR,
    ENCODING_INT,
    ENCODING_RAW,
    INLINE_MAX,
    PART_OWNER,
    PART_WORD,
    TYPE_HASH,
    TYPE_LIST,
    TYPE_SET,
    TYPE_STREAM,
    TYPE_STRING,
    TYPE_ZSET,
    Blob,
    Entry,
    blob_data,
    blob_free,
    blob_new,
    entry_new,
    entry_set_kind,
    entry_value,
    entry_word,
)
from cython.cimports.pyrite.core.numbers import LONGLONG_ROOM, parse_longlong
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.core.rdb_format import (
    RDB_BAD,
    RDB_GOOD,
    RDB_HASH_LISTPACK,
    RDB_HASH_LISTPACK_EX,
    RDB_HASH_LISTPACK_EX_EARLY,
    RDB_HASH_ZIPLIST,
    RDB_HASH_ZIPMAP,
    RDB_LENGTH_32,
    RDB_LENGTH_64,
    RDB_LIST_QUICKLIST,
    RDB_LIST_QUICKLIST_2,
    RDB_LIST_ZIPLIST,
    RDB_NO_MEMORY,
    RDB_SET_INTSET,
    RDB_SET_LISTPACK,
    RDB_STREAM_LISTPACKS,
    RDB_STREAM_LISTPACKS_2,
    RDB_STREAM_LISTPACKS_3,
    RDB_ZSET_LISTPACK,
    RDB_ZSET_ZIPLIST,
    RdbReader,
    RdbText,
    rdb_fail,
    rdb_free_text,
    rdb_get_bytes,
    rdb_get_count,
    rdb_get_into,
    rdb_get_text,
    rdb_kind,
    rdb_peek,
)
from cython.cimports.pyrite.keyspace.database import Database
from cython.cimports.pyrite.types.rdb_load_list import rdb_load_list
from cython.cimports.pyrite.types.rdb_load_stream import rdb_load_stream
from cython.cimports.pyrite.types.rdb_load_tables import rdb_load_hash, rdb_load_set, rdb_load_zset
from cython.cimports.pyrite.types.string import EMBSTR_MAX


@cython.cfunc
def rdb_load_entry(r: cython.pointer[RdbReader], type: cython.int, key: Slice, db: Database) -> cython.pointer[Entry]:
    """An entry with this key and the value that the reader stands before; NULL where the reader says what is wrong.

    Its encoding is what the options call for, whatever it was saved as. It has no expiry, and its access bits are 0.
    """
    kind: cython.int = rdb_kind(type)
    if kind == TYPE_STRING:
        return _load_string(r, key)
    if kind == TYPE_LIST:
        return rdb_load_list(r, type, key, db)
    if kind == TYPE_SET:
        return rdb_load_set(r, type, key, db)
    if kind == TYPE_ZSET:
        return rdb_load_zset(r, type, key, db)
    if kind == TYPE_HASH:
        return rdb_load_hash(r, type, key, db)
    if kind == TYPE_STREAM:
        return rdb_load_stream(r, type, key)
    rdb_fail(r, RDB_BAD)
    return cython.NULL


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _load_string(r: cython.pointer[RdbReader], key: Slice) -> cython.pointer[Entry]:
    text: RdbText
    e: cython.pointer[Entry] = cython.NULL
    # Of a stream without a known end no length can be believed.
    if r.beyond and not r.beyond >> 60 and RDB_LENGTH_32 <= rdb_peek(r) <= RDB_LENGTH_64:
        return _load_long_string(r, key)
    if rdb_get_text(r, cython.address(text)):
        e = _string_entry(r, key, cython.address(text))
        rdb_free_text(cython.address(text))
    return e


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _load_long_string(r: cython.pointer[RdbReader], key: Slice) -> cython.pointer[Entry]:
    """A string of 16 KB or more, from a stream straight to where it stays, so that no window has to hold all of it."""
    text: RdbText
    n: cython.size_t = rdb_get_count(r, 1)
    if r.problem != RDB_GOOD:
        return cython.NULL
    if n <= INLINE_MAX:
        # Its length could have been written shorter.
        text.p = cython.cast(cython.p_const_char, rdb_get_bytes(r, n))
        text.n = n
        return _string_entry(r, key, cython.address(text)) if text.p != cython.NULL else cython.NULL
    blob: cython.pointer[Blob] = blob_new(n)
    if blob == cython.NULL:
        rdb_fail(r, RDB_NO_MEMORY)
        return cython.NULL
    if not rdb_get_into(r, blob_data(blob), n):
        blob_free(blob)
        return cython.NULL
    return _blob_entry(key, blob, n)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _blob_entry(key: Slice, blob: cython.pointer[Blob], n: cython.size_t) -> cython.pointer[Entry]:
    """A string entry that owns this text of so many bytes."""
    blob.length = n
    e: cython.pointer[Entry] = entry_new(key.p, key.n, PART_WORD | PART_OWNER, 0)
    entry_set_kind(e, TYPE_STRING, ENCODING_RAW)
    entry_word(e)[0] = cython.cast(cython.ulonglong, blob)
    return e


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _string_entry(r: cython.pointer[RdbReader], key: Slice, text: cython.pointer[RdbText]) -> cython.pointer[Entry]:
    """A string entry in the encoding that its bytes call for."""
    number: cython.longlong = 0
    e: cython.pointer[Entry]
    if text.n < LONGLONG_ROOM and parse_longlong(text.p, text.n, cython.address(number)):
        e = entry_new(key.p, key.n, PART_WORD, 0)
        entry_set_kind(e, TYPE_STRING, ENCODING_INT)
        entry_word(e)[0] = cython.cast(cython.ulonglong, number)
        return e
    if text.n <= INLINE_MAX:
        e = entry_new(key.p, key.n, 0, text.n)
        entry_set_kind(e, TYPE_STRING, ENCODING_EMBSTR if text.n <= EMBSTR_MAX else ENCODING_RAW)
        memcpy(entry_value(e), text.p, text.n)
        return e
    blob: cython.pointer[Blob] = blob_new(text.n)
    if blob == cython.NULL:
        rdb_fail(r, RDB_NO_MEMORY)
        return cython.NULL
    memcpy(blob_data(blob), text.p, text.n)
    return _blob_entry(key, blob, text.n)


# What the bytes of a value are, where that is one thing; by RDB type.
_PARTS: dict = {
    RDB_HASH_ZIPMAP: "Zipmap",
    RDB_LIST_ZIPLIST: "List ziplist",
    RDB_SET_INTSET: "Intset",
    RDB_ZSET_ZIPLIST: "Zset ziplist",
    RDB_HASH_ZIPLIST: "Hash ziplist",
    RDB_LIST_QUICKLIST: "Quicklist ziplist",
    RDB_LIST_QUICKLIST_2: "Quicklist listpack",
    RDB_STREAM_LISTPACKS: "Stream listpack",
    RDB_STREAM_LISTPACKS_2: "Stream listpack",
    RDB_STREAM_LISTPACKS_3: "Stream listpack",
    RDB_HASH_LISTPACK: "Hash listpack",
    RDB_HASH_LISTPACK_EX: "Hash listpack",
    RDB_HASH_LISTPACK_EX_EARLY: "Hash listpack",
    RDB_ZSET_LISTPACK: "Zset listpack",
    RDB_SET_LISTPACK: "Set listpack",
}


def broken_value(type: int) -> str:
    """What to say of a value of this type whose bytes are not what they should be."""
    return f"{_PARTS.get(type, 'Value')} integrity check failed"
