"""Replies that are as long as the client asks, whatever the data: so many random elements, with repetitions.

Their handlers look every LOOK_EACH elements whether to go on: a client whose limit is overrun is closed after the
command anyway, and one without a limit may not fill the memory either.
"""

import cython
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.client import CLIENT_CLOSED, Client


@cython.cfunc
@cython.exceptval(-1, check=False)
def reply_goes_on(client: Client) -> cython.bint:
    """Tell whether to write more of a reply. If not, the client is closed now, or by its limit after the command."""
    reply: Reply = client.reply
    waiting: cython.Py_ssize_t = reply.n - reply.sent
    limits: tuple = client.server.output_limits
    hard: cython.Py_ssize_t = limits[client.output_class][0]
    if client.flags & CLIENT_CLOSED or (hard and waiting >= hard):
        return False
    if waiting < REPLY_MAX:
        return True
    client.server.log_warning(f"Closing client {client.id}: it asked for more random elements than a reply may hold.")
    client.close()
    return False
