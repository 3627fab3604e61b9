"""What the log says when a fault ends the server, and that nothing else changes by it."""

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pyrite import __version__
from tests.support import Server

StartServer = Callable[..., Server]

LINE = re.compile(r"(?P<pid>\d+):M (?P<at>\d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d)\.\d{3} # (?P<said>.*)")


def crash(server: Server) -> None:
    """Have the server write to memory that is not there."""
    server.expected_statuses = (-signal.SIGSEGV,)
    with server.connect() as client:
        client.send("DEBUG", "SEGFAULT")
        assert client.is_closed_by_server()
    assert server.process.wait(10) == -signal.SIGSEGV


def end_by(server: Server, number: signal.Signals) -> None:
    """Send the server a signal that ends it."""
    server.expected_statuses = (-number,)
    os.kill(server.pid, number)
    assert server.process.wait(10) == -number


def said(text: str, pid: int) -> list[str]:
    """What the lines of a report say, each in the format of the log."""
    found = [LINE.fullmatch(line) for line in text.splitlines() if " # " in line]
    assert found
    for line in found:
        assert line is not None, text
        assert int(line["pid"]) == pid
        assert abs(time.mktime(time.strptime(line["at"], "%d %b %Y %H:%M:%S")) - time.time()) < 60
    return [line["said"] for line in found if line is not None]


def test_a_fault(start_pyrite: StartServer) -> None:
    server = start_pyrite()
    crash(server)
    text = server.output()
    lines = said(text, server.pid)
    assert lines[0] == f"=== BUG REPORT of Pyrite {__version__}: please report all that follows ==="
    assert lines[1] == f"Pyrite {__version__} crashed by signal: 11, si_code: 2"
    assert re.fullmatch("Accessing address: 0x[0-9a-f]{5,16}", lines[2])
    # Compiled frames, then those of Python.
    assert "commands/debug." in text
    assert re.search(r'Fatal Python error: Segmentation fault\n(.*\n)*?  File ".*server\.py", line \d+ in run\n', text)


def test_a_signal_from_another_process(start_pyrite: StartServer, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("earlier\n")
    server = start_pyrite("--logfile", str(log))
    end_by(server, signal.SIGABRT)
    text = log.read_text()
    assert text.startswith("earlier\n")
    lines = said(text, server.pid)
    assert f"Pyrite {__version__} crashed by signal: {signal.SIGABRT:d}, si_code: 0" in lines
    assert f"Sent by process {os.getpid()} of user {os.getuid()}" in lines
    assert "Fatal Python error: Aborted" in text


@pytest.mark.parametrize("number", [signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSEGV])
def test_each_kind_of_fault(start_pyrite: StartServer, number: signal.Signals) -> None:
    server = start_pyrite()
    end_by(server, number)
    assert f"crashed by signal: {number:d}, si_code: 0" in server.output()


@pytest.mark.parametrize("at_start", [True, False])
def test_no_report(start_pyrite: StartServer, at_start: bool) -> None:
    server = start_pyrite("--crash-log-enabled", "no" if at_start else "yes")
    server.call("CONFIG", "SET", "crash-log-enabled", "no")
    crash(server)
    assert "crashed" not in server.output()
    assert "Fatal" not in server.output()


def test_a_report_switched_on(start_pyrite: StartServer) -> None:
    server = start_pyrite("--crash-log-enabled", "no")
    for value in ("yes", "no", "yes"):
        server.call("CONFIG", "SET", "crash-log-enabled", value)
    crash(server)
    assert server.output().count("crashed by signal") == 1


def test_a_log_that_cannot_be_written(start_pyrite: StartServer, tmp_path: Path) -> None:
    """The report goes to standard error; the process ends as it would have."""
    directory = tmp_path / "logs"
    directory.mkdir()
    server = start_pyrite("--logfile", str(directory / "log"))
    (directory / "log").unlink()
    directory.rmdir()
    crash(server)
    assert "crashed by signal: 11" in server.output()
