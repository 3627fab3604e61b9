"""Lists: a listpack while it is small, else a quicklist.

    listpack    up to list-max-listpack-size: a number of elements, then also at most 8,192 bytes, or a size in bytes
    quicklist   what grew past that; again a listpack once it is down to one node of half that size

The limits are Redis's, and so is when a list is converted: before a push, insertion or replacement, by the length of
the new strings (even where the insertion then finds no pivot), and after elements went. What stands outside of the
entry is the listpack itself, or a QuickList.

An index counts from the first element and lies within the list; negative ones are the business of commands.
"""

import cython
from cython.cimports.libc.stdint import int64_t, uint64_t
from cython.cimports.libc.string import memcpy
from cython.cimports.pyrite.core.entry import (
    ENCODING_LISTPACK,
    ENCODING_QUICKLIST,
    PART_OWNER,
    PART_WORD,
    TYPE_LIST,
    Entry,
    entry_encoding,
    entry_pointer,
    entry_register_type,
    entry_set_kind,
    entry_type,
    entry_word,
)
from cython.cimports.pyrite.core.listpack import (
    LP_HEADER,
    LP_NONE,
    LpValue,
    lp_after,
    lp_bytes,
    lp_copy,
    lp_count,
    lp_find,
    lp_free,
    lp_get,
    lp_is_empty,
    lp_last,
    lp_memory,
    lp_new,
    lp_next,
    lp_previous,
    lp_seek,
)
from cython.cimports.pyrite.core.listpack_edit import (
    LpItem,
    lp_append,
    lp_delete,
    lp_insert,
    lp_item_text,
    lp_prepend,
    lp_replace,
)
from cython.cimports.pyrite.core.listpack_reply import lp_reply
from cython.cimports.pyrite.core.memory import mem_free, mem_try_alloc
from cython.cimports.pyrite.core.numbers import LONGLONG_ROOM, format_longlong, parse_longlong
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.core.quicklist import (
    QL_PACKED,
    QuickList,
    ql_append_node,
    ql_copy,
    ql_exceeds,
    ql_fits_listpack,
    ql_free,
    ql_memory,
    ql_new,
    ql_take_listpack,
)
from cython.cimports.pyrite.core.quicklist_edit import (
    QlPlace,
    lp_remove,
    ql_delete,
    ql_find,
    ql_insert,
    ql_remove,
    ql_replace,
)
from cython.cimports.pyrite.core.quicklist_items import ql_drop, ql_iterate, ql_next, ql_peek, ql_push, ql_reply
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.keyspace.database import NO_EXPIRE, NOTIFY_GENERIC, Database

from pyrite.core.errors import NO_MEMORY_FOR_VALUE, WRONG_TYPE, CommandError

# The value outside of an entry


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _list_free(value: cython.p_void, encoding: cython.int) -> cython.void:
    if encoding == ENCODING_LISTPACK:
        lp_free(cython.cast(cython.p_uchar, value))
    else:
        ql_free(cython.cast(cython.pointer[QuickList], value))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _list_size(value: cython.p_void, encoding: cython.int) -> cython.size_t:
    if encoding == ENCODING_LISTPACK:
        return lp_memory(cython.cast(cython.p_uchar, value))
    return ql_memory(cython.cast(cython.pointer[QuickList], value))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _list_copy(value: cython.p_void, encoding: cython.int) -> cython.p_void:
    lp: cython.p_uchar
    if encoding == ENCODING_LISTPACK:
        lp = cython.cast(cython.p_uchar, value)
        return lp_copy(lp, lp_bytes(lp))
    return ql_copy(cython.cast(cython.pointer[QuickList], value))


entry_register_type(TYPE_LIST, _list_free, _list_size, _list_copy)


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _is_listpack(e: cython.pointer[Entry]) -> cython.bint:
    return entry_encoding(e) == ENCODING_LISTPACK


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _listpack(e: cython.pointer[Entry]) -> cython.p_uchar:
    return cython.cast(cython.p_uchar, entry_pointer(e))


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _quicklist(e: cython.pointer[Entry]) -> cython.pointer[QuickList]:
    return cython.cast(cython.pointer[QuickList], entry_pointer(e))


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _set_value(e: cython.pointer[Entry], value: cython.p_void, encoding: cython.int) -> cython.void:
    entry_word(e)[0] = cython.cast(uint64_t, value)
    entry_set_kind(e, TYPE_LIST, encoding)


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _set_listpack(e: cython.pointer[Entry], lp: cython.p_uchar) -> cython.bint:
    """Note where the listpack stands after a change; False for NULL: memory did not suffice, and nothing changed."""
    if lp == cython.NULL:
        return False
    entry_word(e)[0] = cython.cast(uint64_t, lp)
    return True


# Look-up


@cython.cfunc
def list_lookup_read(db: Database, key: Slice) -> cython.pointer[Entry]:
    """The entry of a list that a command reads; NULL for a missing key. Raises CommandError WRONG_TYPE."""
    e: cython.pointer[Entry] = db.lookup_read(key)
    if e != cython.NULL and entry_type(e) != TYPE_LIST:
        raise CommandError(WRONG_TYPE)
    return e


@cython.cfunc
def list_lookup_write(db: Database, key: Slice) -> cython.pointer[Entry]:
    """The entry of a list that a command changes; NULL for a missing key. Raises CommandError WRONG_TYPE."""
    e: cython.pointer[Entry] = db.lookup_write(key)
    if e != cython.NULL and entry_type(e) != TYPE_LIST:
        raise CommandError(WRONG_TYPE)
    return e


# Reading


@cython.cfunc
@cython.exceptval(check=False)
def list_length(e: cython.pointer[Entry]) -> cython.size_t:
    """Number of elements."""
    return lp_count(_listpack(e)) if _is_listpack(e) else _quicklist(e).count


@cython.cfunc
@cython.exceptval(check=False)
def list_quicklist(e: cython.pointer[Entry]) -> cython.pointer[QuickList]:
    """The quicklist that the list is; NULL for one that is a listpack."""
    return cython.NULL if _is_listpack(e) else _quicklist(e)


@cython.cfunc
@cython.exceptval(check=False)
def list_iterate(
    e: cython.pointer[Entry], it: cython.pointer[ListIterator], index: cython.size_t, reverse: cython.bint
) -> cython.void:
    """Begin at the element of this index, going forward or back; there is none past the end.

    The list must not change meanwhile. Nothing needs to be given back, however far one goes.
    """
    it.reverse = reverse
    it.lp = cython.NULL
    if not _is_listpack(e):
        ql_iterate(_quicklist(e), cython.address(it.nodes), index, reverse)
        return
    it.lp = _listpack(e)
    it.position = lp_seek(it.lp, index)


@cython.cfunc
@cython.exceptval(check=False)
def list_next(it: cython.pointer[ListIterator], value: cython.pointer[LpValue]) -> cython.bint:
    """The next element; False at the end. It stays good until the next call, here or on another list."""
    if it.lp == cython.NULL:
        return ql_next(cython.address(it.nodes), value)
    if it.position == LP_NONE:
        return False
    lp_get(it.lp, it.position, value)
    it.position = lp_previous(it.lp, it.position) if it.reverse else lp_next(it.lp, it.position)
    return True


@cython.cfunc
@cython.exceptval(check=False)
def list_needle(text: Slice, needle: cython.pointer[ListNeedle]) -> cython.void:
    """Make ready to compare elements with this string."""
    needle.p = text.p
    needle.n = text.n
    needle.number = 0
    needle.is_number = parse_longlong(text.p, text.n, cython.address(needle.number))


@cython.cfunc
@cython.exceptval(check=False)
def list_reply(
    e: cython.pointer[Entry], reply: Reply, index: cython.size_t, count: cython.size_t, reverse: cython.bint
) -> cython.void:
    """Write so many elements from this one on, all of which there are, as bulk strings."""
    it: ListIterator
    value: LpValue
    if reverse:
        list_iterate(e, cython.address(it), index, True)
        while count and list_next(cython.address(it), cython.address(value)):
            if value.text == cython.NULL:
                reply.put_bulk_integer(value.number)
            else:
                reply.put_bulk(value.text, value.length)
            count -= 1
    elif _is_listpack(e):
        lp_reply(_listpack(e), lp_seek(_listpack(e), index), count, reply)
    else:
        ql_reply(_quicklist(e), reply, index, count)


@cython.cfunc
@cython.exceptval(check=False)
def list_peek(e: cython.pointer[Entry], front: cython.bint, value: cython.pointer[LpValue]) -> cython.void:
    """The first or the last element, which stays good until the list changes."""
    if not _is_listpack(e):
        ql_peek(_quicklist(e), front, value)
        return
    lp_get(_listpack(e), LP_HEADER if front else lp_last(_listpack(e)), value)


# Growing


@cython.cfunc
@cython.exceptval(check=False)
def _to_quicklist(lp: cython.p_uchar, limit: cython.longlong, depth: cython.longlong) -> cython.pointer[QuickList]:
    """A quicklist of this listpack, which it takes."""
    ql: cython.pointer[QuickList] = ql_new(limit, depth)
    if lp_is_empty(lp):
        lp_free(lp)
    else:
        ql_append_node(ql, lp, lp_bytes(lp), lp_count(lp), QL_PACKED)
    return ql


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _grow(db: Database, e: cython.pointer[Entry], more_bytes: cython.size_t, more: cython.size_t) -> cython.void:
    """Make a listpack a quicklist where so many more elements, of so many bytes together, would be too many for it."""
    lp: cython.p_uchar
    if not _is_listpack(e):
        return
    lp = _listpack(e)
    limit: cython.longlong = db.keyspace.list_max_listpack_size
    if ql_exceeds(limit, lp_bytes(lp) + more_bytes, lp_count(lp) + more):
        _set_value(e, _to_quicklist(lp, limit, db.keyspace.list_compress_depth), ENCODING_QUICKLIST)


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _add(e: cython.pointer[Entry], p: cython.p_const_char, n: cython.Py_ssize_t, front: cython.bint) -> cython.bint:
    """Add an element at an end; False without memory."""
    if not _is_listpack(e):
        return ql_push(_quicklist(e), p, n, front)
    if front:
        return _set_listpack(e, lp_prepend(_listpack(e), p, n))
    return _set_listpack(e, lp_append(_listpack(e), p, n))


@cython.cfunc
def list_create(db: Database, key: Slice) -> cython.pointer[Entry]:
    """An empty list under a key that does not exist; the caller adds to it at once."""
    return list_put(db, key, lp_new(), ENCODING_LISTPACK, NO_EXPIRE)


@cython.cfunc
@cython.exceptval(-1, check=False)
def _refuse(
    db: Database, key: Slice, e: cython.pointer[Entry], added: cython.Py_ssize_t, front: cython.bint
) -> cython.int:
    """Memory does not suffice: take back what was added, and raise CommandError."""
    for _ in range(added):
        list_drop(e, front)
    if list_length(e) == 0:
        db.delete(key, False)
    raise CommandError(NO_MEMORY_FOR_VALUE)


@cython.cfunc
@cython.exceptval(-1, check=False)
def list_push_all(
    db: Database,
    key: Slice,
    e: cython.pointer[cython.pointer[Entry]],
    values: cython.pointer[Slice],
    count: cython.Py_ssize_t,
    front: cython.bint,
) -> cython.int:
    """Add elements at an end, one after the other, so that at the front they stand in reverse.

    `e[0]` is the key's entry, or NULL for a key that does not exist, which is created; it says where the entry is
    afterwards. Raises CommandError without memory, and changes nothing then.
    """
    i: cython.Py_ssize_t
    more_bytes: cython.size_t = 0
    if e[0] == cython.NULL:
        e[0] = list_create(db, key)
    for i in range(count):
        more_bytes += values[i].n
    _grow(db, e[0], more_bytes, count)
    for i in range(count):
        if not _add(e[0], values[i].p, values[i].n, front):
            return _refuse(db, key, e[0], i, front)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def list_push(
    db: Database, key: Slice, e: cython.pointer[cython.pointer[Entry]], value: Slice, front: cython.bint
) -> cython.int:
    """As `list_push_all`, of one element."""
    return list_push_all(db, key, e, cython.address(value), 1, front)


@cython.cfunc
@cython.exceptval(-1, check=False)
def list_push_value(
    db: Database,
    key: Slice,
    e: cython.pointer[cython.pointer[Entry]],
    value: cython.pointer[cython.const[LpValue]],
    is_counted: cython.bint,
    front: cython.bint,
) -> cython.int:
    """As `list_push_all`, of one element of another list.

    Where it is not counted its length does not decide whether the list becomes a quicklist, only its being one more.
    """
    digits: cython.char[LONGLONG_ROOM]
    p: cython.p_const_char = value.text
    n: cython.Py_ssize_t = value.length
    if p == cython.NULL:
        n = format_longlong(digits, value.number)
        p = digits
    if e[0] == cython.NULL:
        e[0] = list_create(db, key)
    _grow(db, e[0], n if is_counted else 0, 1)
    if not _add(e[0], p, n, front):
        return _refuse(db, key, e[0], 0, front)
    return 0


@cython.cfunc
@cython.exceptval(-1, check=False)
def list_rotate(
    db: Database, key: Slice, e: cython.pointer[Entry], from_front: cython.bint, to_front: cython.bint
) -> cython.int:
    """Move the element at one end to the other, or take it off and put it back. Raises CommandError without memory."""
    room: cython.char[ROTATE_ROOM]
    value: LpValue
    copy: cython.p_char = room
    list_peek(e, from_front, cython.address(value))
    is_counted: cython.bint = value.text != cython.NULL or _is_listpack(e)
    if value.text != cython.NULL:
        if value.length > ROTATE_ROOM:
            copy = cython.cast(cython.p_char, mem_try_alloc(value.length))
            if copy == cython.NULL:
                raise CommandError(NO_MEMORY_FOR_VALUE)
        memcpy(copy, value.text, value.length)
        value.text = copy
    list_drop(e, from_front)
    try:
        return list_push_value(db, key, cython.address(e), cython.address(value), is_counted, to_front)
    finally:
        if copy != room:
            mem_free(copy, value.length)


@cython.cfunc
@cython.exceptval(-1, check=False)
def list_insert(db: Database, e: cython.pointer[Entry], pivot: Slice, value: Slice, after: cython.bint) -> cython.bint:
    """Insert before or behind the first element that is the pivot; False where none is.

    Raises CommandError without memory, and changes nothing then.
    """
    place: QlPlace
    item: LpItem
    at: cython.Py_ssize_t
    _grow(db, e, value.n, 1)
    if not _is_listpack(e):
        if not ql_find(_quicklist(e), pivot.p, pivot.n, cython.address(place)):
            return False
        if not ql_insert(_quicklist(e), cython.address(place), value.p, value.n, after):
            raise CommandError(NO_MEMORY_FOR_VALUE)
        return True
    at = lp_find(_listpack(e), LP_HEADER, pivot.p, pivot.n, 0)
    if at == LP_NONE:
        return False
    if after:
        at = lp_after(_listpack(e), at)
    lp_item_text(cython.address(item), value.p, value.n)
    if not _set_listpack(e, lp_insert(_listpack(e), at, cython.address(item), 1)):
        raise CommandError(NO_MEMORY_FOR_VALUE)
    return True


@cython.cfunc
@cython.exceptval(-1, check=False)
def list_set(db: Database, e: cython.pointer[Entry], index: cython.size_t, value: Slice) -> cython.bint:
    """Put another element in the place of the one of this index; False where there is none.

    Raises CommandError without memory, and changes nothing then.
    """
    done: cython.bint
    _grow(db, e, value.n, 1)
    if index >= list_length(e):
        return False
    if _is_listpack(e):
        done = _set_listpack(e, lp_replace(_listpack(e), lp_seek(_listpack(e), index), value.p, value.n))
    else:
        done = ql_replace(_quicklist(e), index, value.p, value.n)
    if not done:
        raise CommandError(NO_MEMORY_FOR_VALUE)
    _shrink(db, e)
    return True


# Shrinking


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _shrink(db: Database, e: cython.pointer[Entry]) -> cython.void:
    """Make a quicklist a listpack where it has become small enough."""
    if not _is_listpack(e) and ql_fits_listpack(_quicklist(e), db.keyspace.list_max_listpack_size, True):
        _set_value(e, ql_take_listpack(_quicklist(e)), ENCODING_LISTPACK)


@cython.cfunc
@cython.exceptval(check=False)
def list_drop(e: cython.pointer[Entry], front: cython.bint) -> cython.void:
    """Remove the first or the last element."""
    lp: cython.p_uchar
    if not _is_listpack(e):
        ql_drop(_quicklist(e), front)
        return
    lp = _listpack(e)
    _set_listpack(e, lp_delete(lp, LP_HEADER if front else lp_last(lp), 1))


@cython.cfunc
@cython.exceptval(check=False)
def list_delete(e: cython.pointer[Entry], index: cython.size_t, count: cython.size_t) -> cython.void:
    """Delete so many elements from this index on, as far as there are."""
    if count == 0 or index >= list_length(e):
        return
    if _is_listpack(e):
        _set_listpack(e, lp_delete(_listpack(e), lp_seek(_listpack(e), index), count))
    else:
        ql_delete(_quicklist(e), index, count)


@cython.cfunc
@cython.exceptval(check=False)
def list_remove(e: cython.pointer[Entry], value: Slice, most: cython.size_t, reverse: cython.bint) -> cython.size_t:
    """Remove the first, or the last, `most` elements that are this string; returns how many there were."""
    removed: cython.size_t = 0
    if not _is_listpack(e):
        return ql_remove(_quicklist(e), value.p, value.n, most, reverse)
    _set_listpack(e, lp_remove(_listpack(e), value.p, value.n, most, reverse, cython.address(removed)))
    return removed


@cython.cfunc
@cython.exceptval(-1, check=False)
def list_shrunk(db: Database, key: Slice, e: cython.pointer[Entry]) -> cython.int:
    """After elements went: delete the key of an empty list, saying so; else choose the encoding."""
    if list_length(e) == 0:
        db.delete(key, False)
        # What emptied the list is the change that counts.
        db.keyspace.dirty -= 1
        db.changed(key, NOTIFY_GENERIC, b"del")
    else:
        _shrink(db, e)
    return 0


# Whole lists


@cython.cfunc
def list_put(
    db: Database, key: Slice, value: cython.p_void, encoding: cython.int, expire_ms: int64_t
) -> cython.pointer[Entry]:
    """Store a listpack or a QuickList under a key, overwriting whatever it held; the key owns it."""
    e: cython.pointer[Entry] = db.put(key, TYPE_LIST, encoding, PART_WORD | PART_OWNER, 0, expire_ms)
    entry_word(e)[0] = cython.cast(uint64_t, value)
    return e


@cython.cfunc
@cython.exceptval(check=False)
def list_compact(db: Database, ql: cython.pointer[QuickList], encoding: cython.pointer[cython.int]) -> cython.p_void:
    """The value, and its encoding, of a list that was read as a quicklist: that, or the one listpack that it is."""
    if ql.nodes == 0 or ql_fits_listpack(ql, db.keyspace.list_max_listpack_size, False):
        encoding[0] = ENCODING_LISTPACK
        return ql_take_listpack(ql)
    encoding[0] = ENCODING_QUICKLIST
    return ql


@cython.cfunc
@cython.exceptval(check=False)
def list_build(db: Database, builder: cython.pointer[ListBuilder]) -> cython.void:
    """Begin a list that gets its key when it is complete; it ends with `list_build_store` or `list_build_discard`."""
    builder.value = lp_new()
    builder.encoding = ENCODING_LISTPACK
    builder.limit = db.keyspace.list_max_listpack_size
    builder.depth = db.keyspace.list_compress_depth


@cython.cfunc
@cython.exceptval(check=False)
def list_build_add(builder: cython.pointer[ListBuilder], p: cython.p_const_char, n: cython.Py_ssize_t) -> cython.bint:
    """Add an element behind the last one; False without memory."""
    lp: cython.p_uchar
    if builder.encoding == ENCODING_LISTPACK:
        lp = cython.cast(cython.p_uchar, builder.value)
        if not ql_exceeds(builder.limit, lp_bytes(lp) + cython.cast(cython.size_t, n), lp_count(lp) + 1):
            lp = lp_append(lp, p, n)
            if lp != cython.NULL:
                builder.value = lp
            return lp != cython.NULL
        builder.value = _to_quicklist(lp, builder.limit, builder.depth)
        builder.encoding = ENCODING_QUICKLIST
    return ql_push(cython.cast(cython.pointer[QuickList], builder.value), p, n, False)


@cython.cfunc
def list_build_store(
    db: Database, key: Slice, builder: cython.pointer[ListBuilder], expire_ms: int64_t
) -> cython.pointer[Entry]:
    """Store the list, which is not empty, under a key, overwriting whatever it held."""
    return list_put(db, key, builder.value, builder.encoding, expire_ms)


@cython.cfunc
@cython.exceptval(check=False)
def list_build_discard(builder: cython.pointer[ListBuilder]) -> cython.void:
    """Free the list."""
    _list_free(builder.value, builder.encoding)
