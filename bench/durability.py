"""The append-only log under each appendfsync, saving and loading, against redis-server in the same run.

Targets: with `everysec` the processor time of set, 16 requests in one, at most the peer's; with `always` the throughput
of 50 clients at least the peer's; saving and loading of five million small keys and of half a million small hashes at
least as fast as the peer, by its own clock. Each server writes and reads its own files.
"""

import argparse
import re
import shlex
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from bench.servers import Client, Server, contestants, encode, server

CLIENTS = 50
ROUNDS = 3
REQUESTS = {"everysec": (16, 400_000), "always": (1, 20_000)}
KEYS = 5_000_000
HASHES = 500_000
FIELDS = 10
BATCH = 1000


def run(options: argparse.Namespace) -> None:
    """Print two tables."""
    names = contestants(options.peer)
    for policy, (depth, count) in REQUESTS.items():
        rows: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
        for _ in range(ROUNDS):
            for name, command in names.items():
                with server(command, "--appendonly", "yes", "--appendfsync", policy) as running:
                    rows[name].append(_load(running, depth, max(int(count * options.scale), 2000)))
        for name, measured in rows.items():
            cpu, rate = (statistics.median(column) for column in zip(*measured, strict=True))
            print(
                f"appendfsync {policy:9} depth {depth:2}  {name:7} {cpu:8.2f} us of processor  {rate:9.0f} per second"
            )
    for what, count in (("small keys", KEYS), ("hashes of 10 fields", HASHES)):
        for name, command in names.items():
            saved_s, loaded_s = _save_and_load(command, what, max(int(count * options.scale), 1000))
            print(f"{what:20} {name:7} saved in {saved_s:6.2f} s, loaded in {loaded_s:6.2f} s", flush=True)


def _load(running: Server, depth: int, count: int) -> tuple[float, float]:
    """Microseconds of processor time per SET, and SETs per second."""
    before = running.cpu_s()
    command = ["redis-benchmark", "-p", str(running.port), "-c", str(CLIENTS), "-q", "-P", str(depth)]
    command += ["-n", str(count), "-r", "100000", "-t", "set"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    used_s = running.cpu_s() - before
    return used_s / count * 1e6, float(re.findall(r"(\d+\.\d+) requests per second", done.stdout)[-1])


def _save_and_load(command: str, what: str, count: int) -> tuple[float, float]:
    """Seconds of SAVE, and of loading the file at the start as the log tells."""
    with tempfile.TemporaryDirectory() as directory:
        running = Server(command, directory)
        try:
            with Client(running.port) as client:
                for start in range(0, count, BATCH * 50):
                    requests = _requests(what, start, min(start + BATCH * 50, count))
                    for i in range(0, len(requests), BATCH):
                        client.send_many(requests[i : i + BATCH])
                started = time.monotonic()
                client.call("SAVE")
                saved_s = time.monotonic() - started
        finally:
            running.stop()
        log = Path(directory) / "log"
        again = Server(command, directory, "--logfile", str(log))
        try:
            deadline = time.monotonic() + 300
            while time.monotonic() < deadline:
                found = re.search(r"DB loaded from disk: (\d+\.\d+) seconds", log.read_text())
                if found:
                    return saved_s, float(found[1])
                time.sleep(0.05)
        finally:
            again.stop()
    raise SystemExit(f"{shlex.split(command)[0]} did not load its file")


def _requests(what: str, start: int, end: int) -> list[bytes]:
    if what == "small keys":
        return [encode("SET", f"key:{i:012}", f"value:{i:016}") for i in range(start, end)]
    pairs = [word for i in range(FIELDS) for word in (f"field{i}", f"value{i:08}")]
    return [encode("HSET", f"hash:{i:011}", *pairs) for i in range(start, end)]
