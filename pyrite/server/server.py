"""Server: one running Pyrite. Puts the compiled engine, the configuration, the log and the event loop together.

What commands need of the server beyond the engine's hot state is a method or an attribute here; commands reach it as
`client.server`.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Callable
from typing import Any, cast

from pyrite import REDIS_VERSION, __version__
from pyrite.engine.connection import Connection
from pyrite.engine.state import ServerState
from pyrite.keyspace.eviction import Evictor
from pyrite.server import process
from pyrite.server.apply import wire
from pyrite.server.config.config import Config
from pyrite.server.cron import Cron
from pyrite.server.log import Log

PROTECTED_MODE = (
    b"DENIED Redis is running in protected mode: it accepts connections from other machines only once it is told who may "
    b"connect. Do one of these. 1) Set a password for the default user: 'requirepass' in the configuration, or "
    b"CONFIG SET requirepass from this machine. 2) Name the addresses to listen on with 'bind', and switch the mode off "
    b"with 'protected-mode no' in the configuration or CONFIG SET protected-mode no from this machine; do this only where "
    b"no stranger can reach the server."
)
MAX_CLIENTS = b"ERR max number of clients reached"


class Server(ServerState):
    """The state and the services of one server; `start` opens its sockets on a running event loop."""

    def __init__(self, config: Config, log: Log, executable: str = "", arguments: list[str] | None = None) -> None:
        super().__init__(config.databases)
        self.config = config
        self.logger = log
        self.executable = executable
        self.arguments = arguments or []
        self.run_id = secrets.token_hex(20)
        self.started_ns = time.monotonic_ns()
        self.started_at_s = time.time()
        self.version = __version__
        self.redis_version = REDIS_VERSION
        self.loop: asyncio.AbstractEventLoop | None = None
        self.listeners: list[asyncio.Server] = []
        self.sockets: list[socket.socket] = []
        self.stopped: asyncio.Event | None = None
        self.cron = Cron(self)
        self.evictor = Evictor(self.keyspace)
        self.unix_socket: socket.socket | None = None
        self.pid_file_written = False
        self.supervised = "no"
        self.active_expire = True
        wire(self, config)

    # Start and stop

    async def start(self, tcp: list[socket.socket], unix: socket.socket | None) -> None:
        """Serve these bound sockets. Raises OSError where one can't listen."""
        self.loop = asyncio.get_running_loop()
        self.stopped = asyncio.Event()
        self.unix_socket = unix
        await self.listen(tcp)
        if unix is not None:
            made = await self.loop.create_unix_server(
                lambda: self._accept(True), sock=unix, backlog=self.config.tcp_backlog
            )
            self.listeners.append(made)
        self.cron.start(self.loop)

    async def listen(self, tcp: list[socket.socket]) -> None:
        """Accept connections on these bound sockets as well."""
        assert self.loop is not None
        for each in tcp:
            made = await self.loop.create_server(lambda: self._accept(False), sock=each, backlog=self.config.tcp_backlog)
            self.listeners.append(made)
            self.sockets.append(each)

    def _accept(self, is_unix: bool) -> asyncio.BufferedProtocol:
        """The protocol of a new connection: not derived from asyncio's class, but it has all of its methods."""
        return cast(asyncio.BufferedProtocol, Connection(self, is_unix))

    def relisten(self, tcp: list[socket.socket]) -> None:
        """Serve these sockets instead of the TCP sockets served so far; connections stay."""
        old = [each for each in self.listeners if each.sockets and each.sockets[0].family != socket.AF_UNIX]
        for each in old:
            each.close()
            self.listeners.remove(each)
        self.sockets = []
        assert self.loop is not None
        self.loop.create_task(self.listen(tcp))

    def shut_down(self) -> None:
        """End the server once the command that asks for it is done."""
        if self.stopped is not None:
            self.stopped.set()

    async def run(self) -> None:
        """Serve until `shut_down`, then close everything."""
        assert self.stopped is not None
        await self.stopped.wait()
        self.close()

    def close(self) -> None:
        """Close sockets and connections, and remove what the server made outside itself."""
        self.cron.stop()
        for each in self.listeners:
            each.close()
        for client in list(self.clients.values()):
            client.close()
        if self.config.unixsocket and self.unix_socket is not None:
            self.log_notice("Removing the unix socket file.")
            try:
                os.unlink(self.config.unixsocket)
            except OSError:
                pass
        if self.config.pidfile and self.pid_file_written:
            self.log_notice("Removing the pid file.")
            process.remove_pid_file(self.config.pidfile)
        self.keyspace.lazyfree.stop()

    # Time

    def call_later(self, delay_s: float, function: Callable[[], object]) -> asyncio.TimerHandle:
        """Call a function once, after a delay; the handle can be cancelled."""
        assert self.loop is not None
        return self.loop.call_later(delay_s, function)

    def call_soon(self, function: Callable[[], object]) -> None:
        """Call a function once the current event is done."""
        assert self.loop is not None
        self.loop.call_soon(function)

    @property
    def uptime_s(self) -> int:
        """Whole seconds since the start."""
        return (time.monotonic_ns() - self.started_ns) // 1_000_000_000

    # What connections ask

    def admit(self, connection: Connection) -> bytes | None:
        """Why a new connection can't be served, as the text of an error reply; None where it can."""
        if len(self.clients) >= self.maxclients:
            return MAX_CLIENTS
        if self.config.protected_mode and self.password is None and not connection.is_unix:
            peer = connection.transport.get_extra_info("peername")
            if peer and not _is_loopback(peer[0]):
                return PROTECTED_MODE
        if self.keepalive_s and not connection.is_unix:
            _keep_alive(connection.transport.get_extra_info("socket"), self.keepalive_s)
        return None

    def on_disconnect(self, connection: Connection) -> None:
        """A connection is gone."""

    def unix_socket_name(self) -> str:
        """Path of the unix socket."""
        return self.config.unixsocket

    # What dispatch asks

    def make_room(self) -> bool:
        """Evict keys until memory is below maxmemory; False where that can't be done."""
        done = self.evictor.make_room(self.maxmemory)
        if self.evictor.behind:
            self.cron.evict_soon()
        return done

    # Log

    def log_debug(self, message: str) -> None:
        """Log at level debug."""
        self.logger.debug(message)

    def log_verbose(self, message: str) -> None:
        """Log at level verbose."""
        self.logger.verbose(message)

    def log_notice(self, message: str) -> None:
        """Log at level notice."""
        self.logger.notice(message)

    def log_warning(self, message: str) -> None:
        """Log at level warning."""
        self.logger.warning(message)


def _is_loopback(address: str) -> bool:
    return address.startswith(("127.", "::ffff:127.")) or address == "::1"


def _keep_alive(made: Any, idle_s: int) -> None:
    """Have the kernel probe a silent peer after so many seconds, three times at a third of that time."""
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, idle_s)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, max(idle_s // 3, 1))
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    except OSError:
        pass  # the peer is gone already
