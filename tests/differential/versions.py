"""Where a real server's replies differ from ours because it is older than Redis 7.4.

Each row is as narrow as can be: the version with which the behaviour changed, the requests, and both replies. A newer
peer must agree. None of these requests changes anything.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.differential.compare import Answer

Version = tuple[int, int]


@dataclass(frozen=True)
class Difference:
    """A change of behaviour in some version of Redis."""

    since: Version
    why: str
    applies: Callable[[list[bytes], Answer, Answer], bool]


# HELLO on a connection that must authenticate first; the older text before 7.2.
HELLO_WITHOUT_AUTH = b"otherwise the HELLO <proto> AUTH <user> <pass> option"
OLD_HELLO_WITHOUT_AUTH = b"otherwise the HELLO AUTH <user> <pass> option"

# Subcommands that an older peer does not know; it is not asked.
ADDED: dict[tuple[bytes, bytes], Version] = {
    (b"CLIENT", b"SETINFO"): (7, 2),
    (b"CLIENT", b"NO-TOUCH"): (7, 2),
}


def is_known_to(peer: Version, argv: list[bytes]) -> bool:
    """Return whether a peer of this version has the subcommand that a request names."""
    name = argv[0].upper(), argv[1].upper() if len(argv) > 1 else b""
    return ADDED.get(name, peer) <= peer


def _odd_cursor(argv: list[bytes], ours: Answer, theirs: Answer) -> bool:
    invalid = b"-ERR invalid cursor\r\n"
    return (
        argv[0] == b"SCAN"
        and not re.fullmatch(rb"[1-9][0-9]*|0", argv[1])
        and (ours.raw == invalid) != (theirs.raw == invalid)
    )


def _bare_command_to_getkeys(argv: list[bytes], ours: Answer, theirs: Answer) -> bool:
    return (
        argv[0] == b"COMMAND"
        and len(argv) == 3
        and argv[1].upper() in {b"GETKEYS", b"GETKEYSANDFLAGS"}
        and theirs.raw == b"-ERR wrong number of arguments for 'command|%b' command\r\n" % argv[1].lower()
    )


def _range_of_a_missing_key(argv: list[bytes], ours: Answer, theirs: Answer) -> bool:
    return (
        argv[0] in {b"BITCOUNT", b"BITPOS"}
        and ours.raw in {b"-ERR syntax error\r\n", b"-ERR value is not an integer or out of range\r\n"}
        and theirs.raw in {b":0\r\n", b":-1\r\n"}
    )


def _level_nothing(argv: list[bytes], ours: Answer, theirs: Answer) -> bool:
    return argv[0] == b"CONFIG" and ours.raw.replace(b", nothing\r\n", b"\r\n") == theirs.raw


DIFFERENCES = [
    Difference((7, 2), "there is a log level that logs nothing", _level_nothing),
    Difference((7, 4), "BITCOUNT and BITPOS check the range before they look up the key", _range_of_a_missing_key),
    Difference((7, 2), "COMMAND GETKEYS takes a command without arguments", _bare_command_to_getkeys),
    Difference((7, 4), "a cursor is what strtoull takes, but no negative integer and not nothing", _odd_cursor),
]


def is_known_difference(peer: Version, argv: list[bytes], ours: Answer, theirs: Answer) -> bool:
    """Return whether a peer of this version is expected to answer differently."""
    named = [argv[0].upper(), *argv[1:]]
    return any(row.since > peer and row.applies(named, ours, theirs) for row in DIFFERENCES)


def may_have_named(peer: Version, argv: list[bytes], ours: Answer) -> bool:
    """Return whether a peer may have named the connection although the request failed: HELLO before 7.2."""
    return peer < (7, 2) and argv[0].upper() == b"HELLO" and ours.raw.startswith(b"-")
