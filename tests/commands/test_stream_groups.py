"""Consumer groups: XGROUP, XREADGROUP, XACK, XPENDING, XCLAIM, XAUTOCLAIM, XINFO, and the lag."""

import time

import pytest

from tests.support import ErrorReply, RespClient, Server

TOP = 18446744073709551615
WRONG_TYPE = ErrorReply(b"WRONGTYPE Operation against a key holding the wrong kind of value")
SYNTAX = ErrorReply(b"ERR syntax error")
NOT_INTEGER = ErrorReply(b"ERR value is not an integer or out of range")
INVALID_ID = ErrorReply(b"ERR Invalid stream ID specified as stream command argument")
BUSY = ErrorReply(b"BUSYGROUP Consumer Group name already exists")
KEY_MISSING = ErrorReply(
    b"ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM "
    b"option to create an empty stream automatically."
)
NO_GROUP = ErrorReply(b"NOGROUP No such key 's' or consumer group 'no'")
NO_KEY = ErrorReply(b"NOGROUP No such key 'none' or consumer group 'g'")
NEGATIVE = ErrorReply(b"ERR value for ENTRIESREAD must be positive or -1")
IN_READ = b" in XREADGROUP with GROUP option"
UNBALANCED = b"ERR Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' must be specified."
NO_GROUP_FOR_KEY = ErrorReply(b"NOGROUP No such consumer group 'no' for key name 's'")


def meaningless(sign: bytes) -> bytes:
    return (
        b"ERR The %b ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by "
        b"specifying a proper ID, or use the > ID to get new messages. The %b ID would just return an empty result set."
    ) % (sign, sign)


def entry(n: int) -> list[object]:
    return [b"%d-0" % n, [b"n", b"%d" % n]]


def entries(*numbers: int) -> list[list[object]]:
    return [entry(n) for n in numbers]


def fill(client: Server | RespClient, count: int, first: int = 1) -> None:
    for n in range(first, first + count):
        client.call("XADD", "s", f"{n}-0", "n", n)


def group_of(server: Server, count: int = 10, start: str = "0") -> None:
    """Make a stream of some entries with the group g."""
    fill(server, count)
    assert server.call("XGROUP", "CREATE", "s", "g", start) == b"OK"


def read(client: Server | RespClient, consumer: str = "c", count: int = 0, after: str = ">", *options: str) -> object:
    """XREADGROUP from s for g; what there is of it."""
    reply = client.call("XREADGROUP", "GROUP", "g", consumer, "COUNT", count, *options, "STREAMS", "s", after)
    if not isinstance(reply, list):
        return reply
    ((name, found),) = reply
    assert name == b"s"
    return found


def pending(client: Server | RespClient, *arguments: object) -> list[tuple[object, ...]]:
    """XPENDING with a range: ID, consumer and count of each."""
    reply = client.call("XPENDING", "s", "g", *(arguments or ("-", "+", 1000)))
    assert isinstance(reply, list), reply
    return [(entry_id, name, count) for entry_id, name, _, count in reply]


def groups(server: Server) -> dict[bytes, dict[bytes, object]]:
    with server.connect(resp=3) as client:
        reply = client.call("XINFO", "GROUPS", "s")
    assert isinstance(reply, list), reply
    return {each[b"name"]: each for each in reply}


def progress(server: Server, group: bytes = b"g") -> tuple[object, object]:
    """What a group has read, and its lag."""
    found = groups(server)[group]
    return found[b"entries-read"], found[b"lag"]


# XGROUP


def test_groups_are_made_and_deleted(server: Server) -> None:
    assert server.call("XGROUP", "CREATE", "s", "g", "$") == KEY_MISSING
    assert server.call("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM") == b"OK"
    assert server.call("XLEN", "s") == 0
    assert server.call("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM") == BUSY
    fill(server, 3)
    for name, start in ((b"a", "$"), (b"b", "2"), (b"", "0-0"), (b"\xff\0", "99-9")):
        assert server.call("XGROUP", "CREATE", "s", name, start) == b"OK"
    found = groups(server)
    assert list(found) == [b"", b"a", b"b", b"g", b"\xff\0"]
    assert [each[b"last-delivered-id"] for each in found.values()] == [b"0-0", b"3-0", b"2-0", b"0-0", b"99-9"]
    assert server.call("XGROUP", "DESTROY", "s", "a") == 1
    assert server.call("XGROUP", "DESTROY", "s", "a") == 0
    assert list(groups(server)) == [b"", b"b", b"g", b"\xff\0"]
    assert server.call("XGROUP", "DESTROY", "none", "a") == KEY_MISSING


@pytest.mark.parametrize(
    ("arguments", "reply"),
    [
        (["CREATE", "s", "x", "+"], INVALID_ID),
        (["CREATE", "s", "x", "-"], INVALID_ID),
        (["CREATE", "s", "x", "y"], INVALID_ID),
        (["CREATE", "none", "x", "y", "MKSTREAM"], INVALID_ID),
        (["CREATE", "s", "x", "0", "ENTRIESREAD", "-2"], NEGATIVE),
        (["CREATE", "s", "x", "0", "ENTRIESREAD", "y"], NOT_INTEGER),
        (["CREATE", "s", "x", "0", "ENTRIESREAD"], ErrorReply(
            b"ERR unknown subcommand or wrong number of arguments for 'CREATE'. Try XGROUP HELP.")),
        (["create", "s", "x", "0", "NOSUCH"], ErrorReply(
            b"ERR unknown subcommand or wrong number of arguments for 'create'. Try XGROUP HELP.")),
        (["CREATE", "s", "x", "0", "ENTRIESREAD", "1", "ENTRIESREAD", "1"], ErrorReply(
            b"ERR unknown subcommand or wrong number of arguments for 'CREATE'. Try XGROUP HELP.")),
        (["CREATE", "k", "x", "0"], WRONG_TYPE),
        (["SETID", "s", "no", "0"], NO_GROUP_FOR_KEY),
        (["SETID", "none", "g", "0"], KEY_MISSING),
        (["SETID", "s", "g", "+"], b"OK"),
        (["SETID", "s", "g", "5", "ENTRIESREAD", "3"], b"OK"),
        (["SETID", "s", "g", "x"], INVALID_ID),
        (["SETID", "s", "g", "5", "MKSTREAM"], ErrorReply(
            b"ERR unknown subcommand or wrong number of arguments for 'SETID'. Try XGROUP HELP.")),
        (["CREATECONSUMER", "s", "no", "c"], NO_GROUP_FOR_KEY),
        (["DELCONSUMER", "s", "no", "c"], NO_GROUP_FOR_KEY),
        (["CREATE", "s", "x"], ErrorReply(b"ERR wrong number of arguments for 'xgroup|create' command")),
    ],
)  # fmt: skip
def test_arguments_of_xgroup(server: Server, arguments: list[str], reply: object) -> None:
    server.call("SET", "k", "x")
    group_of(server)
    assert server.call("XGROUP", *arguments) == reply
    assert server.call("EXISTS", "none") == 0
    assert list(groups(server)) == [b"g"]


def test_consumers(server: Server) -> None:
    group_of(server)
    assert server.call("XGROUP", "CREATECONSUMER", "s", "g", "b") == 1
    assert server.call("XGROUP", "CREATECONSUMER", "s", "g", "b") == 0
    assert server.call("XGROUP", "CREATECONSUMER", "s", "g", "") == 1
    read(server, "a", 3)
    read(server, "b", 2)
    with server.connect(resp=3) as client:
        found = client.call("XINFO", "CONSUMERS", "s", "g")
    assert isinstance(found, list)
    assert [(each[b"name"], each[b"pending"]) for each in found] == [(b"", 0), (b"a", 3), (b"b", 2)]
    assert [each[b"inactive"] == -1 for each in found] == [True, False, False]
    assert all(0 <= each[b"idle"] < 5000 for each in found)
    assert server.call("XGROUP", "DELCONSUMER", "s", "g", "a") == 3
    assert server.call("XGROUP", "DELCONSUMER", "s", "g", "a") == 0
    assert pending(server) == [(b"4-0", b"b", 1), (b"5-0", b"b", 1)]
    assert server.call("XINFO", "CONSUMERS", "s", "no") == NO_GROUP_FOR_KEY


# XREADGROUP


def test_entries_go_to_one_consumer_each(server: Server) -> None:
    group_of(server)
    assert read(server, "a", 2) == entries(1, 2)
    assert read(server, "b", 3) == entries(3, 4, 5)
    assert read(server, "a") == entries(6, 7, 8, 9, 10)
    assert read(server, "b") is None
    assert pending(server, "-", "+", 100, "b") == [(b"3-0", b"b", 1), (b"4-0", b"b", 1), (b"5-0", b"b", 1)]
    assert [name for _, name, _ in pending(server)] == [b"a"] * 2 + [b"b"] * 3 + [b"a"] * 5
    fill(server, 1, 11)
    assert read(server, "b") == entries(11)


def test_what_is_pending_can_be_read_again(server: Server) -> None:
    group_of(server)
    read(server, "a", 4)
    assert read(server, "a", 0, "0") == entries(1, 2, 3, 4)
    assert read(server, "a", 2, "1") == entries(2, 3)
    assert read(server, "b", 0, "0") == []
    assert read(server, "a", 0, "4") == []
    server.call("XDEL", "s", "2-0")
    assert read(server, "a", 0, "0") == [entry(1), [b"2-0", None], entry(3), entry(4)]
    assert [count for *_, count in pending(server)] == [3, 3, 4, 3]
    assert server.call_raw("XREADGROUP", "GROUP", "g", "a", "COUNT", "1", "STREAMS", "s", "1-1") == (
        b"*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n2-0\r\n*-1\r\n"
    )
    with server.connect(resp=3) as client:
        reply = client.call_raw("XREADGROUP", "GROUP", "g", "a", "COUNT", "1", "STREAMS", "s", "1-1")
    assert reply == b"%1\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n2-0\r\n_\r\n"


def test_the_largest_id_means_new_entries(server: Server) -> None:
    group_of(server, 2)
    assert read(server, "a", 1, f"{TOP}-{TOP}") == entries(1)
    assert read(server, "a", 1, f"{TOP}-{TOP - 1}") == []


def test_without_acknowledgement_nothing_is_pending(server: Server) -> None:
    group_of(server, 3)
    assert read(server, "a", 2, ">", "NOACK") == entries(1, 2)
    assert read(server, "a", 9, ">") == entries(3)
    assert pending(server) == [(b"3-0", b"a", 1)]


def test_entries_that_are_read_twice_change_hands(server: Server) -> None:
    group_of(server, 3)
    read(server, "a")
    server.call("XGROUP", "SETID", "s", "g", "1")
    assert read(server, "b") == entries(2, 3)
    assert pending(server) == [(b"1-0", b"a", 1), (b"2-0", b"b", 1), (b"3-0", b"b", 1)]


def test_several_streams_and_protocols(server: Server) -> None:
    group_of(server, 2)
    server.call("XADD", "t", "7-0", "n", "7")
    server.call("XGROUP", "CREATE", "t", "g", "0")
    argv = ["XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", "t", ">", ">"]
    with server.connect(resp=3) as client:
        assert client.call(*argv) == {b"s": entries(1, 2), b"t": entries(7)}
        assert client.call_raw(*argv) == b"_\r\n"
    assert server.call_raw(*argv) == b"*-1\r\n"
    assert server.call(*argv[:-2], "0", ">") == [[b"s", entries(1, 2)]]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["COUNT", "1", "NOACK", "STREAMS", "s", ">"], b"ERR Missing GROUP option for XREADGROUP"),
        (["GROUP", "g", "c", "STREAMS", "s", "t", ">"], UNBALANCED),
        (["GROUP", "g", "c", "STREAMS", "s", "$"], meaningless(b"$")),
        (["GROUP", "g", "c", "STREAMS", "s", "+"], meaningless(b"+")),
        (["GROUP", "g", "c", "STREAMS", "s", "x"], INVALID_ID.text),
        (["GROUP", "no", "c", "STREAMS", "s", ">"], NO_GROUP.text + IN_READ),
        (["GROUP", "g", "c", "STREAMS", "none", ">"], NO_KEY.text + IN_READ),
        (["GROUP", "g", "c", "STREAMS", "s", "k", ">", ">"], WRONG_TYPE.text),
        (["COUNT", "1", "BLOCK", "1", "NOACK", "STREAMS"], b"ERR syntax error"),
    ],
)  # fmt: skip
def test_arguments_of_xreadgroup(server: Server, arguments: list[str], error: bytes) -> None:
    server.call("SET", "k", "x")
    group_of(server)
    assert server.call("XREADGROUP", *arguments) == ErrorReply(error)
    assert server.call("XINFO", "CONSUMERS", "s", "g") == []


def test_reading_is_an_attempt_and_may_be_a_success(server: Server) -> None:
    """Seen: any attempt. Active: when entries were delivered."""
    group_of(server, 1)
    read(server, "a", 0, "0")
    with server.connect(resp=3) as client:
        (consumer,) = client.call("XINFO", "STREAM", "s", "FULL")[b"groups"][0][b"consumers"]
        assert (consumer[b"name"], consumer[b"active-time"]) == (b"a", -1)
        first_seen = consumer[b"seen-time"]
        assert abs(first_seen - time.time() * 1000) < 5000
        time.sleep(0.02)
        read(server, "a")
        (consumer,) = client.call("XINFO", "STREAM", "s", "FULL")[b"groups"][0][b"consumers"]
        assert consumer[b"active-time"] == consumer[b"seen-time"] > first_seen
        time.sleep(0.02)
        read(server, "a")
        (consumer,) = client.call("XINFO", "STREAM", "s", "FULL")[b"groups"][0][b"consumers"]
        assert consumer[b"active-time"] < consumer[b"seen-time"]


# XACK and XPENDING


def test_acknowledging(server: Server) -> None:
    group_of(server)
    read(server)
    assert server.call("XACK", "s", "g", "1", "2-0", "2-0", "99") == 2
    assert server.call("XACK", "s", "g", "3", "x") == INVALID_ID
    assert [entry_id for entry_id, *_ in pending(server)] == [b"%d-0" % n for n in range(3, 11)]
    assert server.call("XACK", "s", "no", "3") == server.call("XACK", "none", "g", "3") == 0
    assert server.call("XACK", "s", "no", "x") == 0
    assert server.call("XACK", "s", "g", *range(1, 11)) == 8
    assert server.call("XPENDING", "s", "g") == [0, None, None, None]
    server.call("SET", "k", "x")
    assert server.call("XACK", "k", "g", "1") == WRONG_TYPE


def test_what_is_pending(server: Server) -> None:
    group_of(server)
    assert server.call_raw("XPENDING", "s", "g") == b"*4\r\n:0\r\n$-1\r\n$-1\r\n*-1\r\n"
    read(server, "b", 3)
    read(server, "a", 4)
    server.call("XGROUP", "CREATECONSUMER", "s", "g", "idle")
    assert server.call("XPENDING", "s", "g") == [7, b"1-0", b"7-0", [[b"a", b"4"], [b"b", b"3"]]]
    assert [entry_id for entry_id, *_ in pending(server, "(2-0", "(6-0", 100)] == [b"3-0", b"4-0", b"5-0"]
    assert [entry_id for entry_id, *_ in pending(server, "3", "+", 2, "a")] == [b"4-0", b"5-0"]
    assert pending(server, "-", "+", 0) == pending(server, "-", "+", -1) == pending(server, "-", "+", 9, "no") == []
    assert pending(server, "IDLE", 0, "7", "7", 9) == [(b"7-0", b"a", 1)]
    assert pending(server, "IDLE", 100_000, "-", "+", 9) == []
    time.sleep(0.02)
    read(server, "a", 1)
    assert [entry_id for entry_id, *_ in pending(server, "IDLE", 15, "-", "+", 9, "a")] == [
        b"%d-0" % n for n in range(4, 8)
    ]
    idle = [each[2] for each in server.call("XPENDING", "s", "g", "7", "8", 9)]
    assert 15 <= idle[0] < 5000
    assert 0 <= idle[1] < idle[0]


@pytest.mark.parametrize(
    ("arguments", "reply"),
    [
        (["s", "no"], NO_GROUP),
        (["none", "g"], NO_KEY),
        (["s", "g", "-", "+"], SYNTAX),
        (["s", "g", "IDLE", "5", "-", "+"], SYNTAX),
        (["s", "g", "IDLE", "x", "-", "+"], NOT_INTEGER),
        (["s", "g", "-", "+", "x"], NOT_INTEGER),
        (["s", "g", "x", "+", "5"], INVALID_ID),
        (["s", "g", "-", "(0-0", "5"], ErrorReply(b"ERR invalid end ID for the interval")),
        (["s", "g", f"({TOP}-{TOP}", "+", "5"], ErrorReply(b"ERR invalid start ID for the interval")),
        (["s", "g", "IDLE", "5", "-", "+", "1", "c", "more"], SYNTAX),
        (["k", "g"], WRONG_TYPE),
    ],
)  # fmt: skip
def test_arguments_of_xpending(server: Server, arguments: list[str], reply: object) -> None:
    server.call("SET", "k", "x")
    group_of(server)
    assert server.call("XPENDING", *arguments) == reply


# XCLAIM


def test_claiming(server: Server) -> None:
    group_of(server)
    read(server, "a", 5)
    assert server.call("XCLAIM", "s", "g", "b", 0, "2", "3-0", "9") == entries(2, 3)
    assert server.call("XCLAIM", "s", "g", "b", 100_000, "4") == []
    assert server.call("XCLAIM", "s", "g", "c", 0, "4", "1", "JUSTID") == [b"4-0", b"1-0"]
    assert pending(server) == [
        (b"1-0", b"c", 1), (b"2-0", b"b", 2), (b"3-0", b"b", 2), (b"4-0", b"c", 1), (b"5-0", b"a", 1),
    ]  # fmt: skip
    assert server.call("XCLAIM", "s", "g", "c", 0, "5", "RETRYCOUNT", 7) == entries(5)
    assert pending(server, "5", "5", 1) == [(b"5-0", b"c", 7)]
    assert server.call("XCLAIM", "s", "g", "c", 0, "9", "10", "77", "FORCE", "JUSTID") == [b"9-0", b"10-0"]
    assert server.call("XCLAIM", "s", "g", "c", 100_000, "8", "FORCE") == entries(8)
    assert pending(server, "8", "+", 9) == [(b"8-0", b"c", 2), (b"9-0", b"c", 1), (b"10-0", b"c", 1)]


def test_the_time_of_a_claim(server: Server) -> None:
    group_of(server, 3)
    read(server, "a")
    far = 10**17
    for options, least, most in (
        (["IDLE", 5000], 5000, 10_000),
        (["TIME", int(time.time() * 1000) - 7000], 6990, 12_000),
        (["IDLE", -5], 0, 3000),
        (["TIME", far], 0, 3000),
        (["IDLE", far], 0, 3000),
        (["TIME", -1], 0, 3000),
        (["TIME", 0], 10**11, 10**13),
        ([], 0, 3000),
    ):
        server.call("XCLAIM", "s", "g", "b", 0, "1", *options)
        ((_, _, idle_ms, _),) = server.call("XPENDING", "s", "g", "1", "1", 1)
        assert least <= idle_ms <= most, options


def test_claiming_what_was_deleted(server: Server) -> None:
    group_of(server)
    read(server, "a", 3)
    server.call("XDEL", "s", "2-0")
    assert server.call("XCLAIM", "s", "g", "b", 0, "1", "2", "3") == entries(1, 3)
    assert [entry_id for entry_id, *_ in pending(server)] == [b"1-0", b"3-0"]
    assert server.call("XCLAIM", "s", "g", "b", 0, "2", "FORCE") == []


def test_claims_may_move_the_group_on(server: Server) -> None:
    group_of(server)
    assert server.call("XCLAIM", "s", "g", "b", 0, "1", "LASTID", "7") == []
    assert read(server, "a", 1) == entries(8)
    server.call("XCLAIM", "s", "g", "b", 0, "1", "LASTID", "3")
    assert read(server, "a", 1) == entries(9)


@pytest.mark.parametrize(
    ("arguments", "reply"),
    [
        (["s", "no", "c", "0", "1"], NO_GROUP),
        (["none", "g", "c", "x", "1"], NO_KEY),
        (["s", "g", "c", "x", "1"], ErrorReply(b"ERR Invalid min-idle-time argument for XCLAIM")),
        (["s", "g", "c", "0", "1", "IDLE", "x"], ErrorReply(b"ERR Invalid IDLE option argument for XCLAIM")),
        (["s", "g", "c", "0", "1", "TIME", "x"], ErrorReply(b"ERR Invalid TIME option argument for XCLAIM")),
        (["s", "g", "c", "0", "1", "RETRYCOUNT", ""], ErrorReply(b"ERR Invalid RETRYCOUNT option argument for XCLAIM")),
        (["s", "g", "c", "0", "1", "LASTID", "x"], INVALID_ID),
        (["s", "g", "c", "0", "1", "LASTID"], ErrorReply(b"ERR Unrecognized XCLAIM option 'LASTID'")),
        (["s", "g", "c", "0", "1", "x", "2"], ErrorReply(b"ERR Unrecognized XCLAIM option 'x'")),
        (["s", "g", "c", "0", "1", "JUSTID", "2"], ErrorReply(b"ERR Unrecognized XCLAIM option '2'")),
        (["s", "g", "c", "-5", "1"], []),
        (["k", "g", "c", "0", "1"], WRONG_TYPE),
    ],
)  # fmt: skip
def test_arguments_of_xclaim(server: Server, arguments: list[str], reply: object) -> None:
    server.call("SET", "k", "x")
    group_of(server)
    assert server.call("XCLAIM", *arguments) == reply


# XAUTOCLAIM


def test_claiming_whatever_waits(server: Server) -> None:
    group_of(server)
    read(server, "a", 7)
    assert server.call("XAUTOCLAIM", "s", "g", "b", 100_000, "-") == [b"0-0", [], []]
    assert server.call("XAUTOCLAIM", "s", "g", "b", 0, "-", "COUNT", 2) == [b"3-0", entries(1, 2), []]
    assert server.call("XAUTOCLAIM", "s", "g", "b", 0, "3", "COUNT", 2, "JUSTID") == [b"5-0", [b"3-0", b"4-0"], []]
    assert server.call("XAUTOCLAIM", "s", "g", "b", 0, "(5") == [b"0-0", entries(6, 7), []]
    assert [name for _, name, _ in pending(server)] == [b"b"] * 4 + [b"a"] + [b"b"] * 2
    assert [count for *_, count in pending(server)] == [2, 2, 1, 1, 1, 2, 2]


def test_claiming_tells_of_what_was_deleted(server: Server) -> None:
    group_of(server)
    read(server, "a", 6)
    server.call("XDEL", "s", "2", "3", "6")
    assert server.call("XAUTOCLAIM", "s", "g", "b", 0, "0", "COUNT", 2) == [b"3-0", entries(1), [b"2-0"]]
    assert server.call("XAUTOCLAIM", "s", "g", "b", 0, "0") == [b"0-0", entries(1, 4, 5), [b"3-0", b"6-0"]]
    assert [entry_id for entry_id, *_ in pending(server)] == [b"1-0", b"4-0", b"5-0"]


def test_claiming_looks_at_ten_times_what_it_returns(server: Server) -> None:
    group_of(server, 100)
    read(server, "a", 50)
    assert server.call("XAUTOCLAIM", "s", "g", "b", 100_000, "0", "COUNT", 3) == [b"31-0", [], []]


@pytest.mark.parametrize(
    ("arguments", "reply"),
    [
        (["s", "no", "c", "0", "0"], NO_GROUP),
        (["none", "g", "c", "0", "0"], NO_KEY),
        (["none", "g", "c", "x", "0"], ErrorReply(b"ERR Invalid min-idle-time argument for XAUTOCLAIM")),
        (["s", "g", "c", "0", "x"], INVALID_ID),
        (["s", "g", "c", "0", f"({TOP}-{TOP}"], ErrorReply(b"ERR invalid start ID for the interval")),
        (["s", "g", "c", "0", "0", "COUNT", "0"], ErrorReply(b"ERR COUNT must be > 0")),
        (["s", "g", "c", "0", "0", "COUNT", "x"], ErrorReply(b"ERR COUNT must be > 0")),
        (["s", "g", "c", "0", "0", "COUNT", str(2**60)], ErrorReply(b"ERR COUNT must be > 0")),
        (["s", "g", "c", "0", "0", "COUNT"], SYNTAX),
        (["s", "g", "c", "0", "0", "NOSUCH"], SYNTAX),
        (["s", "g", "c", "-1", "+"], [b"0-0", [], []]),
        (["s", "g", "c", "0", "0", "COUNT", str(2**58)], [b"0-0", [], []]),
        (["k", "g", "c", "0", "0"], WRONG_TYPE),
    ],
)
def test_arguments_of_xautoclaim(server: Server, arguments: list[str], reply: object) -> None:
    server.call("SET", "k", "x")
    group_of(server)
    assert server.call("XAUTOCLAIM", *arguments) == reply


# XINFO


def test_a_stream_in_full(server: Server) -> None:
    fill(server, 15)
    server.call("XGROUP", "CREATE", "s", "g", "0")
    server.call("XGROUP", "CREATE", "s", "h", "$")
    read(server, "a", 12)
    with server.connect(resp=3) as client:
        found = client.call("XINFO", "STREAM", "s", "FULL")
        assert list(found) == [
            b"length", b"radix-tree-keys", b"radix-tree-nodes", b"last-generated-id", b"max-deleted-entry-id",
            b"entries-added", b"recorded-first-entry-id", b"entries", b"groups",
        ]  # fmt: skip
        assert found[b"entries"] == entries(*range(1, 11))
        group, other = found[b"groups"]
        assert list(group) == [
            b"name", b"last-delivered-id", b"entries-read", b"lag", b"pel-count", b"pending", b"consumers",
        ]  # fmt: skip
        assert (group[b"entries-read"], group[b"lag"], group[b"pel-count"]) == (12, 3, 12)
        assert (other[b"entries-read"], other[b"lag"], other[b"consumers"]) == (None, 0, [])
        assert [(each[0], each[1], each[3]) for each in group[b"pending"]] == [
            (b"%d-0" % n, b"a", 1) for n in range(1, 11)
        ]
        (consumer,) = group[b"consumers"]
        assert list(consumer) == [b"name", b"seen-time", b"active-time", b"pel-count", b"pending"]
        assert [(each[0], each[2]) for each in consumer[b"pending"]] == [(b"%d-0" % n, 1) for n in range(1, 11)]
        for count, shown in ((3, 3), (0, 15), (-1, 10), (100, 15)):
            found = client.call("XINFO", "STREAM", "s", "full", "count", count)
            assert len(found[b"entries"]) == shown
            assert len(found[b"groups"][0][b"pending"]) == min(shown, 12)
        brief = client.call("XINFO", "STREAM", "s")
        assert brief[b"groups"] == 2
        assert (brief[b"first-entry"], brief[b"last-entry"]) == (entry(1), entry(15))
        assert (brief[b"radix-tree-keys"], brief[b"radix-tree-nodes"]) == (1, 2)


@pytest.mark.parametrize(
    "argument", [["BRIEF"], ["FULL", "COUNT"], ["FULL", "LIMIT", "1"], ["FULL", "COUNT", "1", "2"]]
)
def test_arguments_of_xinfo_stream(server: Server, argument: list[str]) -> None:
    no_such_key = ErrorReply(b"ERR no such key")
    assert server.call("XINFO", "STREAM", "s", *argument) == no_such_key
    fill(server, 1)
    assert server.call("XINFO", "STREAM", "s", *argument) == ErrorReply(
        b"ERR unknown subcommand or wrong number of arguments for 'STREAM'. Try XINFO HELP."
    )
    assert server.call("XINFO", "STREAM", "s", "FULL", "COUNT", "x") == NOT_INTEGER
    assert server.call("XINFO", "GROUPS", "none") == server.call("XINFO", "CONSUMERS", "none", "g") == no_such_key
    server.call("SET", "k", "x")
    assert server.call("XINFO", "GROUPS", "k") == server.call("XINFO", "STREAM", "k") == WRONG_TYPE


# How much there is left to read


def test_the_lag_follows_reading(server: Server) -> None:
    group_of(server, 5)
    assert progress(server) == (None, 5)
    for n in range(1, 6):
        read(server, "c", 1)
        assert progress(server) == (n, 5 - n)
    fill(server, 2, 6)
    assert progress(server) == (5, 2)


def test_the_lag_of_a_group_that_begins_in_the_middle(server: Server) -> None:
    group_of(server, 5, "2")
    assert progress(server) == (None, None)
    read(server, "c", 1)
    assert progress(server) == (None, None)
    read(server, "c", 2)
    assert progress(server) == (5, 0)
    server.call("XGROUP", "SETID", "s", "g", "2", "ENTRIESREAD", "2")
    assert progress(server) == (2, 3)


def test_the_lag_of_an_empty_stream_is_nothing(server: Server) -> None:
    server.call("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM")
    assert progress(server) == (None, 0)
    fill(server, 2)
    assert progress(server) == (None, 2)
    server.call("XDEL", "s", "1", "2")
    assert progress(server) == (None, 0)


def test_deleted_entries_ahead_make_the_lag_unknown(server: Server) -> None:
    group_of(server, 5)
    read(server, "c", 1)
    server.call("XDEL", "s", "3-0")
    assert progress(server) == (1, None)
    read(server, "c", 1)
    assert progress(server) == (None, None)
    read(server, "c")
    assert progress(server) == (5, 0)


def test_deleted_entries_before_the_first_do_not(server: Server) -> None:
    """Those between the group and the first entry are no entries to be read."""
    group_of(server, 5)
    read(server, "c", 1)
    server.call("XDEL", "s", "1-0", "2-0")
    assert progress(server) == (1, 3)
    read(server, "c", 1)
    assert progress(server) == (3, 2)


def test_trimmed_entries_are_not_left_to_read(server: Server) -> None:
    group_of(server, 5)
    read(server, "c", 1)
    server.call("XTRIM", "s", "MAXLEN", "1")
    assert progress(server) == (1, 1)
    read(server, "c", 1)
    assert progress(server) == (5, 0)


def test_a_count_of_entries_read_wraps(server: Server) -> None:
    server.call("XADD", "s", "1-1", "f", "v")
    server.call("XADD", "s", "2-1", "f", "v")
    server.call("XGROUP", "CREATE", "s", "g", "1-1", "ENTRIESREAD", 2**63 - 1)
    server.call("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">")
    [group] = server.call("XINFO", "GROUPS", "s")
    assert group[-4:] == [b"entries-read", -(2**63), b"lag", 2 - 2**63]
