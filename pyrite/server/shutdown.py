"""The end of the server: what is saved first, and when it does not end after all."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from pyrite.persistence.rdb import temporary_name
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
    with _interruptible(server):
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
def _interruptible(server: Server) -> Iterator[None]:
    """Who presses Ctrl-C once more while all is saved means it: the process ends at once.

    The main thread writes the file and handles no signal meanwhile; a pipe tells another thread of them.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # and signals are somebody else's
        return
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    before = signal.set_wakeup_fd(theirs, warn_on_full_buffer=False)
    thread = threading.Thread(target=_insist, args=(server, ours), daemon=True)
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(theirs)
        thread.join()
        os.close(ours)


def _insist(server: Server, pipe: int) -> None:
    """End the process at the first SIGINT that the pipe tells of; return when the pipe is closed."""
    while data := os.read(pipe, 64):
        if signal.SIGINT in data:
            server.log_warning("You insist... exiting now.")
            with suppress(OSError):
                os.unlink(temporary_name(os.getpid()))
            os._exit(1)


def _tell_supervisor(server: Server, status: str) -> None:
    if server.supervised == "systemd":
        process.notify_systemd(f"STATUS={status}\n")
