"""DEBUG: the subcommands that tests and operators use."""

import cython
from cython.cimports.pyrite.core.parser import Args
from cython.cimports.pyrite.engine.client import Client

from pyrite.engine.command import command
from pyrite.engine.declare import (
    ADMIN,
    LOADING,
    NOSCRIPT,
    PROTECTED,
    SERVER,
    STALE,
    SYSCMD,
)


@command(
    "DEBUG",
    arity=-2,
    flags=ADMIN | NOSCRIPT | LOADING | STALE | PROTECTED,
    group=SERVER,
    since="1.0.0",
    complexity="Depends on the subcommand.",
    doc_flags=SYSCMD,
)
def debug(client: Client, args: Args) -> None:
    """Look into the server and provoke rare states, for tests and operators."""
    raise NotImplementedError
