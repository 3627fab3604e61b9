"""The bitmap commands: strings as arrays of bits."""

import cython
from cython.cimports.pyrite.core.parser import Args
from cython.cimports.pyrite.engine.client import Client

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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError
