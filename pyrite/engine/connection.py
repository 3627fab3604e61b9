"""Connection: a client with a socket.

The poller says when the socket has something to read. It is read into a buffer that all connections share; requests are
parsed and run right there, and the replies go out with one send(2) straight from the reply buffer. So a connection that
is idle between whole requests owns no buffer at all.

Only what is incomplete is kept: the tail of a request moves into a buffer of the connection's own, which the next read
goes to, and the parser goes on where it stopped. When the socket is full, the rest of the replies stays in the reply
buffer until the poller says that the socket takes more.

A client that never reads, sends garbage, dribbles, or vanishes therefore costs what it has sent or been sent, up to
client-query-buffer-limit and client-output-buffer-limit, and nobody else's time.
"""

import socket

import cython
from cython.cimports.cpython.bytes import PyBytes_FromStringAndSize
from cython.cimports.libc.errno import EAGAIN, EINTR, errno
from cython.cimports.libc.stdint import int64_t, uint32_t
from cython.cimports.libc.string import memcpy, memmove, strerror
from cython.cimports.posix.unistd import close as close_descriptor
from cython.cimports.pyrite.core.clock import clock_ns
from cython.cimports.pyrite.core.memory import mem_free, mem_try_alloc, mem_try_realloc
from cython.cimports.pyrite.core.parser import PARSE_DONE, PARSE_ERROR, PARSE_MORE, Args
from cython.cimports.pyrite.core.reply import REPLY_CHUNK, Reply
from cython.cimports.pyrite.engine.client import (
    CLIENT_CLOSE_AFTER_REPLY,
    CLIENT_CLOSED,
    CLIENT_POSTPONED,
    CLIENT_REPLY_OFF,
    CLIENT_REPLY_SKIP,
    CLIENT_UNIX_SOCKET,
    Client,
)
from cython.cimports.pyrite.engine.dispatch import EXECUTED, POSTPONED, process_command
from cython.cimports.pyrite.engine.poller import (
    EPOLLERR,
    EPOLLET,
    EPOLLHUP,
    EPOLLIN,
    EPOLLOUT,
    EPOLLPRI,
    EPOLLRDHUP,
    Poller,
)
from cython.cimports.pyrite.engine.state import READ_BUFFER, ServerState

SEND_FLAGS = cython.declare(cython.int, MSG_NOSIGNAL | MSG_DONTWAIT)
# With these there is more to read than the bytes up to here: the end, or what stands behind an urgent byte.
READ_ON = cython.declare(uint32_t, EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI)
CLOSING = cython.declare(cython.int, CLIENT_CLOSED | CLIENT_CLOSE_AFTER_REPLY)


@cython.cfunc
@cython.inline
@cython.exceptval(-1, check=False)
def _run(client: Connection, args: Args) -> cython.int:
    """Run one request; see `process_command`. An empty one does nothing, but CLIENT REPLY SKIP counts it."""
    if args.argc == 0:
        client.flags &= ~CLIENT_REPLY_SKIP
        return EXECUTED
    client.args = args
    status: cython.int = process_command(client)
    client.args = None
    if client.pushes is not None:
        client.flush_pushes()
    if client.server.running is not None:
        client.server.running = None
    return status


@cython.cfunc
@cython.inline
@cython.exceptval(-1, check=False)
def _goes_on(client: Connection) -> cython.int:
    """Between two requests of one read: tell whether to run the next one."""
    server: ServerState = client.server
    if client.flags & CLOSING:
        return 0
    if client.reply.n - client.reply.sent > FLUSH_AT:
        client._flush_early()
    if server.now_ns - server.ticked_ns > TICK_NS:
        server.tick()
    return not client.flags & CLIENT_CLOSED


@cython.final
@cython.cclass
class Connection(Client):
    """One connected client. It owns its socket's descriptor, and is alive while `server.clients` names it."""

    def __init__(self, server: ServerState, fd: cython.int, peer: str, is_unix: cython.bint = False) -> None:
        server.tick()
        Client.__init__(self, server)
        self.fd = fd
        self.peer = peer
        self.is_unix = is_unix
        if is_unix:
            self.flags |= CLIENT_UNIX_SOCKET

    def __dealloc__(self) -> None:
        if self.own != cython.NULL:
            mem_free(self.own, self.own_capacity)
        if self.fd >= 0:
            close_descriptor(self.fd)

    def open(self, poller: Poller) -> None:
        """Become a client of the server, or be told why not and be closed."""
        server: ServerState = self.server
        refusal = server.admit(self)
        if refusal is None:
            server.connections_received += 1
            poller.add(self.fd, self, self._interest())
            self.poller = poller
            server.clients[self.id] = self
            return
        server.rejected_connections += 1
        self.reply.error(refusal)
        send(self.fd, self.reply.buf, self.reply.n, SEND_FLAGS)
        self.close()

    @cython.cfunc
    @cython.exceptval(check=False)
    def _interest(self) -> uint32_t:
        """What the poller is to tell of.

        Of a unix socket as long as it lasts: there a read can end before what has come does, where a sender has let
        a descriptor go along.
        """
        events: uint32_t = EPOLLIN | EPOLLPRI | EPOLLRDHUP
        if not self.is_unix:
            events |= EPOLLET
        if self.writing:
            events |= EPOLLOUT
        return events

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def ready(self, events: uint32_t) -> cython.int:
        """Read once, run the requests that are complete now, and see to it that the replies are sent.

        The poller tells of a change once, so it is asked to tell again what is left to read or can be sent later.
        """
        again: cython.bint = False
        if events & ~EPOLLOUT and not self.flags & CLIENT_CLOSED:
            # What a client sent before it hung up is answered before the end is read.
            again = self._read() or events & READ_ON
        if events & EPOLLOUT and self.writing and not self.flags & CLIENT_CLOSED:
            if self.args is not None:
                again = True
            else:
                self._send()
                again = again or not self.writing
        if again and not self.flags & CLIENT_CLOSED:
            self.poller.watch(self.fd, self, self._interest())
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _read(self) -> cython.int:
        """Read once and run the requests that are complete now; tell whether there may be more to read."""
        room: cython.Py_ssize_t = 0
        if self.busy:
            return 1
        p: cython.p_char = self._room(cython.address(room))
        n: cython.Py_ssize_t = recv(self.fd, p, room, MSG_DONTWAIT)
        if n > 0:
            self._received(n)
            return n == room
        if n == 0:
            return self.close()
        if errno == EINTR:
            return 1
        if errno != EAGAIN:
            reason: bytes = strerror(errno)
            self.server.log_verbose(f"Reading from client: {reason.decode()}")
            self.close()
        return 0

    @cython.cfunc
    def _room(self, room: cython.pointer[cython.Py_ssize_t]) -> cython.p_char:
        """Where the next bytes go: the shared buffer, or behind what is kept of an incomplete request."""
        args: Args = self.partial
        if args is not None and args.big != cython.NULL:
            p: cython.p_char = args.big_room(room)
            if p == cython.NULL:
                raise MemoryError
            return p
        if self.own == cython.NULL or self.flags & CLOSING:
            room[0] = READ_BUFFER
            return self.server.read_buffer
        self._grow_own(OWN_BUFFER_ROOM)
        room[0] = self.own_capacity - self.own_length
        return self.own + self.own_length

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _received(self, n: cython.Py_ssize_t) -> cython.int:
        """Take so many bytes as read."""
        server: ServerState = self.server
        server.now_ns = clock_ns()
        server.net_input_bytes += n
        server.reads_processed += 1
        self.last_interaction_ms = server.keyspace.now_ms
        if self.flags & CLOSING:
            return 0
        args: Args = self.partial
        if (args is not None or self.transaction is not None) and self._asks_too_much(n):
            return 0
        self.busy = True
        if args is None:
            self._process_input(server.read_buffer, n)
        elif args.big != cython.NULL:
            if args.big_filled(n):
                self.complete = args.remaining == 0
                self._process_input(self.own, self.own_length)
        else:
            self.own_length += n
            if not self.complete:
                self._process_input(self.own, self.own_length)
        self.busy = False
        if self.flags & CLIENT_CLOSED:
            self._free_buffers()
            return 0
        self.send_later()
        return 0

    def _asks_too_much(self, n: cython.Py_ssize_t) -> bool:
        """Close a client whose requests, so many bytes just read among them, are too long; tell whether they are.

        What is queued in a transaction counts, as it waits to be run too.
        """
        server: ServerState = self.server
        held: cython.Py_ssize_t = n + self._query_bytes()
        if self.transaction is not None:
            held += self.transaction.bytes_total
        if held <= server.client_query_buffer_limit and (held <= UNTRUSTED_QUERY_MAX or self.is_trusted()):
            return False
        server.query_buffer_disconnections += 1
        server.log_warning(f"Closing client that reached max query buffer length: {server.describe_client(self)}")
        self.close()
        return True

    @cython.cfunc
    @cython.exceptval(check=False)
    def _free_buffers(self) -> cython.void:
        self._drop_own()
        self.partial = None
        self.complete = self.done = False
        self.reply.release()

    @cython.cfunc
    def _leave(self):
        """Be no client of the server any more: nobody counts it, lists it or waits for it. The buffers stay."""
        server: ServerState = self.server
        if server.clients.pop(self.id, None) is None:
            return
        if self.flags & CLIENT_POSTPONED and self in server.postponed:
            server.postponed.remove(self)
        if self.blocked is not None:
            self.blocked.cancel()
        self.discard()
        server.forget_client(self)
        server.on_disconnect(self)

    # Input

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _process_input(self, buf: cython.p_char, length: cython.Py_ssize_t) -> cython.int:
        """Run all whole requests of the input, and keep the rest. What `partial` holds is part of the input."""
        server: ServerState = self.server
        args: Args = self.partial if self.partial is not None else server.spare_args
        start: cython.Py_ssize_t = 0
        self.input_length = length
        status: cython.int
        while True:
            status = PARSE_DONE
            if not self.complete:
                status = args.parse(buf, length, start, server.proto_max_bulk_len, self.is_trusted())
            if status == PARSE_MORE:
                return self._keep(args, buf, length, start)
            if status == PARSE_ERROR:
                return self._protocol_error(args)
            if not self.done and _run(self, args) >= POSTPONED:
                self._keep(args, buf, length, start)
                self.complete = True
                return 0
            self.done = False
            start = args.position
            self.complete = False
            if args.owned_count or args.argc > 1024:
                args.reset()
            if args is self.partial:
                self.partial = None
                args = server.spare_args
            if not _goes_on(self) or start >= length:
                self._drop_own()
                return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _flush_early(self) -> cython.int:
        """Send before a pipeline is through; but where a limit counts all that it makes wait, let it, as in Redis."""
        if self.server.output_limits[self.output_class][0]:
            return self._check_output()
        return self.flush()

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _keep(self, args: Args, buf: cython.p_char, length: cython.Py_ssize_t, start: cython.Py_ssize_t) -> cython.int:
        """Keep the incomplete request that begins at `start`, and the parser's state with it, for the next read."""
        end: cython.Py_ssize_t = args.position if args.big != cython.NULL else length
        kept: cython.Py_ssize_t = end - start
        if kept <= 0:
            args.reset()
            self.partial = None
            self._drop_own()
            return 0
        if buf != self.own:
            self.own_length = 0
            self._grow_own(kept if kept > OWN_BUFFER_MIN else OWN_BUFFER_MIN)
            memcpy(self.own, buf + start, kept)
            args.rebase(buf, length, self.own, start)
        elif start:
            # Not for a request that stays where it is: each read of a long one would go through all of it again.
            memmove(self.own, self.own + start, kept)
            args.rebase(buf, length, self.own, start)
        self.own_length = kept
        if args is not self.partial:
            self.partial = args
            self.server.spare_args = Args()
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _grow_own(self, room: cython.Py_ssize_t) -> cython.int:
        """Make room for so many bytes more in the connection's own buffer, moving the slices into it along."""
        if self.own_capacity - self.own_length >= room:
            return 0
        capacity: cython.Py_ssize_t = self.own_capacity * 2
        if capacity < self.own_length + room:
            capacity = self.own_length + room
        moved: cython.p_char
        if self.own == cython.NULL:
            moved = cython.cast(cython.p_char, mem_try_alloc(capacity))
        else:
            moved = cython.cast(cython.p_char, mem_try_realloc(self.own, self.own_capacity, capacity))
        if moved == cython.NULL:
            raise MemoryError
        if self.partial is not None and self.own != cython.NULL:
            self.partial.rebase(self.own, self.own_length, moved, 0)
        self.own = moved
        self.own_capacity = capacity
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _drop_own(self) -> cython.void:
        if self.own != cython.NULL:
            mem_free(self.own, self.own_capacity)
            self.own = cython.NULL
        self.own_length = 0
        self.own_capacity = 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _query_bytes(self) -> cython.Py_ssize_t:
        """Bytes of the request that is kept, big arguments included; of all the input while a request runs."""
        if self.partial is None:
            return self.input_length if self.args is not None else 0
        return self.own_length + self._big_bytes()

    @cython.cfunc
    @cython.exceptval(check=False)
    def _big_bytes(self) -> cython.Py_ssize_t:
        """Bytes of the big arguments of the request that is kept."""
        args: Args = self.partial
        total: cython.Py_ssize_t = 0
        i: cython.Py_ssize_t
        if args is None:
            return 0
        for i in range(args.owned_count):
            if args.owned[i] != cython.NULL:
                total += args.owned[i].length
        return total

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _protocol_error(self, args: Args) -> cython.int:
        """Answer with what is wrong, and close: nothing tells where the next request would begin."""
        problem: bytes = args.problem
        if b"%c" in problem:
            problem = problem.replace(b"%c", PyBytes_FromStringAndSize(cython.address(args.odd), 1))
        args.reset()
        self.partial = None
        self.complete = False
        self._drop_own()
        self.server.log_verbose(
            f"Protocol error ({problem.decode('latin-1')}) from client: {self.server.describe_client(self)}"
        )
        text: bytes = b"ERR Protocol error: " + problem
        self.server.count_error(text)
        if not self.flags & (CLIENT_REPLY_OFF | CLIENT_REPLY_SKIP):
            self.reply.error(text)
        self.flags |= CLIENT_CLOSE_AFTER_REPLY
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def retry(self) -> cython.int:
        """Run the request that waits once more."""
        if self.flags & CLIENT_CLOSED or not self.complete:
            return 0
        self.busy = True
        try:
            _run(self, self.partial)
        finally:
            self.busy = False
        if self.flags & CLIENT_CLOSED:
            self._free_buffers()
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def go_on_later(self) -> cython.int:
        """The request that waited is done: at the end of this turn, send the reply and go on with the next one."""
        self.done = True
        return self.poller.go_on_later(self)

    def go_on(self) -> None:
        """Run what came behind the request that waited."""
        if self.done:
            self.resume()

    def resume(self) -> None:
        """Run the request that a pause held back, if it has not run, and what came behind it."""
        self.flags &= ~CLIENT_POSTPONED
        if self.flags & CLIENT_CLOSED or not self.complete:
            return
        self.server.tick()
        self.busy = True
        try:
            self._process_input(self.own, self.own_length)
        finally:
            self.busy = False
        if self.flags & CLIENT_CLOSED:
            self._free_buffers()
        else:
            self.send_later()

    # Output

    @cython.ccall
    @cython.exceptval(-1, check=False)
    def send_later(self) -> cython.int:
        """Send what is written at the end of this turn."""
        if not self.reply.n and not self.flags & CLIENT_CLOSE_AFTER_REPLY:
            return 0
        return self.poller.send_later(self)

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def flush(self) -> cython.int:
        """Send what is written, as far as the socket takes it; the poller calls for the rest."""
        if self.flags & CLIENT_CLOSED or self.args is not None:
            # While its command runs, its reply is not complete: what is written is sent afterwards.
            return 0
        if self.writing:
            return self._check_output()
        if self.reply.capacity > REPLY_CHUNK:
            # Replies past a limit are not sent at all, even if the socket would take them: as in Redis.
            self._check_output()
            if self.flags & CLIENT_CLOSED:
                return 0
        self._send()
        if self.writing and not self.flags & CLIENT_CLOSED:
            self.poller.watch(self.fd, self, self._interest())
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _send(self) -> cython.int:
        """Send what is written; what the socket does not take now, which `writing` says, has to wait.

        Only once: a reader that keeps up with a huge reply would otherwise have the server for itself.
        """
        reply: Reply = self.reply
        server: ServerState = self.server
        waiting: cython.Py_ssize_t = reply.n - reply.sent
        sent: cython.Py_ssize_t
        self.writing = False
        if server.propagation.unwritten:
            server.write_log()
        if waiting:
            sent = send(self.fd, reply.buf + reply.sent, waiting, SEND_FLAGS)
            if sent > 0:
                server.net_output_bytes += sent
                server.writes_processed += 1
                self.last_interaction_ms = server.keyspace.now_ms
                reply.consumed(sent)
            elif errno != EAGAIN and errno != EINTR:
                return self.close()
            if sent < waiting:
                self.writing = True
                return self._check_output()
        reply.release()
        self.soft_limit_since_ms = 0
        if self.flags & CLIENT_CLOSE_AFTER_REPLY:
            self.close()
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _check_output(self) -> cython.int:
        """Close a client that has too much unsent: at once past the hard limit, after a time past the soft one."""
        waiting: cython.Py_ssize_t = self.reply.n - self.reply.sent
        hard: cython.Py_ssize_t
        soft: cython.Py_ssize_t
        seconds: int64_t
        if not self.is_trusted() and waiting > UNTRUSTED_OUTPUT_MAX:
            return self._overrun()
        hard, soft, seconds = self.server.output_limits[self.output_class]
        if hard and waiting >= hard:
            return self._overrun()
        if not soft or waiting < soft:
            self.soft_limit_since_ms = 0
            return 0
        now: int64_t = self.server.keyspace.now_ms
        if self.soft_limit_since_ms == 0:
            self.soft_limit_since_ms = now
        elif now - self.soft_limit_since_ms > seconds * 1000:
            return self._overrun()
        return 0

    def _overrun(self) -> int:
        self.server.output_buffer_disconnections += 1
        self.server.log_warning(
            f"Client {self.server.describe_client(self)} closed for overcoming of output buffer limits."
        )
        self.close()
        return 0

    def check_output(self) -> None:
        """Apply the output limits as time passes; called by the cron."""
        if self.reply.n > self.reply.sent and not self.flags & CLIENT_CLOSED:
            self._check_output()

    @cython.ccall
    @cython.exceptval(-1, check=False)
    def close(self) -> cython.int:
        """End the connection at once, dropping what is not sent."""
        if self.flags & CLIENT_CLOSED:
            return 0
        self.flags |= CLIENT_CLOSED
        if self.poller is not None:
            self.poller.remove(self.fd, self)
        close_descriptor(self.fd)
        self.fd = -1
        self._leave()
        if not self.busy:
            self._free_buffers()
        return 0

    @cython.ccall
    @cython.exceptval(-1, check=False)
    def close_after_reply(self) -> cython.int:
        """End the connection once all that is written has been sent; what comes in is not looked at any more."""
        self.flags |= CLIENT_CLOSE_AFTER_REPLY
        return 0

    # What others see of it

    @property
    def query_bytes(self) -> int:
        """Bytes of an incomplete request."""
        return self._query_bytes()

    @property
    def query_free(self) -> int:
        """Room left in the buffer for an incomplete request."""
        return self.own_capacity - self.own_length

    @property
    def argument_bytes(self) -> int:
        """Bytes of the arguments of the request that runs, or that is not complete yet."""
        args: Args = self.partial if self.args is None else self.args
        return 0 if args is None else args.bytes_total

    @property
    def output_bytes(self) -> int:
        """Bytes that wait to be sent."""
        return self.reply.n - self.reply.sent

    @property
    def memory_bytes(self) -> int:
        """Bytes of its buffers, and of the objects that stand for it."""
        queued: cython.Py_ssize_t = 0 if self.transaction is None else self.transaction.bytes_total
        return IDLE_BYTES + self.own_capacity + self._big_bytes() + queued + self.reply.capacity

    def address(self) -> str:
        """The other end, as CLIENT LIST shows it."""
        return self.peer

    def local_address(self) -> str:
        """This end, as CLIENT LIST shows it."""
        if self.fd < 0:
            return ""
        if self.is_unix:
            return self.peer
        borrowed = socket.socket(fileno=self.fd)
        try:
            return endpoint(borrowed.getsockname())
        finally:
            borrowed.detach()


def endpoint(address) -> str:
    """An address and port as CLIENT LIST shows them."""
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
