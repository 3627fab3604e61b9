cdef enum:
    # Options of SET and GETEX. Two different ones of a group contradict each other; the same one twice does not.
    OPTION_NX = 1
    OPTION_XX = 2
    OPTION_GET = 4
    OPTION_KEEPTTL = 8
    OPTION_PERSIST = 16
    OPTION_EX = 32
    OPTION_PX = 64
    OPTION_EXAT = 128
    OPTION_PXAT = 256

cdef enum:
    OPTIONS_TIMED = 32 | 64 | 128 | 256     # those that a number follows
    GROUP_CONDITION = 1 | 2
    GROUP_LIFETIME = 8 | 16 | 32 | 64 | 128 | 256
    OPTIONS_OF_SET = 1 | 2 | 4 | 8 | 32 | 64 | 128 | 256
    OPTIONS_OF_GETEX = 16 | 32 | 64 | 128 | 256
    OPTION_COUNT = 9

cdef struct OptionRow:
    const char* word
    int bit
    int group
