"""Two servers side by side, ours and a real one, each with one connection."""

from collections.abc import Iterable
from itertools import pairwise

from tests.conftest import ServerFactory
from tests.differential.arguments import Argv
from tests.differential.compare import Answer, same
from tests.differential.server_requests import SETTINGS
from tests.differential.versions import Version, is_known_difference, may_have_named
from tests.support import Reply, RespClient, Server, encode_command

SHOWN_CHARS = 400
DATABASES = 16
# A second name of an option, and one that cannot be set.
NOT_TO_RESTORE = {b"hash-max-ziplist-entries", b"databases"}
# Below this a time from now could be over in one server and not yet in the other.
SHORT_MS = 60_000
# The unit of the time that stands behind a command's key, or behind an option.
FROM_NOW_MS = {
    b"EXPIRE": 1000,
    b"PEXPIRE": 1,
    b"SETEX": 1000,
    b"PSETEX": 1,
    b"HEXPIRE": 1000,
    b"HPEXPIRE": 1,
    b"RESTORE": 1,
    b"RESTORE-ASKING": 1,
}
# Here the time is a date if the option ABSTTL says so.
RESTORING = {b"RESTORE", b"RESTORE-ASKING"}
OPTION_FROM_NOW_MS = {b"EX": 1000, b"PX": 1}


def times_from_now_ms(argv: Argv) -> list[int]:
    """Return the positive times that a request means, or could mean, as counted from now."""
    name = argv[0].upper()
    if name in RESTORING and b"ABSTTL" in {part.upper() for part in argv[4:]}:
        return []
    if name in FROM_NOW_MS:
        return _positive(argv[2:3], FROM_NOW_MS[name])
    if name not in {b"SET", b"GETEX"}:
        return []
    found = []
    for option, text in pairwise(argv[2:]):
        if option.upper() in OPTION_FROM_NOW_MS:
            found += _positive([text], OPTION_FROM_NOW_MS[option.upper()])
    return found


def _positive(texts: Iterable[bytes], unit_ms: int) -> list[int]:
    return [int(text) * unit_ms for text in texts if text.isdigit() and int(text) > 0]


def compares_times(argv: Argv) -> bool:
    """Return whether a request asks to have a new expiry compared with the old one."""
    return bool({b"GT", b"LT"} & {part.upper() for part in argv[3:]})


class Client(RespClient):
    """A client that returns a set as a list: what COMMAND puts into sets does not fit into Python's."""

    def _aggregate(self, kind: bytes, count: int) -> Reply:
        return super()._aggregate(b"*" if kind == b"~" else kind, count)


def shown(argv_or_raw: Argv | bytes) -> str:
    """Return a request or a reply for a message, cut to what can be read."""
    text = repr(argv_or_raw)
    return text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}... ({len(text)} characters)"


class Pair:
    """Our server and a peer that get the same requests; started again should one die."""

    def __init__(self, start_pyrite: ServerFactory, start_peer: ServerFactory, *arguments: str) -> None:
        """Keep how the servers are started; `reset` does it."""
        self._starters = start_pyrite, start_peer
        self._arguments = arguments
        self._defaults: list[list[bytes]] = []
        self.servers: list[Server] = []
        self.clients: list[Client] = []
        self.version: Version = (0, 0)
        # Whether a comparison has failed since the last reset.
        self.differ = False

    def reset(self) -> None:
        """Make both servers as they were at their start: no keys, options as then, fresh connections."""
        self.close()
        self.differ = False
        if not self.servers or not all(server.is_running() for server in self.servers):
            self._start()
        self.clients = [Client(server.port) for server in self.servers]
        for client, defaults in zip(self.clients, self._defaults, strict=True):
            assert client.call("CONFIG", "SET", *defaults) == b"OK"
        for argv in (
            ["FLUSHALL"],
            ["FUNCTION", "FLUSH"],
            ["SCRIPT", "FLUSH"],
            ["CLIENT", "UNPAUSE"],
            ["DEBUG", "SET-ACTIVE-EXPIRE", "0"],
        ):
            assert [client.call(*argv) for client in self.clients] == [b"OK", b"OK"]

    def _start(self) -> None:
        for server in self.servers:
            server.stop()
        self.servers = [start(*self._arguments) for start in self._starters]
        self._defaults = [server.call("CONFIG", "GET", *(SETTINGS.keys() - NOT_TO_RESTORE)) for server in self.servers]
        major, minor, *_ = self.servers[1].info("server")["redis_version"].split(".")
        self.version = int(major), int(minor)

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
        """Send a request to both, fail unless the replies count as the same, and return ours."""
        ours, theirs = self.ask(argv)
        if not same(argv, ours, theirs, exact_times=exact_times):
            self.differ = not is_known_difference(self.version, argv, ours, theirs)
            assert not self.differ, f"{shown(argv)}\n  ours:   {shown(ours.raw)}\n  theirs: {shown(theirs.raw)}"
        if may_have_named(self.version, argv, ours):
            assert [client.call("CLIENT", "SETNAME", "") for client in self.clients] == [b"OK", b"OK"]
        return ours

    def scan(self, *options: bytes) -> set[bytes]:
        """Return the keys that a whole SCAN finds, which must be the same in both."""
        found = [_scan(client, options) for client in self.clients]
        assert found[0] == found[1], f"SCAN 0 {shown(list(options))}"
        return found[0]

    def compare_keyspaces(self, *, exact_times: bool) -> None:
        """Compare all databases: keys, types, encodings, values and expiry times."""
        for number in range(DATABASES):
            assert self.compare([b"SELECT", b"%d" % number]).value == b"OK"
            for key in sorted(self.scan()):
                for command in (b"TYPE", b"OBJECT ENCODING", b"GET", b"PEXPIRETIME", b"OBJECT REFCOUNT"):
                    self.compare([*command.split(), key], exact_times=exact_times)
                self.compare([b"ZRANGE", key, b"0", b"-1", b"WITHSCORES"])
            self.compare([b"DBSIZE"])
        self.compare([b"DEBUG", b"DIGEST"])


def _scan(client: RespClient, options: Iterable[bytes]) -> set[bytes]:
    found: set[bytes] = set()
    cursor: object = b"0"
    while True:
        reply = client.call("SCAN", cursor, *options)
        assert isinstance(reply, list), reply
        cursor, keys = reply
        found.update(keys)
        if cursor == b"0":
            return found
