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
    "pubsub",
    "expiry",
    "string",
    "lcs",
    "bitmap",
    "hyperloglog",
    "server",
    "introspection",
    "command_info",
    "debug",
)


def load_all() -> None:
    """Import every family, which declares its commands."""
    for family in FAMILIES:
        importlib.import_module(f"pyrite.commands.{family}")
