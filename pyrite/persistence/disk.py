"""What the disk is to be told."""

from __future__ import annotations

import errno
import os


def sync_directory(path: str) -> None:
    """Flush a directory to disk, so that names of files in it outlive the power. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some file systems know no flush of a directory.
        if error.errno not in (errno.EINVAL, errno.EBADF):
            raise
    finally:
        os.close(descriptor)
