"""MONITOR: clients that are sent every command as it runs."""

import cython
from cython.cimports.pyrite.engine.client import CLIENT_MONITOR, Client
from cython.cimports.pyrite.engine.command import Command
from cython.cimports.pyrite.engine.state import GUARD_MONITOR, ServerState

_ESCAPES: dict = {ord("\\"): b"\\\\", ord('"'): b'\\"', 10: b"\\n", 13: b"\\r", 9: b"\\t", 7: b"\\a", 8: b"\\b"}
_QUOTED: list = [_ESCAPES.get(byte, b"%c" % byte if 32 <= byte < 127 else b"\\x%02x" % byte) for byte in range(256)]


def _quoted(argument: bytes) -> bytes:
    return b'"' + b"".join([_QUOTED[byte] for byte in argument]) + b'"'


def start_monitoring(client: Client) -> None:
    """Send the client every command from now on."""
    client.flags |= CLIENT_MONITOR
    client.guards |= GUARD_MONITOR
    client.server.monitors[client.id] = client


def feed_monitors(client: Client, command: Command) -> None:
    """Tell all monitors of the command that a client has run, secrets left out."""
    server: ServerState = client.server
    now_us: cython.longlong = server.unix_time_us()
    words: list = [_quoted(argument) for argument in server.visible_arguments(client, command)]
    line: bytes = b"+%d.%06d [%d %b] %b\r\n" % (
        now_us // 1000000,
        now_us % 1000000,
        client.db.id,
        server.describe_source(client),
        b" ".join(words),
    )
    monitor: Client
    for monitor in list(server.monitors.values()):
        monitor.push(line)
