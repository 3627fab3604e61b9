r"""Text of configuration: splitting a line into arguments, quoting, and numbers with units.

A line is a sequence of arguments separated by blanks. An argument is a bare word, a "double quoted" string with the
escapes \n \r \t \b \a \xHH and backslash before any other character for that character, or a 'single quoted'
string in which \' is the only escape. A quoted part may follow a bare one directly; after a closing quote a blank or
the end of the line must come. Inline requests follow the same rules.

Lines are bytes, since an escape can spell any byte. Values are `str` with surrogate escapes for bytes that are not
UTF-8, so every value survives the way file -> value -> reply -> file.
"""

from __future__ import annotations

import re

_ARGUMENT = re.compile(
    rb"""\s*+([^ \t\r\n"']*+)               # a bare word, or what stands before a quote
         (?: "((?:\\.|[^"\\])*+)"          # double quoted
           | '((?:\\'|[^'])*+)'             # single quoted
         )?(?=\s|\Z)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_CONTROL = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"a": b"\a"}
_BARE = re.compile(rb"[A-Za-z0-9_./:@%+,*=<>{}$&!^~?()|;-][A-Za-z0-9_./:@%+,*=<>{}$&!^~?()|;#-]*\Z")

_UNITS = {
    "": 1,
    "b": 1,
    "k": 1000,
    "kb": 1024,
    "m": 1000**2,
    "mb": 1024**2,
    "g": 1000**3,
    "gb": 1024**3,
}
_MAX_DIGITS = 20  # of 2^64 - 1
_MAX_MEMORY_DIGITS = 127
UINT64_MAX = 2**64 - 1
INT64_MAX = 2**63 - 1
INT64_MIN = -(2**63)


def _quoted_byte(byte: int) -> bytes:
    for letter, control in _CONTROL.items():
        if control[0] == byte:
            return b"\\" + letter
    if byte in b'\\"':
        return bytes((0x5C, byte))
    return bytes((byte,)) if 0x20 <= byte < 0x7F else b"\\x%02x" % byte


_QUOTED = tuple(_quoted_byte(byte) for byte in range(256))


def decode(data: bytes) -> str:
    """Bytes of a file or a client as the text of a value; any byte survives."""
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """The inverse of `decode`."""
    return text.encode("utf-8", "surrogateescape")


def split_arguments(line: bytes) -> list[bytes]:
    """Split a line by the quoting rules above. Raises ValueError when quotes don't balance."""
    arguments = []
    line = line.strip()
    position = 0
    while position < len(line):
        match = _ARGUMENT.match(line, position)
        if match is None:
            raise ValueError("unbalanced quotes")
        bare, double, single = match.groups()
        if double is not None:
            bare += _ESCAPE.sub(_unescape, double)
        elif single is not None:
            bare += single.replace(b"\\'", b"'")
        arguments.append(bare)
        position = match.end()
    return arguments


def _unescape(match: re.Match[bytes]) -> bytes:
    digits, character = match.groups()
    if digits is not None:
        return bytes((int(digits, 16),))
    return _CONTROL.get(character, character)


def quote(data: bytes) -> bytes:
    """`data` in double quotes, with every byte that is not printable ASCII escaped: it never holds a line break."""
    return b'"%s"' % b"".join([_QUOTED[byte] for byte in data])


def quote_if_needed(data: bytes) -> bytes:
    """`data` as a bare word when `split_arguments` would give it back unchanged, else quoted."""
    return data if _BARE.match(data) else quote(data)


def join_arguments(arguments: list[str]) -> bytes:
    """The inverse of `split_arguments`, for values."""
    return b" ".join([quote_if_needed(encode(argument)) for argument in arguments])


def parse_integer(text: str) -> int:
    """A signed 64-bit integer in its one canonical spelling, without plus sign or leading zeros. Raises ValueError."""
    if not 0 < len(text) <= _MAX_DIGITS or not text.isascii():
        raise ValueError("not an integer")
    digits = text.removeprefix("-")
    if not digits.isdigit() or (digits[0] == "0" and text != "0"):
        raise ValueError("not an integer")
    value = int(text)
    if not INT64_MIN <= value <= INT64_MAX:
        raise ValueError("not a 64-bit integer")
    return value


def parse_c_integer(text: str) -> int:
    """An integer as C's strtoll reads it, sign and leading zeros allowed, but whole and in range. Raises ValueError."""
    digits = text[1:] if text[:1] in ("-", "+") else text
    if not digits.isascii() or not digits.isdigit() or len(digits) > _MAX_DIGITS:
        raise ValueError("not an integer")
    value = int(text)
    if not INT64_MIN <= value <= INT64_MAX:
        raise ValueError("not a 64-bit integer")
    return value


def parse_memory(text: str) -> int:
    """Bytes from digits and a unit: k, m, g count in thousands, kb, mb, gb in 1024s, in any case. Raises ValueError.

    No digits count as 0, as in Redis. A size that 64 bits do not hold is returned as it is, for its reader to refuse;
    Redis lets it wrap round.
    """
    digits = text.rstrip("bBkKmMgG")
    factor = _UNITS.get(text[len(digits) :].lower())
    if (
        factor is None
        or len(digits) > _MAX_MEMORY_DIGITS
        or not digits.isascii()
        or not (digits.isdigit() or not digits)
    ):
        raise ValueError("not a memory value")
    return int(digits or "0") * factor


def format_memory(size_bytes: int) -> str:
    """Bytes in the largest unit of 1024s that divides them, for a configuration file."""
    for unit in ("gb", "mb", "kb"):
        if size_bytes and size_bytes % _UNITS[unit] == 0:
            return f"{size_bytes // _UNITS[unit]}{unit}"
    return str(size_bytes)
