"""Databases: keys, their expiry, and what is evicted when memory runs short."""
