"""Replay: the commands of a log, run again.

The dataset is built from what the commands do, so nobody is asked whether they may run, no statistics count them, and
no time passes: a key whose time has come stays until the log deletes it.
"""

import cython
from cython.cimports.pyrite.core.parser import PARSE_DONE, PARSE_MORE, Args
from cython.cimports.pyrite.engine.client import CLIENT_DENY_BLOCKING, Client
from cython.cimports.pyrite.engine.command import Command, lookup_command
from cython.cimports.pyrite.engine.state import ServerState

from pyrite.core.errors import CommandError

_ENDS = frozenset({"exec", "discard"})


class ReplayError(Exception):
    """The log does not hold what it should; `args` says what, and `at` where, in bytes from its beginning."""

    at = 0

    def __init__(self, text: str, at: int) -> None:
        super().__init__(text)
        self.at = at


class UnknownCommandError(ReplayError):
    """The log has a command that there is none of, as one that a later version has written."""


@cython.final
@cython.cclass
class ReplayClient(Client):
    """Runs the commands of a log."""


@cython.final
@cython.cclass
class Replay:
    """One log, given piece by piece; its first command stands at byte `start`.

    `whole` is how far it could be cut off without losing half of anything: it counts no transaction that has begun.
    """

    client: ReplayClient
    parser: Args
    whole = cython.declare(object, visibility="readonly")
    commands = cython.declare(object, visibility="readonly")

    def __init__(self, server: ServerState, start: int = 0) -> None:
        self.client = ReplayClient(server)
        self.client.flags |= CLIENT_DENY_BLOCKING
        self.client.trust()
        self.parser = Args()
        self.whole = start
        self.commands = 0

    @property
    def in_transaction(self) -> bool:
        """Tell whether a transaction has begun and not ended."""
        return self.client.transaction is not None

    def run(self, data: bytes, base: int, left: int, limit: cython.Py_ssize_t) -> int:
        """Run the commands that are whole in `data`, until about `limit` bytes of it are through.

        `data` begins `base` bytes into the log, which has `left` bytes from there on. Returns the bytes that are
        through. Raises ReplayError at what is no command; the server may know it for the beginning of one.
        """
        p: cython.p_char = data
        n: cython.Py_ssize_t = len(data)
        at: cython.Py_ssize_t = 0
        end: cython.Py_ssize_t
        status: cython.int
        args: Args = self.parser
        while at < n and at < limit:
            if p[at] == b"#":
                end = data.find(b"\n", at)
                if end < 0:
                    break
                at = end + 1
            else:
                if p[at] != b"*":
                    raise ReplayError("what stands there is no command", base + at)
                status = args.parse(p, n, at, left - at, True)
                if status == PARSE_MORE:
                    args.reset()
                    break
                if status != PARSE_DONE:
                    args.reset()
                    raise ReplayError("what stands there is no command", base + at)
                end = args.position
                if args.argc:
                    self._run(args, base + at)
                args.reset()
                at = end
            if self.client.transaction is None:
                self.whole = base + at
        return at

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _run(self, args: Args, at: object) -> cython.int:
        client: ReplayClient = self.client
        client.args = args
        command: Command = lookup_command(args)
        if command is None:
            raise UnknownCommandError(f"Unknown command '{args[0][:128].decode('utf-8', 'backslashreplace')}'", at)
        if (command.arity > 0 and command.arity != args.argc) or args.argc < -command.arity:
            raise ReplayError(f"wrong number of arguments for '{command.name}'", at)
        self.commands += 1
        if client.transaction is not None and command.name not in _ENDS:
            client.queue(command)
            return 0
        client.last_command = command
        errors: cython.long = client.reply.errors
        try:
            command.handler(client, args)
        except CommandError as error:
            client.reply.error(error.wire)
        if client.reply.errors != errors:
            self._report(command)
        client.reply.release()
        client.args = None
        return 0

    def _report(self, command: Command) -> None:
        """A command that succeeded when it was logged has failed now. The rest of the log is still worth having."""
        text = self.client.reply.last_error.decode("utf-8", "backslashreplace")
        self.client.server.log_warning(
            f"== CRITICAL == The append only file holds a command that fails: '{text}' after processing the "
            f"command '{command.name}'"
        )
