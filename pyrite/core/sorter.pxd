from libc.stddef cimport size_t
from libc.stdint cimport uint64_t

from pyrite.core.entry cimport Blob
from pyrite.core.listpack cimport LpValue
from pyrite.core.parser cimport Slice

cdef extern from "<locale.h>" nogil:
    char* setlocale(int category, const char* locale)
    int LC_COLLATE

cdef extern from "<string.h>" nogil:
    int strcoll(const char* a, const char* b)

cdef enum:
    RUN = 12            # items that are sorted by insertion before runs are merged
    RADIX_MIN = 500     # so many keys are sorted faster by their bytes than by comparing them
    DIGITS = 24         # room for an integer's text

cdef enum:
    DOUBLE_SIGN = 0x8000000000000000ULL

cdef enum:
    PATTERN_NONE = 0    # names nothing: there is no `*` in it
    PATTERN_SELF = 1    # `#`: the element itself
    PATTERN_KEY = 2
    PATTERN_FIELD = 3   # a field of a hash

cdef struct SortItem:
    LpValue element
    const char* text    # what it is sorted by as text; NULL where there is nothing
    Py_ssize_t length

cdef struct SortKey:
    uint64_t key        # decides where two differ: the number, or some bytes of the text
    SortItem* item

cdef struct Sorter:
    SortItem* items
    SortKey* keys
    SortKey* spare      # as many, for merging
    char* digits        # DIGITS bytes for each item, NULL until a text of an integer is needed
    Blob* copies        # the texts ended by zero bytes, for a collation that is not by bytes
    size_t capacity
    size_t count
    bint by_text
    bint descending
    bint collates

cdef struct SortPattern:
    int kind
    Slice prefix        # of the key's name, before the element
    Slice suffix
    Slice field
    Blob* name          # the name made last

cdef bint sorter_open(Sorter* s, size_t capacity, bint by_text, bint descending, bint collates) noexcept nogil
cdef void sorter_close(Sorter* s) noexcept nogil
cdef void sorter_add(Sorter* s, const LpValue* element) noexcept nogil
cdef void sorter_set_number(Sorter* s, size_t i, double number) noexcept nogil
cdef bint sorter_set_text(Sorter* s, size_t i, const LpValue* text) noexcept nogil
cdef bint sorter_sort(Sorter* s) noexcept nogil
cdef bint sort_number(const LpValue* value, double* number) noexcept nogil
cdef void pattern_parse(SortPattern* pattern, Slice text) noexcept nogil
cdef bint pattern_name(SortPattern* pattern, const LpValue* element, Slice* name) noexcept nogil
cdef void pattern_close(SortPattern* pattern) noexcept nogil
