from libc.stdint cimport uint32_t, uint64_t

cdef enum:
    GEO_STEPS = 26          # halvings of each coordinate in a stored position: 52 bits, which a double holds exactly
    GEOHASH_LENGTH = 11     # characters of the textual form
    COVER_MAX = 9

cdef enum:
    CELL_LEFT_OUT = -1      # the steps of a cell of a cover that nothing can lie in

cdef struct GeoPosition:
    double longitude
    double latitude

cdef struct GeoBox:
    double west
    double south
    double east
    double north

cdef struct GeoCell:
    uint32_t x              # column, counted from the west
    uint32_t y              # row, counted from the south
    int steps               # there are 2**steps columns and as many rows

cdef struct GeoShape:
    bint is_box
    GeoPosition center
    double radius_m         # of a circle
    double width_m          # of a box
    double height_m

cdef bint geo_is_valid(GeoPosition p) noexcept nogil
cdef uint64_t geo_encode(GeoPosition p) noexcept nogil
cdef GeoPosition geo_decode(double score) noexcept nogil
cdef void geo_text(GeoPosition p, char* out) noexcept nogil
cdef double geo_distance_m(GeoPosition a, GeoPosition b) noexcept nogil
cdef bint geo_within(const GeoShape* shape, GeoPosition p, double* distance_m) noexcept nogil
cdef void geo_cover(const GeoShape* shape, GeoCell* cells) noexcept nogil
cdef uint64_t cell_start(GeoCell cell) noexcept nogil
cdef uint64_t cell_end(GeoCell cell) noexcept nogil
