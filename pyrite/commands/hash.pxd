from pyrite.core.listpack cimport LpValue
from pyrite.core.reply cimport Reply

cdef void put_value(Reply reply, LpValue* value) noexcept
