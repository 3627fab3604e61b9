"""Accepting connections: what listens, who is let in, and what happens when descriptors run out."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from pyrite.engine.connection import Connection, endpoint

if TYPE_CHECKING:
    from pyrite.server.server import Server

# After running out of descriptors or memory, accepting rests this long: the listening socket stays ready meanwhile.
REST_S = 0.1
# More the kernel refuses (MAX_TCP_KEEPIDLE): nine hours.
KEEPALIVE_MAX_S = 32767
# Errors of one connection that was gone before it was accepted, or of its network: the next one may be fine.
OF_ONE_CONNECTION = frozenset(
    (
        errno.ECONNABORTED,
        errno.EPROTO,
        errno.EPERM,
        errno.ENETDOWN,
        errno.ENOPROTOOPT,
        errno.EHOSTDOWN,
        errno.ENONET,
        errno.EHOSTUNREACH,
        errno.EOPNOTSUPP,
        errno.ENETUNREACH,
    )
)

PROTECTED_MODE = (
    b"DENIED Redis is running in protected mode: it accepts connections from other machines only once it is told who "
    b"may connect. Do one of these. 1) Set a password for the default user: 'requirepass' in the configuration, or "
    b"CONFIG SET requirepass from this machine. 2) Name the addresses to listen on with 'bind', and switch the mode "
    b"off with 'protected-mode no' in the configuration or CONFIG SET protected-mode no from this machine; do this "
    b"only where no stranger can reach the server."
)
MAX_CLIENTS = b"ERR max number of clients reached"


class Acceptor:
    """The listening sockets of one server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._watcher = server.watcher
        self.is_open = False
        self.tcp: list[socket.socket] = []
        self.unix: socket.socket | None = None
        self.unix_path = ""  # where the unix socket stands, whatever `dir` is later

    def start(self, tcp: list[socket.socket], unix: socket.socket | None) -> None:
        """Accept from these listening sockets."""
        self.is_open = True
        self.tcp = tcp
        self.unix = unix
        for each in tcp:
            self._watch(each)
        if unix is not None:
            self.unix_path = os.path.abspath(self._server.config.unixsocket)
            self._watch(unix)

    def move(self, make: Callable[[], list[socket.socket]]) -> None:
        """Close the TCP listening sockets, and accept from those that `make` returns instead; connections stay.

        First the one, then the other, because old and new addresses may overlap. What `make` raises is passed on.
        """
        self._unwatch(self.tcp)
        self.tcp = []
        self.tcp = make()
        for each in self.tcp:
            self._watch(each)

    def _watch(self, listener: socket.socket) -> None:
        self._watcher.add(listener.fileno(), partial(self._accept, listener))

    def _unwatch(self, listeners: list[socket.socket]) -> None:
        for each in listeners:
            self._watcher.remove(each.fileno())
            each.close()

    def close(self) -> None:
        """Listen no more, and remove the unix socket."""
        if not self.is_open:
            return
        self._unwatch(self.tcp)
        if self.unix is not None:
            self._unwatch([self.unix])
            if self._server.exit_status == 0:
                self._server.log_notice("Removing the unix socket file.")
            with suppress(OSError):
                os.unlink(self.unix_path)
        self.is_open = False

    # One connection

    def _accept(self, listener: socket.socket) -> None:
        """Accept what waits, up to max-new-connections-per-cycle, so that clients have their turn in between."""
        for _ in range(self._server.config.max_new_connections_per_cycle):
            try:
                made, address = listener.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno in OF_ONE_CONNECTION:
                    continue
                self._rest(listener, error)
                return
            self._open(made, address)

    def _open(self, made: socket.socket, address: object) -> None:
        is_unix = made.family == socket.AF_UNIX
        peer = f"{self._server.config.unixsocket}:0" if is_unix else endpoint(address)
        try:
            made.setblocking(False)
            if not is_unix:
                self._tune(made, is_loopback(peer))
        except OSError as error:
            self._server.log_verbose(f"Error setting up a new connection: {error.strerror}")
            made.close()
            return
        Connection(self._server, made.detach(), peer, is_unix).open(self._server.poller)

    def _tune(self, made: socket.socket, is_local: bool) -> None:
        """Send at once; have the kernel probe a peer silent for tcp-keepalive seconds, every third of that time.

        Within the machine there is no path whose bandwidth a congestion control could learn. Where the system's default
        is BBR, its bookkeeping for each packet costs 3 % of an unpipelined command there; Reno's is next to nothing.
        """
        if is_local:
            with suppress(OSError):
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"reno")
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        idle_s = min(self._server.keepalive_s, KEEPALIVE_MAX_S)
        if idle_s:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, idle_s)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, max(idle_s // 3, 1))
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)

    def _rest(self, listener: socket.socket, error: OSError) -> None:
        """Stop accepting for a moment: the system has no descriptor or memory for another connection."""
        self._server.log_warning(f"Accepting client connection: {error.strerror}")
        self._watcher.remove(listener.fileno())
        self._server.call_later(REST_S, lambda: self._go_on(listener))

    def _go_on(self, listener: socket.socket) -> None:
        if self.is_open and listener.fileno() >= 0:
            self._watch(listener)

    def refusal(self, connection: Connection) -> bytes | None:
        """Why a new connection can't be served, as the text of an error reply; None where it can."""
        server = self._server
        if len(server.clients) >= server.maxclients:
            return MAX_CLIENTS
        guarded = server.config.protected_mode and server.password is None
        if guarded and not connection.is_unix and not is_loopback(connection.peer):
            return PROTECTED_MODE
        return None


def is_loopback(peer: str) -> bool:
    """Tell whether an address, as CLIENT LIST shows it, is of this machine."""
    return peer.startswith(("127.", "[::1]:", "[::ffff:127."))
