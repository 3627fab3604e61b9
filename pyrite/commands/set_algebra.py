"""Unions, intersections and differences of sets: replied, counted, or stored.

Each operation is a walk over one or more sets that hands the members of its result to `_take`, which knows what becomes
of them. A result goes into a set of its own only where it is stored, or where that is what keeps members apart.
"""

import cython
from cython.cimports.libc.stdint import uint64_t
from cython.cimports.libc.stdlib import qsort
from cython.cimports.pyrite.commands.set import put_members, put_value
from cython.cimports.pyrite.core.entry import (
    ENCODING_HASHTABLE,
    ENCODING_INTSET,
    ENCODING_LISTPACK,
    TYPE_SET,
    Entry,
    entry_encoding,
    entry_free,
    entry_type,
)
from cython.cimports.pyrite.core.hashtable import EntryList, free_list, list_entry
from cython.cimports.pyrite.core.listpack import LpValue
from cython.cimports.pyrite.core.parser import Args, Slice
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.keyspace.database import NOTIFY_GENERIC, NOTIFY_SET, Database, Keyspace, slice_of
from cython.cimports.pyrite.types.set import (
    Member,
    SetIterator,
    member_is_number,
    member_of_value,
    set_add_member,
    set_has,
    set_iterate,
    set_length,
    set_lookup_read,
    set_make_intset,
    set_new,
    set_next,
    set_prefetch,
    set_remove_member,
    set_store,
)

from pyrite.core.errors import SYNTAX, CommandError
from pyrite.engine.command import command
from pyrite.engine.declare import (
    ACCESS,
    DENYOOM,
    NONDETERMINISTIC_OUTPUT_ORDER,
    OW,
    READONLY,
    RO,
    RW,
    SET,
    UPDATE,
    WRITE,
    integer,
    key,
    key_at,
    key_range,
    keys_by_count,
    multiple,
    optional,
)

TOO_FEW_KEYS = b"ERR numkeys should be greater than 0"
TOO_MANY_KEYS = b"ERR Number of keys can't be greater than number of args"
NEGATIVE_LIMIT = b"ERR LIMIT can't be negative"


# The sets


@cython.cfunc
@cython.exceptval(-1, check=False)
def _find_sets(
    db: Database, args: Args, start: cython.Py_ssize_t, end: cython.Py_ssize_t, sets: cython.pointer[EntryList]
) -> cython.Py_ssize_t:
    """List the sets that these arguments name; returns how many are missing. Raises CommandError WRONG_TYPE.

    All are looked up before the first is listed, as a look-up may tell hooks of an expired key.
    """
    i: cython.Py_ssize_t
    missing: cython.Py_ssize_t = 0
    sets.items = cython.NULL
    sets.count = 0
    sets.capacity = 0
    for i in range(start, end):
        set_lookup_read(db, args.v[i])
    for i in range(start, end):
        e: cython.pointer[Entry] = db.peek(args.v[i])
        if e == cython.NULL or entry_type(e) != TYPE_SET:
            missing += 1
        else:
            list_entry(sets, e)
    return missing


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _length_at(slot: cython.p_const_void) -> cython.size_t:
    return set_length(cython.cast(cython.pointer[cython.pointer[Entry]], slot)[0])


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _by_length(a: cython.p_const_void, b: cython.p_const_void) -> cython.int:
    x: cython.size_t = _length_at(a)
    y: cython.size_t = _length_at(b)
    return (x > y) - (x < y)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _by_length_down(a: cython.p_const_void, b: cython.p_const_void) -> cython.int:
    return _by_length(b, a)


# The result


@cython.cfunc
@cython.exceptval(check=False)
def _begin(result: cython.pointer[Result], kind: cython.int, target: cython.pointer[Entry]) -> cython.void:
    result.kind = kind
    result.count = 0
    result.limit = 0
    result.target = target
    result.only_integers = True


@cython.cfunc
@cython.exceptval(-1, check=False)
def _take(
    client: Client, result: cython.pointer[Result], value: cython.pointer[LpValue], m: cython.pointer[Member]
) -> cython.bint:
    """Add a member to the result; False where no more are wanted."""
    db: Database = client.db
    if result.kind == TO_REPLY:
        put_value(client.reply, value)
    elif result.kind == TO_SET:
        if result.only_integers and not member_is_number(m):
            result.only_integers = False
        result.count += set_add_member(db.keyspace, result.target, m)
        return True
    result.count += 1
    return result.count != result.limit


@cython.cfunc
@cython.exceptval(-1, check=False)
def _store(client: Client, target: cython.pointer[Entry], key: Slice, event: bytes) -> cython.int:
    """Put a result under its key, or delete the key where the result is empty; replies how many members it has."""
    db: Database = client.db
    count: cython.size_t = set_length(target)
    client.reply.integer(count)
    if count:
        set_store(db, target)
        db.changed(key, NOTIFY_SET, event)
        return 0
    entry_free(target)
    if db.lookup_write(key) != cython.NULL:
        db.delete(key, db.keyspace.lazy_server_delete)
        db.changed(key, NOTIFY_GENERIC, b"del")
    return 0


# Walks that ask other sets for each member


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _next_members(
    it: cython.pointer[SetIterator], sets: cython.pointer[EntryList], batch: cython.pointer[Batch]
) -> cython.bint:
    """Read the next members of a walk, and have fetched where the second set has them; False at the end."""
    i: cython.size_t
    batch.count = 0
    while batch.count < BATCH and set_next(it, cython.address(batch.values[batch.count])):
        member_of_value(cython.address(batch.members[batch.count]), cython.address(batch.values[batch.count]))
        batch.count += 1
    if sets.count > 1:
        for i in range(batch.count):
            set_prefetch(sets.items[1], cython.address(batch.members[i]))
    return batch.count > 0


# Intersection


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _in_all_others(sets: cython.pointer[EntryList], m: cython.pointer[Member]) -> cython.bint:
    i: cython.size_t
    for i in range(1, sets.count):
        if sets.items[i] != sets.items[0] and not set_has(sets.items[i], m):
            return False
    return True


@cython.cfunc
@cython.exceptval(-1, check=False)
def _intersect(client: Client, sets: cython.pointer[EntryList], result: cython.pointer[Result]) -> cython.int:
    """Walk through the smallest set, and ask the others in the order of their size."""
    i: cython.size_t
    it: SetIterator
    batch: Batch
    set_iterate(sets.items[0], cython.address(it))
    while _next_members(cython.address(it), sets, cython.address(batch)):
        for i in range(batch.count):
            if _in_all_others(sets, cython.address(batch.members[i])) and not _take(
                client, result, cython.address(batch.values[i]), cython.address(batch.members[i])
            ):
                return 0
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _reply_intersection(
    client: Client, args: Args, start: cython.Py_ssize_t, end: cython.Py_ssize_t, result: cython.pointer[Result]
) -> cython.int:
    """Write the members that all these sets have, or count them."""
    sets: EntryList
    mark: cython.Py_ssize_t = client.reply.open()
    try:
        if not _find_sets(client.db, args, start, end, cython.address(sets)):
            qsort(sets.items, sets.count, cython.sizeof(cython.p_void), _by_length)
            _intersect(client, cython.address(sets), result)
    finally:
        free_list(cython.address(sets))
    if result.kind == TO_REPLY:
        client.reply.close_set(mark, result.count)
    else:
        client.reply.integer(result.count)
    return 0


@command(
    "SINTER",
    arity=-2,
    flags=READONLY,
    group=SET,
    since="1.0.0",
    complexity="O(N*M) at worst, where N is the size of the smallest set and M the number of sets.",
    keys=(key_range(1, -1, RO | ACCESS),),
    tips=(NONDETERMINISTIC_OUTPUT_ORDER,),
    args=(multiple(key()),),
)
def sinter(client: Client, args: Args) -> None:
    """Return the members that several sets have in common."""
    result: Result
    _begin(cython.address(result), TO_REPLY, cython.NULL)
    _reply_intersection(client, args, 1, args.argc, cython.address(result))


@cython.cfunc
@cython.exceptval(-1, check=True)
def _at_least(args: Args, i: cython.Py_ssize_t, least: cython.longlong, problem: bytes) -> cython.longlong:
    """An integer that is not below the least; all else is told of in the same words."""
    value: cython.longlong
    try:
        value = args.integer(i)
    except CommandError:
        raise CommandError(problem) from None
    if value < least:
        raise CommandError(problem)
    return value


@command(
    "SINTERCARD",
    arity=-3,
    flags=READONLY,
    group=SET,
    since="7.0.0",
    complexity="O(N*M) at worst, where N is the size of the smallest set and M the number of sets.",
    keys=(keys_by_count(1, RO | ACCESS),),
    args=(integer("numkeys"), multiple(key()), optional(integer("limit", token="LIMIT"))),
)
def sintercard(client: Client, args: Args) -> None:
    """Count the members that several sets have in common, up to a limit."""
    result: Result
    keys: cython.longlong = _at_least(args, 1, 1, TOO_FEW_KEYS)
    if keys > args.argc - 2:
        raise CommandError(TOO_MANY_KEYS)
    _begin(cython.address(result), TO_COUNT, cython.NULL)
    i: cython.Py_ssize_t
    for i in range(2 + keys, args.argc, 2):
        if i + 1 == args.argc or not args.equals(i, b"limit"):
            raise CommandError(SYNTAX)
        result.limit = _at_least(args, i + 1, 0, NEGATIVE_LIMIT)
    _reply_intersection(client, args, 2, 2 + keys, cython.address(result))


@cython.cfunc
@cython.exceptval(-1, check=False)
def _build_intersection(client: Client, sets: cython.pointer[EntryList], target: cython.pointer[Entry]) -> cython.int:
    db: Database = client.db
    result: Result
    _begin(cython.address(result), TO_SET, target)
    _intersect(client, sets, cython.address(result))
    if result.only_integers:
        set_make_intset(db.keyspace, target)
    return 0


@command(
    "SINTERSTORE",
    arity=-3,
    flags=WRITE | DENYOOM,
    group=SET,
    since="1.0.0",
    complexity="O(N*M) at worst, where N is the size of the smallest set and M the number of sets.",
    keys=(key_at(1, RW | UPDATE), key_range(2, -1, RO | ACCESS)),
    args=(key("destination"), multiple(key(spec=1))),
)
def sinterstore(client: Client, args: Args) -> None:
    """Store the members that several sets have in common as another set."""
    sets: EntryList
    encoding: cython.int = ENCODING_LISTPACK
    target: cython.pointer[Entry] = cython.NULL
    try:
        missing: cython.Py_ssize_t = _find_sets(client.db, args, 2, args.argc, cython.address(sets))
        if not missing:
            qsort(sets.items, sets.count, cython.sizeof(cython.p_void), _by_length)
            if entry_encoding(sets.items[0]) == ENCODING_INTSET:
                encoding = ENCODING_INTSET
        target = set_new(client.db, args.v[1], encoding, 0)
        if not missing:
            _build_intersection(client, cython.address(sets), target)
    except CommandError:
        if target != cython.NULL:
            entry_free(target)
        raise
    finally:
        free_list(cython.address(sets))
    _store(client, target, args.v[1], b"sinterstore")


# Union


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _in_any(
    sets: cython.pointer[EntryList], start: cython.size_t, end: cython.size_t, m: cython.pointer[Member]
) -> cython.bint:
    i: cython.size_t
    for i in range(start, end):
        if set_has(sets.items[i], m):
            return True
    return False


@cython.cfunc
@cython.exceptval(-1, check=False)
def _take_all(
    client: Client, sets: cython.pointer[EntryList], index: cython.size_t, result: cython.pointer[Result]
) -> cython.int:
    """Hand over the members of one set, in a reply only those that no set before it has."""
    it: SetIterator
    value: LpValue
    m: Member
    set_iterate(sets.items[index], cython.address(it))
    while set_next(cython.address(it), cython.address(value)):
        member_of_value(cython.address(m), cython.address(value))
        if result.kind == TO_SET or not _in_any(sets, 0, index, cython.address(m)):
            _take(client, result, cython.address(value), cython.address(m))
    return 0


@cython.cfunc
@cython.exceptval(check=False)
def _looks_up_less(sets: cython.pointer[EntryList]) -> cython.bint:
    """Tell whether asking each set for the members of those behind it costs less than building a set of them all."""
    i: cython.size_t
    look_ups: cython.double = 0
    members: cython.double = 0
    for i in range(sets.count):
        look_ups += cython.cast(cython.double, set_length(sets.items[i])) * i
        members += set_length(sets.items[i])
    return look_ups <= members * UNION_RATIO


@cython.cfunc
@cython.exceptval(check=False)
def _is_large(limits: Keyspace, length: cython.longlong) -> cython.bint:
    """Tell whether a set of so many members is a table, whatever they are."""
    return length > limits.set_max_intset_entries and length > limits.set_max_listpack_entries


@cython.cfunc
def _new_result(client: Client, key: Slice, largest: cython.pointer[Entry]) -> cython.pointer[Entry]:
    """An empty set for a result that has all members of the largest one; `largest` may be NULL."""
    db: Database = client.db
    length: cython.size_t = 0 if largest == cython.NULL else set_length(largest)
    return set_new(db, key, ENCODING_HASHTABLE if _is_large(db.keyspace, length) else ENCODING_INTSET, length)


@cython.cfunc
def _build_union(client: Client, sets: cython.pointer[EntryList], key: Slice) -> cython.pointer[Entry]:
    """The union as a set for this key, in no database."""
    i: cython.size_t
    result: Result
    largest: cython.pointer[Entry] = cython.NULL
    for i in range(sets.count):
        if largest == cython.NULL or set_length(sets.items[i]) > set_length(largest):
            largest = sets.items[i]
    _begin(cython.address(result), TO_SET, _new_result(client, key, largest))
    # What the members are does not matter here, so none is looked at.
    result.only_integers = False
    try:
        for i in range(sets.count):
            _take_all(client, sets, i, cython.address(result))
    except CommandError:
        entry_free(result.target)
        raise
    return result.target


@cython.cfunc
@cython.exceptval(-1, check=False)
def _reply_set(client: Client, e: cython.pointer[Entry]) -> cython.int:
    """Write a set that is in no database, and free it."""
    client.reply.set_(set_length(e))
    put_members(client.reply, e)
    client.db.free_entry(e, client.db.keyspace.lazy_server_delete)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _reply_union(client: Client, sets: cython.pointer[EntryList]) -> cython.int:
    i: cython.size_t
    result: Result
    qsort(sets.items, sets.count, cython.sizeof(cython.p_void), _by_length_down)
    if not _looks_up_less(sets):
        return _reply_set(client, _build_union(client, sets, slice_of(b"")))
    mark: cython.Py_ssize_t = client.reply.open()
    _begin(cython.address(result), TO_REPLY, cython.NULL)
    for i in range(sets.count):
        _take_all(client, sets, i, cython.address(result))
    client.reply.close_set(mark, result.count)
    return 0


@command(
    "SUNION",
    arity=-2,
    flags=READONLY,
    group=SET,
    since="1.0.0",
    complexity="O(N), where N is the number of members of all sets together.",
    keys=(key_range(1, -1, RO | ACCESS),),
    tips=(NONDETERMINISTIC_OUTPUT_ORDER,),
    args=(multiple(key()),),
)
def sunion(client: Client, args: Args) -> None:
    """Return the members that any of several sets has."""
    sets: EntryList
    try:
        _find_sets(client.db, args, 1, args.argc, cython.address(sets))
        _reply_union(client, cython.address(sets))
    finally:
        free_list(cython.address(sets))


@command(
    "SUNIONSTORE",
    arity=-3,
    flags=WRITE | DENYOOM,
    group=SET,
    since="1.0.0",
    complexity="O(N), where N is the number of members of all sets together.",
    keys=(key_at(1, OW | UPDATE), key_range(2, -1, RO | ACCESS)),
    args=(key("destination"), multiple(key(spec=1))),
)
def sunionstore(client: Client, args: Args) -> None:
    """Store the members that any of several sets has as another set."""
    sets: EntryList
    target: cython.pointer[Entry]
    try:
        _find_sets(client.db, args, 2, args.argc, cython.address(sets))
        target = _build_union(client, cython.address(sets), args.v[1])
    finally:
        free_list(cython.address(sets))
    _store(client, target, args.v[1], b"sunionstore")


# Difference


@cython.cfunc
@cython.exceptval(check=False)
def _is_subtracted_from_itself(sets: cython.pointer[EntryList]) -> cython.bint:
    i: cython.size_t
    for i in range(1, sets.count):
        if sets.items[i] == sets.items[0]:
            return True
    return False


@cython.cfunc
@cython.exceptval(check=False)
def _removes_less(sets: cython.pointer[EntryList]) -> cython.bint:
    """Tell whether it costs less to take the members of all the other sets away from a copy of the first one.

    Looking its members up in the others is counted half: it copies nothing, and ends where one set has the member.
    """
    i: cython.size_t
    look_ups: uint64_t = cython.cast(uint64_t, set_length(sets.items[0])) * sets.count
    members: uint64_t = 0
    for i in range(sets.count):
        members += set_length(sets.items[i])
    return look_ups // 2 > members


@cython.cfunc
@cython.exceptval(-1, check=False)
def _take_difference(client: Client, sets: cython.pointer[EntryList], result: cython.pointer[Result]) -> cython.int:
    """Walk through the first set, and ask the others, the largest first."""
    i: cython.size_t
    it: SetIterator
    batch: Batch
    qsort(cython.address(sets.items[1]), sets.count - 1, cython.sizeof(cython.p_void), _by_length_down)
    set_iterate(sets.items[0], cython.address(it))
    while _next_members(cython.address(it), sets, cython.address(batch)):
        for i in range(batch.count):
            if not _in_any(sets, 1, sets.count, cython.address(batch.members[i])):
                _take(client, result, cython.address(batch.values[i]), cython.address(batch.members[i]))
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _remove_all(client: Client, sets: cython.pointer[EntryList], target: cython.pointer[Entry]) -> cython.int:
    """Fill a set with the members of the first one, and take those of the others away."""
    it: SetIterator
    value: LpValue
    m: Member
    i: cython.size_t
    db: Database = client.db
    for i in range(sets.count):
        set_iterate(sets.items[i], cython.address(it))
        while set_next(cython.address(it), cython.address(value)):
            member_of_value(cython.address(m), cython.address(value))
            if i == 0:
                set_add_member(db.keyspace, target, cython.address(m))
            else:
                set_remove_member(target, cython.address(m))
        if set_length(target) == 0:
            break
    return 0


@cython.cfunc
def _build_difference(
    client: Client, sets: cython.pointer[EntryList], key: Slice, removes: cython.bint
) -> cython.pointer[Entry]:
    """The difference as a set for this key, in no database; `sets` is empty where nothing is left for sure."""
    result: Result
    largest: cython.pointer[Entry] = sets.items[0] if removes else cython.NULL
    _begin(cython.address(result), TO_SET, _new_result(client, key, largest))
    result.only_integers = False
    try:
        if removes:
            _remove_all(client, sets, result.target)
        elif sets.count:
            _take_difference(client, sets, cython.address(result))
    except CommandError:
        entry_free(result.target)
        raise
    return result.target


@cython.cfunc
@cython.exceptval(-1, check=False)
def _find_for_difference(
    client: Client, args: Args, start: cython.Py_ssize_t, sets: cython.pointer[EntryList]
) -> cython.bint:
    """List the sets, none where nothing can be left; returns whether to take members away from a copy."""
    _find_sets(client.db, args, start, args.argc, sets)
    if client.db.peek(args.v[start]) == cython.NULL or _is_subtracted_from_itself(sets):
        sets.count = 0
    return sets.count > 0 and _removes_less(sets)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _reply_difference(client: Client, sets: cython.pointer[EntryList]) -> cython.int:
    result: Result
    mark: cython.Py_ssize_t = client.reply.open()
    _begin(cython.address(result), TO_REPLY, cython.NULL)
    if sets.count:
        _take_difference(client, sets, cython.address(result))
    client.reply.close_set(mark, result.count)
    return 0


@command(
    "SDIFF",
    arity=-2,
    flags=READONLY,
    group=SET,
    since="1.0.0",
    complexity="O(N), where N is the number of members of all sets together.",
    keys=(key_range(1, -1, RO | ACCESS),),
    tips=(NONDETERMINISTIC_OUTPUT_ORDER,),
    args=(multiple(key()),),
)
def sdiff(client: Client, args: Args) -> None:
    """Return the members of the first set that none of the others has."""
    sets: EntryList
    try:
        if _find_for_difference(client, args, 1, cython.address(sets)):
            _reply_set(client, _build_difference(client, cython.address(sets), slice_of(b""), True))
        else:
            _reply_difference(client, cython.address(sets))
    finally:
        free_list(cython.address(sets))


@command(
    "SDIFFSTORE",
    arity=-3,
    flags=WRITE | DENYOOM,
    group=SET,
    since="1.0.0",
    complexity="O(N), where N is the number of members of all sets together.",
    keys=(key_at(1, OW | UPDATE), key_range(2, -1, RO | ACCESS)),
    args=(key("destination"), multiple(key(spec=1))),
)
def sdiffstore(client: Client, args: Args) -> None:
    """Store the members of the first set that none of the others has as another set."""
    sets: EntryList
    target: cython.pointer[Entry]
    try:
        removes: cython.bint = _find_for_difference(client, args, 2, cython.address(sets))
        target = _build_difference(client, cython.address(sets), args.v[1], removes)
    finally:
        free_list(cython.address(sets))
    _store(client, target, args.v[1], b"sdiffstore")
