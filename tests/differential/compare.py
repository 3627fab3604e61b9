"""When two replies count as the same: to the byte, unless the command is in a table here, with the reason.

Replies that depend on the moment, on the process or on chance are compared as far as they can be. Errors are compared
to the byte whatever the command.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.support import ErrorReply, Push, Reply, Verbatim

# How far apart the two servers may be in carrying out one command, on a busy machine.
TOLERANCE_MS = 3000


@dataclass(frozen=True)
class Answer:
    """A reply, parsed and as bytes."""

    value: Reply
    raw: bytes


Compare = Callable[[Answer, Answer], bool]


def same_bytes(ours: Answer, theirs: Answer) -> bool:
    return ours.raw == theirs.raw


def same_kind(ours: Answer, theirs: Answer) -> bool:
    """Compare only the type of the replies, and whether they are null."""
    return ours.raw[:1] == theirs.raw[:1] and (ours.value is None) == (theirs.value is None)


def in_any_order(ours: Answer, theirs: Answer) -> bool:
    """Compare what two collections hold, as the order is by hash."""
    return ours.raw[:1] == theirs.raw[:1] and sorted_items(ours.value) == sorted_items(theirs.value)


def sorted_items(value: Reply) -> Reply:
    """Return a collection in an order that depends only on what it holds, down to collections inside it."""
    if isinstance(value, dict):
        return sorted(((repr(name), sorted_items(item)) for name, item in value.items()), key=repr)
    if isinstance(value, list | set | frozenset | tuple) and not isinstance(value, Push):
        return sorted((sorted_items(item) for item in value), key=repr)
    return value


# How long an entry has been pending, among what XPENDING tells of it.
IDLE_AT = 2


def pending_entries(ours: Answer, theirs: Answer) -> bool:
    """Compare what is pending: all but the time that has passed, or the summary."""
    return ours.raw[:1] == theirs.raw[:1] and _without_idle(ours.value) == _without_idle(theirs.value)


def _without_idle(value: Reply) -> Reply:
    assert isinstance(value, list)
    if not value or not isinstance(value[0], list):
        return value
    return [[part for at, part in enumerate(entry) if at != IDLE_AT] for entry in value]


def stream_fields(ours: Answer, theirs: Answer) -> bool:
    """Compare what is told of a stream; of groups an older peer tells less, and counts otherwise."""
    here, there = _pairs(ours.value), _pairs(theirs.value)
    same_groups = b"entries" in here or here[b"groups"] == there[b"groups"]
    compared = [name for name in here if name != b"groups"]
    return list(here) == list(there) and same_groups and all(here[name] == there[name] for name in compared)


def as_many(ours: Answer, theirs: Answer) -> bool:
    """Compare what was drawn by chance: only how much it is."""
    if not isinstance(ours.value, list) or not isinstance(theirs.value, list):
        return same_kind(ours, theirs)
    return len(ours.value) == len(theirs.value)


def scanned(ours: Answer, theirs: Answer) -> bool:
    """Compare a step of a scan: what it found where it was the only one, as the order is by hash."""
    if not isinstance(ours.value, list) or not isinstance(theirs.value, list):
        return ours.raw == theirs.raw
    if ours.value[0] != b"0" or theirs.value[0] != b"0":
        return True
    return sorted_items(ours.value[1]) == sorted_items(theirs.value[1])


def fields_in_any_order(ours: Answer, theirs: Answer) -> bool:
    """Compare fields with their values, which RESP2 sends as one list."""
    return ours.raw[:1] == theirs.raw[:1] and _fields(ours.value) == _fields(theirs.value)


def scan_of_fields(ours: Answer, theirs: Answer) -> bool:
    """Compare the fields of a scan that was over with its first step; of others only that there is a reply."""
    replies = [ours.value, theirs.value]
    if all(isinstance(reply, list) and reply[0] == b"0" for reply in replies):
        return _fields(ours.value[1]) == _fields(theirs.value[1])  # type: ignore[index]
    return same_kind(ours, theirs)


def _fields(value: Reply) -> Reply:
    if isinstance(value, list) and len(value) % 2 == 0 and all(isinstance(part, bytes) for part in value):
        return sorted_items(dict(zip(value[::2], value[1::2], strict=True)))
    return sorted_items(value)


def random_fields(ours: Answer, theirs: Answer) -> bool:
    """Compare one field by being there; several, of which the requests ask for all, in any order."""
    if not isinstance(ours.value, list):
        return same_kind(ours, theirs)
    return fields_in_any_order(ours, theirs) or in_any_order(ours, theirs)


def close(tolerance: int) -> Compare:
    """Return a comparison of integers that lets them be a little apart, unless they say that there is no such time."""

    def compare(ours: Answer, theirs: Answer) -> bool:
        if not isinstance(ours.value, int) or not isinstance(theirs.value, int):
            return ours.raw == theirs.raw
        if ours.value < 0 or theirs.value < 0:
            return ours.value == theirs.value
        return abs(ours.value - theirs.value) <= tolerance

    return compare


# What a client is, without what the process or the moment decides.
CLIENT_FIELDS = ["name", "flags", "db", "sub", "psub", "multi", "redir", "cmd", "user", "resp"]


def client_fields(ours: Answer, theirs: Answer) -> bool:
    """Compare the fields of CLIENT INFO that are the same on both sides; an older peer lacks newer ones."""
    return ours.raw[:1] == theirs.raw[:1] and _client(ours.value) == _client(theirs.value)


def _client(value: Reply) -> dict[str, str | None]:
    text = value.text if isinstance(value, Verbatim) else value
    assert isinstance(text, bytes)
    fields = dict(part.split("=", 1) for part in text.decode("latin-1").split())
    return {name: fields.get(name) for name in CLIENT_FIELDS}


# What the test chose for each server.
PROCESS_OPTIONS = {b"port", b"dir"}
HIDDEN_OPTIONS = {b"aof-disable-auto-gc"}


def options_of_both(ours: Answer, theirs: Answer) -> bool:
    """Compare the values of options that the peer has; it may lack newer ones, and shows one that 7.2 hides."""
    if ours.raw[:1] != theirs.raw[:1]:
        return False
    here, there = _pairs(ours.value), _pairs(theirs.value)
    common = here.keys() & there.keys() - PROCESS_OPTIONS
    return there.keys() - here.keys() <= HIDDEN_OPTIONS and all(here[name] == there[name] for name in common)


def _pairs(value: Reply) -> dict[Reply, Reply]:
    if isinstance(value, dict):
        return value
    assert isinstance(value, list)
    return dict(zip(value[::2], value[1::2], strict=True))


def names_known_to_both(ours: Answer, theirs: Answer) -> bool:
    """Compare the help texts and tables of commands: kind and, of the elements of a list, which are null."""
    if not same_kind(ours, theirs):
        return False
    if not isinstance(ours.value, list) or not isinstance(theirs.value, list):
        return True
    nulls = [each is None for each in ours.value], [each is None for each in theirs.value]
    return nulls[0] == nulls[1] if any(nulls[0] + nulls[1]) else True


COMPARISONS: dict[bytes, Compare] = {
    # Clocks
    b"TTL": close(TOLERANCE_MS // 1000),
    b"PTTL": close(TOLERANCE_MS),
    b"TIME": same_kind,
    # Chance, and after a change of the eviction policy what the other policy has left
    b"OBJECT FREQ": same_kind,
    b"OBJECT IDLETIME": same_kind,
    # The order of a hashtable
    b"KEYS": in_any_order,
    b"SCAN": same_kind,
    b"FUNCTION LIST": in_any_order,
    b"FUNCTION DUMP": same_kind,
    b"HKEYS": in_any_order,
    b"HVALS": in_any_order,
    b"HGETALL": fields_in_any_order,
    b"HSCAN": scan_of_fields,
    b"HRANDFIELD": random_fields,
    b"RANDOMKEY": same_kind,
    b"SMEMBERS": in_any_order,
    b"SINTER": in_any_order,
    b"SUNION": in_any_order,
    b"SDIFF": in_any_order,
    b"SSCAN": scanned,
    b"SRANDMEMBER": as_many,
    # Times of deliveries; what 7.2 and 7.4 changed about groups is a matter of other tests
    b"XPENDING": pending_entries,
    b"XINFO STREAM": stream_fields,
    b"XINFO GROUPS": same_kind,
    b"XINFO CONSUMERS": same_kind,
    # The process
    b"CLIENT ID": same_kind,
    b"CLIENT INFO": client_fields,
    b"CLIENT LIST": same_kind,
    b"CONFIG GET": options_of_both,
    b"HELLO": same_kind,
    b"INFO": same_kind,
    b"LOLWUT": same_kind,
    b"MEMORY USAGE": same_kind,
    b"MEMORY STATS": same_kind,
    b"MEMORY DOCTOR": same_kind,
    b"MEMORY MALLOC-STATS": same_kind,
    b"LATENCY HISTOGRAM": same_kind,
    b"LATENCY DOCTOR": same_kind,
    # What each server has of its own: other tests compare these name by name
    b"COMMAND": same_kind,
    b"COMMAND INFO": names_known_to_both,
    b"COMMAND DOCS": same_kind,
    b"COMMAND COUNT": same_kind,
    b"COMMAND LIST": same_kind,
    b"CLIENT HELP": same_kind,
    b"COMMAND HELP": same_kind,
    b"CONFIG HELP": same_kind,
    b"DEBUG HELP": same_kind,
    b"FUNCTION HELP": same_kind,
    b"LATENCY HELP": same_kind,
    b"MEMORY HELP": same_kind,
    b"OBJECT HELP": same_kind,
    b"PUBSUB HELP": same_kind,
    b"SCRIPT HELP": same_kind,
    b"SLOWLOG HELP": same_kind,
    b"XGROUP HELP": same_kind,
    b"XINFO HELP": same_kind,
    b"ZRANDMEMBER": as_many,
    b"ZSCAN": in_any_order,
    # The process
    # What each server has of its own: other tests compare these name by name
}
# Those of expiry times, which are exact where no request named a time from now.
RELATIVE: dict[bytes, Compare] = {
    b"EXPIRETIME": close(TOLERANCE_MS // 1000),
    b"PEXPIRETIME": close(TOLERANCE_MS),
}


def same(argv: list[bytes], ours: Answer, theirs: Answer, *, exact_times: bool) -> bool:
    """Return whether two replies to a request count as the same."""
    if isinstance(ours.value, ErrorReply) or isinstance(theirs.value, ErrorReply):
        return ours.raw == theirs.raw
    full = b" ".join(argv[:2]).upper()
    name = argv[0].upper()
    tables = [COMPARISONS] if exact_times else [COMPARISONS, RELATIVE]
    found = [table[each] for table in tables for each in (full, name) if each in table]
    return (found[0] if found else same_bytes)(ours, theirs)
