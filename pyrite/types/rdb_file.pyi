from pyrite.keyspace.database import Keyspace

DOING: tuple[str, ...]
TYPE_NAMES: tuple[str, ...]

class RdbError(Exception):
    offset: int
    record_at: int
    key: bytes | None
    type: int
    doing: str
    is_corrupt: bool

class Listener:
    def progress(self, done: int) -> None: ...
    def aux(self, name: bytes, value: bytes) -> None: ...
    def database(self, number: int) -> None: ...
    def function(self, code: bytes) -> None: ...
    def module_aux(self, name: str) -> None: ...
    def empty_key(self, key: bytes) -> None: ...
    def has_no_checksum(self) -> None: ...

class RdbFile:
    keeps: bool
    passes_over: bool
    replaces: bool
    drops_expired: bool
    checks_sum: bool
    delay_us: int
    version: int
    record_at: int
    loaded: int
    expired: int
    empty: int
    keys: int
    volatile_keys: int
    past_keys: int
    offset: int

    def __init__(
        self,
        fd: int,
        size: int,
        keyspace: Keyspace,
        listener: Listener,
        *,
        interval: int = ...,
        checks_sum: bool = ...,
    ) -> None: ...
    def tell(self, done: int) -> bool: ...
    def type_counts(self) -> dict[str, int]: ...
    def error(self, reason: str, corrupt: bool = ...) -> RdbError: ...
    def read_header(self) -> int: ...
    def read(self, keys: int = ...) -> bool: ...

def module_name(id: int) -> str: ...
