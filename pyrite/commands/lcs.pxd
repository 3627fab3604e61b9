cdef enum:
    # Options of LCS.
    LCS_LEN = 1
    LCS_IDX = 2
    LCS_WITHMATCHLEN = 4
