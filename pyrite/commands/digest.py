"""Digests of data: the same numbers as Redis, so that what two servers hold can be compared.

With H for SHA-1, `xor(d, x)` is d ^ H(x), and `mix(d, x)` is H(xor(d, x)). A value's digest mixes its type as four
bytes, then its content, into zeros, and xors `!!expire!!` where it expires; a key's digest begins with its name mixed
in. What is in order (a list, a stream) is mixed one after the other; of what is in none (a set, a hash, a sorted set)
each element's own digest is xored. The digest of all data is made of zeros by mixing in each database's number, then
xor with the digest of each of its keys.
"""

from hashlib import sha1

import cython
from cython.cimports.libc.stdint import int64_t
from cython.cimports.pyrite.core.entry import (
    TYPE_HASH,
    TYPE_LIST,
    TYPE_SET,
    TYPE_STREAM,
    TYPE_STRING,
    TYPE_ZSET,
    Entry,
    entry_has_expire,
    entry_key,
    entry_key_length,
    entry_type,
)
from cython.cimports.pyrite.core.hashtable import HashIterator, ht_iterate, ht_next
from cython.cimports.pyrite.core.listpack import LpValue
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.core.stream_id import StreamID
from cython.cimports.pyrite.core.stream_store import StreamIterator, stream_iterate, stream_next, stream_next_field
from cython.cimports.pyrite.keyspace.database import Database
from cython.cimports.pyrite.types.hash import HashFieldIterator, hash_iterate, hash_next
from cython.cimports.pyrite.types.list import ListIterator, list_iterate, list_next
from cython.cimports.pyrite.types.set import SetIterator, set_iterate, set_next
from cython.cimports.pyrite.types.sorted_set import ZsetIterator, zset_iterate, zset_next
from cython.cimports.pyrite.types.stream import stream_of
from cython.cimports.pyrite.types.string import string_view

DIGEST_BYTES = 20
# Redis's number of streams; 5, which is ours, stands for values of modules there.
STREAM_TYPE = cython.declare(cython.int, 6)


@cython.cfunc
def _hash(data: bytes) -> object:
    return int.from_bytes(sha1(data, usedforsecurity=False).digest(), "big")


@cython.cfunc
def _xor(digest: object, data: bytes) -> object:
    return digest ^ _hash(data)


@cython.cfunc
def _mix(digest: object, data: bytes) -> object:
    return _hash(_xor(digest, data).to_bytes(DIGEST_BYTES, "big"))


@cython.cfunc
def _xor_digest(digest: object, one: object) -> object:
    return _xor(digest, one.to_bytes(DIGEST_BYTES, "big"))


@cython.cfunc
def _text(value: cython.pointer[LpValue]) -> bytes:
    return b"%d" % value.number if value.text == cython.NULL else value.text[: value.length]


@cython.cfunc
def _string(digest: object, e: cython.pointer[Entry]) -> object:
    scratch: cython.char[32]
    view: Slice = string_view(e, scratch)
    return _mix(digest, view.p[: view.n])


@cython.cfunc
def _list(digest: object, e: cython.pointer[Entry]) -> object:
    it: ListIterator
    value: LpValue
    list_iterate(e, cython.address(it), 0, False)
    while list_next(cython.address(it), cython.address(value)):
        digest = _mix(digest, _text(cython.address(value)))
    return digest


@cython.cfunc
def _set(digest: object, e: cython.pointer[Entry]) -> object:
    it: SetIterator
    value: LpValue
    set_iterate(e, cython.address(it))
    while set_next(cython.address(it), cython.address(value)):
        digest = _xor(digest, _text(cython.address(value)))
    return digest


@cython.cfunc
def _sorted_set(digest: object, e: cython.pointer[Entry]) -> object:
    it: ZsetIterator
    member: LpValue
    score: cython.double = 0
    zset_iterate(e, cython.address(it))
    while zset_next(cython.address(it), cython.address(member), cython.address(score)):
        one = _mix(_mix(0, _text(cython.address(member))), b"%.17g" % score)
        digest = _xor_digest(digest, one)
    return digest


@cython.cfunc
def _fields(digest: object, e: cython.pointer[Entry]) -> object:
    it: HashFieldIterator
    field: LpValue
    value: LpValue
    expire_ms: int64_t = 0
    hash_iterate(e, cython.address(it), 0)
    while hash_next(cython.address(it), cython.address(field), cython.address(value), cython.address(expire_ms)):
        one = _mix(_mix(0, _text(cython.address(field))), _text(cython.address(value)))
        if expire_ms >= 0:
            one = _xor(one, b"!!hexpire!!")
        digest = _xor_digest(digest, one)
    return digest


@cython.cfunc
def _stream(digest: object, e: cython.pointer[Entry]) -> object:
    it: StreamIterator
    field: LpValue
    value: LpValue
    first: StreamID
    last: StreamID
    first.ms = first.seq = 0
    last.ms = last.seq = cython.cast(cython.ulonglong, -1)
    stream_iterate(stream_of(e), cython.address(it), first, last, False)
    while stream_next(cython.address(it)):
        digest = _mix(digest, b"%d.%d" % (it.entry.id.ms, it.entry.id.seq))
        while stream_next_field(cython.address(it), cython.address(field), cython.address(value)):
            digest = _mix(_mix(digest, _text(cython.address(field))), _text(cython.address(value)))
    return digest


@cython.cfunc
def value_digest(digest: object, e: cython.pointer[Entry]) -> object:
    """A key's value and whether it expires, added to a digest."""
    type: cython.int = entry_type(e)
    digest = _mix(digest, int(STREAM_TYPE if type == TYPE_STREAM else type).to_bytes(4, "big"))
    if type == TYPE_STRING:
        digest = _string(digest, e)
    elif type == TYPE_LIST:
        digest = _list(digest, e)
    elif type == TYPE_SET:
        digest = _set(digest, e)
    elif type == TYPE_ZSET:
        digest = _sorted_set(digest, e)
    elif type == TYPE_HASH:
        digest = _fields(digest, e)
    elif type == TYPE_STREAM:
        digest = _stream(digest, e)
    return _xor(digest, b"!!expire!!") if entry_has_expire(e) else digest


@cython.cfunc
def database_digest(digest: object, db: Database) -> object:
    """All keys of a database, added to a digest; expired ones too while they are there."""
    it: HashIterator
    digest = _mix(digest, int(db.id).to_bytes(4, "big"))
    ht_iterate(cython.address(db.table), cython.address(it))
    while True:
        e: cython.pointer[Entry] = ht_next(cython.address(it))
        if e == cython.NULL:
            return digest
        digest = _xor_digest(digest, value_digest(_mix(0, entry_key(e)[: entry_key_length(e)]), e))
