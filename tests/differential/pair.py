"""Two servers side by side, ours and a real one, each with one connection."""

import time
from collections.abc import Iterable

from tests.conftest import ServerFactory
from tests.differential.arguments import Argv
from tests.differential.compare import Answer, same, sorted_items
from tests.differential.versions import Version, is_known_difference
from tests.support import ErrorReply, RespClient, Server, encode_command

SHOWN_BYTES = 300
# Below this a time from now could be over in one server and not yet in the other.
SHORT_MS = 60_000
# Which argument of a command is a time from now, and of what unit; None stands for an option.
FROM_NOW_MS = {b"EXPIRE": 1000, b"PEXPIRE": 1, b"SETEX": 1000, b"PSETEX": 1}
OPTION_FROM_NOW_MS = {b"EX": 1000, b"PX": 1}


def times_from_now_ms(argv: Argv) -> list[int]:
    """Return the positive times that a request means, or could mean, as counted from now."""
    if argv[0].upper() in FROM_NOW_MS:
        unit_ms = FROM_NOW_MS[argv[0].upper()]
        return _positive(argv[2:3], unit_ms)
    if argv[0].upper() not in {b"SET", b"GETEX"}:
        return []
    found = []
    for option, text in zip(argv[2:], argv[3:], strict=False):
        if option.upper() in OPTION_FROM_NOW_MS:
            found += _positive([text], OPTION_FROM_NOW_MS[option.upper()])
    return found


def _positive(texts: Iterable[bytes], unit_ms: int) -> list[int]:
    return [int(text) * unit_ms for text in texts if text.isdigit() and int(text) > 0]


def compares_times(argv: Argv) -> bool:
    """Return whether a request asks to have a new expiry compared with the old one."""
    return bool({b"GT", b"LT"} & {part.upper() for part in argv[3:]})


class Pair:
    """Our server and a peer that get the same requests; started again should one die."""

    def __init__(self, start_pyrite: ServerFactory, start_peer: ServerFactory, *arguments: str) -> None:
        """Keep how the servers are started; `reset` does it."""
        self._starters = start_pyrite, start_peer
        self._arguments = arguments
        self.servers: list[Server] = []
        self.clients: list[RespClient] = []
        self._options: list[dict[bytes, bytes]] = []
        self.version: Version = (0, 0)

    def reset(self) -> None:
        """Make both servers as they were at their start: no keys, options as then, fresh connections."""
        if not self.servers or not all(server.is_running() for server in self.servers):
            for server in self.servers:
                server.stop()
            self.servers = [start(*self._arguments) for start in self._starters]
            self._options = [_options(server) for server in self.servers]
            major, minor, *_ = self.servers[1].info("server")["redis_version"].split(".")
            self.version = int(major), int(minor)
        self.close()
        self.clients = [server.connect() for server in self.servers]
        for client, options in zip(self.clients, self._options, strict=True):
            changed = {name: value for name, value in options.items() if name in self._touched}
            assert client.call("CONFIG", "SET", *(part for pair in changed.items() for part in pair)) == b"OK"
        for argv in (["FLUSHALL"], ["CLIENT", "UNPAUSE"], ["DEBUG", "SET-ACTIVE-EXPIRE", "0"]):
            assert [client.call(*argv) for client in self.clients] == [b"OK", b"OK"]

    def close(self) -> None:
        """Close the connections."""
        for client in self.clients:
            client.close()
        self.clients = []

    def ask(self, argv: Argv) -> list[Answer]:
        """Send a request to both and return the replies, ours first."""
        data = encode_command(*argv)
        for client in self.clients:
            client.send_bytes(data)
        return [Answer(*client.read_both()) for client in self.clients]

    def compare(self, argv: Argv, *, exact_times: bool = False) -> Answer:
        """Send a request to both, fail unless the replies are the same, and return ours."""
        ours, theirs = self.ask(argv)
        if not same(argv, ours, theirs, exact_times=exact_times) and not is_known_difference(
            self.version, argv, ours, theirs
        ):
            raise AssertionError(f"{shown(argv)}\n  ours:   {shown(ours.raw)}\n  theirs: {shown(theirs.raw)}")
        return ours
