"""Descriptors that the server itself watches, and the event loop that is made when it is first asked for."""

import asyncio
import os
import threading
import time
from collections.abc import Iterator

import pytest

from pyrite.server.config import Config
from pyrite.server.log import Log
from pyrite.server.server import Server
from pyrite.server.watcher import Watcher

RUN_TIMEOUT_S = 10


@pytest.fixture
def errors() -> list[str]:
    return []


@pytest.fixture
def watcher(errors: list[str]) -> Iterator[Watcher]:
    made = Watcher(lambda: errors.append("error"))
    yield made
    made.close()


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_functions_are_called_while_there_is_something_to_read(watcher: Watcher, pipe: tuple[int, int]) -> None:
    read: list[bytes] = []
    watcher.add(pipe[0], lambda: read.append(os.read(pipe[0], 1)))
    watcher.serve()
    assert read == []
    os.write(pipe[1], b"ab")
    for _ in range(3):
        watcher.serve()
    assert read == [b"a", b"b"]


def test_removed(watcher: Watcher, pipe: tuple[int, int]) -> None:
    watcher.add(pipe[0], lambda: pytest.fail("called though removed"))
    os.write(pipe[1], b"a")
    watcher.remove(pipe[0])
    watcher.remove(pipe[0])
    watcher.serve()


def test_an_error_is_told_and_ends_nothing(watcher: Watcher, pipe: tuple[int, int], errors: list[str]) -> None:
    def fail() -> None:
        os.read(pipe[0], 1)
        raise ValueError

    watcher.add(pipe[0], fail)
    os.write(pipe[1], b"a")
    watcher.serve()
    watcher.serve()
    assert errors == ["error"]


def test_the_event_loop_runs_inside_the_server() -> None:
    server = Server(Config(), Log(level="nothing"))
    seen: list[str] = []

    async def work() -> None:
        seen.append("begun")
        await asyncio.sleep(0.01)
        reader, writer = os.pipe()
        arrived = asyncio.Event()
        server.watcher.loop.add_reader(reader, arrived.set)
        os.write(writer, b"x")
        await arrived.wait()
        server.watcher.loop.remove_reader(reader)
        os.close(reader)
        os.close(writer)
        seen.append("done")
        server.shut_down()

    started = time.monotonic()
    task = server.watcher.loop.create_task(work())
    guard = threading.Timer(RUN_TIMEOUT_S, server.shut_down)
    guard.start()
    server.run()
    guard.cancel()
    assert seen == ["begun", "done"]
    assert time.monotonic() - started < RUN_TIMEOUT_S / 2
    assert task.done()
    server.close()
