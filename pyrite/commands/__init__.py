"""Commands, one module per family: parse, call, reply."""

import importlib

FAMILIES = (
    "connection",
    "clients",
    "generic",
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
