"""Loading of sets, sorted sets and hashes: small ones as one blob, large ones element by element.

Each function returns an entry that is in no table yet, or NULL where the reader says what is wrong. No two members or
fields may be the same, no score may be NaN, and what is sorted in memory has to be so in the file.
"""

import cython
from cython.cimports.libc.stdint import int64_t, uint64_t
from cython.cimports.pyrite.core.entry import (
    ENCODING_HASHTABLE,
    ENCODING_INTSET,
    ENCODING_LISTPACK,
    ENCODING_LISTPACKEX,
    ENCODING_SKIPLIST,
    KEY_MAX,
    PART_WORD,
    TYPE_HASH,
    TYPE_SET,
    TYPE_ZSET,
    Entry,
    entry_free,
    entry_key,
    entry_key_length,
    entry_new,
)
from cython.cimports.pyrite.core.hash_listpack import PAIR, TRIPLET, hlp_add, hlp_in_order
from cython.cimports.pyrite.core.hash_value import (
    FIELD_CREATED,
    FIELD_NO_MEMORY,
    HashListpackEx,
    HashValue,
    hv_find,
    hv_free,
    hv_from_listpack,
    hv_new,
    hv_set,
    hv_set_expire,
)
from cython.cimports.pyrite.core.hashtable import (
    EntryList,
    HashTable,
    free_list,
    ht_find,
    ht_init,
    ht_insert,
    ht_reserve,
    list_entry,
)
from cython.cimports.pyrite.core.intset import intset_copy, intset_new, intset_validate
from cython.cimports.pyrite.core.listpack import (
    LP_END_MARK,
    LP_HEADER,
    LP_SAFE_MAX,
    LpValue,
    lp_after,
    lp_count,
    lp_free,
    lp_get,
    lp_get_text,
    lp_new,
)
from cython.cimports.pyrite.core.memory import mem_alloc
from cython.cimports.pyrite.core.numbers import LONGLONG_ROOM, parse_double
from cython.cimports.pyrite.core.ordered_index import OrderedCursor, oi_build, oi_insert, oi_next, oi_seek_rank
from cython.cimports.pyrite.core.ordered_tree import entry_score, entry_set_score
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.core.rdb_format import (
    RDB_BAD,
    RDB_EMPTY,
    RDB_GOOD,
    RDB_HASH,
    RDB_HASH_LISTPACK_EX,
    RDB_HASH_LISTPACK_EX_EARLY,
    RDB_HASH_METADATA,
    RDB_HASH_METADATA_EARLY,
    RDB_HASH_ZIPLIST,
    RDB_HASH_ZIPMAP,
    RDB_NO_MEMORY,
    RDB_SET,
    RDB_SET_INTSET,
    RDB_ZSET,
    RDB_ZSET_2,
    RDB_ZSET_ZIPLIST,
    RdbReader,
    RdbText,
    rdb_fail,
    rdb_free_text,
    rdb_get_count,
    rdb_get_double,
    rdb_get_length,
    rdb_get_ms,
    rdb_get_text,
    rdb_get_text_double,
    rdb_hold,
    rdb_release,
)
from cython.cimports.pyrite.core.siphash import siphash
from cython.cimports.pyrite.keyspace.database import Database
from cython.cimports.pyrite.types.rdb_parts import (
    BLOB_LISTPACK,
    BLOB_ZIPLIST,
    BLOB_ZIPMAP,
    rdb_entry,
    rdb_get_groups,
    rdb_reserve,
)
from cython.cimports.pyrite.types.set import INTSET_MAX, set_add, set_expect, set_length
from cython.cimports.pyrite.types.sorted_set import (
    SortedSet,
    zset_free_table,
    zset_length,
    zset_new_table,
    zset_reserve,
)
from cython.cimports.pyrite.types.sorted_set_listpack import compare_text, zl_append

from pyrite.core.errors import CommandError

# The latest time at which a field may expire, in ms.
FIELD_EXPIRE_MAX = cython.declare(int64_t, (1 << 48) - 1)

# Sets


@cython.cfunc
def rdb_load_set(r: cython.pointer[RdbReader], type: cython.int, key: Slice, db: Database) -> cython.pointer[Entry]:
    """A set."""
    lp: cython.p_uchar
    e: cython.pointer[Entry] = cython.NULL
    if type == RDB_SET:
        return _load_members(r, key, db)
    if type == RDB_SET_INTSET:
        e = _load_intset(r, key)
    else:
        lp = rdb_get_groups(r, BLOB_LISTPACK, 1)
        if lp != cython.NULL:
            e = rdb_entry(key, TYPE_SET, ENCODING_LISTPACK, lp)
    if e != cython.NULL:
        set_expect(db.keyspace, e, set_length(e))
    return e


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _load_intset(r: cython.pointer[RdbReader], key: Slice) -> cython.pointer[Entry]:
    text: RdbText
    s: cython.p_uchar = cython.NULL
    if not rdb_get_text(r, cython.address(text)):
        return cython.NULL
    p: cython.p_const_uchar = cython.cast(cython.p_const_uchar, text.p)
    if intset_validate(p, text.n, True):
        s = intset_copy(p, text.n)
        if s == cython.NULL:
            rdb_fail(r, RDB_NO_MEMORY)
    else:
        rdb_fail(r, RDB_BAD)
    rdb_free_text(cython.address(text))
    return rdb_entry(key, TYPE_SET, ENCODING_INTSET, s) if s != cython.NULL else cython.NULL


@cython.cfunc
def _load_members(r: cython.pointer[RdbReader], key: Slice, db: Database) -> cython.pointer[Entry]:
    """A set from its members one by one. Many become a hashtable at once, even where all are integers, as in Redis."""
    text: RdbText
    status: cython.int
    _: cython.size_t
    count: cython.size_t = rdb_get_count(r, 1)
    if count == 0:
        rdb_fail(r, RDB_EMPTY)
        return cython.NULL
    e: cython.pointer[Entry]
    if cython.cast(cython.longlong, count) <= min(db.keyspace.set_max_intset_entries, INTSET_MAX):
        e = rdb_entry(key, TYPE_SET, ENCODING_INTSET, intset_new())
    else:
        e = rdb_entry(key, TYPE_SET, ENCODING_HASHTABLE, _new_table(rdb_reserve(count)))
    for _ in range(count):
        if not rdb_get_text(r, cython.address(text)):
            break
        try:
            status = set_add(db.keyspace, e, text.p, text.n)
        except CommandError:
            status = -1
        rdb_free_text(cython.address(text))
        if status != 1:
            rdb_fail(r, RDB_BAD if status == 0 else RDB_NO_MEMORY)
            break
    if r.problem == RDB_GOOD:
        return e
    entry_free(e)
    return cython.NULL


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _new_table(entries: cython.size_t) -> cython.pointer[HashTable]:
    t: cython.pointer[HashTable] = cython.cast(cython.pointer[HashTable], mem_alloc(cython.sizeof(HashTable)))
    ht_init(t)
    ht_reserve(t, entries)
    return t


# Sorted sets


@cython.cfunc
def rdb_load_zset(r: cython.pointer[RdbReader], type: cython.int, key: Slice, db: Database) -> cython.pointer[Entry]:
    """A sorted set."""
    lp: cython.p_uchar
    e: cython.pointer[Entry]
    if type in (RDB_ZSET, RDB_ZSET_2):
        return _load_scores(r, type, key, db)
    lp = rdb_get_groups(r, BLOB_ZIPLIST if type == RDB_ZSET_ZIPLIST else BLOB_LISTPACK, 2)
    if lp == cython.NULL:
        return cython.NULL
    if not _scores_ascend(lp):
        rdb_fail(r, RDB_BAD)
        lp_free(lp)
        return cython.NULL
    e = rdb_entry(key, TYPE_ZSET, ENCODING_LISTPACK, lp)
    zset_reserve(db, key, cython.address(e), zset_length(e), 0)
    return e


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _read_score(lp: cython.p_const_uchar, at: cython.Py_ssize_t, score: cython.p_double) -> cython.bint:
    """The score that an element is; False where it is none."""
    value: LpValue
    lp_get(lp, at, cython.address(value))
    if value.text == cython.NULL:
        score[0] = cython.cast(cython.double, value.number)
        return True
    return parse_double(value.text, value.length, score) and score[0] == score[0]


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _scores_ascend(lp: cython.p_const_uchar) -> cython.bint:
    """Tell whether pairs of member and score stand in order of (score, member), the members being different."""
    rooms: cython.char[2][LONGLONG_ROOM]
    members: LpValue[2]
    scores: cython.double[2]
    now: cython.int = 0
    first: cython.bint = True
    at: cython.Py_ssize_t = LP_HEADER
    while lp[at] != LP_END_MARK:
        lp_get_text(lp, at, cython.address(members[now]), rooms[now])
        at = lp_after(lp, at)
        if not _read_score(lp, at, cython.address(scores[now])):
            return False
        at = lp_after(lp, at)
        if not first:
            if scores[now] < scores[1 - now]:
                return False
            if scores[now] == scores[1 - now] and (
                compare_text(members[now].text, members[now].length, members[1 - now].text, members[1 - now].length) < 0
            ):
                return False
        first = False
        now = 1 - now
    return True


@cython.cfunc
def _load_scores(r: cython.pointer[RdbReader], type: cython.int, key: Slice, db: Database) -> cython.pointer[Entry]:
    """A sorted set from its members one by one."""
    read: EntryList
    read.items = cython.NULL
    read.count = read.capacity = 0
    longest: cython.size_t = 0
    total: cython.size_t = 0
    count: cython.size_t = rdb_get_count(r, 2)
    if count == 0:
        rdb_fail(r, RDB_EMPTY)
        return cython.NULL
    z: cython.pointer[SortedSet] = zset_new_table()
    ht_reserve(cython.address(z.table), rdb_reserve(count))
    while read.count < count and _load_scored(r, type, z, cython.address(read)):
        size: cython.size_t = entry_key_length(read.items[read.count - 1])
        longest = max(longest, size)
        total += size
    if r.problem == RDB_GOOD:
        _order(z, cython.address(read))
    free_list(cython.address(read))
    if r.problem != RDB_GOOD:
        zset_free_table(z)
        return cython.NULL
    if (
        cython.cast(cython.longlong, count) <= db.keyspace.zset_max_listpack_entries
        and cython.cast(cython.longlong, longest) <= db.keyspace.zset_max_listpack_value
        and total <= LP_SAFE_MAX
    ):
        return _small_zset(r, key, z)
    return rdb_entry(key, TYPE_ZSET, ENCODING_SKIPLIST, z)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _load_scored(
    r: cython.pointer[RdbReader],
    type: cython.int,
    z: cython.pointer[SortedSet],
    read: cython.pointer[EntryList],
) -> cython.bint:
    """Read one member into the table and the list; False where something is wrong."""
    text: RdbText
    rdb_hold(r)
    if not rdb_get_text(r, cython.address(text)):
        return False
    score: cython.double = rdb_get_double(r) if type == RDB_ZSET_2 else rdb_get_text_double(r)
    h: uint64_t = siphash(text.p, text.n)
    if score != score or text.n > KEY_MAX or ht_find(cython.address(z.table), text.p, text.n, h) != cython.NULL:
        rdb_fail(r, RDB_BAD)
    if r.problem == RDB_GOOD:
        e: cython.pointer[Entry] = entry_new(text.p, text.n, PART_WORD, 0)
        entry_set_score(e, score)
        ht_insert(cython.address(z.table), e, h)
        list_entry(read, e)
    rdb_free_text(cython.address(text))
    rdb_release(r)
    return r.problem == RDB_GOOD


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _order(z: cython.pointer[SortedSet], read: cython.pointer[EntryList]) -> cython.void:
    """Build the index: at once where the members came in falling order, as Redis writes them, else one by one."""
    i: cython.size_t
    last: cython.size_t = read.count - 1
    for i in range(read.count // 2):
        read.items[i], read.items[last - i] = read.items[last - i], read.items[i]
    if oi_build(cython.address(z.index), read.items, read.count):
        return
    for i in range(read.count):
        oi_insert(cython.address(z.index), read.items[i])


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _small_zset(r: cython.pointer[RdbReader], key: Slice, z: cython.pointer[SortedSet]) -> cython.pointer[Entry]:
    """The same set as a listpack; takes the table."""
    cursor: OrderedCursor
    longer: cython.p_uchar
    lp: cython.p_uchar = lp_new()
    oi_seek_rank(cython.address(z.index), 0, cython.address(cursor))
    e: cython.pointer[Entry] = oi_next(cython.address(cursor))
    while e != cython.NULL and r.problem == RDB_GOOD:
        longer = zl_append(lp, entry_key(e), entry_key_length(e), entry_score(e))
        if longer == cython.NULL:
            rdb_fail(r, RDB_NO_MEMORY)
        else:
            lp = longer
        e = oi_next(cython.address(cursor))
    zset_free_table(z)
    if r.problem == RDB_GOOD:
        return rdb_entry(key, TYPE_ZSET, ENCODING_LISTPACK, lp)
    lp_free(lp)
    return cython.NULL


# Hashes


@cython.cfunc
def rdb_load_hash(r: cython.pointer[RdbReader], type: cython.int, key: Slice, db: Database) -> cython.pointer[Entry]:
    """A hash."""
    limits: HashLimits
    limits.entries = db.keyspace.hash_max_listpack_entries
    limits.value = db.keyspace.hash_max_listpack_value
    if type in (RDB_HASH, RDB_HASH_METADATA, RDB_HASH_METADATA_EARLY):
        return _load_fields(r, type, key, cython.address(limits))
    if type in (RDB_HASH_LISTPACK_EX, RDB_HASH_LISTPACK_EX_EARLY):
        if type == RDB_HASH_LISTPACK_EX:
            # The earliest of the expiries, which the listpack begins with.
            rdb_get_ms(r)
        return _packed_hash(r, BLOB_LISTPACK, TRIPLET, key, cython.address(limits))
    if type == RDB_HASH_ZIPLIST:
        return _packed_hash(r, BLOB_ZIPLIST, PAIR, key, cython.address(limits))
    if type == RDB_HASH_ZIPMAP:
        return _packed_hash(r, BLOB_ZIPMAP, PAIR, key, cython.address(limits))
    return _packed_hash(r, BLOB_LISTPACK, PAIR, key, cython.address(limits))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _packed_hash(
    r: cython.pointer[RdbReader],
    blob: cython.int,
    width: cython.int,
    key: Slice,
    limits: cython.pointer[HashLimits],
) -> cython.pointer[Entry]:
    """A hash from a blob, whose encoding its number of fields decides."""
    fields: cython.Py_ssize_t
    x: cython.pointer[HashValue]
    lp: cython.p_uchar = rdb_get_groups(r, blob, width)
    if lp == cython.NULL:
        return cython.NULL
    fields = lp_count(lp) // width
    if width == TRIPLET and not (hlp_in_order(lp) and _times_fit(lp)):
        rdb_fail(r, RDB_BAD)
        lp_free(lp)
        return cython.NULL
    if fields <= limits.entries and (blob != BLOB_ZIPMAP or _texts_fit(lp, limits.value)):
        return _small_hash(key, width, lp)
    x = hv_from_listpack(lp, width, fields)
    lp_free(lp)
    if x == cython.NULL:
        rdb_fail(r, RDB_NO_MEMORY)
        return cython.NULL
    return rdb_entry(key, TYPE_HASH, ENCODING_HASHTABLE, x)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _small_hash(key: Slice, width: cython.int, lp: cython.p_uchar) -> cython.pointer[Entry]:
    """A hash whose value is this listpack."""
    if width == PAIR:
        return rdb_entry(key, TYPE_HASH, ENCODING_LISTPACK, lp)
    x: cython.pointer[HashListpackEx] = cython.cast(
        cython.pointer[HashListpackEx], mem_alloc(cython.sizeof(HashListpackEx))
    )
    x.lp = lp
    x.proxy = cython.NULL
    return rdb_entry(key, TYPE_HASH, ENCODING_LISTPACKEX, x)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _times_fit(lp: cython.p_const_uchar) -> cython.bint:
    """Tell whether no field of a listpack of triplets expires later than any may."""
    value: LpValue
    at: cython.Py_ssize_t = LP_HEADER
    while lp[at] != LP_END_MARK:
        at = lp_after(lp, lp_after(lp, at))
        lp_get(lp, at, cython.address(value))
        if value.number > FIELD_EXPIRE_MAX:
            return False
        at = lp_after(lp, at)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _texts_fit(lp: cython.p_const_uchar, most: cython.longlong) -> cython.bint:
    """Tell whether no element is longer than this."""
    room: cython.char[LONGLONG_ROOM]
    value: LpValue
    at: cython.Py_ssize_t = LP_HEADER
    while lp[at] != LP_END_MARK:
        lp_get_text(lp, at, cython.address(value), room)
        if value.length > most:
            return False
        at = lp_after(lp, at)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _load_fields(
    r: cython.pointer[RdbReader], type: cython.int, key: Slice, limits: cython.pointer[HashLimits]
) -> cython.pointer[Entry]:
    """A hash from its fields one by one: a hashtable, from which a small one is packed."""
    field: RdbField
    small: cython.bint
    first_ms: int64_t = 0
    total: cython.size_t = 0
    _: cython.size_t
    if type == RDB_HASH_METADATA:
        first_ms = rdb_get_ms(r)
    count: cython.size_t = rdb_get_count(r, 2)
    if count == 0:
        rdb_fail(r, RDB_EMPTY)
        return cython.NULL
    small = cython.cast(cython.longlong, count) <= limits.entries
    x: cython.pointer[HashValue] = hv_new(rdb_reserve(count))
    lp: cython.p_uchar = lp_new() if small else cython.NULL
    for _ in range(count):
        if not _get_field(r, type, first_ms, cython.address(field)):
            break
        small = small and _fits(limits, cython.address(field), cython.address(total))
        _add_field(r, x, cython.address(field))
        if small:
            lp = _pack_field(r, lp, PAIR if type == RDB_HASH else TRIPLET, cython.address(field))
        rdb_free_text(cython.address(field.name))
        rdb_free_text(cython.address(field.value))
        rdb_release(r)
        if r.problem != RDB_GOOD:
            break
    if r.problem == RDB_GOOD and not small:
        if lp != cython.NULL:
            lp_free(lp)
        return rdb_entry(key, TYPE_HASH, ENCODING_HASHTABLE, x)
    hv_free(x)
    if r.problem == RDB_GOOD:
        return _small_hash(key, PAIR if type == RDB_HASH else TRIPLET, lp)
    if lp != cython.NULL:
        lp_free(lp)
    return cython.NULL


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _is_time(v: uint64_t) -> cython.bint:
    """Tell whether a field may expire at this time."""
    return 0 < v <= cython.cast(uint64_t, FIELD_EXPIRE_MAX)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _get_field(
    r: cython.pointer[RdbReader], type: cython.int, first_ms: int64_t, field: cython.pointer[RdbField]
) -> cython.bint:
    """Read a field; False, and nothing to free, where something is wrong."""
    ttl: uint64_t = 0 if type == RDB_HASH else rdb_get_length(r)
    field.at_ms = -1
    if ttl:
        if not _is_time(ttl) or (type == RDB_HASH_METADATA and not _is_time(first_ms)):
            rdb_fail(r, RDB_BAD)
            return False
        field.at_ms = cython.cast(int64_t, ttl)
        if type == RDB_HASH_METADATA:
            # Counted from the first time, which is 1.
            field.at_ms += first_ms - 1
        if not _is_time(field.at_ms):
            rdb_fail(r, RDB_BAD)
            return False
    rdb_hold(r)
    if not rdb_get_text(r, cython.address(field.name)):
        return False
    if not rdb_get_text(r, cython.address(field.value)):
        rdb_free_text(cython.address(field.name))
        return False
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _fits(
    limits: cython.pointer[HashLimits], field: cython.pointer[RdbField], total: cython.pointer[cython.size_t]
) -> cython.bint:
    """Tell whether the field may stand in a listpack with those before it, whose bytes `total` counts."""
    total[0] += field.name.n + field.value.n
    return (
        cython.cast(cython.longlong, field.name.n) <= limits.value
        and cython.cast(cython.longlong, field.value.n) <= limits.value
        and total[0] <= LP_SAFE_MAX
    )


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _add_field(
    r: cython.pointer[RdbReader], x: cython.pointer[HashValue], field: cython.pointer[RdbField]
) -> cython.void:
    """Add a field to a hashtable; one that is there already is bad."""
    if field.name.n > KEY_MAX:
        rdb_fail(r, RDB_BAD)
        return
    status: cython.int = hv_set(x, field.name.p, field.name.n, field.value.p, field.value.n, False)
    if status != FIELD_CREATED:
        rdb_fail(r, RDB_NO_MEMORY if status == FIELD_NO_MEMORY else RDB_BAD)
    elif field.at_ms >= 0:
        hv_set_expire(x, hv_find(x, field.name.p, field.name.n), field.at_ms)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _pack_field(
    r: cython.pointer[RdbReader], lp: cython.p_uchar, width: cython.int, field: cython.pointer[RdbField]
) -> cython.p_uchar:
    """Add a field to a listpack; returns where that stands now."""
    longer: cython.p_uchar = hlp_add(lp, width, field.name.p, field.name.n, field.value.p, field.value.n, field.at_ms)
    if longer == cython.NULL:
        rdb_fail(r, RDB_NO_MEMORY)
        return lp
    return longer
