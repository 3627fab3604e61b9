from pyrite.core.parser import Args
from pyrite.core.reply import Reply
from pyrite.engine.command import Command
from pyrite.engine.state import ServerState
from pyrite.keyspace.database import Database

def is_printable(text: bytes) -> bool: ...
def valid_name(name: bytes) -> bytes: ...

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

    def __init__(self, server: ServerState) -> None: ...
    def require_password(self) -> None: ...
    def trust(self) -> None: ...
    def reset(self) -> None: ...
    def flag_letters(self) -> str: ...
    def select(self, index: int) -> int: ...
    def close(self) -> int: ...
    def close_after_reply(self) -> int: ...
    @property
    def is_idle(self) -> bool: ...
