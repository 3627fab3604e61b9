from collections.abc import Callable

from pyrite.keyspace.lazyfree import LazyFreer

class Keyspace:
    databases: list[Database]
    now_ms: int
    dirty: int
    effects: int
    on_change: Callable[[Database, bytes, int, bytes], None] | None
    on_expire: Callable[[Database, bytes], None] | None
    no_touch: bool
    expire_paused: bool
    lfu: bool
    lru_clock: int
    lfu_log_factor: int
    lfu_decay_minutes: int
    lazy_expire: bool
    lazy_delete: bool
    hits: int
    misses: int
    expired_keys: int
    evicted_keys: int

    def __init__(self, databases: int) -> None: ...
    @property
    def lazyfree(self) -> LazyFreer: ...
    def update_clock(self) -> None: ...
    def swap(self, a: int, b: int) -> None: ...
    def overhead_bytes(self) -> int: ...

class Database:
    id: int
    keyspace: Keyspace
    average_ttl_ms: float

    def keys_count(self) -> int: ...
    def expires_count(self) -> int: ...
    def flush(self, lazy: bool) -> int: ...
    def rehash(self, buckets: int) -> bool: ...
    def table_stats(self) -> dict[str, int]: ...
    def sample_ttl_ms(self) -> int: ...
