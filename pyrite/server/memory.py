"""Where the memory goes: the figures behind INFO memory, MEMORY STATS and MEMORY DOCTOR.

resident      what the kernel counts as ours in RAM: the interpreter, its modules, and all below
active      what the allocator holds from the system for its blocks
used      bytes in blocks that are in use
overhead    tables, indexes, client buffers, and what was in use before the first key
dataset     the rest: keys and values
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pyrite.core.memory import active_memory, used_memory
from pyrite.core.reply import pooled_bytes

if TYPE_CHECKING:
    from pyrite.server.server import Server

MIB = 1024 * 1024
# Below this there is too little of everything for MEMORY DOCTOR to judge.
DIAGNOSED_MIN = 5 * MIB
TOTAL_SYSTEM_BYTES = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class DatabaseOverhead:
    """One database that is not empty: bytes of its table and of its expiry index, and what a resize under way takes."""

    id: int
    keys: int
    table_bytes: int
    expires_bytes: int
    rehashing: bool
    rehashing_bytes: int


class MemoryFigures:
    """All figures at one moment, in bytes unless a name says otherwise."""

    def __init__(self, server: Server) -> None:
        cron = server.cron
        self.used = cron.note_memory()
        self.peak = cron.peak_bytes
        self.startup = server.startup_bytes
        self.resident = cron.resident_bytes
        self.active = active_memory()
        clients = cron.client_figures()
        self.clients = clients.total_bytes
        self.client_buffers = clients.buffer_bytes + pooled_bytes()
        self.databases = [
            DatabaseOverhead(
                db.id,
                stats["entries"],
                stats["table_bytes"],
                stats["expires_bytes"],
                bool(stats["rehashing"]),
                stats["table_bytes"] if stats["rehashing"] else 0,
            )
            for db in server.keyspace.databases
            if db.keys_count()
            for stats in [db.table_stats()]
        ]

    @property
    def tables(self) -> int:
        """Tables of all databases."""
        return sum(each.table_bytes for each in self.databases)

    @property
    def rehashing(self) -> int:
        """Tables that are being resized."""
        return sum(each.rehashing_bytes for each in self.databases)

    @property
    def rehashing_count(self) -> int:
        """How many tables are being resized."""
        return sum(each.rehashing for each in self.databases)

    @cached_property
    def overhead(self) -> int:
        """What is not keys and values."""
        indexes = sum(each.expires_bytes for each in self.databases)
        return self.startup + self.client_buffers + self.tables + indexes

    @property
    def dataset(self) -> int:
        """Keys and values."""
        return max(self.used - self.overhead, 0)

    @property
    def net(self) -> int:
        """What came into use since the start."""
        return max(self.used - self.startup, 0)

    @property
    def dataset_percent(self) -> float:
        """Share of keys and values in what came into use since the start."""
        return 100 * self.dataset / self.net if self.net else 0.0

    @property
    def peak_percent(self) -> float:
        """What is in use now, in percent of the most there ever was."""
        return 100 * self.used / self.peak if self.peak else 0.0

    @property
    def keys(self) -> int:
        """Keys in all databases."""
        return sum(each.keys for each in self.databases)

    @property
    def bytes_per_key(self) -> int:
        """What came into use since the start, for each key."""
        return self.net // self.keys if self.keys else 0

    @property
    def fragmentation(self) -> float:
        """Resident bytes for each byte in use."""
        return self.resident / self.used if self.used else 0.0

    @property
    def allocator_fragmentation(self) -> float:
        """Bytes that the allocator holds, for each in use."""
        return self.active / self.used if self.used else 0.0

    @property
    def resident_overhead(self) -> float:
        """Resident bytes for each that the allocator holds: what the interpreter adds."""
        return self.resident / self.active if self.active else 0.0


def statistics(server: Server) -> list[tuple[str, object]]:
    """The fields of MEMORY STATS in order; a database's value is a list of fields itself."""
    figures = MemoryFigures(server)
    fields: list[tuple[str, object]] = [
        ("peak.allocated", figures.peak),
        ("total.allocated", figures.used),
        ("startup.allocated", figures.startup),
        ("replication.backlog", 0),
        ("clients.slaves", 0),
        ("clients.normal", figures.clients),
        ("cluster.links", 0),
        ("aof.buffer", 0),
        ("lua.caches", server.scripts.memory_bytes),
        ("functions.caches", server.functions.memory_bytes),
    ]
    for each in figures.databases:
        parts = [("overhead.hashtable.main", each.table_bytes), ("overhead.hashtable.expires", each.expires_bytes)]
        fields.append((f"db.{each.id}", parts))
    fields += [
        ("overhead.db.hashtable.lut", figures.tables),
        ("overhead.db.hashtable.rehashing", figures.rehashing),
        ("db.dict.rehashing.count", figures.rehashing_count),
        ("overhead.total", figures.overhead),
        ("keys.count", figures.keys),
        ("keys.bytes-per-key", figures.bytes_per_key),
        ("dataset.bytes", figures.dataset),
        ("dataset.percentage", figures.dataset_percent),
        ("peak.percentage", figures.peak_percent),
        ("allocator.allocated", figures.used),
        ("allocator.active", figures.active),
        ("allocator.resident", figures.active),
        ("allocator.muzzy", 0),
        ("allocator-fragmentation.ratio", figures.allocator_fragmentation),
        ("allocator-fragmentation.bytes", figures.active - figures.used),
        ("allocator-rss.ratio", 1.0),
        ("allocator-rss.bytes", 0),
        ("rss-overhead.ratio", figures.resident_overhead),
        ("rss-overhead.bytes", figures.resident - figures.active),
        ("fragmentation", figures.fragmentation),
        ("fragmentation.bytes", figures.resident - figures.used),
    ]
    return fields


def diagnose(server: Server) -> bytes:
    """The text of MEMORY DOCTOR: what is out of the ordinary, and what to do about it."""
    figures = MemoryFigures(server)
    if figures.used < DIAGNOSED_MIN:
        return b"Too little memory is in use (%d bytes) to tell anything from it. Ask again with data.\n" % figures.used
    found = []
    if figures.peak > 1.5 * figures.used:
        found.append(
            f"Peak: at its highest the server used {figures.peak} bytes, now {figures.used}. Pages that were emptied"
            " went back to the system; those that still hold some block did not, and are used first by what comes next."
        )
    if figures.allocator_fragmentation > 1.4 and figures.active - figures.used > 10 * MIB:
        found.append(
            f"Fragmentation: the allocator holds {figures.active} bytes for {figures.used} in use. This happens when"
            " values of many different sizes come and go. MEMORY PURGE gives back what is wholly free."
        )
    if figures.resident - figures.active > 200 * MIB:
        found.append(
            f"Process: {figures.resident - figures.active} resident bytes are no data. Look for connections by the"
            " thousand (CLIENT LIST)."
        )
    if len(server.clients) and figures.clients // len(server.clients) > 200 * 1024:
        found.append(
            f"Clients: their buffers take {figures.clients // len(server.clients)} bytes each on average. Some read"
            " slowly or send huge requests; CLIENT LIST shows qbuf and omem, client-output-buffer-limit ends the worst."
        )
    if not found:
        return b"Nothing unusual: memory in use, held and resident are in proportion.\n"
    return "".join(f"- {text}\n" for text in found).encode()


def allocator_report() -> bytes:
    """The text of MEMORY MALLOC-STATS."""
    used, active = used_memory(), active_memory()
    return (
        b"Allocator: slabs of 64 KiB for blocks of up to 4,096 bytes, the system's malloc and mmap above.\n"
        b"In use: %d bytes. Held: %d bytes. Free within what is held: %d bytes.\n" % (used, active, active - used)
    )


def human(size_bytes: int) -> str:
    """A size as INFO shows it to people: 1023B, 1.50K, 23.54G."""
    if size_bytes < 1024:
        return f"{size_bytes}B"
    value = size_bytes / 1024
    for unit in "KMGT":
        if value < 1024:
            return f"{value:.2f}{unit}"
        value /= 1024
    return f"{value:.2f}P"
