"""What `test_rdb_files` has a process of its own do: read damaged files, with little memory and little time.

    python -m tests.fuzz.rdb_files_child cut|flip|lie <seed>

Prints how many files were read and how many refused, and how many bytes of memory were lost on the way.
"""

import os
import random
import resource
import signal
import sys
from collections import Counter
from collections.abc import Iterator

from pyrite.core.memory import used_memory
from pyrite.keyspace.database import Keyspace
from pyrite.types.rdb_file import Listener, RdbError, RdbFile
from tests.fuzz.test_dump_payloads import BYTES, VALUES, WIDE
from tests.models import rdb

MEMORY_BYTES = 1 << 30
SECONDS = 50
FLIPS_PER_VALUE = 60
# Version digits: with another version a file may have no checksum.
DIGITS = range(5, 9)

PARTS = [
    rdb.aux(b"redis-ver", b"7.2.6"),
    rdb.function(b"#!lua name=lib\nredis.register_function('f', function() end)"),
    rdb.select(0),
    rdb.resize(3, 1),
]


def files() -> Iterator[bytes]:
    """Files of each type of value, among other records."""
    for value in VALUES:
        yield rdb.file(
            *PARTS,
            rdb.expire_ms(10**13) + rdb.entry(b"first", value),
            rdb.select(1),
            rdb.idle(70) + rdb.entry(b"second", rdb.string(b"s")),
            rdb.frequency(3) + rdb.entry(b"third", value),
        )


def cuts(_: random.Random) -> Iterator[tuple[bytes, bool]]:
    """Each file without its last bytes."""
    for data in files():
        # Long ones have hundreds of equal places.
        step = len(data) // 400 + 1
        for end in range(0, len(data), step):
            yield data[:end], True


def flips(draw: random.Random) -> Iterator[tuple[bytes, bool]]:
    """Each file with some bytes changed, held against its checksum or not."""
    for data in files():
        for _ in range(FLIPS_PER_VALUE):
            changed = bytearray(data)
            for _ in range(draw.choice([1, 1, 2])):
                at = draw.choice([n for n in range(len(data)) if n not in DIGITS])
                changed[at] = draw.choice([draw.choice(BYTES), changed[at] ^ 1 << draw.randrange(8)])
            if changed != data:
                yield bytes(changed), True
                yield bytes(changed), False


def lies(draw: random.Random) -> Iterator[tuple[bytes, bool]]:
    """Files whose numbers promise far more than there is."""
    for data in files():
        for wide in WIDE:
            for _ in range(6):
                at = draw.randrange(9, len(data))
                yield data[:at] + wide + data[at + 1 :], False
    for wide in WIDE:
        for code in range(244, 256):
            yield b"REDIS0011" + bytes([code]) + wide * 4, False
        for kind in range(32):
            yield b"REDIS0011" + bytes([kind]) + b"\1k" + wide * 6, False
        yield rdb.file(b"\xfb" + wide + wide, rdb.entry(b"k", rdb.string(b"v"))), False


def read(data: bytes, keyspace: Keyspace, *, sums: bool) -> str:
    """Read a file into the databases, and empty them; returns how that went."""
    descriptor = os.memfd_create("rdb")
    try:
        os.write(descriptor, data)
        os.lseek(descriptor, 0, os.SEEK_SET)
        file = RdbFile(descriptor, len(data), keyspace, Listener(), interval=1024, checks_sum=sums)
        file.read_header()
        file.read()
    except RdbError as error:
        is_inside = 0 <= error.record_at <= error.offset <= len(data)
        return "refused" if is_inside else "refused outside of the file"
    finally:
        os.close(descriptor)
        for db in keyspace.databases:
            db.flush(lazy=False)
    return "read in full" if sums else "read"


def main(what: str, seed: int) -> None:
    """Read all files of a kind."""
    # Under AddressSanitizer its shadow alone is larger.
    if os.environ.get("PYRITE_BUILD") != "asan":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    signal.alarm(SECONDS)
    keyspace = Keyspace(2)
    outcomes: Counter[str] = Counter()
    kinds = {"cut": cuts, "flip": flips, "lie": lies}
    for number, (data, sums) in enumerate(kinds[what](random.Random(seed))):
        outcomes[read(data, keyspace, sums=sums)] += 1
        if number == 100:
            before = used_memory()
    outcomes["lost bytes"] = used_memory() - before
    sys.stdout.write(repr(dict(outcomes)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
