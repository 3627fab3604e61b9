"""DUMP and RESTORE: options, errors in the order in which they are found, what becomes of every type, versions.

The payloads are made here, from the tables of the format, so that what no server writes any more is tried too.
"""

import time
from collections.abc import Callable

import pytest

from tests.loopless import LooplessClient, LooplessServer
from tests.models import rdb
from tests.support import Argument, ErrorReply, Reply, Server, encode_command

BUSY = ErrorReply(b"BUSYKEY Target key name already exists.")
SYNTAX = ErrorReply(b"ERR syntax error")
NOT_INTEGER = ErrorReply(b"ERR value is not an integer or out of range")
NEGATIVE_TTL = ErrorReply(b"ERR Invalid TTL value, must be >= 0")
BAD_IDLETIME = ErrorReply(b"ERR Invalid IDLETIME value, must be >= 0")
BAD_FREQ = ErrorReply(b"ERR Invalid FREQ value, must be >= 0 and <= 255")
WRONG_FOOTER = ErrorReply(b"ERR DUMP payload version or checksum are wrong")
BAD_DATA = ErrorReply(b"ERR Bad data format")
INVALID_EXPIRE = ErrorReply(b"ERR invalid expire time in 'restore' command")

HELLO = rdb.payload(rdb.string(b"hello"))
FAR_MS = 10**13
INT64_MAX = (1 << 63) - 1


def restored(server: Server, value: bytes, version: int = rdb.VERSION) -> tuple[Reply, Reply]:
    """Restore a value, encoded already, over whatever is there; returns type and encoding, or fails."""
    reply = server.call("RESTORE", "k", 0, rdb.payload(value, version), "REPLACE")
    assert reply == b"OK", reply
    return server.call("TYPE", "k"), server.call("OBJECT", "ENCODING", "k")


def refused(server: Server, value: bytes) -> None:
    """Fail unless a value, encoded already, is refused, and the key that it was to replace is still there."""
    server.call("SET", "k", "old")
    assert server.call("RESTORE", "k", 0, rdb.payload(value, 12), "REPLACE") == BAD_DATA
    assert server.call("GET", "k") == b"old"


def dumped(server: Server, key: str = "k") -> tuple[int, int]:
    """Return the type and the version of a key's payload."""
    payload = server.call("DUMP", key)
    assert isinstance(payload, bytes)
    return payload[0], int.from_bytes(payload[-10:-8], "little")


def again(server: Server) -> None:
    """Give `k` what its own payload says, after which its payload is the same, but for the order within a table."""
    payload = server.call("DUMP", "k")
    assert isinstance(payload, bytes)
    server.call("DEL", "k")
    assert server.call("RESTORE", "k", 0, payload) == b"OK"
    renewed = server.call("DUMP", "k")
    assert isinstance(renewed, bytes)
    assert (renewed[0], renewed[-10:-8]) == (payload[0], payload[-10:-8])
    assert sorted(renewed[:-10]) == sorted(payload[:-10])


class TestDump:
    """DUMP."""

    def test_missing_key(self, server: Server) -> None:
        assert server.call("DUMP", "none") is None

    def test_payload_of_a_string(self, server: Server) -> None:
        server.call("SET", "k", "hello")
        assert server.call("DUMP", "k") == HELLO

    def test_leaves_the_expiry_out(self, server: Server) -> None:
        server.call("SET", "k", "hello", "EX", 100)
        assert server.call("DUMP", "k") == HELLO

    def test_compresses_unless_told_not_to(self, server: Server) -> None:
        data = b"word " * 1000
        server.call("SET", "k", data)
        assert len(server.call("DUMP", "k")) < 200  # type: ignore[arg-type]
        with server.config(rdbcompression="no"):
            assert server.call("DUMP", "k") == rdb.payload(rdb.string(data))


class TestRestore:
    """RESTORE and its options."""

    @pytest.mark.parametrize("command", ["RESTORE", "RESTORE-ASKING", "restore"])
    def test_creates_a_key(self, server: Server, command: str) -> None:
        assert server.call(command, "k", 0, HELLO) == b"OK"
        assert server.call("GET", "k") == b"hello"
        assert server.call("TTL", "k") == -1

    def test_a_key_that_is_there(self, server: Server) -> None:
        server.call("SET", "k", "old")
        assert server.call("RESTORE", "k", 0, HELLO) == BUSY
        assert server.call("GET", "k") == b"old"
        assert server.call("RESTORE", "k", 0, HELLO, "replace") == b"OK"
        assert server.call("GET", "k") == b"hello"

    def test_an_expired_key_is_not_there(self, server: Server) -> None:
        server.call("SET", "k", "old", "PX", 1)
        time.sleep(0.01)
        assert server.call("RESTORE", "k", 0, HELLO) == b"OK"

    def test_replacing_drops_the_old_expiry(self, server: Server) -> None:
        server.call("SET", "k", "old", "EX", 100)
        server.call("RESTORE", "k", 0, HELLO, "REPLACE")
        assert server.call("TTL", "k") == -1

    def test_time_to_live(self, server: Server) -> None:
        server.call("RESTORE", "k", 100_000, HELLO)
        assert server.call("TTL", "k") in (99, 100)
        server.call("RESTORE", "k", FAR_MS, HELLO, "REPLACE", "ABSTTL")
        assert server.call("PEXPIRETIME", "k") == FAR_MS
        server.call("RESTORE", "k", 0, HELLO, "REPLACE", "ABSTTL")
        assert server.call("TTL", "k") == -1

    def test_a_time_in_the_past(self, server: Server) -> None:
        assert server.call("RESTORE", "k", 1, HELLO, "ABSTTL") == b"OK"
        assert server.call("DBSIZE") == 0
        server.call("SET", "k", "old")
        assert server.call("RESTORE", "k", 1, HELLO, "ABSTTL", "REPLACE") == b"OK"
        assert server.call("DBSIZE") == 0

    def test_a_time_that_does_not_fit(self, server: Server) -> None:
        server.call("SET", "k", "old")
        assert server.call("RESTORE", "k", INT64_MAX, HELLO, "REPLACE") == INVALID_EXPIRE
        assert server.call("GET", "k") == b"old"
        assert server.call("RESTORE", "k", INT64_MAX, HELLO, "REPLACE", "ABSTTL") == b"OK"
        assert server.call("PEXPIRETIME", "k") == INT64_MAX

    def test_idle_time(self, server: Server) -> None:
        server.call("RESTORE", "k", 0, HELLO, "IDLETIME", 1000)
        assert server.call("OBJECT", "IDLETIME", "k") in (1000, 1001)
        server.call("RESTORE", "k", 0, HELLO, "REPLACE", "FREQ", 7)
        assert server.call("OBJECT", "IDLETIME", "k") in (0, 1)
        server.call("RESTORE", "k", 0, HELLO, "REPLACE", "IDLETIME", INT64_MAX)
        assert server.call("OBJECT", "IDLETIME", "k") > 10**7  # type: ignore[operator]

    def test_frequency(self, server: Server) -> None:
        with server.config(maxmemory_policy="allkeys-lfu"):
            server.call("RESTORE", "k", 0, HELLO, "FREQ", 200)
            assert server.call("OBJECT", "FREQ", "k") == 200
            server.call("RESTORE", "k", 0, HELLO, "REPLACE", "IDLETIME", 1000)
            assert server.call("OBJECT", "FREQ", "k") in (5, 6)

    @pytest.mark.parametrize(
        ("arguments", "error"),
        [
            (("junk", "IDLETIME", -1), BAD_IDLETIME),
            (("junk", "IDLETIME", "x"), NOT_INTEGER),
            (("junk", "FREQ", 256), BAD_FREQ),
            (("junk", "FREQ", -1), BAD_FREQ),
            (("junk", "FREQ", "x"), NOT_INTEGER),
            (("junk", "IDLETIME"), SYNTAX),
            (("junk", "FREQ"), SYNTAX),
            (("junk", "FREQ", 1, "IDLETIME", 1), SYNTAX),
            (("junk", "IDLETIME", 1, "FREQ", 1), SYNTAX),
            (("junk", "foo"), SYNTAX),
        ],
    )
    def test_options_are_looked_at_first(self, server: Server, arguments: tuple[Argument, ...], error: Reply) -> None:
        server.call("SET", "k", "old")
        assert server.call("RESTORE", "k", "x", *arguments) == error

    def test_then_key_then_time_then_payload(self, server: Server) -> None:
        server.call("SET", "k", "old")
        assert server.call("RESTORE", "k", "x", "junk") == BUSY
        assert server.call("RESTORE", "none", "x", "junk") == NOT_INTEGER
        assert server.call("RESTORE", "none", -1, "junk") == NEGATIVE_TTL
        assert server.call("RESTORE", "none", 0, "junk") == WRONG_FOOTER

    @pytest.mark.parametrize("version", [0, 1, 9, 10, 11, 12])
    def test_versions_up_to_ours(self, server: Server, version: int) -> None:
        assert server.call("RESTORE", "k", 0, rdb.payload(rdb.string(b"a"), version)) == b"OK"

    @pytest.mark.parametrize(
        "payload", [b"", HELLO[:-1], b"x" + HELLO, HELLO + b"x", rdb.payload(rdb.string(b"a"), 13)]
    )
    def test_wrong_footers(self, server: Server, payload: bytes) -> None:
        assert server.call("RESTORE", "k", 0, payload) == WRONG_FOOTER

    @pytest.mark.parametrize("kind", [*range(6, 9), *range(26, 256, 7), 255])
    def test_types_that_are_none(self, server: Server, kind: int) -> None:
        refused(server, bytes([kind]) + b"\x01a\x01b\x01c")

    def test_bytes_behind_the_value(self, server: Server) -> None:
        refused(server, rdb.string(b"a") + b"\0")

    def test_no_value(self, server: Server) -> None:
        refused(server, b"")
        refused(server, bytes([rdb.STRING]))


# Request, events, changes counted.
EVENTS: list[tuple[tuple[Argument, ...], str, int]] = [
    (("RESTORE", "k", 0, HELLO), "new restore", 1),
    (("DUMP", "k"), "", 0),
    (("RESTORE", "k", 0, HELLO), "", 0),
    (("RESTORE", "k", 0, HELLO, "REPLACE"), "new restore", 1),
    (("RESTORE", "k", 100_000, HELLO, "REPLACE"), "new restore", 1),
    (("RESTORE", "k", 1, HELLO, "REPLACE", "ABSTTL"), "del", 1),
    (("RESTORE", "k", 1, HELLO, "REPLACE", "ABSTTL"), "", 0),
    (("RESTORE", "k", 0, "junk"), "", 0),
    (("DUMP", "none"), "keymiss", 0),
]


def test_events() -> None:
    server = LooplessServer()
    seen: list[str] = []
    server.keyspace.on_change = lambda _db, _key, _class, event: seen.append(event.decode())
    server.keyspace.on_expire = lambda _db, _key, _lazily: None
    server.keyspace.effects = 1
    with LooplessClient(server) as client:
        for argv, events, changes in EVENTS:
            seen.clear()
            before = server.keyspace.dirty
            client.exchange([encode_command(*argv)])
            assert seen == events.split(), argv
            assert server.keyspace.dirty - before == changes, argv


# Every type

INTEGERS = [b"0", b"-1", b"127", b"70000", b"9999999999", b"-9223372036854775808"]
WORDS = [b"", b"a", b"two words", b"\x00\xff", b"w" * 40]
MIXED = INTEGERS + WORDS
LONG = b"long" * 1000


class TestStrings:
    """Strings in all forms that a text has."""

    @pytest.mark.parametrize("data", [*MIXED, b"007", b"x" * 44, b"x" * 45, LONG, LONG * 100])
    def test_round_trip(self, server: Server, data: bytes) -> None:
        server.call("SET", "k", data)
        encoding = server.call("OBJECT", "ENCODING", "k")
        again(server)
        assert server.call("GET", "k") == data
        assert server.call("OBJECT", "ENCODING", "k") == encoding
        assert dumped(server) == (rdb.STRING, 11)

    @pytest.mark.parametrize("v", [0, -128, 128, -32769, 2**31 - 1])
    def test_integers(self, server: Server, v: int) -> None:
        assert restored(server, bytes([rdb.STRING]) + rdb.integer(v)) == (b"string", b"int")
        assert server.call("GET", "k") == b"%d" % v


class TestLists:
    """Lists of all versions."""

    @pytest.mark.parametrize(
        "value",
        [
            rdb.plain_list(MIXED),
            rdb.ziplist_list(MIXED),
            rdb.old_quicklist([MIXED[:4], [], MIXED[4:]]),
            rdb.quicklist([MIXED]),
            rdb.quicklist([MIXED[:4], [], MIXED[4:]]),
        ],
    )
    def test_elements(self, server: Server, value: bytes) -> None:
        assert restored(server, value)[0] == b"list"
        assert server.call("LRANGE", "k", 0, -1) == MIXED
        again(server)
        assert server.call("LRANGE", "k", 0, -1) == MIXED
        assert dumped(server) == (rdb.LIST_QUICKLIST_2, 11)

    @pytest.mark.parametrize(("count", "encoding"), [(5, b"listpack"), (6, b"quicklist")])
    def test_encoding(self, server: Server, count: int, encoding: bytes) -> None:
        items = [b"%d" % n for n in range(count)]
        with server.config(list_max_listpack_size=5):
            for value in (rdb.plain_list(items), rdb.ziplist_list(items), rdb.quicklist([items])):
                assert restored(server, value) == (b"list", encoding)
                assert server.call("LRANGE", "k", 0, -1) == items

    def test_nodes_of_one_element(self, server: Server) -> None:
        assert restored(server, rdb.quicklist([b"plain", MIXED, LONG])) == (b"list", b"quicklist")
        assert server.call("LRANGE", "k", 0, -1) == [b"plain", *MIXED, LONG]
        again(server)
        refused(server, rdb.quicklist([b""]))

    def test_compressed_nodes(self, server: Server) -> None:
        items = [b"an element of a long list, %d" % n for n in range(5000)]
        with server.config(list_compress_depth=1):
            restored(server, rdb.plain_list(items))
            assert server.call("LRANGE", "k", 0, -1) == items
            again(server)
            assert server.call("LRANGE", "k", 0, -1) == items

    @pytest.mark.parametrize(
        "value",
        [rdb.plain_list([]), rdb.ziplist_list([]), rdb.old_quicklist([[]]), rdb.quicklist([]), rdb.quicklist([[]])],
    )
    def test_empty(self, server: Server, value: bytes) -> None:
        refused(server, value)

    def test_a_node_of_a_kind_that_is_none(self, server: Server) -> None:
        for kind in (0, 3, 2**40):
            refused(server, bytes([rdb.LIST_QUICKLIST_2, 1]) + rdb.length(kind) + rdb.text(b"abc"))


class TestSets:
    """Sets, whose encoding the options decide."""

    @pytest.mark.parametrize(
        ("value", "members", "encoding"),
        [
            (rdb.plain_set(MIXED), MIXED, b"listpack"),
            (rdb.plain_set([*MIXED, b"x" * 65]), [*MIXED, b"x" * 65], b"hashtable"),
            (rdb.plain_set(INTEGERS), INTEGERS, b"intset"),
            (rdb.listpack_set(MIXED), MIXED, b"listpack"),
            (rdb.intset_set([-5, 3, 2**40]), [b"-5", b"3", b"%d" % 2**40], b"intset"),
            (rdb.intset_set([-5, 3], 2), [b"-5", b"3"], b"intset"),
        ],
    )
    def test_members(self, server: Server, value: bytes, members: list[bytes], encoding: bytes) -> None:
        assert restored(server, value) == (b"set", encoding)
        assert sorted(server.call("SMEMBERS", "k")) == sorted(members)  # type: ignore[arg-type,type-var]
        again(server)
        kind = {b"listpack": rdb.SET_LISTPACK, b"hashtable": rdb.SET, b"intset": rdb.SET_INTSET}[encoding]
        assert dumped(server) == (kind, 11)

    @pytest.mark.parametrize(
        ("value", "encodings"),
        [
            (rdb.intset_set([1, 2, 3]), (b"intset", b"hashtable")),
            (rdb.listpack_set([b"a", b"b", b"c"]), (b"listpack", b"hashtable")),
            (rdb.plain_set([b"a", b"b", b"c"]), (b"listpack", b"hashtable")),
            (rdb.plain_set([b"1", b"2", b"3"]), (b"intset", b"hashtable")),
        ],
    )
    def test_encoding(self, server: Server, value: bytes, encodings: tuple[bytes, bytes]) -> None:
        for limit, encoding in zip((3, 2), encodings, strict=True):
            with server.config(set_max_intset_entries=limit, set_max_listpack_entries=limit):
                assert restored(server, value) == (b"set", encoding)
                assert server.call("SCARD", "k") == 3

    def test_for_redis_7_0(self, server: Server) -> None:
        restored(server, rdb.listpack_set(MIXED))
        with server.config(rdb_compatibility="7.0"):
            assert dumped(server) == (rdb.SET, 10)
            payload = server.call("DUMP", "k")
        assert server.call("RESTORE", "k", 0, payload, "REPLACE") == b"OK"  # type: ignore[arg-type]
        assert sorted(server.call("SMEMBERS", "k")) == sorted(MIXED)  # type: ignore[arg-type,type-var]
        assert dumped(server) == (rdb.SET_LISTPACK, 11)

    @pytest.mark.parametrize(
        "value",
        [
            rdb.plain_set([]),
            rdb.plain_set([b"a", b"b", b"a"]),
            rdb.plain_set([b"5", b"6", b"5"]),
            rdb.plain_set([b"%d" % n for n in range(600)] + [b"0"]),
            rdb.listpack_set([]),
            rdb.listpack_set([b"a", b"b", b"a"]),
            rdb.intset_set([]),
            rdb.intset_set([3, 1]),
            rdb.intset_set([1, 1]),
        ],
    )
    def test_damaged(self, server: Server, value: bytes) -> None:
        refused(server, value)


SCORED = [(b"b", b"-inf"), (b"a", b"1"), (b"aa", b"1"), (b"c", b"1.5"), (b"5", b"3"), (b"d", b"inf")]
SCORES = [(member, float(score)) for member, score in SCORED]


class TestSortedSets:
    """Sorted sets of all versions."""

    @pytest.mark.parametrize(
        "value",
        [
            rdb.listpack_zset(SCORED),
            rdb.ziplist_zset(SCORED),
            rdb.plain_zset(SCORES),
            rdb.plain_zset(SCORES[::-1]),
            rdb.plain_zset([*SCORES[3:], *SCORES[:3]]),
            rdb.old_zset([(member, score.decode()) for member, score in SCORED]),
        ],
    )
    @pytest.mark.parametrize(("limit", "encoding"), [(6, b"listpack"), (5, b"skiplist")])
    def test_members(self, server: Server, value: bytes, limit: int, encoding: bytes) -> None:
        with server.config(zset_max_listpack_entries=limit):
            assert restored(server, value) == (b"zset", encoding)
            flat = [part for pair in SCORED for part in pair]
            assert server.call("ZRANGE", "k", 0, -1, "WITHSCORES") == flat
            again(server)
            assert server.call("ZRANGE", "k", 0, -1, "WITHSCORES") == flat
            assert dumped(server) == (rdb.ZSET_LISTPACK if encoding == b"listpack" else rdb.ZSET_2, 11)

    def test_long_members(self, server: Server) -> None:
        assert restored(server, rdb.plain_zset([(b"x" * 65, 1.0)])) == (b"zset", b"skiplist")
        assert restored(server, rdb.listpack_zset([(b"x" * 65, b"1")])) == (b"zset", b"listpack")

    @pytest.mark.parametrize(
        "value",
        [
            rdb.plain_zset([]),
            rdb.plain_zset([(b"a", float("nan"))]),
            rdb.plain_zset([(b"a", 1.0), (b"b", 2.0), (b"a", 3.0)]),
            rdb.old_zset([(b"a", "nan")]),
            rdb.old_zset([(b"a", "1x")]),
            rdb.listpack_zset([]),
            rdb.listpack_zset([(b"a", b"2"), (b"b", b"1")]),
            rdb.listpack_zset([(b"b", b"1"), (b"a", b"1")]),
            rdb.listpack_zset([(b"a", b"1"), (b"b", b"2"), (b"a", b"3")]),
            rdb.listpack_zset([(b"a", b"nan")]),
            rdb.listpack_zset([(b"a", b"")]),
            rdb.ziplist_zset([(b"a", b"one")]),
            bytes([rdb.ZSET_LISTPACK]) + rdb.listpack_set([b"a", b"1", b"b"])[1:],
        ],
    )
    def test_damaged(self, server: Server, value: bytes) -> None:
        refused(server, value)


FIELDS = [(b"f", b"v"), (b"", b"empty name"), (b"5", b"-300"), (b"n", b""), (b"w" * 40, b"x" * 60)]
FLAT = [part for pair in FIELDS for part in pair]
LASTING = [(b"soon", b"1", FAR_MS), (b"same", b"2", FAR_MS), (b"later", b"3", FAR_MS + 500), (b"never", b"4", 0)]


class TestHashes:
    """Hashes of all versions, those with fields that expire included."""

    @pytest.mark.parametrize(
        "value",
        [
            rdb.listpack_hash(FIELDS),
            rdb.ziplist_hash(FIELDS),
            rdb.zipmap_hash(dict(FIELDS)),
            rdb.zipmap_hash(dict(FIELDS), 3),
            rdb.plain_hash(FIELDS),
        ],
    )
    @pytest.mark.parametrize(("limit", "encoding"), [(5, b"listpack"), (4, b"hashtable")])
    def test_fields(self, server: Server, value: bytes, limit: int, encoding: bytes) -> None:
        with server.config(hash_max_listpack_entries=limit):
            assert restored(server, value) == (b"hash", encoding)
            for _ in range(2):
                assert dict(pairs(server.call("HGETALL", "k"))) == dict(FIELDS)
                again(server)
            assert dumped(server) == (rdb.HASH_LISTPACK if encoding == b"listpack" else rdb.HASH, 11)

    def test_long_values(self, server: Server) -> None:
        for value, encoding in (
            (rdb.plain_hash([*FIELDS, (b"long", LONG)]), b"hashtable"),
            (rdb.zipmap_hash(dict([*FIELDS, (b"long", LONG)])), b"hashtable"),
            (rdb.ziplist_hash([*FIELDS, (b"long", LONG)]), b"listpack"),
        ):
            assert restored(server, value) == (b"hash", encoding)
            assert server.call("HGET", "k", "long") == LONG
            again(server)

    @pytest.mark.parametrize("early", [False, True])
    @pytest.mark.parametrize("encode", [rdb.expiring_hash, rdb.expiring_listpack_hash])
    @pytest.mark.parametrize(("limit", "encoding"), [(4, b"listpackex"), (3, b"hashtable")])
    def test_fields_that_expire(
        self, server: Server, encode: Callable[..., bytes], early: bool, limit: int, encoding: bytes
    ) -> None:
        with server.config(hash_max_listpack_entries=limit):
            assert restored(server, encode(LASTING, early=early), 12) == (b"hash", encoding)
            for _ in range(2):
                names = [name for name, *_ in LASTING]
                assert server.call("HMGET", "k", *names) == [b"1", b"2", b"3", b"4"]
                assert server.call("HPEXPIRETIME", "k", "FIELDS", 4, *names) == [FAR_MS, FAR_MS, FAR_MS + 500, -1]
                again(server)
            kind = rdb.HASH_LISTPACK_EX if encoding == b"listpackex" else rdb.HASH_METADATA
            assert dumped(server) == (kind, 12)
            with server.config(rdb_compatibility="7.0"):
                assert dumped(server) == (kind, 12)

    def test_payloads_with_fields_that_expire(self, server: Server) -> None:
        restored(server, rdb.expiring_listpack_hash(LASTING), 12)
        with server.config(rdbcompression="no"):
            assert server.call("DUMP", "k") == rdb.payload(rdb.expiring_listpack_hash(LASTING), 12)
            with server.config(hash_max_listpack_entries=0):
                value = rdb.expiring_hash([(b"field", b"value", FAR_MS)])
                restored(server, value, 12)
                assert server.call("DUMP", "k") == rdb.payload(value, 12)

    def test_fields_that_expire_no_more(self, server: Server) -> None:
        """What no field of expires is written as what any version can read."""
        names = [name for name, *_ in LASTING]
        for limit in (512, 0):
            with server.config(hash_max_listpack_entries=limit):
                restored(server, rdb.expiring_hash(LASTING), 12)
                server.call("HPERSIST", "k", "FIELDS", 4, *names)
                assert dumped(server) == (rdb.HASH, 11)
                payload = server.call("DUMP", "k")
                assert server.call("RESTORE", "k", 0, payload, "REPLACE") == b"OK"  # type: ignore[arg-type]
                assert server.call("HMGET", "k", *names) == [b"1", b"2", b"3", b"4"]

    def test_fields_that_have_expired(self, server: Server) -> None:
        fields = [(b"gone", b"1", 1000), (b"here", b"2", FAR_MS), (b"never", b"3", 0)]
        for value in (rdb.expiring_hash(fields), rdb.expiring_listpack_hash(fields)):
            assert server.call("RESTORE", "k", 0, rdb.payload(value, 12), "REPLACE") == b"OK"
            assert server.call("HMGET", "k", "gone", "here", "never") == [None, b"2", b"3"]

    @pytest.mark.parametrize(
        "value",
        [
            rdb.plain_hash([]),
            rdb.plain_hash([(b"a", b"1"), (b"a", b"2")]),
            rdb.plain_hash([(b"%d" % n, b"") for n in range(600)] + [(b"0", b"")]),
            rdb.listpack_hash([]),
            rdb.listpack_hash([(b"a", b"1"), (b"b", b"2"), (b"a", b"3")]),
            rdb.ziplist_hash([(b"a", b"1"), (b"a", b"2")]),
            rdb.zipmap_hash({}),
            bytes([rdb.HASH_LISTPACK]) + rdb.listpack_set([b"a", b"1", b"b"])[1:],
            rdb.expiring_hash([]),
            rdb.expiring_hash([(b"a", b"", FAR_MS), (b"a", b"", 0)]),
            rdb.expiring_hash([(b"a", b"", 2**48)]),
            rdb.expiring_hash([(b"a", b"", 2**63)], early=True),
            rdb.expiring_hash([(b"a", b"", FAR_MS), (b"b", b"", 2**48)]),
            rdb.expiring_listpack_hash([]),
            rdb.expiring_listpack_hash(LASTING[::-1]),
            rdb.expiring_listpack_hash([*LASTING, (b"soon", b"", 0)]),
            rdb.expiring_listpack_hash([(b"a", b"", 2**48)]),
            rdb.expiring_listpack_hash([(b"a", b"", -1)], early=True),
            bytes([rdb.HASH_LISTPACK_EX]) + rdb.ms(1) + rdb.listpack_hash([(b"a", b"1")])[1:],
        ],
    )
    def test_damaged(self, server: Server, value: bytes) -> None:
        refused(server, value)


def pairs(flat: Reply) -> list[tuple[bytes, bytes]]:
    """Return what stands in turn as pairs."""
    assert isinstance(flat, list)
    return list(zip(flat[::2], flat[1::2], strict=True))


BLOCK = rdb.stream_block([(1000, 1, [(b"a", b"1")]), (1000, 2, []), (1001, 0, [(b"b", b"2"), (b"c", b"")])], (1000, 1))
LATER = rdb.stream_block([(2000, 0, [(b"a", b"9")])], (2000, 0))
OWNED = {b"alice": [(1000, 1)], b"bob": [(2000, 0)], b"idle": []}
PENDING = [(1000, 1), (2000, 0)]


def stream(kind: int, groups: list[bytes]) -> bytes:
    """Return a stream of three live entries and one deleted one."""
    blocks = [((1000, 1), BLOCK), ((2000, 0), LATER)]
    return rdb.stream(kind, blocks, count=3, last=(2000, 5), added=7, groups=groups)


class TestStreams:
    """Streams with and without consumer groups."""

    @pytest.mark.parametrize("kind", [rdb.STREAM, rdb.STREAM_2, rdb.STREAM_3])
    def test_entries_and_groups(self, server: Server, kind: int) -> None:
        group = rdb.stream_group(kind, b"g", (2000, 0), PENDING, OWNED, 4)
        assert restored(server, stream(kind, [group])) == (b"stream", b"stream")
        for _ in range(2):
            assert server.call("XRANGE", "k", "-", "+") == [
                [b"1000-1", [b"a", b"1"]],
                [b"1001-0", [b"b", b"2", b"c", b""]],
                [b"2000-0", [b"a", b"9"]],
            ]
            assert server.call("XPENDING", "k", "g") == [2, b"1000-1", b"2000-0", [[b"alice", b"1"], [b"bob", b"1"]]]
            info = dict(pairs(server.call("XINFO", "STREAM", "k")))
            assert (info[b"last-generated-id"], info[b"groups"], info[b"length"]) == (b"2000-5", 1, 3)
            assert info[b"entries-added"] == (3 if kind == rdb.STREAM else 7)
            again(server)
        assert dumped(server) == (rdb.STREAM_3, 11)
        with server.config(rdb_compatibility="7.0"):
            assert dumped(server) == (rdb.STREAM_2, 10)
            again(server)

    @pytest.mark.parametrize(("last", "read"), [((0, 0), 0), ((1000, 1), 1), ((2000, 5), 3), ((1001, 0), None)])
    def test_what_groups_have_read_before_it_was_counted(
        self, server: Server, last: tuple[int, int], read: int | None
    ) -> None:
        restored(server, stream(rdb.STREAM, [rdb.stream_group(rdb.STREAM, b"g", last, [], {})]))
        (group,) = server.call("XINFO", "GROUPS", "k")  # type: ignore[misc,union-attr]
        assert dict(pairs(group))[b"entries-read"] == read

    def test_without_entries(self, server: Server) -> None:
        group = rdb.stream_group(rdb.STREAM_3, b"g", (0, 0), [], {})
        restored(server, rdb.stream(rdb.STREAM_3, [], count=0, last=(5, 5), groups=[group]))
        assert server.call("XLEN", "k") == 0
        again(server)

    @pytest.mark.parametrize(
        "value",
        [
            rdb.stream(rdb.STREAM_3, [((1000, 1), BLOCK)], count=3, last=(2000, 0)),
            rdb.stream(rdb.STREAM_3, [((1000, 1), BLOCK)], count=2, last=(1000, 9)),
            rdb.stream(rdb.STREAM_3, [((1000, 1), BLOCK), ((1000, 1), BLOCK)], count=4, last=(2000, 0)),
            rdb.stream(rdb.STREAM_3, [((2000, 0), LATER), ((1000, 1), BLOCK)], count=3, last=(2000, 0)),
            rdb.stream(rdb.STREAM_3, [((1000, 1), rdb.listpack_set([b"a"])[2:])], count=1, last=(1000, 1)),
            stream(rdb.STREAM_3, [rdb.stream_group(rdb.STREAM_3, b"g", (0, 0), [], {})] * 2),
            stream(rdb.STREAM_3, [rdb.stream_group(rdb.STREAM_3, b"g", (0, 0), PENDING, {})]),
            stream(rdb.STREAM_3, [rdb.stream_group(rdb.STREAM_3, b"g", (0, 0), PENDING[:1] * 2, OWNED)]),
            stream(rdb.STREAM_3, [rdb.stream_group(rdb.STREAM_3, b"g", (0, 0), PENDING[:1], OWNED)]),
            stream(
                rdb.STREAM_3,
                [rdb.stream_group(rdb.STREAM_3, b"g", (0, 0), PENDING, {**OWNED, b"zoe": [(1000, 1)]})],
            ),
        ],
    )
    def test_damaged(self, server: Server, value: bytes) -> None:
        refused(server, value)
