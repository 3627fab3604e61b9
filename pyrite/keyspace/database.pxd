from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint32_t, uint64_t

from pyrite.core.entry cimport Blob, Entry, entry_key, entry_key_length
from pyrite.core.expiry_index cimport ExpiryIndex
from pyrite.core.hashtable cimport HashTable
from pyrite.core.parser cimport Slice

cdef enum:
    NO_EXPIRE = -1
    KEEP_TTL = -2

cdef enum:
    # Event classes of notify-keyspace-events.
    NOTIFY_KEYSPACE = 1
    NOTIFY_KEYEVENT = 2
    NOTIFY_GENERIC = 4
    NOTIFY_STRING = 8
    NOTIFY_LIST = 16
    NOTIFY_SET = 32
    NOTIFY_HASH = 64
    NOTIFY_ZSET = 128
    NOTIFY_EXPIRED = 256
    NOTIFY_EVICTED = 512
    NOTIFY_STREAM = 1024
    NOTIFY_KEY_MISS = 2048
    NOTIFY_NEW = 16384

cdef enum:
    # Bits of `effects`.
    EFFECT_NOTIFY = 1
    EFFECT_TRACK = 2

cdef enum:
    LFU_INIT = 5        # the counter of a new key, so that it is not evicted before it had a chance

cdef class Database
cdef class Watches

cdef class Keyspace:
    cdef readonly list databases
    # Unix time, taken once per event, so that it stands still within a command; 0 while a log is replayed, in which
    # nothing expires but by the log's own commands
    cdef public int64_t now_ms
    cdef public int64_t dirty           # changes since start
    cdef public int effects             # other than 0: `on_change` and the like want to be called
    cdef public dict ready              # (database, key) that somebody waits for and that has changed, in order
    cdef public object on_change        # called with (database, key, event class, event) after a change
    cdef public object on_modified      # called with (database, key) after a change, for tracking; may be None
    cdef public object on_flush         # called with a database before it is emptied; may be None
    cdef public object on_expire        # called with (database, key, lazily) before a key is deleted unasked
    cdef public object on_expire_field  # called with (database, key, field) before an expired field is deleted, or None
    cdef public bint no_touch           # the command that runs must not change LRU or LFU
    cdef readonly bint child_runs       # memory is shared with a child process: reads must not write to it
    cdef public bint expire_paused      # expired keys are hidden, but not deleted
    cdef public bint lfu                # access bits hold an LFU counter, not the LRU clock
    cdef public uint32_t lru_clock      # seconds, 24 bits
    cdef public int lfu_log_factor
    cdef public int lfu_decay_minutes
    cdef public bint lazy_expire        # big values of expired keys are freed in the background
    cdef public bint lazy_delete
    cdef public bint lazy_evict
    cdef public bint lazy_server_delete
    cdef public bint evicts_by_access   # the eviction policy is of the LRU or LFU kind
    # Up to what a value stays in its compact encoding; the options of the same names
    cdef public long long list_max_listpack_size
    cdef public long long list_compress_depth
    cdef public long long hash_max_listpack_entries
    cdef public long long hash_max_listpack_value
    cdef public long long set_max_intset_entries
    cdef public long long set_max_listpack_entries
    cdef public long long set_max_listpack_value
    cdef public long long zset_max_listpack_entries
    cdef public long long zset_max_listpack_value
    cdef public long long stream_node_max_bytes
    cdef public long long stream_node_max_entries
    cdef public int64_t hits
    cdef public int64_t misses
    cdef public int64_t expired_keys
    cdef public int64_t expired_fields  # of hashes
    cdef public int64_t evicted_keys
    cdef object freer                   # the LazyFreer
    # Active expiry
    cdef public bint active_expire      # False: dead keys wait for whoever meets them
    cdef public int next_database       # where the next slice of active expiry begins
    cdef public double expired_stale_percent        # dead keys among the volatile ones after the last slice
    cdef public int64_t expired_time_cap_reached    # slices that ended with work left

    cdef int64_t wall_ms(self) noexcept
    cdef uint32_t fresh_access(self) noexcept
    cdef uint32_t lfu_counter(self, const Entry* e) noexcept
    cdef void touch(self, Entry* e) noexcept
    cpdef void update_clock(self) noexcept

cdef class Watches:
    cdef readonly list keys             # the WatchedKeys of one client
    cdef public bint touched            # one of them has changed

    cpdef int clear(self) except -1
    cdef bint any_expired(self) except -1

cdef class WatchedKey:
    cdef Database db
    cdef bytes name
    cdef Watches watches
    cdef bint expired                   # when it was watched: that it goes is no change

cdef class Database:
    cdef HashTable table
    cdef ExpiryIndex expires
    cdef ExpiryIndex field_expires      # the proxies of the hashes with fields that expire
    cdef readonly int id
    cdef readonly Keyspace keyspace
    cdef public double average_ttl_ms
    cdef readonly dict waiting          # by key: who waits for it, by client id in order of arrival
    cdef readonly dict watched          # by key: the WatchedKey of each client that watches it

    cdef Entry** find(self, Slice key) noexcept
    cdef Entry* peek(self, Slice key) noexcept
    cdef Entry* lookup_read(self, Slice key)
    cdef Entry* lookup_untouched(self, Slice key, bint notify_miss)
    cdef Entry* lookup_write(self, Slice key)
    cdef Entry* _live(self, Slice key, uint64_t h)
    cdef bint expired(self, Entry* e) noexcept
    cdef int delete_expired(self, Entry* e) except -1
    cdef int delete_evicted(self, Entry* e) except -1
    cdef int _delete_unasked(self, Entry* e, bint lazy, int event_class, bytes event) except -1
    cdef int check_key(self, Slice key) except -1
    cdef Entry* put(self, Slice key, int type, int encoding, int parts, size_t value_length, int64_t expire_ms)
    cdef Entry* _overwrite(
        self, Entry** slot, int type, int encoding, int parts, size_t value_length, int64_t expire_ms
    ) noexcept
    cdef Entry* reshape(self, Entry* e, int parts, size_t value_length) noexcept
    cdef Entry* set_expire(self, Entry* e, int64_t at_ms) noexcept
    cdef Entry* clear_expire(self, Entry* e) noexcept
    cdef bint delete(self, Slice key, bint lazy) noexcept
    cdef Entry* take(self, Slice key) noexcept
    cdef void give(self, Slice key, Entry* e) noexcept
    cdef void free_entry(self, Entry* e, bint lazy) noexcept
    cdef void track_fields(self, Entry* e, int64_t at_ms) noexcept
    cdef void changed(self, Slice key, int event_class, bytes event)
    cdef void changed_by_time(self, Slice key, int event_class, bytes event)
    cdef void notify(self, Slice key, int event_class, bytes event)
    cdef int _tell(self, bytes name, int event_class, bytes event, bint modified) except -1
    cdef int _wake(self, Slice key) except -1
    cdef int _wake_all(self) except -1
    cdef int _touch(self, Slice key) except -1
    cdef int _touch_all(self, Database other) except -1
    cpdef int watch(self, bytes key, Watches watches) except -1
    cdef Entry* random_entry(self)
    cdef uint64_t scan(self, uint64_t cursor, list out)
    cdef void reserve(self, size_t keys) noexcept
    cdef bint add_loaded(self, Entry* e, int64_t expire_ms, bint replace) noexcept

cdef int64_t told_bytes() noexcept nogil
cdef uint32_t lfu_decayed(uint32_t access, uint32_t minutes, uint32_t decay_minutes) noexcept nogil

cdef inline Slice slice_of(bytes data) noexcept:
    cdef Slice s
    s.p = <char*>data
    s.n = len(data)
    return s

cdef inline Slice key_of(Entry* e) noexcept:
    """The key of an entry, valid until the entry moves."""
    cdef Slice s
    s.p = entry_key(e)
    s.n = entry_key_length(e)
    return s
