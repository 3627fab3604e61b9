from libc.stdint cimport int64_t

from pyrite.engine.client cimport Client
from pyrite.engine.state cimport ServerState
from pyrite.keyspace.database cimport Database

cdef enum:
    # What a client gets that waited in vain.
    BLOCK_REPLY_NULL_ARRAY = 0
    BLOCK_REPLY_NULL = 1

cdef class KeyWait:
    cdef readonly Client client
    cdef readonly Database db
    cdef readonly list keys
    cdef readonly int type              # of the value that it waits for
    cdef readonly bint on_deletion      # also wakes where a key is gone, or of another type
    cdef readonly int timeout_reply
    cdef object timer

    cdef int leave(self) except -1
    cdef int _end(self) except -1

cdef int block_on_keys(
    Client client, list keys, int type, int64_t timeout_ms, int timeout_reply, bint on_deletion
) except -1
cdef int serve_ready(ServerState server) except -1
