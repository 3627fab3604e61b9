from pyrite.core.parser import Args
from pyrite.core.reply import Reply
from pyrite.engine.command import Command
from pyrite.engine.pubsub import Subscriptions
from pyrite.engine.state import ServerState
from pyrite.engine.tracking import TrackedClient
from pyrite.keyspace.database import Database, Watches

def is_printable(text: bytes) -> bool: ...
def valid_name(name: bytes) -> bytes: ...

class Transaction:
    commands: list[Command]
    bytes_total: int

class Client:
    id: int
    server: ServerState
    db: Database
    args: Args
    reply: Reply
    guards: int
    flags: int
    output_class: int
    authenticated: bool
    user: bytes
    name: bytes
    lib_name: bytes
    lib_version: bytes
    created_ms: int
    last_interaction_ms: int
    last_command: Command | None
    blocked: object
    transaction: Transaction | None
    watches: Watches | None
    subscriptions: Subscriptions | None
    tracking: TrackedClient | None

    def __init__(self, server: ServerState) -> None: ...
    def require_password(self) -> None: ...
    def trust(self) -> None: ...
    def reset(self) -> None: ...
    def flag_letters(self) -> str: ...
    def watch(self, key: bytes) -> None: ...
    def push(self, message: bytes) -> int: ...
    def send_later(self) -> int: ...
    def select(self, index: int) -> int: ...
    def close(self) -> int: ...
    def close_after_reply(self) -> int: ...
    @property
    def is_idle(self) -> bool: ...
