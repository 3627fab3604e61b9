"""Connections of a running server: how many, how idle, how greedy, and what they cost each other."""

import resource
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.processes import wait_for
from tests.support import ErrorReply, Push, RespClient, Server, encode_command

StartServer = Callable[..., Server]
IDLE_CONNECTIONS = 3000
IDLE_BYTES_MAX = 3072
# How long a client may wait for its PING while others misbehave.
PATIENCE_S = 1.0
# What the server reads of a socket at once.
READ_BYTES = 65536


@pytest.fixture
def many_files() -> Iterator[None]:
    """Let this process, and the servers that it starts, open many files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = IDLE_CONNECTIONS + 500
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.fail(f"this test opens {wanted} files, and the hard limit is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def resident_bytes(server: Server) -> int:
    pages = Path(f"/proc/{server.pid}/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()


def connected(server: Server) -> int:
    return int(server.info("clients")["connected_clients"])


def is_prompt(client: RespClient) -> bool:
    started = time.monotonic()
    return client.call("PING") == b"PONG" and time.monotonic() - started < PATIENCE_S


# How many


@pytest.mark.usefixtures("many_files")
def test_idle_connections_cost_little(start_pyrite: StartServer) -> None:
    server = start_pyrite("--maxclients", IDLE_CONNECTIONS + 100)
    server.call("SET", "k", "v")
    before = resident_bytes(server)
    with ExitStack() as stack:
        clients = [stack.enter_context(RespClient(server.port)) for _ in range(IDLE_CONNECTIONS)]
        for client in clients:
            client.send("GET", "k")
        assert all(client.read() == b"v" for client in clients)
        assert connected(server) >= IDLE_CONNECTIONS
        assert (resident_bytes(server) - before) / IDLE_CONNECTIONS <= IDLE_BYTES_MAX
        assert all(client.call("GET", "k") == b"v" for client in clients[::10])
    wait_for(lambda: connected(server) <= 2, "all connections to be gone")


def test_more_than_maxclients(start_pyrite: StartServer) -> None:
    server = start_pyrite("--maxclients", 3)
    # One connection is the server object's own.
    server.call("PING")
    with RespClient(server.port) as one, RespClient(server.port) as two:
        assert [one.call("PING"), two.call("PING")] == [b"PONG", b"PONG"]
        with RespClient(server.port) as refused:
            assert refused.read() == ErrorReply(b"ERR max number of clients reached")
            assert refused.is_closed_by_server()
        assert one.call("PING") == b"PONG"
    wait_for(lambda: len(server.call("CLIENT", "LIST").splitlines()) == 1, "the others to be gone")  # type: ignore[attr-defined]
    stats = server.info("stats")
    assert stats["rejected_connections"] == "1"
    before = int(stats["total_connections_received"])
    with RespClient(server.port) as one, RespClient(server.port) as two:
        assert [one.call("PING"), two.call("PING")] == [b"PONG", b"PONG"]
        with RespClient(server.port) as refused:
            assert refused.is_closed_by_server()
        reply = one.call("INFO", "stats")
    assert f"total_connections_received:{before + 2}\r\n".encode() in reply  # type: ignore[operator]


def test_unix_socket(start_pyrite: StartServer, tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    server = start_pyrite("--unixsocket", str(path))
    with RespClient(path=path) as client:
        line = client.call("CLIENT", "INFO")
        assert isinstance(line, bytes)
        assert f" addr={path}:0 laddr={path}:0 ".encode() in line
        assert b" flags=U " in line
        assert server.call("CLIENT", "KILL", f"{path}:0") == b"OK"
        assert client.is_closed_by_server()


# How idle


def test_timeout(start_pyrite: StartServer) -> None:
    server = start_pyrite("--timeout", 1)
    with RespClient(server.port) as idle, RespClient(server.port) as busy:
        started = time.monotonic()
        idle.call("PING")
        while not idle.is_closed_by_server(0.2):
            assert busy.call("PING") == b"PONG"
            assert time.monotonic() - started < 10
        assert time.monotonic() - started > 0.9
        assert busy.call("PING") == b"PONG"


def test_no_timeout_for_those_who_listen(start_pyrite: StartServer) -> None:
    server = start_pyrite("--timeout", 1)
    with (
        RespClient(server.port) as idle,
        RespClient(server.port) as subscriber,
        server.connect(resp=3) as in_resp3,
        RespClient(server.port) as monitor,
    ):
        subscriber.call("SUBSCRIBE", "c")
        in_resp3.call("SUBSCRIBE", "c")
        monitor.call("MONITOR")
        idle.call("PING")
        assert idle.is_closed_by_server(10)
        with RespClient(server.port) as other:
            assert other.call("PUBLISH", "c", "news") == 2
        assert subscriber.read() == [b"message", b"c", b"news"]
        assert in_resp3.read() == Push([b"message", b"c", b"news"])
        while b"PUBLISH" not in monitor.read():  # type: ignore[operator]
            pass


def test_no_timeout_while_a_pause_holds_a_client_back(start_pyrite: StartServer) -> None:
    server = start_pyrite("--timeout", 1)
    server.call("CLIENT", "PAUSE", 2500, "WRITE")
    with RespClient(server.port) as paused:
        assert paused.call("SET", "k", "v") == b"OK"


# How greedy


def test_hard_limit_on_replies(server: Server, client: RespClient) -> None:
    with server.connect() as greedy, server.config(client_output_buffer_limit="normal 2000000 0 0"):
        client.call("SET", "k", b"v" * 3_000_000)
        assert greedy.call("STRLEN", "k") == 3_000_000
        before = int(server.info("stats")["client_output_buffer_limit_disconnections"])
        greedy.send("GET", "k")
        assert greedy.is_closed_by_server()
        assert int(server.info("stats")["client_output_buffer_limit_disconnections"]) == before + 1
        assert is_prompt(client)


def test_soft_limit_on_replies(server: Server, client: RespClient) -> None:
    client.call("SET", "k", b"v" * 20_000_000)
    with server.connect() as greedy, server.connect() as slow:
        ids = [each.call("CLIENT", "ID") for each in (greedy, slow)]
        with server.config(client_output_buffer_limit="normal 0 1000000 1"):
            started = time.monotonic()
            greedy.send("GET", "k")
            slow.send("GET", "k")
            assert slow.read() == b"v" * 20_000_000
            wait_for(lambda: client.call("CLIENT", "LIST", "ID", ids[0]) == b"", "the soft limit to be enforced")
            assert time.monotonic() - started > 1
            assert slow.call("PING") == b"PONG"


def test_limit_on_requests(server: Server, client: RespClient) -> None:
    with server.connect() as greedy, server.config(client_query_buffer_limit=2_000_000):
        greedy.send_bytes(b"*2\r\n$4\r\nECHO\r\n$1500000\r\n" + b"v" * 1_500_000 + b"\r\n")
        assert greedy.read() == b"v" * 1_500_000
        with pytest.raises(ConnectionError):  # noqa: PT012 - either may notice
            for _ in range(100):
                greedy.send_bytes(b"*2\r\n$4\r\nECHO\r\n$9000000\r\n" + b"v" * 1_000_000)
            greedy.read()
        assert int(server.info("stats")["client_query_buffer_limit_disconnections"]) >= 1
        assert is_prompt(client)


def test_limit_on_a_request_holds_however_it_arrives(server: Server) -> None:
    with server.config(client_query_buffer_limit=1_048_576):
        for size in (1_048_577, 1_500_000, 2_000_000, 5_000_000):
            with server.connect() as greedy, pytest.raises(ConnectionError):
                greedy.call("SET", "k", b"v" * size)
        with server.connect() as modest:
            assert modest.call("SET", "k", b"v" * 1_000_000) == b"OK"


def test_limit_on_requests_counts_what_a_transaction_queues(server: Server) -> None:
    with server.connect() as greedy, server.config(client_query_buffer_limit=1_048_576):
        greedy.call("MULTI")
        with pytest.raises(ConnectionError):  # noqa: PT012 - either may notice
            for _ in range(30):
                greedy.call("SET", "k", b"v" * 100_000)
    with server.connect() as modest, server.config(client_query_buffer_limit=1_048_576):
        modest.call("MULTI")
        for _ in range(9):
            modest.call("SET", "k", b"v" * 100_000)
        assert modest.call("EXEC") == [b"OK"] * 9
        modest.call("MULTI")
        assert modest.call("SET", "k", b"v" * 500_000) == b"QUEUED"
        assert modest.call("DISCARD") == b"OK"


def test_limits_beyond_all_bounds_are_no_limits(server: Server, client: RespClient) -> None:
    client.call("SET", "k", b"v" * 3_000_000)
    most = 2**64 - 1
    for hard, soft, seconds in ((most, 0, 0), (0, most, 1), (0, 1000, 2**63 - 1), (0, 1000, 10**16)):
        limit = f"normal {hard} {soft} {seconds}"
        with server.connect() as reader, server.config(client_output_buffer_limit=limit):
            assert reader.call("GET", "k") == b"v" * 3_000_000
    assert server.info("stats")["internal_errors"] == "0"


@pytest.mark.parametrize("seconds", [1, 32767, 40_000, 2**31 - 1])
def test_any_keepalive_lets_clients_in(server: Server, seconds: int) -> None:
    with server.config(tcp_keepalive=seconds), server.connect() as client:
        assert client.call("PING") == b"PONG"


def test_reader_of_huge_replies_leaves_room_for_others(server: Server, client: RespClient) -> None:
    client.call("SET", "k", b"v" * 30_000_000)
    with server.connect() as greedy:
        for _ in range(3):
            greedy.send("GET", "k")
        for _ in range(20):
            assert is_prompt(client)
            greedy.read_bytes(1_000_000)


def test_one_byte_at_a_time(server: Server, client: RespClient) -> None:
    with server.connect() as dribbling:
        for byte in encode_command("SET", "k", "some value"):
            dribbling.send_bytes(bytes([byte]))
            assert is_prompt(client)
        assert dribbling.read() == b"OK"


def test_clients_that_vanish(server: Server, client: RespClient) -> None:
    before = connected(server)
    client.call("SET", "big", b"v" * 10_000_000)
    for data in (b"", b"*", b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100000\r\nabc", encode_command("GET", "big") * 10):
        for is_rude in (False, True):
            with socket.create_connection(("127.0.0.1", server.port)) as sock:
                sock.sendall(data)
                if is_rude:
                    # Close with a reset instead of an end.
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    wait_for(lambda: connected(server) <= before, "the clients to be gone")
    assert is_prompt(client)
    assert client.call("EXISTS", "k") == 0


def test_killed_while_it_is_sent_a_huge_reply(server: Server, client: RespClient) -> None:
    client.call("SET", "k", b"v" * 50_000_000)
    with server.connect() as greedy:
        its = greedy.call("CLIENT", "ID")
        greedy.send("GET", "k")
        greedy.read_bytes(1000)
        assert client.call("CLIENT", "KILL", "ID", its) == 1  # type: ignore[arg-type]
        assert greedy.is_closed_by_server()


# What comes at once, or leaves at once


@pytest.mark.parametrize("extra_bytes", [-1, 0, 1])
@pytest.mark.parametrize("ends", [False, True])
def test_more_than_is_read_at_once(server: Server, extra_bytes: int, ends: bool) -> None:
    """Of the socket's input the server reads a part at a time, and is told of it but once."""
    empty = len(encode_command("ECHO", "x" * 50_000)) - 50_000
    words = [b"x" * (READ_BYTES - empty), b"y" * (READ_BYTES - empty), b"z" * (READ_BYTES - empty + extra_bytes)]
    with server.connect() as other:
        other.send_bytes(b"".join(encode_command("ECHO", word) for word in words) + b"PING\r\n" * 50_000)
        if ends:
            other.sock.shutdown(socket.SHUT_WR)
        assert [other.read() for _ in words] == words
        assert other.read_bytes(7 * 50_000) == b"+PONG\r\n" * 50_000
        assert other.is_closed_by_server() if ends else other.is_silent()


@pytest.mark.parametrize("on_unix_socket", [False, True])
def test_requests_and_the_end_at_once(start_pyrite: StartServer, tmp_path: Path, on_unix_socket: bool) -> None:
    path = str(tmp_path / "socket")
    server = start_pyrite("--unixsocket", str(path))
    before = connected(server)
    for _ in range(20):
        with RespClient(server.port, path=path if on_unix_socket else None) as other:
            other.send_bytes(encode_command("SET", "k", "v") + encode_command("GET", "k") + b"*1\r\n$4\r\nPI")
            other.sock.shutdown(socket.SHUT_WR)
            assert [other.read(), other.read()] == [b"OK", b"v"]
            assert other.is_closed_by_server()
    wait_for(lambda: connected(server) <= before, "the clients to be gone")


def test_a_reader_that_stops_and_goes_on(server: Server, client: RespClient) -> None:
    """The rest of a reply goes out as the socket takes it, whatever the client asks meanwhile."""
    client.call("SET", "k", b"v" * 5_000_000)
    with server.connect() as other:
        for _ in range(4):
            other.send("GET", "k")
            for _ in range(5):
                other.send("PING")
                assert is_prompt(client)
        for _ in range(4):
            assert other.read() == b"v" * 5_000_000
            assert [other.read() for _ in range(5)] == [b"PONG"] * 5


# Time passes while many requests run at once


def test_the_time_moves_on_within_a_pipeline(client: RespClient) -> None:
    replies = client.pipeline(
        [("SET", "k", "v", "PX", 60_000), ("PTTL", "k"), ("DEBUG", "SLEEP", "0.05"), ("PTTL", "k")]
    )
    assert isinstance(replies[1], int)
    assert isinstance(replies[3], int)
    assert replies[1] - replies[3] >= 49


# Pieces


def test_what_stands_behind_a_descriptor_that_is_sent_along(start_pyrite: StartServer, tmp_path: Path) -> None:
    path = tmp_path / "socket"
    server = start_pyrite("--unixsocket", str(path))
    with RespClient(path=str(path)) as client:
        with server.connect() as sleeper:
            # Both pieces are there before the first one is read.
            sleeper.send("DEBUG", "SLEEP", "0.3")
            time.sleep(0.05)
            socket.send_fds(client.sock, [encode_command("PING")], [0])
            client.send("ECHO", "behind")
            assert sleeper.read() == b"OK"
        assert [client.read(), client.read()] == [b"PONG", b"behind"]


# Not for us


@pytest.mark.parametrize("head", ["GET / HTTP/1.1\r\nHost: localhost", "POST / HTTP/1.1", "host: x", "PoSt /"])
def test_an_http_request_ends_the_connection(start_pyrite: StartServer, head: str) -> None:
    """A web page can have a browser send one to a port of the machine that it runs on; its body is not run."""
    server = start_pyrite()
    with RespClient(server.port) as client:
        client.send_bytes(f"{head}\r\n\r\nSET hacked 1\r\n".encode())
        assert client.is_closed_by_server()
    assert server.call("EXISTS", "hacked") == 0
    assert "HTTP request" in server.output()
    server.call("POSTS", "x")
    assert server.call("PING") == b"PONG"
