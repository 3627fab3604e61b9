"""Slow log: the latest commands that took longer than slowlog-log-slower-than, kept for SLOWLOG GET.

Time counts while the command runs, not while it waits to be read or answered. Of each command a bounded part is kept:
up to 32 arguments of up to 128 bytes, passwords left out.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from itertools import islice

from pyrite.core.parser import Args

ARGUMENTS_MAX = 32
ARGUMENT_BYTES_MAX = 128


@dataclass(frozen=True, slots=True)
class SlowCommand:
    """One entry: what ran, when, how long, for whom."""

    id: int
    at_s: int
    duration_us: int
    argv: list[bytes]
    address: bytes
    client_name: bytes


class SlowLog:
    """The entries, newest first; at most `capacity` of them."""

    def __init__(self, capacity: int) -> None:
        self._entries: deque[SlowCommand] = deque()
        self._capacity = capacity
        self._next_id = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def capacity(self) -> int:
        """Entries that are kept."""
        return self._capacity

    @capacity.setter
    def capacity(self, entries: int) -> None:
        self._capacity = entries
        self._trim()

    def add(self, duration_us: int, argv: list[bytes], address: bytes, client_name: bytes) -> None:
        """Enter a command that ran just now, its arguments as `kept_arguments` made them and without secrets."""
        entry = SlowCommand(self._next_id, int(time.time()), duration_us, argv, address, client_name)
        self._next_id += 1
        self._entries.appendleft(entry)
        self._trim()

    def _trim(self) -> None:
        while len(self._entries) > self._capacity:
            self._entries.pop()

    def latest(self, count: int) -> list[SlowCommand]:
        """So many entries, newest first; all of them for a count of -1."""
        return list(self._entries) if count < 0 else list(islice(self._entries, min(count, len(self._entries))))

    def reset(self) -> None:
        """Forget all entries; numbering goes on."""
        self._entries.clear()


def kept_arguments(args: Args) -> list[bytes]:
    """The arguments as an entry keeps them: what is too many or too long is only counted."""
    count = ARGUMENTS_MAX if len(args) <= ARGUMENTS_MAX else ARGUMENTS_MAX - 1
    kept = [_with_rest(head, length - len(head)) for head, length in args.heads(count, ARGUMENT_BYTES_MAX)]
    if len(args) > count:
        kept.append(b"... (%d more arguments)" % (len(args) - count))
    return kept


def _with_rest(head: bytes, rest: int) -> bytes:
    return head + b"... (%d more bytes)" % rest if rest else head
