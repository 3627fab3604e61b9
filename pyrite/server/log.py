"""The server's log, in Redis's line format, which log shippers and test suites know.

    18225:M 23 Nov 2026 02:06:09.123 * Ready to accept connections tcp

process id, role, local time, level sign, message. The file is opened for each line, so that it can be rotated at any
time; without a file lines go to standard output.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress

LEVELS = ("debug", "verbose", "notice", "warning", "nothing")
DEBUG, VERBOSE, NOTICE, WARNING, NOTHING = range(5)
_SIGNS = ".-*#"
# A line longer than this is cut: messages can quote what clients send.
MAX_CHARS = 16384


class Log:
    """Writes lines of at least one level."""

    def __init__(self, path: str = "", level: str = "notice") -> None:
        self.path = path
        self.level = LEVELS.index(level)
        self.role = "M"
        self.failed = False

    def write(self, level: int, message: str) -> None:
        """Write one message if its level is high enough. A full disk or a missing directory must not end the server."""
        if level < self.level:
            return
        now = time.time()
        stamp = time.strftime("%d %b %Y %H:%M:%S", time.localtime(now))
        line = f"{os.getpid()}:{self.role} {stamp}.{int(now * 1000) % 1000:03d} {_SIGNS[level]} {message[:MAX_CHARS]}\n"
        try:
            self._put(line)
            self.failed = False
        except OSError as error:
            self._complain(error)

    def _put(self, line: str) -> None:
        if not self.path:
            sys.stdout.write(line)
            sys.stdout.flush()
            return
        with open(self.path, "a", encoding="utf-8", errors="replace") as file:
            file.write(line)

    def _complain(self, error: OSError) -> None:
        """Say on standard error, once per failure, that the log can't be written."""
        if self.failed:
            return
        self.failed = True
        with suppress(OSError):
            sys.stderr.write(f"Can't write the log {self.path or '(standard output)'}: {error.strerror}\n")

    def debug(self, message: str) -> None:
        """For finding bugs."""
        self.write(DEBUG, message)

    def verbose(self, message: str) -> None:
        """Much that is rarely useful."""
        self.write(VERBOSE, message)

    def notice(self, message: str) -> None:
        """What an operator wants to read."""
        self.write(NOTICE, message)

    def warning(self, message: str) -> None:
        """What an operator must read."""
        self.write(WARNING, message)
