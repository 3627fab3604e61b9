from pyrite.core.lua cimport LuaState

cdef extern from "<math.h>" nogil:
    double floor(double v)
    bint isnan(double v)
    bint isinf(double v)

cdef int json_encode(LuaState* L) noexcept nogil
