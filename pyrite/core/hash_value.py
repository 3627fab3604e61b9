"""The values of hashes: what stands outside of a key's entry, in each of the three encodings.

    listpack     the listpack itself, of pairs: see `hash_listpack`
    listpackex   a HashListpackEx: a listpack of triplets, some fields may expire
    hashtable    a HashValue: a hashtable with one entry for each field

A field of a hashtable is an Entry, its key the field's name, its value inline or, when longer than INLINE_MAX, in a
Blob outside. One that expires has PART_EXPIRE and stands in the hash's own expiry index, which exists once a field had
an expiry.

Whoever expires fields has to find the hashes that have some due. So each database has an index of those too; what
stands in it for a hash is its proxy, an entry with the hash's key and the time at which its next field falls due, or an
earlier one: removing fields need not touch it. The proxy belongs to the hash's value, not to its entry, which may move.
A hash has one just while it is in a database and has fields that expire; freeing a value frees its proxy, but only the
database takes it out of the index.

A listpackex does not turn back when its last expiry goes, nor does a hashtable when it shrinks; both as in Redis.
"""

import cython
from cython.cimports.libc.stdint import int64_t, uint64_t
from cython.cimports.libc.string import memcpy
from cython.cimports.pyrite.core.entry import (
    ENCODING_HASHTABLE,
    ENCODING_LISTPACK,
    ENCODING_LISTPACKEX,
    INLINE_MAX,
    PART_EXPIRE,
    PART_LONG,
    PART_OWNER,
    PART_WORD,
    TYPE_HASH,
    Blob,
    Entry,
    blob_data,
    blob_new,
    entry_copy,
    entry_encoding,
    entry_expire,
    entry_free,
    entry_free_value,
    entry_has_expire,
    entry_key,
    entry_key_length,
    entry_memory,
    entry_new,
    entry_pointer,
    entry_register_type,
    entry_reshape,
    entry_set_kind,
    entry_value,
    entry_value_length,
    entry_word,
)
from cython.cimports.pyrite.core.expiry_index import (
    ei_clear,
    ei_due,
    ei_first,
    ei_first_ms,
    ei_init,
    ei_insert,
    ei_memory,
    ei_remove,
    ei_replace,
)
from cython.cimports.pyrite.core.hash_listpack import (
    PAIR,
    TRIPLET,
    hlp_count_due,
    hlp_drop_first,
    hlp_expire,
    hlp_first_expire,
    hlp_to_triplets,
)
from cython.cimports.pyrite.core.hashtable import (
    HashIterator,
    ht_clear,
    ht_count,
    ht_find,
    ht_init,
    ht_insert,
    ht_iterate,
    ht_memory,
    ht_next,
    ht_pop,
    ht_reserve,
)
from cython.cimports.pyrite.core.listpack import (
    LP_END_MARK,
    LP_HEADER,
    LpValue,
    lp_after,
    lp_bytes,
    lp_copy,
    lp_free,
    lp_get,
    lp_get_text,
    lp_is_empty,
    lp_memory,
    lp_pass,
)
from cython.cimports.pyrite.core.memory import mem_alloc, mem_block_size, mem_free
from cython.cimports.pyrite.core.numbers import LONGLONG_ROOM
from cython.cimports.pyrite.core.siphash import siphash

# How many fields of a hashtable are looked at to tell what it takes.
MEASURED = cython.declare(cython.size_t, 64)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _write_expire(e: cython.pointer[Entry], at_ms: int64_t) -> cython.void:
    cython.cast(cython.pointer[int64_t], cython.cast(cython.p_char, e) + 8)[0] = at_ms


# The proxy


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def proxy_new(key: cython.p_const_char, n: cython.size_t, at_ms: int64_t) -> cython.pointer[Entry]:
    """What stands for the hash of this key in its database's index."""
    proxy: cython.pointer[Entry] = entry_new(key, n, PART_EXPIRE, 0)
    _write_expire(proxy, at_ms)
    return proxy


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def proxy_set_time(proxy: cython.pointer[Entry], at_ms: int64_t) -> cython.void:
    """Write its time; the index that it is in is not told."""
    _write_expire(proxy, at_ms)


# Fields of a hashtable


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _blob_of(value: cython.p_const_char, length: cython.size_t) -> cython.pointer[Blob]:
    blob: cython.pointer[Blob] = blob_new(length)
    if blob != cython.NULL:
        memcpy(blob_data(blob), value, length)
        blob.length = length
    return blob


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _field_new(
    p: cython.p_const_char, n: cython.size_t, value: cython.p_const_char, length: cython.size_t
) -> cython.pointer[Entry]:
    """A field without an expiry; NULL without memory for a long value."""
    field: cython.pointer[Entry]
    if length <= INLINE_MAX:
        field = entry_new(p, n, 0, length)
        memcpy(entry_value(field), value, length)
        return field
    blob: cython.pointer[Blob] = _blob_of(value, length)
    if blob == cython.NULL:
        return cython.NULL
    field = entry_new(p, n, PART_WORD | PART_OWNER, 0)
    entry_word(field)[0] = cython.cast(uint64_t, blob)
    return field


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hv_new(fields: cython.size_t) -> cython.pointer[HashValue]:
    """An empty hashtable, with room for so many fields."""
    x: cython.pointer[HashValue] = cython.cast(cython.pointer[HashValue], mem_alloc(cython.sizeof(HashValue)))
    ht_init(cython.address(x.table))
    x.expiry = cython.NULL
    if fields:
        ht_reserve(cython.address(x.table), fields)
    return x


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hv_free(x: cython.pointer[HashValue]) -> cython.void:
    """Free it with all its fields."""
    if x.expiry != cython.NULL:
        ei_clear(cython.address(x.expiry.index))
        if x.expiry.proxy != cython.NULL:
            entry_free(x.expiry.proxy)
        mem_free(x.expiry, cython.sizeof(FieldExpiry))
    ht_clear(cython.address(x.table), True)
    mem_free(x, cython.sizeof(HashValue))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hv_find(
    x: cython.pointer[HashValue], p: cython.p_const_char, n: cython.size_t
) -> cython.pointer[cython.pointer[Entry]]:
    """The slot of a field, NULL where it is not there; valid until fields are added or removed."""
    return ht_find(cython.address(x.table), p, n, siphash(p, n))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hv_set_value(
    x: cython.pointer[HashValue],
    slot: cython.pointer[cython.pointer[Entry]],
    value: cython.p_const_char,
    length: cython.size_t,
    keep_expire: cython.bint,
) -> cython.bint:
    """Give a field another value, which then stands in `slot`; its expiry goes unless it is to be kept.

    The bytes must not be its old value. False, and all as it was, without memory for a long one.
    """
    field: cython.pointer[Entry] = slot[0]
    at_ms: int64_t = entry_expire(field)
    blob: cython.pointer[Blob] = cython.NULL
    parts: cython.int = PART_EXPIRE if at_ms >= 0 and keep_expire else 0
    room: cython.size_t = length
    if length > INLINE_MAX:
        blob = _blob_of(value, length)
        if blob == cython.NULL:
            return False
        parts |= PART_WORD | PART_OWNER
        room = 0
    if field.parts & PART_OWNER:
        entry_free_value(field)
    if (field.parts & ~PART_LONG) != parts or entry_value_length(field) != room:
        slot[0] = entry_reshape(field, parts, room)
    if at_ms >= 0 and not keep_expire:
        ei_remove(cython.address(x.expiry.index), at_ms, field)
    elif at_ms >= 0:
        ei_replace(cython.address(x.expiry.index), at_ms, field, slot[0])
    if blob != cython.NULL:
        entry_word(slot[0])[0] = cython.cast(uint64_t, blob)
    else:
        memcpy(entry_value(slot[0]), value, length)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hv_set(
    x: cython.pointer[HashValue],
    p: cython.p_const_char,
    n: cython.size_t,
    value: cython.p_const_char,
    length: cython.size_t,
    keep_expire: cython.bint,
) -> cython.int:
    """Set a field: FIELD_CREATED, FIELD_UPDATED, or FIELD_NO_MEMORY, and all as it was."""
    h: uint64_t = siphash(p, n)
    slot: cython.pointer[cython.pointer[Entry]] = ht_find(cython.address(x.table), p, n, h)
    if slot != cython.NULL:
        return FIELD_UPDATED if hv_set_value(x, slot, value, length, keep_expire) else FIELD_NO_MEMORY
    field: cython.pointer[Entry] = _field_new(p, n, value, length)
    if field == cython.NULL:
        return FIELD_NO_MEMORY
    ht_insert(cython.address(x.table), field, h)
    return FIELD_CREATED


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hv_delete(x: cython.pointer[HashValue], p: cython.p_const_char, n: cython.size_t) -> cython.bint:
    """Delete a field; False where it is not there."""
    field: cython.pointer[Entry] = ht_pop(cython.address(x.table), p, n, siphash(p, n))
    if field == cython.NULL:
        return False
    if entry_has_expire(field):
        ei_remove(cython.address(x.expiry.index), entry_expire(field), field)
    entry_free(field)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _index(x: cython.pointer[HashValue], field: cython.pointer[Entry]) -> cython.void:
    """Enter a field that has an expiry into the index."""
    if x.expiry == cython.NULL:
        x.expiry = cython.cast(cython.pointer[FieldExpiry], mem_alloc(cython.sizeof(FieldExpiry)))
        x.expiry.proxy = cython.NULL
        ei_init(cython.address(x.expiry.index))
    ei_insert(cython.address(x.expiry.index), entry_expire(field), field)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hv_set_expire(
    x: cython.pointer[HashValue], slot: cython.pointer[cython.pointer[Entry]], at_ms: int64_t
) -> cython.void:
    """Let a field expire at another time, -1 for never; it then stands in `slot`."""
    field: cython.pointer[Entry] = slot[0]
    old_ms: int64_t = entry_expire(field)
    if old_ms >= 0:
        ei_remove(cython.address(x.expiry.index), old_ms, field)
    if (old_ms < 0) != (at_ms < 0):
        field = slot[0] = entry_reshape(field, field.parts ^ PART_EXPIRE, entry_value_length(field))
    if at_ms >= 0:
        _write_expire(field, at_ms)
        _index(x, field)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hv_from_listpack(lp: cython.p_uchar, width: cython.int, fields: cython.size_t) -> cython.pointer[HashValue]:
    """A hashtable of the fields of a listpack, which stays, with room for so many; NULL without memory."""
    room: cython.char[LONGLONG_ROOM]
    name_room: cython.char[LONGLONG_ROOM]
    name: LpValue
    value: LpValue
    field: cython.pointer[Entry]
    at_ms: int64_t
    h: uint64_t
    x: cython.pointer[HashValue] = hv_new(fields)
    at: cython.Py_ssize_t = LP_HEADER
    while lp[at] != LP_END_MARK:
        lp_get_text(lp, at, cython.address(name), name_room)
        lp_get_text(lp, lp_after(lp, at), cython.address(value), room)
        field = _field_new(name.text, name.length, value.text, value.length)
        if field == cython.NULL:
            hv_free(x)
            return cython.NULL
        h = siphash(name.text, name.length)
        ht_insert(cython.address(x.table), field, h)
        if width == TRIPLET:
            at_ms = hlp_expire(lp, at)
            if at_ms >= 0:
                hv_set_expire(x, ht_find(cython.address(x.table), name.text, name.length, h), at_ms)
        at = lp_pass(lp, at, width)
    return x


# Changes of the encoding, in place


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hash_to_listpack_ex(e: cython.pointer[Entry]) -> cython.bint:
    """Turn a listpack into a listpackex; False, and all as it was, without memory."""
    lp: cython.p_uchar = hlp_to_triplets(hash_listpack(e))
    x: cython.pointer[HashListpackEx]
    if lp == cython.NULL:
        return False
    x = cython.cast(cython.pointer[HashListpackEx], mem_alloc(cython.sizeof(HashListpackEx)))
    x.lp = lp
    x.proxy = cython.NULL
    entry_word(e)[0] = cython.cast(uint64_t, x)
    entry_set_kind(e, TYPE_HASH, ENCODING_LISTPACKEX)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hash_to_table(e: cython.pointer[Entry], fields: cython.size_t) -> cython.bint:
    """Turn a hash in a listpack into a hashtable with room for so many; False, and all as it was, without memory."""
    lp: cython.p_uchar = hash_listpack(e)
    width: cython.int = PAIR if entry_encoding(e) == ENCODING_LISTPACK else TRIPLET
    x: cython.pointer[HashValue] = hv_from_listpack(lp, width, fields)
    if x == cython.NULL:
        return False
    if width == TRIPLET:
        if x.expiry != cython.NULL:
            x.expiry.proxy = hash_listpack_ex(e).proxy
        mem_free(entry_pointer(e), cython.sizeof(HashListpackEx))
    lp_free(lp)
    entry_word(e)[0] = cython.cast(uint64_t, x)
    entry_set_kind(e, TYPE_HASH, ENCODING_HASHTABLE)
    return True


# What the encodings have in common for those who expire fields


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hash_expires(e: cython.pointer[Entry]) -> cython.bint:
    """Tell whether some field has an expiry."""
    if entry_encoding(e) == ENCODING_LISTPACK:
        return False
    if entry_encoding(e) == ENCODING_LISTPACKEX:
        return hlp_first_expire(hash_listpack(e)) >= 0
    return hash_table(e).expiry != cython.NULL and hash_table(e).expiry.index.count != 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hash_is_empty(e: cython.pointer[Entry]) -> cython.bint:
    """Tell whether the hash has no fields left."""
    if entry_encoding(e) == ENCODING_HASHTABLE:
        return ht_count(cython.address(hash_table(e).table)) == 0
    return lp_is_empty(hash_listpack(e))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hash_next_expire(e: cython.pointer[Entry]) -> int64_t:
    """When the first of its fields expires; -1 where none does."""
    x: cython.pointer[HashValue]
    if entry_encoding(e) == ENCODING_LISTPACK:
        return -1
    if entry_encoding(e) == ENCODING_LISTPACKEX:
        return hlp_first_expire(hash_listpack(e))
    x = hash_table(e)
    if x.expiry == cython.NULL or x.expiry.index.count == 0:
        return -1
    return entry_expire(ei_first(cython.address(x.expiry.index)))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hash_has_due(e: cython.pointer[Entry], now_ms: int64_t) -> cython.bint:
    """Tell whether some field's expiry is before or at `now_ms`."""
    x: cython.pointer[HashValue]
    field: cython.pointer[Entry]
    at_ms: int64_t
    if entry_encoding(e) == ENCODING_LISTPACK:
        return False
    if entry_encoding(e) == ENCODING_LISTPACKEX:
        at_ms = hlp_first_expire(hash_listpack(e))
        return 0 <= at_ms <= now_ms
    x = hash_table(e)
    if x.expiry == cython.NULL or x.expiry.index.count == 0 or ei_first_ms(cython.address(x.expiry.index)) > now_ms:
        return False
    return ei_due(cython.address(x.expiry.index), now_ms, cython.address(field), 1) != 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hash_first_due(e: cython.pointer[Entry], now_ms: int64_t, field: cython.pointer[LpValue]) -> cython.bint:
    """Read the name of a field that is due; False where none is. It is the one that `hash_drop_due` drops first."""
    due: cython.pointer[Entry]
    if not hash_has_due(e, now_ms):
        return False
    if entry_encoding(e) == ENCODING_LISTPACKEX:
        lp_get(hash_listpack(e), LP_HEADER, field)
        return True
    ei_due(cython.address(hash_table(e).expiry.index), now_ms, cython.address(due), 1)
    field.text = entry_key(due)
    field.length = entry_key_length(due)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _drop_due_of_table(x: cython.pointer[HashValue], now_ms: int64_t, limit: cython.size_t) -> cython.size_t:
    due: cython.pointer[Entry][32]
    i: cython.size_t
    found: cython.size_t
    dropped: cython.size_t = 0
    while dropped < limit:
        found = ei_due(cython.address(x.expiry.index), now_ms, due, 32 if limit - dropped > 32 else limit - dropped)
        if found == 0:
            break
        for i in range(found):
            hv_delete(x, entry_key(due[i]), entry_key_length(due[i]))
        dropped += found
    return dropped


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def hash_drop_due(e: cython.pointer[Entry], now_ms: int64_t, limit: cython.size_t) -> cython.size_t:
    """Delete up to `limit` fields whose expiry is before or at `now_ms`, the earliest first; returns how many."""
    x: cython.pointer[HashListpackEx]
    count: cython.Py_ssize_t
    if not hash_has_due(e, now_ms):
        return 0
    if entry_encoding(e) == ENCODING_HASHTABLE:
        return _drop_due_of_table(hash_table(e), now_ms, limit)
    x = hash_listpack_ex(e)
    count = hlp_count_due(x.lp, now_ms, limit)
    x.lp = hlp_drop_first(x.lp, TRIPLET, count)
    return count


# How values are freed, measured and copied


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _release(value: cython.p_void, encoding: cython.int) -> cython.void:
    x: cython.pointer[HashListpackEx]
    if encoding == ENCODING_LISTPACK:
        lp_free(cython.cast(cython.p_uchar, value))
    elif encoding == ENCODING_HASHTABLE:
        hv_free(cython.cast(cython.pointer[HashValue], value))
    else:
        x = cython.cast(cython.pointer[HashListpackEx], value)
        lp_free(x.lp)
        if x.proxy != cython.NULL:
            entry_free(x.proxy)
        mem_free(x, cython.sizeof(HashListpackEx))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _measure_table(x: cython.pointer[HashValue]) -> cython.size_t:
    """Bytes of the table, its index, and its fields, by the mean of the first MEASURED ones."""
    it: HashIterator
    count: cython.size_t = ht_count(cython.address(x.table))
    seen: cython.size_t = 0
    fields: cython.size_t = 0
    total: cython.size_t = mem_block_size(cython.sizeof(HashValue)) + ht_memory(cython.address(x.table))
    if x.expiry != cython.NULL:
        total += mem_block_size(cython.sizeof(FieldExpiry)) + ei_memory(cython.address(x.expiry.index))
        if x.expiry.proxy != cython.NULL:
            total += entry_memory(x.expiry.proxy)
    ht_iterate(cython.address(x.table), cython.address(it))
    while seen < MEASURED and seen < count:
        fields += entry_memory(ht_next(cython.address(it)))
        seen += 1
    return total + (fields * count // seen if seen else 0)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _measure(value: cython.p_void, encoding: cython.int) -> cython.size_t:
    x: cython.pointer[HashListpackEx]
    total: cython.size_t
    if encoding == ENCODING_LISTPACK:
        return lp_memory(cython.cast(cython.p_uchar, value))
    if encoding == ENCODING_HASHTABLE:
        return _measure_table(cython.cast(cython.pointer[HashValue], value))
    x = cython.cast(cython.pointer[HashListpackEx], value)
    total = mem_block_size(cython.sizeof(HashListpackEx)) + lp_memory(x.lp)
    return total if x.proxy == cython.NULL else total + entry_memory(x.proxy)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _copy_table(x: cython.pointer[HashValue]) -> cython.pointer[HashValue]:
    """The same fields with the same expiries; NULL without memory."""
    it: HashIterator
    field: cython.pointer[Entry]
    fresh: cython.pointer[Entry]
    copy: cython.pointer[HashValue] = hv_new(ht_count(cython.address(x.table)))
    ht_iterate(cython.address(x.table), cython.address(it))
    while True:
        field = ht_next(cython.address(it))
        if field == cython.NULL:
            return copy
        fresh = entry_copy(field, entry_key(field), entry_key_length(field))
        if fresh == cython.NULL:
            hv_free(copy)
            return cython.NULL
        ht_insert(cython.address(copy.table), fresh, siphash(entry_key(fresh), entry_key_length(fresh)))
        if entry_has_expire(fresh):
            _index(copy, fresh)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _copy(value: cython.p_void, encoding: cython.int) -> cython.p_void:
    lp: cython.p_uchar
    copy: cython.pointer[HashListpackEx]
    if encoding == ENCODING_HASHTABLE:
        return _copy_table(cython.cast(cython.pointer[HashValue], value))
    if encoding == ENCODING_LISTPACK:
        lp = cython.cast(cython.p_uchar, value)
        return lp_copy(lp, lp_bytes(lp))
    lp = cython.cast(cython.pointer[HashListpackEx], value).lp
    lp = lp_copy(lp, lp_bytes(lp))
    if lp == cython.NULL:
        return cython.NULL
    copy = cython.cast(cython.pointer[HashListpackEx], mem_alloc(cython.sizeof(HashListpackEx)))
    copy.lp = lp
    copy.proxy = cython.NULL
    return copy


entry_register_type(TYPE_HASH, _release, _measure, _copy)


# Python handles, for tests and cold callers


@cython.cclass
class BigHash:
    """A hash in a hashtable, for tests. Fields that are not there raise KeyError."""

    e: cython.pointer[Entry]

    def __cinit__(self) -> None:
        self.e = entry_new(b"", 0, PART_WORD | PART_OWNER, 0)
        entry_set_kind(self.e, TYPE_HASH, ENCODING_HASHTABLE)
        entry_word(self.e)[0] = cython.cast(uint64_t, hv_new(0))

    def __dealloc__(self) -> None:
        if self.e != cython.NULL:
            entry_free(self.e)

    @cython.cfunc
    def slot(self, field: bytes) -> cython.pointer[cython.pointer[Entry]]:
        found: cython.pointer[cython.pointer[Entry]] = hv_find(hash_table(self.e), field, len(field))
        if found == cython.NULL:
            raise KeyError(field)
        return found

    def __len__(self) -> int:
        return ht_count(cython.address(hash_table(self.e).table))

    def set(self, field: bytes, value: bytes, keep_expire: bool = False) -> bool:
        """Set a field; True where it is new."""
        return hv_set(hash_table(self.e), field, len(field), value, len(value), keep_expire) == FIELD_CREATED

    def get(self, field: bytes) -> tuple[bytes, int]:
        """A field's value, and when it expires (-1: never)."""
        slot: cython.pointer[cython.pointer[Entry]] = self.slot(field)
        value: LpValue
        field_value(slot[0], cython.address(value))
        return value.text[: value.length], entry_expire(slot[0])

    def fields(self) -> dict[bytes, tuple[bytes, int]]:
        """All fields, each with its value and expiry."""
        it: HashIterator
        out: dict = {}
        ht_iterate(cython.address(hash_table(self.e).table), cython.address(it))
        while True:
            e: cython.pointer[Entry] = ht_next(cython.address(it))
            if e == cython.NULL:
                return out
            name: bytes = entry_key(e)[: entry_key_length(e)]
            out[name] = self.get(name)

    def delete(self, field: bytes) -> bool:
        """Delete a field; False where it is not there."""
        return hv_delete(hash_table(self.e), field, len(field))

    def set_expire(self, field: bytes, at_ms: int64_t) -> None:
        """Let a field expire at another time, -1 for never."""
        hv_set_expire(hash_table(self.e), self.slot(field), at_ms)

    def drop_due(self, now_ms: int64_t, limit: cython.size_t) -> int:
        """Delete fields that are due, up to `limit`; returns how many."""
        return hash_drop_due(self.e, now_ms, limit)

    def first_due(self, now_ms: int64_t) -> bytes | None:
        """A field that is due."""
        value: LpValue
        if not hash_first_due(self.e, now_ms, cython.address(value)):
            return None
        return value.text[: value.length]

    def copy(self) -> object:
        """A copy of it."""
        fresh: BigHash = BigHash()
        entry_free(fresh.e)
        fresh.e = entry_copy(self.e, b"", 0)
        return fresh

    def take(self, data: bytes, triplets: bool) -> None:
        """Become the hash that this listpack of pairs or triplets is."""
        lp: cython.p_uchar = lp_copy(data, len(data))
        x: cython.pointer[HashValue] = hv_from_listpack(lp, TRIPLET if triplets else PAIR, 0)
        lp_free(lp)
        hv_free(hash_table(self.e))
        entry_word(self.e)[0] = cython.cast(uint64_t, x)

    @property
    def next_expire(self) -> int:
        """When the first of its fields expires, -1 where none does."""
        return hash_next_expire(self.e)

    @property
    def expiring(self) -> int:
        """How many fields have an expiry."""
        x: cython.pointer[HashValue] = hash_table(self.e)
        return 0 if x.expiry == cython.NULL else x.expiry.index.count

    @property
    def memory_bytes(self) -> int:
        """Bytes that it takes, with its entry."""
        return entry_memory(self.e)
