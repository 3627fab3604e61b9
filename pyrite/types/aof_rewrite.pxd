cdef enum:
    REWRITE_ITEMS = 64      # elements of a collection that one command adds
