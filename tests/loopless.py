"""A connection driven by hand: no event loop, no network, each read exactly as long as a test wants it.

The connection is the real one. Its socket is one end of a pair, its transport a few lines that hold what the socket
does not take. So a test decides at which byte a request is cut, and when the socket is full.
"""

import asyncio
import socket
from collections.abc import Callable, Iterable
from typing import Self

from pyrite.engine.connection import Connection
from pyrite.engine.state import ServerState
from pyrite.server.clients import describe
from pyrite.server.families import load_all

READ_BYTES = 1 << 20


class LooplessServer(ServerState):
    """The state of a server and the hooks that connections and dispatch call; what it should log, it keeps."""

    def __init__(self, password: bytes | None = None) -> None:
        """Have two databases and, perhaps, a password."""
        super().__init__(2)
        load_all()
        self.password = password
        self.slowlog_threshold_us = -1
        self.log: list[str] = []
        self.soon: list[Callable[[], object]] = []
        self.later: list[tuple[float, Callable[[], object]]] = []

    def admit(self, _: Connection) -> bytes | None:
        """Let everybody in."""
        return None

    def on_disconnect(self, connection: Connection) -> None:
        """Note who left."""
        self.log.append(f"left {connection.id}")

    def describe_client(self, connection: Connection) -> str:
        """Describe a client as the real server does."""
        return describe(connection)

    def log_warning(self, message: str) -> None:
        """Keep the message."""
        self.log.append(message)

    log_verbose = log_warning

    def call_soon(self, function: Callable[[], object]) -> None:
        """Keep it for `run_soon`."""
        self.soon.append(function)

    def run_soon(self) -> None:
        """Do what was put off to the end of the event."""
        while self.soon:
            self.soon.pop(0)()

    def call_later(self, delay_s: float, function: Callable[[], object]) -> asyncio.Handle:
        """Keep the timer for the test to look at."""
        self.later.append((delay_s, function))
        loop = asyncio.new_event_loop()
        handle = loop.call_later(delay_s, function)
        loop.close()
        return handle


class Transport:
    """What a connection asks of the event loop's transport."""

    def __init__(self, sock: socket.socket) -> None:
        """Write to this socket."""
        self.sock = sock
        self.pending = b""
        self.is_open = True

    def get_extra_info(self, name: str) -> object:
        """Return the socket, or the addresses of a TCP connection."""
        return self.sock if name == "socket" else ("127.0.0.1", 1)

    def set_write_buffer_limits(self, high: int) -> None:
        """Take the limit that the connection relies on."""
        assert high == 0

    def write(self, data: bytes) -> None:
        """Keep what the socket did not take."""
        self.pending += data

    def get_write_buffer_size(self) -> int:
        """Return how much that is."""
        return len(self.pending)

    def abort(self) -> None:
        """Close."""
        self.is_open = False

    close = abort


class LooplessClient:
    """A connection and its other end."""

    def __init__(self, server: LooplessServer) -> None:
        """Connect."""
        near, self.far = socket.socketpair()
        near.setblocking(False)
        self.far.setblocking(False)
        self.transport = Transport(near)
        self.connection = Connection(server)
        self.connection.connection_made(self.transport)
        self._is_lost = False

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Go away."""
        self.vanish()

    @property
    def is_open(self) -> bool:
        """Whether the server still holds the connection."""
        return self.transport.is_open

    def vanish(self) -> None:
        """End the connection from this side."""
        if not self._is_lost:
            self._is_lost = True
            self.connection.connection_lost(None)
            self.transport.sock.close()
            self.far.close()

    def send(self, data: bytes) -> None:
        """Have the server read these bytes: in one read, or in as few as its buffer allows."""
        view = memoryview(data)
        while view and self.is_open:
            room = self.connection.get_buffer(-1)
            n = min(len(room), len(view))
            assert n > 0, "the server offered no room"
            room[:n] = view[:n]
            self.connection.buffer_updated(n)
            view = view[n:]

    def receive(self) -> bytes:
        """Return all that the server has to send, taking it from socket and transport as the network would."""
        received = bytearray()
        while True:
            try:
                received += self.far.recv(READ_BYTES)
            except BlockingIOError:
                if not self.transport.pending:
                    return bytes(received)
                received += self.transport.pending
                self.transport.pending = b""
                self.connection.resume_writing()

    def exchange(self, pieces: Iterable[bytes]) -> bytes:
        """Send pieces, each read on its own, and return what came back."""
        received = b""
        for piece in pieces:
            self.send(piece)
            received += self.receive()
        return received
