"""The start: the dataset comes back from the append-only log where that is on, else from the snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyrite.persistence.loading import LoadError
from pyrite.persistence.rdb_load import load_at_start

if TYPE_CHECKING:
    from pyrite.server.server import Server


def load_dataset(server: Server) -> bool:
    """Load what is on disk; False where the server has to end: its exit status is set, its log says why."""
    if server.config.appendonly:
        return server.aof.start()
    if not load_at_start(server):
        return False
    try:
        server.aof.look()
    except LoadError as error:
        server.log_warning(str(error))
        server.fail()
        return False
    return True
