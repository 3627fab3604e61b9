"""Reading configuration: files and what they include, standard input, the command line.

A line is a comment, blank, or a name and its arguments. Most names are options; the others, `include` and
`rename-command` among them, are the table after `Loader`. The first wrong line raises ConfigFileError, which
knows the place.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import BinaryIO

from pyrite.server.config.command_line import Invocation
from pyrite.server.config.config import Config
from pyrite.server.config.errors import ConfigError, ConfigFileError, ConfigSystemError
from pyrite.server.config.option import SENSITIVE, WRONG_NUMBER, AnyOption
from pyrite.server.config.options import BY_NAME
from pyrite.server.config.text import decode, split_arguments

MAX_FILE_BYTES = 16 * 1024**2
MAX_INCLUDE_DEPTH = 16
MAX_FILES = 1000

BAD_DIRECTIVE = "Bad directive or wrong number of arguments"
UNBALANCED = "Unbalanced quotes in configuration line"

# Options of very old versions, which Redis too reads and drops.
_OBSOLETE = ("list-max-ziplist-entries", "list-max-ziplist-value", "lua-replicate-commands")


def load(
    config: Config,
    invocation: Invocation,
    *,
    stdin: BinaryIO | None = None,
    is_command: Callable[[str], bool] | None = None,
) -> None:
    """Set what a command line asks for: its file, then standard input, then its options.

    `is_command` tells whether a lower-case name is a command's, for rename-command; without it every name is taken for
    one. Raises ConfigFileError or ConfigSystemError. The process may end up in another directory (`dir`), as when the
    option is set later.
    """
    loader = Loader(config, is_command)
    if invocation.file is not None:
        config.path = os.path.abspath(invocation.file)
        loader.read_file(config.path)
    if invocation.stdin and stdin is not None:
        loader.read_lines(_bounded(stdin, "standard input").split(b"\n"), "standard input")
    for line in invocation.lines:
        loader.read_lines([line], "the command line", numbered=False)
    _check_logfile(config)


class Loader:
    """Reads lines into a configuration, and remembers what it has seen."""

    def __init__(self, config: Config, is_command: Callable[[str], bool] | None = None) -> None:
        self._config = config
        self._is_command = is_command or (lambda _: True)
        self._seen: set[AnyOption] = set()
        self._depth = 0
        self._files = 0

    def read_file(self, path: str) -> None:
        """Read one file. Raises ConfigFileError."""
        self._files += 1
        if self._files > MAX_FILES:
            raise ConfigError(f"more than {MAX_FILES} configuration files are included")
        try:
            with open(path, "rb") as file:
                content = _bounded(file, path)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise ConfigFileError(f"Fatal error, can't open config file '{path}': {reason}") from None
        self.read_lines(content.split(b"\n"), path)

    def read_lines(self, lines: Iterable[bytes], source: str, *, numbered: bool = True) -> None:
        """Read lines; `source` is where from, for the report of a wrong one."""
        for number, raw in enumerate(lines, 1):
            line = raw.strip()
            if not line or line.startswith(b"#"):
                continue
            try:
                self._read_line(line)
            except ConfigFileError:
                raise  # of an included file, which knows better
            except ConfigSystemError as error:
                error.place = error.place or (f"line {number} of {source}" if numbered else source)
                raise
            except ConfigError as error:
                raise ConfigFileError(str(error), source, number if numbered else 0, _shown(line)) from None

    def _read_line(self, line: bytes) -> None:
        try:
            arguments = [decode(argument) for argument in split_arguments(line)]
        except ValueError:
            raise ConfigError(UNBALANCED) from None
        name = arguments.pop(0).lower()
        option = BY_NAME.get(name)
        if option is not None:
            self._set(option, arguments)
        elif name in _DIRECTIVES:
            _DIRECTIVES[name](self, arguments)
        elif name in _OBSOLETE and len(arguments) == 1:
            self._config.warnings.append(f"Option '{name}' is obsolete and has no effect")
        elif "." in name:
            raise ConfigError(f"'{name}' is an option of a module, and Pyrite has no modules yet")
        else:
            raise ConfigError(BAD_DIRECTIVE)

    def _set(self, option: AnyOption, arguments: list[str]) -> None:
        if not option.takes_many and len(arguments) != 1:
            raise ConfigError(WRONG_NUMBER)
        try:
            arguments = option.file_arguments(arguments)
        except ValueError:
            raise ConfigError(UNBALANCED) from None
        first = option not in self._seen
        self._seen.add(option)
        current = () if option.accumulates and first else self._config.value_of(option)
        self._config.put(option, arguments, current)

    def _include(self, arguments: list[str]) -> None:
        if len(arguments) != 1:
            raise ConfigError(BAD_DIRECTIVE)
        if self._depth == MAX_INCLUDE_DEPTH:
            raise ConfigError(f"include: more than {MAX_INCLUDE_DEPTH} files include each other")
        self._depth += 1
        for path in _paths(arguments[0]):
            try:
                self.read_file(path)
            except ConfigFileError as error:
                if error.source is not None:
                    raise
                raise ConfigError(str(error)) from None  # the place is the line that includes
        self._depth -= 1

    def _rename_command(self, arguments: list[str]) -> None:
        if len(arguments) != 2:
            raise ConfigError(BAD_DIRECTIVE)
        old, new = (argument.lower() for argument in arguments)
        renamed = self._config.renamed_commands
        if not self._command_exists(old):
            raise ConfigError("No such command in rename-command")
        # A command renamed twice keeps one entry, from its first name to its last.
        original = next((first for first, last in renamed.items() if last == old), old)
        if new and new != old and self._command_exists(new):
            raise ConfigError("Target command name already exists")
        renamed[original] = new

    def _command_exists(self, name: str) -> bool:
        renamed = self._config.renamed_commands
        return name in renamed.values() or (name not in renamed and self._is_command(name))

    def _refuse_user(self, arguments: list[str]) -> None:
        raise ConfigError("user: Pyrite has no access control lists yet; requirepass sets a password")

    def _refuse_module(self, arguments: list[str]) -> None:
        raise ConfigError("loadmodule: Pyrite has no modules yet")

    def _refuse_sentinel(self, arguments: list[str]) -> None:
        raise ConfigError("sentinel: Pyrite has no Sentinel yet")


_DIRECTIVES: dict[str, Callable[[Loader, list[str]], None]] = {
    "include": Loader._include,
    "rename-command": Loader._rename_command,
    "user": Loader._refuse_user,
    "loadmodule": Loader._refuse_module,
    "sentinel": Loader._refuse_sentinel,
}

# Names that are no options but that a file may hold, which a rewrite leaves alone.
DIRECTIVES = frozenset(_DIRECTIVES)


def _bounded(file: BinaryIO, source: str) -> bytes:
    """All of a file, unless it is too large to be a configuration file."""
    content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise ConfigFileError(f"{source} is larger than {MAX_FILE_BYTES // 1024**2} megabytes")
    return content


def _paths(pattern: str) -> list[str]:
    """The files that an include names: those a pattern matches, in order, which may be none, or the one named."""
    if not any(character in pattern for character in "*?["):
        return [pattern]
    import glob  # noqa: PLC0415 - few files include by pattern, and it costs time

    return sorted(glob.glob(pattern))


def _shown(line: bytes) -> str:
    """A line as an error report shows it: without a password."""
    name = decode(line.split(None, 1)[0]).strip("\"'")
    option = BY_NAME.get(name.lower())
    if option is not None and option.flags & SENSITIVE:
        return f"{name} (redacted)"
    return decode(line)


def _check_logfile(config: Config) -> None:
    """Refuse a log file that can't be opened while there is still a terminal to say so."""
    if not config.logfile:
        return
    try:
        os.close(os.open(config.logfile, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644))
    except OSError as error:
        raise ConfigSystemError(f"Can't open the log file {config.logfile}", error.strerror or str(error)) from None
