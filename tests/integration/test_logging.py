"""The log: its lines, its levels, its file."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.processes import wait_for
from tests.support import RespClient, Server

LINE = re.compile(r"(\d+):M (\d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d)\.(\d{3}) ([.\-*#]) (.*)")


def lines(text: str) -> list[re.Match[str]]:
    """All lines, each of which has to be in the format."""
    found = [LINE.fullmatch(line) for line in text.splitlines()]
    assert None not in found, text
    return [each for each in found if each is not None]


def make_each_level_speak(server: Server) -> None:
    """A notice and warnings come from the start and the end; this makes a verbose line."""
    with server.connect() as client:
        client.send_bytes(b"*1\r\nnonsense\r\n")
        assert client.is_closed_by_server()


def test_format(start_pyrite: Callable[..., Server]) -> None:
    before = time.time()
    server = start_pyrite("--loglevel", "verbose")
    make_each_level_speak(server)
    server.stop()
    found = lines(server.output())
    assert {int(line[1]) for line in found} == {server.pid}
    assert {line[4] for line in found} == {"-", "*", "#"}
    assert "Configuration loaded" in server.output()  # that of the command line
    for line in found:
        at = time.mktime(time.strptime(line[2], "%d %b %Y %H:%M:%S")) + int(line[3]) / 1000
        assert before - 0.01 <= at <= time.time()


@pytest.mark.parametrize(
    ("level", "signs"),
    [("debug", "-*#"), ("verbose", "-*#"), ("notice", "*#"), ("warning", "#"), ("nothing", "")],
)
def test_levels(level: str, signs: str, start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite("--loglevel", level)
    make_each_level_speak(server)
    server.stop()
    assert {line[4] for line in lines(server.output())} == set(signs)


def test_level_at_run_time(start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite("--loglevel", "warning")
    assert server.output() == ""
    server.call("CONFIG", "SET", "loglevel", "verbose")
    make_each_level_speak(server)
    assert "Protocol error" in server.output()


def test_file(start_pyrite: Callable[..., Server], tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    path.write_text("an earlier line\n")
    path.chmod(0o600)
    server = start_pyrite("--logfile", str(path))
    assert server.output() == ""
    text = path.read_text()
    assert text.startswith("an earlier line\n")
    assert "Ready to accept connections tcp" in lines(text.partition("\n")[2])[-1][5]
    assert path.stat().st_mode & 0o777 == 0o600


def test_file_that_is_rotated(start_pyrite: Callable[..., Server], tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    server = start_pyrite("--logfile", str(path), "--loglevel", "verbose")
    path.rename(tmp_path / "server.log.1")
    make_each_level_speak(server)
    assert "Protocol error" in path.read_text()
    assert "Protocol error" not in (tmp_path / "server.log.1").read_text()


def test_file_that_cannot_be_written_any_more(start_pyrite: Callable[..., Server], tmp_path: Path) -> None:
    directory = tmp_path / "logs"
    directory.mkdir()
    path = directory / "server.log"
    server = start_pyrite("--logfile", str(path), "--loglevel", "verbose")
    path.unlink()
    directory.rmdir()
    for _ in range(3):
        make_each_level_speak(server)
    assert server.call("PING") == b"PONG"
    # Once for the whole time, on what is left to write to.
    assert server.output() == f"Can't write the log {path}: No such file or directory\n"
    directory.mkdir()
    make_each_level_speak(server)
    wait_for(path.exists, "the log is written again")


@pytest.mark.parametrize(
    "data", [b"*1\r\n\xff\xfe\x00\r\n", b"*1\r\n\x1b[2J\r\n", b"*1\r\n1:M forged\r\n", b"*1\r\n\n#x\r\n"]
)
def test_what_clients_send_forges_no_line(data: bytes, start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite("--loglevel", "debug")
    count = len(lines(server.output()))
    with RespClient(server.port) as client:
        client.send_bytes(data)
        assert client.is_closed_by_server()
    found = lines(server.output())[count:]
    assert len([line for line in found if line[5].startswith("Protocol error")]) == 1
    assert all(line.isprintable() for line in server.output().splitlines())
