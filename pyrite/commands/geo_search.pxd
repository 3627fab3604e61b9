from pyrite.core.geohash cimport GeoShape

cdef enum:
    # What a search may be told, by its command
    SEARCH_GEORADIUS = 1        # GEORADIUS and its kin: the area stands before the options
    SEARCH_BY_MEMBER = 2        # of these, around a member
    SEARCH_MAY_STORE = 4        # of these, with STORE and STOREDIST
    SEARCH_STORES = 8           # GEOSEARCHSTORE

cdef enum:
    # What is known of the area
    AREA_MEMBER = 1
    AREA_POSITION = 2
    AREA_CIRCLE = 4
    AREA_BOX = 8

cdef struct SearchRequest:
    int form
    int area                # which parts of it have been told
    GeoShape shape
    double unit_m
    bint with_distance
    bint with_hash
    bint with_position
    bint any
    int order
    long long count         # 0: all
    Py_ssize_t target       # the index of the key to store in; 0: none
    bint stores_distance
