from libc.stddef cimport size_t
from libc.stdint cimport uint32_t, uint64_t

from pyrite.core.child cimport ChildFigures
from pyrite.core.entry cimport Entry
from pyrite.core.file_sink cimport FileSink
from pyrite.core.hashtable cimport HashTable
from pyrite.core.rdb_format cimport RdbWriter

cdef extern from "<unistd.h>" nogil:
    int usleep(unsigned int microseconds)

cdef struct SnapshotJob:
    RdbWriter writer
    FileSink sink
    int version
    int key_delay_us        # negative: a microsecond for one key of so many
    bint has_idle           # keys are written with how long they have not been used
    bint has_frequency      # keys are written with how often they are used
    uint32_t lru_clock
    uint32_t lfu_minutes
    int lfu_decay_minutes
    uint64_t keys
    ChildFigures* figures   # of the child process; NULL in the server itself
    bint orphaned

cdef void snapshot_dismiss(ChildFigures* figures, Entry* e) noexcept nogil
cdef bint snapshot_tick(ChildFigures* figures, uint64_t keys, int delay_us) noexcept nogil
