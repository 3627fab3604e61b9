from libc.stdint cimport int64_t
from libc.time cimport time

from pyrite.core.parser cimport Args

cdef int64_t parse_timeout_ms(Args args, Py_ssize_t i) except -2
