cdef struct RestoreOptions:
    bint replace
    bint absolute           # the time to live is a Unix time
    long long idle_s        # -1: not given
    long long frequency     # the LFU counter; -1: not given
