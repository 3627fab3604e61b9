"""Append-only logs, as tests read and write them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyrite.persistence import manifest as manifests
from pyrite.persistence.aof_format import read_item
from tests.integration.processes import wait_for
from tests.support import Argument, Server, encode_argument, pyrite_program, start_server

DIRECTORY = "appendonlydir"
NAME = "appendonly.aof"


def log_directory(server_directory: Path) -> Path:
    """Return where a server's log is."""
    return server_directory / DIRECTORY


def manifest_of(server_directory: Path) -> manifests.Manifest:
    """Return the manifest of a server's log."""
    found = manifests.read(str(log_directory(server_directory) / (NAME + manifests.SUFFIX)))
    assert found is not None
    return found


def commands_in(path: Path, start: int = 0) -> list[list[bytes]]:
    """Return the commands of one file."""
    data = path.read_bytes()
    found = []
    at = start
    while at < len(data):
        item = read_item(data, at, 1 << 20)
        if item.comment is None:
            found.append(list(item.words))
        at = item.end
    return found


def last_increment(server_directory: Path) -> Path:
    """Return the file that a server appends to."""
    return log_directory(server_directory) / manifest_of(server_directory).increments[-1].name


def wait_until_written(server: Server) -> None:
    """Wait until all that a server has answered is in its files: everysec lets it wait while the disk is busy."""
    wait_for(lambda: server.info("persistence").get("aof_buffer_length", "0") == "0", "the log is written")


def kill_when_written(server: Server) -> None:
    """End a server without a warning, once all that it has answered is in its files."""
    wait_until_written(server)
    server.kill()


@contextmanager
def restarted(directory: Path, *arguments: str) -> Iterator[Server]:
    """Another server on the log that one has left in a directory."""
    server = start_server(pyrite_program(), directory, "--appendonly", "yes", *arguments)
    try:
        yield server
    finally:
        server.stop()


def logged(server: Server) -> list[list[bytes]]:
    """Return what a server has logged since its last rewrite, as far as it has answered."""
    wait_until_written(server)
    return commands_in(last_increment(server.directory))


def encode(*commands: tuple[Argument, ...]) -> bytes:
    """Return commands in the form that a log has them in."""
    out = b""
    for command in commands:
        words = [encode_argument(word) for word in command]
        out += b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
    return out


def write_log(server_directory: Path, files: dict[str, bytes], manifest: bytes | None = None) -> None:
    """Write the files of a log, and its manifest; without one given, of all files in their order."""
    directory = log_directory(server_directory)
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (directory / name).write_bytes(content)
    if manifest is None:
        manifest = b"".join(
            b"file %b seq %d type %b\n" % (name.encode(), int(name.split(".")[2]), b"b" if ".base." in name else b"i")
            for name in files
        )
    (directory / (NAME + manifests.SUFFIX)).write_bytes(manifest)


def wait_for_rewrite(server: Server, rewrites: int = 1) -> None:
    """Return when a server has rewritten its log so often, and nothing is left to do."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        info = server.info("persistence")
        busy = info["aof_rewrite_in_progress"] != "0" or info["aof_rewrite_scheduled"] != "0"
        if int(info["aof_rewrites"]) >= rewrites and not busy:
            return
        time.sleep(0.02)
    raise AssertionError(f"the log was not rewritten:\n{server.output()}")
