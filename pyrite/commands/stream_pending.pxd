from libc.stdint cimport int64_t

from pyrite.core.stream_id cimport StreamID

cdef enum:
    CLAIM_COUNT = 100               # of XAUTOCLAIM, where none is given
    ATTEMPTS_PER_ENTRY = 10         # pending entries that XAUTOCLAIM looks at for each that it may return

cdef enum:
    CLAIM_COUNT_MAX = 0x07FFFFFFFFFFFFFFULL

cdef enum:
    # What became of an entry that was to be claimed.
    NOT_CLAIMED = 0
    CLAIMED = 1
    CLAIM_GONE = 2

cdef struct ClaimOptions:
    long long min_idle_ms
    int64_t delivery_ms             # what the entries get as the time of their delivery
    long long delivery_count        # and as their count; -1: one more than they have
    bint force
    bint just_id
    StreamID last_id
    Py_ssize_t ids_end              # the first argument behind the IDs

cdef struct PendingRange:
    StreamID start
    StreamID end
    long long count
    long long min_idle_ms
    Py_ssize_t consumer_at          # 0: all consumers
