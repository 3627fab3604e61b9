"""maxmemory as clients see it: what is evicted, what is refused, and what a limit that comes later does."""

import time
from contextlib import ExitStack

import pytest

from tests.support import ErrorReply, Server

OOM = ErrorReply(b"OOM command not allowed when used memory > 'maxmemory'.")
ALLKEYS = ["allkeys-lru", "allkeys-lfu", "allkeys-random"]
VOLATILE = ["volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"]
# Room above what the empty server takes, in bytes.
ROOM = 2_000_000


def used(server: Server) -> int:
    """Return used_memory."""
    return int(server.info("memory")["used_memory"])


def load(server: Server, count: int, *options: str | int) -> list[object]:
    """Set so many keys with 200 bytes each, and return the replies."""
    replies: list[object] = []
    for start in range(0, count, 100):
        replies += server.client.pipeline(
            [("SET", f"key:{n}", "x" * 200, *options) for n in range(start, min(start + 100, count))]
        )
    return replies


@pytest.mark.parametrize("policy", ALLKEYS + VOLATILE)
def test_the_limit_is_kept(server: Server, policy: str) -> None:
    evicted = int(server.info("stats")["evicted_keys"])
    limit = used(server) + ROOM
    with server.config(maxmemory_policy=policy, maxmemory=limit):
        assert load(server, 20_000, "EX", 10_000) == [b"OK"] * 20_000
        # What the last commands and this connection hold comes on top.
        assert used(server) < limit + 200_000
        left = server.call("DBSIZE")
        assert isinstance(left, int)
        assert 4000 < left < 10_000
        assert int(server.info("stats")["evicted_keys"]) == evicted + 20_000 - left


@pytest.mark.parametrize("policy", ["noeviction", *VOLATILE])
def test_keys_without_expiry_stay_and_writes_are_refused(server: Server, policy: str) -> None:
    with server.config(maxmemory_policy=policy, maxmemory=used(server) + ROOM):
        replies = load(server, 20_000)
        stored = server.call("DBSIZE")
        assert isinstance(stored, int)
        assert replies == [b"OK"] * stored + [OOM] * (20_000 - stored)
        assert server.call("GET", "key:0") == b"x" * 200
        assert server.call("SET", "key:0", 1) == OOM
        assert server.call("EXPIRE", "key:0", 1000) == 1
        assert server.call("DEL", *(f"key:{n}" for n in range(1000))) == 1000 - (policy != "noeviction")
        assert server.call("SET", "key:0", 1) == b"OK"


@pytest.mark.parametrize("policy", VOLATILE)
def test_volatile_policies_spare_the_others(server: Server, policy: str) -> None:
    with server.config(maxmemory_policy=policy, maxmemory=used(server) + ROOM):
        server.client.pipeline([("SET", f"kept:{n}", "x" * 200) for n in range(2000)])
        load(server, 20_000, "EX", 10_000)
        assert server.call("EXISTS", *(f"kept:{n}" for n in range(2000))) == 2000


def test_recently_used_keys_survive_lru(server: Server) -> None:
    with server.config(maxmemory_policy="allkeys-lru", maxmemory_samples=10, maxmemory=used(server) + ROOM):
        load(server, 5000)
        time.sleep(2.1)
        server.client.pipeline([("GET", f"key:{n}") for n in range(1000)])
        server.client.pipeline([("SET", f"new:{n}", "x" * 200) for n in range(2500)])
        survivors = server.call("EXISTS", *(f"key:{n}" for n in range(1000)))
        assert isinstance(survivors, int)
        assert survivors > 950


def test_a_limit_that_comes_later_is_reached_in_the_background(server: Server) -> None:
    limit = used(server) + ROOM
    load(server, 50_000)
    assert used(server) > limit
    with server.config(maxmemory_policy="allkeys-random", maxmemory=limit):
        deadline = time.monotonic() + 10
        while used(server) > limit and time.monotonic() < deadline:
            time.sleep(0.02)
        assert used(server) <= limit
        assert server.call("DBSIZE") > 1000  # type: ignore[operator]


def test_a_limit_below_the_server_itself(server: Server) -> None:
    server.call("SET", "a", 1)
    with server.config(maxmemory_policy="allkeys-lru", maxmemory=1):
        assert server.call("SET", "b", 1) == OOM
        assert server.call("PING") == b"PONG"
        assert server.call("DBSIZE") == 0
    assert server.call("SET", "b", 1) == b"OK"


def test_what_trackers_are_told_does_not_evict_more(server: Server) -> None:
    """Ten clients are told of each eviction, which takes ten times what the key did."""
    with ExitStack() as stack:
        trackers = [stack.enter_context(server.connect(resp=3)) for _ in range(10)]
        for tracker in trackers:
            tracker.call("CLIENT", "TRACKING", "ON")
        for number in range(300):
            key = f"{number}" + "x" * 1000
            server.call("SET", key, "v")
            for tracker in trackers:
                tracker.call("GET", key)
        server.call("CONFIG", "RESETSTAT")
        limit = int(server.info("memory")["used_memory"]) - 40_000
        with server.config(maxmemory=limit, maxmemory_policy="allkeys-lru", maxmemory_eviction_tenacity=100):
            evicted = int(server.info("stats")["evicted_keys"])
    assert 30 <= evicted <= 50
