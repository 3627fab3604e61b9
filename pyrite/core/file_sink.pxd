from libc.stddef cimport size_t
from libc.stdint cimport uint64_t

cdef extern from "<fcntl.h>" nogil:
    int sync_file_range(int fd, long long offset, long long bytes, unsigned int flags)
    unsigned int SYNC_FILE_RANGE_WAIT_BEFORE
    unsigned int SYNC_FILE_RANGE_WRITE
    unsigned int SYNC_FILE_RANGE_WAIT_AFTER

cdef enum:
    SINK_CHUNK = 262144         # so many bytes are written at a time
    SINK_SYNC_BYTES = 4194304   # as many at a time are told to go to disk

cdef struct FileSink:
    int fd
    int problem             # errno of the first failure; 0
    bint has_checksum
    bint syncs              # what is written goes to disk at once, so that the last fsync has little to wait for
    uint64_t checksum       # CRC-64 of all that was written
    uint64_t written        # bytes
    uint64_t start          # where in the file they begin
    uint64_t synced         # bytes that were told to go to disk

cdef void file_sink_init(FileSink* sink, int fd, bint has_checksum, bint syncs) noexcept nogil
cdef bint file_sink_write(void* sink, const unsigned char* p, size_t n) noexcept nogil
