from libc.stddef cimport size_t
from libc.stdint cimport uint64_t

from pyrite.core.listpack cimport LpValue
from pyrite.core.quicklist cimport QlAt, QlNode, QuickList
from pyrite.core.reply cimport Reply

cdef enum:
    QL_SCRATCH_KEPT = 1 << 20   # a larger buffer for reading compressed nodes is freed after use

cdef struct QlIterator:
    QuickList* list
    QlAt at
    const unsigned char* data   # of the node, not compressed
    Py_ssize_t position         # of the next element in it, LP_NONE at its end
    uint64_t stamp              # of the scratch buffer, where the node had to be decompressed into it
    bint reverse

cdef bint ql_push(QuickList* ql, const char* p, Py_ssize_t n, bint front) noexcept nogil
cdef void ql_peek(const QuickList* ql, bint front, LpValue* value) noexcept nogil
cdef void ql_drop(QuickList* ql, bint front) noexcept nogil
cdef Py_ssize_t ql_seek(const QuickList* ql, size_t index, QlAt* at) noexcept nogil
cdef void ql_iterate(QuickList* ql, QlIterator* it, size_t index, bint reverse) noexcept nogil
cdef bint ql_next(QlIterator* it, LpValue* value) noexcept nogil
cdef const unsigned char* ql_read(const QlNode* node, uint64_t* stamp) noexcept nogil
cdef void ql_read_done(uint64_t stamp) noexcept nogil
cdef void ql_reply(QuickList* ql, Reply reply, size_t index, size_t count) noexcept
