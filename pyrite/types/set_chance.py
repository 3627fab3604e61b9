"""Members of sets drawn by chance, each with the same.

A member of a compact set has a place: an index in an intset, a position in a listpack. So several different ones are
drawn in one pass, and removed in another. Places ascend, and are good until the set changes. From a table members are
drawn one at a time.
"""

import cython
from cython.cimports.libc.stdint import uint32_t, uint64_t
from cython.cimports.pyrite.core.entry import (
    ENCODING_HASHTABLE,
    ENCODING_INTSET,
    ENCODING_LISTPACK,
    TYPE_SET,
    Entry,
    entry_encoding,
    entry_free,
    entry_key,
    entry_key_length,
    entry_set_kind,
    entry_word,
)
from cython.cimports.pyrite.core.hashtable import ht_pop, ht_random, random_draw
from cython.cimports.pyrite.core.intset import (
    intset_count,
    intset_delete_each,
    intset_get,
    intset_random,
    intset_remove,
)
from cython.cimports.pyrite.core.listpack import LpValue, lp_get, lp_positions, lp_random, lp_sample
from cython.cimports.pyrite.core.listpack_edit import lp_delete, lp_delete_each
from cython.cimports.pyrite.core.siphash import siphash
from cython.cimports.pyrite.keyspace.database import Database, key_of
from cython.cimports.pyrite.types.set import (
    Member,
    member_of_value,
    set_add_member,
    set_bytes,
    set_members,
    set_new,
    set_point_to,
)

from pyrite.core.errors import CommandError

# Compact sets, by place


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def set_is_compact(e: cython.pointer[Entry]) -> cython.bint:
    """Tell whether the members have places: whether it is no table."""
    return entry_encoding(e) != ENCODING_HASHTABLE


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def set_places(e: cython.pointer[Entry], places: cython.pointer[uint32_t]) -> cython.size_t:
    """Write where each member of a compact set stands; returns how many there are."""
    i: uint32_t
    if entry_encoding(e) == ENCODING_LISTPACK:
        return lp_positions(set_bytes(e), 1, places)
    for i in range(intset_count(set_bytes(e))):
        places[i] = i
    return intset_count(set_bytes(e))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def set_draw_places(e: cython.pointer[Entry], wanted: cython.size_t, places: cython.pointer[uint32_t]) -> cython.size_t:
    """Draw up to so many different members of a compact set and write where they stand; returns how many they are.

    One pass: selection sampling (Knuth, The Art of Computer Programming, volume 2, 3.4.2, algorithm S).
    """
    if entry_encoding(e) == ENCODING_LISTPACK:
        return lp_sample(set_bytes(e), 1, wanted, random_draw, places)
    count: uint32_t = intset_count(set_bytes(e))
    taken: cython.size_t = 0
    i: uint32_t
    for i in range(count):
        if taken == wanted:
            break
        if random_draw() % (count - i) < wanted - taken:
            places[taken] = i
            taken += 1
    return taken


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def set_read_at(e: cython.pointer[Entry], place: uint32_t, value: cython.pointer[LpValue]) -> cython.void:
    """Read the member of a compact set that stands there."""
    if entry_encoding(e) == ENCODING_LISTPACK:
        lp_get(set_bytes(e), place, value)
        return
    value.text = cython.NULL
    value.length = 0
    value.number = intset_get(set_bytes(e), place)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def set_remove_each(
    e: cython.pointer[Entry], places: cython.pointer[cython.const[uint32_t]], count: cython.size_t
) -> cython.void:
    """Remove the members of a compact set that stand at these ascending places, in one pass."""
    if entry_encoding(e) == ENCODING_LISTPACK:
        set_point_to(e, lp_delete_each(set_bytes(e), places, count))
    else:
        set_point_to(e, intset_delete_each(set_bytes(e), places, cython.cast(uint32_t, count)))


# Sets of any encoding


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def set_random(
    e: cython.pointer[Entry], value: cython.pointer[LpValue], place: cython.pointer[SetPlace]
) -> cython.void:
    """Draw a member, each with the same chance, of a set that is not empty; `place` is where it stands."""
    encoding: cython.int = entry_encoding(e)
    value.text = cython.NULL
    value.length = 0
    if encoding == ENCODING_HASHTABLE:
        place.entry = ht_random(set_members(e), random_draw)
        value.text = entry_key(place.entry)
        value.length = entry_key_length(place.entry)
    elif encoding == ENCODING_INTSET:
        place.number = value.number = intset_random(set_bytes(e), random_draw)
    else:
        place.at = lp_random(set_bytes(e), 1, random_draw)
        lp_get(set_bytes(e), place.at, value)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def set_remove_at(e: cython.pointer[Entry], place: cython.pointer[cython.const[SetPlace]]) -> cython.void:
    """Remove the member that stands there."""
    removed: cython.bint = False
    encoding: cython.int = entry_encoding(e)
    if encoding == ENCODING_HASHTABLE:
        key: cython.p_const_char = entry_key(place.entry)
        n: cython.size_t = entry_key_length(place.entry)
        entry_free(ht_pop(set_members(e), key, n, siphash(key, n)))
    elif encoding == ENCODING_INTSET:
        set_point_to(e, intset_remove(set_bytes(e), place.number, cython.address(removed)))
    else:
        set_point_to(e, lp_delete(set_bytes(e), place.at, 1))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _exchange(a: cython.pointer[Entry], b: cython.pointer[Entry]) -> cython.void:
    """Let two sets have each other's members."""
    word: uint64_t = entry_word(a)[0]
    encoding: cython.int = entry_encoding(a)
    entry_word(a)[0] = entry_word(b)[0]
    entry_set_kind(a, TYPE_SET, entry_encoding(b))
    entry_word(b)[0] = word
    entry_set_kind(b, TYPE_SET, encoding)


@cython.cfunc
def set_keep_random(db: Database, e: cython.pointer[Entry], kept: cython.size_t) -> cython.pointer[Entry]:
    """Reduce a set to so many of its members, at least one, drawn at random, in the encoding that these call for.

    Returns the others as a set that is in no database, and the caller's. What stays is moved, so this is for taking
    away most of a set.
    """
    value: LpValue
    place: SetPlace
    m: Member
    encoding: cython.int = ENCODING_INTSET if entry_encoding(e) == ENCODING_INTSET else ENCODING_LISTPACK
    other: cython.pointer[Entry] = set_new(db, key_of(e), encoding, 0)
    try:
        while kept:
            set_random(e, cython.address(value), cython.address(place))
            member_of_value(cython.address(m), cython.address(value))
            set_add_member(db.keyspace, other, cython.address(m))
            set_remove_at(e, cython.address(place))
            kept -= 1
    except CommandError:
        entry_free(other)
        raise
    _exchange(e, other)
    return other
