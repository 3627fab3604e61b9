"""Poller: finds which sockets are ready, and serves all of them in one go.

An epoll set of our own. One epoll_wait tells all sockets that are ready; each is read, its requests run and its replies
sent by compiled code, without a callback into Python, a buffer object or a lock per socket.

`run` is the main loop of a server process. The event loop (uvloop) stands inside the set: its descriptor is watched
like a socket, and it runs for one turn whenever it is ready, and now and then for its timers. So whatever needs
asyncio has it, and clients do not wait for it. Inside somebody else's event loop it is the other way round: that loop
watches the poller's descriptor and calls `serve`.

A TCP socket is told of when something comes, not as long as something is there: a client that leaves something unread,
or unsent though it could go, has the poller tell it again with `watch`. That spares the kernel from looking after each
turn whether each socket that was served has more.

The end of a batch is the end of a loop turn: what has to happen once for all that arrived together hangs on it.
Replies are sent then, those of all clients one after the other.
"""

import os

import cython
from cython.cimports.cpython.exc import PyErr_CheckSignals
from cython.cimports.libc.errno import EINTR, errno
from cython.cimports.libc.stdint import int64_t, uint32_t
from cython.cimports.pyrite.core.memory import mem_alloc, mem_free
from cython.cimports.pyrite.core.parser import Args
from cython.cimports.pyrite.engine.blocking import serve_ready
from cython.cimports.pyrite.engine.client import Client
from cython.cimports.pyrite.engine.state import READ_BUFFER, ServerState


@cython.final
@cython.cclass
class Poller:
    """The sockets of one server's clients. A client is watched from `add` to `remove`, and kept alive by others."""

    def __cinit__(self, server: ServerState) -> None:
        self.server = server
        self.resumed = []
        self.fd = epoll_create1(EPOLL_CLOEXEC)
        if self.fd < 0:
            raise OSError(errno, os.strerror(errno))

    def close(self) -> None:
        """Watch nothing any more."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def add(self, fd: cython.int, client: Client, events: uint32_t) -> cython.int:
        """Serve the client whenever its socket is ready in one of the ways that these bits of epoll name."""
        event: epoll_event
        event.events = events
        event.data.ptr = cython.cast(cython.p_void, client)
        if epoll_ctl(self.fd, EPOLL_CTL_ADD, fd, cython.address(event)) < 0:
            raise OSError(errno, os.strerror(errno))
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def watch(self, fd: cython.int, client: Client, events: uint32_t) -> cython.void:
        """Tell the client of what its socket is ready for now, and from now on of these events."""
        event: epoll_event
        event.events = events
        event.data.ptr = cython.cast(cython.p_void, client)
        epoll_ctl(self.fd, EPOLL_CTL_MOD, fd, cython.address(event))

    @cython.cfunc
    @cython.exceptval(check=False)
    def remove(self, fd: cython.int, client: Client) -> cython.void:
        """Forget the client, also where the batch that is being served still names it."""
        event: epoll_event
        i: cython.int
        epoll_ctl(self.fd, EPOLL_CTL_DEL, fd, cython.address(event))
        for i in range(self.count):
            if self.events[i].data.ptr == cython.cast(cython.p_void, client):
                self.events[i].data.ptr = cython.NULL

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def send_later(self, client: Client) -> cython.int:
        """Flush the client's replies at the end of this turn. Until then it is in the list, even if it has no more."""
        if client.is_unsent:
            return 0
        client.is_unsent = True
        if self.first_unsent is None:
            self.first_unsent = client
        else:
            self.last_unsent.next_unsent = client
        self.last_unsent = client
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def go_on_later(self, client: Client) -> cython.int:
        """Let the client go on with its input at the end of this turn."""
        self.resumed.append(client)
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def end_turn(self) -> cython.int:
        """Serve who waits for what timers changed, let those who waited go on, then send all replies."""
        if self.server.keyspace.ready:
            serve_ready(self.server)
        while self.resumed:
            client = self.resumed.pop(0)
            try:
                client.go_on()
            except Exception:  # noqa: BLE001 - as where it is served: one client's failure must not end the others
                self.server.on_connection_error(client)
        if self.server.at_end_of_turn is not None:
            hook = self.server.at_end_of_turn
            self.server.at_end_of_turn = None
            hook()
        return self.send_all()

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def send_all(self) -> cython.int:
        """Flush the replies of all clients that wait for it."""
        client: Client
        if self.server.propagation.unwritten:
            self.server.write_log()
        while self.first_unsent is not None:
            client = self.first_unsent
            self.first_unsent = client.next_unsent
            client.next_unsent = None
            client.is_unsent = False
            try:
                client.flush()
            except Exception:  # noqa: BLE001 - as where it is served: one client's failure must not end the others
                self.server.on_connection_error(client)
        self.last_unsent = None
        return 0

    def watch_loop(self, fd: cython.int) -> None:
        """Have `run` give the event loop with this descriptor a turn whenever it is ready."""
        event: epoll_event
        event.events = EPOLLIN
        event.data.ptr = cython.cast(cython.p_void, self)
        if epoll_ctl(self.fd, EPOLL_CTL_ADD, fd, cython.address(event)) < 0:
            raise OSError(errno, os.strerror(errno))

    def run(self, turn, timers) -> None:
        """Serve until `stop`.

        `turn()` gives the event loop a turn; `timers()` runs what is due and returns the milliseconds until more is.
        """
        timeout_ms: cython.int = 0
        due_ns: int64_t = 0
        started_ns: int64_t
        commands: int64_t
        while not self.stopping:
            with cython.nogil:
                self.count = epoll_wait(self.fd, self.events, EVENTS_MAX, timeout_ms)
            if self.count < 0:
                self.count = 0
                if errno != EINTR:
                    raise OSError(errno, os.strerror(errno))
            PyErr_CheckSignals()
            self.server.tick()
            started_ns = self.server.now_ns
            commands = self.server.commands_processed
            self._serve_batch()
            if self.loop_ready:
                self.loop_ready = False
                self.in_turn = True
                turn()
                self.in_turn = False
                self.end_turn()
            if self.server.now_ns >= due_ns or self.rescheduled:
                self.rescheduled = False
                timeout_ms = timers()
                self.end_turn()
                due_ns = self.server.now_ns + cython.cast(int64_t, timeout_ms) * 1000000
            else:
                timeout_ms = cython.cast(cython.int, (due_ns - self.server.now_ns) // 1000000 + 1)
            self.server.count_cycle(self.server.now_ns - started_ns, self.server.commands_processed - commands)

    def reschedule(self) -> None:
        """A timer was set: ask again when the next one is due."""
        self.rescheduled = True

    def stop(self) -> None:
        """Let `run` return after the current batch."""
        self.stopping = True

    def resume(self) -> None:
        """Take `stop` back; `run` may be called again."""
        self.stopping = False

    def serve(self) -> None:
        """Serve every socket that is ready now."""
        server: ServerState = self.server
        server.tick()
        started_ns: int64_t = server.now_ns
        commands: int64_t = server.commands_processed
        self.count = epoll_wait(self.fd, self.events, EVENTS_MAX, 0)
        self._serve_batch()
        server.count_cycle(server.now_ns - started_ns, server.commands_processed - commands)

    def serve_meanwhile(self, turn) -> None:
        """Serve what is ready while a command runs, which goes on afterwards; timers wait.

        The command's own client is not served: it is busy. The buffer that its request stands in is put aside, and the
        time stays what it was for the command.
        """
        server: ServerState = self.server
        buffer: cython.p_char = server.read_buffer
        args: Args = server.spare_args
        now_ms: int64_t = server.keyspace.now_ms
        running = server.running
        serves_blocked: cython.bint = server.serves_blocked
        at: cython.int = self.at
        outer: cython.int = self.count
        if self.nested or self.fd < 0:
            return
        PyErr_CheckSignals()
        server.read_buffer = cython.cast(cython.p_char, mem_alloc(READ_BUFFER))
        server.spare_args = Args()
        # Nobody who waits for a key is served before the command is done.
        server.serves_blocked = True
        server.running = None
        self.nested = True
        try:
            server.tick()
            # The sockets of the batch that have yet to be served come first: they are not told of again.
            self.count = outer + max(epoll_wait(self.fd, self.events + outer, EVENTS_MAX, 0), 0)
            self._serve_events(at + 1 if outer else 0)
            if self.loop_ready and not self.in_turn:
                self.loop_ready = False
                turn()
            self.send_all()
        finally:
            self.nested = False
            self.at = at
            self.count = outer
            mem_free(server.read_buffer, READ_BUFFER)
            server.read_buffer = buffer
            server.spare_args = args
            server.serves_blocked = serves_blocked
            server.running = running
            server.keyspace.now_ms = now_ms

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _serve_batch(self) -> cython.int:
        self._serve_events(0)
        self.count = 0
        return self.end_turn()

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _serve_events(self, first: cython.int) -> cython.int:
        """Serve the events from this one on that have not been served."""
        client: Client
        ready: cython.p_void
        self.at = first
        while self.at < self.count:
            ready = self.events[self.at].data.ptr
            self.events[self.at].data.ptr = cython.NULL
            if ready == cython.cast(cython.p_void, self):
                self.loop_ready = True
            elif ready != cython.NULL:
                client = cython.cast(Client, ready)
                try:
                    client.ready(self.events[self.at].events)
                except Exception:  # noqa: BLE001 - one client's failure must not end the others; it is logged and counted
                    self.server.on_connection_error(client)
            self.at += 1
        return 0
