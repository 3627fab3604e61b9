from collections.abc import Callable

from pyrite.engine.client import Client
from pyrite.engine.state import ServerState

FLAG_BITS: dict[bytes, int]
NO_WRITES: int
SAYS_NOTHING: int

class ScriptError(Exception):
    text: bytes

class Script:
    sha: bytes
    body: bytes
    flags: int
    ref: int
    evictable: bool

    def __init__(self, sha: bytes, body: bytes, flags: int, ref: int) -> None: ...

class Interpreter:
    is_eval: bool
    caller: Client | None
    name: bytes
    wrote: bool
    busy: bool
    memory_bytes: int

    def __init__(self, server: ServerState, is_eval: bool, limit_bytes: int) -> None: ...
    def open(self) -> None: ...
    def close(self) -> None: ...
    def compile(self, code: bytes, name: bytes) -> int: ...
    def release(self, ref: int) -> None: ...
    def load_library(
        self,
        code: bytes,
        name: bytes,
        register: Callable[[bytes, bytes | None, int, int], bytes | None],
        has_limit: bool,
    ) -> None: ...
    def busy_text(self) -> bytes: ...
    def duration_ms(self) -> int: ...
    def end(self) -> None: ...

def running() -> Interpreter | None: ...
