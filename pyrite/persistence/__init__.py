"""Persistence: the data set on disk, and the child processes that write it."""
