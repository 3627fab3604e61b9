from libc.stdint cimport int64_t

from pyrite.core.parser cimport Args
from pyrite.core.reply cimport Reply
from pyrite.keyspace.database cimport Database, Keyspace

cdef class Propagation:
    cdef Keyspace keyspace
    cdef readonly bint on           # somebody follows what changes
    cdef bint unwritten             # the log has something that is not in its file
    cdef public bint timestamps     # the log says when things happened
    cdef readonly Reply log         # what is to be appended to the append-only file
    cdef int log_db                 # the database that the log's last SELECT chose; -1: none yet
    cdef int64_t stamped_s          # Unix time of the log's last timestamp
    cdef int depth                  # of commands that run within commands
    cdef bint muted                 # a script has said that what it does next is not propagated
    cdef bint dropped               # nothing of the outermost command that runs is propagated
    cdef bint replaced              # the command that runs is not propagated as it came
    cdef list pending               # (database number, words) of what the outermost command has done so far
    cdef Py_ssize_t own             # where in it what replaces the command that runs begins, if `replaced`

    cdef int end(self, Database db, Args args, int64_t dirty, bint apart) except -1
    cdef int instead(self, Database db, list words) except -1
    cdef int nothing(self) noexcept
    cdef int _put_deletion(self, Database db, list words) except -1
    cdef int _flush(self, bint apart) except -1
    cdef void _select(self, int db) noexcept
    cdef void _stamp(self) noexcept
    cdef void _put_words(self, list words)
    cdef int _put_request(self, int db, Args args) except -1
