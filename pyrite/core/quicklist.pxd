from libc.stddef cimport size_t
from libc.stdint cimport int16_t, uint8_t, uint16_t, uint32_t

cdef enum:
    # Kinds of nodes; the numbers are those of RDB files.
    QL_PLAIN = 1                # one element, its bare bytes
    QL_PACKED = 2               # a listpack

cdef enum:
    QL_CHUNK_NODES = 64         # nodes of a full chunk
    QL_SAFE_BYTES = 8192        # bytes of a node whose limit is a number of elements
    QL_LEVEL_BYTES = 4096       # bytes of a node at limit -1; each further one doubles them
    QL_LEVELS = 5
    QL_LIMIT_MAX = 32767        # the largest limit, and
    QL_DEPTH_MAX = 65535        # the largest depth, that a list keeps
    QL_OVERHEAD = 8             # what an element is reckoned to take besides its bytes
    QL_PLAIN_MIN = 1 << 30      # bytes from which on an element gets a plain node, unless set otherwise
    QL_FIRST_ROOM = 512         # bytes of a fresh node at the end of a list
    QL_LZF_MIN = 48             # bytes of a node below which compressing it is not tried
    QL_LZF_GAIN = 9             # bytes that compression has to save
    QL_PACKED_MAX = 0x7FFFFFFF  # bytes of a listpack: far more than any limit, far less than its format's end

cdef struct QlNode:
    unsigned char* data         # the listpack, the element, or a QlLzf
    size_t size                 # bytes of listpack or element, as they are without compression
    uint32_t count              # elements
    uint32_t room               # of a listpack: bytes of its block
    uint32_t before             # of a listpack: bytes of the block before it
    uint8_t kind
    uint8_t is_lzf

cdef struct QlLzf:
    size_t length               # of the compressed bytes, which follow

cdef struct QlChunk:
    QlNode* nodes
    size_t items                # elements in all nodes
    uint32_t count              # nodes
    uint32_t capacity

cdef struct QuickList:
    QlChunk* chunks             # the directory
    size_t count                # elements
    size_t nodes
    uint32_t used               # chunks
    uint32_t gap                # unused places before them in the directory's block, and
    uint32_t capacity           # all its places
    int16_t limit               # as list-max-listpack-size was when the list was made
    uint16_t depth              # nodes at each end that are not compressed; 0: none is

cdef struct QlAt:
    # Where a node stands, until nodes come or go before it. Behind the last one: its chunk, and how many are in it.
    Py_ssize_t chunk
    Py_ssize_t node

cdef inline QlNode* ql_node(const QuickList* ql, QlAt at) noexcept nogil:
    return &ql.chunks[at.chunk].nodes[at.node]

cdef inline QlNode* ql_edge(const QuickList* ql, bint front) noexcept nogil:
    """The first or the last node, NULL without one."""
    cdef QlChunk* chunk
    if ql.used == 0:
        return NULL
    if front:
        return ql.chunks[0].nodes
    chunk = &ql.chunks[ql.used - 1]
    return &chunk.nodes[chunk.count - 1]

cdef inline QlAt ql_edge_at(const QuickList* ql, bint front) noexcept nogil:
    """Where the first or the last node stands; there is one."""
    cdef QlAt at
    at.chunk = 0 if front else <Py_ssize_t>ql.used - 1
    at.node = 0 if front else <Py_ssize_t>ql.chunks[ql.used - 1].count - 1
    return at

cdef inline bint ql_forward(const QuickList* ql, QlAt* at) noexcept nogil:
    """Go to the next node; False, and `at` as it was, at the last one."""
    if at.node + 1 < <Py_ssize_t>ql.chunks[at.chunk].count:
        at.node += 1
        return True
    if at.chunk + 1 == <Py_ssize_t>ql.used:
        return False
    at.chunk += 1
    at.node = 0
    return True

cdef inline bint ql_back(const QuickList* ql, QlAt* at) noexcept nogil:
    """Go to the node before; False, and `at` as it was, at the first one."""
    if at.node == 0:
        if at.chunk == 0:
            return False
        at.chunk -= 1
        at.node = ql.chunks[at.chunk].count
    at.node -= 1
    return True

cdef inline bint ql_is_end(const QuickList* ql, QlAt at) noexcept nogil:
    """Tell whether there is no node at this place."""
    return ql.used == 0 or at.node == <Py_ssize_t>ql.chunks[at.chunk].count

cdef inline size_t ql_limit_bytes(long long limit) noexcept nogil:
    """Bytes of a node, where a negative limit gives a level of size."""
    return <size_t>QL_LEVEL_BYTES << (QL_LEVELS - 1 if limit < -QL_LEVELS else <int>(-limit - 1))

cdef inline bint ql_exceeds(long long limit, size_t size, size_t count) noexcept nogil:
    """Tell whether a listpack of so many bytes and elements is past the limit, which list-max-listpack-size gives."""
    if limit < 0:
        return size > ql_limit_bytes(limit)
    return size > QL_SAFE_BYTES or count > <size_t>(limit if limit else 1)

# Lists and their nodes
cdef QuickList* ql_new(long long limit, long long depth) noexcept nogil
cdef void ql_free(QuickList* ql) noexcept nogil
cdef QuickList* ql_copy(const QuickList* ql) noexcept nogil
cdef size_t ql_memory(const QuickList* ql) noexcept nogil
cdef size_t ql_bytes(const QuickList* ql) noexcept nogil
cdef bint ql_set_plain_min(size_t size) noexcept nogil
cdef bint ql_is_large(Py_ssize_t n) noexcept nogil
cdef bint ql_allows(const QuickList* ql, const QlNode* node, Py_ssize_t n) noexcept nogil
cdef QlNode* ql_insert_node(QuickList* ql, QlAt* at) noexcept nogil
cdef void ql_add_node(
    QuickList* ql, QlAt* at, unsigned char* data, size_t size, size_t count, int kind
) noexcept nogil
cdef void ql_unlink_node(QuickList* ql, QlAt* at) noexcept nogil
cdef void ql_remove_node(QuickList* ql, QlAt* at) noexcept nogil
cdef void ql_resize(QuickList* ql, QlAt at, unsigned char* lp, Py_ssize_t more) noexcept nogil
cdef QlAt ql_end(const QuickList* ql) noexcept nogil
cdef size_t ql_grown_room(const QuickList* ql, size_t wanted) noexcept nogil
cdef bint ql_make_room(const QuickList* ql, QlNode* node, size_t more, bint front) noexcept nogil
cdef void ql_settle(QlNode* node) noexcept nogil
cdef void ql_open(QlNode* node) noexcept nogil
cdef void ql_compress(QuickList* ql, QlAt at) noexcept nogil
cdef void ql_compress_ends(QuickList* ql) noexcept nogil

# What a snapshot needs
cdef bint ql_lzf(const QlNode* node, const char** p, size_t* n) noexcept nogil
cdef void ql_append_node(QuickList* ql, unsigned char* data, size_t size, size_t count, int kind) noexcept nogil
cdef bint ql_fits_listpack(const QuickList* ql, long long limit, bint shrinking) noexcept nogil
cdef unsigned char* ql_take_listpack(QuickList* ql) noexcept nogil
