from libc.stddef cimport size_t

from pyrite.core.entry cimport Blob

cdef enum:
    PARSE_DONE = 1      # a request stands in the arguments (none of them: an empty request)
    PARSE_MORE = 0      # the request is not complete yet
    PARSE_ERROR = -1    # the input breaks the protocol; `problem` says how

cdef enum:
    BIG_ARGUMENT = 32768        # an argument of this size, not yet here, is read into a block of its own
    INLINE_MAX_BYTES = 65536    # an inline request, or a count's line, may be this long
    UNAUTHENTICATED_ARGUMENTS = 10
    UNAUTHENTICATED_BYTES = 16384
    ARGUMENTS_KEPT = 1024       # room that is kept between requests

# What a line of a multibulk request begins with
cdef enum:
    COUNT = 42                  # '*'
    LENGTH = 36                 # '$'

# The first four bytes of such a line, but for its first byte and the digits, read little-endian
cdef enum:
    ONE_DIGIT = 0x0A0D0000
    ONE_DIGIT_MASK = 0xFFFF00FF
    TWO_DIGITS = 0x0D000000
    TWO_DIGITS_MASK = 0xFF0000FF

cdef struct Slice:
    char* p
    Py_ssize_t n

cdef class Args:
    cdef Slice* v               # the arguments, the command's name first
    cdef readonly Py_ssize_t argc
    cdef Py_ssize_t capacity
    cdef Py_ssize_t position    # while parsing: how far the buffer is understood; then: where the next request begins
    cdef Py_ssize_t remaining   # arguments still to come; 0 before the request's first line
    cdef Py_ssize_t bulk_length  # of the argument that is being read; -1 before its first line
    cdef Blob** owned           # blocks of big arguments
    cdef Py_ssize_t owned_count
    cdef Py_ssize_t owned_capacity
    cdef Blob* big              # the one that is being filled
    cdef const char* problem    # text of a protocol error
    cdef char odd               # the byte that stood where '$' must
    cdef public size_t bytes_total  # of the request's arguments together

    cdef void reset(self) noexcept nogil
    cdef void push(self, char* p, Py_ssize_t n) noexcept nogil
    cdef int parse(
        self, char* buf, Py_ssize_t length, Py_ssize_t start, Py_ssize_t bulk_max, bint trusted
    ) noexcept nogil
    cdef int _parse_inline(self, char* buf, Py_ssize_t length) noexcept nogil
    cdef int _parse_count(self, char* buf, Py_ssize_t length, bint trusted) noexcept nogil
    cdef int _parse_bulk_length(self, char* buf, Py_ssize_t length, Py_ssize_t bulk_max, bint trusted) noexcept nogil
    cdef int _parse_bulk(self, char* buf, Py_ssize_t length) noexcept nogil
    cdef void _own(self, Blob* blob) noexcept nogil
    cdef int _start_big(self, char* buf, Py_ssize_t length) noexcept nogil
    cdef char* big_room(self, Py_ssize_t* room) noexcept nogil
    cdef int big_filled(self, Py_ssize_t n) noexcept nogil
    cdef void rebase(self, const char* old, Py_ssize_t old_length, char* new, Py_ssize_t dropped) noexcept nogil
    cdef Blob* take_blob(self, Py_ssize_t i) noexcept nogil
    cdef bint equals(self, Py_ssize_t i, const char* lower) noexcept nogil
    cdef void copy_from(self, Args other, Py_ssize_t start) noexcept nogil
    cdef bint hold(self, Args other) noexcept nogil
    cpdef long long integer(self, Py_ssize_t i) except? -1
    cpdef bint is_token(self, Py_ssize_t i, bytes lower)
