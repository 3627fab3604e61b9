from pyrite.engine.client cimport Client

cdef enum:
    LOOK_EACH = 1024            # elements between two looks at how much waits
    REPLY_MAX = 1 << 30         # bytes that one drawn reply may make wait where no limit is set

cdef bint reply_goes_on(Client client) except -1
