"""The list commands that move an element from one list to another, or take from the first list that has any.

Each has a form that waits. It is the same function, run again when one of the lists gets elements, and ends in
`block_on_keys` where the other form replies null.
"""

import cython
from cython.cimports.libc.stdint import int64_t
from cython.cimports.pyrite.commands.blocking import parse_timeout_ms
from cython.cimports.pyrite.commands.list import after_pop, reply_popped, reply_value
from cython.cimports.pyrite.core.entry import TYPE_LIST, Entry
from cython.cimports.pyrite.core.listpack import LpValue
from cython.cimports.pyrite.core.numbers import parse_longlong
from cython.cimports.pyrite.core.parser import Args
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.blocking import BLOCK_REPLY_NULL_ARRAY, block_on_keys
from cython.cimports.pyrite.engine.client import CLIENT_DENY_BLOCKING, Client
from cython.cimports.pyrite.keyspace.database import NOTIFY_LIST, Database
from cython.cimports.pyrite.types.list import (
    list_drop,
    list_length,
    list_lookup_write,
    list_peek,
    list_push_value,
    list_quicklist,
    list_rotate,
)

from pyrite.core.errors import SYNTAX, CommandError
from pyrite.engine.command import command
from pyrite.engine.declare import (
    ACCESS,
    BLOCKING,
    DELETE,
    DENYOOM,
    DEPRECATED,
    INSERT,
    LIST,
    RW,
    WRITE,
    double,
    integer,
    key,
    key_at,
    key_range,
    keys_by_count,
    multiple,
    one_of,
    optional,
    token,
)

NUMKEYS_NOT_POSITIVE = b"ERR numkeys should be greater than 0"
COUNT_NOT_POSITIVE = b"ERR count should be greater than 0"

MPOP_COMPLEXITY = "O(N+M), where N is the number of keys and M the number of elements returned."
SOURCE_AND_DESTINATION = (key_at(1, RW | ACCESS | DELETE), key_at(2, RW | INSERT))
TIMEOUT_HISTORY = (("6.0.0", "Fractions of a second."),)


def _side(name: str) -> object:
    return one_of(name, token("LEFT"), token("RIGHT"))


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_side(args: Args, i: cython.Py_ssize_t) -> cython.bint:
    """Whether an argument is LEFT, not RIGHT; raises CommandError SYNTAX."""
    if args.equals(i, b"left"):
        return True
    if not args.equals(i, b"right"):
        raise CommandError(SYNTAX)
    return False


@cython.cfunc
def _keys(args: Args, first: cython.Py_ssize_t, count: cython.Py_ssize_t) -> list:
    return [args[i] for i in range(first, first + count)]


# From one list to another


@cython.cfunc
@cython.exceptval(-1, check=False)
def _move(
    client: Client, args: Args, source: cython.pointer[Entry], from_front: cython.bint, to_front: cython.bint
) -> cython.int:
    """Move an element of the list at the first key to the one at the second, and reply it."""
    value: LpValue
    db: Database = client.db
    event: bytes = b"lpush" if to_front else b"rpush"
    e: cython.pointer[Entry] = list_lookup_write(db, args.v[2])
    list_peek(source, from_front, cython.address(value))
    reply_value(client.reply, cython.address(value))
    if e == source:
        list_rotate(db, args.v[1], e, from_front, to_front)
        db.changed(args.v[2], NOTIFY_LIST, event)
    else:
        # What a quicklist gives as an integer does not count by its length.
        is_counted: cython.bint = value.text != cython.NULL or list_quicklist(source) == cython.NULL
        list_push_value(db, args.v[2], cython.address(e), cython.address(value), is_counted, to_front)
        db.changed(args.v[2], NOTIFY_LIST, event)
        list_drop(source, from_front)
    # One element that moves counts as one change.
    db.keyspace.dirty -= 1
    return after_pop(db, args.v[1], source, 1, from_front)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _move_now(client: Client, args: Args, from_front: cython.bint, to_front: cython.bint) -> cython.int:
    """LMOVE and RPOPLPUSH."""
    source: cython.pointer[Entry] = list_lookup_write(client.db, args.v[1])
    if source == cython.NULL:
        client.reply.null()
        return 0
    return _move(client, args, source, from_front, to_front)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _move_or_wait(
    client: Client, args: Args, from_front: cython.bint, to_front: cython.bint, timeout_ms: int64_t
) -> cython.int:
    """BLMOVE and BRPOPLPUSH."""
    source: cython.pointer[Entry] = list_lookup_write(client.db, args.v[1])
    if source != cython.NULL:
        if client.server.propagation.on:
            sides: list = [b"LEFT" if from_front else b"RIGHT", b"LEFT" if to_front else b"RIGHT"]
            client.server.propagation.instead(client.db, [b"LMOVE", args[1], args[2], *sides])
        return _move(client, args, source, from_front, to_front)
    if client.flags & CLIENT_DENY_BLOCKING:
        # Not what a timeout replies.
        client.reply.null()
        return 0
    return block_on_keys(client, [args[1]], TYPE_LIST, timeout_ms, BLOCK_REPLY_NULL_ARRAY, False)


@command(
    "LMOVE",
    arity=5,
    flags=WRITE | DENYOOM,
    group=LIST,
    since="6.2.0",
    complexity="O(1)",
    keys=SOURCE_AND_DESTINATION,
    args=(key("source"), key("destination", 1), _side("wherefrom"), _side("whereto")),
)
def lmove(client: Client, args: Args) -> None:
    """Take the element at one end of a list, add it at an end of another list or the same, and return it."""
    from_front: cython.bint = _parse_side(args, 3)
    _move_now(client, args, from_front, _parse_side(args, 4))


@command(
    "RPOPLPUSH",
    arity=3,
    flags=WRITE | DENYOOM,
    group=LIST,
    since="1.2.0",
    complexity="O(1)",
    deprecated_since="6.2.0",
    replaced_by="`LMOVE` with `RIGHT` and `LEFT`",
    doc_flags=DEPRECATED,
    keys=SOURCE_AND_DESTINATION,
    args=(key("source"), key("destination", 1)),
)
def rpoplpush(client: Client, args: Args) -> None:
    """Take the last element of a list, add it at the front of another list or the same, and return it."""
    _move_now(client, args, False, True)


@command(
    "BLMOVE",
    arity=6,
    flags=WRITE | DENYOOM | BLOCKING,
    group=LIST,
    since="6.2.0",
    complexity="O(1)",
    keys=SOURCE_AND_DESTINATION,
    args=(key("source"), key("destination", 1), _side("wherefrom"), _side("whereto"), double("timeout")),
)
def blmove(client: Client, args: Args) -> None:
    """Move an element from one list to another as LMOVE does, waiting for one if there is none."""
    from_front: cython.bint = _parse_side(args, 3)
    to_front: cython.bint = _parse_side(args, 4)
    _move_or_wait(client, args, from_front, to_front, parse_timeout_ms(args, 5))


@command(
    "BRPOPLPUSH",
    arity=4,
    flags=WRITE | DENYOOM | BLOCKING,
    group=LIST,
    since="2.2.0",
    complexity="O(1)",
    deprecated_since="6.2.0",
    replaced_by="`BLMOVE` with `RIGHT` and `LEFT`",
    doc_flags=DEPRECATED,
    history=TIMEOUT_HISTORY,
    keys=SOURCE_AND_DESTINATION,
    args=(key("source"), key("destination", 1), double("timeout")),
)
def brpoplpush(client: Client, args: Args) -> None:
    """Move an element from one list to another as RPOPLPUSH does, waiting for one if there is none."""
    _move_or_wait(client, args, False, True, parse_timeout_ms(args, 3))


# From the first list that has any


@cython.cfunc
def _first_list(
    db: Database, args: Args, first: cython.Py_ssize_t, count: cython.Py_ssize_t, at: cython.pointer[cython.Py_ssize_t]
) -> cython.pointer[Entry]:
    """The first of so many keys that exists, which stand from an argument on; NULL where none does.

    Raises CommandError WRONG_TYPE for a key before it, or that one, which holds no list.
    """
    e: cython.pointer[Entry]
    i: cython.Py_ssize_t
    for i in range(first, first + count):
        e = list_lookup_write(db, args.v[i])
        if e != cython.NULL:
            at[0] = i
            return e
    return cython.NULL


@cython.cfunc
@cython.exceptval(-1, check=False)
def _pop_or_wait(client: Client, args: Args, front: cython.bint) -> cython.int:
    """BLPOP and BRPOP."""
    value: LpValue
    at: cython.Py_ssize_t = 0
    keys: cython.Py_ssize_t = args.argc - 2
    db: Database = client.db
    reply: Reply = client.reply
    timeout_ms: int64_t = parse_timeout_ms(args, args.argc - 1)
    e: cython.pointer[Entry] = _first_list(db, args, 1, keys, cython.address(at))
    if e == cython.NULL:
        return block_on_keys(client, _keys(args, 1, keys), TYPE_LIST, timeout_ms, BLOCK_REPLY_NULL_ARRAY, False)
    reply.array(2)
    reply.put_bulk(args.v[at].p, args.v[at].n)
    list_peek(e, front, cython.address(value))
    reply_value(reply, cython.address(value))
    list_drop(e, front)
    if client.server.propagation.on:
        client.server.propagation.instead(db, [b"LPOP" if front else b"RPOP", args[at]])
    return after_pop(db, args.v[at], e, 1, front)


@command(
    "BLPOP",
    arity=-3,
    flags=WRITE | BLOCKING,
    group=LIST,
    since="2.0.0",
    complexity="O(N), where N is the number of keys.",
    history=TIMEOUT_HISTORY,
    keys=(key_range(1, -2, RW | ACCESS | DELETE),),
    args=(multiple(key()), double("timeout")),
)
def blpop(client: Client, args: Args) -> None:
    """Remove and return the first element of the first list that has any, waiting for one if there is none."""
    _pop_or_wait(client, args, True)


@command(
    "BRPOP",
    arity=-3,
    flags=WRITE | BLOCKING,
    group=LIST,
    since="2.0.0",
    complexity="O(N), where N is the number of keys.",
    history=TIMEOUT_HISTORY,
    keys=(key_range(1, -2, RW | ACCESS | DELETE),),
    args=(multiple(key()), double("timeout")),
)
def brpop(client: Client, args: Args) -> None:
    """Remove and return the last element of the first list that has any, waiting for one if there is none."""
    _pop_or_wait(client, args, False)


@cython.cfunc
@cython.exceptval(-1, check=True)
def _positive(args: Args, i: cython.Py_ssize_t, problem: bytes) -> cython.longlong:
    """An integer from 1 on; anything else raises CommandError with this text."""
    value: cython.longlong = 0
    if not parse_longlong(args.v[i].p, args.v[i].n, cython.address(value)) or value < 1:
        raise CommandError(problem)
    return value


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_mpop(args: Args, at: cython.Py_ssize_t, wanted: cython.pointer[PopMany]) -> cython.int:
    """The arguments of LMPOP from the number of keys on."""
    keys: cython.longlong = _positive(args, at, NUMKEYS_NOT_POSITIVE)
    if keys >= args.argc - at - 1:
        raise CommandError(SYNTAX)
    wanted.first = at + 1
    wanted.keys = keys
    wanted.count = 1
    at += keys + 1
    wanted.front = _parse_side(args, at)
    if at + 1 == args.argc:
        return 0
    if at + 2 == args.argc or not args.equals(at + 1, b"count"):
        raise CommandError(SYNTAX)
    wanted.count = _positive(args, at + 2, COUNT_NOT_POSITIVE)
    if at + 3 < args.argc:
        raise CommandError(SYNTAX)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _pop_many(client: Client, args: Args, wanted: cython.pointer[PopMany]) -> cython.bint:
    """Pop from the first list that there is; False where there is none."""
    at: cython.Py_ssize_t = 0
    db: Database = client.db
    e: cython.pointer[Entry] = _first_list(db, args, wanted.first, wanted.keys, cython.address(at))
    if e == cython.NULL:
        return False
    count: cython.size_t = list_length(e)
    if count > wanted.count:
        count = wanted.count
    client.reply.array(2)
    client.reply.put_bulk(args.v[at].p, args.v[at].n)
    reply_popped(client.reply, e, count, wanted.front)
    if client.server.propagation.on:
        client.server.propagation.instead(db, [b"LPOP" if wanted.front else b"RPOP", args[at], b"%d" % count])
    after_pop(db, args.v[at], e, count, wanted.front)
    return True


@command(
    "LMPOP",
    arity=-4,
    flags=WRITE,
    group=LIST,
    since="7.0.0",
    complexity=MPOP_COMPLEXITY,
    keys=(keys_by_count(1, RW | ACCESS | DELETE),),
    args=(
        integer("numkeys"),
        multiple(key()),
        _side("where"),
        optional(integer("count", token="COUNT")),
    ),
)
def lmpop(client: Client, args: Args) -> None:
    """Remove elements from one end of the first list that has any, and return its key and them."""
    wanted: PopMany
    _parse_mpop(args, 1, cython.address(wanted))
    if not _pop_many(client, args, cython.address(wanted)):
        client.reply.null_array()


@command(
    "BLMPOP",
    arity=-5,
    flags=WRITE | BLOCKING,
    group=LIST,
    since="7.0.0",
    complexity=MPOP_COMPLEXITY,
    keys=(keys_by_count(2, RW | ACCESS | DELETE),),
    args=(
        double("timeout"),
        integer("numkeys"),
        multiple(key()),
        _side("where"),
        optional(integer("count", token="COUNT")),
    ),
)
def blmpop(client: Client, args: Args) -> None:
    """Remove elements from the first list that has any, as LMPOP does, waiting for some if there are none."""
    wanted: PopMany
    _parse_mpop(args, 2, cython.address(wanted))
    timeout_ms: int64_t = parse_timeout_ms(args, 1)
    if not _pop_many(client, args, cython.address(wanted)):
        names: list = _keys(args, wanted.first, wanted.keys)
        block_on_keys(client, names, TYPE_LIST, timeout_ms, BLOCK_REPLY_NULL_ARRAY, False)
