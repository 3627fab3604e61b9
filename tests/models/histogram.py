"""A latency histogram as the list of what was recorded; times are rounded only when asked for."""

LONGEST_NS = 10**9
LEVELS_NS = [1024 << level for level in range(20)]


class Histogram:
    """Times in ns, each known to eight bits."""

    def __init__(self) -> None:
        self.times: list[int] = []

    def record(self, ns: int) -> None:
        self.times.append(min(max(ns, 1), LONGEST_NS))

    @staticmethod
    def lowest(ns: int) -> int:
        """The lowest time that is not told apart from this one."""
        width = 1 << max(0, ns.bit_length() - 8)
        return ns // width * width

    @classmethod
    def highest(cls, ns: int) -> int:
        """The highest time that is not told apart from this one."""
        return cls.lowest(ns) + (1 << max(0, ns.bit_length() - 8)) - 1

    def percentile(self, percentile: float) -> int:
        if not self.times:
            return 0
        rank = int(min(percentile, 100) / 100 * len(self.times) + 0.5)
        time_ns = sorted(self.times)[max(rank, 1) - 1]
        return self.lowest(time_ns) if percentile == 0 else self.highest(time_ns)

    def levels(self) -> list[tuple[int, int]]:
        """Pairs of microseconds and calls up to there, where the calls are more than one level lower."""
        ends = [self.highest(level) for level in LEVELS_NS] + [2**30 - 1]
        pairs = [(end // 1000, sum(time <= end for time in self.times)) for end in ends]
        before = [0] + [calls for _, calls in pairs]
        return [pair for pair, calls in zip(pairs, before, strict=False) if pair[1] > calls]
