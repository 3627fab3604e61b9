from cpython.object cimport PyObject

from pyrite.core.histogram cimport Histogram
from pyrite.core.parser cimport Args

cdef enum:
    FNV_OFFSET = 14695981039346656037ULL
    FNV_PRIME = 1099511628211ULL
    TABLE_SIZE = 2048           # at most half of it is used
    LAST_WORD_MAX = 16          # a longer name is looked up each time

cdef extern from "Python.h":
    ctypedef PyObject* (*vectorcallfunc)(PyObject* function, PyObject** args, size_t count, PyObject* names) noexcept
    vectorcallfunc PyVectorcall_Function(PyObject* function) noexcept
    PyObject* PyObject_Vectorcall(PyObject* function, PyObject** args, size_t count, PyObject* names) noexcept

cdef class Command:
    cdef readonly str name          # in lower case; "config|get" for a subcommand
    cdef readonly bytes wire_name
    cdef bytes called               # what clients call it: the same, unless rename-command says otherwise
    cdef readonly object handler    # called with (client, args); None for a container
    cdef vectorcallfunc run         # what calls the handler, without Python's way to it
    cdef readonly int arity         # arguments with the name; negative: at least so many
    cdef readonly long long flags
    cdef readonly long long acl     # category bits
    cdef readonly str group
    cdef readonly str since
    cdef readonly str complexity
    cdef readonly str summary
    cdef readonly tuple keys
    cdef readonly tuple tips
    cdef readonly tuple history
    cdef readonly tuple args
    cdef readonly str deprecated_since
    cdef readonly str replaced_by
    cdef readonly int doc_flags
    cdef readonly Command parent
    cdef readonly dict subcommands  # by the part of the name behind the '|'
    cdef dict subcommands_by_word   # the same by wire bytes
    # Statistics since start or CONFIG RESETSTAT
    cdef public long long calls
    cdef public long long total_ns
    cdef public long long rejected_calls
    cdef public long long failed_calls
    cdef Histogram* latency         # made at the first recorded call

    cdef int record(self, long long ns) except -1

cdef Command lookup_command(Args args)
cdef Command lookup_container(Args args)
