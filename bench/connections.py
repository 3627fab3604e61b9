"""Memory of an idle connection, of which there are 10,000, or as many as the limit on open files allows.

Target: at most 3,000 bytes of resident memory each. Each has sent a request and has read its reply.
"""

import argparse
import resource
import socket
import time

from bench.servers import OURS, Client, encode, server

CONNECTIONS = 10_000
SPARE_FILES = 50


def run(options: argparse.Namespace) -> None:
    """Print the figures."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(int(CONNECTIONS * options.scale), hard - SPARE_FILES)
    with server(OURS, "--maxclients", str(count + SPARE_FILES)) as running, Client(running.port) as client:
        client.call("PING")
        client.call("CLIENT", "LIST")
        used, resident = running.used_bytes(), running.resident_bytes()
        began = time.perf_counter()
        connected = [socket.create_connection(("127.0.0.1", running.port)) for _ in range(count)]
        ask_all(connected)
        elapsed_s = time.perf_counter() - began
        each_used = (running.used_bytes() - used) / count
        each_resident = (running.resident_bytes() - resident) / count
        listed = client.call("CLIENT", "LIST").count(b"\n")
        ask_all(connected)
        for each in connected:
            each.close()
    print(f"{count} connections, {listed} in CLIENT LIST, all answered within {elapsed_s:.1f} s of the first")
    print(f"each: {each_resident:.0f} bytes resident, {each_used:.0f} bytes counted as used; target 3000")


def ask_all(connected: list[socket.socket]) -> None:
    """Send each a request, then read all replies."""
    request = encode("SET", "connections", "x")
    for each in connected:
        each.sendall(request)
    for each in connected:
        if each.recv(100) != b"+OK\r\n":
            raise SystemExit("a connection is not served")
