from libc.stddef cimport size_t

from pyrite.core.stream_store cimport Stream

cdef enum:
    ID_BYTES = 16
    STREAM_NODES_SAMPLE = 4096      # blocks that stream_radix_nodes looks at

cdef size_t stream_radix_nodes(const Stream* s) noexcept nogil
