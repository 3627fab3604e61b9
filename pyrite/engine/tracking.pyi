from pyrite.engine.client import Client
from pyrite.engine.state import ServerState

class TrackedClient:
    broadcast: bool
    opt_in: bool
    opt_out: bool
    no_loop: bool
    caching: int
    redirect: int
    broken_redirect: bool
    prefixes: list[bytes]

class Tracking:
    keys: dict[bytes, dict[int, None]]
    prefixes: dict[bytes, object]
    clients: dict[int, Client]
    max_keys: int
    items: int

    def __init__(self, server: ServerState) -> None: ...
    def enable(self, client: Client, wanted: TrackedClient) -> None: ...
    def disable(self, client: Client) -> None: ...
    def limit(self) -> None: ...
