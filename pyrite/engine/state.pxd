from libc.stdint cimport int64_t, uint64_t

from pyrite.core.parser cimport Args
from pyrite.engine.propagation cimport Propagation
from pyrite.keyspace.database cimport Keyspace

cdef extern from *:
    int GCC_MAJOR "__GNUC__"
    int GCC_MINOR "__GNUC_MINOR__"
    int GCC_PATCH "__GNUC_PATCHLEVEL__"

cdef enum:
    # Bits of `guards`, of the server's or of a client's: what has to be looked at before a command runs.
    GUARD_AUTH = 1
    GUARD_MEMORY = 2
    GUARD_PAUSE = 4
    GUARD_PUBSUB = 8
    GUARD_MULTI = 16
    GUARD_BUSY = 32
    GUARD_DISK = 128
    GUARD_MONITOR = 512
    GUARD_LOADING = 256

cdef enum:
    PAUSE_NONE = 0
    PAUSE_WRITE = 1
    PAUSE_ALL = 2

cdef enum:
    READ_BUFFER = 65536

cdef class ServerState:
    cdef readonly Keyspace keyspace
    cdef readonly Propagation propagation
    cdef readonly dict clients          # all connections by id, in order of arrival
    cdef public long long next_client_id
    cdef public int guards
    # Settings, pushed here by the configuration
    cdef public Py_ssize_t proto_max_bulk_len
    cdef public Py_ssize_t client_query_buffer_limit
    cdef public tuple output_limits     # per client class: (hard bytes, soft bytes, soft seconds)
    cdef public int64_t slowlog_threshold_us
    cdef public bint latency_tracking
    cdef public size_t maxmemory
    cdef public int maxclients
    cdef public int timeout_s
    cdef public int keepalive_s
    cdef public Py_ssize_t hll_sparse_max_bytes
    cdef public bint rdb_compression
    cdef public int rdb_version         # the highest that is written, but for what only a later one can hold
    cdef public bytes password          # None: every client is trusted
    # Time
    cdef public int64_t now_ns          # monotonic; the end of the last command or the start of this event
    cdef int64_t ticked_ns              # `now_ns` when both clocks were read last
    cdef public int pause_mode
    cdef public int64_t pause_until_ms
    cdef public object pubsub           # the PubSub
    cdef public object tracking         # the Tracking
    cdef public object running          # the client whose command runs, where a hook on changes may ask for it
    cdef public object scripts          # the Scripts: those of EVAL
    cdef public object functions        # the Functions: the libraries of FCALL
    cdef public int64_t busy_threshold_ms   # how long a script may run before others are served; 0: as long as it takes
    cdef public bytes busy_reply        # what others are told while it runs for longer
    cdef public bytes disk_refusal      # what writes are told while the disk can't take them; None while it can
    cdef public bytes script_disk_refusal   # the same, of scripts
    cdef public int script_propagation  # what redis.set_repl said: 1 the append-only file, 2 replicas, 3 both
    cdef public object at_end_of_turn   # called once, when all that arrived together has been served; or None
    cdef readonly dict monitors         # clients that see every command, by id
    cdef public object pause_timer      # handle that ends the pause
    cdef readonly list postponed        # clients that a pause holds back
    cdef public int blocked_clients     # that wait for keys
    cdef public bint serves_blocked     # they are being served
    # Statistics
    cdef public int64_t commands_processed
    cdef public int64_t net_input_bytes
    cdef public int64_t net_output_bytes
    cdef public int64_t connections_received
    cdef public int64_t rejected_connections
    cdef public int64_t error_replies
    cdef public int64_t internal_errors
    cdef public int64_t query_buffer_disconnections
    cdef public int64_t output_buffer_disconnections
    cdef public int64_t reads_processed
    cdef public int64_t writes_processed
    cdef public int64_t auth_failures
    cdef public dict error_counts       # by code
    # A cycle is a turn of the main loop: all that is ready at once, and the timers that are due
    cdef public int64_t cycles
    cdef public int64_t cycles_ns       # time that they took, each until the end of its last command
    cdef public int64_t longest_cycle_ns
    cdef public int64_t most_commands_in_cycle
    # Shared by all connections, as one reads at a time
    cdef char* read_buffer
    cdef Args spare_args

    cdef void tick(self) noexcept
    cdef void count_cycle(self, int64_t ns, int64_t commands) noexcept
    cpdef void count_error(self, bytes text)
