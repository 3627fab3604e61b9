"""Connection: a client with a socket.

A compiled asyncio `BufferedProtocol`. The event loop reads into a buffer that all connections share; requests are parsed
and run right there, and the replies go out with one send(2) straight from the reply buffer. So a connection that is idle
between whole requests owns no buffer at all.

Only what is incomplete is kept: the tail of a request moves into a buffer of the connection's own, which the next read
goes to, and the parser goes on where it stopped. When the socket is full, the rest of the replies stays in the reply
buffer, and the transport is given one chunk of it at a time, which tells when the socket takes more.

A client that never reads, sends garbage, dribbles, or vanishes therefore costs what it has sent or been sent, up to
client-query-buffer-limit and client-output-buffer-limit, and nobody else's time.
"""

import asyncio

import cython
from cython.cimports.cpython.bytes import PyBytes_FromStringAndSize
from cython.cimports.cpython.memoryview import PyMemoryView_FromMemory
from cython.cimports.libc.errno import EAGAIN, EINTR, errno
from cython.cimports.libc.stdint import int64_t
from cython.cimports.libc.string import memcpy, memmove
from cython.cimports.pyrite.core.memory import mem_try_alloc, mem_free, mem_try_realloc
from cython.cimports.pyrite.core.parser import PARSE_DONE, PARSE_ERROR, PARSE_MORE, Args
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.engine.client import (
    CLIENT_CLOSE_AFTER_REPLY,
    CLIENT_CLOSED,
    CLIENT_POSTPONED,
    CLIENT_REPLY_OFF,
    CLIENT_UNIX_SOCKET,
    Client,
)
from cython.cimports.pyrite.engine.dispatch import POSTPONED, process_command
from cython.cimports.pyrite.engine.state import ServerState

WRITABLE = cython.declare(cython.int, 0x200)
SEND_FLAGS = cython.declare(cython.int, MSG_NOSIGNAL | MSG_DONTWAIT)
CLOSING = cython.declare(cython.int, CLIENT_CLOSED | CLIENT_CLOSE_AFTER_REPLY)


@cython.final
@cython.cclass
class Connection(Client):
    """One connected client, as the event loop sees it."""

    def __init__(self, server: ServerState, is_unix: cython.bint = False) -> None:
        server.tick()
        Client.__init__(self, server)
        self.fd = -1
        self.is_unix = is_unix
        if is_unix:
            self.flags |= CLIENT_UNIX_SOCKET

    def __dealloc__(self) -> None:
        if self.own != cython.NULL:
            mem_free(self.own, self.own_capacity)

    # What the event loop calls

    def connection_made(self, transport) -> None:
        """Admit the client, or tell it why not."""
        self.transport = transport
        self.fd = transport.get_extra_info("socket").fileno()
        transport.set_write_buffer_limits(high=0)
        server: ServerState = self.server
        server.connections_received += 1
        refusal = server.admit(self)
        if refusal is None:
            server.clients[self.id] = self
            return
        server.rejected_connections += 1
        self.reply.error(refusal)
        self.flags |= CLIENT_CLOSE_AFTER_REPLY
        self.flush()

    def get_buffer(self, sizehint: cython.Py_ssize_t):
        """Where the next bytes go: the shared buffer, or behind what is kept of an incomplete request."""
        room: cython.Py_ssize_t = 0
        p: cython.p_char
        args: Args = self.partial
        if args is not None and args.big != cython.NULL:
            p = args.big_room(cython.address(room))
            if p == cython.NULL:
                raise MemoryError
            return PyMemoryView_FromMemory(p, room, WRITABLE)
        if self.own == cython.NULL:
            return self.server.read_view
        self._grow_own(OWN_BUFFER_ROOM)
        return PyMemoryView_FromMemory(self.own + self.own_length, self.own_capacity - self.own_length, WRITABLE)

    def buffer_updated(self, nbytes: cython.Py_ssize_t) -> None:
        """Run the requests that are complete now, and send the replies."""
        server: ServerState = self.server
        server.tick()
        server.net_input_bytes += nbytes
        server.reads_processed += 1
        self.last_interaction_ms = server.keyspace.now_ms
        if self.flags & CLOSING:
            return
        args: Args = self.partial
        if args is None:
            self._process_input(server.read_buffer, nbytes)
        elif args.big != cython.NULL:
            if args.big_filled(nbytes):
                self.complete = args.remaining == 0
                self._process_input(self.own, self.own_length)
        else:
            self.own_length += nbytes
            if not self.complete:
                self._process_input(self.own, self.own_length)
        if self.reply.n or self.flags & CLIENT_CLOSE_AFTER_REPLY:
            self.flush()
        if self.partial is not None and self._query_bytes() > server.client_query_buffer_limit:
            server.query_buffer_disconnections += 1
            server.log_warning(f"Closing client that reached max query buffer length: {server.describe_client(self)}")
            self.close()

    def eof_received(self):
        """The client has sent all that it will: close."""
        return False

    def connection_lost(self, error) -> None:
        """Forget the client."""
        self.flags |= CLIENT_CLOSED
        self._leave()
        self._drop_own()
        self.partial = None
        self.reply.release()
        self.transport = None
        self.fd = -1

    @cython.cfunc
    def _leave(self):
        """Be no client of the server any more: nobody counts it, lists it or waits for it. The buffers stay meanwhile."""
        server: ServerState = self.server
        if server.clients.pop(self.id, None) is None:
            return
        if self.flags & CLIENT_POSTPONED and self in server.postponed:
            server.postponed.remove(self)
        server.on_disconnect(self)

    def pause_writing(self) -> None:
        """The transport holds bytes that the socket does not take."""
        self.writing = True

    def resume_writing(self) -> None:
        """The transport is empty again."""
        self.writing = False
        if not self.flags & CLIENT_CLOSED:
            self.flush()

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
            if self.complete:
                status = PARSE_DONE
            else:
                status = args.parse(buf, length, start, server.proto_max_bulk_len, self.is_trusted())
            if status == PARSE_MORE:
                return self._keep(args, buf, length, start)
            if status == PARSE_ERROR:
                return self._protocol_error(args)
            if args.argc:
                self.args = args
                status = process_command(self)
                self.args = None
                if status == POSTPONED:
                    self._keep(args, buf, length, start)
                    self.complete = True
                    return 0
            start = args.position
            self.complete = False
            if args.owned_count or args.argc > 1024:
                args.reset()
            if args is self.partial:
                self.partial = None
                args = server.spare_args
            if self.flags & CLOSING:
                self._drop_own()
                return 0
            if self.reply.n - self.reply.sent > FLUSH_AT:
                self.flush()
            if start >= length:
                self._drop_own()
                return 0

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
        if not self.flags & CLIENT_REPLY_OFF:
            self.reply.error(text)
        self.flags |= CLIENT_CLOSE_AFTER_REPLY
        return 0

    def resume(self) -> None:
        """Run the request that a pause held back, and what came behind it."""
        self.flags &= ~CLIENT_POSTPONED
        if self.flags & CLIENT_CLOSED or not self.complete:
            return
        self.server.tick()
        self._process_input(self.own, self.own_length)
        self.flush()

    # Output

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def flush(self) -> cython.int:
        """Send what is written, as far as the socket takes it."""
        reply: Reply = self.reply
        server: ServerState = self.server
        sent: cython.Py_ssize_t
        if self.flags & CLIENT_CLOSED:
            return 0
        while reply.n > reply.sent and not self.writing:
            sent = send(self.fd, reply.buf + reply.sent, reply.n - reply.sent, SEND_FLAGS)
            if sent > 0:
                server.net_output_bytes += sent
                server.writes_processed += 1
                self.last_interaction_ms = server.keyspace.now_ms
                reply.consumed(sent)
            elif errno == EAGAIN:
                self._spill()
            elif errno != EINTR:
                self.close()
                return 0
        if reply.n == reply.sent:
            reply.release()
            self.soft_limit_since_ms = 0
            if self.flags & CLIENT_CLOSE_AFTER_REPLY and not self.writing:
                self.close()
        else:
            self._check_output()
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _spill(self) -> cython.int:
        """Hand the transport the next chunk; it says when the socket has taken it."""
        reply: Reply = self.reply
        n: cython.Py_ssize_t = reply.n - reply.sent
        if n > SPILL_CHUNK:
            n = SPILL_CHUNK
        chunk: bytes = PyBytes_FromStringAndSize(reply.buf + reply.sent, n)
        self.server.net_output_bytes += n
        reply.consumed(n)
        self.writing = True
        self.transport.write(chunk)
        if self.transport.get_write_buffer_size() == 0:
            self.writing = False
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

    def send_now(self) -> None:
        """Send what was written outside of the client's own requests."""
        self.flush()

    @cython.ccall
    @cython.exceptval(-1, check=False)
    def close(self) -> cython.int:
        """End the connection at once. The event loop closes the socket, and tells so, after the current event."""
        if not self.flags & CLIENT_CLOSED:
            self.flags |= CLIENT_CLOSED
            self._leave()
            if self.transport is not None:
                self.transport.abort()
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
        """Bytes of its buffers and of the object itself."""
        return self.own_capacity + self._big_bytes() + self.reply.capacity + self.__sizeof__()

    def address(self) -> str:
        """The other end, as CLIENT LIST shows it."""
        return self._endpoint("peername")

    def local_address(self) -> str:
        """This end, as CLIENT LIST shows it."""
        return self._endpoint("sockname")

    def _endpoint(self, which: str) -> str:
        if self.transport is None:
            return ""
        if self.is_unix:
            return self.server.unix_socket_name() + ":0"
        name = self.transport.get_extra_info(which)
        if not name:
            return "?:0"
        return f"[{name[0]}]:{name[1]}" if ":" in name[0] else f"{name[0]}:{name[1]}"

