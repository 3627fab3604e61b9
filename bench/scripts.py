"""Processor time per script, against redis-server in the same run, and memory of very many scripts.

Target: an EVALSHA with one redis.call takes at most 1.5 times the peer's processor time, so a ratio (peer's over ours)
of at least 0.67. Servers take turns within each round; the median of the rounds counts. 200,000 different scripts
through EVAL must leave memory as it was after the first thousand.
"""

import argparse
import hashlib
import shutil
import statistics
import subprocess
from contextlib import ExitStack

from bench.servers import OURS, Client, Server, contestants, encode, server

BODIES = {
    "no call": "return 1",
    "one call": "return redis.call('get', KEYS[1])",
    "one write": "return redis.call('set', KEYS[1], ARGV[1])",
    "ten calls": "for i = 1, 10 do redis.call('exists', KEYS[1]) end return 1",
    "array": "return redis.call('lrange', 'list', 0, 99)",
    "release": "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end",
    "loop": "local n = 0 for i = 1, 1000 do n = n + i end return n",
    "json": "return cjson.encode(cjson.decode(ARGV[2]))",
}
REQUESTS = {1: 40_000, 16: 160_000}
WEIGHTS = {"ten calls": 4, "array": 4, "loop": 4, "json": 2}
ROUNDS = 3
TARGET = 1 / 1.5
SCRIPTS = 200_000
BATCH = 1000
TEXT = '{"user":{"id":12345,"tags":["a","b"],"ok":true},"at":1.5}'


def run(options: argparse.Namespace) -> None:
    """Print a table, and the memory."""
    if shutil.which("redis-benchmark") is None:
        raise SystemExit("redis-benchmark is not installed; apt-get install redis-tools")
    with ExitStack() as stack:
        servers = {name: stack.enter_context(server(command)) for name, command in contestants(options.peer).items()}
        for running in servers.values():
            with Client(running.port) as client:
                client.call("RPUSH", "list", *range(100))
                for body in BODIES.values():
                    client.call("SCRIPT", "LOAD", body)
        print(
            f"{'script':12}{'depth':>6}"
            + "".join(f"{name + ' us':>12}" for name in servers)
            + f"{'ratio':>8}{'target':>8}"
        )
        for depth in REQUESTS:
            for name in BODIES:
                _row(servers, name, depth, options.scale)
    _many(int(SCRIPTS * options.scale))


def _row(servers: dict[str, Server], name: str, depth: int, scale: float) -> None:
    count = max(int(REQUESTS[depth] * scale) // WEIGHTS.get(name, 1), 2000)
    rounds: dict[str, list[float]] = {each: [] for each in servers}
    for turn in range(ROUNDS + 1):
        for each, running in servers.items():
            used_us = _load(running, BODIES[name], depth, count if turn else count // 10)
            if turn:  # the first one warms up
                rounds[each].append(used_us)
    processor = {each: statistics.median(rows) for each, rows in rounds.items()}
    ratio = processor.get("peer", processor["pyrite"]) / processor["pyrite"]
    columns = "".join(f"{processor[each]:12.2f}" for each in servers)
    print(f"{name:12}{depth:6}{columns}{ratio:8.2f}{TARGET:8.2f}", flush=True)


def _load(running: Server, body: str, depth: int, count: int) -> float:
    """Microseconds of processor time per script."""
    before = running.cpu_s()
    digest = hashlib.sha1(body.encode()).hexdigest()
    command = ["redis-benchmark", "-p", str(running.port), "-c", "50", "-q", "-P", str(depth), "-n", str(count)]
    command += ["-r", "100000", "EVALSHA", digest, "1", "key:__rand_int__", "value", TEXT]
    subprocess.run(command, capture_output=True, check=True, timeout=300)
    return (running.cpu_s() - before) / count * 1e6


def _many(count: int) -> None:
    """Print what memory very many scripts take."""
    with server(OURS) as running, Client(running.port) as client:
        first = 0
        for start in range(0, count, BATCH):
            client.send_many([encode("EVAL", f"return {i} -- {'x' * 100}", 0) for i in range(start, start + BATCH)])
            if start == 0:
                first = running.resident_bytes()
        after = running.resident_bytes()
    print(
        f"\n{count} different scripts: {first / 1e6:.1f} MB after {BATCH}, {after / 1e6:.1f} MB in the end", flush=True
    )
