"""Checks of single options, beyond what the kind of value checks. Each raises ConfigError with Redis's text."""

from __future__ import annotations

from collections.abc import Mapping

from pyrite.server.config.errors import ConfigError

MAX_HOSTNAME_BYTES = 255

_TITLE_VARIABLES = ("title", "listen-addr", "server-mode", "port", "tls-port", "unixsocket", "config-file")
_HOSTNAME_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.")
_NOT_IN_NODENAME = frozenset("!#$%&()*+:;<>?@[]^{|}~")


def expand_template(template: str, variables: Mapping[str, str]) -> str:
    """Put variables in place of their {names}; `{{` is a brace. Raises ValueError for a bad name or an open brace."""
    pieces = []
    while template:
        text, brace, rest = template.partition("{")
        pieces.append(text)
        if not brace:
            break
        if rest.startswith("{"):
            pieces.append("{")
            template = rest[1:]
            continue
        name, close, template = rest.partition("}")
        if not close or name not in variables:
            raise ValueError(f"no variable {name!r}, or no closing brace")
        pieces.append(variables[name])
    return "".join(pieces).strip(" ")


def proc_title_template(template: str) -> None:
    """Refuse a template that can't be expanded, or whose text outside the variables that can be empty is empty."""
    samples = dict.fromkeys(_TITLE_VARIABLES, "-") | {"title": "", "server-mode": "", "unixsocket": ""}
    try:
        title = expand_template(template, samples)
    except ValueError:
        title = ""
    if not title:
        raise ConfigError("template format is invalid or contains unknown variables")


def shutdown_words(words: tuple[str, ...]) -> None:
    """Refuse to save and not to save."""
    if "save" in words and "nosave" in words:
        raise ConfigError("shutdown options SAVE and NOSAVE can't be used simultaneously")


def dbfilename(name: str) -> None:
    """Refuse a path: the file lies in `dir`."""
    if _is_path(name):
        raise ConfigError("dbfilename can't be a path, just a filename")


def appendfilename(name: str) -> None:
    """Refuse a path or nothing: the files lie in `appenddirname`."""
    if not name:
        raise ConfigError("appendfilename can't be empty")
    if _is_path(name):
        raise ConfigError("appendfilename can't be a path, just a filename")


def appenddirname(name: str) -> None:
    """Refuse a path or nothing: the directory lies in `dir`."""
    if not name:
        raise ConfigError("appenddirname can't be empty")
    if _is_path(name):
        raise ConfigError("appenddirname can't be a path, just a dirname")


def _is_path(name: str) -> bool:
    return "/" in name or "\\" in name


def hostname(name: str) -> None:
    """Refuse what can't be a host name, since other nodes and clients parse it."""
    if len(name) > MAX_HOSTNAME_BYTES:
        raise ConfigError("Hostnames must be less than 256 characters")
    if not _HOSTNAME_CHARACTERS.issuperset(name):
        raise ConfigError("Hostnames may only contain alphanumeric characters, hyphens or dots")


def nodename(name: str) -> None:
    """Refuse characters that the cluster's own file gives a meaning to."""
    if not _NOT_IN_NODENAME.isdisjoint(name) or not name.isprintable() or " " in name or "," in name or "=" in name:
        raise ConfigError("Announced human node name contained invalid character")
