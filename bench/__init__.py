"""Benchmarks: one module each, run by name with `python -m bench` or `make bench`.

All of them start their servers fresh on loopback, and end them. Figures of time depend on the machine and on what else
it does; where a peer is there, only the ratio says something.
"""
