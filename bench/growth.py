"""The longest wait of a second client while five million keys are inserted, through all growth of the table.

Target: no pause over 5 ms. The inserting client is pipelined 16 deep; its batches are the load that others wait behind.
The processor time that the server takes for one batch, resizing and cron included, depends less on what else the
machine does, but a virtual machine counts what its host takes away as well: compare with the peer's.
"""

import argparse
import time

from bench.servers import Client, contestants, encode, server
from bench.watch import Watch, longest, percentile, process_clock

KEYS = 5_000_000
DEPTH = 16


def run(options: argparse.Namespace) -> None:
    """Print the figures."""
    for name, command in contestants(options.peer).items():
        print(f"{name}:", flush=True)
        _measure(command, int(KEYS * options.scale))


def _measure(command: str, count: int) -> None:
    with server(command) as running, Client(running.port) as client:
        watch = Watch(running.port, running.process.pid)
        began = time.perf_counter()
        clock = process_clock(running.process.pid)
        batches_ms: list[float] = []
        for start in range(0, count, DEPTH):
            requests = [encode("SET", f"key:{at:012d}", "v" * 32) for at in range(start, start + DEPTH)]
            worked = time.clock_gettime(clock)
            client.send_many(requests)
            batches_ms.append((time.clock_gettime(clock) - worked) * 1000)
        elapsed_s = time.perf_counter() - began
        waits = watch.stop()
        print(f"{count} keys in {elapsed_s:.0f} s, {running.resident_bytes() / count:.1f} resident bytes a key")
        batches_ms.sort()
        print(
            f"processor time of a batch of {DEPTH}: median {percentile(batches_ms, 50):.3f} ms, "
            f"99.9 % {percentile(batches_ms, 99.9):.2f} ms, longest {longest(batches_ms)} ms"
        )
        print(waits)
