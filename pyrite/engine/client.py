"""Client: whoever sends commands and gets replies. `Connection` is one with a socket; others have none."""

import cython
from cython.cimports.libc.stdint import uint32_t
from cython.cimports.pyrite.core.parser import Args
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.command import Command
from cython.cimports.pyrite.engine.state import GUARD_AUTH, GUARD_MONITOR, GUARD_MULTI, ServerState
from cython.cimports.pyrite.keyspace.database import Watches

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


@cython.final
@cython.cclass
class Transaction:
    """The commands that a client has queued since MULTI."""

    def __cinit__(self) -> None:
        self.commands = []
        self.requests = []


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

    # Transactions

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def begin(self) -> cython.int:
        """MULTI: queue commands from now on."""
        self.transaction = Transaction()
        self.guards |= GUARD_MULTI
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def queue(self, command: Command) -> cython.int:
        """Add the request that was just received to the transaction. Raises MemoryError."""
        transaction: Transaction = self.transaction
        held: Args = Args()
        if not held.hold(self.args):
            raise MemoryError
        transaction.commands.append(command)
        transaction.requests.append(held)
        transaction.flags |= command.flags
        transaction.bytes_total += held.bytes_total
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def discard(self) -> cython.int:
        """End the transaction, if there is one, and watch no keys any more."""
        self.transaction = None
        self.guards &= ~GUARD_MULTI
        if self.watches is not None:
            self.watches.clear()
        return 0

    def watch(self, key: bytes) -> None:
        """Let the next transaction fail if this key changes before."""
        if self.watches is None:
            self.watches = Watches()
        self.db.watch(key, self.watches)

    # Messages that no request asked for

    @cython.ccall
    @cython.exceptval(-1, check=False)
    def push(self, message: bytes) -> cython.int:
        """Send a message. While the client's own command runs, it waits until the reply is written."""
        if self.args is not None:
            if self.pushes is None:
                self.pushes = []
            self.pushes.append(message)
            return 0
        self.reply.raw(message)
        if self.reply.n - self.reply.sent > PUSHES_WAITING:
            return self.flush()
        return self.send_later()

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def flush_pushes(self) -> cython.int:
        """The command is done: write the messages that came meanwhile."""
        pushes: list = self.pushes
        message: bytes
        self.pushes = None
        for message in pushes:
            self.reply.raw(message)
        return self.send_later()

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def ready(self, events: uint32_t) -> cython.int:
        """The client's socket is ready for what these bits of epoll say."""
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
        self.discard()
        self.server.forget_client(self)
        self.reply.resp = 2
        self.name = b""
        self.user = b"default"
        self.require_password()
        self.flags &= ~(CLIENT_REPLY_OFF | CLIENT_REPLY_SKIP_NEXT | CLIENT_NO_TOUCH | CLIENT_NO_EVICT | CLIENT_MONITOR)
        self.guards &= ~GUARD_MONITOR

    def flag_letters(self) -> str:
        """What state it is in, as CLIENT LIST shows it."""
        letters: str = "O" if self.flags & CLIENT_MONITOR else ""
        if self.output_class == CLASS_PUBSUB:
            letters += "P"
        if self.transaction is not None:
            letters += "x"
        if self.blocked is not None or self.flags & CLIENT_POSTPONED:
            letters += "b"
        if self.tracking is not None:
            letters += "t"
            if self.tracking.broken_redirect:
                letters += "R"
            if self.tracking.broadcast:
                letters += "B"
        if self.watches is not None and self.watches.touched:
            letters += "d"
        for bit, letter in _LETTERS:
            if self.flags & bit:
                letters += letter
        return letters or "N"

    @property
    def is_idle(self) -> bool:
        """Tell whether the server may close it for being idle: not one that waits for us or listens."""
        listens: cython.bint = self.output_class == CLASS_PUBSUB or self.flags & CLIENT_MONITOR != 0
        return self.blocked is None and not listens and not self.flags & CLIENT_POSTPONED
