"""Manifest: which files the append-only log consists of, as Redis 7 keeps it beside them.

One file to a line:

    file appendonly.aof.1.base.rdb seq 1 type b
    file appendonly.aof.3.incr.aof seq 3 type i

The base holds the dataset of one moment, the increments the commands since then, in order of their numbers. History is
what is no longer needed and waits to be removed. A manifest is replaced as a whole, by renaming.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, replace

from pyrite.persistence.disk import sync_directory
from pyrite.server.config.text import encode, quote_if_needed, split_arguments

BASE, HISTORY, INCREMENT = "b", "h", "i"
SUFFIX = ".manifest"
LINE_MAX = 1024
INT64_MAX = 2**63 - 1

EMPTY = "Found an empty AOF manifest"
BAD_FORMAT = "Invalid AOF manifest file format"
LONG_LINE = "The AOF manifest file contains too long line"
TWO_BASES = "Found duplicate base file information"
NOT_RISING = "Found a non-monotonic sequence number"
UNKNOWN_TYPE = "Unknown AOF file type"


class ManifestError(Exception):
    """A manifest can't be understood; `line` is its number from 1 on, `text` what stands there."""

    def __init__(self, problem: str, line: int = 0, text: bytes = b"") -> None:
        super().__init__(problem)
        self.line = line
        self.text = text


class NotFlushedError(OSError):
    """A manifest is in its place, but the directory could not be flushed to disk."""


@dataclass(frozen=True)
class LogFile:
    """One file of the log."""

    name: str
    sequence: int
    type: str

    def line(self) -> bytes:
        """What the manifest says of it."""
        return b"file %b seq %d type %b\n" % (quote_if_needed(encode(self.name)), self.sequence, self.type.encode())


@dataclass(frozen=True)
class Manifest:
    """The files of one log; what changes it returns another one."""

    base: LogFile | None = None
    increments: tuple[LogFile, ...] = ()
    history: tuple[LogFile, ...] = ()
    base_sequence: int = 0  # the last number that a base had
    increment_sequence: int = 0

    @property
    def is_empty(self) -> bool:
        """There is no dataset in it."""
        return self.base is None and not self.increments

    @property
    def files(self) -> list[LogFile]:
        """What makes up the dataset, in the order in which it is to be loaded."""
        return ([self.base] if self.base else []) + list(self.increments)

    def text(self) -> bytes:
        """The content of its file."""
        files = [*([self.base] if self.base else []), *self.history, *self.increments]
        return b"".join(each.line() for each in files)

    def with_base(self, name: str, *, is_rdb: bool) -> Manifest:
        """A new base for the log `name`; the old one becomes history."""
        sequence = self._unused(self.base_sequence, f"{name}.%d.base.")
        old = (replace(self.base, type=HISTORY),) if self.base else ()
        file = LogFile(f"{name}.{sequence}.base.{'rdb' if is_rdb else 'aof'}", sequence, BASE)
        return replace(self, base=file, base_sequence=sequence, history=old + self.history)

    def with_increment(self, name: str) -> Manifest:
        """One more increment for the log `name`."""
        sequence = self._unused(self.increment_sequence, f"{name}.%d.incr.")
        file = LogFile(f"{name}.{sequence}.incr.aof", sequence, INCREMENT)
        return replace(self, increments=(*self.increments, file), increment_sequence=sequence)

    def _unused(self, last: int, form: str) -> int:
        """The next number that no file of the history has either: such a file is to be removed."""
        sequence = last + 1
        while any(each.name.startswith(form % sequence) for each in self.history):
            sequence += 1
        return sequence

    def rewritten(self, kept: int) -> Manifest:
        """All increments but the last `kept` become history: the base has what they did."""
        end = len(self.increments) - kept
        old = tuple(replace(each, type=HISTORY) for each in self.increments[:end])
        return replace(self, increments=self.increments[end:], history=old + self.history)

    def without_history(self) -> Manifest:
        """The history has been removed. Where no increment is left either, the next one is the first, as in Redis."""
        return replace(self, history=(), increment_sequence=self.increment_sequence if self.increments else 0)


def of_old_file(name: str) -> Manifest:
    """The manifest of a log of Redis before 7, one file that has everything."""
    return Manifest(base=LogFile(name, 1, BASE), base_sequence=1)


def _file_of(line: bytes) -> LogFile:
    """What one line says. Raises ManifestError."""
    try:
        words = split_arguments(line)
    except ValueError:
        words = []
    if len(words) < 6 or len(words) % 2:
        raise ManifestError(BAD_FORMAT)
    pairs = {key.lower(): value for key, value in zip(words[::2], words[1::2], strict=True)}
    name = pairs.get(b"file", b"").decode("utf-8", "surrogateescape")
    sequence, kind = pairs.get(b"seq", b""), pairs.get(b"type", b"")
    if not name or not sequence.isdigit() or not 0 < int(sequence) <= INT64_MAX or len(kind) != 1:
        raise ManifestError(BAD_FORMAT)
    if os.path.basename(name) != name or name in (".", ".."):
        raise ManifestError("File can't be a path, just a filename")
    return LogFile(name, int(sequence), kind.decode("latin-1"))


def _added(manifest: Manifest, file: LogFile) -> Manifest:
    """The manifest with what its next line says. Raises ManifestError."""
    if file.type == BASE:
        if manifest.base is not None:
            raise ManifestError(TWO_BASES)
        return replace(manifest, base=file, base_sequence=file.sequence)
    if file.type == HISTORY:
        return replace(manifest, history=(*manifest.history, file))
    if file.type == INCREMENT:
        if file.sequence <= manifest.increment_sequence:
            raise ManifestError(NOT_RISING)
        return replace(manifest, increments=(*manifest.increments, file), increment_sequence=file.sequence)
    raise ManifestError(UNKNOWN_TYPE)


def parse(text: bytes) -> Manifest:
    """Read a manifest. Raises ManifestError."""
    manifest = Manifest()
    if not text:
        raise ManifestError(EMPTY)
    lines = text.split(b"\n")
    for number, line in enumerate(lines, 1):
        is_last = number == len(lines)
        try:
            if len(line) >= LINE_MAX:
                raise ManifestError(LONG_LINE)
            if line.startswith(b"#") or (is_last and not line):
                continue
            if is_last:
                raise ManifestError(LONG_LINE)  # Redis's word for a line without an end
            manifest = _added(manifest, _file_of(line))
        except ManifestError as error:
            raise ManifestError(str(error), number, line) from None
    return manifest


def read(path: str) -> Manifest | None:
    """Read the manifest at `path`; None where there is none. Raises ManifestError, OSError."""
    try:
        with open(path, "rb") as file:
            return parse(file.read())
    except FileNotFoundError:
        return None


def write(path: str, manifest: Manifest) -> None:
    """Replace the manifest at `path`: the old or the new one is there, whole, whatever happens.

    Raises NotFlushedError where it is the new one, but the old one may come back when the power fails; OSError where it
    is the old one.
    """
    directory, name = os.path.split(path)
    temporary = os.path.join(directory, f"temp-{name}")
    try:
        with open(temporary, "wb") as file:
            file.write(manifest.text())
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, path)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    try:
        sync_directory(directory or ".")
    except OSError as error:
        raise NotFlushedError(error.errno, error.strerror) from None
