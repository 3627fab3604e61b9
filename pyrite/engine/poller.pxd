from libc.stdint cimport uint32_t, uint64_t

from pyrite.engine.client cimport Client
from pyrite.engine.state cimport ServerState

cdef extern from "<sys/epoll.h>" nogil:
    ctypedef union epoll_data_t:
        void* ptr
        uint64_t u64
    cdef struct epoll_event:
        uint32_t events
        epoll_data_t data
    int epoll_create1(int flags)
    int epoll_ctl(int epfd, int op, int fd, epoll_event* event)
    int epoll_wait(int epfd, epoll_event* events, int maxevents, int timeout)
    uint32_t EPOLLIN
    uint32_t EPOLLOUT
    uint32_t EPOLLPRI
    uint32_t EPOLLRDHUP
    uint32_t EPOLLHUP
    uint32_t EPOLLERR
    uint32_t EPOLLET
    int EPOLL_CLOEXEC
    int EPOLL_CTL_ADD
    int EPOLL_CTL_DEL
    int EPOLL_CTL_MOD

cdef enum:
    EVENTS_MAX = 256    # sockets of one batch

cdef class Poller:
    cdef readonly int fd
    cdef ServerState server
    cdef epoll_event events[EVENTS_MAX * 2]     # of the batch, and of the one that is served in its midst
    cdef int at             # the event of the batch that is being served
    cdef int count          # events of the batch; 0 between batches
    cdef bint nested        # a batch is served in the midst of another one
    cdef bint loop_ready    # the event loop wants a turn
    cdef bint rescheduled
    cdef readonly bint stopping
    cdef bint in_turn       # the event loop has its turn
    cdef Client first_unsent    # clients whose replies are sent at the end of this turn, linked by `next_unsent`
    cdef Client last_unsent
    cdef list resumed       # clients that go on with their input then, after waiting

    cdef int add(self, int fd, Client client, uint32_t events) except -1
    cdef void watch(self, int fd, Client client, uint32_t events) noexcept
    cdef void remove(self, int fd, Client client) noexcept
    cdef int send_later(self, Client client) except -1
    cdef int go_on_later(self, Client client) except -1
    cdef int end_turn(self) except -1
    cdef int send_all(self) except -1
    cdef int _serve_batch(self) except -1
    cdef int _serve_events(self, int first) except -1
