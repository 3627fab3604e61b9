"""The ordered index as a sorted list of (score, member), -0 taken as 0."""

import math
from bisect import bisect_left, bisect_right, insort


class Ordered:
    """Members with their scores, and all of them in order."""

    def __init__(self) -> None:
        self.scores: dict[bytes, float] = {}
        self.items: list[tuple[float, bytes]] = []

    def add(self, score: float, member: bytes) -> bool:
        if math.isnan(score):
            return False
        self.scores[member] = score
        insort(self.items, (score, member))
        return True

    def build(self, items: list[tuple[float, bytes]]) -> bool:
        if any(math.isnan(score) for score, _ in items) or items != sorted(set(items)):
            return False
        self.scores = {member: score for score, member in items}
        self.items = list(items)
        return True

    def remove(self, member: bytes) -> None:
        del self.items[self.rank(self.scores.pop(member), member)]

    def update(self, member: bytes, score: float) -> bool:
        if math.isnan(score):
            return False
        self.remove(member)
        return self.add(score, member)

    def delete_ranks(self, rank: int, count: int) -> int:
        gone = self.items[rank : rank + count]
        for _, member in gone:
            del self.scores[member]
        del self.items[rank : rank + count]
        return len(gone)

    def rank(self, score: float, member: bytes) -> int:
        at = bisect_left(self.items, (score, member))
        return at if self.items[at : at + 1] == [(score, member)] else -1

    def score_bound(self, score: float, after: bool) -> int:
        """The rank of the first item of at least this score, with `after` of more."""
        return (bisect_right if after else bisect_left)(self.items, score, key=lambda item: item[0])

    def member_bound(self, member: bytes, after: bool) -> int:
        """The rank of the first member at or behind this one, with `after` behind it; scores are all equal."""
        return (bisect_right if after else bisect_left)(self.items, member, key=lambda item: item[1])

    def walk(self, rank: int, back: bool, most: int) -> list[tuple[float, bytes]]:
        """Up to `most` items from before a rank on, forward or back."""
        if back:
            rank = min(rank, len(self.items))
            return self.items[max(rank - most, 0) : rank][::-1]
        return self.items[rank : rank + most]
