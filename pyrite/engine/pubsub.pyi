from pyrite.engine.client import Client
from pyrite.engine.state import ServerState
from pyrite.keyspace.database import Database

class Subscriptions:
    channels: dict[bytes, None]
    patterns: dict[bytes, None]
    shards: dict[bytes, None]

    def count(self, kind: int) -> int: ...
    def names(self, kind: int) -> list[bytes]: ...

class PubSub:
    channels: dict[bytes, dict[int, Client]]
    patterns: dict[bytes, dict[int, Client]]
    shards: dict[bytes, dict[int, Client]]
    notify_flags: int

    def __init__(self, server: ServerState) -> None: ...
    def forget(self, client: Client) -> None: ...
    def notify(self, db: Database, key: bytes, event_class: int, event: bytes) -> None: ...
