from pyrite.core.entry cimport Entry
from pyrite.core.listpack cimport LpValue
from pyrite.core.reply cimport Reply

cdef inline void put_value(Reply reply, const LpValue* value) noexcept:
    """A bulk string of what an iterator handed out."""
    if value.text == NULL:
        reply.put_bulk_integer(value.number)
    else:
        reply.put_bulk(value.text, value.length)

cdef void put_members(Reply reply, Entry* e) noexcept
