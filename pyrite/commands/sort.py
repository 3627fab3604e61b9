"""SORT and SORT_RO: the elements of a list, a set or a sorted set in an order, and what other keys have for them."""

import cython
from cython.cimports.pyrite.commands.set import put_value
from cython.cimports.pyrite.core.entry import (
    ENCODING_INT,
    TYPE_HASH,
    TYPE_LIST,
    TYPE_SET,
    TYPE_STRING,
    TYPE_ZSET,
    Entry,
    entry_encoding,
    entry_type,
)
from cython.cimports.pyrite.core.listpack import LpValue
from cython.cimports.pyrite.core.memory import mem_free, mem_try_alloc
from cython.cimports.pyrite.core.parser import Args, Slice
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.core.sorter import (
    PATTERN_FIELD,
    PATTERN_KEY,
    PATTERN_NONE,
    PATTERN_SELF,
    Sorter,
    SortPattern,
    pattern_close,
    pattern_name,
    pattern_parse,
    sort_number,
    sorter_add,
    sorter_close,
    sorter_open,
    sorter_set_number,
    sorter_set_text,
    sorter_sort,
)
from cython.cimports.pyrite.engine.client import CLIENT_SCRIPT, Client
from cython.cimports.pyrite.keyspace.database import NO_EXPIRE, NOTIFY_GENERIC, NOTIFY_LIST, Database
from cython.cimports.pyrite.types.hash import hash_get
from cython.cimports.pyrite.types.list import (
    ListBuilder,
    ListIterator,
    list_build,
    list_build_add,
    list_build_discard,
    list_build_store,
    list_iterate,
    list_length,
    list_next,
)
from cython.cimports.pyrite.types.set import (
    Member,
    SetIterator,
    member_of_value,
    member_text,
    set_iterate,
    set_length,
    set_next,
)
from cython.cimports.pyrite.types.sorted_set import ZsetIterator, zset_iterate_from, zset_length, zset_next
from cython.cimports.pyrite.types.string import string_integer, string_view

from pyrite.core.errors import NO_MEMORY_FOR_VALUE, SYNTAX, WRONG_TYPE, CommandError
from pyrite.engine.command import command
from pyrite.engine.declare import (
    ACCESS,
    ACL,
    DENYOOM,
    GENERIC,
    OW,
    READONLY,
    RO,
    UPDATE,
    WRITE,
    block,
    integer,
    key,
    key_at,
    keys_unknown,
    multiple,
    one_of,
    optional,
    pattern,
    token,
)

NOT_DOUBLE = b"ERR One or more scores can't be converted into double"

# What SORT has instead of the category of its group.
SORT_ACL = ACL.SET | ACL.SORTEDSET | ACL.LIST | ACL.DANGEROUS


# The request


@cython.cfunc
@cython.exceptval(check=False)
def _begin(request: cython.pointer[SortRequest]) -> cython.void:
    request.descending = False
    request.by_text = False
    request.unsorted = False
    request.has_by = False
    request.by.kind = PATTERN_NONE
    request.by.name = cython.NULL
    request.offset = 0
    request.count = -1
    request.store_at = 0
    request.gets = cython.NULL
    request.get_count = 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_option(
    args: Args, i: cython.Py_ssize_t, request: cython.pointer[SortRequest], readonly: cython.bint
) -> cython.int:
    """Take in the option that begins at an argument; returns how many arguments it has. Raises CommandError."""
    left: cython.Py_ssize_t = args.argc - i - 1
    if args.equals(i, b"asc") or args.equals(i, b"desc"):
        request.descending = args.equals(i, b"desc")
        return 1
    if args.equals(i, b"alpha"):
        request.by_text = True
        return 1
    if left >= 2 and args.equals(i, b"limit"):
        request.offset = args.integer(i + 1)
        request.count = args.integer(i + 2)
        return 3
    if left >= 1 and not readonly and args.equals(i, b"store"):
        request.store_at = i + 1
        return 2
    if left >= 1 and args.equals(i, b"by"):
        pattern_parse(cython.address(request.by), args.v[i + 1])
        request.has_by = True
        # One such pattern is enough, whatever others follow.
        request.unsorted = request.unsorted or request.by.kind < PATTERN_KEY
        return 2
    if left >= 1 and args.equals(i, b"get"):
        request.get_count += 1
        return 2
    raise CommandError(SYNTAX)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _parse_gets(args: Args, request: cython.pointer[SortRequest]) -> cython.int:
    """Take in the patterns of GET, of options that are right; raises CommandError without memory."""
    i: cython.Py_ssize_t = 2
    found: cython.size_t = 0
    if not request.get_count:
        return 0
    request.gets = cython.cast(
        cython.pointer[SortPattern], mem_try_alloc(request.get_count * cython.sizeof(SortPattern))
    )
    if request.gets == cython.NULL:
        raise CommandError(NO_MEMORY_FOR_VALUE)
    while i < args.argc:
        if args.equals(i, b"get"):
            pattern_parse(cython.address(request.gets[found]), args.v[i + 1])
            found += 1
            i += 2
        elif args.equals(i, b"limit"):
            i += 3
        else:
            i += 2 if args.equals(i, b"by") or args.equals(i, b"store") else 1
    return 0


@cython.cfunc
@cython.exceptval(check=False)
def _end(request: cython.pointer[SortRequest]) -> cython.void:
    """Free what the request has."""
    i: cython.size_t
    pattern_close(cython.address(request.by))
    if request.gets != cython.NULL:
        for i in range(request.get_count):
            pattern_close(cython.address(request.gets[i]))
        mem_free(request.gets, request.get_count * cython.sizeof(SortPattern))


# What is sorted


@cython.cfunc
@cython.exceptval(-1, check=False)
def _find(client: Client, name: Slice, e: cython.pointer[cython.pointer[Entry]]) -> cython.size_t:
    """Look up what is to be sorted, NULL for a missing key; returns its length. Raises CommandError WRONG_TYPE."""
    e[0] = client.db.lookup_read(name)
    if e[0] == cython.NULL:
        return 0
    if entry_type(e[0]) == TYPE_LIST:
        return list_length(e[0])
    if entry_type(e[0]) == TYPE_SET:
        return set_length(e[0])
    if entry_type(e[0]) == TYPE_ZSET:
        return zset_length(e[0])
    raise CommandError(WRONG_TYPE)


@cython.cfunc
@cython.exceptval(check=False)
def _range_of(request: cython.pointer[SortRequest], length: cython.longlong) -> SortRange:
    """What LIMIT leaves of so many elements; no sum of what a client sent is made."""
    part: SortRange
    first: cython.longlong = max(min(request.offset, length), 0)
    rest: cython.longlong = length - first
    part.first = first
    part.count = rest if request.count < 0 or request.count > rest else request.count
    return part


@cython.cfunc
@cython.exceptval(check=False)
def _add_list(
    s: cython.pointer[Sorter], e: cython.pointer[Entry], part: SortRange, reverse: cython.bint
) -> cython.void:
    it: ListIterator
    value: LpValue
    if part.count:
        list_iterate(e, cython.address(it), list_length(e) - 1 - part.first if reverse else part.first, reverse)
        while s.count < part.count and list_next(cython.address(it), cython.address(value)):
            sorter_add(s, cython.address(value))


@cython.cfunc
@cython.exceptval(check=False)
def _add_set(s: cython.pointer[Sorter], e: cython.pointer[Entry], part: SortRange) -> cython.void:
    it: SetIterator
    value: LpValue
    passed: cython.size_t = part.first
    set_iterate(e, cython.address(it))
    while s.count < part.count and set_next(cython.address(it), cython.address(value)):
        if passed:
            passed -= 1
        else:
            sorter_add(s, cython.address(value))


@cython.cfunc
@cython.exceptval(check=False)
def _add_zset(
    s: cython.pointer[Sorter], e: cython.pointer[Entry], part: SortRange, reverse: cython.bint
) -> cython.void:
    it: ZsetIterator
    value: LpValue
    score: cython.double = 0
    if part.count:
        zset_iterate_from(e, cython.address(it), zset_length(e) - 1 - part.first if reverse else part.first, reverse)
        while s.count < part.count and zset_next(cython.address(it), cython.address(value), cython.address(score)):
            sorter_add(s, cython.address(value))


@cython.cfunc
@cython.exceptval(check=False)
def _add_elements(
    s: cython.pointer[Sorter], e: cython.pointer[Entry], part: SortRange, reverse: cython.bint
) -> cython.void:
    """Add a part of the elements, in the order that the collection has by itself, or in the opposite one."""
    if e == cython.NULL:
        return
    if entry_type(e) == TYPE_LIST:
        _add_list(s, e, part, reverse)
    elif entry_type(e) == TYPE_SET:
        _add_set(s, e, part)
    else:
        _add_zset(s, e, part, reverse)


# What other keys have for an element


@cython.cfunc
@cython.exceptval(check=False)
def _read_string(e: cython.pointer[Entry], out: cython.pointer[LpValue]) -> cython.void:
    number: cython.longlong = 0
    unused: cython.char[32]
    out.text = cython.NULL
    out.length = 0
    if entry_encoding(e) == ENCODING_INT:
        string_integer(e, cython.address(number))
        out.number = number
        return
    view: Slice = string_view(e, unused)
    out.text = view.p
    out.length = view.n


@cython.cfunc
@cython.exceptval(-1, check=False)
def _fetch(
    db: Database,
    wanted: cython.pointer[SortPattern],
    element: cython.pointer[LpValue],
    out: cython.pointer[LpValue],
) -> cython.bint:
    """What a pattern means for an element: a string, a hash's field, or the element itself; False for nothing."""
    name: Slice
    if wanted.kind == PATTERN_SELF:
        out[0] = element[0]
        return True
    if wanted.kind == PATTERN_NONE:
        return False
    if not pattern_name(wanted, element, cython.address(name)):
        raise CommandError(NO_MEMORY_FOR_VALUE)
    e: cython.pointer[Entry] = db.lookup_read(name)
    if e == cython.NULL:
        return False
    if wanted.kind == PATTERN_FIELD:
        return entry_type(e) == TYPE_HASH and hash_get(db, e, wanted.field.p, wanted.field.n, out)
    if entry_type(e) != TYPE_STRING:
        return False
    _read_string(e, out)
    return True


@cython.cfunc
@cython.exceptval(-1, check=False)
def _sort_elements(client: Client, s: cython.pointer[Sorter], request: cython.pointer[SortRequest]) -> cython.int:
    """Find out what each element is sorted by, and sort. Raises CommandError NOT_DOUBLE, and without memory."""
    i: cython.size_t
    value: LpValue
    number: cython.double = 0
    not_a_number: cython.bint = False
    for i in range(s.count):
        value = s.items[i].element
        if request.has_by and not _fetch(
            client.db, cython.address(request.by), cython.address(s.items[i].element), cython.address(value)
        ):
            continue
        if request.by_text:
            if not sorter_set_text(s, i, cython.address(value)):
                raise CommandError(NO_MEMORY_FOR_VALUE)
        elif sort_number(cython.address(value), cython.address(number)):
            sorter_set_number(s, i, number)
        else:
            not_a_number = True
    if not_a_number:
        raise CommandError(NOT_DOUBLE)
    if not sorter_sort(s):
        raise CommandError(NO_MEMORY_FOR_VALUE)
    return 0


# What becomes of it


@cython.cfunc
@cython.exceptval(-1, check=False)
def _reply(
    client: Client, s: cython.pointer[Sorter], request: cython.pointer[SortRequest], part: SortRange
) -> cython.int:
    i: cython.size_t
    j: cython.size_t
    value: LpValue
    reply: Reply = client.reply
    reply.array(part.count * (request.get_count if request.get_count else 1))
    for i in range(part.first, part.first + part.count):
        element: cython.pointer[LpValue] = cython.address(s.keys[i].item.element)
        if not request.get_count:
            put_value(reply, element)
        for j in range(request.get_count):
            if _fetch(client.db, cython.address(request.gets[j]), element, cython.address(value)):
                put_value(reply, cython.address(value))
            else:
                reply.null()
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _build_value(builder: cython.pointer[ListBuilder], value: cython.pointer[LpValue]) -> cython.int:
    m: Member
    member_of_value(cython.address(m), value)
    text: Slice = member_text(cython.address(m))
    if not list_build_add(builder, text.p, text.n):
        raise CommandError(NO_MEMORY_FOR_VALUE)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _build(
    client: Client,
    s: cython.pointer[Sorter],
    request: cython.pointer[SortRequest],
    part: SortRange,
    builder: cython.pointer[ListBuilder],
) -> cython.int:
    """Append the result to a list; what a pattern has nothing for is the empty string."""
    i: cython.size_t
    j: cython.size_t
    value: LpValue
    for i in range(part.first, part.first + part.count):
        element: cython.pointer[LpValue] = cython.address(s.keys[i].item.element)
        if not request.get_count:
            _build_value(builder, element)
        for j in range(request.get_count):
            if not _fetch(client.db, cython.address(request.gets[j]), element, cython.address(value)):
                value.text = b""
                value.length = 0
            _build_value(builder, cython.address(value))
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _store(
    client: Client, s: cython.pointer[Sorter], request: cython.pointer[SortRequest], part: SortRange, target: Slice
) -> cython.int:
    """Store the result as a list, or delete the target where there is none; replies its length."""
    db: Database = client.db
    builder: ListBuilder
    length: cython.size_t = part.count * (request.get_count if request.get_count else 1)
    list_build(db, cython.address(builder))
    try:
        _build(client, s, request, part, cython.address(builder))
    except CommandError:
        list_build_discard(cython.address(builder))
        raise
    if length:
        list_build_store(db, target, cython.address(builder), NO_EXPIRE)
        db.keyspace.dirty += length - 1
        db.changed(target, NOTIFY_LIST, b"sortstore")
    else:
        list_build_discard(cython.address(builder))
        if db.lookup_write(target) != cython.NULL:
            db.delete(target, db.keyspace.lazy_server_delete)
            db.changed(target, NOTIFY_GENERIC, b"del")
    client.reply.integer(length)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _run(client: Client, args: Args, request: cython.pointer[SortRequest]) -> cython.int:
    """Sort, and reply or store."""
    s: Sorter
    e: cython.pointer[Entry] = cython.NULL
    length: cython.size_t = _find(client, args.v[1], cython.address(e))
    part: SortRange = _range_of(request, length)
    loaded: SortRange = part
    is_set: cython.bint = e != cython.NULL and entry_type(e) == TYPE_SET
    if request.unsorted and is_set and (request.store_at or client.flags & CLIENT_SCRIPT):
        # The order of a set is chance; what is stored, and what scripts see, is to be the same everywhere.
        request.unsorted = False
        request.has_by = False
        request.by_text = True
    if request.unsorted:
        part.first = 0
    else:
        loaded.first = 0
        loaded.count = length
    try:
        if not sorter_open(cython.address(s), loaded.count, request.by_text, request.descending, not request.store_at):
            raise CommandError(NO_MEMORY_FOR_VALUE)
        _add_elements(cython.address(s), e, loaded, request.unsorted and request.descending)
        if not request.unsorted:
            _sort_elements(client, cython.address(s), request)
        if request.store_at:
            _store(client, cython.address(s), request, part, args.v[request.store_at])
        else:
            _reply(client, cython.address(s), request, part)
    finally:
        sorter_close(cython.address(s))
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def _sort(client: Client, args: Args, readonly: cython.bint) -> cython.int:
    request: SortRequest
    i: cython.Py_ssize_t = 2
    _begin(cython.address(request))
    while i < args.argc:
        i += _parse_option(args, i, cython.address(request), readonly)
    try:
        _parse_gets(args, cython.address(request))
        _run(client, args, cython.address(request))
    finally:
        _end(cython.address(request))
    return 0


def _store_key(args: Args, start: cython.Py_ssize_t) -> list:
    """Find SORT's destination: that of the last STORE counts."""
    found: list = []
    index: cython.Py_ssize_t = start + 2
    while index < args.argc:
        if args.equals(index, b"limit"):
            index += 2
        elif args.equals(index, b"get") or args.equals(index, b"by"):
            index += 1
        elif args.equals(index, b"store") and index + 1 < args.argc:
            found = [(index + 1 - start, OW | UPDATE)]
        index += 1
    return found


# The keys that BY and GET mean are known only while the elements are looked at.
SOURCE_KEYS = (
    key_at(1, RO | ACCESS),
    keys_unknown(RO | ACCESS, notes="The keys of `BY` and `GET`, whose names come from the elements"),
)
ORDER = (
    optional(pattern("by-pattern", token="BY", display="pattern", key_spec_index=1)),
    optional(block("limit", integer("offset"), integer("count"), token="LIMIT")),
    optional(multiple(pattern("get-pattern", token="GET", display="pattern", key_spec_index=1), repeat_token=True)),
    optional(one_of("order", token("ASC"), token("DESC"))),
    optional(token("ALPHA", "sorting")),
)


@command(
    "SORT",
    arity=-2,
    flags=WRITE | DENYOOM,
    group=GENERIC,
    acl=SORT_ACL,
    since="1.0.0",
    complexity="O(N*log(N)), where N is the number of elements; O(M) for M replied ones where they are not sorted.",
    keys=(
        *SOURCE_KEYS,
        keys_unknown(OW | UPDATE, notes="The key of `STORE`, which may stand anywhere", finder=_store_key),
    ),
    args=(key(), *ORDER, optional(key("destination", 2, token="STORE"))),
)
def sort(client: Client, args: Args) -> None:
    """Sort the elements of a list, a set or a sorted set, and return or store them."""
    _sort(client, args, False)


@command(
    "SORT_RO",
    arity=-2,
    flags=READONLY,
    group=GENERIC,
    acl=SORT_ACL,
    since="7.0.0",
    complexity="O(N*log(N)), where N is the number of elements; O(M) for M replied ones where they are not sorted.",
    keys=SOURCE_KEYS,
    args=(key(), *ORDER),
)
def sort_ro(client: Client, args: Args) -> None:
    """Sort the elements of a list, a set or a sorted set, and return them."""
    _sort(client, args, True)
