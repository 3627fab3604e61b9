from pyrite.core.parser cimport Slice
from pyrite.core.stream_group cimport StreamConsumer, StreamGroup
from pyrite.core.stream_id cimport StreamID
from pyrite.core.stream_store cimport Stream
from pyrite.engine.client cimport Client

cdef int propagate_consumer(Client client, Slice key, StreamGroup* g, StreamConsumer* consumer) except -1
cdef int propagate_claim(
    Client client, Slice key, StreamGroup* g, StreamConsumer* consumer, StreamID id
) except -1
cdef int propagate_gone(Client client, Slice key, StreamGroup* g, StreamID id) except -1
cdef int propagate_position(Client client, Slice key, StreamGroup* g) except -1
cdef int propagate_reading(
    Client client, Slice key, Stream* s, StreamGroup* g, StreamConsumer* consumer, StreamID before, bint noack
) except -1
