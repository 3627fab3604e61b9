"""Pyrite: a complete Redis in Python."""

__version__ = "0.1.0"

# The version of Redis that Pyrite is compatible with, and reports to clients.
REDIS_VERSION = "7.4.1"
