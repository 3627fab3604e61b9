from pyrite.engine.client import Client
from pyrite.engine.command import Command
from pyrite.engine.connection import Connection
from pyrite.engine.pubsub import PubSub
from pyrite.engine.tracking import Tracking
from pyrite.keyspace.database import Keyspace

def compiler_version() -> str: ...

class ServerState:
    keyspace: Keyspace
    clients: dict[int, Connection]
    next_client_id: int
    guards: int
    proto_max_bulk_len: int
    client_query_buffer_limit: int
    output_limits: tuple[tuple[int, int, int], ...]
    slowlog_threshold_us: int
    latency_tracking: bool
    maxmemory: int
    maxclients: int
    timeout_s: int
    keepalive_s: int
    hll_sparse_max_bytes: int
    rdb_compression: bool
    rdb_version: int
    busy_threshold_ms: int
    busy_reply: bytes | None
    disk_refusal: bytes | None
    script_disk_refusal: bytes | None
    script_propagation: int
    password: bytes | None
    now_ns: int
    pause_mode: int
    pause_until_ms: int
    blocked_clients: int
    monitors: dict[int, Client]
    pubsub: PubSub
    tracking: Tracking
    postponed: list[Connection]
    commands_processed: int
    net_input_bytes: int
    net_output_bytes: int
    connections_received: int
    rejected_connections: int
    error_replies: int
    internal_errors: int
    query_buffer_disconnections: int
    output_buffer_disconnections: int
    reads_processed: int
    writes_processed: int
    auth_failures: int
    error_counts: dict[bytes, int]
    cycles: int
    cycles_ns: int
    longest_cycle_ns: int
    most_commands_in_cycle: int

    def __init__(self, databases: int) -> None: ...
    def refresh_clock(self) -> None: ...
    def unix_time_us(self) -> int: ...
    def visible_arguments(self, client: Client, command: Command) -> list[bytes]: ...
    def describe_source(self, client: Client) -> bytes: ...
    def serve_meanwhile(self) -> None: ...
    def on_all_deleted(self) -> None: ...
    def forget_client(self, client: Client) -> None: ...
    def count_error(self, text: bytes) -> None: ...
    def reset_statistics(self) -> None: ...
