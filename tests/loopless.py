"""A connection driven by hand: no event loop, no network, each read exactly as long as a test wants it.

Connection and poller are the real ones; the socket is one end of a pair. The poller serves only when it is told to, so
a test decides at which byte a request is cut, and when the socket is full.
"""

import array
import fcntl
import socket
import sys
import termios
from collections.abc import Callable, Iterable
from typing import Self

from pyrite.engine.connection import Connection, endpoint
from pyrite.engine.poller import Poller
from pyrite.engine.pubsub import PubSub
from pyrite.engine.state import ServerState
from pyrite.engine.tracking import Tracking
from pyrite.server.clients import describe
from pyrite.server.families import load_all

READ_BYTES = 1 << 20
SOCKET_BYTES = 100_000


def tcp_pair() -> tuple[socket.socket, socket.socket]:
    """Two TCP sockets that are connected to each other: only those are served as most connections are."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        far = socket.create_connection(listener.getsockname())
        near, _ = listener.accept()
    for end in (near, far):
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Buffers of a size of their own don't grow while they are used.
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BYTES)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BYTES)
    return near, far


class Timer:
    """A timer that never fires by itself."""

    def __init__(self, delay_s: float, function: Callable[[], object]) -> None:
        """Keep what it was set for."""
        self.delay_s = delay_s
        self.function = function
        self.is_cancelled = False

    def cancel(self) -> None:
        """Note that it is not wanted any more."""
        self.is_cancelled = True


class LooplessServer(ServerState):
    """The state of a server and the hooks that connections and dispatch call; what it should log, it keeps."""

    def __init__(self, password: bytes | None = None) -> None:
        """Have two databases and, perhaps, a password."""
        super().__init__(2)
        load_all()
        self.password = password
        self.slowlog_threshold_us = -1
        self.skips_checksums = False
        self.poller = Poller(self)
        PubSub(self)
        Tracking(self)
        self.log: list[str] = []
        self.timers: list[Timer] = []

    def admit(self, _: Connection) -> bytes | None:
        """Let everybody in."""
        return None

    def on_disconnect(self, connection: Connection) -> None:
        """Note who left."""
        self.log.append(f"left {connection.id}")

    def on_connection_error(self, connection: Connection) -> None:
        """Fail the test: nothing but what is wrong with a request may go wrong."""
        raise AssertionError(f"serving client {connection.id} failed") from sys.exception()

    def describe_client(self, connection: Connection) -> str:
        """Describe a client as the real server does."""
        return describe(connection)

    def log_warning(self, message: str) -> None:
        """Keep the message."""
        self.log.append(message)

    log_verbose = log_warning

    def call_later(self, delay_s: float, function: Callable[[], object]) -> Timer:
        """Keep the timer for the test to look at."""
        self.timers.append(Timer(delay_s, function))
        return self.timers[-1]

    def call_soon(self, function: Callable[[], object]) -> None:
        """Keep it for `run_timers`."""
        self.call_later(0, function)

    def run_timers(self, within_s: float = 0) -> None:
        """Let the timers fire that were set for this delay or a shorter one."""
        due = [timer for timer in self.timers if timer.delay_s <= within_s]
        self.timers = [timer for timer in self.timers if timer not in due]
        for timer in due:
            if not timer.is_cancelled:
                timer.function()


class LooplessClient:
    """A connection and its other end."""

    def __init__(self, server: LooplessServer) -> None:
        """Connect."""
        near, self.far = tcp_pair()
        near.setblocking(False)
        self.far.setblocking(False)
        self.server = server
        self.connection = Connection(server, near.detach(), endpoint(self.far.getsockname()))
        self.connection.open(server.poller)

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Go away."""
        self.vanish()

    @property
    def is_open(self) -> bool:
        """Whether the server still holds the connection."""
        return self.connection.fd >= 0

    def vanish(self) -> None:
        """End the connection from this side."""
        self.far.close()
        while self.is_open:
            self.server.poller.serve()

    def send(self, data: bytes) -> None:
        """Have the server read these bytes: in one read, or in as few as its buffers allow."""
        view = memoryview(data)
        while view and self.is_open:
            try:
                view = view[self.far.send(view) :]
            except BlockingIOError:
                assert self._unread_bytes(), "the server read all and yet there is no room to send"
            except (BrokenPipeError, ConnectionResetError):
                return
            while self.is_open and self._unread_bytes():
                self.server.poller.serve()

    def _unread_bytes(self) -> int:
        count = array.array("i", [0])
        fcntl.ioctl(self.connection.fd, termios.FIONREAD, count)
        return count[0]

    def receive(self) -> bytes:
        """Return all that the server has to send, however often the socket is full meanwhile."""
        received = bytearray()
        is_served = False
        while True:
            try:
                data = self.far.recv(READ_BYTES)
            except BlockingIOError:
                if is_served:
                    return bytes(received)
                self.server.poller.serve()
                is_served = True
                continue
            except ConnectionResetError:
                return bytes(received)
            if not data:
                return bytes(received)
            received += data
            is_served = False

    def exchange(self, pieces: Iterable[bytes]) -> bytes:
        """Send pieces, each read on its own, and return what came back."""
        received = b""
        for piece in pieces:
            self.send(piece)
            received += self.receive()
        return received
