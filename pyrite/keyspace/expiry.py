"""Active expiry: delete the keys, and the fields of hashes, that have fallen due though nobody asks for them.

The expiry index hands out just the due keys, so a slice does no other work than deleting. It ends when nothing is due
or its time is up; the cron runs one slice a tick and, while one ends with keys left, another after each turn of the
event loop. So a client waits for one slice at most, and a million keys that fall due together go as fast as they can.

Where Redis samples volatile keys and estimates how many dead ones are left, here the number is exact:
`expired_stale_percent` is the share of dead keys among the volatile ones when the last slice ended.
"""

import cython
from cython.cimports.libc.stdint import int64_t
from cython.cimports.pyrite.core.clock import monotonic_us
from cython.cimports.pyrite.core.entry import Entry, entry_expire
from cython.cimports.pyrite.core.expiry_index import ei_count_due, ei_due, ei_random
from cython.cimports.pyrite.core.hashtable import random_draw
from cython.cimports.pyrite.keyspace.database import Database, Keyspace
from cython.cimports.pyrite.keyspace.field_expiry import expire_field_slice

# Microseconds of one slice at active-expire-effort 1, and what each further step of effort adds.
SLICE_US = 500
SLICE_STEP_US = 150


def slice_us(effort: cython.int) -> int:
    """Microseconds that one slice may take, for an active-expire-effort of 1 to 10."""
    return SLICE_US + SLICE_STEP_US * (effort - 1)


@cython.cfunc
@cython.exceptval(True, check=True)
def expire_database(db: Database, deadline_us: int64_t) -> cython.bint:
    """Delete due keys of one database until none is left or the time is up; True where keys may be left."""
    batch: cython.pointer[Entry][32]
    keyspace: Keyspace = db.keyspace
    # A hook may delete keys itself, so with hooks no other address is held over a deletion.
    room: cython.size_t = 1 if keyspace.effects else EXPIRE_BATCH
    i: cython.size_t
    deleted: cython.int = 0
    while True:
        # A key still lives in the millisecond that it expires at.
        found: cython.size_t = ei_due(cython.address(db.expires), keyspace.now_ms - 1, batch, room)
        for i in range(found):
            db.delete_expired(batch[i])
        deleted += found
        if found < room:
            return False
        if deleted >= EXPIRE_BATCH:
            deleted = 0
            if monotonic_us() >= deadline_us:
                return True


@cython.cfunc
@cython.exceptval(check=False)
def _sample_ttl(db: Database) -> cython.void:
    """Let the average time to live follow a few volatile keys."""
    left_ms: int64_t
    total_ms: cython.double = 0
    if db.expires.count == 0:
        db.average_ttl_ms = 0
        return
    for _ in range(TTL_SAMPLES):
        left_ms = entry_expire(ei_random(cython.address(db.expires), random_draw)) - db.keyspace.now_ms
        total_ms += left_ms if left_ms > 0 else 0
    mean_ms: cython.double = total_ms / TTL_SAMPLES
    if db.average_ttl_ms == 0:
        db.average_ttl_ms = mean_ms
    else:
        db.average_ttl_ms += (mean_ms - db.average_ttl_ms) / TTL_WEIGHT


@cython.cfunc
def _note_stale(keyspace: Keyspace) -> cython.void:
    """Count the dead keys that a slice left behind."""
    db: Database
    dead: cython.double = 0
    volatile: cython.double = 0
    for db in keyspace.databases:
        dead += ei_count_due(cython.address(db.expires), keyspace.now_ms - 1)
        volatile += db.expires.count
    keyspace.expired_stale_percent = dead * 100 / volatile if volatile else 0


@cython.ccall
@cython.exceptval(True, check=True)
def expire_cycle(keyspace: Keyspace, budget_us: int64_t) -> cython.bint:
    """Delete what is due now (`keyspace.now_ms`) in all databases, for so many microseconds; True where keys are left.

    The next slice begins with the database behind the one in which this one's time was up.
    """
    count: cython.int = len(keyspace.databases)
    deadline_us: int64_t = monotonic_us() + budget_us
    db: Database
    if not keyspace.active_expire or keyspace.expire_paused:
        return False
    for _ in range(count):
        db = keyspace.databases[keyspace.next_database % count]
        keyspace.next_database = (keyspace.next_database + 1) % count
        if db.expires.count == 0 and db.field_expires.count == 0:
            db.average_ttl_ms = 0
            continue
        if expire_database(db, deadline_us) or expire_field_slice(db, deadline_us):
            keyspace.expired_time_cap_reached += 1
            _note_stale(keyspace)
            return True
        _sample_ttl(db)
    keyspace.expired_stale_percent = 0
    return False
