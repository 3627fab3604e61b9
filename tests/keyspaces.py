"""Keyspaces to save and load: keys of all types and encodings, in several databases, some with an expiry."""

import random
from collections.abc import Iterator

from tests.differential.test_dump_payloads import BUILDS, SIZES
from tests.support import Argument, ErrorReply, RespClient

DATABASES = (0, 1, 9)
# The score -0 is 0 in a listpack, in Redis too, so that what it becomes depends on how the elements come.
_RENAMED: dict[Argument, Argument] = {"-0": "0"}
# Far enough not to come while a test runs: the year 2100.
LATER_MS = 4_102_444_800_000


def commands(seed: str, sizes: list[int] = SIZES, databases: tuple[int, ...] = DATABASES) -> Iterator[list[Argument]]:
    """Return the commands that make a keyspace; the same ones for the same seed."""
    draw = random.Random(seed)
    for database in databases:
        yield ["SELECT", database]
        for builder in BUILDS:
            for size in sizes:
                key = f"{builder.__name__}:{size}"
                for argv in builder(draw, size):
                    yield [_RENAMED.get(argument, argument) if argument != "k" else key for argument in argv]
                if draw.random() < 0.3:
                    yield ["PEXPIREAT", key, LATER_MS + draw.randrange(10**9)]
        yield from _rare_streams()
        yield ["SET", "a" * 300, "a long key", "PXAT", LATER_MS]
        yield ["SET", b"\x00\xff key \r\n", b"\r\n$3\r\n"]
    yield ["SELECT", 0]


def _rare_streams() -> Iterator[list[Argument]]:
    """Streams without entries: one that never had any, and one that lost them."""
    yield ["XGROUP", "CREATE", "stream:fresh", "g", "$", "MKSTREAM"]
    yield ["XADD", "stream:emptied", "5-5", "a", "b"]
    yield ["XDEL", "stream:emptied", "5-5"]


def fill(client: RespClient, seed: str, sizes: list[int] = SIZES, databases: tuple[int, ...] = DATABASES) -> None:
    """Make a keyspace on a server; every command has to succeed."""
    for reply in client.pipeline(list(commands(seed, sizes, databases))):
        assert not isinstance(reply, ErrorReply), reply
