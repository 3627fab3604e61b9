"""What tests of a running server share: a RESP client that hides nothing, and servers started for a test.

`RespClient` sends exactly the bytes it is told to and can return the raw bytes of a reply next to the parsed value.
`Server` is one process, ours or a real redis-server, in a directory of its own, on loopback only.
"""

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

ROOT = Path(__file__).resolve().parent.parent
PEER = os.environ.get("PYRITE_PEER", "redis-server")
REPLY_TIMEOUT_S = 10.0
BUS_PORT_OFFSET = 10_000
LAST_PORT = 65_535
START_TIMEOUT_S = 15.0
STOP_TIMEOUT_S = 10.0
LOG_TAIL_CHARS = 4000

Argument: TypeAlias = bytes | bytearray | str | int | float
Reply: TypeAlias = object


# Replies -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ErrorReply:
    """An error as the server sent it, without the leading `-`; a value, so that tests compare it like any other."""

    text: bytes

    @property
    def code(self) -> bytes:
        """The first word: ERR, WRONGTYPE, NOAUTH and so on."""
        return self.text.split(b" ", 1)[0]


@dataclass(frozen=True)
class Verbatim:
    """A RESP3 verbatim string."""

    format: bytes
    text: bytes


class Push(list[Reply]):
    """A RESP3 push message: out of band, no reply to any command."""


class Attributed:
    """A RESP3 reply with attributes before it."""

    def __init__(self, attributes: Reply, value: Reply) -> None:
        """Keep both."""
        self.attributes = attributes
        self.value = value


def encode_argument(argument: Argument) -> bytes:
    """Return an argument as it goes over the wire; text is UTF-8, numbers are as Python prints them."""
    if isinstance(argument, bytes | bytearray):
        return bytes(argument)
    return (argument if isinstance(argument, str) else repr(argument)).encode()


def encode_command(*argv: Argument) -> bytes:
    """Return a request in multibulk form."""
    encoded = [encode_argument(argument) for argument in argv]
    return b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in encoded)


class RespClient:
    """A connection that sends what it is told and reads one reply at a time, RESP2 or RESP3.

    A read that takes longer than `timeout_s` raises TimeoutError; the end of the connection raises ConnectionError.
    """

    def __init__(
        self, port: int = 0, *, host: str = "127.0.0.1", path: str | None = None, timeout_s: float = REPLY_TIMEOUT_S
    ) -> None:
        """Connect to a TCP port, or to a unix socket when `path` is given."""
        if path is None:
            self.sock = socket.create_connection((host, port), timeout_s)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        else:
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(timeout_s)
            try:
                self.sock.connect(path)
            except OSError:
                self.sock.close()
                raise
        self._buffer = bytearray()
        self._at = 0

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self.sock.close()

    def call(self, *argv: Argument) -> Reply:
        """Send one command and return its parsed reply; an error reply is returned too, as ErrorReply."""
        self.send(*argv)
        return self.read()

    def call_raw(self, *argv: Argument) -> bytes:
        """Send one command and return the bytes of its reply."""
        self.send(*argv)
        return self.read_raw()

    def call_both(self, *argv: Argument) -> tuple[Reply, bytes]:
        """Send one command and return its reply both parsed and as bytes."""
        self.send(*argv)
        return self.read_both()

    def pipeline(self, commands: Sequence[Sequence[Argument]]) -> list[Reply]:
        """Send all commands at once and return their replies."""
        self.send_bytes(b"".join(encode_command(*argv) for argv in commands))
        return [self.read() for _ in commands]

    def send(self, *argv: Argument) -> None:
        """Send one command and wait for nothing."""
        self.send_bytes(encode_command(*argv))

    def send_bytes(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.sock.sendall(data)

    def read(self) -> Reply:
        """Return the next reply, parsed."""
        return self.read_both()[0]

    def read_raw(self) -> bytes:
        """Return the bytes of the next reply."""
        return self.read_both()[1]

    def read_both(self) -> tuple[Reply, bytes]:
        """Return the next reply, parsed and as bytes."""
        del self._buffer[: self._at]
        self._at = 0
        value = self._read_value()
        return value, bytes(self._buffer[: self._at])

    def read_bytes(self, count: int) -> bytes:
        """Return exactly `count` bytes of what the server sends."""
        del self._buffer[: self._at]
        self._at = 0
        return self._take(count)

    def is_silent(self, wait_s: float = 0.1) -> bool:
        """Return whether nothing is there to read, now or within the time."""
        if self._at < len(self._buffer):
            return False
        self.sock.settimeout(wait_s)
        try:
            return not self.sock.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return True
        finally:
            self.sock.settimeout(REPLY_TIMEOUT_S)

    def is_closed_by_server(self, wait_s: float = REPLY_TIMEOUT_S) -> bool:
        """Return whether the server ends the connection within the time; what it sends before is thrown away."""
        self.sock.settimeout(wait_s)
        try:
            while self.sock.recv(65536):
                pass
        except TimeoutError:
            return False
        except ConnectionError:
            return True
        finally:
            self.sock.settimeout(REPLY_TIMEOUT_S)
        return True

    def _fill(self) -> None:
        data = self.sock.recv(1 << 20)
        if not data:
            raise ConnectionError(f"the server closed the connection; unread: {bytes(self._buffer[self._at :])!r}")
        self._buffer += data

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n", self._at)) < 0:
            self._fill()
        line = bytes(self._buffer[self._at : end])
        self._at = end + 2
        return line

    def _take(self, count: int) -> bytes:
        while len(self._buffer) - self._at < count:
            self._fill()
        taken = bytes(self._buffer[self._at : self._at + count])
        self._at += count
        return taken

    def _bulk(self, length: int) -> bytes | None:
        if length < 0:
            return None
        body = self._take(length + 2)
        if body[-2:] != b"\r\n":
            raise ValueError(f"bulk string without its end: {body!r}")
        return body[:-2]

    def _read_value(self) -> Reply:
        line = self._line()
        kind, rest = line[:1], line[1:]
        if kind in _SCALARS:
            return _SCALARS[kind](rest)
        if kind in b"$!=":
            return self._blob(kind, int(rest))
        if kind in b"*~>%|":
            return self._aggregate(kind, int(rest))
        raise ValueError(f"not a RESP reply: {line!r}")

    def _blob(self, kind: bytes, length: int) -> Reply:
        body = self._bulk(length)
        if kind == b"$" or body is None:
            return body
        return ErrorReply(body) if kind == b"!" else Verbatim(body[:3], body[4:])

    def _aggregate(self, kind: bytes, count: int) -> Reply:
        if count < 0:
            return None
        if kind == b"|":
            return Attributed(self._pairs(count), self._read_value())
        if kind == b"%":
            return self._pairs(count)
        items = [self._read_value() for _ in range(count)]
        if kind == b"~":
            return {_hashable(item) for item in items}
        return Push(items) if kind == b">" else items

    def _pairs(self, count: int) -> dict[Reply, Reply]:
        pairs: dict[Reply, Reply] = {}
        for _ in range(count):
            key = _hashable(self._read_value())
            pairs[key] = self._read_value()
        return pairs


def _hashable(value: Reply) -> Reply:
    return tuple(_hashable(item) for item in value) if isinstance(value, list) else value


def _boolean(text: bytes) -> bool:
    return {b"t": True, b"f": False}[text]


_SCALARS: dict[bytes, Callable[[bytes], Reply]] = {
    b"+": bytes,
    b"-": ErrorReply,
    b":": int,
    b",": float,
    b"#": _boolean,
    b"_": lambda _: None,
    b"(": int,
}


# Servers -------------------------------------------------------------------------------------------------------------


def free_port() -> int:
    """Return a TCP port on loopback that nothing listens on right now, and 10,000 above it neither.

    A cluster's node listens on both, so the system's choice is taken again while the second would pass 65,535.
    """
    while True:
        with socket.socket() as probe, socket.socket() as bus:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
            if port + BUS_PORT_OFFSET > LAST_PORT:
                continue
            try:
                bus.bind(("127.0.0.1", port + BUS_PORT_OFFSET))
            except OSError:
                continue
            return port


class Server:
    """One server process and a default connection to it."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, directory: Path, password: str | None) -> None:
        """Take over a process; `start_server` makes it."""
        self.process = process
        self.port = port
        self.directory = directory
        self.password = password
        self.output_path = directory / "output.txt"
        self._client: RespClient | None = None
        self._checked_output_chars = 0
        self.expected_statuses: tuple[int | None, ...] = (None, 0)

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    @property
    def client(self) -> RespClient:
        """The default connection, made when first asked for."""
        if self._client is None:
            self._client = self.connect()
        return self._client

    def connect(self, *, resp: int = 2, timeout_s: float = REPLY_TIMEOUT_S) -> RespClient:
        """Return a new connection, authenticated if the server was started with a password."""
        client = RespClient(self.port, timeout_s=timeout_s)
        if self.password is not None:
            client.call("AUTH", self.password)
        if resp != 2:
            client.call("HELLO", resp)
        return client

    def reconnect(self) -> None:
        """Forget the default connection; the next use makes a fresh one."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def call(self, *argv: Argument) -> Reply:
        """Send one command over the default connection and return its parsed reply."""
        return self.client.call(*argv)

    def call_raw(self, *argv: Argument) -> bytes:
        """Send one command over the default connection and return the bytes of its reply."""
        return self.client.call_raw(*argv)

    def info(self, section: str = "default") -> dict[str, str]:
        """Return the fields of an INFO section."""
        with self.connect() as client:
            reply = client.call("INFO", section)
        assert isinstance(reply, bytes), f"INFO {section} answered {reply!r}"
        lines = reply.decode().splitlines()
        return dict(line.split(":", 1) for line in lines if line and not line.startswith("#"))

    @contextmanager
    def config(self, **values: Argument) -> Iterator[None]:
        """Set configuration values for a while; `_` in a name stands for `-`."""
        names = {name.replace("_", "-"): value for name, value in values.items()}
        with self.connect() as client:
            before = {name: client.call("CONFIG", "GET", name)[1] for name in names}  # type: ignore[index]
            _set_config(client, names)
            try:
                yield
            finally:
                _set_config(client, before)

    def output(self) -> str:
        """Return what the process has printed so far, its log included."""
        return self.output_path.read_text(errors="replace")

    def is_running(self) -> bool:
        """Return whether the process lives."""
        return self.process.poll() is None

    def stop(self) -> int:
        """End the process, by force when SIGTERM does not do it in time, and return its exit status."""
        self.reconnect()
        if self.is_running():
            self.process.terminate()
        try:
            return self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def kill(self) -> None:
        """End the process as a crash would; `check_health` takes it for none."""
        self.reconnect()
        self.process.kill()
        self.process.wait(STOP_TIMEOUT_S)
        self.expected_statuses = (-signal.SIGKILL,)

    def check_health(self) -> None:
        """Fail when the process has crashed, or when a handler raised something that it did not mean to."""
        printed = self.output()[self._checked_output_chars :]
        self._checked_output_chars += len(printed)
        tail = printed[-LOG_TAIL_CHARS:]
        assert self.process.poll() in self.expected_statuses, (
            f"the server died with status {self.process.returncode}:\n{tail}"
        )
        assert "Traceback" not in printed, f"the server logged an exception:\n{tail}"
        if self.is_running():
            assert self.info("stats").get("internal_errors") == "0", f"a handler raised an exception:\n{tail}"


def _set_config(client: RespClient, values: dict[str, Argument]) -> None:
    reply = client.call("CONFIG", "SET", *(part for pair in values.items() for part in pair))
    assert reply == b"OK", f"CONFIG SET {values} answered {reply!r}"


def pyrite_program() -> list[str]:
    """Return how our server is started: by the interpreter that runs the tests."""
    return [sys.executable, "-m", "pyrite"]


def peer_program() -> list[str]:
    """Return how the real server is started; PYRITE_PEER names another one than the installed."""
    return shlex.split(PEER)


def start_server(
    program: list[str],
    directory: Path,
    *arguments: Argument,
    conf: str | None = None,
    password: str | None = None,
) -> Server:
    """Start a server in a directory of its own and return it once it accepts connections.

    `arguments` follow the program's own defaults (`--port`, loopback only, no saving) and so override them; `conf` is
    the text of a configuration file. A server that ends instead, or does not answer in time, fails the test with what
    it printed.
    """
    port = free_port()
    defaults = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--enable-debug-command", "yes"]
    process = launch(program, directory, *defaults, *arguments, conf=conf)
    server = Server(process, port, directory, password)
    try:
        _wait_until_accepting(server)
    except BaseException:
        server.stop()
        raise
    return server


def launch(
    program: list[str], directory: Path, *arguments: Argument, conf: str | None = None
) -> subprocess.Popen[bytes]:
    """Start a server program in a directory and return the process at once; its output goes to `output.txt` there."""
    directory.mkdir(parents=True, exist_ok=True)
    command = [*program]
    if conf is not None:
        path = directory / "test.conf"
        path.write_text(conf)
        command.append(str(path))
    command += [os.fsdecode(encode_argument(argument)) for argument in arguments]
    with (directory / "output.txt").open("wb") as output:
        return subprocess.Popen(
            command, cwd=directory, env=server_environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )


def server_environment() -> dict[str, str]:
    """Return the environment of servers: the tree can be imported, after whatever PYTHONPATH already names."""
    paths = [*filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)), str(ROOT)]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONSAFEPATH": "1"}


def _wait_until_accepting(server: Server) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if not server.is_running():
            raise AssertionError(f"the server ended with status {server.process.returncode}:\n{server.output()}")
        try:
            with RespClient(server.port) as client:
                reply = client.call("PING")
            if not isinstance(reply, ErrorReply) or reply.code != b"LOADING":
                return
        except ConnectionError:
            pass
        time.sleep(0.01)
    raise AssertionError(f"the server does not accept connections after {START_TIMEOUT_S} s:\n{server.output()}")
