"""Loading of lists: by elements, as versions before 3.2 wrote them, or by the nodes of a quicklist."""

import cython
from cython.cimports.libc.string import memcpy
from cython.cimports.pyrite.core.entry import ENCODING_LISTPACK, ENCODING_QUICKLIST, TYPE_LIST, Entry
from cython.cimports.pyrite.core.listpack import (
    LP_END_MARK,
    LP_HEADER,
    LpValue,
    lp_after,
    lp_bytes,
    lp_count,
    lp_free,
    lp_get_text,
)
from cython.cimports.pyrite.core.memory import mem_try_alloc
from cython.cimports.pyrite.core.numbers import LONGLONG_ROOM
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.core.quicklist import (
    QL_PACKED,
    QL_PACKED_MAX,
    QL_PLAIN,
    QuickList,
    ql_append_node,
    ql_fits_listpack,
    ql_free,
    ql_new,
    ql_take_listpack,
)
from cython.cimports.pyrite.core.quicklist_items import ql_push
from cython.cimports.pyrite.core.rdb_format import (
    RDB_BAD,
    RDB_EMPTY,
    RDB_GOOD,
    RDB_LIST,
    RDB_LIST_QUICKLIST_2,
    RDB_LIST_ZIPLIST,
    RDB_NO_MEMORY,
    RDB_NODE_PACKED,
    RDB_NODE_PLAIN,
    RdbReader,
    RdbText,
    rdb_fail,
    rdb_free_text,
    rdb_get_count,
    rdb_get_length,
    rdb_get_text,
)
from cython.cimports.pyrite.keyspace.database import Database
from cython.cimports.pyrite.types.rdb_parts import BLOB_LISTPACK, BLOB_ZIPLIST, rdb_entry, rdb_get_listpack


@cython.cfunc
def rdb_load_list(r: cython.pointer[RdbReader], type: cython.int, key: Slice, db: Database) -> cython.pointer[Entry]:
    """A list, in no table yet; NULL where the reader says what is wrong."""
    limit: cython.longlong = db.keyspace.list_max_listpack_size
    ql: cython.pointer[QuickList] = ql_new(limit, db.keyspace.list_compress_depth)
    if type == RDB_LIST:
        _load_elements(r, ql)
    elif type == RDB_LIST_ZIPLIST:
        _load_ziplist(r, ql)
    else:
        _load_nodes(r, ql, type == RDB_LIST_QUICKLIST_2)
    if r.problem == RDB_GOOD and ql.count == 0:
        rdb_fail(r, RDB_EMPTY)
    if r.problem != RDB_GOOD:
        ql_free(ql)
        return cython.NULL
    if ql_fits_listpack(ql, limit, False):
        return rdb_entry(key, TYPE_LIST, ENCODING_LISTPACK, ql_take_listpack(ql))
    return rdb_entry(key, TYPE_LIST, ENCODING_QUICKLIST, ql)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _load_elements(r: cython.pointer[RdbReader], ql: cython.pointer[QuickList]) -> cython.void:
    text: RdbText
    _: cython.size_t
    for _ in range(rdb_get_count(r, 1)):
        if not rdb_get_text(r, cython.address(text)):
            return
        if not ql_push(ql, text.p, text.n, False):
            rdb_fail(r, RDB_NO_MEMORY)
        rdb_free_text(cython.address(text))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _load_ziplist(r: cython.pointer[RdbReader], ql: cython.pointer[QuickList]) -> cython.void:
    """The elements of one ziplist, which may be longer than nodes are today."""
    room: cython.char[LONGLONG_ROOM]
    value: LpValue
    at: cython.Py_ssize_t = LP_HEADER
    lp: cython.p_uchar = rdb_get_listpack(r, BLOB_ZIPLIST)
    if lp == cython.NULL:
        return
    while lp[at] != LP_END_MARK and r.problem == RDB_GOOD:
        lp_get_text(lp, at, cython.address(value), room)
        if not ql_push(ql, value.text, value.length, False):
            rdb_fail(r, RDB_NO_MEMORY)
        at = lp_after(lp, at)
    lp_free(lp)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _load_nodes(r: cython.pointer[RdbReader], ql: cython.pointer[QuickList], tagged: cython.bint) -> cython.void:
    """The nodes of a quicklist; where they are tagged each says what it is, otherwise all are ziplists."""
    _: cython.size_t
    kind: cython.ulonglong
    for _ in range(rdb_get_count(r, 1)):
        kind = rdb_get_length(r) if tagged else RDB_NODE_PACKED
        if kind == RDB_NODE_PLAIN:
            _load_plain(r, ql)
        elif kind == RDB_NODE_PACKED:
            _load_packed(r, ql, BLOB_LISTPACK if tagged else BLOB_ZIPLIST)
        else:
            rdb_fail(r, RDB_BAD)
        if r.problem != RDB_GOOD:
            return


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _load_plain(r: cython.pointer[RdbReader], ql: cython.pointer[QuickList]) -> cython.void:
    """A node that is one element."""
    text: RdbText
    if not rdb_get_text(r, cython.address(text)):
        return
    data: cython.p_uchar = cython.NULL
    if text.n:
        data = cython.cast(cython.p_uchar, mem_try_alloc(text.n))
    if data != cython.NULL:
        memcpy(data, text.p, text.n)
        ql_append_node(ql, data, text.n, 1, QL_PLAIN)
    else:
        rdb_fail(r, RDB_NO_MEMORY if text.n else RDB_BAD)
    rdb_free_text(cython.address(text))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _load_packed(r: cython.pointer[RdbReader], ql: cython.pointer[QuickList], blob: cython.int) -> cython.void:
    """A node of several elements; an empty one is passed over, as Redis does."""
    lp: cython.p_uchar = rdb_get_listpack(r, blob)
    if lp == cython.NULL:
        return
    count: cython.Py_ssize_t = lp_count(lp)
    if count and lp_bytes(lp) <= QL_PACKED_MAX:
        ql_append_node(ql, lp, lp_bytes(lp), count, QL_PACKED)
        return
    if count:
        rdb_fail(r, RDB_BAD)
    lp_free(lp)
