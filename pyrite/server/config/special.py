"""Kinds of value that one option alone has: lists of addresses, limits, save points, event classes."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import NamedTuple

from pyrite.server.config.errors import ConfigError, ConfigSystemError
from pyrite.server.config.option import DENY_LOADING, IMMUTABLE, PROTECTED, WRONG_NUMBER, Group, Missing, Option, Text
from pyrite.server.config.text import (
    UINT64_MAX,
    encode,
    format_memory,
    parse_c_integer,
    parse_memory,
    quote,
    quote_if_needed,
)

MAX_BIND_ADDRESSES = 16

# Bits of notify-keyspace-events: where an event is published, and the classes of events. The numbers are Redis's,
# which modules and other servers' tools know.
NOTIFY_KEYSPACE = 1 << 0
NOTIFY_KEYEVENT = 1 << 1
NOTIFY_GENERIC = 1 << 2
NOTIFY_STRING = 1 << 3
NOTIFY_LIST = 1 << 4
NOTIFY_SET = 1 << 5
NOTIFY_HASH = 1 << 6
NOTIFY_ZSET = 1 << 7
NOTIFY_EXPIRED = 1 << 8
NOTIFY_EVICTED = 1 << 9
NOTIFY_STREAM = 1 << 10
NOTIFY_KEY_MISS = 1 << 11
NOTIFY_MODULE = 1 << 13
NOTIFY_NEW = 1 << 14

# The classes that `A` stands for, in the order in which CONFIG GET spells them.
_CLASSES_IN_ALL = {
    "g": NOTIFY_GENERIC,
    "$": NOTIFY_STRING,
    "l": NOTIFY_LIST,
    "s": NOTIFY_SET,
    "h": NOTIFY_HASH,
    "z": NOTIFY_ZSET,
    "x": NOTIFY_EXPIRED,
    "e": NOTIFY_EVICTED,
    "t": NOTIFY_STREAM,
    "d": NOTIFY_MODULE,
}
NOTIFY_ALL = sum(_CLASSES_IN_ALL.values())
_TARGETS = {"K": NOTIFY_KEYSPACE, "E": NOTIFY_KEYEVENT, "m": NOTIFY_KEY_MISS}
_EVENT_LETTERS = {"A": NOTIFY_ALL, **_CLASSES_IN_ALL, "n": NOTIFY_NEW, **_TARGETS}


class Directory(Option[str]):
    """The working directory, as an absolute path without symbolic links. Setting it moves the process there."""

    __slots__ = ()

    def __init__(self, doc: str) -> None:
        super().__init__("", doc, PROTECTED | DENY_LOADING)

    def parse_one(self, text: str) -> str:
        if not text or "\0" in text:
            raise ConfigError(os.strerror(2))
        return os.path.realpath(text)

    def groups(self, value: str) -> list[Group]:
        return [Group("", [quote(encode(value))], True)]  # always: the next start may be from elsewhere

    def keeps(self, arguments: Sequence[str], value: str) -> bool:
        return list(arguments) == [value]  # a relative path means another place next time

    def apply(self, value: str) -> None:
        try:
            os.chdir(value)
        except OSError as error:
            raise ConfigSystemError(f"Can't change to the directory {value}", error.strerror or str(error)) from None


class Locale(Text):
    """A locale's name; the process collates by it."""

    __slots__ = ()

    def apply(self, value: str) -> None:
        import locale  # noqa: PLC0415 - a start with the default need not pay for it

        try:
            locale.setlocale(locale.LC_COLLATE, value)
        except locale.Error:
            raise ConfigError("Invalid locale name") from None


class Addresses(Option[tuple[str, ...]]):
    """Addresses to listen on; none is written as the empty text."""

    __slots__ = ()

    takes_many = True

    def parse(self, arguments: Sequence[str], current: tuple[str, ...]) -> tuple[str, ...]:
        if len(arguments) > MAX_BIND_ADDRESSES:
            raise ConfigError("Too many bind addresses specified.")
        if any("\0" in address for address in arguments):
            raise ConfigError("argument must not contain NUL bytes")
        return () if list(arguments) == [""] else tuple(arguments)

    def format(self, value: tuple[str, ...]) -> str:
        return " ".join(value)

    def groups(self, value: tuple[str, ...]) -> list[Group]:
        return [Group("", [self.file_line(list(value) or [""])], value != self.default)]


class SavePoint(NamedTuple):
    """A snapshot is due `seconds` after the last one if at least `changes` keys changed."""

    seconds: int
    changes: int


class SavePoints(Option[tuple[SavePoint, ...]]):
    """Pairs of seconds and changes; in a file each line adds its pairs, and the empty text removes all."""

    __slots__ = ()

    takes_many = True
    accumulates = True

    def parse(self, arguments: Sequence[str], current: tuple[SavePoint, ...]) -> tuple[SavePoint, ...]:
        if list(arguments) == [""]:
            return ()
        if len(arguments) % 2:
            raise ConfigError("Invalid save parameters")
        points = tuple(_save_point(*arguments[at : at + 2]) for at in range(0, len(arguments), 2))
        return current + points

    def format(self, value: tuple[SavePoint, ...]) -> str:
        return " ".join(f"{point.seconds} {point.changes}" for point in value)

    def groups(self, value: tuple[SavePoint, ...]) -> list[Group]:
        lines = [b"%d %d" % point for point in value] or [b'""']
        return [Group("", lines, value != self.default)]

    def keeps(self, arguments: Sequence[str], value: tuple[SavePoint, ...]) -> bool:
        return False  # a line is a part of the value


def _save_point(seconds: str, changes: str) -> SavePoint:
    try:
        point = SavePoint(parse_c_integer(seconds), parse_c_integer(changes))
    except ValueError:
        raise ConfigError("Invalid save parameters") from None
    if point.seconds < 1 or point.changes < 0:
        raise ConfigError("Invalid save parameters")
    return point


class OutputLimit(NamedTuple):
    """A client is closed when its replies exceed `hard_bytes`, or `soft_bytes` for `soft_seconds`; 0 is no limit."""

    hard_bytes: int
    soft_bytes: int
    soft_seconds: int


class OutputLimits(NamedTuple):
    """The limit of each class of clients."""

    normal: OutputLimit
    replica: OutputLimit
    pubsub: OutputLimit


_CLIENT_CLASSES = {"normal": "normal", "slave": "replica", "replica": "replica", "pubsub": "pubsub"}
_SHOWN_CLASSES = {"normal": "normal", "replica": "slave", "pubsub": "pubsub"}  # CONFIG GET keeps the old word


class BufferLimits(Option[OutputLimits]):
    """Class, hard limit, soft limit, seconds, four arguments per class; classes not named keep their limits."""

    __slots__ = ()

    takes_many = True

    def parse(self, arguments: Sequence[str], current: OutputLimits) -> OutputLimits:
        if list(arguments) == [""]:
            return current
        if len(arguments) % 4:
            raise ConfigError("Wrong number of arguments in buffer limit configuration.")
        limits = {}
        for at in range(0, len(arguments), 4):
            word = arguments[at].lower()
            if word not in _CLIENT_CLASSES:
                raise ConfigError("Invalid client class specified in buffer limit configuration.")
            limits[_CLIENT_CLASSES[word]] = _output_limit(*arguments[at + 1 : at + 4])
        return current._replace(**limits)

    def format(self, value: OutputLimits) -> str:
        return " ".join(
            f"{_SHOWN_CLASSES[name]} {limit.hard_bytes} {limit.soft_bytes} {limit.soft_seconds}"
            for name, limit in value._asdict().items()
        )

    def groups(self, value: OutputLimits) -> list[Group]:
        default = self.default._asdict()
        return [
            Group(name, [_limit_line(name, limit)], limit != default[name]) for name, limit in value._asdict().items()
        ]

    def group_key(self, arguments: Sequence[str]) -> str:
        return _CLIENT_CLASSES.get(arguments[0].lower(), "") if arguments else ""


def _output_limit(hard: str, soft: str, seconds: str) -> OutputLimit:
    try:
        limit = OutputLimit(parse_memory(hard), parse_memory(soft), parse_c_integer(seconds))
    except ValueError:
        limit = OutputLimit(0, 0, -1)
    if limit.soft_seconds < 0 or max(limit.hard_bytes, limit.soft_bytes) > UINT64_MAX:
        raise ConfigError("Error in hard, soft or soft_seconds setting in buffer limit configuration.")
    return limit


def _limit_line(name: str, limit: OutputLimit) -> bytes:
    return f"{name} {format_memory(limit.hard_bytes)} {format_memory(limit.soft_bytes)} {limit.soft_seconds}".encode()


class OomScores(Option[tuple[int, int, int]]):
    """Three values of the kernel's oom_score_adj: of a master, of a replica, of a background child."""

    __slots__ = ()

    takes_many = True

    def parse(self, arguments: Sequence[str], current: tuple[int, int, int]) -> tuple[int, int, int]:
        if len(arguments) != 3:
            raise ConfigError(WRONG_NUMBER)
        try:
            master, replica, child = (parse_c_integer(argument) for argument in arguments)
        except ValueError:
            master = replica = child = 2001
        if not all(-2000 <= score <= 2000 for score in (master, replica, child)):
            raise ConfigError("Invalid oom-score-adj-values, elements must be between -2000 and 2000.")
        return master, replica, child

    def format(self, value: tuple[int, int, int]) -> str:
        return " ".join(map(str, value))

    def groups(self, value: tuple[int, int, int]) -> list[Group]:
        return [Group("", [self.format(value).encode()], value != self.default)]


class KeyspaceEvents(Option[int]):
    """Letters that each stand for a class of keyspace events, as the bits NOTIFY_*."""

    __slots__ = ()

    def parse_one(self, text: str) -> int:
        events = 0
        for letter in text:
            if letter not in _EVENT_LETTERS:
                raise ConfigError("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")
            events |= _EVENT_LETTERS[letter]
        return events

    def format(self, value: int) -> str:
        # Redis's CONFIG GET leaves `n` out once `A` is there; a file must not forget it.
        return self._spell(value & ~NOTIFY_NEW if value & NOTIFY_ALL == NOTIFY_ALL else value)

    def groups(self, value: int) -> list[Group]:
        return [Group("", [quote_if_needed(self._spell(value).encode())], value != self.default)]

    @staticmethod
    def _spell(value: int) -> str:
        letters = {"A": NOTIFY_ALL} if value & NOTIFY_ALL == NOTIFY_ALL else _CLASSES_IN_ALL
        letters = {**letters, "n": NOTIFY_NEW, **_TARGETS}
        return "".join(letter for letter, bits in letters.items() if value & bits == bits)


def format_percentile(percentile: float) -> str:
    """A percentile without trailing zeros: 50, 99.9."""
    return f"{percentile:f}".rstrip("0").rstrip(".")


class Percentiles(Option[tuple[float, ...]]):
    """Percentiles of INFO latencystats, each from 0 to 100."""

    __slots__ = ()

    takes_many = True

    def parse(self, arguments: Sequence[str], current: tuple[float, ...]) -> tuple[float, ...]:
        if list(arguments) == [""]:
            return ()
        percentiles = tuple(_percentile(argument) for argument in arguments)
        if not all(0.0 <= percentile <= 100.0 for percentile in percentiles):
            raise ConfigError("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]")
        return percentiles

    def format(self, value: tuple[float, ...]) -> str:
        return " ".join(format_percentile(percentile) for percentile in value)

    def groups(self, value: tuple[float, ...]) -> list[Group]:
        return [Group("", [self.format(value).encode() or b'""'], value != self.default)]


_NOT_IN_C_FLOATS = "_ \t\r\n\v\f"  # which Python's float() lets pass


def _percentile(text: str) -> float:
    try:
        percentile = float(text)
    except ValueError:
        percentile = math.nan
    if math.isnan(percentile) or not set(text).isdisjoint(_NOT_IN_C_FLOATS):
        raise ConfigError("Invalid latency-tracking-info-percentiles parameters")
    return percentile


class ReplicaOf(Option[tuple[str, int] | None]):
    """Host and port of the master, or None for `no one`."""

    __slots__ = ()

    takes_many = True

    def __init__(self, doc: str, *, alias: str, missing: Missing | None = None) -> None:
        super().__init__(None, doc, IMMUTABLE, alias=alias, missing=missing)

    def parse(self, arguments: Sequence[str], current: tuple[str, int] | None) -> tuple[str, int] | None:
        if len(arguments) != 2:
            raise ConfigError(WRONG_NUMBER)
        host, port = arguments
        if (host.lower(), port.lower()) == ("no", "one"):
            return None
        try:
            number = parse_c_integer(port)
        except ValueError:
            number = -1
        if not 0 <= number <= 65535:
            raise ConfigError("Invalid master port")
        return host, number

    def format(self, value: tuple[str, int] | None) -> str:
        return "" if value is None else f"{value[0]} {value[1]}"

    def groups(self, value: tuple[str, int] | None) -> list[Group]:
        return [] if value is None else [Group("", [self.file_line([value[0], str(value[1])])], True)]
