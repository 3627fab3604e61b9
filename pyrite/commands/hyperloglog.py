"""The HyperLogLog commands: estimated counts of different elements."""

import cython
from cython.cimports.libc.string import memset
from cython.cimports.pyrite.core.entry import Entry
from cython.cimports.pyrite.core.hll import (
    HLL_CORRUPT,
    HLL_DENSE,
    HLL_HEADER_SIZE,
    HLL_SPARSE,
    HllOpcode,
    hll_cache_count,
    hll_cached_count,
    hll_count,
    hll_count_registers,
    hll_encoding,
    hll_invalidate,
    hll_merge,
    hll_opcode,
)
from cython.cimports.pyrite.core.hll_registers import HLL_REGISTERS, hll_dense_get
from cython.cimports.pyrite.core.parser import Args, Slice
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.keyspace.database import NOTIFY_STRING, Database
from cython.cimports.pyrite.types.hyperloglog import (
    hll_add_element,
    hll_create,
    hll_open,
    hll_promote,
    hll_self_test,
    hll_view,
    hll_write,
)

from pyrite.core.errors import CommandError, quoted
from pyrite.engine.command import command
from pyrite.engine.declare import (
    ACCESS,
    ADMIN,
    DENYOOM,
    FAST,
    HYPERLOGLOG,
    INSERT,
    MAY_REPLICATE,
    READONLY,
    RO,
    RW,
    SYSCMD,
    WRITE,
    key,
    key_at,
    key_range,
    multiple,
    optional,
    string,
)
from pyrite.types.hyperloglog import CORRUPT

NO_KEY = b"ERR The specified key does not exist"
NOT_SPARSE = b"ERR HLL encoding is not sparse"

# An event class of none: the key changed, but there is no event to tell of.
SILENT = cython.declare(cython.int, 0)


@cython.cfunc
@cython.inline
def _changed(db: Database, key: Slice, changes: cython.longlong) -> cython.void:
    """Say that a value changed, and by how many registers; PFMERGE tells of it as PFADD does."""
    db.keyspace.dirty += changes - 1
    db.changed(key, NOTIFY_STRING, b"pfadd")


@command(
    "PFADD",
    arity=-2,
    flags=WRITE | DENYOOM | FAST,
    group=HYPERLOGLOG,
    since="2.8.9",
    complexity="O(1) for each element.",
    keys=(key_at(1, RW | INSERT),),
    args=(key(), optional(multiple(string("element")))),
)
def pfadd(client: Client, args: Args) -> None:
    """Add elements to a HyperLogLog, which is created when missing."""
    db: Database = client.db
    key: Slice = args.v[1]
    risen: cython.bint = False
    changes: cython.longlong = 0
    i: cython.Py_ssize_t
    value: Slice
    e: cython.pointer[Entry] = db.lookup_write(key)
    if e == cython.NULL:
        value = hll_create(db, key, cython.address(e))
        changes = 1
    else:
        value = hll_open(db, key, cython.address(e))
    for i in range(2, args.argc):
        value = hll_add_element(
            db, key, cython.address(e), value, args.v[i], client.server.hll_sparse_max_bytes, cython.address(risen)
        )
        changes += risen
    if changes:
        hll_invalidate(value.p)
        _changed(db, key, changes)
    client.reply.integer(changes != 0)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _merge_keys(db: Database, args: Args, registers: cython.p_uchar) -> cython.bint:
    """Raise a raw array of registers to those of all keys named; returns whether any value is dense."""
    dense: cython.bint = False
    i: cython.Py_ssize_t
    value: Slice
    for i in range(1, args.argc):
        e: cython.pointer[Entry] = db.lookup_read(args.v[i])
        if e != cython.NULL:
            value = hll_view(e)
            if hll_encoding(value.p) == HLL_DENSE:
                dense = True
            if hll_merge(value.p, value.n, registers) == HLL_CORRUPT:
                raise CommandError(CORRUPT)
    return dense


@cython.cfunc
@cython.exceptval(-1, check=False)
def _reply_count(client: Client, key: Slice) -> cython.int:
    """Reply the count of one key: the one in the header, or else a new one, which is kept there."""
    count: cython.ulonglong = 0
    value: Slice
    e: cython.pointer[Entry] = client.db.lookup_read(key)
    if e != cython.NULL:
        value = hll_open(client.db, key, cython.address(e))
        if not hll_cached_count(value.p, cython.address(count)):
            if hll_count(value.p, value.n, cython.address(count)) == HLL_CORRUPT:
                raise CommandError(CORRUPT)
            hll_cache_count(value.p, count)
            client.db.changed(key, SILENT, b"")
    client.reply.integer(cython.cast(cython.longlong, count))
    return 0


@command(
    "PFCOUNT",
    arity=-2,
    flags=READONLY | MAY_REPLICATE,
    group=HYPERLOGLOG,
    since="2.8.9",
    complexity="O(1) for one key; O(N) for N keys, each of which costs a pass over its registers.",
    keys=(key_range(1, -1, RW | ACCESS, notes="May store the estimate in the value as a cache"),),
    args=(multiple(key()),),
)
def pfcount(client: Client, args: Args) -> None:
    """Estimate how many different elements a HyperLogLog, or several together, have seen."""
    if args.argc == 2:
        _reply_count(client, args.v[1])
        return
    registers: cython.uchar[HLL_REGISTERS]
    memset(registers, 0, HLL_REGISTERS)
    _merge_keys(client.db, args, registers)
    client.reply.integer(cython.cast(cython.longlong, hll_count_registers(registers)))


@command(
    "PFMERGE",
    arity=-2,
    flags=WRITE | DENYOOM,
    group=HYPERLOGLOG,
    since="2.8.9",
    complexity="O(N), where N is the number of keys; each costs a pass over its registers.",
    keys=(key_at(1, RW | ACCESS | INSERT), key_range(2, -1, RO | ACCESS)),
    args=(key("destkey"), optional(multiple(key("sourcekey", 1)))),
)
def pfmerge(client: Client, args: Args) -> None:
    """Merge HyperLogLogs into one."""
    registers: cython.uchar[HLL_REGISTERS]
    db: Database = client.db
    key: Slice = args.v[1]
    value: Slice
    memset(registers, 0, HLL_REGISTERS)
    dense: cython.bint = _merge_keys(db, args, registers)
    e: cython.pointer[Entry] = db.lookup_write(key)
    if e == cython.NULL:
        value = hll_create(db, key, cython.address(e))
    else:
        value = hll_open(db, key, cython.address(e))
    if dense:
        value = hll_promote(db, key, cython.address(e))
    hll_write(db, key, cython.address(e), value, registers, client.server.hll_sparse_max_bytes)
    _changed(db, key, 1)
    client.reply.ok()


@cython.cfunc
def _promote(db: Database, key: Slice, e: cython.pointer[Entry]) -> Slice:
    """Turn a value dense, which counts as a change; returns its bytes."""
    value: Slice = hll_view(e)
    if hll_encoding(value.p) == HLL_SPARSE:
        value = hll_promote(db, key, cython.address(e))
        db.changed(key, SILENT, b"")
    return value


@cython.cfunc
@cython.exceptval(-1, check=False)
def _reply_registers(client: Client, value: Slice) -> cython.int:
    i: cython.int
    client.reply.array(HLL_REGISTERS)
    for i in range(HLL_REGISTERS):
        client.reply.integer(hll_dense_get(value.p, i))
    return 0


@cython.cfunc
def _decode(value: Slice) -> bytes:
    """Spell a sparse value's opcodes out: z and Z for ZERO and XZERO with their run, v for VAL with value and run."""
    opcode: HllOpcode
    at: cython.Py_ssize_t = HLL_HEADER_SIZE
    words: list = []
    if hll_encoding(value.p) != HLL_SPARSE:
        raise CommandError(NOT_SPARSE)
    while hll_opcode(value.p, value.n, at, cython.address(opcode)):
        if opcode.value:
            words.append(b"v:%d,%d" % (opcode.value, opcode.run))
        else:
            words.append(b"%c:%d" % (b"Z" if opcode.size == 2 else b"z", opcode.run))
        at += opcode.size
    if at != value.n:
        raise CommandError(CORRUPT)
    return b" ".join(words)


@command(
    "PFDEBUG",
    arity=3,
    flags=WRITE | DENYOOM | ADMIN,
    group=HYPERLOGLOG,
    since="2.8.9",
    complexity="N/A",
    doc_flags=SYSCMD,
    keys=(key_at(2, RW | ACCESS),),
    args=(string("subcommand"), key()),
)
def pfdebug(client: Client, args: Args) -> None:
    """Show or change the inner state of a HyperLogLog, for tests."""
    e: cython.pointer[Entry] = client.db.lookup_write(args.v[2])
    if e == cython.NULL:
        raise CommandError(NO_KEY)
    value: Slice = hll_open(client.db, args.v[2], cython.address(e))
    sparse: cython.bint = hll_encoding(value.p) == HLL_SPARSE
    if args.equals(1, b"getreg"):
        _reply_registers(client, _promote(client.db, args.v[2], e))
    elif args.equals(1, b"decode"):
        client.reply.bulk(_decode(value))
    elif args.equals(1, b"encoding"):
        client.reply.simple(b"sparse" if sparse else b"dense")
    elif args.equals(1, b"todense"):
        _promote(client.db, args.v[2], e)
        client.reply.integer(sparse)
    else:
        raise CommandError(b"ERR Unknown PFDEBUG subcommand '" + quoted(args[1]) + b"'")


@command("PFSELFTEST", arity=1, flags=ADMIN, group=HYPERLOGLOG, since="2.8.9", complexity="N/A", doc_flags=SYSCMD)
def pfselftest(client: Client, args: Args) -> None:
    """Check the HyperLogLog code against known figures, for tests."""
    problem: bytes = hll_self_test(client.server.hll_sparse_max_bytes)
    if problem:
        raise CommandError(problem)
    client.reply.ok()
