"""Passing over values in the RDB format: by their lengths and counts alone, whatever their bytes are.

So what follows a value that is damaged can be found, where the damage has spared the lengths.
"""

import cython
from cython.cimports.libc.stdint import uint64_t
from cython.cimports.pyrite.core.entry import TYPE_STREAM, TYPE_STRING
from cython.cimports.pyrite.core.rdb_format import (
    RDB_BAD,
    RDB_GOOD,
    RDB_HASH,
    RDB_HASH_LISTPACK_EX,
    RDB_HASH_METADATA,
    RDB_HASH_METADATA_EARLY,
    RDB_INT8,
    RDB_INT32,
    RDB_LIST,
    RDB_LIST_QUICKLIST,
    RDB_LIST_QUICKLIST_2,
    RDB_LZF,
    RDB_NAN,
    RDB_SET,
    RDB_STREAM_LISTPACKS,
    RDB_STREAM_LISTPACKS_3,
    RDB_ZSET,
    RDB_ZSET_2,
    RdbReader,
    rdb_fail,
    rdb_get_byte,
    rdb_get_bytes,
    rdb_get_count,
    rdb_get_length,
    rdb_kind,
    rdb_peek,
)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def rdb_skip_value(r: cython.pointer[RdbReader], type: cython.int) -> cython.void:
    """Pass over a value of this type; the reader says whether it ended before that."""
    kind: cython.int = rdb_kind(type)
    if kind == TYPE_STREAM:
        _skip_stream(r, type)
    elif type in (RDB_HASH_METADATA, RDB_HASH_METADATA_EARLY):
        _skip_expiring_hash(r, type)
    elif type == RDB_HASH_LISTPACK_EX:
        rdb_get_bytes(r, 8)
        _skip_text(r)
    elif type == RDB_HASH:
        _skip_texts(r, 2)
    elif type in (RDB_ZSET, RDB_ZSET_2):
        _skip_scores(r, type)
    elif type == RDB_LIST_QUICKLIST_2:
        _skip_nodes(r)
    elif type in (RDB_LIST, RDB_SET, RDB_LIST_QUICKLIST):
        _skip_texts(r, 1)
    elif kind >= TYPE_STRING:
        _skip_text(r)
    else:
        rdb_fail(r, RDB_BAD)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _skip_text(r: cython.pointer[RdbReader]) -> cython.void:
    head: cython.int = rdb_peek(r)
    size: uint64_t
    if RDB_INT8 <= head <= RDB_INT32:
        rdb_get_bytes(r, 1 + (1 << (head & 3)))
    elif head == RDB_LZF:
        rdb_get_byte(r)
        size = rdb_get_length(r)
        rdb_get_length(r)
        rdb_get_bytes(r, size)
    else:
        rdb_get_bytes(r, rdb_get_length(r))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _skip_texts(r: cython.pointer[RdbReader], width: cython.int) -> cython.void:
    """A number of groups of texts."""
    _: cython.int
    left: uint64_t = rdb_get_count(r, width)
    while left and r.problem == RDB_GOOD:
        for _ in range(width):
            _skip_text(r)
        left -= 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _skip_nodes(r: cython.pointer[RdbReader]) -> cython.void:
    left: uint64_t = rdb_get_count(r, 2)
    while left and r.problem == RDB_GOOD:
        rdb_get_length(r)
        _skip_text(r)
        left -= 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _skip_scores(r: cython.pointer[RdbReader], type: cython.int) -> cython.void:
    size: cython.int
    left: uint64_t = rdb_get_count(r, 2)
    while left and r.problem == RDB_GOOD:
        _skip_text(r)
        if type == RDB_ZSET_2:
            rdb_get_bytes(r, 8)
        else:
            size = rdb_get_byte(r)
            rdb_get_bytes(r, size if size < RDB_NAN else 0)
        left -= 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _skip_expiring_hash(r: cython.pointer[RdbReader], type: cython.int) -> cython.void:
    if type == RDB_HASH_METADATA:
        rdb_get_bytes(r, 8)
    left: uint64_t = rdb_get_count(r, 3)
    while left and r.problem == RDB_GOOD:
        rdb_get_length(r)
        _skip_text(r)
        _skip_text(r)
        left -= 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _skip_lengths(r: cython.pointer[RdbReader], n: cython.int) -> cython.void:
    _: cython.int
    for _ in range(n):
        rdb_get_length(r)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _skip_stream(r: cython.pointer[RdbReader], type: cython.int) -> cython.void:
    """See `rdb_load_stream` for what a stream consists of."""
    is_first: cython.bint = type == RDB_STREAM_LISTPACKS
    left: uint64_t
    _skip_texts(r, 2)
    _skip_lengths(r, 3 if is_first else 8)
    left = rdb_get_count(r, 4)
    while left and r.problem == RDB_GOOD:
        _skip_text(r)
        _skip_lengths(r, 2 if is_first else 3)
        _skip_pending(r)
        _skip_consumers(r, 16 if type == RDB_STREAM_LISTPACKS_3 else 8)
        left -= 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _skip_pending(r: cython.pointer[RdbReader]) -> cython.void:
    left: uint64_t = rdb_get_count(r, 25)
    while left and r.problem == RDB_GOOD:
        rdb_get_bytes(r, 24)
        rdb_get_length(r)
        left -= 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _skip_consumers(r: cython.pointer[RdbReader], times: cython.int) -> cython.void:
    """Consumers, each with so many bytes of times."""
    owned: uint64_t
    left: uint64_t = rdb_get_count(r, 10)
    while left and r.problem == RDB_GOOD:
        _skip_text(r)
        rdb_get_bytes(r, times)
        owned = rdb_get_count(r, 16)
        while owned and r.problem == RDB_GOOD:
            rdb_get_bytes(r, 16)
            owned -= 1
        left -= 1
