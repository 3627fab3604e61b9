"""The HyperLogLog commands: estimated counts of different elements."""

import cython
from cython.cimports.pyrite.core.parser import Args
from cython.cimports.pyrite.engine.client import Client

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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError


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
    raise NotImplementedError


@command("PFSELFTEST", arity=1, flags=ADMIN, group=HYPERLOGLOG, since="2.8.9", complexity="N/A", doc_flags=SYSCMD)
def pfselftest(client: Client, args: Args) -> None:
    """Check the HyperLogLog code against known figures, for tests."""
    raise NotImplementedError
