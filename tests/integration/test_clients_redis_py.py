"""redis-py against a running server: locks, transactions with retries, publish and subscribe, its client-side cache."""

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest
import redis
import redis.asyncio
from redis.cache import CacheConfig
from redis.exceptions import LockError, LockNotOwnedError, NoScriptError, ResponseError, WatchError

from tests.integration.processes import wait_for
from tests.support import Server


@pytest.fixture
def db(server: Server) -> Iterator[redis.Redis]:
    with redis.Redis(port=server.port) as client:
        yield client


# Locks, which are scripts


def test_a_lock_is_held_by_one(db: redis.Redis) -> None:
    lock, other = db.lock("lock", timeout=10), db.lock("lock", timeout=10)
    assert lock.acquire(blocking=False)
    assert not other.acquire(blocking=False)
    assert lock.locked()
    assert lock.owned()
    assert not other.owned()
    lock.release()
    assert other.acquire(blocking=False)
    with pytest.raises(LockError):
        lock.release()
    other.release()


def test_a_lock_is_extended_and_reacquired(db: redis.Redis) -> None:
    lock = db.lock("lock", timeout=5)
    assert lock.acquire()
    assert lock.extend(100)
    assert db.pttl("lock") > 100_000
    assert lock.extend(50, replace_ttl=True)
    assert db.pttl("lock") <= 50_000
    assert lock.reacquire()
    assert db.pttl("lock") <= 5000
    db.set("lock", "somebody else's")
    for method in (lock.reacquire, lambda: lock.extend(1), lock.release):
        with pytest.raises(LockNotOwnedError):
            method()


def test_a_lock_expires(db: redis.Redis) -> None:
    lock = db.lock("lock", timeout=0.05)
    assert lock.acquire()
    assert db.lock("lock", timeout=10, blocking_timeout=5).acquire()
    with pytest.raises(LockNotOwnedError):
        lock.release()


def test_a_lock_keeps_threads_apart(server: Server) -> None:
    def work() -> None:
        with redis.Redis(port=server.port) as own:
            for _ in range(20):
                with own.lock("lock", timeout=10, sleep=0.001):
                    value = int(own.get("n") or 0)
                    own.set("n", value + 1)

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.call("GET", "n") == b"100"


# Transactions


def test_a_pipeline_fails_when_a_watched_key_changes(db: redis.Redis) -> None:
    with db.pipeline() as pipe:
        pipe.watch("k")
        db.set("k", "other")
        pipe.multi()
        pipe.set("k", "mine")
        with pytest.raises(WatchError):
            pipe.execute()
    assert db.get("k") == b"other"


def test_transactions_are_tried_until_they_get_through(server: Server) -> None:
    def work() -> None:
        with redis.Redis(port=server.port) as own:
            for _ in range(20):
                own.transaction(
                    lambda pipe: (value := int(pipe.get("n") or 0), pipe.multi(), pipe.set("n", value + 1)), "n"
                )

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.call("GET", "n") == b"100"


def test_an_error_in_a_pipeline_names_its_command(db: redis.Redis) -> None:
    db.set("text", "x")
    with db.pipeline() as pipe:
        pipe.set("a", 1).incr("text").set("b", 2)
        with pytest.raises(ResponseError, match="Command # 2"):
            pipe.execute()
        assert db.mget("a", "b") == [b"1", b"2"]
        replies = pipe.set("a", 2).incr("text").execute(raise_on_error=False)
    assert replies[0] is True
    assert isinstance(replies[1], ResponseError)


# Scripts and functions


def test_registered_scripts(db: redis.Redis) -> None:
    script = db.register_script("return redis.call('incrby', KEYS[1], ARGV[1])")
    db.script_flush()
    with pytest.raises(NoScriptError):
        db.evalsha(script.sha, 0)
    assert script(keys=["n"], args=[5]) == 5
    with db.pipeline() as pipe:
        db.script_flush()
        script(keys=["n"], args=[5], client=pipe)
        pipe.get("n")
        assert pipe.execute() == [10, b"10"]
    assert db.script_exists(script.sha) == [True]


def test_functions(db: redis.Redis) -> None:
    db.function_flush()
    code = "#!lua name=mine\nredis.register_function('add', function(k, a) return a[1] + a[2] end)"
    assert db.function_load(code) in (b"mine", "mine")
    assert db.fcall("add", 0, 2, 3) == 5
    dump = db.function_dump()
    db.function_flush()
    assert db.function_restore(dump)
    assert db.fcall("add", 0, 2, 3) == 5
    assert db.function_delete("mine")


# Publish and subscribe


def test_publish_and_subscribe(db: redis.Redis) -> None:
    with db.pubsub(ignore_subscribe_messages=True) as listener:
        listener.subscribe("news")
        listener.psubscribe("n*")
        wait_for(lambda: db.pubsub_numsub("news") == [(b"news", 1)] and db.pubsub_numpat() == 1, "subscribed")
        assert db.publish("news", "hello") == 2
        seen = []
        wait_for(lambda: seen.append(listener.get_message(timeout=1)) or len([m for m in seen if m]) == 2, "messages")
        assert [(each["type"], each["data"]) for each in seen if each] == [
            ("message", b"hello"),
            ("pmessage", b"hello"),
        ]


def test_asynchronous_publish_and_subscribe(server: Server) -> None:
    async def reader(listener: redis.asyncio.client.PubSub, wanted: int) -> list[bytes]:
        found: list[bytes] = []
        async with asyncio.timeout(10):
            async for message in listener.listen():
                if message["type"] == "message":
                    found.append(message["data"])
                if len(found) == wanted:
                    break
        return found

    async def scene() -> None:
        async with redis.asyncio.Redis(port=server.port) as db:
            listeners = [db.pubsub() for _ in range(10)]
            for listener in listeners:
                await listener.subscribe("news")
                assert (await listener.get_message(timeout=5))["type"] == "subscribe"
            reading = [asyncio.create_task(reader(listener, 100)) for listener in listeners]
            for number in range(100):
                assert await db.publish("news", number) == 10
            expected = [b"%d" % number for number in range(100)]
            assert await asyncio.gather(*reading) == [expected] * 10
            for listener in listeners:
                await listener.aclose()

    asyncio.run(scene())


# The client-side cache, told by the server of what has changed


@pytest.fixture
def caching(server: Server) -> Iterator[redis.Redis]:
    with redis.Redis(port=server.port, protocol=3, cache_config=CacheConfig(max_size=100)) as client:
        yield client


def test_what_is_cached_is_not_asked_for_again(server: Server, db: redis.Redis, caching: redis.Redis) -> None:
    db.set("k", "one")
    assert caching.get("k") == b"one"
    server.call("CONFIG", "RESETSTAT")
    assert [caching.get("k") for _ in range(10)] == [b"one"] * 10
    assert "cmdstat_get" not in server.info("commandstats")


@pytest.mark.parametrize(
    ("change", "after"),
    [
        (lambda db: db.set("k", "two"), b"two"),
        (lambda db: db.delete("k"), None),
        (lambda db: db.append("k", "!"), b"one!"),
        (lambda db: db.eval("return redis.call('set', KEYS[1], 'by script')", 1, "k"), b"by script"),
        (lambda db: db.pipeline().set("k", "in transaction").execute(), b"in transaction"),
        (lambda db: db.flushdb(), None),
        (lambda db: db.rename("k", "l"), None),
    ],
)
def test_what_changes_is_asked_for_again(db: redis.Redis, caching: redis.Redis, change, after: bytes | None) -> None:
    db.set("k", "one")
    assert caching.get("k") == caching.get("k") == b"one"
    change(db)
    wait_for(lambda: caching.get("k") == after, "the cache knows of the change")


def test_what_expires_is_asked_for_again(db: redis.Redis, caching: redis.Redis) -> None:
    db.set("k", "one", px=50)
    assert caching.get("k") == b"one"
    time.sleep(0.06)
    wait_for(lambda: caching.get("k") is None, "the cache knows that the key has expired")


def test_its_own_changes_reach_the_cache(caching: redis.Redis) -> None:
    for number in range(20):
        caching.set("k", number)
        assert caching.get("k") == b"%d" % number
        assert caching.mget("k", "l") == [b"%d" % number, None]
