"""The append-only file's form, read slowly: which bytes are commands, and where that ends.

A command is a request as a client would send it:

    *3 CR LF  $3 CR LF SET CR LF  $3 CR LF key CR LF  $5 CR LF value CR LF

A line that begins with # is a comment; those of the form #TS:1700000000 say when what follows happened, as Unix time in
seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

TIMESTAMP = b"#TS:"
_DIGITS_MAX = 20
_LINE_MAX = 1024  # of a comment


class FormatError(Exception):
    """The bytes at `at` are not what a command has there."""

    def __init__(self, text: str, at: int) -> None:
        super().__init__(text)
        self.at = at


class CutOffError(Exception):
    """The bytes end before the command does."""


@dataclass(frozen=True)
class Item:
    """A command, with its words as far as they are wanted, or a comment."""

    end: int  # where the next one begins
    words: tuple[bytes, ...] = ()
    comment: bytes | None = None

    @property
    def timestamp_s(self) -> int | None:
        """The Unix time that a comment notes; None for another one, and for a command."""
        if self.comment is None or not self.comment.startswith(TIMESTAMP):
            return None
        digits = self.comment[len(TIMESTAMP) :].strip()
        return int(digits) if digits.isdigit() and len(digits) <= _DIGITS_MAX else None


def _number_line(data: bytes, at: int, sign: bytes, what: str) -> tuple[int, int]:
    """The number of a line that begins with a sign, and where the line ends."""
    if at >= len(data):
        raise CutOffError
    if data[at : at + 1] != sign:
        raise FormatError(f"Expected prefix '{sign.decode()}', got: {data[at : at + 1]!r}", at)
    end = data.find(b"\r\n", at, at + _DIGITS_MAX + 4)
    digits = data[at + 1 : end if end >= 0 else at + _DIGITS_MAX + 2]
    if end < 0:
        if len(data) - at > _DIGITS_MAX + 2 or not (digits.rstrip(b"\r").isdigit() or not digits.rstrip(b"\r")):
            raise FormatError(f"The {what} is no number", at)
        raise CutOffError
    if not digits.isdigit():
        raise FormatError(f"The {what} is no number", at)
    return int(digits), end + 2


def read_item(data: bytes, at: int, words_wanted: int = 0, length_max: int = 1 << 62) -> Item:
    """Read the command or comment at an offset. Raises FormatError, CutOffError.

    Only the first words are returned. `length_max` is how long an argument may be.
    """
    if data[at : at + 1] == b"#":
        end = data.find(b"\n", at)
        if end < 0:
            if len(data) - at > _LINE_MAX:
                raise FormatError("A comment has no end", at)
            raise CutOffError
        return Item(end + 1, comment=data[at : end + 1])
    count, position = _number_line(data, at, b"*", "number of arguments")
    words = []
    for i in range(count):
        length, position = _number_line(data, position, b"$", "length of an argument")
        if length > length_max:
            raise FormatError(f"An argument of {length} bytes is longer than there can be", position)
        end = position + length
        if end + 2 > len(data):
            tail = data[end : end + 2]
            if tail and tail != b"\r":
                raise FormatError("Expected the end of a line", end)
            raise CutOffError
        if data[end : end + 2] != b"\r\n":
            raise FormatError("Expected the end of a line", end)
        if i < words_wanted:
            words.append(data[position:end])
        position = end + 2
    return Item(position, tuple(words))


def is_cut_off(data: bytes) -> bool:
    """Tell whether these bytes are the beginning of a command or comment, and no more than that."""
    try:
        read_item(data, 0)
    except CutOffError:
        return True
    except FormatError:
        return False
    return False
