"""INFO: the server described in sections of `name:value` lines, those of Redis 7.4 in its order.

A section is a function from the server to its lines. What Pyrite has no feature for yet is shown as what a server says
that has the feature and does not use it. Fields of our own: `pyrite_version`, and in stats `internal_errors`,
exceptions in our code that cost a client an error reply.

The duration of an event loop cycle ends with the last of its commands, or with the cron.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, cast

from pyrite.engine.command import Command, all_commands
from pyrite.engine.state import compiler_version
from pyrite.server.config.special import format_percentile
from pyrite.server.memory import TOTAL_SYSTEM_BYTES, MemoryFigures, human

if TYPE_CHECKING:
    from pyrite.engine.blocking import KeyWait
    from pyrite.server.server import Server

Fields = dict[str, object]
NO_REPLICATION_ID = "0" * 40


def _server(server: Server) -> Fields:
    config = server.config
    system = os.uname()
    uptime_s = server.uptime_s
    fields: Fields = {
        "redis_version": server.redis_version,
        "pyrite_version": server.version,
        "redis_git_sha1": "00000000",
        "redis_git_dirty": 0,
        "redis_build_id": server.build_id,
        "redis_mode": "standalone",
        "os": f"{system.sysname} {system.release} {system.machine}",
        "arch_bits": 64,
        "monotonic_clock": "POSIX clock_gettime",
        "multiplexing_api": "epoll",
        "atomicvar_api": "pthread-mutex",
        "gcc_version": compiler_version(),
        "process_id": os.getpid(),
        "process_supervised": server.supervised,
        "run_id": server.run_id,
        "tcp_port": config.port,
        "server_time_usec": time.time_ns() // 1000,
        "uptime_in_seconds": uptime_s,
        "uptime_in_days": uptime_s // 86400,
        "hz": server.cron.hz,
        "configured_hz": config.hz,
        "lru_clock": server.keyspace.lru_clock,
        "executable": server.executable,
        "config_file": config.path or "",
        "io_threads_active": 0,
    }
    return fields | _listeners(server)


def _listeners(server: Server) -> Fields:
    """A line for each kind of socket that connections come in by."""
    config = server.config
    kinds = []
    if config.port:
        addresses = "".join(f",bind={address}" for address in config.bind)
        kinds.append(f"name=tcp{addresses},port={config.port}")
    if config.unixsocket:
        kinds.append(f"name=unix,bind={config.unixsocket}")
    return {f"listener{number}": kind for number, kind in enumerate(kinds)}


def _clients(server: Server) -> Fields:
    figures = server.cron.client_figures()
    queues = [cast("dict[int, KeyWait]", each) for db in server.keyspace.databases for each in db.waiting.values()]
    return {
        "connected_clients": len(server.clients),
        "cluster_connections": 0,
        "maxclients": server.maxclients,
        "client_recent_max_input_buffer": figures.max_input,
        "client_recent_max_output_buffer": figures.max_output,
        "blocked_clients": len(server.postponed) + server.blocked_clients,
        "tracking_clients": len(server.tracking.clients),
        "pubsub_clients": sum(1 for client in server.clients.values() if client.subscriptions),
        "watching_clients": sum(1 for client in server.clients.values() if client.watches and client.watches.keys),
        "clients_in_timeout_table": 0,
        "total_watched_keys": sum(len(db.watched) for db in server.keyspace.databases),
        "total_blocking_keys": len(queues),
        "total_blocking_keys_on_nokey": sum(any(wait.on_deletion for wait in queue.values()) for queue in queues),
    }


def _memory(server: Server) -> Fields:
    figures = MemoryFigures(server)
    freed = server.keyspace.lazyfree
    return {
        "used_memory": figures.used,
        "used_memory_human": human(figures.used),
        "used_memory_rss": figures.resident,
        "used_memory_rss_human": human(figures.resident),
        "used_memory_peak": figures.peak,
        "used_memory_peak_human": human(figures.peak),
        "used_memory_peak_perc": f"{figures.peak_percent:.2f}%",
        "used_memory_overhead": figures.overhead,
        "used_memory_startup": figures.startup,
        "used_memory_dataset": figures.dataset,
        "used_memory_dataset_perc": f"{figures.dataset_percent:.2f}%",
        "allocator_allocated": figures.used,
        "allocator_active": figures.active,
        "allocator_resident": figures.active,
        "allocator_muzzy": 0,
        "total_system_memory": TOTAL_SYSTEM_BYTES,
        "total_system_memory_human": human(TOTAL_SYSTEM_BYTES),
        **_script_memory(server),
        "maxmemory": server.maxmemory,
        "maxmemory_human": human(server.maxmemory),
        "maxmemory_policy": server.config.maxmemory_policy,
        "allocator_frag_ratio": f"{figures.allocator_fragmentation:.2f}",
        "allocator_frag_bytes": figures.active - figures.used,
        "allocator_rss_ratio": "1.00",
        "allocator_rss_bytes": 0,
        "rss_overhead_ratio": f"{figures.resident_overhead:.2f}",
        "rss_overhead_bytes": figures.resident - figures.active,
        "mem_fragmentation_ratio": f"{figures.fragmentation:.2f}",
        "mem_fragmentation_bytes": figures.resident - figures.used,
        "mem_not_counted_for_evict": 0,
        "mem_replication_backlog": 0,
        "mem_total_replication_buffers": 0,
        "mem_clients_slaves": 0,
        "mem_clients_normal": figures.clients,
        "mem_cluster_links": 0,
        "mem_aof_buffer": server.aof.writer.buffered_bytes,
        "mem_allocator": "pyrite-slabs",
        "mem_overhead_db_hashtable_rehashing": figures.rehashing,
        "active_defrag_running": 0,
        "lazyfree_pending_objects": freed.pending_objects,
        "lazyfreed_objects": freed.freed_objects,
    }


def _script_memory(server: Server) -> Fields:
    scripts, functions = server.scripts, server.functions
    vm_eval, vm_functions = scripts.interpreter.memory_bytes, functions.interpreter.memory_bytes
    kept = scripts.memory_bytes + functions.memory_bytes
    return {
        "used_memory_lua": vm_eval,
        "used_memory_vm_eval": vm_eval,
        "used_memory_lua_human": human(vm_eval),
        "used_memory_scripts_eval": scripts.memory_bytes,
        "number_of_cached_scripts": len(scripts.by_sha),
        "number_of_functions": functions.count,
        "number_of_libraries": len(functions.libraries),
        "used_memory_vm_functions": vm_functions,
        "used_memory_vm_total": vm_eval + vm_functions,
        "used_memory_vm_total_human": human(vm_eval + vm_functions),
        "used_memory_functions": functions.memory_bytes,
        "used_memory_scripts": kept,
        "used_memory_scripts_human": human(kept),
    }


def _persistence(server: Server) -> Fields:
    return {
        "loading": int(server.loading),
        "async_loading": int(server.loader.is_async),
        **_child(server),
        **_snapshots(server),
        "rdb_last_load_keys_expired": server.loader.keys_expired,
        "rdb_last_load_keys_loaded": server.loader.keys_loaded,
        **_append_only(server),
        "module_fork_in_progress": 0,
        "module_fork_last_cow_size": 0,
        **_log_sizes(server),
        **_loading(server),
    }


def _append_only(server: Server) -> Fields:
    aof = server.aof
    return {
        "aof_enabled": int(aof.is_on),
        "aof_rewrite_in_progress": int(aof.is_rewriting),
        "aof_rewrite_scheduled": int(aof.rewrite_scheduled),
        "aof_last_rewrite_time_sec": aof.last_rewrite_s,
        "aof_current_rewrite_time_sec": server.children.elapsed_s if aof.is_rewriting else -1,
        "aof_last_bgrewrite_status": "ok" if aof.last_rewrite_good else "err",
        "aof_rewrites": aof.rewrites,
        "aof_rewrites_consecutive_failures": aof.failures,
        "aof_last_write_status": "ok" if aof.writer.problem is None else "err",
        "aof_last_cow_size": aof.last_cow_bytes,
    }


def _log_sizes(server: Server) -> Fields:
    """What there is to say of a log only while there is one."""
    aof = server.aof
    if not aof.is_on:
        return {}
    return {
        "aof_current_size": aof.size_bytes,
        "aof_base_size": aof.base_bytes,
        "aof_pending_rewrite": int(aof.rewrite_scheduled),
        "aof_buffer_length": aof.writer.buffered_bytes,
        "aof_pending_bio_fsync": aof.syncer.pending,
        "aof_delayed_fsync": aof.writer.delayed_syncs,
    }


def _loading(server: Server) -> Fields:
    """How far loading is; nothing while nothing is loaded."""
    loader = server.loader
    if not loader.active:
        return {}
    # The memory of the server that wrote a file whose size is not known is little to go by, but all there is.
    whole = loader.total_bytes or loader.rdb_used_mem
    percent = min(loader.loaded_bytes / whole * 100, 100.0 if loader.total_bytes else 99.99) if whole else 0.0
    left = max(whole - loader.loaded_bytes, 0 if loader.total_bytes else 1)
    elapsed_s = int(time.time()) - loader.started_at_s
    return {
        "loading_start_time": loader.started_at_s,
        "loading_total_bytes": loader.total_bytes,
        "loading_rdb_used_mem": loader.rdb_used_mem,
        "loading_loaded_bytes": loader.loaded_bytes,
        "loading_loaded_perc": f"{percent:.2f}",
        "loading_eta_seconds": elapsed_s * left // (loader.loaded_bytes + 1) if elapsed_s else 1,
    }


def _child(server: Server) -> Fields:
    """What the child process has done so far; zeros without one."""
    progress = server.children.progress
    keys, total = (0, 0) if progress is None else (progress.keys, progress.total)
    return {
        "current_cow_peak": 0 if progress is None else progress.cow_peak_bytes,
        "current_cow_size": 0 if progress is None else progress.cow_bytes,
        "current_cow_size_age": 0 if progress is None else progress.cow_age_s,
        "current_fork_perc": f"{keys / total * 100 if total else 0:.2f}",
        "current_save_keys_processed": keys,
        "current_save_keys_total": total,
    }


def _snapshots(server: Server) -> Fields:
    snapshots = server.snapshots
    return {
        "rdb_changes_since_last_save": snapshots.changes,
        "rdb_bgsave_in_progress": int(snapshots.is_running),
        "rdb_last_save_time": snapshots.saved_at_s,
        "rdb_last_bgsave_status": "ok" if snapshots.is_good else "err",
        "rdb_last_bgsave_time_sec": snapshots.last_s,
        "rdb_current_bgsave_time_sec": server.children.elapsed_s if snapshots.is_running else -1,
        "rdb_saves": snapshots.saves,
        "rdb_last_cow_size": snapshots.last_cow_bytes,
    }


def _stats(server: Server) -> Fields:
    return _traffic_stats(server) | _key_stats(server) | _late_stats(server)


def _traffic_stats(server: Server) -> Fields:
    cron = server.cron
    return {
        "total_connections_received": server.connections_received,
        "total_commands_processed": server.commands_processed,
        "instantaneous_ops_per_sec": int(cron.commands.per_second),
        "total_net_input_bytes": server.net_input_bytes,
        "total_net_output_bytes": server.net_output_bytes,
        "total_net_repl_input_bytes": 0,
        "total_net_repl_output_bytes": 0,
        "instantaneous_input_kbps": f"{cron.input.per_second / 1024:.2f}",
        "instantaneous_output_kbps": f"{cron.output.per_second / 1024:.2f}",
        "instantaneous_input_repl_kbps": "0.00",
        "instantaneous_output_repl_kbps": "0.00",
        "rejected_connections": server.rejected_connections,
        "sync_full": 0,
        "sync_partial_ok": 0,
        "sync_partial_err": 0,
    }


def _key_stats(server: Server) -> Fields:
    keyspace, cron = server.keyspace, server.cron
    return {
        "expired_subkeys": keyspace.expired_fields,
        "expired_keys": keyspace.expired_keys,
        "expired_stale_perc": f"{keyspace.expired_stale_percent:.2f}",
        "expired_time_cap_reached_count": keyspace.expired_time_cap_reached,
        "expire_cycle_cpu_milliseconds": cron.expire_ns // 1_000_000,
        "evicted_keys": keyspace.evicted_keys,
        "evicted_clients": 0,
        "evicted_scripts": server.scripts.evicted,
        "total_eviction_exceeded_time": server.evictor.total_excess_us // 1000,
        "current_eviction_exceeded_time": server.evictor.current_excess_us // 1000,
        "keyspace_hits": keyspace.hits,
        "keyspace_misses": keyspace.misses,
    }


def _late_stats(server: Server) -> Fields:
    cron = server.cron
    cycles = cron.cycles.per_second
    return {
        "pubsub_channels": len(server.pubsub.channels),
        "pubsub_patterns": len(server.pubsub.patterns),
        "pubsubshard_channels": len(server.pubsub.shards),
        "latest_fork_usec": server.children.fork_us,
        "total_forks": server.children.forks,
        "migrate_cached_sockets": 0,
        "slave_expires_tracked_keys": 0,
        "active_defrag_hits": 0,
        "active_defrag_misses": 0,
        "active_defrag_key_hits": 0,
        "active_defrag_key_misses": 0,
        "total_active_defrag_time": 0,
        "current_active_defrag_time": 0,
        "tracking_total_keys": len(server.tracking.keys),
        "tracking_total_items": server.tracking.items,
        "tracking_total_prefixes": len(server.tracking.prefixes),
        "unexpected_error_replies": 0,
        "total_error_replies": server.error_replies,
        "dump_payload_sanitizations": 0,
        "total_reads_processed": server.reads_processed,
        "total_writes_processed": server.writes_processed,
        "io_threaded_reads_processed": 0,
        "io_threaded_writes_processed": 0,
        "client_query_buffer_limit_disconnections": server.query_buffer_disconnections,
        "client_output_buffer_limit_disconnections": server.output_buffer_disconnections,
        "reply_buffer_shrinks": 0,
        "reply_buffer_expands": 0,
        "eventloop_cycles": server.cycles,
        "eventloop_duration_sum": server.cycles_ns // 1000,
        "eventloop_duration_cmd_sum": sum(each.total_ns for each in all_commands()) // 1000,
        "instantaneous_eventloop_cycles_per_sec": round(cycles),
        "instantaneous_eventloop_duration_usec": round(cron.busy_ns.per_second / cycles / 1000) if cycles else 0,
        "acl_access_denied_auth": server.auth_failures,
        "acl_access_denied_cmd": 0,
        "acl_access_denied_key": 0,
        "acl_access_denied_channel": 0,
        "internal_errors": server.internal_errors,
    }


def _replication(server: Server) -> Fields:
    return {
        "role": "master",
        "connected_slaves": 0,
        "master_failover_state": "no-failover",
        "master_replid": server.replication_id,
        "master_replid2": NO_REPLICATION_ID,
        "master_repl_offset": 0,
        "second_repl_offset": -1,
        "repl_backlog_active": 0,
        "repl_backlog_size": server.config.repl_backlog_size,
        "repl_backlog_first_byte_offset": 0,
        "repl_backlog_histlen": 0,
    }


def _cpu(_: Server) -> Fields:
    fields: Fields = {}
    for suffix, who in (
        ("", resource.RUSAGE_SELF),
        ("_children", resource.RUSAGE_CHILDREN),
        ("_main_thread", resource.RUSAGE_THREAD),
    ):
        usage = resource.getrusage(who)
        fields[f"used_cpu_sys{suffix}"] = f"{usage.ru_stime:.6f}"
        fields[f"used_cpu_user{suffix}"] = f"{usage.ru_utime:.6f}"
    return fields


def _modules(_: Server) -> Fields:
    return {}


def _safe(name: str) -> str:
    """A name as it may stand before the colon."""
    return name.replace("\r", "_").replace("\n", "_").replace(":", "_").replace("#", "_")


def _commandstats(_: Server) -> Fields:
    return {f"cmdstat_{_safe(each.name)}": _calls(each) for each in all_commands() if _was_called(each)}


def _was_called(command: Command) -> bool:
    return bool(command.calls or command.rejected_calls or command.failed_calls)


def _calls(command: Command) -> str:
    usec = command.total_ns // 1000
    mean_usec = command.total_ns / command.calls / 1000 if command.calls else 0.0
    return (
        f"calls={command.calls},usec={usec},usec_per_call={mean_usec:.2f},"
        f"rejected_calls={command.rejected_calls},failed_calls={command.failed_calls}"
    )


def _errorstats(server: Server) -> Fields:
    return {
        f"errorstat_{_safe(code.decode('utf-8', 'replace'))}": f"count={count}"
        for code, count in sorted(server.error_counts.items())
    }


def _latencystats(server: Server) -> Fields:
    percentiles = server.config.latency_tracking_info_percentiles
    return {
        f"latency_percentiles_usec_{_safe(each.name)}": ",".join(
            f"p{format_percentile(percentile)}={each.latency_ns(percentile) / 1000:.3f}" for percentile in percentiles
        )
        for each in all_commands()
        if each.latency_calls
    }


def _cluster(_: Server) -> Fields:
    return {"cluster_enabled": 0}


def _keyspace(server: Server) -> Fields:
    return {
        f"db{db.id}": (
            f"keys={db.keys_count()},expires={db.expires_count()},avg_ttl={int(db.average_ttl_ms)},"
            f"subexpiry={db.field_expires_count()}"
        )
        for db in server.keyspace.databases
        if db.keys_count()
    }


def _debug(server: Server) -> Fields:
    """Shown only when it is asked for by name."""
    return {
        "eventloop_duration_aof_sum": server.aof.writer.write_ns // 1000,
        "eventloop_duration_cron_sum": server.cron.turns_ns // 1000,
        "eventloop_duration_max": server.longest_cycle_ns // 1000,
        "eventloop_cmd_per_cycle_max": server.most_commands_in_cycle,
    }


# By name, in the order in which they are shown: the title, and what fills the section.
SECTIONS: dict[str, tuple[str, Callable[[Server], Fields]]] = {
    "server": ("Server", _server),
    "clients": ("Clients", _clients),
    "memory": ("Memory", _memory),
    "persistence": ("Persistence", _persistence),
    "stats": ("Stats", _stats),
    "replication": ("Replication", _replication),
    "cpu": ("CPU", _cpu),
    "modules": ("Modules", _modules),
    "commandstats": ("Commandstats", _commandstats),
    "errorstats": ("Errorstats", _errorstats),
    "latencystats": ("Latencystats", _latencystats),
    "cluster": ("Cluster", _cluster),
    "keyspace": ("Keyspace", _keyspace),
    "debug": ("Debug", _debug),
}
EVERYTHING = frozenset(SECTIONS) - {"debug"}
DEFAULT = EVERYTHING - {"commandstats", "latencystats"}
# `all` leaves out what modules add themselves, of which there is nothing.
GROUPS = {"default": DEFAULT, "all": EVERYTHING, "everything": EVERYTHING}


def chosen_sections(words: Iterable[str]) -> list[str]:
    """The sections that these words name, each once and in the order of the reply; unknown words name none."""
    chosen: set[str] = set()
    for word in words:
        chosen |= GROUPS.get(word.lower(), {word.lower()})
    return [name for name in SECTIONS if name in chosen]


def render(server: Server, words: Iterable[str]) -> bytes:
    """The reply of INFO with these arguments; the default sections with none."""
    parts = []
    for name in chosen_sections(list(words) or ["default"]):
        title, fill = SECTIONS[name]
        lines = "".join(f"{field}:{value}\r\n" for field, value in fill(server).items())
        parts.append(f"# {title}\r\n{lines}")
    return "\r\n".join(parts).encode("utf-8", "surrogateescape")
