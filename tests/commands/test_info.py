"""INFO: sections, fields, and that the figures tell what happened."""

import os
import time
from collections.abc import Callable
from typing import Any

import pytest

from pyrite import __version__
from tests.support import RespClient, Server, Verbatim

DEFAULT = ["Server", "Clients", "Memory", "Persistence", "Stats", "Replication", "CPU", "Modules", "Errorstats"]
DEFAULT += ["Cluster", "Keyspace"]
EVERYTHING = [*DEFAULT[:8], "Commandstats", "Errorstats", "Latencystats", "Cluster", "Keyspace"]

# Fields that Redis has had since the version named; an older peer lacks them.
SINCE_72 = {"listener0", "total_blocking_keys", "total_blocking_keys_on_nokey", "eventloop_cycles", "rdb_saves"}
SINCE_72 |= {"eventloop_duration_sum", "eventloop_duration_cmd_sum", "instantaneous_eventloop_cycles_per_sec"}
SINCE_72 |= {f"acl_access_denied_{what}" for what in ("auth", "cmd", "key", "channel")}
SINCE_72 |= {"instantaneous_eventloop_duration_usec", "aof_rewrites_consecutive_failures", "redis_build_id"}
SINCE_74 = {"pubsub_clients", "watching_clients", "total_watched_keys", "allocator_muzzy", "expired_subkeys"}
SINCE_74 |= {"mem_overhead_db_hashtable_rehashing", "evicted_scripts", "client_query_buffer_limit_disconnections"}
SINCE_74 |= {"client_output_buffer_limit_disconnections"}
OURS = {"pyrite_version", "internal_errors"}


def text(server: Server, *sections: str) -> str:
    reply: Any = server.call("INFO", *sections)
    decoded: str = reply.decode()
    return decoded


def titles(server: Server, *sections: str) -> list[str]:
    return [line[2:] for line in text(server, *sections).splitlines() if line.startswith("#")]


def names(reply: object) -> list[str]:
    """The field names of an INFO reply, but for those that depend on what was done."""
    assert isinstance(reply, bytes)
    lines = reply.decode().splitlines()
    changing = ("cmdstat_", "errorstat_", "latency_percentiles_usec_", "db")
    return [line.split(":")[0] for line in lines if line and not line.startswith(("#", *changing))]


# Sections


def test_sections_by_default(server: Server) -> None:
    assert titles(server) == DEFAULT
    assert titles(server, "default") == DEFAULT


def test_sections_of_all_and_everything(server: Server) -> None:
    assert titles(server, "all") == EVERYTHING
    assert titles(server, "EVERYTHING") == EVERYTHING


def test_named_sections_come_once_and_in_order(server: Server) -> None:
    assert titles(server, "keyspace", "Server", "SERVER", "cpu") == ["Server", "CPU", "Keyspace"]
    assert titles(server, "commandstats", "default") == [*DEFAULT[:8], "Commandstats", *DEFAULT[8:]]
    assert titles(server, "nonsense", "cpu") == ["CPU"]
    assert text(server, "nonsense") == ""
    assert text(server, "sentinel") == ""
    assert titles(server, "debug") == ["Debug"]


def test_the_reply_is_verbatim_text_in_resp3(server: Server) -> None:
    with server.connect(resp=3) as client:
        reply = client.call("INFO", "cluster")
    assert reply == Verbatim(b"txt", b"# Cluster\r\ncluster_enabled:0\r\n")


def test_sections_are_separated_by_an_empty_line(server: Server) -> None:
    assert text(server, "modules", "cluster") == "# Modules\r\n\r\n# Cluster\r\ncluster_enabled:0\r\n"


def test_fields_and_their_order_are_the_peers(server: Server, peer: Server) -> None:
    ours = names(server.call("INFO", "everything"))
    theirs = names(peer.call("INFO", "everything"))
    assert set(theirs) - set(ours) == set()
    assert set(ours) - set(theirs) <= SINCE_72 | SINCE_74 | OURS
    assert [name for name in ours if name in theirs] == [name for name in theirs if name in ours]


# Server


def test_server_fields(server: Server) -> None:
    info = server.info("server")
    assert info["redis_version"] == "7.4.1"
    assert info["pyrite_version"] == __version__
    assert info["process_id"] == str(server.pid)
    assert info["tcp_port"] == str(server.port)
    assert info["listener0"] == f"name=tcp,bind=127.0.0.1,port={server.port}"
    assert info["os"].startswith(os.uname().sysname)
    assert len(info["run_id"]) == 40
    assert abs(int(info["server_time_usec"]) / 1e6 - time.time()) < 2
    assert int(info["uptime_in_days"]) == int(info["uptime_in_seconds"]) // 86400
    assert (info["hz"], info["configured_hz"]) == ("10", "10")


def test_the_configuration_file_and_sockets_are_named(start_pyrite: Callable[..., Server]) -> None:
    server = start_pyrite("--unixsocket", "here.sock", conf="hz 20\n")
    info = server.info("server")
    assert info["config_file"] == str(server.directory / "test.conf")
    assert info["listener1"] == "name=unix,bind=here.sock"
    assert info["configured_hz"] == "20"


# Clients


def test_connected_clients(server: Server) -> None:
    before = int(server.info("clients")["connected_clients"])
    with server.connect():
        assert int(server.info("clients")["connected_clients"]) == before + 1


# Memory


def test_memory_follows_the_data(server: Server) -> None:
    before = server.info("memory")
    server.call("DEBUG", "POPULATE", 20000, "key", 200)
    after = server.info("memory")
    grown = int(after["used_memory"]) - int(before["used_memory"])
    assert 20000 * 200 < grown < 20000 * 300
    assert int(after["used_memory_dataset"]) - int(before["used_memory_dataset"]) > 20000 * 200
    assert int(after["used_memory_peak"]) >= int(after["used_memory"])
    assert int(after["used_memory_rss"]) > int(before["used_memory"])
    assert after["used_memory_human"] == f"{int(after['used_memory']) / 1024**2:.2f}M"
    assert int(after["allocator_active"]) >= int(after["allocator_allocated"])
    parts = int(after["used_memory_overhead"]) + int(after["used_memory_dataset"])
    assert parts == int(after["used_memory"])
    server.call("FLUSHALL")
    assert int(server.info("memory")["used_memory"]) < int(before["used_memory"]) + 200_000


def test_memory_limit(server: Server) -> None:
    with server.config(maxmemory=1 << 30, maxmemory_policy="allkeys-lru"):
        info = server.info("memory")
    assert (info["maxmemory"], info["maxmemory_human"]) == ("1073741824", "1.00G")
    assert info["maxmemory_policy"] == "allkeys-lru"


def test_client_buffers_are_counted(server: Server, client: RespClient) -> None:
    before = int(server.info("memory")["mem_clients_normal"])
    client.send_bytes(b"*2\r\n$4\r\nECHO\r\n$1000000\r\n" + b"x" * 500_000)
    assert client.is_silent(0.2)
    assert int(server.info("memory")["mem_clients_normal"]) > before + 500_000
    client.send_bytes(b"x" * 500_000 + b"\r\n")
    assert client.read() == b"x" * 1_000_000


# Statistics


def test_traffic_is_counted(server: Server) -> None:
    server.call("CONFIG", "RESETSTAT")
    payload = "x" * 10000
    server.call("SET", "key", payload)
    server.call("GET", "key")
    server.call("GET", "missing")
    stats = server.info("stats")
    assert stats["total_commands_processed"] == "4"
    assert int(stats["total_net_input_bytes"]) > 10000
    assert int(stats["total_net_output_bytes"]) > 10000
    assert (stats["keyspace_hits"], stats["keyspace_misses"]) == ("1", "1")
    assert stats["total_connections_received"] == "1"
    assert int(stats["total_reads_processed"]) >= 4
    assert int(stats["total_writes_processed"]) >= 3


def test_rates_rise_and_fall(server: Server) -> None:
    deadline = time.monotonic() + 0.5
    while time.monotonic() < deadline:
        server.client.pipeline([["PING", "x" * 1000]] * 100)
    busy = server.info("stats")
    assert int(busy["instantaneous_ops_per_sec"]) > 100
    assert float(busy["instantaneous_input_kbps"]) > 100
    assert float(busy["instantaneous_output_kbps"]) > 100
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and int(server.info("stats")["instantaneous_ops_per_sec"]) > 50:
        time.sleep(0.1)
    assert int(server.info("stats")["instantaneous_ops_per_sec"]) <= 50


def test_expired_keys_are_counted(server: Server) -> None:
    server.call("CONFIG", "RESETSTAT")
    for number in range(10):
        server.call("SET", f"key{number}", "x", "PX", 1)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and server.call("DBSIZE") != 0:
        time.sleep(0.01)
    assert server.info("stats")["expired_keys"] == "10"


def test_loop_cycles_are_counted(server: Server) -> None:
    server.call("CONFIG", "RESETSTAT")
    server.client.pipeline([["PING"]] * 50)
    server.call("DEBUG", "SLEEP", "0.05")
    info = server.info("stats") | server.info("debug")
    assert int(info["eventloop_cycles"]) >= 3
    assert int(info["eventloop_duration_max"]) >= 50_000
    assert int(info["eventloop_duration_sum"]) >= int(info["eventloop_duration_cmd_sum"]) >= 50_000
    assert int(info["eventloop_cmd_per_cycle_max"]) >= 10


def test_commands_are_counted(server: Server) -> None:
    server.call("CONFIG", "RESETSTAT")
    server.call("SET", "a", "x")
    server.call("INCR", "a")
    server.call("INCR")
    stats = server.info("commandstats")
    assert stats["cmdstat_set"].startswith("calls=1,usec=")
    assert stats["cmdstat_set"].endswith(",rejected_calls=0,failed_calls=0")
    assert stats["cmdstat_incr"].endswith(",rejected_calls=1,failed_calls=1")
    assert "cmdstat_config|resetstat" in stats
    assert "cmdstat_get" not in stats
    fields = dict(field.split("=") for field in stats["cmdstat_set"].split(","))
    assert list(fields) == ["calls", "usec", "usec_per_call", "rejected_calls", "failed_calls"]


def test_errors_are_counted_by_code(server: Server) -> None:
    server.call("CONFIG", "RESETSTAT")
    server.call("SET", "a", "x")
    server.call("INCR", "a")
    server.call("nonsense")
    server.call("EVAL", "return {err='MINE of my own'}", 0)
    server.call("DEBUG", "ERROR", "OTHER, which no command made")
    assert server.info("errorstats") == {"errorstat_ERR": "count=2", "errorstat_MINE": "count=1"}
    assert server.info("stats")["total_error_replies"] == "3"
    server.call("CONFIG", "RESETSTAT")
    assert server.info("errorstats") == {}


def test_an_error_code_cannot_break_the_lines(server: Server) -> None:
    server.call("CONFIG", "RESETSTAT")
    server.call("EVAL", "return {err='A:B#C x'}", 0)
    assert server.info("errorstats") == {"errorstat_A_B_C": "count=1"}


def test_latencies_show_the_percentiles_wanted(server: Server) -> None:
    server.call("CONFIG", "RESETSTAT")
    server.call("GET", "a")
    server.call("DEBUG", "SLEEP", "0.02")
    with server.config(latency_tracking_info_percentiles="0 50 99.99"):
        stats = server.info("latencystats")
    figures = dict(part.split("=") for part in stats["latency_percentiles_usec_debug"].split(","))
    assert list(figures) == ["p0", "p50", "p99.99"]
    assert all(20_000 <= float(figure) < 2_000_000 for figure in figures.values())
    assert "latency_percentiles_usec_set" not in stats


def test_keyspace_counts_keys_and_those_that_expire(server: Server) -> None:
    server.call("SET", "a", "x")
    server.call("SET", "b", "x", "EX", 1000)
    server.call("SELECT", 5)
    server.call("SET", "c", "x")
    info = server.info("keyspace")
    assert list(info) == ["db0", "db5"]
    assert info["db0"].startswith("keys=2,expires=1,avg_ttl=")
    assert info["db5"] == "keys=1,expires=0,avg_ttl=0,subexpiry=0"


def test_a_server_alone_is_a_master(server: Server) -> None:
    info = server.info("replication")
    assert (info["role"], info["connected_slaves"], info["master_repl_offset"]) == ("master", "0", "0")
    assert len(info["master_replid"]) == 40


def test_cpu_times_grow(server: Server) -> None:
    before = float(server.info("cpu")["used_cpu_user"])
    server.call("DEBUG", "POPULATE", 100_000)
    assert float(server.info("cpu")["used_cpu_user"]) > before


def test_info_is_quick(server: Server) -> None:
    server.call("CONFIG", "RESETSTAT")
    for _ in range(20):
        server.call("INFO", "everything")
    fields = dict(field.split("=") for field in server.info("commandstats")["cmdstat_info"].split(","))
    assert float(fields["usec_per_call"]) < 5000


@pytest.mark.parametrize("section", ["server", "clients", "memory", "persistence", "stats", "replication", "cpu"])
def test_every_field_has_a_value(server: Server, section: str) -> None:
    empty = [name for name, value in server.info(section).items() if not value]
    assert empty in ([], ["config_file"])
