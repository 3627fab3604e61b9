"""The commands on hashes, in each encoding."""

import random
from collections import Counter

import pytest

from tests.support import ErrorReply, RespClient, Server

WRONG_TYPE = ErrorReply(b"WRONGTYPE Operation against a key holding the wrong kind of value")
NOT_INTEGER = ErrorReply(b"ERR value is not an integer or out of range")
SYNTAX = ErrorReply(b"ERR syntax error")
LONG_MAX = 2**63 - 1
COUNT_RANGE = ErrorReply(b"ERR value is out of range, value must between %d and %d" % (-LONG_MAX, LONG_MAX))

ENCODINGS = ["listpack", "listpackex", "hashtable"]


def encoding(server: Server, key: str = "h") -> str:
    """Return what OBJECT ENCODING says."""
    reply = server.call("OBJECT", "ENCODING", key)
    assert isinstance(reply, bytes), reply
    return reply.decode()


def fields_of(reply: object) -> dict[bytes, bytes]:
    """Return pairs of a flat reply."""
    assert isinstance(reply, list), reply
    return dict(zip(reply[::2], reply[1::2], strict=True))


@pytest.fixture(params=ENCODINGS)
def h(request: pytest.FixtureRequest, server: Server) -> Server:
    """Return the server with a hash `h` of this encoding, of a field `a` with the value 1, and others."""
    server.call("HSET", "h", "a", 1, "b", "two", "3", "", "", "empty name")
    if request.param == "listpackex":
        server.call("HEXPIRE", "h", 1000, "FIELDS", 1, "a")
        server.call("HPERSIST", "h", "FIELDS", 1, "a")
    elif request.param == "hashtable":
        server.call("HSET", "h", "long", "x" * 65)
        server.call("HDEL", "h", "long")
    assert encoding(server) == request.param
    return server


ALL = {b"a": b"1", b"b": b"two", b"3": b"", b"": b"empty name"}


class TestRead:
    """HGET, HMGET, HSTRLEN, HEXISTS, HLEN, HKEYS, HVALS, HGETALL."""

    def test_one_field(self, h: Server) -> None:
        for name, value in ALL.items():
            assert h.call("HGET", "h", name) == value
            assert h.call("HSTRLEN", "h", name) == len(value)
            assert h.call("HEXISTS", "h", name) == 1
        assert h.call("HGET", "h", "nosuch") is None
        assert h.call("HSTRLEN", "h", "nosuch") == 0
        assert h.call("HEXISTS", "h", "nosuch") == 0

    def test_several(self, h: Server) -> None:
        assert h.call("HMGET", "h", "a", "nosuch", "3", "a") == [b"1", None, b"", b"1"]

    def test_all(self, h: Server) -> None:
        assert h.call("HLEN", "h") == 4
        assert set(h.call("HKEYS", "h")) == ALL.keys()  # type: ignore[call-overload]
        assert sorted(h.call("HVALS", "h")) == sorted(ALL.values())  # type: ignore[call-overload]
        assert fields_of(h.call("HGETALL", "h")) == ALL

    def test_resp3(self, h: Server) -> None:
        with h.connect(resp=3) as client:
            assert client.call("HGETALL", "h") == ALL
            assert client.call_raw("HGETALL", "nosuch") == b"%0\r\n"
            assert client.call_raw("HKEYS", "nosuch") == b"*0\r\n"
            assert client.call_raw("HVALS", "h").startswith(b"*4\r\n")
            assert client.call_raw("HGET", "h", "nosuch") == b"_\r\n"

    def test_missing_key(self, server: Server) -> None:
        assert server.call("HGET", "h", "a") is None
        assert server.call("HMGET", "h", "a", "b") == [None, None]
        assert [server.call(name, "h", "a") for name in ("HSTRLEN", "HEXISTS", "HDEL")] == [0, 0, 0]
        assert server.call("HLEN", "h") == 0
        assert [server.call(name, "h") for name in ("HKEYS", "HVALS", "HGETALL")] == [[], [], []]
        assert server.call("HRANDFIELD", "h") is None
        assert server.call("HRANDFIELD", "h", 5) == []
        assert server.call("HSCAN", "h", 0) == [b"0", []]
        assert server.call("DBSIZE") == 0

    def test_hits_and_misses_count(self, server: Server) -> None:
        server.call("HSET", "h", "a", 1)
        before = server.info("stats")
        server.call("HGET", "h", "nosuch")
        server.call("HGET", "nosuch", "a")
        after = server.info("stats")
        for name in ("keyspace_hits", "keyspace_misses"):
            assert int(after[name]) - int(before[name]) == 1


@pytest.mark.parametrize(
    "argv",
    [
        ("HGET", "s", "a"),
        ("HMGET", "s", "a"),
        ("HSTRLEN", "s", "a"),
        ("HEXISTS", "s", "a"),
        ("HLEN", "s"),
        ("HKEYS", "s"),
        ("HVALS", "s"),
        ("HGETALL", "s"),
        ("HSET", "s", "a", "b"),
        ("HMSET", "s", "a", "b"),
        ("HSETNX", "s", "a", "b"),
        ("HDEL", "s", "a"),
        ("HINCRBY", "s", "a", "1"),
        ("HINCRBYFLOAT", "s", "a", "1"),
        ("HRANDFIELD", "s"),
        ("HRANDFIELD", "s", "1"),
        ("HSCAN", "s", "0"),
    ],
)
def test_wrong_type(server: Server, argv: tuple[str, ...]) -> None:
    server.call("SET", "s", "text")
    assert server.call(*argv) == WRONG_TYPE
    assert server.call("GET", "s") == b"text"


class TestSet:
    """HSET, HMSET, HSETNX, HDEL."""

    def test_counts_new_fields(self, h: Server) -> None:
        assert h.call("HSET", "h", "a", "one", "new", 1, "new", 2) == 1
        assert h.call("HMGET", "h", "a", "new") == [b"one", b"2"]
        assert h.call("HMSET", "h", "a", "x", "newer", "y") == b"OK"
        assert h.call("HLEN", "h") == 6

    def test_pairs_must_be_whole(self, server: Server) -> None:
        for name in (b"hset", b"hmset"):
            for argv in (("h", "a"), ("h", "a", 1, "b")):
                expected = ErrorReply(b"ERR wrong number of arguments for '%b' command" % name)
                assert server.call(name, *argv) == expected
        assert server.call("EXISTS", "h") == 0

    def test_setnx(self, h: Server) -> None:
        assert h.call("HSETNX", "h", "a", "other") == 0
        assert h.call("HSETNX", "h", "new", "value") == 1
        assert h.call("HMGET", "h", "a", "new") == [b"1", b"value"]
        assert h.call("HSETNX", "fresh", "a", "value") == 1

    def test_delete(self, h: Server) -> None:
        assert h.call("HDEL", "h", "a", "nosuch", "b", "a") == 2
        assert fields_of(h.call("HGETALL", "h")) == {b"3": b"", b"": b"empty name"}
        # What is named behind the last field counts no more.
        assert h.call("HDEL", "h", "3", "", "3", "x") == 2
        assert h.call("EXISTS", "h") == 0

    def test_values_of_all_lengths(self, server: Server) -> None:
        server.call("HSET", "h", "f", "")
        for length in (1, 63, 64, 65, 2047, 2048, 2049, 70_000, 1_000_000, 2049, 2048, 10, 0):
            assert server.call("HSET", "h", "f", "v" * length) == 0
            assert server.call("HGET", "h", "f") == b"v" * length
            assert server.call("HSTRLEN", "h", "f") == length

    def test_names_of_all_lengths(self, server: Server) -> None:
        names = ["n" * length for length in (0, 1, 63, 64, 65, 255, 256, 5000)]
        for name in names:
            assert server.call("HSET", "h", name, len(name)) == 1
        assert server.call("HMGET", "h", *names) == [b"%d" % len(name) for name in names]
        assert server.call("HDEL", "h", *names) == len(names)

    def test_integers_come_back_as_they_were(self, h: Server) -> None:
        texts = [0, 127, 128, -1, -4097, 2**31, LONG_MAX, -LONG_MAX - 1, "007", "+1", "-0", " 1", "1e3"]
        for text in texts:
            h.call("HSET", "h", f"name {text}", text, text, f"value {text}")
        assert [h.call("HGET", "h", f"name {text}") for text in texts] == [str(text).encode() for text in texts]
        assert [h.call("HGET", "h", text) for text in texts] == [f"value {text}".encode() for text in texts]

    def test_dirty(self, server: Server) -> None:
        def changes() -> int:
            return int(server.info("persistence")["rdb_changes_since_last_save"])

        before = changes()
        server.call("HSET", "h", "a", 1, "b", 2)
        assert changes() == before + 2
        server.call("HDEL", "h", "a", "b", "c")
        assert changes() == before + 4


class TestEncoding:
    """When a listpack becomes a hashtable."""

    def test_number_of_fields(self, server: Server) -> None:
        with server.config(hash_max_listpack_entries=3):
            server.call("HSET", "h", "a", 1, "b", 2, "c", 3)
            assert encoding(server) == "listpack"
            server.call("HSET", "h", "c", 4)
            assert encoding(server) == "listpack"
            server.call("HINCRBY", "h", "d", 1)
            assert encoding(server) == "hashtable"
            server.call("HDEL", "h", "a", "b", "c")
            assert encoding(server) == "hashtable"

    def test_many_at_once(self, server: Server) -> None:
        pairs = [part for n in range(513) for part in (f"f{n}", n)]
        server.call("HSET", "h", *pairs[:1024])
        assert encoding(server) == "listpack"
        server.call("HSET", "h", *pairs[1024:])
        assert encoding(server) == "hashtable"
        assert server.call("HLEN", "h") == 513
        # So many that a hashtable is made ahead, though they are all one field.
        server.call("HSET", "same", *["f", "v"] * 513)
        assert encoding(server, "same") == "hashtable"
        assert server.call("HLEN", "same") == 1

    @pytest.mark.parametrize("long", ["field", "value"])
    def test_length(self, server: Server, long: str) -> None:
        def argv(length: int) -> tuple[str, str]:
            return ("x" * length, "v") if long == "field" else ("f", "x" * length)

        server.call("HSET", "h", *argv(64))
        assert encoding(server) == "listpack"
        server.call("HSETNX" if long == "field" else "HSET", "h", *argv(65))
        assert encoding(server) == "hashtable"
        server.call("HSET", "many", "a", 1, *argv(65))
        assert encoding(server, "many") == "hashtable"

    def test_increment_may_make_it_too_long(self, server: Server) -> None:
        with server.config(hash_max_listpack_value=3):
            server.call("HSET", "h", "f", 999)
            assert encoding(server) == "listpack"
            assert server.call("HINCRBY", "h", "f", 1) == 1000
            assert encoding(server) == "hashtable"

    def test_no_listpack_at_all(self, server: Server) -> None:
        with server.config(hash_max_listpack_entries=0):
            server.call("HSET", "h", "f", "v")
            assert encoding(server) == "hashtable"

    def test_content_survives(self, server: Server) -> None:
        pairs = {b"%d" % n: b"value %d" % n if n % 2 else b"%d" % -n for n in range(512)}
        server.call("HSET", "h", *(part for pair in pairs.items() for part in pair))
        server.call("HSET", "h", "more", "x" * 100)
        assert encoding(server) == "hashtable"
        assert fields_of(server.call("HGETALL", "h")) == pairs | {b"more": b"x" * 100}


class TestNumbers:
    """HINCRBY and HINCRBYFLOAT."""

    def test_increment(self, h: Server) -> None:
        assert h.call("HINCRBY", "h", "a", 41) == 42
        assert h.call("HINCRBY", "h", "new", -5) == -5
        assert h.call("HINCRBY", "fresh", "a", 7) == 7
        assert h.call("HMGET", "h", "a", "new") == [b"42", b"-5"]

    def test_increment_at_the_ends(self, h: Server) -> None:
        overflow = ErrorReply(b"ERR increment or decrement would overflow")
        h.call("HSET", "h", "top", LONG_MAX, "bottom", -LONG_MAX - 1)
        assert h.call("HINCRBY", "h", "top", 1) == overflow
        assert h.call("HINCRBY", "h", "bottom", -1) == overflow
        assert h.call("HINCRBY", "h", "top", -LONG_MAX) == 0
        assert h.call("HINCRBY", "h", "bottom", LONG_MAX) == -1

    def test_increment_of_what_is_no_integer(self, h: Server) -> None:
        expected = ErrorReply(b"ERR hash value is not an integer")
        for text in ("", "x", "1.5", " 1", "1 ", "01", 2**63):
            h.call("HSET", "h", "f", text)
            assert h.call("HINCRBY", "h", "f", 1) == expected
        assert h.call("HINCRBY", "h", "a", "x") == NOT_INTEGER
        assert h.call("HINCRBY", "nosuch", "a", "1.5") == NOT_INTEGER
        assert h.call("EXISTS", "nosuch") == 0

    def test_float(self, h: Server) -> None:
        assert h.call("HINCRBYFLOAT", "h", "a", "1.5") == b"2.5"
        assert h.call("HINCRBYFLOAT", "h", "a", "-2.5") == b"0"
        assert h.call("HINCRBYFLOAT", "h", "new", "1e3") == b"1000"
        assert h.call("HINCRBYFLOAT", "fresh", "a", "0.1") == b"0.1"
        h.call("HSET", "h", "f", "5.0e3")
        assert h.call("HINCRBYFLOAT", "h", "f", "2.0e2") == b"5200"
        assert h.call("HINCRBYFLOAT", "h", "x" * 100, "1") == b"1"

    def test_float_of_what_is_none(self, h: Server) -> None:
        h.call("HSET", "h", "inf", "inf", "huge", "1.1e4932")
        assert h.call("HINCRBYFLOAT", "h", "b", "1") == ErrorReply(b"ERR hash value is not a float")
        assert h.call("HINCRBYFLOAT", "h", "a", "x") == ErrorReply(b"ERR value is not a valid float")
        for text in ("inf", "-inf", "+infinity"):
            assert h.call("HINCRBYFLOAT", "h", "a", text) == ErrorReply(b"ERR value is NaN or Infinity")
        nan = ErrorReply(b"ERR increment would produce NaN or Infinity")
        assert h.call("HINCRBYFLOAT", "h", "inf", "1") == nan
        assert h.call("HINCRBYFLOAT", "h", "huge", "1.1e4932") == nan
        assert h.call("HGET", "h", "huge") == b"1.1e4932"


class TestRandom:
    """HRANDFIELD."""

    def test_one(self, h: Server) -> None:
        assert {h.call("HRANDFIELD", "h") for _ in range(200)} == ALL.keys()

    @pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 100, LONG_MAX])
    def test_different_ones(self, h: Server, count: int) -> None:
        found = h.call("HRANDFIELD", "h", count)
        assert isinstance(found, list)
        assert len(found) == len(set(found)) == min(count, 4)
        assert set(found) <= ALL.keys()

    def test_with_repetition(self, h: Server) -> None:
        found = h.call("HRANDFIELD", "h", -2000)
        assert isinstance(found, list)
        counts = Counter(found)
        assert counts.keys() == ALL.keys()
        assert all(300 < count < 700 for count in counts.values())

    def test_with_values(self, h: Server) -> None:
        assert fields_of(h.call("HRANDFIELD", "h", 10, "WITHVALUES")) == ALL
        reply = h.call("HRANDFIELD", "h", -50, "withvalues")
        assert isinstance(reply, list)
        assert len(reply) == 100
        assert fields_of(reply).items() <= ALL.items()

    def test_with_values_in_resp3(self, h: Server) -> None:
        with h.connect(resp=3) as client:
            reply = client.call("HRANDFIELD", "h", 2, "WITHVALUES")
            assert isinstance(reply, list)
            assert [len(pair) for pair in reply] == [2, 2]
            assert dict(reply).items() <= ALL.items()

    def test_every_field_of_a_large_one_has_the_same_chance(self, server: Server) -> None:
        server.call("HSET", "h", *(part for n in range(600) for part in (f"f{n}", n)))
        counts: Counter[bytes] = Counter()
        for count in (10, 300):
            for _ in range(4000 // count):
                counts.update(server.call("HRANDFIELD", "h", count))  # type: ignore[arg-type]
        mean = sum(counts.values()) / 600
        assert len(counts) > 590
        # Chi-squared of 599 degrees of freedom, which is above 730 once in 5,000 times.
        assert sum((counts[b"f%d" % n] - mean) ** 2 / mean for n in range(600)) < 800

    def test_bad_arguments(self, h: Server) -> None:
        assert h.call("HRANDFIELD", "h", "x") == NOT_INTEGER
        assert h.call("HRANDFIELD", "h", -LONG_MAX - 1) == COUNT_RANGE
        assert h.call("HRANDFIELD", "h", 1, "values") == SYNTAX
        assert h.call("HRANDFIELD", "h", 1, "WITHVALUES", "x") == SYNTAX
        out_of_range = ErrorReply(b"ERR value is out of range")
        for count in (LONG_MAX, -LONG_MAX, LONG_MAX // 2 + 1, -(LONG_MAX // 2) - 1):
            assert h.call("HRANDFIELD", "h", count, "WITHVALUES") == out_of_range
        assert h.call("HRANDFIELD", "nosuch", -LONG_MAX) == []

    def test_more_than_the_client_may_have(self, server: Server) -> None:
        server.call("HSET", "h", "f", "v" * 1000)
        with server.config(client_output_buffer_limit="normal 1mb 0 0"), server.connect() as client:
            client.send("HRANDFIELD", "h", -LONG_MAX // 4, "WITHVALUES")
            assert client.is_closed_by_server()
        assert server.call("PING") == b"PONG"


def scan_all(client: Server | RespClient, key: str, *options: object) -> list[bytes]:
    """Return all that HSCAN returns on its way."""
    found: list[bytes] = []
    cursor: object = b"0"
    while True:
        cursor, some = client.call("HSCAN", key, cursor, *options)  # type: ignore[arg-type, misc]
        found += some
        if cursor == b"0":
            return found


class TestScan:
    """HSCAN."""

    def test_all(self, h: Server) -> None:
        assert fields_of(scan_all(h, "h")) == ALL
        assert sorted(scan_all(h, "h", "NOVALUES")) == sorted(ALL)
        assert fields_of(scan_all(h, "h", "MATCH", "[a3]", "COUNT", 100)) == {b"a": b"1", b"3": b""}
        assert scan_all(h, "h", "match", "a", "novalues") == [b"a"]
        assert scan_all(h, "h", "MATCH", "x") == []

    def test_large(self, server: Server) -> None:
        pairs = {b"field:%d" % n: b"%d" % n for n in range(1000)}
        server.call("HSET", "h", *(part for pair in pairs.items() for part in pair))
        assert fields_of(scan_all(server, "h", "COUNT", 7)) == pairs
        assert set(scan_all(server, "h", "NOVALUES", "COUNT", 100)) == pairs.keys()
        cursor, some = server.call("HSCAN", "h", 0, "COUNT", 20)  # type: ignore[misc]
        assert cursor != b"0"
        assert 20 <= len(some) // 2 < 60

    def test_finds_what_stays_while_the_table_changes(self, server: Server) -> None:
        kept = {b"kept:%d" % n for n in range(600)}
        server.call("HSET", "h", *(part for name in kept for part in (name, "v")))
        found: set[bytes] = set()
        cursor: object = b"0"
        chance = random.Random(4)
        while True:
            cursor, some = server.call("HSCAN", "h", cursor, "NOVALUES")  # type: ignore[arg-type, misc]
            found.update(some)
            if cursor == b"0":
                break
            names = [f"other:{chance.randrange(3000)}" for _ in range(50)]
            server.call("HSET", "h", *(part for name in names for part in (name, "v")))
            server.call("HDEL", "h", *chance.sample([f"other:{n}" for n in range(3000)], 40))
        assert kept <= found

    def test_bad_arguments(self, h: Server) -> None:
        assert h.call("HSCAN", "h", "x") == ErrorReply(b"ERR invalid cursor")
        assert h.call("HSCAN", "nosuch", "x") == ErrorReply(b"ERR invalid cursor")
        assert h.call("HSCAN", "nosuch", 0, "COUNT", "x") == [b"0", []]
        assert h.call("HSCAN", "h", 0, "COUNT", "x") == NOT_INTEGER
        for options in (("COUNT",), ("COUNT", 0), ("MATCH",), ("TYPE", "hash"), ("x",)):
            assert h.call("HSCAN", "h", 0, *options) == SYNTAX


class TestKeyOfAHash:
    """What commands for keys of any type do with one."""

    def test_type_and_size(self, h: Server) -> None:
        assert h.call("TYPE", "h") == b"hash"
        assert h.call("MEMORY", "USAGE", "h") > 50  # type: ignore[operator]
        assert h.call("SCAN", 0, "TYPE", "hash") == [b"0", [b"h"]]

    def test_copy_rename_move(self, h: Server) -> None:
        was = encoding(h)
        h.call("COPY", "h", "copy")
        h.call("HSET", "h", "a", "changed")
        assert fields_of(h.call("HGETALL", "copy")) == ALL
        assert encoding(h, "copy") == was
        h.call("RENAME", "copy", "renamed")
        h.call("MOVE", "renamed", 1)
        with h.connect() as client:
            client.call("SELECT", 1)
            assert fields_of(client.call("HGETALL", "renamed")) == ALL
            client.call("FLUSHDB")

    def test_expiry_of_the_key_stays(self, h: Server) -> None:
        h.call("EXPIRE", "h", 1000)
        h.call("HSET", "h", "a", "x" * 3000)
        h.call("HINCRBY", "h", "n", 1)
        assert h.call("TTL", "h") in (999, 1000)

    def test_overwritten_and_deleted(self, h: Server) -> None:
        h.call("SET", "h", "text")
        assert h.call("GET", "h") == b"text"
        h.call("DEL", "h")
        h.call("HSET", "h", *(part for n in range(5000) for part in (f"f{n}", "v" * 30)))
        assert h.call("UNLINK", "h") == 1
        assert h.call("DBSIZE") == 0

    def test_digest_is_that_of_a_real_server(self, h: Server, peer: Server) -> None:
        h.call("EXPIRE", "h", 1000)
        peer.call("HSET", "h", *(part for pair in ALL.items() for part in pair))
        peer.call("EXPIRE", "h", 1000)
        assert h.call("DEBUG", "DIGEST-VALUE", "h") == peer.call("DEBUG", "DIGEST-VALUE", "h")


def test_against_a_dict(server: Server) -> None:
    """Random steps on hashes of all encodings, compared whole."""
    chance = random.Random(11)
    for round in range(6):
        model: dict[bytes, bytes] = {}
        server.call("DEL", "h")
        with server.config(hash_max_listpack_entries=chance.choice([0, 20, 512])):
            for _ in range(400):
                name = b"%d" % chance.randrange(60) if chance.random() < 0.5 else b"field:%d" % chance.randrange(60)
                kind = chance.choice(["set", "set", "del", "incr", "expire"])
                if kind == "set":
                    value = chance.choice([b"", b"7", b"value", b"v" * chance.choice([64, 65, 3000][: 1 + round % 3])])
                    assert server.call("HSET", "h", name, value) == (name not in model)
                    model[name] = value
                elif kind == "del":
                    assert server.call("HDEL", "h", name) == (model.pop(name, None) is not None)
                elif kind == "incr" and model.get(name, b"0").isdigit():
                    model[name] = b"%d" % (int(model.get(name, b"0")) + 3)
                    assert server.call("HINCRBY", "h", name, 3) == int(model[name])
                elif kind == "expire":
                    expected = [-2] if name not in model else [1]
                    assert server.call("HEXPIRE", "h", 1000, "FIELDS", 1, name) == expected
                assert server.call("HGET", "h", name) == model.get(name)
            assert fields_of(server.call("HGETALL", "h")) == model
            assert server.call("HLEN", "h") == len(model)
