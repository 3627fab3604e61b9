"""Which arguments of a command are secrets, and have to stay out of the slow log and of every other record."""

from __future__ import annotations

from collections.abc import Callable

from pyrite.server.config.config import Config
from pyrite.server.config.text import decode

REDACTED = b"(redacted)"

# From a command's arguments, and whether an option is sensitive, to the positions of what must not be shown.
Finder = Callable[[list[bytes], Callable[[str], bool]], list[int]]


def _auth(argv: list[bytes], _: Callable[[str], bool]) -> list[int]:
    return list(range(1, len(argv)))


def _hello(argv: list[bytes], _: Callable[[str], bool]) -> list[int]:
    words = [word.lower() for word in argv]
    return [words.index(b"auth") + 1, words.index(b"auth") + 2] if b"auth" in words[2:] else []


def _config_set(argv: list[bytes], is_sensitive: Callable[[str], bool]) -> list[int]:
    return [at + 1 for at in range(2, len(argv), 2) if is_sensitive(decode(argv[at]))]


FINDERS: dict[str, Finder] = {"auth": _auth, "hello": _hello, "config|set": _config_set}


def redacted(command: str, argv: list[bytes], config: Config) -> list[bytes]:
    """The arguments with `(redacted)` in the place of each secret; `command` is the full name in lower case."""
    finder = FINDERS.get(command)
    if finder is None:
        return argv
    shown = list(argv)
    for position in finder(argv, config.is_sensitive):
        if position < len(shown):
            shown[position] = REDACTED
    return shown
