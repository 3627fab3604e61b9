"""Time from the command to the first reply, and resident memory of the empty server.

Targets: at most 0.25 s, at most 40 MB. The first start, which writes bytecode, is not counted.
"""

import argparse
import statistics

from bench.servers import contestants, server

STARTS = 10


def run(options: argparse.Namespace) -> None:
    """Print a table."""
    print(f"{'server':10}{'fastest':>10}{'median':>10}{'slowest':>10}{'processor':>12}{'resident':>12}")
    for name, command in contestants(options.peer).items():
        times, processor, resident = [], [], []
        for _ in range(max(int(STARTS * options.scale), 2) + 1):
            with server(command) as running:
                times.append(running.started_s * 1000)
                processor.append(running.cpu_s() * 1000)
                resident.append(running.resident_bytes() / 1024**2)
        times, processor, resident = sorted(times[1:]), processor[1:], resident[1:]
        print(
            f"{name:10}{times[0]:7.0f} ms{statistics.median(times):7.0f} ms{times[-1]:7.0f} ms"
            f"{min(processor):9.0f} ms{max(resident):9.1f} MB",
            flush=True,
        )
