from pyrite.core.child import Progress
from pyrite.keyspace.database import Keyspace

def write_snapshot(
    keyspace: Keyspace,
    fd: int,
    version: int,
    aux: list[tuple[bytes, bytes]],
    libraries: list[bytes],
    progress: Progress | None = None,
    compress: bool = True,
    checksum: bool = True,
    syncs: bool = False,
    key_delay_us: int = 0,
) -> int: ...
