"""Client: whoever sends commands and gets replies. `Connection` is one with a socket; others have none."""

import cython
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.state import GUARD_AUTH, ServerState

from pyrite.core.errors import DB_OUT_OF_RANGE, CommandError

INVALID_NAME = b"ERR Client names cannot contain spaces, newlines or special characters."

# What names may consist of, so that the fields of CLIENT LIST can be told apart: printable ASCII without the space.
_PRINTABLE = bytes(range(33, 127))

_LETTERS: tuple = (
    (CLIENT_CLOSE_AFTER_REPLY, "c"),
    (CLIENT_CLOSED, "A"),
    (CLIENT_UNIX_SOCKET, "U"),
    (CLIENT_NO_EVICT, "e"),
    (CLIENT_NO_TOUCH, "T"),
)


def is_printable(text: bytes) -> bool:
    """Tell whether a name or the like can be shown in CLIENT LIST."""
    return not text.translate(None, _PRINTABLE)


def valid_name(name: bytes) -> bytes:
    """A client's name, empty for none, as it is given; raises CommandError INVALID_NAME."""
    if not is_printable(name):
        raise CommandError(INVALID_NAME)
    return name


@cython.cclass
class Client:
    """The state that commands see and change: database, protocol, name, flags, and the reply being written."""

    def __init__(self, server: ServerState) -> None:
        self.server = server
        self.id = server.next_client_id
        server.next_client_id += 1
        self.db = server.keyspace.databases[0]
        self.reply = Reply()
        self.user = b"default"
        self.name = b""
        self.lib_name = b""
        self.lib_version = b""
        self.created_ms = server.keyspace.now_ms
        self.last_interaction_ms = self.created_ms
        self.require_password()

    def require_password(self) -> None:
        """Trust the client if the server asks for no password, else keep it from all commands but a few."""
        self.authenticated = self.server.password is None
        if self.authenticated:
            self.guards &= ~GUARD_AUTH
        else:
            self.guards |= GUARD_AUTH

    @cython.cfunc
    @cython.exceptval(check=False)
    def is_trusted(self) -> cython.bint:
        """Tell whether it may use the server: it has authenticated, or nobody has to."""
        return self.authenticated or self.server.password is None

    def trust(self) -> None:
        """The client has authenticated."""
        self.authenticated = True
        self.guards &= ~GUARD_AUTH

    @cython.ccall
    @cython.exceptval(-1, check=False)
    def select(self, index: cython.int) -> cython.int:
        """Use another database; raises CommandError DB_OUT_OF_RANGE."""
        if index < 0 or index >= len(self.server.keyspace.databases):
            raise CommandError(DB_OUT_OF_RANGE)
        self.db = self.server.keyspace.databases[index]
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def readable(self) -> cython.int:
        """The client's socket has something to read."""
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def writable(self) -> cython.int:
        """The client's socket takes bytes again."""
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def flush(self) -> cython.int:
        """Send what is written. A client without a socket keeps it until it is asked for."""
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def retry(self) -> cython.int:
        """Run the request that waits once more."""
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def go_on_later(self) -> cython.int:
        """The request that waited is done: at the end of this turn, send the reply and go on with the next one."""
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=False)
    def send_later(self) -> cython.int:
        """Send what is written at the end of this turn."""
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=False)
    def close(self) -> cython.int:
        """End the client at once, dropping what is not sent."""
        self.flags |= CLIENT_CLOSED
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=False)
    def close_after_reply(self) -> cython.int:
        """End the client once all that is written has been sent."""
        self.flags |= CLIENT_CLOSE_AFTER_REPLY
        return 0

    def reset(self) -> None:
        """Put it back to how it was when it came; the library's name and version stay."""
        self.select(0)
        self.reply.resp = 2
        self.name = b""
        self.user = b"default"
        self.require_password()
        self.flags &= ~(CLIENT_REPLY_OFF | CLIENT_REPLY_SKIP_NEXT | CLIENT_NO_TOUCH | CLIENT_NO_EVICT)

    def flag_letters(self) -> str:
        """What state it is in, as CLIENT LIST shows it."""
        letters: str = ""
        if self.output_class == CLASS_PUBSUB:
            letters += "P"
        if self.blocked is not None or self.flags & CLIENT_POSTPONED:
            letters += "b"
        for bit, letter in _LETTERS:
            if self.flags & bit:
                letters += letter
        return letters or "N"

    @property
    def is_idle(self) -> bool:
        """Tell whether the server may close it for being idle."""
        return self.blocked is None and not self.flags & CLIENT_POSTPONED
