"""The same generated commands to our server and to a real one, reply by reply; at the end all that they hold.

Each run draws a protocol version, and whether requests may name times from now: without those, expiry times are
compared to the millisecond. Active expiry is off in both, so that a key that has fallen due goes when it is asked for.
"""

import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.conftest import ServerFactory
from tests.differential.arguments import ALL_KEYS, COLLECTION_KEYS, HASH_KEYS, Argv, any_key
from tests.differential.data_requests import scan_options
from tests.differential.families import GENERATED
from tests.differential.pair import SHORT_MS, Pair, compares_times, times_from_now_ms
from tests.differential.requests import NOT_GENERATED, requests
from tests.differential.script_bodies import RUNNING, digests_of
from tests.differential.server_requests import TRANSACTIONAL, key_count_and_keys, watched_keys
from tests.differential.versions import is_known_to
from tests.support import Server

# Strings may be so long: no offset makes a server take much memory.
ARGUMENTS = ("--proto-max-bulk-len", "1mb", "--slowlog-log-slower-than", "-1")
FALLEN_DUE_S = 0.01
CLOCK_STEP_S = 0.002


class Machine(RuleBasedStateMachine):
    """Rules by family; each sends one request to both servers."""

    def __init__(self, pair: Pair) -> None:
        """Take two servers, and empty them."""
        super().__init__()
        self.pair = pair
        self.pair.reset()
        self.exact_times = True
        self.resp = 2

    @initialize(resp=st.sampled_from([2, 3]), exact_times=st.booleans(), filled=st.booleans())
    def begin(self, resp: int, exact_times: bool, filled: bool) -> None:
        self.exact_times = exact_times
        self.resp = resp
        self.pair.compare([b"HELLO", b"%d" % resp])
        if filled:
            keys = [key for key in ALL_KEYS[:-1] if key not in COLLECTION_KEYS]
            self.pair.compare([b"MSET", *(part for key in keys for part in (key, key[:5] * 9))])
            self.pair.compare(
                [b"HSET", HASH_KEYS[0], *(part for n in range(40) for part in (b"field-%d" % n, b"%d" % n))]
            )

    def send(self, argv: Argv) -> None:
        if not is_known_to(self.pair.version, argv):
            return
        if argv[0].upper() == b"XADD" and b"*" in argv:
            # The ID would be the time, of each server its own.
            return
        from_now = times_from_now_ms(argv)
        if from_now and (self.exact_times or min(from_now) < SHORT_MS):
            return
        if from_now and compares_times(argv):
            # The same time from now is to be a later time in both servers, not only in the one that is behind.
            time.sleep(CLOCK_STEP_S)
        if argv[0].upper() in {b"SCAN", b"RANDOMKEY"}:
            # These delete some of the keys that have fallen due, by chance; a whole scan deletes them all.
            self.pair.scan()
        self.pair.compare(argv, exact_times=self.exact_times)

    @rule(argv=requests("string"))
    def string(self, argv: Argv) -> None:
        self.send(argv)

    @rule(argv=requests("counter"))
    def counter(self, argv: Argv) -> None:
        self.send(argv)

    @rule(argv=requests("bitmap"))
    def bitmap(self, argv: Argv) -> None:
        self.send(argv)

    @rule(argv=requests("sketch"))
    def sketch(self, argv: Argv) -> None:
        self.send(argv)

    @rule(argv=requests("generic"))
    def generic(self, argv: Argv) -> None:
        self.send(argv)

    @rule(argv=requests("expiry"))
    def expiry(self, argv: Argv) -> None:
        self.send(argv)

    @rule(argv=requests("connection"))
    def connection(self, argv: Argv) -> None:
        self.send(argv)

    @rule(argv=requests("server"))
    def server(self, argv: Argv) -> None:
        self.send(argv)

    @rule(argv=requests("config"))
    def config(self, argv: Argv) -> None:
        self.send(argv)

    @rule(argv=requests("command"))
    def command(self, argv: Argv) -> None:
        self.send(argv)

    @rule(argv=requests("debug"))
    def debug(self, argv: Argv) -> None:
        self.send(argv)

    @rule(argv=requests("set"))
    def sets(self, argv: Argv) -> None:
        self.send(argv)

    @rule(argv=requests("hash"))
    def hash(self, argv: Argv) -> None:
        self.send(argv)

    @rule(argv=requests("list"))
    def lists(self, argv: Argv) -> None:
        self.send(argv)

    @rule(argv=requests("sorted_set"))
    def sorted_set(self, argv: Argv) -> None:
        self.send(argv)

    @rule(argv=requests("level", may_damage=False))
    def level(self, argv: Argv) -> None:
        self.send(argv)

    @rule(argv=requests("geo"))
    def geo(self, argv: Argv) -> None:
        self.send(argv)

    @rule(argv=requests("stream"))
    def stream(self, argv: Argv) -> None:
        self.send(argv)

    @rule(argv=requests("waiting"))
    def wait(self, argv: Argv) -> None:
        self.send(argv)

    @rule(argv=requests("broker"))
    def broker(self, argv: Argv) -> None:
        self.send(argv)

    @rule(
        watched=st.one_of(st.none(), watched_keys),
        between=st.lists(st.one_of(*(requests(family) for family in TRANSACTIONAL)), max_size=2),
        queued=st.lists(st.one_of(*(requests(family) for family in TRANSACTIONAL)), max_size=4),
        end=st.sampled_from([b"EXEC", b"EXEC", b"EXEC", b"DISCARD", b"RESET"]),
    )
    def transaction(self, watched: Argv | None, between: list[Argv], queued: list[Argv], end: bytes) -> None:
        requests_of_it = [[b"WATCH", *watched], *between] if watched else []
        for argv in [*requests_of_it, [b"MULTI"], *queued, [end]]:
            if not times_from_now_ms(argv):
                self.send(argv)
        if end == b"RESET":
            self.pair.compare([b"HELLO", b"%d" % self.resp])

    @rule(argv=requests("script"))
    def look(self, argv: Argv) -> None:
        self.send(argv)

    @rule(
        start=st.one_of(
            st.tuples(st.sampled_from([b"EVAL", b"EVAL_RO"]), st.sampled_from(RUNNING)),
            st.tuples(st.just(b"EVALSHA"), st.sampled_from(digests_of(RUNNING))),
            st.tuples(st.sampled_from([b"FCALL", b"FCALL_RO"]), st.sampled_from([b"run", b"reads"])),
        ),
        keys=key_count_and_keys,
        inner=st.one_of(*(requests(family) for family in TRANSACTIONAL)),
    )
    def script(self, start: tuple[bytes, bytes], keys: Argv, inner: Argv) -> None:
        if not times_from_now_ms(inner):
            self.send([*start, *keys, *inner])

    @rule(options=scan_options)
    def scan_all(self, options: Argv) -> None:
        self.pair.scan(*options)

    @rule(keys=st.lists(any_key, min_size=1, max_size=4, unique=True))
    def fall_due(self, keys: list[bytes]) -> None:
        for key in keys:
            self.pair.compare([b"PEXPIRE", key, b"1"])
        time.sleep(FALLEN_DUE_S)

    def teardown(self) -> None:
        try:
            self.pair.servers[0].check_health()
            if not self.pair.differ:
                self.pair.compare_keyspaces(exact_times=self.exact_times)
        finally:
            self.pair.close()


@pytest.fixture
def pair(start_pyrite: ServerFactory, start_peer: ServerFactory) -> Iterator[Pair]:
    """Return two servers that keep no long strings."""
    servers = Pair(start_pyrite, start_peer, *ARGUMENTS)
    yield servers
    servers.close()


def test_replies_are_those_of_a_real_server(pair: Pair) -> None:
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        lambda: Machine(pair), settings=settings(stateful_step_count=50, suppress_health_check=checks)
    )


def test_every_command_of_both_is_generated(server: Server, peer: Server) -> None:
    names = [set(each.call("COMMAND", "LIST")) for each in (server, peer)]
    common = {name.decode() for name in names[0] & names[1]}
    containers = {name.partition("|")[0] for name in common if "|" in name}
    expected = common - containers | {"command"}
    assert GENERATED & NOT_GENERATED.keys() == set()
    assert expected - GENERATED == NOT_GENERATED.keys() & expected
    assert GENERATED - common <= {"client|setinfo", "client|no-touch"}
