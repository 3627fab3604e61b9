"""Replies straight from a listpack: its elements as bulk strings, without a stop between the two blocks of memory.

Speed: what takes long in a reply of many short strings is all but the copying of their bytes, so the commonest element,
a string of up to 63 bytes, is written here whole.
"""

import cython
from cython.cimports.libc.string import memcpy
from cython.cimports.pyrite.core.listpack import LP_END_MARK, LpValue, lp_after, lp_get
from cython.cimports.pyrite.core.reply import Reply


@cython.cfunc
@cython.exceptval(check=False)
def lp_reply(
    lp: cython.p_const_uchar, at: cython.Py_ssize_t, count: cython.Py_ssize_t, reply: Reply
) -> cython.Py_ssize_t:
    """Write up to `count` elements, from this one on, as bulk strings; returns how many there were."""
    left: cython.Py_ssize_t = count
    length: cython.Py_ssize_t
    value: LpValue
    p: cython.p_char
    while left > 0 and lp[at] != LP_END_MARK:
        left -= 1
        if not 0x80 <= lp[at] < 0xC0:
            lp_get(lp, at, cython.address(value))
            if value.text == cython.NULL:
                reply.put_bulk_integer(value.number)
            else:
                reply.put_bulk(value.text, value.length)
            at = lp_after(lp, at)
            continue
        length = lp[at] & 63
        if reply.n + length + 7 > reply.capacity:
            reply.grow(length + 7)
        p = reply.buf + reply.n
        p[0] = 36
        if length < 10:
            p[1] = cython.cast(cython.char, 48 + length)
            p += 2
        else:
            p[1] = cython.cast(cython.char, 48 + length // 10)
            p[2] = cython.cast(cython.char, 48 + length % 10)
            p += 3
        p[0] = 13
        p[1] = 10
        memcpy(p + 2, lp + at + 1, length)
        p += 2 + length
        p[0] = 13
        p[1] = 10
        reply.n = p + 2 - reply.buf
        at += 2 + length
    return count - left
