"""Persistence: what of the data set outlives the process, and how it comes back."""
