cdef enum:
    # Operations of BITFIELD.
    FIELD_GET = 0
    FIELD_SET = 1
    FIELD_INCRBY = 2

cdef enum:
    FIELD_SIGNED_MAX = 64
    FIELD_UNSIGNED_MAX = 63     # so that every value fits a reply's signed integer

cdef struct FieldOperation:
    int kind
    int overflow        # of this operation and those that follow
    int width           # bits
    bint signed_
    long long offset    # bits
    long long value     # of SET and INCRBY

cdef struct Range:
    # The part of a string that BITCOUNT and BITPOS look at, in bits, half-open; empty where start >= end.
    long long start
    long long end
