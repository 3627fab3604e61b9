from libc.stdint cimport int64_t, uint64_t

from pyrite.core.child cimport ChildFigures, Progress
from pyrite.core.entry cimport Entry
from pyrite.core.file_sink cimport FileSink
from pyrite.core.rdb_format cimport RdbWriter

cdef extern from "<unistd.h>" nogil:
    int usleep(unsigned int microseconds)

cdef struct SaveJob:
    RdbWriter writer
    FileSink sink
    int key_delay_us        # negative: a microsecond for one key of so many
    uint64_t keys
    ChildFigures* figures   # of the child process; NULL in the server itself
    bint orphaned

cdef int save_start(
    SaveJob* job, int fd, Progress progress, bint compress, bint checksum, bint syncs, int key_delay_us
) except -1
cdef bint save_key_done(SaveJob* job, Entry* e) noexcept nogil
cdef int64_t save_finish(SaveJob* job, bint good) except -1
