"""Server: one running Pyrite. Puts the compiled engine, the configuration, the log and the event loop together.

What commands need of the server beyond the engine's hot state is a method or an attribute here; commands reach it as
`client.server`.
"""

from __future__ import annotations

import hashlib
import secrets
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

from pyrite import REDIS_VERSION, __version__
from pyrite.core.errors import LOADING, CommandError
from pyrite.engine.client import Client
from pyrite.engine.command import Command
from pyrite.engine.connection import Connection
from pyrite.engine.declare import FAST, SKIP_SLOWLOG
from pyrite.engine.poller import Poller
from pyrite.engine.pubsub import PubSub
from pyrite.engine.script import NO_WRITES, SAYS_NOTHING, running
from pyrite.engine.state import ServerState
from pyrite.engine.tracking import Tracking
from pyrite.keyspace.eviction import Evictor
from pyrite.persistence.aof import Aof
from pyrite.persistence.child import Children
from pyrite.persistence.loading import Loading
from pyrite.persistence.rdb import Snapshots
from pyrite.persistence.rdb_load import reload as reload_rdb
from pyrite.scripting.functions import Functions
from pyrite.scripting.scripts import Scripts
from pyrite.scripting.shebang import script_flags
from pyrite.server import info, lolwut, memory, process, shutdown
from pyrite.server.accept import Acceptor, is_loopback
from pyrite.server.apply import wire
from pyrite.server.clients import describe
from pyrite.server.config.config import Config
from pyrite.server.config.errors import ConfigError, ConfigLoadingError, ConfigSetError
from pyrite.server.config.text import decode, encode
from pyrite.server.cron import Cron
from pyrite.server.latency import LatencyMonitor
from pyrite.server.log import Log
from pyrite.server.sensitive import redacted
from pyrite.server.slowlog import SlowLog, kept_arguments
from pyrite.server.timers import Timer, Timers
from pyrite.server.watcher import Watcher

GUARD_DISK = 128  # as in engine/state.pxd

# Scripts can ask for any amount of memory; without a limit the system would end the server for it.
LUA_MEMORY_MAX = min(max(memory.TOTAL_SYSTEM_BYTES // 4, 64 * 1024 * 1024), 1024 * 1024 * 1024)


class Server(ServerState):
    """The state and the services of one server; `start` opens its sockets, `run` serves."""

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
        self.replication_id = secrets.token_hex(20)
        self.build_id = hashlib.sha1(f"{__version__} {sys.version}".encode(), usedforsecurity=False).hexdigest()[:16]
        self.startup_bytes = 0
        self.memory_total = memory.TOTAL_SYSTEM_BYTES
        self.slowlog = SlowLog(config.slowlog_max_len)
        self.latency = LatencyMonitor(config.latency_monitor_threshold)
        self.poller = Poller(self)
        self.watcher = Watcher(self.on_timer_error)
        self.timers = Timers(self.poller.reschedule, self.on_timer_error)
        self.cron = Cron(self)
        self.evictor = Evictor(self.keyspace)
        self.acceptor = Acceptor(self)
        self.children = Children(self)
        self.oom_score = process.OomScore()
        self.snapshots = Snapshots(self)
        self._is_ending = False
        self._ending_signal = 0  # that has been received, and not yet acted on
        PubSub(self)
        Tracking(self)
        self.scripts = Scripts(self, LUA_MEMORY_MAX)
        self.functions = Functions(self, LUA_MEMORY_MAX)
        self.disk_errors: dict[str, tuple[bytes, bytes]] = {}
        self.loader = Loading(self)
        self.aof = Aof(self)
        self.exit_status = 0
        self.skips_checksums = False  # DEBUG SET-SKIP-CHECKSUM-VALIDATION
        self.pid_file = ""  # what has been written
        self.shows_title = False  # the process is ours, and set-proc-title says so
        self.supervised = "no"
        wire(self, config)

    # Start and stop

    def start(self, tcp: list[socket.socket], unix: socket.socket | None) -> None:
        """Serve these listening sockets."""
        self.poller.watch_loop(self.watcher.fd)
        self.acceptor.start(tcp, unix)
        self.startup_bytes = self.cron.note_memory()
        self.cron.start()

    def run(self) -> None:
        """Serve until `shut_down`."""

        def timers() -> int:
            self.watcher.run_timers()
            return self.timers.run_due()

        self.poller.run(self.watcher.serve, timers)
        while not self._may_end():
            self.poller.resume()
            self.poller.run(self.watcher.serve, timers)

    def shut_down(self) -> None:
        """End the server once the command that asks for it is done."""
        self._is_ending = True
        # Listeners first: who sees its connection end, and tries again, is refused.
        self.acceptor.close()
        self.poller.stop()

    def fail(self) -> None:
        """End the server as `shut_down`, with exit status 1: what has gone wrong is logged."""
        self.exit_status = 1
        self.shut_down()

    def on_ending_signal(self, number: int) -> None:
        """SIGTERM or SIGINT: save as it is configured, then end, once what is being served has been served."""
        self._ending_signal = number
        if not self.cron.paused:
            self.poller.stop()

    def act_on_signal(self) -> None:
        """End if a signal has asked for it while the cron was paused."""
        if self._ending_signal:
            self.poller.stop()

    def abort_shutdown(self) -> bool:
        """Forget a signal that has not been acted on; False where there is none."""
        if not self._ending_signal:
            return False
        self._ending_signal = 0
        self.log_notice("Shutdown manually aborted.")
        return True

    def _may_end(self) -> bool:
        """The main loop has stopped: tell whether that is the end. After a signal not so where saving failed."""
        number, self._ending_signal = self._ending_signal, 0
        if self._is_ending or not number:
            return True
        config = self.config
        self.log_warning("User requested shutdown...")
        words = config.shutdown_on_sigint if number == signal.SIGINT else config.shutdown_on_sigterm
        return shutdown.prepare(self, save="save" in words, no_save="nosave" in words, force="force" in words)

    def close(self) -> None:
        """Close sockets and connections, and remove what the server made outside itself."""
        self.cron.stop()
        for client in list(self.clients.values()):
            client.close()
        self.acceptor.close()
        self.watcher.close()
        self.poller.close()
        if self.pid_file:
            if self.exit_status == 0:
                # The last line of a server that failed says why.
                self.log_notice("Removing the pid file.")
            process.remove_pid_file(self.pid_file)
        self.children.kill()
        self.aof.close()
        self.snapshots.close()
        self.keyspace.lazyfree.stop()

    # Time

    def call_later(self, delay_s: float, function: Callable[[], object]) -> Timer:
        """Call a function once, after a delay; the timer can be cancelled."""
        return self.timers.call_later(delay_s, function)

    def call_soon(self, function: Callable[[], object]) -> None:
        """Call a function once clients have been served once more."""
        self.timers.call_later(0, function)

    def on_timer_error(self) -> None:
        """A timer's function failed: our bug."""
        self.internal_errors += 1
        self.log_warning(f"Internal error in a timer:\n{traceback.format_exc()}")

    @property
    def uptime_s(self) -> int:
        """Whole seconds since the start."""
        return (time.monotonic_ns() - self.started_ns) // 1_000_000_000

    # Loading

    @property
    def loading(self) -> bool:
        """Tell whether the data set is being loaded, and not served meanwhile."""
        return self.loader.active and not self.loader.is_async

    def loading_from(self, total_bytes: int) -> AbstractContextManager[Loading]:
        """Be loading the data set from files of so many bytes together, see `Loading`."""
        return self.loader.of(total_bytes)

    # The append-only log

    def write_log(self) -> None:
        """Append to the log what has happened, before anybody is told of it."""
        self.aof.flush()

    def reload_log(self) -> None:
        """DEBUG LOADAOF: have the dataset that the log holds. Raises CommandError."""
        if self.loader.active:
            raise CommandError(LOADING)
        if not self.aof.reload():
            raise CommandError(b"ERR Error trying to load the AOF files, check server logs.")
        self.log_notice("Append Only File loaded by DEBUG LOADAOF")

    def rewrite_log(self) -> bytes:
        """BGREWRITEAOF: the text of its reply. Raises CommandError."""
        return self.aof.request_rewrite()

    def reload(self, saves: bool, flushes: bool, replaces: bool) -> None:
        """DEBUG RELOAD: save the data set, unless told not to, and load it again. Raises CommandError."""
        if self.loader.active:
            raise CommandError(LOADING)
        if saves and not self.snapshots.save(keep_cache=True):
            raise CommandError(b"ERR")
        if not reload_rdb(self, flushes=flushes, replaces=replaces):
            raise CommandError(b"ERR Error trying to load the RDB dump, check server logs.")

    # Scripts

    def serve_meanwhile(self) -> None:
        """Serve others for a turn while a script runs; if the server is to end, end it, but for one half done."""
        self.poller.serve_meanwhile(self.watcher.serve)
        script = running()
        if script is None or not self.poller.stopping:
            return
        if not script.wrote and not self.propagation.in_transaction:
            script.end()

    def script_only_reads(self, client: Client) -> bool:
        """Tell whether the script that a client asks for says that it does not write."""
        name, script = client.args[0].lower(), client.args[1]
        flags = SAYS_NOTHING
        if name.startswith(b"fcall"):
            function = self.functions.find(script)
            flags = 0 if function is None else function.flags
        elif name.startswith(b"evalsha"):
            known = self.scripts.find(script)
            flags = SAYS_NOTHING if known is None else known.flags
        else:
            try:
                flags, _ = script_flags(script)
            except CommandError:
                return False
        return bool(flags & NO_WRITES)

    def log_from_script(self, level: int, text: bytes) -> None:
        """redis.log: levels 0 (debug) to 3 (warning)."""
        write = (self.log_debug, self.log_verbose, self.log_notice, self.log_warning)[level]
        write(text.decode("utf-8", "backslashreplace"))

    # What connections ask

    def admit(self, connection: Connection) -> bytes | None:
        """Why a new connection can't be served, as the text of an error reply; None where it can."""
        return self.acceptor.refusal(connection)

    def on_connection_error(self, connection: Connection) -> None:
        """Serving a connection failed outside of any command: our bug, or no memory for what it sends."""
        self.internal_errors += 1
        self.log_warning(f"Closing client {connection.id} after an internal error:\n{traceback.format_exc()}")
        connection.close()

    def on_disconnect(self, connection: Connection) -> None:
        """A connection is gone."""

    def describe_client(self, connection: Connection) -> str:
        """A connection in one line, as CLIENT LIST shows it."""
        return describe(connection)

    def unix_socket_name(self) -> str:
        """Path of the unix socket."""
        return self.config.unixsocket

    # What dispatch asks

    def make_room(self) -> bool:
        """Evict keys until memory is below maxmemory; False where that can't be done."""
        started_ns = time.monotonic_ns()
        done = self.evictor.make_room(self.maxmemory)
        self.latency.add(b"eviction-cycle", (time.monotonic_ns() - started_ns) // 1_000_000)
        if self.evictor.behind:
            self.cron.evict_soon()
        return done

    def on_slow_command(self, client: Client, command: Command, elapsed_ns: int) -> None:
        """A command took long enough for the slow log or for the latency monitor."""
        elapsed_us = elapsed_ns // 1000
        self.latency.add(b"fast-command" if command.flags & FAST else b"command", elapsed_us // 1000)
        if not 0 <= self.config.slowlog_log_slower_than <= elapsed_us or command.flags & SKIP_SLOWLOG:
            return
        argv = redacted(command.name, kept_arguments(client.args), self.config)
        address = client.address() if isinstance(client, Connection) else ""
        self.slowlog.add(elapsed_us, argv, address.encode(), client.name)

    def visible_arguments(self, client: Client, command: Command) -> list[bytes]:
        """The arguments of the request that runs, secrets left out, for monitors."""
        return redacted(command.name, client.args.tail(0), self.config)

    def describe_source(self, client: Client) -> bytes:
        """Where a client's commands come from, as monitors are told."""
        if not isinstance(client, Connection):
            return b"lua"
        return f"unix:{self.config.unixsocket}".encode() if client.is_unix else client.peer.encode()

    # What commands ask

    def info(self, words: list[bytes]) -> bytes:
        """The reply of INFO."""
        return info.render(self, [decode(word) for word in words])

    def reset_statistics(self) -> None:
        """Set back all counters, but for those of each command."""
        super().reset_statistics()
        self.evictor.reset_statistics()
        self.cron.reset_statistics()
        self.scripts.evicted = 0
        self.children.reset_statistics()
        self.snapshots.reset_statistics()

    def memory_stats(self) -> list[tuple[str, object]]:
        """The fields of MEMORY STATS."""
        return memory.statistics(self)

    def memory_doctor(self) -> bytes:
        """The text of MEMORY DOCTOR."""
        return memory.diagnose(self)

    def malloc_stats(self) -> bytes:
        """The text of MEMORY MALLOC-STATS."""
        return memory.allocator_report()

    def lolwut(self, words: list[bytes]) -> bytes:
        """The text of LOLWUT."""
        return lolwut.draw(words, self.redis_version)

    def config_get(self, patterns: list[bytes]) -> list[tuple[bytes, bytes]]:
        """Names and values of the options that match."""
        found = self.config.get([decode(pattern) for pattern in patterns])
        return [(encode(name), encode(value)) for name, value in found]

    def config_set(self, client: Client, words: list[bytes]) -> None:
        """Set options, given as name, value, name, value …; all or none. Raises CommandError."""
        texts = [decode(word) for word in words]
        pairs = list(zip(texts[::2], texts[1::2], strict=True))
        try:
            self.config.set_many(pairs, local=self.is_local(client), loading=self.loading)
        except ConfigLoadingError as error:
            raise CommandError(encode(str(error))) from None
        except ConfigSetError as error:
            for failure in error.restore_failures:
                self.log_warning(f"CONFIG SET could not put back what it had changed: {failure}")
            raise CommandError(b"ERR " + encode(str(error))) from None

    def config_rewrite(self, every_option: bool = False) -> None:
        """Write the configuration back into its file. Raises CommandError."""
        try:
            self.config.rewrite(every_option=every_option)
        except ConfigError as error:
            self.log_warning(f"CONFIG REWRITE failed: {error}")
            raise CommandError(b"ERR " + encode(str(error))) from None
        self.log_notice("CONFIG REWRITE executed with success.")

    def allows_debug(self, client: Client) -> bool:
        """Tell whether enable-debug-command lets this client use DEBUG."""
        return self.config.allows(self.config.enable_debug_command, local=self.is_local(client))

    def is_local(self, client: Client) -> bool:
        """Tell whether a client is a process of this machine."""
        if not isinstance(client, Connection) or client.is_unix:
            return True
        return is_loopback(client.peer)

    def request_shutdown(self, save: bool, force: bool, no_save: bool = False) -> bool:
        """Save as asked for, or else as configured, and end the server soon; False where that failed without `force`.

        While a script runs, only with `no_save`: it ends too. Raises CommandError otherwise.
        """
        script = running()
        if script is not None and not no_save:
            raise CommandError(script.busy_text())
        self.log_warning("User requested shutdown...")
        if script is not None:
            # Half of what it does must not be found in the log.
            self.propagation.drop_command()
            script.end()
        if not shutdown.prepare(self, save=save, no_save=no_save, force=force):
            return False
        self.shut_down()
        return True

    # Persistence

    def become_child(self, kind: str) -> None:
        """This process is a child now: log and the list of processes show it as one."""
        self.logger.role = "C"
        processors = {"rdb": self.config.bgsave_cpulist, "aof": self.config.aof_rewrite_cpulist}
        process.run_on(processors.get(kind, ""))
        with suppress(OSError):
            # Where it fails, it failed for the server as well, which has said so.
            self.oom_score.set(self.config.oom_score_adj, self.config.oom_score_adj_values[2])
        if self.shows_title:
            process.set_title(process.title(self.config, f"pyrite-{kind}-child"))

    def on_all_deleted(self) -> None:
        """FLUSHALL has run: what is on disk must not bring the data back."""
        self.snapshots.after_flush()

    def note_disk_error(self, source: str, texts: tuple[bytes, bytes] | None) -> None:
        """The disk does not take what `source` has to write, or does again: refuse writes, or accept them.

        `texts` are the errors for commands and for scripts; None: all is well.
        """
        self.disk_errors.pop(source, None)
        if texts is not None:
            self.disk_errors[source] = texts
        # The snapshot's error before that of the log, as Redis has it.
        found = self.disk_errors.get("rdb") or self.disk_errors.get("aof")
        self.disk_refusal, self.script_disk_refusal = found or (None, None)
        self.guards = self.guards | GUARD_DISK if found else self.guards & ~GUARD_DISK

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
