"""Persistence: the data set on disk, how it comes back, and the child processes that write it."""
