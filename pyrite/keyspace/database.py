"""Keyspace: the numbered databases, each a table of entries and an index of those that expire.

Look-ups expire: a key whose time has come is deleted by whoever meets it, and reads as absent. `lookup_read` counts a
hit or a miss; both kinds refresh the key's LRU clock or LFU counter, unless the client asked not to (CLIENT NO-TOUCH).

Writes end in `changed`, the one place from which watched keys, tracking, notifications and propagation are fed.

LRU: bits 0-23 of an entry's access hold the clock in seconds. LFU: bits 8-23 hold the minute of the last decrement,
bits 0-7 a logarithmic counter (https://redis.io/docs/latest/develop/reference/eviction/).
"""

import time

import cython
from cython.cimports.libc.stdint import int64_t, uint32_t, uint64_t
from cython.cimports.pyrite.core.clock import clock_ns, clock_wall_us
from cython.cimports.pyrite.core.entry import (
    ENCODING_EMBSTR,
    KEY_MAX,
    PART_EXPIRE,
    PART_OWNER,
    TYPE_HASH,
    TYPE_STRING,
    Entry,
    entry_access,
    entry_expire,
    entry_free,
    entry_free_value,
    entry_has_expire,
    entry_key,
    entry_key_length,
    entry_memory,
    entry_new,
    entry_rename,
    entry_reshape,
    entry_set_access,
    entry_set_kind,
    entry_type,
    entry_value_length,
)
from cython.cimports.pyrite.core.expiry_index import (
    ei_clear,
    ei_init,
    ei_insert,
    ei_memory,
    ei_random,
    ei_remove,
    ei_replace,
)
from cython.cimports.pyrite.core.hash_value import hash_next_expire, hash_proxy, proxy_new, proxy_set_time
from cython.cimports.pyrite.core.hashtable import (
    ht_clear,
    ht_count,
    ht_find,
    ht_init,
    ht_insert,
    ht_memory,
    ht_pop,
    ht_random,
    ht_rehash,
    ht_reserve,
    ht_scan,
    ht_spare,
    random_draw,
)
from cython.cimports.pyrite.core.memory import mem_used
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.core.siphash import siphash
from cython.cimports.pyrite.keyspace.lazyfree import LazyFreer

from pyrite.core.errors import KEY_TOO_LONG, CommandError

# Bytes that telling of keys which go unasked has taken so far: messages and lines of the log.
_told_bytes = cython.declare(int64_t, 0)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def told_bytes() -> int64_t:
    """How much memory telling of keys which went unasked has taken since the start, for differences."""
    return _told_bytes


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _note_told(used_before: int64_t) -> cython.void:
    global _told_bytes
    _told_bytes += cython.cast(int64_t, mem_used()) - used_before


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _write_expire(e: cython.pointer[Entry], at_ms: int64_t) -> cython.void:
    cython.cast(cython.pointer[int64_t], cython.cast(cython.p_char, e) + 8)[0] = at_ms


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def lfu_decayed(access: uint32_t, minutes: uint32_t, decay_minutes: uint32_t) -> uint32_t:
    """The LFU counter in a key's access bits as of now, the `minutes` since the epoch, of which 16 bits count."""
    counter: uint32_t = access & 255
    if decay_minutes == 0:
        return counter
    periods: uint32_t = ((minutes - (access >> 8)) & 0xFFFF) // decay_minutes
    return counter - periods if counter > periods else 0


@cython.final
@cython.cclass
class Keyspace:
    """All databases of one server, and what they share: the clock, counters and settings."""

    def __init__(self, databases: cython.int) -> None:
        self.freer = LazyFreer()
        self.ready = {}
        self.active_expire = True
        self.lfu_log_factor = 10
        self.lfu_decay_minutes = 1
        self.list_max_listpack_size = -2
        self.hash_max_listpack_entries = self.set_max_intset_entries = 512
        self.set_max_listpack_entries = self.zset_max_listpack_entries = 128
        self.hash_max_listpack_value = self.set_max_listpack_value = self.zset_max_listpack_value = 64
        self.stream_node_max_bytes = 4096
        self.stream_node_max_entries = 100
        self.now_ms = time.time_ns() // 1_000_000
        self.update_clock()
        self.databases = [Database(self, i) for i in range(databases)]

    @property
    def lazyfree(self) -> LazyFreer:
        """The background thread's counters."""
        return self.freer

    @cython.ccall
    @cython.exceptval(check=False)
    def update_clock(self) -> cython.void:
        """Set the LRU clock by the current time; called by the cron."""
        self.lru_clock = cython.cast(uint32_t, (self.now_ms // 1000) & 0xFFFFFF)

    @cython.cfunc
    @cython.exceptval(check=False)
    def wall_ms(self) -> int64_t:
        """Unix time, also while a log is replayed."""
        return self.now_ms if self.now_ms else clock_wall_us(clock_ns()) // 1000

    @cython.cfunc
    @cython.exceptval(check=False)
    def fresh_access(self) -> uint32_t:
        """The access bits of a new key."""
        if not self.lfu:
            return self.lru_clock
        return (cython.cast(uint32_t, (self.wall_ms() // 60000) & 0xFFFF) << 8) | LFU_INIT

    @cython.cfunc
    @cython.exceptval(check=False)
    def lfu_counter(self, e: cython.pointer[cython.const[Entry]]) -> uint32_t:
        """The key's LFU counter as of now, less one for each lfu-decay-time that passed."""
        minutes: uint32_t = cython.cast(uint32_t, (self.wall_ms() // 60000) & 0xFFFF)
        return lfu_decayed(entry_access(e), minutes, self.lfu_decay_minutes)

    @cython.cfunc
    @cython.exceptval(check=False)
    def touch(self, e: cython.pointer[Entry]) -> cython.void:
        """Note that a command used the key."""
        if self.no_touch or self.child_runs:
            return
        if not self.lfu:
            entry_set_access(e, self.lru_clock)
            return
        counter: uint32_t = self.lfu_counter(e)
        if counter < 255:
            base: cython.double = counter - LFU_INIT if counter > LFU_INIT else 0
            if (random_draw() >> 11) * (1.0 / 9007199254740992.0) < 1.0 / (base * self.lfu_log_factor + 1):
                counter += 1
        entry_set_access(e, (cython.cast(uint32_t, (self.wall_ms() // 60000) & 0xFFFF) << 8) | counter)

    def spare_copies(self, on: cython.bint) -> None:
        """While a child process shares all memory, don't write to much of it: no resizing, no times of access."""
        self.child_runs = on
        ht_spare(on)

    def swap(self, a: cython.int, b: cython.int) -> None:
        """Exchange the content of two databases; clients keep their number and see the other's keys."""
        x: Database = self.databases[a]
        y: Database = self.databases[b]
        if a == b:
            return
        x._touch_all(y)
        y._touch_all(x)
        x.table, y.table = y.table, x.table
        x.expires, y.expires = y.expires, x.expires
        x.field_expires, y.field_expires = y.field_expires, x.field_expires
        x.average_ttl_ms, y.average_ttl_ms = y.average_ttl_ms, x.average_ttl_ms
        x._wake_all()
        y._wake_all()

    def overhead_bytes(self) -> int:
        """Bytes of tables and indexes, entries not counted."""
        db: Database
        total: cython.size_t = 0
        for db in self.databases:
            total += ht_memory(cython.address(db.table)) + ei_memory(cython.address(db.expires))
            total += ei_memory(cython.address(db.field_expires))
        return total


@cython.final
@cython.cclass
class Watches:
    """The keys that one client watches."""

    def __cinit__(self) -> None:
        self.keys = []

    @cython.ccall
    @cython.exceptval(-1, check=False)
    def clear(self) -> cython.int:
        """Watch nothing any more."""
        watched: WatchedKey
        for watched in self.keys:
            others: list = watched.db.watched[watched.name]
            others.remove(watched)
            if not others:
                del watched.db.watched[watched.name]
        self.keys = []
        self.touched = False
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def any_expired(self) -> cython.bint:
        """Tell whether a key has expired since it was watched, even if nobody has met it yet."""
        watched: WatchedKey
        slot: cython.pointer[cython.pointer[Entry]]
        for watched in self.keys:
            slot = watched.db.find(slice_of(watched.name))
            if not watched.expired and slot != cython.NULL and watched.db.expired(slot[0]):
                return True
        return False


@cython.final
@cython.cclass
class WatchedKey:
    """One key that one client watches."""

    def __cinit__(self, db: Database, name: bytes, watches: Watches, expired: cython.bint) -> None:
        self.db = db
        self.name = name
        self.watches = watches
        self.expired = expired


@cython.cfunc
@cython.inline
@cython.exceptval(-1, check=False)
def _spread(db: Database, key: Slice, event_class: cython.int, event: bytes) -> cython.int:
    """Tell whoever waits for this key, watches it, tracks it or is notified of it that it has changed."""
    if db.waiting:
        db._wake(key)
    if db.watched:
        db._touch(key)
    if db.keyspace.effects:
        db._tell(key.p[: key.n], event_class, event, True)
    return 0


@cython.final
@cython.cclass
class Database:
    """One numbered database."""

    def __cinit__(self, keyspace: Keyspace, id: cython.int) -> None:
        self.keyspace = keyspace
        self.id = id
        self.waiting = {}
        self.watched = {}
        ht_init(cython.address(self.table))
        ei_init(cython.address(self.expires))
        ei_init(cython.address(self.field_expires))

    def __dealloc__(self) -> None:
        ei_clear(cython.address(self.expires))
        ei_clear(cython.address(self.field_expires))
        ht_clear(cython.address(self.table), True)

    # Look-up

    @cython.cfunc
    @cython.exceptval(check=False)
    def find(self, key: Slice) -> cython.pointer[cython.pointer[Entry]]:
        """The slot of a key, expired or not; NULL where there is none. Valid until the table changes."""
        return ht_find(cython.address(self.table), key.p, key.n, siphash(key.p, key.n))

    @cython.cfunc
    @cython.exceptval(check=False)
    def expired(self, e: cython.pointer[Entry]) -> cython.bint:
        """Tell whether the key's time has come."""
        return entry_has_expire(e) and entry_expire(e) < self.keyspace.now_ms

    @cython.cfunc
    @cython.exceptval(check=False)
    def peek(self, key: Slice) -> cython.pointer[Entry]:
        """The entry of a live key, NULL without one; neither counts, touches nor deletes."""
        slot: cython.pointer[cython.pointer[Entry]] = self.find(key)
        if slot == cython.NULL or self.expired(slot[0]):
            return cython.NULL
        return slot[0]

    @cython.cfunc
    def _live(self, key: Slice, h: uint64_t) -> cython.pointer[Entry]:
        slot: cython.pointer[cython.pointer[Entry]] = ht_find(cython.address(self.table), key.p, key.n, h)
        if slot == cython.NULL:
            return cython.NULL
        if entry_has_expire(slot[0]) and self.expired(slot[0]):
            if not self.keyspace.expire_paused:
                self.delete_expired(slot[0])
            return cython.NULL
        return slot[0]

    @cython.cfunc
    def lookup_read(self, key: Slice) -> cython.pointer[Entry]:
        """The entry of a key for a command that reads it; NULL without one."""
        e: cython.pointer[Entry] = self._live(key, siphash(key.p, key.n))
        if e == cython.NULL:
            self.keyspace.misses += 1
            if self.keyspace.effects:
                self.notify(key, NOTIFY_KEY_MISS, b"keymiss")
            return cython.NULL
        self.keyspace.hits += 1
        self.keyspace.touch(e)
        return e

    @cython.cfunc
    def lookup_untouched(self, key: Slice, notify_miss: cython.bint) -> cython.pointer[Entry]:
        """As `lookup_read`, but the key does not count as used; a miss is notified only where asked for."""
        e: cython.pointer[Entry] = self._live(key, siphash(key.p, key.n))
        if e != cython.NULL:
            self.keyspace.hits += 1
            return e
        self.keyspace.misses += 1
        if notify_miss and self.keyspace.effects:
            self.notify(key, NOTIFY_KEY_MISS, b"keymiss")
        return cython.NULL

    @cython.cfunc
    def lookup_write(self, key: Slice) -> cython.pointer[Entry]:
        """The entry of a key for a command that changes it; NULL without one."""
        e: cython.pointer[Entry] = self._live(key, siphash(key.p, key.n))
        if e != cython.NULL:
            self.keyspace.touch(e)
        return e

    # Change

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def check_key(self, key: Slice) -> cython.int:
        """Refuse a name that no entry has room for; raises CommandError."""
        if key.n > KEY_MAX:
            raise CommandError(KEY_TOO_LONG)
        return 0

    @cython.cfunc
    def put(
        self,
        key: Slice,
        type: cython.int,
        encoding: cython.int,
        parts: cython.int,
        value_length: cython.size_t,
        expire_ms: int64_t,
    ) -> cython.pointer[Entry]:
        """Create or overwrite a key and return its entry, whose inline value and word the caller fills at once.

        `expire_ms` is a Unix time, NO_EXPIRE, or KEEP_TTL. `parts` may name PART_WORD and PART_OWNER. Whatever the key
        held before is freed.
        """
        h: uint64_t = siphash(key.p, key.n)
        slot: cython.pointer[cython.pointer[Entry]] = ht_find(cython.address(self.table), key.p, key.n, h)
        if slot != cython.NULL and entry_has_expire(slot[0]) and self.expired(slot[0]):
            if not self.keyspace.expire_paused:
                self.delete_expired(slot[0])
                slot = cython.NULL
            elif expire_ms == KEEP_TTL:
                expire_ms = NO_EXPIRE
        if slot != cython.NULL:
            return self._overwrite(slot, type, encoding, parts, value_length, expire_ms)
        if expire_ms >= 0:
            parts |= PART_EXPIRE
        self.check_key(key)
        e: cython.pointer[Entry] = entry_new(key.p, key.n, parts, value_length)
        entry_set_kind(e, type, encoding)
        entry_set_access(e, self.keyspace.fresh_access())
        ht_insert(cython.address(self.table), e, h)
        if expire_ms >= 0:
            _write_expire(e, expire_ms)
            ei_insert(cython.address(self.expires), expire_ms, e)
        if self.keyspace.effects:
            self.notify(key, NOTIFY_NEW, b"new")
        return e

    @cython.cfunc
    @cython.exceptval(check=False)
    def _overwrite(
        self,
        slot: cython.pointer[cython.pointer[Entry]],
        type: cython.int,
        encoding: cython.int,
        parts: cython.int,
        value_length: cython.size_t,
        expire_ms: int64_t,
    ) -> cython.pointer[Entry]:
        e: cython.pointer[Entry] = slot[0]
        old_ms: int64_t = entry_expire(e)
        old: cython.pointer[Entry] = e
        if e.parts & PART_OWNER:
            if entry_type(e) == TYPE_HASH:
                self.track_fields(e, NO_EXPIRE)
            entry_free_value(e)
        if expire_ms == KEEP_TTL:
            expire_ms = old_ms
        if expire_ms >= 0:
            parts |= PART_EXPIRE
        e = entry_reshape(e, parts, value_length)
        slot[0] = e
        entry_set_kind(e, type, encoding)
        if self.keyspace.lfu:
            self.keyspace.touch(e)
        else:
            entry_set_access(e, self.keyspace.lru_clock)
        if old_ms >= 0 and (old_ms != expire_ms or e != old):
            ei_remove(cython.address(self.expires), old_ms, old)
        if expire_ms >= 0:
            _write_expire(e, expire_ms)
            if old_ms != expire_ms or e != old:
                ei_insert(cython.address(self.expires), expire_ms, e)
        return e

    @cython.cfunc
    @cython.exceptval(check=False)
    def reshape(
        self, e: cython.pointer[Entry], parts: cython.int, value_length: cython.size_t
    ) -> cython.pointer[Entry]:
        """Give a key's entry other parts (its expiry stays) and room for this inline value; returns its address."""
        key: Slice
        key.p = entry_key(e)
        key.n = entry_key_length(e)
        slot: cython.pointer[cython.pointer[Entry]] = self.find(key)
        at_ms: int64_t = entry_expire(e)
        moved: cython.pointer[Entry] = entry_reshape(e, parts | (e.parts & PART_EXPIRE), value_length)
        slot[0] = moved
        if at_ms >= 0:
            ei_replace(cython.address(self.expires), at_ms, e, moved)
        return moved

    @cython.cfunc
    @cython.exceptval(check=False)
    def set_expire(self, e: cython.pointer[Entry], at_ms: int64_t) -> cython.pointer[Entry]:
        """Let a key expire at this Unix time in ms; returns where its entry is."""
        old_ms: int64_t = entry_expire(e)
        key: Slice
        if old_ms >= 0:
            ei_remove(cython.address(self.expires), old_ms, e)
        else:
            key.p = entry_key(e)
            key.n = entry_key_length(e)
            slot: cython.pointer[cython.pointer[Entry]] = self.find(key)
            e = entry_reshape(e, e.parts | PART_EXPIRE, entry_value_length(e))
            slot[0] = e
        _write_expire(e, at_ms)
        ei_insert(cython.address(self.expires), at_ms, e)
        return e

    @cython.cfunc
    @cython.exceptval(check=False)
    def clear_expire(self, e: cython.pointer[Entry]) -> cython.pointer[Entry]:
        """Let a key live for ever; returns where its entry is."""
        key: Slice
        if not entry_has_expire(e):
            return e
        ei_remove(cython.address(self.expires), entry_expire(e), e)
        key.p = entry_key(e)
        key.n = entry_key_length(e)
        slot: cython.pointer[cython.pointer[Entry]] = self.find(key)
        e = entry_reshape(e, e.parts & ~PART_EXPIRE, entry_value_length(e))
        slot[0] = e
        return e

    @cython.cfunc
    @cython.exceptval(check=False)
    def take(self, key: Slice) -> cython.pointer[Entry]:
        """Take a key's entry out of the database, as it is; NULL where there is none. The caller owns it."""
        e: cython.pointer[Entry] = ht_pop(cython.address(self.table), key.p, key.n, siphash(key.p, key.n))
        if e == cython.NULL:
            return e
        if entry_has_expire(e):
            ei_remove(cython.address(self.expires), entry_expire(e), e)
        if entry_type(e) == TYPE_HASH:
            self.track_fields(e, NO_EXPIRE)
        return e

    @cython.cfunc
    @cython.exceptval(check=False)
    def give(self, key: Slice, e: cython.pointer[Entry]) -> cython.void:
        """Put an entry that nobody else holds under a key that does not exist; the database owns it."""
        if key.p != entry_key(e):
            e = entry_rename(e, key.p, key.n)
        ht_insert(cython.address(self.table), e, siphash(entry_key(e), entry_key_length(e)))
        if entry_has_expire(e):
            ei_insert(cython.address(self.expires), entry_expire(e), e)
        if entry_type(e) == TYPE_HASH:
            self.track_fields(e, hash_next_expire(e))

    @cython.cfunc
    @cython.exceptval(check=False)
    def reserve(self, keys: cython.size_t) -> cython.void:
        """Make the table of an empty database ready for so many keys, which the caller knows are to come."""
        ht_reserve(cython.address(self.table), keys)

    @cython.cfunc
    @cython.exceptval(check=False)
    def add_loaded(self, e: cython.pointer[Entry], expire_ms: int64_t, replace: cython.bint) -> cython.bint:
        """Put an entry without an expiry, as a file gave it, under its key, and let it expire unless with NO_EXPIRE.

        Where the key exists it is replaced, or, unless that is asked for, False is returned and nothing has happened.
        The database owns the entry then. That is no change that anybody is told of.
        """
        h: uint64_t = siphash(entry_key(e), entry_key_length(e))
        if ht_find(cython.address(self.table), entry_key(e), entry_key_length(e), h) != cython.NULL:
            if not replace:
                return False
            self.delete(key_of(e), False)
        if expire_ms >= 0:
            e = entry_reshape(e, e.parts | PART_EXPIRE, entry_value_length(e))
            _write_expire(e, expire_ms)
        ht_insert(cython.address(self.table), e, h)
        if expire_ms >= 0:
            ei_insert(cython.address(self.expires), expire_ms, e)
        if entry_type(e) == TYPE_HASH:
            self.track_fields(e, hash_next_expire(e))
        return True

    @cython.cfunc
    @cython.exceptval(check=False)
    def track_fields(self, e: cython.pointer[Entry], at_ms: int64_t) -> cython.void:
        """Say that no field of this hash falls due before `at_ms`, or, with NO_EXPIRE, that none ever does."""
        place: cython.pointer[cython.pointer[Entry]] = hash_proxy(e)
        if place == cython.NULL:
            return
        proxy: cython.pointer[Entry] = place[0]
        if proxy != cython.NULL:
            if entry_expire(proxy) == at_ms:
                return
            ei_remove(cython.address(self.field_expires), entry_expire(proxy), proxy)
        if at_ms < 0:
            if proxy != cython.NULL:
                entry_free(proxy)
                place[0] = cython.NULL
            return
        if proxy == cython.NULL:
            proxy = place[0] = proxy_new(entry_key(e), entry_key_length(e), at_ms)
        else:
            proxy_set_time(proxy, at_ms)
        ei_insert(cython.address(self.field_expires), at_ms, proxy)

    @cython.cfunc
    @cython.exceptval(check=False)
    def delete(self, key: Slice, lazy: cython.bint) -> cython.bint:
        """Delete a key, expired or not; True where it was there. A lazy delete frees much in the background."""
        e: cython.pointer[Entry] = self.take(key)
        if e == cython.NULL:
            return False
        self.free_entry(e, lazy)
        return True

    @cython.cfunc
    @cython.exceptval(check=False)
    def free_entry(self, e: cython.pointer[Entry], lazy: cython.bint) -> cython.void:
        """Free an entry that was taken out."""
        # A string is one block, however long, and freed at once; other types are as many as they have elements.
        if lazy and e.parts & PART_OWNER and entry_type(e) != 0 and entry_memory(e) > 65536:
            cython.cast(LazyFreer, self.keyspace.freer).free_entry(e)
        else:
            entry_free(e)

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def delete_expired(self, e: cython.pointer[Entry]) -> cython.int:
        """Delete a key whose time has come, telling whoever wants to know."""
        self.keyspace.expired_keys += 1
        return self._delete_unasked(e, self.keyspace.lazy_expire, NOTIFY_EXPIRED, b"expired")

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def delete_evicted(self, e: cython.pointer[Entry]) -> cython.int:
        """Delete a key because memory is short, telling whoever wants to know."""
        self.keyspace.evicted_keys += 1
        return self._delete_unasked(e, self.keyspace.lazy_evict, NOTIFY_EVICTED, b"evicted")

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _delete_unasked(
        self, e: cython.pointer[Entry], lazy: cython.bint, event_class: cython.int, event: bytes
    ) -> cython.int:
        keyspace: Keyspace = self.keyspace
        if self.waiting:
            self._wake(key_of(e))
        if self.watched:
            self._touch(key_of(e))
        if not keyspace.effects and keyspace.on_expire is None:
            self.delete(key_of(e), lazy)
            return 0
        key: Slice = key_of(e)
        name: bytes = key.p[: key.n]
        used: int64_t = mem_used()
        if keyspace.on_expire is not None:
            keyspace.on_expire(self, name, lazy)
        _note_told(used)
        self.delete(slice_of(name), lazy)
        used = mem_used()
        self._tell(name, event_class, event, True)
        _note_told(used)
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _tell(self, name: bytes, event_class: cython.int, event: bytes, modified: cython.bint) -> cython.int:
        """Call the hooks."""
        keyspace: Keyspace = self.keyspace
        if modified and keyspace.on_modified is not None:
            keyspace.on_modified(self, name)
        if keyspace.on_change is not None:
            keyspace.on_change(self, name, event_class, event)
        return 0

    @cython.cfunc
    def changed(self, key: Slice, event_class: cython.int, event: bytes) -> cython.void:
        """Say that a command changed this key: the one place that watched keys, tracking and notifications hang on."""
        self.keyspace.dirty += 1
        _spread(self, key, event_class, event)

    @cython.cfunc
    def changed_by_time(self, key: Slice, event_class: cython.int, event: bytes) -> cython.void:
        """Say that this key has changed though no command changed it, so that the one that runs is not propagated."""
        _spread(self, key, event_class, event)

    @cython.cfunc
    def notify(self, key: Slice, event_class: cython.int, event: bytes) -> cython.void:
        """Say that something happened to this key that is no change of its own."""
        if self.keyspace.effects:
            self._tell(key.p[: key.n], event_class, event, False)

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _wake(self, key: Slice) -> cython.int:
        """Have those who wait for this key served at the end of the command."""
        name: bytes = key.p[: key.n]
        if name in self.waiting:
            self.keyspace.ready[(self, name)] = None
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _wake_all(self) -> cython.int:
        """Have all who wait for a key of this database served: any may have changed."""
        for name in self.waiting:
            self.keyspace.ready[(self, name)] = None
        return 0

    # Watched keys

    @cython.ccall
    @cython.exceptval(-1, check=False)
    def watch(self, key: bytes, watches: Watches) -> cython.int:
        """Let a client's transaction fail when this key changes."""
        watched: WatchedKey
        for watched in watches.keys:
            if watched.db is self and watched.name == key:
                return 0
        slot: cython.pointer[cython.pointer[Entry]] = self.find(slice_of(key))
        watched = WatchedKey(self, key, watches, slot != cython.NULL and self.expired(slot[0]))
        watches.keys.append(watched)
        self.watched.setdefault(key, []).append(watched)
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _touch(self, key: Slice) -> cython.int:
        """The key has changed: fail the transactions of those who watch it."""
        watched: WatchedKey
        for watched in self.watched.get(key.p[: key.n], ()):
            # That a key is deleted which had expired already when it was watched is no change.
            if watched.expired and self.peek(key) == cython.NULL:
                watched.expired = False
            else:
                watched.watches.touched = True
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _touch_all(self, other: Database | None) -> cython.int:
        """This database is about to be emptied, or exchanged for another: touch the watched keys that either holds."""
        name: bytes
        watched: WatchedKey
        slot: cython.pointer[cython.pointer[Entry]]
        for name in self.watched:
            slot = cython.NULL if other is None else other.find(slice_of(name))
            if self.peek(slice_of(name)) != cython.NULL or (slot != cython.NULL and not other.expired(slot[0])):
                self._touch(slice_of(name))
            else:
                for watched in self.watched[name]:
                    watched.expired = slot != cython.NULL
        return 0

    # Whole-database operations

    @cython.cfunc
    def random_entry(self) -> cython.pointer[Entry]:
        """A live key drawn uniformly, NULL from an empty database. Expired ones that it meets are deleted."""
        e: cython.pointer[Entry]
        tries: cython.int = 0
        while True:
            e = ht_random(cython.address(self.table), random_draw)
            if e == cython.NULL or not self.expired(e):
                return e
            tries += 1
            # Where nothing can be deleted now and all may be expired, an expired key is still better than no end.
            if self.keyspace.expire_paused:
                if tries > 100:
                    return e
                continue
            self.delete_expired(e)

    @cython.cfunc
    def scan(self, cursor: uint64_t, out: list) -> uint64_t:
        """Append the keys of one bucket to `out`, expired ones too; returns the next cursor, 0 at the end."""
        return ht_scan(cython.address(self.table), cursor, _collect_key, cython.cast(cython.p_void, out))

    def keys_count(self) -> int:
        """Number of keys, expired ones that are still there included."""
        return ht_count(cython.address(self.table))

    def expires_count(self) -> int:
        """Number of keys that have an expiry."""
        return self.expires.count

    def field_expires_count(self) -> int:
        """Number of hashes that have fields with an expiry."""
        return self.field_expires.count

    def flush(self, lazy: cython.bint) -> int:
        """Delete all keys; returns how many. A lazy flush frees them in the background."""
        n: cython.size_t = ht_count(cython.address(self.table))
        self._wake_all()
        self._touch_all(None)
        if self.keyspace.on_flush is not None:
            self.keyspace.on_flush(self)
        if lazy and n:
            cython.cast(LazyFreer, self.keyspace.freer).free_table(
                cython.address(self.table), cython.address(self.expires)
            )
            ht_init(cython.address(self.table))
            ei_init(cython.address(self.expires))
        else:
            ei_clear(cython.address(self.expires))
            ht_clear(cython.address(self.table), True)
        ei_clear(cython.address(self.field_expires))
        self.average_ttl_ms = 0
        return n

    def rehash(self, buckets: cython.size_t) -> bool:
        """Move so many buckets of a resize under way; True while there is more."""
        return ht_rehash(cython.address(self.table), buckets) != 0

    def table_stats(self) -> dict[str, int]:
        """The table's buckets and entries, for DEBUG HTSTATS and INFO."""
        return {
            "buckets": self.table.masks[0] + 1 if self.table.buckets[0] != cython.NULL else 0,
            "new_buckets": self.table.masks[1] + 1 if self.table.buckets[1] != cython.NULL else 0,
            "chained": self.table.children,
            "entries": ht_count(cython.address(self.table)),
            "rehashing": self.table.rehashing,
            "table_bytes": ht_memory(cython.address(self.table)),
            "expires": self.expires.count,
            "expires_bytes": ei_memory(cython.address(self.expires)) + ei_memory(cython.address(self.field_expires)),
        }

    def sample_ttl_ms(self) -> int:
        """The time to live of one volatile key drawn at random; -1 without any."""
        e: cython.pointer[Entry] = ei_random(cython.address(self.expires), random_draw)
        if e == cython.NULL:
            return -1
        return max(entry_expire(e) - self.keyspace.now_ms, 0)

    # Python handles, for tests and cold callers

    def add_key(self, key: bytes, expire_ms: int64_t = NO_EXPIRE) -> None:
        """Create a key that holds an empty string, just used, or overwrite what it held."""
        self.put(slice_of(key), TYPE_STRING, ENCODING_EMBSTR, 0, 0, expire_ms)

    def remove_key(self, key: bytes) -> bool:
        """Delete a key; False where it is not there."""
        return self.delete(slice_of(key), False)

    def holds(self, key: bytes) -> bool:
        """Tell whether a key is in memory, expired or not."""
        return self.find(slice_of(key)) != cython.NULL

    def access_of(self, key: bytes) -> int:
        """The LRU or LFU bits of a key that is there."""
        return entry_access(self.find(slice_of(key))[0])

    def set_access(self, key: bytes, bits: uint32_t) -> None:
        """Set the LRU or LFU bits of a key that is there."""
        entry_set_access(self.find(slice_of(key))[0], bits)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _collect_key(context: cython.p_void, e: cython.pointer[Entry]) -> cython.void:
    with cython.gil:
        cython.cast(list, context).append(entry_key(e)[: entry_key_length(e)])
