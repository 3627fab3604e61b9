"""Configuration, applied: which setting of the running server each option changes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pyrite.core.hashtable import set_random_seed
from pyrite.server import listen
from pyrite.server.config.config import Config
from pyrite.server.config.errors import ConfigError
from pyrite.server.log import LEVELS
from pyrite.server.process import open_file_limit

if TYPE_CHECKING:
    from pyrite.server.server import Server

GUARD_MEMORY = 2  # as in engine/state.pxd


def wire(server: Server, config: Config) -> None:
    """Give the server the configuration as it is, and have later changes follow."""
    set_random_seed(os.urandom(16))

    def hot(_: Config) -> None:
        server.proto_max_bulk_len = config.proto_max_bulk_len
        server.client_query_buffer_limit = config.client_query_buffer_limit
        server.output_limits = tuple(config.client_output_buffer_limit)
        server.latency_tracking = config.latency_tracking
        server.timeout_s = config.timeout
        server.keepalive_s = config.tcp_keepalive
        server.hll_sparse_max_bytes = config.hll_sparse_max_bytes

    def monitoring(_: Config) -> None:
        server.slowlog.capacity = config.slowlog_max_len
        server.latency.threshold_ms = config.latency_monitor_threshold
        server.slowlog_threshold_us = _slow_from_us(config)

    def keyspace(_: Config) -> None:
        server.keyspace.lfu = config.maxmemory_policy.endswith("lfu")
        server.keyspace.lfu_log_factor = config.lfu_log_factor
        server.keyspace.lfu_decay_minutes = config.lfu_decay_time
        server.keyspace.lazy_expire = config.lazyfree_lazy_expire
        server.keyspace.lazy_evict = config.lazyfree_lazy_eviction
        server.keyspace.lazy_server_delete = config.lazyfree_lazy_server_del
        server.keyspace.lazy_delete = config.lazyfree_lazy_user_del

    def memory(_: Config) -> None:
        server.maxmemory = config.maxmemory
        server.guards = server.guards | GUARD_MEMORY if config.maxmemory else server.guards & ~GUARD_MEMORY
        server.cron.evict_soon()

    def eviction(_: Config) -> None:
        server.evictor.configure(config.maxmemory_policy, config.maxmemory_samples, config.maxmemory_eviction_tenacity)

    def password(_: Config) -> None:
        server.password = config.requirepass.encode("utf-8", "surrogateescape") if config.requirepass else None

    def clients(_: Config) -> None:
        fitting, _notice = open_file_limit(config.maxclients)
        if fitting < config.maxclients:
            raise ConfigError(
                f"The operating system is not able to handle the specified number of clients, try with {fitting}"
            )
        server.maxclients = config.maxclients

    def logging(_: Config) -> None:
        server.logger.level = LEVELS.index(config.loglevel)

    def addresses(_: Config) -> None:
        if not server.acceptor.is_open:
            return
        try:
            sockets, notices = listen.tcp_sockets(config)
        except listen.ListenError as error:
            server.log_warning(str(error))
            raise ConfigError("Unable to listen on this port. Check server logs.") from None
        for notice in notices:
            server.log_notice(notice)
        server.acceptor.listen(sockets)

    hooks = {
        hot: (
            "proto-max-bulk-len",
            "client-query-buffer-limit",
            "client-output-buffer-limit",
            "latency-tracking",
            "timeout",
            "tcp-keepalive",
            "hll-sparse-max-bytes",
        ),
        monitoring: ("slowlog-log-slower-than", "slowlog-max-len", "latency-monitor-threshold"),
        keyspace: (
            "maxmemory-policy",
            "lfu-log-factor",
            "lfu-decay-time",
            "lazyfree-lazy-expire",
            "lazyfree-lazy-eviction",
            "lazyfree-lazy-server-del",
            "lazyfree-lazy-user-del",
        ),
        memory: ("maxmemory",),
        eviction: ("maxmemory-policy", "maxmemory-samples", "maxmemory-eviction-tenacity"),
        password: ("requirepass",),
        clients: ("maxclients",),
        logging: ("loglevel",),
        addresses: ("bind", "port"),
    }
    for hook, names in hooks.items():
        for name in names:
            config.on_change(name, hook)
    for apply in (hot, monitoring, keyspace, memory, eviction, password, clients, logging):
        apply(config)


def _slow_from_us(config: Config) -> int:
    """From how many microseconds on the slow log or the latency monitor wants to hear of a command; -1: never."""
    wanted = []
    if config.slowlog_log_slower_than >= 0 and config.slowlog_max_len:
        wanted.append(config.slowlog_log_slower_than)
    if config.latency_monitor_threshold:
        wanted.append(config.latency_monitor_threshold * 1000)
    return min(wanted, default=-1)
