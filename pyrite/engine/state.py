"""What the clients of one server share, as far as the hot path needs it; `server.Server` adds the rest, uncompiled."""

import cython
from cython.cimports.libc.stdint import int64_t
from cython.cimports.pyrite.core.clock import clock_ns, clock_wall_us
from cython.cimports.pyrite.core.memory import mem_alloc, mem_free
from cython.cimports.pyrite.core.parser import Args
from cython.cimports.pyrite.engine.propagation import Propagation
from cython.cimports.pyrite.keyspace.database import Keyspace

# Different codes that are counted one by one; a script can invent any number of them.
ERROR_CODES_MAX = cython.declare(cython.int, 128)


@cython.cclass
class ServerState:
    """Databases, clients, hot settings, clocks, guards and counters of one server."""

    def __init__(self, databases: cython.int) -> None:
        self.keyspace = Keyspace(databases)
        self.propagation = Propagation(self.keyspace)
        self.clients = {}
        self.next_client_id = 1
        self.proto_max_bulk_len = 512 * 1024 * 1024
        self.client_query_buffer_limit = 1024 * 1024 * 1024
        self.output_limits = ((0, 0, 0), (0, 0, 0), (0, 0, 0))
        self.slowlog_threshold_us = 10000
        self.latency_tracking = True
        self.maxclients = 10000
        self.hll_sparse_max_bytes = 3000
        self.rdb_compression = True
        self.rdb_version = 11
        self.busy_threshold_ms = 5000
        self.script_propagation = 3
        self.postponed = []
        self.monitors = {}
        self.error_counts = {}
        self.read_buffer = cython.cast(cython.p_char, mem_alloc(READ_BUFFER))
        self.spare_args = Args()
        self.tick()

    def __dealloc__(self) -> None:
        if self.read_buffer != cython.NULL:
            mem_free(self.read_buffer, READ_BUFFER)

    @cython.cfunc
    @cython.exceptval(check=False)
    def tick(self) -> cython.void:
        """Take the time, once per event."""
        self.now_ns = self.ticked_ns = clock_ns()
        self.keyspace.now_ms = clock_wall_us(self.now_ns) // 1000

    def unix_time_us(self) -> int:
        """The time of the day, in microseconds since the epoch."""
        return clock_wall_us(clock_ns())

    def visible_arguments(self, client, command) -> list[bytes]:
        """The arguments of the request that runs, as logs and monitors may show them."""
        return client.args.tail(0)

    def describe_source(self, client) -> bytes:
        """Where a client's commands come from, as monitors are told."""
        return b"?"

    def refresh_clock(self) -> None:
        """Take the time, for work that no client's event starts."""
        self.tick()

    @cython.cfunc
    @cython.exceptval(check=False)
    def count_cycle(self, ns: int64_t, commands: int64_t) -> cython.void:
        """Count a cycle that took so long and ran so many commands."""
        self.cycles += 1
        self.cycles_ns += ns
        if ns > self.longest_cycle_ns:
            self.longest_cycle_ns = ns
        if commands > self.most_commands_in_cycle:
            self.most_commands_in_cycle = commands

    def script_only_reads(self, client) -> bool:
        """Tell whether the request that a client makes, of EVAL or its like, is of a script that says so of itself."""
        return False

    def may_run(self, client, command, args) -> bool:
        """Tell whether a client has the right to run a command."""
        return True

    def log_from_script(self, level: int, text: bytes) -> None:
        """redis.log: levels 0 (debug) to 3 (warning)."""

    def write_log(self) -> None:
        """Append to the log what has happened, before anybody is told of it."""

    def serve_meanwhile(self) -> None:
        """Serve others for a turn while a script runs, and goes on running; where that can be done."""

    def on_all_deleted(self) -> None:
        """FLUSHALL has run: what is on disk must not bring the data back."""

    def forget_client(self, client) -> None:
        """A client left, or was reset: nothing is sent to it any more that it does not ask for."""
        self.monitors.pop(client.id, None)
        if client.subscriptions is not None:
            self.pubsub.forget(client)
        if client.tracking is not None:
            self.tracking.disable(client)

    @cython.ccall
    def count_error(self, text: bytes) -> cython.void:
        """Count an error reply by its code."""
        self.error_replies += 1
        code: bytes = text.split(b" ", 1)[0] if text else b"ERR"
        if code in self.error_counts or len(self.error_counts) < ERROR_CODES_MAX:
            self.error_counts[code] = self.error_counts.get(code, 0) + 1

    def reset_statistics(self) -> None:
        """CONFIG RESETSTAT, for the counters of the hot path."""
        self.commands_processed = self.net_input_bytes = self.net_output_bytes = 0
        self.connections_received = self.rejected_connections = self.error_replies = 0
        self.query_buffer_disconnections = self.output_buffer_disconnections = 0
        self.reads_processed = self.writes_processed = self.auth_failures = 0
        self.error_counts.clear()
        self.cycles = self.cycles_ns = self.longest_cycle_ns = self.most_commands_in_cycle = 0
        keyspace: Keyspace = self.keyspace
        keyspace.hits = keyspace.misses = keyspace.expired_keys = keyspace.expired_fields = keyspace.evicted_keys = 0
        keyspace.lazyfree.reset_statistics()


def compiler_version() -> str:
    """The version of gcc, or that clang claims to be compatible with, that compiled this tier."""
    return f"{GCC_MAJOR}.{GCC_MINOR}.{GCC_PATCH}"
