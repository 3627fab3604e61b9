from libc.stddef cimport size_t

from pyrite.core.quicklist cimport QlAt, QuickList

cdef struct QlPlace:
    # Where an element stands, until the list changes.
    QlAt at
    Py_ssize_t position         # in the node's listpack

cdef bint ql_find(QuickList* ql, const char* p, Py_ssize_t n, QlPlace* place) noexcept nogil
cdef bint ql_insert(QuickList* ql, const QlPlace* place, const char* p, Py_ssize_t n, bint after) noexcept nogil
cdef bint ql_replace(QuickList* ql, size_t index, const char* p, Py_ssize_t n) noexcept nogil
cdef void ql_delete(QuickList* ql, size_t index, size_t count) noexcept nogil
cdef size_t ql_remove(QuickList* ql, const char* p, Py_ssize_t n, size_t most, bint reverse) noexcept nogil
cdef unsigned char* lp_remove(
    unsigned char* lp, const char* p, Py_ssize_t n, size_t most, bint reverse, size_t* removed
) noexcept nogil
