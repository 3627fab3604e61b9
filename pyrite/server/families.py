"""Which modules declare commands; importing one registers what it declares."""

from __future__ import annotations

import importlib

FAMILIES = (
    "connection",
    "clients",
    "tracking",
    "generic",
    "scan",
    "transaction",
    "scripting",
    "functions",
    "pubsub",
    "expiry",
    "string",
    "list",
    "list_moving",
    "lcs",
    "bitmap",
    "hyperloglog",
    "set",
    "set_algebra",
    "sort",
    "hash",
    "hash_random",
    "hash_expiry",
    "sorted_set",
    "sorted_set_range",
    "sorted_set_algebra",
    "sorted_set_random",
    "sorted_set_pop",
    "geo",
    "geo_search",
    "stream",
    "stream_read",
    "stream_group",
    "stream_pending",
    "stream_info",
    "dump",
    "persistence",
    "server",
    "introspection",
    "command_info",
    "debug",
)


def load_all() -> None:
    """Import every family, which declares its commands."""
    for family in FAMILIES:
        importlib.import_module(f"pyrite.commands.{family}")
