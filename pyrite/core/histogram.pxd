cdef extern from *:
    int count_leading_zeros "__builtin_clzll"(unsigned long long word) nogil

cdef enum:
    HISTOGRAM_SLOTS = 3072
    HISTOGRAM_MAX_NS = 1000000000
    HISTOGRAM_LEVELS = 21       # 1,024 ns, twice as much … 2**30 ns

cdef struct Histogram:
    long long total                     # calls recorded
    long long counts[HISTOGRAM_SLOTS]

cdef struct LatencyLevel:
    long long usec      # calls that took up to here …
    long long calls     # … were so many

cdef inline int histogram_slot(long long ns) noexcept nogil:
    """The slot of a time of 0 to 2**30 - 1 ns."""
    cdef int shift = 56 - count_leading_zeros(ns | 255)
    return (shift << 7) + <int>(ns >> shift)

cdef inline void histogram_record(Histogram* h, long long ns) noexcept nogil:
    """Count one call; a time outside of 1 ns to 1 s counts as the nearer end."""
    if ns < 1:
        ns = 1
    elif ns > HISTOGRAM_MAX_NS:
        ns = HISTOGRAM_MAX_NS
    h.counts[histogram_slot(ns)] += 1
    h.total += 1

cdef long long histogram_percentile(const Histogram* h, double percentile) noexcept nogil
cdef int histogram_levels(const Histogram* h, LatencyLevel* out) noexcept nogil
