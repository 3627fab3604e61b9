from libc.stddef cimport size_t

from pyrite.core.entry cimport Entry
from pyrite.core.listpack cimport LpValue
from pyrite.types.set cimport Member

cdef enum:
    TO_REPLY = 1
    TO_COUNT = 2
    TO_SET = 3

cdef enum:
    UNION_RATIO = 4     # so many look-ups cost as much as a member of a set that is being built

cdef enum:
    BATCH = 16          # members looked up together

cdef struct Batch:
    # The next members of a walk, in both forms.
    LpValue values[BATCH]
    Member members[BATCH]
    size_t count

cdef struct Result:
    # Where the members of a result go.
    int kind
    long long count
    long long limit         # at most so many are counted; 0: all
    Entry* target           # the set that is built
    bint only_integers      # so far
