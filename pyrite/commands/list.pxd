from libc.stddef cimport size_t

from pyrite.core.entry cimport Entry
from pyrite.core.listpack cimport LpValue
from pyrite.core.parser cimport Slice
from pyrite.core.reply cimport Reply
from pyrite.keyspace.database cimport Database

cdef struct ListRange:
    size_t start
    size_t count

cdef struct ListSearch:
    # What LPOS is told, and what follows from it.
    long long rank
    long long count         # as given, -1 where it is not: the reply is then no array
    long long most          # elements that are compared, 0 for all
    long long skip          # matches that are passed over
    long long wanted        # matches that are replied
    bint reverse

cdef void reply_value(Reply reply, LpValue* value) noexcept
cdef int reply_popped(Reply reply, Entry* e, size_t count, bint front) except -1
cdef int after_pop(Database db, Slice name, Entry* e, size_t count, bint front) except -1
