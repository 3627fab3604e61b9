"""RDB files: what stands around the values. Read into databases, or looked at only.

    REDIS0011           signature and version
    records             each begins with a byte
    0xFF, 8 bytes       the end, and from version 5 on the checksum of all before it; 0 stands for none

    0xFA AUX            two texts: name and value of something to know about the file
    0xF5 FUNCTION2      text of a library of functions
    0xFE SELECTDB       the number of the database that follows
    0xFB RESIZEDB       how many keys it has, and how many of them expire
    0xFC, 0xFD          of the next key: when it expires, in 8 bytes of ms or 4 of seconds
    0xF8 IDLE           the same: for how many seconds it has not been used, a length
    0xF9 FREQ           the same: its LFU counter, a byte
    a value's type      key and value
    0xF7 MODULE_AUX     a module's own data
    0xF4 SLOT_INFO      three numbers about a cluster's slot

Nobody vouches for a file: `RdbError` says what is wrong and where.
"""

import os

import cython
from cython.cimports.libc.stdint import int32_t, int64_t, uint32_t, uint64_t
from cython.cimports.libc.string import memcpy
from cython.cimports.posix.unistd import usleep
from cython.cimports.pyrite.core.entry import Entry, entry_free, entry_set_access
from cython.cimports.pyrite.core.hashtable import random_draw
from cython.cimports.pyrite.core.parser import Slice
from cython.cimports.pyrite.core.rdb_format import (
    RDB_CUT,
    RDB_EMPTY,
    RDB_FAILED,
    RDB_GOOD,
    RDB_NO_MEMORY,
    RDB_VERSION_MAX,
    RdbText,
    rdb_free_text,
    rdb_get_byte,
    rdb_get_bytes,
    rdb_get_length,
    rdb_get_ms,
    rdb_get_text,
    rdb_kind,
)
from cython.cimports.pyrite.core.rdb_stream import (
    STREAM_CHUNK,
    STREAM_UNKNOWN,
    rdb_stream_checksum,
    rdb_stream_close,
    rdb_stream_key,
    rdb_stream_offset,
    rdb_stream_open,
)
from cython.cimports.pyrite.keyspace.database import NO_EXPIRE, Keyspace
from cython.cimports.pyrite.types.rdb_load import rdb_load_entry
from cython.cimports.pyrite.types.rdb_skip import rdb_skip_value

from pyrite.types import hash as _hash  # noqa: F401 - says how its values are freed, here and below
from pyrite.types import list as _list  # noqa: F401
from pyrite.types import set as _set  # noqa: F401
from pyrite.types import sorted_set as _sorted_set  # noqa: F401
from pyrite.types import stream as _stream  # noqa: F401
from pyrite.types.rdb_load import broken_value

DOING = (
    "start",
    "read-type",
    "read-expire",
    "read-key",
    "read-object-value",
    "check-sum",
    "read-len",
    "read-aux",
    "read-module-aux",
    "read-functions",
)

# By RDB type, as redis-check-rdb and its like name them.
TYPE_NAMES = (
    "string",
    "list-linked",
    "set-hashtable",
    "zset-v1",
    "hash-hashtable",
    "zset-v2",
    "module-pre-release",
    "module-value",
    "",
    "hash-zipmap",
    "list-ziplist",
    "set-intset",
    "zset-ziplist",
    "hash-ziplist",
    "quicklist",
    "stream",
    "hash-listpack",
    "zset-listpack",
    "quicklist-v2",
    "stream-v2",
    "set-listpack",
    "stream-v3",
    "hash-hashtable-md-pre-release",
    "hash-listpack-md-pre-release",
    "hash-hashtable-md",
    "hash-listpack-md",
)

_MODULE_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


class RdbError(Exception):
    """A file, or a part of it, can't be read. `str()` is the reason, in the words of Redis where it has some."""

    offset = 0  # bytes read until then
    record_at = 0  # where the record began that could not be read
    key: bytes | None = None
    type = -1  # of the value, where one was being read
    doing = DOING[0]
    is_corrupt = True  # the bytes are wrong; otherwise they could not be read, or not be kept


class Listener:
    """What a file tells while it is read, other than keys."""

    def progress(self, done: int) -> None:
        """So many bytes are read. What it raises ends the reading."""

    def aux(self, name: bytes, value: bytes) -> None:
        """A field about the file."""

    def database(self, number: int) -> None:
        """The keys of this database follow. Raises RdbError."""

    def function(self, code: bytes) -> None:
        """A library of functions. Raises RdbError."""

    def module_aux(self, name: str) -> None:
        """Data of a module, which is skipped. Raises RdbError."""

    def empty_key(self, key: bytes) -> None:
        """A collection without elements, which is dropped; of the first few of them."""

    def has_no_checksum(self) -> None:
        """The file was saved without a checksum."""


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _report(context: cython.p_void, done: uint64_t) -> cython.bint:
    with cython.gil:
        return cython.cast(RdbFile, context).tell(done)


def module_name(id: uint64_t) -> str:
    """The name of the module type with this number."""
    return "".join([_MODULE_LETTERS[(id >> (10 + 6 * (8 - i))) & 63] for i in range(9)])


@cython.final
@cython.cclass
class RdbFile:
    """A file, or a part of one, that is read from where a descriptor stands."""

    def __cinit__(
        self,
        fd: cython.int,
        size: cython.longlong,
        keyspace: Keyspace,
        listener,
        *,
        interval: cython.longlong = 2 * 1024 * 1024,
        checks_sum: cython.bint = True,
    ) -> None:
        """Read `size` bytes at most, -1 where that is not known, and tell the listener every `interval` how far it is.

        The keyspace's settings say which encodings values get, also where they are not kept.
        """
        chunk: cython.size_t = min(interval, STREAM_CHUNK)
        whole: uint64_t = STREAM_UNKNOWN if size < 0 else cython.cast(uint64_t, size)
        self.is_open = rdb_stream_open(cython.address(self.s), fd, whole, chunk, checks_sum)
        if not self.is_open:
            raise MemoryError
        self.s.interval = self.s.next_report = interval
        self.s.report = _report
        self.s.context = cython.cast(cython.p_void, self)
        self.checks_sum = checks_sum
        self.keyspace = keyspace
        self.db = keyspace.databases[0]
        self.listener = listener
        self.keeps = True
        self.expire_ms = self.idle_s = self.frequency = self.type = -1

    def __dealloc__(self) -> None:
        if self.is_open:
            rdb_stream_close(cython.address(self.s))

    def tell(self, done: int) -> bool:
        """Pass on how far it is; False where the listener wants no more."""
        try:
            self.listener.progress(done)
        except BaseException as error:  # noqa: BLE001 - it goes on from `_check`, once the core has left what it does
            self.raised = error
            return False
        return True

    @property
    def offset(self) -> int:
        """Bytes read."""
        return rdb_stream_offset(cython.address(self.s))

    def type_counts(self) -> dict[str, int]:
        """How many keys there are of each RDB type, by its name; then it counts anew."""
        i: cython.int
        counts: dict = {}
        for i in range(len(TYPE_NAMES)):
            if self.types[i]:
                counts[TYPE_NAMES[i]] = self.types[i]
                self.types[i] = 0
        return counts

    # What goes wrong

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _fail(self, reason: str, corrupt: cython.bint = True) -> cython.int:
        """Raise RdbError."""
        raise self.error(reason, corrupt)

    def error(self, reason: str, corrupt: bool = True) -> RdbError:
        """What a listener raises: that the file can't be read here, and why."""
        error = RdbError(reason)
        error.offset = rdb_stream_offset(cython.address(self.s))
        error.record_at = self.record_at
        error.type = self.type
        error.doing = DOING[self.doing]
        error.is_corrupt = corrupt
        if self.has_key:
            error.key = self.s.key[: self.s.key_length]
        return error

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _check(self) -> cython.int:
        """Raise what the reader has noted, if anything."""
        problem: cython.int = self.s.r.problem
        if problem == RDB_GOOD:
            return 0
        if problem == RDB_CUT:
            self._fail("Unexpected EOF reading RDB file")
        if problem == RDB_NO_MEMORY:
            self._fail("there is not enough memory for what follows", False)
        if problem == RDB_FAILED:
            if self.raised is not None:
                raised: BaseException = self.raised
                self.raised = None
                raise raised
            self._fail(f"reading failed: {os.strerror(self.s.error)}", False)
        if self.doing == DOING_VALUE:
            self._fail(broken_value(self.type))
        return self._fail("the bytes are not what they should be")

    # The file

    def read_header(self) -> int:
        """Read signature and version, once, before all else; returns the version. Raises RdbError."""
        p: cython.p_const_uchar = rdb_get_bytes(cython.address(self.s.r), HEADER_BYTES)
        self._check()
        header: bytes = p[:HEADER_BYTES]
        digits: bytes = header[5:]
        if not header.startswith(b"REDIS"):
            self._fail("Wrong signature trying to load DB from file")
        self.version = int(digits) if digits.isdigit() else 0
        if not 1 <= self.version <= RDB_VERSION_MAX:
            self._fail(f"Can't handle RDB format version {self.version}")
        self.record_at = HEADER_BYTES
        return self.version

    def read(self, keys: cython.longlong = -1) -> bool:
        """Read all records, up to the end and the checksum; or so many keys and what stands before and between them.

        Returns whether that was the end. Raises RdbError, and what the listener raises.
        """
        type: cython.int
        self.in_record = False
        while keys:
            if not self.in_record:
                self.record_at = rdb_stream_offset(cython.address(self.s))
            self.doing = DOING_TYPE
            type = rdb_get_byte(cython.address(self.s.r))
            if self.s.r.problem:
                self._check()
            if type == RDB_END:
                break
            if type < RDB_SLOT_INFO:
                self._read_value(type)
                keys -= 1
            else:
                self._opcode(type)
        if keys == 0:
            return False
        self._end()
        return True

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _end(self) -> cython.int:
        """The checksum."""
        expected: uint64_t
        found: uint64_t = 0
        if self.version < CHECKSUM_VERSION:
            return 0
        self.doing = DOING_CHECKSUM
        expected = rdb_stream_checksum(cython.address(self.s))
        p: cython.p_const_uchar = rdb_get_bytes(cython.address(self.s.r), 8)
        self._check()
        memcpy(cython.address(found), p, 8)
        if not self.checks_sum:
            return 0
        if found == 0:
            self.listener.has_no_checksum()
        elif found != expected:
            self._fail(f"RDB CRC error: the checksum is {expected:x}, and the file says {found:x}")
        return 0

    # Keys

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _read_value(self, type: cython.int) -> cython.int:
        """A key and its value."""
        if rdb_kind(type) < 0 and type != RDB_MODULE:
            self._fail(f"Invalid object type: {type}")
        self.type = type
        self.doing = DOING_KEY
        if not rdb_stream_key(cython.address(self.s)):
            self._check()
        self.has_key = True
        self.doing = DOING_VALUE
        self.keys += 1
        self.types[type] += 1
        if self.expire_ms != NO_EXPIRE:
            self.volatile_keys += 1
            if self.expire_ms < self.keyspace.now_ms:
                self.past_keys += 1
        if type == RDB_MODULE:
            self._skip_module_value(rdb_get_length(cython.address(self.s.r)))
        elif self.passes_over:
            rdb_skip_value(cython.address(self.s.r), type)
            self._check()
        else:
            self._take(type)
        if self.delay_us:
            self._wait()
        self.has_key = False
        self.type = -1
        self.expire_ms = NO_EXPIRE
        self.idle_s = self.frequency = -1
        self.in_record = False
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _take(self, type: cython.int) -> cython.int:
        """Read a value, and put it where it belongs."""
        key: Slice
        key.p = self.s.key
        key.n = self.s.key_length
        e: cython.pointer[Entry] = rdb_load_entry(cython.address(self.s.r), type, key, self.db)
        if e == cython.NULL:
            if self.s.r.problem != RDB_EMPTY:
                self._check()
            self.s.r.problem = RDB_GOOD
            self.empty += 1
            if self.empty <= EMPTY_KEYS_NAMED:
                self.listener.empty_key(key.p[: key.n])
            return 0
        if not self.keeps:
            entry_free(e)
        elif self.drops_expired and self.expire_ms != NO_EXPIRE and self.expire_ms < self.keyspace.now_ms:
            entry_free(e)
            self.expired += 1
        else:
            entry_set_access(e, _access(self.keyspace, self.idle_s, self.frequency))
            # A time before 1970 is as good as 1970, and less is no time here.
            if self.expire_ms < NO_EXPIRE:
                self.expire_ms = 0
            if not self.db.add_loaded(e, self.expire_ms, self.replaces):
                entry_free(e)
                self._fail(f"RDB has a duplicated key in DB {self.db.id}")
            self.loaded += 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _wait(self) -> cython.int:
        """key-load-delay."""
        us: cython.int = self.delay_us
        if us < 0:
            us = 1 if random_draw() % cython.cast(uint64_t, -us) == 0 else 0
        if us:
            usleep(us)
        return 0

    # What is no key

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _opcode(self, type: cython.int) -> cython.int:
        """A record other than a key; or what belongs to the next key."""
        if self._is_of_next_key(type):
            self.in_record = True
        elif type == RDB_AUX:
            self._aux()
        elif type == RDB_SELECT:
            self._select()
        elif type == RDB_RESIZE:
            self._resize()
        elif type == RDB_FUNCTION:
            self._function()
        elif type == RDB_MODULE_AUX:
            self._module_aux()
        elif type == RDB_SLOT_INFO:
            self.doing = DOING_LENGTH
            for _ in range(3):
                rdb_get_length(cython.address(self.s.r))
        elif type == RDB_FUNCTION_EARLY:
            self._fail("Pre-release function format not supported.")
        return self._check()

    @cython.cfunc
    @cython.exceptval(check=False)
    def _is_of_next_key(self, type: cython.int) -> cython.bint:
        """Read what a record says of the next key; False, nothing read, where it is none of these."""
        p: cython.p_const_uchar
        seconds: int32_t = 0
        if type in (RDB_EXPIRE_MS, RDB_EXPIRE_S):
            self.doing = DOING_EXPIRE
            if type == RDB_EXPIRE_MS:
                self.expire_ms = rdb_get_ms(cython.address(self.s.r))
                return True
            p = rdb_get_bytes(cython.address(self.s.r), 4)
            if p != cython.NULL:
                memcpy(cython.address(seconds), p, 4)
            self.expire_ms = cython.cast(int64_t, seconds) * 1000
        elif type == RDB_IDLE:
            self.idle_s = cython.cast(int64_t, rdb_get_length(cython.address(self.s.r)) & 0xFFFFFFFF)
        elif type == RDB_FREQUENCY:
            self.frequency = rdb_get_byte(cython.address(self.s.r))
        else:
            return False
        return True

    @cython.cfunc
    def _text(self) -> bytes:
        """A text."""
        text: RdbText
        if not rdb_get_text(cython.address(self.s.r), cython.address(text)):
            self._check()
        try:
            return text.p[: text.n]
        finally:
            rdb_free_text(cython.address(text))

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _aux(self) -> cython.int:
        self.doing = DOING_AUX
        name: bytes = self._text()
        self.listener.aux(name, self._text())
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _select(self) -> cython.int:
        self.doing = DOING_LENGTH
        number: uint64_t = rdb_get_length(cython.address(self.s.r))
        self._check()
        self.listener.database(number)
        if self.keeps:
            if number >= cython.cast(uint64_t, len(self.keyspace.databases)):
                self._fail(
                    "FATAL: Data file was created with a Redis server configured to handle more than "
                    f"{len(self.keyspace.databases)} databases. Exiting"
                )
            self.db = self.keyspace.databases[number]
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _resize(self) -> cython.int:
        self.doing = DOING_LENGTH
        keys: uint64_t = rdb_get_length(cython.address(self.s.r))
        rdb_get_length(cython.address(self.s.r))
        self._check()
        if self.keeps and keys:
            # Whatever it says, so many keys can't follow in the bytes that do.
            self.db.reserve(min(keys, (self.s.r.left + self.s.r.beyond) // KEY_BYTES + 1))
        return 0

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _function(self) -> cython.int:
        self.doing = DOING_FUNCTION
        self.listener.function(self._text())
        return 0

    # Modules: their data can be skipped, not understood

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _module_aux(self) -> cython.int:
        self.doing = DOING_MODULE_AUX
        id: uint64_t = rdb_get_length(cython.address(self.s.r))
        self._check()
        self.listener.module_aux(module_name(id))
        if rdb_get_length(cython.address(self.s.r)) != MODULE_UNSIGNED:
            self._check()
            self._fail("bad when_opcode")
        rdb_get_length(cython.address(self.s.r))
        return self._skip_module_parts()

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _skip_module_value(self, id: uint64_t) -> cython.int:
        self._check()
        if self.keeps:
            self._fail(
                f"The RDB file contains module data I can't load: no matching module type '{module_name(id)}'", False
            )
        return self._skip_module_parts()

    @cython.cfunc
    @cython.exceptval(-1, check=False)
    def _skip_module_parts(self) -> cython.int:
        """The numbers and texts of a module's value, up to its end."""
        text: RdbText
        part: uint64_t = rdb_get_length(cython.address(self.s.r))
        while part != MODULE_END and self.s.r.problem == RDB_GOOD:
            if part in (MODULE_INTEGER, MODULE_UNSIGNED):
                rdb_get_length(cython.address(self.s.r))
            elif part == MODULE_FLOAT:
                rdb_get_bytes(cython.address(self.s.r), 4)
            elif part == MODULE_DOUBLE:
                rdb_get_bytes(cython.address(self.s.r), 8)
            elif part == MODULE_TEXT:
                if rdb_get_text(cython.address(self.s.r), cython.address(text)):
                    rdb_free_text(cython.address(text))
            else:
                self._fail(f"a module's value with a part of unknown kind {part}")
            part = rdb_get_length(cython.address(self.s.r))
        return self._check()


@cython.cfunc
@cython.exceptval(check=False)
def _access(keyspace: Keyspace, idle_s: int64_t, frequency: cython.int) -> uint32_t:
    """A key's access bits by what the file says of it, where the eviction policy goes by that; else a new key's."""
    fresh: uint32_t = keyspace.fresh_access()
    if keyspace.lfu:
        return fresh if frequency < 0 else (fresh & ~cython.cast(uint32_t, 255)) | cython.cast(uint32_t, frequency)
    if idle_s < 0:
        return fresh
    idle: uint32_t = cython.cast(uint32_t, idle_s) if idle_s < 0xFFFFFF else 0xFFFFFF
    return (fresh - idle) & 0xFFFFFF
