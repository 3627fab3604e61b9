"""The configuration of one server: typed values, CONFIG GET, CONFIG SET, and hooks that follow a change.

    config = Config()
    config.port                                   6379, an int
    config.get(["maxmemory*"])                    [("maxmemory", "0"), ...], the reply of CONFIG GET
    config.on_change("maxmemory", push_limit)     push_limit(config) runs after each change
    config.set_many([("maxmemory", "100mb")])     all or nothing, as CONFIG SET

Values change only through `set_many`, the loader (`load`), and `assign`; assigning an attribute raises.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from pyrite.core.glob import matches
from pyrite.server.config.errors import ConfigError, ConfigLoadingError, ConfigSetError
from pyrite.server.config.option import (
    DEBUG,
    DENY_LOADING,
    HIDDEN,
    IMMUTABLE,
    PROTECTED,
    SENSITIVE,
    VOLATILE,
    AnyOption,
)
from pyrite.server.config.options import ATTRIBUTES, BY_NAME, OPTIONS, Options
from pyrite.server.config.text import encode

Hook = Callable[["Config"], None]


class Config(Options):
    """All options of a server, at their defaults until something sets them."""

    path: str | None  # absolute path of the file it was started with
    renamed_commands: dict[str, str]  # old name to new name, lower case; a new name of "" removes the command
    warnings: list[str]  # what the loader wants said once there is a log

    def __init__(self) -> None:
        self.path = None
        self.renamed_commands = {}
        self.warnings = []
        self._hooks: dict[str, list[Hook]] = {}
        for option in OPTIONS:
            self._store(option, option.default)
        self._store(BY_NAME["dir"], os.getcwd())

    def __setattr__(self, name: str, value: object) -> None:
        if name in ATTRIBUTES:
            raise AttributeError(f"{name} is an option: set it with set_many or assign")
        super().__setattr__(name, value)

    def _store(self, option: AnyOption, value: object) -> None:
        self.__dict__[option.attribute] = value

    def value_of(self, option: AnyOption) -> Any:
        """The value of an option found by name."""
        return self.__dict__[option.attribute]

    def is_sensitive(self, name: str) -> bool:
        """Whether the value of this option, if it is one, is to be kept out of every log."""
        option = BY_NAME.get(name.lower())
        return option is not None and bool(option.flags & SENSITIVE)

    # CONFIG GET

    def get(self, patterns: Iterable[str]) -> list[tuple[str, str]]:
        """Names and values for CONFIG GET: exact names as the client wrote them, and every name a glob matches.

        No name comes twice. A hidden option answers to its exact name only.
        """
        found: dict[str, tuple[str, str]] = {}
        for pattern in patterns:
            for name in self._names_matching(pattern):
                option = BY_NAME[name.lower()]
                found.setdefault(name.lower(), (name, option.format(self.value_of(option))))
        return list(found.values())

    @staticmethod
    def _names_matching(pattern: str) -> list[str]:
        if not any(character in pattern for character in "*?["):
            return [pattern] if pattern.lower() in BY_NAME else []
        glob = encode(pattern)
        return sorted(
            name for name, option in BY_NAME.items() if not option.flags & HIDDEN and matches(glob, name.encode(), True)
        )

    # CONFIG SET

    def on_change(self, name: str, hook: Hook) -> None:
        """Run `hook(config)` after the option changed at run time; it raises ConfigError to have the change undone.

        A hook of several options runs once when several of them change together.
        """
        self._hooks.setdefault(BY_NAME[name].name, []).append(hook)

    def run_hooks(self) -> None:
        """Run every hook once, in order of registration by option: what the start does instead of changes."""
        for hook in dict.fromkeys(hook for hooks in self._hooks.values() for hook in hooks):
            hook(self)

    def assign(self, name: str, *arguments: str) -> None:
        """Set an option whatever its flags say, without running hooks. Raises ConfigError.

        For the start, and for values that the process must adjust, such as `maxclients` under a limit of the system.
        """
        option = BY_NAME[name.lower()]
        self.put(option, arguments, self.value_of(option))

    def put(self, option: AnyOption, arguments: Sequence[str], current: object) -> None:
        """`assign`, for the loader, which knows which value a repeated line adds to."""
        value = option.parse(arguments, current)
        option.refuse_missing(value)
        option.apply(value)
        self._store(option, value)

    def set_many(self, pairs: Sequence[tuple[str, str]], *, local: bool = False, loading: bool = False) -> list[str]:
        """Set all of these options or none, as CONFIG SET; returns the names of those whose value changed.

        `local` says that the client is on this machine, `loading` that the data set is being loaded. Raises
        ConfigSetError with the reply's text, or ConfigLoadingError.
        """
        options: dict[str, AnyOption] = {}  # by the name used; an alias next to its option is no duplicate
        for name, _ in pairs:
            option = self._settable(name, local=local, loading=loading)
            if name.lower() in options:
                raise ConfigSetError(_failed(name, "duplicate parameter"))
            options[name.lower()] = option
        backup = {option: self.value_of(option) for option in options.values()}
        changed: dict[str, AnyOption] = {}
        for (name, option), (_, text) in zip(options.items(), pairs, strict=True):
            try:
                if self._set(option, text):
                    changed[name] = option
            except ConfigError as error:
                self._restore_values(backup)
                raise ConfigSetError(_failed(name, str(error))) from None
        self._apply(changed, backup)
        return [option.name for option in changed.values()]

    def _settable(self, name: str, *, local: bool, loading: bool) -> AnyOption:
        option = BY_NAME.get(name.lower())
        if option is None:
            # As in all errors a zero byte ends what is repeated of a client's words.
            shown = name.partition("\0")[0]
            raise ConfigSetError(f"Unknown option or number of arguments for CONFIG SET - '{shown}'")
        if option.flags & IMMUTABLE:
            raise ConfigSetError(_failed(name, "can't set immutable config"))
        if option.flags & PROTECTED and not self.allows(self.enable_protected_configs, local=local):
            raise ConfigSetError(_failed(name, "can't set protected config"))
        if loading and option.flags & DENY_LOADING:
            raise ConfigLoadingError("LOADING Redis is loading the dataset in memory")
        return option

    @staticmethod
    def allows(setting: str, *, local: bool) -> bool:
        """What `no`, `yes` or `local` of the enable-* options means for a client."""
        return setting == "yes" or (setting == "local" and local)

    def _set(self, option: AnyOption, text: str) -> bool:
        """Set one value without applying it; returns whether there is something to apply."""
        current = self.value_of(option)
        arguments = text.split(" ") if option.takes_many else [text]
        value = option.parse(arguments, () if option.accumulates else current)
        option.refuse_missing(value)
        self._store(option, value)
        return value != current or bool(option.flags & VOLATILE)

    def _apply(self, changed: dict[str, AnyOption], backup: dict[AnyOption, Any]) -> None:
        """Apply what changed, each hook once; when one fails, put everything back and raise ConfigSetError."""
        actions = self._actions(changed)
        for at, (name, action) in enumerate(actions):
            try:
                action()
            except Exception as error:
                self._restore_values(backup)
                failures = _run_again([earlier for _, earlier in actions[: at + 1]])
                if not isinstance(error, ConfigError):
                    raise
                raise ConfigSetError(_failed(name, str(error)), failures) from error

    def _actions(self, changed: dict[str, AnyOption]) -> list[tuple[str, Callable[[], None]]]:
        """What applies these options, each with the name under which its failure is reported."""
        actions: list[tuple[str, Callable[[], None]]] = []
        seen: set[Hook] = set()
        for name, option in changed.items():
            actions.append((name, partial(self._apply_one, option)))
            for hook in self._hooks.get(option.name, ()):
                if hook not in seen:
                    seen.add(hook)
                    actions.append((name, partial(hook, self)))
        return actions

    def _apply_one(self, option: AnyOption) -> None:
        option.apply(self.value_of(option))

    def _restore_values(self, backup: dict[AnyOption, Any]) -> None:
        for option, value in backup.items():
            self._store(option, value)

    # CONFIG REWRITE, and what else is said about the configuration

    def rewrite(self, *, every_option: bool = False) -> None:
        """Write the values back into the file, as CONFIG REWRITE; with `every_option`, the defaults too.

        Raises ConfigError with the reply's text.
        """
        from pyrite.server.config.rewrite import rewrite_file  # noqa: PLC0415 - which imports this module

        if self.path is None:
            raise ConfigError("The server is running without a config file")
        try:
            rewrite_file(self, self.path, every_option=every_option)
        except OSError as error:
            raise ConfigError(f"Rewriting config file: {error.strerror or error}") from error

    def notices(self) -> list[str]:
        """Options that were set but can't have an effect yet, a sentence each, for the log."""
        return [
            f"Option '{option.name}' has no effect: Pyrite has no {option.missing.feature}"
            for option in OPTIONS
            if option.missing is not None and not option.missing.accepts and self.value_of(option) != option.default
        ]

    def debug_lines(self) -> list[str]:
        """The options that matter to whoever reads a crash report, as lines of a configuration file."""
        return [f"{option.name} {option.format(self.value_of(option))}" for option in OPTIONS if option.flags & DEBUG]


def _failed(name: str, reason: str) -> str:
    return f"CONFIG SET failed (possibly related to argument '{name}') - {reason}"


def _run_again(actions: list[Callable[[], None]]) -> list[str]:
    """Run all with the old values in place, whatever fails; returns the reasons of those that did."""
    failures = []
    for action in actions:
        try:
            action()
        except Exception as error:  # noqa: BLE001 - the rest must be put back too, and the first error is reported
            failures.append(str(error) or repr(error))
    return failures
