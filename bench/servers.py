"""Servers for benchmarks, what the kernel says of them, and a client that adds no cost of its own."""

import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parent.parent
OURS = f"{shlex.quote(sys.executable)} -m pyrite"
START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 20.0


class Server:
    """One server process on loopback, which answers."""

    def __init__(self, command: str, directory: str, *options: str) -> None:
        """Start it; `started_s` is how long that took, up to the first reply."""
        self.port = free_port()
        own = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--enable-debug-command", "yes"]
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [*shlex.split(command), *own, *options],
            cwd=directory,
            env=environment(),
            stdout=subprocess.DEVNULL,
        )
        self._wait(began)
        self.started_s = time.perf_counter() - began

    def _wait(self, began: float) -> None:
        while time.perf_counter() - began < START_TIMEOUT_S:
            try:
                with Client(self.port) as client:
                    client.call("HELLO")  # which is answered while a file is loaded, too
            except ConnectionRefusedError:
                if self.process.poll() is not None:
                    raise SystemExit(f"the server ended with status {self.process.returncode}") from None
                time.sleep(0.001)
            else:
                return
        self.stop()
        raise SystemExit("the server does not answer")

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def resident_bytes(self) -> int:
        """Memory that is in RAM."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise SystemExit("the server is gone")

    def cpu_s(self) -> float:
        """Processor time of all its threads, user and system."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def used_bytes(self) -> int:
        """What the server itself counts as used."""
        with Client(self.port) as client:
            for line in client.call("INFO", "memory").split(b"\r\n"):
                if line.startswith(b"used_memory:"):
                    return int(line.split(b":")[1])
        raise SystemExit("INFO has no used_memory")


def free_port() -> int:
    """A port on loopback that nothing listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment() -> dict[str, str]:
    """The environment of servers: the tree can be imported, and bytecode is kept as an installation keeps it."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    paths = [*filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)), str(ROOT)]
    return kept | {
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONSAFEPATH": "1",
        "PYTHONPYCACHEPREFIX": str(ROOT / "build" / "bench-bytecode"),
    }


@contextmanager
def server(command: str, *options: str) -> Iterator[Server]:
    """Run a server in a directory of its own, for a while."""
    with tempfile.TemporaryDirectory() as directory:
        running = Server(command, directory, *options)
        try:
            yield running
        finally:
            running.stop()


def contestants(peer: str) -> dict[str, str]:
    """Names and commands of the servers to compare: the peer first, if it is installed."""
    if shutil.which(shlex.split(peer)[0]) is None:
        print(f"{peer} is not installed: no comparison", flush=True)
        return {"pyrite": OURS}
    return {"peer": peer, "pyrite": OURS}


def encode(*argv: bytes | str | float) -> bytes:
    """A request as it goes over the wire."""
    parts = [each if isinstance(each, bytes) else str(each).encode() for each in argv]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)


class Client:
    """A connection for requests; what a reply of many elements says is not kept."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._stream = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave."""
        self._stream.close()
        self._socket.close()

    def call(self, *argv: bytes | str | float) -> bytes:
        """Send one request and return its reply, without the type of a line; an error ends the benchmark."""
        self._socket.sendall(encode(*argv))
        return self._reply()

    def send_many(self, requests: Sequence[bytes]) -> None:
        """Send encoded requests at once and read as many replies."""
        self._socket.sendall(b"".join(requests))
        for _ in requests:
            self._reply()

    def _reply(self) -> bytes:
        line = self._stream.readline()
        if line[:1] == b"-" or not line:
            raise SystemExit(f"the server answers {line!r}")
        if line[:1] == b"*":
            for _ in range(int(line[1:])):
                self._reply()
        if line[:1] != b"$" or line[1:2] == b"-":
            return line[1:-2]
        return self._stream.read(int(line[1:]) + 2)[:-2]
