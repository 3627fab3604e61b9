"""What DUMP returns, exchanged with a real server in both directions: each makes of it what the other had.

The payload is built with the same commands on both sides; then each restores the other's, and shows the same value in
the same encoding.
"""

import random
from collections.abc import Callable

import pytest

from tests.conftest import ServerFactory
from tests.differential.versions import Version
from tests.support import Argument, Reply, Server

Build = Callable[[random.Random, int], list[list[Argument]]]
SIZES = [1, 2, 5, 60, 127, 128, 129, 400, 511, 512, 513, 3000]
# How a value of each type is shown in full.
SHOW: dict[bytes, list[Argument]] = {
    b"string": ["GET", "k"],
    b"list": ["LRANGE", "k", 0, -1],
    b"set": ["SMEMBERS", "k"],
    b"zset": ["ZRANGE", "k", 0, -1, "WITHSCORES"],
    b"hash": ["HGETALL", "k"],
    b"stream": ["XRANGE", "k", "-", "+"],
}


def text(draw: random.Random) -> bytes:
    """Return a text: often an integer, seldom a long one."""
    kind = draw.random()
    if kind < 0.4:
        return b"%d" % draw.randint(-(10 ** draw.randint(1, 18)), 10 ** draw.randint(1, 18))
    if kind < 0.9:
        return draw.randbytes(draw.randint(0, 24))
    if kind < 0.96:
        return draw.randbytes(draw.randint(60, 70))
    return draw.choice([draw.randbytes(5000), b"again " * 2000])


def strings(draw: random.Random, size: int) -> list[list[Argument]]:
    """Set a string."""
    return [["SET", "k", draw.choice([text(draw), b"%d" % size, b"ab" * size, draw.randbytes(size)])]]


def lists(draw: random.Random, size: int) -> list[list[Argument]]:
    """Fill a list."""
    return [["RPUSH", "k", *(text(draw) for _ in range(size))]]


def sets(draw: random.Random, size: int) -> list[list[Argument]]:
    """Fill a set."""
    return [["SADD", "k", *(text(draw) for _ in range(size))]]


def integer_sets(draw: random.Random, size: int) -> list[list[Argument]]:
    """Fill a set with integers."""
    width = draw.choice([2, 4, 9, 18])
    return [["SADD", "k", *(draw.randint(-(10**width), 10**width) for _ in range(size))]]


def sorted_sets(draw: random.Random, size: int) -> list[list[Argument]]:
    """Fill a sorted set."""
    scores = ["inf", "-inf", "0", "-0", "1e300", "0.1", "5"]
    pairs = [(draw.choice([*scores, repr(draw.gauss(0, 10))]), text(draw)) for _ in range(size)]
    return [["ZADD", "k", *(part for pair in pairs for part in pair)]]


def hashes(draw: random.Random, size: int) -> list[list[Argument]]:
    """Fill a hash."""
    return [["HSET", "k", *(text(draw) for _ in range(2 * size))]]


def streams(draw: random.Random, size: int) -> list[list[Argument]]:
    """Fill a stream, take entries out of it, and let groups read it."""
    size = min(size, 400)
    argvs: list[list[Argument]] = [
        ["XADD", "k", f"{1000 + n // 3}-{n % 3 + 1}", "a", text(draw), draw.choice(["b", "c"]), "x"]
        for n in range(size)
    ]
    argvs += [["XDEL", "k", f"{1000 + n // 3}-{n % 3 + 1}"] for n in draw.sample(range(size), size // 5)]
    for name in ("g", "h"):
        argvs.append(["XGROUP", "CREATE", "k", name, "0"])
        argvs.append(["XGROUP", "CREATECONSUMER", "k", name, "idle"])
        argvs += [["XREADGROUP", "GROUP", name, who, "COUNT", 7, "STREAMS", "k", ">"] for who in ("alice", "bob")]
    argvs.append(["XACK", "k", "g", "1000-1", "1000-3"])
    return argvs


BUILDS: list[Build] = [strings, lists, sets, integer_sets, sorted_sets, hashes, streams]


def build(server: Server, argvs: list[list[Argument]]) -> bytes:
    """Make the value of a fresh `k`, and return its payload."""
    server.call("FLUSHALL")
    server.client.pipeline(argvs)
    payload = server.call("DUMP", "k")
    assert isinstance(payload, bytes)
    return payload


def take(server: Server, payload: bytes) -> None:
    """Make `k` what a payload says."""
    assert server.call("RESTORE", "k", 0, payload, "REPLACE") == b"OK"


def shown(server: Server) -> tuple[Reply, Reply, Reply]:
    """Return type and encoding of `k`, and all that is in it, in an order that does not depend on the server."""
    kind = server.call("TYPE", "k")
    assert isinstance(kind, bytes)
    content = server.call(*SHOW[kind])
    assert not isinstance(content, int)
    if kind == b"set":
        content = sorted(content)  # type: ignore[arg-type,type-var]
    if kind == b"zset":
        # Versions differ in how many digits of a score they show.
        content = [(member, float(score)) for member, score in zip(content[::2], content[1::2], strict=True)]  # type: ignore[arg-type,index,misc,assignment]
    if kind == b"hash":
        content = sorted(zip(content[::2], content[1::2], strict=True))  # type: ignore[arg-type,index,type-var,assignment]
    if kind == b"stream":
        content = [content, *groups(server)]  # type: ignore[list-item]
    return kind, server.call("OBJECT", "ENCODING", "k"), content


def groups(server: Server) -> list[Reply]:
    """Return what a stream's groups are waiting for, and its counters, times left out."""
    found: list[Reply] = [server.call("XPENDING", "k", name) for name in ("g", "h")]
    for name in ("g", "h"):
        pending = server.call("XPENDING", "k", name, "-", "+", 1000)
        assert isinstance(pending, list)
        found.append([[row[0], row[1], row[3]] for row in pending])  # type: ignore[index]
    info = server.call("XINFO", "STREAM", "k")
    assert isinstance(info, list)
    found.append([info[info.index(name) + 1] for name in (b"length", b"last-generated-id", b"max-deleted-entry-id")])
    found.append(server.call("XINFO", "GROUPS", "k"))
    return found


def peer_version(peer: Server) -> Version:
    """Return the major and minor version of the real server."""
    major, minor, _ = peer.info("server")["redis_version"].split(".", 2)
    return int(major), int(minor)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("builder", BUILDS, ids=lambda builder: builder.__name__)
def test_each_takes_the_others(server: Server, peer: Server, builder: Build, size: int) -> None:
    older = peer_version(peer) < (7, 2)
    argvs = builder(random.Random(f"{builder.__name__} {size}"), size)
    with server.config(rdb_compatibility="7.0" if older else "7.2"):
        ours, theirs = build(server, argvs), build(peer, argvs)
        mine, its = shown(server), shown(peer)
        # Before 7.2 there were other encodings, and other consumers that had found nothing to read.
        if not older:
            assert ours[0] == theirs[0]
            assert mine == its
        take(server, theirs)
        take(peer, ours)
        assert same(shown(server), its, older)
        assert same(shown(peer), mine, older)
        # And back: what came from there means the same there.
        take(peer, server.call("DUMP", "k"))  # type: ignore[arg-type]
        assert same(shown(peer), its, older)


def same(left: tuple[Reply, Reply, Reply], right: tuple[Reply, Reply, Reply], older: bool) -> bool:
    """Tell whether both are the same value, in the same encoding unless one is from an older version."""
    return (left[0], left[2]) == (right[0], right[2]) and (older or left[1] == right[1])


def test_hashes_with_fields_that_expire_are_refused_not_cut(server: Server, peer: Server) -> None:
    if peer_version(peer) >= (7, 4):
        pytest.fail("this peer knows such hashes: compare them above")
    server.call("HSET", "k", "f", "v")
    server.call("HEXPIRE", "k", 1000, "FIELDS", 1, "f")
    for version in ("7.0", "7.2"):
        with server.config(rdb_compatibility=version):
            reply = peer.call("RESTORE", "k", 0, server.call("DUMP", "k"))  # type: ignore[arg-type]
            assert str(reply) != "OK"
            assert b"DUMP payload version or checksum are wrong" in reply.text  # type: ignore[union-attr]


def test_damaged_payloads_are_refused_by_both(start_pyrite: ServerFactory, start_peer: ServerFactory) -> None:
    """A payload that a real server refuses is refused here too; not the other way round, as here more is looked at."""
    server, peer = start_pyrite(), start_peer("--sanitize-dump-payload", "yes")
    older = peer_version(peer) < (7, 2)
    with server.config(rdb_compatibility="7.0" if older else "7.2"):
        for builder in BUILDS:
            draw = random.Random(builder.__name__)
            payload = build(server, builder(draw, 40))
            for _ in range(60):
                damaged = with_damage(draw, payload)
                theirs = peer.call("RESTORE", "k", 0, damaged, "REPLACE")
                ours = server.call("RESTORE", "k", 0, damaged, "REPLACE")
                assert ours == theirs or (theirs == b"OK" and b"Bad data format" in ours.text), (  # type: ignore[union-attr]
                    builder.__name__,
                    damaged,
                )


def with_damage(draw: random.Random, payload: bytes) -> bytes:
    """Return the payload with some bytes changed, and the checksum made right."""
    from pyrite.core.rdb_format import with_footer  # noqa: PLC0415

    data = bytearray(payload[:-10])
    for _ in range(draw.randint(1, 3)):
        data[draw.randrange(1, len(data))] = draw.choice([0, 255, draw.randrange(256)])
    return with_footer(bytes(data), int.from_bytes(payload[-10:-8], "little"))
