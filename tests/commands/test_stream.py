"""Streams without groups: adding, IDs, ranges, deleting, trimming, XSETID, XREAD at once, events."""

import time

import pytest

from tests.loopless import LooplessClient, LooplessServer
from tests.support import Argument, ErrorReply, RespClient, Server, encode_command

TOP = 18446744073709551615
WRONG_TYPE = ErrorReply(b"WRONGTYPE Operation against a key holding the wrong kind of value")
SYNTAX = ErrorReply(b"ERR syntax error")
NOT_INTEGER = ErrorReply(b"ERR value is not an integer or out of range")
INVALID_ID = ErrorReply(b"ERR Invalid stream ID specified as stream command argument")
UNBALANCED = b"Unbalanced 'xread' list of streams: for each stream key an ID, '+', or '$' must be specified."
IN_GROUPS = b"The %b option is only supported by XREADGROUP. You called XREAD instead."
NEW_ENTRIES = b"The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option."
NOT_ABOVE = ErrorReply(b"ERR The ID specified in XADD is equal or smaller than the target stream top item")
ID_ZERO = ErrorReply(b"ERR The ID specified in XADD must be greater than 0-0")
EXHAUSTED = ErrorReply(b"ERR The stream has exhausted the last possible ID, unable to add more items")


def fill(client: Server | RespClient, count: int, key: str = "s", first: int = 1) -> None:
    """Add entries <n>-0 with the field n."""
    for n in range(first, first + count):
        assert client.call("XADD", key, f"{n}-0", "n", n) == b"%d-0" % n


def ids(reply: object) -> list[bytes]:
    assert isinstance(reply, list), reply
    return [entry[0] for entry in reply]


def info(server: Server, key: str = "s") -> dict[bytes, object]:
    with server.connect(resp=3) as client:
        reply = client.call("XINFO", "STREAM", key)
    assert isinstance(reply, dict), reply
    return reply


# XADD


def test_an_entry_is_what_was_added(server: Server) -> None:
    assert server.call("XADD", "s", "1-1", "a", "1", "b", "", "a", "x" * 5000, "007", "-7") == b"1-1"
    words = [b"a", b"1", b"b", b"", b"a", b"x" * 5000, b"007", b"-7"]
    assert server.call("XRANGE", "s", "-", "+") == [[b"1-1", words]]
    assert server.call("TYPE", "s") == b"stream"
    assert server.call("OBJECT", "ENCODING", "s") == b"stream"
    assert server.call("XLEN", "s") == 1
    assert server.call("XLEN", "none") == 0


def test_ids_follow_the_clock_and_never_go_back(server: Server) -> None:
    before_ms = time.time_ns() // 1_000_000
    added = [server.call("XADD", "s", "*", "n", n) for n in range(300)]
    pairs = [tuple(map(int, each.split(b"-"))) for each in added]
    assert pairs == sorted(set(pairs))
    assert before_ms - 10 <= pairs[0][0] <= pairs[-1][0] <= time.time_ns() // 1_000_000
    assert all(seq == 0 or (ms, seq - 1) in pairs for ms, seq in pairs)
    assert server.call("XADD", "s", f"{2**63}-5", "f", "v") == b"%d-5" % 2**63
    assert server.call("XADD", "s", "*", "f", "v") == b"%d-6" % 2**63


@pytest.mark.parametrize(
    ("last", "given", "got"),
    [
        ("5-5", "5-6", b"5-6"),
        ("5-5", "6", b"6-0"),
        ("5-5", "5-*", b"5-6"),
        ("5-5", "6-*", b"6-0"),
        ("5-5", "4-*", NOT_ABOVE),
        ("5-5", "5-5", NOT_ABOVE),
        ("5-5", "5", NOT_ABOVE),
        ("5-5", "4-9", NOT_ABOVE),
        (None, "0-*", b"0-1"),
        (None, "0-0", ID_ZERO),
        (None, "0", ID_ZERO),
        (None, "0-1", b"0-1"),
        (f"5-{TOP}", "5-*", NOT_ABOVE),
        (f"5-{TOP - 1}", "5-*", b"5-%d" % TOP),
        (f"{TOP}-{TOP}", "*", EXHAUSTED),
        (f"{TOP}-{TOP}", "7-1", EXHAUSTED),
        (f"{TOP}-{TOP - 1}", "*", b"%d-%d" % (TOP, TOP)),
        ("5-5", "x", INVALID_ID),
        ("5-5", "-", INVALID_ID),
        ("5-5", "$", INVALID_ID),
        ("5-5", "5-6-7", INVALID_ID),
        ("5-5", f"{TOP + 1}-0", INVALID_ID),
    ],
)
def test_ids_that_are_given(server: Server, last: str | None, given: str, got: object) -> None:
    if last is not None:
        server.call("XADD", "s", last, "f", "v")
    assert server.call("XADD", "s", given, "f", "v") == got
    assert server.call("EXISTS", "s") == (last is not None or isinstance(got, bytes))


def test_an_entry_has_whole_pairs(server: Server) -> None:
    wrong = ErrorReply(b"ERR wrong number of arguments for 'xadd' command")
    for words in (["s", "*", "f"], ["s", "*", "f", "v", "g"], ["s", "MAXLEN", "5", "*"], ["s", "NOMKSTREAM", "*", "f"]):
        assert server.call("XADD", *words) == wrong
    assert server.call("EXISTS", "s") == 0


def test_a_stream_is_not_made_where_it_must_not_be(server: Server) -> None:
    assert server.call("XADD", "s", "NOMKSTREAM", "1-1", "f", "v") is None
    assert server.call("EXISTS", "s") == 0
    fill(server, 1)
    assert server.call("XADD", "s", "nomkstream", "2-0", "f", "v") == b"2-0"


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["MAXLEN", "5", "MINID", "5"], b"syntax error, MAXLEN and MINID options at the same time are not compatible"),
        (["MAXLEN", "-1"], b"The MAXLEN argument must be >= 0."),
        (["MAXLEN", "~", "5", "LIMIT", "-1"], b"The LIMIT argument must be >= 0."),
        (["MAXLEN", "5", "LIMIT", "5"], b"syntax error, LIMIT cannot be used without the special ~ option"),
        (["MAXLEN", "=", "5", "LIMIT", "5"], b"syntax error, LIMIT cannot be used without the special ~ option"),
        (["LIMIT", "5"], b"syntax error, LIMIT cannot be used without specifying a trimming strategy"),
        (["MAXLEN", "x"], b"value is not an integer or out of range"),
        (["MINID", "x"], b"Invalid stream ID specified as stream command argument"),
        (["NOSUCH"], b"Invalid stream ID specified as stream command argument"),
    ],
)
def test_options_that_do_not_go_together(server: Server, options: list[str], error: bytes) -> None:
    assert server.call("XADD", "s", *options, "*", "f", "v") == ErrorReply(b"ERR " + error)
    assert server.call("EXISTS", "s") == 0


def test_other_types_stay_what_they_are(server: Server) -> None:
    server.call("SET", "k", "x")
    for command in (
        ["XADD", "k", "*", "f", "v"],
        ["XLEN", "k"],
        ["XRANGE", "k", "-", "+"],
        ["XREVRANGE", "k", "+", "-"],
        ["XDEL", "k", "1"],
        ["XTRIM", "k", "MAXLEN", "1"],
        ["XSETID", "k", "1"],
        ["XREAD", "STREAMS", "k", "0"],
        ["XREAD", "STREAMS", "s", "k", "0", "0"],
    ):
        assert server.call(*command) == WRONG_TYPE, command


# Ranges


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        ("-", "+", 1, 250),
        ("100", "100", 100, 100),
        ("(100", "102-0", 101, 102),
        ("99-1", "(102-0", 100, 101),
        ("(99", "(102", 100, 102),
        ("(101-0", "(101-0", 1, 0),
        ("200", "+", 200, 250),
        ("251", "+", 1, 0),
        ("10", "5", 1, 0),
        ("0-0", f"{TOP}-{TOP}", 1, 250),
    ],
)
def test_ranges(server: Server, start: str, end: str, first: int, last: int) -> None:
    fill(server, 250)
    expected = [b"%d-0" % n for n in range(first, last + 1)]
    assert ids(server.call("XRANGE", "s", start, end)) == expected
    assert ids(server.call("XREVRANGE", "s", end, start)) == expected[::-1]
    for count in (1, 3, 249, 250, 1000):
        assert ids(server.call("XRANGE", "s", start, end, "COUNT", count)) == expected[:count]
        assert ids(server.call("XREVRANGE", "s", end, start, "COUNT", count)) == expected[::-1][:count]


def test_counts_of_ranges(server: Server) -> None:
    fill(server, 2)
    assert server.call("XRANGE", "none", "-", "+", "COUNT", 0) == []
    for count in (0, -1):
        assert server.call_raw("XRANGE", "s", "-", "+", "COUNT", count) == b"*-1\r\n"
    assert ids(server.call("XRANGE", "s", "-", "+", "COUNT", 0, "count", 1)) == [b"1-0"]
    assert server.call("XRANGE", "s", "-", "+", "COUNT") == SYNTAX
    assert server.call("XRANGE", "s", "-", "+", "COUNT", "x") == NOT_INTEGER
    assert server.call("XRANGE", "s", "-", "+", "LIMIT", "1") == SYNTAX


def test_ends_that_are_none(server: Server) -> None:
    assert server.call("XRANGE", "s", f"({TOP}-{TOP}", "+") == ErrorReply(b"ERR invalid start ID for the interval")
    assert server.call("XRANGE", "s", "-", "(0-0") == ErrorReply(b"ERR invalid end ID for the interval")
    for end in ("(", "(-", "(+", "x", "", "1-*"):
        assert server.call("XRANGE", "s", end, "+") == server.call("XREVRANGE", "s", "+", end) == INVALID_ID


def test_a_whole_range_of_a_stream_with_gaps(server: Server) -> None:
    fill(server, 300)
    assert server.call("XDEL", "s", *(f"{n}-0" for n in range(1, 301) if n % 3)) == 200
    expected = [b"%d-0" % n for n in range(3, 301, 3)]
    assert ids(server.call("XRANGE", "s", "-", "+")) == expected
    assert ids(server.call("XREVRANGE", "s", "+", "-", "COUNT", 7)) == expected[::-1][:7]


# Deleting


def test_deleted_entries(server: Server) -> None:
    fill(server, 4)
    assert server.call("XDEL", "s", "2", "2-0", "9-9", "4-0") == 2
    assert ids(server.call("XRANGE", "s", "-", "+")) == [b"1-0", b"3-0"]
    assert server.call("XDEL", "s", "1", "x") == INVALID_ID
    assert server.call("XLEN", "s") == 2
    assert server.call("XDEL", "none", "1") == 0
    found = info(server)
    assert found[b"max-deleted-entry-id"] == found[b"last-generated-id"] == b"4-0"
    assert found[b"recorded-first-entry-id"] == b"1-0"
    assert server.call("XDEL", "s", "1", "3") == 2
    found = info(server)
    assert (found[b"length"], found[b"entries-added"], found[b"radix-tree-keys"]) == (0, 4, 0)
    assert found[b"recorded-first-entry-id"] == b"0-0"
    assert found[b"first-entry"] is found[b"last-entry"] is None
    assert server.call("XADD", "s", "4-0", "f", "v") == NOT_ABOVE
    assert server.call("EXISTS", "s") == 1


# Trimming


@pytest.mark.parametrize(
    ("options", "left"),
    [
        (["MAXLEN", "10"], 10),
        (["MAXLEN", "=", "10"], 10),
        (["MAXLEN", "0"], 0),
        (["MAXLEN", "1000"], 95),
        (["MAXLEN", "~", "12"], 15),
        (["MAXLEN", "~", "12", "LIMIT", "25"], 75),
        (["MAXLEN", "~", "12", "LIMIT", "0"], 15),
        (["MAXLEN", "~", "12", "LIMIT", "3"], 95),
        (["MINID", "90"], 6),
        (["MINID", "=", "90-1"], 5),
        (["MINID", "~", "90"], 15),
        (["MINID", "~", "91"], 5),
        (["MINID", "~", "91", "LIMIT", "20"], 75),
        (["MINID", "1000"], 0),
        (["maxlen", "~", "12", "maxlen", "5"], None),
    ],
)
def test_trimming(server: Server, options: list[str], left: int | None) -> None:
    with server.config(stream_node_max_entries=10):
        fill(server, 95)
        if left is None:
            assert isinstance(server.call("XTRIM", "s", *options), ErrorReply)
            return
        assert server.call("XTRIM", "s", *options) == 95 - left
        assert ids(server.call("XRANGE", "s", "-", "+")) == [b"%d-0" % n for n in range(96 - left, 96)]
        assert info(server)[b"recorded-first-entry-id"] == (b"%d-0" % (96 - left) if left else b"0-0")
        assert info(server)[b"max-deleted-entry-id"] == b"0-0"


def test_adding_trims(server: Server) -> None:
    with server.config(stream_node_max_entries=10):
        fill(server, 40)
        server.call("XADD", "s", "MAXLEN", "~", "25", "41-0", "n", "41")
        assert server.call("XLEN", "s") == 31
        server.call("XADD", "s", "MINID", "39", "42-0", "n", "42")
        assert ids(server.call("XRANGE", "s", "-", "+")) == [b"39-0", b"40-0", b"41-0", b"42-0"]
        assert server.call("XADD", "s", "MAXLEN", "0", "43-0", "n", "43") == b"43-0"
        assert server.call("XLEN", "s") == 0
        assert server.call("XADD", "new", "MAXLEN", "0", "1-0", "n", "1") == b"1-0"
        assert server.call("XLEN", "new") == 0


@pytest.mark.parametrize("entries", [0, 5, 10**15])
def test_how_much_an_approximate_trim_does(server: Server, entries: int) -> None:
    """Without LIMIT: what 100 blocks hold, at least 10,000 where blocks have no limit, at most a million."""
    fill(server, 5)
    with server.config(stream_node_max_entries=entries):
        assert server.call("XTRIM", "s", "MAXLEN", "~", "0") == 5


def test_arguments_of_xtrim(server: Server) -> None:
    assert server.call("XTRIM", "s", "LIMIT", "0") == ErrorReply(
        b"ERR syntax error, XTRIM must be called with a trimming strategy"
    )
    assert server.call("XTRIM", "s", "MAXLEN", "1", "*") == SYNTAX
    assert server.call("XTRIM", "s", "NOMKSTREAM", "1") == SYNTAX
    assert server.call("XTRIM", "s", "MAXLEN", "~") == NOT_INTEGER
    assert server.call("XTRIM", "none", "MAXLEN", "1") == 0


def test_blocks_follow_the_limits(server: Server) -> None:
    with server.config(stream_node_max_entries=3, stream_node_max_bytes=0):
        fill(server, 10)
        assert info(server)[b"radix-tree-keys"] == 4
    with server.config(stream_node_max_entries=0, stream_node_max_bytes=100):
        fill(server, 3, "t")
        for n in range(4, 7):
            server.call("XADD", "t", f"{n}-0", "n", "x" * 90)
        assert info(server, "t")[b"radix-tree-keys"] == 4


# XSETID


@pytest.mark.parametrize(
    ("arguments", "reply"),
    [
        (["9-9"], b"OK"),
        (["5-0", "ENTRIESADDED", "5", "MAXDELETEDID", "3-0"], b"OK"),
        (["4-9"], ErrorReply(b"ERR The ID specified in XSETID is smaller than the target stream top item")),
        (["1-0"], ErrorReply(b"ERR The ID specified in XSETID is smaller than current max_deleted_entry_id")),
        (["9", "ENTRIESADDED", "3"], ErrorReply(
            b"ERR The entries_added specified in XSETID is smaller than the target stream length")),
        (["9", "ENTRIESADDED", "-1"], ErrorReply(b"ERR entries_added must be positive")),
        (["9", "MAXDELETEDID", "9-1"], ErrorReply(
            b"ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id")),
        (["9", "ENTRIESADDED"], SYNTAX),
        (["9", "NOSUCH", "1"], SYNTAX),
        (["9", "ENTRIESADDED", "x"], NOT_INTEGER),
        (["9", "MAXDELETEDID", "x"], INVALID_ID),
        (["+"], INVALID_ID),
    ],
)  # fmt: skip
def test_setting_the_last_id(server: Server, arguments: list[str], reply: object) -> None:
    fill(server, 5)
    server.call("XDEL", "s", "2-0")
    assert server.call("XSETID", "s", *arguments) == reply
    found = info(server)
    if reply == b"OK":
        assert found[b"last-generated-id"] == (b"9-9" if len(arguments) == 1 else b"5-0")
        assert found[b"max-deleted-entry-id"] == (b"2-0" if len(arguments) == 1 else b"3-0")
        assert found[b"entries-added"] == 5
    else:
        assert found[b"last-generated-id"] == b"5-0"
    assert server.call("XSETID", "none", "1-1") == ErrorReply(b"ERR no such key")


# XREAD at once


def test_reading_several_streams(server: Server) -> None:
    fill(server, 3, "s")
    fill(server, 2, "t", 10)
    s, t = [[[b"%d-0" % n, [b"n", b"%d" % n]] for n in numbers] for numbers in (range(1, 4), range(10, 12))]
    assert server.call("XREAD", "STREAMS", "s", "t", "0", "0") == [[b"s", s], [b"t", t]]
    assert server.call("XREAD", "COUNT", 1, "STREAMS", "t", "s", "0", "2-0") == [[b"t", t[:1]], [b"s", s[2:]]]
    assert server.call("XREAD", "COUNT", 0, "STREAMS", "s", "none", "1", "0") == [[b"s", s[1:]]]
    assert server.call("XREAD", "COUNT", -5, "STREAMS", "s", "s", "2", "3") == [[b"s", s[2:]]]
    assert server.call_raw("XREAD", "STREAMS", "s", "t", "3", "$") == b"*-1\r\n"
    assert server.call_raw("XREAD", "STREAMS", "none", "0") == b"*-1\r\n"
    with server.connect(resp=3) as client:
        assert client.call("XREAD", "STREAMS", "s", "t", "0", "0") == {b"s": s, b"t": t}
        assert client.call_raw("XREAD", "STREAMS", "none", "0") == b"_\r\n"
        assert client.call_raw("XRANGE", "s", "3", "+") == b"*1\r\n*2\r\n$3\r\n3-0\r\n*2\r\n$1\r\nn\r\n$1\r\n3\r\n"


def test_reading_the_last_entry(server: Server) -> None:
    assert server.call("XREAD", "STREAMS", "s", "+") is None
    fill(server, 3, "s")
    fill(server, 150, "t")
    last = [b"t", [[b"150-0", [b"n", b"150"]]]]
    assert server.call("XREAD", "COUNT", 5, "STREAMS", "s", "t", "+", "+") == [[b"s", [[b"3-0", [b"n", b"3"]]]], last]
    server.call("XDEL", "s", "3-0")
    assert server.call("XREAD", "STREAMS", "s", "t", "+", "+") == [[b"s", [[b"2-0", [b"n", b"2"]]]], last]
    server.call("XDEL", "s", "1-0", "2-0")
    assert server.call("XREAD", "BLOCK", 1, "STREAMS", "s", "+") is None


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["COUNT", "1", "STREAMS", "s"], UNBALANCED),
        (["STREAMS", "s", "t", "0"], UNBALANCED),
        (["COUNT", "1", "STREAMS"], b"syntax error"),
        (["COUNT", "x", "STREAMS", "s", "0"], b"value is not an integer or out of range"),
        (["BLOCK", "x", "STREAMS", "s", "0"], b"timeout is not an integer or out of range"),
        (["BLOCK", "1.5", "STREAMS", "s", "0"], b"timeout is not an integer or out of range"),
        (["BLOCK", "-1", "STREAMS", "s", "0"], b"timeout is negative"),
        (["BLOCK", f"{2**63 - 1}", "STREAMS", "s", "0"], b"timeout is out of range"),
        (["GROUP", "g", "c", "STREAMS", "s", "0"], IN_GROUPS % b"GROUP"),
        (["NOACK", "STREAMS", "s", "0"], IN_GROUPS % b"NOACK"),
        (["STREAMS", "s", ">"], NEW_ENTRIES),
        (["STREAMS", "s", "-"], b"Invalid stream ID specified as stream command argument"),
        (["NOSUCH", "STREAMS", "s", "0"], b"syntax error"),
    ],
)  # fmt: skip
def test_arguments_of_xread(server: Server, arguments: list[str], error: bytes) -> None:
    fill(server, 1)
    assert server.call("XREAD", *arguments) == ErrorReply(b"ERR " + error)


@pytest.mark.parametrize(
    ("argv", "keys"),
    [
        (["XREAD", "STREAMS", "a", "b", "0", "0"], [b"a", b"b"]),
        (["XREAD", "count", "1", "BLOCK", "0", "streams", "STREAMS", "0"], [b"STREAMS"]),
        (["XREADGROUP", "GROUP", "STREAMS", "STREAMS", "NOACK", "STREAMS", "k", ">"], [b"k"]),
        (["XREAD", "streams", "a", "b", "0"], [b"a"]),
        (["XREAD", "foo", "STREAMS", "a", "b", "c", "1", "2"], [b"a", b"b"]),
        (["XREADGROUP", "GROUP", "g", "c", "foo", "STREAMS", "a", "1"], [b"a"]),
        (["XREADGROUP", "COUNT", "1", "GROUP", "g", "STREAMS", "STREAMS", "k", ">"], [b"k"]),
    ],
)
def test_which_keys_a_read_has(server: Server, argv: list[str], keys: list[bytes]) -> None:
    assert server.call("COMMAND", "GETKEYS", *argv) == keys


# The value as a whole


def test_copies_are_apart(server: Server) -> None:
    fill(server, 250)
    server.call("XDEL", "s", "7-0")
    server.call("XGROUP", "CREATE", "s", "g", "5-0")
    server.call("XREADGROUP", "GROUP", "g", "c", "COUNT", 9, "STREAMS", "s", ">")
    assert server.call("COPY", "s", "t") == 1
    assert server.call("XRANGE", "t", "-", "+") == server.call("XRANGE", "s", "-", "+")
    for argument in (["FULL", "COUNT", "0"], []):
        assert server.call("XINFO", "STREAM", "t", *argument) == server.call("XINFO", "STREAM", "s", *argument)
    server.call("XADD", "t", "999-0", "f", "v")
    server.call("XACK", "t", "g", "6-0")
    assert server.call("XLEN", "s") == 249
    assert server.call("XPENDING", "s", "g")[0] == 9
    assert server.call("XPENDING", "t", "g")[0] == 8


def test_memory_is_told_and_returns(server: Server) -> None:
    with server.connect() as client:
        client.call("FLUSHALL", "SYNC")
        before = int(server.info("memory")["used_memory"])
        for _ in range(3):
            client.pipeline([["XADD", "s", "*", "sensor", "17", "temp", "21", "hum", "5"] for _ in range(5000)])
            usage = client.call("MEMORY", "USAGE", "s")
            assert isinstance(usage, int)
            assert 5000 * 8 < usage < 5000 * 22
            client.call("XGROUP", "CREATE", "s", "g", "0")
            client.call("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">")
            assert client.call("MEMORY", "USAGE", "s") > usage + 5000 * 40
            client.call("XTRIM", "s", "MAXLEN", "10")
            client.call("DEL", "s")
        client.call("FLUSHALL", "SYNC")
        assert int(server.info("memory")["used_memory"]) < before + 100_000


def test_a_large_stream_is_freed_in_the_background(server: Server) -> None:
    with server.connect() as client:
        client.pipeline([["XADD", "s", "*", "f", "x" * 100] for _ in range(2000)])
        assert client.call("UNLINK", "s") == 1
        assert client.call("EXISTS", "s") == 0
        assert client.call("XADD", "s", "1-1", "f", "v") == b"1-1"


# Command, events, changes counted.
EVENTS: tuple[tuple[str, str, int], ...] = (
    ("XADD s 1-1 f v", "new xadd", 1),
    ("XADD s 1-1 f v", "", 0),
    ("XADD s MAXLEN 1 2-1 f v", "xadd xtrim", 1),
    ("XADD s MAXLEN 9 3-1 f v", "xadd", 1),
    ("XADD none NOMKSTREAM 3-1 f v", "", 0),
    ("XDEL s 2-1 3-1 9-9", "xdel", 2),
    ("XDEL s 2-1", "", 0),
    ("XSETID s 5-1", "xsetid", 1),
    ("XADD s 6-1 f v", "xadd", 1),
    ("XTRIM s MAXLEN 0", "xtrim", 1),
    ("XTRIM s MAXLEN 0", "", 0),
    ("XLEN none", "keymiss", 0),
    ("XGROUP CREATE s g 0", "xgroup-create", 1),
    ("XGROUP CREATE s g 0", "", 0),
    ("XGROUP CREATE t g 0 MKSTREAM", "new xgroup-create", 1),
    ("XGROUP SETID s g 0", "xgroup-setid", 1),
    ("XGROUP CREATECONSUMER s g c", "xgroup-createconsumer", 1),
    ("XGROUP CREATECONSUMER s g c", "", 0),
    ("XGROUP DELCONSUMER s g c", "xgroup-delconsumer", 1),
    ("XGROUP DELCONSUMER s g c", "", 0),
    ("XADD s 7-1 f v", "xadd", 1),
    ("XREADGROUP GROUP g c STREAMS s >", "xgroup-createconsumer", 2),
    ("XREADGROUP GROUP g c STREAMS s >", "", 0),
    ("XREADGROUP GROUP g c STREAMS s 0", "", 1),
    ("XCLAIM s g d 0 7-1", "xgroup-createconsumer", 2),
    ("XAUTOCLAIM s g e 0 0", "xgroup-createconsumer", 2),
    ("XACK s g 7-1", "", 1),
    ("XACK s g 7-1", "", 0),
    ("XGROUP DESTROY s g", "xgroup-destroy", 1),
    ("XGROUP DESTROY s g", "", 0),
)


def test_events() -> None:
    server = LooplessServer()
    seen: list[str] = []
    server.keyspace.on_change = lambda _db, _key, _kind, event: seen.append(event.decode())
    server.keyspace.effects = 1
    with LooplessClient(server) as client:
        for command, events, changes in EVENTS:
            seen.clear()
            dirty = server.keyspace.dirty
            client.send(encode_command(*command.split()))
            assert seen == events.split(), command
            assert server.keyspace.dirty - dirty == changes, command


@pytest.mark.parametrize("argv", [["XADD", "s", "1-1", "f", "v"], ["XRANGE", "s", "-", "+"], ["XINFO", "STREAM", "s"]])
def test_expired_streams_are_gone(server: Server, argv: list[Argument]) -> None:
    fill(server, 1, "s", 5)
    server.call("PEXPIRE", "s", 1)
    time.sleep(0.01)
    reply = server.call(*argv)
    assert reply in (b"1-1", [], ErrorReply(b"ERR no such key"))
