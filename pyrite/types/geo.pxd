from libc.stddef cimport size_t

from pyrite.core.entry cimport Entry
from pyrite.core.geohash cimport GeoPosition, GeoShape
from pyrite.core.listpack cimport LpValue

cdef enum:
    ORDER_NONE = 0          # as they are met
    ORDER_NEAREST = 1
    ORDER_FARTHEST = 2

cdef struct GeoFound:
    # A member that lies in an area
    LpValue member          # valid until the set changes
    double score
    double distance_m
    GeoPosition position
    size_t met              # how many were met before

cdef struct GeoFinds:
    GeoFound* items
    size_t count
    size_t capacity

cdef void finds_init(GeoFinds* finds) noexcept nogil
cdef void finds_free(GeoFinds* finds) noexcept nogil
cdef void geo_search(Entry* e, const GeoShape* shape, size_t limit, GeoFinds* finds) noexcept nogil
cdef void finds_sort(GeoFinds* finds, int order, size_t wanted) noexcept nogil
