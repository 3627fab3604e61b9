from libc.stdint cimport int64_t, uint32_t

from pyrite.core.parser cimport Args
from pyrite.engine.client cimport Client
from pyrite.engine.poller cimport Poller

cdef extern from "<sys/socket.h>" nogil:
    Py_ssize_t recv(int fd, void* buf, size_t n, int flags)
    Py_ssize_t send(int fd, const void* buf, size_t n, int flags)
    int MSG_NOSIGNAL
    int MSG_DONTWAIT

cdef enum:
    FLUSH_AT = 65536            # while a pipeline runs, replies are sent once so much is waiting
    OWN_BUFFER_MIN = 1024
    OWN_BUFFER_ROOM = 16384     # room that a read into a connection's own buffer is offered
    IDLE_BYTES = 500            # resident memory of a connection without buffers, measured with 10,000 of them
    TICK_NS = 1000000           # while many requests run at once, the time is taken again after so long
    UNTRUSTED_QUERY_MAX = 1048576   # bytes of requests that wait, for a client that has yet to authenticate
    UNTRUSTED_OUTPUT_MAX = 1024     # unsent bytes for a client that has yet to authenticate

cdef class Connection(Client):
    cdef Poller poller
    cdef readonly str peer          # the other end's address, as CLIENT LIST shows it
    cdef readonly int fd
    cdef readonly bint is_unix
    cdef char* own                  # the part of the input that is an incomplete request; NULL while there is none
    cdef readonly Py_ssize_t own_length
    cdef readonly Py_ssize_t own_capacity
    cdef Args partial               # the incomplete request, or the one that is held back
    cdef bint complete              # `partial` is whole
    cdef bint done                  # and has run: what comes behind it is next
    cdef readonly bint writing      # the socket was full: the poller tells when it takes more
    cdef bint busy                  # requests are being run, so the buffers must stay
    cdef readonly int64_t soft_limit_since_ms
    cdef Py_ssize_t input_length    # of the input that is being worked on

    cdef int _process_input(self, char* buf, Py_ssize_t length) except -1
    cdef int _flush_early(self) except -1
    cdef int _keep(self, Args args, char* buf, Py_ssize_t length, Py_ssize_t start) except -1
    cdef int _grow_own(self, Py_ssize_t room) except -1
    cdef void _drop_own(self) noexcept
    cdef int _protocol_error(self, Args args) except -1
    cdef uint32_t _interest(self) noexcept
    cdef int _read(self) except -1
    cdef int _received(self, Py_ssize_t n) except -1
    cdef char* _room(self, Py_ssize_t* room)
    cdef int _send(self) except -1
    cdef void _free_buffers(self) noexcept
    cdef int _check_output(self) except -1
    cdef Py_ssize_t _query_bytes(self) noexcept
    cdef Py_ssize_t _big_bytes(self) noexcept
    cdef _leave(self)
