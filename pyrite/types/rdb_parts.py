"""What the loading of all collections shares: listpacks from files, and entries that own a collection."""

import cython
from cython.cimports.libc.stdint import uint64_t
from cython.cimports.pyrite.core.distinct import lp_distinct
from cython.cimports.pyrite.core.entry import PART_OWNER, PART_WORD, Entry, entry_new, entry_set_kind, entry_word
from cython.cimports.pyrite.core.listpack import lp_copy, lp_count, lp_free, lp_validate
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.core.rdb_format import (
    RDB_BAD,
    RDB_EMPTY,
    RDB_GOOD,
    RDB_NO_MEMORY,
    RdbReader,
    RdbText,
    rdb_fail,
    rdb_free_text,
    rdb_get_text,
)
from cython.cimports.pyrite.core.rdb_legacy import ziplist_to_listpack, zipmap_to_listpack


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_entry(key: Slice, type: cython.int, encoding: cython.int, value: cython.p_void) -> cython.pointer[Entry]:
    """An entry, in no table yet, that owns a collection."""
    e: cython.pointer[Entry] = entry_new(key.p, key.n, PART_WORD | PART_OWNER, 0)
    entry_set_kind(e, type, encoding)
    entry_word(e)[0] = cython.cast(uint64_t, value)
    return e


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_get_listpack(r: cython.pointer[RdbReader], blob: cython.int) -> cython.p_uchar:
    """Read a text that is a listpack, or that one can be made of; NULL where the reader says what is wrong.

    It is valid to its last byte, and the caller's.
    """
    text: RdbText
    lp: cython.p_uchar = cython.NULL
    problem: cython.int = RDB_GOOD
    if not rdb_get_text(r, cython.address(text)):
        return cython.NULL
    p: cython.p_const_uchar = cython.cast(cython.p_const_uchar, text.p)
    if blob == BLOB_ZIPLIST:
        lp = ziplist_to_listpack(p, text.n, cython.address(problem))
    elif blob == BLOB_ZIPMAP:
        lp = zipmap_to_listpack(p, text.n, cython.address(problem))
    elif lp_validate(p, text.n, True):
        lp = lp_copy(p, text.n)
        problem = RDB_NO_MEMORY
    else:
        problem = RDB_BAD
    rdb_free_text(cython.address(text))
    if lp == cython.NULL:
        rdb_fail(r, problem)
    return lp


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_get_groups(r: cython.pointer[RdbReader], blob: cython.int, width: cython.Py_ssize_t) -> cython.p_uchar:
    """As `rdb_get_listpack`, of whole groups of `width` elements, at least one, whose first elements all differ."""
    distinct: cython.int
    lp: cython.p_uchar = rdb_get_listpack(r, blob)
    if lp == cython.NULL:
        return lp
    if lp_count(lp) == 0:
        rdb_fail(r, RDB_EMPTY)
    elif lp_count(lp) % width:
        rdb_fail(r, RDB_BAD)
    else:
        distinct = lp_distinct(lp, width)
        if distinct == 1:
            return lp
        rdb_fail(r, RDB_BAD if distinct == 0 else RDB_NO_MEMORY)
    lp_free(lp)
    return cython.NULL
