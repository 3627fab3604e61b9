"""CLIENT PAUSE: a time in which the server holds back the commands of its clients, or those that write.

While it lasts, the guard in `dispatch` postpones the requests that it stops, and keys that expire are hidden but stay.
When it ends, the postponed clients go on in the order in which they were stopped, each with the request it had sent.
"""

import cython
from cython.cimports.libc.stdint import int64_t
from cython.cimports.pyrite.engine.state import GUARD_PAUSE, PAUSE_NONE, ServerState

# A timer is set for so long at most, and set again while the pause lasts.
TIMER_MAX_S = cython.declare(cython.int, 60)


def pause_clients(server: ServerState, mode: cython.int, until_ms: int64_t) -> None:
    """Hold back commands until a Unix time. A pause that goes on already becomes neither weaker nor shorter by it."""
    server.refresh_clock()
    if server.pause_until_ms > server.keyspace.now_ms:
        mode = max(mode, server.pause_mode)
        until_ms = max(until_ms, server.pause_until_ms)
    if until_ms <= server.keyspace.now_ms:
        unpause_clients(server)
        return
    server.pause_mode = mode
    server.pause_until_ms = until_ms
    server.guards |= GUARD_PAUSE
    server.keyspace.expire_paused = True
    _set_timer(server)


def unpause_clients(server: ServerState) -> None:
    """End the pause. The postponed clients go on once the current event is done: its request still uses the buffers."""
    server.pause_mode = PAUSE_NONE
    server.pause_until_ms = 0
    server.guards &= ~GUARD_PAUSE
    server.keyspace.expire_paused = False
    _cancel_timer(server)
    if server.postponed:
        server.call_soon(lambda: _resume(server))


def _set_timer(server: ServerState) -> None:
    left_s: cython.double = cython.cast(cython.double, server.pause_until_ms - server.keyspace.now_ms) / 1000
    _cancel_timer(server)
    server.pause_timer = server.call_later(min(left_s, TIMER_MAX_S), lambda: _check(server))


def _cancel_timer(server: ServerState) -> None:
    if server.pause_timer is not None:
        server.pause_timer.cancel()
        server.pause_timer = None


def _check(server: ServerState) -> None:
    """End the pause if its time is over, else wait on. Each pause ends by the one timer in `server.pause_timer`."""
    server.refresh_clock()
    if server.keyspace.now_ms >= server.pause_until_ms:
        unpause_clients(server)
    else:
        _set_timer(server)


def _resume(server: ServerState) -> None:
    """Let the clients go on, in order; one that is stopped again goes to the end of the new queue."""
    waiting: list = server.postponed[:]
    server.postponed.clear()
    for client in waiting:
        try:
            client.resume()
        except Exception:  # noqa: BLE001 - one client's failure must not hold up the others; it is logged and counted
            server.on_connection_error(client)
