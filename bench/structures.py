"""Processor time per command on large values, against redis-server in the same run.

Target: at least as fast (a ratio of peer's time over ours of 1). Each case fills a fresh server with one large value
and then sends the same requests, seeded, to each server in turn, round by round; the median of the rounds counts.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from bench.servers import Client, Server, contestants, encode, server

ROUNDS = 5
BATCH = 2_000
SETTLE_S = 0.3
MILLION = 1_000_000
SEED = 7

Requests = Iterator[bytes]


@dataclass(frozen=True)
class Case:
    """What to fill a server with, what to ask it, how often in a round, and how many requests go at once."""

    name: str
    fill: Callable[[random.Random, int], Requests]
    ask: Callable[[random.Random, int, int], Requests]  # also told the size of the value
    size: int
    count: int
    depth: int


def _sorted_set(draw: random.Random, size: int) -> Requests:
    for start in range(0, size, 100):
        pairs = [part for at in range(start, start + 100) for part in (draw.random() * size, f"member:{at:08d}")]
        yield encode("ZADD", "scores", *pairs)


def _zadd(draw: random.Random, size: int, count: int) -> Requests:
    for _ in range(count):
        yield encode("ZADD", "scores", draw.random() * size, f"member:{draw.randrange(size):08d}")


def _zrank(draw: random.Random, size: int, count: int) -> Requests:
    for _ in range(count):
        yield encode("ZRANK", "scores", f"member:{draw.randrange(size):08d}")


def _zrange(draw: random.Random, size: int, count: int) -> Requests:
    for _ in range(count):
        start = draw.randrange(size - 20)
        yield encode("ZRANGE", "scores", start, start + 9)


def _zrangebyscore(draw: random.Random, size: int, count: int) -> Requests:
    for _ in range(count):
        yield encode("ZRANGEBYSCORE", "scores", draw.random() * size, "+inf", "LIMIT", 0, 10)


def _list(_: random.Random, size: int) -> Requests:
    for start in range(0, size, 100):
        yield encode("RPUSH", "items", *(f"item:{at:08d}" for at in range(start, start + 100)))


def _lindex(draw: random.Random, size: int, count: int) -> Requests:
    for _ in range(count):
        yield encode("LINDEX", "items", size // 2 + draw.randrange(-1000, 1000))


def _linsert(_: random.Random, size: int, count: int) -> Requests:
    for at in range(count):
        yield encode("LINSERT", "items", "BEFORE", f"item:{size // 2 + at:08d}", "new")


def _two_sets(_: random.Random, size: int) -> Requests:
    for key, offset in (("one", 0), ("other", size // 2)):
        for start in range(offset, offset + size, 100):
            yield encode("SADD", key, *(f"member:{at:08d}" for at in range(start, start + 100)))


def _sinter(_: random.Random, _size: int, count: int) -> Requests:
    for _each in range(count):
        yield encode("SINTER", "one", "other")


def _log(_: random.Random, size: int) -> Requests:
    for at in range(size):
        yield encode("XADD", "log", "*", "sensor", at % 100, "temperature", "21.5")
    yield encode("XGROUP", "CREATE", "log", "workers", "$")


def _xadd(_: random.Random, _size: int, count: int) -> Requests:
    for at in range(count):
        yield encode("XADD", "log", "*", "sensor", at % 100, "temperature", "21.5")


def _xreadgroup(_: random.Random, _size: int, count: int) -> Requests:
    for at in range(count):
        yield encode("XADD", "log", "*", "sensor", at % 100, "temperature", "21.5")
        yield encode("XREADGROUP", "GROUP", "workers", f"consumer{at % 10}", "COUNT", 1, "STREAMS", "log", ">")


def _pending(_: random.Random, size: int) -> Requests:
    for at in range(size):
        yield encode("XADD", "jobs", f"{at + 1}-0", "job", at)
    yield encode("XGROUP", "CREATE", "jobs", "workers", "0")
    for _ in range(0, size, 100):
        yield encode("XREADGROUP", "GROUP", "workers", "one", "COUNT", 100, "STREAMS", "jobs", ">")


def _xack(draw: random.Random, size: int, count: int) -> Requests:
    for _ in range(count):
        yield encode("XACK", "jobs", "workers", f"{draw.randrange(size) + 1}-0")


def _newest(_: random.Random, size: int, count: int) -> Requests:
    for _ in range(count):
        yield encode("XRANGE", "jobs", f"({size - 1}-0", "+")


def _hash(_: random.Random, size: int) -> Requests:
    yield encode("HSET", "fields", *(part for at in range(size) for part in (f"field:{at:06d}", f"value:{at}")))


def _hgetall(_: random.Random, _size: int, count: int) -> Requests:
    for _each in range(count):
        yield encode("HGETALL", "fields")


def _numbers(draw: random.Random, size: int) -> Requests:
    for _each in range(0, size, 100):
        yield encode("RPUSH", "numbers", *(draw.randrange(10**9) for _ in range(100)))


def _sort(_: random.Random, _size: int, count: int) -> Requests:
    for _each in range(count):
        yield encode("SORT", "numbers", "LIMIT", 0, 10)


def _sort_all(_: random.Random, _size: int, count: int) -> Requests:
    for _each in range(count):
        yield encode("SORT", "numbers", "ALPHA", "DESC")


CASES = (
    Case("ZADD, 1,000,000 members", _sorted_set, _zadd, MILLION, 20_000, 16),
    Case("ZRANK", _sorted_set, _zrank, MILLION, 20_000, 16),
    Case("ZRANGE of 10", _sorted_set, _zrange, MILLION, 20_000, 16),
    Case("ZRANGEBYSCORE of 10", _sorted_set, _zrangebyscore, MILLION, 20_000, 16),
    Case("LINDEX, middle of 1,000,000", _list, _lindex, MILLION, 4_000, 16),
    Case("LINSERT, middle", _list, _linsert, MILLION, 40, 1),
    Case("SINTER of two of 100,000", _two_sets, _sinter, 100_000, 5, 1),
    Case("XADD", _log, _xadd, 10_000, 20_000, 16),
    Case("XADD, XREADGROUP by ten", _log, _xreadgroup, 10_000, 10_000, 16),
    Case("XACK, 400,000 pending", _pending, _xack, 400_000, 20_000, 16),
    Case("XRANGE, the newest of 400,000", _pending, _newest, 400_000, 20_000, 16),
    Case("HGETALL of 1,000", _hash, _hgetall, 1_000, 1_000, 4),
    Case("SORT of 100,000, LIMIT", _numbers, _sort, 100_000, 10, 1),
    Case("SORT of 100,000, ALPHA", _numbers, _sort_all, 100_000, 5, 1),
)


def run(options: argparse.Namespace) -> None:
    """Print a table."""
    commands = contestants(options.peer)
    columns = "".join(f"{name + ' us':>14}" for name in commands)
    print(f"{'processor time per request':32}{columns}{'ratio':>8}")
    for case in CASES:
        _row(commands, case, options.scale)


def _row(commands: dict[str, str], case: Case, scale: float) -> None:
    size = max(int(case.size * scale) // 100 * 100, 200)
    count = max(int(case.count * scale), 2)
    rounds: dict[str, list[float]] = {name: [] for name in commands}
    with ExitStack() as stack:
        servers = {name: stack.enter_context(server(command)) for name, command in commands.items()}
        for running in servers.values():
            _fill(running, case, size)
        for turn in range(ROUNDS):
            for name, running in servers.items():
                rounds[name].append(_load(running, list(case.ask(random.Random(turn), size, count)), case.depth))
    taken = {name: statistics.median(each) for name, each in rounds.items()}
    ratio = taken.get("peer", taken["pyrite"]) / taken["pyrite"]
    columns = "".join(f"{taken[name]:14.2f}" for name in commands)
    print(f"{case.name:32}{columns}{ratio:8.2f}", flush=True)


def _fill(running: Server, case: Case, size: int) -> None:
    batch: list[bytes] = []
    with Client(running.port) as client:
        for request in case.fill(random.Random(SEED), size):
            batch.append(request)
            if len(batch) == BATCH:
                client.send_many(batch)
                batch.clear()
        client.send_many(batch)
    time.sleep(SETTLE_S)


def _load(running: Server, requests: list[bytes], depth: int) -> float:
    """Microseconds of processor time per request."""
    with Client(running.port) as client:
        before = running.cpu_s()
        for start in range(0, len(requests), depth):
            client.send_many(requests[start : start + depth])
        return (running.cpu_s() - before) / len(requests) * 1e6
