"""Loading: the state of a server whose data set is being read from files.

While it lasts, commands that look at the data set are answered with LOADING, and the others are served in between:
whoever reads the files says now and then how far it is. INFO tells of the progress.

    with server.loading_from(total_bytes) as progress:
        for each file:
            ... progress.at(bytes_done) ...
            progress.file_done(bytes_of_the_file)
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyrite.server.server import Server

GUARD_LOADING = 256  # as in engine/state.pxd


class LoadError(Exception):
    """A file can't be loaded. The text is one line: which file, where in it, what is wrong, what to do."""


class LoadingStopped(Exception):  # noqa: N818 - no error: somebody asked for it
    """The server was told to end while its data set was being loaded."""


class Loading:
    """Whether a server is loading, how far it is, and what the last load brought. Bytes are those of files."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.active = False
        self.is_async = False  # the old data set is served meanwhile, as a replica may
        self.started_at_s = 0
        self.total_bytes = 0  # 0 where that is not known
        self.loaded_bytes = 0
        self.rdb_used_mem = 0  # memory of the server that wrote the snapshot, as that says
        self.keys_loaded = 0
        self.keys_expired = 0
        self._files_bytes = 0  # of files that are done
        self._next_turn = 0

    @contextmanager
    def of(self, total_bytes: int) -> Iterator[Loading]:
        """Be loading files of so many bytes. After an exception it stays so: what is there is no data set to serve."""
        self.active = True
        self.started_at_s = int(time.time())
        self.total_bytes = total_bytes
        self.loaded_bytes = self.rdb_used_mem = self._files_bytes = 0
        self._next_turn = self.interval_bytes
        self._server.guards |= GUARD_LOADING
        yield self
        self.end()

    def end(self) -> None:
        """Be loading no longer: the data set can be served."""
        self.active = False
        self._server.guards &= ~GUARD_LOADING

    @property
    def interval_bytes(self) -> int:
        """How many bytes may pass between two turns for clients."""
        return self._server.config.loading_process_events_interval_bytes

    def at(self, done_bytes: int) -> None:
        """So many bytes of the file at hand are read: note it, and serve clients if it is their turn.

        Raises LoadingStopped.
        """
        self.loaded_bytes = self._files_bytes + done_bytes
        if self.loaded_bytes >= self._next_turn:
            self._next_turn = (self.loaded_bytes // self.interval_bytes + 1) * self.interval_bytes
            self.serve()

    def file_done(self, size_bytes: int) -> None:
        """A file of so many bytes is read: what `at` is told next is of another one."""
        self._files_bytes += size_bytes
        self.loaded_bytes = self._files_bytes

    def serve(self) -> None:
        """Give clients a turn. Raises LoadingStopped."""
        server = self._server
        server.cron.note_memory()
        server.poller.serve_meanwhile(server.watcher.serve)
        if server.poller.stopping:
            raise LoadingStopped
