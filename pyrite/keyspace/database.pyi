from collections.abc import Callable

from pyrite.keyspace.lazyfree import LazyFreer

class Keyspace:
    databases: list[Database]
    now_ms: int
    dirty: int
    effects: int
    on_change: Callable[[Database, bytes, int, bytes], None] | None
    on_expire: Callable[[Database, bytes], None] | None
    on_expire_field: Callable[[Database, bytes, bytes], None] | None
    no_touch: bool
    child_runs: bool
    expire_paused: bool
    lfu: bool
    lru_clock: int
    lfu_log_factor: int
    lfu_decay_minutes: int
    lazy_expire: bool
    lazy_delete: bool
    lazy_evict: bool
    lazy_server_delete: bool
    evicts_by_access: bool
    list_max_listpack_size: int
    list_compress_depth: int
    hash_max_listpack_entries: int
    hash_max_listpack_value: int
    set_max_intset_entries: int
    set_max_listpack_entries: int
    set_max_listpack_value: int
    zset_max_listpack_entries: int
    zset_max_listpack_value: int
    stream_node_max_bytes: int
    stream_node_max_entries: int
    hits: int
    misses: int
    expired_keys: int
    expired_fields: int
    evicted_keys: int
    active_expire: bool
    next_database: int
    expired_stale_percent: float
    expired_time_cap_reached: int

    def __init__(self, databases: int) -> None: ...
    @property
    def lazyfree(self) -> LazyFreer: ...
    def update_clock(self) -> None: ...
    def spare_copies(self, on: bool) -> None: ...
    def swap(self, a: int, b: int) -> None: ...
    def overhead_bytes(self) -> int: ...

class Watches:
    keys: list[object]
    touched: bool

class Database:
    id: int
    keyspace: Keyspace
    average_ttl_ms: float
    waiting: dict[bytes, dict[int, object]]
    watched: dict[bytes, list[object]]

    def keys_count(self) -> int: ...
    def expires_count(self) -> int: ...
    def field_expires_count(self) -> int: ...
    def flush(self, lazy: bool) -> int: ...
    def rehash(self, buckets: int) -> bool: ...
    def table_stats(self) -> dict[str, int]: ...
    def sample_ttl_ms(self) -> int: ...
    def add_key(self, key: bytes, expire_ms: int = -1) -> None: ...
    def remove_key(self, key: bytes) -> bool: ...
    def holds(self, key: bytes) -> bool: ...
    def access_of(self, key: bytes) -> int: ...
    def set_access(self, key: bytes, bits: int) -> None: ...
