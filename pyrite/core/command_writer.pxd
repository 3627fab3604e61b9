from libc.stddef cimport size_t
from libc.stdint cimport int64_t

from pyrite.core.listpack cimport LpValue
from pyrite.core.rdb_format cimport RdbWriter

cdef void put_command(RdbWriter* w, size_t argc) noexcept nogil
cdef void put_word(RdbWriter* w, const char* word) noexcept nogil
cdef void put_argument(RdbWriter* w, const char* p, size_t n) noexcept nogil
cdef void put_number(RdbWriter* w, int64_t number) noexcept nogil
cdef void put_double(RdbWriter* w, double number) noexcept nogil
cdef void put_element(RdbWriter* w, const LpValue* value) noexcept nogil
