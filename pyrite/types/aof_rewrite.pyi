from pyrite.core.child import Progress
from pyrite.keyspace.database import Keyspace

def write_commands(
    keyspace: Keyspace,
    fd: int,
    libraries: list[bytes],
    progress: Progress | None = None,
    syncs: bool = False,
    key_delay_us: int = 0,
) -> int: ...
