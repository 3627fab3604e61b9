"""The list commands that work on one list. Those that take from one of several lists, move, or wait stand apart."""

import cython
from cython.cimports.pyrite.core.entry import Entry
from cython.cimports.pyrite.core.listpack import LpValue
from cython.cimports.pyrite.core.numbers import LONGLONG_MAX, parse_longlong
from cython.cimports.pyrite.core.parser import Args, Slice
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.keyspace.database import NOTIFY_LIST, Database
from cython.cimports.pyrite.types.list import (
    ListIterator,
    ListNeedle,
    list_delete,
    list_drop,
    list_insert,
    list_is,
    list_iterate,
    list_length,
    list_lookup_read,
    list_lookup_write,
    list_needle,
    list_next,
    list_peek,
    list_push_all,
    list_remove,
    list_reply,
    list_set,
    list_shrunk,
)

from pyrite.core.errors import (
    INDEX_OUT_OF_RANGE,
    NO_SUCH_KEY,
    OUT_OF_RANGE_POSITIVE,
    SYNTAX,
    CommandError,
    out_of_int_range,
    wrong_arity,
)
from pyrite.engine.command import command
from pyrite.engine.declare import (
    ACCESS,
    DELETE,
    DENYOOM,
    FAST,
    INSERT,
    LIST,
    READONLY,
    RO,
    RW,
    UPDATE,
    WRITE,
    integer,
    key,
    key_at,
    multiple,
    one_of,
    optional,
    string,
    token,
)

ZERO_RANK = (
    b"ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from "
    b"the end of the list"
)
NEGATIVE_COUNT = b"ERR COUNT can't be negative"
NEGATIVE_MAXLEN = b"ERR MAXLEN can't be negative"
RANK_OUT_OF_RANGE = out_of_int_range(-(2**63) + 1, 2**63 - 1)

PUSH_COMPLEXITY = "O(N), where N is the number of elements added."
POP_COMPLEXITY = "O(N), where N is the number of elements returned."
SEEK_COMPLEXITY = "O(log N) for the node, and the elements of one node; O(1) at both ends."


# What several commands share


@cython.cfunc
@cython.exceptval(check=False)
def reply_value(reply: Reply, value: cython.pointer[LpValue]) -> cython.void:
    """A bulk string of an element."""
    if value.text == cython.NULL:
        reply.put_bulk_integer(value.number)
    else:
        reply.put_bulk(value.text, value.length)


@cython.cfunc
@cython.exceptval(-1, check=False)
def reply_popped(reply: Reply, e: cython.pointer[Entry], count: cython.size_t, front: cython.bint) -> cython.int:
    """An array of so many elements from an end on, all of which there are, as popping takes them; deletes them."""
    length: cython.size_t = list_length(e)
    reply.array(count)
    list_reply(e, reply, 0 if front else length - 1, count, not front)
    list_delete(e, 0 if front else length - count, count)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def after_pop(
    db: Database, name: Slice, e: cython.pointer[Entry], count: cython.size_t, front: cython.bint
) -> cython.int:
    """Say that elements were popped off a list, of which there may be none left."""
    db.keyspace.dirty += count - 1
    db.changed(name, NOTIFY_LIST, b"lpop" if front else b"rpop")
    return list_shrunk(db, name, e)


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _offset(i: cython.longlong, n: cython.longlong) -> cython.longlong:
    """An index from the start, where negative ones count from the end; it may lie outside of the list."""
    return i + n if i < 0 else i


@cython.cfunc
@cython.exceptval(check=False)
def _range(n: cython.longlong, start: cython.longlong, stop: cython.longlong) -> ListRange:
    """What two indexes, both inclusive, mean in a list of so many elements."""
    found: ListRange
    start = _offset(start, n)
    stop = _offset(stop, n)
    if start < 0:
        start = 0
    if stop >= n:
        stop = n - 1
    found.start = start
    found.count = stop - start + 1 if start <= stop else 0
    return found


# Adding


@cython.cfunc
@cython.inline
@cython.exceptval(-1, check=False)
def _push(client: Client, args: Args, front: cython.bint, must_exist: cython.bint) -> cython.int:
    """LPUSH, RPUSH, LPUSHX and RPUSHX."""
    db: Database = client.db
    e: cython.pointer[Entry] = list_lookup_write(db, args.v[1])
    if e == cython.NULL and must_exist:
        client.reply.integer(0)
        return 0
    list_push_all(db, args.v[1], cython.address(e), cython.address(args.v[2]), args.argc - 2, front)
    client.reply.integer(list_length(e))
    db.keyspace.dirty += args.argc - 3
    db.changed(args.v[1], NOTIFY_LIST, b"lpush" if front else b"rpush")
    return 0


@command(
    "LPUSH",
    arity=-3,
    flags=WRITE | DENYOOM | FAST,
    group=LIST,
    since="1.0.0",
    complexity=PUSH_COMPLEXITY,
    history=(("2.4.0", "Several elements."),),
    keys=(key_at(1, RW | INSERT),),
    args=(key(), multiple(string("element"))),
)
def lpush(client: Client, args: Args) -> None:
    """Add elements at the front of a list, one after the other; a missing list is created."""
    _push(client, args, True, False)


@command(
    "RPUSH",
    arity=-3,
    flags=WRITE | DENYOOM | FAST,
    group=LIST,
    since="1.0.0",
    complexity=PUSH_COMPLEXITY,
    history=(("2.4.0", "Several elements."),),
    keys=(key_at(1, RW | INSERT),),
    args=(key(), multiple(string("element"))),
)
def rpush(client: Client, args: Args) -> None:
    """Add elements at the end of a list; a missing list is created."""
    _push(client, args, False, False)


@command(
    "LPUSHX",
    arity=-3,
    flags=WRITE | DENYOOM | FAST,
    group=LIST,
    since="2.2.0",
    complexity=PUSH_COMPLEXITY,
    history=(("4.0.0", "Several elements."),),
    keys=(key_at(1, RW | INSERT),),
    args=(key(), multiple(string("element"))),
)
def lpushx(client: Client, args: Args) -> None:
    """Add elements at the front of a list if it exists."""
    _push(client, args, True, True)


@command(
    "RPUSHX",
    arity=-3,
    flags=WRITE | DENYOOM | FAST,
    group=LIST,
    since="2.2.0",
    complexity=PUSH_COMPLEXITY,
    history=(("4.0.0", "Several elements."),),
    keys=(key_at(1, RW | INSERT),),
    args=(key(), multiple(string("element"))),
)
def rpushx(client: Client, args: Args) -> None:
    """Add elements at the end of a list if it exists."""
    _push(client, args, False, True)


@command(
    "LINSERT",
    arity=5,
    flags=WRITE | DENYOOM,
    group=LIST,
    since="2.2.0",
    complexity="O(N), where N is the number of elements before the pivot.",
    keys=(key_at(1, RW | INSERT),),
    args=(
        key(),
        one_of("where", token("BEFORE"), token("AFTER")),
        string("pivot"),
        string("element"),
    ),
)
def linsert(client: Client, args: Args) -> None:
    """Insert an element before or behind the first one that equals the pivot."""
    db: Database = client.db
    after: cython.bint = args.equals(2, b"after")
    if not after and not args.equals(2, b"before"):
        raise CommandError(SYNTAX)
    e: cython.pointer[Entry] = list_lookup_write(db, args.v[1])
    if e == cython.NULL:
        client.reply.integer(0)
        return
    if not list_insert(db, e, args.v[3], args.v[4], after):
        client.reply.integer(-1)
        return
    client.reply.integer(list_length(e))
    db.changed(args.v[1], NOTIFY_LIST, b"linsert")


@command(
    "LSET",
    arity=4,
    flags=WRITE | DENYOOM,
    group=LIST,
    since="1.0.0",
    complexity=SEEK_COMPLEXITY,
    keys=(key_at(1, RW | UPDATE),),
    args=(key(), integer("index"), string("element")),
)
def lset(client: Client, args: Args) -> None:
    """Replace the element at an index."""
    db: Database = client.db
    e: cython.pointer[Entry] = list_lookup_write(db, args.v[1])
    if e == cython.NULL:
        raise CommandError(NO_SUCH_KEY)
    length: cython.longlong = list_length(e)
    index: cython.longlong = _offset(args.integer(2), length)
    if not list_set(db, e, index if index >= 0 else length, args.v[3]):
        raise CommandError(INDEX_OUT_OF_RANGE)
    client.reply.ok()
    db.changed(args.v[1], NOTIFY_LIST, b"lset")


# Reading


@command(
    "LLEN",
    arity=2,
    flags=READONLY | FAST,
    group=LIST,
    since="1.0.0",
    complexity="O(1)",
    keys=(key_at(1, RO),),
    args=(key(),),
)
def llen(client: Client, args: Args) -> None:
    """Return the number of elements of a list."""
    e: cython.pointer[Entry] = list_lookup_read(client.db, args.v[1])
    client.reply.integer(list_length(e) if e != cython.NULL else 0)


@command(
    "LINDEX",
    arity=3,
    flags=READONLY,
    group=LIST,
    since="1.0.0",
    complexity=SEEK_COMPLEXITY,
    keys=(key_at(1, RO | ACCESS),),
    args=(key(), integer("index")),
)
def lindex(client: Client, args: Args) -> None:
    """Return the element at an index."""
    e: cython.pointer[Entry] = list_lookup_read(client.db, args.v[1])
    if e == cython.NULL:
        client.reply.null()
        return
    length: cython.longlong = list_length(e)
    index: cython.longlong = _offset(args.integer(2), length)
    if not 0 <= index < length:
        client.reply.null()
        return
    list_reply(e, client.reply, index, 1, False)


@command(
    "LRANGE",
    arity=4,
    flags=READONLY,
    group=LIST,
    since="1.0.0",
    complexity="O(S+N), where S is what LINDEX takes for the first element and N the number of elements returned.",
    keys=(key_at(1, RO | ACCESS),),
    args=(key(), integer("start"), integer("stop")),
)
def lrange(client: Client, args: Args) -> None:
    """Return the elements between two indexes, both inclusive."""
    start: cython.longlong = args.integer(2)
    stop: cython.longlong = args.integer(3)
    e: cython.pointer[Entry] = list_lookup_read(client.db, args.v[1])
    if e == cython.NULL:
        client.reply.array(0)
        return
    found: ListRange = _range(list_length(e), start, stop)
    client.reply.array(found.count)
    if found.count:
        list_reply(e, client.reply, found.start, found.count, False)


@cython.cfunc
@cython.exceptval(-1, check=True)
def _natural(args: Args, i: cython.Py_ssize_t, problem: bytes) -> cython.longlong:
    """An integer from 0 on; anything else raises CommandError with this text."""
    value: cython.longlong = 0
    if not parse_longlong(args.v[i].p, args.v[i].n, cython.address(value)) or value < 0:
        raise CommandError(problem)
    return value


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_search(args: Args, search: cython.pointer[ListSearch]) -> cython.int:
    """The options of LPOS."""
    lowest: cython.longlong = -cython.cast(cython.longlong, LONGLONG_MAX)
    i: cython.Py_ssize_t = 3
    search.rank = 1
    search.count = -1
    search.most = 0
    while i < args.argc:
        if i + 1 == args.argc:
            raise CommandError(SYNTAX)
        if args.equals(i, b"rank"):
            search.rank = args.integer(i + 1)
            if search.rank < lowest:
                raise CommandError(RANK_OUT_OF_RANGE)
            if search.rank == 0:
                raise CommandError(ZERO_RANK)
        elif args.equals(i, b"count"):
            search.count = _natural(args, i + 1, NEGATIVE_COUNT)
        elif args.equals(i, b"maxlen"):
            search.most = _natural(args, i + 1, NEGATIVE_MAXLEN)
        else:
            raise CommandError(SYNTAX)
        i += 2
    search.reverse = search.rank < 0
    search.skip = (-search.rank if search.reverse else search.rank) - 1
    search.wanted = search.count if search.count > 0 else LONGLONG_MAX if search.count == 0 else 1
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _reply_positions(
    reply: Reply, e: cython.pointer[Entry], text: Slice, search: cython.pointer[ListSearch]
) -> cython.Py_ssize_t:
    """An integer for each element that is looked for; returns how many there were."""
    it: ListIterator
    value: LpValue
    needle: ListNeedle
    length: cython.longlong = list_length(e)
    most: cython.longlong = search.most if search.most else length
    i: cython.longlong
    matches: cython.longlong = 0
    list_needle(text, cython.address(needle))
    list_iterate(e, cython.address(it), length - 1 if search.reverse else 0, search.reverse)
    for i in range(length if length < most else most):
        list_next(cython.address(it), cython.address(value))
        if not list_is(cython.address(value), cython.address(needle)):
            continue
        matches += 1
        if matches <= search.skip:
            continue
        reply.integer(length - 1 - i if search.reverse else i)
        if matches - search.skip == search.wanted:
            break
    return matches - search.skip if matches > search.skip else 0


@command(
    "LPOS",
    arity=-3,
    flags=READONLY,
    group=LIST,
    since="6.0.6",
    complexity="O(N), where N is the number of elements that are compared: at most MAXLEN.",
    keys=(key_at(1, RO | ACCESS),),
    args=(
        key(),
        string("element"),
        optional(integer("rank", token="RANK")),
        optional(integer("num-matches", token="COUNT")),
        optional(integer("len", token="MAXLEN")),
    ),
)
def lpos(client: Client, args: Args) -> None:
    """Return the index of the elements that equal a string."""
    search: ListSearch
    reply: Reply = client.reply
    _parse_search(args, cython.address(search))
    e: cython.pointer[Entry] = list_lookup_read(client.db, args.v[1])
    mark: cython.Py_ssize_t = reply.open()
    found: cython.Py_ssize_t = 0
    if e != cython.NULL:
        found = _reply_positions(reply, e, args.v[2], cython.address(search))
    if search.count >= 0:
        reply.close_array(mark, found)
    elif found == 0:
        reply.null()


# Removing


@cython.cfunc
@cython.inline
@cython.exceptval(-1, check=False)
def _pop(client: Client, args: Args, front: cython.bint) -> cython.int:
    """LPOP and RPOP."""
    value: LpValue
    db: Database = client.db
    reply: Reply = client.reply
    count: cython.longlong = -1
    if args.argc > 3:
        raise CommandError(wrong_arity(client.last_command.wire_name))
    if args.argc == 3:
        count = _natural(args, 2, OUT_OF_RANGE_POSITIVE)
    e: cython.pointer[Entry] = list_lookup_write(db, args.v[1])
    if e == cython.NULL:
        if count < 0:
            reply.null()
        else:
            reply.null_array()
    elif count < 0:
        list_peek(e, front, cython.address(value))
        reply_value(reply, cython.address(value))
        list_drop(e, front)
        after_pop(db, args.v[1], e, 1, front)
    elif count == 0:
        reply.array(0)
    else:
        length: cython.longlong = list_length(e)
        if count > length:
            count = length
        reply_popped(reply, e, count, front)
        after_pop(db, args.v[1], e, count, front)
    return 0


@command(
    "LPOP",
    arity=-2,
    flags=WRITE | FAST,
    group=LIST,
    since="1.0.0",
    complexity=POP_COMPLEXITY,
    history=(("6.2.0", "`count`."),),
    keys=(key_at(1, RW | ACCESS | DELETE),),
    args=(key(), optional(integer("count", since="6.2.0"))),
)
def lpop(client: Client, args: Args) -> None:
    """Remove the first element of a list and return it, or up to so many of them."""
    _pop(client, args, True)


@command(
    "RPOP",
    arity=-2,
    flags=WRITE | FAST,
    group=LIST,
    since="1.0.0",
    complexity=POP_COMPLEXITY,
    history=(("6.2.0", "`count`."),),
    keys=(key_at(1, RW | ACCESS | DELETE),),
    args=(key(), optional(integer("count", since="6.2.0"))),
)
def rpop(client: Client, args: Args) -> None:
    """Remove the last element of a list and return it, or up to so many of them, the last one first."""
    _pop(client, args, False)


@command(
    "LREM",
    arity=4,
    flags=WRITE,
    group=LIST,
    since="1.0.0",
    complexity="O(N), where N is the length of the list.",
    keys=(key_at(1, RW | DELETE),),
    args=(key(), integer("count"), string("element")),
)
def lrem(client: Client, args: Args) -> None:
    """Remove the elements that equal a string: all, or so many from the front, or from the end for a negative count."""
    db: Database = client.db
    count: cython.longlong = args.integer(2)
    e: cython.pointer[Entry] = list_lookup_write(db, args.v[1])
    if e == cython.NULL:
        client.reply.integer(0)
        return
    most: cython.size_t = LONGLONG_MAX
    if count:
        # The lowest integer has no negative, but as an unsigned number it has.
        most = count if count > 0 else 0 - cython.cast(cython.size_t, count)
    removed: cython.size_t = list_remove(e, args.v[3], most, count < 0)
    client.reply.integer(removed)
    if removed:
        db.keyspace.dirty += removed - 1
        db.changed(args.v[1], NOTIFY_LIST, b"lrem")
        list_shrunk(db, args.v[1], e)


@command(
    "LTRIM",
    arity=4,
    flags=WRITE,
    group=LIST,
    since="1.0.0",
    complexity="O(N), where N is the number of elements removed.",
    keys=(key_at(1, RW | DELETE),),
    args=(key(), integer("start"), integer("stop")),
)
def ltrim(client: Client, args: Args) -> None:
    """Keep only the elements between two indexes, both inclusive."""
    db: Database = client.db
    start: cython.longlong = args.integer(2)
    stop: cython.longlong = args.integer(3)
    e: cython.pointer[Entry] = list_lookup_write(db, args.v[1])
    client.reply.ok()
    if e == cython.NULL:
        return
    length: cython.longlong = list_length(e)
    kept: ListRange = _range(length, start, stop)
    if kept.count == 0:
        list_delete(e, 0, length)
    else:
        list_delete(e, kept.start + kept.count, length)
        list_delete(e, 0, kept.start)
    db.keyspace.dirty += length - kept.count - 1
    db.changed(args.v[1], NOTIFY_LIST, b"ltrim")
    list_shrunk(db, args.v[1], e)
