from pyrite.engine.client cimport Client
from pyrite.engine.state cimport ServerState

cdef enum:
    # The three kinds of subscription, which are tables of their own.
    SUBSCRIBE_CHANNEL = 0
    SUBSCRIBE_PATTERN = 1
    SUBSCRIBE_SHARD = 2

cdef class Subscriptions:
    cdef readonly dict channels         # names, in order of subscription
    cdef readonly dict patterns
    cdef readonly dict shards

    cdef dict of_kind(self, int kind)

cdef class PubSub:
    cdef ServerState server
    cdef readonly dict channels         # by name: its subscribers by client id, in order of subscription
    cdef readonly dict patterns
    cdef readonly dict shards
    cdef public int notify_flags        # event classes of notify-keyspace-events

    cdef dict of_kind(self, int kind)
    cpdef bint subscribe(self, Client client, int kind, bytes name) except -1
    cpdef bint unsubscribe(self, Client client, int kind, bytes name) except -1
    cpdef long long publish(self, bytes channel, bytes message) except -1
    cpdef long long publish_shard(self, bytes channel, bytes message) except -1
