"""The longest wait of a second client while five million keys are inserted, through all growth of the table.

Target: no pause over 5 ms. The inserting client is pipelined 16 deep; its batches are the load that others wait behind.
A busy machine makes batches long, and a virtual one counts what its host takes away as the server's processor time, in
the peer's figures too. But that strikes another batch each time, whereas what growth costs comes at the same key in
every round: so the lesser time of each batch is the server's own.
"""

import argparse
import time

from bench.servers import Client, contestants, encode, server
from bench.watch import Watch, longest, percentile, process_clock

KEYS = 5_000_000
DEPTH = 16
ROUNDS = 2


def run(options: argparse.Namespace) -> None:
    """Print the figures."""
    for name, command in contestants(options.peer).items():
        print(f"{name}:", flush=True)
        rounds = [_round(command, int(KEYS * options.scale)) for _ in range(ROUNDS)]
        least = sorted(min(batch) for batch in zip(*rounds, strict=True))
        print(f"processor time of a batch, the lesser of {ROUNDS} rounds: longest {longest(least)} ms", flush=True)


def _round(command: str, count: int) -> list[float]:
    """Fill a fresh server, print what a second client saw; returns the ms of processor time that each batch took."""
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
        ordered = sorted(batches_ms)
        print(
            f"processor time of a batch of {DEPTH}: median {percentile(ordered, 50):.3f} ms, "
            f"99.9 % {percentile(ordered, 99.9):.2f} ms, longest {longest(ordered)} ms"
        )
        print(waits, flush=True)
    return batches_ms
