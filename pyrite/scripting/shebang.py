"""The first line of scripts and libraries, `#!lua name=… flags=…`."""

from __future__ import annotations

from pyrite.core.errors import CommandError, quoted
from pyrite.core.parser import Requests
from pyrite.engine.script import FLAG_BITS, SAYS_NOTHING

ENGINE = b"lua"

# A line longer than what an inline request may be is none that says anything.
_LINE_MAX = 65536


def first_line(code: bytes) -> bytes | None:
    """The first line of code that begins with `#!`, without its end; None where it has no end."""
    line, end, _ = code.partition(b"\n")
    return line if end else None


def words_of(line: bytes) -> list[bytes]:
    """The words of a line, quotes resolved as in an inline request; none where they don't balance."""
    found = Requests().feed(line + b"\r\n", _LINE_MAX, True)
    return found[0] if found and isinstance(found[0], list) else []


def script_flags(body: bytes) -> tuple[int, bytes]:
    """What a script of EVAL says of itself, and its code, which keeps its line numbers. Raises CommandError."""
    if not body.startswith(b"#!"):
        return SAYS_NOTHING, body
    line = first_line(body)
    if line is None:
        raise CommandError(b"ERR Invalid script shebang")
    words = words_of(line)
    if not words:
        raise CommandError(b"ERR Invalid engine in script shebang")
    if words[0] != b"#!" + ENGINE:
        raise CommandError(b"ERR Unexpected engine in script shebang: " + quoted(words[0]))
    flags = 0
    for word in words[1:]:
        name, _, value = word.partition(b"=")
        if name != b"flags" or b"=" not in word:
            raise CommandError(b"ERR Unknown lua shebang option: " + quoted(word))
        flags |= _bits_of(value)
    return flags, body[len(line) :]


def _bits_of(names: bytes) -> int:
    flags = 0
    for name in names.split(b",") if names else ():
        bit = FLAG_BITS.get(name)
        if bit is None:
            raise CommandError(b"ERR Unexpected flag in script shebang: " + quoted(name))
        flags |= bit
    return flags


def library_line(code: bytes) -> tuple[bytes, bytes, bytes]:
    """A library's engine, its name, and its code, which keeps its line numbers. Raises CommandError."""
    if not code.startswith(b"#!"):
        raise CommandError(b"ERR Missing library metadata")
    line = first_line(code)
    words = [] if line is None else words_of(line)
    if line is None or not words:
        raise CommandError(b"ERR Invalid library metadata")
    name: bytes | None = None
    for word in words[1:]:
        if not word.lower().startswith(b"name="):
            raise CommandError(b"ERR Invalid metadata value given: " + quoted(word))
        if name is not None:
            raise CommandError(b"ERR Invalid metadata value, name argument was given multiple times")
        name = word[len(b"name=") :]
    if name is None:
        raise CommandError(b"ERR Library name was not given")
    return words[0][2:], name, code[len(line) :]
