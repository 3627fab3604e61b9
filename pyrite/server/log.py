"""The server's log, in Redis's line format, which log shippers and test suites know.

    18225:M 23 Nov 2026 02:06:09.123 * Ready to accept connections tcp

process id, role, local time, level sign, message. The file is opened for each line, so that it can be rotated at any
time; without a file lines go to standard output. Each line of a longer message gets the same start, and control
characters are escaped, so nothing that a client sends can look like a line of ours.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress

from pyrite.core.text import harmless

LEVELS = ("debug", "verbose", "notice", "warning", "nothing")
DEBUG, VERBOSE, NOTICE, WARNING, NOTHING = range(5)
_SIGNS = ".-*#"
# A message longer than this is cut: it can quote what clients send.
MAX_CHARS = 16384


def say(text: str) -> None:
    """Write a line on standard error, unless whoever started the server has closed it."""
    if sys.__stderr__ is not None:
        sys.__stderr__.write(text.rstrip("\n") + "\n")
        sys.__stderr__.flush()


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
        start = f"{os.getpid()}:{self.role} {stamp}.{int(now * 1000) % 1000:03d} {_SIGNS[level]}"
        text = "".join(f"{start} {harmless(line)}\n" for line in message[:MAX_CHARS].split("\n"))
        try:
            self._put(text.encode())
            self.failed = False
        except OSError as error:
            self._complain(error)

    def _put(self, text: bytes) -> None:
        if self.path:
            with open(self.path, "ab") as file:
                file.write(text)
        elif sys.__stdout__ is not None:  # None: closed by whoever started the server
            sys.__stdout__.buffer.write(text)
            sys.__stdout__.flush()

    def _complain(self, error: OSError) -> None:
        """Say on standard error, once per failure, that the log can't be written."""
        if self.failed:
            return
        self.failed = True
        with suppress(OSError):
            say(f"Can't write the log {self.path or '(standard output)'}: {error.strerror}")

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
