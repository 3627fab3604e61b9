"""The bitmap commands: strings as arrays of bits."""

import cython
from cython.cimports.pyrite.core.bits import (
    BITOP_AND,
    BITOP_NOT,
    BITOP_OR,
    BITOP_XOR,
    OVERFLOW_FAIL,
    OVERFLOW_SAT,
    OVERFLOW_WRAP,
    bits_count_range,
    bits_field_add,
    bits_field_get,
    bits_field_set,
    bits_find,
    bits_get,
    bits_set,
)
from cython.cimports.pyrite.core.entry import Entry
from cython.cimports.pyrite.core.numbers import LONGLONG_MAX, parse_longlong
from cython.cimports.pyrite.core.parser import Args, Slice
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.keyspace.database import NOTIFY_GENERIC, NOTIFY_STRING, Database
from cython.cimports.pyrite.types.bitmap import bitmap_combine
from cython.cimports.pyrite.types.string import (
    string_length,
    string_lookup_read,
    string_lookup_write,
    string_make_room,
    string_view,
)

from pyrite.core.errors import SYNTAX, CommandError
from pyrite.engine.command import command
from pyrite.engine.declare import (
    ACCESS,
    BITMAP,
    DENYOOM,
    FAST,
    OW,
    READONLY,
    RO,
    RW,
    UPDATE,
    VARIABLE_FLAGS,
    WRITE,
    block,
    integer,
    key,
    key_at,
    key_range,
    multiple,
    one_of,
    optional,
    string,
    token,
)

BIT_OFFSET = b"ERR bit offset is not an integer or out of range"
BIT_VALUE = b"ERR bit is not an integer or out of range"
BIT_ARGUMENT = b"ERR The bit argument must be 1 or 0."
NOT_ONE_SOURCE = b"ERR BITOP NOT must be called with a single source key."
FIELD_TYPE = b"ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."
FIELD_OVERFLOW = b"ERR Invalid OVERFLOW type specified"
ONLY_GET = b"ERR BITFIELD_RO only supports the GET subcommand"

# An event class of none: the key changed, but there is no event to tell of.
SILENT = cython.declare(cython.int, 0)


# Single bits


@cython.cfunc
@cython.inline
@cython.exceptval(-1, check=False)
def _bit_offset(client: Client, text: Slice) -> cython.longlong:
    """The offset that an argument names; raises CommandError BIT_OFFSET where no string may be that long."""
    offset: cython.longlong = 0
    if not parse_longlong(text.p, text.n, cython.address(offset)) or offset < 0:
        raise CommandError(BIT_OFFSET)
    if (offset >> 3) >= client.server.proto_max_bulk_len:
        raise CommandError(BIT_OFFSET)
    return offset


@command(
    "SETBIT",
    arity=4,
    flags=WRITE | DENYOOM,
    group=BITMAP,
    since="2.2.0",
    complexity="O(1)",
    keys=(key_at(1, RW | ACCESS | UPDATE),),
    args=(key(), integer("offset"), integer("value")),
)
def setbit(client: Client, args: Args) -> None:
    """Set one bit of a string, which grows as needed, and return the bit's old value."""
    db: Database = client.db
    offset: cython.longlong = _bit_offset(client, args.v[2])
    bit: cython.longlong = 0
    if not parse_longlong(args.v[3].p, args.v[3].n, cython.address(bit)) or bit & ~1:
        raise CommandError(BIT_VALUE)
    e: cython.pointer[Entry] = string_lookup_write(db, args.v[1])
    length: cython.Py_ssize_t = string_length(e) if e != cython.NULL else 0
    size: cython.Py_ssize_t = (offset >> 3) + 1
    p: cython.p_char = string_make_room(db, args.v[1], cython.address(e), size)
    old: cython.int = bits_set(p, size, offset, bit)
    if old != bit or size > length:
        db.changed(args.v[1], NOTIFY_STRING, b"setbit")
    client.reply.integer(old)


@command(
    "GETBIT",
    arity=3,
    flags=READONLY | FAST,
    group=BITMAP,
    since="2.2.0",
    complexity="O(1)",
    keys=(key_at(1, RO | ACCESS),),
    args=(key(), integer("offset")),
)
def getbit(client: Client, args: Args) -> None:
    """Return one bit of a string."""
    scratch: cython.char[32]
    view: Slice
    bit: cython.int = 0
    offset: cython.longlong = _bit_offset(client, args.v[2])
    e: cython.pointer[Entry] = string_lookup_read(client.db, args.v[1])
    if e != cython.NULL:
        view = string_view(e, scratch)
        bit = bits_get(view.p, view.n, offset)
    client.reply.integer(bit)


# Parts of a string


@cython.cfunc
@cython.exceptval(-1, check=False)
def _is_bit_unit(args: Args, i: cython.Py_ssize_t) -> cython.bint:
    """Tell whether argument `i` is BIT, and not BYTE; raises CommandError SYNTAX for anything else."""
    if args.equals(i, b"bit"):
        return True
    if not args.equals(i, b"byte"):
        raise CommandError(SYNTAX)
    return False


@cython.cfunc
@cython.exceptval(check=False)
def _range(n: cython.Py_ssize_t, start: cython.longlong, end: cython.longlong, by_bit: cython.bint) -> Range:
    """The bits of a string of `n` bytes from `start` to `end`, both inclusive, in bits or bytes.

    Negative ones count from the end; both are cut to the string.
    """
    part: Range
    unit: cython.longlong = 1 if by_bit else 8
    total: cython.longlong = 8 * cython.cast(cython.longlong, n) // unit
    if start < 0:
        start = max(start + total, 0)
    if end < 0:
        end = max(end + total, 0)
    start = min(start, total)
    end = min(end, total - 1)
    part.start = start * unit
    part.end = (end + 1) * unit
    return part


@command(
    "BITCOUNT",
    arity=-2,
    flags=READONLY,
    group=BITMAP,
    since="2.6.0",
    complexity="O(N), where N is the number of bytes looked at.",
    keys=(key_at(1, RO | ACCESS),),
    history=(("7.0.0", "`BYTE` and `BIT`."),),
    args=(
        key(),
        optional(
            block(
                "range",
                integer("start"),
                integer("end"),
                optional(one_of("unit", token("BYTE"), token("BIT"), since="7.0.0")),
            )
        ),
    ),
)
def bitcount(client: Client, args: Args) -> None:
    """Count the set bits of a string, or of a part of it."""
    scratch: cython.char[32]
    view: Slice
    start: cython.longlong = 0
    end: cython.longlong = -1
    by_bit: cython.bint = False
    if args.argc == 4 or args.argc == 5:
        start = args.integer(2)
        end = args.integer(3)
        by_bit = args.argc == 5 and _is_bit_unit(args, 4)
    elif args.argc != 2:
        raise CommandError(SYNTAX)
    e: cython.pointer[Entry] = string_lookup_read(client.db, args.v[1])
    if e == cython.NULL or (start < 0 and end < 0 and start > end):
        client.reply.integer(0)
        return
    view = string_view(e, scratch)
    part: Range = _range(view.n, start, end, by_bit)
    client.reply.integer(bits_count_range(view.p, view.n, part.start, part.end))


@cython.cfunc
@cython.exceptval(-2, check=False)
def _find_bit(
    e: cython.pointer[Entry],
    bit: cython.bint,
    start: cython.longlong,
    end: cython.longlong,
    by_bit: cython.bint,
    bounded: cython.bint,
) -> cython.longlong:
    """Where the first such bit stands in the range, or -1; zeros follow the string without end if not `bounded`."""
    scratch: cython.char[32]
    view: Slice = string_view(e, scratch)
    part: Range = _range(view.n, start, end, by_bit)
    if part.start >= part.end:
        return -1
    found: cython.longlong = bits_find(view.p, view.n, part.start, part.end, bit)
    if found < 0 and not bit and not bounded:
        return part.end
    return found


@command(
    "BITPOS",
    arity=-3,
    flags=READONLY,
    group=BITMAP,
    since="2.8.7",
    complexity="O(N), where N is the number of bytes looked at.",
    keys=(key_at(1, RO | ACCESS),),
    history=(("7.0.0", "`BYTE` and `BIT`."),),
    args=(
        key(),
        integer("bit"),
        optional(
            block(
                "range",
                integer("start"),
                optional(
                    block(
                        "end-unit-block",
                        integer("end"),
                        optional(one_of("unit", token("BYTE"), token("BIT"), since="7.0.0")),
                    )
                ),
            )
        ),
    ),
)
def bitpos(client: Client, args: Args) -> None:
    """Return where the first bit of the given value stands in a string, or in a part of it."""
    start: cython.longlong = 0
    end: cython.longlong = -1
    by_bit: cython.bint = False
    bit: cython.longlong = args.integer(2)
    if bit & ~1:
        raise CommandError(BIT_ARGUMENT)
    if args.argc > 6:
        raise CommandError(SYNTAX)
    if args.argc > 3:
        start = args.integer(3)
    if args.argc == 6:
        by_bit = _is_bit_unit(args, 5)
    if args.argc > 4:
        end = args.integer(4)
    e: cython.pointer[Entry] = string_lookup_read(client.db, args.v[1])
    if e == cython.NULL:
        client.reply.integer(-1 if bit else 0)
    else:
        client.reply.integer(_find_bit(e, bit, start, end, by_bit, args.argc > 4))


# Several strings


@cython.cfunc
@cython.exceptval(-1, check=False)
def _operation(args: Args) -> cython.int:
    """The operation that BITOP is asked for; raises CommandError SYNTAX."""
    if args.equals(1, b"and"):
        return BITOP_AND
    if args.equals(1, b"or"):
        return BITOP_OR
    if args.equals(1, b"xor"):
        return BITOP_XOR
    if args.equals(1, b"not"):
        return BITOP_NOT
    raise CommandError(SYNTAX)


@command(
    "BITOP",
    arity=-4,
    flags=WRITE | DENYOOM,
    group=BITMAP,
    since="2.6.0",
    complexity="O(N), where N is the total length of the strings.",
    keys=(key_at(2, OW | UPDATE), key_range(3, -1, RO | ACCESS)),
    args=(
        one_of("operation", token("AND"), token("OR"), token("XOR"), token("NOT")),
        key("destkey"),
        multiple(key("key", 1)),
    ),
)
def bitop(client: Client, args: Args) -> None:
    """Combine strings bit by bit and store the result."""
    db: Database = client.db
    operation: cython.int = _operation(args)
    if operation == BITOP_NOT and args.argc != 4:
        raise CommandError(NOT_ONE_SOURCE)
    length: cython.Py_ssize_t = bitmap_combine(db, operation, args.v[2], cython.address(args.v[3]), args.argc - 3)
    if length:
        db.changed(args.v[2], NOTIFY_STRING, b"set")
    elif db.delete(args.v[2], db.keyspace.lazy_server_delete):
        db.changed(args.v[2], NOTIFY_GENERIC, b"del")
    client.reply.integer(length)


# Fields of bits. The arguments are read twice, first to check all of them, so that nothing needs to be kept between.


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_overflow(args: Args, i: cython.Py_ssize_t) -> cython.int:
    if args.equals(i, b"wrap"):
        return OVERFLOW_WRAP
    if args.equals(i, b"sat"):
        return OVERFLOW_SAT
    if args.equals(i, b"fail"):
        return OVERFLOW_FAIL
    raise CommandError(FIELD_OVERFLOW)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_type(text: Slice, op: cython.pointer[FieldOperation]) -> cython.int:
    """The type of a field, such as i16 or u8; raises CommandError FIELD_TYPE."""
    width: cython.longlong = 0
    if text.n < 2 or (text.p[0] != b"i" and text.p[0] != b"u"):
        raise CommandError(FIELD_TYPE)
    op.signed_ = text.p[0] == b"i"
    if not parse_longlong(cython.address(text.p[1]), text.n - 1, cython.address(width)) or width < 1:
        raise CommandError(FIELD_TYPE)
    if width > (FIELD_SIGNED_MAX if op.signed_ else FIELD_UNSIGNED_MAX):
        raise CommandError(FIELD_TYPE)
    op.width = width
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _field_offset(client: Client, text: Slice, width: cython.int) -> cython.longlong:
    """The offset of a field, in bits, or after a '#' in fields of this width; raises CommandError BIT_OFFSET."""
    offset: cython.longlong = 0
    highest: cython.longlong = LONGLONG_MAX
    if text.n == 0 or text.p[0] != b"#":
        return _bit_offset(client, text)
    if not parse_longlong(cython.address(text.p[1]), text.n - 1, cython.address(offset)) or offset < 0:
        raise CommandError(BIT_OFFSET)
    if offset > highest // width or (offset * width) >> 3 >= client.server.proto_max_bulk_len:
        raise CommandError(BIT_OFFSET)
    return offset * width


@cython.cfunc
@cython.exceptval(-1, check=False)
def _next_operation(
    client: Client, args: Args, at: cython.Py_ssize_t, op: cython.pointer[FieldOperation]
) -> cython.Py_ssize_t:
    """Read the operation at an argument, and OVERFLOW before it; returns where the next one begins, 0 without any.

    `op` comes with the way to treat overflows that is in force. Raises CommandError for what makes no sense.
    """
    while at < args.argc:
        left: cython.Py_ssize_t = args.argc - at - 1
        if left >= 2 and args.equals(at, b"get"):
            op.kind = FIELD_GET
        elif left >= 3 and args.equals(at, b"set"):
            op.kind = FIELD_SET
        elif left >= 3 and args.equals(at, b"incrby"):
            op.kind = FIELD_INCRBY
        elif left >= 1 and args.equals(at, b"overflow"):
            op.overflow = _parse_overflow(args, at + 1)
            at += 2
            continue
        else:
            raise CommandError(SYNTAX)
        _parse_type(args.v[at + 1], op)
        op.offset = _field_offset(client, args.v[at + 2], op.width)
        if op.kind == FIELD_GET:
            return at + 3
        op.value = args.integer(at + 3)
        return at + 4
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _check_fields(client: Client, args: Args, count: cython.pointer[cython.Py_ssize_t]) -> cython.longlong:
    """Read all operations and count them; returns how many bits those that write need, 0 where none writes."""
    op: FieldOperation
    bits: cython.longlong = 0
    op.overflow = OVERFLOW_WRAP
    at: cython.Py_ssize_t = _next_operation(client, args, 2, cython.address(op))
    while at:
        count[0] += 1
        if op.kind != FIELD_GET:
            bits = max(bits, op.offset + op.width)
        at = _next_operation(client, args, at, cython.address(op))
    return bits


@cython.cfunc
@cython.exceptval(-1, check=False)
def _write_field(client: Client, view: Slice, op: cython.pointer[FieldOperation]) -> cython.int:
    """Carry out SET or INCRBY: 0 where the overflow is refused, 1 where the field had that value already, else 2."""
    result: cython.longlong = 0
    old: cython.longlong = bits_field_get(view.p, view.n, op.offset, op.width, op.signed_)
    increment: cython.longlong = op.value if op.kind == FIELD_INCRBY else 0
    base: cython.longlong = old if op.kind == FIELD_INCRBY else op.value
    outcome: cython.int = bits_field_add(base, increment, op.width, op.signed_, op.overflow, cython.address(result))
    if outcome and op.overflow == OVERFLOW_FAIL:
        client.reply.null()
        return 0
    bits_field_set(view.p, view.n, op.offset, op.width, result)
    client.reply.integer(result if op.kind == FIELD_INCRBY else old)
    return 1 if result == old else 2


@cython.cfunc
@cython.exceptval(-1, check=False)
def _reply_fields(client: Client, args: Args, view: Slice, grown: cython.bint) -> cython.longlong:
    """Carry out the operations, all checked, on a string long enough; returns how many changes to tell of.

    In a string that was `grown` for them, every field written counts.
    """
    op: FieldOperation
    written: cython.int
    changes: cython.longlong = 0
    op.overflow = OVERFLOW_WRAP
    at: cython.Py_ssize_t = _next_operation(client, args, 2, cython.address(op))
    while at:
        if op.kind == FIELD_GET:
            client.reply.integer(bits_field_get(view.p, view.n, op.offset, op.width, op.signed_))
        else:
            written = _write_field(client, view, cython.address(op))
            changes += written == 2 or (written == 1 and grown)
        at = _next_operation(client, args, at, cython.address(op))
    return changes


@cython.cfunc
@cython.exceptval(-1, check=False)
def _run_fields(client: Client, args: Args, read_only: cython.bint) -> cython.int:
    """BITFIELD and BITFIELD_RO."""
    scratch: cython.char[32]
    view: Slice
    e: cython.pointer[Entry]
    count: cython.Py_ssize_t = 0
    bits: cython.longlong = _check_fields(client, args, cython.address(count))
    if bits and read_only:
        raise CommandError(ONLY_GET)
    if bits:
        return _change_fields(client, args, count, (bits + 7) >> 3)
    view.p = scratch
    view.n = 0
    e = string_lookup_read(client.db, args.v[1])
    if e != cython.NULL:
        view = string_view(e, scratch)
    client.reply.array(count)
    _reply_fields(client, args, view, False)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _change_fields(client: Client, args: Args, count: cython.Py_ssize_t, size: cython.Py_ssize_t) -> cython.int:
    """BITFIELD with `count` operations of which some write, for which the string must be `size` bytes long."""
    db: Database = client.db
    view: Slice
    e: cython.pointer[Entry] = string_lookup_write(db, args.v[1])
    grown: cython.bint = e == cython.NULL or string_length(e) < size
    view.p = string_make_room(db, args.v[1], cython.address(e), size)
    view.n = string_length(e)
    client.reply.array(count)
    changes: cython.longlong = _reply_fields(client, args, view, grown)
    if changes:
        db.keyspace.dirty += changes - 1
        db.changed(args.v[1], NOTIFY_STRING, b"setbit")
    elif grown:
        # The overflow of every operation was refused, but the string is longer now.
        db.changed(args.v[1], SILENT, b"")
    return 0


# How many arguments follow the name of an operation that leaves the value as it is.
_READING_OPERATIONS = {b"get": 2, b"overflow": 1}


def _bitfield_keys(args: Args, start: cython.Py_ssize_t) -> list:
    """Find BITFIELD's key: read-only as long as only whole operations that read are among the arguments."""
    index: cython.Py_ssize_t = start + 2
    while index < args.argc:
        operands: cython.Py_ssize_t = _READING_OPERATIONS.get(args[index].lower(), args.argc)
        if index + operands >= args.argc:
            return [(1, RW | ACCESS | UPDATE)]
        index += 1 + operands
    return [(1, RO | ACCESS)]


@command(
    "BITFIELD",
    arity=-2,
    flags=WRITE | DENYOOM,
    group=BITMAP,
    since="3.2.0",
    complexity="O(1) for each operation.",
    keys=(
        key_at(
            1,
            RW | ACCESS | UPDATE | VARIABLE_FLAGS,
            notes="Read-only when every operation is `GET`",
            finder=_bitfield_keys,
        ),
    ),
    args=(
        key(),
        optional(
            multiple(
                one_of(
                    "operation",
                    block("get-block", string("encoding"), integer("offset"), token="GET"),
                    block(
                        "write",
                        optional(
                            one_of("overflow-block", token("WRAP"), token("SAT"), token("FAIL"), token="OVERFLOW")
                        ),
                        one_of(
                            "write-operation",
                            block("set-block", string("encoding"), integer("offset"), integer("value"), token="SET"),
                            block(
                                "incrby-block",
                                string("encoding"),
                                integer("offset"),
                                integer("increment"),
                                token="INCRBY",
                            ),
                        ),
                    ),
                )
            )
        ),
    ),
)
def bitfield(client: Client, args: Args) -> None:
    """Read, set and increment integers of any width inside a string."""
    _run_fields(client, args, False)


@command(
    "BITFIELD_RO",
    arity=-2,
    flags=READONLY | FAST,
    group=BITMAP,
    since="6.0.0",
    complexity="O(1) for each operation.",
    keys=(key_at(1, RO | ACCESS),),
    args=(
        key(),
        optional(multiple(block("get-block", string("encoding"), integer("offset"), token="GET"), repeat_token=True)),
    ),
)
def bitfield_ro(client: Client, args: Args) -> None:
    """Read integers of any width inside a string."""
    _run_fields(client, args, True)
