from libc.stddef cimport size_t
from libc.stdint cimport uint64_t

from pyrite.core.child cimport ChildFigures
from pyrite.core.file_sink cimport FileSink
from pyrite.core.rdb_format cimport RdbWriter

cdef enum:
    REWRITE_ITEMS = 64      # elements of a collection that one command adds

cdef struct RewriteJob:
    RdbWriter writer
    FileSink sink
    int key_delay_us
    uint64_t keys
    ChildFigures* figures   # of the child process; NULL in the server itself
    bint orphaned
