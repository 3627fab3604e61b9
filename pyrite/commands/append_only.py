"""The command of the append-only file."""

from cython.cimports.pyrite.core.parser import Args
from cython.cimports.pyrite.engine.client import Client

from pyrite.engine.command import command
from pyrite.engine.declare import ADMIN, NO_ASYNC_LOADING, NOSCRIPT, SERVER


@command(
    "BGREWRITEAOF",
    arity=1,
    flags=ADMIN | NOSCRIPT | NO_ASYNC_LOADING,
    group=SERVER,
    since="1.0.0",
    complexity="O(1)",
)
def bgrewriteaof(client: Client, args: Args) -> None:
    """Have a child write the append-only file anew, as short as the dataset allows."""
    client.reply.simple(client.server.rewrite_log())
