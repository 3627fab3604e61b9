"""Watcher: descriptors that plain Python looks after, and the event loop once something needs one.

Clients' sockets stand in the poller, which serves them in compiled code. The few other descriptors, listening sockets
first of all, stand in an epoll set of the watcher, and that set stands in the poller's like one more socket.

The event loop, uvloop, is made when it is first asked for and is watched like any other descriptor. A server that needs
no asyncio does without the third of its start-up time and the fifth of its memory that importing it takes.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio


class Watcher:
    """Calls functions when their descriptors are readable; `on_error`, while what one of them raises is handled."""

    def __init__(self, on_error: Callable[[], object]) -> None:
        self._epoll = select.epoll()
        self._functions: dict[int, Callable[[], object]] = {}
        self._on_error = on_error
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def fd(self) -> int:
        """The descriptor that is readable when `serve` has something to do."""
        return self._epoll.fileno()

    def add(self, fd: int, function: Callable[[], object]) -> None:
        """Call the function from now on whenever the descriptor is readable."""
        self._epoll.register(fd, select.EPOLLIN)
        self._functions[fd] = function

    def remove(self, fd: int) -> None:
        """Forget a descriptor, before it is closed; one that is not watched is none to forget."""
        if self._functions.pop(fd, None) is not None:
            self._epoll.unregister(fd)

    def serve(self) -> None:
        """Call the functions of all descriptors that are readable now."""
        for fd, _ in self._epoll.poll(0):
            function = self._functions.get(fd)
            if function is not None:
                self._call(function)

    def run_timers(self) -> None:
        """Give the event loop's own timers their turn; its descriptor does not tell of them."""
        if self._loop is not None:
            self._call(self._turn)

    def _call(self, function: Callable[[], object]) -> None:
        try:
            function()
        except Exception:  # noqa: BLE001 - one function's bug must not end the server
            self._on_error()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop of this server, made now if nothing has needed it before."""
        if self._loop is None:
            import uvloop  # noqa: PLC0415 - see the module's docstring

            self._loop = uvloop.new_event_loop()
            self.add(backend_descriptor(self._loop), self._turn)
        return self._loop

    def _turn(self) -> None:
        """One turn of the event loop, which does not wait."""
        self.loop.call_soon(self.loop.stop)
        self.loop.run_forever()

    def close(self) -> None:
        """Watch nothing any more, and end the event loop."""
        if self._loop is not None:
            self.remove(backend_descriptor(self._loop))
            self._loop.close()
            self._loop = None
        self._functions.clear()
        self._epoll.close()


def backend_descriptor(loop: asyncio.AbstractEventLoop) -> int:
    """The epoll descriptor of a uvloop or asyncio event loop, which is readable when the loop has something to do."""
    if hasattr(loop, "_get_backend_id"):
        return int(loop._get_backend_id())
    return int(loop._selector.fileno())  # type: ignore[attr-defined]  # asyncio keeps it to itself
