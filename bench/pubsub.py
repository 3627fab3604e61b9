"""Processor time per delivered message, against redis-server in the same run; one message to 10,000 subscribers.

Target: a ratio (peer's over ours) of at least 1. The median of some rounds counts; each server in turn has them, as the
subscribers of two would be too many open files.
"""

import argparse
import resource
import socket
import statistics
import time
from contextlib import ExitStack

from bench.servers import Client, Server, contestants, encode, server

PAYLOAD = b"x" * 64
# Subscribers, and messages to each round.
SHAPES = ((1, 40_000), (10, 8000), (100, 1000), (10_000, 20))
PIPELINE = 50
ROUNDS = 3
TARGET = 1.0
# File descriptors beside those of the subscribers.
OTHER_FILES = 200


def run(options: argparse.Namespace) -> None:
    """Print a table."""
    most = max(subscribers for subscribers, _ in SHAPES)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, most + OTHER_FILES), hard))
    servers: dict[str, Server] = {}
    with ExitStack() as stack:
        for name, command in contestants(options.peer).items():
            servers[name] = stack.enter_context(server(command, "--maxclients", str(most + OTHER_FILES)))
        print(
            f"{'subscribers':>12}" + "".join(f"{name + ' us':>12}" for name in servers) + f"{'ratio':>8}{'target':>8}"
        )
        for subscribers, messages in SHAPES:
            _row(servers, subscribers, max(int(messages * options.scale), 2))


def _row(servers: dict[str, Server], subscribers: int, messages: int) -> None:
    processor = {name: _median_us(running, subscribers, messages) for name, running in servers.items()}
    ratio = processor.get("peer", processor["pyrite"]) / processor["pyrite"]
    columns = "".join(f"{processor[name]:12.3f}" for name in servers)
    print(f"{subscribers:12}{columns}{ratio:8.2f}{TARGET:8.2f}", flush=True)


def _median_us(running: Server, subscribers: int, messages: int) -> float:
    with ExitStack() as stack:
        listening = [stack.enter_context(_subscriber(running)) for _ in range(subscribers)]
        _load(running, listening, max(messages // 10, 1))  # warms up
        return statistics.median(_load(running, listening, messages) for _ in range(ROUNDS))


def _subscriber(running: Server) -> socket.socket:
    listener = socket.create_connection(("127.0.0.1", running.port))
    listener.sendall(encode("SUBSCRIBE", "channel"))
    listener.recv(1000)
    return listener


def _load(running: Server, listening: list[socket.socket], messages: int) -> float:
    """Microseconds of processor time per message that a subscriber got."""
    request = encode("PUBLISH", "channel", PAYLOAD)
    expected = len(b"*3\r\n$7\r\nmessage\r\n$7\r\nchannel\r\n$64\r\n") + len(PAYLOAD) + 2
    depth = max(1, min(PIPELINE, 1000 // len(listening)))
    with Client(running.port) as publisher:
        before = running.cpu_s()
        sent = 0
        while sent < messages:
            part = min(depth, messages - sent)
            publisher.send_many([request] * part)
            for listener in listening:
                _drain(listener, expected * part)
            sent += part
        used_s = running.cpu_s() - before
    return used_s / (messages * len(listening)) * 1e6


def _drain(listener: socket.socket, size: int) -> None:
    deadline = time.monotonic() + 20
    while size:
        if time.monotonic() > deadline:
            raise SystemExit("messages do not arrive")
        size -= len(listener.recv(min(size, 65536)))
