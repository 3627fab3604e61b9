cdef class KeySpec:
    cdef readonly int flags
    cdef readonly str notes
    cdef readonly str begin_search
    cdef readonly str keyword
    cdef readonly int start
    cdef readonly str find_keys
    cdef readonly int last
    cdef readonly int step
    cdef readonly int limit
    cdef readonly int count_index
    cdef readonly int first
    cdef readonly object finder


cdef class Argument:
    cdef readonly str name
    cdef readonly str type
    cdef readonly str display
    cdef readonly int key_spec_index
    cdef readonly str token
    cdef readonly str since
    cdef readonly str deprecated_since
    cdef readonly int flags
    cdef readonly tuple arguments
