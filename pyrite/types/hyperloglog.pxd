from pyrite.core.entry cimport Entry
from pyrite.core.hll_registers cimport HLL_DENSE_SIZE
from pyrite.core.parser cimport Slice
from pyrite.keyspace.database cimport Database

cdef enum:
    SELF_TEST_ROUNDS = 200          # fillings of all registers
    SELF_TEST_ELEMENTS = 10000000

cdef struct HllTrial:
    # A value outside the keyspace, with as much room as a dense one takes.
    char p[HLL_DENSE_SIZE]
    Py_ssize_t n

cdef Slice hll_view(Entry* e)
cdef Slice hll_open(Database db, Slice key, Entry** e)
cdef Slice hll_create(Database db, Slice key, Entry** e)
cdef Slice hll_promote(Database db, Slice key, Entry** e)
cdef Slice hll_add_element(
    Database db, Slice key, Entry** e, Slice value, Slice element, Py_ssize_t max_bytes, bint* raised
)
cdef Slice hll_write(
    Database db, Slice key, Entry** e, Slice value, const unsigned char* registers, Py_ssize_t max_bytes
)
cdef bytes hll_self_test(Py_ssize_t max_bytes)
