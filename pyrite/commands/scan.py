"""SCAN, and what the scans of hashes, sets and sorted sets share with it: cursor, options, and the walk by buckets."""

import re

import cython
from cython.cimports.libc.stdint import uint64_t
from cython.cimports.pyrite.core.entry import Entry, entry_type
from cython.cimports.pyrite.core.glob import glob_match
from cython.cimports.pyrite.core.hashtable import EntryList, HashTable, free_list, ht_scan, list_entry
from cython.cimports.pyrite.core.numbers import parse_ulonglong
from cython.cimports.pyrite.core.parser import Args, Slice
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.keyspace.database import key_of, slice_of

from pyrite.core.errors import INVALID_CURSOR, SYNTAX, CommandError
from pyrite.engine.command import command
from pyrite.engine.declare import (
    GENERIC,
    NONDETERMINISTIC_OUTPUT,
    READONLY,
    REQUEST_SPECIAL,
    RESPONSE_SPECIAL,
    TOUCHES_ARBITRARY_KEYS,
    integer,
    optional,
    pattern,
    string,
)

# Indexed by an entry's type.
TYPE_NAMES = (b"string", b"list", b"set", b"zset", b"hash", b"stream")

# More keys than any table holds; a larger COUNT means the same, and this one can be multiplied.
COUNT_MAX = cython.declare(cython.longlong, 1 << 48)

# What C's strtoull takes for a number.
_CURSOR = re.compile(rb"[ \t\n\v\f\r]*([+-]?)0*([0-9]{1,20})")
_CANONICAL = re.compile(rb"-[1-9][0-9]*")


@cython.cfunc
@cython.exceptval(check=True)
def scan_cursor(args: Args, i: cython.Py_ssize_t) -> uint64_t:
    """A cursor; raises CommandError INVALID_CURSOR."""
    cursor: cython.ulonglong = 0
    if parse_ulonglong(args.v[i].p, args.v[i].n, cython.address(cursor)):
        return cursor
    return _odd_cursor(args[i])


def _odd_cursor(text: bytes) -> int:
    """A cursor that no server gave, but that Redis takes: with blanks, zeros or a sign in front, ended by a zero byte.

    A negative one counts down from 2**64, unless it is a plain 64-bit integer.
    """
    text = text.partition(b"\0")[0]
    found = _CURSOR.fullmatch(text)
    value: object = int(found[2]) if found else 1 << 64
    if value >= 1 << 64:
        raise CommandError(INVALID_CURSOR)
    if found[1] != b"-":
        return value
    if value <= 1 << 63 and _CANONICAL.fullmatch(text):
        raise CommandError(INVALID_CURSOR)
    return -value % (1 << 64)


@cython.cfunc
@cython.exceptval(check=False)
def _type_named(args: Args, i: cython.Py_ssize_t) -> cython.int:
    type: cython.int
    name: bytes
    for type, name in enumerate(TYPE_NAMES):
        if args.equals(i, name):
            return type
    return NO_TYPE


@cython.cfunc
@cython.exceptval(check=True)
def scan_options(args: Args, i: cython.Py_ssize_t, allowed: cython.int) -> ScanOptions:
    """MATCH, COUNT and what is allowed besides (bits SCAN_TYPE and SCAN_NOVALUES), from argument `i` on.

    Without MATCH the pattern is `*`. Raises CommandError SYNTAX and NOT_INTEGER.
    """
    options: ScanOptions
    options.pattern = slice_of(b"*")
    options.count = 10
    options.type = ANY_TYPE
    options.novalues = False
    while i < args.argc:
        if allowed & SCAN_NOVALUES and args.equals(i, b"novalues"):
            options.novalues = True
            i += 1
            continue
        if i + 1 == args.argc:
            raise CommandError(SYNTAX)
        if args.equals(i, b"count"):
            options.count = args.integer(i + 1)
            if options.count < 1:
                raise CommandError(SYNTAX)
        elif args.equals(i, b"match"):
            options.pattern = args.v[i + 1]
        elif allowed & SCAN_TYPE and args.equals(i, b"type"):
            options.type = _type_named(args, i + 1)
        else:
            raise CommandError(SYNTAX)
        i += 2
    options.count = min(options.count, COUNT_MAX)
    return options


@cython.cfunc
@cython.exceptval(check=False)
def scan_matches(pattern: Slice, text: Slice) -> cython.bint:
    """Tell whether a key or element matches the pattern; the pattern `*` matches all, even the empty one."""
    if pattern.n == 1 and pattern.p[0] == b"*":
        return True
    return glob_match(pattern.p, pattern.n, text.p, text.n, False)


@cython.cfunc
@cython.exceptval(check=False)
def scan_table(
    table: cython.pointer[HashTable], cursor: uint64_t, count: cython.longlong, met: cython.pointer[EntryList]
) -> uint64_t:
    """Scan bucket after bucket until enough entries are met, but no more than ten buckets for each one wanted.

    Returns the next cursor; `met` starts zeroed, and `free_list` frees it.
    """
    buckets: cython.longlong = count * 10
    while True:
        cursor = ht_scan(table, cursor, list_entry, met)
        buckets -= 1
        if cursor == 0 or buckets < 0 or cython.cast(cython.longlong, met.count) >= count:
            return cursor


@cython.cfunc
def _reply_entries(client: Client, met: cython.pointer[EntryList], options: ScanOptions) -> list:
    """Write the keys that pass the filters; returns those that have expired, to be deleted."""
    i: cython.size_t
    found: cython.Py_ssize_t = 0
    dead: list = []
    mark: cython.Py_ssize_t = client.reply.open()
    for i in range(met.count):
        e: cython.pointer[Entry] = met.items[i]
        key: Slice = key_of(e)
        if not scan_matches(options.pattern, key):
            continue
        if client.db.expired(e):
            dead.append(key.p[: key.n])
        elif options.type == ANY_TYPE or options.type == entry_type(e):
            client.reply.put_bulk(key.p, key.n)
            found += 1
    client.reply.close_array(mark, found)
    return dead


@command(
    "SCAN",
    arity=-2,
    flags=READONLY | TOUCHES_ARBITRARY_KEYS,
    group=GENERIC,
    since="2.8.0",
    complexity="O(1) for a call; O(N) for the whole way, where N is the number of keys in the database.",
    tips=(NONDETERMINISTIC_OUTPUT, REQUEST_SPECIAL, RESPONSE_SPECIAL),
    history=(("6.0.0", "`TYPE`."),),
    args=(
        integer("cursor"),
        optional(pattern(token="MATCH")),
        optional(integer("count", token="COUNT")),
        optional(string("type", token="TYPE", since="6.0.0")),
    ),
)
def scan(client: Client, args: Args) -> None:
    """Go through the keys of the database in small steps, with a cursor."""
    cursor: uint64_t = scan_cursor(args, 1)
    options: ScanOptions = scan_options(args, 2, SCAN_TYPE)
    met: EntryList
    met.items = cython.NULL
    met.count = 0
    met.capacity = 0
    cursor = scan_table(cython.address(client.db.table), cursor, options.count, cython.address(met))
    client.reply.array(2)
    client.reply.put_bulk_integer(cursor)
    dead: list = _reply_entries(client, cython.address(met), options)
    free_list(cython.address(met))
    key: bytes
    for key in dead:
        client.db.lookup_write(slice_of(key))
