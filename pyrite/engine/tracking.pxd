from libc.stdint cimport int64_t

from pyrite.engine.client cimport Client
from pyrite.engine.command cimport Command
from pyrite.engine.state cimport ServerState
from pyrite.keyspace.database cimport Database

cdef enum:
    # What CLIENT CACHING said about the next command.
    CACHING_UNSAID = 0
    CACHING_YES = 1
    CACHING_NO = 2

cdef class TrackedClient:
    cdef readonly bint broadcast
    cdef readonly bint opt_in
    cdef readonly bint opt_out
    cdef readonly bint no_loop
    cdef public int caching
    cdef readonly int64_t redirect      # the client that gets the messages; 0: the client itself
    cdef public bint broken_redirect    # that one is gone
    cdef readonly list prefixes

cdef class Prefix:
    cdef readonly dict clients          # by id
    cdef readonly dict changed          # key: the id of the client that changed it last, 0 where none did

cdef class Tracking:
    cdef ServerState server
    cdef readonly dict keys             # by key: the ids of the clients that have read it
    cdef readonly dict prefixes
    cdef readonly dict clients          # those that track, by id
    cdef public long long max_keys
    cdef readonly long long items       # ids in `keys`, all together
    cdef int64_t flushed_at

    cdef int remember(self, Client client, Command command) except -1
    cdef int _send(self, Client client, list keys) except -1
    cdef int _invalidate(self, bytes key, int64_t by) except -1
