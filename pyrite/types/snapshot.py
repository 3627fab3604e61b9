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

import os

import cython
from cython.cimports.libc.errno import ENOMEM, ESRCH
from cython.cimports.libc.stdint import int64_t, uint8_t, uint32_t, uint64_t
from cython.cimports.pyrite.core.child import TICK_KEYS, ChildFigures, Progress, child_dismiss, child_tick
from cython.cimports.pyrite.core.entry import (
    PART_OWNER,
    TYPE_STRING,
    Blob,
    Entry,
    blob_data,
    entry_access,
    entry_expire,
    entry_has_expire,
    entry_key,
    entry_key_length,
    entry_pointer,
    entry_type,
)
from cython.cimports.pyrite.core.file_sink import SINK_CHUNK, file_sink_init, file_sink_write
from cython.cimports.pyrite.core.hashtable import HashIterator, HashTable, ht_count, ht_iterate, ht_next, random_draw
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
    rdb_start_writing,
    rdb_stop_writing,
)
from cython.cimports.pyrite.keyspace.database import Database, Keyspace, lfu_decayed
from cython.cimports.pyrite.types.rdb_save import rdb_save_value, rdb_type_of


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def snapshot_tick(figures: cython.pointer[ChildFigures], keys: uint64_t, delay_us: cython.int) -> cython.bint:
    """A key has been written, `keys` in all; False where nobody waits for them any more.

    `delay_us` is rdb-key-save-delay: microseconds to sleep; a negative number sleeps for one key of so many.
    """
    if delay_us < 0:
        delay_us = random_draw() % cython.cast(uint64_t, 0 - cython.cast(int64_t, delay_us)) == 0
    if delay_us:
        usleep(delay_us)
    if figures == cython.NULL:
        return True
    figures.keys = keys
    # A delay makes the clock worth looking at each time.
    return (keys % TICK_KEYS != 0 and delay_us == 0) or child_tick(figures)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def snapshot_dismiss(figures: cython.pointer[ChildFigures], e: cython.pointer[Entry]) -> cython.void:
    """A child has written this key: a long string of it is needed no more."""
    blob: cython.pointer[Blob]
    if figures != cython.NULL and e.parts & PART_OWNER and entry_type(e) == TYPE_STRING:
        blob = cython.cast(cython.pointer[Blob], entry_pointer(e))
        child_dismiss(figures, blob_data(blob), blob.length)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_key(job: cython.pointer[SnapshotJob], e: cython.pointer[Entry]) -> cython.void:
    w: cython.pointer[RdbWriter] = cython.address(job.writer)
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
    snapshot_dismiss(job.figures, e)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_database(
    job: cython.pointer[SnapshotJob], number: cython.int, table: cython.pointer[HashTable], expires: uint64_t
) -> cython.bint:
    """Write one database, nothing of an empty one; False where that failed, or nobody waits for it."""
    w: cython.pointer[RdbWriter] = cython.address(job.writer)
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
        job.keys += 1
        if not snapshot_tick(job.figures, job.keys, job.key_delay_us):
            job.orphaned = True
            return False
        e = ht_next(cython.address(it))
    return not w.failed


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_end(job: cython.pointer[SnapshotJob]) -> cython.bint:
    """Write the end and the checksum of all before it."""
    w: cython.pointer[RdbWriter] = cython.address(job.writer)
    rdb_put_byte(w, RDB_END)
    if not rdb_flush(w):
        return False
    checksum: uint64_t = job.sink.checksum
    job.sink.has_checksum = False
    rdb_put_bytes(w, cython.address(checksum), 8)
    return rdb_flush(w)


@cython.cfunc
def _put_head(job: cython.pointer[SnapshotJob], aux: list, libraries: list) -> cython.void:
    """Write what stands before the databases."""
    w: cython.pointer[RdbWriter] = cython.address(job.writer)
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
    job.keys = 0
    job.orphaned = False


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
    job.key_delay_us = key_delay_us
    job.figures = cython.NULL if progress is None else progress.figures
    file_sink_init(cython.address(job.sink), fd, checksum, syncs)
    rdb_start_writing(cython.address(job.writer), compress)
    job.writer.sink = file_sink_write
    job.writer.context = cython.address(job.sink)
    job.writer.chunk = SINK_CHUNK
    _put_head(cython.address(job), aux, libraries)
    for db in keyspace.databases:
        number = db.id
        table = cython.address(db.table)
        expires = db.expires.count
        with cython.nogil:
            good = good and _put_database(cython.address(job), number, table, expires)
    with cython.nogil:
        good = good and _put_end(cython.address(job))
    rdb_stop_writing(cython.address(job.writer))
    if not good:
        problem: cython.int = ESRCH if job.orphaned else job.sink.problem if job.sink.problem else ENOMEM
        raise OSError(problem, os.strerror(problem))
    return job.sink.written
