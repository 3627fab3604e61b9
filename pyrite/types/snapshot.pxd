from libc.stdint cimport uint32_t

from pyrite.core.hashtable cimport HashTable
from pyrite.core.rdb_format cimport RdbWriter
from pyrite.types.save_job cimport SaveJob

cdef struct SnapshotJob:
    SaveJob save
    int version
    bint has_idle           # keys are written with how long they have not been used
    bint has_frequency      # keys are written with how often they are used
    uint32_t lru_clock
    uint32_t lfu_minutes
    int lfu_decay_minutes
