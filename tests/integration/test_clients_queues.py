"""Queues and channel layers that others build on a server: RQ's jobs, Channels' groups."""

import asyncio
import operator
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
import redis
from channels_redis.core import RedisChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer
from rq import Queue, Retry
from rq.job import Job, JobStatus

from tests.support import Server

WORK_TIMEOUT_S = 60


@pytest.fixture
def db(server: Server) -> Iterator[redis.Redis]:
    with redis.Redis(port=server.port) as client:
        yield client


# RQ


def work(server: Server, *options: str) -> None:
    """Run a worker until there is nothing left to do."""
    url = f"redis://127.0.0.1:{server.port}/0"
    command = [sys.executable, "-m", "rq.cli", "worker", "--burst", "--quiet", "--url", url, *options, "high", "low"]
    subprocess.run(command, check=True, timeout=WORK_TIMEOUT_S, capture_output=True)


def test_jobs_run_in_order_of_their_queues(server: Server, db: redis.Redis) -> None:
    high, low = Queue("high", connection=db), Queue("low", connection=db)
    jobs = [low.enqueue(operator.add, 1, 1), high.enqueue(operator.mul, 6, 7), high.enqueue(operator.truediv, 1, 0)]
    assert [len(low), len(high)] == [1, 2]
    work(server)
    for job in jobs:
        job.refresh()
    assert [job.get_status() for job in jobs] == [JobStatus.FINISHED, JobStatus.FINISHED, JobStatus.FAILED]
    assert [job.return_value() for job in jobs] == [2, 42, None]
    assert "ZeroDivisionError" in jobs[2].latest_result().exc_string
    assert jobs[0].ended_at >= jobs[1].ended_at
    assert len(high.failed_job_registry) == 1
    assert [len(low), len(high)] == [0, 0]


def test_jobs_that_depend_on_others(server: Server, db: redis.Redis) -> None:
    queue = Queue("high", connection=db)
    first = queue.enqueue(operator.add, 1, 2)
    second = queue.enqueue(operator.add, 3, 4, depends_on=first)
    assert second.get_status() == JobStatus.DEFERRED
    work(server)
    assert [first.refresh(), first.return_value(), second.refresh(), second.return_value()] == [None, 3, None, 7]


def test_jobs_are_tried_again_and_scheduled(server: Server, db: redis.Redis) -> None:
    queue = Queue("high", connection=db)
    failing = queue.enqueue(operator.truediv, 1, 0, retry=Retry(max=2))
    later = queue.enqueue_in(timedelta(milliseconds=1), operator.add, 1, 1)
    time.sleep(1.1)
    work(server, "--with-scheduler")
    failing.refresh()
    assert failing.get_status() == JobStatus.FAILED
    assert failing.retries_left == 0
    assert Job.fetch(later.id, connection=db).get_status() in (
        JobStatus.FINISHED,
        JobStatus.QUEUED,
        JobStatus.SCHEDULED,
    )


def test_many_jobs(server: Server, db: redis.Redis) -> None:
    queue = Queue("low", connection=db)
    datas = [Queue.prepare_data(operator.add, (number, 1)) for number in range(50)]
    jobs = queue.enqueue_many(datas)
    work(server, "--worker-class", "rq.worker.SimpleWorker")
    assert [job.return_value(refresh=True) for job in jobs] == [number + 1 for number in range(50)]


# Channels


@pytest.mark.parametrize("kind", [RedisChannelLayer, RedisPubSubChannelLayer])
def test_messages_to_channels_and_groups(server: Server, kind: type) -> None:
    async def scene() -> None:
        layer = kind(hosts=[("127.0.0.1", server.port)])
        async with asyncio.timeout(30):
            names = [await layer.new_channel() for _ in range(3)]
            await layer.send(names[0], {"type": "direct", "n": 1})
            assert await layer.receive(names[0]) == {"type": "direct", "n": 1}
            for name in names:
                await layer.group_add("everybody", name)
            await layer.group_send("everybody", {"type": "all", "n": 2})
            assert [await layer.receive(name) for name in names] == [{"type": "all", "n": 2}] * 3
            await layer.group_discard("everybody", names[0])
            for number in range(20):
                await layer.group_send("everybody", {"type": "more", "n": number})
            for name in names[1:]:
                assert [(await layer.receive(name))["n"] for _ in range(20)] == list(range(20))
            await layer.flush()
            await getattr(layer, "close_pools", layer.flush)()

    asyncio.run(scene())


def test_a_full_channel_takes_no_more(server: Server) -> None:
    async def scene() -> None:
        layer = RedisChannelLayer(hosts=[("127.0.0.1", server.port)], capacity=5)
        async with asyncio.timeout(30):
            name = await layer.new_channel()
            await layer.group_add("group", name)
            for number in range(10):
                await layer.group_send("group", {"type": "x", "n": number})
            assert [(await layer.receive(name))["n"] for _ in range(5)] == [0, 1, 2, 3, 4]
            await layer.group_send("group", {"type": "x", "n": 99})
            assert (await layer.receive(name))["n"] == 99
            await layer.close_pools()

    asyncio.run(scene())
