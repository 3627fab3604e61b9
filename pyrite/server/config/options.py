"""Every option, declared once: default, range, flags, other name, and what it does.

Names, defaults and ranges are those of Redis 7.4. A mark `missing=` says which feature an option still waits for, and
`option.Missing` what that means; bringing the feature means deleting its marks here, nothing else.
"""

from __future__ import annotations

from pyrite.server.config import checks
from pyrite.server.config.option import (
    DEBUG,
    DENY_LOADING,
    HIDDEN,
    IMMUTABLE,
    INT_MAX,
    INT_MIN,
    LONG_MAX,
    PROTECTED,
    SENSITIVE,
    UINT_MAX,
    ULONG_MAX,
    VOLATILE,
    AnyOption,
    Boolean,
    ClampedInteger,
    Enum,
    Integer,
    Memory,
    MemoryOrPercent,
    Missing,
    Octal,
    Option,
    Secret,
    Text,
    WordSet,
)
from pyrite.server.config.special import (
    Addresses,
    BufferLimits,
    Directory,
    KeyspaceEvents,
    Locale,
    OomScores,
    OutputLimit,
    OutputLimits,
    Percentiles,
    ReplicaOf,
    SavePoint,
    SavePoints,
)

KB = 1024
MB = 1024**2

# Features that options wait for.
ACL = Missing("access control lists yet")
BACKGROUND_CPU = Missing("choice of processors yet")
CLIENT_EVICTION = Missing("eviction of clients yet")
CLUSTER = Missing("cluster mode yet")
DEFRAG = Missing("active defragmentation yet")
IO_THREADS = Missing("I/O threads yet")
JEMALLOC = Missing("jemalloc")
LOGO = Missing("start-up logo")
MODULES = Missing("modules yet")
PANIC = Missing("panic handler")
REPLICATION = Missing("replication yet")
SOCKET_MARK = Missing("marking of sockets yet")
SYSLOG = Missing("logging to syslog yet")
TLS = Missing("TLS yet")
UPSTART = Missing("support for upstart")
STARTUP_CHECKS = Missing("start-up check that could be ignored")
MEMORY_CHECK = Missing("memory check after a crash")
WATCHDOG = Missing("software watchdog")

_SIGNAL_WORDS = ("save", "nosave", "now", "force")
_PROTECTED_ACTION = ("no", "yes", "local")
_OUTPUT_LIMITS = OutputLimits(
    normal=OutputLimit(0, 0, 0),
    replica=OutputLimit(256 * MB, 64 * MB, 60),
    pubsub=OutputLimit(32 * MB, 8 * MB, 60),
)


class Options:
    """The options as class attributes; `Config` holds their values under the same names."""

    # Network

    bind = Addresses(("*", "-::*"), "Addresses to listen on; a leading hyphen lets one be unavailable.")
    port = Integer(6379, 0, 65535, "TCP port; 0 listens on no TCP port.")
    protected_mode = Boolean(True, "Serve only this machine while no password is set for the default user.")
    unixsocket = Text("", "Path of a unix socket to listen on as well.", IMMUTABLE, nullable=True)
    unixsocketperm = Octal(0, 0, 0o777, "Permissions of the unix socket; 0 leaves them to the umask.", IMMUTABLE)
    tcp_backlog = Integer(511, 0, INT_MAX, "Connections that may wait to be accepted.", IMMUTABLE)
    tcp_keepalive = Integer(300, 0, INT_MAX, "Seconds after which a silent connection is probed; 0 never.")
    timeout = Integer(0, 0, INT_MAX, "Seconds after which an idle client is closed; 0 never.")
    maxclients = Integer(10000, 1, UINT_MAX, "Clients connected at once.")
    socket_mark_id = Integer(0, 0, UINT_MAX, "Mark on listening sockets.", IMMUTABLE, missing=SOCKET_MARK.only("0"))
    bind_source_addr = Text("", "Address that outgoing connections start from.", nullable=True, missing=REPLICATION)
    max_new_connections_per_cycle = Integer(10, 1, 1000, "Connections accepted per turn of the event loop.")
    max_new_tls_connections_per_cycle = Integer(
        1, 1, 1000, "TLS connections accepted per turn of the event loop.", missing=TLS
    )
    io_threads = Integer(
        1, 1, 128, "Threads that read and write sockets.", DEBUG | IMMUTABLE, missing=IO_THREADS.only("1")
    )
    io_threads_do_reads = Boolean(False, "I/O threads also read and parse.", DEBUG | IMMUTABLE, missing=IO_THREADS)

    # Clients

    proto_max_bulk_len = Memory(512 * MB, MB, LONG_MAX, "Largest single argument of a request.", DEBUG)
    client_query_buffer_limit = Memory(1024 * MB, MB, LONG_MAX, "Largest unprocessed input of a client.", DEBUG)
    client_output_buffer_limit = BufferLimits(_OUTPUT_LIMITS, "Unsent replies at which a client of a class is closed.")
    maxmemory_clients = MemoryOrPercent(
        0, -100, LONG_MAX, "Memory of all clients, in bytes or percent of maxmemory.", missing=CLIENT_EVICTION.only("0")
    )
    tracking_table_max_keys = Integer(1000000, 0, LONG_MAX, "Keys remembered for invalidations.")

    # Process

    daemonize = Boolean(False, "Run in the background.", IMMUTABLE)
    supervised = Enum(
        "no",
        ("upstart", "systemd", "auto", "no"),
        "Which supervisor to tell that the server is ready.",
        IMMUTABLE,
        missing=UPSTART.only("no", "systemd", "auto"),
    )
    pidfile = Text("", "File that holds the process id.", IMMUTABLE, nullable=True)
    dir = Directory("Working directory, where files are read and written.")
    set_proc_title = Boolean(True, "Show the title below in the list of processes.", IMMUTABLE)
    proc_title_template = Text(
        "{title} {listen-addr} {server-mode}", "Title of the process.", check=checks.proc_title_template
    )
    hz = ClampedInteger(10, 0, INT_MAX, (1, 500), "Runs of the background work per second.")
    dynamic_hz = Boolean(True, "Run background work more often while many clients are connected.")
    shutdown_timeout = Integer(10, 0, INT_MAX, "Seconds a shutdown waits for replicas.", missing=REPLICATION)
    shutdown_on_sigint = WordSet(
        "default",
        _SIGNAL_WORDS,
        "How SIGINT shuts down.",
        check=checks.shutdown_words,
    )
    shutdown_on_sigterm = WordSet(
        "default",
        _SIGNAL_WORDS,
        "How SIGTERM shuts down.",
        check=checks.shutdown_words,
    )
    oom_score_adj = Enum(
        "no",
        ("no", "yes", "relative", "absolute"),
        "Whether to tell the kernel which process to kill first.",
        synonyms={"relative": "yes"},
    )
    oom_score_adj_values = OomScores((0, 200, 800), "Scores of master, replica and child.")
    disable_thp = Boolean(True, "Switch transparent huge pages off for the process.", IMMUTABLE)
    server_cpulist = Text(
        "",
        "Processors of the server's threads.",
        IMMUTABLE,
        nullable=True,
        alias="server_cpulist",
        missing=BACKGROUND_CPU.only(""),
    )
    bio_cpulist = Text(
        "",
        "Processors of background threads.",
        IMMUTABLE,
        nullable=True,
        alias="bio_cpulist",
        missing=BACKGROUND_CPU.only(""),
    )
    aof_rewrite_cpulist = Text(
        "",
        "Processors of AOF rewrites.",
        IMMUTABLE,
        nullable=True,
        alias="aof_rewrite_cpulist",
    )
    bgsave_cpulist = Text("", "Processors of snapshots.", IMMUTABLE, nullable=True, alias="bgsave_cpulist")
    ignore_warnings = Text("", "Start-up warnings to overlook.", missing=STARTUP_CHECKS)
    locale_collate = Locale("", "Locale that text is sorted by; empty takes the environment's.")
    jemalloc_bg_thread = Boolean(True, "Return memory in the background.", missing=JEMALLOC)
    use_exit_on_panic = Boolean(False, "Exit instead of aborting on a panic.", HIDDEN, missing=PANIC)

    # Log

    loglevel = Enum(
        "notice", ("debug", "verbose", "notice", "warning", "nothing"), "Least level of a message that is logged."
    )
    logfile = Text("", "File to log to; empty is standard output.", IMMUTABLE)
    syslog_enabled = Boolean(False, "Log to the system's log as well.", IMMUTABLE, missing=SYSLOG.only("no"))
    syslog_ident = Text("redis", "Name in the system's log.", IMMUTABLE, missing=SYSLOG)
    syslog_facility = Enum(
        "local0",
        ("user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"),
        "Facility in the system's log.",
        IMMUTABLE,
        missing=SYSLOG,
    )
    always_show_logo = Boolean(False, "Print a logo even when the output is no terminal.", IMMUTABLE, missing=LOGO)
    hide_user_data_from_log = Boolean(False, "Keep keys, values and arguments out of the log.")
    crash_log_enabled = Boolean(True, "Log what the process was doing when it crashes.")
    crash_memcheck_enabled = Boolean(True, "Test memory after a crash.", missing=MEMORY_CHECK)
    watchdog_period = Integer(
        0, 0, INT_MAX, "Milliseconds after which a delay is reported.", HIDDEN, missing=WATCHDOG.only("0")
    )

    # Monitoring

    slowlog_log_slower_than = Integer(
        10000, -1, LONG_MAX, "Microseconds from which a command enters the slow log; -1 never, 0 always."
    )
    slowlog_max_len = Integer(128, 0, LONG_MAX, "Entries that the slow log keeps.")
    latency_monitor_threshold = Integer(
        0, 0, LONG_MAX, "Milliseconds from which an event enters the latency history; 0 never."
    )
    latency_tracking = Boolean(True, "Keep a histogram of each command's time.")
    latency_tracking_info_percentiles = Percentiles((50.0, 99.0, 99.9), "Percentiles shown by INFO latencystats.")

    # Security

    requirepass = Secret("Password of the default user.")
    enable_protected_configs = Enum("no", _PROTECTED_ACTION, "Whether CONFIG SET may move files.", IMMUTABLE)
    enable_debug_command = Enum("no", _PROTECTED_ACTION, "Whether DEBUG works.", IMMUTABLE)
    enable_module_command = Enum("no", _PROTECTED_ACTION, "Whether MODULE works.", IMMUTABLE, missing=MODULES)
    aclfile = Text("", "File of users.", IMMUTABLE, missing=ACL.only(""))
    acl_pubsub_default = Enum(
        "resetchannels", ("allchannels", "resetchannels"), "Channels that a new user may use.", missing=ACL
    )
    acllog_max_len = Integer(128, 0, LONG_MAX, "Refusals that ACL LOG keeps.", missing=ACL)
    sanitize_dump_payload = Enum(
        "no", ("no", "yes", "clients"), "Whose payloads Redis checks in full; Pyrite checks all of them.", DEBUG
    )

    # Keyspace and memory

    databases = Integer(16, 1, INT_MAX, "Number of databases.", IMMUTABLE)
    maxmemory = Memory(0, 0, ULONG_MAX, "Bytes of data above which keys are evicted; 0 is no limit.")
    maxmemory_policy = Enum(
        "noeviction",
        (
            "volatile-lru",
            "volatile-lfu",
            "volatile-random",
            "volatile-ttl",
            "allkeys-lru",
            "allkeys-lfu",
            "allkeys-random",
            "noeviction",
        ),
        "Which keys are evicted first.",
    )
    maxmemory_samples = Integer(5, 1, 64, "Keys compared to find one to evict.")
    maxmemory_eviction_tenacity = Integer(10, 0, 100, "How long evicting may delay a command; 100 knows no limit.")
    lfu_log_factor = Integer(10, 0, INT_MAX, "How slowly the access counter grows.")
    lfu_decay_time = Integer(1, 0, INT_MAX, "Minutes after which the access counter shrinks by one; 0 never.")
    active_expire_effort = Integer(1, 1, 10, "Effort spent on finding expired keys.")
    activerehashing = Boolean(True, "Use idle time to finish resizing tables.")
    lazyfree_lazy_eviction = Boolean(False, "Free evicted values in the background.", DEBUG)
    lazyfree_lazy_expire = Boolean(False, "Free expired values in the background.", DEBUG)
    lazyfree_lazy_server_del = Boolean(False, "Free overwritten values in the background.", DEBUG)
    lazyfree_lazy_user_del = Boolean(False, "Make DEL work as UNLINK.", DEBUG)
    lazyfree_lazy_user_flush = Boolean(False, "Make FLUSHALL and FLUSHDB asynchronous unless told SYNC.", DEBUG)
    notify_keyspace_events = KeyspaceEvents(0, "Classes of events to publish.")
    hll_sparse_max_bytes = Memory(3000, 0, LONG_MAX, "Size up to which a HyperLogLog is sparse.")
    activedefrag = Boolean(False, "Move data to reduce fragmentation.", DEBUG, missing=DEFRAG.only("no"))
    active_defrag_ignore_bytes = Memory(
        100 * MB, 1, LONG_MAX, "Bytes of fragmentation that are left alone.", missing=DEFRAG
    )
    active_defrag_threshold_lower = Integer(
        10, 0, 1000, "Percent of fragmentation that starts defragmentation.", missing=DEFRAG
    )
    active_defrag_threshold_upper = Integer(
        100, 0, 1000, "Percent of fragmentation that takes full effort.", missing=DEFRAG
    )
    active_defrag_cycle_min = Integer(1, 1, 99, "Least percent of processor time for defragmentation.", missing=DEFRAG)
    active_defrag_cycle_max = Integer(25, 1, 99, "Most percent of processor time for defragmentation.", missing=DEFRAG)
    active_defrag_max_scan_fields = Integer(
        1000, 1, LONG_MAX, "Elements of a collection moved in one step.", missing=DEFRAG
    )

    # Encodings of the types

    list_max_listpack_size = Integer(
        -2,
        INT_MIN,
        INT_MAX,
        "Elements, or -1 to -5 for 4 to 64 KB, of a list's node.",
        alias="list-max-ziplist-size",
    )
    list_compress_depth = Integer(0, 0, INT_MAX, "Nodes at each end left uncompressed; 0 all.", DEBUG)
    hash_max_listpack_entries = Integer(512, 0, LONG_MAX, "Fields of a compact hash.", alias="hash-max-ziplist-entries")
    hash_max_listpack_value = Memory(
        64, 0, LONG_MAX, "Bytes of a compact hash's field or value.", alias="hash-max-ziplist-value"
    )
    set_max_intset_entries = Integer(512, 0, LONG_MAX, "Members of a compact set of integers.")
    set_max_listpack_entries = Integer(128, 0, LONG_MAX, "Members of a compact set.")
    set_max_listpack_value = Integer(64, 0, LONG_MAX, "Bytes of a compact set's member.")
    zset_max_listpack_entries = Integer(
        128, 0, LONG_MAX, "Members of a compact sorted set.", alias="zset-max-ziplist-entries"
    )
    zset_max_listpack_value = Memory(
        64, 0, LONG_MAX, "Bytes of a compact sorted set's member.", alias="zset-max-ziplist-value"
    )
    stream_node_max_bytes = Memory(4096, 0, LONG_MAX, "Bytes of a stream's node; 0 is no limit.")
    stream_node_max_entries = Integer(100, 0, LONG_MAX, "Entries of a stream's node; 0 is no limit.")

    # Scripts

    busy_reply_threshold = Integer(
        5000,
        0,
        LONG_MAX,
        "Milliseconds after which a running script makes the server answer BUSY.",
        alias="lua-time-limit",
    )

    # Snapshots

    save = SavePoints(
        (SavePoint(3600, 1), SavePoint(300, 100), SavePoint(60, 10000)),
        "After how many seconds and changes, a pair or several, to take a snapshot.",
    )
    dbfilename = Text("dump.rdb", "Snapshot's file.", PROTECTED, check=checks.dbfilename)
    rdbcompression = Boolean(True, "Compress long values in snapshots and in what DUMP returns.")
    rdb_compatibility = Enum(
        "7.2", ("7.0", "7.2"), "Oldest version of Redis that can read snapshots and what DUMP returns."
    )
    rdbchecksum = Boolean(True, "Put a checksum into a snapshot.", IMMUTABLE)
    rdb_save_incremental_fsync = Boolean(True, "Flush a snapshot to disk as it grows.")
    rdb_del_sync_files = Boolean(False, "Remove files that only served replication.", missing=REPLICATION)
    stop_writes_on_bgsave_error = Boolean(True, "Refuse writes while snapshots fail.")
    rdb_key_save_delay = Integer(0, INT_MIN, INT_MAX, "Delay per key, for tests.", HIDDEN)
    key_load_delay = Integer(0, INT_MIN, INT_MAX, "Microseconds to wait before each key loaded, for tests.", HIDDEN)
    loading_process_events_interval_bytes = Integer(
        2 * MB, 1024, INT_MAX, "Bytes loaded between two looks at the clients.", HIDDEN
    )

    # Append-only file

    appendonly = Boolean(False, "Log every write to a file.", DENY_LOADING)
    appendfilename = Text(
        "appendonly.aof",
        "Name that the append-only files begin with.",
        IMMUTABLE,
        check=checks.appendfilename,
    )
    appenddirname = Text("appendonlydir", "Directory of the append-only files.", IMMUTABLE, check=checks.appenddirname)
    appendfsync = Enum("everysec", ("everysec", "always", "no"), "When to flush to disk.")
    no_appendfsync_on_rewrite = Boolean(False, "Don't flush while a child writes.")
    auto_aof_rewrite_percentage = Integer(100, 0, INT_MAX, "Growth in percent that starts a rewrite.")
    auto_aof_rewrite_min_size = Memory(64 * MB, 0, LONG_MAX, "Size below which no rewrite starts.")
    aof_load_truncated = Boolean(True, "Load a file whose end is cut off.")
    aof_use_rdb_preamble = Boolean(True, "Begin a rewritten file with a snapshot.")
    aof_timestamp_enabled = Boolean(False, "Note the time in the file now and then.")
    aof_rewrite_incremental_fsync = Boolean(True, "Flush a rewrite as it grows.")
    aof_disable_auto_gc = Boolean(False, "Keep files that are no longer needed.", HIDDEN)

    # Replication

    replicaof = ReplicaOf("Master to replicate.", alias="slaveof", missing=REPLICATION.only(""))
    masteruser = Text("", "User to log in at the master as.", SENSITIVE, nullable=True, missing=REPLICATION)
    masterauth = Secret("Password to log in at the master with.", missing=REPLICATION)
    replica_serve_stale_data = Boolean(
        True, "Answer while the master is away.", alias="slave-serve-stale-data", missing=REPLICATION
    )
    replica_read_only = Boolean(True, "Refuse writes of clients.", DEBUG, alias="slave-read-only", missing=REPLICATION)
    replica_ignore_maxmemory = Boolean(
        True, "Leave eviction to the master.", alias="slave-ignore-maxmemory", missing=REPLICATION
    )
    replica_lazy_flush = Boolean(
        False, "Empty the data set in the background.", alias="slave-lazy-flush", missing=REPLICATION
    )
    replica_priority = Integer(
        100, 0, INT_MAX, "Rank for promotion; 0 never.", alias="slave-priority", missing=REPLICATION
    )
    replica_announced = Boolean(True, "Let sentinels report this replica.", missing=REPLICATION)
    replica_announce_ip = Text(
        "", "Address told to the master.", nullable=True, alias="slave-announce-ip", missing=REPLICATION
    )
    replica_announce_port = Integer(
        0, 0, 65535, "Port told to the master.", alias="slave-announce-port", missing=REPLICATION
    )
    replica_ignore_disk_write_errors = Boolean(False, "Go on when the disk fails.", missing=REPLICATION)
    repl_diskless_sync = Boolean(True, "Send snapshots without a file.", DEBUG, missing=REPLICATION)
    repl_diskless_sync_delay = Integer(5, 0, INT_MAX, "Seconds to wait for more replicas.", missing=REPLICATION)
    repl_diskless_sync_max_replicas = Integer(0, 0, INT_MAX, "Replicas that end that wait early.", missing=REPLICATION)
    repl_diskless_load = Enum(
        "disabled",
        ("disabled", "on-empty-db", "swapdb"),
        "Load snapshots without a file.",
        DEBUG | DENY_LOADING,
        missing=REPLICATION,
    )
    repl_disable_tcp_nodelay = Boolean(False, "Fewer, larger packets to replicas.", missing=REPLICATION)
    repl_backlog_size = Memory(MB, 1, LONG_MAX, "Bytes kept for replicas that come back.", missing=REPLICATION)
    repl_backlog_ttl = Integer(3600, 0, LONG_MAX, "Seconds the backlog outlives the last replica.", missing=REPLICATION)
    repl_timeout = Integer(60, 1, INT_MAX, "Seconds of silence that end a link.", missing=REPLICATION)
    repl_ping_replica_period = Integer(
        10, 1, INT_MAX, "Seconds between pings.", alias="repl-ping-slave-period", missing=REPLICATION
    )
    min_replicas_to_write = Integer(
        0,
        0,
        INT_MAX,
        "Replicas without which writes are refused.",
        alias="min-slaves-to-write",
        missing=REPLICATION.only("0"),
    )
    min_replicas_max_lag = Integer(
        10, 0, INT_MAX, "Seconds after which a replica doesn't count.", alias="min-slaves-max-lag", missing=REPLICATION
    )
    propagation_error_behavior = Enum(
        "ignore", ("ignore", "panic", "panic-on-replicas"), "When a replicated command fails.", missing=REPLICATION
    )

    # Cluster

    cluster_enabled = Boolean(False, "Be a node of a cluster.", IMMUTABLE, missing=CLUSTER.only("no"))
    cluster_config_file = Text("nodes.conf", "The node's own file.", IMMUTABLE, missing=CLUSTER)
    cluster_port = Integer(0, 0, 65535, "Port of the bus; 0 is port + 10000.", IMMUTABLE, missing=CLUSTER)
    cluster_node_timeout = Integer(15000, 0, LONG_MAX, "Milliseconds that make a node fail.", missing=CLUSTER)
    cluster_ping_interval = Integer(0, 0, LONG_MAX, "Milliseconds between pings.", HIDDEN, missing=CLUSTER)
    cluster_replica_validity_factor = Integer(
        10, 0, INT_MAX, "Age of data that rules a failover out.", alias="cluster-slave-validity-factor", missing=CLUSTER
    )
    cluster_replica_no_failover = Boolean(False, "Never fail over.", alias="cluster-slave-no-failover", missing=CLUSTER)
    cluster_migration_barrier = Integer(1, 0, INT_MAX, "Replicas a master keeps.", missing=CLUSTER)
    cluster_allow_replica_migration = Boolean(True, "Let replicas change masters.", missing=CLUSTER)
    cluster_require_full_coverage = Boolean(True, "Refuse all when a slot is unserved.", missing=CLUSTER)
    cluster_allow_reads_when_down = Boolean(False, "Read while the cluster is down.", missing=CLUSTER)
    cluster_allow_pubsubshard_when_down = Boolean(True, "Publish to shards while the cluster is down.", missing=CLUSTER)
    cluster_link_sendbuf_limit = Memory(0, 0, ULONG_MAX, "Unsent bytes that end a link; 0 none.", missing=CLUSTER)
    cluster_announce_ip = Text("", "Address told to other nodes.", nullable=True, missing=CLUSTER)
    cluster_announce_port = Integer(0, 0, 65535, "Port told to other nodes.", missing=CLUSTER)
    cluster_announce_tls_port = Integer(0, 0, 65535, "TLS port told to other nodes.", missing=CLUSTER)
    cluster_announce_bus_port = Integer(0, 0, 65535, "Bus port told to other nodes.", missing=CLUSTER)
    cluster_announce_hostname = Text(
        "", "Host name told to clients.", nullable=True, check=checks.hostname, missing=CLUSTER
    )
    cluster_announce_human_nodename = Text(
        "", "Name of the node in the log.", nullable=True, check=checks.nodename, missing=CLUSTER
    )
    cluster_preferred_endpoint_type = Enum(
        "ip", ("ip", "hostname", "unknown-endpoint"), "What redirects name.", missing=CLUSTER
    )

    # TLS

    tls_port = Integer(0, 0, 65535, "TCP port for TLS; 0 none.", missing=TLS.only("0"))
    tls_cert_file = Text("", "The server's certificate.", VOLATILE, nullable=True, missing=TLS)
    tls_key_file = Text("", "Key of the server's certificate.", VOLATILE, nullable=True, missing=TLS)
    tls_key_file_pass = Secret("Password of tls-key-file.", missing=TLS)
    tls_client_cert_file = Text("", "Certificate towards other servers.", VOLATILE, nullable=True, missing=TLS)
    tls_client_key_file = Text("", "Key of that certificate.", VOLATILE, nullable=True, missing=TLS)
    tls_client_key_file_pass = Secret("Password of tls-client-key-file.", missing=TLS)
    tls_dh_params_file = Text("", "Diffie-Hellman parameters.", VOLATILE, nullable=True, missing=TLS)
    tls_ca_cert_file = Text("", "Trusted authorities, one file.", VOLATILE, nullable=True, missing=TLS)
    tls_ca_cert_dir = Text("", "Trusted authorities, a directory.", VOLATILE, nullable=True, missing=TLS)
    tls_auth_clients = Enum("yes", ("no", "yes", "optional"), "Ask clients for certificates.", missing=TLS)
    tls_replication = Boolean(False, "TLS to the master.", missing=TLS.only("no"))
    tls_cluster = Boolean(False, "TLS on the cluster bus.", missing=TLS.only("no"))
    tls_protocols = Text("", "Protocol versions.", nullable=True, missing=TLS)
    tls_ciphers = Text("", "Ciphers up to TLS 1.2.", nullable=True, missing=TLS)
    tls_ciphersuites = Text("", "Ciphers of TLS 1.3.", nullable=True, missing=TLS)
    tls_prefer_server_ciphers = Boolean(False, "The server's order of ciphers wins.", missing=TLS)
    tls_session_caching = Boolean(True, "Resume TLS sessions.", missing=TLS)
    tls_session_cache_size = Integer(20480, 0, INT_MAX, "TLS sessions kept.", missing=TLS)
    tls_session_cache_timeout = Integer(300, 0, INT_MAX, "Seconds a TLS session is kept.", missing=TLS)


OPTIONS: tuple[AnyOption, ...] = tuple(option for option in vars(Options).values() if isinstance(option, Option))

# By every name that users may write, aliases included.
BY_NAME: dict[str, AnyOption] = {option.name: option for option in OPTIONS}
BY_NAME.update({option.alias: option for option in OPTIONS if option.alias is not None})

ATTRIBUTES = frozenset(option.attribute for option in OPTIONS)
