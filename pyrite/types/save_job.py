"""What writing the whole keyspace to a file takes, whatever the format: snapshots, and rewrites of the log.

save_start(job, fd, ...)
for each key: write it with job.writer; if not save_key_done(job, e): give up
save_finish(job, good)
"""

import os

import cython
from cython.cimports.libc.errno import ENOMEM, ESRCH
from cython.cimports.libc.stdint import int64_t, uint64_t
from cython.cimports.pyrite.core.child import TICK_KEYS, Progress, child_dismiss, child_tick
from cython.cimports.pyrite.core.entry import (
    PART_OWNER,
    TYPE_STRING,
    Blob,
    Entry,
    blob_data,
    entry_pointer,
    entry_type,
)
from cython.cimports.pyrite.core.file_sink import SINK_CHUNK, file_sink_init, file_sink_write
from cython.cimports.pyrite.core.hashtable import random_draw
from cython.cimports.pyrite.core.rdb_format import rdb_start_writing, rdb_stop_writing


@cython.cfunc
@cython.exceptval(-1, check=False)
def save_start(
    job: cython.pointer[SaveJob],
    fd: cython.int,
    progress: Progress,
    compress: cython.bint,
    checksum: cython.bint,
    syncs: cython.bint,
    key_delay_us: cython.int,
) -> cython.int:
    """Be ready to write to a descriptor; a job must stay where it is. See `write_snapshot` for the arguments."""
    job.keys = 0
    job.orphaned = False
    job.key_delay_us = key_delay_us
    job.figures = cython.NULL if progress is None else progress.figures
    file_sink_init(cython.address(job.sink), fd, checksum, syncs)
    rdb_start_writing(cython.address(job.writer), compress)
    job.writer.sink = file_sink_write
    job.writer.context = cython.address(job.sink)
    job.writer.chunk = SINK_CHUNK
    return 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _dismiss(job: cython.pointer[SaveJob], e: cython.pointer[Entry]) -> cython.void:
    """A child has written this key: a long string of it is needed no more."""
    blob: cython.pointer[Blob]
    if job.figures != cython.NULL and e.parts & PART_OWNER and entry_type(e) == TYPE_STRING:
        blob = cython.cast(cython.pointer[Blob], entry_pointer(e))
        child_dismiss(job.figures, blob_data(blob), blob.length)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def save_key_done(job: cython.pointer[SaveJob], e: cython.pointer[Entry]) -> cython.bint:
    """A key has been written; False where nobody waits for the file any more."""
    delay_us: cython.int = job.key_delay_us
    _dismiss(job, e)
    job.keys += 1
    if delay_us < 0:
        delay_us = random_draw() % cython.cast(uint64_t, 0 - cython.cast(int64_t, delay_us)) == 0
    if delay_us:
        usleep(delay_us)
    if job.figures == cython.NULL:
        return True
    job.figures.keys = job.keys
    # A delay makes the clock worth looking at each time.
    if (job.keys % TICK_KEYS == 0 or delay_us) and not child_tick(job.figures):
        job.orphaned = True
    return not job.orphaned


@cython.cfunc
@cython.exceptval(-1, check=False)
def save_finish(job: cython.pointer[SaveJob], good: cython.bint) -> int64_t:
    """Free what the job took, and return the bytes written.

    If it was not `good`, raises OSError: of a write, ENOMEM, or ESRCH in a child whose parent is gone.
    """
    rdb_stop_writing(cython.address(job.writer))
    if not good:
        problem: cython.int = ESRCH if job.orphaned else job.sink.problem if job.sink.problem else ENOMEM
        raise OSError(problem, os.strerror(problem))
    return job.sink.written
