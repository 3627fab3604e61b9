"""The files of the append-only log: finding them, also those of a Redis before 7, and making new ones."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pyrite.persistence import manifest as manifests
from pyrite.persistence.disk import sync_directory
from pyrite.persistence.loading import LoadError
from pyrite.persistence.manifest import Manifest, ManifestError

if TYPE_CHECKING:
    from pyrite.server.server import Server

FILE_MODE = 0o644


def manifest_path(directory: str, name: str) -> str:
    """Where the manifest of a log is."""
    return os.path.join(directory, name + manifests.SUFFIX)


def find(server: Server, directory: str, name: str, *, migrate: bool = True) -> Manifest:
    """The files of the log `name`, an empty manifest for none. Raises LoadError.

    With `migrate` a log of Redis before 7, one file beside the directory, becomes the first base.
    """
    path = manifest_path(directory, name)
    try:
        found = manifests.read(path)
    except ManifestError as error:
        raise LoadError(describe(path, error)) from None
    except OSError as error:
        raise LoadError(f"Fatal error: can't open the AOF manifest file {path} for reading: {error.strerror}") from None
    if migrate and os.path.isfile(name) and _is_of_old_layout(found, directory, name):
        return _migrate(server, directory, name)
    return found or Manifest()


def describe(path: str, error: ManifestError) -> str:
    """What is wrong with a manifest, and what to do, in one line."""
    where = f", at line {error.line}: '{error.text.decode('utf-8', 'backslashreplace')}'" if error.line else ""
    return (
        f"Fatal AOF manifest file error: {error}. Reading {path}{where}. Restore it from a backup, or write it anew "
        f"from the names of the files beside it"
    )


def _is_of_old_layout(found: Manifest | None, directory: str, name: str) -> bool:
    """Tell whether the log is still one file, or a migration of it was cut short before the file was moved."""
    if found is None:
        return True
    only_base = found.base is not None and not found.increments and not found.history
    return (
        only_base
        and found.base is not None
        and found.base.name == name
        and not os.path.exists(os.path.join(directory, name))
    )


def _migrate(server: Server, directory: str, name: str) -> Manifest:
    """Move the one file of an old log into the directory, as the first base. Raises LoadError."""
    manifest = manifests.of_old_file(name)
    try:
        os.makedirs(directory, exist_ok=True)
        save(directory, name, manifest)
        os.rename(name, os.path.join(directory, name))
        sync_directory(directory)
    except OSError as error:
        raise LoadError(
            f"Error trying to move the old AOF file {name} into dir {directory}: {error.strerror}"
        ) from None
    server.log_notice(f"Successfully migrated an old-style AOF file ({name}) into the AOF directory ({directory}).")
    return manifest


def save(directory: str, name: str, manifest: Manifest) -> None:
    """Replace the log's manifest. Raises OSError."""
    manifests.write(manifest_path(directory, name), manifest)


def open_increment(path: str, *, anew: bool = False) -> int:
    """Open a file to append to; returns its descriptor. Raises OSError."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    return os.open(path, flags | (os.O_TRUNC if anew else 0), FILE_MODE)


def size_of(path: str) -> int:
    """Bytes of a file; 0 where there is none."""
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
