"""The HyperLogLog commands: counts, both encodings to the byte, what a made-up value may do, events."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.loopless import LooplessClient, LooplessServer
from tests.models import hll as model
from tests.support import ErrorReply, RespClient, Server, encode_command

NOT_A_HYPERLOGLOG = ErrorReply(b"WRONGTYPE Key is not a valid HyperLogLog string value.")
CORRUPT = ErrorReply(b"INVALIDOBJ Corrupted HLL object detected")
STALE = b"\0" * 7 + b"\x80"
EMPTY = b"HYLL\1\0\0\0" + b"\0" * 8 + b"\x7f\xff"
# One server for all examples of a test: each writes its keys anew.
shared_server = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)


def value(server: Server, key: str = "k") -> bytes:
    reply = server.call("GET", key)
    assert isinstance(reply, bytes)
    return reply


def sparse(opcodes: bytes, count: bytes = STALE) -> bytes:
    return b"HYLL\1\0\0\0" + count + opcodes


def encoding(server: Server, key: str = "k") -> object:
    return server.call("PFDEBUG", "ENCODING", key)


def add(client: Server | RespClient, key: str, first: int, last: int) -> None:
    """Add the numbers from `first` up to, not including, `last`."""
    for start in range(first, last, 1000):
        client.call("PFADD", key, *range(start, min(start + 1000, last)))


# PFADD


def test_an_empty_value_is_created(server: Server) -> None:
    assert server.call("PFADD", "k") == 1
    assert value(server) == EMPTY[:8] + STALE + EMPTY[16:]
    assert server.call("PFADD", "k") == 0
    assert server.call("OBJECT", "ENCODING", "k") == b"raw"
    assert server.call("PFCOUNT", "k") == 0


def test_an_element_counts_once(server: Server) -> None:
    assert server.call("PFADD", "k", "a", "b", "a") == 1
    assert server.call("PFADD", "k", "a") == 0
    assert server.call("PFADD", "k", "a", "c") == 1
    assert server.call("PFCOUNT", "k") == 3
    assert server.call("PFADD", "k", "") == 1


def test_an_expiry_stays(server: Server) -> None:
    server.call("PFADD", "k", "a")
    server.call("EXPIRE", "k", 100)
    add(server, "k", 0, 5000)
    assert encoding(server) == b"dense"
    assert server.call("TTL", "k") in (99, 100)


@shared_server
@given(st.lists(st.integers(0, 2000), max_size=200), st.sampled_from([0, 30, 200, 3000]), st.integers(1, 50))
def test_pfadd_as_the_model(server: Server, elements: list[int], max_bytes: int, at_a_time: int) -> None:
    """Any elements, in requests of any length, give the sparse value that the model has, or a dense one."""
    server.call("DEL", "k")
    wanted = model.SparseModel(max_bytes)
    registers = [0] * model.REGISTERS
    outcome = "changed"
    with server.config(hll_sparse_max_bytes=max_bytes):
        for start in range(0, len(elements), at_a_time):
            some = elements[start : start + at_a_time]
            risen = start == 0
            for element in some:
                index, rank = model.element_rank(b"%d" % element)
                risen |= registers[index] < rank
                registers[index] = max(registers[index], rank)
                outcome = outcome if outcome == "promote" else wanted.put(index, rank)
            assert server.call("PFADD", "k", *some) == risen
        server.call("PFADD", "k")
    assert encoding(server) == (b"dense" if outcome == "promote" else b"sparse")
    expected = model.pack(registers) if outcome == "promote" else wanted.encode()
    assert value(server)[16:] == expected


@pytest.mark.parametrize("max_bytes", [0, 18, 100, 1000, 3000, 12000, 16400, 100_000])
def test_sparse_up_to_a_size(server: Server, max_bytes: int) -> None:
    with server.config(hll_sparse_max_bytes=max_bytes), server.connect() as client:
        client.call("PFADD", "k")
        for i in range(20_000):
            client.call("PFADD", "k", i)
            if client.call("STRLEN", "k") == model.DENSE_BYTES:
                break
            if i % 500 == 0:
                assert client.call("STRLEN", "k") <= max(max_bytes, 18)  # type: ignore[operator]
        else:
            assert max_bytes > model.DENSE_BYTES
    if max_bytes < model.DENSE_BYTES:
        assert encoding(server) == b"dense"


# PFCOUNT


@pytest.mark.parametrize("count", [1, 10, 100, 1000, 10_000, 100_000])
def test_counts_are_near(server: Server, count: int) -> None:
    add(server, "k", 0, count)
    found = server.call("PFCOUNT", "k")
    assert isinstance(found, int)
    assert abs(found - count) <= max(1, 0.03 * count)


def test_a_count_is_kept_in_the_value(server: Server) -> None:
    server.call("PFADD", "k", *range(100))
    assert value(server)[15] == 0x80
    count = server.call("PFCOUNT", "k")
    assert isinstance(count, int)
    assert value(server)[8:16] == count.to_bytes(8, "little")
    server.call("PFADD", "k", 1)
    assert value(server)[15] == 0
    server.call("PFADD", "k", "new")
    assert value(server)[15] == 0x80
    # What the header says is believed.
    server.call("SETRANGE", "k", 8, (12345).to_bytes(8, "little"))
    assert server.call("PFCOUNT", "k") == 12345


def test_the_count_of_several_keys_is_that_of_their_union(server: Server) -> None:
    add(server, "a", 0, 5000)
    add(server, "b", 4000, 6000)
    server.call("PFADD", "c", *range(100))
    server.call("PFMERGE", "m", "a", "b", "c")
    assert server.call("PFCOUNT", "a", "none", "b", "c") == server.call("PFCOUNT", "m")
    assert server.call("PFCOUNT", "none") == server.call("PFCOUNT", "none", "none") == 0
    assert server.call("EXISTS", "none") == 0
    # A union is computed anew, and changes none of its parts.
    assert value(server, "c")[15] == 0x80


# PFMERGE


@shared_server
@given(st.lists(st.tuples(st.integers(0, 3000), st.booleans()), min_size=1, max_size=4), st.booleans())
def test_pfmerge_as_the_model(server: Server, sources: list[tuple[int, bool]], dense_target: bool) -> None:
    """The registers of all, and a dense value as soon as one of them is dense."""
    names = [f"s{i}" for i in range(len(sources))]
    server.call("FLUSHALL")
    registers = [0] * model.REGISTERS
    for i, (name, (count, dense)) in enumerate(zip(names, sources, strict=True)):
        elements = range(i * 1000, i * 1000 + count)
        server.call("PFADD", name, *elements)
        dense and server.call("PFDEBUG", "TODENSE", name)
        for index, rank in (model.element_rank(b"%d" % element) for element in elements):
            registers[index] = max(registers[index], rank)
    if dense_target:
        server.call("PFADD", "k")
        server.call("PFDEBUG", "TODENSE", "k")
    is_dense = dense_target or any(encoding(server, name) == b"dense" for name in names)
    assert server.call("PFMERGE", "k", *names) == b"OK"
    assert value(server)[15] == 0x80
    if is_dense:
        assert encoding(server) == b"dense"
    assert server.call("PFDEBUG", "GETREG", "k") == registers


def test_a_merge_of_sparse_values_turns_dense_past_the_limit(server: Server) -> None:
    for i in range(4):
        server.call("PFADD", i, *range(i * 500, i * 500 + 500))
    assert {encoding(server, str(i)) for i in range(4)} == {b"sparse"}
    server.call("PFMERGE", "few", 0, 1)
    server.call("PFMERGE", "k", 0, 1, 2, 3)
    assert encoding(server, "few") == b"sparse"
    assert encoding(server) == b"dense"


def test_a_merge_into_one_of_the_sources(server: Server) -> None:
    server.call("PFADD", "a", 1, 2, 3)
    server.call("PFADD", "b", 3, 4)
    server.call("EXPIRE", "a", 100)
    assert server.call("PFMERGE", "a", "b", "a") == b"OK"
    assert server.call("PFCOUNT", "a") == 4
    assert server.call("TTL", "a") in (99, 100)


def test_a_merge_of_nothing_is_an_empty_value(server: Server) -> None:
    assert server.call("PFMERGE", "k") == b"OK"
    assert server.call("PFMERGE", "m", "none", "nothing") == b"OK"
    assert value(server) == value(server, "m") == EMPTY[:8] + STALE + EMPTY[16:]


# Values that clients make up


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"123",
        b"HYLL",
        b"HYLL\1\0\0\0" + b"\0" * 7,
        b"hyll" + EMPTY[4:],
        b"HYLL\2" + EMPTY[5:],
        b"HYLL\0" + EMPTY[5:],
        b"HYLL\0" + bytes(12298),
        b"HYLL\0" + bytes(12300),
    ],
)
def test_strings_that_are_none(server: Server, text: bytes) -> None:
    server.call("SET", "k", text)
    server.call("PFADD", "good", 1)
    for command in (
        ["PFADD", "k"],
        ["PFADD", "k", 1],
        ["PFCOUNT", "k"],
        ["PFCOUNT", "good", "k"],
        ["PFMERGE", "good", "k"],
        ["PFMERGE", "k", "good"],
        ["PFMERGE", "new", "k"],
        ["PFDEBUG", "ENCODING", "k"],
    ):
        assert server.call(*command) == NOT_A_HYPERLOGLOG, command
    assert value(server) == text
    assert server.call("EXISTS", "new") == 0


@pytest.mark.parametrize(
    "opcodes",
    [
        b"",
        b"\x7f",
        b"\x7f\xfe",
        b"\x00",
        b"\x7f\xff\x00",
        b"\x7f\xff\x7f\xff",
        b"\x7f\xfe\x83",
        b"\x80" * 16383,
        b"\xff" * 4097,
        b"\x3f" * 257,
        b"\x7f\xff" + b"\xff" * 20_000,
    ],
)
def test_damaged_opcodes_are_found_when_all_are_read(server: Server, opcodes: bytes) -> None:
    text = sparse(opcodes)
    server.call("SET", "k", text)
    assert server.call("PFCOUNT", "k") == CORRUPT
    assert server.call("PFCOUNT", "k", "none") == CORRUPT
    assert server.call("PFMERGE", "new", "k") == CORRUPT
    assert server.call("PFMERGE", "k") == CORRUPT
    assert server.call("PFDEBUG", "GETREG", "k") == CORRUPT
    assert server.call("PFDEBUG", "TODENSE", "k") == CORRUPT
    assert value(server) == text
    assert server.call("EXISTS", "new") == 0


def test_damage_is_found_when_a_register_is_not_covered(server: Server) -> None:
    server.call("SET", "k", sparse(b"\x00"))
    assert server.call("PFADD", "k", *range(50)) == CORRUPT
    with server.config(hll_sparse_max_bytes=0):
        server.call("SET", "k", sparse(b"\x7f\xff\x00"))
        assert server.call("PFADD", "k", "a") == CORRUPT


@shared_server
@given(st.binary(max_size=60) | st.lists(st.sampled_from([b"\x7f\xff", b"\x40\x00", b"\xff", b"\x3f"])).map(b"".join))
def test_no_value_harms_the_server(server: Server, opcodes: bytes) -> None:
    """Whatever the opcodes are, each command answers, and the string grows by no more than elements can make it."""
    server.call("SET", "k", sparse(opcodes))
    for command in (
        ["PFADD", "k", *range(20)],
        ["PFCOUNT", "k"],
        ["PFMERGE", "m", "k"],
        ["PFMERGE", "k", "m"],
        ["PFDEBUG", "DECODE", "k"],
    ):
        reply = server.call(*command)
        assert reply == CORRUPT or not isinstance(reply, ErrorReply) or command[1] == "DECODE"
    assert server.call("STRLEN", "k") in [*range(16, 16 + 60 + 3 * 60 + 200), model.DENSE_BYTES]


def test_an_embedded_string_becomes_raw(server: Server) -> None:
    server.call("SET", "k", EMPTY)
    assert server.call("OBJECT", "ENCODING", "k") == b"embstr"
    assert server.call("PFCOUNT", "k") == 0
    assert server.call("OBJECT", "ENCODING", "k") == b"raw"


def test_registers_past_what_elements_reach(server: Server) -> None:
    """Such a value estimates to what does not fit; the reply is the lowest integer, as in Redis."""
    server.call("SET", "k", b"HYLL\0\0\0\0" + STALE + b"\xff" * 12288)
    assert server.call("PFCOUNT", "k") == -(2**63)
    assert server.call("PFCOUNT", "k", "none") == -(2**63)


# PFDEBUG and PFSELFTEST


def test_pfdebug(server: Server) -> None:
    server.call("PFADD", "k", "a", "b", "c")
    assert server.call("PFDEBUG", "encoding", "k") == b"sparse"
    ranks = dict(model.element_rank(element) for element in (b"a", b"b", b"c"))
    registers = [ranks.get(index, 0) for index in range(model.REGISTERS)]
    decoded = server.call("PFDEBUG", "DECODE", "k")
    assert isinstance(decoded, bytes)
    assert [word for word in decoded.split() if word[:1] == b"v"] == [
        b"v:%d,1" % ranks[index] for index in sorted(ranks)
    ]
    assert sum(int(word.replace(b",", b":").split(b":")[-1]) for word in decoded.split()) == model.REGISTERS
    assert server.call("PFDEBUG", "TODENSE", "k") == 1
    assert server.call("PFDEBUG", "TODENSE", "k") == 0
    assert server.call("PFDEBUG", "GETREG", "k") == registers
    assert server.call("PFDEBUG", "DECODE", "k") == ErrorReply(b"ERR HLL encoding is not sparse")
    assert server.call("PFCOUNT", "k") == 3


def test_pfdebug_spells_each_opcode(server: Server) -> None:
    server.call("SET", "k", sparse(b"\x00\x3f\x40\x00\x7f\xa4\xff\x80"))
    assert server.call("PFDEBUG", "DECODE", "k") == b"z:1 z:64 Z:1 Z:16293 v:32,4 v:1,1"
    server.call("SET", "k", sparse(b""))
    assert server.call("PFDEBUG", "DECODE", "k") == b""
    server.call("SET", "k", sparse(b"\x00\x40"))
    assert server.call("PFDEBUG", "DECODE", "k") == CORRUPT


def test_getreg_turns_a_value_dense(server: Server) -> None:
    server.call("PFADD", "k", 1)
    server.call("PFDEBUG", "GETREG", "k")
    assert encoding(server) == b"dense"


def test_what_pfdebug_refuses(server: Server) -> None:
    assert server.call("PFDEBUG", "FROB", "none") == ErrorReply(b"ERR The specified key does not exist")
    server.call("PFADD", "k")
    assert server.call("PFDEBUG", "Frob", "k") == ErrorReply(b"ERR Unknown PFDEBUG subcommand 'Frob'")
    assert server.call("PFDEBUG", "DECODE") == ErrorReply(b"ERR wrong number of arguments for 'pfdebug' command")


@pytest.mark.parametrize("max_bytes", [0, 3000, 100_000])
def test_pfselftest(server: Server, max_bytes: int) -> None:
    with server.config(hll_sparse_max_bytes=max_bytes):
        assert server.call("PFSELFTEST") == b"OK"


# What others are told

# Command, events, changes counted.
EVENTS = (
    ("PFADD k", "new pfadd", 1),
    ("PFADD k", "", 0),
    ("PFADD k a b c", "pfadd", 3),
    ("PFADD k a", "", 0),
    ("PFADD n x", "new pfadd", 2),
    ("PFCOUNT k", "silent", 1),
    ("PFCOUNT k", "", 0),
    ("PFCOUNT none", "keymiss", 0),
    ("PFMERGE k n", "pfadd", 1),
    ("PFMERGE m", "keymiss new pfadd", 1),
    ("PFDEBUG ENCODING k", "", 0),
    ("PFDEBUG TODENSE k", "silent", 1),
    ("PFDEBUG TODENSE k", "", 0),
)


def test_what_a_change_is_called() -> None:
    server = LooplessServer()
    seen: list[str] = []
    server.keyspace.on_change = lambda _db, _key, kind, event: seen.append(event.decode() if kind else "silent")
    server.keyspace.effects = 1
    with LooplessClient(server) as client:
        for command, events, changes in EVENTS:
            seen.clear()
            dirty = server.keyspace.dirty
            client.send(encode_command(*command.split()))
            assert seen == events.split(), command
            assert server.keyspace.dirty - dirty == changes, command


def test_memory_returns(server: Server) -> None:
    """Values that grew, turned dense and merged leave nothing behind."""
    generator = random.Random(7)
    with server.connect() as client:
        client.call("FLUSHALL", "SYNC")
        before = int(server.info("memory")["used_memory"])
        for _ in range(30):
            for i in range(40):
                client.call("PFADD", i, *(generator.randrange(10**9) for _ in range(generator.choice([1, 10, 200]))))
            client.call("PFMERGE", generator.randrange(40), *range(0, 40, 3))
        client.call("FLUSHALL", "SYNC")
        assert int(server.info("memory")["used_memory"]) - before < 200_000
