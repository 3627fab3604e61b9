from libc.stdint cimport int64_t

from pyrite.core.parser cimport Args
from pyrite.core.reply cimport Reply
from pyrite.engine.command cimport Command
from pyrite.engine.state cimport ServerState
from pyrite.keyspace.database cimport Database

cdef enum:
    CLIENT_CLOSE_AFTER_REPLY = 1    # close once all that is written has been sent; read nothing more
    CLIENT_CLOSED = 2
    CLIENT_REPLY_OFF = 4
    CLIENT_REPLY_SKIP = 8           # the reply of this command is dropped
    CLIENT_REPLY_SKIP_NEXT = 16     # becomes SKIP with the next command
    CLIENT_NO_EVICT = 32
    CLIENT_NO_TOUCH = 64
    CLIENT_POSTPONED = 128          # a pause holds its request back
    CLIENT_UNIX_SOCKET = 256
    CLIENT_BLOCKED = 512            # the request that ran last waits for something
    CLIENT_DENY_BLOCKING = 1024     # it must not wait: a transaction or a script runs
    # What `call` has to look at besides running the handler.
    CLIENT_SPECIAL = 4 | 8 | 16 | 64

cdef enum:
    CLASS_NORMAL = 0
    CLASS_REPLICA = 1
    CLASS_PUBSUB = 2

cdef class Client:
    cdef readonly int64_t id
    cdef readonly ServerState server
    cdef readonly Database db
    cdef readonly Reply reply
    cdef readonly Args args             # of the request that runs
    cdef public int guards
    cdef public int flags
    cdef public int output_class
    cdef public bint authenticated
    cdef public bytes user
    cdef public bytes name
    cdef public bytes lib_name
    cdef public bytes lib_version
    cdef public int64_t created_ms
    cdef public int64_t last_interaction_ms
    cdef public Command last_command
    cdef public object blocked          # what it waits for, None while it waits for nothing
    cdef public object block_state      # what a handler keeps while its client waits
    cdef readonly bint is_retry         # the request runs again after waiting

    cdef bint is_trusted(self) noexcept
    cpdef int select(self, int index) except -1
    cdef int readable(self) except -1
    cdef int writable(self) except -1
    cdef int flush(self) except -1
    cpdef int send_later(self) except -1
    cdef int retry(self) except -1
    cdef int go_on_later(self) except -1
    cpdef int close(self) except -1
    cpdef int close_after_reply(self) except -1
