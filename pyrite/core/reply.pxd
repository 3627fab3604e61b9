from libc.stddef cimport size_t

cdef enum:
    REPLY_CHUNK = 16384     # a buffer's first size; buffers of this size are shared through a pool
    POOL_MAX = 64           # so many buffers are kept; while more are in use, the others are smaller at first
    REPLY_SMALL = 1024
    HEADER_MAX = 32         # bytes of the longest type, length and line end

cdef class Reply:
    cdef char* buf              # NULL while nothing waits
    cdef readonly Py_ssize_t n  # bytes written
    cdef readonly Py_ssize_t sent
    cdef readonly Py_ssize_t capacity
    cdef public int resp        # protocol version, 2 or 3
    cdef readonly long errors   # error replies written so far
    cdef readonly bytes last_error

    cdef void grow(self, Py_ssize_t more) noexcept nogil
    cdef void release(self) noexcept nogil
    cdef void truncate(self, Py_ssize_t n) noexcept nogil
    cdef void consumed(self, Py_ssize_t n) noexcept nogil
    cdef void put(self, const char* p, Py_ssize_t n) noexcept nogil
    cdef void header(self, char type, long long n) noexcept nogil
    cdef void put_bulk(self, const char* p, Py_ssize_t n) noexcept nogil
    cdef void put_bulk_integer(self, long long v) noexcept nogil
    cdef void put_simple(self, const char* p, Py_ssize_t n) noexcept nogil
    cdef void ok(self) noexcept nogil
    cpdef void raw(self, bytes data) noexcept
    cpdef void simple(self, bytes text) noexcept
    cpdef void error(self, bytes text) noexcept
    cpdef void integer(self, long long v) noexcept
    cpdef void bulk(self, bytes data) noexcept
    cpdef void null(self) noexcept
    cpdef void null_array(self) noexcept
    cpdef void array(self, Py_ssize_t n) noexcept
    cpdef void map(self, Py_ssize_t n) noexcept
    cpdef void set_(self, Py_ssize_t n) noexcept
    cpdef void push(self, Py_ssize_t n) noexcept
    cpdef void attribute(self, Py_ssize_t n) noexcept
    cpdef void boolean(self, bint v) noexcept
    cpdef void double(self, double v) noexcept
    cpdef void big_number(self, bytes digits) noexcept
    cpdef void verbatim(self, bytes format, bytes text) noexcept
    cpdef Py_ssize_t open(self) noexcept
    cpdef void close_array(self, Py_ssize_t mark, Py_ssize_t n) noexcept
    cpdef void close_map(self, Py_ssize_t mark, Py_ssize_t n) noexcept
    cpdef void close_set(self, Py_ssize_t mark, Py_ssize_t n) noexcept
    cdef void _close(self, Py_ssize_t mark, char type, Py_ssize_t n) noexcept nogil
