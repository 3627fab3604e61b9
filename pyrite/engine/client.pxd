from libc.stdint cimport int64_t, uint32_t

from pyrite.core.parser cimport Args
from pyrite.core.reply cimport Reply
from pyrite.engine.command cimport Command
from pyrite.engine.state cimport ServerState
from pyrite.keyspace.database cimport Database, Watches

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
    CLIENT_MONITOR = 2048
    CLIENT_TRACKING = 4096          # it is told when what it reads changes
    CLIENT_SCRIPT = 65536           # it runs the commands of scripts
    # What `call` has to look at besides running the handler.
    CLIENT_SPECIAL = 4 | 8 | 16 | 64 | 4096

cdef enum:
    CLASS_NORMAL = 0
    CLASS_REPLICA = 1
    CLASS_PUBSUB = 2

cdef enum:
    PUSHES_WAITING = 65536      # so many unsent bytes of messages are sent, or held against the output limit, at once

cdef class Transaction:
    cdef readonly list commands
    cdef readonly list requests     # the Args of each
    cdef readonly long long flags   # of all commands together
    cdef readonly Py_ssize_t bytes_total
    cdef public bint broken         # a command was refused: EXEC will be

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
    cdef readonly Transaction transaction   # what MULTI has queued, None outside of one
    cdef readonly Watches watches       # of WATCH; None before the first one
    cdef public object subscriptions    # to channels and patterns; None without any
    cdef long errors_counted            # `reply.errors` as far as a command that ran has counted them
    cdef public object tracking         # the TrackedClient; None while it does not track
    cdef list pushes                    # messages that came while its own command ran
    cdef bint is_unsent                 # the poller sends its replies at the end of this turn
    cdef Client next_unsent             # and after them those of this client

    cdef bint is_trusted(self) noexcept
    cpdef int select(self, int index) except -1
    cdef int begin(self) except -1
    cdef int queue(self, Command command) except -1
    cdef int discard(self) except -1
    cpdef int push(self, bytes message) except -1
    cdef int flush_pushes(self) except -1
    cdef int ready(self, uint32_t events) except -1
    cdef int flush(self) except -1
    cpdef int send_later(self) except -1
    cdef int retry(self) except -1
    cdef int go_on_later(self) except -1
    cpdef int close(self) except -1
    cpdef int close_after_reply(self) except -1
