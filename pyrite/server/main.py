"""Start of the server: command line, configuration, sockets, process, event loop, end.

Everything that can fail does so before the process goes into the background, with one line on standard error and exit
status 1.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Sequence

from pyrite import REDIS_VERSION, __version__
from pyrite.core.memory import tune_system_malloc
from pyrite.core.text import harmless
from pyrite.engine.command import find_command, rename_commands
from pyrite.persistence.start import load_dataset
from pyrite.server import crash, listen, process
from pyrite.server.config.command_line import Invocation, parse_command_line, usage
from pyrite.server.config.config import Config
from pyrite.server.config.errors import ConfigError, ConfigFileError, ConfigSystemError
from pyrite.server.config.load import load
from pyrite.server.families import load_all
from pyrite.server.log import Log, say
from pyrite.server.server import Server

PROGRAM = "pyrite-server"
# Where a server in the background writes its process id if nothing else is configured: Redis's place.
DEFAULT_PID_FILE = "/var/run/redis.pid"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server as the command line asks; returns the exit status."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        invocation = parse_command_line(arguments)
    except ConfigError as error:
        return _refused(str(error))
    if invocation.action == "version":
        sys.stdout.write(f"Pyrite server v={__version__} compatible with Redis v={REDIS_VERSION} bits=64\n")
        return 0
    if invocation.action == "help":
        sys.stdout.write(usage(PROGRAM))
        return 0
    try:
        config = configure(invocation)
    except ConfigFileError as error:
        return _failed(error.report(__version__)) if error.source else _refused(str(error))
    except ConfigSystemError as error:
        return _refused(error.report())
    except ConfigError as error:
        return _refused(str(error))
    return serve(config, arguments)


def _refused(reason: str) -> int:
    """Say in one line why the server can't start; returns the exit status."""
    return _failed(f"{PROGRAM}: {harmless(reason)}")


def _failed(message: str) -> int:
    say(message)
    return 1


def configure(invocation: Invocation) -> Config:
    """Load commands and configuration. Raises ConfigError."""
    load_all()
    config = Config()
    load(
        config,
        invocation,
        stdin=sys.stdin.buffer if invocation.stdin else None,
        is_command=lambda name: find_command(name.encode()) is not None,
    )
    rename_commands(config.renamed_commands)
    return config


def serve(config: Config, arguments: list[str]) -> int:
    """Open the sockets and serve until told to end; returns the exit status."""
    log = Log(config.logfile, config.loglevel)
    tcp: list[socket.socket] = []
    try:
        fitting, limit_notice = process.open_file_limit(config.maxclients)
        if fitting < config.maxclients:
            config.assign("maxclients", str(fitting))
        notices: list[str] = []
        tcp = listen.tcp_sockets(config, notices)
        unix = listen.unix_socket(config)
        if not tcp and unix is None:
            raise listen.ListenError("Configured to not listen anywhere, exiting.")
        server = _prepare(config, log, arguments)
    except (listen.ListenError, process.ProcessError) as error:
        listen.close_all(tcp)
        if config.logfile:
            log.warning(str(error))
        return _refused(str(error))
    for notice in filter(None, [limit_notice, *notices, *config.notices()]):
        log.notice(notice)
    return _run(server, tcp, unix)


def _prepare(config: Config, log: Log, arguments: list[str]) -> Server:
    """Go into the background if that is asked for and no supervisor waits; then what the process that stays needs."""
    supervised = process.supervision(config.supervised, log.warning)
    background = config.daemonize and supervised == "no"
    if background:
        process.daemonize()
    tune_system_malloc()
    if not config.locale_collate:
        process.collate_as_environment()
    if config.disable_thp:
        process.disable_huge_pages()
    server = Server(config, log, os.path.abspath(sys.argv[0]), arguments)
    server.supervised = supervised
    if background or config.pidfile:
        path = config.pidfile or DEFAULT_PID_FILE
        try:
            process.write_pid_file(path)
            server.pid_file = os.path.abspath(path)
        except process.ProcessError as error:
            log.warning(str(error))
    if config.set_proc_title:
        server.shows_title = True
        process.set_title(process.title(config))
    return server


def _run(server: Server, tcp: list[socket.socket], unix: socket.socket | None) -> int:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _frame: _on_signal(server, got))
    for number in (signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    crash.follow(server.config)
    _announce(server)
    server.start(tcp, unix)
    try:
        if load_dataset(server):
            _ready(server, tcp, unix)
            server.run()
    finally:
        if server.supervised == "systemd":
            process.notify_systemd("STOPPING=1\n")
        server.close()
    if server.exit_status == 0:
        server.log_warning("Pyrite is now ready to exit, bye bye...")
    return server.exit_status


def _announce(server: Server) -> None:
    server.log_notice(f"Pyrite {__version__}, compatible with Redis {REDIS_VERSION}, PID: {os.getpid()}")
    if server.arguments:
        server.log_notice("Configuration loaded")
    else:
        server.log_notice(f"No configuration: all defaults. To give a file: {PROGRAM} /path/to/pyrite.conf")
    server.log_notice("Server initialized")


def _ready(server: Server, tcp: list[socket.socket], unix: socket.socket | None) -> None:
    """Say where to connect, which process this is, and which limits hold; then tell a supervisor."""
    config = server.config
    places = [_place(each) for each in tcp] + ([config.unixsocket] if unix is not None else [])
    memory = f"{config.maxmemory} bytes, {config.maxmemory_policy}" if config.maxmemory else "no limit"
    server.log_notice(
        f"Listening on {', '.join(places)}; process {os.getpid()}; {config.maxclients} clients, memory: {memory}"
    )
    if tcp:
        server.log_notice("Ready to accept connections tcp")
    if unix is not None:
        server.log_notice("Ready to accept connections unix")
    if server.supervised == "systemd":
        process.notify_systemd("STATUS=Ready to accept connections\nREADY=1\n")
    elif server.supervised == "upstart":
        process.stop_for_upstart()


def _place(made: socket.socket) -> str:
    host, port = made.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _on_signal(server: Server, number: int) -> None:
    name = "SIGINT" if number == signal.SIGINT else "SIGTERM"
    if server.loading:
        server.log_warning("Received shutdown signal during loading, scheduling shutdown.")
    else:
        server.log_warning(f"Received {name} scheduling shutdown...")
    server.on_ending_signal(number)
