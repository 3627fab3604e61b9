"""Bytes per key of the shapes that a string can have, as the kernel and as the server count them.

Targets (resident): 16/32 string 90, integer 60, with a TTL 105, 1,000-byte value 1,090.
"""

import argparse
import time
from collections.abc import Callable

from bench.servers import Client, contestants, encode, server

KEYS = 200_000
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


# A shape: how its requests look, which part of KEYS it takes, and the bytes per key it may take.
SHAPES: dict[str, tuple[Callable[[int], bytes], int, int]] = {
    "16-byte key, 32-byte value": (_plain, 1, 90),
    "integer": (_integer, 1, 60),
    "the first with a TTL": (_volatile, 1, 105),
    "1,000-byte value": (_long, 4, 1090),
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
        print(f"{row}{target:10}", flush=True)


def _measure(command: str, request: Callable[[int], bytes], count: int) -> tuple[float, float]:
    with server(command) as running, Client(running.port) as client:
        client.call("SET", "first", "x")
        time.sleep(SETTLE_S)
        used, resident = running.used_bytes(), running.resident_bytes()
        for start in range(0, count, BATCH):
            client.send_many([request(at) for at in range(start, min(start + BATCH, count))])
        time.sleep(SETTLE_S)
        return (running.used_bytes() - used) / count, (running.resident_bytes() - resident) / count
