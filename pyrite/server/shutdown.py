"""The end of the server: what is saved first, and when it does not end after all."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pyrite.server import process

if TYPE_CHECKING:
    from pyrite.server.server import Server

_CHILDREN = {"rdb": "saving an .rdb", "aof": "rewriting the AOF"}


def prepare(server: Server, *, save: bool, no_save: bool, force: bool) -> bool:
    """End the child process and save; False where that failed, so that the server has to go on.

    With `save` in any case, with `no_save` in none, otherwise if there are `save` points. With `force` a failure ends
    the server too.
    """
    if server.children.running is not None:
        server.log_warning(f"There is a child {_CHILDREN[server.children.running]}. Killing it!")
        server.children.kill()
    if server.loader.active:
        # A data set of which only a part is loaded must not replace the whole one on disk.
        return True
    if not save and (no_save or not server.config.save):
        return True
    server.log_notice("Saving the final RDB snapshot before exiting.")
    _tell_supervisor(server, "Saving the final RDB snapshot")
    with _interruptible():
        # The cache keeps the file: the server likely starts again soon.
        saved = server.snapshots.save(keep_cache=True)
    if saved:
        return True
    if force:
        server.log_warning("Error trying to save the DB. Exit anyway.")
        return True
    server.log_warning("Error trying to save the DB, can't exit.")
    _tell_supervisor(server, "Error trying to save the DB, can't exit.")
    server.log_warning("Errors trying to shut down the server. Check the logs for more information.")
    return False


@contextmanager
def _interruptible() -> Iterator[None]:
    """Who presses Ctrl-C once more while all is saved means it: the process ends at once."""
    handler = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def _tell_supervisor(server: Server, status: str) -> None:
    if server.supervised == "systemd":
        process.notify_systemd(f"STATUS={status}\n")
