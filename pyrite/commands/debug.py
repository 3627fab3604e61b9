"""DEBUG: the subcommands that tests and operators use.

The handler of a subcommand is found in `_SUBCOMMANDS`, with the arguments that it takes and what it says in HELP. Left
out is what looks into structures that Pyrite does not have, and other ways to crash the process than the one.
"""

import math
import sys
import time

import cython
from cython.cimports.libc.stdint import int64_t, uint32_t, uintptr_t
from cython.cimports.pyrite.commands.digest import database_digest, value_digest
from cython.cimports.pyrite.core.entry import (
    ENCODING_HASHTABLE,
    ENCODING_INT,
    ENCODING_LISTPACK,
    PART_OWNER,
    TYPE_HASH,
    TYPE_LIST,
    TYPE_SET,
    TYPE_STRING,
    TYPE_ZSET,
    Blob,
    Entry,
    entry_access,
    entry_encoding,
    entry_key_length,
    entry_pointer,
    entry_type,
)
from cython.cimports.pyrite.core.hash_value import hash_table
from cython.cimports.pyrite.core.hashtable import Bucket, HashTable, ht_count
from cython.cimports.pyrite.core.listpack import lp_bytes
from cython.cimports.pyrite.core.memory import mem_block_size
from cython.cimports.pyrite.core.numbers import parse_longlong
from cython.cimports.pyrite.core.parser import Args
from cython.cimports.pyrite.core.quicklist import QuickList, ql_bytes
from cython.cimports.pyrite.core.rdb_format import RdbWriter, rdb_start_writing, rdb_stop_writing
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.engine.state import ServerState
from cython.cimports.pyrite.keyspace.database import NO_EXPIRE, Database, Keyspace, slice_of
from cython.cimports.pyrite.types.list import list_quicklist
from cython.cimports.pyrite.types.rdb_save import rdb_save_value, rdb_type_of
from cython.cimports.pyrite.types.set import set_table
from cython.cimports.pyrite.types.sorted_set import zset_table
from cython.cimports.pyrite.types.string import string_length, string_set

from pyrite.commands.introspection import ENCODING_NAMES
from pyrite.core.crash import fault
from pyrite.core.errors import (
    NO_LINE_BREAKS,
    NO_SUCH_KEY,
    NOT_FLOAT,
    OUT_OF_RANGE,
    OUT_OF_RANGE_POSITIVE,
    STRING_TOO_LONG,
    CommandError,
    quoted,
)
from pyrite.core.listpack import describe
from pyrite.core.quicklist_edit import set_plain_min
from pyrite.engine.command import command
from pyrite.engine.declare import (
    ADMIN,
    LOADING,
    NOSCRIPT,
    PROTECTED,
    SERVER,
    STALE,
    SYSCMD,
)
from pyrite.engine.script import allow_all_commands

NOT_ALLOWED = (
    b'ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", you can run it from a local '
    b"connection, otherwise you need to set this option in the configuration file, and then restart the server."
)
WRONG_PROTOCOL_TYPE = (
    b"ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|array|set|map|"
    b"attrib|push|verbatim|true|false"
)
NEEDS_RESP3 = b"ERR RESP2 is not supported by this command"
OUT_OF_RANGE_DB = b"ERR Out of range database"
NOT_A_HASH_TABLE = b"ERR The value stored at the specified key is not represented using an hash table"
NOT_PLAIN_STRING = b"ERR Not an sds encoded string."
NOT_A_LISTPACK = b"ERR Not a listpack encoded object."
NOT_A_THRESHOLD = b"ERR argument must be a memory value bigger than 1 and smaller than 4gb"
TOO_MANY_KEYS = b"ERR OOM in dictTryExpand"
WRONG_RELOAD_OPTION = b"ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options."

# What one key takes at least, for refusing to make more of them than memory could ever hold.
KEY_BYTES_MIN = cython.declare(cython.longlong, 24)
MEMORY_UNITS: dict = {
    b"": 1,
    b"b": 1,
    b"k": 1000,
    b"kb": 1 << 10,
    b"m": 1000**2,
    b"mb": 1 << 20,
    b"g": 1000**3,
    b"gb": 1 << 30,
}


@cython.cfunc
@cython.exceptval(check=False)
def _find(client: Client, args: Args) -> cython.pointer[Entry]:
    """The entry of the key that is named, expired or not; NULL without one."""
    slot: cython.pointer[cython.pointer[Entry]] = client.db.find(args.v[2])
    return cython.NULL if slot == cython.NULL else slot[0]


@cython.cfunc
@cython.exceptval(-1, check=True)
def _positive(args: Args, i: cython.Py_ssize_t) -> cython.longlong:
    """A count: an integer from 0 on."""
    value: cython.longlong = 0
    if not parse_longlong(args.v[i].p, args.v[i].n, cython.address(value)) or value < 0:
        raise CommandError(OUT_OF_RANGE_POSITIVE)
    return value


@cython.cfunc
def _number(text: bytes) -> object:
    """What atoi makes of a text: the integer that it begins with, else 0."""
    digits: bytes = text.strip()
    end: cython.Py_ssize_t = 0
    while end < len(digits) and (48 <= digits[end] <= 57 or (end == 0 and digits[0] in b"+-")):
        end += 1
    return int(digits[:end]) if digits[:end].strip(b"+-") else 0


# Time and background work


def _sleep(client: Client, args: Args) -> None:
    try:
        seconds = float(args[2])
    except ValueError:
        raise CommandError(NOT_FLOAT) from None
    if not math.isfinite(seconds) or seconds > 86400:
        raise CommandError(OUT_OF_RANGE)
    time.sleep(max(seconds, 0))
    client.reply.ok()


def _set_active_expire(client: Client, args: Args) -> None:
    keyspace: Keyspace = client.server.keyspace
    keyspace.active_expire = _number(args[2]) != 0
    client.reply.ok()


def _set_disable_deny_scripts(client: Client, args: Args) -> None:
    allow_all_commands(_number(args[2]) != 0)
    client.reply.ok()


def _pause_cron(client: Client, args: Args) -> None:
    client.server.cron.paused = _number(args[2]) != 0
    client.reply.ok()


# The server


def _log(client: Client, args: Args) -> None:
    client.server.log_warning("DEBUG LOG: " + args[2].decode("utf-8", "replace"))
    client.reply.ok()


def _error(client: Client, args: Args) -> None:
    # A text to test clients with, which is no error of a command and not counted as one.
    client.reply.raw(b"-%b\r\n" % args[2].translate(NO_LINE_BREAKS))


def _config_rewrite_force_all(client: Client, args: Args) -> None:
    client.server.config_rewrite(True)
    client.reply.ok()


def _segfault(client: Client, args: Args) -> None:
    fault()


def _reload(client: Client, args: Args) -> None:
    options = {args[i].upper() for i in range(2, args.argc)}
    if options - {b"MERGE", b"NOFLUSH", b"NOSAVE"}:
        raise CommandError(WRONG_RELOAD_OPTION)
    client.server.reload(b"NOSAVE" not in options, b"NOFLUSH" not in options, b"MERGE" in options)
    client.server.propagation.nothing()
    client.reply.ok()


def _set_skip_checksum_validation(client: Client, args: Args) -> None:
    client.server.skips_checksums = _number(args[2]) != 0
    client.reply.ok()


def _aof_flush_sleep(client: Client, args: Args) -> None:
    client.server.aof.writer.flush_delay_us = _number(args[2])
    client.reply.ok()


def _loadaof(client: Client, args: Args) -> None:
    client.server.reload_log()
    # What the log has done is no change to be logged.
    client.server.propagation.nothing()
    client.reply.ok()


def _structsize(client: Client, args: Args) -> None:
    sizes: bytes = b"bits:64 entry:%d blob:%d bucket:%d hashtable:%d " % (
        cython.sizeof(Entry),
        cython.sizeof(Blob),
        cython.sizeof(Bucket),
        cython.sizeof(HashTable),
    )
    client.reply.bulk(sizes)


# The protocol: a value of each type


def _protocol(client: Client, args: Args) -> None:
    name: bytes = args[2].lower()
    reply: Reply = client.reply
    if name == b"push":
        _show_push(client)
        return
    show = _PROTOCOL_TYPES.get(name)
    if show is None:
        raise CommandError(WRONG_PROTOCOL_TYPE)
    show(reply)


def _show_three(reply: Reply) -> None:
    i: cython.int
    for i in range(3):
        reply.integer(i)


def _show_array(reply: Reply) -> None:
    reply.array(3)
    _show_three(reply)


def _show_set(reply: Reply) -> None:
    reply.set_(3)
    _show_three(reply)


def _show_map(reply: Reply) -> None:
    i: cython.int
    reply.map(3)
    for i in range(3):
        reply.integer(i)
        reply.boolean(i == 1)


def _show_attribute(reply: Reply) -> None:
    if reply.resp >= 3:
        reply.attribute(1)
        reply.bulk(b"key-popularity")
        reply.array(2)
        reply.bulk(b"key:123")
        reply.integer(90)
    reply.bulk(b"Some real reply following the attribute")


def _show_push(client: Client) -> None:
    if client.reply.resp < 3:
        raise CommandError(NEEDS_RESP3)
    client.push(b">2\r\n$16\r\nserver-cpu-usage\r\n:42\r\n")  # which comes behind the reply
    client.reply.bulk(b"Some real reply following the push reply")


_PROTOCOL_TYPES: dict = {
    b"string": lambda reply: reply.bulk(b"Hello World"),
    b"integer": lambda reply: reply.integer(12345),
    b"double": lambda reply: reply.double(3.141),
    b"bignum": lambda reply: reply.big_number(b"1234567999999999999999999999999999999"),
    b"null": lambda reply: reply.null(),
    b"array": _show_array,
    b"set": _show_set,
    b"map": _show_map,
    b"attrib": _show_attribute,
    b"verbatim": lambda reply: reply.verbatim(b"txt", b"This is a verbatim\nstring"),
    b"true": lambda reply: reply.boolean(True),
    b"false": lambda reply: reply.boolean(False),
}


# Keys


def _populate(client: Client, args: Args) -> None:
    count: cython.longlong = _positive(args, 2)
    prefix: bytes = args[3] if args.argc > 3 else b"key"
    size: cython.longlong = _positive(args, 4) if args.argc > 4 else 0
    i: cython.longlong
    if count > client.server.memory_total // KEY_BYTES_MIN:
        raise CommandError(TOO_MANY_KEYS)
    if size > client.server.proto_max_bulk_len:
        raise CommandError(STRING_TOO_LONG)
    db: Database = client.db
    for i in range(count):
        name: bytes = b"%b:%d" % (prefix, i)
        if db.lookup_write(slice_of(name)) != cython.NULL:
            continue
        value: bytes = b"value:%d" % i
        if size:
            value = value[:size].ljust(size, b"\0")
        string_set(db, slice_of(name), slice_of(value), cython.NULL, NO_EXPIRE)
    client.reply.ok()


def _object(client: Client, args: Args) -> None:
    e: cython.pointer[Entry] = _find(client, args)
    if e == cython.NULL:
        raise CommandError(NO_SUCH_KEY)
    clock: uint32_t = client.server.keyspace.lru_clock
    idle_s: uint32_t = (clock - entry_access(e)) & 0xFFFFFF
    client.reply.simple(
        b"Value at:0x%x refcount:1 encoding:%b serializedlength:%d lru:%d lru_seconds_idle:%d%b"
        % (
            cython.cast(uintptr_t, e),
            ENCODING_NAMES[entry_encoding(e)],
            _serialized_length(client.server, e),
            entry_access(e),
            idle_s,
            _quicklist_details(e),
        )
    )


@cython.cfunc
def _quicklist_details(e: cython.pointer[Entry]) -> bytes:
    """What DEBUG OBJECT tells of a quicklist's nodes; nothing for any other value."""
    ql: cython.pointer[QuickList] = cython.NULL
    if entry_type(e) == TYPE_LIST:
        ql = list_quicklist(e)
    if ql == cython.NULL:
        return b""
    return b" ql_nodes:%d ql_avg_node:%.2f ql_listpack_max:%d ql_compressed:%d ql_uncompressed_size:%d" % (
        ql.nodes,
        cython.cast(cython.double, ql.count) / ql.nodes,
        ql.limit,
        ql.depth != 0,
        ql_bytes(ql),
    )


@cython.cfunc
@cython.exceptval(check=False)
def _serialized_length(server: ServerState, e: cython.pointer[Entry]) -> int64_t:
    """Bytes of a value in a dump or an RDB file."""
    w: RdbWriter
    rdb_start_writing(cython.address(w), server.rdb_compression)
    rdb_save_value(cython.address(w), e, rdb_type_of(e, server.rdb_version))
    length: int64_t = w.length
    rdb_stop_writing(cython.address(w))
    return length


def _sdslen(client: Client, args: Args) -> None:
    e: cython.pointer[Entry] = _find(client, args)
    if e == cython.NULL:
        raise CommandError(NO_SUCH_KEY)
    if entry_type(e) != TYPE_STRING or entry_encoding(e) == ENCODING_INT:
        raise CommandError(NOT_PLAIN_STRING)
    length: cython.Py_ssize_t = string_length(e)
    spare: cython.Py_ssize_t = 0
    value_bytes: cython.Py_ssize_t = length
    if e.parts & PART_OWNER:
        capacity: cython.Py_ssize_t = cython.cast(cython.pointer[Blob], entry_pointer(e)).capacity
        spare = capacity - length
        value_bytes = mem_block_size(cython.sizeof(Blob) + capacity)
    client.reply.simple(
        b"key_sds_len:%d, key_sds_avail:0, key_zmalloc: %d, val_sds_len:%d, val_sds_avail:%d, val_zmalloc: %d"
        % (entry_key_length(e), entry_key_length(e), length, spare, value_bytes)
    )


def _listpack(client: Client, args: Args) -> None:
    e: cython.pointer[Entry] = _find(client, args)
    if e == cython.NULL:
        raise CommandError(NO_SUCH_KEY)
    if entry_encoding(e) != ENCODING_LISTPACK:
        raise CommandError(NOT_A_LISTPACK)
    lp: cython.p_uchar = cython.cast(cython.p_uchar, entry_pointer(e))
    sys.stdout.write(describe(lp[: lp_bytes(lp)]))
    sys.stdout.flush()
    client.reply.simple(b"Listpack structure printed on stdout")


def _quicklist_packed_threshold(client: Client, args: Args) -> None:
    text: bytes = args[2].lower()
    unit: bytes = text.lstrip(b"0123456789")
    digits: bytes = text[: len(text) - len(unit)]
    if unit not in MEMORY_UNITS or len(digits) > 18:
        raise CommandError(NOT_A_THRESHOLD)
    size = int(digits or b"0") * MEMORY_UNITS[unit]
    if size >= 1 << 32 or not set_plain_min(size):
        raise CommandError(NOT_A_THRESHOLD)
    client.reply.ok()


# Tables


def _htstats(client: Client, args: Args) -> None:
    number: cython.longlong = args.integer(2)
    if not 0 <= number < len(client.server.keyspace.databases):
        raise CommandError(OUT_OF_RANGE_DB)
    stats: dict = client.server.keyspace.databases[number].table_stats()
    lines: list = ["[Dictionary HT]", "Hash table 0 stats (main hash table):"]
    if stats["entries"]:
        lines += [
            f" table size: {stats['buckets']}",
            f" number of elements: {stats['entries']}",
            f" chained buckets: {stats['chained']}",
            f" bytes: {stats['table_bytes']}",
        ]
        if stats["rehashing"]:
            lines += ["Hash table 1 stats (rehashing target):", f" table size: {stats['new_buckets']}"]
    else:
        lines.append("No stats available for empty dictionaries")
    lines += ["[Expires HT]"]
    if stats["expires"]:
        lines += [f" number of elements: {stats['expires']}", f" bytes: {stats['expires_bytes']}"]
    else:
        lines.append("No stats available for empty dictionaries")
    client.reply.verbatim(b"txt", "".join(line + "\n" for line in lines).encode())


@cython.cfunc
@cython.exceptval(check=False)
def _table_of(e: cython.pointer[Entry]) -> cython.pointer[HashTable]:
    """The table that a value is, NULL where it is none."""
    if entry_type(e) == TYPE_SET:
        return set_table(e)
    if entry_type(e) == TYPE_ZSET and zset_table(e) != cython.NULL:
        return cython.address(zset_table(e).table)
    if entry_type(e) == TYPE_HASH and entry_encoding(e) == ENCODING_HASHTABLE:
        return cython.address(hash_table(e).table)
    return cython.NULL


def _htstats_key(client: Client, args: Args) -> None:
    e: cython.pointer[Entry] = _find(client, args)
    if e == cython.NULL:
        raise CommandError(NO_SUCH_KEY)
    table: cython.pointer[HashTable] = _table_of(e)
    if table == cython.NULL:
        raise CommandError(NOT_A_HASH_TABLE)
    lines: list = [
        "Hash table 0 stats (main hash table):",
        f" table size: {table.masks[0] + 1 if table.buckets[0] != cython.NULL else 0}",
        f" number of elements: {ht_count(table)}",
        f" chained buckets: {table.children}",
    ]
    client.reply.verbatim(b"txt", "".join(line + "\n" for line in lines).encode())


# Digests


def _digest(client: Client, args: Args) -> None:
    digest = 0
    db: Database
    for db in client.server.keyspace.databases:
        if db.keys_count():
            digest = database_digest(digest, db)
    client.reply.simple(b"%040x" % digest)


def _digest_value(client: Client, args: Args) -> None:
    i: cython.Py_ssize_t
    client.reply.array(args.argc - 2)
    for i in range(2, args.argc):
        # Expired keys count while they are there, as in DIGEST.
        slot: cython.pointer[cython.pointer[Entry]] = client.db.find(args.v[i])
        digest = 0 if slot == cython.NULL else value_digest(0, slot[0])
        client.reply.simple(b"%040x" % digest)


# The subcommands


def _help(client: Client, args: Args) -> None:
    lines: list = ["DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"]
    for name, (_, _, syntax, summary, _) in sorted(_SUBCOMMANDS.items()):
        if name != b"help":
            lines += [f"{name.decode().upper()} {syntax}".rstrip(), "    " + summary]
    lines += ["HELP", "    Print this help."]
    client.reply.array(len(lines))
    for line in lines:
        client.reply.simple(line.encode())


# By name: fewest and most arguments with DEBUG and the name, syntax and meaning of what follows, handler.
_SUBCOMMANDS: dict = {
    b"config-rewrite-force-all": (
        2,
        2,
        "",
        "As CONFIG REWRITE, but writing every option, those at their defaults too.",
        _config_rewrite_force_all,
    ),
    b"digest": (2, 2, "", "Return a signature of all data, the same that Redis has for it.", _digest),
    b"digest-value": (2, 1 << 30, "<key> [<key> ...]", "Return a signature of each key's value.", _digest_value),
    b"error": (3, 3, "<string>", "Return this text as an error.", _error),
    b"help": (2, 2, "", "", _help),
    b"htstats": (3, 4, "<dbid> [full]", "Return figures about a database's table.", _htstats),
    b"htstats-key": (3, 4, "<key> [full]", "Return figures about the table that a value is.", _htstats_key),
    b"listpack": (3, 3, "<key>", "Print the elements of a listpack to the standard output.", _listpack),
    b"aof-flush-sleep": (3, 3, "<microseconds>", "Sleep before the log is written, for tests.", _aof_flush_sleep),
    b"loadaof": (2, 2, "", "Load the append-only file again.", _loadaof),
    b"log": (3, 3, "<message>", "Write a message to the server's log.", _log),
    b"object": (3, 3, "<key>", "Return details of a value: address, encoding, serialized length, last use.", _object),
    b"pause-cron": (3, 3, "<0|1>", "Stop, or resume, the work that the server does by itself.", _pause_cron),
    b"populate": (
        3,
        5,
        "<count> [<prefix>] [<size>]",
        "Create string keys <prefix>:0, <prefix>:1 and so on, `key` being the default prefix; those that exist stay.",
        _populate,
    ),
    b"protocol": (
        3,
        3,
        "<type>",
        "Return a value of a type: string, integer, double, bignum, null, array, set, map, attrib, push, verbatim, ...",
        _protocol,
    ),
    b"quicklist-packed-threshold": (
        3,
        3,
        "<size>",
        "Give elements of lists a node of their own from so many bytes on, such as 1mb; 0 sets the default.",
        _quicklist_packed_threshold,
    ),
    b"reload": (
        2,
        1 << 30,
        "[NOSAVE] [NOFLUSH] [MERGE]",
        "Save a snapshot and load it, by default instead of all that there is; MERGE overwrites keys that are there.",
        _reload,
    ),
    b"sdslen": (3, 3, "<key>", "Return lengths and sizes of a key and its string.", _sdslen),
    b"segfault": (2, 2, "", "Crash the server, as a bug would.", _segfault),
    b"set-active-expire": (
        3,
        3,
        "<0|1>",
        "With 0, keys that have expired stay until somebody asks for them.",
        _set_active_expire,
    ),
    b"set-skip-checksum-validation": (
        3,
        3,
        "<0|1>",
        "With 1, take snapshots and what RESTORE is given whatever their checksums are.",
        _set_skip_checksum_validation,
    ),
    b"set-disable-deny-scripts": (
        3,
        3,
        "<0|1>",
        "With 1, scripts may run commands that are not for scripts.",
        _set_disable_deny_scripts,
    ),
    b"sleep": (3, 3, "<seconds>", "Stop the whole server for so long; decimals are allowed.", _sleep),
    b"structsize": (2, 2, "", "Return the sizes of the structures that data lives in.", _structsize),
}


@command(
    "DEBUG",
    arity=-2,
    flags=ADMIN | NOSCRIPT | LOADING | STALE | PROTECTED,
    group=SERVER,
    since="1.0.0",
    complexity="Depends on the subcommand.",
    doc_flags=SYSCMD,
)
def debug(client: Client, args: Args) -> None:
    """Look into the server and provoke rare states, for tests and operators."""
    if not client.server.allows_debug(client):
        raise CommandError(NOT_ALLOWED)
    found = _SUBCOMMANDS.get(args[1].lower())
    if found is None or not found[0] <= args.argc <= found[1]:
        raise CommandError(
            b"ERR unknown subcommand or wrong number of arguments for '%b'. Try DEBUG HELP." % quoted(args[1][:128])
        )
    found[4](client, args)
