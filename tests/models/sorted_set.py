"""A sorted set as a dict of scores; ranges are found by looking at every member."""

import math
from dataclasses import dataclass

Item = tuple[bytes, float]


@dataclass(frozen=True)
class Bound:
    """One end of a range of scores or members; `member` is None for the end of all members."""

    score: float = 0.0
    member: bytes | None = None
    open: bool = False


class SortedSet:
    """Members with their scores; -0 is 0."""

    def __init__(self) -> None:
        self.scores: dict[bytes, float] = {}

    def items(self) -> list[Item]:
        """All members in order."""
        return sorted(self.scores.items(), key=lambda item: (item[1], item[0]))

    def add(self, member: bytes, score: float, flags: set[str]) -> str:
        """Add a member or change its score, by ZADD's rules; returns what came of it."""
        present = self.scores.get(member)
        if present is None:
            if "XX" in flags:
                return "skipped"
            self.scores[member] = score
            return "added"
        if "NX" in flags:
            return "skipped"
        if "INCR" in flags:
            score += present
            if math.isnan(score):
                return "nan"
        if ("GT" in flags and score <= present) or ("LT" in flags and score >= present):
            return "skipped"
        self.scores[member] = score
        return "kept" if score == present else "updated"

    def by_rank(self, first: int, last: int) -> list[Item]:
        """The members from one rank to another, negative ones counted from the end."""
        count = len(self.scores)
        first = max(first + count if first < 0 else first, 0)
        last = last + count if last < 0 else last
        return self.items()[first : last + 1] if last >= first else []

    def by_score(self, low: Bound, high: Bound) -> list[Item]:
        """The members with a score between two."""
        return [
            (member, score)
            for member, score in self.items()
            if (score > low.score if low.open else score >= low.score)
            and (score < high.score if high.open else score <= high.score)
        ]

    def by_member(self, low: Bound, high: Bound) -> list[Item]:
        """The members between two; `None` stands for before all of them as `low`, for behind them as `high`."""
        return [
            (member, score)
            for member, score in self.items()
            if (low.member is None or (member > low.member if low.open else member >= low.member))
            and (high.member is None or (member < high.member if high.open else member <= high.member))
        ]

    def remove(self, items: list[Item]) -> int:
        """Remove these; returns how many they are."""
        for member, _ in items:
            del self.scores[member]
        return len(items)


def limited(items: list[Item], offset: int, count: int) -> list[Item]:
    """What LIMIT leaves of a range."""
    if offset < 0:
        return []
    return items[offset:] if count < 0 else items[offset : offset + count]


def union(sources: list[dict[bytes, float]], weights: list[float], aggregate: str) -> dict[bytes, float]:
    """The members of all sources, their scores weighted and put together, the smallest source first."""
    result: dict[bytes, float] = {}
    for source, weight in by_size(sources, weights):
        for member, score in source.items():
            weighted = number(score * weight)
            result[member] = together(result[member], weighted, aggregate) if member in result else weighted
    return result


def intersection(sources: list[dict[bytes, float]], weights: list[float], aggregate: str) -> dict[bytes, float]:
    """The members that all sources have."""
    ordered = by_size(sources, weights)
    result: dict[bytes, float] = {}
    for member, score in ordered[0][0].items():
        if all(member in source for source, _ in ordered):
            total = number(score * ordered[0][1])
            for source, weight in ordered[1:]:
                total = together(total, source[member] * weight, aggregate)
            result[member] = total
    return result


def by_size(sources: list[dict[bytes, float]], weights: list[float]) -> list[tuple[dict[bytes, float], float]]:
    """Sources with their weights, the smallest first."""
    return sorted(zip(sources, weights, strict=True), key=lambda pair: len(pair[0]))


def number(score: float) -> float:
    """The score, 0 for what is no number."""
    return 0.0 if math.isnan(score) else score


def together(a: float, b: float, aggregate: str) -> float:
    """Two scores as one."""
    if aggregate == "SUM":
        return number(a + b)
    if aggregate == "MIN":
        return min(a, b)
    return max(a, b)
