"""Saving: the value of an entry, written in the RDB format.

The caller writes the type, whatever stands between type and value (a snapshot has the key there), and the value:

    type = rdb_type_of(e, version)
    rdb_put_byte(w, type)
    rdb_save_value(w, e, type)

Nothing here needs the GIL or makes a Python object, so that the forked child of a snapshot can run it.
"""

import cython
from cython.cimports.libc.stdint import int64_t
from cython.cimports.pyrite.core.entry import (
    ENCODING_INT,
    ENCODING_INTSET,
    ENCODING_LISTPACK,
    ENCODING_LISTPACKEX,
    PART_OWNER,
    TYPE_HASH,
    TYPE_LIST,
    TYPE_SET,
    TYPE_STREAM,
    TYPE_ZSET,
    Blob,
    Entry,
    blob_data,
    entry_encoding,
    entry_expire,
    entry_has_expire,
    entry_key,
    entry_key_length,
    entry_pointer,
    entry_type,
    entry_value,
    entry_value_length,
    entry_word,
)
from cython.cimports.pyrite.core.hash_listpack import TRIPLET
from cython.cimports.pyrite.core.hash_value import HashValue, field_value, hash_listpack, hash_next_expire, hash_table
from cython.cimports.pyrite.core.hashtable import HashIterator, ht_count, ht_iterate, ht_next
from cython.cimports.pyrite.core.intset import intset_bytes
from cython.cimports.pyrite.core.listpack import (
    LP_END_MARK,
    LP_HEADER,
    LpValue,
    lp_after,
    lp_bytes,
    lp_count,
    lp_get,
    lp_pass,
)
from cython.cimports.pyrite.core.quicklist import (
    QlAt,
    QlNode,
    QuickList,
    ql_edge_at,
    ql_forward,
    ql_lzf,
    ql_node,
)
from cython.cimports.pyrite.core.rdb_format import (
    RDB_HASH,
    RDB_HASH_LISTPACK,
    RDB_HASH_LISTPACK_EX,
    RDB_HASH_METADATA,
    RDB_LIST_QUICKLIST_2,
    RDB_NODE_PACKED,
    RDB_SET,
    RDB_SET_INTSET,
    RDB_SET_LISTPACK,
    RDB_STREAM_LISTPACKS_2,
    RDB_STREAM_LISTPACKS_3,
    RDB_STRING,
    RDB_VERSION_72,
    RDB_VERSION_74,
    RDB_ZSET_2,
    RDB_ZSET_LISTPACK,
    RdbWriter,
    rdb_kind,
    rdb_put_compressed,
    rdb_put_double,
    rdb_put_integer,
    rdb_put_length,
    rdb_put_ms,
    rdb_put_text,
    rdb_put_value,
)
from cython.cimports.pyrite.core.stream_store import Stream
from cython.cimports.pyrite.types.rdb_save_stream import rdb_save_stream
from cython.cimports.pyrite.types.set import SetIterator, set_iterate, set_length, set_next
from cython.cimports.pyrite.types.sorted_set import ZsetIterator, zset_iterate_from, zset_length, zset_next


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_type_of(e: cython.pointer[Entry], version: cython.int) -> cython.int:
    """The RDB type that the entry's value is to be written as, for readers of this version.

    A hash with fields that expire is written so that they do, and so as what only version 12 knows.
    """
    type: cython.int = entry_type(e)
    encoding: cython.int = entry_encoding(e)
    if type == TYPE_LIST:
        return RDB_LIST_QUICKLIST_2
    if type == TYPE_SET:
        if encoding == ENCODING_INTSET:
            return RDB_SET_INTSET
        # Before 7.2 sets were no listpacks.
        return RDB_SET_LISTPACK if encoding == ENCODING_LISTPACK and version >= RDB_VERSION_72 else RDB_SET
    if type == TYPE_ZSET:
        return RDB_ZSET_LISTPACK if encoding == ENCODING_LISTPACK else RDB_ZSET_2
    if type == TYPE_HASH:
        return _type_of_hash(e, encoding)
    if type == TYPE_STREAM:
        return RDB_STREAM_LISTPACKS_3 if version >= RDB_VERSION_72 else RDB_STREAM_LISTPACKS_2
    return RDB_STRING


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _type_of_hash(e: cython.pointer[Entry], encoding: cython.int) -> cython.int:
    if encoding == ENCODING_LISTPACK:
        return RDB_HASH_LISTPACK
    if hash_next_expire(e) < 0:
        return RDB_HASH
    return RDB_HASH_LISTPACK_EX if encoding == ENCODING_LISTPACKEX else RDB_HASH_METADATA


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_version_for(type: cython.int, version: cython.int) -> cython.int:
    """The version that a payload with a value of this type states: the one asked for, if it knows the type."""
    return RDB_VERSION_74 if type in (RDB_HASH_METADATA, RDB_HASH_LISTPACK_EX) else version


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_save_value(w: cython.pointer[RdbWriter], e: cython.pointer[Entry], type: cython.int) -> cython.void:
    """Write the entry's value as the type that `rdb_type_of` chose."""
    kind: cython.int = rdb_kind(type)
    if kind == TYPE_LIST:
        _save_list(w, e)
    elif kind == TYPE_SET:
        _save_set(w, e, type)
    elif kind == TYPE_ZSET:
        _save_zset(w, e, type)
    elif kind == TYPE_HASH:
        _save_hash(w, e, type)
    elif kind == TYPE_STREAM:
        rdb_save_stream(w, cython.cast(cython.pointer[Stream], entry_pointer(e)), type)
    else:
        _save_string(w, e)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _save_string(w: cython.pointer[RdbWriter], e: cython.pointer[Entry]) -> cython.void:
    blob: cython.pointer[Blob]
    if e.parts & PART_OWNER:
        blob = cython.cast(cython.pointer[Blob], entry_pointer(e))
        rdb_put_text(w, blob_data(blob), blob.length)
    elif entry_encoding(e) == ENCODING_INT:
        rdb_put_integer(w, cython.cast(cython.longlong, entry_word(e)[0]))
    else:
        rdb_put_text(w, entry_value(e), entry_value_length(e))


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _put_listpack(w: cython.pointer[RdbWriter], lp: cython.p_const_uchar) -> cython.void:
    rdb_put_text(w, cython.cast(cython.p_const_char, lp), lp_bytes(lp))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _save_list(w: cython.pointer[RdbWriter], e: cython.pointer[Entry]) -> cython.void:
    ql: cython.pointer[QuickList]
    at: QlAt
    more: cython.bint
    if entry_encoding(e) == ENCODING_LISTPACK:
        rdb_put_length(w, 1)
        rdb_put_length(w, RDB_NODE_PACKED)
        _put_listpack(w, cython.cast(cython.p_uchar, entry_pointer(e)))
        return
    ql = cython.cast(cython.pointer[QuickList], entry_pointer(e))
    rdb_put_length(w, ql.nodes)
    at = ql_edge_at(ql, True)
    more = ql.nodes != 0
    while more:
        _save_node(w, ql_node(ql, at))
        more = ql_forward(ql, cython.address(at))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _save_node(w: cython.pointer[RdbWriter], node: cython.pointer[QlNode]) -> cython.void:
    """A node, whose kind is the number that the file has for it; what is compressed is copied as it is."""
    lzf: cython.p_const_char = cython.NULL
    n: cython.size_t = 0
    rdb_put_length(w, node.kind)
    if ql_lzf(node, cython.address(lzf), cython.address(n)):
        rdb_put_compressed(w, lzf, n, node.size)
    else:
        rdb_put_text(w, cython.cast(cython.p_const_char, node.data), node.size)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _save_set(w: cython.pointer[RdbWriter], e: cython.pointer[Entry], type: cython.int) -> cython.void:
    it: SetIterator
    value: LpValue
    packed: cython.p_uchar = cython.cast(cython.p_uchar, entry_pointer(e))
    if type == RDB_SET_INTSET:
        rdb_put_text(w, cython.cast(cython.p_const_char, packed), intset_bytes(packed))
        return
    if type == RDB_SET_LISTPACK:
        _put_listpack(w, packed)
        return
    rdb_put_length(w, set_length(e))
    set_iterate(e, cython.address(it))
    while set_next(cython.address(it), cython.address(value)):
        rdb_put_value(w, cython.address(value))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _save_zset(w: cython.pointer[RdbWriter], e: cython.pointer[Entry], type: cython.int) -> cython.void:
    it: ZsetIterator
    member: LpValue
    score: cython.double = 0
    length: cython.size_t
    if type == RDB_ZSET_LISTPACK:
        _put_listpack(w, cython.cast(cython.p_uchar, entry_pointer(e)))
        return
    # From the greatest to the smallest, as Redis does, which inserts fastest at the front.
    length = zset_length(e)
    rdb_put_length(w, length)
    zset_iterate_from(e, cython.address(it), length - 1, True)
    while zset_next(cython.address(it), cython.address(member), cython.address(score)):
        rdb_put_value(w, cython.address(member))
        rdb_put_double(w, score)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _save_hash(w: cython.pointer[RdbWriter], e: cython.pointer[Entry], type: cython.int) -> cython.void:
    if type == RDB_HASH_LISTPACK:
        _put_listpack(w, hash_listpack(e))
    elif type == RDB_HASH_LISTPACK_EX:
        rdb_put_ms(w, hash_next_expire(e))
        _put_listpack(w, hash_listpack(e))
    elif entry_encoding(e) == ENCODING_LISTPACKEX:
        _save_unexpiring(w, hash_listpack(e))
    else:
        _save_fields(w, hash_table(e), hash_next_expire(e))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _save_unexpiring(w: cython.pointer[RdbWriter], lp: cython.p_uchar) -> cython.void:
    """The fields of a listpack of triplets, without expiries."""
    value: LpValue
    at: cython.Py_ssize_t = LP_HEADER
    rdb_put_length(w, lp_count(lp) // TRIPLET)
    while lp[at] != LP_END_MARK:
        lp_get(lp, at, cython.address(value))
        rdb_put_value(w, cython.address(value))
        at = lp_after(lp, at)
        lp_get(lp, at, cython.address(value))
        rdb_put_value(w, cython.address(value))
        at = lp_pass(lp, at, 2)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _save_fields(w: cython.pointer[RdbWriter], x: cython.pointer[HashValue], first_ms: int64_t) -> cython.void:
    """The fields of a hashtable; where some expire, the first at `first_ms`, each behind its time, counted from that.

    0 stands for a field that does not expire, so that 1 is the first one's.
    """
    it: HashIterator
    value: LpValue
    if first_ms >= 0:
        rdb_put_ms(w, first_ms)
    rdb_put_length(w, ht_count(cython.address(x.table)))
    ht_iterate(cython.address(x.table), cython.address(it))
    field: cython.pointer[Entry] = ht_next(cython.address(it))
    while field != cython.NULL:
        if first_ms >= 0:
            rdb_put_length(w, entry_expire(field) - first_ms + 1 if entry_has_expire(field) else 0)
        rdb_put_text(w, entry_key(field), entry_key_length(field))
        field_value(field, cython.address(value))
        rdb_put_value(w, cython.address(value))
        field = ht_next(cython.address(it))
