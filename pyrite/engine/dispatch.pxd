from cpython.object cimport PyObject

from pyrite.engine.client cimport Client
from pyrite.engine.command cimport Command

cdef enum:
    EXECUTED = 0
    REJECTED = 1        # an error reply is written
    POSTPONED = 2       # nothing happened: the request has to be tried again
    BLOCKED = 3         # it waits, and will be run again: its arguments have to stay
    QUEUED = -2         # it will run with EXEC

cdef enum:
    GUARD_COUNT = 9

ctypedef int (*Guard)(Client client, Command command) except -1

cdef struct GuardRow:
    int bit
    Guard check

cdef struct HandlerArguments:
    PyObject* client
    PyObject* args

cdef int process_command(Client client) except -1
cdef int call(Client client, Command command) except -1
