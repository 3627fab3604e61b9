"""File sink: what takes the bytes of a writer to a file, with their checksum.

A snapshot of gigabytes that is flushed to disk in one go at its end stalls whoever else writes to that disk. So every
4 MB are sent on their way when they are written, and the 4 MB before them are waited for.
"""

import cython
from cython.cimports.libc.errno import EINTR, EIO, errno
from cython.cimports.libc.stdint import int64_t, uint64_t
from cython.cimports.posix.types import off_t
from cython.cimports.posix.unistd import SEEK_CUR, lseek, write
from cython.cimports.pyrite.core.crc import crc64


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def file_sink_init(
    sink: cython.pointer[FileSink], fd: cython.int, has_checksum: cython.bint, syncs: cython.bint
) -> cython.void:
    """A sink that writes to this descriptor, from where it stands now; the caller closes it."""
    at: off_t = lseek(fd, 0, SEEK_CUR) if syncs else 0
    sink.fd = fd
    sink.problem = 0
    sink.has_checksum = has_checksum
    # What can't be sought is no file, and has no disk.
    sink.syncs = syncs and at >= 0
    sink.checksum = 0
    sink.written = sink.synced = 0
    sink.start = cython.cast(uint64_t, at) if at > 0 else 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def file_sink_write(context: cython.p_void, p: cython.p_const_uchar, n: cython.size_t) -> cython.bint:
    """Write all of these bytes; False, with the sink's `problem` set, where that fails. An RdbSink."""
    sink: cython.pointer[FileSink] = cython.cast(cython.pointer[FileSink], context)
    done: cython.size_t = 0
    more: cython.Py_ssize_t
    if sink.has_checksum:
        sink.checksum = crc64(sink.checksum, cython.cast(cython.p_const_char, p), n)
    while done < n:
        more = write(sink.fd, p + done, n - done)
        if more < 0 and errno == EINTR:
            continue
        if more <= 0:
            sink.problem = errno if more < 0 else EIO
            return False
        done += more
    sink.written += n
    if sink.syncs and sink.written - sink.synced >= SINK_SYNC_BYTES:
        _sync(sink)
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _sync(sink: cython.pointer[FileSink]) -> cython.void:
    """Send the latest bytes to disk, and wait for those sent before. A failure shows at the fsync at the end."""
    fresh: int64_t = sink.written - sink.synced
    at: int64_t = sink.start + sink.synced
    sync_file_range(sink.fd, at, fresh, SYNC_FILE_RANGE_WRITE)
    if at > 0:
        sync_file_range(
            sink.fd, 0, at, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER
        )
    sink.synced = sink.written
