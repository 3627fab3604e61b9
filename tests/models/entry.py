"""An entry as a record of what it holds."""

from dataclasses import dataclass, replace

EXPIRE, WORD, LONG, OWNER = 1, 2, 4, 8
SHORT_KEY_MAX = 255


@dataclass
class Entry:
    """What an entry holds; None for a part that it has not."""

    key: bytes
    parts: int
    value: bytes
    expire: int | None = None
    word: int | None = None
    outside: bytes | None = None
    kind: tuple[int, int] = (0, 0)
    access: int = 0

    def __post_init__(self) -> None:
        if len(self.key) > SHORT_KEY_MAX:
            self.parts |= LONG

    @property
    def size_bytes(self) -> int:
        """Header, eight bytes for each part, key and value."""
        optional = sum(bool(self.parts & part) for part in (EXPIRE, WORD, LONG))
        return 8 + 8 * optional + len(self.key) + len(self.value)

    def reshape(self, parts: int, value: bytes) -> None:
        """Other parts and another value; lengths once long stay so."""
        if not parts & EXPIRE:
            self.expire = None
        if not parts & WORD:
            self.word = None
        self.parts = parts | (self.parts & LONG)
        self.value = value

    def copy(self, key: bytes) -> "Entry":
        """The same under another key, whose lengths are as short as they can be."""
        return replace(self, key=key, parts=self.parts & ~LONG)

    def content(self) -> dict[str, object]:
        """All but the shape."""
        return {
            "key": self.key,
            "value": self.value,
            "expire": self.expire,
            "word": self.word,
            "outside": self.outside,
            "kind": self.kind,
            "access": self.access,
        }
