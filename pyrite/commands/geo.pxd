from pyrite.core.geohash cimport GeoPosition
from pyrite.core.parser cimport Args
from pyrite.core.reply cimport Reply

cdef int parse_position(Args args, Py_ssize_t i, GeoPosition* p) except -1
cdef double parse_unit(Args args, Py_ssize_t i) except -1
cdef void put_distance(Reply reply, double distance) noexcept
cdef void put_position(Reply reply, GeoPosition p) noexcept
