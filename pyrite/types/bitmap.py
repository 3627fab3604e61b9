"""Bitmaps: strings combined bit by bit."""

import cython
from cython.cimports.libc.string import memcpy
from cython.cimports.pyrite.core.bits import bits_combine
from cython.cimports.pyrite.core.entry import (
    ENCODING_RAW,
    INLINE_MAX,
    TYPE_STRING,
    Blob,
    Entry,
    blob_data,
    blob_new,
    entry_value,
)
from cython.cimports.pyrite.core.memory import mem_free, mem_try_alloc
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.keyspace.database import NO_EXPIRE, Database
from cython.cimports.pyrite.types.string import SCRATCH, string_lookup_read, string_set_text, string_view

from pyrite.core.errors import NO_MEMORY_FOR_VALUE, CommandError


@cython.cfunc
@cython.exceptval(check=False)
def _free_sources(sources: cython.pointer[Sources]) -> cython.void:
    if sources.pointers != cython.NULL:
        mem_free(sources.pointers, sources.count * cython.sizeof(cython.p_const_char))
    if sources.lengths != cython.NULL:
        mem_free(sources.lengths, sources.count * cython.sizeof(cython.Py_ssize_t))
    if sources.digits != cython.NULL:
        mem_free(sources.digits, sources.count * SCRATCH)


@cython.cfunc
@cython.exceptval(check=False)
def _allocate_sources(sources: cython.pointer[Sources], count: cython.Py_ssize_t) -> cython.bint:
    """Make room for so many strings; False without memory. What there is of it is the caller's to free."""
    sources.count = count
    sources.longest = 0
    sources.pointers = cython.cast(
        cython.pointer[cython.p_const_char], mem_try_alloc(count * cython.sizeof(cython.p_const_char))
    )
    sources.lengths = cython.cast(
        cython.pointer[cython.Py_ssize_t], mem_try_alloc(count * cython.sizeof(cython.Py_ssize_t))
    )
    sources.digits = cython.cast(cython.p_char, mem_try_alloc(count * SCRATCH))
    return sources.pointers != cython.NULL and sources.lengths != cython.NULL and sources.digits != cython.NULL


@cython.cfunc
@cython.exceptval(-1, check=False)
def _read_sources(
    db: Database, keys: cython.pointer[cython.const[Slice]], sources: cython.pointer[Sources]
) -> cython.int:
    """Look the strings up; a missing key is an empty one. Raises CommandError WRONG_TYPE."""
    i: cython.Py_ssize_t
    e: cython.pointer[Entry]
    view: Slice
    for i in range(sources.count):
        e = string_lookup_read(db, keys[i])
        sources.pointers[i] = sources.digits
        sources.lengths[i] = 0
        if e != cython.NULL:
            view = string_view(e, cython.address(sources.digits[i * SCRATCH]))
            sources.pointers[i] = view.p
            sources.lengths[i] = view.n
            sources.longest = max(sources.longest, view.n)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _store_combined(
    db: Database, operation: cython.int, destination: Slice, sources: cython.pointer[Sources]
) -> cython.int:
    """Combine the strings first, as the destination may be one of them, and store the result."""
    short: cython.char[INLINE_MAX]
    result: Slice
    blob: cython.pointer[Blob] = cython.NULL
    result.n = sources.longest
    result.p = short
    if result.n > INLINE_MAX:
        blob = blob_new(result.n)
        if blob == cython.NULL:
            raise CommandError(NO_MEMORY_FOR_VALUE)
        blob.length = result.n
        result.p = blob_data(blob)
    bits_combine(operation, result.p, result.n, sources.pointers, sources.lengths, sources.count)
    if blob != cython.NULL:
        string_set_text(db, destination, result, blob, NO_EXPIRE)
        return 0
    e: cython.pointer[Entry] = db.put(destination, TYPE_STRING, ENCODING_RAW, 0, result.n, NO_EXPIRE)
    memcpy(entry_value(e), result.p, result.n)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def bitmap_combine(
    db: Database,
    operation: cython.int,
    destination: Slice,
    keys: cython.pointer[cython.const[Slice]],
    count: cython.Py_ssize_t,
) -> cython.Py_ssize_t:
    """Store the AND, OR, XOR or NOT (of the first) of the strings at keys, as a raw string; returns its length.

    It is as long as the longest; where that is empty, nothing is stored. Raises CommandError WRONG_TYPE, or without
    memory, and changes nothing then.
    """
    sources: Sources
    try:
        if not _allocate_sources(cython.address(sources), count):
            raise CommandError(NO_MEMORY_FOR_VALUE)
        _read_sources(db, keys, cython.address(sources))
        if sources.longest:
            _store_combined(db, operation, destination, cython.address(sources))
    finally:
        _free_sources(cython.address(sources))
    return sources.longest
