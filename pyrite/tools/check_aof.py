"""pyrite-check-aof: what an append-only log holds, where it breaks, and mending what can be mended.

It is given a manifest, and looks at all files that this names, or one file. With --fix the last file is cut off behind
the last whole command or transaction; with --truncate-to-timestamp before what happened later than that.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from pyrite.keyspace.database import Keyspace
from pyrite.persistence import manifest as manifests
from pyrite.persistence.aof_format import CutOffError, FormatError, Item, read_item
from pyrite.persistence.manifest import LogFile, Manifest, ManifestError
from pyrite.tools.bar import Bar
from pyrite.types.rdb_file import Listener, RdbError, RdbFile

PROGRAM = "pyrite-check-aof"
WINDOW_BYTES = 1 << 20
SNAPSHOT_MAGIC = b"REDIS"


def say(text: str, end: str = "\n") -> None:
    """Print a line, or the beginning of one."""
    sys.stdout.write(text + end)
    sys.stdout.flush()


class CheckError(Exception):
    """The log is not as it should be, or can't be mended; the text says so."""


@dataclass
class Report:
    """What there is in one file. Offsets are bytes, lines count from 1."""

    size: int
    whole_end: int = 0  # behind the last whole command that is not in an unfinished transaction
    line: int = 1  # where reading stopped
    commands: int = 0
    problem: str = ""
    problem_at: int = 0
    later_at: int | None = None  # of the first command that happened later than asked for

    @property
    def is_good(self) -> bool:
        """All of it can be loaded."""
        return not self.problem


class _Progress(Listener):
    def __init__(self, bar: Bar) -> None:
        self._bar = bar

    def progress(self, done: int) -> None:
        self._bar.at(done)


class Scanner:
    """Reads one file."""

    def __init__(self, path: str, until_s: int | None = None) -> None:
        self.path = path
        self._until_s = until_s
        self._in_transaction = False
        self.report = Report(os.path.getsize(path))
        self.preamble_bytes = 0

    def scan(self) -> Report:
        """Read all of it. Raises OSError."""
        bar = Bar(self.report.size)
        try:
            with open(self.path, "rb", buffering=0) as file:
                if self._begins_with_snapshot(file.fileno()) and not self._read_snapshot(file.fileno(), bar):
                    return self.report
                self._read_commands(file.fileno(), bar)
        finally:
            bar.clear()
        return self.report

    @staticmethod
    def _begins_with_snapshot(descriptor: int) -> bool:
        return os.pread(descriptor, len(SNAPSHOT_MAGIC), 0) == SNAPSHOT_MAGIC

    def _read_snapshot(self, descriptor: int, bar: Bar) -> bool:
        """Read the snapshot that the file begins with; False where it is broken."""
        report = self.report
        rdb = RdbFile(descriptor, report.size, Keyspace(1), _Progress(bar))
        rdb.keeps = False
        try:
            rdb.read_header()
            rdb.read()
        except RdbError as error:
            report.problem, report.problem_at = f"RDB preamble of AOF file is not sane: {error}", error.offset
            return False
        self.preamble_bytes = report.whole_end = rdb.offset
        say("RDB preamble is OK, proceeding with AOF tail...")
        return True

    def _read_commands(self, descriptor: int, bar: Bar) -> None:
        report = self.report
        base, at, window = self.preamble_bytes, 0, WINDOW_BYTES
        data = os.pread(descriptor, window, base)
        try:
            while base + at < report.size and report.later_at is None:
                try:
                    item = read_item(data, at, 1, report.size)
                except CutOffError:
                    if base + len(data) >= report.size:
                        raise
                    window = WINDOW_BYTES if at else window * 2
                    base, at = base + at, 0
                    data = os.pread(descriptor, window, base)
                    bar.at(base)
                    continue
                self._note(item, base, base + at)
                report.line += data.count(b"\n", at, item.end)
                at = item.end
        except CutOffError:
            report.problem, report.problem_at = "Unexpected end of file", report.size
            report.line += data.count(b"\n", at)
        except FormatError as error:
            report.problem, report.problem_at = str(error), base + error.at
            report.line += data.count(b"\n", at, error.at)
        if self._in_transaction and not report.problem and report.later_at is None:
            report.problem, report.problem_at = "Reached EOF before reading EXEC for MULTI", report.size

    def _note(self, item: Item, base: int, start: int) -> None:
        """Note what is read, which begins at `start` in the file and ends at `base + item.end`."""
        report = self.report
        if item.comment is not None:
            stamp = item.timestamp_s
            if self._until_s is not None and stamp is not None and stamp > self._until_s:
                report.later_at = start
                return
        elif item.words:
            report.commands += 1
            word = item.words[0].lower()
            if word == b"multi":
                if self._in_transaction:
                    raise FormatError("Unexpected MULTI", start - base)
                self._in_transaction = True
            elif word == b"exec":
                if not self._in_transaction:
                    raise FormatError("Unexpected EXEC", start - base)
                self._in_transaction = False
        if not self._in_transaction:
            report.whole_end = base + item.end


class Checker:
    """Checks files, and mends the last one if that is wanted."""

    def __init__(self, *, fix: bool, assume_yes: bool, until_s: int | None) -> None:
        self._fix = fix
        self._assume_yes = assume_yes
        self._until_s = until_s

    def check(self, path: str, label: str, *, is_last: bool) -> None:
        """Check one file. Raises CheckError, OSError."""
        report = Scanner(path, self._until_s).scan()
        if self._until_s is not None and report.is_good:
            self._truncate_to_time(path, report, is_last=is_last)
            return
        say(
            f"AOF analyzed: filename={path}, size={report.size}, ok_up_to={report.whole_end}, "
            f"ok_up_to_line={report.line}, diff={report.size - report.whole_end}, commands={report.commands}"
        )
        if report.is_good:
            say(f"{label} {path} is valid")
            return
        say(f"0x{report.problem_at:16x}: {report.problem}")
        if not self._fix:
            raise CheckError(f"{label} {path} is not valid. Use the --fix option to try fixing it.")
        if not is_last:
            raise CheckError(f"Failed to truncate AOF {path} because it is not the last file")
        if "preamble" in report.problem:
            raise CheckError(f"{label} {path} can't be mended: its snapshot is broken; see pyrite-check-rdb --fix")
        self._truncate(path, report.size, report.whole_end)

    def _truncate_to_time(self, path: str, report: Report, *, is_last: bool) -> None:
        if report.later_at is None:
            say(f"Truncate nothing in AOF {path} to timestamp {self._until_s}")
            return
        if report.whole_end == 0:
            raise CheckError(f"AOF {path} has nothing before timestamp {self._until_s}, aborting...")
        if not is_last:
            raise CheckError(
                f"Failed to truncate AOF {path} to timestamp {self._until_s} to offset {report.whole_end} because it "
                f"is not the last file.\nIf you insist, delete all files behind it and what the manifest says of them, "
                f"then run {PROGRAM} again."
            )
        os.truncate(path, report.whole_end)
        say(f"Successfully truncated AOF {path} to timestamp {self._until_s}")

    def _truncate(self, path: str, size: int, end: int) -> None:
        say(f"This will shrink the AOF {path} from {size} bytes, with {size - end} bytes, to {end} bytes")
        if not self._assume_yes:
            say("Continue? [y/N]: ", end="")
            if sys.stdin.readline().strip().lower() not in ("y", "yes"):
                raise CheckError("Aborting...")
        os.truncate(path, end)
        say(f"Successfully truncated AOF {path}")


def _is_manifest(path: str) -> bool:
    """Tell whether a file is a manifest: by its name, or by a first line that nothing else has."""
    if path.endswith(manifests.SUFFIX):
        return True
    with open(path, "rb") as file:
        first = file.readline(manifests.LINE_MAX)
    return first.startswith(b"file ") and b" seq " in first and b" type " in first


def _check_log(checker: Checker, path: str) -> None:
    """Check all files of a log. Raises CheckError, OSError."""
    say("Start checking Multi Part AOF")
    try:
        manifest = manifests.read(path) or Manifest()
    except ManifestError as error:
        where = f" (line {error.line}: {error.text!r})" if error.line else ""
        raise CheckError(f"{error}{where}") from None
    if manifest.is_empty:
        raise CheckError(f"The manifest {path} names no file")
    directory = os.path.dirname(path)
    last = manifest.files[-1]
    if manifest.base is not None:
        _check_part(checker, directory, manifest.base, is_last=manifest.base is last)
    if manifest.increments:
        say("Start to check INCR files.")
    for file in manifest.increments:
        _check_part(checker, directory, file, is_last=file is last)
    say("All AOF files and manifest are valid")


def _check_part(checker: Checker, directory: str, file: LogFile, *, is_last: bool) -> None:
    path = os.path.join(directory, file.name)
    if file.type == manifests.BASE:
        with open(path, "rb") as opened:
            form = "RDB" if opened.read(len(SNAPSHOT_MAGIC)) == SNAPSHOT_MAGIC else "RESP"
        say(f"Start to check BASE AOF ({form} format).")
    checker.check(path, "BASE AOF" if file.type == manifests.BASE else "INCR AOF", is_last=is_last)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit status."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Check an append-only log, and mend it.")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--fix", action="store_true", help="cut the last file off where it breaks")
    what.add_argument(
        "--truncate-to-timestamp", type=int, metavar="SECONDS", help="cut off what happened after this Unix time"
    )
    parser.add_argument("--yes", action="store_true", help="don't ask before a file is cut off")
    parser.add_argument("file", help="the manifest, or one file")
    options = parser.parse_args(arguments)
    checker = Checker(fix=options.fix, assume_yes=options.yes, until_s=options.truncate_to_timestamp)
    try:
        if _is_manifest(options.file):
            _check_log(checker, options.file)
        else:
            say("Start checking Old-Style AOF")
            checker.check(options.file, "AOF", is_last=True)
    except CheckError as error:
        say(str(error))
        return 1
    except OSError as error:
        say(f"Cannot open file {error.filename or options.file}: {error.strerror}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
