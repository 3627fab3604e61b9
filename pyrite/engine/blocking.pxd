from libc.stdint cimport int64_t

from pyrite.core.parser cimport Args
from pyrite.engine.client cimport Client
from pyrite.engine.command cimport Command
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
    cdef Args args                      # of the request
    cdef int64_t ran_ns                 # how long the request has run, each time together

    cdef int leave(self) except -1
    cdef int _end(self, bint failed) except -1
    cdef int _count(self, Command command, bint failed) except -1

cdef int block_on_keys(
    Client client, list keys, int type, int64_t timeout_ms, int timeout_reply, bint on_deletion
) except -1
cdef int request_blocked(Client client, int64_t ran_ns) except -1
cdef int64_t ran_before_ns(Client client) noexcept
cdef int serve_ready(ServerState server) except -1
