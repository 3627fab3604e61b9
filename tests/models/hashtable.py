"""A hashtable as a set of keys, and what a scan owes to whoever asked for it."""


class Scan:
    """One full scan under way."""

    def __init__(self, keys: set[bytes]) -> None:
        self.cursor = 0
        self.owed = set(keys)
        self.met: set[bytes] = set()
        self.steps = 0


class Table:
    """Keys, and scans that watch them come and go."""

    def __init__(self) -> None:
        self.keys: set[bytes] = set()
        self.scans: list[Scan] = []

    def add(self, key: bytes) -> None:
        self.keys.add(key)

    def discard(self, key: bytes) -> None:
        """A key that goes, even if it comes again, is no longer owed to any scan under way."""
        self.keys.discard(key)
        for scan in self.scans:
            scan.owed.discard(key)

    def clear(self) -> None:
        self.keys.clear()
        for scan in self.scans:
            scan.owed.clear()

    def start_scan(self) -> Scan:
        scan = Scan(self.keys)
        self.scans.append(scan)
        return scan

    def step(self, scan: Scan, cursor: int, met: list[bytes]) -> None:
        """Note what one step of a scan gave: only keys that are there, and all that are owed once it ends."""
        assert self.keys.issuperset(met), "met a key that is not there"
        assert len(set(met)) == len(met), "met a key twice in one step"
        scan.met.update(met)
        scan.cursor = cursor
        scan.steps += 1
        if cursor == 0:
            assert scan.met >= scan.owed, "missed keys that were there all the time"
            self.scans.remove(scan)
