from pyrite.core.listpack cimport LpValue
from pyrite.core.parser cimport Slice
from pyrite.core.reply cimport Reply
from pyrite.engine.client cimport Client
from pyrite.types.sorted_set cimport ZsetIterator, zset_next

cdef enum:
    SCORES_HELD = 32        # so many scores of a request stand on the stack
    ZADD_CH = 32            # of ZADD's options, the one that is no business of the sorted set's

cdef inline void put_member(Reply reply, const LpValue* member) noexcept:
    """A bulk string of a member."""
    if member.text != NULL:
        reply.put_bulk(member.text, member.length)
    else:
        reply.put_bulk_integer(member.number)

cdef inline void put_pair(Reply reply, const LpValue* member, double score, bint nested) noexcept:
    """A member and its score, as an array of both or one after the other."""
    if nested:
        reply.array(2)
    put_member(reply, member)
    reply.double(score)

cdef inline void put_members(Reply reply, ZsetIterator* it, size_t count, bint scores) noexcept:
    """An array of the next members; with their scores, in RESP3 as pairs, in RESP2 one after the other."""
    cdef LpValue member
    cdef double score = 0
    reply.array(count * 2 if scores and reply.resp == 2 else count)
    while count:
        count -= 1
        if scores:
            zset_next(it, &member, &score)
            put_pair(reply, &member, score, reply.resp > 2)
        else:
            zset_next(it, &member, NULL)
            put_member(reply, &member)

cdef int add_pairs(
    Client client, Slice* members, Py_ssize_t step, double* scores, Py_ssize_t pairs, int flags
) except -1
