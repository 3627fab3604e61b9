"""Where a real server's replies differ from ours because it is older than Redis 7.4.

Each row is as narrow as can be: the version with which the behaviour changed, the requests, and both replies. A newer
peer must agree. None of these requests changes anything.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.differential.compare import Answer, client_fields
from tests.support import Reply, Verbatim

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
    at = {b"SCAN": 1, b"HSCAN": 2, b"SSCAN": 2, b"ZSCAN": 2}.get(argv[0], len(argv))
    return (
        at < len(argv)
        and not re.fullmatch(rb"[1-9][0-9]*|0", argv[at])
        and (ours.raw == invalid) != (theirs.raw == invalid)
    )


def _bare_command_to_getkeys(argv: list[bytes], ours: Answer, theirs: Answer) -> bool:
    return (
        argv[0] == b"COMMAND"
        and len(argv) == 3
        and argv[1].upper() in {b"GETKEYS", b"GETKEYSANDFLAGS"}
        and theirs.raw == b"-ERR wrong number of arguments for 'command|%b' command\r\n" % argv[1].lower()
    )


def _range_before_key(argv: list[bytes], ours: Answer, theirs: Answer) -> bool:
    return (
        argv[0] in {b"BITCOUNT", b"BITPOS"}
        and ours.raw in {b"-ERR syntax error\r\n", b"-ERR value is not an integer or out of range\r\n"}
        and (theirs.raw in {b":0\r\n", b":-1\r\n"} or theirs.raw.startswith(b"-WRONGTYPE "))
    )


def _level_nothing(argv: list[bytes], ours: Answer, theirs: Answer) -> bool:
    return argv[0] == b"CONFIG" and ours.raw.replace(b", nothing\r\n", b"\r\n") == theirs.raw


def _kept_flag(argv: list[bytes], ours: Answer, theirs: Answer) -> bool:
    if [argv[0], *(word.upper() for word in argv[1:2])] != [b"CLIENT", b"INFO"] or theirs.raw[:1] == b"-":
        return False
    text = theirs.value.text if isinstance(theirs.value, Verbatim) else theirs.value
    assert isinstance(text, bytes)
    others = re.sub(rb" flags=(\w*)e(\w*) ", lambda flags: b" flags=%b " % ((flags[1] + flags[2]) or b"N"), text)
    return client_fields(ours, Answer(others, theirs.raw))


SET_ENCODINGS = [b"$6\r\nintset\r\n", b"$8\r\nlistpack\r\n", b"$9\r\nhashtable\r\n"]


def _compact_sets(argv: list[bytes], ours: Answer, theirs: Answer) -> bool:
    return (
        argv[0] == b"OBJECT"
        and argv[1].upper() == b"ENCODING"
        and ours.raw in SET_ENCODINGS
        and theirs.raw in SET_ENCODINGS
    )


def _short_list(argv: list[bytes], ours: Answer, theirs: Answer) -> bool:
    return (
        [argv[0], *(word.upper() for word in argv[1:2])] == [b"OBJECT", b"ENCODING"]
        and ours.raw == b"$8\r\nlistpack\r\n"
        and theirs.raw == b"$9\r\nquicklist\r\n"
    )


def _lowest_rank(argv: list[bytes], ours: Answer, theirs: Answer) -> bool:
    return (
        argv[0] == b"LPOS"
        and b"-9223372036854775808" in argv[3:]
        and ours.raw.startswith(b"-ERR value is out of range, value must between -9223372036854775807 and ")
    )


NUMBERED = re.compile(rb"(Z|BZ|GEO).*")
# Before 7.2 a distance was rounded by way of its digits, and between two places on one meridian was another sine.
ROUNDED = 0.0002


def _other_digits(argv: list[bytes], ours: Answer, theirs: Answer) -> bool:
    rounded = ROUNDED if argv[0].startswith(b"GEO") else 0.0
    return bool(NUMBERED.fullmatch(argv[0])) and _alike(ours.value, theirs.value, rounded)


def _alike(ours: Reply, theirs: Reply, rounded: float) -> bool:
    """Return whether replies are the same but for how numbers are written."""
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(_alike(*pair, rounded) for pair in zip(ours, theirs, strict=True))
    if ours == theirs:
        return True
    try:
        numbers = [float(each) for each in (ours, theirs)]  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return math.isclose(*numbers, rel_tol=1e-13, abs_tol=rounded)


def _digits_in_a_digest(argv: list[bytes], ours: Answer, theirs: Answer) -> bool:
    return argv[0] == b"DEBUG" and len(argv) > 1 and argv[1].upper().startswith(b"DIGEST")


def _rank_with_score(argv: list[bytes], ours: Answer, theirs: Answer) -> bool:
    refused = b"-ERR wrong number of arguments for '%b' command\r\n" % argv[0].lower()
    return argv[0] in {b"ZRANK", b"ZREVRANK"} and len(argv) == 4 and theirs.raw == refused


def _converted_ahead(argv: list[bytes], ours: Answer, theirs: Answer) -> bool:
    return argv[0] == b"OBJECT" and (ours.value, theirs.value) == (b"skiplist", b"listpack")


def _unbalanced_streams(argv: list[bytes], ours: Answer, theirs: Answer) -> bool:
    unbalanced = b"-ERR Unbalanced "
    return (
        argv[0] in {b"XREAD", b"XREADGROUP"} and ours.raw.startswith(unbalanced) and theirs.raw.startswith(unbalanced)
    )


def _last_entry(argv: list[bytes], ours: Answer, theirs: Answer) -> bool:
    invalid = b"-ERR Invalid stream ID specified as stream command argument\r\n"
    return argv[0] in {b"XREAD", b"XREADGROUP"} and b"+" in argv and theirs.raw == invalid != ours.raw


def _deleted_id_first(argv: list[bytes], ours: Answer, theirs: Answer) -> bool:
    return (
        argv[0] == b"XSETID"
        and ours.raw == b"-ERR The ID specified in XSETID is smaller than current max_deleted_entry_id\r\n"
        and theirs.raw == b"-ERR The ID specified in XSETID is smaller than the target stream top item\r\n"
    )


def _consumer_made_by_trying(argv: list[bytes], ours: Answer, theirs: Answer) -> bool:
    return (
        argv[0] == b"XGROUP"
        and argv[1].upper() == b"CREATECONSUMER"
        and (ours.raw, theirs.raw) == (b":0\r\n", b":1\r\n")
    )


def _huge_timeout(argv: list[bytes], ours: Answer, theirs: Answer) -> bool:
    return argv[0].startswith(b"B") and (ours.raw, theirs.raw) == (
        b"-ERR timeout is out of range\r\n",
        b"-ERR timeout is negative\r\n",
    )


DIFFERENCES = [
    Difference((7, 2), "a timeout that 64 bits do not hold is out of range, not negative", _huge_timeout),
    Difference(
        (7, 4), "an unbalanced list of streams is told of in other words, as before in 7.2", _unbalanced_streams
    ),
    Difference((7, 4), "XREAD takes +, and XREADGROUP says why it does not", _last_entry),
    Difference((7, 2), "XSETID looks at the highest deleted ID first", _deleted_id_first),
    Difference((7, 2), "a consumer is made when it tries to read, even if there is nothing", _consumer_made_by_trying),
    Difference((7, 2), "there is a log level that logs nothing", _level_nothing),
    Difference((7, 4), "BITCOUNT and BITPOS check the range before they look up the key", _range_before_key),
    Difference((7, 2), "RESET undoes CLIENT NO-EVICT", _kept_flag),
    Difference((7, 2), "COMMAND GETKEYS takes a command without arguments", _bare_command_to_getkeys),
    Difference((7, 4), "a cursor is what strtoull takes, but no negative integer and not nothing", _odd_cursor),
    Difference((7, 2), "scores and distances have as few digits as tell them apart", _other_digits),
    Difference((7, 2), "the digest of a sorted set is made of scores with such digits", _digits_in_a_digest),
    Difference((7, 2), "ZRANK and ZREVRANK know WITHSCORE", _rank_with_score),
    Difference((7, 2), "ZADD goes by how many members it is given, those that are there included", _converted_ahead),
    Difference((7, 2), "sets may be listpacks, and results of integers are intsets", _compact_sets),
    Difference((7, 2), "a list that is short is a listpack, no quicklist of one", _short_list),
    Difference((7, 2), "LPOS refuses the one rank that has no opposite", _lowest_rank),
]


def is_known_difference(peer: Version, argv: list[bytes], ours: Answer, theirs: Answer) -> bool:
    """Return whether a peer of this version is expected to answer differently."""
    named = [argv[0].upper(), *argv[1:]]
    return any(row.since > peer and row.applies(named, ours, theirs) for row in DIFFERENCES)


def may_have_named(peer: Version, argv: list[bytes], ours: Answer) -> bool:
    """Return whether a peer may have named the connection although the request failed: HELLO before 7.2."""
    return peer < (7, 2) and argv[0].upper() == b"HELLO" and ours.raw.startswith(b"-")
