"""HyperLogLogs in the keyspace: strings that `core.hll` understands.

A value is looked at through a Slice of its bytes, which every function that may move them returns anew. What is changed
is a raw string. A sparse value grows by taking room ahead, and gives back what it did not need.
"""

import cython
from cython.cimports.libc.math import ceil, fabs
from cython.cimports.libc.string import memcpy
from cython.cimports.pyrite.core.entry import (
    ENCODING_RAW,
    TYPE_STRING,
    Blob,
    Entry,
    blob_data,
    blob_free,
    blob_new,
    entry_encoding,
    entry_type,
    entry_value,
)
from cython.cimports.pyrite.core.hashtable import random_draw
from cython.cimports.pyrite.core.hll import (
    HLL_CHANGED,
    HLL_CORRUPT,
    HLL_DENSE,
    HLL_EMPTY_SIZE,
    HLL_NEED_ROOM,
    HLL_PROMOTE,
    HLL_SPARSE,
    hll_add,
    hll_count,
    hll_encoding,
    hll_init,
    hll_invalidate,
    hll_is_valid,
    hll_sparse_raise_all,
    hll_to_dense,
)
from cython.cimports.pyrite.core.hll_registers import (
    HLL_DENSE_SIZE,
    HLL_REGISTERS,
    hll_dense_get,
    hll_dense_set,
    hll_dense_write,
)
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.keyspace.database import KEEP_TTL, NO_EXPIRE, Database
from cython.cimports.pyrite.types.string import string_make_room, string_set_text, string_truncate, string_view

from pyrite.core.errors import NO_MEMORY_FOR_VALUE, WRONG_TYPE, CommandError

NOT_A_HYPERLOGLOG = b"WRONGTYPE Key is not a valid HyperLogLog string value."
CORRUPT = b"INVALIDOBJ Corrupted HLL object detected"


# Looking at a value


@cython.cfunc
def hll_view(e: cython.pointer[Entry]) -> Slice:
    """The bytes of a HyperLogLog; raises CommandError for another type or another kind of string."""
    scratch: cython.char[32]
    if entry_type(e) != TYPE_STRING:
        raise CommandError(WRONG_TYPE)
    view: Slice = string_view(e, scratch)
    # An integer, whose digits stand in `scratch`, is never valid.
    if not hll_is_valid(view.p, view.n):
        raise CommandError(NOT_A_HYPERLOGLOG)
    return view


@cython.cfunc
def hll_open(db: Database, key: Slice, e: cython.pointer[cython.pointer[Entry]]) -> Slice:
    """As `hll_view`, for a value that is to be changed in place: it becomes a raw string."""
    view: Slice = hll_view(e[0])
    if entry_encoding(e[0]) != ENCODING_RAW:
        view.p = string_make_room(db, key, e, view.n)
    return view


# Changing one


@cython.cfunc
def hll_create(db: Database, key: Slice, e: cython.pointer[cython.pointer[Entry]]) -> Slice:
    """Create a key that does not exist, with an empty sparse value; `e` says where its entry is."""
    view: Slice
    e[0] = db.put(key, TYPE_STRING, ENCODING_RAW, 0, HLL_EMPTY_SIZE, NO_EXPIRE)
    view.p = entry_value(e[0])
    view.n = HLL_EMPTY_SIZE
    hll_init(view.p)
    return view


@cython.cfunc
def hll_promote(db: Database, key: Slice, e: cython.pointer[cython.pointer[Entry]]) -> Slice:
    """Turn a key's value dense, if it is not yet; its cached count stays. Raises CommandError for a damaged value."""
    view: Slice = hll_view(e[0])
    if hll_encoding(view.p) == HLL_DENSE:
        return view
    blob: cython.pointer[Blob] = blob_new(HLL_DENSE_SIZE)
    if blob == cython.NULL:
        raise CommandError(NO_MEMORY_FOR_VALUE)
    if hll_to_dense(view.p, view.n, blob_data(blob)) == HLL_CORRUPT:
        blob_free(blob)
        raise CommandError(CORRUPT)
    blob.length = HLL_DENSE_SIZE
    view.p = blob_data(blob)
    view.n = HLL_DENSE_SIZE
    string_set_text(db, key, view, blob, KEEP_TTL)
    e[0] = db.peek(key)
    return view


@cython.cfunc
@cython.inline
def _more_room(
    db: Database, key: Slice, e: cython.pointer[cython.pointer[Entry]], value: Slice, raises: cython.Py_ssize_t
) -> Slice:
    """Make a sparse value's string longer, for some raises to come: by up to 3 bytes each, at most to twice its size.

    Without memory the string is as long as the value again, and CommandError is raised.
    """
    room: Slice
    room.n = value.n + min(3 * raises, value.n)
    try:
        room.p = string_make_room(db, key, e, room.n)
    except CommandError:
        e[0] = string_truncate(db, e[0], value.n)
        raise
    return room


@cython.cfunc
@cython.inline
def _fit(db: Database, e: cython.pointer[cython.pointer[Entry]], n: cython.Py_ssize_t) -> Slice:
    """Cut the string to the bytes that its value takes."""
    scratch: cython.char[32]
    e[0] = string_truncate(db, e[0], n)
    return string_view(e[0], scratch)


@cython.cfunc
def hll_add_element(
    db: Database,
    key: Slice,
    e: cython.pointer[cython.pointer[Entry]],
    value: Slice,
    element: Slice,
    max_bytes: cython.Py_ssize_t,
    raised: cython.pointer[cython.bint],
) -> Slice:
    """Add an element to a value that `hll_open` returned; `raised` says whether a register rose.

    Past `max_bytes` the value turns dense. Raises CommandError for a damaged one.
    """
    n: cython.Py_ssize_t = value.n
    status: cython.int = hll_add(value.p, cython.address(n), n, max_bytes, element.p, element.n)
    if status == HLL_NEED_ROOM:
        value = _more_room(db, key, e, value, 1)
        status = hll_add(value.p, cython.address(n), value.n, max_bytes, element.p, element.n)
        value = _fit(db, e, n)
    elif status == HLL_PROMOTE:
        value = hll_promote(db, key, e)
        n = value.n
        status = hll_add(value.p, cython.address(n), n, max_bytes, element.p, element.n)
    elif n < value.n:
        value = _fit(db, e, n)
    if status == HLL_CORRUPT:
        raise CommandError(CORRUPT)
    raised[0] = status == HLL_CHANGED
    return value


@cython.cfunc
def hll_write(
    db: Database,
    key: Slice,
    e: cython.pointer[cython.pointer[Entry]],
    value: Slice,
    registers: cython.p_const_uchar,
    max_bytes: cython.Py_ssize_t,
) -> Slice:
    """Raise a value that `hll_open` returned to a raw array of registers, none of which is below its own.

    A dense value stays dense; a sparse one turns dense past `max_bytes`. Raises CommandError for a damaged one.
    """
    index: cython.int = 0
    n: cython.Py_ssize_t = value.n
    status: cython.int = HLL_PROMOTE if hll_encoding(value.p) == HLL_DENSE else HLL_NEED_ROOM
    while status == HLL_NEED_ROOM:
        status = hll_sparse_raise_all(value.p, cython.address(n), value.n, max_bytes, registers, cython.address(index))
        if status == HLL_NEED_ROOM:
            value.n = n
            value = _more_room(db, key, e, value, HLL_REGISTERS - index)
    if n < value.n:
        value = _fit(db, e, n)
    if status == HLL_CORRUPT:
        raise CommandError(CORRUPT)
    if status == HLL_PROMOTE:
        value = hll_promote(db, key, e)
        hll_dense_write(value.p, registers)
    hll_invalidate(value.p)
    return value


# PFSELFTEST


@cython.cfunc
def _test_registers() -> bytes:
    """Fill a dense value's registers with random numbers and read them back; returns what is wrong, if anything."""
    i: cython.int
    value: cython.char[HLL_DENSE_SIZE]
    wanted: cython.uchar[HLL_REGISTERS]
    for _ in range(SELF_TEST_ROUNDS):
        for i in range(HLL_REGISTERS):
            wanted[i] = random_draw() >> 58
            hll_dense_set(value, i, wanted[i])
        for i in range(HLL_REGISTERS):
            if hll_dense_get(value, i) != wanted[i]:
                return b"ERR TESTFAILED register %d holds %d, not %d" % (i, hll_dense_get(value, i), wanted[i])
    return b""


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _trial_start(trial: cython.pointer[HllTrial]) -> cython.void:
    hll_init(trial.p)
    trial.n = HLL_EMPTY_SIZE


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _trial_promote(trial: cython.pointer[HllTrial]) -> cython.void:
    dense: cython.char[HLL_DENSE_SIZE]
    hll_to_dense(trial.p, trial.n, dense)
    memcpy(trial.p, dense, HLL_DENSE_SIZE)
    trial.n = HLL_DENSE_SIZE


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _trial_add(trial: cython.pointer[HllTrial], element: cython.ulonglong, max_bytes: cython.Py_ssize_t) -> cython.void:
    """Add a number; `max_bytes` is not above the trial's room, so that room never lacks."""
    p: cython.p_const_char = cython.cast(cython.p_const_char, cython.address(element))
    if hll_add(trial.p, cython.address(trial.n), HLL_DENSE_SIZE, max_bytes, p, 8) == HLL_PROMOTE:
        _trial_promote(trial)
        hll_add(trial.p, cython.address(trial.n), HLL_DENSE_SIZE, max_bytes, p, 8)


@cython.cfunc
def _judge(
    dense: cython.pointer[HllTrial],
    sparse: cython.pointer[HllTrial],
    added: cython.longlong,
    max_bytes: cython.Py_ssize_t,
) -> bytes:
    """Compare what the two values say with the number of elements added; returns what is wrong, if anything."""
    count: cython.ulonglong = 0
    other: cython.ulonglong = 0
    # Six standard errors of 1.04 / sqrt(16384); of ten elements, two may happen to share a register.
    allowed: cython.double = 1 if added == 10 else ceil(6 * 1.04 / 128 * added)
    if added < max_bytes // 2 and hll_encoding(sparse.p) != HLL_SPARSE:
        return b"ERR TESTFAILED dense with %d elements" % added
    if hll_count(dense.p, dense.n, cython.address(count)) == HLL_CORRUPT:
        return b"ERR TESTFAILED dense value damaged after %d elements" % added
    if hll_count(sparse.p, sparse.n, cython.address(other)) == HLL_CORRUPT:
        return b"ERR TESTFAILED sparse value damaged after %d elements" % added
    if count != other:
        return b"ERR TESTFAILED dense says %d and sparse %d for %d elements" % (count, other, added)
    if fabs(cython.cast(cython.double, count) - added) > allowed:
        return b"ERR TESTFAILED counted %d for %d elements" % (count, added)
    return b""


@cython.cfunc
def _test_estimates(max_bytes: cython.Py_ssize_t) -> bytes:
    """Add different elements to a dense and a sparse value, and judge them at each power of ten."""
    dense: HllTrial
    sparse: HllTrial
    added: cython.longlong
    checkpoint: cython.longlong = 1
    seed: cython.ulonglong = random_draw()
    max_bytes = min(max_bytes, HLL_DENSE_SIZE)
    _trial_start(cython.address(dense))
    _trial_start(cython.address(sparse))
    _trial_promote(cython.address(dense))
    for added in range(1, SELF_TEST_ELEMENTS + 1):
        _trial_add(cython.address(dense), seed ^ cython.cast(cython.ulonglong, added), max_bytes)
        _trial_add(cython.address(sparse), seed ^ cython.cast(cython.ulonglong, added), max_bytes)
        if added == checkpoint:
            problem: bytes = _judge(cython.address(dense), cython.address(sparse), added, max_bytes)
            if problem:
                return problem
            checkpoint *= 10
    return b""


@cython.cfunc
def hll_self_test(max_bytes: cython.Py_ssize_t) -> bytes:
    """Test registers and estimates, which takes most of a second.

    Returns the text of an error reply, empty if all is well.
    """
    return _test_registers() or _test_estimates(max_bytes)
