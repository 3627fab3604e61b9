"""Sorting as a list of Python's sort keys, for the core's to be held against."""

import re
from functools import cmp_to_key

Value = int | bytes


def text(value: Value) -> bytes:
    """Return a value's bytes."""
    return b"%d" % value if isinstance(value, int) else value


def sorted_order(
    elements: list[Value], by: list[float] | list[Value | None], *, by_text: bool, descending: bool
) -> list[int]:
    """Return the indexes of elements in the order of what each is sorted by."""

    def compare(i: int, j: int) -> int:
        a, b = _key(elements[i], by[i], by_text=by_text), _key(elements[j], by[j], by_text=by_text)
        order = (a > b) - (a < b)
        return -order if descending else order

    return sorted(range(len(elements)), key=cmp_to_key(compare))


def _key(element: Value, by: float | Value | None, *, by_text: bool) -> tuple[object, ...]:
    if not by_text:
        return (by, text(element))
    return (False, b"") if by is None else (True, text(by))  # type: ignore[arg-type]


PATTERN = re.compile(rb"([^*\0]*)\*(.*)", re.DOTALL)


def name_of(pattern: bytes, element: Value) -> tuple[bytes, bytes | None] | None:
    """Return the names of the key and of the field that a pattern means for an element; None for none."""
    found = PATTERN.match(pattern)
    if found is None:
        return None
    prefix, rest = found[1], found[2]
    arrow = rest.partition(b"\0")[0].find(b"->")
    if arrow < 0 or rest[arrow + 2 : arrow + 3] in (b"", b"\0"):
        return prefix + text(element) + rest, None
    return prefix + text(element) + rest[:arrow], rest[arrow + 2 :]
