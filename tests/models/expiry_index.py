"""The expiry index as a table of keys and the times at which they fall due."""


class Index:
    """Keys with their times in ms."""

    def __init__(self) -> None:
        self.times: dict[bytes, int] = {}

    def add(self, key: bytes, at_ms: int) -> None:
        self.times[key] = at_ms

    def remove(self, key: bytes) -> None:
        del self.times[key]

    def due(self, now_ms: int) -> set[bytes]:
        return {key for key, at_ms in self.times.items() if at_ms <= now_ms}

    def first_ms(self) -> int:
        return min(self.times.values())
