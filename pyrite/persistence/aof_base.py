"""The base of the append-only log: the dataset of one moment, as a snapshot or as commands."""

from __future__ import annotations

import errno
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from pyrite.persistence import rdb
from pyrite.persistence.aof_format import TIMESTAMP
from pyrite.types.aof_rewrite import write_commands

if TYPE_CHECKING:
    from pyrite.core.child import Progress
    from pyrite.server.server import Server


def write_base(server: Server, path: str, progress: Progress | None, *, is_rdb: bool) -> None:
    """Write the dataset to a new file, as a snapshot or as commands, and flush it to disk. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        if is_rdb:
            rdb.write(server, descriptor, progress, is_aof_base=True)
        else:
            _write_commands(server, descriptor, progress)
        os.fsync(descriptor)
        if progress is not None and progress.orphaned():
            raise ProcessLookupError(errno.ESRCH, "the server is gone")
    except OSError as error:
        server.log_warning(f"Write error writing append only file on disk: {error.strerror}")
        with suppress(OSError):
            os.unlink(path)
        raise
    finally:
        os.close(descriptor)


def _write_commands(server: Server, descriptor: int, progress: Progress | None) -> None:
    config = server.config
    if config.aof_timestamp_enabled:
        os.write(descriptor, b"%b%d\r\n" % (TIMESTAMP, time.time()))
    libraries = [library.code for library in server.functions.libraries.values()]
    write_commands(
        server.keyspace,
        descriptor,
        libraries,
        progress,
        syncs=config.aof_rewrite_incremental_fsync,
        key_delay_us=config.rdb_key_save_delay,
    )


def temporary_base(pid: int) -> str:
    """What a process with this id writes a base to."""
    return f"temp-rewriteaof-bg-{pid}.aof"
