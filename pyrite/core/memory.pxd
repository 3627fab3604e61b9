from libc.stddef cimport size_t
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uintptr_t

cdef extern from "Python.h" nogil:
    # 1 in the sanitizer build: every block then comes from the system's malloc, which AddressSanitizer watches.
    int PYRITE_PLAIN_MALLOC

cdef extern from "<stdlib.h>" nogil:
    int posix_memalign(void** out, size_t alignment, size_t size)

cdef extern from "<sys/mman.h>" nogil:
    void* mmap(void* where, size_t size, int protection, int flags, int fd, long offset)
    int munmap(void* where, size_t size)
    int madvise(void* where, size_t size, int advice)
    int PROT_READ
    int PROT_WRITE
    int MAP_PRIVATE
    int MAP_ANONYMOUS
    int MADV_DONTNEED
    void* MAP_FAILED

cdef extern from "<malloc.h>" nogil:
    int mallopt(int parameter, int value)
    int malloc_trim(size_t pad)
    int M_MMAP_THRESHOLD
    int M_TRIM_THRESHOLD
    int M_ARENA_MAX

cdef extern from "<pthread.h>" nogil:
    ctypedef struct pthread_mutex_t:
        pass
    int pthread_mutex_init(pthread_mutex_t* mutex, void* attributes)
    int pthread_mutex_lock(pthread_mutex_t* mutex)
    int pthread_mutex_unlock(pthread_mutex_t* mutex)

cdef enum:
    SLAB_SIZE = 65536
    SLAB_HEADER = 64
    REGION_SIZE = 4 * 1024 * 1024
    SMALL_MAX = 4096        # the largest block that comes from a slab
    LARGE_OVERHEAD = 16     # what malloc itself adds to a large block, so that used memory stays near the truth
    MAPPED_MIN = 65536      # from this size on, mem_alloc_lines maps
    KEPT_EMPTY = 16         # empty slabs that keep their pages

cdef struct Slab:
    Slab* next          # the list of its class's slabs that have room, or of empty slabs
    Slab* prev
    void* free          # returned blocks, linked through their first word
    uint32_t bump       # offset of the first block never handed out
    uint32_t end        # offset past the last whole block
    uint32_t live       # blocks in use
    uint32_t block      # bytes of one block
    uint32_t size_class
    uint32_t listed     # 1 while the slab stands in its class's list
    uint32_t pad[4]     # the header fills one cache line, so blocks of 64 bytes are aligned to 64

cdef void* mem_alloc(size_t size) noexcept nogil
cdef void* mem_try_alloc(size_t size) noexcept nogil
cdef void mem_free(void* p, size_t size) noexcept nogil
cdef void* mem_realloc(void* p, size_t old_size, size_t size) noexcept nogil
cdef void* mem_try_realloc(void* p, size_t old_size, size_t size) noexcept nogil
cdef size_t mem_block_size(size_t size) noexcept nogil
cdef void* mem_alloc_lines(size_t size) noexcept nogil
cdef void mem_free_lines(void* p, size_t size) noexcept nogil
cdef void mem_discard_lines(void* p, size_t size) noexcept nogil
cdef size_t mem_used() noexcept nogil
cdef void mem_set_concurrent(bint on) noexcept nogil
cdef void mem_lock() noexcept nogil
cdef void mem_unlock() noexcept nogil
