"""Counted allocator: every byte of data, buffer and index, counted at allocation and at release.

Blocks of up to 4,096 bytes come from slabs, larger ones from the system's malloc. A block carries no header of its own:
the caller, who knows from its own header how long a thing is, gives the size back on release.

A slab is 64 KiB, aligned to 64 KiB, so that a block's slab is found by masking its address:

    offset    0  Slab header (64 bytes)
             64  block 0
    64 + block   block 1 …

Size classes: steps of 8 bytes up to 512, of 32 to 1,024, of 64 to 2,048, of 128 to 4,096; at most 6 percent is lost to
rounding above 512 bytes. Fresh slabs are carved by moving `bump`, so pages that no block reached are never touched.
A slab that becomes empty is kept if few are, else its pages go back to the system at once; it serves any class later.

Threads: one thread uses the allocator, without locks. While background threads free large values, `mem_set_concurrent`
is on and each call takes a mutex. Running out of memory for a small block ends the process with one line, as there is
nothing left to answer with; sizes that a client chooses go through `mem_try_alloc`, which returns NULL instead.
"""

import cython
from cython.cimports.libc.stdint import uintptr_t
from cython.cimports.libc.stdio import fprintf, stderr
from cython.cimports.libc.stdlib import abort, free, malloc, realloc
from cython.cimports.libc.string import memcpy, memset

_rooms = cython.declare(cython.pointer[Slab][128])
_empty_warm = cython.declare(cython.pointer[Slab], cython.NULL)
_empty_cold = cython.declare(cython.pointer[Slab], cython.NULL)
_warm_count = cython.declare(cython.uint, 0)
_cold_count = cython.declare(cython.uint, 0)
_region = cython.declare(cython.p_char, cython.NULL)
_region_left = cython.declare(cython.size_t, 0)
_slab_bytes = cython.declare(cython.size_t, 0)
_used = cython.declare(cython.size_t, 0)
_large = cython.declare(cython.size_t, 0)  # the part of it that is in no slab
_concurrent = cython.declare(cython.uint, 0)  # how often it was turned on, less how often off
_mutex = cython.declare(pthread_mutex_t)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _class_of(size: cython.size_t) -> cython.size_t:
    if size <= 512:
        return (size + 7) >> 3 if size else 1
    if size <= 1024:
        return 64 + ((size - 512 + 31) >> 5)
    if size <= 2048:
        return 80 + ((size - 1024 + 63) >> 6)
    return 96 + ((size - 2048 + 127) >> 7)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _class_size(size_class: cython.size_t) -> cython.size_t:
    if size_class <= 64:
        return size_class << 3
    if size_class <= 80:
        return 512 + ((size_class - 64) << 5)
    if size_class <= 96:
        return 1024 + ((size_class - 80) << 6)
    return 2048 + ((size_class - 96) << 7)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def mem_block_size(size: cython.size_t) -> cython.size_t:
    """Bytes that a block asked for with this size really takes."""
    if size > SMALL_MAX:
        return size + LARGE_OVERHEAD
    return _class_size(_class_of(size))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _out_of_memory(size: cython.size_t) -> cython.void:
    fprintf(stderr, b"Out Of Memory allocating %zu bytes!\n", size)
    abort()


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _map(size: cython.size_t) -> cython.p_void:
    p: cython.p_void = mmap(cython.NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    return cython.NULL if p == MAP_FAILED else p


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _new_region() -> cython.bint:
    """Map one more region, aligned to a slab, and make it the one that slabs are cut from."""
    global _region, _region_left
    raw: cython.p_char = cython.cast(cython.p_char, _map(REGION_SIZE + SLAB_SIZE))
    if raw == cython.NULL:
        return False
    head: cython.size_t = (SLAB_SIZE - (cython.cast(uintptr_t, raw) & (SLAB_SIZE - 1))) & (SLAB_SIZE - 1)
    if head:
        munmap(raw, head)
    if head < SLAB_SIZE:
        munmap(raw + head + REGION_SIZE, SLAB_SIZE - head)
    _region = raw + head
    _region_left = REGION_SIZE
    return True


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _take_slab() -> cython.pointer[Slab]:
    """An empty slab: a kept one, one whose pages were given back, or a new one."""
    global _empty_warm, _empty_cold, _warm_count, _cold_count, _region, _region_left, _slab_bytes
    slab: cython.pointer[Slab] = _empty_warm
    if slab != cython.NULL:
        _empty_warm = slab.next
        _warm_count -= 1
        return slab
    _slab_bytes += SLAB_SIZE
    slab = _empty_cold
    if slab != cython.NULL:
        _empty_cold = slab.next
        _cold_count -= 1
        return slab
    if _region_left == 0 and not _new_region():
        _slab_bytes -= SLAB_SIZE
        return cython.NULL
    slab = cython.cast(cython.pointer[Slab], _region)
    _region += SLAB_SIZE
    _region_left -= SLAB_SIZE
    return slab


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _give_slab(slab: cython.pointer[Slab]) -> cython.void:
    """Take back an empty slab; past the few that are kept, its pages go to the system, all but the first."""
    global _empty_warm, _empty_cold, _warm_count, _cold_count, _slab_bytes
    if _warm_count < KEPT_EMPTY:
        slab.next = _empty_warm
        _empty_warm = slab
        _warm_count += 1
        return
    # The first page keeps the list link. It is one sixteenth of the slab, and reused before any new slab is cut.
    madvise(cython.cast(cython.p_char, slab) + 4096, SLAB_SIZE - 4096, MADV_DONTNEED)
    slab.next = _empty_cold
    _empty_cold = slab
    _cold_count += 1
    _slab_bytes -= SLAB_SIZE


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _link(slab: cython.pointer[Slab], size_class: cython.size_t) -> cython.void:
    slab.prev = cython.NULL
    slab.next = _rooms[size_class]
    if slab.next != cython.NULL:
        slab.next.prev = slab
    _rooms[size_class] = slab
    slab.listed = 1


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _unlink(slab: cython.pointer[Slab], size_class: cython.size_t) -> cython.void:
    if slab.prev != cython.NULL:
        slab.prev.next = slab.next
    else:
        _rooms[size_class] = slab.next
    if slab.next != cython.NULL:
        slab.next.prev = slab.prev
    slab.listed = 0


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _open_slab(size_class: cython.size_t) -> cython.pointer[Slab]:
    slab: cython.pointer[Slab] = _take_slab()
    if slab == cython.NULL:
        return slab
    block: cython.size_t = _class_size(size_class)
    slab.free = cython.NULL
    slab.bump = cython.cast(cython.uint, SLAB_HEADER)
    slab.end = cython.cast(cython.uint, SLAB_HEADER + (SLAB_SIZE - SLAB_HEADER) // block * block)
    slab.live = 0
    slab.block = cython.cast(cython.uint, block)
    slab.size_class = cython.cast(cython.uint, size_class)
    _link(slab, size_class)
    return slab


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _slab_alloc(size: cython.size_t) -> cython.p_void:
    global _used
    size_class: cython.size_t = _class_of(size)
    slab: cython.pointer[Slab] = _rooms[size_class]
    if slab == cython.NULL:
        slab = _open_slab(size_class)
        if slab == cython.NULL:
            return cython.NULL
    p: cython.p_void = slab.free
    if p != cython.NULL:
        slab.free = cython.cast(cython.pointer[cython.p_void], p)[0]
    else:
        p = cython.cast(cython.p_char, slab) + slab.bump
        slab.bump += slab.block
    slab.live += 1
    _used += slab.block
    if slab.free == cython.NULL and slab.bump == slab.end:
        _unlink(slab, size_class)
    return p


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _slab_free(p: cython.p_void) -> cython.void:
    global _used
    slab: cython.pointer[Slab] = cython.cast(
        cython.pointer[Slab], cython.cast(uintptr_t, p) & ~cython.cast(uintptr_t, SLAB_SIZE - 1)
    )
    cython.cast(cython.pointer[cython.p_void], p)[0] = slab.free
    slab.free = p
    slab.live -= 1
    _used -= slab.block
    if not slab.listed:
        _link(slab, slab.size_class)
    # Also its class's only one: a value that grows by and by takes one slab along, not a page in each class.
    if slab.live == 0 and (slab.next != cython.NULL or slab.prev != cython.NULL or _warm_count < KEPT_EMPTY):
        _unlink(slab, slab.size_class)
        _give_slab(slab)


@cython.cfunc
@cython.inline
@cython.nogil
@cython.exceptval(check=False)
def _count_large(bytes_more: cython.size_t) -> cython.void:
    """Count a block outside of the slabs; its release with the size negated."""
    global _used, _large
    _used += bytes_more
    _large += bytes_more


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _alloc(size: cython.size_t) -> cython.p_void:
    p: cython.p_void
    if size <= SMALL_MAX and not PYRITE_PLAIN_MALLOC:
        return _slab_alloc(size)
    p = malloc(size if size else 1)
    if p != cython.NULL:
        _count_large(mem_block_size(size))
    return p


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _free(p: cython.p_void, size: cython.size_t) -> cython.void:
    if size <= SMALL_MAX and not PYRITE_PLAIN_MALLOC:
        _slab_free(p)
        return
    _count_large(0 - mem_block_size(size))
    free(p)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def mem_try_alloc(size: cython.size_t) -> cython.p_void:
    """A block of at least `size` bytes, aligned to 8; NULL when the system has no memory to give."""
    if not _concurrent:
        return _alloc(size)
    pthread_mutex_lock(cython.address(_mutex))
    p: cython.p_void = _alloc(size)
    pthread_mutex_unlock(cython.address(_mutex))
    return p


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def mem_alloc(size: cython.size_t) -> cython.p_void:
    """A block of at least `size` bytes, aligned to 8. Ends the process when there is no memory."""
    p: cython.p_void = mem_try_alloc(size)
    if p == cython.NULL:
        _out_of_memory(size)
    return p


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def mem_free(p: cython.p_void, size: cython.size_t) -> cython.void:
    """Return a block; `size` is what it was allocated or last reallocated with."""
    if not _concurrent:
        _free(p, size)
        return
    pthread_mutex_lock(cython.address(_mutex))
    _free(p, size)
    pthread_mutex_unlock(cython.address(_mutex))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _realloc_large(p: cython.p_void, old_size: cython.size_t, size: cython.size_t) -> cython.p_void:
    moved: cython.p_void = realloc(p, size)
    if moved != cython.NULL:
        if _concurrent:
            pthread_mutex_lock(cython.address(_mutex))
        _count_large(size - old_size)
        if _concurrent:
            pthread_mutex_unlock(cython.address(_mutex))
    return moved


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def mem_try_realloc(p: cython.p_void, old_size: cython.size_t, size: cython.size_t) -> cython.p_void:
    """Resize a block, keeping its content up to the shorter size. NULL, and the old block intact, without memory."""
    if p == cython.NULL:
        return mem_try_alloc(size)
    if old_size > SMALL_MAX and size > SMALL_MAX:
        return _realloc_large(p, old_size, size)
    small: cython.bint = old_size <= SMALL_MAX and size <= SMALL_MAX
    if small and not PYRITE_PLAIN_MALLOC and _class_of(old_size) == _class_of(size):
        return p
    moved: cython.p_void = mem_try_alloc(size)
    if moved != cython.NULL:
        memcpy(moved, p, old_size if old_size < size else size)
        mem_free(p, old_size)
    return moved


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def mem_realloc(p: cython.p_void, old_size: cython.size_t, size: cython.size_t) -> cython.p_void:
    """As `mem_try_realloc`, but ends the process when there is no memory."""
    moved: cython.p_void = mem_try_realloc(p, old_size, size)
    if moved == cython.NULL:
        _out_of_memory(size)
    return moved


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def mem_alloc_lines(size: cython.size_t) -> cython.p_void:
    """Zeroed memory aligned to 64 bytes; `size` is a power of two of at least 64.

    From 64 KiB on it is mapped, so that pages are zeroed by the system as they are first touched, not all at once.
    """
    p: cython.p_void = cython.NULL
    if size <= SMALL_MAX and not PYRITE_PLAIN_MALLOC:
        p = mem_alloc(size)
        memset(p, 0, size)
        return p
    if size >= MAPPED_MIN:
        p = _map(size)
    elif posix_memalign(cython.address(p), 64, size) == 0:
        memset(p, 0, size)
    else:
        p = cython.NULL
    if p == cython.NULL:
        _out_of_memory(size)
    if _concurrent:
        pthread_mutex_lock(cython.address(_mutex))
    _count_large(size)
    if _concurrent:
        pthread_mutex_unlock(cython.address(_mutex))
    return p


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def mem_free_lines(p: cython.p_void, size: cython.size_t) -> cython.void:
    """Return what `mem_alloc_lines` gave."""
    if size <= SMALL_MAX and not PYRITE_PLAIN_MALLOC:
        mem_free(p, size)
        return
    if size >= MAPPED_MIN:
        munmap(p, size)
    else:
        free(p)
    if _concurrent:
        pthread_mutex_lock(cython.address(_mutex))
    _count_large(0 - size)
    if _concurrent:
        pthread_mutex_unlock(cython.address(_mutex))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def mem_discard_lines(p: cython.p_void, size: cython.size_t) -> cython.void:
    """Give the pages of a part of a mapped block back early; they read as zeros afterwards. The part is whole pages."""
    madvise(p, size, MADV_DONTNEED)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def mem_used() -> cython.size_t:
    """Bytes in use, as INFO's used_memory shows them."""
    return _used


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def mem_set_concurrent(on: cython.bint) -> cython.void:
    """Say that a job of another thread begins to use the allocator too, or that it has ended; the two come in pairs.

    Called with the interpreter's lock held, before the job begins and after its end, so that whoever else holds the
    lock is not inside the allocator.
    """
    global _concurrent
    if on:
        _concurrent += 1
    else:
        _concurrent -= 1


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def mem_lock() -> cython.void:
    """Keep every other thread out of the allocator, and out of the middle of its work, until `mem_unlock`.

    Around a fork. The caller may not use the allocator meanwhile.
    """
    pthread_mutex_lock(cython.address(_mutex))


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def mem_unlock() -> cython.void:
    """Let others in again; in the child of the fork too."""
    pthread_mutex_unlock(cython.address(_mutex))


pthread_mutex_init(cython.address(_mutex), cython.NULL)


# Python handles, for tests and cold callers


def used_memory() -> int:
    """Bytes in use in all blocks."""
    return _used


def active_memory() -> int:
    """Bytes that the allocator holds from the system, empty slabs that it keeps included."""
    return _slab_bytes + _large


def block_size(size: int) -> int:
    """Bytes that a block asked for with this size takes."""
    return mem_block_size(size)


def trim() -> None:
    """Give what the system's malloc holds unused back to the system."""
    malloc_trim(0)


def tune_system_malloc() -> None:
    """Settings for a process of our own: large blocks are mapped, so that freeing one gives its pages back at once."""
    mallopt(M_MMAP_THRESHOLD, 256 * 1024)
    mallopt(M_TRIM_THRESHOLD, 1024 * 1024)
    mallopt(M_ARENA_MAX, 2)


@cython.cclass
class Block:
    """One block of the allocator, for tests: holds it, fills it, checks it, frees it."""

    p: cython.p_uchar
    size: cython.size_t

    def __cinit__(self, size: cython.size_t) -> None:
        self.size = size
        self.p = cython.cast(cython.p_uchar, mem_alloc(size))

    def fill(self, byte: cython.uchar) -> None:
        """Write this byte over the whole block."""
        memset(self.p, byte, self.size)

    def holds(self, byte: cython.uchar) -> bool:
        """Tell whether every byte is still this one."""
        return self.starts_with(byte, self.size)

    def starts_with(self, byte: cython.uchar, n: cython.size_t) -> bool:
        """Tell whether the first `n` bytes are still this one."""
        i: cython.size_t
        for i in range(n):
            if self.p[i] != byte:
                return False
        return True

    def resize(self, size: cython.size_t) -> None:
        """Reallocate, keeping the content up to the shorter size."""
        self.p = cython.cast(cython.p_uchar, mem_realloc(self.p, self.size, size))
        self.size = size

    @property
    def address(self) -> int:
        """Where the block starts."""
        return cython.cast(uintptr_t, self.p)

    def __dealloc__(self) -> None:
        if self.p != cython.NULL:
            mem_free(self.p, self.size)


@cython.cclass
class Blocks:
    """Very many blocks of one size, filled, without an object for each, for tests."""

    p: cython.pointer[cython.p_uchar]
    count: cython.size_t
    size: cython.size_t

    def __cinit__(self, count: cython.size_t, size: cython.size_t) -> None:
        i: cython.size_t
        self.count = count
        self.size = size
        self.p = cython.cast(cython.pointer[cython.p_uchar], mem_alloc_lines(_power_above(count * 8)))
        for i in range(count):
            self.p[i] = cython.cast(cython.p_uchar, mem_alloc(size))
            memset(self.p[i], 1, size)

    def __dealloc__(self) -> None:
        self.free()

    def free(self) -> None:
        """Free all of them, neighbours at very different times."""
        first: cython.size_t
        i: cython.size_t
        if self.p == cython.NULL:
            return
        for first in range(1009):
            for i in range(first, self.count, 1009):
                mem_free(self.p[i], self.size)
        mem_free_lines(self.p, _power_above(self.count * 8))
        self.p = cython.NULL


@cython.cfunc
def _power_above(n: cython.size_t) -> cython.size_t:
    power: cython.size_t = 64
    while power < n:
        power *= 2
    return power


@cython.cclass
class Lines:
    """Memory aligned to cache lines, for tests."""

    p: cython.p_uchar
    size: cython.size_t

    def __cinit__(self, size: cython.size_t) -> None:
        self.size = size
        self.p = cython.cast(cython.p_uchar, mem_alloc_lines(size))

    def fill(self, byte: cython.uchar) -> None:
        """Write this byte over all of it."""
        memset(self.p, byte, self.size)

    def discard(self, start: cython.size_t, end: cython.size_t) -> None:
        """Give the pages of this part back."""
        mem_discard_lines(self.p + start, end - start)

    def holds(self, byte: cython.uchar, start: cython.size_t, end: cython.size_t) -> bool:
        """Tell whether every byte of this part is this one."""
        i: cython.size_t
        for i in range(start, end):
            if self.p[i] != byte:
                return False
        return True

    @property
    def address(self) -> int:
        """Where it starts."""
        return cython.cast(uintptr_t, self.p)

    def __dealloc__(self) -> None:
        mem_free_lines(self.p, self.size)


@cython.cfunc
@cython.nogil
@cython.exceptval(check=False)
def _churn(rounds: cython.int, mark: cython.uchar) -> cython.int:
    blocks: cython.p_uchar[64]
    sizes: cython.size_t[64]
    damaged: cython.int = 0
    random: cython.uint = mark
    i: cython.int
    slot: cython.int
    for slot in range(64):
        blocks[slot] = cython.NULL
    for i in range(rounds + 64):
        slot = i & 63
        if blocks[slot] != cython.NULL:
            damaged += blocks[slot][0] != mark or blocks[slot][sizes[slot] - 1] != mark
            mem_free(blocks[slot], sizes[slot])
            blocks[slot] = cython.NULL
        if i < rounds:
            random = random * 1664525 + 1013904223
            sizes[slot] = 1 + (random >> 8) % 6000
            blocks[slot] = cython.cast(cython.p_uchar, mem_alloc(sizes[slot]))
            memset(blocks[slot], mark, sizes[slot])
    return damaged


def churn(rounds: cython.int, mark: cython.uchar) -> int:
    """Allocate and free blocks of up to 6,000 bytes without the interpreter's lock; returns how many were damaged."""
    damaged: cython.int
    mem_set_concurrent(True)
    with cython.nogil:
        damaged = _churn(rounds, mark)
    mem_set_concurrent(False)
    return damaged


def can_alloc(size: int) -> bool:
    """Tell whether the system gives a block of this size."""
    p: cython.p_void = mem_try_alloc(size)
    if p == cython.NULL:
        return False
    mem_free(p, size)
    return True
