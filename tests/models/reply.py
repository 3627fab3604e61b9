"""What a client is sent: the bytes of each kind of reply, and aggregates that get their length at their end.

Written from the protocol's specification, https://redis.io/docs/latest/develop/reference/protocol-spec/.
"""

from tests.models.numbers import format_float


def line(kind: bytes, text: bytes | int) -> bytes:
    return kind + (b"%d" % text if isinstance(text, int) else text) + b"\r\n"


def bulk(data: bytes) -> bytes:
    return line(b"$", len(data)) + data + b"\r\n"


def one_line(text: bytes) -> bytes:
    return text.replace(b"\r", b" ").replace(b"\n", b" ")


class Reply:
    """All that was written and not sent, as one string; aggregates not closed yet are strings on top of it."""

    def __init__(self, resp: int) -> None:
        self.resp = resp
        self.levels = [b""]

    @property
    def content(self) -> bytes:
        return b"".join(self.levels)

    def write(self, data: bytes) -> None:
        self.levels[-1] += data

    def sent(self, n: int) -> None:
        self.levels = [self.content[n:]]

    def truncate(self, n: int) -> None:
        self.levels = [self.content[:n]]

    # What the kinds of replies look like

    def either(self, resp2: bytes, resp3: bytes) -> bytes:
        return resp2 if self.resp == 2 else resp3

    def null(self) -> bytes:
        return self.either(b"$-1\r\n", b"_\r\n")

    def null_array(self) -> bytes:
        return self.either(b"*-1\r\n", b"_\r\n")

    def head(self, kind: str, n: int) -> bytes:
        """The head of an aggregate of `n` elements, or pairs."""
        pairs = 2 if kind in ("map", "attribute") else 1
        resp3 = {"array": b"*", "map": b"%", "set": b"~", "push": b">", "attribute": b"|"}
        return self.either(line(b"*", n * pairs), line(resp3[kind], n))

    def boolean(self, value: bool) -> bytes:
        return self.either(line(b":", int(value)), line(b"#", b"t" if value else b"f"))

    def double(self, value: float) -> bytes:
        text = format_float(value)
        return self.either(bulk(text), line(b",", text))

    def big_number(self, digits: bytes) -> bytes:
        return self.either(bulk(digits), line(b"(", digits))

    def verbatim(self, kind: bytes, text: bytes) -> bytes:
        tagged = kind + b":" + text
        return self.either(bulk(text), line(b"=", len(tagged)) + tagged + b"\r\n")

    # Aggregates whose length comes last

    def open(self) -> None:
        self.levels.append(b"")

    def close(self, kind: str, n: int) -> None:
        body = self.levels.pop()
        self.write(self.head(kind, n) + body)
