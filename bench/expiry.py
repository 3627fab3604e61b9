"""The longest wait of a second client, and dead memory over time, while a million keys fall due in the same second.

Target: no wait of more than a few milliseconds, and soon less than a tenth of the memory held by dead keys. `dead` is
the share of keys that are due but not deleted yet among all that are there.
"""

import argparse
import time

from bench.servers import Client, Server, contestants, encode, server
from bench.watch import Watch

KEYS = 1_000_000
LIVING = 1_000_000
BATCH = 2_000
LEAD_S = 30.0
STEP_S = 0.1
WATCHED_S = 5.0


def run(options: argparse.Namespace) -> None:
    """Print the figures, for keys that fall due throughout one second and for keys that all do in one moment."""
    volatile, living = int(KEYS * options.scale), int(LIVING * options.scale)
    for name, command in contestants(options.peer).items():
        for span_ms in (1000, 0):
            print(f"{name}, due within {span_ms} ms:")
            _measure(command, volatile, living, span_ms, LEAD_S * max(options.scale, 0.1))


def _measure(command: str, volatile: int, living: int, span_ms: int, lead_s: float) -> None:
    with server(command) as running, Client(running.port) as client:
        _fill(client, [encode("SET", f"living:{at:09d}", "v" * 32) for at in range(living)])
        due_ms = int((time.time() + lead_s) * 1000)
        step = span_ms / max(volatile, 1)
        _fill(
            client,
            [encode("SET", f"dying:{at:010d}", "v" * 32, "PXAT", due_ms + int(at * step)) for at in range(volatile)],
        )
        _report(running, client, due_ms, span_ms, volatile, living)


def _fill(client: Client, requests: list[bytes]) -> None:
    for start in range(0, len(requests), BATCH):
        client.send_many(requests[start : start + BATCH])


def _report(running: Server, client: Client, due_ms: int, span_ms: int, volatile: int, living: int) -> None:
    left_s = due_ms / 1000 - time.time()
    if left_s < 0:
        raise SystemExit(f"filling took {-left_s:.1f} s too long: the keys fell due meanwhile")
    full = running.used_bytes()
    time.sleep(max(left_s - 1, 0))
    watch = Watch(running.port, running.process.pid)
    time.sleep(max(due_ms / 1000 - time.time(), 0))
    print(f"{'after':>8}{'keys':>10}{'due':>10}{'dead':>8}{'used':>10}{'resident':>10}")
    end = time.monotonic() + WATCHED_S
    shown = None
    while time.monotonic() < end:
        now_s = time.time() - due_ms / 1000
        left = int(client.call("DBSIZE")) - living - 1
        still_alive = volatile * max(1 - now_s * 1000 / span_ms, 0) if span_ms else 0
        due = max(left - int(still_alive), 0)
        if left != shown:
            dead = due / max(left + living, 1) * 100
            print(
                f"{now_s:6.1f} s{left:10}{due:10}{dead:6.1f} %"
                f"{running.used_bytes() / 1024**2:7.0f} MB{running.resident_bytes() / 1024**2:7.0f} MB",
                flush=True,
            )
        shown = left
        time.sleep(STEP_S)
    print(f"before: {full / 1024**2:.0f} MB used")
    print(watch.stop())
