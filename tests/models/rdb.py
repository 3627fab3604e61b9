"""The RDB format, read and written from its tables: texts and lengths, and values of every type that a dump may hold.

What old versions wrote is here as well, as no server at hand writes it any more.
"""

import struct
from collections.abc import Iterable, Mapping

from tests.models import crc, intset, listpack, lzf

(
    STRING,
    LIST,
    SET,
    ZSET,
    HASH,
    ZSET_2,
) = range(6)
HASH_ZIPMAP, LIST_ZIPLIST, SET_INTSET, ZSET_ZIPLIST, HASH_ZIPLIST, LIST_QUICKLIST = range(9, 15)
STREAM, HASH_LISTPACK, ZSET_LISTPACK, LIST_QUICKLIST_2, STREAM_2, SET_LISTPACK, STREAM_3 = range(15, 22)
HASH_METADATA_EARLY, HASH_LISTPACK_EX_EARLY, HASH_METADATA, HASH_LISTPACK_EX = range(22, 26)
PLAIN, PACKED = 1, 2
VERSION = 11


# Parts


def length(n: int) -> bytes:
    """Return a length."""
    if n < 1 << 6:
        return bytes([n])
    if n < 1 << 14:
        return (0x4000 | n).to_bytes(2, "big")
    return b"\x80" + n.to_bytes(4, "big") if n < 1 << 32 else b"\x81" + n.to_bytes(8, "big")


def text(data: bytes) -> bytes:
    """Return a text as its bytes."""
    return length(len(data)) + data


def integer(v: int) -> bytes:
    """Return the text of an integer of at most 32 bits as such."""
    size = next(size for size in (1, 2, 4) if -(1 << (8 * size - 1)) <= v < 1 << (8 * size - 1))
    return bytes([0xC0 | size >> 1]) + v.to_bytes(size, "little", signed=True)


def compressed(stream: bytes, n: int) -> bytes:
    """Return a text of this length by its LZF stream."""
    return b"\xc3" + length(len(stream)) + length(n) + stream


def double(v: float) -> bytes:
    """Return a double."""
    return struct.pack("<d", v)


def old_double(v: str) -> bytes:
    """Return a double as text; "nan", "inf" and "-inf" are only a length."""
    special = {"nan": 253, "inf": 254, "-inf": 255}
    return bytes([special[v]]) if v in special else bytes([len(v)]) + v.encode()


def ms(v: int) -> bytes:
    """Return a time."""
    return struct.pack("<q", v)


def stream_id(time_ms: int, sequence: int) -> bytes:
    """Return a stream ID."""
    return struct.pack(">QQ", time_ms, sequence)


def payload(value: bytes, version: int = VERSION) -> bytes:
    """Return what DUMP returns for a value."""
    body = value + version.to_bytes(2, "little")
    return body + crc.crc64(body).to_bytes(8, "little")


def read_length(data: bytes) -> tuple[int, bytes]:
    """Return a length and the bytes after it; what is none raises ValueError."""
    size = {0: 1, 1: 2}.get(data[0] >> 6) if data else None
    if size is None:
        size = {b"\x80": 5, b"\x81": 9}.get(data[:1])
    if size is None or len(data) < size:
        raise ValueError("length")
    n = int.from_bytes(data[1:size] if size > 2 else data[:size], "big")
    return n & 0x3FFF if size == 2 else n, data[size:]


def read_text(data: bytes) -> tuple[bytes, bytes]:
    """Return a text and the bytes after it; what is none raises ValueError."""
    head = data[0] if data else None
    if head in (0xC0, 0xC1, 0xC2):
        size = 1 << (head & 3)
        if len(data) <= size:
            raise ValueError("integer")
        return b"%d" % int.from_bytes(data[1 : 1 + size], "little", signed=True), data[1 + size :]
    if head == 0xC3:
        size, rest = read_length(data[1:])
        n, rest = read_length(rest)
        content = lzf.decompress(rest[:size])
        if len(rest) < size or not content or len(content) != n:
            raise ValueError("LZF")
        return content, rest[size:]
    n, rest = read_length(data)
    if len(rest) < n:
        raise ValueError("text")
    return rest[:n], rest[n:]


# Files: a header, records, an end


def aux(name: bytes, value: bytes) -> bytes:
    """Return a field about the file."""
    return b"\xfa" + text(name) + text(value)


def select(number: int) -> bytes:
    """Return the start of a database."""
    return b"\xfe" + length(number)


def resize(keys: int, volatile: int = 0) -> bytes:
    """Return how many keys the database has."""
    return b"\xfb" + length(keys) + length(volatile)


def function(code: bytes) -> bytes:
    """Return a library of functions."""
    return b"\xf5" + text(code)


def expire_ms(at_ms: int) -> bytes:
    """Return when the next key expires."""
    return b"\xfc" + ms(at_ms)


def expire_s(at_s: int) -> bytes:
    """Return when the next key expires, as versions before 2.6 wrote it."""
    return b"\xfd" + struct.pack("<i", at_s)


def idle(seconds: int) -> bytes:
    """Return for how long the next key has not been used."""
    return b"\xf8" + length(seconds)


def frequency(counter: int) -> bytes:
    """Return the LFU counter of the next key."""
    return b"\xf9" + bytes([counter])


def entry(key: bytes, value: bytes) -> bytes:
    """Return a key with its value, which has its type in front."""
    return value[:1] + text(key) + value[1:]


def file(*records: bytes, version: int = VERSION, sums: bool = True) -> bytes:
    """Return a whole file; before version 5 there is no checksum, and 0 stands for none."""
    body = b"REDIS%04d" % version + b"".join(records) + b"\xff"
    if version < 5:
        return body
    return body + (crc.crc64(body) if sums else 0).to_bytes(8, "little")


# What old versions kept small collections in


def ziplist_element(value: listpack.Value) -> bytes:
    """Return head and rest of a ziplist's element."""
    if isinstance(value, bytes):
        n = len(value)
        if n < 1 << 6:
            return bytes([n]) + value
        return ((0x4000 | n).to_bytes(2, "big") if n < 1 << 14 else b"\x80" + n.to_bytes(4, "big")) + value
    if 0 <= value <= 12:
        return bytes([0xF1 + value])
    head, size = next(
        (head, size)
        for head, size in ((0xFE, 1), (0xC0, 2), (0xF0, 3), (0xD0, 4), (0xE0, 8))
        if -(1 << (8 * size - 1)) <= value < 1 << (8 * size - 1)
    )
    return bytes([head]) + value.to_bytes(size, "little", signed=True)


def ziplist(values: Iterable[listpack.Value], count: int | None = None) -> bytes:
    """Return the bytes of a ziplist of what is stored; `count` is that of the header, if another."""
    elements: list[bytes] = []
    for value in values:
        before = len(elements[-1]) if elements else 0
        back = bytes([before]) if before < 254 else b"\xfe" + before.to_bytes(4, "little")
        elements.append(back + ziplist_element(value))
    data = b"".join(elements)
    tail = 10 + len(data) - (len(elements[-1]) if elements else 0)
    shown = min(len(elements) if count is None else count, 65535)
    return struct.pack("<IIH", len(data) + 11, tail, shown) + data + b"\xff"


def zipmap(pairs: Mapping[bytes, bytes], unused: int = 0) -> bytes:
    """Return the bytes of a zipmap with so many unused bytes behind each value."""

    def size(data: bytes) -> bytes:
        return bytes([len(data)]) if len(data) < 254 else b"\xfe" + len(data).to_bytes(4, "little")

    fields = b"".join(
        size(field) + field + size(value) + bytes([unused]) + value + b"?" * unused for field, value in pairs.items()
    )
    return bytes([min(len(pairs), 254)]) + fields + b"\xff"


# Values, their type in front


def _value(kind: int, *parts: bytes) -> bytes:
    return bytes([kind]) + b"".join(parts)


def _flat(pairs: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
    return [part for pair in pairs for part in pair]


def stored(values: Iterable[bytes]) -> list[listpack.Value]:
    """Return texts as listpacks and ziplists store them."""
    return [listpack.stored(value) for value in values]


def string(data: bytes) -> bytes:
    """Return a string."""
    return _value(STRING, text(data))


def plain_list(items: list[bytes]) -> bytes:
    """Return a list as Redis up to 3.0 wrote large ones."""
    return _value(LIST, length(len(items)), *map(text, items))


def ziplist_list(items: list[bytes]) -> bytes:
    """Return a list as Redis up to 3.0 wrote small ones."""
    return _value(LIST_ZIPLIST, text(ziplist(stored(items))))


def old_quicklist(nodes: list[list[bytes]]) -> bytes:
    """Return a list as Redis 3.2 to 6.2 wrote it."""
    return _value(LIST_QUICKLIST, length(len(nodes)), *(text(ziplist(stored(node))) for node in nodes))


def quicklist(nodes: list[list[bytes] | bytes]) -> bytes:
    """Return a list by its nodes: a list of elements, or one element that is a node of its own."""
    parts = [
        length(PLAIN) + text(node) if isinstance(node, bytes) else length(PACKED) + text(listpack.encode(stored(node)))
        for node in nodes
    ]
    return _value(LIST_QUICKLIST_2, length(len(nodes)), *parts)


def plain_set(members: list[bytes]) -> bytes:
    """Return a set by its members."""
    return _value(SET, length(len(members)), *map(text, members))


def intset_set(members: list[int], width: int = 8) -> bytes:
    """Return a set of integers, in the order given."""
    return _value(SET_INTSET, text(intset.encode(members, width)))


def listpack_set(members: list[bytes]) -> bytes:
    """Return a small set."""
    return _value(SET_LISTPACK, text(listpack.encode(stored(members))))


def plain_zset(pairs: list[tuple[bytes, float]]) -> bytes:
    """Return a sorted set by its members, in the order given."""
    return _value(ZSET_2, length(len(pairs)), *(text(member) + double(score) for member, score in pairs))


def old_zset(pairs: list[tuple[bytes, str]]) -> bytes:
    """Return a sorted set as Redis up to 3.2 wrote large ones."""
    return _value(ZSET, length(len(pairs)), *(text(member) + old_double(score) for member, score in pairs))


def listpack_zset(pairs: list[tuple[bytes, bytes]]) -> bytes:
    """Return a small sorted set, in the order given."""
    return _value(ZSET_LISTPACK, text(listpack.encode(stored(_flat(pairs)))))


def ziplist_zset(pairs: list[tuple[bytes, bytes]]) -> bytes:
    """Return a small sorted set as Redis up to 6.2 wrote it."""
    return _value(ZSET_ZIPLIST, text(ziplist(stored(_flat(pairs)))))


def plain_hash(pairs: list[tuple[bytes, bytes]]) -> bytes:
    """Return a hash by its fields."""
    return _value(HASH, length(len(pairs)), *map(text, _flat(pairs)))


def listpack_hash(pairs: list[tuple[bytes, bytes]]) -> bytes:
    """Return a small hash."""
    return _value(HASH_LISTPACK, text(listpack.encode(stored(_flat(pairs)))))


def ziplist_hash(pairs: list[tuple[bytes, bytes]]) -> bytes:
    """Return a small hash as Redis up to 6.2 wrote it."""
    return _value(HASH_ZIPLIST, text(ziplist(stored(_flat(pairs)))))


def zipmap_hash(pairs: Mapping[bytes, bytes], unused: int = 0) -> bytes:
    """Return a small hash as Redis up to 2.4 wrote it."""
    return _value(HASH_ZIPMAP, text(zipmap(pairs, unused)))


def expiring_hash(fields: list[tuple[bytes, bytes, int]], *, early: bool = False) -> bytes:
    """Return a hash by its fields, each with the time at which it expires, 0 for never; `early` is before 7.4.0."""
    first_ms = min((at_ms for *_, at_ms in fields if at_ms), default=0)
    parts = [
        length(at_ms if early or not at_ms else at_ms - first_ms + 1) + text(field) + text(value)
        for field, value, at_ms in fields
    ]
    start = _value(HASH_METADATA_EARLY) if early else _value(HASH_METADATA, ms(first_ms))
    return start + length(len(fields)) + b"".join(parts)


def expiring_listpack_hash(fields: list[tuple[bytes, bytes, int]], *, early: bool = False) -> bytes:
    """Return a small hash with times as above, in the order given."""
    first_ms = min((at_ms for *_, at_ms in fields if at_ms), default=0)
    elements = [part for field, value, at_ms in fields for part in (*stored([field, value]), at_ms)]
    start = _value(HASH_LISTPACK_EX_EARLY) if early else _value(HASH_LISTPACK_EX, ms(first_ms))
    return start + text(listpack.encode(elements))


# Streams: a stream is a tuple of blocks, groups, and what else is to be said of it


def stream_block(entries: list[tuple[int, int, list[tuple[bytes, bytes]]]], master: tuple[int, int]) -> bytes:
    """Return the listpack of entries (ms, sequence, pairs) under a master ID; an entry without pairs is deleted."""
    names = [field for field, _ in entries[0][2]] or [b"gone"]
    live = sum(bool(pairs) for *_, pairs in entries)
    elements: list[listpack.Value] = [live, len(entries) - live, len(names), *stored(names), 0]
    for time_ms, sequence, pairs in entries:
        deleted = not pairs
        shown = pairs or [(name, b"") for name in names]
        same = [field for field, _ in shown] == names
        body = stored(value for _, value in shown) if same else [len(shown), *stored(_flat(shown))]
        start = [same << 1 | deleted, time_ms - master[0], sequence - master[1]]
        elements += [*start, *body, len(start) + len(body)]
    return listpack.encode(elements)


def stream(
    kind: int,
    blocks: list[tuple[tuple[int, int], bytes]],
    *,
    count: int,
    last: tuple[int, int],
    added: int = 0,
    groups: Iterable[bytes] = (),
) -> bytes:
    """Return a stream: pairs of master ID and block, live entries, last ID, entries ever added, groups."""
    parts = [text(stream_id(*master)) + text(block) for master, block in blocks]
    counters = length(count) + length(last[0]) + length(last[1])
    if kind != STREAM:
        # First and largest deleted ID: here always 0-0.
        counters += length(0) * 4 + length(added)
    shown = list(groups)
    return _value(kind, length(len(parts)), *parts, counters, length(len(shown)), *shown)


def stream_group(
    kind: int,
    name: bytes,
    last: tuple[int, int],
    pending: list[tuple[int, int]],
    consumers: Mapping[bytes, list[tuple[int, int]]],
    entries_read: int = 0,
) -> bytes:
    """Return a consumer group, all of whose pending entries were delivered once at 1000 ms."""
    read = length(entries_read & (1 << 64) - 1) if kind != STREAM else b""
    deliveries = [stream_id(*entry) + ms(1000) + length(1) for entry in pending]
    times = ms(5) + ms(6) if kind == STREAM_3 else ms(5)
    owners = [
        text(consumer) + times + length(len(owned)) + b"".join(stream_id(*entry) for entry in owned)
        for consumer, owned in consumers.items()
    ]
    counted = length(len(deliveries)) + b"".join(deliveries) + length(len(owners)) + b"".join(owners)
    return text(name) + length(last[0]) + length(last[1]) + read + counted
