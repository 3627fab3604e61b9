"""Background freeing: large values and whole databases are given back by a thread, so that no client waits for it.

The main thread detaches what is to go and queues it; the thread frees it without the interpreter's lock. While jobs are
pending the allocator takes its mutex (`mem_set_concurrent`), otherwise it takes none.
"""

import threading

import cython
from cython.cimports.libc.stdint import int64_t
from cython.cimports.libc.stdlib import calloc, free
from cython.cimports.pyrite.core.entry import PART_EXPIRE, Entry, entry_free, entry_new
from cython.cimports.pyrite.core.expiry_index import ExpiryIndex, ei_clear, ei_init, ei_insert
from cython.cimports.pyrite.core.hashtable import HashTable, ht_clear, ht_count, ht_init, ht_insert
from cython.cimports.pyrite.core.memory import mem_set_concurrent
from cython.cimports.pyrite.core.siphash import siphash


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _free_job(job: cython.pointer[Garbage]) -> cython.void:
    if job.entry != cython.NULL:
        entry_free(job.entry)
    ei_clear(cython.address(job.expires))
    ht_clear(cython.address(job.table), True)
    free(job)


@cython.final
@cython.cclass
class LazyFreer:
    """One thread, started with the first job, that frees what it is handed."""

    def __cinit__(self) -> None:
        self.wake = threading.Semaphore(0)

    @cython.cfunc
    def _queue(self, job: cython.pointer[Garbage]) -> cython.void:
        if self.thread is None:
            self.thread = threading.Thread(target=self._run, name="pyrite-lazyfree", daemon=True)
            self.thread.start()
        mem_set_concurrent(True)
        self.pending_objects += job.objects
        if self.last == cython.NULL:
            self.first = job
        else:
            self.last.next = job
        self.last = job
        self.wake.release()

    @cython.cfunc
    def free_entry(self, e: cython.pointer[Entry]) -> cython.void:
        """Free one entry with its value."""
        job: cython.pointer[Garbage] = cython.cast(cython.pointer[Garbage], calloc(1, cython.sizeof(Garbage)))
        if job == cython.NULL:
            entry_free(e)
            return
        job.entry = e
        job.objects = 1
        self._queue(job)

    @cython.cfunc
    def free_table(self, table: cython.pointer[HashTable], expires: cython.pointer[ExpiryIndex]) -> cython.void:
        """Free a table with all its entries, and the index over them; the caller's structs are no longer valid."""
        job: cython.pointer[Garbage] = cython.cast(cython.pointer[Garbage], calloc(1, cython.sizeof(Garbage)))
        if job == cython.NULL:
            ei_clear(expires)
            ht_clear(table, True)
            return
        job.table = table[0]
        job.expires = expires[0]
        job.objects = ht_count(table)
        self._queue(job)

    def _run(self) -> None:
        job: cython.pointer[Garbage]
        objects: cython.size_t
        while True:
            self.wake.acquire()
            job = self.first
            if job == cython.NULL:
                return
            self.first = job.next
            if self.first == cython.NULL:
                self.last = cython.NULL
            objects = job.objects
            with cython.nogil:
                _free_job(job)
            self.pending_objects -= objects
            self.freed_objects += objects
            mem_set_concurrent(False)

    def stop(self) -> None:
        """Let the thread end once it has freed all that it was handed."""
        if self.thread is not None:
            self.wake.release()
            self.thread.join()
            self.thread = None

    def reset_statistics(self) -> None:
        """Start counting freed objects from zero."""
        self.freed_objects = 0


# Python handles, for tests and cold callers


def free_in_background(freer: LazyFreer, keys: list[bytes], at_ms: int64_t) -> None:
    """Hand over a table of these keys, which differ, and an index in which all of them fall due at this time."""
    table: HashTable
    expires: ExpiryIndex
    e: cython.pointer[Entry]
    key: bytes
    ht_init(cython.address(table))
    ei_init(cython.address(expires))
    for key in keys:
        e = entry_new(key, len(key), PART_EXPIRE, 0)
        cython.cast(cython.pointer[int64_t], cython.cast(cython.p_char, e) + 8)[0] = at_ms
        ht_insert(cython.address(table), e, siphash(key, len(key)))
        ei_insert(cython.address(expires), at_ms, e)
    freer.free_table(cython.address(table), cython.address(expires))


def free_one_in_background(freer: LazyFreer, key: bytes) -> None:
    """Hand over one entry."""
    freer.free_entry(entry_new(key, len(key), 0, 0))
