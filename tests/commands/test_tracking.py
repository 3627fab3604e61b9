"""CLIENT TRACKING, CACHING, TRACKINGINFO, GETREDIR, and the messages that clients get."""

from collections.abc import Iterator

import pytest

from tests.support import ErrorReply, Push, RespClient, Server


@pytest.fixture
def reader(server: Server) -> Iterator[RespClient]:
    """Return a RESP3 connection."""
    with server.connect(resp=3) as client:
        yield client


def invalidated(*keys: bytes) -> Push:
    return Push([b"invalidate", list(keys)])


def nothing_comes(client: RespClient) -> None:
    assert client.call("PING", "nothing") == b"nothing"


def test_a_key_that_was_read_and_changes(server: Server, reader: RespClient) -> None:
    assert reader.call("CLIENT", "TRACKING", "ON") == b"OK"
    server.call("MSET", "a", "1", "b", "2")
    reader.call("GET", "a")
    reader.call("GET", "missing")
    server.call("SET", "b", "3")
    nothing_comes(reader)
    server.call("SET", "a", "2")
    assert reader.read() == invalidated(b"a")
    # Told once, until it reads again.
    server.call("SET", "a", "3")
    nothing_comes(reader)
    reader.call("MGET", "a", "b")
    server.call("DEL", "b", "a")
    assert reader.read() == invalidated(b"b")
    assert reader.read() == invalidated(b"a")
    server.call("SET", "missing", "here")
    assert reader.read() == invalidated(b"missing")
    assert reader.call("CLIENT", "TRACKING", "OFF") == b"OK"
    reader.call("GET", "missing")
    server.call("SET", "missing", "there")
    nothing_comes(reader)


def test_expiry_and_flush(server: Server, reader: RespClient) -> None:
    reader.call("CLIENT", "TRACKING", "ON")
    server.call("SET", "k", "1", "PX", 10)
    reader.call("GET", "k")
    assert reader.read() == invalidated(b"k")
    reader.call("GET", "k")
    server.call("FLUSHALL")
    assert reader.read() == Push([b"invalidate", None])
    server.call("FLUSHDB")
    assert reader.read() == Push([b"invalidate", None])
    nothing_comes(reader)


def test_own_changes_come_after_the_reply_or_not_at_all(reader: RespClient) -> None:
    reader.call("CLIENT", "TRACKING", "ON")
    reader.call("GET", "k")
    assert reader.call("SET", "k", "1") == b"OK"
    assert reader.read() == invalidated(b"k")
    reader.call("CLIENT", "TRACKING", "ON", "NOLOOP")
    reader.call("GET", "k")
    assert reader.call("SET", "k", "2") == b"OK"
    nothing_comes(reader)


def test_in_a_transaction(server: Server, reader: RespClient) -> None:
    reader.call("CLIENT", "TRACKING", "ON", "OPTIN")
    reader.call("CLIENT", "CACHING", "YES")
    reader.call("MULTI")
    reader.call("GET", "a")
    reader.call("GET", "b")
    reader.call("EXEC")
    reader.call("GET", "c")
    server.call("MSET", "a", "1", "b", "1", "c", "1")
    assert reader.read() == invalidated(b"a")
    assert reader.read() == invalidated(b"b")
    nothing_comes(reader)


def test_opting_in_and_out(server: Server, reader: RespClient) -> None:
    assert reader.call("CLIENT", "CACHING", "YES") == ErrorReply(
        b"ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled"
    )
    reader.call("CLIENT", "TRACKING", "ON", "OPTIN")
    assert reader.call("CLIENT", "CACHING", "NO") == ErrorReply(
        b"ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode."
    )
    reader.call("CLIENT", "CACHING", "YES")
    assert reader.call("CLIENT", "TRACKINGINFO")[b"flags"] == {b"on", b"optin", b"caching-yes"}
    reader.call("GET", "a")
    reader.call("GET", "b")
    server.call("MSET", "b", "1", "a", "1")
    assert reader.read() == invalidated(b"a")
    # It holds for one command, even if that is refused.
    for refused in (("NOSUCH",), ("GET",), ("CONFIG", "NOSUCH")):
        reader.call("CLIENT", "CACHING", "YES")
        assert isinstance(reader.call(*refused), ErrorReply)
        reader.call("GET", "b")
        server.call("SET", "b", "2")
        nothing_comes(reader)
    reader.call("CLIENT", "TRACKING", "OFF")
    reader.call("CLIENT", "TRACKING", "ON", "OPTOUT")
    reader.call("CLIENT", "CACHING", "NO")
    reader.call("GET", "a")
    reader.call("GET", "b")
    server.call("MSET", "a", "2", "b", "2")
    assert reader.read() == invalidated(b"b")
    nothing_comes(reader)


def test_broadcast(server: Server, reader: RespClient) -> None:
    assert reader.call("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "user:", "PREFIX", "item:") == b"OK"
    server.call("SET", "user:1", "x")
    assert reader.read() == invalidated(b"user:1")
    server.call("SET", "other:1", "x")
    nothing_comes(reader)
    server.call("MULTI")
    for number in range(3):
        server.call("SET", f"item:{number}", "x")
    server.call("EXEC")
    assert reader.read() == invalidated(b"item:0", b"item:1", b"item:2")
    assert reader.call("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "more:") == b"OK"
    assert sorted(reader.call("CLIENT", "TRACKINGINFO")[b"prefixes"]) == [b"item:", b"more:", b"user:"]
    assert reader.call("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "use") == ErrorReply(
        b"ERR Prefix 'use' overlaps with an existing prefix 'user:'. Prefixes for a single client must not overlap."
    )
    server.call("DEL", "user:1")
    assert reader.read() == invalidated(b"user:1")
    assert server.info("stats")["tracking_total_prefixes"] == "3"


def test_broadcast_without_prefix_and_without_own_changes(server: Server, reader: RespClient) -> None:
    reader.call("CLIENT", "TRACKING", "ON", "BCAST", "NOLOOP")
    reader.call("SET", "own", "1")
    nothing_comes(reader)
    server.call("SET", "other", "1")
    assert reader.read() == invalidated(b"other")


def test_prefixes_are_added_and_every_key_last(server: Server, reader: RespClient) -> None:
    for prefix in ("c", "a", "b"):
        reader.call("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", prefix)
    assert reader.call("CLIENT", "TRACKINGINFO")[b"prefixes"] == [b"a", b"b", b"c"]  # type: ignore[index, call-overload]
    reader.call("CLIENT", "TRACKING", "ON", "BCAST")
    assert reader.call("CLIENT", "TRACKINGINFO")[b"prefixes"] == [b"", b"a", b"b", b"c"]  # type: ignore[index, call-overload]
    server.call("SET", "z", "1")
    assert reader.read() == invalidated(b"z")


def test_broadcast_keys_are_in_order(server: Server, reader: RespClient) -> None:
    reader.call("CLIENT", "TRACKING", "ON", "BCAST")
    server.call("MSET", "b", "1", "c", "2", "a", "3")
    assert reader.read() == invalidated(b"a", b"b", b"c")


def test_caching_is_for_one_command_even_if_it_waits_in_vain(server: Server, reader: RespClient) -> None:
    reader.call("CLIENT", "TRACKING", "ON", "OPTIN")
    reader.call("CLIENT", "CACHING", "YES")
    assert reader.call("BLPOP", "none", 0.01) is None
    reader.call("GET", "k")
    server.call("SET", "k", "1")
    nothing_comes(reader)


def test_caching_stays_when_tracking_is_switched_on_again(server: Server, reader: RespClient) -> None:
    reader.call("CLIENT", "TRACKING", "ON", "OPTIN")
    reader.call("CLIENT", "CACHING", "YES")
    reader.call("CLIENT", "TRACKING", "ON", "OPTIN")
    reader.call("GET", "k")
    server.call("SET", "k", "1")
    assert reader.read() == invalidated(b"k")


def test_redirection_to_a_subscriber(server: Server, client: RespClient) -> None:
    identity = client.call("CLIENT", "ID")
    client.call("SUBSCRIBE", "__redis__:invalidate")
    with server.connect() as caching:
        assert caching.call("CLIENT", "TRACKING", "ON", "REDIRECT", identity) == b"OK"
        assert caching.call("CLIENT", "GETREDIR") == identity
        caching.call("GET", "k")
        server.call("SET", "k", "1")
        assert client.read() == [b"message", b"__redis__:invalidate", [b"k"]]
        server.call("FLUSHALL")
        assert client.read() == [b"message", b"__redis__:invalidate", None]


def test_redirection_to_one_that_left(server: Server, reader: RespClient) -> None:
    with server.connect(resp=3) as target:
        identity = target.call("CLIENT", "ID")
        reader.call("CLIENT", "TRACKING", "ON", "REDIRECT", identity)
        reader.call("GET", "k")
        server.call("SET", "k", "1")
        assert target.read() == invalidated(b"k")
        reader.call("GET", "k")
        server.call("CLIENT", "KILL", "ID", identity)
    server.call("SET", "k", "2")
    assert reader.read() == Push([b"tracking-redir-broken", identity])
    assert reader.call("CLIENT", "TRACKINGINFO")[b"flags"] == {b"on", b"broken_redirect"}


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["maybe"], b"ERR syntax error"),
        (["ON", "NOSUCH"], b"ERR syntax error"),
        (["ON", "PREFIX"], b"ERR syntax error"),
        (["ON", "PREFIX", "a"], b"ERR PREFIX option requires BCAST mode to be enabled"),
        (["ON", "REDIRECT", "99999"], b"ERR The client ID you want redirect to does not exist"),
        (["ON", "REDIRECT", "x"], b"ERR value is not an integer or out of range"),
        (["ON", "BCAST", "OPTIN"], b"ERR OPTIN and OPTOUT are not compatible with BCAST"),
        (["ON", "OPTIN", "OPTOUT"], b"ERR You can't specify both OPTIN mode and OPTOUT mode"),
        (
            ["ON", "BCAST", "PREFIX", "ab", "PREFIX", "a"],
            (
                b"ERR Prefix 'ab' overlaps with another provided prefix 'a'. "
                b"Prefixes for a single client must not overlap."
            ),
        ),
    ],
)
def test_what_is_refused(client: RespClient, words: list[str], error: bytes) -> None:
    assert client.call("CLIENT", "TRACKING", *words) == ErrorReply(error)
    assert client.call("CLIENT", "TRACKINGINFO")[1] == [b"off"]


def test_modes_are_not_switched_while_tracking(reader: RespClient) -> None:
    reader.call("CLIENT", "TRACKING", "ON", "OPTIN")
    for words, mode in ((["BCAST"], b"BCAST mode on/off"), (["OPTOUT"], b"OPTIN/OPTOUT mode")):
        assert reader.call("CLIENT", "TRACKING", "ON", *words) == ErrorReply(
            b"ERR You can't switch %b before disabling tracking for this client, and then re-enabling it with a "
            b"different mode." % mode
        )


def test_the_table_is_bounded_and_counted(server: Server, reader: RespClient) -> None:
    reader.call("CLIENT", "TRACKING", "ON")
    reader.call("MGET", *(f"k{number}" for number in range(100)))
    stats = server.info("stats")
    assert (stats["tracking_total_keys"], stats["tracking_total_items"]) == ("100", "100")
    assert server.info("clients")["tracking_clients"] == "1"
    with server.config(tracking_table_max_keys=10):
        for number in range(90):
            assert reader.read() == invalidated(b"k%d" % number)
        # Between two turns of the cron, too, one client alone can't make it large.
        server.call("DEBUG", "PAUSE-CRON", 1)
        try:
            for thousand in range(5):
                names = [f"l{thousand * 1000 + number}" for number in range(1000)]
                reader.send("MGET", *names)
            replies = [reader.read() for _ in range(5 + 4000)]
            assert sum(not isinstance(reply, Push) for reply in replies) == 5
            assert server.info("stats")["tracking_total_keys"] == "1010"
        finally:
            server.call("DEBUG", "PAUSE-CRON", 0)
    reader.call("RESET")
    assert server.info("clients")["tracking_clients"] == "0"
    assert server.info("stats")["tracking_total_keys"] == "0"
