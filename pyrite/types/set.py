"""Sets: different strings, in no order, as an intset, a listpack or a hashtable of entries.

    intset      all members are 64-bit integers, no more of them than set-max-intset-entries
    listpack    a few short members of any kind: set-max-listpack-entries and set-max-listpack-value
    hashtable   what is larger; each member is an Entry without a value

A set begins in the smallest encoding that takes what is added to it, and is converted when that no longer does;
removing members never converts it. The word of its entry points to the bytes of the intset or the listpack, or to a
HashTable.

A set that is only a result, or not yet one, is an Entry that is in no database: `set_new` makes it, `set_store` puts it
under its key, `entry_free` frees it. So there is one kind of set for all functions here.

A `Member` holds one member as text, as integer and as hash, each made when a set first asks for it: looking the same
member up in many sets parses and hashes it once.
"""

import cython
from cython.cimports.libc.stdint import uint32_t, uint64_t
from cython.cimports.pyrite.core.entry import (
    ENCODING_HASHTABLE,
    ENCODING_INTSET,
    ENCODING_LISTPACK,
    KEY_MAX,
    PART_OWNER,
    PART_WORD,
    TYPE_SET,
    Entry,
    entry_encoding,
    entry_free,
    entry_key,
    entry_key_length,
    entry_new,
    entry_pointer,
    entry_register_type,
    entry_set_access,
    entry_set_kind,
    entry_size,
    entry_type,
)
from cython.cimports.pyrite.core.hashtable import (
    HashIterator,
    HashTable,
    ht_clear,
    ht_count,
    ht_find,
    ht_init,
    ht_insert,
    ht_iterate,
    ht_memory,
    ht_next,
    ht_pop,
    ht_prefetch,
    ht_reserve,
)
from cython.cimports.pyrite.core.intset import (
    intset_add,
    intset_bytes,
    intset_copy,
    intset_count,
    intset_find,
    intset_free,
    intset_get,
    intset_max,
    intset_memory,
    intset_min,
    intset_new,
    intset_remove,
)
from cython.cimports.pyrite.core.listpack import (
    LP_HEADER,
    LP_NONE,
    LP_SAFE_MAX,
    LpValue,
    lp_after,
    lp_bytes,
    lp_copy,
    lp_count,
    lp_end,
    lp_find,
    lp_first,
    lp_fits,
    lp_free,
    lp_get,
    lp_memory,
    lp_new,
)
from cython.cimports.pyrite.core.listpack_edit import lp_append, lp_append_integer, lp_delete
from cython.cimports.pyrite.core.memory import mem_alloc, mem_block_size, mem_free
from cython.cimports.pyrite.core.numbers import LONGLONG_ROOM, digits10, format_longlong, parse_longlong
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.core.siphash import siphash
from cython.cimports.pyrite.keyspace.database import NO_EXPIRE, NOTIFY_NEW, Database, Keyspace, key_of

from pyrite.core.errors import NO_MEMORY_FOR_VALUE, WRONG_TYPE, CommandError

MEMBER_TOO_LONG = b"ERR member exceeds the maximum size of 4 GiB"

# The forms of a member


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _need_text(m: cython.pointer[Member]) -> cython.void:
    if m.text == cython.NULL:
        m.length = format_longlong(m.digits, m.number)
        m.text = m.digits


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def member_text(m: cython.pointer[Member]) -> Slice:
    """The member's bytes, which may lie in it."""
    text: Slice
    _need_text(m)
    text.p = cython.cast(cython.p_char, m.text)
    text.n = m.length
    return text


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def member_is_number(m: cython.pointer[Member]) -> cython.bint:
    """Tell whether the member is the canonical text of a 64-bit integer, which `number` then is."""
    if m.is_number == NOT_PARSED:
        m.is_number = m.length < LONGLONG_ROOM and parse_longlong(m.text, m.length, cython.address(m.number))
    return m.is_number


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _hash_of(m: cython.pointer[Member]) -> uint64_t:
    if not m.hashed:
        _need_text(m)
        m.hash = siphash(m.text, m.length)
        m.hashed = True
    return m.hash


# Values


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _new_table(room: cython.size_t) -> cython.pointer[HashTable]:
    """An empty table with room for so many entries."""
    t: cython.pointer[HashTable] = cython.cast(cython.pointer[HashTable], mem_alloc(cython.sizeof(HashTable)))
    ht_init(t)
    if room:
        ht_reserve(t, room)
    return t


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _new_value(encoding: cython.int, room: cython.size_t) -> cython.p_void:
    if encoding == ENCODING_INTSET:
        return intset_new()
    if encoding == ENCODING_LISTPACK:
        return lp_new()
    return _new_table(room)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _release(value: cython.p_void, encoding: cython.int) -> cython.void:
    if encoding == ENCODING_INTSET:
        intset_free(cython.cast(cython.p_uchar, value))
    elif encoding == ENCODING_LISTPACK:
        lp_free(cython.cast(cython.p_uchar, value))
    else:
        ht_clear(cython.cast(cython.pointer[HashTable], value), True)
        mem_free(value, cython.sizeof(HashTable))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _measure_table(t: cython.pointer[HashTable]) -> cython.size_t:
    """Bytes of a table and its members; where there are many, all are taken to be as long as the first ones."""
    it: HashIterator
    seen: cython.size_t = 0
    total: cython.size_t = 0
    count: cython.size_t = ht_count(t)
    ht_iterate(t, cython.address(it))
    e: cython.pointer[Entry] = ht_next(cython.address(it))
    while e != cython.NULL and seen < MEASURED_MAX:
        total += mem_block_size(entry_size(e))
        seen += 1
        e = ht_next(cython.address(it))
    if seen < count:
        total = cython.cast(cython.size_t, cython.cast(cython.double, total) / seen * count)
    return mem_block_size(cython.sizeof(HashTable)) + ht_memory(t) + total


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _measure(value: cython.p_void, encoding: cython.int) -> cython.size_t:
    if encoding == ENCODING_INTSET:
        return intset_memory(cython.cast(cython.p_uchar, value))
    if encoding == ENCODING_LISTPACK:
        return lp_memory(cython.cast(cython.p_uchar, value))
    return _measure_table(cython.cast(cython.pointer[HashTable], value))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _copy_table(t: cython.pointer[HashTable]) -> cython.pointer[HashTable]:
    it: HashIterator
    fresh: cython.pointer[HashTable] = _new_table(ht_count(t))
    ht_iterate(t, cython.address(it))
    e: cython.pointer[Entry] = ht_next(cython.address(it))
    while e != cython.NULL:
        _insert(fresh, entry_key(e), entry_key_length(e), siphash(entry_key(e), entry_key_length(e)))
        e = ht_next(cython.address(it))
    return fresh


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _copy(value: cython.p_void, encoding: cython.int) -> cython.p_void:
    packed: cython.p_uchar = cython.cast(cython.p_uchar, value)
    if encoding == ENCODING_INTSET:
        return intset_copy(packed, intset_bytes(packed))
    if encoding == ENCODING_LISTPACK:
        return lp_copy(packed, lp_bytes(packed))
    return _copy_table(cython.cast(cython.pointer[HashTable], value))


entry_register_type(TYPE_SET, _release, _measure, _copy)


# Look-up


@cython.cfunc
def set_lookup_read(db: Database, key: Slice) -> cython.pointer[Entry]:
    """The entry of a set that a command reads; NULL for a missing key. Raises CommandError WRONG_TYPE."""
    e: cython.pointer[Entry] = db.lookup_read(key)
    if e != cython.NULL and entry_type(e) != TYPE_SET:
        raise CommandError(WRONG_TYPE)
    return e


@cython.cfunc
def set_lookup_write(db: Database, key: Slice) -> cython.pointer[Entry]:
    """The entry of a set that a command changes; NULL for a missing key. Raises CommandError WRONG_TYPE."""
    e: cython.pointer[Entry] = db.lookup_write(key)
    if e != cython.NULL and entry_type(e) != TYPE_SET:
        raise CommandError(WRONG_TYPE)
    return e


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def set_length(e: cython.pointer[Entry]) -> cython.size_t:
    """Number of members."""
    encoding: cython.int = entry_encoding(e)
    if encoding == ENCODING_INTSET:
        return intset_count(set_bytes(e))
    if encoding == ENCODING_LISTPACK:
        return lp_count(set_bytes(e))
    return ht_count(set_members(e))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def set_table(e: cython.pointer[Entry]) -> cython.pointer[HashTable]:
    """The table of a set that is one, for scanning; NULL for the other encodings."""
    return set_members(e) if entry_encoding(e) == ENCODING_HASHTABLE else cython.NULL


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _find_packed(lp: cython.p_uchar, m: cython.pointer[Member]) -> cython.Py_ssize_t:
    _need_text(m)
    return lp_find(lp, lp_first(lp), m.text, m.length, 0)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def set_has(e: cython.pointer[Entry], m: cython.pointer[Member]) -> cython.bint:
    """Tell whether it is in the set."""
    index: uint32_t = 0
    encoding: cython.int = entry_encoding(e)
    if encoding == ENCODING_HASHTABLE:
        h: uint64_t = _hash_of(m)
        return ht_find(set_members(e), m.text, m.length, h) != cython.NULL
    if encoding == ENCODING_INTSET:
        return member_is_number(m) and intset_find(set_bytes(e), m.number, cython.address(index))
    return _find_packed(set_bytes(e), m) != LP_NONE


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def set_prefetch(e: cython.pointer[Entry], m: cython.pointer[Member]) -> cython.void:
    """Have fetched what `set_has` looks at first: for several members, all of them before the first is asked for."""
    if entry_encoding(e) == ENCODING_HASHTABLE:
        ht_prefetch(set_members(e), _hash_of(m))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def set_contains(e: cython.pointer[Entry], p: cython.p_const_char, n: cython.Py_ssize_t) -> cython.bint:
    """Tell whether this text is in the set."""
    m: Member
    member_of(cython.address(m), p, n)
    return set_has(e, cython.address(m))


# All members


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def set_iterate(e: cython.pointer[Entry], it: cython.pointer[SetIterator]) -> cython.void:
    """Start at the first member. The set must not change until the iteration ends."""
    it.encoding = entry_encoding(e)
    if it.encoding == ENCODING_HASHTABLE:
        ht_iterate(set_members(e), cython.address(it.table))
        return
    it.packed = set_bytes(e)
    it.at = 0 if it.encoding == ENCODING_INTSET else LP_HEADER


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def set_next(it: cython.pointer[SetIterator], value: cython.pointer[LpValue]) -> cython.bint:
    """Read the next member: a text that lies in the set, or an integer, with `text` NULL. False at the end."""
    if it.encoding == ENCODING_HASHTABLE:
        e: cython.pointer[Entry] = ht_next(cython.address(it.table))
        if e == cython.NULL:
            return False
        value.text = entry_key(e)
        value.length = entry_key_length(e)
        return True
    if it.encoding == ENCODING_LISTPACK:
        if it.at == lp_end(it.packed):
            return False
        lp_get(it.packed, it.at, value)
        it.at = lp_after(it.packed, it.at)
        return True
    if it.at == intset_count(it.packed):
        return False
    value.text = cython.NULL
    value.length = 0
    value.number = intset_get(it.packed, cython.cast(uint32_t, it.at))
    it.at += 1
    return True


# Making sets


@cython.cfunc
def set_new(db: Database, key: Slice, encoding: cython.int, room: cython.size_t) -> cython.pointer[Entry]:
    """An empty set for this key that is in no database and the caller's; a table gets room for so many members.

    Raises CommandError for a name that no key may have.
    """
    db.check_key(key)
    e: cython.pointer[Entry] = entry_new(key.p, key.n, PART_WORD | PART_OWNER, 0)
    entry_set_kind(e, TYPE_SET, encoding)
    set_point_to(e, _new_value(encoding, room))
    return e


@cython.cfunc
@cython.exceptval(check=False)
def set_encoding_for(limits: Keyspace, first: Slice, count: cython.size_t) -> cython.int:
    """The encoding in which a set begins that `count` members are to be added to, this one first."""
    m: Member
    wanted: cython.longlong = count
    if wanted <= limits.set_max_intset_entries:
        member_of(cython.address(m), first.p, first.n)
        if member_is_number(cython.address(m)):
            return ENCODING_INTSET
    return ENCODING_LISTPACK if wanted <= limits.set_max_listpack_entries else ENCODING_HASHTABLE


@cython.cfunc
def set_create(db: Database, key: Slice, first: Slice, count: cython.size_t) -> cython.pointer[Entry]:
    """Create an empty set at a key that is missing; up to `count` members are added at once, this one first."""
    encoding: cython.int = set_encoding_for(db.keyspace, first, count)
    e: cython.pointer[Entry] = db.put(key, TYPE_SET, encoding, PART_WORD | PART_OWNER, 0, NO_EXPIRE)
    set_point_to(e, _new_value(encoding, count))
    return e


@cython.cfunc
def set_store(db: Database, e: cython.pointer[Entry]) -> cython.pointer[Entry]:
    """Put a set from `set_new` into the database, in place of what its key held; returns its entry."""
    key: Slice = key_of(e)
    existed: cython.bint = db.lookup_write(key) != cython.NULL
    if existed:
        db.delete(key, db.keyspace.lazy_server_delete)
    entry_set_access(e, db.keyspace.fresh_access())
    db.give(key, e)
    if not existed:
        db.notify(key, NOTIFY_NEW, b"new")
    return e


# Conversion


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _insert(t: cython.pointer[HashTable], p: cython.p_const_char, n: cython.size_t, h: uint64_t) -> cython.void:
    """Add a member that the table does not have."""
    ht_insert(t, entry_new(p, n, 0, 0), h)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _to_table(e: cython.pointer[Entry], room: cython.size_t) -> cython.void:
    """Make it a table, with room for so many members."""
    it: SetIterator
    value: LpValue
    m: Member
    t: cython.pointer[HashTable] = _new_table(room)
    set_iterate(e, cython.address(it))
    while set_next(cython.address(it), cython.address(value)):
        member_of_value(cython.address(m), cython.address(value))
        h: uint64_t = _hash_of(cython.address(m))
        _insert(t, m.text, m.length, h)
    _release(entry_pointer(e), entry_encoding(e))
    set_point_to(e, t)
    entry_set_kind(e, TYPE_SET, ENCODING_HASHTABLE)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _to_listpack(e: cython.pointer[Entry]) -> cython.bint:
    """Make an intset a listpack; False, and all as before, without memory."""
    i: uint32_t
    s: cython.p_uchar = set_bytes(e)
    lp: cython.p_uchar = lp_new()
    longer: cython.p_uchar
    for i in range(intset_count(s)):
        longer = lp_append_integer(lp, intset_get(s, i))
        if longer == cython.NULL:
            lp_free(lp)
            return False
        lp = longer
    intset_free(s)
    set_point_to(e, lp)
    entry_set_kind(e, TYPE_SET, ENCODING_LISTPACK)
    return True


@cython.cfunc
@cython.exceptval(check=False)
def _intset_limit(limits: Keyspace) -> cython.longlong:
    limit: cython.longlong = limits.set_max_intset_entries
    return limit if limit < INTSET_MAX else INTSET_MAX


@cython.cfunc
@cython.exceptval(-1, check=False)
def set_make_intset(limits: Keyspace, e: cython.pointer[Entry]) -> cython.int:
    """Make a set whose members are all integers an intset, unless it is too large for one."""
    it: SetIterator
    value: LpValue
    m: Member
    added: cython.bint = False
    wider: cython.p_uchar
    if entry_encoding(e) == ENCODING_INTSET or cython.cast(cython.longlong, set_length(e)) > _intset_limit(limits):
        return 0
    s: cython.p_uchar = intset_new()
    set_iterate(e, cython.address(it))
    while set_next(cython.address(it), cython.address(value)):
        member_of_value(cython.address(m), cython.address(value))
        wider = cython.NULL
        if member_is_number(cython.address(m)):
            wider = intset_add(s, m.number, cython.address(added))
        if wider == cython.NULL:
            intset_free(s)
            raise CommandError(NO_MEMORY_FOR_VALUE)
        s = wider
    _release(entry_pointer(e), entry_encoding(e))
    set_point_to(e, s)
    entry_set_kind(e, TYPE_SET, ENCODING_INTSET)
    return 1


@cython.cfunc
@cython.exceptval(-1, check=False)
def set_expect(limits: Keyspace, e: cython.pointer[Entry], count: cython.size_t) -> cython.int:
    """Convert a compact set at once to which more members are to be added than it may hold, be they new or not."""
    encoding: cython.int = entry_encoding(e)
    wanted: cython.longlong = count
    if (encoding == ENCODING_LISTPACK and wanted > limits.set_max_listpack_entries) or (
        encoding == ENCODING_INTSET and wanted > limits.set_max_intset_entries
    ):
        _to_table(e, count)
    return 0


# Adding


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _digits(v: cython.longlong) -> cython.longlong:
    """Characters of an integer, its sign included."""
    return digits10(v) if v >= 0 else 1 + digits10(0 - cython.cast(uint64_t, v))


@cython.cfunc
@cython.exceptval(check=False)
def _may_join(limits: Keyspace, s: cython.p_uchar, n: cython.longlong) -> cython.bint:
    """Tell whether the integers of an intset, and a text of this length, may stand together in a listpack."""
    count: cython.longlong = intset_count(s)
    if count >= limits.set_max_listpack_entries or n > limits.set_max_listpack_value:
        return False
    if count == 0:
        return n <= LP_SAFE_MAX
    if _digits(intset_max(s)) > limits.set_max_listpack_value or _digits(intset_min(s)) > limits.set_max_listpack_value:
        return False
    return count * LP_INTEGER_MAX + n <= LP_SAFE_MAX


@cython.cfunc
@cython.exceptval(-1, check=False)
def _append(e: cython.pointer[Entry], m: cython.pointer[Member]) -> cython.int:
    lp: cython.p_uchar = set_bytes(e)
    lp = lp_append_integer(lp, m.number) if m.is_number == 1 else lp_append(lp, m.text, m.length)
    if lp == cython.NULL:
        raise CommandError(NO_MEMORY_FOR_VALUE)
    set_point_to(e, lp)
    return 1


@cython.cfunc
@cython.exceptval(-1, check=False)
def _add_as_entry(e: cython.pointer[Entry], m: cython.pointer[Member]) -> cython.int:
    """Add to a table."""
    t: cython.pointer[HashTable] = set_members(e)
    h: uint64_t = _hash_of(m)
    if ht_find(t, m.text, m.length, h) != cython.NULL:
        return 0
    if cython.cast(cython.size_t, m.length) > KEY_MAX:
        raise CommandError(MEMBER_TOO_LONG)
    _insert(t, m.text, m.length, h)
    return 1


@cython.cfunc
@cython.exceptval(-1, check=False)
def _add_to_intset(limits: Keyspace, e: cython.pointer[Entry], m: cython.pointer[Member]) -> cython.int:
    added: cython.bint = False
    s: cython.p_uchar = set_bytes(e)
    if not member_is_number(m):
        if not _may_join(limits, s, m.length):
            _to_table(e, intset_count(s) + 1)
            return _add_as_entry(e, m)
        if not _to_listpack(e):
            raise CommandError(NO_MEMORY_FOR_VALUE)
        return _append(e, m)
    s = intset_add(s, m.number, cython.address(added))
    if s == cython.NULL:
        raise CommandError(NO_MEMORY_FOR_VALUE)
    set_point_to(e, s)
    if added and intset_count(s) > _intset_limit(limits):
        _to_table(e, intset_count(s))
    return added


@cython.cfunc
@cython.exceptval(-1, check=False)
def _add_to_listpack(limits: Keyspace, e: cython.pointer[Entry], m: cython.pointer[Member]) -> cython.int:
    lp: cython.p_uchar = set_bytes(e)
    if _find_packed(lp, m) != LP_NONE:
        return 0
    if (
        lp_count(lp) < limits.set_max_listpack_entries
        and m.length <= limits.set_max_listpack_value
        and lp_fits(lp, m.length)
    ):
        return _append(e, m)
    _to_table(e, lp_count(lp) + 1)
    return _add_as_entry(e, m)


@cython.cfunc
@cython.exceptval(-1, check=False)
def set_add_member(limits: Keyspace, e: cython.pointer[Entry], m: cython.pointer[Member]) -> cython.int:
    """Add a member, converting the set where it has to be; returns 1 where it was new, 0 where it was there.

    Raises CommandError without memory, and for a member that no entry has room for; the set keeps what it has.
    """
    encoding: cython.int = entry_encoding(e)
    if encoding == ENCODING_HASHTABLE:
        return _add_as_entry(e, m)
    if encoding == ENCODING_INTSET:
        return _add_to_intset(limits, e, m)
    return _add_to_listpack(limits, e, m)


@cython.cfunc
@cython.exceptval(-1, check=False)
def set_add(limits: Keyspace, e: cython.pointer[Entry], p: cython.p_const_char, n: cython.Py_ssize_t) -> cython.int:
    """Add a text; see `set_add_member`. It must not lie in the set itself."""
    m: Member
    member_of(cython.address(m), p, n)
    return set_add_member(limits, e, cython.address(m))


# Removing. A set that becomes empty is still one; the caller deletes its key.


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def set_remove_member(e: cython.pointer[Entry], m: cython.pointer[Member]) -> cython.bint:
    """Remove a member; True where it was there. It must not lie in the set itself."""
    removed: cython.bint = False
    encoding: cython.int = entry_encoding(e)
    if encoding == ENCODING_HASHTABLE:
        h: uint64_t = _hash_of(m)
        gone: cython.pointer[Entry] = ht_pop(set_members(e), m.text, m.length, h)
        if gone != cython.NULL:
            entry_free(gone)
        return gone != cython.NULL
    if encoding == ENCODING_INTSET:
        if member_is_number(m):
            set_point_to(e, intset_remove(set_bytes(e), m.number, cython.address(removed)))
        return removed
    at: cython.Py_ssize_t = _find_packed(set_bytes(e), m)
    if at != LP_NONE:
        set_point_to(e, lp_delete(set_bytes(e), at, 1))
    return at != LP_NONE


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def set_remove(e: cython.pointer[Entry], p: cython.p_const_char, n: cython.Py_ssize_t) -> cython.bint:
    """Remove a text; True where it was there. It must not lie in the set itself."""
    m: Member
    member_of(cython.address(m), p, n)
    return set_remove_member(e, cython.address(m))
