cdef extern from *:
    # Cython has no name for it; the size it believes does not matter, as the C compiler does the arithmetic.
    ctypedef unsigned long long uint128 "unsigned __int128"

cdef extern from "<locale.h>" nogil:
    ctypedef void* locale_t
    int LC_ALL_MASK
    locale_t newlocale(int mask, const char* name, locale_t base)
    locale_t uselocale(locale_t locale)

cdef extern from "<stdlib.h>" nogil:
    double strtod(const char* text, char** end)
    long double strtold(const char* text, char** end)

cdef extern from *:
    int count_leading_zeros "__builtin_clzll"(unsigned long long word) nogil

cdef enum:
    LONGLONG_ROOM = 21      # bytes that format_longlong and format_ulonglong may write
    DOUBLE_ROOM = 32        # bytes that format_double asks for
    LONGDOUBLE_ROOM = 5120  # bytes that hold any long double in full; also Redis's limit on the text of one

cdef enum:
    LONGLONG_MAX = 0x7FFFFFFFFFFFFFFFULL
    ULONGLONG_TENTH = 1844674407370955161ULL

cdef enum:
    UPPER_HALVES = 0xF0F0F0F0F0F0F0F0ULL
    LOWER_HALVES = 0x0F0F0F0F0F0F0F0FULL
    EACH_SIX = 0x0606060606060606ULL
    EACH_THREES = 0x3333333333333333ULL
    EACH_PAIR = 0x00FF00FF00FF00FFULL
    EACH_FOUR = 0x0000FFFF0000FFFFULL

cdef enum:
    HIDDEN_BIT = 0x10000000000000ULL    # the leading one that a normal double's fraction leaves out
    FRACTION_BITS = 0xFFFFFFFFFFFFFULL
    INFINITY_BITS = 0x7FF0000000000000ULL
    EXACT_MAX = 0x20000000000000ULL     # integers up to here, 2**53, are doubles

cdef enum:
    EXACT_TENS = 22     # powers of ten up to here are doubles

cdef enum:
    CACHED_POWERS = 87      # 10**-348, 10**-340 … 10**340
    CACHED_FIRST = -348
    CACHED_STEP = 8

cdef struct Decimal:
    char digits[24]         # the first is not 0
    int count
    int exponent            # the value is the digits, as an integer, times ten to this

cdef struct Interval:
    # The numbers that read back as the same double, scaled by a power of ten; three fixed-point numbers.
    unsigned long long low
    unsigned long long value
    unsigned long long high
    int point               # bits behind the point, 32 to 60
    int exponent            # what they were scaled by: ten to the minus this

cdef int parse_longlong(const char* p, Py_ssize_t n, long long* out) noexcept nogil
cdef int parse_ulonglong(const char* p, Py_ssize_t n, unsigned long long* out) noexcept nogil
cdef int parse_double(const char* p, Py_ssize_t n, double* out) noexcept nogil
cdef int parse_longdouble(const char* p, Py_ssize_t n, long double* out) noexcept nogil
cdef int digits10(unsigned long long v) noexcept nogil
cdef Py_ssize_t format_longlong(char* out, long long v) noexcept nogil
cdef Py_ssize_t format_ulonglong(char* out, unsigned long long v) noexcept nogil
cdef Py_ssize_t format_double(char* out, Py_ssize_t capacity, double v) noexcept nogil
cdef Py_ssize_t format_double_shortest(char* out, Py_ssize_t capacity, double v) noexcept nogil
cdef Py_ssize_t format_longdouble_human(char* out, Py_ssize_t capacity, long double v) noexcept nogil
cdef bint case_equal(const char* p, Py_ssize_t n, const char* lower, Py_ssize_t m) noexcept nogil
