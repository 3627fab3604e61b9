"""Cron: what the server does by itself, `hz` times a second.

Each turn is short: expiry, eviction and resizing work in slices of a millisecond, and where a slice was not enough the
next one follows after the event loop has served clients in between.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pyrite.core.memory import used_memory
from pyrite.engine.connection import Connection
from pyrite.keyspace.expiry import expire_cycle, slice_us
from pyrite.server.process import resident_bytes
from pyrite.server.timers import Timer

if TYPE_CHECKING:
    from pyrite.server.server import Server

# Resizing takes steps of so many buckets until its time is up. A bucket has seven entries, most of them not in the
# processor's cache: 4,096 in one go took 10 ms (`python -m bench growth`).
REHASH_BUCKETS = 64
REHASH_NS = 1_000_000
SAMPLES = 16
SAMPLE_S = 0.1
# Of a second's worth of clients; a turn looks at a share of them.
CLIENTS_MIN_PER_TURN = 5
CLIENTS_COUNTED_AT_ONCE = 100


class Rate:
    """Something per second, averaged over the last 16 samples of 100 ms."""

    def __init__(self) -> None:
        self._samples = [0.0] * SAMPLES
        self._at = 0
        self._last = 0.0
        self._last_ns = time.monotonic_ns()

    def sample(self, total: float) -> None:
        """Note the running total now."""
        now = time.monotonic_ns()
        elapsed_s = (now - self._last_ns) / 1e9
        if elapsed_s > 0:
            self._samples[self._at] = max(total - self._last, 0.0) / elapsed_s
            self._at = (self._at + 1) % SAMPLES
        self._last = total
        self._last_ns = now

    @property
    def per_second(self) -> float:
        """The average."""
        return sum(self._samples) / SAMPLES


class ClientFigures:
    """What all clients together take, added up as each has its turn."""

    def __init__(self) -> None:
        self.total_bytes = 0
        self.buffer_bytes = 0
        self.max_input = 0
        self.max_output = 0

    def add(self, client: Connection) -> None:
        """Add one client."""
        output = client.reply.capacity
        self.total_bytes += client.memory_bytes
        self.buffer_bytes += client.own_capacity + output
        self.max_input = max(self.max_input, client.own_capacity)
        self.max_output = max(self.max_output, output)


class Cron:
    """The periodic work of one server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._timer: Timer | None = None
        self._running = False
        self._expiring = False
        self._evicting = False
        self._next_sample_ns = 0
        self._client_ids: list[int] = []
        self.turns = 0
        self.commands = Rate()
        self.input = Rate()
        self.output = Rate()
        self.peak_bytes = 0
        self.peak_at_s = int(time.time())
        self.resident_bytes = 0
        self.paused = False  # DEBUG PAUSE-CRON
        self.cycles = Rate()
        self.busy_ns = Rate()
        self.turns_ns = 0
        self.expire_ns = 0
        self._client_figures = ClientFigures()  # of the round under way
        self._last_client_figures = ClientFigures()

    def reset_statistics(self) -> None:
        """Forget what INFO counts of the cron's own work."""
        self.turns_ns = 0
        self.expire_ns = 0

    def start(self) -> None:
        """Begin."""
        self._running = True
        self.resident_bytes = resident_bytes()
        self._timer = self._server.call_later(0, self._turn)

    def stop(self) -> None:
        """End."""
        if self._timer is not None:
            self._timer.cancel()
        self._running = False

    def _turn(self) -> None:
        if not self._running:
            return
        self._timer = self._server.call_later(1 / self.hz, self._turn)
        started_ns = time.monotonic_ns()
        self.turns += 1
        if not self.paused:
            self._work()
        elapsed_ns = time.monotonic_ns() - started_ns
        self.turns_ns += elapsed_ns
        self._server.refresh_clock()

    def _work(self) -> None:
        server = self._server
        server.act_on_signal()
        server.refresh_clock()
        server.keyspace.update_clock()
        if time.monotonic_ns() >= self._next_sample_ns:
            self._next_sample_ns = time.monotonic_ns() + int(SAMPLE_S * 1e9)
            self.sample()
        self._check_clients()
        server.tracking.limit()
        server.snapshots.cron()
        if not self._expiring:
            self._expire()
        if server.config.activerehashing and not server.keyspace.child_runs:
            self._rehash()

    @property
    def hz(self) -> int:
        """Turns per second; with dynamic-hz more for more than 200 clients a turn."""
        config = self._server.config
        hz = config.hz
        if config.dynamic_hz:
            while len(self._server.clients) / hz > 200 and hz < 500:
                hz *= 2
        return min(hz, 500)

    def sample(self) -> None:
        """Take the figures that INFO shows as rates and peaks."""
        server = self._server
        self.commands.sample(server.commands_processed)
        self.input.sample(server.net_input_bytes)
        self.output.sample(server.net_output_bytes)
        self.cycles.sample(server.cycles)
        self.busy_ns.sample(server.cycles_ns)
        self.note_memory()
        self.resident_bytes = resident_bytes(self.resident_bytes)

    def note_memory(self) -> int:
        """Bytes in use now, and remember the most there ever were."""
        used = used_memory()
        if used > self.peak_bytes:
            self.peak_bytes = used
            self.peak_at_s = int(time.time())
        return used

    # Clients

    def _check_clients(self) -> None:
        """Look at a share of the clients, so that each has its turn once a second: idle ones, and full buffers."""
        if not self._client_ids:
            self._last_client_figures, self._client_figures = self._client_figures, ClientFigures()
            self._client_ids = list(self._server.clients)
        share = max(len(self._server.clients) // self.hz, CLIENTS_MIN_PER_TURN)
        batch, self._client_ids = self._client_ids[:share], self._client_ids[share:]
        server = self._server
        timeout_ms = server.timeout_s * 1000
        for client_id in batch:
            client = server.clients.get(client_id)
            if client is None:
                continue
            self._client_figures.add(client)
            if timeout_ms and client.is_idle and server.keyspace.now_ms - client.last_interaction_ms > timeout_ms:
                server.log_verbose("Closing idle client")
                client.close()
            else:
                client.check_output()

    def client_figures(self) -> ClientFigures:
        """What all clients take: now if they are few, else as of the last round, which is a second old at most."""
        recent = self._last_client_figures
        if len(self._server.clients) > CLIENTS_COUNTED_AT_ONCE:
            return recent
        figures = ClientFigures()
        for client in self._server.clients.values():
            figures.add(client)
        figures.max_input = max(figures.max_input, recent.max_input)
        figures.max_output = max(figures.max_output, recent.max_output)
        return figures

    # Expiry

    def _expire(self) -> None:
        server = self._server
        self._expiring = False
        if not self._running or not server.keyspace.active_expire or server.keyspace.expire_paused:
            return
        server.refresh_clock()
        started_ns = time.monotonic_ns()
        more = expire_cycle(server.keyspace, slice_us(server.config.active_expire_effort))
        elapsed_ns = time.monotonic_ns() - started_ns
        self.expire_ns += elapsed_ns
        server.latency.add(b"expire-cycle", elapsed_ns // 1_000_000)
        if more:
            self._expiring = True
            server.call_soon(self._expire)

    # Resizing

    def _rehash(self) -> None:
        """Move a slice of one database's table; insertions and removals move the rest as they go."""
        end_ns = time.monotonic_ns() + REHASH_NS
        for db in self._server.keyspace.databases:
            while db.rehash(REHASH_BUCKETS):
                if time.monotonic_ns() >= end_ns:
                    return

    # Eviction

    def evict_soon(self) -> None:
        """Evict once the event loop has served clients."""
        if not self._running or self._evicting or not self._server.maxmemory:
            return
        self._evicting = True
        self._server.call_soon(self._evict)

    def _evict(self) -> None:
        self._evicting = False
        if self._running and used_memory() > self._server.maxmemory > 0:
            self._server.refresh_clock()
            self._server.make_room()
