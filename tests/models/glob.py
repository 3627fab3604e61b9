"""Glob matching by definition: the pattern is cut into parts, and every way for `*` to match is tried."""

from collections.abc import Callable
from functools import cache
from string import ascii_lowercase, ascii_uppercase

Part = Callable[[int], bool]

_SMALL = {ord(capital): ord(small) for capital, small in zip(ascii_uppercase, ascii_lowercase, strict=True)}


def _fold(byte: int, nocase: bool) -> int:
    return _SMALL.get(byte, byte) if nocase else byte


def _signed(byte: int) -> int:
    return byte - 256 if byte > 127 else byte


def _literal(byte: int, nocase: bool) -> Part:
    return lambda seen: _fold(seen, nocase) == _fold(byte, nocase)


def _range(first: int, last: int, nocase: bool) -> Part:
    low, high = sorted((first, last), key=_signed)
    if not nocase:
        return lambda seen: _signed(low) <= _signed(seen) <= _signed(high)

    def order(byte: int) -> int:
        return -1 if byte == 255 else _fold(byte, True)

    return lambda seen: order(low) <= order(seen) <= order(high)


def _class(pattern: bytes, nocase: bool) -> tuple[Part, bytes]:
    """Cut a class off a pattern that begins behind its `[`."""
    negated = pattern.startswith(b"^")
    rest = pattern[negated:]
    members: list[Part] = []
    while rest and not rest.startswith(b"]"):
        if rest.startswith(b"\\") and len(rest) > 1:
            members.append(_literal(rest[1], False))
            rest = rest[2:]
        elif len(rest) > 2 and rest[1:2] == b"-":
            members.append(_range(rest[0], rest[2], nocase))
            rest = rest[3:]
        else:
            members.append(_literal(rest[0], nocase))
            rest = rest[1:]
    return lambda seen: any(member(seen) for member in members) != negated, rest[1:]


def _parts(pattern: bytes, nocase: bool) -> list[Part | None]:
    """One predicate for each byte that the pattern stands for, None for each `*`."""
    parts: list[Part | None] = []
    while pattern:
        head, pattern = pattern[:1], pattern[1:]
        if head == b"*":
            parts.append(None)
        elif head == b"?":
            parts.append(lambda _: True)
        elif head == b"[":
            part, pattern = _class(pattern, nocase)
            parts.append(part)
        elif head == b"\\" and pattern:
            parts.append(_literal(pattern[0], nocase))
            pattern = pattern[1:]
        else:
            parts.append(_literal(head[0], nocase))
    return parts


def matches(pattern: bytes, text: bytes, nocase: bool = False) -> bool:
    """Tell whether the whole text matches the pattern; the empty text matches the empty pattern alone."""
    parts = _parts(pattern, nocase)
    if not text:
        return not parts

    @cache
    def match(i: int, j: int) -> bool:
        if i == len(parts):
            return j == len(text)
        part = parts[i]
        if part is None:
            return any(match(i + 1, k) for k in range(j, len(text) + 1))
        return j < len(text) and part(text[j]) and match(i + 1, j + 1)

    return match(0, 0)
