"""Entry: one block of memory for one element of a table.

A key with its value, a hash field with its value, a set member, a sorted-set member with its score: each is one block.

    offset  size  part
         0     4  access: bits 0-23 LRU clock or LFU counter, 24-27 type, 28-31 encoding
         4     1  parts: which of the optional parts follow
         5     1  key length, unless PART_LONG
         6     2  length of the inline value, unless PART_LONG
         8     8  PART_EXPIRE: Unix time in ms
         …     8  PART_WORD: an integer, a score, or (PART_OWNER) a pointer to a value outside
         …   4+4  PART_LONG: key length and value length
         …     k  key bytes
         …     v  inline value bytes

A string that is an integer lives in the word, one of up to INLINE_MAX bytes behind the key, a longer one in a Blob.
Adding or removing a part moves the block, so whoever holds an Entry's address (the table's slot, the expiry index)
is told the new one by the function that moved it.
"""

import cython
from cython.cimports.libc.string import memcpy
from cython.cimports.pyrite.core.memory import (
    mem_alloc,
    mem_block_size,
    mem_free,
    mem_realloc,
    mem_try_alloc,
    mem_try_realloc,
)

_release = cython.declare(ValueFree[16])
_measure = cython.declare(ValueSize[16])
_copy = cython.declare(ValueCopy[16])


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _put_lengths(e: cython.pointer[Entry], key_length: cython.size_t, value_length: cython.size_t) -> cython.void:
    lengths: cython.p_uint
    if e.parts & PART_LONG:
        lengths = cython.cast(cython.p_uint, cython.cast(cython.p_char, e) + parts_size(e.parts) - 8)
        lengths[0] = cython.cast(cython.uint, key_length)
        lengths[1] = cython.cast(cython.uint, value_length)
        e.key_length = 0
        e.value_length = 0
    else:
        e.key_length = cython.cast(cython.uchar, key_length)
        e.value_length = cython.cast(cython.ushort, value_length)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def entry_new(
    key: cython.p_const_char, key_length: cython.size_t, parts: cython.int, value_length: cython.size_t
) -> cython.pointer[Entry]:
    """A block with this key and these parts, its value bytes, expiry and word still unset. Type and access are 0.

    `value_length` is at most 65,535; a longer value stands outside. The key is at most 4 GiB.
    """
    if key_length > SHORT_KEY_MAX:
        parts |= PART_LONG
    head: cython.size_t = parts_size(parts)
    e: cython.pointer[Entry] = cython.cast(cython.pointer[Entry], mem_alloc(head + key_length + value_length))
    e.access = 0
    e.parts = cython.cast(cython.uchar, parts)
    _put_lengths(e, key_length, value_length)
    memcpy(cython.cast(cython.p_char, e) + head, key, key_length)
    return e


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def entry_reshape(e: cython.pointer[Entry], parts: cython.int, value_length: cython.size_t) -> cython.pointer[Entry]:
    """Give the entry these parts and room for this inline value; returns where it stands now.

    Key, kind and access stay, so do an expiry and a word that both shapes have, and the value up to the shorter
    length. The caller fills what is new.
    """
    key_length: cython.size_t = entry_key_length(e)
    parts |= e.parts & PART_LONG
    old_value: cython.size_t = entry_value_length(e)
    if (parts & 7) == (e.parts & 7):
        size: cython.size_t = parts_size(parts) + key_length
        e = cython.cast(cython.pointer[Entry], mem_realloc(e, size + old_value, size + value_length))
        e.parts = cython.cast(cython.uchar, parts)
        _put_lengths(e, key_length, value_length)
        return e
    fresh: cython.pointer[Entry] = entry_new(entry_key(e), key_length, parts, value_length)
    fresh.access = e.access
    if fresh.parts & e.parts & PART_EXPIRE:
        cython.cast(cython.pointer[cython.ulonglong], cython.cast(cython.p_char, fresh) + 8)[0] = cython.cast(
            cython.pointer[cython.ulonglong], cython.cast(cython.p_char, e) + 8
        )[0]
    if fresh.parts & e.parts & PART_WORD:
        entry_word(fresh)[0] = entry_word(e)[0]
    memcpy(entry_value(fresh), entry_value(e), old_value if old_value < value_length else value_length)
    mem_free(e, entry_size(e))
    return fresh


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def entry_rename(
    e: cython.pointer[Entry], key: cython.p_const_char, key_length: cython.size_t
) -> cython.pointer[Entry]:
    """The same entry under another key; takes the old block, and returns the new one."""
    value_length: cython.size_t = entry_value_length(e)
    parts: cython.int = e.parts & ~PART_LONG
    fresh: cython.pointer[Entry] = entry_new(key, key_length, parts, value_length)
    fresh.access = e.access
    kept: cython.size_t = parts_size(parts & 3) - 8
    memcpy(cython.cast(cython.p_char, fresh) + 8, cython.cast(cython.p_char, e) + 8, kept)
    memcpy(entry_value(fresh), entry_value(e), value_length)
    mem_free(e, entry_size(e))
    return fresh


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def entry_copy(e: cython.pointer[Entry], key: cython.p_const_char, key_length: cython.size_t) -> cython.pointer[Entry]:
    """A copy of the entry and of the value that it owns, under another key; NULL without memory for the value."""
    value: cython.p_void = cython.NULL
    if e.parts & PART_OWNER:
        value = _copy[entry_type(e)](entry_pointer(e), entry_encoding(e))
        if value == cython.NULL:
            return cython.NULL
    value_length: cython.size_t = entry_value_length(e)
    fresh: cython.pointer[Entry] = entry_new(key, key_length, e.parts & ~PART_LONG, value_length)
    fresh.access = e.access
    memcpy(cython.cast(cython.p_char, fresh) + 8, cython.cast(cython.p_char, e) + 8, parts_size(e.parts & 3) - 8)
    if value != cython.NULL:
        entry_word(fresh)[0] = cython.cast(cython.ulonglong, value)
    memcpy(entry_value(fresh), entry_value(e), value_length)
    return fresh


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def entry_free_value(e: cython.pointer[Entry]) -> cython.void:
    """Free the value outside, if the entry owns one; the entry then owns nothing."""
    if e.parts & PART_OWNER:
        _release[entry_type(e)](entry_pointer(e), entry_encoding(e))
        e.parts &= ~PART_OWNER


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def entry_free(e: cython.pointer[Entry]) -> cython.void:
    """Free the entry with everything that it owns."""
    if e.parts & PART_OWNER:
        _release[entry_type(e)](entry_pointer(e), entry_encoding(e))
    mem_free(e, entry_size(e))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def entry_memory(e: cython.pointer[Entry]) -> cython.size_t:
    """Bytes that the entry and the value that it owns take from the allocator."""
    total: cython.size_t = mem_block_size(entry_size(e))
    if e.parts & PART_OWNER:
        total += _measure[entry_type(e)](entry_pointer(e), entry_encoding(e))
    return total


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def entry_register_type(type: cython.int, release: ValueFree, measure: ValueSize, copy: ValueCopy) -> cython.void:
    """Tell how values of this type that stand outside are freed, measured in bytes, and copied.

    The copy is NULL where memory does not suffice for it.
    """
    _release[type] = release
    _measure[type] = measure
    _copy[type] = copy


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def blob_new(capacity: cython.size_t) -> cython.pointer[Blob]:
    """An empty Blob with room for `capacity` bytes; NULL without memory."""
    blob: cython.pointer[Blob] = cython.cast(cython.pointer[Blob], mem_try_alloc(cython.sizeof(Blob) + capacity))
    if blob != cython.NULL:
        blob.length = 0
        blob.capacity = capacity
    return blob


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def blob_reserve(blob: cython.pointer[Blob], capacity: cython.size_t) -> cython.pointer[Blob]:
    """The Blob with exactly this capacity, at least its length. NULL, and the old one intact, without memory."""
    size: cython.size_t = cython.sizeof(Blob)
    moved: cython.pointer[Blob] = cython.cast(
        cython.pointer[Blob], mem_try_realloc(blob, size + blob.capacity, size + capacity)
    )
    if moved != cython.NULL:
        moved.capacity = capacity
    return moved


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def blob_free(blob: cython.pointer[Blob]) -> cython.void:
    """Free the Blob."""
    mem_free(blob, cython.sizeof(Blob) + blob.capacity)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _string_free(value: cython.p_void, encoding: cython.int) -> cython.void:
    blob_free(cython.cast(cython.pointer[Blob], value))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _string_size(value: cython.p_void, encoding: cython.int) -> cython.size_t:
    return mem_block_size(cython.sizeof(Blob) + cython.cast(cython.pointer[Blob], value).capacity)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _string_copy(value: cython.p_void, encoding: cython.int) -> cython.p_void:
    blob: cython.pointer[Blob] = cython.cast(cython.pointer[Blob], value)
    fresh: cython.pointer[Blob] = blob_new(blob.length)
    if fresh != cython.NULL:
        memcpy(blob_data(fresh), blob_data(blob), blob.length)
        fresh.length = blob.length
    return fresh


entry_register_type(TYPE_STRING, _string_free, _string_size, _string_copy)


# Python handles, for tests and cold callers


@cython.cclass
class Element:
    """One entry, which it owns, for tests. What its shape has no part for is not to be set."""

    e: cython.pointer[Entry]

    def __init__(self, key: bytes, parts: cython.int, value: bytes) -> None:
        self.e = entry_new(key, len(key), parts, len(value))
        self.set_value(value)

    def __dealloc__(self) -> None:
        if self.e != cython.NULL:
            entry_free(self.e)

    def set_value(self, value: bytes) -> None:
        """Write the inline value, which is as long as its room."""
        if cython.cast(cython.size_t, len(value)) != entry_value_length(self.e):
            raise ValueError(len(value))
        memcpy(entry_value(self.e), cython.cast(cython.p_const_char, value), len(value))

    def set_expire(self, at_ms: cython.longlong) -> None:
        """Write the expiry."""
        cython.cast(cython.p_longlong, cython.cast(cython.p_char, self.e) + 8)[0] = at_ms

    def set_word(self, word: cython.ulonglong) -> None:
        """Write the word."""
        entry_word(self.e)[0] = word

    def set_kind(self, type: cython.int, encoding: cython.int) -> None:
        """Write type and encoding."""
        entry_set_kind(self.e, type, encoding)

    def set_access(self, bits: cython.uint) -> None:
        """Write the LRU clock or LFU counter."""
        entry_set_access(self.e, bits)

    def own(self, value: bytes) -> None:
        """Put a value outside, in a Blob; the shape has PART_WORD and PART_OWNER."""
        blob: cython.pointer[Blob] = blob_new(len(value))
        memcpy(blob_data(blob), cython.cast(cython.p_const_char, value), len(value))
        blob.length = len(value)
        entry_word(self.e)[0] = cython.cast(cython.ulonglong, blob)
        self.e.parts |= PART_OWNER

    def reserve(self, capacity: cython.size_t) -> bool:
        """Give the value outside this capacity; False without memory."""
        blob: cython.pointer[Blob] = blob_reserve(cython.cast(cython.pointer[Blob], entry_pointer(self.e)), capacity)
        if blob == cython.NULL:
            return False
        entry_word(self.e)[0] = cython.cast(cython.ulonglong, blob)
        return True

    def free_value(self) -> None:
        """Free the value outside, if there is one."""
        entry_free_value(self.e)

    def reshape(self, parts: cython.int, value_length: cython.size_t) -> None:
        """Give it other parts, and other room for its value."""
        self.e = entry_reshape(self.e, parts, value_length)

    def rename(self, key: bytes) -> None:
        """Give it another key."""
        self.e = entry_rename(self.e, key, len(key))

    def copy(self, key: bytes) -> object:
        """A copy under another key."""
        fresh: Element = Element.__new__(Element)
        fresh.e = entry_copy(self.e, key, len(key))
        return fresh

    def content(self) -> dict[str, object]:
        """All that it holds; None for what its shape has no part for."""
        e: cython.pointer[Entry] = self.e
        outside: object = None
        if e.parts & PART_OWNER:
            blob: cython.pointer[Blob] = cython.cast(cython.pointer[Blob], entry_pointer(e))
            outside = blob_data(blob)[: blob.length]
        has_word: cython.bint = (e.parts & (PART_WORD | PART_OWNER)) == PART_WORD
        return {
            "key": entry_key(e)[: entry_key_length(e)],
            "value": entry_value(e)[: entry_value_length(e)],
            "expire": entry_expire(e) if entry_has_expire(e) else None,
            "word": entry_word(e)[0] if has_word else None,
            "outside": outside,
            "kind": (entry_type(e), entry_encoding(e)),
            "access": entry_access(e),
        }

    @property
    def size_bytes(self) -> int:
        """Bytes that the entry's own block was asked for with."""
        return entry_size(self.e)

    @property
    def memory_bytes(self) -> int:
        """Bytes that it takes with its value."""
        return entry_memory(self.e)
