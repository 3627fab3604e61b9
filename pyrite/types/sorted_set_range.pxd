from libc.stddef cimport size_t

from pyrite.core.entry cimport Entry
from pyrite.core.parser cimport Slice

cdef enum:
    # What a range is of
    RANGE_RANK = 0
    RANGE_SCORE = 1
    RANGE_LEX = 2

cdef enum:
    # Where a bound of a range of members stands
    LEX_LOWEST = -1         # before all members
    LEX_MEMBER = 0
    LEX_HIGHEST = 1         # behind all members

cdef struct LexBound:
    int place
    bint open               # the member itself is left out
    Slice member

cdef struct ZsetRange:
    int kind
    int reverse             # 1: counted, and answered, from the highest down
    long long first         # ranks, negative from the end
    long long last
    double low              # scores
    double high
    bint low_open
    bint high_open
    LexBound low_member     # members
    LexBound high_member
    long long offset        # so many are passed over; a negative number passes over all
    long long limit         # no more than so many; negative: all

cdef struct ZsetSpan:
    # What a range comes to: neighbours, counted from the lowest
    size_t rank
    size_t count

cdef int parse_score_bound(Slice text, double* score, bint* open) except -1
cdef bint parse_lex_bound(Slice text, LexBound* bound) noexcept nogil
cdef ZsetSpan zset_span(Entry* e, const ZsetRange* r) noexcept nogil
