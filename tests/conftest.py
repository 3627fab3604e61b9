"""Fixtures of all tests: our server, a real one beside it, and servers with arguments of their own.

`server` and `peer` are started once and emptied before each test. After each test that used one of our servers, the
test fails if a handler raised an exception, whatever the test itself saw.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

import pyrite
from tests.support import PEER, ROOT, Argument, RespClient, Server, peer_program, pyrite_program, start_server

ServerFactory = Callable[..., Server]

# No deadline: a first call may start a server, and machines that run tests are busy.
settings.register_profile("default", deadline=None)
settings.register_profile("thorough", deadline=None, max_examples=2000)
# A verdict on one change: the same examples for the same code. Looking for new ones is what `make diff` is for.
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_report_header() -> list[str]:
    """Say which build and which real server the tests run with."""
    return [f"pyrite: {Path(pyrite.__file__).parent}", f"peer: {_peer_version()}"]


def pytest_configure() -> None:
    """Refuse to test another build than the one that PYRITE_BUILD names."""
    variant = os.environ.get("PYRITE_BUILD", "release")
    expected = ROOT if variant == "release" else ROOT / "build" / variant
    if Path(pyrite.__file__).resolve().parent.parent != expected:
        raise pytest.UsageError(f"the tests import pyrite from {pyrite.__file__}, not from {expected}")


def _peer_version() -> str:
    path = shutil.which(peer_program()[0])
    if path is None:
        return f"{PEER} is not there"
    return subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout.strip()


@contextmanager
def _factory(program: list[str], directory: Path) -> Iterator[tuple[ServerFactory, list[Server]]]:
    started: list[Server] = []

    def start(*arguments: Argument, conf: str | None = None, password: str | None = None) -> Server:
        place = directory / str(len(started) + 1)
        running = start_server(program, place, *arguments, conf=conf, password=password)
        started.append(running)
        return running

    try:
        yield start, started
    finally:
        for running in started:
            running.stop()


class _Shared:
    """A server that lives as long as the tests; started when first needed, started again should it die."""

    def __init__(self, program: list[str], directory: Path) -> None:
        self._program = program
        self._directory = directory
        self._starts = 0
        self._server: Server | None = None

    def fresh(self) -> Server:
        """Return the server, empty, with a new default connection."""
        if self._server is None or not self._server.is_running():
            self._starts += 1
            self._server = start_server(self._program, self._directory / str(self._starts))
        self._server.reconnect()
        assert self._server.call("FLUSHALL") == b"OK"
        return self._server

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()


@pytest.fixture(scope="session")
def shared_pyrite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Shared]:
    """Hold the one server of ours that tests share."""
    shared = _Shared(pyrite_program(), tmp_path_factory.mktemp("pyrite"))
    yield shared
    shared.stop()


@pytest.fixture(scope="session")
def shared_peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Shared]:
    """Hold the one real server that tests share."""
    shared = _Shared(_installed_peer(), tmp_path_factory.mktemp("peer"))
    yield shared
    shared.stop()


def _installed_peer() -> list[str]:
    program = peer_program()
    if shutil.which(program[0]) is None:
        pytest.fail(f"{program[0]} is not installed; apt-get install redis-server, or set PYRITE_PEER", pytrace=False)
    return program


@pytest.fixture
def server(shared_pyrite: _Shared) -> Iterator[Server]:
    """Return our server, empty, in RESP2, database 0."""
    running = shared_pyrite.fresh()
    yield running
    try:
        running.check_health()
    except AssertionError:
        # The next test gets another process, with nothing of this one's in its counters.
        running.stop()
        raise


@pytest.fixture
def peer(shared_peer: _Shared) -> Server:
    """Return a real redis-server, empty, in RESP2, database 0."""
    return shared_peer.fresh()


@pytest.fixture
def client(server: Server) -> Iterator[RespClient]:
    """Return a connection of its own to our server."""
    with server.connect() as connection:
        yield connection


@pytest.fixture
def start_pyrite(tmp_path: Path) -> Iterator[ServerFactory]:
    """Return a function that starts servers of ours: (*arguments, conf=None, password=None) -> Server."""
    with _factory(pyrite_program(), tmp_path / "pyrite") as (start, started):
        yield start
        for running in started:
            running.check_health()


@pytest.fixture
def start_peer(tmp_path: Path) -> Iterator[ServerFactory]:
    """Return a function that starts real servers: (*arguments, conf=None, password=None) -> Server."""
    with _factory(_installed_peer(), tmp_path / "peer") as (start, _):
        yield start
