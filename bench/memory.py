"""Bytes per key or element of each shape of data, as the kernel and as the server count them.

The targets are for resident memory.
"""

import argparse
import random
import time
from collections.abc import Callable

from bench.servers import Client, contestants, encode, server

KEYS = 200_000
SEED = 7
BATCH = 2_000
SETTLE_S = 0.5


def _plain(at: int) -> bytes:
    return encode("SET", f"key:{at:012d}", "v" * 32)


def _integer(at: int) -> bytes:
    return encode("SET", f"cnt:{at:012d}", at)


def _volatile(at: int) -> bytes:
    return encode("SET", f"ses:{at:012d}", "v" * 32, "EX", 86400)


def _long(at: int) -> bytes:
    return encode("SET", f"blob:{at:08d}", "x" * 1000)


def _small_hash(at: int) -> bytes:
    fields = (part for number in range(10) for part in (f"field{number}", f"value-{at}-{number}"))
    return encode("HSET", f"user:{at:08d}", *fields)


def _field(at: int) -> bytes:
    return encode("HSET", "bighash", f"field:{at:08d}", f"value:{at:08d}")


def _item(at: int) -> bytes:
    return encode("RPUSH", "biglist", f"item:{at:08d}:" + "y" * 18)


def _small_set(at: int) -> bytes:
    return encode("SADD", f"ids:{at // 400}", at)


def _member(at: int) -> bytes:
    return encode("SADD", "bigset", f"member:{at:08d}")


def _scored(at: int) -> bytes:
    return encode("ZADD", "bigzset", random.Random(SEED * KEYS + at).random(), f"member:{at:08d}")


def _entry(at: int) -> bytes:
    return encode("XADD", "stream", "*", "sensor", at % 100, "temp", "21.5", "hum", "40")


# A shape: how its requests look, which part of KEYS it takes, and the bytes per key it may take.
SHAPES: dict[str, tuple[Callable[[int], bytes], int, float]] = {
    "16-byte key, 32-byte value": (_plain, 1, 90),
    "integer": (_integer, 1, 60),
    "the first with a TTL": (_volatile, 1, 105),
    "1,000-byte value": (_long, 4, 1090),
    "hash of 10 fields": (_small_hash, 10, 335),
    "field of one big hash": (_field, 1, 62),
    "item of one big list": (_item, 1, 36),
    "integer in sets of 400": (_small_set, 1, 4.9),
    "member of one big set": (_member, 1, 38),
    "member of one big sorted set": (_scored, 1, 70),
    "stream entry of 3 fields": (_entry, 1, 22),
}


def run(options: argparse.Namespace) -> None:
    """Print a table."""
    servers = contestants(options.peer)
    print(f"{'bytes per key':30}" + "".join(f"{name + ' used':>15}{'resident':>10}" for name in servers) + "    target")
    for shape, (request, part, target) in SHAPES.items():
        row = f"{shape:30}"
        for command in servers.values():
            used, resident = _measure(command, request, max(int(KEYS * options.scale) // part, BATCH))
            row += f"{used:15.1f}{resident:10.1f}"
        print(f"{row}{target:10.1f}", flush=True)


def _measure(command: str, request: Callable[[int], bytes], count: int) -> tuple[float, float]:
    with server(command) as running, Client(running.port) as client:
        client.call("SET", "first", "x")
        time.sleep(SETTLE_S)
        used, resident = running.used_bytes(), running.resident_bytes()
        for start in range(0, count, BATCH):
            client.send_many([request(at) for at in range(start, min(start + BATCH, count))])
        time.sleep(SETTLE_S)
        return (running.used_bytes() - used) / count, (running.resident_bytes() - resident) / count
