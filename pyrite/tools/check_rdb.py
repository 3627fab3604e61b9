"""pyrite-check-rdb: reports what an RDB file holds and where it breaks, and saves what can be read of a broken one.

The report is that of redis-check-rdb, with a line for each database. Every value is looked at in full, as when a server
loads it, but none is kept.
"""

from __future__ import annotations

import argparse
import os
import stat
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pyrite import REDIS_VERSION, __version__
from pyrite.core.text import shown
from pyrite.keyspace.database import Keyspace
from pyrite.tools.bar import Bar
from pyrite.tools.rdb_repair import RepairError, repair
from pyrite.types.rdb_file import TYPE_NAMES, Listener, RdbError, RdbFile

PROGRAM = "pyrite-check-rdb"


@dataclass
class DatabaseCount:
    """What one database holds."""

    keys: int = 0
    volatile: int = 0
    types: Counter[str] = field(default_factory=Counter)


class Report(Listener):
    """What is printed of a file while it is read, and counted for the end."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self.file: RdbFile | None = None
        self._number = 0
        self._keys_before = self._volatile_before = 0
        self.databases: dict[int, DatabaseCount] = {}

    def say(self, text: str) -> None:
        """Print a line with the offset."""
        self.line(f"[offset {self.file.offset if self.file is not None else 0}] {text}")

    def line(self, text: str) -> None:
        """Print a line."""
        self._bar.clear()
        sys.stdout.write(text + "\n")

    def progress(self, done: int) -> None:
        self._bar.at(done)

    def aux(self, name: bytes, value: bytes) -> None:
        self.say(f"AUX FIELD {shown(name)} = '{shown(value)}'")

    def database(self, number: int) -> None:
        self.count()
        self._number = number
        self.say(f"Selecting DB ID {number}")

    def function(self, code: bytes) -> None:
        self.say(f"FUNCTIONS: {shown(code.splitlines()[0] if code else b'')}")

    def module_aux(self, name: str) -> None:
        self.say(f"MODULE AUX for: {name}")

    def empty_key(self, key: bytes) -> None:
        self.say(f"Empty collection under key '{shown(key)}': loading drops it")

    def has_no_checksum(self) -> None:
        self.say("RDB file was saved with checksum disabled: no check performed.")

    def count(self) -> None:
        """Note what was read since the last time as what the database holds that was selected."""
        file = self.file
        if file is None or file.keys == self._keys_before:
            return
        database = self.databases.setdefault(self._number, DatabaseCount())
        database.keys += file.keys - self._keys_before
        database.volatile += file.volatile_keys - self._volatile_before
        database.types.update(file.type_counts())
        self._keys_before, self._volatile_before = file.keys, file.volatile_keys

    def totals(self) -> None:
        """Print what the file holds."""
        file = self.file
        if file is None:
            return
        self.count()
        self.line(f"[info] {file.keys} keys read")
        self.line(f"[info] {file.volatile_keys} expires")
        self.line(f"[info] {file.past_keys} already expired")
        for number, database in sorted(self.databases.items()):
            kinds = ", ".join(f"{count} {name}" for name, count in database.types.most_common())
            self.line(f"[info] DB {number}: {database.keys} keys, {database.volatile} expires: {kinds}")

    def failure(self, error: RdbError) -> None:
        """Print where the file breaks."""
        self.line("--- RDB ERROR DETECTED ---")
        self.line(f"[offset {error.offset}] {error}")
        self.line(f"[additional info] While doing: {error.doing}")
        if error.key is not None:
            self.line(f"[additional info] Reading key '{shown(error.key)}'")
        if error.type >= 0:
            name = TYPE_NAMES[error.type] if error.type < len(TYPE_NAMES) else "unknown"
            self.line(f"[additional info] Reading type {error.type} ({name})")
        self.line(f"[additional info] Everything before offset {error.record_at} can be read")


def check(path: str) -> RdbError | None:
    """Print what a file holds; returns what is wrong with it, if anything is. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        found = os.fstat(descriptor)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(21, os.strerror(21), path)
        size = found.st_size if stat.S_ISREG(found.st_mode) else -1
        return _check(path, descriptor, size)
    finally:
        os.close(descriptor)


def _check(path: str, descriptor: int, size: int) -> RdbError | None:
    bar = Bar(size)
    report = Report(bar)
    report.say(f"Checking RDB file {path}")
    file = RdbFile(descriptor, size, Keyspace(1), report)
    file.keeps = False
    report.file = file
    try:
        report.say(f"RDB version {file.read_header()}")
        file.read()
    except RdbError as error:
        report.failure(error)
        report.totals()
        return error
    if size > file.offset:
        report.line(f"[info] {size - file.offset} bytes follow, such as the commands of an append-only file")
    report.say("\\o/ RDB looks OK! \\o/")
    report.totals()
    return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Check a file as the command line asks; returns the exit status, 0 where it is in order or has been mended."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Check an RDB file.")
    parser.add_argument("file", help="the file, such as dump.rdb")
    parser.add_argument(
        "--fix", action="store_true", help="save what can be read of a broken file, keeping the original"
    )
    parser.add_argument("--yes", action="store_true", help="mend without asking")
    parser.add_argument(
        "-v", "--version", action="version", version=f"{PROGRAM} {__version__} compatible with Redis {REDIS_VERSION}"
    )
    options = parser.parse_args(arguments)
    try:
        error = check(options.file)
        if error is None or not options.fix:
            return 0 if error is None else 1
        return mend(options.file, error, agreed=options.yes)
    except OSError as failure:
        sys.stderr.write(f"{PROGRAM}: {options.file}: {failure.strerror or failure}\n")
        return 1


def mend(path: str, error: RdbError, *, agreed: bool) -> int:
    """Put what can be read in the file's place, if whoever asks agrees; returns the exit status. Raises OSError."""
    try:
        mended = repair(path, error)
    except RepairError as failure:
        sys.stderr.write(f"{PROGRAM}: {failure}\n")
        return 1
    try:
        sys.stdout.write(f"{mended.keys} keys can be kept; {mended.lost}.\n")
        if not agreed and not _agrees():
            sys.stdout.write("Nothing was changed.\n")
            return 1
        backup = mended.put_in_place()
    finally:
        mended.discard()
    sys.stdout.write(f"Successfully fixed: {path} holds {mended.keys} keys. The original is {backup}.\n")
    return 0


def _agrees() -> bool:
    """Ask whether to go on."""
    sys.stdout.write("Continue? [y/N]: ")
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


if __name__ == "__main__":
    sys.exit(main())
