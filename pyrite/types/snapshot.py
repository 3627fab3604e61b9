"""Snapshot: the whole keyspace of one moment, written to a file in the RDB format.

    REDIS0011                       the magic word and the version, four digits
    0xFA  text  text                AUX: a name and a value, any number of times
    0xF5  text                      a library of functions, its source
    0xFE  length                    the number of the database that follows
    0xFB  length length             how many keys it has, and how many of them expire
    0xFC  time                      the next key's expiry: Unix time in ms
    0xF8  length                    how many seconds the next key was not used, where eviction goes by that
    0xF9  byte                      how often the next key was used, where eviction goes by that
    type  text  value               a key
    0xFF  checksum                  the end; CRC-64 of all before it, 0 for none

`core/rdb_format` tells what a length, a text and a time are, `rdb_save` how values are written.

The version is 12 where a hash has fields that expire, which no earlier one knows, else what is asked for: 11, or 10.

All of it runs without the GIL and writes to no memory of the keyspace, so that a forked child copies next to none.
"""

import cython
from cython.cimports.libc.stdint import uint8_t, uint32_t, uint64_t
from cython.cimports.pyrite.core.child import Progress
from cython.cimports.pyrite.core.entry import (
    Entry,
    entry_access,
    entry_expire,
    entry_has_expire,
    entry_key,
    entry_key_length,
)
from cython.cimports.pyrite.core.hashtable import HashIterator, HashTable, ht_count, ht_iterate, ht_next
from cython.cimports.pyrite.core.rdb_format import (
    RDB_AUX,
    RDB_END,
    RDB_EXPIRE_MS,
    RDB_FREQUENCY,
    RDB_FUNCTION,
    RDB_IDLE,
    RDB_RESIZE,
    RDB_SELECT,
    RDB_VERSION_74,
    rdb_flush,
    rdb_put_byte,
    rdb_put_bytes,
    rdb_put_length,
    rdb_put_ms,
    rdb_put_text,
)
from cython.cimports.pyrite.keyspace.database import Database, Keyspace, lfu_decayed
from cython.cimports.pyrite.types.rdb_save import rdb_save_value, rdb_type_of
from cython.cimports.pyrite.types.save_job import save_finish, save_key_done, save_start


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_key(job: cython.pointer[SnapshotJob], e: cython.pointer[Entry]) -> cython.void:
    w: cython.pointer[RdbWriter] = cython.address(job.save.writer)
    if entry_has_expire(e):
        rdb_put_byte(w, RDB_EXPIRE_MS)
        rdb_put_ms(w, entry_expire(e))
    if job.has_idle:
        rdb_put_byte(w, RDB_IDLE)
        rdb_put_length(w, (job.lru_clock - entry_access(e)) & 0xFFFFFF)
    if job.has_frequency:
        rdb_put_byte(w, RDB_FREQUENCY)
        rdb_put_byte(w, cython.cast(uint8_t, lfu_decayed(entry_access(e), job.lfu_minutes, job.lfu_decay_minutes)))
    type: cython.int = rdb_type_of(e, job.version)
    rdb_put_byte(w, cython.cast(uint8_t, type))
    rdb_put_text(w, entry_key(e), entry_key_length(e))
    rdb_save_value(w, e, type)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_database(
    job: cython.pointer[SnapshotJob], number: cython.int, table: cython.pointer[HashTable], expires: uint64_t
) -> cython.bint:
    """Write one database, nothing of an empty one; False where that failed, or nobody waits for it."""
    w: cython.pointer[RdbWriter] = cython.address(job.save.writer)
    it: HashIterator
    if ht_count(table) == 0:
        return True
    rdb_put_byte(w, RDB_SELECT)
    rdb_put_length(w, number)
    rdb_put_byte(w, RDB_RESIZE)
    rdb_put_length(w, ht_count(table))
    rdb_put_length(w, expires)
    ht_iterate(table, cython.address(it))
    e: cython.pointer[Entry] = ht_next(cython.address(it))
    while e != cython.NULL and not w.failed:
        _put_key(job, e)
        if not save_key_done(cython.address(job.save), e):
            return False
        e = ht_next(cython.address(it))
    return not w.failed


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_end(job: cython.pointer[SnapshotJob]) -> cython.bint:
    """Write the end and the checksum of all before it."""
    w: cython.pointer[RdbWriter] = cython.address(job.save.writer)
    rdb_put_byte(w, RDB_END)
    if not rdb_flush(w):
        return False
    checksum: uint64_t = job.save.sink.checksum
    job.save.sink.has_checksum = False
    rdb_put_bytes(w, cython.address(checksum), 8)
    return rdb_flush(w)


@cython.cfunc
def _put_head(job: cython.pointer[SnapshotJob], aux: list, libraries: list) -> cython.void:
    """Write what stands before the databases."""
    w: cython.pointer[RdbWriter] = cython.address(job.save.writer)
    text: bytes = b"REDIS%04d" % job.version
    name: bytes
    rdb_put_bytes(w, cython.cast(cython.p_const_char, text), len(text))
    for name, text in aux:
        rdb_put_byte(w, RDB_AUX)
        rdb_put_text(w, name, len(name))
        rdb_put_text(w, text, len(text))
    for text in libraries:
        rdb_put_byte(w, RDB_FUNCTION)
        rdb_put_text(w, text, len(text))


@cython.cfunc
def _prepare(job: cython.pointer[SnapshotJob], keyspace: Keyspace, version: cython.int) -> cython.void:
    """What is written with each key, and which version is needed."""
    db: Database
    for db in keyspace.databases:
        if db.field_expires.count:
            version = RDB_VERSION_74
    job.version = version
    job.has_frequency = keyspace.evicts_by_access and keyspace.lfu
    job.has_idle = keyspace.evicts_by_access and not keyspace.lfu
    job.lru_clock = keyspace.lru_clock
    job.lfu_minutes = cython.cast(uint32_t, (keyspace.now_ms // 60000) & 0xFFFF)
    job.lfu_decay_minutes = keyspace.lfu_decay_minutes


def write_snapshot(
    keyspace: Keyspace,
    fd: cython.int,
    version: cython.int,
    aux: list[tuple[bytes, bytes]],
    libraries: list[bytes],
    progress: Progress | None = None,
    compress: cython.bint = True,
    checksum: cython.bint = True,
    syncs: cython.bint = False,
    key_delay_us: cython.int = 0,
) -> int:
    """Write a snapshot of all databases to a descriptor; returns its length in bytes.

    `version` is 10 or 11, see above; `aux` are names and values, `libraries` sources of functions. In a child process
    its `progress` is kept up to date. `syncs`: what is written goes to disk bit by bit; the caller still syncs at the
    end. Raises OSError: of a write, ENOMEM, or ESRCH in a child whose parent is gone.
    """
    job: SnapshotJob
    db: Database
    number: cython.int
    expires: uint64_t
    table: cython.pointer[HashTable]
    good: cython.bint = True
    _prepare(cython.address(job), keyspace, version)
    save_start(cython.address(job.save), fd, progress, compress, checksum, syncs, key_delay_us)
    _put_head(cython.address(job), aux, libraries)
    for db in keyspace.databases:
        number = db.id
        table = cython.address(db.table)
        expires = db.expires.count
        with cython.nogil:
            good = good and _put_database(cython.address(job), number, table, expires)
    with cython.nogil:
        good = good and _put_end(cython.address(job))
    return save_finish(cython.address(job.save), good)
