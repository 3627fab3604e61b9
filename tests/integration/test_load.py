"""Clients that behave badly, and many clients: memory stays bounded, and nobody else notices."""

import os
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.integration.processes import CONDITION_TIMEOUT_S, resident_bytes, wait_for
from tests.support import RespClient, Server, encode_command

MB = 1024**2
# Others wait no longer than this; a machine that runs tests has a pause of its own now and then.
DISTURBED_S = 5.0
IDLE_CONNECTION_MAX_BYTES = 3000


@contextmanager
def undisturbed(server: Server) -> Iterator[None]:
    """Another client is served all along."""
    done = threading.Event()
    served = threading.Event()
    waits = []

    def ask() -> None:
        with server.connect() as client:
            while not done.is_set():
                started = time.monotonic()
                client.call("SET", "undisturbed", "x")
                waits.append(time.monotonic() - started)
                served.set()
                time.sleep(0.002)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        # It is connected from here on, so that tests may count clients.
        assert served.wait(CONDITION_TIMEOUT_S)
        yield
    finally:
        done.set()
        asking.join()
    assert waits
    assert max(waits) < DISTURBED_S


def used_memory(server: Server) -> int:
    return int(server.info("memory")["used_memory"])


def client_count(server: Server) -> int:
    return int(server.info("clients")["connected_clients"])


def vanish(client: RespClient) -> None:
    """Reset the connection."""
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def send_until_refused(send: Callable[[], object], times: int = 100_000) -> None:
    """Send again and again, until the socket is full or the server has closed it."""
    for _ in range(times):
        try:
            send()
        except (BlockingIOError, ConnectionError):
            return
    raise AssertionError("the server takes anything")


def test_a_client_that_never_reads(server: Server) -> None:
    server.call("SET", "big", b"x" * 100_000)
    before = used_memory(server)
    limit = server.config(client_output_buffer_limit="normal 5mb 0 0")
    with limit, undisturbed(server), server.connect() as client:
        count = client_count(server)
        client.sock.setblocking(False)
        requests = encode_command("GET", "big") * 1000
        send_until_refused(lambda: client.sock.send(requests))
        wait_for(lambda: client_count(server) < count, "the client is closed")
        assert used_memory(server) < before + 8 * MB
        assert server.info("stats")["client_output_buffer_limit_disconnections"] != "0"
    wait_for(lambda: used_memory(server) < before + MB, "its memory is free again")


def test_a_client_that_reads_late(server: Server) -> None:
    server.call("SET", "big", b"x" * 100_000)
    with undisturbed(server), server.connect() as client:
        client.send_bytes(encode_command("GET", "big") * 200)
        time.sleep(0.2)
        for _ in range(200):
            assert client.read() == b"x" * 100_000
        assert client.call("PING") == b"PONG"


def test_a_client_over_the_soft_limit_for_too_long(server: Server) -> None:
    server.call("SET", "big", b"x" * 100_000)
    with server.config(client_output_buffer_limit="normal 0 1mb 1"), server.connect() as client:
        count = client_count(server)
        client.send_bytes(encode_command("GET", "big") * 150)
        started = time.monotonic()
        wait_for(lambda: client_count(server) < count, "the client is closed")
        assert time.monotonic() - started > 0.8


def test_clients_that_send_garbage(server: Server) -> None:
    before = used_memory(server)
    source = random.Random(7)
    with undisturbed(server):
        for _ in range(200):
            with server.connect() as client:
                try:
                    client.send_bytes(source.randbytes(source.randrange(1, 20_000)))
                    client.sock.shutdown(socket.SHUT_WR)
                except ConnectionError:
                    continue
                assert client.is_closed_by_server()
    wait_for(lambda: used_memory(server) < before + MB, "their memory is free again")


def test_a_client_that_dribbles(server: Server) -> None:
    with undisturbed(server), server.connect() as client:
        for byte in encode_command("SET", "dribbled", "value"):
            client.send_bytes(bytes([byte]))
            time.sleep(0.01)
        assert client.read() == b"OK"
    assert server.call("GET", "dribbled") == b"value"


def test_many_clients_that_dribble_at_once(server: Server) -> None:
    before = used_memory(server)
    request = encode_command("APPEND", "shared", "x")
    with ExitStack() as stack:
        clients = [stack.enter_context(server.connect()) for _ in range(200)]
        with undisturbed(server):
            for at in range(len(request)):
                for client in clients:
                    client.send_bytes(request[at : at + 1])
        assert {client.read() for client in clients} == set(range(1, 201))
    wait_for(lambda: used_memory(server) < before + MB, "their memory is free again")


@pytest.mark.parametrize("sent", [0.01, 0.5, 0.999])
def test_clients_that_vanish_half_way_through_a_request(sent: float, server: Server) -> None:
    before = used_memory(server)
    clients = client_count(server)
    request = encode_command("SET", "vanished", b"x" * 2 * MB)
    with undisturbed(server):
        for _ in range(20):
            client = server.connect()
            client.send_bytes(request[: int(len(request) * sent)])
            vanish(client)
        wait_for(lambda: client_count(server) <= clients + 1, "they are gone")
    assert server.call("GET", "vanished") is None
    wait_for(lambda: used_memory(server) < before + MB, "their memory is free again")


def test_clients_that_vanish_half_way_through_a_reply(server: Server) -> None:
    server.call("SET", "big", b"x" * 2 * MB)
    before = used_memory(server)
    with undisturbed(server):
        for _ in range(20):
            client = server.connect()
            client.send_bytes(encode_command("GET", "big") * 5)
            client.sock.recv(1000)
            vanish(client)
        wait_for(lambda: client_count(server) <= 3, "they are gone")
    wait_for(lambda: used_memory(server) < before + MB, "their memory is free again")


def test_a_request_that_never_ends(server: Server) -> None:
    with server.config(client_query_buffer_limit="1mb"), undisturbed(server), server.connect() as client:
        client.send_bytes(b"*2\r\n$4\r\nECHO\r\n$50000000\r\n")
        send_until_refused(lambda: client.send_bytes(b"x" * 10_000))
    assert "max query buffer length" in server.output()


def test_a_line_that_never_ends(server: Server) -> None:
    with undisturbed(server), server.connect() as client:
        send_until_refused(lambda: client.send_bytes(b"x" * 10_000))


def test_a_request_that_is_announced_but_never_sent(server: Server) -> None:
    before = used_memory(server)
    resident = resident_bytes(server.pid)
    with ExitStack() as stack:
        for _ in range(50):
            client = stack.enter_context(server.connect())
            client.send_bytes(b"*1000000\r\n$500000000\r\n")
        assert server.call("PING") == b"PONG"
        # What is announced costs nothing until it comes.
        assert used_memory(server) < before + 50 * 100_000
        assert resident_bytes(server.pid) < resident + 50 * 100_000


def test_many_clients(start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite()
    count = 900  # within the usual limit of 1,024 open files of the process that tests; the benchmark takes more
    server.call("PING")
    server.call("CLIENT", "LIST")
    resident, used = resident_bytes(server.pid), used_memory(server)
    with ExitStack() as stack:
        clients = [stack.enter_context(server.connect()) for _ in range(count)]
        for client in clients:
            client.send("PING")
        assert {client.read() for client in clients} == {b"PONG"}
        assert (resident_bytes(server.pid) - resident) / count < IDLE_CONNECTION_MAX_BYTES
        assert (used_memory(server) - used) / count < IDLE_CONNECTION_MAX_BYTES
        with undisturbed(server):
            for _ in range(5):
                for client in clients:
                    client.send("SET", "many", "clients")
                assert {client.read() for client in clients} == {b"OK"}
        listed = server.call("CLIENT", "LIST")
        assert isinstance(listed, bytes)
        assert listed.count(b"\n") == count + 1
        info = server.info("clients")
        assert int(info["connected_clients"]) >= count + 1
        assert int(info["maxclients"]) == 10000
    wait_for(lambda: client_count(server) <= 2, "all are gone")
    assert len(os.listdir(f"/proc/{server.pid}/fd")) < 20


def test_connecting_and_leaving_all_the_time(server: Server) -> None:
    before = used_memory(server)
    descriptors = len(os.listdir(f"/proc/{server.pid}/fd"))
    with undisturbed(server):
        for turn in range(1000):
            client = RespClient(server.port)
            if turn % 2:
                client.send("PING")
            if turn % 3:
                client.close()
            else:
                vanish(client)
    wait_for(lambda: client_count(server) <= 2, "all are gone")
    assert used_memory(server) < before + MB
    assert len(os.listdir(f"/proc/{server.pid}/fd")) <= descriptors + 1
