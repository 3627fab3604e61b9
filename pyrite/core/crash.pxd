from posix.types cimport pid_t

cdef extern from "<execinfo.h>" nogil:
    int backtrace(void** frames, int size)
    void backtrace_symbols_fd(void* const* frames, int size, int fd)

cdef enum:
    PATH_ROOM = 4096
    ABOUT_ROOM = 128
    LINE_ROOM = 256
    FRAMES_MAX = 64
    STACK_BYTES = 65536

cdef struct CrashReport:
    char[PATH_ROOM] path        # of the log; empty: standard output
    char[ABOUT_ROOM] about      # which program this is
    long utc_offset_s           # of local time
    pid_t pid                   # of the server; another process is a child of it
    int spare_fd                # where `faulthandler` writes to

cdef struct Line:
    char[LINE_ROOM] text
    size_t n
