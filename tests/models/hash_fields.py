"""Hashes whose fields may expire, as plain dicts and lists: for the core's to be held against."""

from tests.models import listpack

NEVER = -1


class SmallHash:
    """Fields in the order in which a listpack has them."""

    def __init__(self) -> None:
        """Start without fields, as pairs."""
        self.rows: list[tuple[bytes, bytes, int]] = []
        self.triplets = False

    def index(self, field: bytes) -> int:
        """Return where a field stands, -1 for nowhere."""
        return next((i for i, row in enumerate(self.rows) if row[0] == field), -1)

    def add(self, field: bytes, value: bytes, at_ms: int) -> None:
        """Add a field behind those that expire no later."""
        place = len(self.rows)
        if self.triplets and at_ms != NEVER:
            later = [i for i, row in enumerate(self.rows) if row[2] == NEVER or row[2] > at_ms]
            place = min(later, default=place)
        self.rows.insert(place, (field, value, at_ms if self.triplets else NEVER))

    def set_value(self, field: bytes, value: bytes) -> None:
        """Replace the value in place."""
        i = self.index(field)
        self.rows[i] = (field, value, self.rows[i][2])

    def set_expire(self, field: bytes, at_ms: int) -> None:
        """Take the field out and add it again, unless its expiry is this already."""
        i = self.index(field)
        if self.rows[i][2] != at_ms:
            _, value, _ = self.rows.pop(i)
            self.add(field, value, at_ms)

    def drop_first(self, count: int) -> None:
        """Delete the first fields."""
        del self.rows[:count]

    def count_due(self, now_ms: int) -> int:
        """Return how many fields expire before or at a time."""
        return sum(0 <= at_ms <= now_ms for _, _, at_ms in self.rows)

    def encode(self) -> bytes:
        """Return the listpack's bytes."""
        elements: list[bytes | int] = []
        for field, value, at_ms in self.rows:
            elements += [listpack.stored(field), listpack.stored(value)]
            if self.triplets:
                elements.append(max(at_ms, 0))
        return listpack.encode(elements)


class BigHash:
    """Fields in no order."""

    def __init__(self) -> None:
        """Start without fields."""
        self.fields: dict[bytes, tuple[bytes, int]] = {}

    def set(self, field: bytes, value: bytes, keep_expire: bool) -> bool:
        """Set a field; True where it is new."""
        new = field not in self.fields
        at_ms = self.fields[field][1] if keep_expire and not new else NEVER
        self.fields[field] = value, at_ms
        return new

    def due(self, now_ms: int) -> list[bytes]:
        """Return the fields that expire before or at a time, the earliest first."""
        found = [(at_ms, field) for field, (_, at_ms) in self.fields.items() if 0 <= at_ms <= now_ms]
        return [field for _, field in sorted(found)]

    @property
    def next_expire(self) -> int:
        """When the first field expires."""
        return min((at_ms for _, at_ms in self.fields.values() if at_ms != NEVER), default=NEVER)
