"""Rewrite: the whole keyspace of one moment as the shortest commands that make it, for an append-only file.

That is what the file begins with where aof-use-rdb-preamble is off. Collections come in commands of at most 64
elements, so that none of them keeps the server that reads it for long. Expiries are absolute times.

As with snapshots nothing here needs the GIL or writes to memory of the keyspace.
"""

import cython
from cython.cimports.libc.stdint import int64_t
from cython.cimports.pyrite.core.child import Progress
from cython.cimports.pyrite.core.command_writer import (
    put_argument,
    put_command,
    put_double,
    put_element,
    put_number,
    put_word,
)
from cython.cimports.pyrite.core.entry import (
    ENCODING_INT,
    ENCODING_LISTPACK,
    PART_OWNER,
    TYPE_HASH,
    TYPE_LIST,
    TYPE_SET,
    TYPE_STREAM,
    TYPE_ZSET,
    Blob,
    Entry,
    blob_data,
    entry_encoding,
    entry_expire,
    entry_has_expire,
    entry_key,
    entry_key_length,
    entry_pointer,
    entry_type,
    entry_value,
    entry_value_length,
    entry_word,
)
from cython.cimports.pyrite.core.hash_value import hash_next_expire
from cython.cimports.pyrite.core.hashtable import HashIterator, HashTable, ht_count, ht_iterate, ht_next
from cython.cimports.pyrite.core.listpack import LP_END_MARK, LP_HEADER, LpValue, lp_after, lp_count, lp_get
from cython.cimports.pyrite.core.quicklist import QuickList
from cython.cimports.pyrite.core.quicklist_items import QlIterator, ql_iterate, ql_next
from cython.cimports.pyrite.core.rdb_format import RdbWriter, rdb_flush
from cython.cimports.pyrite.keyspace.database import Database, Keyspace
from cython.cimports.pyrite.types.aof_rewrite_stream import rewrite_stream
from cython.cimports.pyrite.types.hash import HashFieldIterator, hash_iterate, hash_length, hash_next
from cython.cimports.pyrite.types.save_job import SaveJob, save_finish, save_key_done, save_start
from cython.cimports.pyrite.types.set import SetIterator, set_iterate, set_length, set_next
from cython.cimports.pyrite.types.sorted_set import ZsetIterator, zset_iterate, zset_length, zset_next


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _put_key(w: cython.pointer[RdbWriter], e: cython.pointer[Entry]) -> cython.void:
    put_argument(w, entry_key(e), entry_key_length(e))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_batch(
    w: cython.pointer[RdbWriter],
    e: cython.pointer[Entry],
    name: cython.p_const_char,
    width: cython.size_t,
    done: cython.size_t,
    total: cython.size_t,
) -> cython.void:
    """Begin a command before the first of each 64 elements, which take `width` arguments each; `done` were written."""
    if done % REWRITE_ITEMS:
        return
    left: cython.size_t = total - done
    put_command(w, 2 + width * (left if left < REWRITE_ITEMS else REWRITE_ITEMS))
    put_word(w, name)
    _put_key(w, e)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_string(w: cython.pointer[RdbWriter], e: cython.pointer[Entry]) -> cython.void:
    blob: cython.pointer[Blob]
    put_command(w, 3)
    put_word(w, b"SET")
    _put_key(w, e)
    if e.parts & PART_OWNER:
        blob = cython.cast(cython.pointer[Blob], entry_pointer(e))
        put_argument(w, blob_data(blob), blob.length)
    elif entry_encoding(e) == ENCODING_INT:
        put_number(w, cython.cast(int64_t, entry_word(e)[0]))
    else:
        put_argument(w, entry_value(e), entry_value_length(e))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_list(w: cython.pointer[RdbWriter], e: cython.pointer[Entry]) -> cython.void:
    it: QlIterator
    value: LpValue
    done: cython.size_t = 0
    if entry_encoding(e) == ENCODING_LISTPACK:
        _put_list_listpack(w, e, cython.cast(cython.p_uchar, entry_pointer(e)))
        return
    ql: cython.pointer[QuickList] = cython.cast(cython.pointer[QuickList], entry_pointer(e))
    ql_iterate(ql, cython.address(it), 0, False)
    while ql_next(cython.address(it), cython.address(value)):
        _put_batch(w, e, b"RPUSH", 1, done, ql.count)
        put_element(w, cython.address(value))
        done += 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_list_listpack(w: cython.pointer[RdbWriter], e: cython.pointer[Entry], lp: cython.p_uchar) -> cython.void:
    value: LpValue
    done: cython.size_t = 0
    total: cython.size_t = lp_count(lp)
    at: cython.Py_ssize_t = LP_HEADER
    while lp[at] != LP_END_MARK:
        lp_get(lp, at, cython.address(value))
        _put_batch(w, e, b"RPUSH", 1, done, total)
        put_element(w, cython.address(value))
        done += 1
        at = lp_after(lp, at)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_set(w: cython.pointer[RdbWriter], e: cython.pointer[Entry]) -> cython.void:
    it: SetIterator
    value: LpValue
    done: cython.size_t = 0
    total: cython.size_t = set_length(e)
    set_iterate(e, cython.address(it))
    while set_next(cython.address(it), cython.address(value)):
        _put_batch(w, e, b"SADD", 1, done, total)
        put_element(w, cython.address(value))
        done += 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_sorted_set(w: cython.pointer[RdbWriter], e: cython.pointer[Entry]) -> cython.void:
    it: ZsetIterator
    member: LpValue
    score: cython.double = 0
    done: cython.size_t = 0
    total: cython.size_t = zset_length(e)
    zset_iterate(e, cython.address(it))
    while zset_next(cython.address(it), cython.address(member), cython.address(score)):
        _put_batch(w, e, b"ZADD", 2, done, total)
        put_double(w, score)
        put_element(w, cython.address(member))
        done += 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_hash(w: cython.pointer[RdbWriter], e: cython.pointer[Entry]) -> cython.void:
    it: HashFieldIterator
    field: LpValue
    value: LpValue
    expire_ms: int64_t = 0
    done: cython.size_t = 0
    total: cython.size_t = hash_length(e)
    hash_iterate(e, cython.address(it), 0)
    while hash_next(cython.address(it), cython.address(field), cython.address(value), cython.address(expire_ms)):
        _put_batch(w, e, b"HMSET", 2, done, total)
        put_element(w, cython.address(field))
        put_element(w, cython.address(value))
        done += 1
    if hash_next_expire(e) < 0:
        return
    hash_iterate(e, cython.address(it), 0)
    while hash_next(cython.address(it), cython.address(field), cython.address(value), cython.address(expire_ms)):
        if expire_ms >= 0:
            put_command(w, 6)
            put_word(w, b"HPEXPIREAT")
            _put_key(w, e)
            put_number(w, expire_ms)
            put_word(w, b"FIELDS")
            put_word(w, b"1")
            put_element(w, cython.address(field))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_entry(w: cython.pointer[RdbWriter], e: cython.pointer[Entry]) -> cython.void:
    """The commands that make one key."""
    type: cython.int = entry_type(e)
    if type == TYPE_LIST:
        _put_list(w, e)
    elif type == TYPE_SET:
        _put_set(w, e)
    elif type == TYPE_ZSET:
        _put_sorted_set(w, e)
    elif type == TYPE_HASH:
        _put_hash(w, e)
    elif type == TYPE_STREAM:
        rewrite_stream(w, e)
    else:
        _put_string(w, e)
    if entry_has_expire(e):
        put_command(w, 3)
        put_word(w, b"PEXPIREAT")
        _put_key(w, e)
        put_number(w, entry_expire(e))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _put_database(job: cython.pointer[SaveJob], number: cython.int, table: cython.pointer[HashTable]) -> cython.bint:
    """Write one database, nothing of an empty one; False where that failed, or nobody waits for it."""
    w: cython.pointer[RdbWriter] = cython.address(job.writer)
    it: HashIterator
    if ht_count(table) == 0:
        return True
    put_command(w, 2)
    put_word(w, b"SELECT")
    put_number(w, number)
    ht_iterate(table, cython.address(it))
    e: cython.pointer[Entry] = ht_next(cython.address(it))
    while e != cython.NULL and not w.failed:
        _put_entry(w, e)
        if not save_key_done(job, e):
            return False
        e = ht_next(cython.address(it))
    return not w.failed


@cython.cfunc
def _put_libraries(w: cython.pointer[RdbWriter], libraries: list) -> cython.void:
    code: bytes
    for code in libraries:
        put_command(w, 3)
        put_word(w, b"FUNCTION")
        put_word(w, b"LOAD")
        put_argument(w, code, len(code))


def write_commands(
    keyspace: Keyspace,
    fd: cython.int,
    libraries: list[bytes],
    progress: Progress | None = None,
    syncs: cython.bint = False,
    key_delay_us: cython.int = 0,
) -> int:
    """Write the commands that make all databases and libraries to a descriptor; returns their length in bytes.

    The arguments are those of `write_snapshot`. Raises OSError: of a write, ENOMEM, or ESRCH in a child whose parent is
    gone.
    """
    job: SaveJob
    db: Database
    number: cython.int
    table: cython.pointer[HashTable]
    good: cython.bint = True
    save_start(cython.address(job), fd, progress, False, False, syncs, key_delay_us)
    _put_libraries(cython.address(job.writer), libraries)
    for db in keyspace.databases:
        number = db.id
        table = cython.address(db.table)
        with cython.nogil:
            good = good and _put_database(cython.address(job), number, table)
    with cython.nogil:
        good = good and rdb_flush(cython.address(job.writer))
    return save_finish(cython.address(job), good)
