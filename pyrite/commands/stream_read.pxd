from pyrite.core.parser cimport Slice

cdef enum:
    NO_BLOCK = -1

cdef struct ReadOptions:
    long long count         # 0: all
    long long timeout_ms    # NO_BLOCK, or 0 for ever
    bint noack
    Slice group
    Slice consumer
    bint has_group
    Py_ssize_t keys_at      # the first key
    Py_ssize_t streams      # how many keys, and as many IDs behind them
