from pyrite.core.reply cimport Reply

cdef Py_ssize_t lp_reply(const unsigned char* lp, Py_ssize_t at, Py_ssize_t count, Reply reply) noexcept
