"""Longest common subsequence of two strings, 64 cells of the table at a time.

The textbook table L, where L[i][j] is the length for the first i bytes of a and the first j of b, grows by 0 or 1 from
each cell to its right neighbour, so a row is kept as one bit a cell: 0 where it grows. A row follows from the one above
by an addition over its whole width, and from `mask`, the places where the row's byte stands in b (H. Hyyrö,
"Bit-parallel LCS-length computation revisited", 2004):

    row' = (row + (row & mask)) | (row & ~mask)

Time is n·m/64 steps; the rows take n·m/8 bytes, a thirty-second of a table of 32-bit numbers, and the masks at most as
much again.

Of all longest subsequences the one is taken that Redis takes: from the ends of both strings backward, equal bytes are a
match; else a loses its last byte if that is needed to keep the length, else b does. Where two bytes differ, L[i][j] is
the larger of its upper and left neighbours, so it is needed exactly where the row grows at j: the bit that is there.
"""

import cython
from cython.cimports.libc.stdint import int16_t, uint64_t
from cython.cimports.libc.string import memset
from cython.cimports.pyrite.core.memory import mem_free, mem_try_alloc


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _build_masks(lcs: cython.pointer[Lcs]) -> cython.bint:
    """Note where each byte of a stands in b; False without memory."""
    i: cython.Py_ssize_t
    found: int16_t
    byte: cython.uchar
    for i in range(256):
        lcs.mask_of[i] = -1
    for i in range(lcs.a_length):
        byte = cython.cast(cython.uchar, lcs.a[i])
        if lcs.mask_of[byte] < 0:
            lcs.mask_of[byte] = cython.cast(int16_t, lcs.masks_count)
            lcs.masks_count += 1
    size: cython.size_t = lcs.masks_count * lcs.words * cython.sizeof(uint64_t)
    lcs.masks = cython.cast(cython.pointer[uint64_t], mem_try_alloc(size))
    if lcs.masks == cython.NULL:
        return False
    memset(lcs.masks, 0, size)
    for i in range(lcs.b_length):
        found = lcs.mask_of[cython.cast(cython.uchar, lcs.b[i])]
        if found >= 0:
            lcs.masks[found * lcs.words + (i >> 6)] |= cython.cast(uint64_t, 1) << (i & 63)
    return True


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _next_row(
    above: cython.pointer[uint64_t],
    mask: cython.pointer[uint64_t],
    row: cython.pointer[uint64_t],
    words: cython.Py_ssize_t,
) -> cython.void:
    """One row from the one above it, which may be the same memory."""
    w: cython.Py_ssize_t
    carry: uint64_t = 0
    old: uint64_t
    matched: uint64_t
    total: uint64_t
    for w in range(words):
        old = above[w]
        matched = old & mask[w]
        total = old + matched
        row[w] = (total + carry) | (old & ~mask[w])
        carry = (total < old) | (total + carry < total)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _build_rows(lcs: cython.pointer[Lcs]) -> cython.bint:
    """Compute all rows, and the length from the last; False without memory."""
    i: cython.Py_ssize_t
    row: cython.pointer[uint64_t]
    above: cython.pointer[uint64_t]
    width: cython.size_t = lcs.words * cython.sizeof(uint64_t)
    lcs.rows = cython.cast(cython.pointer[uint64_t], mem_try_alloc(lcs.rows_kept * width))
    if lcs.rows == cython.NULL:
        return False
    row = lcs.rows
    memset(row, 255, width)
    above = row
    for i in range(lcs.a_length):
        _next_row(above, lcs.masks + lcs.mask_of[cython.cast(cython.uchar, lcs.a[i])] * lcs.words, row, lcs.words)
        above = row
        if lcs.rows_kept > 1:
            row += lcs.words
    # Bits past the end of b never match, so they stay 1.
    for i in range(lcs.words):
        lcs.length += count_ones(~above[i])
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lcs_begin(
    lcs: cython.pointer[Lcs],
    a: cython.p_const_char,
    n: cython.Py_ssize_t,
    b: cython.p_const_char,
    m: cython.Py_ssize_t,
    keep_rows: cython.bint,
) -> cython.bint:
    """Compute the length, and with `keep_rows` what the walk back needs; False without memory. `lcs_end` frees.

    The strings have less than 2**32 bytes each, and stay where they are until the end.
    """
    lcs.a = a
    lcs.b = b
    lcs.a_length = n
    lcs.b_length = m
    lcs.words = (m + 63) >> 6
    lcs.rows_kept = n if keep_rows else 1
    lcs.rows = cython.NULL
    lcs.masks = cython.NULL
    lcs.masks_count = 0
    lcs.length = 0
    lcs.i = n
    lcs.j = m
    if n == 0 or m == 0:
        return True
    return _build_masks(lcs) and _build_rows(lcs)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lcs_end(lcs: cython.pointer[Lcs]) -> cython.void:
    """Free what `lcs_begin` took, whether it had succeeded or not."""
    width: cython.size_t = lcs.words * cython.sizeof(uint64_t)
    if lcs.rows != cython.NULL:
        mem_free(lcs.rows, lcs.rows_kept * width)
    if lcs.masks != cython.NULL:
        mem_free(lcs.masks, lcs.masks_count * width)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lcs_previous_run(lcs: cython.pointer[Lcs], run: cython.pointer[Run]) -> cython.bint:
    """The next stretch of matches, from the ends of the strings backward; False where there is none left."""
    i: cython.Py_ssize_t = lcs.i
    j: cython.Py_ssize_t = lcs.j
    grows: uint64_t
    while i and j and lcs.a[i - 1] != lcs.b[j - 1]:
        grows = ~lcs.rows[(i - 1) * lcs.words + ((j - 1) >> 6)] >> ((j - 1) & 63)
        if grows & 1:
            i -= 1
        else:
            j -= 1
    run.a_end = i - 1
    run.b_end = j - 1
    while i and j and lcs.a[i - 1] == lcs.b[j - 1]:
        i -= 1
        j -= 1
    run.a_start = i
    run.b_start = j
    lcs.i = i
    lcs.j = j
    return run.a_start <= run.a_end and run.b_start <= run.b_end


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lcs_text(lcs: cython.pointer[Lcs], out: cython.p_char) -> cython.void:
    """Write the subsequence itself, `length` bytes of it. It takes the walk's place."""
    run: Run
    at: cython.Py_ssize_t = lcs.length
    i: cython.Py_ssize_t
    while lcs_previous_run(lcs, cython.address(run)):
        for i in range(run.a_end, run.a_start - 1, -1):
            at -= 1
            out[at] = lcs.a[i]


# Python handles, for tests and cold callers


def length(a: bytes, b: bytes) -> int:
    """Length of the longest common subsequence."""
    lcs: Lcs
    done: cython.bint = lcs_begin(cython.address(lcs), a, len(a), b, len(b), False)
    found: cython.Py_ssize_t = lcs.length
    lcs_end(cython.address(lcs))
    if not done:
        raise MemoryError
    return found


def runs(a: bytes, b: bytes) -> list[tuple[int, int, int, int]]:
    """The stretches of matches (first and last offset in a, first and last in b), the last one first."""
    lcs: Lcs
    run: Run
    found: list = []
    try:
        if not lcs_begin(cython.address(lcs), a, len(a), b, len(b), True):
            raise MemoryError
        while lcs_previous_run(cython.address(lcs), cython.address(run)):
            found.append((run.a_start, run.a_end, run.b_start, run.b_end))
    finally:
        lcs_end(cython.address(lcs))
    return found


def text(a: bytes, b: bytes) -> bytes:
    """The longest common subsequence."""
    lcs: Lcs
    try:
        if not lcs_begin(cython.address(lcs), a, len(a), b, len(b), True):
            raise MemoryError
        out: bytearray = bytearray(lcs.length)
        lcs_text(cython.address(lcs), out)
    finally:
        lcs_end(cython.address(lcs))
    return bytes(out)
