"""Processor time per command and throughput under redis-benchmark, against redis-server in the same run.

Targets, as a ratio of processor time (peer's over ours): for strings at least 1.05 without pipelining and 1.3 with 16
requests in one; for all others at least 1, and a geometric mean of at least 1.15. Processor time is user and system
time of all threads of the server, from the kernel's nanosecond counters. Servers take turns within each round, so that
what else the machine does falls on both; the median of the rounds counts.
"""

import argparse
import math
import re
import shutil
import statistics
import subprocess
from contextlib import ExitStack

from bench.servers import Server, contestants, server

STRINGS = ("ping_mbulk", "set", "get", "incr", "mset")
STRUCTURES = (
    "lpush", "rpush", "lpop", "rpop", "lrange_100", "lrange_600", "sadd", "spop", "hset", "zadd", "zpopmin", "xadd",
)  # fmt: skip
XADD = ("XADD", "log", "MAXLEN", "~", "10000", "*", "field", "__rand_int__", "other", "value")
# Tests whose commands are this many times as much work.
WEIGHTS = {"mset": 3, "lrange_100": 6, "lrange_600": 20}
REQUESTS = {1: 60_000, 16: 320_000}
CLIENTS = 50
KEYS = 100_000
ROUNDS = 3
TARGETS = {1: 1.05, 16: 1.3}
STRUCTURES_TARGET = 1.0


def run(options: argparse.Namespace) -> None:
    """Print a table."""
    if shutil.which("redis-benchmark") is None:
        raise SystemExit("redis-benchmark is not installed; apt-get install redis-tools")
    with ExitStack() as stack:
        servers = {name: stack.enter_context(server(command)) for name, command in contestants(options.peer).items()}
        columns = "".join(f"{name + ' us':>12}{'per second':>12}" for name in servers)
        print(f"{'test':12}{'depth':>6}{columns}{'ratio':>8}{'target':>8}")
        for depth, target in TARGETS.items():
            ratios = [_row(servers, test, depth, target, options.scale) for test in STRINGS]
            ratios += [_row(servers, test, depth, STRUCTURES_TARGET, options.scale) for test in STRUCTURES]
            mean = math.exp(statistics.fmean(math.log(ratio) for ratio in ratios))
            print(f"geometric mean of the ratios at depth {depth}: {mean:.2f}", flush=True)


def _row(servers: dict[str, Server], test: str, depth: int, target: float, scale: float) -> float:
    """Measure one test at one depth and print it; returns the ratio, 1 without a peer."""
    count = max(int(REQUESTS[depth] * scale) // WEIGHTS.get(test, 1), 2000)
    rounds: dict[str, list[tuple[float, float]]] = {name: [] for name in servers}
    for turn in range(ROUNDS + 1):
        for name, running in servers.items():
            measured = _load(running, test, depth, count if turn else count // 10)
            if turn:  # the first one warms up
                rounds[name].append(measured)
    processor = {name: statistics.median(each[0] for each in rows) for name, rows in rounds.items()}
    rates = {name: statistics.median(each[1] for each in rows) for name, rows in rounds.items()}
    ratio = processor.get("peer", processor["pyrite"]) / processor["pyrite"]
    columns = "".join(f"{processor[name]:12.2f}{rates[name]:12.0f}" for name in servers)
    print(f"{test:12}{depth:6}{columns}{ratio:8.2f}{target:8.2f}", flush=True)
    return ratio


def _load(running: Server, test: str, depth: int, count: int) -> tuple[float, float]:
    """Microseconds of processor time per command, and commands per second."""
    before = running.cpu_s()
    command = ["redis-benchmark", "-p", str(running.port), "-c", str(CLIENTS), "-q"]
    command += ["-P", str(depth), "-n", str(count), "-r", str(KEYS)]
    command += XADD if test == "xadd" else ("-t", test)
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    used_s = running.cpu_s() - before
    found = re.findall(r"(\d+\.\d+) requests per second", done.stdout)
    if not found:
        raise SystemExit(f"redis-benchmark says {done.stdout!r}")
    return used_s / count * 1e6, float(found[-1])
