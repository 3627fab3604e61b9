"""Configuration, applied: which setting of the running server each option changes."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from pyrite.core.hashtable import set_random_seed
from pyrite.server import listen, process
from pyrite.server.config.config import Config
from pyrite.server.config.errors import ConfigError
from pyrite.server.config.option import INT_MAX
from pyrite.server.config.text import INT64_MAX
from pyrite.server.log import LEVELS

if TYPE_CHECKING:
    from pyrite.server.server import Server

# No command takes longer: 285 years, which fit in 64 bits as nanoseconds.
LONGEST_US = 9 * 10**15
GUARD_MEMORY = 2  # as in engine/state.pxd
NOTIFY_CHANNELS = 1 | 2  # NOTIFY_KEYSPACE and NOTIFY_KEYEVENT, as in keyspace/database.pxd
EFFECT_NOTIFY = 1
RDB_VERSIONS = {"7.0": 10, "7.2": 11}  # by rdb-compatibility


def _hot(server: Server, config: Config) -> None:
    """What every read, request or command looks at."""
    server.proto_max_bulk_len = config.proto_max_bulk_len
    server.client_query_buffer_limit = config.client_query_buffer_limit
    server.output_limits = tuple(
        # What the configuration can say is more than a buffer can hold or a clock reach.
        (min(limit.hard_bytes, INT64_MAX), min(limit.soft_bytes, INT64_MAX), min(limit.soft_seconds, INT_MAX))
        for limit in config.client_output_buffer_limit
    )
    server.latency_tracking = config.latency_tracking
    server.timeout_s = config.timeout
    server.keepalive_s = config.tcp_keepalive
    server.hll_sparse_max_bytes = config.hll_sparse_max_bytes
    server.busy_threshold_ms = config.busy_reply_threshold


def _monitoring(server: Server, config: Config) -> None:
    """Slow log and latency monitor."""
    server.slowlog.capacity = config.slowlog_max_len
    server.latency.threshold_ms = config.latency_monitor_threshold
    server.slowlog_threshold_us = _slow_from_us(config)


def _keyspace(server: Server, config: Config) -> None:
    """How keys age, and what is freed in the background."""
    server.keyspace.lfu = config.maxmemory_policy.endswith("lfu")
    server.keyspace.lfu_log_factor = config.lfu_log_factor
    server.keyspace.lfu_decay_minutes = config.lfu_decay_time
    server.keyspace.lazy_expire = config.lazyfree_lazy_expire
    server.keyspace.lazy_evict = config.lazyfree_lazy_eviction
    server.keyspace.lazy_server_delete = config.lazyfree_lazy_server_del
    server.keyspace.lazy_delete = config.lazyfree_lazy_user_del


ENCODING_LIMITS = (
    "list-max-listpack-size",
    "list-compress-depth",
    "hash-max-listpack-entries",
    "hash-max-listpack-value",
    "set-max-intset-entries",
    "set-max-listpack-entries",
    "set-max-listpack-value",
    "zset-max-listpack-entries",
    "zset-max-listpack-value",
    "stream-node-max-bytes",
    "stream-node-max-entries",
)


def _encodings(server: Server, config: Config) -> None:
    """Up to what values stay compact: attributes of the keyspace with the options' names."""
    for option in ENCODING_LIMITS:
        attribute = option.replace("-", "_")
        setattr(server.keyspace, attribute, getattr(config, attribute))


def _notifications(server: Server, config: Config) -> None:
    """What is told of changes: nothing is published while no kind of channel is chosen."""
    server.pubsub.notify_flags = config.notify_keyspace_events
    if config.notify_keyspace_events & NOTIFY_CHANNELS:
        server.keyspace.effects |= EFFECT_NOTIFY
        server.keyspace.on_change = server.pubsub.notify
    else:
        server.keyspace.effects &= ~EFFECT_NOTIFY
        server.keyspace.on_change = None
    server.tracking.max_keys = config.tracking_table_max_keys
    server.tracking.limit()


def _dumps(server: Server, config: Config) -> None:
    """How values are written for files and other servers."""
    server.rdb_compression = config.rdbcompression
    server.rdb_version = RDB_VERSIONS[config.rdb_compatibility]


def _snapshots(server: Server, _config: Config) -> None:
    """Whether a snapshot that failed has writes refused."""
    server.snapshots.refuse_writes()


def _append_only(server: Server, config: Config) -> None:
    """Whether there is a log. Raises ConfigError."""
    server.propagation.timestamps = config.aof_timestamp_enabled
    try:
        server.aof.configure(on=config.appendonly)
    except OSError:
        raise ConfigError("Unable to turn on AOF. Check server logs.") from None


def _memory(server: Server, config: Config) -> None:
    """The limit on memory."""
    server.maxmemory = config.maxmemory
    server.guards = server.guards | GUARD_MEMORY if config.maxmemory else server.guards & ~GUARD_MEMORY
    server.cron.evict_soon()


def _eviction(server: Server, config: Config) -> None:
    """How room is made."""
    server.evictor.configure(config.maxmemory_policy, config.maxmemory_samples, config.maxmemory_eviction_tenacity)


def _password(server: Server, config: Config) -> None:
    """The default user's password."""
    server.password = config.requirepass.encode("utf-8", "surrogateescape") if config.requirepass else None


def _clients(server: Server, config: Config) -> None:
    """How many clients there may be. Raises ConfigError."""
    try:
        fitting, _notice = process.open_file_limit(config.maxclients)
    except process.ProcessError as error:
        raise ConfigError(str(error)) from None
    if fitting < config.maxclients:
        raise ConfigError(
            f"The operating system is not able to handle the specified number of clients, try with {fitting}"
        )
    server.maxclients = min(config.maxclients, INT_MAX)


def _logging(server: Server, config: Config) -> None:
    """What is logged."""
    server.logger.level = LEVELS.index(config.loglevel)


def _title(server: Server, config: Config) -> None:
    """What the list of processes shows, where that is ours to set."""
    if server.shows_title:
        process.set_title(process.title(config))


def _oom_score(server: Server, config: Config) -> None:
    """Which process the kernel ends first when memory runs out. Raises ConfigError, but for a start, which goes on."""
    try:
        server.oom_score.set(config.oom_score_adj, config.oom_score_adj_values[0])
    except OSError as error:
        server.log_warning(f"Unable to write oom_score_adj: {error.strerror}")
        if server.acceptor.is_open:
            raise ConfigError("Failed to set current oom_score_adj. Check server logs.") from None


def _bind(server: Server, config: Config) -> None:
    """The addresses to listen on. Raises ConfigError."""
    _listen_anew(server, config, "Failed to bind to specified addresses.")


def _port(server: Server, config: Config) -> None:
    """The port to listen on. Raises ConfigError."""
    _listen_anew(server, config, "Unable to listen on this port. Check server logs.")


def _listen_anew(server: Server, config: Config, refusal: str) -> None:
    """Listen where the configuration says now, once the server listens at all."""
    if not server.acceptor.is_open:
        return
    notices: list[str] = []
    try:
        server.acceptor.move(lambda: listen.tcp_sockets(config, notices))
    except listen.ListenError as error:
        server.log_warning(str(error))
        raise ConfigError(refusal) from None
    for notice in notices:
        server.log_notice(notice)


# A function that gives the server some settings, and the options that they come from.
APPLIED = (
    (
        _hot,
        (
            "proto-max-bulk-len",
            "client-query-buffer-limit",
            "client-output-buffer-limit",
            "latency-tracking",
            "timeout",
            "tcp-keepalive",
            "hll-sparse-max-bytes",
            "busy-reply-threshold",
        ),
    ),
    (_monitoring, ("slowlog-log-slower-than", "slowlog-max-len", "latency-monitor-threshold")),
    (
        _keyspace,
        (
            "maxmemory-policy",
            "lfu-log-factor",
            "lfu-decay-time",
            "lazyfree-lazy-expire",
            "lazyfree-lazy-eviction",
            "lazyfree-lazy-server-del",
            "lazyfree-lazy-user-del",
        ),
    ),
    (_encodings, ENCODING_LIMITS),
    (_notifications, ("notify-keyspace-events", "tracking-table-max-keys")),
    (_dumps, ("rdbcompression", "rdb-compatibility")),
    (_snapshots, ("save", "stop-writes-on-bgsave-error")),
    (_append_only, ("appendonly", "aof-timestamp-enabled", "aof-disable-auto-gc")),
    (_memory, ("maxmemory",)),
    (_eviction, ("maxmemory-policy", "maxmemory-samples", "maxmemory-eviction-tenacity")),
    (_password, ("requirepass",)),
    (_clients, ("maxclients",)),
    (_logging, ("loglevel",)),
    (_title, ("proc-title-template",)),
    (_oom_score, ("oom-score-adj", "oom-score-adj-values")),
    (_bind, ("bind",)),
    (_port, ("port",)),
)


def wire(server: Server, config: Config) -> None:
    """Give the server the configuration as it is, and have later changes follow."""
    set_random_seed(os.urandom(16))
    for apply, names in APPLIED:
        hook = partial(apply, server)
        for name in names:
            config.on_change(name, hook)
        hook(config)


def _slow_from_us(config: Config) -> int:
    """From how many microseconds on the slow log or the latency monitor wants to hear of a command; -1: never."""
    wanted = []
    if config.slowlog_log_slower_than >= 0 and config.slowlog_max_len:
        wanted.append(config.slowlog_log_slower_than)
    if config.latency_monitor_threshold:
        wanted.append(config.latency_monitor_threshold * 1000)
    return min([*wanted, LONGEST_US]) if wanted else -1
