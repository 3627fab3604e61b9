from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint64_t

from pyrite.core.rdb_format cimport RdbReader

cdef extern from "<unistd.h>" nogil:
    ssize_t read(int fd, void* p, size_t n)

cdef enum:
    STREAM_CHUNK = 131072               # bytes of a window, where no longer text stands in it
    STREAM_KEY_MIN = 256                # first room for a key

cdef enum:
    STREAM_UNKNOWN = 0x4000000000000000ULL     # the size of what does not tell it, such as a pipe

cdef struct RdbWindow:
    RdbWindow* next
    size_t capacity         # bytes behind this header

# Told how many bytes are fetched, now and then; False ends the reading.
ctypedef bint (*RdbReport)(void* context, uint64_t done) noexcept nogil

cdef struct RdbStream:
    RdbReader r
    int fd
    int error               # errno of the read that failed
    RdbWindow* window       # what the reader reads in
    unsigned char* end      # up to where it is filled
    RdbWindow* held         # earlier ones, with texts that are still wanted
    uint64_t fetched        # bytes read from the descriptor
    uint64_t size           # bytes that there are, or STREAM_UNKNOWN
    size_t chunk
    bint sums
    const unsigned char* summed     # up to where the checksum goes
    uint64_t checksum
    uint64_t interval
    uint64_t next_report
    RdbReport report        # or NULL
    void* context
    char* key               # the last key that was read
    size_t key_length
    size_t key_capacity

cdef bint rdb_stream_open(RdbStream* s, int fd, uint64_t size, size_t chunk, bint sums) noexcept nogil
cdef void rdb_stream_close(RdbStream* s) noexcept nogil
cdef uint64_t rdb_stream_offset(const RdbStream* s) noexcept nogil
cdef uint64_t rdb_stream_checksum(RdbStream* s) noexcept nogil
cdef bint rdb_stream_key(RdbStream* s) noexcept nogil
