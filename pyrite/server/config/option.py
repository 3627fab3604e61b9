"""What an option is: its declaration, and the kinds of value that many options share.

An option is declared once, as a class attribute (see `options`), and everything else reads that declaration: the file
parser, CONFIG GET, CONFIG SET, CONFIG REWRITE, the sample file's test. Its value lives in the `__dict__` of the
configuration under the attribute's name; an option is a non-data descriptor, so reading `config.port` is a plain
attribute read, and a type checker still sees an `int`.

Every kind of option has the same five operations:

    parse(arguments, current)   arguments -> value, or ConfigError in Redis's words
    format(value)               value -> text of CONFIG GET, which `parse` takes back
    groups(value)               value -> lines of a configuration file
    keeps(arguments, value)     whether a line in the file already says that value
    apply(value)                makes the process follow, for the few values that are state of the process itself
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, Self, TypeVar, overload

from pyrite.server.config.errors import ConfigError
from pyrite.server.config.text import (
    decode,
    encode,
    format_memory,
    join_arguments,
    parse_integer,
    parse_memory,
    quote_if_needed,
    split_arguments,
)

T = TypeVar("T")

# Flags of an option.
IMMUTABLE = 1  # only the file and the command line set it
PROTECTED = 2  # CONFIG SET obeys enable-protected-configs
SENSITIVE = 4  # a secret: redacted in logs
HIDDEN = 8  # CONFIG GET shows it by exact name only
DEBUG = 16  # listed in a crash report
DENY_LOADING = 32  # may not change while the data set is loading
VOLATILE = 64  # what it names can change behind its back, so setting the same value again applies it again

INT_MAX = 2**31 - 1
INT_MIN = -(2**31)
UINT_MAX = 2**32 - 1
LONG_MAX = 2**63 - 1
ULONG_MAX = 2**64 - 1

WRONG_NUMBER = "wrong number of arguments"


class Missing(NamedTuple):
    """A feature that Pyrite lacks, as the options that belong to it see it.

    With `accepts`, the option would switch the feature on, so only those values, as CONFIG GET shows them, can be set.
    Without, the option tunes the feature, and no value of it can promise anything: all are taken, and a value other
    than the default is named in `Config.notices`. The commit that brings the feature deletes the mark.
    """

    feature: str
    accepts: tuple[str, ...] = ()

    def only(self, *accepts: str) -> Missing:
        """The same feature, for an option that would switch it on."""
        return Missing(self.feature, accepts)

    def refusal(self) -> str:
        """Why a value outside `accepts` can't be set."""
        return f"Pyrite has no {self.feature}: only {' or '.join(map(repr, self.accepts))} can be set"


class Group(NamedTuple):
    """Lines of a configuration file that stand for each other: a rewrite replaces them as one.

    `key` tells the groups of one option apart, `lines` are the arguments after the option's name, and `changed` says
    whether the group must be written even when the file doesn't mention it.
    """

    key: str
    lines: list[bytes]
    changed: bool


class Option(Generic[T]):
    """One option: name, alias, default, flags, one line of documentation, and how its values are written.

    The name is the attribute's, with hyphens. `check` refuses values that the kind alone would take.
    """

    __slots__ = ("alias", "attribute", "check", "default", "doc", "flags", "missing", "name")

    takes_many = False  # several arguments make one value
    accumulates = False  # a repeated line in a file adds to the lines before it

    def __init__(
        self,
        default: T,
        doc: str,
        flags: int = 0,
        *,
        alias: str | None = None,
        missing: Missing | None = None,
        check: Callable[[T], None] | None = None,
    ) -> None:
        self.default = default
        self.doc = doc
        self.flags = flags
        self.alias = alias
        self.missing = missing
        self.check = check
        self.attribute = self.name = ""

    def __set_name__(self, owner: type, attribute: str) -> None:
        self.attribute = attribute
        self.name = attribute.replace("_", "-")

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> Self | T:
        return self if instance is None else self.default

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    def parse(self, arguments: Sequence[str], current: T) -> T:
        """The value that arguments stand for; `current` matters to options of which a line sets a part."""
        if len(arguments) != 1:
            raise ConfigError(WRONG_NUMBER)
        value = self.parse_one(arguments[0])
        if self.check is not None:
            self.check(value)
        return value

    def parse_one(self, text: str) -> T:
        """`parse` for a kind whose value is one argument; a kind of several overrides `parse` and needs none."""
        raise NotImplementedError

    def format(self, value: T) -> str:
        """The text of CONFIG GET."""
        return str(value)

    def groups(self, value: T) -> list[Group]:
        """The lines that set this value; none removes the option from the file."""
        return [Group("", [quote_if_needed(encode(self.format(value)))], value != self.default)]

    def group_key(self, arguments: Sequence[str]) -> str:
        """The key of the group that a line with these arguments belongs to."""
        return ""

    def keeps(self, arguments: Sequence[str], value: T) -> bool:
        """Whether a line with these arguments already says `value`, so that a rewrite leaves it alone."""
        try:
            return self.parse(arguments, value) == value
        except ConfigError:
            return False

    def apply(self, value: T) -> None:
        """Make the process follow; raises ConfigError. Most values are state of no process."""

    def file_arguments(self, arguments: list[str]) -> list[str]:
        """What a line of a file means: an option of several arguments also takes them all in one quoted string."""
        if not self.takes_many or len(arguments) != 1 or not arguments[0]:
            return arguments
        return [decode(argument) for argument in split_arguments(encode(arguments[0]))]

    @staticmethod
    def file_line(arguments: list[str]) -> bytes:
        """The inverse of `file_arguments`, for an option of several arguments."""
        line = join_arguments(arguments)
        return quote_if_needed(line) if len(arguments) == 1 and arguments[0] else line

    def refuse_missing(self, value: T) -> None:
        """Raise ConfigError if `value` would switch on a feature that isn't there."""
        if self.missing is not None and self.missing.accepts and self.format(value) not in self.missing.accepts:
            raise ConfigError(self.missing.refusal())


AnyOption = Option[Any]


class Boolean(Option[bool]):
    """`yes` or `no`, in any case."""

    __slots__ = ()

    def parse_one(self, text: str) -> bool:
        word = text.lower()
        if word not in ("yes", "no"):
            raise ConfigError("argument must be 'yes' or 'no'")
        return word == "yes"

    def format(self, value: bool) -> str:
        return "yes" if value else "no"


class Integer(Option[int]):
    """A whole number from `low` to `high`, both inclusive."""

    __slots__ = ("high", "low")

    def __init__(
        self,
        default: int,
        low: int,
        high: int,
        doc: str,
        flags: int = 0,
        *,
        alias: str | None = None,
        missing: Missing | None = None,
        check: Callable[[int], None] | None = None,
    ) -> None:
        super().__init__(default, doc, flags, alias=alias, missing=missing, check=check)
        self.low = low
        self.high = high

    def parse_one(self, text: str) -> int:
        value = self.parse_number(text)
        if not self.low <= value <= self.high:
            raise ConfigError(
                f"argument must be between {self.format(self.low)} and {self.format(self.high)} inclusive"
            )
        return value

    def parse_number(self, text: str) -> int:
        """The number alone, whatever its range."""
        try:
            return parse_integer(text)
        except ValueError:
            raise ConfigError("argument couldn't be parsed into an integer") from None


class ClampedInteger(Integer):
    """A hint: a number outside `bounds`, but within the range, becomes the nearest bound."""

    __slots__ = ("bounds",)

    def __init__(self, default: int, low: int, high: int, bounds: tuple[int, int], doc: str) -> None:
        super().__init__(default, low, high, doc)
        self.bounds = bounds

    def parse_one(self, text: str) -> int:
        lowest, highest = self.bounds
        return min(max(super().parse_one(text), lowest), highest)


class Octal(Integer):
    """A number written in base 8, such as file permissions."""

    __slots__ = ()

    def parse_number(self, text: str) -> int:
        if not text or len(text) > 20 or text.strip("01234567"):
            raise ConfigError("argument couldn't be parsed as an octal number")
        return int(text, 8)

    def format(self, value: int) -> str:
        return f"{value:o}"


class Memory(Integer):
    """A size in bytes, written with a unit if one likes: `100mb`."""

    __slots__ = ()

    def parse_number(self, text: str) -> int:
        try:
            return parse_memory(text)
        except ValueError:
            raise ConfigError("argument must be a memory value") from None

    def groups(self, value: int) -> list[Group]:
        return [Group("", [format_memory(value).encode()], value != self.default)]


class MemoryOrPercent(Memory):
    """A size in bytes, or a percentage of maxmemory, which is kept as a negative number: -5 is 5%."""

    __slots__ = ()

    def parse_number(self, text: str) -> int:
        try:
            if text.endswith("%"):
                return self._parse_percentage(text[:-1])
            return parse_memory(text)
        except ValueError:
            raise ConfigError("argument must be a memory or percent value") from None

    def _parse_percentage(self, text: str) -> int:
        percentage = parse_integer(text)
        if percentage < 0:
            raise ValueError("a negative percentage")
        if percentage > -self.low:
            raise ConfigError(f"percentage argument must be less or equal to {-self.low}")
        return -percentage

    def format(self, value: int) -> str:
        return f"{-value}%" if value < 0 else str(value)

    def groups(self, value: int) -> list[Group]:
        return super().groups(value) if value >= 0 else Option.groups(self, value)


class Text(Option[str]):
    """Any text without NUL bytes; with `nullable`, the empty text means not set and is not written to a file."""

    __slots__ = ("nullable",)

    def __init__(
        self,
        default: str,
        doc: str,
        flags: int = 0,
        *,
        nullable: bool = False,
        alias: str | None = None,
        missing: Missing | None = None,
        check: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(default, doc, flags, alias=alias, missing=missing, check=check)
        self.nullable = nullable

    def parse_one(self, text: str) -> str:
        if "\0" in text:
            raise ConfigError("argument must not contain NUL bytes")
        return text

    def groups(self, value: str) -> list[Group]:
        return [] if self.nullable and not value else super().groups(value)


class Secret(Text):
    """A password: any bytes at all, never shown in a log."""

    __slots__ = ()

    def __init__(self, doc: str, *, missing: Missing | None = None) -> None:
        super().__init__("", doc, SENSITIVE, nullable=True, missing=missing)

    def parse_one(self, text: str) -> str:
        return text


class Enum(Option[str]):
    """One of several words, in any case; `synonyms` maps a word to the one that it is another name of."""

    __slots__ = ("choices", "synonyms")

    def __init__(
        self,
        default: str,
        choices: tuple[str, ...],
        doc: str,
        flags: int = 0,
        *,
        synonyms: dict[str, str] | None = None,
        missing: Missing | None = None,
    ) -> None:
        super().__init__(default, doc, flags, missing=missing)
        self.choices = choices
        self.synonyms = synonyms or {}

    def parse_one(self, text: str) -> str:
        word = text.lower()
        if word not in self.choices:
            raise ConfigError(must_be_one_of(self.choices))
        return self.synonyms.get(word, word)


def must_be_one_of(choices: tuple[str, ...]) -> str:
    """The reason for which a word outside `choices` is refused."""
    return "argument(s) must be one of the following: " + ", ".join(choices)


class WordSet(Option[tuple[str, ...]]):
    """Any number of the `choices`, kept in their order there; `nothing` is how the empty set is written."""

    __slots__ = ("choices", "nothing")

    takes_many = True

    def __init__(
        self,
        nothing: str,
        choices: tuple[str, ...],
        doc: str,
        *,
        missing: Missing | None = None,
        check: Callable[[tuple[str, ...]], None] | None = None,
    ) -> None:
        super().__init__((), doc, missing=missing, check=check)
        self.nothing = nothing
        self.choices = choices

    def parse(self, arguments: Sequence[str], current: tuple[str, ...]) -> tuple[str, ...]:
        words = {argument.lower() for argument in arguments}
        if not words or words - {self.nothing, *self.choices}:
            raise ConfigError(must_be_one_of((self.nothing, *self.choices)))
        value = tuple(choice for choice in self.choices if choice in words)
        if self.check is not None:
            self.check(value)
        return value

    def format(self, value: tuple[str, ...]) -> str:
        return " ".join(value) or self.nothing

    def groups(self, value: tuple[str, ...]) -> list[Group]:
        return [Group("", [self.file_line(list(value) or [self.nothing])], value != self.default)]
