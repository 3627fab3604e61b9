"""The request protocol as a function from all of a client's bytes to the requests in them.

Written from the protocol's specification and from what Redis 7 answers.
"""

import re

INLINE_MAX = 65536
UNAUTHENTICATED_ARGUMENTS = 10
UNAUTHENTICATED_BYTES = 16384
COUNT_MAX = 2**31 - 1
LENGTH_MAX = 2**63 - 1
INTEGER = re.compile(rb"0|-?[1-9][0-9]*")
SPACE = b" \t\n\v\f\r"
# What ends a word that is not in quotes: fewer bytes than may stand between words.
WORD_END = b" \t\n\r"
HEX = re.compile(rb"\\x([0-9a-fA-F]{2})")
ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"a": b"\a"}


class ProtocolError(Exception):
    """The input breaks the protocol; the argument is the text that a client is told."""


class Incomplete(Exception):  # noqa: N818 - no error: the rest is still to come
    """The request is not all there."""


def unquote(text: bytes) -> tuple[bytes, bytes]:
    """Split what stands behind a double or single quote into the quoted bytes and what follows the closing quote."""
    quote, rest, out = text[:1], text[1:], b""
    while rest and rest[:1] != quote:
        if quote == b'"' and (found := HEX.match(rest)):
            out, rest = out + bytes.fromhex(found[1].decode()), rest[4:]
        elif quote == b'"' and rest[:1] == b"\\" and len(rest) > 1:
            out, rest = out + ESCAPES.get(rest[1:2], rest[1:2]), rest[2:]
        elif quote == b"'" and rest[:2] == b"\\'":
            out, rest = out + b"'", rest[2:]
        else:
            out, rest = out + rest[:1], rest[1:]
    if not rest or (rest[1:2] and rest[1:2] not in SPACE):
        raise ProtocolError(b"unbalanced quotes in request")
    return out, rest[1:]


def split_words(line: bytes) -> list[bytes]:
    """Split a line into words, any of which may end in a part in quotes."""
    words = []
    while line := line.lstrip(SPACE):
        word = b""
        while line and line[:1] not in WORD_END:
            if line[:1] in b"\"'":
                quoted, line = unquote(line)
                word += quoted
                break
            word, line = word + line[:1], line[1:]
        words.append(word)
    return words


def header(data: bytes, limit_text: bytes) -> tuple[bytes, bytes]:
    """Split off a line that ends in CR and one more byte."""
    line, cr, rest = data.partition(b"\r")
    if not cr:
        if len(data) > INLINE_MAX:
            raise ProtocolError(limit_text)
        raise Incomplete
    if not rest:
        raise Incomplete
    return line, rest[1:]


def number(text: bytes, low: int, high: int, problem: bytes) -> int:
    """Read an integer within bounds."""
    if not INTEGER.fullmatch(text) or not low <= int(text) <= high or len(text) > 20:
        raise ProtocolError(problem)
    return int(text)


def inline(data: bytes) -> tuple[list[bytes], bytes]:
    line, newline, rest = data.partition(b"\n")
    if not newline or b"\0" in line:
        if len(data) > INLINE_MAX:
            raise ProtocolError(b"too big inline request")
        raise Incomplete
    return split_words(line.removesuffix(b"\r")), rest


def multibulk(data: bytes, bulk_max: int, trusted: bool) -> tuple[list[bytes], bytes]:
    line, data = header(data, b"too big mbulk count string")
    count = number(line[1:], -(2**63), COUNT_MAX, b"invalid multibulk length")
    if count > UNAUTHENTICATED_ARGUMENTS and not trusted:
        raise ProtocolError(b"unauthenticated multibulk length")
    words = []
    while len(words) < count:
        line, data = header(data, b"too big bulk count string")
        if line[:1] != b"$":
            raise ProtocolError(b"expected '$', got '%c'")
        length = number(line[1:], 0, bulk_max, b"invalid bulk length")
        if length > UNAUTHENTICATED_BYTES and not trusted:
            raise ProtocolError(b"unauthenticated bulk length")
        if len(data) < length + 2:
            raise Incomplete
        words.append(data[:length])
        data = data[length + 2 :]
    return words, data


def requests(data: bytes, bulk_max: int, trusted: bool) -> list[list[bytes] | bytes]:
    """All whole requests of the input; the text of a protocol error, if one occurs, is the last item."""
    found: list[list[bytes] | bytes] = []
    while data:
        try:
            words, data = multibulk(data, bulk_max, trusted) if data[:1] == b"*" else inline(data)
        except Incomplete:
            break
        except ProtocolError as error:
            return [*found, error.args[0]]
        found.append(words)
    return found
