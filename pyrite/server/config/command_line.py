"""The command line of the server: `pyrite-server [file] [-] [--option value ...]`.

Options are turned into lines of a configuration file, which are read after the file and standard input, so that the
last one wins. The rules are Redis's, for the sake of scripts that rely on them:

- The first argument is the file unless it starts with a hyphen; a lone hyphen, first or last, is standard input.
- `--name` starts a line and must get at least one value: the next argument is its value even if it begins with `--`.
- `"--name value"` in one argument is a whole line, quoting included.
- Values up to the next `--name` belong to the same line.
- `--save` with no value, or followed by another `--name`, means no save points.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from pyrite.server.config.errors import ConfigError
from pyrite.server.config.text import encode, quote, split_arguments

Action = Literal["run", "version", "help"]

_UNSUPPORTED = {
    "--test-memory": "--test-memory is not supported: a program such as memtester tests memory",
    "--check-system": "--check-system is not supported",
}


class Invocation(NamedTuple):
    """What a command line asks for. `lines` are lines of a configuration file."""

    action: Action
    file: str | None = None
    stdin: bool = False
    lines: tuple[bytes, ...] = ()


def parse_command_line(arguments: Sequence[str]) -> Invocation:
    """Read the arguments after the program's name. Raises ConfigError for a request that is not supported."""
    first = arguments[0] if arguments else ""
    if first in ("-v", "--version"):
        return Invocation("version")
    if first in ("-h", "--help"):
        return Invocation("help")
    if first in _UNSUPPORTED:
        raise ConfigError(_UNSUPPORTED[first])
    file = first if first and not first.startswith("-") else None
    rest = list(arguments[1:] if file is not None else arguments)
    # A hyphen counts as standard input at the first place after the program's name, or at the last.
    stdin = False
    if rest and rest[-1] == "-":
        stdin = True
        rest.pop()
    if rest and rest[0] == "-" and file is None:
        stdin = True
        del rest[0]
    return Invocation("run", file, stdin, _lines(rest))


def _lines(arguments: list[str]) -> tuple[bytes, ...]:
    """Lines of a configuration file that say the same as these arguments."""
    lines: list[list[bytes]] = []
    needs_value = False  # the last line is a bare name so far
    for at, argument in enumerate(arguments):
        if argument.startswith("--") and not needs_value:
            lines.append([encode(argument[2:])])
            needs_value = _is_bare_name(argument)
            if needs_value and argument.lower() == "--save" and _starts_option(arguments, at + 1):
                lines[-1].append(b'""')
                needs_value = False
            continue
        if not lines:
            lines.append([])  # values before any name make a line by themselves
        lines[-1].append(quote(encode(argument)))
        needs_value = False
    return tuple(b" ".join(words) for words in lines)


def _is_bare_name(argument: str) -> bool:
    """Whether an argument is a name alone, rather than a whole line."""
    try:
        return len(split_arguments(encode(argument))) == 1
    except ValueError:
        return False


def _starts_option(arguments: list[str], at: int) -> bool:
    return at >= len(arguments) or arguments[at].startswith("--")


def usage(program: str) -> str:
    """The text of --help."""
    return f"""\
Usage: {program} [file] [--option value ...] [-]

Starts a server that speaks Redis's protocol, with the options of the file, then those of standard input if a
hyphen is given, then those of the command line. Every option of a configuration file can be given with two hyphens
in front of its name.

  {program}                                        all defaults, port 6379
  {program} /etc/pyrite.conf
  {program} /etc/pyrite.conf --port 6380 --loglevel debug
  {program} --bind 127.0.0.1 ::1 --maxmemory 100mb --maxmemory-policy allkeys-lru
  echo 'maxmemory 100mb' | {program} -

  -v, --version    print the version
  -h, --help       print this text
"""
