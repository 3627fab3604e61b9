"""What goes wrong with configuration: a value, a line of a file, a CONFIG SET."""

from __future__ import annotations

from pyrite.core.text import harmless


class ConfigError(Exception):
    """A value or a request is refused; `str(error)` is the reason, worded as Redis words it."""


class ConfigSystemError(ConfigError):
    """A sound value that the system refuses, such as a directory that is missing.

    `what` is what was tried; `place` is the line of a file that asked for it, as the loader knows it.
    """

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(reason)
        self.what = what
        self.place = ""

    def report(self) -> str:
        """All in one line."""
        return f"{self.what}: {self}{self.place and f' ({self.place})'}"


class ConfigFileError(ConfigError):
    """A line that stops the start, or, without a source, a fault of the configuration as a whole.

    `source` is a path, "standard input" or "the command line"; `line_number` counts from 1; `line` is the line as
    written, without its password if it holds one.
    """

    def __init__(self, reason: str, source: str | None = None, line_number: int = 0, line: str = "") -> None:
        super().__init__(reason)
        self.source = source
        self.line_number = line_number
        self.line = line

    def report(self, version: str) -> str:
        """A wrong line, for standard error: banner, place, line, reason."""
        parts = [f"*** FATAL CONFIG FILE ERROR (Pyrite {version}) ***"]
        if self.line_number:
            parts.append(f"Reading the configuration file, at line {self.line_number} (of {self.source})")
        else:
            parts.append(f"Reading {self.source}")
        if self.line:
            parts.append(f">>> '{self.line}'")
        parts.append(str(self))
        return "\n" + "".join(f"{harmless(part)}\n" for part in parts)


class ConfigSetError(ConfigError):
    """A CONFIG SET that changed nothing; `str(error)` is the reply, but for the `ERR ` in front.

    `restore_failures` lists what could not be put back after an apply hook failed: empty unless the machine itself
    refuses a setting that worked before.
    """

    def __init__(self, message: str, restore_failures: list[str] | None = None) -> None:
        super().__init__(message)
        self.restore_failures = restore_failures or []


class ConfigLoadingError(ConfigSetError):
    """An option that may not change while the data set is loading: the LOADING error, with no `ERR` in front."""
