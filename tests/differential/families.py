"""Families of requests: what `requests` chooses from, entered by the modules that describe them."""

from collections.abc import Callable

from hypothesis import strategies as st

from tests.differential.arguments import Arguments, Part, row, word

GENERATED: set[str] = set()
# By family, what the state machine chooses from.
FAMILIES: dict[str, list[Arguments]] = {}


def family(name: str) -> Callable[..., None]:
    """Return a function that enters requests of a command into this family; it takes the name and the arguments."""
    members = FAMILIES.setdefault(name, [])

    def enter(command: str, *parts: st.SearchStrategy[Part]) -> None:
        GENERATED.add(command)
        members.append(row(*(word(part) for part in command.split("|")), *parts))

    return enter
