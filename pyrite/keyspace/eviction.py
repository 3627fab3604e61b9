"""Eviction: delete keys when memory is over `maxmemory`, by one of Redis's eight policies.

    policy            keys       which go first
    noeviction        none
    allkeys-lru       all        the longest unused
    allkeys-lfu       all        the least often used
    allkeys-random    all        any
    volatile-lru      volatile   the longest unused
    volatile-lfu      volatile   the least often used
    volatile-random   volatile   any
    volatile-ttl      volatile   those that fall due first

LRU and LFU compare samples: each eviction draws `samples` keys from every database, fairly, into a pool of the best
candidates seen so far, and takes the best of the pool. A candidate's score is from the time when it was drawn, so the
one that is taken is scored again: a key that was used since is dropped from the pool and lives. volatile-ttl needs no
samples: the expiry index knows what falls due first.
"""

import time

import cython
from cython.cimports.libc.stdint import int64_t, uint64_t
from cython.cimports.pyrite.core.clock import monotonic_us
from cython.cimports.pyrite.core.entry import Entry, entry_access, entry_expire
from cython.cimports.pyrite.core.expiry_index import ei_first, ei_random
from cython.cimports.pyrite.core.hashtable import ht_count, ht_random, random_draw
from cython.cimports.pyrite.core.memory import mem_used
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.keyspace.database import Database, Keyspace, key_of, slice_of, told_bytes

_CRITERIA = {"lru": BY_IDLE, "lfu": BY_FREQUENCY, "random": BY_CHANCE, "ttl": BY_TTL}


def tenacity_limit_us(tenacity: int) -> int:
    """Microseconds that evicting may hold up one command, for a maxmemory-eviction-tenacity of 0 to 100; -1: no limit.

    Linear up to 500 µs at 10, then 15 percent more with each step, as in Redis.
    """
    if tenacity >= 100:
        return -1
    return 50 * tenacity if tenacity <= 10 else int(500 * 1.15 ** (tenacity - 10))


@cython.final
@cython.cclass
class Evictor:
    """Evicts keys of one keyspace; keeps the pool of candidates from one call to the next."""

    def __init__(self, keyspace: Keyspace) -> None:
        self.keyspace = keyspace
        self.keys = []
        self.configure("noeviction", 5, 10)

    def configure(self, policy: str, samples: cython.int, tenacity: int) -> None:
        """Take the settings maxmemory-policy, maxmemory-samples and maxmemory-eviction-tenacity."""
        scope, _, criterion = policy.partition("-")
        self.criterion = _CRITERIA.get(criterion, BY_NOTHING)
        self.volatile_only = scope == "volatile"
        self.samples = samples
        self.limit_us = tenacity_limit_us(tenacity)
        self.keyspace.lfu = self.criterion == BY_FREQUENCY
        self.keyspace.evicts_by_access = self.criterion in (BY_IDLE, BY_FREQUENCY)
        # Scores of different policies don't compare.
        self.pooled = 0
        self.keys.clear()

    # The pool

    @cython.cfunc
    @cython.exceptval(check=False)
    def _score(self, e: cython.pointer[Entry]) -> uint64_t:
        """How much a key deserves to go: seconds unused, or how far its frequency is from the highest."""
        if self.criterion == BY_FREQUENCY:
            return 255 - self.keyspace.lfu_counter(e)
        return (self.keyspace.lru_clock - entry_access(e)) & 0xFFFFFF

    @cython.cfunc
    @cython.exceptval(check=False)
    def _population(self, db: Database) -> cython.size_t:
        """How many keys of a database may be evicted."""
        return db.expires.count if self.volatile_only else ht_count(cython.address(db.table))

    @cython.cfunc
    @cython.exceptval(check=False)
    def _draw(self, db: Database) -> cython.pointer[Entry]:
        """One of those keys, each with the same chance."""
        if self.volatile_only:
            return ei_random(cython.address(db.expires), random_draw)
        return ht_random(cython.address(db.table), random_draw)

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _offer(self, db: Database, e: cython.pointer[Entry]) -> cython.int:
        """Put a key into the pool if it is better than the worst one in it or if there is room."""
        score: uint64_t = self._score(e)
        i: cython.int = 0
        j: cython.int
        while i < self.pooled and self.scores[i] < score:
            i += 1
        if self.pooled == POOL_SIZE:
            if i == 0:
                return 0
            i -= 1
            del self.keys[0]
            for j in range(i):
                self.scores[j] = self.scores[j + 1]
                self.ids[j] = self.ids[j + 1]
        else:
            for j in range(self.pooled, i, -1):
                self.scores[j] = self.scores[j - 1]
                self.ids[j] = self.ids[j - 1]
            self.pooled += 1
        key: Slice = key_of(e)
        self.scores[i] = score
        self.ids[i] = db.id
        self.keys.insert(i, key.p[: key.n])
        return 0

    @cython.cfunc
    @cython.exceptval(True, check=True)
    def _fill_pool(self) -> cython.bint:
        """Draw samples from every database; False where there is nothing to draw."""
        db: Database
        any_key: cython.bint = False
        for db in self.keyspace.databases:
            if self._population(db) == 0:
                continue
            any_key = True
            for _ in range(self.samples):
                self._offer(db, self._draw(db))
        return any_key

    # One eviction; each returns False where no key can go

    @cython.cfunc
    @cython.exceptval(True, check=True)
    def _evict_best(self) -> cython.bint:
        """Evict by samples and pool."""
        db: Database
        key: bytes
        slot: cython.pointer[cython.pointer[Entry]]
        while self._fill_pool():
            while self.pooled:
                self.pooled -= 1
                key = self.keys.pop()
                db = self.keyspace.databases[self.ids[self.pooled]]
                slot = db.find(slice_of(key))
                if slot == cython.NULL or (self.volatile_only and entry_expire(slot[0]) < 0):
                    continue
                if self._score(slot[0]) >= self.scores[self.pooled]:
                    db.delete_evicted(slot[0])
                    return True
        return False

    @cython.cfunc
    @cython.exceptval(True, check=True)
    def _evict_any(self) -> cython.bint:
        """Evict a key drawn at random, from one database after the other."""
        db: Database
        count: cython.int = len(self.keyspace.databases)
        for _ in range(count):
            self.next_database = (self.next_database + 1) % count
            db = self.keyspace.databases[self.next_database]
            if self._population(db):
                db.delete_evicted(self._draw(db))
                return True
        return False

    @cython.cfunc
    @cython.exceptval(True, check=True)
    def _evict_first_due(self) -> cython.bint:
        """Evict the key of all databases that falls due first."""
        db: Database
        home: Database = None
        e: cython.pointer[Entry]
        first: cython.pointer[Entry] = cython.NULL
        for db in self.keyspace.databases:
            e = ei_first(cython.address(db.expires))
            if e != cython.NULL and (first == cython.NULL or entry_expire(e) < entry_expire(first)):
                first = e
                home = db
        if first == cython.NULL:
            return False
        home.delete_evicted(first)
        return True

    @cython.cfunc
    @cython.exceptval(True, check=True)
    def _evict_one(self) -> cython.bint:
        if self.criterion == BY_CHANCE:
            return self._evict_any()
        if self.criterion == BY_TTL:
            return self._evict_first_due()
        return self._evict_best()

    # Down to the limit

    @cython.cfunc
    @cython.exceptval(True, check=True)
    def _evict_down_to(self, maxmemory: cython.size_t) -> cython.bint:
        """Evict until memory is down, or the time is up (`behind`); False where keys run out before.

        What telling of the evictions takes does not count here: else they could feed each other until nothing is left.
        """
        started_us: int64_t = monotonic_us()
        told: int64_t = told_bytes()
        limit: int64_t = maxmemory
        evicted: cython.int = 0
        while cython.cast(int64_t, mem_used()) > limit:
            if not self._evict_one():
                return self._wait_for_freer(limit, started_us)
            evicted += 1
            limit = maxmemory + max(told_bytes() - told, 0)
            if evicted % CLOCK_EACH == 0 and 0 <= self.limit_us < monotonic_us() - started_us:
                self.behind = cython.cast(int64_t, mem_used()) > limit
                return True
        return True

    def _wait_for_freer(self, maxmemory: cython.size_t, started_us: int64_t) -> bool:
        """Give values that are being freed in the background a moment to go; True where that is enough."""
        while mem_used() > maxmemory:
            if not self.keyspace.lazyfree.pending_objects or 0 <= self.limit_us <= monotonic_us() - started_us:
                return False
            time.sleep(0.0002)
        return True

    @cython.ccall
    @cython.exceptval(True, check=True)
    def make_room(self, maxmemory: cython.size_t) -> cython.bint:
        """Evict keys until no more than `maxmemory` bytes are used; False where memory stays short.

        Past its time limit it returns True with `behind` set: the caller is to call again soon, from the event loop.
        """
        done: cython.bint = False
        self.behind = False
        if self.criterion != BY_NOTHING:
            done = self._evict_down_to(maxmemory)
        elif mem_used() <= maxmemory:
            done = True
        self._note_excess(done and not self.behind)
        return done

    # Statistics

    def _note_excess(self, down: cython.bint) -> None:
        if not down and self.over_since_us == 0:
            self.over_since_us = monotonic_us()
        elif down and self.over_since_us:
            self.over_total_us += monotonic_us() - self.over_since_us
            self.over_since_us = 0

    @property
    def current_excess_us(self) -> int:
        """How long memory has been over the limit now; 0 while it is not."""
        return monotonic_us() - self.over_since_us if self.over_since_us else 0

    @property
    def total_excess_us(self) -> int:
        """How long memory has been over the limit since start or the last reset."""
        return self.over_total_us + self.current_excess_us

    def reset_statistics(self) -> None:
        """CONFIG RESETSTAT."""
        self.over_total_us = 0
        self.over_since_us = 0
