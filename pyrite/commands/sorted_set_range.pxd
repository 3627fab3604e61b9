cdef enum:
    # What a command's name settles about its range; FREE lets the arguments settle it.
    KIND_FREE = -1
    DIRECTION_UP = 0
    DIRECTION_DOWN = 1
    DIRECTION_FREE = -1
