"""LCS: the longest common subsequence of two strings, computed by `core.lcs`."""

import cython
from cython.cimports.cpython.bytes import PyBytes_FromStringAndSize
from cython.cimports.pyrite.core.entry import TYPE_STRING, Entry, entry_type
from cython.cimports.pyrite.core.lcs import Lcs, Run, lcs_begin, lcs_end, lcs_previous_run, lcs_text
from cython.cimports.pyrite.core.parser import Args, Slice
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.types.string import string_view

from pyrite.core.errors import SYNTAX, CommandError
from pyrite.engine.command import command
from pyrite.engine.declare import ACCESS, READONLY, RO, STRING, integer, key, key_range, optional, token

NOT_STRINGS = b"ERR The specified keys must contain string values"
LEN_AND_IDX = b"ERR If you want both the length and indexes, please just use IDX."
TOO_LONG_FOR_LCS = b"ERR String too long for LCS"
LCS_TABLE_TOO_LARGE = b"ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"
NO_MEMORY_FOR_LCS = b"ERR Insufficient memory, failed allocating transient memory for LCS"


@cython.cfunc
@cython.exceptval(check=False)
def _is_string_or_missing(e: cython.pointer[Entry]) -> cython.bint:
    return e == cython.NULL or entry_type(e) == TYPE_STRING


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_lcs_options(args: Args, minimum: cython.pointer[cython.longlong]) -> cython.int:
    """The options as bits, and MINMATCHLEN's number; raises CommandError where they make no sense."""
    found: cython.int = 0
    i: cython.Py_ssize_t = 3
    while i < args.argc:
        if args.equals(i, b"idx"):
            found |= LCS_IDX
        elif args.equals(i, b"len"):
            found |= LCS_LEN
        elif args.equals(i, b"withmatchlen"):
            found |= LCS_WITHMATCHLEN
        elif args.equals(i, b"minmatchlen") and i + 1 < args.argc:
            i += 1
            minimum[0] = args.integer(i)
        else:
            raise CommandError(SYNTAX)
        i += 1
    if found & LCS_LEN and found & LCS_IDX:
        raise CommandError(LEN_AND_IDX)
    return found


@cython.cfunc
@cython.exceptval(-1, check=False)
def _check_lcs_size(client: Client, n: cython.ulonglong, m: cython.ulonglong) -> cython.int:
    """Refuse what would make Redis's table, of four bytes a cell, larger than proto-max-bulk-len."""
    limit: cython.ulonglong = client.server.proto_max_bulk_len
    longest: cython.ulonglong = 0xFFFFFFFF
    if n >= longest - 1 or m >= longest - 1:
        raise CommandError(TOO_LONG_FOR_LCS)
    if (n + 1) * (m + 1) > limit // 4:
        raise CommandError(LCS_TABLE_TOO_LARGE)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _reply_lcs(
    client: Client,
    first: cython.pointer[Entry],
    second: cython.pointer[Entry],
    options: cython.int,
    minimum: cython.longlong,
) -> cython.int:
    """Compute the subsequence of two strings, of which either may be missing, and reply what was asked for."""
    found: Lcs
    scratch: cython.char[32]
    scratch2: cython.char[32]
    a: Slice = _view_or_empty(first, scratch)
    b: Slice = _view_or_empty(second, scratch2)
    _check_lcs_size(client, a.n, b.n)
    try:
        if not lcs_begin(cython.address(found), a.p, a.n, b.p, b.n, not options & LCS_LEN):
            raise CommandError(NO_MEMORY_FOR_LCS)
        if options & LCS_IDX:
            _reply_lcs_runs(client.reply, cython.address(found), options, minimum)
        elif options & LCS_LEN:
            client.reply.integer(found.length)
        else:
            text: bytes = PyBytes_FromStringAndSize(cython.NULL, found.length)
            lcs_text(cython.address(found), text)
            client.reply.bulk(text)
    finally:
        lcs_end(cython.address(found))
    return 0


@cython.cfunc
@cython.exceptval(check=False)
def _view_or_empty(e: cython.pointer[Entry], scratch: cython.p_char) -> Slice:
    empty: Slice
    if e != cython.NULL:
        return string_view(e, scratch)
    empty.p = scratch
    empty.n = 0
    return empty


@cython.cfunc
@cython.exceptval(check=False)
def _reply_lcs_runs(
    reply: Reply, found: cython.pointer[Lcs], options: cython.int, minimum: cython.longlong
) -> cython.void:
    """The map that IDX asks for: the runs of matches, the last one first, and the whole length."""
    run: Run
    count: cython.Py_ssize_t = 0
    reply.map(2)
    reply.put_bulk(b"matches", 7)
    mark: cython.Py_ssize_t = reply.open()
    while lcs_previous_run(found, cython.address(run)):
        if run.a_end - run.a_start + 1 < minimum:
            continue
        count += 1
        reply.array(3 if options & LCS_WITHMATCHLEN else 2)
        reply.array(2)
        reply.integer(run.a_start)
        reply.integer(run.a_end)
        reply.array(2)
        reply.integer(run.b_start)
        reply.integer(run.b_end)
        if options & LCS_WITHMATCHLEN:
            reply.integer(run.a_end - run.a_start + 1)
    reply.close_array(mark, count)
    reply.put_bulk(b"len", 3)
    reply.integer(found.length)


@command(
    "LCS",
    arity=-3,
    flags=READONLY,
    group=STRING,
    since="7.0.0",
    complexity="O(N*M), where N and M are the lengths of the two strings.",
    keys=(key_range(1, 1, RO | ACCESS),),
    args=(
        key("key1"),
        key("key2"),
        optional(token("LEN")),
        optional(token("IDX")),
        optional(integer("min-match-len", token="MINMATCHLEN")),
        optional(token("WITHMATCHLEN")),
    ),
)
def lcs(client: Client, args: Args) -> None:
    """Find the longest common subsequence of two strings."""
    minimum: cython.longlong = 0
    first: cython.pointer[Entry] = client.db.lookup_read(args.v[1])
    second: cython.pointer[Entry] = client.db.lookup_read(args.v[2])
    if not (_is_string_or_missing(first) and _is_string_or_missing(second)):
        raise CommandError(NOT_STRINGS)
    options: cython.int = _parse_lcs_options(args, cython.address(minimum))
    _reply_lcs(client, first, second, options, minimum)
