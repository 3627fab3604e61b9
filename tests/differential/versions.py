"""Where a real server's replies differ from ours because it is older than Redis 7.4.

Each row is as narrow as can be: the version with which the behaviour changed, the requests, and both replies. A newer
peer must agree.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.differential.compare import Answer

Version = tuple[int, int]


@dataclass(frozen=True)
class Difference:
    """A change of behaviour in some version of Redis."""

    since: Version
    why: str
    applies: Callable[[list[bytes], Answer, Answer], bool]


DIFFERENCES: list[Difference] = []


def is_known_difference(peer: Version, argv: list[bytes], ours: Answer, theirs: Answer) -> bool:
    """Return whether a peer of this version is expected to answer differently."""
    lowered = [argv[0].lower(), *argv[1:]]
    return any(row.since > peer and row.applies(lowered, ours, theirs) for row in DIFFERENCES)
