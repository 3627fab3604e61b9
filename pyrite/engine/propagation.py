"""Propagation: what changes the dataset, as commands, in the order in which it happened.

Whoever follows the dataset, the append-only file or a replica, gets the same commands. A command that has changed
something is propagated as it came, unless its handler says `instead`: what depends on the time or on chance is
propagated by its effect. Keys that expire or are evicted are propagated as deletions.

What one command did belongs together: where that is more than one command, as after EXEC, of a script, or where keys
expired on the way, it stands between MULTI and EXEC, so that a follower has all of it or nothing.

While nobody follows, `on` is False, and all of this costs the test of it.
"""

import os

import cython
from cython.cimports.libc.errno import EINTR, errno
from cython.cimports.libc.stdint import int64_t
from cython.cimports.posix.unistd import write
from cython.cimports.pyrite.core.numbers import format_longlong
from cython.cimports.pyrite.core.parser import Args
from cython.cimports.pyrite.core.reply import Reply
from cython.cimports.pyrite.keyspace.database import Database, Keyspace

_MULTI = [b"MULTI"]
_EXEC = [b"EXEC"]


@cython.final
@cython.cclass
class Propagation:
    """What one server's commands do, for whoever follows."""

    def __cinit__(self, keyspace: Keyspace) -> None:
        self.keyspace = keyspace
        self.pending = []
        self.log = Reply()
        self.log_db = -1

    def start_log(self) -> None:
        """Write down what happens from now on."""
        self.log_db = -1
        self.stamped_s = 0
        self.on = True
        self.keyspace.on_expire = self.on_deletion
        self.keyspace.on_expire_field = self.on_field_deletion

    def stop_log(self) -> None:
        """Write down nothing any more, and drop what is not in the file yet."""
        self.on = False
        self.keyspace.on_expire = self.keyspace.on_expire_field = None
        self.pending = []
        self.drop_log()

    def begin_file(self) -> None:
        """The log goes on in a file of its own, which says anew which database it is about."""
        self.log_db = -1
        self.stamped_s = 0

    @property
    def in_transaction(self) -> bool:
        """Tell whether a command runs that others are part of, so that not all of what it does has happened yet."""
        return self.depth > 1

    def drop_log(self) -> None:
        """Forget what is not written yet."""
        self.log.release()
        self.unwritten = False

    # Of dispatch

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def end(self, db: Database, args: Args, dirty: int64_t, apart: cython.bint) -> cython.int:
        """A command has ended, at whose beginning `keyspace.dirty` was `dirty`. `call` itself keeps `depth`.

        `apart`: what it met on its way has nothing to do with each other.
        """
        if not self.on:
            # The log was turned off meanwhile, and has what it was to have.
            self.pending = []
            return 0
        if not self.replaced and self.keyspace.dirty != dirty and not self.muted:
            if self.depth == 0 and not self.pending:
                return self._put_request(db.id, args)
            self.pending.append((db.id, args.tail(0)))
        # Whatever runs commands itself has propagated by them.
        self.replaced = True
        self.own = len(self.pending)
        if self.depth == 0 and self.dropped:
            self.dropped = False
            self.pending = []
        if self.depth == 0 and self.pending:
            return self._flush(apart)
        return 0

    def drop_command(self) -> None:
        """The outermost command that runs is not to end as it should: nothing that it does is propagated."""
        self.dropped = self.on and self.depth > 0

    # Of handlers

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def instead(self, db: Database, words: list) -> cython.int:
        """Propagate this, and not the command that runs; may be said several times."""
        self.nothing()
        if not self.muted:
            self.pending.append((db.id, words))
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def nothing(self) -> cython.int:
        """Do not propagate the command that runs; what is to stand for it, if anything is, begins here."""
        if not self.replaced:
            self.replaced = True
            self.own = len(self.pending)
        return 0

    # Of the keyspace

    def on_deletion(self, db: Database, key: bytes, lazily: cython.bint) -> None:
        """A key that has expired, or is evicted, is about to be deleted."""
        self._put_deletion(db, [b"UNLINK" if lazily else b"DEL", key])

    def on_field_deletion(self, db: Database, key: bytes, field: bytes) -> None:
        """A field that has expired is about to be deleted."""
        self._put_deletion(db, [b"HDEL", key, field])

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _put_deletion(self, db: Database, words: list) -> cython.int:
        """What a command meets that has expired goes before the command does anything, whatever it has said it will."""
        if self.depth and self.replaced:
            self.pending.insert(self.own, (db.id, words))
            self.own += 1
            return 0
        self.pending.append((db.id, words))
        return self._flush(True) if self.depth == 0 else 0

    # Writing

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _flush(self, apart: cython.bint) -> cython.int:
        """The outermost command is done: write what it did."""
        pending: list = self.pending
        together: cython.bint = len(pending) > 1 and not apart
        self.pending = []
        self._stamp()
        if together:
            self._put_words(_MULTI)
        for db, words in pending:
            self._select(db)
            self._put_words(words)
        if together:
            self._put_words(_EXEC)
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _stamp(self) -> cython.void:
        """Write down the time, at most once a second; a comment to whoever reads the log as commands."""
        digits: cython.char[32]
        now_s: int64_t = self.keyspace.now_ms // 1000
        if self.timestamps and now_s > self.stamped_s:
            self.stamped_s = now_s
            self.log.put(b"#TS:", 4)
            self.log.put(digits, format_longlong(digits, now_s))
            self.log.put(b"\r\n", 2)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _select(self, db: cython.int) -> cython.void:
        """Say which database the next command is about, where that is another one."""
        self.unwritten = True
        if db == self.log_db:
            return
        self.log_db = db
        self.log.header(ord("*"), 2)
        self.log.put_bulk(b"SELECT", 6)
        self.log.put_bulk_integer(db)

    @cython.cfunc
    def _put_words(self, words: list) -> cython.void:
        word: bytes
        self.log.header(ord("*"), len(words))
        for word in words:
            self.log.put_bulk(word, len(word))

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _put_request(self, db: cython.int, args: Args) -> cython.int:
        i: cython.Py_ssize_t
        self._stamp()
        self._select(db)
        self.log.header(ord("*"), args.argc)
        for i in range(args.argc):
            self.log.put_bulk(args.v[i].p, args.v[i].n)
        return 0

    # Of the append-only file

    @property
    def waiting_bytes(self) -> int:
        """Bytes that are not in the file yet."""
        return self.log.n - self.log.sent

    def append(self, fd: cython.int) -> int:
        """Append what waits to the file; returns the bytes written, perhaps not all. Raises OSError where it is none.

        The caller says `written`, or takes back what is not whole.
        """
        log: Reply = self.log
        start: cython.Py_ssize_t = log.sent
        n: cython.Py_ssize_t
        while log.n > start:
            with cython.nogil:
                n = write(fd, log.buf + start, log.n - start)
            if n >= 0:
                start += n
            elif errno != EINTR:
                if start == log.sent:
                    raise OSError(errno, os.strerror(errno))
                break
        return start - log.sent

    def written(self, n: cython.Py_ssize_t) -> None:
        """So many bytes are in the file."""
        if n:
            self.log.consumed(n)
        self.unwritten = self.log.n > self.log.sent
